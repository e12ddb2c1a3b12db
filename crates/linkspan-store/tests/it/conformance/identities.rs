use linkspan_model::ids::AppId;
use linkspan_store::{
    ConfirmedBy, Identity, IdentityAnswer, IdentityFilter, IdentityProof, NewIdentityPass, Redeemed,
    SetupTokenKind, Store,
};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::fixture::{app, at, digest, uuid_of};

/// A pass of this reference that was started in the browser `browser`.
async fn started(store: &Store, reference: &str) -> Uuid {
    let id = uuid_of(&format!("pass {reference}"));
    let pass = NewIdentityPass {
        id,
        token: digest(&format!("token {reference}")),
        app: app(),
        reference: reference.to_owned(),
        redirect_uri: None,
        expires_at: at(1_000),
    };
    store.create_identity_pass(&pass, at(1), at(0)).await.unwrap();
    let (state, browser) = (digest(&format!("state {reference}")), digest("browser"));
    assert!(store.start_identity_pass(id, &state, &browser, at(2), at(500)).await.unwrap());
    id
}

async fn answered(store: &Store, reference: &str) -> Uuid {
    let id = started(store, reference).await;
    let state = digest(&format!("state {reference}"));
    let answer = store.answer_identity_pass(&state, Some(&digest("browser")), at(3)).await.unwrap();
    assert!(matches!(answer, IdentityAnswer::Taken(pass) if pass.id == id));
    id
}

fn proof(id: &str, account: &str, email: Option<&str>) -> IdentityProof {
    IdentityProof {
        id: uuid_of(id),
        account_id: account.to_owned(),
        app: AppId::of_client("client"),
        email: email.map(str::to_owned),
        email_verified: email.map(|_| true),
        told_at: at(3),
    }
}

pub(super) async fn proven(
    store: &Store,
    pass: &str,
    account: &str,
    email: Option<&str>,
    now: i64,
) -> Identity {
    let id = answered(store, pass).await;
    let proof = IdentityProof { told_at: at(now), ..proof(pass, account, email) };
    store.record_identity(id, account, &proof, at(now)).await.unwrap().unwrap()
}

async fn of_email(store: &Store, email: &str, superseded: bool) -> Vec<String> {
    let filter = IdentityFilter { email: Some(email.to_owned()), superseded, ..IdentityFilter::default() };
    store.identities(&filter, None, 10).await.unwrap().into_iter().map(|it| it.account_id).collect()
}

pub(crate) async fn l9_an_identity_state_is_used_once_in_its_browser(store: Store) {
    let id = started(&store, "one").await;
    let (state, browser) = (digest("state one"), digest("browser"));
    for other in [None, Some(digest("another"))] {
        let answer = store.answer_identity_pass(&state, other.as_ref(), at(3)).await.unwrap();
        assert_eq!(answer, IdentityAnswer::OtherBrowser);
    }
    let late = store.answer_identity_pass(&state, Some(&browser), at(500)).await.unwrap();
    assert_eq!(late, IdentityAnswer::Expired);
    let mut asking = JoinSet::new();
    for _ in 0..8 {
        let store = store.clone();
        asking.spawn(async move {
            let answer =
                store.answer_identity_pass(&digest("state one"), Some(&digest("browser")), at(4)).await;
            matches!(answer.unwrap(), IdentityAnswer::Taken(_))
        });
    }
    assert_eq!(asking.join_all().await.into_iter().filter(|taken| *taken).count(), 1);

    // What was answered is recorded once, and the pass is over.
    let first = store.record_identity(id, "one", &proof("a", "account-a", None), at(5)).await.unwrap();
    assert!(first.is_some());
    let again = store.record_identity(id, "one", &proof("b", "account-b", None), at(6)).await.unwrap();
    assert_eq!(again, None);
    assert!(!store.start_identity_pass(id, &digest("x"), &browser, at(7), at(500)).await.unwrap());
    assert!(store.identity_pass_by_token(&digest("token one")).await.unwrap().unwrap().is_over);
}

/// A proof of this account that waits for the code `code` until the moment 100.
async fn held(store: &Store, reference: &str, account: &str) -> Uuid {
    let id = answered(store, reference).await;
    let code = digest(&format!("code {reference}"));
    let proof = proof(reference, account, Some("held@acme.example"));
    assert!(store.hold_identity(id, &proof, &code, at(100)).await.unwrap());
    assert!(!store.hold_identity(id, &proof, &digest("another"), at(100)).await.unwrap(), "once");
    id
}

async fn redeemed(store: &Store, code: &str, reference: &str, now: i64) -> Redeemed {
    store.redeem_identity(&digest(code), reference, uuid_of(reference), at(now)).await.unwrap()
}

pub(crate) async fn l9_a_held_proof_counts_when_its_person_redeems_it(store: Store) {
    let all = IdentityFilter::default();
    let id = held(&store, "kim", "account-a").await;
    assert!(store.identities(&all, None, 10).await.unwrap().is_empty());
    // It cannot be recorded past the code, and dies with it.
    let past = store.record_identity(id, "kim", &proof("x", "account-x", None), at(4)).await.unwrap();
    assert_eq!(past, None);
    assert_eq!(redeemed(&store, "code lee", "kim", 5).await, Redeemed::Unknown);
    assert_eq!(redeemed(&store, "code kim", "kim", 100).await, Redeemed::Unknown);
    let mut redeeming = JoinSet::new();
    for _ in 0..8 {
        let store = store.clone();
        redeeming.spawn(async move { redeemed(&store, "code kim", "kim", 99).await });
    }
    let recorded: Vec<Identity> = redeeming
        .join_all()
        .await
        .into_iter()
        .filter_map(|it| if let Redeemed::Recorded(identity) = it { Some(identity) } else { None })
        .collect();
    assert_eq!(recorded, store.identities(&all, None, 10).await.unwrap());
    let [identity] = recorded.as_slice() else { panic!("{recorded:?}") };
    assert_eq!((identity.account_id.as_str(), identity.confirmed_by), ("account-a", ConfirmedBy::Redirect));
    assert_eq!(identity.email.as_deref(), Some("held@acme.example"));
    assert!(store.identity_pass_by_token(&digest("token kim")).await.unwrap().unwrap().is_over);

    // Without a code nobody confirms it; what was confirmed once stays so.
    let paged = proven(&store, "lee", "account-b", None, 110).await;
    assert_eq!(paged.confirmed_by, ConfirmedBy::Page);
    let id = answered(&store, "kim anew").await;
    let anew = proof("kim anew", "account-a", None);
    let anew = store.record_identity(id, "kim", &anew, at(120)).await.unwrap().unwrap();
    assert_eq!((anew.id, anew.confirmed_by), (identity.id, ConfirmedBy::Redirect));
}

pub(crate) async fn l9_a_proof_brought_back_by_another_person_is_void(store: Store) {
    // Mallory handed her address on to an admin, in whose session the code arrives.
    let id = held(&store, "mallory", "account-admin").await;
    assert_eq!(redeemed(&store, "code mallory", "admin", 5).await, Redeemed::OtherPerson);
    assert_eq!(redeemed(&store, "code mallory", "mallory", 6).await, Redeemed::Unknown);
    assert!(store.identities(&IdentityFilter::default(), None, 10).await.unwrap().is_empty());
    assert!(store.identity_pass_by_token(&digest("token mallory")).await.unwrap().unwrap().is_over);
    assert!(!store.start_identity_pass(id, &digest("s"), &digest("browser"), at(7), at(500)).await.unwrap());
}

pub(crate) async fn g2_a_held_proof_is_forgotten_in_time(store: Store) {
    let begin_anew = async |id| {
        let (state, browser) = (digest(&format!("anew {id}")), digest("browser"));
        store.start_identity_pass(id, &state, &browser, at(200), at(500)).await.unwrap()
    };
    let expired = held(&store, "expired", "account-a").await;
    assert_eq!(store.forget_unredeemed_proofs(at(99)).await.unwrap(), 0);
    assert_eq!(store.forget_unredeemed_proofs(at(100)).await.unwrap(), 1);
    assert_eq!(redeemed(&store, "code expired", "expired", 5).await, Redeemed::Unknown);
    assert!(begin_anew(expired).await);

    let closed = held(&store, "closed", "account-b").await;
    assert_eq!(store.erase_identities_of("account-b").await.unwrap(), 0);
    assert_eq!(redeemed(&store, "code closed", "closed", 5).await, Redeemed::Unknown);
    assert!(begin_anew(closed).await);

    let anew = held(&store, "anew", "account-c").await;
    assert!(begin_anew(anew).await);
    assert_eq!(redeemed(&store, "code anew", "anew", 5).await, Redeemed::Unknown, "the former start's code");
}

pub(crate) async fn p10_an_email_belongs_to_the_account_that_proved_it_last(store: Store) {
    proven(&store, "1", "account-a", Some("Kim@Acme.example"), 10).await;
    assert_eq!(of_email(&store, "kim@acme.EXAMPLE", false).await, ["account-a"]);
    let second = proven(&store, "2", "account-b", Some("kim@acme.example"), 20).await;
    assert_eq!((second.superseded_at, second.proven_at), (None, at(20)));
    assert_eq!(of_email(&store, "kim@acme.example", false).await, ["account-b"]);
    assert_eq!(of_email(&store, "kim@acme.example", true).await, ["account-a", "account-b"]);

    // Another word of the vendor's for the same account shares its address.
    let id = answered(&store, "3").await;
    let third = proof("3", "account-a", Some("new@acme.example"));
    store.record_identity(id, "other word", &third, at(30)).await.unwrap().unwrap();
    assert_eq!(of_email(&store, "new@acme.example", false).await, ["account-a", "account-a"]);

    // A second proof of the same word renews the row and keeps its beginning.
    let renewed = proven(&store, "4", "account-b", None, 40).await;
    assert_eq!((renewed.id, renewed.created_at, renewed.email), (second.id, at(20), None));
    assert!(of_email(&store, "kim@acme.example", true).await.is_empty());
}

pub(crate) async fn p10_an_unverified_address_is_not_taken_from_another(store: Store) {
    for (pass, verified) in [("1", None), ("2", Some(false))] {
        let holder = format!("holder {pass}");
        let email = format!("kim{pass}@acme.example");
        proven(&store, &holder, &holder, Some(&email), 10).await;
        let id = answered(&store, pass).await;
        let mut claim = proof(pass, pass, Some(&email));
        claim.email_verified = verified;
        let claimed = store.record_identity(id, pass, &claim, at(20)).await.unwrap().unwrap();
        // The account is proven, the address is marked as another's.
        assert_eq!((claimed.superseded_at, claimed.email.as_deref()), (Some(at(20)), Some(&*email)));
        assert_eq!(of_email(&store, &email, false).await, [holder.as_str()]);
        assert_eq!(of_email(&store, &email, true).await, [holder.as_str(), pass]);
    }
    // Where nobody else has the address, it finds whom it is told of, until another account proves it verified.
    let id = answered(&store, "3").await;
    let first = IdentityProof { email_verified: None, ..proof("3", "3", Some("lee@acme.example")) };
    store.record_identity(id, "3", &first, at(30)).await.unwrap().unwrap();
    assert_eq!(of_email(&store, "lee@acme.example", false).await, ["3"]);
    proven(&store, "4", "4", Some("lee@acme.example"), 40).await;
    assert_eq!(of_email(&store, "lee@acme.example", false).await, ["4"]);
}

pub(crate) async fn p10_of_two_who_prove_one_address_at_a_time_one_has_it(store: Store) {
    let mut proving = JoinSet::new();
    for number in 0..8 {
        let id = answered(&store, &format!("racing {number}")).await;
        let store = store.clone();
        proving.spawn(async move {
            let account = format!("account-{number}");
            let proof = proof(&account, &account, Some("shared@acme.example"));
            store.record_identity(id, &account, &proof, at(10)).await.unwrap().unwrap();
        });
    }
    proving.join_all().await;
    assert_eq!(of_email(&store, "shared@acme.example", false).await.len(), 1);
    assert_eq!(of_email(&store, "shared@acme.example", true).await.len(), 8);
}

pub(crate) async fn g4_erasing_an_account_leaves_nothing_of_its_identities(store: Store) {
    proven(&store, "1", "account-a", Some("kim@acme.example"), 10).await;
    let id = answered(&store, "2").await;
    store.record_identity(id, "second", &proof("2", "account-a", None), at(11)).await.unwrap().unwrap();
    let kept = proven(&store, "3", "account-b", Some("lee@acme.example"), 12).await;
    assert_eq!(store.erase_identities_of("account-a").await.unwrap(), 2);
    assert_eq!(store.erase_identities_of("account-a").await.unwrap(), 0);
    let left = store.identities(&IdentityFilter::default(), None, 10).await.unwrap();
    assert_eq!(left, std::slice::from_ref(&kept));
    assert!(store.delete_identity(kept.id).await.unwrap());
    assert!(!store.delete_identity(kept.id).await.unwrap());
}

pub(crate) async fn identities_are_paged_without_gap(store: Store) {
    for number in 0..5 {
        proven(&store, &number.to_string(), &format!("account-{number}"), None, 10 + number / 2).await;
    }
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let page = store.identities(&IdentityFilter::default(), after, 2).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some((last.created_at, last.id));
        seen.extend(page.into_iter().map(|it| it.account_id));
    }
    seen.sort_unstable();
    assert_eq!(seen, ["account-0", "account-1", "account-2", "account-3", "account-4"]);
}

pub(crate) async fn a_setup_address_is_good_once_and_a_session_until_it_ends(store: Store) {
    let (address, session) = (digest("address"), digest("session"));
    store.create_setup_token(&address, SetupTokenKind::Address, at(1), at(100)).await.unwrap();
    store.create_setup_token(&session, SetupTokenKind::Session, at(1), at(100)).await.unwrap();
    // Each kind opens its own door alone.
    assert!(!store.is_setup_session(&address, at(2)).await.unwrap());
    assert!(!store.use_setup_token(&session, at(2)).await.unwrap());
    assert!(!store.use_setup_token(&address, at(100)).await.unwrap());
    let mut using = JoinSet::new();
    for _ in 0..8 {
        let store = store.clone();
        using.spawn(async move { store.use_setup_token(&digest("address"), at(3)).await.unwrap() });
    }
    assert_eq!(using.join_all().await.into_iter().filter(|used| *used).count(), 1);

    assert!(store.is_setup_session(&session, at(99)).await.unwrap());
    assert!(!store.is_setup_session(&session, at(100)).await.unwrap());
    assert!(store.delete_setup_token(&session).await.unwrap());
    assert!(!store.is_setup_session(&session, at(2)).await.unwrap());
}

use linkspan_model::product::Integration;
use linkspan_store::{LinkState, NewLink, StateAnswer, Store, StoreError};
use tokio::task::JoinSet;

use crate::fixture::{app, at, completion, digest, grant, link, new_link, new_source, sealed, tokens};

/// A link whose customer is at Atlassian with the state `state` and the browser secret `browser`.
async fn started(store: &Store) -> linkspan_model::ids::LinkId {
    let link = new_link("a", "acme");
    store.create_link(&link, at(10)).await.unwrap();
    assert!(start(store, "state", 11).await);
    link.id
}

async fn start(store: &Store, state: &str, millis: i64) -> bool {
    let id = new_link("a", "acme").id;
    let (state, browser) = (digest(state), digest("browser"));
    store
        .start_link(id, Integration::Jira, app(), &state, &browser, at(millis), at(millis + 1_000))
        .await
        .unwrap()
}

async fn answer(store: &Store, state: &str, browser: Option<&str>, millis: i64) -> StateAnswer {
    let browser = browser.map(digest);
    store.answer_link(&digest(state), browser.as_ref(), at(millis)).await.unwrap()
}

pub(crate) async fn l9_an_oauth_state_is_used_once_however_many_ask(store: Store) {
    let id = started(&store).await;
    let mut callbacks = JoinSet::new();
    for _ in 0..20 {
        let store = store.clone();
        callbacks.spawn(async move { answer(&store, "state", Some("browser"), 12).await });
    }
    let answers = callbacks.join_all().await;
    let taken = answers.iter().filter(|answer| matches!(answer, StateAnswer::Taken(_))).count();
    let unknown = answers.iter().filter(|answer| matches!(answer, StateAnswer::Unknown)).count();
    assert_eq!((taken, unknown), (1, 19));
    assert_eq!(store.link(id).await.unwrap().unwrap().state, LinkState::Answered);
}

pub(crate) async fn l9_another_browser_is_refused_and_uses_nothing_up(store: Store) {
    let id = started(&store).await;
    for browser in [Some("another browser"), None] {
        let answer = answer(&store, "state", browser, 12).await;
        assert!(matches!(answer, StateAnswer::OtherBrowser(link) if link == id), "{answer:?}");
    }
    assert!(matches!(answer(&store, "forged", Some("browser"), 12).await, StateAnswer::Unknown));
    assert!(matches!(answer(&store, "state", Some("browser"), 12).await, StateAnswer::Taken(_)));
}

pub(crate) async fn l9_an_expired_or_replaced_state_is_refused(store: Store) {
    let id = started(&store).await;
    let late = answer(&store, "state", Some("browser"), 1_011).await;
    assert!(matches!(late, StateAnswer::Expired(link) if link == id), "{late:?}");

    assert!(start(&store, "second state", 20).await);
    assert!(matches!(answer(&store, "state", Some("browser"), 21).await, StateAnswer::Unknown));
    assert!(matches!(answer(&store, "second state", Some("browser"), 21).await, StateAnswer::Taken(_)));

    assert!(!start(&store, "third state", 1_000_000).await, "the link token is dead");
}

pub(crate) async fn l9_steps_out_of_order_are_refused(store: Store) {
    let link = new_link("a", "acme");
    store.create_link(&link, at(10)).await.unwrap();
    assert!(matches!(store.create_link(&link, at(10)).await, Err(StoreError::Exists(_))));
    assert!(!store.consent_link(link.id, grant("ann"), at(11)).await.unwrap(), "nothing was answered yet");
    assert!(store.complete_link(link.id, &completion("ann", "a"), at(11)).await.unwrap().is_none());
    assert!(start(&store, "state", 11).await);
    assert!(!store.consent_link(link.id, grant("ann"), at(12)).await.unwrap());
    answer(&store, "state", Some("browser"), 12).await;
    assert!(store.consent_link(link.id, grant("ann"), at(13)).await.unwrap());
    assert!(!store.consent_link(link.id, grant("eve"), at(13)).await.unwrap(), "consent is given once");

    let swapped = store.complete_link(link.id, &completion("eve", "a"), at(14)).await.unwrap();
    assert!(swapped.is_none(), "the source is not of the grant that was consented");
    let late = store.complete_link(link.id, &completion("ann", "a"), at(1_000_000)).await.unwrap();
    assert!(late.is_none(), "the link token is dead");
    assert!(store.sources().await.unwrap().is_empty(), "a refused completion writes nothing");
}

pub(crate) async fn a_refused_link_can_be_started_again(store: Store) {
    let id = started(&store).await;
    assert!(store.refuse_link(id, "declined").await.unwrap());
    let refused = store.link_by_token(&new_link("a", "acme").token).await.unwrap().unwrap();
    assert_eq!(refused.state, LinkState::Refused { reason: "declined".to_owned() });
    assert_eq!(refused.end_user, new_link("a", "acme").end_user);
    assert!(matches!(answer(&store, "state", Some("browser"), 12).await, StateAnswer::Unknown));
    assert!(start(&store, "second state", 13).await);
    assert_eq!(store.link(id).await.unwrap().unwrap().chosen, Some(Integration::Jira));
    assert!(matches!(answer(&store, "second state", Some("browser"), 14).await, StateAnswer::Taken(_)));
}

pub(crate) async fn a_link_is_completed_once(store: Store) {
    let id = started(&store).await;
    answer(&store, "state", Some("browser"), 12).await;
    store.put_grant(grant("ann"), app(), "ann", &tokens("pair"), at(13)).await.unwrap();
    store.consent_link(id, grant("ann"), at(13)).await.unwrap();
    let mut tries = JoinSet::new();
    for number in 0..8 {
        let store = store.clone();
        tries.spawn(async move {
            store.complete_link(id, &completion("ann", &number.to_string()), at(14)).await.unwrap()
        });
    }
    let completed: Vec<_> = tries.join_all().await.into_iter().flatten().collect();
    assert_eq!(completed.len(), 1);
    let account = &completed[0].account;
    assert!(!completed[0].relinked);
    assert_eq!(store.link(id).await.unwrap().unwrap().state, LinkState::Linked { account: account.id });
    assert_eq!(store.data_key(account.id.0).await.unwrap(), Some(sealed("data key")));
    assert!(!start(&store, "state", 15).await, "a linked link is over");
    assert!(!store.refuse_link(id, "too late").await.unwrap());
}

pub(crate) async fn linking_again_keeps_the_account_and_its_token(store: Store) {
    let first = link(&store, "a", "acme", "ann").await;
    let again = link(&store, "b", "acme", "ann").await;
    assert!(again.relinked);
    assert_eq!(again.left, None);
    assert_eq!(again.account.id, first.account.id);
    assert_eq!(again.account.token_digest, first.account.token_digest);
    assert_eq!(again.account.token_sealed, first.account.token_sealed);
    assert_eq!(store.sources().await.unwrap().len(), 1);
}

pub(crate) async fn linking_again_through_another_person_retires_the_former_source(store: Store) {
    let first = link(&store, "a", "acme", "ann").await;
    let again = link(&store, "b", "acme", "bob").await;
    assert!(again.relinked);
    assert_eq!(again.account.source, new_source("bob").id);
    let left = again.left.unwrap();
    assert_eq!(left.source, first.account.source);
    assert!(left.source_is_unused && left.grant_is_gone);
    assert!(store.grant(grant("ann")).await.unwrap().is_none());
}

pub(crate) async fn a_public_token_stands_for_the_account_until_it_dies(store: Store) {
    let linked = link(&store, "a", "acme", "ann").await;
    let public = digest("public-a");
    for uses in 1..=2 {
        let used = store.use_public_token(&public, at(20)).await.unwrap().unwrap();
        assert_eq!((used.account.id, used.uses), (linked.account.id, uses));
        assert_eq!(used.account.token_sealed, sealed("a"));
    }
    assert!(store.use_public_token(&digest("public-b"), at(20)).await.unwrap().is_none());
    assert!(store.use_public_token(&public, at(2_000_000)).await.unwrap().is_none());
}

pub(crate) async fn expired_links_are_deleted(store: Store) {
    for name in ["a", "b"] {
        store.create_link(&new_link(name, "acme"), at(10)).await.unwrap();
    }
    assert_eq!(store.delete_expired_links(at(1_000_000)).await.unwrap(), 0);
    assert_eq!(store.delete_expired_links(at(1_000_001)).await.unwrap(), 2);
    assert!(store.link(new_link("a", "acme").id).await.unwrap().is_none());
}

/// A link that nobody opened, which expires at a moment.
async fn unopened(store: &Store, name: &str, expires_at: i64) {
    let link = NewLink { expires_at: at(expires_at), ..new_link(name, "other") };
    store.create_link(&link, at(10)).await.unwrap();
}

/// A grant with its data key, as of a consent.
async fn consented(store: &Store, account: &str, millis: i64) {
    store.ensure_data_key(grant(account).0, &sealed(account), at(millis)).await.unwrap();
    store.put_grant(grant(account), app(), account, &tokens(account), at(millis)).await.unwrap();
}

/// Whether a grant is there; its data key is if it is.
async fn is_kept(store: &Store, account: &str) -> bool {
    let is_kept = store.grant(grant(account)).await.unwrap().is_some();
    assert_eq!(store.data_key(grant(account).0).await.unwrap().is_some(), is_kept, "{account}");
    is_kept
}

pub(crate) async fn g4_a_consent_that_came_to_nothing_goes_with_its_link(store: Store) {
    consented(&store, "bob", 13).await;
    link(&store, "b", "acme", "bob").await;
    // The page was closed at the choice of site.
    let id = started(&store).await;
    answer(&store, "state", Some("browser"), 12).await;
    consented(&store, "ann", 13).await;
    assert!(store.consent_link(id, grant("ann"), at(14)).await.unwrap());
    unopened(&store, "c", 500_000).await;
    assert_eq!(store.delete_expired_links(at(500_001)).await.unwrap(), 1);
    assert!(is_kept(&store, "ann").await, "the site may still be chosen");

    consented(&store, "eve", 1_000_001).await;
    assert_eq!(store.delete_expired_links(at(1_000_001)).await.unwrap(), 2);
    assert!(!is_kept(&store, "ann").await);
    assert!(is_kept(&store, "bob").await, "a source is read through it");
    assert!(is_kept(&store, "eve").await, "it is younger than what is forgotten");
}

pub(crate) async fn l3_a_consent_on_its_way_keeps_the_grant_it_renews(store: Store) {
    consented(&store, "ann", 1).await;
    let link = NewLink { expires_at: at(3_000_000), ..new_link("a", "acme") };
    store.create_link(&link, at(10)).await.unwrap();
    assert!(start(&store, "state", 999_999).await);
    answer(&store, "state", Some("browser"), 1_000_000).await;
    unopened(&store, "c", 1_000_000).await;
    assert_eq!(store.delete_expired_links(at(1_000_001)).await.unwrap(), 1);
    assert!(is_kept(&store, "ann").await);
    consented(&store, "ann", 1_000_002).await;
    assert!(store.consent_link(link.id, grant("ann"), at(1_000_003)).await.unwrap());
    let completed = store.complete_link(link.id, &completion("ann", "a"), at(1_000_004)).await.unwrap();
    assert!(completed.is_some());
}

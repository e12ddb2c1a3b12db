//! People who proved who they are: what is known of them is stored apart from sources, and mostly no source names them.

use linkspan_engine::identity::{IdentityRequest, ProofOutcome};
use linkspan_engine::link::Callback;
use linkspan_model::entropy::Entropy;
use linkspan_model::ids::AppId;
use linkspan_model::product::Integration;
use linkspan_model::secret::Secret;
use linkspan_store::{Identity, IdentityAnswer, IdentityFilter, IdentityProof, NewIdentityPass};
use linkspan_vault::DigestKey;
use url::Url;

use super::{CYCLE_OF_HOURS, Privacy};
use crate::link::{Customer, state_of, tiny_world};

impl Privacy {
    /// A vendor whose app links sites and lets people prove who they are.
    async fn with_identities() -> Self {
        let privacy = Self::start(tiny_world()).await;
        privacy.register("report:personal-data read:me").await;
        privacy
    }

    /// Lets the account prove who it is, at the sandbox's consent screen.
    async fn prove(&self, account_id: &str) -> Identity {
        let request = IdentityRequest {
            reference: "person-7".to_owned(),
            redirect_uri: None,
            expires_in: std::time::Duration::from_mins(30),
        };
        let token = self.engine.create_identity_token(request).await.unwrap();
        let departure = self.engine.start_identity(&token).await.unwrap();
        let choice = [
            ("account_id", account_id),
            ("cloud_id", self.upstream.text("/sites/0/cloud_id")),
            ("decision", "accept"),
        ];
        let answer = Customer::new().consent(departure.authorize_url.as_str(), &choice).await;
        let callback = Url::parse(&answer.location.unwrap_or_else(|| panic!("{}", answer.html))).unwrap();
        let code = callback.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
        let callback = Callback {
            state: Secret::new(state_of(callback.as_str())),
            code: Some(Secret::new(code)),
            error: None,
            browser: Some(departure.browser),
        };
        match self.engine.answer_identity(callback).await.unwrap().outcome {
            ProofOutcome::Recorded(identity) => identity,
            ProofOutcome::Waits(redirect) => panic!("it waits at {redirect}"),
        }
    }

    async fn identities(&self) -> Vec<Identity> {
        self.store.identities(&IdentityFilter::default(), None, 100).await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn g1_who_proved_who_they_are_is_reported_while_the_proof_is_kept() {
    let privacy = Privacy::with_identities().await;
    let account_id = privacy.upstream.text("/users/3/account_id").to_owned();
    // There is somebody to report with, and no source names anybody.
    privacy.link("acme", "it@acme.example", Integration::Jira).await;
    let identity = privacy.prove(&account_id).await;
    assert_eq!(privacy.hours(CYCLE_OF_HOURS).await.reported, 1);
    let report = privacy.reports().await[&account_id].clone();
    assert_eq!((&report["times"], &report["too_early"]), (&1.into(), &0.into()), "{report}");
    assert_eq!(privacy.status().await.counts.known, 1);

    privacy.store.delete_identity(identity.id).await.unwrap();
    assert_eq!(privacy.hours(CYCLE_OF_HOURS).await.reported, 0);
    assert_eq!(privacy.status().await.counts.known, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn g1_an_app_that_can_report_does_so_for_one_that_cannot() {
    let privacy = Privacy::with_identities().await;
    let account_id = privacy.upstream.text("/users/3/account_id").to_owned();
    // An app for identity alone keeps no token.
    let entropy = Entropy::seeded(1);
    let key = DigestKey::generate(&entropy);
    let digest = |word: &str| key.digest("test", &Secret::new(word));
    let now = privacy.clock.now();
    let (pass, app) = (entropy.uuid(), AppId::of_client("identity-alone"));
    let new = NewIdentityPass {
        id: pass,
        token: digest("token"),
        app,
        reference: "person-7".to_owned(),
        redirect_uri: None,
        expires_at: now + super::HOUR,
    };
    privacy.store.create_identity_pass(&new, now, now).await.unwrap();
    let (state, browser) = (digest("state"), digest("browser"));
    privacy.store.start_identity_pass(pass, &state, &browser, now, now + super::HOUR).await.unwrap();
    let answer = privacy.store.answer_identity_pass(&state, Some(&browser), now).await.unwrap();
    assert!(matches!(answer, IdentityAnswer::Taken(_)));
    let proof = IdentityProof {
        id: entropy.uuid(),
        account_id: account_id.clone(),
        app,
        email: None,
        email_verified: None,
        told_at: now,
    };
    privacy.store.record_identity(pass, "person-7", &proof, now).await.unwrap().unwrap();

    // While no app can, the account is due and the status says why.
    privacy.tend().await;
    let status = privacy.status().await;
    assert_eq!(status.counts.known, 1);
    assert!(status.problem.unwrap().contains("report:personal-data"));
    privacy.link("acme", "it@acme.example", Integration::Jira).await;
    assert_eq!(privacy.hours(CYCLE_OF_HOURS).await.reported, 1);
    assert_eq!(privacy.reports().await[&account_id]["times"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn g2_of_a_closed_account_no_identity_is_left() {
    let privacy = Privacy::with_identities().await;
    let account_id = privacy.upstream.text("/users/3/account_id").to_owned();
    let identity = privacy.prove(&account_id).await;
    let email = identity.email.unwrap();
    // The person is a customer's contact too.
    privacy.link("acme", &email, Integration::Jira).await;
    privacy.say(&account_id, "closed").await;
    assert!(!privacy.places_of(&[&email]).await.is_empty());
    assert_eq!(privacy.hours(CYCLE_OF_HOURS).await.erased, 1);
    assert!(privacy.identities().await.is_empty());
    let places = privacy.places_of(&[&email]).await;
    assert!(places.is_empty(), "{places:#?}");
    let receipts = privacy.engine.erasure_receipts(Some(&account_id), None, 10).await.unwrap();
    assert!(receipts.receipts[0].finished_at.is_some());
    privacy.hours(CYCLE_OF_HOURS).await;
    assert_eq!(privacy.reports().await[&account_id]["after_closed"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn g3_the_address_of_a_changed_account_is_null_until_it_is_proven_again() {
    let privacy = Privacy::with_identities().await;
    let account_id = privacy.upstream.text("/users/3/account_id").to_owned();
    privacy.link("acme", "it@acme.example", Integration::Jira).await;
    let identity = privacy.prove(&account_id).await;
    let email = identity.email.unwrap();
    privacy.pass(super::HOUR).await;
    privacy.say(&account_id, "updated").await;
    assert_eq!(privacy.hours(CYCLE_OF_HOURS).await.refreshed, 1);
    let left = privacy.identities().await.remove(0);
    assert_eq!((left.id, left.email, left.email_verified), (identity.id, None, None));
    let places = privacy.places_of(&[&email]).await;
    assert!(places.is_empty(), "{places:#?}");

    // Nothing old is held, so nobody says once more that it changed; the next proof brings the address back.
    privacy.prove(&account_id).await;
    assert_eq!(privacy.hours(CYCLE_OF_HOURS).await.refreshed, 0);
    assert!(privacy.identities().await[0].email.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn g2_the_proof_of_a_closed_accounts_identity_goes_with_it() {
    let privacy = Privacy::with_identities().await;
    privacy.linked_and_read().await;
    let account_id = privacy.upstream.text("/users/3/account_id").to_owned();
    let identity = privacy.prove(&account_id).await;
    assert_eq!(identity.account_id, account_id);
    let email = identity.email.expect("the profile's own address is shown to its owner");
    assert_eq!(privacy.identities().await.len(), 1);
    assert!(!privacy.places_of(&[&email]).await.is_empty());

    privacy.say(&account_id, "closed").await;
    assert_eq!(privacy.hours(CYCLE_OF_HOURS).await.erased, 1);
    assert!(privacy.identities().await.is_empty());
    let places = privacy.places_of(&[&email]).await;
    assert!(places.is_empty(), "{places:#?}");
}

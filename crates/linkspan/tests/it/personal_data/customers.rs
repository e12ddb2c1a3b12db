//! People whom a service desk knows: they are stored apart from the site's accounts.

use linkspan_model::ids::RecordId;
use linkspan_model::product::Integration;
use linkspan_model::record::{Body, Model};
use linkspan_sandbox::Options;
use linkspan_store::ListFilter;

use super::erased::Person;
use super::{CYCLE_OF_HOURS, Privacy};

/// A site with a service desk and people on its lists.
fn desks() -> Options {
    Options { projects: 6, issues: 420, spaces: 2, pages: 20, users: 12, sites: 1, ..Options::default() }
}

impl Privacy {
    async fn desk_linked_and_read(&self) {
        self.link("acme", "it@acme.example", Integration::JiraServiceManagement).await;
        self.read_all().await;
    }

    async fn contact(&self, account_id: &str) -> (bool, Body) {
        let source = self.store.sources().await.unwrap()[0].id;
        let id = RecordId::of(source, Model::Contact, account_id);
        let stored = self.store.get_records(source, &[id]).await.unwrap().remove(0);
        (stored.deleted, stored.instance().unwrap())
    }

    /// The customer in an organization whose account id stands in most lines of what is stored.
    async fn busiest_customer(&self) -> Person {
        let source = self.store.sources().await.unwrap()[0].id;
        let stored = super::scan::everything_stored(&self.store).await;
        let contacts = self
            .store
            .list_records(source, Model::Contact, &ListFilter::default(), None, 1_000)
            .await
            .unwrap();
        let mut best: Option<(usize, Person)> = None;
        for contact in contacts {
            let Body::Contact(body) = contact.instance().unwrap() else { panic!("a contact") };
            if body.account.is_none() || body.name.is_empty() {
                continue;
            }
            let account_id = contact.remote_id.unwrap();
            let lines = stored.lines().filter(|line| line.contains(&account_id)).count();
            if best.as_ref().is_none_or(|(most, _)| lines > *most) {
                best = Some((lines, Person { account_id, name: body.name, email: body.email_address }));
            }
        }
        best.expect("a customer in an organization").1
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn g2_a_closed_customer_leaves_neither_a_contact_nor_a_row_of_a_list() {
    let privacy = Privacy::start(desks()).await;
    privacy.desk_linked_and_read().await;
    let customer = privacy.busiest_customer().await;
    let words = customer.words();
    let before = privacy.places_of(&words).await;
    for kind in ["contact", "jsm.organizationuser"] {
        assert!(before.iter().any(|place| place.contains(kind)), "{kind} is not in {before:#?}");
    }

    privacy.say(&customer.account_id, "closed").await;
    assert_eq!(privacy.hours(CYCLE_OF_HOURS).await.erased, 1);
    let after = privacy.places_of(&words).await;
    assert!(after.is_empty(), "{after:#?}");
    let (is_deleted, body) = privacy.contact(&customer.account_id).await;
    assert!(is_deleted && Some(body) == Body::bare_person(Model::Contact));

    // Neither the lists of the service desk nor the issues bring it back.
    for source in privacy.store.sources().await.unwrap() {
        for stream in privacy.store.get_streams(source.id).await.unwrap() {
            privacy.store.reset_stream(source.id, &stream.stream).await.unwrap();
        }
    }
    privacy.read_all().await;
    let after = privacy.places_of(&words).await;
    assert!(after.is_empty(), "{after:#?}");
    assert!(privacy.contact(&customer.account_id).await.0, "still a tombstone");
}

#[tokio::test(flavor = "multi_thread")]
async fn g3_a_changed_customer_bears_the_new_name_and_stays_in_the_organization() {
    let privacy = Privacy::start(desks()).await;
    privacy.desk_linked_and_read().await;
    let customer = privacy.busiest_customer().await;
    let (_, Body::Contact(before)) = privacy.contact(&customer.account_id).await else { panic!("a contact") };
    privacy.pass(super::HOUR).await;
    privacy.say(&customer.account_id, "updated").await;
    assert_eq!(privacy.hours(CYCLE_OF_HOURS).await.refreshed, 1);
    let (_, Body::Contact(after)) = privacy.contact(&customer.account_id).await else { panic!("a contact") };
    assert!(!after.name.is_empty() && after.name != before.name, "{after:?}");
    assert_eq!(after.account, before.account);
    let places = privacy.places_of(&[&before.name]).await;
    assert!(places.is_empty(), "{places:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn s11_after_an_erasure_an_organization_that_is_gone_still_becomes_a_tombstone() {
    let privacy = Privacy::start(desks()).await;
    privacy.desk_linked_and_read().await;
    let customer = privacy.busiest_customer().await;
    privacy.say(&customer.account_id, "closed").await;
    assert_eq!(privacy.hours(CYCLE_OF_HOURS).await.erased, 1);

    let source = privacy.store.sources().await.unwrap()[0].id;
    let all = ListFilter::default();
    let accounts = || privacy.store.list_records(source, Model::Account, &all, None, 100);
    let before = accounts().await.unwrap();
    let gone = before[0].remote_id.clone().unwrap();
    let order = serde_json::json!({ "account_id": privacy.upstream.text("/users/0/account_id") });
    let hands =
        privacy.upstream.control.post("token", &order).await["access_token"].as_str().unwrap().to_owned();
    let (origin, site) = (privacy.upstream.text("/origin"), privacy.upstream.text("/sites/0/cloud_id"));
    let url = format!("{origin}/ex/jira/{site}/rest/servicedeskapi/organization/{gone}");
    let answer = crate::support::http().delete(url).bearer_auth(hands).send().await.unwrap();
    assert!(answer.status().is_success(), "{answer:?}");

    privacy.pass(jiff::SignedDuration::from_hours(7)).await;
    privacy.read_all().await;
    assert_eq!(accounts().await.unwrap().len(), before.len() - 1);
}

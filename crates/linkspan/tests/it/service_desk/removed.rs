//! Who is no customer any more, and who only seems so.

use serde_json::json;

use super::{Site, desks, text, texts};

const BROKEN: &str = "the list is not to be had today";

#[tokio::test(flavor = "multi_thread")]
async fn s12_organizations_and_customers_that_are_gone_become_tombstones() {
    let site = Site::start(desks()).await;
    // Somebody with an Atlassian account, who is a customer by the list alone.
    let staff = site.upstream.text("/users/3/account_id").to_owned();
    site.desk_change("POST", "/organization/2/user", Some(json!({ "accountIds": [staff] }))).await;
    let linked = site.linked_and_read().await;
    let source = linked.scope.source().id;
    let before = site.records("contacts?expand=account", &linked).await;
    assert_eq!(before[&staff]["account"]["remote_id"], "2");
    assert!(site.records("users", &linked).await.contains_key(&staff), "and a user as before");

    site.desk_change("DELETE", "/organization/2", None).await;
    let expected = texts(&site.desk_list("/organization").await, "id");
    site.read_later(source).await;
    let accounts = site.records("accounts", &linked).await;
    assert_eq!(accounts.keys().cloned().collect::<Vec<_>>(), expected);
    let tombs = site.records("accounts?include_deleted_data=true", &linked).await;
    assert_eq!(tombs["2"]["remote_was_deleted"], true);
    let after = site.records("contacts?expand=account", &linked).await;
    assert!(!after.contains_key(&staff), "nobody's customer any more");
    let tombs = site.records("contacts?include_deleted_data=true", &linked).await;
    assert_eq!(tombs[&staff]["remote_was_deleted"], true);
    assert!(site.records("users", &linked).await.contains_key(&staff));
    // Portal-only customers stay, for the site still has them, without the organization that is gone.
    let portal_only: Vec<_> = before.keys().filter(|id| id.starts_with("qm:")).collect();
    assert!(!portal_only.is_empty());
    for id in portal_only {
        assert_ne!(after[id]["account"]["remote_id"], "2", "{id}");
    }
    let members = site.raws(source, "jsm.organizationuser").await;
    assert!(members.keys().all(|id| !id.starts_with("2/")), "{members:?}");

    // Back again: the same record lives on.
    site.desk_change("POST", "/organization/1/user", Some(json!({ "accountIds": [staff] }))).await;
    site.read_later(source).await;
    let back = site.records("contacts?expand=account", &linked).await;
    assert_eq!(back[&staff]["id"], before[&staff]["id"]);
    assert_eq!(back[&staff]["account"]["remote_id"], "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn s12_a_list_that_is_refused_removes_nobody_and_takes_nobodys_organization() {
    let site = Site::start(desks()).await;
    let linked = site.linked_and_read().await;
    let source = linked.scope.source().id;
    let (accounts, contacts) =
        (site.records("accounts", &linked).await, site.records("contacts", &linked).await);
    for path in ["/rest/servicedeskapi/organization/*/user", "/rest/servicedeskapi/servicedesk/*/customer"] {
        let body = json!({ "errorMessage": BROKEN });
        site.fault(json!({ "kind": "status", "status": 403, "path": path, "body": body })).await;
    }
    site.read_later(source).await;
    assert_eq!(site.records("accounts", &linked).await, accounts);
    assert_eq!(site.records("contacts", &linked).await, contacts);
    for kind in ["jsm.organizationuser", "jsm.customer"] {
        assert!(
            text(&site.kind(source, kind).await["refused"]).contains("403")
                || text(&site.kind(source, kind).await["refused"]).contains(BROKEN),
            "{kind}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s12_when_most_would_go_a_second_listing_decides() {
    let site = Site::start(desks()).await;
    for number in 0..12 {
        site.desk_change("POST", "/organization", Some(json!({ "name": format!("Organization {number}") })))
            .await;
    }
    let linked = site.linked_and_read().await;
    let source = linked.scope.source().id;
    let accounts = site.records("accounts", &linked).await;
    assert!(accounts.len() >= 12);
    let contacts = site.records("contacts", &linked).await;
    let empty = json!({ "start": 0, "limit": 100, "size": 0, "isLastPage": true, "values": [] });
    let fault = json!({ "kind": "status", "status": 200, "path": "/rest/servicedeskapi/organization", "body": empty, "count": 1 });
    site.fault(fault).await;
    site.read_later(source).await;
    assert_eq!(site.records("accounts", &linked).await, accounts, "an empty answer is not believed at once");
    assert_eq!(site.records("contacts", &linked).await, contacts);

    for id in accounts.keys().filter(|id| id.parse::<u64>().unwrap() > 1) {
        site.desk_change("DELETE", &format!("/organization/{id}"), None).await;
    }
    site.read_later(source).await;
    assert_eq!(site.records("accounts", &linked).await.len(), 1, "what two listings say is so");
}

//! Organizations as accounts, customers as contacts.

use std::collections::{BTreeMap, BTreeSet};

use linkspan_model::product::Integration;
use serde_json::Value;

use super::{ORGANIZATIONS, Site, desks, text};
use crate::support::shape;

/// The lowest organization of each customer, and everybody whom a list or the site's accounts call a customer, as the
/// simulator tells.
async fn expected_customers(site: &Site) -> (BTreeMap<String, u64>, BTreeSet<String>) {
    let (mut organizations, mut everybody) = (BTreeMap::new(), BTreeSet::new());
    for organization in site.desk_list("/organization").await {
        let id = text(&organization["id"]);
        for member in site.desk_list(&format!("/organization/{id}/user")).await {
            let account = text(&member["accountId"]);
            let lowest = organizations.entry(account.clone()).or_insert(u64::MAX);
            *lowest = (*lowest).min(id.parse().unwrap());
            everybody.insert(account);
        }
    }
    for desk in site.desk_list("/servicedesk").await {
        let listed = site.desk_list(&format!("/servicedesk/{}/customer", text(&desk["id"]))).await;
        everybody.extend(listed.iter().map(|customer| text(&customer["accountId"])));
    }
    let (_, people) = site.upstream("GET", "/rest/api/3/users/search?maxResults=1000", None).await;
    let customers = people.as_array().unwrap().iter().filter(|person| person["accountType"] == "customer");
    everybody.extend(customers.map(|person| text(&person["accountId"])));
    (organizations, everybody)
}

#[tokio::test(flavor = "multi_thread")]
async fn organizations_are_accounts_and_customers_are_contacts_of_the_lowest_of_theirs() {
    let site = Site::start(desks()).await;
    let linked = site.linked_and_read().await;

    let accounts = site.records("accounts?include_remote_data=true", &linked).await;
    let organizations = site.desk_list("/organization").await;
    assert_eq!(accounts.len(), organizations.len());
    for organization in &organizations {
        let account = &accounts[&text(&organization["id"])];
        assert_eq!(account["name"], organization["name"]);
        assert_eq!(account["domains"], serde_json::json!([]));
        assert_eq!(account["remote_data"][0]["data"], *organization);
    }

    let (lowest, everybody) = expected_customers(&site).await;
    assert!(lowest.len() >= 2 && everybody.len() > lowest.len(), "{lowest:?} {everybody:?}");
    let contacts = site.records("contacts?expand=account", &linked).await;
    assert_eq!(contacts.keys().cloned().collect::<BTreeSet<_>>(), everybody);
    for (id, contact) in &contacts {
        let organization = lowest.get(id).map(u64::to_string);
        assert_eq!(contact["account"]["remote_id"].as_str(), organization.as_deref(), "{contact}");
        assert!(contact["name"].is_string(), "{contact}");
    }

    // One of each, alone and in the older form of the path.
    let contact = contacts.values().find(|contact| contact["account"].is_object()).unwrap();
    let id = text(&contact["id"]);
    let (_, alone) = site.get(&format!("/ticketing/v1/contacts/{id}"), Some(&linked)).await;
    assert_eq!(alone["account"], contact["account"]["id"]);
    insta::assert_json_snapshot!("contact", shape(&alone));
    let account = text(&contact["account"]["id"]);
    let (_, account) = site.get(&format!("/ticketing/v1/accounts/{account}"), Some(&linked)).await;
    insta::assert_json_snapshot!("account", shape(&account));
}

#[tokio::test(flavor = "multi_thread")]
async fn contacts_are_found_by_address_and_by_upstream_id() {
    let site = Site::start(desks()).await;
    // People with Atlassian accounts, whose profiles show their addresses.
    let staff: Vec<String> =
        (1..5).map(|place| site.upstream.text(&format!("/users/{place}/account_id")).to_owned()).collect();
    site.desk_change("POST", "/organization/1/user", Some(serde_json::json!({ "accountIds": staff }))).await;
    let linked = site.linked_and_read().await;
    let contacts = site.records("contacts", &linked).await;
    let addressed: Vec<&Value> =
        contacts.values().filter(|contact| contact["email_address"].is_string()).collect();
    assert!(!addressed.is_empty(), "the lists of customers tell addresses");
    for contact in addressed {
        let address = text(&contact["email_address"]);
        let (address, loud) = (address.replace('+', "%2B"), address.to_uppercase().replace('+', "%2B"));
        for asked in [address.as_str(), loud.as_str()] {
            let found = site.records(&format!("contacts?email_address={asked}"), &linked).await;
            assert_eq!(found.keys().collect::<Vec<_>>(), [&text(&contact["remote_id"])], "{asked}");
        }
        let by_id =
            site.records(&format!("contacts?remote_id={}", text(&contact["remote_id"])), &linked).await;
        assert_eq!(by_id.values().collect::<Vec<_>>(), [contact]);
    }
    for nobody in ["%25", "_%25@customers.example.org", "customer", "%22", "nobody@example.org"] {
        let found = site.records(&format!("contacts?email_address={nobody}"), &linked).await;
        assert!(found.is_empty(), "{nobody}");
    }
    let users = site.records("users", &linked).await;
    let user = users.values().find(|user| user["email_address"].is_string()).unwrap();
    let found = site.records(&format!("users?email_address={}", text(&user["email_address"])), &linked).await;
    assert_eq!(found.values().collect::<Vec<_>>(), [user]);
    assert!(
        users.keys().all(|id| !contacts.contains_key(id) || !id.starts_with("qm:")),
        "no customer is a user"
    );
    let long = "a".repeat(400);
    let (status, problem) =
        site.get(&format!("/api/ticketing/v1/contacts?email_address={long}"), Some(&linked)).await;
    assert_eq!(status, 400, "{problem}");
}

#[tokio::test(flavor = "multi_thread")]
async fn p15_tickets_and_comments_name_customers_as_contacts_and_notes_are_private() {
    let site = Site::start(desks()).await;
    let linked = site.linked_and_read().await;
    let tickets = site.records("tickets?expand=contact,account,creator", &linked).await;
    let issues = site.raws(linked.scope.source().id, "jira.issue").await;
    let organizations = site.field(ORGANIZATIONS).await;
    let (mut asked, mut shared) = (0, 0);
    for (id, ticket) in &tickets {
        let fields = &issues[id]["fields"];
        let by_customer = fields["reporter"]["accountType"] == "customer";
        asked += usize::from(by_customer);
        let contact = by_customer.then(|| fields["reporter"]["accountId"].as_str().unwrap());
        assert_eq!(ticket["contact"]["remote_id"].as_str(), contact, "{id}");
        let organization = fields[&organizations][0]["id"].as_str();
        shared += usize::from(organization.is_some());
        assert_eq!(ticket["account"]["remote_id"].as_str(), organization, "{id}");
    }
    assert!(asked > 0 && shared > 0, "{asked} asked by customers, {shared} shared with organizations");
    // Jira's own view is for users: nobody who sees a ticket there is a portal's customer.
    for ticket in tickets.values().filter(|ticket| ticket["contact"].is_object()).take(5) {
        let path = format!("/api/ticketing/v1/tickets/{}/viewers?expand=user,team", text(&ticket["id"]));
        let viewers = site.all(&path, Some(&linked)).await;
        assert!(!viewers.is_empty(), "{ticket}");
        assert!(viewers.iter().all(|viewer| viewer["user"].is_object() || viewer["team"].is_object()));
    }

    let comments = site.records("comments?expand=contact,user", &linked).await;
    let raws = site.raws(linked.scope.source().id, "jira.comment").await;
    let (mut notes, mut answers) = (0, 0);
    for (id, comment) in &comments {
        let raw = &raws[id];
        let by_customer = raw["author"]["accountType"] == "customer";
        answers += usize::from(by_customer);
        notes += usize::from(raw["jsdPublic"] == false);
        let author = raw["author"]["accountId"].as_str();
        let (contact, user) = if by_customer { (author, None) } else { (None, author) };
        assert_eq!(comment["contact"]["remote_id"].as_str(), contact, "{id}");
        assert_eq!(comment["user"]["remote_id"].as_str(), user, "{id}");
        let is_private = raw["jsdPublic"] == false || raw["visibility"].is_object();
        assert_eq!(comment["is_private"], is_private, "{id}");
    }
    assert!(notes > 0 && answers > 0, "{notes} internal notes, {answers} comments of customers");
}

#[tokio::test(flavor = "multi_thread")]
async fn clocks_approvals_participants_and_organizations_stay_in_the_remote_fields_in_full() {
    let site = Site::start(desks()).await;
    let linked = site.linked_and_read().await;
    let (_, fields) = site.upstream("GET", "/rest/api/3/field", None).await;
    let of_desks: BTreeMap<String, String> = fields
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|field| {
            let kind = field["schema"]["custom"].as_str()?;
            kind.contains("servicedesk").then(|| (text(&field["id"]), kind.to_owned()))
        })
        .collect();
    let issues = site.raws(linked.scope.source().id, "jira.issue").await;
    let tickets = site.records("tickets?include_remote_fields=true", &linked).await;
    let mut seen = BTreeSet::new();
    for (id, ticket) in &tickets {
        for (field, kind) in &of_desks {
            let value = &issues[id]["fields"][field];
            let kept = ticket["remote_fields"].as_array().unwrap().iter();
            let kept = kept.map(|kept| (&kept["remote_field_class"]["remote_key_name"], &kept["value"]));
            let kept = kept.filter(|(name, _)| *name == field).map(|(_, value)| value).next();
            if value.is_null() || *value == serde_json::json!([]) {
                assert_eq!(kept, None, "{id} {field}");
            } else {
                seen.insert(kind.rsplit(':').next().unwrap().to_owned());
                assert_eq!(kept, Some(value), "{id} {field}");
            }
        }
    }
    for kind in
        ["vp-origin", "sd-request-participants", "sd-customer-organizations", "sd-approvals", "sd-sla-field"]
    {
        assert!(seen.contains(kind), "no request has a value of {kind}: {seen:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_scope_customers_are_those_of_requests_and_the_status_says_what_is_missing() {
    let scopes =
        ["offline_access", "read:me", "read:jira-work", "read:jira-user", "manage:jira-configuration"];
    let site = Site::with_scopes(desks(), scopes.map(str::to_owned).to_vec()).await;
    let linked = site.link(Integration::JiraServiceManagement).await;
    let source = linked.scope.source().id;
    site.read(source).await;
    assert!(site.records("accounts", &linked).await.is_empty());
    let contacts = site.records("contacts", &linked).await;
    assert!(!contacts.is_empty() && contacts.values().all(|contact| contact["account"].is_null()));

    let statuses = site.all("/api/ticketing/v1/sync-status", Some(&linked)).await;
    let of = |model: &str| statuses.iter().find(|row| row["model_name"] == model).unwrap();
    assert_eq!(of("Account")["status"], "DISABLED");
    let reason = text(&of("Account")["sync_status_reason"]);
    assert!(reason.contains("it lacks manage:servicedesk-customer"), "{reason}");
    assert_eq!(of("Contact")["status"], "DONE");
    let kind = site.kind(source, "jsm.organization").await;
    assert_eq!(kind["missing_scopes"], serde_json::json!(["manage:servicedesk-customer"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_without_service_management_is_read_and_the_refusals_are_noted() {
    let site = Site::start(desks()).await;
    let body = serde_json::json!({ "errorMessage": "Jira Service Management is not installed." });
    for (status, path) in
        [(404, "/rest/servicedeskapi/servicedesk*"), (403, "/rest/servicedeskapi/organization*")]
    {
        let fault = serde_json::json!({ "kind": "status", "status": status, "path": path, "body": body });
        site.fault(fault).await;
    }
    let linked = site.linked_and_read().await;
    let source = linked.scope.source().id;
    assert!(site.records("accounts", &linked).await.is_empty());
    assert!(!site.records("tickets", &linked).await.is_empty());
    let organizations = site.kind(source, "jsm.organization").await;
    let refused = text(&organizations["refused"]);
    assert!(refused.contains("is not installed"), "{refused}");
    // A site that has no such list refuses nobody.
    let desks = site.kind(source, "jsm.servicedesk").await;
    assert_eq!((&desks["refused"], &desks["count"]), (&Value::Null, &Value::Null));
    assert_eq!((&organizations["access"], &desks["access"]), (&"open".into(), &"open".into()));
    let statuses = site.all("/api/ticketing/v1/sync-status", Some(&linked)).await;
    assert!(statuses.iter().all(|row| row["status"] == "DONE"), "{statuses:?}");
}

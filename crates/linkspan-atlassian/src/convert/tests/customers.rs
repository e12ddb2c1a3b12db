//! Organizations and customers of service desks.

use linkspan_model::ids::RecordId;
use linkspan_model::record::Model;
use proptest::prelude::*;
use serde_json::json;

use super::super::*;
use super::{body_of, jira, only, raw, shown, source};

const ORGANIZATIONS: &str = r#"{"start": 0, "limit": 50, "size": 2, "isLastPage": true, "values": [
  {"id": "7", "uuid": "0e3b…", "name": "Umbrella", "scimManaged": false,
   "created": {"iso8601": "2024-01-02T03:04:05+0000", "epochMillis": 1704164645000}},
  {"id": 12, "name": "Initech"}]}"#;

fn people(ids: &[&str]) -> String {
    let person = |id: &&str| {
        json!({ "accountId": id, "displayName": format!("Person {id}"), "emailAddress": format!("{id}@c.example"),
                "active": true, "timeZone": "UTC" })
    };
    json!({ "values": ids.iter().map(person).collect::<Vec<_>>() }).to_string()
}

fn account(id: &str) -> RecordId {
    RecordId::of(source(), Model::Account, id)
}

#[test]
fn organizations_become_accounts() {
    insta::assert_json_snapshot!(shown(&organization_page(ORGANIZATIONS, source()).unwrap()));
}

#[test]
fn members_of_an_organization_become_contacts_of_its_account() {
    let mut known = CustomerOrganizations::default();
    let page = organization_user_page(&people(&["qm:1", "5b10"]), "7", &mut known, source()).unwrap();
    insta::assert_json_snapshot!(shown(&page));
}

#[test]
fn a_customer_of_several_organizations_belongs_to_the_one_with_the_lowest_id() {
    let mut known = CustomerOrganizations::default();
    let first = organization_user_page(&people(&["a", "b"]), "9", &mut known, source()).unwrap();
    // Ten comes behind nine: ids are numbers, whatever their form.
    let second = organization_user_page(&people(&["b", "c"]), "10", &mut known, source()).unwrap();
    let desk = desk_customer_page(&people(&["a", "d"]), "3", &mut known, source()).unwrap();
    let of = |page: &Converted, id: &str| body_of!(Contact, only(page, Model::Contact, id)).account;
    assert_eq!(of(&first, "b"), Some(account("9")));
    assert_eq!(of(&second, "c"), Some(account("10")));
    assert_eq!(of(&desk, "d"), None);
    // Who is known from before is kept as raw and is no record a second time.
    assert_eq!(second.records.len(), 1);
    assert_eq!(desk.records.len(), 1);
    for (page, kind, id) in [
        (&second, "jsm.organizationuser", "10/b"),
        (&desk, "jsm.customer", "3/a"),
        (&desk, "jsm.customer", "3/d"),
    ] {
        let account = id.split_once('/').unwrap().1;
        assert_eq!(raw(page, kind, id).record, Some(RecordId::of(source(), Model::Contact, account)), "{id}");
    }
}

#[test]
fn s18_what_is_no_customer_is_kept_and_named_and_the_others_are_read() {
    let mut known = CustomerOrganizations::default();
    let page = r#"{"values": [{"displayName": "Nobody"}, 7, {"accountId": "a", "displayName": "Ada", "active": "yes"}]}"#;
    let page = organization_user_page(page, "7", &mut known, source()).unwrap();
    assert_eq!(page.ids.len(), 3);
    assert_eq!(body_of!(Contact, only(&page, Model::Contact, "a")).name, "Ada");
    let problems: Vec<_> = page.raws.iter().filter_map(|raw| raw.problem.as_deref()).collect();
    assert_eq!(
        problems,
        ["a customer without an account id", "not a JSON object", "not as expected: active"]
    );
    let refused = organization_page(r#"{"values": [{"name": "No id"}]}"#, source()).unwrap();
    assert!(refused.records.is_empty());
    assert!(organization_page(r#"{"errorMessage": "no"}"#, source()).is_err());
}

#[test]
fn customers_in_the_list_of_accounts_are_contacts_and_yield_to_what_their_own_lists_say() {
    let json = r#"[{"accountId": "qm:1", "accountType": "customer", "displayName": "Cleo", "active": true},
                   {"accountId": "5b10", "accountType": "atlassian", "displayName": "Ada", "active": true}]"#;
    let mut ctx = jira();
    let alone = jira_user_page(json, &ctx).unwrap();
    assert_eq!(body_of!(Contact, only(&alone, Model::Contact, "qm:1")).name, "Cleo");
    ctx.customers_are_listed = true;
    let beside = jira_user_page(json, &ctx).unwrap();
    assert_eq!(beside.people, [only(&alone, Model::Contact, "qm:1").clone()]);
    assert_eq!(beside.records.len(), 1);
    let contact = RecordId::of(source(), Model::Contact, "qm:1");
    assert_eq!(raw(&beside, "jira.user", "qm:1").record, Some(contact));
}

#[test]
fn only_customers_whom_no_list_names_are_taken_from_the_list_of_accounts() {
    let mut known = CustomerOrganizations::default();
    let of = |json: &str, known: &CustomerOrganizations| unlisted_customer(json, known, source()).unwrap();
    let customer = r#"{"accountId": "qm:1", "accountType": "customer", "displayName": "Cleo"}"#;
    let found = of(customer, &known).unwrap();
    assert_eq!(
        (found.id, found.remote_id.as_deref()),
        (RecordId::of(source(), Model::Contact, "qm:1"), Some("qm:1"))
    );
    assert!(of(r#"{"accountId": "5b10", "accountType": "atlassian"}"#, &known).is_none());
    known.add("qm:1", None);
    assert!(of(customer, &known).is_none());
}

/// A site whose fields 10002 and 10010 are those of service desks.
fn with_service_fields() -> JiraContext {
    let mut ctx = jira();
    ctx.fields
        .add(
            r#"[{"id": "customfield_10002", "custom": true, "name": "Organizations", "schema":
                 {"type": "array", "items": "sd-customerorganization", "custom": "com.atlassian.servicedesk:sd-customer-organizations"}},
                {"id": "customfield_10010", "custom": true, "name": "Request Type", "schema":
                 {"type": "sd-customerrequesttype", "custom": "com.atlassian.servicedesk:vp-origin"}}]"#,
        )
        .unwrap();
    ctx
}

fn request(fields: &str) -> linkspan_model::models::Ticket {
    let issue =
        format!(r#"{{"id": "1", "key": "HELP-1", "fields": {{"project": {{"id": "10001"}}, {fields}}}}}"#);
    let page = super::super::issue(&issue, &with_service_fields()).unwrap();
    body_of!(Ticket, only(&page, Model::Ticket, "1")).as_ref().clone()
}

#[test]
fn a_request_names_its_first_organization_and_its_request_type_and_keeps_the_fields_whole() {
    let organizations = r#"[{"id": "12", "name": "Initech"}, {"id": "7", "name": "Umbrella"}]"#;
    let origin =
        r#"{"requestType": {"id": "25", "name": "Report a fault"}, "currentStatus": {"status": "Open"}}"#;
    let sla = r#"{"id": "1", "name": "Time to resolution", "ongoingCycle": {"breached": false, "remainingTime": {"millis": 5}}}"#;
    let ticket = request(&format!(
        r#""customfield_10002": {organizations}, "customfield_10010": {origin}, "customfield_10020": {sla}"#
    ));
    assert_eq!(ticket.account, Some(account("12")));
    assert_eq!(ticket.request_type.as_deref(), Some("Report a fault"));
    let kept = |field: &str| &ticket.remote_fields.iter().find(|kept| kept.field == field).unwrap().value;
    for (field, json) in
        [("customfield_10002", organizations), ("customfield_10010", origin), ("customfield_10020", sla)]
    {
        assert_eq!(kept(field), &serde_json::from_str::<serde_json::Value>(json).unwrap(), "{field}");
    }
}

#[test]
fn s18_odd_organizations_and_request_types_leave_the_ticket_without_them() {
    for (organizations, origin) in [("[]", "null"), (r#""Initech""#, "7"), ("[7]", r#"{"requestType": []}"#)]
    {
        let ticket =
            request(&format!(r#""customfield_10002": {organizations}, "customfield_10010": {origin}"#));
        assert_eq!((ticket.account, ticket.request_type), (None, None), "{organizations} {origin}");
    }
}

proptest! {
    #[test]
    fn whatever_the_order_of_lists_the_last_record_of_a_customer_has_the_lowest_organization(
        memberships in prop::collection::vec((1_u32..40, 0_u8..6), 1..30),
    ) {
        let mut known = CustomerOrganizations::default();
        let mut last = std::collections::BTreeMap::new();
        for (organization, person) in &memberships {
            let page = people(&[person.to_string().as_str()]);
            let page = organization_user_page(&page, &organization.to_string(), &mut known, source()).unwrap();
            for record in &page.records {
                last.insert(record.remote_id.clone().unwrap(), body_of!(Contact, record).account);
            }
        }
        for (person, found) in last {
            let lowest = memberships.iter().filter(|(_, one)| one.to_string() == person).map(|(id, _)| *id).min();
            prop_assert_eq!(found, Some(account(&lowest.unwrap().to_string())));
        }
    }
}

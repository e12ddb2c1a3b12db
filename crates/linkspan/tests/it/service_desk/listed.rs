//! What a sync keeps of service desks, and how it goes.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Site, desks, text};

/// What the simulator has of each kind, by the ids under which it is kept.
async fn expected(site: &Site) -> BTreeMap<&'static str, BTreeMap<String, Value>> {
    let mut all: BTreeMap<&'static str, BTreeMap<String, Value>> = BTreeMap::new();
    for desk in site.desk_list("/servicedesk").await {
        let id = text(&desk["id"]);
        let path = format!("/servicedesk/{id}");
        for kind in site.desk_list(&format!("{path}/requesttype")).await {
            let own = format!("{id}/{}", text(&kind["id"]));
            let fields = site.desk_answer(&format!("{path}/requesttype/{}/field", text(&kind["id"]))).await;
            all.entry("jsm.requesttypefield").or_default().insert(own.clone(), fields);
            all.entry("jsm.requesttype").or_default().insert(own, kind);
        }
        for (kind, list) in [
            ("jsm.requesttypegroup", "requesttypegroup"),
            ("jsm.queue", "queue?includeCount=true"),
            ("jsm.deskorganization", "organization"),
        ] {
            for item in site.desk_list(&format!("{path}/{list}")).await {
                let own = format!("{id}/{}", text(&item["id"]));
                all.entry(kind).or_default().insert(own, item);
            }
        }
        all.entry("jsm.servicedesk").or_default().insert(id, desk);
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_keeps_desks_request_types_forms_groups_queues_and_organizations() {
    let site = Site::start(desks()).await;
    let source = site.adopt(0, None).await;
    site.read(source).await;
    let expected = expected(&site).await;
    assert_eq!(expected.len(), 6, "{:?}", expected.keys());
    for (kind, items) in expected {
        assert!(!items.is_empty(), "{kind}");
        assert_eq!(site.raws(source, kind).await, items, "{kind}");
        assert_eq!(site.kind(source, kind).await["count"], items.len(), "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_desks_no_longer_have_is_removed_and_a_refused_list_removes_nothing() {
    let site = Site::start(desks()).await;
    let source = site.adopt(0, None).await;
    site.read(source).await;
    let mut expected = expected(&site).await;

    // An organization leaves a desk; the rest loses its last item in what the lists say.
    let (gone, _) = expected.get_mut("jsm.deskorganization").unwrap().pop_first().unwrap();
    let (desk, organization) = gone.split_once('/').unwrap();
    let body = json!({ "organizationId": organization.parse::<u64>().unwrap() });
    site.desk_change("DELETE", &format!("/servicedesk/{desk}/organization"), Some(body)).await;
    for (kind, list) in [
        ("jsm.requesttype", "requesttype"),
        ("jsm.requesttypegroup", "requesttypegroup"),
        ("jsm.queue", "queue"),
    ] {
        let kept = expected.get_mut(kind).unwrap();
        let (gone, _) = kept.pop_last().unwrap();
        let desk = gone.split_once('/').unwrap().0;
        let values: Vec<&Value> =
            kept.iter().filter(|(id, _)| id.starts_with(&format!("{desk}/"))).map(|(_, it)| it).collect();
        let body =
            json!({ "start": 0, "limit": 100, "size": values.len(), "isLastPage": true, "values": values });
        let path = format!("/rest/servicedeskapi/servicedesk/{desk}/{list}");
        site.fault(json!({ "kind": "status", "status": 200, "path": path, "body": body })).await;
        if kind == "jsm.requesttype" {
            expected.get_mut("jsm.requesttypefield").unwrap().remove(&gone);
        }
    }
    site.read_later(source).await;
    for (kind, items) in &expected {
        assert_eq!(
            site.raws(source, kind).await.keys().collect::<Vec<_>>(),
            items.keys().collect::<Vec<_>>(),
            "{kind}"
        );
    }

    let refusal = json!({ "kind": "status", "status": 403, "path": "/rest/servicedeskapi/servicedesk", "body": { "errorMessage": "no" } });
    site.fault(refusal).await;
    site.read_later(source).await;
    let desks = &expected["jsm.servicedesk"];
    assert_eq!(site.raws(source, "jsm.servicedesk").await.len(), desks.len(), "a refusal is no empty list");
}

#[tokio::test(flavor = "multi_thread")]
async fn organizations_of_desks_are_kept_where_customers_may_not_be_listed() {
    let site = Site::start(desks()).await;
    let scopes = "read:me read:jira-work read:jira-user manage:jira-configuration read:servicedesk:jira-service-management \
                  read:servicedesk.organization:jira-service-management";
    let source = site.adopt(0, Some(scopes)).await;
    site.read(source).await;
    let kept = site.raws(source, "jsm.deskorganization").await;
    assert_eq!(
        kept.keys().collect::<Vec<_>>(),
        expected(&site).await["jsm.deskorganization"].keys().collect::<Vec<_>>()
    );
    let closed = site.kind(source, "jsm.organization").await;
    assert_eq!((closed["access"].as_str(), closed["count"].as_u64()), (Some("closed"), None));
}

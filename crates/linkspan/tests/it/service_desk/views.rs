//! What a linked account of each kind shows of one source, and that both cost one reading.

use std::collections::BTreeSet;

use linkspan_model::product::Integration;
use serde_json::{Value, json};

use super::{Site, desks, text};

#[tokio::test(flavor = "multi_thread")]
async fn a_service_desk_account_shows_service_projects_and_a_jira_account_all() {
    let site = Site::start(desks()).await;
    let service = site.linked_and_read().await;
    let jira = site.link(Integration::Jira).await;
    assert_eq!(jira.scope.source().id, service.scope.source().id, "one source for both");
    // The scope of the first token was made before anything was read.
    let projects = site.raws(jira.scope.source().id, "jira.project").await;
    let desks: BTreeSet<String> = projects
        .iter()
        .filter(|(_, project)| project["projectTypeKey"] == "service_desk")
        .map(|(id, _)| id.clone())
        .collect();
    assert!(!desks.is_empty() && desks.len() < projects.len());
    let shown = site.records("collections", &service).await;
    assert_eq!(shown.keys().cloned().collect::<BTreeSet<_>>(), desks);
    assert_eq!(site.records("collections", &jira).await.len(), projects.len());
    let tickets = site.records("tickets?expand=collections", &service).await;
    assert!(!tickets.is_empty());
    for ticket in tickets.values() {
        assert!(desks.contains(&text(&ticket["collections"][0]["remote_id"])), "{ticket}");
    }
    // Customers belong to the site, whatever is shown of its projects.
    assert_eq!(
        site.records("contacts", &service).await.keys().collect::<Vec<_>>(),
        site.records("contacts", &jira).await.keys().collect::<Vec<_>>()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_jira_account_has_contacts_but_no_accounts() {
    let site = Site::start(desks()).await;
    let service = site.linked_and_read().await;
    let jira = site.link(Integration::Jira).await;
    let accounts = site.records("accounts", &service).await;
    let account = accounts.values().next().unwrap();
    assert!(site.records("accounts", &jira).await.is_empty());
    let path = format!("/api/ticketing/v1/accounts/{}", text(&account["id"]));
    assert_eq!(site.get(&path, Some(&service)).await.0, 200);
    assert_eq!(site.get(&path, Some(&jira)).await.0, 404);
    for list in ["contacts?expand=account", "tickets?expand=account,contact"] {
        let records = site.records(list, &jira).await;
        assert!(!records.is_empty() && records.values().all(|record| record["account"].is_null()), "{list}");
    }
    let tickets = site.records("tickets?expand=contact", &jira).await;
    assert!(tickets.values().any(|ticket| ticket["contact"]["name"].is_string()));

    let models = async |linked| {
        let (_, actions) = site.get("/api/ticketing/v1/available-actions", Some(linked)).await;
        let rows = actions["available_model_operations"].as_array().unwrap().clone();
        let fields = |row: &Value| (text(&row["model_name"]), row["supported_fields"].to_string());
        rows.iter().map(fields).collect::<Vec<_>>()
    };
    let (of_jira, of_service) = (models(&jira).await, models(&service).await);
    let names = |models: &[(String, String)]| models.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    assert!(names(&of_jira).contains(&"Contact".to_owned()));
    assert!(!names(&of_jira).contains(&"Account".to_owned()));
    assert!(of_jira.iter().all(|(_, fields)| !fields.contains("\"account\"")));
    assert!(names(&of_service).contains(&"Account".to_owned()));

    for (linked, has_account) in [(&jira, false), (&service, true)] {
        let statuses = site.all("/api/ticketing/v1/sync-status", Some(linked)).await;
        let of = |model: &str| statuses.iter().find(|row| row["model_name"] == model);
        assert_eq!(of("Account").is_some(), has_account);
        assert_eq!(of("Contact").unwrap()["status"], "DONE");
        assert!(statuses.iter().all(|row| row["status"] == "DONE"), "{statuses:?}");
    }
}

/// What one reading of everything asks the simulator for.
async fn asked_by(integrations: &[Integration]) -> Value {
    let site = Site::start(desks()).await;
    let mut sources = BTreeSet::new();
    for integration in integrations {
        sources.insert(site.link(*integration).await.scope.source().id);
    }
    let stats = async || site.upstream.control.get("stats").await["requests_by_operation"].clone();
    let before = stats().await;
    for source in sources {
        site.read(source).await;
    }
    let after = stats().await;
    let asked = after.as_object().unwrap().iter().filter(|(operation, count)| before[operation] != **count);
    let asked = asked.filter(|(operation, _)| operation.contains("/rest/"));
    Value::Object(asked.map(|(operation, count)| (operation.clone(), count.clone())).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn jira_and_its_service_desks_are_read_once_for_two_linked_accounts() {
    let alone = asked_by(&[Integration::Jira]).await;
    let both = asked_by(&[Integration::Jira, Integration::JiraServiceManagement]).await;
    assert!(alone.as_object().unwrap().len() > 20, "{alone}");
    assert_eq!(both, alone);
    let of_requests = alone.as_object().unwrap().keys().filter(|it| it.contains("/servicedeskapi/request/"));
    assert_eq!(of_requests.count(), 0, "requests are read as issues: {}", json!(alone));
}

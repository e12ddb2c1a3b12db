//! What a linked account of each kind shows of one source, and that both cost one reading.

use std::collections::BTreeSet;

use linkspan_model::product::Integration;
use linkspan_sandbox::world::jira::{Project, ProjectKind, ProjectState};
use linkspan_sandbox::world::{IssueId, Stamp};
use serde_json::{Value, json};

use super::{Linked, Site, desks, text};

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

/// What an account is told of a ticket behind a position, and where to go on.
async fn told(site: &Site, linked: &Linked, ticket: &str, after: &str) -> (Vec<String>, String) {
    let account = linked.scope.account().id;
    let word = |entry: &Value| match entry["absence"].as_str() {
        Some(absence) => format!("{}: {absence}", text(&entry["kind"])),
        None => text(&entry["kind"]),
    };
    let (mut told, mut after) = (Vec::new(), after.to_owned());
    loop {
        let path = format!("/v1/changes?linked_account={account}&models=ticket&after={after}&limit=1000");
        let (status, page) = site.get(&path, None).await;
        assert_eq!(status, 200, "{page}");
        let entries = page["results"].as_array().unwrap().iter();
        told.extend(entries.filter(|entry| entry["record_id"] == *ticket).map(word));
        after = text(&page["next"]);
        if page["has_more"] == false {
            return (told, after);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s14_a_ticket_that_leaves_the_service_projects_is_told_to_be_gone_and_one_that_comes_to_be_new() {
    let site = Site::start(desks()).await;
    let service = site.linked_and_read().await;
    let jira = site.link(Integration::Jira).await;
    let source = jira.scope.source().id;
    let world = site.upstream.handle.state().world();
    let (desk, elsewhere, issue) = {
        let upstream = world.main_site().read();
        let of = |is_desk: bool| {
            let kind = |it: &&Project| (it.kind == ProjectKind::ServiceDesk) == is_desk;
            upstream.jira().projects.iter().filter(kind).find(|it| it.state == ProjectState::Live).unwrap().id
        };
        let desk = of(true);
        let is_plain = |id: &IssueId| {
            let head = upstream.issue_head(*id).unwrap();
            head.parent.is_none() && upstream.issue_children(*id).is_empty() && !head.archived
        };
        (desk, of(false), upstream.issue_ids_in(desk).find(is_plain).unwrap())
    };
    let move_to = |target| {
        let mut upstream = world.main_site().write();
        let by = upstream.account_by_id(site.upstream.text("/users/0/account_id")).unwrap().index;
        upstream.move_issue(Stamp { at: world.clock().now_ms(), by }, issue, target).unwrap();
    };
    let ticket = text(&site.records("tickets", &service).await[&issue.to_string()]["id"]);
    let (first, position) = told(&site, &service, &ticket, "0").await;
    assert_eq!(first, ["created"]);

    move_to(elsewhere);
    site.read_later(source).await;
    assert!(!site.records("tickets", &service).await.contains_key(&issue.to_string()));
    let (left, next) = told(&site, &service, &ticket, &position).await;
    assert_eq!(left.first().map(String::as_str), Some("removed: lost_access"), "{left:?}");
    let (seen_by_all, _) = told(&site, &jira, &ticket, &position).await;
    assert!(seen_by_all.contains(&"updated".to_owned()), "{seen_by_all:?}");

    move_to(desk);
    site.read_later(source).await;
    assert!(site.records("tickets", &service).await.contains_key(&issue.to_string()));
    let (came, _) = told(&site, &service, &ticket, &next).await;
    assert_eq!(came.first().map(String::as_str), Some("created"), "{came:?}");
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

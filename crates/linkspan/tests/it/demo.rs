//! The demo, end to end: sandbox, link, sync and API in one process.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use crate::support::{Api, Control, Running, SMALL, shape};

pub(crate) const FREE_PORTS: [&str; 5] = ["demo", "--json", "--listen", "127.0.0.1:0", "--sandbox-listen"];

pub(crate) fn demo(more: &[&str]) -> Running {
    Running::start(&[&FREE_PORTS[..], &["127.0.0.1:0"], more].concat())
}

/// What the administrator, who linked the demo's site, can see by the sandbox's own reckoning.
pub(crate) async fn visible_counts(demo: &Running) -> Value {
    let admin = demo.text("/sandbox/users/0/account_id");
    Control::of(&demo.line["sandbox"]).get(&format!("oracle/counts?account_id={admin}")).await
}

#[tokio::test]
async fn the_demo_holds_what_the_sandbox_holds_and_prints_one_line() {
    let demo = demo(&SMALL);
    insta::assert_json_snapshot!("demo_line", shape(&demo.line));
    let expected = visible_counts(&demo).await;
    let counts = &demo.line["counts"];
    assert_eq!(counts["tickets"], expected["issues"]);
    assert_eq!(counts["comments"], expected["comments"]);
    let articles = expected["pages"].as_u64().unwrap() + expected["blogposts"].as_u64().unwrap();
    assert_eq!(counts["articles"], articles);
    let base_url = demo.text("/base_url").to_owned();
    assert_eq!(demo.text("/dashboard_url"), base_url);
    assert_eq!(demo.text("/sandbox/redirect_uri"), format!("{base_url}/oauth/callback"));

    let (code, more, _) = demo.terminate();
    assert_eq!(code, Some(0));
    assert_eq!(more, "", "one line and no more");
}

#[tokio::test]
async fn every_container_that_an_article_names_is_listed() {
    let demo = demo(&["--issues", "2", "--spaces", "1", "--pages", "400", "--users", "12"]);
    let api = Api::of(&demo, "confluence");
    let containers = api.all("/api/knowledgebase/v1/containers?page_size=100").await;
    let articles = api.all("/api/knowledgebase/v1/articles?page_size=100").await;
    let by_id: HashMap<&str, &Value> =
        containers.iter().map(|container| (container["id"].as_str().unwrap(), container)).collect();
    let mut folders = HashSet::new();
    for article in &articles {
        for relation in ["parent_container", "root_container"] {
            let Some(id) = article[relation].as_str() else { continue };
            let container = by_id.get(id).unwrap_or_else(|| panic!("{relation} of {article}"));
            if container["type"] == "FOLDER" {
                assert!(container["name"].is_string() && container["remote_id"].is_string(), "{container}");
                folders.insert(id);
            }
        }
    }
    assert!(!folders.is_empty(), "a tree of 400 pages has folders with pages in them");
}

#[tokio::test]
async fn every_ticket_comes_exactly_once_with_its_relations_resolved() {
    let demo = demo(&SMALL);
    let api = Api::of(&demo, "jira");
    let tickets = api
        .all("/api/ticketing/v1/tickets?page_size=17&expand=assignees,creator,collections,attachments")
        .await;
    every_ticket_is_whole(&tickets, demo.line["counts"]["tickets"].as_u64().unwrap());

    let comments = api.all("/api/ticketing/v1/comments?page_size=100&expand=user,ticket").await;
    assert_eq!(comments.len() as u64, demo.line["counts"]["comments"].as_u64().unwrap());
    let ids: HashSet<&str> = tickets.iter().map(|ticket| ticket["id"].as_str().unwrap()).collect();
    let mut by_ticket: HashMap<&str, usize> = HashMap::new();
    for comment in &comments {
        let ticket = comment["ticket"]["id"].as_str().unwrap();
        assert!(ids.contains(ticket), "{comment}");
        // Customers of a service desk write as contacts, everybody else as users.
        assert!(comment["user"]["name"].is_string() || comment["contact"].is_string(), "{comment}");
        *by_ticket.entry(ticket).or_default() += 1;
    }
    let (ticket, count) = by_ticket.into_iter().max_by_key(|(_, count)| *count).unwrap();
    let of_one = api.all(&format!("/api/ticketing/v1/comments?page_size=100&ticket_id={ticket}")).await;
    assert_eq!(of_one.len(), count);
}

/// As many as expected, no two alike, each with status, project and people as objects.
pub(crate) fn every_ticket_is_whole(tickets: &[Value], expected: u64) {
    assert_eq!(tickets.len() as u64, expected);
    let distinct = |member: &str| {
        tickets.iter().map(|ticket| ticket[member].as_str().unwrap()).collect::<HashSet<_>>().len()
    };
    assert_eq!(distinct("id"), tickets.len());
    assert_eq!(distinct("remote_id"), tickets.len());
    for ticket in tickets {
        assert!(ticket["name"].is_string() && ticket["status"].is_string(), "{ticket}");
        assert!(ticket["collections"][0]["name"].is_string(), "{ticket}");
        for assignee in ticket["assignees"].as_array().unwrap() {
            assert!(assignee["name"].is_string(), "{ticket}");
        }
        assert!(ticket["creator"].is_null() || ticket["creator"]["name"].is_string(), "{ticket}");
    }
    assert!(tickets.iter().any(|ticket| ticket["assignees"][0].is_object()), "somebody has work to do");
}

#[tokio::test]
async fn the_articles_are_served_to_the_confluence_account_alone() {
    let demo = demo(&SMALL);
    let articles = Api::of(&demo, "confluence").all("/api/knowledgebase/v1/articles?page_size=50").await;
    assert_eq!(articles.len() as u64, demo.line["counts"]["articles"].as_u64().unwrap());
    let wrong = crate::support::http()
        .get(format!("{}/api/knowledgebase/v1/articles", demo.text("/base_url")))
        .bearer_auth(demo.text("/api_key"))
        .header("X-Account-Token", demo.text("/account_tokens/jira"))
        .send()
        .await
        .unwrap();
    assert_eq!(wrong.status(), 401);
}

#[test]
fn a_demo_with_a_data_directory_goes_on_where_it_stopped() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().to_str().unwrap();
    let kept = [&SMALL[..], &["--data-dir", path]].concat();
    let first = demo(&kept);
    let tokens = first.line["account_tokens"].clone();
    let counts = first.line["counts"].clone();
    assert_eq!(first.terminate().0, Some(0));
    let second = demo(&kept);
    assert_eq!(second.line["account_tokens"], tokens, "the accounts are the same ones");
    assert_eq!(second.line["counts"], counts);
    second.terminate();

    let other_site =
        crate::support::run(&[&FREE_PORTS[..], &["127.0.0.1:0", "--data-dir", path, "--seed", "7"]].concat());
    assert_eq!(other_site.status.code(), Some(1));
    let words = crate::support::stderr(&other_site);
    assert!(words.contains("a data directory serves only the seed"), "{words}");
}

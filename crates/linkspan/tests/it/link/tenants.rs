//! Hazard M5: what one customer's account holds does not exist for another's.

use linkspan_sandbox::Options;
use reqwest::Method;
use serde_json::Value;

use super::{Customer, Linked, Linking, tiny_world};

/// Lists of each category whose records have an address of their own.
const TICKETING: [&str; 8] =
    ["tickets", "comments", "attachments", "collections", "projects", "roles", "tags", "users"];
const KNOWLEDGE_BASE: [&str; 4] = ["articles", "containers", "groups", "users"];

/// Links a second customer to the second site of the sandbox.
async fn neighbour(linking: &Linking, integration: &str) -> Linked {
    let token = linking.link_token("neighbour", integration).await;
    let mut browser = Customer::new();
    let page = linking.pass(&mut browser, &token, integration, &[("cloud_id", linking.site(1))]).await;
    let done = linking.choose(&mut browser, &token, &page, linking.site(1)).await;
    linking.exchange(&done).await
}

pub(super) async fn two_customers(integration: &str) -> (Linking, Linked, Linked) {
    let world = Options { sites: 2, issues: 40, pages: 20, ..tiny_world() };
    let linking = Linking::with(world, &[]).await;
    let mine = linking.link("acme", integration).await;
    let theirs = neighbour(&linking, integration).await;
    linking.settled(&mine).await;
    linking.settled(&theirs).await;
    (linking, mine, theirs)
}

fn id(record: &Value) -> &str {
    record["id"].as_str().unwrap()
}

/// Takes the neighbour's ids to every address under my token.
async fn nothing_of_the_neighbour_exists(integration: &str, category: &str, lists: &[&str]) {
    let (linking, mine, theirs) = two_customers(integration).await;
    let mut seen = 0;
    for list in lists {
        let path = format!("/api/{category}/v1/{list}");
        let (status, page) = linking.get(&path, Some(&theirs)).await;
        assert_eq!(status, 200, "{path}");
        for record in page["results"].as_array().unwrap().iter().take(3) {
            seen += 1;
            let of_one = format!("{path}/{}", id(record));
            assert_eq!(linking.get(&of_one, Some(&theirs)).await.0, 200, "{of_one}");
            let (status, body) = linking.get(&of_one, Some(&mine)).await;
            assert_eq!((status, body["detail"].as_str()), (404, Some("Not found.")), "{of_one}");
        }
        let (_, own) = linking.get(&path, Some(&mine)).await;
        let own: Vec<&str> = own["results"].as_array().unwrap().iter().map(id).collect();
        assert!(
            page["results"].as_array().unwrap().iter().all(|record| !own.contains(&id(record))),
            "{path}"
        );
    }
    assert!(seen >= lists.len(), "the neighbour has records of most kinds: {seen}");
}

#[tokio::test]
async fn m5_no_ticketing_record_of_another_customer_can_be_read() {
    nothing_of_the_neighbour_exists("jira", "ticketing", &TICKETING).await;
}

#[tokio::test]
async fn m5_no_article_of_another_customer_can_be_read() {
    nothing_of_the_neighbour_exists("confluence", "knowledgebase", &KNOWLEDGE_BASE).await;
}

#[tokio::test]
async fn m5_ids_of_another_customer_in_filters_viewers_and_cursors_find_nothing() {
    let (linking, mine, theirs) = two_customers("jira").await;
    let of = async |list: &str, account: &Linked| -> Vec<Value> {
        linking.first_records(&format!("/api/ticketing/v1/{list}"), account).await
    };
    let ticket = of("comments", &theirs).await[0]["ticket"].as_str().unwrap().to_owned();
    let collection = id(&of("collections", &theirs).await[0]).to_owned();
    for path in [
        format!("comments?ticket_id={ticket}"),
        format!("attachments?ticket_id={ticket}"),
        format!("tickets?collection_ids={collection}"),
        format!("tickets?remote_id={ticket}"),
    ] {
        let (status, page) = linking.get(&format!("/api/ticketing/v1/{path}"), Some(&mine)).await;
        assert_eq!((status, page["results"].as_array().map(Vec::len)), (200, Some(0)), "{path}: {page}");
    }
    for path in [format!("tickets/{ticket}/viewers"), format!("collections/{collection}/viewers")] {
        let path = format!("/api/ticketing/v1/{path}");
        assert_eq!(linking.get(&path, Some(&theirs)).await.0, 200, "{path}");
        assert_eq!(linking.get(&path, Some(&mine)).await.0, 404, "{path}");
    }
    let (_, page) = linking.get("/api/ticketing/v1/tickets?page_size=2", Some(&theirs)).await;
    let cursor = page["next"].as_str().unwrap();
    let (status, page) =
        linking.get(&format!("/api/ticketing/v1/tickets?page_size=100&cursor={cursor}"), Some(&mine)).await;
    let their_tickets = of("tickets?page_size=100", &theirs).await;
    let foreign: Vec<&str> = their_tickets.iter().map(id).collect();
    if status == 200 {
        assert!(page["results"].as_array().unwrap().iter().all(|ticket| !foreign.contains(&id(ticket))));
    } else {
        assert_eq!(status, 400, "{page}");
    }
}

#[tokio::test]
async fn m5_unlinking_one_customer_leaves_the_other_and_ends_the_token() {
    let (linking, mine, theirs) = two_customers("jira").await;
    let tickets = "/api/ticketing/v1/tickets?page_size=100";
    let before = linking.get(tickets, Some(&theirs)).await;
    let (status, _) = linking.api(Method::POST, "/api/ticketing/v1/delete-account", Some(&mine), None).await;
    assert_eq!(status, 200);
    let (status, body) = linking.get(tickets, Some(&mine)).await;
    assert_eq!((status, body["detail"].as_str()), (401, Some("The account token is unknown.")));
    assert_eq!(linking.get(tickets, Some(&theirs)).await, before);
    assert_eq!(linking.account_count().await, 1);
}

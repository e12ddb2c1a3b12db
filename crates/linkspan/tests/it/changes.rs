//! The change feed as programs of the vendor's read it.

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::link::{Linked, Linking};
use crate::support::{http, shape};

/// Longest wait for something that comes by itself.
const PATIENCE: Duration = Duration::from_secs(20);

/// Every entry behind a position.
async fn all(linking: &Linking, query: &str) -> (Vec<Value>, String) {
    let (mut entries, mut after) = (Vec::new(), "0".to_owned());
    loop {
        let (status, list) = linking.get(&format!("/v1/changes?after={after}&limit=7{query}"), None).await;
        assert_eq!(status, 200, "{list}");
        entries.extend(list["results"].as_array().unwrap().iter().cloned());
        list["next"].as_str().unwrap().clone_into(&mut after);
        if list["has_more"] == false {
            return (entries, after);
        }
    }
}

/// What a consumer holds that dealt with these entries: live records by id.
fn replayed(entries: &[Value]) -> BTreeMap<String, String> {
    let mut live = BTreeMap::new();
    for entry in entries.iter().filter(|entry| !entry["record_id"].is_null()) {
        let id = entry["record_id"].as_str().unwrap().to_owned();
        match entry["kind"].as_str().unwrap() {
            "removed" => drop(live.remove(&id)),
            _ => drop(live.insert(id, entry["model"].as_str().unwrap().to_owned())),
        }
    }
    live
}

async fn tickets(linking: &Linking, account: &Linked) -> Vec<String> {
    let (status, page) = linking.get("/api/ticketing/v1/tickets?page_size=100", Some(account)).await;
    assert_eq!(status, 200);
    page["results"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_feed_read_from_its_beginning_rebuilds_what_is_stored_and_each_account_sees_its_own() {
    let linking = Linking::start().await;
    let jira = linking.link("acme", "jira").await;
    let confluence = linking.link("acme", "confluence").await;
    linking.settled(&jira).await;
    linking.settled(&confluence).await;
    let (entries, _) = all(&linking, "").await;
    let positions: Vec<i64> =
        entries.iter().map(|entry| entry["position"].as_str().unwrap().parse().unwrap()).collect();
    assert!(positions.is_sorted_by(|a, b| a < b), "in order, each once");
    let of_record = entries.iter().find(|entry| entry["model"] == "ticket").unwrap();
    insta::assert_json_snapshot!("change_of_the_feed", shape(of_record));
    let of_account = entries.iter().find(|entry| entry["kind"] == "linked_account.created").unwrap();
    insta::assert_json_snapshot!("event_of_the_feed", shape(of_account));
    let live = replayed(&entries);
    let mut of_tickets: Vec<&String> =
        live.iter().filter(|(_, model)| *model == "ticket").map(|(id, _)| id).collect();
    let stored = tickets(&linking, &jira).await;
    of_tickets.sort();
    let mut expected: Vec<&String> = stored.iter().collect();
    expected.sort();
    assert_eq!(of_tickets, expected);

    let (of_jira, _) = all(&linking, &format!("&linked_account={}", jira.id)).await;
    assert!(of_jira.iter().all(|entry| entry["linked_account_ids"] == json!([jira.id])));
    assert!(of_jira.iter().all(|entry| entry["model"] != "article"));
    let (articles, _) = all(&linking, &format!("&linked_account={}&models=article", confluence.id)).await;
    assert!(!articles.is_empty() && articles.iter().all(|entry| entry["model"] == "article"));

    // With the records as they are, a consumer needs nothing else.
    let query = format!("&linked_account={}&models=ticket&include_record=true", jira.id);
    let (with_records, _) = all(&linking, &query).await;
    assert!(with_records.iter().all(|entry| entry["record"]["id"] == entry["record_id"]), "{with_records:?}");
    assert_eq!(linking.get("/v1/changes?include_record=true", None).await.0, 400);

    for wrong in ["after=-1", "after=x", "limit=0", "models=issue", "linked_account=7"] {
        assert_eq!(linking.get(&format!("/v1/changes?{wrong}"), None).await.0, 400, "{wrong}");
    }
    let foreign = "/v1/changes?linked_account=00000000-0000-0000-0000-000000000001";
    assert_eq!(linking.get(foreign, None).await.0, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_meets_again_what_it_did_not_acknowledge() {
    let linking = Linking::start().await;
    let jira = linking.link("acme", "jira").await;
    linking.settled(&jira).await;
    let put = json!({ "linked_account_id": jira.id, "models": ["ticket"] });
    let (status, made) = linking.api(Method::PUT, "/v1/followers/crm", None, Some(&put)).await;
    assert_eq!((status, &made["position"]), (200, &json!("0")), "{made}");
    let read = async || linking.get("/v1/followers/crm/changes?limit=1000", None).await.1;
    let first = read().await;
    assert_eq!(first, read().await, "nothing was acknowledged");
    let third = first["results"][2]["position"].clone();
    let acknowledge = async |position: &Value| {
        let body = json!({ "position": position });
        linking.api(Method::POST, "/v1/followers/crm/acknowledge", None, Some(&body)).await
    };
    assert_eq!(acknowledge(&third).await.1["position"], third);
    assert_eq!(read().await["results"][0], first["results"][3]);
    assert_eq!(acknowledge(&first["results"][0]["position"]).await.1["position"], third, "never back");
    let (status, refused) = acknowledge(&json!("900000000")).await;
    assert_eq!(status, 400, "{refused}");
    assert_eq!(acknowledge(&first["next"]).await.1["end"], first["next"]);
    assert_eq!(read().await["results"], json!([]));

    let from = |from: &str| json!({ "from": from });
    let again = linking.api(Method::PUT, "/v1/followers/crm", None, Some(&from("beginning"))).await.1;
    assert_eq!((&again["position"], &again["models"]), (&json!("0"), &json!([])));
    let now = linking.api(Method::PUT, "/v1/followers/crm", None, Some(&from("now"))).await.1;
    assert_eq!(now["position"], now["end"]);
    assert_eq!(linking.get("/v1/followers", None).await.1["results"], json!([now]));
    assert_eq!(linking.api(Method::PUT, "/v1/followers/a b", None, Some(&json!({}))).await.0, 400);
    assert_eq!(linking.api(Method::DELETE, "/v1/followers/crm", None, None).await.0, 204);
    assert_eq!(linking.get("/v1/followers/crm/changes", None).await.0, 404);
}

/// Reads events until `enough` came; gives the positions and the data.
async fn events(linking: &Linking, path: &str, last: Option<&str>, enough: usize) -> Vec<(String, Value)> {
    let mut request = http()
        .get(format!("{}{path}", linking.base_url()))
        .bearer_auth(&linking.api_key)
        .header("Accept", "text/event-stream");
    if let Some(last) = last {
        request = request.header("Last-Event-ID", last);
    }
    let mut response = request.send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let (mut text, mut found) = (String::new(), Vec::new());
    let reading = async {
        while found.len() < enough {
            let part = response.chunk().await.unwrap().expect("the stream stays open");
            text.push_str(std::str::from_utf8(&part).unwrap());
            while let Some((event, rest)) = text.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                let field =
                    |name: &str| event.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
                if let (Some(id), Some(data)) = (field("id:"), field("data:")) {
                    assert_eq!(field("event:"), Some("change"));
                    found.push((id.to_owned(), serde_json::from_str(data).unwrap()));
                }
                text = rest;
            }
        }
    };
    tokio::time::timeout(PATIENCE, reading).await.expect("the events come");
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_of_changes_stays_open_and_is_resumed_behind_the_last_event() {
    let linking = Linking::start().await;
    let jira = linking.link("acme", "jira").await;
    linking.settled(&jira).await;
    let (entries, end) = all(&linking, "").await;
    let whole = events(&linking, "/v1/changes", None, entries.len()).await;
    let sent: Vec<&Value> = whole.iter().map(|(_, data)| data).collect();
    assert_eq!(sent, entries.iter().collect::<Vec<_>>());
    let fifth = whole[4].0.clone();
    let resumed = events(&linking, "/v1/changes", Some(&fifth), 1).await;
    assert_eq!(resumed[0].1, entries[5]);

    // The very first event names a position: who asked for what comes from now on can connect again before anything came.
    let mut response = http()
        .get(format!("{}/v1/changes?after=now", linking.base_url()))
        .bearer_auth(&linking.api_key)
        .header("Accept", "text/event-stream")
        .send()
        .await
        .unwrap();
    let first = String::from_utf8(response.chunk().await.unwrap().unwrap().to_vec()).unwrap();
    assert!(first.lines().any(|line| line == format!("id: {end}")), "{first}");

    // A position that this server has not reached yet is none that it gave out.
    for query in ["after=900000000", "after=900000000&limit=1"] {
        assert_eq!(linking.get(&format!("/v1/changes?{query}"), None).await.0, 400);
    }

    // What happens later comes by itself.
    let path = format!("/v1/changes?after={end}");
    let waiting = events(&linking, &path, None, 1);
    let linked = async {
        let confluence = linking.link("acme", "confluence").await;
        linking.settled(&confluence).await;
    };
    let (came, ()) = tokio::join!(waiting, linked);
    assert!(came[0].0.parse::<i64>().unwrap() > end.parse::<i64>().unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_of_a_follower_ends_with_the_follower() {
    let linking = Linking::start().await;
    let made = linking.api(Method::PUT, "/v1/followers/crm", None, Some(&json!({ "from": "now" }))).await;
    assert_eq!(made.0, 200, "{}", made.1);
    let request = http()
        .get(format!("{}/v1/followers/crm/changes", linking.base_url()))
        .bearer_auth(&linking.api_key)
        .header("Accept", "text/event-stream");
    let mut response = request.send().await.unwrap();
    assert_eq!(linking.api(Method::DELETE, "/v1/followers/crm", None, None).await.0, 204);
    let reading = async { while response.chunk().await.unwrap().is_some() {} };
    tokio::time::timeout(PATIENCE, reading).await.expect("the stream ends");
}

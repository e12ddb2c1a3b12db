//! Faults of lists and long answers, as a client meets them.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::Lab;

async fn set(lab: &Lab, fault: Value) {
    lab.control("POST", "faults", fault).await;
}

async fn clear(lab: &Lab) {
    lab.control("DELETE", "faults", Value::Null).await;
}

fn search(size: u64, token: Option<&str>) -> Value {
    let mut query = json!({ "jql": "project is not empty order by id", "maxResults": size });
    if let Some(token) = token {
        query["nextPageToken"] = json!(token);
    }
    query
}

fn ids(page: &Value) -> Vec<String> {
    page["issues"].as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap().to_owned()).collect()
}

async fn page(lab: &Lab, size: u64, token: Option<&str>) -> (u16, Value) {
    lab.administrator().post("/rest/api/3/search/jql", search(size, token)).await
}

#[tokio::test]
async fn r1_a_stalled_body_falls_silent_and_goes_on() {
    let lab = Lab::start().await;
    let whole = lab.administrator().get("/rest/api/3/field").await;
    set(
        &lab,
        json!({ "kind": "stall_body", "path": "/rest/api/3/field", "after_bytes": 10, "milliseconds": 300 }),
    )
    .await;
    let started = Instant::now();
    assert_eq!(lab.administrator().get("/rest/api/3/field").await, whole);
    assert!(started.elapsed() >= Duration::from_millis(300));
}

#[tokio::test]
async fn s6_a_short_page_has_a_token_and_loses_nothing() {
    let lab = Lab::start().await;
    let (_, whole) = page(&lab, 30, None).await;
    set(&lab, json!({ "kind": "short_page", "path": "/rest/api/3/search/jql", "items": 4 })).await;
    let (mut seen, mut token) = (Vec::new(), None::<String>);
    loop {
        let (status, page) = page(&lab, 30, token.as_deref()).await;
        assert_eq!(status, 200);
        assert!(ids(&page).len() <= 4);
        seen.extend(ids(&page));
        token = page["nextPageToken"].as_str().map(str::to_owned);
        if token.is_none() {
            break;
        }
    }
    assert_eq!(seen, ids(&whole));
    set(&lab, json!({ "kind": "short_page", "path": "/rest/api/3/project/search", "items": 1 })).await;
    let listed = lab.administrator().get("/rest/api/3/project/search?maxResults=50").await;
    assert_eq!((&listed["maxResults"], &listed["isLast"]), (&json!(1), &json!(false)));
    assert_eq!(listed["values"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn s6_an_empty_page_in_the_middle_has_a_successor() {
    let lab = Lab::start().await;
    let (_, whole) = page(&lab, 30, None).await;
    set(
        &lab,
        json!({ "kind": "short_page", "path": "/rest/api/3/search/jql", "items": 0, "skip": 1, "count": 1 }),
    )
    .await;
    let (mut seen, mut sizes, mut token) = (Vec::new(), Vec::new(), None::<String>);
    loop {
        let page = page(&lab, 10, token.as_deref()).await.1;
        sizes.push(ids(&page).len());
        seen.extend(ids(&page));
        token = page["nextPageToken"].as_str().map(str::to_owned);
        if token.is_none() {
            break;
        }
    }
    assert_eq!(sizes[..2], [10, 0]);
    assert_eq!(seen, ids(&whole));
    let first = "/wiki/api/v2/spaces?limit=25";
    let spaces = lab.administrator().get(first).await;
    set(&lab, json!({ "kind": "short_page", "path": "/wiki/*", "items": 0, "count": 1 })).await;
    let empty = lab.administrator().get(first).await;
    assert_eq!(empty["results"], json!([]));
    let next = lab.administrator().get(empty["_links"]["next"].as_str().unwrap()).await;
    assert_eq!(next["results"], spaces["results"]);
}

#[tokio::test]
async fn s6_a_page_token_can_repeat_itself_or_expire() {
    let lab = Lab::start().await;
    let first = page(&lab, 5, None).await.1;
    let token = first["nextPageToken"].as_str().unwrap();
    set(&lab, json!({ "kind": "repeat_page_token" })).await;
    assert_ne!(
        page(&lab, 5, None).await.1["nextPageToken"],
        Value::Null,
        "a first page has no token to repeat"
    );
    let second = page(&lab, 5, Some(token)).await.1;
    assert_eq!(second["nextPageToken"], token);
    assert_ne!(ids(&second), ids(&first));
    let pages = lab.administrator().get("/wiki/api/v2/pages?limit=3").await;
    let next = pages["_links"]["next"].as_str().unwrap().to_owned();
    assert_eq!(lab.administrator().get(&next).await["_links"]["next"], next.as_str());
    clear(&lab).await;
    set(&lab, json!({ "kind": "expire_page_tokens" })).await;
    assert_eq!(page(&lab, 5, None).await.0, 200);
    let (status, refused) = page(&lab, 5, Some(token)).await;
    assert_eq!(status, 400);
    assert!(refused["errorMessages"][0].as_str().unwrap().contains("nextPageToken"), "{refused}");
    assert_eq!(lab.administrator().try_get(&next).await.0, 400);
    clear(&lab).await;
    assert_eq!(page(&lab, 5, Some(token)).await.0, 200);
}

#[tokio::test]
async fn r5_a_refusal_can_strike_only_requests_for_much() {
    let lab = Lab::start().await;
    set(&lab, json!({ "kind": "status", "status": 504, "path": "/rest/api/3/search/jql", "above": 20 }))
        .await;
    set(&lab, json!({ "kind": "status", "status": 413, "path": "/rest/api/3/issue/bulkfetch", "above": 2 }))
        .await;
    assert_eq!(page(&lab, 21, None).await.0, 504);
    assert_eq!(page(&lab, 20, None).await.0, 200);
    let path = "/rest/api/3/search/jql?jql=project%20is%20not%20empty&maxResults=50";
    assert_eq!(lab.administrator().try_get(path).await.0, 504);
    let bulk = |ids: Value| json!({ "issueIdsOrKeys": ids, "fields": ["summary"] });
    let admin = lab.administrator();
    assert_eq!(
        admin.post("/rest/api/3/issue/bulkfetch", bulk(json!(["10000", "10001", "10002"]))).await.0,
        413
    );
    assert_eq!(admin.post("/rest/api/3/issue/bulkfetch", bulk(json!(["10000", "10001"]))).await.0, 200);
}

#[tokio::test]
async fn o6_issues_lag_differently_and_by_id_the_truth_is_there_at_once() {
    let lab = Lab::start().await;
    let hour: u64 = 3_600_000;
    lab.control("POST", "settings", json!({ "index_lag_ms": 1000, "index_lag_spread_ms": 13 * hour })).await;
    let admin = lab.administrator();
    let project = admin.get("/rest/api/3/project/search").await["values"][0]["id"].clone();
    let mut made = Vec::new();
    for number in 0..12 {
        let fields = json!({ "project": { "id": project }, "issuetype": { "name": "Task" }, "summary": format!("{number}") });
        let issue = admin.create(fields).await;
        made.push(issue["id"].as_str().unwrap().parse::<u64>().unwrap());
    }
    let found = |page: Value| ids(&page).iter().filter(|id| made.contains(&id.parse().unwrap())).count();
    assert_eq!(found(page(&lab, 100, None).await.1), 0);
    for id in &made {
        assert_eq!(admin.try_get(&format!("/rest/api/3/issue/{id}")).await.0, 200);
    }
    let mut reconciled = search(100, None);
    reconciled["reconcileIssues"] = json!(made);
    assert_eq!(found(admin.post("/rest/api/3/search/jql", reconciled).await.1), made.len());
    let mut counts = Vec::new();
    for _ in 0..7 {
        lab.advance(2 * 3600).await;
        counts.push(found(page(&lab, 100, None).await.1));
    }
    assert!(counts.is_sorted() && counts[0] < made.len() && counts[6] == made.len(), "{counts:?}");
    assert!(counts[1] > 0 && counts[3] > counts[0], "each at its own time: {counts:?}");
}

//! Walks over lists, over HTTP.

use std::collections::HashMap;

use axum::extract::Query;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use linkspan_atlassian::calls::{confluence, jira};
use linkspan_atlassian::client::Params;
use linkspan_atlassian::error::CallError;
use linkspan_atlassian::page::Pager;
use serde_json::{Value, json};

use crate::upstream::{CONFLUENCE, JIRA, Server, site, token};

async fn ids(pager: &mut Pager, server: &Server, list: &str) -> Result<Vec<u64>, CallError> {
    let upstream = server.upstream();
    let mut ids = Vec::new();
    while let Some(page) = pager.next(&upstream, &token()).await? {
        let body: Value = page.reply.json()?;
        let objects = if list.is_empty() { &body } else { &body[list] };
        ids.extend(objects.as_array().unwrap().iter().map(|object| object["id"].as_u64().unwrap()));
    }
    assert!(pager.is_done());
    Ok(ids)
}

fn objects(from: u64, to: u64) -> Value {
    (from..to).map(|id| json!({ "id": id })).collect()
}

#[tokio::test]
async fn s6_a_search_by_post_is_walked_to_its_end_with_its_token_in_the_body() {
    let answer = |Json(body): Json<Value>| async move {
        assert_eq!(body["jql"], "key IS NOT EMPTY");
        assert_eq!(body["maxResults"], 3);
        let from: u64 = body["nextPageToken"].as_str().map_or(0, |token| token.parse().unwrap());
        let to = (from + 3).min(10);
        let token = (to < 10).then(|| to.to_string());
        Json(json!({ "issues": objects(from, to), "nextPageToken": token }))
    };
    let server =
        Server::of(Router::new().route(&format!("{JIRA}/rest/api/3/search/jql"), post(answer))).await;
    let params = Params::new().body(json!({ "jql": "key IS NOT EMPTY" }));
    let mut pager = Pager::new(&jira::SEARCH_JQL_POST, site(), params, Some(3));
    assert_eq!(ids(&mut pager, &server, "issues").await.unwrap(), (0..10).collect::<Vec<_>>());
    assert_eq!(pager.state().pages(), 4);
}

#[tokio::test]
async fn m2_a_cursor_link_to_another_host_is_walked_on_the_gateway() {
    let answer = |Query(query): Query<HashMap<String, String>>| async move {
        assert_eq!(query["body-format"], "storage");
        let from: u64 =
            query.get("cursor").map_or(0, |cursor| cursor.trim_end_matches("+/=").parse().unwrap());
        let to = (from + 2).min(7);
        // The cursor is not escaped: it must come back as it was sent.
        let links = if to < 7 {
            json!({ "next": format!("https://evil.example/wiki/api/v2/pages?limit=2&cursor={to}%2B/=") })
        } else {
            json!({})
        };
        Json(json!({ "results": objects(from, to), "_links": links }))
    };
    let server =
        Server::of(Router::new().route(&format!("{CONFLUENCE}/wiki/api/v2/pages"), get(answer))).await;
    let params = Params::new().query("body-format", "storage");
    let mut pager = Pager::new(&confluence::PAGES, site(), params, Some(2));
    assert_eq!(ids(&mut pager, &server, "results").await.unwrap(), (0..7).collect::<Vec<_>>());
}

#[tokio::test]
async fn s7_a_refused_token_is_told_apart_and_a_stored_walk_goes_on() {
    let answer = |Query(query): Query<HashMap<String, String>>| async move {
        match query.get("nextPageToken").map(String::as_str) {
            None => Ok(Json(json!({ "issues": objects(0, 1), "nextPageToken": "one" }))),
            Some("one") => Ok(Json(json!({ "issues": objects(1, 2), "nextPageToken": "expired" }))),
            Some(_) => {
                Err((StatusCode::BAD_REQUEST, Json(json!({ "errorMessages": ["The token has expired."] }))))
            }
        }
    };
    let server = Server::of(Router::new().route(&format!("{JIRA}/rest/api/3/search/jql"), get(answer))).await;
    let upstream = server.upstream();
    let params = || Params::new().query("jql", "key IS NOT EMPTY");
    let mut pager = Pager::new(&jira::SEARCH_JQL, site(), params(), None);
    assert!(pager.next(&upstream, &token()).await.unwrap().is_some());

    let stored = serde_json::to_string(pager.state()).unwrap();
    let mut resumed =
        Pager::resume(&jira::SEARCH_JQL, site(), params(), serde_json::from_str(&stored).unwrap());
    let page = resumed.next(&upstream, &token()).await.unwrap().unwrap();
    assert_eq!((page.number, page.items, page.is_last), (2, 1, false));
    let error = resumed.next(&upstream, &token()).await.unwrap_err();
    assert_eq!(
        error,
        CallError::PageTokenRejected {
            call: "jira.search.jql",
            messages: vec!["The token has expired.".to_owned()]
        }
    );
    // A failed step changes nothing: the walk may be asked again.
    assert_eq!(resumed.next(&upstream, &token()).await.unwrap_err(), error);
    assert_eq!(resumed.state().pages(), 2);
}

#[tokio::test]
async fn s6_a_bare_array_is_walked_until_it_is_empty() {
    let answer = |Query(query): Query<HashMap<String, String>>| async move {
        let from: u64 = query.get("startAt").map_or(0, |start| start.parse().unwrap());
        assert_eq!(query["maxResults"], "1000");
        // Upstream lowers the size to 4 without a word.
        Json(objects(from.min(9), (from + 4).min(9)))
    };
    let server =
        Server::of(Router::new().route(&format!("{JIRA}/rest/api/3/users/search"), get(answer))).await;
    let mut pager = Pager::new(&jira::USERS, site(), Params::new(), Some(5000));
    assert_eq!(ids(&mut pager, &server, "").await.unwrap(), (0..9).collect::<Vec<_>>());
}

//! What callers send wrong around linking, and the keys and tokens that do not open: always a precise refusal.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::{Customer, Linked, Linking, answer};
use crate::support::http;

/// A refusal: this status, and a `detail` that says `words`.
#[track_caller]
fn refused((status, body): &(u16, Value), expected: u16, words: &str) {
    assert_eq!(*status, expected, "{body}");
    let detail = body["detail"].as_str().unwrap_or_else(|| panic!("no detail: {body}"));
    assert!(detail.contains(words), "{detail:?} does not say {words:?}");
    for secret in ["lsk_", "lsa_", "lsp_", "lsl_"] {
        assert!(!detail.contains(secret), "{detail}");
    }
}

fn order() -> Value {
    json!({
        "end_user_origin_id": "acme",
        "end_user_organization_name": "Acme",
        "end_user_email_address": "it@acme.example",
        "categories": ["ticketing"],
    })
}

fn with(name: &str, value: Value) -> Value {
    let mut order = order();
    order[name] = value;
    order
}

fn without(name: &str) -> Value {
    let mut order = order();
    order.as_object_mut().unwrap().remove(name);
    order
}

#[tokio::test]
async fn a_link_token_that_cannot_be_made_is_refused_with_the_reason() {
    let linking = Linking::start().await;
    let path = "/api/ticketing/v1/link-token";
    let cases = [
        (json!(null), "invalid type"),
        (json!([]), ""),
        (json!("text"), "invalid type"),
        (without("end_user_origin_id"), "end_user_origin_id"),
        (without("end_user_organization_name"), "end_user_organization_name"),
        (without("end_user_email_address"), "end_user_email_address"),
        (without("categories"), "categories"),
        (with("end_user_origin_id", json!(7)), "end_user_origin_id"),
        (with("end_user_origin_id", json!("")), "`end_user_origin_id` takes 1 to 500"),
        (with("end_user_organization_name", json!(" \t")), "`end_user_organization_name` takes 1 to 500"),
        (with("end_user_email_address", json!("x".repeat(501))), "`end_user_email_address` takes 1 to 500"),
        (with("categories", json!("ticketing")), "categories"),
        (with("categories", json!([])), "`categories` is empty"),
        (with("categories", json!(["ticketing", "crm"])), "unknown category `crm`"),
        (with("categories", json!([1])), "categories"),
        (with("integration", json!("bitbucket")), "unknown integration `bitbucket`"),
        (with("integration", json!({})), "integration"),
        (with("integration", json!("confluence")), "add `knowledgebase`"),
        (with("link_expiry_mins", json!(29)), "`link_expiry_mins` takes 30 to 720"),
        (with("link_expiry_mins", json!(721)), "`link_expiry_mins` takes 30 to 720"),
        (with("link_expiry_mins", json!(-1)), "`link_expiry_mins`"),
        (with("link_expiry_mins", json!(i64::MAX)), "`link_expiry_mins`"),
        (with("link_expiry_mins", json!(1e300)), "link_expiry_mins"),
        (with("link_expiry_mins", json!("60")), "link_expiry_mins"),
        (with("should_create_magic_link_url", json!("yes")), "should_create_magic_link_url"),
    ];
    for (body, words) in cases {
        let reply = linking.api(Method::POST, path, None, Some(&body)).await;
        refused(&reply, 400, words);
    }
    let mut week_and_more = with("link_expiry_mins", json!(10_081));
    week_and_more["should_create_magic_link_url"] = json!(true);
    let reply = linking.api(Method::POST, path, None, Some(&week_and_more)).await;
    refused(&reply, 400, "`link_expiry_mins` takes 30 to 10080");
}

#[tokio::test]
async fn bodies_that_are_no_json_are_refused_before_anything_else() {
    let linking = Linking::start().await;
    let post = |path: &str| -> RequestBuilder {
        http().post(format!("{}{path}", linking.address)).bearer_auth(&linking.api_key)
    };
    let json_type = "application/json";
    for path in
        ["/api/ticketing/v1/link-token", "/api/ticketing/v1/generate-key", "/api/ticketing/v1/regenerate-key"]
    {
        for body in ["", "{", "{\"name\":", "\u{0}", "[1,", "{\"name\": \"a\"} trailing"] {
            let reply = answer(post(path).header("content-type", json_type).body(body)).await;
            refused(&reply, 400, "");
        }
        let deep = "[".repeat(100_000);
        refused(&answer(post(path).header("content-type", json_type).body(deep)).await, 400, "");
        let bytes = vec![0xff_u8, 0xfe, 0x00];
        refused(&answer(post(path).header("content-type", json_type).body(bytes)).await, 400, "");
        refused(&answer(post(path).body(order().to_string())).await, 400, "application/json");
        let large = format!("{{\"name\": \"{}\"}}", "x".repeat(2 << 20));
        let (status, body) = answer(post(path).header("content-type", json_type).body(large)).await;
        assert!(matches!(status, 400 | 413) && body["detail"].is_string(), "{status} {body}");
    }
    assert_eq!(answer(post("/api/ticketing/v1/link-token").json(&order())).await.0, 200, "it goes on");
}

#[tokio::test]
async fn names_of_keys_are_checked() {
    let linking = Linking::start().await;
    for (body, words) in [
        (json!({}), "name"),
        (json!({ "name": 5 }), "name"),
        (json!({ "name": "" }), "`name` takes 1 to 100"),
        (json!({ "name": "x".repeat(101) }), "`name` takes 1 to 100"),
    ] {
        for path in ["/api/ticketing/v1/generate-key", "/api/ticketing/v1/regenerate-key"] {
            refused(&linking.api(Method::POST, path, None, Some(&body)).await, 400, words);
        }
    }
    let unknown = json!({ "name": "nobody" });
    let reply = linking.api(Method::POST, "/api/ticketing/v1/regenerate-key", None, Some(&unknown)).await;
    refused(&reply, 400, "No API key has this `name`");
}

/// A request with these headers.
async fn as_caller(linking: &Linking, path: &str, key: Option<&str>, token: Option<&str>) -> (u16, Value) {
    let mut request = http().get(format!("{}{path}", linking.address));
    if let Some(key) = key {
        request = request.header("Authorization", key);
    }
    if let Some(token) = token {
        request = request.header("X-Account-Token", token);
    }
    answer(request).await
}

#[tokio::test]
async fn only_a_key_of_this_server_that_was_not_revoked_opens_it() {
    let linking = Linking::start().await;
    let account = linking.link("acme", "jira").await;
    let key = linking.api_key.clone();
    let foreign = format!("Bearer lsk_{}", "A".repeat(43));
    let cut = format!("Bearer {}", &key[..key.len() - 1]);
    for path in ["/api/ticketing/v1/linked-accounts", "/api/ticketing/v1/tickets"] {
        for wrong in [None, Some(""), Some("Bearer"), Some("Bearer "), Some(key.as_str())] {
            refused(&as_caller(&linking, path, wrong, Some(&account.token)).await, 401, "API key");
        }
        let token_as_key = format!("Bearer {}", account.token);
        let basic = format!("Basic {key}");
        for wrong in [&foreign, &cut, &token_as_key, &basic, &"Bearer x".repeat(500)] {
            refused(&as_caller(&linking, path, Some(wrong), Some(&account.token)).await, 401, "API key");
        }
    }

    let named = json!({ "name": "second" });
    let generate = "/api/ticketing/v1/generate-key";
    let second = linking.api(Method::POST, generate, None, Some(&named)).await.1["key"].clone();
    let second = format!("Bearer {}", second.as_str().unwrap());
    let path = "/api/ticketing/v1/linked-accounts";
    assert_eq!(as_caller(&linking, path, Some(&second), None).await.0, 200);
    let regenerate = "/api/ticketing/v1/regenerate-key";
    let third = linking.api(Method::POST, regenerate, None, Some(&named)).await.1["key"].clone();
    refused(&as_caller(&linking, path, Some(&second), None).await, 401, "unknown or revoked");
    let third = format!("bearer {}", third.as_str().unwrap());
    assert_eq!(as_caller(&linking, path, Some(&third), None).await.0, 200);
    assert_eq!(as_caller(&linking, path, Some(&format!("Bearer {key}")), None).await.0, 200, "others stay");
}

#[tokio::test]
async fn an_account_token_opens_its_own_account_and_category_alone() {
    let linking = Linking::start().await;
    let jira = linking.link("acme", "jira").await;
    let confluence = linking.link("acme", "confluence").await;
    let (tickets, articles) = ("/api/ticketing/v1/tickets", "/api/knowledgebase/v1/articles");
    let reply = linking.get(articles, Some(&jira)).await;
    refused(&reply, 401, "belongs to Jira");
    let reply = linking.get(tickets, Some(&confluence)).await;
    refused(&reply, 401, "belongs to Confluence");
    refused(&linking.get(tickets, None).await, 401, "X-Account-Token");
    let key = format!("Bearer {}", linking.api_key);
    for wrong in ["", "x", &format!("lsa_{}", "A".repeat(43)), &linking.api_key, &jira.token[..20]] {
        refused(
            &as_caller(&linking, tickets, Some(&key), Some(wrong)).await,
            401,
            "account token is unknown",
        );
    }
}

#[tokio::test]
async fn a_regenerated_account_token_ends_the_old_one() {
    let linking = Linking::start().await;
    let account = linking.link("acme", "jira").await;
    let path = "/api/ticketing/v1/account-token/regenerate";
    let (status, made) = linking.api(Method::POST, path, Some(&account), None).await;
    assert_eq!((status, made["linked_account_id"].as_str()), (200, Some(account.id.as_str())));
    let details = "/api/ticketing/v1/account-details";
    refused(&linking.get(details, Some(&account)).await, 401, "account token is unknown");
    let renewed = Linked { token: made["account_token"].as_str().unwrap().to_owned(), ..account.clone() };
    assert_ne!(renewed, account);
    assert_eq!(linking.get(details, Some(&renewed)).await.0, 200);
    // Linking again gives the token that counts now.
    assert_eq!(linking.link("acme", "jira").await, renewed);
}

#[tokio::test]
async fn a_public_token_can_be_exchanged_a_few_times_and_an_unknown_one_never() {
    let linking = Linking::start().await;
    let token = linking.link_token("acme", "jira").await;
    let done = linking.pass(&mut Customer::new(), &token, "jira", &[]).await;
    let path = format!("/api/ticketing/v1/account-token/{}", done.public_token());
    let (_, first) = linking.get(&path, None).await;
    for _ in 0..4 {
        let (status, again) = linking.get(&path, None).await;
        assert_eq!((status, &again), (200, &first), "an answer that got lost can be asked for again");
    }
    for _ in 0..2 {
        refused(&linking.get(&path, None).await, 404, "Not found");
    }
    for unknown in
        [format!("lsp_{}", "A".repeat(43)), "x".to_owned(), "%00".to_owned(), token, "y".repeat(4000)]
    {
        let path = format!("/api/ticketing/v1/account-token/{unknown}");
        refused(&linking.get(&path, None).await, 404, "Not found");
        refused(&as_caller(&linking, &path, None, None).await, 401, "API key");
    }
}

#[tokio::test]
async fn methods_that_a_path_does_not_take_are_refused_in_words() {
    let linking = Linking::start().await;
    for (method, path) in [
        (Method::GET, "/api/ticketing/v1/link-token"),
        (Method::DELETE, "/api/ticketing/v1/account-details"),
        (Method::PUT, "/api/ticketing/v1/generate-key"),
        (Method::POST, "/oauth/callback"),
    ] {
        refused(&linking.api(method, path, None, None).await, 405, "does not take this method");
    }
    refused(&linking.get("/api/ticketing/v1/no-such-thing", None).await, 404, "Not found");
}

//! What stands in deliveries: headers, signature, bodies.

use http::Method;
use serde_json::{Value, json};

use super::receiver::{Wired, hook};

/// Times and addresses differ from run to run.
fn settled(mut body: Value) -> Value {
    fn walk(value: &mut Value) {
        match value {
            Value::Object(members) => {
                for (name, value) in members.iter_mut() {
                    if name == "avatarUrls" {
                        *value = json!("[avatars]");
                    } else if matches!(name.as_str(), "timestamp" | "updated" | "created") {
                        *value = json!("[time]");
                    } else {
                        walk(value);
                    }
                }
            }
            Value::Array(items) => items.iter_mut().for_each(walk),
            _ => {}
        }
    }
    walk(&mut body);
    body
}

#[tokio::test]
async fn w3_a_delivery_is_signed_with_the_apps_secret_and_bears_the_headers() {
    let wired = Wired::start().await;
    let ids = wired.register(json!([hook(&["jira:issue_updated"])])).await;
    let issue = wired.issue().await;
    wired.change(Method::PUT, &format!("issue/{issue}"), json!({ "fields": { "summary": "new" } })).await;
    let report = wired.until("delivered", 1).await;
    let received = wired.receiver.received().remove(0);
    let (header, claims) = received.verified(&wired.lab.info.client_secret);
    assert_eq!(header["alg"], "HS256");
    assert_eq!(claims["iss"], wired.lab.info.client_id.as_str());
    assert_eq!(claims["sub"], wired.lab.admin());
    let issued = claims["iat"].as_i64().unwrap();
    assert!(claims["exp"].as_i64().unwrap() > issued);
    let start = "2026-03-01T10:15:00Z".parse::<jiff::Timestamp>().unwrap().as_second();
    assert!((start..start + 120).contains(&issued), "signed on the sandbox's clock: {issued}");
    assert!(claims["jti"].is_string() && claims["context"].is_object());
    assert!(claims.get("aud").is_none() && claims.get("nbf").is_none());
    let query: Vec<(String, String)> =
        url::form_urlencoded::parse(received.uri.query().unwrap().as_bytes()).into_owned().collect();
    let expected = [("tenant", "1"), ("triggeredByUser", wired.lab.admin())];
    assert_eq!(query, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    assert_eq!(received.header("content-type"), Some("application/json; charset=utf-8"));
    assert_eq!(received.header("x-atlassian-webhook-flow"), Some("Primary"));
    assert_eq!(received.header("x-atlassian-webhook-retry"), None);
    let told = &report["deliveries"][0];
    assert_eq!(received.header("x-atlassian-webhook-identifier"), told["identifier"].as_str());
    assert_eq!(told["attempts"][0]["status"], 200);
    assert_eq!(told["subject"], format!("issue {issue}"));
    assert_eq!(received.body["matchedWebhookIds"], json!(ids));
}

#[tokio::test]
async fn an_edit_tells_the_issue_as_version_2_shows_it_and_what_changed() {
    let wired = Wired::start().await;
    wired.register(json!([hook(&["jira:issue_updated"])])).await;
    let issue = wired.issue().await;
    let fields = json!({ "fields": {
        "summary": "new", "description": "h1. Title\n\n*bold*", "assignee": { "accountId": wired.lab.member() },
    } });
    wired.change(Method::PUT, &format!("issue/{issue}"), fields).await;
    wired.until("delivered", 1).await;
    let body = wired.receiver.received().remove(0).body;
    let read = wired.lab.administrator().get(&format!("/rest/api/2/issue/{issue}")).await;
    assert_eq!(body["issue"]["fields"]["description"], "h1. Title\n\n*bold*");
    assert_eq!(body["issue"]["key"], read["key"]);
    let site = &wired.lab.info.sites[0].url;
    assert_eq!(body["issue"]["self"], format!("{site}/rest/api/2/issue/{issue}"));
    let names = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&body["issue"]["fields"]), names(&read["fields"]));
    let mut short = settled(body);
    short["issue"]["fields"] = json!("[fields]");
    short["changelog"]["id"] = json!("[id]");
    insta::assert_json_snapshot!(short);
}

#[tokio::test]
async fn a_comment_is_told_twice_and_its_issue_reduced() {
    let wired = Wired::start().await;
    wired.register(json!([hook(&["jira:issue_updated", "comment_created", "comment_deleted"])])).await;
    let issue = wired.issue().await;
    let made =
        wired.change(Method::POST, &format!("issue/{issue}/comment"), json!({ "body": "a *word*" })).await;
    wired.until("delivered", 2).await;
    let received = wired.receiver.received();
    let of = |event: &str| received.iter().find(|it| it.event() == event).unwrap().body.clone();
    let (created, updated) = (of("comment_created"), of("jira:issue_updated"));
    assert_eq!(updated["issue_event_type_name"], "issue_commented");
    assert_eq!(updated["comment"]["id"], made["id"]);
    assert!(updated.get("changelog").is_none());
    insta::assert_json_snapshot!(settled(created));
    let comment = made["id"].as_str().unwrap();
    wired.change(Method::DELETE, &format!("issue/{issue}/comment/{comment}"), Value::Null).await;
    wired.until("delivered", 4).await;
    let deleted = wired.receiver.received().into_iter().find(|it| it.event() == "comment_deleted").unwrap();
    assert_eq!(deleted.body["comment"]["body"], "a *word*");
}

#[tokio::test]
async fn a_deleted_issue_is_told_as_it_was_and_its_comments_follow_within_a_quarter_of_an_hour() {
    let wired = Wired::start().await;
    let issue = wired.issue().await;
    for number in 0..3 {
        let body = json!({ "body": format!("comment {number}") });
        wired.change(Method::POST, &format!("issue/{issue}/comment"), body).await;
    }
    wired.register(json!([hook(&["jira:issue_deleted", "comment_deleted"])])).await;
    let path = format!("issue/{issue}?deleteSubtasks=true");
    let comments = wired.lab.administrator().get(&format!("/rest/api/2/issue/{issue}/comment")).await;
    let comments = comments["total"].as_u64().unwrap();
    wired.change(Method::DELETE, &path, Value::Null).await;
    wired.until("delivered", 1).await;
    let received = wired.receiver.received();
    assert_eq!(received[0].event(), "jira:issue_deleted");
    assert_eq!(received[0].header("x-atlassian-webhook-flow"), Some("Primary"));
    assert_eq!(received[0].body["issue"]["id"], issue.as_str());
    assert!(received[0].body["issue"]["fields"]["summary"].is_string());
    assert_eq!(wired.totals().await["pending"], comments);
    wired.lab.advance(15 * 60).await;
    wired.until("delivered", 1 + comments).await;
    let received = wired.receiver.received();
    assert!(received[1..].iter().all(|it| it.header("x-atlassian-webhook-flow") == Some("Secondary")));
    assert!(received[1..].iter().all(|it| it.event() == "comment_deleted"));
}

#[tokio::test]
async fn creations_moves_worklogs_transitions_and_properties_have_their_names() {
    let wired = Wired::start().await;
    let events = ["jira:issue_created", "jira:issue_updated", "issue_property_set", "issue_property_deleted"];
    wired.register(json!([hook(&events)])).await;
    let issue = wired.issue().await;
    let project =
        wired.lab.administrator().get(&format!("/rest/api/2/issue/{issue}?fields=project,issuetype")).await;
    let fields = json!({ "fields": {
        "project": { "id": project["fields"]["project"]["id"] },
        "issuetype": { "id": project["fields"]["issuetype"]["id"] },
        "summary": "made",
    } });
    let made = wired.change(Method::POST, "issue", fields).await;
    let made = made["id"].as_str().unwrap();
    let transitions = wired.lab.administrator().get(&format!("/rest/api/2/issue/{made}/transitions")).await;
    let last = transitions["transitions"].as_array().unwrap().last().unwrap()["id"].clone();
    wired
        .change(Method::POST, &format!("issue/{made}/transitions"), json!({ "transition": { "id": last } }))
        .await;
    let assignee = json!({ "accountId": wired.lab.member() });
    wired.change(Method::PUT, &format!("issue/{made}/assignee"), assignee).await;
    wired.change(Method::POST, &format!("issue/{made}/worklog"), json!({ "timeSpentSeconds": 600 })).await;
    wired.change(Method::PUT, &format!("issue/{made}/properties/crane"), json!({ "load": 7 })).await;
    wired.change(Method::DELETE, &format!("issue/{made}/properties/crane"), Value::Null).await;
    wired.until("delivered", 6).await;
    let mut told: Vec<String> = wired
        .receiver
        .received()
        .iter()
        .map(|it| {
            let name = it.body["issue_event_type_name"].as_str().unwrap_or_default();
            format!("{} {name}", it.event())
        })
        .collect();
    told.sort();
    assert_eq!(
        told,
        [
            "issue_property_deleted ",
            "issue_property_set ",
            "jira:issue_created issue_created",
            "jira:issue_updated issue_assigned",
            "jira:issue_updated issue_generic",
            "jira:issue_updated issue_work_logged",
        ]
    );
}

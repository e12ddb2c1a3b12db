//! Which webhooks a change is delivered to.

use http::Method;
use serde_json::{Value, json};

use super::receiver::{Received, SCOPES, Wired, hook};

async fn rename(wired: &Wired, issue: &str, summary: &str) {
    wired.change(Method::PUT, &format!("issue/{issue}"), json!({ "fields": { "summary": summary } })).await;
}

fn matched(received: &Received) -> &Value {
    &received.body["matchedWebhookIds"]
}

#[tokio::test]
async fn w4_registrations_of_one_app_that_match_are_told_in_one_delivery() {
    let wired = Wired::start().await;
    let events = ["jira:issue_updated"];
    let mine = wired.register(json!([hook(&events), hook(&events), hook(&["jira:issue_deleted"])])).await;
    let other = wired.lab.token(wired.lab.member(), SCOPES).await;
    let theirs = wired.register_as(&other, json!([hook(&events)])).await;
    let issue = seen_by_both(&wired).await;
    rename(&wired, &issue, "one").await;
    wired.until("delivered", 1).await;
    assert_eq!(matched(&wired.receiver.received()[0]), &json!([mine[0], mine[1], theirs[0]]));
    wired.lab.control("POST", "settings", json!({ "webhooks": { "merge": "owner" } })).await;
    rename(&wired, &issue, "two").await;
    wired.until("delivered", 3).await;
    let mut told: Vec<Value> = wired.receiver.received()[1..].iter().map(|it| matched(it).clone()).collect();
    told.sort_by_key(|ids| std::cmp::Reverse(ids.as_array().unwrap().len()));
    assert_eq!(told, [json!([mine[0], mine[1]]), json!([theirs[0]])]);
}

async fn seen_by_both(wired: &Wired) -> String {
    let path = format!("oracle/visible?account_id={}", wired.lab.member());
    let visible = wired.lab.control("GET", &path, Value::Null).await;
    visible["issues"][0].as_str().map_or_else(|| visible["issues"][0].to_string(), str::to_owned)
}

#[tokio::test]
async fn a_filter_on_issues_and_one_on_fields_both_decide() {
    let wired = Wired::start().await;
    let issues = wired.issues(2).await;
    let filtered = json!({
        "events": ["jira:issue_updated"], "jqlFilter": format!("issueKey = {}", key(&wired, &issues[0]).await),
        "fieldIdsFilter": ["summary"],
    });
    wired.register(json!([filtered])).await;
    rename(&wired, &issues[1], "another issue").await;
    let labels = json!({ "fields": { "labels": ["a"] } });
    wired.change(Method::PUT, &format!("issue/{}", issues[0]), labels).await;
    wired.change(Method::POST, &format!("issue/{}/comment", issues[0]), json!({ "body": "b" })).await;
    assert_eq!(wired.totals().await["made"], 0);
    rename(&wired, &issues[0], "the issue").await;
    wired.until("delivered", 1).await;
}

async fn key(wired: &Wired, issue: &str) -> String {
    let issue = wired.lab.administrator().get(&format!("/rest/api/2/issue/{issue}?fields=summary")).await;
    issue["key"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_filter_may_ask_for_a_property() {
    let wired = Wired::start().await;
    let issues = wired.issues(2).await;
    let filter = "issue.property[crane].load = 7 AND (status = Done OR status != Done)";
    wired.register(json!([{ "events": ["jira:issue_updated"], "jqlFilter": filter }])).await;
    for (issue, load) in issues.iter().zip([7, 8]) {
        let path = format!("issue/{issue}/properties/crane");
        wired.change(Method::PUT, &path, json!({ "load": load })).await;
        rename(&wired, issue, "new").await;
    }
    wired.until("delivered", 1).await;
    assert_eq!(wired.totals().await["made"], 1);
    assert_eq!(wired.receiver.received()[0].body["issue"]["id"], issues[0].as_str());
}

#[tokio::test]
async fn w7_what_the_owner_may_not_see_is_not_delivered_deleted_or_not() {
    let wired = Wired::start().await;
    let ids = |visible: &Value| -> Vec<String> {
        let list = visible["issues"].as_array().unwrap().iter();
        list.map(|id| id.as_str().map_or_else(|| id.to_string(), str::to_owned)).collect()
    };
    let all = wired.issues(30).await;
    let (mut member, mut seen, mut hidden) = (String::new(), Vec::new(), Vec::new());
    for user in wired.lab.info.users.iter().filter(|user| !user.is_admin) {
        let path = format!("oracle/visible?account_id={}", user.account_id);
        seen = ids(&wired.lab.control("GET", &path, Value::Null).await);
        hidden = all.iter().filter(|id| !seen.contains(id)).cloned().collect();
        member = user.account_id.clone();
        if !hidden.is_empty() && !seen.is_empty() {
            break;
        }
    }
    let token = wired.lab.token(&member, SCOPES).await;
    wired.register_as(&token, json!([hook(&["jira:issue_updated", "jira:issue_deleted"])])).await;
    assert!(!hidden.is_empty(), "the made-up site hides something from somebody");
    rename(&wired, &hidden[0], "secret").await;
    wired.change(Method::DELETE, &format!("issue/{}?deleteSubtasks=true", hidden[0]), Value::Null).await;
    assert_eq!(wired.totals().await["made"], 0);
    wired.change(Method::DELETE, &format!("issue/{}?deleteSubtasks=true", seen[0]), Value::Null).await;
    assert!(wired.totals().await["made"].as_u64().unwrap() >= 1);
}

#[tokio::test]
async fn w6_an_expired_registration_a_revoked_grant_and_a_deactivated_owner_get_nothing() {
    let wired = Wired::start().await;
    let member = wired.lab.member().to_owned();
    let token = wired.lab.token(&member, SCOPES).await;
    let ids = wired.register_as(&token, json!([hook(&["jira:issue_updated"])])).await;
    let issue = seen_by_both(&wired).await;
    rename(&wired, &issue, "one").await;
    wired.until("delivered", 1).await;
    let change = |status: &str| json!({ "account_id": member, "status": status });
    wired.lab.control("POST", "accounts", change("inactive")).await;
    rename(&wired, &issue, "two").await;
    assert_eq!(wired.totals().await["made"], 1);
    wired.lab.control("POST", "accounts", change("active")).await;
    rename(&wired, &issue, "three").await;
    wired.until("delivered", 2).await;
    // What waits when the grant ends is not delivered either.
    wired.lab.control("POST", "settings", json!({ "webhooks": { "primary_delay_ms": 60_000 } })).await;
    rename(&wired, &issue, "four").await;
    assert_eq!(wired.totals().await["pending"], 1);
    wired.lab.control("POST", "revoke", json!({ "account_id": member })).await;
    wired.lab.advance(61).await;
    wired.until("dropped", 1).await;
    rename(&wired, &issue, "five").await;
    assert_eq!(wired.totals().await["made"], 3);
    let token = wired.lab.token(&member, SCOPES).await;
    wired.lab.control("POST", "settings", json!({ "webhooks": { "primary_delay_ms": 0 } })).await;
    rename(&wired, &issue, "six").await;
    wired.until("delivered", 3).await;
    let ended = wired.lab.control("POST", "webhooks", json!({ "expire": ids })).await;
    assert_eq!(ended["ended"], 1);
    rename(&wired, &issue, "seven").await;
    let report = wired.report().await;
    assert_eq!((&report["totals"]["made"], &report["webhooks"]), (&json!(4), &json!([])));
    let listed = wired.jira(&token, Method::GET, "webhook", Value::Null).await;
    assert_eq!(listed.1["total"], 0);
}

#[tokio::test]
async fn w6_an_uninstalled_app_gets_nothing_until_it_is_installed_again() {
    let wired = Wired::start().await;
    wired.register(json!([hook(&["jira:issue_updated"])])).await;
    let issue = wired.issue().await;
    wired.lab.control("POST", "install", json!({ "installed": false })).await;
    rename(&wired, &issue, "one").await;
    assert_eq!(wired.totals().await["made"], 0);
    wired.lab.control("POST", "install", json!({ "installed": true })).await;
    rename(&wired, &issue, "two").await;
    wired.until("delivered", 1).await;
}

#[tokio::test]
async fn w6_a_registration_is_over_after_thirty_days() {
    let wired = Wired::start().await;
    wired.register(json!([hook(&["jira:issue_updated"])])).await;
    let issue = wired.issue().await;
    wired.lab.advance(30 * 86_400).await;
    rename(&wired, &issue, "late").await;
    assert_eq!(wired.totals().await["made"], 0);
}

#[tokio::test]
async fn the_forms_on_which_the_documents_differ_can_be_chosen() {
    let wired = Wired::start().await;
    let forms = json!({ "webhooks": { "expiration_date": "text", "registration_result": "array" } });
    wired.lab.control("POST", "settings", forms).await;
    let order = json!({ "url": wired.receiver.url, "webhooks": [hook(&["jira:issue_updated"])] });
    let (_, made) = wired.jira(&wired.token, Method::POST, "webhook", order).await;
    assert!(made[0]["createdWebhookId"].is_u64(), "{made}");
    let (_, listed) = wired.jira(&wired.token, Method::GET, "webhook", Value::Null).await;
    let text = listed["values"][0]["expirationDate"].as_str().unwrap();
    assert!(text.starts_with("2026-03-31T10:15:") && text.ends_with("+0000"), "{text}");
}

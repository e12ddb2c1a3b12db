//! The registry of dynamic webhooks.

use http::Method;
use serde_json::{Value, json};

use crate::{
    openapi::{self, Api},
    support::{Lab, answer},
};

const SCOPES: &str = "read:jira-work manage:jira-webhook offline_access";
const URL: &str = "https://vendor.example/hook";

/// An app that acts for somebody.
struct App<'l> {
    lab: &'l Lab,
    token: String,
}

impl<'l> App<'l> {
    async fn of(lab: &'l Lab, account: &str) -> Self {
        Self { lab, token: lab.token(account, SCOPES).await }
    }

    async fn send(&self, method: Method, path: &str, body: Value) -> (u16, Value) {
        let address = self.lab.url(&format!("/ex/jira/{}/rest/api/3/{path}", self.lab.site(0)));
        let request = self.lab.http.request(method, address).bearer_auth(&self.token);
        let request = if body.is_null() { request } else { request.json(&body) };
        answer(request.send().await.unwrap()).await
    }

    async fn list(&self) -> Vec<Value> {
        let (status, page) = self.send(Method::GET, "webhook", Value::Null).await;
        assert_eq!(status, 200, "{page}");
        openapi::validate(Api::Jira, "GET", "/rest/api/3/webhook", 200, &page).unwrap();
        page["values"].as_array().unwrap().clone()
    }

    /// The results of a registration.
    async fn register(&self, url: &str, hooks: Value) -> Vec<Value> {
        let (status, made) =
            self.send(Method::POST, "webhook", json!({ "url": url, "webhooks": hooks })).await;
        assert_eq!(status, 200, "{made}");
        openapi::validate(Api::Jira, "POST", "/rest/api/3/webhook", 200, &made).unwrap();
        made["webhookRegistrationResult"].as_array().unwrap().clone()
    }
}

fn hook(jql: &str) -> Value {
    json!({ "events": ["jira:issue_updated"], "jqlFilter": jql })
}

#[tokio::test]
async fn w1_a_webhook_is_listed_to_its_app_and_user_until_it_expires_or_is_deleted() {
    let lab = Lab::start().await;
    let app = App::of(&lab, lab.admin()).await;
    let made = app.register(URL, json!([hook("project = HARB"), hook("status != Done")])).await;
    let ids: Vec<u64> = made.iter().map(|it| it["createdWebhookId"].as_u64().unwrap()).collect();
    let listed = app.list().await;
    assert_eq!(listed.len(), 2);
    assert_eq!(listed[0]["jqlFilter"], "project = HARB");
    assert_eq!(App::of(&lab, lab.member()).await.list().await.len(), 0, "another user's view is empty");
    let day = 86_400;
    lab.advance(20 * day).await;
    let app = App::of(&lab, lab.admin()).await;
    let (status, refreshed) =
        app.send(Method::PUT, "webhook/refresh", json!({ "webhookIds": [ids[0], 999] })).await;
    assert_eq!(status, 200, "{refreshed}");
    openapi::validate(Api::Jira, "PUT", "/rest/api/3/webhook/refresh", 200, &refreshed).unwrap();
    assert_eq!(app.list().await[0]["expirationDate"], refreshed["expirationDate"]);
    lab.advance(11 * day).await;
    let app = App::of(&lab, lab.admin()).await;
    let left = app.list().await;
    assert_eq!(left.iter().map(|it| it["id"].as_u64().unwrap()).collect::<Vec<_>>(), [ids[0]]);
    assert_eq!(app.send(Method::DELETE, "webhook", json!({ "webhookIds": ids })).await.0, 202);
    assert_eq!(app.list().await.len(), 0);
}

#[tokio::test]
async fn w2_a_bad_filter_refuses_its_own_webhook_alone() {
    let lab = Lab::start().await;
    let app = App::of(&lab, lab.admin()).await;
    let filters = [
        ("project = HARB AND issuetype IN (Bug, Task)", None),
        ("", Some("must not be empty")),
        ("summary ~ crane", Some("'summary' is not supported")),
        ("project > HARB", Some("operator '>'")),
        ("project = NOSUCH", Some("NOSUCH")),
        ("project = HARB ORDER BY created", Some("ORDER BY")),
        ("project = (", Some("")),
        ("cf[10055] = Kiel", None),
    ];
    let hooks: Vec<Value> = filters.iter().map(|(jql, _)| hook(jql)).collect();
    let results = app.register(URL, json!(hooks)).await;
    for ((jql, reason), result) in filters.iter().zip(&results) {
        match reason {
            None => assert!(result["createdWebhookId"].is_u64(), "{jql}: {result}"),
            Some(reason) => assert!(result["errors"].to_string().contains(reason), "{jql}: {result}"),
        }
    }
    let missing = app.register(URL, json!([{ "events": ["jira:worklog_updated"] }])).await;
    assert_eq!(
        missing[0]["errors"].as_array().unwrap().len(),
        2,
        "an unknown event and no filter: {missing:?}"
    );
}

#[tokio::test]
async fn w3_five_webhooks_and_one_address_are_the_limits() {
    let lab = Lab::start().await;
    let app = App::of(&lab, lab.admin()).await;
    let many: Vec<Value> = (0..6).map(|_| hook("project = HARB")).collect();
    let results = app.register(URL, json!(many)).await;
    assert_eq!(results.iter().filter(|it| it["createdWebhookId"].is_u64()).count(), 5);
    assert!(results[5]["errors"].is_array());
    let other = App::of(&lab, lab.member()).await;
    let refused = other.register("https://other.example/hook", json!([hook("project = HARB")])).await;
    assert!(refused[0]["errors"][0].as_str().unwrap().contains(URL), "{refused:?}");
    assert!(other.register(URL, json!([hook("issuetype = Task")])).await[0]["createdWebhookId"].is_u64());
    for bad in [
        json!({ "url": "vendor.example", "webhooks": [hook("project = HARB")] }),
        json!({ "url": URL, "webhooks": [] }),
        json!({ "webhooks": [hook("project = HARB")] }),
    ] {
        assert_eq!(app.send(Method::POST, "webhook", bad.clone()).await.0, 400, "{bad}");
    }
    assert_eq!(app.send(Method::PUT, "webhook/refresh", json!({ "webhookIds": [] })).await.0, 400);
}

#[tokio::test]
async fn w4_webhooks_are_for_apps_and_failed_deliveries_for_connect_apps() {
    let lab = Lab::start().await;
    let admin = lab.administrator();
    assert_eq!(admin.try_get("/rest/api/3/webhook").await.0, 403);
    let body = json!({ "url": URL, "webhooks": [hook("project = HARB")] });
    assert_eq!(admin.post("/rest/api/3/webhook", body).await.0, 403);
    let granular = "read:webhook:jira read:jql:jira read:issue-details:jira read:comment.property:jira read:group:jira read:issue-type:jira read:project-role:jira read:epic:jira-software";
    let app = App { lab: &lab, token: lab.token(lab.admin(), granular).await };
    assert_eq!(app.send(Method::GET, "webhook/failed", Value::Null).await.0, 403);
    assert_eq!(app.send(Method::GET, "webhook", Value::Null).await.0, 200);
    let (status, body) = app.send(Method::DELETE, "webhook", json!({ "webhookIds": [1] })).await;
    assert_eq!((status, &body["message"]), (401, &json!("Unauthorized; scope does not match")));
}

//! Points, quotas, bursts, and the headers that go with them.

use linkspan_sandbox::Options;
use reqwest::Response;
use serde_json::{Value, json};

use crate::support::{JIRA_SCOPES, Lab, small};

async fn with_quota(points_quota: u64) -> Lab {
    Lab::with(Options { points_quota, ..small() }).await
}

async fn jira(lab: &Lab, token: &str, path: &str) -> Response {
    lab.get(&format!("/ex/jira/{}{path}", lab.site(0))).bearer_auth(token).send().await.unwrap()
}

/// The headers about limits, by name.
fn limit_headers(response: &Response) -> Value {
    let about_limits = |name: &&http::HeaderName| {
        name.as_str().contains("ratelimit") || name.as_str().contains("retry-after")
    };
    let headers = response.headers().keys().filter(about_limits);
    headers
        .map(|name| (name.to_string(), Value::from(response.headers()[name].to_str().unwrap())))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

async fn points(lab: &Lab) -> u64 {
    lab.control("GET", "stats", Value::Null).await["points"].as_u64().unwrap()
}

#[tokio::test]
async fn points_follow_the_price_list() {
    let lab = Lab::start().await;
    let token = lab.token(lab.admin(), JIRA_SCOPES).await;
    let mut before = points(&lab).await;
    let mut cost = async |path: &str| {
        assert_eq!(jira(&lab, &token, path).await.status(), 200, "{path}");
        let after = points(&lab).await;
        let cost = after - before;
        before = after;
        cost
    };
    assert_eq!(cost("/rest/api/3/serverInfo").await, 1, "uncatalogued");
    assert_eq!(cost("/rest/api/3/status").await, 1, "catalogue data");
    assert_eq!(cost("/rest/api/3/search/jql?jql=created>=-9999d&maxResults=10").await, 11, "ten issues");
    assert_eq!(cost("/rest/api/3/project/search").await, 3, "two projects");
    assert_eq!(cost("/rest/api/3/myself").await, 3, "one user");
    assert_eq!(cost("/rest/api/3/users/search?maxResults=4").await, 9, "four users");
}

#[tokio::test]
async fn a_search_by_post_is_charged_as_a_read() {
    let lab = Lab::start().await;
    let token = lab.token(lab.admin(), JIRA_SCOPES).await;
    let path = format!("/ex/jira/{}/rest/api/3/search/jql", lab.site(0));
    let body = json!({ "jql": "created >= -9999d", "maxResults": 7 });
    let response = lab.post(&path).bearer_auth(&token).json(&body).send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(points(&lab).await, 8);
}

#[tokio::test]
async fn basic_authentication_is_exempt_from_points() {
    let lab = with_quota(5).await;
    let admin = &lab.info.users[0];
    for _ in 0..10 {
        let response = lab
            .get("/rest/api/3/myself")
            .basic_auth(&admin.email, Some(&admin.api_token))
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(limit_headers(&response), json!({}));
    }
    assert_eq!(points(&lab).await, 0);
}

#[tokio::test]
async fn without_a_quota_nothing_is_said_and_nothing_is_refused() {
    let lab = Lab::start().await;
    let token = lab.token(lab.admin(), JIRA_SCOPES).await;
    for _ in 0..150 {
        let response = jira(&lab, &token, "/rest/api/3/serverInfo").await;
        assert_eq!(response.status(), 200);
        assert_eq!(limit_headers(&response), json!({}));
    }
}

#[tokio::test]
async fn r3_the_quota_is_announced_then_near_then_a_hard_stop_until_the_hour_turns() {
    let lab = with_quota(10).await;
    let token = lab.token(lab.admin(), JIRA_SCOPES).await;
    lab.control("POST", "clock", json!({ "set": "2026-03-01T10:29:13Z" })).await;
    let mut seen = Vec::new();
    for _ in 0..11 {
        let response = jira(&lab, &token, "/rest/api/3/serverInfo").await;
        seen.push((response.status().as_u16(), limit_headers(&response)));
    }
    let statuses: Vec<u16> = seen.iter().map(|(status, _)| *status).collect();
    assert_eq!(statuses, [200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 429]);
    insta::assert_json_snapshot!("quota_headers", [&seen[0].1, &seen[8].1, &seen[10].1], {
        "[].ratelimit" => insta::dynamic_redaction(rounded_seconds), "[][\"retry-after\"]" => insta::dynamic_redaction(rounded_seconds),
    });
    lab.control("POST", "clock", json!({ "set": "2026-03-01T11:00:00Z" })).await;
    assert_eq!(jira(&lab, &token, "/rest/api/3/serverInfo").await.status(), 200);
}

/// The clock runs while the test does: 1847 seconds may read a few less.
#[expect(clippy::needless_pass_by_value, reason = "the signature that insta wants")]
fn rounded_seconds(value: insta::internals::Content, _: insta::internals::ContentPath<'_>) -> String {
    let text = value.as_str().unwrap_or_default();
    let (head, seconds) = text.rsplit_once('=').map_or(("", text), |(head, seconds)| (head, seconds));
    let seconds: i64 = seconds.parse().unwrap();
    assert!((1800..=1847).contains(&seconds), "{seconds}");
    format!("{head}=[up to 1847]")
}

#[tokio::test]
async fn the_pool_is_one_per_app_over_both_products_and_all_sites() {
    let lab = with_quota(3).await;
    let token = lab.token(lab.admin(), "read:jira-user read:page:confluence").await;
    for site in 0..3 {
        let path = format!("/ex/jira/{}/rest/api/3/serverInfo", lab.site(site));
        assert_eq!(lab.get(&path).bearer_auth(&token).send().await.unwrap().status(), 200);
    }
    let refused = lab
        .get(&format!("/ex/confluence/{}/wiki/api/v2/pages", lab.site(0)))
        .bearer_auth(&token)
        .send()
        .await
        .unwrap();
    assert_eq!(refused.status(), 429);
    assert_eq!(refused.headers()["ratelimit-reason"], "confluence-quota-global-based");
}

#[tokio::test]
async fn the_beta_form_announces_and_refuses_nothing() {
    let lab = with_quota(2).await;
    lab.control("POST", "settings", json!({ "limits": { "headers": "beta" } })).await;
    let token = lab.token(lab.admin(), JIRA_SCOPES).await;
    for _ in 0..4 {
        assert_eq!(jira(&lab, &token, "/rest/api/3/serverInfo").await.status(), 200);
    }
    let headers = limit_headers(&jira(&lab, &token, "/rest/api/3/serverInfo").await);
    let names: Vec<&String> = headers.as_object().unwrap().keys().collect();
    assert_eq!(names, ["beta-ratelimit", "beta-ratelimit-policy", "beta-retry-after"]);
    assert_eq!(headers["beta-ratelimit-policy"], "\"global-app-quota\";q=2;w=3600");
}

#[tokio::test]
async fn r2_a_burst_slows_one_operation_of_one_site_and_nothing_else() {
    let lab = with_quota(1_000_000).await;
    let token = lab.token(lab.admin(), JIRA_SCOPES).await;
    let mut refused = None;
    for _ in 0..400 {
        let response = jira(&lab, &token, "/rest/api/3/serverInfo").await;
        if response.status() == 429 {
            refused = Some(response);
            break;
        }
    }
    let refused = refused.unwrap_or_else(|| panic!("a hundred requests a second are the limit"));
    insta::assert_json_snapshot!("burst_headers", limit_headers(&refused), { "[\"x-ratelimit-reset\"]" => "[instant]" });
    assert_eq!(jira(&lab, &token, "/rest/api/3/status").await.status(), 200);
    let other_site = lab.get(&format!("/ex/jira/{}/rest/api/3/serverInfo", lab.site(1))).bearer_auth(&token);
    assert_eq!(other_site.send().await.unwrap().status(), 200);
    lab.advance(1).await;
    assert_eq!(jira(&lab, &token, "/rest/api/3/serverInfo").await.status(), 200);
}

#[tokio::test]
async fn r2_writes_to_one_issue_are_limited_whatever_it_is_called_and_other_traffic_is_not() {
    let lab = with_quota(1_000_000).await;
    let token = lab.token(lab.admin(), "read:jira-work write:jira-work").await;
    let page = jira(&lab, &token, "/rest/api/3/search/jql?jql=created>=-9999d&fields=key&maxResults=2").await;
    let page: Value = serde_json::from_str(&page.text().await.unwrap()).unwrap();
    let (id, key) = (page["issues"][0]["id"].as_str().unwrap(), page["issues"][0]["key"].as_str().unwrap());
    let write = async |issue: &str| {
        let path = format!("/ex/jira/{}/rest/api/3/issue/{issue}", lab.site(0));
        let edit = json!({ "fields": {} });
        lab.http.put(lab.url(&path)).bearer_auth(&token).json(&edit).send().await.unwrap()
    };
    for turn in 0..20 {
        assert_ne!(write(if turn % 2 == 0 { id } else { key }).await.status(), 429);
    }
    let refused = write(id).await;
    assert_eq!(refused.status(), 429);
    assert_eq!(refused.headers()["ratelimit-reason"], "jira-per-issue-on-write");
    assert_eq!(refused.headers()["retry-after"], "2");
    assert_ne!(write(page["issues"][1]["id"].as_str().unwrap()).await.status(), 429);
    assert_eq!(jira(&lab, &token, &format!("/rest/api/3/issue/{id}")).await.status(), 200);
}

//! Injected faults, as a client meets them.

use serde_json::{Value, json};

use crate::support::{JIRA_SCOPES, Lab, answer, text};

async fn set(lab: &Lab, fault: Value) {
    lab.control("POST", "faults", fault).await;
}

async fn server_info(lab: &Lab, token: &str) -> Result<reqwest::Response, reqwest::Error> {
    lab.get(&format!("/ex/jira/{}/rest/api/3/serverInfo", lab.site(0))).bearer_auth(token).send().await
}

#[tokio::test]
async fn r1_a_status_fault_sends_any_status_body_and_retry_after() {
    let lab = Lab::start().await;
    let token = lab.token(lab.admin(), JIRA_SCOPES).await;
    let fault = json!({ "kind": "status", "path": "/rest/*", "count": 1, "status": 503, "body": { "why": "tired" }, "retry_after": "1000000000" });
    set(&lab, fault).await;
    let struck = server_info(&lab, &token).await.unwrap();
    assert_eq!(struck.headers()["retry-after"], "1000000000");
    assert_eq!(answer(struck).await, (503, json!({ "why": "tired" })));
    assert_eq!(server_info(&lab, &token).await.unwrap().status(), 200);
}

#[tokio::test]
async fn s21_a_status_fault_redirects_anywhere() {
    let lab = Lab::start().await;
    let token = lab.token(lab.admin(), JIRA_SCOPES).await;
    set(
        &lab,
        json!({ "kind": "status", "count": 1, "status": 302, "location": "https://dead.invalid/file" }),
    )
    .await;
    let struck = server_info(&lab, &token).await.unwrap();
    assert_eq!(
        (struck.status().as_u16(), &struck.headers()["location"]),
        (302, &"https://dead.invalid/file".parse().unwrap())
    );
}

#[tokio::test]
async fn r2_every_published_reason_can_be_sent_and_the_gateway_sends_none() {
    let lab = Lab::start().await;
    let token = lab.token(lab.admin(), JIRA_SCOPES).await;
    for reason in [
        "jira-quota-global-based",
        "jira-quota-tenant-based",
        "jira-burst-based",
        "jira-per-issue-on-write",
        "confluence-quota-global-based",
        "confluence-quota-tenant-based",
        "jira-cost-based",
    ] {
        set(&lab, json!({ "kind": "rate_limit", "reason": reason, "count": 1 })).await;
        let struck = server_info(&lab, &token).await.unwrap();
        assert_eq!(struck.status(), 429);
        assert_eq!(struck.headers()["ratelimit-reason"], reason);
        assert!(struck.headers()["retry-after"].to_str().unwrap().parse::<u32>().is_ok());
    }
    set(&lab, json!({ "kind": "rate_limit", "reason": "gateway", "count": 1 })).await;
    let struck = server_info(&lab, &token).await.unwrap();
    assert_eq!(struck.headers()["x-failure-category"], "FAILURE CLIENT RATE LIMITED");
    assert!(
        struck.headers().get("retry-after").is_none() && struck.headers().get("ratelimit-reason").is_none()
    );
}

#[tokio::test]
async fn the_gateways_refusals_can_be_injected_with_their_exact_bodies() {
    let lab = Lab::start().await;
    let token = lab.token(lab.admin(), JIRA_SCOPES).await;
    for (kind, status, body) in [
        ("unauthorized", 401, json!({ "code": 401, "message": "Unauthorized" })),
        ("scope_mismatch", 401, json!({ "code": 401, "message": "Unauthorized; scope does not match" })),
        ("expired_token", 401, json!({ "code": 401, "message": "Unauthorized" })),
        (
            "not_installed",
            403,
            json!({ "code": 403, "message": "The app is not installed on this instance" }),
        ),
        ("gone", 410, json!({ "errorMessages": ["The requested API has been removed."], "errors": {} })),
    ] {
        set(&lab, json!({ "kind": kind, "count": 1 })).await;
        assert_eq!(answer(server_info(&lab, &token).await.unwrap()).await, (status, body), "{kind}");
    }
}

#[tokio::test]
async fn a_cut_body_announces_its_whole_length_and_breaks_off() {
    let lab = Lab::start().await;
    let token = lab.token(lab.admin(), JIRA_SCOPES).await;
    set(&lab, json!({ "kind": "cut_body", "count": 1, "after_bytes": 10 })).await;
    let response = server_info(&lab, &token).await.unwrap();
    assert_eq!(response.status(), 200);
    assert!(response.content_length().unwrap() > 10);
    assert!(response.bytes().await.is_err());
}

#[tokio::test]
async fn l1_a_lost_reply_rotated_the_token_and_the_old_one_recovers_inside_the_leeway() {
    let lab = Lab::start().await;
    let pair = lab.linked(&[]).await;
    let refresh_token = text(&pair, "refresh_token");
    set(&lab, json!({ "kind": "lost_reply", "path": "/oauth/token", "count": 1 })).await;
    let call = json!({
        "grant_type": "refresh_token", "refresh_token": refresh_token,
        "client_id": lab.info.client_id, "client_secret": lab.info.client_secret,
    });
    assert!(lab.post("/oauth/token").json(&call).send().await.is_err());
    lab.advance(9 * 60).await;
    assert_eq!(lab.refresh(refresh_token).await.0, 200);
    lab.advance(60).await;
    assert_eq!(lab.refresh(refresh_token).await.0, 403, "the lost call did rotate the token");
}

#[tokio::test]
async fn no_reply_closes_the_connection_before_anything_happens() {
    let lab = Lab::start().await;
    let pair = lab.linked(&[]).await;
    set(&lab, json!({ "kind": "no_reply", "path": "/oauth/token", "count": 1 })).await;
    let call = json!({
        "grant_type": "refresh_token", "refresh_token": pair["refresh_token"],
        "client_id": lab.info.client_id, "client_secret": lab.info.client_secret,
    });
    assert!(lab.post("/oauth/token").json(&call).send().await.is_err());
    lab.advance(11 * 60).await;
    assert_eq!(lab.refresh(text(&pair, "refresh_token")).await.0, 200, "nothing was rotated");
}

#[tokio::test]
async fn l6_a_token_reply_without_refresh_token_leaves_the_old_one_good() {
    let lab = Lab::start().await;
    let pair = lab.linked(&[]).await;
    set(&lab, json!({ "kind": "no_refresh_token", "count": 1 })).await;
    let (status, reply) = lab.refresh(text(&pair, "refresh_token")).await;
    assert_eq!((status, reply.get("refresh_token")), (200, None));
    lab.advance(3600).await;
    assert_eq!(lab.refresh(text(&pair, "refresh_token")).await.0, 200);
}

#[tokio::test]
async fn a_revoked_grant_ends_in_the_middle_of_the_work() {
    let lab = Lab::start().await;
    let pair = lab.linked(&[]).await;
    let token = text(&pair, "access_token");
    set(&lab, json!({ "kind": "revoke_grant", "skip": 1, "count": 1 })).await;
    assert_eq!(server_info(&lab, token).await.unwrap().status(), 200);
    assert_eq!(server_info(&lab, token).await.unwrap().status(), 401);
    assert_eq!(lab.refresh(text(&pair, "refresh_token")).await.0, 403);
}

#[tokio::test]
async fn latency_delays_only_what_it_matches() {
    let lab = Lab::start().await;
    let token = lab.token(lab.admin(), JIRA_SCOPES).await;
    set(
        &lab,
        json!({ "kind": "latency", "milliseconds": 300, "path": "/rest/api/3/serverInfo", "method": "GET" }),
    )
    .await;
    let started = std::time::Instant::now();
    server_info(&lab, &token).await.unwrap();
    assert!(started.elapsed().as_millis() >= 300);
    lab.control("DELETE", "faults", Value::Null).await;
    let started = std::time::Instant::now();
    server_info(&lab, &token).await.unwrap();
    assert!(started.elapsed().as_millis() < 300);
}

#[tokio::test]
async fn faults_can_be_listed_and_bad_ones_are_refused_with_the_reason() {
    let lab = Lab::start().await;
    set(&lab, json!({ "faults": [{ "kind": "gone", "method": "GET", "count": 3 }, { "kind": "no_reply", "probability": 0.25 }] })).await;
    insta::assert_json_snapshot!(lab.control("GET", "faults", Value::Null).await);
    for (fault, reason) in [
        (json!({ "kind": "explode" }), "unknown variant `explode`"),
        (json!({ "kind": "gone", "colour": "red" }), "unknown field `colour`"),
        (json!({ "kind": "status" }), "needs `status`"),
        (json!({}), "missing field `kind`"),
    ] {
        let request = lab.post("/_sandbox/faults").bearer_auth(&lab.info.control_token).json(&fault);
        let (status, body) = answer(request.send().await.unwrap()).await;
        assert_eq!(status, 400);
        assert!(text(&body, "error").contains(reason), "{body}");
    }
}

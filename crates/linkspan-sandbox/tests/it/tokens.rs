//! Codes, rotation, leeway and the end of tokens, on a moved clock.

use serde_json::{Value, json};

use crate::support::{JIRA_SCOPES, Lab, answer, text};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

#[tokio::test]
async fn a_code_gives_a_pair_that_looks_like_atlassians() {
    let lab = Lab::start().await;
    let (status, pair) = lab.exchange(&lab.code(&[]).await).await;
    assert_eq!(status, 200);
    insta::assert_json_snapshot!(pair, { ".access_token" => "[jwt]", ".refresh_token" => "[opaque]" });
    assert_eq!(text(&pair, "access_token").split('.').count(), 3);
    assert_eq!(lab.myself(text(&pair, "access_token"), 0).await, 200);
}

#[tokio::test]
async fn l9_a_code_works_once_and_not_after_its_short_life() {
    let lab = Lab::start().await;
    let used = lab.code(&[]).await;
    assert_eq!(lab.exchange(&used).await.0, 200);
    let refusal = lab.exchange(&used).await;
    assert_eq!(
        refusal,
        (400, json!({ "error": "invalid_request", "error_description": "authorization_code is invalid" }))
    );
    let stale = lab.code(&[]).await;
    lab.advance(5 * MINUTE).await;
    assert_eq!(lab.exchange(&stale).await, refusal);
    assert_eq!(lab.exchange("never-issued").await, refusal);
}

#[tokio::test]
async fn l9_a_code_is_bound_to_its_callback_and_spent_by_a_wrong_one() {
    let lab = Lab::start().await;
    let code = lab.code(&[]).await;
    let elsewhere = json!({ "grant_type": "authorization_code", "code": code, "redirect_uri": "https://elsewhere.example/" });
    assert_eq!(lab.token_call(elsewhere).await.0, 400);
    assert_eq!(lab.exchange(&code).await.0, 400);
}

#[tokio::test]
async fn form_bodies_work_as_json_bodies_do() {
    let lab = Lab::start().await;
    let code = lab.code(&[]).await;
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", &lab.info.client_id),
        ("client_secret", &lab.info.client_secret),
        ("code", &code),
        ("redirect_uri", &lab.info.redirect_uri),
    ];
    let (status, pair) = answer(lab.post("/oauth/token").form(&form).send().await.unwrap()).await;
    assert_eq!(status, 200, "{pair}");
}

#[tokio::test]
async fn l4_a_wrong_secret_looks_like_a_person_who_declines() {
    let lab = Lab::start().await;
    let expected = (401, json!({ "error": "access_denied", "error_description": "Unauthorized" }));
    for wrong in [json!({ "client_secret": "wrong" }), json!({ "client_id": "nobody" })] {
        let mut call = json!({ "grant_type": "refresh_token", "refresh_token": "x" });
        call.as_object_mut().unwrap().extend(wrong.as_object().unwrap().clone());
        assert_eq!(lab.token_call(call).await, expected);
    }
}

#[tokio::test]
async fn a_token_call_without_what_it_needs_names_the_parameter() {
    let lab = Lab::start().await;
    for (call, description) in [
        (json!({}), "Missing required parameter: grant_type"),
        (json!({ "grant_type": "refresh_token" }), "Missing required parameter: refresh_token"),
        (
            json!({ "grant_type": "authorization_code", "code": "x" }),
            "Missing required parameter: redirect_uri",
        ),
        (
            json!({ "grant_type": "authorization_code", "code": 7, "redirect_uri": "x" }),
            "Missing required parameter: code",
        ),
        (json!({ "grant_type": "password" }), "Unsupported grant type: password"),
    ] {
        let (status, body) = lab.token_call(call.clone()).await;
        assert_eq!((status, text(&body, "error_description")), (400, description), "{call}");
    }
    let (status, body) = answer(lab.post("/oauth/token").body("[truncated").send().await.unwrap()).await;
    assert_eq!((status, text(&body, "error")), (400, "invalid_request"));
}

#[tokio::test]
async fn l1_the_old_refresh_token_works_ten_minutes_more_and_then_never_again() {
    let lab = Lab::start().await;
    let first = lab.linked(&[]).await;
    let old = text(&first, "refresh_token");
    let (_, second) = lab.refresh(old).await;
    assert_ne!(text(&second, "refresh_token"), old);
    lab.advance(10 * MINUTE - 5).await;
    let (status, recovered) = lab.refresh(old).await;
    assert_eq!(status, 200, "a lost reply is recovered inside the leeway");
    lab.advance(5).await;
    assert_eq!(lab.refresh(old).await.0, 403, "a second use did not extend the leeway");
    for alive in [&second, &recovered] {
        assert_eq!(
            lab.refresh(text(alive, "refresh_token")).await.0,
            200,
            "by default late replay spares the family"
        );
    }
}

#[tokio::test]
async fn l1_the_old_access_token_dies_ten_minutes_after_the_refresh_though_its_hour_is_not_over() {
    let lab = Lab::start().await;
    let first = lab.linked(&[]).await;
    let (_, second) = lab.refresh(text(&first, "refresh_token")).await;
    lab.advance(10 * MINUTE - 5).await;
    assert_eq!(lab.myself(text(&first, "access_token"), 0).await, 200);
    lab.advance(5).await;
    assert_eq!(lab.myself(text(&first, "access_token"), 0).await, 401);
    assert_eq!(lab.myself(text(&second, "access_token"), 0).await, 200);
}

#[tokio::test]
async fn an_access_token_lives_an_hour() {
    let lab = Lab::start().await;
    let token = lab.token(lab.admin(), JIRA_SCOPES).await;
    lab.advance(HOUR - 5).await;
    assert_eq!(lab.myself(&token, 0).await, 200);
    lab.advance(5).await;
    assert_eq!(lab.myself(&token, 0).await, 401);
}

#[tokio::test]
async fn l6_a_refresh_token_dies_after_90_idle_days_and_each_rotation_starts_anew() {
    let lab = Lab::start().await;
    let first = lab.linked(&[]).await;
    lab.advance(89 * DAY).await;
    let (status, second) = lab.refresh(text(&first, "refresh_token")).await;
    assert_eq!(status, 200);
    lab.advance(89 * DAY).await;
    let (status, third) = lab.refresh(text(&second, "refresh_token")).await;
    assert_eq!(status, 200);
    lab.advance(90 * DAY).await;
    assert_eq!(lab.refresh(text(&third, "refresh_token")).await.0, 403);
}

#[tokio::test]
async fn a_family_ends_after_365_days_only_when_that_rule_is_on() {
    let lab = Lab::start().await;
    let mut pair = lab.linked(&[]).await;
    for _ in 0..5 {
        lab.advance(73 * DAY).await;
        let (status, next) = lab.refresh(text(&pair, "refresh_token")).await;
        assert_eq!(status, 200);
        pair = next;
    }
    lab.control("POST", "settings", json!({ "tokens": { "rules": { "absolute_expiry": true } } })).await;
    assert_eq!(lab.refresh(text(&pair, "refresh_token")).await.0, 403);
}

#[tokio::test]
async fn l1_late_replay_kills_the_family_when_that_rule_is_on() {
    let lab = Lab::start().await;
    lab.control("POST", "settings", json!({ "tokens": { "rules": { "late_replay_kills_family": true } } }))
        .await;
    let first = lab.linked(&[]).await;
    let (_, second) = lab.refresh(text(&first, "refresh_token")).await;
    let untouched = lab.linked(&[("account_id", lab.member())]).await;
    lab.advance(10 * MINUTE).await;
    assert_eq!(lab.refresh(text(&first, "refresh_token")).await.0, 403);
    assert_eq!(lab.myself(text(&second, "access_token"), 0).await, 401);
    assert_eq!(lab.refresh(text(&second, "refresh_token")).await.0, 403);
    assert_eq!(lab.refresh(text(&untouched, "refresh_token")).await.0, 200);
}

#[tokio::test]
async fn l4_a_dead_refresh_token_is_answered_in_either_published_dialect() {
    let lab = Lab::start().await;
    let measured = json!({ "error": "unauthorized_client", "error_description": "refresh_token is invalid" });
    assert_eq!(lab.refresh("dead").await, (403, measured));
    lab.control("POST", "settings", json!({ "tokens": { "refresh_errors": "documented" } })).await;
    let documented =
        json!({ "error": "invalid_grant", "error_description": "Unknown or invalid refresh token." });
    assert_eq!(lab.refresh("dead").await, (403, documented));
}

#[tokio::test]
async fn l6_without_offline_access_there_is_no_refresh_token() {
    let lab = Lab::start().await;
    let pair = lab.linked(&[("scope", "read:jira-work")]).await;
    assert_eq!(pair.get("refresh_token"), None);
}

#[tokio::test]
async fn l6_a_refresh_reply_can_lack_the_refresh_token_and_then_the_old_one_stays_good() {
    let lab = Lab::start().await;
    lab.control("POST", "settings", json!({ "tokens": { "rules": { "omit_refresh_token": true } } })).await;
    let first = lab.linked(&[]).await;
    let (status, second) = lab.refresh(text(&first, "refresh_token")).await;
    assert_eq!((status, second.get("refresh_token")), (200, None));
    lab.advance(80 * DAY).await;
    assert_eq!(lab.refresh(text(&first, "refresh_token")).await.0, 200);
}

#[tokio::test]
async fn another_apps_refresh_token_is_dead_here() {
    let lab = Lab::start().await;
    let pair = lab.linked(&[]).await;
    let app = crate::console::create_app(&lab, "Other", "account").await;
    let secret = crate::console::secret_of(&lab, &app).await;
    let call: Value = json!({ "grant_type": "refresh_token", "refresh_token": pair["refresh_token"], "client_id": app, "client_secret": secret });
    assert_eq!(lab.token_call(call).await.0, 403);
    assert_eq!(lab.refresh(text(&pair, "refresh_token")).await.0, 200);
}

#[tokio::test]
async fn l13_a_deactivated_account_loses_its_tokens() {
    let lab = Lab::start().await;
    let pair = lab.linked(&[("account_id", lab.member())]).await;
    lab.control("POST", "accounts", json!({ "account_id": lab.member(), "status": "inactive" })).await;
    assert_eq!(lab.myself(text(&pair, "access_token"), 0).await, 401);
    assert_eq!(lab.refresh(text(&pair, "refresh_token")).await.0, 403);
}

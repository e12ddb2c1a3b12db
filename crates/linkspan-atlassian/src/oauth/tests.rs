use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use linkspan_model::product::Product;

use super::resources::read_resources;
use super::token::{Presented, read_answer};
use super::*;
use crate::limit::LimitHeaders;

fn now() -> Timestamp {
    "2026-03-26T12:00:00Z".parse().unwrap()
}

fn answer(presented: Presented, status: u16, body: &str) -> Result<TokenPair, TokenError> {
    let limits = LimitHeaders { retry_after: Some(Duration::from_secs(9)), ..LimitHeaders::default() };
    read_answer(presented, status, &limits, body.as_bytes(), now())
}

fn error(presented: Presented, status: u16, body: &str) -> TokenError {
    answer(presented, status, body).unwrap_err()
}

#[test]
fn l4_only_an_explicit_refusal_of_the_refresh_token_ends_a_grant() {
    use Presented::{Code, RefreshToken};
    let said = |code: &str, description: &str| {
        format!(r#"{{"error":"{code}","error_description":"{description}"}}"#)
    };
    let unknown = said("invalid_grant", "Unknown or invalid refresh token.");
    let rotated = said("unauthorized_client", "refresh_token is invalid");
    let secret = said("access_denied", "Unauthorized");
    let used_code = said("invalid_request", "authorization_code is invalid");
    let dead = |description: &str| TokenError::GrantDead { description: description.to_owned() };
    let retry_after = Some(Duration::from_secs(9));
    let unavailable = |status| TokenError::Unavailable { status, retry_after };
    for (presented, status, body, expected) in [
        (RefreshToken, 403, unknown.as_str(), dead("Unknown or invalid refresh token.")),
        (RefreshToken, 403, &rotated, dead("refresh_token is invalid")),
        (RefreshToken, 400, &unknown, dead("Unknown or invalid refresh token.")),
        (RefreshToken, 401, &secret, TokenError::ClientRefused),
        (Code, 401, &secret, TokenError::ClientRefused),
        (
            Code,
            400,
            &used_code,
            TokenError::CodeRefused { description: "authorization_code is invalid".to_owned() },
        ),
        (Code, 403, &said("invalid_grant", "no"), TokenError::CodeRefused { description: "no".to_owned() }),
        (
            Code,
            400,
            &said("invalid_request", "redirect_uri"),
            TokenError::RequestRefused { description: "redirect_uri".to_owned() },
        ),
        (
            RefreshToken,
            400,
            &said("invalid_request", "x"),
            TokenError::RequestRefused { description: "x".to_owned() },
        ),
        (RefreshToken, 401, "", unavailable(401)),
        (RefreshToken, 401, &unknown, unavailable(401)),
        (RefreshToken, 403, "<html>blocked</html>", unavailable(403)),
        (RefreshToken, 403, &said("access_denied", "Unauthorized"), unavailable(403)),
        (RefreshToken, 404, "", unavailable(404)),
        (RefreshToken, 302, "", unavailable(302)),
        (RefreshToken, 429, &unknown, TokenError::Throttled { retry_after }),
        (RefreshToken, 500, &unknown, unavailable(500)),
        (RefreshToken, 503, "", unavailable(503)),
        (RefreshToken, 200, "", TokenError::Malformed("it holds no access token")),
        (RefreshToken, 200, "{}", TokenError::Malformed("it holds no access token")),
        (RefreshToken, 200, r#"{"access_token":""}"#, TokenError::Malformed("its access token is empty")),
        (
            RefreshToken,
            200,
            r#"{"access_token":"a","expires_in":0}"#,
            TokenError::Malformed("its access token has expired already"),
        ),
    ] {
        let got = error(presented, status, body);
        let heals = !matches!(
            expected,
            TokenError::GrantDead { .. }
                | TokenError::CodeRefused { .. }
                | TokenError::ClientRefused
                | TokenError::RequestRefused { .. }
        );
        assert_eq!(got, expected, "{presented:?} {status} {body}");
        assert_eq!(got.is_retryable(), heals, "{presented:?} {status} {body}");
    }
}

#[test]
fn l6_an_answer_without_a_refresh_token_is_told_apart() {
    let pair =
        answer(Presented::Code, 200, r#"{"access_token":"a","expires_in":3600,"scope":"read:jira-work"}"#)
            .unwrap();
    assert!(pair.refresh.is_none());
    assert_eq!(pair.expires_at, now() + SignedDuration::from_hours(1));
    assert!(pair.scopes.contains("read:jira-work"));

    let body =
        r#"{"access_token":"a","refresh_token":"r","token_type":"Bearer","scope":"b a offline_access"}"#;
    let pair = answer(Presented::RefreshToken, 200, body).unwrap();
    assert_eq!(pair.refresh.unwrap().expose(), "r");
    assert_eq!(pair.expires_at, now() + SignedDuration::from_hours(1));
    assert_eq!(pair.scopes.joined(), "a b offline_access");
}

#[test]
fn l10_neither_tokens_nor_answers_can_be_printed() {
    let body = r#"{"access_token":"canary-a","refresh_token":"canary-r","expires_in":3600}"#;
    let pair = answer(Presented::Code, 200, body).unwrap();
    assert!(!format!("{pair:?}").contains("canary"));
    let app = AppCredentials { client_id: "id".to_owned(), client_secret: Secret::new("canary-s") };
    assert!(!format!("{app:?}").contains("canary"));
    let cut = error(Presented::Code, 200, r#"{"access_token":{"canary":1}}"#);
    assert!(!cut.to_string().contains("canary") && !format!("{cut:?}").contains("canary"));
}

#[test]
fn l9_the_authorize_url_carries_what_upstream_demands() {
    let url = authorize_url(
        &Endpoints::atlassian(),
        "client",
        &Url::parse("https://vendor.example/oauth/callback").unwrap(),
        &ScopeSet::parse("read:jira-work offline_access"),
        &Secret::new("st&te"),
    );
    insta::assert_snapshot!(url, @"https://auth.atlassian.com/authorize?audience=api.atlassian.com&client_id=client&scope=offline_access+read%3Ajira-work&redirect_uri=https%3A%2F%2Fvendor.example%2Foauth%2Fcallback&state=st%26te&response_type=code&prompt=consent");
}

#[test]
fn l7_entries_of_one_site_are_merged_by_product_and_none_is_picked() {
    let sites = read_resources(
        r#"[
        {"id":"1","name":"acme","url":"https://acme.atlassian.net","scopes":["read:jira-work","read:servicedesk-request"],"avatarUrl":"https://x/y.png"},
        {"id":"2","name":"acme-1","url":"https://acme-1.atlassian.net","scopes":["read:jira-work","read:page:confluence"]},
        {"id":"1","name":"acme","url":"https://acme.atlassian.net","scopes":["search:confluence","readonly:content.attachment:confluence"]},
        {"id":"1","name":"acme","url":"https://acme.atlassian.net","scopes":["read:jira-user"]},
        {"id":"3","name":"odd","url":null,"scopes":["read:me"]}]"#,
    );
    let seen: Vec<(&str, Product, String)> =
        sites.iter().map(|site| (site.cloud_id.as_str(), site.product, site.scopes.joined())).collect();
    assert_eq!(
        seen,
        [
            ("1", Product::Jira, "read:jira-user read:jira-work read:servicedesk-request".to_owned()),
            ("2", Product::Jira, "read:jira-work".to_owned()),
            ("2", Product::Confluence, "read:page:confluence".to_owned()),
            ("1", Product::Confluence, "readonly:content.attachment:confluence search:confluence".to_owned()),
        ]
    );
    assert!(read_resources("[]").is_empty());
}

use std::time::Duration;

use jiff::Timestamp;
use linkspan_model::product::Product;
use proptest::prelude::*;

use super::classify::classify;
use super::*;
use crate::calls::{confluence, jira};
use crate::error::ThrottleReason;

fn site() -> Site {
    Site::new("1324a887-45db-1bf4-1e99-ef0ff456d421")
}

fn url(call: &'static Call, params: &Params) -> Result<String, CallError> {
    build_url(&Endpoints::atlassian(), call, &site(), params).map(String::from)
}

#[test]
fn every_product_is_reached_through_the_gateway() {
    insta::assert_snapshot!(
        url(&jira::ISSUE, &Params::new().path("issueIdOrKey", "10042").query("fields", "*all")).unwrap(),
        @"https://api.atlassian.com/ex/jira/1324a887-45db-1bf4-1e99-ef0ff456d421/rest/api/3/issue/10042?fields=%2Aall"
    );
    insta::assert_snapshot!(
        url(&confluence::PAGE, &Params::new().path("id", "7").query("body-format", "storage")).unwrap(),
        @"https://api.atlassian.com/ex/confluence/1324a887-45db-1bf4-1e99-ef0ff456d421/wiki/api/v2/pages/7?body-format=storage"
    );
    let sandbox = Endpoints::single_origin(&Url::parse("http://127.0.0.1:8080/ignored?x").unwrap()).unwrap();
    let url = build_url(&sandbox, &jira::SERVER_INFO, &Site::new("c"), &Params::new()).unwrap();
    assert_eq!(url.as_str(), "http://127.0.0.1:8080/ex/jira/c/rest/api/3/serverInfo");
    assert_eq!(sandbox.token().as_str(), "http://127.0.0.1:8080/oauth/token");
    assert!(Endpoints::single_origin(&Url::parse("file:///etc/passwd").unwrap()).is_err());
}

#[test]
fn m8_path_values_that_would_leave_their_segment_are_refused() {
    let issue = |value: &str| url(&jira::ISSUE, &Params::new().path("issueIdOrKey", value));
    for value in ["", ".", "..", "a/b", "a\\b", "a\nb", &"x".repeat(300)] {
        assert!(matches!(issue(value), Err(CallError::NotSent { .. })), "{value:?}");
    }
    assert!(issue("PROJ-1?x#y%2F").unwrap().ends_with("/issue/PROJ-1%3Fx%23y%252F"));
    for cloud_id in ["", "..", "a/b", "a%2fb", "a.b"] {
        let built = build_url(&Endpoints::atlassian(), &jira::MYSELF, &Site::new(cloud_id), &Params::new());
        assert!(matches!(built, Err(CallError::NotSent { .. })), "{cloud_id:?}");
    }
}

#[test]
fn missing_doubled_and_unknown_path_values_are_refused() {
    let params = Params::new;
    for wrong in [
        params(),
        params().path("id", "1"),
        params().path("issueIdOrKey", "1").path("issueIdOrKey", "2"),
        params().path("issueIdOrKey", "1").path("id", "2"),
    ] {
        assert!(matches!(url(&jira::ISSUE, &wrong), Err(CallError::NotSent { .. })), "{wrong:?}");
    }
}

proptest! {
    #[test]
    fn m8_no_path_value_changes_host_or_operation(value in any::<String>()) {
        if let Ok(built) = url(&jira::ISSUE, &Params::new().path("issueIdOrKey", value)) {
            let parsed = Url::parse(&built).unwrap();
            prop_assert_eq!(parsed.host_str(), Some("api.atlassian.com"));
            prop_assert!(parsed.path().starts_with("/ex/jira/1324a887-45db-1bf4-1e99-ef0ff456d421/rest/api/3/issue/"));
            prop_assert_eq!(parsed.path_segments().unwrap().count(), 8);
            prop_assert!(parsed.query().is_none() && parsed.fragment().is_none());
        }
    }

    #[test]
    fn query_pairs_arrive_as_they_were_given(value in any::<String>()) {
        let built = url(&jira::SEARCH_JQL, &Params::new().query("jql", value.clone()).query("fields", "id")).unwrap();
        let pairs: Vec<(String, String)> = Url::parse(&built).unwrap().query_pairs().into_owned().collect();
        prop_assert_eq!(pairs, [("jql".to_owned(), value), ("fields".to_owned(), "id".to_owned())]);
    }

    #[test]
    fn m2_no_link_is_followed_anywhere_but_on_its_own_path(link in any::<String>(), host in "[a-z.]{1,12}") {
        for link in [link.clone(), format!("https://{host}/wiki/api/v2/{link}"), format!("//{host}/{link}")] {
            if let Ok(query) = reroot_query(&confluence::PAGES, &link) {
                let mut params = Params::new();
                params.set_link_query(query);
                let parsed = Url::parse(&url(&confluence::PAGES, &params).unwrap()).unwrap();
                prop_assert_eq!(parsed.host_str(), Some("api.atlassian.com"));
                prop_assert!(parsed.path().ends_with("/wiki/api/v2/pages"));
            }
        }
    }
}

#[test]
fn m2_links_are_re_rooted_by_path_and_query_alone() {
    let ok = |call, link| reroot_query(call, link).is_ok();
    assert!(ok(&confluence::PAGES, "/wiki/api/v2/pages?cursor=a"));
    assert!(ok(&confluence::PAGES, "/api/v2/pages?cursor=a"));
    assert!(ok(&confluence::PAGES, "https://evil.example/wiki/api/v2/pages?cursor=a"));
    assert!(ok(&confluence::PAGES, "https://api.atlassian.com/ex/confluence/c/wiki/api/v2/pages?cursor=a"));
    assert!(ok(&confluence::SPACE_PAGES, "/wiki/api/v2/spaces/7/pages?cursor=a"));
    for link in [
        "/wiki/api/v2/pages",
        "/wiki/api/v2/pages?",
        "/wiki/api/v2/pages/../spaces?cursor=a",
        "/wiki/api/v2/pages/1?cursor=a",
        "/wiki/wiki/api/v2/pages?cursor=a",
        "//evil.example/wiki/api/v2/pages?cursor=a",
        "https://api.atlassian.com?cursor=a",
        "/ex/confluence?cursor=a",
        "?cursor=a",
        "/wiki/api/v2/pages?cursor=a b",
        "/wiki/api/v2/pages?cursor=\r\nX: y",
        "",
    ] {
        assert!(!ok(&confluence::PAGES, link), "{link}");
    }
    assert!(!ok(&confluence::SPACE_PAGES, "/wiki/api/v2/spaces/../pages?cursor=a"));
}

#[test]
fn link_headers_name_the_next_page_among_others() {
    let next = next_of_link_header;
    assert_eq!(next(r#"</a?cursor=1>; rel="next""#).as_deref(), Some("/a?cursor=1"));
    assert_eq!(next(r#"</p>; rel="prev", </n?x=1,2>; type=x; rel=next"#).as_deref(), Some("/n?x=1,2"));
    assert_eq!(next(r#"<https://s/wiki>; rel="base""#), None);
    assert_eq!(next("</a"), None);
    assert_eq!(next("next"), None);
}

fn refusal(call: &'static Call, status: u16, body: &str) -> CallError {
    classify(call.into(), status, LimitHeaders::default(), body.as_bytes(), Timestamp::UNIX_EPOCH)
}

#[test]
fn s5_refusals_are_told_apart_by_what_can_be_done() {
    let call = "jira.issue.get";
    let said = |text: &str| vec![text.to_owned()];
    for (status, body, expected) in [
        (
            401,
            r#"{"code":401,"message":"Unauthorized; scope does not match"}"#,
            CallError::ScopeMissing { call },
        ),
        (401, r#"{"code":401,"message":"Unauthorized"}"#, CallError::TokenRejected { call }),
        (401, "", CallError::TokenRejected { call }),
        (
            403,
            r#"{"code":403,"message":"The app is not installed on this instance"}"#,
            CallError::NotInstalled { call },
        ),
        (
            403,
            r#"{"errorMessages":["The app is not installed on this instance."]}"#,
            CallError::NotInstalled { call },
        ),
        (
            403,
            r#"{"message":"Current user not permitted to use Confluence","statusCode":403}"#,
            CallError::ProductAccessLost { call, product: Product::Confluence },
        ),
        (403, "Forbidden", CallError::Forbidden { call, messages: vec![] }),
        (
            404,
            r#"{"errors":[{"status":404,"code":"NOT_FOUND","title":"Not Found","detail":null}]}"#,
            CallError::NotFound { call },
        ),
        (
            410,
            r#"{"errorMessages":["The requested API has been removed."],"errors":{}}"#,
            CallError::Gone { call, messages: said("The requested API has been removed.") },
        ),
        (
            400,
            r#"{"errorMessages":[],"errors":{"jql":"bad"}}"#,
            CallError::BadRequest { call, messages: said("jql: bad") },
        ),
        (409, "{}", CallError::TooLarge { call, status: 409 }),
        (413, "", CallError::TooLarge { call, status: 413 }),
        (504, "", CallError::TooLarge { call, status: 504 }),
        (503, "", CallError::Unavailable { call, status: 503, retry_after: None }),
        (418, "", CallError::Unexpected { call, status: 418, messages: vec![] }),
        (303, "", CallError::Unexpected { call, status: 303, messages: vec![] }),
    ] {
        assert_eq!(refusal(&jira::ISSUE, status, body), expected);
    }
    assert!(matches!(refusal(&jira::ISSUE_EDIT, 409, "{}"), CallError::Conflict { .. }));
}

#[test]
fn r2_a_throttle_is_the_gateways_by_its_mark_alone() {
    for (sent, understood) in [
        (Some(ThrottleReason::Gateway), ThrottleReason::Gateway),
        (None, ThrottleReason::Unknown("no reason was given".to_owned())),
    ] {
        let resets_at = Some(Timestamp::from_second(90).unwrap());
        let limits = LimitHeaders { reason: sent, resets_at, ..LimitHeaders::default() };
        let error = classify((&jira::ISSUE).into(), 429, limits, b"", Timestamp::from_second(30).unwrap());
        assert_eq!(
            error,
            CallError::Throttled {
                call: "jira.issue.get",
                product: Some(Product::Jira),
                reason: understood,
                retry_after: Some(Duration::from_mins(1)),
            }
        );
    }
}

#[test]
fn l10_errors_keep_little_of_what_upstream_says() {
    let long = format!(r#"{{"message":"{}"}}"#, "x".repeat(9000));
    assert!(refusal(&jira::ISSUE, 400, &long).to_string().len() < 400);
    let many = format!(r#"{{"errorMessages":[{}"a"]}}"#, r#""b","#.repeat(100));
    let CallError::BadRequest { messages, .. } = refusal(&jira::ISSUE, 400, &many) else {
        panic!("a bad request")
    };
    assert_eq!(messages.len(), 4);
}

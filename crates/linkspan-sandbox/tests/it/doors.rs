//! The two doors to a product: the gateway for bearer tokens, the site host for e-mail and API token.

use serde_json::{Value, json};

use crate::support::{JIRA_SCOPES, Lab, answer, text};

async fn jira(lab: &Lab, token: &str, path: &str) -> (u16, Value) {
    let path = format!("/ex/jira/{}{path}", lab.site(0));
    answer(lab.get(&path).bearer_auth(token).send().await.unwrap()).await
}

async fn confluence(lab: &Lab, token: &str, path: &str) -> (u16, Value) {
    let path = format!("/ex/confluence/{}{path}", lab.site(0));
    answer(lab.get(&path).bearer_auth(token).send().await.unwrap()).await
}

const MISMATCH: &str = "Unauthorized; scope does not match";

#[tokio::test]
async fn l12_a_missing_scope_is_refused_with_the_gateways_exact_body() {
    let lab = Lab::start().await;
    let token = lab.token(lab.admin(), "read:jira-work").await;
    assert_eq!(
        jira(&lab, &token, "/rest/api/3/myself").await,
        (401, json!({ "code": 401, "message": MISMATCH }))
    );
}

#[tokio::test]
async fn l12_either_scope_family_opens_an_operation_and_each_is_all_or_nothing() {
    let lab = Lab::start().await;
    let granular = "read:application-role:jira read:group:jira read:user:jira read:avatar:jira";
    for (scopes, status) in [
        ("read:jira-user", 200),
        (granular, 200),
        (granular.trim_end_matches(" read:avatar:jira"), 401),
        ("read:jira-work write:jira-work manage:jira-configuration", 401),
    ] {
        let token = lab.token(lab.admin(), scopes).await;
        assert_eq!(jira(&lab, &token, "/rest/api/3/myself").await.0, status, "{scopes}");
    }
}

#[tokio::test]
async fn l12_confluence_v2_wants_granular_scopes_and_v1_classic_ones() {
    let lab = Lab::start().await;
    let classic = lab.token(lab.admin(), "read:confluence-content.all search:confluence").await;
    let granular = lab.token(lab.admin(), "read:page:confluence").await;
    assert_eq!(confluence(&lab, &classic, "/wiki/api/v2/pages?limit=1").await.0, 401);
    assert_eq!(confluence(&lab, &granular, "/wiki/api/v2/pages?limit=1").await.0, 200);
    assert_eq!(confluence(&lab, &granular, "/wiki/rest/api/search?cql=type=page").await.0, 401);
    assert_eq!(confluence(&lab, &classic, "/wiki/rest/api/search?cql=type=page").await.0, 200);
    let near_miss = lab.token(lab.admin(), "read:space-details:confluence").await;
    assert_eq!(confluence(&lab, &near_miss, "/wiki/api/v2/spaces").await.0, 401);
}

#[tokio::test]
async fn the_gateway_takes_confluence_with_and_without_the_wiki_segment() {
    let lab = Lab::start().await;
    let token = lab.token(lab.admin(), "read:page:confluence").await;
    let with = confluence(&lab, &token, "/wiki/api/v2/pages?limit=2").await;
    assert_eq!(with.0, 200);
    assert_eq!(with, confluence(&lab, &token, "/api/v2/pages?limit=2").await);
}

#[tokio::test]
async fn a_gateway_call_without_a_good_token_is_unauthorized() {
    let lab = Lab::start().await;
    let path = format!("/ex/jira/{}/rest/api/3/serverInfo", lab.site(0));
    let expected = (401, json!({ "code": 401, "message": "Unauthorized" }));
    assert_eq!(answer(lab.get(&path).send().await.unwrap()).await, expected);
    assert_eq!(jira(&lab, "not-a-token", "/rest/api/3/serverInfo").await, expected);
    let admin = &lab.info.users[0];
    let basic = lab.get(&path).basic_auth(&admin.email, Some(&admin.api_token));
    assert_eq!(answer(basic.send().await.unwrap()).await, expected);
}

#[tokio::test]
async fn a_site_or_product_outside_the_grant_says_the_app_is_not_installed() {
    let lab = Lab::start().await;
    let pair = lab.linked(&[("scope", JIRA_SCOPES)]).await;
    let token = text(&pair, "access_token");
    let expected = (403, json!({ "code": 403, "message": "The app is not installed on this instance" }));
    let other_site = lab.get(&format!("/ex/jira/{}/rest/api/3/myself", lab.site(1))).bearer_auth(token);
    assert_eq!(answer(other_site.send().await.unwrap()).await, expected);
    assert_eq!(confluence(&lab, token, "/wiki/api/v2/pages").await, expected);
    let unknown =
        lab.get("/ex/jira/00000000-0000-0000-0000-000000000000/rest/api/3/myself").bearer_auth(token);
    assert_eq!(unknown.send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn l5_an_expired_token_is_answered_in_the_chosen_dialect() {
    let lab = Lab::start().await;
    let token = lab.token(lab.admin(), "read:jira-user read:page:confluence search:confluence").await;
    lab.advance(3600).await;
    let unauthorized = (401, json!({ "code": 401, "message": "Unauthorized" }));
    assert_eq!(jira(&lab, &token, "/rest/api/3/myself").await, unauthorized);
    lab.control("POST", "settings", json!({ "tokens": { "expired_access_token": "looks_ordinary" } })).await;
    let not_found =
        json!({ "errors": [{ "status": 404, "code": "NOT_FOUND", "title": "Not Found", "detail": null }] });
    assert_eq!(confluence(&lab, &token, "/wiki/api/v2/pages").await, (404, not_found));
    assert_eq!(confluence(&lab, &token, "/wiki/rest/api/search?cql=type=page").await.0, 403);
    assert_eq!(jira(&lab, &token, "/rest/api/3/myself").await.0, 403);
}

#[tokio::test]
async fn the_site_host_takes_email_and_api_token_and_refuses_bearer_tokens() {
    let lab = Lab::start().await;
    let admin = &lab.info.users[0];
    let basic = |path: &str| lab.get(path).basic_auth(&admin.email, Some(&admin.api_token));
    let (status, myself) = answer(basic("/rest/api/3/myself").send().await.unwrap()).await;
    assert_eq!((status, text(&myself, "accountId")), (200, lab.admin()));
    assert_eq!(basic("/wiki/api/v2/pages").send().await.unwrap().status(), 200);
    for site in 0..3 {
        let path = format!("/s/{}/rest/api/3/myself", lab.site(site));
        assert_eq!(basic(&path).send().await.unwrap().status(), 200, "site {site}");
    }
    let token = lab.token(lab.admin(), JIRA_SCOPES).await;
    let expected =
        json!({ "message": "Client must be authenticated to access this resource.", "status-code": 401 });
    for path in ["/rest/api/3/myself", "/rest/api/3/serverInfo", "/wiki/api/v2/pages"] {
        let (status, body) = answer(lab.get(path).bearer_auth(&token).send().await.unwrap()).await;
        assert_eq!((status, body), (401, expected.clone()), "{path}");
    }
    let wrong = lab.get("/rest/api/3/serverInfo").basic_auth(&admin.email, Some("wrong"));
    assert_eq!(wrong.send().await.unwrap().status(), 401);
}

#[tokio::test]
async fn nobody_may_call_what_the_documents_open_to_anonymous_visitors() {
    let lab = Lab::start().await;
    assert_eq!(lab.get("/rest/api/3/serverInfo").send().await.unwrap().status(), 200);
    assert_eq!(lab.get("/rest/api/3/auditing/record").send().await.unwrap().status(), 401);
}

#[tokio::test]
async fn a_site_tells_its_cloud_id_to_anybody() {
    let lab = Lab::start().await;
    let (_, first) = answer(lab.get("/_edge/tenant_info").send().await.unwrap()).await;
    assert_eq!(first, json!({ "cloudId": lab.site(0) }));
    let second = lab.get(&format!("/s/{}/_edge/tenant_info", lab.site(1)));
    assert_eq!(answer(second.send().await.unwrap()).await.1, json!({ "cloudId": lab.site(1) }));
}

#[tokio::test]
async fn any_host_header_is_served() {
    let lab = Lab::start().await;
    let response =
        lab.get("/rest/api/3/serverInfo").header("host", "acme.atlassian.net").send().await.unwrap();
    assert_eq!(response.status(), 200);
}

#[tokio::test]
async fn who_lost_confluence_is_told_so() {
    let lab = Lab::start().await;
    let token = lab.token(lab.admin(), "read:page:confluence").await;
    assert_eq!(confluence(&lab, &token, "/wiki/api/v2/pages?limit=1").await.0, 200);
    let outsider = lab.handle.state().world().directory().iter().find(|account| {
        let content = lab.handle.state().world().main_site().read();
        let reader = content.reader(linkspan_sandbox::world::Viewer::Account(account.index));
        reader.signed_in && !reader.admin && !content.may_use_confluence(&reader)
    });
    let Some(outsider) = outsider else { panic!("the generated site has nobody without Confluence") };
    let token = lab.token(&outsider.account_id, "read:page:confluence").await;
    let expected = json!({ "message": "Current user not permitted to use Confluence", "statusCode": 403 });
    assert_eq!(confluence(&lab, &token, "/wiki/api/v2/pages").await, (403, expected));
}

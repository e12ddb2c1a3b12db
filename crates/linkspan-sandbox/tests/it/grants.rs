//! One grant per app and account; the sites and the identity behind a token.

use serde_json::{Value, json};

use crate::support::{Lab, answer, text};

#[tokio::test]
async fn l7_resources_list_a_site_once_per_product_with_that_products_scopes() {
    let lab = Lab::start().await;
    let scopes = "read:jira-work search:confluence read:me offline_access";
    let pair = lab.linked(&[("scope", scopes)]).await;
    let resources = lab.resources(text(&pair, "access_token")).await;
    insta::assert_json_snapshot!(resources, { "[].avatarUrl" => "[address]" });
    assert_eq!(resources[0]["id"], resources[1]["id"]);
}

#[tokio::test]
async fn l7_only_consented_sites_are_listed_and_none_is_an_empty_list() {
    let lab = Lab::start().await;
    let pair = lab.linked(&[("cloud_id", lab.site(1)), ("scope", "read:jira-work")]).await;
    let resources = lab.resources(text(&pair, "access_token")).await;
    assert_eq!(ids(&resources), [lab.site(1)]);
    let nowhere = lab.control("POST", "token", json!({ "account_id": lab.admin(), "cloud_ids": [] })).await;
    assert_eq!(lab.resources(text(&nowhere, "access_token")).await, json!([]));
}

#[tokio::test]
async fn l8_a_second_consent_adds_its_site_and_tokens_already_issued_work_there() {
    let lab = Lab::start().await;
    let first = lab.linked(&[("scope", "read:jira-user")]).await;
    assert_eq!(lab.myself(text(&first, "access_token"), 1).await, 403);
    lab.linked(&[("scope", "read:jira-user"), ("cloud_id", lab.site(1))]).await;
    assert_eq!(lab.myself(text(&first, "access_token"), 1).await, 200);
    assert_eq!(ids(&lab.resources(text(&first, "access_token")).await), [lab.site(0), lab.site(1)]);
}

#[tokio::test]
async fn l12_a_second_consent_replaces_the_scopes() {
    let lab = Lab::start().await;
    let first = lab.linked(&[("scope", "read:jira-user read:jira-work offline_access")]).await;
    lab.linked(&[("scope", "read:jira-work offline_access")]).await;
    assert_eq!(lab.myself(text(&first, "access_token"), 0).await, 401);
    let (_, refreshed) = lab.refresh(text(&first, "refresh_token")).await;
    assert_eq!(text(&refreshed, "scope"), "read:jira-work offline_access");
}

#[tokio::test]
async fn l8_resource_level_tokens_never_leave_their_site() {
    let lab = Lab::start().await;
    let app = crate::console::create_app(&lab, "Per site", "resource").await;
    let secret = crate::console::secret_of(&lab, &app).await;
    let mut pairs = Vec::new();
    for site in [0, 1] {
        let changes = [
            ("client_id", app.as_str()),
            ("redirect_uri", crate::console::CALLBACK),
            ("scope", "read:jira-user"),
            ("cloud_id", lab.site(site)),
        ];
        let call = json!({
            "grant_type": "authorization_code", "code": lab.code(&changes).await, "redirect_uri": crate::console::CALLBACK,
            "client_id": app, "client_secret": secret,
        });
        pairs.push(lab.token_call(call).await.1);
    }
    for (site, other) in [(0, 1), (1, 0)] {
        let token = text(&pairs[site], "access_token");
        assert_eq!((lab.myself(token, site).await, lab.myself(token, other).await), (200, 403));
        assert_eq!(ids(&lab.resources(token).await), [lab.site(site)]);
    }
}

#[tokio::test]
async fn a_testers_token_does_not_touch_the_grant_of_the_product_unless_it_says_so() {
    let lab = Lab::start().await;
    let product = lab.linked(&[("scope", "read:jira-user")]).await;
    lab.token(lab.admin(), "read:jira-work").await;
    assert_eq!(lab.myself(text(&product, "access_token"), 0).await, 200);
    lab.control(
        "POST",
        "token",
        json!({ "account_id": lab.admin(), "scopes": ["read:jira-work"], "consent": true }),
    )
    .await;
    assert_eq!(lab.myself(text(&product, "access_token"), 0).await, 401);
}

#[tokio::test]
async fn a_revoked_grant_works_nowhere() {
    let lab = Lab::start().await;
    let pair = lab.linked(&[]).await;
    let ended = lab.control("POST", "revoke", json!({ "account_id": lab.admin() })).await;
    assert_eq!(ended, json!({ "ended": 1 }));
    assert_eq!(lab.myself(text(&pair, "access_token"), 0).await, 401);
    assert_eq!(lab.refresh(text(&pair, "refresh_token")).await.0, 403);
    let resources = lab.get("/oauth/token/accessible-resources").bearer_auth(text(&pair, "access_token"));
    assert_eq!(
        answer(resources.send().await.unwrap()).await,
        (401, json!({ "code": 401, "message": "Unauthorized" }))
    );
}

#[tokio::test]
async fn me_needs_its_scope_and_tells_who_consented() {
    let lab = Lab::start().await;
    let token = lab.token(lab.admin(), "read:me").await;
    let me = answer(lab.get("/me").bearer_auth(&token).send().await.unwrap()).await.1;
    assert_eq!(text(&me, "account_id"), lab.admin());
    assert_eq!(text(&me, "email"), lab.info.users[0].email);
    let members: Vec<&String> = me.as_object().unwrap().keys().collect();
    insta::assert_json_snapshot!(members);
    let without = lab.token(lab.admin(), "read:jira-work").await;
    let refused = answer(lab.get("/me").bearer_auth(&without).send().await.unwrap()).await;
    assert_eq!(refused, (401, json!({ "code": 401, "message": "Unauthorized; scope does not match" })));
}

fn ids(resources: &Value) -> Vec<&str> {
    resources.as_array().unwrap().iter().map(|resource| text(resource, "id")).collect()
}

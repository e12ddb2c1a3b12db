//! The consent screen and what can stop it.

use serde_json::json;

use crate::support::{Lab, answer, location, query_of, text};

#[tokio::test]
async fn the_consent_screen_shows_app_scopes_accounts_and_sites_and_loads_nothing_else() {
    let lab = Lab::start().await;
    let query = lab.consent_form(&[("scope", "read:jira-work read:me offline_access")]);
    let response = lab.get("/authorize").query(&query).send().await.unwrap();
    assert_eq!(response.status(), 200);
    let policy = response.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
    let page = response.text().await.unwrap();
    for expected in [
        "Linkspan demo",
        "Read all Jira projects and issues you can see, with comments and attachments",
        "Keep all of this access while you are not there",
        "Atlassian has not reviewed this app",
        "<fieldset>\n<legend>Your account</legend>",
        &format!("value=\"{}\" required", lab.site(2)),
        &format!("value=\"{}\" checked", lab.admin()),
        "name=\"decision\" value=\"decline\"",
        "prefers-color-scheme: dark",
    ] {
        assert!(page.contains(expected), "the page lacks {expected}");
    }
    assert!(!page.contains("<script") && !page.contains("<link") && !page.contains("src="));
}

#[tokio::test]
async fn accepting_returns_to_the_callback_with_code_and_state() {
    let lab = Lab::start().await;
    let response = lab.submit(&lab.consent_form(&[("state", "a b&c=ü")])).await;
    assert_eq!(response.status(), 302);
    let location = location(&response);
    assert!(location.starts_with(&format!("{}?", lab.info.redirect_uri)));
    assert_eq!(query_of(&location, "state").as_deref(), Some("a b&c=ü"));
    assert!(query_of(&location, "code").is_some_and(|code| code.len() >= 32));
}

#[tokio::test]
async fn declining_returns_access_denied_and_no_code() {
    let lab = Lab::start().await;
    let response = lab.submit(&lab.consent_form(&[("decision", "decline")])).await;
    assert_eq!(response.status(), 302);
    let location = location(&response);
    assert_eq!(query_of(&location, "error").as_deref(), Some("access_denied"));
    assert!(query_of(&location, "error_description").is_some());
    assert_eq!(query_of(&location, "state").as_deref(), Some("s-1"));
    assert_eq!(query_of(&location, "code"), None);
}

/// Every row stops on a page of its own, on the way in and on the way out, and never redirects.
#[tokio::test]
async fn l9_a_request_that_cannot_be_trusted_stops_on_a_page_without_redirect() {
    let lab = Lab::start().await;
    for (changes, status, heading) in [
        ([("client_id", "nobody")], 400, "Unknown app"),
        ([("redirect_uri", "http://localhost:8080/oauth/callback")], 400, "The callback does not match"),
        ([("redirect_uri", "")], 400, "The callback does not match"),
        ([("response_type", "token")], 400, "The request is malformed"),
        ([("audience", "")], 400, "The request is malformed"),
        ([("scope", " ")], 400, "The request is malformed"),
        ([("scope", "read:jira-work read:everything")], 400, "The app asks for too much"),
    ] {
        let form = lab.consent_form(&changes);
        for response in [lab.submit(&form).await, lab.get("/authorize").query(&form).send().await.unwrap()] {
            assert_eq!(response.status(), status, "{changes:?}");
            assert!(response.headers().get("location").is_none());
            assert!(response.text().await.unwrap().contains(&format!("<h1>{heading}</h1>")), "{changes:?}");
        }
    }
}

#[tokio::test]
async fn an_unknown_account_and_a_missing_site_stop_the_answer() {
    let lab = Lab::start().await;
    for (changes, heading) in [
        ([("account_id", "nobody")], "No such account"),
        ([("email", "nobody@example.com")], "No such account"),
        ([("cloud_id", "")], "No site chosen"),
    ] {
        let response = lab.submit(&lab.consent_form(&changes)).await;
        assert_eq!(response.status(), 400);
        assert!(response.text().await.unwrap().contains(heading), "{changes:?}");
    }
}

#[tokio::test]
async fn another_account_can_be_named_by_its_address() {
    let lab = Lab::start().await;
    let member = lab.info.users.iter().find(|user| !user.is_admin).unwrap();
    let pair = lab.linked(&[("email", &member.email.to_uppercase()), ("scope", "read:me")]).await;
    let me = answer(lab.get("/me").bearer_auth(text(&pair, "access_token")).send().await.unwrap()).await.1;
    assert_eq!(text(&me, "account_id"), member.account_id);
}

#[tokio::test]
async fn text_from_the_request_cannot_break_out_of_the_page() {
    let lab = Lab::start().await;
    let query = lab.consent_form(&[("state", "\"><script>alert(1)</script>")]);
    let page = lab.get("/authorize").query(&query).send().await.unwrap().text().await.unwrap();
    assert!(!page.contains("<script>"));
}

#[tokio::test]
async fn a_blocked_site_stops_people_but_not_its_admin_and_then_no_one() {
    let lab = Lab::start().await;
    lab.control("POST", "settings", json!({ "blocked_sites": [lab.site(0)] })).await;
    let of_member = lab.consent_form(&[("account_id", lab.member())]);
    let blocked = lab.submit(&of_member).await;
    assert_eq!(blocked.status(), 403);
    let page = blocked.text().await.unwrap();
    assert!(
        page.contains("App is blocked by an admin")
            && page.contains(&lab.info.sites[0].name)
            && page.contains("Linkspan demo")
    );
    lab.linked(&[]).await;
    assert_eq!(
        lab.submit(&of_member).await.status(),
        302,
        "an admin installed the app: people may use it now"
    );
}

#[tokio::test]
async fn an_unshared_app_is_for_its_owner_alone_until_it_is_shared() {
    let lab = Lab::start().await;
    let app = crate::console::create_app(&lab, "Private", "account").await;
    let of = |account: &str| {
        lab.consent_form(&[
            ("client_id", &app),
            ("redirect_uri", crate::console::CALLBACK),
            ("scope", "read:jira-work"),
            ("account_id", account),
        ])
    };
    let refused = lab.submit(&of(lab.member())).await;
    assert_eq!(refused.status(), 403);
    assert!(refused.text().await.unwrap().contains("You cannot use this app"));
    assert_eq!(lab.submit(&of(lab.admin())).await.status(), 302);
    crate::console::share(&lab, &app).await;
    assert_eq!(lab.submit(&of(lab.member())).await.status(), 302);
}

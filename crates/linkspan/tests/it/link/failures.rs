//! Everything that can stop a customer at Atlassian: each has a page that says what to do, and none costs the link.

use serde_json::json;

use super::{Customer, Linking, Page, tiny_world};

/// A link that is stopped, and what the customer then sees.
async fn stopped(linking: &Linking, changes: &[(&str, &str)]) -> (String, Page) {
    let token = linking.link_token("acme", "jira").await;
    let page = linking.pass(&mut Customer::new(), &token, "jira", changes).await;
    assert!(!page.html.contains(linking.upstream.text("/client_secret")));
    assert_eq!(linking.account_count().await, 0, "nothing was linked");
    (token, page)
}

/// The page offers to try again, and trying again leads to the end.
async fn then_it_works(linking: &Linking, token: &str, page: &Page) {
    assert_eq!(page.retry(), Some(format!("/link/{token}")), "{}", page.html);
    let done = linking.pass(&mut Customer::new(), token, "jira", &[]).await;
    linking.exchange(&done).await;
}

#[tokio::test]
async fn a_customer_who_declines_can_change_his_mind() {
    let linking = Linking::start().await;
    let (token, page) = stopped(&linking, &[("decision", "decline")]).await;
    page.is_problem(200, "declined", "You declined");
    then_it_works(&linking, &token, &page).await;
}

#[tokio::test]
async fn an_error_that_atlassian_sends_back_is_shown_as_text() {
    let linking = Linking::start().await;
    let token = linking.link_token("acme", "jira").await;
    let mut browser = Customer::new();
    for (answer, shown) in [
        ("error=%3Cscript%3Ealert(1)%3C%2Fscript%3E", "&lt;script&gt;"),
        ("error=server_error&error_description=x", "server_error"),
        ("nothing=at-all", "neither a code nor an error"),
    ] {
        let address = linking.start_link(&mut browser, &token, "jira").await;
        let state = state_of(&address);
        let page = browser.get(&format!("{}/oauth/callback?{answer}&state={state}", linking.address)).await;
        page.is_problem(502, "atlassian_error", "Atlassian stopped the connection");
        assert!(page.html.contains(shown) && !page.html.contains("<script>"), "{}", page.html);
    }
}

pub(crate) fn state_of(address: &str) -> String {
    let url = url::Url::parse(address).unwrap();
    url.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned()
}

#[tokio::test]
async fn l7_an_account_without_a_site_is_told_so() {
    let linking = Linking::start().await;
    linking.accessible_resources_are(json!([]), 1).await;
    let (token, page) = stopped(&linking, &[]).await;
    page.is_problem(200, "no_site", "No site to connect");
    then_it_works(&linking, &token, &page).await;
}

#[tokio::test]
async fn l6_tokens_without_a_refresh_token_are_refused() {
    let linking = Linking::start().await;
    linking.fault(json!({ "kind": "no_refresh_token", "count": 1 })).await;
    let (token, page) = stopped(&linking, &[]).await;
    page.is_problem(502, "no_refresh_token", "The connection would not last");
    assert!(page.html.contains("offline_access"), "{}", page.html);
    let granted = [("scope", "read:me read:jira-work read:jira-user")];
    let page = linking.pass(&mut Customer::new(), &token, "jira", &granted).await;
    page.is_problem(502, "no_refresh_token", "The connection would not last");
    assert_eq!(linking.account_count().await, 0);
}

#[tokio::test]
async fn a_code_that_atlassian_does_not_know_is_refused() {
    let linking = Linking::start().await;
    let token = linking.link_token("acme", "jira").await;
    let mut browser = Customer::new();
    let address = linking.start_link(&mut browser, &token, "jira").await;
    let callback =
        format!("{}/oauth/callback?code=never-issued&state={}", linking.address, state_of(&address));
    let page = browser.get(&callback).await;
    page.is_problem(502, "code_refused", "Atlassian did not confirm your agreement");
    assert!(!page.html.contains("never-issued"), "{}", page.html);
    then_it_works(&linking, &token, &page).await;
}

#[tokio::test]
async fn a_wrong_client_secret_is_the_vendors_fault_and_not_taken_for_a_customer_who_declined() {
    let linking = Linking::start().await;
    linking.console("secret", &[]).await;
    let (_, page) = stopped(&linking, &[]).await;
    page.is_problem(502, "app_refused", "The connection is not set up correctly");
    assert_eq!(page.retry(), None);
}

#[tokio::test]
async fn an_outage_of_atlassian_is_said_to_pass_and_does() {
    let linking = Linking::start().await;
    let mut latest = None;
    for path in ["/oauth/token", "/me", "/oauth/token/accessible-resources"] {
        for fault in [
            json!({ "kind": "status", "status": 503, "path": path }),
            json!({ "kind": "status", "status": 429, "path": path, "retry_after": "5" }),
            json!({ "kind": "status", "status": 200, "path": path, "body": "<html>maintenance</html>" }),
            json!({ "kind": "no_reply", "path": path }),
            json!({ "kind": "cut_body", "path": path }),
        ] {
            linking.fault(fault.clone()).await;
            let (token, page) = stopped(&linking, &[]).await;
            page.is_problem(502, "unavailable", "Atlassian does not answer");
            assert!(page.retry().is_some(), "{fault}: {}", page.html);
            linking.clear_faults().await;
            latest = Some((token, page));
        }
    }
    let (token, page) = latest.unwrap();
    then_it_works(&linking, &token, &page).await;
}

#[tokio::test]
async fn l12_each_scope_that_is_missing_is_named_or_does_not_stop_the_link() {
    let linking = Linking::start().await;
    let token = linking.link_token("acme", "jira").await;
    let address = linking.start_link(&mut Customer::new(), &token, "jira").await;
    let url = url::Url::parse(&address).unwrap();
    let asked = url.query_pairs().find(|(name, _)| name == "scope").unwrap().1.into_owned();
    let scopes: Vec<&str> = asked.split(' ').collect();
    assert!(scopes.len() > 5, "{asked}");
    for missing in &scopes {
        let granted = scopes.iter().filter(|scope| *scope != missing).copied().collect::<Vec<_>>().join(" ");
        let before = linking.account_count().await;
        let token = linking.link_token(missing, "jira").await;
        let page = linking.pass(&mut Customer::new(), &token, "jira", &[("scope", &granted)]).await;
        match *missing {
            "offline_access" => page.is_problem(502, "no_refresh_token", "The connection would not last"),
            "read:jira-work" => {
                page.is_problem(502, "missing_scopes", "Permissions are missing");
                assert!(page.html.contains(missing), "{}", page.html);
            }
            _ => {
                linking.exchange(&page).await;
                assert_eq!(linking.account_count().await, before + 1, "{missing}");
                continue;
            }
        }
        assert_eq!(linking.account_count().await, before, "{missing}");
    }
}

#[tokio::test]
async fn l12_a_consent_without_any_scope_of_the_product_names_what_it_lacks() {
    let linking = Linking::start().await;
    for (integration, granted, missing) in [
        ("jira", "offline_access read:me search:confluence read:space:confluence", "read:jira-work"),
        ("confluence", "offline_access read:me read:jira-work read:jira-user", "read:space:confluence"),
    ] {
        let token = linking.link_token("acme", integration).await;
        let page = linking.pass(&mut Customer::new(), &token, integration, &[("scope", granted)]).await;
        page.is_problem(502, "missing_scopes", "Permissions are missing");
        assert!(page.html.contains(missing), "{}", page.html);
    }
    assert_eq!(linking.account_count().await, 0);
}

#[tokio::test]
async fn l12_an_app_that_asks_for_too_little_is_told_what_it_lacks() {
    let scopes = "offline_access read:me read:jira-user";
    let linking = Linking::with(tiny_world(), &["--scopes", scopes]).await;
    let (_, page) = stopped(&linking, &[]).await;
    page.is_problem(502, "missing_scopes", "Permissions are missing");
    assert!(page.html.contains("read:jira-work"), "{}", page.html);
}

#[tokio::test]
async fn an_address_that_atlassian_was_not_told_of_is_refused_there_without_a_redirect() {
    let linking = Linking::without_callback(tiny_world(), &[]).await;
    let token = linking.link_token("acme", "jira").await;
    let mut browser = Customer::new();
    let address = linking.start_link(&mut browser, &token, "jira").await;
    let choice = [("account_id", linking.person(0)), ("cloud_id", linking.site(0)), ("decision", "accept")];
    for page in [browser.get(&address).await, browser.consent(&address, &choice).await] {
        assert_eq!((page.status, page.location.as_deref()), (400, None));
        assert_eq!(page.heading(), "The callback does not match");
    }
}

#[tokio::test]
async fn an_admin_who_blocks_apps_stops_the_customer_at_atlassian() {
    let linking = Linking::start().await;
    let blocked = json!({ "blocked_sites": [linking.site(0)] });
    linking.upstream.control.post("settings", &blocked).await;
    let person =
        linking.upstream.info["users"].as_array().unwrap().iter().find(|user| user["is_admin"] == false);
    let token = linking.link_token("acme", "jira").await;
    let mut browser = Customer::new();
    let address = linking.start_link(&mut browser, &token, "jira").await;
    let account = person.unwrap()["account_id"].as_str().unwrap();
    let choice = [("account_id", account), ("cloud_id", linking.site(0)), ("decision", "accept")];
    let page = browser.consent(&address, &choice).await;
    assert_eq!((page.status, page.heading().as_str()), (403, "App is blocked by an admin"));
    assert_eq!(page.location, None);
}

#[tokio::test]
async fn what_is_not_a_link_has_a_page_that_says_so() {
    let linking = Linking::start().await;
    let unknown = format!("lsl_{}", "A".repeat(43));
    let mut browser = Customer::new();
    for token in ["x", &unknown, "%00", "%ff", "..%2F..%2Fetc", &"y".repeat(4000)] {
        let page = browser.get(&linking.link_page(token)).await;
        page.is_problem(404, "unknown_link", "This link is not known");
    }
    let start =
        browser.post(&format!("{}/start", linking.link_page(&unknown)), &[("integration", "jira")]).await;
    start.is_problem(404, "unknown_link", "This link is not known");
    let form = [("form_token", "linkspan_x"), ("cloud_id", linking.site(0))];
    let site = browser.post(&format!("{}/site", linking.link_page(&unknown)), &form).await;
    site.is_problem(404, "unknown_link", "This link is not known");
}

#[tokio::test]
async fn what_a_link_does_not_offer_cannot_be_chosen() {
    let linking = Linking::start().await;
    let token = linking.link_token("acme", "jira").await;
    let mut browser = Customer::new();
    let start = format!("{}/start", linking.link_page(&token));
    let page = browser.post(&start, &[("integration", "confluence")]).await;
    page.is_problem(400, "not_offered", "That cannot be connected with this link");
    assert_eq!(page.retry(), Some(format!("/link/{token}")));
    for form in [&[("integration", "bitbucket")][..], &[], &[("other", "x")]] {
        let page = browser.post(&start, form).await;
        assert_eq!((page.status, page.location), (303, Some(format!("/link/{token}"))));
    }
}

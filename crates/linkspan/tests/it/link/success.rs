//! The way as it should be.

use std::collections::HashMap;

use linkspan_atlassian::calls::{GUIDE_M, GUIDE_U, Guide};
use serde_json::json;
use url::Url;

use super::{Customer, Linking, VENDOR, tiny_world};

/// From the link token to records, for one integration.
async fn goes_all_the_way(linking: &Linking, integration: &str, category: &str, list: &str) {
    let token = linking.link_token(integration, integration).await;
    let mut browser = Customer::new();
    let page = browser.get(&linking.link_page(&token)).await;
    assert_eq!(page.status, 200);
    assert_eq!(page.heading(), format!("{VENDOR} asks to read your Atlassian site"));
    assert!(page.html.contains("Stay connected while you are away"), "{}", page.html);
    assert!(page.html.contains(&format!("{integration} Ltd")), "{}", page.html);
    page.is_careful();

    let address = linking.start_link(&mut browser, &token, integration).await;
    let asked = Url::parse(&address).unwrap();
    let query: HashMap<String, String> = asked.query_pairs().into_owned().collect();
    assert_eq!(query["audience"], "api.atlassian.com");
    assert_eq!((query["response_type"].as_str(), query["prompt"].as_str()), ("code", "consent"));
    assert_eq!(query["client_id"], linking.upstream.text("/client_id"));
    assert_eq!(query["redirect_uri"], format!("{}/oauth/callback", linking.base_url()));
    assert!(query["scope"].split(' ').any(|scope| scope == "offline_access"), "{}", query["scope"]);

    let consent = browser.get(&address).await;
    assert_eq!(consent.status, 200);
    assert!(consent.html.contains("Linkspan demo"), "the consent screen names the app");
    let callback = linking.consent(&mut browser, &address, 0).await;
    let done = browser.get(&callback).await;
    done.is_careful();
    assert!(done.html.contains(linking.upstream.text("/sites/0/name")), "{}", done.html);
    let account = linking.exchange(&done).await;

    let (status, details) = linking.get(&format!("/api/{category}/v1/account-details"), Some(&account)).await;
    assert_eq!(status, 200);
    let expected = json!({
        "id": account.id,
        "integration_slug": integration,
        "category": category,
        "end_user_origin_id": integration,
        "end_user_organization_name": format!("{integration} Ltd"),
        "end_user_email_address": format!("it@{integration}.example"),
        "status": "COMPLETE",
        "instance_id": linking.site(0),
        "instance_display_value": linking.upstream.text("/sites/0/url"),
    });
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&details[name], value, "{name}");
    }
    linking.first_records(&format!("/api/{category}/v1/{list}"), &account).await;
}

#[tokio::test]
async fn a_customer_links_jira() {
    goes_all_the_way(&Linking::start().await, "jira", "ticketing", "tickets").await;
}

#[tokio::test]
async fn a_customer_links_jira_service_management() {
    let linking = Linking::start().await;
    goes_all_the_way(&linking, "jira-service-management", "ticketing", "users").await;
}

#[tokio::test]
async fn a_customer_links_confluence() {
    goes_all_the_way(&Linking::start().await, "confluence", "knowledgebase", "articles").await;
}

/// Links all three integrations with an app that asks for just what a guide lists, and sees the gaps named with a remedy.
async fn links_with_a_guide(guide: &Guide) {
    let scopes = format!("{} offline_access", guide.scopes.join(" "));
    let linking = Linking::with(tiny_world(), &["--scopes", &scopes]).await;
    for (integration, category, list) in [
        ("jira", "ticketing", "tickets"),
        ("jira-service-management", "ticketing", "users"),
        ("confluence", "knowledgebase", "articles"),
    ] {
        let account = linking.link(integration, integration).await;
        linking.first_records(&format!("/api/{category}/v1/{list}"), &account).await;
    }
    let (status, sources) = linking.get("/v1/sources", None).await;
    assert_eq!(status, 200);
    let sources = sources["results"].as_array().unwrap();
    assert_eq!(sources.len(), 2, "one site with two products");
    for source in sources {
        let (_, source) = linking.get(&format!("/v1/sources/{}", source["id"].as_str().unwrap()), None).await;
        let gaps = source["gaps"].as_array().unwrap();
        assert!(!gaps.is_empty(), "no guide opens everything");
        assert!(
            gaps.iter().all(|gap| gap["missing_scopes"].as_array().is_some_and(|scopes| !scopes.is_empty()))
        );
        assert!(!source["remedy"]["steps"].as_array().unwrap().is_empty(), "{source}");
        for account in source["linked_accounts"].as_array().unwrap() {
            let page = Customer::new().get(account["consent_url"].as_str().unwrap()).await;
            assert!(page.status < 400, "{}", page.html);
        }
    }
}

#[tokio::test]
async fn l12_a_customer_links_every_integration_with_guide_us_scopes() {
    links_with_a_guide(&GUIDE_U).await;
}

#[tokio::test]
async fn l12_a_customer_links_every_integration_with_guide_ms_scopes() {
    links_with_a_guide(&GUIDE_M).await;
}

#[tokio::test]
async fn a_link_without_an_integration_offers_all_of_its_categories() {
    let linking = Linking::start().await;
    let order = json!({
        "end_user_origin_id": "acme",
        "end_user_organization_name": "Acme & <Sons>",
        "end_user_email_address": "it@acme.example",
        "categories": ["ticketing", "knowledgebase"],
        "link_expiry_mins": 10080,
        "should_create_magic_link_url": true,
    });
    let made = linking.api(reqwest::Method::POST, "/api/ticketing/v1/link-token", None, Some(&order)).await.1;
    let token = made["link_token"].as_str().unwrap();
    assert_eq!(made["magic_link_url"], linking.link_page(token));
    assert!(made["integration_name"].is_null(), "{made}");
    let page = Customer::new().get(&linking.link_page(token)).await;
    for slug in ["jira", "jira-service-management", "confluence"] {
        assert!(page.html.contains(&format!("name=\"integration\" value=\"{slug}\"")), "{}", page.html);
    }
    assert!(page.html.contains("Acme &amp; &lt;Sons&gt;") && !page.html.contains("<Sons>"), "{}", page.html);
}

/// What the server sets when a link is started at this address.
async fn start_cookie(linking: &Linking, address: &str) -> String {
    let token = linking.link_token("acme", "jira").await;
    let start = format!("{address}/link/{token}/start");
    let page = Customer::new().post(&start, &[("integration", "jira")]).await;
    assert_eq!((page.status, page.header("cache-control")), (303, "no-store"));
    let [cookie] = &page.set_cookies[..] else { panic!("{:?}", page.set_cookies) };
    for attribute in ["HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    assert!(!cookie.contains("Domain"), "{cookie}");
    cookie.clone()
}

#[tokio::test]
async fn l9_the_cookie_that_binds_the_browser_is_kept_from_scripts_and_from_other_sites() {
    let linking = Linking::start().await;
    let cookie = start_cookie(&linking, linking.base_url()).await;
    assert!(!cookie.contains("Secure"), "{cookie}");
}

#[tokio::test]
async fn l9_behind_https_the_cookie_never_travels_in_the_clear() {
    // Chosen here, because the server's line tells its public address alone.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let arguments = ["--public-url", "https://vendor.example", "--listen", &free];
    let linking = Linking::with(super::tiny_world(), &arguments).await;
    assert_eq!(linking.base_url(), "https://vendor.example");
    let cookie = start_cookie(&linking, &linking.address).await;
    assert!(cookie.contains("Secure"), "{cookie}");
}

#[tokio::test]
async fn the_addresses_without_a_category_begin_and_end_a_link_too() {
    let linking = Linking::start().await;
    let order = json!({
        "end_user_origin_id": "acme",
        "end_user_organization_name": "Acme",
        "end_user_email_address": "it@acme.example",
        "categories": ["ticketing"],
    });
    for (begin, end) in [
        ("/api/integrations/create-link-token", "/api/integrations/account-token"),
        ("/ticketing/v1/link-token", "/ticketing/v1/account-token"),
        ("/api/knowledgebase/v1/link-token", "/api/knowledgebase/v1/account-token"),
    ] {
        let (status, made) = linking.api(reqwest::Method::POST, begin, None, Some(&order)).await;
        assert_eq!(status, 200, "{begin}: {made}");
        let token = made["link_token"].as_str().unwrap();
        let done = linking.pass(&mut Customer::new(), token, "jira", &[]).await;
        let account = linking.exchange(&done).await;
        let (status, again) = linking.get(&format!("{end}/{}", done.public_token()), None).await;
        assert_eq!((status, again["account_token"].as_str()), (200, Some(account.token.as_str())), "{end}");
        assert_eq!(again["integration"]["slug"], "jira");
    }
}

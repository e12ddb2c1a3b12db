//! People who prove who they are (hazard P10), with the protections of links (hazard L9).

use reqwest::Method;
use serde_json::{Value, json};
use url::Url;

use super::Bare;
use super::console::ConsoleApp;
use crate::link::customer::{Customer, Page};
use crate::link::{Linking, tiny_world};

/// A server with an app for identity alone.
async fn server(more: &[&str]) -> Bare {
    let server = Bare::start(more).await;
    let app = ConsoleApp::create(server.upstream.text("/origin"), "Who are you").await;
    app.set_callback(&server.at("/oauth/callback")).await;
    app.set_scopes("user-identity", &["read:me"]).await;
    let sharing = [("vendor_name", "Acme"), ("privacy_policy", "https://acme.example/p"), ("sharing", "on")];
    app.send("distribution", &sharing).await;
    let body = json!({ "client_id": app.client_id, "client_secret": app.client_secret });
    let (status, made) = server.api(Method::PUT, "/v1/apps/identity", Some(&body)).await;
    assert_eq!(status, 200, "{made}");
    assert_eq!(made["scopes"], json!(["read:me"]));
    server
}

impl Bare {
    async fn identity_url(&self, body: &Value) -> String {
        let (status, made) = self.api(Method::POST, "/v1/identity-tokens", Some(body)).await;
        assert_eq!(status, 200, "{made}");
        made["url"].as_str().unwrap().to_owned()
    }

    /// Starts a proof; gives the address of the consent screen.
    async fn start_identity(&self, browser: &mut Customer, url: &str) -> String {
        let page = browser.get(url).await;
        assert_eq!(page.status, 200, "{}", page.html);
        page.is_careful();
        let answer = browser.post(&format!("{url}/start"), &[]).await;
        assert_eq!(answer.status, 303, "{}", answer.html);
        answer.location.unwrap()
    }

    /// One person proves who they are.
    async fn prove(&self, reference: &str, person: usize) -> Page {
        let url = self.identity_url(&json!({ "reference": reference })).await;
        let mut browser = Customer::new();
        let authorize = self.start_identity(&mut browser, &url).await;
        let callback = self.consent(&mut browser, &authorize, person).await;
        browser.get(&callback).await
    }

    /// Sends a browser through the consent of a person; gives the code that it brings back to `done`.
    async fn brought_back(&self, url: &str, browser: &mut Customer, person: usize, done: &str) -> String {
        let authorize = self.start_identity(browser, url).await;
        let callback = self.consent(browser, &authorize, person).await;
        let answer = browser.get(&callback).await;
        assert_eq!(answer.status, 303, "{}", answer.html);
        let location = answer.location.unwrap();
        let (address, code) = location.split_once("&code=").unwrap();
        assert!(address.starts_with(&format!("{done}?status=proven&reference=")), "{location}");
        code.to_owned()
    }

    async fn redeem(&self, body: Value) -> (u16, Value) {
        self.api(Method::POST, "/v1/identity-tokens/redeem", Some(&body)).await
    }

    async fn identities(&self, query: &str) -> Vec<Value> {
        let (status, page) = self.api(Method::GET, &format!("/v1/identities{query}"), None).await;
        assert_eq!(status, 200, "{page}");
        page["results"].as_array().unwrap().clone()
    }

    /// What `/me` answers the next time.
    async fn me_is(&self, me: Value) {
        let fault = json!({ "kind": "status", "status": 200, "path": "/me", "body": me, "count": 1 });
        self.upstream.control.post("faults", &fault).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_proves_an_account_with_read_me_alone_and_no_token_is_kept() {
    let server = server(&["--identity-redirect", "https://app.acme.example/done"]).await;
    let done = "https://app.acme.example/done";
    let url = server.identity_url(&json!({ "reference": "user-7", "redirect_uri": done })).await;
    let mut browser = Customer::new();
    let authorize = server.start_identity(&mut browser, &url).await;
    let asked = Url::parse(&authorize).unwrap();
    assert_eq!(asked.query_pairs().find(|(name, _)| name == "scope").unwrap().1, "read:me");
    let code = server.brought_back(&url, &mut browser, 1, done).await;
    assert!(server.identities("").await.is_empty(), "it waits for the vendor");
    let (status, redeemed) = server.redeem(json!({ "code": code, "reference": "user-7" })).await;
    assert_eq!(status, 200, "{redeemed}");
    assert_eq!(redeemed["confirmed_by"], "redirect");
    assert_eq!(server.identities("").await, [redeemed]);

    let account_id = server.upstream.text("/users/1/account_id");
    let email = server.upstream.text("/users/1/email");
    for query in [
        String::new(),
        format!("?account_id={account_id}"),
        format!("?email={}", email.to_uppercase()),
        "?reference=user-7".to_owned(),
    ] {
        let found = server.identities(&query).await;
        assert_eq!(found.len(), 1, "{query}");
        assert_eq!(found[0]["account_id"], account_id);
        assert_eq!(found[0]["email"], email);
        assert_eq!(found[0]["superseded_at"], Value::Null);
    }
    assert!(server.identities("?email=nobody@example.com").await.is_empty());
    // Nothing was linked by it.
    let (_, accounts) = server.api(Method::GET, "/api/ticketing/v1/linked-accounts", None).await;
    assert_eq!(accounts["results"], json!([]));

    let id = server.identities("").await[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(server.api(Method::DELETE, &format!("/v1/identities/{id}"), None).await.0, 204);
    assert_eq!(server.api(Method::DELETE, &format!("/v1/identities/{id}"), None).await.0, 404);
    assert!(server.identities("").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn p10_an_address_belongs_to_the_account_that_proved_it_last() {
    let server = server(&[]).await;
    let person = |id: &str, email: Value| json!({ "account_id": id, "email": email, "email_verified": true, "name": "Kim Lee" });

    // Two people of one name are two accounts.
    server.me_is(person("account-a", json!("kim@acme.example"))).await;
    let page = server.prove("a", 1).await;
    assert_eq!(page.heading(), "✓ Thank you", "{}", page.html);
    server.me_is(person("account-b", json!("lee@acme.example"))).await;
    server.prove("b", 2).await;
    assert_eq!(server.identities("").await.len(), 2);

    // A recycled address: the older mapping is marked, the account stays proven.
    server.me_is(person("account-b", json!("Kim@acme.example"))).await;
    server.prove("b", 2).await;
    let found = server.identities("?email=kim@acme.example").await;
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0]["account_id"], "account-b");
    assert_eq!(found[0]["email"], "Kim@acme.example");
    let all = server.identities("?email=kim@acme.example&include_superseded=true").await;
    let marked: Vec<bool> = all.iter().map(|it| !it["superseded_at"].is_null()).collect();
    assert_eq!(marked, [true, false], "{all:?}");
    assert!(server.identities("?email=lee@acme.example").await.is_empty(), "the address before is forgotten");

    // Who tells the same address without its being verified takes it from nobody.
    server.me_is(json!({ "account_id": "account-c", "email": "kim@acme.example" })).await;
    server.prove("c", 3).await;
    assert_eq!(server.identities("?email=kim@acme.example").await, found);
    assert_ne!(server.identities("?account_id=account-c").await[0]["superseded_at"], Value::Null);

    // A new address heals the mark; a hidden one leaves none.
    server.me_is(person("account-a", json!("kim.new@acme.example"))).await;
    server.prove("a", 1).await;
    assert_eq!(server.identities("?account_id=account-a").await[0]["superseded_at"], Value::Null);
    server.me_is(person("account-a", Value::Null)).await;
    server.prove("a", 1).await;
    let hidden = server.identities("?reference=a").await;
    assert_eq!((&hidden[0]["email"], hidden.len()), (&Value::Null, 1), "{hidden:?}");
    assert!(server.identities("?email=kim.new@acme.example").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn l9_a_proof_counts_once_and_in_its_own_browser() {
    let server = server(&[]).await;
    let url = server.identity_url(&json!({ "end_user_origin_id": "user-1" })).await;
    let mut victim = Customer::new();
    let authorize = server.start_identity(&mut victim, &url).await;
    let callback = server.consent(&mut victim, &authorize, 1).await;

    // An attacker who gets hold of the callback, with or without a start of their own.
    let mut attacker = Customer::new();
    assert_eq!(attacker.get(&callback).await.code(), "other_browser");
    let own = server.identity_url(&json!({ "reference": "attacker" })).await;
    server.start_identity(&mut attacker, &own).await;
    assert_eq!(attacker.get(&callback).await.code(), "other_browser");
    assert!(server.identities("").await.is_empty());

    let cookies = victim.cookies.clone();
    assert_eq!(victim.get(&callback).await.heading(), "✓ Thank you");
    victim.cookies = cookies;
    assert_eq!(victim.get(&callback).await.code(), "unknown_state");
    assert_eq!(server.identities("").await.len(), 1);
    // The token was for one use.
    assert_eq!(Customer::new().get(&url).await.code(), "link_used");
    assert_eq!(Customer::new().post(&format!("{url}/start"), &[]).await.code(), "link_used");
}

#[tokio::test(flavor = "multi_thread")]
async fn l9_an_address_that_was_handed_on_binds_nobody_elses_account() {
    let done = "https://app.acme.example/done";
    let server = server(&["--identity-redirect", done]).await;
    // Mallory sends her own address to an admin, who goes through with it in a browser of the admin's.
    let url = server.identity_url(&json!({ "reference": "mallory", "redirect_uri": done })).await;
    let code = server.brought_back(&url, &mut Customer::new(), 0, done).await;
    // The vendor's page says for whom it arrived.
    let (status, refusal) = server.redeem(json!({ "code": code, "end_user_origin_id": "admin" })).await;
    assert_eq!(status, 409, "{refusal}");
    assert!(refusal["detail"].as_str().unwrap().contains("another person"), "{refusal}");
    // Whoever gets hold of the code later has nothing of it, and the address is dead.
    assert_eq!(server.redeem(json!({ "code": code, "reference": "mallory" })).await.0, 404);
    assert!(server.identities("").await.is_empty());
    assert_eq!(Customer::new().get(&url).await.code(), "link_used");

    // A code counts once; the person may begin anew until it was redeemed, and then the code before is void.
    let url = server.identity_url(&json!({ "end_user_origin_id": "user-1", "redirect_uri": done })).await;
    let mut browser = Customer::new();
    let lost = server.brought_back(&url, &mut browser, 1, done).await;
    let code = server.brought_back(&url, &mut browser, 1, done).await;
    assert_eq!(server.redeem(json!({ "code": lost, "end_user_origin_id": "user-1" })).await.0, 404);
    for expected in [200, 404] {
        assert_eq!(server.redeem(json!({ "code": code, "end_user_origin_id": "user-1" })).await.0, expected);
    }
    assert_eq!(server.redeem(json!({ "code": "lsc_nothing", "reference": "user-1" })).await.0, 404);
    assert_eq!(server.redeem(json!({ "code": code })).await.0, 400);
    let url = server.at("/v1/identity-tokens/redeem");
    let body = json!({ "code": code, "reference": "user-1" });
    let refused = crate::support::http().post(url).bearer_auth("lsk_wrong").json(&body).send().await.unwrap();
    assert_eq!(refused.status(), 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn l9_without_a_way_back_the_pages_say_for_whom_the_proof_is() {
    let server = server(&[]).await;
    let url = server.identity_url(&json!({ "reference": "<b>mallory</b>" })).await;
    let mut browser = Customer::new();
    let page = browser.get(&url).await;
    assert!(page.html.contains("&lt;b&gt;mallory&lt;&#x2f;b&gt;"), "{}", page.html);
    assert!(page.html.contains("only if that is you and you began this yourself"), "{}", page.html);
    let authorize = server.start_identity(&mut browser, &url).await;
    let callback = server.consent(&mut browser, &authorize, 0).await;
    let page = browser.get(&callback).await;
    assert_eq!(page.heading(), "✓ Thank you", "{}", page.html);
    assert!(page.html.contains("&lt;b&gt;mallory&lt;&#x2f;b&gt;"), "{}", page.html);
    assert!(page.html.contains("did not begin this yourself"), "{}", page.html);
    assert_eq!(server.identities("").await[0]["confirmed_by"], "page");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_declines_or_lacks_the_scope_proves_nothing_and_may_try_again() {
    let server = server(&[]).await;
    let url = server.identity_url(&json!({ "reference": "user-1" })).await;
    let mut browser = Customer::new();
    let authorize = server.start_identity(&mut browser, &url).await;
    let answer = browser.consent(&authorize, &[("decision", "decline")]).await;
    let page = browser.get(&answer.location.unwrap()).await;
    assert_eq!(page.code(), "declined");
    assert!(page.retry().unwrap().starts_with("/identify/"), "{}", page.html);

    // Atlassian gave a token that may not ask who it is.
    let refusal = json!({ "code": 401, "message": "Unauthorized; scope does not match" });
    let fault = json!({ "kind": "status", "status": 401, "path": "/me", "body": refusal, "count": 1 });
    server.upstream.control.post("faults", &fault).await;
    let authorize = server.start_identity(&mut browser, &url).await;
    let callback = server.consent(&mut browser, &authorize, 1).await;
    assert_eq!(browser.get(&callback).await.code(), "missing_scopes");
    assert!(server.identities("").await.is_empty());

    let authorize = server.start_identity(&mut browser, &url).await;
    let callback = server.consent(&mut browser, &authorize, 1).await;
    assert_eq!(browser.get(&callback).await.heading(), "✓ Thank you");
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_are_wrong_and_foreign_redirects_are_refused() {
    let server = server(&["--identity-redirect", "https://app.acme.example/done"]).await;
    for (body, words) in [
        (json!({}), "one of"),
        (json!({ "reference": "a", "end_user_origin_id": "b" }), "one of"),
        (json!({ "reference": " " }), "1 to 500"),
        (json!({ "reference": "a", "expiry_mins": 1 }), "5 to 10080"),
        (json!({ "reference": "a", "redirect_uri": "https://app.acme.example/done/" }), "not allowed"),
        (json!({ "reference": "a", "redirect_uri": "https://evil.example/" }), "not allowed"),
        (json!({ "reference": "a", "redirect_uri": "javascript:alert(1)" }), "not allowed"),
    ] {
        let (status, answer) = server.api(Method::POST, "/v1/identity-tokens", Some(&body)).await;
        assert_eq!(status, 400, "{body}");
        assert!(answer["detail"].as_str().unwrap().contains(words), "{answer}");
    }
    let (status, _) = server.api(Method::GET, "/v1/identities?cursor=x", None).await;
    assert_eq!(status, 400);
    assert_eq!(Customer::new().get(&server.at("/identify/lsi_nothing")).await.code(), "unknown_link");
}

#[tokio::test(flavor = "multi_thread")]
async fn identities_are_listed_page_by_page() {
    let server = server(&[]).await;
    for (number, person) in [0, 1, 2].into_iter().enumerate() {
        server.prove(&format!("user-{number}"), person).await;
    }
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let (_, page) = server.api(Method::GET, &format!("/v1/identities?page_size=1{cursor}"), None).await;
        seen.extend(page["results"].as_array().unwrap().iter().map(|it| it["reference"].clone()));
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen, [json!("user-0"), json!("user-1"), json!("user-2")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn l12_who_linked_a_site_through_the_same_app_is_asked_to_consent_to_that_again() {
    let done = "https://app.acme.example/done";
    let linking = Linking::with(tiny_world(), &["--identity-redirect", done]).await;
    linking.link("acme", "jira").await;
    let passed = async |body: Value| {
        let (_, made) = linking.api(Method::POST, "/v1/identity-tokens", None, Some(&body)).await;
        let mut browser = Customer::new();
        let url = made["url"].as_str().unwrap();
        let authorize = browser.post(&format!("{url}/start"), &[]).await.location.unwrap();
        let callback = linking.consent(&mut browser, &authorize, 0).await;
        let page = browser.get(&callback).await;
        assert_eq!(page.heading(), "✓ Thank you");
        let html = page.html.replace("&#x2f;", "/");
        assert!(html.contains(&format!("{}/consent/", linking.base_url())), "{html}");
        html
    };
    let html = passed(json!({ "reference": "admin" })).await;
    assert!(!html.contains("go back to"), "{html}");
    // Who goes on to the vendor finds the way there on the page.
    let html = passed(json!({ "reference": "admin", "redirect_uri": done })).await;
    assert!(html.contains("go back to") && html.contains(&format!("{done}?status=proven")), "{html}");
}

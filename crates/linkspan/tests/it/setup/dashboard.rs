//! The dashboard at the root: who sees it, and what it says.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use linkspan_model::ids::AppId;
use linkspan_store::{DatabaseUrl, Enrolment, Store};
use linkspan_vault::Digest;
use serde_json::json;

use super::Bare;
use crate::link::customer::{Customer, Page};
use crate::link::{Linking, tiny_world};

/// The longest wait for what runs in the background.
const PATIENCE: Duration = Duration::from_mins(1);

/// A browser with a session, opened by an API key from the dashboard's own entry page.
async fn opened(base_url: &str, api_key: &str) -> Customer {
    let mut browser = Customer::new();
    let form = [("api_key", api_key), ("to", "dashboard")];
    let entered = browser.post(&format!("{base_url}/setup/enter"), &form).await;
    assert_eq!((entered.status, entered.location.as_deref()), (303, Some("/")), "{}", entered.html);
    browser
}

#[tokio::test(flavor = "multi_thread")]
async fn the_dashboard_opens_as_the_guide_does_and_tells_strangers_how() {
    let server = Bare::start(&[]).await;
    let mut stranger = Customer::new();
    let refused = stranger.get(&server.at("/")).await;
    assert_eq!(refused.status, 401);
    refused.is_careful();
    assert!(refused.html.contains("linkspan app setup-url"), "{}", refused.html);
    assert_eq!(refused.hidden("to"), "dashboard");
    assert!(!refused.html.contains("form_token"), "{}", refused.html);
    let wrong = [("api_key", "lsk_wrong"), ("to", "dashboard")];
    let answer = stranger.post(&server.at("/setup/enter"), &wrong).await;
    assert_eq!((answer.status, answer.hidden("to").as_str()), (401, "dashboard"));

    // The address that opens once leads here too, and nowhere else.
    let mut browser = Customer::new();
    let entry = browser.get(&format!("{}?to=dashboard", server.setup_url())).await;
    let form = [("token", entry.hidden("token")), ("to", entry.hidden("to"))];
    let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let entered = browser.post(&server.at("/setup/enter"), &form).await;
    assert_eq!((entered.status, entered.location.as_deref()), (303, Some("/")));
    let foreign = [("api_key", server.api_key.as_str()), ("to", "https://evil.example/")];
    let elsewhere = Customer::new().post(&server.at("/setup/enter"), &foreign).await;
    assert_eq!(elsewhere.location.as_deref(), Some("/setup"));

    // Nothing is there yet, which is said.
    let page = browser.get(&server.at("/")).await;
    assert_eq!(page.status, 200, "{}", page.html);
    page.is_careful();
    for words in [
        "No customer has linked a site yet. No OAuth app is registered",
        "No Atlassian account is to be reported yet",
        "No account was closed so far",
    ] {
        assert!(page.html.contains(words), "{words}: {}", page.html);
    }
    let left = browser.post(&server.at("/setup/leave"), &[("form_token", &page.hidden("form_token"))]).await;
    assert_eq!(left.status, 303);
    assert_eq!(browser.get(&server.at("/")).await.status, 401);
}

/// The dashboard, as soon as it says this.
async fn shown(browser: &mut Customer, linking: &Linking, words: &str) -> Page {
    let began = Instant::now();
    loop {
        let page = browser.get(&format!("{}/", linking.base_url())).await;
        assert_eq!(page.status, 200, "{}", page.html);
        if page.html.contains(words) {
            return page;
        }
        assert!(began.elapsed() < PATIENCE, "{words}: {}", page.html);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_dashboard_shows_what_is_linked_how_reading_goes_and_how_the_duties_are_kept() {
    let linking = Linking::with(tiny_world(), &["--models", "tickets,people,groups,dashboards"]).await;
    let broken = "/rest/api/3/dashboard/search";
    linking
        .fault(json!({ "kind": "status", "status": 400, "path": broken, "count": 1_000, "body": { "errorMessages": ["<i>no</i>"] } }))
        .await;
    let account = linking.link("<b>acme", "jira").await;
    linking.settled(&account).await;
    let mut browser = opened(linking.base_url(), &linking.api_key).await;
    let page = shown(&mut browser, &linking, "</strong> refused at its latest reading").await;
    assert!(page.html.contains("&lt;b&gt;acme Ltd") && !page.html.contains("<b>acme"), "{}", page.html);
    assert!(!page.html.contains("<i>no"), "{}", page.html);
    assert!(page.html.contains("<td>issues</td><td>done</td>"), "{}", page.html);

    // What the background does in its own time is done by another process over the same data: an account is to be
    // reported, and another is erased.
    let store = Store::open(&DatabaseUrl::sqlite(linking.data.path().join("linkspan.db"))).await.unwrap();
    let app = AppId::of_client(linking.upstream.text("/client_id"));
    let at = Timestamp::from_second(1_800_000_000).unwrap();
    let enrolment = Enrolment { account_id: linking.person(0).to_owned(), due_at: Some(at) };
    store.enrol_accounts(app, &[enrolment], at).await.unwrap();
    let page = shown(&mut browser, &linking, "<dt>Accounts</dt><dd>").await;
    for words in ["<dd>7 days</dd>", "<dt>Last report</dt><dd>none yet</dd>", "<dt>Next deadline</dt><dd>20"]
    {
        assert!(page.html.contains(words), "{words}: {}", page.html);
    }
    assert!(page.html.contains("No account was closed so far"), "{}", page.html);
    let erasure = store.begin_erasure(app, &Digest::from_bytes(&[7; 32]).unwrap(), at).await.unwrap();
    let page = shown(&mut browser, &linking, "<td>2027-01-15 08:00 UTC</td>").await;
    assert!(page.html.contains("<td>going on</td>"), "{}", page.html);
    store.finish_erasure(erasure.no, at).await.unwrap();
    let page =
        shown(&mut browser, &linking, "<td>2027-01-15 08:00 UTC</td><td>2027-01-15 08:00 UTC</td>").await;
    assert!(!page.html.contains("0707"), "the digest is for who asks by the account's id: {}", page.html);
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn l2_a_customer_whose_grant_died_is_shown_with_the_address_to_consent_again() {
    let linking =
        Linking::with(tiny_world(), &["--models", "tickets,people,groups", "--sync-every", "1"]).await;
    let account = linking.link("acme", "jira").await;
    linking.settled(&account).await;
    linking.upstream.control.post("clock", &json!({ "advance_seconds": 100 * 86_400 })).await;
    let mut browser = opened(linking.base_url(), &linking.api_key).await;
    let page = shown(&mut browser, &linking, "has to consent again").await;
    let address = page.html.replace("&#x2f;", "/");
    assert!(address.contains(&format!("{}/consent/", linking.base_url())), "{address}");
}

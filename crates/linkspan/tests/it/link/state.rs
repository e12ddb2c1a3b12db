//! Hazard L9: a callback counts once, in the browser that began, and for nothing else.

use super::failures::state_of;
use super::{Customer, Linking};

const UNKNOWN: (u16, &str, &str) = (400, "unknown_state", "This answer was not expected");
const OTHER_BROWSER: (u16, &str, &str) = (400, "other_browser", "This was begun in another browser");
const USED: (u16, &str, &str) = (410, "link_used", "This link was used already");

#[tokio::test]
async fn l9_a_callback_that_is_replayed_is_refused() {
    let linking = Linking::start().await;
    let token = linking.link_token("acme", "jira").await;
    let mut browser = Customer::new();
    let address = linking.start_link(&mut browser, &token, "jira").await;
    let callback = linking.consent(&mut browser, &address, 0).await;
    let cookies = browser.cookies.clone();
    let account = linking.exchange(&browser.get(&callback).await).await;
    for _ in 0..2 {
        browser.cookies.clone_from(&cookies);
        browser.get(&callback).await.is_problem_of(UNKNOWN);
    }
    // Nor does it help to bring a good code along.
    let fresh = linking.consent(&mut browser, &address, 0).await;
    browser.cookies.clone_from(&cookies);
    browser.get(&fresh).await.is_problem_of(UNKNOWN);
    assert_eq!(linking.account_count().await, 1);
    assert_eq!(linking.get("/api/ticketing/v1/account-details", Some(&account)).await.0, 200);
}

#[tokio::test]
async fn l9_a_callback_that_came_twice_at_once_counts_once() {
    let linking = Linking::start().await;
    let token = linking.link_token("acme", "jira").await;
    let mut browser = Customer::new();
    let address = linking.start_link(&mut browser, &token, "jira").await;
    let callback = linking.consent(&mut browser, &address, 0).await;
    let (mut one, mut other) = (Customer::new(), Customer::new());
    one.cookies.clone_from(&browser.cookies);
    other.cookies.clone_from(&browser.cookies);
    let (one, other) = tokio::join!(one.get(&callback), other.get(&callback));
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400], "{} {}", one.html, other.html);
    let refused = if one.status == 400 { one } else { other };
    refused.is_problem_of(UNKNOWN);
    assert_eq!(linking.account_count().await, 1);
}

#[tokio::test]
async fn l9_a_state_that_was_never_given_out_is_refused() {
    let linking = Linking::start().await;
    let token = linking.link_token("acme", "jira").await;
    let mut browser = Customer::new();
    let address = linking.start_link(&mut browser, &token, "jira").await;
    let state = state_of(&address);
    let callback = linking.consent(&mut browser, &address, 0).await;
    let mut forged = state.clone();
    let last = forged.pop().unwrap();
    forged.push(if last == 'A' { 'B' } else { 'A' });
    let forgeries = [
        callback.replace(&state, &forged),
        callback.replace(&state, &format!("lss_{}", "A".repeat(43))),
        callback.replace(&state, ""),
        callback.replace(&state, &"x".repeat(5000)),
        callback.replace("state=", "statue="),
        format!("{}/oauth/callback", linking.address),
    ];
    for forgery in forgeries {
        assert_ne!(forgery, callback);
        browser.get(&forgery).await.is_problem_of(UNKNOWN);
    }
    assert_eq!(linking.account_count().await, 0);
}

#[tokio::test]
async fn l9_a_callback_in_another_browser_is_refused_and_the_right_one_still_arrives() {
    let linking = Linking::start().await;
    let token = linking.link_token("acme", "jira").await;
    let mut victim = Customer::new();
    let mut attacker = Customer::new();
    let address = linking.start_link(&mut victim, &token, "jira").await;
    let callback = linking.consent(&mut victim, &address, 0).await;

    attacker.get(&callback).await.is_problem_of(OTHER_BROWSER);
    let name = victim.cookies.keys().next().unwrap().clone();
    for forged in [format!("{token}.lsb_{}", "A".repeat(43)), token.clone(), String::new(), ".".to_owned()] {
        attacker.cookies.insert(name.clone(), forged);
        attacker.get(&callback).await.is_problem_of(OTHER_BROWSER);
    }
    // The attacker's own consent, slipped to the victim: it must not bind the attacker's site to the victim's link.
    let other = linking.link_token("mallory", "jira").await;
    let theirs = linking.start_link(&mut attacker, &other, "jira").await;
    let slipped = linking.consent(&mut attacker, &theirs, 0).await;
    victim.get(&slipped).await.is_problem_of(OTHER_BROWSER);
    assert_eq!(linking.account_count().await, 0);

    linking.exchange(&victim.get(&callback).await).await;
    assert_eq!(linking.account_count().await, 1);
}

#[tokio::test]
async fn l9_a_new_start_ends_the_one_before() {
    let linking = Linking::start().await;
    let token = linking.link_token("acme", "jira").await;
    let mut browser = Customer::new();
    let first = linking.start_link(&mut browser, &token, "jira").await;
    let abandoned = linking.consent(&mut browser, &first, 0).await;
    let second = linking.start_link(&mut browser, &token, "jira").await;
    browser.get(&abandoned).await.is_problem_of(UNKNOWN);
    let callback = linking.consent(&mut browser, &second, 0).await;
    linking.exchange(&browser.get(&callback).await).await;
}

#[tokio::test]
async fn two_links_can_be_under_way_in_one_browser() {
    let linking = Linking::start().await;
    let mut browser = Customer::new();
    let jira = linking.link_token("acme", "jira").await;
    let confluence = linking.link_token("acme", "confluence").await;
    let one = linking.start_link(&mut browser, &jira, "jira").await;
    let two = linking.start_link(&mut browser, &confluence, "confluence").await;
    for address in [two, one] {
        let callback = linking.consent(&mut browser, &address, 0).await;
        linking.exchange(&browser.get(&callback).await).await;
    }
    assert_eq!(linking.account_count().await, 2);
}

#[tokio::test]
async fn l9_a_link_token_links_once() {
    let linking = Linking::start().await;
    let token = linking.link_token("acme", "jira").await;
    let mut browser = Customer::new();
    let done = linking.pass(&mut browser, &token, "jira", &[]).await;
    linking.exchange(&done).await;
    browser.get(&linking.link_page(&token)).await.is_problem_of(USED);
    let start =
        browser.post(&format!("{}/start", linking.link_page(&token)), &[("integration", "jira")]).await;
    start.is_problem_of(USED);
    let form_token = browser.cookies.keys().next().unwrap().clone();
    let form = [("form_token", form_token.as_str()), ("cloud_id", linking.site(0))];
    browser.post(&format!("{}/site", linking.link_page(&token)), &form).await.is_problem_of(USED);
    assert_eq!(linking.account_count().await, 1);
}

#[tokio::test]
async fn l9_what_is_refused_is_logged_without_its_secrets() {
    let linking = Linking::start().await;
    let token = linking.link_token("acme", "jira").await;
    let mut browser = Customer::new();
    let address = linking.start_link(&mut browser, &token, "jira").await;
    let callback = linking.consent(&mut browser, &address, 0).await;
    Customer::new().get(&callback).await.is_problem_of(OTHER_BROWSER);
    browser.get(&callback).await;
    browser.get(&callback).await.is_problem_of(UNKNOWN);
    let url = url::Url::parse(&callback).unwrap();
    let parts: Vec<String> = url.query_pairs().map(|(_, value)| value.into_owned()).collect();
    assert_eq!(parts.len(), 2, "a code and a state");
    let (_, _, log) = linking.server.terminate();
    for words in ["came to another browser", "never given out or was used before"] {
        assert!(log.contains(words), "{words}: {log}");
    }
    for secret in parts.iter().chain([&token]) {
        assert!(!log.contains(secret.as_str()), "{log}");
    }
}

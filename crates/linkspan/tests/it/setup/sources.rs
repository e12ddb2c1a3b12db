//! Sources whose grants do not open everything, or nothing any more: what the API says, and what to do about it.

use reqwest::Method;
use serde_json::{Value, json};

use crate::link::{Customer, Linking, tiny_world};

/// The id of the first source.
async fn first_source(linking: &Linking) -> String {
    let (status, listed) = linking.get("/v1/sources", None).await;
    assert_eq!(status, 200, "{listed}");
    listed["results"][0]["id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn l12_the_remedy_names_the_app_at_which_the_customer_consents_now_and_where_its_list_is_changed() {
    let scopes = "offline_access read:me read:jira-work read:jira-user";
    let linking = Linking::with(tiny_world(), &["--models", "tickets,groups", "--scopes", scopes]).await;
    linking.link("acme", "jira").await;
    let source = format!("/v1/sources/{}", first_source(&linking).await);
    let steps = async || -> (Value, String) {
        let (status, details) = linking.get(&source, None).await;
        assert_eq!(status, 200, "{details}");
        let remedy = &details["remedy"];
        (remedy["add_to_app"].clone(), remedy["steps"].to_string())
    };
    let (lacking, words) = steps().await;
    assert!(lacking.as_array().unwrap().contains(&json!("report:personal-data")), "{lacking}");
    assert!(words.contains(linking.upstream.text("/client_id")), "{words}");
    assert!(words.contains("LINKSPAN_SCOPES") && words.contains("PUT /v1/apps/all"), "{words}");

    // Whichever app the grant was given to: the consent page leads to the one that serves Jira now.
    let usual = json!({ "client_id": "jira-alone", "client_secret": "secret" });
    assert_eq!(linking.api(Method::PUT, "/v1/apps/jira", None, Some(&usual)).await.0, 200);
    let (lacking, words) = steps().await;
    assert_eq!(lacking, json!([]));
    assert!(words.contains("consent_url") && !words.contains("developer console"), "{words}");
    let bare = json!({ "client_id": "jira-alone", "scopes": ["offline_access", "read:me"] });
    assert_eq!(linking.api(Method::PUT, "/v1/apps/jira", None, Some(&bare)).await.0, 200);
    let (_, words) = steps().await;
    assert!(words.contains("the app jira-alone") && words.contains("--integration jira "), "{words}");
    assert!(!words.contains("LINKSPAN_SCOPES"), "{words}");

    // Without any, that comes first.
    for word in ["jira", "all"] {
        assert_eq!(linking.api(Method::DELETE, &format!("/v1/apps/{word}"), None, None).await.0, 204);
    }
    let (_, words) = steps().await;
    assert!(words.contains("Register an app for Jira"), "{words}");
}

#[tokio::test(flavor = "multi_thread")]
async fn l4_a_dead_grant_is_told_apart_from_a_token_endpoint_that_is_away() {
    let linking = Linking::with(tiny_world(), &["--models", "tickets,people,groups,votes"]).await;
    let account = linking.link("acme", "jira").await;
    linking.settled(&account).await;
    let source = first_source(&linking).await;
    let (_, issues) = linking.get(&format!("/v1/sources/{source}/raw/jira.issue?page_size=1"), None).await;
    let issue = issues["results"][0]["remote_id"].as_str().unwrap();
    let votes = format!("/v1/sources/{source}/raw/jira.vote?parent={issue}");
    let (status, page) = linking.get(&votes, None).await;
    assert_eq!(status, 200, "{page}");

    // Atlassian takes the access token no more, and nobody used the refresh token for a hundred days.
    linking.fault(json!({ "kind": "status", "status": 503, "path": "/oauth/token", "count": 1_000 })).await;
    linking.upstream.control.post("clock", &json!({ "advance_seconds": 100 * 86_400 })).await;
    let (status, away) = linking.get(&votes, None).await;
    assert_eq!(status, 503, "{away}");
    linking.clear_faults().await;
    // An endpoint that was away is left alone for a moment.
    let began = std::time::Instant::now();
    let (status, dead) = loop {
        let (status, answer) = linking.get(&votes, None).await;
        if status != 503 || began.elapsed() > std::time::Duration::from_mins(1) {
            break (status, answer);
        }
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    };
    assert_eq!(status, 403, "{dead}");
    let words = dead["detail"].as_str().unwrap();
    assert!(words.contains("link again") && words.contains("stored=true"), "{words}");
    // What was read before is there all the same.
    assert_eq!(linking.get(&format!("{votes}&stored=true"), None).await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn l12_looking_at_the_address_of_a_new_consent_changes_nothing_and_its_button_leads_to_the_link() {
    let linking = Linking::with(tiny_world(), &[]).await;
    let account = linking.link("acme", "jira").await;
    let (_, details) = linking.get(&format!("/v1/sources/{}", first_source(&linking).await), None).await;
    let address = details["linked_accounts"][0]["consent_url"].as_str().unwrap().to_owned();
    let mut browser = Customer::new();
    for _ in 0..2 {
        let page = browser.get(&address).await;
        assert_eq!((page.status, &page.location), (200, &None), "{}", page.html);
        assert_eq!(page.heading(), "Acme Tools asks you to agree once more");
        page.is_careful();
    }

    // The button leads through the link page to the same account.
    let page = browser.get(&address).await;
    let (expires, signature) = (page.hidden("expires"), page.hidden("signature"));
    let target = address.split('?').next().unwrap();
    let form = [("expires", expires.as_str()), ("signature", signature.as_str())];
    let pressed = browser.post(target, &form).await;
    assert_eq!(pressed.status, 303, "{}", pressed.html);
    let token = pressed.location.unwrap().rsplit('/').next().unwrap().to_owned();
    let done = linking.pass(&mut browser, &token, "jira", &[]).await;
    assert_eq!(linking.exchange(&done).await, account);

    // What is wrong is said in words.
    let unknown = (404, "unknown_link", "This link is not known");
    let forged = [("expires", expires.as_str()), ("signature", "00")];
    browser.post(target, &forged).await.is_problem_of(unknown);
    browser.post(target, &[]).await.is_problem_of(unknown);
    browser.get(target).await.is_problem_of(unknown);
    browser
        .get(&format!("{}/consent/nobody?expires=9&signature=00", linking.base_url()))
        .await
        .is_problem_of(unknown);
    let over = (410, "link_expired", "This link has expired");
    browser.get(&format!("{target}?expires=1&signature={signature}")).await.is_problem_of(over);
    browser.post(target, &[("expires", "1"), ("signature", &signature)]).await.is_problem_of(over);
    assert_eq!(linking.api(Method::DELETE, "/v1/apps/all", None, None).await.0, 204);
    let nobody = browser.post(target, &form).await;
    assert_eq!(nobody.code(), "no_app", "{}", nobody.html);
}

//! Hazards L7 and L8: exactly the site that the customer chose, and never two sites in one account.

use std::time::{Duration, Instant};

use linkspan_sandbox::Options;
use serde_json::{Value, json};

use super::{Customer, Linked, Linking, Page, SYNC_PATIENCE, tiny_world};
use crate::support::{Upstream, http};

const NOT_COVERED: (u16, &str, &str) = (400, "site_not_covered", "That site is not covered");

/// A sandbox with three sites, each small.
fn three_sites() -> Options {
    Options { sites: 3, ..tiny_world() }
}

fn listed(cloud_id: &str, name: &str, scopes: &[&str]) -> Value {
    json!({ "id": cloud_id, "name": name, "url": format!("https://{name}.atlassian.net"), "scopes": scopes })
}

const JIRA: [&str; 2] = ["read:jira-work", "read:jira-user"];
const CONFLUENCE: [&str; 2] = ["read:space:confluence", "read:page:confluence"];
const ACME: &str = "11111111-1111-4111-8111-111111111111";
const ACME_1: &str = "22222222-2222-4222-8222-222222222222";
const WIKI: &str = "33333333-3333-4333-8333-333333333333";

/// Two sites with Jira whose names resemble each other, one of them with Confluence too, and one with Confluence alone.
fn resembling() -> Value {
    json!([
        listed(ACME, "acme", &JIRA),
        listed(ACME, "acme", &CONFLUENCE),
        listed(WIKI, "acme-wiki", &CONFLUENCE),
        listed(ACME_1, "acme-1", &JIRA),
    ])
}

async fn instance(linking: &Linking, account: &Linked) -> String {
    let (status, details) = linking.get("/api/ticketing/v1/account-details", Some(account)).await;
    assert_eq!(status, 200, "{details}");
    details["instance_id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn l7_sites_are_listed_by_product_and_told_apart_by_their_id() {
    let linking = Linking::start().await;
    for (chosen, customer) in [(ACME_1, "one"), (ACME, "two")] {
        // As often as it is asked: the account that is linked already may look at its sites at any time.
        linking.clear_faults().await;
        linking.accessible_resources_are(resembling(), 1_000).await;
        let token = linking.link_token(customer, "jira").await;
        let mut browser = Customer::new();
        let page = linking.pass(&mut browser, &token, "jira", &[]).await;
        page.is_careful();
        assert_eq!(page.sites(), [(ACME, "acme"), (ACME_1, "acme-1")]);
        let done = linking.choose(&mut browser, &token, &page, chosen).await;
        assert_eq!(instance(&linking, &linking.exchange(&done).await).await, chosen);
    }
    let token = linking.link_token("three", "confluence").await;
    let page = linking.pass(&mut Customer::new(), &token, "confluence", &[]).await;
    assert_eq!(page.sites(), [(ACME, "acme"), (WIKI, "acme-wiki")]);
}

#[tokio::test]
async fn l7_consents_to_several_sites_add_up_and_the_customer_chooses() {
    let linking = Linking::with(three_sites(), &[]).await;
    let first = linking.link("one", "jira").await;
    assert_eq!(instance(&linking, &first).await, linking.site(0));

    let token = linking.link_token("two", "jira").await;
    let mut browser = Customer::new();
    let page = linking.pass(&mut browser, &token, "jira", &[("cloud_id", linking.site(1))]).await;
    let ids: Vec<&str> = page.sites().into_iter().map(|(id, _)| id).collect();
    assert_eq!(ids, [linking.site(0), linking.site(1)], "what was consented to, and nothing else");
    let done = linking.choose(&mut browser, &token, &page, linking.site(1)).await;
    assert_eq!(instance(&linking, &linking.exchange(&done).await).await, linking.site(1));
    assert_eq!(instance(&linking, &first).await, linking.site(0));
}

#[tokio::test]
async fn l7_a_site_that_vanished_before_it_was_chosen_is_refused_and_no_other_takes_its_place() {
    let linking = Linking::start().await;
    linking.accessible_resources_are(resembling(), 1).await;
    let token = linking.link_token("acme", "jira").await;
    let mut browser = Customer::new();
    let page = linking.pass(&mut browser, &token, "jira", &[]).await;
    linking.accessible_resources_are(json!([listed(ACME, "acme", &JIRA)]), 1).await;
    let refused = linking.choose(&mut browser, &token, &page, ACME_1).await;
    refused.is_problem_of(NOT_COVERED);
    assert_eq!(refused.retry(), Some(format!("/link/{token}")));
    assert_eq!(linking.account_count().await, 0);
    // It has come back, and the same page works.
    linking.accessible_resources_are(resembling(), 1).await;
    let done = linking.choose(&mut browser, &token, &page, ACME_1).await;
    assert_eq!(instance(&linking, &linking.exchange(&done).await).await, ACME_1);
}

#[tokio::test]
async fn l7_only_what_was_offered_can_be_chosen() {
    let linking = Linking::with(three_sites(), &[]).await;
    linking.link("one", "jira").await;
    let token = linking.link_token("two", "jira").await;
    let mut browser = Customer::new();
    let page = linking.pass(&mut browser, &token, "jira", &[("cloud_id", linking.site(1))]).await;
    let upper = linking.site(1).to_uppercase();
    for forged in [linking.site(2), "", "acme", &upper, &linking.site(1)[..8]] {
        linking.choose(&mut browser, &token, &page, forged).await.is_problem_of(NOT_COVERED);
    }
    let mut other = Customer::new();
    for cookie in [None, Some(format!("{token}.lsb_{}", "A".repeat(43)))] {
        other.cookies.extend(cookie.map(|cookie| (page.hidden("form_token"), cookie)));
        let refused = linking.choose(&mut other, &token, &page, linking.site(1)).await;
        refused.is_problem(400, "other_browser", "This was begun in another browser");
    }
    assert_eq!(linking.account_count().await, 1);
}

#[tokio::test]
async fn l7_a_consent_that_was_withdrawn_before_the_choice_covers_nothing() {
    let linking = Linking::with(three_sites(), &[]).await;
    linking.link("one", "jira").await;
    let token = linking.link_token("two", "jira").await;
    let mut browser = Customer::new();
    let page = linking.pass(&mut browser, &token, "jira", &[("cloud_id", linking.site(1))]).await;
    // Tokens that only grew old are replaced, and the choice goes through.
    let old = json!({ "account_id": linking.person(0), "access_tokens_only": true });
    linking.upstream.control.post("revoke", &old).await;
    let done = linking.choose(&mut browser, &token, &page, linking.site(1)).await;
    linking.exchange(&done).await;

    let token = linking.link_token("three", "jira").await;
    let page = linking.pass(&mut browser, &token, "jira", &[("cloud_id", linking.site(2))]).await;
    linking.upstream.control.post("revoke", &json!({ "account_id": linking.person(0) })).await;
    linking.choose(&mut browser, &token, &page, linking.site(2)).await.is_problem_of(NOT_COVERED);
    assert_eq!(linking.account_count().await, 2);
}

#[tokio::test]
async fn l7_an_outage_at_the_choice_passes() {
    let linking = Linking::start().await;
    linking.accessible_resources_are(resembling(), 1).await;
    let token = linking.link_token("acme", "jira").await;
    let mut browser = Customer::new();
    let page = linking.pass(&mut browser, &token, "jira", &[]).await;
    linking
        .fault(json!({ "kind": "status", "status": 503, "path": "/oauth/token/accessible-resources" }))
        .await;
    let down = linking.choose(&mut browser, &token, &page, ACME).await;
    down.is_problem(502, "unavailable", "Atlassian does not answer");
    linking.clear_faults().await;
    linking.accessible_resources_are(resembling(), 1).await;
    linking.exchange(&linking.choose(&mut browser, &token, &page, ACME).await).await;
}

/// A sandbox whose app is one of resource level, with the scopes of the app that is there from the start.
async fn resource_level(world: Options) -> Upstream {
    let mut upstream = Upstream::start(world).await;
    let console = format!("{}/_sandbox/console", upstream.text("/origin"));
    let page =
        async |path: &str| http().get(format!("{console}{path}")).send().await.unwrap().text().await.unwrap();
    let form =
        [("name", "One site"), ("owner", upstream.text("/users/0/account_id")), ("access", "resource")];
    let made = http().post(&console).form(&form).send().await.unwrap();
    let client_id = made.url().path_segments().unwrap().next_back().unwrap().to_owned();
    let secret = page(&format!("/{client_id}")).await;
    let secret = secret.split("Secret</th><td class=\"code\">").nth(1).unwrap().split('<').next().unwrap();

    let former = upstream.text("/client_id").to_owned();
    let apis = page(&format!("/{former}")).await;
    for api in apis.split(&format!("{former}/permissions/")).skip(1) {
        let path = format!("permissions/{}", api.split('"').next().unwrap());
        let scopes = page(&format!("/{former}/{path}")).await;
        let form: Vec<(&str, &str)> = scopes
            .split("value=\"")
            .filter_map(|choice| choice.split_once('"'))
            .filter(|(_, rest)| rest.starts_with(" checked"))
            .map(|(scope, _)| ("scope", scope))
            .collect();
        let saved = http().post(format!("{console}/{client_id}/{path}")).form(&form).send().await.unwrap();
        assert!(saved.status().is_success(), "{path}");
    }
    upstream.info["client_id"] = client_id.into();
    upstream.info["client_secret"] = secret.into();
    upstream
}

#[tokio::test]
async fn l7_a_resource_level_app_keeps_the_tokens_of_each_site() {
    let linking = Linking::known_to(resource_level(three_sites()).await, &["--sync-every", "1"]).await;
    let mut accounts = Vec::new();
    for (customer, site) in [("one", 0), ("two", 1)] {
        let token = linking.link_token(customer, "jira").await;
        let site = [("cloud_id", linking.site(site))];
        // Only the site just picked is reached, so there is nothing to choose.
        let done = linking.pass(&mut Customer::new(), &token, "jira", &site).await;
        accounts.push(linking.exchange(&done).await);
    }
    for (index, account) in accounts.iter().enumerate() {
        linking.settled(account).await;
        assert_eq!(instance(&linking, account).await, linking.site(index));
    }
    // Renewed for the first site, both links go on: each is read through tokens of its own.
    let token = linking.link_token("one", "jira").await;
    let done = linking.pass(&mut Customer::new(), &token, "jira", &[]).await;
    assert_eq!(linking.exchange(&done).await, accounts[0]);
    let old = json!({ "account_id": linking.person(0), "access_tokens_only": true });
    linking.upstream.control.post("revoke", &old).await;
    for account in &accounts {
        let before = last_sync(&linking, account).await;
        let began = Instant::now();
        while last_sync(&linking, account).await == before {
            assert!(began.elapsed() < SYNC_PATIENCE, "not read again");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        linking.settled(account).await;
    }
}

/// When tickets were last read to the end.
async fn last_sync(linking: &Linking, account: &Linked) -> Value {
    let models = linking.first_records("/api/ticketing/v1/sync-status?page_size=100", account).await;
    let tickets = models.iter().find(|model| model["model_name"] == "Ticket").unwrap();
    tickets["last_sync_finished"].clone()
}

/// Everything that a change of hands could disturb.
async fn state_of(linking: &Linking, account: &Linked) -> (Value, Vec<Value>) {
    let (status, details) = linking.get("/api/ticketing/v1/account-details", Some(account)).await;
    assert_eq!(status, 200, "{details}");
    let mut tickets = linking.first_records("/api/ticketing/v1/tickets?page_size=100", account).await;
    tickets.sort_by_key(|ticket| ticket["id"].as_str().unwrap().to_owned());
    (details, tickets)
}

#[tokio::test]
async fn l8_another_site_for_the_same_customer_is_refused_and_nothing_of_the_old_one_changes() {
    let linking = Linking::with(three_sites(), &[]).await;
    let account = linking.link("acme", "jira").await;
    linking.settled(&account).await;
    let before = state_of(&linking, &account).await;

    let token = linking.link_token("acme", "jira").await;
    let mut browser = Customer::new();
    let page = linking.pass(&mut browser, &token, "jira", &[("cloud_id", linking.site(1))]).await;
    let refused = linking.choose(&mut browser, &token, &page, linking.site(1)).await;
    refused.is_problem(409, "other_site_linked", "Another site is connected");
    assert!(refused.html.contains(linking.upstream.text("/sites/0/name")), "{}", refused.html);
    assert_eq!(linking.account_count().await, 1);
    assert_eq!(state_of(&linking, &account).await, before);

    // The site that is linked can be chosen on the same page: account and token stay.
    let done = linking.choose(&mut browser, &token, &page, linking.site(0)).await;
    assert_eq!(linking.exchange(&done).await, account);
    assert_eq!(state_of(&linking, &account).await.1, before.1);
}

#[tokio::test]
async fn l8_the_only_site_of_a_consent_is_refused_too_when_it_is_another_one() {
    let linking = Linking::start().await;
    let account = linking.link("acme", "jira").await;
    let elsewhere = json!([listed(ACME, "elsewhere", &JIRA)]);
    // As often as it is asked: the account that is linked already may look at its sites at any time.
    linking.accessible_resources_are(elsewhere, 1_000).await;
    let token = linking.link_token("acme", "jira").await;
    let refused = linking.pass(&mut Customer::new(), &token, "jira", &[]).await;
    refused.is_problem(409, "other_site_linked", "Another site is connected");
    assert_eq!(instance(&linking, &account).await, linking.site(0));
    // Another customer, and another integration of this one, may well link it.
    for (customer, integration) in [("other", "jira"), ("acme", "jira-service-management")] {
        let token = linking.link_token(customer, integration).await;
        let done = linking.pass(&mut Customer::new(), &token, integration, &[]).await;
        assert_eq!(instance(&linking, &linking.exchange(&done).await).await, ACME);
    }
}

#[tokio::test]
async fn l8_linking_the_same_site_again_keeps_account_token_and_records() {
    let linking = Linking::start().await;
    let account = linking.link("acme", "jira").await;
    linking.settled(&account).await;
    let before = state_of(&linking, &account).await;
    let token = linking.link_token("acme", "jira").await;
    let done = linking.pass(&mut Customer::new(), &token, "jira", &[]).await;
    assert!(done.html.contains("the connection is renewed"), "{}", done.html);
    assert!(!done.html.contains("another Atlassian account"), "{}", done.html);
    assert_eq!(linking.exchange(&done).await, account);
    assert_eq!(state_of(&linking, &account).await.1, before.1);
    assert_eq!(linking.account_count().await, 1);
}

/// Links the customer again as somebody else than the administrator.
async fn link_again_as_another(linking: &Linking) -> Page {
    for user in linking.upstream.info["users"].as_array().unwrap().iter().skip(1) {
        let token = linking.link_token("acme", "jira").await;
        let person = [("account_id", user["account_id"].as_str().unwrap())];
        let page = linking.pass(&mut Customer::new(), &token, "jira", &person).await;
        if page.code() != "no_site" {
            return page;
        }
    }
    panic!("nobody else uses Jira");
}

#[tokio::test]
async fn l8_who_consents_for_another_customer_takes_no_source_that_changed_hands() {
    let linking = Linking::start().await;
    let account = linking.link("acme", "jira").await;
    linking.settled(&account).await;
    let done = link_again_as_another(&linking).await;
    assert_eq!(linking.exchange(&done).await, account);
    linking.settled(&account).await;
    let of_acme = state_of(&linking, &account).await.1;
    // The administrator's consent once made the source that somebody else's consent keeps for acme now.
    let other = linking.link("other", "jira").await;
    linking.settled(&other).await;
    let of_other = state_of(&linking, &other).await.1;
    assert!(!of_other.is_empty());
    let is_shared = |ticket: &Value| of_acme.iter().any(|known| known["id"] == ticket["id"]);
    assert!(!of_other.iter().any(is_shared), "two customers' records are one");
    assert_eq!(state_of(&linking, &account).await.1, of_acme, "acme reads on as who it linked last");
    // Linked once more, the customer comes to its own source again.
    let again = linking.link("other", "jira").await;
    assert_eq!(again, other);
    assert_eq!(linking.account_count().await, 2);
}

#[tokio::test]
async fn l8_another_person_of_the_same_site_renews_the_account_and_its_ids_stay() {
    let linking = Linking::start().await;
    let account = linking.link("acme", "jira").await;
    linking.settled(&account).await;
    let ids = |tickets: Vec<Value>| -> Vec<Value> { tickets.iter().map(|it| it["id"].clone()).collect() };
    let before = ids(state_of(&linking, &account).await.1);

    let done = link_again_as_another(&linking).await;
    let users = linking.upstream.info["users"].as_array().unwrap().clone();
    assert!(done.html.contains("as another Atlassian account"), "{}", done.html);
    let now = users.iter().find(|user| {
        done.html.contains(&format!("<strong>{}</strong> may see", user["display_name"].as_str().unwrap()))
    });
    assert!(now.is_some_and(|user| user["account_id"] != linking.person(0)), "{}", done.html);
    assert_eq!(linking.exchange(&done).await, account);
    let after = ids(state_of(&linking, &account).await.1);
    assert!(after.iter().all(|id| before.contains(id)), "{after:?} against {before:?}");
    assert_eq!(linking.account_count().await, 1);
}

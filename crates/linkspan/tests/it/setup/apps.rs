//! Another app for each integration.

use reqwest::Method;
use serde_json::json;
use url::Url;

use super::console::ConsoleApp;
use crate::link::customer::Customer;
use crate::link::{Linking, tiny_world};
use crate::support::{linkspan, only_line, stdout};

fn client_of(authorize_url: &str) -> String {
    let url = Url::parse(authorize_url).unwrap();
    url.query_pairs().find(|(name, _)| name == "client_id").unwrap().1.into_owned()
}

/// A Jira app of its own, with what it takes to link.
async fn jira_app(linking: &Linking) -> ConsoleApp {
    let app = ConsoleApp::create(linking.upstream.text("/origin"), "Jira alone").await;
    app.set_callback(&format!("{}/oauth/callback", linking.base_url())).await;
    app.set_scopes("jira", &["read:jira-work", "read:jira-user"]).await;
    app.set_scopes("user-identity", &["read:me"]).await;
    app
}

#[tokio::test]
async fn an_integration_with_an_app_of_its_own_links_through_it_and_the_others_do_not() {
    let linking = Linking::with(tiny_world(), &[]).await;
    let app = jira_app(&linking).await;
    let body = json!({
        "client_id": app.client_id,
        "client_secret": app.client_secret,
        "scopes": ["offline_access", "read:me", "read:jira-work", "read:jira-user"],
    });
    let (status, made) = linking.api(Method::PUT, "/v1/apps/jira", None, Some(&body)).await;
    assert_eq!(status, 200, "{made}");
    assert_eq!(made["redirect_uri"], format!("{}/oauth/callback", linking.base_url()));
    let last_four = &app.client_secret[app.client_secret.len() - 4..];
    assert_eq!(made["client_secret_last_four"], last_four);
    let (_, listed) = linking.get("/v1/apps", None).await;
    assert!(!listed.to_string().contains(&app.client_secret), "{listed}");
    let named: Vec<&str> =
        listed["results"].as_array().unwrap().iter().map(|it| it["integration"].as_str().unwrap()).collect();
    assert_eq!(named, ["all", "jira"]);

    // Each customer is sent to the app of what is linked, and the link comes about with that app's grant.
    let mut browser = Customer::new();
    let token = linking.link_token("acme", "jira").await;
    let address = linking.start_link(&mut browser, &token, "jira").await;
    assert_eq!(client_of(&address), app.client_id);
    let callback = linking.consent(&mut browser, &address, 0).await;
    linking.exchange(&browser.get(&callback).await).await;
    let token = linking.link_token("acme", "confluence").await;
    let address = linking.start_link(&mut browser, &token, "confluence").await;
    assert_eq!(client_of(&address), linking.upstream.text("/client_id"));
    linking.link("acme", "confluence").await;

    // Without it, the app for all serves Jira again; nobody is unlinked.
    assert_eq!(linking.api(Method::DELETE, "/v1/apps/jira", None, None).await.0, 204);
    assert_eq!(linking.api(Method::DELETE, "/v1/apps/jira", None, None).await.0, 404);
    let token = linking.link_token("other", "jira").await;
    let address = linking.start_link(&mut browser, &token, "jira").await;
    assert_eq!(client_of(&address), linking.upstream.text("/client_id"));
    assert_eq!(linking.account_count().await, 2);
}

#[tokio::test]
async fn l12_one_app_entered_for_each_integration_asks_for_the_scopes_of_all() {
    let linking = Linking::with(tiny_world(), &[]).await;
    let app = jira_app(&linking).await;
    for word in ["jira", "jira-service-management", "confluence"] {
        let body = json!({ "client_id": app.client_id, "client_secret": app.client_secret });
        assert_eq!(linking.api(Method::PUT, &format!("/v1/apps/{word}"), None, Some(&body)).await.0, 200);
    }
    let (_, jira) = linking.get("/v1/apps/jira", None).await;
    let (_, confluence) = linking.get("/v1/apps/confluence", None).await;
    assert_eq!(jira["scopes"], confluence["scopes"]);
    let scopes = jira["scopes"].as_array().unwrap();
    for scope in ["read:jira-work", "read:servicedesk-request", "search:confluence", "offline_access"] {
        assert!(scopes.contains(&json!(scope)), "{scope}: {scopes:?}");
    }

    // What it serves alone is narrowed by what is registered next.
    for word in ["jira-service-management", "confluence"] {
        assert_eq!(linking.api(Method::DELETE, &format!("/v1/apps/{word}"), None, None).await.0, 204);
    }
    let body =
        json!({ "client_id": app.client_id, "scopes": ["offline_access", "read:me", "read:jira-work"] });
    let (_, narrowed) = linking.api(Method::PUT, "/v1/apps/jira", None, Some(&body)).await;
    assert_eq!(narrowed["scopes"], body["scopes"]);
}

#[tokio::test]
async fn apps_are_refused_with_what_is_wrong_about_them() {
    let linking = Linking::with(tiny_world(), &[]).await;
    for (path, body, words) in [
        ("/v1/apps/jira", json!({ "client_id": "new" }), "no client secret is known"),
        ("/v1/apps/jira", json!({ "client_id": "x", "client_secret": "x" }), "second field"),
        ("/v1/apps/jira", json!({ "client_id": "x", "client_secret": "y", "scopes": [] }), "1 to 200 scopes"),
        (
            "/v1/apps/jira",
            json!({ "client_id": "x", "client_secret": "y", "redirect_uri": "javascript:1" }),
            "callback URL",
        ),
    ] {
        let (status, answer) = linking.api(Method::PUT, path, None, Some(&body)).await;
        assert_eq!(status, 400, "{body}");
        assert!(answer["detail"].as_str().unwrap().contains(words), "{answer}");
    }
    let body = json!({ "client_id": "x", "client_secret": "y" });
    assert_eq!(linking.api(Method::PUT, "/v1/apps/trello", None, Some(&body)).await.0, 404);
    assert_eq!(linking.get("/v1/apps/confluence", None).await.0, 404);
}

#[tokio::test]
async fn l10_the_command_registers_beside_a_running_server_and_never_prints_a_secret() {
    let linking = Linking::with(tiny_world(), &[]).await;
    let app = jira_app(&linking).await;
    let command = |arguments: &[&str]| {
        let mut command = linkspan(&[&["app"], arguments].concat());
        command
            .args(["--data-dir", linking.data.path().to_str().unwrap()])
            .env("LINKSPAN_MASTER_KEY", &linking.master_key)
            .env("LINKSPAN_CLIENT_SECRET", &app.client_secret);
        command.output().unwrap()
    };
    let id = app.client_id.as_str();
    let scopes = "offline_access read:me read:jira-work";
    // The callback is known from the app that is there.
    let made = command(&["set", "--json", "--integration", "jira", "--client-id", id, "--scopes", scopes]);
    assert!(made.status.success(), "{made:?}");
    assert_eq!(only_line(&made)["apps"][1]["client_id"], id);
    let listed = stdout(&command(&["list"]));
    assert!(listed.contains(id) && listed.contains("****"), "{listed}");
    for text in [&stdout(&made), &listed] {
        assert!(!text.contains(&app.client_secret), "{text}");
    }

    let mut browser = Customer::new();
    let token = linking.link_token("acme", "jira").await;
    assert_eq!(client_of(&linking.start_link(&mut browser, &token, "jira").await), id);

    assert!(command(&["remove", "--integration", "jira"]).status.success());
    let again = command(&["remove", "--integration", "jira"]);
    assert_eq!(again.status.code(), Some(2));
}

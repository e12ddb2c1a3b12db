//! The set-up guide, walked from an empty server to a linked customer.

use reqwest::Method;
use serde_json::json;

use super::Bare;
use super::console::ConsoleApp;
use crate::link::customer::{Customer, Page, between};

/// The copyable text of the guide with this id.
fn text_of(page: &Page, id: &str) -> Option<String> {
    let text = between(&page.html, &format!("<code id=\"{id}\" class=\"text\" tabindex=\"0\">"), "</code>")?;
    Some(text.replace("&#x2f;", "/"))
}

/// The scopes of each row of the permissions step, by the row's title.
fn rows(page: &Page) -> Vec<(String, Vec<String>)> {
    let sections = page.html.split("<div class=\"row\">").skip(1);
    let rows = sections.enumerate().map(|(index, section)| {
        let title = between(section, "<h3>", " <span").unwrap().to_owned();
        let scopes = text_of(page, &format!("scopes-{}", index + 1)).unwrap();
        (title, scopes.split_whitespace().map(str::to_owned).collect())
    });
    rows.collect()
}

/// The mark of a step: its verdict.
fn mark<'a>(page: &'a Page, step: &str) -> &'a str {
    let section = between(&page.html, &format!("<section id=\"{step}\">"), "</section>").unwrap();
    let marks: Vec<&str> =
        section.split("<p class=\"mark ").skip(1).map(|mark| mark.split('"').next().unwrap()).collect();
    marks.last().unwrap_or_else(|| panic!("no mark of {step}: {section}"))
}

/// Opens the guide by its address, as a person does: look, then press the button.
async fn opened(server: &Bare) -> Customer {
    let mut browser = Customer::new();
    let address = server.setup_url();
    let entry = browser.get(&address).await;
    assert_eq!(entry.status, 200, "{}", entry.html);
    entry.is_careful();
    let token = entry.hidden("token");
    let answer = browser.post(&server.at("/setup/enter"), &[("token", &token)]).await;
    assert_eq!((answer.status, answer.location.as_deref()), (303, Some("/setup")), "{}", answer.html);
    let cookie = answer.set_cookies.first().unwrap();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
    browser
}

#[tokio::test(flavor = "multi_thread")]
async fn the_guide_leads_from_an_empty_server_to_a_linked_customer() {
    let server = Bare::start(&["--models", "tickets,articles,comments"]).await;
    let mut browser = opened(&server).await;
    let page = browser.get(&server.at("/setup?app=all")).await;
    assert_eq!(page.status, 200, "{}", page.html);
    page.is_careful();
    let console = format!("{}/_sandbox/console", server.upstream.text("/origin"));
    assert!(page.html.replace("&#x2f;", "/").contains(&console), "the sandbox's console is linked to");
    for step in ["create", "permissions", "authorization", "credentials"] {
        assert_eq!(mark(&page, step), "skipped", "{step}");
    }

    // 1 and 2: the app, shared.
    let app = ConsoleApp::create(server.upstream.text("/origin"), "Walked").await;
    let sharing = [
        ("vendor_name", "Acme Tools"),
        ("privacy_policy", "https://acme.example/privacy"),
        ("personal_data", "yes"),
        ("reporting", "yes"),
        ("sharing", "on"),
    ];
    app.send("distribution", &sharing).await;

    // 5 before 3 and 4: the guide tells what is still missing.
    let form_token = page.hidden("form_token");
    let choice = page.hidden("choice").replace("&amp;", "&");
    let scopes =
        between(&page.html, "required>", "</textarea>").unwrap().rsplit('>').next().unwrap().to_owned();
    let form = [
        ("form_token", form_token.as_str()),
        ("app", "all"),
        ("choice", &choice),
        ("client_id", &app.client_id),
        ("client_secret", &app.client_secret),
        ("scopes", &scopes),
    ];
    let saved = browser.post(&server.at("/setup/app"), &form).await;
    assert_eq!(saved.status, 303, "{}", saved.html);
    let back = server.at(saved.location.as_deref().unwrap());
    let page = browser.get(&back).await;
    assert_eq!(mark(&page, "create"), "ok");
    assert_eq!(mark(&page, "credentials"), "ok");
    let confirmed =
        format!("<strong>Saved.</strong> Links of all integrations go through <code>{}", app.client_id);
    assert!(page.html.contains(&confirmed), "{}", page.html);
    assert_eq!(mark(&page, "authorization"), "problem");
    assert!(!page.html.contains(&app.client_secret), "the secret is write-only");

    // 4: the callback, as the guide gives it.
    app.set_callback(&text_of(&page, "callback").unwrap()).await;
    let page = browser.get(&back).await;
    assert_eq!(mark(&page, "permissions"), "problem", "no scope was added in the console yet");

    // 3: every row, as the guide gives it.
    for (title, scopes) in rows(&page) {
        let api = match title.as_str() {
            title if title.starts_with("Jira") => "jira",
            title if title.starts_with("Confluence") => "confluence",
            "User identity API" => "user-identity",
            "Personal data reporting API" => "personal-data",
            _ => continue,
        };
        app.add_scopes(api, &scopes).await;
    }
    let page = browser.get(&back).await;
    for step in ["create", "permissions", "authorization", "credentials"] {
        assert_eq!(mark(&page, step), "ok", "{step}: {}", page.html);
    }

    // 6: all checks, none of which is a problem.
    let page = browser.get(&format!("{}&check=1", back.split('#').next().unwrap())).await;
    let checks = between(&page.html, "<section id=\"check\">", "</section>").unwrap();
    assert!(checks.contains("mark ok") && !checks.contains("mark problem"), "{checks}");

    // 7: the first customer.
    let form = [
        ("form_token", form_token.as_str()),
        ("choice", &choice),
        ("origin_id", "acme"),
        ("organization", "Acme Ltd"),
        ("email", "it@acme.example"),
    ];
    let page = browser.post(&server.at("/setup/link"), &form).await;
    let link = text_of(&page, "link-address").unwrap();
    let mut customer = Customer::new();
    let started = customer.post(&format!("{link}/start"), &[("integration", "jira")]).await;
    let callback = server.consent(&mut customer, started.location.as_deref().unwrap(), 1).await;
    let done = customer.get(&callback).await;
    assert_eq!((done.status, done.heading().as_str()), (200, "✓ Connected"), "{}", done.html);
    let page = browser.get(&back).await;
    assert_eq!(mark(&page, "link"), "ok");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_guide_opens_to_who_holds_the_address_once_or_an_api_key_and_to_nobody_else() {
    let server = Bare::start(&[]).await;
    let mut stranger = Customer::new();
    let refused = stranger.get(&server.at("/setup")).await;
    assert_eq!(refused.status, 401);
    assert!(!refused.html.contains("form_token"), "{}", refused.html);
    for path in ["/setup/app", "/setup/app/remove", "/setup/link", "/setup/leave"] {
        let answer = stranger.post(&server.at(path), &[("form_token", "x"), ("app", "all")]).await;
        assert_eq!(answer.status, 401, "{path}");
    }
    stranger.cookies.insert("linkspan_setup".to_owned(), format!("lsw_{}", "A".repeat(49)));
    assert_eq!(stranger.get(&server.at("/setup")).await.status, 401);

    // Looking at the address does not use it up; pressing the button does.
    let token = server.setup_url().rsplit('/').next().unwrap().to_owned();
    for _ in 0..2 {
        assert_eq!(Customer::new().get(&server.setup_url()).await.status, 200);
    }
    let mut browser = opened(&server).await;
    assert_eq!(browser.get(&server.at("/setup")).await.status, 200);
    let again = Customer::new().post(&server.at("/setup/enter"), &[("token", &token)]).await;
    assert_eq!((again.status, again.code()), (410, "setup_address_used"));

    let mut with_key = Customer::new();
    let wrong = with_key.post(&server.at("/setup/enter"), &[("api_key", "lsk_wrong")]).await;
    assert_eq!(wrong.status, 401);
    let entered = with_key.post(&server.at("/setup/enter"), &[("api_key", &server.api_key)]).await;
    assert_eq!(entered.status, 303);
    let page = with_key.get(&server.at("/setup")).await;
    assert_eq!(page.status, 200);

    // Closing ends the session, not only the cookie.
    let cookies = with_key.cookies.clone();
    let left = with_key.post(&server.at("/setup/leave"), &[("form_token", &page.hidden("form_token"))]).await;
    assert_eq!(left.status, 303);
    with_key.cookies = cookies;
    assert_eq!(with_key.get(&server.at("/setup")).await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn forms_of_other_sessions_and_sites_change_nothing() {
    let server = Bare::start(&[]).await;
    let mut one = opened(&server).await;
    let mut other = Customer::new();
    other.post(&server.at("/setup/enter"), &[("api_key", &server.api_key)]).await;
    let foreign = other.get(&server.at("/setup")).await.hidden("form_token");
    for form_token in [foreign.as_str(), "", "0"] {
        let form = [
            ("form_token", form_token),
            ("app", "all"),
            ("choice", ""),
            ("client_id", "evil"),
            ("client_secret", "secret"),
            ("scopes", "read:me"),
        ];
        let answer = one.post(&server.at("/setup/app"), &form).await;
        assert_eq!((answer.status, answer.code()), (403, "foreign_form"), "{form_token}");
    }
    assert_eq!(server.api(Method::GET, "/v1/apps", None).await.1, json!({ "results": [] }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_cannot_be_right_says_why_and_keeps_nothing_of_the_secret() {
    let server = Bare::start(&[]).await;
    let mut browser = opened(&server).await;
    let page = browser.get(&server.at("/setup?app=jira")).await;
    let form_token = page.hidden("form_token");
    let form = [
        ("form_token", form_token.as_str()),
        ("app", "jira"),
        ("choice", "app=jira"),
        ("client_id", "the-id"),
        ("client_secret", "canary secret"),
        ("scopes", "read:me"),
    ];
    let answer = browser.post(&server.at("/setup/app"), &form).await;
    assert_eq!(answer.status, 400);
    assert!(answer.html.contains("the client secret is empty, too long or has a space"), "{}", answer.html);
    assert!(!answer.html.contains("canary"), "{}", answer.html);
}

/// What the form of step 5 asks for.
fn asked(page: &Page) -> String {
    let form = between(&page.html, "<textarea id=\"scopes\"", "</textarea>").unwrap();
    form.split_once('>').unwrap().1.to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn l12_a_new_secret_leaves_the_scopes_of_an_app_as_they_are_unless_others_were_chosen() {
    let server = Bare::start(&["--models", "tickets"]).await;
    let mut browser = opened(&server).await;
    let own = "offline_access read:jira-work read:me read:own-word:jira";
    let page = browser.get(&server.at("/setup?app=jira")).await;
    assert!(!page.html.contains("<strong>Saved.</strong>"), "{}", page.html);
    let form_token = page.hidden("form_token");
    let form = |secret: &'static str, scopes: &str| {
        let choice = "app=jira".to_owned();
        let parts = [
            ("form_token", form_token.clone()),
            ("app", "jira".to_owned()),
            ("choice", choice),
            ("client_id", "the-id".to_owned()),
            ("client_secret", secret.to_owned()),
            ("scopes", scopes.to_owned()),
        ];
        parts.to_vec()
    };
    let send = async |browser: &mut Customer, form: Vec<(&str, String)>| {
        let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        browser.post(&server.at("/setup/app"), &form).await
    };
    let saved = send(&mut browser, form("first", own)).await;
    let page = browser.get(&server.at(saved.location.as_deref().unwrap())).await;
    assert_eq!(asked(&page), own);

    // Whoever comes back for another secret sends what the page shows.
    let page = browser.get(&server.at("/setup?app=jira")).await;
    assert_eq!(asked(&page), own);
    send(&mut browser, form("second", &asked(&page))).await;
    let (_, app) = server.api(Method::GET, "/v1/apps/jira", None).await;
    assert_eq!(app["scopes"].as_array().unwrap().len(), 4, "{app}");
    assert_eq!(app["client_secret_last_four"], "cond");

    // The page offers the proposal, and shows it to who chose.
    let page = browser.get(&server.at("/setup?app=jira")).await;
    let other = between(&page.html, "not the scopes of step 3. <a href=\"", "\"").unwrap();
    let other = other.replace("&amp;", "&").replace("&#x2f;", "/");
    let page = browser.get(&server.at(&other)).await;
    assert!(
        !asked(&page).contains("own-word") && asked(&page).contains("report:personal-data"),
        "{}",
        asked(&page)
    );

    // A form that is refused comes back as it was typed.
    let refused = send(&mut browser, form("two words", "read:typed:jira")).await;
    assert_eq!((refused.status, asked(&refused).as_str()), (400, "read:typed:jira"));
}

#[tokio::test(flavor = "multi_thread")]
async fn choosing_more_than_fifty_scopes_warns() {
    let server = Bare::start(&[]).await;
    let mut browser = opened(&server).await;
    let everything = "/setup?chosen=1&family=granular&webhooks=1&search=1&write=tickets,comments,attachments,articles&\
                      models=tickets,articles,comments,worklogs,changelogs,attachments,people,groups,permissions,\
                      restrictions,audit,configuration,dashboards,filters,boards,requests,customers";
    let page = browser.get(&server.at(&everything.replace(' ', ""))).await;
    assert!(page.html.contains("More than 50 scopes"), "{}", page.html);
    let page = browser.get(&server.at("/setup?chosen=1&models=tickets")).await;
    assert!(!page.html.contains("More than 50 scopes"), "{}", page.html);
    assert!(page.html.contains("--models tickets"), "{}", page.html);
}

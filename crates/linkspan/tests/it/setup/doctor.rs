//! The doctor against a sandbox, with every mistake planted.

use std::process::Command;

use reqwest::Method;
use serde_json::{Value, json};

use super::console::ConsoleApp;
use crate::link::{Linking, tiny_world};
use crate::support::{Upstream, linkspan, only_line, stdout};

/// What the tests read: little, so that the app of the sandbox has scopes for it.
const MODELS: &str = "tickets,articles,people,groups";

/// The doctor for a server under test, with its keys, data and app.
fn doctor(linking: &Linking, more: &[&str]) -> Command {
    let mut command = linkspan(&["doctor", "--json", "--models", MODELS]);
    command
        .args(["--data-dir", linking.data.path().to_str().unwrap()])
        .args(["--atlassian-origin", linking.upstream.text("/origin")])
        .env("LINKSPAN_MASTER_KEY", &linking.master_key);
    if !more.contains(&"--public-url") {
        command.args(["--public-url", linking.base_url()]);
    }
    command.args(more);
    command
}

/// The same without its public address.
fn doctor_without_address(linking: &Linking) -> Command {
    let with = doctor(linking, &[]);
    let address = ["--public-url", linking.base_url()];
    let kept: Vec<_> = with.get_args().filter(|argument| !address.iter().any(|it| argument == it)).collect();
    let mut command = Command::new(with.get_program());
    command.args(kept).env("LINKSPAN_MASTER_KEY", &linking.master_key).env_remove("LINKSPAN_PUBLIC_URL");
    command
}

/// Runs it; gives its exit code and findings.
fn findings(mut command: Command) -> (i32, Vec<Value>) {
    let output = command.output().unwrap();
    let line = only_line(&output);
    (output.status.code().unwrap(), line["checks"].as_array().unwrap().clone())
}

fn of<'a>(findings: &'a [Value], check: &str) -> Vec<&'a Value> {
    findings.iter().filter(|finding| finding["check"] == check).collect()
}

/// The finding of a check that is a problem, as text.
#[track_caller]
fn problem(findings: &[Value], check: &str) -> String {
    let found = of(findings, check);
    let problem = found.iter().find(|finding| finding["verdict"] == "problem");
    let problem = problem.unwrap_or_else(|| panic!("no problem of {check}: {findings:?}"));
    assert!(problem["remedy"].as_str().is_some_and(|remedy| !remedy.is_empty()), "{problem}");
    problem["found"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_set_up_and_linked_has_no_problem() {
    let linking = Linking::with(tiny_world(), &["--models", MODELS]).await;
    let account = linking.link("acme", "jira").await;
    linking.settled(&account).await;
    let (code, found) = findings(doctor(&linking, &[]));
    let bad: Vec<&Value> = found.iter().filter(|finding| finding["verdict"] == "problem").collect();
    assert!(bad.is_empty(), "{bad:?}");
    assert_eq!(code, 0);
    for check in [
        "master-key",
        "data-directory",
        "database",
        "atlassian",
        "clock",
        "credentials",
        "callback",
        "scopes",
    ] {
        let verdicts: Vec<&Value> = of(&found, check).iter().map(|finding| &finding["verdict"]).collect();
        assert!(
            !verdicts.is_empty() && verdicts.iter().all(|verdict| *verdict == "ok"),
            "{check}: {found:?}"
        );
    }
    let reached: Vec<&str> =
        of(&found, "reachability").iter().map(|finding| finding["found"].as_str().unwrap()).collect();
    assert!(reached[0].ends_with("leads to this server"), "{reached:?}");
    assert!(reached[1].ends_with("is answered by the callback"), "{reached:?}");
    assert!(of(&found, "grant")[0]["found"].as_str().unwrap().starts_with("alive"), "{found:?}");
    assert!(
        of(&found, "source").iter().any(|it| it["found"].as_str().unwrap().starts_with("read ")),
        "{found:?}"
    );

    // In words, and without a secret.
    let command = doctor(&linking, &[]);
    let output = Command::new(command.get_program())
        .args(command.get_args().filter(|argument| *argument != "--json"))
        .env("LINKSPAN_MASTER_KEY", &linking.master_key)
        .output()
        .unwrap();
    let text = stdout(&output);
    assert!(text.contains("credentials: all integrations"), "{text}");
    assert!(!text.contains(linking.upstream.text("/client_secret")), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_secret_is_told_apart_from_a_wrong_callback() {
    let linking = Linking::with(tiny_world(), &["--models", MODELS]).await;
    let id = linking.upstream.text("/client_id");
    let (code, found) = findings(doctor(&linking, &["--client-id", id, "--client-secret", "canary-wrong"]));
    assert_eq!(code, 1);
    assert_eq!(problem(&found, "credentials"), "Atlassian refused the client id or the secret");
    assert!(!Value::from(found.clone()).to_string().contains("canary"), "{found:?}");
    assert_eq!(of(&found, "callback")[0]["verdict"], "ok");

    let (code, found) = findings(doctor(&linking, &["--client-id", "nobody", "--client-secret", "x"]));
    assert_eq!(code, 1);
    assert_eq!(problem(&found, "callback"), "Atlassian knows no app with this client id");

    linking.console("authorization", &[("callback", "https://elsewhere.example/oauth/callback")]).await;
    let (code, found) = findings(doctor(&linking, &[]));
    assert_eq!(code, 1);
    assert!(problem(&found, "callback").contains("is not the callback URL of this app"), "{found:?}");
    assert_eq!(of(&found, "credentials")[0]["verdict"], "ok");
}

#[tokio::test(flavor = "multi_thread")]
async fn scopes_that_are_missing_dead_or_not_in_the_console_are_told() {
    let linking = Linking::with(tiny_world(), &["--models", MODELS]).await;
    let id = linking.upstream.text("/client_id");
    let secret = linking.upstream.text("/client_secret");
    let with_scopes = |scopes: &str| {
        findings(doctor(&linking, &["--client-id", id, "--client-secret", secret, "--scopes", scopes]))
    };
    let (code, found) = with_scopes("read:me read:jira-work");
    assert_eq!(code, 1);
    assert!(problem(&found, "scopes").starts_with("offline_access is not asked for"), "{found:?}");
    let words = |found: &[Value]| Value::from(found.to_vec()).to_string();
    assert!(words(&found).contains("these are missing"), "{found:?}");

    let (_, found) = with_scopes("offline_access read:me read:jira-work read:content.property:confluence");
    assert!(words(&found).contains("read:content.property:confluence opens nothing any more"), "{found:?}");

    let app = ConsoleApp::create(linking.upstream.text("/origin"), "Bare").await;
    app.set_callback(&format!("{}/oauth/callback", linking.base_url())).await;
    app.set_scopes("user-identity", &["read:me"]).await;
    let (code, found) =
        findings(doctor(&linking, &["--client-id", &app.client_id, "--client-secret", &app.client_secret]));
    assert_eq!(code, 1);
    assert!(problem(&found, "scopes").contains("was not added to the app"), "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_public_address_the_doctor_goes_by_the_callback_that_is_registered() {
    let linking = Linking::with(tiny_world(), &["--models", MODELS]).await;
    let (code, found) = findings(doctor_without_address(&linking));
    let bad: Vec<&Value> = found.iter().filter(|finding| finding["verdict"] == "problem").collect();
    assert!(bad.is_empty(), "{bad:?}");
    assert_eq!(code, 0);
    let address = of(&found, "public-url")[0]["found"].as_str().unwrap();
    assert!(address.contains(linking.base_url()), "{address}");

    // An app that is tried out sends people to the same place.
    let mut command = doctor_without_address(&linking);
    command.args(["--client-id", linking.upstream.text("/client_id")]);
    command.args(["--client-secret", linking.upstream.text("/client_secret")]);
    let (_, found) = findings(command);
    assert_eq!(of(&found, "callback")[0]["verdict"], "ok", "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn with_an_app_for_identity_alone_nobody_can_link() {
    let linking = Linking::with(tiny_world(), &["--models", MODELS]).await;
    let own = ConsoleApp::create(linking.upstream.text("/origin"), "Who they are").await;
    own.set_callback(&format!("{}/oauth/callback", linking.base_url())).await;
    own.set_scopes("user-identity", &["read:me"]).await;
    let body = json!({ "client_id": own.client_id, "client_secret": own.client_secret });
    assert_eq!(linking.api(Method::PUT, "/v1/apps/identity", None, Some(&body)).await.0, 200);
    let (code, _) = findings(doctor(&linking, &[]));
    assert_eq!(code, 0);
    assert_eq!(linking.api(Method::DELETE, "/v1/apps/all", None, None).await.0, 204);
    let (code, found) = findings(doctor(&linking, &[]));
    assert_eq!(code, 1);
    assert!(problem(&found, "credentials").ends_with("so nobody can link"), "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn p10_an_app_for_identity_that_links_sites_too_is_a_warning() {
    let linking = Linking::with(tiny_world(), &["--models", MODELS]).await;
    let shared = linking.upstream.text("/client_id");
    let own = ConsoleApp::create(linking.upstream.text("/origin"), "Who they are").await;
    for (client_id, secret, warnings) in
        [(shared, linking.upstream.text("/client_secret"), 1), (&own.client_id, &own.client_secret, 0)]
    {
        let body = json!({ "client_id": client_id, "client_secret": secret });
        let (status, made) = linking.api(Method::PUT, "/v1/apps/identity", None, Some(&body)).await;
        assert_eq!(status, 200, "{made}");
        let (_, found) = findings(doctor(&linking, &[]));
        assert_eq!(of(&found, "identity").len(), warnings, "{found:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreachable_address_and_another_servers_are_told_apart() {
    let linking = Linking::with(tiny_world(), &["--models", MODELS]).await;
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    let (code, found) = findings(doctor(&linking, &["--public-url", &nobody]));
    assert_eq!(code, 1);
    assert!(problem(&found, "reachability").contains("gives no answer from here"), "{found:?}");
    // The app sends people to the server, not there.
    assert!(problem(&found, "callback").contains("but this server's callback is"), "{found:?}");

    let other = Linking::with(tiny_world(), &["--models", MODELS]).await;
    let (_, found) = findings(doctor(&linking, &["--public-url", other.base_url()]));
    assert!(problem(&found, "reachability").starts_with("something else answers"), "{found:?}");

    // Plain http to another machine's address; the name leads nowhere.
    let (_, found) = findings(doctor(&linking, &["--public-url", "http://linkspan.invalid"]));
    assert!(problem(&found, "public-url").contains("is not https"), "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_runs_elsewhere_is_told() {
    let linking = Linking::with(tiny_world(), &["--models", MODELS]).await;
    linking.upstream.control.post("clock", &json!({ "advance_seconds": 90 })).await;
    let (_, found) = findings(doctor(&linking, &[]));
    assert_eq!(of(&found, "clock")[0]["verdict"], "warning", "{found:?}");
    linking.upstream.control.post("clock", &json!({ "advance_seconds": 600 })).await;
    let (code, found) = findings(doctor(&linking, &[]));
    assert_eq!(code, 1);
    assert!(problem(&found, "clock").contains("behind Atlassian's"), "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_grant_and_a_site_out_of_reach_come_with_the_address_to_consent_again() {
    let linking = Linking::with(tiny_world(), &["--models", MODELS]).await;
    let account = linking.link("acme", "jira").await;
    linking.settled(&account).await;
    linking.accessible_resources_are(json!([]), 1_000).await;
    let (code, found) = findings(doctor(&linking, &[]));
    assert_eq!(code, 1);
    assert!(problem(&found, "source").contains("no longer reaches this site"), "{found:?}");
    let remedy = of(&found, "source")[0]["remedy"].as_str().unwrap();
    assert!(remedy.contains(&format!("{}/consent/", linking.base_url())), "{remedy}");
    linking.clear_faults().await;

    // Nobody used the refresh token for a hundred days.
    linking.upstream.control.post("clock", &json!({ "advance_seconds": 100 * 86_400 })).await;
    let (_, found) = findings(doctor(&linking, &[]));
    assert!(problem(&found, "grant").starts_with("it is dead"), "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_database_and_keys_the_doctor_checks_what_it_can_and_makes_nothing() {
    let upstream = Upstream::start(tiny_world()).await;
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("not-there");
    let mut command = linkspan(&["doctor", "--json", "--client-secret", "wrong"]);
    command
        .args(["--client-id", upstream.text("/client_id")])
        .args(["--atlassian-origin", upstream.text("/origin")])
        .args(["--data-dir", data.to_str().unwrap()]);
    let (code, found) = findings(command);
    assert_eq!(code, 1);
    assert!(problem(&found, "master-key").contains("no master key"), "{found:?}");
    assert!(problem(&found, "credentials").contains("refused"), "{found:?}");
    assert_eq!(of(&found, "database")[0]["verdict"], "skipped");
    assert!(!data.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn l11_another_master_key_than_the_databases_is_told() {
    let linking = Linking::with(tiny_world(), &[]).await;
    let other = stdout(&crate::support::run(&["keys", "generate"]));
    let mut command = doctor(&linking, &[]);
    command.env("LINKSPAN_MASTER_KEY", other.trim());
    let (code, found) = findings(command);
    assert_eq!(code, 1);
    assert!(problem(&found, "master-key").contains("not the one"), "{found:?}");
}

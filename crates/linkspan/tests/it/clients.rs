//! Clients that other people wrote, unmodified: generated from our document, and published for Atlassian Cloud.
//! `scripts/test.sh` installs them; without them these tests say that they are skipped.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

/// The binary at work; ended when dropped.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts the binary with small data and waits for its JSON line.
fn start(command: &str, arguments: &[&str]) -> (Running, Value) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_linkspan"))
        .arg(command)
        .args(arguments)
        .args([
            "--projects",
            "3",
            "--issues",
            "150",
            "--spaces",
            "2",
            "--pages",
            "60",
            "--users",
            "25",
            "--json",
        ])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    (Running(child), serde_json::from_str(&line).unwrap())
}

fn clients() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/clients")
}

/// Runs a script with one JSON argument; what it prints is JSON.
fn run(program: &Path, script: &Path, argument: &Value) -> Value {
    let output = Command::new(program).arg(script).arg(argument.to_string()).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{} failed:\n{errors}", script.display());
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {errors}"))
}

fn python() -> Option<PathBuf> {
    let python = std::env::var_os("LINKSPAN_TEST_PYTHON").map(PathBuf::from);
    if python.is_none() {
        println!("skipped: LINKSPAN_TEST_PYTHON names no Python with tests/clients/requirements.txt");
    }
    python
}

/// What a script needs to know of a sandbox: its first site, its administrator, and a bearer token.
fn sandbox_arguments(sandbox: &Value) -> Value {
    let origin = sandbox["origin"].as_str().unwrap();
    let admin = &sandbox["users"][0];
    let site = &sandbox["sites"][0];
    json!({
        "origin": origin,
        "cloud_id": site["cloud_id"],
        "email": admin["email"],
        "api_token": admin["api_token"],
    })
}

/// A token pair without a browser, through the control plane.
async fn access_token(sandbox: &Value, scopes: &[&str]) -> String {
    let http = http_client();
    let reply = http
        .post(format!("{}/_sandbox/token", sandbox["origin"].as_str().unwrap()))
        .bearer_auth(sandbox["control_token"].as_str().unwrap())
        .json(&json!({
            "account_id": sandbox["users"][0]["account_id"],
            "scopes": scopes,
            "cloud_ids": [sandbox["sites"][0]["cloud_id"]],
        }))
        .send()
        .await
        .unwrap();
    assert!(reply.status().is_success(), "{}", reply.status());
    let pair: Value = reply.json().await.unwrap();
    pair["access_token"].as_str().unwrap().to_owned()
}

/// What the sandbox counts on its first site.
async fn counts(sandbox: &Value) -> Value {
    let reply = http_client()
        .get(format!("{}/_sandbox/oracle/counts", sandbox["origin"].as_str().unwrap()))
        .bearer_auth(sandbox["control_token"].as_str().unwrap())
        .send()
        .await
        .unwrap();
    reply.json().await.unwrap()
}

fn http_client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().timeout(std::time::Duration::from_mins(1)).build().unwrap()
}

#[test]
fn a_client_generated_from_our_document_reads_every_model_to_exhaustion() {
    let Some(python) = python() else { return };
    let (_running, demo) = start("demo", &["--listen", "127.0.0.1:0", "--sandbox-listen", "127.0.0.1:0"]);
    let folder = tempfile::tempdir().unwrap();
    let read = run(
        &python,
        &clients().join("generated_client.py"),
        &json!({
            "base_url": demo["base_url"],
            "api_key": demo["api_key"],
            "account_tokens": demo["account_tokens"],
            "folder": folder.path(),
        }),
    );
    assert_eq!(read["ticketing.tickets"], demo["counts"]["tickets"]);
    assert_eq!(read["ticketing.comments"], demo["counts"]["comments"]);
    assert_eq!(read["knowledgebase.articles"], demo["counts"]["articles"]);
    for model in
        ["ticketing.users", "ticketing.teams", "ticketing.roles", "ticketing.tags", "ticketing.viewers"]
    {
        assert!(read[model].as_u64().unwrap() > 0, "{model}: {read}");
    }
}

#[tokio::test]
async fn the_python_jira_client_takes_the_sandbox_for_jira_cloud() {
    let Some(python) = python() else { return };
    let (_running, sandbox) = start("sandbox", &["--listen", "127.0.0.1:0"]);
    let mut arguments = sandbox_arguments(&sandbox);
    let scopes = ["read:jira-work", "read:jira-user", "offline_access", "read:me"];
    arguments["access_token"] = json!(access_token(&sandbox, &scopes).await);
    let read = run(&python, &clients().join("jira_client.py"), &arguments);
    let expected = counts(&sandbox).await;
    for way in ["gateway", "site"] {
        assert!(read[way]["issues"].as_u64().unwrap() > 0, "{read} {expected}");
        assert_eq!(read[way]["issues"], read[way]["distinct"], "{read}");
        assert_eq!(read[way]["me"], sandbox["users"][0]["account_id"]);
    }
    assert_eq!(read["gateway"]["issues"], read["site"]["issues"]);
}

#[test]
fn the_python_atlassian_client_takes_the_sandbox_for_atlassian_cloud() {
    let Some(python) = python() else { return };
    let (_running, sandbox) = start("sandbox", &["--listen", "127.0.0.1:0"]);
    let read = run(&python, &clients().join("atlassian_client.py"), &sandbox_arguments(&sandbox));
    for what in ["projects", "issues", "spaces", "pages"] {
        assert!(read[what].as_u64().unwrap() > 0, "{what}: {read}");
    }
}

#[test]
fn the_javascript_clients_take_the_sandbox_for_atlassian_cloud() {
    let Some(modules) = std::env::var_os("LINKSPAN_TEST_NODE_MODULES").map(PathBuf::from) else {
        println!(
            "skipped: LINKSPAN_TEST_NODE_MODULES names no folder with tests/clients/package.json installed"
        );
        return;
    };
    let (_running, sandbox) = start("sandbox", &["--listen", "127.0.0.1:0"]);
    // Modules are looked for beside the script.
    let script = modules.with_file_name(format!("jira_client.{}.mjs", std::process::id()));
    std::fs::copy(clients().join("jira_client.mjs"), &script).unwrap();
    let read = run(Path::new("node"), &script, &sandbox_arguments(&sandbox));
    std::fs::remove_file(&script).unwrap();
    for what in ["projects", "issues", "spaces", "pages"] {
        assert!(read[what].as_u64().unwrap() > 0, "{what}: {read}");
    }
}

//! Secrets stay secret: none in a log at its most talkative, none in the database.

use std::path::Path;

use serde_json::Value;

use crate::demo::demo;
use crate::support::{Api, SMALL, Upstream, only_line, small_world, stderr};

/// What our own tokens begin with: API keys, account, link and public tokens, states, browser secrets.
const PREFIXES: [&str; 10] = ["lsk_", "lsa_", "lsl_", "lsp_", "lss_", "lsb_", "lsi_", "lsv_", "lsc_", "eyJ"];
/// So many token characters behind a prefix make a token; prose has none that long.
const TOKEN_LENGTH: usize = 24;

/// Panics when `bytes` hold one of the secrets, or anything of the form of a token.
fn hold_no_secret(what: &str, bytes: &[u8], secrets: &[(&str, String)]) {
    for (name, secret) in secrets {
        assert!(secret.len() >= 12, "{name} is too short to be looked for");
        if let Some(at) = find(bytes, secret.as_bytes()) {
            panic!("{what} holds the {name}: …{}", around(bytes, at));
        }
    }
    for prefix in PREFIXES {
        let mut from = 0;
        while let Some(at) = find(&bytes[from..], prefix.as_bytes()).map(|at| at + from) {
            let token = bytes[at + prefix.len()..]
                .iter()
                .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
            assert!(token.count() < TOKEN_LENGTH, "{what} holds a token: …{}", around(bytes, at));
            from = at + prefix.len();
        }
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

/// The place of a finding, without the secret itself.
fn around(bytes: &[u8], at: usize) -> String {
    String::from_utf8_lossy(&bytes[at.saturating_sub(160)..at + 4]).into_owned()
}

/// Every file of a data directory that the database consists of.
fn database_holds_no_secret(directory: &Path, secrets: &[(&str, String)]) {
    let mut seen = 0;
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name.starts_with("linkspan.db") {
            seen += 1;
            hold_no_secret(&name, &std::fs::read(&path).unwrap(), secrets);
        }
    }
    assert!(seen > 0);
}

fn text(line: &Value, pointer: &str) -> String {
    line.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("no {pointer}")).to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn l10_no_secret_of_a_sync_is_logged_or_stored_unsealed() {
    let upstream = Upstream::start(small_world()).await;
    let directory = tempfile::tempdir().unwrap();
    let given = upstream.refresh_token().await;
    let output = upstream
        .sync("jira", Some(&given), directory.path())
        .args(["--log", "trace", "--log-json"])
        .output()
        .unwrap();
    assert!(output.status.success());
    let log = stderr(&output);
    assert!(log.contains("TRACE"), "the log is at its most talkative");
    let secrets = [
        ("client secret", upstream.text("/client_secret").to_owned()),
        ("refresh token that was given", given),
        ("newest refresh token", text(&only_line(&output), "/refresh_token")),
    ];
    hold_no_secret("the log", log.as_bytes(), &secrets);
    database_holds_no_secret(directory.path(), &secrets);
}

#[tokio::test(flavor = "multi_thread")]
async fn l10_no_secret_of_a_server_is_logged_or_stored_unsealed() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().to_str().unwrap();
    let demo = demo(&[&SMALL[..], &["--data-dir", path, "--log", "trace"]].concat());
    Api::of(&demo, "jira").get("/api/ticketing/v1/tickets?page_size=1").await;
    let key_file = std::fs::read_to_string(directory.path().join("master-key")).unwrap();
    let master_key = key_file.split_once(':').unwrap().1.to_owned();
    let secrets = [
        ("API key", text(&demo.line, "/api_key")),
        ("account token", text(&demo.line, "/account_tokens/jira")),
        ("client secret", text(&demo.line, "/sandbox/client_secret")),
        ("control token", text(&demo.line, "/sandbox/control_token")),
        ("person's API token", text(&demo.line, "/sandbox/users/0/api_token")),
        ("master key", master_key),
    ];
    let (code, _, log) = demo.terminate();
    assert_eq!(code, Some(0));
    assert!(log.contains("TRACE"), "the log is at its most talkative");
    hold_no_secret("the log", log.as_bytes(), &secrets);
    assert!(
        !log.contains("code=") && !log.contains("refresh_token\":\""),
        "the log holds parts of the OAuth flow"
    );
    database_holds_no_secret(directory.path(), &secrets);
}

#[test]
fn l10_the_search_for_secrets_finds_them() {
    let finds = |bytes: &[u8]| {
        let secrets = [("planted one", "0123456789abcdef".to_owned())];
        std::panic::catch_unwind(|| hold_no_secret("a test", bytes, &secrets)).is_err()
    };
    assert!(finds(b"before 0123456789abcdef after"));
    assert!(finds(b"token=lsk_0123456789012345678901234567"));
    assert!(!finds(b"nothing of the kind, lsk_ alone, eyJzdWIi"));
}

//! The command line: what it refuses and in which words, and the lines other programs read.

use crate::support::{Running, SMALL, linkspan, only_line, run, shape, stderr, stdout};

#[test]
fn every_command_shows_examples_in_its_help() {
    for command in ["demo", "serve", "sandbox", "sync", "scopes", "keys"] {
        let output = run(&[command, "--help"]);
        assert!(output.status.success());
        let help = stdout(&output);
        assert!(help.contains("Examples:\n  "), "{command}: {help}");
        assert!(help.contains(&format!("linkspan {command}")), "{command}: {help}");
    }
}

#[test]
fn l11_the_server_does_not_start_without_a_master_key_and_says_how_to_get_one() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let output = run(&["serve", "--listen", "127.0.0.1:0", "--data-dir", data.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(stdout(&output), "");
    let words = stderr(&output);
    assert!(words.starts_with("error: no master key was given"), "{words}");
    assert!(words.contains("linkspan keys generate") && words.contains("LINKSPAN_MASTER_KEY"), "{words}");
    assert!(!data.exists(), "nothing may be written before the key is there");
}

#[test]
fn l11_a_server_does_not_open_data_that_another_master_key_sealed() {
    let directory = tempfile::tempdir().unwrap();
    let key = || stdout(&run(&["keys", "generate"])).trim().to_owned();
    let serve = |key: &str| {
        let mut command = linkspan(&["serve", "--json", "--listen", "127.0.0.1:0"]);
        command.arg("--data-dir").arg(directory.path()).env("LINKSPAN_MASTER_KEY", key);
        command
    };
    let right = directory.path().join("key");
    std::fs::write(&right, key()).unwrap();
    let path = directory.path().to_str().unwrap();
    let arguments = [
        "serve",
        "--json",
        "--listen",
        "127.0.0.1:0",
        "--data-dir",
        path,
        "--master-key-file",
        right.to_str().unwrap(),
    ];
    assert_eq!(Running::start(&arguments).terminate().0, Some(0));

    let refused = serve(&key()).output().unwrap();
    assert_eq!(refused.status.code(), Some(1));
    assert!(stderr(&refused).contains("another master key"), "{}", stderr(&refused));
    let malformed = serve("nonsense").output().unwrap();
    assert_eq!(malformed.status.code(), Some(2));
    assert!(!stderr(&malformed).contains("nonsense"), "{}", stderr(&malformed));
}

#[test]
fn the_first_api_key_is_shown_once() {
    let directory = tempfile::tempdir().unwrap();
    let (path, key) = (directory.path().to_str().unwrap(), stdout(&run(&["keys", "generate"])));
    let arguments =
        ["serve", "--json", "--listen", "127.0.0.1:0", "--data-dir", path, "--master-key", key.trim()];
    let first = Running::start(&arguments);
    insta::assert_json_snapshot!("serve_line", shape(&first.line));
    assert!(first.text("/api_key").starts_with("lsk_"));
    let (code, more, _) = first.terminate();
    assert_eq!((code, more.as_str()), (Some(0), ""));
    assert!(Running::start(&arguments).line["api_key"].is_null());
}

#[test]
fn an_address_that_is_taken_is_an_error_in_words() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for arguments in [
        vec!["sandbox", "--listen", &address],
        vec!["demo", "--sandbox-listen", "127.0.0.1:0", "--listen", &address],
        vec!["demo", "--listen", "127.0.0.1:0", "--sandbox-listen", &address],
    ] {
        let output = run(&arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        let words = stderr(&output);
        assert!(words.contains(&format!("cannot listen on {address}")), "{words}");
        assert!(words.contains("port 0"), "{words}");
    }
}

#[test]
fn a_sandbox_has_as_many_sites_as_asked_for() {
    let arguments = ["sandbox", "--json", "--listen", "127.0.0.1:0", "--sites", "3"];
    let sandbox = Running::start(&[&arguments[..], &SMALL[..]].concat());
    let sites = sandbox.line["sites"].as_array().unwrap();
    let ids: std::collections::HashSet<&str> =
        sites.iter().map(|site| site["cloud_id"].as_str().unwrap()).collect();
    assert_eq!((sites.len(), ids.len()), (3, 3));
}

#[test]
fn the_sandbox_line_describes_the_sandbox_and_nothing_else() {
    let arguments = ["sandbox", "--json", "--listen", "127.0.0.1:0"];
    let sandbox = Running::start(&[&arguments[..], &SMALL[..]].concat());
    insta::assert_json_snapshot!("sandbox_line", shape(&sandbox.line));
    assert_eq!(sandbox.line["users"][0]["is_admin"], true);
    let (code, more, _) = sandbox.terminate();
    assert_eq!((code, more.as_str()), (Some(0), ""));
}

#[test]
fn l12_unknown_features_are_answered_with_the_known_ones() {
    let output = run(&["scopes", "--models", "tickets,everything"]);
    assert_eq!(output.status.code(), Some(2));
    let words = stderr(&output);
    assert!(words.contains("everything") && words.contains("worklogs, changelogs"), "{words}");
}

#[test]
fn l12_scopes_are_compared_with_what_an_app_has() {
    let have = "read:jira-work write:jira-work offline_access";
    let arguments = ["scopes", "--models", "tickets,comments", "--compare", have];
    insta::assert_snapshot!("scopes_in_words", stdout(&run(&arguments)));
    let output = run(&[&arguments[..], &["--json"]].concat());
    insta::assert_json_snapshot!("scopes_line", only_line(&output));
}

#[test]
fn l12_the_guides_are_compared_and_their_dead_scopes_told() {
    let line = only_line(&run(&["scopes", "--compare", "guide-u", "--json"]));
    let dead = &line["comparison"]["dead"];
    assert_eq!(dead[0]["scope"], "read:content.property:confluence");
    assert_eq!(dead[0]["replacement"], "read:page:confluence");
    let missing = line["comparison"]["missing"].as_array().unwrap();
    assert!(missing.iter().any(|scope| scope == "read:page:confluence"), "{missing:?}");
    let line = only_line(&run(&["scopes", "--compare", "guide-m", "--json"]));
    let missing = line["comparison"]["missing"].as_array().unwrap();
    assert!(missing.iter().any(|scope| scope == "read:servicedesk-request"), "{missing:?}");
    assert!(missing.iter().all(|scope| scope != "read:jira-work"), "{missing:?}");
    assert_eq!(line["comparison"]["dead"], serde_json::json!([]));
}

#[test]
fn the_list_for_a_product_with_writes_webhooks_and_search_names_what_each_scope_serves() {
    let arguments = [
        "scopes",
        "--models",
        "tickets,articles,users,groups",
        "--write",
        "tickets,comments",
        "--webhooks",
        "--search",
    ];
    insta::assert_snapshot!("scopes_of_a_product", stdout(&run(&arguments)));
    let long = stdout(&run(&["scopes", "--family", "granular"]));
    assert!(long.contains("More than 50 scopes"), "{long}");
    let mixed = only_line(&run(&[&arguments[..], &["--family", "mixed", "--json"]].concat()));
    assert_eq!(mixed["too_long"], false);
    for wrong in [["--write", "labels"], ["--compare", "whatever"], ["--compare", "grant:7"]] {
        assert_eq!(run(&[&["scopes"], &wrong[..]].concat()).status.code(), Some(2), "{wrong:?}");
    }
}

#[test]
fn l12_search_adds_no_product_to_what_is_wanted() {
    let arguments = ["scopes", "--models", "tickets", "--search", "--json"];
    let line = only_line(&run(&arguments));
    assert_eq!(line["products"], serde_json::json!(["jira"]));
    assert!(!line["scope"].as_str().unwrap().contains("confluence"), "{line}");
    let both = only_line(&run(&[&arguments[..], &["--product", "jira", "--product", "confluence"]].concat()));
    assert!(both["features"].as_array().unwrap().iter().any(|feature| feature == "restrictions"), "{both}");
}

#[test]
fn both_families_of_scopes_can_be_had() {
    let line = only_line(&run(&["scopes", "--models", "tickets", "--family", "granular", "--json"]));
    assert_eq!(line["family"], "granular");
    let scope = line["scope"].as_str().unwrap();
    assert!(scope.contains("read:issue") && !scope.contains("read:jira-work"), "{scope}");
    assert_eq!(run(&["scopes", "--family", "other"]).status.code(), Some(2));
}

#[test]
fn every_generated_key_is_another_one_that_the_server_takes() {
    let keys: Vec<String> = (0..2).map(|_| stdout(&run(&["keys", "generate"]))).collect();
    assert_ne!(keys[0], keys[1]);
    for key in keys {
        linkspan_vault::KeyRing::parse(&linkspan_model::secret::Secret::new(key.trim())).unwrap();
    }
}

#[test]
fn mistakes_on_the_command_line_are_told_apart_from_failures_by_the_exit_code() {
    for arguments in [
        vec!["sync", "--once", "--cloud-id", "x", "--product", "bitbucket"],
        vec!["sync", "--once", "--cloud-id", "x", "--product", "jira"],
        vec!["sync", "--cloud-id", "x", "--product", "jira"],
        vec!["demo", "--issues", "many"],
        vec!["serve", "--database", "mysql://host/db"],
        vec!["serve", "--sync-every", "0"],
        vec!["scopes", "--log", "=x="],
        vec!["frobnicate"],
    ] {
        let output = run(&arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", stderr(&output));
        assert_eq!(stdout(&output), "");
        assert!(stderr(&output).starts_with("error: "), "{arguments:?}: {}", stderr(&output));
    }
}

#[test]
fn a_data_set_that_is_not_there_is_named() {
    let output = run(&["sandbox", "--listen", "127.0.0.1:0", "--dataset", "/nowhere/at/all"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("/nowhere/at/all"), "{}", stderr(&output));
}

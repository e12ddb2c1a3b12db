//! `sync --once`: reads a site into a directory, and what changed when it is run again.

use std::process::{Command, Stdio};
use std::time::Duration;

use linkspan_sandbox::Options;
use linkspan_store::{DatabaseUrl, Store};
use serde_json::{Value, json};

use crate::support::{Upstream, linkspan, only_line, shape, small_world, stderr};

#[tokio::test(flavor = "multi_thread")]
async fn both_products_are_read_whole_and_the_lines_say_so() {
    let upstream = Upstream::start(small_world()).await;
    let admin = upstream.text("/users/0/account_id");
    let expected = upstream.control.get(&format!("oracle/counts?account_id={admin}")).await;
    let directory = tempfile::tempdir().unwrap();

    let token = upstream.refresh_token().await;
    let jira = upstream.sync("jira", Some(&token), &directory.path().join("jira")).output().unwrap();
    assert!(jira.status.success(), "{}", stderr(&jira));
    let line = only_line(&jira);
    insta::assert_json_snapshot!("sync_line_of_jira", shape(&line));
    for (ours, theirs) in [
        ("tickets", "issues"),
        ("comments", "comments"),
        ("worklogs", "worklogs"),
        ("attachments", "attachments"),
        ("collections", "projects"),
        ("groups", "groups"),
    ] {
        assert_eq!(line["counts"][ours], expected[theirs], "{ours}");
    }
    assert!(line["points"].as_u64() > Some(0) && line["requests"].as_u64() > Some(0));

    let token = upstream.refresh_token().await;
    let confluence =
        upstream.sync("confluence", Some(&token), &directory.path().join("confluence")).output().unwrap();
    assert!(confluence.status.success(), "{}", stderr(&confluence));
    let line = only_line(&confluence);
    insta::assert_json_snapshot!("sync_line_of_confluence", shape(&line));
    let articles = expected["pages"].as_u64().unwrap() + expected["blogposts"].as_u64().unwrap();
    assert_eq!(line["counts"]["articles"], articles);
    // Each space has a database, which is in none of these counts.
    let number = |name: &str| expected[name].as_u64().unwrap();
    assert_eq!(line["counts"]["comments"], number("page_comments"));
    assert_eq!(line["counts"]["attachments"], number("page_attachments"));
    assert_eq!(line["counts"]["containers"], 2 * number("spaces") + number("folders"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_run_reads_what_changed_and_no_other_ticket_again() {
    let upstream = Upstream::start(small_world()).await;
    let directory = tempfile::tempdir().unwrap();
    let token = upstream.refresh_token().await;
    let first = only_line(&upstream.sync("jira", Some(&token), directory.path()).output().unwrap());
    upstream.control.post("mutate", &json!({ "seed": 3, "count": 6, "kinds": ["comment"] })).await;
    let admin = upstream.text("/users/0/account_id");
    let expected = upstream.control.get(&format!("oracle/counts?account_id={admin}")).await;
    assert_ne!(expected["comments"], first["counts"]["comments"], "the site has changed");
    let second = only_line(&upstream.sync("jira", Some(&token), directory.path()).output().unwrap());
    assert_eq!(second["counts"]["comments"], expected["comments"]);
    let number = |line: &Value, pointer: &str| line.pointer(pointer).and_then(Value::as_u64).unwrap();
    // A ticket costs a point.
    let saved = number(&first, "/points") - number(&second, "/points");
    assert!(saved >= number(&first, "/counts/tickets") - 6, "{first} against {second}");
}

#[tokio::test(flavor = "multi_thread")]
async fn l5_the_same_command_line_works_again_and_so_do_the_newest_token_and_none_at_all() {
    let upstream = Upstream::start(small_world()).await;
    let directory = tempfile::tempdir().unwrap();
    let given = upstream.refresh_token().await;
    let run = |token: Option<&str>| upstream.sync("confluence", token, directory.path()).output().unwrap();

    let first = only_line(&run(Some(&given)));
    let newest = first["refresh_token"].as_str().unwrap().to_owned();
    assert_ne!(newest, given, "the token was rotated");
    // As if all access tokens were an hour old, so that each run needs the newest refresh token.
    let expire = json!({ "access_tokens_only": true });
    for token in [Some(given.as_str()), Some(newest.as_str()), None] {
        upstream.control.post("revoke", &expire).await;
        let again = run(token);
        assert!(again.status.success(), "{}", stderr(&again));
        assert_eq!(only_line(&again)["counts"], first["counts"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_token_takes_the_place_of_a_dead_one() {
    let upstream = Upstream::start(small_world()).await;
    let directory = tempfile::tempdir().unwrap();
    let given = upstream.refresh_token().await;
    let run = |token: &str| upstream.sync("confluence", Some(token), directory.path()).output().unwrap();
    assert!(run(&given).status.success());
    upstream.control.post("revoke", &json!({ "account_id": upstream.text("/users/0/account_id") })).await;

    let dead = run(&given);
    assert_eq!(dead.status.code(), Some(1));
    assert!(stderr(&dead).contains("no longer works"), "{}", stderr(&dead));
    let new = upstream.refresh_token().await;
    let revived = run(&new);
    assert!(revived.status.success(), "{}", stderr(&revived));
}

#[tokio::test(flavor = "multi_thread")]
async fn s15_a_stream_that_fails_is_named_and_the_others_are_read() {
    let upstream = Upstream::start(small_world()).await;
    let directory = tempfile::tempdir().unwrap();
    let odd =
        json!({ "kind": "status", "status": 200, "path": "/rest/api/3/field", "body": { "no": "list" } });
    upstream.control.post("faults", &odd).await;
    let token = upstream.refresh_token().await;
    let output = upstream.sync("jira", Some(&token), directory.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let words = stderr(&output);
    assert!(words.contains("error: jira catalogues could not be read to the end"), "{words}");
    assert!(only_line(&output)["counts"]["tickets"].as_u64() > Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn s22_a_list_that_upstream_removed_is_told_of_and_costs_nothing_else() {
    let upstream = Upstream::start(small_world()).await;
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    let token = upstream.refresh_token().await;
    let whole = only_line(&upstream.sync("jira", Some(&token), &at("whole")).output().unwrap());
    upstream.control.post("faults", &json!({ "kind": "gone", "path": "/rest/api/3/priority*" })).await;
    let token = upstream.refresh_token().await;
    let output = upstream.sync("jira", Some(&token), &at("gone")).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(stderr(&output).contains("upstream removed an operation"), "{}", stderr(&output));
    assert_eq!(only_line(&output)["counts"], whole["counts"]);
    let store = Store::open(&DatabaseUrl::sqlite(at("gone").join("linkspan.db"))).await.unwrap();
    let source = store.sources().await.unwrap()[0].id;
    let stream = store.get_stream(source, "raw/jira.priority").await.unwrap().unwrap();
    assert_eq!(stream.progress.phase, "refused");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_with_is_told_in_words() {
    let upstream = Upstream::start(small_world()).await;
    let directory = tempfile::tempdir().unwrap();
    let token = upstream.refresh_token().await;
    let fails = |command: &mut Command, words: &str| {
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(stderr(&output).contains(words), "{}", stderr(&output));
        assert_eq!(output.stdout, b"");
    };
    let at = |name: &str| directory.path().join(name);
    fails(&mut upstream.sync("jira", None, &at("none")), "give a refresh token for the first run");
    fails(&mut upstream.sync("jira", Some("not-a-token"), &at("wrong")), "the refresh token was refused");
    let mut elsewhere = linkspan(&["sync", "--once", "--product", "jira"]);
    elsewhere
        .args([
            "--atlassian-origin",
            upstream.text("/origin"),
            "--cloud-id",
            "11223344-a1b2-3b33-c444-def123456789",
        ])
        .args([
            "--client-id",
            upstream.text("/client_id"),
            "--client-secret",
            upstream.text("/client_secret"),
        ])
        .args(["--refresh-token", &token, "--data-dir", at("site").to_str().unwrap()]);
    fails(&mut elsewhere, "does not reach jira of the site 11223344");
    let mut nowhere = upstream.sync("jira", Some(&token), &at("app"));
    nowhere.env("LINKSPAN_CLIENT_SECRET", "another");
    fails(&mut nowhere, "client id or secret");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_in_use_is_not_used_twice() {
    let upstream = Upstream::start(linkspan_sandbox::Options { latency_ms: 200, ..small_world() }).await;
    let directory = tempfile::tempdir().unwrap();
    let token = upstream.refresh_token().await;
    let mut first = upstream.sync("jira", Some(&token), directory.path()).spawn().unwrap();
    let database = directory.path().join("linkspan.db");
    while !database.exists() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let second = upstream.sync("jira", Some(&token), directory.path()).output().unwrap();
    first.kill().unwrap();
    first.wait().unwrap();
    assert_eq!(second.status.code(), Some(1));
    assert!(stderr(&second).contains("another linkspan process uses"), "{}", stderr(&second));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_ends_a_run_in_order_and_the_next_one_goes_on() {
    let upstream = Upstream::start(linkspan_sandbox::Options { latency_ms: 100, ..small_world() }).await;
    let directory = tempfile::tempdir().unwrap();
    let token = upstream.refresh_token().await;
    let mut first = upstream.sync("jira", Some(&token), directory.path());
    let first = first.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    tokio::time::sleep(Duration::from_millis(600)).await;
    let id = first.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    let output = first.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", stderr(&output));
    assert!(stderr(&output).contains("the same command goes on from here"), "{}", stderr(&output));
    assert_eq!(output.stdout, b"");

    let second = upstream.sync("jira", Some(&token), directory.path()).output().unwrap();
    assert!(second.status.success(), "{}", stderr(&second));
    assert!(only_line(&second)["counts"]["tickets"].as_u64() > Some(0));
}

/// Ids of the projects that Jira lists for the administrator by this query.
async fn projects_with(upstream: &Upstream, query: &str) -> Vec<String> {
    let order = json!({ "account_id": upstream.text("/users/0/account_id") });
    let token = upstream.control.post("token", &order).await["access_token"].as_str().unwrap().to_owned();
    let url = format!(
        "{}/ex/jira/{}/rest/api/3/project/search?{query}&maxResults=100",
        upstream.text("/origin"),
        upstream.text("/sites/0/cloud_id"),
    );
    let answer = crate::support::http().get(url).bearer_auth(token).send().await.unwrap();
    let page: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
    page["values"].as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn s15_a_project_that_may_be_administered_and_not_browsed_is_told_and_fails_nothing() {
    let upstream = Upstream::start(Options { projects: 12, ..small_world() }).await;
    let listed = projects_with(&upstream, "action=view").await;
    let archived = projects_with(&upstream, "status=archived").await;
    let browsable = projects_with(&upstream, "action=browse").await;
    let hidden: Vec<&String> = listed.iter().filter(|id| !browsable.contains(id)).collect();
    assert!(!hidden.is_empty() && !browsable.is_empty(), "{listed:?} {browsable:?}");
    let directory = tempfile::tempdir().unwrap();
    let token = upstream.refresh_token().await;
    let output = upstream.sync("jira", Some(&token), directory.path()).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    let admin = upstream.text("/users/0/account_id");
    let expected = upstream.control.get(&format!("oracle/counts?account_id={admin}")).await;
    let line = only_line(&output);
    assert_eq!(line["counts"]["tickets"], expected["issues"]);
    assert_eq!(line["counts"]["collections"], listed.len() + archived.len());

    let store = Store::open(&DatabaseUrl::sqlite(directory.path().join("linkspan.db"))).await.unwrap();
    let source = store.sources().await.unwrap()[0].id;
    for id in &listed {
        let stream = store.get_stream(source, &format!("issues/{id}")).await.unwrap().unwrap();
        let why = stream.progress.last_error.unwrap_or_default();
        assert_eq!(why.contains("Browse Projects"), hidden.contains(&id), "{id}: {why}");
    }
    // The archived ones are listed besides.
    for id in archived {
        let stream = store.get_stream(source, &format!("issues/{id}")).await.unwrap().unwrap();
        let why = stream.progress.last_error.unwrap();
        assert!(why.starts_with("the project is archived"), "{why}");
    }
    let issues = store.get_stream(source, "issues").await.unwrap().unwrap();
    assert_eq!(issues.progress.phase, "done");
}

//! The demo over real data: every issue, comment and page of the data set, word for word.

use std::collections::{HashMap, HashSet};
use std::io::BufRead as _;
use std::io::BufReader;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::demo::{demo, every_ticket_is_whole};
use crate::support::{Api, shared_data};

const ISSUES: usize = 14_187;
const COMMENTS: usize = 50_447;

#[tokio::test]
async fn the_real_data_comes_through_whole_and_word_for_word() {
    let Some(data) = shared_data() else { return };
    let demo = demo(&["--dataset", data.to_str().unwrap()]);
    assert_eq!(demo.line["counts"]["tickets"], ISSUES);
    assert_eq!(demo.line["counts"]["comments"], COMMENTS);

    let api = Api::of(&demo, "jira");
    let tickets =
        api.all("/api/ticketing/v1/tickets?page_size=100&expand=assignees,creator,collections").await;
    every_ticket_is_whole(&tickets, ISSUES as u64);
    let comments = api.all("/api/ticketing/v1/comments?page_size=100").await;
    assert_eq!(comments.len(), COMMENTS);

    let issues = issues(&data);
    assert_eq!(issues.len(), ISSUES);
    let mut key_of: HashMap<&str, &str> = HashMap::new();
    let mut keys: HashSet<&str> = HashSet::new();
    for ticket in &tickets {
        let key = ticket["ticket_url"].as_str().unwrap().rsplit('/').next().unwrap();
        assert!(keys.insert(key), "{key} comes twice");
        key_of.insert(ticket["id"].as_str().unwrap(), key);
        compare_ticket(&issues[key], ticket, key);
    }
    let originals: HashMap<String, (&str, &Value)> = issues
        .iter()
        .flat_map(|(key, issue)| {
            issue["comments"]
                .as_array()
                .unwrap()
                .iter()
                .map(move |comment| (id_of(comment), (key.as_str(), comment)))
        })
        .collect();
    for comment in &comments {
        let (key, original) = &originals[comment["remote_id"].as_str().unwrap()];
        assert_eq!(key_of[comment["ticket"].as_str().unwrap()], *key, "the comment is on another issue");
        assert_eq!(
            lines(text(&comment["body"])),
            lines(&kept(text(&original["body"]))),
            "a comment of {key}"
        );
    }
}

fn compare_ticket(issue: &Value, ticket: &Value, key: &str) {
    assert_eq!(ticket["name"], issue["summary"], "{key}");
    assert_eq!(ticket["collections"][0]["name"].is_string(), issue["project"].is_string(), "{key}");
    assert_eq!(ticket["assignees"].as_array().unwrap().is_empty(), issue["assignee"].is_null(), "{key}");
    let plain = plain_of_html(text(&ticket["description"]));
    assert_eq!(lines(&plain), lines(&kept(text(&issue["description"]))), "{key}");
}

/// The issues of the data set by key.
fn issues(data: &Path) -> HashMap<String, Value> {
    let file = data.join("jira-issues/issues.ndjson.gz");
    let mut unzip = Command::new("gzip").arg("-dc").arg(file).stdout(Stdio::piped()).spawn().unwrap();
    let issues = BufReader::new(unzip.stdout.take().unwrap())
        .lines()
        .map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap())
        .map(|issue| (issue["key"].as_str().unwrap().to_owned(), issue))
        .collect();
    assert!(unzip.wait().unwrap().success());
    issues
}

fn id_of(comment: &Value) -> String {
    comment["id"].as_str().map_or_else(|| comment["id"].to_string(), str::to_owned)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The text as databases can keep it: a NUL character is shown as the replacement character.
fn kept(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// The lines that are not blank, exactly as they are: in rich text a run of blank lines only parts two paragraphs.
fn lines(text: &str) -> Vec<&str> {
    text.split(['\n', '\r']).filter(|line| !line.trim().is_empty()).collect()
}

/// What a browser would show of the served HTML.
fn plain_of_html(html: &str) -> String {
    let mut plain = String::with_capacity(html.len());
    for (index, piece) in html.split('<').enumerate() {
        let (tag, text) = if index == 0 { ("", piece) } else { piece.split_once('>').unwrap() };
        if matches!(tag.trim_end_matches(['/', ' ']), "br" | "/p") {
            plain.push('\n');
        }
        plain.push_str(text);
    }
    let references = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&#x27;", "'"),
        ("&nbsp;", "\u{a0}"),
        ("&amp;", "&"),
    ];
    references.iter().fold(plain, |plain, (reference, character)| plain.replace(reference, character))
}

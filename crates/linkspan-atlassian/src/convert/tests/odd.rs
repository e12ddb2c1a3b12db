//! Whatever upstream sends, nothing panics and nothing good is lost.

use linkspan_model::record::{Access, Model};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::*;
use super::{confluence, jira, only, raw};

const GOOD: &str =
    r#"{"id": "1", "key": "OPS-1", "fields": {"project": {"id": "10000"}, "summary": "good"}}"#;

/// An issue with every member we look into.
fn full_issue() -> Value {
    let user = json!({"accountId": "u1", "displayName": "Ada", "active": true, "accountType": "atlassian", "avatarUrls": {"48x48": "x"}});
    let doc = json!({"type": "doc", "version": 1, "content": [{"type": "paragraph", "content": [{"type": "text", "text": "t"}]}]});
    json!({"id": "2", "key": "OPS-2", "fields": {
        "summary": "s", "project": {"id": "10000", "key": "OPS"}, "description": doc, "environment": doc,
        "issuetype": {"name": "Task", "subtask": true}, "status": {"name": "Open", "statusCategory": {"key": "new"}},
        "priority": {"id": "2", "name": "High"}, "resolution": {"name": "Done"}, "parent": {"id": "1"},
        "assignee": user, "reporter": user, "creator": user, "labels": ["a"], "security": {"id": "5"},
        "created": "2024-01-02T03:04:05.678+0000", "updated": "2024-01-02T03:04:05.678+0000", "duedate": "2024-01-02",
        "resolutiondate": "2024-01-02T03:04:05.678+0000",
        "attachment": [{"id": "3", "filename": "f", "mimeType": "m", "size": 1, "created": "2024-01-02T03:04:05.678+0000", "author": user}],
        "comment": {"startAt": 0, "total": 1, "comments": [{"id": "4", "author": user, "body": doc, "visibility": {"type": "role", "value": "Devs", "identifier": "9"}}]},
        "worklog": {"startAt": 0, "total": 1, "worklogs": [{"id": "6", "author": user, "comment": doc, "timeSpentSeconds": 60}]},
        "issuerestriction": {"issuerestrictions": {"projectrole": [{"restrictionValue": "9"}]}},
        "customfield_1": {"value": [1, 2, {"deep": null}]}},
        "changelog": {"startAt": 0, "total": 1, "histories": [{"id": "7"}]}})
}

fn full_page() -> Value {
    json!({"id": "2", "status": "current", "title": "t", "spaceId": "1", "parentId": "9", "parentType": "page", "authorId": "u1",
        "createdAt": "2024-01-02T03:04:05.678Z", "version": {"number": 2, "createdAt": "2024-01-02T03:04:05.678Z", "authorId": "u1"},
        "body": {"storage": {"value": "<p>t</p>", "representation": "storage"}}, "_links": {"webui": "/spaces/S/pages/2"}})
}

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>()
            .prop_filter("JSON has no such number", |number| number.is_finite())
            .prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        Just(json!([])),
        Just(json!({})),
        Just(json!([[{"a": [null]}]])),
        Just(json!("51502-01-01T00:00:00.000+0000")),
    ]
}

/// Replaces or drops the members at these places, counted over the whole tree.
fn mutate(value: &mut Value, places: &[(usize, Option<Value>)]) {
    fn walk(value: &mut Value, counter: &mut usize, places: &[(usize, Option<Value>)]) {
        let change = |counter: &mut usize| {
            *counter += 1;
            places.iter().find(|(place, _)| place == counter).map(|(_, value)| value.clone())
        };
        match value {
            Value::Object(members) => {
                for key in members.keys().cloned().collect::<Vec<_>>() {
                    match change(counter) {
                        Some(Some(new)) => drop(members.insert(key, new)),
                        Some(None) => drop(members.remove(&key)),
                        None => walk(members.get_mut(&key).unwrap(), counter, places),
                    }
                }
            }
            Value::Array(items) => {
                for item in items {
                    match change(counter) {
                        Some(new) => *item = new.unwrap_or_default(),
                        None => walk(item, counter, places),
                    }
                }
            }
            _ => {}
        }
    }
    walk(value, &mut 0, places);
}

fn places() -> impl Strategy<Value = Vec<(usize, Option<Value>)>> {
    prop::collection::vec((1_usize..140, prop::option::of(leaf())), 1..6)
}

proptest! {
    #[test]
    fn s18_a_mutated_issue_costs_no_other_issue_anything_and_is_kept_itself(places in places()) {
        let mut issue = full_issue();
        mutate(&mut issue, &places);
        let issue = issue.to_string();
        let ctx = jira();
        let converted = issue_page(&format!(r#"{{"issues": [{GOOD}, {issue}, {GOOD}]}}"#), &ctx).unwrap();
        prop_assert_eq!(converted.ids.len(), 3);
        let kept: Vec<_> = converted.raws.iter().filter(|raw| raw.kind == "jira.issue").map(|raw| raw.json.as_str()).collect();
        prop_assert_eq!(kept, vec![GOOD, &issue, GOOD]);
        let alone = issue_page(&format!(r#"{{"issues": [{GOOD}]}}"#), &ctx).unwrap();
        prop_assert_eq!(only(&converted, Model::Ticket, "1"), only(&alone, Model::Ticket, "1"));
        for raw in &converted.raws {
            prop_assert!(raw.record.is_some() || raw.problem.is_some() || raw.kind == "jira.changelog");
            prop_assert!(raw.json == GOOD || issue.contains(&raw.json));
        }
    }

    #[test]
    fn s18_a_mutated_page_costs_no_other_page_anything_and_is_kept_itself(places in places()) {
        let mut page = full_page();
        mutate(&mut page, &places);
        let (page, good) = (page.to_string(), r#"{"id": "1", "spaceId": "1", "status": "current", "title": "good"}"#);
        let converted = page_page(&format!(r#"{{"results": [{page}, {good}]}}"#), &confluence()).unwrap();
        prop_assert_eq!(converted.raws.len(), 2);
        prop_assert_eq!(&converted.raws[0].json, &page);
        prop_assert_eq!(&converted.raws[1].json, good);
        prop_assert!(converted.raws[1].problem.is_none());
    }

    #[test]
    fn p2_a_level_or_restriction_of_an_unknown_form_never_opens_an_issue(
        field in prop_oneof![Just("security"), Just("issuerestriction")],
        value in leaf(),
        deep in any::<bool>(),
    ) {
        let none = json!({});
        let is_none = value.is_null() || (field == "issuerestriction" && value == none);
        prop_assume!(!is_none);
        let value = if deep && field == "issuerestriction" { json!({"issuerestrictions": value}) } else { value };
        let mut issue: Value = serde_json::from_str(GOOD).unwrap();
        issue["fields"][field] = value;
        let converted = issue_page(&format!(r#"{{"issues": [{issue}]}}"#), &jira()).unwrap();
        prop_assert!(!super::sees(&only(&converted, Model::Ticket, "1").access, &super::licensed([])), "{issue}");
    }

    #[test]
    fn arbitrary_text_is_a_problem_of_the_page_and_not_a_panic(text in ".{0,40}") {
        prop_assert!(issue_page(&text, &jira()).is_err() || text.trim_start().starts_with('['));
    }
}

#[test]
fn s9_a_cut_answer_is_a_problem_of_the_page() {
    let page = format!(r#"{{"issues": [{GOOD}, {GOOD}]}}"#);
    for end in 1..page.len() {
        assert!(matches!(issue_page(&page[..end], &jira()), Err(PageProblem::NotJson(_))), "{end}");
    }
    assert!(matches!(
        issue_page(r#"{"errorMessages": ["no"]}"#, &jira()),
        Err(PageProblem::NoList("issues"))
    ));
}

#[test]
fn s18_odd_values_are_named_and_the_rest_is_used() {
    let issue = r#"{"id": "9", "key": "OPS-9", "fields": {"project": {"id": "10000"}, "summary": ["not", "text"],
        "created": "51502-01-01T00:00:00.000+0000", "updated": "2024-01-02T03:04:05.678+0000",
        "status": {"name": 7}, "description": 12, "labels": ["a", 5], "customfield_1": 1e999}}"#;
    let converted = issue_page(&format!(r#"{{"issues": [{issue}]}}"#), &jira()).unwrap();
    let problem = raw(&converted, "jira.issue", "9").problem.clone().unwrap();
    for name in
        ["fields.summary", "fields.created", "fields.status.name", "description", "labels", "customfield_1"]
    {
        assert!(problem.contains(name), "{name} not in {problem}");
    }
    let record = only(&converted, Model::Ticket, "9");
    assert!(record.remote_created_at.is_none() && record.remote_updated_at.is_some());
}

#[test]
fn s18_an_item_that_is_no_issue_is_kept_and_flagged() {
    let converted =
        issue_page(&format!(r#"{{"issues": [null, 5, [1], {{"id": "8"}}, {GOOD}]}}"#), &jira()).unwrap();
    assert_eq!((converted.ids.len(), converted.records.len()), (5, 1));
    assert!(converted.raws[..4].iter().all(|raw| raw.problem.is_some() && raw.record.is_none()));
    assert_eq!(converted.raws[3].remote_id, "8");
}

#[test]
fn m6_a_body_nested_ten_thousand_deep_is_converted() {
    let depth = 10_000;
    let deep = format!("{}{}", r#"{"type":"panel","content":["#.repeat(depth), "]}".repeat(depth));
    let issue = format!(
        r#"{{"id": "9", "fields": {{"project": {{"id": "10000"}}, "summary": "s", "customfield_1": {deep},
        "description": {{"type": "doc", "version": 1, "content": [{deep}]}}}}}}"#
    );
    let converted = issue_page(&format!(r#"{{"issues": [{issue}]}}"#), &jira()).unwrap();
    let kept = raw(&converted, "jira.issue", "9");
    assert_eq!(kept.json, issue);
    assert!(kept.problem.as_deref().unwrap().contains("customfield_1"));
}

#[test]
fn p7_an_issue_without_a_project_is_invisible() {
    let converted = issue_page(r#"{"issues": [{"id": "1", "fields": {"summary": "s"}}]}"#, &jira()).unwrap();
    assert_eq!(only(&converted, Model::Ticket, "1").access, Access::Unknown);
}

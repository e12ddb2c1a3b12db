//! Issues and what surrounds them.

use linkspan_model::record::Model;

use super::super::*;
use super::{body_of, jira, only, raw, shown};

/// A request with one of everything.
const REQUEST: &str = r#"{
  "expand": "renderedFields", "id": "10042", "self": "https://elsewhere.example/rest/api/3/issue/10042", "key": "HELP-7",
  "fields": {
    "summary": "Printer \u201confire\u201d", "project": {"id": "10001", "key": "HELP", "projectTypeKey": "service_desk"},
    "description": {"type": "doc", "version": 1, "content": [{"type": "paragraph", "content": [{"type": "text", "text": "It burns."}]}]},
    "environment": null,
    "issuetype": {"id": "3", "name": "Incident", "subtask": false},
    "status": {"name": "waiting for CUSTOMER", "statusCategory": {"key": "indeterminate"}},
    "priority": {"id": "1", "name": "H\u00f6chste"},
    "resolution": null, "resolutiondate": null, "duedate": "2024-02-29",
    "created": "2024-01-02T03:04:05.678+0100", "updated": "2024-01-03T00:00:00.000+0000",
    "assignee": {"accountId": "u1", "displayName": "Ada", "active": true, "accountType": "atlassian",
                 "avatarUrls": {"16x16": "https://a.example/16", "48x48": "https://a.example/48"}},
    "reporter": {"accountId": "qm:1", "displayName": "Cleo Customer", "active": true, "accountType": "customer"},
    "creator": {"accountId": "u2", "displayName": "Bo", "emailAddress": "", "active": false, "accountType": "app"},
    "labels": ["urgent", "hardware"],
    "parent": {"id": "10001", "key": "HELP-1", "fields": {"summary": "above"}},
    "attachment": [{"id": "500", "filename": "smoke.png", "mimeType": "image/png", "size": 12, "created": "2024-01-02T03:04:05.678+0000",
                    "author": {"accountId": "u1"}, "content": "https://elsewhere.example/500"}],
    "comment": {"startAt": 0, "maxResults": 20, "total": 2, "comments": [
      {"id": "700", "author": {"accountId": "u1", "accountType": "atlassian"}, "jsdPublic": false,
       "body": {"type": "doc", "version": 1, "content": [{"type": "paragraph", "content": [{"type": "text", "text": "internal"}]}]},
       "created": "2024-01-02T05:00:00.000+0000", "updated": "2024-01-02T05:00:01.000+0000"},
      {"id": "701", "author": {"accountId": "qm:1", "accountType": "customer"}, "jsdPublic": true, "body": "h1. old", "created": "2024-01-02T06:00:00.000+0000"}]},
    "worklog": {"startAt": 0, "maxResults": 20, "total": 25, "worklogs": [
      {"id": "900", "issueId": "10042", "author": {"accountId": "u1"}, "started": "2024-01-02T05:00:00.000+0000", "timeSpentSeconds": 3600}]},
    "customfield_10010": {"requestType": {"id": "25"}}, "customfield_10011": null, "customfield_10012": 3.5,
    "fixVersions": [], "lastViewed": "2024-01-03T00:00:00.000+0000", "security": null
  },
  "changelog": {"startAt": 0, "maxResults": 1, "total": 1, "histories": [{"id": "1", "created": "2024-01-02T03:04:05.678+0000", "items": []}]}
}"#;

fn page(issues: &[&str]) -> String {
    format!(r#"{{"issues": [{}], "isLast": true}}"#, issues.join(", "))
}

/// An issue of project 10000 with these further fields.
fn issue_with(id: &str, fields: &str) -> String {
    format!(
        r#"{{"id": "{id}", "key": "OPS-{id}", "fields": {{"project": {{"id": "10000"}}, "summary": "s"{fields}}}}}"#
    )
}

fn ticket_of(fields: &str) -> linkspan_model::models::Ticket {
    let converted = issue_page(&page(&[&issue_with("1", fields)]), &jira()).unwrap();
    body_of!(Ticket, only(&converted, Model::Ticket, "1")).as_ref().clone()
}

#[test]
fn a_request_becomes_a_ticket_with_all_that_belongs_to_it() {
    insta::assert_json_snapshot!(shown(&issue_page(&page(&[REQUEST]), &jira()).unwrap()));
}

#[test]
fn one_issue_by_itself_is_converted_like_one_on_a_page() {
    assert_eq!(issue(REQUEST, &jira()).unwrap(), issue_page(&page(&[REQUEST]), &jira()).unwrap());
}

#[test]
fn what_is_kept_raw_is_the_exact_text_received() {
    let page = page(&[REQUEST]);
    let converted = issue_page(&page, &jira()).unwrap();
    assert_eq!(raw(&converted, "jira.issue", "10042").json, REQUEST);
    for kept in &converted.raws {
        assert!(page.contains(&kept.json), "{} {}", kept.kind, kept.remote_id);
    }
    // The issue, and what became records of its own; its change histories are in its own row.
    assert_eq!(converted.raws.len(), 5);
    assert!(raw(&converted, "jira.issue", "10042").json.contains(r#""histories""#));
}

#[test]
fn s8_a_child_list_is_whole_only_when_upstream_says_so() {
    let comments = |total: &str, count: usize| {
        let items: Vec<_> = (0..count).map(|n| format!(r#"{{"id": "{n}"}}"#)).collect();
        let list = format!(
            r#", "comment": {{"startAt": 0, "maxResults": 20{total}, "comments": [{}]}}"#,
            items.join(",")
        );
        issue_page(&page(&[&issue_with("1", &list)]), &jira()).unwrap()
    };
    for count in [0, 19, 20] {
        let whole = comments(&format!(r#", "total": {count}"#), count);
        assert_eq!((whole.incomplete.len(), whole.complete[0].ids.len()), (0, count));
    }
    for total in [21, 41, 101, 5_000] {
        let cut = comments(&format!(r#", "total": {total}"#), 20);
        assert_eq!((cut.incomplete[0].have, cut.incomplete[0].total), (20, Some(total)));
        assert_eq!(cut.incomplete[0].kind, ChildKind::Comments);
        assert!(cut.complete.is_empty());
    }
    // Without a total nothing is proven.
    assert_eq!(comments("", 3).incomplete[0].total, None);
}

#[test]
fn s12_a_list_with_an_item_nobody_can_identify_does_not_tell_what_is_gone() {
    let list = r#", "comment": {"startAt": 0, "total": 2, "comments": [{"id": "1"}, {"body": "?"}]}"#;
    let converted = issue_page(&page(&[&issue_with("1", list)]), &jira()).unwrap();
    assert!(converted.complete.is_empty() && converted.incomplete.is_empty());
    assert_eq!(converted.raws.iter().filter(|raw| raw.kind == "jira.comment").count(), 2);
}

#[test]
fn children_read_by_themselves_are_those_that_came_embedded() {
    let ctx = jira();
    let whole = issue_page(&page(&[REQUEST]), &ctx).unwrap();
    let issue = ParentIssue {
        issue_id: "10042".into(),
        project_id: "10001".into(),
        access: only(&whole, Model::Ticket, "10042").access.clone(),
    };
    let comment = &raw(&whole, "jira.comment", "700").json;
    let alone = comment_page(&format!(r#"{{"comments": [{comment}], "total": 1}}"#), &issue, &ctx).unwrap();
    assert_eq!(only(&alone, Model::Comment, "700"), only(&whole, Model::Comment, "700"));
    let worklog = &raw(&whole, "jira.worklog", "900").json;
    let alone = worklog_page(&format!(r#"{{"worklogs": [{worklog}]}}"#), &issue, &ctx).unwrap();
    assert_eq!(only(&alone, Model::Worklog, "900"), only(&whole, Model::Worklog, "900"));
    // Histories that came whole stay in the issue's own raw row.
    assert!(whole.raws.iter().all(|raw| raw.kind != "jira.changelog"));
    let history = r#"{"id": "1", "created": "2024-01-02T03:04:05.678+0000", "items": []}"#;
    let alone = changelog_page(&format!(r#"{{"values": [{history}]}}"#), "10042", &ctx).unwrap();
    assert_eq!(raw(&alone, "jira.changelog", "1").json, history);
    let bulk = format!(r#"{{"issueChangeLogs": [{{"issueId": "10042", "changeHistories": [{history}]}}]}}"#);
    assert_eq!(bulk_changelog_page(&bulk, &ctx).unwrap(), alone);
}

#[test]
fn the_status_goes_by_its_category_and_keeps_its_own_name() {
    let table = [
        ("Fertig", r#", "statusCategory": {"key": "done"}"#, "CLOSED"),
        ("Work in progress", r#", "statusCategory": {"key": "indeterminate"}"#, "IN_PROGRESS"),
        ("Offen", r#", "statusCategory": {"key": "new"}"#, "OPEN"),
        ("Odd one", r#", "statusCategory": {"key": "undefined"}"#, "Odd one"),
        ("Odd one", "", "Odd one"),
        // Names that mean "on hold" do so in service projects only.
        ("Pending", r#", "statusCategory": {"key": "new"}"#, "OPEN"),
    ];
    for (name, category, expected) in table {
        let ticket = ticket_of(&format!(r#", "status": {{"name": "{name}"{category}}}"#));
        assert_eq!(ticket.status.as_deref(), Some(expected), "{name}");
        assert_eq!(ticket.status_native.as_deref(), Some(name));
    }
}

#[test]
fn the_priority_goes_by_a_default_id_unless_its_name_says_otherwise() {
    let table = [
        ("1", "Highest", "URGENT"),
        ("1", "最高", "URGENT"),
        ("2", "Hoch", "HIGH"),
        ("3", "Mittel", "NORMAL"),
        ("5", "Niedrigste", "LOW"),
        ("10001", "Critical", "URGENT"),
        ("10002", "Major", "HIGH"),
        ("10003", "Trivial", "LOW"),
        // An older default scheme: 3 is "Major" there.
        ("3", "Major", "HIGH"),
        ("10004", "P0", "P0"),
    ];
    for (id, name, expected) in table {
        let ticket = ticket_of(&format!(r#", "priority": {{"id": "{id}", "name": "{name}"}}"#));
        assert_eq!(ticket.priority.as_deref(), Some(expected), "{id} {name}");
    }
}

#[test]
fn who_asked_is_the_reporter_if_a_user_and_else_who_typed_it() {
    let creator = r#", "creator": {"accountId": "typist", "accountType": "atlassian"}"#;
    let user = |id: &str| jira().id(Model::User, id);
    let asked =
        ticket_of(&format!(r#"{creator}, "reporter": {{"accountId": "asker", "accountType": "atlassian"}}"#));
    assert_eq!((asked.creator, asked.contact), (Some(user("asker")), None));
    let customer =
        ticket_of(&format!(r#"{creator}, "reporter": {{"accountId": "qm:1", "accountType": "customer"}}"#));
    assert_eq!(
        (customer.creator, customer.contact),
        (Some(user("typist")), Some(jira().id(Model::Contact, "qm:1")))
    );
    let nobody = ticket_of(&format!(r#"{creator}, "reporter": null"#));
    assert_eq!((nobody.creator, nobody.contact), (Some(user("typist")), None));
}

#[test]
fn an_issue_is_completed_when_resolved_or_else_when_it_became_done() {
    let done = r#", "status": {"name": "x", "statusCategory": {"key": "done"}}"#;
    let changed = r#", "statuscategorychangedate": "2024-02-02T00:00:00.000+0000""#;
    let at = |fields: &str| ticket_of(fields).completed_at.map(|at| at.to_string());
    assert_eq!(
        at(&format!(r#"{done}{changed}, "resolutiondate": "2024-01-01T00:00:00.000+0000""#)).unwrap(),
        "2024-01-01T00:00:00Z"
    );
    assert_eq!(at(&format!("{done}{changed}")).unwrap(), "2024-02-02T00:00:00Z");
    assert_eq!(at(changed), None);
}

#[test]
fn s19_every_field_with_a_value_and_no_counterpart_is_kept_by_id() {
    let ticket = ticket_of(
        r#", "customfield_2": "a", "customfield_1": {"value": "Red", "child": {"value": "Dark"}}, "customfield_3": null,
           "customfield_4": [], "components": [{"id": "1", "name": "UI"}], "labels": ["x"], "duedate": null"#,
    );
    let fields: Vec<_> = ticket.remote_fields.iter().map(|field| field.field.as_str()).collect();
    assert_eq!(fields, ["components", "customfield_1", "customfield_2"]);
    assert_eq!(ticket.remote_fields[1].value["child"]["value"], "Dark");
}

#[test]
fn an_epic_named_by_id_is_the_parent_where_no_parent_is_given() {
    let mut ctx = jira();
    ctx.fields
        .add(r#"[{"id": "customfield_9", "name": "Epic Link", "custom": true, "schema": {"type": "any", "custom": "com.pyxis.greenhopper.jira:gh-epic-link"}}]"#)
        .unwrap();
    let parent = |fields: &str| {
        let converted = issue_page(&page(&[&issue_with("1", fields)]), &ctx).unwrap();
        body_of!(Ticket, only(&converted, Model::Ticket, "1")).parent_ticket
    };
    assert_eq!(parent(r#", "customfield_9": {"id": 77}"#), Some(ctx.id(Model::Ticket, "77")));
    assert_eq!(
        parent(r#", "customfield_9": {"id": 77}, "parent": {"id": "5"}"#),
        Some(ctx.id(Model::Ticket, "5"))
    );
    // A key moves with the issue: it is no identity.
    assert_eq!(parent(r#", "customfield_9": "OPS-77""#), None);
}

#[test]
fn projects_roles_people_and_groups_become_records() {
    let mut ctx = jira();
    let role = r#"{"id": 10360, "name": "Developers", "description": "They develop.",
        "actors": [{"type": "atlassian-group-role-actor", "actorGroup": {"name": "devs", "groupId": "g1"}},
                   {"type": "atlassian-user-role-actor", "actorUser": {"accountId": "u2"}}]}"#;
    ctx.access.set_project_role("10000", role).unwrap();
    ctx.memberships.add("g1", ["u1"]);
    let project = r#"{"values": [{"id": "10000", "key": "OPS", "name": "Operations", "description": "", "archived": true,
        "projectTypeKey": "software", "style": "classic", "lead": {"accountId": "lead", "displayName": "Lea"}}]}"#;
    let users = r#"[{"accountId": "u1", "displayName": "Ada", "active": true, "accountType": "atlassian", "emailAddress": "ada@example.com"},
        {"accountId": "557058:u2", "displayName": "Bo", "active": false, "accountType": "app", "groups": {"size": 1, "items": [{"groupId": "g2"}]}}]"#;
    let groups = r#"{"values": [{"groupId": "g1", "name": "devs"}]}"#;
    insta::assert_json_snapshot!(serde_json::json!({
        "projects": shown(&project_page(project, &ctx).unwrap()),
        "role": shown(&project_role(role, "10000", &ctx).unwrap()),
        "roles": shown(&role_page(&format!("[{role}]"), &ctx).unwrap()),
        "users": shown(&jira_user_page(users, &ctx).unwrap()),
        "groups": shown(&jira_group_page(groups, &ctx).unwrap()),
    }));
}

#[test]
fn access_data_is_kept_by_id() {
    let ctx = jira();
    let kept = |json: &str, of| catalogue(json, of, &ctx).unwrap();
    let schemes = kept(r#"[{"id": "3", "name": "Open"}, {"name": "no id"}]"#, Catalogue::PermissionSchemes);
    assert_eq!(schemes.raws[0].path, "/rest/api/3/permissionscheme/3");
    assert!(schemes.raws[1].remote_id.starts_with("unidentified:") && schemes.raws[1].problem.is_some());
    let roles = kept(r#"[{"key": "jira-software"}]"#, Catalogue::ApplicationRoles);
    assert_eq!(roles.ids, ["jira-software"]);
    let scheme = kept(r#"{"id": 0, "name": "Default", "permissions": []}"#, Catalogue::PermissionSchemes);
    assert_eq!((scheme.raws[0].kind, scheme.raws[0].remote_id.as_str()), ("jira.permissionscheme", "0"));
    assert!(scheme.records.is_empty());
}

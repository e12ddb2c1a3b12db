//! Who may see Jira records: truth tables.

use linkspan_model::access::{Gate, Principal, Reader};
use linkspan_model::record::{Access, Model};
use proptest::prelude::*;

use super::super::*;
use super::{account, body_of, group, jira, licensed, only, raw, sees, source};

/// Projects 1 (company-managed), 2 (team-managed, open), 3 (team-managed, private), 4 (company-managed, scheme unread).
fn site(browse: &str) -> JiraContext {
    let mut ctx = JiraContext::new(source(), "https://acme.atlassian.net");
    ctx.access
        .add_projects(
            r#"[{"id": "1", "simplified": false, "lead": {"accountId": "lead"}},
                {"id": "2", "simplified": true, "style": "next-gen", "isPrivate": false},
                {"id": "3", "simplified": true, "style": "next-gen", "isPrivate": true},
                {"id": "4", "simplified": false},
                {"id": "5", "simplified": true}]"#,
        )
        .unwrap();
    let scheme = format!(
        r#"{{"permissions": [{{"permission": "ADMINISTER_PROJECTS", "holder": {{"type": "user", "parameter": "boss"}}}}, {browse}]}}"#
    );
    ctx.access.set_permission_scheme("1", &scheme).unwrap();
    for project in ["1", "3"] {
        let role = r#"{"id": 9, "name": "Devs", "actors": [
            {"type": "atlassian-user-role-actor", "actorUser": {"accountId": "dev"}},
            {"type": "atlassian-group-role-actor", "actorGroup": {"groupId": "devs"}}]}"#;
        ctx.access.set_project_role(project, role).unwrap();
    }
    ctx.access.add_groups(r#"{"values": [{"groupId": "named", "name": "by name"}]}"#).unwrap();
    ctx
}

fn browse(holder: &str) -> String {
    format!(r#"{{"permission": "BROWSE_PROJECTS", "holder": {{{holder}}}}}"#)
}

fn everybody() -> String {
    browse(r#""type": "applicationRole""#)
}

fn access(ctx: &JiraContext, project: &str, fields: &str) -> Access {
    let issue = format!(
        r#"{{"id": "1", "fields": {{"project": {{"id": "{project}"}}, "reporter": {{"accountId": "rep"}},
            "assignee": {{"accountId": "ass"}}, "customfield_1": {{"accountId": "picked"}},
            "customfield_2": [{{"groupId": "picked-group"}}, {{"name": "by name"}}], "customfield_3": "text"{fields}}}}}"#
    );
    access_of_issue(&issue, ctx).unwrap()
}

const HOLDERS: [(&str, &[&str], &[&str]); 16] = [
    // Holder; who passes with a licence; who does not.
    (r#""type": "applicationRole""#, &["-"], &[]),
    (r#""type": "applicationRole", "parameter": """#, &["-"], &[]),
    (
        r#""type": "applicationRole", "parameter": "jira-software""#,
        &["app:jira-software"],
        &["-", "app:jira-core"],
    ),
    (r#""type": "applicationRole", "parameter": {"odd": 1}"#, &[], &["-"]),
    (r#""type": "group", "parameter": "renamed", "value": "g1""#, &["group:g1"], &["-", "group:renamed"]),
    (r#""type": "group", "parameter": "by name""#, &["group:named"], &["-", "group:by name"]),
    (r#""type": "group", "parameter": "never read""#, &[], &["-", "group:never read"]),
    (r#""type": "user", "parameter": "u1""#, &["u1"], &["-"]),
    (r#""type": "projectRole", "parameter": "9", "value": "9""#, &["dev", "group:devs"], &["-"]),
    (r#""type": "projectRole", "parameter": "10""#, &[], &["-", "dev"]),
    (r#""type": "projectLead""#, &["lead"], &["-"]),
    (r#""type": "reporter""#, &["rep"], &["-", "ass"]),
    (r#""type": "assignee""#, &["ass"], &["-", "rep"]),
    (r#""type": "userCustomField", "parameter": "customfield_1""#, &["picked"], &["-", "rep"]),
    (
        r#""type": "groupCustomField", "value": "customfield_2""#,
        &["group:picked-group", "group:named"],
        &["-", "picked"],
    ),
    (r#""type": "sd.customer.portal.only""#, &[], &["-", "rep"]),
];

fn reader(word: &str) -> Reader {
    match word.split_once(':') {
        Some(("group", id)) => licensed([group(id)]),
        Some(("app", key)) => licensed([Principal::ApplicationRole(key.to_owned())]),
        _ if word == "-" => licensed([]),
        _ => licensed([account(word)]),
    }
}

#[test]
fn p5_every_holder_of_browse_lets_its_own_people_in_and_nobody_else() {
    for (holder, pass, fail) in HOLDERS {
        let rule = access(&site(&browse(holder)), "1", "");
        for word in pass {
            assert!(sees(&rule, &reader(word)), "{holder} lets {word} in");
        }
        for word in fail {
            assert!(!sees(&rule, &reader(word)), "{holder} keeps {word} out");
        }
    }
}

#[test]
fn p5_every_holder_of_a_security_level_narrows_those_who_browse() {
    for (holder, pass, fail) in HOLDERS {
        let mut ctx = site(&everybody());
        let member = format!(r#"{{"values": [{{"issueSecurityLevelId": "77", "holder": {{{holder}}}}}]}}"#);
        ctx.access.add_level_members(&member).unwrap();
        let rule = access(&ctx, "1", r#", "security": {"id": "77", "name": "Secret"}"#);
        for word in pass {
            assert!(sees(&rule, &reader(word)), "{holder} lets {word} in");
        }
        for word in fail {
            assert!(!sees(&rule, &reader(word)), "{holder} keeps {word} out");
        }
    }
}

#[test]
fn p5_being_in_the_level_alone_shows_nothing() {
    let mut ctx = site(&browse(r#""type": "group", "value": "browsers""#));
    ctx.access
        .add_level_members(r#"{"values": [{"issueSecurityLevelId": "77", "holder": {"type": "assignee"}}]}"#)
        .unwrap();
    let rule = access(&ctx, "1", r#", "security": {"id": "77"}"#);
    assert!(!sees(&rule, &licensed([account("ass")])));
    assert!(!sees(&rule, &licensed([group("browsers")])));
    assert!(sees(&rule, &licensed([account("ass"), group("browsers")])));
}

#[test]
fn p3_no_level_a_level_with_members_and_a_level_nobody_read_are_three_things() {
    let mut ctx = site(&everybody());
    ctx.access
        .add_level_members(
            r#"{"values": [{"issueSecurityLevelId": "77", "holder": {"type": "user", "value": "u1"}}]}"#,
        )
        .unwrap();
    let with = |security: &str| access(&ctx, "1", &format!(r#", "security": {security}"#));
    assert!(sees(&with("null"), &licensed([])));
    assert!(sees(&with(r#"{"id": "77"}"#), &licensed([account("u1")])));
    assert!(!sees(&with(r#"{"id": "77"}"#), &licensed([])));
    assert!(!sees(&with(r#"{"id": "78"}"#), &licensed([account("u1")])));
    assert!(!sees(&with(r#"{"name": "no id"}"#), &licensed([account("u1")])));
    assert!(!sees(&with(r#""odd""#), &licensed([account("u1")])));
}

#[test]
fn p6_anyone_needs_no_licence_and_everybody_else_does() {
    let open = access(&site(&browse(r#""type": "anyone""#)), "1", "");
    assert!(sees(&open, &Reader::anonymous()));
    for holder in
        [r#""type": "applicationRole""#, r#""type": "group", "value": "g1""#, r#""type": "reporter""#]
    {
        let rule = access(&site(&browse(holder)), "1", "");
        assert!(!sees(&rule, &Reader::anonymous()));
        assert!(!sees(&rule, &Reader::new([group("g1"), account("rep")])), "{holder} without a licence");
    }
}

#[test]
fn p2_what_was_not_read_or_not_understood_lets_nobody_in() {
    let ctx = site(&browse(r#""type": "somethingNew", "parameter": "x""#));
    assert!(!sees(&access(&ctx, "1", ""), &licensed([account("rep")])));
    let scheme =
        r#"{"permissions": [{"permission": "BROWSE_PROJECTS", "holder": {"type": "somethingNew"}}, 5]}"#;
    assert_eq!(JiraAccess::default().set_permission_scheme("1", scheme).unwrap().len(), 2);
    for project in ["4", "5", "unknown"] {
        assert_eq!(access(&ctx, project, ""), Access::Unknown, "{project}");
        assert_eq!(ctx.access.access_level_of_project(project), "PRIVATE");
    }
    // A scheme answered without its grants says nothing.
    let mut unread = site(&everybody());
    unread.access.set_permission_scheme("4", r#"{"id": 1, "name": "no grants"}"#).unwrap();
    assert_eq!(access(&unread, "4", ""), Access::Unknown);
}

#[test]
fn team_managed_projects_are_open_to_the_licensed_or_private_to_their_roles() {
    let mut ctx = site(&everybody());
    let private = |ctx: &JiraContext, reader: &Reader| sees(&access(ctx, "3", ""), reader);
    assert!(sees(&access(&ctx, "2", ""), &licensed([])));
    assert!(!private(&ctx, &licensed([])));
    assert!(private(&ctx, &licensed([account("dev")])));
    assert!(!private(&ctx, &licensed([group("admins")])));
    ctx.access.set_administrator_groups(vec!["admins".into()]);
    assert!(private(&ctx, &licensed([group("admins")])));
    let levels = ["1", "2", "3"].map(|project| ctx.access.access_level_of_project(project));
    assert_eq!(levels, ["COMPANY", "COMPANY", "PRIVATE"]);
}

#[test]
fn p3_a_role_restriction_narrows_and_an_empty_one_does_not() {
    let ctx = site(&everybody());
    let with = |restriction: &str| access(&ctx, "3", &format!(r#", "issuerestriction": {restriction}"#));
    let dev = licensed([account("dev")]);
    assert!(sees(&with(r#"{"issuerestrictions": {}, "shouldDisplay": true}"#), &dev));
    assert!(sees(&with(r#"{"issuerestrictions": {"projectrole": []}}"#), &dev));
    assert!(sees(&with(r#"{"issuerestrictions": {"projectrole": [{"restrictionValue": "9"}]}}"#), &dev));
    assert!(!sees(&with(r#"{"issuerestrictions": {"projectrole": [{"restrictionValue": "10"}]}}"#), &dev));
    assert!(!sees(&with(r#"{"issuerestrictions": {"projectrole": "odd"}}"#), &dev));
    assert!(!sees(&with("[]"), &dev));
}

#[test]
fn a_sub_task_has_the_level_of_its_parent() {
    let parent = r#"{"id": "1", "fields": {"project": {"id": "1"}, "security": {"id": "77"}}}"#;
    let open = r#"{"id": "2", "fields": {"project": {"id": "1"}, "security": null}}"#;
    let child = |id: &str, parent: &str| {
        format!(
            r#"{{"id": "{id}", "fields": {{"project": {{"id": "1"}}, "issuetype": {{"subtask": true}}, "parent": {{"id": "{parent}"}}}}}}"#
        )
    };
    let mut ctx = site(&everybody());
    ctx.access
        .add_level_members(
            r#"{"values": [{"issueSecurityLevelId": "77", "holder": {"type": "user", "value": "u1"}}]}"#,
        )
        .unwrap();
    let page = format!(
        r#"{{"issues": [{}, {}, {}, {parent}, {open}]}}"#,
        child("3", "1"),
        child("4", "2"),
        child("5", "99")
    );
    let converted = issue_page(&page, &ctx).unwrap();
    let sees = |id: &str, reader: &Reader| sees(&only(&converted, Model::Ticket, id).access, reader);
    assert!(sees("3", &licensed([account("u1")])) && !sees("3", &licensed([])));
    assert!(sees("4", &licensed([])));
    // The parent of 5 has not been seen: closed, and said so.
    assert!(!sees("5", &licensed([account("u1")])));
    assert_eq!(converted.waiting.len(), 1);
    assert_eq!((converted.waiting[0].remote_id.as_str(), converted.waiting[0].needs.as_str()), ("5", "99"));
    let waiting = &raw(&converted, "jira.issue", "5").json;
    ctx.parent_levels.insert("99".into(), None);
    assert!(super::sees(&access_of_issue(waiting, &ctx).unwrap(), &licensed([])));
    ctx.parent_levels.insert("99".into(), Some("77".into()));
    assert!(!super::sees(&access_of_issue(waiting, &ctx).unwrap(), &licensed([])));
    // Where there are no levels there is nothing to inherit.
    ctx.parent_levels.clear();
    ctx.access.set_security_scheme("1", false);
    assert!(super::sees(&access_of_issue(waiting, &ctx).unwrap(), &licensed([])));
}

/// The access of a comment and of the issue it is on.
fn comment(ctx: &JiraContext, project: &str, members: &str) -> (NewRecord, Access) {
    let issue = format!(
        r#"{{"issues": [{{"id": "1", "fields": {{"project": {{"id": "{project}"}}, "comment": {{"total": 1, "comments": [{{"id": "7"{members}}}]}}}}}}]}}"#
    );
    let converted = issue_page(&issue, ctx).unwrap();
    (only(&converted, Model::Comment, "7").clone(), only(&converted, Model::Ticket, "1").access.clone())
}

#[test]
fn p16_a_comment_is_limited_to_its_role_or_group_under_an_open_issue() {
    let ctx = site(&everybody());
    let table = [
        ("", vec!["-"], vec![]),
        (r#", "visibility": null"#, vec!["-"], vec![]),
        (
            r#", "visibility": {"type": "role", "value": "Old name", "identifier": "9"}"#,
            vec!["dev", "group:devs"],
            vec!["-"],
        ),
        (r#", "visibility": {"type": "role", "value": "Devs"}"#, vec!["dev"], vec!["-"]),
        (r#", "visibility": {"type": "role", "value": "Never read"}"#, vec![], vec!["-", "dev"]),
        (
            r#", "visibility": {"type": "group", "value": "x", "identifier": "g1"}"#,
            vec!["group:g1"],
            vec!["-", "group:x"],
        ),
        (r#", "visibility": {"type": "group", "value": "by name"}"#, vec!["group:named"], vec!["-"]),
        (r#", "visibility": {"type": "new kind", "value": "x"}"#, vec![], vec!["-", "dev"]),
        (r#", "visibility": "odd""#, vec![], vec!["-", "dev"]),
    ];
    for (members, pass, fail) in table {
        let (found, issue) = comment(&ctx, "1", members);
        assert!(sees(&issue, &licensed([])));
        for word in pass {
            assert!(sees(&found.access, &reader(word)), "{members} lets {word} in");
        }
        for word in &fail {
            assert!(!sees(&found.access, &reader(word)), "{members} keeps {word} out");
        }
        assert_eq!(body_of!(Comment, found).is_private, !fail.is_empty(), "{members}");
    }
}

#[test]
fn p16_a_child_never_has_more_readers_than_its_issue() {
    let ctx = site(&browse(r#""type": "group", "value": "browsers""#));
    let (found, _) = comment(&ctx, "1", r#", "visibility": {"type": "group", "identifier": "g1"}"#);
    assert!(!sees(&found.access, &licensed([group("g1")])));
    assert!(sees(&found.access, &licensed([group("g1"), group("browsers")])));
    let (under_unknown, _) = comment(&ctx, "4", "");
    assert_eq!(under_unknown.access, Access::Unknown);
}

#[test]
fn p15_internal_notes_are_private_and_never_a_customers() {
    let mut ctx = jira();
    let scheme = format!(
        r#"{{"permissions": [{}, {}]}}"#,
        browse(r#""type": "anyone""#),
        browse(r#""type": "reporter""#)
    );
    ctx.access.set_permission_scheme("10001", &scheme).unwrap();
    let customer = Reader::new([
        account("qm:1"),
        Principal::CustomerOf("1".into()),
        Principal::PortalCustomerOf("10001".into()),
    ]);
    // In a service project a comment that does not say it is public is internal; elsewhere all are public.
    for (project, members, private) in [
        ("10001", r#", "jsdPublic": false"#, true),
        ("10001", "", true),
        ("10001", r#", "jsdPublic": "odd""#, true),
        ("10001", r#", "jsdPublic": true"#, false),
        ("10000", r#", "jsdPublic": true"#, false),
        ("10000", "", false),
    ] {
        let (found, _) = comment(&ctx, project, members);
        assert_eq!(body_of!(Comment, found).is_private, private, "{project} {members}");
        if private {
            assert!(!sees(&found.access, &customer), "{project} {members}");
            assert!(sees(&found.access, &licensed([])), "{project} {members}");
        }
    }
}

#[test]
fn only_the_secured_and_the_restricted_are_private_tickets() {
    let ctx = site(&everybody());
    let level = |project: &str, fields: &str| {
        let page = format!(
            r#"{{"issues": [{{"id": "1", "fields": {{"project": {{"id": "{project}"}}{fields}}}}}]}}"#
        );
        let converted = issue_page(&page, &ctx).unwrap();
        body_of!(Ticket, only(&converted, Model::Ticket, "1")).access_level.clone().unwrap()
    };
    assert_eq!(level("1", ""), "COLLECTION");
    assert_eq!(level("1", r#", "security": {"id": "77"}"#), "PRIVATE");
    assert_eq!(
        level(
            "3",
            r#", "issuerestriction": {"issuerestrictions": {"projectrole": [{"restrictionValue": "9"}]}}"#
        ),
        "PRIVATE"
    );
}

#[test]
fn a_project_is_seen_by_those_who_browse_or_administer_it() {
    let ctx = site(&browse(r#""type": "reporter""#));
    let rule = ctx.access.rule_for_project("1");
    assert!(sees(&rule, &licensed([account("boss")])));
    assert!(!sees(&rule, &licensed([account("rep")])));
    let Access::Rule(rule) = rule else { panic!("unknown") };
    assert!(rule.clauses().iter().all(|clause| matches!(clause.gate, Gate::Product | Gate::BrowseProject)));
}

#[test]
fn application_roles_name_the_groups_that_confer_them() {
    let mut access = JiraAccess::default();
    access
        .set_application_roles(
            r#"[{"key": "jira-software", "groupDetails": [{"groupId": "g1"}, {"groupId": "g2"}]},
                {"key": "jira-core", "groupDetails": [{"groupId": "g2"}]}, {"key": "jira-servicedesk"}]"#,
        )
        .unwrap();
    let mut roles: Vec<_> = access.application_roles_of("g2").collect();
    roles.sort_unstable();
    assert_eq!(roles, ["jira-core", "jira-software"]);
    assert_eq!(access.application_roles_of("g3").count(), 0);
}

proptest! {
    #[test]
    fn p1_adding_a_level_or_removing_a_grant_never_widens_an_issue(
        grants in prop::collection::vec(0..HOLDERS.len(), 0..4),
        removed in any::<prop::sample::Index>(),
        members in prop::collection::vec(0..HOLDERS.len(), 0..3),
        holds in prop::collection::vec(prop::sample::select(vec!["dev", "rep", "ass", "picked", "lead", "u1"]), 0..3),
    ) {
        let scheme = |grants: &[usize]| grants.iter().map(|n| browse(HOLDERS[*n].0)).chain([browse(r#""type": "sd.customer.portal.only""#)]).collect::<Vec<_>>().join(",");
        let mut ctx = site(&scheme(&grants));
        for member in members {
            let member = format!(r#"{{"values": [{{"issueSecurityLevelId": "77", "holder": {{{}}}}}]}}"#, HOLDERS[member].0);
            ctx.access.add_level_members(&member).unwrap();
        }
        let reader = licensed(holds.into_iter().map(account));
        let open = access(&ctx, "1", "");
        if sees(&access(&ctx, "1", r#", "security": {"id": "77"}"#), &reader) {
            prop_assert!(sees(&open, &reader));
        }
        if !grants.is_empty() {
            let mut fewer = grants.clone();
            fewer.remove(removed.index(grants.len()));
            if sees(&access(&site(&scheme(&fewer)), "1", ""), &reader) {
                prop_assert!(sees(&open, &reader));
            }
        }
    }
}

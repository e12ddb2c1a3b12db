//! Who may see Confluence records: truth tables, and random trees against an independent walk.

use std::collections::BTreeSet;

use linkspan_model::access::{Gate, Principal, Reader};
use linkspan_model::record::Access;
use proptest::prelude::*;

use super::super::*;
use super::{account, confluence, group, licensed, sees};
use crate::convert::access::Article;

fn by_operation(users: &[&str], groups: &[&str]) -> String {
    let users: Vec<_> =
        users.iter().map(|id| format!(r#"{{"type": "known", "accountId": "{id}"}}"#)).collect();
    let groups: Vec<_> =
        groups.iter().map(|id| format!(r#"{{"type": "group", "name": "n", "id": "{id}"}}"#)).collect();
    format!(
        r#"{{"read": {{"operation": "read", "restrictions": {{"user": {{"results": [{}], "start": 0, "limit": 100, "size": {}}},
            "group": {{"results": [{}], "start": 0, "limit": 100, "size": {}}}}}}},
            "update": {{"operation": "update", "restrictions": {{"user": {{"results": [{{"accountId": "editor"}}]}}, "group": {{"results": []}}}}}}}}"#,
        users.join(","),
        users.len(),
        groups.join(","),
        groups.len(),
    )
}

/// A page of space 1 below `parent`, whose restriction is read as `restriction`.
fn add(ctx: &mut ConfluenceContext, id: &str, parent: Option<&str>, restriction: Option<&str>) {
    let parent =
        parent.map(|parent| format!(r#", "parentId": "{parent}", "parentType": "page""#)).unwrap_or_default();
    let page = format!(
        r#"{{"results": [{{"id": "{id}", "status": "current", "spaceId": "1", "authorId": "author"{parent}}}]}}"#
    );
    ctx.access.add_content(&page).unwrap();
    if let Some(restriction) = restriction {
        ctx.access.set_restriction(id, restriction).unwrap();
    }
}

fn open() -> String {
    by_operation(&[], &[])
}

#[test]
fn p1_every_restricted_level_above_a_page_has_to_be_passed() {
    let mut ctx = confluence();
    add(&mut ctx, "1", None, Some(&by_operation(&["u1"], &["g1"])));
    add(&mut ctx, "2", Some("1"), Some(&open()));
    add(&mut ctx, "3", Some("2"), Some(&by_operation(&["u3"], &["g3"])));
    add(&mut ctx, "4", Some("3"), Some(&open()));
    let rule = ctx.access.rule_for_content("4");
    for (holds, passes) in [
        (vec![], false),
        (vec![account("u1")], false),
        (vec![account("u3")], false),
        (vec![group("g1"), group("g3")], true),
        // A person listed above and a group listed below: the person may be in the group.
        (vec![account("u1"), group("g3")], true),
    ] {
        assert_eq!(sees(&rule, &licensed(holds.clone())), passes, "{holds:?}");
    }
    // Without a licence nobody passes.
    assert!(!sees(&rule, &Reader::new([group("g1"), group("g3")])));
}

#[test]
fn p3_open_restricted_and_unread_are_three_things() {
    let table = [
        (Some(open()), true, false),
        (Some(by_operation(&["u1"], &[])), false, true),
        // Restricted to somebody upstream does not name: nobody, not everybody.
        (Some(open().replacen(r#""results": []"#, r#""results": [{"type": "anonymous"}]"#, 1)), false, false),
        (Some(r#"{"results": [{"operation": "update"}, {"operation": "read", "restrictions": {"user": {"results": []}, "group": {"results": []}}}]}"#.to_owned()), true, false),
        (Some(r#"{"read": {"restrictions": {"user": {"results": []}}}}"#.to_owned()), false, false),
        (Some("{}".to_owned()), false, false),
        (None, false, false),
    ];
    for (restriction, stranger, listed) in table {
        let mut ctx = confluence();
        add(&mut ctx, "1", None, restriction.as_deref());
        let rule = ctx.access.rule_for_content("1");
        assert_eq!(sees(&rule, &licensed([])), stranger, "{restriction:?}");
        assert_eq!(sees(&rule, &licensed([account("u1")])), stranger || listed, "{restriction:?}");
    }
}

#[test]
fn p2_unread_ancestors_hide_a_page_and_are_named() {
    let mut ctx = confluence();
    add(&mut ctx, "2", Some("1"), Some(&open()));
    let article = Article {
        id: "2",
        space_id: Some("1"),
        status: Some("current"),
        author_id: None,
        parent_id: Some("1"),
    };
    assert_eq!(ctx.access.rule_for_article(&article), (Access::Unknown, Some("1".to_owned())));
    add(&mut ctx, "1", None, None);
    let (closed, needs) = ctx.access.rule_for_article(&article);
    assert!(!sees(&closed, &licensed([account("author")])));
    assert_eq!(needs.as_deref(), Some("1"));
    ctx.access.set_restriction("1", &open()).unwrap();
    assert!(sees(&ctx.access.rule_for_article(&article).0, &licensed([])));
    ctx.access.forget_restriction("1");
    assert!(!sees(&ctx.access.rule_for_article(&article).0, &licensed([])));
}

#[test]
fn p4_a_draft_ancestor_that_cannot_be_read_is_passed_over() {
    let mut ctx = confluence();
    let found = r#"{"results": [{"id": "3", "status": "current", "space": {"id": 1}, "ancestors": [{"id": "1", "status": "current"}, {"id": "2", "status": "draft"}],
        "restrictions": {"read": {"restrictions": {"user": {"results": [], "limit": 200, "size": 0}, "group": {"results": [], "limit": 200, "size": 0}}}}}]}"#;
    assert_eq!(ctx.access.add_restrictions(found).unwrap(), Vec::<String>::new());
    ctx.access.set_restriction("1", &by_operation(&["u1"], &[])).unwrap();
    let rule = ctx.access.rule_for_content("3");
    assert!(sees(&rule, &licensed([account("u1")])));
    assert!(!sees(&rule, &licensed([])));
}

#[test]
fn a_cut_list_of_readers_is_said_to_be_cut_and_can_be_read_on() {
    let mut ctx = confluence();
    add(&mut ctx, "1", None, None);
    let cut =
        by_operation(&["u1"], &[]).replacen(r#""limit": 100, "size": 1"#, r#""limit": 1, "size": 1"#, 1);
    assert!(ctx.access.set_restriction("1", &cut).unwrap());
    let next = r#"{"operation": "read", "restrictions": {"user": {"results": [{"accountId": "u2"}], "limit": 100, "size": 1}, "group": {"results": []}}}"#;
    assert!(!ctx.access.extend_restriction("1", next).unwrap());
    let rule = ctx.access.rule_for_content("1");
    assert!(sees(&rule, &licensed([account("u1")])) && sees(&rule, &licensed([account("u2")])));
    assert!(!sees(&rule, &licensed([account("editor")])), "being listed to edit is not being listed to read");
}

#[test]
fn space_grants_count_when_they_are_for_reading_the_space() {
    let grant = |principal: &str, operation: &str| {
        format!(r#"{{"results": [{{"id": "1", "principal": {principal}, "operation": {operation}}}]}}"#)
    };
    let read = r#"{"key": "read", "targetType": "space"}"#;
    let table: [(&str, &str, Vec<Principal>, usize); 9] = [
        (r#"{"type": "user", "id": "u1"}"#, read, vec![account("u1")], 0),
        (r#"{"type": "group", "id": "g1"}"#, read, vec![group("g1")], 0),
        (r#"{"type": "access-class", "id": "ALL_LICENSED_USERS"}"#, read, vec![Principal::Licensed], 0),
        (r#"{"type": "ACCESS_CLASS", "id": "authenticated-users"}"#, read, vec![Principal::Licensed], 0),
        (r#"{"type": "access-class", "id": "anonymous-users"}"#, read, vec![], 0),
        (r#"{"type": "access-class", "id": "all-product-admins"}"#, read, vec![group("admins")], 0),
        (r#"{"type": "access-class", "id": "something new"}"#, read, vec![], 1),
        (r#"{"type": "role", "id": "r1"}"#, read, vec![], 1),
        (r#"{"type": "user", "id": "u1"}"#, r#"{"key": "create", "targetType": "page"}"#, vec![], 0),
    ];
    for (principal, operation, expected, remarks) in table {
        let mut access = ConfluenceAccess::default();
        access.set_administrator_groups(vec!["admins".into()]);
        assert_eq!(
            access.add_space_permissions("1", &grant(principal, operation)).unwrap().len(),
            remarks,
            "{principal}"
        );
        match access.rule_for_space("1") {
            Access::Rule(rule) => {
                let space = rule.clauses().iter().find(|clause| clause.gate == Gate::Space).unwrap();
                assert_eq!(space.any_of, BTreeSet::from_iter(expected), "{principal}");
            }
            // Nobody at all is not believed.
            unknown => assert_eq!((unknown, expected), (Access::Unknown, vec![]), "{principal}"),
        }
    }
}

#[test]
fn p6_anonymous_readers_pass_only_where_site_and_space_are_open() {
    let anonymous = r#"{"results": [{"principal": {"type": "access-class", "id": "anonymous-users"}, "operation": {"key": "read", "targetType": "space"}}]}"#;
    let mut ctx = ConfluenceContext::new(super::source(), super::SITE);
    ctx.access.set_anonymous_access(true);
    ctx.access.add_space_permissions("1", anonymous).unwrap();
    add(&mut ctx, "1", None, Some(&open()));
    add(&mut ctx, "2", None, Some(&by_operation(&["u1"], &[])));
    assert!(sees(&ctx.access.rule_for_content("1"), &Reader::anonymous()));
    assert!(!sees(&ctx.access.rule_for_content("2"), &Reader::anonymous()));
}

#[test]
fn guests_pass_by_their_own_grants_and_not_as_licensed() {
    let mut ctx = confluence();
    ctx.access.set_guest_groups(vec!["guests".into()]);
    let own = r#"{"results": [{"principal": {"type": "user", "id": "guest"}, "operation": {"key": "read", "targetType": "space"}}]}"#;
    ctx.access.add_space_permissions("2", own).unwrap();
    let guest = Reader::new([group("guests"), account("guest")]);
    assert!(sees(&ctx.access.rule_for_space("2"), &guest));
    assert!(!sees(&ctx.access.rule_for_space("1"), &guest));
}

#[test]
fn space_grants_of_the_first_generation_and_roles_count_too() {
    let mut access = ConfluenceAccess::default();
    let first = r#"{"key": "S", "permissions": [
        {"subjects": {"user": {"results": [{"accountId": "u1"}]}, "group": {"results": [{"id": "g1", "name": "n"}]}},
         "operation": {"operation": "read", "targetType": "space"}, "anonymousAccess": false},
        {"subjects": {"user": {"results": [{"accountId": "u2"}]}}, "operation": {"operation": "create", "targetType": "page"}},
        {"operation": {"operation": "read", "targetType": "space"}, "anonymousAccess": true}]}"#;
    access.add_space_permissions_v1("1", first).unwrap();
    access
        .add_space_roles(r#"{"results": [{"id": "r1", "spacePermissions": ["read/space"]}, {"id": "r2", "spacePermissions": []}]}"#)
        .unwrap();
    let assignments = r#"{"results": [{"principal": {"principalType": "USER", "principalId": "u3"}, "roleId": "r1"},
        {"principal": {"principalType": "GROUP", "principalId": "g4"}, "roleId": "r2"},
        {"principal": {"principalType": "GROUP", "principalId": "g5"}, "roleId": "r3"}]}"#;
    assert_eq!(access.add_role_assignments("1", assignments).unwrap().len(), 1);
    let rule = access.rule_for_space("1");
    for (holds, passes) in [
        (account("u1"), true),
        (group("g1"), true),
        (account("u2"), false),
        (account("u3"), true),
        (group("g4"), false),
        (group("g5"), false),
    ] {
        assert_eq!(sees(&rule, &licensed([holds.clone()])), passes, "{holds}");
    }
    assert!(!sees(&rule, &Reader::anonymous()));
}

#[test]
fn drafts_are_their_authors_and_what_is_trashed_is_nobodys() {
    let mut ctx = confluence();
    add(&mut ctx, "1", None, Some(&open()));
    let rule = |status| {
        let article = Article {
            id: "1",
            space_id: Some("1"),
            status: Some(status),
            author_id: Some("author"),
            parent_id: None,
        };
        ctx.access.rule_for_article(&article).0
    };
    for (status, author, other) in [
        ("current", true, true),
        ("archived", true, true),
        ("draft", true, false),
        ("trashed", false, false),
        ("new word", false, false),
    ] {
        assert_eq!(sees(&rule(status), &licensed([account("author")])), author, "{status}");
        assert_eq!(sees(&rule(status), &licensed([])), other, "{status}");
    }
}

#[test]
fn a_tree_that_bites_its_tail_is_unknown() {
    let mut ctx = confluence();
    add(&mut ctx, "1", Some("2"), Some(&open()));
    add(&mut ctx, "2", Some("1"), Some(&open()));
    assert_eq!(ctx.access.rule_for_content("1"), Access::Unknown);
}

/// A page of a random tree: its parent (an earlier page), and the people its restriction names, if it has one.
type RandomPage = (Option<prop::sample::Index>, Option<BTreeSet<u8>>);

fn tree() -> impl Strategy<Value = Vec<RandomPage>> {
    let page = (
        prop::option::weighted(0.8, any::<prop::sample::Index>()),
        prop::option::of(prop::collection::btree_set(0_u8..4, 1..4)),
    );
    prop::collection::vec(page, 1..12)
}

fn parents(tree: &[RandomPage]) -> Vec<Option<usize>> {
    tree.iter()
        .enumerate()
        .map(|(n, (parent, _))| parent.filter(|_| n > 0).map(|parent| parent.index(n)))
        .collect()
}

fn build(tree: &[RandomPage]) -> ConfluenceContext {
    let mut ctx = confluence();
    for (n, (parent, (_, readers))) in parents(tree).iter().zip(tree).enumerate() {
        let names: Vec<_> = readers.iter().flatten().map(|reader| format!("u{reader}")).collect();
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        add(
            &mut ctx,
            &n.to_string(),
            parent.map(|parent| parent.to_string()).as_deref(),
            Some(&by_operation(&names, &[])),
        );
    }
    ctx
}

proptest! {
    #[test]
    fn p1_the_readers_of_every_page_are_those_of_an_independent_walk(tree in tree(), reader in 0_u8..5) {
        let ctx = build(&tree);
        let parents = parents(&tree);
        for page in 0..tree.len() {
            let mut at = Some(page);
            let mut expected = true;
            while let Some(n) = at {
                expected &= tree[n].1.as_ref().is_none_or(|readers| readers.contains(&reader));
                at = parents[n];
            }
            let rule = ctx.access.rule_for_content(&page.to_string());
            prop_assert_eq!(sees(&rule, &licensed([account(&format!("u{reader}"))])), expected);
        }
    }

    #[test]
    fn p1_restricting_any_page_never_widens_another(tree in tree(), at in any::<prop::sample::Index>(), reader in 0_u8..5) {
        let before = build(&tree);
        let mut after = before.clone();
        let restricted = at.index(tree.len());
        if tree[restricted].1.is_none() {
            after.access.set_restriction(&restricted.to_string(), &by_operation(&["u0"], &[])).unwrap();
        }
        let reader = licensed([account(&format!("u{reader}"))]);
        for page in 0..tree.len() {
            let id = page.to_string();
            if sees(&after.access.rule_for_content(&id), &reader) {
                prop_assert!(sees(&before.access.rule_for_content(&id), &reader));
            }
        }
    }
}

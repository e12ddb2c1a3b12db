use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::calls::{Items, Paging, confluence, jira};

/// Feeds pages to a fresh walk and says how it stands after each: `more`, `end`, or why it failed.
fn walk(call: &'static Call, pages: &[Value]) -> Vec<String> {
    walk_of_size(call, None, pages)
}

fn walk_of_size(call: &'static Call, size: Option<u32>, pages: &[Value]) -> Vec<String> {
    let mut state = PageState::begin(call.paging, size);
    pages
        .iter()
        .map(|page| {
            assert!(!state.is_done(), "a page after the end");
            let body = page.to_string();
            let envelope = Envelope::read(body.as_bytes(), call.items).unwrap();
            match state.take(call, &envelope, None, body.as_bytes()) {
                Ok(()) if state.is_done() => "end".to_owned(),
                Ok(()) => "more".to_owned(),
                Err(CallError::PagingStuck { why, .. } | CallError::Malformed { why, .. }) => why,
                Err(error) => error.to_string(),
            }
        })
        .collect()
}

fn objects(count: usize) -> Value {
    (0..count).map(|id| json!({ "id": id })).collect()
}

#[test]
fn s6_a_token_list_ends_when_no_token_is_sent_and_a_short_page_is_not_the_end() {
    let page = |count, token: &str| json!({ "issues": objects(count), "nextPageToken": token });
    let last = json!({ "issues": objects(3), "isLast": true });
    let pages = [page(50, "a"), page(2, "b"), page(0, "c"), page(50, "d"), last];
    assert_eq!(walk(&jira::SEARCH_JQL, &pages), ["more", "more", "more", "more", "end"]);
    assert_eq!(walk(&jira::SEARCH_JQL, &[json!({ "issues": [], "nextPageToken": null })]), ["end"]);
}

#[test]
fn s6_is_last_alone_is_not_trusted() {
    let with_token = json!({ "issues": objects(1), "nextPageToken": "a", "isLast": true });
    assert_eq!(walk(&jira::SEARCH_JQL, &[with_token]), ["more"]);
    let without = json!({ "issues": objects(1), "isLast": false });
    assert_eq!(walk(&jira::SEARCH_JQL, &[without]), ["the page promises more but names no token"]);
    let early = json!({ "values": objects(50), "startAt": 0, "total": 70, "isLast": true });
    assert_eq!(walk(&jira::PROJECT_SEARCH, &[early]), ["more"]);
}

#[test]
fn s6_a_repeated_token_is_an_error_at_any_distance() {
    let page = |token: &str| json!({ "issues": objects(1), "nextPageToken": token });
    let stuck = "upstream sends the same page again";
    assert_eq!(walk(&jira::SEARCH_JQL, &[page("a"), page("a")]), ["more", stuck]);
    for cycle in [2_usize, 3, 7, 20] {
        let pages: Vec<Value> = (0..cycle * 4).map(|index| page(&format!("t{}", index % cycle))).collect();
        let mut state = PageState::begin(jira::SEARCH_JQL.paging, None);
        let noticed = pages.iter().position(|page| {
            let body = page.to_string();
            let envelope = Envelope::read(body.as_bytes(), jira::SEARCH_JQL.items).unwrap();
            state.take(&jira::SEARCH_JQL, &envelope, None, body.as_bytes()).is_err()
        });
        assert!(
            noticed.is_some_and(|pages| pages <= cycle * 3),
            "a cycle of {cycle} was noticed at {noticed:?}"
        );
    }
}

#[test]
fn s6_empty_pages_with_ever_new_tokens_do_not_go_on_for_ever() {
    let mut state = PageState::begin(jira::SEARCH_JQL.paging, None);
    let failed_after = (0_u32..1000).find(|index| {
        let body = json!({ "issues": [], "nextPageToken": format!("t{index}") }).to_string();
        let envelope = Envelope::read(body.as_bytes(), jira::SEARCH_JQL.items).unwrap();
        state.take(&jira::SEARCH_JQL, &envelope, None, body.as_bytes()).is_err()
    });
    assert_eq!(failed_after, Some(EMPTY_PAGES_CAP - 1));
}

#[test]
fn s6_an_indexed_list_moves_by_what_came_when_upstream_lowers_the_page_size() {
    let page = |start: u64, count: usize| json!({ "values": objects(count), "startAt": start, "maxResults": 20, "total": 50, "isLast": start + 20 >= 50 });
    let pages = [page(0, 20), page(20, 20), page(40, 10)];
    assert_eq!(walk_of_size(&jira::PROJECT_SEARCH, Some(100), &pages), ["more", "more", "end"]);
}

#[test]
fn s6_an_indexed_list_whose_index_is_ignored_is_stuck() {
    let page =
        json!({ "values": objects(50), "startAt": 0, "maxResults": 50, "total": 120, "isLast": false });
    let seen = walk(&jira::PROJECT_SEARCH, &[page.clone(), page]);
    assert_eq!(seen, ["more", "upstream answers from another place than asked"]);
    let bare = objects(50);
    assert_eq!(walk(&jira::USERS, &[bare.clone(), bare]), ["more", "upstream sends the same page again"]);
}

#[test]
fn s6_a_bare_array_ends_with_an_empty_page_only() {
    let second: Value = (50..57).map(|id| json!({ "id": id })).collect();
    assert_eq!(walk(&jira::USERS, &[objects(50), second, json!([])]), ["more", "more", "end"]);
}

#[test]
fn s6_an_empty_page_before_the_announced_end_is_not_the_end() {
    let page = json!({ "values": [], "startAt": 0, "total": 9, "isLast": false });
    assert_eq!(walk(&jira::PROJECT_SEARCH, &[page]), ["an empty page before the announced end"]);
    let unsaid = json!({ "comments": [], "startAt": 0, "maxResults": 100, "total": 9 });
    assert_eq!(walk(&jira::ISSUE_COMMENTS, &[unsaid]), ["end"]);
}

#[test]
fn s6_a_cursor_list_ends_without_a_next_link_and_follows_only_its_own_path() {
    let page = |next: &str| json!({ "results": objects(25), "_links": { "next": next, "base": "https://s.atlassian.net/wiki" } });
    let last = json!({ "results": objects(25), "_links": { "base": "https://s.atlassian.net/wiki" } });
    let pages =
        [page("/wiki/api/v2/pages?cursor=a&limit=25"), page("/wiki/api/v2/pages?cursor=b&limit=25"), last];
    assert_eq!(walk(&confluence::PAGES, &pages), ["more", "more", "end"]);
    assert_eq!(
        walk(&confluence::PAGES, &[page("/wiki/api/v2/spaces?cursor=a")]),
        ["the next link leads to another operation"],
    );
    let again = page("/wiki/api/v2/pages?cursor=a");
    assert_eq!(
        walk(&confluence::PAGES, &[again.clone(), again]),
        ["more", "upstream sends the same page again"],
    );
}

#[test]
fn s6_the_link_header_counts_when_the_body_has_no_link() {
    let mut state = PageState::begin(confluence::PAGES.paging, Some(250));
    let body = json!({ "results": objects(3), "_links": {} }).to_string();
    let envelope = Envelope::read(body.as_bytes(), confluence::PAGES.items).unwrap();
    let link = "https://site.atlassian.net/wiki/api/v2/pages?cursor=z%3D%3D&limit=250";
    state.take(&confluence::PAGES, &envelope, Some(link), body.as_bytes()).unwrap();
    let mut params = Params::new().query("body-format", "storage");
    state.fill(confluence::PAGES.paging, &mut params);
    assert_eq!(params.query_for_tests(), "cursor=z%3D%3D&limit=250&body-format=storage");
}

#[test]
fn s6_a_version_1_search_follows_its_link_as_given_without_the_wiki_root() {
    let link = "/rest/api/search?cql=type+%3D+page&cursor=_f_MTAw&limit=25&start=25";
    let pages = [json!({ "results": objects(25), "_links": { "next": link, "context": "/wiki" } })];
    assert_eq!(walk(&confluence::SEARCH_CQL, &pages), ["more"]);
}

#[test]
fn s6_a_version_1_list_ends_by_its_links_or_else_by_a_short_page() {
    let linked = |count, next: Option<&str>| {
        json!({ "results": objects(count), "start": 0, "limit": 200, "size": count,
                "_links": next.map_or(json!({}), |next| json!({ "next": next })) })
    };
    assert_eq!(walk(&confluence::GROUPS, &[linked(7, Some("/rest/api/group?start=7"))]), ["more"]);
    assert_eq!(walk(&confluence::GROUPS, &[linked(200, None)]), ["end"]);
    let unlinked = |start: usize, count| json!({ "results": objects(count), "start": start, "limit": 50 });
    assert_eq!(walk(&confluence::GROUPS, &[unlinked(0, 50), unlinked(50, 49)]), ["more", "end"]);
}

#[test]
fn s6_restrictions_go_on_while_any_list_of_subjects_is_full() {
    let page = |start: usize, users: usize, groups: usize| {
        json!({ "start": start, "limit": 2, "size": 1, "_links": {}, "results": [
            { "operation": "read", "restrictions": {
                "user": { "results": objects(users) }, "group": { "results": objects(groups) } } },
            { "operation": "update" },
        ] })
    };
    let pages = [page(0, 2, 1), page(2, 0, 2), page(4, 1, 0)];
    assert_eq!(walk_of_size(&confluence::CONTENT_RESTRICTIONS, Some(2), &pages), ["more", "more", "end"]);
}

#[test]
fn s6_a_feed_ends_with_its_last_page_and_must_not_stand_still() {
    let page = |until: i64, last: bool| json!({ "values": objects(2), "since": 0, "until": until, "lastPage": last });
    assert_eq!(
        walk(&jira::WORKLOG_UPDATED, &[page(10, false), page(20, false), page(30, true)]),
        ["more", "more", "end"]
    );
    assert_eq!(
        walk(&jira::WORKLOG_UPDATED, &[page(10, false), page(10, false)]),
        ["more", "the feed stands still"]
    );
    let silent = json!({ "values": [] });
    assert_eq!(walk(&jira::WORKLOG_UPDATED, &[silent]), ["the feed neither ends nor says where it stands"]);
}

#[test]
fn s6_an_offset_list_ends_at_its_total() {
    let page =
        |offset: u64, count| json!({ "records": objects(count), "offset": offset, "limit": 2, "total": 3 });
    assert_eq!(walk(&jira::AUDIT_RECORDS, &[page(0, 2), page(2, 1)]), ["more", "end"]);
    assert_eq!(walk(&jira::AUDIT_RECORDS, &[page(0, 0)]), ["an empty page before the announced end"]);
}

#[test]
fn s6_tokens_and_sizes_go_where_each_form_reads_them() {
    let with_token = |call: &'static Call| {
        let mut state = PageState::begin(call.paging, Some(9_999));
        let body = json!({ "issues": [{}], "nextPageToken": "t+/=" }).to_string();
        state
            .take(call, &Envelope::read(body.as_bytes(), call.items).unwrap(), None, body.as_bytes())
            .unwrap();
        let mut params = Params::new().body(json!({ "jql": "key IS NOT EMPTY" }));
        state.fill(call.paging, &mut params);
        (params.query_for_tests(), params.body_for_tests())
    };
    let (query, body) = with_token(&jira::SEARCH_JQL_POST);
    assert_eq!(query, "");
    assert_eq!(body, json!({ "jql": "key IS NOT EMPTY", "maxResults": 5000, "nextPageToken": "t+/=" }));
    let (query, _) = with_token(&jira::SEARCH_JQL);
    assert_eq!(query, "maxResults=5000&nextPageToken=t%2B%2F%3D");
}

#[test]
fn s9_a_body_that_stops_or_has_another_shape_is_told_apart() {
    let error = |text: &str| {
        let error = Envelope::read(text.as_bytes(), Items::Named("issues")).unwrap_err();
        crate::client::unreadable("c", &error)
    };
    assert!(matches!(error(r#"{"issues":[{"id":"1"},{"id""#), CallError::Truncated { .. }));
    assert!(matches!(error(""), CallError::Truncated { .. }));
    assert!(matches!(error(r#"{"values":[]}"#), CallError::Malformed { .. }));
    assert!(matches!(error(r#"{"issues":{}}"#), CallError::Malformed { .. }));
    assert!(matches!(error("[]"), CallError::Malformed { .. }));
    assert!(matches!(error("<html>"), CallError::Malformed { .. }));
    assert!(matches!(error(r#"{"issues":[]} trailing"#), CallError::Malformed { .. }));
}

#[test]
fn r3_what_is_priced_by_rows_is_counted_by_rows() {
    let scheme = |rows| json!({ "id": 1, "permissions": objects(rows) });
    let points = |call: &Call, body: Value| {
        call.price.of(Envelope::read(body.to_string().as_bytes(), call.items).unwrap().items)
    };
    assert_eq!(points(&jira::PROJECT_PERMISSION_SCHEME, scheme(4)), 9);
    assert_eq!(points(&jira::PROJECT_PERMISSION_SCHEME, json!({ "id": 1 })), 1);
    let list = json!({ "permissionSchemes": [scheme(4), { "id": 2 }, scheme(1)] });
    assert_eq!(points(&jira::PERMISSION_SCHEMES, list), 11);
    assert_eq!(points(&jira::PROJECT_ROLES, json!({ "Admins": "https://x/1", "Users": "https://x/2" })), 5);
    assert_eq!(points(&jira::MYSELF, json!({ "accountId": "a" })), 3);
    assert_eq!(points(&jira::GROUP_MEMBERS, json!({ "values": objects(8) })), 17);
}

#[test]
fn m6_a_body_nested_ten_thousand_deep_is_counted_without_recursion() {
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let body = format!(r#"{{"issues":[{deep}],"x":{deep}}}"#);
    assert_eq!(Envelope::read(body.as_bytes(), Items::Named("issues")).unwrap().items, 1);
}

#[test]
fn s7_a_stored_state_goes_on_where_it_stood() {
    let mut state = PageState::begin(jira::SEARCH_JQL.paging, Some(100));
    let body = json!({ "issues": [{}], "nextPageToken": "next" }).to_string();
    let envelope = Envelope::read(body.as_bytes(), jira::SEARCH_JQL.items).unwrap();
    state.take(&jira::SEARCH_JQL, &envelope, None, body.as_bytes()).unwrap();
    let stored = serde_json::to_string(&state).unwrap();
    let mut restored: PageState = serde_json::from_str(&stored).unwrap();
    assert_eq!(restored, state);
    assert!(restored.carries_token());
    // The guard survives too: the token that was stored is still known.
    assert!(restored.take(&jira::SEARCH_JQL, &envelope, None, body.as_bytes()).is_err());
}

#[test]
fn s9_only_walks_without_a_token_in_hand_change_their_page_size() {
    let mut indexed = PageState::begin(jira::PROJECT_SEARCH.paging, Some(50));
    assert!(indexed.resize(jira::PROJECT_SEARCH.paging, 10));
    let mut by_token = PageState::begin(jira::SEARCH_JQL.paging, Some(50));
    assert!(by_token.resize(jira::SEARCH_JQL.paging, 0));
    let body = json!({ "issues": [{}], "nextPageToken": "next" }).to_string();
    let envelope = Envelope::read(body.as_bytes(), jira::SEARCH_JQL.items).unwrap();
    by_token.take(&jira::SEARCH_JQL, &envelope, None, body.as_bytes()).unwrap();
    assert!(!by_token.resize(jira::SEARCH_JQL.paging, 10));
}

#[test]
fn s9_a_cursor_is_kept_when_the_page_size_beside_it_changes_or_the_body_is_left_out() {
    let mut walk = PageState::begin(confluence::PAGES.paging, Some(250));
    let next = "/wiki/api/v2/pages?limit=250&body-format=storage&cursor=a%3Db";
    let body = json!({ "results": [{}], "_links": { "next": next } }).to_string();
    let envelope = Envelope::read(body.as_bytes(), confluence::PAGES.items).unwrap();
    walk.take(&confluence::PAGES, &envelope, None, body.as_bytes()).unwrap();
    assert!(walk.resize(confluence::PAGES.paging, 25));
    let asked = |walk: &PageState| {
        let mut params = Params::new();
        walk.fill(confluence::PAGES.paging, &mut params);
        params.query_for_tests()
    };
    assert_eq!(asked(&walk), "body-format=storage&cursor=a%3Db&limit=25");
    walk.leave_out(&["body-format"]);
    assert_eq!(asked(&walk), "cursor=a%3Db&limit=25");
    assert_eq!(walk.page_size(), Some(25));
}

/// Serves a list of `total` objects in the manner of `call`, never more than `server_cap` a page.
fn serve(call: &Call, total: u64, server_cap: u64, at: u64) -> (Value, u64) {
    let count = server_cap.min(total - at.min(total));
    let next = at + count;
    let page: Vec<Value> = (at..next).map(|id| json!({ "id": id })).collect();
    let body = match (call.paging, call.items) {
        (Paging::StartAt(_), Items::Bare) => json!(page),
        (Paging::StartAt(_), Items::Named(list)) => {
            json!({ list: page, "startAt": at, "maxResults": server_cap, "total": total, "isLast": next >= total })
        }
        (Paging::Token(..), Items::Named(list)) if next < total => {
            json!({ list: page, "nextPageToken": format!("t{next}") })
        }
        (Paging::Token(..), Items::Named(list)) => json!({ list: page, "isLast": true }),
        (Paging::Cursor(_), _) if next < total => {
            json!({ "results": page, "_links": { "next": format!("/wiki/api/v2/pages?cursor={next}") } })
        }
        (Paging::Cursor(_), _) => json!({ "results": page, "_links": {} }),
        (Paging::Start(_), _) if next < total => json!({ "results": page, "start": at, "limit": server_cap,
            "_links": { "next": format!("/rest/api/group?start={next}") } }),
        (Paging::Start(_), _) => json!({ "results": page, "start": at, "limit": server_cap, "_links": {} }),
        other => panic!("{other:?} is not served here"),
    };
    (body, next)
}

proptest! {
    #[test]
    fn s6_every_family_yields_every_object_once_whatever_the_sizes(
        total in 0..200_u64, server_cap in 1..60_u64, wanted in 1..100_u32,
    ) {
        for call in [
            &jira::SEARCH_JQL, &jira::SEARCH_JQL_POST, &jira::PROJECT_SEARCH, &jira::USERS, &confluence::PAGES, &confluence::GROUPS,
        ] {
            let mut state = PageState::begin(call.paging, Some(wanted));
            let mut at = 0;
            let mut seen = 0;
            while !state.is_done() {
                let (page, next) = serve(call, total, server_cap.min(u64::from(wanted)), at);
                let body = page.to_string();
                let envelope = Envelope::read(body.as_bytes(), call.items).unwrap();
                seen += envelope.items;
                state.take(call, &envelope, None, body.as_bytes()).unwrap();
                at = next;
            }
            prop_assert_eq!(seen, total, "{}", call.name);
        }
    }

    #[test]
    fn s6_no_body_makes_the_reader_or_the_rule_panic(
        items in any::<u8>(), start in any::<Option<u64>>(), total in any::<Option<u64>>(), last in any::<Option<bool>>(),
        token in any::<Option<String>>(), link in any::<Option<String>>(), until in any::<Option<i64>>(),
    ) {
        let page = json!({ "issues": objects(items.into()), "values": objects(items.into()), "results": objects(items.into()),
            "records": objects(items.into()), "startAt": start, "total": total, "isLast": last, "nextPageToken": token,
            "until": until, "_links": { "next": link } });
        let body = page.to_string();
        for call in Call::all().filter(|call| call.paging != Paging::Whole) {
            if let Ok(envelope) = Envelope::read(body.as_bytes(), call.items) {
                let mut state = PageState::begin(call.paging, None);
                let before = state.clone();
                if state.take(call, &envelope, None, body.as_bytes()).is_ok() {
                    prop_assert!(state.pages() == before.pages() + 1);
                }
            }
        }
    }
}

use std::time::Duration;

use jiff::Timestamp;
use proptest::prelude::*;

use super::*;

#[test]
fn s1_times_are_unquoted_epoch_milliseconds() {
    let moment: Timestamp = "2024-11-29T10:24:51.123456Z".parse().unwrap();
    let jql = Jql::new()
        .updated_since(moment)
        .order_by(JqlOrder::UpdatedAscending)
        .order_by(JqlOrder::KeyAscending);
    assert_eq!(jql.to_string(), "updated >= 1732875891123 ORDER BY updated ASC, key ASC");
    assert_eq!(Jql::new().created_before(moment).to_string(), "created < 1732875891123");
}

#[test]
fn s1_cql_times_are_spans_before_now_rounded_up() {
    let cql = Cql::types(&[CqlType::Page, CqlType::Blogpost]).modified_within(Duration::from_secs(61));
    assert_eq!(
        cql.oldest_change_first().to_string(),
        r#"type IN (page, blogpost) AND lastmodified >= now("-2m") ORDER BY lastmodified ASC"#
    );
    let cql = Cql::types(&[CqlType::Comment]).created_within(Duration::from_mins(1)).oldest_first();
    assert_eq!(cql.to_string(), r#"type IN (comment) AND created >= now("-1m") ORDER BY created ASC"#);
    assert_eq!(Cql::any_type().ids([7, 8]).to_string(), "id IN (7, 8)");
    assert_eq!(
        Cql::types(&[CqlType::Comment]).containers([7]).to_string(),
        "type IN (comment) AND container IN (7)"
    );
}

#[test]
fn s2_what_is_known_is_left_out_up_to_its_version() {
    let moment = Timestamp::from_millisecond(1_000).unwrap();
    let jql = Jql::new().updated_since(moment).but_known([7, 8], moment).but_known([], moment);
    assert_eq!(jql.to_string(), "updated >= 1000 AND (id NOT IN (7, 8) OR updated > 1000)");
}

#[test]
fn a_query_without_clauses_is_still_bounded() {
    assert_eq!(Jql::new().to_string(), "key IS NOT EMPTY");
    assert_eq!(Jql::new().projects([]).to_string(), "key IS EMPTY");
    assert_eq!(Cql::types(&[]).to_string(), "(type = page AND type = comment)");
}

#[test]
fn m7_values_stay_values() {
    assert_eq!(
        Jql::new().project_keys(["ORDER", r#"A") OR project in ("B"#]).to_string(),
        r#"project IN ("ORDER", "A\") OR project in (\"B")"#
    );
    assert_eq!(Jql::new().text("back\\slash\n\u{200b}x").to_string(), r#"text ~ "back\\slash\u000a\u200bx""#);
    assert_eq!(
        Cql::types(&[CqlType::Page]).text("a\u{200b}b\nc\"").to_string(),
        r#"type IN (page) AND text ~ "ab c\"""#
    );
}

#[test]
fn m7_a_callers_query_is_enclosed_as_it_is() {
    let jql = Jql::new().projects([10_000]).and_caller(r#"text ~ "order by (" OR labels = 'x)'"#).unwrap();
    assert_eq!(jql.to_string(), r#"project IN (10000) AND (text ~ "order by (" OR labels = 'x)')"#);
    assert!(Jql::new().and_caller("reorder = 1 AND bypass = 2 AND order = 3").is_ok());
}

#[test]
fn m7_a_callers_query_cannot_reach_outside() {
    let refused = |query: &str| Jql::new().projects([1]).and_caller(query).unwrap_err();
    for (query, why) in [
        ("", QueryError::Empty),
        ("\u{200b} \t", QueryError::Empty),
        (") OR (key IS NOT EMPTY", QueryError::Parentheses),
        ("a = 1) OR (b = 2", QueryError::Parentheses),
        ("(a = 1", QueryError::Parentheses),
        ("a = \"1", QueryError::OpenQuote),
        ("a = '1", QueryError::OpenQuote),
        (r#"a = "1\""#, QueryError::OpenQuote),
        ("a = 1 \\", QueryError::OpenEscape),
        ("a = 1 ORDER BY key", QueryError::OrderBy),
        ("a = 1 order\n\t by key", QueryError::OrderBy),
        ("a = 1 OR\u{200b}DER B\u{feff}Y key", QueryError::OrderBy),
        ("order by", QueryError::OrderBy),
    ] {
        assert_eq!(refused(query), why, "{query:?}");
    }
    assert_eq!(refused(&"a".repeat(20_000)), QueryError::TooLong(10_000));
}

/// Where a JQL text stands after reading it: the deepest it went below its own parentheses, and whether a quotation
/// is open at its end. Written apart from the builder, so that both can be wrong only together.
fn scan(query: &str) -> (i32, i32, bool) {
    let mut depth = 0;
    let mut lowest = 0;
    let mut open: Option<char> = None;
    let mut chars = query.chars();
    while let Some(c) = chars.next() {
        match (c, open) {
            ('\\', _) => {
                chars.next();
            }
            (c, Some(quote)) if c == quote => open = None,
            ('"' | '\'', None) => open = Some(c),
            ('(', None) => depth += 1,
            (')', None) => {
                depth -= 1;
                lowest = lowest.min(depth);
            }
            _ => {}
        }
    }
    (depth, lowest, open.is_some())
}

/// Text made of what could matter to a query's syntax.
fn hostile() -> impl Strategy<Value = String> {
    prop::collection::vec(
        prop_oneof![
            Just("\"".to_owned()),
            Just("'".to_owned()),
            Just("\\".to_owned()),
            Just("(".to_owned()),
            Just(")".to_owned()),
            Just(" ORDER BY ".to_owned()),
            Just(" OR ".to_owned()),
            Just("\u{200b}".to_owned()),
            Just("\u{202e}".to_owned()),
            Just("\n".to_owned()),
            Just("key".to_owned()),
            any::<char>().prop_map(String::from),
        ],
        0..12,
    )
    .prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn m7_no_value_can_become_syntax(value in hostile()) {
        let jql = Jql::new().project_keys([value.as_str()]).text(&value).labels([value.as_str()]).to_string();
        prop_assert_eq!(scan(&jql), (0, 0, false));
        let cql = Cql::types(&[]).spaces([value.as_str()]).text(&value).to_string();
        prop_assert_eq!(scan(&cql), (0, 0, false));
        // Outside quotations only the builder's own words remain.
        let mut quoted = false;
        let mut escaped = false;
        let outside: String = jql.chars().filter(|c| {
            let was = quoted;
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => quoted = !quoted,
                _ => {}
            }
            !was && !quoted
        }).collect();
        prop_assert!(!outside.contains("BY") && outside.is_ascii(), "{}", outside);
        prop_assert!(!jql.chars().any(char::is_control));
    }

    #[test]
    fn m7_an_enclosed_query_never_leaves_its_parentheses(query in hostile()) {
        if let Ok(jql) = Jql::new().and_caller(&query) {
            let text = jql.to_string();
            prop_assert!(text.starts_with('(') && text.ends_with(')'));
            prop_assert_eq!(scan(&text), (0, 0, false));
            prop_assert_eq!(scan(&text[1..text.len() - 1]), (0, 0, false));
        }
    }
}

//! The grammar, as a table and as properties.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::{
    Clause, CqlError, DateContext, Expression, MinuteRange, Operator, Query, SortKey, TextQuery, Value,
    epoch_minute, parse, resolve_date as resolve,
};

#[test]
fn queries_parse_to_their_canonical_form() {
    let table = [
        ("type=page", r#"type = "page""#),
        ("TYPE IN (page, 'blogpost')", r#"type in ("page", "blogpost")"#),
        ("type not in (comment)", r#"type not in ("comment")"#),
        ("a=1 and b=2 AND c=3", r#"a = "1" and b = "2" and c = "3""#),
        ("a=1 or b=2 and c=3", r#"a = "1" or (b = "2" and c = "3")"#),
        ("(a=1 or b=2) and c=3", r#"(a = "1" or b = "2") and c = "3""#),
        ("((a=1))", r#"a = "1""#),
        ("not a=1 and b=2", r#"(not a = "1") and b = "2""#),
        ("!(a=1||b=2)&&c!=3", r#"(not (a = "1" or b = "2")) and c != "3""#),
        (
            "title ~ \"win*\" order by lastModified desc, title",
            r#"title ~ "win*" order by lastmodified desc, title asc"#,
        ),
        (r#"text !~ 'it\'s \"x\" \\ é'"#, r#"text !~ "it's \"x\" \\ é""#),
        (
            "lastmodified >= now('-4w') and created<startOfDay()",
            r#"lastmodified >= now("-4w") and created < startofday()"#,
        ),
        ("creator = currentUser()", "creator = currentuser()"),
        ("space in favouriteSpaces()", "space in (favouritespaces())"),
        ("lastmodified > 2026/01/31", r#"lastmodified > "2026/01/31""#),
        (
            "space.key = ds and content.property[a].b = 1",
            r#"space.key = "ds" and content.property[a].b = "1""#,
        ),
    ];
    for (text, canonical) in table {
        assert_eq!(parse(text).map(|query| query.to_string()), Ok(canonical.to_owned()), "{text}");
    }
}

#[test]
fn broken_queries_are_refused_with_the_place_of_the_fault() {
    let unexpected = |found: &str, offset| CqlError::Unexpected { found: found.to_owned(), offset };
    let table = [
        ("", CqlError::UnexpectedEnd),
        ("type =", CqlError::UnexpectedEnd),
        ("type", CqlError::UnexpectedEnd),
        ("type page", unexpected("page", 5)),
        ("= page", unexpected("=", 0)),
        ("type = page and", CqlError::UnexpectedEnd),
        ("type = page space = DS", unexpected("space", 12)),
        ("(type = page", CqlError::UnexpectedEnd),
        ("type = page)", unexpected(")", 11)),
        ("type in page", unexpected("page", 8)),
        ("type in ()", unexpected(")", 9)),
        ("type in (page,)", unexpected(")", 14)),
        ("type not page", unexpected("page", 9)),
        ("title ~ \"open", CqlError::UnclosedQuote { offset: 8 }),
        ("title ~ \"open\\", CqlError::UnclosedQuote { offset: 8 }),
        ("title ~ \"\\u12\"", unexpected("\\u", 9)),
        ("a = 1 & b = 2", unexpected("&", 6)),
        ("a = and", unexpected("and", 4)),
        ("a = 1 order title", unexpected("title", 12)),
        ("a = 1 order by", CqlError::UnexpectedEnd),
        ("order by title", unexpected("order", 0)),
    ];
    for (text, error) in table {
        assert_eq!(parse(text), Err(error), "{text}");
    }
}

#[test]
fn depth_width_and_length_are_bounded() {
    let nested = format!("{}a=1{}", "(".repeat(100_000 / 4), ")".repeat(100_000 / 4));
    assert_eq!(parse(&nested), Err(CqlError::TooDeep));
    assert_eq!(parse(&format!("{}a=1", "not ".repeat(10_000))), Err(CqlError::TooDeep));
    assert_eq!(parse(&vec!["a=1"; 2000].join(" or ")), Err(CqlError::TooManyClauses));
    assert_eq!(parse(&format!("a in ({})", vec!["1"; 2000].join(","))), Err(CqlError::TooManyValues));
    assert_eq!(parse(&format!("a = \"{}\"", "x".repeat(70_000))), Err(CqlError::TooLong));
}

#[test]
fn s1_date_literals_are_read_in_the_callers_zone_to_the_minute() {
    let context = |zone: TimeZone| DateContext { now: instant("2026-03-18T10:20:30Z"), zone };
    let berlin = context(TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").expect("a POSIX zone"));
    let utc = context(TimeZone::UTC);
    let literal = |text: &str| Value::Literal(text.to_owned());
    let call = |name: &str, arguments: &[&str]| Value::Function {
        name: name.to_owned(),
        arguments: arguments.iter().map(|&argument| argument.to_owned()).collect(),
    };
    let table = [
        (&utc, literal("2026-03-01 12:30"), "2026-03-01T12:30:00Z"),
        (&berlin, literal("2026-03-01 12:30"), "2026-03-01T11:30:00Z"),
        (&berlin, literal("2026/07/01 0:05"), "2026-06-30T22:05:00Z"),
        (&berlin, literal("2026-07-01"), "2026-06-30T22:00:00Z"),
        (&utc, call("now", &[]), "2026-03-18T10:20:00Z"),
        (&utc, call("now", &["-4w"]), "2026-02-18T10:20:00Z"),
        (&utc, call("now", &["-15m"]), "2026-03-18T10:05:00Z"),
        (&utc, call("now", &["+1"]), "2026-03-19T10:20:00Z"),
        (&utc, call("startofday", &[]), "2026-03-18T00:00:00Z"),
        (&berlin, call("startofday", &[]), "2026-03-17T23:00:00Z"),
        (&utc, call("startofweek", &[]), "2026-03-15T00:00:00Z"),
        (&utc, call("startofmonth", &["-1"]), "2026-02-01T00:00:00Z"),
        (&utc, call("startofyear", &["-1y"]), "2025-01-01T00:00:00Z"),
        (&utc, call("endofday", &[]), "2026-03-18T23:59:00Z"),
        (&utc, call("endofmonth", &[]), "2026-03-31T23:59:00Z"),
    ];
    for (context, value, expected) in table {
        let first = resolve("lastmodified", &value, context).map(|range| range.first);
        assert_eq!(first, Ok(epoch_minute(instant(expected))), "{value}");
    }
    let day = resolve("created", &literal("2026-03-01"), &utc).expect("a date");
    assert_eq!(day, MinuteRange { first: day.first, last: day.first + 24 * 60 - 1 });
}

#[test]
fn dates_in_other_forms_are_refused() {
    let context = DateContext { now: instant("2026-03-18T10:20:30Z"), zone: TimeZone::UTC };
    for text in [
        "yesterday",
        "2026",
        "2026-13-01",
        "2026-02-30",
        "26-01-01",
        "2026-01-01T00:00:00Z",
        "2026-01-01 25:00",
        "2026-01-01 1",
        "-4w",
        "",
    ] {
        assert!(resolve("created", &Value::Literal(text.to_owned()), &context).is_err(), "{text}");
    }
    for argument in ["", "-", "4x", "--4d", "99999999d", "4d4d"] {
        let value = Value::Function { name: "now".to_owned(), arguments: vec![argument.to_owned()] };
        assert!(resolve("created", &value, &context).is_err(), "{argument}");
    }
}

#[test]
fn text_search_wants_every_word_and_honours_phrases_and_wildcards() {
    let text = "The quick brown-fox jumps, Übermut tut selten gut (v2.1)";
    for (query, expected) in [
        ("quick", true),
        ("QUICK jumps", true),
        ("quick slow", false),
        ("\"quick brown\"", true),
        ("\"brown quick\"", false),
        ("brown-fox", true),
        ("fox-brown", false),
        ("jum*", true),
        ("j?mps", true),
        ("*mps", true),
        ("jum", false),
        ("übermut", true),
        ("v2.1", true),
        ("", false),
        ("***", false),
        ("\"", false),
    ] {
        assert_eq!(TextQuery::new(query).matches(text), expected, "{query}");
    }
}

fn instant(text: &str) -> Timestamp {
    text.parse().expect("a timestamp")
}

fn value() -> impl Strategy<Value = Value> {
    let arguments = prop::collection::vec(any::<String>(), 0..3);
    prop_oneof![
        any::<String>().prop_map(Value::Literal),
        ("[a-z]{1,8}", arguments).prop_map(|(name, arguments)| Value::Function { name, arguments }),
    ]
}

fn field() -> impl Strategy<Value = String> {
    "[a-z][a-z.]{0,8}".prop_filter("keywords are no fields", |word| {
        !["and", "or", "not", "in", "order"].contains(&word.as_str())
    })
}

fn clause() -> impl Strategy<Value = Expression> {
    use Operator::{
        Contains, Equals, Greater, GreaterOrEqual, In, Less, LessOrEqual, NotContains, NotEquals, NotIn,
    };
    let single = [Equals, NotEquals, Contains, NotContains, Greater, GreaterOrEqual, Less, LessOrEqual];
    let comparison = (field(), prop::sample::select(single.to_vec()), value())
        .prop_map(|(field, operator, value)| Clause { field, operator, values: vec![value] });
    let membership = (field(), prop::sample::select(vec![In, NotIn]), prop::collection::vec(value(), 1..4))
        .prop_map(|(field, operator, values)| Clause { field, operator, values });
    prop_oneof![comparison, membership].prop_map(Expression::Clause)
}

fn expression() -> impl Strategy<Value = Expression> {
    clause().prop_recursive(4, 24, 4, |inner| {
        let not_and = |member: &Expression| !matches!(member, Expression::And(_));
        let not_or = |member: &Expression| !matches!(member, Expression::Or(_));
        prop_oneof![
            inner.clone().prop_map(|member| Expression::Not(Box::new(member))),
            prop::collection::vec(inner.clone().prop_filter("flat", not_and), 2..4).prop_map(Expression::And),
            prop::collection::vec(inner.prop_filter("flat", not_or), 2..4).prop_map(Expression::Or),
        ]
    })
}

proptest! {
    #[test]
    fn a_printed_query_reads_back_as_itself(
        filter in expression(),
        order in prop::collection::vec((field(), any::<bool>()).prop_map(|(field, descending)| SortKey { field, descending }), 0..3),
    ) {
        let query = Query { filter, order };
        prop_assert_eq!(parse(&query.to_string()), Ok(query));
    }

    #[test]
    fn no_text_makes_the_parser_panic(text: String) {
        let _ = parse(&text);
    }

    #[test]
    fn no_shuffle_of_query_tokens_makes_the_parser_panic(
        tokens in prop::collection::vec(prop::sample::select(vec!["type", "=", "(", ")", ",", "in", "not", "and", "or", "\"x\"", "!", "~", "order", "by", "now", "<="]), 0..24),
    ) {
        if let Ok(query) = parse(&tokens.join(" ")) {
            prop_assert_eq!(parse(&query.to_string()), Ok(query));
        }
    }

    #[test]
    fn no_text_makes_date_or_text_matching_panic(text: String, against: String) {
        let context = DateContext { now: instant("2026-03-18T10:20:30Z"), zone: TimeZone::UTC };
        let _ = resolve("created", &Value::Literal(text.clone()), &context);
        let _ = resolve("created", &Value::Function { name: "now".to_owned(), arguments: vec![text.clone()] }, &context);
        let _ = TextQuery::new(&text).matches(&against);
    }
}

//! The language: a table of texts and their trees, refusals, and properties.

use jiff::{Timestamp, tz::TimeZone};
use proptest::prelude::*;

use super::{
    Clause, Direction, Literal, Operand, Operator, Query, SortKey, Term,
    date::{self, FunctionValue, Moment},
    parse,
};

fn shown(text: &str) -> String {
    parse(text).map_or_else(|error| error.to_string(), |query| query.to_string())
}

#[test]
fn queries_are_understood_as_the_table_says() {
    let table = [
        ("", ""),
        ("order by created", "ORDER BY created"),
        ("project = ABC", "project = ABC"),
        ("project=ABC AND status!='In Progress'", "project = ABC AND status != \"In Progress\""),
        ("a = 1 or b = 2 and c = 3", "a = 1 OR b = 2 AND c = 3"),
        ("(a = 1 or b = 2) && c = 3", "(a = 1 OR b = 2) AND c = 3"),
        ("not a = 1", "NOT a = 1"),
        ("!(a = 1 || b = 2)", "NOT (a = 1 OR b = 2)"),
        ("not not a = 1", "NOT NOT a = 1"),
        (
            "assignee in (currentUser(), membersOf('jira users'), EMPTY)",
            "assignee in (currentUser(), membersOf(\"jira users\"), EMPTY)",
        ),
        ("key not in (A-1, A-2)", "key not in (A-1, A-2)"),
        ("resolution is null", "resolution is EMPTY"),
        ("resolution IS NOT EMPTY", "resolution is not EMPTY"),
        ("updated >= 1732877091000", "updated >= 1732877091000"),
        ("updated >= \"1732877091000\"", "updated >= \"1732877091000\""),
        ("updated >= -1d", "updated >= -1d"),
        ("updated > startOfDay(-1d)", "updated > startOfDay(-1d)"),
        ("created >= '2021-01-17 12:34'", "created >= \"2021-01-17 12:34\""),
        ("cf[10001] = 5", "cf[10001] = 5"),
        ("\"Story Points\" > 3", "\"Story Points\" > 3"),
        ("text ~ 'a \\'quoted\\' word'", "text ~ \"a 'quoted' word\""),
        ("summary ~ \"tab\\tand \\u0041\"", "summary ~ \"tab\\tand A\""),
        ("summary ~ \"\\uD83D\\uDE00\"", "summary ~ \"😀\""),
        ("labels = a\\ b", "labels = \"a b\""),
        ("labels = 'order'", "labels = \"order\""),
        (
            "project = ABC ORDER BY updated ASC, key desc, id",
            "project = ABC ORDER BY updated ASC, key DESC, id",
        ),
        ("project = 007", "project = \"007\""),
        ("project\n=\n'007'", "project = \"007\""),
        ("summary !~ x", "summary !~ x"),
        ("a <= 1 and b < 2 and c > 3", "a <= 1 AND b < 2 AND c > 3"),
        ("a = ünïcödé", "a = \"ünïcödé\""),
    ];
    for (text, expected) in table {
        assert_eq!(shown(text), expected, "for {text:?}");
    }
}

#[test]
fn refusals_say_what_was_expected_and_where() {
    let table = [
        ("project", "Expecting operator before the end of the query. The valid operators are"),
        ("project = ", "Expecting either a value, list or function before the end of the query."),
        ("= ABC", "Expecting a field name but got '='."),
        ("project ABC", "Expecting operator but got 'ABC'."),
        (
            "project = ABC status = Open",
            "Expecting either 'OR' or 'AND' but got 'status'. (line 1, character 15)",
        ),
        (
            "project = and",
            "You must surround 'and' in quotation marks to use it as a value. (line 1, character 11)",
        ),
        ("labels = default", "'default' is a reserved JQL word."),
        ("(project = ABC", "Expecting ')' before the end of the query."),
        ("project = 'ABC", "The quoted string 'ABC' has not been completed. (line 1, character 11)"),
        ("summary ~ a@b", "The character '@' is a reserved JQL character."),
        ("summary ~ 'a\\x'", "'\\x' is an illegal JQL escape sequence."),
        ("summary ~ '\\u00'", "is an illegal JQL escape sequence."),
        ("summary ~ '\\uD800'", "is an illegal JQL escape sequence."),
        ("project = ABC order created", "Expecting 'BY' but got 'created'."),
        ("project = ABC order by", "Expecting a field name before the end of the query."),
        ("project not (a)", "Expecting 'IN' but got '('."),
        ("project in (a", "Expecting ')' before the end of the query."),
        ("project in ((a))", "Expecting either a value, list or function but got '('."),
        ("a = 1 order by b c", "Expecting ',' but got 'c'."),
        ("cf[x] = 1", "Expecting a number but got 'x'."),
        ("project =\n= ABC", "(line 2, character 1)"),
    ];
    for (text, expected) in table {
        let error = parse(text).expect_err(text).to_string();
        assert!(error.starts_with("Error in the JQL Query: "), "{error}");
        assert!(error.contains(expected), "{text:?} gave {error:?}");
    }
}

#[test]
fn nesting_is_bounded() {
    let deep = |depth: usize| format!("{}a = 1{}", "(".repeat(depth), ")".repeat(depth));
    assert!(parse(&deep(99)).is_ok());
    assert!(parse(&deep(100_000)).unwrap_err().to_string().contains("nested too deeply"));
    assert!(parse(&format!("{}a = 1", "not ".repeat(100_000))).is_err());
}

#[test]
fn m7_a_quoted_value_cannot_escape_its_quotes() {
    for hostile in ["x\" OR project = SECRET", "x' ORDER BY a", "\\", "\\\"", "a\u{200b}b", "AND", "\u{0}"] {
        let query = Query {
            filter: Some(Clause::Term(Term {
                field: "summary".into(),
                operator: Operator::Contains,
                operand: Operand::Value(Literal::Text(hostile.into())),
            })),
            order: Vec::new(),
        };
        assert_eq!(parse(&query.to_string()).as_ref(), Ok(&query), "{query}");
    }
}

fn moment(zone: &str) -> Moment {
    let now: Timestamp = "2024-03-13T15:30:45.123Z".parse().unwrap();
    Moment { now, zone: TimeZone::get(zone).unwrap() }
}

#[test]
fn s1_date_literals_are_read_in_the_callers_zone_to_the_minute() {
    let table = [
        ("UTC", "2024-03-10 12:34", Some("2024-03-10T12:34:00Z")),
        ("UTC", "2024/03/10 12:34", Some("2024-03-10T12:34:00Z")),
        ("UTC", "2024-3-1", Some("2024-03-01T00:00:00Z")),
        ("Pacific/Kiritimati", "2024-03-10 12:34", Some("2024-03-09T22:34:00Z")),
        ("Pacific/Niue", "2024-03-10", Some("2024-03-10T11:00:00Z")),
        ("UTC", "-15m", Some("2024-03-13T15:15:45.123Z")),
        ("UTC", "-1d", Some("2024-03-12T15:30:45.123Z")),
        ("UTC", "4w 2d", Some("2024-04-12T15:30:45.123Z")),
        ("UTC", "-1w 2d", Some("2024-03-04T15:30:45.123Z")),
        ("UTC", "2024-13-01", None),
        ("UTC", "2024-02-30", None),
        ("UTC", "2024-03-10 25:00", None),
        ("UTC", "2024-03-10 12:34:56", None),
        ("UTC", "yesterday", None),
        ("UTC", "", None),
        ("UTC", "-", None),
        ("UTC", "9999999999999999999d", None),
    ];
    for (zone, text, expected) in table {
        let expected: Option<Timestamp> = expected.map(|text| text.parse().unwrap());
        assert_eq!(date::literal(text, &moment(zone)), expected, "{text:?} in {zone}");
    }
}

#[test]
fn date_functions_find_the_edges_of_day_week_month_and_year() {
    let table: [(&str, &[&str], &str); 10] = [
        ("now", &[], "2024-03-13T15:30:45.123Z"),
        ("startOfDay", &[], "2024-03-13T04:00:00Z"),
        ("startOfDay", &["-1"], "2024-03-12T04:00:00Z"),
        ("startOfDay", &["-1w"], "2024-03-06T05:00:00Z"),
        ("ENDOFDAY", &[], "2024-03-14T03:59:59.999Z"),
        ("startOfWeek", &[], "2024-03-10T05:00:00Z"),
        ("endOfWeek", &["+1"], "2024-03-24T03:59:59.999Z"),
        ("startOfMonth", &["-1M"], "2024-02-01T05:00:00Z"),
        ("startOfYear", &[], "2024-01-01T05:00:00Z"),
        ("endOfYear", &[], "2025-01-01T04:59:59.999Z"),
    ];
    for (name, arguments, expected) in table {
        let arguments: Vec<String> = arguments.iter().map(|&text| text.to_owned()).collect();
        let Some(FunctionValue::At(found)) = date::function(name, &arguments, &moment("America/New_York"))
        else {
            panic!("{name} has no value");
        };
        assert_eq!(found, expected.parse::<Timestamp>().unwrap(), "{name}({arguments:?})");
    }
    assert!(date::function("startOfCentury", &[], &moment("UTC")).is_none());
    let bad = date::function("startOfDay", &["soon".to_owned()], &moment("UTC"));
    assert!(matches!(bad, Some(FunctionValue::BadIncrement)));
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-Z][a-zA-Z0-9_-]{0,8}",
        "\\PC{1,12}",
        Just("order".to_owned()),
        Just("EMPTY".to_owned()),
        Just("cf[7]".to_owned()),
        Just("\u{1}\t\r\n\"'\\".to_owned()),
    ]
}

fn literal() -> impl Strategy<Value = Literal> {
    prop_oneof![any::<i64>().prop_map(Literal::Number), text().prop_map(Literal::Text)]
}

fn single() -> impl Strategy<Value = Operand> {
    prop_oneof![
        literal().prop_map(Operand::Value),
        Just(Operand::Empty),
        ("[a-z]{1,8}", proptest::collection::vec(text(), 0..3))
            .prop_map(|(name, arguments)| Operand::Function { name, arguments }),
    ]
}

fn operand() -> impl Strategy<Value = Operand> {
    prop_oneof![single(), proptest::collection::vec(single(), 1..4).prop_map(Operand::List)]
}

fn operator() -> impl Strategy<Value = Operator> {
    proptest::sample::select(vec![
        Operator::Equals,
        Operator::NotEquals,
        Operator::Less,
        Operator::LessOrEqual,
        Operator::Greater,
        Operator::GreaterOrEqual,
        Operator::Contains,
        Operator::NotContains,
        Operator::In,
        Operator::NotIn,
        Operator::Is,
        Operator::IsNot,
    ])
}

fn clause() -> impl Strategy<Value = Clause> {
    let term = (text(), operator(), operand())
        .prop_map(|(field, operator, operand)| Clause::Term(Term { field, operator, operand }));
    term.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 2..4).prop_map(Clause::And),
            proptest::collection::vec(inner.clone(), 2..4).prop_map(Clause::Or),
            inner.prop_map(|clause| Clause::Not(Box::new(clause))),
        ]
    })
}

fn query() -> impl Strategy<Value = Query> {
    let direction =
        proptest::option::of(proptest::sample::select(vec![Direction::Ascending, Direction::Descending]));
    let key = (text(), direction).prop_map(|(field, direction)| SortKey { field, direction });
    (proptest::option::of(clause()), proptest::collection::vec(key, 0..4))
        .prop_map(|(filter, order)| Query { filter, order })
}

proptest! {
    #[test]
    fn any_text_is_parsed_or_refused_without_a_panic(text in "\\PC{0,60}") {
        let _ = parse(&text);
    }

    #[test]
    fn anything_like_a_query_is_parsed_or_refused_without_a_panic(
        text in "(project|key|order|by|in|is|not|and|or|empty|=|!=|~|<=|\\(|\\)|,|\\[|\\]|'|\"|\\\\|\\\\u00| |-1d|7){0,40}"
    ) {
        if let Ok(query) = parse(&text) {
            prop_assert_eq!(parse(&query.to_string()).unwrap(), query);
        }
    }

    #[test]
    fn a_printed_query_parses_to_itself(query in query()) {
        prop_assert_eq!(parse(&query.to_string()).unwrap(), query);
    }

    #[test]
    fn any_date_text_is_read_or_refused_without_a_panic(text in "\\PC{0,24}") {
        let _ = date::literal(&text, &moment("Europe/Berlin"));
        let _ = date::function("startOfWeek", &[text], &moment("Asia/Kathmandu"));
    }
}

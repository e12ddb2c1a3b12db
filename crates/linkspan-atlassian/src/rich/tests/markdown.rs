//! The Markdown says what the HTML says.

use proptest::prelude::*;
use pulldown_cmark::{Options, Parser, html};

use super::super::{NoNames, from_adf, from_plain};
use super::{generate, paragraph, visible};

/// What a reader of the Markdown sees.
fn read(markdown: &str) -> String {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let mut out = String::new();
    html::push_html(&mut out, Parser::new_ext(markdown, options));
    visible(&out)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn text_that_looks_like_markup_stays_text(document in generate::document()) {
        let rich = from_adf(&document.to_string(), &NoNames);
        prop_assert_eq!(read(&rich.markdown), visible(&rich.html), "{}", rich.markdown);
    }

    #[test]
    fn plain_text_is_read_back_from_its_markdown(lines in prop::collection::vec(generate::text(), 0..6)) {
        let text = lines.join("\n");
        prop_assert_eq!(read(&from_plain(&text).markdown), super::without_blanks(&text));
    }
}

#[track_caller]
fn check(inlines: &str, expected: &str) {
    assert_eq!(paragraph(inlines).markdown, expected);
}

fn text(text: &str, marks: &[&str]) -> String {
    let marks: Vec<_> = marks.iter().map(|kind| serde_json::json!({"type": kind})).collect();
    serde_json::json!({"type": "text", "text": text, "marks": marks}).to_string()
}

#[test]
fn emphasis_starts_and_ends_at_words() {
    check(&[text("x", &[]), text("y ", &["strong"]), text("z", &[])].join(","), "x**y** z");
    check(&[text(" a ", &["em"]), text(" b", &["em"])].join(","), "*a  b*");
}

#[test]
fn runs_that_differ_in_nothing_markdown_shows_are_one() {
    check(&[text("a", &["strong", "annotation"]), text("b", &["strong"])].join(","), "**ab**");
    check(&[text("a", &["code"]), text("b", &["code", "annotation"])].join(","), "`ab`");
}

#[test]
fn emphasis_that_would_be_misread_is_written_as_tags() {
    check(&[text("x", &[]), text("(y)", &["strong"]), text("z", &[])].join(","), "x<strong>(y)</strong>z");
    check(&[text("a", &["strong"]), text("b", &["em"])].join(","), "**a**<em>b</em>");
    let cut = [text("a ", &["strong"]), text("b", &["underline", "strong"])].join(",");
    check(&cut, "<strong>a </strong><u>**b**</u>");
}

#[test]
fn prose_is_left_readable() {
    let prose = "Costs < 5 & more; see snake_case (1.5 > 1) - really! #tag, 50% + x = y | z";
    check(&text(prose, &[]), prose);
}

#[test]
fn a_code_span_is_fenced_beyond_its_own_backticks() {
    check(&text("a``b`", &["code"]), "``` a``b` ```");
}

//! Crafted sources: neither unsafe output nor unbounded work.

use std::time::{Duration, Instant};

use ammonia::Builder;
use proptest::prelude::*;

use super::super::{MAX_SOURCE_BYTES, NoNames, from_adf, from_plain, from_storage, from_wiki};
use super::{AllNames, generate};

/// What another sanitiser makes of the HTML, told only which inert attributes are ours.
fn cleaned(html: &str) -> String {
    let mut sanitiser = Builder::default();
    sanitiser
        .link_rel(None)
        .url_schemes(["http", "https", "mailto", "tel"].into())
        .add_generic_attribute_prefixes(["data-"])
        .add_tag_attributes("code", ["class"])
        .add_tag_attributes("time", ["datetime"]);
    sanitiser.clean(html).to_string()
}

/// The spellings that a parser and serialiser may change without changing the meaning.
fn spelled_alike(html: &str) -> String {
    html.replace("&quot;", "\"").replace("&nbsp;", "\u{a0}").replace("\r\n", "\n").replace('\r', "\n")
}

fn assert_safe(html: &str) {
    assert_eq!(spelled_alike(&cleaned(html)), spelled_alike(html));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_sanitiser_finds_nothing_to_remove_from_a_wild_document(document in generate::wild_document()) {
        let json = document.to_string();
        assert_safe(&from_adf(&json, &NoNames).html);
        assert_safe(&from_adf(&json, &AllNames).html);
    }

    #[test]
    fn a_sanitiser_finds_nothing_to_remove_from_storage_markup(
        parts in prop::collection::vec(prop::sample::select(vec![
            "<script>alert(1)</script>", "<img src=\"javascript:x\" onerror=\"x\"/>", "<a href=\"javascript:x\">", "</a>",
            "<a href=\"https://ok.example/&quot;&lt;\">", "<p onclick=\"x\" style=\"color: red;background:url(x)\">", "</p>",
            "<ul>", "<li>", "</ul>", "<table><tr><td colspan=\"9999999\">", "</table>", "text &lt;script&gt; &amp;", "<svg/onload=x>",
            "<style>*{}</style>", "<iframe src=\"x\"></iframe>", "<b>", "<i>", "</b>", "<pre>", "</pre>", "<h1>", "</h1>",
            "<ac:image ac:alt=\"&quot;&gt;\"><ri:url ri:value=\"data:x\"/></ac:image>", "<![CDATA[<script>]]>",
            "<ac:link><ri:url ri:value=\"https://ok.example/\u{9}x\"/></ac:link>", "<time datetime=\"&quot;x\"/>", "<br/>",
            "<span style=\"color: rgb(1,2,3)\">", "</span>", "<a href=\"//evil.example\">", "<a href=\"/\\evil.example\">",
        ]), 0..10),
    ) {
        let source = parts.concat();
        assert_safe(&from_storage(&source, &NoNames).html);
        assert_safe(&from_storage(&source, &AllNames).html);
    }

    #[test]
    fn a_sanitiser_finds_nothing_to_remove_from_wiki_markup(source in "[a-z<>&\"'|!*_{}\\[\\]:/\\\\\n#-]{0,80}") {
        assert_safe(&from_wiki(&source, &AllNames).html);
        assert_safe(&from_wiki(&format!("[x|{source}] !{source}.png! [~{source}]"), &AllNames).html);
        assert_safe(&from_plain(&source).html);
    }
}

#[test]
fn only_targets_that_lead_somewhere_harmless_survive() {
    let href = |href: &str| {
        let link = serde_json::json!({"type": "text", "text": "x", "marks": [{"type": "link", "attrs": {"href": href}}]});
        super::paragraph(&link.to_string()).html
    };
    for kept in
        ["https://a.example/b?c=d#e", "HTTP://A", "mailto:a@b", "tel:+1", "/browse/A-1", "#anchor", "?q"]
    {
        assert_eq!(href(kept), format!("<p><a href=\"{kept}\">x</a></p>"));
    }
    for dropped in [
        "javascript:x",
        " \tjava\nscript:x",
        "data:text/html,x",
        "//evil",
        "/\\evil",
        "ftp://x",
        "vbscript:x",
        "x:y",
        "http:",
    ] {
        assert_eq!(href(dropped), "<p>x</p>", "{dropped}");
    }
    assert_eq!(href("/\t/evil \"<>"), "<p><a href=\"/%09/evil%20%22%3C%3E\">x</a></p>");
}

/// Nested so deeply that a parser or writer that recurses would die.
fn deep(levels: usize) -> String {
    let open = r#"{"type":"bulletList","content":[{"type":"listItem","content":[{"type":"paragraph","content":[{"type":"text","text":"t"}]},"#;
    format!("{}{{\"type\":\"rule\"}}{}", open.repeat(levels), "]}]}".repeat(levels))
}

#[test]
fn m6_a_document_ten_thousand_levels_deep_keeps_all_its_text() {
    let rich = from_adf(&deep(10_000), &NoNames);
    assert_eq!(rich.text.matches('t').count(), 10_000);
    assert_eq!(rich.html.matches('t').count(), 10_000);
    assert!(rich.lost.iter().any(|loss| loss.what == "depth" && loss.count > 9_000));
}

#[test]
fn m6_markup_ten_thousand_levels_deep_keeps_all_its_text() {
    let quotes = format!("{}t{}", "<blockquote>".repeat(10_000), "</blockquote>".repeat(10_000));
    assert_eq!(from_storage(&quotes, &NoNames).text, "t");
    let unclosed = format!("{}t", "<ac:structured-macro ac:name=\"x\"><ac:rich-text-body>".repeat(10_000));
    assert_eq!(from_storage(&unclosed, &NoNames).text, "t");
    let panels = "{quote}\n".repeat(10_001) + "t";
    assert!(from_wiki(&panels, &NoNames).text.contains('t'));
}

/// Linear work takes milliseconds here, even unoptimised on a busy machine; quadratic work would take hours.
#[track_caller]
fn assert_quick(work: impl FnOnce()) {
    let start = Instant::now();
    work();
    assert!(start.elapsed() < Duration::from_secs(20), "took {:?}", start.elapsed());
}

#[test]
fn m6_a_line_of_ten_megabytes_is_read_in_linear_time() {
    const SIZE: usize = 10 * 1024 * 1024;
    let line = "word ".repeat(SIZE / 5);
    let json =
        super::document(&format!(r#"{{"type":"paragraph","content":[{{"type":"text","text":"{line}"}}]}}"#));
    assert_quick(|| assert_eq!(from_adf(&json, &NoNames).text, line));
    assert_quick(|| assert_eq!(from_storage(&line, &NoNames).text, line.trim_end()));
    assert_quick(|| assert_eq!(from_wiki(&line, &NoNames).text, line));
    assert_quick(|| assert_eq!(from_plain(&line).text, line));
}

#[test]
fn m6_openings_without_end_are_read_in_linear_time() {
    const COUNT: usize = 200_000;
    for opening in [
        "*a ",
        "_a ",
        "[a ",
        "[a|b ",
        "!a ",
        "{{a ",
        "{code}",
        "{quote}",
        "{panel:a=",
        "{color:red}a ",
        "??a ",
        "|a",
        "||",
        "\\\\",
        "* ",
        "h1. ",
        "http://",
        "[~a",
        ":)",
        "-a ",
        "{code}a\n",
        "\n# a\n",
        "\n|a|\n",
        "a\r\n",
        "{quote}\n* a\n",
    ] {
        assert_quick(|| drop(from_wiki(&opening.repeat(COUNT), &NoNames)));
    }
    for opening in [
        "<",
        "<p",
        "<p>",
        "</p>",
        "<!--",
        "<![CDATA[",
        "&",
        "&amp",
        "<a href=\"",
        "<ul><li>",
        "<b>a",
        "<ac:link>",
        "<td>a",
    ] {
        assert_quick(|| drop(from_storage(&opening.repeat(COUNT), &NoNames)));
    }
    for opening in ["[", "{\"a\":", "\"", "[{\"type\":\"table\",\"content\":[", "[1,", "\\"] {
        assert_quick(|| drop(from_adf(&opening.repeat(COUNT), &NoNames)));
    }
}

#[test]
fn s10_a_source_beyond_the_bound_is_kept_as_text_with_a_flag() {
    let source = "x".repeat(MAX_SOURCE_BYTES + 1);
    let rich = from_wiki(&source, &NoNames);
    assert_eq!(rich.text, source);
    assert_eq!(rich.lost[0].what, "size");
}

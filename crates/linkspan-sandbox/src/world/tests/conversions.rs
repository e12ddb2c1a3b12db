//! Conversions between forms of rich text, on texts nobody wrote.

use proptest::prelude::*;
use serde_json::Value;

use crate::world::{Body, Rich};

/// Pieces that markup is made of, well and badly put together.
fn markup() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("<p>"),
        Just("</p>"),
        Just("<ul><li>"),
        Just("</li></ul>"),
        Just("<b>"),
        Just("</i>"),
        Just("<br>"),
        Just("<td a=b"),
        Just("<table><tr>"),
        Just("</table>"),
        Just("<h2 id='x'>"),
        Just("</h2>"),
        Just("&amp;"),
        Just("&nope;"),
        Just("&#x1F6A2;"),
        Just("&"),
        Just("<![CDATA[x]]>"),
        Just("<!-- c -->"),
        Just("<ac:structured-macro ac:name=\"code\">"),
        Just("<ac:plain-text-body>"),
        Just("</ac:structured-macro>"),
        Just("<"),
        Just(">"),
        Just("\""),
        Just("/>"),
        Just("<ac:link><ri:user ri:account-id=\"a\"/></ac:link>"),
        Just("<style>x</style>"),
        Just("\u{1}"),
        Just("<blockquote>"),
        Just("<pre>"),
        Just("<a href=\"x\">"),
        Just("</a>"),
        Just("word "),
        Just("é"),
        Just("<x:y>"),
        Just("<script>"),
    ];
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

/// The text of a document, white space aside.
fn letters(node: &Value, out: &mut String) {
    out.extend(node["text"].as_str().unwrap_or("").split_whitespace());
    for child in node["content"].as_array().into_iter().flatten() {
        letters(child, out);
    }
}

proptest! {
    #[test]
    fn wiki_markup_keeps_every_line_and_its_order(text in "(\\PC|[\r\n\t\u{0}-\u{1f}]){0,200}") {
        let rich = Rich::Wiki(text.as_str().into());
        let document: Value = serde_json::from_str(&rich.adf()).unwrap();
        let paragraphs = document["content"].as_array().unwrap().iter();
        let nodes = paragraphs.flat_map(|paragraph| paragraph["content"].as_array().unwrap());
        let found: Vec<&str> = nodes.filter_map(|node| node["text"].as_str()).collect();
        let unified = text.replace("\r\n", "\n").replace('\r', "\n");
        let lines: Vec<&str> = unified.split('\n').filter(|line| !line.trim().is_empty()).collect();
        prop_assert_eq!(found, lines);
        prop_assert_eq!(rich.wiki(), text.as_str());
    }

    #[test]
    fn any_markup_becomes_well_formed_storage_that_stays_as_it_is(text in markup()) {
        let body = Body::View(text.as_str().into());
        let storage = body.storage();
        let wrapped = format!(r#"<body xmlns:ac="a" xmlns:ri="r" xmlns:at="t">{storage}</body>"#);
        let mut reader = quick_xml::Reader::from_str(&wrapped);
        while reader.read_event().unwrap() != quick_xml::events::Event::Eof {}
        let again = Body::View(storage.as_ref().into());
        prop_assert_eq!(again.storage(), storage);
    }

    #[test]
    fn any_markup_becomes_adf_with_the_same_letters(text in markup()) {
        let body = Body::Storage(text.as_str().into());
        let document: Value = serde_json::from_str(&body.adf()).unwrap();
        prop_assert_eq!(&document["type"], "doc");
        let mut found = String::new();
        letters(&document, &mut found);
        // What stands in a table outside of its cells moves before it, so that only the letters are compared, not their order.
        let sorted = |text: &str| {
            let mut letters: Vec<char> = text.chars().filter(|letter| !letter.is_whitespace()).collect();
            letters.sort_unstable();
            letters
        };
        prop_assert_eq!(sorted(&found), sorted(&body.plain()));
    }

    #[test]
    fn any_text_is_survived_by_every_conversion(text in "\\PC{0,300}") {
        for rich in [Rich::Adf(text.as_str().into()), Rich::Wiki(text.as_str().into())] {
            let _ = (rich.adf().len(), rich.wiki().len(), rich.is_empty(), rich.mentions_file("a", "b"));
        }
        for body in [Body::from_adf(&text), Body::from_storage(&text), Body::View(text.as_str().into())] {
            let _ = (body.adf().len(), body.storage().len(), body.view().len(), body.plain().len());
        }
    }
}

#[test]
fn ten_thousand_levels_are_survived() {
    let markup = format!("{}x{}", "<div><ul><li>".repeat(10_000), "</li></ul></div>".repeat(10_000));
    let body = Body::Storage(markup.as_str().into());
    assert!(body.adf().contains('x') && body.plain().contains('x') && body.view().contains('x'));
    let adf = format!("{}{}", r#"{"type":"panel","content":["#.repeat(10_000), "]}".repeat(10_000));
    assert_eq!(Rich::Adf(adf.as_str().into()).wiki(), "", "deeper than JSON is read: nothing is shown");
    assert_eq!(Body::from_adf(&adf).storage(), "");
}

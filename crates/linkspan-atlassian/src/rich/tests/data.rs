//! Real texts, when the data is at hand.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use flate2::read::GzDecoder;
use linkspan_model::rich::RichText;
use serde_json::Value;

use super::super::{NoNames, from_adf, from_storage, from_wiki};

/// The objects of a file of lines, or `None` (and a message) where the data is absent.
fn objects(name: &str) -> Option<impl Iterator<Item = Value>> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(name);
    let Ok(file) = File::open(&path) else {
        eprintln!("skipped: no {}", path.display());
        return None;
    };
    let reader: Box<dyn Read> = if path.extension().is_some_and(|extension| extension == "gz") {
        Box::new(GzDecoder::new(file))
    } else {
        Box::new(file)
    };
    let lines = BufReader::new(reader).lines();
    Some(lines.map(|line| serde_json::from_str(&line.expect("a line")).expect("an object")))
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|character: char| !character.is_alphanumeric()).filter(|word| !word.is_empty())
}

/// The words of wiki markup that are surely content: not those inside of brackets, braces, exclamation marks and
/// addresses, nor markers at the start of a line.
fn surely_content(markup: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for line in markup.lines() {
        if line.contains(['[', '{', '!', '\\', '|']) || line.contains("://") {
            continue;
        }
        let line = line.trim_start();
        let is_marked = matches!(line.as_bytes(), [b'h', b'1'..=b'6', b'.', ..] | [b'b', b'q', b'.', ..]);
        let line = if is_marked { &line[3..] } else { line };
        // Emoticons are letters too.
        found.extend(
            words(line).filter(|word| word.chars().count() > 1 && !["on", "off", "flag"].contains(word)),
        );
    }
    found
}

#[track_caller]
fn assert_kept(markup: &str, rich: &RichText) {
    let mut kept = words(&rich.text);
    for word in surely_content(markup) {
        assert!(kept.any(|kept| kept == word), "{word:?} of {markup:?} is lost in {:?}", rich.text);
    }
}

#[test]
fn every_description_and_comment_of_the_issues_keeps_its_words() {
    let Some(issues) = objects("jira-issues/issues.ndjson.gz") else { return };
    let mut time = Duration::ZERO;
    let mut count = 0;
    for issue in issues {
        let comments = issue["comments"].as_array().into_iter().flatten().map(|comment| &comment["body"]);
        for text in [&issue["description"], &issue["environment"]].into_iter().chain(comments) {
            let Some(markup) = text.as_str() else { continue };
            let start = Instant::now();
            let rich = from_wiki(markup, &NoNames);
            time += start.elapsed();
            count += 1;
            assert_kept(markup, &rich);
            assert!(rich.html.len() + rich.markdown.len() + rich.text.len() <= 40 * markup.len() + 200);
        }
    }
    eprintln!("{count} texts in {time:?}");
    assert!(count > 60_000);
    assert!(time < Duration::from_mins(2), "took {time:?}");
}

#[test]
fn s20_every_storage_body_is_read_and_what_is_not_shown_is_named() {
    let Some(bodies) = objects("confluence-pages/storage-format.ndjson.gz") else { return };
    for body in bodies {
        let Some(markup) = body["body"].as_str() else { continue };
        let rich = from_storage(markup, &NoNames);
        assert!(!rich.lost.iter().any(|loss| loss.what == "depth" || loss.what == "size"));
        let known = markup.contains("ac:name=\"toc\"") || markup.contains("ac:name=\"livesearch\"");
        assert!(!known || rich.lost.iter().any(|loss| loss.what.starts_with("macro ")), "{markup}");
    }
}

fn texts<'v>(value: &'v Value, found: &mut Vec<&'v str>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::String(text) if name == "text" && fields["type"] == "text" => found.push(text),
                    _ if name != "attrs" => texts(value, found),
                    _ => {}
                }
            }
        }
        _ => {}
    }
}

#[test]
fn s20_every_adf_document_keeps_all_its_text() {
    let Some(documents) = objects("adf/documents.ndjson") else { return };
    for document in documents {
        let document = &document["adf"];
        let rich = from_adf(&document.to_string(), &NoNames);
        let mut found = Vec::new();
        texts(document, &mut found);
        for text in found {
            for line in text.lines() {
                assert!(rich.text.contains(line), "{line:?} is lost in {:?}", rich.text);
            }
        }
    }
}

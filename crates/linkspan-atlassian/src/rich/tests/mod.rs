//! Tests of the whole way from a source to its renderings.
#![expect(clippy::print_stderr, reason = "a skipped test says so")]

mod adf;
mod data;
mod generate;
mod hostile;
mod markdown;
mod preserved;
mod storage;
mod wiki;

use std::fmt::Write as _;

use linkspan_model::rich::RichText;

use super::{ContentReference, Names, NoNames, Target, from_adf};

/// A document around these nodes.
fn document(nodes: &str) -> String {
    format!(r#"{{"type":"doc","version":1,"content":[{nodes}]}}"#)
}

fn adf(nodes: &str) -> RichText {
    from_adf(&document(nodes), &NoNames)
}

/// A paragraph around these inline nodes.
fn paragraph(inlines: &str) -> RichText {
    adf(&format!(r#"{{"type":"paragraph","content":[{inlines}]}}"#))
}

/// All renderings of some sources, for a snapshot.
fn shown<'s>(sources: impl IntoIterator<Item = &'s str>, read: impl Fn(&str) -> RichText) -> String {
    let mut shown = String::new();
    for source in sources {
        let rich = read(source);
        let lost: Vec<String> =
            rich.lost.iter().map(|loss| format!("{} x{}", loss.what, loss.count)).collect();
        let parts = [
            ("source", source.to_owned()),
            ("html", rich.html),
            ("markdown", rich.markdown),
            ("text", rich.text),
        ];
        for (name, part) in parts.into_iter().chain([("lost", lost.join(", "))]) {
            if !part.is_empty() {
                writeln!(shown, "--- {name}\n{part}").expect("a string takes all");
            }
        }
        shown.push_str("\n=====\n\n");
    }
    shown
}

/// The text of HTML, without blanks: what a browser would show.
fn visible(html: &str) -> String {
    let mut visible = String::new();
    let mut rest = html;
    while let Some(place) = rest.find(['<', '&']) {
        visible.push_str(&rest[..place]);
        rest = &rest[place..];
        let (end, character) = if rest.starts_with('<') { ('>', "") } else { (';', "&") };
        let length = rest.find(end).expect("a tag or reference has an end") + 1;
        if character == "&" {
            visible.push_str(match &rest[..length] {
                "&amp;" => "&",
                "&lt;" => "<",
                "&gt;" => ">",
                "&quot;" => "\"",
                "&#10;" => "\n",
                "&nbsp;" => "\u{a0}",
                other => panic!("{other} is not written by any writer"),
            });
        }
        rest = &rest[length..];
    }
    visible.push_str(rest);
    without_blanks(&visible)
}

fn without_blanks(text: &str) -> String {
    text.chars().filter(|character| !character.is_whitespace()).collect()
}

/// A site that knows everything.
struct AllNames;

impl Names for AllNames {
    fn account(&self, account_id: &str) -> Option<String> {
        Some(format!("Person {account_id}"))
    }

    fn attachment_url(&self, id_or_name: &str) -> Option<String> {
        Some(format!("https://site.example/files/{id_or_name}"))
    }

    fn content(&self, reference: ContentReference<'_>) -> Option<Target> {
        let (url, title) = match reference {
            ContentReference::Id(id) => (format!("/wiki/{id}"), None),
            ContentReference::Title { space, title } => {
                (format!("/wiki/{}/{title}", space.unwrap_or("HERE")), Some(title.to_owned()))
            }
            ContentReference::Space(key) => (format!("/wiki/{key}"), Some(format!("Space {key}"))),
        };
        Some(Target { url, title })
    }

    fn issue_url(&self, key: &str) -> Option<String> {
        Some(format!("https://site.example/browse/{key}"))
    }
}

//! Things without a common model, kept as received by the rules of their [`Listing`].

use std::borrow::Cow;
use std::collections::HashMap;

use linkspan_model::ids::SourceId;
use linkspan_model::record::NewRaw;
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

use super::sink::{Sink, items, one};
use super::{Converted, PageProblem};
use crate::calls::Items;
use crate::resources::{Identity, Listing};

/// Whose list it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListOwner {
    /// The owner's raw id, or the word for which the list was asked; `None` for a list of the site.
    pub id: Option<String>,
    /// The path parameters with which the list was asked for.
    pub params: Vec<(&'static str, String)>,
}

/// Keeps an answer of a listing. The ids in the result are those of the raw rows.
///
/// # Errors
/// When the answer is not JSON, or not the list that the call gives.
pub fn listing_page(
    json: &str,
    kind: &'static str,
    listing: &Listing,
    held_in: Items,
    owner: &ListOwner,
    source: SourceId,
) -> Result<Converted, PageProblem> {
    let mut sink = Sink::new(source);
    let found = match (listing.id, held_in) {
        (Identity::Whole(_), _) | (_, Items::Single) => vec![one(json)?],
        (_, Items::Named(member)) => items(json, member)?,
        (_, _) => items(json, "values")?,
    };
    for raw in found {
        let id = keep(raw, kind, listing, owner, &mut sink);
        sink.out.ids.push(id);
    }
    Ok(sink.out)
}

fn keep(raw: &RawValue, kind: &'static str, listing: &Listing, owner: &ListOwner, sink: &mut Sink) -> String {
    let path = |id: &str| {
        let known = owner.params.iter().map(|(name, value)| (*name, value.as_str()));
        // A template may name the item like the owner's own parameter; the owner's counts.
        known
            .chain([("id", id)])
            .fold(listing.path.to_owned(), |path, (name, value)| path.replace(&format!("{{{name}}}"), value))
    };
    match own_id(raw, listing.id) {
        Some(own) => {
            let id = match (&owner.id, listing.id) {
                (Some(owner), Identity::Whole(_)) => owner.clone(),
                (Some(owner), Identity::Within(_) | Identity::Pair(..)) => format!("{owner}/{own}"),
                _ => own.clone(),
            };
            sink.out.raws.push(NewRaw {
                kind,
                remote_id: id.clone(),
                path: path(&own),
                json: raw.get().to_owned(),
                record: None,
                problem: None,
            });
            id
        }
        None => sink.refuse(kind, None, &path(""), raw, "an item without what tells it apart".to_owned()),
    }
}

fn own_id(raw: &RawValue, identity: Identity) -> Option<String> {
    match identity {
        Identity::Whole(word) => Some(word.to_owned()),
        Identity::Digest => Some(digest(raw.get())),
        Identity::Text => serde_json::from_str(raw.get()).ok(),
        Identity::Member(name) | Identity::Within(name) => word(members(raw)?.get(name)?),
        Identity::Pair(first, second) => {
            let members = members(raw)?;
            let word_of = |name: &str| members.get(name).and_then(|raw| word(raw));
            match (word_of(first), word_of(second)) {
                (None, None) => None,
                // A context for all projects names none.
                (first, second) => {
                    Some(format!("{}/{}", first.as_deref().unwrap_or("-"), second.as_deref().unwrap_or("-")))
                }
            }
        }
    }
}

type Members<'a> = HashMap<Cow<'a, str>, &'a RawValue>;

fn members(raw: &RawValue) -> Option<Members<'_>> {
    serde_json::from_str(raw.get()).ok()
}

/// A member as part of an id: texts and numbers as they are, anything else by its digest.
fn word(raw: &RawValue) -> Option<String> {
    let text = raw.get();
    match text.as_bytes().first()? {
        b'"' => serde_json::from_str(text).ok().filter(|word: &String| !word.is_empty()),
        b'0'..=b'9' | b'-' => Some(text.to_owned()),
        b'{' | b'[' => Some(digest(text)),
        _ => None,
    }
}

fn digest(text: &str) -> String {
    hex::encode(&Sha256::digest(text.as_bytes())[..12])
}

/// The text or number in a member of stored JSON, as a path parameter.
pub fn member_of(json: &str, name: &str) -> Option<String> {
    let members: Members<'_> = serde_json::from_str(json).ok()?;
    word(members.get(name)?)
}

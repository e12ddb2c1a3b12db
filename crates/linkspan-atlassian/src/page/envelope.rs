//! What a body says of itself as a list, read in one pass without building its objects.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use crate::calls::Items;

/// The list members of an answer's body. Absent and unusable ones are `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Envelope {
    /// How many objects the body holds, as the call counts them.
    pub items: u64,
    /// `startAt`, `start` or `offset`.
    pub start: Option<u64>,
    /// `maxResults` or `limit`: the size that upstream went by.
    pub size_cap: Option<u64>,
    /// `total`.
    pub total: Option<u64>,
    /// `isLast`, `isLastPage` or `lastPage`.
    pub is_last: Option<bool>,
    /// `nextPageToken`, when it is text and not empty.
    pub next_token: Option<String>,
    /// `until` of a worklog feed: epoch milliseconds.
    pub until: Option<i64>,
    /// Whether there is a `_links` object at all.
    pub has_links: bool,
    /// `_links.next`, as sent.
    pub next_link: Option<String>,
}

impl Envelope {
    /// Reads a whole body. Everything outside the list members is only checked to be JSON.
    pub(crate) fn read(body: &[u8], items: Items) -> Result<Self, serde_json::Error> {
        let mut reader = serde_json::Deserializer::from_slice(body);
        let envelope = EnvelopeSeed(items).deserialize(&mut reader)?;
        reader.end()?;
        Ok(envelope)
    }
}

struct EnvelopeSeed(Items);

impl<'de> DeserializeSeed<'de> for EnvelopeSeed {
    type Value = Envelope;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Envelope, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for EnvelopeSeed {
    type Value = Envelope;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0 == Items::Bare { "an array" } else { "an object" })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Envelope, A::Error> {
        if self.0 != Items::Bare {
            return Err(serde::de::Error::invalid_type(serde::de::Unexpected::Seq, &self));
        }
        let mut items = 0;
        while seq.next_element::<IgnoredAny>()?.is_some() {
            items += 1;
        }
        Ok(Envelope { items, ..Envelope::default() })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Envelope, A::Error> {
        if self.0 == Items::Bare {
            return Err(serde::de::Error::invalid_type(serde::de::Unexpected::Map, &self));
        }
        let mut envelope = Envelope { items: u64::from(self.0 == Items::Single), ..Envelope::default() };
        let mut found = matches!(self.0, Items::Single | Items::Members | Items::Rows(_));
        while let Some(name) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            match (self.0, name.as_ref()) {
                (Items::Named(list), name) if name == list => {
                    found = true;
                    envelope.items = map.next_value_seed(Count)?;
                }
                (Items::Members, _) => {
                    envelope.items += 1;
                    map.next_value::<IgnoredAny>()?;
                }
                (Items::Rows(rows), name) if name == rows => envelope.items = map.next_value_seed(Count)?,
                (Items::RowsInList(list, rows), name) if name == list => {
                    found = true;
                    envelope.items = map.next_value_seed(CountRows(rows))?;
                }
                (Items::RestrictionSubjects, "results") => {
                    found = true;
                    envelope.items = widest_subject_list(&map.next_value::<Value>()?);
                }
                (Items::RestrictionSubjects, "restrictions") => {
                    found = true;
                    envelope.items = widest_subject_list_of(&map.next_value::<Value>()?);
                }
                (_, "startAt" | "start" | "offset") => envelope.start = map.next_value::<Value>()?.as_u64(),
                (_, "maxResults" | "limit") => envelope.size_cap = map.next_value::<Value>()?.as_u64(),
                (_, "total") => envelope.total = map.next_value::<Value>()?.as_u64(),
                (_, "isLast" | "isLastPage" | "lastPage") => {
                    envelope.is_last = map.next_value::<Value>()?.as_bool();
                }
                (_, "nextPageToken") => {
                    envelope.next_token = map
                        .next_value::<Value>()?
                        .as_str()
                        .filter(|token| !token.is_empty())
                        .map(str::to_owned);
                }
                (_, "until") => envelope.until = map.next_value::<Value>()?.as_i64(),
                (_, "_links") => {
                    let links = map.next_value::<Value>()?;
                    envelope.has_links = links.is_object();
                    envelope.next_link = links
                        .get("next")
                        .and_then(Value::as_str)
                        .filter(|link| !link.is_empty())
                        .map(str::to_owned);
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        if found {
            Ok(envelope)
        } else {
            let list = match self.0 {
                Items::Named(list) | Items::RowsInList(list, _) => list,
                _ => "results",
            };
            Err(serde::de::Error::missing_field(list))
        }
    }
}

/// Counts the elements of an array.
struct Count;

impl<'de> DeserializeSeed<'de> for Count {
    type Value = u64;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<u64, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Count {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<u64, A::Error> {
        let mut count = 0;
        while seq.next_element::<IgnoredAny>()?.is_some() {
            count += 1;
        }
        Ok(count)
    }
}

/// Sums the lengths of the arrays that the elements of an array hold in one member.
struct CountRows(&'static str);

impl<'de> DeserializeSeed<'de> for CountRows {
    type Value = u64;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<u64, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for CountRows {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<u64, A::Error> {
        let mut rows = 0;
        while let Some(element) = seq.next_element_seed(EnvelopeSeed(Items::Rows(self.0)))? {
            rows += element.items;
        }
        Ok(rows)
    }
}

/// The longest list of users or groups among the restrictions of all operations.
fn widest_subject_list(operations: &Value) -> u64 {
    let operations = operations.as_array().map_or(&[][..], Vec::as_slice);
    operations
        .iter()
        .filter_map(|entry| entry.get("restrictions"))
        .map(widest_subject_list_of)
        .max()
        .unwrap_or(0)
}

fn widest_subject_list_of(restrictions: &Value) -> u64 {
    ["user", "group"]
        .iter()
        .filter_map(|kind| restrictions.get(kind)?.get("results")?.as_array())
        .map(|subjects| subjects.len() as u64)
        .max()
        .unwrap_or(0)
}

//! What the fields of an issue mean in common words (`merge-atlassian-mapping.md` 2.1).

use std::collections::HashMap;

use linkspan_model::models::RemoteField;
use serde_json::value::RawValue;

use super::PageProblem;
use super::sink::items;
use crate::wire::jira::{Field, IdAndName, List, RequestOrigin, Status};
use crate::wire::{Id, Member, Text, read, read_object};

/// The type of the field that held an issue's epic before `parent` did.
const EPIC_LINK: &str = "com.pyxis.greenhopper.jira:gh-epic-link";
/// The type of the field that names the organizations a request is shared with.
const ORGANIZATIONS: &str = "com.atlassian.servicedesk:sd-customer-organizations";
/// The type of the field that names the request type.
const REQUEST_TYPE: &str = "com.atlassian.servicedesk:vp-origin";

/// Fields that say something about the reader or are told by other records, so that they are not kept as values of the
/// issue: sub-tasks are tickets of their own, the status category is in the status, and `lastViewed` is when the account
/// behind the grant last looked.
const NOT_VALUES: [&str; 3] = ["lastViewed", "statusCategory", "subtasks"];

/// The fields of a site, by id: names may repeat (hazard S19).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldCatalogue {
    fields: HashMap<String, FieldFacts>,
    epic_links: Vec<String>,
    organizations: Vec<String>,
    request_types: Vec<String>,
}

/// What is known of a field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldFacts {
    /// Its name: a label.
    pub name: String,
    /// Whether it was made on the site or by an app.
    pub is_custom: bool,
    /// Upstream's type word, such as `string`, `array`, `user`.
    pub kind: Option<String>,
    /// The type word of its items, where it is a list.
    pub items: Option<String>,
    /// The key of a custom field's type, such as `com.pyxis.greenhopper.jira:gh-sprint`.
    pub custom_type: Option<String>,
}

impl FieldCatalogue {
    /// Adds fields: an answer of `field` or `field/search`. Both should be read: neither lists all.
    pub fn add(&mut self, json: &str) -> Result<(), PageProblem> {
        for raw in items(json, "values")? {
            let Ok(field) = read_object::<Field<'_>>(raw) else { continue };
            let Some(id) = field.id.id() else { continue };
            let schema = field.schema.get();
            let word = |member: Option<&Member<Text<'_>>>| {
                member.and_then(|member| member.text()).map(str::to_owned)
            };
            let custom_type = word(schema.map(|schema| &schema.custom));
            let of_its_type = match custom_type.as_deref() {
                Some(EPIC_LINK) => Some(&mut self.epic_links),
                Some(ORGANIZATIONS) => Some(&mut self.organizations),
                Some(REQUEST_TYPE) => Some(&mut self.request_types),
                _ => None,
            };
            if let Some(of_its_type) = of_its_type.filter(|known| !known.iter().any(|known| known == id)) {
                of_its_type.push(id.to_owned());
            }
            self.fields.insert(
                id.to_owned(),
                FieldFacts {
                    name: field.name.text().unwrap_or_default().to_owned(),
                    is_custom: field.custom.is_set(),
                    kind: word(schema.map(|schema| &schema.kind)),
                    items: word(schema.map(|schema| &schema.items)),
                    custom_type,
                },
            );
        }
        Ok(())
    }

    /// The field with this id.
    pub fn get(&self, field_id: &str) -> Option<&FieldFacts> {
        self.fields.get(field_id)
    }

    /// The ids of the fields of a custom type.
    pub fn of_type(&self, custom_type: &str) -> impl Iterator<Item = &str> {
        let is_it = move |facts: &FieldFacts| facts.custom_type.as_deref() == Some(custom_type);
        self.fields.iter().filter(move |(_, facts)| is_it(facts)).map(|(id, _)| id.as_str())
    }

    /// The id of the epic that an old epic-link field names, where it does so by id and not by key: a key is a label
    /// that moves, and stays among the remote fields.
    pub(super) fn epic(&self, others: &[(std::borrow::Cow<'_, str>, &RawValue)]) -> Option<String> {
        let is_link = |id: &str| id == "epic" || self.epic_links.iter().any(|link| link == id);
        let mut links = others.iter().filter(|(id, _)| is_link(id));
        links.find_map(|(_, raw)| read_object::<IdAndName<'_>>(raw).ok()?.id.id().map(str::to_owned))
    }

    /// The id of the first organization that a request is shared with.
    pub(super) fn organization(&self, others: &[(std::borrow::Cow<'_, str>, &RawValue)]) -> Option<String> {
        let mut values = others.iter().filter(|(id, _)| self.organizations.iter().any(|known| known == id));
        values.find_map(|(_, raw)| {
            let listed = read::<List<'_>>(raw);
            let first = listed.get()?.first().copied()?;
            read_object::<IdAndName<'_>>(first).ok()?.id.id().map(str::to_owned)
        })
    }

    /// The name of an issue's request type.
    pub(super) fn request_type(&self, others: &[(std::borrow::Cow<'_, str>, &RawValue)]) -> Option<String> {
        let mut values = others.iter().filter(|(id, _)| self.request_types.iter().any(|known| known == id));
        values.find_map(|(_, raw)| {
            let origin = read_object::<RequestOrigin<'_>>(raw).ok()?;
            origin.request_type.get()?.name.filled().map(str::to_owned)
        })
    }
}

/// `OPEN`, `IN_PROGRESS`, `ON_HOLD`, `CLOSED`, or the status name where the category says nothing.
pub(super) fn status(status: &Status<'_>, on_hold_names: &[String]) -> Option<String> {
    let name = status.name.filled();
    let category = status.category.get().and_then(|category| category.key.text());
    let held = || name.is_some_and(|name| on_hold_names.iter().any(|hold| hold.eq_ignore_ascii_case(name)));
    let word = match category {
        Some("done") => "CLOSED",
        _ if held() => "ON_HOLD",
        Some("new") => "OPEN",
        Some("indeterminate") => "IN_PROGRESS",
        _ => name?,
    };
    Some(word.to_owned())
}

/// `URGENT`, `HIGH`, `NORMAL`, `LOW`, or the name. The ids 1 to 5 are the default scheme's in every language; where the
/// name is an English one that means something else, the site has given the id another meaning, and the name counts.
pub(super) fn priority(priority: &IdAndName<'_>) -> Option<String> {
    let name = priority.name.filled();
    let by_name = match name.map(str::to_ascii_lowercase).as_deref() {
        Some("highest" | "blocker" | "critical") => Some("URGENT"),
        Some("high" | "major") => Some("HIGH"),
        Some("medium") => Some("NORMAL"),
        Some("low" | "lowest" | "minor" | "trivial") => Some("LOW"),
        _ => None,
    };
    let by_id = match priority.id.id() {
        Some("1") => Some("URGENT"),
        Some("2") => Some("HIGH"),
        Some("3") => Some("NORMAL"),
        Some("4" | "5") => Some("LOW"),
        _ => None,
    };
    by_name.or(by_id).or(name).map(str::to_owned)
}

/// The values of all fields that have no counterpart in a ticket, by field id. Empty lists and objects are no values.
pub(super) fn remote_fields(
    others: &[(std::borrow::Cow<'_, str>, &RawValue)],
    odd: &mut Vec<String>,
) -> Vec<RemoteField> {
    let mut values = Vec::new();
    for (id, raw) in others {
        if matches!(raw.get(), "[]" | "{}") || NOT_VALUES.contains(&id.as_ref()) {
            continue;
        }
        match serde_json::from_str(raw.get()) {
            Ok(value) => values.push(RemoteField { field: id.clone().into_owned(), value }),
            Err(_) => odd.push(id.clone().into_owned()),
        }
    }
    values.sort_by(|one, other| one.field.cmp(&other.field));
    values
}

/// Strings of a list, without what is not a string.
pub(super) fn strings(list: &Member<Vec<&RawValue>>, name: &str, odd: &mut Vec<String>) -> Vec<String> {
    let mut strings = Vec::new();
    for raw in list.get().into_iter().flatten() {
        match read::<Text<'_>>(raw) {
            Member::Value(text) => strings.push(text.as_str().to_owned()),
            Member::Absent => {}
            Member::Odd => odd.push(name.to_owned()),
        }
    }
    strings
}

/// The id in a field that names an issue, a level or the like.
pub(super) fn id_in<'a>(raw: Option<&'a RawValue>) -> Member<Id<'a>> {
    match raw.map(read_object::<IdAndName<'a>>) {
        None => Member::Absent,
        Some(Ok(thing)) if thing.id.id().is_some() => thing.id,
        Some(_) => Member::Odd,
    }
}

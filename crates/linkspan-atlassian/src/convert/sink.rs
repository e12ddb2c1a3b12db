//! Where a page's raw rows and records gather, and how a page is split.

use std::collections::{HashMap, HashSet};
use std::fmt;

use linkspan_model::access::is_portal_customer;
use linkspan_model::ids::{RecordId, SourceId};
use linkspan_model::models::{Contact, Tag, User};
use linkspan_model::record::{Access, Body, Model, NewRaw, NewRecord};
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

use super::{Converted, PageProblem};
use crate::wire::jira::{self, AvatarUrls, List};
use crate::wire::read;

/// Splits an answer into its items: a bare array, or the member `list` of an object.
pub(super) fn items<'a>(json: &'a str, list: &'static str) -> Result<List<'a>, PageProblem> {
    if json.trim_start().starts_with('[') {
        return Ok(serde_json::from_str(json)?);
    }
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let found = OneList(list).deserialize(&mut deserializer)?;
    deserializer.end()?;
    found.ok_or(PageProblem::NoList(list))
}

/// The one item an answer consists of.
pub(super) fn one(json: &str) -> Result<&RawValue, PageProblem> {
    Ok(serde_json::from_str(json)?)
}

struct OneList(&'static str);

impl<'de> DeserializeSeed<'de> for OneList {
    type Value = Option<List<'de>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for OneList {
    type Value = Option<List<'de>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an array, or an object with the list `{}`", self.0)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(crate::wire::Text(name)) = map.next_key()? {
            if name == self.0 {
                found = Some(map.next_value()?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }
}

/// Gathers what a page becomes.
pub(super) struct Sink {
    source: SourceId,
    /// Where each person stands among the people met.
    people: HashMap<RecordId, usize>,
    tags: HashSet<String>,
    pub(super) out: Converted,
}

impl Sink {
    pub(super) fn new(source: SourceId) -> Self {
        Self { source, people: HashMap::new(), tags: HashSet::new(), out: Converted::default() }
    }

    /// Keeps a received piece.
    pub(super) fn raw(
        &mut self,
        kind: &'static str,
        remote_id: &str,
        path: String,
        raw: &RawValue,
        record: Option<RecordId>,
        odd: &[String],
    ) {
        let problem = (!odd.is_empty()).then(|| format!("not as expected: {}", odd.join(", ")));
        let (remote_id, json) = (remote_id.to_owned(), raw.get().to_owned());
        self.out.raws.push(NewRaw { kind, remote_id, path, json, record, problem });
    }

    /// Keeps a received piece of which no record can be made, under its own id or one computed from its bytes.
    pub(super) fn refuse(
        &mut self,
        kind: &'static str,
        remote_id: Option<&str>,
        path: &str,
        raw: &RawValue,
        problem: String,
    ) -> String {
        let remote_id = remote_id.map_or_else(|| unidentified(raw), str::to_owned);
        self.out.raws.push(NewRaw {
            kind,
            remote_id: remote_id.clone(),
            path: format!("{path}{remote_id}"),
            json: raw.get().to_owned(),
            record: None,
            problem: Some(problem),
        });
        remote_id
    }

    /// Notes an account that was met and gives its record, a contact's where it is a customer.
    pub(super) fn person(&mut self, user: &jira::User<'_>) -> Option<Person> {
        let account_id = user.account_id.id()?;
        let customer = is_customer(user);
        let model = if customer { Model::Contact } else { Model::User };
        let id = RecordId::of(self.source, model, account_id);
        if let Some(&at) = self.people.get(&id) {
            self.name_person(at, user);
        } else {
            self.people.insert(id, self.out.people.len());
            let body = if customer { Body::Contact(contact_of(user)) } else { Body::User(user_of(user)) };
            self.out.people.push(unguarded(id, account_id, body));
        }
        Some(Person { id, customer })
    }

    /// Notes an account that was met in Confluence's content.
    pub(super) fn met(&mut self, account_id: &str, user: User) {
        let id = RecordId::of(self.source, Model::User, account_id);
        if self.people.contains_key(&id) {
            return;
        }
        self.people.insert(id, self.out.people.len());
        self.out.people.push(record_of_user(id, account_id, user));
    }

    /// Some places name an account by its id alone: the first that says more counts.
    fn name_person(&mut self, at: usize, user: &jira::User<'_>) {
        match self.out.people.get_mut(at).map(|record| &mut record.body) {
            Some(Body::User(known)) if known.name.is_empty() => *known = user_of(user),
            Some(Body::Contact(known)) if known.name.is_empty() => *known = contact_of(user),
            _ => {}
        }
    }

    /// Notes a label that was met.
    pub(super) fn tag(&mut self, name: &str) {
        if !self.tags.insert(name.to_owned()) {
            return;
        }
        self.out.tags.push(NewRecord {
            id: RecordId::of(self.source, Model::Tag, name),
            remote_id: None,
            parent: None,
            container: None,
            remote_created_at: None,
            remote_updated_at: None,
            body: Body::Tag(Tag { name: name.to_owned() }),
            access: Access::Unguarded,
        });
    }
}

/// An account in a role on something: who asked, who wrote.
#[derive(Clone, Copy)]
pub(super) struct Person {
    pub(super) id: RecordId,
    pub(super) customer: bool,
}

/// Whether an account is a customer of service desks and nothing else.
pub(super) fn is_customer(user: &jira::User<'_>) -> bool {
    match user.account_type.text() {
        Some(word) => word == "customer",
        None => user.account_id.id().is_some_and(is_portal_customer),
    }
}

/// The common model of a customer as far as Jira's user object says.
pub(super) fn contact_of(user: &jira::User<'_>) -> Contact {
    Contact {
        name: user.display_name.text().unwrap_or_default().to_owned(),
        email_address: user.email_address.filled().map(str::to_owned),
        is_active: user.active.get().map(|flag| flag.0),
        account: None,
    }
}

/// The common model of an account as far as Jira's user object says.
pub(super) fn user_of(user: &jira::User<'_>) -> User {
    User {
        name: user.display_name.text().unwrap_or_default().to_owned(),
        email_address: user.email_address.filled().map(str::to_owned),
        is_active: user.active.get().map(|flag| flag.0),
        avatar: user.avatar_urls.and_then(largest_picture),
        account_type: user.account_type.filled().map(str::to_owned),
        teams: Vec::new(),
        roles: Vec::new(),
    }
}

fn largest_picture(urls: &RawValue) -> Option<String> {
    read::<AvatarUrls<'_>>(urls).get()?.largest.filled().map(str::to_owned)
}

/// A record for an account.
pub(super) fn record_of_user(id: RecordId, account_id: &str, user: User) -> NewRecord {
    unguarded(id, account_id, Body::User(user))
}

/// A record that the wire has no access data for.
pub(super) fn unguarded(id: RecordId, remote_id: &str, body: Body) -> NewRecord {
    NewRecord {
        id,
        remote_id: Some(remote_id.to_owned()),
        parent: None,
        container: None,
        remote_created_at: None,
        remote_updated_at: None,
        body,
        access: Access::Unguarded,
    }
}

fn unidentified(raw: &RawValue) -> String {
    let digest = Sha256::digest(raw.get().as_bytes());
    format!("unidentified:{}", hex::encode(&digest[..16]))
}

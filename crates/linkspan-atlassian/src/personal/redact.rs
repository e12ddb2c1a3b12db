//! Taking out of upstream's JSON what it says about some accounts. All other bytes stay as they are.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::ops::Range;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// Objects and lists within each other that are looked into; what lies deeper and names an account is taken out whole.
const MAX_DEPTH: usize = 100;
/// JSON documents within texts of JSON documents that are looked into.
const MAX_NESTED: usize = 3;

/// Members that name the account an object is about.
const IDENTITY: [&str; 4] = ["accountId", "account_id", "accountid", "id"];
/// Members of an object about an account that hold personal data. `text` is a mention's copy of the name.
const PERSONAL: [&str; 29] = [
    "displayName",
    "display_name",
    "publicName",
    "name",
    "fullName",
    "nickname",
    "username",
    "userName",
    "emailAddress",
    "email",
    "avatarUrls",
    "avatarUrl",
    "avatar",
    "picture",
    "profilePicture",
    "timeZone",
    "locale",
    "zoneinfo",
    "jobTitle",
    "organization",
    "department",
    "location",
    "phoneNumber",
    "personalSpace",
    "details",
    "extendedProfile",
    "extended_profile",
    "characteristics",
    "text",
];
/// The two sides of a change: members with the accounts, and the member with the names shown for them.
const CHANGES: [(&[&str], &str); 2] =
    [(&["from", "tmpFromAccountId"], "fromString"), (&["to", "tmpToAccountId"], "toString")];
/// Members with the account that a personal space belongs to.
pub(super) const SPACE_OWNERS: [&str; 3] = ["spaceOwnerId", "authorId", "ownerId"];

/// Members whose text tells a person apart, so that traces of it elsewhere can be searched for.
const TELLING: [&str; 11] = [
    "displayName",
    "display_name",
    "publicName",
    "name",
    "fullName",
    "emailAddress",
    "email",
    "username",
    "text",
    "fromString",
    "toString",
];

/// A text without what it said about some accounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redacted {
    /// The text; what was taken out is `null`, and empty within markup.
    pub json: String,
    /// The accounts about which it said something, as places in the list that was given.
    pub touched: BTreeSet<usize>,
    /// The names and e-mail addresses that were taken out.
    pub taken: BTreeSet<String>,
}

/// Takes out what a JSON text says about accounts beyond their ids. `None` when it says nothing (any more): the result is
/// then the text itself. What is no JSON is left alone.
pub fn redact(json: &str, accounts: &[&str]) -> Option<Redacted> {
    let accounts: HashMap<&str, usize> =
        accounts.iter().enumerate().map(|(place, id)| (*id, place)).collect();
    redact_nested(json, &accounts, 0)
}

fn redact_nested(json: &str, accounts: &HashMap<&str, usize>, nested: usize) -> Option<Redacted> {
    if !accounts.keys().any(|id| names(json, id)) {
        return None;
    }
    let whole: &RawValue = serde_json::from_str(json).ok()?;
    let mut redactor = Redactor {
        text: json,
        accounts,
        nested,
        edits: Vec::new(),
        touched: BTreeSet::new(),
        taken: BTreeSet::new(),
    };
    redactor.value(whole, 0);
    let Redactor { edits, touched, taken, .. } = redactor;
    if edits.is_empty() {
        return None;
    }
    let mut result = String::with_capacity(json.len());
    let mut done = 0;
    for (range, replacement) in edits {
        result.push_str(&json[done..range.start]);
        result.push_str(&replacement);
        done = range.end;
    }
    result.push_str(&json[done..]);
    Some(Redacted { json: result, touched, taken })
}

fn names(text: &str, id: &str) -> bool {
    memchr::memmem::find(text.as_bytes(), id.as_bytes()).is_some()
}

struct Redactor<'j, 'a> {
    text: &'j str,
    accounts: &'a HashMap<&'a str, usize>,
    nested: usize,
    /// In the order of the text.
    edits: Vec<(Range<usize>, Cow<'static, str>)>,
    touched: BTreeSet<usize>,
    taken: BTreeSet<String>,
}

impl<'j> Redactor<'j, '_> {
    fn value(&mut self, raw: &'j RawValue, depth: usize) {
        let text = raw.get();
        let named: Vec<usize> =
            self.accounts.iter().filter(|(id, _)| names(text, id)).map(|(_, place)| *place).collect();
        if named.is_empty() {
            return;
        }
        if depth >= MAX_DEPTH {
            self.take_out(None, raw, &named);
            return;
        }
        match text.as_bytes().first() {
            Some(b'{') => {
                if let Ok(Members(members)) = serde_json::from_str(text) {
                    self.object(&members, depth);
                }
            }
            Some(b'[') => {
                for item in serde_json::from_str::<Vec<&RawValue>>(text).unwrap_or_default() {
                    self.value(item, depth + 1);
                }
            }
            Some(b'"') => self.string(raw),
            _ => {}
        }
    }

    fn object(&mut self, members: &[(Cow<'j, str>, &'j RawValue)], depth: usize) {
        let about = self.about(members);
        let owner = self.owner_of_personal_space(members);
        for (name, value) in members {
            let personal = about.filter(|_| PERSONAL.contains(&&**name));
            let personal = personal.or(owner.filter(|_| name == "name"));
            let personal = personal.or_else(|| self.recorded(name, members));
            if let Some(account) = personal {
                self.take_out(Some(name), value, &[account]);
                continue;
            }
            if let Some(account) = about.filter(|_| name == "_links") {
                self.links(value, account);
                continue;
            }
            let shown =
                CHANGES.iter().find(|(_, shown)| name == shown).map(|(sides, _)| self.sides(members, sides));
            match shown {
                Some(accounts) if !accounts.is_empty() => self.take_out(Some(name), value, &accounts),
                _ => self.value(value, depth + 1),
            }
        }
    }

    /// The links of an object about an account: service desks have its pictures among them.
    fn links(&mut self, links: &'j RawValue, account: usize) {
        let Ok(Members(members)) = serde_json::from_str(links.get()) else { return };
        for (name, value) in members {
            if PERSONAL.contains(&&*name) {
                self.take_out(Some(&name), value, &[account]);
            }
        }
    }

    /// The account that an object is about: it says so itself, or it is an actor of a role and holds the account as
    /// `actorUser`.
    fn about(&self, members: &[(Cow<'j, str>, &'j RawValue)]) -> Option<usize> {
        let itself = members
            .iter()
            .find_map(|(name, value)| if IDENTITY.contains(&&**name) { self.account(value) } else { None });
        itself.or_else(|| self.account_within(members, "actorUser"))
    }

    /// The account about which a member of an audit record speaks: the address from which somebody acted, and what was
    /// changed of an account, which is its name or its e-mail address.
    fn recorded(&self, member: &str, members: &[(Cow<'j, str>, &'j RawValue)]) -> Option<usize> {
        match member {
            "remoteAddress" => {
                let by = members.iter().find(|(name, _)| name == "authorAccountId");
                by.and_then(|(_, by)| self.account(by)).or_else(|| self.account_within(members, "author"))
            }
            "changedValues" => self.account_within(members, "objectItem"),
            _ => None,
        }
    }

    /// The account that the object in a member is about.
    fn account_within(&self, members: &[(Cow<'j, str>, &'j RawValue)], member: &str) -> Option<usize> {
        let (_, object) = members.iter().find(|(name, _)| name == member)?;
        let Members(members) = serde_json::from_str(object.get()).ok()?;
        members
            .iter()
            .find_map(|(name, value)| if IDENTITY.contains(&&**name) { self.account(value) } else { None })
    }

    /// A personal space bears the name of its owner.
    fn owner_of_personal_space(&self, members: &[(Cow<'j, str>, &'j RawValue)]) -> Option<usize> {
        members.iter().find(|(name, value)| name == "type" && value.get() == "\"personal\"")?;
        members.iter().find_map(
            |(name, value)| {
                if SPACE_OWNERS.contains(&&**name) { self.account(value) } else { None }
            },
        )
    }

    /// The accounts on one side of a change: one, or several in one text.
    fn sides(&self, members: &[(Cow<'j, str>, &'j RawValue)], sides: &[&str]) -> Vec<usize> {
        // Upstream writes a side as one text, also where it names several accounts.
        let values = members
            .iter()
            .filter(|(name, value)| sides.contains(&&**name) && value.get().starts_with('"'))
            .map(|(_, value)| value.get());
        let values: Vec<&str> = values.collect();
        let is_named = |id: &str| values.iter().any(|value| names(value, id));
        self.accounts.iter().filter(|(id, _)| is_named(id)).map(|(_, place)| *place).collect()
    }

    /// The account whose id a value is.
    fn account(&self, value: &RawValue) -> Option<usize> {
        // Ids hold nothing that JSON has to escape.
        self.accounts.get(value.get().strip_prefix('"')?.strip_suffix('"')?).copied()
    }

    /// A text that names an account may hold a JSON document or storage format.
    fn string(&mut self, raw: &'j RawValue) {
        let Ok(decoded) = serde_json::from_str::<String>(raw.get()) else { return };
        let redacted = if decoded.starts_with(['{', '[']) && self.nested < MAX_NESTED {
            redact_nested(&decoded, self.accounts, self.nested + 1)
        } else {
            user_links_without_names(&decoded, self.accounts)
        };
        let Some(Redacted { json, touched, taken }) = redacted else { return };
        // Writing a string as JSON cannot fail; if it did, nothing of the text would be kept.
        let json = serde_json::to_string(&json).unwrap_or_else(|_| "null".to_owned());
        self.edits.push((self.range(raw), json.into()));
        self.touched.extend(touched);
        self.taken.extend(taken);
    }

    fn take_out(&mut self, name: Option<&str>, value: &'j RawValue, accounts: &[usize]) {
        if value.get() != "null" {
            if name.is_some_and(|name| TELLING.contains(&name))
                && let Ok(text) = serde_json::from_str::<String>(value.get())
            {
                self.taken.insert(text);
            }
            self.edits.push((self.range(value), "null".into()));
            self.touched.extend(accounts);
        }
    }

    /// Where a piece of the text lies in it.
    fn range(&self, raw: &'j RawValue) -> Range<usize> {
        let start = raw.get().as_ptr().addr() - self.text.as_ptr().addr();
        start..start + raw.get().len()
    }
}

/// Takes the words out of links to accounts in storage format: `<ac:link><ri:user ri:account-id="…"/><ac:link-body>…`.
fn user_links_without_names(markup: &str, accounts: &HashMap<&str, usize>) -> Option<Redacted> {
    let mut result = String::with_capacity(markup.len());
    let mut touched = BTreeSet::new();
    let mut rest = markup;
    while let Some(start) = rest.find("<ac:link") {
        // `<ac:link-body>` begins alike; it is met only outside of a link, where it means nothing.
        let Some(length) = rest[start..].find("</ac:link>") else { break };
        let link = &rest[start..start + length];
        let target = accounts.iter().find(|(id, _)| link.contains("<ri:user") && names(link, id));
        let words = link.find("<ac:link-body").or_else(|| link.find("<ac:plain-text-link-body"));
        match (target, words) {
            (Some((_, place)), Some(words)) => {
                result.push_str(&rest[..start + words]);
                touched.insert(*place);
            }
            _ => result.push_str(&rest[..start + length]),
        }
        rest = &rest[start + length..];
    }
    result.push_str(rest);
    (!touched.is_empty()).then_some(Redacted { json: result, touched, taken: BTreeSet::new() })
}

/// The members of an object in the order of the text, repeated ones too.
pub(super) struct Members<'j>(pub(super) Vec<(Cow<'j, str>, &'j RawValue)>);

impl<'j> serde::Deserialize<'j> for Members<'j> {
    fn deserialize<D: Deserializer<'j>>(deserializer: D) -> Result<Self, D::Error> {
        struct Gather;
        impl<'j> Visitor<'j> for Gather {
            type Value = Members<'j>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'j>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(crate::wire::Text(name)) = map.next_key()? {
                    members.push((name, map.next_value()?));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Gather)
    }
}

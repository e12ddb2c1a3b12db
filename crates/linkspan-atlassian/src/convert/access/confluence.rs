//! What Confluence's permission and restriction reads say (`atlassian-permissions.md` 4.4).

use std::collections::{BTreeSet, HashMap};

use linkspan_model::access::Principal;
use serde_json::value::RawValue;

use super::Remarks;
use crate::convert::PageProblem;
use crate::convert::sink::{items, one};
use crate::wire::confluence as wire;
use crate::wire::{Member, Text, read, read_object};

/// What Confluence's permission and restriction reads said, and where content stands in the tree. Start from
/// [`ConfluenceAccess::default`] and add what is read.
#[derive(Clone, Debug, Default)]
pub struct ConfluenceAccess {
    /// Read principals by space id; unread spaces are not here.
    pub(super) spaces: HashMap<String, BTreeSet<Principal>>,
    /// Whether a space role includes reading the space, by role id.
    reading_roles: HashMap<String, bool>,
    pub(super) nodes: HashMap<String, Node>,
    anonymous_access: bool,
    pub(super) guest_groups: Vec<String>,
    administrator_groups: Vec<String>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Node {
    pub(super) space: Option<String>,
    pub(super) parent: Parent,
    pub(super) status: Option<String>,
    pub(super) author: Option<String>,
    /// `None` until read.
    pub(super) restriction: Option<Restriction>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum Parent {
    #[default]
    Unknown,
    None,
    Is(String),
}

/// Whether an answer is from now, or was stored some time ago.
#[derive(Clone, Copy, PartialEq)]
enum Age {
    New,
    Stored,
}

/// The read restriction of one content. Empty lists upstream mean "open" (hazard P3); a restriction to people none of
/// whom can be told is a set without members.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Restriction {
    Open,
    Only(BTreeSet<Principal>),
}

impl ConfluenceAccess {
    /// Says whether anonymous access is on for the site. It is off until said otherwise: no call tells.
    pub fn set_anonymous_access(&mut self, on: bool) {
        self.anonymous_access = on;
    }

    /// Names the groups of guests, who may use the product without being licensed.
    pub fn set_guest_groups(&mut self, group_ids: Vec<String>) {
        self.guest_groups = group_ids;
    }

    /// Names the groups of product administrators, for grants to them as a class.
    pub fn set_administrator_groups(&mut self, group_ids: Vec<String>) {
        self.administrator_groups = group_ids;
    }

    /// Forgets a space's grants, before they are read again.
    pub fn clear_space(&mut self, space_id: &str) {
        self.spaces.remove(space_id);
    }

    /// Adds grants of a space: an answer of `spaces/{id}/permissions`, page by page.
    pub fn add_space_permissions(&mut self, space_id: &str, json: &str) -> Result<Remarks, PageProblem> {
        let grants = items(json, "results")?;
        Ok(self.add_grants(space_id, &grants))
    }

    /// Adds grants of a space in the first generation's form: `space/{key}?expand=permissions`.
    pub fn add_space_permissions_v1(&mut self, space_id: &str, json: &str) -> Result<Remarks, PageProblem> {
        let space: wire::SpaceWithPermissions<'_> = serde_json::from_str(json)?;
        let grants = space.permissions.get().ok_or(PageProblem::NoList("permissions"))?;
        Ok(self.add_grants(space_id, grants))
    }

    fn add_grants(&mut self, space_id: &str, grants: &[&RawValue]) -> Remarks {
        let mut remarks = Remarks::new();
        let mut readers = BTreeSet::new();
        for raw in grants {
            let Ok(grant) = read_object::<wire::SpacePermission<'_>>(raw) else {
                remarks.push("a space permission of an unknown form".to_owned());
                continue;
            };
            let reads_space = grant.operation.get().is_some_and(|operation| {
                operation.key.text().or(operation.first_key.text()) == Some("read")
                    && operation.target_type.text() == Some("space")
            });
            if !reads_space {
                continue;
            }
            if let Some(principal) = grant.principal.get() {
                self.add_principal(principal, &mut readers, &mut remarks);
            }
            if let Some(subjects) = grant.subjects.get() {
                readers.extend(subjects_of(subjects).principals);
            }
            if grant.anonymous_access.is_set() && self.anonymous_access {
                readers.insert(Principal::Anonymous);
            }
        }
        self.spaces.entry(space_id.to_owned()).or_default().extend(readers);
        remarks
    }

    /// Adds space roles: an answer of `space-roles`.
    pub fn add_space_roles(&mut self, json: &str) -> Result<(), PageProblem> {
        for raw in items(json, "results")? {
            let Ok(role) = read_object::<wire::SpaceRole<'_>>(raw) else { continue };
            let Some(id) = role.id.id() else { continue };
            let permissions = role.permissions.get().map(Vec::as_slice).unwrap_or_default();
            let reads = permissions.iter().any(|raw| {
                let word = read::<Text<'_>>(raw);
                word.text().is_some_and(|word| matches!(word, "read/space" | "read-space" | "space:read"))
            });
            self.reading_roles.insert(id.to_owned(), reads);
        }
        Ok(())
    }

    /// Adds role assignments of a space: an answer of `spaces/{id}/role-assignments`, after the roles themselves.
    pub fn add_role_assignments(&mut self, space_id: &str, json: &str) -> Result<Remarks, PageProblem> {
        let mut remarks = Remarks::new();
        let mut readers = BTreeSet::new();
        for raw in items(json, "results")? {
            let assignment = read_object::<wire::RoleAssignment<'_>>(raw).unwrap_or_default();
            let (Some(principal), Some(role)) = (assignment.principal.get(), assignment.role_id.id()) else {
                remarks.push("a role assignment of an unknown form".to_owned());
                continue;
            };
            match self.reading_roles.get(role) {
                Some(true) => self.add_principal(principal, &mut readers, &mut remarks),
                Some(false) => {}
                None => remarks.push(format!("an assignment of the unknown role {role}")),
            }
        }
        self.spaces.entry(space_id.to_owned()).or_default().extend(readers);
        Ok(remarks)
    }

    fn add_principal(
        &self,
        principal: &wire::Principal<'_>,
        to: &mut BTreeSet<Principal>,
        remarks: &mut Remarks,
    ) {
        let kind = principal.kind.text().or(principal.assigned_kind.text()).unwrap_or_default();
        let Some(id) = principal.id.id().or(principal.assigned_id.id()) else {
            remarks.push(format!("a principal `{kind}` without an id"));
            return;
        };
        let administrators = || self.administrator_groups.iter().cloned().map(Principal::Group);
        match kind.to_ascii_lowercase().replace('_', "-").as_str() {
            "user" => to.extend([Principal::Account(id.to_owned())]),
            "group" => to.extend([Principal::Group(id.to_owned())]),
            "access-class" => match id.to_ascii_lowercase().replace('_', "-").as_str() {
                "anonymous-users" if self.anonymous_access => to.extend([Principal::Anonymous]),
                "anonymous-users" => {}
                // The product gate stands beside it, and together they say "licensed".
                "authenticated-users" | "all-licensed-users" => to.extend([Principal::Licensed]),
                "all-product-admins" | "jsm-project-admins" => to.extend(administrators()),
                _ => remarks.push(format!("an unknown access class `{id}`")),
            },
            _ => remarks.push(format!("an unknown kind of principal `{kind}`")),
        }
    }

    /// Adds where content stands: an answer of `pages`, `blogposts`, `folders/{id}` or `databases/{id}`.
    pub fn add_content(&mut self, json: &str) -> Result<(), PageProblem> {
        for raw in items(json, "results").or_else(|_| one(json).map(|content| vec![content]))? {
            let Ok(place) = read_object::<wire::Place<'_>>(raw) else { continue };
            let Some(id) = place.id.id() else { continue };
            let node = self.nodes.entry(id.to_owned()).or_default();
            node.space = place.space_id.id().map(str::to_owned);
            node.status = place.status.text().map(str::to_owned);
            node.author = place.author_id.id().map(str::to_owned);
            node.parent = match &place.parent_id {
                Member::Absent => Parent::None,
                Member::Value(parent) => Parent::Is(parent.as_str().to_owned()),
                Member::Odd => Parent::Unknown,
            };
        }
        Ok(())
    }

    /// Adds restrictions and ancestors in bulk: an answer of the first generation's `content/search` with
    /// `expand=space,ancestors,restrictions.read.restrictions.user,restrictions.read.restrictions.group`. Gives the ids of
    /// content whose lists were cut and have to be read on.
    pub fn add_restrictions(&mut self, json: &str) -> Result<Vec<String>, PageProblem> {
        let mut cut = Vec::new();
        for raw in items(json, "results")? {
            let Ok(content) = read_object::<wire::ContentAccess<'_>>(raw) else { continue };
            let Some(id) = content.id.id() else { continue };
            self.put_place(id, &content, Age::New);
            if let Some(restrictions) = content.restrictions.get() {
                cut.extend(self.put_restriction(id, restrictions).then(|| id.to_owned()));
            }
        }
        Ok(cut)
    }

    /// Adds where content stands that was stored from an answer of `content/search`. What a newer answer told stays, of the
    /// content above it too: that may have moved since.
    pub fn add_stored_places(&mut self, json: &str) -> Result<(), PageProblem> {
        for raw in items(json, "results").or_else(|_| one(json).map(|content| vec![content]))? {
            let Ok(content) = read_object::<wire::ContentAccess<'_>>(raw) else { continue };
            let Some(id) = content.id.id() else { continue };
            if self.parent_of(id).is_none() {
                self.put_place(id, &content, Age::Stored);
            }
        }
        Ok(())
    }

    fn put_place(&mut self, id: &str, content: &wire::ContentAccess<'_>, age: Age) {
        if let Some(ancestors) = content.ancestors.get() {
            self.add_ancestors(id, ancestors, age);
        }
        let node = self.nodes.entry(id.to_owned()).or_default();
        if let Some(space) = content.space.get().and_then(|space| space.id.id()) {
            node.space = Some(space.to_owned());
        }
        if let Some(status) = content.status.text() {
            node.status = Some(status.to_owned());
        }
    }

    /// Ancestors come highest first.
    fn add_ancestors(&mut self, id: &str, ancestors: &[&RawValue], age: Age) {
        let mut parent = Parent::None;
        for raw in ancestors {
            let ancestor = read_object::<wire::Ancestor<'_>>(raw).unwrap_or_default();
            let Some(ancestor_id) = ancestor.id.id() else {
                parent = Parent::Unknown;
                continue;
            };
            let above = std::mem::replace(&mut parent, Parent::Is(ancestor_id.to_owned()));
            let node = self.nodes.entry(ancestor_id.to_owned()).or_default();
            if age == Age::Stored && node.parent != Parent::Unknown {
                continue;
            }
            node.parent = above;
            if let Some(status) = ancestor.status.text() {
                node.status = Some(status.to_owned());
            }
        }
        self.nodes.entry(id.to_owned()).or_default().parent = parent;
    }

    /// Sets the restriction of one content: an answer of `content/{id}/restriction` or `…/restriction/byOperation`. Says
    /// whether its lists were cut and have to be read on.
    pub fn set_restriction(&mut self, content_id: &str, json: &str) -> Result<bool, PageProblem> {
        let restrictions: wire::ByOperation<'_> = serde_json::from_str(json)?;
        Ok(self.put_restriction(content_id, &restrictions))
    }

    /// Adds to the restriction of one content: a further page of `content/{id}/restriction/byOperation/read`. Says
    /// whether there is more.
    pub fn extend_restriction(&mut self, content_id: &str, json: &str) -> Result<bool, PageProblem> {
        let restriction: wire::Restriction<'_> = serde_json::from_str(json)?;
        let Some(subjects) = restriction.restrictions.get() else { return Ok(false) };
        let found = subjects_of(subjects);
        let node = self.nodes.entry(content_id.to_owned()).or_default();
        match &mut node.restriction {
            Some(Restriction::Only(known)) => known.extend(found.principals),
            _ if found.any => node.restriction = Some(Restriction::Only(found.principals)),
            _ => {}
        }
        Ok(found.cut)
    }

    fn put_restriction(&mut self, id: &str, restrictions: &wire::ByOperation<'_>) -> bool {
        let Some(found) = readers_of(restrictions) else { return false };
        self.nodes.entry(id.to_owned()).or_default().restriction = match (found.any, found.whole) {
            (true, _) => Some(Restriction::Only(found.principals)),
            (false, true) => Some(Restriction::Open),
            (false, false) => None,
        };
        found.cut
    }

    /// Forgets the restriction of one content, before it is read again or because it can no longer be read.
    pub fn forget_restriction(&mut self, content_id: &str) {
        if let Some(node) = self.nodes.get_mut(content_id) {
            node.restriction = None;
        }
    }
}

/// Who is named as a reader; `None` where nothing is said of reading.
fn readers_of(restrictions: &wire::ByOperation<'_>) -> Option<Found> {
    let listed = restrictions.results.get().and_then(|results| read_entry(results));
    let read = restrictions.read.get().or(listed.as_ref())?;
    read.restrictions.get().map(subjects_of)
}

/// Whether restrictions let only some read, or leave unknown whom.
pub(in crate::convert) fn restricts_reading(restrictions: &wire::ByOperation<'_>) -> bool {
    readers_of(restrictions).is_none_or(|found| found.any || !found.whole)
}

/// The entry for reading in a list of restrictions.
fn read_entry<'a>(results: &[&'a RawValue]) -> Option<wire::Restriction<'a>> {
    let entries = results.iter().filter_map(|raw| read_object::<wire::Restriction<'a>>(raw).ok());
    entries.into_iter().find(|entry| entry.operation.text() == Some("read"))
}

struct Found {
    principals: BTreeSet<Principal>,
    /// Upstream listed somebody, whether or not we can tell whom.
    any: bool,
    /// Both lists were there.
    whole: bool,
    /// There is more to read.
    cut: bool,
}

fn subjects_of(subjects: &wire::Subjects<'_>) -> Found {
    let lists = [subjects.user.get(), subjects.group.get()];
    let results = lists.map(|list| list.and_then(|list| list.results.get()));
    let [users, groups] = results.map(|results| results.map(Vec::as_slice).unwrap_or_default());
    let accounts = users.iter().filter_map(|raw| subject_id(raw, |subject| subject.account_id.id()));
    let group_ids = groups.iter().filter_map(|raw| subject_id(raw, |subject| subject.id.id()));
    Found {
        principals: accounts.map(Principal::Account).chain(group_ids.map(Principal::Group)).collect(),
        any: !users.is_empty() || !groups.is_empty(),
        whole: results.iter().all(Option::is_some),
        cut: lists.into_iter().flatten().any(is_cut),
    }
}

fn subject_id(
    raw: &RawValue,
    id: impl for<'s> Fn(&'s wire::Subject<'_>) -> Option<&'s str>,
) -> Option<String> {
    let subject = read_object::<wire::Subject<'_>>(raw).ok()?;
    id(&subject).map(str::to_owned)
}

fn is_cut(list: &wire::SubjectList<'_>) -> bool {
    let has_next = list.links.get().is_some_and(|links| links.next.text().is_some());
    let full = match (list.size.get(), list.limit.get()) {
        (Some(size), Some(limit)) => limit.0 > 0 && size.0 >= limit.0,
        _ => false,
    };
    has_next || full
}

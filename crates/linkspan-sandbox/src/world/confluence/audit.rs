//! The audit log of Confluence: what the made-up history implies, and every change made at run time. Objects are named by
//! their title, as upstream names them, not by id (`atlassian-endpoints.md` 6.15).

use std::collections::BTreeSet;

use super::model::{ContentStatus, SpacePermission, SpacePrincipal};
use crate::world::ids::{AccountIndex, ContentId, Millis, SpaceId};
use crate::world::log::{Change, Subject};
use crate::world::site::SiteState;

/// One record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRecord {
    /// When.
    pub at: Millis,
    /// Who did it.
    pub by: AccountIndex,
    /// What was done, such as "Page trashed".
    pub summary: &'static str,
    /// Category, such as "Pages".
    pub category: &'static str,
    /// What it was done to: name and type.
    pub object: (String, &'static str),
    /// What changed: name, old and new value.
    pub changed: Vec<(&'static str, String, String)>,
    /// What else was concerned: name and type.
    pub associated: Vec<(String, &'static str)>,
}

impl SiteState {
    /// All records, newest first.
    pub fn confluence_audit_records(&self) -> Vec<AuditRecord> {
        let mut records = Vec::new();
        self.history_records(&mut records);
        records.extend(self.log.since(0).filter_map(|change| self.record_of(change)));
        // Records of one moment keep their order, the later one first.
        records.reverse();
        records.sort_by_key(|record| std::cmp::Reverse(record.at));
        records
    }

    /// What must have happened before the sandbox began to run.
    fn history_records(&self, records: &mut Vec<AuditRecord>) {
        let Some(begin) = self.spaces().iter().map(|space| space.created).min() else { return };
        let admin = self.accounts().iter().copied().find(|account| self.is_admin(*account));
        let by = admin.unwrap_or(AccountIndex(0));
        for group in self.groups() {
            records.push(AuditRecord {
                at: begin - 86_400_000,
                by,
                summary: "Group created",
                category: "Users and groups",
                object: (group.name.clone(), "Group"),
                changed: Vec::new(),
                associated: Vec::new(),
            });
        }
        for space in self.spaces() {
            let of_space = (space.name.clone(), "Space");
            records.push(AuditRecord {
                at: space.created,
                by: space.author,
                summary: "Space created",
                category: "Spaces",
                object: of_space.clone(),
                changed: vec![("Key", String::new(), space.key.clone())],
                associated: Vec::new(),
            });
            let grants = space.permissions.iter().filter(|row| row.operation == "read");
            records.extend(grants.map(|row| AuditRecord {
                at: space.created + 1_000,
                by: space.author,
                summary: "Space permission added",
                category: "Permissions",
                object: of_space.clone(),
                changed: vec![("Type", String::new(), format!("{}{}", row.operation, row.target))],
                associated: vec![self.principal_named(row)],
            }));
        }
        // What changed at run time stands in the log.
        let changed: BTreeSet<ContentId> =
            self.log.since(0).filter_map(|change| change.subject.content()).collect();
        for head in self.content_ids().filter_map(|id| self.content_head(id)) {
            let (summary, category) = match head.status {
                ContentStatus::Trashed => ("Page trashed", "Pages"),
                _ if head.read_restricted => ("Content restriction added", "Permissions"),
                _ => continue,
            };
            if changed.contains(&head.id) {
                continue;
            }
            records.push(AuditRecord {
                at: head.modified,
                by: head.editor,
                summary,
                category,
                object: self.content_named(head.id),
                changed: Vec::new(),
                associated: vec![self.space_named(head.space)],
            });
        }
    }

    fn principal_named(&self, row: &SpacePermission) -> (String, &'static str) {
        match row.principal {
            SpacePrincipal::User(account) => (self.account(account).display_name().to_owned(), "User"),
            SpacePrincipal::Group(group) => {
                (self.group(group).map(|group| group.name.clone()).unwrap_or_default(), "Group")
            }
            SpacePrincipal::AllLicensedUsers => ("All licensed users".to_owned(), "User class"),
            SpacePrincipal::AllProductAdmins => ("All product admins".to_owned(), "User class"),
            SpacePrincipal::AuthenticatedUsers => ("Signed-in users".to_owned(), "User class"),
            SpacePrincipal::Anonymous => ("Anonymous users".to_owned(), "User class"),
        }
    }

    fn content_named(&self, id: ContentId) -> (String, &'static str) {
        let kind = match self.content_head(id).map(|head| head.kind) {
            Some(super::ContentKind::BlogPost) => "Blog",
            Some(super::ContentKind::Folder) => "Folder",
            Some(super::ContentKind::Whiteboard) => "Whiteboard",
            Some(super::ContentKind::Database) => "Database",
            _ => "Page",
        };
        (
            self.content_title(id).map_or_else(|| format!("Deleted content {id}"), |title| title.to_string()),
            kind,
        )
    }

    fn space_named(&self, id: SpaceId) -> (String, &'static str) {
        (self.space(id).map(|space| space.name.clone()).unwrap_or_default(), "Space")
    }

    /// The record of a change at run time; Jira's changes have none here.
    fn record_of(&self, change: &Change) -> Option<AuditRecord> {
        let (summary, category) = match change.subject {
            Subject::GroupChanged(_) => ("Group updated", "Users and groups"),
            Subject::AccountChanged(_) => ("User details updated", "Users and groups"),
            Subject::ContentCreated(_) => ("Page created", "Pages"),
            Subject::ContentUpdated(_) => ("Page updated", "Pages"),
            Subject::ContentTrashed(_) => ("Page trashed", "Pages"),
            Subject::ContentArchived(_) => ("Page archived", "Pages"),
            Subject::ContentRestored(_) => ("Page restored", "Pages"),
            Subject::ContentDeleted(_) => ("Page purged", "Pages"),
            Subject::ContentRestricted(_) => ("Content restriction updated", "Permissions"),
            Subject::ContentCommented(..) => ("Comment changed", "Pages"),
            Subject::SpaceUpdated(_) => ("Space updated", "Spaces"),
            Subject::SpacePermissionsChanged(_) => ("Space permission changed", "Permissions"),
            _ => return None,
        };
        let object = match change.subject {
            Subject::GroupChanged(group) => {
                (self.group(group).map(|group| group.name.clone()).unwrap_or_default(), "Group")
            }
            Subject::AccountChanged(account) => (self.account(account).display_name().to_owned(), "User"),
            Subject::SpaceUpdated(space) | Subject::SpacePermissionsChanged(space) => self.space_named(space),
            subject => self.content_named(subject.content()?),
        };
        let space = change.subject.content().and_then(|id| self.content_head(id)).map(|head| head.space);
        Some(AuditRecord {
            at: change.at,
            by: change.by,
            summary,
            category,
            object,
            changed: Vec::new(),
            associated: space.map(|space| self.space_named(space)).into_iter().collect(),
        })
    }
}

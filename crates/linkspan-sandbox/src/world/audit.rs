//! The audit log of a site's Jira: what administrators did, and what was deleted (`atlassian-endpoints.md` 3.27).
//!
//! The world's beginnings are computed when asked for; what happens at run time is kept, bounded. People are kept by their
//! position and named when the log is read, so that the log of a closed account names nobody.

use std::collections::VecDeque;

use super::edit::Stamp;
use super::ids::{AccountIndex, GroupIndex, Millis, ProjectId};
use super::site::SiteState;

/// Time between two records of the world's beginnings, in milliseconds.
const PACE: Millis = 60 * 1000;

/// What a record is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuditItem {
    /// A person.
    User(AccountIndex),
    /// A group.
    Group(GroupIndex),
    /// A project.
    Project(ProjectId),
    /// Anything else, by the name it had.
    Named {
        /// Id.
        id: String,
        /// Name.
        name: String,
        /// `typeName`.
        kind: &'static str,
        /// The project it belongs to.
        project: Option<ProjectId>,
    },
}

/// A value that changed: field, before, after.
pub type ChangedValue = (&'static str, Option<String>, Option<String>);

/// One record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRecord {
    /// Position, from 1, the oldest first.
    pub id: u64,
    /// When.
    pub at: Millis,
    /// Who.
    pub by: AccountIndex,
    /// What happened.
    pub summary: &'static str,
    /// The part of the administration it belongs to.
    pub category: &'static str,
    /// To what it happened.
    pub object: AuditItem,
    /// What else took part.
    pub associated: Vec<AuditItem>,
    /// What differs.
    pub changed: Vec<ChangedValue>,
}

/// What happened at run time.
#[derive(Debug)]
pub(super) struct AuditLog {
    records: VecDeque<AuditRecord>,
    /// Time the made-up history ends at.
    beginnings_end: Millis,
    /// Ids given at run time start above this; records fall out of the log, their ids do not come back.
    pushed: u64,
}

/// An action before it is given its id, time and author.
pub(super) struct Action {
    pub(super) summary: &'static str,
    pub(super) category: &'static str,
    pub(super) object: AuditItem,
    pub(super) associated: Vec<AuditItem>,
    pub(super) changed: Vec<ChangedValue>,
}

impl AuditLog {
    /// Number of records kept; older ones are forgotten.
    const KEPT: usize = 100_000;

    /// A log whose history ends at a time.
    pub(super) fn from(beginnings_end: Millis) -> Self {
        Self { records: VecDeque::new(), beginnings_end, pushed: 0 }
    }

    /// Adds a record.
    pub(super) fn push(&mut self, stamp: Stamp, action: Action) {
        self.pushed += 1;
        if self.records.len() == Self::KEPT {
            self.records.pop_front();
        }
        self.records.push_back(AuditRecord {
            // Behind the beginnings, of which there are fewer than that.
            id: Self::FIRST_PUSHED + self.pushed,
            at: stamp.at,
            by: stamp.by,
            summary: action.summary,
            category: action.category,
            object: action.object,
            associated: action.associated,
            changed: action.changed,
        });
    }

    const FIRST_PUSHED: u64 = 1_000_000_000;
}

impl SiteState {
    /// All records, newest first.
    pub fn audit_records(&self) -> Vec<AuditRecord> {
        let mut records = self.audit_beginnings();
        records.extend(self.audit.records.iter().cloned());
        // The clock may have been set back: time decides, and the id among equals.
        records.sort_by_key(|record| std::cmp::Reverse((record.at, record.id)));
        records
    }

    /// How the site came to be: its groups, people, schemes, fields and projects, in this order, at an even pace.
    fn audit_beginnings(&self) -> Vec<AuditRecord> {
        let config = self.jira();
        let named = |id: String, name: &str, kind| AuditItem::Named {
            id,
            name: name.to_owned(),
            kind,
            project: None,
        };
        let groups = self
            .groups
            .iter()
            .map(|group| ("Group created", "group management", AuditItem::Group(group.index)));
        let people = self
            .accounts()
            .iter()
            .map(|account| ("User created", "user management", AuditItem::User(*account)));
        let schemes = config.permission_schemes.iter().map(|scheme| {
            ("Permission scheme created", "permissions", named(scheme.id.to_string(), &scheme.name, "SCHEME"))
        });
        let fields = config.fields.iter().map(|field| {
            ("Custom field created", "fields", named(field.id.to_string(), &field.name, "CUSTOM_FIELD"))
        });
        let projects = config
            .projects
            .iter()
            .map(|project| ("Project created", "projects", AuditItem::Project(project.id)));
        let all: Vec<_> = groups.chain(people).chain(schemes).chain(fields).chain(projects).collect();
        let administrator = self.accounts().iter().copied().find(|account| self.is_first_admin(*account));
        let by = administrator.or_else(|| self.accounts().first().copied()).unwrap_or(AccountIndex(0));
        let count = Millis::try_from(all.len()).unwrap_or(Millis::MAX);
        let start = self.audit.beginnings_end.saturating_sub(count.saturating_mul(PACE));
        (1..)
            .zip(all)
            .map(|(id, (summary, category, object))| AuditRecord {
                id,
                at: start + Millis::try_from(id).unwrap_or(Millis::MAX).saturating_mul(PACE),
                by,
                summary,
                category,
                object,
                associated: Vec::new(),
                changed: Vec::new(),
            })
            .collect()
    }

    /// Whether an account is in the administrators' group, active or not: history does not change with its state.
    fn is_first_admin(&self, account: AccountIndex) -> bool {
        self.group(self.admin_group()).is_some_and(|group| group.members.binary_search(&account).is_ok())
    }
}

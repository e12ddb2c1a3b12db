//! Converters: what upstream said, as received, into raw rows and records of the common models.
//!
//! Pure functions: no client, no clock. A page's text is split into its items once; the raw row of an item is the exact
//! slice of the received text. An odd item costs nobody else anything (hazard S18): what parses is used, what does not
//! is named in the raw row's `problem`, and an item of which no record can be made still has its raw row.
//!
//! # Kinds of raw row
//!
//! | kind | remote id | record |
//! | --- | --- | --- |
//! | `jira.issue` | issue id | ticket |
//! | `jira.comment` | comment id | comment |
//! | `jira.worklog` | worklog id | worklog |
//! | `jira.attachment` | attachment id | attachment |
//! | `jira.changelog` | history id, where the issue's embedded list was cut | none |
//! | `jira.project` | project id | collection |
//! | `jira.role` | role id | role |
//! | `jira.projectrole` | `{project id}/{role id}` | role |
//! | `jira.user` | account id | user; a customer's: contact |
//! | `jira.group` | group id | group |
//! | `jira.permissionscheme`, `jira.securityscheme` | scheme id | none |
//! | `jira.securitylevelmember` | id | none |
//! | `jira.applicationrole` | key | none |
//! | `jsm.organization` | organization id | account |
//! | `jsm.organizationuser` | `{organization id}/{account id}` | contact |
//! | `jsm.customer` | `{service desk id}/{account id}` | contact |
//! | `confluence.space`, `confluence.folder`, `confluence.database` | id | container |
//! | `confluence.page`, `confluence.blogpost` | content id | article |
//! | `confluence.comment` | comment id | comment |
//! | `confluence.attachment` | attachment id, such as `att123` | attachment |
//! | `confluence.version` | `{content id}/{number}` | none |
//! | `confluence.label` | label id | none |
//! | `confluence.user` | account id | user |
//! | `confluence.group` | group id | group |
//! | `confluence.spacepermission` | `{space id}/{permission id}` | none |
//! | `confluence.spacerole` | role id | none |
//! | `confluence.restriction` | content id, where not everybody may read it | none |
//!
//! The kinds that the generic reader keeps, none of which becomes a record, are in [`crate::resources`].
//!
//! Confluence's content may have come by either generation of its API; the path tells by which.
//!
//! A raw row's `path` is the API path from which one would read the thing alone. An item without an id of its own gets
//! one computed from its bytes, `unidentified:{hash}`.

pub mod access;
mod article;
mod article_parts;
mod catalogue;
mod children;
mod customer;
mod issue;
mod issue_fields;
mod listing;
mod people;
mod project;
mod restrictions;
mod searched;
mod sink;
mod space;
#[cfg(test)]
mod tests;
mod text;

use std::collections::{BTreeMap, HashMap, HashSet};

use linkspan_model::ids::{RecordId, SourceId};
use linkspan_model::record::{Access, Model, NewRaw, NewRecord};

pub use self::access::{ConfluenceAccess, JiraAccess};
pub use self::article::{blogpost_page, page_page};
pub use self::article_parts::{
    Placement, attachment_page, comment_page as article_comment_page, label_names, label_page,
    labels_in_search, version_page,
};
pub use self::catalogue::{Catalogue, catalogue, space_permission_page};
pub use self::children::{bulk_changelog_page, changelog_page, comment_page, worklog_page};
pub use self::customer::{
    CustomerOrganizations, by_number, desk_customer_page, organization_page, organization_user_page,
    unlisted_customer,
};
pub use self::issue::{access_of_issue, issue, issue_page, levels_of, parent_of_issue};
pub use self::issue_fields::FieldCatalogue;
pub use self::listing::{ListOwner, listing_page, member_of};
pub use self::people::{confluence_group_page, confluence_user_page, jira_group_page, jira_user_page};
pub use self::project::{project_page, project_role, role_page};
pub use self::restrictions::{Restrictions, restriction, restrictions_in_search};
pub use self::searched::{SEARCHED_PATH, searched_content_page};
pub use self::space::{ContentContainer, content_container, space_page};

use self::text::SiteNames;

/// What is known of a Jira source when its pages are converted.
#[derive(Clone, Debug)]
pub struct JiraContext {
    /// The source: leads every computed id.
    pub source: SourceId,
    /// The site's address from `accessible-resources`, such as `https://acme.atlassian.net`. Links for people are made
    /// from it, never from `self` members.
    pub site_url: String,
    /// What the permission reads said.
    pub access: JiraAccess,
    /// The present keys of projects, by their ids. A project that is renamed gives its issues other keys, and none of them
    /// counts as changed for that (hazard S14).
    pub project_keys: HashMap<String, String>,
    /// The fields of the site.
    pub fields: FieldCatalogue,
    /// Who is in which group, for users' teams and groups' members.
    pub memberships: Memberships,
    /// Security levels of issues that may be parents of sub-tasks: issue id → level id, `None` where the issue is
    /// known to have no level. Parents in the same page need not be here.
    pub parent_levels: HashMap<String, Option<String>>,
    /// Status names that mean "on hold" in service projects, compared without case.
    pub on_hold_names: Vec<String>,
    /// Display names by account id, for mentions that carry none.
    pub names: HashMap<String, String>,
    /// Customers are read from the lists of organizations and service desks: what other places say of them counts only
    /// where nothing is stored.
    pub customers_are_listed: bool,
}

impl JiraContext {
    /// A context that knows nothing but the source: every record's access is then unknown.
    pub fn new(source: SourceId, site_url: impl Into<String>) -> Self {
        Self {
            source,
            site_url: site_url.into(),
            access: JiraAccess::default(),
            project_keys: HashMap::new(),
            fields: FieldCatalogue::default(),
            memberships: Memberships::default(),
            parent_levels: HashMap::new(),
            on_hold_names: ["Waiting for customer", "Pending", "On hold"].map(str::to_owned).to_vec(),
            names: HashMap::new(),
            customers_are_listed: false,
        }
    }

    fn site(&self) -> &str {
        self.site_url.trim_end_matches('/')
    }

    fn site_names(&self) -> SiteNames<'_> {
        SiteNames { site: self.site(), accounts: &self.names }
    }

    fn id(&self, model: Model, remote_id: &str) -> RecordId {
        RecordId::of(self.source, model, remote_id)
    }
}

/// What is known of a Confluence source when its pages are converted.
#[derive(Clone, Debug)]
pub struct ConfluenceContext {
    /// The source: leads every computed id.
    pub source: SourceId,
    /// The site's address from `accessible-resources`, without `/wiki`.
    pub site_url: String,
    /// What the permission and restriction reads said, and the tree of pages.
    pub access: ConfluenceAccess,
    /// The present keys of spaces, by their ids. A space whose key changes gives its content other addresses, and none of
    /// it counts as changed for that (hazard S14).
    pub space_keys: HashMap<String, String>,
    /// Who is in which group.
    pub memberships: Memberships,
    /// Labels by content id, where they were read ahead.
    pub labels: HashMap<String, Vec<String>>,
    /// Attachments by content id, where they were read ahead.
    pub attachments: HashMap<String, Vec<String>>,
    /// Display names by account id, for mentions that carry none.
    pub names: HashMap<String, String>,
    /// Content that is archived though it came from a search, which shows what is current.
    pub archived: HashSet<String>,
}

impl ConfluenceContext {
    /// A context that knows nothing but the source: every record's access is then unknown.
    pub fn new(source: SourceId, site_url: impl Into<String>) -> Self {
        Self {
            source,
            site_url: site_url.into(),
            access: ConfluenceAccess::default(),
            space_keys: HashMap::new(),
            memberships: Memberships::default(),
            labels: HashMap::new(),
            attachments: HashMap::new(),
            names: HashMap::new(),
            archived: HashSet::new(),
        }
    }

    /// The record of a folder or database. Containers are spaces too, whose ids are counted apart from those of
    /// content, so content ids are marked.
    pub fn content_container_id(&self, content_id: &str) -> RecordId {
        RecordId::of(self.source, Model::Container, &format!("content/{content_id}"))
    }

    fn site(&self) -> &str {
        self.site_url.trim_end_matches('/')
    }

    fn site_names(&self) -> SiteNames<'_> {
        SiteNames { site: self.site(), accounts: &self.names }
    }

    fn id(&self, model: Model, remote_id: &str) -> RecordId {
        RecordId::of(self.source, model, remote_id)
    }
}

/// What a page of upstream's answer became.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Converted {
    /// Upstream ids of the page's own items, in order; also of those that became no record. The last one is a durable
    /// place from which to go on (hazard S7).
    pub ids: Vec<String>,
    /// The received pieces.
    pub raws: Vec<NewRaw>,
    /// Records made from them.
    pub records: Vec<NewRecord>,
    /// People met in other things, with as much as was said of them there: to be stored only where unknown.
    pub people: Vec<NewRecord>,
    /// Labels met, each once: to be stored only where unknown.
    pub tags: Vec<NewRecord>,
    /// Children of which upstream has more than it embedded (hazard S8).
    pub incomplete: Vec<IncompleteChildren>,
    /// Children of which all are here: others of the same parent and model are gone (hazard S11).
    pub complete: Vec<CompleteChildren>,
    /// Records whose access is closed until something about another item is known.
    pub waiting: Vec<Waiting>,
    /// Security levels of issues of projects that have levels (`None`: the issue has none): what sub-tasks on other
    /// pages inherit.
    pub levels: Vec<(String, Option<String>)>,
}

impl Converted {
    /// Adds what another page became. Where both have a record, the other page's counts.
    pub fn absorb(&mut self, other: Self) {
        self.ids.extend(other.ids);
        self.raws.extend(other.raws);
        self.records.extend(other.records);
        self.people.extend(other.people);
        self.tags.extend(other.tags);
        self.incomplete.extend(other.incomplete);
        self.complete.extend(other.complete);
        self.waiting.extend(other.waiting);
        self.levels.extend(other.levels);
    }
}

impl Converted {
    /// The same without these issues and all that belongs to them.
    #[must_use]
    pub fn without_issues(mut self, left_out: &HashSet<RecordId>) -> Self {
        let remote_ids: HashSet<String> = self
            .records
            .iter()
            .filter(|record| left_out.contains(&record.id))
            .filter_map(|record| record.remote_id.clone())
            .collect();
        let belongs = |record: &NewRecord| {
            left_out.contains(&record.id) || record.parent.is_some_and(|parent| left_out.contains(&parent))
        };
        let records: HashSet<RecordId> =
            self.records.iter().filter(|record| belongs(record)).map(|record| record.id).collect();
        self.records.retain(|record| !records.contains(&record.id));
        self.raws.retain(|raw| {
            let of_record = raw.record.is_some_and(|record| records.contains(&record));
            let issue = raw.path.strip_prefix("/rest/api/3/issue/").and_then(|rest| rest.split('/').next());
            !of_record && !issue.is_some_and(|issue| remote_ids.contains(issue))
        });
        self.complete.retain(|children| !left_out.contains(&children.parent));
        self.waiting.retain(|waiting| !remote_ids.contains(&waiting.remote_id));
        self.levels.retain(|(issue, _)| !remote_ids.contains(issue));
        self
    }
}

/// A child list that upstream cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncompleteChildren {
    /// Upstream id of the parent.
    pub parent_remote_id: String,
    /// The parent's record.
    pub parent: RecordId,
    /// Upstream id of the project of the parent, where known.
    pub project_remote_id: Option<String>,
    /// Which list.
    pub kind: ChildKind,
    /// How many came.
    pub have: u64,
    /// How many there are, where upstream said so.
    pub total: Option<u64>,
}

/// Lists that upstream embeds in issues, cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ChildKind {
    /// Comments.
    Comments,
    /// Worklogs.
    Worklogs,
    /// Change histories.
    Changelog,
}

/// A child list that is whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompleteChildren {
    /// The parent's record.
    pub parent: RecordId,
    /// The children's model.
    pub model: Model,
    /// All children there are.
    pub ids: Vec<RecordId>,
}

/// A record that nobody can see yet because its access depends on items that have not been read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The record.
    pub record: RecordId,
    /// Its upstream id.
    pub remote_id: String,
    /// Upstream id of the issue or page that has to be known.
    pub needs: String,
}

/// The parent of a page of children that was read by itself.
#[derive(Clone, Debug, PartialEq)]
pub struct ParentIssue {
    /// Upstream issue id.
    pub issue_id: String,
    /// Upstream project id.
    pub project_id: String,
    /// The issue's own access, which the children's narrow.
    pub access: Access,
}

/// Why a whole answer could not be used.
#[derive(Debug, thiserror::Error)]
pub enum PageProblem {
    /// It is not JSON: cut off, or not what was asked for.
    #[error("the answer is not whole JSON ({0}); read it again, with fewer items if that does not help")]
    NotJson(#[from] serde_json::Error),
    /// It is JSON, but the list is not in it.
    #[error("the answer has no list `{0}`; it is not the answer to the call that was made")]
    NoList(&'static str),
}

/// Who is in which group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memberships {
    members: BTreeMap<String, Vec<String>>,
    groups: HashMap<String, Vec<String>>,
}

impl Memberships {
    /// Notes that `accounts` are in the group; a group's pages may come one by one.
    pub fn add<S: AsRef<str>>(&mut self, group_id: &str, accounts: impl IntoIterator<Item = S>) {
        let members = self.members.entry(group_id.to_owned()).or_default();
        for account in accounts {
            let account = account.as_ref();
            let groups = self.groups.entry(account.to_owned()).or_default();
            if !groups.iter().any(|known| known == group_id) {
                groups.push(group_id.to_owned());
                members.push(account.to_owned());
            }
        }
    }

    /// The accounts in a group, as far as read.
    pub fn members_of(&self, group_id: &str) -> &[String] {
        self.members.get(group_id).map_or(&[], Vec::as_slice)
    }

    /// The groups an account is in, as far as read.
    pub fn groups_of(&self, account_id: &str) -> &[String] {
        self.groups.get(account_id).map_or(&[], Vec::as_slice)
    }
}

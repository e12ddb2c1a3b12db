//! Filters and dashboards: what people keep for themselves and what they share, and with whom.

use crate::world::access::Reader;
use crate::world::ids::{AccountIndex, GroupIndex, Millis, ProjectId, RoleId};
use crate::world::site::SiteState;

/// Whom something is shared with: the types of a share permission (`atlassian-endpoints.md` 3.25).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Audience {
    /// `global`: everybody, the public too where the site lets it in.
    Public,
    /// `loggedin`: everybody signed in. (`authenticated` is an older word for it.)
    SignedIn,
    /// `group`
    Group(GroupIndex),
    /// `user`
    User(AccountIndex),
    /// `project`: everybody who sees the project.
    Project(ProjectId),
    /// `projectRole`: everybody in a role of the project.
    ProjectRole(ProjectId, RoleId),
}

/// One share of a filter or dashboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// Id, unique among shares of its kind.
    pub id: u64,
    /// With whom.
    pub audience: Audience,
}

/// A saved filter.
#[derive(Debug, Clone)]
pub struct Filter {
    /// Id.
    pub id: u64,
    /// Name.
    pub name: String,
    /// Description, may be empty.
    pub description: String,
    /// Owner.
    pub owner: AccountIndex,
    /// The query.
    pub jql: String,
    /// Who may use it; nobody but the owner if empty.
    pub shares: Vec<Share>,
    /// Who may change it besides the owner.
    pub editors: Vec<Share>,
    /// Who has it among the favourites.
    pub favourite_of: Vec<AccountIndex>,
    /// When it was last run, if it is told.
    pub last_used: Option<Millis>,
}

/// A dashboard.
#[derive(Debug, Clone)]
pub struct Dashboard {
    /// Id.
    pub id: u64,
    /// Name.
    pub name: String,
    /// Description, may be empty.
    pub description: String,
    /// Owner; the system's own dashboard has none.
    pub owner: Option<AccountIndex>,
    /// Who may look at it; nobody but the owner if empty.
    pub shares: Vec<Share>,
    /// Who may change it besides the owner.
    pub editors: Vec<Share>,
    /// Who has it among the favourites.
    pub favourite_of: Vec<AccountIndex>,
    /// What stands on it, column by column.
    pub gadgets: Vec<Gadget>,
}

impl Dashboard {
    /// Whether this is the dashboard of the system: the one nobody owns.
    pub fn is_system(&self) -> bool {
        self.owner.is_none()
    }
}

/// A gadget on a dashboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gadget {
    /// Id, unique on the site.
    pub id: u64,
    /// What kind of gadget.
    pub kind: GadgetKind,
    /// Colour of its frame.
    pub color: &'static str,
    /// Column, from 0.
    pub column: u32,
    /// Row, from 0.
    pub row: u32,
}

/// A kind of gadget that can be put on a dashboard: its title, and its module key or its address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GadgetKind {
    /// Title.
    pub title: &'static str,
    /// Module key; older gadgets have an address instead.
    pub module_key: Option<&'static str>,
    /// Address of an older gadget.
    pub uri: Option<&'static str>,
}

/// The kinds of gadgets of every site.
pub const GADGETS: [GadgetKind; 5] = [
    GadgetKind {
        title: "Assigned to me",
        module_key: Some("com.atlassian.plugins.atlassian-connect-plugin:com.atlassian.jira.assigned-to-me"),
        uri: None,
    },
    GadgetKind {
        title: "Filter results",
        module_key: None,
        uri: Some(
            "rest/gadgets/1.0/g/com.atlassian.jira.gadgets:filter-results-gadget/gadgets/filter-results-gadget.xml",
        ),
    },
    GadgetKind {
        title: "Pie chart",
        module_key: None,
        uri: Some(
            "rest/gadgets/1.0/g/com.atlassian.jira.gadgets:pie-chart-gadget/gadgets/piechart-gadget.xml",
        ),
    },
    GadgetKind {
        title: "Activity stream",
        module_key: Some("com.atlassian.streams.streams-jira-plugin:activitystream-gadget"),
        uri: None,
    },
    GadgetKind {
        title: "Created vs. resolved chart",
        module_key: None,
        uri: Some(
            "rest/gadgets/1.0/g/com.atlassian.jira.gadgets:created-vs-resolved-issues-chart-gadget/gadgets/createdvsresolved-gadget.xml",
        ),
    },
];

impl SiteState {
    /// Whether something shared with an audience is shared with the reader.
    pub fn is_among(&self, reader: &Reader, audience: Audience) -> bool {
        if !reader.may_read {
            return false;
        }
        match audience {
            Audience::Public => self.jira().anonymous_access || reader.signed_in,
            Audience::SignedIn => reader.signed_in,
            Audience::Group(group) => reader.in_group(group),
            Audience::User(user) => reader.signed_in && reader.account() == Some(user),
            Audience::Project(project) => self.can_browse_project_id(reader, project),
            Audience::ProjectRole(project, role) => {
                reader.signed_in
                    && self.project(project).is_some_and(|project| self.in_role(reader, project, role))
            }
        }
    }

    /// Whether the reader owns something or is among those it is shared with.
    pub fn can_use_shared(&self, reader: &Reader, owner: Option<AccountIndex>, shares: &[Share]) -> bool {
        let owns = owner.is_some() && reader.signed_in && reader.account() == owner;
        owns || shares.iter().any(|share| self.is_among(reader, share.audience))
    }

    /// Whether the reader may use a filter.
    pub fn can_use_filter(&self, reader: &Reader, filter: &Filter) -> bool {
        self.can_use_shared(reader, Some(filter.owner), &filter.shares)
    }

    /// Whether the reader may look at a dashboard.
    pub fn can_see_dashboard(&self, reader: &Reader, dashboard: &Dashboard) -> bool {
        self.can_use_shared(reader, dashboard.owner, &dashboard.shares)
    }
}

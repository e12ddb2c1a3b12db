//! Random changes, the same for the same seed and state: what a busy site does to whoever mirrors it.

mod containers;
mod content;
mod issues;
mod people;
mod roster;

pub(super) use roster::Roster;
use serde::Serialize;

use super::World;
use super::account::AccountType;
use super::edit::{EditError, Stamp};
use super::ids::{AccountIndex, ContentId, IssueId, Millis};
use super::seed::Dice;
use super::site::{Site, SiteState};

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// A kind of random change.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum MutationKind {$($(#[$doc])* $variant,)*}

        impl MutationKind {
            /// All kinds.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Name in the control plane.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// The kind with a name.
            pub fn parse(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|kind| kind.as_str() == name)
            }
        }
    };
}

kinds! {
    /// A new issue.
    CreateIssue = "create_issue",
    /// Summary, description, priority, due date or custom field of an issue.
    EditIssue = "edit_issue",
    /// Status of an issue.
    Transition = "transition",
    /// Assignee of an issue.
    Assign = "assign",
    /// Labels of an issue.
    Label = "label",
    /// A new comment, now and then restricted or internal.
    Comment = "comment",
    /// New text of a comment.
    EditComment = "edit_comment",
    /// A comment deleted.
    DeleteComment = "delete_comment",
    /// Work logged.
    Worklog = "worklog",
    /// A worklog deleted.
    DeleteWorklog = "delete_worklog",
    /// Two issues linked.
    Link = "link",
    /// A file attached.
    Attach = "attach",
    /// An issue moved to another project.
    MoveIssue = "move_issue",
    /// An issue deleted.
    DeleteIssue = "delete_issue",
    /// An issue archived.
    ArchiveIssue = "archive_issue",
    /// An archived issue restored.
    RestoreIssue = "restore_issue",
    /// Security level of an issue set or cleared.
    SecurityLevel = "security_level",
    /// A new page or blog post.
    CreatePage = "create_page",
    /// A new version of a page.
    EditPage = "edit_page",
    /// A page moved below another.
    MovePage = "move_page",
    /// A page put into the trash.
    TrashPage = "trash_page",
    /// A page archived.
    ArchivePage = "archive_page",
    /// A page taken out of trash or archive.
    RestorePage = "restore_page",
    /// A trashed page deleted for good.
    DeletePage = "delete_page",
    /// Reading of a page restricted.
    RestrictPage = "restrict_page",
    /// Restrictions of a page lifted.
    UnrestrictPage = "unrestrict_page",
    /// A comment on a page.
    PageComment = "page_comment",
    /// A comment on a page deleted, with its replies.
    DeletePageComment = "delete_page_comment",
    /// A file attached to a page.
    PageAttach = "page_attach",
    /// A file of a page put into the trash.
    DeletePageFile = "delete_page_file",
    /// An account put into a group or taken out.
    GroupMembership = "group_membership",
    /// An actor added to a role of a project or removed.
    RoleActor = "role_actor",
    /// The right to read a space granted or taken away.
    SpacePermission = "space_permission",
    /// A project's key changed.
    RenameProjectKey = "rename_project_key",
    /// A space's key changed.
    RenameSpaceKey = "rename_space_key",
    /// An account deactivated.
    DeactivateAccount = "deactivate_account",
    /// A deactivated account activated again.
    ReactivateAccount = "reactivate_account",
    /// A project archived.
    ArchiveProject = "archive_project",
    /// A project put into the trash.
    TrashProject = "trash_project",
    /// A project taken out of archive or trash.
    RestoreProject = "restore_project",
    /// A trashed project deleted for good, with its issues.
    DeleteProject = "delete_project",
    /// A space given another name.
    RenameSpace = "rename_space",
    /// A space archived.
    ArchiveSpace = "archive_space",
    /// A space put into the trash.
    TrashSpace = "trash_space",
    /// A space taken out of archive or trash.
    RestoreSpace = "restore_space",
    /// The site given another name, and with it another host.
    RenameSite = "rename_site",
}

impl MutationKind {
    /// Changes of whole projects, spaces and sites. They are made only when asked for: a few of them empty a site.
    pub const OF_CONTAINERS: &'static [Self] = &[
        Self::ArchiveProject,
        Self::TrashProject,
        Self::RestoreProject,
        Self::DeleteProject,
        Self::RenameSpace,
        Self::ArchiveSpace,
        Self::TrashSpace,
        Self::RestoreSpace,
        Self::RenameSite,
    ];

    fn is_usual(self) -> bool {
        !Self::OF_CONTAINERS.contains(&self)
    }
}

/// One change that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mutation {
    /// Name of its kind.
    pub kind: &'static str,
    /// What it happened to: an issue or content id, a project or space key, an account or group id.
    pub subject: String,
    /// What happened, for people.
    pub detail: String,
    /// `accountId` of who did it.
    pub by: String,
}

/// Tries for one change before it is given up.
const TRIES: usize = 12;
/// Changes one call may ask for.
pub const MOST_MUTATIONS: u32 = 100_000;

impl World {
    /// Makes `count` random changes on a site (at most [`MOST_MUTATIONS`]), each of one of `kinds` (of any kind but
    /// [`MutationKind::OF_CONTAINERS`] when there are none), and tells what was done. A change that finds nothing to happen to is tried again with another kind; a site that
    /// offers nothing gets fewer changes. The demo administrator keeps its account, its groups and its roles.
    pub fn mutate(&self, site: &Site, seed: u64, count: u32, kinds: &[MutationKind]) -> Vec<Mutation> {
        let usual: Vec<MutationKind> =
            MutationKind::ALL.iter().copied().filter(|kind| kind.is_usual()).collect();
        let kinds = if kinds.is_empty() { &usual } else { kinds };
        let now = self.clock().now_ms();
        let mut state = site.write();
        let mut mutator = Mutator::new(site, &mut state, seed, now);
        let mut done = Vec::new();
        for _ in 0..count.min(MOST_MUTATIONS) {
            let made = (0..TRIES).find_map(|_| {
                let kind = *mutator.dice.pick(kinds);
                mutator.make(kind).ok().flatten()
            });
            done.extend(made);
        }
        mutator.finish();
        done
    }
}

/// What was done to what; `None` when nothing differs afterwards.
type Outcome = Result<Option<(String, String)>, EditError>;

struct Mutator<'a> {
    site: &'a Site,
    state: &'a mut SiteState,
    dice: Dice,
    now: Millis,
    issues: Vec<IssueId>,
    contents: Vec<ContentId>,
    /// Up to which change of the log the lists were whole when this began.
    whole: u64,
    people: Vec<AccountIndex>,
    protected: AccountIndex,
}

impl<'a> Mutator<'a> {
    fn new(site: &'a Site, state: &'a mut SiteState, seed: u64, now: Millis) -> Self {
        let people: Vec<AccountIndex> = state
            .accounts()
            .iter()
            .copied()
            .filter(|index| state.account(*index).account_type == AccountType::Atlassian)
            .collect();
        let Roster { issues, contents, whole, .. } = state.take_roster();
        Self {
            site,
            dice: Dice::at(seed, 0x30_7a7e, 0),
            now,
            issues,
            contents,
            whole,
            protected: people.first().copied().unwrap_or(AccountIndex(0)),
            people,
            state,
        }
    }

    /// Leaves the lists for the next changes of this site.
    fn finish(self) {
        self.state.roster =
            Roster { made: true, whole: self.whole, issues: self.issues, contents: self.contents };
    }

    fn person(&mut self) -> AccountIndex {
        if self.people.is_empty() {
            return self.protected;
        }
        let picked = *self.dice.pick(&self.people);
        if self.state.account(picked).is_active() { picked } else { self.protected }
    }

    fn stamp(&mut self) -> Stamp {
        Stamp { at: self.now, by: self.person() }
    }

    fn make(&mut self, kind: MutationKind) -> Result<Option<Mutation>, EditError> {
        let stamp = self.stamp();
        let outcome = match kind {
            MutationKind::CreatePage
            | MutationKind::EditPage
            | MutationKind::MovePage
            | MutationKind::TrashPage
            | MutationKind::ArchivePage
            | MutationKind::RestorePage
            | MutationKind::DeletePage
            | MutationKind::RestrictPage
            | MutationKind::UnrestrictPage => self.change_content(kind, stamp),
            MutationKind::PageComment
            | MutationKind::DeletePageComment
            | MutationKind::PageAttach
            | MutationKind::DeletePageFile => self.change_attached(kind, stamp),
            MutationKind::GroupMembership
            | MutationKind::RoleActor
            | MutationKind::SpacePermission
            | MutationKind::RenameProjectKey
            | MutationKind::RenameSpaceKey
            | MutationKind::DeactivateAccount
            | MutationKind::ReactivateAccount => self.change_people(kind, stamp),
            kind if !kind.is_usual() => self.change_container(kind, stamp),
            _ => self.change_issue(kind, stamp),
        };
        let by = self.state.account(stamp.by).account_id.clone();
        Ok(outcome?.map(|(subject, detail)| Mutation { kind: kind.as_str(), subject, detail, by }))
    }
}

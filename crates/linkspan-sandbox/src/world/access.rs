//! Who may see what, computed slowly and plainly from `atlassian-permissions.md` sections 2 to 4.
//!
//! A [`Reader`] is what one viewer is on one site at this moment; make one per request with [`SiteState::reader`].

use super::account::AccountType;
use super::confluence::{ContentHead, ContentStatus, Restriction, Space, SpacePrincipal};
use super::group::Product;
use super::ids::{AccountIndex, ContentId, GroupIndex, IssueId, OrganizationId, ProjectId, RoleId, SpaceId};
use super::jira::{
    Attachment, Comment, CustomValue, Holder, Issue, IssueHead, PortalAccess, Project, ProjectState,
    TeamAccess, Visibility, Worklog,
};
use super::site::{SiteState, Viewer};

/// What a viewer is on a site: the account if it may act at all, its groups, products and organizations.
#[derive(Debug, Clone)]
pub struct Reader {
    /// Who looks.
    pub viewer: Viewer,
    /// False for inactive, closed and app accounts, which read nothing (`atlassian-permissions.md` 5).
    pub may_read: bool,
    /// Whether this is an active account of the site.
    pub signed_in: bool,
    /// Groups it is in, ascending.
    pub groups: Vec<GroupIndex>,
    /// Products it holds.
    pub products: Vec<Product>,
    /// Organizations it is a member of.
    pub organizations: Vec<OrganizationId>,
    /// Whether it administers the site.
    pub admin: bool,
}

impl Reader {
    /// The account, when one is signed in.
    pub fn account(&self) -> Option<AccountIndex> {
        match self.viewer {
            Viewer::Account(account) if self.may_read => Some(account),
            _ => None,
        }
    }

    /// Whether the reader is in a group.
    pub fn in_group(&self, group: GroupIndex) -> bool {
        self.groups.binary_search(&group).is_ok()
    }

    /// Whether the reader holds a product.
    pub fn holds(&self, product: Product) -> bool {
        self.products.contains(&product)
    }

    /// Whether the reader holds any product of Jira.
    pub fn uses_jira(&self) -> bool {
        self.products.iter().any(|product| *product != Product::Confluence)
    }

    fn is(&self, account: Option<AccountIndex>) -> bool {
        account.is_some() && self.account() == account
    }
}

/// Permission key of the right to see a project and its issues.
pub const BROWSE_PROJECTS: &str = "BROWSE_PROJECTS";
/// Permission key of the right to administer a project.
pub const ADMINISTER_PROJECTS: &str = "ADMINISTER_PROJECTS";

impl SiteState {
    /// What a viewer is on this site now.
    pub fn reader(&self, viewer: Viewer) -> Reader {
        let mut reader = Reader {
            viewer,
            may_read: true,
            signed_in: false,
            groups: Vec::new(),
            products: Vec::new(),
            organizations: Vec::new(),
            admin: false,
        };
        let Viewer::Account(index) = viewer else { return reader };
        let account = self.account(index);
        reader.may_read = account.is_active() && account.account_type != AccountType::App;
        reader.signed_in = reader.may_read && self.is_present(index);
        if !reader.signed_in {
            return reader;
        }
        reader.groups = self.groups_of(index).map(|group| group.index).collect();
        reader.products = self
            .application_roles()
            .iter()
            .filter(|role| role.groups.iter().any(|group| reader.in_group(*group)))
            .map(|role| role.product)
            .collect();
        let organizations = self.jira().organizations.iter();
        reader.organizations =
            organizations.filter(|it| it.members.binary_search(&index).is_ok()).map(|it| it.id).collect();
        reader.admin = reader.in_group(self.admin_group());
        reader
    }

    /// Whether the reader is in a role of a project, directly or through a group.
    pub fn in_role(&self, reader: &Reader, project: &Project, role: RoleId) -> bool {
        let Some(actors) = project.actors(role) else { return false };
        actors.users.iter().any(|user| reader.is(Some(*user)))
            || actors.groups.iter().any(|group| reader.in_group(*group))
    }

    /// Whether the reader is one of those a holder names, for one issue, or (without one) for some issue of the project:
    /// then holders that depend on the issue count for everybody who may use the project's product.
    fn holds(
        &self,
        reader: &Reader,
        holder: &Holder,
        project: &Project,
        issue: Option<&IssueHead<'_>>,
    ) -> bool {
        if !reader.may_read {
            return false;
        }
        match holder {
            Holder::Anyone => self.jira().anonymous_access || reader.signed_in,
            Holder::ApplicationRole(None) => reader.signed_in,
            Holder::ApplicationRole(Some(product)) => reader.holds(*product),
            Holder::Group(group) => reader.in_group(*group),
            Holder::User(account) => reader.signed_in && reader.is(Some(*account)),
            Holder::ProjectRole(role) => reader.signed_in && self.in_role(reader, project, *role),
            Holder::ProjectLead => reader.signed_in && reader.is(Some(project.lead)),
            Holder::PortalCustomers => false,
            Holder::Reporter
            | Holder::Assignee
            | Holder::UserCustomField(_)
            | Holder::GroupCustomField(_) => {
                reader.signed_in
                    && issue.map_or_else(
                        || reader.uses_jira(),
                        |issue| self.holds_by_issue(reader, holder, issue),
                    )
            }
        }
    }

    fn holds_by_issue(&self, reader: &Reader, holder: &Holder, head: &IssueHead<'_>) -> bool {
        let (Holder::UserCustomField(field) | Holder::GroupCustomField(field)) = holder else {
            return reader.is(if *holder == Holder::Reporter { head.reporter } else { head.assignee });
        };
        let issue = self.issue(head.id);
        match (holder, issue.as_ref().and_then(|issue| issue.custom_value(*field))) {
            (Holder::UserCustomField(_), Some(CustomValue::User(user))) => reader.is(Some(*user)),
            (Holder::UserCustomField(_), Some(CustomValue::Users(users))) => {
                users.iter().any(|user| reader.is(Some(*user)))
            }
            (Holder::GroupCustomField(_), Some(CustomValue::Group(group))) => reader.in_group(*group),
            (Holder::GroupCustomField(_), Some(CustomValue::Groups(groups))) => {
                groups.iter().any(|group| reader.in_group(*group))
            }
            _ => false,
        }
    }

    /// Whether the reader has a permission in a project, for one issue or (without one) for some issue.
    ///
    /// Company-managed: the scheme decides. Team-managed: administrators of the project and of Jira may do all, the other
    /// readers of the project browse, and in an open project also edit.
    pub fn has_permission(
        &self,
        reader: &Reader,
        permission: &str,
        project: &Project,
        issue: Option<&IssueHead<'_>>,
    ) -> bool {
        let Some(access) = project.team_access else {
            let granted = |scheme: &super::jira::PermissionScheme| {
                let grants = scheme.grants.iter().filter(|grant| grant.permission == permission);
                grants.into_iter().any(|grant| self.holds(reader, &grant.holder, project, issue))
            };
            return self.jira().permission_scheme(project.permission_scheme).is_some_and(granted);
        };
        let administers = reader.admin
            || self.jira().roles.iter().any(|role| role.is_admin && self.in_role(reader, project, role.id));
        let member = administers
            || project.role_actors.iter().any(|actors| self.in_role(reader, project, actors.role));
        let licensed = reader.holds(project.kind.product());
        match (permission, access) {
            (ADMINISTER_PROJECTS, _) => administers,
            (BROWSE_PROJECTS | "ADD_COMMENTS", TeamAccess::Limited) | (_, TeamAccess::Open) => licensed,
            (_, TeamAccess::Limited | TeamAccess::Private) => member,
        }
    }

    /// Gate J0: who may use Jira for a project at all. A product is not asked for where the public may browse.
    fn may_use(&self, reader: &Reader, project: &Project) -> bool {
        let public = project.team_access.is_none() && self.jira().anonymous_access && {
            let scheme = self.jira().permission_scheme(project.permission_scheme);
            scheme.is_some_and(|it| {
                it.grants
                    .iter()
                    .any(|grant| grant.permission == BROWSE_PROJECTS && grant.holder == Holder::Anyone)
            })
        };
        // Service desk projects may be read by collaborators who hold another product of Jira (section 3).
        let product = project.kind.product();
        public || reader.holds(product) || (product == Product::JiraServiceManagement && reader.uses_jira())
    }

    /// Whether the reader sees a project in the Jira view. Where rights depend on the issue this says yes to all who could
    /// come to hold them; a trashed project is seen by nobody.
    pub fn can_browse_project(&self, reader: &Reader, project: &Project) -> bool {
        let trashed = matches!(project.state, ProjectState::Trashed { .. });
        reader.may_read
            && !trashed
            && self.may_use(reader, project)
            && self.has_permission(reader, BROWSE_PROJECTS, project, None)
    }

    /// Whether the reader may administer a project (through the scheme or the project's administrators' role, or as an
    /// administrator of Jira).
    pub fn can_administer_project(&self, reader: &Reader, project: &Project) -> bool {
        reader.admin || (reader.signed_in && self.has_permission(reader, ADMINISTER_PROJECTS, project, None))
    }

    /// Gates J0 to J3: whether the reader sees an issue in the Jira view. Archived issues are seen when asked for by id;
    /// see [`SiteState::is_searchable`].
    pub fn can_see_issue(&self, reader: &Reader, head: &IssueHead<'_>) -> bool {
        let Some(project) = self.project(head.project) else { return false };
        let trashed = matches!(project.state, ProjectState::Trashed { .. });
        reader.may_read
            && !trashed
            && self.may_use(reader, project)
            && self.has_permission(reader, BROWSE_PROJECTS, project, Some(head))
            && self.passes_security(reader, project, head)
            && (head.restricted_to.is_empty()
                || head.restricted_to.iter().any(|role| self.in_role(reader, project, *role)))
    }

    /// Gate J2. A sub-task without a level of its own has its parent's.
    fn passes_security(&self, reader: &Reader, project: &Project, head: &IssueHead<'_>) -> bool {
        let Some(level) = self.effective_security(head) else { return true };
        let Some((_, level)) = self.jira().security_level(level) else { return false };
        level.members.iter().any(|member| self.holds(reader, &member.holder, project, Some(head)))
    }

    /// The security level that governs an issue: its own, or for a sub-task without one, its parent's.
    pub fn effective_security(&self, head: &IssueHead<'_>) -> Option<super::ids::SecurityLevelId> {
        if head.security.is_some() {
            return head.security;
        }
        let subtask = self.jira().issue_type(head.issue_type).is_some_and(super::jira::IssueType::is_subtask);
        let parent = head.parent.filter(|_| subtask)?;
        self.issue_head(parent)?.security
    }

    /// Gate J4: whether search finds the issue for those who may see it: neither it nor its project is archived or trashed.
    pub fn is_searchable(&self, head: &IssueHead<'_>) -> bool {
        !head.archived
            && self.project(head.project).is_some_and(|project| project.state == ProjectState::Live)
    }

    /// Whether the reader sees a request in the portal (section 3.1): it is one, the reader has access to the portal, and is
    /// involved. This opens the request and its public comments only, never the Jira view.
    pub fn can_see_request(&self, reader: &Reader, issue: &Issue) -> bool {
        let Some(request) = &issue.request else { return false };
        let Some(project) = self.project(issue.project).filter(|project| project.state == ProjectState::Live)
        else {
            return false;
        };
        let (Some(desk), Some(account)) =
            (&project.service_desk, reader.account().filter(|_| reader.signed_in))
        else {
            return false;
        };
        let customers = self.jira().roles.iter().filter(|role| role.name == "Service Desk Customers");
        let has_portal = desk.access == PortalAccess::Open
            || desk.customers.contains(&account)
            || desk.organizations.iter().any(|it| reader.organizations.contains(it))
            || customers.into_iter().any(|role| self.in_role(reader, project, role.id));
        let involved = issue.reporter == Some(account)
            || request.participants.contains(&account)
            || request.organizations.iter().any(|it| reader.organizations.contains(it))
            || request.approvers.iter().any(|(approver, _)| *approver == account);
        has_portal && involved
    }

    fn passes_visibility(&self, reader: &Reader, issue: &Issue, visibility: Option<Visibility>) -> bool {
        match visibility {
            None => true,
            Some(Visibility::Group(group)) => reader.in_group(group),
            Some(Visibility::Role(role)) => {
                self.project(issue.project).is_some_and(|project| self.in_role(reader, project, role))
            }
        }
    }

    /// Whether a reader who sees the issue in the Jira view sees a comment of it there. Internal notes are for that audience.
    pub fn can_see_comment(&self, reader: &Reader, issue: &Issue, comment: &Comment) -> bool {
        self.passes_visibility(reader, issue, comment.visibility)
    }

    /// Whether a reader who sees the request in the portal sees a comment of it there.
    pub fn can_see_request_comment(comment: &Comment) -> bool {
        comment.public && comment.visibility.is_none()
    }

    /// Whether a reader who sees the issue in the Jira view sees a worklog of it.
    pub fn can_see_worklog(&self, reader: &Reader, issue: &Issue, worklog: &Worklog) -> bool {
        self.passes_visibility(reader, issue, worklog.visibility)
    }

    /// Whether a reader who sees the issue in the Jira view sees an attachment of it: a file that is mentioned in comments
    /// only is seen by those who see one of these comments (section 2.5).
    pub fn can_see_attachment(&self, reader: &Reader, issue: &Issue, attachment: &Attachment) -> bool {
        let mentions = |body: &super::Rich| body.mentions_file(&attachment.media_id, &attachment.filename);
        if !issue.comments.iter().any(|comment| comment.visibility.is_some())
            || issue.description.as_ref().is_some_and(mentions)
        {
            return true;
        }
        let mut mentioned = issue.comments.iter().filter(|comment| mentions(&comment.body)).peekable();
        mentioned.peek().is_none() || mentioned.any(|comment| self.can_see_comment(reader, issue, comment))
    }

    /// Whether the reader may see an issue by id, in the Jira view.
    pub fn can_see_issue_id(&self, reader: &Reader, id: IssueId) -> bool {
        self.issue_head(id).is_some_and(|head| self.can_see_issue(reader, &head))
    }

    /// Whether a project is browsable by id.
    pub fn can_browse_project_id(&self, reader: &Reader, id: ProjectId) -> bool {
        self.project(id).is_some_and(|project| self.can_browse_project(reader, project))
    }

    /// Gates C0 and C1: whether the reader may use Confluence for a space and read the space. Archived spaces stay readable.
    pub fn can_see_space(&self, reader: &Reader, space: &Space) -> bool {
        if !reader.may_read || space.trashed {
            return false;
        }
        let reads = |principal: SpacePrincipal| match principal {
            SpacePrincipal::Anonymous => self.confluence_anonymous_access(),
            _ if !self.may_use_confluence(reader) => false,
            SpacePrincipal::User(account) => reader.is(Some(account)),
            SpacePrincipal::Group(group) => reader.in_group(group),
            SpacePrincipal::AllLicensedUsers => reader.holds(Product::Confluence),
            SpacePrincipal::AllProductAdmins => reader.admin,
            SpacePrincipal::AuthenticatedUsers => reader.signed_in,
        };
        let rows = space.permissions.iter().filter(|row| row.operation == "read" && row.target == "space");
        rows.into_iter().any(|row| reads(row.principal))
    }

    /// Whether the reader holds Confluence or is a guest in it.
    pub fn may_use_confluence(&self, reader: &Reader) -> bool {
        reader.holds(Product::Confluence) || self.guest_group.is_some_and(|group| reader.in_group(group))
    }

    /// Whether an account is a guest: in the guests' group and without a licence of Confluence.
    pub fn is_guest(&self, account: AccountIndex) -> bool {
        let guest =
            self.guest_group.and_then(|group| self.group(group)).is_some_and(|group| group.contains(account));
        guest && !self.has_product(account, Product::Confluence)
    }

    /// Whether a space is readable by id.
    pub fn can_see_space_id(&self, reader: &Reader, id: SpaceId) -> bool {
        self.space(id).is_some_and(|space| self.can_see_space(reader, space))
    }

    /// Gates C0 to C4 for a page, blog post or folder: the space, every ancestor's and its own read restriction, the status.
    /// Trashed content passes like current content here: callers list it only where a trash is asked for.
    pub fn can_see_content(&self, reader: &Reader, head: &ContentHead) -> bool {
        if !self.can_see_space_id(reader, head.space) {
            return false;
        }
        if head.status == ContentStatus::Draft && !reader.is(Some(head.author)) {
            return false;
        }
        let passes = |id: ContentId| {
            let restricted = self
                .content_head(id)
                .is_some_and(|head| head.read_restricted && head.status != ContentStatus::Draft);
            !restricted || self.content_restrictions(id).is_some_and(|own| Self::admits(reader, &own.read))
        };
        let own = !head.read_restricted
            || self.content_restrictions(head.id).is_some_and(|own| Self::admits(reader, &own.read));
        own && self.content_ancestors(head.id).into_iter().all(passes)
    }

    fn admits(reader: &Reader, restriction: &Restriction) -> bool {
        restriction.is_open()
            || restriction.users.iter().any(|user| reader.is(Some(*user)))
            || restriction.groups.iter().any(|group| reader.in_group(*group))
    }

    /// Whether content is seen by id.
    pub fn can_see_content_id(&self, reader: &Reader, id: ContentId) -> bool {
        self.content_head(id).is_some_and(|head| self.can_see_content(reader, &head))
    }

    /// Whether ordinary search finds the content for those who may see it: it is current, and its space is neither archived nor trashed.
    pub fn is_content_searchable(&self, head: &ContentHead) -> bool {
        head.status == ContentStatus::Current
            && self.space(head.space).is_some_and(|space| !space.archived && !space.trashed)
    }

    /// Whether the reader may edit content: space permission to create pages, sight, and the own update restriction.
    pub fn can_edit_content(&self, reader: &Reader, head: &ContentHead) -> bool {
        let open = self.content_restrictions(head.id).is_none_or(|own| Self::admits(reader, &own.update));
        open && self.can_see_content(reader, head)
            && self.has_space_permission(reader, head.space, "create", head.kind.permitted_as())
    }

    /// Whether the reader has a permission of a space, e.g. `("administer", "space")` or `("create", "page")`.
    pub fn has_space_permission(
        &self,
        reader: &Reader,
        space: SpaceId,
        operation: &str,
        target: &str,
    ) -> bool {
        let Some(space) = self.space(space).filter(|space| self.can_see_space(reader, space)) else {
            return false;
        };
        let holds = |principal: SpacePrincipal| match principal {
            SpacePrincipal::Anonymous => self.confluence_anonymous_access(),
            SpacePrincipal::User(account) => reader.is(Some(account)),
            SpacePrincipal::Group(group) => reader.in_group(group),
            SpacePrincipal::AllLicensedUsers => reader.holds(Product::Confluence),
            SpacePrincipal::AllProductAdmins => reader.admin,
            SpacePrincipal::AuthenticatedUsers => reader.signed_in,
        };
        let rows = space.permissions.iter().filter(|row| row.operation == operation && row.target == target);
        rows.into_iter().any(|row| holds(row.principal))
    }
}

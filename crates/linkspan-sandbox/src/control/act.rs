//! `POST /_sandbox/act`: one change on purpose, of a named thing.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;

use super::{off_the_runtime, parsed, refused};
use crate::gateway::AppState;
use crate::world::confluence::{ContentStatus, SpacePrincipal};
use crate::world::edit::{EditError, Stamp};
use crate::world::jira::ProjectState;
use crate::world::people_edit::Actor;
use crate::world::{
    AccountIndex, ContentId, GroupIndex, IssueId, Millis, ProjectId, RoleId, Site, SiteState, SpaceId,
};

/// An act and what it is done with.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    action: Action,
    /// Id or key of what it is done to; for `rename_site` a cloud id, absent: the first site.
    #[serde(default)]
    subject: String,
    /// Absent: the first site.
    cloud_id: Option<String>,
    /// `accountId` of who does it; absent: an administrator.
    by: Option<String>,
    // What only some acts need.
    key: Option<String>,
    name: Option<String>,
    project: Option<String>,
    space: Option<String>,
    parent: Option<String>,
    role: Option<String>,
    account_id: Option<String>,
    group: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Action {
    ArchiveProject,
    TrashProject,
    RestoreProject,
    DeleteProject,
    RenameProject,
    ArchiveIssue,
    UnarchiveIssue,
    MoveIssue,
    DeleteIssue,
    RenameSpace,
    ArchiveSpace,
    TrashSpace,
    RestoreSpace,
    TrashPage,
    ArchivePage,
    RestorePage,
    PurgePage,
    MovePage,
    RenameSite,
    AddRoleActor,
    RemoveRoleActor,
    GrantSpace,
    RevokeSpace,
    AddGroupMember,
    RemoveGroupMember,
}

/// Why an act was not done.
#[derive(Debug, thiserror::Error)]
enum ActError {
    #[error("there is no {0}; name it by its id or key")]
    Unknown(&'static str),
    #[error("this action needs {0}")]
    Needs(&'static str),
    #[error(transparent)]
    Edit(#[from] EditError),
}

/// What was done: to what, by its id, and what differs now.
struct Done {
    subject: String,
    detail: String,
}

/// Does one thing to one thing.
pub(super) async fn act(State(state): State<AppState>, body: Bytes) -> Response {
    let order: Order = match parsed(&body) {
        Ok(order) => order,
        Err(response) => return response,
    };
    off_the_runtime(move || {
        let world = state.world();
        let named = match order.action {
            Action::RenameSite if !order.subject.is_empty() => Some(&order.subject),
            _ => order.cloud_id.as_ref(),
        };
        let Some(site) = named.map_or(Some(world.main_site()), |cloud_id| world.site(cloud_id)) else {
            return refused(StatusCode::NOT_FOUND, "no site has this cloud id");
        };
        match done(site, world.clock().now_ms(), &order) {
            Ok(Done { subject, detail }) => {
                Json(json!({ "subject": subject, "detail": detail })).into_response()
            }
            Err(error @ ActError::Unknown(_)) => refused(StatusCode::NOT_FOUND, &error.to_string()),
            Err(error) => refused(StatusCode::BAD_REQUEST, &error.to_string()),
        }
    })
    .await
}

fn done(site: &Site, at: Millis, order: &Order) -> Result<Done, ActError> {
    if order.action == Action::RenameSite {
        site.rename(order.name.as_deref().ok_or(ActError::Needs("`name`"))?)?;
        return Ok(Done { subject: site.cloud_id().to_owned(), detail: site.url().to_owned() });
    }
    let mut state = site.write();
    let by = match &order.by {
        Some(account_id) => account(&state, account_id)?,
        None => state
            .group(state.admin_group())
            .and_then(|group| group.members.first().copied())
            .unwrap_or(AccountIndex(0)),
    };
    let mut act = Act { state: &mut state, stamp: Stamp { at, by }, order };
    match order.action {
        Action::ArchiveProject
        | Action::TrashProject
        | Action::RestoreProject
        | Action::DeleteProject
        | Action::RenameProject
        | Action::AddRoleActor
        | Action::RemoveRoleActor => act.on_project(),
        Action::ArchiveIssue | Action::UnarchiveIssue | Action::MoveIssue | Action::DeleteIssue => {
            act.on_issue()
        }
        Action::RenameSpace
        | Action::ArchiveSpace
        | Action::TrashSpace
        | Action::RestoreSpace
        | Action::GrantSpace
        | Action::RevokeSpace => act.on_space(),
        Action::TrashPage
        | Action::ArchivePage
        | Action::RestorePage
        | Action::PurgePage
        | Action::MovePage => act.on_page(),
        Action::AddGroupMember | Action::RemoveGroupMember | Action::RenameSite => act.on_group(),
    }
}

/// One act on one site.
struct Act<'a> {
    state: &'a mut SiteState,
    stamp: Stamp,
    order: &'a Order,
}

impl Act<'_> {
    fn on_project(&mut self) -> Result<Done, ActError> {
        let (id, stamp) = (project(self.state, &self.order.subject)?, self.stamp);
        let Stamp { at, by } = stamp;
        match self.order.action {
            Action::ArchiveProject => {
                self.state.set_project_state(stamp, id, ProjectState::Archived { at, by })?;
            }
            Action::TrashProject => {
                self.state.set_project_state(stamp, id, ProjectState::Trashed { at, by })?;
            }
            Action::RestoreProject => self.state.set_project_state(stamp, id, ProjectState::Live)?,
            Action::DeleteProject => self.state.delete_project(stamp, id)?,
            Action::RenameProject => {
                let Order { key, name, .. } = self.order;
                if key.is_none() && name.is_none() {
                    return Err(ActError::Needs("`key` or `name`"));
                }
                if let Some(key) = key {
                    self.state.rename_project_key(stamp, id, key)?;
                }
                if let Some(name) = name {
                    self.state.rename_project(stamp, id, name)?;
                }
            }
            _ => {
                let joins = self.order.action == Action::AddRoleActor;
                let (role, actor) = (self.role()?, self.actor()?);
                self.state.set_role_actor(stamp, id, role, actor, joins)?;
            }
        }
        let detail = match self.state.project(id) {
            Some(project) => format!("{} ({}): {}", project.key, project.name, state_word(project.state)),
            None => "deleted for good".to_owned(),
        };
        Ok(Done { subject: id.to_string(), detail })
    }

    fn on_issue(&mut self) -> Result<Done, ActError> {
        let (id, stamp) = (issue(self.state, &self.order.subject)?, self.stamp);
        match self.order.action {
            Action::MoveIssue => {
                let target = self.order.project.as_deref().ok_or(ActError::Needs("`project`"))?;
                let target = project(self.state, target)?;
                self.state.move_issue(stamp, id, target)?;
            }
            Action::DeleteIssue => self.state.delete_issue(stamp, id)?,
            action => self.state.set_issue_archived(stamp, id, action == Action::ArchiveIssue)?,
        }
        let detail = self.state.issue_key(id).unwrap_or_else(|| "deleted".to_owned());
        Ok(Done { subject: id.to_string(), detail })
    }

    fn on_space(&mut self) -> Result<Done, ActError> {
        let (id, stamp) = (space(self.state, &self.order.subject)?, self.stamp);
        match self.order.action {
            Action::ArchiveSpace => self.state.set_space_archived(stamp, id, true)?,
            Action::TrashSpace => self.state.set_space_trashed(stamp, id, true)?,
            Action::RestoreSpace => {
                self.state.set_space_trashed(stamp, id, false)?;
                self.state.set_space_archived(stamp, id, false)?;
            }
            Action::RenameSpace => {
                let Order { key, name, .. } = self.order;
                if key.is_none() && name.is_none() {
                    return Err(ActError::Needs("`key` or `name`"));
                }
                if let Some(key) = key {
                    self.state.rename_space_key(stamp, id, key)?;
                }
                if let Some(name) = name {
                    self.state.rename_space(stamp, id, name)?;
                }
            }
            action => {
                let principal = match self.actor()? {
                    Actor::User(user) => SpacePrincipal::User(user),
                    Actor::Group(group) => SpacePrincipal::Group(group),
                };
                let granted = action == Action::GrantSpace;
                self.state.set_space_permission(stamp, id, principal, ("read", "space"), granted)?;
            }
        }
        let detail = self.state.space(id).map(|space| {
            let word = match (space.trashed, space.archived) {
                (true, _) => "in the trash",
                (false, true) => "archived",
                (false, false) => "current",
            };
            format!("{} ({}): {word}", space.key, space.name)
        });
        Ok(Done { subject: id.to_string(), detail: detail.unwrap_or_default() })
    }

    fn on_page(&mut self) -> Result<Done, ActError> {
        let (id, stamp) = (content(self.state, &self.order.subject)?, self.stamp);
        match self.order.action {
            Action::TrashPage => self.state.trash_content(stamp, id)?,
            Action::ArchivePage => self.state.archive_content(stamp, id)?,
            Action::RestorePage => self.state.restore_content(stamp, id)?,
            Action::PurgePage => {
                let trashed =
                    self.state.content_head(id).is_some_and(|head| head.status == ContentStatus::Trashed);
                if !trashed {
                    self.state.trash_content(stamp, id)?;
                }
                self.state.purge_content(stamp, id)?;
            }
            _ => {
                let Order { space: into, parent, .. } = self.order;
                let parent = parent.as_deref().map(|parent| content(self.state, parent)).transpose()?;
                let target = match (into, parent) {
                    (Some(into), _) => space(self.state, into)?,
                    (None, Some(parent)) => {
                        self.state.content_head(parent).ok_or(ActError::Unknown("such page"))?.space
                    }
                    (None, None) => return Err(ActError::Needs("`parent` or `space`")),
                };
                self.state.move_content(stamp, id, target, parent)?;
            }
        }
        let detail = self.state.content_head(id).map_or_else(
            || "deleted for good".to_owned(),
            |head| format!("{} in space {}", head.status.as_str(), head.space),
        );
        Ok(Done { subject: id.to_string(), detail })
    }

    fn on_group(&mut self) -> Result<Done, ActError> {
        let found = group(self.state, &self.order.subject)?;
        let member = self.order.account_id.as_deref().ok_or(ActError::Needs("`account_id`"))?;
        let member = account(self.state, member)?;
        let joins = self.order.action == Action::AddGroupMember;
        self.state.set_membership(self.stamp, found, member, joins)?;
        let (id, name) =
            self.state.group(found).map(|group| (group.id.clone(), group.name.clone())).unwrap_or_default();
        let word = if joins { "member of" } else { "not in" };
        Ok(Done { subject: id, detail: format!("{word} {name}") })
    }

    fn role(&self) -> Result<RoleId, ActError> {
        let named = self.order.role.as_deref().ok_or(ActError::Needs("`role`, an id or a name"))?;
        let roles = &self.state.jira().roles;
        let found = roles.iter().find(|role| role.id.to_string() == named || role.name == named);
        found.map(|role| role.id).ok_or(ActError::Unknown("such role"))
    }

    fn actor(&self) -> Result<Actor, ActError> {
        match (&self.order.account_id, &self.order.group) {
            (Some(account_id), None) => account(self.state, account_id).map(Actor::User),
            (None, Some(named)) => group(self.state, named).map(Actor::Group),
            _ => Err(ActError::Needs("either `account_id` or `group`")),
        }
    }
}

fn project(state: &SiteState, named: &str) -> Result<ProjectId, ActError> {
    state.find_project(named).map(|project| project.id).ok_or(ActError::Unknown("such project"))
}

fn issue(state: &SiteState, named: &str) -> Result<IssueId, ActError> {
    state.find_issue(named).ok_or(ActError::Unknown("such issue"))
}

fn space(state: &SiteState, named: &str) -> Result<SpaceId, ActError> {
    let by_id = state.spaces().iter().find(|space| space.id.to_string() == named);
    by_id.or_else(|| state.space_by_key(named)).map(|space| space.id).ok_or(ActError::Unknown("such space"))
}

fn content(state: &SiteState, named: &str) -> Result<ContentId, ActError> {
    let id = named.parse().map(ContentId).ok().filter(|id| state.content_head(*id).is_some());
    id.ok_or(ActError::Unknown("such page"))
}

fn account(state: &SiteState, account_id: &str) -> Result<AccountIndex, ActError> {
    state.account_by_id(account_id).map(|account| account.index).ok_or(ActError::Unknown("such account"))
}

fn group(state: &SiteState, named: &str) -> Result<GroupIndex, ActError> {
    let found = state.group_by_id(named).or_else(|| state.group_by_name(named));
    found.map(|group| group.index).ok_or(ActError::Unknown("such group"))
}

fn state_word(state: ProjectState) -> &'static str {
    match state {
        ProjectState::Live => "live",
        ProjectState::Archived { .. } => "archived",
        ProjectState::Trashed { .. } => "in the trash",
    }
}

//! Changes to people, groups, roles, schemes, projects and spaces as containers.

use std::sync::Arc;

use super::account::AccountStatus;
use super::audit::{Action, AuditItem, ChangedValue};
use super::confluence::{SpaceKind, SpacePermission, SpacePrincipal};
use super::edit::{EditError, Stamp};
use super::ids::{AccountIndex, GroupIndex, PermissionSchemeId, ProjectId, RoleId, SpaceId};
use super::jira::{Holder, PermissionGrant, PermissionScheme, Project, ProjectState, RoleActors};
use super::log::Subject;
use super::site::SiteState;

/// The longest name of an account, in bytes.
const MAX_NAME_BYTES: usize = 255;

/// A user or a group, as an actor of a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Actor {
    /// A person.
    User(AccountIndex),
    /// A group.
    Group(GroupIndex),
}

impl SiteState {
    /// Deactivates, reactivates or closes an account, on all sites at once.
    pub fn set_account_status(&mut self, stamp: Stamp, account: AccountIndex, status: AccountStatus) {
        let directory = Arc::clone(&self.directory);
        let shown = directory.get(account).display_name();
        let before = directory.get(account).status();
        directory.get(account).set_status(status);
        self.show_name(stamp, account, shown);
        self.log.push(stamp.at, stamp.by, Subject::AccountChanged(account));
        let changed = vec![("Status", Some(status_word(before)), Some(status_word(status)))];
        self.audit.push(
            stamp,
            Action {
                summary: "User updated",
                category: "user management",
                object: AuditItem::User(account),
                associated: Vec::new(),
                changed,
            },
        );
    }

    /// Tells a site that an account shows another name than `before`: its personal space carries the name.
    pub fn show_name(&mut self, stamp: Stamp, account: AccountIndex, before: &str) {
        let shown = self.directory.get(account).display_name();
        if shown == before {
            return;
        }
        self.directory.note_name_change();
        for space in &mut self.confluence.spaces {
            if space.kind == SpaceKind::Personal && space.author == account && space.name == before {
                space.description = space.description.replace(before, shown);
                shown.clone_into(&mut space.name);
                self.log.push(stamp.at, stamp.by, Subject::SpaceUpdated(space.id));
            }
        }
    }

    /// Gives an account another name, on all sites at once.
    pub fn rename_account(
        &mut self,
        stamp: Stamp,
        account: AccountIndex,
        name: &str,
    ) -> Result<(), EditError> {
        if name.trim().is_empty() || name.len() > MAX_NAME_BYTES {
            return Err(EditError::Refused("a name has 1 to 255 bytes"));
        }
        let directory = Arc::clone(&self.directory);
        let before = directory.get(account).display_name();
        if !directory.get(account).rename(name) {
            return Err(EditError::Refused("an account can be renamed a hundred times"));
        }
        self.show_name(stamp, account, before);
        self.log.push(stamp.at, stamp.by, Subject::AccountChanged(account));
        Ok(())
    }

    /// Puts an account into a group, or takes it out. Returns whether that changed anything.
    pub fn set_membership(
        &mut self,
        stamp: Stamp,
        group: GroupIndex,
        account: AccountIndex,
        member: bool,
    ) -> Result<bool, EditError> {
        let found = self
            .groups
            .get_mut(group.0 as usize)
            .filter(|group| !group.deleted)
            .ok_or(EditError::Missing("the group"))?;
        let changed = match (found.members.binary_search(&account), member) {
            (Ok(at), false) => {
                found.members.remove(at);
                true
            }
            (Err(at), true) => {
                found.members.insert(at, account);
                true
            }
            _ => false,
        };
        if changed {
            self.log.push(stamp.at, stamp.by, Subject::GroupChanged(group));
            let summary = if member { "User added to group" } else { "User removed from group" };
            let associated = vec![AuditItem::User(account)];
            self.audit_group(stamp, group, summary, associated, Vec::new());
        }
        Ok(changed)
    }

    /// Renames a group; its id stays.
    pub fn rename_group(&mut self, stamp: Stamp, group: GroupIndex, name: &str) -> Result<(), EditError> {
        if self.group_by_name(name).is_some_and(|other| other.index != group) {
            return Err(EditError::Refused("another group has this name"));
        }
        let found = self
            .groups
            .get_mut(group.0 as usize)
            .filter(|group| !group.deleted)
            .ok_or(EditError::Missing("the group"))?;
        let old = std::mem::replace(&mut found.name, name.to_owned());
        self.log.push(stamp.at, stamp.by, Subject::GroupChanged(group));
        let changed = vec![("Name", Some(old), Some(name.to_owned()))];
        self.audit_group(stamp, group, "Group updated", Vec::new(), changed);
        Ok(())
    }

    /// Deletes a group. What names it keeps naming it, and admits nobody through it.
    pub fn delete_group(&mut self, stamp: Stamp, group: GroupIndex) -> Result<(), EditError> {
        let found = self
            .groups
            .get_mut(group.0 as usize)
            .filter(|group| !group.deleted)
            .ok_or(EditError::Missing("the group"))?;
        found.deleted = true;
        self.log.push(stamp.at, stamp.by, Subject::GroupChanged(group));
        self.audit_group(stamp, group, "Group deleted", Vec::new(), Vec::new());
        Ok(())
    }

    /// Adds an actor to a role of a project, or removes it. Returns whether that changed anything.
    pub fn set_role_actor(
        &mut self,
        stamp: Stamp,
        project: ProjectId,
        role: RoleId,
        actor: Actor,
        present: bool,
    ) -> Result<bool, EditError> {
        if self.jira.config.role(role).is_none() {
            return Err(EditError::Missing("the role"));
        }
        let actors = &mut self.project_mut(project)?.role_actors;
        let at = actors.iter().position(|actors| actors.role == role).unwrap_or_else(|| {
            actors.push(RoleActors { role, users: Vec::new(), groups: Vec::new() });
            actors.len() - 1
        });
        let changed = match actor {
            Actor::User(user) => set_listed(&mut actors[at].users, user, present),
            Actor::Group(group) => set_listed(&mut actors[at].groups, group, present),
        };
        if changed {
            self.log.push(stamp.at, stamp.by, Subject::RoleActorsChanged(project));
            self.audit_role(stamp, project, role, actor, present);
        }
        Ok(changed)
    }

    /// Gives a project a new key; the old one still resolves.
    pub fn rename_project_key(
        &mut self,
        stamp: Stamp,
        project: ProjectId,
        key: &str,
    ) -> Result<(), EditError> {
        let well_formed = key.len() >= 2
            && key.len() <= 10
            && key.starts_with(|c: char| c.is_ascii_uppercase())
            && key.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
        if !well_formed {
            return Err(EditError::Refused(
                "a key has 2 to 10 upper-case letters and digits and starts with a letter",
            ));
        }
        if self.project_by_key(key).is_some_and(|other| other.id != project) {
            return Err(EditError::Refused("another project has, or had, this key"));
        }
        let found = self.project_mut(project)?;
        if found.key != key {
            let old = std::mem::replace(&mut found.key, key.to_owned());
            found.former_keys.retain(|former| former != key);
            found.former_keys.push(old.clone());
            self.log.push(stamp.at, stamp.by, Subject::ProjectUpdated(project));
            let changed = vec![("Key", Some(old), Some(key.to_owned()))];
            self.audit_project(stamp, project, "Project updated", changed);
        }
        Ok(())
    }

    /// Archives, trashes or restores a project.
    pub fn set_project_state(
        &mut self,
        stamp: Stamp,
        project: ProjectId,
        state: ProjectState,
    ) -> Result<(), EditError> {
        self.project_mut(project)?.state = state;
        self.log.push(stamp.at, stamp.by, Subject::ProjectUpdated(project));
        let summary = match state {
            ProjectState::Live => "Project restored",
            ProjectState::Archived { .. } => "Project archived",
            ProjectState::Trashed { .. } => "Project deleted",
        };
        self.audit_project(stamp, project, summary, Vec::new());
        Ok(())
    }

    /// Gives a space a new key; the old one still resolves.
    pub fn rename_space_key(&mut self, stamp: Stamp, space: SpaceId, key: &str) -> Result<(), EditError> {
        if key.is_empty() || key.len() > 255 || !key.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return Err(EditError::Refused("a space key has 1 to 255 letters and digits"));
        }
        if self.space_by_key(key).is_some_and(|other| other.id != space) {
            return Err(EditError::Refused("another space has, or had, this key"));
        }
        let found = self
            .confluence
            .spaces
            .iter_mut()
            .find(|it| it.id == space)
            .ok_or(EditError::Missing("the space"))?;
        if found.key != key {
            let old = std::mem::replace(&mut found.key, key.to_owned());
            found.former_keys.retain(|former| former != key);
            found.former_keys.push(old);
            self.log.push(stamp.at, stamp.by, Subject::SpaceUpdated(space));
        }
        Ok(())
    }

    /// Grants a principal a permission of a space, or takes it away. Returns whether that changed anything.
    pub fn set_space_permission(
        &mut self,
        stamp: Stamp,
        space: SpaceId,
        principal: SpacePrincipal,
        (operation, target): (&'static str, &'static str),
        granted: bool,
    ) -> Result<bool, EditError> {
        let id = self.confluence.next_id;
        let found = self
            .confluence
            .spaces
            .iter_mut()
            .find(|it| it.id == space)
            .ok_or(EditError::Missing("the space"))?;
        let same = |row: &SpacePermission| {
            row.principal == principal && row.operation == operation && row.target == target
        };
        let present = found.permissions.iter().any(same);
        if present == granted {
            return Ok(false);
        }
        if granted {
            found.permissions.push(SpacePermission { id, principal, operation, target });
            self.confluence.next_id += 1;
        } else {
            found.permissions.retain(|row| !same(row));
        }
        self.log.push(stamp.at, stamp.by, Subject::SpacePermissionsChanged(space));
        Ok(true)
    }

    /// Adds a grant to a permission scheme and returns its id.
    pub fn add_grant(
        &mut self,
        stamp: Stamp,
        scheme: PermissionSchemeId,
        permission: &'static str,
        holder: Holder,
    ) -> Result<u64, EditError> {
        let schemes = &self.jira.config.permission_schemes;
        let id = schemes.iter().flat_map(|it| it.grants.iter().map(|grant| grant.id)).max().unwrap_or(0) + 1;
        let found = self.scheme_mut(scheme)?;
        if found.grants.iter().any(|grant| grant.permission == permission && grant.holder == holder) {
            return Err(EditError::Refused("the scheme has this grant already"));
        }
        let kind = holder.type_key();
        found.grants.push(PermissionGrant { id, permission, holder });
        self.audit_scheme(stamp, scheme, permission, (None, Some(kind)));
        Ok(id)
    }

    /// Removes a grant from a permission scheme.
    pub fn remove_grant(
        &mut self,
        stamp: Stamp,
        scheme: PermissionSchemeId,
        grant: u64,
    ) -> Result<(), EditError> {
        let found = self.scheme_mut(scheme)?;
        let at = found.grants.iter().position(|it| it.id == grant).ok_or(EditError::Missing("the grant"))?;
        let removed = found.grants.remove(at);
        self.audit_scheme(stamp, scheme, removed.permission, (Some(removed.holder.type_key()), None));
        Ok(())
    }

    fn scheme_mut(&mut self, id: PermissionSchemeId) -> Result<&mut PermissionScheme, EditError> {
        let found = self.jira.config.permission_schemes.iter_mut().find(|scheme| scheme.id == id);
        found.ok_or(EditError::Missing("the permission scheme"))
    }

    fn audit_scheme(
        &mut self,
        stamp: Stamp,
        scheme: PermissionSchemeId,
        permission: &'static str,
        (before, after): (Option<&str>, Option<&str>),
    ) {
        self.log.push(stamp.at, stamp.by, Subject::SchemeChanged);
        let name = self.jira().permission_scheme(scheme).map_or_else(String::new, |it| it.name.clone());
        let object = AuditItem::Named { id: scheme.to_string(), name, kind: "SCHEME", project: None };
        let shown = |kind: Option<&str>| kind.map(|kind| format!("{permission} ({kind})"));
        let changed = vec![("Permission", shown(before), shown(after))];
        let (summary, category) = ("Permission scheme updated", "permissions");
        self.audit.push(stamp, Action { summary, category, object, associated: Vec::new(), changed });
    }

    fn audit_group(
        &mut self,
        stamp: Stamp,
        group: GroupIndex,
        summary: &'static str,
        associated: Vec<AuditItem>,
        changed: Vec<ChangedValue>,
    ) {
        let object = AuditItem::Group(group);
        self.audit.push(stamp, Action { summary, category: "group management", object, associated, changed });
    }

    fn audit_project(
        &mut self,
        stamp: Stamp,
        project: ProjectId,
        summary: &'static str,
        changed: Vec<ChangedValue>,
    ) {
        let object = AuditItem::Project(project);
        self.audit
            .push(stamp, Action { summary, category: "projects", object, associated: Vec::new(), changed });
    }

    fn audit_role(&mut self, stamp: Stamp, project: ProjectId, role: RoleId, actor: Actor, present: bool) {
        let name = self.jira().role(role).map_or_else(String::new, |role| role.name.clone());
        let object =
            AuditItem::Named { id: role.to_string(), name, kind: "PROJECT_ROLE", project: Some(project) };
        let (field, associated) = match actor {
            Actor::User(user) => ("Users", AuditItem::User(user)),
            Actor::Group(group) => ("Groups", AuditItem::Group(group)),
        };
        let word = |there: bool| there.then(|| "present".to_owned());
        let changed = vec![(field, word(!present), word(present))];
        let (summary, category) = ("Project roles changed", "projects");
        self.audit.push(stamp, Action { summary, category, object, associated: vec![associated], changed });
    }

    pub(super) fn project_mut(&mut self, id: ProjectId) -> Result<&mut Project, EditError> {
        let projects = &mut self.jira.config.projects;
        let at = projects
            .binary_search_by_key(&id, |project| project.id)
            .map_err(|_| EditError::Missing("the project"))?;
        Ok(&mut projects[at])
    }
}

fn status_word(status: AccountStatus) -> String {
    match status {
        AccountStatus::Active => "Active",
        AccountStatus::Inactive => "Inactive",
        AccountStatus::Closed => "Closed",
    }
    .to_owned()
}

/// Puts an item into a list, or takes it out; tells whether that changed anything.
pub(super) fn set_listed<T: PartialEq>(list: &mut Vec<T>, item: T, present: bool) -> bool {
    let at = list.iter().position(|listed| *listed == item);
    match (at, present) {
        (Some(at), false) => {
            list.remove(at);
            true
        }
        (None, true) => {
            list.push(item);
            true
        }
        _ => false,
    }
}

//! Random changes of who people are and what they may do. The demo administrator is left alone.

use super::{MutationKind, Mutator, Outcome};
use crate::world::account::AccountStatus;
use crate::world::build::people::group;
use crate::world::confluence::SpacePrincipal;
use crate::world::edit::{EditError, Stamp};
use crate::world::ids::{AccountIndex, GroupIndex};
use crate::world::people_edit::Actor;

impl Mutator<'_> {
    /// Somebody who is not the demo administrator.
    fn somebody(&mut self) -> Result<AccountIndex, EditError> {
        let others = self
            .people
            .get(1..)
            .filter(|others| !others.is_empty())
            .ok_or(EditError::Missing("another person"))?;
        Ok(*self.dice.pick(others))
    }

    fn group(&mut self) -> GroupIndex {
        GroupIndex(u32::try_from(self.dice.index(self.state.groups.len())).unwrap_or(0))
    }

    pub(super) fn change_people(&mut self, kind: MutationKind, stamp: Stamp) -> Outcome {
        match kind {
            MutationKind::GroupMembership => {
                let (group, person) = (self.group(), self.somebody()?);
                let found = self
                    .state
                    .group(group)
                    .filter(|found| !found.deleted && group != group::ADMINS)
                    .ok_or(EditError::Missing("the group"))?;
                let (id, joins) = (found.id.clone(), !found.contains(person));
                self.state.set_membership(stamp, group, person, joins)?;
                let account = &self.state.account(person).account_id;
                Ok(Some((id, format!("{account} {}", if joins { "joined" } else { "left" }))))
            }
            MutationKind::RoleActor => {
                let person = self.somebody()?;
                if self.state.jira().projects.is_empty() {
                    return Ok(None);
                }
                let project = self.dice.pick(&self.state.jira.config.projects);
                if project.role_actors.is_empty() {
                    return Ok(None);
                }
                let actors = self.dice.pick(&project.role_actors);
                let (id, key, role) = (project.id, project.key.clone(), actors.role);
                let joins = !actors.users.contains(&person);
                self.state.set_role_actor(stamp, id, role, Actor::User(person), joins)?;
                let account = &self.state.account(person).account_id;
                Ok(Some((key, format!("{account} {} role {role}", if joins { "joined" } else { "left" }))))
            }
            MutationKind::SpacePermission => {
                let group = self.group();
                if self.state.spaces().is_empty() || group == group::ADMINS {
                    return Ok(None);
                }
                let space = self.dice.pick(&self.state.confluence.spaces);
                let (id, key, principal) = (space.id, space.key.clone(), SpacePrincipal::Group(group));
                let granted = !space.permissions.iter().any(|row| {
                    row.principal == principal && row.operation == "read" && row.target == "space"
                });
                self.state.set_space_permission(stamp, id, principal, ("read", "space"), granted)?;
                let name = self.state.group(group).map(|group| group.name.clone()).unwrap_or_default();
                Ok(Some((
                    key,
                    format!("group {name} {}", if granted { "may read" } else { "may not read any more" }),
                )))
            }
            MutationKind::RenameProjectKey => {
                if self.state.jira().projects.is_empty() {
                    return Ok(None);
                }
                let (id, old) = {
                    let project = self.dice.pick(&self.state.jira.config.projects);
                    (project.id, project.key.clone())
                };
                let new = format!("N{}", self.dice.below(100_000_000));
                self.state.rename_project_key(stamp, id, &new)?;
                Ok(Some((new, format!("was {old}"))))
            }
            MutationKind::RenameSpaceKey => {
                if self.state.spaces().is_empty() {
                    return Ok(None);
                }
                let (id, old) = {
                    let space = self.dice.pick(&self.state.confluence.spaces);
                    (space.id, space.key.clone())
                };
                let new = format!("N{}", self.dice.below(100_000_000));
                self.state.rename_space_key(stamp, id, &new)?;
                Ok(Some((new, format!("was {old}"))))
            }
            MutationKind::DeactivateAccount | MutationKind::ReactivateAccount => {
                let person = self.somebody()?;
                let active = self.state.account(person).is_active();
                let deactivates = kind == MutationKind::DeactivateAccount;
                if active != deactivates {
                    return Ok(None);
                }
                let status = if deactivates { AccountStatus::Inactive } else { AccountStatus::Active };
                self.state.set_account_status(stamp, person, status);
                Ok(Some((
                    self.state.account(person).account_id.clone(),
                    if deactivates { "deactivated" } else { "activated" }.to_owned(),
                )))
            }
            _ => Ok(None),
        }
    }
}

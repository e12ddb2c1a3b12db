//! Random changes of projects, spaces and the site as a whole. One project and one space always stay in use.

use super::{MutationKind, Mutator, Outcome};
use crate::world::confluence::Space;
use crate::world::edit::{EditError, Stamp};
use crate::world::generated::words::TITLES;
use crate::world::ids::{ProjectId, SpaceId};
use crate::world::jira::{Project, ProjectState};

impl Mutator<'_> {
    fn project(&mut self, fits: impl Fn(&Project) -> bool) -> Result<ProjectId, EditError> {
        let fitting: Vec<ProjectId> = self
            .state
            .jira()
            .projects
            .iter()
            .filter(|project| fits(project))
            .map(|project| project.id)
            .collect();
        if fitting.is_empty() {
            return Err(EditError::Missing("a project of that kind"));
        }
        Ok(*self.dice.pick(&fitting))
    }

    /// A project that can leave use: not the last one.
    fn spare_project(&mut self) -> Result<ProjectId, EditError> {
        let live = |project: &Project| project.state == ProjectState::Live;
        let last = self.state.jira().projects.iter().filter(|project| live(project)).count() < 2;
        self.project(|project| live(project) && !last)
    }

    fn space(&mut self, fits: impl Fn(&Space) -> bool) -> Result<SpaceId, EditError> {
        let fitting: Vec<SpaceId> =
            self.state.spaces().iter().filter(|space| fits(space)).map(|space| space.id).collect();
        if fitting.is_empty() {
            return Err(EditError::Missing("a space of that kind"));
        }
        Ok(*self.dice.pick(&fitting))
    }

    fn spare_space(&mut self) -> Result<SpaceId, EditError> {
        let current = |space: &Space| !space.archived && !space.trashed;
        let last = self.state.spaces().iter().filter(|space| current(space)).count() < 2;
        self.space(|space| current(space) && !last)
    }

    pub(super) fn change_container(&mut self, kind: MutationKind, stamp: Stamp) -> Outcome {
        let Stamp { at, by } = stamp;
        let told = |id: String, detail: &str| Ok(Some((id, detail.to_owned())));
        match kind {
            MutationKind::ArchiveProject => {
                let id = self.spare_project()?;
                self.state.set_project_state(stamp, id, ProjectState::Archived { at, by })?;
                told(id.to_string(), "archived")
            }
            MutationKind::TrashProject => {
                let id = self.spare_project()?;
                self.state.set_project_state(stamp, id, ProjectState::Trashed { at, by })?;
                told(id.to_string(), "put into the trash")
            }
            MutationKind::RestoreProject => {
                let id = self.project(|project| project.state != ProjectState::Live)?;
                self.state.set_project_state(stamp, id, ProjectState::Live)?;
                told(id.to_string(), "restored")
            }
            MutationKind::DeleteProject => {
                let id = self.project(|project| matches!(project.state, ProjectState::Trashed { .. }))?;
                self.state.delete_project(stamp, id)?;
                told(id.to_string(), "deleted for good")
            }
            MutationKind::RenameSpace => {
                let id = self.space(|_| true)?;
                let name = format!("{} {}", self.dice.word(&TITLES), self.dice.below(1000));
                self.state.rename_space(stamp, id, &name)?;
                told(id.to_string(), &format!("named {name}"))
            }
            MutationKind::ArchiveSpace => {
                let id = self.spare_space()?;
                self.state.set_space_archived(stamp, id, true)?;
                told(id.to_string(), "archived")
            }
            MutationKind::TrashSpace => {
                let id = self.spare_space()?;
                self.state.set_space_trashed(stamp, id, true)?;
                told(id.to_string(), "put into the trash")
            }
            MutationKind::RestoreSpace => {
                let id = self.space(|space| space.archived || space.trashed)?;
                self.state.set_space_trashed(stamp, id, false)?;
                self.state.set_space_archived(stamp, id, false)?;
                told(id.to_string(), "restored")
            }
            MutationKind::RenameSite => {
                let name = format!("site-{}", self.dice.below(1_000_000));
                self.site.rename(&name)?;
                told(self.site.cloud_id().to_owned(), &format!("named {name}"))
            }
            _ => Ok(None),
        }
    }
}

//! Changes to projects and spaces as a whole: what is archived, trashed, deleted for good, renamed.

use super::confluence::Space;
use super::edit::{EditError, Stamp};
use super::ids::{BoardId, IssueId, ProjectId, SpaceId};
use super::jira::ProjectState;
use super::log::Subject;
use super::site::SiteState;

/// The longest name of a project or a space, in bytes.
const MAX_NAME_BYTES: usize = 200;

impl SiteState {
    /// Deletes a project out of the trash for good: with its issues, its boards and their sprints, and the fields that were its own. Of the
    /// issues nobody is told one by one.
    pub fn delete_project(&mut self, stamp: Stamp, project: ProjectId) -> Result<(), EditError> {
        let found = self.project(project).ok_or(EditError::Missing("the project"))?;
        if !matches!(found.state, ProjectState::Trashed { .. }) {
            return Err(EditError::Refused("only a project in the trash can be deleted for good"));
        }
        let issues: Vec<IssueId> = self.issue_ids_in(project).collect();
        for issue in issues {
            // A sub-task is gone with its parent already.
            if self.issue_exists(issue) {
                self.remove_issue(stamp, issue, false)?;
            }
        }
        let config = &mut self.jira.config;
        config.boards.retain(|board| board.project != project);
        let boards: Vec<BoardId> = config.boards.iter().map(|board| board.id).collect();
        config.sprints.retain(|sprint| boards.contains(&sprint.board));
        config.fields.retain(|field| field.scope != Some(project));
        config.projects.retain(|found| found.id != project);
        self.log.push(stamp.at, stamp.by, Subject::ProjectUpdated(project));
        Ok(())
    }

    /// Gives a project another name.
    pub fn rename_project(&mut self, stamp: Stamp, project: ProjectId, name: &str) -> Result<(), EditError> {
        check_name(name)?;
        name.clone_into(&mut self.project_mut(project)?.name);
        self.log.push(stamp.at, stamp.by, Subject::ProjectUpdated(project));
        Ok(())
    }

    /// Gives a space another name.
    pub fn rename_space(&mut self, stamp: Stamp, space: SpaceId, name: &str) -> Result<(), EditError> {
        check_name(name)?;
        name.clone_into(&mut self.space_mut(space)?.name);
        self.log.push(stamp.at, stamp.by, Subject::SpaceUpdated(space));
        Ok(())
    }

    /// Archives a space, or takes it out of the archive.
    pub fn set_space_archived(
        &mut self,
        stamp: Stamp,
        space: SpaceId,
        archived: bool,
    ) -> Result<(), EditError> {
        self.space_mut(space)?.archived = archived;
        self.log.push(stamp.at, stamp.by, Subject::SpaceUpdated(space));
        Ok(())
    }

    /// Puts a space with everything in it into the trash, or takes it out.
    pub fn set_space_trashed(
        &mut self,
        stamp: Stamp,
        space: SpaceId,
        trashed: bool,
    ) -> Result<(), EditError> {
        self.space_mut(space)?.trashed = trashed;
        self.log.push(stamp.at, stamp.by, Subject::SpaceUpdated(space));
        Ok(())
    }

    fn space_mut(&mut self, id: SpaceId) -> Result<&mut Space, EditError> {
        let spaces = &mut self.confluence.spaces;
        spaces.iter_mut().find(|space| space.id == id).ok_or(EditError::Missing("the space"))
    }
}

fn check_name(name: &str) -> Result<(), EditError> {
    if name.trim().is_empty() || name.len() > MAX_NAME_BYTES {
        return Err(EditError::Refused("a name has 1 to 200 bytes"));
    }
    Ok(())
}

//! Random changes of issues.

use std::sync::Arc;

use super::{MutationKind, Mutator, Outcome};
use crate::world::edit::{EditError, Stamp};
use crate::world::generated::words::{EVENTS, FILES, LABELS, SENTENCES, SUBJECTS};
use crate::world::ids::{FieldId, IssueId};
use crate::world::jira::store::Touched;
use crate::world::jira::{
    CustomValue, FieldChange, Issue, NewComment, NewIssue, NewWorklog, ProjectState, Visibility,
};
use crate::world::rich::Rich;

impl Mutator<'_> {
    fn issue(&mut self) -> Result<Arc<Issue>, EditError> {
        if self.issues.is_empty() {
            return Err(EditError::Missing("an issue"));
        }
        let id = *self.dice.pick(&self.issues);
        self.state.issue(id).ok_or(EditError::Missing("the issue"))
    }

    fn text(&mut self) -> Rich {
        let lines: Vec<&str> = (0..=self.dice.index(3)).map(|_| self.dice.word(&SENTENCES)).collect();
        Rich::Wiki(lines.join("\n\n").into())
    }

    #[expect(clippy::too_many_lines, reason = "one arm per kind of change")]
    pub(super) fn change_issue(&mut self, kind: MutationKind, stamp: Stamp) -> Outcome {
        if kind == MutationKind::CreateIssue {
            return self.create_issue(stamp);
        }
        let issue = self.issue()?;
        let id = issue.id;
        let told = |detail: String| Ok(Some((id.to_string(), detail)));
        match kind {
            MutationKind::EditIssue => {
                let change = self.field_change();
                self.save(stamp, id, vec![change], "edited")
            }
            MutationKind::Transition => {
                let statuses = self
                    .state
                    .project(issue.project)
                    .map(|project| project.statuses.clone())
                    .unwrap_or_default();
                let others: Vec<_> = statuses.into_iter().filter(|status| *status != issue.status).collect();
                if others.is_empty() {
                    return Ok(None);
                }
                let to = *self.dice.pick(&others);
                self.save(stamp, id, vec![FieldChange::Status(to)], "moved to another status")
            }
            MutationKind::Assign => {
                let to = if self.dice.chance(150) { None } else { Some(self.person()) };
                self.save(stamp, id, vec![FieldChange::Assignee(to)], "assigned")
            }
            MutationKind::Label => {
                let mut labels: Vec<Arc<str>> =
                    issue.labels.iter().map(|label| Arc::clone(self.state.label(*label))).collect();
                if !labels.is_empty() && self.dice.chance(400) {
                    labels.pop();
                } else {
                    labels.push(self.dice.word(&LABELS).into());
                }
                self.save(stamp, id, vec![FieldChange::Labels(labels)], "labelled")
            }
            MutationKind::SecurityLevel => {
                let levels = self.state.project(issue.project).and_then(|project| project.security_scheme);
                let levels = levels.and_then(|scheme| self.state.jira().security_scheme(scheme));
                let levels: Vec<_> = levels
                    .into_iter()
                    .flat_map(|scheme| scheme.levels.iter().map(|level| level.id))
                    .collect();
                if levels.is_empty() {
                    return Ok(None);
                }
                let level = if self.dice.chance(300) { None } else { Some(*self.dice.pick(&levels)) };
                self.save(stamp, id, vec![FieldChange::Security(level)], "security level set")
            }
            MutationKind::Comment => {
                let new = self.new_comment(&issue);
                let comment = self.state.add_comment(stamp, id, new)?;
                told(format!("comment {comment} added"))
            }
            MutationKind::EditComment | MutationKind::DeleteComment => {
                if issue.comments.is_empty() {
                    return Ok(None);
                }
                let comment = self.dice.pick(&issue.comments).clone();
                if kind == MutationKind::DeleteComment {
                    self.state.delete_comment(stamp, comment.id)?;
                    return told(format!("comment {} deleted", comment.id));
                }
                let new =
                    NewComment { body: self.text(), visibility: comment.visibility, public: comment.public };
                self.state.edit_comment(stamp, comment.id, new)?;
                told(format!("comment {} edited", comment.id))
            }
            MutationKind::Worklog => {
                let seconds = 900 * (1 + u32::try_from(self.dice.below(16)).unwrap_or(0));
                let new = NewWorklog {
                    comment: Some(self.text()),
                    started: stamp.at - 3_600_000,
                    seconds,
                    visibility: None,
                };
                let worklog = self.state.add_worklog(stamp, id, new)?;
                told(format!("worklog {worklog} added"))
            }
            MutationKind::DeleteWorklog => {
                if issue.worklogs.is_empty() {
                    return Ok(None);
                }
                let worklog = self.dice.pick(&issue.worklogs).id;
                self.state.delete_worklog(stamp, worklog)?;
                told(format!("worklog {worklog} deleted"))
            }
            MutationKind::Link => {
                let other = self.issue()?.id;
                let types: Vec<_> = self.state.jira().link_types.iter().map(|kind| kind.id).collect();
                if types.is_empty() {
                    return Ok(None);
                }
                let link = *self.dice.pick(&types);
                let link = self.state.link_issues(stamp, link, id, other)?;
                told(format!("link {link} to issue {other}"))
            }
            MutationKind::Attach => {
                let (name, media_type, size) = *self.dice.pick(&FILES);
                let attachment = self.state.add_attachment(stamp, id, name, media_type, size)?;
                told(format!("attachment {attachment} added"))
            }
            MutationKind::MoveIssue => {
                let live = self
                    .state
                    .jira()
                    .projects
                    .iter()
                    .filter(|project| project.state == ProjectState::Live && project.id != issue.project);
                let targets: Vec<_> = live.map(|project| project.id).collect();
                if targets.is_empty() {
                    return Ok(None);
                }
                let target = *self.dice.pick(&targets);
                self.state.move_issue(stamp, id, target)?;
                told(format!("moved, now {}", self.state.issue_key(id).unwrap_or_default()))
            }
            MutationKind::DeleteIssue => {
                self.state.delete_issue(stamp, id)?;
                told("deleted".to_owned())
            }
            MutationKind::ArchiveIssue | MutationKind::RestoreIssue => {
                self.archive(stamp, kind == MutationKind::ArchiveIssue, &issue)
            }
            _ => Ok(None),
        }
    }

    fn archive(&mut self, stamp: Stamp, archived: bool, issue: &Issue) -> Outcome {
        let found = if archived || issue.archived.is_some() {
            Some(issue.id)
        } else {
            // Archived issues are few, and none is archived from the start: they are among the touched ones.
            let is_archived = |touched: &Touched| match touched {
                Touched::Kept(issue) => issue.archived.is_some(),
                Touched::Deleted => false,
            };
            let touched = self.state.jira.touched.iter().rev();
            touched.into_iter().find(|(_, touched)| is_archived(touched)).map(|(id, _)| *id)
        };
        let Some(id) =
            found.filter(|id| self.state.issue_head(*id).is_some_and(|head| head.archived != archived))
        else {
            return Ok(None);
        };
        self.state.set_issue_archived(stamp, id, archived)?;
        Ok(Some((id.to_string(), if archived { "archived" } else { "restored" }.to_owned())))
    }

    fn save(&mut self, stamp: Stamp, id: IssueId, fields: Vec<FieldChange>, detail: &str) -> Outcome {
        let saved = self.state.edit_issue(stamp, id, fields)?;
        Ok(saved.map(|_| (id.to_string(), detail.to_owned())))
    }

    fn field_change(&mut self) -> FieldChange {
        match self.dice.below(6) {
            0 => FieldChange::Summary(
                format!(
                    "{} {} ({})",
                    self.dice.word(&SUBJECTS),
                    self.dice.word(&EVENTS),
                    self.dice.below(1000)
                )
                .into(),
            ),
            1 => FieldChange::Description(Some(self.text())),
            2 => FieldChange::Environment(Some(self.text())),
            3 => {
                let priorities: Vec<_> =
                    self.state.jira().priorities.iter().map(|priority| priority.id).collect();
                FieldChange::Priority((!priorities.is_empty()).then(|| *self.dice.pick(&priorities)))
            }
            4 => FieldChange::Due(i32::try_from(self.now / 86_400_000 + 7).ok()),
            _ => FieldChange::Custom(
                FieldId(10_050),
                Some(CustomValue::Text(format!("MV Sandbox {}", self.dice.below(900)).into())),
            ),
        }
    }

    fn new_comment(&mut self, issue: &Issue) -> NewComment {
        let project = self.state.project(issue.project);
        let desk = project.is_some_and(|project| project.service_desk.is_some());
        let roles: Vec<_> = project
            .into_iter()
            .flat_map(|project| project.role_actors.iter().map(|actors| actors.role))
            .collect();
        let visibility =
            (!roles.is_empty() && self.dice.chance(150)).then(|| Visibility::Role(*self.dice.pick(&roles)));
        let public = !desk || (visibility.is_none() && self.dice.chance(500));
        NewComment { body: self.text(), visibility, public }
    }

    fn create_issue(&mut self, stamp: Stamp) -> Outcome {
        let live: Vec<_> = self
            .state
            .jira()
            .projects
            .iter()
            .filter(|project| project.state == ProjectState::Live)
            .map(|project| project.id)
            .collect();
        if live.is_empty() {
            return Ok(None);
        }
        let project = *self.dice.pick(&live);
        let config = self.state.jira();
        let standard = |id| config.issue_type(id).is_some_and(|kind| kind.hierarchy_level == 0);
        let types: Vec<_> = self
            .state
            .project(project)
            .into_iter()
            .flat_map(|project| project.issue_types.iter().copied())
            .filter(|id| standard(*id))
            .collect();
        if types.is_empty() {
            return Ok(None);
        }
        let new = NewIssue {
            project,
            issue_type: *self.dice.pick(&types),
            summary: format!("{} {}", self.dice.word(&SUBJECTS), self.dice.word(&EVENTS)).into(),
            fields: vec![FieldChange::Description(Some(self.text()))],
            request: None,
        };
        let id = self.state.create_issue(stamp, new)?;
        self.issues.push(id);
        Ok(Some((id.to_string(), format!("created as {}", self.state.issue_key(id).unwrap_or_default()))))
    }
}

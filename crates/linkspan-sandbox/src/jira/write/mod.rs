//! Changes asked for over the API: what a request says, checked and turned into changes of the world.

mod custom;
mod fields;
mod values;

pub(crate) use fields::{Target, field_changes, issue_type};
pub(crate) use values::{duration_seconds, rich_text, visibility};

use super::{refusal::Refusal, session::Session};
use crate::world::{
    AccountIndex, EditError, SiteState, Stamp,
    jira::{Issue, IssueHead, Project},
};

/// When and by whom the request changes something.
pub(crate) fn stamp(session: &Session) -> Result<Stamp, Refusal> {
    Ok(Stamp { at: session.now_ms(), by: session.signed_in()?.index })
}

/// Refuses those without a permission of a project, for one issue where there is one.
pub(crate) fn require(
    session: &Session,
    site: &SiteState,
    permission: &str,
    project: &Project,
    issue: Option<&IssueHead<'_>>,
) -> Result<(), Refusal> {
    session.signed_in()?;
    let reader = site.reader(session.viewer());
    if site.has_permission(&reader, permission, project, issue) {
        return Ok(());
    }
    let what = permission.to_ascii_lowercase().replace('_', " ");
    Err(Refusal::forbidden(format!("You do not have the permission to {what} in this project.")))
}

/// Refuses those without the permission for all of `things` in an issue's project, or the one for their own where the thing
/// is theirs: `EDIT_ALL_COMMENTS`, `EDIT_OWN_COMMENTS`.
pub(crate) fn require_all_or_own(
    session: &Session,
    site: &SiteState,
    (verb, things): (&str, &str),
    issue: &Issue,
    author: Option<AccountIndex>,
) -> Result<(), Refusal> {
    let project = project_of(site, issue)?;
    let head = issue.head();
    let all = require(session, site, &format!("{verb}_ALL_{things}"), project, Some(&head));
    if all.is_err() && author.is_some() && author == site.reader(session.viewer()).account() {
        return require(session, site, &format!("{verb}_OWN_{things}"), project, Some(&head));
    }
    all
}

/// The project of an issue that was found.
pub(crate) fn project_of<'s>(site: &'s SiteState, issue: &Issue) -> Result<&'s Project, Refusal> {
    site.project(issue.project).ok_or_else(Refusal::no_issue)
}

impl From<EditError> for Refusal {
    fn from(error: EditError) -> Self {
        match error {
            EditError::Missing("the issue") => Self::no_issue(),
            EditError::Missing(_) => Self::not_found(sentence(&error)),
            EditError::Unusable(_) | EditError::Refused(_) | EditError::Conflict { .. } => {
                Self::bad_request(sentence(&error))
            }
        }
    }
}

/// An error as a sentence.
fn sentence(error: &EditError) -> String {
    let text = error.to_string();
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
}

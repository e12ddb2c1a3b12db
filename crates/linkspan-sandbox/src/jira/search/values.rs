//! Values and functions of JQL: from what is written to ids.

use super::{
    bind::{Binder, no_function, no_issue, no_value},
    test::Attribute,
};
use crate::{
    jira::view::find_option,
    world::{
        Account, AccountIndex, FieldId, IssueId,
        jira::{FieldKind, Project, ProjectState},
    },
};

impl Binder<'_> {
    /// The ids a written value stands for.
    pub(super) fn values(&self, attribute: Attribute, field: &str, text: &str) -> Result<Vec<u64>, String> {
        let config = self.site.jira();
        let named = |found: Vec<u64>| if found.is_empty() { Err(no_value(text, field)) } else { Ok(found) };
        let is = |name: &str| name.eq_ignore_ascii_case(text);
        match attribute {
            Attribute::Issue | Attribute::Parent => {
                let id = self.site.find_issue(text).filter(|id| self.visibility.issue(*id));
                id.map(|id| vec![id.0]).ok_or_else(|| no_issue(text, field))
            }
            Attribute::Project => {
                let seen = self.visible_projects().filter(|project| {
                    is(&project.key)
                        || is(&project.name)
                        || project.id.to_string() == text
                        || project.former_keys.iter().any(|key| is(key))
                });
                named(seen.map(|project| project.id.0).collect())
            }
            Attribute::Type => named(matching(&config.issue_types, text, |it| (it.id.0, &it.name))),
            Attribute::Status => named(matching(&config.statuses, text, |it| (it.id.0, &it.name))),
            Attribute::Priority => named(matching(&config.priorities, text, |it| (it.id.0, &it.name))),
            Attribute::Resolution => named(matching(&config.resolutions, text, |it| (it.id.0, &it.name))),
            Attribute::Assignee
            | Attribute::Reporter
            | Attribute::Creator
            | Attribute::Watcher
            | Attribute::Voter
            | Attribute::WorklogAuthor
            | Attribute::Participant => named(self.users(text)),
            // Labels are free text: one that nobody uses finds nothing and is no error.
            Attribute::Label => {
                Ok(self.site.label_by_name(text).iter().map(|label| u64::from(label.0)).collect())
            }
            Attribute::Component => {
                let all: Vec<_> = self.visible_projects().flat_map(|project| &project.components).collect();
                named(matching(all, text, |it| (it.id.0, &it.name)))
            }
            Attribute::FixVersion | Attribute::AffectedVersion => {
                let all: Vec<_> = self.visible_projects().flat_map(|project| &project.versions).collect();
                named(matching(all, text, |it| (it.id.0, &it.name)))
            }
            Attribute::Level => {
                let all: Vec<_> = config.security_schemes.iter().flat_map(|scheme| &scheme.levels).collect();
                named(matching(all, text, |it| (it.id.0, &it.name)))
            }
            Attribute::Sprint => named(matching(&config.sprints, text, |it| (it.id.0, &it.name))),
            Attribute::Attachment => Err(no_value(text, field)),
            Attribute::RequestType => {
                let desks = config.projects.iter().filter_map(|project| project.service_desk.as_ref());
                let all: Vec<_> = desks.flat_map(|desk| &desk.request_types).collect();
                named(matching(all, text, |it| (it.id.0, &it.name)))
            }
            Attribute::Organization => named(matching(&config.organizations, text, |it| (it.id.0, &it.name))),
            Attribute::Custom(id) => self.custom_values(id, field, text),
        }
    }

    fn custom_values(&self, id: FieldId, field: &str, text: &str) -> Result<Vec<u64>, String> {
        let config = self.site.jira();
        let kind = config.field(id).map(|field| field.kind);
        let found: Vec<u64> = match kind {
            Some(FieldKind::UserPicker | FieldKind::MultiUserPicker) => self.users(text),
            Some(FieldKind::GroupPicker | FieldKind::MultiGroupPicker) => {
                let group = self.site.group_by_name(text).or_else(|| self.site.group_by_id(text));
                group.iter().map(|group| u64::from(group.index.0)).collect()
            }
            Some(FieldKind::ProjectPicker) => self.values(Attribute::Project, field, text)?,
            Some(FieldKind::VersionPicker | FieldKind::MultiVersionPicker) => {
                self.values(Attribute::FixVersion, field, text)?
            }
            Some(FieldKind::EpicLink) => self.values(Attribute::Issue, field, text)?,
            _ => {
                let Some(definition) = config.field(id) else { return Err(no_value(text, field)) };
                let by_id =
                    text.parse().ok().and_then(|id| find_option(definition, crate::world::OptionId(id)));
                let all = definition
                    .options
                    .iter()
                    .flat_map(|parent| std::iter::once(parent).chain(&parent.children));
                let by_name = all.filter(|option| option.value.eq_ignore_ascii_case(text));
                by_id.into_iter().chain(by_name).map(|option| option.id.0).collect()
            }
        };
        if found.is_empty() { Err(no_value(text, field)) } else { Ok(found) }
    }

    /// Accounts by id; lenient as Jira is, by visible e-mail address or display name too.
    fn users(&self, text: &str) -> Vec<u64> {
        if let Some(account) = self.site.account_by_id(text) {
            return vec![u64::from(account.index.0)];
        }
        let is = |account: &Account| {
            account.display_name().eq_ignore_ascii_case(text)
                || account.visible_email().is_some_and(|email| email.eq_ignore_ascii_case(text))
        };
        let present = self.site.accounts().iter().map(|index| self.site.account(*index));
        present.filter(|account| is(account)).map(|account| u64::from(account.index.0)).collect()
    }

    fn visible_projects(&self) -> impl Iterator<Item = &Project> {
        let live = self.site.jira().projects.iter().filter(|project| project.state == ProjectState::Live);
        live.filter(|project| self.visibility.project(project.id))
    }

    /// The ids a function stands for, where the field takes the function.
    pub(super) fn function(
        &self,
        attribute: Attribute,
        field: &str,
        name: &str,
        arguments: &[String],
    ) -> Result<Vec<u64>, String> {
        let lower = name.to_ascii_lowercase();
        let found = match attribute {
            Attribute::Assignee
            | Attribute::Reporter
            | Attribute::Creator
            | Attribute::Watcher
            | Attribute::Voter
            | Attribute::WorklogAuthor
            | Attribute::Participant => self.user_function(&lower, arguments)?,
            Attribute::Custom(id) => {
                let kind = self.site.jira().field(id).map(|field| field.kind);
                match kind {
                    Some(FieldKind::UserPicker | FieldKind::MultiUserPicker) => {
                        self.user_function(&lower, arguments)?
                    }
                    _ => None,
                }
            }
            Attribute::Issue | Attribute::Parent => self.issue_function(&lower, field, arguments)?,
            Attribute::Type => self.type_function(&lower),
            Attribute::Project => self.project_function(&lower, arguments)?,
            Attribute::FixVersion | Attribute::AffectedVersion => {
                self.version_function(&lower, field, arguments)?
            }
            Attribute::Sprint => {
                let state = match lower.as_str() {
                    "opensprints" => Some("active"),
                    "closedsprints" => Some("closed"),
                    "futuresprints" => Some("future"),
                    _ => None,
                };
                let all = self.site.jira().sprints.iter();
                state.map(|state| {
                    all.filter(|sprint| sprint.state == state).map(|sprint| sprint.id.0).collect()
                })
            }
            Attribute::Component if lower == "componentsleadbyuser" => {
                let lead = self.caller();
                let all = self.visible_projects().flat_map(|project| &project.components);
                Some(all.filter(|it| it.lead.is_some() && it.lead == lead).map(|it| it.id.0).collect())
            }
            _ => None,
        };
        found.ok_or_else(|| no_function(name))
    }

    fn caller(&self) -> Option<AccountIndex> {
        self.visibility.reader().account()
    }

    fn user_function(&self, name: &str, arguments: &[String]) -> Result<Option<Vec<u64>>, String> {
        match (name, arguments) {
            ("currentuser", []) => {
                Ok(Some(self.caller().iter().map(|account| u64::from(account.0)).collect()))
            }
            ("membersof", [group]) => {
                let found = self.site.group_by_name(group).or_else(|| self.site.group_by_id(group));
                let group = found.ok_or_else(|| {
                    format!("Function 'membersOf' can not generate a list of usernames for group '{group}'; the group does not exist.")
                })?;
                Ok(Some(group.members.iter().map(|account| u64::from(account.0)).collect()))
            }
            ("currentuser" | "membersof", _) => {
                Err(format!("Function '{name}' was given a wrong number of arguments: {}.", arguments.len()))
            }
            _ => Ok(None),
        }
    }

    fn issue_function(
        &self,
        name: &str,
        field: &str,
        arguments: &[String],
    ) -> Result<Option<Vec<u64>>, String> {
        let visible = |key: &String| {
            let id = self.site.find_issue(key).filter(|id| self.visibility.issue(*id));
            id.ok_or_else(|| no_issue(key, field))
        };
        match (name, arguments) {
            // Nothing is kept of what somebody looked at.
            ("issuehistory", []) => Ok(Some(Vec::new())),
            ("watchedissues" | "votedissues", []) => {
                let Some(caller) = self.caller() else { return Ok(Some(Vec::new())) };
                let marked = |id: &IssueId| {
                    self.site.issue(*id).is_some_and(|issue| {
                        let list = if name == "watchedissues" { &issue.watchers } else { &issue.voters };
                        list.contains(&caller)
                    })
                };
                Ok(Some(self.site.issue_ids().filter(marked).map(|id| id.0).collect()))
            }
            ("linkedissues", [key, kinds @ ..]) => {
                let issue = self.site.issue(visible(key)?);
                let config = self.site.jira();
                let wanted = |link: &&crate::world::jira::IssueLink| {
                    let kind = config.link_type(link.link_type);
                    let direction = kind.map(|kind| if link.outward { &kind.outward } else { &kind.inward });
                    kinds.is_empty()
                        || direction.is_some_and(|it| kinds.iter().any(|kind| kind.eq_ignore_ascii_case(it)))
                };
                let links = issue.iter().flat_map(|issue| &issue.links).filter(wanted);
                Ok(Some(links.map(|link| link.other.0).collect()))
            }
            ("childissuesof", [key]) => {
                let parent = visible(key)?;
                // Two levels: the issues of an epic and their sub-tasks.
                let children = self.site.issue_children(parent);
                let grandchildren = children.iter().flat_map(|child| self.site.issue_children(*child));
                let all: Vec<u64> = grandchildren.chain(children.iter().copied()).map(|id| id.0).collect();
                Ok(Some(all))
            }
            _ => Ok(None),
        }
    }

    fn type_function(&self, name: &str) -> Option<Vec<u64>> {
        let subtasks = match name {
            "standardissuetypes" | "standardworktypes" => false,
            "subtaskissuetypes" | "subtaskworktypes" => true,
            _ => return None,
        };
        let all = self.site.jira().issue_types.iter();
        Some(all.filter(|kind| kind.is_subtask() == subtasks).map(|kind| kind.id.0).collect())
    }

    fn project_function(&self, name: &str, arguments: &[String]) -> Result<Option<Vec<u64>>, String> {
        let reader = self.visibility.reader();
        let ids = |wanted: &dyn Fn(&Project) -> bool| {
            Ok(Some(
                self.visible_projects()
                    .filter(|project| wanted(project))
                    .map(|project| project.id.0)
                    .collect(),
            ))
        };
        match (name, arguments) {
            ("projectsleadbyuser", []) => ids(&|project| Some(project.lead) == self.caller()),
            ("projectswhereuserhaspermission", [permission]) => {
                let key = permission.to_ascii_uppercase().replace(' ', "_");
                ids(&|project| self.site.has_permission(reader, &key, project, None))
            }
            ("projectswhereuserhasrole", [role]) => {
                let roles: Vec<_> = self
                    .site
                    .jira()
                    .roles
                    .iter()
                    .filter(|it| it.name.eq_ignore_ascii_case(role))
                    .map(|it| it.id)
                    .collect();
                if roles.is_empty() {
                    return Err(no_value(role, "projectsWhereUserHasRole"));
                }
                ids(&|project| roles.iter().any(|role| self.site.in_role(reader, project, *role)))
            }
            _ => Ok(None),
        }
    }

    fn version_function(
        &self,
        name: &str,
        field: &str,
        arguments: &[String],
    ) -> Result<Option<Vec<u64>>, String> {
        if !matches!(
            name,
            "releasedversions" | "unreleasedversions" | "latestreleasedversion" | "earliestunreleasedversion"
        ) {
            return Ok(None);
        }
        let mut projects: Vec<&Project> = Vec::new();
        for key in arguments {
            let project = self.visible_projects().find(|project| {
                project.key.eq_ignore_ascii_case(key)
                    || project.name.eq_ignore_ascii_case(key)
                    || project.id.to_string() == *key
            });
            projects.push(project.ok_or_else(|| no_value(key, field))?);
        }
        if arguments.is_empty() {
            projects = self.visible_projects().collect();
        }
        let mut found = Vec::new();
        for project in projects {
            let released = matches!(name, "releasedversions" | "latestreleasedversion");
            let mut versions = project
                .versions
                .iter()
                .filter(|it| it.released == released && !it.archived)
                .map(|it| it.id.0);
            match name {
                "latestreleasedversion" => found.extend(versions.next_back()),
                "earliestunreleasedversion" => found.extend(versions.next()),
                _ => found.extend(versions),
            }
        }
        Ok(Some(found))
    }
}

/// Ids of the items whose id or name is `text`.
fn matching<'t, T: 't>(
    items: impl IntoIterator<Item = &'t T>,
    text: &str,
    of: impl Fn(&'t T) -> (u64, &'t String),
) -> Vec<u64> {
    let digits = text.parse::<u64>().ok();
    let named =
        items.into_iter().map(of).filter(|(id, name)| Some(*id) == digits || name.eq_ignore_ascii_case(text));
    named.map(|(id, _)| id).collect()
}

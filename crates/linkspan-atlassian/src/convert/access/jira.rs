//! What Jira's permission reads say (`atlassian-permissions.md` 2.7).

use std::collections::{BTreeSet, HashMap};

use linkspan_model::access::Principal;

use super::Remarks;
use super::holder::Holder;
use crate::convert::PageProblem;
use crate::convert::sink::{items, one};
use crate::wire::{Member, jira, read_object};

/// What Jira's permission reads said. Start from [`JiraAccess::default`] and add what is read.
#[derive(Clone, Debug, Default)]
pub struct JiraAccess {
    pub(super) projects: HashMap<String, ProjectFacts>,
    /// By project id; a project whose scheme was not read is not here.
    pub(super) grants: HashMap<String, Grants>,
    /// By project id and role id.
    pub(super) actors: HashMap<String, HashMap<String, Vec<Principal>>>,
    /// Role ids by project id and role name.
    pub(super) role_ids: HashMap<String, HashMap<String, String>>,
    pub(super) levels: HashMap<String, Vec<Holder>>,
    /// Whether a project has a security scheme; unread projects are not here.
    pub(super) secured: HashMap<String, bool>,
    pub(super) group_ids: HashMap<String, String>,
    application_roles: HashMap<String, Vec<String>>,
    pub(super) administrator_groups: Vec<String>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct ProjectFacts {
    pub(super) lead: Option<String>,
    pub(super) project_type: Option<String>,
    pub(super) team_managed: bool,
    pub(super) is_private: Option<bool>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Grants {
    pub(super) browse: Vec<Holder>,
    pub(super) administer: Vec<Holder>,
}

impl JiraAccess {
    /// Adds projects: an answer of `project/search`, `project` or `project/{id}`.
    pub fn add_projects(&mut self, json: &str) -> Result<(), PageProblem> {
        let projects = items(json, "values").or_else(|_| one(json).map(|project| vec![project]))?;
        for raw in projects {
            let Ok(project) = read_object::<jira::Project<'_>>(raw) else { continue };
            let Some(id) = project.id.id() else { continue };
            self.projects.insert(
                id.to_owned(),
                ProjectFacts {
                    lead: project.lead.get().and_then(|lead| lead.account_id.id()).map(str::to_owned),
                    project_type: project.type_key.text().map(str::to_owned),
                    team_managed: project.simplified.is_set() || project.style.text() == Some("next-gen"),
                    is_private: project.is_private.get().map(|flag| flag.0),
                },
            );
        }
        Ok(())
    }

    /// Sets a project's permission scheme: an answer of `project/{id}/permissionscheme?expand=all`. A scheme without its
    /// grants counts as unread.
    pub fn set_permission_scheme(&mut self, project_id: &str, json: &str) -> Result<Remarks, PageProblem> {
        let mut remarks = Remarks::new();
        let scheme: jira::PermissionScheme<'_> = serde_json::from_str(json)?;
        let Some(list) = scheme.permissions.get() else {
            remarks.push("a permission scheme without its grants".to_owned());
            return Ok(remarks);
        };
        let mut grants = Grants::default();
        for raw in list {
            let Ok(grant) = read_object::<jira::Grant<'_>>(raw) else {
                remarks.push("a grant of an unknown form".to_owned());
                continue;
            };
            let holders = match grant.permission.text() {
                Some("BROWSE_PROJECTS") => &mut grants.browse,
                Some("ADMINISTER_PROJECTS") => &mut grants.administer,
                _ => continue,
            };
            add_holder(holders, &grant.holder, &mut remarks);
        }
        self.grants.insert(project_id.to_owned(), grants);
        Ok(remarks)
    }

    /// Adds people who may browse a project, where its scheme may not be read: an answer of
    /// `user/permission/search?permissions=BROWSE_PROJECTS`, page by page. Permissions that depend on the issue add nobody.
    pub fn add_browsers(&mut self, project_id: &str, json: &str) -> Result<(), PageProblem> {
        let grants = self.grants.entry(project_id.to_owned()).or_default();
        for raw in items(json, "values")? {
            let user = read_object::<jira::User<'_>>(raw).unwrap_or_default();
            if let Some(account) = user.account_id.id() {
                grants.browse.push(Holder::Account(account.to_owned()));
            }
        }
        Ok(())
    }

    /// Sets the actors of one role in a project: an answer of `project/{id}/role/{id}`.
    pub fn set_project_role(&mut self, project_id: &str, json: &str) -> Result<Remarks, PageProblem> {
        let mut remarks = Remarks::new();
        let role: jira::Role<'_> = serde_json::from_str(json)?;
        let (Some(id), Some(list)) = (role.id.id(), role.actors.get()) else {
            remarks.push("a project role without its actors".to_owned());
            return Ok(remarks);
        };
        // The apps' own role grants no person anything (`atlassian-permissions.md` 2.2).
        if role.name.text() == Some("atlassian-addons-project-access") {
            return Ok(remarks);
        }
        let mut actors = Vec::new();
        for raw in list {
            match read_object::<jira::Actor<'_>>(raw).ok().as_ref().and_then(|actor| self.actor(actor)) {
                Some(principal) => actors.push(principal),
                None => remarks.push(format!("an actor of role {id} of an unknown form")),
            }
        }
        if let Some(name) = role.name.text() {
            self.role_ids.entry(project_id.to_owned()).or_default().insert(name.to_owned(), id.to_owned());
        }
        self.actors.entry(project_id.to_owned()).or_default().insert(id.to_owned(), actors);
        Ok(remarks)
    }

    fn actor(&self, actor: &jira::Actor<'_>) -> Option<Principal> {
        match actor.kind.text()? {
            "atlassian-group-role-actor" => {
                let group = actor.group.get()?;
                let by_name =
                    || group.name.text().and_then(|name| self.group_ids.get(name)).map(String::as_str);
                group.id.id().or_else(by_name).map(|id| Principal::Group(id.to_owned()))
            }
            "atlassian-user-role-actor" => {
                actor.user.get()?.account_id.id().map(|id| Principal::Account(id.to_owned()))
            }
            _ => None,
        }
    }

    /// Says whether a project has an issue security scheme: `project/{id}/issuesecuritylevelscheme` answers one, or 404.
    pub fn set_security_scheme(&mut self, project_id: &str, exists: bool) {
        self.secured.insert(project_id.to_owned(), exists);
    }

    /// Adds members of security levels: an answer of `issuesecurityschemes/{id}/members` or
    /// `issuesecurityschemes/level/member`, page by page.
    pub fn add_level_members(&mut self, json: &str) -> Result<Remarks, PageProblem> {
        let mut remarks = Remarks::new();
        for raw in items(json, "values")? {
            let member = read_object::<jira::LevelMember<'_>>(raw).unwrap_or_default();
            let Some(level) = member.level_id.id() else {
                remarks.push("a security level member without its level".to_owned());
                continue;
            };
            let holders = self.levels.entry(level.to_owned()).or_default();
            add_holder(holders, &member.holder, &mut remarks);
        }
        Ok(remarks)
    }

    /// Adds groups, by whose names older answers refer to them: an answer of `group/bulk`.
    pub fn add_groups(&mut self, json: &str) -> Result<(), PageProblem> {
        for raw in items(json, "values")? {
            let Ok(group) = read_object::<jira::Group<'_>>(raw) else { continue };
            if let (Some(id), Some(name)) = (group.id.id(), group.name.text()) {
                self.group_ids.insert(name.to_owned(), id.to_owned());
            }
        }
        Ok(())
    }

    /// Sets the application roles with their groups: the answer of `applicationrole`.
    pub fn set_application_roles(&mut self, json: &str) -> Result<(), PageProblem> {
        self.application_roles.clear();
        for raw in items(json, "values")? {
            let Ok(role) = read_object::<jira::ApplicationRole<'_>>(raw) else { continue };
            let Some(key) = role.key.text() else { continue };
            let groups = role.groups.get().map(Vec::as_slice).unwrap_or_default();
            let ids = groups
                .iter()
                .filter_map(|raw| read_object::<jira::Group<'_>>(raw).ok()?.id.id().map(str::to_owned));
            self.application_roles.insert(key.to_owned(), ids.collect());
        }
        Ok(())
    }

    /// Names the groups of Jira administrators, who see private team-managed projects.
    pub fn set_administrator_groups(&mut self, group_ids: Vec<String>) {
        self.administrator_groups = group_ids;
    }

    /// The application roles that membership of a group confers, by key: for whoever works out what a reader is.
    pub fn application_roles_of(&self, group_id: &str) -> impl Iterator<Item = &str> {
        let holds = move |groups: &Vec<String>| groups.iter().any(|id| id == group_id);
        self.application_roles.iter().filter(move |(_, groups)| holds(groups)).map(|(key, _)| key.as_str())
    }

    /// The ids of the roles that an account plays in any project, itself or through one of its groups.
    pub(in crate::convert) fn roles_of(&self, account_id: &str, groups: &[String]) -> BTreeSet<&str> {
        let plays = |principal: &Principal| match principal {
            Principal::Account(id) => id == account_id,
            Principal::Group(id) => groups.contains(id),
            _ => false,
        };
        let roles = self.actors.values().flatten();
        roles.filter(|(_, actors)| actors.iter().any(plays)).map(|(id, _)| id.as_str()).collect()
    }

    /// Whether a project is a service project; `None` where the project is unknown.
    pub(in crate::convert) fn is_service_project(&self, project_id: &str) -> Option<bool> {
        let project_type = self.projects.get(project_id)?.project_type.as_deref()?;
        Some(project_type == "service_desk")
    }

    /// Whether issues of the project can have security levels; `None` where that was not read.
    pub(in crate::convert) fn has_levels(&self, project_id: &str) -> Option<bool> {
        if self.projects.get(project_id).is_some_and(|project| project.team_managed) {
            return Some(false);
        }
        self.secured.get(project_id).copied()
    }
}

fn add_holder(holders: &mut Vec<Holder>, holder: &Member<jira::Holder<'_>>, remarks: &mut Remarks) {
    let holder = holder.get().map_or_else(|| Err("a grant without a holder".to_owned()), Holder::read);
    match holder {
        Ok(holder) if holders.contains(&holder) => {}
        Ok(holder) => holders.push(holder),
        Err(remark) => remarks.push(remark),
    }
}

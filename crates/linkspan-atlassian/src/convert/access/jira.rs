//! Rules of Jira records (`atlassian-permissions.md` 2).

use std::collections::{BTreeSet, HashMap};

use linkspan_model::access::{AccessRule, Clause, Gate, Principal};
use linkspan_model::record::Access;
use serde_json::value::RawValue;

use super::Remarks;
use super::holder::Holder;
use crate::convert::PageProblem;
use crate::convert::sink::{items, one};
use crate::wire::jira::{self, List};
use crate::wire::{Member, read, read_object};

/// What Jira's permission reads said. Start from [`JiraAccess::default`] and add what is read.
#[derive(Clone, Debug, Default)]
pub struct JiraAccess {
    projects: HashMap<String, ProjectFacts>,
    /// By project id; a project whose scheme was not read is not here.
    grants: HashMap<String, Grants>,
    /// By project id and role id.
    actors: HashMap<String, HashMap<String, Vec<Principal>>>,
    /// Role ids by project id and role name.
    role_ids: HashMap<String, HashMap<String, String>>,
    levels: HashMap<String, Vec<Holder>>,
    /// Whether a project has a security scheme; unread projects are not here.
    secured: HashMap<String, bool>,
    group_ids: HashMap<String, String>,
    application_roles: HashMap<String, Vec<String>>,
    administrator_groups: Vec<String>,
}

#[derive(Clone, Debug, Default)]
struct ProjectFacts {
    lead: Option<String>,
    project_type: Option<String>,
    team_managed: bool,
    is_private: Option<bool>,
}

#[derive(Clone, Debug, Default)]
struct Grants {
    browse: Vec<Holder>,
    administer: Vec<Holder>,
}

/// The security level that guards an issue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::convert) enum Level<'a> {
    /// None.
    Open,
    /// The one with this id.
    Of(&'a str),
    /// Not established: a sub-task whose parent has not been read, or a value of an unknown form.
    Unknown,
}

/// What a rule needs to know of an issue.
pub(in crate::convert) struct IssueFacts<'a> {
    pub(in crate::convert) project: &'a str,
    pub(in crate::convert) reporter: Option<&'a str>,
    pub(in crate::convert) assignee: Option<&'a str>,
    pub(in crate::convert) level: Level<'a>,
    pub(in crate::convert) fields: Option<&'a jira::IssueFields<'a>>,
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
                    project_type: project.project_type.text().map(str::to_owned),
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

    /// Who may see an issue.
    pub(in crate::convert) fn rule_for_issue(&self, issue: &IssueFacts<'_>) -> Access {
        let Some(browse) = self.browse(issue.project, Some(issue)) else { return Access::Unknown };
        let mut clauses = product_and(Gate::BrowseProject, browse);
        match issue.level {
            Level::Open => {}
            Level::Of(level) => {
                let holders = self.levels.get(level).map(Vec::as_slice).unwrap_or_default();
                let members = self.resolve(holders, issue.project, Some(issue));
                clauses.push(Clause { gate: Gate::SecurityLevel, any_of: members });
            }
            Level::Unknown => clauses.push(Clause::closed(Gate::SecurityLevel)),
        }
        clauses.extend(self.restriction(issue));
        Access::Rule(AccessRule::new(clauses))
    }

    /// Who may see a project itself: whoever may browse or administer it. Holders that depend on an issue add nobody.
    pub fn rule_for_project(&self, project_id: &str) -> Access {
        let Some(mut readers) = self.browse(project_id, None) else { return Access::Unknown };
        if let Some(grants) = self.grants.get(project_id) {
            readers.extend(self.resolve(&grants.administer, project_id, None));
        }
        Access::Rule(AccessRule::new(product_and(Gate::BrowseProject, readers)))
    }

    /// `PUBLIC`, `COMPANY` or `PRIVATE`: whether browsing a project is granted to anyone, to every licensed or signed-in
    /// user, or to fewer.
    pub fn access_level_of_project(&self, project_id: &str) -> &'static str {
        match self.browse(project_id, None) {
            Some(browse) if browse.contains(&Principal::Anonymous) => "PUBLIC",
            Some(browse) if browse.contains(&Principal::Licensed) => "COMPANY",
            _ => "PRIVATE",
        }
    }

    /// What a comment's or worklog's own visibility adds to its issue's rule; `None` where it has none.
    pub(in crate::convert) fn visibility(
        &self,
        project_id: &str,
        visibility: &Member<jira::Visibility<'_>>,
    ) -> Option<Clause> {
        if !visibility.is_present() {
            return None;
        }
        let readers = visibility.get().map(|visibility| match visibility.kind.text() {
            Some("role") => {
                let names = self.role_ids.get(project_id);
                let by_name = || names?.get(visibility.value.text()?).map(String::as_str);
                let id = visibility.identifier.id().or_else(by_name);
                id.map(|id| self.role(project_id, id).to_vec()).unwrap_or_default()
            }
            Some("group") => {
                let by_name = || self.group_ids.get(visibility.value.text()?).map(String::as_str);
                let id = visibility.identifier.id().or_else(by_name);
                id.map(|id| Principal::Group(id.to_owned())).into_iter().collect()
            }
            _ => Vec::new(),
        });
        Some(Clause::new(Gate::Visibility, readers.unwrap_or_default()))
    }

    /// Who may browse a project: `None` where that is not known.
    fn browse(&self, project_id: &str, issue: Option<&IssueFacts<'_>>) -> Option<BTreeSet<Principal>> {
        let project = self.projects.get(project_id)?;
        if !project.team_managed {
            let grants = self.grants.get(project_id)?;
            return Some(self.resolve(&grants.browse, project_id, issue));
        }
        if !project.is_private? {
            return Some(BTreeSet::from([Principal::Licensed]));
        }
        let actors =
            self.actors.get(project_id).into_iter().flatten().flat_map(|(_, actors)| actors).cloned();
        let administrators = self.administrator_groups.iter().cloned().map(Principal::Group);
        Some(actors.chain(administrators).collect())
    }

    fn restriction(&self, issue: &IssueFacts<'_>) -> Option<Clause> {
        let raw = issue.fields?.other("issuerestriction")?;
        let roles = match read::<jira::IssueRestriction<'_>>(raw) {
            Member::Value(jira::IssueRestriction { restrictions: Member::Value(kinds) }) => kinds.roles,
            Member::Value(jira::IssueRestriction { restrictions: Member::Absent }) => Member::Absent,
            _ => Member::Odd,
        };
        let roles = match roles {
            Member::Absent => return None,
            Member::Value(roles) if roles.is_empty() => return None,
            Member::Value(roles) => roles,
            Member::Odd => return Some(Clause::closed(Gate::IssueRestriction)),
        };
        let id_of = |raw: &&RawValue| {
            read_object::<jira::RestrictionValue<'_>>(raw).ok()?.value.id().map(str::to_owned)
        };
        let actors = roles.iter().filter_map(id_of).flat_map(|id| self.role(issue.project, &id).to_vec());
        Some(Clause::new(Gate::IssueRestriction, actors))
    }

    fn role(&self, project_id: &str, role_id: &str) -> &[Principal] {
        self.actors.get(project_id).and_then(|roles| roles.get(role_id)).map_or(&[], Vec::as_slice)
    }

    fn resolve(
        &self,
        holders: &[Holder],
        project_id: &str,
        issue: Option<&IssueFacts<'_>>,
    ) -> BTreeSet<Principal> {
        let account = |id: Option<&str>| id.map(|id| Principal::Account(id.to_owned()));
        let mut principals = BTreeSet::new();
        for holder in holders {
            match holder {
                Holder::Anyone => principals.extend([Principal::Anonymous]),
                // The product gate stands beside it, and together they say "licensed".
                Holder::SignedIn => principals.extend([Principal::Licensed]),
                Holder::ApplicationRole(key) => principals.extend([Principal::ApplicationRole(key.clone())]),
                Holder::Group(id) => principals.extend([Principal::Group(id.clone())]),
                Holder::GroupNamed(name) => {
                    principals.extend(self.group_ids.get(name).cloned().map(Principal::Group));
                }
                Holder::Account(id) => principals.extend([Principal::Account(id.clone())]),
                Holder::Role(id) => principals.extend(self.role(project_id, id).iter().cloned()),
                Holder::Lead => {
                    let lead = self.projects.get(project_id).and_then(|project| project.lead.as_deref());
                    principals.extend(account(lead));
                }
                Holder::Reporter => principals.extend(account(issue.and_then(|issue| issue.reporter))),
                Holder::Assignee => principals.extend(account(issue.and_then(|issue| issue.assignee))),
                Holder::UserField(field) => {
                    for_each_value(issue, field, |value| {
                        let user = read_object::<jira::User<'_>>(value).ok();
                        principals.extend(account(user.as_ref().and_then(|user| user.account_id.id())));
                    });
                }
                Holder::GroupField(field) => {
                    for_each_value(issue, field, |value| {
                        let Ok(group) = read_object::<jira::Group<'_>>(value) else { return };
                        let by_name = || self.group_ids.get(group.name.text()?).map(String::as_str);
                        let id = group.id.id().or_else(by_name);
                        principals.extend(id.map(|id| Principal::Group(id.to_owned())));
                    });
                }
                Holder::PortalCustomers => {}
            }
        }
        principals
    }
}

/// Calls `each` with the values of an issue's field, which holds one or several.
fn for_each_value(issue: Option<&IssueFacts<'_>>, field: &str, mut each: impl FnMut(&RawValue)) {
    let Some(raw) = issue.and_then(|issue| issue.fields?.other(field)) else { return };
    match serde_json::from_str::<List<'_>>(raw.get()) {
        Ok(values) => values.into_iter().for_each(each),
        Err(_) => each(raw),
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

/// The gate of the product, which browsing by anyone opens, and a gate with these readers.
fn product_and(gate: Gate, readers: BTreeSet<Principal>) -> Vec<Clause> {
    let open = readers.contains(&Principal::Anonymous);
    let product = (!open).then(|| Clause::new(Gate::Product, [Principal::Licensed]));
    product.into_iter().chain([Clause { gate, any_of: readers }]).collect()
}

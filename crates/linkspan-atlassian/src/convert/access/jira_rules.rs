//! Rules of Jira records (`atlassian-permissions.md` 2), built from what was read.

use std::collections::BTreeSet;

use linkspan_model::access::{AccessRule, Clause, Gate, Principal};
use linkspan_model::record::Access;
use serde_json::value::RawValue;

use super::holder::Holder;
use super::jira::JiraAccess;
use crate::wire::jira::{self, List};
use crate::wire::{Member, read, read_object};

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

/// The gate of the product, which browsing by anyone opens, and a gate with these readers.
fn product_and(gate: Gate, readers: BTreeSet<Principal>) -> Vec<Clause> {
    let open = readers.contains(&Principal::Anonymous);
    let product = (!open).then(|| Clause::new(Gate::Product, [Principal::Licensed]));
    product.into_iter().chain([Clause { gate, any_of: readers }]).collect()
}

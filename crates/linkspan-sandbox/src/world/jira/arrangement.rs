//! What company-managed projects share: issue type schemes, workflows with their schemes, field configurations, contexts.
//!
//! All of it follows from the projects: those with the same types, or the same statuses, have one scheme. So a scheme never
//! says anything else than the projects themselves.

use super::config::JiraConfig;
use super::field::{Field, FieldKind};
use super::project::{Project, ProjectKind};
use crate::world::ids::{FieldId, IssueTypeId, ProjectId, StatusId};
use crate::world::seed::uuid;

/// An issue type scheme: the types that its projects offer.
#[derive(Debug, Clone)]
pub struct IssueTypeScheme<'c> {
    /// Id.
    pub id: u64,
    /// Name.
    pub name: String,
    /// Types, in order; the first is what new issues start with.
    pub types: Vec<IssueTypeId>,
    /// Projects that use it.
    pub projects: Vec<&'c Project>,
    /// Whether new projects get it.
    pub is_default: bool,
}

/// A workflow: any of its statuses may follow any.
#[derive(Debug, Clone)]
pub struct Workflow<'c> {
    /// Id (UUID).
    pub id: String,
    /// Name, unique on the site.
    pub name: String,
    /// Statuses, in order; new issues get the first.
    pub statuses: &'c [StatusId],
    /// Projects that use it.
    pub projects: Vec<&'c Project>,
    /// Set for the workflow of one team-managed project.
    pub scope: Option<ProjectId>,
}

/// A workflow scheme; company-managed projects have one each, team-managed ones none.
#[derive(Debug, Clone)]
pub struct WorkflowScheme<'c> {
    /// Id.
    pub id: u64,
    /// Name.
    pub name: String,
    /// Name of the workflow of all issue types without one of their own; none has.
    pub workflow: String,
    /// Projects that use it.
    pub projects: Vec<&'c Project>,
}

/// Where a custom field is shown, with which options.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldContext {
    /// Id.
    pub id: u64,
    /// Name.
    pub name: String,
    /// Projects; empty: all, including those to come.
    pub projects: Vec<ProjectId>,
    /// Issue types; empty: all, including those to come.
    pub issue_types: Vec<IssueTypeId>,
}

/// A field configuration, or under the newer model a field scheme.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldConfiguration {
    /// Id.
    pub id: u64,
    /// Name.
    pub name: &'static str,
    /// Description.
    pub description: &'static str,
    /// Whether it is the default: what applies where nothing else does.
    pub is_default: bool,
}

/// The field configurations of every site: the default one, and one of the projects with odd ids.
pub const FIELD_CONFIGURATIONS: [FieldConfiguration; 2] = [
    FieldConfiguration {
        id: 10_000,
        name: "Default Field Configuration",
        description: "The default field configuration",
        is_default: true,
    },
    FieldConfiguration {
        id: 10_001,
        name: "Harbour Field Configuration",
        description: "Help texts of the harbour",
        is_default: false,
    },
];

/// The one field configuration scheme of every site.
pub const FIELD_CONFIGURATION_SCHEME: (u64, &str, &str) =
    (10_100, "Harbour Field Configuration Scheme", "For projects with help texts");

impl FieldConfiguration {
    /// Whether it hides a field. Only what no screen shows is hidden, so that screens say the same.
    pub fn hides(&self, kind: Option<FieldKind>) -> bool {
        !self.is_default && kind == Some(FieldKind::ReadOnlyText)
    }
}

/// A list of projects grouped by a trait, in order of their first project.
fn grouped<'c, T: PartialEq>(
    projects: impl Iterator<Item = &'c Project>,
    of: impl Fn(&'c Project) -> T,
) -> Vec<(T, Vec<&'c Project>)> {
    let mut groups: Vec<(T, Vec<&'c Project>)> = Vec::new();
    for project in projects {
        let value = of(project);
        match groups.iter_mut().find(|(known, _)| *known == value) {
            Some((_, members)) => members.push(project),
            None => groups.push((value, vec![project])),
        }
    }
    groups
}

fn kind_name(projects: &[&Project]) -> &'static str {
    match projects.first().map(|project| project.kind) {
        Some(ProjectKind::Business) => "Business",
        Some(ProjectKind::ServiceDesk) => "Service desk",
        _ => "Software",
    }
}

/// A name for the nth arrangement of projects; the number tells those of one kind apart.
fn arranged_name(projects: &[&Project], what: &str, number: usize) -> String {
    let kind = kind_name(projects);
    if number < 3 { format!("{kind} {what}") } else { format!("{kind} {what} {number}") }
}

impl JiraConfig {
    fn company_managed(&self) -> impl Iterator<Item = &Project> {
        self.projects.iter().filter(|project| !project.is_team_managed())
    }

    /// All issue type schemes, the default one first.
    pub fn issue_type_schemes(&self) -> Vec<IssueTypeScheme<'_>> {
        let global = self.issue_types.iter().filter(|kind| kind.scope.is_none()).map(|kind| kind.id);
        let default = IssueTypeScheme {
            id: 10_000,
            name: "Default Issue Type Scheme".to_owned(),
            types: global.collect(),
            projects: Vec::new(),
            is_default: true,
        };
        let groups = grouped(self.company_managed(), |project| project.issue_types.as_slice());
        let schemes = groups.into_iter().enumerate().map(|(number, (types, projects))| IssueTypeScheme {
            id: 10_100 + number as u64,
            name: arranged_name(&projects, "issue type scheme", number),
            types: types.to_vec(),
            projects,
            is_default: false,
        });
        std::iter::once(default).chain(schemes).collect()
    }

    /// All workflows: those of company-managed projects, and one of every team-managed project.
    pub fn workflows(&self) -> Vec<Workflow<'_>> {
        let shared = grouped(self.company_managed(), |project| project.statuses.as_slice());
        let shared = shared.into_iter().enumerate().map(|(number, (statuses, projects))| Workflow {
            id: uuid(0x3f10, number as u64),
            name: arranged_name(&projects, "workflow", number),
            statuses,
            projects,
            scope: None,
        });
        let own = self.projects.iter().filter(|project| project.is_team_managed()).map(|project| Workflow {
            id: uuid(0x3f11, project.id.0),
            name: format!("Workflow of project {}", project.id),
            statuses: &project.statuses,
            projects: vec![project],
            scope: Some(project.id),
        });
        shared.chain(own).collect()
    }

    /// All workflow schemes.
    pub fn workflow_schemes(&self) -> Vec<WorkflowScheme<'_>> {
        let shared = self.workflows().into_iter().filter(|workflow| workflow.scope.is_none());
        shared
            .enumerate()
            .map(|(number, workflow)| WorkflowScheme {
                id: 10_100 + number as u64,
                name: arranged_name(&workflow.projects, "workflow scheme", number),
                workflow: workflow.name,
                projects: workflow.projects,
            })
            .collect()
    }

    /// Where a custom field is shown. Fields that only requests of a service desk have are tied to service desks and their
    /// types, those of a team-managed project to it, and all others to nothing.
    pub fn contexts(&self, field: &Field) -> Vec<FieldContext> {
        let of_requests =
            matches!(field.kind, FieldKind::Approvals | FieldKind::Sla | FieldKind::RequestFeedback);
        let desks: Vec<&Project> =
            self.projects.iter().filter(|project| project.service_desk.is_some()).collect();
        let (projects, issue_types) = match field.scope {
            Some(project) => (vec![project], Vec::new()),
            None if of_requests && !desks.is_empty() => {
                let mut types: Vec<IssueTypeId> =
                    desks.iter().flat_map(|desk| desk.issue_types.iter().copied()).collect();
                types.sort_unstable();
                types.dedup();
                (desks.iter().map(|desk| desk.id).collect(), types)
            }
            None => (Vec::new(), Vec::new()),
        };
        vec![FieldContext {
            id: field.id.0 + 100_000,
            name: format!("Default Configuration Scheme for {}", field.name),
            projects,
            issue_types,
        }]
    }

    /// The projects a custom field is shown in.
    pub fn projects_of_field<'c>(&'c self, field: &Field) -> Vec<&'c Project> {
        let contexts = self.contexts(field);
        let shows = |project: &&Project| {
            contexts.iter().any(|it| it.projects.is_empty() || it.projects.contains(&project.id))
        };
        self.projects.iter().filter(shows).collect()
    }

    /// The field configuration that holds in a project, apart from what single issue types have.
    pub fn field_configuration(&self, project: &Project) -> &'static FieldConfiguration {
        let own = !project.is_team_managed() && project.id.0 % 2 == 1;
        &FIELD_CONFIGURATIONS[usize::from(own)]
    }

    /// Custom fields that a field configuration speaks of: those of the whole site.
    pub fn configured_fields(&self) -> impl Iterator<Item = (FieldId, &Field)> {
        self.fields.iter().filter(|field| field.scope.is_none()).map(|field| (field.id, field))
    }
}

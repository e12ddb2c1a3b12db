//! Configuration of a made-up Jira apart from its projects.

use std::sync::Arc;

use super::projects::{Surroundings, profile, project};
use super::schemes::{all_roles, field, permission_schemes, role, security_schemes};
use crate::world::generated::words::LABELS;
use crate::world::ids::{
    AccountIndex, BoardId, FieldId, LinkTypeId, Millis, OptionId, OrganizationId, PriorityId, ProjectId,
    ResolutionId, RoleId, SprintId,
};
use crate::world::jira::{
    Board, Field, FieldKind, FieldOption, IssueType, JiraConfig, LinkType, Organization, Priority, Project,
    ProjectKind, Resolution, Role, Sprint, Status, StatusCategory,
};
use crate::world::seed::{Dice, uuid};

/// Ids of issue types.
pub(in crate::world) mod issue_type {
    use crate::world::ids::{IssueTypeId, ProjectId};

    pub(in crate::world) const EPIC: IssueTypeId = IssueTypeId(10_000);
    pub(in crate::world) const STORY: IssueTypeId = IssueTypeId(10_001);
    pub(in crate::world) const TASK: IssueTypeId = IssueTypeId(10_002);
    pub(in crate::world) const SUBTASK: IssueTypeId = IssueTypeId(10_003);
    pub(in crate::world) const BUG: IssueTypeId = IssueTypeId(10_004);
    pub(in crate::world) const SERVICE_REQUEST: IssueTypeId = IssueTypeId(10_005);
    pub(in crate::world) const INCIDENT: IssueTypeId = IssueTypeId(10_006);
    pub(in crate::world) const CHANGE: IssueTypeId = IssueTypeId(10_007);

    /// A type of a team-managed project.
    pub(in crate::world) const fn scoped(project: ProjectId, number: u64) -> IssueTypeId {
        IssueTypeId(20_000 + (project.0 - 10_000) * 10 + number)
    }
}

/// Ids of statuses.
pub(in crate::world) mod status {
    use crate::world::ids::{ProjectId, StatusId};

    pub(in crate::world) const IN_PROGRESS: StatusId = StatusId(3);
    pub(in crate::world) const RESOLVED: StatusId = StatusId(5);
    pub(in crate::world) const CLOSED: StatusId = StatusId(6);
    pub(in crate::world) const TO_DO: StatusId = StatusId(10_000);
    pub(in crate::world) const IN_REVIEW: StatusId = StatusId(10_001);
    pub(in crate::world) const BLOCKED: StatusId = StatusId(10_002);
    pub(in crate::world) const DONE: StatusId = StatusId(10_003);
    pub(in crate::world) const WAITING_FOR_SUPPORT: StatusId = StatusId(10_004);
    pub(in crate::world) const WAITING_FOR_CUSTOMER: StatusId = StatusId(10_005);

    /// A status of a team-managed project.
    pub(in crate::world) const fn scoped(project: ProjectId, number: u64) -> StatusId {
        StatusId(20_000 + (project.0 - 10_000) * 10 + number)
    }
}

/// A role of a team-managed project.
pub(in crate::world) const fn team_role(project: ProjectId, number: u64) -> RoleId {
    RoleId(20_000 + (project.0 - 10_000) * 10 + number)
}

/// Types of team-managed projects: name and level.
pub(super) const TEAM_TYPES: [(&str, i8); 5] =
    [("Epic", 1), ("Story", 0), ("Task", 0), ("Bug", 0), ("Subtask", -1)];
/// Statuses of team-managed projects.
pub(super) const TEAM_STATUSES: [(&str, StatusCategory); 4] = [
    ("To Do", StatusCategory::ToDo),
    ("In Progress", StatusCategory::InProgress),
    ("In Review", StatusCategory::InProgress),
    ("Done", StatusCategory::Done),
];
/// Roles of team-managed projects.
const TEAM_ROLES: [&str; 3] = ["Administrator", "Member", "Viewer"];

/// What a made-up Jira is configured with.
pub(in crate::world) struct JiraPlan<'a> {
    pub(in crate::world) seed: u64,
    pub(in crate::world) projects: u32,
    pub(in crate::world) staff: &'a [AccountIndex],
    pub(in crate::world) customers: &'a [AccountIndex],
    pub(in crate::world) groups: u32,
    /// Time the data ends at.
    pub(in crate::world) end: Millis,
    pub(in crate::world) anonymous_access: bool,
}

/// The weights of the projects: their shares of the issues.
pub(in crate::world) fn weights(projects: u32) -> Vec<u32> {
    (0..projects.max(1) as usize).map(|number| profile(number).weight).collect()
}

/// The whole configuration.
pub(in crate::world) fn make(plan: &JiraPlan<'_>) -> JiraConfig {
    let around = Surroundings {
        seed: plan.seed,
        staff: plan.staff,
        customers: plan.customers,
        groups: plan.groups,
        end: plan.end,
    };
    let projects: Vec<Project> =
        (0..plan.projects.max(1) as usize).map(|number| project(&around, number)).collect();
    let outsider = *plan.staff.get(3).unwrap_or(&plan.staff[0]);
    let (boards, sprints) = boards(&projects, plan.end);
    JiraConfig {
        anonymous_access: plan.anonymous_access,
        categories: ["Passengers", "Cargo", "Inside"]
            .iter()
            .map(|name| ((*name).to_owned(), format!("Projects about {name}")))
            .collect(),
        issue_types: issue_types(&projects),
        statuses: statuses(&projects),
        priorities: priorities(),
        resolutions: resolutions(&[
            ("Done", 10_000),
            ("Won't Do", 10_001),
            ("Duplicate", 10_002),
            ("Cannot Reproduce", 10_003),
        ]),
        link_types: link_types(),
        roles: roles(&projects),
        permission_schemes: permission_schemes(plan.groups, outsider),
        security_schemes: security_schemes(outsider),
        fields: fields(&projects),
        boards,
        sprints,
        organizations: organizations(plan),
        labels: LABELS.iter().map(|label| Arc::from(*label)).collect(),
        projects,
    }
}

fn team_managed(projects: &[Project]) -> impl Iterator<Item = ProjectId> + '_ {
    projects.iter().filter(|project| project.is_team_managed()).map(|project| project.id)
}

/// Issue types: site-wide ones, and those of the team-managed projects.
pub(in crate::world) fn issue_types(projects: &[Project]) -> Vec<IssueType> {
    let global = [
        (issue_type::EPIC, "Epic", 1),
        (issue_type::STORY, "Story", 0),
        (issue_type::TASK, "Task", 0),
        (issue_type::SUBTASK, "Sub-task", -1),
        (issue_type::BUG, "Bug", 0),
        (issue_type::SERVICE_REQUEST, "Service request", 0),
        (issue_type::INCIDENT, "Incident", 0),
        (issue_type::CHANGE, "Change", 0),
    ];
    let scoped = team_managed(projects).flat_map(|project| {
        (0..)
            .zip(TEAM_TYPES)
            .map(move |(n, (name, level))| (issue_type::scoped(project, n), name, level, Some(project)))
    });
    global
        .into_iter()
        .map(|(id, name, level)| (id, name, level, None))
        .chain(scoped)
        .zip(10_300..)
        .map(|((id, name, hierarchy_level, scope), avatar)| IssueType {
            id,
            name: name.to_owned(),
            description: format!("{name} (sandbox)"),
            hierarchy_level,
            scope,
            avatar,
        })
        .collect()
}

fn statuses(projects: &[Project]) -> Vec<Status> {
    use StatusCategory::{Done, InProgress, ToDo};
    let global = [
        (status::IN_PROGRESS, "In Progress", InProgress),
        (status::RESOLVED, "Resolved", Done),
        (status::CLOSED, "Closed", Done),
        (status::TO_DO, "To Do", ToDo),
        (status::IN_REVIEW, "In Review", InProgress),
        (status::BLOCKED, "Blocked", InProgress),
        (status::DONE, "Done", Done),
        (status::WAITING_FOR_SUPPORT, "Waiting for support", ToDo),
        (status::WAITING_FOR_CUSTOMER, "Waiting for customer", InProgress),
    ];
    let scoped = team_managed(projects).flat_map(|project| {
        (0..)
            .zip(TEAM_STATUSES)
            .map(move |(n, (name, category))| (status::scoped(project, n), name, category, Some(project)))
    });
    global
        .into_iter()
        .map(|(id, name, category)| (id, name, category, None))
        .chain(scoped)
        .map(|(id, name, category, scope)| Status {
            id,
            name: name.to_owned(),
            description: String::new(),
            category,
            scope,
        })
        .collect()
}

fn priorities() -> Vec<Priority> {
    let list = [
        ("Highest", "#d04437"),
        ("High", "#f15c75"),
        ("Medium", "#f79232"),
        ("Low", "#707070"),
        ("Lowest", "#999999"),
    ];
    list.into_iter()
        .zip(1..)
        .map(|((name, color), id)| Priority {
            id: PriorityId(id),
            name: name.to_owned(),
            description: format!("{name} priority"),
            color: color.to_owned(),
            is_default: name == "Medium",
        })
        .collect()
}

/// Resolutions with their ids.
pub(in crate::world) fn resolutions(list: &[(&str, u64)]) -> Vec<Resolution> {
    let one = |(name, id): &(&str, u64)| Resolution {
        id: ResolutionId(*id),
        name: (*name).to_owned(),
        description: format!("Closed as: {name}"),
    };
    list.iter().map(one).collect()
}

fn link_types() -> Vec<LinkType> {
    let list = [
        ("Blocks", "blocks", "is blocked by"),
        ("Cloners", "clones", "is cloned by"),
        ("Duplicate", "duplicates", "is duplicated by"),
        ("Relates", "relates to", "relates to"),
    ];
    let one = |((name, outward, inward), id): ((&str, &str, &str), u64)| LinkType {
        id: LinkTypeId(id),
        name: name.to_owned(),
        outward: outward.to_owned(),
        inward: inward.to_owned(),
    };
    list.into_iter().zip(10_000..).map(one).collect()
}

/// Roles: site-wide ones, and those of the team-managed projects.
pub(in crate::world) fn roles(projects: &[Project]) -> Vec<Role> {
    let global = all_roles().into_iter().map(|(id, name, description)| Role {
        id,
        name: name.to_owned(),
        description: description.to_owned(),
        scope: None,
        is_admin: id == role::ADMINISTRATORS,
    });
    let scoped = team_managed(projects).flat_map(|project| {
        (0..).zip(TEAM_ROLES).map(move |(n, name)| Role {
            id: team_role(project, n),
            name: name.to_owned(),
            description: format!("{name} of the project"),
            scope: Some(project),
            is_admin: n == 0,
        })
    });
    global.chain(scoped).collect()
}

/// Custom fields: one of every kind, two with one name, and the estimate of every team-managed project.
pub(in crate::world) fn fields(projects: &[Project]) -> Vec<Field> {
    let list = [
        (10_010, "Request Type", FieldKind::RequestType),
        (10_011, "Epic Name", FieldKind::EpicName),
        (10_014, "Epic Link", FieldKind::EpicLink),
        (10_016, "Story Points", FieldKind::Number),
        (10_019, "Rank", FieldKind::Rank),
        (10_020, "Sprint", FieldKind::Sprint),
        (10_021, "Flagged", FieldKind::Checkboxes),
        (10_030, "Organizations", FieldKind::Organizations),
        (10_031, "Request participants", FieldKind::RequestParticipants),
        (10_032, "Approvals", FieldKind::Approvals),
        (10_033, "Time to resolution", FieldKind::Sla),
        (10_034, "Satisfaction", FieldKind::RequestFeedback),
        (10_035, "Time to first response", FieldKind::Sla),
        (field::REVIEWERS.0, "Reviewers", FieldKind::MultiUserPicker),
        (field::ACCOUNTABLE.0, "Accountable", FieldKind::UserPicker),
        (field::AUDIENCE.0, "Audience", FieldKind::MultiGroupPicker),
        (10_043, "Owning group", FieldKind::GroupPicker),
        (10_050, "Vessel", FieldKind::TextField),
        (10_051, "Acceptance criteria", FieldKind::TextArea),
        (10_052, "Draught (m)", FieldKind::Number),
        (10_053, "Go-live", FieldKind::DatePicker),
        (10_054, "Arrival", FieldKind::DateTime),
        (10_055, "Port", FieldKind::Select),
        (10_056, "Ports", FieldKind::MultiSelect),
        (10_057, "Risk", FieldKind::RadioButtons),
        (10_058, "Checks", FieldKind::Checkboxes),
        (10_059, "Place", FieldKind::CascadingSelect),
        (10_060, "Related project", FieldKind::ProjectPicker),
        (10_061, "Found in", FieldKind::VersionPicker),
        (10_062, "Also in", FieldKind::MultiVersionPicker),
        (10_063, "Tags", FieldKind::Labels),
        (10_064, "Reference", FieldKind::Url),
        (10_065, "External id", FieldKind::ReadOnlyText),
        // A second field with the name of another one, of another kind.
        (10_066, "Port", FieldKind::TextField),
        (10_067, "Team", FieldKind::Team),
    ];
    let global = list.into_iter().map(|(id, name, kind)| (FieldId(id), name, kind, None));
    let scoped = team_managed(projects).map(|project| {
        (FieldId(20_000 + project.0 - 10_000), "Story point estimate", FieldKind::StoryPoints, Some(project))
    });
    global
        .chain(scoped)
        .map(|(id, name, kind, scope)| Field {
            id,
            name: name.to_owned(),
            description: format!("{name} (sandbox)"),
            kind,
            options: options(id, kind),
            scope,
        })
        .collect()
}

fn options(id: FieldId, kind: FieldKind) -> Vec<FieldOption> {
    let first = id.0 * 100;
    let plain = |values: &[&str]| -> Vec<FieldOption> {
        let one = |(value, id): (&&str, u64)| FieldOption {
            id: OptionId(id),
            value: Arc::from(*value),
            children: Vec::new(),
        };
        values.iter().zip(first..).map(one).collect()
    };
    match (kind, id.0) {
        (FieldKind::Checkboxes, 10_021) => plain(&["Impediment"]),
        (FieldKind::Checkboxes, _) => plain(&["Tested", "Documented", "Translated"]),
        (FieldKind::Select | FieldKind::MultiSelect, _) => {
            plain(&["Kiel", "Málaga", "Osaka (大阪)", "Tromsø", "Durban"])
        }
        (FieldKind::RadioButtons, _) => plain(&["Low", "Medium", "High"]),
        (FieldKind::CascadingSelect, _) => {
            let mut parents = plain(&["North quay", "South quay"]);
            for (number, parent) in (1..).zip(&mut parents) {
                let child = |(value, n): (&str, u64)| FieldOption {
                    id: OptionId(first + number * 10 + n),
                    value: Arc::from(value),
                    children: Vec::new(),
                };
                parent.children = ["Berth 1", "Berth 2", "Berth 3"].into_iter().zip(0..).map(child).collect();
            }
            parents
        }
        _ => Vec::new(),
    }
}

/// Number of sprints a board has.
pub(in crate::world) const SPRINTS: u64 = 26;

fn boards(projects: &[Project], end: Millis) -> (Vec<Board>, Vec<Sprint>) {
    let fortnight = 14 * 86_400_000;
    let mut boards = Vec::new();
    let mut sprints = Vec::new();
    for (project, id) in projects.iter().filter(|project| project.kind == ProjectKind::Software).zip(1_u64..)
    {
        let kind = if project.is_team_managed() { "simple" } else { "scrum" };
        boards.push(Board {
            id: BoardId(id),
            name: format!("{} board", project.key),
            kind,
            project: project.id,
        });
        for (number, age) in (0..SPRINTS).zip(0_i64..) {
            let start = end - (23 - age) * fortnight;
            let state = match number {
                0..23 => "closed",
                23 => "active",
                _ => "future",
            };
            sprints.push(Sprint {
                id: SprintId(first_sprint(project.id) + number),
                board: BoardId(id),
                name: format!("{} Sprint {}", project.key, number + 1),
                state,
                goal: if number % 3 == 0 { "Fewer surprises at the quay".to_owned() } else { String::new() },
                start: (state != "future").then_some(start),
                end: (state != "future").then_some(start + fortnight - 3_600_000),
                complete: (state == "closed").then_some(start + fortnight),
            });
        }
    }
    (boards, sprints)
}

/// Id of the first sprint of a project's board.
pub(in crate::world) const fn first_sprint(project: ProjectId) -> u64 {
    1 + (project.0 - 10_000) * 100
}

fn organizations(plan: &JiraPlan<'_>) -> Vec<Organization> {
    ["Northern Lines", "Ferry Friends e.V.", "海運株式会社"]
        .into_iter()
        .zip(1_u64..)
        .map(|(name, id)| {
            let joins =
                |account: &&AccountIndex| Dice::at(plan.seed, 0x0f6 + id, account.0.into()).chance(400);
            let mut members: Vec<AccountIndex> = plan.customers.iter().filter(joins).copied().collect();
            members.sort_unstable();
            Organization {
                id: OrganizationId(id),
                uuid: uuid(plan.seed ^ 0x0f6, id),
                name: name.to_owned(),
                created: plan.end - 500 * 86_400_000,
                members,
                properties: Vec::new(),
            }
        })
        .collect()
}

//! Projects of a made-up Jira: one of each kind, then the same kinds again.

use super::jira_config::{TEAM_STATUSES, TEAM_TYPES, issue_type, status, team_role};
use super::people::group;
use super::schemes::{EVERY_HOLDER, ORDINARY_SECURITY, Scheme, role};
use crate::world::generated::words::PROJECTS;
use crate::world::ids::{
    AccountIndex, ComponentId, GroupIndex, IssueTypeId, Millis, OrganizationId, ProjectId, RequestTypeId,
    SecuritySchemeId, ServiceDeskId, StatusId, VersionId,
};
use crate::world::jira::{
    Component, PortalAccess, Project, ProjectKind, ProjectState, RequestType, RoleActors, ServiceDesk,
    TeamAccess, Version,
};
use crate::world::seed::{Dice, uuid};

/// What a project is like; the kinds take turns.
#[derive(Debug, Clone, Copy)]
pub(super) struct Profile {
    pub(super) kind: ProjectKind,
    team: Option<TeamAccess>,
    scheme: Scheme,
    security: Option<SecuritySchemeId>,
    archived: bool,
    /// Share of the issues, compared with the other projects.
    pub(super) weight: u32,
}

const fn company(
    kind: ProjectKind,
    scheme: Scheme,
    security: Option<SecuritySchemeId>,
    weight: u32,
) -> Profile {
    Profile { kind, team: None, scheme, security, archived: false, weight }
}

const fn team(access: TeamAccess, weight: u32) -> Profile {
    Profile {
        kind: ProjectKind::Software,
        team: Some(access),
        scheme: Scheme::Default,
        security: None,
        archived: false,
        weight,
    }
}

const PROFILES: [Profile; 14] = [
    company(ProjectKind::Software, Scheme::Default, None, 8),
    team(TeamAccess::Open, 4),
    company(ProjectKind::ServiceDesk, Scheme::ServiceDesk, None, 4),
    company(ProjectKind::Business, Scheme::Group, None, 2),
    company(ProjectKind::Software, Scheme::RoleAndReporter, Some(ORDINARY_SECURITY), 6),
    team(TeamAccess::Private, 2),
    Profile { archived: true, ..company(ProjectKind::Software, Scheme::Default, None, 1) },
    company(ProjectKind::Software, Scheme::Closed, None, 1),
    company(ProjectKind::Software, Scheme::Public, None, 2),
    company(ProjectKind::Software, Scheme::Dynamic, None, 2),
    company(ProjectKind::Software, Scheme::Product, Some(EVERY_HOLDER), 3),
    team(TeamAccess::Limited, 2),
    company(ProjectKind::ServiceDesk, Scheme::ServiceDesk, Some(ORDINARY_SECURITY), 2),
    company(ProjectKind::Software, Scheme::Default, None, 3),
];

pub(super) fn profile(number: usize) -> Profile {
    PROFILES[number % PROFILES.len()]
}

/// What projects are made with.
pub(super) struct Surroundings<'a> {
    pub(super) seed: u64,
    pub(super) staff: &'a [AccountIndex],
    pub(super) customers: &'a [AccountIndex],
    pub(super) groups: u32,
    /// Time the data ends at.
    pub(super) end: Millis,
}

/// One project.
pub(super) fn project(around: &Surroundings<'_>, number: usize) -> Project {
    let place = number as u64;
    let profile = profile(number);
    let mut dice = Dice::at(around.seed, 0x9607, place);
    let (key, name) = PROJECTS.get(number).map_or_else(
        || (format!("P{number}"), format!("Project {number}")),
        |(key, name)| ((*key).to_owned(), (*name).to_owned()),
    );
    let id = ProjectId(10_000 + place);
    let lead = if number == 0 { around.staff[0] } else { *dice.pick(around.staff) };
    let team_managed = profile.team.is_some();
    Project {
        id,
        uuid: uuid(around.seed ^ 0x9, place),
        key,
        former_keys: Vec::new(),
        description: format!("All work on: {name}."),
        name,
        kind: profile.kind,
        team_access: profile.team,
        lead,
        category: (number % 3 != 2).then_some(number % 3),
        state: if profile.archived {
            ProjectState::Archived { at: around.end, by: around.staff[0] }
        } else {
            ProjectState::Live
        },
        issue_types: types(profile, id),
        statuses: statuses(profile, id),
        components: components(&mut dice, around.staff, place, profile.kind),
        versions: versions(around.end, place, profile.kind),
        permission_scheme: profile.scheme.id(),
        security_scheme: profile.security.filter(|_| !team_managed),
        role_actors: if team_managed {
            team_actors(&mut dice, around, id)
        } else {
            company_actors(&mut dice, around, profile)
        },
        service_desk: (profile.kind == ProjectKind::ServiceDesk).then(|| service_desk(around, number)),
        url: number.is_multiple_of(4).then(|| format!("https://example.com/projects/{number}")),
    }
}

fn types(profile: Profile, project: ProjectId) -> Vec<IssueTypeId> {
    if profile.team.is_some() {
        return (0..TEAM_TYPES.len() as u64).map(|n| issue_type::scoped(project, n)).collect();
    }
    match profile.kind {
        ProjectKind::Software => {
            vec![issue_type::EPIC, issue_type::STORY, issue_type::TASK, issue_type::BUG, issue_type::SUBTASK]
        }
        ProjectKind::Business => vec![issue_type::TASK, issue_type::SUBTASK],
        ProjectKind::ServiceDesk => {
            vec![issue_type::SERVICE_REQUEST, issue_type::INCIDENT, issue_type::CHANGE]
        }
    }
}

fn statuses(profile: Profile, project: ProjectId) -> Vec<StatusId> {
    if profile.team.is_some() {
        return (0..TEAM_STATUSES.len() as u64).map(|n| status::scoped(project, n)).collect();
    }
    match profile.kind {
        ProjectKind::Software => {
            vec![status::TO_DO, status::IN_PROGRESS, status::IN_REVIEW, status::BLOCKED, status::DONE]
        }
        ProjectKind::Business => vec![status::TO_DO, status::IN_PROGRESS, status::DONE],
        ProjectKind::ServiceDesk => {
            vec![
                status::WAITING_FOR_SUPPORT,
                status::WAITING_FOR_CUSTOMER,
                status::IN_PROGRESS,
                status::RESOLVED,
                status::CLOSED,
            ]
        }
    }
}

fn components(dice: &mut Dice, staff: &[AccountIndex], place: u64, kind: ProjectKind) -> Vec<Component> {
    if kind != ProjectKind::Software {
        return Vec::new();
    }
    ["Planner", "Gateway", "Billing", "Map", "Reports", "Prüfstand"]
        .into_iter()
        .zip(0_u64..)
        .map(|(name, n)| Component {
            id: ComponentId(10_000 + place * 10 + n),
            name: name.to_owned(),
            description: if n % 2 == 0 { format!("Everything about {name}") } else { String::new() },
            lead: (n % 3 == 0).then(|| *dice.pick(staff)),
        })
        .collect()
}

fn versions(end: Millis, place: u64, kind: ProjectKind) -> Vec<Version> {
    if kind != ProjectKind::Software {
        return Vec::new();
    }
    let last = i32::try_from(end / 86_400_000).unwrap_or(0);
    (0_u64..8)
        .zip(0_i32..)
        .map(|(n, age)| {
            let release = last - 700 + age * 100;
            Version {
                id: VersionId(10_000 + place * 10 + n),
                name: format!("{}.{}.0", 1 + n / 4, n % 4),
                description: if n % 3 == 0 { String::new() } else { format!("Release {n}") },
                archived: n == 0,
                released: n < 6,
                start_date: Some(release - 90),
                release_date: (n != 7).then_some(release),
            }
        })
        .collect()
}

fn some(dice: &mut Dice, from: &[AccountIndex], count: usize) -> Vec<AccountIndex> {
    let mut chosen: Vec<AccountIndex> = (0..count.min(from.len())).map(|_| *dice.pick(from)).collect();
    chosen.sort_unstable();
    chosen.dedup();
    chosen
}

fn company_actors(dice: &mut Dice, around: &Surroundings<'_>, profile: Profile) -> Vec<RoleActors> {
    let extra =
        |number: u32| (around.groups > group::DEFAULT + number).then(|| GroupIndex(group::DEFAULT + number));
    let mut administrators = some(dice, around.staff, 2);
    let administered = profile.scheme != Scheme::Closed;
    administrators.retain(|account| administered || *account != around.staff[0]);
    let admin_groups = if administered { vec![group::ADMINS] } else { Vec::new() };
    let mut actors = vec![
        RoleActors {
            role: role::USERS,
            users: some(dice, around.staff, 3),
            groups: extra(2).into_iter().collect(),
        },
        RoleActors {
            role: role::DEVELOPERS,
            users: some(dice, around.staff, 6),
            groups: extra(1).into_iter().collect(),
        },
        RoleActors { role: role::ADMINISTRATORS, users: administrators, groups: admin_groups },
        RoleActors { role: role::ADD_ONS, users: Vec::new(), groups: Vec::new() },
    ];
    if profile.kind == ProjectKind::ServiceDesk {
        let customers = around.customers.iter().take(2).copied().collect();
        actors.push(RoleActors { role: role::SERVICE_DESK_CUSTOMERS, users: customers, groups: Vec::new() });
        actors.push(RoleActors {
            role: role::SERVICE_DESK_TEAM,
            users: some(dice, around.staff, 4),
            groups: vec![group::AGENTS],
        });
    }
    actors
}

fn team_actors(dice: &mut Dice, around: &Surroundings<'_>, project: ProjectId) -> Vec<RoleActors> {
    let mut administrators = some(dice, around.staff, 1);
    if !administrators.contains(&around.staff[0]) {
        administrators.insert(0, around.staff[0]);
    }
    vec![
        RoleActors { role: team_role(project, 0), users: administrators, groups: Vec::new() },
        RoleActors { role: team_role(project, 1), users: some(dice, around.staff, 5), groups: Vec::new() },
        RoleActors {
            role: team_role(project, 2),
            users: some(dice, around.staff, 2),
            groups: vec![group::AGENTS],
        },
    ]
}

fn service_desk(around: &Surroundings<'_>, number: usize) -> ServiceDesk {
    let place = number as u64;
    let kinds = [
        ("Ask a question", issue_type::SERVICE_REQUEST),
        ("Report a fault", issue_type::INCIDENT),
        ("Get access", issue_type::SERVICE_REQUEST),
        ("Plan a change", issue_type::CHANGE),
    ];
    ServiceDesk {
        id: ServiceDeskId(1 + place),
        access: if number < 8 { PortalAccess::Open } else { PortalAccess::Restricted },
        customers: around.customers.iter().step_by(2).copied().collect(),
        organizations: vec![OrganizationId(1), OrganizationId(2)],
        request_types: kinds
            .into_iter()
            .zip(0_u64..)
            .map(|((name, issue_type), n)| RequestType {
                id: RequestTypeId(100 + place * 10 + n),
                name: name.to_owned(),
                description: format!("{name} (answered within a day)"),
                issue_type,
                group_ids: vec![1 + n % 2],
            })
            .collect(),
    }
}

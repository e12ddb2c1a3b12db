//! Filters and dashboards of a site: one or more for each kind of share, private ones, and one filter behind every board.

use crate::world::group::Group;
use crate::world::ids::{AccountIndex, Millis, RoleId};
use crate::world::jira::{
    Audience, Dashboard, Filter, GADGETS, Gadget, JiraConfig, Project, ProjectState, Share,
};
use crate::world::seed::Dice;

/// Id of the first filter and of the first dashboard.
const FIRST: u64 = 10_000;
/// Filters and dashboards that belong to nobody's board.
const FREE: u64 = 24;
const COLORS: [&str; 4] = ["blue", "green", "gray", "purple"];

/// What filters and dashboards are made with.
pub(super) struct SharingPlan<'a> {
    pub(super) seed: u64,
    pub(super) config: &'a JiraConfig,
    pub(super) staff: &'a [AccountIndex],
    pub(super) groups: &'a [Group],
    /// Time the data ends at.
    pub(super) end: Millis,
}

/// Shares count through, so that each has an id of its own.
struct Shares(u64);

impl Shares {
    fn with(&mut self, audiences: &[Audience]) -> Vec<Share> {
        let share = |audience: &Audience| {
            self.0 += 1;
            Share { id: self.0, audience: *audience }
        };
        audiences.iter().map(share).collect()
    }
}

impl SharingPlan<'_> {
    fn live(&self) -> Vec<&Project> {
        self.config.projects.iter().filter(|project| project.state == ProjectState::Live).collect()
    }

    /// The audiences of the nth thing: every kind in turn, none, and two at once.
    fn audiences(&self, dice: &mut Dice, n: u64) -> Vec<Audience> {
        let live = self.live();
        let Some(project) = (!live.is_empty()).then(|| *dice.pick(&live)) else {
            return vec![Audience::SignedIn];
        };
        let role = project.role_actors.first().map_or(RoleId(0), |actors| actors.role);
        let group = dice.pick(self.groups).index;
        match n % 8 {
            0 => vec![Audience::SignedIn],
            1 | 5 => Vec::new(),
            2 => vec![Audience::Group(group)],
            3 => vec![Audience::Project(project.id)],
            4 => vec![Audience::ProjectRole(project.id, role)],
            6 => vec![Audience::User(*dice.pick(self.staff)), Audience::Group(group)],
            _ => vec![Audience::Public],
        }
    }

    fn some_people(&self, dice: &mut Dice) -> Vec<AccountIndex> {
        let mut people: Vec<AccountIndex> = (0..dice.index(4)).map(|_| *dice.pick(self.staff)).collect();
        people.sort_unstable();
        people.dedup();
        people
    }

    /// The filter behind a board is shared with the project, so that who sees the project sees the board.
    pub(super) fn filters(&self) -> Vec<Filter> {
        let mut shares = Shares(FIRST);
        let mut filters: Vec<Filter> = Vec::new();
        for board in &self.config.boards {
            let Some(project) = self.config.projects.iter().find(|project| project.id == board.project)
            else {
                continue;
            };
            filters.push(Filter {
                id: board_filter(board.id.0),
                name: format!("Filter for {}", board.name),
                description: String::new(),
                owner: project.lead,
                jql: format!("project = {} ORDER BY Rank ASC", project.key),
                shares: shares.with(&[Audience::Project(project.id)]),
                editors: Vec::new(),
                favourite_of: Vec::new(),
                last_used: Some(self.end),
            });
        }
        for n in 0..FREE {
            let mut dice = Dice::at(self.seed, 0xf117, n);
            let (name, jql) = self.query(&mut dice, n);
            let audiences = self.audiences(&mut dice, n);
            filters.push(Filter {
                id: FIRST + 1_000_000 + n,
                name,
                description: if n % 3 == 0 {
                    "Kept for the weekly meeting".to_owned()
                } else {
                    String::new()
                },
                owner: *dice.pick(self.staff),
                jql,
                shares: shares.with(&audiences),
                editors: if n % 8 == 2 { shares.with(&audiences) } else { Vec::new() },
                favourite_of: self.some_people(&mut dice),
                last_used: (n % 4 != 3)
                    .then(|| self.end - i64::try_from(dice.below(60)).unwrap_or(0) * 86_400_000),
            });
        }
        filters
    }

    fn query(&self, dice: &mut Dice, n: u64) -> (String, String) {
        let live = self.live();
        let key = if live.is_empty() { String::new() } else { dice.pick(&live).key.clone() };
        match n % 6 {
            0 => {
                ("My open work".to_owned(), "assignee = currentUser() AND statusCategory != Done".to_owned())
            }
            _ if key.is_empty() => {
                (format!("Recent {n}"), "created >= -30d ORDER BY created DESC".to_owned())
            }
            1 => (format!("Unresolved in {key}"), format!("project = {key} AND resolution is EMPTY")),
            2 => (format!("Backend of {key}"), format!("project = {key} AND labels = backend")),
            3 => (
                format!("New in {key}"),
                format!("project = {key} AND created >= -30d ORDER BY created DESC"),
            ),
            4 => (format!("Done lately {n}"), "statusCategory = Done AND resolved >= -14d".to_owned()),
            _ => (
                format!("Watched in {key}"),
                format!("project = {key} AND watcher = currentUser() ORDER BY updated DESC"),
            ),
        }
    }

    /// The dashboard of the system comes first.
    pub(super) fn dashboards(&self) -> Vec<Dashboard> {
        let mut shares = Shares(FIRST);
        let system = Dashboard {
            id: FIRST,
            name: "Default dashboard".to_owned(),
            description: String::new(),
            owner: None,
            shares: shares.with(&[Audience::Public]),
            editors: Vec::new(),
            favourite_of: Vec::new(),
            gadgets: gadgets(FIRST, 2),
        };
        let one = |n: u64| {
            let mut dice = Dice::at(self.seed, 0xda5b, n);
            let audiences = self.audiences(&mut dice, n);
            let id = FIRST + 1 + n;
            Dashboard {
                id,
                name: ["Harbour at a glance", "Release watch", "Night shift", "Crane board"][dice.index(4)]
                    .to_owned()
                    + &format!(" {}", n + 1),
                description: if n.is_multiple_of(2) {
                    "What the team looks at first".to_owned()
                } else {
                    String::new()
                },
                owner: Some(*dice.pick(self.staff)),
                shares: shares.with(&audiences),
                editors: if n % 8 == 3 { shares.with(&audiences) } else { Vec::new() },
                favourite_of: self.some_people(&mut dice),
                gadgets: gadgets(id, n % 6),
            }
        };
        std::iter::once(system).chain((0..FREE).map(one)).collect()
    }
}

/// Id of the filter behind a board.
pub(crate) const fn board_filter(board: u64) -> u64 {
    FIRST + board
}

fn gadgets(dashboard: u64, count: u64) -> Vec<Gadget> {
    (0..count)
        .zip(0_u32..)
        .map(|(n, place)| Gadget {
            id: dashboard * 10 + n,
            kind: GADGETS[place as usize % GADGETS.len()],
            color: COLORS[place as usize % COLORS.len()],
            column: place % 2,
            row: place / 2,
        })
        .collect()
}

//! Building a world: people, sites, and the made-up or loaded data of each.

pub(in crate::world) mod furniture;
pub(in crate::world) mod jira_config;
pub(in crate::world) mod people;
pub(in crate::world) mod projects;
pub(in crate::world) mod schemes;
pub(in crate::world) mod sharing;
pub(in crate::world) mod spaces;

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

use self::jira_config::JiraPlan;
use self::people::{People, group};
use self::sharing::SharingPlan;
use self::spaces::SpacePlan;
use super::account::Directory;
use super::audit::AuditLog;
use super::clock::Clock;
use super::confluence::store::{ConfluenceBase, ConfluenceState};
use super::confluence::{ContentKind, ContentStatus};
use super::dataset::issues::LoadedJira;
use super::dataset::pages::LoadedConfluence;
use super::dataset::{self, DatasetPeople};
use super::generated::blocks::Blocks;
use super::generated::content::GeneratedConfluence;
use super::generated::issues::{GeneratedJira, IssuePlan};
use super::ids::{AccountIndex, ContentId, LabelIndex, Millis};
use super::jira::JiraConfig;
use super::jira::store::{JiraBase, JiraState};
use super::seed::{mix, uuid};
use super::site::{Site, SiteState};
use super::{World, WorldError, WorldOptions};

/// The latest time made-up data ends at, whatever the clock says, so that one seed gives one world: 2026-06-01T00:00:00Z.
const LATEST_END: Millis = 1_780_272_000_000;
/// Names of the sites. The first two differ only by a suffix, which loose matching gets wrong.
const SITE_NAMES: [&str; 4] = ["harbour", "harbour-1", "lagoon", "estuary"];

/// Who is on a site, and how much of everything there is.
struct SitePlan<'a> {
    seed: u64,
    number: usize,
    staff: &'a [AccountIndex],
    customers: &'a [AccountIndex],
    apps: &'a [AccountIndex],
    options: WorldOptions,
    end: Millis,
}

impl World {
    /// Builds a world.
    pub fn new(options: &WorldOptions, clock: Clock) -> Result<Self, WorldError> {
        let seed = mix(options.seed);
        let clock = Arc::new(clock);
        let end = (clock.now_ms().div_euclid(86_400_000) * 86_400_000).min(LATEST_END);
        let People { mut directory, staff, customers, apps } = people::make(seed, options.users);
        let mut loaded = options
            .dataset
            .as_deref()
            .map(|folder| Loaded::load(folder, &mut directory, staff[0]))
            .transpose()?;
        people::keep_spare_customers(seed, &mut directory);
        let directory = Arc::new(directory);
        let sites = (0..options.sites.max(1) as usize).map(|number| {
            let is_main = number == 0;
            let few = staff.len().min(12);
            let plan = SitePlan {
                seed: mix(seed ^ number as u64),
                number,
                staff: if is_main { &staff } else { &staff[..few] },
                customers: if is_main { &customers } else { &customers[..1] },
                apps: &apps,
                options: if is_main { options.clone() } else { small(options) },
                end,
            };
            match loaded.take() {
                Some(loaded) => loaded_site(&directory, &plan, loaded),
                None => made_up_site(&directory, &plan),
            }
        });
        let sites = sites.collect();
        Ok(Self { seed: options.seed, clock, directory, sites })
    }
}

/// A dataset in memory.
struct Loaded {
    people: Vec<AccountIndex>,
    jira: (LoadedJira, JiraConfig),
    confluence: (LoadedConfluence, Vec<super::confluence::Space>),
}

impl Loaded {
    fn load(folder: &Path, directory: &mut Directory, admin: AccountIndex) -> Result<Self, WorldError> {
        dataset::check(folder)?;
        let mut people = DatasetPeople::load(folder, directory)?;
        let jira = dataset::loader::load(folder, directory, &mut people, admin)?;
        let confluence = dataset::pages::load(folder, directory, &mut people, admin)?;
        Ok(Self { people: people.all(), jira, confluence })
    }
}

/// What the further sites have.
fn small(options: &WorldOptions) -> WorldOptions {
    WorldOptions {
        projects: options.projects.min(2),
        issues: options.issues.min(40),
        spaces: options.spaces.min(2),
        pages: options.pages.min(20),
        groups: options.groups.min(3),
        ..options.clone()
    }
}

fn site_name(number: usize) -> String {
    SITE_NAMES.get(number).map_or_else(|| format!("site-{number}"), |name| (*name).to_owned())
}

fn made_up_site(directory: &Arc<Directory>, plan: &SitePlan<'_>) -> Site {
    let name = site_name(plan.number);
    let url = format!("https://{name}.atlassian.net");
    let (groups, application_roles) = people::groups(plan.seed, &name, plan.staff, plan.options.groups);
    let group_count = u32::try_from(groups.len()).unwrap_or(u32::MAX);
    let mut present: Vec<AccountIndex> =
        plan.staff.iter().chain(plan.customers).chain(plan.apps).copied().collect();
    present.sort_unstable();
    let blocks = Arc::new(Blocks::new(plan.seed, directory, plan.staff, &url));
    let mut config = jira_config::make(&JiraPlan {
        seed: plan.seed,
        projects: plan.options.projects,
        staff: plan.staff,
        customers: plan.customers,
        groups: group_count,
        end: plan.end,
        anonymous_access: plan.number == 0,
    });
    let mut jira = GeneratedJira::new(&IssuePlan {
        seed: plan.seed,
        count: plan.options.issues,
        weights: &jira_config::weights(plan.options.projects),
        config: &config,
        staff: plan.staff,
        customers: plan.customers,
        groups: group_count,
        end: plan.end,
        directory,
        blocks: &blocks,
    });
    let mut spaces = spaces::make(&SpacePlan {
        seed: plan.seed,
        spaces: plan.options.spaces,
        staff: plan.staff,
        groups: group_count,
        directory,
        end: plan.end,
    });
    let content = GeneratedConfluence::new(
        plan.seed,
        plan.options.pages,
        &mut spaces,
        (plan.staff, group_count),
        plan.end,
        &blocks,
    );
    let next_id = content.next_id();
    jira.refer_to(pages_to_mention(&content, &spaces), &url);
    let (next, last_number) = (jira.next_ids(), jira.last_numbers().collect());
    share(&mut config, plan, &groups);
    let mut state = SiteState {
        directory: Arc::clone(directory),
        present,
        groups,
        application_roles,
        admin_group: group::ADMINS,
        guest_group: Some(group::GUESTS),
        audit: AuditLog::from(plan.end),
        jira: jira_state(config, JiraBase::Generated(Box::new(jira)), next, last_number),
        confluence: confluence_state(
            plan.number != 0,
            spaces,
            ConfluenceBase::Generated(Box::new(content)),
            next_id,
            Some(plan.seed),
        ),
        log: super::log::ChangeLog::default(),
        outbox: Arc::default(),
        roster: super::mutate::Roster::default(),
    };
    furniture::place(&mut state, plan.seed, plan.staff, plan.end);
    Site::new(uuid(plan.seed ^ 0xc10d, 7), name, url, state)
}

/// The main site with a dataset: its people all hold Jira and Confluence.
fn loaded_site(directory: &Arc<Directory>, plan: &SitePlan<'_>, loaded: Loaded) -> Site {
    let name = site_name(plan.number);
    let url = format!("https://{name}.atlassian.net");
    let (mut groups, application_roles) = people::groups(plan.seed, &name, plan.staff, plan.options.groups);
    for index in [group::JIRA_USERS, group::CONFLUENCE_USERS] {
        let members = &mut groups[index.0 as usize].members;
        members.extend(&loaded.people);
        members.sort_unstable();
    }
    let mut present: Vec<AccountIndex> =
        plan.staff.iter().chain(plan.customers).chain(plan.apps).chain(&loaded.people).copied().collect();
    present.sort_unstable();
    let (jira, mut config) = loaded.jira;
    let (content, spaces) = loaded.confluence;
    let (next, last_number, next_id) = (jira.next_ids(), jira.last_numbers(), content.next_id());
    share(&mut config, plan, &groups);
    let state = SiteState {
        directory: Arc::clone(directory),
        present,
        groups,
        application_roles,
        admin_group: group::ADMINS,
        guest_group: Some(group::GUESTS),
        audit: AuditLog::from(plan.end),
        jira: jira_state(config, JiraBase::Loaded(Box::new(jira)), next, last_number),
        confluence: confluence_state(false, spaces, ConfluenceBase::Loaded(Box::new(content)), next_id, None),
        log: super::log::ChangeLog::default(),
        outbox: Arc::default(),
        roster: super::mutate::Roster::default(),
    };
    Site::new(uuid(plan.seed ^ 0xc10d, 7), name, url, state)
}

/// Pages that issues point at.
const MENTIONED: usize = 64;

fn pages_to_mention(content: &GeneratedConfluence, spaces: &[super::confluence::Space]) -> Vec<ContentId> {
    let ids = spaces.iter().flat_map(|space| {
        let mut last = None;
        std::iter::from_fn(move || {
            last = content.next_after(space.id, last);
            last
        })
    });
    let is_page = |id: &ContentId| {
        content
            .head(*id)
            .is_some_and(|head| head.kind == ContentKind::Page && head.status == ContentStatus::Current)
    };
    ids.filter(is_page).take(MENTIONED).collect()
}

/// Gives a configured Jira its filters and dashboards.
fn share(config: &mut JiraConfig, plan: &SitePlan<'_>, groups: &[super::group::Group]) {
    let sharing = SharingPlan { seed: plan.seed, config, staff: plan.staff, groups, end: plan.end };
    let (filters, dashboards) = (sharing.filters(), sharing.dashboards());
    config.filters = filters;
    config.dashboards = dashboards;
}

fn jira_state(
    config: JiraConfig,
    base: JiraBase,
    next: super::jira::store::NextIds,
    last_number: HashMap<super::ids::ProjectId, u32>,
) -> JiraState {
    let label_index = config.labels.iter().cloned().zip((0..).map(LabelIndex)).collect();
    JiraState {
        config,
        base,
        touched: BTreeMap::new(),
        touched_children: HashMap::new(),
        numbers: HashMap::new(),
        added: HashMap::new(),
        next,
        last_number,
        label_index,
        deleted_worklogs: Vec::new(),
    }
}

fn confluence_state(
    anonymous_access: bool,
    spaces: Vec<super::confluence::Space>,
    base: ConfluenceBase,
    next_id: u64,
    seed: Option<u64>,
) -> ConfluenceState {
    ConfluenceState {
        anonymous_access,
        spaces,
        base,
        touched: BTreeMap::new(),
        touched_children: HashMap::new(),
        added_comments: HashMap::new(),
        added_files: HashMap::new(),
        next_id,
        extras: super::confluence::extras::Extras::seeded(seed),
    }
}

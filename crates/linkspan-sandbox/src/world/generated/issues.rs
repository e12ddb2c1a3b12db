//! Issues as a function of their position: where each stands, and its cheap view.
//!
//! Positions count from 0 in order of creation. Projects share every stretch of `block` positions by their weights, so that
//! position, project and number follow from one another by arithmetic, and ids rise with time in every project.

use std::sync::Arc;

use super::blocks::Blocks;
use super::issue_counts::Counts;
use super::project_plan::ProjectPlan;
use super::words::{EVENTS, SUBJECTS};
use crate::world::account::Directory;
use crate::world::ids::{
    AccountIndex, AttachmentId, CommentId, ContentId, Day, HistoryId, IssueId, IssueLinkId, LabelIndex,
    Millis, OrganizationId, PriorityId, ProjectId, ResolutionId, RoleId, SecurityLevelId, WorklogId,
};
use crate::world::jira::store::{Child, NextIds};
use crate::world::jira::{IssueHead, JiraConfig, ProjectKind, StatusCategory};
use crate::world::seed::{Dice, mix};

/// First id of issues, comments, worklogs, histories, attachments and links alike.
const FIRST: u64 = 10_000;
/// Room for the comments of one issue, in bits of the id.
const COMMENT_BITS: u32 = 12;
const WORKLOG_BITS: u32 = 8;
const HISTORY_BITS: u32 = 8;
const ATTACHMENT_BITS: u32 = 5;
/// Distances of the two issues an issue may be linked with: positions that differ in these bits are partners.
pub(super) const PARTNERS: [u64; 2] = [5, 64];

/// Issues made from a seed.
#[derive(Debug)]
pub(in crate::world) struct GeneratedJira {
    pub(super) seed: u64,
    count: u64,
    block: u64,
    /// Project and rank of each place in a block.
    places: Vec<(u32, u32)>,
    pub(super) projects: Vec<ProjectPlan>,
    /// Creation time of the first issue, and the time between two.
    first: Millis,
    step: u64,
    pub(super) end: Millis,
    pub(super) label_sets: Vec<Vec<LabelIndex>>,
    pub(super) staff: Vec<AccountIndex>,
    pub(super) customers: Vec<AccountIndex>,
    pub(super) organizations: Vec<OrganizationId>,
    pub(super) groups: u32,
    pub(super) directory: Arc<Directory>,
    pub(super) blocks: Arc<Blocks>,
    pub(super) shared: super::issue_body::Shared,
    /// Pages of the site's Confluence that issues point at, with the address of the site.
    pub(super) mentioned: (Vec<ContentId>, String),
}

/// What a generated Jira is made from.
pub(in crate::world) struct IssuePlan<'a> {
    pub(in crate::world) seed: u64,
    pub(in crate::world) count: u32,
    pub(in crate::world) weights: &'a [u32],
    pub(in crate::world) config: &'a JiraConfig,
    pub(in crate::world) staff: &'a [AccountIndex],
    pub(in crate::world) customers: &'a [AccountIndex],
    pub(in crate::world) groups: u32,
    pub(in crate::world) end: Millis,
    pub(in crate::world) directory: &'a Arc<Directory>,
    pub(in crate::world) blocks: &'a Arc<Blocks>,
}

/// Where an issue stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) position: u64,
    pub(super) project: usize,
    /// Number of the key, less one.
    pub(super) ordinal: u64,
}

/// What an issue is in the hierarchy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Epic,
    Standard,
    /// With the ordinal of its parent.
    OfEpic(u64),
    Subtask(u64),
}

impl GeneratedJira {
    pub(in crate::world) fn new(plan: &IssuePlan<'_>) -> Self {
        let mut places: Vec<(u32, u32)> = (0_u32..)
            .zip(plan.weights)
            .flat_map(|(project, weight)| (0..*weight).map(move |rank| (project, rank)))
            .collect();
        let mut dice = Dice::at(plan.seed, 0xb1, 0);
        for at in (1..places.len()).rev() {
            places.swap(at, dice.index(at + 1));
        }
        // Within a block the numbers of a project must rise with the position.
        let mut ranks = vec![0; plan.weights.len()];
        for (project, rank) in &mut places {
            *rank = ranks[*project as usize];
            ranks[*project as usize] += 1;
        }
        let projects =
            plan.config.projects.iter().zip(0_u32..).zip(plan.weights).map(|((project, number), weight)| {
                let slots = (0_u64..)
                    .zip(&places)
                    .filter(|(_, (owner, _))| *owner == number)
                    .map(|(slot, _)| slot)
                    .collect();
                ProjectPlan::new(project, plan.config, u64::from(*weight), slots)
            });
        let count = u64::from(plan.count);
        let span = 5 * 365 * 86_400_000_u64;
        let labels = plan.config.labels.len();
        let label_set = |dice: &mut Dice| {
            let wanted = [0, 0, 1, 1, 2, 3, 4][dice.index(7)];
            let mut set: Vec<LabelIndex> = Vec::new();
            for _ in 0..wanted {
                let label = LabelIndex(u32::try_from(dice.index(labels)).unwrap_or(0));
                if !set.contains(&label) {
                    set.push(label);
                }
            }
            set
        };
        Self {
            seed: plan.seed,
            count,
            block: places.len() as u64,
            projects: projects.collect(),
            places,
            first: plan.end - 86_400_000 - Millis::try_from(span).unwrap_or(0),
            step: (span / count.max(1)).max(1),
            end: plan.end,
            label_sets: (0..256).map(|_| label_set(&mut dice)).collect(),
            staff: plan.staff.to_vec(),
            customers: plan.customers.to_vec(),
            organizations: plan.config.organizations.iter().map(|organization| organization.id).collect(),
            groups: plan.groups,
            directory: Arc::clone(plan.directory),
            blocks: Arc::clone(plan.blocks),
            shared: super::issue_body::Shared::new(plan.config),
            mentioned: (Vec::new(), String::new()),
        }
    }

    /// Lets issues point at pages of the site's Confluence.
    pub(in crate::world) fn refer_to(&mut self, pages: Vec<ContentId>, site_url: &str) {
        self.mentioned = (pages, site_url.to_owned());
    }

    /// Ids to give to what is made at run time.
    pub(in crate::world) fn next_ids(&self) -> NextIds {
        NextIds {
            issue: FIRST + self.count,
            comment: FIRST + (self.count << COMMENT_BITS),
            worklog: FIRST + (self.count << WORKLOG_BITS),
            history: FIRST + (self.count << HISTORY_BITS),
            attachment: FIRST + (self.count << ATTACHMENT_BITS),
            link: FIRST + (self.count << 1),
        }
    }

    /// The highest number used in each project.
    pub(in crate::world) fn last_numbers(&self) -> impl Iterator<Item = (ProjectId, u32)> + '_ {
        self.projects
            .iter()
            .enumerate()
            .map(|(at, project)| (project.id, u32::try_from(self.size_of(at)).unwrap_or(u32::MAX)))
    }

    fn size_of(&self, project: usize) -> u64 {
        let plan = &self.projects[project];
        let rest = self.count % self.block;
        (self.count / self.block) * plan.weight
            + plan.slots.iter().filter(|slot| **slot < rest).count() as u64
    }

    pub(super) fn place(&self, id: IssueId) -> Option<Place> {
        let position = id.0.checked_sub(FIRST).filter(|position| *position < self.count)?;
        let (project, rank) = self.places[usize::try_from(position % self.block).ok()?];
        let project = project as usize;
        Some(Place {
            position,
            project,
            ordinal: (position / self.block) * self.projects[project].weight + u64::from(rank),
        })
    }

    fn position(&self, project: usize, ordinal: u64) -> Option<u64> {
        let plan = &self.projects[project];
        let slot = plan.slots.get(usize::try_from(ordinal % plan.weight.max(1)).ok()?)?;
        Some((ordinal / plan.weight) * self.block + slot).filter(|position| *position < self.count)
    }

    fn id_at(&self, project: usize, ordinal: u64) -> Option<IssueId> {
        self.position(project, ordinal).map(|position| IssueId(FIRST + position))
    }

    fn project_at(&self, id: ProjectId) -> Option<usize> {
        self.projects.iter().position(|project| project.id == id)
    }

    pub(in crate::world) fn next_after(&self, after: Option<IssueId>) -> Option<IssueId> {
        let next = after.map_or(FIRST, |id| (id.0 + 1).max(FIRST));
        (next < FIRST + self.count).then_some(IssueId(next))
    }

    pub(in crate::world) fn next_in(&self, project: ProjectId, after: Option<IssueId>) -> Option<IssueId> {
        let at = self.project_at(project)?;
        let Some(after) = after.filter(|id| id.0 >= FIRST) else { return self.id_at(at, 0) };
        let position = after.0 - FIRST;
        let plan = &self.projects[at];
        // Ordinals below the block of `after`, and those of its block up to its place.
        let passed = plan.slots.iter().filter(|slot| **slot <= position % self.block).count() as u64;
        self.id_at(at, (position / self.block) * plan.weight + passed)
    }

    pub(in crate::world) fn by_number(&self, project: ProjectId, number: u32) -> Option<IssueId> {
        self.id_at(self.project_at(project)?, u64::from(number).checked_sub(1)?)
    }

    pub(in crate::world) fn home_of(&self, child: Child) -> Option<IssueId> {
        let (id, bits) = match child {
            Child::Comment(CommentId(id)) => (id, COMMENT_BITS),
            Child::Worklog(WorklogId(id)) => (id, WORKLOG_BITS),
            Child::Attachment(AttachmentId(id)) => (id, ATTACHMENT_BITS),
            Child::Link(IssueLinkId(id)) => (id, 1),
        };
        let position = id.checked_sub(FIRST)? >> bits;
        (position < self.count).then_some(IssueId(FIRST + position))
    }

    pub(super) fn comment_id(place: Place, at: u32) -> CommentId {
        CommentId(FIRST + ((place.position << COMMENT_BITS) | u64::from(at)))
    }

    pub(super) fn worklog_id(place: Place, at: u32) -> WorklogId {
        WorklogId(FIRST + ((place.position << WORKLOG_BITS) | u64::from(at)))
    }

    pub(super) fn history_id(place: Place, at: u32) -> HistoryId {
        HistoryId(FIRST + ((place.position << HISTORY_BITS) | u64::from(at)))
    }

    pub(super) fn attachment_id(place: Place, at: u32) -> AttachmentId {
        AttachmentId(FIRST + ((place.position << ATTACHMENT_BITS) | u64::from(at)))
    }

    /// The far end of the link with a partner, if the two are linked: the id of the link and whether this end is the source.
    pub(super) fn partner(&self, place: Place, which: usize) -> Option<(IssueId, IssueLinkId, bool, u64)> {
        let other = place.position ^ PARTNERS[which];
        let source = place.position.min(other);
        let mut dice = Dice::at(self.seed, 0x119 + which as u64, source);
        let linked = other < self.count && dice.chance(110);
        linked.then(|| {
            (
                IssueId(FIRST + other),
                IssueLinkId(FIRST + (source << 1 | which as u64)),
                source == place.position,
                dice.below(4),
            )
        })
    }

    /// Issues stand in groups of ten per project: the first may be an epic, the eighth and ninth sub-tasks of the fourth.
    fn shape(&self, place: Place) -> Shape {
        let plan = &self.projects[place.project];
        let (group, rank) = (place.ordinal / 10, place.ordinal % 10);
        let has_epic =
            plan.epic.is_some() && mix(self.seed ^ (group << 8) ^ place.project as u64).is_multiple_of(3);
        if rank == 0 && has_epic {
            return Shape::Epic;
        }
        let mut dice = Dice::at(self.seed, 0x54a9e, place.position);
        if plan.subtask.is_some() && matches!(rank, 7 | 8) && dice.chance(600) {
            return Shape::Subtask(group * 10 + 3);
        }
        if has_epic && dice.chance(700) { Shape::OfEpic(group * 10) } else { Shape::Standard }
    }

    pub(in crate::world) fn children(&self, id: IssueId) -> Vec<IssueId> {
        let Some(place) = self.place(id) else { return Vec::new() };
        let group = place.ordinal / 10 * 10;
        let ranks = match (self.shape(place), place.ordinal % 10) {
            (Shape::Epic, _) => 1..10,
            (_, 3) => 7..9,
            _ => return Vec::new(),
        };
        let is_child = |ordinal: u64| {
            let child =
                Place { position: self.position(place.project, ordinal)?, project: place.project, ordinal };
            let parent = match self.shape(child) {
                Shape::OfEpic(parent) | Shape::Subtask(parent) => parent,
                Shape::Epic | Shape::Standard => return None,
            };
            (parent == place.ordinal).then_some(IssueId(FIRST + child.position))
        };
        ranks.filter_map(|rank| is_child(group + rank)).collect()
    }

    pub(in crate::world) fn head(&self, id: IssueId) -> Option<IssueHead<'_>> {
        let place = self.place(id)?;
        let plan = &self.projects[place.project];
        let mut dice = Dice::at(self.seed, 0x155e, place.position);
        let shape = self.shape(place);
        let parent = match shape {
            Shape::OfEpic(parent) | Shape::Subtask(parent) => self.id_at(place.project, parent),
            Shape::Epic | Shape::Standard => None,
        };
        let issue_type = match shape {
            Shape::Epic => plan.epic?,
            Shape::Subtask(_) => plan.subtask?,
            Shape::Standard | Shape::OfEpic(_) => *dice.pick(&plan.standard),
        };
        let created = self.created(place.position, &mut dice);
        let updated = created + self.life(created, &mut dice);
        let resolved_share = 4 + dice.below(4);
        let (status, category, _) = plan.statuses[Self::status_index(plan, &mut dice)];
        let done = category == StatusCategory::Done;
        let by_customer = plan.kind == ProjectKind::ServiceDesk && dice.chance(600);
        let reporter = *dice.pick(if by_customer { &self.customers } else { &self.staff });
        let creator = if dice.chance(950) { reporter } else { *dice.pick(&self.staff) };
        let assignee = (!dice.chance(120)).then(|| *dice.pick(&self.staff));
        let day = Day::try_from(created / 86_400_000).unwrap_or(0);
        let due = dice.chance(200).then(|| day + 5 + Day::try_from(dice.below(60)).unwrap_or(0));
        let security = match &plan.levels {
            Some(levels) if !matches!(shape, Shape::Subtask(_)) && dice.chance(150) => {
                Some(SecurityLevelId(levels.start() + dice.below(levels.end() - levels.start() + 1)))
            }
            _ => None,
        };
        let restricted_to: &[RoleId] = if plan.restrictions.is_empty() || !dice.chance(60) {
            &[]
        } else {
            dice.pick(&plan.restrictions).as_slice()
        };
        let priority =
            dice.chance(970).then(|| PriorityId(1 + [0, 1, 1, 2, 2, 2, 2, 3, 3, 4][dice.index(10)]));
        let counts = Counts::roll(place.position, &mut dice);
        Some(IssueHead {
            id,
            project: plan.id,
            number: u32::try_from(place.ordinal + 1).unwrap_or(u32::MAX),
            issue_type,
            status,
            priority,
            resolution: done.then(|| ResolutionId(10_000 + [0, 0, 0, 0, 0, 1, 2, 3][dice.index(8)])),
            assignee,
            reporter: Some(reporter),
            creator: Some(creator),
            created,
            updated,
            resolved: done
                .then(|| created + (updated - created) / 8 * Millis::try_from(resolved_share).unwrap_or(4)),
            due,
            parent,
            security,
            restricted_to,
            labels: dice.pick(&self.label_sets).as_slice(),
            components: dice.pick(&plan.components).as_slice(),
            fix_versions: dice.pick(&plan.versions).as_slice(),
            versions: if dice.chance(300) { dice.pick(&plan.versions).as_slice() } else { &[] },
            sprints: if matches!(shape, Shape::Subtask(_) | Shape::Epic) {
                &[]
            } else {
                dice.pick(&plan.sprints).as_slice()
            },
            archived: false,
            comments: counts.comments,
            worklogs: counts.worklogs,
            histories: counts.histories,
            attachments: counts.attachments,
        })
    }

    fn created(&self, position: u64, dice: &mut Dice) -> Millis {
        self.first + Millis::try_from(position * self.step + dice.below(self.step)).unwrap_or(0)
    }

    /// Time from creation to the last update: mostly short, now and then up to the present.
    fn life(&self, created: Millis, dice: &mut Dice) -> Millis {
        let left = u128::try_from(self.end - created).unwrap_or(0);
        let share = u128::from(dice.below(1024));
        Millis::try_from((left * share * share * share) >> 30).unwrap_or(0).max(3_600_000)
    }

    fn status_index(plan: &ProjectPlan, dice: &mut Dice) -> usize {
        let last = plan.statuses.len() - 1;
        if dice.chance(550) { last } else { dice.index(last.max(1)) }
    }

    pub(in crate::world) fn summary(&self, id: IssueId) -> Option<Arc<str>> {
        let place = self.place(id)?;
        let mut dice = Dice::at(self.seed, 0x50bb, place.position);
        Some(format!("{} {}", dice.word(&SUBJECTS), dice.word(&EVENTS)).into())
    }
}

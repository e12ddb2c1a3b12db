//! Pages, blog posts and folders as a function of their position: where each stands in its tree, and its cheap view.
//!
//! Every space owns a stretch of positions: first its tree, whose nodes are numbered from the home page on, then its blog
//! posts. Comments and files of a piece of content have ids within the stretch of ids that begins with its own.

use std::sync::Arc;

use super::blocks::Blocks;
use super::words::{FILES, TITLES};
use crate::world::build::people::group;
use crate::world::confluence::{ContentHead, ContentKind, ContentStatus, Restriction, Restrictions, Space};
use crate::world::ids::{AccountIndex, ContentId, FileId, GroupIndex, Millis, SpaceId};
use crate::world::seed::Dice;

/// Id of the first content.
const FIRST: u64 = 1_048_576;
/// Distance between the ids of two neighbours.
const STRIDE: u64 = 4_096;
/// Within a stretch: comments from 1, files from here.
const FILES_FROM: u64 = 2_048;
/// Children of a page that has the full number.
const FAN_OUT: u64 = 4;
/// One node in so many is a folder.
const FOLDER_EVERY: u64 = 40;

/// What one space owns.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stretch {
    space: SpaceId,
    start: u64,
    nodes: u64,
    posts: u64,
}

/// Content made from a seed.
#[derive(Debug)]
pub(in crate::world) struct GeneratedConfluence {
    pub(super) seed: u64,
    pub(super) stretches: Vec<Stretch>,
    pub(super) staff: Vec<AccountIndex>,
    pub(super) groups: u32,
    pub(super) end: Millis,
    pub(super) blocks: Arc<Blocks>,
    pub(super) files: Vec<(Arc<str>, Arc<str>, u64)>,
}

/// Where content stands: its space's stretch and its number there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) position: u64,
    pub(super) stretch: Stretch,
    pub(super) local: u64,
}

impl GeneratedConfluence {
    /// Shares `pages` among the spaces and sets their home pages.
    pub(in crate::world) fn new(
        seed: u64,
        pages: u32,
        spaces: &mut [Space],
        (staff, groups): (&[AccountIndex], u32),
        end: Millis,
        blocks: &Arc<Blocks>,
    ) -> Self {
        let count = spaces.len() as u64;
        let mut start = 0;
        let stretches = spaces.iter_mut().zip(0_u64..).map(|(space, number)| {
            let share = u64::from(pages) / count + u64::from(number < u64::from(pages) % count);
            let nodes = nodes_for(share);
            let stretch = Stretch { space: space.id, start, nodes, posts: share / 12 };
            if nodes > 0 {
                space.homepage = Some(ContentId(FIRST + start * STRIDE));
            }
            start += stretch.nodes + stretch.posts;
            stretch
        });
        Self {
            seed,
            stretches: stretches.collect(),
            staff: staff.to_vec(),
            groups,
            end,
            blocks: Arc::clone(blocks),
            files: FILES
                .iter()
                .map(|(name, kind, size)| (Arc::from(*name), Arc::from(*kind), *size))
                .collect(),
        }
    }

    /// Id to give next at run time.
    pub(in crate::world) fn next_id(&self) -> u64 {
        FIRST + self.stretches.last().map_or(0, |last| last.start + last.nodes + last.posts) * STRIDE
    }

    fn place_at(&self, position: u64) -> Option<Place> {
        let after = self.stretches.partition_point(|stretch| stretch.start <= position);
        // A space without content shares its start with the next one, so the last of those is the owner.
        let stretch = *self.stretches.get(after.checked_sub(1)?)?;
        let local = position - stretch.start;
        (local < stretch.nodes + stretch.posts).then_some(Place { position, stretch, local })
    }

    pub(super) fn place(&self, id: ContentId) -> Option<Place> {
        let offset = id.0.checked_sub(FIRST)?;
        offset.is_multiple_of(STRIDE).then(|| self.place_at(offset / STRIDE))?
    }

    fn id(place: Place, local: u64) -> ContentId {
        ContentId(FIRST + (place.stretch.start + local) * STRIDE)
    }

    pub(super) fn comment_id(place: Place, at: u32) -> ContentId {
        ContentId(FIRST + place.position * STRIDE + 1 + u64::from(at))
    }

    pub(super) fn file_id(place: Place, at: u32) -> FileId {
        FileId(FIRST + place.position * STRIDE + FILES_FROM + u64::from(at))
    }

    pub(in crate::world) fn comment_home(&self, id: ContentId) -> Option<ContentId> {
        let offset = id.0.checked_sub(FIRST)?;
        let within = (1..FILES_FROM).contains(&(offset % STRIDE));
        let place = self.place_at(offset / STRIDE).filter(|_| within)?;
        Some(Self::id(place, place.local))
    }

    pub(in crate::world) fn file_home(&self, id: FileId) -> Option<ContentId> {
        let offset = id.0.checked_sub(FIRST)?;
        let place = self.place_at(offset / STRIDE).filter(|_| offset % STRIDE >= FILES_FROM)?;
        Some(Self::id(place, place.local))
    }

    pub(in crate::world) fn next_after(&self, space: SpaceId, after: Option<ContentId>) -> Option<ContentId> {
        let stretch = *self.stretches.iter().find(|stretch| stretch.space == space)?;
        let first = FIRST + stretch.start * STRIDE;
        let local = after.map_or(0, |id| id.0.checked_sub(first).map_or(0, |offset| offset / STRIDE + 1));
        (local < stretch.nodes + stretch.posts).then(|| ContentId(first + local * STRIDE))
    }

    /// The parent of a node: usually one of a broad tree, for one in eight its predecessor, which makes deep chains.
    fn parent_of(&self, place: Place, local: u64) -> Option<u64> {
        if local == 0 || local >= place.stretch.nodes {
            return None;
        }
        let chained = Dice::at(self.seed, 0xc4a1, place.stretch.start + local).chance(125);
        Some(if chained { local - 1 } else { (local - 1) / FAN_OUT })
    }

    fn child_numbers(&self, place: Place) -> Vec<u64> {
        let broad = place.local * FAN_OUT + 1..=place.local * FAN_OUT + FAN_OUT;
        let chain = place.local + 1;
        let mut numbers: Vec<u64> =
            std::iter::once(chain).filter(|chain| !broad.contains(chain)).chain(broad.clone()).collect();
        numbers.retain(|number| {
            *number < place.stretch.nodes && self.parent_of(place, *number) == Some(place.local)
        });
        numbers
    }

    pub(in crate::world) fn children(&self, id: ContentId) -> Vec<ContentId> {
        let Some(place) = self.place(id).filter(|place| place.local < place.stretch.nodes) else {
            return Vec::new();
        };
        self.child_numbers(place).into_iter().map(|number| Self::id(place, number)).collect()
    }

    pub(in crate::world) fn head(&self, id: ContentId) -> Option<ContentHead> {
        let place = self.place(id)?;
        let mut dice = Dice::at(self.seed, 0xc0de, place.position);
        let kind = match place.local {
            local if local >= place.stretch.nodes => ContentKind::BlogPost,
            local if is_folder(local) => ContentKind::Folder,
            _ => ContentKind::Page,
        };
        let fate = dice.below(1000);
        let status = match fate {
            _ if place.local == 0 || kind == ContentKind::Folder => ContentStatus::Current,
            0..10 => ContentStatus::Draft,
            10..20 if kind == ContentKind::Page => ContentStatus::Archived,
            20..32 if kind == ContentKind::BlogPost || self.child_numbers(place).is_empty() => {
                ContentStatus::Trashed
            }
            _ => ContentStatus::Current,
        };
        let span = u64::try_from(4 * 365 * 86_400_000_i64).unwrap_or(0);
        let created = self.end - 86_400_000 - Millis::try_from(dice.below(span)).unwrap_or(0);
        let left = u64::try_from(self.end - created).unwrap_or(0);
        let version =
            if status == ContentStatus::Draft { 1 } else { [1, 1, 2, 2, 3, 4, 7, 12][dice.index(8)] };
        let modified =
            if version == 1 { created } else { created + Millis::try_from(dice.below(left)).unwrap_or(0) };
        let author = *dice.pick(&self.staff);
        let editor = if version == 1 { author } else { *dice.pick(&self.staff) };
        let has_children_of_its_own = kind != ContentKind::Folder && status != ContentStatus::Draft;
        let comments = match dice.below(1000) {
            _ if !has_children_of_its_own => 0,
            0..600 => 0,
            600..850 => 1 + dice.below(3),
            850..990 => 4 + dice.below(9),
            990..998 => 26 + dice.below(30),
            _ => 101 + dice.below(200),
        };
        let files = if has_children_of_its_own && dice.chance(250) { 1 + dice.below(3) } else { 0 };
        Some(ContentHead {
            id,
            kind,
            status,
            space: place.stretch.space,
            parent: self.parent_of(place, place.local).map(|parent| Self::id(place, parent)),
            position: u32::try_from(place.local).unwrap_or(u32::MAX),
            author,
            editor,
            created,
            modified,
            version,
            read_restricted: self.restriction_kind(place).0,
            comments: u32::try_from(comments).unwrap_or(0),
            files: u32::try_from(files).unwrap_or(0),
        })
    }

    /// Whether content has own restrictions on reading, and on editing.
    fn restriction_kind(&self, place: Place) -> (bool, bool) {
        let share = Dice::at(self.seed, 0x4e57, place.position).below(1000);
        if place.local == 0 {
            return (false, false);
        }
        (share < 50, share < 90)
    }

    pub(in crate::world) fn restrictions(&self, id: ContentId) -> Option<Restrictions> {
        let place = self.place(id)?;
        let (read, update) = self.restriction_kind(place);
        if !update {
            return Some(Restrictions::default());
        }
        let mut dice = Dice::at(self.seed, 0x4e58, place.position);
        let people = |dice: &mut Dice, most: usize| {
            let count = if dice.chance(10) { 101 } else { dice.index(most + 1) };
            let mut list: Vec<AccountIndex> = (0..count).map(|_| *dice.pick(&self.staff)).collect();
            list.sort_unstable();
            list.dedup();
            list
        };
        let any_group = |dice: &mut Dice| {
            GroupIndex(
                group::CONFLUENCE_USERS.0
                    + u32::try_from(dice.below(u64::from(self.groups - group::CONFLUENCE_USERS.0)))
                        .unwrap_or(0),
            )
        };
        let mut list = Restriction {
            users: people(&mut dice, 3),
            groups: (0..dice.index(3)).map(|_| any_group(&mut dice)).collect(),
        };
        list.groups.sort_unstable();
        list.groups.dedup();
        if list.is_open() || dice.chance(700) {
            // Mostly the first administrator is let in, as whoever links a site arranges.
            list.users.push(self.staff[0]);
            list.users.sort_unstable();
            list.users.dedup();
        }
        let mut update = list.clone();
        if dice.chance(200) {
            update.users.push(*dice.pick(&self.staff));
            update.users.sort_unstable();
            update.users.dedup();
        }
        Some(Restrictions { read: if read { list } else { Restriction::default() }, update })
    }

    pub(in crate::world) fn title(&self, id: ContentId) -> Option<Arc<str>> {
        let place = self.place(id)?;
        let subject = Dice::at(self.seed, 0x7171e, place.position).pick(&TITLES).to_owned();
        // The number makes titles unique within the space, and lets them be found again.
        Some(if place.local == 0 { "Home".into() } else { format!("{subject} {}", place.local).into() })
    }

    pub(in crate::world) fn titled(&self, space: SpaceId, title: &str) -> Option<ContentId> {
        let stretch = *self.stretches.iter().find(|stretch| stretch.space == space && stretch.nodes > 0)?;
        let local = if title == "Home" { 0 } else { title.rsplit_once(' ')?.1.parse().ok()? };
        let id = ContentId(FIRST + (stretch.start + local) * STRIDE);
        let lives = self
            .head(id)
            .is_some_and(|head| head.kind != ContentKind::BlogPost && head.status != ContentStatus::Trashed);
        (local < stretch.nodes && lives && *self.title(id)? == *title).then_some(id)
    }
}

fn is_folder(local: u64) -> bool {
    local % FOLDER_EVERY == FOLDER_EVERY - 3
}

/// Number of nodes of a tree with so many pages, its folders included.
fn nodes_for(pages: u64) -> u64 {
    // Full rounds hold one folder each; within the last round the folder stands near its end.
    let per_round = FOLDER_EVERY - 1;
    let rest = pages % per_round;
    (pages / per_round) * FOLDER_EVERY + rest + u64::from(rest > FOLDER_EVERY - 3)
}

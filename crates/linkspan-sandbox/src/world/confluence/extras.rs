//! What hangs on content and spaces beside the tree: properties, states, likes, watches, labels of spaces and files,
//! classification, long tasks. Made-up values are a function of the seed; only what was changed is kept.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::model::{Content, ContentKind, ContentLabel, ContentStatus};
use super::store::Touched;
use crate::world::account::AccountType;
use crate::world::generated::words::LABELS;
use crate::world::ids::{AccountIndex, ContentId, ContentLabelId, FileId, Millis, SpaceId};
use crate::world::seed::Dice;
use crate::world::site::SiteState;

/// Long tasks remembered; older ones are forgotten.
const MAX_LONG_TASKS: usize = 1_000;

/// What properties hang on. Content, comments and files share one range of numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Holder {
    /// A page, blog post, folder, whiteboard, database, smart link or custom content.
    Content(ContentId),
    /// A comment.
    Comment(ContentId),
    /// A file.
    File(FileId),
    /// A space.
    Space(SpaceId),
}

impl Holder {
    pub(super) const fn number(self) -> u64 {
        match self {
            Self::Content(id) | Self::Comment(id) => id.0,
            Self::File(id) => id.0,
            Self::Space(id) => id.0,
        }
    }
}

/// A property.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Property {
    /// Id.
    pub id: u64,
    /// Key, unique on its holder.
    pub key: Arc<str>,
    /// Value: JSON text.
    pub value: Arc<str>,
    /// When it was made.
    pub created: Millis,
    /// By whom.
    pub author: AccountIndex,
    /// Number of the present version.
    pub version: u32,
    /// Time of the present version.
    pub modified: Millis,
    /// Who wrote it.
    pub editor: AccountIndex,
    /// Message of the present version.
    pub message: Arc<str>,
}

/// The state of a page, such as "In progress".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentState {
    /// Id.
    pub id: u64,
    /// Name.
    pub name: Arc<str>,
    /// Colour, `#rrggbb`.
    pub color: Arc<str>,
}

/// States that every space suggests: name and colour; the id is the position, from 1.
pub const SPACE_STATES: [(&str, &str); 4] = [
    ("Rough draft", "#ffc400"),
    ("In progress", "#2684ff"),
    ("Ready for review", "#57d9a3"),
    ("Verified", "#1d7f8c"),
];

impl ContentState {
    /// One of those every space suggests.
    pub fn suggested(id: u64) -> Option<Self> {
        let at = usize::try_from(id.checked_sub(1)?).ok()?;
        let (name, color) = SPACE_STATES.get(at)?;
        Some(Self { id, name: (*name).into(), color: (*color).into() })
    }
}

/// What can be watched.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Watched {
    /// Content.
    Content(ContentId),
    /// A space.
    Space(SpaceId),
    /// A label.
    Label(Arc<str>),
}

/// A classification level: id, name, colour and what it means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Level {
    /// Id.
    pub id: &'static str,
    /// Name.
    pub name: &'static str,
    /// Colour.
    pub color: &'static str,
    /// What it means.
    pub description: &'static str,
}

/// The levels of a site that classifies, lowest first.
pub const LEVELS: [Level; 3] = [
    Level { id: "public", name: "Public", color: "GREEN", description: "May leave the company" },
    Level { id: "internal", name: "Internal", color: "BLUE", description: "For everybody who works here" },
    Level { id: "confidential", name: "Confidential", color: "RED", description: "For those who need it" },
];

impl Level {
    /// The level with an id.
    pub fn named(id: &str) -> Option<&'static Self> {
        LEVELS.iter().find(|level| level.id == id)
    }
}

/// Work that went on after its request was answered.
#[derive(Debug, Clone)]
pub struct LongTask {
    /// Id.
    pub id: String,
    /// What it does.
    pub name: &'static str,
    /// When it was ordered.
    pub started: Millis,
    /// By whom.
    pub by: AccountIndex,
}

/// Everything kept beside the tree.
#[derive(Debug, Default)]
pub(in crate::world) struct Extras {
    /// Seed of made-up values; a dataset has none.
    seed: Option<u64>,
    pub(super) properties: BTreeMap<Holder, Vec<Property>>,
    pub(super) states: BTreeMap<ContentId, Option<ContentState>>,
    pub(super) space_labels: BTreeMap<SpaceId, Vec<ContentLabel>>,
    pub(super) watches: BTreeMap<(AccountIndex, Watched), bool>,
    pub(super) space_levels: BTreeMap<SpaceId, Option<&'static Level>>,
    pub(super) content_levels: BTreeMap<ContentId, &'static Level>,
    pub(super) long_tasks: VecDeque<LongTask>,
    /// Keys of themes that spaces chose.
    pub(super) themes: BTreeMap<SpaceId, Arc<str>>,
    /// Favourites that were set or taken back: who, what.
    pub(super) favourites: BTreeMap<(AccountIndex, Watched), bool>,
    /// How long audit records are kept, where that was changed.
    pub(super) retention: Option<(u64, Arc<str>)>,
}

impl Extras {
    /// Nothing kept yet.
    pub(in crate::world) fn seeded(seed: Option<u64>) -> Self {
        Self { seed, ..Self::default() }
    }

    pub(super) fn remember(&mut self, task: LongTask) {
        if self.long_tasks.len() == MAX_LONG_TASKS {
            self.long_tasks.pop_front();
        }
        self.long_tasks.push_back(task);
    }
}

impl SiteState {
    fn extra_dice(&self, salt: u64, place: u64) -> Option<Dice> {
        self.confluence.extras.seed.map(|seed| Dice::at(seed, salt, place))
    }

    /// People of the site who could like or watch something, in their order.
    fn people(&self) -> Vec<AccountIndex> {
        let person = |index: &AccountIndex| self.account(*index).account_type == AccountType::Atlassian;
        self.accounts().iter().copied().filter(person).collect()
    }

    /// The properties of a holder that exists, by key.
    pub fn properties(&self, holder: Holder) -> Vec<Property> {
        let kept = self.confluence.extras.properties.get(&holder);
        let mut properties = kept.cloned().unwrap_or_else(|| self.made_up_properties(holder));
        properties.sort_by(|a, b| a.key.cmp(&b.key));
        properties
    }

    fn made_up_properties(&self, holder: Holder) -> Vec<Property> {
        let Some((author, created)) = self.maker(holder) else { return Vec::new() };
        let mut values: Vec<(Arc<str>, Arc<str>)> = Vec::new();
        if let Holder::Content(id) = holder
            && let Some(content) = self.content(id)
        {
            values.extend(
                content.properties.iter().map(|(key, value)| (key.as_str().into(), Arc::clone(value))),
            );
        }
        if let Some(mut dice) = self.extra_dice(0x9809, holder.number()) {
            if matches!(holder, Holder::Content(_)) && dice.chance(400) {
                values.push(("content-appearance-published".into(), "\"full-width\"".into()));
            }
            let share = if matches!(holder, Holder::Space(_)) { 700 } else { 250 };
            if dice.chance(share) {
                let value = format!(
                    r#"{{"reviewed":{},"by":"example","score":{},"notes":["ok","{}"]}}"#,
                    dice.chance(500),
                    dice.below(100),
                    dice.below(1000)
                );
                values.push(("com.example.docs.review".into(), value.into()));
            }
        }
        let property = |(index, (key, value)): (u64, (Arc<str>, Arc<str>))| Property {
            id: holder.number().saturating_mul(100) + index,
            key,
            value,
            created,
            author,
            version: 1,
            modified: created,
            editor: author,
            message: "".into(),
        };
        (0..100).zip(values).map(property).collect()
    }

    /// Who made what properties hang on, and when.
    fn maker(&self, holder: Holder) -> Option<(AccountIndex, Millis)> {
        match holder {
            Holder::Content(id) => self.content_head(id).map(|head| (head.author, head.created)),
            Holder::Comment(id) => self.content_comment(id).map(|(_, it)| (it.author, it.created)),
            Holder::File(id) => self.content_file(id).map(|(_, it)| (it.author, it.created)),
            Holder::Space(id) => self.space(id).map(|space| (space.author, space.created)),
        }
    }

    /// Who likes content or a comment.
    pub fn likes(&self, id: ContentId) -> Vec<AccountIndex> {
        let Some(mut dice) = self.extra_dice(0x11ce, id.0) else { return Vec::new() };
        if !dice.chance(300) {
            return Vec::new();
        }
        let people = self.people();
        let mut likes: Vec<AccountIndex> = (0..=dice.index(5)).map(|_| *dice.pick(&people)).collect();
        likes.sort_unstable();
        likes.dedup();
        likes
    }

    /// The state of a page, if it has one.
    pub fn content_state(&self, id: ContentId) -> Option<ContentState> {
        if let Some(kept) = self.confluence.extras.states.get(&id) {
            return kept.clone();
        }
        let head = self
            .content_head(id)
            .filter(|head| head.kind == ContentKind::Page && head.status == ContentStatus::Current)?;
        let mut dice = self.extra_dice(0x57a7e, head.id.0)?;
        if !dice.chance(120) {
            return None;
        }
        ContentState::suggested(1 + dice.below(SPACE_STATES.len() as u64))
    }

    /// The labels of a space.
    pub fn space_labels(&self, id: SpaceId) -> Vec<ContentLabel> {
        if let Some(kept) = self.confluence.extras.space_labels.get(&id) {
            return kept.clone();
        }
        let Some(mut dice) = self.extra_dice(0x57ace, id.0) else { return Vec::new() };
        let names = ["engineering", "harbour", "customers"];
        let mut labels: Vec<ContentLabel> = Vec::new();
        for (name, number) in names.into_iter().zip(500..) {
            if dice.chance(400) {
                labels.push(ContentLabel { id: ContentLabelId(number), name: name.into(), prefix: "team" });
            }
        }
        labels
    }

    /// The labels of a file.
    pub fn file_labels(&self, id: FileId) -> Vec<ContentLabel> {
        let Some(mut dice) = self.extra_dice(0xf11e, id.0) else { return Vec::new() };
        if !dice.chance(200) {
            return Vec::new();
        }
        let at = dice.index(LABELS.len());
        let id = ContentLabelId(1_000 + at as u64);
        vec![ContentLabel { id, name: LABELS[at].to_lowercase().into(), prefix: "global" }]
    }

    /// Whether an account watches something.
    pub fn watches(&self, account: AccountIndex, watched: &Watched) -> bool {
        if let Some(kept) = self.confluence.extras.watches.get(&(account, watched.clone())) {
            return *kept;
        }
        match watched {
            Watched::Content(id) => {
                let wrote = self
                    .content_head(*id)
                    .is_some_and(|head| head.author == account || head.editor == account);
                let place = id.0.wrapping_mul(1_000_003) ^ u64::from(account.0);
                wrote || self.extra_dice(0x3a7c, place).is_some_and(|mut dice| dice.chance(30))
            }
            Watched::Space(id) => self.space(*id).is_some_and(|space| space.author == account),
            Watched::Label(_) => false,
        }
    }

    /// The active people who watch something.
    pub fn watchers(&self, watched: &Watched) -> Vec<AccountIndex> {
        let active = |account: &AccountIndex| self.account(*account).is_active();
        self.people().into_iter().filter(active).filter(|account| self.watches(*account, watched)).collect()
    }

    /// The level that content of a space has when it has none of its own.
    pub fn space_level(&self, id: SpaceId) -> Option<&'static Level> {
        if let Some(kept) = self.confluence.extras.space_levels.get(&id) {
            return *kept;
        }
        let mut dice = self.extra_dice(0x1e7e1, id.0)?;
        dice.chance(600).then(|| &LEVELS[1])
    }

    /// The level of content: its own, or the default of its space.
    pub fn content_level(&self, id: ContentId) -> Option<&'static Level> {
        let own = self.confluence.extras.content_levels.get(&id).copied();
        own.or_else(|| self.space_level(self.content_head(id)?.space))
    }

    /// Whether content or a space is a favourite of an account.
    pub fn is_favourite(&self, account: AccountIndex, of: &Watched) -> bool {
        if let Some(kept) = self.confluence.extras.favourites.get(&(account, of.clone())) {
            return *kept;
        }
        let number = match of {
            Watched::Content(id) => id.0,
            Watched::Space(id) => id.0,
            Watched::Label(_) => return false,
        };
        let place = number.wrapping_mul(1_000_003) ^ u64::from(account.0);
        self.extra_dice(0xfa70, place).is_some_and(|mut dice| dice.chance(40))
    }

    /// How often content was viewed since a time, and by how many people.
    pub fn views(&self, id: ContentId, since: Millis, now: Millis) -> (u64, u64) {
        let Some(head) = self.content_head(id) else { return (0, 0) };
        let days = u64::try_from((now - head.created.max(since)).max(0) / 86_400_000).unwrap_or(0);
        let Some(mut dice) = self.extra_dice(0x71e3, id.0) else { return (0, 0) };
        let views = days * dice.below(40) / 10;
        let people = self.people().len() as u64;
        (views, views.min(people * (1 + dice.below(9)) / 10))
    }

    /// The theme a space chose, if any.
    pub fn space_theme(&self, id: SpaceId) -> Option<&str> {
        self.confluence.extras.themes.get(&id).map(|key| &**key)
    }

    /// How long audit records are kept: number and unit.
    pub fn audit_retention(&self) -> (u64, &str) {
        self.confluence.extras.retention.as_ref().map_or((3, "YEARS"), |(number, unit)| (*number, unit))
    }

    /// All custom content in every status, ascending by id. There is none below what was added to the tree.
    pub fn custom_content(&self) -> impl Iterator<Item = &Arc<Content>> {
        self.confluence.touched.values().filter_map(|touched| match touched {
            Touched::Kept(content) if content.head.kind == ContentKind::Custom => Some(content),
            _ => None,
        })
    }

    /// Work that went on after its request was answered, oldest first.
    pub fn long_tasks(&self) -> impl Iterator<Item = &LongTask> {
        self.confluence.extras.long_tasks.iter()
    }
}

//! Content of a dataset, held whole: bodies are kept as they came and converted when asked for.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;

use super::SEED;
use super::people::DatasetPeople;
use super::read::{each_line, wiki_day};
use super::spaces::Spaces;
use super::storage;
use crate::world::WorldError;
use crate::world::account::Directory;
use crate::world::confluence::{
    Body, Content, ContentFile, ContentHead, ContentKind, ContentStatus, ContentVersion, Restrictions, Space,
};
use crate::world::ids::{AccountIndex, ContentId, FileId, Millis, SpaceId};
use crate::world::seed::{mix, uuid};

/// First id given to content whose real id the data does not tell.
const FIRST_MADE_UP: u64 = 300_000_000;

/// Content of a dataset.
#[derive(Debug, Default)]
pub(in crate::world) struct LoadedConfluence {
    contents: HashMap<ContentId, Arc<Content>>,
    /// Ascending.
    by_space: HashMap<SpaceId, Vec<ContentId>>,
    children: HashMap<ContentId, Vec<ContentId>>,
    comment_homes: HashMap<ContentId, ContentId>,
    file_homes: HashMap<FileId, ContentId>,
    titles: HashMap<(SpaceId, Arc<str>), ContentId>,
}

impl LoadedConfluence {
    pub(in crate::world) fn head(&self, id: ContentId) -> Option<ContentHead> {
        self.contents.get(&id).map(|content| content.head)
    }

    pub(in crate::world) fn build(&self, id: ContentId) -> Option<Arc<Content>> {
        self.contents.get(&id).cloned()
    }

    pub(in crate::world) fn title(&self, id: ContentId) -> Option<Arc<str>> {
        self.contents.get(&id).map(|content| Arc::clone(&content.title))
    }

    pub(in crate::world) fn restrictions(&self, id: ContentId) -> Option<Restrictions> {
        self.contents.get(&id).map(|content| content.restrictions.clone())
    }

    pub(in crate::world) fn next_after(&self, space: SpaceId, after: Option<ContentId>) -> Option<ContentId> {
        let ids = self.by_space.get(&space)?;
        let from = after.map_or(0, |after| ids.partition_point(|id| *id <= after));
        ids.get(from).copied()
    }

    pub(in crate::world) fn children(&self, id: ContentId) -> Vec<ContentId> {
        self.children.get(&id).cloned().unwrap_or_default()
    }

    pub(in crate::world) fn titled(&self, space: SpaceId, title: &str) -> Option<ContentId> {
        self.titles.get(&(space, Arc::from(title))).copied()
    }

    pub(in crate::world) fn comment_home(&self, id: ContentId) -> Option<ContentId> {
        self.comment_homes.get(&id).copied()
    }

    pub(in crate::world) fn file_home(&self, id: FileId) -> Option<ContentId> {
        self.file_homes.get(&id).copied()
    }

    /// Id to give next at run time.
    pub(in crate::world) fn next_id(&self) -> u64 {
        let contents = self.contents.keys().chain(self.comment_homes.keys()).map(|id| id.0);
        contents.chain(self.file_homes.keys().map(|id| id.0)).max().unwrap_or(FIRST_MADE_UP) + 1
    }

    fn from(contents: Vec<Content>) -> Self {
        let mut loaded = Self::default();
        for mut content in contents {
            let head = &mut content.head;
            head.comments = u32::try_from(content.comments.len()).unwrap_or(u32::MAX);
            head.files = u32::try_from(content.files.len()).unwrap_or(u32::MAX);
            let id = head.id;
            loaded.by_space.entry(head.space).or_default().push(id);
            if let Some(parent) = head.parent {
                loaded.children.entry(parent).or_default().push(id);
            }
            if head.kind != ContentKind::BlogPost && head.status != ContentStatus::Trashed {
                loaded.titles.insert((head.space, Arc::clone(&content.title)), id);
            }
            loaded.comment_homes.extend(content.comments.iter().map(|comment| (comment.id, id)));
            loaded.file_homes.extend(content.files.iter().map(|file| (file.id, id)));
            loaded.contents.insert(id, Arc::new(content));
        }
        loaded.by_space.values_mut().for_each(|ids| ids.sort_unstable());
        loaded
    }
}

#[derive(Deserialize)]
struct RawPage {
    space: String,
    slug: String,
    title: String,
    ancestors: Vec<String>,
    created_by: String,
    modified_by: String,
    modified_on: String,
    body_view: String,
    #[serde(default)]
    attachments: Vec<RawFile>,
}

#[derive(Deserialize)]
struct RawFile {
    container: String,
    id: String,
    name: String,
    media_type: Option<String>,
}

/// Gives out ids that are real where the data tells them and free, and made up otherwise.
pub(super) struct Ids {
    used: HashSet<u64>,
    next: u64,
}

impl Ids {
    pub(super) fn take(&mut self, wanted: Option<u64>) -> u64 {
        if let Some(wanted) = wanted.filter(|wanted| *wanted > 0)
            && self.used.insert(wanted)
        {
            return wanted;
        }
        while !self.used.insert(self.next) {
            self.next += 1;
        }
        self.next
    }
}

/// Loads the pages of a folder, and the spaces they are in.
pub(in crate::world) fn load(
    folder: &Path,
    directory: &mut Directory,
    people: &mut DatasetPeople,
    admin: AccountIndex,
) -> Result<(LoadedConfluence, Vec<Space>), WorldError> {
    let mut spaces = Spaces::new(admin);
    let mut ids = Ids { used: HashSet::new(), next: FIRST_MADE_UP };
    let mut contents: Vec<Content> = Vec::new();
    let mut ancestors: Vec<Vec<String>> = Vec::new();
    each_line(&folder.join("confluence-pages/pages"), |raw: RawPage| {
        let author = people.get(directory, &raw.created_by);
        let editor = people.get(directory, &raw.modified_by);
        let space = spaces.of_key(&raw.space);
        contents.push(page(&raw, space, &mut ids, author, editor));
        ancestors.push(raw.ancestors);
    })?;
    let titles: HashMap<(SpaceId, &str), ContentId> =
        contents.iter().map(|content| ((content.head.space, &*content.title), content.head.id)).collect();
    // The nearest ancestor that the data holds is the parent.
    let nearest = |(content, names): (&Content, &Vec<String>)| {
        let found = |name: &String| titles.get(&(content.head.space, name.as_str())).copied();
        names.iter().rev().find_map(found).filter(|parent| *parent != content.head.id)
    };
    let parents: Vec<Option<ContentId>> = contents.iter().zip(&ancestors).map(nearest).collect();
    for (content, parent) in contents.iter_mut().zip(parents) {
        content.head.parent = parent;
        let is_home =
            parent.is_none() && (&*content.title == "Home" || spaces.has_no_home(content.head.space));
        if is_home {
            spaces.set_home(content.head.space, content.head.id);
        }
    }
    contents.extend(storage::load(folder, &mut spaces, &mut ids, admin)?);
    Ok((LoadedConfluence::from(contents), spaces.finish()))
}

fn page(raw: &RawPage, space: SpaceId, ids: &mut Ids, author: AccountIndex, editor: AccountIndex) -> Content {
    let mut containers = raw.attachments.iter().map(|file| file.container.as_str());
    let container = containers.next().filter(|first| containers.all(|other| other == *first));
    let wanted = raw.slug.parse().ok().or_else(|| container.and_then(|id| id.parse().ok()));
    let id = ContentId(ids.take(wanted));
    let modified = wiki_day(&raw.modified_on).unwrap_or(0);
    let version = if author == editor { 1 } else { 2 };
    let files = raw.attachments.iter().filter_map(|file| content_file(file, id, author, modified)).collect();
    Content {
        head: ContentHead {
            id,
            kind: ContentKind::Page,
            status: ContentStatus::Current,
            space,
            parent: None,
            position: 0,
            author,
            editor,
            created: modified,
            modified,
            version,
            read_restricted: false,
            comments: 0,
            files: 0,
        },
        title: raw.title.as_str().into(),
        body: if raw.body_view.is_empty() { Body::Empty } else { Body::View(raw.body_view.as_str().into()) },
        restrictions: Restrictions::default(),
        labels: Vec::new(),
        versions: (1..=version)
            .map(|number| plain_version(number, modified, if number == version { editor } else { author }))
            .collect(),
        comments: Vec::new(),
        files,
        trash: Vec::new(),
        properties: Vec::new(),
        detail: crate::world::confluence::Detail::Plain,
    }
}

pub(super) fn plain_version(number: u32, created: Millis, author: AccountIndex) -> ContentVersion {
    ContentVersion { number, created, author, message: "".into(), minor_edit: false, body: None }
}

fn content_file(
    raw: &RawFile,
    container: ContentId,
    author: AccountIndex,
    at: Millis,
) -> Option<ContentFile> {
    let id: u64 = raw.id.parse().ok()?;
    Some(ContentFile {
        id: FileId(id),
        container,
        name: raw.name.as_str().into(),
        media_type: raw.media_type.as_deref().unwrap_or("application/octet-stream").into(),
        // The data does not tell sizes.
        size: 1_000 + mix(SEED ^ id) % 200_000,
        media_id: uuid(SEED ^ 0xf11f, id).into(),
        comment: "".into(),
        author,
        created: at,
        modified: at,
        version: 1,
        trashed: false,
    })
}

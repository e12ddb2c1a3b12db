//! Reading content: the base (generated or loaded) under the overlay of what was changed at run time.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::extras::Extras;
use super::model::{Content, ContentComment, ContentFile, ContentHead, Restrictions, Space};
use crate::world::dataset::pages::LoadedConfluence;
use crate::world::generated::content::GeneratedConfluence;
use crate::world::ids::{ContentId, FileId, SpaceId};
use crate::world::site::SiteState;

/// Where content comes from before anybody touches it.
#[derive(Debug)]
pub(in crate::world) enum ConfluenceBase {
    /// Made from a seed.
    Generated(Box<GeneratedConfluence>),
    /// Loaded from a dataset.
    Loaded(Box<LoadedConfluence>),
}

macro_rules! from_base {
    ($self:ident, $base:ident => $call:expr) => {
        match $self {
            Self::Generated($base) => $call,
            Self::Loaded($base) => $call,
        }
    };
}

impl ConfluenceBase {
    fn head(&self, id: ContentId) -> Option<ContentHead> {
        from_base!(self, base => base.head(id))
    }

    fn build(&self, id: ContentId) -> Option<Arc<Content>> {
        from_base!(self, base => base.build(id))
    }

    fn title(&self, id: ContentId) -> Option<Arc<str>> {
        from_base!(self, base => base.title(id))
    }

    fn restrictions(&self, id: ContentId) -> Option<Restrictions> {
        from_base!(self, base => base.restrictions(id))
    }

    /// The smallest id above `after` in a space.
    fn next_after(&self, space: SpaceId, after: Option<ContentId>) -> Option<ContentId> {
        from_base!(self, base => base.next_after(space, after))
    }

    fn children(&self, id: ContentId) -> Vec<ContentId> {
        from_base!(self, base => base.children(id))
    }

    /// The page or folder of a space with a title.
    pub(super) fn titled(&self, space: SpaceId, title: &str) -> Option<ContentId> {
        from_base!(self, base => base.titled(space, title))
    }

    fn comment_home(&self, id: ContentId) -> Option<ContentId> {
        from_base!(self, base => base.comment_home(id))
    }

    fn file_home(&self, id: FileId) -> Option<ContentId> {
        from_base!(self, base => base.file_home(id))
    }
}

/// What happened to content at run time.
#[derive(Debug, Clone)]
pub(in crate::world) enum Touched {
    /// Created or changed.
    Kept(Arc<Content>),
    /// Purged.
    Deleted,
}

/// Confluence of a site.
#[derive(Debug)]
pub(in crate::world) struct ConfluenceState {
    /// Whether the site lets the public in where a space says so.
    pub(in crate::world) anonymous_access: bool,
    /// Ascending by id.
    pub(in crate::world) spaces: Vec<Space>,
    pub(in crate::world) base: ConfluenceBase,
    pub(in crate::world) touched: BTreeMap<ContentId, Touched>,
    /// Children among the touched, by parent; may name some that have moved away since.
    pub(in crate::world) touched_children: HashMap<ContentId, Vec<ContentId>>,
    pub(in crate::world) added_comments: HashMap<ContentId, ContentId>,
    pub(in crate::world) added_files: HashMap<FileId, ContentId>,
    /// Id to give next to content, comments and files made at run time; above all those of the base.
    pub(in crate::world) next_id: u64,
    pub(in crate::world) extras: Extras,
}

impl ConfluenceState {
    /// Remembers that touched content is below a parent.
    pub(super) fn index_parent(&mut self, id: ContentId, parent: Option<ContentId>) {
        let Some(parent) = parent else { return };
        let children = self.touched_children.entry(parent).or_default();
        if !children.contains(&id) {
            children.push(id);
        }
    }
}

impl SiteState {
    /// Whether Confluence lets the public in where a space says so.
    pub fn confluence_anonymous_access(&self) -> bool {
        self.confluence.anonymous_access
    }

    /// All spaces, archived ones included, ascending by id.
    pub fn spaces(&self) -> &[Space] {
        &self.confluence.spaces
    }

    /// A space.
    pub fn space(&self, id: SpaceId) -> Option<&Space> {
        let spaces = &self.confluence.spaces;
        spaces.binary_search_by_key(&id, |space| space.id).ok().map(|at| &spaces[at])
    }

    /// The space with a key, present or former; case counts, as upstream.
    pub fn space_by_key(&self, key: &str) -> Option<&Space> {
        let spaces = &self.confluence.spaces;
        let former = |space: &&Space| space.former_keys.iter().any(|old| old == key);
        spaces.iter().find(|space| space.key == key).or_else(|| spaces.iter().find(former))
    }

    /// Ids of the content of a space in every status, of every kind, ascending.
    pub fn content_ids_in(&self, space: SpaceId) -> impl Iterator<Item = ContentId> + '_ {
        let mut moved_in = self.confluence.touched.iter().filter_map(move |(id, touched)| match touched {
            Touched::Kept(content) if content.head.space == space => Some(*id),
            _ => None,
        });
        let mut pending = moved_in.next();
        let mut base = self.untouched_after(space, None);
        std::iter::from_fn(move || {
            let next = base.into_iter().chain(pending).min()?;
            if base == Some(next) {
                base = self.untouched_after(space, Some(next));
            } else {
                pending = moved_in.next();
            }
            Some(next)
        })
    }

    /// Ids of all content in every status, of every kind, space by space.
    pub fn content_ids(&self) -> impl Iterator<Item = ContentId> + '_ {
        self.confluence.spaces.iter().flat_map(|space| self.content_ids_in(space.id))
    }

    fn untouched_after(&self, space: SpaceId, after: Option<ContentId>) -> Option<ContentId> {
        let mut at = after;
        loop {
            let next = self.confluence.base.next_after(space, at)?;
            if !self.confluence.touched.contains_key(&next) {
                return Some(next);
            }
            at = Some(next);
        }
    }

    /// The cheap view of content in any status; `None` when it does not exist (purged, or never was).
    pub fn content_head(&self, id: ContentId) -> Option<ContentHead> {
        match self.confluence.touched.get(&id) {
            Some(Touched::Kept(content)) => Some(content.head),
            Some(Touched::Deleted) => None,
            None => self.confluence.base.head(id),
        }
    }

    /// The whole content in any status.
    pub fn content(&self, id: ContentId) -> Option<Arc<Content>> {
        match self.confluence.touched.get(&id) {
            Some(Touched::Kept(content)) => Some(Arc::clone(content)),
            Some(Touched::Deleted) => None,
            None => self.confluence.base.build(id),
        }
    }

    /// The title of content, cheaper than the whole.
    pub fn content_title(&self, id: ContentId) -> Option<Arc<str>> {
        match self.confluence.touched.get(&id) {
            Some(Touched::Kept(content)) => Some(Arc::clone(&content.title)),
            Some(Touched::Deleted) => None,
            None => self.confluence.base.title(id),
        }
    }

    /// The own restrictions of content.
    pub fn content_restrictions(&self, id: ContentId) -> Option<Restrictions> {
        match self.confluence.touched.get(&id) {
            Some(Touched::Kept(content)) => Some(content.restrictions.clone()),
            Some(Touched::Deleted) => None,
            None => self.confluence.base.restrictions(id),
        }
    }

    /// Ids of the children (pages and folders, any status) of a page or folder, by position.
    pub fn content_children(&self, id: ContentId) -> Vec<ContentId> {
        let mut children: Vec<(u32, ContentId)> = self
            .confluence
            .base
            .children(id)
            .into_iter()
            .filter(|child| !self.confluence.touched.contains_key(child))
            .filter_map(|child| self.content_head(child))
            .map(|head| (head.position, head.id))
            .collect();
        let moved_here = self.confluence.touched_children.get(&id).into_iter().flatten();
        children.extend(moved_here.filter_map(|child| match self.confluence.touched.get(child) {
            Some(Touched::Kept(content)) if content.head.parent == Some(id) => {
                Some((content.head.position, content.head.id))
            }
            _ => None,
        }));
        children.sort_unstable();
        children.into_iter().map(|(_, id)| id).collect()
    }

    /// Ids of the top-level pages and folders of a space (any status), by position.
    pub fn content_roots(&self, space: SpaceId) -> Vec<ContentId> {
        let mut roots: Vec<(u32, ContentId)> = self
            .content_ids_in(space)
            .filter_map(|id| self.content_head(id))
            .filter(|head| head.parent.is_none() && head.kind.is_in_tree())
            .map(|head| (head.position, head.id))
            .collect();
        roots.sort_unstable();
        roots.into_iter().map(|(_, id)| id).collect()
    }

    /// Ids of the ancestors of content, the topmost first; the content itself is not among them.
    pub fn content_ancestors(&self, id: ContentId) -> Vec<ContentId> {
        let mut ancestors = Vec::new();
        let mut parent = self.content_head(id).and_then(|head| head.parent);
        while let Some(ancestor) = parent {
            // A tree deeper than this would be a loop, which moves refuse to make.
            if ancestors.len() > 10_000 {
                break;
            }
            ancestors.push(ancestor);
            parent = self.content_head(ancestor).and_then(|head| head.parent);
        }
        ancestors.reverse();
        ancestors
    }

    /// The page or blog post a comment belongs to.
    pub fn content_of_comment(&self, comment: ContentId) -> Option<ContentId> {
        self.confluence
            .added_comments
            .get(&comment)
            .copied()
            .or_else(|| self.confluence.base.comment_home(comment))
    }

    /// A comment with the content it belongs to.
    pub fn content_comment(&self, comment: ContentId) -> Option<(Arc<Content>, ContentComment)> {
        let content = self.content(self.content_of_comment(comment)?)?;
        let found = content.comments.iter().find(|candidate| candidate.id == comment)?.clone();
        Some((content, found))
    }

    /// The page or blog post a file belongs to.
    pub fn content_of_file(&self, file: FileId) -> Option<ContentId> {
        self.confluence.added_files.get(&file).copied().or_else(|| self.confluence.base.file_home(file))
    }

    /// A file with the content it belongs to.
    pub fn content_file(&self, file: FileId) -> Option<(Arc<Content>, ContentFile)> {
        let content = self.content(self.content_of_file(file)?)?;
        let found = content.files.iter().find(|candidate| candidate.id == file)?.clone();
        Some((content, found))
    }

    /// A file with the content it belongs to, also one in the trash.
    pub fn content_file_in_any_status(&self, file: FileId) -> Option<(Arc<Content>, ContentFile)> {
        let content = self.content(self.content_of_file(file)?)?;
        let mut files = content.files.iter().chain(&content.trash);
        let found = files.find(|candidate| candidate.id == file)?.clone();
        Some((content, found))
    }
}

//! Changes to content, with their effects: versions, trees, trash.
//!
//! Rights are not checked here: callers ask `access` first.

use std::sync::Arc;

use super::model::{Content, ContentHead, ContentKind, ContentStatus, ContentVersion, Detail, Restrictions};
use super::store::Touched;
use crate::world::edit::{EditError, Stamp};
use crate::world::ids::{ContentId, SpaceId};
use crate::world::log::Subject;
use crate::world::rich::Body;
use crate::world::site::SiteState;

/// What content is created from.
#[derive(Debug, Clone)]
pub struct NewContent {
    /// Kind.
    pub kind: ContentKind,
    /// Space.
    pub space: SpaceId,
    /// Parent page or folder; `None` puts a page below the space's home page, if it has one. Blog posts have none.
    pub parent: Option<ContentId>,
    /// Title, unique in the space among pages and folders that are not trashed.
    pub title: Arc<str>,
    /// Body.
    pub body: Body,
    /// `Current`, or `Draft` for an unpublished page.
    pub status: ContentStatus,
    /// What only its kind has.
    pub detail: Detail,
}

/// A new version of content.
#[derive(Debug, Clone)]
pub struct ContentChange {
    /// Number of the new version: the present one plus one. For a draft: 1, which publishes it when `status` is current.
    pub version: u32,
    /// Title.
    pub title: Arc<str>,
    /// Body; `None` keeps the present one.
    pub body: Option<Body>,
    /// Message of the version.
    pub message: Arc<str>,
    /// Whether watchers are spared.
    pub minor_edit: bool,
    /// Status after the change: `Current` or `Draft`.
    pub status: ContentStatus,
}

impl SiteState {
    /// Creates content.
    pub fn create_content(&mut self, stamp: Stamp, new: NewContent) -> Result<ContentId, EditError> {
        let space = self.space(new.space).ok_or(EditError::Missing("the space"))?;
        if space.archived {
            return Err(EditError::Refused("the space is archived"));
        }
        let parent = match new.kind {
            ContentKind::BlogPost => None,
            ContentKind::Custom => new.parent,
            _ => new.parent.or(space.homepage),
        };
        if let Some(parent) = parent {
            let head = self.content_head(parent).ok_or(EditError::Missing("the parent"))?;
            if head.space != new.space
                || !takes_children(head.kind, new.kind)
                || head.status == ContentStatus::Trashed
            {
                return Err(EditError::Unusable("the parent"));
            }
        }
        self.check_title(new.space, new.kind, &new.title, None)?;
        let id = ContentId(self.take_content_id());
        let head = ContentHead {
            id,
            kind: new.kind,
            status: new.status,
            space: new.space,
            parent,
            position: parent.map_or(0, |parent| self.next_position(parent)),
            author: stamp.by,
            editor: stamp.by,
            created: stamp.at,
            modified: stamp.at,
            version: 1,
            read_restricted: false,
            comments: 0,
            files: 0,
        };
        let first = ContentVersion {
            number: 1,
            created: stamp.at,
            author: stamp.by,
            message: "".into(),
            minor_edit: false,
            body: None,
        };
        self.keep_content(Content {
            head,
            title: new.title,
            body: new.body,
            restrictions: Restrictions::default(),
            labels: Vec::new(),
            versions: vec![first],
            comments: Vec::new(),
            files: Vec::new(),
            trash: Vec::new(),
            properties: Vec::new(),
            detail: new.detail,
        });
        self.log.push(stamp.at, stamp.by, Subject::ContentCreated(id));
        Ok(id)
    }

    /// Writes a new version. The number must be the present one plus one; publishing a draft takes number 1.
    pub fn edit_content(
        &mut self,
        stamp: Stamp,
        id: ContentId,
        change: ContentChange,
    ) -> Result<(), EditError> {
        let mut content = self.living_content(id)?;
        let publishes = content.head.status == ContentStatus::Draft;
        let expected = if publishes { 1 } else { content.head.version + 1 };
        if change.version != expected {
            return Err(EditError::Conflict { present: expected - 1 });
        }
        self.check_title(content.head.space, content.head.kind, &change.title, Some(id))?;
        content.title = change.title;
        if publishes {
            content.versions.clear();
        }
        if let Some(body) = change.body {
            let replaced = std::mem::replace(&mut content.body, body);
            if let Some(last) = content.versions.last_mut() {
                last.body = Some(replaced);
            }
        }
        content.head.status = change.status;
        content.head.version = change.version;
        content.head.modified = stamp.at;
        content.head.editor = stamp.by;
        content.versions.push(ContentVersion {
            number: change.version,
            created: stamp.at,
            author: stamp.by,
            message: change.message,
            minor_edit: change.minor_edit,
            body: None,
        });
        self.keep_content(content);
        self.log.push(stamp.at, stamp.by, Subject::ContentUpdated(id));
        Ok(())
    }

    /// Moves content (with what is below it) to another parent, in any space, or to the top of a space. Neither the version
    /// nor the modification time moves.
    pub fn move_content(
        &mut self,
        stamp: Stamp,
        id: ContentId,
        space: SpaceId,
        parent: Option<ContentId>,
    ) -> Result<(), EditError> {
        let mut content = self.living_content(id)?;
        if content.head.kind == ContentKind::BlogPost && parent.is_some() {
            return Err(EditError::Unusable("the parent"));
        }
        let target = self.space(space).ok_or(EditError::Missing("the space"))?;
        if target.archived {
            return Err(EditError::Refused("the space is archived"));
        }
        if let Some(parent) = parent {
            let head = self.content_head(parent).ok_or(EditError::Missing("the parent"))?;
            let usable = head.space == space
                && takes_children(head.kind, content.head.kind)
                && head.status == ContentStatus::Current;
            if !usable || parent == id || self.content_ancestors(parent).contains(&id) {
                return Err(EditError::Unusable("the parent"));
            }
        }
        if content.head.space != space {
            self.check_title(space, content.head.kind, &content.title, Some(id))?;
        }
        let below = self.content_descendants(id);
        content.head.parent = parent;
        content.head.position = parent.map_or(0, |parent| self.next_position(parent));
        let crosses = content.head.space != space;
        content.head.space = space;
        self.keep_content(content);
        for descendant in below.into_iter().filter(|_| crosses) {
            if let Some(content) = self.content(descendant) {
                let mut content = Content::clone(&content);
                content.head.space = space;
                self.keep_content(content);
            }
        }
        self.log.push(stamp.at, stamp.by, Subject::ContentUpdated(id));
        Ok(())
    }

    /// Puts content into the trash. Its children move up to its parent, as upstream does.
    pub fn trash_content(&mut self, stamp: Stamp, id: ContentId) -> Result<(), EditError> {
        let mut content = self.living_content(id)?;
        if self.space(content.head.space).is_some_and(|space| space.homepage == Some(id)) {
            return Err(EditError::Refused("the home page of a space cannot be put into the trash"));
        }
        for child in self.content_children(id) {
            // Custom content goes where its container goes.
            if let Some(found) = self.content(child).filter(|found| found.head.kind.is_in_tree()) {
                let mut found = Content::clone(&found);
                found.head.parent = content.head.parent;
                self.keep_content(found);
            }
        }
        content.head.status = ContentStatus::Trashed;
        self.keep_content(content);
        self.log.push(stamp.at, stamp.by, Subject::ContentTrashed(id));
        Ok(())
    }

    /// Takes content out of the trash or the archive: to its parent while that is current, else to the top of its space.
    pub fn restore_content(&mut self, stamp: Stamp, id: ContentId) -> Result<(), EditError> {
        let content = self.content(id).ok_or(EditError::Missing("the content"))?;
        if !matches!(content.head.status, ContentStatus::Trashed | ContentStatus::Archived) {
            return Err(EditError::Refused("the content is neither trashed nor archived"));
        }
        self.check_title(content.head.space, content.head.kind, &content.title, Some(id))?;
        let mut content = Content::clone(&content);
        let usable = |parent: &ContentId| {
            self.content_head(*parent).is_some_and(|head| head.status == ContentStatus::Current)
        };
        content.head.parent = content.head.parent.filter(usable).or_else(|| {
            let home = self.space(content.head.space)?.homepage.filter(|home| *home != id);
            home.filter(|_| content.head.kind.is_in_tree())
        });
        content.head.status = ContentStatus::Current;
        self.keep_content(content);
        self.log.push(stamp.at, stamp.by, Subject::ContentRestored(id));
        Ok(())
    }

    /// Archives a page (what is below it stays).
    pub fn archive_content(&mut self, stamp: Stamp, id: ContentId) -> Result<(), EditError> {
        let mut content = self.living_content(id)?;
        if content.head.kind != ContentKind::Page || content.head.status != ContentStatus::Current {
            return Err(EditError::Refused("only current pages can be archived"));
        }
        content.head.status = ContentStatus::Archived;
        self.keep_content(content);
        self.log.push(stamp.at, stamp.by, Subject::ContentArchived(id));
        Ok(())
    }

    /// Deletes content for good; what is in the tree must go to the trash first, drafts need not.
    pub fn purge_content(&mut self, stamp: Stamp, id: ContentId) -> Result<(), EditError> {
        let head = self.content_head(id).ok_or(EditError::Missing("the content"))?;
        if !matches!(head.status, ContentStatus::Trashed | ContentStatus::Draft) {
            return Err(EditError::Refused("only trashed content and drafts can be deleted for good"));
        }
        for child in self.content_children(id) {
            if let Some(found) = self.content(child) {
                let mut found = Content::clone(&found);
                found.head.parent = head.parent;
                self.keep_content(found);
            }
        }
        self.confluence.touched.insert(id, Touched::Deleted);
        self.log.push(stamp.at, stamp.by, Subject::ContentDeleted(id));
        Ok(())
    }

    /// Replaces the own restrictions of content. Neither the version nor the modification time moves.
    pub fn restrict_content(
        &mut self,
        stamp: Stamp,
        id: ContentId,
        restrictions: Restrictions,
    ) -> Result<(), EditError> {
        let mut content = self.living_content(id)?;
        content.head.read_restricted = !restrictions.read.is_open();
        content.restrictions = restrictions;
        self.keep_content(content);
        self.log.push(stamp.at, stamp.by, Subject::ContentRestricted(id));
        Ok(())
    }

    /// Ids of all that is below a page or folder, parents before children.
    pub fn content_descendants(&self, id: ContentId) -> Vec<ContentId> {
        let mut found = self.content_children(id);
        let mut at = 0;
        while at < found.len() {
            found.extend(self.content_children(found[at]));
            at += 1;
        }
        found
    }

    pub(super) fn living_content(&self, id: ContentId) -> Result<Content, EditError> {
        let content = self.content(id).ok_or(EditError::Missing("the content"))?;
        if content.head.status == ContentStatus::Trashed {
            return Err(EditError::Refused("the content is in the trash"));
        }
        Ok(Content::clone(&content))
    }

    pub(in crate::world) fn keep_content(&mut self, mut content: Content) {
        content.head.comments = u32::try_from(content.comments.len()).unwrap_or(u32::MAX);
        content.head.files = u32::try_from(content.files.len()).unwrap_or(u32::MAX);
        let parent = content.head.parent;
        let id = content.head.id;
        self.confluence.touched.insert(id, Touched::Kept(Arc::new(content)));
        self.confluence.index_parent(id, parent);
    }

    pub(in crate::world) fn take_content_id(&mut self) -> u64 {
        let id = self.confluence.next_id;
        self.confluence.next_id += 1;
        id
    }

    fn next_position(&self, parent: ContentId) -> u32 {
        let last = self.content_children(parent).last().and_then(|child| self.content_head(*child));
        last.map_or(0, |head| head.position + 1)
    }

    fn check_title(
        &self,
        space: SpaceId,
        kind: ContentKind,
        title: &str,
        except: Option<ContentId>,
    ) -> Result<(), EditError> {
        if title.trim().is_empty() || title.chars().count() > 255 {
            return Err(EditError::Refused("the title must have 1 to 255 characters"));
        }
        let unchanged =
            except.is_some_and(|id| self.content_title(id).is_some_and(|present| *present == *title));
        if !kind.is_in_tree() || unchanged {
            return Ok(());
        }
        let taken = self.confluence.touched.values().any(|touched| match touched {
            Touched::Kept(content) => {
                let lives = content.head.status != ContentStatus::Trashed && content.head.kind.is_in_tree();
                lives
                    && content.head.space == space
                    && *content.title == *title
                    && Some(content.head.id) != except
            }
            Touched::Deleted => false,
        });
        let in_base = self
            .confluence
            .base
            .titled(space, title)
            .filter(|id| Some(*id) != except && !self.confluence.touched.contains_key(id));
        if taken || in_base.is_some() {
            return Err(EditError::Refused("a page with this title already exists in this space"));
        }
        Ok(())
    }
}

/// Whether one kind of content can stand directly below another.
fn takes_children(parent: ContentKind, child: ContentKind) -> bool {
    match child {
        ContentKind::Custom => {
            matches!(parent, ContentKind::Page | ContentKind::BlogPost | ContentKind::Custom)
        }
        _ => parent.is_in_tree(),
    }
}

//! What can be known of a site's comments, files and labels without building the content they stand on.
//!
//! Content is computed when it is asked for, so lists across the site that are sorted or searched by the date of a
//! comment or file would build everything each time. The index is built at the first such request and afterwards follows
//! the site's change log.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use super::view::View;
use crate::world::confluence::{CommentPlace, ContentLabel, InlineTask, tasks_of};
use crate::world::{AccountIndex, ContentId, FileId, Millis};

/// A comment.
#[derive(Debug, Clone, Copy)]
pub(super) struct CommentRow {
    pub(super) id: ContentId,
    pub(super) container: ContentId,
    pub(super) is_inline: bool,
    pub(super) author: AccountIndex,
    pub(super) editor: AccountIndex,
    pub(super) created: Millis,
    pub(super) modified: Millis,
}

/// A file.
#[derive(Debug, Clone)]
pub(super) struct FileRow {
    pub(super) id: FileId,
    pub(super) container: ContentId,
    pub(super) name: Arc<str>,
    pub(super) media_type: Arc<str>,
    pub(super) trashed: bool,
    pub(super) author: AccountIndex,
    pub(super) created: Millis,
    pub(super) modified: Millis,
}

/// What stands on one page or blog post.
#[derive(Debug, Default)]
struct Entry {
    comments: Vec<CommentRow>,
    files: Vec<FileRow>,
    labels: Vec<ContentLabel>,
    tasks: Vec<InlineTask>,
    /// Authors of all versions, each once.
    contributors: Vec<AccountIndex>,
}

/// The index of one site.
#[derive(Debug, Default)]
pub(super) struct SiteIndex {
    /// Sequence of the last change taken in; `None` before the first build.
    sequence: Option<u64>,
    entries: BTreeMap<ContentId, Entry>,
}

impl SiteIndex {
    /// Every comment, whoever may see it.
    pub(super) fn comments(&self) -> impl Iterator<Item = &CommentRow> {
        self.entries.values().flat_map(|entry| &entry.comments)
    }

    /// Every file, whoever may see it, also those in the trash.
    pub(super) fn files(&self) -> impl Iterator<Item = &FileRow> {
        self.entries.values().flat_map(|entry| &entry.files)
    }

    /// Every inline task, whoever may see it.
    pub(super) fn tasks(&self) -> impl Iterator<Item = &InlineTask> {
        self.entries.values().flat_map(|entry| &entry.tasks)
    }

    /// The labels of content.
    pub(super) fn labels_of(&self, content: ContentId) -> &[ContentLabel] {
        self.entries.get(&content).map_or(&[], |entry| &entry.labels)
    }

    /// Who wrote a version of content.
    pub(super) fn contributors_of(&self, content: ContentId) -> &[AccountIndex] {
        self.entries.get(&content).map_or(&[], |entry| &entry.contributors)
    }

    /// Every piece of content that carries a label, with its labels.
    pub(super) fn labelled(&self) -> impl Iterator<Item = (ContentId, &[ContentLabel])> {
        self.entries
            .iter()
            .filter(|(_, entry)| !entry.labels.is_empty())
            .map(|(id, entry)| (*id, entry.labels.as_slice()))
    }

    fn catch_up(&mut self, view: &View<'_>) {
        let log = view.state.log();
        let newest = log.last_sequence();
        let Some(sequence) = self.sequence else {
            return self.rebuild(view, newest);
        };
        if sequence == newest {
            return;
        }
        let is_complete = log.since(sequence).next().is_some_and(|change| change.sequence == sequence + 1);
        if !is_complete {
            return self.rebuild(view, newest);
        }
        let mut touched: Vec<ContentId> =
            log.since(sequence).filter_map(|change| change.subject.content()).collect();
        touched.sort_unstable();
        touched.dedup();
        for id in touched {
            self.take_in(view, id);
        }
        self.sequence = Some(newest);
    }

    fn rebuild(&mut self, view: &View<'_>, newest: u64) {
        self.entries.clear();
        for id in view.content_ids(None) {
            self.take_in(view, id);
        }
        self.sequence = Some(newest);
    }

    fn take_in(&mut self, view: &View<'_>, id: ContentId) {
        let Some(content) = view.state.content(id) else {
            self.entries.remove(&id);
            return;
        };
        let comments = content.comments.iter().map(|comment| CommentRow {
            id: comment.id,
            container: comment.container,
            is_inline: matches!(comment.place, CommentPlace::Inline { .. }),
            author: comment.author,
            editor: comment.editor,
            created: comment.created,
            modified: comment.modified,
        });
        let files = content.files.iter().chain(&content.trash).map(|file| FileRow {
            id: file.id,
            container: file.container,
            name: Arc::clone(&file.name),
            media_type: Arc::clone(&file.media_type),
            trashed: file.trashed,
            author: file.author,
            created: file.created,
            modified: file.modified,
        });
        let mut contributors: Vec<AccountIndex> =
            content.versions.iter().map(|version| version.author).collect();
        contributors.push(content.head.author);
        contributors.sort_unstable();
        contributors.dedup();
        let entry = Entry {
            comments: comments.collect(),
            files: files.collect(),
            labels: content.labels.clone(),
            tasks: if content.head.kind.is_article() { tasks_of(&content) } else { Vec::new() },
            contributors,
        };
        self.entries.insert(id, entry);
    }
}

/// The indexes of all sites, shared by every request.
#[derive(Debug, Clone, Default)]
pub(super) struct Indexes(Arc<Mutex<HashMap<String, Arc<Mutex<SiteIndex>>>>>);

impl Indexes {
    /// Reads the index of the viewed site, brought up to its present state. `read` must not ask for the index again.
    pub(super) fn with<T>(&self, view: &View<'_>, read: impl FnOnce(&SiteIndex) -> T) -> T {
        let site = {
            let mut sites = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(sites.entry(view.site.cloud_id().to_owned()).or_default())
        };
        let mut index = site.lock().unwrap_or_else(PoisonError::into_inner);
        index.catch_up(view);
        read(&index)
    }
}

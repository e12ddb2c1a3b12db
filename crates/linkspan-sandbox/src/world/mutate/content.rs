//! Random changes of pages and blog posts.

use std::sync::Arc;

use super::{MutationKind, Mutator, Outcome};
use crate::world::confluence::{
    Body, CommentPlace, Content, ContentChange, ContentKind, ContentStatus, NewContent, NewContentComment,
    Restriction, Restrictions,
};
use crate::world::edit::{EditError, Stamp};
use crate::world::generated::blocks::escape;
use crate::world::generated::words::{SENTENCES, TITLES};
use crate::world::ids::{ContentId, GroupIndex};

impl Mutator<'_> {
    /// Content in one of some statuses; a page picked at random, or the nearest after it that fits.
    fn content(
        &mut self,
        fits: impl Fn(&crate::world::confluence::ContentHead) -> bool,
    ) -> Result<Arc<Content>, EditError> {
        let start = self.dice.index(self.contents.len());
        let ids = self.contents[start..].iter().chain(&self.contents[..start]).take(5_000);
        let found = ids.copied().find(|id| self.state.content_head(*id).is_some_and(|head| fits(&head)));
        found.and_then(|id| self.state.content(id)).ok_or(EditError::Missing("content of that kind"))
    }

    fn body(&mut self) -> Body {
        let paragraph = |text: &str| format!("<p>{}</p>", escape(text));
        let paragraphs: Vec<String> =
            (0..=self.dice.index(3)).map(|_| paragraph(self.dice.word(&SENTENCES))).collect();
        Body::from_storage(&paragraphs.concat())
    }

    pub(super) fn change_content(&mut self, kind: MutationKind, stamp: Stamp) -> Outcome {
        let told = |id: ContentId, detail: String| Ok(Some((id.to_string(), detail)));
        let current = |head: &crate::world::confluence::ContentHead| {
            head.status == ContentStatus::Current && head.kind.is_article()
        };
        match kind {
            MutationKind::CreatePage => {
                let sibling = self.content(current)?;
                let post = self.dice.chance(150);
                let parent = (!post && sibling.head.kind == ContentKind::Page).then_some(sibling.head.id);
                let new = NewContent {
                    kind: if post { ContentKind::BlogPost } else { ContentKind::Page },
                    space: sibling.head.space,
                    parent,
                    title: format!("{} {}", self.dice.word(&TITLES), self.dice.roll() % 1_000_000_000).into(),
                    body: self.body(),
                    status: ContentStatus::Current,
                    detail: crate::world::confluence::Detail::Plain,
                };
                let id = self.state.create_content(stamp, new)?;
                self.contents.push(id);
                told(id, "created".to_owned())
            }
            MutationKind::EditPage => {
                let content = self.content(current)?;
                let change = ContentChange {
                    version: content.head.version + 1,
                    title: Arc::clone(&content.title),
                    body: Some(self.body()),
                    message: "changed by the sandbox".into(),
                    minor_edit: self.dice.chance(200),
                    status: ContentStatus::Current,
                };
                self.state.edit_content(stamp, content.head.id, change)?;
                told(content.head.id, format!("version {}", content.head.version + 1))
            }
            MutationKind::MovePage => {
                let page = self.content(|head| {
                    current(head) && head.kind == ContentKind::Page && head.parent.is_some()
                })?;
                let target = self.content(|head| {
                    current(head) && head.kind == ContentKind::Page && head.space == page.head.space
                })?;
                self.state.move_content(stamp, page.head.id, target.head.space, Some(target.head.id))?;
                told(page.head.id, format!("moved below {}", target.head.id))
            }
            MutationKind::TrashPage => {
                let content = self.content(current)?;
                self.state.trash_content(stamp, content.head.id)?;
                told(content.head.id, "trashed".to_owned())
            }
            MutationKind::ArchivePage => {
                let content = self.content(|head| {
                    current(head) && head.kind == ContentKind::Page && head.parent.is_some()
                })?;
                self.state.archive_content(stamp, content.head.id)?;
                told(content.head.id, "archived".to_owned())
            }
            MutationKind::RestorePage => {
                let content = self.content(|head| {
                    matches!(head.status, ContentStatus::Trashed | ContentStatus::Archived)
                })?;
                self.state.restore_content(stamp, content.head.id)?;
                told(content.head.id, "restored".to_owned())
            }
            MutationKind::DeletePage => {
                let content = self.content(|head| head.status == ContentStatus::Trashed)?;
                self.state.purge_content(stamp, content.head.id)?;
                told(content.head.id, "deleted for good".to_owned())
            }
            MutationKind::RestrictPage => {
                let content = self.content(|head| current(head) && head.parent.is_some())?;
                let users = (0..=self.dice.index(3)).map(|_| self.person()).collect();
                let count = u64::from(u32::try_from(self.state.groups.len()).unwrap_or(1));
                let groups = (0..self.dice.index(2))
                    .map(|_| GroupIndex(u32::try_from(self.dice.below(count)).unwrap_or(0)))
                    .collect();
                let list = Restriction { users, groups };
                self.state.restrict_content(
                    stamp,
                    content.head.id,
                    Restrictions { read: list.clone(), update: list },
                )?;
                told(content.head.id, "reading restricted".to_owned())
            }
            MutationKind::UnrestrictPage => {
                let content =
                    self.content(|head| head.read_restricted && head.status != ContentStatus::Trashed)?;
                self.state.restrict_content(stamp, content.head.id, Restrictions::default())?;
                told(content.head.id, "restrictions lifted".to_owned())
            }
            _ => Ok(None),
        }
    }

    /// Comments on pages and their files.
    pub(super) fn change_attached(&mut self, kind: MutationKind, stamp: Stamp) -> Outcome {
        let told = |id: ContentId, detail: String| Ok(Some((id.to_string(), detail)));
        let current = |head: &crate::world::confluence::ContentHead| {
            head.status == ContentStatus::Current && head.kind.is_article()
        };
        match kind {
            MutationKind::PageComment => {
                let content = self.content(current)?;
                let parent = (!content.comments.is_empty() && self.dice.chance(300))
                    .then(|| self.dice.pick(&content.comments).id);
                let new = NewContentComment { parent, place: CommentPlace::Footer, body: self.body() };
                let comment = self.state.comment_content(stamp, content.head.id, new)?;
                told(content.head.id, format!("comment {comment} added"))
            }
            MutationKind::DeletePageComment => {
                let content = self.content(|head| current(head) && head.comments > 0)?;
                let comment = self.dice.pick(&content.comments).id;
                self.state.delete_content_comment(stamp, comment)?;
                told(content.head.id, format!("comment {comment} deleted"))
            }
            MutationKind::PageAttach => {
                let content = self.content(current)?;
                let name = format!("{}.txt", self.dice.word(&TITLES));
                let size = self.dice.below(100_000);
                let file = self.state.attach_file(stamp, content.head.id, &name, "text/plain", size)?;
                told(content.head.id, format!("file {file} attached"))
            }
            MutationKind::DeletePageFile => {
                let content = self.content(|head| current(head) && head.files > 0)?;
                let file = self.dice.pick(&content.files).id;
                self.state.delete_content_file(stamp, file, false)?;
                told(content.head.id, format!("file {file} put into the trash"))
            }
            _ => Ok(None),
        }
    }
}

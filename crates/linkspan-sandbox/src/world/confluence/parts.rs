//! Changes to what belongs to content: comments, files, labels.
//!
//! Rights are not checked here: callers ask `access` first.

use super::model::{CommentPlace, ContentComment, ContentFile, ContentLabel};
use crate::world::edit::{EditError, Stamp};
use crate::world::ids::{ContentId, ContentLabelId, FileId};
use crate::world::log::Subject;
use crate::world::rich::Body;
use crate::world::site::SiteState;

/// What a comment on content is made from.
#[derive(Debug, Clone)]
pub struct NewContentComment {
    /// The comment it replies to.
    pub parent: Option<ContentId>,
    /// Place; ignored for replies, which stand where their root stands.
    pub place: CommentPlace,
    /// Body.
    pub body: Body,
}

impl SiteState {
    /// Adds a comment.
    pub fn comment_content(
        &mut self,
        stamp: Stamp,
        id: ContentId,
        new: NewContentComment,
    ) -> Result<ContentId, EditError> {
        let mut content = self.living_content(id)?;
        let place = match new.parent {
            None => new.place,
            Some(parent) => content
                .comments
                .iter()
                .find(|it| it.id == parent)
                .ok_or(EditError::Missing("the comment"))?
                .place
                .clone(),
        };
        let comment = ContentId(self.take_content_id());
        content.comments.push(ContentComment {
            id: comment,
            container: id,
            parent: new.parent,
            place,
            author: stamp.by,
            editor: stamp.by,
            created: stamp.at,
            modified: stamp.at,
            version: 1,
            body: new.body,
        });
        self.confluence.added_comments.insert(comment, id);
        self.keep_content(content);
        self.log.push(stamp.at, stamp.by, Subject::ContentCommented(id, comment));
        Ok(comment)
    }

    /// Writes a new version of a comment; the number must be the present one plus one.
    pub fn edit_content_comment(
        &mut self,
        stamp: Stamp,
        comment: ContentId,
        version: u32,
        body: Body,
    ) -> Result<(), EditError> {
        let home = self.content_of_comment(comment).ok_or(EditError::Missing("the comment"))?;
        let mut content = self.living_content(home)?;
        let found = content
            .comments
            .iter_mut()
            .find(|it| it.id == comment)
            .ok_or(EditError::Missing("the comment"))?;
        if version != found.version + 1 {
            return Err(EditError::Conflict { present: found.version });
        }
        found.version = version;
        found.modified = stamp.at;
        found.editor = stamp.by;
        found.body = body;
        self.keep_content(content);
        self.log.push(stamp.at, stamp.by, Subject::ContentCommented(home, comment));
        Ok(())
    }

    /// Deletes a comment with its replies.
    pub fn delete_content_comment(&mut self, stamp: Stamp, comment: ContentId) -> Result<(), EditError> {
        let home = self.content_of_comment(comment).ok_or(EditError::Missing("the comment"))?;
        let mut content = self.living_content(home)?;
        let mut gone = vec![comment];
        let before = content.comments.len();
        // A reply always stands after what it replies to.
        for candidate in &content.comments {
            if candidate.parent.is_some_and(|parent| gone.contains(&parent)) {
                gone.push(candidate.id);
            }
        }
        content.comments.retain(|candidate| !gone.contains(&candidate.id));
        if content.comments.len() == before {
            return Err(EditError::Missing("the comment"));
        }
        self.keep_content(content);
        self.log.push(stamp.at, stamp.by, Subject::ContentCommented(home, comment));
        Ok(())
    }

    /// Attaches a file, or a new version of the file with the same name.
    pub fn attach_file(
        &mut self,
        stamp: Stamp,
        id: ContentId,
        name: &str,
        media_type: &str,
        size: u64,
    ) -> Result<FileId, EditError> {
        let mut content = self.living_content(id)?;
        if let Some(file) = content.files.iter_mut().find(|file| &*file.name == name) {
            file.version += 1;
            file.modified = stamp.at;
            file.size = size;
            let file = file.id;
            self.keep_content(content);
            self.log.push(stamp.at, stamp.by, Subject::ContentUpdated(id));
            return Ok(file);
        }
        let file = FileId(self.take_content_id());
        content.files.push(ContentFile {
            id: file,
            container: id,
            name: name.into(),
            media_type: media_type.into(),
            size,
            media_id: crate::world::seed::uuid(file.0, id.0).into(),
            comment: "".into(),
            author: stamp.by,
            created: stamp.at,
            modified: stamp.at,
            version: 1,
            trashed: false,
        });
        self.confluence.added_files.insert(file, id);
        self.keep_content(content);
        self.log.push(stamp.at, stamp.by, Subject::ContentUpdated(id));
        Ok(file)
    }

    /// Puts a file into the trash; deletes one for good that lies there.
    pub fn delete_content_file(&mut self, stamp: Stamp, file: FileId, purge: bool) -> Result<(), EditError> {
        let home = self.content_of_file(file).ok_or(EditError::Missing("the file"))?;
        let mut content = self.living_content(home)?;
        let list = if purge { &mut content.trash } else { &mut content.files };
        let at = list.iter().position(|it| it.id == file).ok_or(EditError::Missing("the file"))?;
        let removed = list.remove(at);
        if !purge {
            content.trash.push(ContentFile { trashed: true, ..removed });
        }
        self.keep_content(content);
        self.log.push(stamp.at, stamp.by, Subject::ContentUpdated(home));
        Ok(())
    }

    /// Adds a global label to content, or removes it. Labels make no version. Returns whether that changed anything.
    pub fn set_content_label(
        &mut self,
        stamp: Stamp,
        id: ContentId,
        name: &str,
        present: bool,
    ) -> Result<bool, EditError> {
        let mut content = self.living_content(id)?;
        let at = content.labels.iter().position(|label| &*label.name == name);
        match (at, present) {
            (Some(at), false) => drop(content.labels.remove(at)),
            (None, true) => {
                let label = ContentLabelId(self.take_content_id());
                content.labels.push(ContentLabel { id: label, name: name.into(), prefix: "global" });
            }
            _ => return Ok(false),
        }
        self.keep_content(content);
        self.log.push(stamp.at, stamp.by, Subject::ContentUpdated(id));
        Ok(true)
    }
}

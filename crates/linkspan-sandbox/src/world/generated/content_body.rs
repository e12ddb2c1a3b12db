//! The whole of made-up content: title, body in both formats, restrictions, labels, versions, comments, files.

use std::fmt::Write as _;
use std::sync::Arc;

use super::blocks::{Block, escape, quote};
use super::content::{GeneratedConfluence, Place};
use super::words::{LABELS, SENTENCES};
use crate::world::confluence::{
    Body, CommentPlace, Content, ContentComment, ContentFile, ContentHead, ContentKind, ContentLabel,
    ContentVersion,
};
use crate::world::ids::{ContentId, ContentLabelId, Millis};
use crate::world::seed::{Dice, uuid};

impl GeneratedConfluence {
    pub(in crate::world) fn build(&self, id: ContentId) -> Option<Arc<Content>> {
        let place = self.place(id)?;
        let head = self.head(id)?;
        let title = self.title(id)?;
        let comments = self.comments(place, &head);
        let body = if head.kind == ContentKind::Folder {
            Body::Empty
        } else {
            self.page_body(place, &title, &comments)
        };
        let mut dice = Dice::at(self.seed, 0x1abe1, place.position);
        let mut labels: Vec<ContentLabel> = Vec::new();
        for _ in 0..[0, 0, 1, 1, 2, 3][dice.index(6)] {
            let at = dice.index(LABELS.len());
            let label = ContentLabel {
                id: ContentLabelId(1_000 + at as u64),
                name: LABELS[at].to_lowercase().into(),
                prefix: "global",
            };
            if head.kind != ContentKind::Folder && !labels.contains(&label) {
                labels.push(label);
            }
        }
        Some(Arc::new(Content {
            head,
            title,
            body,
            restrictions: self.restrictions(id)?,
            labels,
            versions: self.versions(place, &head),
            comments,
            files: self.content_files(place, &head),
            trash: Vec::new(),
            properties: Vec::new(),
            detail: crate::world::confluence::Detail::Plain,
        }))
    }

    fn page_body(&self, place: Place, title: &str, comments: &[ContentComment]) -> Body {
        let mut dice = Dice::at(self.seed, 0xb0d9, place.position);
        let size = if dice.chance(10) { 80 } else { 2 + dice.index(9) };
        let mut blocks: Vec<&Block> = Vec::with_capacity(size);
        for _ in 0..size {
            let pool = match dice.below(10) {
                0..5 => &self.blocks.plain,
                5..8 => &self.blocks.rich,
                _ => &self.blocks.confluence,
            };
            blocks.push(dice.pick(pool));
        }
        let opening = dice.word(&SENTENCES);
        let mut adf =
            String::with_capacity(400 + blocks.iter().map(|block| block.adf.len() + 1).sum::<usize>());
        let mut storage =
            String::with_capacity(300 + blocks.iter().map(|block| block.storage.len()).sum::<usize>());
        adf.push_str(r#"{"type":"doc","version":1,"content":["#);
        let opening = format!("{title}: {opening}");
        // Writing to a string cannot fail.
        let _ =
            write!(adf, r#"{{"type":"paragraph","content":[{{"type":"text","text":{}}}]}}"#, quote(&opening));
        let _ = write!(storage, "<p>{}</p>", escape(&opening));
        for comment in comments {
            let CommentPlace::Inline { marker, selection, resolution: "open" | "reopened", .. } =
                &comment.place
            else {
                continue;
            };
            if comment.parent.is_some() {
                continue;
            }
            let _ = write!(
                adf,
                r#",{{"type":"paragraph","content":[{{"type":"text","text":{},"marks":[{{"type":"annotation","attrs":{{"annotationType":"inlineComment","id":"{marker}"}}}}]}}]}}"#,
                quote(selection)
            );
            let _ = write!(
                storage,
                r#"<p><ac:inline-comment-marker ac:ref="{marker}">{}</ac:inline-comment-marker></p>"#,
                escape(selection)
            );
        }
        for block in blocks {
            adf.push(',');
            adf.push_str(&block.adf);
            storage.push_str(&block.storage);
        }
        adf.push_str("]}");
        Body::Both { storage: storage.into(), adf: adf.into() }
    }

    fn comment_body(&self, dice: &mut Dice) -> Body {
        let pool = if dice.chance(800) { &self.blocks.plain } else { &self.blocks.rich };
        let block = dice.pick(pool);
        Body::Both {
            storage: Arc::from(&*block.storage),
            adf: format!(r#"{{"type":"doc","version":1,"content":[{}]}}"#, block.adf).into(),
        }
    }

    fn comments(&self, place: Place, head: &ContentHead) -> Vec<ContentComment> {
        let mut dice = Dice::at(self.seed, 0xc077, place.position);
        let mut comments: Vec<ContentComment> = Vec::with_capacity(head.comments as usize);
        let step = (self.end - head.created) / (Millis::from(head.comments) + 1);
        for at in 0..head.comments {
            let created = head.created + step * Millis::from(at + 1);
            let author = *dice.pick(&self.staff);
            let replies_to = if comments.is_empty() || !dice.chance(350) {
                None
            } else {
                Some(dice.index(comments.len()))
            };
            let (parent, spot) = match replies_to {
                Some(target) => (Some(comments[target].id), comments[target].place.clone()),
                None if dice.chance(300) => {
                    let resolution = ["open", "open", "reopened", "resolved", "dangling"][dice.index(5)];
                    let resolved_by =
                        (resolution != "open").then(|| (*dice.pick(&self.staff), created + step / 2));
                    let selection = Arc::from(dice.word(&SENTENCES));
                    let marker = uuid(self.seed ^ 0x117e, place.position << 12 | u64::from(at)).into();
                    (None, CommentPlace::Inline { marker, selection, resolution, resolved_by })
                }
                None => (None, CommentPlace::Footer),
            };
            let version = if dice.chance(100) { 2 } else { 1 };
            comments.push(ContentComment {
                id: Self::comment_id(place, at),
                container: head.id,
                parent,
                place: spot,
                author,
                editor: author,
                created,
                modified: if version > 1 { created + step / 3 } else { created },
                version,
                body: self.comment_body(&mut dice),
            });
        }
        comments
    }

    fn versions(&self, place: Place, head: &ContentHead) -> Vec<ContentVersion> {
        let mut dice = Dice::at(self.seed, 0x4e45, place.position);
        let step = (head.modified - head.created) / Millis::from(head.version.max(2) - 1);
        (1..=head.version)
            .map(|number| ContentVersion {
                number,
                created: if number == head.version {
                    head.modified
                } else {
                    head.created + step * Millis::from(number - 1)
                },
                author: match number {
                    number if number == head.version => head.editor,
                    1 => head.author,
                    _ => *dice.pick(&self.staff),
                },
                message: Arc::from(if dice.chance(200) { "Checked with the port office" } else { "" }),
                minor_edit: number > 1 && dice.chance(250),
                body: None,
            })
            .collect()
    }

    fn content_files(&self, place: Place, head: &ContentHead) -> Vec<ContentFile> {
        let mut dice = Dice::at(self.seed, 0xf17e, place.position);
        let first = dice.index(self.files.len());
        (0..head.files)
            .map(|at| {
                let (name, media_type, size) = &self.files[(first + at as usize) % self.files.len()];
                let id = Self::file_id(place, at);
                let version = if dice.chance(150) { 2 } else { 1 };
                ContentFile {
                    id,
                    container: head.id,
                    name: Arc::clone(name),
                    media_type: Arc::clone(media_type),
                    size: *size,
                    media_id: uuid(self.seed ^ 0xf11f, id.0).into(),
                    comment: Arc::from(if dice.chance(200) { "new scan" } else { "" }),
                    author: *dice.pick(&self.staff),
                    created: head.created,
                    modified: if version > 1 { head.created + 3_600_000 } else { head.created },
                    version,
                    trashed: false,
                }
            })
            .collect()
    }
}

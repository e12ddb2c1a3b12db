//! The v1 form of content of every type, with its expansions (`atlassian-endpoints.md` 6.1).

use std::sync::Arc;

use super::expand::Expand;
use super::parts;
use super::shape;
use crate::confluence::answer::Refusal;
use crate::confluence::body::{BodyFormat, render};
use crate::confluence::json::JsonWriter;
use crate::confluence::links::{FileDownload, FileWebUi, WebUi, tiny};
use crate::confluence::time::Iso;
use crate::confluence::view::View;
use crate::world::confluence::{
    CommentPlace, Content, ContentComment, ContentFile, ContentHead, ContentKind, ContentStatus,
    ContentVersion,
};
use crate::world::{AccountIndex, Body, ContentId, FileId, Millis};

/// Content of any type.
#[derive(Debug, Clone)]
pub(super) enum Item {
    /// A page, blog post or folder.
    Content(Arc<Content>),
    /// A comment and what it stands on.
    Comment(Arc<Content>, ContentComment),
    /// A file and what it is attached to.
    File(Arc<Content>, ContentFile),
}

impl Item {
    /// Finds visible content of any type by the id of a path. What is in the trash is not found.
    pub(super) fn find(view: &View<'_>, id: &str) -> Result<Self, Refusal> {
        let item = Self::find_in_any_status(view, id)?;
        let is_trashed = item.head().status == ContentStatus::Trashed
            || matches!(&item, Self::File(_, file) if file.trashed);
        if is_trashed { Err(Refusal::not_found()) } else { Ok(item) }
    }

    /// Finds visible content of any type and status.
    pub(super) fn find_in_any_status(view: &View<'_>, id: &str) -> Result<Self, Refusal> {
        if let Some(file) = FileId::parse(id) {
            return view.file_in_any_status(file).map(|(content, file)| Self::File(content, file));
        }
        let id = ContentId::parse(id).ok_or_else(Refusal::not_found)?;
        if view.state.content_head(id).is_none() {
            return view.comment(id).map(|(content, comment)| Self::Comment(content, comment));
        }
        view.head(id)
            .and_then(|head| view.state.content(head.id))
            .map(Self::Content)
            .ok_or_else(Refusal::not_found)
    }

    /// The page or blog post itself, or what the comment or file is on.
    pub(super) fn container(&self) -> &Arc<Content> {
        match self {
            Self::Content(content) | Self::Comment(content, _) | Self::File(content, _) => content,
        }
    }

    fn head(&self) -> ContentHead {
        self.container().head
    }

    /// The id as printed.
    pub(super) fn id(&self) -> String {
        match self {
            Self::Content(content) => content.head.id.to_string(),
            Self::Comment(_, comment) => comment.id.to_string(),
            Self::File(_, file) => file.id.to_string(),
        }
    }

    /// `page`, `blogpost`, `folder`, `comment` or `attachment`
    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Self::Content(content) => content.head.kind.as_str(),
            Self::Comment(..) => "comment",
            Self::File(..) => "attachment",
        }
    }

    pub(super) fn title(&self) -> String {
        match self {
            Self::Content(content) => content.title.to_string(),
            Self::Comment(content, _) => format!("Re: {}", content.title),
            Self::File(_, file) => file.name.to_string(),
        }
    }

    fn status(&self) -> &'static str {
        match self {
            Self::Content(content) => content.head.status.as_str(),
            Self::Comment(..) | Self::File(..) => "current",
        }
    }

    /// The body; files have none.
    pub(super) fn body(&self) -> Option<&Body> {
        match self {
            Self::Content(content) => Some(&content.body),
            Self::Comment(_, comment) => Some(&comment.body),
            Self::File(..) => None,
        }
    }

    /// First author and creation time.
    pub(super) fn created(&self) -> (AccountIndex, Millis) {
        match self {
            Self::Content(content) => (content.head.author, content.head.created),
            Self::Comment(_, comment) => (comment.author, comment.created),
            Self::File(_, file) => (file.author, file.created),
        }
    }

    /// The present version.
    pub(super) fn version(&self) -> ContentVersion {
        let plain = |number, created, author| ContentVersion {
            number,
            created,
            author,
            message: Arc::from(""),
            minor_edit: false,
            body: None,
        };
        match self {
            Self::Content(content) => content
                .versions
                .last()
                .filter(|version| version.number == content.head.version)
                .cloned()
                .unwrap_or_else(|| plain(content.head.version, content.head.modified, content.head.editor)),
            Self::Comment(_, comment) => plain(comment.version, comment.modified, comment.editor),
            Self::File(_, file) => plain(file.version, file.modified, file.author),
        }
    }

    /// The address in the web interface, relative to the site's base.
    pub(super) fn web_ui(&self, view: &View<'_>) -> String {
        let content = self.container();
        let web = WebUi {
            space_key: view.space_key(content.head.space),
            head: content.head,
            title: &content.title,
        };
        match self {
            Self::Content(_) => web.to_string(),
            Self::Comment(_, comment) => format!("{web}?focusedCommentId={}", comment.id),
            Self::File(_, file) => FileWebUi(file).to_string(),
        }
    }

    /// Path below `/rest/api`.
    pub(super) fn path(&self) -> String {
        format!("/content/{}", self.id())
    }
}

/// Content with whatever is expanded.
pub(super) fn write(json: &mut JsonWriter, view: &View<'_>, item: &Item, expand: &Expand) {
    json.object(|json| members(json, view, item, expand, false));
}

/// Content alone: its links name the site.
pub(super) fn write_single(json: &mut JsonWriter, view: &View<'_>, item: &Item, expand: &Expand) {
    json.object(|json| members(json, view, item, expand, true));
}

fn members(json: &mut JsonWriter, view: &View<'_>, item: &Item, expand: &Expand, alone: bool) {
    json.key("id").string(&item.id());
    json.key("type").string(item.type_name());
    json.key("status").string(item.status());
    json.key("title").string(&item.title());
    if expand.has("space")
        && let Some(space) = view.state.space(item.head().space)
    {
        json.key("space").object(|json| shape::space_members(json, view, space, &expand.below("space")));
    }
    if expand.has("history") {
        json.key("history").object(|json| parts::history(json, view, item, &expand.below("history")));
    }
    if expand.has("version") {
        json.key("version").object(|json| shape::version_members(json, view, &item.version(), &item.path()));
    }
    if expand.has("ancestors") {
        json.key("ancestors").array(|json| parts::ancestors(json, view, item, &expand.below("ancestors")));
    }
    if expand.has("container") {
        json.key("container").object(|json| container(json, view, item, &expand.below("container")));
    }
    if expand.has("operations") {
        json.key("operations").array(|json| parts::operations(json, view, item));
    }
    if expand.has("body") {
        json.key("body").object(|json| body(json, view, item, &expand.below("body")));
    }
    if expand.has("restrictions") {
        json.key("restrictions")
            .object(|json| parts::restrictions(json, view, item, &expand.below("restrictions")));
    }
    if expand.has("metadata") || matches!(item, Item::File(..)) {
        json.key("metadata").object(|json| parts::metadata(json, view, item, &expand.below("metadata")));
    }
    if expand.has("childTypes") {
        json.key("childTypes").object(|json| parts::child_types(json, view, item));
    }
    if expand.has("children") {
        json.key("children").object(|json| parts::children(json, view, item, &expand.below("children")));
    }
    if expand.has("descendants") {
        json.key("descendants")
            .object(|json| parts::descendants(json, view, item, &expand.below("descendants")));
    }
    json.key("macroRenderedOutput").object(|_| ());
    json.key("extensions").object(|json| extensions(json, view, item));
    expandable(json, view, item, expand);
    links(json, view, item, alone);
}

fn container(json: &mut JsonWriter, view: &View<'_>, item: &Item, expand: &Expand) {
    match item {
        Item::Content(content) => {
            if let Some(space) = view.state.space(content.head.space) {
                shape::space_members(json, view, space, expand);
            }
        }
        Item::Comment(content, _) | Item::File(content, _) => {
            members(json, view, &Item::Content(Arc::clone(content)), expand, false);
        }
    }
}

fn body(json: &mut JsonWriter, view: &View<'_>, item: &Item, expand: &Expand) {
    let Some(body) = item.body() else {
        return;
    };
    for (name, format) in BodyFormat::SINGLE {
        if expand.has(name) {
            json.key(name).object(|json| {
                json.key("value").string(&render(body, format, view));
                json.key("representation").string(name);
                json.key("embeddedContent").array(|_| ());
                json.key("_expandable")
                    .object(|json| json.key("content").display(format_args!("/rest/api{}", item.path())));
            });
        }
    }
    json.key("_expandable").object(|json| {
        for (name, _) in BodyFormat::SINGLE {
            if !expand.has(name) {
                json.key(name).string("");
            }
        }
    });
}

fn extensions(json: &mut JsonWriter, view: &View<'_>, item: &Item) {
    match item {
        Item::Content(content) => json.key("position").integer(i64::from(content.head.position)),
        Item::File(content, file) => {
            json.key("mediaType").string(&file.media_type);
            json.key("fileSize").integer(i64::try_from(file.size).unwrap_or(i64::MAX));
            json.key("comment").string(&file.comment);
            json.key("mediaTypeDescription")
                .string(crate::confluence::links::media_type_description(&file.media_type));
            json.key("fileId").string(&file.media_id);
            json.key("collectionName").display(format_args!("contentId-{}", content.head.id));
        }
        Item::Comment(_, comment) => match &comment.place {
            CommentPlace::Footer => {
                json.key("location").string("footer");
                json.key("_expandable").object(|json| json.key("resolution").string(""));
            }
            CommentPlace::Inline { marker, selection, resolution, resolved_by } => {
                json.key("location").string(if *resolution == "resolved" { "resolved" } else { "inline" });
                json.key("inlineProperties").object(|json| {
                    json.key("originalSelection").string(selection);
                    json.key("markerRef").string(marker);
                });
                json.key("resolution").object(|json| {
                    json.key("status").string(resolution);
                    if let Some((by, at)) = resolved_by {
                        json.key("lastModifier");
                        shape::plain_user(json, view, *by);
                        json.key("lastModifiedDate").display(Iso(*at));
                    }
                });
            }
        },
    }
}

fn expandable(json: &mut JsonWriter, view: &View<'_>, item: &Item, expand: &Expand) {
    let path = format!("/rest/api{}", item.path());
    let space_path = format!("/rest/api/space/{}", view.space_key(item.head().space));
    let container_path = match item {
        Item::Content(_) => space_path.clone(),
        Item::Comment(content, _) | Item::File(content, _) => {
            format!("/rest/api/content/{}", content.head.id)
        }
    };
    let offered = [
        ("childTypes", String::new()),
        ("container", container_path),
        ("metadata", String::new()),
        ("operations", String::new()),
        ("schedulePublishDate", String::new()),
        ("children", format!("{path}/child")),
        ("restrictions", format!("{path}/restriction/byOperation")),
        ("history", format!("{path}/history")),
        ("ancestors", String::new()),
        ("body", String::new()),
        ("version", String::new()),
        ("descendants", format!("{path}/descendant")),
        ("space", space_path),
    ];
    json.key("_expandable").object(|json| {
        for (name, value) in offered {
            if !expand.has(name) {
                json.key(name).string(&value);
            }
        }
    });
}

fn links(json: &mut JsonWriter, view: &View<'_>, item: &Item, alone: bool) {
    json.key("_links").object(|json| {
        json.key("webui").string(&item.web_ui(view));
        json.key("self").display(format_args!("{}/rest/api{}", view.base(), item.path()));
        match item {
            Item::Content(content) => {
                json.key("editui")
                    .display(format_args!("/pages/resumedraft.action?draftId={}", content.head.id));
                json.key("tinyui").string(&tiny(content.head.id.0));
            }
            Item::File(_, file) => json.key("download").display(FileDownload(file)),
            Item::Comment(..) => {}
        }
        if alone {
            json.key("collection").string("/rest/api/content");
            json.key("context").string("/wiki");
            json.key("base").string(view.base());
        }
    });
}

/// The bare members of content named in another answer.
pub(super) fn brief_members(json: &mut JsonWriter, view: &View<'_>, head: ContentHead) {
    if let Some(content) = view.state.content(head.id) {
        members(json, view, &Item::Content(content), &Expand::default(), false);
    }
}

/// Whether a head is what a listing of `kind` shows: in no trash and no draft.
pub(super) fn is_listed(head: &ContentHead, kind: ContentKind) -> bool {
    head.kind == kind && matches!(head.status, ContentStatus::Current | ContentStatus::Archived)
}

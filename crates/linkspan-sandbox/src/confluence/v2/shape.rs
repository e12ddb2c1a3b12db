//! The v2 form of each thing, written straight into the answer (`confluence-v2.json`, live form in
//! `atlassian-endpoints.md` 6).

use crate::confluence::body::{BodyFormat, write_body};
use crate::confluence::json::JsonWriter;
use crate::confluence::links::{FileDownload, FileWebUi, WebUi, media_type_description, space_path, tiny};
use crate::confluence::time::Iso;
use crate::confluence::view::View;
use crate::world::confluence::{
    CommentPlace, Content, ContentComment, ContentFile, ContentHead, ContentKind, ContentLabel,
    ContentVersion, Space, SpacePermission, SpacePrincipal,
};
use crate::world::{Account, AccountIndex, AccountStatus, AccountType, Millis};

/// A page or blog post without its closing brace, so that a single answer can add members.
pub(super) fn content_members(
    json: &mut JsonWriter,
    view: &View<'_>,
    content: &Content,
    format: Option<BodyFormat>,
) {
    let head = content.head;
    json.key("id").display(head.id);
    json.key("status").string(head.status.as_str());
    json.key("title").string(&content.title);
    json.key("spaceId").display(head.space);
    if head.kind == ContentKind::Page {
        parent_members(json, view, head);
        json.key("position").integer(i64::from(head.position));
        json.key("ownerId").string(view.account_id(head.author));
        json.key("lastOwnerId").null();
        json.key("subtype").string("page");
    }
    json.key("authorId").string(view.account_id(head.author));
    json.key("createdAt").display(Iso(head.created));
    json.key("version").object(|json| present_version(json, view, content));
    json.key("body").object(|json| {
        if let Some(format) = format {
            write_body(json, view, &content.body, format);
        }
    });
}

/// `_links` of content; a single answer adds the site's base.
pub(super) fn content_links(
    json: &mut JsonWriter,
    view: &View<'_>,
    head: ContentHead,
    title: &str,
    base: Option<&str>,
) {
    let space_key = view.space_key(head.space);
    json.key("_links").object(|json| {
        if head.kind.is_article() {
            json.key("editui").display(format_args!("/pages/resumedraft.action?draftId={}", head.id));
        }
        json.key("webui").display(WebUi { space_key, head, title });
        if head.kind.is_article() {
            json.key("edituiv2").display(format_args!("/spaces/{space_key}/pages/edit-v2/{}", head.id));
            json.key("tinyui").string(&tiny(head.id.0));
        }
        if let Some(base) = base {
            json.key("base").string(base);
        }
    });
}

/// `parentId` and `parentType`, absent at the top of a space.
pub(super) fn parent_members(json: &mut JsonWriter, view: &View<'_>, head: ContentHead) {
    let Some(parent) = head.parent else {
        return;
    };
    json.key("parentId").display(parent);
    let kind = view.state.content_head(parent).map_or(ContentKind::Page, |parent| parent.kind);
    json.key("parentType").string(kind.as_str());
}

pub(super) fn present_version(json: &mut JsonWriter, view: &View<'_>, content: &Content) {
    let head = content.head;
    if let Some(version) = content.versions.last().filter(|version| version.number == head.version) {
        version_members(json, view, version);
        return;
    }
    plain_version(json, view, head.version, head.modified, head.editor);
}

/// A version of something whose version messages are not kept.
pub(super) fn plain_version(
    json: &mut JsonWriter,
    view: &View<'_>,
    number: u32,
    at: Millis,
    by: AccountIndex,
) {
    json.key("number").integer(i64::from(number));
    json.key("message").string("");
    json.key("minorEdit").boolean(false);
    json.key("authorId").string(view.account_id(by));
    json.key("createdAt").display(Iso(at));
}

/// The members of a version.
pub(super) fn version_members(json: &mut JsonWriter, view: &View<'_>, version: &ContentVersion) {
    json.key("number").integer(i64::from(version.number));
    json.key("message").string(&version.message);
    json.key("minorEdit").boolean(version.minor_edit);
    json.key("authorId").string(view.account_id(version.author));
    json.key("createdAt").display(Iso(version.created));
}

/// The member that names what something stands on.
pub(super) fn container_key(kind: Option<ContentKind>) -> &'static str {
    match kind {
        Some(ContentKind::BlogPost) => "blogPostId",
        Some(ContentKind::Custom) => "customContentId",
        _ => "pageId",
    }
}

/// Which members a comment has in the list or answer it appears in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CommentForm {
    /// In a list of its container's comments or of the whole site, or alone: names its container.
    WithContainer,
    /// In a list of replies: names its parent only.
    Reply,
}

/// The members of a footer or inline comment.
pub(super) fn comment_members(
    json: &mut JsonWriter,
    view: &View<'_>,
    content: &Content,
    comment: &ContentComment,
    form: CommentForm,
    format: Option<BodyFormat>,
) {
    json.key("id").display(comment.id);
    json.key("status").string("current");
    json.key("title").display(format_args!("Re: {}", content.title));
    if form == CommentForm::WithContainer {
        json.key(container_key(Some(content.head.kind))).display(comment.container);
    }
    if let Some(parent) = comment.parent {
        json.key("parentCommentId").display(parent);
    }
    json.key("version")
        .object(|json| plain_version(json, view, comment.version, comment.modified, comment.editor));
    json.key("body").object(|json| {
        if let Some(format) = format {
            write_body(json, view, &comment.body, format);
        }
    });
    if let CommentPlace::Inline { marker, selection, resolution, resolved_by } = &comment.place {
        json.key("resolutionStatus").string(resolution);
        if let (Some((by, at)), CommentForm::WithContainer) = (resolved_by, form) {
            json.key("resolutionLastModifierId").string(view.account_id(*by));
            json.key("resolutionLastModifiedAt").display(Iso(*at));
        }
        json.key("properties").object(|json| {
            // The live service sends both spellings (`openapi/README.md`).
            json.key("inlineMarkerRef").string(marker);
            json.key("inlineOriginalSelection").string(selection);
            json.key("inline-marker-ref").string(marker);
            json.key("inline-original-selection").string(selection);
        });
    }
}

/// `_links` of a comment.
pub(super) fn comment_links(
    json: &mut JsonWriter,
    view: &View<'_>,
    content: &Content,
    comment: &ContentComment,
    base: Option<&str>,
) {
    let web =
        WebUi { space_key: view.space_key(content.head.space), head: content.head, title: &content.title };
    json.key("_links").object(|json| {
        json.key("webui").display(format_args!("{web}?focusedCommentId={}", comment.id));
        if let Some(base) = base {
            json.key("base").string(base);
        }
    });
}

/// The members of an attachment.
pub(super) fn file_members(
    json: &mut JsonWriter,
    view: &View<'_>,
    container: ContentHead,
    file: &ContentFile,
) {
    json.key("id").display(file.id);
    json.key("status").string(if file.trashed { "trashed" } else { "current" });
    json.key("title").string(&file.name);
    json.key("createdAt").display(Iso(file.created));
    json.key(container_key(Some(container.kind))).display(file.container);
    json.key("mediaType").string(&file.media_type);
    json.key("mediaTypeDescription").string(media_type_description(&file.media_type));
    json.key("comment").string(&file.comment);
    json.key("fileId").string(&file.media_id);
    json.key("fileSize").integer(i64::try_from(file.size).unwrap_or(i64::MAX));
    json.key("webuiLink").display(FileWebUi(file));
    json.key("downloadLink").display(FileDownload(file));
    json.key("version").object(|json| plain_version(json, view, file.version, file.modified, file.author));
}

/// `_links` of an attachment.
pub(super) fn file_links(json: &mut JsonWriter, file: &ContentFile, base: Option<&str>) {
    json.key("_links").object(|json| {
        json.key("webui").display(FileWebUi(file));
        json.key("download").display(FileDownload(file));
        if let Some(base) = base {
            json.key("base").string(base);
        }
    });
}

/// A label.
pub(super) fn label(json: &mut JsonWriter, label: &ContentLabel) {
    json.object(|json| {
        json.key("id").display(label.id);
        json.key("name").string(&label.name);
        json.key("prefix").string(label.prefix);
    });
}

/// The form a space's description is asked in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DescriptionFormat {
    /// `plain`
    Plain,
    /// `view`
    View,
}

/// The members of a space.
pub(super) fn space_members(
    json: &mut JsonWriter,
    view: &View<'_>,
    space: &Space,
    description: Option<DescriptionFormat>,
    with_icon: bool,
) {
    json.key("id").display(space.id);
    json.key("key").string(&space.key);
    json.key("name").string(&space.name);
    json.key("type").string(space.kind.as_str());
    json.key("status").string(if space.archived { "archived" } else { "current" });
    json.key("authorId").string(view.account_id(space.author));
    json.key("spaceOwnerId").string(view.account_id(space.author));
    json.key("createdAt").display(Iso(space.created));
    json.key("currentActiveAlias").string(&space.key);
    if let Some(homepage) = space.homepage {
        json.key("homepageId").display(homepage);
    }
    if let Some(format) = description {
        json.key("description").object(|json| {
            let (key, value) = match format {
                DescriptionFormat::Plain => ("plain", space.description.clone()),
                DescriptionFormat::View => {
                    ("view", format!("<p>{}</p>", crate::confluence::body::escape_html(&space.description)))
                }
            };
            json.key(key).object(|json| {
                json.key("representation").string(key);
                json.key("value").string(&value);
            });
        });
    }
    if with_icon {
        json.key("icon").object(|json| {
            json.key("path")
                .display(format_args!("/wiki/images/logo/default-space-logo-{}.png", space.kind.as_str()));
        });
    }
}

/// `_links` of a space.
pub(super) fn space_links(json: &mut JsonWriter, space: &Space, base: Option<&str>) {
    json.key("_links").object(|json| {
        json.key("webui").string(&space_path(space));
        if let Some(base) = base {
            json.key("base").string(base);
        }
    });
}

/// One row of a space's permissions. Classes are sent as `access-class`, which the document does not list but live
/// sites send (`openapi/README.md`).
pub(super) fn space_permission(json: &mut JsonWriter, view: &View<'_>, permission: &SpacePermission) {
    let (kind, id) = match permission.principal {
        SpacePrincipal::User(account) => ("user", view.account_id(account)),
        SpacePrincipal::Group(group) => ("group", view.group_id(group)),
        SpacePrincipal::AllLicensedUsers => ("access-class", "ALL_LICENSED_USERS"),
        SpacePrincipal::AllProductAdmins => ("access-class", "ALL_PRODUCT_ADMINS"),
        SpacePrincipal::AuthenticatedUsers => ("access-class", "authenticated-users"),
        SpacePrincipal::Anonymous => ("access-class", "anonymous-users"),
    };
    json.object(|json| {
        json.key("id").display(permission.id);
        json.key("principal").object(|json| {
            json.key("type").string(kind);
            json.key("id").string(id);
        });
        json.key("operation").object(|json| {
            json.key("key").string(permission.operation);
            json.key("targetType").string(permission.target);
        });
    });
}

/// A user.
pub(super) fn user(json: &mut JsonWriter, view: &View<'_>, account: &Account) {
    json.object(|json| {
        json.key("accountId").string(&account.account_id);
        json.key("accountType").string(match account.account_type {
            AccountType::Customer => "customer",
            AccountType::App => "app",
            AccountType::Atlassian => "atlassian",
        });
        json.key("accountStatus").string(match account.status() {
            AccountStatus::Active => "active",
            AccountStatus::Inactive => "inactive",
            AccountStatus::Closed => "closed",
        });
        json.key("displayName").string(account.display_name());
        json.key("publicName").string(account.display_name());
        json.key("email").string(view.email_of(account).unwrap_or_default());
        json.key("timeZone").string(&account.time_zone);
        json.key("isExternalCollaborator").boolean(false);
        if let Some(space) = view.personal_space(account.index) {
            json.key("personalSpaceId").display(space.id);
        }
        json.key("profilePicture").object(|json| {
            json.key("path").display(format_args!("/wiki/aa-avatar/{}", account.account_id));
            json.key("isDefault").boolean(true);
        });
    });
}

//! Changes both API generations make: rights are checked here, the effects are the world's.

use std::sync::Arc;

use super::answer::Refusal;
use super::body_input;
use super::view::{Ask, View};
use crate::world::confluence::{
    CommentPlace, ContentHead, ContentKind, ContentStatus, Detail, Restriction, Restrictions,
};
use crate::world::confluence::{ContentChange, NewContent, NewContentComment};
use crate::world::{AccountIndex, Body, ContentId, EditError, FileId, SiteState, SpaceId, Stamp};

impl From<EditError> for Refusal {
    fn from(error: EditError) -> Self {
        match error {
            EditError::Missing(_) => Self::not_found(),
            EditError::Unusable(_) | EditError::Refused(_) => Self::bad_request(error.to_string()),
            EditError::Conflict { present } => Self::conflict(format!(
                "Version must be incremented when updating a page. Current Version: [{present}]"
            )),
        }
    }
}

/// What a page or blog post is created from.
pub(super) struct Creation {
    pub(super) kind: ContentKind,
    pub(super) space: SpaceId,
    pub(super) parent: Option<ContentId>,
    /// At the top of the space instead of below its home page.
    pub(super) at_root: bool,
    pub(super) title: String,
    pub(super) body: Body,
    pub(super) is_draft: bool,
    /// Only the author may view and edit it.
    pub(super) is_private: bool,
    pub(super) detail: Detail,
}

/// A new version of a page or blog post.
pub(super) struct Update {
    pub(super) title: Option<String>,
    pub(super) body: Option<Body>,
    pub(super) version: u32,
    pub(super) message: String,
    pub(super) minor_edit: bool,
    pub(super) is_draft: bool,
    /// Below another page or folder of the same space.
    pub(super) parent: Option<ContentId>,
}

/// Somebody who is about to change a site's content.
struct Actor<'ask> {
    ask: &'ask Ask,
    stamp: Stamp,
}

impl<'ask> Actor<'ask> {
    fn new(ask: &'ask Ask) -> Result<Self, Refusal> {
        Ok(Self { ask, stamp: Stamp { at: ask.now(), by: ask.actor()? } })
    }

    fn view<'state>(&self, state: &'state SiteState) -> View<'state>
    where
        'ask: 'state,
    {
        self.ask.view(self.ask.site(), state)
    }
}

/// Creates a page or blog post.
pub(super) fn create(ask: &Ask, creation: Creation) -> Result<ContentId, Refusal> {
    let actor = Actor::new(ask)?;
    let mut state = ask.site().write();
    let view = actor.view(&state);
    view.space(creation.space).ok_or_else(Refusal::not_found)?;
    if let Some(parent) = creation.parent {
        view.head(parent).ok_or_else(Refusal::not_found)?;
    }
    if !state.has_space_permission(&view.reader, creation.space, "create", creation.kind.permitted_as()) {
        return Err(Refusal::forbidden("You do not have permission to create content in this space"));
    }
    drop(view);
    let id = state.create_content(
        actor.stamp,
        NewContent {
            kind: creation.kind,
            space: creation.space,
            parent: creation.parent,
            title: Arc::from(creation.title),
            body: creation.body,
            status: if creation.is_draft { ContentStatus::Draft } else { ContentStatus::Current },
            detail: creation.detail,
        },
    )?;
    if creation.at_root && creation.parent.is_none() && creation.kind == ContentKind::Page {
        state.move_content(actor.stamp, id, creation.space, None)?;
    }
    if creation.is_private {
        let only = Restriction { users: vec![actor.stamp.by], groups: Vec::new() };
        state.restrict_content(actor.stamp, id, Restrictions { read: only.clone(), update: only })?;
    }
    Ok(id)
}

fn editable(view: &View<'_>, id: ContentId, kind: Option<ContentKind>) -> Result<ContentHead, Refusal> {
    let head = view
        .head(id)
        .filter(|head| kind.is_none_or(|kind| head.kind == kind))
        .ok_or_else(Refusal::not_found)?;
    if view.state.can_edit_content(&view.reader, &head) {
        return Ok(head);
    }
    Err(Refusal::forbidden("You do not have permission to edit this content"))
}

/// Writes a new version, or takes content out of the trash: then only its status changes, as upstream.
pub(super) fn update(
    ask: &Ask,
    id: ContentId,
    kind: Option<ContentKind>,
    update: Update,
) -> Result<(), Refusal> {
    let actor = Actor::new(ask)?;
    let mut state = ask.site().write();
    let view = actor.view(&state);
    let head = editable(&view, id, kind)?;
    if let Some(parent) = update.parent {
        view.head(parent).ok_or_else(Refusal::not_found)?;
    }
    drop(view);
    if head.status == ContentStatus::Trashed && !update.is_draft {
        return Ok(state.restore_content(actor.stamp, id)?);
    }
    if update.is_draft && head.status != ContentStatus::Draft {
        return Err(Refusal::bad_request("drafts of published content are not kept; send status current"));
    }
    let title =
        update.title.map(Arc::from).or_else(|| state.content_title(id)).ok_or_else(Refusal::not_found)?;
    let status = match head.status {
        ContentStatus::Draft if update.is_draft => ContentStatus::Draft,
        ContentStatus::Archived => ContentStatus::Archived,
        _ => ContentStatus::Current,
    };
    let change = ContentChange {
        version: update.version,
        title,
        body: update.body,
        message: Arc::from(update.message),
        minor_edit: update.minor_edit,
        status,
    };
    state.edit_content(actor.stamp, id, change).map_err(|error| match error {
        EditError::Conflict { present } => Refusal::conflict(format!(
            "Version must be incremented when updating a page. Current Version: [{present}]. Provided version: [{}]",
            update.version
        )),
        other => other.into(),
    })?;
    if update.parent.is_some() && update.parent != head.parent {
        state.move_content(actor.stamp, id, head.space, update.parent)?;
    }
    Ok(())
}

/// Puts content into the trash, or deletes it for good: drafts at once, anything else only from the trash.
pub(super) fn delete(
    ask: &Ask,
    id: ContentId,
    kind: Option<ContentKind>,
    purge: bool,
) -> Result<(), Refusal> {
    let actor = Actor::new(ask)?;
    let mut state = ask.site().write();
    let view = actor.view(&state);
    let head = editable(&view, id, kind)?;
    let may = head.author == actor.stamp.by
        || state.has_space_permission(&view.reader, head.space, "delete", head.kind.permitted_as());
    if !may {
        return Err(Refusal::forbidden("You do not have permission to delete this content"));
    }
    drop(view);
    if head.status == ContentStatus::Draft || purge {
        return Ok(state.purge_content(actor.stamp, id)?);
    }
    if head.status == ContentStatus::Trashed {
        return Err(Refusal::not_found());
    }
    Ok(state.trash_content(actor.stamp, id)?)
}

/// Moves a page next to or below another.
pub(super) fn move_below(
    ask: &Ask,
    id: ContentId,
    space: SpaceId,
    parent: Option<ContentId>,
) -> Result<(), Refusal> {
    let actor = Actor::new(ask)?;
    let mut state = ask.site().write();
    let view = actor.view(&state);
    editable(&view, id, Some(ContentKind::Page))?;
    if let Some(parent) = parent {
        view.head(parent).ok_or_else(Refusal::not_found)?;
    }
    drop(view);
    Ok(state.move_content(actor.stamp, id, space, parent)?)
}

/// Comments on visible content, or replies to one of its comments.
pub(super) fn comment(
    ask: &Ask,
    container: Option<ContentId>,
    parent: Option<ContentId>,
    place: CommentPlace,
    body: Body,
) -> Result<ContentId, Refusal> {
    let actor = Actor::new(ask)?;
    let mut state = ask.site().write();
    let view = actor.view(&state);
    let container = match parent {
        Some(parent) => view.comment(parent)?.1.container,
        None => container.ok_or_else(|| Refusal::bad_request("name the content to comment on"))?,
    };
    let head = view.listed_container(container).ok_or_else(Refusal::not_found)?;
    if !state.has_space_permission(&view.reader, head.space, "create", "comment") {
        return Err(Refusal::forbidden("You do not have permission to comment in this space"));
    }
    drop(view);
    Ok(state.comment_content(actor.stamp, container, NewContentComment { parent, place, body })?)
}

/// Writes a new version of an own comment.
pub(super) fn edit_comment(ask: &Ask, id: ContentId, version: u32, body: Body) -> Result<(), Refusal> {
    let actor = Actor::new(ask)?;
    let mut state = ask.site().write();
    let (_, comment) = actor.view(&state).comment(id)?;
    if comment.author != actor.stamp.by {
        return Err(Refusal::forbidden("You do not have permission to edit this comment"));
    }
    Ok(state.edit_content_comment(actor.stamp, id, version, body)?)
}

/// Deletes a comment with its replies.
pub(super) fn delete_comment(ask: &Ask, id: ContentId) -> Result<(), Refusal> {
    let actor = Actor::new(ask)?;
    let mut state = ask.site().write();
    let view = actor.view(&state);
    let (content, comment) = view.comment(id)?;
    let may = comment.author == actor.stamp.by
        || state.has_space_permission(&view.reader, content.head.space, "delete", "comment");
    if !may {
        return Err(Refusal::forbidden("You do not have permission to delete this comment"));
    }
    drop(view);
    Ok(state.delete_content_comment(actor.stamp, id)?)
}

/// Adds or removes a label; `Ok(false)` when nothing changed.
pub(super) fn label(ask: &Ask, id: ContentId, name: &str, present: bool) -> Result<bool, Refusal> {
    let actor = Actor::new(ask)?;
    let mut state = ask.site().write();
    editable(&actor.view(&state), id, None)?;
    Ok(state.set_content_label(actor.stamp, id, name, present)?)
}

/// Replaces the own restrictions of content by what `change` makes of the present ones.
pub(super) fn restrict(
    ask: &Ask,
    id: ContentId,
    change: impl FnOnce(&View<'_>, Restrictions) -> Result<Restrictions, Refusal>,
) -> Result<(), Refusal> {
    let actor = Actor::new(ask)?;
    let mut state = ask.site().write();
    let view = actor.view(&state);
    editable(&view, id, None)?;
    let present = state.content_restrictions(id).unwrap_or_default();
    let restrictions = change(&view, present)?;
    if locks_out(&restrictions, actor.stamp.by, &view) {
        return Err(Refusal::bad_request(
            "the restrictions would lock you out; name yourself or a group of yours",
        ));
    }
    drop(view);
    Ok(state.restrict_content(actor.stamp, id, restrictions)?)
}

/// Upstream refuses restrictions by which the caller loses the content.
fn locks_out(restrictions: &Restrictions, caller: AccountIndex, view: &View<'_>) -> bool {
    let admits = |list: &Restriction| {
        list.is_open()
            || list.users.contains(&caller)
            || list.groups.iter().any(|group| view.reader.in_group(*group))
    };
    !(admits(&restrictions.read) && admits(&restrictions.update))
}

/// Attaches a file, or a new version of the one with its name.
pub(super) fn attach(ask: &Ask, id: ContentId, file: &body_input::UploadedFile) -> Result<FileId, Refusal> {
    let actor = Actor::new(ask)?;
    let mut state = ask.site().write();
    editable(&actor.view(&state), id, None)?;
    Ok(state.attach_file(actor.stamp, id, &file.name, &file.media_type, file.size)?)
}

/// Puts a file into the trash, or deletes one for good that lies there.
pub(super) fn delete_file(ask: &Ask, id: FileId, purge: bool) -> Result<(), Refusal> {
    let actor = Actor::new(ask)?;
    let mut state = ask.site().write();
    let view = actor.view(&state);
    let (content, _) = view.file_in_any_status(id)?;
    let (operation, target) = if purge { ("administer", "space") } else { ("delete", "attachment") };
    if !state.has_space_permission(&view.reader, content.head.space, operation, target) {
        return Err(Refusal::forbidden("You do not have permission to delete this attachment"));
    }
    drop(view);
    Ok(state.delete_content_file(actor.stamp, id, purge)?)
}

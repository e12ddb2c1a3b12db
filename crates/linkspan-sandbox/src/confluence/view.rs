//! Confluence through the eyes of one caller: everything read here is what that caller may see.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use http::request::Parts;

use super::answer::{Answer, Refusal, product_not_permitted};
use super::index::Indexes;
use super::parameters::Parameters;
use crate::gateway::{AppState, Caller};
use crate::world::access::Reader;
use crate::world::confluence::{
    Content, ContentComment, ContentFile, ContentHead, ContentKind, ContentStatus, Space, SpaceKind,
};
use crate::world::{
    Account, AccountIndex, ContentId, FileId, GroupIndex, Millis, Site, SiteState, SpaceId, Viewer,
};

/// One request: who asks which site for what.
pub(super) struct Ask {
    pub(super) app: AppState,
    pub(super) caller: Caller,
    pub(super) parameters: Parameters,
    pub(super) index: Indexes,
}

impl FromRequestParts<AppState> for Ask {
    type Rejection = Response;

    /// Refuses accounts without the product before any handler runs (`atlassian-platform.md` 1.11).
    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Self::Rejection> {
        let caller = Caller::from_request_parts(parts, app).await.map_err(IntoResponse::into_response)?;
        let parameters =
            Parameters::from_request_parts(parts, app).await.map_err(IntoResponse::into_response)?;
        // The router's own layer puts it there.
        let index = parts.extensions.get::<Indexes>().cloned().unwrap_or_default();
        let ask = Self { app: app.clone(), caller, parameters, index };
        if ask.may_use_confluence() { Ok(ask) } else { Err(product_not_permitted()) }
    }
}

impl Ask {
    fn may_use_confluence(&self) -> bool {
        let state = self.site().read();
        match self.viewer() {
            Viewer::Anonymous => state.confluence_anonymous_access(),
            viewer @ Viewer::Account(_) => state.may_use_confluence(&state.reader(viewer)),
        }
    }

    pub(super) fn site(&self) -> &Site {
        self.app.site(&self.caller)
    }

    pub(super) fn now(&self) -> Millis {
        self.app.world().clock().now_ms()
    }

    /// Answers from the site's present state.
    pub(super) fn read<T>(&self, answer: impl FnOnce(&View<'_>) -> T) -> T {
        let site = self.site();
        let state = site.read();
        answer(&self.view(site, &state))
    }

    /// Looks at a state that is already locked.
    pub(super) fn view<'site>(&self, site: &'site Site, state: &'site SiteState) -> View<'site> {
        View {
            state,
            site,
            reader: state.reader(self.viewer()),
            now: self.now(),
            base: format!("{}/wiki", site.url()),
        }
    }

    fn viewer(&self) -> Viewer {
        self.caller.account.map_or(Viewer::Anonymous, Viewer::Account)
    }

    /// The account that makes a change; the anonymous make none.
    pub(super) fn actor(&self) -> Result<AccountIndex, Refusal> {
        self.caller.account.ok_or_else(|| Refusal::forbidden("sign in to change content"))
    }
}

/// The state of a site as one viewer sees it.
pub(super) struct View<'state> {
    pub(super) state: &'state SiteState,
    pub(super) site: &'state Site,
    pub(super) reader: Reader,
    pub(super) now: Millis,
    base: String,
}

impl<'state> View<'state> {
    /// `https://{site}/wiki`
    pub(super) fn base(&self) -> &str {
        &self.base
    }

    /// The calling account.
    pub(super) fn account(&self) -> Option<&'state Account> {
        self.reader.account().map(|account| self.state.account(account))
    }

    pub(super) fn account_id(&self, account: AccountIndex) -> &'state str {
        &self.state.account(account).account_id
    }

    /// The address the caller may see of an account: one's own always.
    pub(super) fn email_of(&self, account: &'state Account) -> Option<&'state str> {
        if self.reader.account() == Some(account.index) {
            return Some(account.email());
        }
        account.visible_email()
    }

    pub(super) fn group_id(&self, group: GroupIndex) -> &'state str {
        self.state.group(group).map_or("", |group| &group.id)
    }

    /// The visible personal space of an account.
    pub(super) fn personal_space(&self, account: AccountIndex) -> Option<&'state Space> {
        self.spaces().find(|space| space.kind == SpaceKind::Personal && space.author == account)
    }

    /// Visible spaces, archived ones included, ascending by id.
    pub(super) fn spaces(&self) -> impl Iterator<Item = &'state Space> {
        self.state.spaces().iter().filter(|space| self.state.can_see_space(&self.reader, space))
    }

    /// A visible space.
    pub(super) fn space(&self, id: SpaceId) -> Option<&'state Space> {
        self.state.space(id).filter(|space| self.state.can_see_space(&self.reader, space))
    }

    /// A visible space by its present or a former key.
    pub(super) fn space_by_key(&self, key: &str) -> Option<&'state Space> {
        self.state.space_by_key(key).filter(|space| self.state.can_see_space(&self.reader, space))
    }

    /// The key of the space some visible content is in.
    pub(super) fn space_key(&self, id: SpaceId) -> &'state str {
        self.state.space(id).map_or("", |space| &space.key)
    }

    /// The head of visible content.
    pub(super) fn head(&self, id: ContentId) -> Option<ContentHead> {
        self.state.content_head(id).filter(|head| self.state.can_see_content(&self.reader, head))
    }

    /// Visible content of one kind that is not in the trash.
    pub(super) fn content(&self, id: ContentId, kind: ContentKind) -> Result<Arc<Content>, Refusal> {
        let content = self.content_in_any_status(id, kind)?;
        if content.head.status == ContentStatus::Trashed { Err(Refusal::not_found()) } else { Ok(content) }
    }

    /// Visible content of one kind.
    pub(super) fn content_in_any_status(
        &self,
        id: ContentId,
        kind: ContentKind,
    ) -> Result<Arc<Content>, Refusal> {
        let head = self.head(id).filter(|head| head.kind == kind).ok_or_else(Refusal::not_found)?;
        self.state.content(head.id).ok_or_else(Refusal::not_found)
    }

    /// Ids of content anywhere or in some spaces, visible or not, in no particular order.
    pub(super) fn content_ids(&self, spaces: Option<&[SpaceId]>) -> Vec<ContentId> {
        match spaces {
            None => self.state.content_ids().collect(),
            Some(spaces) => spaces.iter().flat_map(|space| self.state.content_ids_in(*space)).collect(),
        }
    }

    /// A visible page or blog post whose comments and files are listed: one that is not a draft and not in the trash.
    pub(super) fn listed_container(&self, id: ContentId) -> Option<ContentHead> {
        let head = self.state.content_head(id)?;
        let is_listed = matches!(head.status, ContentStatus::Current | ContentStatus::Archived);
        (is_listed && self.state.can_see_content(&self.reader, &head)).then_some(head)
    }

    /// Whether what stands on content can be seen: it goes into the trash with the content.
    fn holder(&self, id: ContentId) -> Result<(), Refusal> {
        let head = self.head(id).filter(|head| head.status != ContentStatus::Trashed);
        head.map(|_| ()).ok_or_else(Refusal::not_found)
    }

    /// A comment with its container, both visible.
    pub(super) fn comment(&self, id: ContentId) -> Result<(Arc<Content>, ContentComment), Refusal> {
        let container = self.state.content_of_comment(id).ok_or_else(Refusal::not_found)?;
        self.holder(container)?;
        self.state.content_comment(id).ok_or_else(Refusal::not_found)
    }

    /// A file with its container, both visible.
    pub(super) fn file(&self, id: FileId) -> Result<(Arc<Content>, ContentFile), Refusal> {
        let (content, file) = self.file_in_any_status(id)?;
        if file.trashed { Err(Refusal::not_found()) } else { Ok((content, file)) }
    }

    /// The same, also when it lies in the trash.
    pub(super) fn file_in_any_status(&self, id: FileId) -> Result<(Arc<Content>, ContentFile), Refusal> {
        let container = self.state.content_of_file(id).ok_or_else(Refusal::not_found)?;
        self.holder(container)?;
        self.state.content_file_in_any_status(id).ok_or_else(Refusal::not_found)
    }
}

/// Content as of one of its former versions.
pub(super) fn former(content: &Content, number: u32) -> Option<Arc<Content>> {
    let version = content.versions.iter().find(|version| version.number == number)?;
    let mut former = content.clone();
    former.head.version = number;
    former.head.editor = version.author;
    former.head.modified = version.created;
    if let Some(body) = &version.body {
        former.body = body.clone();
    }
    former.versions.retain(|version| version.number <= number);
    Some(Arc::new(former))
}

/// Reads the id of a v2 path.
///
/// # Errors
/// 400 with the real service's wording when it is not a number.
pub(super) fn path_id(text: &str) -> Result<u64, Refusal> {
    text.parse().map_err(|_| Refusal::wrong_type(text, "id", "long"))
}

/// An answer on behalf of a v1 route: refusals take the v1 error body.
pub(super) fn v1(answer: Answer) -> Response {
    answer.unwrap_or_else(Refusal::into_v1)
}

//! Confluence REST API v2, under `/wiki/api/v2`.

mod comments;
mod content;
mod files;
mod labels;
mod list;
mod misc;
mod shape;
mod spaces;
mod tree;
mod write;

use axum::Router;
use axum::extract::Path;
use axum::routing::{get, post};

use self::comments::Place;
use super::answer::{Answer, Refusal};
use super::view::{Ask, path_id};
use crate::gateway::AppState;
use crate::world::ContentId;
use crate::world::confluence::ContentKind;

pub(super) use self::files::file_id;
pub(super) use self::misc::read_json;

type OneId = Path<String>;
type TwoIds = Path<(String, String)>;

/// The routes of API v2, relative to `/wiki/api/v2`.
pub(super) fn router() -> Router<AppState> {
    Router::new()
        .merge(spaces_router())
        .merge(content_router())
        .merge(comments_router())
        .merge(files_router())
        .merge(other_router())
        .fallback(async || Refusal::not_found())
        .method_not_allowed_fallback(async || Refusal::method_not_allowed())
}

fn spaces_router() -> Router<AppState> {
    Router::new()
        .route("/spaces", get(spaces::spaces))
        .route("/spaces/{id}", get(spaces::space))
        .route("/spaces/{id}/pages", get(content::pages_in_space))
        .route("/spaces/{id}/blogposts", get(content::blogposts_in_space))
        .route("/spaces/{id}/permissions", get(spaces::permissions))
        .route("/spaces/{id}/operations", get(spaces::operations))
        .route("/spaces/{id}/labels", get(spaces::nothing))
        .route("/spaces/{id}/content/labels", get(labels::of_space_content))
        .route("/spaces/{id}/properties", get(spaces::nothing))
        .route("/spaces/{id}/properties/{property}", get(misc::absent))
        .route("/spaces/{id}/role-assignments", get(spaces::nothing))
        .route("/spaces/{id}/custom-content", get(misc::nothing_in_space))
        .route("/space-permissions", get(spaces::space_permissions))
        .route("/space-roles", get(misc::nothing))
        .route("/space-roles/{id}", get(misc::absent))
        .route("/space-role-mode", get(spaces::space_role_mode))
}

fn content_router() -> Router<AppState> {
    Router::new()
        .route("/pages", get(content::pages).post(write::create_page))
        .route("/pages/{id}", get(content::page).put(write::update_page).delete(write::delete_page))
        .route("/pages/{id}/title", axum::routing::put(write::retitle_page))
        .route("/pages/{id}/children", get(tree::page_children))
        .route("/pages/{id}/direct-children", get(tree::page_direct_children))
        .route("/pages/{id}/descendants", get(tree::page_descendants))
        .route("/pages/{id}/ancestors", get(tree::page_ancestors))
        .route("/folders/{id}", get(tree::folder))
        .route("/folders/{id}/direct-children", get(tree::folder_direct_children))
        .route("/folders/{id}/descendants", get(tree::folder_descendants))
        .route("/folders/{id}/ancestors", get(tree::folder_ancestors))
        .route("/blogposts", get(content::blogposts).post(write::create_blogpost))
        .route(
            "/blogposts/{id}",
            get(content::blogpost).put(write::update_blogpost).delete(write::delete_blogpost),
        )
        .nest("/pages/{id}", parts_of(ContentKind::Page))
        .nest("/blogposts/{id}", parts_of(ContentKind::BlogPost))
        .nest("/folders/{id}", parts_of_folder())
}

/// What a page and a blog post have alike.
fn parts_of(kind: ContentKind) -> Router<AppState> {
    Router::new()
        .route(
            "/labels",
            get(move |ask: Ask, Path(id): OneId| async move { labels::of_content(&ask, &id, kind) }),
        )
        .route(
            "/versions",
            get(move |ask: Ask, Path(id): OneId| async move { content::versions(&ask, &id, kind) }),
        )
        .route(
            "/versions/{number}",
            get(move |ask: Ask, Path((id, number)): TwoIds| async move {
                content::version(&ask, &id, &number, kind)
            }),
        )
        .route(
            "/attachments",
            get(move |ask: Ask, Path(id): OneId| async move { files::of_content(&ask, &id, kind) }),
        )
        .route(
            "/footer-comments",
            get(move |ask: Ask, Path(id): OneId| async move {
                comments::of_content(&ask, &id, kind, Place::Footer)
            }),
        )
        .route(
            "/inline-comments",
            get(move |ask: Ask, Path(id): OneId| async move {
                comments::of_content(&ask, &id, kind, Place::Inline)
            }),
        )
        .route(
            "/properties",
            get(move |ask: Ask, Path(id): OneId| async move { content::properties(&ask, &id, kind) }),
        )
        .route(
            "/properties/{property}",
            get(move |ask: Ask, Path((id, property)): TwoIds| async move {
                content::property(&ask, &id, &property, kind)
            }),
        )
        .route(
            "/operations",
            get(move |ask: Ask, Path(id): OneId| async move { content::operations(&ask, &id, kind) }),
        )
        .route(
            "/likes/count",
            get(move |ask: Ask, Path(id): OneId| async move { likes_of_content(&ask, &id, kind) }),
        )
        .route(
            "/likes/users",
            get(move |ask: Ask, Path(id): OneId| async move { nothing_on_content(&ask, &id, kind) }),
        )
        .route(
            "/custom-content",
            get(move |ask: Ask, Path(id): OneId| async move { nothing_on_content(&ask, &id, kind) }),
        )
        .route("/classification-level", get(misc::absent))
}

fn parts_of_folder() -> Router<AppState> {
    let kind = ContentKind::Folder;
    Router::new()
        .route(
            "/operations",
            get(move |ask: Ask, Path(id): OneId| async move { content::operations(&ask, &id, kind) }),
        )
        .route(
            "/properties",
            get(move |ask: Ask, Path(id): OneId| async move { content::properties(&ask, &id, kind) }),
        )
        .route(
            "/properties/{property}",
            get(move |ask: Ask, Path((id, property)): TwoIds| async move {
                content::property(&ask, &id, &property, kind)
            }),
        )
}

fn likes_of_content(ask: &Ask, id: &str, kind: ContentKind) -> Answer {
    let id = ContentId(path_id(id)?);
    ask.read(|view| view.content(id, kind).map(|_| content::likes_count()))
}

fn nothing_on_content(ask: &Ask, id: &str, kind: ContentKind) -> Answer {
    let id = ContentId(path_id(id)?);
    ask.read(|view| view.content(id, kind).map(|_| list::empty(&ask.parameters, view)))
}

fn comments_router() -> Router<AppState> {
    let mut router = Router::new().route("/comments/{id}/properties", get(comments::no_properties));
    for (segment, place) in [("/footer-comments", Place::Footer), ("/inline-comments", Place::Inline)] {
        let list = get(move |ask: Ask| async move { comments::of_site(&ask, place) });
        let list = list.post(move |ask: Ask, body: axum::body::Bytes| async move {
            write::create_comment(&ask, &body, place)
        });
        let single = get(move |ask: Ask, Path(id): OneId| async move { comments::single(&ask, &id, place) })
            .put(move |ask: Ask, Path(id): OneId, body: axum::body::Bytes| async move {
                write::update_comment(&ask, &id, &body, place)
            })
            .delete(move |ask: Ask, Path(id): OneId| async move { write::delete_comment(&ask, &id, place) });
        router = router.route(segment, list).route(&format!("{segment}/{{id}}"), single);
        router = router.nest(&format!("{segment}/{{id}}"), parts_of_comment(place));
    }
    router.route("/comments/{id}/properties/{property}", get(misc::absent))
}

fn parts_of_comment(place: Place) -> Router<AppState> {
    Router::new()
        .route(
            "/children",
            get(move |ask: Ask, Path(id): OneId| async move { comments::replies(&ask, &id, place) }),
        )
        .route(
            "/versions",
            get(move |ask: Ask, Path(id): OneId| async move { comments::versions(&ask, &id, place) }),
        )
        .route(
            "/versions/{number}",
            get(move |ask: Ask, Path((id, number)): TwoIds| async move {
                comments::version(&ask, &id, &number, place)
            }),
        )
        .route(
            "/operations",
            get(move |ask: Ask, Path(id): OneId| async move { comments::operations(&ask, &id, place) }),
        )
        .route(
            "/likes/count",
            get(move |ask: Ask, Path(id): OneId| async move {
                ask.read(|view| comments::find(view, &id, place).map(|_| content::likes_count()))
            }),
        )
        .route("/likes/users", get(comments::no_properties))
}

fn files_router() -> Router<AppState> {
    Router::new()
        .route("/attachments", get(files::of_site))
        .route("/attachments/{id}", get(files::single).delete(write::delete_attachment))
        .route("/attachments/{id}/versions", get(files::versions))
        .route("/attachments/{id}/versions/{number}", get(files::version))
        .route("/attachments/{id}/operations", get(files::operations))
        .route("/attachments/{id}/labels", get(files::nothing))
        .route("/attachments/{id}/properties", get(files::nothing))
        .route("/attachments/{id}/properties/{property}", get(misc::absent))
        .route("/attachments/{id}/footer-comments", get(files::nothing))
        .route("/labels", get(labels::of_site))
        .route("/labels/{id}/attachments", get(files::labelled))
        .route(
            "/labels/{id}/pages",
            get(async |ask: Ask, Path(id): OneId| labels::carriers(&ask, &id, ContentKind::Page)),
        )
        .route(
            "/labels/{id}/blogposts",
            get(async |ask: Ask, Path(id): OneId| labels::carriers(&ask, &id, ContentKind::BlogPost)),
        )
}

fn other_router() -> Router<AppState> {
    let mut router = Router::new()
        .route("/users-bulk", post(misc::users_bulk))
        .route("/user/access/check-access-by-email", post(misc::check_access_by_email))
        .route("/content/convert-ids-to-types", post(misc::convert_ids_to_types))
        .route("/data-policies/metadata", get(misc::data_policy))
        .route("/data-policies/spaces", get(misc::data_policy_spaces))
        .route("/classification-levels", get(misc::classification_levels))
        .route("/tasks", get(misc::nothing))
        .route("/tasks/{id}", get(misc::absent))
        .route("/custom-content", get(misc::nothing));
    for absent in ["/whiteboards/{id}", "/databases/{id}", "/embeds/{id}", "/custom-content/{id}"] {
        router =
            router.route(absent, get(misc::absent)).route(&format!("{absent}/{{*part}}"), get(misc::absent));
    }
    router
}

//! Confluence REST API v2, under `/wiki/api/v2`.

mod classification;
mod comments;
mod content;
mod custom;
mod files;
mod labels;
mod list;
mod misc;
mod nodes;
mod properties;
mod roles;
mod shape;
mod spaces;
mod tasks;
mod tree;
mod write;

use axum::Router;
use axum::body::Bytes;
use axum::extract::Path;
use axum::routing::{get, post};

use self::comments::Place;
use self::properties::HolderKind;
use super::answer::Refusal;
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
        .route("/spaces/{id}/labels", get(spaces::labels))
        .route("/spaces/{id}/content/labels", get(labels::of_space_content))
        .route("/spaces/{id}/properties", properties::list_routes(HolderKind::Space))
        .route("/spaces/{id}/properties/{property}", properties::single_routes(HolderKind::Space))
        .route("/spaces/{id}/role-assignments", get(roles::of_space))
        .route("/spaces/{id}/custom-content", get(custom::of_space))
        .route(
            "/spaces/{id}/classification-level/default",
            get(classification::of_space)
                .put(classification::set_of_space)
                .delete(classification::clear_of_space),
        )
        .route("/space-permissions", get(spaces::space_permissions))
        .route(
            "/space-permissions/transition/combinations",
            get(roles::transition).post(roles::begin_transition),
        )
        .route("/space-permissions/transition/tasks/{id}", get(roles::transition_task))
        .route("/space-roles", get(roles::all))
        .route("/space-roles/{id}", get(roles::one))
        .route("/space-role-mode", get(roles::mode))
}

fn content_router() -> Router<AppState> {
    let mut router = Router::new()
        .route("/pages", get(content::pages).post(write::create_page))
        .route("/pages/{id}", get(content::page).put(write::update_page).delete(write::delete_page))
        .route("/pages/{id}/title", axum::routing::put(write::retitle_page))
        .route("/pages/{id}/children", get(tree::page_children))
        .route("/blogposts", get(content::blogposts).post(write::create_blogpost))
        .route(
            "/blogposts/{id}",
            get(content::blogpost).put(write::update_blogpost).delete(write::delete_blogpost),
        )
        .route("/custom-content", get(custom::of_site).post(custom::create))
        .route("/custom-content/{id}", get(custom::one).put(custom::update).delete(custom::delete))
        .route("/custom-content/{id}/children", get(custom::children))
        .nest("/pages/{id}", parts_of_text(ContentKind::Page).merge(parts_of_article(ContentKind::Page)))
        .nest(
            "/blogposts/{id}",
            parts_of_text(ContentKind::BlogPost).merge(parts_of_article(ContentKind::BlogPost)),
        )
        .nest("/custom-content/{id}", parts_of_text(ContentKind::Custom))
        .nest("/pages/{id}", parts_of_tree(ContentKind::Page));
    for kind in [ContentKind::Folder, ContentKind::Whiteboard, ContentKind::Database, ContentKind::Embed] {
        let path = format!("/{}", nodes::segment(kind));
        let one = format!("{path}/{{id}}");
        let create = post(move |ask: Ask, body: Bytes| async move { nodes::create(&ask, &body, kind) });
        let single = get(move |ask: Ask, Path(id): OneId| async move { nodes::single(&ask, &id, kind) })
            .delete(move |ask: Ask, Path(id): OneId| async move { nodes::delete(&ask, &id, kind) });
        router = router
            .route(&path, create)
            .route(&one, single)
            .nest(&one, parts_of_tree(kind).merge(parts_of_all(kind)));
        if matches!(kind, ContentKind::Whiteboard | ContentKind::Database) {
            router = router.nest(&one, classified(kind));
        }
    }
    router
}

/// What everything has.
fn parts_of_all(kind: ContentKind) -> Router<AppState> {
    Router::new()
        .route("/properties", properties::list_routes(HolderKind::Content(kind)))
        .route("/properties/{property}", properties::single_routes(HolderKind::Content(kind)))
        .route(
            "/operations",
            get(move |ask: Ask, Path(id): OneId| async move { content::operations(&ask, &id, kind) }),
        )
}

/// What stands in the page tree.
fn parts_of_tree(kind: ContentKind) -> Router<AppState> {
    Router::new()
        .route(
            "/direct-children",
            get(move |ask: Ask, Path(id): OneId| async move { tree::direct_children(&ask, &id, kind) }),
        )
        .route(
            "/descendants",
            get(move |ask: Ask, Path(id): OneId| async move { tree::descendants(&ask, &id, kind) }),
        )
        .route(
            "/ancestors",
            get(move |ask: Ask, Path(id): OneId| async move { tree::ancestors(&ask, &id, kind) }),
        )
}

fn classified(kind: ContentKind) -> Router<AppState> {
    Router::new()
        .route(
            "/classification-level",
            get(move |ask: Ask, Path(id): OneId| async move { classification::of_content(&ask, &id, kind) })
                .put(move |ask: Ask, Path(id): OneId, body: Bytes| async move {
                    classification::set_of_content(&ask, &id, kind, &body)
                }),
        )
        .route(
            "/classification-level/reset",
            post(move |ask: Ask, Path(id): OneId| async move {
                classification::reset_of_content(&ask, &id, kind)
            }),
        )
}

/// What pages, blog posts and custom content have alike.
fn parts_of_text(kind: ContentKind) -> Router<AppState> {
    parts_of_all(kind)
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
}

/// What a page and a blog post have alike.
fn parts_of_article(kind: ContentKind) -> Router<AppState> {
    classified(kind)
        .route(
            "/inline-comments",
            get(move |ask: Ask, Path(id): OneId| async move {
                comments::of_content(&ask, &id, kind, Place::Inline)
            }),
        )
        .route(
            "/likes/count",
            get(move |ask: Ask, Path(id): OneId| async move {
                let id = ContentId(path_id(&id)?);
                ask.read(|view| view.content(id, kind).map(|_| content::likes_count(view, id)))
            }),
        )
        .route(
            "/likes/users",
            get(move |ask: Ask, Path(id): OneId| async move {
                let id = ContentId(path_id(&id)?);
                ask.read(|view| {
                    view.content(id, kind)?;
                    content::likes_users(&ask.parameters, view, id)
                })
            }),
        )
        .route(
            "/custom-content",
            get(move |ask: Ask, Path(id): OneId| async move { custom::of_content(&ask, &id, kind) }),
        )
}

fn comments_router() -> Router<AppState> {
    let mut router = Router::new()
        .route("/comments/{id}/properties", properties::list_routes(HolderKind::Comment))
        .route("/comments/{id}/properties/{property}", properties::single_routes(HolderKind::Comment));
    for (segment, place) in [("/footer-comments", Place::Footer), ("/inline-comments", Place::Inline)] {
        let list = get(move |ask: Ask| async move { comments::of_site(&ask, place) });
        let list =
            list.post(move |ask: Ask, body: Bytes| async move { write::create_comment(&ask, &body, place) });
        let single = get(move |ask: Ask, Path(id): OneId| async move { comments::single(&ask, &id, place) })
            .put(move |ask: Ask, Path(id): OneId, body: Bytes| async move {
                write::update_comment(&ask, &id, &body, place)
            })
            .delete(move |ask: Ask, Path(id): OneId| async move { write::delete_comment(&ask, &id, place) });
        router = router.route(segment, list).route(&format!("{segment}/{{id}}"), single);
        router = router.nest(&format!("{segment}/{{id}}"), parts_of_comment(place));
    }
    router
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
                ask.read(|view| {
                    let (_, comment) = comments::find(view, &id, place)?;
                    Ok::<_, Refusal>(content::likes_count(view, comment.id))
                })
            }),
        )
        .route(
            "/likes/users",
            get(move |ask: Ask, Path(id): OneId| async move {
                ask.read(|view| {
                    let (_, comment) = comments::find(view, &id, place)?;
                    content::likes_users(&ask.parameters, view, comment.id)
                })
            }),
        )
}

fn files_router() -> Router<AppState> {
    Router::new()
        .route("/attachments", get(files::of_site))
        .route("/attachments/{id}", get(files::single).delete(write::delete_attachment))
        .route("/attachments/{id}/versions", get(files::versions))
        .route("/attachments/{id}/versions/{number}", get(files::version))
        .route("/attachments/{id}/operations", get(files::operations))
        .route("/attachments/{id}/labels", get(files::labels))
        .route("/attachments/{id}/properties", properties::list_routes(HolderKind::File))
        .route("/attachments/{id}/properties/{property}", properties::single_routes(HolderKind::File))
        .route("/attachments/{id}/footer-comments", get(files::comments))
        .route("/attachments/{id}/thumbnail/download", get(files::thumbnail))
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
    Router::new()
        .route("/users-bulk", post(misc::users_bulk))
        .route("/user/access/check-access-by-email", post(misc::check_access_by_email))
        .route("/user/access/invite-by-email", post(misc::invite_by_email))
        .route("/content/convert-ids-to-types", post(misc::convert_ids_to_types))
        .route("/data-policies/metadata", get(misc::data_policy))
        .route("/data-policies/spaces", get(misc::data_policy_spaces))
        .route("/classification-levels", get(classification::levels))
        .route("/tasks", get(tasks::all))
        .route("/tasks/{id}", get(tasks::one).put(tasks::update))
}

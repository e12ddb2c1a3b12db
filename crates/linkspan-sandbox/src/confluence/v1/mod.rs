//! What is left of Confluence REST API v1, under `/wiki/rest/api`.
//!
//! Search, restrictions, people, labels and files still answer everybody. The content and space calls are gone from the
//! OAuth gateway, where they answer 410, and still work with e-mail and API token on the site host
//! (`atlassian-platform.md` 6.3).

mod audit;
mod content;
mod conversions;
mod expand;
mod files;
mod legacy;
mod misc;
mod parts;
mod people;
mod restrictions;
mod search;
mod shape;
mod site;
mod states;
mod watches;
mod write;

use axum::body::Bytes;
use axum::extract::{Path, Request};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::{MethodRouter, get, post, put};
use axum::{Extension, Router};
use http::{HeaderValue, Method};

use self::conversions::Conversions;
use self::restrictions::{Mode, Named};
use self::watches::{Relation, Target};
use super::answer::{Answer, Refusal, gone};
use super::view::{Ask, v1};
use crate::gateway::{AppState, Caller};
use crate::world::confluence::{CommentPlace, ContentComment};

pub(super) use self::files::signed_redirect;

type OneId = Path<String>;
type TwoIds = Path<(String, String)>;
type ThreeIds = Path<(String, String, String)>;

/// The routes of API v1, relative to `/wiki/rest/api`.
pub(super) fn router() -> Router<AppState> {
    Router::new()
        .merge(search_router())
        .merge(people_router())
        .merge(content_router())
        .merge(restriction_router())
        .merge(space_router())
        .merge(watch_router())
        .merge(site_router())
        .fallback(async || Refusal::not_found().into_v1())
        .method_not_allowed_fallback(async || Refusal::method_not_allowed().into_v1())
}

/// The media host's route, relative to `/wiki`.
pub(super) fn media_router() -> Router<AppState> {
    Router::new().route("/media/{id}", get(files::media))
}

/// A `GET` that needs nothing from its path.
fn read(answer: fn(&Ask) -> Answer) -> MethodRouter<AppState> {
    get(move |ask: Ask| async move { v1(answer(&ask)) })
}

/// A `GET` with one id in its path.
fn read_one(answer: fn(&Ask, &str) -> Answer) -> MethodRouter<AppState> {
    get(move |ask: Ask, Path(id): OneId| async move { v1(answer(&ask, &id)) })
}

/// A `GET` with two ids in its path.
fn read_two(answer: fn(&Ask, &str, &str) -> Answer) -> MethodRouter<AppState> {
    get(move |ask: Ask, Path((first, second)): TwoIds| async move { v1(answer(&ask, &first, &second)) })
}

/// Marks routes that answer 410 on the OAuth gateway. Elsewhere they say that they are deprecated.
fn removed(routes: MethodRouter<AppState>) -> MethodRouter<AppState> {
    routes.layer(from_fn(async |caller: Caller, request: Request, next: Next| -> Response {
        if caller.is_app() {
            return gone();
        }
        deprecated(next.run(request).await)
    }))
}

/// Marks routes whose `GET` alone answers 410 on the OAuth gateway.
fn read_removed(routes: MethodRouter<AppState>) -> MethodRouter<AppState> {
    routes.layer(from_fn(async |caller: Caller, request: Request, next: Next| -> Response {
        let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
        if is_read && caller.is_app() {
            return gone();
        }
        next.run(request).await
    }))
}

fn deprecated(mut response: Response) -> Response {
    response.headers_mut().insert("deprecation", HeaderValue::from_static("true"));
    response
}

fn search_router() -> Router<AppState> {
    Router::new()
        .route("/search", read(search::everything))
        .route("/search/user", read(search::users))
        .route("/content/search", read(search::content))
        .route("/label", read(misc::label))
        .route("/settings/systemInfo", read(misc::system_info))
        .route(
            "/contentbody/convert/{to}",
            removed(post(async |ask: Ask, Path(to): OneId, body: Bytes| v1(misc::convert(&ask, &to, &body)))),
        )
}

fn people_router() -> Router<AppState> {
    let members_by_query = get(async |ask: Ask| {
        v1(people::members_by_name(&ask, ask.parameters.text("name").unwrap_or_default()))
    });
    Router::new()
        .route("/user", read(people::user))
        .route("/user/current", read(people::current))
        .route("/user/anonymous", read(people::anonymous))
        .route("/user/bulk", read(people::bulk))
        .route("/user/memberof", read(people::member_of))
        .route("/user/email", read(people::email))
        .route("/user/email/bulk", read(people::emails))
        .route("/group", read(people::groups))
        .route("/group/picker", read(people::pick_groups))
        .route("/group/by-id", read(people::group))
        .route("/group/by-name", read(people::group))
        .route("/group/member", members_by_query)
        .route("/group/{group}/membersByGroupId", read_one(people::members_by_id))
        .route("/group/{group}/member", read_one(people::members_by_name))
}

fn content_router() -> Router<AppState> {
    let list = read(legacy::list).post(async |ask: Ask, body: Bytes| v1(write::create(&ask, &body)));
    let single = read_one(legacy::single)
        .put(async |ask: Ask, Path(id): OneId, body: Bytes| v1(write::update(&ask, &id, &body)))
        .delete(async |ask: Ask, Path(id): OneId| v1(write::delete(&ask, &id)));
    let labels = read_one(legacy::labels)
        .post(async |ask: Ask, Path(id): OneId, body: Bytes| v1(write::add_labels(&ask, &id, &body)))
        .delete(async |ask: Ask, Path(id): OneId| {
            v1(write::remove_label(&ask, &id, ask.parameters.text("name").unwrap_or_default()))
        });
    let upload =
        async |ask: Ask, Path(id): OneId, request: Request| v1(files::upload(&ask, &id, request).await);
    let attachments =
        get(async |ask: Ask, Path(id): OneId| v1(legacy::children_of_type(&ask, &id, "attachment")))
            .post(upload)
            .put(upload);
    let replace = async |ask: Ask, Path((id, file)): TwoIds, request: Request| {
        v1(files::replace(&ask, &id, &file, request).await)
    };
    Router::new()
        .route("/content", removed(list))
        .route("/content/{id}", removed(single))
        .route("/content/{id}/child", removed(read_one(legacy::children)))
        .route("/content/{id}/child/attachment", attachments)
        .route("/content/{id}/child/attachment/{file}/data", post(replace))
        .route("/content/{id}/child/attachment/{file}/download", read_two(files::download))
        .route("/content/{id}/child/{type}", removed(read_two(legacy::children_of_type)))
        .route("/content/{id}/descendant", read_one(legacy::descendants))
        .route("/content/{id}/descendant/{type}", read_two(legacy::descendants_of_type))
        .route("/content/{id}/history", read_one(legacy::history))
        .route("/content/{id}/version", read_removed(read_one(legacy::versions)))
        .route("/content/{id}/version/{number}", read_removed(read_two(legacy::version)))
        .route("/content/{id}/property", removed(read_one(legacy::properties)))
        .route("/content/{id}/property/{key}", removed(read_two(legacy::property)))
        .route("/content/archive", post(async |ask: Ask, body: Bytes| v1(conversions::archive(&ask, &body))))
        .route("/content-states", read(states::own))
        .route(
            "/content/{id}/state",
            read_one(states::of_content)
                .put(async |ask: Ask, Path(id): OneId, body: Bytes| v1(states::set(&ask, &id, &body)))
                .delete(async |ask: Ask, Path(id): OneId| v1(states::clear(&ask, &id))),
        )
        .route("/content/{id}/state/available", read_one(states::available))
        .route("/content/{id}/notification/created", read_one(watches::of_content))
        .route("/content/{id}/notification/child-created", read_one(watches::of_content))
        .route("/content/{id}/label", labels)
        .route(
            "/content/{id}/label/{label}",
            axum::routing::delete(async |ask: Ask, Path((id, label)): TwoIds| {
                v1(write::remove_label(&ask, &id, &label))
            }),
        )
        .route(
            "/content/{id}/move/{position}/{target}",
            put(async |ask: Ask, Path((id, position, target)): ThreeIds| {
                v1(write::relocate(&ask, &id, &position, &target))
            }),
        )
        .route(
            "/content/{id}/permission/check",
            post(async |ask: Ask, Path(id): OneId, body: Bytes| v1(restrictions::check(&ask, &id, &body))),
        )
}

fn restriction_router() -> Router<AppState> {
    let all = read_one(restrictions::list)
        .put(async |ask: Ask, Path(id): OneId, body: Bytes| {
            v1(restrictions::write(&ask, &id, &body, Mode::Replace))
        })
        .post(async |ask: Ask, Path(id): OneId, body: Bytes| {
            v1(restrictions::write(&ask, &id, &body, Mode::Add))
        })
        .delete(async |ask: Ask, Path(id): OneId| v1(restrictions::clear(&ask, &id)));
    Router::new()
        .route("/content/{id}/restriction", all)
        .route("/content/{id}/restriction/byOperation", read_one(restrictions::by_operation))
        .route("/content/{id}/restriction/byOperation/{operation}", read_two(restrictions::of_operation))
        .route("/content/{id}/restriction/byOperation/{operation}/user", user_entry())
        .route(
            "/content/{id}/restriction/byOperation/{operation}/byGroupId/{group}",
            group_entry(|id| Named::GroupId(id)),
        )
        .route(
            "/content/{id}/restriction/byOperation/{operation}/group/{group}",
            group_entry(|name| Named::GroupName(name)),
        )
}

/// One account in a restriction: look, add, remove.
fn user_entry() -> MethodRouter<AppState> {
    fn account(ask: &Ask) -> Result<Named<'_>, Refusal> {
        ask.parameters
            .text("accountId")
            .map(Named::User)
            .ok_or_else(|| Refusal::bad_request("accountId is required"))
    }
    get(async |ask: Ask, Path((id, operation)): TwoIds| {
        v1(account(&ask).and_then(|named| restrictions::has(&ask, &id, &operation, named)))
    })
    .put(async |ask: Ask, Path((id, operation)): TwoIds| {
        v1(account(&ask).and_then(|named| restrictions::set(&ask, &id, &operation, named, true)))
    })
    .delete(async |ask: Ask, Path((id, operation)): TwoIds| {
        v1(account(&ask).and_then(|named| restrictions::set(&ask, &id, &operation, named, false)))
    })
}

/// One group in a restriction: look, add, remove.
fn group_entry(named: for<'text> fn(&'text str) -> Named<'text>) -> MethodRouter<AppState> {
    get(move |ask: Ask, Path((id, operation, group)): ThreeIds| async move {
        v1(restrictions::has(&ask, &id, &operation, named(&group)))
    })
    .put(move |ask: Ask, Path((id, operation, group)): ThreeIds| async move {
        v1(restrictions::set(&ask, &id, &operation, named(&group), true))
    })
    .delete(move |ask: Ask, Path((id, operation, group)): ThreeIds| async move {
        v1(restrictions::set(&ask, &id, &operation, named(&group), false))
    })
}

fn space_router() -> Router<AppState> {
    let labels = read_one(site::space_labels)
        .post(async |ask: Ask, Path(key): OneId, body: Bytes| v1(site::add_space_labels(&ask, &key, &body)))
        .delete(async |ask: Ask, Path(key): OneId| v1(site::remove_space_label(&ask, &key)));
    let theme = read_one(site::space_theme)
        .put(async |ask: Ask, Path(key): OneId, body: Bytes| v1(site::set_space_theme(&ask, &key, &body)))
        .delete(async |ask: Ask, Path(key): OneId| v1(site::clear_space_theme(&ask, &key)));
    Router::new()
        .route("/space", removed(read(legacy::spaces)))
        .route("/space/{key}", removed(read_one(legacy::space)))
        .route("/space/{key}/content", removed(read_one(legacy::space_content)))
        .route("/space/{key}/content/{type}", removed(read_two(legacy::space_content_of_type)))
        .route("/space/{key}/property", removed(read_one(legacy::nothing_in_space)))
        .route("/space/{key}/label", labels)
        .route("/space/{key}/theme", theme)
        .route("/space/{key}/watch", read_one(watches::of_space))
        .route("/space/{key}/state", read_one(states::of_space))
        .route("/space/{key}/state/settings", read_one(states::settings))
        .route("/space/{key}/state/content", read_one(states::content_in_state))
        .route("/space/{key}/settings", read_one(misc::space_settings))
}

/// `GET`, `POST` and `DELETE` of one watch.
fn watch(target: Target) -> MethodRouter<AppState> {
    get(move |ask: Ask, Path(name): OneId| async move { v1(watches::is_watching(&ask, &name, target)) })
        .post(move |ask: Ask, Path(name): OneId| async move {
            v1(watches::set_watching(&ask, &name, target, true))
        })
        .delete(move |ask: Ask, Path(name): OneId| async move {
            v1(watches::set_watching(&ask, &name, target, false))
        })
}

fn watch_router() -> Router<AppState> {
    type FourParts = Path<(String, String, String, String)>;
    type FiveParts = Path<(String, String, String, String, String)>;
    fn named(parts: &(String, String, String, String, String)) -> Relation<'_> {
        Relation {
            name: &parts.0,
            source: &parts.1,
            source_key: &parts.2,
            target: &parts.3,
            target_key: &parts.4,
        }
    }
    let one = get(async |ask: Ask, Path(parts): FiveParts| v1(watches::relation(&ask, &named(&parts))))
        .put(async |ask: Ask, Path(parts): FiveParts| v1(watches::set_relation(&ask, &named(&parts), true)))
        .delete(async |ask: Ask, Path(parts): FiveParts| {
            v1(watches::set_relation(&ask, &named(&parts), false))
        });
    Router::new()
        .route("/user/watch/content/{id}", watch(Target::Content))
        .route("/user/watch/space/{key}", watch(Target::Space))
        .route("/user/watch/label/{name}", watch(Target::Label))
        .route("/relation/{name}/from/{source}/{key}/to/{target}/{target_key}", one)
        .route(
            "/relation/{name}/from/{source}/{key}/to/{target}",
            get(async |ask: Ask, Path((name, source, key, target)): FourParts| {
                v1(watches::relations_from(&ask, &name, &source, &key, &target))
            }),
        )
        .route(
            "/relation/{name}/to/{target}/{key}/from/{source}",
            get(async |ask: Ask, Path((name, target, key, source)): FourParts| {
                v1(watches::relations_to(&ask, &name, &target, &key, &source))
            }),
        )
}

/// What belongs to the whole site: audit log, tasks, conversions, themes, templates, figures.
fn site_router() -> Router<AppState> {
    type Kept = Extension<Conversions>;
    let convert = get(async |ask: Ask, Extension(kept): Kept, Path(id): OneId| {
        v1(conversions::result(&ask, &kept, &id))
    })
    .post(async |ask: Ask, Extension(kept): Kept, Path(to): OneId, body: Bytes| {
        v1(conversions::begin(&ask, &kept, &to, &body))
    });
    let convert_bulk = get(async |ask: Ask, Extension(kept): Kept| v1(conversions::results(&ask, &kept)))
        .post(async |ask: Ask, Extension(kept): Kept, body: Bytes| {
            v1(conversions::begin_bulk(&ask, &kept, &body))
        });
    Router::new()
        .route("/audit", read(audit::all))
        .route("/audit/since", read(audit::since))
        .route("/audit/export", read(audit::export))
        .route(
            "/audit/retention",
            read(audit::retention).put(async |ask: Ask, body: Bytes| v1(audit::set_retention(&ask, &body))),
        )
        .route("/longtask", read(conversions::long_tasks))
        .route("/longtask/{id}", read_one(conversions::long_task))
        .route("/contentbody/convert/async/{to}", convert)
        .route("/contentbody/convert/async/bulk/tasks", convert_bulk)
        .route("/settings/lookandfeel", read(site::look_and_feel))
        .route("/settings/theme", read(site::themes))
        .route("/settings/theme/selected", read(site::selected_theme))
        .route("/settings/theme/{key}", read_one(site::theme))
        .route("/template/page", read(|ask| site::list_templates(ask, false)))
        .route("/template/blueprint", read(|ask| site::list_templates(ask, true)))
        .route("/template/{id}", read_one(site::template))
        .route("/analytics/content/{id}/views", read_one(|ask, id| site::analytics(ask, id, false)))
        .route("/analytics/content/{id}/viewers", read_one(|ask, id| site::analytics(ask, id, true)))
        .layer(Extension(Conversions::default()))
}

/// Where a comment stands, in the words of v1.
fn location_of(comment: &ContentComment) -> &'static str {
    match comment.place {
        CommentPlace::Footer => "footer",
        CommentPlace::Inline { resolution: "resolved", .. } => "resolved",
        CommentPlace::Inline { .. } => "inline",
    }
}

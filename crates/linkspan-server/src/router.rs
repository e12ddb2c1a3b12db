//! The whole route table.

use std::time::Duration;

use axum::extract::DefaultBodyLimit;
use axum::http::{Extensions, HeaderMap, StatusCode, Version, header};
use axum::routing::{get, post};
use axum::{Router, middleware};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, Predicate as _};
use tower_http::timeout::TimeoutLayer;
use utoipa::OpenApi as _;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::openapi::Contract;
use crate::problem::ApiError;
use crate::rest::{
    accounts, actions, apps, changes, content, control, files, followers, identities, keys, ledger,
    link_tokens, models, personal_data, quota, receipts, sources, status, webhook_deliveries, webhooks,
};
use crate::{App, dashboard, hooks, identify, link, openapi, setup, telemetry};

/// The largest body a caller may send.
const BODY_CAP: usize = 1 << 20;
/// The longest a request may take.
const REQUEST_TIME: Duration = Duration::from_mins(1);

/// Files are sent as they are: compressed, their length, their parts and their tag would name something else.
fn is_no_file(_: StatusCode, _: Version, headers: &HeaderMap, _: &Extensions) -> bool {
    !headers.contains_key(header::CONTENT_DISPOSITION)
}

/// What every category has.
fn common() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(accounts::account_details))
        .routes(routes!(accounts::linked_accounts))
        .routes(routes!(accounts::regenerate_account_token))
        .routes(routes!(accounts::delete_account))
        .routes(routes!(link_tokens::create_link_token))
        .routes(routes!(link_tokens::exchange_public_token))
        .routes(routes!(actions::available_actions))
        .routes(routes!(status::sync_status))
        .routes(routes!(control::resync_account))
        .routes(routes!(keys::generate_key))
        .routes(routes!(keys::regenerate_key))
}

fn ticketing() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(models::list_tickets))
        .routes(routes!(models::retrieve_ticket))
        .routes(routes!(models::list_ticket_viewers))
        .routes(routes!(models::list_comments))
        .routes(routes!(models::retrieve_comment))
        .routes(routes!(models::list_attachments))
        .routes(routes!(models::retrieve_attachment))
        .routes(routes!(files::download_attachment))
        .routes(routes!(models::list_collections))
        .routes(routes!(models::retrieve_collection))
        .routes(routes!(models::list_collection_viewers))
        .routes(routes!(models::list_projects))
        .routes(routes!(models::retrieve_project))
        .routes(routes!(models::list_roles))
        .routes(routes!(models::retrieve_role))
        .routes(routes!(models::list_tags))
        .routes(routes!(models::retrieve_tag))
        .routes(routes!(models::list_teams))
        .routes(routes!(models::retrieve_team))
        .routes(routes!(models::list_accounts))
        .routes(routes!(models::retrieve_account))
        .routes(routes!(models::list_contacts))
        .routes(routes!(models::retrieve_contact))
        .routes(routes!(models::list_users))
        .routes(routes!(models::retrieve_user))
}

fn knowledgebase() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(models::list_articles))
        .routes(routes!(models::retrieve_article))
        .routes(routes!(models::list_containers))
        .routes(routes!(models::retrieve_container))
        .routes(routes!(models::list_kb_attachments))
        .routes(routes!(models::retrieve_kb_attachment))
        .routes(routes!(files::download_kb_attachment))
        .routes(routes!(models::list_kb_groups))
        .routes(routes!(models::retrieve_kb_group))
        .routes(routes!(models::list_kb_users))
        .routes(routes!(models::retrieve_kb_user))
}

/// What is ours alone.
fn native() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(apps::list_apps))
        .routes(routes!(apps::retrieve_app, apps::register_app, apps::remove_app))
        .routes(routes!(identities::create_identity_token))
        .routes(routes!(identities::redeem_identity_code))
        .routes(routes!(identities::list_identities))
        .routes(routes!(identities::delete_identity))
        .routes(routes!(sources::list_sources))
        .routes(routes!(sources::retrieve_source))
        .routes(routes!(sources::list_raw_kinds))
        .routes(routes!(sources::list_raw))
        .routes(routes!(control::retrieve_control, control::update_control))
        .routes(routes!(control::sync_now))
        .routes(routes!(control::resync))
        .routes(routes!(receipts::unlink_account))
        .routes(routes!(receipts::list_unlink_receipts))
        .routes(routes!(receipts::retrieve_unlink_receipt))
        .routes(routes!(changes::list_changes))
        .routes(routes!(followers::list_followers))
        .routes(routes!(followers::retrieve_follower, followers::put_follower, followers::delete_follower))
        .routes(routes!(followers::acknowledge_changes))
        .routes(routes!(changes::follow_changes))
        .routes(routes!(files::attachment_content))
        .routes(routes!(ledger::retrieve_ledger))
        .routes(routes!(ledger::request_census))
        .routes(routes!(ledger::accept_reach))
        .routes(routes!(personal_data::personal_data))
        .routes(routes!(webhooks::create_webhook_endpoint, webhooks::list_webhook_endpoints))
        .routes(routes!(
            webhooks::retrieve_webhook_endpoint,
            webhooks::update_webhook_endpoint,
            webhooks::delete_webhook_endpoint
        ))
        .routes(routes!(webhooks::rotate_webhook_secret))
        .routes(routes!(webhooks::test_webhook_endpoint))
        .routes(routes!(webhooks::enable_webhook_endpoint))
        .routes(routes!(webhook_deliveries::list_webhook_deliveries))
        .routes(routes!(webhook_deliveries::replay_webhook_endpoint))
        .routes(routes!(webhook_deliveries::retrieve_webhook_delivery))
        .routes(routes!(webhook_deliveries::replay_webhook_delivery))
        .routes(routes!(quota::quota))
}

/// The API below `/api` and `/v1`, as the document describes it. The operations that every category has are described
/// once, under ticketing.
fn api() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(Contract::openapi())
        .nest("/api/ticketing/v1", ticketing().merge(common()))
        .nest("/api/knowledgebase/v1", knowledgebase())
        .nest("/v1", native())
}

/// The vendor's own pages: the dashboard and the set-up guide.
fn vendor_pages() -> Router<App> {
    Router::new()
        .route("/", get(dashboard::page))
        .route("/setup", get(setup::page))
        .route("/setup/enter", post(setup::enter))
        .route("/setup/enter/{token}", get(setup::show_entry))
        .route("/setup/leave", post(setup::leave))
        .route("/setup/app", post(setup::save_app))
        .route("/setup/app/remove", post(setup::remove_app))
        .route("/setup/link", post(setup::link))
        .route("/static/setup.css", get(setup::style))
        .route("/static/setup.js", get(setup::script))
}

/// The document alone.
pub(crate) fn contract() -> utoipa::openapi::OpenApi {
    let mut document = api().split_for_parts().1;
    openapi::tidy(&mut document);
    document
}

/// Every route of the server. The API answers with and without `/api` in front (`merge-wire.md` section 1), and with
/// and without a slash at the end.
pub(crate) fn router(app: App) -> Router {
    let (documented, _) = api().split_for_parts();
    let plain = |routes: OpenApiRouter<App>| routes.split_for_parts().0;
    let pages = Router::new()
        .route("/link/{token}", get(link::page))
        .route("/link/{token}/start", post(link::start))
        .route("/link/{token}/site", post(link::choose_site))
        .route("/consent/{account}", get(link::consent_page).post(link::consent_again))
        .route("/oauth/callback", get(link::callback))
        .route("/identify/{token}", get(identify::page))
        .route("/identify/{token}/start", post(identify::start))
        .merge(vendor_pages())
        // Browsers ask for it on their own; the pages have none.
        .route("/favicon.ico", get(async || StatusCode::NO_CONTENT))
        .route("/static/link.css", get(link::style))
        .route("/static/link.js", get(link::script))
        .route("/content/{account}/{article}", get(content::article_content))
        .route("/files/{account}/{attachment}", get(files::signed_download))
        .route("/hooks/atlassian/{app}", post(hooks::take).layer(DefaultBodyLimit::max(hooks::BODY_CAP)))
        .route("/healthz", get(telemetry::healthz))
        .route("/readyz", get(telemetry::readyz))
        .route("/metrics", get(telemetry::metrics))
        .route("/openapi.json", get(openapi::openapi_json))
        .route("/docs", get(openapi::docs));
    // The paths that older programs use for linking, without a category.
    let integrations = Router::new().route("/create-link-token", post(link_tokens::create_link_token)).route(
        "/account-token/{public_token}",
        get(link_tokens::exchange_public_token).post(link_tokens::exchange_public_token),
    );
    let routes = documented
        .merge(pages)
        .nest("/api/knowledgebase/v1", plain(common()))
        .nest("/ticketing/v1", plain(ticketing().merge(common())))
        .nest("/knowledgebase/v1", plain(knowledgebase().merge(common())))
        .nest("/api/integrations", integrations)
        .fallback(async || ApiError::not_found())
        .method_not_allowed_fallback(async || ApiError::method_not_allowed())
        .layer(middleware::from_fn(telemetry::observe))
        .layer(CompressionLayer::new().compress_when(DefaultPredicate::new().and(is_no_file)))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, REQUEST_TIME))
        .layer(DefaultBodyLimit::max(BODY_CAP))
        .layer(CatchPanicLayer::new())
        .with_state(app);
    // Outside of the routes, so that they see the path without its last slash.
    Router::new().fallback_service(
        tower::ServiceBuilder::new()
            .layer(tower_http::normalize_path::NormalizePathLayer::trim_trailing_slash())
            .service(routes),
    )
}

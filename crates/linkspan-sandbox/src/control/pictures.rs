//! The pictures that answers point at: no request ever leaves the sandbox for them.

use axum::Router;
use axum::extract::Path;
use axum::response::IntoResponse;
use axum::routing::get;
use http::header;

use crate::gateway::AppState;

const COLOURS: [&str; 7] = ["#0055cc", "#1f845a", "#5e4db2", "#ae2e24", "#a54800", "#206a83", "#943d73"];

/// Avatars of people and sites.
pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/_sandbox/avatar/{name}", get(avatar))
        .route("/_sandbox/site-avatar.svg", get(site_avatar))
}

async fn avatar(Path(name): Path<String>) -> impl IntoResponse {
    let position: usize = name.trim_end_matches(".svg").bytes().map(usize::from).sum();
    let colour = COLOURS[position % COLOURS.len()];
    svg(&format!(
        "<circle cx=\"24\" cy=\"24\" r=\"24\" fill=\"{colour}\"/><circle cx=\"24\" cy=\"19\" r=\"8\" fill=\"#fff\"/><path d=\"M9 42a15 13 0 0 1 30 0z\" fill=\"#fff\"/>"
    ))
}

async fn site_avatar() -> impl IntoResponse {
    svg(
        "<rect width=\"48\" height=\"48\" rx=\"8\" fill=\"#0055cc\"/><path d=\"M10 32h28M14 32V20h20v12M24 20v-8\" stroke=\"#fff\" stroke-width=\"3\" fill=\"none\"/>",
    )
}

fn svg(content: &str) -> impl IntoResponse + use<> {
    let text = format!("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 48 48\">{content}</svg>");
    ([(header::CONTENT_TYPE, "image/svg+xml"), (header::CACHE_CONTROL, "max-age=3600")], text)
}

//! The HTTP surfaces: the Merge-compatible REST API, the link pages, health and metrics. Handlers are thin: extract, call
//! the engine, present. Nothing here can reach the store; every read of records takes an account's scope.

mod dashboard;
mod extract;
mod hooks;
mod identify;
mod link;
mod openapi;
mod params;
mod present;
mod problem;
mod rest;
mod router;
mod setup;
mod telemetry;
pub mod wire;

use std::net::SocketAddr;

use linkspan_engine::Engine;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub use openapi::document as openapi_document;
pub use present::WebhookBodies;

/// What the handlers share.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) engine: Engine,
    pub(crate) pages: link::Pages,
    pub(crate) metrics: PrometheusHandle,
    pub(crate) streams: rest::change_stream::ChangeStreams,
    pub(crate) deliveries: hooks::DeliveryRoom,
}

/// Serves until `stop` is cancelled, then lets requests that are under way finish.
///
/// # Errors
/// When the listener fails.
pub async fn serve(
    listener: TcpListener,
    engine: Engine,
    metrics: PrometheusHandle,
    stop: CancellationToken,
) -> std::io::Result<()> {
    let streams = rest::change_stream::ChangeStreams::new();
    let deliveries = hooks::DeliveryRoom::new();
    let app = App { engine, pages: link::Pages::new(), metrics, streams, deliveries };
    let service = router::router(app).into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service).with_graceful_shutdown(stop.cancelled_owned()).await
}

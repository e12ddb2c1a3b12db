//! One request from door to door: destination, faults, caller, limits, product, bill.

use std::panic::AssertUnwindSafe;

use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use futures_util::FutureExt as _;
use http::{HeaderValue, StatusCode, header};
use serde_json::json;
use tower::ServiceExt as _;

use super::credentials::{self, Addressed, bearer_token};
use super::destination::{Destination, Door, ProductFamily, with_path};
use super::errors::gateway_error;
use super::operations::{self, Operation};
use super::{AppState, PageCap, injected, limits, paging, served};
use crate::faults::{FaultKind, FaultRequest, Struck};
use crate::{confluence, control, jira, oauth};

/// The platform's own operations: everything else there is counted under one name, so that statistics stay small.
const PLATFORM_PATHS: [&str; 5] =
    ["/authorize", "/oauth/token", "/oauth/token/accessible-resources", "/me", "/app/report-accounts/"];

/// Where a site host tells its cloud id to anybody: clients use it to find the gateway address of a site.
const TENANT_INFO: &str = "/_edge/tenant_info";

/// The connection closes without an answer.
#[derive(Debug, thiserror::Error)]
#[error("the connection closes without an answer")]
pub(crate) struct Dropped;

/// The whole sandbox as one service; cheap to clone.
#[derive(Clone)]
pub(crate) struct Gateway {
    state: AppState,
    sandbox: Router,
    platform: Router,
    pub(super) jira: Router,
    pub(super) confluence: Router,
}

/// A product request before its caller is known.
struct ProductRequest {
    cloud_id: Option<String>,
    family: ProductFamily,
    door: Door,
    path: String,
}

impl Gateway {
    pub(crate) fn new(state: AppState) -> Self {
        let mut gateway = Self {
            sandbox: Router::new(),
            platform: oauth::router().with_state(state.clone()),
            jira: served::askable(jira::router()).with_state(state.clone()),
            confluence: served::askable(confluence::router()).with_state(state.clone()),
            state,
        };
        // The control plane tells what the other routers serve.
        let operations = gateway.served_operations();
        gateway.sandbox = control::router(&gateway.state, operations).with_state(gateway.state.clone());
        gateway
    }

    /// Answers a request; `Err` closes the connection instead.
    pub(crate) async fn answer(self, request: Request) -> Result<Response, Dropped> {
        let state = self.state.clone();
        let mut response = self.routed(request).await?;
        // The server's own clock, which may have been moved.
        if let Ok(date) = HeaderValue::try_from(state.now().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string())
        {
            response.headers_mut().insert(header::DATE, date);
        }
        Ok(response)
    }

    async fn routed(self, request: Request) -> Result<Response, Dropped> {
        match Destination::of(request.uri().path()) {
            Destination::Sandbox => Ok(forward(self.sandbox, request).await),
            Destination::Platform => self.platform(request).await,
            Destination::Product { cloud_id, family, door, path } => {
                self.product(request, ProductRequest { cloud_id, family, door, path }).await
            }
        }
    }

    async fn platform(self, mut request: Request) -> Result<Response, Dropped> {
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let name = match PLATFORM_PATHS
            .iter()
            .find(|known| known.trim_end_matches('/') == path.trim_end_matches('/'))
        {
            Some(known) => format!("{method} {known}"),
            None => format!("{method} (unknown)"),
        };
        if path == "/oauth/token" {
            self.state.meter().stats.note_token_call();
        }
        let struck = self.strike(FaultRequest {
            method: method.as_str(),
            path: &path,
            template: None,
            cloud_id: None,
            asked: None,
        });
        tokio::time::sleep(injected::latency(&self.state, &struck)).await;
        if let Some(replaced) = injected::replacement(&self.state, &struck, &path) {
            return self.noted(&name, replaced, 0);
        }
        request.extensions_mut().insert(struck.clone());
        let response = forward(self.platform.clone(), request).await;
        self.note(&name, &response, 0);
        injected::afterwards(&struck, response).await
    }

    async fn product(self, mut request: Request, wanted: ProductRequest) -> Result<Response, Dropped> {
        let operation = operations::find(request.method(), &wanted.path);
        let name = operation_name(operation, request.method());
        let site_index = match &wanted.cloud_id {
            Some(cloud_id) => self.state.world().sites().iter().position(|site| site.cloud_id() == cloud_id),
            None => Some(0),
        };
        let Some((site_index, site)) =
            site_index.and_then(|index| Some((index, self.state.world().sites().get(index)?)))
        else {
            return self.noted(
                &name,
                Ok(gateway_error(StatusCode::NOT_FOUND, "No site has this cloud id")),
                0,
            );
        };
        let asked = if self.state.faults().depend_on_asked() {
            let (whole, asked) = paging::asked(request).await;
            request = whole;
            Some(asked)
        } else {
            None
        };
        let struck = self.strike(FaultRequest {
            method: request.method().as_str(),
            path: &wanted.path,
            template: operation.map(|operation| operation.template),
            cloud_id: Some(site.cloud_id()),
            asked: asked.as_ref(),
        });
        if struck.has(FaultKind::RevokeGrant) {
            self.revoke_grant_behind(&request);
        }
        let latency = injected::latency(&self.state, &struck);
        if !latency.is_zero() {
            tokio::time::sleep(latency).await;
        }
        if let Some(replaced) = injected::replacement(&self.state, &struck, &wanted.path) {
            return self.noted(&name, replaced, 0);
        }
        if wanted.path == TENANT_INFO && wanted.door == Door::SiteHost {
            let tenant = Json(json!({ "cloudId": site.cloud_id() })).into_response();
            return self.noted(&format!("GET {TENANT_INFO}"), Ok(tenant), 0);
        }
        let addressed = Addressed {
            site_index,
            site,
            family: wanted.family,
            door: wanted.door,
            path: &wanted.path,
            operation,
        };
        let caller = match credentials::caller(&self.state, addressed, request.headers()) {
            Ok(caller) => caller,
            Err(refused) => return self.noted(&name, Ok(refused), 0),
        };
        if let Some(refused) = limits::refusal(&self.state, &caller, request.method(), addressed) {
            return self.noted(&name, Ok(refused), 0);
        }
        if let Some(uri) = with_path(request.uri(), &wanted.path) {
            *request.uri_mut() = uri;
        }
        request.extensions_mut().insert(caller.clone());
        if let Some(cap) = PageCap::of(&struck) {
            request.extensions_mut().insert(cap);
        }
        let target = request.uri().path_and_query().map_or_else(String::new, ToString::to_string);
        let router = match wanted.family {
            ProductFamily::Jira => self.jira.clone(),
            ProductFamily::Confluence => self.confluence.clone(),
        };
        let mut response = forward(router, request).await;
        let points = limits::bill(&self.state, &caller, &mut response);
        self.note(&name, &response, points);
        let response = paging::misled(&struck, asked.as_ref(), &target, response).await;
        injected::afterwards(&struck, response).await
    }

    fn strike(&self, request: FaultRequest<'_>) -> Struck {
        self.state.faults().strike(request, || self.state.roll())
    }

    fn revoke_grant_behind(&self, request: &Request) {
        let now = self.state.now();
        let mut grants = self.state.grants();
        let grant = bearer_token(request.headers())
            .and_then(|token| grants.authenticate(token, now).ok())
            .map(|grant| grant.id);
        grants.revoke(|candidate| Some(candidate.id) == grant);
    }

    /// Notes an answer that never reached a product. A dropped connection has no status to note.
    fn noted(&self, name: &str, answer: Result<Response, Dropped>, points: u64) -> Result<Response, Dropped> {
        if let Ok(response) = &answer {
            self.note(name, response, points);
        }
        answer
    }

    fn note(&self, name: &str, response: &Response, points: u64) {
        self.state.meter().stats.note(name, response.status().as_u16(), points);
    }
}

async fn forward(router: Router, request: Request<Body>) -> Response {
    // A handler that panics has printed why; its client gets an answer all the same.
    match AssertUnwindSafe(router.oneshot(request)).catch_unwind().await {
        Ok(Ok(response)) => response.into_response(),
        Ok(Err(never)) => match never {},
        Err(_) => gateway_error(StatusCode::INTERNAL_SERVER_ERROR, "The sandbox met a defect of its own"),
    }
}

fn operation_name(operation: Option<&'static Operation>, method: &http::Method) -> String {
    match operation {
        // HEAD shares the row of GET; its requests are counted there.
        Some(operation) => operation.name.clone(),
        None => format!("{method} (unknown)"),
    }
}

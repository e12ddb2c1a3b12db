//! Which operations of Atlassian's documents have an answer here: asked of the routers themselves.

use axum::Router;
use axum::body::Body;
use axum::extract::{MatchedPath, Request};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt as _;
use http::StatusCode;
use http::header::ALLOW;
use serde::Serialize;
use tower::ServiceExt as _;

use super::destination::{ProductFamily, family_of};
use super::operations::{self, Operation, segments};
use super::{AppState, Gateway};
use crate::control::Settings;
use crate::world::{Clock, World, WorldOptions};

/// An operation and whether the sandbox has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ServedOperation {
    /// `GET /rest/api/3/issue/{issueIdOrKey}`, as in the scope table.
    pub operation: &'static str,
    /// Whether a route of the sandbox answers it. Removed operations that answer 410 as live sites do count as served.
    pub served: bool,
}

/// The scope table's operations, each with whether the sandbox's routers have a route for it.
pub fn served_operations() -> Vec<ServedOperation> {
    let smallest = WorldOptions {
        seed: 0,
        sites: 1,
        projects: 1,
        issues: 1,
        spaces: 1,
        pages: 1,
        users: 1,
        groups: 1,
        dataset: None,
    };
    #[expect(
        clippy::expect_used,
        reason = "only the files of a dataset can be unreadable, and there is none"
    )]
    let world = World::new(&smallest, Clock::starting_at(0)).expect("a made-up world reads no file");
    // The routes need a state to be asked; no handler runs, so that what is in it does not matter.
    Gateway::new(AppState::new(world, Settings::new(0, 0))).served_operations()
}

/// Marks a request that asks for the route and not for an answer.
#[derive(Clone, Copy)]
struct Probe;

/// Lets a product's routes be asked without being run.
pub(super) fn askable(router: Router<AppState>) -> Router<AppState> {
    router.route_layer(from_fn(tell_route))
}

async fn tell_route(request: Request, next: Next) -> Response {
    if request.extensions().get::<Probe>().is_none() {
        return next.run(request).await;
    }
    let mut told = StatusCode::OK.into_response();
    if let Some(matched) = request.extensions().get::<MatchedPath>() {
        told.extensions_mut().insert(matched.clone());
    }
    told
}

impl Gateway {
    /// The scope table's operations, each with whether a router has a route for it.
    pub(crate) fn served_operations(&self) -> Vec<ServedOperation> {
        let asked = |operation: &'static Operation| ServedOperation {
            operation: &operation.name,
            served: self.serves(operation),
        };
        operations::all().map(asked).collect()
    }

    fn serves(&self, operation: &Operation) -> bool {
        let Some((method, template)) = operation.name.split_once(' ') else { return false };
        let path: String = segments(template)
            .map(|segment| if is_parameter(segment) { "/1".to_owned() } else { format!("/{segment}") })
            .collect();
        let request = Request::builder().method(method).uri(path.as_str()).extension(Probe);
        let Ok(request) = request.body(Body::empty()) else { return false };
        let router = match family_of(template) {
            ProductFamily::Jira => self.jira.clone(),
            ProductFamily::Confluence => self.confluence.clone(),
        };
        // Neither the layer nor a fallback waits for anything.
        let Some(Ok(told)) = router.oneshot(request).now_or_never() else { return false };
        // The layer covers what a route says to a method it does not have as well: only that carries `Allow`.
        let matched = told.extensions().get::<MatchedPath>().filter(|_| !told.headers().contains_key(ALLOW));
        matched.is_some_and(|route| is_route_of(route.as_str(), template))
    }
}

fn is_parameter(segment: &str) -> bool {
    segment.starts_with('{')
}

/// Whether a route was made for a template: a route that takes the template's words for values was made for another one.
fn is_route_of(route: &str, template: &str) -> bool {
    let (mut route, mut template) = (segments(route), segments(template));
    loop {
        match (route.next(), template.next()) {
            (None, None) => return true,
            (Some(have), Some(want)) if have == want || is_parameter(have) && is_parameter(want) => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_that_reads_a_word_as_a_value_is_not_that_words_route() {
        assert!(is_route_of("/rest/api/3/issue/{issue}", "/rest/api/3/issue/{issueIdOrKey}"));
        assert!(!is_route_of("/rest/api/3/issue/{issue}", "/rest/api/3/issue/picker"));
        assert!(!is_route_of("/rest/api/3/issue", "/rest/api/3/issue/picker"));
    }

    #[test]
    fn every_operation_is_asked_and_the_answers_differ() {
        let operations = served_operations();
        assert_eq!(operations.len(), operations::all().count());
        let served = |name: &str| operations.iter().find(|it| it.operation == name).map(|it| it.served);
        assert_eq!(served("GET /rest/api/3/issue/{issueIdOrKey}"), Some(true));
        assert_eq!(served("DELETE /rest/api/3/issue/{issueIdOrKey}"), Some(true));
        assert_eq!(served("GET /wiki/api/v2/pages/{id}"), Some(true));
        assert_eq!(served("GET /wiki/rest/api/space"), Some(true), "removed, and says so");
        assert_eq!(served("PUT /rest/api/3/announcementBanner"), Some(false));
        assert_eq!(served("PUT /rest/api/3/project/{projectIdOrKey}/avatar"), Some(false));
    }
}

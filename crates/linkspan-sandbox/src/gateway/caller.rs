//! Who calls a product, and how they proved it.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::request::Parts;

use crate::world::{AccountIndex, Viewer};

/// Position of a site in [`World::sites`](crate::world::World::sites).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SiteIndex(pub usize);

/// The caller of one product request. The gateway decides it before a product handler runs; take it as an extractor.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The site the request addresses.
    pub site: SiteIndex,
    /// The account whose permissions bound the answer; `None` is an anonymous visitor.
    pub account: Option<AccountIndex>,
    /// How the caller proved it.
    pub auth: Auth,
}

/// The kind of credentials a product request carried.
#[derive(Clone, Debug)]
pub enum Auth {
    /// An OAuth access token, on the gateway host only.
    Bearer(Arc<Bearer>),
    /// E-mail and API token, on the site host only: exempt from the points quota and from scopes.
    Basic,
    /// No credentials, on the site host only.
    Anonymous,
}

/// What an access token stands for at the moment of the request.
#[derive(Clone, Debug)]
pub struct Bearer {
    /// The app's client id.
    pub client_id: String,
    /// The grant behind the token.
    pub grant: u64,
    /// The grant's scopes now: a later consent replaces them.
    pub scopes: Vec<String>,
}

impl Caller {
    /// The caller as the permission code knows it.
    pub fn viewer(&self) -> Viewer {
        self.account.map_or(Viewer::Anonymous, Viewer::Account)
    }

    /// Whether the caller came through the OAuth gateway: removed endpoints answer 410 there.
    pub fn is_app(&self) -> bool {
        matches!(self.auth, Auth::Bearer(_))
    }

    /// The client id of the calling app.
    pub fn app(&self) -> Option<&str> {
        match &self.auth {
            Auth::Bearer(bearer) => Some(&bearer.client_id),
            Auth::Basic | Auth::Anonymous => None,
        }
    }

    /// Whether the caller may use what needs `scope`; credentials other than a bearer token have no scopes to lack.
    pub fn holds_scope(&self, scope: &str) -> bool {
        match &self.auth {
            Auth::Bearer(bearer) => bearer.scopes.iter().any(|held| held == scope),
            Auth::Basic | Auth::Anonymous => true,
        }
    }
}

/// Present in every product request: product routers are only reachable through the gateway, which inserts it.
impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        #[expect(
            clippy::expect_used,
            reason = "the gateway inserts the caller before it forwards a request to a product router"
        )]
        let caller = parts.extensions.get::<Self>().expect("the gateway inserted the caller").clone();
        Ok(caller)
    }
}

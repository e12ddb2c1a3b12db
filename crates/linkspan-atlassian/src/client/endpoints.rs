//! Where upstream answers (`atlassian-platform.md` section 0).

use std::fmt;

use linkspan_model::product::Product;
use serde::{Deserialize, Serialize};
use url::Url;

/// A site by its cloud id: upstream's immutable name for it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Site {
    /// The cloud id.
    pub cloud_id: String,
}

impl Site {
    /// The site with this cloud id.
    pub fn new(cloud_id: impl Into<String>) -> Self {
        Self { cloud_id: cloud_id.into() }
    }
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.cloud_id)
    }
}

/// An origin that cannot serve as upstream.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` cannot be an upstream: give an http or https URL of a host, such as http://127.0.0.1:8080")]
pub struct EndpointsError(String);

/// The hosts of upstream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoints {
    /// Consent and tokens.
    auth: Url,
    /// Everything else.
    api: Url,
}

impl Endpoints {
    /// Atlassian's own hosts.
    #[expect(clippy::expect_used, clippy::missing_panics_doc, reason = "constants that every test parses")]
    pub fn atlassian() -> Self {
        let url = |text: &str| Url::parse(text).expect("a constant URL");
        Self { auth: url("https://auth.atlassian.com/"), api: url("https://api.atlassian.com/") }
    }

    /// A sandbox that answers for all hosts under one origin, told apart by path. Only the origin of `url` counts.
    ///
    /// # Errors
    /// When `url` is not an http or https URL with a host.
    pub fn single_origin(url: &Url) -> Result<Self, EndpointsError> {
        let usable = matches!(url.scheme(), "http" | "https") && url.has_host();
        let origin = Url::parse(&url.origin().ascii_serialization()).ok().filter(|_| usable);
        let origin = origin.ok_or_else(|| EndpointsError(url.as_str().to_owned()))?;
        Ok(Self { auth: origin.clone(), api: origin })
    }

    /// The consent page.
    pub fn authorize(&self) -> Url {
        at(&self.auth, "/authorize")
    }

    /// Where codes and refresh tokens are exchanged.
    pub fn token(&self) -> Url {
        at(&self.auth, "/oauth/token")
    }

    /// The sites of a token.
    pub fn accessible_resources(&self) -> Url {
        at(&self.api, "/oauth/token/accessible-resources")
    }

    /// The account of a token.
    pub fn me(&self) -> Url {
        at(&self.api, "/me")
    }

    /// Where accounts are reported (`atlassian-platform.md` 3); the slash at the end belongs to it.
    pub fn report_accounts(&self) -> Url {
        at(&self.api, "/app/report-accounts/")
    }

    /// Whether one origin answers for all hosts, as a sandbox does.
    pub fn is_single_origin(&self) -> bool {
        self.auth.origin() == self.api.origin()
    }

    /// Where apps are registered (`atlassian-platform.md` section 2). The sandbox has a console of its own.
    pub fn console(&self) -> Url {
        if self.is_single_origin() {
            return at(&self.auth, "/_sandbox/console");
        }
        let mut url = at(&self.auth, "/console/myapps/");
        // OK to go wrong: a constant name that every test of the set-up pages parses.
        let _ = url.set_host(Some("developer.atlassian.com"));
        url
    }

    /// Whether `url` may be fetched without a token on upstream's word: https on a named host, or the sandbox itself.
    pub(super) fn may_follow(&self, url: &Url) -> bool {
        if self.is_single_origin() && url.origin() == self.api.origin() {
            return true;
        }
        url.scheme() == "https"
            && url.domain().is_some_and(|host| host.contains('.') && !host.ends_with(".localhost"))
            && url.username().is_empty()
            && url.password().is_none()
    }

    /// A URL below `/ex/{product}/{cloud_id}` of the gateway. `path_and_query` begins with `/`.
    pub(super) fn gateway(&self, product: Product, cloud_id: &str, path: &str) -> Url {
        at(&self.api, &format!("/ex/{product}/{cloud_id}{path}"))
    }
}

fn at(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(path);
    url
}

//! OAuth 2.0 (3LO): the authorize URL, tokens, and what a token reaches (`atlassian-platform.md` section 1).
//!
//! Nothing here decides what becomes of a grant: refreshes are single-flight and compare-and-set in the engine
//! (hazards L1 to L3).

mod probe;
mod report;
mod resources;
mod token;

#[cfg(test)]
mod tests;

use linkspan_model::secret::Secret;
use url::Url;

pub use self::probe::{ConsentScreen, Seen};
pub use self::report::{
    ACCOUNTS_PER_REPORT, AccountVerdict, DEFAULT_CYCLE, LONGEST_CYCLE, REPORT_SCOPE, ReportAnswer,
    ReportedAccount, SHORTEST_CYCLE, read_cycle,
};
pub use self::resources::{Me, SiteAccess, product_of_scope};
pub use self::token::{TokenError, TokenPair};
use crate::calls::ScopeSet;
use crate::client::Endpoints;

/// The vendor's app as Atlassian knows it.
#[derive(Clone, Debug)]
pub struct AppCredentials {
    /// The client id.
    pub client_id: String,
    /// The client secret.
    pub client_secret: Secret,
}

/// Where the customer consents. `state` must be unguessable, single-use and bound to the browser (hazard L9);
/// `redirect_uri` must equal the callback registered for the app.
pub fn authorize_url(
    endpoints: &Endpoints,
    client_id: &str,
    redirect_uri: &Url,
    scopes: &ScopeSet,
    state: &Secret,
) -> Url {
    let mut url = endpoints.authorize();
    url.query_pairs_mut()
        .append_pair("audience", "api.atlassian.com")
        .append_pair("client_id", client_id)
        .append_pair("scope", &scopes.joined())
        .append_pair("redirect_uri", redirect_uri.as_str())
        .append_pair("state", state.expose())
        .append_pair("response_type", "code")
        .append_pair("prompt", "consent");
    url
}

//! People who prove who they are: consent to `read:me` alone, one look at `/me`, and nothing of it kept but the account id
//! and the e-mail address. No token of the person is stored (hazard P10).

mod pass;
mod problem;
mod proven;

use std::time::Duration;

use linkspan_model::secret::Secret;
use linkspan_store::Identity;
use url::Url;

pub use self::problem::IdentityProblem;
pub use linkspan_store::IdentityFilter;

/// What identity tokens begin with.
const IDENTITY_TOKEN: &str = "lsi_";
const IDENTITY_TOKEN_PURPOSE: &str = "identity-token";
/// What the OAuth states of people begin with: the callback tells them from those of links by it.
const STATE: &str = "lsv_";
const STATE_PURPOSE: &str = "identity-state";
/// What browser secrets begin with.
const BROWSER: &str = "lsb_";
const BROWSER_PURPOSE: &str = "identity-browser";
/// The one scope that is asked for.
const SCOPE: &str = "read:me";
/// How long a person may take on Atlassian's pages.
const STATE_LIFE: Duration = Duration::from_mins(15);
/// How long a pass is remembered after its token has died, so that a late visitor is told what happened.
const REMEMBERED: Duration = Duration::from_hours(24);

/// What the vendor asks for when it wants a person to prove who they are.
#[derive(Clone, Debug)]
pub struct IdentityRequest {
    /// The vendor's own word for the person; it comes back with the proof.
    pub reference: String,
    /// Where the person goes at the end: one of the addresses that the server allows. `None` shows a page.
    pub redirect_uri: Option<String>,
    /// How long the token lives.
    pub expires_in: Duration,
}

/// The person is to be sent to Atlassian.
#[derive(Debug)]
pub struct IdentityDeparture {
    /// Where to.
    pub authorize_url: Url,
    /// The OAuth state in that URL.
    pub state: Secret,
    /// The secret that binds the state to this browser: to be kept in a cookie until the callback.
    pub browser: Secret,
}

/// A proof.
#[derive(Debug)]
pub struct Proven {
    /// What was proven.
    pub identity: Identity,
    /// Where the person goes now.
    pub redirect: Option<Url>,
    /// Addresses at which this person has to consent again: the same app reads sites on their behalf, and Atlassian lets
    /// the newest consent take the place of the one before (`atlassian-platform.md` 1.6). Empty when the vendor has an app
    /// of its own for identity.
    pub consent_again: Vec<String>,
}

/// Whether an OAuth state belongs to a person who proves who they are, and not to a link.
pub fn is_identity_state(state: &Secret) -> bool {
    state.expose().starts_with(STATE)
}

//! People who prove who they are: consent to `read:me` alone, one look at `/me`, and nothing of it kept but the account id
//! and the e-mail address. No token of the person is stored (hazard P10).
//!
//! An address is made for one person of the vendor's, but whoever opens it passes: it can be handed on to somebody else,
//! whose account would then count as the first one's (hazard L9). Only the vendor knows who is signed in to its own pages.
//! So where the person goes back there, the proof waits for a code that the browser brings along, and is recorded when the
//! vendor redeems the code for whoever that browser's session belongs to. Where the person sees a page of ours at the end,
//! the pages say for whom the proof is, and the identity says that only the page confirmed it.

mod pass;
mod problem;
mod proven;

use std::time::Duration;

use linkspan_model::secret::Secret;
use url::Url;

pub use self::problem::IdentityProblem;
pub use linkspan_store::{ConfirmedBy, Identity, IdentityFilter, Redeemed};

/// What identity tokens begin with.
const IDENTITY_TOKEN: &str = "lsi_";
const IDENTITY_TOKEN_PURPOSE: &str = "identity-token";
/// What the OAuth states of people begin with: the callback tells them from those of links by it.
const STATE: &str = "lsv_";
const STATE_PURPOSE: &str = "identity-state";
/// What browser secrets begin with.
const BROWSER: &str = "lsb_";
const BROWSER_PURPOSE: &str = "identity-browser";
/// What codes begin with.
const CODE: &str = "lsc_";
const CODE_PURPOSE: &str = "identity-code";
/// How long a code lives: the browser brings it back at once, unless the person first reads what to consent to again.
const CODE_LIFE: Duration = Duration::from_mins(10);
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
    /// Where the person goes at the end, with a code to redeem: one of the addresses that the server allows. `None` shows a
    /// page.
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
    /// The vendor's own word for the person.
    pub reference: String,
    /// The account's e-mail address; `None` when it is hidden.
    pub email: Option<String>,
    /// What became of it.
    pub outcome: ProofOutcome,
    /// Addresses at which this person has to consent again: the same app reads sites on their behalf, and Atlassian lets
    /// the newest consent take the place of the one before (`atlassian-platform.md` 1.6). Empty when the vendor has an app
    /// of its own for identity.
    pub consent_again: Vec<String>,
}

/// What became of a proof.
#[derive(Debug)]
pub enum ProofOutcome {
    /// It was recorded.
    Recorded(Identity),
    /// It waits until the vendor redeems the code in this address, where the person goes now.
    Waits(Url),
}

/// Whether an OAuth state belongs to a person who proves who they are, and not to a link.
pub fn is_identity_state(state: &Secret) -> bool {
    state.expose().starts_with(STATE)
}

//! Linking: a customer's way from a link token through Atlassian's consent screen to a linked account.
//!
//! ```text
//! create ─► Waiting ─ start ─► Started ─ answer ─► Answered ─► Consented ─ complete ─► Linked
//! ```
//! Every step is a compare-and-set in the store, so each can be taken once; a refused link may be started again while its
//! token lives.

mod answer;
mod complete;
mod problem;
mod reconsent;
mod start;

use std::time::Duration;

use linkspan_model::ids::{LinkId, LinkedAccountId};
use linkspan_model::product::{Category, Integration};
use linkspan_model::secret::Secret;
use linkspan_store::EndUser;
use url::Url;

pub use self::complete::ExchangedAccount;
pub use self::problem::LinkProblem;
pub use crate::callback::{Callback, CallbackProblem};

/// What link tokens begin with.
const LINK_TOKEN: &str = "lsl_";
const LINK_TOKEN_PURPOSE: &str = "link-token";
/// What OAuth states begin with.
const STATE: &str = "lss_";
const STATE_PURPOSE: &str = "oauth-state";
/// What browser secrets begin with.
const BROWSER: &str = "lsb_";
const BROWSER_PURPOSE: &str = "link-browser";
/// What public tokens begin with.
const PUBLIC_TOKEN: &str = "lsp_";
const PUBLIC_TOKEN_PURPOSE: &str = "public-token";
/// What account tokens begin with.
pub(crate) const ACCOUNT_TOKEN: &str = "lsa_";
pub(crate) const ACCOUNT_TOKEN_PURPOSE: &str = "account-token";

/// How long a customer may take on Atlassian's pages.
const STATE_LIFE: Duration = Duration::from_mins(15);
/// How long the vendor may take to exchange a public token.
const PUBLIC_TOKEN_LIFE: Duration = Duration::from_hours(24);
/// Exchanges of one public token: more than one, because its answer may get lost and be asked for again.
const PUBLIC_TOKEN_USES: i64 = 5;

/// What the vendor asks for when it wants a customer to link.
#[derive(Clone, Debug)]
pub struct LinkRequest {
    /// Who links.
    pub end_user: EndUser,
    /// What the link page offers.
    pub categories: Vec<Category>,
    /// The only integration to offer.
    pub integration: Option<Integration>,
    /// How long the link token lives.
    pub expires_in: Duration,
}

/// A link as its first page shows it.
#[derive(Clone, Debug)]
pub struct LinkOffer {
    /// The customer's name.
    pub organization: String,
    /// What can be linked.
    pub integrations: Vec<Integration>,
    /// The scopes that will be asked for.
    pub scopes: Vec<String>,
}

/// The customer is to be sent to Atlassian.
#[derive(Debug)]
pub struct Departure {
    /// Where to.
    pub authorize_url: Url,
    /// The OAuth state in that URL.
    pub state: Secret,
    /// The secret that binds the state to this browser: to be kept in a cookie until the callback.
    pub browser: Secret,
}

/// A site to choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteChoice {
    /// Its immutable id.
    pub cloud_id: String,
    /// Its name.
    pub name: String,
    /// Its address.
    pub url: String,
}

/// What follows a good callback or choice.
#[derive(Debug)]
pub enum Progress {
    /// The consent covers several sites: the customer chooses.
    ChooseSite {
        /// What is being linked.
        integration: Integration,
        /// The customer's name.
        organization: String,
        /// The sites.
        sites: Vec<SiteChoice>,
    },
    /// Linked.
    Linked(Linked),
}

/// A completed link.
#[derive(Debug)]
pub struct Linked {
    /// The link.
    pub link: LinkId,
    /// The account.
    pub account: LinkedAccountId,
    /// What was linked.
    pub integration: Integration,
    /// Name of the site.
    pub site_name: String,
    /// For the vendor, to be exchanged for the account token.
    pub public_token: Secret,
    /// The account existed before.
    pub relinked: bool,
    /// The name of the Atlassian account that consented, if Atlassian tells it.
    pub person: Option<String>,
    /// The account was linked by another Atlassian account before (hazard L8).
    pub another_person: bool,
}

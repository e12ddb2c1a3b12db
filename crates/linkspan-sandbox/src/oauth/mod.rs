//! OAuth 2.0 (3LO): consent, codes, rotating tokens, the sites of a token, and who the user is (`atlassian-platform.md` 1, 3).

mod authorize;
mod consent_page;
mod grants;
mod identity;
mod jwt;
mod report;
mod token;

use axum::Router;
use axum::routing::{get, post};

pub use grants::{Consent, Grant, GrantKind, Grants, Issued, TokenFault, TokenRules};
pub use jwt::TokenMint;
pub(crate) use jwt::signed;
pub use report::ReportedAccounts;
pub use token::RefreshErrors;

use crate::gateway::AppState;

/// Everything of `auth.atlassian.com` and of `api.atlassian.com` outside `/ex`.
pub(crate) fn router() -> Router<AppState> {
    Router::new()
        .route("/authorize", get(authorize::show).post(authorize::answer))
        .route("/oauth/token", post(token::token))
        .route("/oauth/token/accessible-resources", get(identity::accessible_resources))
        .route("/me", get(identity::me))
        .route("/app/report-accounts/", post(report::report_accounts))
        .route("/app/report-accounts", post(report::report_accounts))
}

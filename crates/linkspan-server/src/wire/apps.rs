//! OAuth apps, as the native API shows and takes them.

use linkspan_model::secret::Secret;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An OAuth app of the vendor's.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OAuthApp {
    /// What it serves: `all`, the slug of an integration, or `identity`.
    pub integration: String,
    pub client_id: String,
    /// The last four characters of the client secret, which is never shown; none when the server's master keys do not open
    /// it.
    #[schema(required = true)]
    pub client_secret_last_four: Option<String>,
    /// The callback URL that is configured in the developer console.
    pub redirect_uri: String,
    /// The scopes that are asked for.
    pub scopes: Vec<String>,
}

/// Every OAuth app.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OAuthAppList {
    pub results: Vec<OAuthApp>,
}

/// An OAuth app to register.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct OAuthAppRequest {
    pub client_id: String,
    /// Needed the first time; later, none keeps the one that is known for the client id.
    #[schema(value_type = Option<String>, write_only)]
    pub client_secret: Option<Secret>,
    /// Default: this server's callback.
    pub redirect_uri: Option<String>,
    /// Default: the smallest list for what is read.
    pub scopes: Option<Vec<String>>,
}

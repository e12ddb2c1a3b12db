//! People who prove who they are, as the native API shows and takes them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::Time;

/// A request for an identity token.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct IdentityTokenRequest {
    /// Your own word for the person; it comes back with the proof. Give this or `end_user_origin_id`.
    pub reference: Option<String>,
    /// Your own id of the person, where you use the word of link tokens.
    pub end_user_origin_id: Option<String>,
    /// Where the person goes at the end, one of the addresses that the server allows, with a `code` to redeem: until then
    /// nothing is recorded. Default: a page that says thank you, and nobody confirms that it was the person meant.
    pub redirect_uri: Option<String>,
    /// Minutes that the token lives: 5 to 10080. Default: 30.
    pub expiry_mins: Option<i64>,
}

/// An identity token.
#[expect(clippy::struct_field_names, reason = "named as `link_token` is")]
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct IdentityToken {
    pub identity_token: String,
    /// The address at which the person proves who they are.
    pub url: String,
    pub expires_in_seconds: u64,
}

/// A code that came with a person, to be redeemed.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct IdentityCode {
    /// The `code` of the address at which the person arrived.
    pub code: String,
    /// Your own word for the person who is signed in where the code arrived: from your session, never from the address. Give
    /// this or `end_user_origin_id`.
    pub reference: Option<String>,
    /// Your own id of that person, where you use the word of link tokens.
    pub end_user_origin_id: Option<String>,
}

/// A person of yours who proved to be an Atlassian account.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProvenIdentity {
    pub id: Uuid,
    /// The Atlassian account's immutable id.
    pub account_id: String,
    /// Your own word for the person.
    pub reference: String,
    /// The account's e-mail address as its latest proof told it; null when it is hidden, or when the account changed since.
    #[schema(required = true)]
    pub email: Option<String>,
    /// Whether Atlassian verified the address; null where it does not say.
    #[schema(required = true)]
    pub email_verified: Option<bool>,
    /// `redirect`: you redeemed the proof in the session of the person it was asked for. `page`: nobody confirmed that it was
    /// that person, and not somebody to whom the address was handed on.
    pub confirmed_by: String,
    /// Client id of the app to which the person consented; null when the app is gone.
    #[schema(required = true)]
    pub client_id: Option<String>,
    pub created_at: Time,
    /// When the person last proved it.
    pub proven_at: Time,
    /// Since when the e-mail address belongs to another account: one that proved it later, verified, or that had it when this
    /// one told it without its being verified. Trust `email` only while this is null.
    #[schema(required = true)]
    pub superseded_at: Option<Time>,
}

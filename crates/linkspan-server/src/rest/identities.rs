//! People who prove who they are.

use std::collections::HashMap;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use linkspan_engine::identity::{Identity, IdentityFilter, IdentityRequest, Redeemed};
use linkspan_model::ids::AppId;
use linkspan_model::secret::Secret;

use crate::App;
use crate::extract::{Segment, Vendor};
use crate::params::Params;
use crate::problem::ApiError;
use crate::wire::Time;
use crate::wire::identities::{IdentityCode, IdentityToken, IdentityTokenRequest, ProvenIdentity};
use crate::wire::page::Page;

/// Minutes an identity token lives when none are asked for.
const DEFAULT_MINUTES: i64 = 30;
/// The lives that may be asked for, in minutes.
const MINUTES: std::ops::RangeInclusive<i64> = 5..=10_080;
/// The longest word for a person.
const TEXT_CAP: usize = 500;

/// The word for a person, under either of its names.
fn reference_of(reference: Option<String>, end_user_origin_id: Option<String>) -> Result<String, ApiError> {
    let ((Some(reference), None) | (None, Some(reference))) = (reference, end_user_origin_id) else {
        return Err(ApiError::bad_request("Give one of `reference` and `end_user_origin_id`."));
    };
    if reference.trim().is_empty() || reference.len() > TEXT_CAP {
        return Err(ApiError::bad_request(format!("`reference` takes 1 to {TEXT_CAP} characters.")));
    }
    Ok(reference)
}

fn shown(identity: Identity, clients: &HashMap<AppId, String>) -> ProvenIdentity {
    ProvenIdentity {
        id: identity.id,
        account_id: identity.account_id,
        reference: identity.reference,
        email: identity.email,
        email_verified: identity.email_verified,
        confirmed_by: identity.confirmed_by.as_str().to_owned(),
        client_id: clients.get(&identity.app).cloned(),
        created_at: Time(identity.created_at),
        proven_at: Time(identity.proven_at),
        superseded_at: identity.superseded_at.map(Time),
    }
}

/// Makes an identity token, with which one person proves once who they are.
#[utoipa::path(
    post,
    path = "/identity-tokens",
    operation_id = "identity_tokens_create",
    tag = "identity",
    request_body = IdentityTokenRequest,
    responses(
        (status = 200, description = "The identity token", body = IdentityToken),
        (status = 400, description = "The body is wrong", body = crate::problem::ProblemBody),
        (status = 401, description = "The key is wrong", body = crate::problem::ProblemBody),
    ),
    security(("api_key" = [])),
)]
pub(crate) async fn create_identity_token(
    State(app): State<App>,
    _: Vendor,
    body: Result<Json<IdentityTokenRequest>, JsonRejection>,
) -> Result<Json<IdentityToken>, ApiError> {
    let Json(body) = body.map_err(|rejection| ApiError::bad_request(rejection.body_text()))?;
    let reference = reference_of(body.reference, body.end_user_origin_id)?;
    let minutes = body.expiry_mins.unwrap_or(DEFAULT_MINUTES);
    let minutes = u64::try_from(minutes).ok().filter(|_| MINUTES.contains(&minutes)).ok_or_else(|| {
        ApiError::bad_request(format!("`expiry_mins` takes {} to {}.", MINUTES.start(), MINUTES.end()))
    })?;
    let expires_in = Duration::from_mins(minutes);
    let request = IdentityRequest { reference, redirect_uri: body.redirect_uri, expires_in };
    let token = app.engine.create_identity_token(request).await?;
    Ok(Json(IdentityToken {
        url: app.engine.identity_url(&token),
        identity_token: token.expose().to_owned(),
        expires_in_seconds: expires_in.as_secs(),
    }))
}

/// Redeems the code with which a person came back to you: from now on what they proved counts. Once, within ten minutes.
#[utoipa::path(
    post,
    path = "/identity-tokens/redeem",
    operation_id = "identity_tokens_redeem",
    tag = "identity",
    request_body = IdentityCode,
    responses(
        (status = 200, description = "What the person proved", body = ProvenIdentity),
        (status = 400, description = "The body is wrong", body = crate::problem::ProblemBody),
        (status = 401, description = "The key is wrong", body = crate::problem::ProblemBody),
        (status = 404, description = "The code is unknown, expired or redeemed", body = crate::problem::ProblemBody),
        (status = 409, description = "The proof was asked for another person; it is void", body = crate::problem::ProblemBody),
    ),
    security(("api_key" = [])),
)]
pub(crate) async fn redeem_identity_code(
    State(app): State<App>,
    _: Vendor,
    body: Result<Json<IdentityCode>, JsonRejection>,
) -> Result<Json<ProvenIdentity>, ApiError> {
    let Json(body) = body.map_err(|rejection| ApiError::bad_request(rejection.body_text()))?;
    let reference = reference_of(body.reference, body.end_user_origin_id)?;
    match app.engine.redeem_identity(&Secret::new(body.code), &reference).await? {
        Redeemed::Recorded(identity) => {
            let clients: HashMap<_, _> = app.engine.client_ids().await?;
            Ok(Json(shown(identity, &clients)))
        }
        Redeemed::Unknown => Err(ApiError::not_found()),
        Redeemed::OtherPerson => Err(ApiError::new(
            StatusCode::CONFLICT,
            "This was asked for another person than `reference`: whoever is signed in opened an address that was not theirs. \
             Nothing was recorded, and the code is void. Tell them, and make an address of their own if they want one.",
        )),
    }
}

/// Lists people who proved who they are. An e-mail address finds the one account that it belongs to: whoever proved it
/// last, verified, or told it first.
#[utoipa::path(
    get,
    path = "/identities",
    operation_id = "identities_list",
    tag = "identity",
    params(
        ("account_id" = Option<String>, Query, description = "Only of this Atlassian account"),
        ("email" = Option<String>, Query, description = "Only whom this address belongs to; case does not count"),
        ("reference" = Option<String>, Query, description = "Only of this word of yours"),
        ("include_superseded" = Option<bool>, Query, description = "With `email`: also whom it belonged to before"),
        ("cursor" = Option<String>, Query, description = "From the page before"),
        ("page_size" = Option<i32>, Query, description = "1 to 100; 30 if missing"),
    ),
    responses(
        (status = 200, description = "A page, oldest first", body = Page<ProvenIdentity>),
        (status = 400, description = "A parameter is wrong", body = crate::problem::ProblemBody),
        (status = 401, description = "The key is wrong", body = crate::problem::ProblemBody),
    ),
    security(("api_key" = [])),
)]
pub(crate) async fn list_identities(
    State(app): State<App>,
    _: Vendor,
    params: Params,
) -> Result<Json<Page<ProvenIdentity>>, ApiError> {
    let text = |name: &str| params.text(name).map(str::to_owned);
    let filter = IdentityFilter {
        account_id: text("account_id"),
        email: text("email"),
        reference: text("reference"),
        superseded: params.flag("include_superseded")?,
    };
    // At most `PAGE_SIZE_MAX`.
    let size = u32::try_from(params.page_size()?).unwrap_or(u32::MAX);
    let (identities, next) = app.engine.identities(&filter, params.text("cursor"), size).await?;
    let clients: HashMap<_, _> = app.engine.client_ids().await?;
    let results = identities.into_iter().map(|identity| shown(identity, &clients)).collect();
    Ok(Json(Page { next, previous: None, results }))
}

/// Forgets an identity.
#[utoipa::path(
    delete,
    path = "/identities/{id}",
    operation_id = "identities_destroy",
    tag = "identity",
    params(("id" = uuid::Uuid, Path, description = "The identity")),
    responses(
        (status = 204, description = "Forgotten"),
        (status = 401, description = "The key is wrong", body = crate::problem::ProblemBody),
        (status = 404, description = "There is no such identity", body = crate::problem::ProblemBody),
    ),
    security(("api_key" = [])),
)]
pub(crate) async fn delete_identity(
    State(app): State<App>,
    _: Vendor,
    Segment(id): Segment,
) -> Result<StatusCode, ApiError> {
    let id = id.parse().map_err(|_| ApiError::not_found())?;
    if app.engine.delete_identity(id).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(ApiError::not_found())
    }
}

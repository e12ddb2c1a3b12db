//! Link tokens, and the exchange of public tokens (`merge-wire.md` section 8).

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use linkspan_engine::link::LinkRequest;
use linkspan_engine::read::EndUser;
use linkspan_model::product::{Category, Integration};
use linkspan_model::secret::Secret;

use super::actions::integration_of;
use crate::App;
use crate::extract::{Segment, Vendor};
use crate::problem::ApiError;
use crate::wire::account::{AccountToken, LinkToken, LinkTokenRequest};

/// Minutes a link token lives when none are asked for.
const DEFAULT_MINUTES: i64 = 30;
/// The longest life of a link token, in minutes.
const LONGEST_MINUTES: i64 = 720;
/// The longest life of a link token with a magic link, in minutes.
const LONGEST_MAGIC_MINUTES: i64 = 10_080;
/// The longest text a vendor may give about its customer.
const TEXT_CAP: usize = 500;

/// Makes a link token, with which one customer passes the link page once.
#[utoipa::path(
    post,
    path = "/link-token",
    operation_id = "link_token_create",
    tag = "linking",
    request_body = LinkTokenRequest,
    responses(
        (status = 200, description = "The link token", body = LinkToken),
        (status = 400, description = "The body is wrong", body = crate::problem::ProblemBody),
        (status = 401, description = "The key is wrong", body = crate::problem::ProblemBody),
    ),
    security(("api_key" = [])),
)]
pub(crate) async fn create_link_token(
    State(app): State<App>,
    _: Vendor,
    body: Result<Json<LinkTokenRequest>, JsonRejection>,
) -> Result<Json<LinkToken>, ApiError> {
    let Json(body) = body.map_err(|rejection| ApiError::bad_request(rejection.body_text()))?;
    let integration: Option<Integration> = body
        .integration
        .as_deref()
        .filter(|slug| !slug.is_empty())
        .map(str::parse)
        .transpose()
        .map_err(|error| ApiError::bad_request(format!("`integration`: {error}")))?;
    let categories: Vec<Category> = body
        .categories
        .iter()
        .map(|word| word.parse())
        .collect::<Result<_, _>>()
        .map_err(|error| ApiError::bad_request(format!("`categories`: {error}")))?;
    for (name, text) in [
        ("end_user_origin_id", &body.end_user_origin_id),
        ("end_user_organization_name", &body.end_user_organization_name),
        ("end_user_email_address", &body.end_user_email_address),
    ] {
        if text.trim().is_empty() || text.len() > TEXT_CAP {
            return Err(ApiError::bad_request(format!("`{name}` takes 1 to {TEXT_CAP} characters.")));
        }
    }
    let magic = body.should_create_magic_link_url == Some(true);
    let longest = if magic { LONGEST_MAGIC_MINUTES } else { LONGEST_MINUTES };
    let minutes = body.link_expiry_mins.unwrap_or(DEFAULT_MINUTES);
    let minutes =
        u64::try_from(minutes).ok().filter(|_| (DEFAULT_MINUTES..=longest).contains(&minutes)).ok_or_else(
            || ApiError::bad_request(format!("`link_expiry_mins` takes {DEFAULT_MINUTES} to {longest}.")),
        )?;
    let token = app
        .engine
        .create_link_token(LinkRequest {
            end_user: EndUser {
                origin_id: body.end_user_origin_id,
                organization_name: body.end_user_organization_name,
                email_address: body.end_user_email_address,
            },
            categories,
            integration,
            expires_in: Duration::from_mins(minutes),
        })
        .await?;
    let base = app.engine.vendor().public_url.as_str().trim_end_matches('/');
    Ok(Json(LinkToken {
        magic_link_url: magic.then(|| format!("{base}/link/{}", token.expose())),
        link_token: token.expose().to_owned(),
        integration_name: integration.map(|integration| integration.display_name().to_owned()),
    }))
}

/// Exchanges the public token of a finished link for the account token.
#[utoipa::path(
    get,
    path = "/account-token/{public_token}",
    operation_id = "account_token_retrieve",
    tag = "linking",
    params(("public_token" = String, Path, description = "What the link page handed out")),
    responses(
        (status = 200, description = "The account token", body = AccountToken),
        (status = 401, description = "The key is wrong", body = crate::problem::ProblemBody),
        (status = 404, description = "The public token is unknown, expired or used up", body = crate::problem::ProblemBody),
    ),
    security(("api_key" = [])),
)]
pub(crate) async fn exchange_public_token(
    State(app): State<App>,
    _: Vendor,
    Segment(public_token): Segment,
) -> Result<Json<AccountToken>, ApiError> {
    let exchanged = app
        .engine
        .exchange_public_token(&Secret::new(public_token))
        .await?
        .ok_or_else(ApiError::not_found)?;
    Ok(Json(AccountToken {
        account_token: exchanged.account_token.expose().to_owned(),
        id: exchanged.account.id.0,
        integration: integration_of(exchanged.account.integration),
    }))
}

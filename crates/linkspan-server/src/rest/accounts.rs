//! Linked accounts.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use linkspan_engine::read::{AccountFilter, AccountStatus, LinkedAccount, Source};
use linkspan_engine::{AccountSummary, Engine};
use linkspan_model::ids::LinkedAccountId;
use linkspan_model::product::{Category, Integration};

use super::actions::{color, operations};
use crate::App;
use crate::extract::{Account, Vendor};
use crate::params::Params;
use crate::problem::ApiError;
use crate::wire::Time;
use crate::wire::account::{
    AccountDetails, AccountDetailsAndActions, AccountDetailsAndActionsIntegration, RegenerateAccountToken,
};
use crate::wire::page::Page;

/// Describes the linked account of the token.
#[utoipa::path(
    get,
    path = "/account-details",
    operation_id = "account_details_retrieve",
    tag = "accounts",
    params(("X-Account-Token" = String, Header, description = "Token of the linked account")),
    responses(
        (status = 200, description = "The account", body = AccountDetails),
        (status = 401, description = "Key or account token is wrong", body = crate::problem::ProblemBody),
    ),
    security(("api_key" = [])),
)]
pub(crate) async fn account_details(State(app): State<App>, Account(scope): Account) -> Json<AccountDetails> {
    Json(details(&app.engine, scope.account(), scope.source()))
}

/// A linked account as the wire describes it.
pub(crate) fn details(engine: &Engine, account: &LinkedAccount, source: &Source) -> AccountDetails {
    AccountDetails {
        id: account.id.0,
        integration: account.integration.display_name().to_owned(),
        integration_slug: account.integration.slug().to_owned(),
        category: account.integration.category().to_string(),
        end_user_origin_id: account.end_user.origin_id.clone(),
        end_user_organization_name: account.end_user.organization_name.clone(),
        end_user_email_address: account.end_user.email_address.clone(),
        status: status(&account.status).0.to_owned(),
        webhook_listener_url: webhook_listener_url(engine),
        is_duplicate: Some(false),
        account_type: "PRODUCTION".to_owned(),
        completed_at: Some(Time(account.completed_at)),
        instance_id: Some(source.cloud_id.clone()),
        instance_display_value: Some(source.site_url.clone()),
    }
}

/// Lists linked accounts, oldest first.
#[utoipa::path(
    get,
    path = "/linked-accounts",
    operation_id = "linked_accounts_list",
    tag = "accounts",
    params(
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
        ("page_size" = Option<i64>, Query, description = "Accounts in a page: 1 to 100, default 30"),
        ("category" = Option<String>, Query, description = "`ticketing` or `knowledgebase`"),
        ("id" = Option<String>, Query, description = "Only this account"),
        ("ids" = Option<String>, Query, description = "Only these accounts, separated by commas"),
        ("integration_name" = Option<String>, Query, description = "Only this integration, by name or slug"),
        ("end_user_origin_id" = Option<String>, Query, description = "Only this customer"),
        ("end_user_origin_ids" = Option<String>, Query, description = "Only these customers, separated by commas"),
        ("end_user_organization_name" = Option<String>, Query, description = "Only this organisation"),
        ("end_user_email_address" = Option<String>, Query, description = "Only this e-mail address"),
        ("status" = Option<String>, Query, description = "`COMPLETE` or `RELINK_NEEDED`"),
    ),
    responses(
        (status = 200, description = "A page of accounts", body = Page<AccountDetailsAndActions>),
        (status = 400, description = "A parameter is wrong", body = crate::problem::ProblemBody),
        (status = 401, description = "The key is wrong", body = crate::problem::ProblemBody),
    ),
    security(("api_key" = [])),
)]
pub(crate) async fn linked_accounts(
    State(app): State<App>,
    _: Vendor,
    params: Params,
) -> Result<Json<Page<AccountDetailsAndActions>>, ApiError> {
    let Some(filter) = filter(&params)? else {
        return Ok(Json(Page { next: None, previous: None, results: vec![] }));
    };
    let after = params.text("cursor").map(read_cursor).transpose()?;
    let page_size = params.page_size()?;
    let limit = u32::try_from(page_size + 1).unwrap_or(u32::MAX);
    let mut accounts = app.engine.linked_accounts(&filter, after, limit).await?;
    let has_more = accounts.len() > page_size;
    accounts.truncate(page_size);
    let next = accounts.last().filter(|_| has_more).map(cursor);
    let results = accounts.into_iter().map(|summary| row(&app, summary)).collect();
    Ok(Json(Page { next, previous: None, results }))
}

/// The filter that the parameters make; `None` when nothing can match.
fn filter(params: &Params) -> Result<Option<AccountFilter>, ApiError> {
    let mut ids = params.list("ids")?;
    ids.extend(params.text("id").map(str::to_owned));
    let ids: Vec<LinkedAccountId> = ids
        .iter()
        .map(|id| id.parse())
        .collect::<Result<_, _>>()
        .map_err(|_| ApiError::bad_request("`id` and `ids` take ids (UUIDs)."))?;
    let mut origin_ids = params.list("end_user_origin_ids")?;
    origin_ids.extend(params.text("end_user_origin_id").map(str::to_owned));
    let category: Option<Category> = params
        .text("category")
        .map(str::parse)
        .transpose()
        .map_err(|error| ApiError::bad_request(format!("`category`: {error}")))?;
    let name = params.text("integration_name");
    let is_wanted = |integration: &Integration| {
        category.is_none_or(|category| integration.category() == category)
            && name.is_none_or(|name| {
                name.eq_ignore_ascii_case(integration.display_name()) || name == integration.slug()
            })
    };
    let integrations: Vec<Integration> = Integration::ALL.into_iter().filter(is_wanted).collect();
    let relink_needed = match params.text("status") {
        None => None,
        Some("COMPLETE") => Some(false),
        Some("RELINK_NEEDED") => Some(true),
        // No account here is ever in these states.
        Some("INCOMPLETE" | "IDLE") => return Ok(None),
        Some(_) => {
            return Err(ApiError::bad_request("`status` takes COMPLETE, INCOMPLETE, RELINK_NEEDED or IDLE."));
        }
    };
    // Every account here is a production account.
    if integrations.is_empty() || params.flag("is_test_account")? {
        return Ok(None);
    }
    Ok(Some(AccountFilter {
        source: None,
        ids: (!ids.is_empty()).then_some(ids),
        integrations: Some(integrations),
        origin_ids: (!origin_ids.is_empty()).then_some(origin_ids),
        organization_name: params.text("end_user_organization_name").map(str::to_owned),
        email_address: params.text("end_user_email_address").map(str::to_owned),
        relink_needed,
    }))
}

fn row(app: &App, summary: AccountSummary) -> AccountDetailsAndActions {
    let AccountSummary { account, source } = summary;
    let integration = account.integration;
    let (status, status_detail) = status(&account.status);
    let host = source.site_url.split("://").nth(1).unwrap_or_default();
    AccountDetailsAndActions {
        id: account.id.0,
        category: Some(integration.category().to_string()),
        status: status.to_owned(),
        status_detail,
        end_user_origin_id: Some(account.end_user.origin_id),
        end_user_organization_name: account.end_user.organization_name,
        end_user_email_address: account.end_user.email_address,
        subdomain: host.split('.').next().filter(|label| !label.is_empty()).map(str::to_owned),
        webhook_listener_url: webhook_listener_url(&app.engine),
        is_duplicate: Some(false),
        integration: AccountDetailsAndActionsIntegration {
            name: integration.display_name().to_owned(),
            categories: vec![integration.category().to_string()],
            image: None,
            square_image: None,
            color: color(integration).to_owned(),
            slug: integration.slug().to_owned(),
            passthrough_available: false,
            available_model_operations: Some(operations(integration)),
        },
        account_type: "PRODUCTION".to_owned(),
        completed_at: Time(account.completed_at),
    }
}

fn status(status: &AccountStatus) -> (&'static str, Option<String>) {
    match status {
        AccountStatus::Complete => ("COMPLETE", None),
        AccountStatus::RelinkNeeded { reason } => ("RELINK_NEEDED", Some(reason.clone())),
    }
}

fn webhook_listener_url(engine: &Engine) -> String {
    format!("{}/hooks/atlassian", engine.vendor().public_url.as_str().trim_end_matches('/'))
}

fn cursor(last: &AccountSummary) -> String {
    let mut bytes = last.account.created_at.as_millisecond().to_be_bytes().to_vec();
    bytes.extend(last.account.id.0.as_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

fn read_cursor(text: &str) -> Result<(jiff::Timestamp, LinkedAccountId), ApiError> {
    let read = || {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (millis, id) = bytes.split_at_checked(8)?;
        let millis = i64::from_be_bytes(millis.try_into().ok()?);
        let id = uuid::Uuid::from_slice(id).ok()?;
        Some((jiff::Timestamp::from_millisecond(millis).ok()?, LinkedAccountId(id)))
    };
    read().ok_or_else(|| ApiError::bad_request("`cursor` is not one that this server gave out."))
}

/// Replaces the account's token; the old one stops working at once.
#[utoipa::path(
    post,
    path = "/account-token/regenerate",
    operation_id = "account_token_regenerate",
    tag = "accounts",
    params(("X-Account-Token" = String, Header, description = "Token of the linked account")),
    responses(
        (status = 200, description = "The new token", body = RegenerateAccountToken),
        (status = 401, description = "Key or account token is wrong", body = crate::problem::ProblemBody),
    ),
    security(("api_key" = [])),
)]
pub(crate) async fn regenerate_account_token(
    State(app): State<App>,
    Account(scope): Account,
) -> Result<Json<RegenerateAccountToken>, ApiError> {
    let token = app.engine.regenerate_account_token(scope.account()).await?;
    Ok(Json(RegenerateAccountToken {
        linked_account_id: scope.account().id.0,
        account_token: token.expose().to_owned(),
    }))
}

/// Unlinks the account: its keys are destroyed, its data is erased.
#[utoipa::path(
    post,
    path = "/delete-account",
    operation_id = "delete_account",
    tag = "accounts",
    params(("X-Account-Token" = String, Header, description = "Token of the linked account")),
    responses(
        (status = 200, description = "Unlinked"),
        (status = 401, description = "Key or account token is wrong", body = crate::problem::ProblemBody),
    ),
    security(("api_key" = [])),
)]
pub(crate) async fn delete_account(
    State(app): State<App>,
    Account(scope): Account,
) -> Result<StatusCode, ApiError> {
    app.engine.unlink(scope.account().id).await?;
    Ok(StatusCode::OK)
}

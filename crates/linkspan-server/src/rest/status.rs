//! How fresh the models are.

use axum::Json;
use axum::extract::State;
use linkspan_engine::AccountScope;
use linkspan_model::product::Category;
use linkspan_model::record::Model;

use crate::App;
use crate::extract::Account;
use crate::params::Params;
use crate::present::time;
use crate::problem::ApiError;
use crate::wire::account::SyncStatus;
use crate::wire::page::Page;

/// The model's name on the wire.
pub(crate) fn name(category: Category, model: Model) -> Option<&'static str> {
    Some(match (category, model) {
        (Category::Ticketing, Model::Ticket) => "Ticket",
        (Category::Ticketing, Model::Comment) => "Comment",
        (_, Model::Attachment) => "Attachment",
        (Category::Ticketing, Model::Collection) => "Collection",
        (Category::Ticketing, Model::Role) => "Role",
        (Category::Ticketing, Model::Tag) => "Tag",
        (_, Model::User) => "User",
        (Category::Ticketing, Model::Group) => "Team",
        (Category::Ticketing, Model::Account) => "Account",
        (Category::Ticketing, Model::Contact) => "Contact",
        (Category::KnowledgeBase, Model::Group) => "Group",
        (Category::KnowledgeBase, Model::Article) => "Article",
        (Category::KnowledgeBase, Model::Container) => "Container",
        _ => return None,
    })
}

/// Lists how fresh each model of the linked account is.
#[utoipa::path(
    get,
    path = "/sync-status",
    operation_id = "sync_status_list",
    tag = "accounts",
    params(
        ("X-Account-Token" = String, Header, description = "Token of the linked account"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
        ("page_size" = Option<i64>, Query, description = "Rows in a page: 1 to 100, default 30"),
    ),
    responses(
        (status = 200, description = "A page of statuses", body = Page<SyncStatus>),
        (status = 401, description = "Key or account token is wrong", body = crate::problem::ProblemBody),
    ),
    security(("api_key" = [])),
)]
pub(crate) async fn sync_status(
    State(app): State<App>,
    Account(scope): Account,
    params: Params,
) -> Result<Json<Page<SyncStatus>>, ApiError> {
    let page_size = params.page_size()?;
    let from: usize = match params.text("cursor") {
        None => 0,
        Some(text) => text
            .parse()
            .map_err(|_| ApiError::bad_request("`cursor` is not one that this server gave out."))?,
    };
    let rows = rows(&app, &scope).await?;
    let end = from.saturating_add(page_size).min(rows.len());
    let next = (end < rows.len()).then(|| end.to_string());
    let results = rows.into_iter().skip(from).take(page_size).collect();
    Ok(Json(Page { next, previous: None, results }))
}

/// How fresh each model of a linked account is.
pub(super) async fn rows(app: &App, scope: &AccountScope) -> Result<Vec<SyncStatus>, ApiError> {
    let category = scope.account().integration.category();
    let mut rows = Vec::new();
    for status in app.engine.model_statuses(scope).await? {
        let Some(model_name) = name(category, status.model) else { continue };
        rows.push(SyncStatus {
            model_name: model_name.to_owned(),
            model_id: format!("{category}.{model_name}"),
            last_sync_start: time(status.started_at),
            last_sync_finished: time(status.finished_at),
            last_sync_result: status.last_result.map(str::to_owned),
            next_sync_start: time(status.next_at),
            status: status.status.to_owned(),
            is_initial_sync: status.is_initial,
            selective_sync_configurations_usage: None,
            data_fresh_as_of: time(status.fresh_as_of),
            historical_data_since: None,
            sync_status_reason: status.reason,
        });
    }
    Ok(rows)
}

//! What can be done with an account.

use axum::Json;
use linkspan_model::product::{Category, Integration};

use crate::extract::Account;
use crate::problem::ApiError;
use crate::wire::account::{AccountIntegration, AvailableActions, ModelOperation};

/// Where Atlassian documents what an integration reads.
fn documentation(integration: Integration) -> &'static str {
    match integration {
        Integration::Jira => "https://developer.atlassian.com/cloud/jira/platform/rest/v3/",
        Integration::JiraServiceManagement => "https://developer.atlassian.com/cloud/jira/service-desk/rest/",
        Integration::Confluence => "https://developer.atlassian.com/cloud/confluence/rest/v2/",
    }
}

/// The colour of an integration.
pub(crate) fn color(integration: Integration) -> &'static str {
    match integration {
        Integration::Jira => "#1868DB",
        Integration::JiraServiceManagement => "#FFC716",
        Integration::Confluence => "#0052CC",
    }
}

/// An integration as the wire describes it.
pub(crate) fn integration_of(integration: Integration) -> AccountIntegration {
    AccountIntegration {
        name: integration.display_name().to_owned(),
        abbreviated_name: match integration {
            Integration::JiraServiceManagement => "JSM".to_owned(),
            other => other.display_name().to_owned(),
        },
        categories: vec![integration.category().to_string()],
        image: None,
        square_image: None,
        color: color(integration).to_owned(),
        slug: integration.slug().to_owned(),
        api_endpoints_to_documentation_urls: [("REST".to_owned(), documentation(integration).to_owned())]
            .into(),
        webhook_setup_guide_url: None,
        category_beta_status: std::collections::BTreeMap::new(),
    }
}

/// Models with the members that are filled.
type Models = &'static [(&'static str, &'static [&'static str])];

const TICKETING: Models = &[
    (
        "Ticket",
        &[
            "remote_id",
            "name",
            "assignees",
            "creator",
            "due_date",
            "status",
            "description",
            "collections",
            "ticket_type",
            "account",
            "contact",
            "parent_ticket",
            "attachments",
            "access_level",
            "permissions",
            "tags",
            "ticket_url",
            "priority",
            "remote_created_at",
            "remote_updated_at",
            "completed_at",
        ],
    ),
    (
        "Comment",
        &["remote_id", "user", "contact", "body", "html_body", "ticket", "is_private", "remote_created_at"],
    ),
    (
        "Attachment",
        &["remote_id", "file_name", "ticket", "file_url", "content_type", "uploaded_by", "remote_created_at"],
    ),
    (
        "Collection",
        &[
            "remote_id",
            "name",
            "description",
            "access_level",
            "collection_type",
            "permissions",
            "collection_url",
        ],
    ),
    ("Project", &["remote_id", "name", "description"]),
    ("User", &["remote_id", "name", "email_address", "is_active", "teams", "roles", "avatar"]),
    ("Role", &["remote_id", "name"]),
    ("Team", &["remote_id", "name"]),
    ("Tag", &["name"]),
    ("Viewer", &["user", "team"]),
    ("Contact", &["remote_id", "name", "email_address", "account"]),
    ("Account", &["remote_id", "name"]),
];

const KNOWLEDGE_BASE: Models = &[
    (
        "Article",
        &[
            "remote_id",
            "title",
            "description",
            "author",
            "last_edited_by",
            "visibility",
            "article_content_download_url",
            "checksum",
            "article_url",
            "status",
            "type",
            "remote_created_at",
            "remote_updated_at",
            "parent_article",
            "parent_container",
            "root_container",
            "permissions",
            "attachments",
        ],
    ),
    (
        "Container",
        &[
            "remote_id",
            "name",
            "description",
            "status",
            "container_url",
            "type",
            "visibility",
            "remote_created_at",
            "permissions",
        ],
    ),
    ("Attachment", &["remote_id", "name", "description", "attachment_url"]),
    ("User", &["remote_id", "name", "email_address"]),
    ("Group", &["remote_id", "name", "users"]),
];

/// What can be done with which model. Customer companies are Jira Service Management's alone, and so are the members that
/// name them (`merge-atlassian-mapping.md` section 1).
pub(crate) fn operations(integration: Integration) -> Vec<ModelOperation> {
    let models = match integration.category() {
        Category::Ticketing => TICKETING,
        Category::KnowledgeBase => KNOWLEDGE_BASE,
    };
    let has_accounts = integration != Integration::Jira;
    models
        .iter()
        .filter(|(model, _)| has_accounts || *model != "Account")
        .map(|(model, fields)| ModelOperation {
            model_name: (*model).to_owned(),
            available_operations: vec!["FETCH".to_owned()],
            required_post_parameters: Vec::new(),
            supported_fields: fields
                .iter()
                .filter(|field| has_accounts || **field != "account")
                .map(|field| (*field).to_owned())
                .collect(),
        })
        .collect()
}

/// Tells what can be done with the linked account.
#[utoipa::path(
    get,
    path = "/available-actions",
    operation_id = "available_actions_retrieve",
    tag = "accounts",
    params(("X-Account-Token" = String, Header, description = "Token of the linked account")),
    responses(
        (status = 200, description = "What can be done", body = AvailableActions),
        (status = 401, description = "Key or account token is wrong", body = crate::problem::ProblemBody),
    ),
    security(("api_key" = [])),
)]
pub(crate) async fn available_actions(Account(scope): Account) -> Result<Json<AvailableActions>, ApiError> {
    let integration = scope.account().integration;
    Ok(Json(AvailableActions {
        integration: integration_of(integration),
        passthrough_available: false,
        available_model_operations: operations(integration),
    }))
}

//! The contract: one OpenAPI document for everything that callers may rely on.

use axum::Json;
use axum::response::Html;
use utoipa::openapi::schema::{
    ArrayBuilder, KnownFormat, ObjectBuilder, OneOfBuilder, Schema, SchemaFormat, Type,
};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{Modify, OpenApi};

/// The head of the document; the routes add their own parts.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Linkspan",
        description = "Jira, Jira Service Management and Confluence Cloud in common models, on a Merge-compatible REST API.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    tags(
        (name = "ticketing", description = "Jira and Jira Service Management"),
        (name = "knowledgebase", description = "Confluence"),
        (name = "accounts", description = "Linked accounts"),
        (name = "linking", description = "Link tokens and account tokens"),
        (name = "keys", description = "API keys"),
        (name = "identity", description = "People who prove who they are"),
        (name = "setup", description = "OAuth apps of the vendor"),
        (name = "sources", description = "What is read, what grants do not open, and what upstream said as received"),
        (name = "changes", description = "What happened to records, in order, and who follows it"),
        (name = "webhooks", description = "Events sent to you: endpoints, deliveries, replays"),
        (name = "personal data", description = "Reports to Atlassian, and erasures"),
    ),
    components(schemas(
        crate::wire::knowledgebase::KnowledgeBasePermission,
        crate::wire::ledger::LedgerContainer
    )),
    modifiers(&Keys),
)]
pub(crate) struct Contract;

struct Keys;

impl Modify for Keys {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        let scheme =
            HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("Your API key")).build();
        components.add_security_scheme("api_key", SecurityScheme::Http(scheme));
    }
}

/// Models that others refer to, by id or whole.
const RELATED: [&str; 13] = [
    "Account",
    "Article",
    "Attachment",
    "Collection",
    "Contact",
    "Container",
    "KnowledgeBaseAttachment",
    "KnowledgeBasePermission",
    "KnowledgeBaseUser",
    "Role",
    "Team",
    "Ticket",
    "User",
];

/// Writes relations and pages in terms of the models they are about. Models refer to each other in circles, which the
/// derived descriptions cannot follow; and a client made from a document with references has one type for each model.
pub(crate) fn tidy(document: &mut utoipa::openapi::OpenApi) {
    let schemas = &mut document.components.get_or_insert_default().schemas;
    for model in RELATED {
        let id = ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Uuid)))
            .description(Some("The id alone"));
        let either = OneOfBuilder::new()
            .item(id)
            .item(Ref::from_schema_name(model))
            .description(Some("The id, or the whole record where `expand` names the relation"));
        schemas.insert(format!("Related_{model}"), either.into());
    }
    for (name, schema) in schemas.iter_mut() {
        let Some(model) = name.strip_prefix("Page_") else { continue };
        if let RefOr::T(Schema::Object(page)) = schema
            && let Some(results) = page.properties.get_mut("results")
        {
            *results = ArrayBuilder::new()
                .items(Ref::from_schema_name(model))
                .description(Some("The records of this page"))
                .into();
        }
    }
}

/// The whole document.
pub fn document() -> utoipa::openapi::OpenApi {
    crate::router::contract()
}

/// Serves the document.
pub(crate) async fn openapi_json() -> Json<utoipa::openapi::OpenApi> {
    Json(document())
}

/// A page that lists the operations.
pub(crate) async fn docs() -> Html<String> {
    use std::fmt::Write as _;
    let document = document();
    let mut rows = String::new();
    for (path, item) in &document.paths.paths {
        for (method, operation) in [
            ("GET", &item.get),
            ("POST", &item.post),
            ("PUT", &item.put),
            ("PATCH", &item.patch),
            ("DELETE", &item.delete),
        ] {
            let Some(operation) = operation else { continue };
            let summary = operation.summary.as_deref().unwrap_or_default();
            // Writing to a String cannot fail; paths and summaries are constants of this program without markup.
            let _ = write!(rows, "<tr><td>{method}</td><td><code>{path}</code></td><td>{summary}</td></tr>");
        }
    }
    Html(format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Linkspan API</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <link rel=\"stylesheet\" href=\"/static/link.css\"></head><body><main class=\"wide\"><h1>Linkspan API</h1>\
         <p>The whole contract is <a href=\"/openapi.json\">openapi.json</a>. Send <code>Authorization: Bearer KEY</code> and, \
         for what belongs to a linked account, <code>X-Account-Token: TOKEN</code>. Every path works with and without \
         <code>/api</code> in front.</p><table><thead><tr><th>Method</th><th>Path</th><th>What it does</th></tr></thead>\
         <tbody>{rows}</tbody></table></main></body></html>"
    ))
}

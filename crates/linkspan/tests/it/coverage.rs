//! What is covered, from Atlassian's operation to our API: a table in the tree that says what the code says.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::Path;

use linkspan_atlassian::calls::Call;
use linkspan_atlassian::resources::{Reading, Resource};
use linkspan_model::product::Product;
use linkspan_model::record::Model;
use linkspan_sandbox::gateway::served_operations;

/// Where a model is served.
fn address_of(product: Product, model: Model) -> &'static str {
    match (product, model) {
        (Product::Confluence, Model::Attachment) => "/api/knowledgebase/v1/attachments",
        (Product::Confluence, Model::User) => "/api/knowledgebase/v1/users",
        (_, Model::Article) => "/api/knowledgebase/v1/articles",
        (_, Model::Container) => "/api/knowledgebase/v1/containers",
        (Product::Confluence, Model::Group) => "/api/knowledgebase/v1/groups",
        (_, Model::Ticket) => "/api/ticketing/v1/tickets",
        (Product::Jira, Model::Comment) => "/api/ticketing/v1/comments",
        (_, Model::Attachment) => "/api/ticketing/v1/attachments",
        (_, Model::Collection) => "/api/ticketing/v1/collections",
        (_, Model::Role) => "/api/ticketing/v1/roles",
        (_, Model::Tag) => "/api/ticketing/v1/tags",
        (_, Model::User) => "/api/ticketing/v1/users",
        (_, Model::Group) => "/api/ticketing/v1/teams",
        (_, Model::Account) => "/api/ticketing/v1/accounts",
        (_, Model::Contact) => "/api/ticketing/v1/contacts",
        // Without a place on the Merge-compatible wire.
        (_, Model::Worklog | Model::Comment) => "",
    }
}

/// How a resource is read.
fn reading_of(resource: &Resource) -> String {
    match resource.reading {
        Reading::Stream(name) => name.to_owned(),
        Reading::Listed(_) => format!("{} (listed)", resource.feature),
        Reading::OnDemand(_) => "when asked for".to_owned(),
        Reading::Action => "done, not read".to_owned(),
    }
}

fn table() -> String {
    let served: HashMap<&str, bool> =
        served_operations().into_iter().map(|it| (it.operation, it.served)).collect();
    let mut text = String::from(
        "# Coverage\n\nFrom Atlassian's operation to our API. Made from the code by a test \
         (`crates/linkspan/tests/it/coverage.rs`), which fails when this file is stale; running the tests once with \
         `INSTA_UPDATE=always` writes it anew. Raw JSON is served at `/v1/sources/{id}/raw/{kind}`.\n",
    );
    let opened = served.values().filter(|served| **served).count();
    let _ = writeln!(text, "\nThe sandbox serves {opened} of {} published operations.", served.len());
    for product in [Product::Jira, Product::Confluence] {
        let title = if product == Product::Jira { "Jira and Jira Service Management" } else { "Confluence" };
        let _ = writeln!(
            text,
            "\n## {title}\n\n| operation | sandbox | call | kind | stream | model | API |\n|---|---|---|---|---|---|---|"
        );
        for call in Call::all().filter(|call| call.product == product) {
            let operation = format!("{} {}", call.method, call.path);
            let sandbox = if served.get(operation.as_str()) == Some(&true) { "yes" } else { "no" };
            let uses: Vec<&Resource> = Resource::all()
                .filter(|resource| resource.ways.iter().any(|way| way.calls.last() == Some(&call)))
                .collect();
            let column = |of: fn(&Resource) -> String| {
                let mut words: Vec<String> = uses.iter().map(|resource| of(resource)).collect();
                words.retain(|word| !word.is_empty());
                words.dedup();
                words.join(", ")
            };
            let kinds = column(|resource| resource.kind.to_owned());
            let streams = column(reading_of);
            let models = column(|resource| resource.model.map(|model| model.to_string()).unwrap_or_default());
            let api = column(|resource| {
                resource
                    .model
                    .map(|model| address_of(resource.product(), model).to_owned())
                    .unwrap_or_default()
            });
            let _ = writeln!(
                text,
                "| `{operation}` | {sandbox} | `{}` | {kinds} | {streams} | {models} | {api} |",
                call.name
            );
        }
    }
    text
}

#[test]
fn the_table_of_coverage_in_the_tree_is_what_the_code_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/coverage.md");
    let text = table();
    if std::env::var_os("INSTA_UPDATE").is_some_and(|value| value == "always") {
        std::fs::write(&path, &text).unwrap();
    }
    let stored = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        stored == text,
        "docs/coverage.md is stale: run the tests once with INSTA_UPDATE=always and review it"
    );
}

#[test]
fn the_sandbox_serves_every_operation_that_the_product_calls() {
    let served: HashMap<&str, bool> =
        served_operations().into_iter().map(|it| (it.operation, it.served)).collect();
    let missing: Vec<String> = Call::all()
        .map(|call| format!("{} {}", call.method, call.path))
        .filter(|operation| served.get(operation.as_str()) != Some(&true))
        .collect();
    assert_eq!(missing, Vec::<String>::new());
}

//! What is covered, from Atlassian's operation to our API: a table in the tree that says what the code says.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::Path;

use linkspan_atlassian::calls::{Call, Method};
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

/// How a call serves a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// What it answers becomes the resource.
    Brings,
    /// It brings what the resource hangs on, or tells how to read it.
    OnTheWay,
}

/// How a call serves a resource; `None` when it does not.
fn part_of(call: &'static Call, resource: &Resource) -> Option<Part> {
    if !resource.ways.iter().any(|way| way.calls.contains(&call)) {
        return None;
    }
    let brings = match resource.reading {
        // The generic reader sends the last call of a way, for each of what the calls before it bring.
        Reading::Listed(_) | Reading::OnDemand(_) => {
            resource.ways.iter().any(|way| way.calls.last() == Some(&call))
        }
        Reading::Action => call.method != Method::Get,
        Reading::Stream(_) => match call.name {
            // Kept for issues that are named one by one; syncs do not.
            "jira.issue.bulkfetch" => return None,
            "jira.server-info" | "jira.search.approximate-count" | "jira.project.roles" => false,
            "jira.project.search" => resource.kind == "jira.project",
            "jira.security-scheme.list" | "jira.securitylevel.get" => resource.kind == "jira.securityscheme",
            "jira.search.jql" => !resource.kind.starts_with("jira.security"),
            "jira.jsm.servicedesks" => resource.kind == "jsm.servicedesk",
            "jira.jsm.organizations" => resource.kind == "jsm.organization",
            "confluence.group.list" => resource.kind == "confluence.group",
            "confluence.content.search" => {
                !matches!(resource.kind, "confluence.whiteboard" | "confluence.embed")
            }
            _ => true,
        },
    };
    Some(if brings { Part::Brings } else { Part::OnTheWay })
}

/// Each of the words once, in their order.
fn words(all: impl Iterator<Item = String>) -> String {
    let mut words: Vec<String> = Vec::new();
    for word in all {
        if !word.is_empty() && !words.contains(&word) {
            words.push(word);
        }
    }
    words.join(", ")
}

fn table() -> String {
    let served: HashMap<&str, bool> =
        served_operations().into_iter().map(|it| (it.operation, it.served)).collect();
    let mut text = String::from(
        "# Coverage\n\nFrom Atlassian's operation to our API. Made from the code by a test \
         (`crates/linkspan/tests/it/coverage.rs`), which fails when this file is stale; running the tests once with \
         `INSTA_UPDATE=always` writes it anew. Raw JSON is served at `/v1/sources/{id}/raw/{kind}`. A kind in brackets is not \
         what the operation brings: it is read on the way to it.\n",
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
            let uses = |part: Part| Resource::all().filter(move |it| part_of(call, it) == Some(part));
            let column = |of: fn(&Resource) -> String| words(uses(Part::Brings).map(of));
            let mut kinds = column(|resource| resource.kind.to_owned());
            let on_the_way = words(uses(Part::OnTheWay).map(|resource| resource.kind.to_owned()));
            if !on_the_way.is_empty() {
                let space = if kinds.is_empty() { "" } else { " " };
                let _ = write!(kinds, "{space}(for {on_the_way})");
            }
            let streams = words(uses(Part::Brings).chain(uses(Part::OnTheWay)).map(reading_of));
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
fn every_kind_is_brought_by_a_call() {
    let is_brought =
        |resource: &&Resource| Call::all().any(|call| part_of(call, resource) == Some(Part::Brings));
    let without: Vec<&str> =
        Resource::all().filter(|resource| !is_brought(resource)).map(|resource| resource.kind).collect();
    assert_eq!(without, Vec::<&str>::new());
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

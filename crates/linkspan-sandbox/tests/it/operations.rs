//! The operation table against Atlassian's documents.

use std::collections::HashMap;
use std::path::Path;

use http::Method;
use linkspan_sandbox::gateway::operations::{self, ScopeSet};
use serde_json::Value;

/// The parts of the documents that the sandbox serves.
const SERVED: [&str; 6] = [
    "/rest/api/3/",
    "/rest/agile/",
    "/rest/software/",
    "/rest/servicedeskapi/",
    "/wiki/api/v2/",
    "/wiki/rest/api/",
];

#[test]
#[expect(clippy::print_stdout, reason = "says why nothing was compared")]
fn l12_the_scope_table_says_what_the_documents_say() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/openapi/operation-scopes.json");
    let Ok(text) = std::fs::read_to_string(&file) else {
        println!("skipped: {} is not there", file.display());
        return;
    };
    let documents: Vec<Value> = serde_json::from_str(&text).unwrap();
    let table: HashMap<&str, _> =
        operations::all().map(|operation| (operation.name.as_str(), operation)).collect();
    let mut compared = 0;
    for document in &documents {
        let path = document["path"].as_str().unwrap();
        if !SERVED.iter().any(|root| path.starts_with(root)) {
            continue;
        }
        let name = format!("{} {path}", document["method"].as_str().unwrap());
        let operation = table.get(name.as_str()).unwrap_or_else(|| panic!("the table lacks {name}"));
        let security_only =
            document["classic"] == Value::Array(vec![]) && document["granular"] == Value::Array(vec![]);
        let classic = if security_only { &document["securityOnly"] } else { &document["classic"] };
        assert_eq!(operation.classic, published(classic), "{name}");
        assert_eq!(operation.granular, published(&document["granular"]), "{name}");
        assert_eq!(operation.anonymous, document["anonymous"] == Value::Bool(true), "{name}");
        compared += 1;
    }
    assert!(compared > 1000, "only {compared} operations were compared");
}

/// The one alternative of a family, as the table writes it.
fn published(alternatives: &Value) -> ScopeSet {
    let Some(set) = alternatives.as_array().and_then(|alternatives| alternatives.first()) else {
        return ScopeSet::Unpublished;
    };
    let scopes: Vec<&str> = set.as_array().unwrap().iter().map(|scope| scope.as_str().unwrap()).collect();
    if scopes.is_empty() { ScopeSet::AnyToken } else { ScopeSet::All(String::leak(scopes.join(" "))) }
}

#[test]
fn every_template_is_found_by_a_path_of_its_form() {
    for operation in operations::all() {
        let (method, template) = operation.name.split_once(' ').unwrap();
        let found = operations::find(&method.parse().unwrap(), template).unwrap();
        assert_eq!(found.name, operation.name);
    }
}

#[test]
fn a_literal_segment_is_preferred_to_a_parameter() {
    let name =
        |method: Method, path: &str| operations::find(&method, path).map(|operation| operation.name.as_str());
    assert_eq!(name(Method::GET, "/rest/api/3/issue/ABC-1"), Some("GET /rest/api/3/issue/{issueIdOrKey}"));
    assert_eq!(name(Method::GET, "/rest/api/3/issue/picker"), Some("GET /rest/api/3/issue/picker"));
    assert_eq!(
        name(Method::GET, "/rest/api/2/issue/ABC-1/comment/"),
        Some("GET /rest/api/3/issue/{issueIdOrKey}/comment")
    );
    assert_eq!(name(Method::HEAD, "/rest/api/3/myself"), Some("GET /rest/api/3/myself"));
    assert_eq!(name(Method::PATCH, "/rest/api/3/myself"), None);
    assert_eq!(name(Method::GET, "/rest/api/3"), None);
}

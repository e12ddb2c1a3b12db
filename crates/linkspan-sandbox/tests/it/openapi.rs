//! Judges replies of the sandbox by Atlassian's published OpenAPI documents.
//!
//! The documents live beside the workspace in `../shared/openapi` and are not part of it; where they are absent
//! [`validate`] accepts every body, and a test should say so with [`available`].
//!
//! OpenAPI 3.0 is not JSON Schema: `nullable` becomes a union with `null`, annotations are dropped, and formats are
//! not asserted, because Jira writes `2021-01-17T12:34:00.000+0000` under `format: date-time`.

use std::{
    collections::{BTreeMap, HashMap},
    io::Read,
    path::PathBuf,
    sync::{LazyLock, Mutex},
};

use jsonschema::{Draft, Validator};
use serde_json::{Map, Value, json};

/// One of the published documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Api {
    /// Jira platform v3; templates start with `/rest/api/3`.
    Jira,
    /// Jira Software; templates start with `/rest/agile/1.0` or `/rest/software/1.0`.
    Agile,
    /// Jira Service Management; templates start with `/rest/servicedeskapi`.
    ServiceManagement,
    /// Confluence v2; templates are relative to `/wiki/api/v2`.
    ConfluenceV2,
    /// Confluence v1 as published in 2026; templates start with `/wiki/rest/api`.
    ConfluenceV1,
    /// Confluence v1 as published in August 2023, which still has the content and space calls.
    ConfluenceV1Legacy,
}

impl Api {
    fn file(self) -> &'static str {
        match self {
            Self::Jira => "jira-platform-v3.json.gz",
            Self::Agile => "jira-software.json",
            Self::ServiceManagement => "jira-service-management.json",
            Self::ConfluenceV2 => "confluence-v2.json",
            Self::ConfluenceV1 => "confluence-v1.json",
            Self::ConfluenceV1Legacy => "confluence-v1-legacy-2023-08.json.gz",
        }
    }
}

const ALL: [Api; 6] = [
    Api::Jira,
    Api::Agile,
    Api::ServiceManagement,
    Api::ConfluenceV2,
    Api::ConfluenceV1,
    Api::ConfluenceV1Legacy,
];

static DOCUMENTS: LazyLock<BTreeMap<Api, Value>> =
    LazyLock::new(|| ALL.iter().filter_map(|&api| Some((api, load(api)?))).collect());

type Key = (Api, String, String, u16);
static VALIDATORS: LazyLock<Mutex<HashMap<Key, Option<std::sync::Arc<Validator>>>>> =
    LazyLock::new(|| Mutex::new(HashMap::new()));

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/openapi")
}

fn load(api: Api) -> Option<Value> {
    let bytes = std::fs::read(folder().join(api.file())).ok()?;
    let mut document: Value = if bytes.starts_with(&[0x1f, 0x8b]) {
        let mut text = Vec::new();
        flate2::read::GzDecoder::new(bytes.as_slice()).read_to_end(&mut text).unwrap();
        serde_json::from_slice(&text).unwrap()
    } else {
        serde_json::from_slice(&bytes).unwrap()
    };
    apply_live_differences(api, &mut document);
    Some(document)
}

/// Corrects what live sites are known to send differently from the documents: `openapi/README.md`, and the recorded
/// answers in `data/api-responses`.
fn apply_live_differences(api: Api, document: &mut Value) {
    if api != Api::Jira {
        return;
    }
    for schema in ["Project", "ProjectDetails", "ProjectIdentifiers", "ProjectType"] {
        let pointer = format!("/components/schemas/{schema}/properties/projectTypeKey/enum");
        if let Some(Value::Array(types)) = document.pointer_mut(&pointer) {
            types.extend([json!("product_discovery"), json!("customer_service")]);
        }
    }
    // Members that recorded answers have and the document does not.
    let undocumented = [
        ("AuditRecordBean", &["authorAccountId"] as &[&str]),
        ("DashboardGadgetPosition", &["column", "row"]),
        ("FieldConfigurationDetails", &["id", "isDefault"]),
        ("FieldDetails", &["untranslatedName"]),
        ("IssueTypeDetails", &["untranslatedName"]),
        ("IssueTypeIssueCreateMetadata", &["untranslatedName"]),
        ("PermissionHolder", &["user", "group", "projectRole", "field"]),
        ("Project", &["entityId", "projectKeys"]),
        ("ServerInformation", &["defaultLocale"]),
    ];
    for (schema, members) in undocumented {
        let properties = document.pointer_mut(&format!("/components/schemas/{schema}/properties"));
        let properties = properties.and_then(Value::as_object_mut).unwrap();
        for member in members {
            let before = properties.insert((*member).to_owned(), json!({}));
            assert_eq!(before, None, "{schema}.{member} is documented by now");
        }
    }
    // The document names the members of a gadget's position by their descriptions, and calls them required.
    let position = document.pointer_mut("/components/schemas/DashboardGadgetPosition").unwrap();
    position.as_object_mut().unwrap().remove("required");
    // A changed field shows `null` for the side it has no value on.
    for side in ["from", "fromString", "to", "toString"] {
        let pointer = format!("/components/schemas/ChangeDetails/properties/{side}");
        document.pointer_mut(&pointer).unwrap()["nullable"] = json!(true);
    }
}

/// Whether the document is there to judge by.
#[expect(clippy::print_stderr, reason = "a test that skips says so")]
pub(crate) fn available(api: Api) -> bool {
    let there = DOCUMENTS.contains_key(&api);
    if !there {
        eprintln!("skipped: {} is not in ../shared/openapi", api.file());
    }
    there
}

/// The `(METHOD, path template)` pairs of a document; empty when it is absent.
pub(crate) fn operations(api: Api) -> Vec<(String, String)> {
    let Some(Value::Object(paths)) = DOCUMENTS.get(&api).and_then(|document| document.get("paths")) else {
        return Vec::new();
    };
    let methods = ["get", "post", "put", "delete", "patch"];
    let of = |path: &String, item: &Value| -> Vec<(String, String)> {
        methods
            .iter()
            .filter(|method| item.get(**method).is_some())
            .map(|method| (method.to_uppercase(), path.clone()))
            .collect()
    };
    paths.iter().flat_map(|(path, item)| of(path, item)).collect()
}

/// Checks a JSON body against the schema published for this status of this operation.
///
/// `path_template` is written as in the document (`/rest/api/3/issue/{issueIdOrKey}`). A status without a published body
/// schema accepts any body; an unknown operation or an unpublished status is an error.
pub(crate) fn validate(
    api: Api,
    method: &str,
    path_template: &str,
    status: u16,
    body: &Value,
) -> Result<(), Vec<String>> {
    let Some(document) = DOCUMENTS.get(&api) else { return Ok(()) };
    let key = (api, method.to_lowercase(), path_template.to_owned(), status);
    let cached = VALIDATORS.lock().unwrap().get(&key).cloned();
    let validator = if let Some(validator) = cached {
        validator
    } else {
        let built = build(document, &key.1, path_template, status).map_err(|message| vec![message])?;
        VALIDATORS.lock().unwrap().entry(key).or_insert(built).clone()
    };
    let Some(validator) = validator else { return Ok(()) };
    let errors: Vec<String> = validator
        .iter_errors(body)
        .map(|error| {
            let text = error.to_string();
            let short: String = text.chars().take(400).collect();
            format!("{method} {path_template} {status} at {}: {short}", error.instance_path())
        })
        .collect();
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

/// Fails unless a body is as published for this status of this operation.
pub(crate) fn assert_published(api: Api, operation: &str, status: u16, body: &Value) {
    let (method, template) = operation.split_once(' ').unwrap();
    let problems = validate(api, method, template, status, body).err().unwrap_or_default();
    assert!(problems.is_empty(), "{}\n{body}", problems.join("\n"));
}

fn build(
    document: &Value,
    method: &str,
    path_template: &str,
    status: u16,
) -> Result<Option<std::sync::Arc<Validator>>, String> {
    let operation = document
        .get("paths")
        .and_then(|paths| paths.get(path_template))
        .and_then(|item| item.get(method))
        .ok_or_else(|| format!("{method} {path_template} is not in the document"))?;
    let responses = operation.get("responses").cloned().unwrap_or_default();
    let response = responses
        .get(status.to_string())
        .or_else(|| responses.get("default"))
        .ok_or_else(|| format!("{method} {path_template} publishes no answer {status}"))?;
    let response = match response.get("$ref").and_then(Value::as_str) {
        Some(reference) => document
            .pointer(reference.trim_start_matches('#'))
            .ok_or_else(|| format!("{reference} dangles"))?,
        None => response,
    };
    let content = response.get("content").and_then(Value::as_object);
    let schema = content.and_then(|content| {
        let json = content.iter().find(|(kind, _)| kind.starts_with("application/json"));
        json.or_else(|| content.iter().next()).and_then(|(_, media)| media.get("schema"))
    });
    let Some(schema) = schema else { return Ok(None) };
    let mut schemas = Map::new();
    let root = convert(schema);
    collect_references(document, &root, &mut schemas);
    let whole = json!({ "allOf": [root], "components": { "schemas": schemas } });
    let validator = jsonschema::options()
        .with_draft(Draft::Draft4)
        .should_validate_formats(false)
        .build(&whole)
        .map_err(|error| format!("{method} {path_template}: {error}"))?;
    Ok(Some(std::sync::Arc::new(validator)))
}

fn collect_references(document: &Value, schema: &Value, found: &mut Map<String, Value>) {
    let mut open = vec![schema.clone()];
    while let Some(value) = open.pop() {
        match value {
            Value::Object(members) => {
                if let Some(Value::String(reference)) = members.get("$ref")
                    && let Some(name) = reference.strip_prefix("#/components/schemas/")
                    && !found.contains_key(name)
                {
                    let target =
                        document.pointer(&reference[1..]).unwrap_or_else(|| panic!("{reference} dangles"));
                    let converted = convert(target);
                    found.insert(name.to_owned(), converted.clone());
                    open.push(converted);
                }
                open.extend(members.into_iter().map(|(_, member)| member));
            }
            Value::Array(items) => open.extend(items),
            _ => {}
        }
    }
}

/// An OpenAPI 3.0 schema object as JSON Schema draft 4, the draft it was derived from.
fn convert(schema: &Value) -> Value {
    let Value::Object(members) = schema else { return schema.clone() };
    let mut out = Map::new();
    for (name, value) in members {
        match name.as_str() {
            "properties" => {
                let properties = value.as_object().cloned().unwrap_or_default();
                let converted: Map<String, Value> =
                    properties.iter().map(|(key, inner)| (key.clone(), convert(inner))).collect();
                out.insert(name.clone(), Value::Object(converted));
            }
            "items" | "additionalProperties" | "not" => {
                out.insert(name.clone(), convert(value));
            }
            "allOf" | "oneOf" | "anyOf" => {
                let members =
                    value.as_array().map(|list| list.iter().map(convert).collect()).unwrap_or_default();
                out.insert(name.clone(), Value::Array(members));
            }
            "$ref" | "type" | "enum" | "required" | "pattern" | "minLength" | "maxLength" | "minItems"
            | "maxItems" | "uniqueItems" | "minimum" | "maximum" | "exclusiveMinimum"
            | "exclusiveMaximum" | "multipleOf" | "minProperties" | "maxProperties" => {
                out.insert(name.clone(), value.clone());
            }
            _ => {}
        }
    }
    if members.get("nullable") == Some(&Value::Bool(true)) {
        return json!({ "anyOf": [out, { "type": "null" }] });
    }
    Value::Object(out)
}

#[test]
fn a_nullable_member_accepts_null_and_a_plain_one_does_not() {
    let plain = json!({ "type": "string" });
    let nullable = json!({ "type": "string", "nullable": true });
    let accepts = |schema: &Value, value: &Value| {
        jsonschema::options().with_draft(Draft::Draft4).build(&convert(schema)).unwrap().is_valid(value)
    };
    assert!(!accepts(&plain, &Value::Null));
    assert!(accepts(&nullable, &Value::Null));
    assert!(accepts(&nullable, &json!("x")));
    assert!(!accepts(&nullable, &json!(1)));
}

#[test]
fn a_wrong_body_is_named_with_its_place() {
    if !available(Api::Jira) {
        return;
    }
    let wrong = json!({ "issues": [{ "id": 7 }], "isLast": true });
    let errors = validate(Api::Jira, "GET", "/rest/api/3/search/jql", 200, &wrong).unwrap_err();
    assert!(errors[0].contains("/issues/0/id"), "{errors:?}");
    let unknown = validate(Api::Jira, "GET", "/rest/api/3/nothing", 200, &json!({})).unwrap_err();
    assert!(unknown[0].contains("not in the document"), "{unknown:?}");
}

#[test]
fn every_published_document_lists_operations() {
    for api in ALL {
        if available(api) {
            assert!(operations(api).len() > 50, "{api:?}");
        }
    }
}

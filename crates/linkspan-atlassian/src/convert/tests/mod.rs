//! Tests of the converters.

mod access_confluence;
mod access_jira;
mod confluence;
mod customers;
mod jira;
mod listing;
mod odd;
mod samples;
mod searched;

use linkspan_model::access::{Principal, Reader};
use linkspan_model::ids::SourceId;
use linkspan_model::record::{Access, Body, Model, NewRaw, NewRecord};
use serde_json::{Value, json};

use super::{ConfluenceContext, Converted, JiraContext, ListOwner, listing_page};
use crate::resources::{Per, Resource};

const SITE: &str = "https://acme.atlassian.net";

fn source() -> SourceId {
    "00000000-0000-4000-8000-000000000007".parse().unwrap()
}

/// A site with a company-managed project 10000 that licensed users browse, and a service project 10001.
fn jira() -> JiraContext {
    let mut ctx = JiraContext::new(source(), SITE);
    ctx.access
        .add_projects(
            r#"{"values": [
                {"id": "10000", "key": "OPS", "projectTypeKey": "software", "simplified": false, "style": "classic",
                 "lead": {"accountId": "lead"}},
                {"id": "10001", "key": "HELP", "projectTypeKey": "service_desk", "simplified": false}]}"#,
        )
        .unwrap();
    for project in ["10000", "10001"] {
        let scheme = r#"{"id": 1, "permissions": [{"permission": "BROWSE_PROJECTS", "holder": {"type": "applicationRole"}}]}"#;
        assert_eq!(ctx.access.set_permission_scheme(project, scheme).unwrap(), Vec::<String>::new());
        ctx.access.set_security_scheme(project, false);
    }
    ctx
}

/// A site with a space 1 that licensed users read.
fn confluence() -> ConfluenceContext {
    let mut ctx = ConfluenceContext::new(source(), SITE);
    let permissions = r#"{"results": [{"id": "1", "principal": {"type": "access-class", "id": "ALL_LICENSED_USERS"},
        "operation": {"key": "read", "targetType": "space"}}]}"#;
    assert_eq!(ctx.access.add_space_permissions("1", permissions).unwrap(), Vec::<String>::new());
    ctx
}

/// A person for whom these hold, besides a licence.
fn licensed(holds: impl IntoIterator<Item = Principal>) -> Reader {
    Reader::new(holds.into_iter().chain([Principal::Licensed]))
}

/// What the generic reader keeps of an answer.
fn kept_list(kind: &str, json: &str, owner: &ListOwner) -> Converted {
    let resource = Resource::of_kind(kind).unwrap();
    let calls = resource.ways[0].calls;
    let listing = resource.listing().unwrap();
    listing_page(json, resource.kind, listing, calls[calls.len() - 1].items, owner, source()).unwrap()
}

fn account(id: &str) -> Principal {
    Principal::Account(id.to_owned())
}

fn group(id: &str) -> Principal {
    Principal::Group(id.to_owned())
}

/// Whether a reader passes; unknown access lets nobody through.
fn sees(access: &Access, reader: &Reader) -> bool {
    match access {
        Access::Rule(rule) => rule.allows(reader),
        Access::Unknown => false,
        Access::Unguarded => true,
    }
}

fn only<'c>(converted: &'c Converted, model: Model, remote_id: &str) -> &'c NewRecord {
    let found =
        |record: &&NewRecord| record.body.model() == model && record.remote_id.as_deref() == Some(remote_id);
    converted.records.iter().find(found).unwrap_or_else(|| panic!("no {model} {remote_id}"))
}

fn raw<'c>(converted: &'c Converted, kind: &str, remote_id: &str) -> &'c NewRaw {
    let found = |raw: &&NewRaw| raw.kind == kind && raw.remote_id == remote_id;
    converted.raws.iter().find(found).unwrap_or_else(|| panic!("no {kind} {remote_id}"))
}

macro_rules! body_of {
    ($variant:ident, $record:expr) => {
        match &$record.body {
            $crate::convert::tests::Body::$variant(body) => body,
            other => panic!("not a {}: {other:?}", stringify!($variant)),
        }
    };
}
use body_of;

/// What a page became, for snapshots. Raw bytes are checked elsewhere and shown by their length.
fn shown(converted: &Converted) -> Value {
    let record = |record: &NewRecord| {
        json!({
            "model": record.body.model(),
            "id": record.id,
            "remote_id": record.remote_id,
            "parent": record.parent,
            "container": record.container,
            "remote_created_at": record.remote_created_at,
            "remote_updated_at": record.remote_updated_at,
            "body": serde_json::from_str::<Value>(&record.body.to_json()).unwrap(),
            "access": match &record.access {
                Access::Rule(rule) => json!(rule),
                Access::Unknown => json!("unknown"),
                Access::Unguarded => json!("unguarded"),
            },
        })
    };
    let records = |records: &[NewRecord]| records.iter().map(record).collect::<Vec<_>>();
    let raw =
        |raw: &NewRaw| json!([raw.kind, raw.remote_id, raw.path, raw.json.len(), raw.record, raw.problem]);
    json!({
        "ids": converted.ids,
        "raws": converted.raws.iter().map(raw).collect::<Vec<_>>(),
        "records": records(&converted.records),
        "people": records(&converted.people),
        "tags": records(&converted.tags),
        "incomplete": converted.incomplete.iter().map(|cut| format!("{cut:?}")).collect::<Vec<_>>(),
        "complete": converted.complete.iter().map(|whole| format!("{whole:?}")).collect::<Vec<_>>(),
        "waiting": converted.waiting.iter().map(|waiting| format!("{waiting:?}")).collect::<Vec<_>>(),
    })
}

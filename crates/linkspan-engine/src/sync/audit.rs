//! Audit records: everything upstream still keeps the first time, then what was added.

use jiff::{SignedDuration, Timestamp};
use linkspan_atlassian::calls::{Call, Feature, confluence, jira};
use linkspan_atlassian::client::Params;
use linkspan_atlassian::convert::{Converted, ListOwner, PageProblem, listing_page};
use linkspan_atlassian::resources::{Identity, Listing, Per};
use linkspan_model::product::Product;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::listed;
use super::run::Run;
use crate::error::EngineError;

/// How often audit records are read.
const EVERY: SignedDuration = SignedDuration::from_hours(1);
/// How far a reading looks back behind the last one: records have been seen arriving late.
const OVERLAP: SignedDuration = SignedDuration::from_mins(10);
/// Records asked for at a time: what upstream gives at most.
const PAGE_SIZE: u32 = 1_000;
/// The stream's name.
pub(super) const STREAM: &str = "audit";

/// Jira's records have ids.
static JIRA: Listing = Listing {
    per: Per::Site,
    question: None,
    query: &[],
    id: Identity::Member("id"),
    path: "/rest/api/3/auditing/record",
};
/// Confluence's have none.
static CONFLUENCE: Listing = Listing {
    per: Per::Site,
    question: None,
    query: &[],
    id: Identity::Digest,
    path: "/wiki/rest/api/audit",
};

/// Up to when records were read.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct AuditCheckpoint {
    /// Everything before this is read, in epoch milliseconds.
    until: Option<i64>,
    /// When it was last asked for, in epoch milliseconds: who is refused today may be an administrator tomorrow, and gets
    /// all that upstream kept.
    tried_at: Option<i64>,
}

fn call(product: Product) -> &'static Call {
    match product {
        Product::Jira => &jira::AUDIT_RECORDS,
        Product::Confluence => &confluence::AUDIT_RECORDS,
    }
}

/// Whether there is anything to read now.
pub(super) async fn is_due(run: &Run) -> Result<bool, EngineError> {
    if !run.wants(Feature::Audit) || !run.opens(call(run.source.product)) {
        return Ok(false);
    }
    let known: AuditCheckpoint = run.checkpoint(STREAM).await?.unwrap_or_default();
    let tried = known.tried_at.and_then(|millis| Timestamp::from_millisecond(millis).ok());
    Ok(tried.is_none_or(|tried| run.inner.clock.now() >= tried + run.every(STREAM, EVERY)))
}

/// Reads the records of a closed span of time: they come newest first, so that new ones would shift an open one.
pub(super) async fn read(run: &Run) -> Result<(), EngineError> {
    listed::read_with(run, Feature::Audit, STREAM, |_, _| Ok(())).await?;
    let known: AuditCheckpoint = run.checkpoint(STREAM).await?.unwrap_or_default();
    let now = run.inner.clock.now();
    let since = known.until.and_then(|millis| Timestamp::from_millisecond(millis).ok());
    let from = since.map(|since| since - OVERLAP);
    let (params, kind, listing) = match run.source.product {
        Product::Jira => {
            let params = Params::new().query("to", now.to_string());
            let params = from.iter().fold(params, |params, from| params.query("from", from.to_string()));
            (params, "jira.auditrecord", &JIRA)
        }
        Product::Confluence => {
            let millis = |moment: Timestamp| moment.as_millisecond().to_string();
            let params = Params::new().query("endDate", millis(now));
            let params =
                from.into_iter().fold(params, |params, from| params.query("startDate", millis(from)));
            (params, "confluence.auditrecord", &CONFLUENCE)
        }
    };
    let call = call(run.source.product);
    let mut pages = run.pages(call, params, Some(PAGE_SIZE));
    let mut items = 0;
    let mut refused = None;
    loop {
        let page = match pages.next().await {
            Ok(Some(page)) => page,
            Ok(None) => break,
            // Only administrators may read them: no failure of the stream.
            Err(EngineError::Call(error)) if listed::is_refusal(&error) => {
                refused = Some(error.to_string());
                break;
            }
            Err(error) => return Err(error),
        };
        let page = if run.source.product == Product::Confluence { without_people(&page)? } else { page };
        let converted = listing_page(&page, kind, listing, call.items, &ListOwner::default(), run.id())?;
        items += converted.raws.len() as u64;
        run.add(STREAM, converted.raws.len() as u64);
        run.write(converted, None).await?;
    }
    let now = Some(now.as_millisecond());
    // Only now: a reading that broke off is repeated.
    let until = if refused.is_none() { now } else { known.until };
    listed::note(run, kind, items, refused).await?;
    let mark = Run::mark(STREAM, &AuditCheckpoint { until, tried_at: now })?;
    run.write(Converted::default(), Some(mark)).await
}

/// An answer of Confluence's audit log without the names of accounts that records are about: it names them without their
/// ids, so that an erasure could not find them later (hazard G2). Who did something is told with the id and stays.
fn without_people(page: &str) -> Result<String, EngineError> {
    let mut answer: Value = serde_json::from_str(page).map_err(PageProblem::NotJson)?;
    let records = answer.get_mut("results").and_then(Value::as_array_mut).into_iter().flatten();
    for record in records {
        let mut is_about_people = false;
        if let Some(object) = record.get_mut("affectedObject") {
            is_about_people |= forget_name(object);
        }
        for object in record.get_mut("associatedObjects").and_then(Value::as_array_mut).into_iter().flatten()
        {
            is_about_people |= forget_name(object);
        }
        // What changed of an account is its name or address.
        if is_about_people && let Some(changes) = record.get_mut("changedValues") {
            *changes = Value::Array(Vec::new());
        }
    }
    Ok(answer.to_string())
}

/// Takes the name out of an object that is an account; whether it is one.
fn forget_name(object: &mut Value) -> bool {
    let kind = object.get("objectType").and_then(Value::as_str).unwrap_or_default();
    let is_account = kind.eq_ignore_ascii_case("user");
    if is_account && let Some(name) = object.get_mut("name") {
        *name = Value::String(String::new());
    }
    is_account
}

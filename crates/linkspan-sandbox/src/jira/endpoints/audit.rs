//! The audit log.

use axum::{Router, routing::get};

use crate::{
    gateway::{AppState, Charge},
    jira::{
        json::Json,
        refusal::{Answer, Refusal},
        session::{Session, ok},
        time,
        view::View,
    },
    world::{
        Millis,
        audit::{AuditItem, AuditRecord},
    },
};

/// Records per page, by default and at most.
const MAX_RECORDS: usize = 1_000;

pub(super) fn routes() -> Router<AppState> {
    Router::new().route("/auditing/record", get(records))
}

/// What an item is called, and where it belongs.
struct Shown {
    id: String,
    name: String,
    kind: &'static str,
    parent: Option<(String, String)>,
}

fn shown(view: &View<'_>, item: &AuditItem) -> Shown {
    let site = view.site;
    match item {
        AuditItem::User(index) => {
            let account = site.account(*index);
            Shown {
                id: account.account_id.clone(),
                name: account.display_name().to_owned(),
                kind: "USER",
                parent: None,
            }
        }
        AuditItem::Group(index) => {
            let (id, name) = site
                .group(*index)
                .map_or_else(Default::default, |group| (group.id.clone(), group.name.clone()));
            Shown { id, name, kind: "GROUP", parent: None }
        }
        AuditItem::Project(id) => {
            let name = site.project(*id).map_or_else(String::new, |project| project.name.clone());
            Shown { id: id.to_string(), name, kind: "PROJECT", parent: None }
        }
        AuditItem::Named { id, name, kind, project } => {
            let parent = project.and_then(|id| site.project(id));
            Shown {
                id: id.clone(),
                name: name.clone(),
                kind,
                parent: parent.map(|project| (project.id.to_string(), project.name.clone())),
            }
        }
    }
}

fn write_item(json: &mut Json, item: &Shown) {
    json.object(|json| {
        json.key("id").string(&item.id);
        json.key("name").string(&item.name);
        json.key("typeName").string(item.kind);
        if let Some((id, name)) = &item.parent {
            json.key("parentId").string(id);
            json.key("parentName").string(name);
        }
    });
}

/// Whether a record holds every word looked for.
fn holds(view: &View<'_>, record: &AuditRecord, words: &[String]) -> bool {
    if words.is_empty() {
        return true;
    }
    let mut text =
        format!("{} {} {}", record.summary, record.category, view.site.account(record.by).display_name());
    for item in std::iter::once(&record.object).chain(&record.associated) {
        let item = shown(view, item);
        text.push(' ');
        text.push_str(&item.name);
        text.push(' ');
        text.push_str(item.kind);
    }
    let text = text.to_lowercase();
    words.iter().all(|word| text.contains(word))
}

/// A bound of the listing: a point in time, or a day, which begins at midnight UTC.
fn bound(session: &Session, name: &str) -> Result<Option<Millis>, Refusal> {
    let Some(text) = session.query.text(name) else { return Ok(None) };
    let day = || time::parse_day(text).map(|day| Millis::from(day) * 86_400_000);
    time::parse(text).or_else(day).map(Some).ok_or_else(|| {
        Refusal::bad_request(format!("The value '{text}' of the query parameter '{name}' is not a date."))
    })
}

async fn records(session: Session) -> Answer {
    let query = &session.query;
    let at_most = |name: &str, default: usize, most: usize| {
        let given = query.number(name)?.unwrap_or(i64::try_from(default).unwrap_or(0));
        Ok::<_, Refusal>(usize::try_from(given.max(0)).unwrap_or(most).min(most))
    };
    let (offset, limit) = (at_most("offset", 0, usize::MAX)?, at_most("limit", MAX_RECORDS, MAX_RECORDS)?);
    let (from, to) = (bound(&session, "from")?, bound(&session, "to")?);
    let words: Vec<String> =
        query.text("filter").unwrap_or_default().split_whitespace().map(str::to_lowercase).collect();
    let site = session.site().read();
    session.require_admin(&site)?;
    let view = session.view(&site);
    let mut records = site.audit_records();
    records.retain(|record| {
        from.is_none_or(|from| record.at >= from)
            && to.is_none_or(|to| record.at <= to)
            && holds(&view, record, &words)
    });
    let shown = &records[offset.min(records.len())..];
    let shown = &shown[..limit.min(shown.len())];
    Ok(ok(Charge::BASE, |json| {
        json.object(|json| {
            json.key("offset").number(offset);
            json.key("limit").number(limit);
            json.key("total").number(records.len());
            json.key("records").array(|json| shown.iter().for_each(|record| write(json, &view, record)));
        });
    }))
}

fn write(json: &mut Json, view: &View<'_>, record: &AuditRecord) {
    json.object(|json| {
        json.key("id").number(record.id);
        json.key("summary").string(record.summary);
        json.key("authorAccountId").string(&view.site.account(record.by).account_id);
        json.key("created");
        view.times.write(json, record.at);
        json.key("category").string(record.category);
        json.key("eventSource").string("");
        json.key("objectItem");
        write_item(json, &shown(view, &record.object));
        json.key("changedValues").array(|json| {
            for (field, before, after) in &record.changed {
                json.object(|json| {
                    json.key("fieldName").string(field);
                    if let Some(before) = before {
                        json.key("changedFrom").string(before);
                    }
                    if let Some(after) = after {
                        json.key("changedTo").string(after);
                    }
                });
            }
        });
        json.key("associatedItems").array(|json| {
            record.associated.iter().for_each(|item| write_item(json, &shown(view, item)));
        });
    });
}

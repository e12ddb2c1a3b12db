//! `jql/autocompletedata/suggestions` and `jql/sanitize`.

use std::collections::BTreeSet;

use axum::{
    Router,
    routing::{get, post},
};
use serde::Deserialize;

use super::catalogue::shows;
use crate::{
    gateway::{AppState, Charge},
    jira::{
        body::JsonBody,
        jql::{self, Clause, Encoded, Literal, Operand},
        json::Json,
        refusal::{Answer, Refusal},
        session::{Session, ok},
        view::View,
    },
    world::{Reader, SiteState, Viewer, jira::Project},
};

/// Most suggestions of one answer.
const MAX_SUGGESTED: usize = 15;
/// Most queries of one `jql/sanitize`.
const MAX_QUERIES: usize = 20;

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/jql/autocompletedata/suggestions", get(suggestions))
        .route("/jql/sanitize", post(sanitize))
}

/// Values of a field: what stands in a query, and what people read.
fn values(view: &View<'_>, field: &str) -> BTreeSet<(String, String)> {
    let config = view.site.jira();
    let named = |name: &str| (Encoded(name).to_string(), name.to_owned());
    let seen =
        || config.projects.iter().filter(|project| view.site.can_browse_project(&view.reader, project));
    match field.to_ascii_lowercase().as_str() {
        "project" | "space" => {
            seen().map(|it| (Encoded(&it.key).to_string(), format!("{} ({})", it.name, it.key))).collect()
        }
        "status" => {
            let all = config.statuses.iter().filter(|it| shows(view, it.scope));
            all.map(|it| named(&it.name)).collect()
        }
        "issuetype" | "type" | "worktype" => {
            let all = config.issue_types.iter().filter(|it| shows(view, it.scope));
            all.map(|it| named(&it.name)).collect()
        }
        "priority" => config.priorities.iter().map(|it| named(&it.name)).collect(),
        "resolution" => config.resolutions.iter().map(|it| named(&it.name)).collect(),
        "labels" => config.labels.iter().map(|label| named(label)).collect(),
        "component" => seen().flat_map(|it| &it.components).map(|it| named(&it.name)).collect(),
        "fixversion" | "affectedversion" => {
            seen().flat_map(|it| &it.versions).map(|it| named(&it.name)).collect()
        }
        "category" => config.categories.iter().map(|(name, _)| named(name)).collect(),
        "assignee" | "reporter" | "creator" | "watcher" | "voter" | "worklogauthor" => people(view),
        _ => options(view, field),
    }
}

fn people(view: &View<'_>) -> BTreeSet<(String, String)> {
    if !view.reader.uses_jira() && !view.reader.admin {
        return BTreeSet::new();
    }
    let active = view.site.accounts().iter().map(|index| view.site.account(*index));
    active
        .filter(|account| account.is_active())
        .map(|account| (Encoded(&account.account_id).to_string(), account.display_name().to_owned()))
        .collect()
}

/// The options of the custom fields with a name.
fn options(view: &View<'_>, name: &str) -> BTreeSet<(String, String)> {
    let fields = view.site.jira().fields.iter().filter(|field| {
        shows(view, field.scope)
            && (field.name.eq_ignore_ascii_case(name) || format!("cf[{}]", field.id.0) == name)
    });
    let options = fields.flat_map(|field| &field.options);
    options.map(|option| (Encoded(&option.value).to_string(), option.value.to_string())).collect()
}

async fn suggestions(session: Session) -> Answer {
    let query = &session.query;
    if query.text("predicateName").is_some() && query.text("fieldName").is_none() {
        return Err(Refusal::bad_request("The 'fieldName' query parameter needs to be provided"));
    }
    let site = session.site().read();
    let view = session.view(&site);
    let all = match (query.text("fieldName"), query.text("predicateName")) {
        (Some(_), Some(predicate)) if predicate.eq_ignore_ascii_case("by") => people(&view),
        (Some(field), _) => values(&view, field),
        (None, _) => BTreeSet::new(),
    };
    let typed = query.text("predicateValue").or_else(|| query.text("fieldValue")).unwrap_or_default();
    let wanted = typed.to_lowercase();
    let found = all.iter().filter(|(_, shown)| shown.to_lowercase().contains(&wanted));
    Ok(ok(Charge::BASE, |json| {
        json.object(|json| {
            json.key("results").array(|json| {
                for (value, shown) in found.take(MAX_SUGGESTED) {
                    json.object(|json| {
                        json.key("value").string(value);
                        json.key("displayName").string(&emphasised(shown, typed));
                    });
                }
            });
        });
    }))
}

/// What people read, as HTML, with what was typed in bold.
fn emphasised(shown: &str, typed: &str) -> String {
    let escape = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let at = (!typed.is_empty()).then(|| shown.to_ascii_lowercase().find(&typed.to_ascii_lowercase()));
    match at.flatten().and_then(|at| Some((shown.get(..at)?, shown.get(at..at + typed.len())?, at))) {
        Some((before, hit, at)) => {
            format!("{}<b>{}</b>{}", escape(before), escape(hit), escape(&shown[at + hit.len()..]))
        }
        None => escape(shown),
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SanitizeRequest {
    queries: Vec<SanitizedQuery>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SanitizedQuery {
    query: String,
    account_id: Option<String>,
}

/// Takes out of queries what a person may not know: names of projects they do not see become ids.
async fn sanitize(session: Session, body: JsonBody) -> Answer {
    let request: SanitizeRequest = body.read()?;
    if request.queries.is_empty() || request.queries.len() > MAX_QUERIES {
        return Err(Refusal::bad_request(format!("Between 1 and {MAX_QUERIES} queries can be sanitized.")));
    }
    let site = session.site().read();
    session.require_admin(&site)?;
    Ok(ok(Charge::BASE, |json| {
        json.object(|json| {
            json.key("queries").array(|json| {
                request.queries.iter().for_each(|query| sanitized(json, &site, query));
            });
        });
    }))
}

fn sanitized(json: &mut Json, site: &SiteState, asked: &SanitizedQuery) {
    let account = asked.account_id.as_deref().map(|id| site.account_by_id(id));
    let outcome = match account {
        Some(None) => Err("The account does not exist.".to_owned()),
        Some(Some(account)) => Ok(Viewer::Account(account.index)),
        None => Ok(Viewer::Anonymous),
    };
    let outcome = outcome.and_then(|viewer| {
        let mut query = jql::parse(&asked.query).map_err(|error| error.to_string())?;
        if let Some(filter) = &mut query.filter {
            hide(site, &site.reader(viewer), filter);
        }
        Ok(query.to_string())
    });
    json.object(|json| {
        json.key("initialQuery").string(&asked.query);
        if let Some(account) = &asked.account_id {
            json.key("accountId").string(account);
        }
        match outcome {
            Ok(query) => json.key("sanitizedQuery").string(&query),
            Err(message) => {
                json.key("errors").object(|json| {
                    json.key("errorMessages").array(|json| json.string(&message));
                    json.key("errors").object(|_| {});
                });
            }
        }
    });
}

fn hide(site: &SiteState, reader: &Reader, clause: &mut Clause) {
    match clause {
        Clause::And(clauses) | Clause::Or(clauses) => {
            for inner in clauses {
                hide(site, reader, inner);
            }
        }
        Clause::Not(inner) => hide(site, reader, inner),
        Clause::Term(term) if ["project", "space"].iter().any(|it| term.field.eq_ignore_ascii_case(it)) => {
            hide_project(site, reader, &mut term.operand);
        }
        Clause::Term(_) => {}
    }
}

fn hide_project(site: &SiteState, reader: &Reader, operand: &mut Operand) {
    match operand {
        Operand::List(members) => {
            for member in members {
                hide_project(site, reader, member);
            }
        }
        Operand::Value(Literal::Text(name)) => {
            let by_name = |project: &&Project| project.name.eq_ignore_ascii_case(name);
            let found = site.project_by_key(name).or_else(|| site.jira().projects.iter().find(by_name));
            if let Some(hidden) = found.filter(|project| !site.can_browse_project(reader, project)) {
                let id = i64::try_from(hidden.id.0).unwrap_or(i64::MAX);
                *operand = Operand::Value(Literal::Number(id));
            }
        }
        _ => {}
    }
}

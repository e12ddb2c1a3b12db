//! `jql/parse`, `jql/match` and `jql/autocompletedata`.

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
        jql::{self, Clause, Direction, Encoded, EncodedField, Literal, Operand, Operator, RESERVED_WORDS},
        json::Json,
        refusal::{Answer, Refusal},
        search,
        session::{Session, ok},
        view::{SYSTEM_FIELDS, field_type_name},
    },
    world::IssueId,
};

/// Most issues `jql/match` takes.
const MAX_ISSUES: usize = 1_000;
/// Most queries `jql/match` and `jql/parse` take.
const MAX_QUERIES: usize = 100;

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/jql/parse", post(parse))
        .route("/jql/match", post(matches))
        .route("/jql/autocompletedata", get(autocomplete).post(autocomplete_for))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct MatchRequest {
    issue_ids: Vec<u64>,
    jqls: Vec<String>,
}

async fn matches(session: Session, body: JsonBody) -> Answer {
    let request: MatchRequest = body.read()?;
    if request.issue_ids.len() > MAX_ISSUES || request.jqls.len() > MAX_QUERIES {
        return Err(Refusal::bad_request(format!(
            "At most {MAX_ISSUES} issue ids and {MAX_QUERIES} queries can be matched."
        )));
    }
    let site = session.site().read();
    let view = session.view(&site);
    let visibility = search::Visibility::new(&site, &view.reader);
    Ok(ok(Charge::BASE, |json| {
        json.object(|json| {
            json.key("matches").array(|json| {
                for jql in &request.jqls {
                    let bound = search::prepare(&view, jql, true);
                    json.object(|json| {
                        json.key("matchedIssues").array(|json| {
                            let Ok(bound) = &bound else { return };
                            let ids = request.issue_ids.iter().map(|id| IssueId(*id));
                            ids.filter(|id| search::matches(&view, &visibility, bound, *id))
                                .for_each(|id| json.number(id));
                        });
                        json.key("errors").array(|json| {
                            if let Err(refusal) = &bound {
                                refusal.messages.iter().for_each(|message| json.string(message));
                            }
                        });
                    });
                }
            });
        });
    }))
}

#[derive(Debug, Deserialize)]
struct ParseRequest {
    queries: Vec<String>,
}

async fn parse(session: Session, body: JsonBody) -> Answer {
    let request: ParseRequest = body.read()?;
    if request.queries.is_empty() || request.queries.len() > MAX_QUERIES {
        return Err(Refusal::bad_request(format!("Between 1 and {MAX_QUERIES} queries can be parsed.")));
    }
    let validation = session.query.text("validation").unwrap_or("strict");
    if !matches!(validation, "strict" | "warn" | "none") {
        return Err(Refusal::bad_request("The validation mode must be one of 'strict', 'warn' and 'none'."));
    }
    let site = session.site().read();
    let view = session.view(&site);
    Ok(ok(Charge::BASE, |json| {
        json.object(|json| {
            json.key("queries").array(|json| {
                for text in &request.queries {
                    let parsed = jql::parse(text);
                    let problems = match &parsed {
                        Err(error) => vec![error.to_string()],
                        Ok(query) if validation != "none" => {
                            search::bind(&view, query).err().unwrap_or_default()
                        }
                        Ok(_) => Vec::new(),
                    };
                    let fatal = parsed.is_err() || (validation == "strict" && !problems.is_empty());
                    json.object(|json| {
                        json.key("query").string(text);
                        if let (Ok(query), false) = (&parsed, fatal) {
                            json.key("structure");
                            structure(json, query);
                        }
                        if !problems.is_empty() {
                            json.key(if fatal { "errors" } else { "warnings" });
                            json.array(|json| problems.iter().for_each(|problem| json.string(problem)));
                        }
                    });
                }
            });
        });
    }))
}

fn structure(json: &mut Json, query: &jql::Query) {
    json.object(|json| {
        if let Some(filter) = &query.filter {
            json.key("where");
            clause(json, filter);
        }
        if !query.order.is_empty() {
            json.key("orderBy").object(|json| {
                json.key("fields").array(|json| {
                    for key in &query.order {
                        json.object(|json| {
                            json.key("field");
                            field(json, &key.field);
                            match key.direction {
                                Some(Direction::Ascending) => json.key("direction").string("asc"),
                                Some(Direction::Descending) => json.key("direction").string("desc"),
                                None => {}
                            }
                        });
                    }
                });
            });
        }
    });
}

fn field(json: &mut Json, name: &str) {
    json.object(|json| {
        json.key("name").string(name);
        json.key("encodedName").string(&EncodedField(name).to_string());
    });
}

fn clause(json: &mut Json, node: &Clause) {
    json.object(|json| match node {
        Clause::And(clauses) | Clause::Or(clauses) => {
            json.key("operator").string(if matches!(node, Clause::And(_)) { "and" } else { "or" });
            json.key("clauses").array(|json| clauses.iter().for_each(|inner| clause(json, inner)));
        }
        Clause::Not(inner) => {
            json.key("operator").string("not");
            json.key("clauses").array(|json| clause(json, inner));
        }
        Clause::Term(term) => {
            json.key("field");
            field(json, &term.field);
            json.key("operator").string(Operator::text(term.operator));
            json.key("operand");
            operand(json, &term.operand);
        }
    });
}

fn operand(json: &mut Json, node: &Operand) {
    let encoded = node.to_string();
    json.object(|json| match node {
        Operand::Value(literal) => {
            let value = match literal {
                Literal::Number(number) => number.to_string(),
                Literal::Text(text) => text.clone(),
            };
            json.key("value").string(&value);
            json.key("encodedValue").string(&encoded);
        }
        Operand::Empty => json.key("keyword").string("empty"),
        Operand::Function { name, arguments } => {
            json.key("function").string(&Encoded(name).to_string());
            json.key("arguments").array(|json| arguments.iter().for_each(|argument| json.string(argument)));
            json.key("encodedOperand").string(&encoded);
        }
        Operand::List(members) => {
            json.key("values").array(|json| members.iter().for_each(|member| operand(json, member)));
            json.key("encodedOperand").string(&encoded);
        }
    });
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct AutocompleteRequest {
    #[serde(default)]
    project_ids: Vec<u64>,
    /// Fields of one name and type could be shown as one; here each stands alone.
    #[serde(default, rename = "includeCollapsedFields")]
    _include_collapsed_fields: bool,
}

async fn autocomplete(session: Session) -> Answer {
    Ok(reference_data(&session, &[]))
}

async fn autocomplete_for(session: Session, body: JsonBody) -> Answer {
    let request: AutocompleteRequest = body.read()?;
    Ok(reference_data(&session, &request.project_ids))
}

/// The fields of team-managed projects are shown to those who see the project, and if projects are named, with these only.
fn reference_data(session: &Session, projects: &[u64]) -> axum::response::Response {
    let site = session.site().read();
    let view = session.view(&site);
    ok(Charge::BASE, |json| {
        json.object(|json| {
            json.key("visibleFieldNames").array(|json| {
                let clauses = SYSTEM_FIELDS
                    .iter()
                    .filter(|field| field.searchable)
                    .flat_map(|it| it.clauses.iter().map(move |clause| (*clause, it.orderable)));
                for (clause, orderable) in clauses {
                    reference(json, clause, clause, None, orderable);
                }
                let fields = site.jira().fields.iter().filter(|field| {
                    shows(&view, field.scope)
                        && (projects.is_empty()
                            || field.scope.is_none_or(|scope| projects.contains(&scope.0)))
                });
                for field in fields {
                    let shown = match field_type_name(field.kind) {
                        Some(kind) => format!("{} - {kind}[{}]", field.name, field.id.0),
                        None => field.name.clone(),
                    };
                    reference(json, &Encoded(&field.name).to_string(), &shown, Some(field.id.0), true);
                }
            });
            json.key("visibleFunctionNames").array(|json| {
                for (name, kind, many) in FUNCTIONS {
                    json.object(|json| {
                        json.key("value").string(name);
                        json.key("displayName").string(name);
                        if *many {
                            json.key("isList").string("true");
                        }
                        json.key("types").array(|json| json.string(kind));
                    });
                }
            });
            json.key("jqlReservedWords")
                .array(|json| RESERVED_WORDS.iter().for_each(|word| json.string(word)));
        });
    })
}

fn reference(json: &mut Json, value: &str, shown: &str, custom: Option<u64>, orderable: bool) {
    json.object(|json| {
        json.key("value").string(value);
        json.key("displayName").string(shown);
        json.key("auto").string("false");
        json.key("orderable").string(if orderable { "true" } else { "false" });
        json.key("searchable").string("true");
        if let Some(id) = custom {
            json.key("cfid").plain(format_args!("cf[{id}]"));
        }
        json.key("operators")
            .array(|json| ["=", "!=", "in", "not in", "is", "is not"].iter().for_each(|it| json.string(it)));
        json.key("types").array(|json| json.string("java.lang.String"));
    });
}

/// The functions the search knows: name, type of value, whether it is a list.
const FUNCTIONS: &[(&str, &str, bool)] = &[
    ("currentUser()", "com.atlassian.jira.user.ApplicationUser", false),
    ("membersOf(\"\")", "com.atlassian.jira.user.ApplicationUser", true),
    ("now()", "java.util.Date", false),
    ("startOfDay()", "java.util.Date", false),
    ("endOfDay()", "java.util.Date", false),
    ("startOfWeek()", "java.util.Date", false),
    ("endOfWeek()", "java.util.Date", false),
    ("startOfMonth()", "java.util.Date", false),
    ("endOfMonth()", "java.util.Date", false),
    ("startOfYear()", "java.util.Date", false),
    ("endOfYear()", "java.util.Date", false),
    ("releasedVersions()", "com.atlassian.jira.project.version.Version", true),
    ("unreleasedVersions()", "com.atlassian.jira.project.version.Version", true),
    ("latestReleasedVersion(\"\")", "com.atlassian.jira.project.version.Version", false),
    ("earliestUnreleasedVersion(\"\")", "com.atlassian.jira.project.version.Version", false),
    ("openSprints()", "com.atlassian.greenhopper.service.sprint.Sprint", true),
    ("closedSprints()", "com.atlassian.greenhopper.service.sprint.Sprint", true),
    ("futureSprints()", "com.atlassian.greenhopper.service.sprint.Sprint", true),
    ("linkedIssues(\"\")", "com.atlassian.jira.issue.Issue", true),
    ("childIssuesOf(\"\")", "com.atlassian.jira.issue.Issue", true),
    ("watchedIssues()", "com.atlassian.jira.issue.Issue", true),
    ("votedIssues()", "com.atlassian.jira.issue.Issue", true),
    ("standardIssueTypes()", "com.atlassian.jira.issue.issuetype.IssueType", true),
    ("subTaskIssueTypes()", "com.atlassian.jira.issue.issuetype.IssueType", true),
    ("projectsLeadByUser()", "com.atlassian.jira.project.Project", true),
    ("projectsWhereUserHasPermission(\"\")", "com.atlassian.jira.project.Project", true),
    ("projectsWhereUserHasRole(\"\")", "com.atlassian.jira.project.Project", true),
    ("componentsLeadByUser()", "com.atlassian.jira.bc.project.component.ProjectComponent", true),
];

//! Dynamic webhooks of OAuth apps.

use axum::{Router, routing::get};
use http::StatusCode;
use serde::Deserialize;

use crate::{
    gateway::{AppState, Charge},
    jira::{
        body::JsonBody,
        jql::{self, Clause, Operator, Term},
        json::Json,
        refusal::{Answer, Refusal},
        search,
        session::{Session, json_answer, ok},
        time::Times,
        view::View,
    },
    webhooks::{EVENTS, ExpirationDate, Owner, RegistrationError, RegistrationResult, Subscription, Webhook},
    world::Millis,
};

/// Most webhooks of one registration, and most ids of one refresh or deletion.
const MAX_NAMED: usize = 100;

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/webhook", get(list).post(register).delete(delete))
        .route("/webhook/refresh", axum::routing::put(refresh))
        .route("/webhook/failed", get(failed))
}

/// Webhooks belong to an app and the user it acts for; nobody else may use these operations.
fn owner(session: &Session) -> Result<Owner, Refusal> {
    let not_app = || Refusal::forbidden("Only Connect and OAuth 2.0 apps can use this operation.");
    let client_id = session.caller.app().ok_or_else(not_app)?.to_owned();
    let account = session.caller.account.ok_or_else(not_app)?;
    Ok(Owner { client_id, account, cloud_id: session.site().cloud_id().to_owned() })
}

async fn list(session: Session) -> Answer {
    let page = session.query.page(100, 100)?;
    let owner = owner(&session)?;
    let hooks: Vec<Webhook> = session.state.webhooks().of(&owner, session.now_ms()).cloned().collect();
    Ok(ok(Charge::BASE, |json| {
        page.write(json, &session, &hooks, |json, hook| {
            json.object(|json| {
                let Subscription { url, events, jql_filter, fields, properties } = &hook.subscription;
                json.key("id").number(hook.id);
                json.key("url").string(url);
                json.key("jqlFilter").string(jql_filter);
                for (name, list) in [("fieldIdsFilter", fields), ("issuePropertyKeysFilter", properties)] {
                    if !list.is_empty() {
                        json.key(name).array(|json| list.iter().for_each(|it| json.string(it)));
                    }
                }
                json.key("events").array(|json| events.iter().for_each(|event| json.string(event)));
                expiration(&session, json, hook.expires);
            });
        });
    }))
}

/// The member `expirationDate`, in the form of the settings.
fn expiration(session: &Session, json: &mut Json, expires: Millis) {
    json.key("expirationDate");
    match session.state.settings().webhooks.expiration_date {
        ExpirationDate::Number => json.number(expires),
        ExpirationDate::Text => Times::of_zone(None).write(json, expires),
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Registration {
    url: String,
    webhooks: Vec<Details>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Details {
    events: Vec<String>,
    jql_filter: Option<String>,
    #[serde(default)]
    field_ids_filter: Vec<String>,
    #[serde(default)]
    issue_property_keys_filter: Vec<String>,
}

async fn register(session: Session, body: JsonBody) -> Answer {
    let owner = owner(&session)?;
    let request: Registration = body.read()?;
    let is_address = url::Url::parse(&request.url)
        .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    if !is_address {
        return Err(Refusal::bad_request("The webhook URL is not a valid absolute URL."));
    }
    if request.webhooks.is_empty() || request.webhooks.len() > MAX_NAMED {
        return Err(Refusal::bad_request(format!("Between 1 and {MAX_NAMED} webhooks can be registered.")));
    }
    // Each is judged alone: one that is refused does not hold up its siblings.
    let mut results = Vec::with_capacity(request.webhooks.len());
    for details in request.webhooks {
        let subscription = {
            let site = session.site().read();
            subscription(&session.view(&site), &request.url, details)
        };
        let made = subscription.and_then(|subscription| {
            kept(&session, &owner, subscription).map_err(|error| vec![error.to_string()])
        });
        results.push(made);
    }
    let list = |json: &mut Json| {
        json.array(|json| {
            for made in &results {
                json.object(|json| match made {
                    Ok(id) => json.key("createdWebhookId").number(id),
                    Err(errors) => {
                        json.key("errors").array(|json| errors.iter().for_each(|error| json.string(error)));
                    }
                });
            }
        });
    };
    let form = session.state.settings().webhooks.registration_result;
    Ok(ok(Charge::WRITE, |json| match form {
        RegistrationResult::Object => json.object(|json| list(json.key("webhookRegistrationResult"))),
        RegistrationResult::Array => list(json),
    }))
}

/// Registers one webhook; the site's changes are kept for it from this moment on.
fn kept(session: &Session, owner: &Owner, subscription: Subscription) -> Result<u64, RegistrationError> {
    let mut webhooks = session.state.webhooks();
    let since = {
        let site = session.site().read();
        site.outbox().follow(true);
        site.log().last_sequence()
    };
    webhooks.register(owner, subscription, since, session.now_ms())
}

/// What is asked for, checked; every fault has its sentence.
fn subscription(view: &View<'_>, url: &str, details: Details) -> Result<Subscription, Vec<String>> {
    let mut faults = Vec::new();
    let mut events = Vec::with_capacity(details.events.len());
    for name in &details.events {
        match EVENTS.iter().find(|event| *event == name) {
            Some(event) => events.push(*event),
            None => faults.push(format!("The event '{name}' is not supported.")),
        }
    }
    if details.events.is_empty() {
        faults.push("At least one event must be specified.".to_owned());
    }
    for field in &details.field_ids_filter {
        let custom = view.site.jira().fields.iter().any(|it| it.id.to_string() == *field);
        if !custom && crate::jira::view::system_field(field).is_none() {
            faults.push(format!("The field '{field}' does not exist."));
        }
    }
    let jql_filter = details.jql_filter.unwrap_or_default();
    faults.extend(filter_faults(view, &jql_filter));
    if !faults.is_empty() {
        return Err(faults);
    }
    Ok(Subscription {
        url: url.to_owned(),
        events,
        jql_filter,
        fields: details.field_ids_filter,
        properties: details.issue_property_keys_filter,
    })
}

/// Why a filter cannot be used: it is required, and knows a handful of fields and operators only.
fn filter_faults(view: &View<'_>, text: &str) -> Vec<String> {
    if text.trim().is_empty() {
        return vec!["The JQL filter must not be empty.".to_owned()];
    }
    let query = match jql::parse(text) {
        Ok(query) => query,
        Err(error) => return vec![error.to_string()],
    };
    let mut faults = Vec::new();
    if !query.order.is_empty() {
        faults.push("The JQL filter must not have an ORDER BY clause.".to_owned());
    }
    let Some(filter) = &query.filter else {
        faults.push("The JQL filter must have a restriction.".to_owned());
        return faults;
    };
    let mut open = vec![filter];
    let mut of_properties = false;
    while let Some(clause) = open.pop() {
        match clause {
            Clause::And(clauses) | Clause::Or(clauses) => open.extend(clauses),
            Clause::Not(inner) => open.push(inner),
            Clause::Term(term) => {
                of_properties |= term.field.to_ascii_lowercase().starts_with("issue.property");
                faults.extend(term_fault(term));
            }
        }
    }
    if faults.is_empty() && !of_properties {
        faults.extend(search::bind(view, &query).err().into_iter().flatten());
    }
    faults
}

fn term_fault(term: &Term) -> Option<String> {
    const FIELDS: [&str; 6] = ["issuekey", "project", "issuetype", "status", "assignee", "reporter"];
    let field = term.field.to_ascii_lowercase();
    let known =
        FIELDS.contains(&field.as_str()) || field.starts_with("cf[") || field.starts_with("issue.property");
    if !known {
        return Some(format!("The field '{}' is not supported in webhook filters.", term.field));
    }
    let supported =
        matches!(term.operator, Operator::Equals | Operator::NotEquals | Operator::In | Operator::NotIn);
    (!supported)
        .then(|| format!("The operator '{}' is not supported in webhook filters.", term.operator.text()))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Named {
    webhook_ids: Vec<u64>,
}

impl Named {
    fn read(body: JsonBody) -> Result<Vec<u64>, Refusal> {
        let Self { webhook_ids } = body.read()?;
        if webhook_ids.is_empty() || webhook_ids.len() > MAX_NAMED {
            return Err(Refusal::bad_request(format!("Between 1 and {MAX_NAMED} webhook ids are needed.")));
        }
        Ok(webhook_ids)
    }
}

async fn refresh(session: Session, body: JsonBody) -> Answer {
    let owner = owner(&session)?;
    let ids = Named::read(body)?;
    let expires = session.state.webhooks().refresh(&owner, &ids, session.now_ms());
    Ok(ok(Charge::WRITE, |json| json.object(|json| expiration(&session, json, expires))))
}

async fn delete(session: Session, body: JsonBody) -> Answer {
    let owner = owner(&session)?;
    let ids = Named::read(body)?;
    session.state.webhooks().delete(&owner, &ids);
    Ok(json_answer(StatusCode::ACCEPTED, String::new(), Charge::WRITE))
}

/// Failed deliveries are kept for Connect apps, and no OAuth app is one.
async fn failed(session: Session) -> Answer {
    session.signed_in()?;
    Err(Refusal::forbidden("Only Connect apps can use this operation."))
}

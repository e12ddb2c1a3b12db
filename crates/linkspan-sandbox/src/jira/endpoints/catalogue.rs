//! Types, statuses, priorities, resolutions, fields, labels.

use axum::{Router, extract::Path, routing::get};

use super::issues::visible_project;
use crate::{
    gateway::{AppState, Charge},
    jira::{
        json::Json,
        refusal::{Answer, Refusal},
        session::{Session, ok},
        view::{SYSTEM_FIELDS, SystemField, View, custom_key},
    },
    world::{
        FieldId, ProjectId, SiteState,
        jira::{Field, IssueType, Priority, Resolution, Status, StatusCategory},
    },
};

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/issuetype", get(issue_types))
        .route("/issuetype/project", get(issue_types_of_project))
        .route("/issuetype/{id}", get(issue_type))
        .route("/status", get(statuses))
        .route("/status/{status}", get(status))
        .route("/statuses", get(statuses_by_id))
        .route("/statuses/search", get(statuses_search))
        .route("/statuscategory", get(status_categories))
        .route("/statuscategory/{category}", get(status_category))
        .route("/priority", get(priorities))
        .route("/priority/search", get(priority_search))
        .route("/priority/{id}", get(priority))
        .route("/resolution", get(resolutions))
        .route("/resolution/search", get(resolution_search))
        .route("/resolution/{id}", get(resolution))
        .route("/field", get(fields))
        .route("/field/search", get(field_search))
        .route("/customFieldOption/{id}", get(option))
        .route("/label", get(labels))
}

/// Whether something that belongs to one project is shown: the caller must see the project.
pub(super) fn shows(view: &View<'_>, scope: Option<ProjectId>) -> bool {
    scope.is_none_or(|project| view.site.can_browse_project_id(&view.reader, project))
}

async fn issue_types(session: Session) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    Ok(ok(Charge::BASE, |json| {
        json.array(|json| {
            let all = site.jira().issue_types.iter().filter(|kind| shows(&view, kind.scope));
            all.for_each(|kind| view.issue_type(json, kind));
        });
    }))
}

async fn issue_types_of_project(session: Session) -> Answer {
    let id = session.query.text("projectId");
    let id =
        id.ok_or_else(|| Refusal::bad_request("The 'projectId' query parameter needs to be provided"))?;
    let level = session.query.number("level")?;
    let site = session.site().read();
    let view = session.view(&site);
    let project = visible_project(&view, id)?;
    let kinds = project.issue_types.iter().filter_map(|id| site.jira().issue_type(*id));
    let kinds: Vec<&IssueType> =
        kinds.filter(|kind| level.is_none_or(|level| i64::from(kind.hierarchy_level) == level)).collect();
    Ok(ok(Charge::BASE, |json| {
        json.array(|json| kinds.iter().for_each(|kind| view.issue_type(json, kind)));
    }))
}

async fn issue_type(Path(id): Path<String>, session: Session) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    let found = site.jira().issue_types.iter().find(|kind| kind.id.to_string() == id);
    let kind = found.filter(|kind| shows(&view, kind.scope));
    let kind =
        kind.ok_or_else(|| Refusal::not_found(format!("The issue type with id '{id}' does not exist.")))?;
    Ok(ok(Charge::BASE, |json| view.issue_type(json, kind)))
}

async fn statuses(session: Session) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    Ok(ok(Charge::BASE, |json| {
        json.array(|json| {
            let all = site.jira().statuses.iter().filter(|status| shows(&view, status.scope));
            all.for_each(|status| view.status(json, status));
        });
    }))
}

async fn status(Path(id_or_name): Path<String>, session: Session) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    let all = || site.jira().statuses.iter().filter(|status| shows(&view, status.scope));
    let by_id = all().find(|status| status.id.to_string() == id_or_name);
    let found = by_id.or_else(|| all().find(|status| status.name.eq_ignore_ascii_case(&id_or_name)));
    let status =
        found.ok_or_else(|| Refusal::not_found(format!("The status '{id_or_name}' was not found.")))?;
    Ok(ok(Charge::BASE, |json| view.status(json, status)))
}

/// The word of the administration API for a category; the user API has others.
fn category_word(category: StatusCategory) -> &'static str {
    match category {
        StatusCategory::ToDo => "TODO",
        StatusCategory::InProgress => "IN_PROGRESS",
        StatusCategory::Done => "DONE",
    }
}

fn admin_status(json: &mut Json, status: &Status) {
    json.object(|json| admin_status_members(json, status));
}

/// A status as the administration API shows it.
pub(super) fn admin_status_members(json: &mut Json, status: &Status) {
    json.key("id").plain(status.id);
    json.key("name").string(&status.name);
    json.key("description").string(&status.description);
    json.key("statusCategory").string(category_word(status.category));
    json.key("scope").object(|json| match status.scope {
        Some(project) => {
            json.key("type").string("PROJECT");
            json.key("project").object(|json| json.key("id").plain(project));
        }
        None => json.key("type").string("GLOBAL"),
    });
}

/// The administration API of statuses is open to administrators of Jira or of some project.
fn require_some_admin(session: &Session, site: &SiteState) -> Result<(), Refusal> {
    let view = session.view(site);
    session.signed_in()?;
    let some = site.jira().projects.iter().any(|project| site.can_administer_project(&view.reader, project));
    if some { Ok(()) } else { Err(Refusal::not_admin()) }
}

async fn statuses_by_id(session: Session) -> Answer {
    let site = session.site().read();
    require_some_admin(&session, &site)?;
    let ids = session.query.list("id");
    let found = site.jira().statuses.iter().filter(|status| ids.contains(&status.id.to_string().as_str()));
    Ok(ok(Charge::BASE, |json| json.array(|json| found.for_each(|status| admin_status(json, status)))))
}

async fn statuses_search(session: Session) -> Answer {
    let page = session.query.page(200, 200)?;
    let site = session.site().read();
    require_some_admin(&session, &site)?;
    let project = session.query.number("projectId")?.and_then(|id| u64::try_from(id).ok()).map(ProjectId);
    let text = session.query.text("searchString").map(str::to_lowercase);
    let category = session.query.text("statusCategory");
    let found: Vec<&Status> = site
        .jira()
        .statuses
        .iter()
        .filter(|status| {
            project.is_none_or(|project| status.scope == Some(project))
                && text.as_ref().is_none_or(|text| status.name.to_lowercase().contains(text))
                && category.is_none_or(|category| category_word(status.category) == category)
        })
        .collect();
    Ok(ok(Charge::BASE, |json| page.write(json, &session, &found, |json, status| admin_status(json, status))))
}

const CATEGORIES: [StatusCategory; 3] =
    [StatusCategory::ToDo, StatusCategory::InProgress, StatusCategory::Done];

async fn status_categories(session: Session) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    Ok(ok(Charge::BASE, |json| {
        json.array(|json| CATEGORIES.into_iter().for_each(|category| view.status_category(json, category)));
    }))
}

async fn status_category(Path(id_or_key): Path<String>, session: Session) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    let found = CATEGORIES.into_iter().find(|it| it.key() == id_or_key || it.id().to_string() == id_or_key);
    let category = found
        .ok_or_else(|| Refusal::not_found(format!("The status category '{id_or_key}' was not found.")))?;
    Ok(ok(Charge::BASE, |json| view.status_category(json, category)))
}

async fn priorities(session: Session) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    Ok(ok(Charge::BASE, |json| {
        json.array(|json| site.jira().priorities.iter().for_each(|it| view.priority_whole(json, it)));
    }))
}

async fn priority_search(session: Session) -> Answer {
    let page = session.query.page(50, 1_000)?;
    let site = session.site().read();
    let view = session.view(&site);
    session.signed_in()?;
    let ids = session.query.list("id");
    let only_default = session.query.flag("onlyDefault", false);
    let name = session.query.text("priorityName").map(str::to_lowercase);
    let wanted = |priority: &&Priority| {
        (ids.is_empty() || ids.contains(&priority.id.to_string().as_str()))
            && (!only_default || priority.is_default)
            && name.as_ref().is_none_or(|name| priority.name.to_lowercase().contains(name))
    };
    let found: Vec<&Priority> = site.jira().priorities.iter().filter(wanted).collect();
    Ok(ok(Charge::BASE, |json| page.write(json, &session, &found, |json, it| view.priority_whole(json, it))))
}

async fn priority(Path(id): Path<String>, session: Session) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    let found = site.jira().priorities.iter().find(|priority| priority.id.to_string() == id);
    let found =
        found.ok_or_else(|| Refusal::not_found(format!("The priority with id '{id}' does not exist.")))?;
    Ok(ok(Charge::BASE, |json| view.priority_whole(json, found)))
}

async fn resolutions(session: Session) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    Ok(ok(Charge::BASE, |json| {
        json.array(|json| site.jira().resolutions.iter().for_each(|it| view.resolution(json, it)));
    }))
}

async fn resolution_search(session: Session) -> Answer {
    let page = session.query.page(50, 1_000)?;
    let site = session.site().read();
    session.signed_in()?;
    let ids = session.query.list("id");
    let wanted =
        |resolution: &&Resolution| ids.is_empty() || ids.contains(&resolution.id.to_string().as_str());
    // No resolution is the default one.
    let none = session.query.flag("onlyDefault", false);
    let found: Vec<&Resolution> = site.jira().resolutions.iter().filter(|it| !none && wanted(it)).collect();
    let view = session.view(&site);
    Ok(ok(Charge::BASE, |json| {
        page.write(json, &session, &found, |json, resolution| {
            json.object(|json| {
                json.key("self").string(&view.link(format_args!("resolution/{}", resolution.id)));
                json.key("id").plain(resolution.id);
                json.key("name").string(&resolution.name);
                json.key("description").string(&resolution.description);
                json.key("default").boolean(false);
            });
        });
    }))
}

async fn resolution(Path(id): Path<String>, session: Session) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    let found = site.jira().resolutions.iter().find(|resolution| resolution.id.to_string() == id);
    let found =
        found.ok_or_else(|| Refusal::not_found(format!("The resolution with id '{id}' does not exist.")))?;
    Ok(ok(Charge::BASE, |json| view.resolution(json, found)))
}

async fn fields(session: Session) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    Ok(ok(Charge::BASE, |json| {
        json.array(|json| {
            for field in SYSTEM_FIELDS {
                View::system_field(json, field);
            }
            let all = site.jira().fields.iter().filter(|field| shows(&view, field.scope));
            all.for_each(|field| View::custom_field(json, field));
        });
    }))
}

/// A system or a custom field in the paged listing.
#[derive(Clone, Copy)]
pub(super) enum Listed<'s> {
    System(&'static SystemField),
    Custom(&'s Field),
}

impl Listed<'_> {
    fn id(&self) -> String {
        match self {
            Self::System(field) => field.id.to_owned(),
            Self::Custom(field) => field.id.to_string(),
        }
    }

    fn name(&self) -> &str {
        match self {
            Self::System(field) => field.name,
            Self::Custom(field) => &field.name,
        }
    }

    pub(super) fn write(self, json: &mut Json) {
        json.object(|json| {
            json.key("id").string(&self.id());
            json.key("name").string(self.name());
            json.key("key").string(&self.id());
            match self {
                Self::System(field) => {
                    json.key("schema");
                    View::system_schema(json, field);
                    json.key("description").string("");
                }
                Self::Custom(field) => {
                    json.key("schema");
                    View::custom_schema(json, field);
                    json.key("description").string(&field.description);
                    json.key("isLocked")
                        .boolean(custom_key(field.kind).starts_with("com.atlassian.servicedesk"));
                    json.key("searcherKey").string(&format!("{}searcher", custom_key(field.kind)));
                }
            }
        });
    }
}

async fn field_search(session: Session) -> Answer {
    let page = session.query.page(50, 1_000)?;
    let site = session.site().read();
    session.signed_in()?;
    let (types, ids) = (session.query.list("type"), session.query.list("id"));
    let text = session.query.text("query").map(str::to_lowercase);
    let system = SYSTEM_FIELDS.iter().filter(|field| !field.kind.is_empty()).map(Listed::System);
    // Fields of team-managed projects are not listed here.
    let custom = site.jira().fields.iter().filter(|field| field.scope.is_none()).map(Listed::Custom);
    let mut found: Vec<Listed<'_>> = system
        .chain(custom)
        .filter(|field| {
            let kind = if matches!(field, Listed::System(_)) { "system" } else { "custom" };
            (types.is_empty() || types.contains(&kind))
                && (ids.is_empty() || ids.contains(&field.id().as_str()))
                && text.as_ref().is_none_or(|text| field.name().to_lowercase().contains(text))
        })
        .collect();
    found.sort_by_key(|field| field.name().to_lowercase());
    if session.query.text("orderBy") == Some("-name") {
        found.reverse();
    }
    Ok(ok(Charge::BASE, |json| page.write(json, &session, &found, |json, field| field.write(json))))
}

async fn option(Path(id): Path<String>, session: Session) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    let number = id.parse().ok().map(crate::world::OptionId);
    let fields: Vec<FieldId> =
        site.jira().fields.iter().filter(|it| shows(&view, it.scope)).map(|it| it.id).collect();
    let found = number.and_then(|option| fields.iter().find_map(|field| site.jira().option(*field, option)));
    let option = found.ok_or_else(|| {
        Refusal::not_found(format!("The custom field option with id '{id}' does not exist."))
    })?;
    Ok(ok(Charge::BASE, |json| {
        json.object(|json| {
            json.key("self").string(&view.link(format_args!("customFieldOption/{}", option.id)));
            json.key("value").string(&option.value);
        });
    }))
}

async fn labels(session: Session) -> Answer {
    let page = session.query.page(1_000, 1_000)?;
    let site = session.site().read();
    let mut labels: Vec<&str> = site.jira().labels.iter().map(|label| &**label).collect();
    labels.sort_unstable();
    Ok(ok(Charge::BASE, |json| page.write(json, &session, &labels, |json, label| json.string(label))))
}

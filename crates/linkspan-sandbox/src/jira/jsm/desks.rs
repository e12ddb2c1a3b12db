//! Service desks, request types, organizations and customers.

use axum::extract::Path;
use http::HeaderMap;

use super::{Answer, JsmRefusal, Slice, base_price, portal::write_form};
use crate::{
    gateway::Charge,
    jira::{
        json::Json,
        session::{Session, ok},
        view::View,
    },
    world::{
        RequestTypeId, ServiceDeskId,
        jira::{PortalAccess, Project, ProjectState, RequestType, ServiceDesk},
    },
};

/// Whether the caller sees a desk: in the Jira view, or as somebody with access to its portal.
fn sees(view: &View<'_>, project: &Project, desk: &ServiceDesk) -> bool {
    let Some(account) = view.reader.account() else { return false };
    let in_portal = desk.access == PortalAccess::Open
        || desk.customers.contains(&account)
        || desk.organizations.iter().any(|it| view.reader.organizations.contains(it));
    project.state == ProjectState::Live && (in_portal || view.site.can_browse_project(&view.reader, project))
}

pub(super) fn visible<'s>(view: &View<'s>) -> Vec<(&'s Project, &'s ServiceDesk)> {
    let all = view.site.jira().projects.iter();
    let desks = all.filter_map(|project| Some((project, project.service_desk.as_ref()?)));
    desks.filter(|(project, desk)| sees(view, project, desk)).collect()
}

/// The desk of a path: its id, or the id or key of its project.
pub(super) fn named<'s>(view: &View<'s>, name: &str) -> Result<(&'s Project, &'s ServiceDesk), JsmRefusal> {
    let id = ServiceDeskId::parse(name);
    let by_id = visible(view).into_iter().find(|(_, desk)| Some(desk.id) == id);
    let project = || view.site.find_project(name).map(|project| project.id);
    let found = by_id.or_else(|| {
        let project = project()?;
        visible(view).into_iter().find(|(it, _)| it.id == project)
    });
    found.ok_or_else(JsmRefusal::no_desk)
}

pub(super) fn desk_object(json: &mut Json, view: &View<'_>, project: &Project, desk: &ServiceDesk) {
    json.object(|json| {
        json.key("id").plain(desk.id);
        json.key("projectId").plain(project.id);
        json.key("projectName").string(&project.name);
        json.key("projectKey").string(&project.key);
        json.key("_links").object(|json| {
            json.key("self").plain(format_args!("{}/rest/servicedeskapi/servicedesk/{}", view.url, desk.id));
        });
    });
}

pub(super) async fn all(session: Session) -> Answer {
    let slice = Slice::of(&session)?;
    let site = session.site().read();
    let view = session.view(&site);
    let desks = visible(&view);
    Ok(slice.answer(&session, &desks, Charge::core, |json, (project, desk)| {
        desk_object(json, &view, project, desk);
    }))
}

pub(super) async fn one(Path(name): Path<String>, session: Session) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    let (project, desk) = named(&view, &name)?;
    Ok(ok(Charge::core(1), |json| desk_object(json, &view, project, desk)))
}

/// A request type.
pub(super) fn request_type_object(
    json: &mut Json,
    view: &View<'_>,
    desk: ServiceDeskId,
    kind: &RequestType,
    with_form: bool,
) {
    json.object(|json| {
        json.key("_expands").array(|json| json.string("field"));
        json.key("id").plain(kind.id);
        json.key("_links").object(|json| {
            json.key("self").plain(format_args!(
                "{}/rest/servicedeskapi/servicedesk/{desk}/requesttype/{}",
                view.url, kind.id
            ));
        });
        json.key("name").string(&kind.name);
        json.key("description").string(&kind.description);
        json.key("helpText").string("");
        json.key("issueTypeId").plain(kind.issue_type);
        json.key("serviceDeskId").plain(desk);
        json.key("portalId").plain(desk);
        json.key("groupIds").array(|json| kind.group_ids.iter().for_each(|id| json.plain(id)));
        json.key("canCreateRequest").boolean(true);
        json.key("restrictionStatus").string("OPEN");
        json.key("practice").string("service-request");
        json.key("icon").object(|json| {
            json.key("id").string("10505");
            json.key("_links").object(|json| json.key("iconUrls").object(|_| {}));
        });
        if with_form {
            json.key("fields");
            write_form(json, view, kind);
        }
    });
}

pub(super) async fn request_types(Path(name): Path<String>, session: Session) -> Answer {
    let slice = Slice::of(&session)?;
    let site = session.site().read();
    let view = session.view(&site);
    let (_, desk) = named(&view, &name)?;
    let group = session.query.number("groupId").ok().flatten().and_then(|id| u64::try_from(id).ok());
    let text = session.query.text("searchQuery").map(str::to_lowercase);
    let expand = session.query.list("expand");
    let nothing = session.query.text("restrictionStatus").is_some_and(|it| !it.eq_ignore_ascii_case("open"));
    let wanted = |kind: &&RequestType| {
        !nothing
            && group.is_none_or(|group| kind.group_ids.contains(&group))
            && text.as_ref().is_none_or(|text| kind.name.to_lowercase().contains(text))
    };
    let kinds: Vec<&RequestType> = desk.request_types.iter().filter(wanted).collect();
    Ok(slice.answer(&session, &kinds, base_price, |json, kind| {
        request_type_object(json, &view, desk.id, kind, expand.contains(&"field"));
    }))
}

/// A request type of a desk by its id.
pub(super) fn named_type<'s>(desk: &'s ServiceDesk, id: &str) -> Result<&'s RequestType, JsmRefusal> {
    let id = RequestTypeId::parse(id);
    let found = desk.request_types.iter().find(|it| Some(it.id) == id);
    found.ok_or_else(|| {
        JsmRefusal::new(
            http::StatusCode::NOT_FOUND,
            "sd.error.requesttype.not.found",
            "The request type does not exist.",
        )
    })
}

pub(super) async fn request_type(Path((name, kind)): Path<(String, String)>, session: Session) -> Answer {
    let expand = session.query.list("expand");
    let site = session.site().read();
    let view = session.view(&site);
    let (_, desk) = named(&view, &name)?;
    let kind = named_type(desk, &kind)?;
    Ok(ok(Charge::BASE, |json| request_type_object(json, &view, desk.id, kind, expand.contains(&"field"))))
}

pub(super) async fn all_request_types(session: Session, headers: HeaderMap) -> Answer {
    require_opt_in(&headers)?;
    let slice = Slice::of(&session)?;
    let site = session.site().read();
    let view = session.view(&site);
    let wanted = session.query.list("serviceDeskId");
    let expand = session.query.list("expand");
    let text = session.query.text("searchQuery").map(str::to_lowercase);
    let desks = visible(&view);
    let desks =
        desks.iter().filter(|(_, desk)| wanted.is_empty() || wanted.contains(&desk.id.to_string().as_str()));
    let kinds: Vec<(ServiceDeskId, &RequestType)> = desks
        .flat_map(|(_, desk)| desk.request_types.iter().map(|kind| (desk.id, kind)))
        .filter(|(_, kind)| text.as_ref().is_none_or(|text| kind.name.to_lowercase().contains(text)))
        .collect();
    Ok(slice.answer(&session, &kinds, base_price, |json, (desk, kind)| {
        request_type_object(json, &view, *desk, kind, expand.contains(&"field"));
    }))
}

/// Experimental operations answer only to those who opted in.
pub(super) fn require_opt_in(headers: &HeaderMap) -> Result<(), JsmRefusal> {
    let opted = headers.get("X-ExperimentalApi").is_some_and(|value| {
        value
            .to_str()
            .is_ok_and(|text| text.eq_ignore_ascii_case("opt-in") || text.eq_ignore_ascii_case("true"))
    });
    if opted { Ok(()) } else { Err(JsmRefusal::experimental()) }
}

//! Service desks, request types, organizations and customers.

use axum::extract::Path;
use http::HeaderMap;

use super::{Answer, JsmRefusal, Slice, require_agent, user};
use crate::{
    gateway::Charge,
    jira::{
        json::Json,
        session::{Session, ok},
        view::View,
    },
    world::{
        AccountIndex, AccountStatus, AccountType, OrganizationId, RequestTypeId, ServiceDeskId,
        jira::{Organization, PortalAccess, Project, ProjectState, RequestType, ServiceDesk},
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
fn named<'s>(view: &View<'s>, name: &str) -> Result<(&'s Project, &'s ServiceDesk), JsmRefusal> {
    let id = ServiceDeskId::parse(name);
    let by_id = visible(view).into_iter().find(|(_, desk)| Some(desk.id) == id);
    let project = || view.site.find_project(name).map(|project| project.id);
    let found = by_id.or_else(|| {
        let project = project()?;
        visible(view).into_iter().find(|(it, _)| it.id == project)
    });
    found.ok_or_else(JsmRefusal::no_desk)
}

fn desk_object(json: &mut Json, view: &View<'_>, project: &Project, desk: &ServiceDesk) {
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
    Ok(slice.answer(&session, &desks, |json, (project, desk)| desk_object(json, &view, project, desk)))
}

pub(super) async fn one(Path(name): Path<String>, session: Session) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    let (project, desk) = named(&view, &name)?;
    Ok(ok(Charge::BASE, |json| desk_object(json, &view, project, desk)))
}

/// A request type.
pub(super) fn request_type_object(json: &mut Json, view: &View<'_>, desk: ServiceDeskId, kind: &RequestType) {
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
    });
}

pub(super) async fn request_types(Path(name): Path<String>, session: Session) -> Answer {
    let slice = Slice::of(&session)?;
    let site = session.site().read();
    let view = session.view(&site);
    let (_, desk) = named(&view, &name)?;
    let group = session.query.number("groupId").ok().flatten().and_then(|id| u64::try_from(id).ok());
    let text = session.query.text("searchQuery").map(str::to_lowercase);
    let wanted = |kind: &&RequestType| {
        group.is_none_or(|group| kind.group_ids.contains(&group))
            && text.as_ref().is_none_or(|text| kind.name.to_lowercase().contains(text))
    };
    let kinds: Vec<&RequestType> = desk.request_types.iter().filter(wanted).collect();
    Ok(slice.answer(&session, &kinds, |json, kind| request_type_object(json, &view, desk.id, kind)))
}

pub(super) async fn request_type(Path((name, kind)): Path<(String, String)>, session: Session) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    let (_, desk) = named(&view, &name)?;
    let id = RequestTypeId::parse(&kind);
    let kind = desk.request_types.iter().find(|it| Some(it.id) == id);
    let kind = kind.ok_or_else(|| {
        JsmRefusal::new(
            http::StatusCode::NOT_FOUND,
            "sd.error.requesttype.not.found",
            "The request type does not exist.",
        )
    })?;
    Ok(ok(Charge::BASE, |json| request_type_object(json, &view, desk.id, kind)))
}

pub(super) async fn all_request_types(session: Session, headers: HeaderMap) -> Answer {
    require_opt_in(&headers)?;
    let slice = Slice::of(&session)?;
    let site = session.site().read();
    let view = session.view(&site);
    let wanted = session.query.list("serviceDeskId");
    let desks = visible(&view);
    let desks =
        desks.iter().filter(|(_, desk)| wanted.is_empty() || wanted.contains(&desk.id.to_string().as_str()));
    let kinds: Vec<(ServiceDeskId, &RequestType)> =
        desks.flat_map(|(_, desk)| desk.request_types.iter().map(|kind| (desk.id, kind))).collect();
    Ok(slice.answer(&session, &kinds, |json, (desk, kind)| request_type_object(json, &view, *desk, kind)))
}

/// Experimental operations answer only to those who opted in.
fn require_opt_in(headers: &HeaderMap) -> Result<(), JsmRefusal> {
    let opted = headers.get("X-ExperimentalApi").is_some_and(|value| {
        value
            .to_str()
            .is_ok_and(|text| text.eq_ignore_ascii_case("opt-in") || text.eq_ignore_ascii_case("true"))
    });
    if opted { Ok(()) } else { Err(JsmRefusal::experimental()) }
}

/// People who were added to a desk, directly or by an organization; those who may come because the portal is open are not
/// listed.
pub(super) async fn customers(Path(name): Path<String>, session: Session, headers: HeaderMap) -> Answer {
    require_opt_in(&headers)?;
    let slice = Slice::of(&session)?;
    let site = session.site().read();
    let view = session.view(&site);
    require_agent(&view)?;
    let (_, desk) = named(&view, &name)?;
    let members =
        desk.organizations.iter().filter_map(|id| site.jira().organization(*id)).flat_map(|it| &it.members);
    let mut people: Vec<AccountIndex> = desk.customers.iter().chain(members).copied().collect();
    people.sort_unstable();
    people.dedup();
    let text = session.query.text("query").map(str::to_lowercase);
    people.retain(|index| {
        let account = site.account(*index);
        let named = |text: &String| {
            account.display_name().to_lowercase().contains(text)
                || (account.status() != AccountStatus::Closed && account.email.to_lowercase().contains(text))
        };
        account.account_type != AccountType::App && text.as_ref().is_none_or(named)
    });
    Ok(slice.answer(&session, &people, |json, account| user(json, &view, *account)))
}

fn organization_object(json: &mut Json, view: &View<'_>, organization: &Organization) {
    json.object(|json| {
        json.key("id").plain(organization.id);
        json.key("uuid").string(&organization.uuid);
        json.key("name").string(&organization.name);
        json.key("scimManaged").boolean(false);
        json.key("created");
        view.jsm_date(json, organization.created);
        json.key("_links").object(|json| {
            json.key("self")
                .plain(format_args!("{}/rest/servicedeskapi/organization/{}", view.url, organization.id));
        });
    });
}

pub(super) async fn organizations(session: Session) -> Answer {
    let slice = Slice::of(&session)?;
    let site = session.site().read();
    let view = session.view(&site);
    require_agent(&view)?;
    let member =
        session.query.text("accountId").and_then(|id| site.account_by_id(id)).map(|account| account.index);
    let wanted = |it: &&Organization| member.is_none_or(|member| it.members.contains(&member));
    let found: Vec<&Organization> = site.jira().organizations.iter().filter(wanted).collect();
    Ok(slice.answer(&session, &found, |json, it| organization_object(json, &view, it)))
}

pub(super) async fn organizations_of_desk(Path(name): Path<String>, session: Session) -> Answer {
    let slice = Slice::of(&session)?;
    let site = session.site().read();
    let view = session.view(&site);
    require_agent(&view)?;
    let (_, desk) = named(&view, &name)?;
    let found: Vec<&Organization> =
        desk.organizations.iter().filter_map(|id| site.jira().organization(*id)).collect();
    Ok(slice.answer(&session, &found, |json, it| organization_object(json, &view, it)))
}

fn named_organization<'s>(view: &View<'s>, name: &str) -> Result<&'s Organization, JsmRefusal> {
    require_agent(view)?;
    let found = OrganizationId::parse(name).and_then(|id| view.site.jira().organization(id));
    found.ok_or_else(|| {
        JsmRefusal::new(
            http::StatusCode::NOT_FOUND,
            "sd.error.organisation.not.found",
            "The organization does not exist.",
        )
    })
}

pub(super) async fn organization(Path(name): Path<String>, session: Session) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    let found = named_organization(&view, &name)?;
    Ok(ok(Charge::BASE, |json| organization_object(json, &view, found)))
}

pub(super) async fn organization_users(Path(name): Path<String>, session: Session) -> Answer {
    let slice = Slice::of(&session)?;
    let site = session.site().read();
    let view = session.view(&site);
    let found = named_organization(&view, &name)?;
    Ok(slice.answer(&session, &found.members, |json, account| user(json, &view, *account)))
}

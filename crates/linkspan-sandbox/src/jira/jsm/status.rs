//! Where a request stands: its statuses, what it may become, and its clocks.

use axum::extract::Path;

use super::{Answer, JsmRefusal, Slice, base_price, is_agent, requests::visible};
use crate::{
    gateway::Charge,
    jira::{
        json::Json,
        session::{Session, ok},
        view::View,
    },
    world::{
        Millis, StatusId,
        jira::{Issue, SlaMetric, Status, StatusCategory},
    },
};

/// Statuses that customers may choose for their open requests.
const FOR_CUSTOMERS: [&str; 1] = ["Resolved"];

/// The statuses an issue had, the present one first, each with the time it came.
pub(super) fn history(view: &View<'_>, issue: &Issue) -> Vec<(StatusId, Millis)> {
    let mut steps: Vec<(Millis, Option<StatusId>, Option<StatusId>)> = Vec::new();
    let parsed = |text: &Option<std::sync::Arc<str>>| text.as_deref().and_then(StatusId::parse);
    for history in &issue.changelog {
        let items = history.items.iter().filter(|item| &*item.field_id == "status");
        steps.extend(items.map(|item| (history.created, parsed(&item.from), parsed(&item.to))));
    }
    steps.sort_by_key(|(at, ..)| *at);
    let first = steps.first().and_then(|(_, from, _)| *from).unwrap_or(issue.status);
    let mut statuses = vec![(first, issue.created)];
    statuses.extend(steps.iter().filter_map(|(at, _, to)| Some(((*to)?, *at))));
    if statuses.last().is_none_or(|(last, _)| *last != issue.status) {
        statuses.push((issue.status, issue.status_category_changed));
    }
    statuses.retain(|(id, _)| view.site.jira().status(*id).is_some());
    statuses.reverse();
    statuses
}

/// A status with the time it came.
pub(super) fn status(json: &mut Json, view: &View<'_>, (id, at): (StatusId, Millis)) {
    let status = view.site.jira().status(id);
    json.object(|json| {
        json.key("status").string(status.map_or("", |status| status.name.as_str()));
        json.key("statusCategory").string(match status.map(|status| status.category) {
            None => "UNDEFINED",
            Some(StatusCategory::ToDo) => "NEW",
            Some(StatusCategory::InProgress) => "INDETERMINATE",
            Some(StatusCategory::Done) => "DONE",
        });
        json.key("statusDate");
        view.jsm_date(json, at);
    });
}

pub(super) async fn all(Path(name): Path<String>, session: Session) -> Answer {
    let slice = Slice::of(&session)?;
    let site = session.site().read();
    let view = session.view(&site);
    let issue = visible(&view, &name)?;
    Ok(slice.answer(&session, &history(&view, &issue), base_price, |json, step| status(json, &view, *step)))
}

/// The statuses the caller may bring a request to. A transition has the id of the status it leads to, as in Jira.
pub(super) fn open_to<'s>(view: &View<'s>, issue: &Issue) -> Vec<&'s Status> {
    let project = view.site.project(issue.project);
    let agent = project.is_some_and(|project| {
        view.site.has_permission(&view.reader, "TRANSITION_ISSUES", project, Some(&issue.head()))
            && view.site.can_see_issue(&view.reader, &issue.head())
    });
    let statuses = project.map_or(&[] as &[_], |project| &project.statuses);
    let offered = |status: &&Status| {
        status.id != issue.status
            && (agent || (issue.resolution.is_none() && FOR_CUSTOMERS.contains(&status.name.as_str())))
    };
    statuses.iter().filter_map(|id| view.site.jira().status(*id)).filter(offered).collect()
}

pub(super) async fn transitions(Path(name): Path<String>, session: Session) -> Answer {
    let slice = Slice::of(&session)?;
    let site = session.site().read();
    let view = session.view(&site);
    let issue = visible(&view, &name)?;
    Ok(slice.answer(&session, &open_to(&view, &issue), base_price, |json, status| {
        json.object(|json| {
            json.key("id").plain(status.id);
            json.key("name").string(&status.name);
        });
    }))
}

/// The clocks are for agents.
pub(super) async fn clocks(Path(name): Path<String>, session: Session) -> Answer {
    let slice = Slice::of(&session)?;
    let site = session.site().read();
    let view = session.view(&site);
    let issue = visible(&view, &name)?;
    if !is_agent(&view) {
        return Err(JsmRefusal::not_an_agent());
    }
    Ok(slice.answer(&session, &SlaMetric::ALL, base_price, |json, metric| view.sla(json, &issue, *metric)))
}

pub(super) async fn clock(Path((name, metric)): Path<(String, String)>, session: Session) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    let issue = visible(&view, &name)?;
    if !is_agent(&view) {
        return Err(JsmRefusal::not_an_agent());
    }
    let metric = SlaMetric::ALL.into_iter().find(|it| it.field().0.to_string() == metric);
    let metric = metric.ok_or_else(|| {
        JsmRefusal::new(http::StatusCode::NOT_FOUND, "sd.error.sla.not.found", "The SLA does not exist.")
    })?;
    Ok(ok(Charge::BASE, |json| view.sla(json, &issue, metric)))
}

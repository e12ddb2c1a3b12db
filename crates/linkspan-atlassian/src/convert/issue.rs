//! Issues, with what upstream embeds in them.

use std::collections::HashMap;

use jiff::Timestamp;
use linkspan_model::access::Gate;
use linkspan_model::ids::RecordId;
use linkspan_model::models::Ticket;
use linkspan_model::record::{Access, Body, Model, NewRecord};
use linkspan_model::rich::RichText;
use serde_json::value::RawValue;

use super::access::{IssueFacts, Level};
use super::children::{Parent, attachments, changelog, comments, worklogs};
use super::issue_fields::{id_in, priority, remote_fields, status, strings};
use super::sink::{Sink, items, one};
use super::text::jira_text;
use super::{Converted, JiraContext, PageProblem, ParentIssue, Waiting};
use crate::wire::jira::{Issue, IssueFields, Keyed};
use crate::wire::{Member, Moment, Shape as _, read, read_object};

const PATH: &str = "/rest/api/3/issue/";

/// Converts an answer of `search/jql` or `issue/bulkfetch`.
pub fn issue_page(json: &str, ctx: &JiraContext) -> Result<Converted, PageProblem> {
    let issues = items(json, "issues")?;
    Ok(convert(&issues, ctx))
}

/// Converts an answer of `issue/{id}`.
pub fn issue(json: &str, ctx: &JiraContext) -> Result<Converted, PageProblem> {
    Ok(convert(&[one(json)?], ctx))
}

/// Works out anew who may see an issue whose raw row is `json`: after permissions changed, or the parent of a sub-task
/// became known.
pub fn access_of_issue(json: &str, ctx: &JiraContext) -> Result<Access, PageProblem> {
    let issue: Issue<'_> = serde_json::from_str(json)?;
    let Some(fields) = issue.fields.as_ref() else { return Ok(Access::Unknown) };
    Ok(Guard::new(fields, ctx, &HashMap::new()).access)
}

/// What children of an issue whose raw row is `json` need to know of it; `None` where it tells no project or id.
pub fn parent_of_issue(json: &str, ctx: &JiraContext) -> Result<Option<ParentIssue>, PageProblem> {
    let issue: Issue<'_> = serde_json::from_str(json)?;
    let (Some(id), Some(fields)) = (issue.id.id(), issue.fields.as_ref()) else { return Ok(None) };
    let Some(project) = fields.project.get().and_then(|project| project.id.id()) else { return Ok(None) };
    let access = Guard::new(fields, ctx, &HashMap::new()).access;
    Ok(Some(ParentIssue { issue_id: id.to_owned(), project_id: project.to_owned(), access }))
}

/// The security level of an issue whose raw row is `json`, by its id; nothing where it is inherited.
pub fn levels_of(json: &str) -> Result<Vec<(String, Option<String>)>, PageProblem> {
    let raw = one(json)?;
    let read = [(raw, read_object::<Issue<'_>>(raw))];
    Ok(levels_in(&read).into_iter().map(|(id, level)| (id.to_owned(), level)).collect())
}

fn convert(issues: &[&RawValue], ctx: &JiraContext) -> Converted {
    let read: Vec<_> = issues.iter().map(|raw| (*raw, read_object::<Issue<'_>>(raw))).collect();
    let levels = levels_in(&read);
    let mut sink = Sink::new(ctx.source);
    sink.out.levels = levels_to_remember(&read, &levels, ctx);
    for (raw, issue) in &read {
        let id = match issue {
            Ok(issue) => put_issue(raw, issue, ctx, &levels, &mut sink),
            Err(problem) => {
                let keyed = read_object::<Keyed<'_>>(raw).unwrap_or_default();
                sink.refuse("jira.issue", keyed.id.id(), PATH, raw, problem.clone())
            }
        };
        sink.out.ids.push(id);
    }
    sink.out
}

/// The levels of the page's issues that have none above them to inherit from.
fn levels_in<'a>(issues: &'a [(&'a RawValue, Result<Issue<'a>, String>)]) -> Levels<'a> {
    let known = issues.iter().filter_map(|(_, issue)| {
        let issue = issue.as_ref().ok()?;
        let fields = issue.fields.as_ref()?;
        match id_in(fields.other("security")) {
            Member::Value(level) => Some((issue.id.id()?, Some(level.as_str().to_owned()))),
            Member::Absent if !is_subtask(fields) => Some((issue.id.id()?, None)),
            Member::Absent | Member::Odd => None,
        }
    });
    known.collect()
}

/// The levels that sub-tasks on other pages may inherit: those of issues in projects that have levels at all.
fn levels_to_remember(
    issues: &[(&RawValue, Result<Issue<'_>, String>)],
    levels: &Levels<'_>,
    ctx: &JiraContext,
) -> Vec<(String, Option<String>)> {
    let known = issues.iter().filter_map(|(_, issue)| {
        let issue = issue.as_ref().ok()?;
        let project = issue.fields.as_ref()?.project.get()?.id.id()?;
        let id = issue.id.id()?;
        let level = levels.get(id).filter(|_| ctx.access.has_levels(project) != Some(false))?;
        Some((id.to_owned(), level.clone()))
    });
    known.collect()
}

/// Level ids by issue id, `None` for an issue without a level.
type Levels<'a> = HashMap<&'a str, Option<String>>;

fn is_subtask(fields: &IssueFields<'_>) -> bool {
    fields.issue_type.get().is_some_and(|issue_type| issue_type.subtask.is_set())
}

/// Who may see an issue, and what that still waits for.
struct Guard {
    access: Access,
    needs: Option<String>,
}

impl Guard {
    fn new(fields: &IssueFields<'_>, ctx: &JiraContext, page: &Levels<'_>) -> Self {
        let Some(project) = fields.project.get().and_then(|project| project.id.id()) else {
            return Self { access: Access::Unknown, needs: None };
        };
        let own = id_in(fields.other("security"));
        let (level, needs) = match &own {
            Member::Value(level) => (Level::Of(level.as_str()), None),
            Member::Odd => (Level::Unknown, None),
            Member::Absent => inherited_level(project, fields, ctx, page),
        };
        let access = ctx.access.rule_for_issue(&IssueFacts {
            project,
            reporter: fields.reporter.get().and_then(|user| user.account_id.id()),
            assignee: fields.assignee.get().and_then(|user| user.account_id.id()),
            level,
            fields: Some(fields),
        });
        Self { access, needs: needs.map(str::to_owned) }
    }

    /// `PRIVATE` where the issue is guarded more narrowly than its project, or how it is guarded is not known.
    fn access_level(&self) -> &'static str {
        let Access::Rule(rule) = &self.access else { return "PRIVATE" };
        let narrowed = |gate: &Gate| matches!(gate, Gate::SecurityLevel | Gate::IssueRestriction);
        if rule.clauses().iter().any(|clause| narrowed(&clause.gate)) { "PRIVATE" } else { "COLLECTION" }
    }
}

/// A sub-task without a level of its own has its parent's (`atlassian-permissions.md` 2.3), which the payload does not
/// tell. Also gives the id of the parent where it has to be known first.
fn inherited_level<'a>(
    project: &str,
    fields: &'a IssueFields<'_>,
    ctx: &'a JiraContext,
    page: &'a Levels<'_>,
) -> (Level<'a>, Option<&'a str>) {
    if !is_subtask(fields) || ctx.access.has_levels(project) == Some(false) {
        return (Level::Open, None);
    }
    let Some(parent) = fields.parent.get().and_then(|parent| parent.id.id()) else {
        return (Level::Unknown, None);
    };
    match page.get(parent).or_else(|| ctx.parent_levels.get(parent)) {
        Some(Some(level)) => (Level::Of(level), None),
        Some(None) => (Level::Open, None),
        None => (Level::Unknown, Some(parent)),
    }
}

fn put_issue(
    raw: &RawValue,
    issue: &Issue<'_>,
    ctx: &JiraContext,
    page: &Levels<'_>,
    sink: &mut Sink,
) -> String {
    let Some(id) = issue.id.id() else {
        return sink.refuse("jira.issue", None, PATH, raw, "an issue without an id".to_owned());
    };
    let Some(fields) = issue.fields.as_ref() else {
        return sink.refuse("jira.issue", Some(id), PATH, raw, "an issue without its fields".to_owned());
    };
    let mut odd = Vec::new();
    issue.list_odd(&mut odd);
    let guard = Guard::new(fields, ctx, page);
    let record = ctx.id(Model::Ticket, id);
    let project_id = fields.project.get().and_then(|project| project.id.id());
    let parent =
        Parent { issue_id: id, record, project_id, service: is_service(fields, ctx), access: &guard.access };
    let place = sink.out.records.len();
    let attachment_ids = attachments(&parent, &fields.attachments, ctx, sink);
    let ticket = ticket(issue, fields, &guard, attachment_ids, ctx, sink, &mut odd);
    let record_of_issue = NewRecord {
        id: record,
        remote_id: Some(id.to_owned()),
        parent: None,
        container: project_id.map(|project| ctx.id(Model::Collection, project)),
        remote_created_at: fields.created.get().map(|moment| moment.0),
        remote_updated_at: fields.updated.get().map(|moment| moment.0),
        body: Body::Ticket(Box::new(ticket)),
        access: guard.access.clone(),
    };
    // A parent stands before its children.
    sink.out.records.insert(place, record_of_issue);
    comments(&parent, &fields.comments, ctx, sink);
    worklogs(&parent, &fields.worklogs, ctx, sink);
    changelog(&parent, &issue.changelog, sink);
    if let Some(needs) = guard.needs {
        sink.out.waiting.push(Waiting { record, remote_id: id.to_owned(), needs });
    }
    sink.raw("jira.issue", id, format!("{PATH}{id}"), raw, Some(record), &odd);
    id.to_owned()
}

/// Whether the issue is in a service project: the project list says, else the issue itself.
fn is_service(fields: &IssueFields<'_>, ctx: &JiraContext) -> bool {
    let Some(project) = fields.project.get() else { return false };
    let listed = project.id.id().and_then(|id| ctx.access.is_service_project(id));
    listed.unwrap_or_else(|| project.type_key.text() == Some("service_desk"))
}

fn ticket(
    issue: &Issue<'_>,
    fields: &IssueFields<'_>,
    guard: &Guard,
    attachments: Vec<RecordId>,
    ctx: &JiraContext,
    sink: &mut Sink,
    odd: &mut Vec<String>,
) -> Ticket {
    let reporter = fields.reporter.get().and_then(|user| sink.person(user));
    let creator = fields.creator.get().and_then(|user| sink.person(user));
    let assignee = fields.assignee.get().and_then(|user| sink.person(user));
    let asked_as_user = reporter.filter(|person| !person.customer);
    let typed_as_user = creator.filter(|person| !person.customer);
    let tags = strings(&fields.labels, "labels", odd);
    for tag in &tags {
        sink.tag(tag);
    }
    let no_hold = Vec::new();
    let on_hold = if is_service(fields, ctx) { &ctx.on_hold_names } else { &no_hold };
    let above = fields.parent.get().and_then(|parent| parent.id.id()).map(str::to_owned);
    let key = present_key(issue.key.text().unwrap_or_default(), fields, ctx);
    Ticket {
        name: fields.summary.text().unwrap_or_default().to_owned(),
        description: rich_field(&fields.description, "description", ctx, odd),
        status: fields.status.get().and_then(|found| status(found, on_hold)),
        status_native: fields.status.get().and_then(|status| status.name.filled()).map(str::to_owned),
        priority: fields.priority.get().and_then(priority),
        priority_native: fields.priority.get().and_then(|priority| priority.name.filled()).map(str::to_owned),
        ticket_type: fields.issue_type.get().and_then(|kind| kind.name.filled()).map(str::to_owned),
        request_type: ctx.fields.request_type(&fields.others),
        assignees: assignee.iter().map(|person| person.id).collect(),
        creator: asked_as_user.or(typed_as_user).map(|person| person.id),
        contact: reporter.filter(|person| person.customer).map(|person| person.id),
        account: ctx.fields.organization(&fields.others).map(|id| ctx.id(Model::Account, &id)),
        collections: fields
            .project
            .get()
            .and_then(|project| project.id.id())
            .map(|project| ctx.id(Model::Collection, project))
            .into_iter()
            .collect(),
        parent_ticket: above.or_else(|| ctx.fields.epic(&fields.others)).map(|id| ctx.id(Model::Ticket, &id)),
        attachments,
        tags,
        due_date: fields.due.get().map(|day| day.0),
        completed_at: completed_at(fields),
        ticket_url: (!key.is_empty()).then(|| format!("{}/browse/{key}", ctx.site())),
        access_level: Some(guard.access_level().to_owned()),
        resolution: fields
            .resolution
            .get()
            .and_then(|resolution| resolution.name.filled())
            .map(str::to_owned),
        environment: rich_field(&fields.environment, "environment", ctx, odd),
        remote_fields: remote_fields(&fields.others, odd),
        key,
    }
}

/// The key of an issue under its project's present key.
fn present_key(key: &str, fields: &IssueFields<'_>, ctx: &JiraContext) -> String {
    let project = fields.project.get().and_then(|project| project.id.id());
    let present = project.and_then(|project| ctx.project_keys.get(project));
    match (present, key.rsplit_once('-')) {
        (Some(present), Some((_, number))) if !present.is_empty() => format!("{present}-{number}"),
        _ => key.to_owned(),
    }
}

fn rich_field(
    member: &Member<&RawValue>,
    name: &str,
    ctx: &JiraContext,
    odd: &mut Vec<String>,
) -> Option<RichText> {
    let (text, is_odd) = jira_text(member.get()?, &ctx.site_names());
    odd.extend(is_odd.then(|| name.to_owned()));
    text
}

/// When the issue was resolved; where it is done without a resolution, when it became done.
fn completed_at(fields: &IssueFields<'_>) -> Option<Timestamp> {
    if let Some(resolved) = fields.resolved.get() {
        return Some(resolved.0);
    }
    let category = fields.status.get()?.category.get()?.key.text()?;
    let changed = fields.other("statuscategorychangedate").filter(|_| category == "done")?;
    read::<Moment>(changed).get().map(|moment| moment.0)
}

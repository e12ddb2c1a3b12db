//! What belongs to an issue: comments, worklogs, attachments, change histories; embedded in it or read by themselves.

use linkspan_model::access::{Clause, Gate, Principal};
use linkspan_model::ids::RecordId;
use linkspan_model::models::{Attachment, Comment, Worklog};
use linkspan_model::record::{Access, Body, Model, NewRecord};
use serde_json::value::RawValue;

use super::sink::{Sink, items};
use super::text::jira_text;
use super::{
    ChildKind, CompleteChildren, Converted, IncompleteChildren, JiraContext, PageProblem, ParentIssue,
};
use crate::wire::jira::{self, ChildList, List};
use crate::wire::{Member, Number, Shape as _, read_object};

/// The issue that children belong to.
pub(super) struct Parent<'a> {
    pub(super) issue_id: &'a str,
    pub(super) record: RecordId,
    pub(super) project_id: Option<&'a str>,
    pub(super) service: bool,
    pub(super) access: &'a Access,
}

impl<'a> Parent<'a> {
    fn of(issue: &'a ParentIssue, ctx: &JiraContext) -> Self {
        Self {
            issue_id: &issue.issue_id,
            record: ctx.id(Model::Ticket, &issue.issue_id),
            project_id: Some(&issue.project_id),
            service: ctx.access.is_service_project(&issue.project_id).unwrap_or(false),
            access: &issue.access,
        }
    }

    fn container(&self, ctx: &JiraContext) -> Option<RecordId> {
        self.project_id.map(|project| ctx.id(Model::Collection, project))
    }

    /// The issue's rule, narrowed (hazard P16).
    fn narrowed(&self, clauses: impl IntoIterator<Item = Clause>) -> Access {
        match self.access {
            Access::Rule(rule) => {
                Access::Rule(clauses.into_iter().fold(rule.clone(), |rule, clause| rule.and(clause)))
            }
            Access::Unknown | Access::Unguarded => Access::Unknown,
        }
    }
}

/// Converts an answer of `issue/{id}/comment`.
pub fn comment_page(json: &str, issue: &ParentIssue, ctx: &JiraContext) -> Result<Converted, PageProblem> {
    let parent = Parent::of(issue, ctx);
    let mut sink = Sink::new(ctx.source);
    for raw in items(json, "comments")? {
        let id = put_comment(raw, &parent, ctx, &mut sink);
        sink.out.ids.push(id.0);
    }
    Ok(sink.out)
}

/// Converts an answer of `issue/{id}/worklog`.
pub fn worklog_page(json: &str, issue: &ParentIssue, ctx: &JiraContext) -> Result<Converted, PageProblem> {
    let parent = Parent::of(issue, ctx);
    let mut sink = Sink::new(ctx.source);
    for raw in items(json, "worklogs")? {
        let id = put_worklog(raw, &parent, ctx, &mut sink);
        sink.out.ids.push(id.0);
    }
    Ok(sink.out)
}

/// Converts an answer of `issue/{id}/changelog`.
pub fn changelog_page(json: &str, issue_id: &str, ctx: &JiraContext) -> Result<Converted, PageProblem> {
    let mut sink = Sink::new(ctx.source);
    for raw in items(json, "values")? {
        let id = put_history(raw, issue_id, &mut sink);
        sink.out.ids.push(id);
    }
    Ok(sink.out)
}

/// Converts an answer of `changelog/bulkfetch`.
pub fn bulk_changelog_page(json: &str, ctx: &JiraContext) -> Result<Converted, PageProblem> {
    let mut sink = Sink::new(ctx.source);
    for raw in items(json, "issueChangeLogs")? {
        let changes = read_object::<jira::IssueChanges<'_>>(raw).unwrap_or_default();
        let (Some(issue_id), Some(histories)) = (changes.issue_id.id(), changes.histories.get()) else {
            let problem = "change histories without their issue".to_owned();
            let id = sink.refuse("jira.changelog", None, "/rest/api/3/changelog/", raw, problem);
            sink.out.ids.push(id);
            continue;
        };
        for raw in histories {
            let id = put_history(raw, issue_id, &mut sink);
            sink.out.ids.push(id);
        }
    }
    Ok(sink.out)
}

/// Comments that came within their issue.
pub(super) fn comments(
    parent: &Parent<'_>,
    list: &Member<ChildList<'_>>,
    ctx: &JiraContext,
    sink: &mut Sink,
) {
    let Some(list) = list.get() else { return };
    let items = list.comments.as_deref();
    embedded(parent, list, items, ChildKind::Comments, Some(Model::Comment), sink, |raw, sink| {
        put_comment(raw, parent, ctx, sink).1
    });
}

/// Worklogs that came within their issue.
pub(super) fn worklogs(
    parent: &Parent<'_>,
    list: &Member<ChildList<'_>>,
    ctx: &JiraContext,
    sink: &mut Sink,
) {
    let Some(list) = list.get() else { return };
    let items = list.worklogs.as_deref();
    embedded(parent, list, items, ChildKind::Worklogs, Some(Model::Worklog), sink, |raw, sink| {
        put_worklog(raw, parent, ctx, sink).1
    });
}

/// Change histories that came within their issue. Those of a whole list stay in the issue's raw row and are not kept a
/// second time: they are the larger part of what upstream sends. A cut list is read again by itself.
pub(super) fn changelog(parent: &Parent<'_>, list: &Member<ChildList<'_>>, sink: &mut Sink) {
    let Some(list) = list.get() else { return };
    let items = list.histories.as_deref();
    embedded(parent, list, items, ChildKind::Changelog, None, sink, |_, _| None);
}

/// Attachments of an issue: upstream embeds all of them.
pub(super) fn attachments(
    parent: &Parent<'_>,
    list: &Member<List<'_>>,
    ctx: &JiraContext,
    sink: &mut Sink,
) -> Vec<RecordId> {
    let Some(list) = list.get() else { return Vec::new() };
    let ids: Vec<_> = list.iter().map(|raw| put_attachment(raw, parent, ctx, sink)).collect();
    let known: Vec<_> = ids.iter().copied().flatten().collect();
    if known.len() == ids.len() {
        sink.out.complete.push(CompleteChildren {
            parent: parent.record,
            model: Model::Attachment,
            ids: known.clone(),
        });
    }
    known
}

/// Converts an embedded list and says whether it is whole (hazard S8). A list with an item that cannot be identified is
/// not used to tell which children are gone (hazard S12).
fn embedded<'a>(
    parent: &Parent<'_>,
    list: &ChildList<'_>,
    items: Option<&[&'a RawValue]>,
    kind: ChildKind,
    model: Option<Model>,
    sink: &mut Sink,
    mut put: impl FnMut(&'a RawValue, &mut Sink) -> Option<RecordId>,
) {
    let items = items.unwrap_or_default();
    let ids: Vec<_> = items.iter().filter_map(|raw| put(raw, sink)).collect();
    let total = list.total.get().map(|Number(total)| *total);
    let have = u64::try_from(items.len()).unwrap_or(u64::MAX);
    let from_start = list.start_at.get().is_none_or(|Number(start)| *start == 0);
    if !from_start || total.is_none_or(|total| have < total) {
        sink.out.incomplete.push(IncompleteChildren {
            parent_remote_id: parent.issue_id.to_owned(),
            parent: parent.record,
            project_remote_id: parent.project_id.map(str::to_owned),
            kind,
            have,
            total,
        });
    } else if let Some(model) = model.filter(|_| ids.len() == items.len()) {
        sink.out.complete.push(CompleteChildren { parent: parent.record, model, ids });
    }
}

fn put_comment(
    raw: &RawValue,
    parent: &Parent<'_>,
    ctx: &JiraContext,
    sink: &mut Sink,
) -> (String, Option<RecordId>) {
    let path = format!("/rest/api/3/issue/{}/comment/", parent.issue_id);
    let comment = match read_object::<jira::Comment<'_>>(raw) {
        Ok(comment) => comment,
        Err(problem) => return (sink.refuse("jira.comment", None, &path, raw, problem), None),
    };
    let Some(id) = comment.id.id() else {
        return (sink.refuse("jira.comment", None, &path, raw, "a comment without an id".to_owned()), None);
    };
    let mut odd = Vec::new();
    comment.list_odd(&mut odd);
    let record = ctx.id(Model::Comment, id);
    let author = comment.author.get().and_then(|user| sink.person(user));
    let limited = ctx.access.visibility(parent.project_id.unwrap_or_default(), &comment.visibility);
    let internal = is_internal(&comment, parent.service).then(internal_clause);
    let names = ctx.site_names();
    let (body, is_odd) = comment.body.map_or((None, false), |body| jira_text(body, &names));
    odd.extend(is_odd.then(|| "body".to_owned()));
    sink.out.records.push(NewRecord {
        id: record,
        remote_id: Some(id.to_owned()),
        parent: Some(parent.record),
        container: parent.container(ctx),
        remote_created_at: comment.created.get().map(|moment| moment.0),
        remote_updated_at: comment.updated.get().map(|moment| moment.0),
        body: Body::Comment(Box::new(Comment {
            user: author.filter(|person| !person.customer).map(|person| person.id),
            contact: author.filter(|person| person.customer).map(|person| person.id),
            body,
            on: Some(parent.record),
            reply_to: None,
            is_private: limited.is_some() || internal.is_some(),
            placement: None,
        })),
        access: parent.narrowed(limited.into_iter().chain(internal)),
    });
    sink.raw("jira.comment", id, format!("{path}{id}"), raw, Some(record), &odd);
    (id.to_owned(), Some(record))
}

/// Whether a comment is an internal note. Outside service projects `jsdPublic` is always true; in one, a comment that
/// does not say so is taken for internal (`atlassian-permissions.md` 3.2).
fn is_internal(comment: &jira::Comment<'_>, service: bool) -> bool {
    match &comment.jsd_public {
        Member::Value(public) => !public.0,
        Member::Absent => service,
        Member::Odd => true,
    }
}

/// Internal notes are for people with a licence, never for customers (hazard P15).
fn internal_clause() -> Clause {
    Clause::new(Gate::Visibility, [Principal::Licensed])
}

fn put_worklog(
    raw: &RawValue,
    parent: &Parent<'_>,
    ctx: &JiraContext,
    sink: &mut Sink,
) -> (String, Option<RecordId>) {
    let path = format!("/rest/api/3/issue/{}/worklog/", parent.issue_id);
    let worklog = match read_object::<jira::Worklog<'_>>(raw) {
        Ok(worklog) => worklog,
        Err(problem) => return (sink.refuse("jira.worklog", None, &path, raw, problem), None),
    };
    let Some(id) = worklog.id.id() else {
        return (sink.refuse("jira.worklog", None, &path, raw, "a worklog without an id".to_owned()), None);
    };
    let mut odd = Vec::new();
    worklog.list_odd(&mut odd);
    let record = ctx.id(Model::Worklog, id);
    let author = worklog.author.get().and_then(|user| sink.person(user));
    let limited = ctx.access.visibility(parent.project_id.unwrap_or_default(), &worklog.visibility);
    let names = ctx.site_names();
    let (comment, is_odd) = worklog.comment.map_or((None, false), |comment| jira_text(comment, &names));
    odd.extend(is_odd.then(|| "comment".to_owned()));
    sink.out.records.push(NewRecord {
        id: record,
        remote_id: Some(id.to_owned()),
        parent: Some(parent.record),
        container: parent.container(ctx),
        remote_created_at: worklog.created.get().map(|moment| moment.0),
        remote_updated_at: worklog.updated.get().map(|moment| moment.0),
        body: Body::Worklog(Box::new(Worklog {
            ticket: Some(parent.record),
            user: author.filter(|person| !person.customer).map(|person| person.id),
            comment,
            started_at: worklog.started.get().map(|moment| moment.0),
            seconds: worklog.seconds.get().map(|seconds| seconds.0).unwrap_or_default(),
        })),
        access: parent.narrowed(limited),
    });
    sink.raw("jira.worklog", id, format!("{path}{id}"), raw, Some(record), &odd);
    (id.to_owned(), Some(record))
}

fn put_attachment(
    raw: &RawValue,
    parent: &Parent<'_>,
    ctx: &JiraContext,
    sink: &mut Sink,
) -> Option<RecordId> {
    let path = "/rest/api/3/attachment/";
    let attachment = match read_object::<jira::Attachment<'_>>(raw) {
        Ok(attachment) => attachment,
        Err(problem) => {
            sink.refuse("jira.attachment", None, path, raw, problem);
            return None;
        }
    };
    let Some(id) = attachment.id.id() else {
        sink.refuse("jira.attachment", None, path, raw, "an attachment without an id".to_owned());
        return None;
    };
    let mut odd = Vec::new();
    attachment.list_odd(&mut odd);
    let record = ctx.id(Model::Attachment, id);
    let author = attachment.author.get().and_then(|user| sink.person(user));
    sink.out.records.push(NewRecord {
        id: record,
        remote_id: Some(id.to_owned()),
        parent: Some(parent.record),
        container: parent.container(ctx),
        remote_created_at: attachment.created.get().map(|moment| moment.0),
        remote_updated_at: None,
        body: Body::Attachment(Attachment {
            file_name: attachment.file_name.text().unwrap_or_default().to_owned(),
            content_type: attachment.content_type.filled().map(str::to_owned),
            size: attachment.size.get().map(|size| size.0),
            on: Some(parent.record),
            uploaded_by: author.filter(|person| !person.customer).map(|person| person.id),
            description: None,
            content_path: Some(format!("/rest/api/3/attachment/content/{id}")),
        }),
        access: parent.narrowed([]),
    });
    sink.raw("jira.attachment", id, format!("{path}{id}"), raw, Some(record), &odd);
    Some(record)
}

fn put_history(raw: &RawValue, issue_id: &str, sink: &mut Sink) -> String {
    let path = format!("/rest/api/3/issue/{issue_id}/changelog");
    let id = read_object::<jira::IdAndName<'_>>(raw).unwrap_or_default().id;
    let Some(id) = id.id() else {
        let problem = "a change history without an id".to_owned();
        return sink.refuse("jira.changelog", None, &format!("{path}/"), raw, problem);
    };
    sink.raw("jira.changelog", id, path, raw, None, &[]);
    id.to_owned()
}

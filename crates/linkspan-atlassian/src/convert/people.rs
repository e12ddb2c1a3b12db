//! Accounts and groups of both products.

use linkspan_model::ids::RecordId;
use linkspan_model::models::{Group, User};
use linkspan_model::record::{Body, Model};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::value::RawValue;

use super::sink::{Sink, contact_of, is_customer, items, one, record_of_user, unguarded, user_of};
use super::{ConfluenceContext, Converted, JiraContext, Memberships, PageProblem};
use crate::wire::{Shape as _, confluence, jira, read_object};

/// Converts an answer of `users/search`, `user/bulk`, `group/member`, `user` or `myself`.
pub fn jira_user_page(json: &str, ctx: &JiraContext) -> Result<Converted, PageProblem> {
    let mut sink = Sink::new(ctx.source);
    for raw in items(json, "values").or_else(|_| one(json).map(|user| vec![user]))? {
        let id = put_jira_user(raw, ctx, &mut sink);
        sink.out.ids.push(id);
    }
    Ok(sink.out)
}

fn put_jira_user(raw: &RawValue, ctx: &JiraContext, sink: &mut Sink) -> String {
    let path = "/rest/api/3/user?accountId=";
    let user = match read_object::<jira::User<'_>>(raw) {
        Ok(user) => user,
        Err(problem) => return sink.refuse("jira.user", None, path, raw, problem),
    };
    let Some(id) = user.account_id.id() else {
        return sink.refuse("jira.user", None, path, raw, "an account without an id".to_owned());
    };
    let mut odd = Vec::new();
    user.list_odd(&mut odd);
    if is_customer(&user) {
        let record = ctx.id(Model::Contact, id);
        let contact = unguarded(record, id, Body::Contact(contact_of(&user)));
        // The lists of customers say more: their organization, and the address that the profile hides from others.
        let into = if ctx.customers_are_listed { &mut sink.out.people } else { &mut sink.out.records };
        into.push(contact);
        sink.raw("jira.user", id, format!("{path}{}", encoded(id)), raw, Some(record), &odd);
        return id.to_owned();
    }
    let record = ctx.id(Model::User, id);
    let groups = groups_of(&user, id, &ctx.memberships);
    let body = User {
        teams: groups.iter().map(|group| ctx.id(Model::Group, group)).collect(),
        roles: ctx.access.roles_of(id, &groups).into_iter().map(|role| ctx.id(Model::Role, role)).collect(),
        ..user_of(&user)
    };
    sink.out.records.push(record_of_user(record, id, body));
    sink.raw("jira.user", id, format!("{path}{}", encoded(id)), raw, Some(record), &odd);
    id.to_owned()
}

/// The ids of an account's groups: from the account itself where it was expanded, and from the groups' members.
fn groups_of(user: &jira::User<'_>, account_id: &str, memberships: &Memberships) -> Vec<String> {
    let expanded =
        user.groups.get().and_then(|groups| groups.items.get()).map(Vec::as_slice).unwrap_or_default();
    let group_id = |raw: &&RawValue| read_object::<jira::Group<'_>>(raw).ok()?.id.id().map(str::to_owned);
    let mut groups: Vec<_> = expanded.iter().filter_map(group_id).collect();
    groups.extend(memberships.groups_of(account_id).iter().cloned());
    groups.sort_unstable();
    groups.dedup();
    groups
}

/// Converts an answer of `group/bulk`. Members come from the context, so they are read first.
pub fn jira_group_page(json: &str, ctx: &JiraContext) -> Result<Converted, PageProblem> {
    let mut sink = Sink::new(ctx.source);
    for raw in items(json, "values")? {
        let read = read_object::<jira::Group<'_>>(raw).map(|group| {
            let mut odd = Vec::new();
            group.list_odd(&mut odd);
            (group.id.id().map(str::to_owned), group.name.text().unwrap_or_default().to_owned(), odd)
        });
        let path = "/rest/api/3/group?groupId=";
        let id = put_group(
            "jira.group",
            path,
            raw,
            read,
            &ctx.memberships,
            |model, id| ctx.id(model, id),
            &mut sink,
        );
        sink.out.ids.push(id);
    }
    Ok(sink.out)
}

/// Converts an answer of `group`. Members come from the context, so they are read first.
pub fn confluence_group_page(json: &str, ctx: &ConfluenceContext) -> Result<Converted, PageProblem> {
    let mut sink = Sink::new(ctx.source);
    for raw in items(json, "results")? {
        let read = read_object::<confluence::Group<'_>>(raw).map(|group| {
            let mut odd = Vec::new();
            group.list_odd(&mut odd);
            (group.id.id().map(str::to_owned), group.name.text().unwrap_or_default().to_owned(), odd)
        });
        let path = "/wiki/rest/api/group/by-id?id=";
        let id = put_group(
            "confluence.group",
            path,
            raw,
            read,
            &ctx.memberships,
            |model, id| ctx.id(model, id),
            &mut sink,
        );
        sink.out.ids.push(id);
    }
    Ok(sink.out)
}

/// A group's id, name and odd members.
type GroupFacts = (Option<String>, String, Vec<String>);

fn put_group(
    kind: &'static str,
    path: &str,
    raw: &RawValue,
    read: Result<GroupFacts, String>,
    memberships: &Memberships,
    record_id: impl Fn(Model, &str) -> RecordId,
    sink: &mut Sink,
) -> String {
    let (id, name, odd) = match read {
        Ok((Some(id), name, odd)) => (id, name, odd),
        Ok((None, ..)) => return sink.refuse(kind, None, path, raw, "a group without an id".to_owned()),
        Err(problem) => return sink.refuse(kind, None, path, raw, problem),
    };
    let record = record_id(Model::Group, &id);
    let users = memberships.members_of(&id).iter().map(|account| record_id(Model::User, account)).collect();
    sink.out.records.push(unguarded(record, &id, Body::Group(Group { name, users })));
    sink.raw(kind, &id, format!("{path}{}", encoded(&id)), raw, Some(record), &odd);
    id
}

/// Converts an answer of `users-bulk`, `user/bulk`, `group/{id}/membersByGroupId` or `user`.
pub fn confluence_user_page(json: &str, ctx: &ConfluenceContext) -> Result<Converted, PageProblem> {
    let mut sink = Sink::new(ctx.source);
    for raw in items(json, "results").or_else(|_| one(json).map(|user| vec![user]))? {
        let id = put_confluence_user(raw, ctx, &mut sink);
        sink.out.ids.push(id);
    }
    Ok(sink.out)
}

fn put_confluence_user(raw: &RawValue, ctx: &ConfluenceContext, sink: &mut Sink) -> String {
    let path = "/wiki/rest/api/user?accountId=";
    let user = match read_object::<confluence::User<'_>>(raw) {
        Ok(user) => user,
        Err(problem) => return sink.refuse("confluence.user", None, path, raw, problem),
    };
    let Some(id) = user.account_id.id() else {
        return sink.refuse("confluence.user", None, path, raw, "an account without an id".to_owned());
    };
    let mut odd = Vec::new();
    user.list_odd(&mut odd);
    let record = ctx.id(Model::User, id);
    let body = confluence_user(&user, id, ctx);
    sink.out.records.push(record_of_user(record, id, body));
    sink.raw("confluence.user", id, format!("{path}{}", encoded(id)), raw, Some(record), &odd);
    id.to_owned()
}

/// The common model of an account as far as Confluence's user object says, in either generation's form.
pub(super) fn confluence_user(user: &confluence::User<'_>, id: &str, ctx: &ConfluenceContext) -> User {
    let mut groups = ctx.memberships.groups_of(id).to_vec();
    groups.sort_unstable();
    let picture = user.picture.get().and_then(|picture| picture.path.filled());
    User {
        name: user.display_name.filled().or(user.public_name.filled()).unwrap_or_default().to_owned(),
        email_address: user.email.filled().map(str::to_owned),
        is_active: user.account_status.filled().map(|status| status == "active"),
        avatar: picture.map(|path| {
            if path.starts_with('/') { format!("{}{path}", ctx.site()) } else { path.to_owned() }
        }),
        account_type: user.account_type.filled().map(str::to_owned),
        teams: groups.iter().map(|group| ctx.id(Model::Group, group)).collect(),
        roles: Vec::new(),
    }
}

/// An id as part of a query: account ids contain colons.
fn encoded(id: &str) -> String {
    utf8_percent_encode(id, NON_ALPHANUMERIC).to_string()
}

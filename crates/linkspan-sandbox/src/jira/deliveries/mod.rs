//! Which webhooks a change of an issue concerns, and what they are told of it.

mod body;
mod filter;

use std::collections::BTreeMap;

use filter::Filter;

use crate::{
    jira::{session::Version, time::Times, view::View},
    webhooks::{Flow, Merge, Webhook},
    world::{
        AccountIndex, Clock, Detail, IssueEvent, Site, SiteState, Subject, Viewer,
        jira::{Comment, History, Issue},
    },
};

/// One delivery to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    /// The app it goes to.
    pub(crate) client_id: String,
    /// The registered address.
    pub(crate) url: String,
    /// Event name.
    pub(crate) event: &'static str,
    /// The issue it is about.
    pub(crate) issue: u64,
    /// The same, for people: `issue 10001`.
    pub(crate) subject: String,
    /// Whether it is the change itself or follows from one.
    pub(crate) flow: Flow,
    /// `accountId` of who made the change.
    pub(crate) by: String,
    /// The registrations that it matches, ascending.
    pub(crate) webhooks: Vec<u64>,
    /// JSON.
    pub(crate) body: String,
}

/// One name under which a change is told.
#[derive(Debug, Clone, Copy)]
struct Occurrence<'e> {
    event: &'static str,
    type_name: &'static str,
    flow: Flow,
    history: Option<&'e History>,
    comment: Option<&'e Comment>,
    property: Option<(&'e str, Option<&'e str>)>,
}

impl<'e> Occurrence<'e> {
    fn of(event: &'static str, type_name: &'static str) -> Self {
        Self { event, type_name, flow: Flow::Primary, history: None, comment: None, property: None }
    }

    fn with_comment(self, comment: &'e Comment) -> Self {
        Self { comment: Some(comment), ..self }
    }

    /// Whether it is told as a change of the issue and not of something on it.
    fn is_of_issue(&self) -> bool {
        self.event.starts_with("jira:issue_")
    }
}

/// A webhook with what is looked up once for many events.
struct Listener<'h> {
    hook: &'h Webhook,
    filter: Filter,
}

/// Registrations whose matches are told in one delivery.
struct Audience<'h> {
    client_id: &'h str,
    url: &'h str,
    listeners: Vec<Listener<'h>>,
}

/// The deliveries that some changes of a site make, in the order of the changes. `hooks` are those that may be served.
pub(crate) fn messages(
    site: &Site,
    clock: &Clock,
    events: &[IssueEvent],
    hooks: &[Webhook],
    merge: Merge,
) -> Vec<Message> {
    let state = site.read();
    let url = site.url();
    let views: BTreeMap<AccountIndex, View<'_>> = hooks
        .iter()
        .map(|hook| hook.owner.account)
        .map(|owner| (owner, owners_view(&state, url, clock, owner)))
        .collect();
    let mut audiences: BTreeMap<(&str, &str, Option<u32>), Audience<'_>> = BTreeMap::new();
    for hook in hooks {
        let Some(view) = views.get(&hook.owner.account) else { continue };
        let (client_id, url) = (hook.owner.client_id.as_str(), hook.subscription.url.as_str());
        let alone = (merge == Merge::Owner).then_some(hook.owner.account.0);
        let audience = audiences.entry((client_id, url, alone)).or_insert_with(|| Audience {
            client_id,
            url,
            listeners: Vec::new(),
        });
        audience.listeners.push(Listener { hook, filter: Filter::bind(view, &hook.subscription.jql_filter) });
    }
    let mut messages = Vec::new();
    for event in events {
        let told = occurrences(event);
        for audience in audiences.values() {
            // Sight and filter are the same for all names of one change.
            let concerned: Vec<&Listener<'_>> = audience
                .listeners
                .iter()
                .filter(|it| views.get(&it.hook.owner.account).is_some_and(|view| concerns(it, view, event)))
                .collect();
            for told in &told {
                messages.extend(message(audience, &concerned, &views, event, told));
            }
        }
    }
    messages
}

/// The delivery of one occurrence to one audience, if any of its registrations wants it.
fn message(
    audience: &Audience<'_>,
    concerned: &[&Listener<'_>],
    views: &BTreeMap<AccountIndex, View<'_>>,
    event: &IssueEvent,
    told: &Occurrence<'_>,
) -> Option<Message> {
    let view_of = |listener: &Listener<'_>| views.get(&listener.hook.owner.account);
    let wanting: Vec<&Listener<'_>> = concerned
        .iter()
        .copied()
        .filter(|it| view_of(it).is_some_and(|view| wants(it.hook, view, event, told)))
        .collect();
    // Written as the first of the owners sees it.
    let view = view_of(wanting.first()?)?;
    let mut webhooks: Vec<u64> = wanting.iter().map(|listener| listener.hook.id).collect();
    webhooks.sort_unstable();
    let hidden = |comment: &Comment| {
        !wanting.iter().filter_map(|it| view_of(it)).all(|view| sees(view, &event.issue, comment))
    };
    let told = Occurrence { comment: told.comment.filter(|comment| !hidden(comment)), ..*told };
    let subject = match told.comment.filter(|_| !told.is_of_issue()) {
        Some(comment) => format!("comment {} of issue {}", comment.id, event.issue.id),
        None => format!("issue {}", event.issue.id),
    };
    Some(Message {
        client_id: audience.client_id.to_owned(),
        url: audience.url.to_owned(),
        event: told.event,
        issue: event.issue.id.0,
        subject,
        flow: told.flow,
        by: view.site.account(event.change.by).account_id.clone(),
        body: body::body(view, event, &told, &webhooks),
        webhooks,
    })
}

fn owners_view<'a>(site: &'a SiteState, url: &'a str, clock: &Clock, owner: AccountIndex) -> View<'a> {
    View {
        site,
        reader: site.reader(Viewer::Account(owner)),
        version: Version::V2,
        url,
        times: Times::of_zone(Some(&site.account(owner).time_zone)),
        now: clock.now_ms(),
        hourly: clock.hourly_ms(),
    }
}

/// Whether a change is one of those a registration is about: made after it, of an issue its owner sees and its filter
/// lets pass, both after the change (a deleted issue: before).
fn concerns(listener: &Listener<'_>, view: &View<'_>, event: &IssueEvent) -> bool {
    let mut head = event.issue.head();
    head.security = event.security;
    event.change.sequence > listener.hook.since
        && view.site.can_see_issue(&view.reader, &head)
        && listener.filter.passes(view, &head, &event.issue)
}

/// Whether a registration asked for this occurrence.
fn wants(hook: &Webhook, view: &View<'_>, event: &IssueEvent, told: &Occurrence<'_>) -> bool {
    let subscription = &hook.subscription;
    let fields = || {
        let changed = told.history.iter().flat_map(|history| &history.items);
        changed.into_iter().any(|item| subscription.fields.iter().any(|field| **field == *item.field_id))
    };
    let properties =
        |(key, _): (&str, Option<&str>)| subscription.properties.iter().any(|wanted| wanted == key);
    subscription.events.contains(&told.event)
        && (told.event != "jira:issue_updated" || subscription.fields.is_empty() || fields())
        && (subscription.properties.is_empty() || told.property.is_none_or(properties))
        && (told.is_of_issue() || told.comment.is_none_or(|comment| sees(view, &event.issue, comment)))
}

fn sees(view: &View<'_>, issue: &Issue, comment: &Comment) -> bool {
    view.site.can_see_comment(&view.reader, issue, comment)
}

/// The names under which a change is told: a comment also as an update of its issue, a deleted issue also as deletions of
/// its comments. Archiving is not told: no event of a dynamic webhook stands for it.
fn occurrences(event: &IssueEvent) -> Vec<Occurrence<'_>> {
    let updated = |type_name| Occurrence::of("jira:issue_updated", type_name);
    let saved = || match &event.detail {
        Detail::Saved(id) => event.issue.changelog.iter().rev().find(|history| history.id == *id),
        _ => None,
    };
    let comment = || match &event.detail {
        Detail::Comment(comment) => Some(&**comment),
        _ => None,
    };
    let of_comment = |name, type_name| match comment() {
        Some(comment) => {
            vec![Occurrence::of(name, "").with_comment(comment), updated(type_name).with_comment(comment)]
        }
        None => Vec::new(),
    };
    let of_property = |name| match &event.detail {
        Detail::Property(key, value) => {
            vec![Occurrence { property: Some((key, value.as_deref())), ..Occurrence::of(name, "") }]
        }
        _ => Vec::new(),
    };
    let with_history = |type_name| vec![Occurrence { history: saved(), ..updated(type_name) }];
    match event.change.subject {
        Subject::IssueCreated(_) => vec![Occurrence::of("jira:issue_created", "issue_created")],
        Subject::IssueUpdated(_) => with_history(saved().map_or("issue_updated", type_name)),
        Subject::IssueDeleted(..) => {
            let comments = event.issue.comments.iter().map(|comment| Occurrence {
                flow: Flow::Secondary,
                ..Occurrence::of("comment_deleted", "").with_comment(comment)
            });
            std::iter::once(Occurrence::of("jira:issue_deleted", "issue_deleted")).chain(comments).collect()
        }
        Subject::CommentCreated(..) => of_comment("comment_created", "issue_commented"),
        Subject::CommentUpdated(..) => of_comment("comment_updated", "issue_comment_edited"),
        Subject::CommentDeleted(..) => of_comment("comment_deleted", "issue_comment_deleted"),
        Subject::WorklogCreated(..) => with_history("issue_work_logged"),
        Subject::WorklogUpdated(..) => with_history("issue_worklog_updated"),
        Subject::WorklogDeleted(..) => with_history("issue_worklog_deleted"),
        Subject::IssuePropertySet(_) => of_property("issue_property_set"),
        Subject::IssuePropertyDeleted(_) => of_property("issue_property_deleted"),
        _ => Vec::new(),
    }
}

/// `issue_event_type_name` of a save: an open set, of which these were seen.
fn type_name(history: &History) -> &'static str {
    let touches = |id: &str| history.items.iter().any(|item| *item.field_id == *id);
    let only = |id: &str| history.items.iter().all(|item| *item.field_id == *id);
    if touches("key") {
        "issue_moved"
    } else if touches("status") {
        "issue_generic"
    } else if only("assignee") {
        "issue_assigned"
    } else {
        "issue_updated"
    }
}

//! What stands in the body of a delivery (`atlassian-platform.md` 4.8).

use super::Occurrence;
use crate::{
    jira::{
        json::{Json, text},
        view::{CommentExpansions, Embedded, Expansions, Selection, SelectionDefault, View},
    },
    world::{
        FieldId, IssueEvent,
        jira::{Comment, FieldKind, History, HistoryItem, Issue},
    },
};

/// The fields of the issue in a delivery about one of its comments.
const REDUCED_FIELDS: [&str; 6] = ["summary", "issuetype", "project", "assignee", "priority", "status"];

/// The body of a delivery, as the owner of `view` is shown it.
pub(super) fn body(view: &View<'_>, event: &IssueEvent, told: &Occurrence<'_>, webhooks: &[u64]) -> String {
    text(|json| {
        json.object(|json| {
            json.key("timestamp").number(event.change.at);
            json.key("webhookEvent").string(told.event);
            if told.is_of_issue() {
                json.key("issue_event_type_name").string(told.type_name);
                json.key("user");
                view.user_in_webhook(json, event.change.by);
                json.key("issue");
                whole_issue(view, json, &event.issue);
            } else {
                json.key("issue");
                reduced_issue(view, json, &event.issue);
            }
            if let Some(history) = told.history {
                json.key("changelog");
                changelog(view, json, history);
            }
            if let Some(comment) = told.comment {
                json.key("comment");
                comment_of(view, json, &event.issue, comment);
            }
            if let Some((key, value)) = told.property {
                json.key("property").object(|json| {
                    json.key("key").string(key);
                    if let Some(value) = value {
                        json.key("value").raw(value);
                    }
                });
            }
            json.key("matchedWebhookIds").array(|json| webhooks.iter().for_each(|id| json.number(id)));
        });
    })
}

fn whole_issue(view: &View<'_>, json: &mut Json, issue: &Issue) {
    let selection = Selection::parse::<&str>(&[], SelectionDefault::All, view.site.jira());
    view.issue(json, issue, &selection, &Expansions::default(), Embedded::ALONE);
}

fn reduced_issue(view: &View<'_>, json: &mut Json, issue: &Issue) {
    let selection = Selection::parse(&REDUCED_FIELDS, SelectionDefault::Id, view.site.jira());
    view.issue(json, issue, &selection, &Expansions::default(), Embedded::ALONE);
}

fn comment_of(view: &View<'_>, json: &mut Json, issue: &Issue, comment: &Comment) {
    view.comment(json, issue, comment, CommentExpansions::default());
}

fn changelog(view: &View<'_>, json: &mut Json, history: &History) {
    json.object(|json| {
        json.key("id").plain(history.id);
        json.key("items").array(|json| {
            for item in &history.items {
                json.object(|json| {
                    view.history_item(json, item);
                    if names_people(view, item) {
                        json.key("tmpFromAccountId").string_or_null(item.from.as_deref());
                        json.key("tmpToAccountId").string_or_null(item.to.as_deref());
                    }
                });
            }
        });
    });
}

/// Whether the item's values are accounts.
fn names_people(view: &View<'_>, item: &HistoryItem) -> bool {
    let custom = || FieldId::parse(&item.field_id).and_then(|id| view.site.jira().field(id));
    matches!(&*item.field_id, "assignee" | "reporter")
        || custom()
            .is_some_and(|field| matches!(field.kind, FieldKind::UserPicker | FieldKind::MultiUserPicker))
}

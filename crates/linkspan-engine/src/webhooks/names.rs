//! The names of events, in our own form and in Merge's.

use std::collections::BTreeSet;

use linkspan_model::change::ChangeKind;
use linkspan_model::event::EventKind;
use linkspan_model::product::Category;
use linkspan_model::record::Model;

use crate::error::EngineError;

/// The event by which an endpoint is tried out.
pub(crate) const TEST: &str = "webhook.test";

/// A model that the API serves, with its word in our events and in Merge's.
struct Named {
    category: Category,
    model: Model,
    word: &'static str,
    merge: &'static str,
}

const fn named(category: Category, model: Model, word: &'static str, merge: &'static str) -> Named {
    Named { category, model, word, merge }
}

/// The models of the wire. Merge's words are those of `merge-wire.md` section 9. Of what the wire does not show (worklogs,
/// comments of Confluence) there are no events: they would have no record to carry.
const MODELS: [Named; 15] = [
    named(Category::Ticketing, Model::Ticket, "ticket", "Ticket"),
    named(Category::Ticketing, Model::Comment, "comment", "Comment"),
    named(Category::Ticketing, Model::Attachment, "attachment", "TicketingAttachment"),
    named(Category::Ticketing, Model::Collection, "collection", "Collection"),
    named(Category::Ticketing, Model::Role, "role", "Role"),
    named(Category::Ticketing, Model::Tag, "tag", "TicketingTag"),
    named(Category::Ticketing, Model::User, "user", "User"),
    named(Category::Ticketing, Model::Group, "team", "TicketingTeam"),
    named(Category::Ticketing, Model::Account, "account", "TicketingAccount"),
    named(Category::Ticketing, Model::Contact, "contact", "TicketingContact"),
    named(Category::KnowledgeBase, Model::Article, "article", "KnowledgeBaseArticle"),
    named(Category::KnowledgeBase, Model::Container, "container", "KnowledgeBaseContainer"),
    named(Category::KnowledgeBase, Model::Attachment, "attachment", "KnowledgeBaseAttachment"),
    named(Category::KnowledgeBase, Model::User, "user", "KnowledgeBaseUser"),
    named(Category::KnowledgeBase, Model::Group, "group", "KnowledgeBaseGroup"),
];

const CHANGES: [ChangeKind; 4] =
    [ChangeKind::Created, ChangeKind::Updated, ChangeKind::Removed, ChangeKind::Access];

/// An event's name in both forms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EventName {
    pub(crate) linkspan: String,
    /// `None`: Merge has no such event.
    pub(crate) merge: Option<String>,
}

/// The model's word on the wire of a category; `None` where the API does not serve it.
pub(crate) fn word_of(category: Category, model: Model) -> Option<&'static str> {
    find(category, model).map(|named| named.word)
}

fn find(category: Category, model: Model) -> Option<&'static Named> {
    MODELS.iter().find(|named| named.category == category && named.model == model)
}

/// The name of a change of a record, as an account of this category is told; `None` where the API does not serve the model.
pub(crate) fn of_change(category: Category, model: Model, kind: ChangeKind) -> Option<EventName> {
    find(category, model).map(|named| EventName {
        linkspan: format!("{}.{}", named.word, change_word(kind)),
        merge: Some(format!("{}.{}", named.merge, merge_change_word(kind))),
    })
}

fn change_word(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Created => "created",
        ChangeKind::Updated => "updated",
        ChangeKind::Removed => "removed",
        ChangeKind::Access => "access_changed",
    }
}

/// Who may see a record is part of Merge's models, so a change of that is a change of the record.
fn merge_change_word(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Created => "added",
        ChangeKind::Updated | ChangeKind::Access => "changed",
        ChangeKind::Removed => "removed",
    }
}

/// The name of another event.
pub(crate) fn of_event(kind: EventKind) -> EventName {
    EventName { linkspan: kind.as_str().to_owned(), merge: merge_event(kind).map(str::to_owned) }
}

fn merge_event(kind: EventKind) -> Option<&'static str> {
    match kind {
        EventKind::LinkedAccountCreated => Some("LinkedAccount.linked"),
        EventKind::LinkedAccountDeleted => Some("LinkedAccount.deleted"),
        EventKind::LinkedAccountRelinkNeeded => Some("Issue.new"),
        EventKind::LinkedAccountRestored => Some("Issue.resolved"),
        EventKind::SyncCompleted => Some("LinkedAccount.sync_completed"),
        EventKind::SyncStarted
        | EventKind::SyncStalled
        | EventKind::LedgerDrift
        | EventKind::ReachReduced
        | EventKind::WebhookEndpointDisabled => None,
    }
}

/// Every name that an endpoint can ask for, in both forms.
pub(crate) fn all() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut add = |name: EventName| {
        names.insert(name.linkspan);
        names.extend(name.merge);
    };
    for named in &MODELS {
        CHANGES.iter().filter_map(|kind| of_change(named.category, named.model, *kind)).for_each(&mut add);
    }
    EventKind::ALL.into_iter().map(of_event).for_each(add);
    names
}

/// Refuses a pattern that can match nothing.
pub(crate) fn check_pattern(pattern: &str) -> Result<(), EngineError> {
    if pattern == "*" || all().iter().any(|name| covers(pattern, name)) {
        return Ok(());
    }
    let shown: String = pattern.chars().take(60).collect();
    Err(EngineError::Invalid(format!(
        "there is no event `{shown}`: give a name such as `ticket.updated`, a group such as `ticket.*`, or `*`"
    )))
}

fn covers(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix(".*") {
        Some(group) => name.strip_prefix(group).is_some_and(|rest| rest.starts_with('.')),
        None => pattern == "*" || pattern == name,
    }
}

/// Whether any of the patterns asks for the event, in either form.
pub(crate) fn is_wanted(patterns: &[String], name: &EventName) -> bool {
    patterns.iter().any(|pattern| {
        covers(pattern, &name.linkspan) || name.merge.as_ref().is_some_and(|merge| covers(pattern, merge))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wants(pattern: &str, name: &EventName) -> bool {
        is_wanted(&[pattern.to_owned()], name)
    }

    #[test]
    fn names_groups_and_everything_can_be_asked_for() {
        let updated = of_change(Category::Ticketing, Model::Ticket, ChangeKind::Updated).unwrap();
        for pattern in ["*", "ticket.*", "ticket.updated", "Ticket.changed", "Ticket.*"] {
            check_pattern(pattern).unwrap();
            assert!(wants(pattern, &updated), "{pattern}");
        }
        for pattern in ["ticket.created", "comment.*", "linked_account.*", "Issue.new"] {
            check_pattern(pattern).unwrap();
            assert!(!wants(pattern, &updated), "{pattern}");
        }
        for pattern in ["", "ticket", "tick.*", "*.updated", "ticket.update", "ticket.**", "worklog.created"]
        {
            assert!(check_pattern(pattern).is_err(), "{pattern}");
            assert!(!wants(pattern, &updated), "{pattern}");
        }
    }

    #[test]
    fn a_group_is_a_team_of_ticketing_and_a_group_of_the_knowledge_base() {
        let name = |category| of_change(category, Model::Group, ChangeKind::Created).unwrap();
        assert_eq!(name(Category::Ticketing).linkspan, "team.created");
        assert_eq!(name(Category::KnowledgeBase).merge.unwrap(), "KnowledgeBaseGroup.added");
        assert_eq!(of_change(Category::Ticketing, Model::Worklog, ChangeKind::Created), None);
        assert_eq!(word_of(Category::KnowledgeBase, Model::Comment), None);
    }

    #[test]
    fn the_list_of_events_is_known() {
        insta::assert_snapshot!(all().into_iter().collect::<Vec<_>>().join("\n"));
    }
}

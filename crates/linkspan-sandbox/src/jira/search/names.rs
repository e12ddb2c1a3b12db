//! Names in JQL: which field a name means on a site.

use super::test::{Attribute, Instant, Quantity, Text};
use crate::{
    jira::view::field_type_name,
    world::{
        FieldId, SiteState,
        jira::{Field, FieldKind},
    },
};

/// What a field is to the search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// Values are ids.
    Choice(Attribute),
    /// The category of the status.
    StatusCategory,
    /// The category of the project.
    ProjectCategory,
    /// The kind of the project.
    ProjectType,
    /// Values are instants; `date` ones know days only.
    Instant { instant: Instant, date: bool },
    /// Values are numbers.
    Quantity(Quantity),
    /// Values are texts, searched by words.
    Text(Text),
    /// A short custom text that is compared whole.
    Exact(FieldId),
    /// A custom field of which only the presence can be asked for.
    Opaque(FieldId),
}

/// The meanings of a name; several when custom fields share it.
pub(crate) fn meanings(site: &SiteState, name: &str) -> Vec<Meaning> {
    if let Some(meaning) = system(&name.to_ascii_lowercase()) {
        return vec![meaning];
    }
    let fields = &site.jira().fields;
    let number = name.strip_prefix("cf[").and_then(|rest| rest.strip_suffix(']'));
    if let Some(id) = number.and_then(|digits| digits.parse().ok()) {
        return fields.iter().filter(|field| field.id == FieldId(id)).map(custom).collect();
    }
    fields.iter().filter(|field| named(field, name)).map(custom).collect()
}

fn named(field: &Field, name: &str) -> bool {
    if field.name.eq_ignore_ascii_case(name) {
        return true;
    }
    let Some((plain, kind)) = name.strip_suffix(']').and_then(|rest| rest.rsplit_once('[')) else {
        return false;
    };
    field.name.eq_ignore_ascii_case(plain)
        && field_type_name(field.kind).is_some_and(|it| it.eq_ignore_ascii_case(kind))
}

fn system(name: &str) -> Option<Meaning> {
    let instant = |instant| Meaning::Instant { instant, date: false };
    Some(match name {
        "id" | "key" | "issue" | "issuekey" | "workitem" | "workitemkey" => Meaning::Choice(Attribute::Issue),
        "project" | "space" => Meaning::Choice(Attribute::Project),
        "issuetype" | "type" | "worktype" => Meaning::Choice(Attribute::Type),
        "status" => Meaning::Choice(Attribute::Status),
        "statuscategory" => Meaning::StatusCategory,
        "category" => Meaning::ProjectCategory,
        "projecttype" => Meaning::ProjectType,
        "priority" => Meaning::Choice(Attribute::Priority),
        "resolution" => Meaning::Choice(Attribute::Resolution),
        "assignee" => Meaning::Choice(Attribute::Assignee),
        "reporter" => Meaning::Choice(Attribute::Reporter),
        "creator" => Meaning::Choice(Attribute::Creator),
        "labels" => Meaning::Choice(Attribute::Label),
        "component" => Meaning::Choice(Attribute::Component),
        "fixversion" => Meaning::Choice(Attribute::FixVersion),
        "affectedversion" => Meaning::Choice(Attribute::AffectedVersion),
        "parent" => Meaning::Choice(Attribute::Parent),
        "level" => Meaning::Choice(Attribute::Level),
        "watcher" => Meaning::Choice(Attribute::Watcher),
        "voter" => Meaning::Choice(Attribute::Voter),
        "worklogauthor" => Meaning::Choice(Attribute::WorklogAuthor),
        "attachments" => Meaning::Choice(Attribute::Attachment),
        "created" | "createddate" => instant(Instant::Created),
        "updated" | "updateddate" => instant(Instant::Updated),
        "resolved" | "resolutiondate" => instant(Instant::Resolved),
        "statuscategorychangeddate" => instant(Instant::StatusCategoryChanged),
        "due" | "duedate" => Meaning::Instant { instant: Instant::Due, date: true },
        "votes" => Meaning::Quantity(Quantity::Votes),
        "watchers" => Meaning::Quantity(Quantity::Watchers),
        "originalestimate" | "timeoriginalestimate" => Meaning::Quantity(Quantity::OriginalEstimate),
        "remainingestimate" | "timeestimate" => Meaning::Quantity(Quantity::RemainingEstimate),
        "timespent" => Meaning::Quantity(Quantity::TimeSpent),
        "workratio" => Meaning::Quantity(Quantity::WorkRatio),
        "hierarchylevel" => Meaning::Quantity(Quantity::HierarchyLevel),
        "text" | "textfields" => Meaning::Text(Text::Any),
        "summary" => Meaning::Text(Text::Summary),
        "description" => Meaning::Text(Text::Description),
        "environment" => Meaning::Text(Text::Environment),
        "comment" => Meaning::Text(Text::Comment),
        "worklogcomment" => Meaning::Text(Text::WorklogComment),
        _ => return None,
    })
}

fn custom(field: &Field) -> Meaning {
    let id = field.id;
    match field.kind {
        FieldKind::TextField | FieldKind::TextArea | FieldKind::ReadOnlyText | FieldKind::EpicName => {
            Meaning::Text(Text::Custom(id))
        }
        FieldKind::Url | FieldKind::Labels => Meaning::Exact(id),
        FieldKind::Number | FieldKind::StoryPoints => Meaning::Quantity(Quantity::Custom(id)),
        FieldKind::DatePicker => Meaning::Instant { instant: Instant::Custom(id), date: true },
        FieldKind::DateTime => Meaning::Instant { instant: Instant::Custom(id), date: false },
        FieldKind::Sprint => Meaning::Choice(Attribute::Sprint),
        FieldKind::RequestType => Meaning::Choice(Attribute::RequestType),
        FieldKind::RequestParticipants => Meaning::Choice(Attribute::Participant),
        FieldKind::Organizations => Meaning::Choice(Attribute::Organization),
        FieldKind::Select
        | FieldKind::MultiSelect
        | FieldKind::RadioButtons
        | FieldKind::Checkboxes
        | FieldKind::CascadingSelect
        | FieldKind::UserPicker
        | FieldKind::MultiUserPicker
        | FieldKind::GroupPicker
        | FieldKind::MultiGroupPicker
        | FieldKind::ProjectPicker
        | FieldKind::VersionPicker
        | FieldKind::MultiVersionPicker
        | FieldKind::EpicLink => Meaning::Choice(Attribute::Custom(id)),
        FieldKind::Rank
        | FieldKind::Team
        | FieldKind::Approvals
        | FieldKind::Sla
        | FieldKind::RequestFeedback => Meaning::Opaque(id),
    }
}

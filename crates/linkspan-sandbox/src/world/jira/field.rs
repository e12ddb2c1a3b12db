//! Custom fields, and the boards and sprints that fields refer to.

use std::sync::Arc;

use crate::world::ids::{BoardId, FieldId, Millis, OptionId, ProjectId, SprintId};

/// Kind of a custom field; decides `schema` and the shape of its values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(
    missing_docs,
    reason = "each variant is the published field type of the same name; `FieldKind::custom_key` gives the key"
)]
pub enum FieldKind {
    TextField,
    TextArea,
    ReadOnlyText,
    Number,
    DatePicker,
    DateTime,
    Select,
    MultiSelect,
    RadioButtons,
    Checkboxes,
    CascadingSelect,
    UserPicker,
    MultiUserPicker,
    GroupPicker,
    MultiGroupPicker,
    ProjectPicker,
    VersionPicker,
    MultiVersionPicker,
    Labels,
    Url,
    Sprint,
    EpicLink,
    EpicName,
    StoryPoints,
    Rank,
    Team,
    RequestType,
    RequestParticipants,
    Organizations,
    Approvals,
    Sla,
    RequestFeedback,
}

/// A custom field.
#[derive(Debug, Clone)]
pub struct Field {
    /// Id.
    pub id: FieldId,
    /// Name; two fields may have the same.
    pub name: String,
    /// Description.
    pub description: String,
    /// Kind.
    pub kind: FieldKind,
    /// Options of the select kinds; cascading ones carry children.
    pub options: Vec<FieldOption>,
    /// Set for fields of one team-managed project.
    pub scope: Option<ProjectId>,
}

/// An option of a select field.
#[derive(Debug, Clone)]
pub struct FieldOption {
    /// Id.
    pub id: OptionId,
    /// Text.
    pub value: Arc<str>,
    /// Children of a cascading option.
    pub children: Vec<FieldOption>,
}

/// A sprint.
#[derive(Debug, Clone)]
pub struct Sprint {
    /// Id.
    pub id: SprintId,
    /// Board it belongs to.
    pub board: BoardId,
    /// Name.
    pub name: String,
    /// `future`, `active` or `closed`.
    pub state: &'static str,
    /// Goal, may be empty.
    pub goal: String,
    /// Planned or actual start.
    pub start: Option<Millis>,
    /// Planned end.
    pub end: Option<Millis>,
    /// When it was closed.
    pub complete: Option<Millis>,
}

/// A board over one project.
#[derive(Debug, Clone)]
pub struct Board {
    /// Id.
    pub id: BoardId,
    /// Name.
    pub name: String,
    /// `scrum`, `kanban` or `simple`.
    pub kind: &'static str,
    /// Project whose issues it shows.
    pub project: ProjectId,
}

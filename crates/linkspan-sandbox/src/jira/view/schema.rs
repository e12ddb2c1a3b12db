//! What a field is: `schema`, `clauseNames` and the rest of `GET field`.

use super::{SystemField, View};
use crate::{
    jira::json::Json,
    world::jira::{Field, FieldKind},
};

/// `schema.type`, `schema.items` and `schema.custom` of a kind of custom field.
fn custom_schema(kind: FieldKind) -> (&'static str, Option<&'static str>) {
    match kind {
        FieldKind::TextField
        | FieldKind::TextArea
        | FieldKind::ReadOnlyText
        | FieldKind::Url
        | FieldKind::EpicName => ("string", None),
        FieldKind::Number | FieldKind::StoryPoints => ("number", None),
        FieldKind::DatePicker => ("date", None),
        FieldKind::DateTime => ("datetime", None),
        FieldKind::Select | FieldKind::RadioButtons => ("option", None),
        FieldKind::MultiSelect | FieldKind::Checkboxes => ("array", Some("option")),
        FieldKind::CascadingSelect => ("option-with-child", None),
        FieldKind::UserPicker => ("user", None),
        FieldKind::MultiUserPicker | FieldKind::RequestParticipants => ("array", Some("user")),
        FieldKind::GroupPicker => ("group", None),
        FieldKind::MultiGroupPicker => ("array", Some("group")),
        FieldKind::ProjectPicker => ("project", None),
        FieldKind::VersionPicker => ("version", None),
        FieldKind::MultiVersionPicker => ("array", Some("version")),
        FieldKind::Labels => ("array", Some("string")),
        FieldKind::Sprint => ("array", Some("json")),
        FieldKind::EpicLink | FieldKind::Rank => ("any", None),
        FieldKind::Team => ("team", None),
        FieldKind::RequestType => ("sd-customerrequesttype", None),
        FieldKind::Organizations => ("array", Some("sd-customerorganization")),
        FieldKind::Approvals => ("array", Some("sd-approvals")),
        FieldKind::Sla => ("sd-servicelevelagreement", None),
        FieldKind::RequestFeedback => ("sd-feedback", None),
    }
}

/// `schema.custom`: the key of the field type.
pub(crate) fn custom_key(kind: FieldKind) -> &'static str {
    match kind {
        FieldKind::TextField => "com.atlassian.jira.plugin.system.customfieldtypes:textfield",
        FieldKind::TextArea => "com.atlassian.jira.plugin.system.customfieldtypes:textarea",
        FieldKind::ReadOnlyText => "com.atlassian.jira.plugin.system.customfieldtypes:readonlyfield",
        FieldKind::Number => "com.atlassian.jira.plugin.system.customfieldtypes:float",
        FieldKind::DatePicker => "com.atlassian.jira.plugin.system.customfieldtypes:datepicker",
        FieldKind::DateTime => "com.atlassian.jira.plugin.system.customfieldtypes:datetime",
        FieldKind::Select => "com.atlassian.jira.plugin.system.customfieldtypes:select",
        FieldKind::MultiSelect => "com.atlassian.jira.plugin.system.customfieldtypes:multiselect",
        FieldKind::RadioButtons => "com.atlassian.jira.plugin.system.customfieldtypes:radiobuttons",
        FieldKind::Checkboxes => "com.atlassian.jira.plugin.system.customfieldtypes:multicheckboxes",
        FieldKind::CascadingSelect => "com.atlassian.jira.plugin.system.customfieldtypes:cascadingselect",
        FieldKind::UserPicker => "com.atlassian.jira.plugin.system.customfieldtypes:userpicker",
        FieldKind::MultiUserPicker => "com.atlassian.jira.plugin.system.customfieldtypes:multiuserpicker",
        FieldKind::GroupPicker => "com.atlassian.jira.plugin.system.customfieldtypes:grouppicker",
        FieldKind::MultiGroupPicker => "com.atlassian.jira.plugin.system.customfieldtypes:multigrouppicker",
        FieldKind::ProjectPicker => "com.atlassian.jira.plugin.system.customfieldtypes:project",
        FieldKind::VersionPicker => "com.atlassian.jira.plugin.system.customfieldtypes:version",
        FieldKind::MultiVersionPicker => "com.atlassian.jira.plugin.system.customfieldtypes:multiversion",
        FieldKind::Labels => "com.atlassian.jira.plugin.system.customfieldtypes:labels",
        FieldKind::Url => "com.atlassian.jira.plugin.system.customfieldtypes:url",
        FieldKind::Sprint => "com.pyxis.greenhopper.jira:gh-sprint",
        FieldKind::EpicLink => "com.pyxis.greenhopper.jira:gh-epic-link",
        FieldKind::EpicName => "com.pyxis.greenhopper.jira:gh-epic-label",
        FieldKind::StoryPoints => "com.pyxis.greenhopper.jira:jsw-story-points",
        FieldKind::Rank => "com.pyxis.greenhopper.jira:gh-lexo-rank",
        FieldKind::Team => "com.atlassian.jira.plugin.system.customfieldtypes:atlassian-team",
        FieldKind::RequestType => "com.atlassian.servicedesk:vp-origin",
        FieldKind::RequestParticipants => "com.atlassian.servicedesk:sd-request-participants",
        FieldKind::Organizations => "com.atlassian.servicedesk:sd-customer-organizations",
        FieldKind::Approvals => "com.atlassian.servicedesk.approvals-plugin:sd-approvals",
        FieldKind::Sla => "com.atlassian.servicedesk:sd-sla-field",
        FieldKind::RequestFeedback => "com.atlassian.servicedesk:sd-request-feedback",
    }
}

/// The name of a field's type, as it stands in brackets behind the field's name in one of its JQL clauses.
pub(crate) fn field_type_name(kind: FieldKind) -> Option<&'static str> {
    Some(match kind {
        FieldKind::TextField => "Short text",
        FieldKind::TextArea => "Paragraph",
        FieldKind::Number => "Number",
        FieldKind::DatePicker => "Date",
        FieldKind::DateTime => "Time stamp",
        FieldKind::Select => "Dropdown",
        FieldKind::MultiSelect => "Select List (multiple choices)",
        FieldKind::RadioButtons => "Radio Buttons",
        FieldKind::Checkboxes => "Checkboxes",
        FieldKind::CascadingSelect => "Select List (cascading)",
        FieldKind::UserPicker => "User Picker (single user)",
        FieldKind::MultiUserPicker => "User Picker (multiple users)",
        FieldKind::GroupPicker => "Group Picker (single group)",
        FieldKind::MultiGroupPicker => "Group Picker (multiple groups)",
        FieldKind::ProjectPicker => "Project Picker (single project)",
        FieldKind::VersionPicker => "Version Picker (single version)",
        FieldKind::MultiVersionPicker => "Version Picker (multiple versions)",
        FieldKind::Labels => "Labels",
        FieldKind::Url => "URL Field",
        FieldKind::Team => "Team",
        _ => return None,
    })
}

impl View<'_> {
    /// The schema of a system field; nothing for fields without one.
    pub(crate) fn system_schema(json: &mut Json, field: &SystemField) {
        json.object(|json| {
            json.key("type").string(field.kind);
            if !field.items.is_empty() {
                json.key("items").string(field.items);
            }
            json.key("system").string(field.id);
        });
    }

    /// The schema of a custom field.
    pub(crate) fn custom_schema(json: &mut Json, field: &Field) {
        let (kind, items) = custom_schema(field.kind);
        json.object(|json| {
            json.key("type").string(kind);
            if let Some(items) = items {
                json.key("items").string(items);
            }
            json.key("custom").string(custom_key(field.kind));
            json.key("customId").number(field.id.0);
        });
    }

    /// A system field as `GET field` lists it.
    pub(crate) fn system_field(json: &mut Json, field: &SystemField) {
        json.object(|json| {
            json.key("id").string(field.id);
            json.key("key").string(field.id);
            json.key("name").string(field.name);
            json.key("custom").boolean(false);
            json.key("orderable").boolean(field.orderable);
            json.key("navigable").boolean(field.navigable);
            json.key("searchable").boolean(field.searchable);
            json.key("clauseNames").array(|json| field.clauses.iter().for_each(|clause| json.string(clause)));
            if !field.kind.is_empty() {
                json.key("schema");
                Self::system_schema(json, field);
            }
        });
    }

    /// A custom field as `GET field` lists it.
    pub(crate) fn custom_field(json: &mut Json, field: &Field) {
        json.object(|json| {
            json.key("id").plain(field.id);
            json.key("key").plain(field.id);
            json.key("name").string(&field.name);
            json.key("untranslatedName").string(&field.name);
            json.key("custom").boolean(true);
            json.key("orderable").boolean(true);
            json.key("navigable").boolean(true);
            json.key("searchable").boolean(true);
            json.key("clauseNames").array(|json| {
                json.plain(format_args!("cf[{}]", field.id.0));
                json.string(&field.name);
                if let Some(kind) = field_type_name(field.kind) {
                    json.string(&format!("{}[{kind}]", field.name));
                }
            });
            Self::scope(json, field.scope);
            json.key("schema");
            Self::custom_schema(json, field);
        });
    }
}

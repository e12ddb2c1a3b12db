//! Writing custom fields.

use std::sync::Arc;

use serde_json::Value;

use super::{
    fields::{Operation, Target, edited, last_set, user, version},
    values::rich_text,
};
use crate::{
    jira::time,
    world::{
        AccountIndex, GroupIndex, OptionId, SprintId,
        jira::{CustomValue, Field, FieldChange, FieldKind, FieldOption},
    },
};

/// The change of a custom field.
pub(super) fn change(
    target: &Target<'_>,
    field: &Field,
    operations: &[Operation<'_>],
) -> Result<FieldChange, String> {
    if field.kind == FieldKind::Sprint {
        return sprint(target, last_set(operations)?);
    }
    let present = target.issue.and_then(|issue| issue.custom_value(field.id));
    let value = match field.kind {
        FieldKind::MultiSelect | FieldKind::Checkboxes => {
            let present = match present {
                Some(CustomValue::Options(options)) => options.clone(),
                _ => Vec::new(),
            };
            let list = edited(present, operations, |value| option(&field.options, value).map(|it| it.id))?;
            (!list.is_empty()).then_some(CustomValue::Options(list))
        }
        FieldKind::MultiUserPicker => {
            let present = match present {
                Some(CustomValue::Users(users)) => users.clone(),
                _ => Vec::new(),
            };
            let list = edited(present, operations, |value| somebody(target, value))?;
            (!list.is_empty()).then_some(CustomValue::Users(list))
        }
        FieldKind::MultiGroupPicker => {
            let present = match present {
                Some(CustomValue::Groups(groups)) => groups.clone(),
                _ => Vec::new(),
            };
            let list = edited(present, operations, |value| group(target, value))?;
            (!list.is_empty()).then_some(CustomValue::Groups(list))
        }
        FieldKind::MultiVersionPicker => {
            let present = match present {
                Some(CustomValue::Versions(versions)) => versions.clone(),
                _ => Vec::new(),
            };
            let list = edited(present, operations, |value| version(target, value))?;
            (!list.is_empty()).then_some(CustomValue::Versions(list))
        }
        FieldKind::Labels => {
            let present: Vec<Arc<str>> = match present {
                Some(CustomValue::Labels(labels)) => labels.clone(),
                _ => Vec::new(),
            };
            let read =
                |value: &Value| value.as_str().map(Arc::from).ok_or_else(|| "string expected".to_owned());
            let list = edited(present, operations, read)?;
            (!list.is_empty()).then_some(CustomValue::Labels(list))
        }
        _ => single(target, field, last_set(operations)?)?,
    };
    Ok(FieldChange::Custom(field.id, value))
}

fn single(target: &Target<'_>, field: &Field, value: &Value) -> Result<Option<CustomValue>, String> {
    if value.is_null() {
        return Ok(None);
    }
    let text = || value.as_str().ok_or_else(|| "Operation value must be a string".to_owned());
    let written = match field.kind {
        FieldKind::TextField | FieldKind::Url | FieldKind::EpicName => CustomValue::Text(text()?.into()),
        FieldKind::TextArea => CustomValue::Rich(rich_text(target.view.version, value)?),
        FieldKind::Number | FieldKind::StoryPoints => {
            let number = value.as_f64().filter(|number| number.is_finite());
            CustomValue::Number(number.ok_or("Operation value must be a number")?)
        }
        FieldKind::DatePicker => {
            let day = time::parse_day(text()?);
            CustomValue::Date(day.ok_or_else(|| format!("Error parsing date string: {value}"))?)
        }
        FieldKind::DateTime => {
            let at = time::parse(text()?);
            CustomValue::DateTime(at.ok_or_else(|| format!("Error parsing time: {value}"))?)
        }
        FieldKind::Select | FieldKind::RadioButtons => CustomValue::Option(option(&field.options, value)?.id),
        FieldKind::CascadingSelect => {
            let parent = option(&field.options, value)?;
            let child = value.get("child").filter(|child| !child.is_null());
            let child = child.map(|child| option(&parent.children, child)).transpose()?;
            CustomValue::Cascade(parent.id, child.map(|child| child.id))
        }
        FieldKind::UserPicker => CustomValue::User(somebody(target, value)?),
        FieldKind::GroupPicker => CustomValue::Group(group(target, value)?),
        FieldKind::ProjectPicker => {
            let name =
                value.get("id").or_else(|| value.get("key")).and_then(Value::as_str).unwrap_or_default();
            let site = target.view.site;
            let found = site.find_project(name).filter(|it| site.can_browse_project(&target.view.reader, it));
            CustomValue::Project(found.ok_or("The project is not valid.")?.id)
        }
        FieldKind::VersionPicker => CustomValue::Versions(vec![version(target, value)?]),
        FieldKind::EpicLink => {
            let site = target.view.site;
            let found = site.find_issue(text()?).filter(|id| site.can_see_issue_id(&target.view.reader, *id));
            CustomValue::Issue(found.ok_or("Could not find issue by id or key.")?)
        }
        FieldKind::Team => CustomValue::Json(value.to_string().into()),
        _ => {
            return Err(format!(
                "Field '{}' cannot be set. It is not on the appropriate screen, or unknown.",
                field.id
            ));
        }
    };
    Ok(Some(written))
}

/// The option `{"id":…}` or `{"value":…}` names.
fn option<'o>(options: &'o [FieldOption], value: &Value) -> Result<&'o FieldOption, String> {
    let id = value.get("id").and_then(|id| id.as_str().map_or_else(|| id.as_u64(), |text| text.parse().ok()));
    let text = value.get("value").and_then(Value::as_str);
    let found = options.iter().find(|option| match (id, text) {
        (Some(id), _) => option.id == OptionId(id),
        (None, Some(text)) => *option.value == *text,
        (None, None) => false,
    });
    found.ok_or_else(|| "Specify a valid 'id' or 'name' for the option".to_owned())
}

fn somebody(target: &Target<'_>, value: &Value) -> Result<AccountIndex, String> {
    user(target.view, value)?.ok_or_else(|| "expected Object containing an accountId".to_owned())
}

fn group(target: &Target<'_>, value: &Value) -> Result<GroupIndex, String> {
    let site = target.view.site;
    let id = value.get("groupId").and_then(Value::as_str).and_then(|id| site.group_by_id(id));
    let found =
        id.or_else(|| value.get("name").and_then(Value::as_str).and_then(|name| site.group_by_name(name)));
    found.map(|group| group.index).ok_or_else(|| "The group does not exist.".to_owned())
}

/// A sprint is set by its number; the sprints an issue was in before are kept.
fn sprint(target: &Target<'_>, value: &Value) -> Result<FieldChange, String> {
    let config = target.view.site.jira();
    let closed = |id: &SprintId| config.sprint(*id).is_some_and(|sprint| sprint.state == "closed");
    let mut sprints = target.issue.map_or_else(Vec::new, |issue| issue.sprints.clone());
    sprints.retain(closed);
    if !value.is_null() {
        let id = value.as_u64().map(SprintId).ok_or("Number value expected as the Sprint id.")?;
        config.sprint(id).ok_or_else(|| format!("Sprint with id {id} does not exist."))?;
        if !sprints.contains(&id) {
            sprints.push(id);
        }
    }
    Ok(FieldChange::Sprints(sprints))
}

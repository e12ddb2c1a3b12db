//! The `fields` and `update` of creating and editing an issue.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::{custom, values::rich_text};
use crate::{
    jira::{time, view::View},
    world::{
        AccountIndex, ComponentId, FieldId, IssueId, VersionId,
        jira::{FieldChange, Issue, IssueType, Project},
    },
};

/// Longest summary, in characters.
const MAX_SUMMARY: usize = 255;

/// What fields are written to.
pub(crate) struct Target<'t> {
    pub(crate) view: &'t View<'t>,
    /// The project the issue is or will be in.
    pub(crate) project: &'t Project,
    /// The issue, when it exists already.
    pub(crate) issue: Option<&'t Issue>,
}

/// One operation on a field.
#[derive(Clone, Copy, Debug)]
pub(super) enum Operation<'v> {
    Set(&'v Value),
    Add(&'v Value),
    Remove(&'v Value),
}

/// Reads `fields` and `update` into changes, or says by field what is wrong. Members that are no field of the issue, such as
/// `project` on creation and `comment` in `update`, are left to the caller by `skip`.
pub(crate) fn field_changes(
    target: &Target<'_>,
    fields: &Map<String, Value>,
    update: &Map<String, Value>,
    skip: &[&str],
) -> Result<Vec<FieldChange>, Vec<(String, String)>> {
    let mut changes = Vec::new();
    let mut errors = Vec::new();
    let mut take = |name: &str, result: Result<Vec<FieldChange>, String>| match result {
        Ok(change) => changes.extend(change),
        Err(message) => errors.push((name.to_owned(), message)),
    };
    for (name, value) in fields.iter().filter(|(name, _)| !skip.contains(&name.as_str())) {
        take(name, change(target, name, &[Operation::Set(value)]));
    }
    for (name, list) in update.iter().filter(|(name, _)| !skip.contains(&name.as_str())) {
        if fields.contains_key(name) {
            take(name, Err(format!("Field '{name}' cannot appear in both 'fields' and 'update'")));
            continue;
        }
        take(name, operations(list).and_then(|operations| change(target, name, &operations)));
    }
    if errors.is_empty() { Ok(changes) } else { Err(errors) }
}

fn operations(list: &Value) -> Result<Vec<Operation<'_>>, String> {
    let malformed = || "The operations of a field must be an array of objects with one verb each.".to_owned();
    let items = list.as_array().ok_or_else(malformed)?;
    items
        .iter()
        .map(|item| match single_verb(item) {
            Some(("set", value)) => Ok(Operation::Set(value)),
            Some(("add", value)) => Ok(Operation::Add(value)),
            Some(("remove", value)) => Ok(Operation::Remove(value)),
            Some((verb, _)) => Err(format!("Operation '{verb}' is not supported for this field.")),
            None => Err(malformed()),
        })
        .collect()
}

/// The verb and value of an object with exactly one member.
fn single_verb(item: &Value) -> Option<(&str, &Value)> {
    let members = item.as_object().filter(|members| members.len() == 1)?;
    members.iter().next().map(|(verb, value)| (verb.as_str(), value))
}

/// The value of the last `set`; other verbs are for lists only.
pub(super) fn last_set<'v>(operations: &[Operation<'v>]) -> Result<&'v Value, String> {
    let mut found = None;
    for operation in operations {
        match operation {
            Operation::Set(value) => found = Some(*value),
            Operation::Add(_) | Operation::Remove(_) => {
                return Err("This field takes the operation 'set' only.".to_owned());
            }
        }
    }
    found.ok_or_else(|| "No operation is given.".to_owned())
}

/// Applies operations to a list.
pub(super) fn edited<T: PartialEq>(
    present: Vec<T>,
    operations: &[Operation<'_>],
    read: impl Fn(&Value) -> Result<T, String>,
) -> Result<Vec<T>, String> {
    let mut list = present;
    for operation in operations {
        match operation {
            Operation::Set(Value::Null) => list.clear(),
            Operation::Set(value) => {
                let items = value.as_array().ok_or("data was not an array")?;
                list = items.iter().map(&read).collect::<Result<_, _>>()?;
            }
            Operation::Add(value) => {
                let item = read(value)?;
                if !list.contains(&item) {
                    list.push(item);
                }
            }
            Operation::Remove(value) => {
                let item = read(value)?;
                list.retain(|present| *present != item);
            }
        }
    }
    Ok(list)
}

fn change(target: &Target<'_>, name: &str, operations: &[Operation<'_>]) -> Result<Vec<FieldChange>, String> {
    let view = target.view;
    let config = view.site.jira();
    let single = || last_set(operations);
    let done = |change: FieldChange| Ok(vec![change]);
    match name {
        "summary" => done(FieldChange::Summary(summary(single()?)?)),
        "description" | "environment" => {
            let value = single()?;
            let text = if is_nothing(value) { None } else { Some(rich_text(view.version, value)?) };
            done(if name == "description" {
                FieldChange::Description(text)
            } else {
                FieldChange::Environment(text)
            })
        }
        "issuetype" => {
            let kind = issue_type(target, single()?)?;
            done(FieldChange::IssueType(kind.id))
        }
        "priority" => {
            let value = single()?;
            if value.is_null() {
                return done(FieldChange::Priority(None));
            }
            let found = config.priorities.iter().find(|it| names(value, &it.id.to_string(), &it.name));
            let found = found.ok_or("The priority selected is invalid.")?;
            done(FieldChange::Priority(Some(found.id)))
        }
        "resolution" => {
            let value = single()?;
            if value.is_null() {
                return done(FieldChange::Resolution(None));
            }
            let found = config.resolutions.iter().find(|it| names(value, &it.id.to_string(), &it.name));
            done(FieldChange::Resolution(Some(found.ok_or("The resolution selected is invalid.")?.id)))
        }
        "assignee" => done(FieldChange::Assignee(user(view, single()?)?)),
        "reporter" => {
            let person = user(view, single()?)?;
            let head = target.issue.map(Issue::head);
            if person != view.reader.account()
                && !view.site.has_permission(&view.reader, "MODIFY_REPORTER", target.project, head.as_ref())
            {
                return Err(
                    "Field 'reporter' cannot be set. It is not on the appropriate screen, or unknown."
                        .to_owned(),
                );
            }
            done(FieldChange::Reporter(person))
        }
        "duedate" => {
            let value = single()?;
            if is_nothing(value) {
                return done(FieldChange::Due(None));
            }
            let text = value.as_str().unwrap_or_default();
            let day = time::parse_day(text).ok_or_else(|| format!("Error parsing date string: {text}"))?;
            done(FieldChange::Due(Some(day)))
        }
        "parent" => done(FieldChange::Parent(parent(target, single()?)?)),
        "security" => security(target, single()?).map(|change| vec![change]),
        "labels" => {
            let present: Vec<Arc<str>> = target.issue.map_or_else(Vec::new, |issue| {
                issue.labels.iter().map(|label| Arc::clone(view.site.label(*label))).collect()
            });
            done(FieldChange::Labels(edited(present, operations, label)?))
        }
        "components" => {
            let present = target.issue.map_or_else(Vec::new, |issue| issue.components.clone());
            done(FieldChange::Components(edited(present, operations, |value| component(target, value))?))
        }
        "fixVersions" => {
            let present = target.issue.map_or_else(Vec::new, |issue| issue.fix_versions.clone());
            done(FieldChange::FixVersions(edited(present, operations, |value| version(target, value))?))
        }
        "versions" => {
            let present = target.issue.map_or_else(Vec::new, |issue| issue.versions.clone());
            done(FieldChange::Versions(edited(present, operations, |value| version(target, value))?))
        }
        "timetracking" => time_tracking(single()?),
        _ => {
            let field = FieldId::parse(name).and_then(|id| config.field(id));
            let field = field.filter(|it| it.scope.is_none_or(|scope| scope == target.project.id));
            let field = field.ok_or_else(|| {
                format!("Field '{name}' cannot be set. It is not on the appropriate screen, or unknown.")
            })?;
            custom::change(target, field, operations).map(|change| vec![change])
        }
    }
}

fn is_nothing(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty())
}

fn summary(value: &Value) -> Result<Arc<str>, String> {
    let text = value.as_str().ok_or("Operation value must be a string")?.trim();
    if text.is_empty() {
        return Err("You must specify a summary of the issue.".to_owned());
    }
    if text.contains(['\n', '\r']) {
        return Err("The summary is invalid because it contains newline characters.".to_owned());
    }
    if text.chars().count() > MAX_SUMMARY {
        return Err("Summary must be less than 255 characters.".to_owned());
    }
    Ok(text.into())
}

/// Whether `{"id":…}` or `{"name":…}` names the thing with this id and name.
pub(super) fn names(value: &Value, id: &str, name: &str) -> bool {
    let by_id = match value.get("id") {
        Some(Value::String(text)) => text == id,
        Some(Value::Number(number)) => number.to_string() == id,
        _ => false,
    };
    by_id
        || (value.get("id").is_none()
            && value.get("name").and_then(Value::as_str).is_some_and(|it| it.eq_ignore_ascii_case(name)))
}

/// The issue type a request names, among those of the project.
pub(crate) fn issue_type<'t>(target: &Target<'t>, value: &Value) -> Result<&'t IssueType, String> {
    let kinds = target.project.issue_types.iter().filter_map(|id| target.view.site.jira().issue_type(*id));
    let found = kinds.into_iter().find(|kind| names(value, &kind.id.to_string(), &kind.name));
    found.ok_or_else(|| "Specify a valid issue type".to_owned())
}

/// The account of `{"accountId":…}` (or `{"id":…}`); `null` is nobody.
pub(super) fn user(view: &View<'_>, value: &Value) -> Result<Option<AccountIndex>, String> {
    if value.is_null() {
        return Ok(None);
    }
    let id = value.get("accountId").or_else(|| value.get("id")).unwrap_or(value);
    match id {
        Value::Null => Ok(None),
        Value::String(id) if id == "-1" => Ok(None),
        Value::String(id) => {
            let found = view.site.account_by_id(id).filter(|account| account.is_active());
            found.map(|account| Some(account.index)).ok_or_else(|| format!("User '{id}' does not exist."))
        }
        _ => Err("expected Object containing an accountId".to_owned()),
    }
}

fn parent(target: &Target<'_>, value: &Value) -> Result<Option<IssueId>, String> {
    if value.is_null() {
        return Ok(None);
    }
    let named = value.get("id").or_else(|| value.get("key")).and_then(Value::as_str);
    let site = target.view.site;
    let found = named.and_then(|name| site.find_issue(name));
    let found = found.filter(|id| site.can_see_issue_id(&target.view.reader, *id));
    found.map(Some).ok_or_else(|| "Could not find issue by id or key.".to_owned())
}

fn security(target: &Target<'_>, value: &Value) -> Result<FieldChange, String> {
    let view = target.view;
    let head = target.issue.map(Issue::head);
    if !view.site.has_permission(&view.reader, "SET_ISSUE_SECURITY", target.project, head.as_ref()) {
        return Err(
            "Field 'security' cannot be set. It is not on the appropriate screen, or unknown.".to_owned()
        );
    }
    if value.is_null() {
        return Ok(FieldChange::Security(None));
    }
    let scheme = target.project.security_scheme.and_then(|id| view.site.jira().security_scheme(id));
    let mut levels = scheme.iter().flat_map(|scheme| &scheme.levels);
    let found = levels.find(|level| names(value, &level.id.to_string(), &level.name));
    found
        .map(|level| FieldChange::Security(Some(level.id)))
        .ok_or_else(|| "The security level is not valid.".to_owned())
}

fn label(value: &Value) -> Result<Arc<str>, String> {
    let text = value.as_str().ok_or("string expected at index 0")?;
    if text.contains(char::is_whitespace) {
        return Err(format!("The label '{text}' contains spaces which is invalid."));
    }
    if text.is_empty() || text.chars().count() > 255 {
        return Err("A label has between 1 and 255 characters.".to_owned());
    }
    Ok(text.into())
}

fn component(target: &Target<'_>, value: &Value) -> Result<ComponentId, String> {
    let found = target.project.components.iter().find(|it| names(value, &it.id.to_string(), &it.name));
    found.map(|it| it.id).ok_or_else(|| {
        let name = value.get("name").or_else(|| value.get("id")).unwrap_or(value);
        format!("Component name {name} is not valid")
    })
}

pub(super) fn version(target: &Target<'_>, value: &Value) -> Result<VersionId, String> {
    let found = target.project.versions.iter().find(|it| names(value, &it.id.to_string(), &it.name));
    found.map(|it| it.id).ok_or_else(|| {
        let name = value.get("name").or_else(|| value.get("id")).unwrap_or(value);
        format!("Version name {name} is not valid")
    })
}

/// Estimates as durations in words; an original estimate alone sets the remaining one too.
fn time_tracking(value: &Value) -> Result<Vec<FieldChange>, String> {
    let read = |name: &str| {
        let text = value.get(name).and_then(Value::as_str);
        text.map(|text| {
            super::duration_seconds(text).ok_or_else(|| format!("The duration '{text}' is invalid."))
        })
        .transpose()
    };
    let (original, remaining) = (read("originalEstimate")?, read("remainingEstimate")?);
    let left = remaining.or(original).map(|seconds| FieldChange::RemainingEstimate(Some(seconds)));
    let estimated = original.map(|seconds| FieldChange::OriginalEstimate(Some(seconds)));
    Ok(estimated.into_iter().chain(left).collect())
}

//! Values that several writes take: rich text, visibility, durations.

use serde_json::Value;

use crate::{
    jira::{session::Version, view::View},
    world::{
        Rich, RoleId,
        jira::{Project, Visibility},
    },
};

/// Longest text, in characters.
const MAX_TEXT: usize = 32_767;
/// Deepest ADF document.
const MAX_ADF_DEPTH: usize = 100;

/// Rich text of a request: an ADF document in version 3, wiki markup in version 2.
pub(crate) fn rich_text(version: Version, value: &Value) -> Result<Rich, String> {
    let too_long =
        || "The entered text is too long. It exceeds the allowed limit of 32,767 characters.".to_owned();
    match (version, value) {
        (Version::V2, Value::String(text)) => {
            if text.chars().count() > MAX_TEXT {
                Err(too_long())
            } else {
                Ok(Rich::Wiki(text.as_str().into()))
            }
        }
        (Version::V2, _) => Err("Operation value must be a string".to_owned()),
        (Version::V3, Value::Object(document)) if document.get("type") == Some(&Value::from("doc")) => {
            let well_formed = document.get("version").is_some_and(Value::is_number)
                && document.get("content").is_some_and(Value::is_array)
                && is_adf(value);
            if !well_formed {
                return Err("INVALID_INPUT".to_owned());
            }
            let text = value.to_string();
            // The limit counts text; the document around it may be somewhat longer.
            if text.chars().count() > 8 * MAX_TEXT { Err(too_long()) } else { Ok(Rich::Adf(text.into())) }
        }
        (Version::V3, _) => {
            Err("Operation value must be an Atlassian Document (see the Atlassian Document Format)"
                .to_owned())
        }
    }
}

/// Whether every node has a type and lists only nodes, to a bounded depth.
fn is_adf(document: &Value) -> bool {
    let mut open = vec![(document, 0)];
    while let Some((node, depth)) = open.pop() {
        if depth > MAX_ADF_DEPTH || !node.get("type").is_some_and(Value::is_string) {
            return false;
        }
        for list in ["content", "marks"] {
            match node.get(list) {
                None => {}
                Some(Value::Array(children)) => open.extend(children.iter().map(|child| (child, depth + 1))),
                Some(_) => return false,
            }
        }
    }
    true
}

/// The `visibility` of a comment or worklog; `null` and absence mean none.
pub(crate) fn visibility(
    view: &View<'_>,
    project: &Project,
    value: Option<&Value>,
) -> Result<Option<Visibility>, String> {
    let Some(value) = value.filter(|value| !value.is_null()) else { return Ok(None) };
    let text = |name: &str| value.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let named = text("identifier").or_else(|| text("value")).ok_or("The visibility names nobody.")?;
    match text("type") {
        Some("role") => {
            let found = view
                .roles_of(project)
                .find(|role| Some(role.id) == RoleId::parse(named) || role.name.eq_ignore_ascii_case(named));
            let role = found.ok_or_else(|| format!("Role: {named} does not exist."))?;
            if !view.site.in_role(&view.reader, project, role.id) {
                return Err(format!("You are currently not a member of the project role: {}.", role.name));
            }
            Ok(Some(Visibility::Role(role.id)))
        }
        Some("group") => {
            let found = view.site.group_by_id(named).or_else(|| view.site.group_by_name(named));
            let group = found.ok_or_else(|| format!("Group: {named} does not exist."))?;
            if !view.reader.in_group(group.index) {
                return Err(format!("You are currently not a member of the group: {}.", group.name));
            }
            Ok(Some(Visibility::Group(group.index)))
        }
        _ => Err("The visibility type must be 'role' or 'group'.".to_owned()),
    }
}

/// A duration such as `3h 20m` or `1w 2d`, in seconds: days of 8 hours, weeks of 5 days. A bare number counts minutes.
pub(crate) fn duration_seconds(text: &str) -> Option<u32> {
    let mut total: u32 = 0;
    for part in text.split_whitespace() {
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        let count: u32 = part[..digits].parse().ok()?;
        let unit = match &part[digits..] {
            "w" => 5 * 8 * 3_600,
            "d" => 8 * 3_600,
            "h" => 3_600,
            "m" | "" => 60,
            _ => return None,
        };
        total = total.checked_add(count.checked_mul(unit)?)?;
    }
    (!text.trim().is_empty()).then_some(total)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{duration_seconds, rich_text};
    use crate::{jira::session::Version, world::Rich};

    #[test]
    fn durations_are_read_in_working_time() {
        let table = [
            ("3h 20m", Some(12_000)),
            ("1w 2d", Some(201_600)),
            ("90", Some(5_400)),
            ("", None),
            ("1y", None),
            ("h", None),
            ("99999999999w", None),
            ("999999w", None),
        ];
        for (text, expected) in table {
            assert_eq!(duration_seconds(text), expected, "{text}");
        }
    }

    #[test]
    fn version_2_takes_text_and_version_3_takes_documents() {
        let document = json!({ "type": "doc", "version": 1, "content": [{ "type": "paragraph" }] });
        assert!(matches!(rich_text(Version::V3, &document), Ok(Rich::Adf(_))));
        assert!(matches!(rich_text(Version::V2, &json!("h1. x")), Ok(Rich::Wiki(_))));
        assert!(rich_text(Version::V3, &json!("text")).is_err());
        assert!(rich_text(Version::V2, &document).is_err());
        assert!(rich_text(Version::V3, &json!({ "type": "doc", "version": 1, "content": [{}] })).is_err());
        assert!(rich_text(Version::V2, &json!("x".repeat(32_768))).is_err());
    }

    #[test]
    fn a_document_that_is_too_deep_is_refused() {
        let nested = |depth| {
            let node = (0..depth).fold(
                json!({ "type": "paragraph" }),
                |node, _| json!({ "type": "panel", "content": [node] }),
            );
            json!({ "type": "doc", "version": 1, "content": [node] })
        };
        assert!(rich_text(Version::V3, &nested(90)).is_ok());
        assert!(rich_text(Version::V3, &nested(200)).is_err());
    }
}

//! Which fields of an issue a request wants.

use super::{SYSTEM_FIELDS, SystemField, system_field};
use crate::world::{
    FieldId,
    jira::{Field, JiraConfig},
};

/// The wanted fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Selection {
    system: Vec<usize>,
    custom: Vec<FieldId>,
    /// Only what stands beside `fields` is wanted: `id`, and `key` when `true`.
    bare: Option<bool>,
}

/// What is wanted when a request names no fields, or only ones to leave out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Default {
    /// The id alone, as `search/jql` answers by default.
    Id,
    /// `*navigable`
    Navigable,
    /// `*all`
    All,
}

impl Selection {
    /// Reads a `fields` parameter: ids, `*all`, `*navigable`, and either with a minus sign. Unknown names select nothing.
    pub(crate) fn parse<S: AsRef<str>>(names: &[S], default: Default, config: &JiraConfig) -> Self {
        let names: Vec<&str> = names.iter().map(AsRef::as_ref).filter(|name| !name.is_empty()).collect();
        let only_identity = |name: &&str| matches!(*name, "id" | "key" | "issuekey");
        if names.is_empty() && default == Default::Id || !names.is_empty() && names.iter().all(only_identity)
        {
            let key = names.iter().any(|name| *name != "id");
            return Self { system: Vec::new(), custom: Vec::new(), bare: Some(key) };
        }
        let mut selection = Self { system: Vec::new(), custom: Vec::new(), bare: None };
        let only_exclusions = names.iter().all(|name| name.starts_with('-'));
        if only_exclusions {
            selection.add(if default == Default::All { "*all" } else { "*navigable" }, config);
        }
        for name in names {
            match name.strip_prefix('-') {
                Some(excluded) => selection.remove(excluded, config),
                None => selection.add(name, config),
            }
        }
        selection.system.sort_unstable();
        selection.system.dedup();
        selection.custom.sort_unstable();
        selection.custom.dedup();
        selection
    }

    fn add(&mut self, name: &str, config: &JiraConfig) {
        match name {
            "*all" | "*navigable" => {
                let wanted = |field: &SystemField| name == "*all" || field.navigable;
                self.system.extend((0..SYSTEM_FIELDS.len()).filter(|at| wanted(&SYSTEM_FIELDS[*at])));
                self.custom.extend(config.fields.iter().map(|field| field.id));
            }
            _ => match (position(name), FieldId::parse(name)) {
                (Some(at), _) => self.system.push(at),
                (None, Some(id)) if config.field(id).is_some() => self.custom.push(id),
                _ => {}
            },
        }
    }

    fn remove(&mut self, name: &str, config: &JiraConfig) {
        let mut removed = Self { system: Vec::new(), custom: Vec::new(), bare: None };
        removed.add(name, config);
        self.system.retain(|at| !removed.system.contains(at));
        self.custom.retain(|id| !removed.custom.contains(id));
    }

    /// The wanted system fields, in the order of `GET field`.
    pub(crate) fn system(&self) -> impl Iterator<Item = &'static SystemField> {
        self.system.iter().map(|at| &SYSTEM_FIELDS[*at])
    }

    /// The wanted custom fields, ascending.
    pub(crate) fn custom<'c>(&self, config: &'c JiraConfig) -> impl Iterator<Item = &'c Field> {
        self.custom.iter().filter_map(|id| config.field(*id))
    }

    /// `Some` when only `id` (and `key`, if true) is wanted: such pages may hold 5,000 issues.
    pub(crate) fn bare(&self) -> Option<bool> {
        self.bare
    }

    /// How many fields are wanted by name.
    pub(crate) fn len(&self) -> usize {
        self.system.len() + self.custom.len()
    }

    /// Whether a system field is wanted.
    pub(crate) fn has(&self, id: &str) -> bool {
        position(id).is_some_and(|at| self.system.contains(&at))
    }
}

fn position(id: &str) -> Option<usize> {
    let found = system_field(id)?;
    SYSTEM_FIELDS.iter().position(|field| field.system == found.system)
}

#[cfg(test)]
mod tests {
    use super::{Default, Selection};
    use crate::world::jira::JiraConfig;

    fn ids(names: &[&str], default: Default) -> Vec<&'static str> {
        Selection::parse(names, default, &JiraConfig::default()).system().map(|field| field.id).collect()
    }

    #[test]
    fn without_names_the_default_is_selected() {
        let config = JiraConfig::default();
        assert_eq!(Selection::parse::<&str>(&[], Default::Id, &config).bare(), Some(false));
        assert_eq!(Selection::parse(&["id", "key"], Default::All, &config).bare(), Some(true));
        assert!(ids(&[], Default::All).contains(&"comment"));
        assert!(!ids(&[], Default::Navigable).contains(&"comment"));
    }

    #[test]
    fn a_minus_takes_fields_out_of_what_is_selected() {
        assert_eq!(ids(&["summary", "status", "-status", "nonsense"], Default::Id), ["summary"]);
        let all_but_comment = ids(&["*all", "-comment"], Default::Id);
        assert!(all_but_comment.contains(&"worklog") && !all_but_comment.contains(&"comment"));
        assert!(!ids(&["-comment"], Default::All).contains(&"comment"));
        assert!(ids(&["-comment"], Default::All).contains(&"worklog"));
    }

    #[test]
    fn names_beside_identity_bring_the_fields_object() {
        assert_eq!(ids(&["id", "summary"], Default::Id), ["summary"]);
    }
}

//! What may be done with an issue: transitions, and the fields of its screens.

use super::{SYSTEM_FIELDS, SystemField, View, fields::System};
use crate::{
    jira::json::Json,
    world::jira::{Field, FieldKind, Issue, IssueType, Project, Status},
};

/// Which screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Screen {
    /// Creating an issue.
    Create,
    /// Editing one.
    Edit,
}

/// The id of the transition that leads to a status: any status may follow any.
pub(crate) fn transition_id(status: &Status) -> u64 {
    status.id.0
}

impl View<'_> {
    /// The transitions an issue offers, as a bare list.
    pub(crate) fn transitions(&self, json: &mut Json, issue: &Issue, with_fields: bool) {
        let project = self.site.project(issue.project);
        let statuses = project.map_or(&[] as &[_], |project| &project.statuses);
        json.array(|json| {
            for status in statuses.iter().filter_map(|id| self.site.jira().status(*id)) {
                json.object(|json| {
                    json.key("id").plain(transition_id(status));
                    json.key("name").string(&status.name);
                    json.key("to");
                    self.status(json, status);
                    json.key("hasScreen").boolean(false);
                    json.key("isGlobal").boolean(true);
                    json.key("isInitial").boolean(false);
                    json.key("isAvailable").boolean(true);
                    json.key("isConditional").boolean(false);
                    json.key("isLooped").boolean(false);
                    if with_fields {
                        json.key("fields").object(|_| {});
                    }
                });
            }
        });
    }

    /// `editmeta.fields`: field id to what may be written there.
    pub(crate) fn edit_fields(&self, json: &mut Json, issue: &Issue) {
        let Some(project) = self.site.project(issue.project) else {
            json.object(|_| {});
            return;
        };
        json.object(|json| {
            for field in SYSTEM_FIELDS.iter().filter(|field| on_screen(field, Screen::Edit)) {
                json.key(field.id);
                self.system_meta(json, field, project, None);
            }
            for field in self.project_fields(project) {
                json.id_key(field.id);
                self.custom_meta(json, field, false);
            }
        });
    }

    /// The fields of the create screen, one object each.
    pub(crate) fn create_fields<'s>(&'s self, project: &'s Project, kind: &'s IssueType) -> Vec<String> {
        let system = SYSTEM_FIELDS
            .iter()
            .filter(|field| on_screen(field, Screen::Create))
            .map(|field| crate::jira::json::text(|json| self.system_meta(json, field, project, Some(kind))));
        let custom = self
            .project_fields(project)
            .map(|field| crate::jira::json::text(|json| self.custom_meta(json, field, true)));
        system.chain(custom).collect()
    }

    /// The fields of the create screen as members named by their ids.
    pub(crate) fn create_fields_by_id(&self, json: &mut Json, project: &Project, kind: &IssueType) {
        for field in SYSTEM_FIELDS.iter().filter(|field| on_screen(field, Screen::Create)) {
            json.key(field.id);
            self.system_meta(json, field, project, Some(kind));
        }
        for field in self.project_fields(project) {
            json.id_key(field.id);
            self.custom_meta(json, field, true);
        }
    }

    /// The fields of a project's create screens: id, whether a value is needed, description.
    pub(crate) fn created_with(&self, project: &Project) -> Vec<(String, bool, String)> {
        let system = SYSTEM_FIELDS.iter().filter(|field| on_screen(field, Screen::Create)).map(|field| {
            let needed = matches!(field.system, System::Summary | System::Project | System::IssueType);
            (field.id.to_owned(), needed, String::new())
        });
        let custom = self
            .project_fields(project)
            .map(|field| (field.id.to_string(), false, field.description.clone()));
        system.chain(custom).collect()
    }

    /// The custom fields an issue of a project can be given a value for.
    fn project_fields<'s>(&'s self, project: &'s Project) -> impl Iterator<Item = &'s Field> {
        let written = |kind: FieldKind| {
            !matches!(
                kind,
                FieldKind::Sla
                    | FieldKind::Approvals
                    | FieldKind::RequestFeedback
                    | FieldKind::ReadOnlyText
                    | FieldKind::Rank
            )
        };
        let fields = self.site.jira().fields.iter();
        fields.filter(move |field| written(field.kind) && field.scope.is_none_or(|scope| scope == project.id))
    }

    fn system_meta(
        &self,
        json: &mut Json,
        field: &SystemField,
        project: &Project,
        create: Option<&IssueType>,
    ) {
        let needed =
            create.is_some() && matches!(field.system, System::Summary | System::Project | System::IssueType);
        let subtask = field.system == System::Parent && create.is_some_and(IssueType::is_subtask);
        json.object(|json| {
            json.key("required").boolean(needed || subtask || field.system == System::Summary);
            json.key("schema").object(|json| {
                json.key("type").string(if field.system == System::Parent {
                    "issuelink"
                } else {
                    field.kind
                });
                if !field.items.is_empty() {
                    json.key("items").string(field.items);
                }
                json.key("system").string(field.id);
            });
            json.key("name").string(field.name);
            json.key("key").string(field.id);
            if create.is_some() {
                json.key("fieldId").string(field.id);
            }
            json.key("hasDefaultValue").boolean(field.system == System::Priority && create.is_some());
            json.key("operations").array(|json| {
                let many = field.kind == "array";
                let words: &[&str] = if many { &["add", "set", "remove"] } else { &["set"] };
                for word in words {
                    json.string(word);
                }
            });
            self.allowed_values(json, field.system, project, create);
        });
    }

    fn allowed_values(&self, json: &mut Json, field: System, project: &Project, create: Option<&IssueType>) {
        let config = self.site.jira();
        match field {
            System::Priority => json.key("allowedValues").array(|json| {
                config.priorities.iter().for_each(|priority| self.priority(json, priority));
            }),
            System::Components => json.key("allowedValues").array(|json| {
                project.components.iter().for_each(|component| self.component_brief(json, component));
            }),
            System::FixVersions | System::AffectedVersions => json.key("allowedValues").array(|json| {
                project.versions.iter().for_each(|version| self.version_brief(json, version));
            }),
            System::IssueType => json.key("allowedValues").array(|json| {
                let kinds = project.issue_types.iter().filter_map(|id| config.issue_type(*id));
                let kinds = kinds.filter(|kind| create.is_none_or(|created| created.id == kind.id));
                kinds.for_each(|kind| self.issue_type(json, kind));
            }),
            System::Project => json.key("allowedValues").array(|json| self.project_brief(json, project)),
            _ => {}
        }
    }

    fn custom_meta(&self, json: &mut Json, field: &Field, create: bool) {
        json.object(|json| {
            json.key("required").boolean(false);
            json.key("schema");
            Self::custom_schema(json, field);
            json.key("name").string(&field.name);
            json.key("key").plain(field.id);
            if create {
                json.key("fieldId").plain(field.id);
            }
            json.key("hasDefaultValue").boolean(false);
            json.key("operations").array(|json| json.string("set"));
            if !field.options.is_empty() {
                json.key("allowedValues").array(|json| {
                    for option in &field.options {
                        json.object(|json| {
                            json.key("self")
                                .string(&self.link(format_args!("customFieldOption/{}", option.id)));
                            json.key("value").string(&option.value);
                            json.key("id").plain(option.id);
                            if !option.children.is_empty() {
                                json.key("children").array(|json| {
                                    for child in &option.children {
                                        json.object(|json| {
                                            json.key("self").string(
                                                &self.link(format_args!("customFieldOption/{}", child.id)),
                                            );
                                            json.key("value").string(&child.value);
                                            json.key("id").plain(child.id);
                                        });
                                    }
                                });
                            }
                        });
                    }
                });
            }
        });
    }
}

fn on_screen(field: &SystemField, screen: Screen) -> bool {
    match field.system {
        System::Summary
        | System::Description
        | System::Environment
        | System::Priority
        | System::Labels
        | System::Assignee
        | System::Reporter
        | System::Components
        | System::FixVersions
        | System::AffectedVersions
        | System::Due
        | System::IssueType
        | System::Parent => true,
        System::Project => screen == Screen::Create,
        System::Comment => screen == Screen::Edit,
        _ => false,
    }
}

//! From the records of a dataset to issues, and to a configuration that fits them.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use super::SEED;
use super::issue::{RawIssue, RawLink, RawProject};
use super::issues::LoadedJira;
use super::people::DatasetPeople;
use super::read::{day, each_line, instant};
use crate::world::WorldError;
use crate::world::account::Directory;
use crate::world::build::jira_config;
use crate::world::build::people::group;
use crate::world::build::schemes::{Scheme, permission_schemes, role};
use crate::world::edit::Stamp;
use crate::world::ids::{
    AccountIndex, AttachmentId, BoardId, CommentId, ComponentId, FieldId, IssueId, IssueLinkId, IssueTypeId,
    LabelIndex, LinkTypeId, PriorityId, ProjectId, ResolutionId, SprintId, StatusId, VersionId,
};
use crate::world::jira::{
    Attachment, Board, Comment, Component, CustomValue, Issue, IssueLink, IssueType, JiraConfig, LinkType,
    Priority, Project, ProjectKind, ProjectState, Resolution, RoleActors, Sprint, Status, StatusCategory,
    Version,
};
use crate::world::rich::Rich;
use crate::world::seed::uuid;

/// What one issue says of others, to be resolved when all are there.
struct Mentions {
    parent: Option<String>,
    epic: Option<String>,
    links: Vec<RawLink>,
}

struct Loader<'a> {
    directory: &'a mut Directory,
    people: &'a mut DatasetPeople,
    config: JiraConfig,
    label_index: HashMap<Arc<str>, LabelIndex>,
    project_at: HashMap<String, usize>,
    /// Repeated small texts: file names' media types.
    media_types: HashMap<String, Arc<str>>,
    admin: AccountIndex,
}

/// Loads the issues of a folder with a configuration that fits them.
pub(in crate::world) fn load(
    folder: &Path,
    directory: &mut Directory,
    people: &mut DatasetPeople,
    admin: AccountIndex,
) -> Result<(LoadedJira, JiraConfig), WorldError> {
    let mut reading = Loader {
        directory,
        people,
        config: start_config(admin),
        label_index: HashMap::new(),
        project_at: HashMap::new(),
        media_types: HashMap::new(),
        admin,
    };
    each_line(&folder.join("jira-issues/projects"), |raw: RawProject| reading.project(raw))?;
    let mut issues: Vec<(Issue, Mentions)> = Vec::new();
    let mut keys: HashMap<String, IssueId> = HashMap::new();
    each_line(&folder.join("jira-issues/issues"), |raw: RawIssue| {
        let key = raw.key.clone();
        if let Some((issue, mentions)) = reading.issue(raw) {
            keys.insert(key, issue.id);
            issues.push((issue, mentions));
        }
    })?;
    issues.sort_unstable_by_key(|(issue, _)| issue.id);
    let loaded = reading.connect(issues, &keys);
    let mut config = reading.config;
    config.sprints.sort_unstable_by_key(|sprint| sprint.id);
    Ok((loaded, config))
}

fn start_config(admin: AccountIndex) -> JiraConfig {
    let priority = |(name, id, color): (&str, u64, &str)| Priority {
        id: PriorityId(id),
        name: name.to_owned(),
        description: String::new(),
        color: color.to_owned(),
        is_default: name == "Medium",
    };
    let priorities = [
        ("Critical", 1, "#d04437"),
        ("High", 2, "#f15c75"),
        ("Medium", 3, "#f79232"),
        ("Low", 4, "#707070"),
        ("Trivial", 5, "#999999"),
        ("None", 6, "#cccccc"),
    ];
    let types = [
        (10_000, "Epic", 1),
        (10_001, "Story", 0),
        (10_002, "Task", 0),
        (10_003, "Sub-task", -1),
        (10_004, "Bug", 0),
        (10_010, "New Feature", 0),
        (10_011, "Improvement", 0),
        (10_012, "Technical task", -1),
    ];
    let issue_type = |((id, name, level), avatar): ((u64, &str, i8), u32)| IssueType {
        id: IssueTypeId(id),
        name: name.to_owned(),
        description: String::new(),
        hierarchy_level: level,
        scope: None,
        avatar,
    };
    JiraConfig {
        anonymous_access: true,
        categories: vec![("Imported".to_owned(), "Projects of the dataset".to_owned())],
        issue_types: types.into_iter().zip(10_300..).map(issue_type).collect(),
        priorities: priorities.into_iter().map(priority).collect(),
        roles: jira_config::roles(&[]),
        permission_schemes: permission_schemes(group::DEFAULT, admin),
        fields: jira_config::fields(&[]),
        ..JiraConfig::default()
    }
}

impl Loader<'_> {
    fn project(&mut self, raw: RawProject) {
        let place = self.config.projects.len() as u64;
        let id = ProjectId(10_000 + place);
        let component = |(name, n): (String, u64)| Component {
            id: ComponentId(10_000 + place * 1_000 + n),
            name,
            description: String::new(),
            lead: None,
        };
        let version = |(name, n): (String, u64)| Version {
            id: VersionId(10_000 + place * 1_000 + n),
            name,
            description: String::new(),
            archived: false,
            released: false,
            start_date: None,
            release_date: None,
        };
        self.config.boards.push(Board {
            id: BoardId(1 + place),
            name: format!("{} board", raw.key),
            kind: "scrum",
            project: id,
        });
        self.project_at.insert(raw.key.clone(), self.config.projects.len());
        self.config.projects.push(Project {
            id,
            uuid: uuid(SEED, place),
            name: raw.key.clone(),
            description: String::new(),
            key: raw.key,
            former_keys: Vec::new(),
            kind: ProjectKind::Software,
            team_access: None,
            lead: self.admin,
            category: Some(0),
            state: ProjectState::Live,
            issue_types: Vec::new(),
            statuses: Vec::new(),
            components: raw.components.into_iter().zip(0..).map(component).collect(),
            versions: raw.versions.into_iter().zip(0..).map(version).collect(),
            permission_scheme: Scheme::Default.id(),
            security_scheme: None,
            role_actors: vec![
                RoleActors { role: role::USERS, users: Vec::new(), groups: vec![group::JIRA_USERS] },
                RoleActors { role: role::DEVELOPERS, users: vec![self.admin], groups: Vec::new() },
                RoleActors {
                    role: role::ADMINISTRATORS,
                    users: vec![self.admin],
                    groups: vec![group::ADMINS],
                },
            ],
            service_desk: None,
            url: None,
        });
    }

    fn project_index(&mut self, key: &str) -> usize {
        if !self.project_at.contains_key(key) {
            self.project(RawProject { key: key.to_owned(), components: Vec::new(), versions: Vec::new() });
        }
        self.project_at[key]
    }

    fn person(&mut self, id: Option<&str>) -> Option<AccountIndex> {
        id.map(|id| self.people.get(self.directory, id))
    }

    fn status(&mut self, name: &str, category: &str, project: usize) -> StatusId {
        let category = match category {
            "done" => StatusCategory::Done,
            "indeterminate" => StatusCategory::InProgress,
            _ => StatusCategory::ToDo,
        };
        let statuses = &mut self.config.statuses;
        let known = statuses.iter().find(|status| status.name == name).map(|status| status.id);
        let id = known.unwrap_or_else(|| {
            let id = StatusId(10_000 + statuses.len() as u64);
            statuses.push(Status {
                id,
                name: name.to_owned(),
                description: String::new(),
                category,
                scope: None,
            });
            id
        });
        let used = &mut self.config.projects[project].statuses;
        if !used.contains(&id) {
            used.push(id);
        }
        id
    }

    fn issue_type(&mut self, name: &str, subtask: bool, project: usize) -> IssueTypeId {
        let types = &mut self.config.issue_types;
        let known = types.iter().find(|kind| kind.name == name).map(|kind| kind.id);
        let id = known.unwrap_or_else(|| {
            let id = IssueTypeId(10_020 + types.len() as u64);
            let hierarchy_level = if subtask { -1 } else { 0 };
            types.push(IssueType {
                id,
                name: name.to_owned(),
                description: String::new(),
                hierarchy_level,
                scope: None,
                avatar: 10_320,
            });
            id
        });
        let used = &mut self.config.projects[project].issue_types;
        if !used.contains(&id) {
            used.push(id);
        }
        id
    }

    fn priority(&mut self, name: String) -> PriorityId {
        if let Some(known) = self.config.priorities.iter().find(|priority| priority.name == name) {
            return known.id;
        }
        let id = PriorityId(10_000 + self.config.priorities.len() as u64);
        self.config.priorities.push(Priority {
            id,
            name,
            description: String::new(),
            color: "#707070".to_owned(),
            is_default: false,
        });
        id
    }

    fn resolution(&mut self, name: String) -> ResolutionId {
        if let Some(known) = self.config.resolutions.iter().find(|resolution| resolution.name == name) {
            return known.id;
        }
        let id = ResolutionId(10_000 + self.config.resolutions.len() as u64);
        self.config.resolutions.push(Resolution { id, name, description: String::new() });
        id
    }

    fn label(&mut self, name: &str) -> LabelIndex {
        if let Some(known) = self.label_index.get(name) {
            return *known;
        }
        let (text, index): (Arc<str>, _) =
            (name.into(), LabelIndex(u32::try_from(self.config.labels.len()).unwrap_or(u32::MAX)));
        self.config.labels.push(Arc::clone(&text));
        self.label_index.insert(text, index);
        index
    }

    fn component(&mut self, name: &str, project: usize) -> ComponentId {
        let (components, first) =
            (&mut self.config.projects[project].components, 10_000 + project as u64 * 1_000);
        if let Some(known) = components.iter().find(|component| component.name == name) {
            return known.id;
        }
        let id = ComponentId(first + components.len() as u64);
        components.push(Component { id, name: name.to_owned(), description: String::new(), lead: None });
        id
    }

    fn version(&mut self, name: &str, project: usize) -> &mut Version {
        let (versions, first) =
            (&mut self.config.projects[project].versions, 10_000 + project as u64 * 1_000);
        let at = versions.iter().position(|version| version.name == name).unwrap_or_else(|| {
            let id = VersionId(first + versions.len() as u64);
            let (name, description) = (name.to_owned(), String::new());
            versions.push(Version {
                id,
                name,
                description,
                archived: false,
                released: false,
                start_date: None,
                release_date: None,
            });
            versions.len() - 1
        });
        &mut versions[at]
    }

    fn sprint(&mut self, raw: super::issue::RawSprint, project: usize) -> SprintId {
        let id = SprintId(raw.id);
        if !self.config.sprints.iter().any(|sprint| sprint.id == id) {
            let at = |text: Option<String>| text.as_deref().and_then(instant);
            let state = match raw.state.as_str() {
                "active" => "active",
                "future" => "future",
                _ => "closed",
            };
            self.config.sprints.push(Sprint {
                id,
                board: BoardId(1 + project as u64),
                name: raw.name,
                state,
                goal: String::new(),
                start: at(raw.start_date),
                end: at(raw.end_date),
                complete: at(raw.complete_date),
            });
        }
        id
    }

    /// One issue; `None` for a record whose id, key or dates cannot be read.
    fn issue(&mut self, raw: RawIssue) -> Option<(Issue, Mentions)> {
        let id = IssueId::parse(&raw.id)?;
        let number = raw.key.rsplit_once('-')?.1.parse().ok()?;
        let (created, updated) = (instant(&raw.created)?, instant(&raw.updated)?);
        let project = self.project_index(&raw.project);
        let status = self.status(&raw.status, &raw.status_category, project);
        let issue_type = self.issue_type(&raw.kind, raw.subtask, project);
        let stamp = Stamp { at: created, by: self.admin };
        let mut issue = Issue::blank(
            id,
            self.config.projects[project].id,
            number,
            issue_type,
            status,
            stamp,
            raw.summary.into(),
        );
        let rich =
            |text: Option<String>| text.filter(|text| !text.is_empty()).map(|text| Rich::Wiki(text.into()));
        issue.description = rich(raw.description);
        issue.environment = rich(raw.environment);
        issue.priority = raw.priority.map(|name| self.priority(name));
        issue.resolution = raw.resolution.map(|name| self.resolution(name));
        issue.resolved = raw.resolved.as_deref().and_then(instant);
        issue.status_category_changed = issue.resolved.unwrap_or(created);
        issue.reporter = self.person(raw.reporter.as_deref());
        issue.creator = self.person(raw.creator.as_deref());
        issue.assignee = self.person(raw.assignee.as_deref());
        issue.updated = updated;
        issue.labels = raw.labels.iter().map(|label| self.label(label)).collect();
        issue.components = raw.components.iter().map(|name| self.component(name, project)).collect();
        issue.versions = raw.versions.iter().map(|name| self.version(name, project).id).collect();
        issue.fix_versions = raw
            .fix_versions
            .into_iter()
            .map(|raw| {
                let version = self.version(&raw.name, project);
                version.released = raw.released;
                version.archived = raw.archived;
                version.release_date = raw.release_date.as_deref().and_then(day);
                version.id
            })
            .collect();
        issue.sprints = raw.sprints.into_iter().map(|sprint| self.sprint(sprint, project)).collect();
        issue.attachments =
            raw.attachments.into_iter().filter_map(|attachment| self.attachment(attachment)).collect();
        issue.comments = raw.comments.into_iter().filter_map(|comment| self.comment(comment)).collect();
        Some((issue, Mentions { parent: raw.parent, epic: raw.epic, links: raw.links }))
    }

    fn attachment(&mut self, raw: super::issue::RawAttachment) -> Option<Attachment> {
        let id = AttachmentId::parse(&raw.id)?;
        let mime_type = raw.mime_type.unwrap_or_else(|| "application/octet-stream".to_owned());
        let mime_type =
            Arc::clone(self.media_types.entry(mime_type).or_insert_with_key(|text| Arc::from(text.as_str())));
        Some(Attachment {
            id,
            filename: raw.filename.into(),
            size: raw.size,
            mime_type,
            author: self.person(raw.author.as_deref()),
            created: instant(&raw.created)?,
            media_id: uuid(SEED ^ 0xf11e, id.0).into(),
        })
    }

    fn comment(&mut self, raw: super::issue::RawComment) -> Option<Comment> {
        let author = self.person(raw.author.as_deref());
        Some(Comment {
            id: CommentId::parse(&raw.id)?,
            author,
            update_author: author,
            body: Rich::Wiki(raw.body.into()),
            created: instant(&raw.created)?,
            updated: instant(&raw.updated)?,
            visibility: None,
            public: true,
        })
    }

    fn link_type(&mut self, name: &str) -> &mut LinkType {
        let types = &mut self.config.link_types;
        let at = types.iter().position(|kind| kind.name == name).unwrap_or_else(|| {
            let id = LinkTypeId(10_000 + types.len() as u64);
            types.push(LinkType { id, name: name.to_owned(), outward: String::new(), inward: String::new() });
            types.len() - 1
        });
        &mut types[at]
    }

    /// Resolves parents, epics and links. What names an issue that the data does not hold is left out: upstream, too, does
    /// not show what the reader cannot reach.
    fn connect(&mut self, mut issues: Vec<(Issue, Mentions)>, keys: &HashMap<String, IssueId>) -> LoadedJira {
        let epic_link = FieldId(10_014);
        let at: HashMap<IssueId, usize> =
            issues.iter().enumerate().map(|(at, (issue, _))| (issue.id, at)).collect();
        let mut links: HashMap<(IssueId, IssueId, LinkTypeId), IssueLinkId> = HashMap::new();
        for number in 0..issues.len() {
            let (issue, mentions) = &mut issues[number];
            let id = issue.id;
            let find = |key: &Option<String>| key.as_ref().and_then(|key| keys.get(key)).copied();
            let epic = find(&mentions.epic);
            issue.parent = find(&mentions.parent).or(epic);
            issue.custom.extend(epic.map(|epic| (epic_link, CustomValue::Issue(epic))));
            for raw in std::mem::take(&mut mentions.links) {
                let outward = raw.direction == "outward";
                let kind = self.link_type(&raw.kind);
                *(if outward { &mut kind.outward } else { &mut kind.inward }) = raw.label;
                let (Some(other), link_type) = (keys.get(&raw.key).copied(), kind.id) else { continue };
                let ends = if outward { (id, other, link_type) } else { (other, id, link_type) };
                let next = IssueLinkId(10_000 + links.len() as u64);
                if links.contains_key(&ends) {
                    continue;
                }
                links.insert(ends, next);
                for (end, other, outward) in [(ends.0, ends.1, true), (ends.1, ends.0, false)] {
                    issues[at[&end]].0.links.push(IssueLink { id: next, link_type, outward, other });
                }
            }
        }
        for kind in &mut self.config.link_types {
            // A type that the data shows from one side only is named after itself on the other.
            for text in [&mut kind.outward, &mut kind.inward] {
                if text.is_empty() {
                    text.clone_from(&kind.name);
                }
            }
        }
        LoadedJira::from(issues.into_iter().map(|(issue, _)| issue))
    }
}

//! An issue: identity, wanted fields, expansions.

use super::{
    SystemField, View,
    fields::System,
    parts::{CommentExpansions, duration, rendered},
    selection::Selection,
};
use crate::{
    jira::{json::Json, time},
    world::{
        IssueId, VersionId,
        jira::{Issue, IssueType, Project},
    },
};

/// How much of the lists inside an issue is embedded; the rest is behind their own addresses, and `total` tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Embedded {
    /// Newest comments shown.
    pub(crate) comments: usize,
    /// Oldest worklogs shown.
    pub(crate) worklogs: usize,
    /// Newest histories shown.
    pub(crate) histories: usize,
}

impl Embedded {
    /// In search results and bulk reads.
    pub(crate) const IN_LISTS: Self = Self { comments: 20, worklogs: 20, histories: 40 };
    /// When an issue is read alone (`atlassian-platform.md` 7.5).
    pub(crate) const ALONE: Self = Self { comments: 100, worklogs: 20, histories: 40 };
}

/// What is written beside the fields.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "one flag for each published expansion")]
pub(crate) struct Expansions {
    pub(crate) names: bool,
    pub(crate) schema: bool,
    pub(crate) changelog: bool,
    pub(crate) rendered_fields: bool,
    pub(crate) transitions: bool,
    pub(crate) operations: bool,
    pub(crate) editmeta: bool,
    /// Keys of entity properties.
    pub(crate) properties: Vec<String>,
}

impl Expansions {
    /// Reads an `expand` list; unknown words are ignored, as Jira does.
    pub(crate) fn parse<S: AsRef<str>>(words: &[S], properties: Vec<String>) -> Self {
        let has = |name: &str| {
            words
                .iter()
                .flat_map(|word| word.as_ref().split(','))
                .any(|word| word.trim().split('.').next() == Some(name))
        };
        Self {
            names: has("names"),
            schema: has("schema"),
            changelog: has("changelog"),
            rendered_fields: has("renderedFields"),
            transitions: has("transitions"),
            operations: has("operations"),
            editmeta: has("editmeta"),
            properties,
        }
    }

    /// The same without `names` and `schema`, which a list has once beside its issues.
    pub(crate) fn without_catalogue(&self) -> Self {
        Self { names: false, schema: false, ..self.clone() }
    }
}

/// One issue being written, with what is looked up once for it.
struct Written<'i> {
    issue: &'i Issue,
    project: Option<&'i Project>,
    embedded: Embedded,
}

impl View<'_> {
    /// An issue with its wanted fields. `names` and `schema` are written here only when the issue is read alone.
    pub(crate) fn issue(
        &self,
        json: &mut Json,
        issue: &Issue,
        selection: &Selection,
        expand: &Expansions,
        embedded: Embedded,
    ) {
        if let Some(with_key) = selection.bare()
            && *expand == Expansions::default()
        {
            self.issue_identity(json, issue.id, with_key);
            return;
        }
        let written = Written { issue, project: self.site.project(issue.project), embedded };
        json.object(|json| {
            json.key("expand")
                .string("renderedFields,names,schema,operations,editmeta,changelog,versionedRepresentations");
            json.key("id").plain(issue.id);
            json.key("self").plain(format_args!("{}{}/issue/{}", self.url, self.version.prefix(), issue.id));
            json.key("key").string(&self.site.key_of(issue.project, issue.number));
            self.expansions(json, &written, selection, expand);
            if selection.bare().is_some() {
                return;
            }
            json.key("fields").object(|json| {
                for field in selection.system().filter(|field| self.shows(&written, field)) {
                    json.key(field.id);
                    self.system_value(json, &written, field.system);
                }
                for field in selection.custom(self.site.jira()) {
                    if field.scope.is_none_or(|scope| scope == issue.project) {
                        json.id_key(field.id);
                        self.custom_value(json, issue, field);
                    }
                }
            });
        });
    }

    /// Id, and key if asked, of an issue in a page of identities.
    pub(crate) fn issue_identity(&self, json: &mut Json, id: IssueId, with_key: bool) {
        json.object(|json| {
            if with_key && let Some(head) = self.site.issue_head(id) {
                json.key("expand")
                    .string("operations,versionedRepresentations,editmeta,changelog,renderedFields");
                json.key("id").plain(id);
                json.key("self").plain(format_args!("{}{}/issue/{id}", self.url, self.version.prefix()));
                json.key("key").string(&self.site.key_of(head.project, head.number));
            } else {
                json.key("id").plain(id);
            }
        });
    }

    /// Fields that have no value of their own, or only in some projects, are absent elsewhere.
    fn shows(&self, written: &Written<'_>, field: &SystemField) -> bool {
        match field.system {
            System::Key | System::Thumbnail => false,
            System::Parent => {
                written.issue.parent.is_some_and(|parent| self.site.can_see_issue_id(&self.reader, parent))
            }
            _ => true,
        }
    }

    fn expansions(&self, json: &mut Json, written: &Written<'_>, selection: &Selection, expand: &Expansions) {
        let issue = written.issue;
        if expand.names {
            json.key("names");
            self.names(json, selection);
        }
        if expand.schema {
            json.key("schema");
            self.schemas(json, selection);
        }
        if expand.rendered_fields {
            json.key("renderedFields").object(|json| Self::rendered_fields(json, issue, selection));
        }
        if expand.transitions {
            json.key("transitions");
            self.transitions(json, issue, false);
        }
        if expand.operations {
            json.key("operations").object(|json| json.key("linkGroups").array(|_| {}));
        }
        if expand.editmeta {
            json.key("editmeta").object(|json| {
                json.key("fields");
                self.edit_fields(json, issue);
            });
        }
        if expand.changelog {
            let total = issue.changelog.len();
            let shown = total.min(written.embedded.histories);
            json.key("changelog").object(|json| {
                json.key("startAt").number(0);
                json.key("maxResults").number(shown);
                json.key("total").number(total);
                json.key("histories").array(|json| {
                    issue
                        .changelog
                        .iter()
                        .rev()
                        .take(shown)
                        .for_each(|history| self.history(json, history, None));
                });
            });
        }
        if !expand.properties.is_empty() {
            json.key("properties").object(|json| {
                for (key, value) in issue.properties.iter().filter(|(key, _)| expand.properties.contains(key))
                {
                    json.data_key(key).raw(value);
                }
            });
        }
    }

    /// `names`: field id to display name.
    pub(crate) fn names(&self, json: &mut Json, selection: &Selection) {
        json.object(|json| {
            selection.system().for_each(|field| json.key(field.id).string(field.name));
            for field in selection.custom(self.site.jira()) {
                json.id_key(field.id).string(&field.name);
            }
        });
    }

    /// `schema`: field id to schema.
    pub(crate) fn schemas(&self, json: &mut Json, selection: &Selection) {
        json.object(|json| {
            for field in selection.system().filter(|field| !field.kind.is_empty()) {
                json.key(field.id);
                Self::system_schema(json, field);
            }
            for field in selection.custom(self.site.jira()) {
                json.id_key(field.id);
                Self::custom_schema(json, field);
            }
        });
    }

    fn rendered_fields(json: &mut Json, issue: &Issue, selection: &Selection) {
        for field in selection.system() {
            let text = match field.system {
                System::Description => issue.description.as_ref(),
                System::Environment => issue.environment.as_ref(),
                _ => None,
            };
            json.key(field.id).string_or_null(text.map(rendered).as_deref());
        }
    }

    fn system_value(&self, json: &mut Json, written: &Written<'_>, field: System) {
        let issue = written.issue;
        let config = self.site.jira();
        match field {
            System::Summary => json.string(&issue.summary),
            System::Description => self.rich_or_null(json, issue.description.as_ref()),
            System::Environment => self.rich_or_null(json, issue.environment.as_ref()),
            System::Status => match config.status(issue.status) {
                Some(status) => self.status(json, status),
                None => json.null(),
            },
            System::StatusCategory => match config.status(issue.status) {
                Some(status) => self.status_category(json, status.category),
                None => json.null(),
            },
            System::StatusCategoryChanged => self.times.write(json, issue.status_category_changed),
            System::IssueType => match config.issue_type(issue.issue_type) {
                Some(kind) => self.issue_type(json, kind),
                None => json.null(),
            },
            System::Project => match written.project {
                Some(project) => self.project_brief(json, project),
                None => json.null(),
            },
            System::Priority => match issue.priority.and_then(|id| config.priority(id)) {
                Some(priority) => self.priority(json, priority),
                None => json.null(),
            },
            System::Resolution => match issue.resolution.and_then(|id| config.resolution(id)) {
                Some(resolution) => self.resolution(json, resolution),
                None => json.null(),
            },
            System::Assignee => self.user_or_null(json, issue.assignee),
            System::Reporter => self.user_or_null(json, issue.reporter),
            System::Creator => self.user_or_null(json, issue.creator),
            System::Created => self.times.write(json, issue.created),
            System::Updated => self.times.write(json, issue.updated),
            System::Resolved => self.times.write_or_null(json, issue.resolved),
            System::Due => match issue.due {
                Some(day) => json.plain(time::date(day)),
                None => json.null(),
            },
            System::Labels => json.array(|json| {
                issue.labels.iter().for_each(|label| json.string(self.site.label(*label)));
            }),
            System::Components => json.array(|json| {
                let known = written.project.map_or(&[] as &[_], |project| &project.components);
                let found = issue.components.iter().filter_map(|id| known.iter().find(|it| it.id == *id));
                found.for_each(|component| self.component_brief(json, component));
            }),
            System::FixVersions => self.versions(json, written, &issue.fix_versions),
            System::AffectedVersions => self.versions(json, written, &issue.versions),
            System::Parent => match issue.parent {
                Some(parent) => self.issue_brief(json, parent),
                None => json.null(),
            },
            System::Subtasks => json.array(|json| {
                self.visible_subtasks(issue.id).into_iter().for_each(|id| self.issue_brief(json, id));
            }),
            System::IssueLinks => json.array(|json| {
                let seen =
                    issue.links.iter().filter(|link| self.site.can_see_issue_id(&self.reader, link.other));
                seen.for_each(|link| self.issue_link(json, link));
            }),
            System::Attachment => json.array(|json| {
                let seen = issue
                    .attachments
                    .iter()
                    .filter(|it| self.site.can_see_attachment(&self.reader, issue, it));
                seen.for_each(|attachment| self.attachment(json, attachment, false));
            }),
            System::Comment => self.embedded_comments(json, issue, written.embedded.comments),
            System::Worklog => self.embedded_worklogs(json, issue, written.embedded.worklogs),
            System::Votes => self.votes(json, issue),
            System::Watches => self.watches(json, issue),
            System::Security => match issue.security.and_then(|level| config.security_level(level)) {
                Some((_, level)) => self.security_level(json, level),
                None => json.null(),
            },
            System::Restriction => Self::restriction(json, written),
            System::LastViewed | System::Key | System::Thumbnail => json.null(),
            System::OriginalEstimate
            | System::RemainingEstimate
            | System::TimeSpent
            | System::AggregateOriginalEstimate
            | System::AggregateRemainingEstimate
            | System::AggregateTimeSpent
            | System::AggregateProgress
            | System::Progress
            | System::WorkRatio
            | System::TimeTracking => self.time_value(json, issue, field),
        }
    }

    fn votes(&self, json: &mut Json, issue: &Issue) {
        json.object(|json| {
            json.key("self").string(&self.link(format_args!("issue/{}/votes", issue.id)));
            json.key("votes").number(issue.voters.len());
            json.key("hasVoted")
                .boolean(self.reader.account().is_some_and(|account| issue.voters.contains(&account)));
        });
    }

    fn watches(&self, json: &mut Json, issue: &Issue) {
        json.object(|json| {
            json.key("self").string(&self.link(format_args!("issue/{}/watchers", issue.id)));
            json.key("watchCount").number(issue.watchers.len());
            let watching = self.reader.account().is_some_and(|account| issue.watchers.contains(&account));
            json.key("isWatching").boolean(watching);
        });
    }

    fn versions(&self, json: &mut Json, written: &Written<'_>, ids: &[VersionId]) {
        let known = written.project.map_or(&[] as &[_], |project| &project.versions);
        json.array(|json| {
            let found = ids.iter().filter_map(|id| known.iter().find(|version| version.id == *id));
            found.for_each(|version| self.version_brief(json, version));
        });
    }

    fn visible_subtasks(&self, id: IssueId) -> Vec<IssueId> {
        let is_visible_subtask = |child: &IssueId| {
            self.site.issue_head(*child).is_some_and(|head| {
                let kind = self.site.jira().issue_type(head.issue_type);
                kind.is_some_and(IssueType::is_subtask) && self.site.can_see_issue(&self.reader, &head)
            })
        };
        let mut children = self.site.issue_children(id);
        children.retain(is_visible_subtask);
        children
    }

    fn embedded_comments(&self, json: &mut Json, issue: &Issue, limit: usize) {
        let seen = self.visible_comments(issue);
        // The oldest are the ones left out.
        let shown = &seen[seen.len().saturating_sub(limit)..];
        json.object(|json| {
            json.key("comments").array(|json| {
                for comment in shown {
                    self.comment(json, issue, comment, CommentExpansions::default());
                }
            });
            json.key("self").string(&self.link(format_args!("issue/{}/comment", issue.id)));
            json.key("maxResults").number(shown.len());
            json.key("total").number(seen.len());
            json.key("startAt").number(0);
        });
    }

    fn embedded_worklogs(&self, json: &mut Json, issue: &Issue, limit: usize) {
        let seen = self.visible_worklogs(issue);
        json.object(|json| {
            json.key("startAt").number(0);
            json.key("maxResults").number(limit);
            json.key("total").number(seen.len());
            json.key("worklogs").array(|json| {
                seen.iter().take(limit).for_each(|worklog| self.worklog(json, issue.id, worklog));
            });
        });
    }

    fn restriction(json: &mut Json, written: &Written<'_>) {
        let roles = &written.issue.restricted_to;
        json.object(|json| {
            json.key("issuerestrictions").object(|json| {
                if !roles.is_empty() {
                    json.key("projectrole").array(|json| {
                        for role in roles {
                            json.object(|json| json.key("restrictionValue").plain(role));
                        }
                    });
                }
            });
            json.key("shouldDisplay").boolean(written.project.is_some_and(Project::is_team_managed));
        });
    }

    fn time_value(&self, json: &mut Json, issue: &Issue, field: System) {
        let own = Times::of(issue);
        match field {
            System::OriginalEstimate => json.number_or_null(own.original),
            System::RemainingEstimate => json.number_or_null(own.remaining),
            System::TimeSpent => json.number_or_null(own.spent),
            System::AggregateOriginalEstimate => json.number_or_null(self.aggregate(issue).original),
            System::AggregateRemainingEstimate => json.number_or_null(self.aggregate(issue).remaining),
            System::AggregateTimeSpent => json.number_or_null(self.aggregate(issue).spent),
            System::Progress => own.progress(json),
            System::AggregateProgress => self.aggregate(issue).progress(json),
            System::WorkRatio => json.number(match (own.original, own.spent) {
                (None | Some(0), _) => -1,
                (Some(original), spent) => i64::from(spent.unwrap_or(0)) * 100 / i64::from(original),
            }),
            _ => json.object(|json| {
                let parts = [
                    ("originalEstimate", "originalEstimateSeconds", own.original),
                    ("remainingEstimate", "remainingEstimateSeconds", own.remaining),
                    ("timeSpent", "timeSpentSeconds", own.spent),
                ];
                for (words, number, seconds) in parts {
                    if let Some(seconds) = seconds {
                        json.key(words).string(&duration(seconds));
                        json.key(number).number(seconds);
                    }
                }
            }),
        }
    }

    /// Times of an issue together with those of its sub-tasks.
    fn aggregate(&self, issue: &Issue) -> Times {
        let children = self.visible_subtasks(issue.id).into_iter().filter_map(|id| self.site.issue(id));
        children.fold(Times::of(issue), |sum, child| sum.plus(Times::of(&child)))
    }
}

/// Estimates and time spent, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Times {
    original: Option<u32>,
    remaining: Option<u32>,
    spent: Option<u32>,
}

impl Times {
    fn of(issue: &Issue) -> Self {
        let spent = issue.time_spent();
        Self {
            original: issue.original_estimate,
            remaining: issue.remaining_estimate,
            spent: (spent > 0).then_some(spent),
        }
    }

    fn plus(self, other: Self) -> Self {
        let add = |a: Option<u32>, b: Option<u32>| match (a, b) {
            (None, None) => None,
            (a, b) => Some(a.unwrap_or(0).saturating_add(b.unwrap_or(0))),
        };
        Self {
            original: add(self.original, other.original),
            remaining: add(self.remaining, other.remaining),
            spent: add(self.spent, other.spent),
        }
    }

    fn progress(self, json: &mut Json) {
        let spent = self.spent.unwrap_or(0);
        let total = spent.saturating_add(self.remaining.unwrap_or(0));
        json.object(|json| {
            json.key("progress").number(spent);
            json.key("total").number(total);
            if total > 0 {
                json.key("percent").number(u64::from(spent) * 100 / u64::from(total));
            }
        });
    }
}

//! Values of custom fields.

use super::View;
use crate::{
    jira::{json::Json, time},
    world::{
        OptionId, OrganizationId, SprintId,
        jira::{CustomValue, Field, FieldKind, FieldOption, Issue, Request, SlaMetric},
    },
};

/// An option of a field by id, children of cascading options included.
pub(crate) fn find_option(field: &Field, id: OptionId) -> Option<&FieldOption> {
    let all = field.options.iter().flat_map(|parent| std::iter::once(parent).chain(&parent.children));
    all.into_iter().find(|option| option.id == id)
}

impl View<'_> {
    /// The value of a custom field of an issue; `null` when it has none.
    pub(crate) fn custom_value(&self, json: &mut Json, issue: &Issue, field: &Field) {
        match field.kind {
            FieldKind::Sprint => return self.sprints(json, &issue.sprints),
            FieldKind::RequestType
            | FieldKind::RequestParticipants
            | FieldKind::Organizations
            | FieldKind::Approvals
            | FieldKind::Sla => {
                return match &issue.request {
                    Some(request) => self.request_value(json, issue, request, field),
                    None => json.null(),
                };
            }
            _ => {}
        }
        match issue.custom_value(field.id) {
            None => json.null(),
            Some(value) => self.value(json, field, value),
        }
    }

    fn value(&self, json: &mut Json, field: &Field, value: &CustomValue) {
        match value {
            CustomValue::Text(text) => json.string(text),
            CustomValue::Rich(text) => self.rich(json, text),
            CustomValue::Number(number) if number.is_finite() => json.number(format_args!("{number:?}")),
            CustomValue::Number(_) => json.null(),
            CustomValue::Date(day) => json.plain(time::date(*day)),
            CustomValue::DateTime(at) => self.times.write(json, *at),
            CustomValue::Option(option) => self.option(json, field, *option, None),
            CustomValue::Options(options) => {
                json.array(|json| options.iter().for_each(|option| self.option(json, field, *option, None)));
            }
            CustomValue::Cascade(parent, child) => self.option(json, field, *parent, *child),
            CustomValue::User(user) => self.user(json, *user),
            CustomValue::Users(users) => {
                json.array(|json| users.iter().for_each(|user| self.user(json, *user)));
            }
            CustomValue::Group(group) => self.group_at(json, *group),
            CustomValue::Groups(groups) => {
                json.array(|json| groups.iter().for_each(|group| self.group_at(json, *group)));
            }
            CustomValue::Project(project) => match self.site.project(*project) {
                Some(project) => self.project_brief(json, project),
                None => json.null(),
            },
            CustomValue::Versions(versions) => {
                let found: Vec<_> = versions.iter().filter_map(|id| self.site.jira().version(*id)).collect();
                match (field.kind, found.first()) {
                    (FieldKind::VersionPicker, Some((_, version))) => self.version_brief(json, version),
                    (FieldKind::VersionPicker, None) => json.null(),
                    _ => json.array(|json| {
                        for (_, version) in &found {
                            self.version_brief(json, version);
                        }
                    }),
                }
            }
            CustomValue::Labels(labels) => {
                json.array(|json| labels.iter().for_each(|label| json.string(label)));
            }
            CustomValue::Issue(id) => json.string_or_null(self.site.issue_key(*id).as_deref()),
            CustomValue::Json(text) => json.raw(text),
        }
    }

    fn option(&self, json: &mut Json, field: &Field, id: OptionId, child: Option<OptionId>) {
        let Some(option) = find_option(field, id) else {
            json.null();
            return;
        };
        json.object(|json| {
            json.key("self").plain(format_args!(
                "{}{}/customFieldOption/{id}",
                self.url,
                self.version.prefix()
            ));
            json.key("value").string(&option.value);
            json.key("id").plain(id);
            if let Some(child) = child {
                json.key("child");
                self.option(json, field, child, None);
            }
        });
    }

    fn sprints(&self, json: &mut Json, sprints: &[SprintId]) {
        if sprints.is_empty() {
            json.null();
            return;
        }
        json.array(|json| {
            for sprint in sprints.iter().filter_map(|id| self.site.jira().sprint(*id)) {
                json.object(|json| {
                    json.key("id").number(sprint.id);
                    json.key("name").string(&sprint.name);
                    json.key("state").string(sprint.state);
                    json.key("boardId").number(sprint.board);
                    json.key("goal").string(&sprint.goal);
                    for (name, at) in [
                        ("startDate", sprint.start),
                        ("endDate", sprint.end),
                        ("completeDate", sprint.complete),
                    ] {
                        if let Some(at) = at {
                            json.key(name).string(&time::utc(at));
                        }
                    }
                });
            }
        });
    }

    fn request_value(&self, json: &mut Json, issue: &Issue, request: &Request, field: &Field) {
        match field.kind {
            FieldKind::RequestParticipants => {
                json.array(|json| request.participants.iter().for_each(|user| self.user(json, *user)));
            }
            FieldKind::Organizations => json.array(|json| {
                request
                    .organizations
                    .iter()
                    .for_each(|organization| self.organization_value(json, *organization));
            }),
            FieldKind::Approvals => self.approvals_value(json, issue, request),
            FieldKind::Sla => match SlaMetric::of_field(field.id) {
                Some(metric) => self.sla(json, issue, metric),
                None => json.null(),
            },
            _ => self.request_type_value(json, issue, request),
        }
    }

    fn organization_value(&self, json: &mut Json, id: OrganizationId) {
        let Some(organization) = self.site.jira().organization(id) else { return };
        json.object(|json| {
            json.key("id").plain(id);
            json.key("name").string(&organization.name);
            json.key("uuid").string(&organization.uuid);
            json.key("_links").object(|json| {
                json.key("self").plain(format_args!("{}/rest/servicedeskapi/organization/{id}", self.url));
            });
        });
    }

    fn approvals_value(&self, json: &mut Json, issue: &Issue, request: &Request) {
        if request.approvers.is_empty() {
            json.array(|_| {});
            return;
        }
        let open = request.decision().is_none();
        json.array(|json| {
            json.object(|json| {
                json.key("id").plain(issue.id);
                json.key("name").string("Waiting for approval");
                json.key("finalDecision").string(match request.decision() {
                    Some(true) => "approved",
                    Some(false) => "declined",
                    None => "pending",
                });
                json.key("canAnswerApproval").boolean(
                    open && request
                        .approvers
                        .iter()
                        .any(|(user, decision)| decision.is_none() && self.reader.account() == Some(*user)),
                );
                json.key("createdDate");
                self.jsm_date(json, issue.created);
                if let Some(decided) = request.decided {
                    json.key("completedDate");
                    self.jsm_date(json, decided);
                }
                json.key("approvers").array(|json| {
                    for (user, decision) in &request.approvers {
                        json.object(|json| {
                            json.key("approver");
                            self.user(json, *user);
                            json.key("approverDecision").string(match decision {
                                None => "pending",
                                Some(true) => "approved",
                                Some(false) => "declined",
                            });
                        });
                    }
                });
            });
        });
    }

    fn request_type_value(&self, json: &mut Json, issue: &Issue, request: &Request) {
        let config = self.site.jira();
        let (Some((project, kind)), Some(status)) =
            (config.request_type(request.request_type), config.status(issue.status))
        else {
            json.null();
            return;
        };
        let key = self.site.key_of(issue.project, issue.number);
        let desk = project.service_desk.as_ref().map_or(0, |desk| desk.id.0);
        json.object(|json| {
            json.key("_links").object(|json| {
                json.key("jiraRest").plain(format_args!("{}/rest/api/2/issue/{}", self.url, issue.id));
                json.key("web").plain(format_args!("{}/servicedesk/customer/portal/{desk}/{key}", self.url));
                json.key("self").plain(format_args!("{}/rest/servicedeskapi/request/{}", self.url, issue.id));
                json.key("agent").plain(format_args!("{}/browse/{key}", self.url));
            });
            json.key("requestType").object(|json| {
                json.key("_links").object(|json| {
                    json.key("self").plain(format_args!(
                        "{}/rest/servicedeskapi/servicedesk/{desk}/requesttype/{}",
                        self.url, kind.id
                    ));
                });
                json.key("id").plain(kind.id);
                json.key("name").string(&kind.name);
                json.key("description").string(&kind.description);
                json.key("helpText").string("");
                json.key("issueTypeId").plain(kind.issue_type);
                json.key("serviceDeskId").plain(desk);
                json.key("portalId").plain(desk);
                json.key("groupIds").array(|json| kind.group_ids.iter().for_each(|id| json.plain(id)));
            });
            json.key("currentStatus").object(|json| {
                json.key("status").string(&status.name);
                json.key("statusCategory").string(match status.category.key() {
                    "new" => "NEW",
                    "done" => "DONE",
                    _ => "INDETERMINATE",
                });
                json.key("statusDate");
                self.jsm_date(json, issue.status_category_changed);
            });
        });
    }

    /// A date as JSM writes it: four forms of one instant.
    pub(crate) fn jsm_date(&self, json: &mut Json, at: crate::world::Millis) {
        let local = time::timestamp(at).to_zoned(self.times.zone().clone());
        json.object(|json| {
            json.key("iso8601").plain(local.strftime("%Y-%m-%dT%H:%M:%S%z"));
            json.key("jira");
            self.times.write(json, at);
            json.key("friendly").plain(local.strftime("%d/%b/%y %-I:%M %p"));
            json.key("epochMillis").number(at);
        });
    }
}

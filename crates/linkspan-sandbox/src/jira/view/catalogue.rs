//! The small objects issues refer to: statuses, types, priorities, versions and their like.

use super::View;
use crate::{
    jira::{json::Json, time},
    world::{
        ProjectId,
        jira::{
            Component, IssueType, LinkType, Priority, Project, Resolution, SecurityLevel, Status,
            StatusCategory, Version,
        },
    },
};

impl View<'_> {
    /// A status category.
    pub(crate) fn status_category(&self, json: &mut Json, category: StatusCategory) {
        json.object(|json| {
            json.key("self").plain(format_args!(
                "{}{}/statuscategory/{}",
                self.url,
                self.version.prefix(),
                category.id()
            ));
            json.key("id").number(category.id());
            json.key("key").string(category.key());
            json.key("colorName").string(category.color());
            json.key("name").string(category.name());
        });
    }

    /// A status.
    pub(crate) fn status(&self, json: &mut Json, status: &Status) {
        json.object(|json| {
            json.key("self").plain(format_args!(
                "{}{}/status/{}",
                self.url,
                self.version.prefix(),
                status.id
            ));
            json.key("description").string(&status.description);
            json.key("iconUrl").plain(format_args!("{}/images/icons/statuses/generic.png", self.url));
            json.key("name").string(&status.name);
            json.key("untranslatedName").string(&status.name);
            json.key("id").plain(status.id);
            json.key("statusCategory");
            self.status_category(json, status.category);
            Self::scope(json, status.scope);
        });
    }

    /// The member `scope` of what belongs to one team-managed project.
    pub(crate) fn scope(json: &mut Json, scope: Option<ProjectId>) {
        let Some(project) = scope else { return };
        json.key("scope").object(|json| {
            json.key("type").string("PROJECT");
            json.key("project").object(|json| json.key("id").plain(project));
        });
    }

    /// An issue type.
    pub(crate) fn issue_type(&self, json: &mut Json, kind: &IssueType) {
        json.object(|json| {
            json.key("self").plain(format_args!(
                "{}{}/issuetype/{}",
                self.url,
                self.version.prefix(),
                kind.id
            ));
            json.key("id").plain(kind.id);
            json.key("description").string(&kind.description);
            json.key("iconUrl").plain(format_args!(
                "{}/rest/api/2/universal_avatar/view/type/issuetype/avatar/{}?size=medium",
                self.url, kind.avatar
            ));
            json.key("name").string(&kind.name);
            json.key("untranslatedName").string(&kind.name);
            json.key("subtask").boolean(kind.is_subtask());
            json.key("avatarId").number(kind.avatar);
            json.key("hierarchyLevel").number(kind.hierarchy_level);
            Self::scope(json, kind.scope);
        });
    }

    /// A priority as issues embed it.
    pub(crate) fn priority(&self, json: &mut Json, priority: &Priority) {
        json.object(|json| self.priority_members(json, priority));
    }

    fn priority_members(&self, json: &mut Json, priority: &Priority) {
        json.key("self").plain(format_args!(
            "{}{}/priority/{}",
            self.url,
            self.version.prefix(),
            priority.id
        ));
        json.key("iconUrl").plain(format_args!(
            "{}/images/icons/priorities/{}.svg",
            self.url,
            icon(&priority.name)
        ));
        json.key("name").string(&priority.name);
        json.key("id").plain(priority.id);
    }

    /// A priority as `GET priority` lists it.
    pub(crate) fn priority_whole(&self, json: &mut Json, priority: &Priority) {
        json.object(|json| {
            self.priority_members(json, priority);
            json.key("statusColor").string(&priority.color);
            json.key("description").string(&priority.description);
            json.key("isDefault").boolean(priority.is_default);
        });
    }

    /// A resolution.
    pub(crate) fn resolution(&self, json: &mut Json, resolution: &Resolution) {
        json.object(|json| {
            json.key("self").plain(format_args!(
                "{}{}/resolution/{}",
                self.url,
                self.version.prefix(),
                resolution.id
            ));
            json.key("id").plain(resolution.id);
            json.key("description").string(&resolution.description);
            json.key("name").string(&resolution.name);
        });
    }

    /// A version as issues embed it.
    pub(crate) fn version_brief(&self, json: &mut Json, version: &Version) {
        json.object(|json| self.version_members(json, version));
    }

    fn version_members(&self, json: &mut Json, version: &Version) {
        json.key("self").plain(format_args!("{}{}/version/{}", self.url, self.version.prefix(), version.id));
        json.key("id").plain(version.id);
        if !version.description.is_empty() {
            json.key("description").string(&version.description);
        }
        json.key("name").string(&version.name);
        json.key("archived").boolean(version.archived);
        json.key("released").boolean(version.released);
        if let Some(day) = version.release_date {
            json.key("releaseDate").plain(time::date(day));
        }
    }

    /// A version as its project lists it.
    pub(crate) fn version_whole(&self, json: &mut Json, version: &Version, project: ProjectId) {
        json.object(|json| {
            self.version_members(json, version);
            let today = time::day(time::timestamp(self.now).to_zoned(self.times.zone().clone()).date());
            if let Some(day) = version.start_date {
                json.key("startDate").plain(time::date(day));
                json.key("userStartDate").plain(time::date(day).strftime("%d/%b/%y"));
            }
            if let Some(day) = version.release_date {
                json.key("overdue").boolean(!version.released && day < today);
                json.key("userReleaseDate").plain(time::date(day).strftime("%d/%b/%y"));
            }
            json.key("projectId").number(project);
        });
    }

    /// A component as issues embed it.
    pub(crate) fn component_brief(&self, json: &mut Json, component: &Component) {
        json.object(|json| self.component_members(json, component));
    }

    fn component_members(&self, json: &mut Json, component: &Component) {
        json.key("self").plain(format_args!(
            "{}{}/component/{}",
            self.url,
            self.version.prefix(),
            component.id
        ));
        json.key("id").plain(component.id);
        json.key("name").string(&component.name);
        if !component.description.is_empty() {
            json.key("description").string(&component.description);
        }
    }

    /// A component as its project lists it.
    pub(crate) fn component_whole(&self, json: &mut Json, component: &Component, project: &Project) {
        json.object(|json| {
            self.component_members(json, component);
            let assigned = if component.lead.is_some() { "COMPONENT_LEAD" } else { "PROJECT_DEFAULT" };
            if let Some(lead) = component.lead {
                json.key("lead");
                self.user(json, lead);
                json.key("assignee");
                self.user(json, lead);
                json.key("realAssignee");
                self.user(json, lead);
            }
            json.key("assigneeType").string(assigned);
            json.key("realAssigneeType").string(assigned);
            json.key("isAssigneeTypeValid").boolean(component.lead.is_some());
            json.key("project").string(&project.key);
            json.key("projectId").number(project.id);
        });
    }

    /// A type of issue link.
    pub(crate) fn link_type(&self, json: &mut Json, kind: &LinkType) {
        json.object(|json| {
            json.key("id").plain(kind.id);
            json.key("name").string(&kind.name);
            json.key("inward").string(&kind.inward);
            json.key("outward").string(&kind.outward);
            json.key("self").plain(format_args!(
                "{}{}/issueLinkType/{}",
                self.url,
                self.version.prefix(),
                kind.id
            ));
        });
    }

    /// A security level as an issue and `GET securitylevel` show it.
    pub(crate) fn security_level(&self, json: &mut Json, level: &SecurityLevel) {
        json.object(|json| {
            json.key("self").plain(format_args!(
                "{}{}/securitylevel/{}",
                self.url,
                self.version.prefix(),
                level.id
            ));
            json.key("id").plain(level.id);
            json.key("description").string(&level.description);
            json.key("name").string(&level.name);
        });
    }
}

fn icon(priority: &str) -> String {
    priority.to_lowercase().replace(' ', "-")
}

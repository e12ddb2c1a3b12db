//! Projects and their roles.

use super::View;
use crate::{
    jira::json::Json,
    world::{
        Group,
        jira::{Project, ProjectState, Role},
    },
};

impl View<'_> {
    /// The address of a project.
    fn project_self(&self, json: &mut Json, project: &Project) {
        json.key("self").plain(format_args!("{}{}/project/{}", self.url, self.version.prefix(), project.id));
        json.key("id").plain(project.id);
        json.key("key").string(&project.key);
        json.key("name").string(&project.name);
    }

    fn project_avatars(&self, json: &mut Json, project: &Project) {
        let avatar = 10_400 + project.id.0 % 30;
        json.key("avatarUrls").object(|json| {
            for (size, suffix) in [
                ("48x48", ""),
                ("24x24", "?size=small"),
                ("16x16", "?size=xsmall"),
                ("32x32", "?size=medium"),
            ] {
                json.key(size).plain(format_args!(
                    "{}{}/universal_avatar/view/type/project/avatar/{avatar}{suffix}",
                    self.url,
                    self.version.prefix()
                ));
            }
        });
    }

    fn project_category(&self, json: &mut Json, project: &Project) {
        let Some(category) = project.category else { return };
        json.key("projectCategory");
        self.category(json, category);
    }

    /// A project category by its position.
    pub(crate) fn category(&self, json: &mut Json, position: usize) {
        let Some((name, description)) = self.site.jira().categories.get(position) else {
            json.null();
            return;
        };
        let id = 10_000 + position;
        json.object(|json| {
            json.key("self").string(&self.link(format_args!("projectCategory/{id}")));
            json.key("id").plain(id);
            json.key("name").string(name);
            json.key("description").string(description);
        });
    }

    /// A project as issues embed it.
    pub(crate) fn project_brief(&self, json: &mut Json, project: &Project) {
        json.object(|json| {
            self.project_self(json, project);
            json.key("projectTypeKey").string(project.kind.key());
            json.key("simplified").boolean(project.is_team_managed());
            self.project_avatars(json, project);
            self.project_category(json, project);
        });
    }

    /// A project as listings show it; `expand` adds members.
    pub(crate) fn project_listed(&self, json: &mut Json, project: &Project, expand: &[&str]) {
        json.object(|json| {
            json.key("expand").string("description,lead,issueTypes,url,projectKeys,permissions,insight");
            self.project_self(json, project);
            if expand.contains(&"description") {
                json.key("description").string(&project.description);
            }
            if expand.contains(&"lead") {
                json.key("lead");
                self.user(json, project.lead);
            }
            if expand.contains(&"issueTypes") {
                self.project_issue_types(json, project);
            }
            if expand.contains(&"url")
                && let Some(url) = &project.url
            {
                json.key("url").string(url);
            }
            if expand.contains(&"insight") {
                self.project_insight(json, project);
            }
            self.project_tail(json, project, expand);
        });
    }

    /// A project as `GET project/{key}` shows it.
    pub(crate) fn project_whole(&self, json: &mut Json, project: &Project, expand: &[&str]) {
        json.object(|json| {
            json.key("expand").string("description,lead,issueTypes,url,projectKeys,permissions,insight");
            self.project_self(json, project);
            json.key("description").string(&project.description);
            json.key("lead");
            self.user(json, project.lead);
            json.key("components").array(|json| {
                project.components.iter().for_each(|component| self.component_brief(json, component));
            });
            self.project_issue_types(json, project);
            if let Some(url) = &project.url {
                json.key("url").string(url);
            }
            json.key("assigneeType").string("UNASSIGNED");
            json.key("versions").array(|json| {
                project.versions.iter().for_each(|version| self.version_whole(json, version, project.id));
            });
            json.key("roles").object(|json| {
                for role in self.roles_of(project) {
                    let link = self.link(format_args!("project/{}/role/{}", project.id, role.id));
                    json.data_key(&role.name).string(&link);
                }
            });
            if expand.contains(&"insight") {
                self.project_insight(json, project);
            }
            self.project_tail(json, project, expand);
        });
    }

    fn project_issue_types(&self, json: &mut Json, project: &Project) {
        json.key("issueTypes").array(|json| {
            let kinds = project.issue_types.iter().filter_map(|id| self.site.jira().issue_type(*id));
            kinds.for_each(|kind| self.issue_type(json, kind));
        });
    }

    fn project_insight(&self, json: &mut Json, project: &Project) {
        let heads = self.site.issue_ids_in(project.id).filter_map(|id| self.site.issue_head(id));
        let (mut count, mut last) = (0_u64, None);
        for head in heads.filter(|head| !head.archived) {
            count += 1;
            last = last.max(Some(head.updated));
        }
        json.key("insight").object(|json| {
            json.key("totalIssueCount").number(count);
            if let Some(last) = last {
                json.key("lastIssueUpdateTime");
                self.times.write(json, last);
            }
        });
    }

    fn project_tail(&self, json: &mut Json, project: &Project, expand: &[&str]) {
        if expand.contains(&"projectKeys") {
            json.key("projectKeys").array(|json| {
                json.string(&project.key);
                project.former_keys.iter().for_each(|key| json.string(key));
            });
        }
        if expand.contains(&"permissions") {
            let can_edit = self.site.can_administer_project(&self.reader, project);
            json.key("permissions").object(|json| json.key("canEdit").boolean(can_edit));
        }
        self.project_avatars(json, project);
        self.project_category(json, project);
        json.key("projectTypeKey").string(project.kind.key());
        json.key("simplified").boolean(project.is_team_managed());
        json.key("style").string(if project.is_team_managed() { "next-gen" } else { "classic" });
        json.key("isPrivate").boolean(project.is_private());
        match project.state {
            ProjectState::Live => {}
            ProjectState::Archived { at, by } => {
                json.key("archived").boolean(true);
                json.key("archivedDate");
                self.times.write(json, at);
                json.key("archivedBy");
                self.user(json, by);
            }
            ProjectState::Trashed { at, by } => {
                json.key("deleted").boolean(true);
                json.key("deletedDate");
                self.times.write(json, at);
                json.key("retentionTillDate");
                self.times.write(json, at.saturating_add(60 * 24 * 3_600_000));
                json.key("deletedBy");
                self.user(json, by);
            }
        }
        json.key("properties").object(|_| {});
        if project.is_team_managed() {
            json.key("entityId").string(&project.uuid);
        }
        json.key("uuid").string(&project.uuid);
    }

    /// The roles a project has: the site's for company-managed ones, its own for team-managed ones.
    pub(crate) fn roles_of<'s>(&'s self, project: &'s Project) -> impl Iterator<Item = &'s Role> {
        let scope = project.is_team_managed().then_some(project.id);
        self.site.jira().roles.iter().filter(move |role| role.scope == scope)
    }

    /// A role without its actors.
    pub(crate) fn role(&self, json: &mut Json, role: &Role) {
        json.object(|json| Self::role_members(json, role, &self.link(format_args!("role/{}", role.id))));
    }

    /// A role as `roledetails` lists it.
    pub(crate) fn role_detailed(&self, json: &mut Json, role: &Role) {
        json.object(|json| {
            Self::role_members(json, role, &self.link(format_args!("role/{}", role.id)));
            json.key("admin").boolean(role.is_admin);
            json.key("default").boolean(false);
            json.key("roleConfigurable").boolean(true);
            json.key("translatedName").string(&role.name);
        });
    }

    fn role_members(json: &mut Json, role: &Role, link: &str) {
        json.key("self").string(link);
        json.key("name").string(&role.name);
        json.key("id").number(role.id);
        json.key("description").string(&role.description);
        Self::scope(json, role.scope);
    }

    /// A role with the actors that new projects get.
    pub(crate) fn role_defaults(&self, json: &mut Json, role: &Role) {
        json.object(|json| {
            Self::role_members(json, role, &self.link(format_args!("role/{}", role.id)));
            json.key("actors").array(|json| {
                let group = self.site.group(self.site.admin_group()).filter(|_| role.is_admin);
                if let Some(group) = group {
                    json.object(|json| Self::group_actor(json, role.id.0, group));
                }
            });
        });
    }

    fn group_actor(json: &mut Json, id: u64, group: &Group) {
        json.key("id").number(id);
        json.key("displayName").string(&group.name);
        json.key("type").string("atlassian-group-role-actor");
        json.key("name").string(&group.name);
        json.key("actorGroup").object(|json| {
            json.key("name").string(&group.name);
            json.key("displayName").string(&group.name);
            json.key("groupId").string(&group.id);
        });
    }

    /// A role of a project with its actors, and how many of them there are.
    pub(crate) fn role_in_project(&self, json: &mut Json, role: &Role, project: &Project) {
        let link = self.link(format_args!("project/{}/role/{}", project.id, role.id));
        json.object(|json| {
            Self::role_members(json, role, &link);
            json.key("actors").array(|json| {
                let Some(actors) = project.actors(role.id) else { return };
                // Actor ids follow from project, role and position: there is no other place that shows them.
                let base = project.id.0.wrapping_mul(1_000) + role.id.0 % 1_000;
                let groups =
                    actors.groups.iter().filter_map(|index| self.site.group(*index)).filter(|it| !it.deleted);
                for (at, group) in groups.enumerate() {
                    json.object(|json| Self::group_actor(json, base.wrapping_mul(100) + at as u64, group));
                }
                for (at, user) in actors.users.iter().enumerate() {
                    let account = self.site.account(*user);
                    json.object(|json| {
                        json.key("id").number(base.wrapping_mul(100) + 50 + at as u64);
                        json.key("displayName").string(account.display_name());
                        json.key("type").string("atlassian-user-role-actor");
                        json.key("actorUser")
                            .object(|json| json.key("accountId").string(&account.account_id));
                    });
                }
            });
        });
    }
}

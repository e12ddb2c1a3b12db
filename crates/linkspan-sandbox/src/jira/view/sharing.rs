//! Filters and dashboards.

use super::View;
use crate::{
    jira::json::Json,
    world::{
        AccountIndex,
        jira::{Audience, Dashboard, Filter, Share},
    },
};

impl View<'_> {
    /// The shares of a filter or dashboard, as a list.
    pub(crate) fn shares(&self, json: &mut Json, shares: &[Share]) {
        json.array(|json| shares.iter().for_each(|share| self.share(json, share)));
    }

    /// One share.
    pub(crate) fn share(&self, json: &mut Json, share: &Share) {
        json.object(|json| {
            json.key("id").number(share.id);
            match share.audience {
                Audience::Public => json.key("type").string("global"),
                Audience::SignedIn => json.key("type").string("loggedin"),
                Audience::Group(group) => {
                    json.key("type").string("group");
                    json.key("group");
                    self.group_at(json, group);
                }
                Audience::User(user) => {
                    json.key("type").string("user");
                    json.key("user");
                    self.user_brief(json, user);
                }
                Audience::Project(id) | Audience::ProjectRole(id, _) => {
                    let seen =
                        self.site.project(id).filter(|it| self.site.can_browse_project(&self.reader, it));
                    // What is shared with a project the caller does not see says only that much.
                    let Some(project) = seen else {
                        json.key("type").string("project-unknown");
                        return;
                    };
                    json.key("type").string(match share.audience {
                        Audience::ProjectRole(..) => "projectRole",
                        _ => "project",
                    });
                    json.key("project");
                    self.project_brief(json, project);
                    if let Audience::ProjectRole(_, role) = share.audience
                        && let Some(role) = self.site.jira().role(role)
                    {
                        json.key("role");
                        self.role(json, role);
                    }
                }
            }
        });
    }

    /// Whether the caller may change something: the owner, an editor, or an administrator.
    fn may_edit(&self, owner: Option<AccountIndex>, editors: &[Share]) -> bool {
        self.reader.admin || self.site.can_use_shared(&self.reader, owner, editors)
    }

    fn is_favourite(&self, favourite_of: &[AccountIndex]) -> bool {
        self.reader.account().is_some_and(|own| favourite_of.contains(&own))
    }

    /// A dashboard.
    pub(crate) fn dashboard(&self, json: &mut Json, dashboard: &Dashboard) {
        let id = dashboard.id;
        json.object(|json| {
            json.key("id").plain(id);
            json.key("self").string(&self.link(format_args!("dashboard/{id}")));
            json.key("name").string(&dashboard.name);
            json.key("description").string(&dashboard.description);
            json.key("isFavourite").boolean(self.is_favourite(&dashboard.favourite_of));
            if let Some(owner) = dashboard.owner {
                json.key("owner");
                self.user_brief(json, owner);
            }
            json.key("popularity").number(dashboard.favourite_of.len());
            json.key("rank").number(0);
            json.key("sharePermissions");
            self.shares(json, &dashboard.shares);
            json.key("editPermissions");
            self.shares(json, &dashboard.editors);
            json.key("isWritable").boolean(self.may_edit(dashboard.owner, &dashboard.editors));
            json.key("systemDashboard").boolean(dashboard.is_system());
            json.key("view").plain(format_args!("{}/secure/Dashboard.jspa?selectPageId={id}", self.url));
        });
    }

    /// A filter as it is read alone; `expand` adds who it is shared with by name.
    pub(crate) fn filter(&self, json: &mut Json, filter: &Filter, expand: &[&str]) {
        json.object(|json| {
            self.filter_identity(json, filter);
            for member in FILTER_MEMBERS {
                self.filter_member(json, filter, member);
            }
            // Nobody is subscribed to a filter, and whom a group or a project means is not resolved.
            for member in ["sharedUsers", "subscriptions"] {
                let word = expand.iter().any(|word| word.starts_with(member));
                json.key(member).object(|json| {
                    json.key("size").number(0);
                    if word {
                        json.key("items").array(|_| {});
                    }
                    json.key("max-results").number(1_000);
                    json.key("start-index").number(0);
                    json.key("end-index").number(0);
                });
            }
        });
    }

    /// A filter as the search lists it: only with what is asked for.
    pub(crate) fn filter_listed(&self, json: &mut Json, filter: &Filter, expand: &[&str]) {
        json.object(|json| {
            json.key("expand").string(FILTER_EXPAND);
            self.filter_identity(json, filter);
            for member in FILTER_MEMBERS.iter().filter(|member| expand.contains(member)) {
                self.filter_member(json, filter, member);
            }
            if expand.contains(&"subscriptions") {
                json.key("subscriptions").array(|_| {});
            }
        });
    }

    fn filter_identity(&self, json: &mut Json, filter: &Filter) {
        json.key("self").string(&self.link(format_args!("filter/{}", filter.id)));
        json.key("id").plain(filter.id);
        json.key("name").string(&filter.name);
    }

    fn filter_member(&self, json: &mut Json, filter: &Filter, member: &str) {
        match member {
            "description" => json.key("description").string(&filter.description),
            "owner" => {
                json.key("owner");
                self.user(json, filter.owner);
            }
            "jql" => json.key("jql").string(&filter.jql),
            "viewUrl" => {
                json.key("viewUrl").plain(format_args!("{}/issues/?filter={}", self.url, filter.id));
            }
            "searchUrl" => {
                let jql = form_urlencoded::byte_serialize(filter.jql.as_bytes()).collect::<String>();
                json.key("searchUrl").string(&self.link(format_args!("search?jql={jql}")));
            }
            "favourite" => json.key("favourite").boolean(self.is_favourite(&filter.favourite_of)),
            "favouritedCount" => json.key("favouritedCount").number(filter.favourite_of.len()),
            "sharePermissions" => {
                json.key("sharePermissions");
                self.shares(json, &filter.shares);
            }
            "editPermissions" => {
                json.key("editPermissions");
                self.shares(json, &filter.editors);
            }
            "approximateLastUsed" => {
                if let Some(at) = filter.last_used {
                    json.key("approximateLastUsed");
                    self.times.write(json, at);
                }
            }
            _ => {}
        }
    }
}

/// Members of a filter besides its identity, in the order they are written.
const FILTER_MEMBERS: [&str; 10] = [
    "description",
    "owner",
    "jql",
    "viewUrl",
    "searchUrl",
    "favourite",
    "favouritedCount",
    "sharePermissions",
    "editPermissions",
    "approximateLastUsed",
];

/// What can be asked for of a listed filter.
const FILTER_EXPAND: &str = "description,owner,jql,viewUrl,searchUrl,favourite,favouritedCount,sharePermissions,editPermissions,isWritable,approximateLastUsed,subscriptions";

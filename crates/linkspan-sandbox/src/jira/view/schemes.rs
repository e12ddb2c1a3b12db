//! Permission schemes and issue security schemes.

use super::View;
use crate::{
    jira::json::Json,
    world::jira::{Holder, PermissionGrant, PermissionScheme, SecurityLevel, SecurityMember, SecurityScheme},
};

/// Which holders are resolved to the objects they name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "one flag for each published expansion")]
pub(crate) struct HolderExpansions {
    pub(crate) permissions: bool,
    pub(crate) user: bool,
    pub(crate) group: bool,
    pub(crate) role: bool,
    pub(crate) field: bool,
}

impl HolderExpansions {
    /// Reads an `expand` list.
    pub(crate) fn parse(words: &[&str]) -> Self {
        let has = |name: &str| words.iter().any(|word| *word == name || *word == "all");
        let own = Self {
            permissions: has("permissions"),
            user: has("user"),
            group: has("group"),
            role: has("projectRole"),
            field: has("field"),
        };
        // Asking for what holders name asks for the grants too.
        Self { permissions: own.permissions || own.user || own.group || own.role || own.field, ..own }
    }
}

impl View<'_> {
    /// A holder of a grant or of a security level.
    pub(crate) fn holder(&self, json: &mut Json, holder: &Holder, expand: HolderExpansions) {
        let config = self.site.jira();
        json.object(|json| {
            json.key("type").string(holder.type_key());
            match holder {
                Holder::Anyone
                | Holder::ProjectLead
                | Holder::Reporter
                | Holder::Assignee
                | Holder::PortalCustomers => {}
                Holder::ApplicationRole(product) => {
                    if let Some(product) = product {
                        json.key("parameter").string(product.key());
                        json.key("value").string(product.key());
                    }
                }
                Holder::Group(index) => {
                    let group = self.site.group(*index);
                    json.key("parameter").string(group.map_or("", |group| group.name.as_str()));
                    json.key("value").string(group.map_or("", |group| group.id.as_str()));
                    if expand.group && group.is_some_and(|group| !group.deleted) {
                        json.key("group");
                        self.group_at(json, *index);
                    }
                    json.key("expand").string("group");
                }
                Holder::User(account) => {
                    let id = &self.site.account(*account).account_id;
                    json.key("parameter").string(id);
                    json.key("value").string(id);
                    if expand.user {
                        json.key("user");
                        self.user(json, *account);
                    }
                    json.key("expand").string("user");
                }
                Holder::ProjectRole(role) => {
                    json.key("parameter").plain(role);
                    json.key("value").plain(role);
                    if expand.role
                        && let Some(role) = config.role(*role)
                    {
                        json.key("projectRole");
                        self.role(json, role);
                    }
                    json.key("expand").string("projectRole");
                }
                Holder::UserCustomField(field) | Holder::GroupCustomField(field) => {
                    json.key("parameter").plain(field);
                    json.key("value").plain(field);
                    if expand.field
                        && let Some(field) = config.field(*field)
                    {
                        json.key("field");
                        Self::custom_field(json, field);
                    }
                    json.key("expand").string("field");
                }
            }
        });
    }

    /// A grant of a permission scheme.
    pub(crate) fn grant(
        &self,
        json: &mut Json,
        scheme: &PermissionScheme,
        grant: &PermissionGrant,
        expand: HolderExpansions,
    ) {
        json.object(|json| {
            json.key("id").number(grant.id);
            json.key("self")
                .string(&self.link(format_args!("permissionscheme/{}/permission/{}", scheme.id, grant.id)));
            json.key("holder");
            self.holder(json, &grant.holder, expand);
            json.key("permission").string(grant.permission);
        });
    }

    /// A permission scheme.
    pub(crate) fn permission_scheme(
        &self,
        json: &mut Json,
        scheme: &PermissionScheme,
        expand: HolderExpansions,
    ) {
        json.object(|json| {
            json.key("expand").string("permissions,user,group,projectRole,field,all");
            json.key("id").number(scheme.id);
            json.key("self").string(&self.link(format_args!("permissionscheme/{}", scheme.id)));
            json.key("name").string(&scheme.name);
            json.key("description").string(&scheme.description);
            if expand.permissions {
                json.key("permissions").array(|json| {
                    scheme.grants.iter().for_each(|grant| self.grant(json, scheme, grant, expand));
                });
            }
        });
    }

    /// An issue security scheme; its levels come with single reads only.
    pub(crate) fn security_scheme(&self, json: &mut Json, scheme: &SecurityScheme, with_levels: bool) {
        json.object(|json| {
            json.key("self").string(&self.link(format_args!("issuesecurityschemes/{}", scheme.id)));
            json.key("id").number(scheme.id);
            json.key("name").string(&scheme.name);
            json.key("description").string(&scheme.description);
            if let Some(level) = scheme.default_level {
                json.key("defaultSecurityLevelId").number(level);
            }
            if with_levels {
                json.key("levels").array(|json| {
                    scheme.levels.iter().for_each(|level| self.security_level(json, level));
                });
            }
        });
    }

    /// A level as the listing of all levels shows it.
    pub(crate) fn security_level_listed(
        &self,
        json: &mut Json,
        scheme: &SecurityScheme,
        level: &SecurityLevel,
    ) {
        json.object(|json| {
            json.key("self").string(&self.link(format_args!("securitylevel/{}", level.id)));
            json.key("id").plain(level.id);
            json.key("description").string(&level.description);
            json.key("name").string(&level.name);
            json.key("isDefault").boolean(scheme.default_level == Some(level.id));
            json.key("issueSecuritySchemeId").plain(scheme.id);
        });
    }

    /// A member of a level. `whole` is the form of `issuesecurityschemes/level/member`, which prints ids as strings.
    pub(crate) fn security_member(
        &self,
        json: &mut Json,
        (scheme, level, member): (&SecurityScheme, &SecurityLevel, &SecurityMember),
        expand: HolderExpansions,
        whole: bool,
    ) {
        json.object(|json| {
            if whole {
                json.key("id").plain(member.id);
                json.key("issueSecurityLevelId").plain(level.id);
                json.key("issueSecuritySchemeId").plain(scheme.id);
            } else {
                json.key("id").number(member.id);
                json.key("issueSecurityLevelId").number(level.id);
            }
            json.key("holder");
            self.holder(json, &member.holder, expand);
        });
    }
}

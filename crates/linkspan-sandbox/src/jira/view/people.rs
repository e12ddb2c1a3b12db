//! Accounts and groups.

use std::fmt;

use super::View;
use crate::{
    jira::json::Json,
    world::{Account, AccountIndex, AccountStatus, AccountType, Group, GroupIndex},
};

/// Where Atlassian keeps the pictures of accounts.
const PICTURES: &str = "https://avatar-management--avatars.us-west-2.prod.public.atl-paas.net";

/// An account id in a query string: the colon is escaped.
pub(crate) struct EscapedId<'a>(pub(crate) &'a str);

impl fmt::Display for EscapedId<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, part) in self.0.split(':').enumerate() {
            if index > 0 {
                f.write_str("%3A")?;
            }
            f.write_str(part)?;
        }
        Ok(())
    }
}

impl View<'_> {
    /// An account as it is embedded in issues, comments and lists.
    pub(crate) fn user(&self, json: &mut Json, index: AccountIndex) {
        json.object(|json| self.user_members(json, self.site.account(index)));
    }

    /// An account as shares and dashboards embed it: nothing but its name and picture.
    pub(crate) fn user_brief(&self, json: &mut Json, index: AccountIndex) {
        let account = self.site.account(index);
        let id = EscapedId(&account.account_id);
        json.object(|json| {
            json.key("self").plain(format_args!("{}{}/user?accountId={id}", self.url, self.version.prefix()));
            json.key("accountId").string(&account.account_id);
            json.key("displayName").string(account.display_name());
            json.key("active").boolean(account.is_active());
            Self::avatars(json, account);
        });
    }

    /// An account as deliveries to webhooks name who made a change: without its address (`atlassian-platform.md` 4.8).
    pub(crate) fn user_in_webhook(&self, json: &mut Json, index: AccountIndex) {
        let account = self.site.account(index);
        json.object(|json| {
            self.address(json, account);
            Self::profile(json, account);
        });
    }

    /// An account, or `null`.
    pub(crate) fn user_or_null(&self, json: &mut Json, index: Option<AccountIndex>) {
        match index {
            Some(index) => self.user(json, index),
            None => json.null(),
        }
    }

    fn user_members(&self, json: &mut Json, account: &Account) {
        self.address(json, account);
        // Everybody sees the own address, others only what the profile shows.
        let own = self.reader.account() == Some(account.index);
        let email = if own { Some(account.email()) } else { account.visible_email() };
        if let Some(email) = email {
            json.key("emailAddress").string(email);
        }
        Self::profile(json, account);
    }

    fn address(&self, json: &mut Json, account: &Account) {
        let id = EscapedId(&account.account_id);
        json.key("self").plain(format_args!("{}{}/user?accountId={id}", self.url, self.version.prefix()));
        json.key("accountId").string(&account.account_id);
    }

    fn profile(json: &mut Json, account: &Account) {
        Self::avatars(json, account);
        json.key("displayName").string(account.display_name());
        json.key("active").boolean(account.is_active());
        if account.status() != AccountStatus::Closed {
            json.key("timeZone").string(&account.time_zone);
        }
        json.key("accountType").string(account.account_type.as_str());
    }

    /// The pictures of an account. The address of a person's own is like no other's: a copy that outlives an erasure can be
    /// told from the copies that may stay.
    pub(crate) fn avatars(json: &mut Json, account: &Account) {
        json.key("avatarUrls").object(|json| {
            for (name, size) in [("48x48", 48), ("24x24", 24), ("16x16", 16), ("32x32", 32)] {
                let json = json.key(name);
                match account.picture() {
                    Some(picture) => {
                        json.plain(format_args!("{PICTURES}/{}/{picture}/{size}", account.account_id));
                    }
                    None => json.plain(format_args!("{PICTURES}/default-avatar-{}.png", account.avatar)),
                }
            }
        });
    }

    /// An account as `users/search` lists it: with the locale when asked for one by one.
    pub(crate) fn user_listed(&self, json: &mut Json, index: AccountIndex) {
        let account = self.site.account(index);
        json.object(|json| {
            self.user_members(json, account);
            if account.account_type == AccountType::Atlassian && account.status() != AccountStatus::Closed {
                json.key("locale").string(&account.locale);
            }
        });
    }

    /// An account with everything `GET user` and `GET myself` say of it.
    pub(crate) fn user_whole(&self, json: &mut Json, index: AccountIndex, groups: bool, roles: bool) {
        let account = self.site.account(index);
        json.object(|json| {
            self.user_members(json, account);
            if account.status() != AccountStatus::Closed {
                json.key("locale").string(&account.locale);
            }
            let memberships = self.site.groups_of(index).count();
            json.key("groups").object(|json| {
                json.key("size").number(memberships);
                json.key("items").array(|json| {
                    if groups {
                        self.site.groups_of(index).for_each(|group| self.group(json, group));
                    }
                });
            });
            let held: Vec<_> = self
                .site
                .application_roles()
                .iter()
                .filter(|role| role.product != crate::world::Product::Confluence)
                .filter(|role| self.site.has_product(index, role.product))
                .collect();
            json.key("applicationRoles").object(|json| {
                json.key("size").number(held.len());
                json.key("items").array(|json| {
                    if roles {
                        for role in &held {
                            self.application_role(json, role);
                        }
                    }
                });
            });
            json.key("expand").string("groups,applicationRoles");
        });
    }

    /// A group: name, id and address.
    pub(crate) fn group(&self, json: &mut Json, group: &Group) {
        json.object(|json| {
            json.key("name").string(&group.name);
            json.key("groupId").string(&group.id);
            let mut link = self.link("group");
            link.push_str("?groupId=");
            link.push_str(&group.id);
            json.key("self").string(&link);
        });
    }

    /// A group by its position; deleted ones are `null`.
    pub(crate) fn group_at(&self, json: &mut Json, index: GroupIndex) {
        match self.site.group(index).filter(|group| !group.deleted) {
            Some(group) => self.group(json, group),
            None => json.null(),
        }
    }

    /// An application role.
    pub(crate) fn application_role(&self, json: &mut Json, role: &crate::world::ApplicationRole) {
        let groups = |indexes: &[GroupIndex]| -> Vec<&Group> {
            indexes
                .iter()
                .filter_map(|index| self.site.group(*index))
                .filter(|group| !group.deleted)
                .collect()
        };
        let (all, default) = (groups(&role.groups), groups(&role.default_groups));
        let users = self
            .site
            .accounts()
            .iter()
            .filter(|account| self.site.has_product(**account, role.product))
            .count();
        json.object(|json| {
            json.key("key").string(role.product.key());
            json.key("groups").array(|json| all.iter().for_each(|group| json.string(&group.name)));
            json.key("groupDetails").array(|json| all.iter().for_each(|group| self.group(json, group)));
            json.key("name").string(&role.name);
            json.key("defaultGroups").array(|json| default.iter().for_each(|group| json.string(&group.name)));
            json.key("defaultGroupsDetails")
                .array(|json| default.iter().for_each(|group| self.group(json, group)));
            json.key("selectedByDefault").boolean(role.product == crate::world::Product::JiraSoftware);
            json.key("defined").boolean(true);
            json.key("numberOfSeats").number(users.next_multiple_of(100).max(100));
            json.key("remainingSeats").number(users.next_multiple_of(100).max(100) - users);
            json.key("userCount").number(users);
            let agents = role.product == crate::world::Product::JiraServiceManagement;
            json.key("userCountDescription").string(if agents { "agents" } else { "users" });
            json.key("hasUnlimitedSeats").boolean(false);
            json.key("platform").boolean(false);
        });
    }
}

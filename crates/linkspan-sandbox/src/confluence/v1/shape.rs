//! The v1 form of people, groups, spaces, labels and versions (`confluence-v1.json`, samples of a real site).

use crate::confluence::json::JsonWriter;
use crate::confluence::links::space_path;
use crate::confluence::time::{Friendly, Iso};
use crate::confluence::view::View;
use crate::world::confluence::{
    ContentLabel, ContentVersion, Restriction, Space, SpaceKind, SpacePermission, SpacePrincipal,
};
use crate::world::{Account, AccountIndex, AccountType, Group};

use super::expand::Expand;

/// Default page of the users and groups of one restricted operation (`atlassian-permissions.md` 4.2): who does not page
/// sees a longer list cut.
pub(super) const RESTRICTION_PAGE: usize = 100;

/// A person.
pub(super) fn user(json: &mut JsonWriter, view: &View<'_>, account: &Account, expand: &Expand) {
    json.object(|json| {
        json.key("type").string("known");
        json.key("accountId").string(&account.account_id);
        json.key("accountType").string(match account.account_type {
            AccountType::App => "app",
            AccountType::Atlassian | AccountType::Customer => "atlassian",
        });
        json.key("email").string(view.email_of(account).unwrap_or_default());
        json.key("publicName").string(account.display_name());
        json.key("profilePicture")
            .object(|json| picture(json, &format!("/wiki/aa-avatar/{}", account.account_id)));
        json.key("displayName").string(account.display_name());
        json.key("isExternalCollaborator").boolean(view.state.is_guest(account.index));
        json.key("isGuest").boolean(view.state.is_guest(account.index));
        if expand.has("operations") {
            json.key("operations").array(|json| operation(json, "use", "application"));
        }
        let personal = expand.has("personalSpace").then(|| view.personal_space(account.index)).flatten();
        if let Some(space) = personal {
            json.key("personalSpace")
                .object(|json| space_members(json, view, space, &expand.below("personalSpace")));
        }
        json.key("_expandable").object(|json| {
            if !expand.has("operations") {
                json.key("operations").string("");
            }
            if personal.is_none() {
                json.key("personalSpace").string("");
            }
        });
        json.key("_links").object(|json| {
            json.key("self").display(format_args!(
                "{}/rest/api/user?accountId={}",
                view.base(),
                account.account_id
            ));
        });
    });
}

/// A person by position, with nothing expanded.
pub(super) fn plain_user(json: &mut JsonWriter, view: &View<'_>, account: AccountIndex) {
    user(json, view, view.state.account(account), &Expand::default());
}

pub(super) fn picture(json: &mut JsonWriter, path: &str) {
    json.key("path").string(path);
    json.key("width").integer(48);
    json.key("height").integer(48);
    json.key("isDefault").boolean(true);
}

pub(super) fn operation(json: &mut JsonWriter, operation: &str, target: &str) {
    json.object(|json| {
        json.key("operation").string(operation);
        json.key("targetType").string(target);
    });
}

/// A group.
pub(super) fn group(json: &mut JsonWriter, view: &View<'_>, group: &Group) {
    json.object(|json| {
        json.key("type").string("group");
        json.key("name").string(&group.name);
        json.key("id").string(&group.id);
        json.key("usageType").string("USERBASE_GROUP");
        json.key("managedBy").string("ADMINS");
        json.key("_links").object(|json| {
            json.key("self").display(format_args!("{}/rest/api/group/by-id?id={}", view.base(), group.id));
        });
    });
}

/// `{"results":[…],"start":…,"limit":…,"size":…}` without its closing brace.
pub(super) fn page_members(
    json: &mut JsonWriter,
    start: usize,
    limit: usize,
    size: usize,
    results: impl FnOnce(&mut JsonWriter),
) {
    json.key("results").array(results);
    json.key("start").size(start);
    json.key("limit").size(limit);
    json.key("size").size(size);
}

/// The members of a space.
pub(super) fn space_members(json: &mut JsonWriter, view: &View<'_>, space: &Space, expand: &Expand) {
    json.key("id").display_number(space.id.0);
    json.key("key").string(&space.key);
    json.key("alias").string(&space.key);
    json.key("name").string(&space.name);
    json.key("type").string(match space.kind {
        SpaceKind::Personal => "personal",
        // API v1 knows two kinds.
        SpaceKind::Global | SpaceKind::KnowledgeBase => "global",
    });
    json.key("status").string(if space.archived { "archived" } else { "current" });
    if expand.has("description") {
        json.key("description").object(|json| description(json, space, &expand.below("description")));
    }
    if expand.has("icon") {
        json.key("icon").object(|json| picture(json, "/images/logo/default-space-logo-256.png"));
    }
    let homepage = expand.has("homepage").then(|| space.homepage.and_then(|id| view.head(id))).flatten();
    if let Some(home) = homepage {
        json.key("homepage").object(|json| {
            super::content::brief_members(json, view, home);
        });
    }
    if expand.has("history") {
        json.key("history").object(|json| {
            json.key("createdDate").display(Iso(space.created));
            json.key("createdBy");
            plain_user(json, view, space.author);
        });
    }
    if expand.has("metadata") {
        json.key("metadata").object(|json| {
            json.key("labels").object(|json| page_members(json, 0, 200, 0, |_| ()));
        });
    }
    if expand.has("permissions") {
        json.key("permissions")
            .array(|json| space.permissions.iter().for_each(|row| permission(json, view, row)));
    }
    space_expandable(json, space, expand);
    json.key("_links").object(|json| {
        json.key("webui").string(&space_path(space));
        json.key("self").display(format_args!("{}/rest/api/space/{}", view.base(), space.key));
    });
}

fn description(json: &mut JsonWriter, space: &Space, expand: &Expand) {
    for (format, value) in [
        ("plain", space.description.clone()),
        ("view", crate::confluence::body::escape_html(&space.description)),
    ] {
        if expand.has(format) {
            json.key(format).object(|json| {
                json.key("value").string(&value);
                json.key("representation").string(format);
                json.key("embeddedContent").array(|_| ());
            });
        }
    }
    json.key("_expandable").object(|json| {
        for format in ["view", "plain"] {
            if !expand.has(format) {
                json.key(format).string("");
            }
        }
    });
}

fn space_expandable(json: &mut JsonWriter, space: &Space, expand: &Expand) {
    json.key("_expandable").object(|json| {
        json.key("settings").display(format_args!("/rest/api/space/{}/settings", space.key));
        for member in ["metadata", "operations", "permissions", "icon", "description", "history"] {
            if !expand.has(member) {
                json.key(member).string("");
            }
        }
        json.key("lookAndFeel")
            .display(format_args!("/rest/api/settings/lookandfeel?spaceKey={}", space.key));
        json.key("identifiers").string("");
        json.key("theme").display(format_args!("/rest/api/space/{}/theme", space.key));
        if let (Some(homepage), false) = (space.homepage, expand.has("homepage")) {
            json.key("homepage").display(format_args!("/rest/api/content/{homepage}"));
        }
    });
}

/// A permission of a space, as `expand=permissions` shows it (`atlassian-permissions.md` 4.1).
fn permission(json: &mut JsonWriter, view: &View<'_>, row: &SpacePermission) {
    json.object(|json| {
        json.key("id").display_number(row.id);
        match row.principal {
            SpacePrincipal::User(account) => json.key("subjects").object(|json| {
                json.key("user").object(|json| {
                    page_members(json, 0, 1, 1, |json| plain_user(json, view, account));
                });
                json.key("_expandable").object(|json| json.key("group").string(""));
            }),
            SpacePrincipal::Group(index) => json.key("subjects").object(|json| {
                json.key("group").object(|json| {
                    let members = view.state.group(index);
                    page_members(json, 0, 1, usize::from(members.is_some()), |json| {
                        if let Some(found) = members {
                            group(json, view, found);
                        }
                    });
                });
                json.key("_expandable").object(|json| json.key("user").string(""));
            }),
            SpacePrincipal::AllLicensedUsers
            | SpacePrincipal::AllProductAdmins
            | SpacePrincipal::AuthenticatedUsers
            | SpacePrincipal::Anonymous => {}
        }
        json.key("operation").object(|json| {
            json.key("operation").string(row.operation);
            json.key("targetType").string(row.target);
        });
        json.key("anonymousAccess").boolean(row.principal == SpacePrincipal::Anonymous);
        json.key("unlicensedAccess").boolean(row.principal == SpacePrincipal::AuthenticatedUsers);
    });
}

/// A label.
pub(super) fn label(json: &mut JsonWriter, label: &ContentLabel) {
    json.object(|json| {
        json.key("prefix").string(label.prefix);
        json.key("name").string(&label.name);
        json.key("id").display(label.id);
        json.key("label").string(&label.name);
    });
}

/// The members of a version.
pub(super) fn version_members(
    json: &mut JsonWriter,
    view: &View<'_>,
    version: &ContentVersion,
    content_path: &str,
) {
    json.key("by");
    plain_user(json, view, version.author);
    json.key("when").display(Iso(version.created));
    json.key("friendlyWhen").display(Friendly(version.created));
    json.key("message").string(&version.message);
    json.key("number").integer(i64::from(version.number));
    json.key("minorEdit").boolean(version.minor_edit);
    json.key("contentTypeModified").boolean(false);
    json.key("_expandable").object(|json| {
        json.key("collaborators").string("");
        json.key("content")
            .display(format_args!("/rest/api{content_path}?status=historical&version={}", version.number));
    });
    json.key("_links").object(|json| {
        json.key("self").display(format_args!(
            "{}/rest/api{content_path}/version/{}",
            view.base(),
            version.number
        ));
    });
}

/// One operation's restrictions: `{"user":{…},"group":{…}}`, each list cut to a page.
pub(super) fn restriction_lists(
    json: &mut JsonWriter,
    view: &View<'_>,
    own: &Restriction,
    start: usize,
    limit: usize,
) {
    let users = own.users.iter().skip(start).take(limit);
    json.key("user").object(|json| {
        page_members(json, start, limit, users.len(), |json| {
            users.for_each(|user| plain_user(json, view, *user));
        });
    });
    let groups = own.groups.iter().filter_map(|index| view.state.group(*index));
    let groups: Vec<&Group> = groups.skip(start).take(limit).collect();
    json.key("group").object(|json| {
        page_members(json, start, limit, groups.len(), |json| {
            for found in &groups {
                group(json, view, found);
            }
        });
    });
    json.key("_expandable").object(|json| {
        json.key("user").string("");
        json.key("group").string("");
    });
}

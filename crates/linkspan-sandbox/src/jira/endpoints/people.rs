//! Users and groups.

use axum::{Router, extract::Path, routing::get};

use crate::{
    gateway::{AppState, Charge},
    jira::{
        json::Json,
        refusal::{Answer, Refusal},
        session::{Session, ok},
        view::View,
    },
    world::{AccountIndex, AccountType, Group, Product, SiteState},
};

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/myself", get(myself))
        .route("/user", get(user))
        .route("/user/search", get(user_search))
        .route("/user/picker", get(user_picker))
        .route("/user/bulk", get(user_bulk))
        .route("/user/groups", get(user_groups))
        .route("/user/assignable/search", get(assignable))
        .route("/user/permission/search", get(users_with_permissions))
        .route("/user/viewissue/search", get(users_who_see))
        .route("/users", get(users))
        .route("/users/search", get(users))
        .route("/group", get(group))
        .route("/group/bulk", get(group_bulk))
        .route("/group/member", get(group_members))
        .route("/groups/picker", get(groups_picker))
        .route("/groupuserpicker", get(group_user_picker))
        .route("/applicationrole", get(application_roles))
        .route("/applicationrole/{key}", get(application_role))
}

/// The right to browse users and groups: people who use a product of the site have it.
fn require_browse(session: &Session, view: &View<'_>) -> Result<(), Refusal> {
    session.signed_in()?;
    if view.reader.uses_jira() || view.reader.admin {
        return Ok(());
    }
    Err(Refusal::forbidden("You do not have the 'Browse users and groups' global permission."))
}

async fn myself(session: Session) -> Answer {
    let own = session.signed_in()?.index;
    let site = session.site().read();
    let view = session.view(&site);
    let expand = session.query.list("expand");
    Ok(ok(Charge::identity(1), |json| {
        view.user_whole(json, own, expand.contains(&"groups"), expand.contains(&"applicationRoles"));
    }))
}

fn no_user() -> Refusal {
    Refusal::not_found("Specified user does not exist or you do not have required permissions")
}

async fn user(session: Session) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    require_browse(&session, &view)?;
    let id = session.query.text("accountId").or_else(|| session.query.text("username"));
    let id =
        id.ok_or_else(|| Refusal::bad_request("The 'accountId' query parameter needs to be provided"))?;
    let account = site.account_by_id(id).ok_or_else(no_user)?.index;
    let expand = session.query.list("expand");
    Ok(ok(Charge::identity(1), |json| {
        view.user_whole(json, account, expand.contains(&"groups"), expand.contains(&"applicationRoles"));
    }))
}

/// All accounts of the site: people, apps and customers, inactive ones too.
async fn users(session: Session) -> Answer {
    let page = session.query.page(50, 1_000)?;
    let site = session.site().read();
    let view = session.view(&site);
    require_browse(&session, &view)?;
    Ok(bare_users(&view, page.of(site.accounts())))
}

fn bare_users(view: &View<'_>, accounts: &[AccountIndex]) -> axum::response::Response {
    ok(Charge::identity(accounts.len()), |json| {
        json.array(|json| accounts.iter().for_each(|account| view.user_listed(json, *account)));
    })
}

/// Active people whose name or visible address begins a word with `query`.
fn matching(site: &SiteState, query: &str) -> Vec<AccountIndex> {
    let query = query.to_lowercase();
    let is = |index: &&AccountIndex| {
        let account = site.account(**index);
        let named = account.display_name().to_lowercase();
        account.is_active()
            && (query.is_empty()
                || account.account_id == query
                || named.starts_with(&query)
                || named.split_whitespace().any(|word| word.starts_with(&query))
                || account.visible_email().is_some_and(|email| email.to_lowercase().starts_with(&query)))
    };
    site.accounts().iter().filter(is).copied().collect()
}

async fn user_search(session: Session) -> Answer {
    let page = session.query.page(50, 1_000)?;
    let site = session.site().read();
    let view = session.view(&site);
    session.signed_in()?;
    if let Some(id) = session.query.text("accountId") {
        let found: Vec<AccountIndex> =
            site.account_by_id(id).map(|account| account.index).into_iter().collect();
        return Ok(bare_users(&view, page.of(&found)));
    }
    let query = session.query.text("query").or_else(|| session.query.text("username"));
    let Some(query) = query else {
        return Err(Refusal::bad_request(
            "Either the 'query', 'accountId' or 'property' parameter must be provided.",
        ));
    };
    // Without the right to browse users the search finds nobody.
    let found = if require_browse(&session, &view).is_ok() { matching(&site, query) } else { Vec::new() };
    Ok(bare_users(&view, page.of(&found)))
}

async fn assignable(session: Session) -> Answer {
    let page = session.query.page(50, 1_000)?;
    let site = session.site().read();
    let view = session.view(&site);
    session.signed_in()?;
    let project = match (session.query.text("project"), session.query.text("issueKey")) {
        (Some(project), _) => super::issues::visible_project(&view, project)?,
        (None, Some(issue)) => {
            let issue = super::issues::visible_issue(&view, issue)?;
            site.project(issue.project).ok_or_else(Refusal::no_issue)?
        }
        (None, None) => {
            return Err(Refusal::bad_request(
                "Either the 'project' or the 'issueKey' parameter must be provided.",
            ));
        }
    };
    let query = session.query.text("query").unwrap_or_default();
    let may = |account: &AccountIndex| {
        let reader = site.reader(crate::world::Viewer::Account(*account));
        site.has_permission(&reader, "ASSIGNABLE_USER", project, None)
    };
    let found: Vec<AccountIndex> = matching(&site, query).into_iter().filter(may).collect();
    Ok(bare_users(&view, page.of(&found)))
}

/// How many accounts the searches by permission look at: what lies beyond is never found.
const SCANNED: usize = 1_000;

async fn users_with_permissions(session: Session) -> Answer {
    let page = session.query.page(50, 1_000)?;
    let site = session.site().read();
    let view = session.view(&site);
    require_browse(&session, &view)?;
    let permissions = session.query.list("permissions");
    if permissions.is_empty() {
        return Err(Refusal::bad_request("The 'permissions' query parameter needs to be provided"));
    }
    let (issue, project) = match (session.query.text("issueKey"), session.query.text("projectKey")) {
        (Some(issue), _) => {
            let issue = super::issues::visible_issue(&view, issue)?;
            let project = site.project(issue.project).ok_or_else(Refusal::no_issue)?;
            (Some(issue), project)
        }
        (None, Some(project)) => (None, super::issues::visible_project(&view, project)?),
        (None, None) => {
            return Err(Refusal::bad_request(
                "Either the 'projectKey' or the 'issueKey' parameter must be provided.",
            ));
        }
    };
    if !site.can_administer_project(&view.reader, project) {
        return Err(Refusal::not_admin());
    }
    let head = issue.as_ref().map(|issue| issue.head());
    let may = |account: &AccountIndex| {
        let reader = site.reader(crate::world::Viewer::Account(*account));
        permissions
            .iter()
            .all(|key| super::permissions::has_in_project(&site, &reader, key, project, head.as_ref()))
    };
    let scanned = matching(&site, session.query.text("query").unwrap_or_default());
    let found: Vec<AccountIndex> = scanned.into_iter().take(SCANNED).filter(may).collect();
    Ok(bare_users(&view, page.of(&found)))
}

async fn users_who_see(session: Session) -> Answer {
    let page = session.query.page(50, 1_000)?;
    let site = session.site().read();
    let view = session.view(&site);
    require_browse(&session, &view)?;
    let query = session.query.text("query").unwrap_or_default();
    let scanned = matching(&site, query).into_iter().take(SCANNED);
    let found: Vec<AccountIndex> = match (session.query.text("issueKey"), session.query.text("projectKey")) {
        (Some(issue), _) => {
            let issue = super::issues::visible_issue(&view, issue)?;
            let head = issue.head();
            let sees = |account: &AccountIndex| {
                site.can_see_issue(&site.reader(crate::world::Viewer::Account(*account)), &head)
            };
            scanned.filter(sees).collect()
        }
        (None, Some(project)) => {
            let project = super::issues::visible_project(&view, project)?;
            let sees = |account: &AccountIndex| {
                site.can_browse_project(&site.reader(crate::world::Viewer::Account(*account)), project)
            };
            scanned.filter(sees).collect()
        }
        (None, None) => {
            return Err(Refusal::bad_request(
                "Either the 'projectKey' or the 'issueKey' parameter must be provided.",
            ));
        }
    };
    Ok(bare_users(&view, page.of(&found)))
}

async fn user_bulk(session: Session) -> Answer {
    let page = session.query.page(10, 200)?;
    let site = session.site().read();
    let view = session.view(&site);
    session.signed_in()?;
    let ids = session.query.repeated("accountId");
    if ids.is_empty() {
        return Err(Refusal::bad_request("The 'accountId' query parameter needs to be provided"));
    }
    let ids = ids.into_iter().flat_map(|id| id.split(','));
    let found: Vec<AccountIndex> =
        ids.filter_map(|id| site.account_by_id(id.trim())).map(|it| it.index).collect();
    let shown = page.of(&found).len();
    Ok(ok(Charge::identity(shown), |json| {
        page.write(json, &session, &found, |json, account| view.user(json, *account));
    }))
}

async fn user_groups(session: Session) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    require_browse(&session, &view)?;
    let id = session.query.text("accountId");
    let id =
        id.ok_or_else(|| Refusal::bad_request("The 'accountId' query parameter needs to be provided"))?;
    let account = site.account_by_id(id).ok_or_else(no_user)?.index;
    let groups: Vec<&Group> = site.groups_of(account).collect();
    Ok(ok(Charge::identity(groups.len()), |json| {
        json.array(|json| groups.iter().for_each(|group| view.group(json, group)));
    }))
}

/// The group of `groupId` or `groupname`.
fn named_group<'s>(session: &Session, site: &'s SiteState) -> Result<&'s Group, Refusal> {
    let query = &session.query;
    if let Some(id) = query.text("groupId") {
        let found = site.group_by_id(id);
        return found
            .ok_or_else(|| Refusal::not_found(format!("The group with the id '{id}' does not exist.")));
    }
    let Some(name) = query.text("groupname").or_else(|| query.text("groupName")) else {
        return Err(Refusal::bad_request(
            "Either the 'groupId' or the 'groupname' parameter must be provided.",
        ));
    };
    site.group_by_name(name)
        .ok_or_else(|| Refusal::not_found(format!("The group named '{name}' does not exist.")))
}

/// Most members that one read of a group shows.
const MAX_SHOWN: usize = 50;

/// The members `expand=users` or `expand=users[from:to]` asks for, as positions.
fn wanted_members(expand: &[&str], members: usize) -> Option<std::ops::Range<usize>> {
    let word = expand.iter().find_map(|word| word.strip_prefix("users"))?;
    let bounds =
        word.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).and_then(|it| it.split_once(':'));
    let (from, to): (usize, usize) = match bounds {
        Some((from, to)) => (from.trim().parse().ok()?, to.trim().parse::<usize>().ok()?.saturating_add(1)),
        None => (0, MAX_SHOWN),
    };
    let from = from.min(members);
    Some(from..to.clamp(from, from.saturating_add(MAX_SHOWN)).min(members))
}

/// A group with its members, by the operation that newer clients no longer use.
async fn group(session: Session) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    require_browse(&session, &view)?;
    let group = named_group(&session, &site)?;
    let wanted = wanted_members(&session.query.list("expand"), group.members.len());
    let shown = wanted.clone().map_or(&[] as &[AccountIndex], |wanted| &group.members[wanted]);
    Ok(ok(Charge::identity(shown.len().max(1)), |json| {
        json.object(|json| {
            json.key("name").string(&group.name);
            json.key("groupId").string(&group.id);
            json.key("self").string(&format!("{}?groupId={}", view.link("group"), group.id));
            json.key("users").object(|json| {
                let first = wanted.map_or(0, |wanted| wanted.start);
                json.key("size").number(group.members.len());
                json.key("items").array(|json| shown.iter().for_each(|user| view.user(json, *user)));
                json.key("max-results").number(MAX_SHOWN);
                json.key("start-index").number(first);
                json.key("end-index").number((first + shown.len()).saturating_sub(1));
            });
            json.key("expand").string("users");
        });
    }))
}

async fn group_bulk(session: Session) -> Answer {
    let page = session.query.page(50, 1_000)?;
    let site = session.site().read();
    let view = session.view(&site);
    require_browse(&session, &view)?;
    let (ids, names) = (session.query.list("groupId"), session.query.repeated("groupName"));
    let application = session.query.text("applicationKey").and_then(Product::from_key);
    let wanted = |group: &&Group| {
        let is_asked_for = ids.is_empty() && names.is_empty()
            || ids.contains(&group.id.as_str())
            || names.iter().any(|name| group.name.eq_ignore_ascii_case(name));
        let gives =
            |product| site.application_role(product).is_some_and(|role| role.groups.contains(&group.index));
        is_asked_for && application.is_none_or(gives)
    };
    let mut groups: Vec<&Group> = site.groups().filter(wanted).collect();
    groups.sort_by(|a, b| a.name.cmp(&b.name));
    let shown = page.of(&groups).len();
    Ok(ok(Charge::identity(shown), |json| {
        page.write(json, &session, &groups, |json, group| {
            json.object(|json| {
                json.key("name").string(&group.name);
                json.key("groupId").string(&group.id);
            });
        });
    }))
}

async fn group_members(session: Session) -> Answer {
    let page = session.query.page(50, 50)?;
    let site = session.site().read();
    let view = session.view(&site);
    require_browse(&session, &view)?;
    let group = named_group(&session, &site)?;
    let inactive = session.query.flag("includeInactiveUsers", false);
    let members: Vec<AccountIndex> = group
        .members
        .iter()
        .filter(|member| inactive || site.account(**member).is_active())
        .copied()
        .collect();
    let shown = page.of(&members).len();
    Ok(ok(Charge::identity(shown), |json| {
        page.write(json, &session, &members, |json, member| view.user(json, *member));
    }))
}

fn found_group(json: &mut Json, group: &Group) {
    json.object(|json| {
        json.key("name").string(&group.name);
        json.key("html").string(&group.name);
        json.key("labels").array(|_| {});
        json.key("groupId").string(&group.id);
    });
}

fn groups_matching<'s>(site: &'s SiteState, query: &str, excluded: &[&str]) -> Vec<&'s Group> {
    let query = query.to_lowercase();
    let wanted = |group: &&Group| {
        group.name.to_lowercase().contains(&query)
            && !excluded.iter().any(|it| group.name.eq_ignore_ascii_case(it) || group.id == *it)
    };
    let mut groups: Vec<&Group> = site.groups().filter(wanted).collect();
    groups.sort_by(|a, b| a.name.cmp(&b.name));
    groups
}

fn found_groups(json: &mut Json, groups: &[&Group], most: usize) {
    let shown = &groups[..groups.len().min(most)];
    json.object(|json| {
        json.key("header").string(&format!("Showing {} of {} matching groups", shown.len(), groups.len()));
        json.key("total").number(groups.len());
        json.key("groups").array(|json| shown.iter().for_each(|group| found_group(json, group)));
    });
}

async fn groups_picker(session: Session) -> Answer {
    let page = session.query.page(20, 1_000)?;
    let site = session.site().read();
    let view = session.view(&site);
    // Without the right to browse users and groups the picker shows an empty list.
    let allowed = require_browse(&session, &view).is_ok();
    let mut excluded = session.query.repeated("exclude");
    excluded.extend(session.query.list("excludeId"));
    let query = session.query.text("query").unwrap_or_default();
    let groups = if allowed { groups_matching(&site, query, &excluded) } else { Vec::new() };
    Ok(ok(Charge::identity(groups.len().min(page.size)), |json| found_groups(json, &groups, page.size)))
}

fn found_users(json: &mut Json, view: &View<'_>, users: &[AccountIndex], most: usize) {
    let shown = &users[..users.len().min(most)];
    json.object(|json| {
        json.key("users").array(|json| {
            for user in shown {
                let account = view.site.account(*user);
                json.object(|json| {
                    json.key("accountId").string(&account.account_id);
                    json.key("accountType").string(account.account_type.as_str());
                    json.key("displayName").string(account.display_name());
                    json.key("html").string(account.display_name());
                });
            }
        });
        json.key("total").number(users.len());
        json.key("header").string(&format!("Showing {} of {} matching users", shown.len(), users.len()));
    });
}

async fn user_picker(session: Session) -> Answer {
    let page = session.query.page(50, 1_000)?;
    let site = session.site().read();
    let view = session.view(&site);
    session.signed_in()?;
    let query = session.query.text("query");
    let query =
        query.ok_or_else(|| Refusal::bad_request("The 'query' query parameter needs to be provided"))?;
    let users = if require_browse(&session, &view).is_ok() { matching(&site, query) } else { Vec::new() };
    Ok(ok(Charge::identity(users.len().min(page.size)), |json| found_users(json, &view, &users, page.size)))
}

async fn group_user_picker(session: Session) -> Answer {
    let page = session.query.page(50, 1_000)?;
    let site = session.site().read();
    let view = session.view(&site);
    require_browse(&session, &view)?;
    let query = session.query.text("query");
    let query =
        query.ok_or_else(|| Refusal::bad_request("The 'query' query parameter needs to be provided"))?;
    let mut users = matching(&site, query);
    users.retain(|user| site.account(*user).account_type != AccountType::App);
    let groups = groups_matching(&site, query, &[]);
    let shown = users.len().min(page.size) + groups.len().min(page.size);
    Ok(ok(Charge::identity(shown), |json| {
        json.object(|json| {
            json.key("users");
            found_users(json, &view, &users, page.size);
            json.key("groups");
            found_groups(json, &groups, page.size);
        });
    }))
}

/// Jira's application roles; Confluence has its own administration.
fn jira_roles(site: &SiteState) -> impl Iterator<Item = &crate::world::ApplicationRole> {
    site.application_roles().iter().filter(|role| role.product != Product::Confluence)
}

async fn application_roles(session: Session) -> Answer {
    let site = session.site().read();
    session.require_admin(&site)?;
    let view = session.view(&site);
    Ok(ok(Charge::identity(jira_roles(&site).count()), |json| {
        json.array(|json| jira_roles(&site).for_each(|role| view.application_role(json, role)));
    }))
}

async fn application_role(Path(key): Path<String>, session: Session) -> Answer {
    let site = session.site().read();
    session.require_admin(&site)?;
    let view = session.view(&site);
    let role = jira_roles(&site).find(|role| role.product.key() == key);
    let role =
        role.ok_or_else(|| Refusal::not_found(format!("The application role '{key}' was not found.")))?;
    Ok(ok(Charge::identity(1), |json| view.application_role(json, role)))
}

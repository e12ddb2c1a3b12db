//! What administrators do to projects, spaces, pages and issues, and how reads tell of it afterwards.

use http::Method;
use serde_json::{Value, json};

use crate::support::{JIRA_SCOPES, Lab, answer};

async fn act(lab: &Lab, action: &str, subject: &str, with: Value) -> Value {
    let mut order = json!({ "action": action, "subject": subject });
    for (name, value) in with.as_object().unwrap() {
        order[name] = value.clone();
    }
    lab.control("POST", "act", order).await
}

async fn search(lab: &Lab, jql: &str) -> Vec<String> {
    let body = json!({ "jql": jql, "maxResults": 100 });
    let (status, page) = lab.administrator().post("/rest/api/3/search/jql", body).await;
    if status != 200 {
        return Vec::new();
    }
    page["issues"].as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap().to_owned()).collect()
}

async fn projects(lab: &Lab, status: &str) -> Vec<String> {
    let listed = lab.administrator().get(&format!("/rest/api/3/project/search?status={status}")).await;
    listed["values"].as_array().unwrap().iter().map(|it| it["key"].as_str().unwrap().to_owned()).collect()
}

async fn status(lab: &Lab, path: &str) -> u16 {
    lab.administrator().try_get(path).await.0
}

#[tokio::test]
async fn s13_an_archived_project_leaves_search_and_listing_and_its_issues_are_read_by_id() {
    let lab = Lab::start().await;
    let key = projects(&lab, "live").await.remove(0);
    let issues = search(&lab, &format!("project = {key}")).await;
    let read = format!("/rest/api/3/issue/{}", issues[0]);
    act(&lab, "archive_project", &key, json!({})).await;
    assert!(!projects(&lab, "live").await.contains(&key));
    assert_eq!(projects(&lab, "archived").await, [key.as_str()]);
    assert_eq!(search(&lab, "project is not empty").await.iter().filter(|id| issues.contains(id)).count(), 0);
    assert_eq!(status(&lab, &read).await, 200);
    act(&lab, "trash_project", &key, json!({})).await;
    assert_eq!(projects(&lab, "deleted").await, [key.as_str()]);
    assert_eq!(status(&lab, &read).await, 404);
    act(&lab, "restore_project", &key, json!({})).await;
    assert_eq!(search(&lab, &format!("project = {key}")).await, issues);
    assert_eq!(status(&lab, &read).await, 200);
}

#[tokio::test]
async fn s13_a_project_deleted_for_good_is_gone_with_its_issues() {
    let lab = Lab::start().await;
    let keys = projects(&lab, "live").await;
    let issues = search(&lab, &format!("project = {}", keys[0])).await;
    let order = json!({ "action": "delete_project", "subject": keys[0] });
    let refused = lab.post("/_sandbox/act").bearer_auth(&lab.info.control_token).json(&order);
    let (code, body) = answer(refused.send().await.unwrap()).await;
    assert_eq!(code, 400, "only out of the trash: {body}");
    act(&lab, "trash_project", &keys[0], json!({})).await;
    let done = act(&lab, "delete_project", &keys[0], json!({})).await;
    assert_eq!(done["detail"], "deleted for good");
    for state in ["live", "archived", "deleted"] {
        assert!(!projects(&lab, state).await.contains(&keys[0]));
    }
    for id in issues.iter().take(3) {
        assert_eq!(status(&lab, &format!("/rest/api/3/issue/{id}")).await, 404);
    }
    assert!(!search(&lab, "project is not empty").await.is_empty(), "the other project stands");
    for path in [
        "/rest/api/3/field",
        "/rest/api/3/filter/search?expand=sharePermissions",
        "/rest/api/3/dashboard/search?expand=sharePermissions",
        "/rest/api/3/workflows/search",
        "/rest/api/3/issuesecurityschemes",
        "/rest/api/3/permissionscheme?expand=all",
        "/rest/api/3/auditing/record",
        "/rest/agile/1.0/board",
        "/rest/servicedeskapi/servicedesk",
    ] {
        assert_eq!(status(&lab, path).await, 200, "{path}");
    }
}

#[tokio::test]
async fn s13_an_archived_issue_leaves_search_and_is_read_by_id() {
    let lab = Lab::start().await;
    let id = search(&lab, "project is not empty").await.remove(0);
    act(&lab, "archive_issue", &id, json!({})).await;
    assert!(!search(&lab, "project is not empty").await.contains(&id));
    assert_eq!(status(&lab, &format!("/rest/api/3/issue/{id}")).await, 200);
    act(&lab, "unarchive_issue", &id, json!({})).await;
    assert!(search(&lab, "project is not empty").await.contains(&id));
}

#[tokio::test]
async fn s14_a_moved_issue_keeps_its_id_and_its_old_key_leads_to_it() {
    let lab = Lab::start().await;
    let keys = projects(&lab, "live").await;
    let admin = lab.administrator();
    let (from, to) = (&keys[0], &keys[1]);
    let fields = json!({ "project": { "key": from }, "issuetype": { "name": "Task" }, "summary": "moves" });
    let made = admin.create(fields).await;
    let (id, old) = (made["id"].as_str().unwrap(), made["key"].as_str().unwrap());
    let moved = act(&lab, "move_issue", old, json!({ "project": to })).await;
    assert_eq!(moved["subject"], id);
    let new = moved["detail"].as_str().unwrap();
    assert!(new.starts_with(&format!("{to}-")), "{new}");
    let read = admin.get(&format!("/rest/api/3/issue/{old}?fields=summary")).await;
    assert_eq!((read["id"].as_str(), read["key"].as_str()), (Some(id), Some(new)));
    let bulk = json!({ "issueIdsOrKeys": [old, "999999999"], "fields": ["summary"] });
    let (_, fetched) = admin.post("/rest/api/3/issue/bulkfetch", bulk).await;
    assert_eq!(fetched["issues"].as_array().unwrap().len(), 1, "what is missing is left out without a word");
    let renamed = act(&lab, "rename_project", to, json!({ "key": "RENAMED", "name": "Another name" })).await;
    assert!(renamed["detail"].as_str().unwrap().starts_with("RENAMED (Another name)"), "{renamed}");
    let read = admin.get(&format!("/rest/api/3/issue/{new}?fields=summary")).await;
    assert!(read["key"].as_str().unwrap().starts_with("RENAMED-"));
}

#[tokio::test]
async fn s13_pages_go_to_trash_and_archive_come_back_move_and_are_purged() {
    let lab = Lab::start().await;
    let admin = lab.administrator();
    let pages = admin.get("/wiki/api/v2/pages?limit=250").await;
    let child =
        pages["results"].as_array().unwrap().iter().find(|page| page["parentId"].is_string()).unwrap();
    let (id, space) = (child["id"].as_str().unwrap(), child["spaceId"].as_str().unwrap());
    let listed =
        |page: Value| page["results"].as_array().unwrap().iter().any(|it| it["id"].as_str() == Some(id));
    act(&lab, "trash_page", id, json!({})).await;
    assert!(listed(admin.get("/wiki/api/v2/pages?limit=250&status=trashed").await));
    assert!(!listed(admin.get("/wiki/api/v2/pages?limit=250").await));
    act(&lab, "restore_page", id, json!({})).await;
    act(&lab, "archive_page", id, json!({})).await;
    assert!(listed(admin.get("/wiki/api/v2/pages?limit=250&status=archived").await));
    act(&lab, "restore_page", id, json!({})).await;
    let spaces = admin.get("/wiki/api/v2/spaces?limit=250").await;
    let other =
        spaces["results"].as_array().unwrap().iter().find(|it| it["id"].as_str() != Some(space)).unwrap();
    let other = other["id"].as_str().unwrap();
    act(&lab, "move_page", id, json!({ "space": other })).await;
    assert_eq!(admin.get(&format!("/wiki/api/v2/pages/{id}")).await["spaceId"], other);
    act(&lab, "purge_page", id, json!({})).await;
    assert_eq!(status(&lab, &format!("/wiki/api/v2/pages/{id}")).await, 404);
}

#[tokio::test]
async fn s14_spaces_are_renamed_archived_trashed_and_restored() {
    let lab = Lab::start().await;
    let admin = lab.administrator();
    let spaces = admin.get("/wiki/api/v2/spaces?limit=250&type=global").await;
    let (id, key) =
        (spaces["results"][0]["id"].as_str().unwrap(), spaces["results"][0]["key"].as_str().unwrap());
    act(&lab, "rename_space", key, json!({ "key": "NEWKEY", "name": "New name" })).await;
    let read = format!("/wiki/api/v2/spaces/{id}");
    let space = admin.get(&read).await;
    assert_eq!((&space["key"], &space["name"]), (&json!("NEWKEY"), &json!("New name")));
    act(&lab, "archive_space", id, json!({})).await;
    assert_eq!(admin.get(&read).await["status"], "archived");
    act(&lab, "trash_space", id, json!({})).await;
    assert_eq!(status(&lab, &read).await, 404);
    let pages = admin.get("/wiki/api/v2/pages?limit=250").await;
    assert!(pages["results"].as_array().unwrap().iter().all(|page| page["spaceId"].as_str() != Some(id)));
    act(&lab, "restore_space", "NEWKEY", json!({})).await;
    assert_eq!(admin.get(&read).await["status"], "current");
}

#[tokio::test]
async fn w4_a_renamed_site_keeps_its_cloud_id_and_changes_every_address() {
    let lab = Lab::start().await;
    let token = lab.token(lab.admin(), JIRA_SCOPES).await;
    let done = act(&lab, "rename_site", "", json!({ "name": "quayside" })).await;
    assert_eq!(done["subject"], lab.site(0));
    let resources = lab.resources(&token).await;
    let site = resources.as_array().unwrap().iter().find(|it| it["id"] == lab.site(0)).unwrap();
    assert_eq!((&site["name"], &site["url"]), (&json!("quayside"), &json!("https://quayside.atlassian.net")));
    let path = format!("/ex/jira/{}/rest/api/3/myself", lab.site(0));
    let (_, me) = answer(lab.get(&path).bearer_auth(&token).send().await.unwrap()).await;
    assert!(me["self"].as_str().unwrap().starts_with("https://quayside.atlassian.net/"), "{me}");
    let order = json!({ "action": "rename_site", "name": "No Host" });
    let refused = lab.post("/_sandbox/act").bearer_auth(&lab.info.control_token).json(&order);
    assert_eq!(refused.send().await.unwrap().status(), 400);
}

#[tokio::test]
async fn p2_access_to_a_project_and_to_a_space_is_lost_and_given_back() {
    let lab = Lab::start().await;
    let admin = lab.administrator();
    let key = projects(&lab, "live").await.remove(0);
    let roles = admin.get(&format!("/rest/api/3/project/{key}/role")).await;
    let role = roles.as_object().unwrap().keys().next().unwrap().clone();
    let member = lab.member();
    let listed = async || {
        let id = roles[&role].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
        let actors = lab.administrator().get(&format!("/rest/api/3/project/{key}/role/{id}")).await;
        actors.to_string().contains(member)
    };
    act(&lab, "add_role_actor", &key, json!({ "role": role, "account_id": member })).await;
    assert!(listed().await);
    act(&lab, "remove_role_actor", &key, json!({ "role": role, "account_id": member })).await;
    assert!(!listed().await);
    let spaces = admin.get("/wiki/api/v2/spaces?limit=250&type=global").await;
    let id = spaces["results"][0]["id"].as_str().unwrap().to_owned();
    let rows = async || {
        let rows = lab.administrator().get(&format!("/wiki/api/v2/spaces/{id}/permissions?limit=250")).await;
        rows.to_string().contains(member)
    };
    act(&lab, "grant_space", &id, json!({ "account_id": member })).await;
    assert!(rows().await);
    act(&lab, "revoke_space", &id, json!({ "account_id": member })).await;
    assert!(!rows().await);
    let group =
        admin.get("/rest/api/3/group/bulk").await["values"].as_array().unwrap().last().unwrap().clone();
    let name = group["name"].as_str().unwrap();
    let joined = act(&lab, "add_group_member", name, json!({ "account_id": member })).await;
    assert_eq!(joined["detail"], format!("member of {name}"));
    act(&lab, "remove_group_member", name, json!({ "account_id": member })).await;
}

#[tokio::test]
async fn l10_an_uninstalled_app_is_refused_everywhere_on_its_site_until_it_is_back() {
    let lab = Lab::start().await;
    let token = lab.token(lab.admin(), JIRA_SCOPES).await;
    let install = async |installed: bool| {
        lab.control("POST", "install", json!({ "cloud_id": lab.site(0), "installed": installed })).await
    };
    assert_eq!(install(false).await["client_id"], lab.info.client_id.as_str());
    let path = format!("/ex/jira/{}/rest/api/3/myself", lab.site(0));
    let refused = answer(lab.get(&path).bearer_auth(&token).send().await.unwrap()).await;
    assert_eq!(
        refused,
        (403, json!({ "code": 403, "message": "The app is not installed on this instance" }))
    );
    let listed = async || {
        let resources = lab.resources(&token).await;
        resources.as_array().unwrap().iter().any(|it| it["id"] == lab.site(0))
    };
    assert!(!listed().await);
    install(true).await;
    assert_eq!(lab.myself(&token, 0).await, 200);
    assert!(listed().await);
}

#[tokio::test]
async fn an_act_that_cannot_be_done_says_why() {
    let lab = Lab::start().await;
    for (order, code, reason) in [
        (json!({ "action": "archive_project", "subject": "NOSUCH" }), 404, "no such project"),
        (json!({ "action": "move_issue", "subject": "10000" }), 400, "needs `project`"),
        (json!({ "action": "explode", "subject": "10000" }), 400, "unknown variant"),
        (json!({ "action": "trash_page", "subject": "10000", "colour": 1 }), 400, "unknown field"),
        (json!({ "action": "rename_space", "subject": "1" }), 404, "no such space"),
    ] {
        let request = lab.http.request(Method::POST, lab.url("/_sandbox/act"));
        let (status, body) =
            answer(request.bearer_auth(&lab.info.control_token).json(&order).send().await.unwrap()).await;
        assert_eq!(status, code, "{order}: {body}");
        assert!(body["error"].as_str().unwrap().contains(reason), "{order}: {body}");
    }
}

#[tokio::test]
async fn containers_change_at_random_only_when_asked_for() {
    let lab = Lab::start().await;
    let order = json!({ "seed": 3, "count": 30, "kinds": ["containers"] });
    let made = lab.control("POST", "mutate", order).await;
    let kinds: std::collections::BTreeSet<&str> =
        made["mutations"].as_array().unwrap().iter().map(|it| it["kind"].as_str().unwrap()).collect();
    assert!(kinds.len() > 4, "{kinds:?}");
    assert!(!projects(&lab, "live").await.is_empty(), "one project stays in use");
    let usual = lab.control("POST", "mutate", json!({ "seed": 3, "count": 300 })).await;
    let of_containers = |it: &&Value| {
        let kind = it["kind"].as_str().unwrap();
        kind.ends_with("_project") || kind.ends_with("_space") || kind == "rename_site"
    };
    assert_eq!(usual["mutations"].as_array().unwrap().iter().filter(of_containers).count(), 0);
}

//! What hangs on pages and spaces: how it is written, who sees it, and that it agrees with everything else.

use std::collections::BTreeSet;

use http::Method;
use serde_json::{Value, json};

use super::{Person, ids, sorted, varied};
use crate::openapi::{Api, assert_published};
use crate::support::Lab;

const NOTE: &str = "ac:com.example.docs:note";

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

/// Somebody who administers nothing.
fn member(lab: &Lab) -> Person<'_> {
    let users = &lab.info.users;
    let plain = |id: &str| users.iter().any(|user| user.account_id == id && !user.is_admin);
    Person::everybody(lab).into_iter().find(|person| plain(&person.account_id)).unwrap()
}

async fn home(admin: &Person<'_>) -> (String, String, String) {
    let space = admin.read("/wiki/api/v2/spaces?limit=1").await["results"][0].clone();
    (text(&space["id"]), text(&space["key"]), text(&space["homepageId"]))
}

#[tokio::test]
async fn properties_have_versions_of_their_own_and_keys_once() {
    let lab = Lab::with(varied()).await;
    let admin = Person::admin(&lab);
    let (space, _, page) = home(&admin).await;
    for (holder, made_as, template) in [
        (format!("pages/{page}"), 200, "/pages/{page-id}/properties"),
        (format!("spaces/{space}"), 201, "/spaces/{space-id}/properties"),
    ] {
        let list = format!("/wiki/api/v2/{holder}/properties");
        let before = admin.walk(&format!("{list}?limit=1")).await.len();
        let body = json!({ "key": "com.example.key", "value": [1, { "a": null }] });
        let (status, made) = admin.send(Method::POST, &list, &body).await;
        assert_eq!(
            (status, &made["value"], &made["version"]["number"]),
            (made_as, &body["value"], &json!(1))
        );
        assert_published(Api::ConfluenceV2, &format!("POST {template}"), made_as, &made);
        assert_eq!(admin.send(Method::POST, &list, &body).await.0, 400, "the key is taken");
        let one = format!("{list}/{}", text(&made["id"]));
        let next = |number: u32| json!({ "key": "com.example.key", "value": number, "version": { "number": number } });
        assert_eq!(admin.send(Method::PUT, &one, &next(3)).await.0, 409);
        assert_eq!(admin.send(Method::PUT, &one, &next(2)).await.1["version"]["number"], 2);
        assert_eq!(admin.read(&one).await["value"], 2);
        assert_eq!(admin.read(&format!("{list}?key=com.example.key")).await["results"][0]["id"], made["id"]);
        assert_eq!(admin.walk(&list).await.len(), before + 1);
        assert_eq!(admin.send(Method::DELETE, &one, &Value::Null).await.0, 204);
        assert_eq!(admin.get(&one).await.0, 404);
        assert_eq!(admin.walk(&list).await.len(), before);
    }
}

#[tokio::test]
async fn tasks_are_those_of_the_bodies_and_a_tick_stands_in_the_body_afterwards() {
    let lab = Lab::with(varied()).await;
    let admin = Person::admin(&lab);
    let tasks = admin.walk("/wiki/api/v2/tasks?limit=250&body-format=storage").await;
    let mut in_bodies = 0;
    for list in ["pages", "blogposts"] {
        for page in admin.walk(&format!("/wiki/api/v2/{list}?limit=250&body-format=storage")).await {
            in_bodies += page["body"]["storage"]["value"].as_str().unwrap().matches("<ac:task>").count();
        }
    }
    assert_eq!(tasks.len(), in_bodies);
    assert!(in_bodies > 20);
    let mut ticked = false;
    for task in tasks.iter().filter(|task| task["status"] == "incomplete" && task["pageId"].is_string()) {
        let path = format!("/wiki/api/v2/tasks/{}", text(&task["id"]));
        let page = format!("/wiki/api/v2/pages/{}?body-format=storage", text(&task["pageId"]));
        let before = admin.read(&page).await;
        let (status, body) = admin.send(Method::PUT, &path, &json!({ "status": "complete" })).await;
        if status == 404 {
            continue;
        }
        assert_eq!((status, &body["status"]), (200, &json!("complete")), "{body}");
        assert_published(Api::ConfluenceV2, "PUT /tasks/{id}", 200, &body);
        let after = admin.read(&page).await;
        let done = |page: &Value| {
            page["body"]["storage"]["value"].as_str().unwrap().matches(">complete</ac:task-status>").count()
        };
        assert_eq!(done(&after), done(&before) + 1);
        assert_eq!(after["version"]["number"], before["version"]["number"], "a tick is no version");
        let complete = admin.walk("/wiki/api/v2/tasks?status=complete&limit=250").await;
        assert!(ids(&complete).contains(&text(&task["id"])));
        ticked = true;
        break;
    }
    assert!(ticked);
    let of_page = admin.walk(&format!("/wiki/api/v2/tasks?page-id={}", text(&tasks[0]["pageId"]))).await;
    assert!(of_page.iter().all(|task| task["pageId"] == tasks[0]["pageId"]) && !of_page.is_empty());
}

#[tokio::test]
async fn p1_tasks_custom_content_and_nodes_are_seen_by_who_sees_their_page() {
    let lab = Lab::with(varied()).await;
    let mut views = BTreeSet::new();
    for person in Person::everybody(&lab) {
        let mut seen: BTreeSet<String> = BTreeSet::new();
        for list in ["pages", "blogposts"] {
            seen.extend(ids(&person.walk(&format!("/wiki/api/v2/{list}?limit=250")).await));
        }
        let tasks = person.walk("/wiki/api/v2/tasks?limit=250").await;
        for task in &tasks {
            let container = task["pageId"].as_str().or_else(|| task["blogPostId"].as_str()).unwrap();
            assert!(seen.contains(container), "{task}");
        }
        let notes = person.walk(&format!("/wiki/api/v2/custom-content?type={NOTE}&limit=250")).await;
        let spaces: BTreeSet<String> =
            ids(&person.walk("/wiki/api/v2/spaces?limit=250").await).into_iter().collect();
        let own: BTreeSet<String> = ids(&notes).into_iter().collect();
        for note in &notes {
            let on_page = note["pageId"].as_str().or_else(|| note["blogPostId"].as_str());
            assert!(on_page.is_none_or(|page| seen.contains(page)), "{note}");
            assert!(note["customContentId"].as_str().is_none_or(|parent| own.contains(parent)), "{note}");
            assert!(spaces.contains(note["spaceId"].as_str().unwrap()), "{note}");
        }
        views.insert((tasks.len(), notes.len()));
    }
    assert!(views.len() > 1, "everybody sees the same");
}

#[tokio::test]
async fn p1_a_restricted_database_hides_the_page_below_it() {
    let lab = Lab::with(varied()).await;
    let admin = Person::admin(&lab);
    let mut found = None;
    for space in admin.walk("/wiki/api/v2/spaces?status=current&limit=250").await {
        let Some(home) = space["homepageId"].as_str() else { continue };
        let path = format!("/wiki/api/v2/pages/{home}/descendants?depth=10&limit=250");
        for node in admin.walk(&path).await.iter().filter(|node| node["type"] == "database") {
            let id = text(&node["id"]);
            let path = format!("/wiki/rest/api/content/{id}/restriction/byOperation/read");
            let read = admin.read(&path).await;
            let restricted = read["restrictions"]["user"]["size"].as_u64().unwrap() > 0;
            let below = admin.walk(&format!("/wiki/api/v2/databases/{id}/direct-children")).await;
            if restricted && !below.is_empty() {
                found = Some((id, text(&below[0]["id"])));
            }
        }
    }
    let (database, page) = found.unwrap();
    let parent = admin.read(&format!("/wiki/api/v2/pages/{page}")).await;
    assert_eq!(
        (text(&parent["parentId"]), text(&parent["parentType"])),
        (database.clone(), "database".to_owned())
    );
    let ancestors = admin.walk(&format!("/wiki/api/v2/pages/{page}/ancestors")).await;
    assert_eq!(ancestors.last().unwrap()["type"], "database");
    let statuses = |path: String| {
        let people = Person::everybody(&lab);
        async move {
            let mut statuses = Vec::new();
            for person in people {
                statuses.push(person.get(&path).await.0);
            }
            statuses
        }
    };
    let of_database = statuses(format!("/wiki/api/v2/databases/{database}")).await;
    let of_page = statuses(format!("/wiki/api/v2/pages/{page}")).await;
    assert_eq!(of_database, of_page);
    assert!(of_database.contains(&200) && of_database.contains(&404), "{of_database:?}");
    let types = json!({ "contentIds": [database, page] });
    let (_, types) = admin.send(Method::POST, "/wiki/api/v2/content/convert-ids-to-types", &types).await;
    assert_eq!(types["results"][&database], "database");
}

#[tokio::test]
async fn custom_content_wants_its_type_and_lives_and_dies_with_its_page() {
    let lab = Lab::with(varied()).await;
    let admin = Person::admin(&lab);
    let (space, _, home) = home(&admin).await;
    assert_eq!(admin.get("/wiki/api/v2/custom-content").await.0, 400);
    assert_eq!(admin.get("/wiki/api/v2/custom-content?type=ac:unknown:type").await.0, 404);
    let page = json!({ "spaceId": space, "title": "Container", "status": "current", "parentId": home });
    let page = text(&admin.send(Method::POST, "/wiki/api/v2/pages", &page).await.1["id"]);
    let note = json!({ "type": NOTE, "pageId": page, "title": "Mine", "body": { "representation": "storage", "value": "<p>x</p>" } });
    let (status, made) = admin.send(Method::POST, "/wiki/api/v2/custom-content", &note).await;
    assert_eq!((status, &made["pageId"]), (201, &json!(page)), "{made}");
    assert_published(Api::ConfluenceV2, "POST /custom-content", 201, &made);
    let path = format!("/wiki/api/v2/custom-content/{}", text(&made["id"]));
    let next = json!({ "type": NOTE, "title": "Mine", "status": "current", "version": { "number": 2 }, "body": { "representation": "storage", "value": "<p>y</p>" } });
    assert_eq!(admin.send(Method::PUT, &path, &next).await.1["version"]["number"], 2);
    assert_eq!(admin.read(&format!("{path}?body-format=raw")).await["body"]["raw"]["value"], "<p>y</p>");
    assert_eq!(
        admin.read(&format!("{path}?version=1&body-format=storage")).await["body"]["storage"]["value"],
        "<p>x</p>"
    );
    assert_eq!(admin.walk(&format!("{path}/versions")).await.len(), 2);
    let on_page = format!("/wiki/api/v2/pages/{page}/custom-content?type={NOTE}");
    assert_eq!(ids(&admin.walk(&on_page).await), [text(&made["id"])]);
    assert_eq!(admin.walk(&format!("/wiki/api/v2/pages/{page}/direct-children")).await, Vec::<Value>::new());
    assert_eq!(admin.send(Method::DELETE, &format!("/wiki/api/v2/pages/{page}"), &Value::Null).await.0, 204);
    assert_eq!(admin.get(&path).await.0, 404, "its page is in the trash");
}

#[tokio::test]
async fn roles_are_listed_once_the_site_has_them() {
    let lab = Lab::with(varied()).await;
    let admin = Person::admin(&lab);
    let (space, ..) = home(&admin).await;
    let assignments = format!("/wiki/api/v2/spaces/{space}/role-assignments");
    assert_eq!(admin.read("/wiki/api/v2/space-role-mode").await["mode"], "PRE_ROLES");
    assert!(admin.walk(&assignments).await.is_empty());
    assert_eq!(admin.get("/wiki/api/v2/space-permissions/transition/combinations").await.0, 404);
    lab.control("POST", "settings", json!({ "space_role_modes": { lab.site(0): "ROLES" } })).await;
    assert_eq!(admin.read("/wiki/api/v2/space-role-mode").await["mode"], "ROLES");
    let roles = admin.walk("/wiki/api/v2/space-roles?limit=1").await;
    assert_eq!(roles.len(), 4);
    let assigned = admin.walk(&format!("{assignments}?limit=1")).await;
    let permissions = admin.walk(&format!("/wiki/api/v2/spaces/{space}/permissions?limit=250")).await;
    let readers: BTreeSet<String> = permissions
        .iter()
        .filter(|row| row["operation"]["key"] == "read")
        .map(|row| text(&row["principal"]["id"]))
        .collect();
    let holders: BTreeSet<String> = assigned.iter().map(|it| text(&it["principal"]["principalId"])).collect();
    assert!(readers.is_subset(&holders), "{readers:?} {holders:?}");
    for it in &assigned {
        assert!(ids(&roles).contains(&text(&it["roleId"])));
    }
    let groups = admin.walk(&format!("{assignments}?principal-type=GROUP")).await;
    assert!(groups.iter().all(|it| it["principal"]["principalType"] == "GROUP") && !groups.is_empty());
}

#[tokio::test]
async fn transition_combinations_are_paged_in_their_body() {
    let lab = Lab::with(varied()).await;
    let admin = Person::admin(&lab);
    lab.control("POST", "settings", json!({ "space_role_modes": { lab.site(0): "ROLES_TRANSITION" } })).await;
    let path = "/wiki/api/v2/space-permissions/transition/combinations";
    let whole = admin.read(&format!("{path}?limit=250")).await["results"].as_array().unwrap().clone();
    assert!(whole.len() > 2);
    let (mut walked, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = admin.read(&format!("{path}?limit=1{cursor}")).await;
        walked.extend(page["results"].as_array().unwrap().clone());
        let Some(next) = page["cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(walked, whole);
    assert_eq!(member(&lab).get(path).await.0, 404);
}

#[tokio::test]
async fn classification_of_content_falls_back_to_the_spaces() {
    let lab = Lab::with(varied()).await;
    let admin = Person::admin(&lab);
    let (space, _, page) = home(&admin).await;
    let default = format!("/wiki/api/v2/spaces/{space}/classification-level/default");
    let own = format!("/wiki/api/v2/pages/{page}/classification-level");
    let level = |id: &str| json!({ "id": id });
    assert_eq!(admin.send(Method::PUT, &default, &level("public")).await.0, 204);
    assert_eq!(admin.read(&own).await["id"], "public");
    let mut body = level("confidential");
    body["status"] = json!("current");
    assert_eq!(admin.send(Method::PUT, &own, &body).await.0, 204);
    assert_eq!(admin.read(&own).await["id"], "confidential");
    assert_eq!(
        admin.send(Method::POST, &format!("{own}/reset"), &json!({ "status": "current" })).await.0,
        204
    );
    assert_eq!(admin.read(&own).await["id"], "public");
    assert_eq!(admin.send(Method::DELETE, &default, &Value::Null).await.0, 204);
    assert_eq!(admin.get(&own).await.0, 404);
    assert_eq!(admin.send(Method::PUT, &own, &level("secret")).await.0, 400);
}

#[tokio::test]
async fn states_labels_and_watches_are_set_and_taken_back() {
    let lab = Lab::with(varied()).await;
    let admin = Person::admin(&lab);
    let (_, key, page) = home(&admin).await;
    let state = format!("/wiki/rest/api/content/{page}/state");
    assert_eq!(
        admin.send(Method::PUT, &state, &json!({ "name": "Own", "color": "#abcdef" })).await.1["contentState"]
            ["name"],
        "Own"
    );
    assert_eq!(admin.send(Method::PUT, &state, &json!({ "id": 3 })).await.0, 200);
    let in_state = admin.walk_v1(&format!("/wiki/rest/api/space/{key}/state/content?state-id=3")).await;
    assert!(ids(&in_state).contains(&page));
    assert_eq!(admin.send(Method::DELETE, &state, &Value::Null).await.0, 200);
    assert!(admin.read(&state).await["contentState"].is_null());
    assert_eq!(admin.send(Method::PUT, &state, &json!({ "id": 99 })).await.0, 400);

    let labels = format!("/wiki/rest/api/space/{key}/label");
    let (status, body) =
        admin.send(Method::POST, &labels, &json!([{ "prefix": "team", "name": "Dockers" }])).await;
    assert_eq!(status, 200, "{body}");
    let (space, ..) = home(&admin).await;
    let v2 = admin.walk(&format!("/wiki/api/v2/spaces/{space}/labels?prefix=team")).await;
    assert!(v2.iter().any(|label| label["name"] == "dockers"), "{v2:?}");
    assert!(ids(&admin.walk("/wiki/api/v2/spaces?labels=dockers").await).contains(&space));
    assert_eq!(admin.send(Method::DELETE, &format!("{labels}?name=dockers"), &Value::Null).await.0, 204);
    assert_eq!(admin.send(Method::DELETE, &format!("{labels}?name=dockers"), &Value::Null).await.0, 404);

    let watch = format!("/wiki/rest/api/user/watch/content/{page}");
    for watching in [true, false] {
        let method = if watching { Method::POST } else { Method::DELETE };
        assert_eq!(admin.send(method, &watch, &Value::Null).await.0, 204);
        assert_eq!(admin.read(&watch).await["watching"], watching);
        let path = format!("/wiki/rest/api/content/{page}/notification/created");
        let listed = admin.walk_v1(&path).await;
        let own = listed.iter().any(|it| it["watcher"]["accountId"] == admin.account_id.as_str());
        assert_eq!(own, watching);
    }
    let member = member(&lab);
    let of_admin = format!("{watch}?accountId={}", admin.account_id.replace(':', "%3A"));
    let status = member.get(&of_admin).await.0;
    assert!(status == 403 || status == 404, "{status}");
}

#[tokio::test]
async fn the_audit_log_tells_history_and_every_change_to_administrators() {
    let lab = Lab::with(varied()).await;
    let admin = Person::admin(&lab);
    let before = admin.walk_v1("/wiki/rest/api/audit?limit=1000").await;
    assert!(before.iter().any(|record| record["summary"] == "Space created"));
    let dates: Vec<i64> = before.iter().map(|record| record["creationDate"].as_i64().unwrap()).collect();
    assert!(dates.is_sorted_by(|left, right| left >= right));
    let (space, _, page) = home(&admin).await;
    let new = json!({ "spaceId": space, "title": "Noted in the log", "status": "current", "parentId": page });
    let made = text(&admin.send(Method::POST, "/wiki/api/v2/pages", &new).await.1["id"]);
    lab.control("POST", "mutate", json!({ "kinds": ["space_permission"], "count": 1, "seed": 4 })).await;
    assert_eq!(admin.send(Method::DELETE, &format!("/wiki/api/v2/pages/{made}"), &Value::Null).await.0, 204);
    let found = admin.walk_v1("/wiki/rest/api/audit?searchString=noted%20in%20the").await;
    let summaries: Vec<&str> = found.iter().map(|record| record["summary"].as_str().unwrap()).collect();
    assert_eq!(summaries, ["Page trashed", "Page created"]);
    assert_eq!(found[0]["author"]["accountId"], admin.account_id.as_str());
    let after = admin.walk_v1("/wiki/rest/api/audit?limit=1000").await;
    assert!(after.len() >= before.len() + 2);
    let recent = admin.walk_v1("/wiki/rest/api/audit/since?number=1&units=HOURS").await;
    assert!((2..10).contains(&recent.len()), "{}", recent.len());
    let from = recent.last().unwrap()["creationDate"].as_i64().unwrap();
    assert_eq!(admin.walk_v1(&format!("/wiki/rest/api/audit?startDate={from}")).await.len(), recent.len());

    let csv = admin.request(Method::GET, "/wiki/rest/api/audit/export").send().await.unwrap();
    assert!(csv.headers()["content-type"].to_str().unwrap().starts_with("text/csv"));
    let csv = csv.text().await.unwrap();
    assert_eq!(csv.lines().count(), after.len() + 1);
    let zip = admin.request(Method::GET, "/wiki/rest/api/audit/export?format=zip").send().await.unwrap();
    assert_eq!(zip.headers()["content-type"], "application/zip");
    assert!(zip.bytes().await.unwrap().starts_with(b"PK\x03\x04"));

    assert_eq!(admin.read("/wiki/rest/api/audit/retention").await, json!({ "number": 3, "units": "YEARS" }));
    let year = json!({ "number": 12, "units": "MONTHS" });
    assert_eq!(admin.send(Method::PUT, "/wiki/rest/api/audit/retention", &year).await, (200, year));
    let member = member(&lab);
    for path in ["audit", "audit/since", "audit/export", "audit/retention"] {
        assert_eq!(member.get(&format!("/wiki/rest/api/{path}")).await.0, 403, "{path}");
    }
}

#[tokio::test]
async fn a_conversion_is_kept_for_five_minutes() {
    let lab = Lab::with(varied()).await;
    let admin = Person::admin(&lab);
    let path = "/wiki/rest/api/contentbody/convert/async";
    let body = json!({ "value": "<p>a <strong>b</strong></p>", "representation": "storage" });
    let (status, begun) = admin.send(Method::POST, &format!("{path}/export_view"), &body).await;
    assert_eq!(status, 200, "{begun}");
    let result = format!("{path}/{}", text(&begun["asyncId"]));
    let done = admin.read(&result).await;
    assert_eq!(
        (&done["status"], &done["value"]),
        (&json!("COMPLETED"), &json!("<p>a <strong>b</strong></p>"))
    );
    assert_eq!(admin.send(Method::POST, &format!("{path}/storage"), &body).await.0, 400);
    let bulk = json!({ "conversionInputs": [{ "to": "export_view", "body": body }, { "to": "export_view", "body": body }] });
    let (_, begun) = admin.send(Method::POST, &format!("{path}/bulk/tasks"), &bulk).await;
    let wanted: Vec<String> = begun.as_array().unwrap().iter().map(|it| text(&it["asyncId"])).collect();
    let results = admin.read(&format!("{path}/bulk/tasks?ids={}", wanted.join(","))).await;
    assert_eq!(results.as_array().unwrap().len(), 2);
    lab.advance(301).await;
    assert_eq!(admin.get(&result).await.0, 404);
}

#[tokio::test]
async fn likes_count_as_many_as_they_list_and_labels_of_files_lead_back_to_them() {
    let lab = Lab::with(varied()).await;
    let admin = Person::admin(&lab);
    let mut liked = 0;
    for page in ids(&admin.walk("/wiki/api/v2/pages?limit=250").await).into_iter().take(40) {
        let path = format!("/wiki/api/v2/pages/{page}/likes");
        let count = admin.read(&format!("{path}/count")).await["count"].as_u64().unwrap();
        assert_eq!(admin.walk(&format!("{path}/users?limit=1")).await.len() as u64, count);
        liked += u64::from(count > 0);
    }
    assert!(liked > 3);
    let mut labelled = 0;
    for file in ids(&admin.walk("/wiki/api/v2/attachments?limit=250").await).into_iter().take(60) {
        for label in admin.walk(&format!("/wiki/api/v2/attachments/{file}/labels")).await {
            let path = format!("/wiki/api/v2/labels/{}/attachments?limit=250", text(&label["id"]));
            assert!(sorted(ids(&admin.walk(&path).await)).contains(&file));
            labelled += 1;
        }
    }
    assert!(labelled > 3);
}

#[tokio::test]
async fn nodes_are_made_in_the_tree_and_go_to_the_trash() {
    let lab = Lab::with(varied()).await;
    let admin = Person::admin(&lab);
    let (space, _, home) = home(&admin).await;
    for family in ["folders", "whiteboards", "databases", "embeds"] {
        let list = format!("/wiki/api/v2/{family}");
        let body = json!({ "spaceId": space, "parentId": home, "title": format!("New {family}"), "embedUrl": "https://example.com/x" });
        let (status, made) = admin.send(Method::POST, &list, &body).await;
        assert_eq!((status, &made["parentId"]), (200, &json!(home)), "{made}");
        assert_published(Api::ConfluenceV2, &format!("POST /{family}"), 200, &made);
        assert_eq!(made["embedUrl"].is_string(), family == "embeds");
        assert_eq!(admin.send(Method::POST, &list, &body).await.0, 400, "the title is taken");
        let one = format!("{list}/{}", text(&made["id"]));
        let children = admin.walk(&format!("/wiki/api/v2/pages/{home}/direct-children?limit=250")).await;
        assert!(ids(&children).contains(&text(&made["id"])));
        assert_eq!(admin.send(Method::DELETE, &one, &Value::Null).await.0, 204);
        assert_eq!(admin.get(&one).await.0, 404);
    }
    assert_eq!(admin.send(Method::POST, "/wiki/api/v2/embeds", &json!({ "spaceId": space })).await.0, 400);
}

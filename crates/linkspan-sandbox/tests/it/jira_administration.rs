//! The audit log, avatars, counts, properties, JQL helpers, votes and remote links.

use std::collections::BTreeSet;

use http::Method;
use linkspan_sandbox::Options;
use serde_json::{Value, json};

use crate::{
    jira_person::Person,
    openapi::{self, Api},
    support::{Lab, small},
};

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

async fn records(person: &Person<'_>, query: &str) -> Vec<Value> {
    let page = person.get(&format!("/rest/api/3/auditing/record?{query}")).await;
    page["records"].as_array().unwrap().clone()
}

#[tokio::test]
async fn the_audit_log_is_newest_first_and_read_whole_by_offset() {
    let lab = Lab::start().await;
    let admin = lab.administrator();
    let whole = admin.get("/rest/api/3/auditing/record").await;
    let all = whole["records"].as_array().unwrap();
    assert_eq!(whole["total"], all.len());
    assert_eq!(whole["limit"], 1_000);
    let ids: BTreeSet<u64> = all.iter().map(|it| it["id"].as_u64().unwrap()).collect();
    assert_eq!(ids.len(), all.len());
    let times: Vec<&str> = all.iter().map(|it| it["created"].as_str().unwrap()).collect();
    assert!(times.is_sorted_by(|a, b| a >= b));
    let mut read = Vec::new();
    while read.len() < all.len() {
        read.extend(records(&admin, &format!("offset={}&limit=7", read.len())).await);
    }
    assert_eq!(&read, all);
    let summaries: BTreeSet<String> = all.iter().map(|it| text(&it["summary"])).collect();
    for summary in ["User created", "Group created", "Project created", "Permission scheme created"] {
        assert!(summaries.contains(summary), "{summary}");
    }
    let (status, _) = admin.try_get("/rest/api/3/auditing/record?from=tomorrow").await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn s13_every_change_of_people_roles_and_issues_leaves_a_record_in_its_window() {
    let lab = Lab::start().await;
    let admin = lab.administrator();
    let start = "2026-03-01T12:00:00Z";
    lab.control("POST", "clock", json!({ "set": start })).await;
    let before = records(&admin, &format!("from={start}")).await;
    assert_eq!(before, [] as [Value; 0], "nothing happened yet");
    let order = json!({ "count": 40, "kinds": ["group_membership", "role_actor", "rename_project_key"] });
    let made = lab.control("POST", "mutate", order).await["count"].as_u64().unwrap();
    let issue = admin.create(json!({ "summary": "Gone soon" })).await;
    assert_eq!(admin.delete(&format!("/rest/api/3/issue/{}", text(&issue["id"]))).await.0, 204);
    let found = records(&admin, &format!("from={start}")).await;
    assert_eq!(found.len() as u64, made + 1, "one record for each");
    let kinds: BTreeSet<String> = found.iter().map(|it| text(&it["objectItem"]["typeName"])).collect();
    for kind in ["GROUP", "PROJECT_ROLE", "PROJECT", "ISSUE_DELETE"] {
        assert!(kinds.contains(kind), "{kind}: {kinds:?}");
    }
    let deleted = records(&admin, "filter=ISSUE_DELETE").await;
    assert_eq!(deleted[0]["objectItem"]["name"], issue["key"], "{deleted:?}");
    assert_eq!(deleted[0]["authorAccountId"], admin.user.account_id);
    let member = found.iter().find(|it| it["category"] == "group management").unwrap();
    assert_eq!(member["associatedItems"][0]["typeName"], "USER");
    lab.advance(3_600).await;
    assert_eq!(records(&admin, "from=2026-03-01T12:30:00.000%2B0000").await, [] as [Value; 0]);
}

#[tokio::test]
async fn a_changed_permission_scheme_is_recorded_and_decides_at_once() {
    let lab = Lab::with(Options { projects: 6, issues: 60, users: 20, ..small() }).await;
    let admin = lab.administrator();
    let member = lab.members().next().unwrap();
    // The fourth project is open to a group alone.
    let path = "/rest/api/3/permissionscheme/100/permission";
    let grant = json!({
        "permission": "BROWSE_PROJECTS", "holder": { "type": "user", "parameter": member.user.account_id },
    });
    let (status, refused) = member.post(path, grant.clone()).await;
    assert_eq!(status, 403, "{refused}");
    let (status, made) = admin.post(path, grant.clone()).await;
    assert_eq!(status, 201, "{made}");
    openapi::validate(Api::Jira, "POST", "/rest/api/3/permissionscheme/{schemeId}/permission", 201, &made)
        .unwrap();
    assert_eq!(member.try_get("/rest/api/3/project/MKT").await.0, 200);
    assert_eq!(admin.post(path, grant).await.0, 400, "the grant is there already");
    let newest = records(&admin, "filter=scheme+updated").await;
    assert_eq!(newest[0]["summary"], "Permission scheme updated");
    assert_eq!(newest[0]["changedValues"][0]["changedTo"], "BROWSE_PROJECTS (user)");
    assert_eq!(admin.delete(&format!("{path}/{}", made["id"])).await.0, 204);
    assert_eq!(records(&admin, "filter=scheme+updated").await.len(), 2);
    let unknown = json!({ "permission": "FLY", "holder": { "type": "anyone" } });
    assert_eq!(admin.post(path, unknown).await.0, 400);
}

#[tokio::test]
async fn p9_a_closed_account_is_named_by_no_record() {
    let lab = Lab::start().await;
    let admin = lab.administrator();
    let member = lab.members().next().unwrap();
    let (id, name) = (member.user.account_id, member.user.display_name);
    let before = admin.get("/rest/api/3/auditing/record").await.to_string();
    assert!(before.contains(name));
    lab.control("POST", "accounts", json!({ "account_id": id, "status": "closed" })).await;
    let after = admin.get("/rest/api/3/auditing/record").await.to_string();
    assert!(!after.contains(name), "the log still names the account");
    assert!(after.contains(id) && after.contains("Closed"));
}

#[tokio::test]
async fn avatars_are_pictures_in_the_asked_format_and_owners_must_be_visible() {
    let lab = Lab::with(Options { projects: 8, issues: 20, users: 20, ..small() }).await;
    let admin = lab.administrator();
    for kind in ["project", "issuetype", "user", "priority"] {
        let set = admin.get(&format!("/rest/api/3/avatar/{kind}/system")).await;
        let id = text(&set["system"][0]["id"]);
        for (format, mime, beginning) in
            [("svg", "image/svg+xml", &b"<svg"[..]), ("png", "image/png", &b"\x89PNG\r\n\x1a\n"[..])]
        {
            let path = format!(
                "/rest/api/3/universal_avatar/view/type/{kind}/avatar/{id}?size=small&format={format}"
            );
            let picture = admin.call(Method::GET, &path, None).await;
            assert_eq!(picture.status(), 200);
            assert_eq!(picture.headers()["content-type"], mime);
            assert!(picture.bytes().await.unwrap().starts_with(beginning), "{path}");
        }
    }
    // Everybody sees the picture of a project; its set only who sees the project.
    let outsiders = lab.members().collect::<Vec<_>>();
    let mut refused = 0;
    for project in admin.get("/rest/api/3/project").await.as_array().unwrap() {
        let id = text(&project["id"]);
        let set = admin.get(&format!("/rest/api/3/project/{id}/avatars")).await;
        let selected: Vec<&Value> =
            set["system"].as_array().unwrap().iter().filter(|it| it["isSelected"] == true).collect();
        assert_eq!(selected.len(), 1, "{id}");
        let shown = text(&project["avatarUrls"]["48x48"]);
        assert!(shown.contains(&text(&selected[0]["id"])), "{shown}");
        for outsider in &outsiders {
            let sees = outsider.try_get(&format!("/rest/api/3/project/{id}")).await.0;
            let owner = format!("/rest/api/3/universal_avatar/type/project/owner/{id}");
            assert_eq!(outsider.try_get(&owner).await.0, sees);
            refused += usize::from(sees == 404);
        }
    }
    assert!(refused > 0, "nobody is kept out of any project");
    assert_eq!(admin.try_get("/rest/api/3/universal_avatar/type/planet/owner/1").await.0, 404);
}

#[tokio::test]
async fn the_counts_of_components_and_versions_are_those_of_the_search() {
    let lab = Lab::with(Options { projects: 2, issues: 120, ..small() }).await;
    let admin = lab.administrator();
    let count = async |jql: String| {
        let (status, body) = admin.post("/rest/api/3/search/approximate-count", json!({ "jql": jql })).await;
        assert_eq!(status, 200, "{body}");
        body["count"].clone()
    };
    for component in admin.get("/rest/api/3/project/HARB/components").await.as_array().unwrap() {
        let id = text(&component["id"]);
        let counts = admin.get(&format!("/rest/api/3/component/{id}/relatedIssueCounts")).await;
        assert_eq!(counts["issueCount"], count(format!("component = {id}")).await, "component {id}");
    }
    for version in admin.get("/rest/api/3/project/HARB/versions").await.as_array().unwrap() {
        let id = text(&version["id"]);
        let counts = admin.get(&format!("/rest/api/3/version/{id}/relatedIssueCounts")).await;
        assert_eq!(counts["issuesFixedCount"], count(format!("fixVersion = {id}")).await);
        assert_eq!(counts["issuesAffectedCount"], count(format!("affectedVersion = {id}")).await);
        let unresolved = admin.get(&format!("/rest/api/3/version/{id}/unresolvedIssueCount")).await;
        assert_eq!(unresolved["issuesCount"], counts["issuesFixedCount"]);
        let open = count(format!("fixVersion = {id} AND resolution is EMPTY")).await;
        assert_eq!(unresolved["issuesUnresolvedCount"], open);
    }
}

#[tokio::test]
async fn p1_suggestions_and_reference_data_name_nothing_the_caller_does_not_see() {
    let lab = Lab::with(Options { projects: 8, issues: 20, users: 20, ..small() }).await;
    let admin = lab.administrator();
    let suggested = async |person: &Person<'_>, field: &str| -> BTreeSet<String> {
        let path = format!("/rest/api/3/jql/autocompletedata/suggestions?fieldName={field}");
        let page = person.get(&path).await;
        page["results"].as_array().unwrap().iter().map(|it| text(&it["value"])).collect()
    };
    let all = suggested(&admin, "project").await;
    let mut hidden = 0;
    for member in lab.members() {
        let own = suggested(&member, "project").await;
        for key in all.difference(&own) {
            assert!(!member.browses(key).await, "{key}");
            hidden += 1;
        }
    }
    assert!(hidden > 0);
    let page =
        admin.get("/rest/api/3/jql/autocompletedata/suggestions?fieldName=status&fieldValue=prog").await;
    assert_eq!(page["results"][0]["displayName"], "In <b>Prog</b>ress");
    let (status, data) =
        admin.post("/rest/api/3/jql/autocompletedata", json!({ "projectIds": [10_000] })).await;
    assert_eq!(status, 200);
    openapi::validate(Api::Jira, "POST", "/rest/api/3/jql/autocompletedata", 200, &data).unwrap();
    // The estimate of a team-managed project is not a field of another one.
    assert!(!data["visibleFieldNames"].to_string().contains("Story point estimate"));
}

#[tokio::test]
async fn a_sanitized_query_names_hidden_projects_by_id() {
    let lab = Lab::with(Options { projects: 8, issues: 20, users: 20, ..small() }).await;
    let admin = lab.administrator();
    let mut replaced = 0;
    for member in lab.members() {
        for project in admin.get("/rest/api/3/project").await.as_array().unwrap() {
            let (id, key) = (text(&project["id"]), text(&project["key"]));
            let query = format!("project in ({key}) AND status = Done");
            let body = json!({ "queries": [{ "query": query, "accountId": member.user.account_id }] });
            let (status, answer) = admin.post("/rest/api/3/jql/sanitize", body).await;
            assert_eq!(status, 200, "{answer}");
            openapi::validate(Api::Jira, "POST", "/rest/api/3/jql/sanitize", 200, &answer).unwrap();
            let shown = text(&answer["queries"][0]["sanitizedQuery"]);
            let sees = member.browses(&key).await;
            assert_eq!(shown.contains(&key), sees, "{shown}");
            assert_eq!(shown.contains(&id), !sees, "{shown}");
            replaced += usize::from(!sees);
        }
        let own = json!({ "queries": [{ "query": "project = A" }] });
        assert_eq!(member.post("/rest/api/3/jql/sanitize", own).await.0, 403);
    }
    assert!(replaced > 0);
    let broken = json!({ "queries": [{ "query": "project = (" }] });
    let (_, answer) = admin.post("/rest/api/3/jql/sanitize", broken).await;
    assert!(!answer["queries"][0]["errors"]["errorMessages"].as_array().unwrap().is_empty(), "{answer}");
}

#[tokio::test]
async fn a_vote_is_counted_listed_and_withdrawn() {
    let lab = Lab::start().await;
    let admin = lab.administrator();
    let issue = text(&admin.create(json!({ "summary": "Vote" })).await["id"]);
    let path = format!("/rest/api/3/issue/{issue}/votes");
    assert_eq!(admin.post(&path, json!({})).await.0, 404, "nobody votes for what they reported");
    let mut voters = Vec::new();
    for member in lab.members() {
        if member.post(&path, json!({})).await.0 == 204 {
            voters.push(member);
        }
    }
    let counted = admin.get(&path).await;
    assert!(!voters.is_empty());
    assert_eq!(
        (&counted["votes"], counted["voters"].as_array().unwrap().len()),
        (&json!(voters.len()), voters.len())
    );
    assert_eq!(voters[0].get(&path).await["hasVoted"], true);
    assert_eq!(voters[0].delete(&path).await.0, 204);
    assert_eq!(voters[0].delete(&path).await.0, 404);
    let fields = admin.get(&format!("/rest/api/3/issue/{issue}?fields=votes")).await;
    assert_eq!(fields["fields"]["votes"]["votes"], voters.len() - 1);
}

#[tokio::test]
async fn some_issues_point_at_pages_that_exist() {
    let lab = Lab::with(Options { projects: 4, issues: 400, ..small() }).await;
    let admin = lab.administrator();
    let mut pages = 0;
    for id in admin.walk("project is not EMPTY", 1_000).await {
        for link in admin.get(&format!("/rest/api/3/issue/{id}/remotelink")).await.as_array().unwrap() {
            let Some((_, page)) =
                text(&link["globalId"]).split_once("&pageId=").map(|(a, b)| (a.to_owned(), b.to_owned()))
            else {
                continue;
            };
            assert_eq!(link["application"]["type"], "com.atlassian.confluence");
            assert_eq!(admin.try_get(&format!("/wiki/api/v2/pages/{page}")).await.0, 200, "{page}");
            pages += 1;
        }
    }
    assert!(pages > 0, "no issue points at a page");
}

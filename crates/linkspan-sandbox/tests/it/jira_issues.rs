//! Reading and writing issues and what hangs on them.

use http::Method;
use linkspan_sandbox::Options;
use serde_json::{Value, json};

use crate::{
    jira_person::adf,
    support::{Lab, location, small},
};

#[tokio::test]
async fn an_issue_lives_from_creation_to_deletion() {
    let lab = Lab::start().await;
    let admin = lab.administrator();
    let made = admin.create(json!({ "summary": "Leak", "description": adf("Water"), "labels": ["a"] })).await;
    let (id, key) = (made["id"].as_str().unwrap(), made["key"].as_str().unwrap());
    let path = format!("/rest/api/3/issue/{id}");
    let read = admin
        .get(&format!("/rest/api/3/issue/{key}?fields=summary,description,labels,status,reporter"))
        .await;
    assert_eq!(read["fields"]["description"], adf("Water"));
    assert_eq!(read["fields"]["reporter"]["accountId"], admin.user.account_id);
    let update = json!({ "fields": { "summary": "Big leak" }, "update": { "labels": [{ "add": "b" }, { "remove": "a" }] } });
    assert_eq!(admin.put(&path, update).await, (204, Value::Null));
    let transitions = admin.get(&format!("{path}/transitions")).await;
    let done = transitions["transitions"]
        .as_array()
        .unwrap()
        .iter()
        .find(|it| it["to"]["statusCategory"]["key"] == "done")
        .unwrap();
    let body = json!({ "transition": { "id": done["id"] } });
    assert_eq!(admin.post(&format!("{path}/transitions"), body).await.0, 204);
    let read = admin.get(&format!("{path}?expand=changelog")).await;
    assert_eq!((&read["fields"]["summary"], &read["fields"]["labels"]), (&json!("Big leak"), &json!(["b"])));
    assert_eq!(read["fields"]["status"]["statusCategory"]["key"], "done");
    assert_eq!(
        read["changelog"]["histories"][0]["items"][0]["field"], "status",
        "the newest history comes first"
    );
    assert_eq!(
        admin.put(&format!("{path}/assignee"), json!({ "accountId": admin.user.account_id })).await.0,
        204
    );
    assert_eq!(admin.delete(&path).await.0, 204);
    let (status, body) = admin.try_get(&path).await;
    assert_eq!(status, 404);
    let message = "Issue does not exist or you do not have permission to see it.";
    assert_eq!(body, json!({ "errorMessages": [message], "errors": {} }));
}

#[tokio::test]
async fn what_cannot_be_created_is_refused_by_field() {
    let lab = Lab::start().await;
    let admin = lab.administrator();
    let project = json!({ "key": admin.project().await });
    let kind = json!({ "name": "Task" });
    let table = [
        (json!({}), "project", "Specify a valid project ID or key"),
        (json!({ "project": { "key": "NOSUCH" } }), "project", "Specify a valid project ID or key"),
        (json!({ "project": project, "summary": "x" }), "issuetype", "Specify a valid issue type"),
        (
            json!({ "project": project, "issuetype": kind }),
            "summary",
            "You must specify a summary of the issue.",
        ),
        (
            json!({ "project": project, "issuetype": kind, "summary": "a\nb" }),
            "summary",
            "The summary is invalid because it contains newline characters.",
        ),
        (
            json!({ "project": project, "issuetype": kind, "summary": "x".repeat(256) }),
            "summary",
            "Summary must be less than 255 characters.",
        ),
        (
            json!({ "project": project, "issuetype": kind, "summary": "x", "nosuch": 1 }),
            "nosuch",
            "Field 'nosuch' cannot be set. It is not on the appropriate screen, or unknown.",
        ),
        (
            json!({ "project": project, "issuetype": kind, "summary": "x", "labels": ["a b"] }),
            "labels",
            "The label 'a b' contains spaces which is invalid.",
        ),
        (
            json!({ "project": project, "issuetype": kind, "summary": "x", "description": "text" }),
            "description",
            "Operation value must be an Atlassian Document (see the Atlassian Document Format)",
        ),
        (
            json!({ "project": project, "issuetype": kind, "summary": "x", "assignee": { "accountId": "nobody" } }),
            "assignee",
            "User 'nobody' does not exist.",
        ),
        (
            json!({ "project": project, "issuetype": kind, "summary": "x", "duedate": "soon" }),
            "duedate",
            "Error parsing date string: soon",
        ),
    ];
    for (fields, field, message) in table {
        let (status, body) = admin.post("/rest/api/3/issue", json!({ "fields": fields })).await;
        assert_eq!((status, &body["errors"][field]), (400, &json!(message)), "{fields}");
    }
    let before = admin.walk("key is not EMPTY", 1000).await.len();
    let (status, _) = admin.post("/rest/api/3/issue", json!({ "fields": { "project": project, "issuetype": kind, "summary": "x", "priority": { "name": "Nope" } } })).await;
    assert_eq!(
        (status, admin.walk("key is not EMPTY", 1000).await.len()),
        (400, before),
        "nothing is left behind"
    );
}

#[tokio::test]
async fn version_2_speaks_wiki_markup_and_version_3_documents() {
    let lab = Lab::start().await;
    let admin = lab.administrator();
    let fields = json!({ "project": { "key": admin.project().await }, "issuetype": { "name": "Task" }, "summary": "x", "description": "h1. Title\n\n*bold*" });
    let (status, made) = admin.post("/rest/api/2/issue", json!({ "fields": fields })).await;
    assert_eq!(status, 201, "{made}");
    let id = made["id"].as_str().unwrap();
    assert!(made["self"].as_str().unwrap().contains("/rest/api/2/issue/"));
    let (status, comment) =
        admin.post(&format!("/rest/api/2/issue/{id}/comment"), json!({ "body": "_hello_" })).await;
    assert_eq!((status, &comment["body"]), (201, &json!("_hello_")));
    let old = admin.get(&format!("/rest/api/2/issue/{id}")).await;
    assert_eq!(old["fields"]["description"], "h1. Title\n\n*bold*");
    assert_eq!(old["fields"]["comment"]["comments"][0]["body"], "_hello_");
    let new = admin.get(&format!("/rest/api/3/issue/{id}")).await;
    assert_eq!(new["fields"]["description"]["type"], "doc");
    assert_eq!(new["fields"]["comment"]["comments"][0]["body"]["type"], "doc");
    assert_eq!(
        admin.post(&format!("/rest/api/3/issue/{id}/comment"), json!({ "body": "text" })).await.0,
        400
    );
}

#[tokio::test]
async fn s4_embedded_comments_and_worklogs_are_cut_and_say_their_total() {
    let lab = Lab::start().await;
    let admin = lab.administrator();
    let made = admin.create(json!({ "summary": "Much said" })).await;
    let id = made["id"].as_str().unwrap();
    for number in 0..25 {
        let body = json!({ "body": adf(&format!("remark {number}")) });
        assert_eq!(admin.post(&format!("/rest/api/3/issue/{id}/comment"), body).await.0, 201);
        let work = json!({ "timeSpentSeconds": 600, "started": "2026-02-01T10:00:00.000+0000" });
        assert_eq!(admin.post(&format!("/rest/api/3/issue/{id}/worklog"), work).await.0, 201);
    }
    let page = admin
        .search(
            json!({ "jql": format!("id = {id}"), "fields": ["comment", "worklog"], "expand": "changelog" }),
        )
        .await;
    let fields = &page["issues"][0]["fields"];
    let (comments, worklogs) = (&fields["comment"], &fields["worklog"]);
    assert_eq!((comments["comments"].as_array().unwrap().len(), &comments["total"]), (20, &json!(25)));
    assert_eq!(comments["comments"][19]["body"], adf("remark 24"), "the oldest are left out");
    assert_eq!((worklogs["worklogs"].as_array().unwrap().len(), &worklogs["total"]), (20, &json!(25)));
    let read = admin.get(&format!("/rest/api/3/issue/{id}")).await;
    assert_eq!(read["fields"]["comment"]["comments"].as_array().unwrap().len(), 25);
    let mut seen = Vec::new();
    for start in [0, 10, 20] {
        let page = admin.get(&format!("/rest/api/3/issue/{id}/comment?startAt={start}&maxResults=10")).await;
        assert_eq!(page["total"], 25);
        seen.extend(page["comments"].as_array().unwrap().iter().map(|it| it["id"].clone()));
    }
    assert_eq!(seen.len(), 25);
    let newest = admin.get(&format!("/rest/api/3/issue/{id}/comment?orderBy=-created&maxResults=1")).await;
    assert_eq!(newest["comments"][0]["id"], seen[24]);
    assert_eq!(
        admin.try_get("/rest/api/3/issue/NOSUCH-1/comment?orderBy=colour").await.0,
        400,
        "400 beats 404"
    );
}

#[tokio::test]
async fn p9_a_restricted_comment_is_hidden_everywhere_from_those_outside() {
    let lab = Lab::start().await;
    let admin = lab.administrator();
    let made = admin.create(json!({ "summary": "Quiet" })).await;
    let id = made["id"].as_str().unwrap();
    let restricted =
        json!({ "body": adf("secret"), "visibility": { "type": "role", "value": "Administrators" } });
    let (status, comment) = admin.post(&format!("/rest/api/3/issue/{id}/comment"), restricted).await;
    assert_eq!((status, &comment["visibility"]["type"]), (201, &json!("role")), "{comment}");
    let comment_id = comment["id"].as_str().unwrap();
    let mut readers = 0;
    for member in lab.members() {
        let (status, issue) = member.try_get(&format!("/rest/api/3/issue/{id}")).await;
        if status == 404 {
            continue;
        }
        let roles = admin
            .get(&format!(
                "/rest/api/3/project/{}/role/10002",
                issue["fields"]["project"]["id"].as_str().unwrap()
            ))
            .await;
        if roles.to_string().contains(member.user.account_id) {
            continue;
        }
        readers += 1;
        assert_eq!(issue["fields"]["comment"]["total"], 0);
        assert_eq!(member.try_get(&format!("/rest/api/3/issue/{id}/comment/{comment_id}")).await.0, 404);
        let (_, list) = member
            .post("/rest/api/3/comment/list", json!({ "ids": [comment_id.parse::<u64>().unwrap()] }))
            .await;
        assert_eq!(list["values"], json!([]));
    }
    assert!(readers > 0, "nobody else reads the issue: the test shows nothing");
}

#[tokio::test]
async fn bulk_reads_are_ascending_and_silent_about_what_is_missing() {
    let lab = Lab::start().await;
    let admin = lab.administrator();
    let ids = admin.walk("key is not EMPTY ORDER BY id DESC", 10).await;
    let asked = json!([ids[0], ids[5], ids[2], "NOSUCH-1", "99999999", ids[0]]);
    let (status, body) = admin
        .post("/rest/api/3/issue/bulkfetch", json!({ "issueIdsOrKeys": asked, "fields": ["summary"] }))
        .await;
    assert_eq!(status, 200);
    let found: Vec<&str> =
        body["issues"].as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap()).collect();
    assert_eq!(found, [&*ids[5], &*ids[2], &*ids[0]]);
    assert_eq!(body["issueErrors"], json!([]));
    let many: Vec<String> = (0..101).map(|number| number.to_string()).collect();
    let full = json!({ "issueIdsOrKeys": many, "fields": ["*all"] });
    assert_eq!(admin.post("/rest/api/3/issue/bulkfetch", full).await.0, 400);
    let light = json!({ "issueIdsOrKeys": many, "fields": ["summary"] });
    assert_eq!(admin.post("/rest/api/3/issue/bulkfetch", light).await.0, 200);
}

#[tokio::test]
async fn s14_a_former_key_still_finds_the_issue_under_its_new_one() {
    let lab = Lab::with(Options { projects: 6, ..small() }).await;
    let admin = lab.administrator();
    let made = admin.create(json!({ "summary": "Wanderer" })).await;
    let (id, old) = (made["id"].as_str().unwrap(), made["key"].as_str().unwrap());
    {
        let mut site = lab.handle.state().world().main_site().write();
        let by = site.account_by_id(lab.admin()).unwrap().index;
        let issue = site.find_issue(id).unwrap();
        let home = site.issue_head(issue).unwrap().project;
        let target =
            site.jira().projects.iter().find(|it| it.id != home && !it.is_team_managed()).unwrap().id;
        let at = lab.handle.state().world().clock().now_ms();
        site.move_issue(linkspan_sandbox::world::Stamp { at, by }, issue, target).unwrap();
    }
    let moved = admin.get(&format!("/rest/api/3/issue/{old}?fields=project")).await;
    assert_eq!(moved["id"], id);
    assert_ne!(moved["key"], old);
    let (_, bulk) = admin.post("/rest/api/3/issue/bulkfetch", json!({ "issueIdsOrKeys": [old] })).await;
    assert_eq!(bulk["issues"][0]["key"], moved["key"]);
}

#[tokio::test]
async fn attachment_content_is_behind_a_signed_address_elsewhere() {
    let lab = Lab::start().await;
    let admin = lab.administrator();
    let issue = admin.first("attachments is not EMPTY").await;
    let attachment = &issue["fields"]["attachment"][0];
    let (id, size) = (attachment["id"].as_str().unwrap(), attachment["size"].as_u64().unwrap());
    let path = format!("/rest/api/3/attachment/content/{id}");
    let response = admin.call(Method::GET, &path, None).await;
    assert_eq!(response.status(), 303);
    let address = location(&response);
    assert!(address.starts_with(&lab.info.origin) && !address.contains("/rest/"), "{address}");
    let file = lab.http.get(&address).send().await.unwrap();
    assert_eq!(file.status(), 200);
    let bytes = file.bytes().await.unwrap();
    assert_eq!(u64::try_from(bytes.len()).unwrap(), size);
    let again = admin.call(Method::GET, &format!("{path}?redirect=false"), None).await;
    assert_eq!(again.status(), 200);
    assert_eq!(again.bytes().await.unwrap(), bytes);
    let user = admin.user;
    let ranged = |range: &str| {
        let request = lab.get(&format!("{path}?redirect=false")).header("Range", range);
        request.basic_auth(user.email, Some(user.api_token)).send()
    };
    let part = ranged("bytes=2-5").await.unwrap();
    assert_eq!(part.status(), 206);
    assert_eq!(part.bytes().await.unwrap(), bytes.slice(2..6));
    assert_eq!(ranged(&format!("bytes={size}-")).await.unwrap().status(), 416);
    let forged = address.replace("signature=", "signature=0");
    assert_eq!(lab.http.get(forged).send().await.unwrap().status(), 403);
    lab.advance(3600).await;
    assert_eq!(lab.http.get(&address).send().await.unwrap().status(), 403, "the address has expired");
}

#[tokio::test]
async fn the_worklog_feeds_hide_the_last_minute_and_keep_tombstones() {
    let lab = Lab::start().await;
    let admin = lab.administrator();
    let made = admin.create(json!({ "summary": "Work" })).await;
    let id = made["id"].as_str().unwrap();
    let work = json!({ "timeSpent": "1h 30m" });
    let (status, worklog) = admin.post(&format!("/rest/api/3/issue/{id}/worklog"), work).await;
    assert_eq!((status, &worklog["timeSpentSeconds"]), (201, &json!(5400)));
    let own: u64 = worklog["id"].as_str().unwrap().parse().unwrap();
    let since = lab.handle.state().world().clock().now_ms() - 10_000;
    let ids = |feed: &Value| -> Vec<u64> {
        feed["values"].as_array().unwrap().iter().map(|it| it["worklogId"].as_u64().unwrap()).collect()
    };
    let updated = format!("/rest/api/3/worklog/updated?since={since}");
    assert_eq!(ids(&admin.get(&updated).await), [] as [u64; 0]);
    lab.advance(61).await;
    assert_eq!(ids(&admin.get(&updated).await), [own]);
    assert_eq!(admin.delete(&format!("/rest/api/3/issue/{id}/worklog/{own}")).await.0, 204);
    lab.advance(61).await;
    assert_eq!(ids(&admin.get(&updated).await), [] as [u64; 0]);
    let deleted = admin.get(&format!("/rest/api/3/worklog/deleted?since={since}")).await;
    assert_eq!((ids(&deleted), &deleted["lastPage"]), (vec![own], &json!(true)));
}

#[tokio::test]
async fn p1_invisible_is_absent_and_administration_is_forbidden() {
    let lab = Lab::with(Options { projects: 6, issues: 150, users: 20, ..small() }).await;
    let admin = lab.administrator();
    let all = admin.walk("key is not EMPTY", 1000).await;
    let mut hidden = 0;
    for member in lab.members() {
        let seen = member.walk("key is not EMPTY", 1000).await;
        for id in all.iter().filter(|id| !seen.contains(id)).take(5) {
            hidden += 1;
            for tail in ["", "/comment", "/worklog", "/changelog", "/transitions", "/watchers", "/remotelink"]
            {
                let (status, body) = member.try_get(&format!("/rest/api/3/issue/{id}{tail}")).await;
                assert_eq!(status, 404, "{id}{tail}: {body}");
            }
        }
        for path in ["issuesecurityschemes", "applicationrole", "role"] {
            assert_eq!(member.try_get(&format!("/rest/api/3/{path}")).await.0, 403, "{path}");
        }
        assert_eq!(
            member.get("/rest/api/3/mypermissions?permissions=ADMINISTER").await["permissions"]["ADMINISTER"]
                ["havePermission"],
            false
        );
    }
    assert!(hidden > 0, "everybody sees everything: the test shows nothing");
    let nobody = lab.get("/rest/api/3/myself").send().await.unwrap();
    assert_eq!(nobody.status(), 401);
}

#[tokio::test]
async fn changelogs_are_paged_over_all_issues_together() {
    let lab = Lab::start().await;
    let admin = lab.administrator();
    let ids = admin.walk("key is not EMPTY", 1000).await;
    let mut whole = Vec::new();
    for id in &ids {
        let mut start = 0;
        loop {
            let page =
                admin.get(&format!("/rest/api/3/issue/{id}/changelog?startAt={start}&maxResults=50")).await;
            let rows = page["values"].as_array().unwrap();
            start += rows.len();
            whole.extend(rows.iter().map(|it| it["id"].clone()));
            if page["isLast"] == true {
                break;
            }
        }
    }
    let mut request = json!({ "issueIdsOrKeys": ids, "maxResults": 7 });
    let mut paged = Vec::new();
    loop {
        let (status, page) = admin.post("/rest/api/3/changelog/bulkfetch", request.clone()).await;
        assert_eq!(status, 200);
        let logs = page["issueChangeLogs"].as_array().unwrap();
        let rows: Vec<Value> = logs
            .iter()
            .flat_map(|it| it["changeHistories"].as_array().unwrap())
            .map(|it| it["id"].clone())
            .collect();
        assert!(rows.len() <= 7);
        paged.extend(rows);
        let Some(token) = page.get("nextPageToken") else { break };
        request["nextPageToken"] = token.clone();
    }
    let sorted = |mut rows: Vec<Value>| {
        rows.sort_by_key(|it| it.as_str().unwrap().parse::<u64>().unwrap());
        rows
    };
    assert_eq!(sorted(paged), sorted(whole));
}

//! What a client that writes is up against: the hazards of writing, as the sandbox plays them.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::Lab;

const ISSUE: &str = "/rest/api/3/issue";

#[tokio::test]
async fn o1_a_lost_reply_leaves_the_issue_made_and_a_retry_makes_its_twin() {
    let lab = Lab::start().await;
    let admin = lab.administrator();
    let fields = json!({ "project": { "key": admin.project().await }, "issuetype": { "name": "Task" }, "summary": "Onlyonce" });
    let fault = json!({ "kind": "lost_reply", "path": ISSUE, "method": "POST", "count": 1 });
    lab.control("POST", "faults", fault).await;
    let lost = lab
        .http
        .request(Method::POST, lab.url(ISSUE))
        .basic_auth(admin.user.email, Some(admin.user.api_token))
        .json(&json!({ "fields": fields }))
        .send()
        .await;
    assert!(lost.is_err(), "nobody hears of it");
    let found = "summary ~ Onlyonce";
    assert_eq!(admin.walk(found, 100).await.len(), 1, "and it was made");
    let (status, _) = admin.post(ISSUE, json!({ "fields": fields })).await;
    assert_eq!((status, admin.walk(found, 100).await.len()), (201, 2));
}

#[tokio::test]
async fn o2_an_edit_of_an_issue_asks_for_no_version_and_one_of_a_page_does() {
    let lab = Lab::start().await;
    let admin = lab.administrator();
    let issue = admin.create(json!({ "summary": "Before" })).await;
    let path = format!("{ISSUE}/{}", issue["id"].as_str().unwrap());
    for summary in ["Theirs", "Ours"] {
        assert_eq!(admin.put(&path, json!({ "fields": { "summary": summary } })).await.0, 204);
    }
    assert_eq!(admin.get(&path).await["fields"]["summary"], "Ours", "nothing told of theirs");

    let page = admin.get("/wiki/api/v2/pages?limit=1&body-format=storage").await["results"][0].clone();
    let path = format!("/wiki/api/v2/pages/{}", page["id"].as_str().unwrap());
    let edit = |title: &str| {
        let number = page["version"]["number"].as_u64().unwrap() + 1;
        json!({ "id": page["id"], "status": "current", "title": title, "version": { "number": number },
            "body": { "representation": "storage", "value": "<p>new</p>" } })
    };
    assert_eq!(admin.put(&path, edit("Theirs")).await.0, 200);
    let (status, refused) = admin.put(&path, edit("Ours")).await;
    assert_eq!(status, 409, "{refused}");
    assert_eq!(admin.get(&path).await["title"], "Theirs");
}

#[tokio::test]
async fn o3_what_cannot_be_set_is_named_and_null_clears() {
    let lab = Lab::start().await;
    let admin = lab.administrator();
    let fields = json!({ "summary": "To be cleared", "duedate": "2026-12-24", "labels": ["one"], "assignee": { "accountId": lab.admin() } });
    let issue = admin.create(fields).await;
    let path = format!("{ISSUE}/{}", issue["id"].as_str().unwrap());
    for (field, value) in [("assignee", json!({ "accountId": "nobody" })), ("nosuch", json!(1))] {
        let (status, refused) = admin.put(&path, json!({ "fields": { field: value } })).await;
        assert_eq!(status, 400);
        assert!(refused["errors"][field].is_string(), "{refused}");
    }
    let cleared = json!({ "fields": { "duedate": null, "assignee": null, "labels": [] } });
    assert_eq!(admin.put(&path, cleared).await.0, 204);
    let fields = admin.get(&path).await["fields"].clone();
    assert_eq!(
        (&fields["duedate"], &fields["assignee"], &fields["labels"]),
        (&Value::Null, &Value::Null, &json!([]))
    );
}

#[tokio::test]
async fn o4_a_comment_on_a_request_is_the_customers_unless_it_is_marked() {
    let lab = Lab::with(crate::jsm::desks()).await;
    let admin = lab.administrator();
    let request = admin.first("projectType = service_desk").await;
    let path = format!("{ISSUE}/{}/comment", request["id"].as_str().unwrap());
    let body = json!({ "type": "doc", "version": 1, "content": [{ "type": "paragraph", "content": [{ "type": "text", "text": "Noted" }] }] });
    let marked = json!([{ "key": "sd.public.comment", "value": { "internal": true } }]);
    for (comment, public) in
        [(json!({ "body": body }), true), (json!({ "body": body, "properties": marked }), false)]
    {
        let (status, made) = admin.post(&path, comment).await;
        assert_eq!((status, &made["jsdPublic"]), (201, &json!(public)), "{made}");
    }
}

#[tokio::test]
async fn o5_words_that_are_not_known_are_refused_and_make_nothing() {
    let lab = Lab::start().await;
    let admin = lab.administrator();
    let lists = ["/rest/api/3/issuetype", "/rest/api/3/priority", "/rest/api/3/status"];
    let mut before = Vec::new();
    for list in lists {
        before.push(admin.get(list).await);
    }
    let project = json!({ "key": admin.project().await });
    for wrong in [
        json!({ "project": project, "summary": "x", "issuetype": { "name": "Wish" } }),
        json!({ "project": project, "summary": "x", "issuetype": { "name": "Task" }, "priority": { "name": "Whenever" } }),
        json!({ "project": project, "summary": "x", "issuetype": { "name": "Task" }, "status": { "name": "Dreamt" } }),
    ] {
        let (status, refused) = admin.post(ISSUE, json!({ "fields": wrong })).await;
        assert_eq!(status, 400, "{refused}");
    }
    for (list, before) in lists.into_iter().zip(before) {
        assert_eq!(admin.get(list).await, before, "{list}");
    }
}

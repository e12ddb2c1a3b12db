//! What is read of a request when somebody asks.

use linkspan_model::ids::SourceId;
use serde_json::{Value, json};

use super::{REQUEST_TYPE, Site, desks, text};

/// Kinds that are lists of a request, the path of the list, and what tells its items apart.
const LISTS: [(&str, &str, &str); 5] = [
    ("jsm.sla", "sla", "id"),
    ("jsm.approval", "approval", "id"),
    ("jsm.participant", "participant", "accountId"),
    ("jsm.requestcomment", "comment", "id"),
    ("jsm.requeststatus", "status", "status"),
];

async fn ask(site: &Site, source: SourceId, kind: &str, query: &str) -> (u16, Value) {
    site.get(&format!("/v1/sources/{source}/raw/{kind}?page_size=100&{query}"), None).await
}

/// The ids of the requests among the issues that were read.
async fn requests(site: &Site, source: SourceId) -> Vec<String> {
    let issues = site.raws(source, "jira.issue").await;
    let origin = site.field(REQUEST_TYPE).await;
    let origin = |issue: &Value| issue["fields"][&origin]["requestType"].is_object();
    issues.iter().filter(|(_, issue)| origin(issue)).map(|(id, _)| id.clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_list_of_a_request_is_had_by_its_upstream_id() {
    let site = Site::start(desks()).await;
    let source = site.adopt(0, None).await;
    site.read(source).await;
    let requests = requests(&site, source).await;
    assert!(requests.len() > 10);
    for (kind, list, id) in LISTS {
        let mut found = 0;
        for request in &requests {
            let expected = site.desk_list(&format!("/request/{request}/{list}")).await;
            if expected.is_empty() {
                continue;
            }
            let (status, page) = ask(&site, source, kind, &format!("parent={request}")).await;
            assert_eq!(status, 200, "{kind}: {page}");
            let rows = page["results"].as_array().unwrap();
            assert_eq!(rows.len(), expected.len(), "{kind} of {request}");
            for row in rows {
                assert!(text(&row["remote_id"]).starts_with(&format!("{request}/")), "{row}");
                let same = |item: &&Value| item[id] == row["data"][id];
                let item = expected.iter().find(same).unwrap_or_else(|| panic!("{kind}: {row}"));
                if kind != "jsm.sla" && kind != "jsm.requeststatus" {
                    assert_eq!(row["data"], *item, "{kind}");
                }
            }
            // It stays, and is had without asking again.
            let (_, stored) = ask(&site, source, kind, &format!("parent={request}&stored=true")).await;
            assert_eq!(stored["results"].as_array().unwrap().len(), rows.len());
            found += 1;
            if found == 3 {
                break;
            }
        }
        assert!(found > 0, "no request has {list}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_its_feedback_and_articles_are_had_whole() {
    let site = Site::start(desks()).await;
    let source = site.adopt(0, None).await;
    site.read(source).await;
    let requests = requests(&site, source).await;
    let (status, page) = ask(&site, source, "jsm.request", &format!("parent={}", requests[0])).await;
    assert_eq!(status, 200, "{page}");
    let request = &page["results"][0]["data"];
    assert_eq!(request["issueId"], *requests[0]);
    for part in ["requestType", "serviceDesk", "sla", "status", "participants", "currentStatus"] {
        assert!(request[part].is_object(), "{part} of {request}");
    }

    let mut rated = 0;
    for request in &requests {
        let path = format!("/rest/servicedeskapi/request/{request}/feedback");
        let (status, feedback) = site.upstream("GET", &path, None).await;
        if status != 200 || feedback["rating"].is_null() {
            continue;
        }
        rated += 1;
        let (status, page) = ask(&site, source, "jsm.feedback", &format!("parent={request}")).await;
        assert_eq!((status, &page["results"][0]["data"]), (200, &feedback), "{page}");
        if rated == 3 {
            break;
        }
    }
    assert!(rated > 0, "no customer has given feedback");

    let (status, problem) = ask(&site, source, "jsm.article", "").await;
    assert_eq!(status, 400, "{problem}");
    assert!(text(&problem["detail"]).contains("ask with `question`"), "{problem}");
    let mut articles = 0;
    for question in ["the", "nowhere-to-be-found"] {
        let expected = site.desk_list_by_link(&format!("/knowledgebase/article?query={question}")).await;
        let (status, page) = ask(&site, source, "jsm.article", &format!("question={question}")).await;
        assert_eq!(status, 200, "{page}");
        let titles = |values: Vec<&Value>| {
            values.into_iter().map(|it| text(&it["title"])).collect::<std::collections::BTreeSet<_>>()
        };
        let found = page["results"].as_array().unwrap().iter().map(|row| &row["data"]).collect();
        assert_eq!(titles(found), titles(expected.iter().collect()), "{question}");
        articles += expected.len();
    }
    assert!(articles > 0, "no article was found");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parent_that_is_missing_or_unknown_is_told_in_words() {
    let site = Site::start(desks()).await;
    let source = site.adopt(0, None).await;
    for (query, status, words) in [
        ("", 400, "is read for one jira.issue at a time: name it by its upstream id with `parent`"),
        ("parent=999999", 404, "no jira.issue with the upstream id `999999` is stored here"),
    ] {
        let (found, problem) = ask(&site, source, "jsm.sla", query).await;
        assert_eq!(found, status, "{problem}");
        assert!(text(&problem["detail"]).contains(words), "{problem}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scope_that_is_missing_is_named_and_service_levels_need_none_of_it() {
    let site = Site::start(desks()).await;
    let source = site.adopt(0, Some("read:me read:jira-work read:jira-user manage:jira-configuration")).await;
    site.read(source).await;
    let requests = requests(&site, source).await;
    let parent = format!("parent={}", requests[0]);
    for kind in [
        "jsm.request",
        "jsm.approval",
        "jsm.participant",
        "jsm.feedback",
        "jsm.requestcomment",
        "jsm.requeststatus",
        "jsm.article",
    ] {
        // Articles answer questions, and belong to no request.
        let query = if kind == "jsm.article" { "question=coffee" } else { &parent };
        let (status, problem) = ask(&site, source, kind, query).await;
        assert_eq!(status, 403, "{kind}: {problem}");
        let words = text(&problem["detail"]);
        assert!(words.contains("it lacks read:servicedesk-request"), "{kind}: {words}");
    }
    let (status, page) = ask(&site, source, "jsm.sla", &parent).await;
    assert_eq!(status, 200, "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issue_that_is_no_request_and_a_refusal_are_told_in_upstreams_words() {
    let site = Site::start(desks()).await;
    let source = site.adopt(0, None).await;
    site.read(source).await;
    let issues = site.raws(source, "jira.issue").await;
    let requests = requests(&site, source).await;
    let plain = issues.keys().find(|id| !requests.contains(id)).unwrap();
    for kind in ["jsm.request", "jsm.sla", "jsm.approval", "jsm.participant"] {
        let (status, problem) = ask(&site, source, kind, &format!("parent={plain}")).await;
        assert_eq!(status, 502, "{kind}: {problem}");
        let words = text(&problem["detail"]);
        assert!(words.starts_with("upstream gives no answer: "), "{kind}: {words}");
        assert!(words.contains("Ask with `stored=true`"), "{kind}: {words}");
    }
    let refusal = json!({ "errorMessage": "You may not see approvals." });
    let path = "/rest/servicedeskapi/request/*/approval";
    site.fault(json!({ "kind": "status", "status": 403, "path": path, "body": refusal })).await;
    let (status, problem) = ask(&site, source, "jsm.approval", &format!("parent={}", requests[0])).await;
    assert_eq!(status, 502, "{problem}");
    assert!(text(&problem["detail"]).contains("You may not see approvals."), "{problem}");
}

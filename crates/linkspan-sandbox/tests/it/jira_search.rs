//! The issue search over HTTP: queries, pages, tokens, refusals, visibility.

use std::collections::BTreeSet;

use http::Method;
use linkspan_sandbox::Options;
use serde_json::{Value, json};

use crate::{
    jira_person::adf,
    support::{Lab, small},
};

const SEARCH: &str = "/rest/api/3/search/jql";

fn first_message(body: &Value) -> &str {
    body["errorMessages"][0].as_str().unwrap_or_else(|| panic!("no message in {body}"))
}

#[tokio::test]
async fn s6_a_walk_returns_every_issue_once_whatever_the_order_and_page_size() {
    let lab = Lab::start().await;
    let admin = lab.administrator();
    let all = admin.walk("key is not EMPTY", 100).await;
    assert!(all.len() > 20);
    for order in [
        "updated ASC",
        "created DESC, id",
        "id",
        "key DESC",
        "priority, summary",
        "assignee",
        "duedate",
        "status",
    ] {
        for page_size in [1, 7, 5000] {
            let ids = admin.walk(&format!("key is not EMPTY ORDER BY {order}"), page_size).await;
            let distinct: BTreeSet<&String> = ids.iter().collect();
            assert_eq!((ids.len(), distinct.len()), (all.len(), all.len()), "{order} by {page_size}");
        }
    }
    let (status, count) =
        admin.post("/rest/api/3/search/approximate-count", json!({ "jql": "key is not EMPTY" })).await;
    assert_eq!((status, count), (200, json!({ "count": all.len() })));
}

#[tokio::test]
async fn a_sorted_result_is_in_order() {
    let lab = Lab::start().await;
    let admin = lab.administrator();
    let page = admin.search(json!({ "jql": "key is not EMPTY ORDER BY updated ASC", "fields": ["updated", "created"], "maxResults": 100 })).await;
    let times: Vec<&str> = page["issues"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["fields"]["updated"].as_str().unwrap())
        .collect();
    assert!(times.is_sorted(), "{times:?}");
    let newest = times.last().unwrap();
    let page = admin.search(json!({ "jql": "key is not EMPTY ORDER BY updated DESC", "fields": ["updated"], "maxResults": 1 })).await;
    assert_eq!(page["issues"][0]["fields"]["updated"], *newest);
}

#[tokio::test]
async fn p5_a_search_finds_exactly_what_the_oracle_says_the_caller_sees() {
    let lab = Lab::with(Options { projects: 6, issues: 150, users: 20, ..small() }).await;
    let people: Vec<_> = std::iter::once(lab.administrator()).chain(lab.members()).collect();
    let mut sizes = BTreeSet::new();
    for person in &people {
        let path = format!("oracle/visible?account_id={}", person.user.account_id);
        let visible = lab.control("GET", &path, json!({})).await;
        let expected: BTreeSet<String> = visible["issues"]
            .as_array()
            .unwrap()
            .iter()
            .map(|id| id.as_str().map_or_else(|| id.to_string(), str::to_owned))
            .collect();
        let found: BTreeSet<String> = person.walk("key is not EMPTY", 1000).await.into_iter().collect();
        // The oracle counts the portal's requests in; the Jira view does not have them.
        assert!(found.is_subset(&expected), "{} finds too much", person.user.display_name);
        let missing: Vec<&String> = expected.difference(&found).collect();
        for id in missing {
            let (status, _) = person.try_get(&format!("/rest/servicedeskapi/request/{id}")).await;
            assert_eq!(status, 200, "{} misses issue {id}", person.user.display_name);
        }
        sizes.insert(found.len());
    }
    assert!(sizes.len() > 1, "everybody sees the same: the test shows nothing");
}

#[tokio::test]
async fn only_the_id_is_returned_unless_fields_are_named() {
    let lab = Lab::start().await;
    let admin = lab.administrator();
    let page = admin.search(json!({ "jql": "key is not EMPTY", "maxResults": 1 })).await;
    let issue = page["issues"][0].as_object().unwrap();
    assert_eq!(issue.keys().collect::<Vec<_>>(), ["id"]);
    let page = admin
        .search(json!({ "jql": "key is not EMPTY", "maxResults": 1, "fields": ["summary", "-status"] }))
        .await;
    assert_eq!(page["issues"][0]["fields"].as_object().unwrap().keys().collect::<Vec<_>>(), ["summary"]);
    assert!(page["issues"][0]["key"].is_string());
}

#[tokio::test]
async fn refusals_are_those_of_the_real_search() {
    let lab = Lab::start().await;
    let admin = lab.administrator();
    let unbounded =
        "Unbounded JQL queries are not allowed here. Please add a search restriction to your query.";
    let table = [
        (json!({ "jql": "" }), unbounded),
        (json!({ "jql": "ORDER BY created" }), unbounded),
        (json!({}), unbounded),
        (json!({ "jql": "project = NOSUCH" }), "The value 'NOSUCH' does not exist for the field 'project'."),
        (
            json!({ "jql": "nosuch = 1" }),
            "Field 'nosuch' does not exist or you do not have permission to view it.",
        ),
        (json!({ "jql": "status = Nowhere" }), "The value 'Nowhere' does not exist for the field 'status'."),
        (
            json!({ "jql": "key = HARB-99999" }),
            "An issue with key 'HARB-99999' does not exist for field 'key'.",
        ),
        (json!({ "jql": "project ~ x" }), "The operator '~' is not supported by the 'project' field."),
        (json!({ "jql": "updated > nosuch()" }), "Unable to find JQL function 'nosuch()'."),
        (json!({ "jql": "updated > soon" }), "Date value 'soon' for field 'updated' is invalid."),
        (json!({ "jql": "project in x" }), "Operator 'in' does not support the non-list value 'x'"),
        (json!({ "jql": "project = (a, b)" }), "Operator '=' does not support the list value"),
        (json!({ "jql": "project is x" }), "The operator 'is' only supports the values EMPTY and NULL"),
        (
            json!({ "jql": "project = " }),
            "Error in the JQL Query: Expecting either a value, list or function",
        ),
        (json!({ "jql": "key is not EMPTY ORDER BY comment" }), "Not able to sort using field 'comment'."),
        (
            json!({ "jql": "key is not EMPTY ORDER BY a,b,c,d,e,f,g,h" }),
            "The maximum number of fields in the ORDER BY clause is 7.",
        ),
        (
            json!({ "jql": "key is not EMPTY", "maxResults": 0 }),
            "The value of maxResults must be between 1 and 5000",
        ),
        (
            json!({ "jql": "key is not EMPTY", "maxResults": 5001 }),
            "The value of maxResults must be between 1 and 5000",
        ),
        (
            json!({ "jql": "", "maxResults": 0, "nextPageToken": "x" }),
            "The provided nextPageToken is invalid or has expired.",
        ),
        (json!({ "jql": "key is not EMPTY", "startAt": 0 }), "Invalid request payload."),
        (json!({ "jql": 7 }), "Invalid request payload."),
    ];
    for (body, expected) in table {
        let (status, answer) = admin.post(SEARCH, body.clone()).await;
        assert_eq!(status, 400, "{body}");
        assert!(first_message(&answer).starts_with(expected), "{body} gave {answer}");
    }
}

#[tokio::test]
async fn a_body_without_a_json_content_type_is_415() {
    let lab = Lab::start().await;
    let admin = lab.administrator().user;
    let request = lab.post(SEARCH).basic_auth(admin.email, Some(admin.api_token)).body("{}");
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 415);
    assert_eq!(response.headers()["content-type"], "application/problem+json");
}

#[tokio::test]
async fn s6_a_token_is_bound_to_its_query_and_size_and_lives_seven_days() {
    let lab = Lab::start().await;
    let admin = lab.administrator();
    let first = json!({ "jql": "key is not EMPTY ORDER BY id", "maxResults": 5 });
    let page = admin.search(first.clone()).await;
    let next = |changes: Value| {
        let mut body = first.clone();
        body["nextPageToken"] = page["nextPageToken"].clone();
        for (name, value) in changes.as_object().unwrap() {
            body[name] = value.clone();
        }
        body
    };
    assert_eq!(admin.post(SEARCH, next(json!({}))).await.0, 200);
    assert_eq!(admin.post(SEARCH, next(json!({ "fields": ["summary"] }))).await.0, 200);
    assert_eq!(admin.post(SEARCH, next(json!({ "maxResults": 6 }))).await.0, 400);
    assert_eq!(admin.post(SEARCH, next(json!({ "jql": "id is not EMPTY ORDER BY id" }))).await.0, 400);
    let member = lab.members().next().unwrap();
    assert_eq!(member.post(SEARCH, next(json!({}))).await.0, 400, "a token of somebody else");
    // The query-string copy of a token is ignored by POST.
    let (status, again) = admin.post(&format!("{SEARCH}?nextPageToken=x"), first.clone()).await;
    assert_eq!((status, &again["issues"]), (200, &page["issues"]));
    lab.advance(7 * 86_400 - 60).await;
    assert_eq!(admin.post(SEARCH, next(json!({}))).await.0, 200);
    lab.advance(120).await;
    assert_eq!(admin.post(SEARCH, next(json!({}))).await.0, 400);
}

#[tokio::test]
async fn get_and_post_answer_alike_and_lists_may_be_repeated_or_joined() {
    let lab = Lab::start().await;
    let admin = lab.administrator();
    let posted = admin.search(json!({ "jql": "key is not EMPTY ORDER BY id", "fields": ["summary", "status"], "maxResults": 3 })).await;
    for query in ["fields=summary,status", "fields=summary&fields=status"] {
        let path = format!("{SEARCH}?jql=key+is+not+EMPTY+ORDER+BY+id&maxResults=3&{query}");
        assert_eq!(admin.get(&path).await["issues"], posted["issues"]);
    }
}

#[tokio::test]
async fn the_removed_search_is_gone_with_the_published_body() {
    let lab = Lab::start().await;
    let admin = lab.administrator();
    for version in ["2", "3", "latest"] {
        for method in [Method::GET, Method::POST] {
            let path = format!("/rest/api/{version}/search");
            let (status, body) = admin.send(method, &path, Some(&json!({ "jql": "project = X" }))).await;
            assert_eq!(status, 410);
            let expected = "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API. A full migration guideline is available at https://developer.atlassian.com/changelog/#CHANGE-2046";
            assert_eq!(body, json!({ "errorMessages": [expected], "errors": {} }));
        }
    }
}

type Check<'t> = Box<dyn Fn(&Value) -> bool + 't>;

fn text<'i>(issue: &'i Value, path: &str) -> &'i str {
    issue.pointer(path).and_then(Value::as_str).unwrap_or_default()
}

/// Queries, each with what holds for exactly the issues it finds.
fn checks<'t>(issues: &'t [Value], own: &'t str) -> Vec<(String, Check<'t>)> {
    let some = |path: &str| issues.iter().find_map(|it| it.pointer(path).and_then(Value::as_str)).unwrap();
    let project = some("/fields/project/key");
    let status = some("/fields/status/name");
    let assignee = some("/fields/assignee/accountId");
    let label = some("/fields/labels/0");
    let in_project = move |it: &Value| text(it, "/fields/project/key") == project;
    let category = |it: &Value| text(it, "/fields/status/statusCategory/key").to_owned();
    let labels = |it: &Value| it["fields"]["labels"].as_array().unwrap().clone();
    vec![
        (format!("project = {project}"), Box::new(in_project)),
        (format!("project != {project}"), Box::new(move |it| !in_project(it))),
        (format!("NOT (project = {project})"), Box::new(move |it| !in_project(it))),
        (format!("status = \"{status}\""), Box::new(move |it| text(it, "/fields/status/name") == status)),
        ("statusCategory = Done".into(), Box::new(move |it| category(it) == "done")),
        ("statusCategory not in (done, new)".into(), Box::new(move |it| category(it) == "indeterminate")),
        (
            format!("assignee = \"{assignee}\""),
            Box::new(move |it| text(it, "/fields/assignee/accountId") == assignee),
        ),
        // Not equal finds only issues that have the field.
        (
            format!("assignee != \"{assignee}\""),
            Box::new(move |it| {
                !matches!(text(it, "/fields/assignee/accountId"), "")
                    && text(it, "/fields/assignee/accountId") != assignee
            }),
        ),
        ("assignee is EMPTY".into(), Box::new(|it| it["fields"]["assignee"].is_null())),
        (
            "reporter = currentUser()".into(),
            Box::new(move |it| text(it, "/fields/reporter/accountId") == own),
        ),
        ("resolution = Unresolved".into(), Box::new(|it| it["fields"]["resolution"].is_null())),
        ("resolved is not EMPTY".into(), Box::new(|it| !it["fields"]["resolutiondate"].is_null())),
        (format!("labels = {label}"), Box::new(move |it| labels(it).contains(&json!(label)))),
        (
            format!("labels in ({label}, EMPTY)"),
            Box::new(move |it| labels(it).is_empty() || labels(it).contains(&json!(label))),
        ),
        (
            "issuetype in subTaskIssueTypes()".into(),
            Box::new(|it| it["fields"]["issuetype"]["subtask"] == true),
        ),
        ("parent is not EMPTY".into(), Box::new(|it| it["fields"].get("parent").is_some())),
        ("duedate is EMPTY".into(), Box::new(|it| it["fields"]["duedate"].is_null())),
        (
            "component is EMPTY AND fixVersion is EMPTY".into(),
            Box::new(|it| {
                it["fields"]["components"] == json!([]) && it["fields"]["fixVersions"] == json!([])
            }),
        ),
        (
            "priority >= High".into(),
            Box::new(|it| matches!(text(it, "/fields/priority/name"), "High" | "Highest")),
        ),
        (
            format!(
                "project = {project} AND (statusCategory = Done OR labels = {label}) AND assignee is not EMPTY"
            ),
            Box::new(move |it| {
                in_project(it)
                    && (category(it) == "done" || labels(it).contains(&json!(label)))
                    && !it["fields"]["assignee"].is_null()
            }),
        ),
    ]
}

#[tokio::test]
async fn queries_find_what_their_fields_say() {
    let lab = Lab::with(Options { projects: 4, issues: 120, ..small() }).await;
    let admin = lab.administrator();
    let issues = admin.issues("key is not EMPTY").await;
    for (jql, check) in checks(&issues, admin.user.account_id) {
        let found: BTreeSet<String> = admin.walk(&jql, 1000).await.into_iter().collect();
        let passing = issues.iter().filter(|it| check(it));
        let expected: BTreeSet<String> = passing.map(|it| it["id"].as_str().unwrap().to_owned()).collect();
        assert_eq!(found, expected, "{jql}");
    }
}

#[tokio::test]
async fn s1_dates_are_read_in_the_callers_zone_and_bare_numbers_as_epoch_milliseconds() {
    let lab = Lab::start().await;
    let admin = lab.administrator();
    let issue = admin.first("key is not EMPTY ORDER BY updated DESC").await;
    let id = issue["id"].as_str().unwrap();
    // As the API shows it, in the caller's zone: 2026-02-03T04:05:06.789+0100.
    let shown = issue["fields"]["updated"].as_str().unwrap();
    let minute = shown[..16].replace('T', " ");
    let found = admin.walk(&format!("updated >= \"{minute}\" ORDER BY updated"), 100).await;
    assert!(found.contains(&id.to_owned()), "{minute} in the caller's zone is not after {shown}");
    let epoch = jiff::fmt::strtime::parse("%Y-%m-%dT%H:%M:%S%.f%z", shown)
        .unwrap()
        .to_timestamp()
        .unwrap()
        .as_millisecond();
    for (jql, expected) in [
        (format!("updated >= {epoch}"), true),
        (format!("updated > {epoch}"), false),
        (format!("updated < {epoch}"), false),
        (format!("updated <= {epoch}"), true),
        (format!("updated = {epoch}"), true),
        (format!("updated >= {}", epoch + 1), false),
    ] {
        assert_eq!(admin.walk(&jql, 100).await.contains(&id.to_owned()), expected, "{jql}");
    }
}

#[tokio::test]
async fn relative_dates_follow_the_sandbox_clock() {
    let lab = Lab::start().await;
    let admin = lab.administrator();
    let made = admin.create(json!({ "summary": "Just now" })).await;
    let id = made["id"].as_str().unwrap().to_owned();
    assert!(admin.walk("created >= -5m", 100).await.contains(&id));
    assert!(admin.walk("created >= startOfDay() AND created <= now()", 100).await.contains(&id));
    lab.advance(3 * 86_400).await;
    assert!(!admin.walk("created >= -1d", 100).await.contains(&id));
    assert!(admin.walk("created >= \"-4d\" AND created < startOfDay(-1d)", 100).await.contains(&id));
}

#[tokio::test]
async fn text_is_found_where_the_caller_may_read_it() {
    let lab = Lab::start().await;
    let admin = lab.administrator();
    let made =
        admin.create(json!({ "summary": "Xylophone repair", "description": adf("Needs a quokka") })).await;
    let id = made["id"].as_str().unwrap().to_owned();
    let comment =
        json!({ "body": adf("hidden wombat"), "visibility": { "type": "role", "value": "Administrators" } });
    let (status, answer) = admin.post(&format!("/rest/api/3/issue/{id}/comment"), comment).await;
    assert_eq!(status, 201, "{answer}");
    for jql in [
        "summary ~ xylophone",
        "text ~ \"quokka\"",
        "description ~ \"quok*\"",
        "comment ~ wombat",
        "text ~ \"\\\"hidden wombat\\\"\"",
    ] {
        assert_eq!(admin.walk(jql, 10).await, std::slice::from_ref(&id), "{jql}");
    }
    assert!(admin.walk("summary ~ xylophone AND summary !~ repair", 10).await.is_empty());
    let mut outsiders = 0;
    for member in lab.members() {
        let (_, page) = member.try_get(&format!("/rest/api/3/issue/{id}/comment")).await;
        let reads = page["total"] == 1;
        outsiders += usize::from(!reads);
        assert_eq!(
            member.walk("comment ~ wombat", 10).await.len(),
            usize::from(reads),
            "{}",
            member.user.display_name
        );
    }
    assert!(outsiders > 0, "everybody reads the comment: the test shows nothing");
}

#[tokio::test]
async fn o6_reconciled_issues_are_found_although_the_index_lags() {
    let lab = Lab::start().await;
    let admin = lab.administrator();
    lab.control("POST", "settings", json!({ "index_lag_ms": 60_000 })).await;
    let made = admin.create(json!({ "summary": "Unindexed" })).await;
    let id: u64 = made["id"].as_str().unwrap().parse().unwrap();
    let jql = "created >= -10m";
    let plain = admin.search(json!({ "jql": jql })).await;
    assert_eq!(plain["issues"], json!([]));
    let reconciled = admin.search(json!({ "jql": jql, "reconcileIssues": [id] })).await;
    assert_eq!(reconciled["issues"], json!([{ "id": id.to_string() }]));
    assert_eq!(admin.try_get(&format!("/rest/api/3/issue/{id}")).await.0, 200);
    lab.advance(61).await;
    assert_eq!(admin.search(json!({ "jql": jql })).await["issues"], reconciled["issues"]);
}

#[tokio::test]
async fn r1_a_page_costs_one_point_and_one_for_each_issue() {
    let lab = Lab::start().await;
    let token = lab.token(lab.admin(), "read:jira-work").await;
    let spent = || async { lab.control("GET", "stats", json!({})).await["points"].as_u64().unwrap() };
    let before = spent().await;
    let path = format!("/ex/jira/{}{SEARCH}", lab.site(0));
    let body = json!({ "jql": "key is not EMPTY", "fields": ["*all"], "maxResults": 10 });
    let response = lab.post(&path).bearer_auth(&token).json(&body).send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(spent().await - before, 11);
}

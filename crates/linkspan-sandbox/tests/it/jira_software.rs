//! Jira Software: the lists of issues, by offset and by token, say the same as the search.

use std::collections::BTreeSet;

use linkspan_sandbox::Options;
use serde_json::{Value, json};

use crate::{
    jira_person::Person,
    openapi::{self, Api},
    support::{Lab, small},
};

async fn harbour() -> Lab {
    Lab::with(Options { projects: 6, issues: 240, users: 20, ..small() }).await
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn ids(page: &Value) -> Vec<String> {
    page["issues"].as_array().unwrap().iter().map(|it| text(&it["id"])).collect()
}

async fn by_token(person: &Person<'_>, path: &str, size: usize) -> Vec<String> {
    let mut found = Vec::new();
    let mut token = String::new();
    for _ in 0..1_000 {
        let page =
            person.get(&format!("/rest/software/1.0/{path}?fields=summary&maxResults={size}{token}")).await;
        found.extend(ids(&page));
        assert_eq!(page["isLast"] == true, page.get("nextPageToken").is_none(), "{path}");
        let Some(next) = page["nextPageToken"].as_str() else { return found };
        token = format!("&nextPageToken={next}");
    }
    panic!("the walk of {path} does not end");
}

async fn by_offset(person: &Person<'_>, path: &str) -> Vec<String> {
    let mut found = Vec::new();
    loop {
        let path = format!("/rest/agile/1.0/{path}?fields=summary&startAt={}&maxResults=9", found.len());
        let page = person.get(&path).await;
        found.extend(ids(&page));
        if found.len() as u64 >= page["total"].as_u64().unwrap() {
            return found;
        }
    }
}

#[tokio::test]
async fn s6_every_list_walks_by_token_and_by_offset_to_what_the_search_finds() {
    let lab = harbour().await;
    let admin = lab.administrator();
    let project = "project = HARB";
    let epic = admin.first("project = HARB AND issuetype = Epic AND key in (HARB-1, HARB-2, HARB-3, HARB-4, HARB-5, HARB-6, HARB-7, HARB-8, HARB-9)").await;
    let sprint = admin.get("/rest/agile/1.0/board/1/sprint?state=closed").await["values"][20]["id"].clone();
    let epic = text(&epic["id"]);
    let no_epic = "parent is EMPTY AND hierarchyLevel = 0";
    let open = "statusCategory != Done AND hierarchyLevel = 0";
    let out = "(sprint is EMPTY OR sprint not in openSprints() AND sprint not in futureSprints())";
    let lists = [
        ("board/1/issue".to_owned(), project.to_owned()),
        ("board/1/backlog".to_owned(), format!("{project} AND {open} AND {out}")),
        (format!("board/1/sprint/{sprint}/issue"), format!("{project} AND sprint = {sprint}")),
        (format!("sprint/{sprint}/issue"), format!("sprint = {sprint}")),
        ("board/1/epic/none/issue".to_owned(), format!("{project} AND {no_epic}")),
        (format!("board/1/epic/{epic}/issue"), format!("{project} AND parent = {epic}")),
        ("epic/none/issue".to_owned(), no_epic.to_owned()),
        (format!("epic/{epic}/issue"), format!("parent = {epic}")),
    ];
    for (path, jql) in lists {
        let mut wanted = admin.walk(&jql, 1_000).await;
        wanted.sort();
        assert!(!wanted.is_empty() || path.contains("epic/1"), "{path} is empty");
        let (mut token, mut offset) = (by_token(&admin, &path, 7).await, by_offset(&admin, &path).await);
        token.sort();
        offset.sort();
        assert_eq!(token, wanted, "{path} by token");
        assert_eq!(offset, wanted, "{path} by offset");
    }
    for path in ["board/1/issue", "board/1/backlog"] {
        let count = admin.get(&format!("/rest/software/1.0/{path}/approximate-count")).await;
        assert_eq!(count["count"], by_token(&admin, path, 100).await.len());
    }
}

#[tokio::test]
async fn a_token_belongs_to_its_list_and_its_query() {
    let lab = harbour().await;
    let admin = lab.administrator();
    let page = admin.get("/rest/software/1.0/board/1/issue?maxResults=2").await;
    let template = "/rest/software/1.0/board/{boardId}/issue";
    openapi::validate(Api::Agile, "GET", template, 200, &page).unwrap();
    let token = page["nextPageToken"].as_str().unwrap();
    for path in ["board/1/backlog", "board/2/issue", "epic/none/issue"] {
        let other = format!("/rest/software/1.0/{path}?maxResults=2&nextPageToken={token}");
        assert_eq!(admin.try_get(&other).await.0, 400, "{path}");
    }
    let narrowed =
        format!("/rest/software/1.0/board/1/issue?maxResults=2&jql=status+%3D+Done&nextPageToken={token}");
    assert_eq!(admin.try_get(&narrowed).await.0, 400);
}

#[tokio::test]
async fn p1_boards_and_their_lists_are_for_those_who_see_the_project() {
    let lab = harbour().await;
    let admin = lab.administrator();
    let all = admin.get("/rest/agile/1.0/board").await;
    let mut refused = 0;
    for member in lab.members() {
        let own = member.get("/rest/agile/1.0/board").await;
        let own: BTreeSet<String> =
            own["values"].as_array().unwrap().iter().map(|it| text(&it["id"])).collect();
        for board in all["values"].as_array().unwrap() {
            let id = text(&board["id"]);
            let project = text(&board["location"]["projectKey"]);
            let sees = member.browses(&project).await;
            assert!(!own.contains(&id) || sees, "{id}");
            let expected = if own.contains(&id) { 200 } else { 404 };
            for part in ["configuration", "quickfilter", "features", "properties", "epic", "version", "issue"]
            {
                let path = format!("/rest/agile/1.0/board/{id}/{part}");
                assert_eq!(member.try_get(&path).await.0, expected, "{path}");
            }
            for list in ["issue", "backlog", "issue/approximate-count"] {
                let path = format!("/rest/software/1.0/board/{id}/{list}");
                assert_eq!(member.try_get(&path).await.0, expected, "{path}");
            }
            refused += usize::from(expected == 404);
        }
    }
    assert!(refused > 0);
}

#[tokio::test]
async fn epics_are_those_of_company_managed_projects() {
    let lab = harbour().await;
    let admin = lab.administrator();
    let mut epics = Vec::new();
    loop {
        let path = format!("/rest/agile/1.0/board/1/epic?startAt={}&maxResults=2", epics.len());
        let page = admin.get(&path).await;
        epics.extend(page["values"].as_array().unwrap().clone());
        if page["isLast"] == true {
            break;
        }
    }
    let known: BTreeSet<String> = epics.iter().map(|it| text(&it["id"])).collect();
    let wanted: BTreeSet<String> =
        admin.walk("project = HARB AND hierarchyLevel = 1", 1_000).await.into_iter().collect();
    assert_eq!(known, wanted);
    let done = admin.get("/rest/agile/1.0/board/1/epic?done=true").await;
    assert!(done["values"].as_array().unwrap().iter().all(|it| it["done"] == true));
    let one = admin.get(&format!("/rest/agile/1.0/epic/{}", text(&epics[0]["key"]))).await;
    assert_eq!(one, epics[0]);
    let team = admin.first("project = APP AND issuetype = Epic").await;
    assert_eq!(admin.try_get(&format!("/rest/agile/1.0/epic/{}", text(&team["key"]))).await.0, 404);
    assert_eq!(admin.get("/rest/agile/1.0/board/2/epic").await["total"], 0);
}

#[tokio::test]
async fn an_estimate_is_the_field_that_the_board_is_configured_with() {
    let lab = harbour().await;
    let admin = lab.administrator();
    for (board, project) in [(1, "HARB"), (2, "APP")] {
        let configuration = admin.get(&format!("/rest/agile/1.0/board/{board}/configuration")).await;
        let field = text(&configuration["estimation"]["field"]["fieldId"]);
        let number = field.trim_start_matches("customfield_");
        let issue = admin.first(&format!("project = {project} AND cf[{number}] is not EMPTY")).await;
        let path = format!("/rest/agile/1.0/issue/{}/estimation", text(&issue["id"]));
        let estimate = admin.get(&format!("{path}?boardId={board}")).await;
        assert_eq!(estimate, json!({ "fieldId": field, "value": issue["fields"][&field] }));
        assert_eq!(admin.try_get(&path).await.0, 400, "without a board");
        let filter = text(&configuration["filter"]["id"]);
        let boards = admin.get(&format!("/rest/agile/1.0/board/filter/{filter}")).await;
        assert_eq!(boards["values"][0]["id"], board);
        assert_eq!(admin.try_get(&format!("/rest/api/3/filter/{filter}")).await.0, 200);
    }
}

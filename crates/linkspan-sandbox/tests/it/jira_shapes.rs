//! Every served read of the Jira APIs, judged by the published documents.

use std::collections::BTreeMap;

use http::{Method, StatusCode};
use linkspan_sandbox::Options;
use serde_json::{Value, json};

use crate::{
    openapi::{self, Api},
    support::{self, Lab},
};

/// A site with something of everything, and the names to ask for it.
struct Tour {
    lab: Lab,
    names: BTreeMap<&'static str, String>,
}

impl Tour {
    async fn start() -> Self {
        let options = Options { projects: 6, issues: 120, ..support::small() };
        let mut tour = Self { lab: Lab::with(options).await, names: BTreeMap::new() };
        let issue = tour.issue("project is not empty ORDER BY id").await;
        let project = issue["fields"]["project"].clone();
        let company = tour.get("/rest/api/3/project/search?expand=lead").await;
        let company = company["values"]
            .as_array()
            .unwrap()
            .iter()
            .find(|it| it["style"] == "classic")
            .cloned()
            .unwrap();
        let levels = tour.get("/rest/api/3/issuesecurityschemes/level").await;
        let scheme = tour.get("/rest/api/3/permissionscheme?expand=all").await;
        let users = tour.get("/rest/api/3/users/search").await;
        let groups = tour.get("/rest/api/3/group/bulk").await;
        let roles = tour.get("/rest/api/3/role").await;
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let mut name = |key, value: String| drop(tour.names.insert(key, value));
        name("issueIdOrKey", text(&issue["id"]));
        name("projectIdOrKey", text(&project["key"]));
        name("projectKeyOrId", text(&company["key"]));
        name("projectId", text(&project["id"]));
        name("company", text(&company["key"]));
        name("issueTypeId", text(&issue["fields"]["issuetype"]["id"]));
        name("status", text(&issue["fields"]["status"]["id"]));
        name("level", text(&levels["values"][0]["id"]));
        name("securityScheme", text(&levels["values"][0]["issueSecuritySchemeId"]));
        name("schemeId", text(&scheme["permissionSchemes"][0]["id"]));
        name("permissionId", text(&scheme["permissionSchemes"][0]["permissions"][0]["id"]));
        name("accountId", text(&users[0]["accountId"]).replace(':', "%3A"));
        name("groupId", text(&groups["values"][0]["groupId"]));
        name("role", text(&roles[0]["id"]));
        for (key, jql, list, id) in [
            ("comment", "comment ~ \"a*\" or comment ~ \"e*\"", "/comment", "comments"),
            ("worklog", "timespent > 0", "/worklog", "worklogs"),
        ] {
            let found = tour.issue(jql).await;
            let rows = tour.get(&format!("/rest/api/3/issue/{}{list}", found["id"].as_str().unwrap())).await;
            tour.names.insert(key, text(&rows[id][0]["id"]));
            tour.names.insert(if key == "comment" { "commented" } else { "worked" }, text(&found["id"]));
        }
        let attached = tour.issue("attachments is not empty").await;
        tour.names.insert("attachment", text(&attached["fields"]["attachment"][0]["id"]));
        let linked = tour.linked().await;
        tour.names.insert("linkId", text(&linked));
        let secured = tour.get("/rest/api/3/issuesecurityschemes/project").await;
        tour.names.insert("secured", text(&secured["values"][0]["projectId"]));
        let path = format!("/rest/api/3/issue/{}/properties/noted", tour.names["issueIdOrKey"]);
        let (status, _) = tour.send(Method::PUT, &path, Some(json!({ "by": "test" }))).await;
        assert_eq!(status, StatusCode::CREATED);
        tour.names.insert("propertyKey", "noted".to_owned());
        tour.remote_link().await;
        tour
    }

    async fn linked(&self) -> Value {
        let page = self
            .search(json!({ "jql": "project is not empty", "fields": ["issuelinks"], "maxResults": 100 }))
            .await;
        let links = page["issues"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|it| it["fields"]["issuelinks"].as_array().unwrap());
        links.map(|link| link["id"].clone()).next().unwrap()
    }

    /// Finds an issue with a link to another site.
    async fn remote_link(&mut self) {
        let page =
            self.search(json!({ "jql": "project is not empty", "fields": ["id"], "maxResults": 120 })).await;
        for issue in page["issues"].as_array().unwrap() {
            let id = issue["id"].as_str().unwrap();
            let links = self.get(&format!("/rest/api/3/issue/{id}/remotelink")).await;
            if let Some(link) = links.as_array().unwrap().first() {
                self.names.insert("remotely linked", id.to_owned());
                self.names.insert("remote link", link["id"].to_string());
                return;
            }
        }
        panic!("no issue has a remote link");
    }

    async fn issue(&self, jql: &str) -> Value {
        let page = self.search(json!({ "jql": jql, "fields": ["*all"], "maxResults": 1 })).await;
        assert_eq!(page["issues"].as_array().map(Vec::len), Some(1), "{jql} finds nothing");
        page["issues"][0].clone()
    }

    async fn search(&self, body: Value) -> Value {
        let (status, page) = self.send(Method::POST, "/rest/api/3/search/jql", Some(body)).await;
        assert_eq!(status, StatusCode::OK, "{page}");
        page
    }

    async fn get(&self, path: &str) -> Value {
        let (status, body) = self.send(Method::GET, path, None).await;
        assert_eq!(status, StatusCode::OK, "{path}: {body}");
        body
    }

    async fn send(&self, method: Method, path: &str, body: Option<Value>) -> (StatusCode, Value) {
        let admin = &self.lab.info.users[0];
        let request = self
            .lab
            .http
            .request(method, self.lab.url(path))
            .basic_auth(&admin.email, Some(&admin.api_token));
        let request = match body {
            Some(body) => request.json(&body),
            None => request.header("X-ExperimentalApi", "opt-in"),
        };
        let response = request.send().await.unwrap();
        let status = response.status();
        let text = response.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    /// The address of a template: parameters become names of this site.
    fn address(&self, template: &str) -> String {
        let named = |parameter: &str| {
            let before = template.split('{').next().unwrap_or_default();
            let key = match (parameter, before) {
                (
                    "id",
                    "/rest/api/3/attachment/"
                    | "/rest/api/3/attachment/content/"
                    | "/rest/api/3/attachment/thumbnail/",
                ) => "attachment",
                ("id", "/rest/api/3/issuetype/") => "issueTypeId",
                ("id", "/rest/api/3/securitylevel/") => "level",
                ("id", "/rest/api/3/issuesecurityschemes/") | ("issueSecuritySchemeId", _) => {
                    "securityScheme"
                }
                ("id", "/rest/api/3/priority/") => return "3".to_owned(),
                ("id", "/rest/api/3/resolution/") => return self.first("/rest/api/3/resolution"),
                ("id", "/rest/api/3/role/" | "/rest/api/3/project/") => "role",
                ("id", "/rest/api/3/projectCategory/") => return "10000".to_owned(),
                ("id", "/rest/api/3/component/") => return self.first("component"),
                ("id", "/rest/api/3/version/") => return self.first("version"),
                ("id", "/rest/api/3/customFieldOption/") => return self.first("option"),
                ("id", "/rest/api/3/issue/") if template.contains("comment") => "comment",
                ("id", "/rest/api/3/issue/") => "worklog",
                ("issueIdOrKey", _) if template.ends_with("/comment/{id}") => "commented",
                ("issueIdOrKey", _) if template.ends_with("/worklog/{id}") => "worked",
                ("issueIdOrKey", _) if template.contains("/remotelink") => "remotely linked",
                ("linkId", "/rest/api/3/issue/") => "remote link",
                ("projectKeyOrId", _) if template.ends_with("/issuesecuritylevelscheme") => "secured",

                ("projectIdOrKey", _) if template.contains("/role") => "company",
                ("idOrName", _) => "status",
                ("idOrKey", _) => return "new".to_owned(),
                ("projectTypeKey", _) => return "software".to_owned(),
                ("key", _) => return "jira-software".to_owned(),
                ("issueLinkTypeId", _) => return self.first("/rest/api/3/issueLinkType"),
                ("commentId", _) => "comment",
                (other, _) => other,
            };
            let found = self.names.iter().find(|(known, _)| **known == key);
            found.map_or_else(|| "1".to_owned(), |(_, value)| value.clone())
        };
        let mut out = String::new();
        let mut rest = template;
        while let Some((before, after)) = rest.split_once('{') {
            let (parameter, tail) = after.split_once('}').unwrap();
            out.push_str(before);
            out.push_str(&named(parameter));
            rest = tail;
        }
        out.push_str(rest);
        out
    }

    fn first(&self, what: &str) -> String {
        self.names.get(what).cloned().unwrap_or_else(|| "1".to_owned())
    }

    /// The query string an operation cannot do without.
    fn query(&self, template: &str) -> String {
        match template.trim_start_matches("/rest/api/3/") {
            "search/jql" => "?jql=project+is+not+empty&fields=*all&expand=names,schema,changelog,renderedFields,transitions,operations,editmeta&maxResults=20".to_owned(),
            "issue/{issueIdOrKey}" => "?expand=names,schema,changelog,renderedFields,transitions,operations,editmeta".to_owned(),
            "project/search" => "?expand=description,lead,issueTypes,url,projectKeys,insight&maxResults=1".to_owned(),
            "user" => format!("?accountId={}&expand=groups,applicationRoles", self.names["accountId"]),
            "user/groups" | "user/bulk" | "user/email" => format!("?accountId={}", self.names["accountId"]),
            "user/search" | "user/picker" | "groupuserpicker" => "?query=a".to_owned(),
            "user/assignable/search" => format!("?project={}&maxResults=5", self.names["projectIdOrKey"]),
            "group" | "group/member" => format!("?groupId={}&maxResults=2&expand=users", self.names["groupId"]),
            "user/viewissue/search" => format!("?issueKey={}", self.names["issueIdOrKey"]),
            "user/permission/search" => format!("?permissions=BROWSE_PROJECTS&projectKey={}", self.names["company"]),
            "mypermissions" => "?permissions=BROWSE_PROJECTS,ADMINISTER".to_owned(),
            "issuetype/project" => format!("?projectId={}", self.names["projectId"]),
            "statuses" => format!("?id={}", self.names["status"]),
            "permissionscheme" | "permissionscheme/{schemeId}" | "permissionscheme/{schemeId}/permission"
            | "project/{projectKeyOrId}/permissionscheme" | "issuesecurityschemes/level/member"
            | "issuesecurityschemes/{issueSecuritySchemeId}/members" => "?expand=all".to_owned(),
            "data-policy/project" => format!("?ids={}", self.names["projectId"]),
            _ => String::new(),
        }
    }

    /// Learns the ids of catalogue objects.
    async fn learn(&mut self) {
        let first =
            |value: &Value| value["id"].as_str().map_or_else(|| value["id"].to_string(), str::to_owned);
        let resolutions = self.get("/rest/api/3/resolution").await;
        self.names.insert("/rest/api/3/resolution", first(&resolutions[0]));
        let kinds = self.get("/rest/api/3/issueLinkType").await;
        self.names.insert("/rest/api/3/issueLinkType", first(&kinds["issueLinkTypes"][0]));
        let projects = self.get("/rest/api/3/project").await;
        for project in projects.as_array().unwrap() {
            let key = project["key"].as_str().unwrap();
            for (what, path) in [("component", "components"), ("version", "versions")] {
                let list = self.get(&format!("/rest/api/3/project/{key}/{path}")).await;
                if let Some(one) = list.as_array().unwrap().first() {
                    self.names.insert(what, first(one));
                }
            }
        }
        let issue = self.names["issueIdOrKey"].clone();
        let meta = self.get(&format!("/rest/api/3/issue/{issue}/editmeta")).await;
        let fields = meta["fields"].as_object().unwrap();
        let mut custom = fields.iter().filter(|(id, _)| id.starts_with("customfield_"));
        let option = custom.find_map(|(_, field)| field["allowedValues"].as_array()?.first().cloned());
        self.names.insert("option", first(&option.unwrap()));
    }
}

/// Walks the reads of one document; answers what was served.
async fn walk(tour: &Tour, api: Api, problems: &mut Vec<String>) -> Vec<String> {
    let mut served = Vec::new();
    for (method, template) in openapi::operations(api) {
        if method != "GET" {
            continue;
        }
        let path = format!("{}{}", tour.address(&template), tour.query(&template));
        let (status, body) = tour.send(Method::GET, &path, None).await;
        let unknown = body["errorMessages"][0] == "The requested resource does not exist."
            || status == StatusCode::METHOD_NOT_ALLOWED;
        if unknown {
            continue;
        }
        served.push(template.clone());
        match status.as_u16() {
            200 => problems
                .extend(openapi::validate(api, "GET", &template, 200, &body).err().into_iter().flatten()),
            303 | 410 => {}
            other => problems.push(format!("GET {path} answered {other}: {body}")),
        }
    }
    served
}

#[tokio::test]
async fn every_served_read_of_the_platform_is_as_published() {
    if !openapi::available(Api::Jira) {
        return;
    }
    let mut tour = Tour::start().await;
    tour.learn().await;
    let mut problems = Vec::new();
    let served = walk(&tour, Api::Jira, &mut problems).await;
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    insta::assert_json_snapshot!(served);
}

#[tokio::test]
async fn every_served_read_of_agile_is_as_published() {
    if !openapi::available(Api::Agile) {
        return;
    }
    let mut tour = Tour::start().await;
    let boards = tour.get("/rest/agile/1.0/board").await;
    tour.names.insert("boardId", boards["values"][0]["id"].to_string());
    let mut sprints = Vec::new();
    for board in boards["values"].as_array().unwrap() {
        let (status, page) =
            tour.send(Method::GET, &format!("/rest/agile/1.0/board/{}/sprint", board["id"]), None).await;
        if status == StatusCode::OK {
            tour.names.insert("boardId", board["id"].to_string());
            sprints.extend(page["values"].as_array().unwrap().iter().map(|it| it["id"].to_string()));
        }
    }
    tour.names.insert("sprintId", sprints.first().unwrap().clone());
    let mut problems = Vec::new();
    let agile = walk(&tour, Api::Agile, &mut problems).await;
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    insta::assert_json_snapshot!(agile);
}

#[tokio::test]
async fn every_read_by_post_is_as_published() {
    if !openapi::available(Api::Jira) {
        return;
    }
    let tour = Tour::start().await;
    let id = |name: &str| tour.names[name].parse::<u64>().unwrap();
    let calls = [
        (
            "search/jql",
            json!({ "jql": "project is not empty", "fields": ["*all"], "expand": "names,schema,changelog" }),
        ),
        ("search/approximate-count", json!({ "jql": "project is not empty" })),
        (
            "issue/bulkfetch",
            json!({ "issueIdsOrKeys": [tour.names["issueIdOrKey"]], "fields": ["*all"], "expand": ["changelog", "names"] }),
        ),
        ("comment/list", json!({ "ids": [id("comment")] })),
        ("worklog/list", json!({ "ids": [id("worklog")] })),
        ("changelog/bulkfetch", json!({ "issueIdsOrKeys": [tour.names["issueIdOrKey"]] })),
        (
            "jql/match",
            json!({ "issueIds": [id("issueIdOrKey")], "jqls": ["project is not empty", "nonsense = 1"] }),
        ),
        (
            "jql/parse",
            json!({ "queries": ["project = 1 AND a in (b, c()) OR NOT d is EMPTY ORDER BY e DESC", "="] }),
        ),
        (
            "permissions/check",
            json!({ "projectPermissions": [{ "permissions": ["BROWSE_PROJECTS"], "issues": [id("issueIdOrKey")], "projects": [id("projectId")] }], "globalPermissions": ["ADMINISTER"] }),
        ),
        ("permissions/project", json!({ "permissions": ["BROWSE_PROJECTS"] })),
    ];
    let mut problems = Vec::new();
    for (path, body) in calls {
        let template = format!("/rest/api/3/{path}");
        let (status, answer) = tour.send(Method::POST, &template, Some(body)).await;
        assert_eq!(status, StatusCode::OK, "{path}: {answer}");
        problems.extend(
            openapi::validate(Api::Jira, "POST", &template, 200, &answer).err().into_iter().flatten(),
        );
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

//! Somebody who calls the Jira of a sandbox's main site with e-mail and API token.

use http::{Method, StatusCode};
use reqwest::Response;
use serde_json::{Value, json};

use crate::support::Lab;

/// A caller.
pub(crate) struct Person<'l> {
    lab: &'l Lab,
    pub(crate) user: User<'l>,
}

/// What is known of a caller.
#[derive(Clone, Copy)]
pub(crate) struct User<'l> {
    pub(crate) account_id: &'l str,
    pub(crate) email: &'l str,
    pub(crate) api_token: &'l str,
    pub(crate) display_name: &'l str,
}

impl Lab {
    /// The administrator of the main site.
    pub(crate) fn administrator(&self) -> Person<'_> {
        self.people(true).next().unwrap()
    }

    /// The people who administer nothing.
    pub(crate) fn members(&self) -> impl Iterator<Item = Person<'_>> {
        self.people(false)
    }

    fn people(&self, administrators: bool) -> impl Iterator<Item = Person<'_>> {
        let wanted = self.info.users.iter().filter(move |user| user.is_admin == administrators);
        wanted.map(|user| {
            let user = User {
                account_id: &user.account_id,
                email: &user.email,
                api_token: &user.api_token,
                display_name: &user.display_name,
            };
            Person { lab: self, user }
        })
    }
}

impl Person<'_> {
    pub(crate) async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Response {
        let request = self.lab.http.request(method, self.lab.url(path));
        let request = request.basic_auth(self.user.email, Some(self.user.api_token));
        let request = match body {
            Some(body) => request.json(body),
            None => request,
        };
        request.send().await.unwrap()
    }

    /// Status and body of a call; a body that is no JSON is `null`.
    pub(crate) async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> (u16, Value) {
        let response = self.call(method, path, body).await;
        let status = response.status().as_u16();
        (status, serde_json::from_str(&response.text().await.unwrap()).unwrap_or(Value::Null))
    }

    /// The body of a read that must succeed.
    pub(crate) async fn get(&self, path: &str) -> Value {
        let (status, body) = self.send(Method::GET, path, None).await;
        assert_eq!(status, StatusCode::OK, "{path}: {body}");
        body
    }

    /// Status and body of a read.
    pub(crate) async fn try_get(&self, path: &str) -> (u16, Value) {
        self.send(Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        self.send(Method::POST, path, Some(&body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> (u16, Value) {
        self.send(Method::PUT, path, Some(&body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> (u16, Value) {
        self.send(Method::DELETE, path, None).await
    }

    /// One page of a search that must succeed.
    pub(crate) async fn search(&self, body: Value) -> Value {
        let (status, page) = self.post("/rest/api/3/search/jql", body.clone()).await;
        assert_eq!(status, StatusCode::OK, "{body}: {page}");
        page
    }

    /// The ids of a whole walk.
    pub(crate) async fn walk(&self, jql: &str, page_size: usize) -> Vec<String> {
        let mut request = json!({ "jql": jql, "maxResults": page_size });
        let mut ids = Vec::new();
        for _ in 0..1_000 {
            let page = self.search(request.clone()).await;
            ids.extend(
                page["issues"].as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap().to_owned()),
            );
            assert_eq!(page["isLast"].as_bool().unwrap(), page.get("nextPageToken").is_none());
            let Some(token) = page.get("nextPageToken") else { return ids };
            request["nextPageToken"] = token.clone();
        }
        panic!("the walk of {jql} does not end");
    }

    /// All issues a query finds, with all fields.
    pub(crate) async fn issues(&self, jql: &str) -> Vec<Value> {
        let mut found = Vec::new();
        for ids in self.walk(jql, 1_000).await.chunks(100) {
            let body = json!({ "issueIdsOrKeys": ids, "fields": ["*all"] });
            let (status, page) = self.post("/rest/api/3/issue/bulkfetch", body).await;
            assert_eq!(status, 200, "{page}");
            found.extend(page["issues"].as_array().unwrap().clone());
        }
        found
    }

    /// The first issue a query finds, with all fields.
    pub(crate) async fn first(&self, jql: &str) -> Value {
        let page = self.search(json!({ "jql": jql, "fields": ["*all"], "maxResults": 1 })).await;
        assert_eq!(page["issues"].as_array().map(Vec::len), Some(1), "{jql} finds nothing");
        page["issues"][0].clone()
    }

    /// Creates an issue in a company-managed software project and answers its short form.
    pub(crate) async fn create(&self, fields: Value) -> Value {
        let mut all = json!({ "project": { "key": self.project().await }, "issuetype": { "name": "Task" } });
        for (name, value) in fields.as_object().unwrap() {
            all[name] = value.clone();
        }
        let (status, body) = self.post("/rest/api/3/issue", json!({ "fields": all })).await;
        assert_eq!(status, 201, "{body}");
        body
    }

    /// Whether this person may browse a project; who merely administers one does not.
    pub(crate) async fn browses(&self, key: &str) -> bool {
        let page = self.get(&format!("/rest/api/3/project/search?keys={key}&action=browse")).await;
        page["total"] == 1
    }

    /// The key of a company-managed project this person administers.
    pub(crate) async fn project(&self) -> String {
        let page = self.get("/rest/api/3/project/search?action=edit").await;
        let projects = page["values"].as_array().unwrap();
        let found = projects.iter().find(|it| it["style"] == "classic" && it["projectTypeKey"] == "software");
        found.unwrap()["key"].as_str().unwrap().to_owned()
    }
}

/// An ADF document of one paragraph.
pub(crate) fn adf(text: &str) -> Value {
    json!({ "type": "doc", "version": 1, "content": [{ "type": "paragraph", "content": [{ "type": "text", "text": text }] }] })
}

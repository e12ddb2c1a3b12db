//! Jira Service Management of the sandbox, over the gateway.

mod clocks;
mod documents;
mod prices;
mod requests;
mod visibility;

use linkspan_sandbox::world::AccountType;
use linkspan_sandbox::{Options, SandboxInfo};
use reqwest::{Method, RequestBuilder};
use serde_json::Value;

use crate::openapi::{Api, assert_published, available, operations};
use crate::support::{Lab, answer, small};

/// Two service desks with enough requests to have some of everything.
pub(crate) fn desks() -> Options {
    Options { projects: 6, issues: 420, spaces: 10, pages: 120, users: 12, sites: 1, ..small() }
}

/// Somebody with a token that holds every scope.
struct Caller<'lab> {
    lab: &'lab Lab,
    token: String,
    account_id: String,
}

impl<'lab> Caller<'lab> {
    async fn new(lab: &'lab Lab, account_id: &str) -> Self {
        let order = serde_json::json!({ "account_id": account_id });
        let issued = lab.control("POST", "token", order).await;
        let token = issued["access_token"].as_str().unwrap().to_owned();
        Self { lab, token, account_id: account_id.to_owned() }
    }

    async fn admin(lab: &'lab Lab) -> Self {
        Self::new(lab, lab.admin()).await
    }

    /// A new token for the same account: an hour is over quickly on a moved clock.
    async fn again(&mut self) {
        *self = Self::new(self.lab, &self.account_id.clone()).await;
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let SandboxInfo { origin, sites, .. } = &self.lab.info;
        let url = format!("{origin}/ex/jira/{}{path}", sites[0].cloud_id);
        self.lab.http.request(method, url).bearer_auth(&self.token).header("X-ExperimentalApi", "opt-in")
    }

    /// Status and body of a JSM read.
    async fn get(&self, path: &str) -> (u16, Value) {
        let path = format!("/rest/servicedeskapi{path}");
        answer(self.request(Method::GET, &path).send().await.unwrap()).await
    }

    async fn read(&self, path: &str) -> Value {
        let (status, body) = self.get(path).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    /// Status and body of a JSM write. What succeeds must be as published.
    async fn send(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let path = format!("/rest/servicedeskapi{path}");
        let request = self.request(method.parse().unwrap(), &path);
        let request = if body.is_null() { request } else { request.json(&body) };
        let (status, body) = answer(request.send().await.unwrap()).await;
        if (200..300).contains(&status)
            && let Some(template) = template_of(method, &path)
        {
            assert_published(Api::ServiceManagement, &format!("{method} {template}"), status, &body);
        }
        (status, body)
    }

    /// Every entry of a paged list, a few at a time, following the links.
    async fn walk(&self, path: &str, limit: usize) -> Vec<Value> {
        let mut all = Vec::new();
        let joint = if path.contains('?') { '&' } else { '?' };
        let mut next = format!("{path}{joint}limit={limit}");
        for _ in 0..1_000 {
            let page = self.read(&next).await;
            let values = page["values"].as_array().unwrap_or_else(|| panic!("{path} is no list: {page}"));
            assert_eq!(page["size"].as_u64().unwrap(), values.len() as u64, "{path}");
            all.extend(values.iter().cloned());
            if page["isLastPage"] == true {
                assert!(page["_links"]["next"].is_null(), "{path}: {page}");
                return all;
            }
            let link = page["_links"]["next"].as_str().unwrap();
            link.split_once("/rest/servicedeskapi").unwrap().1.clone_into(&mut next);
        }
        panic!("{path} never ends");
    }

    /// The issue of a request in the Jira view, with all fields.
    async fn issue(&self, id: &str) -> Value {
        let path = format!("/rest/api/3/issue/{id}?fields=*all");
        let (status, body) = answer(self.request(Method::GET, &path).send().await.unwrap()).await;
        assert_eq!(status, 200, "{body}");
        body
    }

    /// Ids of the issues a query finds.
    async fn find(&self, jql: &str) -> Vec<String> {
        let body = serde_json::json!({ "jql": jql, "fields": ["id"], "maxResults": 100 });
        let request = self.request(Method::POST, "/rest/api/3/search/jql").json(&body);
        let (status, page) = answer(request.send().await.unwrap()).await;
        assert_eq!(status, 200, "{jql}: {page}");
        page["issues"].as_array().unwrap().iter().map(|it| text(&it["id"])).collect()
    }
}

/// The published template of a path.
fn template_of(method: &str, path: &str) -> Option<String> {
    let path = path.split('?').next().unwrap();
    let fits = |template: &str| {
        let (template, path): (Vec<&str>, Vec<&str>) =
            (template.split('/').collect(), path.split('/').collect());
        template.len() == path.len()
            && template.iter().zip(&path).all(|(own, given)| own.starts_with('{') || own == given)
    };
    let all = operations(Api::ServiceManagement).into_iter();
    let mut found = all.filter(|(own, template)| own == method && fits(template)).map(|(_, it)| it);
    let template = found.next();
    assert!(template.is_some() || !available(Api::ServiceManagement), "{method} {path} is not published");
    template
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

/// Account ids of the portal-only customers of the main site.
fn customers(lab: &Lab) -> Vec<String> {
    let state = lab.handle.state().world().main_site().read();
    let accounts = state.accounts().iter().map(|index| state.account(*index));
    let customers = accounts.filter(|account| account.account_type == AccountType::Customer);
    customers.map(|account| account.account_id.clone()).collect()
}

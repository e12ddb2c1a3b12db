//! Confluence of the sandbox, over HTTP.

mod adf;
mod classic;
mod documents;
mod extras;
mod paging;
mod removed;
mod search;
mod speed;
mod visibility;
mod writes;

use http::StatusCode;
use linkspan_sandbox::Options;
use reqwest::{Method, RequestBuilder};
use serde_json::Value;

use crate::support::{Lab, answer, small};

/// Enough spaces to have an archived one, a personal one and restricted ones, and enough pages to have folders.
pub(super) fn varied() -> Options {
    Options { spaces: 10, pages: 500, users: 16, groups: 6, projects: 1, issues: 5, sites: 1, ..small() }
}

/// Somebody with e-mail and API token on the main site's own host.
#[derive(Clone)]
pub(super) struct Person<'lab> {
    lab: &'lab Lab,
    pub(super) account_id: String,
    email: String,
    api_token: String,
}

impl<'lab> Person<'lab> {
    pub(super) fn everybody(lab: &'lab Lab) -> Vec<Self> {
        let people = lab.info.users.iter().map(|user| Self {
            lab,
            account_id: user.account_id.clone(),
            email: user.email.clone(),
            api_token: user.api_token.clone(),
        });
        people.collect()
    }

    pub(super) fn admin(lab: &'lab Lab) -> Self {
        Self::everybody(lab).swap_remove(0)
    }

    pub(super) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.lab.http.request(method, self.lab.url(path)).basic_auth(&self.email, Some(&self.api_token))
    }

    /// Status and body of a `GET`.
    pub(super) async fn get(&self, path: &str) -> (u16, Value) {
        answer(self.request(Method::GET, path).send().await.unwrap()).await
    }

    /// The body of a `GET` that must succeed.
    pub(super) async fn read(&self, path: &str) -> Value {
        let (status, body) = self.get(path).await;
        assert_eq!(status, StatusCode::OK.as_u16(), "{path}: {body}");
        body
    }

    /// Status and body of a request with a JSON body.
    pub(super) async fn send(&self, method: Method, path: &str, body: &Value) -> (u16, Value) {
        answer(self.request(method, path).json(body).send().await.unwrap()).await
    }

    /// Every entry of a v2 list, following `_links.next`, which must agree with the `Link` header.
    pub(super) async fn walk(&self, first: &str) -> Vec<Value> {
        let mut path = first.to_owned();
        let mut all = Vec::new();
        for _ in 0..10_000 {
            let response = self.request(Method::GET, &path).send().await.unwrap();
            let link = response
                .headers()
                .get("link")
                .map(|link| link.to_str().unwrap().to_owned())
                .unwrap_or_default();
            let (status, body) = answer(response).await;
            assert_eq!(status, 200, "{path}: {body}");
            all.extend(
                body["results"]
                    .as_array()
                    .unwrap_or_else(|| panic!("{path} is no list: {body}"))
                    .iter()
                    .cloned(),
            );
            let Some(next) = body["_links"]["next"].as_str() else {
                assert!(!link.contains("rel=\"next\""), "{path}: {link}");
                return all;
            };
            assert!(link.contains(&format!("<{next}>; rel=\"next\"")), "{path}: {link}");
            assert!(next.starts_with("/wiki/"), "{next} is relative to the site");
            next.clone_into(&mut path);
        }
        panic!("{first} never ends");
    }

    /// Every entry of a v1 list; its links are relative to the site's base, which ends in `/wiki`.
    pub(super) async fn walk_v1(&self, first: &str) -> Vec<Value> {
        let mut path = first.to_owned();
        let mut all = Vec::new();
        for _ in 0..10_000 {
            let body = self.read(&path).await;
            let results = body["results"].as_array().unwrap_or_else(|| panic!("{path} is no list: {body}"));
            assert_eq!(body["size"].as_u64().unwrap(), results.len() as u64);
            all.extend(results.iter().cloned());
            match body["_links"]["next"].as_str() {
                Some(next) => path = format!("/wiki{next}"),
                None => return all,
            }
        }
        panic!("{first} never ends");
    }
}

/// The `id` of each entry.
pub(super) fn ids(entries: &[Value]) -> Vec<String> {
    entries
        .iter()
        .map(|entry| entry["id"].as_str().unwrap_or_else(|| panic!("no id in {entry}")).to_owned())
        .collect()
}

pub(super) fn sorted(mut texts: Vec<String>) -> Vec<String> {
    texts.sort();
    texts
}

#[tokio::test]
async fn an_account_without_the_product_is_told_so_word_for_word() {
    let lab = Lab::with(varied()).await;
    let admin = Person::admin(&lab);
    let outsider = lab.handle.state().world().directory().iter().find(|account| {
        let state = lab.handle.state().world().main_site().read();
        let reader = state.reader(linkspan_sandbox::world::Viewer::Account(account.index));
        !account.api_token.is_empty()
            && state.is_present(account.index)
            && account.is_active()
            && !state.may_use_confluence(&reader)
            && !reader.admin
    });
    let Some(outsider) = outsider else {
        panic!("the world has nobody without Confluence");
    };
    let person = Person {
        email: outsider.email().to_owned(),
        api_token: outsider.api_token.clone(),
        account_id: outsider.account_id.clone(),
        ..admin
    };
    for path in ["/wiki/api/v2/spaces", "/wiki/rest/api/search?cql=type=page"] {
        let expected = serde_json::json!({ "message": "Current user not permitted to use Confluence", "statusCode": 403 });
        assert_eq!(person.get(path).await, (403, expected), "{path}");
    }
}

#[tokio::test]
async fn absent_and_hidden_content_answer_alike() {
    let lab = Lab::with(varied()).await;
    let admin = Person::admin(&lab);
    let expected = serde_json::json!({ "errors": [{ "status": 404, "code": "NOT_FOUND", "title": "Not Found", "detail": null }] });
    assert_eq!(admin.get("/wiki/api/v2/pages/1").await, (404, expected.clone()));
    assert_eq!(admin.get("/wiki/api/v2/nothing").await, (404, expected.clone()));
    let all = admin.walk("/wiki/api/v2/pages?limit=250").await;
    let mut hidden = 0;
    for person in Person::everybody(&lab).iter().skip(1) {
        for id in ids(&all).iter().take(40) {
            let (status, body) = person.get(&format!("/wiki/api/v2/pages/{id}")).await;
            if status != 200 {
                assert_eq!((status, body), (404, expected.clone()));
                hidden += 1;
            }
        }
    }
    assert!(hidden > 0, "everybody sees everything");
}

#[tokio::test]
async fn malformed_ids_and_parameters_are_named_in_a_400() {
    let lab = Lab::with(varied()).await;
    let admin = Person::admin(&lab);
    for path in [
        "/wiki/api/v2/pages/abc",
        "/wiki/api/v2/pages?limit=0",
        "/wiki/api/v2/pages?limit=-5",
        "/wiki/api/v2/pages?cursor=nonsense",
        "/wiki/api/v2/pages?sort=size",
        "/wiki/api/v2/pages?status=lost",
        "/wiki/api/v2/pages?body-format=view",
        "/wiki/api/v2/pages?space-id=x",
        "/wiki/api/v2/spaces?status=lost",
    ] {
        let (status, body) = admin.get(path).await;
        assert_eq!(status, 400, "{path}: {body}");
        assert_eq!(body["errors"][0]["code"], "INVALID_REQUEST_PARAMETER", "{path}: {body}");
    }
    for path in [
        "/wiki/rest/api/search",
        "/wiki/rest/api/search?cql=type%20page",
        "/wiki/rest/api/search?cql=colour=red",
        "/wiki/rest/api/group?limit=201",
    ] {
        let (status, body) = admin.get(path).await;
        assert_eq!((status, &body["statusCode"]), (400, &serde_json::json!(400)), "{path}: {body}");
        assert!(body["message"].as_str().unwrap().contains("BadRequestException"), "{body}");
    }
}

//! A started sandbox and the requests that every test makes.

use http::StatusCode;
use linkspan_sandbox::{Handle, Options, Sandbox, SandboxInfo};
use reqwest::{Client, RequestBuilder, Response};
use serde_json::{Value, json};

/// Scopes that a plain integration asks for.
pub(crate) const JIRA_SCOPES: &str = "read:jira-work read:jira-user offline_access";

/// A running sandbox with a client that follows no redirects.
pub(crate) struct Lab {
    pub(crate) handle: Handle,
    pub(crate) info: SandboxInfo,
    pub(crate) http: Client,
}

/// Three small sites at a fixed moment.
pub(crate) fn small() -> Options {
    Options {
        projects: 2,
        issues: 30,
        spaces: 2,
        pages: 12,
        users: 12,
        groups: 3,
        sites: 3,
        clock: Some("2026-03-01T10:15:00Z".parse().unwrap()),
        ..Options::default()
    }
}

impl Lab {
    pub(crate) async fn start() -> Self {
        Self::with(small()).await
    }

    pub(crate) async fn with(options: Options) -> Self {
        // A second installation in the same process changes nothing.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let handle = Sandbox::start(options).await.unwrap();
        let http = Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { info: handle.info(), handle, http }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.info.origin)
    }

    pub(crate) fn admin(&self) -> &str {
        &self.info.users[0].account_id
    }

    /// Somebody who does not administer the main site.
    pub(crate) fn member(&self) -> &str {
        &self.info.users.iter().find(|user| !user.is_admin).unwrap().account_id
    }

    pub(crate) fn site(&self, position: usize) -> &str {
        &self.info.sites[position].cloud_id
    }

    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        self.http.get(self.url(path))
    }

    pub(crate) fn post(&self, path: &str) -> RequestBuilder {
        self.http.post(self.url(path))
    }

    /// A control request that must succeed.
    pub(crate) async fn control(&self, method: &str, path: &str, body: Value) -> Value {
        let method = method.parse().unwrap();
        let request = self
            .http
            .request(method, self.url(&format!("/_sandbox/{path}")))
            .bearer_auth(&self.info.control_token);
        let response = request.json(&body).send().await.unwrap();
        let status = response.status();
        let text = response.text().await.unwrap();
        assert!(status.is_success(), "{path} answered {status}: {text}");
        if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap() }
    }

    pub(crate) async fn advance(&self, seconds: i64) {
        self.control("POST", "clock", json!({ "advance_seconds": seconds })).await;
    }

    /// An access token through the control plane.
    pub(crate) async fn token(&self, account_id: &str, scopes: &str) -> String {
        let order = json!({ "account_id": account_id, "scopes": scopes });
        let issued = self.control("POST", "token", order).await;
        issued["access_token"].as_str().unwrap().to_owned()
    }

    /// The consent form with its usual fields; `changes` replaces or adds some.
    pub(crate) fn consent_form(&self, changes: &[(&str, &str)]) -> Vec<(String, String)> {
        let mut form: Vec<(String, String)> = [
            ("audience", "api.atlassian.com"),
            ("client_id", &self.info.client_id),
            ("scope", JIRA_SCOPES),
            ("redirect_uri", &self.info.redirect_uri),
            ("state", "s-1"),
            ("response_type", "code"),
            ("prompt", "consent"),
            ("account_id", self.admin()),
            ("cloud_id", self.site(0)),
            ("decision", "accept"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec();
        for (name, value) in changes {
            form.retain(|(field, _)| field != name);
            form.push(((*name).to_owned(), (*value).to_owned()));
        }
        form
    }

    pub(crate) async fn submit(&self, form: &[(String, String)]) -> Response {
        self.post("/authorize").form(form).send().await.unwrap()
    }

    /// Consents and returns the code from the redirect.
    pub(crate) async fn code(&self, changes: &[(&str, &str)]) -> String {
        let response = self.submit(&self.consent_form(changes)).await;
        assert_eq!(response.status(), StatusCode::FOUND);
        query_of(&location(&response), "code").unwrap()
    }

    /// A call of the token endpoint: status and body.
    pub(crate) async fn token_call(&self, members: Value) -> (u16, Value) {
        let mut body = json!({ "client_id": self.info.client_id, "client_secret": self.info.client_secret });
        for (name, value) in members.as_object().unwrap() {
            body[name] = value.clone();
        }
        answer(self.post("/oauth/token").json(&body).send().await.unwrap()).await
    }

    pub(crate) async fn exchange(&self, code: &str) -> (u16, Value) {
        let redirect_uri = &self.info.redirect_uri;
        self.token_call(
            json!({ "grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri }),
        )
        .await
    }

    pub(crate) async fn refresh(&self, refresh_token: &str) -> (u16, Value) {
        self.token_call(json!({ "grant_type": "refresh_token", "refresh_token": refresh_token })).await
    }

    /// Consents and redeems the code.
    pub(crate) async fn linked(&self, changes: &[(&str, &str)]) -> Value {
        let (status, pair) = self.exchange(&self.code(changes).await).await;
        assert_eq!(status, 200, "{pair}");
        pair
    }

    /// The status of a Jira call with a bearer token.
    pub(crate) async fn myself(&self, access_token: &str, site: usize) -> u16 {
        let path = format!("/ex/jira/{}/rest/api/3/myself", self.site(site));
        self.get(&path).bearer_auth(access_token).send().await.unwrap().status().as_u16()
    }

    pub(crate) async fn resources(&self, access_token: &str) -> Value {
        let request = self.get("/oauth/token/accessible-resources").bearer_auth(access_token);
        answer(request.send().await.unwrap()).await.1
    }
}

/// Status and JSON body.
pub(crate) async fn answer(response: Response) -> (u16, Value) {
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

pub(crate) fn location(response: &Response) -> String {
    response.headers()["location"].to_str().unwrap().to_owned()
}

pub(crate) fn query_of(address: &str, name: &str) -> Option<String> {
    let address = url::Url::parse(address).unwrap();
    address.query_pairs().find(|(field, _)| field == name).map(|(_, value)| value.into_owned())
}

pub(crate) fn text<'a>(body: &'a Value, member: &str) -> &'a str {
    body[member].as_str().unwrap_or_else(|| panic!("no text `{member}` in {body}"))
}

//! Linking as customers and vendors meet it: the pages, the API around them, and every way in which it can fail.

mod clocked;
pub(crate) mod customer;
pub(crate) mod failures;
mod files;
mod input;
mod sites;
mod state;
mod success;
mod tenants;

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use linkspan_sandbox::Options;
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

pub(crate) use self::customer::Customer;
use self::customer::Page;
pub(crate) use self::failures::state_of;
use crate::support::{Running, Upstream, http, linkspan, run, stdout};

/// The vendor's name on the link page.
const VENDOR: &str = "Acme Tools";
/// Longest wait for a first sync of the smallest world.
const SYNC_PATIENCE: Duration = Duration::from_mins(1);

/// The smallest world that has something of everything.
pub(crate) fn tiny_world() -> Options {
    Options { projects: 2, issues: 12, spaces: 1, pages: 6, users: 12, groups: 4, ..Options::default() }
}

/// A sandbox inside the test, and the real server in front of it.
pub(crate) struct Linking {
    pub(crate) upstream: Upstream,
    pub(crate) server: Running,
    pub(crate) api_key: String,
    /// Where the server listens, whatever its public address is.
    address: String,
    /// The command line of the server.
    arguments: Vec<String>,
    pub(crate) data: TempDir,
    pub(crate) master_key: String,
}

/// What the vendor holds at the end of a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Linked {
    pub(crate) id: String,
    token: String,
}

impl Linking {
    pub(crate) async fn start() -> Self {
        Self::with(tiny_world(), &[]).await
    }

    /// A server with further arguments. Its callback is entered in the sandbox's console, as a vendor would.
    pub(crate) async fn with(world: Options, more: &[&str]) -> Self {
        Self::known_to(Upstream::start(world).await, more).await
    }

    /// A server in front of this sandbox, which knows its callback.
    pub(crate) async fn known_to(upstream: Upstream, more: &[&str]) -> Self {
        let linking = Self::serving(upstream, more);
        let callback = format!("{}/oauth/callback", linking.base_url());
        linking.console("authorization", &[("callback", &callback)]).await;
        linking
    }

    /// As [`Linking::with`], but nobody told Atlassian of the server's callback.
    async fn without_callback(world: Options, more: &[&str]) -> Self {
        Self::serving(Upstream::start(world).await, more)
    }

    fn serving(upstream: Upstream, more: &[&str]) -> Self {
        let data = tempfile::tempdir().unwrap();
        let key = stdout(&run(&["keys", "generate"]));
        let arguments = [
            "serve",
            "--json",
            "--vendor-name",
            VENDOR,
            "--data-dir",
            data.path().to_str().unwrap(),
            "--master-key",
            key.trim(),
            "--atlassian-origin",
            upstream.text("/origin"),
            "--client-id",
            upstream.text("/client_id"),
            "--client-secret",
            upstream.text("/client_secret"),
        ];
        let listen = if more.contains(&"--listen") { &[][..] } else { &["--listen", "127.0.0.1:0"] };
        let arguments = [&arguments[..], listen, more].concat();
        let server = Running::start(&arguments);
        let api_key = server.text("/api_key").to_owned();
        let listening_at = more.iter().skip_while(|it| **it != "--listen").nth(1);
        let address = listening_at.map_or(server.text("/base_url").to_owned(), |it| format!("http://{it}"));
        let arguments = arguments.into_iter().map(str::to_owned).collect();
        let master_key = key.trim().to_owned();
        Self { upstream, server, api_key, address, arguments, data, master_key }
    }

    /// The same server, killed as by a power cut and started again, perhaps on another port.
    pub(crate) fn restarted(self) -> Self {
        self.restarted_after(&[])
    }

    /// As [`Linking::restarted`], but each of these times the new one is killed so long after its start.
    pub(crate) fn restarted_after(self, killed: &[Duration]) -> Self {
        let Self { upstream, server, api_key, arguments, data, master_key, .. } = self;
        drop(server);
        let command: Vec<&str> = arguments.iter().map(String::as_str).collect();
        for &moment in killed {
            let mut starting = linkspan(&command);
            let mut starting = starting.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            std::thread::sleep(moment);
            starting.kill().unwrap();
            starting.wait().unwrap();
        }
        let server = Running::start(&command);
        let address = server.text("/base_url").to_owned();
        Self { upstream, server, api_key, address, arguments, data, master_key }
    }

    /// A second process over the same database, which keeps its files elsewhere.
    pub(crate) fn another(&self, files: &Path) -> Running {
        let arguments = self.arguments.iter().map(String::as_str);
        Running::start(&arguments.chain(["--attachment-dir", files.to_str().unwrap()]).collect::<Vec<_>>())
    }

    pub(crate) fn base_url(&self) -> &str {
        self.server.text("/base_url")
    }

    /// The cloud id of a site.
    pub(crate) fn site(&self, index: usize) -> &str {
        self.upstream.text(&format!("/sites/{index}/cloud_id"))
    }

    /// The account id of a person; the first one is the administrator.
    pub(crate) fn person(&self, index: usize) -> &str {
        self.upstream.text(&format!("/users/{index}/account_id"))
    }

    /// Sends a form of the sandbox's developer console for the server's app.
    pub(crate) async fn console(&self, screen: &str, form: &[(&str, &str)]) {
        let app = self.upstream.text("/client_id");
        let url = format!("{}/_sandbox/console/{app}/{screen}", self.upstream.text("/origin"));
        let status = http().post(url).form(form).send().await.unwrap().status();
        assert!(status.is_success(), "{screen}: {status}");
    }

    pub(crate) async fn fault(&self, fault: Value) {
        self.upstream.control.post("faults", &fault).await;
    }

    pub(crate) async fn clear_faults(&self) {
        let url = format!("{}/_sandbox/faults", self.upstream.text("/origin"));
        let request = http().delete(url).bearer_auth(self.upstream.text("/control_token"));
        assert!(request.send().await.unwrap().status().is_success());
    }

    /// The sites that Atlassian names for the next `count` times it is asked.
    pub(crate) async fn accessible_resources_are(&self, sites: Value, count: u64) {
        let path = "/oauth/token/accessible-resources";
        self.fault(json!({ "kind": "status", "status": 200, "path": path, "body": sites, "count": count }))
            .await;
    }

    pub(crate) async fn api(
        &self,
        method: Method,
        path: &str,
        account: Option<&Linked>,
        body: Option<&Value>,
    ) -> (u16, Value) {
        let mut request =
            http().request(method, format!("{}{path}", self.address)).bearer_auth(&self.api_key);
        if let Some(account) = account {
            request = request.header("X-Account-Token", &account.token);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        answer(request).await
    }

    pub(crate) async fn get(&self, path: &str, account: Option<&Linked>) -> (u16, Value) {
        self.api(Method::GET, path, account, None).await
    }

    /// A link token for a customer of this id.
    pub(crate) async fn link_token(&self, customer: &str, integration: &str) -> String {
        let category = if integration == "confluence" { "knowledgebase" } else { "ticketing" };
        let order = json!({
            "end_user_origin_id": customer,
            "end_user_organization_name": format!("{customer} Ltd"),
            "end_user_email_address": format!("it@{customer}.example"),
            "categories": [category],
            "integration": integration,
        });
        let (status, made) = self.api(Method::POST, "/api/ticketing/v1/link-token", None, Some(&order)).await;
        assert_eq!(status, 200, "{made}");
        made["link_token"].as_str().unwrap().to_owned()
    }

    /// The address of the link page of a token.
    pub(crate) fn link_page(&self, token: &str) -> String {
        format!("{}/link/{token}", self.base_url())
    }

    /// Starts the link of a token in a browser; gives the address of the consent screen.
    pub(crate) async fn start_link(&self, browser: &mut Customer, token: &str, integration: &str) -> String {
        let page =
            browser.post(&format!("{}/start", self.link_page(token)), &[("integration", integration)]).await;
        assert_eq!(page.status, 303, "{}", page.html);
        page.location.unwrap()
    }

    /// Consents as the administrator on a site; gives the address of the callback.
    pub(crate) async fn consent(&self, browser: &mut Customer, authorize_url: &str, site: usize) -> String {
        let choice = [("account_id", self.person(0)), ("cloud_id", self.site(site)), ("decision", "accept")];
        browser.consent(authorize_url, &choice).await.location.expect("a redirect to the callback")
    }

    /// Goes the whole way with a link token, up to the page that the callback shows.
    pub(crate) async fn pass(
        &self,
        browser: &mut Customer,
        token: &str,
        integration: &str,
        changes: &[(&str, &str)],
    ) -> Page {
        let authorize_url = self.start_link(browser, token, integration).await;
        let usual = [("account_id", self.person(0)), ("cloud_id", self.site(0)), ("decision", "accept")];
        let answer = browser.consent(&authorize_url, &[&usual[..], changes].concat()).await;
        browser.get(&answer.location.expect("a redirect to the callback")).await
    }

    /// Sends the page of sites with one of them chosen.
    async fn choose(&self, browser: &mut Customer, token: &str, page: &Page, cloud_id: &str) -> Page {
        let form = [("form_token", page.hidden("form_token")), ("cloud_id", cloud_id.to_owned())];
        let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        browser.post(&format!("{}/site", self.link_page(token)), &form).await
    }

    /// Exchanges the public token on the last page, as the vendor does.
    pub(crate) async fn exchange(&self, done: &Page) -> Linked {
        assert_eq!((done.status, done.heading().as_str()), (200, "✓ Connected"), "{}", done.html);
        let (status, made) =
            self.get(&format!("/api/ticketing/v1/account-token/{}", done.public_token()), None).await;
        assert_eq!(status, 200, "{made}");
        let text = |name: &str| made[name].as_str().unwrap().to_owned();
        Linked { id: text("id"), token: text("account_token") }
    }

    /// Links a customer to a site on which the administrator agrees for the first time.
    pub(crate) async fn link(&self, customer: &str, integration: &str) -> Linked {
        let token = self.link_token(customer, integration).await;
        let done = self.pass(&mut Customer::new(), &token, integration, &[]).await;
        self.exchange(&done).await
    }

    /// The same on one of several sites.
    pub(crate) async fn link_site(&self, customer: &str, integration: &str, site: usize) -> Linked {
        let token = self.link_token(customer, integration).await;
        let (mut browser, cloud_id) = (Customer::new(), self.site(site));
        let page = self.pass(&mut browser, &token, integration, &[("cloud_id", cloud_id)]).await;
        // Whoever consented on other sites before chooses among them.
        let done = if page.heading() == "✓ Connected" {
            page
        } else {
            self.choose(&mut browser, &token, &page, cloud_id).await
        };
        self.exchange(&done).await
    }

    /// How many accounts are linked.
    pub(crate) async fn account_count(&self) -> usize {
        let (status, page) = self.get("/api/ticketing/v1/linked-accounts?page_size=100", None).await;
        assert_eq!(status, 200);
        page["results"].as_array().unwrap().len()
    }

    /// Waits until a list has records, and gives its first page.
    async fn first_records(&self, path: &str, account: &Linked) -> Vec<Value> {
        let began = Instant::now();
        loop {
            let (status, page) = self.get(path, Some(account)).await;
            assert_eq!(status, 200, "{path}: {page}");
            let records = page["results"].as_array().unwrap();
            if !records.is_empty() {
                return records.clone();
            }
            assert!(began.elapsed() < SYNC_PATIENCE, "{path} stays empty");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

impl Linking {
    /// Waits until everything of an account was read once.
    pub(crate) async fn settled(&self, account: &Linked) {
        let category = if self.get("/api/ticketing/v1/tickets", Some(account)).await.0 == 401 {
            "knowledgebase"
        } else {
            "ticketing"
        };
        let began = Instant::now();
        loop {
            let path = format!("/api/{category}/v1/sync-status?page_size=100");
            let models = self.first_records(&path, account).await;
            if models.iter().all(|model| model["status"] == "DONE" && model["is_initial_sync"] == false) {
                return;
            }
            assert!(began.elapsed() < SYNC_PATIENCE, "{models:?}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

/// Status and JSON body; `null` without one.
async fn answer(request: reqwest::RequestBuilder) -> (u16, Value) {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::Null))
}

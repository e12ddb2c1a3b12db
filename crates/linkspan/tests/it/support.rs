//! What the tests of the binary have in common: starting it, talking to it, ending it.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Once;
use std::thread::JoinHandle;
use std::time::Duration;

use axum::Router;
use linkspan_sandbox::{Handle, Options, Sandbox};
use serde_json::{Value, json};
use tokio::task::JoinSet;

/// A world that is read in a moment: `demo` and `sandbox` take these.
pub(crate) const SMALL: [&str; 12] = [
    "--projects",
    "3",
    "--issues",
    "150",
    "--spaces",
    "2",
    "--pages",
    "60",
    "--users",
    "25",
    "--groups",
    "5",
];

/// The binary, with none of the tester's own settings in its environment.
pub(crate) fn linkspan(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_linkspan"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("LINKSPAN_") {
            command.env_remove(name);
        }
    }
    command.args(arguments).stdin(Stdio::null());
    command
}

/// Runs the binary to its end.
pub(crate) fn run(arguments: &[&str]) -> Output {
    linkspan(arguments).output().unwrap()
}

pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// The one JSON line that a command printed, and nothing else.
pub(crate) fn only_line(output: &Output) -> Value {
    let text = stdout(output);
    let line = text.strip_suffix('\n').unwrap_or_else(|| panic!("no line: {text:?} {}", stderr(output)));
    assert!(!line.contains('\n'), "more than one line: {text}");
    serde_json::from_str(line).unwrap()
}

/// A command that keeps running, with the line it printed when it was ready. Killed when dropped.
pub(crate) struct Running {
    child: Child,
    pub(crate) line: Value,
    rest: Option<JoinHandle<String>>,
    errors: Option<JoinHandle<String>>,
}

impl Running {
    /// Starts a command that has `--json` and waits for its line.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut command = linkspan(arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut errors = child.stderr.take().unwrap();
        // Read to the end, so that the child never waits for room in the pipe.
        let errors = std::thread::spawn(move || {
            let mut text = String::new();
            errors.read_to_string(&mut text).unwrap();
            text
        });
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        let Ok(line) = serde_json::from_str(&line) else {
            panic!("no JSON line but {line:?}; {}", errors.join().unwrap());
        };
        let rest = std::thread::spawn(move || {
            let mut text = String::new();
            out.read_to_string(&mut text).unwrap();
            text
        });
        Self { child, line, rest: Some(rest), errors: Some(errors) }
    }

    pub(crate) fn text(&self, pointer: &str) -> &str {
        self.line.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("no {pointer}"))
    }

    /// Lets the peak begin anew at what it uses now.
    pub(crate) fn forget_peak_memory(&self) {
        // Of what the file takes, 5 means the peak alone (proc(5), since Linux 4.0).
        let _ = std::fs::write(format!("/proc/{}/clear_refs", self.child.id()), "5");
    }

    /// The most memory it has used so far, in bytes; `None` where the system does not tell (it does on Linux).
    pub(crate) fn peak_memory(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
    }

    /// Ends it as a supervisor does, and gives exit code, further standard output, and standard error.
    pub(crate) fn terminate(mut self) -> (Option<i32>, String, String) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        let code = self.child.wait().unwrap().code();
        let read = |thread: Option<JoinHandle<String>>| thread.unwrap().join().unwrap();
        (code, read(self.rest.take()), read(self.errors.take()))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A client whose bounds fit any test.
pub(crate) fn http() -> reqwest::Client {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
    reqwest::Client::builder().timeout(Duration::from_mins(2)).no_proxy().build().unwrap()
}

/// The API of a running demo or server, as one linked account.
pub(crate) struct Api {
    http: reqwest::Client,
    base_url: String,
    key: String,
    account_token: String,
}

impl Api {
    pub(crate) fn of(demo: &Running, integration: &str) -> Self {
        Self {
            http: http(),
            base_url: demo.text("/base_url").to_owned(),
            key: demo.text("/api_key").to_owned(),
            account_token: demo.text(&format!("/account_tokens/{integration}")).to_owned(),
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let request = self.http.get(format!("{}{path}", self.base_url)).bearer_auth(&self.key);
        let response = request.header("X-Account-Token", &self.account_token).send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        response.json().await.unwrap()
    }

    /// Every record of a list, page after page; `path` has a query.
    pub(crate) async fn all(&self, path: &str) -> Vec<Value> {
        let mut records = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = self.get(&format!("{path}{cursor}")).await;
            records.extend(page["results"].as_array().unwrap().iter().cloned());
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return records,
            }
        }
    }
}

/// The control plane of a sandbox that printed this line.
pub(crate) struct Control {
    http: reqwest::Client,
    origin: String,
    token: String,
}

impl Control {
    pub(crate) fn of(sandbox: &Value) -> Self {
        let text = |name: &str| sandbox[name].as_str().unwrap().to_owned();
        Self { http: http(), origin: text("origin"), token: text("control_token") }
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let url = format!("{}/_sandbox/{path}", self.origin);
        let response = self.http.get(url).bearer_auth(&self.token).send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        response.json().await.unwrap()
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Value {
        let url = format!("{}/_sandbox/{path}", self.origin);
        let response = self.http.post(url).bearer_auth(&self.token).json(body).send().await.unwrap();
        let status = response.status();
        let text = response.text().await.unwrap();
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }
}

/// A small sandbox inside the test, for `sync --once`.
pub(crate) struct Upstream {
    /// The sandbox itself, for changes that no request makes.
    pub(crate) handle: Handle,
    pub(crate) info: Value,
    pub(crate) control: Control,
}

impl Upstream {
    pub(crate) async fn start(options: Options) -> Self {
        let handle = Sandbox::start(options).await.unwrap();
        let info = serde_json::to_value(handle.info()).unwrap();
        let control = Control::of(&info);
        Self { handle, info, control }
    }

    pub(crate) fn text(&self, pointer: &str) -> &str {
        self.info.pointer(pointer).and_then(Value::as_str).unwrap()
    }

    /// A refresh token of the administrator's, of a grant of its own.
    pub(crate) async fn refresh_token(&self) -> String {
        let order = json!({ "account_id": self.text("/users/0/account_id") });
        let issued = self.control.post("token", &order).await;
        issued["refresh_token"].as_str().unwrap().to_owned()
    }

    /// `sync --once --json` into a directory.
    pub(crate) fn sync(&self, product: &str, refresh_token: Option<&str>, directory: &Path) -> Command {
        let mut command = linkspan(&["sync", "--once", "--json", "--product", product]);
        command
            .args(["--atlassian-origin", self.text("/origin")])
            .args(["--cloud-id", self.text("/sites/0/cloud_id")])
            .env("LINKSPAN_CLIENT_ID", self.text("/client_id"))
            .env("LINKSPAN_CLIENT_SECRET", self.text("/client_secret"))
            .arg("--data-dir")
            .arg(directory);
        if let Some(token) = refresh_token {
            command.env("LINKSPAN_REFRESH_TOKEN", token);
        }
        command
    }
}

/// A small world for [`Upstream`].
pub(crate) fn small_world() -> Options {
    Options { projects: 3, issues: 150, spaces: 2, pages: 60, users: 25, groups: 5, ..Options::default() }
}

/// The data folder beside the workspace; `None`, with a line that says so, when it is absent.
pub(crate) fn shared_data() -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    if path.is_dir() {
        return Some(path);
    }
    println!("skipped: there is no ../shared/data beside the workspace");
    None
}

/// Serves a receiver of webhooks for as long as the second value lives; the first is its address.
pub(crate) async fn receiving(service: Router) -> (String, JoinSet<()>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let mut serving = JoinSet::new();
    serving.spawn(async move { axum::serve(listener, service).await.unwrap() });
    (url, serving)
}

/// The shape of a JSON value: every leaf by the name of its type, lists by their first element.
pub(crate) fn shape(value: &Value) -> Value {
    match value {
        Value::Null => json!("null"),
        Value::Bool(_) => json!("boolean"),
        Value::Number(_) => json!("number"),
        Value::String(_) => json!("string"),
        Value::Array(items) => items.iter().take(1).map(shape).collect(),
        Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), shape(value))).collect(),
    }
}

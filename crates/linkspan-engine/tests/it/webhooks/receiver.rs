//! A receiver that keeps what it got and answers as it is told.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use serde_json::Value;
use tokio::task::JoinSet;

/// A request that arrived.
#[derive(Clone, Debug)]
pub(super) struct Got {
    pub(super) headers: HeaderMap,
    pub(super) raw: Bytes,
    pub(super) body: Value,
    pub(super) status: u16,
}

impl Got {
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    pub(super) fn event_id(&self) -> String {
        self.header("webhook-id").to_owned()
    }

    pub(super) fn kind(&self) -> String {
        self.body["type"].as_str().unwrap_or_default().to_owned()
    }

    pub(super) fn record(&self) -> String {
        self.body["data"]["record"]["id"].as_str().unwrap_or_default().to_owned()
    }
}

#[derive(Default)]
struct Plan {
    got: Vec<Got>,
    /// Statuses of the next answers; afterwards `usual`.
    next: VecDeque<u16>,
    usual: u16,
    /// Records whose events are refused.
    refused: Vec<String>,
    delay: Duration,
    answer: String,
    location: Option<String>,
}

pub(super) struct Receiver {
    pub(super) url: String,
    plan: Arc<Mutex<Plan>>,
    _serving: JoinSet<()>,
}

impl Receiver {
    pub(super) async fn start() -> Self {
        let plan = Arc::new(Mutex::new(Plan { usual: 200, ..Plan::default() }));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let service = Router::new().fallback(receive).with_state(Arc::clone(&plan));
        let mut serving = JoinSet::new();
        serving.spawn(async move { axum::serve(listener, service).await.unwrap() });
        Self { url, plan, _serving: serving }
    }

    fn with<T>(&self, act: impl FnOnce(&mut Plan) -> T) -> T {
        act(&mut self.plan.lock().unwrap())
    }

    pub(super) fn got(&self) -> Vec<Got> {
        self.with(|plan| plan.got.clone())
    }

    /// What arrived since the last look.
    pub(super) fn take(&self) -> Vec<Got> {
        self.with(|plan| std::mem::take(&mut plan.got))
    }

    pub(super) fn answers(&self, status: u16) {
        self.with(|plan| plan.usual = status);
    }

    pub(super) fn answers_next(&self, statuses: &[u16]) {
        self.with(|plan| plan.next.extend(statuses));
    }

    pub(super) fn refuses(&self, records: &[String]) {
        self.with(|plan| plan.refused = records.to_vec());
    }

    pub(super) fn waits(&self, delay: Duration) {
        self.with(|plan| plan.delay = delay);
    }

    pub(super) fn says(&self, answer: &str) {
        self.with(|plan| answer.clone_into(&mut plan.answer));
    }

    pub(super) fn redirects_to(&self, location: &str) {
        self.with(|plan| plan.location = Some(location.to_owned()));
        self.answers(307);
    }
}

async fn receive(State(plan): State<Arc<Mutex<Plan>>>, headers: HeaderMap, raw: Bytes) -> impl IntoResponse {
    let delay = plan.lock().unwrap().delay;
    tokio::time::sleep(delay).await;
    let mut plan = plan.lock().unwrap();
    let body: Value = serde_json::from_slice(&raw).unwrap_or_default();
    let record = body["data"]["record"]["id"].as_str().unwrap_or_default().to_owned();
    let planned = plan.next.pop_front().unwrap_or(plan.usual);
    let status = if plan.refused.contains(&record) { 500 } else { planned };
    plan.got.push(Got { headers, raw, body, status });
    let mut more = HeaderMap::new();
    if let Some(location) = &plan.location {
        more.insert("location", location.parse().unwrap());
    }
    (StatusCode::from_u16(status).unwrap(), more, plan.answer.clone())
}

//! Counts since the start or the last reset, for tests and benchmarks.

use std::collections::BTreeMap;

use serde::Serialize;

/// The running counts.
#[derive(Debug, Default)]
pub struct Stats(StatsReport);

/// `GET /_sandbox/stats`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct StatsReport {
    /// Points spent by all apps.
    pub points: u64,
    /// Points by operation.
    pub points_by_operation: BTreeMap<String, u64>,
    /// Requests answered on every simulated Atlassian host.
    pub requests: u64,
    /// Requests by operation and status.
    pub requests_by_operation: BTreeMap<String, BTreeMap<u16, u64>>,
    /// Requests to the token endpoint.
    pub token_calls: u64,
}

impl Stats {
    /// Notes an answered request and what it cost.
    pub fn note(&mut self, operation: &str, status: u16, points: u64) {
        let report = &mut self.0;
        report.requests += 1;
        report.points += points;
        if points > 0 {
            *report.points_by_operation.entry(operation.to_owned()).or_default() += points;
        }
        let by_status = report.requests_by_operation.entry(operation.to_owned()).or_default();
        *by_status.entry(status).or_default() += 1;
    }

    /// Notes a call of the token endpoint.
    pub fn note_token_call(&mut self) {
        self.0.token_calls += 1;
    }

    /// The counts so far.
    pub fn report(&self) -> &StatsReport {
        &self.0
    }

    /// Starts anew.
    pub fn reset(&mut self) {
        self.0 = StatsReport::default();
    }
}

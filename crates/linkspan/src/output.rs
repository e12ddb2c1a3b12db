//! What the commands print. Standard output carries results alone (with `--json`: exactly one line); everything said on
//! the way goes to standard error. The structs here are the contract of the `--json` lines: other programs rely on them.

use std::collections::BTreeMap;
use std::io::Write as _;

use linkspan_atlassian::calls::{ScopesCompared, ScopesOfApi};
use linkspan_sandbox::SandboxInfo;
use serde::Serialize;

use crate::console::Stderr;

/// The line of `demo --json`.
#[derive(Debug, Serialize)]
pub(crate) struct DemoLine<'a> {
    pub(crate) base_url: &'a str,
    pub(crate) api_key: &'a str,
    pub(crate) account_tokens: &'a AccountTokens,
    /// The dashboard; who has no session there is asked for an API key.
    pub(crate) dashboard_url: &'a str,
    pub(crate) admin_password: &'a str,
    pub(crate) sandbox: &'a SandboxInfo,
    pub(crate) counts: DemoCounts,
}

/// The account tokens of the demo customer, by integration.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct AccountTokens {
    pub(crate) jira: String,
    pub(crate) jira_service_management: String,
    pub(crate) confluence: String,
}

/// What the demo customer's site came to.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct DemoCounts {
    pub(crate) tickets: u64,
    /// Comments of tickets.
    pub(crate) comments: u64,
    pub(crate) articles: u64,
    /// Organizations of customers.
    pub(crate) accounts: u64,
    /// Customers.
    pub(crate) contacts: u64,
}

/// The line of `serve --json`.
#[derive(Debug, Serialize)]
pub(crate) struct ServeLine<'a> {
    pub(crate) base_url: &'a str,
    /// The first API key, when this start made it.
    pub(crate) api_key: Option<&'a str>,
    /// The dashboard; who has no session there is asked for an API key.
    pub(crate) dashboard_url: &'a str,
    /// Opens the set-up guide once; only while no OAuth app is registered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) setup_url: Option<&'a str>,
}

/// The line of `sync --once --json`.
#[derive(Debug, Serialize)]
pub(crate) struct SyncLine<'a> {
    /// Records by the plural of their model.
    pub(crate) counts: &'a BTreeMap<&'static str, u64>,
    pub(crate) seconds: f64,
    pub(crate) points: u64,
    pub(crate) requests: u64,
    /// Absent (`null`) where the system does not tell.
    pub(crate) peak_memory_mb: Option<u64>,
    /// The newest one: the one given may have been used up.
    pub(crate) refresh_token: Option<&'a str>,
}

/// The line of `scopes --json`.
#[derive(Debug, Serialize)]
pub(crate) struct ScopesLine<'a> {
    pub(crate) family: &'static str,
    pub(crate) products: Vec<&'static str>,
    pub(crate) features: Vec<&'static str>,
    /// The list as OAuth writes it.
    pub(crate) scope: String,
    /// How many there are; from 50 on the consent address has been seen failing.
    pub(crate) count: usize,
    pub(crate) too_long: bool,
    /// The list as the developer console shows it.
    pub(crate) console: Vec<ScopesOfApi<'a>>,
    /// Only with `--compare`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) comparison: Option<&'a ScopesCompared>,
}

/// Prints one JSON line on standard output.
pub(crate) fn json_line(value: &impl Serialize) -> anyhow::Result<()> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    write(&line)
}

/// Prints a text on standard output.
pub(crate) fn text(text: &str) -> anyhow::Result<()> {
    write(text.as_bytes())
}

fn write(bytes: &[u8]) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()?;
    Ok(())
}

/// Says something on standard error. Nobody may be listening; that is no failure.
pub(crate) fn note(text: &str) {
    let _ = Stderr.write_all(format!("{text}\n").as_bytes());
}

/// A number as people read it: `14,187`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A list of counts in one line: `14,187 tickets, 50,447 comments`.
pub(crate) fn counted(counts: impl IntoIterator<Item = (&'static str, u64)>) -> String {
    let parts: Vec<String> =
        counts.into_iter().map(|(name, count)| format!("{} {name}", grouped(count))).collect();
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(14_187), "14,187");
        assert_eq!(grouped(1_000_000), "1,000,000");
    }
}

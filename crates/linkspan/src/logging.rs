//! Logs: structured, on standard error.

use tracing_subscriber::EnvFilter;

use crate::console::{self, Stderr};
use crate::failure::misuse;

/// Starts logging what `filter` lets through, as text or as JSON lines.
pub(crate) fn start(filter: &str, as_json: bool) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(filter).map_err(|error| {
        misuse(format!("--log `{filter}` is no filter ({error}): give a level such as `info`, or `linkspan_engine=debug,warn`"))
    })?;
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(Stderr);
    let started = if as_json {
        logs.json().flatten_event(true).try_init()
    } else {
        logs.with_ansi(console::is_watched()).try_init()
    };
    started.map_err(|error| anyhow::anyhow!("logging cannot be started: {error}"))
}

//! The `linkspan` program: reads the command line, wires the crates together, and says in words what happens.

mod browser;
mod cli;
mod cmd;
mod compose;
mod console;
mod failure;
mod home;
mod html_form;
mod listen;
mod logging;
mod memory;
mod output;
mod progress;
mod signals;

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser as _;
use tokio_util::sync::CancellationToken;

use crate::cli::{Cli, Command};

/// A sync makes and drops small strings by the million: with this allocator it takes a tenth less processor time than with
/// the system's (`docs/performance.md`).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How long blocking work may go on after the command has ended.
const BLOCKING_PATIENCE: Duration = Duration::from_secs(2);

fn main() -> ExitCode {
    let cli = Cli::parse();
    match start(cli) {
        Ok(code) => code,
        Err(error) => failure::explain(&error),
    }
}

fn start(cli: Cli) -> anyhow::Result<ExitCode> {
    logging::start(&cli.log, cli.log_json)?;
    match cli.command {
        Command::Demo(args) => on_runtime(|stop| cmd::demo::run(args, stop)),
        Command::Serve(args) => on_runtime(|stop| cmd::serve::run(args, stop)),
        Command::Sandbox(args) => on_runtime(|stop| cmd::sandbox::run(args, stop)),
        Command::Sync(args) => on_runtime(|stop| cmd::sync::run(args, stop)),
        Command::Scopes(args) => on_runtime(async move |_| cmd::scopes::run(&args).await),
        Command::Doctor(args) => on_runtime(async move |_| cmd::doctor::run(&args).await),
        Command::App(command) => on_runtime(async move |_| cmd::app::run(command).await),
        Command::Keys(command) => cmd::keys::run(&command),
    }
}

/// Carries out a command that uses the network. The first signal cancels the token it is handed.
fn on_runtime<F>(command: impl FnOnce(CancellationToken) -> F) -> anyhow::Result<ExitCode>
where
    F: Future<Output = anyhow::Result<ExitCode>>,
{
    // Every TLS connection of the process goes through this provider.
    if rustls::crypto::ring::default_provider().install_default().is_err() {
        tracing::debug!("a TLS provider was installed before");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let result = runtime.block_on(async {
        let signals = signals::listen()?;
        command(signals.stop()).await
    });
    // Blocking work that a stop left behind must not keep the process.
    runtime.shutdown_timeout(BLOCKING_PATIENCE);
    result
}

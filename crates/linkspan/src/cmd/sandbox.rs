//! `linkspan sandbox`: only the simulator.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::process::ExitCode;

use linkspan_sandbox::{Options, Sandbox, SandboxInfo};
use tokio_util::sync::CancellationToken;

use crate::cli;
use crate::output;

pub(crate) async fn run(args: cli::Sandbox, stop: CancellationToken) -> anyhow::Result<ExitCode> {
    let options = options(&args.world, args.listen, args.redirect_uri.as_str());
    let sandbox = tokio::select! {
        started = Sandbox::start(options) => started?,
        () = stop.cancelled() => return Ok(ExitCode::SUCCESS),
    };
    let info = sandbox.info();
    if args.json {
        output::json_line(&info)?;
    } else {
        output::text(&in_words(&info))?;
    }
    stop.cancelled().await;
    sandbox.stop().await;
    Ok(ExitCode::SUCCESS)
}

/// What the simulator is started with; what the command line leaves open is the simulator's own choice.
pub(crate) fn options(world: &cli::World, listen: SocketAddr, redirect_uri: &str) -> Options {
    let usual = Options::default();
    Options {
        listen,
        seed: world.seed,
        projects: world.projects.unwrap_or(usual.projects),
        issues: world.issues.unwrap_or(usual.issues),
        spaces: world.spaces.unwrap_or(usual.spaces),
        pages: world.pages.unwrap_or(usual.pages),
        users: world.users.unwrap_or(usual.users),
        groups: world.groups.unwrap_or(usual.groups),
        dataset: world.dataset.clone(),
        latency_ms: world.latency_ms,
        points_quota: world.points_quota,
        clock: world.clock,
        redirect_uri: redirect_uri.to_owned(),
        sites: world.sites,
    }
}

fn in_words(info: &SandboxInfo) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = writeln!(text, "Sandbox of Atlassian Cloud at {}", info.origin);
    let _ = writeln!(text, "  developer console  {}/_sandbox/console", info.origin);
    let _ = writeln!(text, "  client id          {}", info.client_id);
    let _ = writeln!(text, "  client secret      {}", info.client_secret);
    let _ = writeln!(text, "  callback URL       {}", info.redirect_uri);
    let _ = writeln!(text, "  control token      {}", info.control_token);
    for site in &info.sites {
        let _ =
            writeln!(text, "  site               {} ({}, cloud id {})", site.name, site.url, site.cloud_id);
    }
    text.push_str("People, with the API token that is their password for basic authentication:\n");
    for user in &info.users {
        let role = if user.is_admin { " (admin)" } else { "" };
        let _ = writeln!(text, "  {}{role}  {}  {}", user.display_name, user.email, user.api_token);
    }
    let _ = writeln!(text, "\nServe it:\n  linkspan serve --atlassian-origin {} \\", info.origin);
    let _ = writeln!(text, "      --client-id {} --client-secret {}", info.client_id, info.client_secret);
    text.push_str("\nCtrl-C stops it.\n");
    text
}

//! `linkspan sync --once`: reads one site into a directory, without a server.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use linkspan_engine::files::FileSettings;
use linkspan_engine::sync::SyncReport;
use linkspan_engine::{EngineError, Vendor};
use linkspan_model::ids::SourceId;
use linkspan_model::product::Product;
use linkspan_model::record::Model;
use linkspan_model::secret::Secret;
use linkspan_vault::KeyRing;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::cli;
use crate::compose::{Core, Plan};
use crate::failure::{INTERRUPTED, misuse};
use crate::home::Home;
use crate::memory;
use crate::output::{self, SyncLine, counted, grouped, note};
use crate::progress::{self, Display};

pub(crate) async fn run(args: cli::Sync, stop: CancellationToken) -> anyhow::Result<ExitCode> {
    let (Some(client_id), Some(client_secret)) = (&args.app.client_id, &args.app.client_secret) else {
        return Err(misuse(
            "give the OAuth app with --client-id and --client-secret (or LINKSPAN_CLIENT_ID and LINKSPAN_CLIENT_SECRET)",
        ));
    };
    let started = Instant::now();
    let home = Home::open(&args.storage)?;
    let core = Core::open(Plan {
        database: home.database(),
        // What is kept is sealed for whoever has the client secret, which this command is given at every start.
        ring: KeyRing::derived_from(client_secret),
        atlassian_origin: args.atlassian_origin.as_ref(),
        vendor: Vendor { name: "linkspan sync".to_owned(), public_url: Url::parse("http://localhost")? },
        // No worker runs here.
        sync_every: Duration::from_mins(1),
        index_lag: linkspan_engine::sync::INDEX_LAG,
        features: args.want.features(),
        custom_content_types: args.extras.custom_content_types.clone(),
        census: linkspan_engine::CensusSettings::default(),
        files: FileSettings::default(),
        identity_redirects: Vec::new(),
        webhook_networks: Vec::new(),
        points_per_hour: args.extras.points_per_hour,
    })
    .await
    .with_context(|| {
        format!(
            "cannot use {} (it belongs to the client secret it was first used with)",
            home.directory().display()
        )
    })?;

    let work = read(&core, client_id, client_secret, &args);
    let outcome = tokio::select! {
        outcome = work => outcome,
        () = stop.cancelled() => Err(EngineError::Stopped.into()),
    };
    let ended = match outcome {
        Ok((source, report)) => tell(&core, source, &report, started, &args).await,
        Err(error) if matches!(error.downcast_ref(), Some(EngineError::Stopped)) => {
            note("interrupted; the same command goes on from here");
            Ok(ExitCode::from(INTERRUPTED))
        }
        Err(error) => Err(error),
    };
    core.shut_down().await;
    ended
}

async fn read(
    core: &Core,
    client_id: &str,
    client_secret: &Secret,
    args: &cli::Sync,
) -> anyhow::Result<(SourceId, SyncReport)> {
    // The app has no callback: nobody links through it here.
    let app = core.engine.register_app(client_id, client_secret, "", "linkspan sync", Vec::new()).await?;
    let source =
        core.engine.adopt_grant(app, args.refresh_token.as_ref(), &args.cloud_id, args.product).await?;
    let done = CancellationToken::new();
    let label = args.product.as_str();
    let display = Display::suitable(args.json);
    let shown = progress::follow(core.engine.progress().clone(), source, label, display, done.clone());
    let work = async {
        let report = Box::pin(core.engine.sync_source(source)).await;
        done.cancel();
        report
    };
    let (report, ()) = tokio::join!(work, shown);
    Ok((source, report?))
}

/// Prints what the run came to. A stream that failed is a failure of the command, told after the result.
async fn tell(
    core: &Core,
    source: SourceId,
    report: &SyncReport,
    started: Instant,
    args: &cli::Sync,
) -> anyhow::Result<ExitCode> {
    let mut counts = Vec::new();
    for (model, name) in models_of(args.product) {
        counts.push((*name, core.store.count_records(source, *model, false).await?));
    }
    let refresh_token = match core.store.source(source).await? {
        Some(source) => core.engine.refresh_token_of(source.grant).await?,
        None => None,
    };
    let elapsed = started.elapsed();
    let peak_memory_mb = memory::peak_mb();
    if args.json {
        output::json_line(&SyncLine {
            counts: &counts.iter().copied().collect(),
            // Milliseconds are as exact as it gets.
            seconds: (elapsed.as_secs_f64() * 1000.0).round() / 1000.0,
            points: report.points,
            requests: report.requests,
            peak_memory_mb,
            refresh_token: refresh_token.as_ref().map(Secret::expose),
        })?;
    } else {
        let memory = peak_memory_mb.map(|mb| format!(", {mb} MB at the peak")).unwrap_or_default();
        output::text(&format!(
            "{} of {} is here: {}\n{:.1} s, {} points, {} requests{memory}\nRun the same command again to read what changed.\n",
            args.product,
            args.cloud_id,
            counted(counts),
            elapsed.as_secs_f64(),
            grouped(report.points),
            grouped(report.requests),
        ))?;
    }
    for (stream, why) in &report.failed {
        note(&format!("error: {} {stream} could not be read to the end: {why}", args.product));
    }
    Ok(if report.failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The models that a product's records have, by the plural of their names.
fn models_of(product: Product) -> &'static [(Model, &'static str)] {
    match product {
        Product::Jira => &[
            (Model::Ticket, "tickets"),
            (Model::Comment, "comments"),
            (Model::Attachment, "attachments"),
            (Model::Worklog, "worklogs"),
            (Model::Collection, "collections"),
            (Model::Role, "roles"),
            (Model::Tag, "tags"),
            (Model::User, "users"),
            (Model::Group, "groups"),
            (Model::Account, "accounts"),
            (Model::Contact, "contacts"),
        ],
        Product::Confluence => &[
            (Model::Article, "articles"),
            (Model::Comment, "comments"),
            (Model::Attachment, "attachments"),
            (Model::Container, "containers"),
            (Model::Tag, "tags"),
            (Model::User, "users"),
            (Model::Group, "groups"),
        ],
    }
}

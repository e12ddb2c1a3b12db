//! `linkspan demo`: simulator and server in one process, linked and synced, to try everything without a site.

mod customer;
mod summary;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use ipnet::IpNet;
use linkspan_atlassian::calls::Feature;
use linkspan_engine::sync::SyncReport;
use linkspan_engine::{AccountScope, Engine, EngineError, NewApp, Vendor};
use linkspan_model::entropy::Entropy;
use linkspan_model::ids::SourceId;
use linkspan_model::product::{AppPurpose, Integration, Product};
use linkspan_model::record::Model;
use linkspan_model::secret::Secret;
use linkspan_sandbox::{Sandbox, SandboxInfo};
use linkspan_server::WebhookBodies;
use linkspan_vault::opaque;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use url::Url;

use self::customer::VendorApi;
use self::summary::Summary;
use crate::cli;
use crate::compose::{self, Core, Plan, Server};
use crate::home::Home;
use crate::listen;
use crate::output::{self, AccountTokens, DemoCounts, DemoLine, note};
use crate::progress::{self, Display};

/// The name of the demo's API key; each start replaces it, because a key can be shown only once.
const KEY_NAME: &str = "demo";
/// What to look at when linking fails; the reason follows.
const LINKING_FAILED: &str = "the demo could not link its site (a data directory serves only the seed and data set it was first used with)";
/// What the demo's admin password begins with.
const PASSWORD: &str = "lsd_";
/// How often changes are read: soon enough to be seen by who edits something in the simulator.
const SYNC_EVERY: Duration = Duration::from_secs(30);

pub(crate) async fn run(args: cli::Demo, stop: CancellationToken) -> anyhow::Result<ExitCode> {
    let started = Instant::now();
    let home = Home::open_or_temporary(&args.storage)?;
    let ring = home.kept_key_ring(&Entropy::system())?;
    // Before the simulator, whose app is registered with the server's callback.
    let listener = listen::bind_or_fall_back(args.listen, listen::SERVER).await?;
    let base_url = listen::origin_of(listener.local_addr()?);
    let sandbox_address = match args.sandbox_listen {
        Some(address) => address,
        None => listen::free_or_any_port(listen::SANDBOX).await,
    };
    let callback = compose::callback_url(&base_url);
    let options = super::sandbox::options(&args.world, sandbox_address, &callback);
    let sandbox = tokio::select! {
        started = Sandbox::start(options) => started?,
        () = stop.cancelled() => return Ok(ExitCode::SUCCESS),
    };
    let info = sandbox.info();
    // Who tries things out receives webhooks on the same machine.
    let loopback = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
    let core = Core::open(Plan {
        database: home.database(),
        ring,
        atlassian_origin: Some(&Url::parse(&info.origin)?),
        vendor: Vendor { name: "Demo vendor".to_owned(), public_url: Url::parse(&base_url)? },
        sync_every: SYNC_EVERY,
        index_lag: linkspan_engine::sync::INDEX_LAG,
        features: Feature::usual(),
        custom_content_types: Vec::new(),
        census: linkspan_engine::CensusSettings::default(),
        files: home.files(&args.attachments),
        identity_redirects: Vec::new(),
        webhook_networks: loopback.map(IpNet::from).to_vec(),
        points_per_hour: None,
    })
    .await?;
    let app = NewApp {
        client_id: info.client_id.clone(),
        client_secret: Some(Secret::new(info.client_secret.as_str())),
        redirect_uri: callback,
        name: "Linkspan demo".to_owned(),
        scopes: core.engine.usual_scopes(AppPurpose::All),
    };
    core.engine.assign_app(AppPurpose::All, app).await?;
    let api_key = api_key(&core.engine).await?;
    let mut server = Server::start(listener, core.engine.clone())?;

    let demo = Demo { engine: core.engine.clone(), base_url, api_key, info, json: args.json, started };
    let result = tokio::select! {
        result = demo.link_and_sync() => match result {
            Ok(()) => {
                core.engine.start_worker();
                core.engine.start_deliveries(Arc::new(WebhookBodies));
                server.run_until(&stop).await
            }
            Err(error) => Err(error),
        },
        () = stop.cancelled() => Ok(()),
    };
    // The reader first, then what it reads from.
    server.shut_down().await;
    core.shut_down().await;
    sandbox.stop().await;
    result.map(|()| ExitCode::SUCCESS)
}

/// A new API key of the demo's name, in place of an older one.
async fn api_key(engine: &Engine) -> anyhow::Result<Secret> {
    match engine.regenerate_api_key(KEY_NAME).await {
        Ok(issued) => Ok(issued.key),
        Err(EngineError::NotFound) => Ok(engine.create_api_key(KEY_NAME).await?.key),
        Err(error) => Err(error.into()),
    }
}

struct Demo {
    engine: Engine,
    base_url: String,
    api_key: Secret,
    info: SandboxInfo,
    json: bool,
    started: Instant,
}

/// A reading that ended: which product's, and what it came to.
type Reading = (Product, Result<SyncReport, EngineError>);

impl Demo {
    /// Links the demo customer's three integrations, reads their two sources, and prints what came of it.
    async fn link_and_sync(&self) -> anyhow::Result<()> {
        let cloud_id = &self.info.sites.first().context("the simulator has no site")?.cloud_id;
        let mut vendor = VendorApi::new(&self.base_url, self.api_key.clone())?;
        let mut readings = JoinSet::new();
        let mut accounts: Vec<(Secret, AccountScope)> = Vec::new();
        for integration in Integration::ALL {
            let token = vendor.link(integration, cloud_id).await.context(LINKING_FAILED)?;
            let scope = self
                .engine
                .account_scope(&token)
                .await?
                .with_context(|| format!("the token of {integration} is not known"))?;
            // Two integrations may share a source; it is read once.
            let source = scope.source();
            if accounts.iter().all(|(_, other)| other.source().id != source.id) {
                readings.spawn(read(self.engine.clone(), source.id, source.product, self.json));
            }
            accounts.push((token, scope));
        }
        let mut failures = Vec::new();
        while let Some(reading) = readings.join_next().await {
            let (product, report) = reading?;
            let report = report.with_context(|| format!("{product} could not be read"))?;
            failures.extend(report.failed.into_iter().map(|(stream, why)| {
                format!("{product} {stream} could not be read to the end; it is tried again: {why}")
            }));
        }
        self.tell(&vendor, accounts, &failures).await
    }

    async fn tell(
        &self,
        vendor: &VendorApi,
        accounts: Vec<(Secret, AccountScope)>,
        failures: &[String],
    ) -> anyhow::Result<()> {
        for failure in failures {
            note(&format!("error: {failure}"));
        }
        let account = |integration: Integration| {
            accounts
                .iter()
                .find(|(_, scope)| scope.account().integration == integration)
                .with_context(|| format!("{integration} was not linked"))
        };
        let (jira_token, jira) = account(Integration::Jira)?;
        let (service_token, service) = account(Integration::JiraServiceManagement)?;
        let (confluence_token, confluence) = account(Integration::Confluence)?;
        let counts = DemoCounts {
            tickets: self.engine.count_records(jira, Model::Ticket).await?,
            comments: self.engine.count_records(jira, Model::Comment).await?,
            articles: self.engine.count_records(confluence, Model::Article).await?,
            accounts: self.engine.count_records(service, Model::Account).await?,
            contacts: self.engine.count_records(service, Model::Contact).await?,
        };
        let tokens = AccountTokens {
            jira: jira_token.expose().to_owned(),
            jira_service_management: service_token.expose().to_owned(),
            confluence: confluence_token.expose().to_owned(),
        };
        if self.json {
            return output::json_line(&DemoLine {
                base_url: &self.base_url,
                api_key: self.api_key.expose(),
                account_tokens: &tokens,
                dashboard_url: &self.base_url,
                admin_password: opaque::mint(PASSWORD, &Entropy::system()).expose(),
                sandbox: &self.info,
                counts,
            });
        }
        output::text(
            &Summary {
                base_url: &self.base_url,
                api_key: self.api_key.expose(),
                tokens: &tokens,
                link_page: vendor.open_link_page().await?.as_str(),
                dashboard_url: &self.engine.new_dashboard_url().await?,
                setup_url: &self.engine.new_setup_url().await?,
                sandbox: &self.info,
                counts,
                elapsed: self.started.elapsed(),
            }
            .in_words(),
        )
    }
}

/// Reads a source for the first time, and shows how that goes.
async fn read(engine: Engine, source: SourceId, product: Product, for_program: bool) -> Reading {
    let done = CancellationToken::new();
    let display = Display::suitable(for_program);
    let shown = progress::follow(engine.progress().clone(), source, product.as_str(), display, done.clone());
    let work = async {
        let report = Box::pin(engine.sync_source(source)).await;
        done.cancel();
        report
    };
    let (report, ()) = tokio::join!(work, shown);
    (product, report)
}

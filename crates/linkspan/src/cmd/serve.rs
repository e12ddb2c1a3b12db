//! `linkspan serve`: the server, for real Atlassian unless told otherwise.

use std::fmt::Write as _;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use linkspan_engine::{CensusSettings, Engine, IssuedKey, NewApp, Vendor};
use linkspan_model::product::AppPurpose;
use linkspan_server::WebhookBodies;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::cli;
use crate::compose::{self, Core, Plan, Server};
use crate::failure::misuse;
use crate::home::Home;
use crate::listen;
use crate::output::{self, ServeLine};

/// The name of the API key that the first start makes.
const FIRST_KEY: &str = "first";

pub(crate) async fn run(args: cli::Serve, stop: CancellationToken) -> anyhow::Result<ExitCode> {
    let ring = args.master.ring()?;
    let home = Home::open(&args.storage)?;
    let listener = listen::bind(args.listen).await?;
    let base_url = match &args.public_url {
        Some(url) => url.as_str().trim_end_matches('/').to_owned(),
        None => listen::origin_of(listener.local_addr()?),
    };
    let core = Core::open(Plan {
        database: home.database(),
        ring,
        atlassian_origin: args.atlassian_origin.as_ref(),
        vendor: Vendor { name: args.vendor_name.clone(), public_url: Url::parse(&base_url)? },
        sync_every: Duration::from_secs(u64::from(args.sync_every)),
        index_lag: SignedDuration::from_hours(i64::from(args.index_lag_hours)),
        features: args.want.features(),
        custom_content_types: args.extras.custom_content_types.clone(),
        census: CensusSettings {
            look_every: Duration::from_secs(u64::from(args.census_look_every)),
            walk_every: Duration::from_secs(u64::from(args.census_walk_every)),
            ..CensusSettings::default()
        },
        files: home.files(&args.attachments),
        identity_redirects: args.identity_redirect.clone(),
        webhook_networks: args.allow_webhook_network.clone(),
        points_per_hour: args.extras.points_per_hour,
    })
    .await?;
    let has_app = register_app(&args, &core.engine, &base_url).await?
        || core.engine.app_cards().await?.iter().any(|app| app.purpose != AppPurpose::Identity);
    let key = first_key(&core.engine).await?;
    let setup_url = if has_app { None } else { Some(core.engine.new_setup_url().await?) };
    let mut server = Server::start(listener, core.engine.clone())?;
    core.engine.start_worker();
    core.engine.start_deliveries(Arc::new(WebhookBodies));

    if args.json {
        output::json_line(&ServeLine {
            base_url: &base_url,
            api_key: key.as_ref().map(|key| key.key.expose()),
            dashboard_url: &base_url,
            setup_url: setup_url.as_deref(),
        })?;
    } else {
        output::text(&in_words(&base_url, &home, key.as_ref(), setup_url.as_deref()))?;
    }
    let result = server.run_until(&stop).await;
    server.shut_down().await;
    core.shut_down().await;
    result.map(|()| ExitCode::SUCCESS)
}

/// Registers the app of the command line; `false` when none was given.
async fn register_app(args: &cli::Serve, engine: &Engine, base_url: &str) -> anyhow::Result<bool> {
    let (client_id, client_secret) = match (&args.app.client_id, &args.app.client_secret) {
        (Some(id), Some(secret)) => (id, secret),
        (None, None) => return Ok(false),
        (Some(_), None) => {
            return Err(misuse("--client-id needs --client-secret (or LINKSPAN_CLIENT_SECRET)"));
        }
        (None, Some(_)) => return Err(misuse("--client-secret needs --client-id (or LINKSPAN_CLIENT_ID)")),
    };
    let scopes = match &args.scopes {
        Some(text) => text.split_whitespace().map(str::to_owned).collect(),
        None => engine.usual_scopes(AppPurpose::All),
    };
    let app = NewApp {
        client_id: client_id.clone(),
        client_secret: Some(client_secret.clone()),
        redirect_uri: compose::callback_url(base_url),
        name: args.vendor_name.clone(),
        scopes,
    };
    engine.assign_app(AppPurpose::All, app).await?;
    Ok(true)
}

/// An API key, when there is none yet.
async fn first_key(engine: &Engine) -> anyhow::Result<Option<IssuedKey>> {
    if engine.has_api_key().await? {
        return Ok(None);
    }
    Ok(Some(engine.create_api_key(FIRST_KEY).await?))
}

fn in_words(base_url: &str, home: &Home, key: Option<&IssuedKey>, setup_url: Option<&str>) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = writeln!(text, "Linkspan serves {base_url}");
    let _ = writeln!(text, "  data          {}", home.directory().display());
    let _ = writeln!(
        text,
        "  callback URL  {} (enter it in the developer console)",
        compose::callback_url(base_url)
    );
    let _ = writeln!(text, "  API document  {base_url}/openapi.json");
    let _ = writeln!(
        text,
        "  dashboard     {base_url}/ (it opens with an API key; `linkspan app setup-url` does without)"
    );
    if let Some(key) = key {
        let key = key.key.expose();
        let _ = writeln!(text, "\nYour first API key; it is shown only now:\n  {key}");
        let _ = writeln!(text, "\nMake a link for a customer:");
        let _ = writeln!(
            text,
            "  curl -s {base_url}/api/ticketing/v1/link-token -H 'Authorization: Bearer {key}' \\"
        );
        text.push_str(
            "      -H 'Content-Type: application/json' -d '{\"end_user_origin_id\": \"customer-1\", \\\n",
        );
        text.push_str("      \"end_user_organization_name\": \"Customer One\", \"end_user_email_address\": \"it@customer.example\", \\\n");
        text.push_str("      \"categories\": [\"ticketing\", \"knowledgebase\"]}'\n");
    }
    if let Some(setup_url) = setup_url {
        let _ = writeln!(
            text,
            "\nNo OAuth app is registered that links sites, so nobody can link yet. The set-up guide, open once within a day:\n  {setup_url}"
        );
    }
    text.push_str("\nCtrl-C stops it.\n");
    text
}

//! `linkspan app`: the vendor's OAuth apps. It works on the database, beside a running server.

use std::fmt::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use linkspan_atlassian::calls::Feature;
use linkspan_engine::{AppCard, Engine, NewApp, Vendor};
use linkspan_model::product::AppPurpose;
use serde::Serialize;
use url::Url;

use crate::cli::{self, AppCommand, SealedStorage};
use crate::compose::{self, Core, Plan};
use crate::failure::misuse;
use crate::home::Home;
use crate::output;

/// The line of `app list --json` and `app set --json`.
#[derive(Debug, Serialize)]
struct AppsLine<'a> {
    apps: Vec<AppLine<'a>>,
}

#[derive(Debug, Serialize)]
struct AppLine<'a> {
    integration: &'static str,
    client_id: &'a str,
    /// `null` when the secret cannot be opened with the master keys at hand.
    client_secret_last_four: Option<&'a str>,
    redirect_uri: &'a str,
    scopes: &'a [String],
}

pub(crate) async fn run(command: AppCommand) -> anyhow::Result<ExitCode> {
    match command {
        AppCommand::Set(args) => set(&args).await?,
        AppCommand::List(args) => {
            let core = open(&args.sealed, None, Feature::usual()).await?;
            print(&core.engine, args.json).await?;
            core.shut_down().await;
        }
        AppCommand::SetupUrl(args) => {
            let core = open(&args.sealed, Some(&args.public_url), Feature::usual()).await?;
            output::text(&format!("{}\n", core.engine.new_setup_url().await?))?;
            core.shut_down().await;
        }
        AppCommand::Remove(args) => {
            let core = open(&args.sealed, None, Feature::usual()).await?;
            let purpose = args.purpose.integration;
            if !core.engine.unassign_app(purpose).await? {
                return Err(misuse(format!(
                    "{purpose} has no app of its own; `linkspan app list` shows all"
                )));
            }
            output::text(&format!("Removed the app of {}.\n", purpose.display_name()))?;
            core.shut_down().await;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The engine over the database that a server may be using at the same time.
async fn open(
    sealed: &SealedStorage,
    public_url: Option<&Url>,
    features: Vec<Feature>,
) -> anyhow::Result<Core> {
    let home = Home::beside(&sealed.storage)?;
    let public_url = match public_url {
        Some(url) => url.clone(),
        None => Url::parse("http://127.0.0.1:8080")?,
    };
    Core::open(Plan {
        database: home.database(),
        ring: sealed.master.ring()?,
        atlassian_origin: None,
        vendor: Vendor { name: "Linkspan".to_owned(), public_url },
        sync_every: Duration::from_mins(1),
        index_lag: linkspan_engine::sync::INDEX_LAG,
        features,
        custom_content_types: Vec::new(),
        identity_redirects: Vec::new(),
        webhook_networks: Vec::new(),
        census: linkspan_engine::CensusSettings::default(),
        points_per_hour: None,
        files: linkspan_engine::files::FileSettings::default(),
    })
    .await
}

async fn set(args: &cli::AppSet) -> anyhow::Result<()> {
    let purpose = args.purpose.integration;
    let Some(client_id) = args.app.client_id.clone() else {
        return Err(misuse(
            "--client-id is missing (or LINKSPAN_CLIENT_ID): copy it from Settings in the console",
        ));
    };
    let core = open(&args.sealed, args.public_url.as_ref(), args.want.features()).await?;
    let redirect_uri = match (&args.redirect_uri, &args.public_url) {
        (Some(url), _) => url.to_string(),
        (None, Some(url)) => compose::callback_url(url.as_str()),
        // All apps of a server have the same.
        (None, None) => known_callback(&core.engine, purpose).await?,
    };
    let scopes = match &args.scopes {
        Some(text) => text.split_whitespace().map(str::to_owned).collect(),
        None => core.engine.usual_scopes(purpose),
    };
    let client_secret = args.app.client_secret.clone();
    let name = purpose.display_name().to_owned();
    core.engine.assign_app(purpose, NewApp { client_id, client_secret, redirect_uri, name, scopes }).await?;
    print(&core.engine, args.json).await?;
    core.shut_down().await;
    Ok(())
}

async fn known_callback(engine: &Engine, purpose: AppPurpose) -> anyhow::Result<String> {
    let apps = engine.app_cards().await?;
    let known = apps.iter().find(|app| app.purpose == purpose).or_else(|| apps.first());
    known.map(|app| app.redirect_uri.clone()).ok_or_else(|| {
        misuse("give --public-url (or LINKSPAN_PUBLIC_URL), the address at which browsers reach the server, or --redirect-uri")
    })
}

async fn print(engine: &Engine, json: bool) -> anyhow::Result<()> {
    let apps = engine.app_cards().await?;
    if !json {
        return output::text(&in_words(&apps));
    }
    let lines = apps.iter().map(|app| AppLine {
        integration: app.purpose.as_str(),
        client_id: &app.client_id,
        client_secret_last_four: app.secret_last_four.as_deref(),
        redirect_uri: &app.redirect_uri,
        scopes: &app.scopes,
    });
    output::json_line(&AppsLine { apps: lines.collect() })
}

fn in_words(apps: &[AppCard]) -> String {
    if apps.is_empty() {
        return "No app is registered: `linkspan app set --integration all --client-id …` registers one.\n"
            .to_owned();
    }
    let mut text = String::new();
    for app in apps {
        let secret = match &app.secret_last_four {
            Some(last) => format!("****{last}"),
            None => "cannot be opened with this master key".to_owned(),
        };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{}", app.purpose);
        let _ = writeln!(text, "  client id  {}", app.client_id);
        let _ = writeln!(text, "  secret     {secret}");
        let _ = writeln!(text, "  callback   {}", app.redirect_uri);
        let _ = writeln!(text, "  scopes     {}", app.scopes.join(" "));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn l10_a_listing_shows_of_a_secret_its_last_four_characters_alone() {
        let card = AppCard {
            purpose: AppPurpose::All,
            client_id: "abc".to_owned(),
            secret_last_four: Some("wxyz".to_owned()),
            redirect_uri: "https://link.example/oauth/callback".to_owned(),
            scopes: vec!["read:me".to_owned()],
        };
        insta::assert_snapshot!(in_words(&[card]), @r"
        all
          client id  abc
          secret     ****wxyz
          callback   https://link.example/oauth/callback
          scopes     read:me
        ");
    }
}

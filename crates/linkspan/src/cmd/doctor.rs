//! `linkspan doctor`: what is wrong with a set-up, and how to mend it. It changes nothing, makes nothing, and works beside
//! a running server.

use std::fmt::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use linkspan_atlassian::calls::ScopeSet;
use linkspan_atlassian::client::ClientLimits;
use linkspan_atlassian::oauth::AppCredentials;
use linkspan_engine::doctor::{
    AppOnTrial, Finding, Verdict, examine_address, examine_app, examine_atlassian, examine_reach, has_problem,
};
use linkspan_engine::{EngineError, Vendor, usual_scopes};
use linkspan_model::clock::Clock;
use linkspan_model::entropy::Entropy;
use linkspan_model::product::AppPurpose;
use linkspan_store::{SchemaState, Store};
use linkspan_vault::KeyRing;
use serde::Serialize;
use tokio::time::timeout;
use url::Url;

use crate::cli;
use crate::compose::{self, Core, Plan};
use crate::failure::in_words;
use crate::home::Home;
use crate::output;

/// The longest wait for the database.
const DATABASE_PATIENCE: Duration = Duration::from_secs(20);
/// The longest that the checks of apps, addresses and grants may take.
const CHECKUP_PATIENCE: Duration = Duration::from_mins(3);
/// Where a server listens unless it is told otherwise.
const USUAL_ADDRESS: &str = "http://127.0.0.1:8080";
/// Something is a problem.
const UNWELL: u8 = 1;

/// The line of `doctor --json`.
#[derive(Debug, Serialize)]
struct DoctorLine<'a> {
    /// Nothing is a problem.
    ok: bool,
    problems: usize,
    warnings: usize,
    checks: &'a [Finding],
}

pub(crate) async fn run(args: &cli::Doctor) -> anyhow::Result<ExitCode> {
    let home = Home::as_named(&args.sealed.storage);
    let mut findings = Vec::new();
    let ring = master_key(args, &mut findings);
    findings.push(data_directory(&home, args.sealed.storage.database.is_some()));
    let is_usable = database(&home, &mut findings).await;
    let base = base(args, &home, is_usable).await?;
    let on_trial = app_on_trial(args, base.url(), &mut findings);

    let core = match (ring, is_usable) {
        (Some(ring), true) => open(args, &home, ring, base.url(), &mut findings).await?,
        _ => None,
    };
    findings.extend(base.finding());
    match &core {
        Some(core) => {
            findings.extend(core.engine.checkup(on_trial, CHECKUP_PATIENCE).await?);
            core.shut_down().await;
        }
        None => without_engine(args, on_trial, &base, &mut findings).await?,
    }

    let count = |verdict| findings.iter().filter(|finding| finding.verdict == verdict).count();
    let (problems, warnings) = (count(Verdict::Problem), count(Verdict::Warning));
    if args.json {
        output::json_line(&DoctorLine { ok: problems == 0, problems, warnings, checks: &findings })?;
    } else {
        output::text(&told(&findings, problems, warnings))?;
    }
    Ok(if has_problem(&findings) { ExitCode::from(UNWELL) } else { ExitCode::SUCCESS })
}

/// The address at which browsers reach the server.
enum Base {
    /// As the command line or the environment says.
    Given(Url),
    /// What the callback of the registered app begins with: at the other end of it is the server.
    Registered(Url),
    /// Nobody says; the server listens there unless it is told otherwise.
    Assumed(Url),
}

impl Base {
    fn url(&self) -> &Url {
        match self {
            Self::Given(url) | Self::Registered(url) | Self::Assumed(url) => url,
        }
    }

    fn finding(&self) -> Option<Finding> {
        const CHECK: &str = "public-url";
        match self {
            Self::Given(_) => None,
            Self::Registered(url) => Some(Finding::ok(
                CHECK,
                format!("no public URL was given; {url} is taken for it, where the app's callback leads"),
            )),
            Self::Assumed(url) => Some(Finding::warning(
                CHECK,
                format!("no public URL was given; {url} is taken for it"),
                "Give --public-url (or LINKSPAN_PUBLIC_URL), as `linkspan serve` is given it.",
            )),
        }
    }
}

async fn base(args: &cli::Doctor, home: &Home, database_is_usable: bool) -> anyhow::Result<Base> {
    if let Some(url) = &args.public_url {
        return Ok(Base::Given(url.clone()));
    }
    if database_is_usable {
        let store = Store::open(home.database()).await?;
        let apps = store.assigned_apps().await?;
        if let Some(url) = apps.iter().find_map(|(_, app)| compose::base_of_callback(&app.redirect_uri)) {
            return Ok(Base::Registered(url));
        }
    }
    Ok(Base::Assumed(Url::parse(USUAL_ADDRESS)?))
}

fn master_key(args: &cli::Doctor, findings: &mut Vec<Finding>) -> Option<KeyRing> {
    const CHECK: &str = "master-key";
    match args.sealed.master.given() {
        Ok(Some(ring)) => {
            findings.push(Finding::ok(CHECK, "a master key is at hand"));
            Some(ring)
        }
        Ok(None) => {
            findings.push(Finding::problem(
                CHECK,
                "no master key was given: the server does not start without one",
                "Make one with `linkspan keys generate`, keep it apart from the data, and pass it in LINKSPAN_MASTER_KEY or \
                 with --master-key-file.",
            ));
            None
        }
        Err(error) => {
            findings.push(Finding::problem(
                CHECK,
                format!("the master key cannot be used: {}", in_words(&error)),
                "Give the text that `linkspan keys generate` printed, whole.",
            ));
            None
        }
    }
}

/// Whether the server could write to its directory. Nothing is left there.
fn data_directory(home: &Home, database_is_elsewhere: bool) -> Finding {
    const CHECK: &str = "data-directory";
    let directory = home.directory();
    let shown = directory.display();
    if !directory.exists() {
        let note = if database_is_elsewhere { "" } else { ", and with it the database" };
        return Finding::ok(
            CHECK,
            format!("{shown} does not exist yet; the server makes it at its start{note}"),
        );
    }
    match tempfile::NamedTempFile::new_in(directory) {
        Ok(_) => Finding::ok(CHECK, format!("{shown} can be written to")),
        Err(error) => Finding::problem(
            CHECK,
            format!("{shown} cannot be written to: {error}"),
            "Give the server's user write access to it, or name another directory with --data-dir.",
        ),
    }
}

/// Whether the database can be used by this version as it is.
async fn database(home: &Home, findings: &mut Vec<Finding>) -> bool {
    const CHECK: &str = "database";
    if let Some(path) = home.database().sqlite_path()
        && !path.exists()
    {
        findings.push(Finding::skipped(CHECK, "there is none yet: the server makes it at its start"));
        return false;
    }
    let (is_usable, finding) = match timeout(DATABASE_PATIENCE, Store::inspect(home.database())).await {
        Ok(Ok(SchemaState::Current)) => {
            (true, Finding::ok(CHECK, "it answers, and its schema is this version's"))
        }
        Ok(Ok(SchemaState::Empty)) => {
            (false, Finding::skipped(CHECK, "it answers and is empty: the server fills it at its start"))
        }
        Ok(Ok(SchemaState::Older { behind })) => (
            false,
            Finding::warning(
                CHECK,
                format!("an older version wrote it: {behind} steps are missing"),
                "Start the server of this version, which brings it up to date, and run the doctor again.",
            ),
        ),
        Ok(Ok(SchemaState::Unknown { step })) => (
            false,
            Finding::problem(
                CHECK,
                format!("it has seen the step `{step}`, which this version does not know"),
                "Run the version that wrote it, or a newer one.",
            ),
        ),
        Ok(Err(error)) => (false, unreachable_database(CHECK, &error.to_string())),
        Err(_) => (false, unreachable_database(CHECK, "it gave no answer in time")),
    };
    findings.push(finding);
    is_usable
}

fn unreachable_database(check: &'static str, why: &str) -> Finding {
    Finding::problem(
        check,
        format!("it cannot be used: {why}"),
        "Look at --database, at the database server and at the rights of its user.",
    )
}

/// The app of the command line.
fn app_on_trial(args: &cli::Doctor, base: &Url, findings: &mut Vec<Finding>) -> Vec<AppOnTrial> {
    let (client_id, client_secret) = match (&args.app.client_id, &args.app.client_secret) {
        (Some(id), Some(secret)) => (id.clone(), secret.clone()),
        (None, None) => return Vec::new(),
        (id, _) => {
            let (given, missing) =
                if id.is_some() { ("id", "--client-secret") } else { ("secret", "--client-id") };
            findings.push(Finding::problem(
                "credentials",
                format!("only the client {given} was given"),
                format!("Give {missing} too, or neither, to check the apps that are registered."),
            ));
            return Vec::new();
        }
    };
    let purpose = AppPurpose::All;
    let scopes: ScopeSet = match &args.scopes {
        Some(text) => ScopeSet::parse(text),
        None => usual_scopes(purpose, &args.want.features()).into_iter().collect(),
    };
    let redirect_uri = compose::callback_url(base.as_str());
    vec![AppOnTrial {
        purpose,
        credentials: AppCredentials { client_id, client_secret },
        redirect_uri,
        scopes,
    }]
}

/// The engine, unless the master key is another one than the data was written with.
async fn open(
    args: &cli::Doctor,
    home: &Home,
    ring: KeyRing,
    public_url: &Url,
    findings: &mut Vec<Finding>,
) -> anyhow::Result<Option<Core>> {
    let opened = Core::open(Plan {
        database: home.database(),
        ring,
        atlassian_origin: args.atlassian_origin.as_ref(),
        vendor: Vendor { name: "Linkspan".to_owned(), public_url: public_url.clone() },
        sync_every: Duration::from_mins(1),
        index_lag: linkspan_engine::sync::INDEX_LAG,
        features: args.want.features(),
        custom_content_types: Vec::new(),
        identity_redirects: Vec::new(),
        webhook_networks: Vec::new(),
        census: linkspan_engine::CensusSettings::default(),
        points_per_hour: None,
        files: linkspan_engine::files::FileSettings::default(),
    })
    .await;
    match opened {
        Ok(core) => Ok(Some(core)),
        Err(error) if matches!(error.downcast_ref(), Some(EngineError::Vault(_))) => {
            findings.push(Finding::problem(
                "master-key",
                "it is not the one with which the database was written",
                "Give the master key of the server that uses this database.",
            ));
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// What can be checked without database or master key.
async fn without_engine(
    args: &cli::Doctor,
    on_trial: Vec<AppOnTrial>,
    base: &Base,
    findings: &mut Vec<Finding>,
) -> anyhow::Result<()> {
    let clock = Clock::system();
    let upstream = compose::upstream(args.atlassian_origin.as_ref(), ClientLimits::default(), &clock)?;
    findings.extend(examine_atlassian(&upstream, &clock).await);
    let features = args.want.features();
    for app in &on_trial {
        findings.extend(examine_app(&upstream, app, &features, None).await);
    }
    if on_trial.is_empty() {
        findings.push(Finding::skipped(
            "credentials",
            "no client id and secret were given, and those that are stored cannot be read",
        ));
    }
    if let Base::Given(url) | Base::Registered(url) = base {
        findings.extend(examine_address(url));
        let nonce = Entropy::system().uuid().to_string();
        findings.extend(examine_reach(&upstream, url, &nonce, None).await);
    }
    findings.push(Finding::skipped("grant", "grants cannot be read without database and master key"));
    Ok(())
}

fn told(findings: &[Finding], problems: usize, warnings: usize) -> String {
    let mut text = String::new();
    for finding in findings {
        let check = match &finding.subject {
            Some(subject) => format!("{}: {subject}", finding.check),
            None => finding.check.to_owned(),
        };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{:<8} {check}: {}", finding.verdict.as_str(), finding.found);
        if let Some(remedy) = &finding.remedy {
            let _ = writeln!(text, "         -> {remedy}");
        }
    }
    let _ = writeln!(
        text,
        "\n{}",
        match (problems, warnings) {
            (0, 0) => "All is well.".to_owned(),
            (0, warnings) => format!("No problems; warnings: {warnings}."),
            (problems, warnings) => format!("Problems: {problems}; warnings: {warnings}."),
        }
    );
    text
}

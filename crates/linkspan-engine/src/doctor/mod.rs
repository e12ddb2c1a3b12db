//! Checks of a set-up: what was found, and how to mend it. Every check is bounded in time and shows no secret.

mod apps;
mod grants;
mod reach;
mod scopes;
#[cfg(test)]
mod tests;

use std::time::Duration;

use linkspan_model::clock::Clock;
use linkspan_model::ids::AppId;
use linkspan_model::product::AppPurpose;
use linkspan_model::secret::Secret;
use linkspan_store::IdentityFilter;
use serde::Serialize;
use tokio::time::{Instant, timeout_at};

pub use self::apps::{AppOnTrial, examine_app, examine_atlassian};
pub use self::reach::{examine_address, examine_reach};
use crate::engine::Engine;
use crate::error::EngineError;

/// The longest that one look at something elsewhere may take.
const LOOK_PATIENCE: Duration = Duration::from_secs(15);

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Nothing to do.
    Ok,
    /// It works, but not as it should, or may stop working.
    Warning,
    /// It does not work.
    Problem,
    /// It could not be checked.
    Skipped,
}

impl Verdict {
    /// The verdict's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Problem => "problem",
            Self::Skipped => "skipped",
        }
    }
}

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The check's word: stable, for programs.
    pub check: &'static str,
    /// What was checked, where there are several of the kind: an app, a site.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// How it ended.
    pub verdict: Verdict,
    /// What was found.
    pub found: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

impl Finding {
    /// Nothing to do.
    pub fn ok(check: &'static str, found: impl Into<String>) -> Self {
        Self { check, subject: None, verdict: Verdict::Ok, found: found.into(), remedy: None }
    }

    /// It works, but not as it should.
    pub fn warning(check: &'static str, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { verdict: Verdict::Warning, remedy: Some(remedy.into()), ..Self::ok(check, found) }
    }

    /// It does not work.
    pub fn problem(check: &'static str, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { verdict: Verdict::Problem, remedy: Some(remedy.into()), ..Self::ok(check, found) }
    }

    /// It could not be checked; `why` says what is missing.
    pub fn skipped(check: &'static str, why: impl Into<String>) -> Self {
        Self { verdict: Verdict::Skipped, ..Self::ok(check, why) }
    }

    /// Names what was checked.
    #[must_use]
    pub fn about(self, subject: impl Into<String>) -> Self {
        Self { subject: Some(subject.into()), ..self }
    }
}

/// Whether anything in a list of findings does not work.
pub fn has_problem(findings: &[Finding]) -> bool {
    findings.iter().any(|finding| finding.verdict == Verdict::Problem)
}

/// The purpose that goes into the digest by which a server proves that it is this one.
const PROOF_PURPOSE: &str = "health-proof";
/// The longest nonce that is answered.
const NONCE_CAP: usize = 200;

impl Engine {
    /// What this server answers to a nonce, so that whoever has the same data and keys knows it. `None` for one that is
    /// too long.
    pub fn proof_of(&self, nonce: &str) -> Option<String> {
        let is_fit = (1..=NONCE_CAP).contains(&nonce.len());
        let digest = || self.inner.digest_key.digest(PROOF_PURPOSE, &Secret::new(nonce));
        is_fit.then(|| hex::encode(digest().as_bytes()))
    }

    /// Checks all that can be checked from here within `patience`: Atlassian and the clock, the apps, the way back to this
    /// server, grants and what is read through them. `on_trial` are apps that are to be checked beside those that are
    /// registered.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn checkup(
        &self,
        on_trial: Vec<AppOnTrial>,
        patience: Duration,
    ) -> Result<Vec<Finding>, EngineError> {
        let deadline = Instant::now() + patience;
        let late = |check| {
            vec![Finding::skipped(check, format!("it was not done within {} seconds", patience.as_secs()))]
        };
        let upstream = timeout_at(deadline, examine_atlassian(&self.inner.upstream, &self.inner.clock)).await;
        let mut findings = upstream.unwrap_or_else(|_| late("atlassian"));
        findings.extend(match timeout_at(deadline, self.examine_apps(on_trial)).await {
            Ok(of_apps) => of_apps?,
            Err(_) => late("credentials"),
        });
        let reach = timeout_at(deadline, self.examine_own_reach()).await;
        findings.extend(reach.unwrap_or_else(|_| late("reachability")));
        findings.extend(match timeout_at(deadline, self.examine_grants()).await {
            Ok(of_grants) => of_grants?,
            Err(_) => late("grant"),
        });
        Ok(findings)
    }

    /// Checks the apps: credentials, callback and scopes.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn examine_apps(&self, on_trial: Vec<AppOnTrial>) -> Result<Vec<Finding>, EngineError> {
        let inner = &self.inner;
        let mut apps = on_trial;
        let mut findings = Vec::new();
        let assigned = inner.store.assigned_apps().await?;
        let links = |purpose: AppPurpose| purpose != AppPurpose::Identity;
        let nobody_can_link = !assigned.iter().any(|(purpose, _)| links(*purpose))
            && !apps.iter().any(|app| links(app.purpose));
        for (purpose, app) in assigned {
            if apps.iter().any(|known| known.purpose == purpose) {
                continue;
            }
            match inner.credentials(&app) {
                Ok(credentials) => apps.push(AppOnTrial {
                    purpose,
                    credentials,
                    redirect_uri: app.redirect_uri,
                    scopes: app.scopes.into_iter().collect(),
                }),
                Err(error) => findings.push(
                    Finding::problem(
                        "credentials",
                        format!("the client secret cannot be opened: {error}"),
                        "Give the master key with which the secret was stored, or enter the secret again.",
                    )
                    .about(purpose.display_name()),
                ),
            }
        }
        findings.extend(self.examine_identity(&apps).await?);
        if nobody_can_link {
            findings.push(Finding::problem(
                "credentials",
                if apps.is_empty() {
                    "no OAuth app is registered, so nobody can link"
                } else {
                    "the only OAuth app that is registered serves people who prove who they are, so nobody can link"
                },
                "Create one in the developer console and register it: on /setup, with `linkspan app set`, or with \
                 --client-id and --client-secret.",
            ));
        }
        for app in &apps {
            let callback = self.callback_url();
            findings
                .extend(examine_app(&inner.upstream, app, &inner.settings.features, Some(&callback)).await);
        }
        Ok(findings)
    }

    /// Whether people prove who they are through an app that links sites: the consent of who linked one would be narrowed
    /// to `read:me` by it (hazard P10).
    async fn examine_identity(&self, apps: &[AppOnTrial]) -> Result<Option<Finding>, EngineError> {
        let inner = &self.inner;
        let own = apps.iter().find(|app| app.purpose == AppPurpose::Identity);
        let is_shared = match own.map(|app| app.credentials.client_id.as_str()) {
            Some(client_id) => {
                let links = |app: &AppOnTrial| {
                    app.purpose != AppPurpose::Identity && app.credentials.client_id == client_id
                };
                let id = AppId::of_client(client_id);
                apps.iter().any(links) || inner.store.grants().await?.iter().any(|grant| grant.app == id)
            }
            None => !inner.store.identities(&IdentityFilter::default(), None, 1).await?.is_empty(),
        };
        Ok(is_shared.then(|| {
            Finding::warning(
                "identity",
                "people prove who they are through an app that also links sites: who linked one narrows that consent by it",
                "Create another app with the User identity API alone, and register it with `linkspan app set --integration \
                 identity`.",
            )
        }))
    }

    /// Checks the app that serves a purpose, be it its own or the one for all; no findings when none does.
    ///
    /// # Errors
    /// When the store fails, or the secret cannot be opened.
    pub async fn examine_app_of(&self, purpose: AppPurpose) -> Result<Vec<Finding>, EngineError> {
        let inner = &self.inner;
        let Some(app) = inner.app_for(purpose).await? else { return Ok(Vec::new()) };
        let trial = AppOnTrial {
            purpose,
            credentials: inner.credentials(&app)?,
            redirect_uri: app.redirect_uri,
            scopes: app.scopes.into_iter().collect(),
        };
        let callback = self.callback_url();
        Ok(examine_app(&inner.upstream, &trial, &inner.settings.features, Some(&callback)).await)
    }

    /// Checks the way from browsers and Atlassian back to this server.
    pub async fn examine_own_reach(&self) -> Vec<Finding> {
        let public_url = &self.inner.settings.vendor.public_url;
        let mut findings = examine_address(public_url);
        let nonce = self.inner.entropy.uuid().to_string();
        let proof = self.proof_of(&nonce);
        findings.extend(examine_reach(&self.inner.upstream, public_url, &nonce, proof.as_deref()).await);
        findings
    }
}

/// How long ago something was.
fn age_in_words(clock: &Clock, then: jiff::Timestamp) -> String {
    let seconds = clock.now().as_second().saturating_sub(then.as_second()).max(0);
    match seconds {
        0..120 => format!("{seconds} seconds ago"),
        120..7_200 => format!("{} minutes ago", seconds / 60),
        7_200..172_800 => format!("{} hours ago", seconds / 3_600),
        _ => format!("{} days ago", seconds / 86_400),
    }
}

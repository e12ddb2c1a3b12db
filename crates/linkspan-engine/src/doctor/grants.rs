//! Grants: alive, and still reaching the sites that are read through them; how reading goes.

use std::sync::Arc;

use futures_util::{StreamExt as _, stream};
use jiff::SignedDuration;
use linkspan_atlassian::error::CallError;
use linkspan_atlassian::oauth::SiteAccess;
use linkspan_store::{AccountFilter, Grant, GrantState, Source, SourceState};
use tokio::time::timeout;

use super::{Finding, LOOK_PATIENCE, age_in_words};
use crate::engine::{Engine, Inner};
use crate::error::EngineError;
use crate::keep_alive::CONSENT_GROWS_OLD;
use crate::tokens::GrantError;

/// Grants that are looked at; the rest is counted.
const GRANTS_CAP: usize = 500;
/// Grants looked at at a time.
const PARALLEL: usize = 8;
/// A refresh token that is not used for so long dies (`atlassian-platform.md` 1.5).
const IDLE_LIFE: SignedDuration = SignedDuration::from_hours(90 * 24);
/// From so much of that time left on, its end is near.
const IDLE_WARNING: SignedDuration = SignedDuration::from_hours(30 * 24);
/// Errors of streams that are quoted.
const ERRORS_SHOWN: usize = 3;

const GRANT: &str = "grant";
const SOURCE: &str = "source";

impl Engine {
    /// Checks every grant and what is read through it.
    pub(super) async fn examine_grants(&self) -> Result<Vec<Finding>, EngineError> {
        let grants = self.inner.store.grants().await?;
        let mut sources = self.inner.store.sources().await?;
        sources.retain(|source| source.state == SourceState::Active);
        if grants.is_empty() {
            return Ok(vec![Finding::skipped(GRANT, "no customer has linked yet")]);
        }
        let beyond = grants.len().saturating_sub(GRANTS_CAP);
        let of_each: Vec<_> = stream::iter(grants.into_iter().take(GRANTS_CAP))
            .map(|grant| {
                let own = sources.iter().filter(|source| source.grant == grant.id).cloned().collect();
                self.examine_grant(grant, own)
            })
            .buffered(PARALLEL)
            .collect()
            .await;
        let mut findings = Vec::new();
        for of_one in of_each {
            findings.extend(of_one?);
        }
        if beyond > 0 {
            findings.push(Finding::skipped(GRANT, format!("{beyond} more grants were not looked at")));
        }
        Ok(findings)
    }

    async fn examine_grant(&self, grant: Grant, sources: Vec<Source>) -> Result<Vec<Finding>, EngineError> {
        let subject = format!("grant {}", grant.id);
        let remedy = match sources.first() {
            Some(source) => self.consent_again_words(source).await?,
            None => "Nothing is read through it; it may stay as it is.".to_owned(),
        };
        if let GrantState::NeedsRelink { reason } = &grant.state {
            let found = format!("it is dead: {reason}");
            return Ok(vec![Finding::problem(GRANT, found, remedy).about(subject)]);
        }
        let Ok(reach) = timeout(LOOK_PATIENCE, self.inner.reach_of(&grant)).await else {
            let why = "Atlassian gave no answer in time";
            return Ok(vec![Finding::skipped(GRANT, why).about(subject)]);
        };
        let reach = match reach {
            Ok(reach) => reach,
            Err(EngineError::Grant(GrantError::NeedsRelink(reason))) => {
                let found = format!("it is dead: {reason}");
                return Ok(vec![Finding::problem(GRANT, found, remedy).about(subject)]);
            }
            Err(EngineError::Grant(GrantError::AppRefused)) => {
                let found = "Atlassian refuses the client id or secret of the app it was given to";
                let remedy = "Register the app with its present secret.";
                return Ok(vec![Finding::problem(GRANT, found, remedy).about(subject)]);
            }
            Err(error @ EngineError::Store(_)) => return Err(error),
            Err(error) => {
                let why = format!("it could not be told whether it is alive: {error}");
                return Ok(vec![Finding::skipped(GRANT, why).about(subject)]);
            }
        };
        let mut findings = vec![self.life_of(&grant, &reach, remedy).await?.about(subject)];
        for source in sources {
            findings.extend(self.examine_source(&source, &reach).await?);
        }
        Ok(findings)
    }

    /// When a grant that is alive ends if it is left alone.
    async fn life_of(
        &self,
        grant: &Grant,
        reach: &[SiteAccess],
        remedy: String,
    ) -> Result<Finding, EngineError> {
        // The check may have renewed it.
        let stored = self.inner.store.grant(grant.id).await?;
        let refreshed_at = stored.map_or(grant.refreshed_at, |grant| grant.refreshed_at);
        let ends_at = refreshed_at.checked_add(IDLE_LIFE).unwrap_or(refreshed_at);
        let mut sites: Vec<&str> = reach.iter().map(|site| site.name.as_str()).collect();
        sites.dedup();
        let now = self.inner.clock.now();
        let found = format!(
            "alive, reaching {}; renewed {}, ends {} unless it is renewed before",
            if sites.is_empty() { "no site".to_owned() } else { sites.join(", ") },
            age_in_words(&self.inner.clock, refreshed_at),
            ends_at.strftime("%Y-%m-%d"),
        );
        Ok(if now >= grant.consented_at + CONSENT_GROWS_OLD {
            let since = age_in_words(&self.inner.clock, grant.consented_at);
            let found = format!("{found}; the consent was given {since}, and may end after a year");
            Finding::warning(GRANT, found, remedy)
        } else if now + IDLE_WARNING > ends_at {
            Finding::warning(GRANT, found, remedy)
        } else {
            Finding::ok(GRANT, found)
        })
    }

    async fn examine_source(
        &self,
        source: &Source,
        reach: &[SiteAccess],
    ) -> Result<Vec<Finding>, EngineError> {
        let subject = format!("{} of {}", source.product, source.site_name);
        let again = self.consent_again_words(source).await?;
        let is_reached =
            reach.iter().any(|site| site.cloud_id == source.cloud_id && site.product == source.product);
        if !is_reached {
            let found = "the person who agreed no longer reaches this site, or the app was removed from it: nothing new is \
                         read";
            return Ok(vec![Finding::problem(SOURCE, found, again).about(subject)]);
        }
        let mut findings = Vec::new();
        if let Some(gaps) = self.source_gaps(source.id).await?
            && !gaps.missing.is_empty()
        {
            let titles: Vec<&str> = gaps.gaps.iter().map(|gap| gap.title).take(ERRORS_SHOWN).collect();
            let more = match gaps.gaps.len().saturating_sub(ERRORS_SHOWN) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            let mut steps = gaps.steps();
            steps.push(again);
            findings.push(Finding::warning(
                SOURCE,
                format!("not open: {}{more}; the grant lacks {}", titles.join(", "), gaps.missing.join(" ")),
                steps.join(" "),
            ));
        }
        findings.push(self.reading_of(source).await?);
        Ok(findings.into_iter().map(|finding| finding.about(subject.as_str())).collect())
    }

    /// How the latest reading of a source went.
    async fn reading_of(&self, source: &Source) -> Result<Finding, EngineError> {
        let streams = self.inner.store.get_streams(source.id).await?;
        let progresses = streams.iter().map(|stream| (&stream.stream, &stream.progress));
        let failed: Vec<String> = progresses
            .clone()
            .filter_map(|(name, progress)| Some(format!("{name}: {}", progress.last_error.as_ref()?)))
            .collect();
        let latest = progresses.filter_map(|(_, progress)| progress.last_success_at).max();
        let when = latest.map(|at| age_in_words(&self.inner.clock, at));
        if !failed.is_empty() {
            let shown = failed.iter().take(ERRORS_SHOWN).cloned().collect::<Vec<_>>().join("; ");
            let found = format!("{} streams failed at their latest reading: {shown}", failed.len());
            let remedy = "They are tried again by themselves; if that does not help, look at the log.";
            return Ok(Finding::warning(SOURCE, found, remedy));
        }
        Ok(match when {
            Some(when) => Finding::ok(SOURCE, format!("read {when}, without errors")),
            None => Finding::skipped(SOURCE, "the first reading is not finished"),
        })
    }

    /// How the customers of a source consent again.
    async fn consent_again_words(&self, source: &Source) -> Result<String, EngineError> {
        let of_source = AccountFilter { source: Some(source.id), ..AccountFilter::default() };
        let accounts = self.inner.store.list_linked_accounts(&of_source, None, 1).await?;
        Ok(match accounts.first() {
            Some(account) => format!(
                "Let {} consent again: {}",
                account.end_user.organization_name,
                self.consent_url(account.id)
            ),
            None => "Make a new link for the customer.".to_owned(),
        })
    }
}

impl Inner {
    /// The sites that a grant reaches now. A token that is refused is renewed once.
    async fn reach_of(self: &Arc<Self>, grant: &Grant) -> Result<Vec<SiteAccess>, EngineError> {
        let access = self.access_token(grant.id, None).await?;
        match self.upstream.accessible_resources(&access).await {
            Err(CallError::TokenRejected { .. }) => {
                let fresh = self.access_token(grant.id, Some(&access)).await?;
                Ok(self.upstream.accessible_resources(&fresh).await?)
            }
            other => Ok(other?),
        }
    }
}

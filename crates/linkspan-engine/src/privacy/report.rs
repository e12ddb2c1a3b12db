//! Reporting accounts: each once in its cycle, in batches, spread over the cycle (hazard G1).

use std::collections::HashSet;
use std::ops::AddAssign;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use linkspan_atlassian::error::CallError;
use linkspan_atlassian::oauth::{
    ACCOUNTS_PER_REPORT, AccountVerdict, REPORT_SCOPE, ReportAnswer, ReportedAccount,
};
use linkspan_model::ids::AppId;
use linkspan_model::secret::Secret;
use linkspan_store::{AnsweredReport, DueAccount, Enrolment, Grant, GrantState, ReportCycle};

use super::lease::Lease;
use crate::engine::Inner;
use crate::error::EngineError;

/// Accounts of one report, as the store counts.
#[expect(clippy::cast_possible_truncation, reason = "it is 90")]
const BATCH: u32 = ACCOUNTS_PER_REPORT as u32;
/// Accounts enrolled at a time: whole batches.
const ENROL_AT_ONCE: u32 = 10 * BATCH;
/// Steps of enrolling in one turn.
const ENROL_STEPS: u32 = 20;
/// Batches reported in one turn, so that what piled up goes out bit by bit.
const BATCHES_PER_TURN: u32 = 10;
/// The part of a cycle over which first reports are spread; what is left of it is for hindrances.
const SPREAD: f64 = 0.9;
/// How much later than a cycle after its last report an account is due, at the least: longer than a report can be on its
/// way, so that upstream never sees two of one account within a cycle.
const SLACK: Duration = Duration::from_mins(3);
/// The part of a cycle by which that varies.
const JITTER: f64 = 0.002;
/// The wait after the first report that failed; it doubles with each further one.
const FIRST_WAIT: Duration = Duration::from_mins(1);
/// The longest wait without advice.
const LONGEST_WAIT: Duration = Duration::from_hours(1);
/// The longest wait on upstream's advice.
const LONGEST_ADVICE: Duration = Duration::from_hours(24);
/// How often it is looked whether there is a grant to report with.
const LOOK_FOR_GRANT: Duration = Duration::from_mins(5);

/// What a turn did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReportTurn {
    /// Accounts reported.
    pub reported: u64,
    /// Closed accounts that were erased.
    pub erased: u64,
    /// Changed accounts of whom nothing old is held any more.
    pub refreshed: u64,
    /// Reports that failed, to be tried again later.
    pub failed: u64,
}

impl AddAssign for ReportTurn {
    fn add_assign(&mut self, other: Self) {
        self.reported += other.reported;
        self.erased += other.erased;
        self.refreshed += other.refreshed;
        self.failed += other.failed;
    }
}

/// Why a report was not answered.
pub(super) enum Unreported {
    /// No grant of the app can be used for it.
    NoGrant,
    /// Upstream did not answer it.
    Call(CallError),
}

impl Inner {
    /// Enrols accounts that are new, each batch of them at a moment of its own within a cycle from now.
    pub(super) async fn enrol(&self, app: AppId, cycle: Duration) -> Result<(), EngineError> {
        for _ in 0..ENROL_STEPS {
            let accounts = self.store.unenrolled_accounts(app, ENROL_AT_ONCE).await?;
            if accounts.is_empty() {
                break;
            }
            let now = self.clock.now();
            let batches = accounts.len().div_ceil(ACCOUNTS_PER_REPORT);
            let mut enrolments = Vec::with_capacity(accounts.len());
            for (place, batch) in accounts.chunks(ACCOUNTS_PER_REPORT).enumerate() {
                #[expect(clippy::cast_precision_loss, reason = "there are ten batches at most")]
                let share = (place as f64 + self.entropy.fraction()) / batches as f64;
                let due_at = now + cycle.mul_f64(SPREAD * share);
                enrolments.extend(batch.iter().map(|account_id| Enrolment {
                    account_id: account_id.clone(),
                    // Erased before and met again, by its bare id: it is never reported.
                    due_at: (!self.is_erased(account_id)).then_some(due_at),
                }));
            }
            self.store.enrol_accounts(app, &enrolments, now).await?;
            if accounts.len() < ENROL_AT_ONCE as usize {
                break;
            }
        }
        Ok(())
    }

    /// Reports what is due, some batches of it. A failure ends the turn: its wait is kept in the store, so it holds for
    /// every process and over restarts.
    pub(super) async fn report_due(
        self: &Arc<Self>,
        lease: &Lease,
        mut cycle: ReportCycle,
    ) -> Result<ReportTurn, EngineError> {
        let app = lease.app();
        let mut turn = ReportTurn::default();
        if cycle.not_before.is_some_and(|moment| self.clock.now() < moment) {
            return Ok(turn);
        }
        // A batch that upstream found wrong is halved until the account that is wrong stands alone.
        let mut parts: Vec<Vec<DueAccount>> = Vec::new();
        let mut batches = 0;
        loop {
            let part = match parts.pop() {
                Some(part) => part,
                None if batches == BATCHES_PER_TURN => break,
                None => {
                    batches += 1;
                    self.store.due_accounts(app, self.clock.now(), BATCH).await?
                }
            };
            if part.is_empty() {
                break;
            }
            lease.renew().await?;
            let sent_at = self.clock.now();
            match self.send_report(app, &part).await? {
                Ok(answer) => {
                    turn.reported += part.len() as u64;
                    cycle.cycle = self.note_answer(app, &part, answer, sent_at, cycle.cycle).await?;
                }
                Err(Unreported::Call(CallError::BadRequest { .. })) if part.len() > 1 => {
                    let (first, second) = part.split_at(part.len() / 2);
                    parts.extend([second.to_vec(), first.to_vec()]);
                }
                Err(Unreported::Call(error @ CallError::BadRequest { .. })) => {
                    // One account that upstream does not take must not hold up the others; next cycle it is tried again.
                    tracing::warn!(%error, "Atlassian does not take the report of an account");
                    turn.failed += 1;
                    cycle.cycle =
                        self.note_answer(app, &part, ReportAnswer::default(), sent_at, cycle.cycle).await?;
                }
                Err(failure) => {
                    turn.failed += 1;
                    self.note_failure(app, &failure, cycle.failures).await?;
                    break;
                }
            }
        }
        Ok(turn)
    }

    /// Makes an answer durable; gives the cycle from now on.
    async fn note_answer(
        &self,
        app: AppId,
        batch: &[DueAccount],
        answer: ReportAnswer,
        sent_at: Timestamp,
        cycle: Duration,
    ) -> Result<Duration, EngineError> {
        let accounts: Vec<String> = batch.iter().map(|account| account.account_id.clone()).collect();
        let asked: HashSet<&str> = accounts.iter().map(String::as_str).collect();
        let with = |wanted: AccountVerdict| -> Vec<String> {
            let verdicts = answer.verdicts.iter();
            verdicts
                .filter(|(id, verdict)| *verdict == wanted && asked.contains(id.as_str()))
                .map(|(id, _)| id.clone())
                .collect()
        };
        let (closed, updated) = (with(AccountVerdict::Closed), with(AccountVerdict::Updated));
        let cycle = answer.cycle.unwrap_or(cycle);
        // One moment for the whole batch: it stays together in later cycles.
        let due_at = sent_at + cycle + SLACK + cycle.mul_f64(JITTER * self.entropy.fraction());
        let answered = AnsweredReport {
            reported_at: sent_at,
            due_at,
            cycle,
            accounts: &accounts,
            closed: &closed,
            updated: &updated,
        };
        self.store.commit_report(app, &answered).await?;
        tracing::info!(
            app.id = %app,
            accounts = accounts.len(),
            closed = closed.len(),
            updated = updated.len(),
            "accounts reported"
        );
        Ok(cycle)
    }

    async fn note_failure(&self, app: AppId, failure: &Unreported, failures: u32) -> Result<(), EngineError> {
        let (problem, wait) = match failure {
            Unreported::NoGrant => (no_grant(), LOOK_FOR_GRANT),
            Unreported::Call(error) => {
                let backoff = FIRST_WAIT.saturating_mul(1 << failures.min(16)).min(LONGEST_WAIT);
                let wait = error.retry_after().map_or(backoff, |advice| advice.min(LONGEST_ADVICE));
                (error.to_string(), wait)
            }
        };
        tracing::warn!(app.id = %app, problem, ?wait, "accounts could not be reported; it is tried again");
        // Only upwards: advice is a minimum.
        let wait = wait.mul_f64(0.2f64.mul_add(self.entropy.fraction(), 1.0)).max(Duration::from_secs(1));
        Ok(self.store.report_failed(app, &problem, Some(self.clock.now() + wait)).await?)
    }

    /// Sends a report with the first grant that can be used for it. A refused token is replaced once.
    async fn send_report(
        self: &Arc<Self>,
        app: AppId,
        batch: &[DueAccount],
    ) -> Result<Result<ReportAnswer, Unreported>, EngineError> {
        let accounts: Vec<ReportedAccount> = batch
            .iter()
            .map(|due| ReportedAccount { account_id: due.account_id.clone(), fetched_at: due.fetched_at })
            .collect();
        let mut failure = Unreported::NoGrant;
        for grant in self.reporting_grants(app).await? {
            let mut refused: Option<Secret> = None;
            loop {
                let token = match self.access_token(grant.id, refused.as_ref()).await {
                    Ok(token) => token,
                    Err(error @ (EngineError::Store(_) | EngineError::Stopped)) => return Err(error),
                    Err(error) => {
                        tracing::info!(grant.id = %grant.id, %error, "a grant cannot be used to report accounts");
                        break;
                    }
                };
                match self.upstream.report_accounts(&token, &accounts).await {
                    Ok(answer) => return Ok(Ok(answer)),
                    Err(CallError::TokenRejected { .. }) if refused.is_none() => refused = Some(token),
                    // Another grant may be able to.
                    Err(
                        error @ (CallError::TokenRejected { .. }
                        | CallError::ScopeMissing { .. }
                        | CallError::Forbidden { .. }),
                    ) => {
                        failure = Unreported::Call(error);
                        break;
                    }
                    Err(error) => return Ok(Err(Unreported::Call(error))),
                }
            }
        }
        Ok(Err(failure))
    }

    /// Settles which app reports the people who proved who they are. No token of theirs is kept, so the app to which they
    /// consented can do so only if it reads sites too; else another one does. Who was chosen goes on while it can, so that
    /// nobody is enrolled elsewhere without need. Where no app can, they stay due with one that says why.
    pub(super) async fn choose_reporters(&self) -> Result<(), EngineError> {
        let chosen = self.store.identity_reporters().await?;
        if chosen.is_empty() {
            return Ok(());
        }
        let mut apps = Vec::new();
        let mut able = Vec::new();
        for app in self.store.apps().await? {
            apps.push(app.id);
            if !self.reporting_grants(app.id).await?.is_empty() {
                able.push(app.id);
            }
        }
        for (app, reporter) in chosen {
            let first_of = |candidates: &[AppId]| {
                let preferred = reporter.into_iter().chain([app]).find(|it| candidates.contains(it));
                preferred.or_else(|| candidates.first().copied())
            };
            if let Some(best) = first_of(&able).or_else(|| first_of(&apps)).filter(|it| reporter != Some(*it))
            {
                self.store.set_identity_reporter(app, best).await?;
            }
        }
        Ok(())
    }

    /// The grants with which an app can report, oldest first.
    pub(super) async fn reporting_grants(&self, app: AppId) -> Result<Vec<Grant>, EngineError> {
        let mut grants = self.store.grants().await?;
        grants.retain(|grant| {
            grant.app == app
                && grant.state == GrantState::Healthy
                && grant.scopes.iter().any(|scope| scope == REPORT_SCOPE)
        });
        Ok(grants)
    }
}

/// What is wrong when no grant can be used, and what to do.
pub(super) fn no_grant() -> String {
    format!(
        "no customer's consent includes the scope `{REPORT_SCOPE}`: add the personal data reporting API to the app in the \
         developer console, add the scope to the app's list here, and let one customer link again; accounts stay due until \
         then"
    )
}

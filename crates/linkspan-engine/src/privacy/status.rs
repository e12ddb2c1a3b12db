//! How the reporting of personal data stands, for the vendor and for metrics.

use std::time::Duration;

use jiff::Timestamp;
use linkspan_atlassian::oauth::DEFAULT_CYCLE;
use linkspan_model::ids::AppId;
use linkspan_store::{App, Erasure, ReportCounts};

use super::report::no_grant;
use crate::engine::{Engine, Inner};
use crate::error::EngineError;

/// An account is overdue when it could not be reported for this part of a cycle after its time came.
const OVERDUE_AFTER: u32 = 7;

/// Accounts that are reported.
const ACCOUNTS: &str = "linkspan_personal_data_accounts";
/// Accounts whose report is due.
const DUE: &str = "linkspan_personal_data_accounts_due";
/// Accounts whose report is overdue: to be alarmed about.
const OVERDUE: &str = "linkspan_personal_data_accounts_overdue";
/// Closed accounts that are not erased yet.
const TO_ERASE: &str = "linkspan_personal_data_accounts_to_erase";
/// Seconds since the latest report was answered.
const LAST_REPORT_AGE: &str = "linkspan_personal_data_last_report_age_seconds";

/// How the reporting of one app's accounts stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonalDataStatus {
    /// The app.
    pub app: AppId,
    /// Its client id.
    pub client_id: String,
    /// Within which time each account is reported once.
    pub cycle: Duration,
    /// How many accounts stand where.
    pub counts: ReportCounts,
    /// When the latest report was answered.
    pub last_report_at: Option<Timestamp>,
    /// No report before this moment.
    pub not_before: Option<Timestamp>,
    /// Why reporting is not possible at the moment, and what to do about it.
    pub problem: Option<String>,
}

/// A page of receipts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiptsPage {
    /// The receipts, newest first.
    pub receipts: Vec<Erasure>,
    /// The number before which the next page begins.
    pub next: Option<i64>,
}

impl Engine {
    /// How the reporting of every app's accounts stands.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn personal_data_status(&self) -> Result<Vec<PersonalDataStatus>, EngineError> {
        let mut statuses = Vec::new();
        for app in self.inner.store.apps().await? {
            statuses.push(self.inner.status_of_app(app).await?);
        }
        Ok(statuses)
    }

    /// Receipts of erasures, newest first, before the receipt number `before`; of one account only if its id is given.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn erasure_receipts(
        &self,
        account_id: Option<&str>,
        before: Option<i64>,
        page_size: usize,
    ) -> Result<ReceiptsPage, EngineError> {
        let digest = account_id.map(|account_id| self.inner.erased_digest(account_id));
        // One more than asked for tells whether there is more.
        let limit = u32::try_from(page_size + 1).unwrap_or(u32::MAX);
        let mut receipts = self.inner.store.erasures(digest.as_ref(), before, limit).await?;
        let has_more = receipts.len() > page_size;
        receipts.truncate(page_size);
        let next = receipts.last().filter(|_| has_more).map(|receipt| receipt.no);
        Ok(ReceiptsPage { receipts, next })
    }
}

impl Inner {
    async fn status_of_app(&self, app: App) -> Result<PersonalDataStatus, EngineError> {
        let cycle = self.store.report_cycle(app.id, DEFAULT_CYCLE).await?;
        let now = self.clock.now();
        let counts = self.store.report_counts(app.id, now, now - cycle.cycle / OVERDUE_AFTER).await?;
        // Seen at once, before a report is tried. Who knows nobody has nothing to report.
        let cannot = counts.known > 0 && self.reporting_grants(app.id).await?.is_empty();
        Ok(PersonalDataStatus {
            app: app.id,
            client_id: app.client_id,
            cycle: cycle.cycle,
            counts,
            last_report_at: cycle.last_report_at,
            not_before: cycle.not_before,
            problem: if cannot { Some(no_grant()) } else { cycle.problem },
        })
    }

    /// Sets the gauges of all apps together.
    pub(super) async fn gauge_personal_data(&self) -> Result<(), EngineError> {
        let mut total = ReportCounts::default();
        let mut last_report_at = None;
        for app in self.store.apps().await? {
            let status = self.status_of_app(app).await?;
            total.known += status.counts.known;
            total.due += status.counts.due;
            total.overdue += status.counts.overdue;
            total.to_erase += status.counts.to_erase;
            last_report_at = last_report_at.max(status.last_report_at);
        }
        for (gauge, count) in
            [(ACCOUNTS, total.known), (DUE, total.due), (OVERDUE, total.overdue), (TO_ERASE, total.to_erase)]
        {
            #[expect(clippy::cast_precision_loss, reason = "accounts are far fewer than a float can count")]
            metrics::gauge!(gauge).set(count as f64);
        }
        if let Some(at) = last_report_at {
            let age = self.clock.now().duration_since(at);
            metrics::gauge!(LAST_REPORT_AGE).set(age.as_secs_f64());
        }
        Ok(())
    }
}

//! Deliveries as the vendor sees them: lists, attempts, replays; and their end.

use jiff::Timestamp;
use linkspan_model::ids::{DeliveryId, LinkedAccountId, WebhookEndpointId};

use super::webhook_deliveries::{Delivery, DeliveryState, columns, read};
use crate::Store;
use crate::db::{Arg, Query, Row, args, statements};
use crate::error::StoreError;

/// Deliveries put on their way again, or deleted, in one step.
const STEP: i64 = 500;

/// Deletes the deliveries of a step, or their attempts: the first ones in an order that an index has.
macro_rules! doomed {
    ($what:literal, $condition:literal, $order:literal) => {
        concat!(
            "DELETE FROM ",
            $what,
            " IN (SELECT id FROM webhook_deliveries WHERE ",
            $condition,
            " ORDER BY ",
            $order,
            " LIMIT $2)"
        )
    };
}

statements! {
    ONE = concat!("SELECT ", columns!(), " FROM webhook_deliveries WHERE id = $1");
    ATTEMPTS = "SELECT no, at, duration_ms, outcome, status, error, response FROM webhook_attempts
        WHERE delivery_id = $1 ORDER BY no";
    REPLAY_ONE = "UPDATE webhook_deliveries SET state = 'pending', tries = 0, due_at = $2, claim = NULL,
            claimed_until = NULL, reason = NULL, finished_at = NULL
        WHERE id = $1 AND state <> 'pending'";
    REPLAY = "UPDATE webhook_deliveries SET state = 'pending', tries = 0, due_at = $6, claim = NULL,
            claimed_until = NULL, reason = NULL, finished_at = NULL
        WHERE id IN (SELECT id FROM webhook_deliveries WHERE endpoint_id = $1 AND (position, id) > ($2, $3)
            AND happened_at >= $4 AND happened_at <= $5 AND state IN ('delivered', 'failed', 'missed')
            ORDER BY position, id LIMIT $7)
        RETURNING position, id";
    ATTEMPTS_OF_ACCOUNT = doomed!("webhook_attempts WHERE delivery_id",
        "account_id = $1 AND event NOT IN ('linked_account.deleted', 'LinkedAccount.deleted')", "id");
    OF_ACCOUNT = doomed!("webhook_deliveries WHERE id",
        "account_id = $1 AND event NOT IN ('linked_account.deleted', 'LinkedAccount.deleted')", "id");
    ATTEMPTS_OF_ENDPOINT = doomed!("webhook_attempts WHERE delivery_id", "endpoint_id = $1", "position, id");
    OF_ENDPOINT = doomed!("webhook_deliveries WHERE id", "endpoint_id = $1", "position, id");
    OLD_ATTEMPTS = doomed!("webhook_attempts WHERE delivery_id", "created_at < $1", "created_at, id");
    OLD = doomed!("webhook_deliveries WHERE id", "created_at < $1", "created_at, id");
}

/// Which deliveries to list. Conditions left out hold for all.
#[derive(Clone, Debug, Default)]
pub struct DeliveryFilter {
    /// In this state.
    pub state: Option<DeliveryState>,
    /// Of this event.
    pub event: Option<String>,
}

/// Which deliveries are put on their way again.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReplayRange {
    /// Behind this position of the feed.
    pub after: Option<i64>,
    /// What happened then or later.
    pub since: Option<Timestamp>,
    /// What happened then or earlier.
    pub until: Option<Timestamp>,
}

/// An attempt out of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Which one: 1 is the first.
    pub no: i64,
    /// When it began.
    pub at: Timestamp,
    /// How long it took.
    pub duration_ms: i64,
    /// How it ended, in a word.
    pub outcome: String,
    /// The status of the answer, if there was one.
    pub status: Option<i64>,
    /// Why it failed.
    pub error: Option<String>,
    /// The beginning of the answer, redacted.
    pub response: Option<String>,
}

impl Store {
    /// A delivery.
    pub async fn delivery(&self, id: DeliveryId) -> Result<Option<Delivery>, StoreError> {
        self.db.first(ONE, args![id]).await?.map(|row| read(&row)).transpose()
    }

    /// The attempts of a delivery, first to last.
    pub async fn delivery_attempts(&self, id: DeliveryId) -> Result<Vec<Attempt>, StoreError> {
        self.db.all(ATTEMPTS, args![id]).await?.iter().map(read_attempt).collect()
    }

    /// Deliveries to an endpoint that meet the filter, newest first, before the position of the last one of the page
    /// before.
    pub async fn list_deliveries(
        &self,
        endpoint: WebhookEndpointId,
        filter: &DeliveryFilter,
        before: Option<(i64, DeliveryId)>,
        limit: u32,
    ) -> Result<Vec<Delivery>, StoreError> {
        let mut query =
            Query::new(concat!("SELECT ", columns!(), " FROM webhook_deliveries WHERE endpoint_id = "));
        query.bind(endpoint);
        if let Some(state) = filter.state {
            query.push(" AND state = ").bind(state.as_str());
        }
        if let Some(event) = &filter.event {
            query.push(" AND event = ").bind(event);
        }
        if let Some((position, id)) = before {
            query.push(" AND (position, id) < (").bind(position).push(", ").bind(id).push(")");
        }
        query.push(" ORDER BY position DESC, id DESC LIMIT ").bind(i64::from(limit));
        let (sql, args) = query.finish();
        self.db.all(sql, args).await?.iter().map(read).collect()
    }

    /// Puts a delivery that has ended on its way again; `false` when it is on its way or gone.
    pub async fn replay_delivery(&self, id: DeliveryId, now: Timestamp) -> Result<bool, StoreError> {
        Ok(self.db.write(REPLAY_ONE, args![id, now]).await? > 0)
    }

    /// Puts all deliveries of a range that were delivered, failed or missed on their way again, in bounded steps; how
    /// many.
    pub async fn replay_deliveries(
        &self,
        endpoint: WebhookEndpointId,
        range: ReplayRange,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        // Begins behind every delivery of the position itself: no id is greater than this one.
        let mut last = (range.after.unwrap_or(i64::MIN), uuid::Uuid::max());
        let since = range.since.map_or(i64::MIN, Timestamp::as_millisecond);
        let until = range.until.map_or(i64::MAX, Timestamp::as_millisecond);
        let mut total = 0;
        loop {
            let args: Vec<Arg> = args![endpoint, last.0, last.1, since, until, now, STEP];
            let mut tx = self.db.begin().await?;
            let rows = tx.all(REPLAY, args).await?;
            tx.commit().await?;
            let mut places = Vec::with_capacity(rows.len());
            for row in &rows {
                places.push((row.int(0)?, row.uuid(1)?));
            }
            let Some(furthest) = places.iter().max() else { return Ok(total) };
            last = *furthest;
            total += places.len() as u64;
        }
    }

    /// Deletes deliveries that were made before `before`, with their attempts, in bounded steps; how many.
    pub async fn forget_deliveries(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.delete_deliveries(OLD_ATTEMPTS, OLD, &before.into()).await
    }

    /// Deletes what is on its way about an account, but that it was unlinked.
    pub(crate) async fn delete_deliveries_of_account(&self, id: LinkedAccountId) -> Result<u64, StoreError> {
        self.delete_deliveries(ATTEMPTS_OF_ACCOUNT, OF_ACCOUNT, &id.into()).await
    }

    pub(crate) async fn delete_deliveries_of_endpoint(
        &self,
        id: WebhookEndpointId,
    ) -> Result<u64, StoreError> {
        self.delete_deliveries(ATTEMPTS_OF_ENDPOINT, OF_ENDPOINT, &id.into()).await
    }

    async fn delete_deliveries(
        &self,
        attempts: &'static str,
        deliveries: &'static str,
        which: &Arg,
    ) -> Result<u64, StoreError> {
        let mut total = 0;
        loop {
            let mut tx = self.db.begin().await?;
            tx.execute(attempts, vec![which.clone(), STEP.into()]).await?;
            let deleted = tx.execute(deliveries, vec![which.clone(), STEP.into()]).await?;
            tx.commit().await?;
            if deleted == 0 {
                return Ok(total);
            }
            total += deleted;
        }
    }
}

fn read_attempt(row: &Row) -> Result<Attempt, StoreError> {
    Ok(Attempt {
        no: row.int(0)?,
        at: row.time(1)?,
        duration_ms: row.int(2)?,
        outcome: row.text(3)?,
        status: row.optional_int(4)?,
        error: row.optional_text(5)?,
        response: row.optional_text(6)?,
    })
}

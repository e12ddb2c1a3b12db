//! Deliveries on their way: made of the feed, claimed under a lease, and what became of each attempt.

use jiff::Timestamp;
use linkspan_model::ids::{DeliveryId, EventId, LinkedAccountId, RecordId, SourceId, WebhookEndpointId};
use linkspan_model::product::UnknownWord;
use linkspan_model::record::Model;
use uuid::Uuid;

use super::webhook_endpoints::{self, DisabledReason, FailurePolicy};
use crate::Store;
use crate::db::{Arg, Row, args, bulks, statements};
use crate::error::StoreError;

/// What is read of a delivery; [`read`] takes it in this order.
macro_rules! columns {
    () => {
        "id, endpoint_id, event_id, position, event, account_id, source_id, model, record_id, state, tries, attempts,
            due_at, reason, happened_at, created_at, finished_at"
    };
}
pub(crate) use columns;

statements! {
    CURSOR = "SELECT position FROM webhook_cursor";
    MOVE_CURSOR = "UPDATE webhook_cursor SET position = $2 WHERE position = $1";
    // Of a lane, the earliest alone: what comes later waits for it. What is claimed is still pending.
    DUE = "SELECT 1 FROM webhook_deliveries d
        WHERE d.endpoint_id = $1 AND d.state = 'pending' AND d.due_at <= $2
            AND (d.claimed_until IS NULL OR d.claimed_until <= $2)
            AND NOT EXISTS (SELECT 1 FROM webhook_deliveries e WHERE e.endpoint_id = d.endpoint_id AND e.lane = d.lane
                AND e.state = 'pending' AND e.position < d.position)
        LIMIT 1";
    CLAIM = concat!("UPDATE webhook_deliveries SET claim = $3, claimed_until = $4
        WHERE state = 'pending' AND (claimed_until IS NULL OR claimed_until <= $2) AND id IN
            (SELECT d.id FROM webhook_deliveries d
                WHERE d.endpoint_id = $1 AND d.state = 'pending' AND d.due_at <= $2
                    AND (d.claimed_until IS NULL OR d.claimed_until <= $2)
                    AND NOT EXISTS (SELECT 1 FROM webhook_deliveries e WHERE e.endpoint_id = d.endpoint_id
                        AND e.lane = d.lane AND e.state = 'pending' AND e.position < d.position)
                ORDER BY d.position, d.id LIMIT $5)
        RETURNING ", columns!());
    FINISH = "UPDATE webhook_deliveries SET state = $3, tries = tries + 1, attempts = attempts + 1, due_at = $4,
            reason = $5, finished_at = $6, claim = NULL, claimed_until = NULL
        WHERE id = $1 AND claim = $2 RETURNING attempts";
    DROP = "UPDATE webhook_deliveries SET state = 'dropped', reason = $3, due_at = NULL, finished_at = $4, claim = NULL,
            claimed_until = NULL
        WHERE id = $1 AND claim = $2";
    HASTEN = "UPDATE webhook_deliveries SET due_at = $2 WHERE endpoint_id = $1 AND state = 'pending' AND due_at > $2";
    RELEASE = "UPDATE webhook_deliveries SET claim = NULL, claimed_until = NULL, due_at = $3
        WHERE id = $1 AND claim = $2";
    LOG = "INSERT INTO webhook_attempts (delivery_id, no, at, duration_ms, outcome, status, error, response)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    // With the endpoints, so that an index is chosen that leaves out all that is not on its way.
    PENDING = "SELECT COUNT(*) FROM webhook_endpoints e
        JOIN webhook_deliveries d ON d.endpoint_id = e.id AND d.state = 'pending'";
}

bulks! {
    ENTER = "INSERT INTO webhook_deliveries (tries, attempts, created_at, id, endpoint_id, event_id, position, event,
            account_id, source_id, model, record_id, lane, state, due_at, happened_at) VALUES ",
        "(0, 0, $1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        " ON CONFLICT (id) DO NOTHING";
}

/// What became of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryState {
    /// It is on its way.
    Pending,
    /// The endpoint took it.
    Delivered,
    /// Every attempt failed.
    Failed,
    /// It happened while the endpoint was disabled.
    Missed,
    /// What it is about is gone: nothing is sent.
    Dropped,
}

impl DeliveryState {
    const ALL: [Self; 5] = [Self::Pending, Self::Delivered, Self::Failed, Self::Missed, Self::Dropped];

    /// The word in storage and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::Missed => "missed",
            Self::Dropped => "dropped",
        }
    }
}

impl std::str::FromStr for DeliveryState {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        Self::ALL.into_iter().find(|state| state.as_str() == text).ok_or_else(|| UnknownWord {
            what: "delivery state",
            word: text.to_owned(),
            known: "pending, delivered, failed, missed, dropped",
        })
    }
}

/// A delivery to be put on its way. It holds ids alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDelivery {
    /// To whom.
    pub endpoint: WebhookEndpointId,
    /// What happened, by its id.
    pub event_id: EventId,
    /// Where in the feed.
    pub position: i64,
    /// The event's name in the endpoint's form.
    pub event: String,
    /// The account that sees it.
    pub account: Option<LinkedAccountId>,
    /// Where it happened.
    pub source: Option<SourceId>,
    /// The record's model, if it is about a record.
    pub model: Option<Model>,
    /// The record.
    pub record: Option<RecordId>,
    /// Deliveries of one lane go out in the order of their positions.
    pub lane: Uuid,
    /// The endpoint is disabled: it is kept for a replay.
    pub missed: bool,
    /// When it happened.
    pub happened_at: Timestamp,
}

/// A stored delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Its id.
    pub id: DeliveryId,
    /// To whom.
    pub endpoint: WebhookEndpointId,
    /// What happened, by its id.
    pub event_id: EventId,
    /// Where in the feed.
    pub position: i64,
    /// The event's name in the endpoint's form.
    pub event: String,
    /// The account that sees it.
    pub account: Option<LinkedAccountId>,
    /// Where it happened.
    pub source: Option<SourceId>,
    /// The record's model, if it is about a record.
    pub model: Option<Model>,
    /// The record.
    pub record: Option<RecordId>,
    /// What became of it.
    pub state: DeliveryState,
    /// Attempts since it was last put on its way.
    pub tries: i64,
    /// All attempts.
    pub attempts: i64,
    /// When the next attempt is due.
    pub due_at: Option<Timestamp>,
    /// Why it failed or was dropped.
    pub reason: Option<String>,
    /// When it happened.
    pub happened_at: Timestamp,
    /// When it was first put on its way.
    pub created_at: Timestamp,
    /// When that ended.
    pub finished_at: Option<Timestamp>,
}

/// One attempt, as the log keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAttempt {
    /// When it began.
    pub at: Timestamp,
    /// How long it took.
    pub duration_ms: i64,
    /// How it ended, in a word.
    pub outcome: &'static str,
    /// The status of the answer, if there was one.
    pub status: Option<u16>,
    /// Why it failed, in words of our own.
    pub error: Option<String>,
    /// The beginning of the answer, redacted.
    pub response: Option<String>,
}

/// What follows from an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It arrived.
    Delivered,
    /// It is tried again.
    Again {
        /// When.
        due_at: Timestamp,
    },
    /// It was the last attempt.
    GivenUp,
    /// The endpoint says that it is gone: it is told nothing more.
    EndpointGone,
}

/// What came of noting an attempt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Noted {
    /// The claim still held, so it was noted.
    pub noted: bool,
    /// The endpoint was disabled because of it.
    pub disabled: bool,
}

impl Store {
    /// Up to where the feed was turned into deliveries.
    pub async fn webhook_cursor(&self) -> Result<i64, StoreError> {
        let row = self.db.first(CURSOR, args![]).await?;
        row.ok_or_else(|| StoreError::corrupt("the webhook cursor has no row"))?.int(0)
    }

    /// Puts deliveries on their way and moves the cursor from `from` to `next`, in one transaction. `false`, and nothing
    /// is written, when another process moved it. A delivery that exists stays as it is.
    pub async fn fan_out(
        &self,
        from: i64,
        next: i64,
        deliveries: &[NewDelivery],
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut tx = self.db.begin().await?;
        if tx.execute(MOVE_CURSOR, args![from, next]).await? == 0 {
            return Ok(false);
        }
        let rows = deliveries.iter().flat_map(|delivery| row_of(delivery, now)).collect();
        tx.run(ENTER.rows(tx.dialect(), args![now], rows)).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Puts one delivery on its way, outside of the feed.
    pub async fn enter_delivery(&self, delivery: &NewDelivery, now: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        tx.run(ENTER.rows(tx.dialect(), args![now], row_of(delivery, now).into())).await?;
        tx.commit().await
    }

    /// Claims up to `limit` deliveries to an endpoint that are due, until `until`, under the name `claim`, in the order
    /// of their positions; of a lane the first one only. What is claimed and not noted by then is claimed again.
    pub async fn claim_deliveries(
        &self,
        endpoint: WebhookEndpointId,
        limit: u32,
        claim: Uuid,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Delivery>, StoreError> {
        // Looking costs no write, and most of the time there is nothing.
        if self.db.first(DUE, args![endpoint, now]).await?.is_none() {
            return Ok(Vec::new());
        }
        let mut tx = self.db.begin().await?;
        let rows = tx.all(CLAIM, args![endpoint, now, claim, until, i64::from(limit)]).await?;
        let mut claimed: Vec<Delivery> = rows.iter().map(read).collect::<Result<_, _>>()?;
        tx.commit().await?;
        claimed.sort_unstable_by_key(|delivery| (delivery.position, delivery.id));
        Ok(claimed)
    }

    /// Notes an attempt and what follows from it, for the delivery and its endpoint, in one transaction. Nothing is
    /// written when the claim was lost.
    pub async fn note_attempt(
        &self,
        delivery: &Delivery,
        claim: Uuid,
        attempt: &NewAttempt,
        verdict: &Verdict,
        policy: FailurePolicy,
        now: Timestamp,
    ) -> Result<Noted, StoreError> {
        let (state, due_at) = match verdict {
            Verdict::Delivered => (DeliveryState::Delivered, None),
            Verdict::Again { due_at } => (DeliveryState::Pending, Some(*due_at)),
            Verdict::GivenUp | Verdict::EndpointGone => (DeliveryState::Failed, None),
        };
        let finished_at = (state != DeliveryState::Pending).then_some(now);
        let error = attempt.error.as_deref();
        let mut tx = self.db.begin().await?;
        let args = args![delivery.id, claim, state.as_str(), due_at, error, finished_at];
        let Some(row) = tx.first(FINISH, args).await? else { return Ok(Noted::default()) };
        let args = args![
            delivery.id,
            row.int(0)?,
            attempt.at,
            attempt.duration_ms,
            attempt.outcome,
            attempt.status.map(i64::from),
            error,
            attempt.response.as_deref(),
        ];
        tx.execute(LOG, args).await?;
        let id = delivery.endpoint;
        let disabled = match verdict {
            Verdict::Delivered => {
                webhook_endpoints::succeeded(&mut tx, id).await?;
                false
            }
            Verdict::EndpointGone => {
                webhook_endpoints::disable(&mut tx, id, DisabledReason::Gone, now).await?
            }
            Verdict::Again { .. } | Verdict::GivenUp => {
                webhook_endpoints::failed(&mut tx, id, policy, attempt.at, now).await?
            }
        };
        tx.commit().await?;
        Ok(Noted { noted: true, disabled })
    }

    /// Ends a claimed delivery without an attempt: what it is about is gone. `false` when the claim was lost.
    pub async fn drop_delivery(
        &self,
        id: DeliveryId,
        claim: Uuid,
        reason: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        Ok(self.db.write(DROP, args![id, claim, reason, now]).await? > 0)
    }

    /// Gives a claim back without an attempt; the delivery is due again at `due_at`.
    pub async fn release_delivery(
        &self,
        id: DeliveryId,
        claim: Uuid,
        due_at: Timestamp,
    ) -> Result<bool, StoreError> {
        Ok(self.db.write(RELEASE, args![id, claim, due_at]).await? > 0)
    }

    /// How many deliveries are on their way.
    pub async fn count_pending_deliveries(&self) -> Result<u64, StoreError> {
        let row = self.db.first(PENDING, args![]).await?;
        Ok(row.ok_or_else(|| StoreError::corrupt("a count has no row"))?.int(0)?.cast_unsigned())
    }
}

fn row_of(delivery: &NewDelivery, now: Timestamp) -> [Arg; 13] {
    let state = if delivery.missed { DeliveryState::Missed } else { DeliveryState::Pending };
    [
        DeliveryId::of(delivery.endpoint, delivery.event_id).into(),
        delivery.endpoint.into(),
        delivery.event_id.into(),
        delivery.position.into(),
        delivery.event.as_str().into(),
        delivery.account.into(),
        delivery.source.into(),
        delivery.model.map(Model::as_str).into(),
        delivery.record.into(),
        delivery.lane.into(),
        state.as_str().into(),
        (!delivery.missed).then_some(now).into(),
        delivery.happened_at.into(),
    ]
}

pub(crate) fn read(row: &Row) -> Result<Delivery, StoreError> {
    Ok(Delivery {
        id: DeliveryId(row.uuid(0)?),
        endpoint: WebhookEndpointId(row.uuid(1)?),
        event_id: EventId(row.uuid(2)?),
        position: row.int(3)?,
        event: row.text(4)?,
        account: row.optional_uuid(5)?.map(LinkedAccountId),
        source: row.optional_uuid(6)?.map(SourceId),
        model: row.optional_text(7)?.map(|word| word.parse().map_err(StoreError::corrupt)).transpose()?,
        record: row.optional_uuid(8)?.map(RecordId),
        state: row.word(9)?,
        tries: row.int(10)?,
        attempts: row.int(11)?,
        due_at: row.optional_time(12)?,
        reason: row.optional_text(13)?,
        happened_at: row.time(14)?,
        created_at: row.time(15)?,
        finished_at: row.optional_time(16)?,
    })
}

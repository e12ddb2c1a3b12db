//! Addresses of the vendor's to which events are sent, and the secrets that sign what is sent.

use jiff::{SignedDuration, Timestamp};
use linkspan_model::event::EventKind;
use linkspan_model::ids::{LinkedAccountId, WebhookEndpointId};
use linkspan_model::product::{Integration, UnknownWord};
use linkspan_vault::Sealed;
use serde_json::json;
use uuid::Uuid;

use crate::Store;
use crate::control::apps::list_json;
use crate::control::webhook_deliveries;
use crate::db::{Row, Tx, args, statements};
use crate::error::StoreError;
use crate::spine::events::{self, NewEvent};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, url, description, events, accounts, integrations, format, state, disabled_reason, disabled_at,
                starts_after, failures, failing_since, rests_until, created_at, modified_at FROM webhook_endpoints ",
            $rest
        )
    };
}

statements! {
    INSERT = "INSERT INTO webhook_endpoints (id, url, description, events, accounts, integrations, format, state,
            starts_after, failures, created_at, modified_at)
        SELECT $1, $2, $3, $4, $5, $6, $7, 'enabled', $8, 0, $9, $9
        WHERE (SELECT COUNT(*) FROM webhook_endpoints) < $10";
    UPDATE = "UPDATE webhook_endpoints SET url = $2, description = $3, events = $4, accounts = $5, integrations = $6,
            format = $7, modified_at = $8
        WHERE id = $1";
    DISABLE = "UPDATE webhook_endpoints SET state = 'disabled', disabled_reason = $2, disabled_at = $3
        WHERE id = $1 AND state = 'enabled' RETURNING description, failing_since";
    ENABLE = "UPDATE webhook_endpoints SET state = 'enabled', disabled_reason = NULL, disabled_at = NULL, failures = 0,
            failing_since = NULL, rests_until = NULL
        WHERE id = $1";
    DELETE = "DELETE FROM webhook_endpoints WHERE id = $1";
    ONE = select!("WHERE id = $1");
    ALL = select!("ORDER BY created_at, id");
    SUCCEEDED = "UPDATE webhook_endpoints SET failures = 0, failing_since = NULL, rests_until = NULL
        WHERE id = $1 AND failures > 0";
    // What was under way together fails together, and counts once. Failures long after the last one begin anew.
    FAILED = "UPDATE webhook_endpoints
        SET failures = failures + CASE WHEN rests_until IS NULL OR rests_until <= $3 THEN 1 ELSE 0 END,
            failing_since = CASE WHEN failing_since IS NULL OR rests_until < $4 THEN $2 ELSE failing_since END
        WHERE id = $1
        RETURNING failures, failing_since,
            CAST(CASE WHEN rests_until IS NULL OR rests_until <= $3 THEN 1 ELSE 0 END AS BIGINT)";
    REST = "UPDATE webhook_endpoints SET rests_until = $2 WHERE id = $1";
    SECRETS = "SELECT id, sealed, created_at, expires_at FROM webhook_secrets WHERE endpoint_id = $1
        ORDER BY created_at, id";
    ADD_SECRET = "INSERT INTO webhook_secrets (id, endpoint_id, sealed, created_at) VALUES ($1, $2, $3, $4)";
    EXPIRE_SECRETS = "UPDATE webhook_secrets SET expires_at = $2
        WHERE endpoint_id = $1 AND (expires_at IS NULL OR expires_at > $2)";
    LET_SECRET_EXPIRE = "UPDATE webhook_secrets SET expires_at = $2 WHERE endpoint_id = $1 AND expires_at IS NULL";
    FORGET_SECRETS = "DELETE FROM webhook_secrets WHERE endpoint_id = $1 AND expires_at <= $2";
    DELETE_SECRETS = "DELETE FROM webhook_secrets WHERE endpoint_id = $1";
    COUNT_SECRETS = "SELECT COUNT(*) FROM webhook_secrets WHERE endpoint_id = $1";
}

/// A failure so long after the last one has nothing to do with it: longer than any wait between the attempts of a delivery.
const FAILING_GAP: SignedDuration = SignedDuration::from_hours(24);

/// The form in which an endpoint is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WebhookFormat {
    /// Our own: Standard Webhooks.
    Linkspan,
    /// Merge's bodies, event names and signature (`merge-wire.md` section 9).
    Merge,
}

impl WebhookFormat {
    /// The word in storage and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Linkspan => "linkspan",
            Self::Merge => "merge",
        }
    }
}

impl std::str::FromStr for WebhookFormat {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        match text {
            "linkspan" => Ok(Self::Linkspan),
            "merge" => Ok(Self::Merge),
            other => Err(UnknownWord { what: "format", word: other.to_owned(), known: "linkspan, merge" }),
        }
    }
}

/// Why an endpoint is told nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DisabledReason {
    /// The vendor wants it so.
    Vendor,
    /// It answered 410.
    Gone,
    /// Nothing could be delivered to it for days.
    Failing,
}

impl DisabledReason {
    /// The word in storage and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Vendor => "vendor",
            Self::Gone => "gone",
            Self::Failing => "failing",
        }
    }
}

impl std::str::FromStr for DisabledReason {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        [Self::Vendor, Self::Gone, Self::Failing]
            .into_iter()
            .find(|reason| reason.as_str() == text)
            .ok_or_else(|| UnknownWord {
                what: "reason",
                word: text.to_owned(),
                known: "vendor, gone, failing",
            })
    }
}

/// What the vendor says about an endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointSettings {
    /// Where to send.
    pub url: String,
    /// For people.
    pub description: String,
    /// Patterns of event names.
    pub events: Vec<String>,
    /// Only these accounts.
    pub accounts: Option<Vec<LinkedAccountId>>,
    /// Only accounts of these integrations.
    pub integrations: Option<Vec<Integration>>,
    /// In which form.
    pub format: WebhookFormat,
}

/// A stored endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookEndpoint {
    /// Its id.
    pub id: WebhookEndpointId,
    /// What the vendor says about it.
    pub settings: EndpointSettings,
    /// Why and since when it is told nothing; `None`: it is told.
    pub disabled: Option<(DisabledReason, Timestamp)>,
    /// Entries of the feed up to this position are not for it.
    pub starts_after: i64,
    /// Attempts that failed since the last success.
    pub failures: i64,
    /// When that began.
    pub failing_since: Option<Timestamp>,
    /// Until when it is left alone.
    pub rests_until: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its settings last changed.
    pub modified_at: Timestamp,
}

/// A secret of an endpoint, sealed by the key ring for (`webhook_secrets`, id, `sealed`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredWebhookSecret {
    /// Its id.
    pub id: Uuid,
    /// The secret.
    pub sealed: Sealed,
    /// When it was made.
    pub created_at: Timestamp,
    /// Until when it signs; `None`: it is the present one.
    pub expires_at: Option<Timestamp>,
}

/// What follows when an endpoint fails.
#[derive(Clone, Copy, Debug)]
pub struct FailurePolicy {
    /// How long the endpoint is left alone after so many failures in a row; the last goes for all further ones.
    pub rests: &'static [jiff::SignedDuration],
    /// It is disabled when nothing but failures were seen for so long.
    pub disable_after: jiff::SignedDuration,
}

impl Store {
    /// Makes an endpoint that is told what happens from now on; `false` when there are `most` already.
    pub async fn create_webhook_endpoint(
        &self,
        id: WebhookEndpointId,
        settings: &EndpointSettings,
        secret: (Uuid, &Sealed),
        most: i64,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let starts_after = self.feed_position().await?;
        let mut tx = self.db.begin().await?;
        let mut args = settings_args(id, settings);
        args.extend(args![starts_after, now, most]);
        if tx.execute(INSERT, args).await? == 0 {
            return Ok(false);
        }
        tx.execute(ADD_SECRET, args![secret.0, id, secret.1, now]).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Replaces what the vendor says about an endpoint; `false` when it is gone.
    pub async fn update_webhook_endpoint(
        &self,
        id: WebhookEndpointId,
        settings: &EndpointSettings,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut args = settings_args(id, settings);
        args.push(now.into());
        Ok(self.db.write(UPDATE, args).await? > 0)
    }

    /// Disables an endpoint for the vendor; `false` when it is gone or disabled already.
    pub async fn disable_webhook_endpoint(
        &self,
        id: WebhookEndpointId,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let row = self.db.write_returning(DISABLE, args![id, DisabledReason::Vendor.as_str(), now]).await?;
        Ok(row.is_some())
    }

    /// Lets an endpoint be told again, as if it had never failed; `false` when it is gone. What waits for its next attempt
    /// is due at once.
    pub async fn enable_webhook_endpoint(
        &self,
        id: WebhookEndpointId,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut tx = self.db.begin().await?;
        let found = tx.execute(ENABLE, args![id]).await? > 0;
        // Few: those that were tried before.
        tx.execute(webhook_deliveries::HASTEN, args![id, now]).await?;
        tx.commit().await?;
        Ok(found)
    }

    /// Deletes an endpoint with its secrets, then its deliveries in bounded steps; `false` when it is gone.
    pub async fn delete_webhook_endpoint(&self, id: WebhookEndpointId) -> Result<bool, StoreError> {
        let mut tx = self.db.begin().await?;
        let found = tx.execute(DELETE, args![id]).await? > 0;
        tx.execute(DELETE_SECRETS, args![id]).await?;
        tx.commit().await?;
        self.delete_deliveries_of_endpoint(id).await?;
        Ok(found)
    }

    /// An endpoint.
    pub async fn webhook_endpoint(
        &self,
        id: WebhookEndpointId,
    ) -> Result<Option<WebhookEndpoint>, StoreError> {
        self.db.first(ONE, args![id]).await?.map(|row| read(&row)).transpose()
    }

    /// All endpoints, oldest first. There are few.
    pub async fn webhook_endpoints(&self) -> Result<Vec<WebhookEndpoint>, StoreError> {
        self.db.all(ALL, args![]).await?.iter().map(read).collect()
    }

    /// The secrets of an endpoint, oldest first, those that have expired among them.
    pub async fn webhook_secrets(
        &self,
        endpoint: WebhookEndpointId,
    ) -> Result<Vec<StoredWebhookSecret>, StoreError> {
        let rows = self.db.all(SECRETS, args![endpoint]).await?;
        rows.iter()
            .map(|row| {
                Ok(StoredWebhookSecret {
                    id: row.uuid(0)?,
                    sealed: row.sealed(1)?,
                    created_at: row.time(2)?,
                    expires_at: row.optional_time(3)?,
                })
            })
            .collect()
    }

    /// Gives an endpoint a new secret. The present one signs beside it until `until`; with `until` at `now`, all former
    /// ones end at once. `false` when the endpoint has `most` that have not expired, or is gone.
    pub async fn rotate_webhook_secret(
        &self,
        endpoint: WebhookEndpointId,
        secret: (Uuid, &Sealed),
        until: Timestamp,
        most: i64,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut tx = self.db.begin().await?;
        let retire = if until <= now { EXPIRE_SECRETS } else { LET_SECRET_EXPIRE };
        tx.execute(retire, args![endpoint, until]).await?;
        tx.execute(FORGET_SECRETS, args![endpoint, now]).await?;
        let row = tx.first(COUNT_SECRETS, args![endpoint]).await?;
        let count = row.ok_or_else(|| StoreError::corrupt("a count has no row"))?.int(0)?;
        if count >= most || tx.first(ONE, args![endpoint]).await?.is_none() {
            return Ok(false);
        }
        tx.execute(ADD_SECRET, args![secret.0, endpoint, secret.1, now]).await?;
        tx.commit().await?;
        Ok(true)
    }
}

/// Notes that an endpoint answered well.
pub(crate) async fn succeeded(tx: &mut Tx, id: WebhookEndpointId) -> Result<(), StoreError> {
    tx.execute(SUCCEEDED, args![id]).await?;
    Ok(())
}

/// Notes that an attempt that began at `began` failed: the endpoint rests, and is disabled when it failed for too long. Whether
/// it was disabled now.
pub(crate) async fn failed(
    tx: &mut Tx,
    id: WebhookEndpointId,
    policy: FailurePolicy,
    began: Timestamp,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let args = args![id, now, began, now - FAILING_GAP];
    let Some(row) = tx.first(FAILED, args).await? else { return Ok(false) };
    let (failures, since, counts) = (row.int(0)?, row.time(1)?, row.int(2)? == 1);
    if now >= since + policy.disable_after {
        return disable(tx, id, DisabledReason::Failing, now).await;
    }
    if !counts {
        return Ok(false);
    }
    let place = usize::try_from(failures - 1).unwrap_or(usize::MAX).min(policy.rests.len().saturating_sub(1));
    if let Some(rest) = policy.rests.get(place) {
        tx.execute(REST, args![id, now + *rest]).await?;
    }
    Ok(false)
}

/// Disables an endpoint because of what it answered, and tells so in the feed. Whether it was enabled.
pub(crate) async fn disable(
    tx: &mut Tx,
    id: WebhookEndpointId,
    reason: DisabledReason,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let Some(row) = tx.first(DISABLE, args![id, reason.as_str(), now]).await? else { return Ok(false) };
    let details = json!({
        // Not its address: that can be a secret by itself.
        "webhook_endpoint": { "id": id, "description": row.text(0)? },
        "reason": reason.as_str(),
        "failing_since": row.optional_time(1)?.map(|since| since.to_string()),
    });
    let kind = EventKind::WebhookEndpointDisabled;
    events::append(tx, &[NewEvent { kind, source: None, account: None, details }], now).await?;
    Ok(true)
}

fn settings_args(id: WebhookEndpointId, settings: &EndpointSettings) -> Vec<crate::db::Arg> {
    let texts = |list: Vec<String>| list_json(&list);
    args![
        id,
        &settings.url,
        &settings.description,
        list_json(&settings.events),
        settings.accounts.as_ref().map(|ids| texts(ids.iter().map(ToString::to_string).collect())),
        settings.integrations.as_ref().map(|all| texts(all.iter().map(ToString::to_string).collect())),
        settings.format.as_str(),
    ]
}

fn read(row: &Row) -> Result<WebhookEndpoint, StoreError> {
    let disabled = match &*row.text(7)? {
        "enabled" => None,
        _ => Some((row.word(8)?, row.time(9)?)),
    };
    Ok(WebhookEndpoint {
        id: WebhookEndpointId(row.uuid(0)?),
        settings: EndpointSettings {
            url: row.text(1)?,
            description: row.text(2)?,
            events: row.list(3)?,
            accounts: words(row, 4)?,
            integrations: words(row, 5)?,
            format: row.word(6)?,
        },
        disabled,
        starts_after: row.int(10)?,
        failures: row.int(11)?,
        failing_since: row.optional_time(12)?,
        rests_until: row.optional_time(13)?,
        created_at: row.time(14)?,
        modified_at: row.time(15)?,
    })
}

/// A list of words kept as JSON, if there is one.
fn words<T>(row: &Row, index: usize) -> Result<Option<Vec<T>>, StoreError>
where
    T: std::str::FromStr<Err: std::fmt::Display>,
{
    let Some(text) = row.optional_text(index)? else { return Ok(None) };
    let list: Vec<String> = serde_json::from_str(&text).map_err(StoreError::corrupt)?;
    list.iter().map(|word| word.parse().map_err(StoreError::corrupt)).collect::<Result<_, _>>().map(Some)
}

//! Endpoints as the vendor makes and changes them, and what was sent to them.

use std::time::Duration;

use linkspan_model::ids::{DeliveryId, EventId, LinkedAccountId, WebhookEndpointId};
use linkspan_model::product::Integration;
use linkspan_model::secret::Secret;
use linkspan_store::{
    AccountFilter, Attempt, Delivery, DeliveryFilter, EndpointSettings, NewDelivery, ReplayRange,
    WebhookEndpoint,
};

use super::names::{self, TEST};
use crate::engine::{Engine, Inner};
use crate::error::EngineError;

/// The most endpoints of a server. Each has connections of its own, so their number bounds what is under way.
pub(super) const MAX_ENDPOINTS: usize = 32;
/// The most secrets of an endpoint that sign at a time.
const MAX_SECRETS: i64 = 5;
/// How long a secret goes on to sign beside its successor (hazard O9).
const OVERLAP: Duration = Duration::from_hours(24);
/// The longest description, in bytes.
const DESCRIPTION_CAP: usize = 500;
/// The most patterns of events.
const EVENTS_CAP: usize = 200;
/// The most linked accounts that one endpoint names.
const ACCOUNTS_CAP: usize = 500;

/// An endpoint that was just made: its secret can be seen now, and never again.
#[derive(Debug)]
pub struct CreatedEndpoint {
    /// The endpoint.
    pub endpoint: WebhookEndpoint,
    /// Its secret.
    pub secret: Secret,
}

/// What is to change about an endpoint; what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct EndpointChange {
    /// Where to send.
    pub url: Option<String>,
    /// For people.
    pub description: Option<String>,
    /// Patterns of event names.
    pub events: Option<Vec<String>>,
    /// Only these accounts; `Some(None)`: all.
    pub accounts: Option<Option<Vec<LinkedAccountId>>>,
    /// Only these integrations; `Some(None)`: all.
    pub integrations: Option<Option<Vec<Integration>>>,
    /// Whether it is told nothing.
    pub disabled: Option<bool>,
}

/// When former secrets end after a rotation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SecretExpiry {
    /// After a day in which both sign.
    #[default]
    AfterOverlap,
    /// At once, because one became known.
    Now,
}

impl Engine {
    /// Makes an endpoint; it is told what happens from now on.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] when a setting cannot be used, or there are too many endpoints.
    pub async fn create_webhook_endpoint(
        &self,
        settings: EndpointSettings,
        disabled: bool,
    ) -> Result<CreatedEndpoint, EngineError> {
        let inner = &self.inner;
        inner.check_endpoint(&settings, true).await?;
        let id = WebhookEndpointId(inner.entropy.uuid());
        let (secret_id, secret, sealed) = inner.new_webhook_secret();
        let (most, now) = (i64::try_from(MAX_ENDPOINTS).unwrap_or(i64::MAX), inner.clock.now());
        if !inner.store.create_webhook_endpoint(id, &settings, (secret_id, &sealed), most, now).await? {
            return Err(EngineError::Invalid(format!(
                "there are {MAX_ENDPOINTS} endpoints, which is the most: delete one first"
            )));
        }
        if disabled {
            inner.store.disable_webhook_endpoint(id, now).await?;
        }
        tracing::info!(webhook_endpoint.id = %id, "a webhook endpoint was made");
        Ok(CreatedEndpoint { endpoint: self.webhook_endpoint(id).await?, secret })
    }

    /// All endpoints, oldest first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn webhook_endpoints(&self) -> Result<Vec<WebhookEndpoint>, EngineError> {
        Ok(self.inner.store.webhook_endpoints().await?)
    }

    /// An endpoint.
    ///
    /// # Errors
    /// [`EngineError::NotFound`].
    pub async fn webhook_endpoint(&self, id: WebhookEndpointId) -> Result<WebhookEndpoint, EngineError> {
        self.inner.store.webhook_endpoint(id).await?.ok_or(EngineError::NotFound)
    }

    /// Changes an endpoint, all but its format. What is on its way already goes to the new address.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] when a setting cannot be used; [`EngineError::NotFound`].
    pub async fn update_webhook_endpoint(
        &self,
        id: WebhookEndpointId,
        change: EndpointChange,
    ) -> Result<WebhookEndpoint, EngineError> {
        let before = self.webhook_endpoint(id).await?;
        let known = before.settings;
        let names_accounts = change.accounts.is_some();
        let settings = EndpointSettings {
            url: change.url.unwrap_or(known.url),
            description: change.description.unwrap_or(known.description),
            events: change.events.unwrap_or(known.events),
            accounts: change.accounts.unwrap_or(known.accounts),
            integrations: change.integrations.unwrap_or(known.integrations),
            // What is on its way has the names of the format.
            format: known.format,
        };
        self.inner.check_endpoint(&settings, names_accounts).await?;
        let now = self.inner.clock.now();
        self.inner.store.update_webhook_endpoint(id, &settings, now).await?;
        match change.disabled {
            Some(true) => drop(self.inner.store.disable_webhook_endpoint(id, now).await?),
            Some(false) if before.disabled.is_some() => drop(self.inner.enable_endpoint(id).await?),
            _ => {}
        }
        self.webhook_endpoint(id).await
    }

    /// Deletes an endpoint with all that is on its way to it.
    ///
    /// # Errors
    /// [`EngineError::NotFound`].
    pub async fn delete_webhook_endpoint(&self, id: WebhookEndpointId) -> Result<(), EngineError> {
        if self.inner.store.delete_webhook_endpoint(id).await? { Ok(()) } else { Err(EngineError::NotFound) }
    }

    /// Lets an endpoint be told again. What it missed stays missed until it is replayed.
    ///
    /// # Errors
    /// [`EngineError::NotFound`].
    pub async fn enable_webhook_endpoint(
        &self,
        id: WebhookEndpointId,
    ) -> Result<WebhookEndpoint, EngineError> {
        self.inner.enable_endpoint(id).await?;
        self.webhook_endpoint(id).await
    }

    /// Gives an endpoint a new secret and shows it, once.
    ///
    /// # Errors
    /// [`EngineError::NotFound`]; [`EngineError::Invalid`] when too many secrets sign already.
    pub async fn rotate_webhook_secret(
        &self,
        id: WebhookEndpointId,
        expiry: SecretExpiry,
    ) -> Result<Secret, EngineError> {
        self.webhook_endpoint(id).await?;
        let inner = &self.inner;
        let now = inner.clock.now();
        let until = match expiry {
            SecretExpiry::AfterOverlap => now + OVERLAP,
            SecretExpiry::Now => now,
        };
        let (secret_id, secret, sealed) = inner.new_webhook_secret();
        if inner.store.rotate_webhook_secret(id, (secret_id, &sealed), until, MAX_SECRETS, now).await? {
            tracing::info!(webhook_endpoint.id = %id, "the secret of a webhook endpoint was rotated");
            return Ok(secret);
        }
        Err(EngineError::Invalid(format!(
            "{MAX_SECRETS} secrets of the endpoint sign already, which is the most: wait until one has expired, or let all \
             former ones expire now"
        )))
    }

    /// Puts a test event on its way to an endpoint.
    ///
    /// # Errors
    /// [`EngineError::NotFound`]; [`EngineError::Invalid`] when the endpoint is disabled.
    pub async fn test_webhook_endpoint(&self, id: WebhookEndpointId) -> Result<Delivery, EngineError> {
        self.enabled_endpoint(id).await?;
        let inner = &self.inner;
        let now = inner.clock.now();
        let event_id = EventId(inner.entropy.uuid());
        let delivery = NewDelivery {
            endpoint: id,
            event_id,
            position: inner.store.feed_position().await?,
            event: TEST.to_owned(),
            account: None,
            source: None,
            model: None,
            record: None,
            // A lane of its own: it waits for nothing.
            lane: event_id.0,
            missed: false,
            happened_at: now,
        };
        inner.store.enter_delivery(&delivery, now).await?;
        inner.feed_grew();
        self.webhook_delivery(DeliveryId::of(id, event_id)).await.map(|(delivery, _)| delivery)
    }

    /// Deliveries to an endpoint, newest first.
    ///
    /// # Errors
    /// [`EngineError::NotFound`].
    pub async fn webhook_deliveries(
        &self,
        id: WebhookEndpointId,
        filter: &DeliveryFilter,
        before: Option<(i64, DeliveryId)>,
        limit: u32,
    ) -> Result<Vec<Delivery>, EngineError> {
        self.webhook_endpoint(id).await?;
        Ok(self.inner.store.list_deliveries(id, filter, before, limit).await?)
    }

    /// A delivery with its attempts.
    ///
    /// # Errors
    /// [`EngineError::NotFound`].
    pub async fn webhook_delivery(&self, id: DeliveryId) -> Result<(Delivery, Vec<Attempt>), EngineError> {
        let delivery = self.inner.store.delivery(id).await?.ok_or(EngineError::NotFound)?;
        Ok((delivery, self.inner.store.delivery_attempts(id).await?))
    }

    /// Puts a delivery on its way again, with the same event id.
    ///
    /// # Errors
    /// [`EngineError::NotFound`]; [`EngineError::Invalid`] when the endpoint is disabled.
    pub async fn replay_webhook_delivery(&self, id: DeliveryId) -> Result<Delivery, EngineError> {
        let (delivery, _) = self.webhook_delivery(id).await?;
        self.enabled_endpoint(delivery.endpoint).await?;
        self.inner.store.replay_delivery(id, self.inner.clock.now()).await?;
        self.inner.feed_grew();
        self.webhook_delivery(id).await.map(|(delivery, _)| delivery)
    }

    /// Puts all deliveries of a range on their way again; how many.
    ///
    /// # Errors
    /// [`EngineError::NotFound`]; [`EngineError::Invalid`] when the endpoint is disabled, or the range is none.
    pub async fn replay_webhook_deliveries(
        &self,
        id: WebhookEndpointId,
        range: ReplayRange,
    ) -> Result<u64, EngineError> {
        self.enabled_endpoint(id).await?;
        if range.since.zip(range.until).is_some_and(|(since, until)| since > until) {
            return Err(EngineError::Invalid("`since` is later than `until`".to_owned()));
        }
        let replayed = self.inner.store.replay_deliveries(id, range, self.inner.clock.now()).await?;
        self.inner.feed_grew();
        Ok(replayed)
    }

    async fn enabled_endpoint(&self, id: WebhookEndpointId) -> Result<(), EngineError> {
        if self.webhook_endpoint(id).await?.disabled.is_some() {
            return Err(EngineError::Invalid("the endpoint is disabled: enable it first".to_owned()));
        }
        Ok(())
    }
}

impl Inner {
    async fn enable_endpoint(&self, id: WebhookEndpointId) -> Result<(), EngineError> {
        if !self.store.enable_webhook_endpoint(id, self.clock.now()).await? {
            return Err(EngineError::NotFound);
        }
        self.feed_grew();
        Ok(())
    }

    async fn check_endpoint(&self, settings: &EndpointSettings, are_new: bool) -> Result<(), EngineError> {
        let invalid = |why: String| Err(EngineError::Invalid(why));
        if let Err(refusal) = self.outbound.guard.check(&settings.url) {
            return invalid(refusal.to_string());
        }
        if settings.description.len() > DESCRIPTION_CAP {
            return invalid(format!("`description` takes at most {DESCRIPTION_CAP} bytes"));
        }
        if settings.events.is_empty() || settings.events.len() > EVENTS_CAP {
            return invalid(format!("`events` takes 1 to {EVENTS_CAP} names or groups; `*` is everything"));
        }
        for pattern in &settings.events {
            names::check_pattern(pattern)?;
        }
        if settings
            .integrations
            .as_ref()
            .is_some_and(|list| list.is_empty() || list.len() > Integration::ALL.len())
        {
            return invalid("`integrations` names each integration once; leave it out for all".to_owned());
        }
        let Some(accounts) = &settings.accounts else { return Ok(()) };
        if accounts.is_empty() || accounts.len() > ACCOUNTS_CAP {
            return invalid(format!(
                "`linked_accounts` takes 1 to {ACCOUNTS_CAP} ids; leave it out for all accounts"
            ));
        }
        let filter = AccountFilter { ids: Some(accounts.clone()), ..AccountFilter::default() };
        // One that was named before may have been unlinked since.
        if !are_new {
            return Ok(());
        }
        let found = self.store.list_linked_accounts(&filter, None, u32::MAX).await?;
        match accounts.iter().find(|id| found.iter().all(|account| account.id != **id)) {
            Some(id) => invalid(format!("there is no linked account {id}")),
            None => Ok(()),
        }
    }
}

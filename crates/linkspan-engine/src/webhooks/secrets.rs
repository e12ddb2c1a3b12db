//! The secrets of endpoints, and the headers that they sign.

use jiff::Timestamp;
use linkspan_model::ids::WebhookEndpointId;
use linkspan_model::secret::Secret;
use linkspan_store::WebhookFormat;
use linkspan_vault::{SealContext, Sealed, WebhookSecret};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use uuid::Uuid;

use crate::engine::Inner;
use crate::error::EngineError;

/// Source of the first three: the Standard Webhooks specification, "Webhook headers".
const ID: HeaderName = HeaderName::from_static("webhook-id");
const TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");
const SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");
const MERGE_SIGNATURE: HeaderName = HeaderName::from_static("x-merge-webhook-signature");

/// The secrets that sign for an endpoint, oldest first.
#[derive(Clone, Debug)]
pub(super) struct Signers(Vec<(WebhookSecret, Option<Timestamp>)>);

impl Signers {
    /// The headers of a request. During an overlap every secret signs, newest first, so that a receiver needs to know
    /// only one of them (hazard O9). Merge's header has room for one signature: it is the oldest secret's, so that a
    /// receiver that knows nothing of the rotation goes on until the overlap ends.
    pub(super) fn headers(
        &self,
        id: &str,
        now: Timestamp,
        format: WebhookFormat,
        body: &[u8],
    ) -> Result<HeaderMap, EngineError> {
        let seconds = now.as_second();
        let live = || self.0.iter().filter(|(_, expires_at)| expires_at.is_none_or(|at| now < at));
        let signatures: Vec<String> =
            live().rev().map(|(secret, _)| secret.sign(id, seconds, body)).collect();
        let mut headers = HeaderMap::new();
        headers.insert(ID, value(id)?);
        headers.insert(TIMESTAMP, HeaderValue::from(seconds));
        headers.insert(SIGNATURE, value(&signatures.join(" "))?);
        if format == WebhookFormat::Merge
            && let Some((oldest, _)) = live().next()
        {
            headers.insert(MERGE_SIGNATURE, value(&oldest.sign_as_merge(body))?);
        }
        Ok(headers)
    }
}

fn value(text: &str) -> Result<HeaderValue, EngineError> {
    HeaderValue::from_str(text)
        .map_err(|error| EngineError::Invalid(format!("a header cannot be sent: {error}")))
}

impl Inner {
    /// A new secret: its id, its text, and its sealed form.
    pub(super) fn new_webhook_secret(&self) -> (Uuid, Secret, Sealed) {
        let id = self.entropy.uuid();
        let text = WebhookSecret::generate(&self.entropy).to_text();
        let sealed = self.ring.seal(context(&id), text.expose().as_bytes(), &self.entropy);
        (id, text, sealed)
    }

    /// What signs for an endpoint.
    pub(super) async fn signers(&self, endpoint: WebhookEndpointId) -> Result<Signers, EngineError> {
        let mut signers = Vec::new();
        for stored in self.store.webhook_secrets(endpoint).await? {
            let text = self.ring.open(context(&stored.id), &stored.sealed)?.to_secret()?;
            signers.push((WebhookSecret::from_text(&text)?, stored.expires_at));
        }
        Ok(Signers(signers))
    }
}

fn context(id: &Uuid) -> SealContext<'_> {
    SealContext::new("webhook_secrets", id.as_bytes(), "sealed")
}

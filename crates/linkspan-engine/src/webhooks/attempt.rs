//! One attempt: made, sent, noted.

use std::time::Instant;

use linkspan_store::{Delivery, NewAttempt, Verdict, WebhookEndpoint};
use uuid::Uuid;

use super::EventPresenter;
use super::body::{self, Rendered};
use super::client::{Answer, SendError};
use super::kept_answer::kept;
use super::schedule::{FAILURES, wait_after};
use super::secrets::Signers;
use crate::engine::Engine;
use crate::error::EngineError;

/// Attempts by outcome.
const ATTEMPTS: &str = "linkspan_webhook_attempts_total";
/// How long a delivery waits whose body could not be made for a passing reason.
const MAKE_AGAIN_AFTER: jiff::SignedDuration = jiff::SignedDuration::from_secs(5);
/// Why nothing is sent of what cannot be read.
const UNREADABLE: &str = "what is stored cannot be shown; the server's log has the reason";

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Delivered,
    Failed,
    Dropped,
    /// Nothing was sent: it is made again later, or another process has it.
    Released,
}

/// A claimed delivery and all that its attempt needs.
pub(super) struct Claimed {
    pub(super) endpoint: std::sync::Arc<WebhookEndpoint>,
    pub(super) signers: Signers,
    pub(super) delivery: Delivery,
    pub(super) claim: Uuid,
}

impl Engine {
    /// Makes, sends and notes one delivery.
    ///
    /// # Errors
    /// When the store fails: the claim's lease ends, and the delivery is sent again with the same event id.
    pub(super) async fn attempt(
        &self,
        presenter: &dyn EventPresenter,
        claimed: &Claimed,
    ) -> Result<Outcome, EngineError> {
        let Claimed { endpoint, signers, delivery, claim } = claimed;
        let store = &self.inner.store;
        let body = match body::render(self, presenter, endpoint, delivery).await {
            Ok(Rendered::Body(body)) => body,
            Ok(Rendered::Gone(why)) => {
                store.drop_delivery(delivery.id, *claim, why, self.inner.clock.now()).await?;
                return Ok(Outcome::Dropped);
            }
            Err(error) if error.is_transient() => {
                let due_at = self.inner.clock.now() + MAKE_AGAIN_AFTER;
                store.release_delivery(delivery.id, *claim, due_at).await?;
                return Ok(Outcome::Released);
            }
            Err(error) => {
                tracing::error!(delivery.id = %delivery.id, %error, "the body of a webhook could not be made");
                store.drop_delivery(delivery.id, *claim, UNREADABLE, self.inner.clock.now()).await?;
                return Ok(Outcome::Dropped);
            }
        };
        let body = bytes::Bytes::from(body.to_string());
        let at = self.inner.clock.now();
        let settings = &endpoint.settings;
        let headers = signers.headers(&delivery.event_id.to_string(), at, settings.format, &body)?;
        let began = Instant::now();
        let answer = self.inner.outbound.post(&settings.url, headers, body.clone()).await;
        let duration_ms = i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX);
        let (attempt, verdict) = self.judge(delivery, &answer, &body, at, duration_ms);
        metrics::counter!(ATTEMPTS, "outcome" => attempt.outcome).increment(1);
        let now = self.inner.clock.now();
        let noted = store.note_attempt(delivery, *claim, &attempt, &verdict, FAILURES, now).await?;
        if noted.disabled {
            tracing::warn!(
                webhook_endpoint.id = %endpoint.id,
                reason = attempt.error.as_deref().unwrap_or_default(),
                "a webhook endpoint was disabled; `POST /v1/webhook-endpoints/{{id}}/enable` starts it again"
            );
            self.inner.feed_grew();
        }
        if !noted.noted {
            tracing::warn!(delivery.id = %delivery.id, "a webhook was sent after its lease had ended");
        }
        Ok(if verdict == Verdict::Delivered { Outcome::Delivered } else { Outcome::Failed })
    }

    fn judge(
        &self,
        delivery: &Delivery,
        answer: &Result<Answer, SendError>,
        body: &[u8],
        at: jiff::Timestamp,
        duration_ms: i64,
    ) -> (NewAttempt, Verdict) {
        let attempt = |outcome, status, error, response| NewAttempt {
            at,
            duration_ms,
            outcome,
            status,
            error,
            response,
        };
        let again = || match wait_after(delivery.tries + 1, &self.inner.entropy) {
            Some(wait) => Verdict::Again { due_at: self.inner.clock.now() + wait },
            None => Verdict::GivenUp,
        };
        match answer {
            Ok(Answer { status, body: answer }) => {
                let response = kept(answer, body);
                match status {
                    200..300 => (attempt("delivered", Some(*status), None, response), Verdict::Delivered),
                    410 => {
                        let why = "it answered 410: it is gone".to_owned();
                        (attempt("gone", Some(*status), Some(why), response), Verdict::EndpointGone)
                    }
                    300..400 => {
                        let why = format!("it answered {status}: redirects are not followed");
                        (attempt("refused", Some(*status), Some(why), response), again())
                    }
                    _ => {
                        let why = format!("it answered {status}");
                        (attempt("refused", Some(*status), Some(why), response), again())
                    }
                }
            }
            Err(error) => (attempt(error.outcome(), None, Some(error.to_string()), None), again()),
        }
    }
}

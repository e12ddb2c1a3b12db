//! Taking deliveries in: proved, routed, made durable, answered.

use std::sync::{Arc, PoisonError};

use jiff::SignedDuration;
use linkspan_model::ids::AppId;
use linkspan_model::product::Product;
use linkspan_store::{App, Hint, InboundDelivery, Source};
use linkspan_vault::{HmacToken, TokenRefusal, content_hash};
use tokio::sync::oneshot;

use super::delivery::{self, Told};
use super::registrar::Registered;
use super::{ISSUE, Intake};
use crate::engine::{Engine, Inner};
use crate::error::EngineError;

/// Deliveries that wait to be made durable; what comes on top is sent again by upstream.
pub(super) const QUEUE: usize = 10_000;
/// Deliveries made durable in one transaction.
const AT_ONCE: usize = 500;
/// The longest identifier that is looked at.
const IDENTIFIER_CAP: usize = 500;
/// How often a site that is not known causes a look for renamed ones.
const RENAMED_EVERY: SignedDuration = SignedDuration::from_mins(10);
/// Deliveries, by what became of them.
const DELIVERIES: &str = "linkspan_inbound_deliveries_total";

/// What comes with a delivery besides its body.
#[derive(Clone, Copy, Debug, Default)]
pub struct DeliveryHeaders<'a> {
    /// `Authorization`.
    pub authorization: Option<&'a str>,
    /// `X-Atlassian-Webhook-Identifier`: the same in every repetition.
    pub identifier: Option<&'a str>,
}

/// What became of a delivery that was accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// What it points at will be looked at.
    Enqueued,
    /// It was taken in before.
    Repeated,
    /// It concerns nothing that is read here: a site that is not linked, or an event without an issue. It is counted.
    NotForUs,
}

impl Taken {
    fn word(self) -> &'static str {
        match self {
            Self::Enqueued => "enqueued",
            Self::Repeated => "repeated",
            Self::NotForUs => "not_for_us",
        }
    }
}

/// Why a delivery is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum DeliveryProblem {
    /// No such app is registered.
    #[error("there is no app of this id")]
    UnknownApp,
    /// It does not prove that it comes from upstream.
    #[error("the delivery is not proved: {0}")]
    Unproved(&'static str),
    /// Its proof is wrong.
    #[error("the delivery is not proved: {0}")]
    Refused(#[from] TokenRefusal),
    /// Its body is none.
    #[error("the body is no delivery of Jira's")]
    Malformed,
    /// More come than can be made durable.
    #[error("too many deliveries wait; send it again")]
    Overloaded,
    /// The server failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl DeliveryProblem {
    fn word(&self) -> &'static str {
        match self {
            Self::UnknownApp => "unknown_app",
            Self::Unproved(_) | Self::Refused(_) => "unproved",
            Self::Malformed => "malformed",
            Self::Overloaded => "overloaded",
            Self::Engine(_) => "failed",
        }
    }
}

/// A delivery that waits to be made durable, and who waits for that.
pub(super) struct Waiting {
    delivery: InboundDelivery,
    done: oneshot::Sender<Result<bool, EngineError>>,
}

impl Engine {
    /// Takes in a delivery of upstream's to the app of this id. When this returns, nothing of it can be lost.
    ///
    /// # Errors
    /// [`DeliveryProblem`] says why upstream has to be refused, or has to send it again.
    pub async fn take_delivery(
        &self,
        app: &str,
        headers: DeliveryHeaders<'_>,
        body: &[u8],
    ) -> Result<Taken, DeliveryProblem> {
        let taken = self.inner.take(app, headers, body).await;
        let outcome = match &taken {
            Ok(taken) => taken.word(),
            Err(problem) => refused(app, problem),
        };
        metrics::counter!(DELIVERIES, "outcome" => outcome).increment(1);
        taken
    }

    /// Whether what comes proves by its head that it is a delivery to the app of this id: before its body is read.
    ///
    /// # Errors
    /// [`DeliveryProblem`] says why upstream has to be refused.
    pub async fn check_delivery(
        &self,
        app: &str,
        authorization: Option<&str>,
    ) -> Result<(), DeliveryProblem> {
        let checked = self.inner.proved_app(app, authorization).await.map(drop);
        if let Err(problem) = &checked {
            metrics::counter!(DELIVERIES, "outcome" => refused(app, problem)).increment(1);
        }
        checked
    }
}

/// Logs a refusal; gives its word.
fn refused(app: &str, problem: &DeliveryProblem) -> &'static str {
    tracing::warn!(app, %problem, "a delivery is refused");
    problem.word()
}

impl Inner {
    async fn take(
        &self,
        app: &str,
        headers: DeliveryHeaders<'_>,
        body: &[u8],
    ) -> Result<Taken, DeliveryProblem> {
        let app = self.proved_app(app, headers.authorization).await?;
        let id = app.id;
        let told = delivery::read(body).ok_or(DeliveryProblem::Malformed)?;
        let Some(site) = told.site.clone() else { return Ok(Taken::NotForUs) };
        let sources = self.sources_told(&app, &site, &told).await?;
        let Some(issue) = told.issue.filter(|_| !sources.is_empty()) else {
            tracing::info!(site, event = told.event, "a delivery concerns nothing that is read here");
            if sources.is_empty() {
                self.look_for_renamed_sites(id).await?;
            }
            return Ok(Taken::NotForUs);
        };
        let hint = |source: &Source| Hint {
            source: source.id,
            kind: ISSUE,
            remote_id: issue.clone(),
            gone: told.gone,
        };
        let identifier = headers.identifier.filter(|text| (1..=IDENTIFIER_CAP).contains(&text.len()));
        let delivery = InboundDelivery {
            app: id,
            // Identifiers are unique within a tenant.
            digest: identifier.map(|text| content_hash([site.as_bytes(), text.as_bytes()])),
            hints: sources.iter().map(hint).collect(),
        };
        if self.make_durable(delivery).await? { Ok(Taken::Enqueued) } else { Ok(Taken::Repeated) }
    }

    async fn proved_app(&self, app: &str, authorization: Option<&str>) -> Result<App, DeliveryProblem> {
        let id = app.parse::<AppId>().map_err(|_| DeliveryProblem::UnknownApp)?;
        let app = self.store.app(id).await.map_err(EngineError::from)?.ok_or(DeliveryProblem::UnknownApp)?;
        self.prove(&app, authorization)?;
        Ok(app)
    }

    /// Whether the delivery was signed with a secret of this app, for it, and just now (hazard W3).
    fn prove(&self, app: &App, authorization: Option<&str>) -> Result<(), DeliveryProblem> {
        let value = authorization.ok_or(DeliveryProblem::Unproved("it has no Authorization header"))?;
        let token = value
            .split_once(' ')
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer") || scheme.eq_ignore_ascii_case("jwt"))
            .map(|(_, token)| token.trim())
            .ok_or(DeliveryProblem::Unproved("its Authorization header is no bearer token"))?;
        let secrets = self.signing_secrets(app)?;
        HmacToken::open(token, &secrets, &app.client_id, self.clock.now())?;
        Ok(())
    }

    /// The sources that have to look: those of the app on exactly this site (hazard W4), and of several those whose
    /// registrations were matched. Each looks through a grant of its own, so that none sees more than before.
    async fn sources_told(&self, app: &App, site: &str, told: &Told) -> Result<Vec<Source>, EngineError> {
        let mut sources = self.store.sources_at(app.id, Product::Jira, site).await?;
        if sources.len() > 1 {
            let mut matched = Vec::new();
            for source in &sources {
                let live = self.store.live_source(source.id).await?;
                let ids = live.map(|live| Registered::read(&live.registered)).unwrap_or_default();
                if ids.iter().any(|registered| told.webhooks.contains(&registered.id)) {
                    matched.push(source.id);
                }
            }
            // Nothing matched: a registration whose answer got lost. All look.
            if !matched.is_empty() {
                sources.retain(|source| matched.contains(&source.id));
            }
        }
        Ok(sources)
    }

    /// A site that is not known may be one that was renamed: the sites of the app's grants are looked up, now and then.
    async fn look_for_renamed_sites(&self, app: AppId) -> Result<(), EngineError> {
        let now = self.clock.now();
        {
            let mut looked = self.live.renamed.lock().unwrap_or_else(PoisonError::into_inner);
            if looked.is_some_and(|at| now < at + RENAMED_EVERY) {
                return Ok(());
            }
            *looked = Some(now);
        }
        self.store.hurry_live_checks_of(app, now).await?;
        self.live.wake_registrar();
        Ok(())
    }

    /// Whether the delivery is new.
    async fn make_durable(&self, delivery: InboundDelivery) -> Result<bool, DeliveryProblem> {
        let (done, result) = oneshot::channel();
        self.live.queue.try_send(Waiting { delivery, done }).map_err(|_| DeliveryProblem::Overloaded)?;
        // Nobody answers once the server stops: upstream sends it again.
        Ok(result.await.map_err(|_| DeliveryProblem::Overloaded)??)
    }

    /// Makes deliveries durable, as many at once as have come: a burst costs a few transactions.
    pub(crate) async fn take_in(self: Arc<Self>, mut intake: Intake) {
        let mut waiting = Vec::with_capacity(AT_ONCE);
        loop {
            tokio::select! {
                () = self.stop.cancelled() => return,
                count = intake.0.recv_many(&mut waiting, AT_ONCE) => {
                    if count == 0 {
                        return;
                    }
                }
            }
            let (deliveries, done): (Vec<InboundDelivery>, Vec<_>) =
                waiting.drain(..).map(|waiting| (waiting.delivery, waiting.done)).unzip();
            match self.store.take_deliveries(&deliveries, self.clock.now()).await {
                Ok(is_new) => {
                    for (done, is_new) in done.into_iter().zip(is_new) {
                        // Who went away gets no answer, and upstream sends it again.
                        let _ = done.send(Ok(is_new));
                    }
                    self.live.hinted.notify_one();
                }
                Err(error) => {
                    tracing::error!(%error, "deliveries could not be stored; upstream sends them again");
                    for done in done {
                        let _ = done.send(Err(EngineError::Store(linkspan_store::StoreError::Busy)));
                    }
                }
            }
        }
    }

    /// The address to which upstream delivers for an app.
    pub(crate) fn delivery_url(&self, app: AppId) -> String {
        let base = self.settings.vendor.public_url.as_str().trim_end_matches('/');
        format!("{base}/hooks/atlassian/{app}")
    }
}

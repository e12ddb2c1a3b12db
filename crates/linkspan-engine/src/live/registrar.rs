//! What is registered upstream, kept as it is to be (hazards W1, W2).
//!
//! A source wants two registrations, of the five that an app has for each account and site: one for the issues of one project,
//! one for those of all others. Upstream wants every registration narrowed (`atlassian-platform.md` 4.4), and so the two together
//! cover everything, projects made later too, however many there are. They run with what the consenting account may see.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use futures_util::{FutureExt as _, StreamExt as _, stream};
use jiff::{SignedDuration, Timestamp};
use linkspan_atlassian::calls::{Call, Feature, jira, missing_scopes};
use linkspan_atlassian::client::Params;
use linkspan_atlassian::convert::PageProblem;
use linkspan_model::ids::SourceId;
use linkspan_model::product::Product;
use linkspan_model::record::Model;
use linkspan_store::{ListFilter, LiveCheck, LiveSource, Source, SourceState};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::registered::{Listed, address, end_of, errors_of, plain};
use crate::engine::{Engine, Inner};
use crate::error::EngineError;
use crate::quota::Lane;
use crate::upstream::SourceClient;

/// What is wanted to be told of. Events of sprints and versions change no issue.
const EVENTS: [&str; 6] = [
    "jira:issue_created",
    "jira:issue_updated",
    "jira:issue_deleted",
    "comment_created",
    "comment_updated",
    "comment_deleted",
];
/// How often the registrations are compared with upstream's list.
const CHECK_EVERY: SignedDuration = SignedDuration::from_hours(6);
/// How soon again where no project is known yet. The reading that finds the first has it checked at once.
const CHECK_SOON: SignedDuration = SignedDuration::from_mins(2);
/// The wait after the first failure; it doubles with each further one.
const RETRY_AFTER: SignedDuration = SignedDuration::from_mins(5);
/// The longest such wait.
const RETRY_CEILING: SignedDuration = SignedDuration::from_hours(1);
/// Registrations live for 30 days. Those with less left than this are prolonged: ten days after they were made.
const RENEW_BELOW: SignedDuration = SignedDuration::from_hours(20 * 24);
/// How long a new registration lives (`atlassian-platform.md` 4.2).
const LIFE: SignedDuration = SignedDuration::from_hours(30 * 24);
/// With less left than this, a failure is told as an alarm.
const ALARM_BELOW: SignedDuration = SignedDuration::from_hours(5 * 24);
/// How often it is looked whether anything is due.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Sources looked after in one step.
const SOURCES_PER_STEP: u32 = 50;
/// Sources looked after at a time, so that one that waits for points or for upstream does not keep the others.
const SOURCES_AT_A_TIME: usize = 8;
/// How long one may take. What it has done by then shows in upstream's list the next time.
const PATIENCE: Duration = Duration::from_mins(2);
/// Projects among which the one is chosen that is told of by itself.
const PROJECTS_LOOKED_AT: u32 = 500;
/// Registrations in a page of upstream's list.
const PAGE_SIZE: u32 = 100;

/// A registration that upstream holds for a source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Registered {
    /// Upstream's number of it, unique on its site.
    pub(crate) id: u64,
    /// What it is about.
    filter: String,
    /// When it ends, in epoch milliseconds.
    expires_at: i64,
}

impl Registered {
    /// Reads what is kept of a source's registrations. What cannot be read is compared anew with upstream's list.
    pub(crate) fn read(text: &str) -> Vec<Self> {
        serde_json::from_str(text).unwrap_or_default()
    }
}

/// How the registrations of a source came to stand.
enum Outcome {
    /// As they are to be, but for what upstream refused.
    Registered(Vec<Registered>, Option<String>),
    /// They cannot be made; why, when to look again, and what was registered before and cannot be taken back.
    Closed(String, SignedDuration, Vec<Registered>),
}

impl Engine {
    /// Looks after the registrations that are due, once. The worker does so by itself.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn tend_registrations(&self) -> Result<(), EngineError> {
        self.inner.tend_registrations().await
    }
}

impl Inner {
    async fn tend_registrations(self: &Arc<Self>) -> Result<(), EngineError> {
        let due = self.store.due_live_checks(self.clock.now(), SOURCES_PER_STEP).await?;
        let checks = due.into_iter().map(|source| async move {
            if let Err(error) = self.check_registrations(source).boxed().await {
                tracing::warn!(source.id = %source, %error, "registrations could not be looked after");
            }
        });
        stream::iter(checks).buffer_unordered(SOURCES_AT_A_TIME).for_each(|()| async {}).await;
        Ok(())
    }

    /// Looks after the registrations of all sources, until the engine stops.
    pub(crate) async fn keep_registrations(self: Arc<Self>) {
        loop {
            if let Err(error) = self.tend_registrations().await {
                tracing::warn!(%error, "could not look for registrations that are due");
            }
            tokio::select! {
                () = self.stop.cancelled() => return,
                () = self.live.register.notified() => {}
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
    }

    /// Compares the registrations of a source with what they are to be, and makes them so.
    async fn check_registrations(self: &Arc<Self>, id: SourceId) -> Result<(), EngineError> {
        let Some(source) = self.store.source(id).await? else { return Ok(()) };
        if source.state != SourceState::Active || source.product != Product::Jira {
            return Ok(());
        }
        let _registrar = self.live.registrar(&source).await;
        // It may have changed hands while it was waited for.
        if self.store.source(id).await?.is_none_or(|now| now.grant != source.grant) {
            return Ok(());
        }
        let before = self.store.live_source(id).await?;
        let reconciling = async {
            self.renew_site(&source).await;
            self.reconcile(&source, before.as_ref()).await
        };
        let reconciled = tokio::select! {
            () = self.stop.cancelled() => return Ok(()),
            reconciled = tokio::time::timeout(PATIENCE, reconciling) => reconciled.unwrap_or_else(|_| {
                let why = "upstream did not answer in time, or the points of the hour are used up";
                Err(EngineError::Invalid(why.to_owned()))
            }),
        };
        let now = self.clock.now();
        let check = match reconciled {
            Ok(Outcome::Registered(registered, problem)) => LiveCheck {
                expires_at: first_end(&registered),
                registered: text_of(&registered)?,
                failures: 0,
                check_at: now + if problem.is_some() { RETRY_CEILING } else { CHECK_EVERY },
                problem,
            },
            Ok(Outcome::Closed(why, again, left)) => LiveCheck {
                registered: text_of(&left)?,
                expires_at: None,
                problem: Some(why),
                failures: 0,
                check_at: now + again,
            },
            Err(EngineError::Stopped) => return Ok(()),
            Err(error) => failed(before.as_ref(), &source, &error, now),
        };
        match self.store.put_live_check(id, source.grant, &check, now).await {
            // Unlinked meanwhile.
            Err(linkspan_store::StoreError::SourceGone(_)) => Ok(()),
            result => Ok(result?),
        }
    }

    /// Learns the present address of a source's site, by which deliveries name it. That it cannot be learnt now harms nothing.
    async fn renew_site(self: &Arc<Self>, source: &Source) {
        let renewed = async {
            let token = self.access_token(source.grant, None).await?;
            for site in self.upstream.accessible_resources(&token).await? {
                let url = site.url.trim_end_matches('/');
                if site.cloud_id == source.cloud_id
                    && self.store.rename_site(source.grant, &site.cloud_id, &site.name, url).await?
                {
                    tracing::info!(source.id = %source.id, url, "the site has another name or address");
                }
            }
            Ok::<_, EngineError>(())
        };
        if let Err(error) = renewed.await {
            tracing::info!(source.id = %source.id, %error, "the site's address could not be looked up");
        }
    }

    async fn reconcile(
        self: &Arc<Self>,
        source: &Source,
        before: Option<&LiveSource>,
    ) -> Result<Outcome, EngineError> {
        let known = before.map(|live| Registered::read(&live.registered)).unwrap_or_default();
        if !self.settings.features.contains(&Feature::Webhooks) {
            let why = "webhooks are not among what this server uses".to_owned();
            self.take_back(source, &known).await?;
            return Ok(Outcome::Closed(why, CHECK_EVERY, Vec::new()));
        }
        let granted = self.scopes_of(source).await?;
        let calls: [&'static Call; 4] =
            [&jira::WEBHOOKS, &jira::WEBHOOK_REGISTER, &jira::WEBHOOK_REFRESH, &jira::WEBHOOK_DELETE];
        let mut missing: Vec<&str> = calls
            .into_iter()
            .filter_map(|call| missing_scopes(call, &granted))
            .filter_map(|missing| missing.alternatives.into_iter().next())
            .flatten()
            .collect();
        missing.sort_unstable();
        missing.dedup();
        if !missing.is_empty() {
            let why = format!(
                "the grant does not open webhooks: it lacks {}; ask the customer to link again",
                missing.join(" ")
            );
            return Ok(Outcome::Closed(why, CHECK_EVERY, known));
        }
        let grant = self.store.grant(source.grant).await?.ok_or(EngineError::NotFound)?;
        let Some(pivot) = self.pivot_project(source.id).await? else {
            return Ok(Outcome::Closed("no project is known yet".to_owned(), CHECK_SOON, known));
        };
        let registry = Registry {
            client: self.client_of(source),
            url: self.delivery_url(grant.app),
            wanted: [format!("project = {pivot}"), format!("project != {pivot}")],
            known,
            now: self.clock.now(),
        };
        registry.reconcile().await
    }

    /// Has registrations made now that projects are known, if there are none yet.
    pub(crate) async fn projects_are_known(&self, source: SourceId) -> Result<(), EngineError> {
        if self.store.live_source(source).await?.is_none_or(|live| live.expires_at.is_none()) {
            self.store.hurry_live_check(source, self.clock.now()).await?;
            self.live.wake_registrar();
        }
        Ok(())
    }

    /// A client for calls that belong to no run.
    pub(super) fn client_of(self: &Arc<Self>, source: &Source) -> SourceClient {
        SourceClient::new(
            Arc::clone(self),
            Arc::new(source.clone()),
            Lane::Upkeep,
            Arc::default(),
            self.stop.child_token(),
        )
    }

    /// The project that is told of by itself: the oldest, because it is the least likely to go.
    async fn pivot_project(&self, source: SourceId) -> Result<Option<u64>, EngineError> {
        let filter = ListFilter::default();
        let projects =
            self.store.list_records(source, Model::Collection, &filter, None, PROJECTS_LOOKED_AT).await?;
        Ok(projects.iter().filter_map(|project| project.remote_id.as_deref()?.parse().ok()).min())
    }

    /// Forgets how hints of a source were read: it is gone.
    pub(crate) fn forget_live(&self, source: SourceId) {
        self.live.readers.lock().unwrap_or_else(PoisonError::into_inner).remove(&source);
    }
}

/// How the registrations stand after they could not be looked after. What is registered stays so until it ends.
fn failed(before: Option<&LiveSource>, source: &Source, error: &EngineError, now: Timestamp) -> LiveCheck {
    let failures = before.map_or(0, |live| live.failures) + 1;
    let doubled = i32::try_from(1_i64 << (failures - 1).clamp(0, 16)).unwrap_or(i32::MAX);
    let expires_at = before.and_then(|live| live.expires_at);
    let is_alarm = expires_at.is_some_and(|at| at.duration_since(now) < ALARM_BELOW);
    if is_alarm {
        tracing::error!(
            source.id = %source.id, site = source.site_name, %error,
            "registrations for changes end soon and cannot be prolonged; changes will be found by reading alone"
        );
    } else {
        tracing::warn!(source.id = %source.id, %error, failures, "registrations for changes could not be looked after");
    }
    LiveCheck {
        registered: before.map_or_else(|| "[]".to_owned(), |live| live.registered.clone()),
        expires_at,
        problem: Some(error.to_string()),
        failures,
        check_at: now + (RETRY_AFTER * doubled).min(RETRY_CEILING),
    }
}

fn first_end(registered: &[Registered]) -> Option<Timestamp> {
    let first = registered.iter().map(|hook| hook.expires_at).min()?;
    Timestamp::from_millisecond(first).ok()
}

fn text_of(registered: &[Registered]) -> Result<String, EngineError> {
    serde_json::to_string(registered).map_err(|error| EngineError::Invalid(error.to_string()))
}

/// The registrations of one account on one site.
struct Registry {
    client: SourceClient,
    url: String,
    wanted: [String; 2],
    /// What we know to have registered.
    known: Vec<Registered>,
    now: Timestamp,
}

impl Registry {
    async fn reconcile(self) -> Result<Outcome, EngineError> {
        let listed = self.list().await?;
        let mut kept: Vec<Registered> = Vec::new();
        let mut surplus = Vec::new();
        let mut foreign = None;
        for hook in listed {
            match self.fits(&hook) {
                Fit::Wanted(filter) if kept.iter().all(|other| other.filter != filter) => {
                    let expires_at = end_of(&hook.expiration_date).unwrap_or(self.now).as_millisecond();
                    kept.push(Registered { id: hook.id, filter, expires_at });
                }
                Fit::Wanted(_) | Fit::Outdated => surplus.push(hook.id),
                Fit::Foreign(url) => foreign = Some(url),
            }
        }
        let missing: Vec<String> = self
            .wanted
            .iter()
            .filter(|wanted| kept.iter().all(|hook| hook.filter != **wanted))
            .cloned()
            .collect();
        // Before new ones are made: there is room for five.
        if !surplus.is_empty() {
            let params = Params::new().body(json!({ "webhookIds": surplus }));
            self.client.call(&jira::WEBHOOK_DELETE, &params).await?;
        }
        let (made, problem) = self.register(&missing, foreign.as_deref()).await?;
        kept.extend(made);
        self.prolong(&mut kept).await?;
        Ok(Outcome::Registered(kept, problem))
    }

    async fn list(&self) -> Result<Vec<Listed>, EngineError> {
        #[derive(Deserialize)]
        struct Page {
            values: Vec<Listed>,
        }
        let mut listed = Vec::new();
        let mut pager = self.client.pager(&jira::WEBHOOKS, Params::new(), Some(PAGE_SIZE));
        while let Some(page) = self.client.next(&jira::WEBHOOKS, &mut pager).await? {
            let page: Page = serde_json::from_slice(&page.reply.body).map_err(PageProblem::NotJson)?;
            listed.extend(page.values);
        }
        Ok(listed)
    }

    /// What a listed registration is to us.
    fn fits(&self, hook: &Listed) -> Fit {
        let url = hook.url.as_deref().unwrap_or(&self.url);
        let known = self.known.iter().find(|known| known.id == hook.id);
        if address(url) != address(&self.url) {
            // What we registered under a former address is ours; what another server of the vendor's did is not.
            return if known.is_some() { Fit::Outdated } else { Fit::Foreign(url.to_owned()) };
        }
        if !EVENTS.iter().all(|event| hook.events.iter().any(|told| told == event)) {
            return Fit::Outdated;
        }
        // Upstream may write a filter in words of its own; what we registered is known by its number.
        let known = known.map(|known| &known.filter);
        let wanted = self
            .wanted
            .iter()
            .find(|wanted| known == Some(*wanted) || plain(&hook.jql_filter) == plain(wanted));
        wanted.map_or(Fit::Outdated, |wanted| Fit::Wanted(wanted.clone()))
    }

    /// Registers what is missing. Upstream judges each by itself: what it refuses is told, and the others count.
    async fn register(
        &self,
        missing: &[String],
        foreign: Option<&str>,
    ) -> Result<(Vec<Registered>, Option<String>), EngineError> {
        if missing.is_empty() {
            return Ok((Vec::new(), None));
        }
        let hooks: Vec<Value> =
            missing.iter().map(|filter| json!({ "events": EVENTS, "jqlFilter": filter })).collect();
        let params = Params::new().body(json!({ "url": self.url, "webhooks": hooks }));
        let reply = self.client.call(&jira::WEBHOOK_REGISTER, &params).await?;
        let answer: Value = serde_json::from_slice(&reply.body).map_err(PageProblem::NotJson)?;
        let expires_at = (self.now + LIFE).as_millisecond();
        let (mut made, mut refused) = (Vec::new(), Vec::new());
        // The guide shows a bare list, the document an object around it (`atlassian-platform.md` 4.1).
        let results = answer.get("webhookRegistrationResult").unwrap_or(&answer);
        for (filter, result) in missing.iter().zip(results.as_array().map(Vec::as_slice).unwrap_or_default())
        {
            match result.get("createdWebhookId").and_then(Value::as_u64) {
                Some(id) => made.push(Registered { id, filter: filter.clone(), expires_at }),
                None => refused.push(errors_of(result)),
            }
        }
        if made.len() + refused.len() < missing.len() {
            refused.push("it did not answer for each".to_owned());
        }
        let problem = (!refused.is_empty()).then(|| {
            let whose = foreign.map(|url| format!("; the app delivers to {url} too")).unwrap_or_default();
            format!("Jira refuses to tell of changes: {}{whose}", refused.join(" "))
        });
        Ok((made, problem))
    }

    /// Prolongs the life of registrations, all at once, when one of them has little left.
    async fn prolong(&self, kept: &mut [Registered]) -> Result<(), EngineError> {
        let renew_at = (self.now + RENEW_BELOW).as_millisecond();
        if kept.iter().all(|hook| hook.expires_at >= renew_at) {
            return Ok(());
        }
        let ids: Vec<u64> = kept.iter().map(|hook| hook.id).collect();
        let params = Params::new().body(json!({ "webhookIds": ids }));
        let reply = self.client.call(&jira::WEBHOOK_REFRESH, &params).await?;
        let answer: Value = serde_json::from_slice(&reply.body).map_err(PageProblem::NotJson)?;
        let end = answer.get("expirationDate").and_then(end_of).unwrap_or(self.now + LIFE);
        for hook in kept {
            hook.expires_at = end.as_millisecond();
        }
        Ok(())
    }
}

/// What a registration that upstream lists is to a source.
enum Fit {
    /// It does what is wanted; which of the filters.
    Wanted(String),
    /// It is ours and not wanted any more.
    Outdated,
    /// It belongs to another server of the vendor's.
    Foreign(String),
}

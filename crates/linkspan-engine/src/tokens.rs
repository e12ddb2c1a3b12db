//! Access tokens: always fresh, never two token calls at once for one grant (hazards L1 to L5).
//!
//! Inside a process one task refreshes while the others wait for its result; between processes a lease on the grant's
//! row does the same. The new pair is stored by compare-and-set before it is used.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use linkspan_atlassian::oauth::{AppCredentials, SiteAccess, TokenError, TokenPair};
use linkspan_model::ids::{AppId, GrantId};
use linkspan_model::secret::Secret;
use linkspan_store::{Grant, GrantState, NewTokens};
use linkspan_vault::SealContext;
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use crate::engine::{Engine, Inner};
use crate::error::EngineError;

/// A token with less life left than this is replaced before it is used: longer than any one call takes.
const REFRESH_AHEAD: SignedDuration = SignedDuration::from_mins(5);
/// How long a process may hold the lease on a grant: longer than a token call can take.
const LEASE: SignedDuration = SignedDuration::from_secs(150);
/// How long to wait between looks at a lease that another process holds.
const LEASE_POLL: Duration = Duration::from_millis(200);
/// Looks at such a lease before giving up; together they outlast [`LEASE`].
const LEASE_POLLS: u32 = 800;
/// Tries of a token call whose answer got lost: upstream takes the same refresh token again for 10 minutes
/// (`atlassian-platform.md` 1.5).
const LOST_ANSWER_TRIES: u32 = 3;
/// How long the token endpoint is left alone after it gave no usable answer; it doubles with each further time.
const FIRST_OUTAGE: Duration = Duration::from_secs(2);
/// The longest such pause, also on upstream's advice: readers wait for it.
const LONGEST_OUTAGE: Duration = Duration::from_mins(1);
/// How long an access token lives on after its pair was replaced (`atlassian-platform.md` 1.5).
const REPLACED_LIFE: SignedDuration = SignedDuration::from_mins(10);

/// Why a grant gives no access token.
#[derive(Debug, thiserror::Error)]
pub enum GrantError {
    /// Atlassian refused the newest refresh token: the customer must link again.
    #[error("the grant no longer works ({0}): ask the customer to link again")]
    NeedsRelink(String),
    /// The grant is not stored here (any more).
    #[error("the site was unlinked")]
    Gone,
    /// The token endpoint refused the app's client id and secret.
    #[error("Atlassian refused the app's client id or secret: check them in the developer console")]
    AppRefused,
    /// The token endpoint gives no usable answer at the moment; the link is not harmed (hazard L4).
    #[error("no access token can be had at the moment: {0}")]
    Unavailable(String),
}

/// What this process knows of a grant's newest pair.
#[derive(Default)]
pub(crate) struct Refresher {
    held: Mutex<Option<Held>>,
    outage: std::sync::Mutex<Option<Outage>>,
}

/// A pair's access token.
#[derive(Clone)]
struct Held {
    access: Secret,
    expires_at: Timestamp,
    /// When the pair was issued.
    refreshed_at: Timestamp,
}

/// The token endpoint gives no usable answer: it is left alone for a moment.
#[derive(Clone, Debug)]
struct Outage {
    until: Timestamp,
    failures: u32,
    why: String,
}

/// What a caller wants of a grant.
enum Want {
    /// A token that is good for some minutes, and not the one that upstream just refused.
    Good { refused: Option<Secret> },
    /// A pair that was issued since a moment.
    IssuedSince(Timestamp),
}

impl Want {
    /// Whether a token serves as long as it lives, when no newer one can be had.
    fn allows(&self, access: &Secret) -> bool {
        match self {
            Self::Good { refused } => {
                refused.as_ref().is_none_or(|refused| refused.expose() != access.expose())
            }
            Self::IssuedSince(_) => true,
        }
    }
}

/// The sealed form of a pair.
#[derive(Deserialize)]
pub(crate) struct StoredPair {
    pub(crate) access: Secret,
    pub(crate) refresh: Option<Secret>,
}

#[derive(Serialize)]
struct StoredPairText<'a> {
    access: &'a str,
    refresh: Option<&'a str>,
}

fn context(grant: &GrantId) -> SealContext<'_> {
    SealContext::new("grants", grant.0.as_bytes(), "tokens")
}

impl Inner {
    /// An access token of the grant that is good for some minutes. `refused` is one that upstream just refused: it is not
    /// given again.
    pub(crate) async fn access_token(
        self: &Arc<Self>,
        id: GrantId,
        refused: Option<&Secret>,
    ) -> Result<Secret, EngineError> {
        Ok(self.token_for(id, Want::Good { refused: refused.cloned() }).await?.access)
    }

    /// Whether an access token that upstream answered with 403 or 404 may have been over (hazard L5): its time has passed,
    /// or another pair took its place too long ago. What is really absent costs a look at the database, never a token call.
    pub(crate) async fn may_be_over(&self, id: GrantId, access: &Secret) -> Result<bool, EngineError> {
        let Some(grant) = self.store.grant(id).await?.filter(|grant| grant.state == GrantState::Healthy)
        else {
            return Ok(false);
        };
        let newest = self.open_pair(&grant).await?.access;
        let now = self.clock.now();
        Ok(if newest.expose() == access.expose() {
            now >= grant.access_expires_at
        } else {
            now >= grant.refreshed_at + REPLACED_LIFE
        })
    }

    /// Whether only a new consent helps a grant; it is not asked for tokens then, and said so when it came out.
    pub(crate) async fn is_dead(&self, id: GrantId) -> Result<bool, EngineError> {
        Ok(self.store.grant(id).await?.is_some_and(|grant| grant.state != GrantState::Healthy))
    }

    /// Replaces the pair of a grant that was not replaced since a moment.
    pub(crate) async fn renew_older_than(
        self: &Arc<Self>,
        id: GrantId,
        moment: Timestamp,
    ) -> Result<(), EngineError> {
        self.token_for(id, Want::IssuedSince(moment)).await.map(drop)
    }

    async fn token_for(self: &Arc<Self>, id: GrantId, want: Want) -> Result<Held, EngineError> {
        let refresher =
            Arc::clone(self.refreshers.lock().unwrap_or_else(PoisonError::into_inner).entry(id).or_default());
        if let Some(held) = refresher.held.lock().await.as_ref()
            && self.serves(held, &want)
        {
            return Ok(held.clone());
        }
        // To its end, though nobody waits for it any more: a pair that is issued and not stored is lost, and with it the grant,
        // as soon as upstream does not take the former refresh token again (hazard L1).
        let inner = Arc::clone(self);
        let task = self.tasks.spawn(async move {
            // Held over the token call, so that waiters get its result instead of making their own.
            let mut held = refresher.held.lock().await;
            if let Some(held) = held.as_ref()
                && inner.serves(held, &want)
            {
                return Ok(held.clone());
            }
            let fresh = inner.stored_or_refreshed(id, &refresher, &want).await?;
            *held = Some(fresh.clone());
            Ok(fresh)
        });
        task.await.map_err(|error| EngineError::Invalid(format!("the token call broke off: {error}")))?
    }

    /// The grant that a new pair of this account renews: one none of whose sites would be lost to it. A pair that reaches
    /// other sites than the former ones (resource-level apps, `atlassian-platform.md` 1.7) makes a further grant, so that
    /// it does not take the place of tokens which still work. `None` when the pair reaches nothing: it is not to be stored.
    pub(crate) async fn grant_renewed_by(
        &self,
        app: AppId,
        account: &str,
        reached: &[SiteAccess],
    ) -> Result<Option<GrantId>, EngineError> {
        let Some(site) = reached.first() else { return Ok(None) };
        let is_reached = |cloud_id: &String| reached.iter().any(|site| site.cloud_id == *cloud_id);
        let grants = self.store.grants_of_account(app, account).await?;
        let renewed = grants.iter().filter(|(_, sites)| sites.iter().all(is_reached));
        // A grant that reads one of the sites comes before one that reads nothing.
        if let Some((grant, _)) = renewed.min_by_key(|(_, sites)| sites.is_empty()) {
            return Ok(Some(*grant));
        }
        Ok(Some(if grants.is_empty() {
            GrantId::of(app, account)
        } else {
            GrantId::of_site(app, account, &site.cloud_id)
        }))
    }

    /// Forgets what this process holds of the grant: something else wrote it.
    pub(crate) fn forget_token(&self, id: GrantId) {
        self.refreshers.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
    }

    fn serves(&self, held: &Held, want: &Want) -> bool {
        match want {
            Want::Good { .. } => {
                held.expires_at > self.clock.now() + REFRESH_AHEAD && want.allows(&held.access)
            }
            Want::IssuedSince(moment) => held.refreshed_at >= *moment,
        }
    }

    async fn stored_or_refreshed(
        &self,
        id: GrantId,
        refresher: &Refresher,
        want: &Want,
    ) -> Result<Held, EngineError> {
        for _ in 0..LEASE_POLLS {
            let (grant, pair) = self.usable_pair(id).await?;
            let stored = held_of(&grant, pair);
            if self.serves(&stored, want) {
                return Ok(stored);
            }
            if let Some(outage) = self.outage(refresher) {
                return self.during_outage(stored, want, outage.why);
            }
            let now = self.clock.now();
            if self.store.try_lock_grant(id, self.node, now, now + LEASE).await? {
                let result = self.refresh_under_lease(id, refresher, want).await;
                self.store.unlock_grant(id, self.node).await?;
                return result;
            }
            tokio::time::sleep(LEASE_POLL).await;
        }
        Err(GrantError::Unavailable("another process is refreshing the grant and does not finish".to_owned())
            .into())
    }

    async fn refresh_under_lease(
        &self,
        id: GrantId,
        refresher: &Refresher,
        want: &Want,
    ) -> Result<Held, EngineError> {
        // Read again: whoever held the lease before may have left a new pair.
        let (grant, pair) = self.usable_pair(id).await?;
        let Some(refresh) = pair.refresh.clone() else {
            let stored = held_of(&grant, pair);
            if self.serves(&stored, want) {
                return Ok(stored);
            }
            let reason = "it came without a refresh token (scope `offline_access`)";
            self.mark_dead(&grant, reason).await?;
            return Err(GrantError::NeedsRelink(reason.to_owned()).into());
        };
        let stored = held_of(&grant, pair);
        if self.serves(&stored, want) {
            return Ok(stored);
        }
        let app = self.store.app(grant.app).await?.ok_or(GrantError::Gone)?;
        let credentials = self.credentials(&app)?;
        let answer = self.token_call(&credentials, &refresh).await;
        self.note_outage(refresher, answer.as_ref().err());
        match answer {
            Ok(new) => self.keep_refreshed(&grant, &refresh, new).await,
            Err(TokenError::GrantDead { description }) => {
                if !self.mark_dead(&grant, &description).await? {
                    // A consent came in between (hazard L3): its pair is the one that counts.
                    let (grant, pair) = self.usable_pair(id).await?;
                    return Ok(held_of(&grant, pair));
                }
                tracing::warn!(grant.id = %id, "the grant is dead; the customer must link again");
                Err(GrantError::NeedsRelink(description).into())
            }
            Err(TokenError::ClientRefused) => Err(GrantError::AppRefused.into()),
            Err(error) => self.during_outage(stored, want, error.to_string()),
        }
    }

    /// Marks a grant as dead, which tells its accounts; `false` when it changed meanwhile.
    async fn mark_dead(&self, grant: &Grant, reason: &str) -> Result<bool, EngineError> {
        let now = self.clock.now();
        let marked =
            self.store.mark_grant_needs_relink_if_version(grant.id, grant.version, reason, now).await?;
        if marked {
            self.feed_grew();
        }
        Ok(marked)
    }

    /// What is given while the token endpoint gives no usable answer: the old token as long as it lives, so that an outage
    /// stops nothing before that; the link is not harmed (hazard L4).
    fn during_outage(&self, stored: Held, want: &Want, why: String) -> Result<Held, EngineError> {
        let lives = stored.expires_at > self.clock.now() && want.allows(&stored.access);
        if lives { Ok(stored) } else { Err(GrantError::Unavailable(why).into()) }
    }

    fn outage(&self, refresher: &Refresher) -> Option<Outage> {
        let outage = refresher.outage.lock().unwrap_or_else(PoisonError::into_inner);
        outage.clone().filter(|outage| self.clock.now() < outage.until)
    }

    /// Leaves the token endpoint alone for a moment after an answer that may be another one later; any other answer ends
    /// the outage.
    fn note_outage(&self, refresher: &Refresher, error: Option<&TokenError>) {
        let mut outage = refresher.outage.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(error) = error.filter(|error| error.is_retryable()) else {
            *outage = None;
            return;
        };
        let failures = outage.as_ref().map_or(0, |outage| outage.failures);
        let pause = FIRST_OUTAGE.saturating_mul(1 << failures.min(16));
        let pause = error.retry_after().unwrap_or(pause).clamp(FIRST_OUTAGE, LONGEST_OUTAGE);
        // Readers of many sources do not come back together.
        let pause = pause.mul_f64(0.3f64.mul_add(self.entropy.fraction(), 1.0));
        let until = self.clock.now() + pause;
        *outage = Some(Outage { until, failures: failures.saturating_add(1), why: error.to_string() });
    }

    async fn token_call(&self, app: &AppCredentials, refresh: &Secret) -> Result<TokenPair, TokenError> {
        let mut tries = 0;
        loop {
            tries += 1;
            match self.upstream.refresh(app, refresh).await {
                Err(TokenError::Transport(_) | TokenError::Malformed(_)) if tries < LOST_ANSWER_TRIES => {}
                result => return result,
            }
        }
    }

    async fn keep_refreshed(
        &self,
        grant: &Grant,
        old_refresh: &Secret,
        new: TokenPair,
    ) -> Result<Held, EngineError> {
        // An answer without a refresh token leaves the old one in force.
        let refresh = new.refresh.as_ref().unwrap_or(old_refresh);
        let scopes = if new.scopes.is_empty() {
            grant.scopes.clone()
        } else {
            new.scopes.iter().map(str::to_owned).collect()
        };
        let tokens = self.seal_pair(grant.id, &new.access, Some(refresh), new.expires_at, scopes).await?;
        if self.store.update_grant_if_version(grant.id, grant.version, &tokens, self.clock.now()).await? {
            let refreshed_at = self.clock.now();
            return Ok(Held { access: new.access, expires_at: new.expires_at, refreshed_at });
        }
        // Unlinked or linked anew meanwhile: the stored pair, if any, is the newer truth.
        let (grant, pair) = self.usable_pair(grant.id).await?;
        Ok(held_of(&grant, pair))
    }

    /// Seals a pair under the grant's data key.
    pub(crate) async fn seal_pair(
        &self,
        id: GrantId,
        access: &Secret,
        refresh: Option<&Secret>,
        access_expires_at: Timestamp,
        scopes: Vec<String>,
    ) -> Result<NewTokens, EngineError> {
        let key = self.data_key(id.0).await?;
        let text = StoredPairText { access: access.expose(), refresh: refresh.map(Secret::expose) };
        // Held as a secret so that its memory is cleared.
        let text = Secret::new(
            serde_json::to_string(&text).map_err(|error| EngineError::Invalid(error.to_string()))?,
        );
        let tokens = key.seal(context(&id), text.expose().as_bytes(), &self.entropy);
        Ok(NewTokens { tokens, access_expires_at, scopes })
    }

    /// The stored pair of a grant.
    pub(crate) async fn open_pair(&self, grant: &Grant) -> Result<StoredPair, EngineError> {
        let wrapped = self.store.data_key(grant.id.0).await?.ok_or(GrantError::Gone)?;
        let key = self.ring.unwrap(grant.id.0.as_bytes(), &wrapped)?;
        let opened = key.open(context(&grant.id), &grant.tokens)?;
        serde_json::from_slice(opened.expose()).map_err(|_| EngineError::Unreadable {
            model: "grant",
            why: "its tokens have another form than this version writes".to_owned(),
        })
    }

    async fn usable_pair(&self, id: GrantId) -> Result<(Grant, StoredPair), EngineError> {
        let grant = self.store.grant(id).await?.ok_or(GrantError::Gone)?;
        if let GrantState::NeedsRelink { reason } = &grant.state {
            return Err(GrantError::NeedsRelink(reason.clone()).into());
        }
        let pair = self.open_pair(&grant).await?;
        Ok((grant, pair))
    }
}

fn held_of(grant: &Grant, pair: StoredPair) -> Held {
    Held { access: pair.access, expires_at: grant.access_expires_at, refreshed_at: grant.refreshed_at }
}

impl Engine {
    /// The newest refresh token of a grant, for the caller that keeps it (`sync --once`).
    ///
    /// # Errors
    /// When the grant is gone or cannot be opened.
    pub async fn refresh_token_of(&self, id: GrantId) -> Result<Option<Secret>, EngineError> {
        let grant = self.inner.store.grant(id).await?.ok_or(GrantError::Gone)?;
        Ok(self.inner.open_pair(&grant).await?.refresh)
    }
}

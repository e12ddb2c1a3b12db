//! Access tokens: always fresh, never two token calls at once for one grant (hazards L1 to L5).
//!
//! Inside a process one task refreshes; between processes a lease on the grant's row does the same. The new pair is stored
//! by compare-and-set before it is used. Who comes while the old token still lives is given that one at once, and the
//! refresh goes on behind their back; only who has no living token waits for it (hazard L2).

mod failures;
mod pair;

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use linkspan_atlassian::error::TransportKind;
use linkspan_atlassian::oauth::{AppCredentials, SiteAccess, TokenError, TokenPair};
use linkspan_model::ids::{AppId, GrantId};
use linkspan_model::secret::Secret;
use linkspan_store::{Grant, GrantState};
use tokio::sync::{Mutex, watch};

use self::failures::{Failures, why_none};
use self::pair::StoredPair;
use crate::engine::Inner;
use crate::error::EngineError;

/// A token with less life left than this is replaced: longer than any one call takes.
const REFRESH_AHEAD: SignedDuration = SignedDuration::from_mins(5);
/// A token with less life left than this is not given while a newer one is on its way.
const LEAST_LIFE: SignedDuration = SignedDuration::from_mins(1);
/// How long a process may hold the lease on a grant: longer than a token call can take.
const LEASE: SignedDuration = SignedDuration::from_secs(150);
/// How long to wait between looks at a lease that another process holds.
const LEASE_POLL: Duration = Duration::from_millis(200);
/// Looks at such a lease before giving up; together they outlast [`LEASE`].
const LEASE_POLLS: u32 = 800;
/// Tries of a token call whose answer got lost: upstream takes the same refresh token again for 10 minutes
/// (`atlassian-platform.md` 1.5).
const LOST_ANSWER_TRIES: u32 = 3;
/// How long an access token lives on after its pair was replaced (`atlassian-platform.md` 1.5).
const REPLACED_LIFE: SignedDuration = SignedDuration::from_mins(10);

/// Why a grant gives no access token.
#[derive(Clone, Debug, thiserror::Error)]
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
    /// The newest pair. Who waits for one hears of each.
    held: watch::Sender<Option<Held>>,
    /// Held over a token call, so that others get its result instead of making their own.
    turn: Arc<Mutex<()>>,
    failures: Failures,
    /// When it was last tried to renew the pair because nobody uses the grant.
    pub(crate) exercised_at: std::sync::Mutex<Option<Timestamp>>,
}

impl Refresher {
    /// The pair that is held, if it does.
    fn held_if(&self, does: impl Fn(&Held) -> bool) -> Option<Held> {
        self.held.borrow().as_ref().filter(|held| does(held)).cloned()
    }

    /// Holds a pair from now on, and tells who waits.
    fn hold(&self, pair: &Held) {
        self.held.send_if_modified(|held| {
            let is_new = held.as_ref().is_none_or(|held| held.access.expose() != pair.access.expose());
            if is_new {
                *held = Some(pair.clone());
            }
            is_new
        });
    }

    /// Holds no pair any more.
    fn let_go(&self) {
        self.held.send_modify(|held| *held = None);
    }
}

/// A pair's access token.
#[derive(Clone)]
struct Held {
    access: Secret,
    expires_at: Timestamp,
    /// When the pair was issued.
    refreshed_at: Timestamp,
}

/// What a caller wants of a grant.
#[derive(Clone)]
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

    /// What is known of a grant in this process.
    pub(crate) fn refresher(&self, id: GrantId) -> Arc<Refresher> {
        let mut refreshers = self.refreshers.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(refreshers.entry(id).or_default())
    }

    async fn token_for(self: &Arc<Self>, id: GrantId, want: Want) -> Result<Held, EngineError> {
        let refresher = self.refresher(id);
        if let Some(held) = refresher.held_if(|held| self.serves(held, &want)) {
            return Ok(held);
        }
        let for_now = refresher.held_if(|held| self.does_for_now(held, &want));
        if let Some(held) = &for_now
            && self.outage(&refresher).is_some()
        {
            return Ok(held.clone());
        }
        let turn = match (Arc::clone(&refresher.turn).try_lock_owned(), for_now) {
            (Ok(turn), _) => turn,
            // It is being replaced.
            (Err(_), Some(held)) => return Ok(held),
            (Err(_), None) => tokio::select! {
                biased;
                Some(held) = self.next_that_does(&refresher, &want) => return Ok(held),
                turn = Arc::clone(&refresher.turn).lock_owned() => turn,
            },
        };
        // To its end, though nobody waits for it any more: a pair that is issued and not stored is lost, and with it the grant,
        // as soon as upstream does not take the former refresh token again (hazard L1).
        let (inner, of_task, wanted) = (Arc::clone(self), Arc::clone(&refresher), want.clone());
        let task = self.tasks.spawn(async move {
            let _turn = turn;
            // Whoever had the turn before may have left a new pair.
            if let Some(held) = of_task.held_if(|held| inner.serves(held, &wanted)) {
                return Ok(held);
            }
            let result = inner.stored_or_refreshed(id, &of_task, &wanted).await;
            match &result {
                Ok(held) => of_task.hold(held),
                Err(EngineError::Grant(GrantError::NeedsRelink(_) | GrantError::Gone)) => of_task.let_go(),
                Err(_) => {}
            }
            result
        });
        tokio::select! {
            biased;
            Some(held) = self.next_that_does(&refresher, &want) => Ok(held),
            result = task => {
                result.map_err(|error| EngineError::Invalid(format!("the token call broke off: {error}")))?
            }
        }
    }

    /// The pair that is held, or the next one, that does for now.
    async fn next_that_does(&self, refresher: &Refresher, want: &Want) -> Option<Held> {
        let mut news = refresher.held.subscribe();
        let next =
            news.wait_for(|held| held.as_ref().is_some_and(|held| self.does_for_now(held, want))).await;
        next.ok()?.clone()
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

    /// Whether a token is given while a newer one is on its way.
    fn does_for_now(&self, held: &Held, want: &Want) -> bool {
        match want {
            Want::Good { .. } => held.expires_at > self.clock.now() + LEAST_LIFE && want.allows(&held.access),
            Want::IssuedSince(_) => self.serves(held, want),
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
            // Who can do with it goes on, and does not wait for what follows.
            refresher.hold(&stored);
            if self.serves(&stored, want) {
                return Ok(stored);
            }
            if let Some(error) = self.outage(refresher) {
                return self.during_outage(stored, want, error);
            }
            if !want.allows(&stored.access) && self.was_just_replaced(refresher) {
                let why =
                    "Atlassian refuses the access token that it issued for one that it refused just now";
                return Err(GrantError::Unavailable(why.to_owned()).into());
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
            Ok(new) => {
                let fresh = self.keep_refreshed(&grant, &refresh, new).await?;
                if !want.allows(&stored.access) {
                    self.note_replaced(refresher);
                }
                Ok(fresh)
            }
            Err(TokenError::GrantDead { description }) => {
                if !self.mark_dead(&grant, &description).await? {
                    // A consent came in between (hazard L3): its pair is the one that counts.
                    let (grant, pair) = self.usable_pair(id).await?;
                    return Ok(held_of(&grant, pair));
                }
                tracing::warn!(grant.id = %id, "the grant is dead; the customer must link again");
                Err(GrantError::NeedsRelink(description).into())
            }
            Err(error) => self.during_outage(stored, want, why_none(&error)),
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

    async fn token_call(&self, app: &AppCredentials, refresh: &Secret) -> Result<TokenPair, TokenError> {
        let mut tries = 0;
        loop {
            tries += 1;
            match self.upstream.refresh(app, refresh).await {
                Err(error) if tries < LOST_ANSWER_TRIES && may_have_been_lost(&error) => {}
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
        let tokens = self.seal_refreshed(grant.id, &new.access, refresh, new.expires_at, scopes).await?;
        let refreshed_at = self.clock.now();
        if self.store.update_grant_if_version(grant.id, grant.version, &tokens, refreshed_at).await? {
            return Ok(Held { access: new.access, expires_at: new.expires_at, refreshed_at });
        }
        // Unlinked or linked anew meanwhile: the stored pair, if any, is the newer truth.
        let (grant, pair) = self.usable_pair(grant.id).await?;
        Ok(held_of(&grant, pair))
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

/// Whether a pair may have been issued whose answer did not arrive: only then does the same request bring it at once.
fn may_have_been_lost(error: &TokenError) -> bool {
    match error {
        // Nothing was sent.
        TokenError::Transport(kind) => *kind != TransportKind::Connect,
        TokenError::Malformed(_) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn l1_a_token_call_is_repeated_at_once_only_where_its_answer_may_be_lost() {
        for kind in [TransportKind::Timeout, TransportKind::Broken] {
            assert!(may_have_been_lost(&TokenError::Transport(kind)), "{kind}");
        }
        assert!(may_have_been_lost(&TokenError::Malformed("it breaks off")));
        assert!(!may_have_been_lost(&TokenError::Transport(TransportKind::Connect)));
        assert!(!may_have_been_lost(&TokenError::Unavailable { status: 503, retry_after: None }));
        assert!(!may_have_been_lost(&TokenError::ClientRefused));
    }
}

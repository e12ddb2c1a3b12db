//! Grants: rotating token pairs. Every write of a pair is a compare-and-set on the grant's version, so a refresh that
//! finishes late can neither overwrite a newer pair nor revive a deleted link (hazards L1-L3).

use jiff::Timestamp;
use linkspan_model::event::EventKind;
use linkspan_model::ids::{AppId, GrantId};
use linkspan_vault::Sealed;
use serde_json::json;
use uuid::Uuid;

use crate::Store;
use crate::control::accounts;
use crate::control::apps::list_json;
use crate::db::{Row, Tx, args, statements};
use crate::error::StoreError;
use crate::spine::events;

statements! {
    // The first version is the moment: a grant that is unlinked and consented to again comes to no version that a refresh of
    // its former self began from (hazard L3).
    PUT = "INSERT INTO grants (id, app_id, atlassian_account_id, version, tokens, access_expires_at, refreshed_at,
            scopes, state, created_at)
        VALUES ($1, $2, $3, $7, $4, $5, $7, $6, 'healthy', $7)
        ON CONFLICT (id) DO UPDATE SET version = grants.version + 1, tokens = excluded.tokens,
            access_expires_at = excluded.access_expires_at, refreshed_at = excluded.refreshed_at,
            scopes = excluded.scopes, state = 'healthy', reason = NULL, created_at = excluded.created_at
        RETURNING version";
    ONE = "SELECT id, app_id, atlassian_account_id, version, tokens, access_expires_at, refreshed_at, scopes, state,
            reason, created_at FROM grants WHERE id = $1";
    ALL = "SELECT id, app_id, atlassian_account_id, version, tokens, access_expires_at, refreshed_at, scopes, state,
            reason, created_at FROM grants ORDER BY created_at, id";
    REACH = "SELECT g.id, s.cloud_id FROM grants g
        LEFT JOIN sources s ON s.grant_id = g.id AND s.state = 'active'
        WHERE g.app_id = $1 AND g.atlassian_account_id = $2 ORDER BY g.created_at, g.id";
    UPDATE_IF_VERSION = "UPDATE grants SET version = version + 1, tokens = $3, access_expires_at = $4,
            scopes = $5, refreshed_at = $6, state = 'healthy', reason = NULL
        WHERE id = $1 AND version = $2";
    RESEAL_IF_VERSION = "UPDATE grants SET version = version + 1, tokens = $3 WHERE id = $1 AND version = $2";
    NEEDS_RELINK_IF_VERSION = "UPDATE grants SET version = version + 1, state = 'needs_relink', reason = $3
        WHERE id = $1 AND version = $2 AND state = 'healthy'";
    STATE = "SELECT state FROM grants WHERE id = $1";
    // A lease that lies further ahead than two of this length was taken by a clock that has been set back since. One that
    // lies a little further ahead is that of a process whose clock is ahead of this one's.
    TRY_LOCK = "UPDATE grants SET lock_owner = $2, locked_until = $4
        WHERE id = $1 AND (lock_owner IS NULL OR lock_owner = $2 OR locked_until <= $3
            OR locked_until - $4 > $4 - $3)";
    UNLOCK = "UPDATE grants SET lock_owner = NULL, locked_until = NULL WHERE id = $1 AND lock_owner = $2";
    DELETE = "DELETE FROM grants WHERE id = $1";
    // While a customer is on the way back from Atlassian (`answered`), it is not known yet which grant the consent renews:
    // its data key may have been looked up already. The age is compared with the row as it is when it is deleted, so a
    // consent that is stored at the same time keeps its grant.
    DELETE_ABANDONED = "DELETE FROM grants WHERE created_at < $1 AND id IN
        (SELECT g.id FROM grants g WHERE g.created_at < $1
            AND NOT EXISTS (SELECT 1 FROM sources s WHERE s.grant_id = g.id AND s.state = 'active')
            AND NOT EXISTS (SELECT 1 FROM links l WHERE l.grant_id = g.id AND l.state = 'consented')
            AND NOT EXISTS (SELECT 1 FROM links l WHERE l.app_id = g.app_id AND l.state = 'answered')
            ORDER BY g.id LIMIT 500)
        RETURNING id";
}

/// What one Atlassian account consented to.
#[derive(Clone, Debug)]
pub struct Grant {
    /// [`GrantId::of`] its app and account, or [`GrantId::of_site`].
    pub id: GrantId,
    /// The app.
    pub app: AppId,
    /// The account that consented.
    pub atlassian_account_id: String,
    /// Grows with every write: what a compare-and-set compares.
    pub version: i64,
    /// The token pair, sealed by the grant's data key for (`grants`, id, `tokens`).
    pub tokens: Sealed,
    /// When the access token dies.
    pub access_expires_at: Timestamp,
    /// When the pair was issued.
    pub refreshed_at: Timestamp,
    /// Scopes of the pair.
    pub scopes: Vec<String>,
    /// Whether it can be used.
    pub state: GrantState,
    /// When the account last consented: the pair's family began then.
    pub consented_at: Timestamp,
}

/// Whether a grant can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GrantState {
    /// The pair is good as far as known.
    Healthy,
    /// The pair is dead; only a new consent helps.
    NeedsRelink {
        /// What Atlassian said, for people.
        reason: String,
    },
}

/// A token pair as it comes from the token endpoint, sealed.
#[derive(Clone, Debug)]
pub struct NewTokens {
    /// The pair, sealed by the grant's data key for (`grants`, id, `tokens`).
    pub tokens: Sealed,
    /// When the access token dies.
    pub access_expires_at: Timestamp,
    /// Scopes of the pair.
    pub scopes: Vec<String>,
}

impl Store {
    /// Stores the pair of a new consent and gives its version. A consent always wins: the version grows, so a refresh of
    /// the former pair that is under way will be refused. Where the grant was dead, its accounts are told to be restored.
    pub async fn put_grant(
        &self,
        id: GrantId,
        app: AppId,
        atlassian_account_id: &str,
        tokens: &NewTokens,
        now: Timestamp,
    ) -> Result<i64, StoreError> {
        let scopes = list_json(&tokens.scopes);
        let args =
            args![id, app, atlassian_account_id, &tokens.tokens, tokens.access_expires_at, scopes, now];
        let mut tx = self.db.begin().await?;
        let was_dead = match tx.first(STATE, args![id]).await? {
            Some(row) => row.text(0)? != "healthy",
            None => false,
        };
        let row = tx.first(PUT, args).await?;
        let version = row.ok_or_else(|| StoreError::corrupt("a grant was not returned"))?.int(0)?;
        if was_dead {
            let accounts = tx.all(accounts::OF_GRANT, args![id]).await?;
            let restored = accounts::event_for_each(&accounts, EventKind::LinkedAccountRestored, &json!({}))?;
            events::append(&mut tx, &restored, now).await?;
        }
        tx.commit().await?;
        Ok(version)
    }

    /// A grant.
    pub async fn grant(&self, id: GrantId) -> Result<Option<Grant>, StoreError> {
        self.db.first(ONE, args![id]).await?.map(|row| read(&row)).transpose()
    }

    /// All grants, oldest first.
    pub async fn grants(&self) -> Result<Vec<Grant>, StoreError> {
        self.db.all(ALL, args![]).await?.iter().map(read).collect()
    }

    /// The grants of an account to an app, oldest first, each with the sites that are read through it.
    pub async fn grants_of_account(
        &self,
        app: AppId,
        atlassian_account_id: &str,
    ) -> Result<Vec<(GrantId, Vec<String>)>, StoreError> {
        let mut grants: Vec<(GrantId, Vec<String>)> = Vec::new();
        for row in self.db.all(REACH, args![app, atlassian_account_id]).await? {
            let id = GrantId(row.uuid(0)?);
            if grants.last().is_none_or(|(last, _)| *last != id) {
                grants.push((id, Vec::new()));
            }
            if let (Some((_, sites)), Some(site)) = (grants.last_mut(), row.optional_text(1)?) {
                sites.push(site);
            }
        }
        Ok(grants)
    }

    /// Stores a refreshed pair if the grant still has the version from which it was refreshed; the new version is one
    /// more. `false`: there was a newer pair or the grant is gone, and nothing was written.
    pub async fn update_grant_if_version(
        &self,
        id: GrantId,
        version: i64,
        tokens: &NewTokens,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let scopes = list_json(&tokens.scopes);
        let args = args![id, version, &tokens.tokens, tokens.access_expires_at, scopes, now];
        Ok(self.db.write(UPDATE_IF_VERSION, args).await? > 0)
    }

    /// Stores the same pair sealed anew if the grant still has this version; the new version is one more.
    pub async fn reseal_grant_if_version(
        &self,
        id: GrantId,
        version: i64,
        tokens: &Sealed,
    ) -> Result<bool, StoreError> {
        Ok(self.db.write(RESEAL_IF_VERSION, args![id, version, tokens]).await? > 0)
    }

    /// Marks the grant as dead if it still has this version and was not dead before; the new version is one more. In the
    /// same transaction its accounts are told to need a new link: once for each death.
    pub async fn mark_grant_needs_relink_if_version(
        &self,
        id: GrantId,
        version: i64,
        reason: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut tx = self.db.begin().await?;
        if tx.execute(NEEDS_RELINK_IF_VERSION, args![id, version, reason]).await? == 0 {
            return Ok(false);
        }
        let accounts = tx.all(accounts::OF_GRANT, args![id]).await?;
        let details = json!({ "reason": reason });
        let dead = accounts::event_for_each(&accounts, EventKind::LinkedAccountRelinkNeeded, &details)?;
        events::append(&mut tx, &dead, now).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Takes or renews the lease under which `owner` alone may refresh this grant, until `until`. `false` while another
    /// owner's lease lasts, or when the grant is gone. A lease that ends more than two such spans from now is none: the
    /// clock was set back.
    pub async fn try_lock_grant(
        &self,
        id: GrantId,
        owner: Uuid,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        Ok(self.db.write(TRY_LOCK, args![id, owner, now, until]).await? > 0)
    }

    /// Gives the lease back; without effect when it is another owner's by now.
    pub async fn unlock_grant(&self, id: GrantId, owner: Uuid) -> Result<(), StoreError> {
        self.db.write(UNLOCK, args![id, owner]).await?;
        Ok(())
    }

    /// Deletes a grant that no source uses; see [`Store::unlink`] for the usual way.
    pub async fn delete_grant(&self, id: GrantId) -> Result<bool, StoreError> {
        Ok(self.db.write(DELETE, args![id]).await? > 0)
    }
}

/// Deletes grants that came to nothing, with their data keys: consented before `before`, with no source that is read through
/// them and no link that may still become one (hazard G4). A bounded number.
pub(crate) async fn delete_abandoned(tx: &mut Tx, before: Timestamp) -> Result<(), StoreError> {
    for row in tx.all(DELETE_ABANDONED, args![before]).await? {
        tx.execute(super::data_keys::DESTROY, args![row.uuid(0)?]).await?;
    }
    Ok(())
}

fn read(row: &Row) -> Result<Grant, StoreError> {
    Ok(Grant {
        id: GrantId(row.uuid(0)?),
        app: AppId(row.uuid(1)?),
        atlassian_account_id: row.text(2)?,
        version: row.int(3)?,
        tokens: row.sealed(4)?,
        access_expires_at: row.time(5)?,
        refreshed_at: row.time(6)?,
        scopes: row.list(7)?,
        state: match &*row.text(8)? {
            "healthy" => GrantState::Healthy,
            "needs_relink" => GrantState::NeedsRelink { reason: row.optional_text(9)?.unwrap_or_default() },
            other => return Err(StoreError::corrupt(format!("unknown grant state `{other}`"))),
        },
        consented_at: row.time(10)?,
    })
}

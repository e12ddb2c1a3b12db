//! Pairs as they are stored: sealed by the grant's data key. A consent makes that key; nothing else does, so that a refresh
//! which ends after an unlink leaves no key behind (hazard G4).

use jiff::Timestamp;
use linkspan_model::ids::GrantId;
use linkspan_model::secret::Secret;
use linkspan_store::{Grant, NewTokens};
use linkspan_vault::{DataKey, SealContext};
use serde::{Deserialize, Serialize};

use super::GrantError;
use crate::engine::{Engine, Inner};
use crate::error::EngineError;

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
    /// Seals the pair of a consent under the grant's data key, which is made when there is none yet.
    pub(crate) async fn seal_pair(
        &self,
        id: GrantId,
        access: &Secret,
        refresh: Option<&Secret>,
        access_expires_at: Timestamp,
        scopes: Vec<String>,
    ) -> Result<NewTokens, EngineError> {
        let key = self.data_key(id.0).await?;
        self.sealed(id, &key, access, refresh, access_expires_at, scopes)
    }

    /// Seals a pair that takes the place of a stored one. [`GrantError::Gone`] when the grant was unlinked meanwhile.
    pub(super) async fn seal_refreshed(
        &self,
        id: GrantId,
        access: &Secret,
        refresh: &Secret,
        access_expires_at: Timestamp,
        scopes: Vec<String>,
    ) -> Result<NewTokens, EngineError> {
        let key = self.grant_key(id).await?;
        self.sealed(id, &key, access, Some(refresh), access_expires_at, scopes)
    }

    fn sealed(
        &self,
        id: GrantId,
        key: &DataKey,
        access: &Secret,
        refresh: Option<&Secret>,
        access_expires_at: Timestamp,
        scopes: Vec<String>,
    ) -> Result<NewTokens, EngineError> {
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
        let key = self.grant_key(grant.id).await?;
        let opened = key.open(context(&grant.id), &grant.tokens)?;
        serde_json::from_slice(opened.expose()).map_err(|_| EngineError::Unreadable {
            model: "grant",
            why: "its tokens have another form than this version writes".to_owned(),
        })
    }

    /// The data key of a grant that is there.
    async fn grant_key(&self, id: GrantId) -> Result<DataKey, EngineError> {
        let wrapped = self.store.data_key(id.0).await?.ok_or(GrantError::Gone)?;
        Ok(self.ring.unwrap(id.0.as_bytes(), &wrapped)?)
    }
}

impl Engine {
    /// The newest refresh token of a grant, for the caller that keeps it (`sync --once`).
    ///
    /// # Errors
    /// When the grant is gone or cannot be opened.
    pub async fn refresh_token_of(&self, id: GrantId) -> Result<Option<Secret>, EngineError> {
        // A pair that is on its way takes the place of the stored one.
        let refresher = self.inner.refresher(id);
        let _turn = refresher.turn.lock().await;
        let grant = self.inner.store.grant(id).await?.ok_or(GrantError::Gone)?;
        Ok(self.inner.open_pair(&grant).await?.refresh)
    }
}

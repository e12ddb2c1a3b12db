//! Keys of the vendor's API.

use linkspan_model::secret::Secret;
use linkspan_vault::opaque;

use crate::engine::Engine;
use crate::error::EngineError;

/// What an API key begins with.
const API_KEY: &str = "lsk_";
/// The purpose that goes into an API key's digest.
const API_KEY_PURPOSE: &str = "api-key";

/// A key that was just made: this is the only moment at which it can be seen.
#[derive(Debug)]
pub struct IssuedKey {
    /// What the vendor calls it.
    pub name: String,
    /// The key.
    pub key: Secret,
}

/// Proof that the caller holds a key of this vendor; only [`Engine::key_holder`] makes one.
#[derive(Clone, Debug)]
pub struct KeyHolder {
    /// The name of the key, for the log.
    pub key_name: String,
}

impl Engine {
    /// Makes a new API key.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn create_api_key(&self, name: &str) -> Result<IssuedKey, EngineError> {
        let key = opaque::mint(API_KEY, &self.inner.entropy);
        let digest = self.inner.digest_key.digest(API_KEY_PURPOSE, &key);
        let last_four = opaque::last_four(&key);
        self.inner.store.create_api_key(&digest, name, &last_four, self.inner.clock.now()).await?;
        Ok(IssuedKey { name: name.to_owned(), key })
    }

    /// Whether there is a key that is not revoked.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn has_api_key(&self) -> Result<bool, EngineError> {
        Ok(self.inner.store.api_keys().await?.iter().any(|key| key.revoked_at.is_none()))
    }

    /// Replaces every key of this name by a new one; the old ones are refused at once.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] when no key has this name.
    pub async fn regenerate_api_key(&self, name: &str) -> Result<IssuedKey, EngineError> {
        let now = self.inner.clock.now();
        let mut found = false;
        for key in self.inner.store.api_keys().await?.iter().filter(|key| key.name == name) {
            found |= self.inner.store.revoke_api_key(&key.digest, now).await?;
        }
        if !found {
            return Err(EngineError::NotFound);
        }
        self.create_api_key(name).await
    }

    /// Who holds this key; `None` when it is unknown or revoked.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn key_holder(&self, key: &Secret) -> Result<Option<KeyHolder>, EngineError> {
        if !opaque::is_well_formed(API_KEY, key.expose()) {
            return Ok(None);
        }
        let digest = self.inner.digest_key.digest(API_KEY_PURPOSE, key);
        let known = self.inner.store.api_key(&digest).await?;
        Ok(known.filter(|key| key.revoked_at.is_none()).map(|key| KeyHolder { key_name: key.name }))
    }
}

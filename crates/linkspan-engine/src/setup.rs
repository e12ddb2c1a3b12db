//! Access to the set-up pages and the dashboard: by an address that is good once, or by an API key; then by a session.

use std::time::Duration;

use linkspan_atlassian::calls::Feature;
use linkspan_model::secret::Secret;
use linkspan_store::SetupTokenKind;
use linkspan_vault::opaque;
use url::Url;

use crate::engine::Engine;
use crate::error::EngineError;

/// What the tokens of set-up addresses begin with.
const ADDRESS: &str = "lsu_";
/// What set-up sessions begin with.
const SESSION: &str = "lsw_";
const PURPOSE: &str = "setup";
const FORM_PURPOSE: &str = "setup-form";
/// How long a set-up address works.
const ADDRESS_LIFE: Duration = Duration::from_hours(24);
/// How long the pages stay open after it was used.
const SESSION_LIFE: Duration = Duration::from_hours(8);

impl Engine {
    /// A new address of the set-up pages. It opens them once, within a day.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn new_setup_url(&self) -> Result<String, EngineError> {
        let token = self.new_setup_token(ADDRESS, SetupTokenKind::Address, ADDRESS_LIFE).await?;
        let base = self.inner.settings.vendor.public_url.as_str().trim_end_matches('/');
        Ok(format!("{base}/setup/enter/{}", token.expose()))
    }

    /// A new address that opens the dashboard, as [`Engine::new_setup_url`] opens the guide.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn new_dashboard_url(&self) -> Result<String, EngineError> {
        Ok(format!("{}?to=dashboard", self.new_setup_url().await?))
    }

    /// A session for the token of a set-up address, which is used up. `None` when it is unknown, expired or used.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn open_setup(&self, token: &Secret) -> Result<Option<Secret>, EngineError> {
        if !opaque::is_well_formed(ADDRESS, token.expose()) {
            return Ok(None);
        }
        let digest = self.inner.digest_key.digest(PURPOSE, token);
        if !self.inner.store.use_setup_token(&digest, self.inner.clock.now()).await? {
            return Ok(None);
        }
        self.new_setup_token(SESSION, SetupTokenKind::Session, SESSION_LIFE).await.map(Some)
    }

    /// A session for the holder of an API key. `None` when the key is unknown or revoked.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn open_setup_with_key(&self, key: &Secret) -> Result<Option<Secret>, EngineError> {
        if self.key_holder(key).await?.is_none() {
            return Ok(None);
        }
        self.new_setup_token(SESSION, SetupTokenKind::Session, SESSION_LIFE).await.map(Some)
    }

    /// Whether this is a set-up session that has not expired.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn is_setup_session(&self, session: &Secret) -> Result<bool, EngineError> {
        if !opaque::is_well_formed(SESSION, session.expose()) {
            return Ok(false);
        }
        let digest = self.inner.digest_key.digest(PURPOSE, session);
        Ok(self.inner.store.is_setup_session(&digest, self.inner.clock.now()).await?)
    }

    /// Ends a set-up session.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn close_setup(&self, session: &Secret) -> Result<(), EngineError> {
        let digest = self.inner.digest_key.digest(PURPOSE, session);
        self.inner.store.delete_setup_token(&digest).await?;
        Ok(())
    }

    /// What the forms of a session carry, so that no other page can send them.
    pub fn setup_form_token(&self, session: &Secret) -> Secret {
        Secret::new(hex::encode(self.inner.digest_key.digest(FORM_PURPOSE, session).as_bytes()))
    }

    /// Whether a form that carries `given` was made for this session.
    pub fn is_setup_form(&self, session: &Secret, given: &Secret) -> bool {
        opaque::constant_time_eq(&self.setup_form_token(session), given)
    }

    /// The developer console in which the apps are made: Atlassian's, or the sandbox's where that takes Atlassian's place.
    pub fn console_url(&self) -> Url {
        self.inner.upstream.endpoints().console()
    }

    /// Whether a simulator takes Atlassian's place.
    pub fn is_on_sandbox(&self) -> bool {
        self.inner.upstream.endpoints().is_single_origin()
    }

    /// What is read, of all that grants allow.
    pub fn features(&self) -> &[Feature] {
        &self.inner.settings.features
    }

    async fn new_setup_token(
        &self,
        prefix: &'static str,
        kind: SetupTokenKind,
        life: Duration,
    ) -> Result<Secret, EngineError> {
        let inner = &self.inner;
        let token = opaque::mint(prefix, &inner.entropy);
        let digest = inner.digest_key.digest(PURPOSE, &token);
        let now = inner.clock.now();
        inner.store.create_setup_token(&digest, kind, now, now + life).await?;
        Ok(token)
    }
}

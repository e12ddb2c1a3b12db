//! Signed addresses behind which a customer consents again: to more, or because the former grant died.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use linkspan_model::ids::LinkedAccountId;
use linkspan_model::secret::Secret;
use linkspan_store::LinkedAccount;
use linkspan_vault::opaque;

use super::LinkRequest;
use crate::engine::Engine;
use crate::error::EngineError;

/// How long such an address works.
const LIFE: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Expiry is rounded up to this, so that an address that is read twice is the same for a while.
const ROUND_TO: i64 = 86_400;
/// How long the customer may take once the page is open.
const LINK_LIFE: Duration = Duration::from_hours(1);
const PURPOSE: &str = "reconsent";

impl Engine {
    /// The address at which the customer of a linked account consents again. It keeps account, data and ids.
    pub fn consent_url(&self, account: LinkedAccountId) -> String {
        let expires = (self.inner.clock.now() + LIFE).as_second().div_euclid(ROUND_TO) * ROUND_TO + ROUND_TO;
        let signature = self.consent_signature(account, expires);
        let base = self.inner.settings.vendor.public_url.as_str().trim_end_matches('/');
        format!("{base}/consent/{account}?expires={expires}&signature={}", signature.expose())
    }

    /// A link token for the holder of such an address. `None` when the signature is wrong, its time is over, or the
    /// account is gone: the three are not told apart.
    ///
    /// # Errors
    /// When no app is registered or the store fails.
    pub async fn consent_again(
        &self,
        account: LinkedAccountId,
        expires: i64,
        signature: &str,
    ) -> Result<Option<Secret>, EngineError> {
        let expected = self.consent_signature(account, expires);
        if !opaque::constant_time_eq(&expected, &Secret::new(signature)) {
            return Ok(None);
        }
        if Timestamp::from_second(expires).map_or(true, |expires| expires <= self.inner.clock.now()) {
            return Ok(None);
        }
        let Some(account) = self.inner.store.linked_account(account).await? else { return Ok(None) };
        let LinkedAccount { integration, end_user, .. } = account;
        let request = LinkRequest {
            end_user,
            categories: vec![integration.category()],
            integration: Some(integration),
            expires_in: LINK_LIFE,
        };
        self.create_link_token(request).await.map(Some)
    }

    fn consent_signature(&self, account: LinkedAccountId, expires: i64) -> Secret {
        let text = Secret::new(format!("{account}/{expires}"));
        Secret::new(hex::encode(self.inner.digest_key.digest(PURPOSE, &text).as_bytes()))
    }
}

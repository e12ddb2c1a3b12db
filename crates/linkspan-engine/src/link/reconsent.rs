//! Signed addresses behind which a customer consents again: to more, or because the former grant died.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use linkspan_model::ids::LinkedAccountId;
use linkspan_model::secret::Secret;
use linkspan_store::LinkedAccount;
use linkspan_vault::opaque;

use super::{LinkProblem, LinkRequest};
use crate::callback::CallbackProblem;
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

    /// Whether such an address opens anything. Looking changes nothing.
    ///
    /// # Errors
    /// [`LinkProblem::UnknownLink`] when the signature is wrong or the account is gone, which are not told apart;
    /// [`LinkProblem::LinkExpired`] when its time is over.
    pub async fn consent_offer(
        &self,
        account: LinkedAccountId,
        expires: i64,
        signature: &str,
    ) -> Result<(), LinkProblem> {
        self.consenting(account, expires, signature).await.map(drop)
    }

    /// A link token for the holder of such an address.
    ///
    /// # Errors
    /// As [`Engine::consent_offer`]; [`CallbackProblem::NoApp`] when no app serves the account's integration.
    pub async fn consent_again(
        &self,
        account: LinkedAccountId,
        expires: i64,
        signature: &str,
    ) -> Result<Secret, LinkProblem> {
        let LinkedAccount { integration, end_user, .. } =
            self.consenting(account, expires, signature).await?;
        let request = LinkRequest {
            end_user,
            categories: vec![integration.category()],
            integration: Some(integration),
            expires_in: LINK_LIFE,
        };
        self.create_link_token(request).await.map_err(|error| match error {
            // All that can be wrong with a request that is made of a linked account.
            EngineError::Invalid(_) => CallbackProblem::NoApp.into(),
            error => error.into(),
        })
    }

    async fn consenting(
        &self,
        account: LinkedAccountId,
        expires: i64,
        signature: &str,
    ) -> Result<LinkedAccount, LinkProblem> {
        // That a time is over is no secret: it stands in the address.
        if Timestamp::from_second(expires).map_or(true, |expires| expires <= self.inner.clock.now()) {
            return Err(LinkProblem::LinkExpired);
        }
        let expected = self.consent_signature(account, expires);
        if !opaque::constant_time_eq(&expected, &Secret::new(signature)) {
            return Err(LinkProblem::UnknownLink);
        }
        self.inner.store.linked_account(account).await?.ok_or(LinkProblem::UnknownLink)
    }

    fn consent_signature(&self, account: LinkedAccountId, expires: i64) -> Secret {
        let text = Secret::new(format!("{account}/{expires}"));
        Secret::new(hex::encode(self.inner.digest_key.digest(PURPOSE, &text).as_bytes()))
    }
}

//! From the vendor's wish to a proof.

use linkspan_atlassian::calls::ScopeSet;
use linkspan_atlassian::error::CallError;
use linkspan_atlassian::oauth::authorize_url;
use linkspan_atlassian::personal::is_account_id;
use linkspan_model::product::AppPurpose;
use linkspan_model::secret::Secret;
use linkspan_store::{AccountFilter, IdentityAnswer, IdentityPass, IdentityProof, NewIdentityPass, Redeemed};
use linkspan_vault::opaque;
use url::Url;

use super::{
    BROWSER, BROWSER_PURPOSE, CODE, CODE_LIFE, CODE_PURPOSE, IDENTITY_TOKEN, IDENTITY_TOKEN_PURPOSE,
    IdentityDeparture, IdentityProblem, IdentityRequest, ProofOutcome, Proven, REMEMBERED, SCOPE, STATE,
    STATE_LIFE, STATE_PURPOSE,
};
use crate::callback::{Callback, CallbackProblem, callback_url};
use crate::engine::{Engine, Inner};
use crate::error::EngineError;

impl Engine {
    /// Makes an identity token, with which one person passes the identity page once.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] when no app is registered or the redirect is not allowed.
    pub async fn create_identity_token(&self, request: IdentityRequest) -> Result<Secret, EngineError> {
        let inner = &self.inner;
        let redirect_uri = request.redirect_uri.map(|uri| inner.allowed_redirect(&uri)).transpose()?;
        let app = inner.app_for(AppPurpose::Identity).await?.ok_or_else(|| {
            EngineError::Invalid(
                "no OAuth app is registered: register one with `linkspan app set --integration identity`"
                    .to_owned(),
            )
        })?;
        let token = opaque::mint(IDENTITY_TOKEN, &inner.entropy);
        let now = inner.clock.now();
        let pass = NewIdentityPass {
            id: inner.entropy.uuid(),
            token: inner.digest_key.digest(IDENTITY_TOKEN_PURPOSE, &token),
            app: app.id,
            reference: request.reference,
            redirect_uri,
            expires_at: now + request.expires_in,
        };
        inner.store.create_identity_pass(&pass, now, now - REMEMBERED).await?;
        Ok(token)
    }

    /// The address at which the holder of an identity token proves who they are.
    pub fn identity_url(&self, token: &Secret) -> String {
        let base = self.inner.settings.vendor.public_url.as_str().trim_end_matches('/');
        format!("{base}/identify/{}", token.expose())
    }

    /// The vendor's word for the person whom an identity token is for, if it can still be used.
    ///
    /// # Errors
    /// When it is unknown, used or expired.
    pub async fn identity_offer(&self, token: &Secret) -> Result<String, IdentityProblem> {
        self.inner.open_pass(token).await.map(|pass| pass.reference)
    }

    /// Starts a proof, or starts it anew: the person is to be sent to Atlassian. The former start's state is of no use any
    /// more.
    ///
    /// # Errors
    /// When the token is unknown, used or expired.
    pub async fn start_identity(&self, token: &Secret) -> Result<IdentityDeparture, IdentityProblem> {
        let inner = &self.inner;
        let pass = inner.open_pass(token).await?;
        let app = inner.store.app(pass.app).await?.ok_or(CallbackProblem::NoApp)?;
        let redirect_uri = callback_url(&app)?;
        let state = opaque::mint(STATE, &inner.entropy);
        let browser = opaque::mint(BROWSER, &inner.entropy);
        let now = inner.clock.now();
        let started = inner
            .store
            .start_identity_pass(
                pass.id,
                &inner.digest_key.digest(STATE_PURPOSE, &state),
                &inner.digest_key.digest(BROWSER_PURPOSE, &browser),
                now,
                (now + STATE_LIFE).min(pass.expires_at),
            )
            .await?;
        if !started {
            return Err(IdentityProblem::TokenUsed);
        }
        let scopes = ScopeSet::parse(SCOPE);
        let authorize_url =
            authorize_url(inner.upstream.endpoints(), &app.client_id, &redirect_uri, &scopes, &state);
        Ok(IdentityDeparture { authorize_url, state, browser })
    }

    /// Takes in a callback from Atlassian. Its state works once, from the browser that started, for some minutes.
    ///
    /// # Errors
    /// [`IdentityProblem`]; after most of them the person may start again.
    pub async fn answer_identity(&self, callback: Callback) -> Result<Proven, IdentityProblem> {
        let inner = &self.inner;
        let state = inner.digest_key.digest(STATE_PURPOSE, &callback.state);
        let browser =
            callback.browser.as_ref().map(|secret| inner.digest_key.digest(BROWSER_PURPOSE, secret));
        let pass = match inner.store.answer_identity_pass(&state, browser.as_ref(), inner.clock.now()).await?
        {
            IdentityAnswer::Taken(pass) => pass,
            IdentityAnswer::Unknown => return Err(CallbackProblem::UnknownState.into()),
            IdentityAnswer::OtherBrowser => {
                tracing::warn!("an identity callback came to another browser than the one that started");
                return Err(CallbackProblem::OtherBrowser.into());
            }
            IdentityAnswer::Expired => return Err(CallbackProblem::StateExpired.into()),
        };
        let result = self.prove(&pass, callback.code, callback.error).await;
        if let Err(problem) = &result {
            tracing::info!(code = problem.code(), %problem, "an identity was not proven");
        }
        result
    }

    /// Redeems the code that a person's browser brought back to the vendor, for the person whose session that is. The proof
    /// is recorded if it was asked for this person; otherwise it is refused for good.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn redeem_identity(&self, code: &Secret, reference: &str) -> Result<Redeemed, EngineError> {
        let inner = &self.inner;
        if !opaque::is_well_formed(CODE, code.expose()) {
            return Ok(Redeemed::Unknown);
        }
        let digest = inner.digest_key.digest(CODE_PURPOSE, code);
        let id = inner.entropy.uuid();
        let redeemed = inner.store.redeem_identity(&digest, reference, id, inner.clock.now()).await?;
        match &redeemed {
            Redeemed::Recorded(identity) => {
                tracing::info!(identity.id = %identity.id, "an identity was proven");
            }
            Redeemed::OtherPerson => {
                tracing::warn!("a proof came back in the session of another person than it was asked for");
            }
            Redeemed::Unknown => {}
        }
        Ok(redeemed)
    }

    async fn prove(
        &self,
        pass: &IdentityPass,
        code: Option<Secret>,
        error: Option<String>,
    ) -> Result<Proven, IdentityProblem> {
        let inner = &self.inner;
        let Some(code) = code else {
            return Err(CallbackProblem::without_code(error.as_deref()).into());
        };
        let app = inner.store.app(pass.app).await?.ok_or(CallbackProblem::NoApp)?;
        let credentials = inner.credentials(&app)?;
        let pair = inner
            .upstream
            .exchange_code(&credentials, &code, &callback_url(&app)?)
            .await
            .map_err(CallbackProblem::from)?;
        let me = match inner.upstream.me(&pair.access).await {
            Ok(me) => me,
            Err(CallError::ScopeMissing { .. }) => return Err(IdentityProblem::MissingScope),
            Err(error) => return Err(CallbackProblem::from(error).into()),
        };
        // `unknown` stands for accounts that are gone and must not be stored (`atlassian-platform.md` section 3), and what
        // was erased stays erased.
        inner.renew_erased().await?;
        if !is_account_id(&me.account_id) || inner.is_erased(&me.account_id) {
            return Err(IdentityProblem::NoAccount);
        }
        let proof = IdentityProof {
            id: inner.entropy.uuid(),
            account_id: me.account_id,
            app: app.id,
            email: me.email.map(|email| email.trim().to_owned()).filter(|email| !email.is_empty()),
            email_verified: me.email_verified,
            told_at: inner.clock.now(),
        };
        let outcome = if let Some(redirect) = redirect_of(pass) {
            ProofOutcome::Waits(self.hold(pass, &proof, redirect).await?)
        } else {
            let now = inner.clock.now();
            let recorded = inner.store.record_identity(pass.id, &pass.reference, &proof, now).await?;
            let identity = recorded.ok_or(IdentityProblem::TokenUsed)?;
            tracing::info!(identity.id = %identity.id, "an identity was proven");
            ProofOutcome::Recorded(identity)
        };
        let consent_again = self.narrowed_by(&proof).await?;
        Ok(Proven { reference: pass.reference.clone(), email: proof.email, outcome, consent_again })
    }

    /// Keeps a proof until the vendor redeems the code that the person takes along; where the person goes with it.
    async fn hold(
        &self,
        pass: &IdentityPass,
        proof: &IdentityProof,
        mut redirect: Url,
    ) -> Result<Url, IdentityProblem> {
        let inner = &self.inner;
        let code = opaque::mint(CODE, &inner.entropy);
        let digest = inner.digest_key.digest(CODE_PURPOSE, &code);
        let expires_at = inner.clock.now() + CODE_LIFE;
        if !inner.store.hold_identity(pass.id, proof, &digest, expires_at).await? {
            return Err(IdentityProblem::TokenUsed);
        }
        redirect.query_pairs_mut().append_pair("code", code.expose());
        Ok(redirect)
    }

    /// The consents that this one took the place of: where the app reads sites on behalf of the same account.
    async fn narrowed_by(&self, proof: &IdentityProof) -> Result<Vec<String>, EngineError> {
        let store = &self.inner.store;
        let mut addresses = Vec::new();
        for (grant, _) in store.grants_of_account(proof.app, &proof.account_id).await? {
            for source in store.sources().await?.into_iter().filter(|source| source.grant == grant) {
                let of_source = AccountFilter { source: Some(source.id), ..AccountFilter::default() };
                let accounts = store.list_linked_accounts(&of_source, None, 1).await?;
                addresses.extend(accounts.first().map(|account| self.consent_url(account.id)));
            }
        }
        if !addresses.is_empty() {
            tracing::warn!(
                "a person who linked a site proved who they are through the same app, which narrowed their consent: register \
                 an app of its own for identity"
            );
        }
        Ok(addresses)
    }
}

impl Inner {
    async fn open_pass(&self, token: &Secret) -> Result<IdentityPass, IdentityProblem> {
        if !opaque::is_well_formed(IDENTITY_TOKEN, token.expose()) {
            return Err(IdentityProblem::UnknownToken);
        }
        let digest = self.digest_key.digest(IDENTITY_TOKEN_PURPOSE, token);
        let pass = self.store.identity_pass_by_token(&digest).await?.ok_or(IdentityProblem::UnknownToken)?;
        if pass.is_over {
            return Err(IdentityProblem::TokenUsed);
        }
        if pass.expires_at <= self.clock.now() {
            return Err(IdentityProblem::TokenExpired);
        }
        Ok(pass)
    }

    /// Letter by letter, so that no open redirect comes about.
    fn allowed_redirect(&self, uri: &str) -> Result<String, EngineError> {
        let allowed = &self.settings.identity_redirects;
        let known = Url::parse(uri).ok().and_then(|uri| allowed.iter().find(|allowed| **allowed == uri));
        known.map(Url::to_string).ok_or_else(|| {
            EngineError::Invalid(
                "`redirect_uri` is not allowed: name it with --identity-redirect (or LINKSPAN_IDENTITY_REDIRECTS), letter by \
                 letter"
                    .to_owned(),
            )
        })
    }
}

fn redirect_of(pass: &IdentityPass) -> Option<Url> {
    let mut url = Url::parse(pass.redirect_uri.as_deref()?).ok()?;
    url.query_pairs_mut().append_pair("status", "proven").append_pair("reference", &pass.reference);
    Some(url)
}

//! From a chosen site to a linked account, and from its public token to its account token.

use std::sync::Arc;

use linkspan_atlassian::oauth::SiteAccess;
use linkspan_model::ids::{GrantId, LinkedAccountId, SourceId};
use linkspan_model::product::Integration;
use linkspan_model::secret::Secret;
use linkspan_store::{AccountFilter, Completion, Link, LinkedAccount, NewSource, SourceState, StoreError};
use linkspan_vault::{DataKey, SealContext, opaque};

use super::answer::missing_essentials;
use super::{
    ACCOUNT_TOKEN, ACCOUNT_TOKEN_PURPOSE, LinkProblem, Linked, PUBLIC_TOKEN, PUBLIC_TOKEN_LIFE,
    PUBLIC_TOKEN_PURPOSE, PUBLIC_TOKEN_USES,
};
use crate::engine::{Engine, Inner};
use crate::error::EngineError;

/// A linked account with its token.
#[derive(Debug)]
pub struct ExchangedAccount {
    /// The account.
    pub account: LinkedAccount,
    /// Its token.
    pub account_token: Secret,
}

impl Inner {
    pub(super) async fn complete(
        self: &Arc<Self>,
        link: &Link,
        grant: GrantId,
        person: Option<String>,
        integration: Integration,
        site: SiteAccess,
    ) -> Result<Linked, LinkProblem> {
        let missing = missing_essentials(site.product, &site.scopes);
        if !missing.is_empty() {
            return Err(LinkProblem::MissingScopes(missing));
        }
        let (source, another_person) = self.source_for(link, grant, integration, &site).await?;
        // Another account's consent has registrations of its own; the former account's are taken back as long as there is a
        // token to do it with. Held until the source has changed hands.
        let registrar = match self.store.source(source).await? {
            Some(former) if former.grant != grant => self.take_back_all(&former).await,
            Some(_) | None => None,
        };
        let now = self.clock.now();
        let account = LinkedAccountId(self.entropy.uuid());
        let account_token = opaque::mint(ACCOUNT_TOKEN, &self.entropy);
        let public_token = opaque::mint(PUBLIC_TOKEN, &self.entropy);
        let data_key = DataKey::generate(&self.entropy);
        let completion = Completion {
            source: NewSource {
                id: source,
                grant,
                cloud_id: site.cloud_id.clone(),
                product: site.product,
                site_name: site.name.clone(),
                site_url: site.url.trim_end_matches('/').to_owned(),
                scopes: site.scopes.iter().map(str::to_owned).collect(),
            },
            integration,
            account,
            token_digest: self.digest_key.digest(ACCOUNT_TOKEN_PURPOSE, &account_token),
            token_sealed: data_key.seal(
                account_token_context(&account),
                account_token.expose().as_bytes(),
                &self.entropy,
            ),
            data_key: self.ring.wrap(account.0.as_bytes(), &data_key, &self.entropy),
            public_token: self.digest_key.digest(PUBLIC_TOKEN_PURPOSE, &public_token),
            public_token_expires_at: now + PUBLIC_TOKEN_LIFE,
        };
        let completed =
            self.store.complete_link(link.id, &completion, now).await?.ok_or(LinkProblem::LinkExpired)?;
        self.store.hurry_live_check(source, now).await?;
        drop(registrar);
        if let Some(left) = completed.left
            && left.source_is_unused
        {
            self.erase_later(left.source);
        }
        // Whoever links again has seen to what the account may see: the next reading acts by it.
        self.store.accept_reach(source, now).await?;
        self.live.wake_registrar();
        tracing::info!(account.id = %completed.account.id, source.id = %source, %integration, "linked");
        self.feed_grew();
        self.wake.notify_one();
        Ok(Linked {
            link: link.id,
            account: completed.account.id,
            integration,
            site_name: site.name,
            public_token,
            relinked: completed.relinked,
            person,
            another_person,
        })
    }

    /// The source to read for this link, and whether somebody else consented than before. Linking again keeps the
    /// customer's source, so that ids stay, also when another person consented; another site is refused (hazard L8).
    async fn source_for(
        &self,
        link: &Link,
        grant: GrantId,
        integration: Integration,
        site: &SiteAccess,
    ) -> Result<(SourceId, bool), LinkProblem> {
        let fresh = self.source_read_through(grant, site).await?;
        let filter = AccountFilter {
            integrations: Some(vec![integration]),
            origin_ids: Some(vec![link.end_user.origin_id.clone()]),
            ..AccountFilter::default()
        };
        let Some(account) = self.store.list_linked_accounts(&filter, None, 1).await?.pop() else {
            return Ok((fresh, false));
        };
        let Some(source) = self.store.source(account.source).await? else { return Ok((fresh, false)) };
        if source.cloud_id != site.cloud_id {
            return Err(LinkProblem::OtherSiteLinked { linked: source.site_name });
        }
        if source.grant == grant {
            return Ok((source.id, false));
        }
        let person_of = async |grant| {
            Ok::<_, StoreError>(self.store.grant(grant).await?.map(|it| it.atlassian_account_id))
        };
        let another_person = person_of(source.grant).await? != person_of(grant).await?;
        if another_person {
            tracing::info!(account.id = %account.id, "linked again by another person");
        }
        // The source may change hands only if no other customer reads through it.
        let of_source = AccountFilter { source: Some(source.id), ..AccountFilter::default() };
        let accounts = self.store.list_linked_accounts(&of_source, None, u32::MAX).await?;
        let is_shared = accounts.iter().any(|other| other.end_user.origin_id != link.end_user.origin_id);
        Ok((if is_shared { fresh } else { source.id }, another_person))
    }
}

impl Inner {
    /// The source that a grant reads on a site: the one that it reads already, or a new one. The source that was once made for
    /// this grant may have changed hands since: then it is another customer's, and is never taken (hazard L8).
    async fn source_read_through(&self, grant: GrantId, site: &SiteAccess) -> Result<SourceId, StoreError> {
        let of_grant = self.store.sources_of_grant(grant).await?;
        let read = of_grant.iter().find(|source| {
            source.state == SourceState::Active
                && source.cloud_id == site.cloud_id
                && source.product == site.product
        });
        if let Some(source) = read {
            return Ok(source.id);
        }
        let own = SourceId::of(grant, &site.cloud_id, site.product);
        let former = self.store.source(own).await?;
        let has_changed_hands = former.is_some_and(|source| source.grant != grant);
        Ok(if has_changed_hands { SourceId(self.entropy.uuid()) } else { own })
    }
}

impl Engine {
    /// Exchanges a public token for the account token. `None` when it is unknown, expired or used up.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn exchange_public_token(
        &self,
        public_token: &Secret,
    ) -> Result<Option<ExchangedAccount>, EngineError> {
        if !opaque::is_well_formed(PUBLIC_TOKEN, public_token.expose()) {
            return Ok(None);
        }
        let digest = self.inner.digest_key.digest(PUBLIC_TOKEN_PURPOSE, public_token);
        let Some(exchange) = self.inner.store.use_public_token(&digest, self.inner.clock.now()).await? else {
            return Ok(None);
        };
        if exchange.uses > PUBLIC_TOKEN_USES {
            tracing::warn!(account.id = %exchange.account.id, "a public token was presented too often");
            return Ok(None);
        }
        let account_token = self.inner.open_account_token(&exchange.account).await?;
        Ok(Some(ExchangedAccount { account: exchange.account, account_token }))
    }

    /// Replaces the token of an account; the old one is refused from now on.
    ///
    /// # Errors
    /// When the store fails, or the account is gone.
    pub async fn regenerate_account_token(&self, account: &LinkedAccount) -> Result<Secret, EngineError> {
        let inner = &self.inner;
        let token = opaque::mint(ACCOUNT_TOKEN, &inner.entropy);
        let key = inner.data_key(account.id.0).await?;
        let sealed = key.seal(account_token_context(&account.id), token.expose().as_bytes(), &inner.entropy);
        let digest = inner.digest_key.digest(ACCOUNT_TOKEN_PURPOSE, &token);
        if inner.store.set_account_token(account.id, &digest, &sealed).await? {
            Ok(token)
        } else {
            Err(EngineError::NotFound)
        }
    }
}

impl Inner {
    pub(crate) async fn open_account_token(&self, account: &LinkedAccount) -> Result<Secret, EngineError> {
        let key = self.data_key(account.id.0).await?;
        Ok(key.open(account_token_context(&account.id), &account.token_sealed)?.to_secret()?)
    }
}

fn account_token_context(id: &LinkedAccountId) -> SealContext<'_> {
    SealContext::new("linked_accounts", id.0.as_bytes(), "token")
}

//! Adopting a grant that was made elsewhere: the caller has a refresh token and no link page (`sync --once`).
//!
//! A refresh token works once. The first one given begins a *chain*; what follows is kept sealed in the store, and the
//! chain's origin is remembered by its digest. So the same command line can be run again and again, also after the
//! process was killed in between.

use std::fmt::Write as _;
use std::sync::Arc;

use linkspan_atlassian::error::CallError;
use linkspan_atlassian::oauth::{SiteAccess, TokenError, TokenPair};
use linkspan_atlassian::retry;
use linkspan_model::ids::{AppId, GrantId, SourceId};
use linkspan_model::product::Product;
use linkspan_model::secret::Secret;
use linkspan_store::{App, NewSource};
use linkspan_vault::{SealContext, Sealed, opaque};
use serde::{Deserialize, Serialize, Serializer};

use crate::engine::{Engine, Inner};
use crate::error::EngineError;
use crate::tokens::GrantError;

/// The server secret that holds the chains.
const CHAINS: &str = "adopted-chains";
/// The purpose that goes into the digest of a chain's first token.
const ORIGIN_PURPOSE: &str = "adopted-refresh-token";
/// Chains that are remembered; of more, the oldest are forgotten.
const MAX_CHAINS: usize = 64;
/// Tries of one call on the way.
const TRIES: u32 = retry::ATTEMPTS;

/// A refresh token as it was given, and what became of it.
#[derive(Serialize, Deserialize)]
struct Chain {
    /// The digest of the token that was given.
    origin: String,
    /// The grant that holds the newest pair.
    grant: Option<GrantId>,
    /// The newest refresh token while the grant is not stored yet.
    #[serde(default, serialize_with = "exposed")]
    pending: Option<Secret>,
}

#[expect(clippy::ref_option, reason = "serde's form")]
fn exposed<S: Serializer>(secret: &Option<Secret>, serializer: S) -> Result<S::Ok, S::Error> {
    secret.as_ref().map(Secret::expose).serialize(serializer)
}

/// All chains of a store, oldest first, and the form in which they were found there.
struct Chains {
    stored: Option<Sealed>,
    chains: Vec<Chain>,
}

impl Engine {
    /// Makes a source that is read through a grant from elsewhere, or finds the one made before. `given` is a refresh
    /// token: one that was given before stands for the newest of its chain, a new one takes the former's place. `None`
    /// stands for the grant through which this site was read before.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] when the token is refused, does not reach the product on the site, or is left out though
    /// nothing is stored; those of the store and of upstream.
    pub async fn adopt_grant(
        &self,
        app: AppId,
        given: Option<&Secret>,
        cloud_id: &str,
        product: Product,
    ) -> Result<SourceId, EngineError> {
        let inner = &self.inner;
        let app = inner.store.app(app).await?.ok_or(EngineError::NotFound)?;
        let grant = match given {
            Some(token) => inner.grant_of_token(&app, token, cloud_id).await?,
            None => inner.grant_that_reads(&app, cloud_id, product).await?,
        };
        let site = inner.adopted_site(grant, cloud_id, product).await?;
        let id = SourceId::of(grant, cloud_id, product);
        let source = NewSource {
            id,
            grant,
            cloud_id: site.cloud_id,
            product,
            site_name: site.name,
            site_url: site.url.trim_end_matches('/').to_owned(),
            scopes: site.scopes.iter().map(str::to_owned).collect(),
        };
        inner.store.put_source(&source, inner.clock.now()).await?;
        Ok(id)
    }
}

impl Inner {
    /// The grant through which this app read the product of the site before.
    async fn grant_that_reads(
        &self,
        app: &App,
        cloud_id: &str,
        product: Product,
    ) -> Result<GrantId, EngineError> {
        for source in self.store.sources().await? {
            if source.cloud_id == cloud_id && source.product == product {
                let grant = self.store.grant(source.grant).await?;
                if let Some(grant) = grant.filter(|grant| grant.app == app.id) {
                    return Ok(grant.id);
                }
            }
        }
        Err(EngineError::Invalid(
            "no grant for this site is stored here: give a refresh token for the first run".to_owned(),
        ))
    }

    async fn grant_of_token(
        &self,
        app: &App,
        given: &Secret,
        cloud_id: &str,
    ) -> Result<GrantId, EngineError> {
        let mut known = self.chains().await?;
        let origin = hex(self.digest_key.digest(ORIGIN_PURPOSE, given).as_bytes());
        for chain in &known.chains {
            let Some(grant) = chain.grant else { continue };
            let Some(stored) = self.store.grant(grant).await? else { continue };
            if chain.origin == origin || self.is_newest(&stored, given).await? {
                return Ok(grant);
            }
        }

        // What follows takes several steps. The new refresh token is durable before the second, so that a run killed in
        // between goes on from it.
        let mut chain = match known.chains.iter().position(|chain| chain.origin == origin) {
            Some(place) => known.chains.remove(place),
            None => Chain { origin, grant: None, pending: None },
        };
        chain.grant = None;
        let presented = chain.pending.clone().unwrap_or_else(|| given.clone());
        let pair = self.adopt_pair(app, &presented).await?;
        let refresh = pair.refresh.clone().unwrap_or(presented);
        chain.pending = Some(refresh.clone());
        known.chains.push(chain);
        self.keep_chains(&mut known).await?;

        let reached = self.adopted_sites(&pair.access).await?;
        let account = self.adopted_account(&pair.access, cloud_id, &reached).await?;
        let grant = self.grant_renewed_by(app.id, &account, &reached).await?.ok_or_else(|| {
            EngineError::Invalid(format!("the grant does not reach the site {cloud_id}; it reaches nothing"))
        })?;
        let scopes = pair.scopes.iter().map(str::to_owned).collect();
        let tokens = self.seal_pair(grant, &pair.access, Some(&refresh), pair.expires_at, scopes).await?;
        self.store.put_grant(grant, app.id, &account, &tokens, self.clock.now()).await?;
        self.forget_token(grant);
        // Another chain of the same grant has lost its pair to this one.
        known.chains.retain(|chain| chain.grant != Some(grant));
        if let Some(chain) = known.chains.last_mut() {
            chain.grant = Some(grant);
            chain.pending = None;
        }
        self.keep_chains(&mut known).await?;
        Ok(grant)
    }

    /// Whether the token is the newest of a stored grant, as a former run handed it out.
    async fn is_newest(&self, grant: &linkspan_store::Grant, token: &Secret) -> Result<bool, EngineError> {
        let pair = self.open_pair(grant).await?;
        Ok(pair.refresh.is_some_and(|newest| opaque::constant_time_eq(&newest, token)))
    }

    async fn adopt_pair(&self, app: &App, refresh: &Secret) -> Result<TokenPair, EngineError> {
        let credentials = self.credentials(app)?;
        let mut attempt = 1;
        loop {
            let error = match self.upstream.refresh(&credentials, refresh).await {
                Ok(pair) => return Ok(pair),
                Err(error) => error,
            };
            if !error.is_retryable() || attempt >= TRIES {
                return Err(refused(error));
            }
            let wait = error.retry_after().unwrap_or(retry::BASE).clamp(retry::FLOOR, retry::ADVICE_CEILING);
            self.pause(wait).await?;
            attempt += 1;
        }
    }

    /// The account behind a token. Where nothing tells it, the site stands for the account: one app reads one site through
    /// one grant then.
    async fn adopted_account(
        &self,
        access: &Secret,
        cloud_id: &str,
        reached: &[SiteAccess],
    ) -> Result<String, EngineError> {
        let mut attempt = 1;
        loop {
            match self.who_consented(access, reached).await {
                Ok(Some(person)) => return Ok(person.account_id),
                Ok(None) => return Ok(format!("unnamed:{cloud_id}")),
                Err(error) => self.pause_after(error, attempt).await?,
            }
            attempt += 1;
        }
    }

    /// The sites that a token reaches.
    async fn adopted_sites(&self, access: &Secret) -> Result<Vec<SiteAccess>, EngineError> {
        let mut attempt = 1;
        loop {
            match self.upstream.accessible_resources(access).await {
                Ok(sites) => return Ok(sites),
                Err(error) => self.pause_after(error, attempt).await?,
            }
            attempt += 1;
        }
    }

    async fn adopted_site(
        self: &Arc<Self>,
        grant: GrantId,
        cloud_id: &str,
        product: Product,
    ) -> Result<SiteAccess, EngineError> {
        let access = self.access_token(grant, None).await?;
        let sites = match self.adopted_sites(&access).await {
            // Revoked ahead of its time: one refresh tells whether the grant still lives.
            Err(EngineError::Call(CallError::TokenRejected { .. })) => {
                let fresh = self.access_token(grant, Some(&access)).await?;
                self.adopted_sites(&fresh).await?
            }
            sites => sites?,
        };
        let reached: Vec<String> =
            sites.iter().map(|site| format!("{} of {}", site.product, site.cloud_id)).collect();
        sites.into_iter().find(|site| site.cloud_id == cloud_id && site.product == product).ok_or_else(|| {
            let reached = if reached.is_empty() { "nothing".to_owned() } else { reached.join(", ") };
            EngineError::Invalid(format!(
                "the grant does not reach {product} of the site {cloud_id}; it reaches {reached}"
            ))
        })
    }

    /// Waits before a call is sent again; gives its error back when that cannot help or was tried often enough.
    async fn pause_after(&self, error: CallError, attempt: u32) -> Result<(), EngineError> {
        match retry::next_wait(&error, attempt, self.entropy.fraction()) {
            Some(wait) => self.pause(wait).await,
            None => Err(error.into()),
        }
    }

    async fn pause(&self, wait: std::time::Duration) -> Result<(), EngineError> {
        tokio::select! {
            () = tokio::time::sleep(wait) => Ok(()),
            () = self.stop.cancelled() => Err(EngineError::Stopped),
        }
    }

    async fn chains(&self) -> Result<Chains, EngineError> {
        let Some(stored) = self.store.server_secret(CHAINS).await? else {
            return Ok(Chains { stored: None, chains: Vec::new() });
        };
        let opened = self.ring.open(context(), &stored)?;
        let chains = serde_json::from_slice(opened.expose()).map_err(|_| EngineError::Unreadable {
            model: "chain of refresh tokens",
            why: "it has another form than this version writes".to_owned(),
        })?;
        Ok(Chains { stored: Some(stored), chains })
    }

    async fn keep_chains(&self, known: &mut Chains) -> Result<(), EngineError> {
        let surplus = known.chains.len().saturating_sub(MAX_CHAINS);
        known.chains.drain(..surplus);
        // Held as a secret so that its memory is cleared.
        let text = Secret::new(
            serde_json::to_string(&known.chains).map_err(|error| EngineError::Invalid(error.to_string()))?,
        );
        let sealed = self.ring.seal(context(), text.expose().as_bytes(), &self.entropy);
        let is_kept = match &known.stored {
            Some(old) => self.store.replace_server_secret(CHAINS, old, &sealed).await?,
            None => self.store.ensure_server_secret(CHAINS, &sealed, self.clock.now()).await? == sealed,
        };
        if !is_kept {
            return Err(EngineError::Invalid(
                "another process adopts a grant in the same database: run one at a time".to_owned(),
            ));
        }
        known.stored = Some(sealed);
        Ok(())
    }
}

fn context() -> SealContext<'static> {
    SealContext::new("server_secrets", CHAINS.as_bytes(), "sealed")
}

fn refused(error: TokenError) -> EngineError {
    match error {
        TokenError::GrantDead { description } | TokenError::CodeRefused { description } => {
            EngineError::Invalid(format!(
                "the refresh token was refused ({description}): it was used, revoked or left unused for too long; take \
                 the newest one, or link again"
            ))
        }
        TokenError::ClientRefused => GrantError::AppRefused.into(),
        TokenError::RequestRefused { description } => {
            EngineError::Invalid(format!("Atlassian refused the token request: {description}"))
        }
        other => GrantError::Unavailable(other.to_string()).into(),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut hex, byte| {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

//! From the vendor's wish to Atlassian's consent screen.

use linkspan_atlassian::calls::ScopeSet;
use linkspan_atlassian::oauth::authorize_url;
use linkspan_model::ids::LinkId;
use linkspan_model::product::{AppPurpose, Category, Integration};
use linkspan_model::secret::Secret;
use linkspan_store::{App, Link, LinkState, NewLink};
use linkspan_vault::opaque;

use super::{
    BROWSER, BROWSER_PURPOSE, Departure, LINK_TOKEN, LINK_TOKEN_PURPOSE, LinkOffer, LinkProblem, LinkRequest,
    STATE, STATE_LIFE, STATE_PURPOSE,
};
use crate::callback::{CallbackProblem, callback_url};
use crate::engine::{Engine, Inner};
use crate::error::EngineError;

impl Engine {
    /// Makes a link token.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] when no app is registered or nothing would be offered.
    pub async fn create_link_token(&self, request: LinkRequest) -> Result<Secret, EngineError> {
        let inner = &self.inner;
        if let Some(integration) = request.integration
            && !request.categories.contains(&integration.category())
        {
            return Err(EngineError::Invalid(format!(
                "`integration` {integration} is not in any of the `categories`: add `{}`",
                integration.category()
            )));
        }
        if request.categories.is_empty() {
            return Err(EngineError::Invalid("`categories` is empty: name at least one".to_owned()));
        }
        let mut app = None;
        for integration in asked_for(request.integration, &request.categories) {
            app = app.or(inner.app_for(AppPurpose::Integration(integration)).await?);
        }
        let app = app.ok_or_else(|| {
            EngineError::Invalid(
                "no OAuth app is registered for this: start the server with a client id and secret, or register one with \
                 `linkspan app set`"
                    .to_owned(),
            )
        })?;
        let token = opaque::mint(LINK_TOKEN, &inner.entropy);
        let now = inner.clock.now();
        let link = NewLink {
            id: LinkId(inner.entropy.uuid()),
            token: inner.digest_key.digest(LINK_TOKEN_PURPOSE, &token),
            app: app.id,
            integration: request.integration,
            categories: request.categories,
            end_user: request.end_user,
            expires_at: now + request.expires_in,
        };
        inner.store.create_link(&link, now).await?;
        Ok(token)
    }

    /// What the link page of this token offers.
    ///
    /// # Errors
    /// When the token is unknown, used or expired.
    pub async fn link_offer(&self, token: &Secret) -> Result<LinkOffer, LinkProblem> {
        let link = self.inner.open_link(token).await?;
        let offered = self.inner.offered(&link).await?;
        if offered.is_empty() {
            return Err(CallbackProblem::NoApp.into());
        }
        let scopes: ScopeSet =
            offered.iter().flat_map(|(_, app)| app.scopes.iter().map(String::as_str)).collect();
        Ok(LinkOffer {
            organization: link.end_user.organization_name.clone(),
            integrations: offered.iter().map(|(integration, _)| *integration).collect(),
            scopes: scopes.iter().map(str::to_owned).collect(),
        })
    }

    /// Starts a link, or starts it anew: the customer chose an integration and is to be sent to Atlassian. The former
    /// start's state is of no use any more.
    ///
    /// # Errors
    /// When the token is unknown, used or expired, or does not offer the integration.
    pub async fn start_link(&self, token: &Secret, chosen: Integration) -> Result<Departure, LinkProblem> {
        let inner = &self.inner;
        let link = inner.open_link(token).await?;
        let offered = inner.offered(&link).await?;
        let (_, app) = offered
            .into_iter()
            .find(|(integration, _)| *integration == chosen)
            .ok_or(LinkProblem::NotOffered(chosen))?;
        let redirect_uri = callback_url(&app)?;
        let state = opaque::mint(STATE, &inner.entropy);
        let browser = opaque::mint(BROWSER, &inner.entropy);
        let now = inner.clock.now();
        let started = inner
            .store
            .start_link(
                link.id,
                chosen,
                app.id,
                &inner.digest_key.digest(STATE_PURPOSE, &state),
                &inner.digest_key.digest(BROWSER_PURPOSE, &browser),
                now,
                (now + STATE_LIFE).min(link.expires_at),
            )
            .await?;
        if !started {
            return Err(LinkProblem::LinkUsed);
        }
        // A consent replaces the scopes of the one before, so every link asks for all of them
        // (`atlassian-platform.md` 1.6).
        let scopes: ScopeSet = app.scopes.iter().map(String::as_str).collect();
        let authorize_url =
            authorize_url(inner.upstream.endpoints(), &app.client_id, &redirect_uri, &scopes, &state);
        Ok(Departure { authorize_url, state, browser })
    }
}

impl Inner {
    /// What a link offers: the integrations that were asked for and have an app.
    async fn offered(&self, link: &Link) -> Result<Vec<(Integration, App)>, LinkProblem> {
        let mut offered = Vec::new();
        for integration in asked_for(link.integration, &link.categories) {
            if let Some(app) = self.app_for(AppPurpose::Integration(integration)).await? {
                offered.push((integration, app));
            }
        }
        Ok(offered)
    }

    /// The app to which the customer was sent.
    pub(super) async fn app_of(&self, link: &Link) -> Result<App, LinkProblem> {
        Ok(self.store.app(link.app).await?.ok_or(CallbackProblem::NoApp)?)
    }

    /// The link of a token, if it can still take a step.
    pub(super) async fn open_link(&self, token: &Secret) -> Result<Link, LinkProblem> {
        if !opaque::is_well_formed(LINK_TOKEN, token.expose()) {
            return Err(LinkProblem::UnknownLink);
        }
        let digest = self.digest_key.digest(LINK_TOKEN_PURPOSE, token);
        let link = self.store.link_by_token(&digest).await?.ok_or(LinkProblem::UnknownLink)?;
        if matches!(link.state, LinkState::Linked { .. }) {
            return Err(LinkProblem::LinkUsed);
        }
        if link.expires_at <= self.clock.now() {
            return Err(LinkProblem::LinkExpired);
        }
        Ok(link)
    }
}

fn asked_for(integration: Option<Integration>, categories: &[Category]) -> Vec<Integration> {
    match integration {
        Some(integration) => vec![integration],
        None => Integration::ALL
            .into_iter()
            .filter(|integration| categories.contains(&integration.category()))
            .collect(),
    }
}

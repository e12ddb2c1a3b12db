//! From the callback to a stored grant, and to the sites it covers.

use std::sync::Arc;

use linkspan_atlassian::calls::ScopeSet;
use linkspan_atlassian::error::CallError;
use linkspan_atlassian::oauth::{SiteAccess, product_of_scope};
use linkspan_atlassian::resources::{Resource, gap_of, open_way};
use linkspan_model::product::{Integration, Product};
use linkspan_model::secret::Secret;
use linkspan_store::{Link, LinkState, StateAnswer};

use super::{BROWSER_PURPOSE, LinkProblem, Progress, STATE_PURPOSE, SiteChoice};
use crate::callback::{Callback, CallbackProblem, callback_url};
use crate::engine::{Engine, Inner};
use crate::error::EngineError;
use crate::tokens::GrantError;
use crate::who::Consenter;

/// The kinds without which a product is not worth reading. Each may come by any of its ways.
fn essential_kinds(product: Product) -> [&'static str; 2] {
    match product {
        Product::Jira => ["jira.project", "jira.issue"],
        Product::Confluence => ["confluence.space", "confluence.page"],
    }
}

impl Engine {
    /// Takes in a callback from Atlassian. Its state works once, from the browser that started, for some minutes.
    ///
    /// # Errors
    /// [`LinkProblem`]; after most of them the customer may start again.
    pub async fn answer_link(&self, callback: Callback) -> Result<Progress, LinkProblem> {
        let inner = &self.inner;
        let state = inner.digest_key.digest(STATE_PURPOSE, &callback.state);
        let browser =
            callback.browser.as_ref().map(|secret| inner.digest_key.digest(BROWSER_PURPOSE, secret));
        let link = match inner.store.answer_link(&state, browser.as_ref(), inner.clock.now()).await? {
            StateAnswer::Taken(link) => *link,
            StateAnswer::Unknown => {
                tracing::warn!("a callback came with a state that was never given out or was used before");
                return Err(CallbackProblem::UnknownState.into());
            }
            StateAnswer::OtherBrowser(link) => {
                tracing::warn!(link.id = %link, "a callback came to another browser than the one that started");
                return Err(CallbackProblem::OtherBrowser.into());
            }
            StateAnswer::Expired(link) => {
                tracing::info!(link.id = %link, "a callback came too late");
                return Err(CallbackProblem::StateExpired.into());
            }
        };
        let result = inner.answer(&link, callback.code, callback.error).await;
        if let Err(problem) = &result {
            tracing::info!(link.id = %link.id, code = problem.code(), %problem, "linking did not come about");
            inner.store.refuse_link(link.id, problem.code()).await?;
        }
        result
    }

    /// Completes a link with the site that the customer chose.
    ///
    /// # Errors
    /// [`LinkProblem::SiteNotCovered`] when the consent does not, or no longer, cover it (hazard L7); others.
    pub async fn choose_site(
        &self,
        token: &Secret,
        browser: Option<&Secret>,
        cloud_id: &str,
    ) -> Result<Progress, LinkProblem> {
        let inner = &self.inner;
        let link = inner.open_link(token).await?;
        let browser = browser.map(|secret| inner.digest_key.digest(BROWSER_PURPOSE, secret));
        if link.browser.is_none() || link.browser != browser {
            return Err(CallbackProblem::OtherBrowser.into());
        }
        let LinkState::Consented { grant } = link.state else {
            return Err(CallbackProblem::UnknownState.into());
        };
        let integration = link.chosen.ok_or(CallbackProblem::UnknownState)?;
        // Asked again: a site may have vanished since the list was shown.
        let access = inner.access_token(grant, None).await.map_err(consent_is_over)?;
        let sites = match inner.sites_of(integration, &access).await {
            Ok(sites) => sites,
            Err(CallError::TokenRejected { .. }) => {
                let fresh = inner.access_token(grant, Some(&access)).await.map_err(consent_is_over)?;
                inner.sites_of(integration, &fresh).await.map_err(CallbackProblem::from)?
            }
            Err(error) => return Err(CallbackProblem::from(error).into()),
        };
        let site =
            sites.into_iter().find(|site| site.cloud_id == cloud_id).ok_or(LinkProblem::SiteNotCovered)?;
        // Only shown: the link comes about without.
        let person = inner.who_consented(&access, std::slice::from_ref(&site)).await.ok().flatten();
        let person = person.and_then(|person| person.name);
        inner.complete(&link, grant, person, integration, site).await.map(Progress::Linked)
    }
}

impl Inner {
    async fn answer(
        self: &Arc<Self>,
        link: &Link,
        code: Option<Secret>,
        error: Option<String>,
    ) -> Result<Progress, LinkProblem> {
        let integration = link.chosen.ok_or(CallbackProblem::UnknownState)?;
        let Some(code) = code else {
            return Err(CallbackProblem::without_code(error.as_deref()).into());
        };
        let app = self.app_of(link).await?;
        let credentials = self.credentials(&app)?;
        let pair = self
            .upstream
            .exchange_code(&credentials, &code, &callback_url(&app)?)
            .await
            .map_err(CallbackProblem::from)?;
        if pair.refresh.is_none() {
            return Err(LinkProblem::NoRefreshToken);
        }
        let reached =
            self.upstream.accessible_resources(&pair.access).await.map_err(CallbackProblem::from)?;
        let Some(Consenter { account_id: account, name: person }) =
            self.who_consented(&pair.access, &reached).await.map_err(CallbackProblem::from)?
        else {
            return Err(LinkProblem::MissingScopes(vec!["read:me".to_owned()]));
        };
        let Some(grant) = self.grant_renewed_by(app.id, &account, &reached).await? else {
            return Err(why_no_site(integration, &pair.scopes));
        };
        let scopes = pair.scopes.iter().map(str::to_owned).collect();
        let tokens =
            self.seal_pair(grant, &pair.access, pair.refresh.as_ref(), pair.expires_at, scopes).await?;
        self.store.put_grant(grant, app.id, &account, &tokens, self.clock.now()).await?;
        self.feed_grew();
        self.forget_token(grant);
        if !self.store.consent_link(link.id, grant, self.clock.now()).await? {
            return Err(LinkProblem::LinkExpired);
        }

        let mut sites = of_product(reached, integration);
        match (sites.pop(), sites.is_empty()) {
            (None, _) => Err(why_no_site(integration, &pair.scopes)),
            (Some(site), true) => {
                self.complete(link, grant, person, integration, site).await.map(Progress::Linked)
            }
            (Some(last), false) => {
                sites.push(last);
                let sites = sites
                    .into_iter()
                    .map(|site| SiteChoice { cloud_id: site.cloud_id, name: site.name, url: site.url })
                    .collect();
                let organization = link.end_user.organization_name.clone();
                Ok(Progress::ChooseSite { integration, organization, sites })
            }
        }
    }

    /// The sites on which the integration's product can be read with this token, in Atlassian's order.
    async fn sites_of(
        &self,
        integration: Integration,
        access: &Secret,
    ) -> Result<Vec<SiteAccess>, CallError> {
        Ok(of_product(self.upstream.accessible_resources(access).await?, integration))
    }
}

fn of_product(sites: Vec<SiteAccess>, integration: Integration) -> Vec<SiteAccess> {
    sites.into_iter().filter(|site| site.product == integration.product()).collect()
}

/// A site is listed only with scopes of its product, so a consent without them looks like one without sites.
fn why_no_site(integration: Integration, granted: &ScopeSet) -> LinkProblem {
    let is_of_product = |scope: &str| product_of_scope(scope) == Some(integration.product());
    // An answer that states no scopes tells nothing about them.
    if granted.is_empty() || granted.iter().any(is_of_product) {
        return LinkProblem::NoSite(integration);
    }
    LinkProblem::MissingScopes(missing_essentials(integration.product(), granted))
}

/// Why a grant that was fresh when the sites were listed gives no token any more.
fn consent_is_over(error: EngineError) -> LinkProblem {
    match error {
        EngineError::Grant(GrantError::NeedsRelink(_) | GrantError::Gone) => LinkProblem::SiteNotCovered,
        EngineError::Grant(GrantError::AppRefused) => CallbackProblem::AppRefused.into(),
        EngineError::Grant(GrantError::Unavailable(why)) => CallbackProblem::Unavailable(why).into(),
        other => other.into(),
    }
}

/// The scopes that a site's grant lacks for reading anything at all.
pub(super) fn missing_essentials(product: Product, granted: &ScopeSet) -> Vec<String> {
    let mut missing: Vec<String> = essential_kinds(product)
        .into_iter()
        .filter_map(Resource::of_kind)
        .filter(|resource| open_way(resource, granted).is_none())
        .filter_map(|resource| gap_of(resource, granted))
        .flat_map(|gap| gap.missing)
        .map(str::to_owned)
        .collect();
    missing.sort_unstable();
    missing.dedup();
    missing
}

//! What a source's grant does not open, and the way to mend it (hazard L12).

use linkspan_atlassian::calls::{Feature, ScopeSet};
use linkspan_atlassian::resources::gaps_of;
pub use linkspan_atlassian::resources::{Gap, GapExtent};
use linkspan_model::ids::SourceId;
use linkspan_model::product::{AppPurpose, Integration};
use linkspan_store::{AccountFilter, Source};

use crate::engine::{Engine, Inner};
use crate::error::EngineError;

/// What a source's grant does not open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceGaps {
    /// The source.
    pub source: Source,
    /// What the grant holds on the site.
    pub granted: ScopeSet,
    /// What is missing, resource by resource; empty when everything that is wanted is open.
    pub gaps: Vec<Gap>,
    /// Every missing scope once.
    pub missing: Vec<&'static str>,
    /// Those of the missing scopes that the apps at which its customers consent do not ask for yet: they are to be added
    /// in the developer console and to the apps' lists here, before customers consent again.
    pub not_requested: Vec<&'static str>,
    /// The apps at which its customers consent now, whichever its grant was given to.
    pub apps: Vec<ConsentApp>,
    /// The integrations of its customers that no app serves any more.
    pub unserved: Vec<Integration>,
}

/// An app at which customers of a source consent again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsentApp {
    /// What it is registered for: an integration of its own, or everything.
    pub purpose: AppPurpose,
    /// Its client id.
    pub client_id: String,
    /// The missing scopes that it does not ask for.
    pub not_requested: Vec<&'static str>,
}

impl SourceGaps {
    /// What the vendor does before customers consent again, step by step; nothing when all that is missing is asked for.
    pub fn steps(&self) -> Vec<String> {
        let mut steps = Vec::new();
        for integration in &self.unserved {
            steps.push(format!(
                "Register an app for {}, or one for everything: none serves it now (/setup, `linkspan app set`, or PUT \
                 /v1/apps/{integration}).",
                integration.display_name(),
            ));
        }
        for app in self.apps.iter().filter(|app| !app.not_requested.is_empty()) {
            let (scopes, client_id, purpose) = (app.not_requested.join(" "), &app.client_id, app.purpose);
            steps.push(format!(
                "Add {scopes} to the app {client_id} in Atlassian's developer console (Permissions)."
            ));
            let flags = if purpose == AppPurpose::All {
                " An app that `serve` is started with (--client-id) has its list from --scopes, or LINKSPAN_SCOPES: change \
                 that and restart the server."
            } else {
                ""
            };
            steps.push(format!(
                "Add them to the list of that app here: on /setup?app={purpose}, with `linkspan app set --integration \
                 {purpose} --client-id {client_id} --scopes …`, or with PUT /v1/apps/{purpose}.{flags}"
            ));
        }
        steps
    }
}

impl Engine {
    /// What the grant of a source does not open of what is wanted. `None` for an unknown source.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn source_gaps(&self, id: SourceId) -> Result<Option<SourceGaps>, EngineError> {
        let inner = &self.inner;
        let Some(source) = inner.store.source(id).await? else { return Ok(None) };
        let granted = inner.scopes_of(&source).await?;
        let wanted = &inner.settings.features;
        // A grant that states no scopes tells nothing about them.
        let mut gaps =
            if granted.is_empty() { Vec::new() } else { gaps_of(source.product, &granted, wanted) };
        for feature in [Feature::Identity, Feature::PersonalData] {
            let Some(scope) = feature.own_scope().filter(|scope| !granted.contains(scope)) else { continue };
            if wanted.contains(&feature) && !granted.is_empty() {
                let title = if feature == Feature::Identity {
                    "who the consenting person is"
                } else {
                    "reporting of stored accounts"
                };
                let (kind, missing) = (feature.as_str(), vec![scope]);
                gaps.push(Gap { kind, title, feature: kind, extent: GapExtent::Closed, missing });
            }
        }
        let mut missing: Vec<&'static str> =
            gaps.iter().flat_map(|gap| gap.missing.iter().copied()).collect();
        missing.sort_unstable();
        missing.dedup();
        let (apps, unserved) = inner.consent_apps(&source, &missing).await?;
        let mut not_requested: Vec<&'static str> =
            apps.iter().flat_map(|app| app.not_requested.iter().copied()).collect();
        // Nobody consents to a source without a linked account: what is asked for is known of its grant's app alone.
        if apps.is_empty() && unserved.is_empty() {
            let grant = inner.store.grant(source.grant).await?;
            let app = match grant {
                Some(grant) => inner.store.app(grant.app).await?,
                None => None,
            };
            not_requested = lacking(&missing, &app.map(|app| app.scopes).unwrap_or_default());
        }
        not_requested.sort_unstable();
        not_requested.dedup();
        Ok(Some(SourceGaps { source, granted, gaps, missing, not_requested, apps, unserved }))
    }
}

/// Those of the scopes that are not among those asked for.
fn lacking(missing: &[&'static str], requested: &[String]) -> Vec<&'static str> {
    missing.iter().copied().filter(|scope| !requested.iter().any(|known| known == scope)).collect()
}

impl Inner {
    /// The apps at which the customers of a source consent, and the integrations that have none.
    async fn consent_apps(
        &self,
        source: &Source,
        missing: &[&'static str],
    ) -> Result<(Vec<ConsentApp>, Vec<Integration>), EngineError> {
        let (mut apps, mut unserved): (Vec<ConsentApp>, _) = (Vec::new(), Vec::new());
        for integration in Integration::ALL.into_iter().filter(|it| it.product() == source.product) {
            let linked = AccountFilter {
                source: Some(source.id),
                integrations: Some(vec![integration]),
                ..AccountFilter::default()
            };
            if self.store.list_linked_accounts(&linked, None, 1).await?.is_empty() {
                continue;
            }
            match self.serving(AppPurpose::Integration(integration)).await? {
                None => unserved.push(integration),
                Some((purpose, _)) if apps.iter().any(|known| known.purpose == purpose) => {}
                Some((purpose, app)) => apps.push(ConsentApp {
                    purpose,
                    client_id: app.client_id,
                    not_requested: lacking(missing, &app.scopes),
                }),
            }
        }
        Ok((apps, unserved))
    }

    /// The scopes that a source's grant holds: those of its site, and those that belong to no site.
    pub(crate) async fn scopes_of(&self, source: &Source) -> Result<ScopeSet, EngineError> {
        let mut scopes: ScopeSet = source.scopes.iter().cloned().collect();
        if let Some(grant) = self.store.grant(source.grant).await? {
            scopes.extend(grant.scopes);
        }
        Ok(scopes)
    }
}

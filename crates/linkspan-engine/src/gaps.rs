//! What a source's grant does not open, and the way to mend it (hazard L12).

use linkspan_atlassian::calls::{Feature, ScopeSet};
use linkspan_atlassian::resources::gaps_of;
pub use linkspan_atlassian::resources::{Gap, GapExtent};
use linkspan_model::ids::SourceId;
use linkspan_store::Source;

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
    /// Those of the missing scopes that the app does not ask for yet: they are to be added in the developer console and
    /// to the app's scopes here, before customers consent again.
    pub not_requested: Vec<&'static str>,
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
        let requested = match inner.store.grant(source.grant).await? {
            Some(grant) => inner.store.app(grant.app).await?.map(|app| app.scopes).unwrap_or_default(),
            None => Vec::new(),
        };
        let not_requested =
            missing.iter().copied().filter(|scope| !requested.iter().any(|known| known == scope)).collect();
        Ok(Some(SourceGaps { source, granted, gaps, missing, not_requested }))
    }
}

impl Inner {
    /// The scopes that a source's grant holds: those of its site, and those that belong to no site.
    pub(crate) async fn scopes_of(&self, source: &Source) -> Result<ScopeSet, EngineError> {
        let mut scopes: ScopeSet = source.scopes.iter().cloned().collect();
        if let Some(grant) = self.store.grant(source.grant).await? {
            scopes.extend(grant.scopes);
        }
        Ok(scopes)
    }
}

//! What a token reaches: sites and their products, and the account behind it (`atlassian-platform.md` 1.8, 1.9).

use std::collections::BTreeMap;

use linkspan_model::product::Product;
use linkspan_model::secret::Secret;
use reqwest::header::ACCEPT;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::Url;

use crate::calls::{Method, ScopeSet};
use crate::client::{Asked, Upstream, transport, unreadable};
use crate::error::CallError;

/// The most bytes of these answers.
const BODY_CAP: u64 = 8 << 20;

/// A product on a site that a token reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteAccess {
    /// The site's immutable id.
    pub cloud_id: String,
    /// The product.
    pub product: Product,
    /// The site's name; it may change.
    pub name: String,
    /// The site's address; it may change.
    pub url: String,
    /// Scopes granted for the product on the site.
    pub scopes: ScopeSet,
    /// The site's picture.
    pub avatar_url: Option<String>,
}

/// The account behind a token. Everything but its id may be hidden.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Me {
    /// The account id.
    pub account_id: String,
    /// The person's name.
    #[serde(default)]
    pub name: Option<String>,
    /// The person's e-mail address.
    #[serde(default)]
    pub email: Option<String>,
    /// Whether Atlassian verified the address; its documents do not name the member, so it is mostly absent.
    #[serde(default)]
    pub email_verified: Option<bool>,
    /// The person's picture.
    #[serde(default)]
    pub picture: Option<String>,
    /// `active`, `inactive`, `closed`.
    #[serde(default)]
    pub account_status: Option<String>,
    /// The person's time zone.
    #[serde(default)]
    pub zoneinfo: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    id: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    url: Option<String>,
    #[serde(default)]
    scopes: Option<Vec<String>>,
    #[serde(default)]
    avatar_url: Option<String>,
}

/// The product that a scope opens; `None` for scopes of the account (`read:me`) and of other products.
pub fn product_of_scope(scope: &str) -> Option<Product> {
    if scope.contains("confluence") || scope.contains("content.attachment") {
        Some(Product::Confluence)
    } else if scope.contains("jira") || scope.contains("servicedesk") {
        Some(Product::Jira)
    } else {
        None
    }
}

impl Upstream {
    /// The sites a token reaches, one entry for each product on each site, in the order of upstream's list. Entries
    /// for one site are merged and their scopes united; a site listed without scopes of either product is left out.
    ///
    /// # Errors
    /// Those of a call.
    pub async fn accessible_resources(&self, token: &Secret) -> Result<Vec<SiteAccess>, CallError> {
        let listed: Vec<Listed> = self
            .read_of_account("oauth.accessible-resources", self.endpoints.accessible_resources(), token)
            .await?;
        Ok(merge(listed))
    }

    /// The account behind a token.
    ///
    /// # Errors
    /// Those of a call.
    pub async fn me(&self, token: &Secret) -> Result<Me, CallError> {
        self.read_of_account("oauth.me", self.endpoints.me(), token).await
    }

    async fn read_of_account<T: DeserializeOwned>(
        &self,
        call: &'static str,
        url: Url,
        token: &Secret,
    ) -> Result<T, CallError> {
        let asked = Asked { name: call, method: Method::Get, product: None };
        let request =
            self.authorised(call, reqwest::Method::GET, url, token)?.header(ACCEPT, "application/json");
        let exchange = async {
            let response = request.send().await.map_err(|error| transport(call, &error))?;
            self.read_success(asked, response, BODY_CAP).await
        };
        let (_, body) = self.within_total(call, exchange).await?;
        serde_json::from_slice(&body).map_err(|error| unreadable(call, &error))
    }
}

fn merge(listed: Vec<Listed>) -> Vec<SiteAccess> {
    let mut places: BTreeMap<(String, Product), usize> = BTreeMap::new();
    let mut sites: Vec<SiteAccess> = Vec::new();
    for entry in listed {
        let mut by_product: BTreeMap<Product, ScopeSet> = BTreeMap::new();
        for scope in entry.scopes.unwrap_or_default() {
            if let Some(product) = product_of_scope(&scope) {
                by_product.entry(product).or_default().insert(scope);
            }
        }
        if by_product.is_empty() {
            tracing::debug!(cloud_id = entry.id, "a site without scopes of a known product is left out");
        }
        for (product, scopes) in by_product {
            let place = *places.entry((entry.id.clone(), product)).or_insert_with(|| {
                sites.push(SiteAccess {
                    cloud_id: entry.id.clone(),
                    product,
                    name: entry.name.clone().unwrap_or_default(),
                    url: entry.url.clone().unwrap_or_default(),
                    scopes: ScopeSet::default(),
                    avatar_url: entry.avatar_url.clone(),
                });
                sites.len() - 1
            });
            sites[place].scopes.extend(scopes.iter());
        }
    }
    sites
}

/// Reads a list as `accessible_resources` does, for tests.
#[cfg(test)]
pub(super) fn read_resources(body: &str) -> Vec<SiteAccess> {
    merge(serde_json::from_str(body).unwrap())
}

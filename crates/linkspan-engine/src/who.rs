//! Who stands behind a token: what makes two consents of one person one grant.

use linkspan_atlassian::calls::{Call, confluence, jira};
use linkspan_atlassian::client::{Params, Site};
use linkspan_atlassian::error::CallError;
use linkspan_atlassian::oauth::SiteAccess;
use linkspan_model::product::Product;
use linkspan_model::secret::Secret;
use serde::Deserialize;

use crate::engine::Inner;

/// The Atlassian account behind a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Consenter {
    /// Its immutable id.
    pub(crate) account_id: String,
    /// Its name, as far as it is told.
    pub(crate) name: Option<String>,
}

impl Inner {
    /// The account behind a token: as Atlassian's identity call tells it, or, where the scope for that (`read:me`) was not
    /// granted, as a product of one of the reached sites does. `None` when nothing tells it.
    ///
    /// # Errors
    /// When upstream gives no usable answer.
    pub(crate) async fn who_consented(
        &self,
        access: &Secret,
        reached: &[SiteAccess],
    ) -> Result<Option<Consenter>, CallError> {
        match self.upstream.me(access).await {
            Ok(me) => return Ok(Some(Consenter { account_id: me.account_id, name: me.name })),
            Err(CallError::ScopeMissing { .. }) => {}
            Err(error) => return Err(error),
        }
        for site in reached {
            let call: &'static Call = match site.product {
                Product::Jira => &jira::MYSELF,
                Product::Confluence => &confluence::CURRENT_USER,
            };
            match self.upstream.send(call, &Site::new(&site.cloud_id), access, &Params::new()).await {
                Ok(reply) => {
                    if let Ok(Person { account_id: Some(account_id), display_name }) = reply.json() {
                        return Ok(Some(Consenter { account_id, name: display_name }));
                    }
                }
                Err(
                    CallError::ScopeMissing { .. } | CallError::Forbidden { .. } | CallError::NotFound { .. },
                ) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }
}

/// What both products say of an account.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Person {
    account_id: Option<String>,
    display_name: Option<String>,
}

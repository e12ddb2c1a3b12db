//! The demo's vendor and its customer: the one calls the API, the other goes through the link page.

use anyhow::{Context as _, bail};
use linkspan_model::product::{Category, Integration};
use linkspan_model::secret::Secret;
use reqwest::{RequestBuilder, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use url::Url;

use crate::browser::Browser;

/// The vendor's own id of the demo customer.
const CUSTOMER: &str = "demo-customer";
/// The vendor's own id of the customer for whom a link page is left open.
const NEXT_CUSTOMER: &str = "next-customer";
/// How long that link page stays open: a week, the longest there is.
const OPEN_LINK_MINUTES: u32 = 10_080;

/// The vendor's side of the API.
pub(super) struct VendorApi {
    base_url: String,
    api_key: Secret,
    browser: Browser,
}

#[derive(Deserialize)]
struct LinkToken {
    magic_link_url: Option<Url>,
}

#[derive(Deserialize)]
struct AccountToken {
    account_token: Secret,
}

#[derive(Deserialize)]
struct Problem {
    detail: String,
}

impl VendorApi {
    pub(super) fn new(base_url: &str, api_key: Secret) -> anyhow::Result<Self> {
        Ok(Self { base_url: base_url.to_owned(), api_key, browser: Browser::new()? })
    }

    /// Links the demo customer as a vendor and a customer would: link token, link page, consent, callback, exchange.
    pub(super) async fn link(&mut self, integration: Integration, cloud_id: &str) -> anyhow::Result<Secret> {
        let category = integration.category();
        let page = self.link_page(CUSTOMER, "Demo Customer", &[category], Some(integration)).await?;
        let public_token = self
            .browser
            .link(page, integration, cloud_id)
            .await
            .with_context(|| format!("{integration} could not be linked"))?;
        let path = format!("/api/{category}/v1/account-token/{}", public_token.expose());
        let exchanged: AccountToken =
            self.call(self.browser.http().get(format!("{}{path}", self.base_url))).await?;
        Ok(exchanged.account_token)
    }

    /// A link page that a newcomer can try: it offers everything.
    pub(super) async fn open_link_page(&self) -> anyhow::Result<Url> {
        self.link_page(NEXT_CUSTOMER, "Your next customer", &Category::ALL, None).await
    }

    async fn link_page(
        &self,
        origin_id: &str,
        organization: &str,
        categories: &[Category],
        integration: Option<Integration>,
    ) -> anyhow::Result<Url> {
        let order = json!({
            "end_user_origin_id": origin_id,
            "end_user_organization_name": organization,
            "end_user_email_address": format!("it@{origin_id}.example"),
            "categories": categories,
            "integration": integration,
            "link_expiry_mins": OPEN_LINK_MINUTES,
            "should_create_magic_link_url": true,
        });
        let request = self.browser.http().post(format!("{}/api/ticketing/v1/link-token", self.base_url));
        let made: LinkToken = self.call(request.json(&order)).await?;
        made.magic_link_url.context("the server made no link page address")
    }

    async fn call<T: DeserializeOwned>(&self, request: RequestBuilder) -> anyhow::Result<T> {
        let response = request
            .bearer_auth(self.api_key.expose())
            .send()
            .await
            // Its address may carry a token.
            .map_err(reqwest::Error::without_url)
            .context("the server does not answer the demo")?;
        let status = response.status();
        if status != StatusCode::OK {
            let detail = response.json::<Problem>().await.map(|problem| problem.detail).unwrap_or_default();
            bail!("the server answered the demo with status {}: {detail}", status.as_u16());
        }
        response
            .json()
            .await
            .map_err(reqwest::Error::without_url)
            .context("the server's answer cannot be read")
    }
}

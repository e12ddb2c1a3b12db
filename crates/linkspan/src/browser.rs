//! What a customer's browser does on the link page, for the demo: follows redirects, keeps cookies, sends forms. So the
//! demo's links come about exactly as real ones do.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::{Context as _, bail};
use linkspan_model::product::Integration;
use linkspan_model::secret::Secret;
use reqwest::header::{COOKIE, LOCATION, ORIGIN, SET_COOKIE};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, Response};
use url::Url;

use crate::html_form::{first_attribute, first_form, first_text};

/// The longest wait for a page.
const PAGE_TIMEOUT: Duration = Duration::from_secs(30);
/// Pages and redirects on the way through one link, at most; five of each are usual.
const MAX_STEPS: usize = 20;

/// A browser with its cookies.
pub(crate) struct Browser {
    http: Client,
    /// Host → name → value. Like a browser's, they do not care about ports.
    cookies: HashMap<String, HashMap<String, String>>,
}

/// What is sent for one page.
struct Visit {
    method: Method,
    url: Url,
    form: Vec<(String, String)>,
    /// The origin of the page whose form is sent.
    origin: Option<String>,
}

impl Visit {
    fn to(url: Url) -> Self {
        Self { method: Method::GET, url, form: Vec::new(), origin: None }
    }
}

impl Browser {
    pub(crate) fn new() -> anyhow::Result<Self> {
        let http = Client::builder()
            .user_agent(concat!("linkspan-demo/", env!("CARGO_PKG_VERSION")))
            .redirect(Policy::none())
            .timeout(PAGE_TIMEOUT)
            .no_proxy()
            .build()
            .context("the demo's browser cannot be made")?;
        Ok(Self { http, cookies: HashMap::new() })
    }

    /// The client, for calls of the API.
    pub(crate) fn http(&self) -> &Client {
        &self.http
    }

    /// Goes through the link page as a customer who agrees, and gives the public token of its last page.
    pub(crate) async fn link(
        &mut self,
        page: Url,
        integration: Integration,
        cloud_id: &str,
    ) -> anyhow::Result<Secret> {
        let mut visit = Visit::to(page);
        for _ in 0..MAX_STEPS {
            let response = self.send(&visit).await?;
            let url = response.url().clone();
            if response.status().is_redirection() {
                let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
                visit = Visit::to(url.join(location.context("a redirect without an address")?)?);
                continue;
            }
            let status = response.status();
            let html =
                response.text().await.with_context(|| format!("the page at {} broke off", url.path()))?;
            if let Some(token) = first_attribute(&html, "data-public-token") {
                return Ok(Secret::new(token));
            }
            let form = first_form(&html).filter(|_| status.is_success());
            let Some(mut form) = form else {
                let heading = first_text(&html, "h1").unwrap_or_default();
                let text = first_text(&html, "p").unwrap_or_default();
                bail!("the link page ended with status {} ({heading}): {text}", status.as_u16());
            };
            form.choose("integration", integration.slug());
            form.choose("cloud_id", cloud_id);
            visit = Visit {
                method: Method::POST,
                url: url.join(&form.action)?,
                form: form.fields,
                origin: Some(url.origin().ascii_serialization()),
            };
        }
        bail!("the link page led through more than {MAX_STEPS} pages without an end");
    }

    async fn send(&mut self, visit: &Visit) -> anyhow::Result<Response> {
        let host = visit.url.host_str().unwrap_or_default().to_owned();
        let mut request = self.http.request(visit.method.clone(), visit.url.clone());
        if let Some(cookies) = self.cookies.get(&host).filter(|cookies| !cookies.is_empty()) {
            let pairs: Vec<String> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header(COOKIE, pairs.join("; "));
        }
        if let Some(origin) = &visit.origin {
            request = request.header(ORIGIN, origin);
        }
        if visit.method == Method::POST {
            request = request.form(&visit.form);
        }
        let response = request
            .send()
            .await
            // Its address may carry a code or a token.
            .map_err(reqwest::Error::without_url)
            .with_context(|| format!("no answer from {}", visit.url.origin().ascii_serialization()))?;
        let kept = self.cookies.entry(host).or_default();
        for set in response.headers().get_all(SET_COOKIE) {
            let Some((name, rest)) = set.to_str().ok().and_then(|text| text.split_once('=')) else {
                continue;
            };
            let (value, attributes) = rest.split_once(';').unwrap_or((rest, ""));
            let is_removed = attributes.split(';').any(|it| it.trim().eq_ignore_ascii_case("max-age=0"));
            if is_removed {
                kept.remove(name.trim());
            } else {
                kept.insert(name.trim().to_owned(), value.to_owned());
            }
        }
        Ok(response)
    }
}

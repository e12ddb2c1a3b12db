//! The vendor's OAuth apps: one for everything, or one for each integration (`atlassian-platform.md` section 2).

use std::collections::HashMap;

use linkspan_atlassian::calls::{Feature, ScopeFamily, ScopeSet, products_for, smallest_scopes};
use linkspan_atlassian::oauth::AppCredentials;
use linkspan_model::ids::AppId;
use linkspan_model::product::AppPurpose;
use linkspan_model::secret::Secret;
use linkspan_store::{App, PreviousSecret};
use linkspan_vault::{SealContext, opaque};
use url::Url;

use crate::engine::{Engine, Inner};
use crate::error::EngineError;

/// The longest client id or secret that is taken. Atlassian's are well below a hundred characters.
const CREDENTIAL_CAP: usize = 1_000;
/// The most scopes of an app: beyond a third of it consent fails already (`atlassian-platform.md` 1.1).
const SCOPES_CAP: usize = 200;
/// The longest scope that is taken.
const SCOPE_CAP: usize = 100;

/// How long what was signed with a secret is accepted after the secret was replaced.
const SECRET_OVERLAP: jiff::SignedDuration = jiff::SignedDuration::from_hours(7 * 24);

/// An app as the vendor registers it.
#[derive(Clone, Debug)]
pub struct NewApp {
    /// Client id.
    pub client_id: String,
    /// Client secret; `None` keeps the one that is known for this client id.
    pub client_secret: Option<Secret>,
    /// The callback URL that is configured in the developer console.
    pub redirect_uri: String,
    /// Name for people.
    pub name: String,
    /// Scopes to ask for.
    pub scopes: Vec<String>,
}

/// An app as it may be shown: nothing in it is secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppCard {
    /// What it serves.
    pub purpose: AppPurpose,
    /// Client id.
    pub client_id: String,
    /// The last four characters of the client secret; `None` when it cannot be opened with the master keys at hand.
    pub secret_last_four: Option<String>,
    /// The callback URL that is sent along.
    pub redirect_uri: String,
    /// Scopes that are asked for.
    pub scopes: Vec<String>,
}

/// The scopes that an app of this purpose asks for unless told otherwise: the smallest list for what is read.
pub fn usual_scopes(purpose: AppPurpose, features: &[Feature]) -> Vec<String> {
    if purpose == AppPurpose::Identity {
        return vec!["read:me".to_owned()];
    }
    let products = products_for(purpose, features);
    smallest_scopes(&products, features, ScopeFamily::Classic).set().iter().map(str::to_owned).collect()
}

impl Engine {
    /// Keeps an app without letting it serve anything; replaces what is known of it.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn register_app(
        &self,
        client_id: &str,
        client_secret: &Secret,
        redirect_uri: &str,
        name: &str,
        scopes: Vec<String>,
    ) -> Result<AppId, EngineError> {
        let inner = &self.inner;
        let app = inner.sealed_app(client_id, client_secret, redirect_uri, name, scopes).await?;
        inner.store.put_app(&app, inner.clock.now()).await?;
        Ok(app.id)
    }

    /// Registers an app and lets it serve a purpose from now on. Grants that were given to the app before it stay with
    /// that one. An app that serves other purposes too keeps the scopes that it has for them.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] when a part of it cannot be used; when the store fails.
    pub async fn assign_app(&self, purpose: AppPurpose, new: NewApp) -> Result<AppId, EngineError> {
        let inner = &self.inner;
        let client_id = new.client_id.trim();
        let secret = match new.client_secret {
            Some(secret) => secret,
            None => inner.known_secret(client_id).await?,
        };
        check(client_id, &secret, &new.redirect_uri, &new.scopes)?;
        let app = inner.sealed_app(client_id, &secret, &new.redirect_uri, &new.name, new.scopes).await?;
        inner.store.assign_app(purpose, &app, inner.clock.now()).await?;
        tracing::info!(%purpose, client_id, "an OAuth app was registered");
        Ok(app.id)
    }

    /// Ends the service of the app of a purpose; the app for all takes its place where there is one. `false` when it had
    /// none of its own.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn unassign_app(&self, purpose: AppPurpose) -> Result<bool, EngineError> {
        let found = self.inner.store.unassign_app(purpose).await?;
        if found {
            tracing::info!(%purpose, "an OAuth app was removed");
        }
        Ok(found)
    }

    /// The apps that are registered, each with what it serves.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn app_cards(&self) -> Result<Vec<AppCard>, EngineError> {
        let apps = self.inner.store.assigned_apps().await?;
        let card = |(purpose, app): (AppPurpose, App)| AppCard {
            purpose,
            secret_last_four: self.inner.client_secret(&app).ok().map(|secret| opaque::last_four(&secret)),
            client_id: app.client_id,
            redirect_uri: app.redirect_uri,
            scopes: app.scopes,
        };
        Ok(apps.into_iter().map(card).collect())
    }

    /// The client ids of all apps that are known, those that serve nothing any more too.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn client_ids(&self) -> Result<HashMap<AppId, String>, EngineError> {
        let apps = self.inner.store.apps().await?;
        Ok(apps.into_iter().map(|app| (app.id, app.client_id)).collect())
    }

    /// The scopes that an app of this purpose asks for unless told otherwise.
    pub fn usual_scopes(&self, purpose: AppPurpose) -> Vec<String> {
        usual_scopes(purpose, &self.inner.settings.features)
    }

    /// The callback URL of this server: it has one, for all apps.
    pub fn callback_url(&self) -> String {
        format!("{}/oauth/callback", self.inner.settings.vendor.public_url.as_str().trim_end_matches('/'))
    }
}

impl Inner {
    /// The app that serves a purpose: its own, or the one for all.
    pub(crate) async fn app_for(&self, purpose: AppPurpose) -> Result<Option<App>, EngineError> {
        Ok(self.serving(purpose).await?.map(|(_, app)| app))
    }

    /// The app that serves a purpose, with what it is registered for: that purpose, or everything.
    pub(crate) async fn serving(
        &self,
        purpose: AppPurpose,
    ) -> Result<Option<(AppPurpose, App)>, EngineError> {
        let mut apps = self.store.assigned_apps().await?;
        let own = apps.iter().position(|(served, _)| *served == purpose);
        let place = own.or_else(|| apps.iter().position(|(served, _)| *served == AppPurpose::All));
        Ok(place.map(|place| apps.swap_remove(place)))
    }

    /// The client secret of an app.
    pub(crate) fn client_secret(&self, app: &App) -> Result<Secret, EngineError> {
        Ok(self.ring.open(secret_context(&app.id), &app.client_secret)?.to_secret()?)
    }

    /// What an app presents at the token endpoint.
    pub(crate) fn credentials(&self, app: &App) -> Result<AppCredentials, EngineError> {
        Ok(AppCredentials { client_id: app.client_id.clone(), client_secret: self.client_secret(app)? })
    }

    async fn known_secret(&self, client_id: &str) -> Result<Secret, EngineError> {
        match self.store.app(AppId::of_client(client_id)).await? {
            Some(app) => self.client_secret(&app),
            None => Err(EngineError::Invalid(format!(
                "no client secret is known for `{client_id}`: give it along with the client id"
            ))),
        }
    }

    /// An app as it is stored. A secret that takes another's place leaves that good for a while, because what upstream signs does
    /// not change at the same moment.
    async fn sealed_app(
        &self,
        client_id: &str,
        client_secret: &Secret,
        redirect_uri: &str,
        name: &str,
        scopes: Vec<String>,
    ) -> Result<App, EngineError> {
        let id = AppId::of_client(client_id);
        let secret = client_secret.expose().as_bytes();
        let previous_secret = match self.store.app(id).await? {
            // One that does not open with the keys at hand signs nothing that could be checked.
            Some(known) => self
                .client_secret(&known)
                .is_ok_and(|known| known.expose() != client_secret.expose())
                .then_some(PreviousSecret {
                    sealed: known.client_secret,
                    until: self.clock.now() + SECRET_OVERLAP,
                }),
            None => None,
        };
        Ok(App {
            previous_secret,
            id,
            client_id: client_id.to_owned(),
            client_secret: self.ring.seal(secret_context(&id), secret, &self.entropy),
            redirect_uri: redirect_uri.to_owned(),
            name: name.to_owned(),
            scopes,
        })
    }

    /// The secrets with which upstream may have signed what it delivers to an app: the present one, and for a while the one
    /// before.
    pub(crate) fn signing_secrets(&self, app: &App) -> Result<Vec<Secret>, EngineError> {
        let mut secrets = vec![self.client_secret(app)?];
        if let Some(previous) = &app.previous_secret
            && previous.until > self.clock.now()
        {
            // One that does not open any more must not cost the deliveries that the present one signed.
            match self
                .ring
                .open(secret_context(&app.id), &previous.sealed)
                .and_then(|opened| opened.to_secret())
            {
                Ok(secret) => secrets.push(secret),
                Err(error) => {
                    tracing::warn!(app.id = %app.id, %error, "the former secret of an app cannot be opened");
                }
            }
        }
        Ok(secrets)
    }
}

fn secret_context(id: &AppId) -> SealContext<'_> {
    SealContext::new("apps", id.0.as_bytes(), "client_secret")
}

/// Refuses what cannot be right, so that a slip in a form is told before a customer meets it.
fn check(client_id: &str, secret: &Secret, redirect_uri: &str, scopes: &[String]) -> Result<(), EngineError> {
    let invalid = |what: String| Err(EngineError::Invalid(what));
    let is_credential = |text: &str| {
        (1..=CREDENTIAL_CAP).contains(&text.len())
            && !text.chars().any(|it| it.is_whitespace() || it.is_control())
    };
    if !is_credential(client_id) {
        return invalid(
            "the client id is empty, too long or has a space in it: copy it from Settings".to_owned(),
        );
    }
    if !is_credential(secret.expose()) {
        return invalid(
            "the client secret is empty, too long or has a space in it: copy it from Settings".to_owned(),
        );
    }
    if secret.expose() == client_id {
        return invalid(
            "the client secret is the client id: copy Secret, the second field in Settings".to_owned(),
        );
    }
    let is_callback = Url::parse(redirect_uri).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https") && url.has_host() && url.fragment().is_none()
    });
    if !is_callback {
        return invalid(format!("`{redirect_uri}` is no callback URL: give the whole https address"));
    }
    let distinct: ScopeSet = scopes.iter().map(String::as_str).collect();
    let is_scope = |scope: &str| {
        scope.len() <= SCOPE_CAP
            && scope.bytes().all(|byte| byte.is_ascii_graphic() && byte != b',' && byte != b'"')
    };
    if distinct.is_empty() || distinct.len() > SCOPES_CAP {
        return invalid(format!("an app asks for 1 to {SCOPES_CAP} scopes"));
    }
    match distinct.iter().find(|scope| !is_scope(scope)) {
        Some(scope) => invalid(format!(
            "`{}` is no scope: separate scopes by spaces",
            scope.chars().take(SCOPE_CAP).collect::<String>()
        )),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use linkspan_model::product::Integration;

    use super::*;

    fn refused(client_id: &str, secret: &str, redirect_uri: &str, scope: &str) -> String {
        let scopes = [scope.to_owned()];
        check(client_id, &Secret::new(secret), redirect_uri, &scopes).unwrap_err().to_string()
    }

    #[test]
    fn slips_of_the_pen_are_told_before_a_customer_meets_them() {
        let callback = "https://vendor.example/oauth/callback";
        check("id", &Secret::new("secret"), callback, &["read:me".to_owned()]).unwrap();
        assert!(refused("", "s", callback, "read:me").contains("client id"));
        assert!(refused("id", "a b", callback, "read:me").contains("client secret"));
        assert!(refused("id", "id", callback, "read:me").contains("second field"));
        assert!(refused("id", "s", "/oauth/callback", "read:me").contains("callback URL"));
        assert!(refused("id", "s", "javascript:alert(1)", "read:me").contains("callback URL"));
        assert!(refused("id", "s", callback, "read:me,read:jira-work").contains("separate scopes by spaces"));
    }

    #[test]
    fn l10_a_refusal_does_not_quote_the_secret() {
        let callback = "https://vendor.example/oauth/callback";
        assert!(!refused("id", "canary canary", callback, "read:me").contains("canary"));
    }

    #[test]
    fn an_app_of_one_integration_asks_for_nothing_of_the_other_product() {
        let usual = Feature::usual();
        let jira = usual_scopes(AppPurpose::Integration(Integration::Jira), &usual);
        assert!(jira.iter().any(|scope| scope == "read:jira-work"));
        assert!(jira.iter().all(|scope| !scope.contains("confluence")), "{jira:?}");
        let confluence = usual_scopes(AppPurpose::Integration(Integration::Confluence), &usual);
        assert!(confluence.iter().all(|scope| !scope.contains("jira")), "{confluence:?}");
        assert_eq!(usual_scopes(AppPurpose::Identity, &usual), ["read:me"]);
        // Nor does an app for everything, where everything that is read is in one product.
        let tickets = usual_scopes(AppPurpose::All, &[Feature::Tickets]);
        assert!(tickets.iter().all(|scope| !scope.contains("confluence")), "{tickets:?}");
    }
}

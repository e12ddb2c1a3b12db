//! The apps known to the sandbox. Pure: randomness is handed in.

use std::collections::BTreeSet;

use url::Url;

use super::scopes::{Api, OFFLINE_ACCESS};
use crate::oauth::GrantKind;

/// More apps than any test needs; a bound, so that a loop cannot fill the memory.
const MAX_APPS: usize = 1000;
/// Longest text accepted in any field of the console.
const MAX_TEXT: usize = 500;

/// One OAuth 2.0 (3LO) registration.
#[derive(Clone, Debug)]
pub struct App {
    /// Public identifier.
    pub client_id: String,
    /// Confidential; mandatory in both token exchanges.
    pub client_secret: String,
    /// Shown on the consent screen.
    pub name: String,
    /// The account that made the app: the only one that may use it while it is not shared.
    pub owner: String,
    /// Whether consents add up.
    pub kind: GrantKind,
    /// Whether others may use the app.
    pub distribution: Distribution,
    /// The scopes added in the permissions screen, over all APIs.
    pub scopes: BTreeSet<String>,
    /// The one callback.
    pub callback_url: Option<String>,
    /// Atlassian looked at the app: the consent screen shows no warning.
    pub reviewed: bool,
}

/// The distribution screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Distribution {
    /// Only the owner can install and use the app.
    NotSharing,
    /// Everybody can.
    Sharing {
        /// Shown on the consent screen.
        vendor_name: String,
        /// Linked from the consent screen.
        privacy_policy: String,
        /// The app stores personal data and therefore implements the reporting API.
        stores_personal_data: bool,
    },
}

/// Why the console refused a change.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegistryError {
    /// No app has this client id.
    #[error("no app has this client id; choose one from the list")]
    UnknownApp,
    /// The registry is full.
    #[error("{MAX_APPS} apps are registered already; restart the sandbox to begin anew")]
    Full,
    /// A text is empty or too long.
    #[error("{field} must have 1 to {MAX_TEXT} characters")]
    Text {
        /// The field's label.
        field: &'static str,
    },
    /// Not an absolute http or https address.
    #[error("{field} must be an absolute http or https address")]
    Address {
        /// The field's label.
        field: &'static str,
    },
    /// The declaration says yes without the confirmation.
    #[error(
        "an app that stores personal data must confirm that it implements the personal data reporting API"
    )]
    ReportingNotConfirmed,
    /// The API has no such scope.
    #[error("the {api} has no scope `{scope}`")]
    UnknownScope {
        /// The API's name.
        api: &'static str,
        /// The scope asked for.
        scope: String,
    },
}

impl App {
    /// Whether the account may use the app.
    pub fn is_usable_by(&self, account_id: &str) -> bool {
        self.distribution != Distribution::NotSharing || self.owner == account_id
    }

    /// The first scope of a consent request that was not added to the app. `offline_access` needs no adding.
    pub fn first_missing_scope<'a>(&self, asked: &'a [String]) -> Option<&'a str> {
        let added = |scope: &str| scope == OFFLINE_ACCESS || self.scopes.contains(scope);
        asked.iter().map(String::as_str).find(|scope| !added(scope))
    }

    /// The scopes added for one API.
    pub fn scopes_of(&self, api: Api) -> impl Iterator<Item = &str> {
        self.scopes.iter().map(String::as_str).filter(move |scope| Api::of_scope(scope) == Some(api))
    }
}

/// All apps, in order of creation.
#[derive(Debug, Default)]
pub struct Registry {
    apps: Vec<App>,
}

impl Registry {
    /// The app with this client id.
    pub fn get(&self, client_id: &str) -> Option<&App> {
        self.apps.iter().find(|app| app.client_id == client_id)
    }

    /// All apps.
    pub fn iter(&self) -> impl Iterator<Item = &App> {
        self.apps.iter()
    }

    /// Registers an app as it stands.
    pub fn register(&mut self, app: App) -> Result<(), RegistryError> {
        if self.apps.len() >= MAX_APPS {
            return Err(RegistryError::Full);
        }
        self.apps.push(app);
        Ok(())
    }

    /// Registers a new, unshared app without scopes and callback, as the console's "Create" does.
    pub fn create(
        &mut self,
        name: &str,
        owner: &str,
        kind: GrantKind,
        client_id: String,
        secret: String,
    ) -> Result<(), RegistryError> {
        self.register(App {
            client_id,
            client_secret: secret,
            name: checked_text("the app's name", name)?,
            owner: owner.to_owned(),
            kind,
            distribution: Distribution::NotSharing,
            scopes: BTreeSet::new(),
            callback_url: None,
            reviewed: false,
        })
    }

    /// Changes the app's name.
    pub fn rename(&mut self, client_id: &str, name: &str) -> Result<(), RegistryError> {
        let name = checked_text("the app's name", name)?;
        self.get_mut(client_id)?.name = name;
        Ok(())
    }

    /// Stops sharing.
    pub fn stop_sharing(&mut self, client_id: &str) -> Result<(), RegistryError> {
        self.get_mut(client_id)?.distribution = Distribution::NotSharing;
        Ok(())
    }

    /// Starts sharing. Storing personal data needs the confirmation that it is reported.
    pub fn share(
        &mut self,
        client_id: &str,
        vendor_name: &str,
        privacy_policy: &str,
        personal_data: PersonalData,
    ) -> Result<(), RegistryError> {
        if personal_data == PersonalData::StoredUnconfirmed {
            return Err(RegistryError::ReportingNotConfirmed);
        }
        let distribution = Distribution::Sharing {
            vendor_name: checked_text("the vendor's name", vendor_name)?,
            privacy_policy: checked_address("the privacy policy", privacy_policy)?,
            stores_personal_data: personal_data == PersonalData::StoredAndReported,
        };
        self.get_mut(client_id)?.distribution = distribution;
        Ok(())
    }

    /// Replaces the scopes of one API.
    pub fn set_scopes(
        &mut self,
        client_id: &str,
        api: Api,
        scopes: Vec<String>,
    ) -> Result<(), RegistryError> {
        if let Some(scope) = scopes.iter().find(|scope| !api.offers(scope)) {
            return Err(RegistryError::UnknownScope { api: api.title(), scope: scope.clone() });
        }
        let app = self.get_mut(client_id)?;
        app.scopes.retain(|scope| Api::of_scope(scope) != Some(api));
        app.scopes.extend(scopes);
        Ok(())
    }

    /// Sets the one callback.
    pub fn set_callback(&mut self, client_id: &str, callback: &str) -> Result<(), RegistryError> {
        let callback = checked_address("the callback URL", callback)?;
        self.get_mut(client_id)?.callback_url = Some(callback);
        Ok(())
    }

    /// Replaces the secret; the old one stops working at once.
    pub fn rotate_secret(&mut self, client_id: &str, secret: String) -> Result<(), RegistryError> {
        self.get_mut(client_id)?.client_secret = secret;
        Ok(())
    }

    fn get_mut(&mut self, client_id: &str) -> Result<&mut App, RegistryError> {
        self.apps.iter_mut().find(|app| app.client_id == client_id).ok_or(RegistryError::UnknownApp)
    }
}

/// The personal-data declaration of the distribution screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PersonalData {
    /// "No".
    NotStored,
    /// "Yes", with the tick that the reporting API is implemented.
    StoredAndReported,
    /// "Yes", without the tick: refused.
    StoredUnconfirmed,
}

fn checked_text(field: &'static str, text: &str) -> Result<String, RegistryError> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > MAX_TEXT {
        return Err(RegistryError::Text { field });
    }
    Ok(text.to_owned())
}

/// The text as given, once it is known to be an address: the callback is compared letter by letter.
fn checked_address(field: &'static str, text: &str) -> Result<String, RegistryError> {
    let text = checked_text(field, text)?;
    let address = Url::parse(&text).map_err(|_| RegistryError::Address { field })?;
    if !matches!(address.scheme(), "http" | "https") || address.fragment().is_some() {
        return Err(RegistryError::Address { field });
    }
    Ok(text)
}

//! What a program needs to talk to a sandbox: the object printed by `linkspan sandbox --json`.

use serde::Serialize;

use crate::apps::scopes::{Api, OFFLINE_ACCESS};
use crate::apps::{App, Distribution, RegistryError};
use crate::gateway::AppState;
use crate::oauth::GrantKind;

/// The object under `sandbox` of the `--json` line.
#[derive(Clone, Debug, Serialize)]
pub struct SandboxInfo {
    /// The one origin that stands for every Atlassian host.
    pub origin: String,
    /// Opens the control plane.
    pub control_token: String,
    /// The pre-registered app.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
    /// Its callback.
    pub redirect_uri: String,
    /// All sites, the main one first.
    pub sites: Vec<SiteInfo>,
    /// A handful of people, an administrator first.
    pub users: Vec<UserInfo>,
}

/// One site.
#[derive(Clone, Debug, Serialize)]
pub struct SiteInfo {
    /// The stable key.
    pub cloud_id: String,
    /// The name shown on the consent screen.
    pub name: String,
    /// The site host.
    pub url: String,
}

/// One person with what basic authentication needs.
#[derive(Clone, Debug, Serialize)]
pub struct UserInfo {
    /// The stable key.
    pub account_id: String,
    /// Also the user name of basic authentication.
    pub email: String,
    /// The name others see.
    pub display_name: String,
    /// The password of basic authentication.
    pub api_token: String,
    /// Whether the person administers the main site.
    pub is_admin: bool,
}

impl AppState {
    /// The object that describes this sandbox to other programs.
    pub fn info(&self) -> SandboxInfo {
        let app = self.registry().iter().next().cloned();
        let sites = self.world().sites().iter();
        SandboxInfo {
            origin: self.origin().to_owned(),
            control_token: self.control_token().to_owned(),
            client_id: app.as_ref().map(|app| app.client_id.clone()).unwrap_or_default(),
            client_secret: app.as_ref().map(|app| app.client_secret.clone()).unwrap_or_default(),
            redirect_uri: app.and_then(|app| app.callback_url).unwrap_or_default(),
            sites: sites
                .map(|site| SiteInfo {
                    cloud_id: site.cloud_id().into(),
                    name: site.name().into(),
                    url: site.url().into(),
                })
                .collect(),
            users: self
                .representative_accounts()
                .into_iter()
                .map(|account| UserInfo {
                    account_id: account.account_id.clone(),
                    email: account.email().to_owned(),
                    display_name: account.display_name().to_owned(),
                    api_token: account.api_token.clone(),
                    is_admin: self.world().main_site().read().is_admin(account.index),
                })
                .collect(),
        }
    }

    /// Registers the app that every sandbox starts with: shared, owned by the first administrator, with every scope.
    pub(crate) fn register_default_app(&self, redirect_uri: &str) -> Result<(), RegistryError> {
        let owner = self
            .representative_accounts()
            .first()
            .map(|account| account.account_id.clone())
            .unwrap_or_default();
        let (client_id, client_secret) = self.new_client();
        let mut registry = self.registry();
        registry.register(App {
            client_id: client_id.clone(),
            client_secret,
            name: "Linkspan demo".to_owned(),
            owner,
            kind: GrantKind::AccountLevel,
            distribution: Distribution::Sharing {
                vendor_name: "Demo vendor".to_owned(),
                privacy_policy: "https://vendor.example/privacy".to_owned(),
                stores_personal_data: true,
            },
            scopes: Api::ALL.into_iter().flat_map(Api::scopes).map(str::to_owned).collect(),
            callback_url: None,
            reviewed: false,
        })?;
        registry.set_callback(&client_id, redirect_uri)
    }

    /// The client id of the app that every sandbox starts with.
    pub(crate) fn default_client_id(&self) -> String {
        self.registry().iter().next().map(|app| app.client_id.clone()).unwrap_or_default()
    }
}

impl App {
    /// Every scope that may be asked for.
    pub(crate) fn every_scope(&self) -> Vec<String> {
        self.scopes.iter().cloned().chain([OFFLINE_ACCESS.to_owned()]).collect()
    }
}

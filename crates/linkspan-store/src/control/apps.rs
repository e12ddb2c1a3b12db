//! The vendor's OAuth registrations.

use jiff::Timestamp;
use linkspan_model::ids::AppId;
use linkspan_vault::Sealed;

use crate::Store;
use crate::db::{Row, args, statements};
use crate::error::StoreError;

statements! {
    PUT = "INSERT INTO apps (id, client_id, client_secret, redirect_uri, name, scopes, created_at, modified_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $7)
        ON CONFLICT (id) DO UPDATE SET client_secret = excluded.client_secret, redirect_uri = excluded.redirect_uri,
            name = excluded.name, scopes = excluded.scopes, modified_at = excluded.modified_at";
    ONE = "SELECT id, client_id, client_secret, redirect_uri, name, scopes FROM apps WHERE id = $1";
    ALL = "SELECT id, client_id, client_secret, redirect_uri, name, scopes FROM apps ORDER BY created_at, id";
}

/// The vendor's OAuth registration at Atlassian.
#[derive(Clone, Debug)]
pub struct App {
    /// [`AppId::of_client`] of the client id.
    pub id: AppId,
    /// Client id.
    pub client_id: String,
    /// Client secret, sealed by the key ring for (`apps`, id, `client_secret`).
    pub client_secret: Sealed,
    /// The one callback URL.
    pub redirect_uri: String,
    /// Name for people.
    pub name: String,
    /// Scopes to ask for.
    pub scopes: Vec<String>,
}

impl Store {
    /// Registers an app, or replaces what is known of it.
    pub async fn put_app(&self, app: &App, now: Timestamp) -> Result<(), StoreError> {
        let scopes = list_json(&app.scopes);
        let args =
            args![app.id, &app.client_id, &app.client_secret, &app.redirect_uri, &app.name, scopes, now];
        self.db.write(PUT, args).await?;
        Ok(())
    }

    /// An app.
    pub async fn app(&self, id: AppId) -> Result<Option<App>, StoreError> {
        self.db.first(ONE, args![id]).await?.map(|row| read(&row)).transpose()
    }

    /// All apps, oldest first.
    pub async fn apps(&self) -> Result<Vec<App>, StoreError> {
        self.db.all(ALL, args![]).await?.iter().map(read).collect()
    }
}

fn read(row: &Row) -> Result<App, StoreError> {
    Ok(App {
        id: AppId(row.uuid(0)?),
        client_id: row.text(1)?,
        client_secret: row.sealed(2)?,
        redirect_uri: row.text(3)?,
        name: row.text(4)?,
        scopes: row.list(5)?,
    })
}

/// The stored form of a list of texts.
pub(crate) fn list_json(list: &[String]) -> String {
    serde_json::Value::from(list).to_string()
}

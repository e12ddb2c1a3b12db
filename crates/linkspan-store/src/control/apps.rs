//! The vendor's OAuth registrations.

use jiff::Timestamp;
use linkspan_model::ids::AppId;
use linkspan_model::product::AppPurpose;
use linkspan_vault::Sealed;

use crate::Store;
use crate::db::{Arg, Row, args, statements};
use crate::error::StoreError;

statements! {
    // Whichever of its two keys PostgreSQL meets first: of two that enter an app at a time, the other finds it there.
    NEW = "INSERT INTO apps (id, client_id, client_secret, redirect_uri, name, scopes, created_at, modified_at,
            previous_secret, previous_until)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8, $9) ON CONFLICT DO NOTHING";
    PUT = "INSERT INTO apps (id, client_id, client_secret, redirect_uri, name, scopes, created_at, modified_at,
            previous_secret, previous_until)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8, $9)
        ON CONFLICT (id) DO UPDATE SET previous_secret = COALESCE(excluded.previous_secret, apps.previous_secret),
            previous_until = COALESCE(excluded.previous_until, apps.previous_until), client_secret = excluded.client_secret, redirect_uri = excluded.redirect_uri,
            name = excluded.name, scopes = excluded.scopes, modified_at = excluded.modified_at";
    ENTER = "INSERT INTO apps (id, client_id, client_secret, redirect_uri, name, scopes, created_at, modified_at,
            previous_secret, previous_until)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8, $9)
        ON CONFLICT (id) DO UPDATE SET previous_secret = COALESCE(excluded.previous_secret, apps.previous_secret),
            previous_until = COALESCE(excluded.previous_until, apps.previous_until), client_secret = excluded.client_secret, redirect_uri = excluded.redirect_uri,
            name = excluded.name, modified_at = excluded.modified_at";
    SHARED_SCOPES = "SELECT scopes FROM apps WHERE id = $1
        AND EXISTS (SELECT 1 FROM app_assignments s WHERE s.app_id = apps.id AND s.purpose <> $2)";
    SET_SCOPES = "UPDATE apps SET scopes = $2 WHERE id = $1";
    ONE = "SELECT id, client_id, client_secret, redirect_uri, name, scopes, previous_secret, previous_until FROM apps WHERE id = $1";
    ALL = "SELECT id, client_id, client_secret, redirect_uri, name, scopes, previous_secret, previous_until FROM apps ORDER BY created_at, id";
    ASSIGN = "INSERT INTO app_assignments (purpose, app_id, assigned_at) VALUES ($1, $2, $3)
        ON CONFLICT (purpose) DO UPDATE SET app_id = excluded.app_id, assigned_at = excluded.assigned_at";
    ASSIGNED = "SELECT a.id, a.client_id, a.client_secret, a.redirect_uri, a.name, a.scopes, a.previous_secret, a.previous_until, s.purpose
        FROM app_assignments s JOIN apps a ON a.id = s.app_id ORDER BY s.purpose";
    UNASSIGN = "DELETE FROM app_assignments WHERE purpose = $1";
    DELETE_UNUSED = "DELETE FROM apps WHERE NOT EXISTS (SELECT 1 FROM app_assignments s WHERE s.app_id = apps.id)
        AND NOT EXISTS (SELECT 1 FROM grants g WHERE g.app_id = apps.id)";
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
    /// The client secret before this one, for a while. Storing an app without one keeps the one that is known.
    pub previous_secret: Option<PreviousSecret>,
}

/// A client secret that was replaced.
#[derive(Clone, Debug)]
pub struct PreviousSecret {
    /// The secret, sealed as it was.
    pub sealed: Sealed,
    /// Until when what it signed is accepted.
    pub until: Timestamp,
}

impl Store {
    /// Registers an app, or replaces what is known of it.
    pub async fn put_app(&self, app: &App, now: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        tx.execute(NEW, put_args(app, now)).await?;
        tx.execute(PUT, put_args(app, now)).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Registers an app, or replaces what is known of it, and lets it serve a purpose from now on. An app that serves
    /// other purposes too keeps the scopes it has for them: a consent replaces the one before, so every one has to ask
    /// for all. What the app that served it before is not needed for any more goes with its secret.
    pub async fn assign_app(&self, purpose: AppPurpose, app: &App, now: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        tx.execute(NEW, put_args(app, now)).await?;
        // Holds the row, so that of two purposes that are assigned at a time neither overlooks the other.
        tx.execute(ENTER, put_args(app, now)).await?;
        let mut scopes: Vec<String> = match tx.first(SHARED_SCOPES, args![app.id, purpose.as_str()]).await? {
            Some(row) => row.list(0)?,
            None => Vec::new(),
        };
        for scope in &app.scopes {
            if !scopes.contains(scope) {
                scopes.push(scope.clone());
            }
        }
        tx.execute(SET_SCOPES, args![app.id, list_json(&scopes)]).await?;
        tx.execute(ASSIGN, args![purpose.as_str(), app.id, now]).await?;
        tx.execute(DELETE_UNUSED, args![]).await?;
        tx.commit().await
    }

    /// Ends the service of the app that serves a purpose; `false` when none did. The app itself stays as long as grants
    /// were given to it: their tokens are refreshed with its secret.
    pub async fn unassign_app(&self, purpose: AppPurpose) -> Result<bool, StoreError> {
        let mut tx = self.db.begin().await?;
        let found = tx.execute(UNASSIGN, args![purpose.as_str()]).await? > 0;
        tx.execute(DELETE_UNUSED, args![]).await?;
        tx.commit().await?;
        Ok(found)
    }

    /// The apps that serve a purpose by themselves, in the order of [`AppPurpose::ALL`].
    pub async fn assigned_apps(&self) -> Result<Vec<(AppPurpose, App)>, StoreError> {
        let rows = self.db.all(ASSIGNED, args![]).await?;
        let mut apps: Vec<(AppPurpose, App)> =
            rows.iter().map(|row| Ok((row.word(8)?, read(row)?))).collect::<Result<_, StoreError>>()?;
        apps.sort_by_key(|(purpose, _)| *purpose);
        Ok(apps)
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

fn put_args(app: &App, now: Timestamp) -> Vec<Arg> {
    let scopes = list_json(&app.scopes);
    let previous = app.previous_secret.as_ref();
    args![
        app.id,
        &app.client_id,
        &app.client_secret,
        &app.redirect_uri,
        &app.name,
        scopes,
        now,
        previous.map(|previous| previous.sealed.as_bytes()),
        previous.map(|previous| previous.until),
    ]
}

fn read(row: &Row) -> Result<App, StoreError> {
    Ok(App {
        id: AppId(row.uuid(0)?),
        client_id: row.text(1)?,
        client_secret: row.sealed(2)?,
        redirect_uri: row.text(3)?,
        name: row.text(4)?,
        scopes: row.list(5)?,
        previous_secret: match (row.optional_sealed(6)?, row.optional_time(7)?) {
            (Some(sealed), Some(until)) => Some(PreviousSecret { sealed, until }),
            _ => None,
        },
    })
}

/// The stored form of a list of texts.
pub(crate) fn list_json(list: &[String]) -> String {
    serde_json::Value::from(list).to_string()
}

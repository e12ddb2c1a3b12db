//! Passes through the identity page. A pass moves only by compare-and-set, so each step happens once (hazard L9):
//!
//! ```text
//! waiting ──► started ──► answered ──► proven
//!                ▲           │
//!                └───────────┘ begun anew
//! ```

use jiff::Timestamp;
use linkspan_model::ids::AppId;
use linkspan_vault::Digest;
use uuid::Uuid;

use crate::Store;
use crate::db::{Row, args, statements};
use crate::error::StoreError;

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, app_id, reference, redirect_uri, expires_at, state, browser FROM identity_passes ",
            $rest
        )
    };
}

statements! {
    INSERT = "INSERT INTO identity_passes (id, token, app_id, reference, redirect_uri, created_at, expires_at, state)
        VALUES ($1, $2, $3, $4, $5, $6, $7, 'waiting') ON CONFLICT (token) DO NOTHING";
    ONE = select!("WHERE id = $1");
    BY_TOKEN = select!("WHERE token = $1");
    BY_OAUTH_STATE = select!("WHERE oauth_state = $1");
    START = "UPDATE identity_passes SET state = 'started', oauth_state = $2, browser = $3, state_expires_at = $5
        WHERE id = $1 AND state <> 'proven' AND expires_at > $4";
    ANSWER = "UPDATE identity_passes SET state = 'answered', oauth_state = NULL, state_expires_at = NULL
        WHERE oauth_state = $1 AND browser = $2 AND state = 'started' AND expires_at > $3 AND state_expires_at > $3
        RETURNING id";
    FINISH = "UPDATE identity_passes SET state = 'proven', browser = NULL WHERE id = $1 AND state = 'answered'";
    DELETE_EXPIRED = "DELETE FROM identity_passes WHERE id IN
        (SELECT id FROM identity_passes WHERE expires_at < $1 ORDER BY expires_at LIMIT 500)";
}

/// An identity token as the vendor asks for it.
#[derive(Clone, Debug)]
pub struct NewIdentityPass {
    /// Random id.
    pub id: Uuid,
    /// Digest of the identity token.
    pub token: Digest,
    /// The app to which the person consents.
    pub app: AppId,
    /// The vendor's own word for the person.
    pub reference: String,
    /// Where the person goes at the end; `None` shows a page.
    pub redirect_uri: Option<String>,
    /// When the token dies.
    pub expires_at: Timestamp,
}

/// A pass through the identity page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityPass {
    /// Its id.
    pub id: Uuid,
    /// The app to which the person consents.
    pub app: AppId,
    /// The vendor's own word for the person.
    pub reference: String,
    /// Where the person goes at the end.
    pub redirect_uri: Option<String>,
    /// When the token dies.
    pub expires_at: Timestamp,
    /// The person proved who they are with it.
    pub is_proven: bool,
    browser: Option<Digest>,
}

/// What became of the OAuth state of a callback.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdentityAnswer {
    /// It was good and is used up now.
    Taken(IdentityPass),
    /// It was never given out, used before, or replaced by a later start.
    Unknown,
    /// It was given to another browser. Nothing was used up.
    OtherBrowser,
    /// The pass or its state has expired.
    Expired,
}

impl Store {
    /// Records a new identity token, and forgets some that died before `forget_before`.
    ///
    /// # Errors
    /// [`StoreError::Exists`] when the token's digest is known already.
    pub async fn create_identity_pass(
        &self,
        pass: &NewIdentityPass,
        now: Timestamp,
        forget_before: Timestamp,
    ) -> Result<(), StoreError> {
        self.db.write(DELETE_EXPIRED, args![forget_before]).await?;
        let redirect_uri = pass.redirect_uri.as_deref();
        let args = args![pass.id, pass.token, pass.app, &pass.reference, redirect_uri, now, pass.expires_at];
        match self.db.write(INSERT, args).await? {
            0 => Err(StoreError::Exists("this identity token")),
            _ => Ok(()),
        }
    }

    /// The pass whose token has this digest, expired or not.
    pub async fn identity_pass_by_token(&self, token: &Digest) -> Result<Option<IdentityPass>, StoreError> {
        self.db.first(BY_TOKEN, args![token]).await?.map(|row| read(&row)).transpose()
    }

    /// Starts a pass, or starts it anew: the person is about to be sent to Atlassian with an OAuth state that dies at
    /// `state_expires_at`. `false` when it was used or has expired.
    pub async fn start_identity_pass(
        &self,
        id: Uuid,
        oauth_state: &Digest,
        browser: &Digest,
        now: Timestamp,
        state_expires_at: Timestamp,
    ) -> Result<bool, StoreError> {
        let args = args![id, oauth_state, browser, now, state_expires_at];
        Ok(self.db.write(START, args).await? > 0)
    }

    /// Uses up the OAuth state of a callback from the browser with the secret `browser`. To be called before the code is
    /// exchanged: of several callers with the same state only one gets [`IdentityAnswer::Taken`].
    pub async fn answer_identity_pass(
        &self,
        oauth_state: &Digest,
        browser: Option<&Digest>,
        now: Timestamp,
    ) -> Result<IdentityAnswer, StoreError> {
        if let Some(browser) = browser
            && let Some(row) = self.db.write_returning(ANSWER, args![oauth_state, browser, now]).await?
        {
            let pass = self.db.first(ONE, args![row.uuid(0)?]).await?.map(|row| read(&row)).transpose()?;
            return Ok(pass.map_or(IdentityAnswer::Unknown, IdentityAnswer::Taken));
        }
        let Some(row) = self.db.first(BY_OAUTH_STATE, args![oauth_state]).await? else {
            return Ok(IdentityAnswer::Unknown);
        };
        Ok(if read(&row)?.browser.as_ref() == browser {
            IdentityAnswer::Expired
        } else {
            IdentityAnswer::OtherBrowser
        })
    }
}

fn read(row: &Row) -> Result<IdentityPass, StoreError> {
    Ok(IdentityPass {
        id: row.uuid(0)?,
        app: AppId(row.uuid(1)?),
        reference: row.text(2)?,
        redirect_uri: row.optional_text(3)?,
        expires_at: row.time(4)?,
        is_proven: row.text(5)? == "proven",
        browser: row.optional_digest(6)?,
    })
}

//! Passes through the identity page. A pass moves only by compare-and-set, so each step happens once (hazard L9):
//!
//! ```text
//! waiting ──► started ──► answered ─┬─────────────► proven
//!                ▲           │      └─► held ─┬───► proven
//!                │           │           │    └───► refused
//!                └───────────┴───────────┘ begun anew
//! ```
//! *Held*: the proof waits until the vendor redeems the code that the person's browser brought back. *Refused*: it was
//! brought back in the session of somebody else than it was asked for, so nobody may use the pass any more.

use jiff::Timestamp;
use linkspan_model::ids::AppId;
use linkspan_vault::Digest;
use uuid::Uuid;

use crate::Store;
use crate::control::identities::IdentityProof;
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

/// Forgets the proof that waits.
macro_rules! no_proof {
    () => {
        "code = NULL, code_expires_at = NULL, account_id = NULL, email = NULL, email_verified = NULL, told_at = NULL"
    };
}

statements! {
    INSERT = "INSERT INTO identity_passes (id, token, app_id, reference, redirect_uri, created_at, expires_at, state)
        VALUES ($1, $2, $3, $4, $5, $6, $7, 'waiting') ON CONFLICT (token) DO NOTHING";
    ONE = select!("WHERE id = $1");
    BY_TOKEN = select!("WHERE token = $1");
    BY_OAUTH_STATE = select!("WHERE oauth_state = $1");
    START = concat!("UPDATE identity_passes SET state = 'started', oauth_state = $2, browser = $3, state_expires_at = $5, ",
        no_proof!(), " WHERE id = $1 AND state NOT IN ('proven', 'refused') AND expires_at > $4");
    ANSWER = "UPDATE identity_passes SET state = 'answered', oauth_state = NULL, state_expires_at = NULL
        WHERE oauth_state = $1 AND browser = $2 AND state = 'started' AND expires_at > $3 AND state_expires_at > $3
        RETURNING id";
    FINISH = "UPDATE identity_passes SET state = 'proven', browser = NULL WHERE id = $1 AND state = 'answered'";
    HOLD = "UPDATE identity_passes SET state = 'held', browser = NULL, code = $2, code_expires_at = $3, account_id = $4,
            email = $5, email_verified = $6, told_at = $7
        WHERE id = $1 AND state = 'answered'";
    HELD = "SELECT id, reference, app_id, account_id, email, email_verified, told_at FROM identity_passes
        WHERE code = $1 AND state = 'held' AND code_expires_at > $2";
    LET_GO = concat!("UPDATE identity_passes SET state = $2, ", no_proof!(), " WHERE id = $1 AND state = 'held'");
    FORGET_HELD = concat!("UPDATE identity_passes SET state = 'waiting', ", no_proof!(),
        " WHERE code IS NOT NULL AND code_expires_at <= $1");
    FORGET_HELD_OF = concat!("UPDATE identity_passes SET state = 'waiting', ", no_proof!(),
        " WHERE code IS NOT NULL AND account_id = $1");
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
    /// It is over: the person proved who they are with it, or the proof was refused.
    pub is_over: bool,
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
    /// Records a new identity token, and forgets some that died before `forget_before`, and proofs that nobody redeemed.
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
        self.forget_unredeemed_proofs(now).await?;
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

    /// Keeps what the person on an answered pass proved until the code with this digest is redeemed, or dies at
    /// `code_expires_at`. `false` unless the pass was answered and not used before.
    pub async fn hold_identity(
        &self,
        pass: Uuid,
        proof: &IdentityProof,
        code: &Digest,
        code_expires_at: Timestamp,
    ) -> Result<bool, StoreError> {
        let (email, verified) = (proof.email.as_deref(), proof.email_verified);
        let args = args![pass, code, code_expires_at, &proof.account_id, email, verified, proof.told_at];
        Ok(self.db.write(HOLD, args).await? > 0)
    }

    /// Forgets proofs whose codes have died; the number of them. Who still holds a living token may begin anew.
    pub async fn forget_unredeemed_proofs(&self, now: Timestamp) -> Result<u64, StoreError> {
        self.db.write(FORGET_HELD, args![now]).await
    }
}

fn read(row: &Row) -> Result<IdentityPass, StoreError> {
    Ok(IdentityPass {
        id: row.uuid(0)?,
        app: AppId(row.uuid(1)?),
        reference: row.text(2)?,
        redirect_uri: row.optional_text(3)?,
        expires_at: row.time(4)?,
        is_over: matches!(row.text(5)?.as_str(), "proven" | "refused"),
        browser: row.optional_digest(6)?,
    })
}

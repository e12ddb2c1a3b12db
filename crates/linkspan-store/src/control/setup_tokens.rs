//! Access to the set-up pages: tokens of addresses, each good for one exchange, and the sessions they are exchanged for.
//! Only digests are kept.

use jiff::Timestamp;
use linkspan_vault::Digest;

use crate::Store;
use crate::db::{args, statements};
use crate::error::StoreError;

statements! {
    INSERT = "INSERT INTO setup_tokens (digest, kind, expires_at) VALUES ($1, $2, $3) ON CONFLICT (digest) DO NOTHING";
    USE = "DELETE FROM setup_tokens WHERE digest = $1 AND kind = 'address' AND expires_at > $2";
    SESSION = "SELECT 1 FROM setup_tokens WHERE digest = $1 AND kind = 'session' AND expires_at > $2";
    DELETE = "DELETE FROM setup_tokens WHERE digest = $1";
    DELETE_EXPIRED = "DELETE FROM setup_tokens WHERE digest IN
        (SELECT digest FROM setup_tokens WHERE expires_at <= $1 LIMIT 500)";
}

/// What a set-up token opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetupTokenKind {
    /// One exchange for a session.
    Address,
    /// The set-up pages.
    Session,
}

impl SetupTokenKind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Session => "session",
        }
    }
}

impl Store {
    /// Records a new set-up token, and forgets some that have expired.
    ///
    /// # Errors
    /// [`StoreError::Exists`] when the digest is known already.
    pub async fn create_setup_token(
        &self,
        digest: &Digest,
        kind: SetupTokenKind,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        self.db.write(DELETE_EXPIRED, args![now]).await?;
        match self.db.write(INSERT, args![digest, kind.as_str(), expires_at]).await? {
            0 => Err(StoreError::Exists("this set-up token")),
            _ => Ok(()),
        }
    }

    /// Uses up the token of a set-up address; `false` when it is unknown, expired or was used before.
    pub async fn use_setup_token(&self, digest: &Digest, now: Timestamp) -> Result<bool, StoreError> {
        Ok(self.db.write(USE, args![digest, now]).await? > 0)
    }

    /// Whether this is a set-up session that has not expired.
    pub async fn is_setup_session(&self, digest: &Digest, now: Timestamp) -> Result<bool, StoreError> {
        Ok(self.db.first(SESSION, args![digest, now]).await?.is_some())
    }

    /// Ends a set-up session; `false` when there is none.
    pub async fn delete_setup_token(&self, digest: &Digest) -> Result<bool, StoreError> {
        Ok(self.db.write(DELETE, args![digest]).await? > 0)
    }
}

//! People who proved who they are. An e-mail address is a label: it may be hidden, change, or be given to somebody else
//! later (hazard P10). So it belongs to the account that proved it last, and the mapping before is marked. Only an address that
//! Atlassian verified is taken from another account; one that it did not is marked itself while another account has it.

use jiff::Timestamp;
use linkspan_model::ids::AppId;
use linkspan_model::product::UnknownWord;
use linkspan_vault::Digest;
use uuid::Uuid;

use crate::Store;
use crate::control::identity_passes;
use crate::db::{Query, Row, Tx, args, statements};
use crate::error::StoreError;

macro_rules! select {
    () => {
        "SELECT id, account_id, reference, app_id, email, email_verified, created_at, proven_at, superseded_at, confirmed_by
            FROM identities "
    };
}

statements! {
    ONE = concat!(select!(), "WHERE id = $1");
    SUPERSEDE = "UPDATE identities SET superseded_at = $3
        WHERE email_folded = $1 AND account_id <> $2 AND superseded_at IS NULL";
    HAS_EMAIL = "SELECT 1 FROM identities
        WHERE email_folded = $1 AND account_id <> $2 AND superseded_at IS NULL LIMIT 1";
    PUT = "INSERT INTO identities (id, account_id, reference, app_id, email, email_folded, email_verified, created_at,
            proven_at, confirmed_by)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9)
        ON CONFLICT (account_id, reference) DO UPDATE SET app_id = excluded.app_id, proven_at = excluded.proven_at,
            confirmed_by = CASE WHEN identities.confirmed_by = 'redirect' THEN 'redirect' ELSE excluded.confirmed_by END
        RETURNING id";
    SET_EMAIL = "UPDATE identities SET email = $2, email_folded = $3, email_verified = $4, fetched_at = $5,
            superseded_at = $6
        WHERE account_id = $1";
    BLANK = "UPDATE identities SET email = NULL, email_folded = NULL, email_verified = NULL, superseded_at = NULL,
            fetched_at = $3
        WHERE account_id = $1 AND fetched_at < $2";
    DELETE = "DELETE FROM identities WHERE id = $1";
    ERASE = "DELETE FROM identities WHERE account_id = $1";
}

/// What a person proved.
#[derive(Clone, Debug)]
pub struct IdentityProof {
    /// Random id, used if the person is new.
    pub id: Uuid,
    /// The Atlassian account.
    pub account_id: String,
    /// The app to which the person consented.
    pub app: AppId,
    /// The account's e-mail address; `None` when it is hidden.
    pub email: Option<String>,
    /// Whether Atlassian verified the address, where it says so.
    pub email_verified: Option<bool>,
    /// When Atlassian told all this.
    pub told_at: Timestamp,
}

/// Who confirmed that it was the person meant who proved to be an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfirmedBy {
    /// Nobody but whoever passed the page: it may be somebody whom the address was handed on to.
    Page,
    /// The vendor, who redeemed the proof in the session of the person it was asked for.
    Redirect,
}

impl ConfirmedBy {
    /// The stored word, which is the one on the wire too.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Redirect => "redirect",
        }
    }
}

impl std::str::FromStr for ConfirmedBy {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        [Self::Page, Self::Redirect].into_iter().find(|it| it.as_str() == text).ok_or_else(|| UnknownWord {
            what: "confirmation",
            word: text.to_owned(),
            known: "page, redirect",
        })
    }
}

/// What became of a code that was redeemed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Redeemed {
    /// It was good and is used up; this was recorded.
    Recorded(Identity),
    /// It was never given out, was redeemed before, or has expired.
    Unknown,
    /// Its proof was asked for another person. It is used up, the pass too; nothing was recorded.
    OtherPerson,
}

/// A person of the vendor's who proved to be an Atlassian account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Its id.
    pub id: Uuid,
    /// The Atlassian account.
    pub account_id: String,
    /// The vendor's own word for the person.
    pub reference: String,
    /// The app to which the person consented last.
    pub app: AppId,
    /// The account's e-mail address as its latest proof told it; `None` when it was hidden, or when the account changed
    /// since.
    pub email: Option<String>,
    /// Whether Atlassian verified the address, where it says so.
    pub email_verified: Option<bool>,
    /// When the person first proved it.
    pub created_at: Timestamp,
    /// When the person last proved it.
    pub proven_at: Timestamp,
    /// Since when the e-mail address belongs to another account: one that proved it later, or that had it when this one told
    /// it without its being verified. The account itself is proven all the same.
    pub superseded_at: Option<Timestamp>,
    /// Who confirmed that it was the person meant. What the vendor once confirmed stays confirmed.
    pub confirmed_by: ConfirmedBy,
}

/// Which identities to list.
#[derive(Clone, Debug, Default)]
pub struct IdentityFilter {
    /// Those of this Atlassian account.
    pub account_id: Option<String>,
    /// Those that this e-mail address belongs to; case does not count.
    pub email: Option<String>,
    /// Those of this word of the vendor's.
    pub reference: Option<String>,
    /// With `email`: also those that it belonged to before.
    pub superseded: bool,
}

impl Store {
    /// Records what the person on an answered pass proved, in one transaction: the pass is used up, the e-mail address
    /// belongs to this account from now on, unless it is another account's and not verified for this one. `None` unless the
    /// pass was answered and not used before.
    pub async fn record_identity(
        &self,
        pass: Uuid,
        reference: &str,
        proof: &IdentityProof,
        now: Timestamp,
    ) -> Result<Option<Identity>, StoreError> {
        let mut tx = self.db.begin().await?;
        // Of two people who prove one address at a time, one must be the last.
        tx.lock_identities().await?;
        if tx.execute(identity_passes::FINISH, args![pass]).await? == 0 {
            return Ok(None);
        }
        let identity = record(&mut tx, reference, proof, ConfirmedBy::Page, now).await?;
        tx.commit().await?;
        Ok(Some(identity))
    }

    /// Redeems the code of a held proof for the person of this reference, in one transaction: it is recorded as above, with
    /// the id `id` if the person is new. Of several callers with the same code one gets anything else than
    /// [`Redeemed::Unknown`].
    pub async fn redeem_identity(
        &self,
        code: &Digest,
        reference: &str,
        id: Uuid,
        now: Timestamp,
    ) -> Result<Redeemed, StoreError> {
        let mut tx = self.db.begin().await?;
        tx.lock_identities().await?;
        let Some(row) = tx.first(identity_passes::HELD, args![code, now]).await? else {
            return Ok(Redeemed::Unknown);
        };
        let is_theirs = row.text(1)? == reference;
        let state = if is_theirs { "proven" } else { "refused" };
        if tx.execute(identity_passes::LET_GO, args![row.uuid(0)?, state]).await? == 0 {
            return Ok(Redeemed::Unknown);
        }
        let redeemed = if is_theirs {
            let proof = IdentityProof {
                id,
                app: AppId(row.uuid(2)?),
                account_id: row.text(3)?,
                email: row.optional_text(4)?,
                email_verified: row.optional_bool(5)?,
                told_at: row.time(6)?,
            };
            Redeemed::Recorded(record(&mut tx, reference, &proof, ConfirmedBy::Redirect, now).await?)
        } else {
            Redeemed::OtherPerson
        };
        tx.commit().await?;
        Ok(redeemed)
    }

    /// Identities that meet the filter, oldest first, behind the one at `after`.
    pub async fn identities(
        &self,
        filter: &IdentityFilter,
        after: Option<(Timestamp, Uuid)>,
        limit: u32,
    ) -> Result<Vec<Identity>, StoreError> {
        let mut query = Query::new(select!());
        query.push("WHERE 1 = 1");
        if let Some(account_id) = &filter.account_id {
            query.push(" AND account_id = ").bind(account_id);
        }
        if let Some(email) = &filter.email {
            query.push(" AND email_folded = ").bind(fold(email));
            if !filter.superseded {
                query.push(" AND superseded_at IS NULL");
            }
        }
        if let Some(reference) = &filter.reference {
            query.push(" AND reference = ").bind(reference);
        }
        if let Some((created_at, id)) = after {
            query.push(" AND (created_at, id) > (").bind(created_at).push(", ").bind(id).push(")");
        }
        query.push(" ORDER BY created_at, id LIMIT ").bind(i64::from(limit));
        let (sql, args) = query.finish();
        self.db.all(sql, args).await?.iter().map(read).collect()
    }

    /// Deletes an identity; `false` when there is none.
    pub async fn delete_identity(&self, id: Uuid) -> Result<bool, StoreError> {
        Ok(self.db.write(DELETE, args![id]).await? > 0)
    }

    /// Forgets the e-mail address of an account that changed, if it was told before Atlassian said so at `told_at`: until it
    /// is proven again nobody knows whose it is. From `now` on nothing older is held. The number of identities blanked.
    pub async fn blank_identities_of(
        &self,
        account_id: &str,
        told_at: Timestamp,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        self.db.write(BLANK, args![account_id, told_at, now]).await
    }

    /// Deletes all that is known of a person by their Atlassian account, proofs that wait included; the number of identities
    /// deleted. Nothing of them stays in the database's own log.
    pub async fn erase_identities_of(&self, account_id: &str) -> Result<u64, StoreError> {
        let mut tx = self.db.begin().await?;
        let erased = tx.execute(ERASE, args![account_id]).await?;
        let held = tx.execute(identity_passes::FORGET_HELD_OF, args![account_id]).await?;
        tx.commit().await?;
        if erased + held > 0 {
            self.db.forget_erased().await?;
        }
        Ok(erased)
    }
}

/// Records a proof, in a transaction that alone records what people prove.
async fn record(
    tx: &mut Tx,
    reference: &str,
    proof: &IdentityProof,
    confirmed_by: ConfirmedBy,
    now: Timestamp,
) -> Result<Identity, StoreError> {
    let IdentityProof { id, account_id, app, email, email_verified, told_at } = proof;
    let (email, verified) = (email.as_deref(), *email_verified);
    let folded = email.map(fold);
    let folded = folded.as_deref();
    let superseded_at = match folded {
        Some(folded) if verified == Some(true) => {
            tx.execute(SUPERSEDE, args![folded, account_id, now]).await?;
            None
        }
        Some(folded) => tx.first(HAS_EMAIL, args![folded, account_id]).await?.map(|_| now),
        None => None,
    };
    let put = args![*id, account_id, reference, *app, email, folded, verified, now, confirmed_by.as_str()];
    let row = tx.first(PUT, put).await?;
    let id = row.ok_or_else(|| StoreError::corrupt("an identity was not returned"))?.uuid(0)?;
    // The address is the account's, whatever the vendor calls the person.
    tx.execute(SET_EMAIL, args![account_id, email, folded, verified, *told_at, superseded_at]).await?;
    let row = tx.first(ONE, args![id]).await?;
    read(&row.ok_or_else(|| StoreError::corrupt("an identity vanished"))?)
}

/// An e-mail address for comparing. Providers differ on whether case counts before the `@`; none gives two people
/// addresses that differ in it alone.
fn fold(email: &str) -> String {
    email.trim().to_lowercase()
}

fn read(row: &Row) -> Result<Identity, StoreError> {
    Ok(Identity {
        id: row.uuid(0)?,
        account_id: row.text(1)?,
        reference: row.text(2)?,
        app: AppId(row.uuid(3)?),
        email: row.optional_text(4)?,
        email_verified: row.optional_bool(5)?,
        created_at: row.time(6)?,
        proven_at: row.time(7)?,
        superseded_at: row.optional_time(8)?,
        confirmed_by: row.word(9)?,
    })
}

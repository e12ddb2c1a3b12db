//! Linked accounts: what the vendor's API callers see.

use std::collections::BTreeMap;

use jiff::Timestamp;
use linkspan_model::event::EventKind;
use linkspan_model::ids::{GrantId, LinkedAccountId, SourceId};
use linkspan_model::product::Integration;
use linkspan_vault::{Digest, Sealed};
use serde_json::json;
use uuid::Uuid;

use crate::Store;
use crate::control::links::EndUser;
use crate::control::unlink_receipts::{self, UnlinkReceipt};
use crate::db::{Query, Row, Tx, args, statements};
use crate::error::StoreError;
use crate::spine::events::{self, NewEvent};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT a.id, a.integration, a.origin_id, a.organization_name, a.email_address, a.source_id, a.token_digest,
                a.token_sealed, a.created_at, a.completed_at, s.grant_id, g.state, g.reason
            FROM linked_accounts a JOIN sources s ON s.id = a.source_id LEFT JOIN grants g ON g.id = s.grant_id ",
            $rest
        )
    };
}

statements! {
    ONE = select!("WHERE a.id = $1");
    BY_TOKEN = select!("WHERE a.token_digest = $1");
    UPSERT = "INSERT INTO linked_accounts (id, integration, origin_id, organization_name, email_address, source_id,
            token_digest, token_sealed, created_at, completed_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)
        ON CONFLICT (origin_id, integration) DO UPDATE SET organization_name = excluded.organization_name,
            email_address = excluded.email_address, source_id = excluded.source_id
        RETURNING id";
    SOURCE_OF = "SELECT a.source_id, s.grant_id, a.integration, a.origin_id, a.organization_name
        FROM linked_accounts a JOIN sources s ON s.id = a.source_id WHERE a.id = $1";
    DEAD_OF_SOURCE = "SELECT a.id, a.source_id FROM linked_accounts a JOIN sources s ON s.id = a.source_id
        LEFT JOIN grants g ON g.id = s.grant_id
        WHERE (a.source_id = $1 OR (a.origin_id = $2 AND a.integration = $3))
            AND (g.state IS NULL OR g.state <> 'healthy')
        ORDER BY a.created_at, a.id";
    OF_OTHERS = "SELECT id FROM linked_accounts WHERE source_id = $1 AND origin_id <> $2 LIMIT 1";
    OF_GRANT = "SELECT a.id, a.source_id FROM linked_accounts a JOIN sources s ON s.id = a.source_id
        WHERE s.grant_id = $1 ORDER BY a.created_at, a.id";
    SET_TOKEN = "UPDATE linked_accounts SET token_digest = $2, token_sealed = $3 WHERE id = $1";
    RESEAL = "UPDATE linked_accounts SET token_sealed = $3 WHERE id = $1 AND token_sealed = $2";
    DELETE = "DELETE FROM linked_accounts WHERE id = $1";
    RETIRE_SOURCE = "UPDATE sources SET state = 'removing' WHERE id = $1 AND state = 'active'
        AND NOT EXISTS (SELECT 1 FROM linked_accounts WHERE source_id = $1)";
    DELETE_UNUSED_GRANT = "DELETE FROM grants WHERE id = $1
        AND NOT EXISTS (SELECT 1 FROM sources WHERE grant_id = $1 AND state = 'active')";
}

/// A customer's integration over a source.
#[derive(Clone, Debug)]
pub struct LinkedAccount {
    /// Its id.
    pub id: LinkedAccountId,
    /// What was linked.
    pub integration: Integration,
    /// The customer, as the vendor knows it.
    pub end_user: EndUser,
    /// What it reads.
    pub source: SourceId,
    /// Through which grant.
    pub grant: GrantId,
    /// Digest of its account token.
    pub token_digest: Digest,
    /// Its account token, sealed by the account's data key for (`linked_accounts`, id, `token`).
    pub token_sealed: Sealed,
    /// When it was first linked.
    pub created_at: Timestamp,
    /// When linking was completed.
    pub completed_at: Timestamp,
    /// Whether its grant can be used.
    pub status: AccountStatus,
}

/// Whether a linked account can be read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountStatus {
    /// All is well.
    Complete,
    /// The customer must link again.
    RelinkNeeded {
        /// Why, for people.
        reason: String,
    },
}

/// Which linked accounts to list. Conditions left out hold for all.
#[derive(Clone, Debug, Default)]
pub struct AccountFilter {
    /// Any of these ids.
    pub ids: Option<Vec<LinkedAccountId>>,
    /// Those that read this source.
    pub source: Option<SourceId>,
    /// Any of these integrations.
    pub integrations: Option<Vec<Integration>>,
    /// Any of these customers.
    pub origin_ids: Option<Vec<String>>,
    /// Exactly this organisation name.
    pub organization_name: Option<String>,
    /// Exactly this e-mail address.
    pub email_address: Option<String>,
    /// Whether the customer must link again.
    pub relink_needed: Option<bool>,
}

/// What unlinking left to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unlinked {
    /// The source the account read.
    pub source: SourceId,
    /// No other account uses the source: it takes no more writes and is to be erased with [`Store::erase_source`].
    pub source_is_unused: bool,
    /// The grant.
    pub grant: GrantId,
    /// No other source uses the grant: it is gone, with its data key.
    pub grant_is_gone: bool,
}

/// What unlinking an account came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountUnlinked {
    /// What it left to do.
    pub left: Unlinked,
    /// What is left of the account.
    pub receipt: UnlinkReceipt,
}

impl Store {
    /// A linked account.
    pub async fn linked_account(&self, id: LinkedAccountId) -> Result<Option<LinkedAccount>, StoreError> {
        self.db.first(ONE, args![id]).await?.map(|row| read(&row)).transpose()
    }

    /// The linked account whose account token has this digest.
    pub async fn linked_account_by_token(&self, token: &Digest) -> Result<Option<LinkedAccount>, StoreError> {
        self.db.first(BY_TOKEN, args![token]).await?.map(|row| read(&row)).transpose()
    }

    /// Linked accounts that meet the filter, oldest first, behind the position `after` (`created_at` and id of the last
    /// one of the page before).
    pub async fn list_linked_accounts(
        &self,
        filter: &AccountFilter,
        after: Option<(Timestamp, LinkedAccountId)>,
        limit: u32,
    ) -> Result<Vec<LinkedAccount>, StoreError> {
        let mut query = Query::new(select!("WHERE 1 = 1"));
        if let Some(ids) = &filter.ids {
            query.push(" AND a.id IN ").bind_list(ids.iter().copied());
        }
        if let Some(source) = filter.source {
            query.push(" AND a.source_id = ").bind(source);
        }
        if let Some(integrations) = &filter.integrations {
            query.push(" AND a.integration IN ").bind_list(integrations.iter().map(|i| i.slug()));
        }
        if let Some(origin_ids) = &filter.origin_ids {
            query.push(" AND a.origin_id IN ").bind_list(origin_ids.iter());
        }
        if let Some(name) = &filter.organization_name {
            query.push(" AND a.organization_name = ").bind(name);
        }
        if let Some(email) = &filter.email_address {
            query.push(" AND a.email_address = ").bind(email);
        }
        if let Some(needed) = filter.relink_needed {
            query.push(" AND (g.state IS NULL OR g.state <> 'healthy') = ").bind(needed);
        }
        if let Some((created_at, id)) = after {
            query.push(" AND (a.created_at, a.id) > (").bind(created_at).push(", ").bind(id).push(")");
        }
        query.push(" ORDER BY a.created_at, a.id LIMIT ").bind(i64::from(limit));
        let (sql, args) = query.finish();
        self.db.all(sql, args).await?.iter().map(read).collect()
    }

    /// Replaces the account token; the old one is refused from now on. `false` when the account is gone.
    pub async fn set_account_token(
        &self,
        id: LinkedAccountId,
        digest: &Digest,
        sealed: &Sealed,
    ) -> Result<bool, StoreError> {
        Ok(self.db.write(SET_TOKEN, args![id, digest, sealed]).await? > 0)
    }

    /// Stores the same account token sealed anew; `false` when it is no longer the one in `old`.
    pub async fn reseal_account_token(
        &self,
        id: LinkedAccountId,
        old: &Sealed,
        new: &Sealed,
    ) -> Result<bool, StoreError> {
        Ok(self.db.write(RESEAL, args![id, old, new]).await? > 0)
    }

    /// Unlinks: deletes the account and its data key; retires the source when no other account uses it; deletes the
    /// grant with its data key when no other source uses it. One transaction: nobody sees half of it, and a refresh or
    /// a sync that is under way can write nothing afterwards (hazards L3, L11, G4). Of what was told about the account, the
    /// event `linked_account.deleted` alone is left, and a receipt, which gets the id `receipt`. `None` when the account is gone.
    pub async fn unlink(
        &self,
        id: LinkedAccountId,
        receipt: Uuid,
        now: Timestamp,
    ) -> Result<Option<AccountUnlinked>, StoreError> {
        let mut tx = self.db.begin().await?;
        let Some(row) = tx.first(SOURCE_OF, args![id]).await? else {
            return Ok(None);
        };
        let (source, grant) = (SourceId(row.uuid(0)?), GrantId(row.uuid(1)?));
        tx.lock_source(source).await?;
        if tx.execute(DELETE, args![id]).await? == 0 {
            // Somebody else unlinked it while this waited.
            return Ok(None);
        }
        tx.execute(super::data_keys::DESTROY, args![id.0]).await?;
        tx.execute(super::followers::DELETE_OF_ACCOUNT, args![id]).await?;
        let unlinked = retire(&mut tx, source, grant).await?;
        tx.execute(events::FORGET_ACCOUNT, args![id]).await?;
        let details = json!({
            "integration": row.text(2)?,
            "end_user_origin_id": row.text(3)?,
            "end_user_organization_name": row.text(4)?,
        });
        // Without the source: it outlives what was read.
        let deleted =
            NewEvent { kind: EventKind::LinkedAccountDeleted, source: None, account: Some(id), details };
        events::append(&mut tx, &[deleted], now).await?;
        let receipt = UnlinkReceipt {
            id: receipt,
            account: id,
            integration: row.word(2)?,
            source,
            unlinked_at: now,
            grant_destroyed: unlinked.grant_is_gone,
            source_shared: !unlinked.source_is_unused,
            erased_at: None,
            erased: BTreeMap::new(),
        };
        unlink_receipts::insert(&mut tx, &receipt).await?;
        tx.commit().await?;
        // What is left of them is about an account that is gone, and is not sent.
        if let Err(error) = self.delete_deliveries_of_account(id).await {
            tracing::warn!(account.id = %id, %error, "deliveries of an unlinked account could not be deleted");
        }
        Ok(Some(AccountUnlinked { left: unlinked, receipt }))
    }
}

/// The same event for each of these accounts, given as rows of id and source.
pub(crate) fn event_for_each(
    rows: &[Row],
    kind: EventKind,
    details: &serde_json::Value,
) -> Result<Vec<NewEvent>, StoreError> {
    rows.iter()
        .map(|row| {
            Ok(NewEvent {
                kind,
                account: Some(LinkedAccountId(row.uuid(0)?)),
                source: Some(SourceId(row.uuid(1)?)),
                details: details.clone(),
            })
        })
        .collect()
}

/// Retires a source that no account uses any more, and deletes its grant, with the grant's data key, when no source uses
/// that any more.
pub(crate) async fn retire(tx: &mut Tx, source: SourceId, grant: GrantId) -> Result<Unlinked, StoreError> {
    let source_is_unused = tx.execute(RETIRE_SOURCE, args![source]).await? > 0;
    let grant_is_gone = source_is_unused && drop_unused_grant(tx, grant).await?;
    Ok(Unlinked { source, source_is_unused, grant, grant_is_gone })
}

/// Deletes a grant with its data key if no source is read through it any more; whether it did.
pub(crate) async fn drop_unused_grant(tx: &mut Tx, grant: GrantId) -> Result<bool, StoreError> {
    let is_gone = tx.execute(DELETE_UNUSED_GRANT, args![grant]).await? > 0;
    if is_gone {
        tx.execute(super::data_keys::DESTROY, args![grant.0]).await?;
    }
    Ok(is_gone)
}

fn read(row: &Row) -> Result<LinkedAccount, StoreError> {
    Ok(LinkedAccount {
        id: LinkedAccountId(row.uuid(0)?),
        integration: row.word(1)?,
        end_user: EndUser {
            origin_id: row.text(2)?,
            organization_name: row.text(3)?,
            email_address: row.text(4)?,
        },
        source: SourceId(row.uuid(5)?),
        token_digest: row.digest(6)?,
        token_sealed: row.sealed(7)?,
        created_at: row.time(8)?,
        completed_at: row.time(9)?,
        grant: GrantId(row.uuid(10)?),
        status: match row.optional_text(11)?.as_deref() {
            Some("healthy") => AccountStatus::Complete,
            // A grant that is gone cannot be used either.
            _ => AccountStatus::RelinkNeeded { reason: row.optional_text(12)?.unwrap_or_default() },
        },
    })
}

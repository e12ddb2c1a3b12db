//! The transaction that completes a link.

use std::collections::HashSet;

use jiff::Timestamp;
use linkspan_model::event::EventKind;
use linkspan_model::ids::{GrantId, LinkId, LinkedAccountId, SourceId};

use crate::Store;
use crate::control::accounts::{self, Unlinked};
use crate::control::links::{self, Completion, LinkCompleted, LinkState};
use crate::control::sources::NewSource;
use crate::control::{data_keys, followers, sources, sync_notices};
use crate::db::{Tx, args};
use crate::error::StoreError;
use crate::spine::events::{self, NewEvent};

pub(super) async fn complete(
    store: &Store,
    id: LinkId,
    completion: &Completion,
    now: Timestamp,
) -> Result<Option<LinkCompleted>, StoreError> {
    let mut tx = store.db.begin().await?;
    let source = completion.source.id;
    // Before anything is read: on PostgreSQL this orders the completion with an unlink of the same source.
    tx.lock_source(source).await?;
    let Some(link) = tx.first(links::ONE, args![id]).await?.map(|row| links::read(&row)).transpose()? else {
        return Ok(None);
    };
    if link.state != (LinkState::Consented { grant: completion.source.grant }) {
        return Ok(None);
    }
    let before = tx.first(sources::ONE, args![source]).await?;
    let slug = completion.integration.slug();
    let dead = tx.all(accounts::DEAD_OF_SOURCE, args![source, &link.end_user.origin_id, slug]).await?;
    if tx.execute(sources::PUT, sources::put_args(&completion.source, now)).await? == 0 {
        return Err(StoreError::SourceGone(source));
    }
    let mut told = Vec::new();
    if let Some(before) = before {
        told.extend(reach_reduced(&before.list(6)?, &completion.source));
        let former = GrantId(before.uuid(1)?);
        if former != completion.source.grant {
            // Whoever chose the source looked before this transaction began.
            if tx.first(accounts::OF_OTHERS, args![source, &link.end_user.origin_id]).await?.is_some() {
                return Err(StoreError::SourceShared(source));
            }
            accounts::drop_unused_grant(&mut tx, former).await?;
        }
    }

    let former = tx
        .first(links::ACCOUNT_SOURCE, args![&link.end_user.origin_id, completion.integration.slug()])
        .await?;
    let row = tx
        .first(
            accounts::UPSERT,
            args![
                completion.account,
                completion.integration.slug(),
                &link.end_user.origin_id,
                &link.end_user.organization_name,
                &link.end_user.email_address,
                source,
                completion.token_digest,
                &completion.token_sealed,
                now,
            ],
        )
        .await?
        .ok_or_else(|| StoreError::corrupt("a linked account was not returned"))?;
    let account = LinkedAccountId(row.uuid(0)?);
    let relinked = account != completion.account;
    if !relinked {
        tx.execute(data_keys::INSERT, args![account.0, &completion.data_key, now]).await?;
    }
    let left = match former {
        Some(row) => leave(&mut tx, SourceId(row.uuid(1)?), GrantId(row.uuid(2)?), source).await?,
        None => None,
    };
    if left.is_some() {
        tx.execute(followers::BEGIN_ANEW, args![account]).await?;
    }

    let finish = args![id, account, completion.public_token, completion.public_token_expires_at, now];
    if tx.execute(links::FINISH, finish).await? == 0 {
        return Ok(None);
    }
    if relinked {
        // Dead until a moment ago; a grant that a consent revived was told when it was.
        let still: HashSet<_> = tx
            .all(accounts::DEAD_OF_SOURCE, args![source, &link.end_user.origin_id, slug])
            .await?
            .iter()
            .map(|row| row.uuid(0))
            .collect::<Result<_, _>>()?;
        let restored =
            accounts::event_for_each(&dead, EventKind::LinkedAccountRestored, &serde_json::json!({}))?;
        told.extend(
            restored
                .into_iter()
                .filter(|event| event.account.is_some_and(|account| !still.contains(&account.0)))
                .map(|event| NewEvent { source: Some(source), ..event }),
        );
    } else {
        told.push(NewEvent {
            kind: EventKind::LinkedAccountCreated,
            source: Some(source),
            account: Some(account),
            details: serde_json::json!({}),
        });
        // What it reads was read already, for another account: nobody will tell of a first reading again.
        if tx.first(sync_notices::READ_ALREADY, args![source]).await?.is_some() {
            told.push(NewEvent {
                kind: EventKind::SyncCompleted,
                source: Some(source),
                account: Some(account),
                details: serde_json::json!({ "is_initial": true, "changed": 0, "failed_streams": [] }),
            });
        }
    }
    events::append(&mut tx, &told, now).await?;
    tx.commit().await?;
    let account = store.linked_account(account).await?;
    Ok(account.map(|account| LinkCompleted { account, relinked, left }))
}

/// The event that a grant opens less of a source than it did.
fn reach_reduced(before: &[String], now: &NewSource) -> Option<NewEvent> {
    let lost: Vec<&String> = before.iter().filter(|scope| !now.scopes.contains(scope)).collect();
    (!lost.is_empty()).then(|| NewEvent {
        kind: EventKind::ReachReduced,
        source: Some(now.id),
        account: None,
        details: serde_json::json!({ "lost_scopes": lost }),
    })
}

/// Retires the source an account used to read, if that is another one than now and nobody else reads it.
async fn leave(
    tx: &mut Tx,
    former: SourceId,
    former_grant: GrantId,
    present: SourceId,
) -> Result<Option<Unlinked>, StoreError> {
    if former == present {
        return Ok(None);
    }
    accounts::retire(tx, former, former_grant).await.map(Some)
}

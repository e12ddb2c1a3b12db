use linkspan_model::product::Integration;
use linkspan_store::{AccountFilter, AccountStatus, SourceState, Store};

use crate::fixture::{at, delete_source, digest, end_user, grant, link, new_source, sealed, uuid_of};

pub(crate) async fn accounts_are_listed_by_filter_page_by_page(store: Store) {
    for (name, origin) in [("a", "acme"), ("b", "bolt"), ("c", "core")] {
        link(&store, name, origin, "ann").await;
    }
    let version = store.grant(grant("ann")).await.unwrap().unwrap().version;
    let list = async |filter: AccountFilter| {
        let mut origins = Vec::new();
        let mut after = None;
        while let Some(account) = store.list_linked_accounts(&filter, after, 1).await.unwrap().pop() {
            after = Some((account.created_at, account.id));
            origins.push(account.end_user.origin_id);
        }
        origins.sort_unstable();
        origins
    };
    let all = AccountFilter::default;
    assert_eq!(list(all()).await, ["acme", "bolt", "core"]);
    let origin_ids = Some(vec!["core".to_owned(), "acme".to_owned(), "none".to_owned()]);
    assert_eq!(list(AccountFilter { origin_ids, ..all() }).await, ["acme", "core"]);
    assert_eq!(
        list(AccountFilter { email_address: Some("it@bolt.example".to_owned()), ..all() }).await,
        ["bolt"]
    );
    assert_eq!(
        list(AccountFilter { organization_name: Some("core Ltd".to_owned()), ..all() }).await,
        ["core"]
    );
    let ids = Some(vec![linkspan_model::ids::LinkedAccountId(uuid_of("b"))]);
    assert_eq!(list(AccountFilter { ids, ..all() }).await, ["bolt"]);
    assert!(list(AccountFilter { ids: Some(Vec::new()), ..all() }).await.is_empty());
    assert_eq!(list(AccountFilter { integrations: Some(vec![Integration::Jira]), ..all() }).await.len(), 3);
    assert!(
        list(AccountFilter { integrations: Some(vec![Integration::Confluence]), ..all() }).await.is_empty()
    );

    assert!(list(AccountFilter { relink_needed: Some(true), ..all() }).await.is_empty());
    store.mark_grant_needs_relink_if_version(grant("ann"), version, "dead", at(900)).await.unwrap();
    assert_eq!(list(AccountFilter { relink_needed: Some(true), ..all() }).await.len(), 3);
    assert!(list(AccountFilter { relink_needed: Some(false), ..all() }).await.is_empty());
    let of = |source| AccountFilter { source: Some(source), ..all() };
    assert_eq!(list(of(new_source("ann").id)).await.len(), 3);
    assert!(list(of(new_source("nobody").id)).await.is_empty());
}

pub(crate) async fn an_account_token_is_replaced_and_the_old_one_refused(store: Store) {
    let account = link(&store, "a", "acme", "ann").await.account;
    let found = store.linked_account_by_token(&account.token_digest).await.unwrap().unwrap();
    assert_eq!((found.id, &found.end_user), (account.id, &end_user("acme")));
    assert!(store.set_account_token(account.id, &digest("newer"), &sealed("newer")).await.unwrap());
    assert!(store.linked_account_by_token(&account.token_digest).await.unwrap().is_none());
    assert!(store.linked_account_by_token(&digest("newer")).await.unwrap().is_some());
    assert!(!store.reseal_account_token(account.id, &account.token_sealed, &sealed("x")).await.unwrap());
    assert!(store.reseal_account_token(account.id, &sealed("newer"), &sealed("resealed")).await.unwrap());
}

pub(crate) async fn g4_unlinking_retires_what_nobody_else_uses(store: Store) {
    let account = link(&store, "a", "acme", "ann").await.account;
    let unlinked = store.unlink(account.id, uuid_of("receipt"), at(900)).await.unwrap().unwrap().left;
    assert_eq!((unlinked.source, unlinked.grant), (account.source, grant("ann")));
    assert!(unlinked.source_is_unused && unlinked.grant_is_gone);
    assert!(store.linked_account(account.id).await.unwrap().is_none());
    assert_eq!(store.source(account.source).await.unwrap().unwrap().state, SourceState::Removing);
    assert!(store.unlink(account.id, uuid_of("receipt"), at(900)).await.unwrap().is_none());
    assert_eq!(delete_source(&store, account.source).await, 1);
    assert!(store.source(account.source).await.unwrap().is_none());
}

pub(crate) async fn l11_unlinking_destroys_the_data_keys(store: Store) {
    let account = link(&store, "a", "acme", "ann").await.account;
    store.ensure_data_key(grant("ann").0, &sealed("of the grant"), at(1)).await.unwrap();
    store.unlink(account.id, uuid_of("receipt"), at(900)).await.unwrap();
    assert!(store.data_key(account.id.0).await.unwrap().is_none());
    assert!(store.data_key(grant("ann").0).await.unwrap().is_none());
}

pub(crate) async fn a_source_that_another_account_uses_survives_an_unlink(store: Store) {
    let first = link(&store, "a", "acme", "ann").await.account;
    let second = link(&store, "b", "bolt", "ann").await.account;
    assert_eq!(first.source, second.source);
    let unlinked = store.unlink(first.id, uuid_of("receipt"), at(900)).await.unwrap().unwrap().left;
    assert!(!unlinked.source_is_unused && !unlinked.grant_is_gone);
    let source = store.source(second.source).await.unwrap().unwrap();
    assert_eq!((source.state, source.scopes), (SourceState::Active, new_source("ann").scopes));
    assert!(store.grant(grant("ann")).await.unwrap().is_some());
    assert_eq!(store.sources_of_grant(grant("ann")).await.unwrap().len(), 1);
}

pub(crate) async fn a_dead_grant_shows_on_its_accounts(store: Store) {
    let account = link(&store, "a", "acme", "ann").await.account;
    assert_eq!(account.status, AccountStatus::Complete);
    let version = store.grant(grant("ann")).await.unwrap().unwrap().version;
    store.mark_grant_needs_relink_if_version(grant("ann"), version, "revoked", at(900)).await.unwrap();
    let account = store.linked_account(account.id).await.unwrap().unwrap();
    assert_eq!(account.status, AccountStatus::RelinkNeeded { reason: "revoked".to_owned() });
}

use linkspan_model::ids::GrantId;
use linkspan_store::{GrantState, Store};
use tokio::task::JoinSet;

use crate::fixture::{app, at, grant, link, sealed, source, tokens, uuid_of};

pub(crate) async fn l1_of_refreshes_from_one_version_exactly_one_is_stored(store: Store) {
    let id = grant("ann");
    let version = store.put_grant(id, app(), "ann", &tokens("first"), at(1)).await.unwrap();
    let mut refreshes = JoinSet::new();
    for number in 0..30 {
        let store = store.clone();
        refreshes.spawn(async move {
            let tokens = tokens(&format!("refresh {number}"));
            store.update_grant_if_version(id, version, &tokens, at(2)).await.unwrap()
        });
    }
    let stored = refreshes.join_all().await.into_iter().filter(|stored| *stored).count();
    assert_eq!(stored, 1);
    assert_eq!(store.grant(id).await.unwrap().unwrap().version, version + 1);
}

pub(crate) async fn l1_the_refresh_lease_has_one_owner_at_a_time(store: Store) {
    let id = grant("ann");
    store.put_grant(id, app(), "ann", &tokens("first"), at(1)).await.unwrap();
    let mut tries = JoinSet::new();
    for number in 0..20 {
        let store = store.clone();
        let owner = uuid_of(&format!("node {number}"));
        tries.spawn(async move { (owner, store.try_lock_grant(id, owner, at(100), at(200)).await.unwrap()) });
    }
    let owners: Vec<_> = tries.join_all().await.into_iter().filter(|(_, got)| *got).collect();
    assert_eq!(owners.len(), 1);
    let (owner, other) = (owners[0].0, uuid_of("another"));

    assert!(store.try_lock_grant(id, owner, at(150), at(250)).await.unwrap(), "the owner renews");
    assert!(!store.try_lock_grant(id, other, at(249), at(300)).await.unwrap());
    store.unlock_grant(id, other).await.unwrap();
    assert!(
        !store.try_lock_grant(id, other, at(249), at(300)).await.unwrap(),
        "only the owner gives it back"
    );
    assert!(store.try_lock_grant(id, other, at(250), at(300)).await.unwrap(), "a lease ends by itself");
    store.unlock_grant(id, other).await.unwrap();
    assert!(store.try_lock_grant(id, owner, at(251), at(300)).await.unwrap());
    assert!(!store.try_lock_grant(grant("nobody"), owner, at(1), at(2)).await.unwrap());
}

pub(crate) async fn l1_a_lease_of_a_clock_that_was_set_back_is_none(store: Store) {
    let id = grant("ann");
    store.put_grant(id, app(), "ann", &tokens("first"), at(1)).await.unwrap();
    let (owner, other) = (uuid_of("node"), uuid_of("another"));
    assert!(store.try_lock_grant(id, owner, at(1_000), at(1_100)).await.unwrap());
    assert!(
        !store.try_lock_grant(id, other, at(900), at(1_000)).await.unwrap(),
        "the owner's clock may be ahead"
    );
    assert!(store.try_lock_grant(id, other, at(500), at(600)).await.unwrap());
    assert!(!store.try_lock_grant(id, owner, at(501), at(601)).await.unwrap());
}

pub(crate) async fn l3_a_late_refresh_cannot_overwrite_a_newer_consent(store: Store) {
    let id = grant("ann");
    let before = store.put_grant(id, app(), "ann", &tokens("first"), at(1)).await.unwrap();
    let consent = store.put_grant(id, app(), "ann", &tokens("second consent"), at(2)).await.unwrap();
    assert!(consent > before);
    assert!(!store.update_grant_if_version(id, before, &tokens("late"), at(3)).await.unwrap());
    assert!(!store.mark_grant_needs_relink_if_version(id, before, "invalid_grant", at(900)).await.unwrap());
    assert!(!store.reseal_grant_if_version(id, before, &sealed("late")).await.unwrap());
    let stored = store.grant(id).await.unwrap().unwrap();
    assert_eq!(stored.tokens, tokens("second consent").tokens);
    assert_eq!(stored.state, GrantState::Healthy);
    assert!(store.reseal_grant_if_version(id, consent, &sealed("resealed")).await.unwrap());
    assert_eq!(store.grant(id).await.unwrap().unwrap().tokens, sealed("resealed"));
}

pub(crate) async fn l3_a_late_refresh_cannot_revive_an_unlinked_grant(store: Store) {
    let linked = link(&store, "a", "acme", "ann").await;
    let version = store.grant(grant("ann")).await.unwrap().unwrap().version;
    store.unlink(linked.account.id, uuid_of("receipt"), at(900)).await.unwrap().unwrap();
    assert!(!store.update_grant_if_version(grant("ann"), version, &tokens("late"), at(3)).await.unwrap());
    assert!(store.grant(grant("ann")).await.unwrap().is_none());
    assert!(store.grants().await.unwrap().is_empty());
    // Nor does it take the place of what the same account consents to afterwards.
    store.put_grant(grant("ann"), app(), "ann", &tokens("anew"), at(950)).await.unwrap();
    assert!(!store.update_grant_if_version(grant("ann"), version, &tokens("late"), at(960)).await.unwrap());
}

pub(crate) async fn a_dead_grant_is_healed_by_a_new_consent(store: Store) {
    let id = grant("ann");
    let version = store.put_grant(id, app(), "ann", &tokens("first"), at(1)).await.unwrap();
    assert!(
        store
            .mark_grant_needs_relink_if_version(id, version, "revoked by the customer", at(900))
            .await
            .unwrap()
    );
    let dead = store.grant(id).await.unwrap().unwrap();
    assert_eq!(dead.state, GrantState::NeedsRelink { reason: "revoked by the customer".to_owned() });
    store.put_grant(id, app(), "ann", &tokens("second"), at(2)).await.unwrap();
    let healed = store.grant(id).await.unwrap().unwrap();
    assert_eq!(healed.state, GrantState::Healthy);
    assert_eq!((healed.atlassian_account_id.as_str(), healed.refreshed_at), ("ann", at(2)));
    assert!(store.delete_grant(id).await.unwrap());
}

pub(crate) async fn the_grants_of_an_account_come_with_the_sites_read_through_them(store: Store) {
    let (first, second) = (grant("ann"), GrantId::of_site(app(), "ann", "elsewhere"));
    for (id, account, moment) in [(first, "ann", 1), (second, "ann", 2), (grant("bob"), "bob", 3)] {
        store.put_grant(id, app(), account, &tokens(account), at(moment)).await.unwrap();
    }
    assert_eq!(
        store.grants_of_account(app(), "ann").await.unwrap(),
        [(first, Vec::new()), (second, Vec::new())]
    );
    source(&store, "ann").await;
    let read = store.grants_of_account(app(), "ann").await.unwrap();
    assert_eq!((read[0].1.len(), read[1].1.len()), (1, 0), "{read:?}");
    assert!(store.grants_of_account(app(), "nobody").await.unwrap().is_empty());
}

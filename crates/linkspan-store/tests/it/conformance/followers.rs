use linkspan_model::ids::LinkedAccountId;
use linkspan_model::record::Model;
use linkspan_store::{MAX_FOLLOWERS, NewFollower, Store, StoreError};
use uuid::Uuid;

use crate::fixture::at;

fn new(name: &str, position: Option<i64>) -> NewFollower {
    NewFollower { name: name.to_owned(), account: None, models: vec![Model::Ticket], position }
}

pub(crate) async fn a_follower_keeps_its_place_when_it_is_changed(store: Store) {
    let made = store.put_follower(&new("search", None), at(5)).await.unwrap();
    assert_eq!((made.position, made.created_at, made.acknowledged_at), (0, at(5), None));
    assert!(store.acknowledge_changes("search", 7, at(6)).await.unwrap());
    let account = Some(LinkedAccountId(Uuid::from_u128(1)));
    let changed = NewFollower { account, models: Vec::new(), ..new("search", None) };
    let kept = store.put_follower(&changed, at(9)).await.unwrap();
    assert_eq!((kept.position, kept.account, kept.acknowledged_at), (7, account, Some(at(6))));
    assert!(kept.models.is_empty());
    let moved = store.put_follower(&new("search", Some(2)), at(9)).await.unwrap();
    assert_eq!((moved.position, moved.created_at), (2, at(5)));
    assert_eq!(store.followers().await.unwrap(), [moved]);
    assert!(store.delete_follower("search").await.unwrap());
    assert!(!store.delete_follower("search").await.unwrap());
    assert_eq!(store.follower("search").await.unwrap(), None);
}

pub(crate) async fn an_acknowledgement_that_comes_late_moves_nothing_back(store: Store) {
    store.put_follower(&new("search", Some(3)), at(1)).await.unwrap();
    assert!(store.acknowledge_changes("search", 9, at(2)).await.unwrap());
    assert!(!store.acknowledge_changes("search", 4, at(3)).await.unwrap());
    let follower = store.follower("search").await.unwrap().unwrap();
    assert_eq!((follower.position, follower.acknowledged_at), (9, Some(at(2))));
    assert!(!store.acknowledge_changes("nobody", 9, at(3)).await.unwrap());
}

pub(crate) async fn followers_are_bounded(store: Store) {
    for number in 0..MAX_FOLLOWERS {
        store.put_follower(&new(&format!("f{number}"), None), at(1)).await.unwrap();
    }
    let refused = store.put_follower(&new("one more", None), at(1)).await;
    assert!(matches!(refused, Err(StoreError::LimitReached { .. })), "{refused:?}");
    assert!(store.put_follower(&new("f0", Some(4)), at(1)).await.is_ok(), "it is there already");
}

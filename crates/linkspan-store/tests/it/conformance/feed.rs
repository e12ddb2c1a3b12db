use std::collections::BTreeSet;
use std::time::Duration;

use linkspan_model::record::{Access, Model, NewRecord};
use linkspan_store::testing::HeldWrite;
use linkspan_store::{Batch, Store};
use tokio::task::JoinSet;

use crate::fixture::{
    at, comment, comment_id, feed, happened, project_id, records, source, ticket, ticket_id, write,
};

pub(crate) async fn entries_come_in_the_order_of_what_happened(store: Store) {
    let source = source(&store, "ann").await;
    let (one, two) = (ticket_id(source, 1), ticket_id(source, 2));
    write(&store, source, &records([ticket(source, 2, "a"), ticket(source, 1, "a")]), 100).await;
    let batch = Batch { removed: vec![(Model::Ticket, two).into()], ..records([ticket(source, 1, "b")]) };
    write(&store, source, &batch, 200).await;
    let changes = feed(&store, source, 0, 4).await;
    assert_eq!(happened(&changes), [(two, "created"), (one, "created"), (one, "updated"), (two, "removed")]);
    assert!(changes.is_sorted_by(|a, b| a.seq < b.seq));
    assert!(changes.iter().all(|change| change.source == source && change.model == Model::Ticket));
    assert_eq!((changes[0].at, changes[3].at), (at(100), at(200)));
}

pub(crate) async fn s14_an_update_that_moves_a_record_tells_where_it_lay(store: Store) {
    let source = source(&store, "ann").await;
    write(&store, source, &records([ticket(source, 1, "a")]), 100).await;
    let moved = NewRecord { container: Some(project_id(source, 2)), ..ticket(source, 1, "a") };
    write(&store, source, &records([moved.clone()]), 200).await;
    write(&store, source, &records([NewRecord { access: Access::Unknown, ..moved }]), 300).await;
    let changes = feed(&store, source, 0, 3).await;
    let left: Vec<_> = changes.iter().map(|change| change.left).collect();
    assert_eq!(left, [None, Some(project_id(source, 1)), None]);
    assert_eq!(store.change(source, changes[1].seq).await.unwrap().as_ref(), Some(&changes[1]));
    assert_eq!(store.change(source, changes[2].seq + 1).await.unwrap(), None);
}

pub(crate) async fn a_reader_never_passes_an_entry_that_is_still_to_come(store: Store) {
    let (slow, quick) = (source(&store, "ann").await, source(&store, "bob").await);
    let (early, late) = (ticket_id(slow, 1), ticket_id(quick, 2));
    let held = HeldWrite::begin(&store, slow, early).await.unwrap();
    // PostgreSQL lets the second writer finish first; SQLite makes it wait.
    let mut other = JoinSet::new();
    let writer = store.clone();
    other.spawn(async move { write(&writer, quick, &records([ticket(quick, 2, "quick")]), 100).await });
    tokio::time::sleep(Duration::from_millis(300)).await;

    let page = store.read_changes(None, 0, 100).await.unwrap();
    assert!(page.changes.is_empty(), "an entry before these is still to come: {:?}", page.changes);
    held.commit().await.unwrap();
    other.join_all().await;
    let mut seen = Vec::new();
    let mut next = page.next;
    for _ in 0..500 {
        let page = store.read_changes(None, next, 100).await.unwrap();
        next = page.next;
        seen.extend(page.changes.into_iter().map(|change| change.record));
        if seen.len() == 2 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(seen, [early, late]);
}

pub(crate) async fn a_reader_beside_many_writers_sees_every_entry_once(store: Store) {
    const WRITERS: u32 = 6;
    const ROUNDS: u32 = 15;
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let store = store.clone();
        // Two writers to a source.
        let source = source(&store, &format!("account {}", writer / 2)).await;
        writers.spawn(async move {
            for round in 0..ROUNDS {
                let number = writer * 1_000 + round * 10;
                write(&store, source, &records((number..number + 3).map(|n| ticket(source, n, "x"))), 100)
                    .await;
            }
        });
    }
    let expected = (WRITERS * ROUNDS * 3) as usize;
    let (mut next, mut seen) = (0, Vec::new());
    for _ in 0..3_000 {
        let page = store.read_changes(None, next, 7).await.unwrap();
        assert!(page.next >= next);
        next = page.next;
        seen.extend(page.changes);
        if seen.len() >= expected && writers.is_empty() {
            break;
        }
        while writers.try_join_next().is_some() {}
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert_eq!(seen.len(), expected);
    assert!(seen.is_sorted_by(|a, b| a.seq < b.seq));
    assert_eq!(seen.iter().map(|change| change.record).collect::<BTreeSet<_>>().len(), expected);
    // Within a source, the order of the feed is the order of `modified_at`.
    for source in seen.iter().map(|change| change.source).collect::<BTreeSet<_>>() {
        assert!(seen.iter().filter(|change| change.source == source).is_sorted_by_key(|change| change.at));
    }
}

pub(crate) async fn pages_of_the_feed_join_without_gap(store: Store) {
    let (one, other) = (source(&store, "ann").await, source(&store, "bob").await);
    for number in 0..10 {
        write(&store, one, &records([ticket(one, number, "x")]), 100).await;
        write(&store, other, &records([comment(other, number, 1)]), 100).await;
    }
    feed(&store, one, 0, 10).await;
    feed(&store, other, 0, 10).await;
    let (mut next, mut seen) = (0, Vec::new());
    loop {
        let page = store.read_changes(Some(other), next, 3).await.unwrap();
        next = page.next;
        let is_last = page.changes.len() < 3;
        seen.extend(page.changes.into_iter().map(|change| change.record));
        if is_last {
            break;
        }
    }
    assert_eq!(seen, (0..10).map(|number| comment_id(other, number)).collect::<Vec<_>>());
    let idle = store.read_changes(Some(other), next, 3).await.unwrap();
    assert!(idle.changes.is_empty() && idle.next >= next);
}

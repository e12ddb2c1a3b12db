use std::collections::BTreeSet;

use linkspan_model::ids::SourceId;
use linkspan_model::record::{Body, Model};
use linkspan_store::{Batch, Checkpoint, ListFilter, ModelCounts, Store, StoreError};
use tokio::task::JoinSet;

use crate::fixture::{
    at, attachment, comment, comment_id, comments_of, feed, get, happened, list, list_with, person,
    project_id, raw, records, source, ticket, ticket_id, write,
};

pub(crate) async fn a_batch_is_written_whole_and_read_back(store: Store) {
    let source = source(&store, "ann").await;
    let written = ticket(source, 7, "Printer");
    let outcome = write(&store, source, &records([written.clone(), comment(source, 1, 7)]), 100).await;
    assert_eq!(outcome.models[&Model::Ticket], ModelCounts { created: 1, ..ModelCounts::default() });
    assert_eq!(outcome.total().created, 2);

    let stored = store.get_record(source, Model::Ticket, written.id).await.unwrap().unwrap();
    assert_eq!(stored.instance().unwrap(), written.body);
    assert_eq!(stored.remote_id.as_deref(), Some("7"));
    assert_eq!(stored.container, Some(project_id(source, 1)));
    assert_eq!((stored.remote_created_at, stored.remote_updated_at), (Some(at(7)), Some(at(14))));
    assert_eq!((stored.created_at, stored.modified_at, stored.deleted), (at(100), at(100), false));
    let child = get(&store, source, comment_id(source, 1)).await;
    assert_eq!((child.model, child.parent), (Model::Comment, Some(written.id)));
    assert!(store.get_record(source, Model::Comment, written.id).await.unwrap().is_none());
}

pub(crate) async fn unchanged_content_is_not_written_and_makes_no_entry(store: Store) {
    let source = source(&store, "ann").await;
    let batch = records([ticket(source, 1, "same"), ticket(source, 2, "same")]);
    write(&store, source, &batch, 100).await;
    let before = get(&store, source, ticket_id(source, 1)).await;
    let outcome = write(&store, source, &batch, 200).await;
    assert_eq!(outcome.models[&Model::Ticket], ModelCounts { unchanged: 2, ..ModelCounts::default() });
    assert_eq!(get(&store, source, ticket_id(source, 1)).await, before);
    assert_eq!(feed(&store, source, 0, 2).await.len(), 2);
}

pub(crate) async fn changed_content_moves_modified_at_and_keeps_created_at(store: Store) {
    let source = source(&store, "ann").await;
    write(&store, source, &records([ticket(source, 1, "one"), ticket(source, 2, "two")]), 100).await;
    let mut moved = ticket(source, 1, "one");
    moved.container = Some(project_id(source, 9));
    let outcome = write(&store, source, &records([moved, ticket(source, 2, "two")]), 200).await;
    assert_eq!(outcome.total(), ModelCounts { updated: 1, unchanged: 1, ..ModelCounts::default() });
    let stored = get(&store, source, ticket_id(source, 1)).await;
    assert_eq!((stored.created_at, stored.modified_at), (at(100), at(200)));
    assert_eq!(stored.container, Some(project_id(source, 9)));
    assert_eq!(get(&store, source, ticket_id(source, 2)).await.modified_at, at(100));
}

pub(crate) async fn of_repeated_ids_the_last_counts(store: Store) {
    let source = source(&store, "ann").await;
    let batch = Batch {
        raws: vec![raw("jira.issue", "1", "{\"v\":1}", None), raw("jira.issue", "1", "{\"v\":2}", None)],
        records: vec![ticket(source, 1, "first"), ticket(source, 1, "last")],
        people: vec![person(source, "ann", "First"), person(source, "ann", "Last")],
        ..Batch::default()
    };
    let outcome = write(&store, source, &batch, 100).await;
    assert_eq!((outcome.total().created, outcome.raws_written), (2, 1));
    assert!(get(&store, source, ticket_id(source, 1)).await.body.contains("last"));
    assert_eq!(store.get_raw(source, "jira.issue", "1").await.unwrap().unwrap().json, "{\"v\":2}");
    assert_eq!(list(&store, source, Model::User, 10).await[0].instance().unwrap(), batch.people[1].body);
}

pub(crate) async fn people_in_passing_never_overwrite(store: Store) {
    let source = source(&store, "ann").await;
    let in_passing = |name| Batch { people: vec![person(source, "bob", name)], ..Batch::default() };
    assert_eq!(write(&store, source, &in_passing("Seen"), 100).await.total().created, 1);
    write(&store, source, &records([person(source, "bob", "Profile")]), 200).await;
    let outcome = write(&store, source, &in_passing("Seen again"), 300).await;
    assert!(outcome.models.is_empty());
    let both = Batch { records: vec![person(source, "cleo", "Profile")], ..in_passing("x") };
    let both = Batch { people: vec![person(source, "cleo", "Seen")], ..both };
    write(&store, source, &both, 400).await;
    for user in list(&store, source, Model::User, 10).await {
        assert!(user.body.contains("Profile"), "{}", user.body);
    }
}

pub(crate) async fn children_that_are_not_listed_become_tombstones(store: Store) {
    let source = source(&store, "ann").await;
    let children =
        [comment(source, 1, 7), comment(source, 2, 7), comment(source, 3, 8), attachment(source, 1, 7)];
    write(&store, source, &records(children), 100).await;
    let batch = Batch {
        records: vec![comment(source, 4, 7)],
        child_sets: vec![comments_of(source, 7, &[2, 4])],
        ..Batch::default()
    };
    let outcome = write(&store, source, &batch, 200).await;
    let expected = ModelCounts { created: 1, removed: 1, ..ModelCounts::default() };
    assert_eq!(outcome.models[&Model::Comment], expected);
    let live: BTreeSet<_> =
        list(&store, source, Model::Comment, 10).await.into_iter().map(|r| r.id).collect();
    assert_eq!(live, BTreeSet::from([2, 3, 4].map(|number| comment_id(source, number))));
    assert_eq!(list(&store, source, Model::Attachment, 10).await.len(), 1, "another model's children stay");
    let tombstone = get(&store, source, comment_id(source, 1)).await;
    assert_eq!((tombstone.deleted, tombstone.modified_at, tombstone.created_at), (true, at(200), at(100)));

    let again = Batch { records: Vec::new(), ..batch };
    assert!(write(&store, source, &again, 300).await.models.is_empty(), "a tombstone is made once");
}

pub(crate) async fn a_child_that_moves_is_not_removed_by_its_former_parent(store: Store) {
    let source = source(&store, "ann").await;
    write(&store, source, &records([comment(source, 1, 7)]), 100).await;
    let batch = Batch {
        records: vec![comment(source, 1, 8)],
        child_sets: vec![comments_of(source, 7, &[]), comments_of(source, 8, &[1])],
        ..Batch::default()
    };
    write(&store, source, &batch, 200).await;
    let stored = get(&store, source, comment_id(source, 1)).await;
    assert_eq!((stored.deleted, stored.parent), (false, Some(ticket_id(source, 8))));
}

pub(crate) async fn what_belongs_to_a_removed_record_goes_with_it(store: Store) {
    let source = source(&store, "ann").await;
    let kept = [ticket(source, 8, "stays"), comment(source, 3, 8)];
    let gone = [ticket(source, 7, "goes"), comment(source, 1, 7), attachment(source, 1, 7)];
    write(&store, source, &records(kept.into_iter().chain(gone)), 100).await;
    let removed =
        vec![(Model::Ticket, ticket_id(source, 7)).into(), (Model::Ticket, ticket_id(source, 99)).into()];
    let outcome = write(&store, source, &Batch { removed, ..Batch::default() }, 200).await;
    assert_eq!(outcome.total().removed, 3);
    assert_eq!(list(&store, source, Model::Ticket, 10).await.len(), 1);
    assert_eq!(list(&store, source, Model::Comment, 10).await.len(), 1);
    assert!(list(&store, source, Model::Attachment, 10).await.is_empty());
    let with_removed = ListFilter { include_deleted: true, ..ListFilter::default() };
    assert_eq!(list_with(&store, source, Model::Comment, &with_removed, 10).await.len(), 2);
}

pub(crate) async fn a_removed_record_comes_back_under_the_same_id(store: Store) {
    let source = source(&store, "ann").await;
    let batch = records([ticket(source, 1, "same")]);
    let id = ticket_id(source, 1);
    write(&store, source, &batch, 100).await;
    write(&store, source, &Batch { removed: vec![(Model::Ticket, id).into()], ..Batch::default() }, 200)
        .await;
    assert_eq!(write(&store, source, &batch, 300).await.total().created, 1);
    let stored = get(&store, source, id).await;
    assert_eq!((stored.deleted, stored.created_at, stored.modified_at), (false, at(100), at(300)));
    let kinds = happened(&feed(&store, source, 0, 3).await);
    assert_eq!(kinds, [(id, "created"), (id, "removed"), (id, "created")]);
}

pub(crate) async fn modified_at_grows_although_the_clock_stands(store: Store) {
    let source = source(&store, "ann").await;
    for (millis, expected) in [(100, 100), (100, 101), (50, 102), (102, 103), (500, 500)] {
        write(&store, source, &records([ticket(source, 1, &format!("at {expected}"))]), millis).await;
        assert_eq!(get(&store, source, ticket_id(source, 1)).await.modified_at, at(expected));
    }
}

pub(crate) async fn an_abandoned_write_leaves_all_or_nothing(store: Store) {
    let source = source(&store, "ann").await;
    let batch = Batch {
        raws: (0..300).map(|n| raw("jira.issue", &n.to_string(), "{}", None)).collect(),
        records: (0..300).map(|n| ticket(source, n, "abandoned")).collect(),
        checkpoint: Some(Checkpoint {
            stream: "issues".to_owned(),
            state: "1".to_owned(),
            ..Checkpoint::default()
        }),
        ..Batch::default()
    };
    // Dropped after more and more steps, as when a task is cancelled.
    for polls in 1..40 {
        let mut write = Box::pin(store.write_batch(source, &batch, at(100)));
        for _ in 0..polls {
            let waited = tokio::time::timeout(std::time::Duration::from_micros(50), &mut write).await;
            if waited.is_ok() {
                return;
            }
        }
        drop(write);
        // A write behind it waits until it is over, one way or the other: what was dropped while it was being committed
        // may well have come through.
        store.write_batch(source, &Batch::default(), at(100)).await.unwrap();
        let records = store.count_records(source, Model::Ticket, true).await.unwrap();
        let (raws, _) = store.count_raws(source, "jira.issue").await.unwrap();
        let streams = store.get_streams(source).await.unwrap().len();
        if records > 0 {
            assert_eq!((records, raws, streams), (300, 300, 1), "after {polls} polls");
            return;
        }
        assert_eq!((raws, streams), (0, 0), "after {polls} polls");
    }
}

pub(crate) async fn racing_writers_of_one_source_each_get_their_own_moment(store: Store) {
    let source = source(&store, "ann").await;
    let mut writers = JoinSet::new();
    for writer in 0..8 {
        let store = store.clone();
        writers.spawn(async move {
            for round in 0..5 {
                write(&store, source, &records([ticket(source, writer * 5 + round, "text")]), 100).await;
            }
        });
    }
    writers.join_all().await;
    let moments: BTreeSet<_> =
        list(&store, source, Model::Ticket, 7).await.into_iter().map(|r| r.modified_at).collect();
    assert_eq!(moments, (100..140).map(at).collect());
}

pub(crate) async fn a_batch_beyond_the_bound_is_refused(store: Store) {
    let source = source(&store, "ann").await;
    let raws = (0..50_001).map(|n| raw("k", &n.to_string(), "", None)).collect();
    let refused = store.write_batch(source, &Batch { raws, ..Batch::default() }, at(1)).await;
    assert!(matches!(refused, Err(StoreError::BatchTooLarge { rows: 50_001, .. })));
    let unknown = SourceId(crate::fixture::uuid_of("no source"));
    let refused = store.write_batch(unknown, &records([ticket(unknown, 1, "x")]), at(1)).await;
    assert!(matches!(refused, Err(StoreError::SourceGone(id)) if id == unknown));
}

pub(crate) async fn large_batches_cross_every_chunk_size(store: Store) {
    let source = source(&store, "ann").await;
    for rows in [1_u32, 3, 4, 5, 15, 16, 17, 63, 64, 65, 255, 256, 257, 341, 700] {
        let first = rows * 1_000;
        let batch = Batch {
            raws: (first..first + rows).map(|n| raw("jira.issue", &n.to_string(), "{}", None)).collect(),
            records: (first..first + rows).map(|n| ticket(source, n, "text")).collect(),
            ..Batch::default()
        };
        let outcome = write(&store, source, &batch, 100).await;
        assert_eq!((outcome.total().created, outcome.raws_written), (u64::from(rows), u64::from(rows)));
        let outcome = write(&store, source, &batch, 100).await;
        assert_eq!((outcome.total().unchanged, outcome.raws_unchanged), (u64::from(rows), u64::from(rows)));
        let ids: Vec<_> = batch.records.iter().map(|record| record.id).collect();
        let stored = store.get_records(source, &ids).await.unwrap();
        assert_eq!(stored.len(), ids.len());
        for record in stored {
            let number: u32 = record.remote_id.clone().unwrap().parse().unwrap();
            assert_eq!(record.id, ticket_id(source, number));
            assert!(matches!(record.instance().unwrap(), Body::Ticket(ticket) if ticket.name == "text"));
        }
    }
}

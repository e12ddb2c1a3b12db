use std::collections::{BTreeMap, BTreeSet};

use linkspan_model::ids::RecordId;
use linkspan_model::models::Contact;
use linkspan_model::record::{Access, Body, Model, NewRecord};
use linkspan_store::{Batch, ListFilter, Store, StoredRecord};
use tokio::task::JoinSet;

use crate::fixture::{at, comment, list, list_with, project_id, records, source, ticket, ticket_id, write};

fn remote_ids(rows: &[StoredRecord]) -> Vec<u32> {
    let mut ids: Vec<u32> = rows.iter().map(|row| row.remote_id.as_ref().unwrap().parse().unwrap()).collect();
    ids.sort_unstable();
    ids
}

pub(crate) async fn pages_yield_every_record_once_in_order(store: Store) {
    let source = source(&store, "ann").await;
    for batch in 0..5_u32 {
        write(&store, source, &records((0..20).map(|n| ticket(source, batch * 20 + n, "x"))), 100).await;
    }
    write(&store, source, &records((0..30).map(|n| comment(source, n, 1))), 100).await;
    for page in [1, 7, 20, 100, 1_000] {
        let rows = list(&store, source, Model::Ticket, page).await;
        assert_eq!(remote_ids(&rows), (0..100).collect::<Vec<_>>());
        assert!(rows.is_sorted_by(|a, b| a.position() < b.position()));
    }
}

pub(crate) async fn paging_beside_writers_misses_nothing(store: Store) {
    let source = source(&store, "ann").await;
    write(&store, source, &records((0..200).map(|n| ticket(source, n, "old"))), 100).await;
    let mut writers = JoinSet::new();
    for writer in 0..3_u32 {
        let store = store.clone();
        writers.spawn(async move {
            for round in 0..20_u32 {
                let changed =
                    ticket(source, (writer * 67 + round * 13) % 200, &format!("new {writer} {round}"));
                let new = ticket(source, 1_000 + writer * 100 + round, "new");
                write(&store, source, &records([changed, new]), 100).await;
            }
        });
    }
    // Pages are read until nothing new comes, as by a caller that keeps its cursor.
    let mut latest: BTreeMap<_, StoredRecord> = BTreeMap::new();
    let mut after = None;
    loop {
        let rows = store.list_records(source, Model::Ticket, &ListFilter::default(), after, 9).await.unwrap();
        let done = rows.is_empty() && writers.is_empty();
        for row in rows {
            after = Some(row.position());
            latest.insert(row.id, row);
        }
        if done {
            break;
        }
        while writers.try_join_next().is_some() {}
    }
    let stored = list(&store, source, Model::Ticket, 500).await;
    assert_eq!(stored.len(), 260);
    let stored: BTreeMap<_, _> = stored.into_iter().map(|row| (row.id, row)).collect();
    assert_eq!(latest, stored, "the pages hold the newest version of every record");
}

pub(crate) async fn polling_by_modified_after_misses_nothing(store: Store) {
    let source = source(&store, "ann").await;
    let mut writers = JoinSet::new();
    for writer in 0..3_u32 {
        let store = store.clone();
        writers.spawn(async move {
            for round in 0..20_u32 {
                write(&store, source, &records([ticket(source, writer * 100 + round, "x")]), 100).await;
            }
        });
    }
    let (mut newest, mut seen) = (None, BTreeSet::new());
    loop {
        let done = writers.is_empty();
        let filter = ListFilter { modified_after: newest, ..ListFilter::default() };
        for row in list_with(&store, source, Model::Ticket, &filter, 5).await {
            newest = newest.max(Some(row.modified_at));
            assert!(seen.insert(row.id), "a bound is exclusive");
        }
        if done {
            break;
        }
        while writers.try_join_next().is_some() {}
    }
    assert_eq!(seen.len(), 60);
}

pub(crate) async fn filters_narrow_the_list(store: Store) {
    let source = source(&store, "ann").await;
    write(&store, source, &records((1..=9).map(|n| ticket(source, n, "x"))), 1_000).await;
    write(&store, source, &records((1..=3).map(|n| ticket(source, n, "changed"))), 2_000).await;
    write(&store, source, &records([comment(source, 1, 4), comment(source, 2, 5)]), 3_000).await;
    let removed = vec![(Model::Ticket, ticket_id(source, 9)).into()];
    write(&store, source, &Batch { removed, ..Batch::default() }, 4_000).await;

    let of = async |filter: ListFilter<'_>| {
        remote_ids(&list_with(&store, source, Model::Ticket, &filter, 2).await)
    };
    let all = ListFilter::default;
    assert_eq!(of(all()).await, [1, 2, 3, 4, 5, 6, 7, 8]);
    assert_eq!(of(ListFilter { include_deleted: true, ..all() }).await, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    assert_eq!(of(ListFilter { modified_after: Some(at(1_000)), ..all() }).await, [1, 2, 3]);
    assert_eq!(of(ListFilter { modified_after: Some(at(999)), ..all() }).await.len(), 8);
    assert_eq!(of(ListFilter { modified_before: Some(at(2_000)), ..all() }).await, [4, 5, 6, 7, 8]);
    assert!(of(ListFilter { created_after: Some(at(1_000)), ..all() }).await.is_empty());
    assert_eq!(of(ListFilter { created_before: Some(at(1_001)), ..all() }).await.len(), 8);
    assert_eq!(of(ListFilter { remote_created_after: Some(at(6)), ..all() }).await, [7, 8]);
    assert_eq!(of(ListFilter { remote_created_before: Some(at(3)), ..all() }).await, [1, 2]);
    assert_eq!(of(ListFilter { remote_updated_after: Some(at(12)), ..all() }).await, [7, 8]);
    assert_eq!(of(ListFilter { remote_updated_before: Some(at(5)), ..all() }).await, [1, 2]);
    assert_eq!(of(ListFilter { remote_id: Some("5"), ..all() }).await, [5]);
    assert!(of(ListFilter { remote_id: Some("77"), ..all() }).await.is_empty());
    let (first, second) = (project_id(source, 0), project_id(source, 1));
    assert_eq!(of(ListFilter { containers: Some(&[first]), ..all() }).await, [3, 6]);
    assert_eq!(of(ListFilter { containers: Some(&[first, second, first]), ..all() }).await, [1, 3, 4, 6, 7]);

    let on_four = ListFilter { parent: Some(ticket_id(source, 4)), ..ListFilter::default() };
    assert_eq!(remote_ids(&list_with(&store, source, Model::Comment, &on_four, 1).await), [1]);
}

pub(crate) async fn an_empty_list_of_containers_matches_nothing(store: Store) {
    let source = source(&store, "ann").await;
    write(&store, source, &records([ticket(source, 1, "x")]), 100).await;
    let filter = ListFilter { containers: Some(&[]), ..ListFilter::default() };
    assert!(list_with(&store, source, Model::Ticket, &filter, 10).await.is_empty());
}

pub(crate) async fn counts_tell_live_and_removed_apart(store: Store) {
    let source = source(&store, "ann").await;
    write(&store, source, &records((0..10).map(|n| ticket(source, n, "x"))), 100).await;
    let removed = (0..4).map(|n| (Model::Ticket, ticket_id(source, n)).into()).collect();
    write(&store, source, &Batch { removed, ..Batch::default() }, 200).await;
    assert_eq!(store.count_records(source, Model::Ticket, false).await.unwrap(), 6);
    assert_eq!(store.count_records(source, Model::Ticket, true).await.unwrap(), 10);
    assert_eq!(store.count_records(source, Model::Comment, true).await.unwrap(), 0);
}

pub(crate) async fn an_address_finds_its_contact_whatever_its_case_and_nobody_else(store: Store) {
    let source = source(&store, "ann").await;
    let addresses =
        ["ada@c.example", "a_a@c.example", "a%a@c.example", "a!a@c.example", "\"ad a\"@c.example"];
    let contact = |number: usize, address: Option<&str>| {
        let remote_id = number.to_string();
        NewRecord {
            id: RecordId::of(source, Model::Contact, &remote_id),
            remote_id: Some(remote_id),
            container: None,
            body: Body::Contact(Contact {
                // As if it were the member itself.
                name: "\"email_address\":\"ada@c.example\"".to_owned(),
                email_address: address.map(str::to_owned),
                ..Contact::default()
            }),
            access: Access::Unguarded,
            ..ticket(source, 0, "")
        }
    };
    let known = addresses.iter().enumerate().map(|(number, address)| contact(number, Some(address)));
    write(&store, source, &records(known.chain([contact(99, None)])), 100).await;
    let found = async |address: &str| {
        let filter = ListFilter { email_address: Some(address), ..ListFilter::default() };
        let rows = store.list_records(source, Model::Contact, &filter, None, 100).await.unwrap();
        rows.iter().map(|row| row.remote_id.clone().unwrap()).collect::<Vec<_>>()
    };
    for (number, address) in addresses.iter().enumerate() {
        for asked in [(*address).to_owned(), address.to_uppercase()] {
            assert_eq!(found(&asked).await, [number.to_string()], "{asked}");
        }
    }
    for asked in ["", "%", "ada", "@c.example", "ada@c.exampl_", "b@c.example"] {
        assert_eq!(found(asked).await, Vec::<String>::new(), "{asked}");
    }
}

pub(crate) async fn s2_what_changed_in_a_window_comes_in_order(store: Store) {
    let source = source(&store, "ann").await;
    // Ticket n was last changed at 2n.
    let batch = Batch {
        removed: vec![(Model::Ticket, ticket_id(source, 4)).into()],
        ..records([5, 2, 4, 3, 1].map(|n| ticket(source, n, "a")))
    };
    write(&store, source, &batch, 1_000).await;
    let changed = async |from, to: Option<i64>, limit| {
        let bounds = (at(from), to.map(at));
        store.changed(source, Model::Ticket, bounds, limit).await.unwrap()
    };
    let version = |n: i64| (n.to_string(), at(n * 2));
    assert_eq!(changed(4, Some(10), 10).await, [version(2), version(3)]);
    assert_eq!(changed(4, None, 10).await, [version(2), version(3), version(5)]);
    assert_eq!(changed(0, None, 2).await, [version(1), version(2)]);
}

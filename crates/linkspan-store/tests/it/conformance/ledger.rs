//! The ledger, what a census keeps while it is under way, and the reach.

use linkspan_model::absence::Absence;
use linkspan_model::record::Model;
use linkspan_store::{Batch, ContainerState, DriftCounts, LedgerRow, Reach, Removal, Store};

use crate::fixture::*;

pub(crate) async fn s23_the_ledger_holds_a_row_for_each_container(store: Store) {
    let source = source(&store, "ann").await;
    let mut rows: Vec<LedgerRow> = (1..=3)
        .map(|number| LedgerRow::new(project_id(source, number), Model::Ticket, number.to_string()))
        .collect();
    rows.sort_by_key(|row| row.container);
    rows[0].upstream = Some(10);
    rows[0].stored = Some(9);
    rows[0].fresh_at = Some(at(500));
    rows[0].walked_at = Some(at(600));
    rows[0].found = DriftCounts::from([("missing".to_owned(), 1)]);
    rows[0].outcome = Some("one was missing".to_owned());
    rows[1].state = ContainerState::Archived;
    for row in &rows {
        store.put_ledger_row(source, row, None).await.unwrap();
    }
    assert_eq!(store.ledger(source, None, None, 10).await.unwrap(), rows);
    let behind = store.ledger(source, None, Some(rows[0].container), 1).await.unwrap();
    assert_eq!(behind, [rows[1].clone()]);
    let only = [rows[2].container];
    assert_eq!(store.ledger(source, Some(&only), None, 10).await.unwrap(), [rows[2].clone()]);
    assert!(store.ledger(source, Some(&[]), None, 10).await.unwrap().is_empty());

    // What is archived is not counted; a container that was never compared makes the whole unproven.
    let totals = store.ledger_totals(source, None).await.unwrap();
    assert_eq!((totals.containers, totals.upstream, totals.stored), (2, 10, 9));
    assert_eq!((totals.fresh_at, totals.walked_at), (None, Some(at(600))));
    let totals = store.ledger_totals(source, Some(&[rows[0].container])).await.unwrap();
    assert_eq!((totals.containers, totals.fresh_at), (1, Some(at(500))));
    assert_eq!(totals.doubted_fresh_at, Some(at(500)), "one is missing");
    rows[0].stored = Some(10);
    store.put_ledger_row(source, &rows[0], None).await.unwrap();
    let totals = store.ledger_totals(source, Some(&[rows[0].container])).await.unwrap();
    assert_eq!(totals.doubted_fresh_at, None);
}

pub(crate) async fn a_census_that_was_asked_for_stays_so_until_it_took_place(store: Store) {
    let source = source(&store, "ann").await;
    let row = LedgerRow::new(project_id(source, 1), Model::Ticket, "1".to_owned());
    store.put_ledger_row(source, &row, None).await.unwrap();
    assert_eq!(store.request_census(source, Some(project_id(source, 2)), at(100)).await.unwrap(), 0);
    assert_eq!(store.request_census(source, None, at(100)).await.unwrap(), 1);
    let asked = async || {
        let row = store.ledger_row(source, row.container, Model::Ticket).await.unwrap().unwrap();
        row.requested_at
    };
    // A row that was read before somebody asked does not undo the asking.
    store.put_ledger_row(source, &row, Some(at(99))).await.unwrap();
    assert_eq!(asked().await, Some(at(100)));
    store.put_ledger_row(source, &row, Some(at(100))).await.unwrap();
    assert_eq!(asked().await, None);
}

pub(crate) async fn a_walk_is_kept_page_by_page_and_its_ids_come_back_in_order(store: Store) {
    let source = source(&store, "ann").await;
    let mut row = LedgerRow::new(project_id(source, 1), Model::Ticket, "1".to_owned());
    row.walk = Some("{\"page\":1}".to_owned());
    store.put_census_page(source, &row, 0, &[9, 300, 70_000]).await.unwrap();
    store.put_census_page(source, &row, 1, &[1, 9]).await.unwrap();
    // A page that is written again, after a kill, takes its own place.
    store.put_census_page(source, &row, 1, &[2, 9]).await.unwrap();
    let ids = store.census_ids(source, row.container, Model::Ticket).await.unwrap();
    assert_eq!(ids, [2, 9, 300, 70_000]);
    let kept = store.ledger_row(source, row.container, Model::Ticket).await.unwrap().unwrap();
    assert_eq!(kept.walk, row.walk);
    store.drop_census_pages(source, row.container, Model::Ticket).await.unwrap();
    assert!(store.census_ids(source, row.container, Model::Ticket).await.unwrap().is_empty());
}

pub(crate) async fn what_lies_in_a_container_is_counted_and_listed_by_id(store: Store) {
    let source = source(&store, "ann").await;
    let batch = records((1..=9).map(|number| ticket(source, number, "x")).chain([comment(source, 1, 3)]));
    write(&store, source, &batch, 100).await;
    let removal = |number, absence| Removal { model: Model::Ticket, id: ticket_id(source, number), absence };
    let removed = vec![removal(3, Absence::Trashed), removal(6, Absence::Archived)];
    write(&store, source, &Batch { removed, ..Batch::default() }, 200).await;
    let project = project_id(source, 0);
    assert_eq!(store.count_contained(source, project, Model::Ticket).await.unwrap(), (1, 1));
    let found = store.contained(source, project, Model::Ticket, None, 10).await.unwrap();
    let shown: Vec<_> = found.iter().map(|one| (one.remote_id.as_str(), one.is_archived)).collect();
    assert_eq!(shown, [("6", true), ("9", false)]);
    let behind = store.contained(source, project, Model::Ticket, Some(found[0].id), 10).await.unwrap();
    assert_eq!(behind.len(), 1);
}

pub(crate) async fn s12_what_hangs_on_nothing_that_is_stored_is_compared_too(store: Store) {
    let source = source(&store, "ann").await;
    let parents = [ticket(source, 1, "here"), ticket(source, 2, "gone")];
    let children = [comment(source, 11, 1), comment(source, 12, 2), comment(source, 19, 9)];
    write(&store, source, &records(parents.into_iter().chain(children)), 100).await;
    let gone = Removal { model: Model::Ticket, id: ticket_id(source, 2), absence: Absence::Trashed };
    write(&store, source, &Batch { removed: vec![gone], ..Batch::default() }, 200).await;
    let attached = store.attached(source, Model::Comment, None, 10).await.unwrap();
    let mut ids: Vec<_> = attached.iter().map(|one| one.remote_id.as_str()).collect();
    ids.sort_unstable();
    assert_eq!(ids, ["11", "19"]);
    assert_eq!(
        store.count_attached(source, Model::Comment).await.unwrap(),
        1,
        "that of which the parent is here"
    );
}

pub(crate) async fn s12_suspects_are_kept_with_the_moment_of_the_first_walk(store: Store) {
    let source = source(&store, "ann").await;
    let project = project_id(source, 1);
    let mut suspects = vec![(ticket_id(source, 1), at(100)), (ticket_id(source, 2), at(200))];
    suspects.sort_unstable();
    store.replace_suspects(source, project, &suspects).await.unwrap();
    assert_eq!(store.suspects(source, project).await.unwrap(), suspects);
    store.replace_suspects(source, project, &suspects[..1]).await.unwrap();
    assert_eq!(store.suspects(source, project).await.unwrap(), suspects[..1]);
    assert!(store.suspects(source, project_id(source, 2)).await.unwrap().is_empty());
}

pub(crate) async fn l13_a_reduced_reach_stands_until_it_is_back_or_accepted(store: Store) {
    let source = source(&store, "ann").await;
    assert_eq!(store.reach(source).await.unwrap(), None);
    let whole = Reach { known: 8, ..Reach::default() };
    store.put_reach(source, whole, None).await.unwrap();
    assert!(!store.accept_reach(source, at(100)).await.unwrap());
    let reduced = Reach { missing: 4, reduced_at: Some(at(200)), ..whole };
    store.put_reach(source, reduced, None).await.unwrap();
    assert!(store.accept_reach(source, at(300)).await.unwrap());
    let accepted = Reach { accepted_at: Some(at(300)), ..reduced };
    assert_eq!(store.reach(source).await.unwrap(), Some(accepted));
    // A listing that knew nothing of it leaves it to the next.
    store.put_reach(source, reduced, None).await.unwrap();
    assert_eq!(store.reach(source).await.unwrap(), Some(accepted));
    store.put_reach(source, whole, Some(at(300))).await.unwrap();
    assert_eq!(store.reach(source).await.unwrap(), Some(whole));
}

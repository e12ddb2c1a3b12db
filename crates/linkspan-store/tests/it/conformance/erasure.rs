use linkspan_model::record::{Access, Model};
use linkspan_store::{Batch, Checkpoint, Fingerprint, Store, StoreError};

use crate::fixture::uuid_of;
use crate::fixture::{
    at, comment, delete_source, link, new_source, raw, records, rule, source, ticket, ticket_id, write,
};

async fn fill(store: &Store, source: linkspan_model::ids::SourceId) {
    let batch = Batch {
        raws: (0..2_500)
            .map(|n| raw("jira.issue", &n.to_string(), "{}", Some(ticket_id(source, n))))
            .collect(),
        records: (0..2_500).map(|n| ticket(source, n, "private")).collect(),
        checkpoint: Some(Checkpoint {
            stream: "issues".to_owned(),
            state: "1".to_owned(),
            ..Checkpoint::default()
        }),
        ..Batch::default()
    };
    write(store, source, &batch, 100).await;
    let file = (ticket_id(source, 1), "1".to_owned());
    store.expect_files(source, &[file], at(1)).await.unwrap();
    store.replace_group_members(source, "staff", &["ann".to_owned(), "bob".to_owned()]).await.unwrap();
}

pub(crate) async fn g4_a_deleted_source_leaves_no_row_behind(store: Store) {
    let (gone, stays) = (source(&store, "ann").await, source(&store, "bob").await);
    fill(&store, gone).await;
    fill(&store, stays).await;
    let before = store.fingerprint(stays).await.unwrap();
    // 2 500 each of records, raws, access entries and changes; a rule, a stream, a file, two members, the source.
    assert_eq!(delete_source(&store, gone).await, 4 * 2_500 + 1 + 1 + 1 + 2 + 1);
    assert_eq!(delete_source(&store, gone).await, 0);
    assert!(store.source(gone).await.unwrap().is_none());
    assert!(store.fingerprint(gone).await.unwrap().parts.is_empty());
    assert!(store.access_rules(gone).await.unwrap().is_empty());
    assert!(store.get_streams(gone).await.unwrap().is_empty());
    assert!(store.count_files(gone).await.unwrap().is_empty());
    assert!(store.read_changes(Some(gone), 0, 10).await.unwrap().changes.is_empty());
    assert_eq!(store.fingerprint(stays).await.unwrap(), before);
}

pub(crate) async fn l3_a_source_that_is_being_erased_takes_no_writes(store: Store) {
    let account = link(&store, "a", "acme", "ann").await.account;
    let source = account.source;
    fill(&store, source).await;
    store.unlink(account.id, uuid_of("receipt"), at(900)).await.unwrap();
    let refused = store.write_batch(source, &records([ticket(source, 1, "late")]), at(1)).await;
    assert!(matches!(refused, Err(StoreError::SourceGone(_))));
    let refused = store.replace_group_members(source, "staff", &[]).await;
    assert!(matches!(refused, Err(StoreError::SourceGone(_))));
    assert!(matches!(store.put_source(&new_source("ann"), at(2)).await, Err(StoreError::SourceGone(_))));
    delete_source(&store, source).await;
    store.put_source(&new_source("ann"), at(3)).await.unwrap();
    assert_eq!(store.count_records(source, Model::Ticket, true).await.unwrap(), 0);
}

pub(crate) async fn l11_a_receipt_counts_what_was_erased_over_all_attempts(store: Store) {
    let account = link(&store, "a", "acme", "ann").await.account;
    let source = account.source;
    fill(&store, source).await;
    let receipt = uuid_of("receipt");
    store.unlink(account.id, receipt, at(900)).await.unwrap();
    let first = store.erase_source(source).await.unwrap();
    // The process ends here, and what is left is taken up by the next.
    let open = store.unlink_receipt(receipt).await.unwrap().unwrap();
    assert_eq!((open.erased_at, &open.erased), (None, &first));
    assert!(store.erase_source(source).await.unwrap().is_empty());
    assert!(store.forget_source(source, at(950)).await.unwrap());
    let closed = store.unlink_receipt(receipt).await.unwrap().unwrap();
    assert_eq!((closed.erased_at, closed.erased["sources"]), (Some(at(950)), 1));
    assert_eq!(closed.erased["records"], 2_500);
    assert!(!store.forget_source(source, at(960)).await.unwrap());
    assert_eq!(store.unlink_receipt(receipt).await.unwrap().unwrap(), closed);
}

pub(crate) async fn a_source_in_use_is_not_erased(store: Store) {
    let account = link(&store, "a", "acme", "ann").await.account;
    assert!(matches!(store.erase_source(account.source).await, Err(StoreError::InUse(_))));
    write(&store, account.source, &records([ticket(account.source, 1, "still read")]), 100).await;
}

async fn fingerprint_after(store: &Store, batches: &[Batch]) -> Fingerprint {
    let source = source(store, "ann").await;
    for (round, batch) in (1..).zip(batches) {
        write(store, source, batch, round * 1_000).await;
    }
    let fingerprint = store.fingerprint(source).await.unwrap();
    delete_source(store, source).await;
    fingerprint
}

pub(crate) async fn the_fingerprint_ignores_when_and_how_often_things_were_written(store: Store) {
    let id = new_source("ann").id;
    let all: Vec<_> = (0..700).map(|n| ticket(id, n, "text")).collect();
    let raws: Vec<_> = (0..700).map(|n| raw("jira.issue", &n.to_string(), "{}", None)).collect();
    let whole = Batch { records: all.clone(), raws: raws.clone(), ..Batch::default() };
    let older = records((0..700).map(|n| ticket(id, n, "older text")));
    let halves = [
        Batch { records: all[350..].to_vec(), raws: raws[..350].to_vec(), ..Batch::default() },
        Batch { records: all[..350].to_vec(), raws: raws[350..].to_vec(), ..Batch::default() },
    ];
    let expected = fingerprint_after(&store, std::slice::from_ref(&whole)).await;
    let names: Vec<_> = expected.parts.iter().map(|part| (part.name.as_str(), part.rows)).collect();
    assert_eq!(names, [("access", 700), ("raw.jira.issue", 700), ("record.ticket", 700)]);
    assert_eq!(fingerprint_after(&store, &halves).await, expected);
    assert_eq!(fingerprint_after(&store, &[older, whole.clone(), whole]).await, expected);
}

pub(crate) async fn the_fingerprint_sees_every_difference(store: Store) {
    let id = new_source("ann").id;
    let base = Batch {
        records: vec![ticket(id, 1, "text"), comment(id, 1, 1)],
        raws: vec![raw("jira.issue", "1", "{}", None)],
        ..Batch::default()
    };
    let mut seen = vec![fingerprint_after(&store, std::slice::from_ref(&base)).await];
    let mut text = base.clone();
    text.records[0] = ticket(id, 1, "other text");
    let mut guard = base.clone();
    guard.records[0].access = Access::Rule(rule("others"));
    let mut unguarded = base.clone();
    unguarded.records[0].access = Access::Unguarded;
    let mut parent = base.clone();
    parent.records[1].parent = None;
    let mut time = base.clone();
    time.records[0].remote_updated_at = None;
    let mut json = base.clone();
    json.raws[0].json = String::from("{ }");
    let mut missing = base.clone();
    missing.records.pop();
    let mut removed = base.clone();
    removed.removed = vec![(Model::Comment, base.records[1].id).into()];
    for different in [text, guard, unguarded, parent, time, json, missing, removed] {
        seen.push(fingerprint_after(&store, &[different]).await);
    }
    for (index, one) in seen.iter().enumerate() {
        assert!(!seen[index + 1..].contains(one), "two different stores have the same fingerprint: {one:?}");
    }
}

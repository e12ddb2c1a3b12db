//! States of absence: told apart, and each left again under the same id.

use linkspan_model::absence::Absence;
use linkspan_model::change::ChangeKind;
use linkspan_model::ids::SourceId;
use linkspan_model::models::{Article, Collection};
use linkspan_model::record::{Body, Model, NewRecord};
use linkspan_store::{Batch, ListFilter, Removal, Store, StoredAccess, StoredRecord};

use crate::fixture::*;

async fn become_absent(store: &Store, source: SourceId, number: u32, absence: Absence, now: i64) {
    let removal = Removal { model: Model::Ticket, id: ticket_id(source, number), absence };
    write(store, source, &Batch { removed: vec![removal], ..Batch::default() }, now).await;
}

async fn stored(store: &Store, source: SourceId, number: u32) -> StoredRecord {
    store.get_record(source, Model::Ticket, ticket_id(source, number)).await.unwrap().unwrap()
}

async fn listed(store: &Store, source: SourceId, include_deleted: bool) -> usize {
    let filter = ListFilter { include_deleted, ..ListFilter::default() };
    store.list_records(source, Model::Ticket, &filter, None, 100).await.unwrap().len()
}

/// The kinds of the latest of so many entries, with why.
async fn latest(
    store: &Store,
    source: SourceId,
    entries: usize,
    count: usize,
) -> Vec<(ChangeKind, Option<Absence>)> {
    let changes = feed(store, source, 0, entries).await;
    assert_eq!(changes.len(), entries);
    let from = entries - count;
    changes[from..].iter().map(|change| (change.kind, change.absence)).collect()
}

pub(crate) async fn s13_each_state_of_absence_is_told_apart_and_left_again(store: Store) {
    let source = source(&store, "ann").await;
    write(&store, source, &records([ticket(source, 1, "one"), comment(source, 5, 1)]), 100).await;
    let created = stored(&store, source, 1).await.created_at;
    let mut entries = 2;
    for (turn, absence) in (1..).zip([Absence::Trashed, Absence::LostAccess, Absence::Removed]) {
        become_absent(&store, source, 1, absence, turn * 1_000).await;
        let gone = stored(&store, source, 1).await;
        assert_eq!((gone.deleted, gone.absence), (true, Some(absence)));
        assert_eq!(gone.is_deleted_upstream(), absence.is_deletion());
        assert_eq!((listed(&store, source, false).await, listed(&store, source, true).await), (0, 1));
        // The comment goes with its ticket.
        let removed = (ChangeKind::Removed, Some(absence));
        entries += 2;
        assert_eq!(latest(&store, source, entries, 2).await, [removed, removed]);

        write(
            &store,
            source,
            &records([ticket(source, 1, "one"), comment(source, 5, 1)]),
            turn * 1_000 + 500,
        )
        .await;
        let back = stored(&store, source, 1).await;
        assert_eq!((back.deleted, back.absence, back.created_at), (false, None, created));
        entries += 2;
        let kinds = latest(&store, source, entries, 2).await.into_iter().map(|(kind, _)| kind);
        assert_eq!(kinds.collect::<Vec<_>>(), [ChangeKind::Created; 2]);
    }
}

pub(crate) async fn s13_what_is_archived_stays_served_and_keeps_its_mark(store: Store) {
    let source = source(&store, "ann").await;
    let batch = records([ticket(source, 1, "one"), ticket(source, 4, "four")]);
    write(&store, source, &batch, 100).await;
    become_absent(&store, source, 1, Absence::Archived, 200).await;
    let archived = stored(&store, source, 1).await;
    assert_eq!((archived.deleted, archived.absence), (false, Some(Absence::Archived)));
    assert_eq!(listed(&store, source, false).await, 2);
    assert_eq!(latest(&store, source, 3, 1).await, [(ChangeKind::Updated, Some(Absence::Archived))]);

    // Written again as it is: who may see it was worked out anew. The mark stands.
    write(&store, source, &records([ticket(source, 1, "one")]), 300).await;
    assert_eq!(stored(&store, source, 1).await.absence, Some(Absence::Archived));
    let unarchived = vec![ticket_id(source, 1), ticket_id(source, 4)];
    write(&store, source, &Batch { unarchived, ..Batch::default() }, 400).await;
    assert_eq!(stored(&store, source, 1).await.absence, None);
    assert_eq!(latest(&store, source, 4, 1).await, [(ChangeKind::Updated, None)]);
    assert_eq!(stored(&store, source, 4).await.modified_at, at(100));

    // An archived ticket that changed was taken out of the archive.
    become_absent(&store, source, 1, Absence::Archived, 500).await;
    write(&store, source, &records([ticket(source, 1, "edited")]), 600).await;
    assert_eq!(stored(&store, source, 1).await.absence, None);
}

pub(crate) async fn s13_projects_and_articles_tell_that_they_are_archived(store: Store) {
    let source = source(&store, "ann").await;
    let project = |archived| NewRecord {
        id: project_id(source, 1),
        container: Some(project_id(source, 1)),
        body: Body::Collection(Collection { archived, ..Collection::default() }),
        ..ticket(source, 1, "")
    };
    let article = |status: &str| NewRecord {
        id: linkspan_model::ids::RecordId::of(source, Model::Article, "7"),
        remote_id: Some("7".to_owned()),
        body: Body::Article(Box::new(Article { status: Some(status.to_owned()), ..Article::default() })),
        ..ticket(source, 1, "")
    };
    let absences = async || {
        let ids = [project_id(source, 1), linkspan_model::ids::RecordId::of(source, Model::Article, "7")];
        let found = store.get_records(source, &ids).await.unwrap();
        found.into_iter().map(|record| (record.deleted, record.absence)).collect::<Vec<_>>()
    };
    write(&store, source, &records([project(true), article("ARCHIVED")]), 100).await;
    assert_eq!(absences().await, [(false, Some(Absence::Archived)); 2]);
    write(&store, source, &records([project(false), article("PUBLISHED")]), 200).await;
    assert_eq!(absences().await, [(false, None); 2]);
}

pub(crate) async fn s13_lost_access_lets_nobody_through_and_is_let_go_in_time(store: Store) {
    let source = source(&store, "ann").await;
    let raws = vec![raw("jira.issue", "1", "{\"secret\":1}", Some(ticket_id(source, 1)))];
    let batch = Batch { raws, ..records([ticket(source, 1, "secret"), ticket(source, 2, "other")]) };
    write(&store, source, &batch, 100).await;
    become_absent(&store, source, 1, Absence::LostAccess, 1_000).await;
    let id = ticket_id(source, 1);
    assert_eq!(store.record_access(source, &[id]).await.unwrap()[&id], StoredAccess::Unknown);
    assert!(stored(&store, source, 1).await.body.contains("secret"));

    // Not before its time.
    assert_eq!(store.let_go_of_lost(source, at(1_000), at(5_000)).await.unwrap(), 0);
    assert_eq!(store.let_go_of_lost(source, at(1_001), at(5_000)).await.unwrap(), 1);
    assert_eq!(store.let_go_of_lost(source, at(1_001), at(5_000)).await.unwrap(), 0);
    let left = stored(&store, source, 1).await;
    assert_eq!((left.absence, left.body.as_str()), (Some(Absence::Removed), "{}"));
    assert!(store.get_raw(source, "jira.issue", "1").await.unwrap().is_none());
    assert_eq!(latest(&store, source, 4, 1).await, [(ChangeKind::Removed, Some(Absence::Removed))]);

    // And still it comes back under the same id, with what guards it.
    write(&store, source, &batch, 6_000).await;
    let back = stored(&store, source, 1).await;
    assert_eq!((back.deleted, back.absence), (false, None));
    assert!(matches!(store.record_access(source, &[id]).await.unwrap()[&id], StoredAccess::Rule(_)));
}

pub(crate) async fn s13_what_was_removed_for_good_stays_removed(store: Store) {
    let source = source(&store, "ann").await;
    write(&store, source, &records([ticket(source, 1, "one"), comment(source, 5, 1)]), 100).await;
    let comment_gone =
        Batch { removed: vec![(Model::Comment, comment_id(source, 5)).into()], ..Batch::default() };
    write(&store, source, &comment_gone, 200).await;
    become_absent(&store, source, 1, Absence::LostAccess, 300).await;
    let comment = store.get_record(source, Model::Comment, comment_id(source, 5)).await.unwrap().unwrap();
    assert_eq!(comment.absence, Some(Absence::Removed));
    become_absent(&store, source, 1, Absence::Removed, 400).await;
    let before = latest(&store, source, 5, 1).await;
    become_absent(&store, source, 1, Absence::LostAccess, 500).await;
    assert_eq!(stored(&store, source, 1).await.absence, Some(Absence::Removed));
    assert_eq!(latest(&store, source, 5, 1).await, before);
}

use linkspan_model::ids::{RecordId, SourceId};
use linkspan_model::record::Model;
use linkspan_store::{FileState, Store, StoreError, StoredFile};

use crate::fixture::{at, new_source, source};

fn attachment(source: SourceId, number: u32) -> RecordId {
    RecordId::of(source, Model::Attachment, &number.to_string())
}

fn stored(record: RecordId, version: &str, hash: u8) -> StoredFile {
    StoredFile {
        state: FileState::Stored,
        size: Some(5_000_000_000),
        sha256: Some([hash; 32]),
        fetched_at: Some(at(9)),
        ..StoredFile::unknown(record, version.to_owned())
    }
}

fn failed(record: RecordId, version: &str) -> StoredFile {
    StoredFile {
        state: FileState::Failed,
        reason: Some("gone".to_owned()),
        tries: 1,
        ..StoredFile::unknown(record, version.to_owned())
    }
}

pub(crate) async fn a_file_that_is_expected_is_due_until_it_is_stored(store: Store) {
    let id = source(&store, "ann").await;
    let (first, second) = (attachment(id, 1), attachment(id, 2));
    store.expect_files(id, &[(first, "a".to_owned())], at(20)).await.unwrap();
    store.expect_files(id, &[(second, "a".to_owned())], at(10)).await.unwrap();
    let due = async |now| {
        let files = store.due_files(id, at(now), 10).await.unwrap();
        files.iter().map(|file| file.record).collect::<Vec<_>>()
    };
    assert!(due(9).await.is_empty());
    assert_eq!(due(10).await, [second]);
    assert_eq!(due(20).await, [second, first]);
    assert_eq!(store.due_files(id, at(20), 1).await.unwrap().len(), 1);

    assert_eq!(store.put_file(id, &stored(first, "a", 1)).await.unwrap(), None);
    assert_eq!(store.file(id, first).await.unwrap(), Some(stored(first, "a", 1)));
    assert_eq!(due(20).await, [second]);
    // What is kept, and what is expected already, stays as it is.
    let again = [(first, "a".to_owned()), (second, "a".to_owned())];
    store.expect_files(id, &again, at(15)).await.unwrap();
    assert_eq!(due(10).await, [second]);
    assert_eq!(store.count_files(id).await.unwrap(), [(FileState::Pending, 1), (FileState::Stored, 1)]);
    let other = new_source("bob").id;
    assert!(store.due_files(other, at(99), 10).await.unwrap().is_empty());
    let refused = store.expect_files(other, &again, at(1)).await;
    assert!(matches!(refused, Err(StoreError::SourceGone(_))));
}

pub(crate) async fn s21_a_failure_has_its_reason_and_never_displaces_a_copy(store: Store) {
    let id = source(&store, "ann").await;
    let record = attachment(id, 1);
    store.put_file(id, &failed(record, "a")).await.unwrap();
    assert_eq!(store.file(id, record).await.unwrap(), Some(failed(record, "a")));
    // A failure that is not to be tried again by itself is, once the attachment is met anew.
    store.expect_files(id, &[(record, "a".to_owned())], at(5)).await.unwrap();
    assert_eq!(store.due_files(id, at(5), 10).await.unwrap().len(), 1);
    store.put_file(id, &stored(record, "a", 1)).await.unwrap();
    store.put_file(id, &failed(record, "a")).await.unwrap();
    assert_eq!(store.file(id, record).await.unwrap(), Some(stored(record, "a", 1)));
}

pub(crate) async fn a_new_version_is_expected_and_names_the_old_copy(store: Store) {
    let id = source(&store, "ann").await;
    let record = attachment(id, 1);
    store.put_file(id, &stored(record, "a", 1)).await.unwrap();
    store.expect_files(id, &[(record, "b".to_owned())], at(5)).await.unwrap();
    let due = store.due_files(id, at(5), 10).await.unwrap();
    assert_eq!((due[0].version.as_str(), due[0].sha256), ("b", Some([1; 32])));
    assert_eq!(store.put_file(id, &stored(record, "b", 2)).await.unwrap(), Some([1; 32]));
    assert_eq!(store.forget_file(id, record).await.unwrap(), Some([2; 32]));
    assert_eq!(store.forget_file(id, record).await.unwrap(), None);
    assert_eq!(store.file(id, record).await.unwrap(), None);
}

pub(crate) async fn a_copy_that_two_attachments_share_is_dropped_with_the_last(store: Store) {
    let id = source(&store, "ann").await;
    let (first, second) = (attachment(id, 1), attachment(id, 2));
    store.put_file(id, &stored(first, "a", 1)).await.unwrap();
    store.put_file(id, &stored(second, "a", 1)).await.unwrap();
    assert_eq!(store.forget_file(id, first).await.unwrap(), None);
    assert_eq!(store.forget_file(id, second).await.unwrap(), Some([1; 32]));
}

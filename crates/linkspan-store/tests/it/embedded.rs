//! What holds for the embedded database alone.

use linkspan_model::record::Model;
use linkspan_store::testing::{fresh_sqlite, tamper};
use linkspan_store::{DatabaseUrl, ListFilter, Store, StoreError};

use crate::fixture::{at, delete_source, link, list, records, source, ticket, tokens, write};

#[tokio::test]
async fn a_store_is_whole_after_it_is_opened_again() {
    let directory = tempfile::tempdir().unwrap();
    let url = DatabaseUrl::sqlite(directory.path().join("a.db"));
    let store = Store::open(&url).await.unwrap();
    let id = source(&store, "ann").await;
    write(&store, id, &records([ticket(id, 1, "text")]), 100).await;
    let fingerprint = store.fingerprint(id).await.unwrap();
    store.close().await;
    assert!(store.ping().await.is_err());

    let store = Store::open(&url).await.unwrap();
    store.ping().await.unwrap();
    assert_eq!(store.fingerprint(id).await.unwrap(), fingerprint);
    write(&store, id, &records([ticket(id, 2, "text")]), 100).await;
    assert_eq!(list(&store, id, Model::Ticket, 10).await[1].modified_at, at(101));
}

#[tokio::test]
async fn two_processes_can_open_and_write_one_file() {
    let directory = tempfile::tempdir().unwrap();
    let url = DatabaseUrl::sqlite(directory.path().join("a.db"));
    let (first, second) = tokio::join!(Store::open(&url), Store::open(&url));
    let (first, second) = (first.unwrap(), second.unwrap());
    let id = source(&first, "ann").await;
    for number in 0..20 {
        let (a, b) = (records([ticket(id, number, "a")]), records([ticket(id, 100 + number, "b")]));
        let (a, b) = tokio::join!(first.write_batch(id, &a, at(1)), second.write_batch(id, &b, at(1)));
        a.unwrap();
        b.unwrap();
    }
    assert_eq!(first.count_records(id, Model::Ticket, false).await.unwrap(), 40);
    assert_eq!(second.read_changes(None, 0, 100).await.unwrap().changes.len(), 40);
}

#[tokio::test]
async fn a_file_written_by_a_newer_version_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let url = DatabaseUrl::sqlite(directory.path().join("a.db"));
    let store = Store::open(&url).await.unwrap();
    tamper(&store, "INSERT INTO schema_steps (step, name) VALUES (9999, '9999_from_the_future')")
        .await
        .unwrap();
    store.close().await;
    let refused = Store::open(&url).await.unwrap_err();
    assert!(
        matches!(&refused, StoreError::Migrate(why) if why.contains("9999_from_the_future")),
        "{refused}"
    );
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.db");
    std::fs::write(&path, "this is not a database, it only has the same name".repeat(100)).unwrap();
    assert!(Store::open(&DatabaseUrl::sqlite(path)).await.is_err());
    assert!(
        Store::open(&DatabaseUrl::sqlite(directory.path().join("no/such/directory/a.db"))).await.is_err()
    );
}

#[tokio::test]
async fn g4_nothing_of_an_erased_source_stays_in_the_files() {
    const CANARY: &str = "canary in a coal mine";
    let (store, directory) = fresh_sqlite().await.unwrap();
    let id = source(&store, "ann").await;
    for round in 0..5 {
        let text = format!("{CANARY} {round} ").repeat(200);
        write(&store, id, &records((0..50).map(|n| ticket(id, n, &text))), 100).await;
    }
    let occurrences = || {
        std::fs::read_dir(directory.path())
            .unwrap()
            .map(|entry| std::fs::read(entry.unwrap().path()).unwrap())
            .map(|bytes| bytes.windows(CANARY.len()).filter(|window| *window == CANARY.as_bytes()).count())
            .sum::<usize>()
    };
    assert!(occurrences() > 0);
    delete_source(&store, id).await;
    assert_eq!(occurrences(), 0);
}

#[tokio::test]
async fn l10_no_secret_is_in_the_files() {
    let (store, directory) = fresh_sqlite().await.unwrap();
    link(&store, "secret canary", "acme", "ann").await;
    store
        .put_grant(
            crate::fixture::grant("bob"),
            crate::fixture::app(),
            "bob",
            &tokens("secret canary"),
            at(1),
        )
        .await
        .unwrap();
    store.close().await;
    for entry in std::fs::read_dir(directory.path()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        assert!(!bytes.windows(13).any(|window| window == b"secret canary"));
    }
}

#[tokio::test]
async fn an_altered_row_is_an_error_not_a_panic() {
    let (store, _directory) = fresh_sqlite().await.unwrap();
    let id = source(&store, "ann").await;
    write(&store, id, &records([ticket(id, 1, "text")]), 100).await;
    for tampering in [
        "UPDATE records SET body = 'no json'",
        "UPDATE records SET model = 'spell'",
        "UPDATE records SET id = x'00'",
    ] {
        tamper(&store, tampering).await.unwrap();
        let rows = store.list_records(id, Model::Ticket, &ListFilter::default(), None, 10).await;
        let problem = match rows {
            Ok(rows) => rows.first().map(|row| row.instance().unwrap_err()),
            Err(error) => Some(error),
        };
        assert!(problem.is_none_or(|problem| matches!(problem, StoreError::Corrupt(_))), "{tampering}");
    }
}

#[test]
fn database_urls_are_told_apart() {
    let path = |text: &str| {
        text.parse::<DatabaseUrl>().unwrap().sqlite_path().map(|path| path.display().to_string())
    };
    assert_eq!(path("sqlite:data/a.db").as_deref(), Some("data/a.db"));
    assert_eq!(path("sqlite:///var/a.db").as_deref(), Some("/var/a.db"));
    assert_eq!(path("postgres://u:p@h/d"), None);
    for text in ["", "sqlite:", "sqlite::memory:", "mysql://h/d", "postgres", "/var/a.db"] {
        assert!(matches!(text.parse::<DatabaseUrl>(), Err(StoreError::Url(_))), "{text}");
    }
    let url: DatabaseUrl = "postgres://user:canary@host/db".parse().unwrap();
    assert!(!format!("{url:?}").contains("canary"));
}

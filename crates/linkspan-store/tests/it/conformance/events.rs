use std::time::Duration;

use linkspan_model::event::EventKind;
use linkspan_model::ids::{LinkedAccountId, SourceId};
use linkspan_store::{Event, FeedEntry, NewEvent, Store, SyncNotice};
use serde_json::json;

use crate::fixture::{
    app, at, delete_source, grant, link, new_source, records, source, ticket, tokens, uuid_of, write,
};

/// Everything in the feed, once it holds `expected` entries. On PostgreSQL an entry waits for older transactions.
async fn everything(store: &Store, expected: usize) -> Vec<FeedEntry> {
    for _ in 0..500 {
        let feed = store.read_feed(None, 0, 10_000).await.unwrap();
        if feed.entries.len() >= expected {
            return feed.entries;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the feed did not reach {expected} entries");
}

async fn events(store: &Store, expected: usize) -> Vec<Event> {
    let entries = everything(store, expected).await;
    let events = entries.into_iter().filter_map(|entry| match entry {
        FeedEntry::Event(event) => Some(event),
        FeedEntry::Change(_) => None,
    });
    events.collect()
}

fn told(events: &[Event]) -> Vec<(EventKind, Option<LinkedAccountId>)> {
    events.iter().map(|event| (event.kind, event.account)).collect()
}

pub(crate) async fn one_cursor_orders_changes_and_events(store: Store) {
    let source = source(&store, "ann").await;
    let event = |kind| NewEvent { kind, source: Some(source), account: None, details: json!({ "n": 1 }) };
    write(&store, source, &records([ticket(source, 1, "a"), ticket(source, 2, "a")]), 100).await;
    store.append_event(&event(EventKind::LedgerDrift), at(200)).await.unwrap();
    write(&store, source, &records([ticket(source, 1, "b")]), 300).await;
    store.append_event(&event(EventKind::ReachReduced), at(400)).await.unwrap();
    let all = everything(&store, 5).await;
    let shape: Vec<_> = all
        .iter()
        .map(|entry| match entry {
            FeedEntry::Change(change) => change.kind.as_str(),
            FeedEntry::Event(event) => event.kind.as_str(),
        })
        .collect();
    assert_eq!(shape, ["created", "created", "ledger.drift", "updated", "reach.reduced"]);
    assert!(all.is_sorted_by(|a, b| a.seq() < b.seq()));
    // Pages join without a gap, whatever their size.
    for limit in 1..=6 {
        let (mut next, mut seen) = (0, Vec::new());
        loop {
            let feed = store.read_feed(None, next, limit).await.unwrap();
            assert!(feed.next >= next && feed.entries.len() <= limit as usize);
            next = feed.next;
            if feed.entries.is_empty() {
                break;
            }
            seen.extend(feed.entries);
        }
        assert_eq!(seen, all, "{limit}");
    }
    let FeedEntry::Event(drift) = &all[2] else { panic!("an event") };
    assert_eq!(store.event(drift.seq).await.unwrap().as_ref(), Some(drift));
    assert_eq!((drift.at, drift.details["n"].as_i64()), (at(200), Some(1)));
    assert_eq!(store.forget_events(at(300)).await.unwrap(), 1);
    assert!(store.event(drift.seq).await.unwrap().is_none());
}

pub(crate) async fn linking_and_unlinking_are_told_with_their_transactions(store: Store) {
    let account = link(&store, "a", "acme", "ann").await.account.id;
    let again = link(&store, "b", "acme", "ann").await;
    assert!(again.relinked);
    assert_eq!(told(&events(&store, 1).await), [(EventKind::LinkedAccountCreated, Some(account))]);
    store.unlink(account, uuid_of("receipt"), at(900)).await.unwrap().unwrap();
    let after = events(&store, 1).await;
    // What was told before goes with the account.
    let last = after.last().unwrap();
    assert_eq!(
        (last.kind, last.account, last.source),
        (EventKind::LinkedAccountDeleted, Some(account), None)
    );
    assert_eq!(last.details["end_user_origin_id"], "acme");
    assert!(!last.details.to_string().contains("acme.example"), "no address of a person: {}", last.details);
    delete_source(&store, new_source("ann").id).await;
    assert_eq!(told(&events(&store, 1).await), [(EventKind::LinkedAccountDeleted, Some(account))]);
}

pub(crate) async fn a_death_of_a_grant_is_told_once_and_so_is_its_revival(store: Store) {
    let first = link(&store, "a", "acme", "ann").await.account.id;
    let other = link(&store, "b", "bolt", "ann").await.account.id;
    let version = store.grant(grant("ann")).await.unwrap().unwrap().version;
    assert!(
        store.mark_grant_needs_relink_if_version(grant("ann"), version, "revoked", at(100)).await.unwrap()
    );
    for late in [version, version + 1] {
        let again = store.mark_grant_needs_relink_if_version(grant("ann"), late, "revoked", at(101)).await;
        assert!(!again.unwrap());
    }
    store.put_grant(grant("ann"), app(), "ann", &tokens("second"), at(200)).await.unwrap();
    store.put_grant(grant("ann"), app(), "ann", &tokens("third"), at(201)).await.unwrap();
    let told = events(&store, 6).await;
    let kinds: Vec<_> = told.iter().map(|event| (event.kind.as_str(), event.account.unwrap())).collect();
    assert_eq!(kinds.len(), 6, "{kinds:?}");
    for account in [first, other] {
        let of_account: Vec<_> =
            kinds.iter().filter(|(_, id)| *id == account).map(|(kind, _)| *kind).collect();
        assert_eq!(
            of_account,
            ["linked_account.created", "linked_account.relink_needed", "linked_account.restored"]
        );
    }
    let reason = told.iter().find(|event| event.kind == EventKind::LinkedAccountRelinkNeeded).unwrap();
    assert_eq!(reason.details["reason"], "revoked");
}

pub(crate) async fn an_account_that_another_person_revives_is_told_once(store: Store) {
    let account = link(&store, "a", "acme", "ann").await.account.id;
    let version = store.grant(grant("ann")).await.unwrap().unwrap().version;
    store.mark_grant_needs_relink_if_version(grant("ann"), version, "left", at(100)).await.unwrap();
    let again = link(&store, "b", "acme", "bob").await;
    assert_eq!((again.account.id, again.relinked), (account, true));
    let kinds: Vec<_> = events(&store, 3).await.into_iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(kinds, ["linked_account.created", "linked_account.relink_needed", "linked_account.restored"]);
}

pub(crate) async fn s16_a_stall_is_said_once_until_the_source_recovers(store: Store) {
    let source = source(&store, "ann").await;
    let note = async |notice: SyncNotice, millis| store.note_sync(source, &notice, at(millis)).await.unwrap();
    let completed = |changed, failed: &[&str]| SyncNotice::Completed {
        changed,
        failed: failed.iter().map(|stream| (*stream).to_owned()).collect(),
    };
    let stalled = || SyncNotice::Stalled { reason: "refused".to_owned(), streams: vec!["issues".to_owned()] };
    assert!(note(SyncNotice::Started, 1).await);
    assert!(!note(SyncNotice::Started, 2).await, "only the first reading is told to begin");
    assert!(note(completed(0, &[]), 3).await, "the first reading ends");
    assert!(!note(completed(0, &[]), 4).await, "a run that brought nothing is not told");
    assert!(note(completed(7, &["issues"]), 5).await);
    assert!(note(stalled(), 6).await);
    assert!(!note(stalled(), 7).await);
    assert!(!note(completed(0, &["issues"]), 8).await);
    assert!(!note(stalled(), 9).await, "a run with a failure is no recovery");
    assert!(!note(completed(0, &[]), 10).await);
    assert!(note(stalled(), 11).await, "it recovered and stalls again");
    let told = events(&store, 5).await;
    let kinds: Vec<_> = told.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(kinds, ["sync.started", "sync.completed", "sync.completed", "sync.stalled", "sync.stalled"]);
    assert_eq!(told[1].details, json!({ "is_initial": true, "changed": 0, "failed_streams": [] }));
    assert_eq!(told[2].details["failed_streams"], json!(["issues"]));
    assert!(told.iter().all(|event| event.source == Some(source) && event.account.is_none()));
    delete_source(&store, source).await;
    assert!(store.note_sync(source, &stalled(), at(12)).await.is_err());
}

pub(crate) async fn a_reader_of_everything_beside_writers_misses_nothing(store: Store) {
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..4_u32 {
        let store = store.clone();
        let id: SourceId = source(&store, &format!("account {writer}")).await;
        writers.spawn(async move {
            for round in 0..15 {
                write(&store, id, &records([ticket(id, round, "x")]), 100).await;
                let account = Some(LinkedAccountId(uuid_of(&format!("{writer} {round}"))));
                let kind = EventKind::LedgerDrift;
                let event = NewEvent { kind, source: Some(id), account, details: json!({}) };
                store.append_event(&event, at(100)).await.unwrap();
            }
        });
    }
    let (mut next, mut seen) = (0, Vec::new());
    for _ in 0..3_000 {
        let feed = store.read_feed(None, next, 5).await.unwrap();
        next = feed.next;
        seen.extend(feed.entries);
        if seen.len() >= 4 * 15 * 2 && writers.is_empty() {
            break;
        }
        while writers.try_join_next().is_some() {}
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert_eq!(seen.len(), 4 * 15 * 2);
    assert!(seen.is_sorted_by(|a, b| a.seq() < b.seq()));
}

use linkspan_store::{Hint, InboundDelivery, LiveCheck, Store, StoredHint};

use crate::fixture::{app, at, new_source, source};

const KIND: &str = "jira.issue";

fn delivery(number: u8, hints: Vec<Hint>) -> InboundDelivery {
    InboundDelivery { app: app(), digest: Some([number; 16]), hints }
}

fn stamps(hints: &[StoredHint]) -> Vec<(&str, bool, i64)> {
    hints.iter().map(|hint| (hint.remote_id.as_str(), hint.gone, hint.stamp)).collect()
}

pub(crate) async fn w5_a_repeated_delivery_hints_once_and_later_ones_coalesce(store: Store) {
    let source = source(&store, "ann").await;
    let hint = |remote_id: &str, gone| Hint { source, kind: KIND, remote_id: remote_id.to_owned(), gone };
    let first = [delivery(1, vec![hint("7", false)]), delivery(1, vec![hint("7", false)])];
    assert_eq!(store.take_deliveries(&first, at(10)).await.unwrap(), [true, false]);
    assert_eq!(store.take_deliveries(&first[..1], at(20)).await.unwrap(), [false]);
    let due = store.due_hints(source, KIND, at(20), 10).await.unwrap();
    assert_eq!(stamps(&due), [("7", false, 1)]);
    assert_eq!(due[0].hinted_at, at(10));
    assert_eq!(store.sources_with_hints(at(20)).await.unwrap(), [source]);
    let later = [delivery(2, vec![hint("7", true), hint("8", false)])];
    assert_eq!(store.take_deliveries(&later, at(30)).await.unwrap(), [true]);
    // Settling what was read before the second delivery leaves what that one told.
    store.settle_hints(source, KIND, &due).await.unwrap();
    let due = store.due_hints(source, KIND, at(30), 10).await.unwrap();
    assert_eq!(stamps(&due), [("7", true, 2), ("8", false, 1)]);
    // What one delivery said was deleted is looked for, whatever comes after it.
    let straggler = [delivery(3, vec![hint("7", false)])];
    assert_eq!(store.take_deliveries(&straggler, at(30)).await.unwrap(), [true]);
    let due = store.due_hints(source, KIND, at(30), 10).await.unwrap();
    assert_eq!(stamps(&due), [("7", true, 3), ("8", false, 1)]);
    assert_eq!(store.pending_hints(source).await.unwrap(), (2, Some(at(10))));
    store.settle_hints(source, KIND, &due).await.unwrap();
    assert_eq!(store.pending_hints(source).await.unwrap(), (0, None));
    assert!(store.sources_with_hints(at(99)).await.unwrap().is_empty());
    // Identifiers are forgotten in time, so that the table does not grow for ever.
    assert_eq!(store.forget_inbound_deliveries(at(15), 10).await.unwrap(), 1);
    assert_eq!(store.take_deliveries(&first[..1], at(40)).await.unwrap(), [true]);
}

pub(crate) async fn a_hint_whose_reading_failed_waits_unless_it_comes_again(store: Store) {
    let source = source(&store, "ann").await;
    let hint = Hint { source, kind: KIND, remote_id: "7".to_owned(), gone: false };
    store.take_deliveries(&[delivery(1, vec![hint.clone()])], at(10)).await.unwrap();
    let due = store.due_hints(source, KIND, at(10), 10).await.unwrap();
    store.postpone_hints(source, KIND, &due, at(500)).await.unwrap();
    assert!(store.due_hints(source, KIND, at(499), 10).await.unwrap().is_empty());
    let waiting = store.due_hints(source, KIND, at(500), 10).await.unwrap();
    assert_eq!((waiting.len(), waiting[0].tries), (1, 1));
    store.take_deliveries(&[delivery(2, vec![hint])], at(60)).await.unwrap();
    let due = store.due_hints(source, KIND, at(60), 10).await.unwrap();
    assert_eq!((due.len(), due[0].tries, due[0].hinted_at), (1, 0, at(10)));
    // Who failed with what was known before puts nothing off that came since.
    store.postpone_hints(source, KIND, &waiting, at(900)).await.unwrap();
    assert_eq!(store.due_hints(source, KIND, at(60), 10).await.unwrap(), due);
}

pub(crate) async fn s15_what_waits_keeps_its_place(store: Store) {
    let source = source(&store, "ann").await;
    let hint = Hint { source, kind: KIND, remote_id: "7".to_owned(), gone: true };
    store.take_deliveries(&[delivery(1, vec![hint])], at(20)).await.unwrap();
    let first = store.due_hints(source, KIND, at(20), 10).await.unwrap();
    store.postpone_hints(source, KIND, &first, at(300)).await.unwrap();
    let ids = ["8", "7", "8"].map(str::to_owned);
    store.hint_later(source, KIND, &ids, at(30), at(100)).await.unwrap();
    assert!(store.due_hints(source, KIND, at(99), 10).await.unwrap().is_empty());
    let due = store.due_hints(source, KIND, at(300), 10).await.unwrap();
    let told: Vec<_> = due.iter().map(|hint| (hint.remote_id.as_str(), hint.gone, hint.tries)).collect();
    assert_eq!(told, [("8", false, 0), ("7", true, 1)]);
}

pub(crate) async fn w1_how_a_source_learns_of_changes_is_kept_beside_what_came(store: Store) {
    let source = source(&store, "ann").await;
    assert_eq!(store.due_live_checks(at(1), 10).await.unwrap(), [source]);
    let mut check = LiveCheck {
        registered: "[]".to_owned(),
        expires_at: Some(at(9_000)),
        problem: None,
        failures: 0,
        check_at: at(500),
    };
    let grant = new_source("ann").grant;
    store.put_live_check(source, grant, &check, at(10)).await.unwrap();
    assert!(store.due_live_checks(at(499), 10).await.unwrap().is_empty());
    let hint = Hint { source, kind: KIND, remote_id: "7".to_owned(), gone: false };
    store.take_deliveries(&[delivery(1, vec![hint])], at(20)).await.unwrap();
    store.note_missed_deliveries(source, 3, at(25), at(30)).await.unwrap();
    check.problem = Some("refused".to_owned());
    check.failures = 1;
    store.put_live_check(source, grant, &check, at(40)).await.unwrap();
    // What was looked at for a former account says nothing any more.
    let former = LiveCheck { problem: Some("former".to_owned()), ..check.clone() };
    store.put_live_check(source, new_source("bob").grant, &former, at(41)).await.unwrap();
    store.note_missed_deliveries(source, 1, at(42), at(45)).await.unwrap();
    let live = store.live_source(source).await.unwrap().unwrap();
    assert_eq!((live.deliveries, live.delivered_at), (1, Some(at(20))));
    assert_eq!((live.missed, live.missed_at), (4, Some(at(30))), "since the first");
    assert_eq!((live.problem.as_deref(), live.checked_at), (Some("refused"), Some(at(40))));
    store.hurry_live_check(source, at(100)).await.unwrap();
    store.hurry_live_check(source, at(700)).await.unwrap();
    assert_eq!(store.due_live_checks(at(100), 10).await.unwrap(), [source]);
}

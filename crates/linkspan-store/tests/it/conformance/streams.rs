use linkspan_store::{Batch, Checkpoint, Store, StreamProgress, StreamState};

use crate::fixture::{at, source, write};

fn checkpoint(state: &str) -> Checkpoint {
    Checkpoint { stream: "issues".to_owned(), state: state.to_owned(), ..Checkpoint::default() }
}

pub(crate) async fn a_checkpoint_is_stored_with_its_batch(store: Store) {
    let source = source(&store, "ann").await;
    let full = Checkpoint {
        phase: Some("backfill".to_owned()),
        items_done: Some(100),
        items_expected: Some(900),
        ..checkpoint("{\"page\":1}")
    };
    write(&store, source, &Batch { checkpoint: Some(full), ..Batch::default() }, 100).await;
    let batch = Batch { checkpoint: Some(checkpoint("{\"page\":2}")), ..Batch::default() };
    write(&store, source, &batch, 200).await;
    let stream = store.get_stream(source, "issues").await.unwrap().unwrap();
    let progress = StreamProgress {
        phase: "backfill".to_owned(),
        items_done: 100,
        items_expected: Some(900),
        ..StreamProgress::default()
    };
    assert_eq!(
        stream,
        StreamState { stream: "issues".to_owned(), state: Some("{\"page\":2}".to_owned()), progress }
    );
}

pub(crate) async fn stream_states_are_kept_per_source(store: Store) {
    let (one, other) = (source(&store, "ann").await, source(&store, "bob").await);
    let batch = Batch { checkpoint: Some(checkpoint("1")), ..Batch::default() };
    write(&store, one, &batch, 100).await;
    let progress = StreamProgress {
        phase: "idle".to_owned(),
        items_done: 5,
        items_expected: None,
        started_at: Some(at(1)),
        finished_at: Some(at(2)),
        last_error: Some("refused".to_owned()),
        last_success_at: Some(at(0)),
        fresh_as_of: Some(at(-1)),
    };
    let finished = StreamState { stream: "issues".to_owned(), state: None, progress: progress.clone() };
    store.put_stream_state(one, &finished).await.unwrap();
    store
        .put_stream_state(one, &StreamState { stream: "boards".to_owned(), ..StreamState::default() })
        .await
        .unwrap();

    let streams = store.get_streams(one).await.unwrap();
    assert_eq!(streams.iter().map(|stream| stream.stream.as_str()).collect::<Vec<_>>(), ["boards", "issues"]);
    assert_eq!(streams[1].state.as_deref(), Some("1"), "without a state, the former one stays");
    assert_eq!(streams[1].progress, progress);
    assert!(store.get_streams(other).await.unwrap().is_empty());
    store.reset_stream(one, "issues").await.unwrap();
    assert!(store.get_stream(one, "issues").await.unwrap().is_none());
}

use linkspan_model::record::NewRaw;
use linkspan_store::{Batch, RawFilter, Store};

use crate::fixture::{at, raw, source, ticket_id, write};

fn raws(raws: Vec<NewRaw>) -> Batch {
    Batch { raws, ..Batch::default() }
}

pub(crate) async fn raws_come_back_byte_for_byte(store: Store) {
    let source = source(&store, "ann").await;
    let texts = [
        String::new(),
        "{\"a\" : 1.0e+2 ,\r\n\t\"b\":\"\\u0000\\ud83d\\ude00 \u{1f600}\"}".to_owned(),
        "{\"key\":\"value\"}".repeat(5_000),
        (0..3_000_u32).map(|n| char::from_u32(0x4e00 + n * 7 % 20_000).unwrap()).collect(),
    ];
    let batch =
        raws((0..).zip(&texts).map(|(n, text)| raw("jira.issue", &format!("{n}"), text, None)).collect());
    write(&store, source, &batch, 100).await;
    for (number, text) in texts.iter().enumerate() {
        let stored = store.get_raw(source, "jira.issue", &number.to_string()).await.unwrap().unwrap();
        assert_eq!(stored.json, *text);
        assert_eq!((stored.path, stored.stored_at), (format!("/rest/{number}"), at(100)));
    }
}

pub(crate) async fn raws_are_found_by_record_and_by_kind(store: Store) {
    let source = source(&store, "ann").await;
    let (one, two) = (ticket_id(source, 1), ticket_id(source, 2));
    let mut flagged = raw("jira.changelog", "1", "[", Some(one));
    flagged.problem = Some("the JSON ends too soon".to_owned());
    let batch = raws(vec![
        raw("jira.issue", "1", "{}", Some(one)),
        raw("jira.issue", "10", "{}", Some(two)),
        raw("jira.issue", "B", "{}", None),
        raw("jira.issue", "a", "{}", None),
        flagged,
    ]);
    write(&store, source, &batch, 100).await;
    let found = store.get_raws_for(source, &[one, ticket_id(source, 3), one]).await.unwrap();
    let kinds: Vec<_> = found.iter().map(|raw| (raw.kind.as_str(), raw.record)).collect();
    assert_eq!(kinds, [("jira.changelog", Some(one)), ("jira.issue", Some(one))]);
    assert_eq!(found[0].problem.as_deref(), Some("the JSON ends too soon"));

    let mut order = Vec::new();
    while let Some(raw) =
        store.list_raws(source, "jira.issue", order.last().map(String::as_str), 1).await.unwrap().pop()
    {
        order.push(raw.remote_id);
    }
    assert_eq!(order, ["1", "10", "B", "a"], "the order is that of bytes on both engines");
    assert_eq!(store.count_raws(source, "jira.issue").await.unwrap(), (4, 0));
    assert_eq!(store.count_raws(source, "jira.changelog").await.unwrap(), (1, 1));
}

pub(crate) async fn an_unchanged_raw_is_not_written_again(store: Store) {
    let source = source(&store, "ann").await;
    let batch = raws(vec![raw("jira.issue", "1", "{}", None), raw("jira.user", "1", "{}", None)]);
    assert_eq!(write(&store, source, &batch, 100).await.raws_written, 2);
    let outcome = write(&store, source, &batch, 200).await;
    assert_eq!((outcome.raws_written, outcome.raws_unchanged), (0, 2));
    let mut changed = batch.clone();
    changed.raws[0].problem = Some("flagged later".to_owned());
    let outcome = write(&store, source, &changed, 300).await;
    assert_eq!((outcome.raws_written, outcome.raws_unchanged), (1, 1));
    let stored = store.get_raw(source, "jira.issue", "1").await.unwrap().unwrap();
    assert_eq!((stored.problem.as_deref(), stored.stored_at), (Some("flagged later"), at(300)));
    assert_eq!(store.get_raw(source, "jira.user", "1").await.unwrap().unwrap().stored_at, at(100));
}

pub(crate) async fn raws_are_filtered_by_owner_time_and_problem(store: Store) {
    let source = source(&store, "ann").await;
    let mut flagged = raw("jira.component", "2/8", "{}", None);
    flagged.problem = Some("odd".to_owned());
    let early =
        raws(vec![raw("jira.component", "1/7", "{}", None), raw("jira.issue", "1", "{}", None), flagged]);
    write(&store, source, &early, 100).await;
    write(&store, source, &raws(vec![raw("jira.component", "1/9", "{}", None)]), 200).await;
    let found = async |kind: &str, filter: RawFilter| -> Vec<String> {
        let found = store.find_raws(source, kind, &filter, None, 10).await.unwrap();
        found.into_iter().map(|raw| raw.remote_id).collect()
    };
    let all = RawFilter::default();
    assert_eq!(found("jira.component", all.clone()).await, ["1/7", "1/9", "2/8"]);
    assert_eq!(
        found("jira.component", RawFilter { owner: Some("1".to_owned()), ..all.clone() }).await,
        ["1/7", "1/9"]
    );
    assert_eq!(
        found("jira.component", RawFilter { stored_since: Some(at(150)), ..all.clone() }).await,
        ["1/9"]
    );
    assert_eq!(found("jira.component", RawFilter { problems_only: true, ..all.clone() }).await, ["2/8"]);
    assert_eq!(
        found("jira.issue", RawFilter { stored_since: Some(at(150)), ..all }).await,
        Vec::<String>::new()
    );
    let kinds = store.raw_kinds(source).await.unwrap();
    let kinds: Vec<_> = kinds.iter().map(|kind| (kind.kind.as_str(), kind.count, kind.newest)).collect();
    assert_eq!(kinds, [("jira.component", 3, at(200))], "issues are too many to be counted by kind");
}

pub(crate) async fn s11_raws_that_a_whole_listing_lacks_are_removed(store: Store) {
    let (source, other) = (source(&store, "ann").await, crate::fixture::source(&store, "bob").await);
    let batch =
        raws(["1/7", "1/8", "10/7", "2/7"].iter().map(|id| raw("jira.component", id, "{}", None)).collect());
    write(&store, source, &batch, 100).await;
    write(&store, other, &batch, 100).await;
    let seen = ["1/8".to_owned()].into();
    assert_eq!(store.settle_raws(source, "jira.component", Some("1"), &seen).await.unwrap(), ["1/7"]);
    assert_eq!(store.settle_raws(source, "jira.version", None, &seen).await.unwrap(), Vec::<String>::new());
    let left = store.list_raws(source, "jira.component", None, 10).await.unwrap();
    assert_eq!(left.iter().map(|raw| raw.remote_id.as_str()).collect::<Vec<_>>(), ["1/8", "10/7", "2/7"]);
    assert_eq!(store.settle_raws(source, "jira.component", None, &seen).await.unwrap(), ["10/7", "2/7"]);
    assert_eq!(store.list_raws(other, "jira.component", None, 10).await.unwrap().len(), 4);
}

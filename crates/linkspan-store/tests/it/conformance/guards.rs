use linkspan_model::record::{Access, Model};
use linkspan_store::testing::tamper;
use linkspan_store::{Batch, ListFilter, ModelCounts, Store, StoredAccess};
use tokio::task::JoinSet;

use crate::fixture::{
    at, delete_source, feed, get, happened, person, raw, records, rule, source, ticket, ticket_id, uuid_of,
    write,
};

pub(crate) async fn p7_a_record_without_access_entry_is_unknown(store: Store) {
    let source = source(&store, "ann").await;
    let mut unknown = ticket(source, 2, "x");
    unknown.access = Access::Unknown;
    let batch = records([ticket(source, 1, "x"), unknown, person(source, "bob", "Bob")]);
    write(&store, source, &batch, 100).await;
    let ids: Vec<_> = batch.records.iter().map(|record| record.id).collect();
    let access = store.record_access(source, &ids).await.unwrap();
    assert_eq!(access[&ids[0]], StoredAccess::Rule(rule("staff").key()));
    assert_eq!(access[&ids[1]], StoredAccess::Unknown);
    assert_eq!(access[&ids[2]], StoredAccess::Unguarded);

    assert_eq!(tamper(&store, "DELETE FROM record_access").await.unwrap(), 3);
    let access = store.record_access(source, &ids).await.unwrap();
    assert!(ids.iter().all(|id| access[id] == StoredAccess::Unknown));
    // The next sync repairs what was lost, although the content is the same.
    assert_eq!(write(&store, source, &batch, 200).await.total().access_changed, 3);
    assert_eq!(
        store.record_access(source, &ids).await.unwrap()[&ids[0]],
        StoredAccess::Rule(rule("staff").key())
    );
}

pub(crate) async fn p8_content_writes_leave_access_alone_and_the_reverse(store: Store) {
    let source = source(&store, "ann").await;
    let id = ticket_id(source, 1);
    write(&store, source, &records([ticket(source, 1, "a")]), 100).await;
    let first = get(&store, source, id).await;
    // Were access written with the content, this would change it back.
    assert_eq!(tamper(&store, "UPDATE record_access SET guarded = TRUE").await.unwrap(), 1);
    let outcome = write(&store, source, &records([ticket(source, 1, "b")]), 200).await;
    assert_eq!(outcome.total(), ModelCounts { updated: 1, ..ModelCounts::default() });
    let mut guarded = ticket(source, 1, "b");
    guarded.access = Access::Rule(rule("managers"));
    write(&store, source, &records([guarded]), 300).await;
    let stored = get(&store, source, id).await;
    assert_eq!((stored.created_at, stored.modified_at), (first.created_at, at(200)));
    let access = store.record_access(source, &[id]).await.unwrap();
    assert_eq!(access[&id], StoredAccess::Rule(rule("managers").key()));
}

pub(crate) async fn p8_racing_content_and_access_end_with_the_newest_of_each(store: Store) {
    let source = source(&store, "ann").await;
    let id = ticket_id(source, 1);
    let mut writers = JoinSet::new();
    for writer in 0..4_u32 {
        let store = store.clone();
        writers.spawn(async move {
            for round in 0..6 {
                let mut record = ticket(source, 1, &format!("text {writer} {round}"));
                record.access = Access::Rule(rule(&format!("group {writer} {round}")));
                write(&store, source, &records([record]), 100).await;
            }
        });
    }
    writers.join_all().await;
    // Every writer wrote text and rule together, so whichever came last, the two must match.
    let stored = get(&store, source, id).await;
    let rules = store.access_rules(source).await.unwrap();
    let StoredAccess::Rule(key) = store.record_access(source, &[id]).await.unwrap()[&id] else {
        panic!("no rule")
    };
    let rule = &rules.iter().find(|(stored, _)| *stored == key).unwrap().1;
    let rule = serde_json::to_string(rule).unwrap();
    let suffix = stored.body.split("text ").nth(1).unwrap()[..3].to_owned();
    assert!(rule.contains(&format!("group {suffix}")), "{rule} guards {}", stored.body);
    assert_eq!(rules.len(), 24);
}

pub(crate) async fn an_access_change_alone_moves_nothing_else(store: Store) {
    let source = source(&store, "ann").await;
    let id = ticket_id(source, 1);
    write(&store, source, &records([ticket(source, 1, "a")]), 100).await;
    let before = get(&store, source, id).await;
    let mut guarded = ticket(source, 1, "a");
    guarded.access = Access::Unknown;
    let outcome = write(&store, source, &records([guarded.clone()]), 200).await;
    let expected = ModelCounts { unchanged: 1, access_changed: 1, ..ModelCounts::default() };
    assert_eq!(outcome.total(), expected);
    assert_eq!(get(&store, source, id).await, before);
    assert_eq!(happened(&feed(&store, source, 0, 2).await), [(id, "created"), (id, "access")]);
    assert_eq!(write(&store, source, &records([guarded]), 300).await.total().access_changed, 0);

    let both = ticket(source, 1, "b");
    write(&store, source, &records([both]), 400).await;
    let changes = happened(&feed(&store, source, 0, 4).await);
    assert_eq!(changes[2..], [(id, "updated"), (id, "access")]);
}

pub(crate) async fn equal_rules_are_stored_once(store: Store) {
    let source = source(&store, "ann").await;
    write(&store, source, &records((0..50).map(|n| ticket(source, n, "x"))), 100).await;
    let mut other = ticket(source, 99, "x");
    other.access = Access::Rule(rule("managers"));
    write(&store, source, &records([other]), 200).await;
    let mut rules = store.access_rules(source).await.unwrap();
    rules.sort_unstable_by_key(|(key, _)| *key);
    let mut expected = [rule("staff"), rule("managers")].map(|rule| (rule.key(), rule));
    expected.sort_unstable_by_key(|(key, _)| *key);
    assert_eq!(rules, expected);
}

pub(crate) async fn m5_no_function_reaches_into_another_source(store: Store) {
    let (own, foreign) = (source(&store, "ann").await, source(&store, "bob").await);
    let id = ticket_id(own, 1);
    let batch =
        Batch { raws: vec![raw("jira.issue", "1", "{}", Some(id))], ..records([ticket(own, 1, "mine")]) };
    write(&store, own, &batch, 100).await;
    store.replace_group_members(own, "staff", &["ann".to_owned()]).await.unwrap();
    let before = store.fingerprint(own).await.unwrap();

    assert!(store.get_record(foreign, Model::Ticket, id).await.unwrap().is_none());
    assert!(store.get_records(foreign, &[id]).await.unwrap().is_empty());
    assert!(store.get_raw(foreign, "jira.issue", "1").await.unwrap().is_none());
    assert!(store.get_raws_for(foreign, &[id]).await.unwrap().is_empty());
    assert!(store.list_raws(foreign, "jira.issue", None, 10).await.unwrap().is_empty());
    assert_eq!(store.count_raws(foreign, "jira.issue").await.unwrap(), (0, 0));
    let filter = ListFilter { remote_id: Some("1"), include_deleted: true, ..ListFilter::default() };
    assert!(store.list_records(foreign, Model::Ticket, &filter, None, 10).await.unwrap().is_empty());
    assert_eq!(store.count_records(foreign, Model::Ticket, true).await.unwrap(), 0);
    assert_eq!(store.record_access(foreign, &[id]).await.unwrap()[&id], StoredAccess::Unknown);
    assert!(store.access_rules(foreign).await.unwrap().is_empty());
    assert!(store.groups_of(foreign, "ann").await.unwrap().is_empty());
    assert!(store.group_members(foreign, "staff").await.unwrap().is_empty());
    assert!(store.groups_with_members(foreign).await.unwrap().is_empty());
    assert!(store.get_stream(foreign, "issues").await.unwrap().is_none());
    feed(&store, own, 0, 1).await;
    assert!(store.read_changes(Some(foreign), 0, 10).await.unwrap().changes.is_empty());

    // Nor can a write to one source touch a row of another, even under the same ids.
    let mut stolen = ticket(own, 1, "stolen");
    stolen.access = Access::Unguarded;
    let theft = Batch { removed: vec![(Model::Ticket, id).into()], ..records([stolen]) };
    write(&store, foreign, &theft, 200).await;
    store.replace_group_members(foreign, "staff", &["eve".to_owned()]).await.unwrap();
    delete_source(&store, foreign).await;
    assert_eq!(store.fingerprint(own).await.unwrap(), before);
    assert!(
        store.linked_account(linkspan_model::ids::LinkedAccountId(uuid_of("x"))).await.unwrap().is_none()
    );
}

pub(crate) async fn group_members_are_replaced_as_a_snapshot(store: Store) {
    let source = source(&store, "ann").await;
    let replace = async |group: &str, accounts: &[&str]| {
        let accounts: Vec<String> = accounts.iter().map(ToString::to_string).collect();
        store.replace_group_members(source, group, &accounts).await.unwrap()
    };
    assert!(replace("staff", &["ann", "bob", "ann"]).await);
    assert!(replace("admins", &["bob"]).await);
    assert!(!replace("staff", &["bob", "ann"]).await, "the same members in another order are no change");
    assert_eq!(store.groups_of(source, "bob").await.unwrap(), ["admins", "staff"]);
    assert!(replace("staff", &["cleo", "ann"]).await);
    assert_eq!(store.group_members(source, "staff").await.unwrap(), ["ann", "cleo"]);
    assert_eq!(store.groups_of(source, "bob").await.unwrap(), ["admins"]);
    assert_eq!(store.groups_with_members(source).await.unwrap(), ["admins", "staff"]);
    assert!(replace("admins", &[]).await);
    assert!(store.groups_of(source, "bob").await.unwrap().is_empty());
}

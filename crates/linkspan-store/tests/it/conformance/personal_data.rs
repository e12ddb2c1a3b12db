use std::collections::BTreeSet;
use std::time::Duration;

use linkspan_model::access::{AccessRule, Clause, Gate, Principal, Reader};
use linkspan_model::change::ChangeKind;
use linkspan_model::entropy::Entropy;
use linkspan_model::ids::{AppId, SourceId};
use linkspan_model::models::{Ticket, User};
use linkspan_model::record::{Access, Body, Model};
use linkspan_model::secret::Secret;
use linkspan_store::{
    AnsweredReport, Batch, DueAccount, Enrolment, IdentityFilter, Redaction, ReportState, Store, StoreError,
    StoredAccess, Touched,
};
use linkspan_vault::{Digest, DigestKey};
use uuid::Uuid;

use super::identities::proven;
use crate::fixture::{
    app, at, delete_source, feed, link, person, raw, records, source, ticket, ticket_id, uuid_of, write,
};

const WEEK: Duration = Duration::from_hours(7 * 24);
const DAY_MILLIS: i64 = 24 * 3600 * 1000;

fn digest(account: &str) -> Digest {
    DigestKey::generate(&Entropy::seeded(1)).digest("erased-account", &Secret::new(account))
}

fn naming(accounts: &[&str], fetched_at: i64) -> Batch {
    let accounts: BTreeSet<String> = accounts.iter().map(|id| (*id).to_owned()).collect();
    Batch { accounts, fetched_at: Some(at(fetched_at)), ..Batch::default() }
}

/// A source of an app with a grant, as linking makes it.
async fn linked(store: &Store, customer: &str) -> SourceId {
    link(store, customer, customer, customer).await.account.source
}

fn enrolment(account: &str, due_at: i64) -> Enrolment {
    Enrolment { account_id: account.to_owned(), due_at: Some(at(due_at)) }
}

fn ids(ids: &[&str]) -> Vec<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

/// Answers a report of these accounts a week before they are due again.
async fn answered(
    store: &Store,
    now: i64,
    accounts: &[&str],
    closed: &[&str],
    updated: &[&str],
    cycle: Duration,
) {
    let answered = AnsweredReport {
        reported_at: at(now),
        due_at: at(now) + cycle,
        cycle,
        accounts: &ids(accounts),
        closed: &ids(closed),
        updated: &ids(updated),
    };
    store.commit_report(app(), &answered).await.unwrap();
}

async fn due(store: &Store, now: i64, limit: u32) -> Vec<String> {
    let due = store.due_accounts(app(), at(now), limit).await.unwrap();
    due.into_iter().map(|account| account.account_id).collect()
}

pub(crate) async fn g1_accounts_are_noted_with_what_names_them(store: Store) {
    let (first, second) = (linked(&store, "acme").await, linked(&store, "bolt").await);
    write(&store, first, &naming(&["ann", "bob"], 500), 1_000).await;
    write(&store, second, &naming(&["bob"], 300), 1_000).await;
    // An older piece that comes late makes the account's data older, a newer one changes nothing.
    write(&store, first, &naming(&["ann"], 400), 1_000).await;
    write(&store, first, &naming(&["ann"], 900), 1_000).await;
    assert_eq!(store.account_fetched_at(first, "ann").await.unwrap(), Some(at(400)));
    assert_eq!(store.account_fetched_at(second, "ann").await.unwrap(), None);
    let mut both = vec![first, second];
    both.sort_unstable();
    assert_eq!(store.sources_naming("bob").await.unwrap(), both);

    assert_eq!(store.unenrolled_accounts(app(), 10).await.unwrap(), ["ann", "bob"]);
    store.enrol_accounts(app(), &[enrolment("ann", 0), enrolment("bob", 0)], at(1_000)).await.unwrap();
    assert!(store.unenrolled_accounts(app(), 10).await.unwrap().is_empty());
    let due = store.due_accounts(app(), at(1_000), 10).await.unwrap();
    assert_eq!(due.iter().map(|account| account.fetched_at).collect::<Vec<_>>(), [at(400), at(300)]);
    store.account_refreshed(first, "ann", at(2_000)).await.unwrap();
    assert_eq!(store.account_fetched_at(first, "ann").await.unwrap(), Some(at(2_000)));
}

pub(crate) async fn g1_due_accounts_come_in_batches_and_only_when_due(store: Store) {
    let source = linked(&store, "acme").await;
    write(&store, source, &naming(&["a", "b", "c", "d"], 1), 1).await;
    let accounts = [enrolment("a", 30), enrolment("b", 10), enrolment("c", 20), enrolment("d", 90)];
    store.enrol_accounts(app(), &accounts, at(1)).await.unwrap();
    assert!(due(&store, 9, 10).await.is_empty());
    // Who was never reported may fill a batch before its time.
    assert_eq!(due(&store, 10, 3).await, ["b", "c", "a"]);
    assert_eq!(due(&store, 20, 1).await, ["b"]);
    answered(&store, 20, &["b", "c", "a"], &[], &[], WEEK).await;
    assert!(due(&store, 89, 10).await.is_empty());
    assert_eq!(due(&store, 90, 10).await, ["d"]);
    // Who was reported may not.
    answered(&store, 90, &["d"], &[], &[], WEEK).await;
    assert_eq!(due(&store, 20 + 7 * DAY_MILLIS, 10).await, ["a", "b", "c"]);
    // Enrolling again changes nothing.
    store.enrol_accounts(app(), &[enrolment("d", 0)], at(100)).await.unwrap();
    assert_eq!(due(&store, 20 + 7 * DAY_MILLIS, 10).await.len(), 3);
}

pub(crate) async fn g1_an_answered_report_is_durable_and_a_new_cycle_replans(store: Store) {
    let source = linked(&store, "acme").await;
    write(&store, source, &naming(&["a", "b", "c"], 1), 1).await;
    let cycle = store.report_cycle(app(), WEEK).await.unwrap();
    assert_eq!((cycle.cycle, cycle.last_report_at, cycle.failures), (WEEK, None, 0));
    let accounts = [enrolment("a", 10), enrolment("b", 10), enrolment("c", 6 * DAY_MILLIS)];
    store.enrol_accounts(app(), &accounts, at(5)).await.unwrap();
    answered(&store, 10, &["a", "b"], &[], &["b"], WEEK).await;
    let counts = store.report_counts(app(), at(11), at(0)).await.unwrap();
    assert_eq!((counts.known, counts.reported, counts.due, counts.to_refresh), (3, 2, 0, 1));
    assert_eq!(counts.next_due_at, Some(at(6 * DAY_MILLIS)));

    // A shorter cycle brings everybody forward, also who was never reported; a longer one puts off whom it may not see yet.
    let day = Duration::from_hours(24);
    answered(&store, 20, &["a"], &[], &[], day).await;
    assert!(due(&store, DAY_MILLIS + 4, 10).await.is_empty());
    assert_eq!(due(&store, DAY_MILLIS + 5, 10).await, ["c"]);
    assert_eq!(due(&store, DAY_MILLIS + 20, 10).await, ["c", "b", "a"]);
    answered(&store, DAY_MILLIS + 20, &["a"], &[], &[], 2 * day).await;
    assert_eq!(due(&store, DAY_MILLIS + 20, 10).await, ["c"]);
    assert_eq!(store.report_cycle(app(), WEEK).await.unwrap().cycle, 2 * day);
    // The bounds of being overdue.
    let counts = store.report_counts(app(), at(3 * DAY_MILLIS), at(2 * DAY_MILLIS + 9)).await.unwrap();
    assert_eq!((counts.due, counts.overdue), (2, 1));
}

pub(crate) async fn g1_a_new_cycle_keeps_the_margin_that_reports_are_planned_with(store: Store) {
    let source = linked(&store, "acme").await;
    write(&store, source, &naming(&["a", "b", "c"], 1), 1).await;
    store.report_cycle(app(), WEEK).await.unwrap();
    let accounts = [enrolment("a", 10), enrolment("b", 10), enrolment("c", 6 * DAY_MILLIS)];
    store.enrol_accounts(app(), &accounts, at(5)).await.unwrap();
    answered(&store, 10, &["a", "b"], &[], &[], WEEK).await;

    // Upstream gets no report of an account within a cycle, also when the report before was long on its way.
    let (day, margin) = (Duration::from_hours(24), 180_000);
    let answered = AnsweredReport {
        reported_at: at(20),
        due_at: at(20 + DAY_MILLIS + margin),
        cycle: day,
        accounts: &ids(&["a"]),
        closed: &[],
        updated: &[],
    };
    store.commit_report(app(), &answered).await.unwrap();
    assert_eq!(
        due(&store, DAY_MILLIS + margin + 9, 10).await,
        ["c"],
        "who was never reported has the cycle alone"
    );
    assert_eq!(due(&store, DAY_MILLIS + margin + 10, 10).await, ["c", "b"]);
    assert_eq!(due(&store, DAY_MILLIS + margin + 20, 10).await, ["c", "b", "a"]);
}

pub(crate) async fn g1_who_proved_who_they_are_is_reported_by_the_app_that_was_set(store: Store) {
    // The app to which they consented reads nothing: another one reports them.
    let other = AppId::of_client("other");
    let identity = proven(&store, "1", "a", Some("a@acme.example"), 10).await;
    assert_eq!(store.identity_reporters().await.unwrap(), [(app(), None)]);
    assert!(store.unenrolled_accounts(other, 10).await.unwrap().is_empty());
    for reporter in [app(), other] {
        store.set_identity_reporter(app(), reporter).await.unwrap();
    }
    assert_eq!(store.identity_reporters().await.unwrap(), [(app(), Some(other))]);
    assert_eq!(store.unenrolled_accounts(other, 10).await.unwrap(), ["a"]);
    assert!(store.unenrolled_accounts(app(), 10).await.unwrap().is_empty());
    for reporter in [app(), other] {
        store.enrol_accounts(reporter, &[enrolment("a", 20)], at(20)).await.unwrap();
    }
    assert_eq!(store.drop_unknown_accounts().await.unwrap(), 1, "for the other app nothing names it");
    let due = async |now| store.due_accounts(other, at(now), 10).await.unwrap();
    assert_eq!(due(20).await, [DueAccount { account_id: "a".to_owned(), fetched_at: at(10) }]);
    assert_eq!(store.report_counts(app(), at(20), at(0)).await.unwrap().known, 0);

    // With a source beside it the oldest piece counts, and one of the two is enough.
    store.set_identity_reporter(app(), app()).await.unwrap();
    let source = linked(&store, "acme").await;
    write(&store, source, &naming(&["a"], 5), 1).await;
    assert_eq!(store.unenrolled_accounts(app(), 10).await.unwrap(), ["a"]);
    store.enrol_accounts(app(), &[enrolment("a", 20)], at(20)).await.unwrap();
    let both = store.due_accounts(app(), at(20), 10).await.unwrap();
    assert_eq!(both, [DueAccount { account_id: "a".to_owned(), fetched_at: at(5) }]);
    assert!(store.delete_identity(identity.id).await.unwrap());
    assert_eq!(store.drop_unknown_accounts().await.unwrap(), 1, "by the other app");
    assert_eq!(store.report_counts(app(), at(20), at(0)).await.unwrap().known, 1);
    assert!(store.identity_reporters().await.unwrap().is_empty());
}

pub(crate) async fn g3_a_changed_accounts_address_is_blank_until_proven_again(store: Store) {
    let all = || IdentityFilter { account_id: Some("a".to_owned()), ..IdentityFilter::default() };
    let emails = async || -> Vec<Option<String>> {
        store.identities(&all(), None, 10).await.unwrap().into_iter().map(|it| it.email).collect()
    };
    proven(&store, "1", "a", Some("old@acme.example"), 10).await;
    store.set_identity_reporter(app(), app()).await.unwrap();
    store.enrol_accounts(app(), &[enrolment("a", 20)], at(10)).await.unwrap();
    assert_eq!(store.blank_identities_of("b", at(20), at(21)).await.unwrap(), 0);
    assert_eq!(store.blank_identities_of("a", at(20), at(21)).await.unwrap(), 1);
    assert_eq!(emails().await, [None]);
    let by_email = IdentityFilter { email: Some("old@acme.example".to_owned()), superseded: true, ..all() };
    assert!(store.identities(&by_email, None, 10).await.unwrap().is_empty());
    // Nothing old is held any more, so it is not told as changed once more.
    assert_eq!(store.due_accounts(app(), at(30), 10).await.unwrap()[0].fetched_at, at(21));
    assert_eq!(store.blank_identities_of("a", at(20), at(22)).await.unwrap(), 0);

    // What was proven since the word that it changed stays.
    proven(&store, "2", "a", Some("new@acme.example"), 25).await;
    assert_eq!(store.blank_identities_of("a", at(20), at(26)).await.unwrap(), 0);
    assert_eq!(emails().await, [Some("new@acme.example".to_owned())]);
}

pub(crate) async fn g1_one_process_reports_for_an_app_at_a_time(store: Store) {
    store.report_cycle(app(), WEEK).await.unwrap();
    let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let lock =
        async |owner, now, until| store.try_lock_reports(app(), owner, at(now), at(until)).await.unwrap();
    assert!(lock(one, 0, 100).await);
    assert!(lock(one, 50, 150).await, "its owner renews it");
    assert!(!lock(other, 149, 250).await);
    assert!(lock(other, 150, 250).await, "it ends by itself");
    store.unlock_reports(app(), one).await.unwrap();
    assert!(!lock(one, 151, 300).await, "only its owner gives it back");
    store.unlock_reports(app(), other).await.unwrap();
    assert!(lock(one, 152, 300).await);
}

pub(crate) async fn g1_a_failed_report_says_why_and_until_when(store: Store) {
    store.report_cycle(app(), WEEK).await.unwrap();
    store.report_failed(app(), "no scope", Some(at(700))).await.unwrap();
    store.report_failed(app(), "still none", None).await.unwrap();
    let cycle = store.report_cycle(app(), WEEK).await.unwrap();
    assert_eq!((cycle.failures, cycle.not_before, cycle.problem.as_deref()), (2, None, Some("still none")));
    answered(&store, 10, &[], &[], &[], WEEK).await;
    let cycle = store.report_cycle(app(), WEEK).await.unwrap();
    assert_eq!((cycle.failures, cycle.problem, cycle.last_report_at), (0, None, Some(at(10))));
}

pub(crate) async fn g2_a_closed_account_is_due_no_more(store: Store) {
    let source = linked(&store, "acme").await;
    write(&store, source, &naming(&["a", "b", "c"], 1), 1).await;
    let erased = Enrolment { account_id: "c".to_owned(), due_at: None };
    store.enrol_accounts(app(), &[enrolment("a", 10), enrolment("b", 10), erased], at(1)).await.unwrap();
    answered(&store, 10, &["a", "b"], &["a"], &[], WEEK).await;
    let pending = store.pending_accounts(app(), ReportState::Closed, at(10), 10).await.unwrap();
    assert_eq!(pending.len(), 1);
    assert_eq!((pending[0].account_id.as_str(), pending[0].told_at), ("a", Some(at(10))));
    store.set_report_state(app(), "a", ReportState::Closed, Some(at(50))).await.unwrap();
    assert!(store.pending_accounts(app(), ReportState::Closed, at(49), 10).await.unwrap().is_empty());
    assert_eq!(store.pending_accounts(app(), ReportState::Closed, at(50), 10).await.unwrap().len(), 1);
    store.set_report_state(app(), "a", ReportState::Erased, None).await.unwrap();
    assert!(store.pending_accounts(app(), ReportState::Closed, at(50), 10).await.unwrap().is_empty());
    assert_eq!(due(&store, 100 * DAY_MILLIS, 10).await, ["b"]);
    assert_eq!(store.report_counts(app(), at(10), at(0)).await.unwrap().known, 1);
}

pub(crate) async fn g2_a_writer_who_does_not_know_of_an_erasure_is_refused(store: Store) {
    let source = source(&store, "ann").await;
    let batch = records([ticket(source, 1, "text")]);
    write(&store, source, &batch, 1).await;
    let erasure = store.begin_erasure(app(), &digest("a"), at(5)).await.unwrap();
    let refused = store.write_batch(source, &records([ticket(source, 2, "text")]), at(6)).await;
    assert!(matches!(refused, Err(StoreError::ErasuresMoved)));
    assert_eq!(store.count_records(source, Model::Ticket, true).await.unwrap(), 1);
    assert_eq!(store.erased_since(0).await.unwrap(), [(erasure.no, digest("a"))]);
    let knowing = Batch { erasures_known: erasure.no, ..records([ticket(source, 2, "text")]) };
    write(&store, source, &knowing, 7).await;
    assert!(store.erased_since(erasure.no).await.unwrap().is_empty());
}

pub(crate) async fn g2_rows_are_redacted_only_as_they_were_found(store: Store) {
    let source = source(&store, "ann").await;
    let batch = |name: &str| Batch {
        records: vec![ticket(source, 1, name)],
        raws: vec![raw("jira.issue", "1", &format!("{{\"name\":\"{name}\"}}"), Some(ticket_id(source, 1)))],
        ..Batch::default()
    };
    write(&store, source, &batch("planted"), 100).await;
    let found = |store: &Store| {
        let store = store.clone();
        async move {
            let raws = store.list_all_raws(source, None, 10).await.unwrap();
            let records = store.get_records(source, &[ticket_id(source, 1)]).await.unwrap();
            (raws[0].clone(), records[0].clone())
        }
    };
    let (old_raw, old_record) = found(&store).await;
    let body = Body::Ticket(Box::new(Ticket { name: "taken out".to_owned(), ..Ticket::default() }));
    let redaction = Redaction {
        raws: vec![(old_raw, "{}".to_owned())],
        records: vec![(old_record, body)],
        is_erasure: true,
        ..Redaction::default()
    };
    assert_eq!(store.redact(source, &redaction, at(200)).await.unwrap(), 2);
    let (raw, record) = found(&store).await;
    assert_eq!((raw.json.as_str(), raw.redacted, raw.stored_at), ("{}", true, at(200)));
    assert!(record.body.contains("taken out") && !record.deleted && record.modified_at == at(200));
    let access = store.record_access(source, &[record.id]).await.unwrap();
    assert!(matches!(access[&record.id], StoredAccess::Rule(_)), "access stays");
    let changes = feed(&store, source, 0, 2).await;
    assert_eq!(
        changes.iter().map(|it| it.kind).collect::<Vec<_>>(),
        [ChangeKind::Created, ChangeKind::Updated]
    );
    // What it was made from is gone, so repeating it changes nothing; nor does what was written meanwhile suffer.
    assert_eq!(store.redact(source, &redaction, at(300)).await.unwrap(), 0);
    write(&store, source, &batch("newer"), 400).await;
    assert_eq!(store.redact(source, &redaction, at(500)).await.unwrap(), 0);
    let (raw, record) = found(&store).await;
    assert!(raw.json.contains("newer") && record.body.contains("newer") && !raw.redacted);
    // The hash is that of an ordinary write: the same content is not written again.
    let outcome = write(&store, source, &batch("newer"), 600).await;
    assert_eq!((outcome.raws_unchanged, outcome.total().unchanged), (1, 1));
    // The order of all raws joins page by page.
    let page = store.list_all_raws(source, Some(("1", "jira.comment")), 10).await.unwrap();
    assert_eq!(page.len(), 1);
    assert!(store.list_all_raws(source, Some(("1", "jira.issue")), 10).await.unwrap().is_empty());
}

pub(crate) async fn g2_a_person_becomes_a_bare_tombstone(store: Store) {
    let source = source(&store, "ann").await;
    write(&store, source, &records([person(source, "a-1", "Planted Name")]), 100).await;
    let id = person(source, "a-1", "").id;
    let found = store.get_records(source, &[id]).await.unwrap();
    assert!(found[0].is_account(source, "a-1") && !found[0].is_account(source, "a-2"));
    let redaction = Redaction { people: found.clone(), is_erasure: true, ..Redaction::default() };
    assert_eq!(store.redact(source, &redaction, at(200)).await.unwrap(), 1);
    assert_eq!(store.redact(source, &redaction, at(300)).await.unwrap(), 0);
    let left = store.get_records(source, &[id]).await.unwrap().remove(0);
    assert_eq!((left.deleted, left.remote_id.as_deref()), (true, Some("a-1")));
    assert_eq!(left.instance().unwrap(), Body::User(User::default()));
    let changes = feed(&store, source, 0, 2).await;
    assert_eq!(changes.last().unwrap().kind, ChangeKind::Removed);
}

pub(crate) async fn g2_an_account_is_taken_out_of_groups_and_rules(store: Store) {
    let source = source(&store, "ann").await;
    let account = |id: &str| Principal::Account(id.to_owned());
    let rule = |principals: &[&str]| {
        AccessRule::new([
            Clause::new(Gate::Product, [Principal::Licensed]),
            Clause::new(Gate::Page, principals.iter().map(|id| account(id))),
        ])
    };
    let guarded = |number, rule| {
        let mut record = ticket(source, number, "text");
        record.access = Access::Rule(rule);
        record
    };
    let batch =
        records([guarded(1, rule(&["a-1"])), guarded(2, rule(&["a-1", "a-2"])), guarded(3, rule(&["a-2"]))]);
    write(&store, source, &batch, 100).await;
    store.replace_group_members(source, "staff", &ids(&["a-1", "a-2"])).await.unwrap();
    let no = store.begin_erasure(app(), &digest("a-1"), at(150)).await.unwrap().no;

    let touched = store.erase_from_access(source, "a-1", no).await.unwrap();
    assert_eq!((touched.group_members, touched.access_rules), (1, 2));
    assert_eq!(store.group_members(source, "staff").await.unwrap(), ["a-2"]);
    let rules = store.access_rules(source).await.unwrap();
    assert!(!serde_json::to_string(&rules).unwrap().contains("a-1"));
    let ids = [1, 2, 3].map(|number| ticket_id(source, number));
    let access = store.record_access(source, &ids).await.unwrap();
    let allowed = ids.map(|id| {
        let StoredAccess::Rule(key) = access[&id] else { panic!("it is guarded") };
        let rule = &rules.iter().find(|(known, _)| *known == key).unwrap().1;
        assert_eq!(rule.key(), key);
        rule.allows(&Reader::new([Principal::Licensed, account("a-2")]))
    });
    assert_eq!(allowed, [false, true, true], "nobody gains, and others lose nothing");
    let again = store.erase_from_access(source, "a-1", no).await.unwrap();
    assert_eq!(again, Touched::default());
}

pub(crate) async fn g2_receipts_hold_digests_and_counts(store: Store) {
    let account = link(&store, "a", "acme", "ann").await.account;
    let email = account.end_user.email_address.clone();
    let first = store.begin_erasure(app(), &digest("a-1"), at(10)).await.unwrap();
    let second = store.begin_erasure(app(), &digest("a-2"), at(20)).await.unwrap();
    assert!(first.no < second.no);
    assert_eq!(store.begin_erasure(app(), &digest("a-1"), at(99)).await.unwrap(), first, "begun once");
    let touched = Touched { raws: 3, texts: 2, ..Touched::default() };
    let redaction = Redaction { touched: vec![(first.no, touched)], ..Redaction::default() };
    for _ in 0..2 {
        store.redact(account.source, &redaction, at(30)).await.unwrap();
    }
    assert_eq!(store.erase_contacts("SOMEBODY@else.example", first.no).await.unwrap(), 0);
    let blanked = store.erase_contacts(&email.to_uppercase(), first.no).await.unwrap();
    assert!(blanked > 0);
    assert_eq!(store.linked_account(account.id).await.unwrap().unwrap().end_user.email_address, "");
    store.finish_erasure(first.no, at(40)).await.unwrap();
    store.finish_erasure(first.no, at(50)).await.unwrap();

    let receipts = store.erasures(None, None, 10).await.unwrap();
    assert_eq!(receipts.iter().map(|it| it.no).collect::<Vec<_>>(), [second.no, first.no]);
    assert_eq!((receipts[0].finished_at, receipts[1].finished_at), (None, Some(at(40))));
    let expected = Touched { raws: 6, texts: 4, contacts: blanked, ..Touched::default() };
    assert_eq!(
        (receipts[1].touched, receipts[1].account, receipts[1].told_at),
        (expected, digest("a-1"), at(10))
    );
    assert_eq!(store.erasures(None, Some(second.no), 10).await.unwrap(), receipts[1..]);
    assert_eq!(store.erasures(Some(&digest("a-2")), None, 10).await.unwrap(), receipts[..1]);
    assert_eq!(store.erasures(None, None, 1).await.unwrap(), receipts[..1]);
}

pub(crate) async fn g4_accounts_that_nothing_names_any_more_are_dropped(store: Store) {
    let gone = link(&store, "a", "acme", "ann").await.account;
    let stays = linked(&store, "bolt").await;
    write(&store, gone.source, &naming(&["a", "b", "c"], 1), 1).await;
    write(&store, stays, &naming(&["b"], 1), 1).await;
    let accounts = [enrolment("a", 10), enrolment("b", 10), enrolment("c", 10)];
    store.enrol_accounts(app(), &accounts, at(1)).await.unwrap();
    store.set_report_state(app(), "c", ReportState::Closed, None).await.unwrap();
    store.unlink(gone.id, uuid_of("receipt"), at(900)).await.unwrap();
    // From the moment of unlinking on they are not reported.
    assert_eq!(due(&store, 100, 10).await, ["b"]);
    delete_source(&store, gone.source).await;
    assert!(store.sources_naming("a").await.unwrap().is_empty());
    let counts = store.report_counts(app(), at(100), at(0)).await.unwrap();
    assert_eq!((counts.known, counts.to_erase), (1, 1), "the receipt of the closed one is still owed");
    assert_eq!(store.drop_unknown_accounts().await.unwrap(), 0);
}

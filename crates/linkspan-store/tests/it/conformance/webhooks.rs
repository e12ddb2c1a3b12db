use jiff::SignedDuration;
use linkspan_model::ids::{EventId, LinkedAccountId, RecordId, WebhookEndpointId};
use linkspan_model::product::Integration;
use linkspan_model::record::Model;
use linkspan_store::{
    Delivery, DeliveryFilter, DeliveryState, DisabledReason, EndpointSettings, FailurePolicy, NewAttempt,
    NewDelivery, ReplayRange, Store, Verdict, WebhookFormat,
};
use tokio::task::JoinSet;

use crate::fixture::{at, link, new_source, sealed, uuid_of};

const POLICY: FailurePolicy = FailurePolicy {
    rests: &[SignedDuration::from_millis(10), SignedDuration::from_millis(100)],
    disable_after: SignedDuration::from_millis(1_000),
};

fn settings() -> EndpointSettings {
    EndpointSettings {
        url: "https://hooks.example/one".to_owned(),
        description: "one".to_owned(),
        events: vec!["*".to_owned()],
        accounts: None,
        integrations: None,
        format: WebhookFormat::Linkspan,
    }
}

async fn endpoint(store: &Store, name: &str) -> WebhookEndpointId {
    let id = WebhookEndpointId(uuid_of(name));
    let secret = (uuid_of(&format!("secret {name}")), &sealed(name));
    assert!(store.create_webhook_endpoint(id, &settings(), secret, 10, at(1)).await.unwrap());
    id
}

fn delivery(endpoint: WebhookEndpointId, position: i64, lane: &str) -> NewDelivery {
    NewDelivery {
        endpoint,
        event_id: EventId::of(position, None),
        position,
        event: "ticket.updated".to_owned(),
        account: None,
        source: Some(new_source("ann").id),
        model: Some(Model::Ticket),
        record: Some(RecordId(uuid_of(lane))),
        lane: uuid_of(lane),
        missed: false,
        happened_at: at(position),
    }
}

async fn enter(store: &Store, deliveries: &[NewDelivery]) {
    let from = store.webhook_cursor().await.unwrap();
    let next = deliveries.iter().map(|delivery| delivery.position).max().unwrap().max(from);
    assert!(store.fan_out(from, next, deliveries, at(10)).await.unwrap());
}

/// Claims, and gives the positions.
async fn claim(
    store: &Store,
    endpoint: WebhookEndpointId,
    name: &str,
    limit: u32,
    now: i64,
) -> Vec<Delivery> {
    store.claim_deliveries(endpoint, limit, uuid_of(name), at(now), at(now + 60)).await.unwrap()
}

fn positions(deliveries: &[Delivery]) -> Vec<i64> {
    deliveries.iter().map(|delivery| delivery.position).collect()
}

fn attempt(status: u16) -> NewAttempt {
    let ok = status < 300;
    NewAttempt {
        at: at(11),
        duration_ms: 5,
        outcome: if ok { "delivered" } else { "refused" },
        status: Some(status),
        error: (!ok).then(|| format!("it answered {status}")),
        response: Some("said".to_owned()),
    }
}

async fn note(store: &Store, delivery: &Delivery, claim: &str, verdict: Verdict, now: i64) -> (bool, bool) {
    let status = if verdict == Verdict::Delivered { 200 } else { 500 };
    let noted = store
        .note_attempt(
            delivery,
            uuid_of(claim),
            &NewAttempt { at: at(now), ..attempt(status) },
            &verdict,
            POLICY,
            at(now),
        )
        .await
        .unwrap();
    (noted.noted, noted.disabled)
}

pub(crate) async fn an_endpoint_is_made_changed_and_deleted(store: Store) {
    let id = endpoint(&store, "one").await;
    let stored = store.webhook_endpoint(id).await.unwrap().unwrap();
    assert_eq!((&stored.settings, stored.disabled, stored.failures), (&settings(), None, 0));
    let changed = EndpointSettings {
        accounts: Some(vec![LinkedAccountId(uuid_of("a"))]),
        integrations: Some(vec![Integration::Jira, Integration::Confluence]),
        format: WebhookFormat::Merge,
        ..settings()
    };
    assert!(store.update_webhook_endpoint(id, &changed, at(2)).await.unwrap());
    let stored = store.webhook_endpoint(id).await.unwrap().unwrap();
    assert_eq!((stored.settings, stored.created_at, stored.modified_at), (changed, at(1), at(2)));
    assert!(store.disable_webhook_endpoint(id, at(3)).await.unwrap());
    assert!(!store.disable_webhook_endpoint(id, at(4)).await.unwrap());
    let stored = store.webhook_endpoints().await.unwrap().remove(0);
    assert_eq!(stored.disabled, Some((DisabledReason::Vendor, at(3))));
    assert!(store.enable_webhook_endpoint(id, at(5)).await.unwrap());

    let other = WebhookEndpointId(uuid_of("other"));
    let secret = (uuid_of("other secret"), &sealed("x"));
    assert!(
        !store.create_webhook_endpoint(other, &settings(), secret, 1, at(1)).await.unwrap(),
        "one is most"
    );
    assert!(store.webhook_secrets(other).await.unwrap().is_empty());

    enter(&store, &[delivery(id, 1_000_000, "a")]).await;
    assert!(store.delete_webhook_endpoint(id).await.unwrap());
    assert!(!store.delete_webhook_endpoint(id).await.unwrap());
    assert!(store.webhook_secrets(id).await.unwrap().is_empty());
    assert_eq!(store.count_pending_deliveries().await.unwrap(), 0);
}

pub(crate) async fn o9_secrets_overlap_until_they_expire(store: Store) {
    let id = endpoint(&store, "one").await;
    let expiries = async |store: &Store| {
        let secrets = store.webhook_secrets(id).await.unwrap();
        secrets.into_iter().map(|secret| secret.expires_at).collect::<Vec<_>>()
    };
    let rotate = async |name: &str, until: i64, now: i64| {
        let secret = sealed(name);
        store.rotate_webhook_secret(id, (uuid_of(name), &secret), at(until), 3, at(now)).await.unwrap()
    };
    assert!(rotate("second", 1_010, 10).await);
    assert!(rotate("third", 1_020, 20).await);
    assert_eq!(expiries(&store).await, [Some(at(1_010)), Some(at(1_020)), None]);
    assert!(!rotate("fourth", 1_030, 30).await, "three is the most");
    assert_eq!(expiries(&store).await.len(), 3);
    assert!(rotate("fourth", 2_015, 1_015).await, "the first has expired");
    assert_eq!(expiries(&store).await, [Some(at(1_020)), Some(at(2_015)), None]);
    assert!(rotate("fifth", 1_016, 1_016).await, "all former ones end at once");
    assert_eq!(expiries(&store).await, [None]);
}

pub(crate) async fn deliveries_and_the_cursor_move_together(store: Store) {
    let id = endpoint(&store, "one").await;
    let from = store.webhook_cursor().await.unwrap();
    let first = [delivery(id, from + 5, "a"), delivery(id, from + 6, "b")];
    let mut racing = JoinSet::new();
    for _ in 0..6 {
        let (store, first) = (store.clone(), first.clone());
        racing.spawn(async move { store.fan_out(from, from + 6, &first, at(10)).await.unwrap() });
    }
    assert_eq!(racing.join_all().await.into_iter().filter(|moved| *moved).count(), 1);
    assert_eq!(store.webhook_cursor().await.unwrap(), from + 6);
    assert_eq!(store.count_pending_deliveries().await.unwrap(), 2);
    // A repeat has the same ids, so nothing is there twice.
    assert!(store.fan_out(from + 6, from + 7, &first, at(11)).await.unwrap());
    assert_eq!(store.count_pending_deliveries().await.unwrap(), 2);
}

pub(crate) async fn a_lane_goes_out_in_order_and_others_go_on(store: Store) {
    let id = endpoint(&store, "one").await;
    let one = |n: i64, lane| delivery(id, 1_000_000 + n, lane);
    enter(&store, &[one(1, "a"), one(2, "a"), one(3, "b"), one(4, "a"), one(5, "c")]).await;
    let claimed = claim(&store, id, "first", 10, 20).await;
    assert_eq!(positions(&claimed), [1_000_001, 1_000_003, 1_000_005]);
    assert!(
        claim(&store, id, "second", 10, 21).await.is_empty(),
        "what is claimed is still ahead of its lane"
    );
    note(&store, &claimed[0], "first", Verdict::Again { due_at: at(500) }, 22).await;
    note(&store, &claimed[1], "first", Verdict::Delivered, 22).await;
    assert!(claim(&store, id, "third", 10, 499).await.iter().all(|it| it.position == 1_000_005));
    let again = claim(&store, id, "fourth", 10, 500).await;
    assert_eq!(positions(&again), [1_000_001]);
    note(&store, &again[0], "fourth", Verdict::GivenUp, 501).await;
    assert_eq!(positions(&claim(&store, id, "fifth", 1, 501).await), [1_000_002]);
}

pub(crate) async fn a_lost_claim_notes_nothing_and_is_taken_up_again(store: Store) {
    let id = endpoint(&store, "one").await;
    enter(&store, &[delivery(id, 1_000_001, "a")]).await;
    let killed = claim(&store, id, "killed", 1, 20).await;
    assert!(claim(&store, id, "next", 1, 79).await.is_empty());
    let next = claim(&store, id, "next", 1, 80).await;
    assert_eq!(next[0].event_id, killed[0].event_id, "the same event id");
    assert_eq!(note(&store, &killed[0], "killed", Verdict::Delivered, 81).await, (false, false));
    assert_eq!(note(&store, &next[0], "next", Verdict::Delivered, 82).await, (true, false));
    let stored = store.delivery(next[0].id).await.unwrap().unwrap();
    assert_eq!(
        (stored.state, stored.attempts, stored.finished_at),
        (DeliveryState::Delivered, 1, Some(at(82)))
    );
    let log = store.delivery_attempts(stored.id).await.unwrap();
    assert_eq!(
        (log.len(), log[0].no, log[0].status, log[0].response.as_deref()),
        (1, 1, Some(200), Some("said"))
    );
}

pub(crate) async fn of_many_claimers_each_delivery_has_one(store: Store) {
    let id = endpoint(&store, "one").await;
    let many: Vec<_> = (0..200).map(|n| delivery(id, 1_000_000 + n, &n.to_string())).collect();
    enter(&store, &many).await;
    let mut claimers = JoinSet::new();
    for claimer in 0..8 {
        let store = store.clone();
        claimers.spawn(async move {
            let mut mine = Vec::new();
            for round in 0..100 {
                let name = format!("{claimer} {round}");
                let got = claim(&store, id, &name, 7, 20).await;
                if got.is_empty() {
                    break;
                }
                mine.extend(positions(&got));
            }
            mine
        });
    }
    let mut all: Vec<i64> = claimers.join_all().await.into_iter().flatten().collect();
    let total = all.len();
    all.sort_unstable();
    all.dedup();
    assert_eq!((total, all.len() <= 200), (all.len(), true), "none was claimed twice");
}

pub(crate) async fn o8_an_endpoint_that_only_fails_is_disabled_with_notice(store: Store) {
    let id = endpoint(&store, "one").await;
    let many: Vec<_> = (0..20).map(|n| delivery(id, 1_000_000 + n, &n.to_string())).collect();
    enter(&store, &many).await;
    let again = || Verdict::Again { due_at: at(100_000) };
    let fail = async |now: i64| {
        let claimed = claim(&store, id, &now.to_string(), 1, now).await;
        let noted = note(&store, &claimed[0], &now.to_string(), again(), now).await;
        (noted, store.webhook_endpoint(id).await.unwrap().unwrap())
    };
    let (_, endpoint) = fail(100).await;
    assert_eq!(
        (endpoint.failures, endpoint.failing_since, endpoint.rests_until),
        (1, Some(at(100)), Some(at(110)))
    );
    // What was under way together fails together.
    let together = claim(&store, id, "together", 3, 200).await;
    for delivery in &together {
        note(&store, delivery, "together", again(), 200).await;
    }
    let endpoint = store.webhook_endpoint(id).await.unwrap().unwrap();
    assert_eq!((together.len(), endpoint.failures, endpoint.rests_until), (3, 2, Some(at(300))));
    let claimed = claim(&store, id, "good", 1, 300).await;
    note(&store, &claimed[0], "good", Verdict::Delivered, 300).await;
    let endpoint = store.webhook_endpoint(id).await.unwrap().unwrap();
    assert_eq!((endpoint.failures, endpoint.failing_since, endpoint.rests_until), (0, None, None));
    for now in [400, 900, 1_399] {
        let ((noted, disabled), _) = fail(now).await;
        assert!(noted && !disabled, "{now}");
    }
    let ((_, disabled), endpoint) = fail(1_400).await;
    assert!(disabled);
    assert_eq!(endpoint.disabled, Some((DisabledReason::Failing, at(1_400))));
    let mut told = Vec::new();
    for _ in 0..500 {
        told = store.read_feed(None, 0, 100).await.unwrap().entries;
        if !told.is_empty() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let linkspan_store::FeedEntry::Event(event) = &told[0] else { panic!("an event") };
    assert_eq!(event.kind.as_str(), "webhook_endpoint.disabled");
    assert_eq!(event.details["webhook_endpoint"]["id"], id.to_string());
    store.enable_webhook_endpoint(id, at(5)).await.unwrap();
    let endpoint = store.webhook_endpoint(id).await.unwrap().unwrap();
    assert_eq!((endpoint.disabled, endpoint.failures), (None, 0));
    // Two failures with days of silence between them are no days of failure.
    fail(1_500).await;
    let later = 1_500 + 3 * 24 * 3_600_000;
    let ((_, disabled), endpoint) = fail(later).await;
    assert_eq!((disabled, endpoint.failing_since), (false, Some(at(later))));
}

pub(crate) async fn o8_a_replayed_range_is_the_original_set(store: Store) {
    let id = endpoint(&store, "one").await;
    let missed = |n: i64| NewDelivery { missed: n % 3 == 0, ..delivery(id, 1_000_000 + n, &n.to_string()) };
    let many: Vec<_> = (0..1_200).map(missed).collect();
    enter(&store, &many).await;
    assert_eq!(store.count_pending_deliveries().await.unwrap(), 800);
    let range = |after, since, until| ReplayRange { after, since, until };
    let replayed = async |range| store.replay_deliveries(id, range, at(50)).await.unwrap();
    assert_eq!(replayed(range(Some(1_000_899), None, None)).await, 100, "what is on its way stays there");
    assert_eq!(replayed(range(None, Some(at(1_000_300)), Some(at(1_000_599)))).await, 100);
    assert_eq!(replayed(ReplayRange::default()).await, 200);
    assert_eq!(store.count_pending_deliveries().await.unwrap(), 1_200);

    let claimed = claim(&store, id, "x", 1, 60).await;
    note(&store, &claimed[0], "x", Verdict::GivenUp, 61).await;
    assert!(store.replay_delivery(claimed[0].id, at(70)).await.unwrap());
    assert!(!store.replay_delivery(claimed[0].id, at(70)).await.unwrap());
    let again = store.delivery(claimed[0].id).await.unwrap().unwrap();
    assert_eq!((again.state, again.tries, again.attempts), (DeliveryState::Pending, 0, 1));
}

pub(crate) async fn deliveries_are_listed_newest_first_and_forgotten_in_time(store: Store) {
    let id = endpoint(&store, "one").await;
    let many: Vec<_> = (0..7).map(|n| delivery(id, 1_000_000 + n, &n.to_string())).collect();
    enter(&store, &many).await;
    let claimed = claim(&store, id, "x", 2, 20).await;
    note(&store, &claimed[1], "x", Verdict::Delivered, 21).await;
    let (mut before, mut seen) = (None, Vec::new());
    loop {
        let page = store.list_deliveries(id, &DeliveryFilter::default(), before, 3).await.unwrap();
        let Some(last) = page.last() else { break };
        before = Some((last.position, last.id));
        seen.extend(positions(&page));
    }
    assert_eq!(seen, (0..7).rev().map(|n| 1_000_000 + n).collect::<Vec<_>>());
    let filter = DeliveryFilter { state: Some(DeliveryState::Delivered), event: None };
    assert_eq!(positions(&store.list_deliveries(id, &filter, None, 10).await.unwrap()), [1_000_001]);
    let filter = DeliveryFilter { state: None, event: Some("ticket.removed".to_owned()) };
    assert!(store.list_deliveries(id, &filter, None, 10).await.unwrap().is_empty());
    assert_eq!(store.forget_deliveries(at(10)).await.unwrap(), 0);
    assert_eq!(store.forget_deliveries(at(11)).await.unwrap(), 7);
    assert!(store.delivery_attempts(claimed[1].id).await.unwrap().is_empty());
}

pub(crate) async fn g4_deliveries_of_an_unlinked_account_are_gone(store: Store) {
    let id = endpoint(&store, "one").await;
    let gone = link(&store, "a", "acme", "ann").await.account.id;
    let stays = link(&store, "b", "bolt", "ann").await.account.id;
    let of = |n, account, event: &str| NewDelivery {
        account: Some(account),
        event: event.to_owned(),
        event_id: EventId::of(n, Some(account)),
        ..delivery(id, 1_000_000 + n, &n.to_string())
    };
    let all = [
        of(1, gone, "ticket.created"),
        of(2, stays, "ticket.created"),
        of(3, gone, "linked_account.deleted"),
    ];
    enter(&store, &all).await;
    store.unlink(gone, uuid_of("receipt"), at(900)).await.unwrap().unwrap();
    let left = store.list_deliveries(id, &DeliveryFilter::default(), None, 10).await.unwrap();
    let left: Vec<_> = left.iter().map(|it| (it.account.unwrap(), it.event.as_str())).collect();
    assert_eq!(left, [(gone, "linked_account.deleted"), (stays, "ticket.created")]);
}

pub(crate) async fn a_delivery_is_dropped_or_put_off_under_its_claim_alone(store: Store) {
    let id = endpoint(&store, "one").await;
    enter(&store, &[delivery(id, 1_000_001, "a")]).await;
    let claimed = claim(&store, id, "mine", 1, 20).await.remove(0);
    assert!(!store.release_delivery(claimed.id, uuid_of("other"), at(30)).await.unwrap());
    assert!(store.release_delivery(claimed.id, uuid_of("mine"), at(30)).await.unwrap());
    assert!(claim(&store, id, "early", 1, 29).await.is_empty());
    let claimed = claim(&store, id, "again", 1, 30).await.remove(0);
    assert_eq!(claimed.attempts, 0);
    assert!(!store.drop_delivery(claimed.id, uuid_of("mine"), "gone", at(31)).await.unwrap());
    assert!(store.drop_delivery(claimed.id, uuid_of("again"), "gone", at(31)).await.unwrap());
    let stored = store.delivery(claimed.id).await.unwrap().unwrap();
    assert_eq!((stored.state, stored.reason.as_deref()), (DeliveryState::Dropped, Some("gone")));
}

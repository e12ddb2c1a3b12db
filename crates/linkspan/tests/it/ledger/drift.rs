//! Drift of each kind, planted in the store: the ledger shows it and then clears it (hazard S23).

use linkspan_model::ids::RecordId;
use linkspan_model::record::{Access, Model, NewRecord};
use linkspan_store::{Batch, DriftCounts, Removal, StoredRecord};

use super::Mirror;

/// A stored record as a converter would hand it over.
fn as_new(record: &StoredRecord) -> NewRecord {
    NewRecord {
        id: record.id,
        remote_id: record.remote_id.clone(),
        parent: record.parent,
        container: record.container,
        remote_created_at: record.remote_created_at,
        remote_updated_at: record.remote_updated_at,
        body: record.instance().unwrap(),
        access: Access::Unknown,
    }
}

impl Mirror {
    async fn plant(&self, source: linkspan_model::ids::SourceId, batch: &Batch) {
        let now = self.privacy.engine.clock().now();
        self.privacy.store.write_batch(source, batch, now).await.unwrap();
    }

    /// What the latest walks found, over all containers.
    async fn found(&self, source: linkspan_model::ids::SourceId) -> DriftCounts {
        let mut found = DriftCounts::new();
        for row in self.ledger(source).await.values() {
            for (kind, count) in &row.found {
                *found.entry(kind.clone()).or_default() += count;
            }
        }
        found
    }
}

fn counts(kinds: &[(&str, u64)]) -> DriftCounts {
    kinds.iter().map(|(kind, count)| ((*kind).to_owned(), *count)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn s23_planted_drift_of_issues_is_shown_and_cleared() {
    let mirror = Mirror::small().await;
    let issues = mirror.listed(mirror.jira, Model::Ticket, &linkspan_store::ListFilter::default()).await;
    let projects = mirror.ledger(mirror.jira).await;
    let (lost, moved) = (&issues[0], &issues[1]);
    let elsewhere = projects.values().find(|row| Some(row.container) != moved.container).unwrap();
    let extra = NewRecord {
        id: RecordId::of(mirror.jira, Model::Ticket, "99999999"),
        remote_id: Some("99999999".to_owned()),
        ..as_new(&issues[2])
    };
    let misplaced = NewRecord { container: Some(elsewhere.container), ..as_new(moved) };
    let removal = Removal::from((Model::Ticket, lost.id));
    let batch = Batch { records: vec![extra, misplaced], removed: vec![removal], ..Batch::default() };
    mirror.plant(mirror.jira, &batch).await;

    mirror.walk(mirror.jira).await;
    assert_eq!(mirror.found(mirror.jira).await, counts(&[("missing", 1), ("moved", 1), ("surplus", 1)]));
    assert!(mirror.issue("99999999").await.deleted);
    assert!(!mirror.issue(lost.remote_id.as_ref().unwrap()).await.deleted);
    assert_eq!(mirror.issue(moved.remote_id.as_ref().unwrap()).await.container, moved.container);
    mirror.is_clean().await;

    mirror.walk(mirror.jira).await;
    assert_eq!(mirror.found(mirror.jira).await, DriftCounts::new());
    let repaired =
        mirror.ledger(mirror.jira).await.into_values().flat_map(|row| row.repaired).map(|(_, count)| count);
    assert_eq!(repaired.sum::<u64>(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn s23_planted_drift_of_pages_is_shown_and_cleared() {
    let mirror = Mirror::small().await;
    let pages =
        mirror.listed(mirror.confluence, Model::Article, &linkspan_store::ListFilter::default()).await;
    // Not one that the reading of what changed comes by again.
    let stale = pages.iter().min_by_key(|page| page.remote_updated_at).unwrap();
    let lost = pages.iter().find(|page| page.id != stale.id).unwrap();
    let extra = NewRecord {
        id: RecordId::of(mirror.confluence, Model::Article, "99999999"),
        remote_id: Some("99999999".to_owned()),
        ..as_new(&pages[2])
    };
    let old = NewRecord {
        remote_updated_at: stale.remote_updated_at.map(|at| at - jiff::SignedDuration::from_hours(1)),
        ..as_new(stale)
    };
    let removal = Removal::from((Model::Article, lost.id));
    let batch = Batch { records: vec![extra, old], removed: vec![removal], ..Batch::default() };
    mirror.plant(mirror.confluence, &batch).await;

    mirror.walk(mirror.confluence).await;
    assert_eq!(
        mirror.found(mirror.confluence).await,
        counts(&[("missing", 1), ("stale", 1), ("surplus", 1)])
    );
    assert!(mirror.page("99999999").await.deleted);
    assert_eq!(
        mirror.page(stale.remote_id.as_ref().unwrap()).await.remote_updated_at,
        stale.remote_updated_at
    );
    mirror.is_clean().await;
    mirror.walk(mirror.confluence).await;
    assert_eq!(mirror.found(mirror.confluence).await, DriftCounts::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn s11_after_many_random_changes_the_mirror_is_what_the_account_sees() {
    let mirror = Mirror::small().await;
    for seed in 0..3 {
        let kinds = ["creates", "edits", "comments", "moves", "deletes", "restores"];
        let order = serde_json::json!({ "seed": seed, "count": 60, "kinds": kinds });
        mirror.privacy.upstream.control.post("mutate", &order).await;
        mirror.interval().await;
        // As many may have come as went: then the counts agree, and only the ids tell.
        mirror.walk(mirror.jira).await;
        mirror.walk(mirror.confluence).await;
        mirror.is_clean().await;
    }
}

/// The operation of a look.
const COUNT: &str = "POST /rest/api/3/search/approximate-count";

#[tokio::test(flavor = "multi_thread")]
async fn looks_cost_a_point_or_two_a_container_and_walks_no_more_than_their_ids() {
    let mirror = Mirror::small().await;
    let spent = async || mirror.privacy.upstream.control.get("stats").await["points_by_operation"].clone();
    let of = |stats: &serde_json::Value, operation: &str| stats[operation].as_u64().unwrap_or_default();
    let before = spent().await;
    mirror.interval().await;
    let after = spent().await;
    let projects = mirror.ledger(mirror.jira).await.len() as u64;
    // Two slow readers may count what changed meanwhile.
    assert!(of(&after, COUNT) - of(&before, COUNT) <= projects + 2);
    let search = "GET /rest/api/3/search/jql";
    // Nothing differs, so nothing is walked: what is searched is what changed.
    assert!(of(&after, search) - of(&before, search) <= 2, "{before} {after}");
}

#[tokio::test(flavor = "multi_thread")]
async fn r2_a_walk_that_uses_up_its_share_goes_on_in_the_next_hour_after_a_restart() {
    let mut mirror = Mirror::small().await;
    let pages =
        mirror.listed(mirror.confluence, Model::Article, &linkspan_store::ListFilter::default()).await;
    let removal = Removal::from((Model::Article, pages[0].id));
    mirror.plant(mirror.confluence, &Batch { removed: vec![removal], ..Batch::default() }).await;
    mirror.privacy.census.points_per_hour = 1;
    mirror.privacy.restart().await;
    mirror.walk(mirror.confluence).await;
    let under_way = |ledger: &std::collections::BTreeMap<String, linkspan_store::LedgerRow>| {
        ledger.values().filter(|row| row.walk.is_some()).count()
    };
    // One page of one list, and nothing is settled by it.
    let ledger = mirror.ledger(mirror.confluence).await;
    assert_eq!((under_way(&ledger), ledger.values().filter(|row| row.walked_at.is_some()).count()), (1, 0));
    let mut hours = 0;
    while mirror.ledger(mirror.confluence).await.values().any(|row| row.requested_at.is_some()) {
        hours += 1;
        assert!(hours < 12, "{:?}", mirror.ledger(mirror.confluence).await);
        mirror.privacy.restart().await;
        mirror.interval().await;
    }
    assert!(hours >= 2, "{hours}");
    assert!(!mirror.page(pages[0].remote_id.as_ref().unwrap()).await.deleted);
    mirror.privacy.census = linkspan_engine::CensusSettings::default();
    mirror.privacy.restart().await;
    mirror.interval().await;
    mirror.is_clean().await;
}

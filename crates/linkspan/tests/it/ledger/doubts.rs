//! What proves nothing removes nothing (hazards S3, S5, S12, S15).

use linkspan_model::record::Model;
use serde_json::json;

use super::Mirror;

const SEARCH: &str = "/rest/api/3/search/jql";
const COUNT: &str = "/rest/api/3/search/approximate-count";

impl Mirror {
    /// Walks while something is wrong, and sees that nothing became a tombstone by it.
    async fn walk_in_doubt(&self, fault: serde_json::Value) {
        let before = (
            self.tombstones(self.jira, Model::Ticket).await,
            self.tombstones(self.confluence, Model::Article).await,
        );
        let now = self.privacy.engine.clock().now();
        for source in [self.jira, self.confluence] {
            self.privacy.store.request_census(source, None, now).await.unwrap();
        }
        self.privacy.fault(fault.clone()).await;
        self.read_anyway().await;
        self.privacy.clear_faults().await;
        let after = (
            self.tombstones(self.jira, Model::Ticket).await,
            self.tombstones(self.confluence, Model::Article).await,
        );
        assert_eq!(after, before, "{fault}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s12_a_listing_that_breaks_off_anywhere_removes_nothing() {
    let mirror = Mirror::small().await;
    // The first search reads what changed; the walks follow.
    for skip in 1..4 {
        for status in [400, 403, 404] {
            let fault =
                json!({ "kind": "status", "status": status, "path": SEARCH, "skip": skip, "count": 1 });
            mirror.walk_in_doubt(fault).await;
        }
    }
    for path in ["/wiki/api/v2/spaces/*/pages", "/wiki/api/v2/spaces/*/blogposts"] {
        for skip in 0..2 {
            let fault = json!({ "kind": "status", "status": 403, "path": path, "skip": skip, "count": 1 });
            mirror.walk_in_doubt(fault).await;
        }
    }
    // What broke off is taken up again.
    mirror.interval().await;
    mirror.interval().await;
    mirror.is_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s12_a_listing_of_few_rows_that_ends_as_it_should_removes_nothing() {
    let mirror = Mirror::small().await;
    for body in
        [json!({ "issues": [], "isLast": true }), json!({ "issues": [{ "id": "10001" }], "isLast": true })]
    {
        let fault = json!({ "kind": "status", "status": 200, "body": body, "path": SEARCH, "skip": 1 });
        mirror.walk_in_doubt(fault).await;
        let outcomes: Vec<_> =
            mirror.ledger(mirror.jira).await.into_values().filter_map(|row| row.outcome).collect();
        assert!(outcomes.iter().any(|words| words.contains("upstream counts otherwise")), "{outcomes:?}");
    }
    let empty = json!({ "results": [], "_links": {} });
    for path in ["/wiki/api/v2/spaces/*/pages", "/wiki/api/v2/spaces/*/blogposts"] {
        mirror.walk_in_doubt(json!({ "kind": "status", "status": 200, "body": empty, "path": path })).await;
    }
    mirror.interval().await;
    mirror.interval().await;
    mirror.is_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s12_a_count_that_lies_along_with_the_listing_wants_a_second_walk_and_a_look_by_id() {
    let mirror = Mirror::small().await;
    let lie = json!([
        { "kind": "status", "status": 200, "body": { "issues": [], "isLast": true }, "path": SEARCH, "skip": 1 },
        { "kind": "status", "status": 200, "body": { "count": 0 }, "path": COUNT }
    ]);
    mirror.walk_in_doubt(lie.clone()).await;
    let rows = mirror.ledger(mirror.jira).await;
    assert!(rows.values().any(|row| row.suspected_at.is_some()), "{rows:?}");
    // The second walk says the same; the look by id does not. It is a search that lies, so what it is said to be missing
    // may be taken for archived, and stays served.
    mirror.privacy.pass(super::INTERVAL).await;
    mirror.walk_in_doubt(lie).await;
    mirror.interval().await;
    mirror.interval().await;
    mirror.is_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s12_a_count_that_differs_removes_nothing() {
    let mirror = Mirror::small().await;
    let lost =
        mirror.listed(mirror.jira, Model::Ticket, &linkspan_store::ListFilter::default()).await.remove(0);
    let id = lost.remote_id.unwrap().parse().unwrap();
    mirror.act(|site, stamp| site.delete_issue(stamp, linkspan_sandbox::world::IssueId(id)).unwrap());
    mirror
        .walk_in_doubt(json!({ "kind": "status", "status": 200, "body": { "count": 7 }, "path": COUNT }))
        .await;
    assert!(!mirror.issue(id).await.deleted);
    mirror.interval().await;
    mirror.interval().await;
    assert!(mirror.issue(id).await.deleted);
    mirror.is_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s5_a_look_by_id_that_is_refused_removes_nothing() {
    let mirror = Mirror::small().await;
    let lost =
        mirror.listed(mirror.jira, Model::Ticket, &linkspan_store::ListFilter::default()).await.remove(0);
    let id = lost.remote_id.unwrap().parse().unwrap();
    mirror.act(|site, stamp| site.delete_issue(stamp, linkspan_sandbox::world::IssueId(id)).unwrap());
    let bulk = "/rest/api/3/issue/bulkfetch";
    for status in [400, 403, 404] {
        mirror.walk_in_doubt(json!({ "kind": "status", "status": status, "path": bulk })).await;
    }
    mirror.interval().await;
    assert!(mirror.issue(id).await.deleted);
    mirror.is_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s15_one_container_that_is_refused_is_flagged_and_the_others_are_compared() {
    let mirror = Mirror::small().await;
    mirror
        .walk_in_doubt(json!({ "kind": "status", "status": 403, "path": SEARCH, "skip": 1, "count": 1 }))
        .await;
    let rows = mirror.ledger(mirror.jira).await;
    let now = mirror.privacy.engine.clock().now();
    let (failed, fresh): (Vec<_>, Vec<_>) = rows
        .values()
        .filter(|row| row.state == linkspan_store::ContainerState::Listed)
        .partition(|row| row.outcome.as_deref().is_some_and(|words| words.contains("could not be compared")));
    assert_eq!(failed.len(), 1, "{rows:?}");
    assert!(fresh.iter().all(|row| row.walked_at == Some(now)), "{rows:?}");
    let stream = mirror.privacy.store.get_stream(mirror.jira, "census").await.unwrap().unwrap();
    assert_eq!(stream.progress.phase, "failed");
}

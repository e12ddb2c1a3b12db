use linkspan_model::ids::RecordId;
use linkspan_model::models::User;
use linkspan_model::record::{Body, Model};
use serde_json::json;
use tokio::task::JoinSet;

use super::{CYCLE_OF_HOURS, Privacy};
use crate::link::tiny_world;

impl Privacy {
    async fn user(&self, account_id: &str) -> User {
        let source = self.store.sources().await.unwrap()[0].id;
        let id = RecordId::of(source, Model::User, account_id);
        match self.store.get_records(source, &[id]).await.unwrap()[0].instance().unwrap() {
            Body::User(user) => user,
            other => panic!("{other:?}"),
        }
    }

    /// How often people were asked for by id: of Jira, of Confluence.
    async fn readings(&self) -> [u64; 2] {
        let stats = self.upstream.control.get("stats").await;
        ["GET /rest/api/3/user/bulk", "GET /wiki/rest/api/user/bulk"].map(|operation| {
            let by_status = stats["requests_by_operation"][operation].as_object();
            by_status
                .into_iter()
                .flat_map(|counts| counts.values())
                .filter_map(serde_json::Value::as_u64)
                .sum()
        })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn g3_a_changed_account_is_read_again_in_every_source_that_names_it() {
    let privacy = Privacy::start(tiny_world()).await;
    let sources = privacy.linked_and_read().await;
    let account = privacy.upstream.text("/users/3/account_id").to_owned();
    let before = privacy.user(&account).await;
    assert!(!before.name.is_empty());
    let fetched = privacy.store.account_fetched_at(sources[0], &account).await.unwrap().unwrap();
    privacy.pass(super::HOUR).await;
    privacy.say(&account, "updated").await;
    let turn = privacy.hours(CYCLE_OF_HOURS).await;
    assert_eq!((turn.refreshed, privacy.status().await.counts.to_refresh), (1, 0));
    let after = privacy.user(&account).await;
    assert!(!after.name.is_empty() && after.name != before.name, "{after:?}");
    let stored = super::scan::everything_stored(&privacy.store).await;
    let old: Vec<&str> = stored.lines().filter(|line| line.contains(&before.name)).collect();
    assert!(old.is_empty(), "{old:#?}");
    assert_eq!((after.teams, after.roles), (before.teams, before.roles), "groups and roles stay");
    for source in sources {
        assert!(
            privacy.store.account_fetched_at(source, &account).await.unwrap().is_none_or(|at| at > fetched)
        );
    }
    // The fresh data is not reported as changed once more.
    assert_eq!(privacy.hours(CYCLE_OF_HOURS).await.refreshed, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn g3_until_a_changed_account_can_be_read_what_is_held_of_it_is_blank() {
    let privacy = Privacy::start(tiny_world()).await;
    privacy.linked_and_read().await;
    let account = privacy.upstream.text("/users/3/account_id").to_owned();
    let before = privacy.user(&account).await;
    privacy.pass(super::HOUR).await;
    privacy.say(&account, "updated").await;
    for path in ["/rest/api/3/user/bulk", "/wiki/rest/api/user/bulk"] {
        privacy.fault(json!({ "kind": "status", "status": 403, "path": path })).await;
    }
    while privacy.status().await.counts.to_refresh == 0 {
        assert_eq!(privacy.hours(1).await.refreshed, 0);
    }
    assert_eq!(privacy.hours(3).await.refreshed, 0);
    assert_eq!(privacy.status().await.counts.to_refresh, 1);
    let blank = privacy.user(&account).await;
    assert_eq!(blank, User { teams: before.teams.clone(), roles: before.roles.clone(), ..User::default() });
    let places = privacy.places_of(&[&before.name]).await;
    assert!(places.is_empty(), "{places:#?}");

    privacy.clear_faults().await;
    assert_eq!(privacy.hours(2).await.refreshed, 1);
    assert!(!privacy.user(&account).await.name.is_empty());
    assert_eq!(privacy.status().await.counts.to_refresh, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn g3_a_reading_that_is_tried_again_disturbs_no_source() {
    let privacy = Privacy::start(linkspan_sandbox::Options { latency_ms: 5, ..tiny_world() }).await;
    let sources = privacy.linked_and_read().await;
    let account = privacy.upstream.text("/users/3/account_id").to_owned();
    privacy.pass(super::HOUR).await;
    privacy.say(&account, "updated").await;
    privacy.fault(json!({ "kind": "status", "status": 403, "path": "/wiki/rest/api/user/bulk" })).await;
    while privacy.status().await.counts.to_refresh == 0 {
        privacy.hours(1).await;
    }
    let fetched = async || {
        let mut fetched = Vec::new();
        for source in &sources {
            fetched.push(privacy.store.account_fetched_at(*source, &account).await.unwrap().unwrap());
        }
        fetched
    };
    let (moments, [jira, confluence]) = (fetched().await, privacy.readings().await);

    // Everything is read anew, while the reading of the account is tried again.
    for source in &sources {
        for stream in privacy.store.get_streams(*source).await.unwrap() {
            privacy.store.reset_stream(*source, &stream.stream).await.unwrap();
        }
    }
    privacy.pass(super::HOUR).await;
    let mut readings = JoinSet::new();
    for source in sources.clone() {
        let engine = privacy.engine.clone();
        readings.spawn(async move { engine.sync_source(source).await });
    }
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    assert!(readings.try_join_next().is_none());
    assert_eq!(privacy.tend().await.refreshed, 0);
    for ended in readings.join_all().await {
        assert!(ended.as_ref().is_ok_and(|report| report.failed.is_empty()), "{ended:?}");
    }
    // Confluence was asked once more, Jira was done.
    assert_eq!(fetched().await, moments);
    assert_eq!(privacy.readings().await, [jira, confluence + 1]);

    privacy.clear_faults().await;
    assert_eq!(privacy.hours(1).await.refreshed, 1);
    assert_eq!(privacy.readings().await, [jira, confluence + 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn g3_where_the_scope_is_missing_blank_is_the_end_and_nothing_is_tried_again() {
    let privacy = Privacy::start(tiny_world()).await;
    privacy.linked_and_read().await;
    let account = privacy.upstream.text("/users/3/account_id").to_owned();
    let before = privacy.user(&account).await;
    privacy.pass(super::HOUR).await;
    privacy.say(&account, "updated").await;
    let refusal = json!({ "code": 401, "message": "Unauthorized; scope does not match" });
    for path in ["/rest/api/3/user/bulk", "/wiki/rest/api/user/bulk"] {
        privacy.fault(json!({ "kind": "status", "status": 401, "path": path, "body": refusal })).await;
    }
    while privacy.hours(1).await.refreshed == 0 {}
    assert_eq!(privacy.status().await.counts.to_refresh, 0);
    assert_eq!(privacy.user(&account).await.name, "");
    let places = privacy.places_of(&[&before.name]).await;
    assert!(places.is_empty(), "{places:#?}");

    let asked = privacy.readings().await;
    privacy.hours(3).await;
    assert_eq!(privacy.readings().await, asked);
}

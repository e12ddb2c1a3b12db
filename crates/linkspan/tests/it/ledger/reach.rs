//! The reach of the account behind a grant (hazards L13, S13).

use linkspan_engine::read::{RawQuery, RecordFilter};
use linkspan_model::absence::Absence;
use linkspan_model::record::Model;
use linkspan_sandbox::Options;
use linkspan_sandbox::world::confluence::SpacePermission;
use linkspan_sandbox::world::{SiteState, SpaceId};
use linkspan_store::{AccountFilter, ContainerState};

use super::Mirror;
use crate::support::small_world;

/// Takes everybody's permission to see a space away; gives what was taken.
fn close(
    site: &mut SiteState,
    stamp: linkspan_sandbox::world::Stamp,
    space: SpaceId,
) -> Vec<SpacePermission> {
    let found = site.spaces().iter().find(|it| it.id == space).unwrap();
    let is_read = |row: &&SpacePermission| row.operation == "read" && row.target == "space";
    let rows: Vec<SpacePermission> = found.permissions.iter().filter(is_read).copied().collect();
    for row in &rows {
        site.set_space_permission(stamp, space, row.principal, ("read", "space"), false).unwrap();
    }
    rows
}

fn open(
    site: &mut SiteState,
    stamp: linkspan_sandbox::world::Stamp,
    space: SpaceId,
    rows: &[SpacePermission],
) {
    for row in rows {
        site.set_space_permission(stamp, space, row.principal, ("read", "space"), true).unwrap();
    }
}

async fn spaces_of(mirror: &Mirror) -> Vec<SpaceId> {
    let rows = mirror.ledger(mirror.confluence).await;
    let listed = rows.values().filter(|row| row.state == ContainerState::Listed);
    let mut ids: Vec<SpaceId> = listed.map(|row| SpaceId(row.remote_id.parse().unwrap())).collect();
    ids.sort_unstable();
    ids
}

async fn live_articles(mirror: &Mirror) -> usize {
    mirror.listed(mirror.confluence, Model::Article, &linkspan_store::ListFilter::default()).await.len()
}

async fn reach(mirror: &Mirror) -> linkspan_store::Reach {
    mirror.privacy.store.reach(mirror.confluence).await.unwrap().unwrap()
}

fn many_spaces() -> Options {
    Options { spaces: 8, pages: 120, ..small_world() }
}

#[tokio::test(flavor = "multi_thread")]
async fn s13_a_space_that_the_account_loses_is_hidden_and_comes_back() {
    let mirror = Mirror::of(many_spaces()).await;
    let space = spaces_of(&mirror).await[1];
    let before = live_articles(&mirror).await;
    let taken = mirror.act(|site, stamp| close(site, stamp, space));
    mirror.interval().await;
    let row = mirror.row(mirror.confluence, space).await;
    assert_eq!(row.state, ContainerState::LostAccess);
    assert!(live_articles(&mirror).await < before);
    let record = mirror.stored(mirror.confluence, Model::Container, space).await;
    assert_eq!((record.deleted, record.absence), (true, Some(Absence::LostAccess)));
    assert!(!record.is_deleted_upstream());
    assert_eq!(reach(&mirror).await.reduced_at, None);
    mirror.is_clean().await;
    // Lists of deleted data tell that it is gone, and nothing of what it said.
    let engine = &mirror.privacy.engine;
    let accounts =
        mirror.privacy.store.list_linked_accounts(&AccountFilter::default(), None, 10).await.unwrap();
    let account = accounts.iter().find(|account| account.source == mirror.confluence).unwrap();
    let scope = engine.scope_of_account(account.id).await.unwrap().unwrap();
    let filter = RecordFilter { include_deleted: true, ..RecordFilter::default() };
    let page = engine.list_records(&scope, Model::Article, &filter, None, 1_000).await.unwrap();
    let hidden: Vec<_> =
        page.records.into_iter().filter(|record| record.absence == Some(Absence::LostAccess)).collect();
    assert!(!hidden.is_empty() && hidden.iter().all(|record| record.body == "{}"));
    assert!(engine.remote_data(&scope, &hidden).await.unwrap().is_empty());
    let query = RawQuery { remote_id: hidden[0].remote_id.clone(), limit: 1, ..RawQuery::default() };
    let raws = engine.raws(mirror.confluence, "confluence.page", &query).await.unwrap().raws;
    assert!(raws.iter().all(|raw| raw.json == "{}"));

    mirror.act(|site, stamp| open(site, stamp, space, &taken));
    mirror.interval().await;
    assert_eq!(live_articles(&mirror).await, before);
    assert_eq!(mirror.row(mirror.confluence, space).await.state, ContainerState::Listed);
    mirror.is_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s13_what_was_lost_is_kept_for_thirty_days_and_then_let_go() {
    let mirror = Mirror::of(many_spaces()).await;
    let space = spaces_of(&mirror).await[1];
    mirror.act(|site, stamp| close(site, stamp, space));
    mirror.interval().await;
    let record = mirror.stored(mirror.confluence, Model::Container, space).await;
    assert_ne!(record.body, "{}");
    mirror.privacy.pass(jiff::SignedDuration::from_hours(30 * 24)).await;
    mirror.privacy.read_all().await;
    mirror.interval().await;
    let record = mirror.stored(mirror.confluence, Model::Container, space).await;
    assert_eq!((record.absence, record.body.as_str()), (Some(Absence::Removed), "{}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn l13_a_reach_that_shrinks_at_once_keeps_everything_until_it_is_back() {
    let mirror = Mirror::of(many_spaces()).await;
    let spaces = spaces_of(&mirror).await;
    let before = live_articles(&mirror).await;
    let half = &spaces[..spaces.len() / 2];
    let taken: Vec<_> =
        half.iter().map(|space| (*space, mirror.act(|site, stamp| close(site, stamp, *space)))).collect();
    mirror.interval().await;
    mirror.walk(mirror.confluence).await;
    assert_eq!(live_articles(&mirror).await, before);
    assert_eq!(mirror.tombstones(mirror.confluence, Model::Article).await, 0);
    let reduced = reach(&mirror).await;
    assert!(reduced.reduced_at.is_some());
    assert_eq!(reduced.missing, half.len() as u64);
    for space in half {
        assert_eq!(mirror.row(mirror.confluence, space).await.state, ContainerState::Unreachable);
    }

    for (space, rows) in &taken {
        mirror.act(|site, stamp| open(site, stamp, *space, rows));
    }
    mirror.interval().await;
    assert_eq!(reach(&mirror).await.reduced_at, None);
    assert_eq!(live_articles(&mirror).await, before);
    mirror.is_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn l13_a_reach_that_is_accepted_is_acted_by() {
    let mirror = Mirror::of(many_spaces()).await;
    let spaces = spaces_of(&mirror).await;
    let half = &spaces[..spaces.len() / 2];
    for space in half {
        mirror.act(|site, stamp| close(site, stamp, *space));
    }
    mirror.interval().await;
    assert!(reach(&mirror).await.reduced_at.is_some());
    let now = mirror.privacy.engine.clock().now();
    assert!(mirror.privacy.store.accept_reach(mirror.confluence, now).await.unwrap());
    mirror.interval().await;
    assert_eq!(reach(&mirror).await.reduced_at, None);
    for space in half {
        assert_eq!(mirror.row(mirror.confluence, space).await.state, ContainerState::LostAccess);
    }
    mirror.is_clean().await;
}

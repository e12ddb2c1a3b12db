//! The limits of every app: which calls may go, and who goes next. Pure; waiting is done above it.
//!
//! Quotas are per app and product (`atlassian-platform.md` 5.3); whether upstream counts the two products of an app in one
//! pool is not published, so each is counted alone, and where they share one, upstream's own headers correct the count.
//! Where upstream states a pool of its own for a site (`tenant-app-quota`), the site's calls count in that.
//!
//! Several processes over one database know nothing of each other's points: each corrects its count by upstream's headers,
//! which appear once most of a quota is used.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use linkspan_atlassian::calls::Call;
use linkspan_atlassian::error::CallError;
use linkspan_atlassian::limit::{Gate, LimitHeaders};
use linkspan_model::ids::AppId;
use linkspan_model::product::Product;

use super::allowance::{HOUR_SECONDS, KnownFrom, KnownQuota, USUAL_QUOTA, hour_of};
use super::lane::Lane;
use super::pool::{Ask, Pool};
use super::queue::Place;
use crate::estimate::Budget;

/// Sites with a pool of their own that are remembered; further ones count in the app's.
const SITE_POOLS_CAP: usize = 10_000;

/// How far upstream's end of the hour may lie before ours, in seconds: its own value has been seen inexact.
const CLOCKS_DIFFER_BY: i64 = 5 * 60;

/// How many points an app has in an hour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PointsQuota {
    /// The usual quota, until upstream's headers say otherwise.
    #[default]
    Usual,
    /// So many, of each app and product; less where upstream's headers say so.
    Set(u64),
    /// No limit, until upstream's headers state one: for a simulator.
    UntilTold,
}

/// Which points a call counts in: those of an app's product, or those that it has on one site.
pub(super) type PoolKey = (Product, Option<Arc<str>>);

/// What upstream announces and does not enforce yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BetaNotice {
    /// The policy, or the older form's header.
    pub policy: String,
    /// Points of an hour.
    pub quota: Option<u64>,
    /// Points left.
    pub left: Option<u64>,
    /// When it was last seen.
    pub seen_at: Timestamp,
}

/// What is known of one app's limits.
#[derive(Debug, Default)]
pub(super) struct AppLimits {
    pub(super) gate: Gate,
    pub(super) pools: HashMap<PoolKey, Pool>,
    /// Quotas that upstream stated.
    told: HashMap<PoolKey, u64>,
    pub(super) beta: HashMap<Product, BetaNotice>,
}

/// Where a call stands in line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ticket {
    app: AppId,
    pool: PoolKey,
    lane: Lane,
    place: Place,
}

impl Ticket {
    /// The number of its call: no two have the same.
    pub(super) fn number(&self) -> u64 {
        self.place.1
    }
}

/// A call that went out.
#[derive(Debug)]
pub(super) struct Sent {
    pub(super) app: AppId,
    pool: PoolKey,
    ask: Ask,
    at: Timestamp,
}

/// What a call is told.
#[derive(Debug)]
pub(super) enum Answer {
    Go(Sent),
    Wait(Ticket),
    /// Too many wait already.
    Full,
}

/// Calls that may go now, by their numbers, and when to look again.
#[derive(Debug, Default)]
pub(super) struct Turn {
    pub(super) gone: Vec<(u64, Sent)>,
    pub(super) look: Option<Timestamp>,
}

/// The limits of every app.
#[derive(Debug)]
pub(super) struct Governor {
    setting: PointsQuota,
    pub(super) apps: HashMap<AppId, AppLimits>,
    calls: u64,
    /// Objects in an answer of a call whose page size nobody chose.
    sizes: HashMap<&'static str, u64>,
}

impl Governor {
    pub(super) fn new(setting: PointsQuota) -> Self {
        Self { setting, apps: HashMap::new(), calls: 0, sizes: HashMap::new() }
    }

    /// The most points that a call is thought to cost: for a page of so many objects, else by what it brought before.
    pub(super) fn price(&self, call: &'static Call, page_size: Option<u32>) -> u64 {
        if call.price.per_object == 0 {
            return call.price.of(0);
        }
        let asked = page_size.or_else(|| call.paging.size().map(|size| size.default)).map(u64::from);
        call.price.of(asked.unwrap_or_else(|| self.sizes.get(call.name).copied().unwrap_or(1)))
    }

    /// Lets a call go, or puts it in line.
    pub(super) fn ask(&mut self, now: Timestamp, app: AppId, ask: Ask) -> Answer {
        self.calls += 1;
        let number = self.calls;
        let setting = self.setting;
        let limits = self.apps.entry(app).or_default();
        let key = limits.key_of(&ask);
        let quota = quota_of(setting, limits.told.get(&key).copied());
        let pool = limits.pools.entry(key.clone()).or_insert_with(|| Pool::new(quota));
        pool.turn(now);
        if pool.pass(now, &mut limits.gate, &ask) {
            return Answer::Go(Sent { app, pool: key, ask, at: now });
        }
        let lane = ask.lane;
        match pool.push(number, ask) {
            Some(place) => Answer::Wait(Ticket { app, pool: key, lane, place }),
            None => Answer::Full,
        }
    }

    /// Takes a call out of the line that gave up.
    pub(super) fn give_up(&mut self, ticket: &Ticket) {
        let Some(limits) = self.apps.get_mut(&ticket.app) else { return };
        // Where its site got a pool of its own meanwhile, it stands there.
        for pool in limits.pools.values_mut() {
            pool.give_up(ticket.lane, ticket.place);
        }
    }

    /// When a call could go if nobody stood in line before it.
    pub(super) fn earliest(&self, now: Timestamp, app: AppId, ask: &Ask) -> Timestamp {
        let Some(limits) = self.apps.get(&app) else { return now };
        let open_at = limits.gate.earliest(now, ask.product, &ask.cloud_id, ask.call);
        limits.pools.get(&limits.key_of(ask)).map_or(open_at, |pool| open_at.max(pool.released_at(now, ask)))
    }

    /// The points that a first reading can have in the pool in which a call counts.
    pub(super) fn budget(&self, app: AppId, ask: &Ask) -> Option<Budget> {
        let limits = self.apps.get(&app)?;
        limits.pools.get(&limits.key_of(ask))?.allowance.for_backfill()
    }

    /// Lets go whoever may, in every pool.
    pub(super) fn advance(&mut self, now: Timestamp) -> Turn {
        let mut turn = Turn::default();
        for (app, limits) in &mut self.apps {
            for (key, pool) in &mut limits.pools {
                if !pool.is_idle() {
                    turn.take(now, *app, key, pool.advance(now, &mut limits.gate));
                }
            }
        }
        turn
    }

    /// Ends a call that was answered with so many objects, at so many points.
    pub(super) fn answered(
        &mut self,
        now: Timestamp,
        sent: &Sent,
        headers: &LimitHeaders,
        objects: u64,
        points: u64,
    ) -> Turn {
        let size = self.sizes.entry(sent.ask.call).or_default();
        // Follows growth at once and forgets a peak slowly.
        *size = objects.max(*size - *size / 8);
        self.learn(now, sent, headers);
        if let Some(limits) = self.apps.get_mut(&sent.app) {
            limits.gate.answered(&sent.ask.cloud_id, sent.ask.call);
        }
        let of_site = sent.pool.1.is_some();
        let left = headers.points_left_in(of_site).filter(|_| {
            // What is left of the hour before says nothing of this one: the answer may have crossed the turn, and the clocks
            // may differ by seconds.
            let our_rest = HOUR_SECONDS - now.as_second().rem_euclid(HOUR_SECONDS);
            let rest = headers.quota_resets_in(of_site).and_then(|rest| i64::try_from(rest.as_secs()).ok());
            hour_of(sent.at) == hour_of(now) && rest.is_none_or(|rest| rest + CLOCKS_DIFFER_BY >= our_rest)
        });
        self.settle(now, sent, points, left)
    }

    /// Ends a call that failed.
    pub(super) fn refused(&mut self, now: Timestamp, sent: &Sent, error: &CallError) -> Turn {
        if let Some(limits) = self.apps.get_mut(&sent.app) {
            limits.gate.refused(sent.at, now, &sent.ask.cloud_id, error);
        }
        // What upstream refuses for other reasons than its limits costs as a call.
        let cost = u64::from(!matches!(
            error,
            CallError::Throttled { .. } | CallError::Transport { .. } | CallError::NotSent { .. }
        ));
        self.settle(now, sent, cost, None)
    }

    /// Ends a call of which nobody saw the end, and that may have cost so much.
    pub(super) fn abandoned(&mut self, now: Timestamp, sent: &Sent, points: u64) -> Turn {
        self.settle(now, sent, points, None)
    }

    fn settle(&mut self, now: Timestamp, sent: &Sent, cost: u64, left: Option<u64>) -> Turn {
        let mut turn = Turn::default();
        let Some(limits) = self.apps.get_mut(&sent.app) else { return turn };
        if let Some(pool) = limits.pools.get_mut(&sent.pool) {
            pool.settle(now, &sent.ask, cost, left);
            if !pool.is_idle() {
                turn.take(now, sent.app, &sent.pool, pool.advance(now, &mut limits.gate));
            }
        }
        turn
    }

    /// Takes in what headers say of quotas.
    fn learn(&mut self, now: Timestamp, sent: &Sent, headers: &LimitHeaders) {
        let Some(limits) = self.apps.get_mut(&sent.app) else { return };
        let product = sent.ask.product;
        if let Some((quota, is_of_site)) = headers.points_quota() {
            let site = is_of_site.then(|| Arc::clone(&sent.ask.cloud_id));
            let key = (product, site.clone());
            let is_new = !limits.told.contains_key(&key);
            if (!is_new || site.is_none() || limits.told.len() < SITE_POOLS_CAP)
                && limits.told.insert(key.clone(), quota) != Some(quota)
            {
                tracing::info!(%product, quota, is_of_site, "upstream states an hourly quota of points");
                let quota = quota_of(self.setting, Some(quota));
                if let Some(site) = site.filter(|_| is_new) {
                    limits.move_site(product, &site, quota);
                } else if let Some(pool) = limits.pools.get_mut(&key) {
                    pool.allowance.change_quota(quota);
                }
            }
        }
        if let Some(notice) = beta_notice(now, headers) {
            if !limits.beta.contains_key(&product) {
                tracing::warn!(%product, policy = notice.policy, quota = notice.quota, "upstream announces a limit that it does not enforce yet");
            }
            limits.beta.insert(product, notice);
        }
    }

    /// The quota of a pool, and where that is known from.
    pub(super) fn quota(&self, app: AppId, key: &PoolKey) -> KnownQuota {
        let told = self.apps.get(&app).and_then(|limits| limits.told.get(key)).copied();
        quota_of(self.setting, told)
    }
}

impl AppLimits {
    fn key_of(&self, ask: &Ask) -> PoolKey {
        // Most apps have no site with a pool of its own: then there is nothing to look up.
        if self.told.is_empty() {
            return (ask.product, None);
        }
        let of_site = (ask.product, Some(Arc::clone(&ask.cloud_id)));
        if self.told.contains_key(&of_site) { of_site } else { (ask.product, None) }
    }

    /// Makes a pool for a site; who waits to call it stands in line there.
    fn move_site(&mut self, product: Product, site: &Arc<str>, quota: KnownQuota) {
        let waiting =
            self.pools.get_mut(&(product, None)).map(|pool| pool.take_site(site)).unwrap_or_default();
        let pool = self.pools.entry((product, Some(Arc::clone(site)))).or_insert_with(|| Pool::new(quota));
        for (place, ask) in waiting {
            // It was in one line before, so that it fits into the next.
            pool.push_at(place, ask);
        }
    }
}

impl Turn {
    fn take(
        &mut self,
        at: Timestamp,
        app: AppId,
        key: &PoolKey,
        (gone, look): (Vec<(Place, Ask)>, Option<Timestamp>),
    ) {
        self.gone.extend(
            gone.into_iter().map(|((_, number), ask)| (number, Sent { app, pool: key.clone(), ask, at })),
        );
        self.look = match (self.look, look) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
    }
}

/// The quota that holds: the operator's setting can only lower what upstream states.
fn quota_of(setting: PointsQuota, told: Option<u64>) -> KnownQuota {
    match (setting, told) {
        (PointsQuota::Set(set), Some(told)) if told <= set => (Some(told), KnownFrom::Headers),
        (PointsQuota::Set(set), _) => (Some(set), KnownFrom::Setting),
        (_, Some(told)) => (Some(told), KnownFrom::Headers),
        (PointsQuota::Usual, None) => (Some(USUAL_QUOTA), KnownFrom::Usual),
        (PointsQuota::UntilTold, None) => (None, KnownFrom::Nothing),
    }
}

/// What an answer announces of a quota that is not enforced.
fn beta_notice(now: Timestamp, headers: &LimitHeaders) -> Option<BetaNotice> {
    let policy = headers.policies.iter().find(|policy| !policy.enforced);
    let standing = headers.standings.iter().find(|standing| !standing.enforced);
    let name = policy.map(|policy| &policy.name).or(standing.map(|standing| &standing.name));
    if let Some(name) = name {
        return Some(BetaNotice {
            policy: name.clone(),
            quota: policy.and_then(|policy| policy.quota),
            left: standing.and_then(|standing| standing.remaining),
            seen_at: now,
        });
    }
    let announced = headers.announced?;
    let policy = "X-Beta-RateLimit".to_owned();
    Some(BetaNotice { policy, quota: announced.limit, left: announced.remaining, seen_at: now })
}

//! What is shown of limits: `GET /v1/quota`, and metrics.

use jiff::Timestamp;
use linkspan_model::ids::{AppId, SourceId};
use linkspan_model::product::Product;

use super::allowance::KnownFrom;
use super::governor::{AppLimits, BetaNotice, Governor, PoolKey};
use super::lane::{Lane, OfLanes};
use super::pool::Pool;
use crate::engine::{Engine, Inner};
use crate::error::EngineError;

/// Sources that are shown with what they spent, the largest first.
const SPENDERS_SHOWN: usize = 100;
/// Sites with a pool of their own that are shown, the most used first.
const SITES_SHOWN: usize = 100;

/// Points of this hour's quota, by client id and product.
const SPENT: &str = "linkspan_quota_points_spent";
/// What is left of it, where a quota is known.
const LEFT: &str = "linkspan_quota_points_left";
/// Calls that wait for their turn, by client id, product and lane.
const WAITING: &str = "linkspan_quota_calls_waiting";

/// How the points of an app stand for one product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuotaStatus {
    /// The app.
    pub client_id: String,
    /// The product.
    pub product: Product,
    /// Points of an hour; `None` while no limit is known.
    pub quota: Option<u64>,
    /// Where that is known from.
    pub known_from: KnownFrom,
    /// Points spent in this hour, by the published price list.
    pub spent: u64,
    /// Points left of this hour's quota.
    pub left: Option<u64>,
    /// When the hour turns.
    pub turns_at: Timestamp,
    /// Until when upstream refuses everything for the product.
    pub closed_until: Option<Timestamp>,
    /// Points of every hour that only writes may touch.
    pub write_reserve: Option<u64>,
    /// Points of every hour that only writes and live calls may touch.
    pub live_reserve: Option<u64>,
    /// Calls that wait, by lane.
    pub waiting: OfLanes<u64>,
    /// A limit that upstream announces and does not enforce yet.
    pub beta: Option<BetaNotice>,
    /// What sources spent in this hour, the largest first.
    pub spenders: Vec<Spender>,
    /// Sites that have a pool of their own, the most used first.
    pub sites: Vec<SiteQuotaStatus>,
}

/// What a source spent in this hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spender {
    /// The source.
    pub source: SourceId,
    /// Points.
    pub points: u64,
}

/// How the points of an app stand on a site that has a pool of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteQuotaStatus {
    /// The site.
    pub cloud_id: String,
    /// Points of an hour.
    pub quota: Option<u64>,
    /// Points spent in this hour.
    pub spent: u64,
    /// Points left of this hour's quota.
    pub left: Option<u64>,
    /// Until when upstream refuses everything for the product on the site.
    pub closed_until: Option<Timestamp>,
}

impl Engine {
    /// How the points of every app stand, for both products.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn quota(&self) -> Result<Vec<QuotaStatus>, EngineError> {
        self.inner.quota().await
    }

    /// Sets the gauges of every app's points.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn gauge_quota(&self) -> Result<(), EngineError> {
        for status in self.quota().await? {
            let labels = [("client_id", status.client_id.clone()), ("product", status.product.to_string())];
            metrics::gauge!(SPENT, &labels).set(as_float(status.spent));
            if let Some(left) = status.left {
                metrics::gauge!(LEFT, &labels).set(as_float(left));
            }
            for lane in Lane::ALL {
                let [client_id, product] = labels.clone();
                let labels = [client_id, product, ("lane", lane.to_string())];
                metrics::gauge!(WAITING, &labels).set(as_float(*status.waiting.of(lane)));
            }
        }
        Ok(())
    }
}

impl Inner {
    async fn quota(&self) -> Result<Vec<QuotaStatus>, EngineError> {
        let mut statuses = Vec::new();
        for app in self.store.apps().await? {
            statuses.extend([Product::Jira, Product::Confluence].map(|product| {
                self.turnstile
                    .look(|governor, now| status_of(governor, now, app.id, app.client_id.clone(), product))
            }));
        }
        Ok(statuses)
    }
}

#[expect(clippy::cast_precision_loss, reason = "points of an hour are far fewer than a float can count")]
fn as_float(count: u64) -> f64 {
    count as f64
}

fn status_of(
    governor: &Governor,
    now: Timestamp,
    app: AppId,
    client_id: String,
    product: Product,
) -> QuotaStatus {
    let limits = governor.apps.get(&app);
    let (quota, known_from) = governor.quota(app, &(product, None));
    // A pool that nobody used this hour still shows the last one.
    let mut fresh = Pool::new((quota, known_from));
    fresh.turn(now);
    let of_app = limits.and_then(|limits| limits.pools.get(&(product, None)));
    let is_of_now = |pool: &&Pool| pool.allowance.turns_at() == fresh.allowance.turns_at();
    let shown = of_app.filter(is_of_now).unwrap_or(&fresh);
    let mut spenders: Vec<Spender> = Vec::new();
    let mut waiting = OfLanes::default();
    let mut sites = Vec::new();
    for (key, pool) in limits.into_iter().flat_map(|limits| &limits.pools).filter(|(key, _)| key.0 == product)
    {
        for lane in Lane::ALL {
            *waiting.of_mut(lane) += pool.waiting(lane) as u64;
        }
        if !is_of_now(&pool) {
            continue;
        }
        spenders.extend(
            pool.spenders().iter().map(|(source, points)| Spender { source: *source, points: *points }),
        );
        sites.extend(site_status(governor, limits, now, app, key, pool));
    }
    spenders.sort_unstable_by_key(|spender| (std::cmp::Reverse(spender.points), spender.source.0));
    spenders.truncate(SPENDERS_SHOWN);
    sites.sort_unstable_by_key(|site| (std::cmp::Reverse(site.spent), site.cloud_id.clone()));
    sites.truncate(SITES_SHOWN);
    let reserves = shown.allowance.reserves();
    QuotaStatus {
        client_id,
        product,
        quota,
        known_from,
        spent: shown.allowance.spent(),
        left: shown.allowance.left(),
        turns_at: fresh.allowance.turns_at(),
        closed_until: limits.and_then(|limits| limits.gate.closed(now, product)),
        write_reserve: reserves.map(|reserves| reserves.0),
        live_reserve: reserves.map(|reserves| reserves.1),
        waiting,
        beta: limits.and_then(|limits| limits.beta.get(&product)).cloned(),
        spenders,
        sites,
    }
}

fn site_status(
    governor: &Governor,
    limits: Option<&AppLimits>,
    now: Timestamp,
    app: AppId,
    key: &PoolKey,
    pool: &Pool,
) -> Option<SiteQuotaStatus> {
    let cloud_id = key.1.as_ref()?;
    let closed = limits.and_then(|limits| limits.gate.closed_on_site(now, key.0, cloud_id));
    Some(SiteQuotaStatus {
        cloud_id: cloud_id.to_string(),
        quota: governor.quota(app, key).0,
        spent: pool.allowance.spent(),
        left: pool.allowance.left(),
        closed_until: closed,
    })
}

//! The limits before a product request, and the bill after it.

use axum::response::Response;
use http::Method;

use super::credentials::Addressed;
use super::destination::ProductFamily;
use super::{AppState, Auth, Caller, Charge};
use crate::meter::headers::{HeaderForm, Refusal, announce_quota};
use crate::meter::steady_rate;

/// The template under which writes to one issue are counted.
const ISSUE_TEMPLATE: &str = "/rest/api/3/issue/{";

/// The 429 that a request meets, if it goes beyond a limit.
pub(super) fn refusal(
    state: &AppState,
    caller: &Caller,
    method: &Method,
    addressed: Addressed<'_>,
) -> Option<Response> {
    let limits = state.settings().limits.clone();
    let now = state.now();
    let mut meter = state.meter();
    if let Auth::Bearer(bearer) = &caller.auth
        && limits.points_quota > 0
        && limits.headers == HeaderForm::Enforced
        && meter.points.spent(&bearer.client_id, now) >= limits.points_quota
    {
        let reason = quota_reason(addressed.family);
        return Some(Refusal::Quota { reason, quota: limits.points_quota }.answer(now));
    }
    let operation = addressed.operation?;
    if limits.burst
        && let Some(rate) = steady_rate(method, operation.template)
        && !meter.burst.take(addressed.site_index, &operation.name, rate, now)
    {
        return Some(Refusal::Burst { rate }.answer(now));
    }
    if limits.issue_writes && method != Method::GET && operation.template.starts_with(ISSUE_TEMPLATE) {
        let named = addressed.path.split('/').nth(5).unwrap_or_default();
        // The same issue may be named by its id, its key, or a key it once had.
        let id = addressed.site.read().find_issue(named).map(|id| id.to_string());
        let issue = id.as_deref().unwrap_or(named);
        if let Err(wait) = meter.issue_writes.take(addressed.site_index, issue, now) {
            return Some(Refusal::IssueWrites { wait }.answer(now));
        }
    }
    None
}

/// Charges an app for an answer and tells it what is left. Returns the points; other callers are exempt.
pub(super) fn bill(state: &AppState, caller: &Caller, response: &mut Response) -> u64 {
    let Auth::Bearer(bearer) = &caller.auth else { return 0 };
    let charge = response.extensions().get::<Charge>().copied().unwrap_or_default();
    let points = charge.points();
    let (quota, form) = {
        let settings = state.settings();
        (settings.limits.points_quota, settings.limits.headers)
    };
    let now = state.now();
    let spent = {
        let mut meter = state.meter();
        meter.points.spend(&bearer.client_id, points, now);
        meter.points.spent(&bearer.client_id, now)
    };
    if quota > 0 {
        announce_quota(response.headers_mut(), form, quota, spent, now);
    }
    points
}

/// The reason code of the global pool, per product.
pub(super) fn quota_reason(family: ProductFamily) -> &'static str {
    match family {
        ProductFamily::Jira => "jira-quota-global-based",
        ProductFamily::Confluence => "confluence-quota-global-based",
    }
}

//! How the points of Atlassian's hourly quotas stand.

use axum::Json;
use axum::extract::State;
use linkspan_engine::quota::{KnownFrom, Lane, QuotaStatus};

use crate::App;
use crate::extract::Vendor;
use crate::problem::ApiError;
use crate::wire::Time;
use crate::wire::quota::{QuotaAnnounced, QuotaList, QuotaRow, QuotaSite, QuotaSpender};

/// Tells how the points of every app stand: what an hour has, what is spent and left, who waits, and who spent it.
#[utoipa::path(
    get,
    path = "/quota",
    operation_id = "quota_retrieve",
    tag = "sources",
    responses(
        (status = 200, description = "One entry for each app and product", body = QuotaList),
        (status = 401, description = "The key is wrong", body = crate::problem::ProblemBody),
    ),
    security(("api_key" = [])),
)]
pub(crate) async fn quota(State(app): State<App>, _: Vendor) -> Result<Json<QuotaList>, ApiError> {
    Ok(Json(QuotaList { results: app.engine.quota().await?.into_iter().map(row).collect() }))
}

fn row(status: QuotaStatus) -> QuotaRow {
    let known_from = match status.known_from {
        KnownFrom::Usual => "default",
        KnownFrom::Setting => "setting",
        KnownFrom::Headers => "headers",
        KnownFrom::Nothing => "nothing",
    };
    QuotaRow {
        client_id: status.client_id,
        product: status.product.to_string(),
        points_per_hour: status.quota,
        known_from: known_from.to_owned(),
        spent: status.spent,
        left: status.left,
        turns_at: Time(status.turns_at),
        closed_until: status.closed_until.map(Time),
        write_reserve: status.write_reserve,
        live_reserve: status.live_reserve,
        waiting: Lane::ALL.map(|lane| (lane.to_string(), *status.waiting.of(lane))).into(),
        announced: status.beta.map(|notice| QuotaAnnounced {
            policy: notice.policy,
            points_per_hour: notice.quota,
            left: notice.left,
            seen_at: Time(notice.seen_at),
        }),
        sources: status
            .spenders
            .into_iter()
            .map(|spender| QuotaSpender { source_id: spender.source, points: spender.points })
            .collect(),
        sites: status
            .sites
            .into_iter()
            .map(|site| QuotaSite {
                cloud_id: site.cloud_id,
                points_per_hour: site.quota,
                spent: site.spent,
                left: site.left,
                closed_until: site.closed_until.map(Time),
            })
            .collect(),
    }
}

//! Personal data: how its reporting to Atlassian stands, and receipts of erasures.

use std::fmt::Write as _;

use axum::Json;
use axum::extract::State;
use linkspan_engine::{Erasure, PersonalDataStatus};

use crate::App;
use crate::extract::Vendor;
use crate::params::Params;
use crate::problem::ApiError;
use crate::wire::Time;
use crate::wire::page::Page;
use crate::wire::personal_data::{ErasureReceipt, PersonalData, PersonalDataReporting};

/// Tells how the reporting of personal data stands, and lists receipts of erasures.
#[utoipa::path(
    get,
    path = "/personal-data",
    operation_id = "personal_data_retrieve",
    tag = "personal data",
    params(
        ("account_id" = Option<String>, Query, description = "Only receipts of this Atlassian account"),
        ("cursor" = Option<String>, Query, description = "`receipts.next` of the page before"),
        ("page_size" = Option<i64>, Query, description = "Receipts in a page: 1 to 100, default 30"),
    ),
    responses(
        (status = 200, description = "How it stands", body = PersonalData),
        (status = 400, description = "A parameter is wrong", body = crate::problem::ProblemBody),
        (status = 401, description = "The key is wrong", body = crate::problem::ProblemBody),
    ),
    security(("api_key" = [])),
)]
pub(crate) async fn personal_data(
    State(app): State<App>,
    _: Vendor,
    params: Params,
) -> Result<Json<PersonalData>, ApiError> {
    let before = params
        .text("cursor")
        .map(str::parse::<i64>)
        .transpose()
        .map_err(|_| ApiError::bad_request("`cursor` is not one that this server gave out."))?;
    let page = app.engine.erasure_receipts(params.text("account_id"), before, params.page_size()?).await?;
    let apps = app.engine.personal_data_status().await?.into_iter().map(reporting).collect();
    let receipts = Page {
        next: page.next.map(|number| number.to_string()),
        previous: None,
        results: page.receipts.iter().map(receipt).collect(),
    };
    Ok(Json(PersonalData { apps, receipts }))
}

fn reporting(status: PersonalDataStatus) -> PersonalDataReporting {
    let counts = status.counts;
    PersonalDataReporting {
        client_id: status.client_id,
        cycle_seconds: status.cycle.as_secs(),
        accounts_known: counts.known,
        accounts_reported: counts.reported,
        accounts_due: counts.due,
        accounts_overdue: counts.overdue,
        accounts_to_erase: counts.to_erase,
        accounts_to_refresh: counts.to_refresh,
        next_deadline: counts.next_due_at.map(Time),
        last_report: status.last_report_at.map(Time),
        not_before: status.not_before.map(Time),
        problem: status.problem,
    }
}

fn receipt(erasure: &Erasure) -> ErasureReceipt {
    let touched = erasure.touched;
    let account_digest =
        erasure.account.as_bytes().iter().fold(String::with_capacity(64), |mut hex, byte| {
            // Writing to a string cannot fail.
            let _ = write!(hex, "{byte:02x}");
            hex
        });
    ErasureReceipt {
        number: erasure.no,
        app_id: erasure.app.0,
        account_digest,
        told_at: Time(erasure.told_at),
        erased_at: erasure.finished_at.map(Time),
        people: touched.people,
        raws: touched.raws,
        texts: touched.texts,
        group_members: touched.group_members,
        access_rules: touched.access_rules,
        contacts: touched.contacts,
    }
}

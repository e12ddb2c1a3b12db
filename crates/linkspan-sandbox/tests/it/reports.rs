//! The personal-data report.

use serde_json::{Value, json};

use crate::support::{Lab, answer};

async fn report(lab: &Lab, token: &str, accounts: &[(&str, &str)]) -> reqwest::Response {
    let accounts: Vec<Value> =
        accounts.iter().map(|(id, at)| json!({ "accountId": id, "updatedAt": at })).collect();
    lab.post("/app/report-accounts/")
        .bearer_auth(token)
        .json(&json!({ "accounts": accounts }))
        .send()
        .await
        .unwrap()
}

const FETCHED: &str = "2026-02-01T00:00:00Z";
const CLOSED_TEST_ACCOUNT: &str = "5be24ba3f91c106033269289";

#[tokio::test]
async fn g1_nothing_to_do_is_204_and_only_accounts_needing_action_are_listed() {
    let lab = Lab::start().await;
    let token = lab.token(lab.admin(), "report:personal-data").await;
    let nothing =
        report(&lab, &token, &[(lab.admin(), FETCHED), ("5be24ad8b1653240376955d2", FETCHED)]).await;
    assert_eq!(nothing.status(), 204);
    lab.control("POST", "accounts", json!({ "account_id": lab.member(), "status": "closed" })).await;
    lab.control("POST", "accounts", json!({ "account_id": lab.admin(), "status": "updated" })).await;
    let accounts = [
        (lab.admin(), FETCHED),
        (lab.member(), FETCHED),
        (CLOSED_TEST_ACCOUNT, FETCHED),
        ("never-seen", FETCHED),
    ];
    let expected = json!({ "accounts": [
        { "accountId": lab.admin(), "status": "updated" },
        { "accountId": lab.member(), "status": "closed" },
        { "accountId": CLOSED_TEST_ACCOUNT, "status": "closed" },
    ]});
    assert_eq!(answer(report(&lab, &token, &accounts).await).await, (200, expected));
    let refetched = report(&lab, &token, &[(lab.admin(), "2026-03-02T00:00:00Z")]).await;
    assert_eq!(refetched.status(), 204, "data fetched after the change is up to date");
}

#[tokio::test]
async fn g1_a_report_holds_1_to_90_well_formed_accounts() {
    let lab = Lab::start().await;
    let token = lab.token(lab.admin(), "report:personal-data").await;
    assert_eq!(report(&lab, &token, &[("a", FETCHED); 90]).await.status(), 204);
    for bad in [
        &[("a", FETCHED); 91][..],
        &[],
        &[("unknown", FETCHED)],
        &[("a b", FETCHED)],
        &[("", FETCHED)],
        &[("a", "yesterday")],
    ] {
        let (status, body) = answer(report(&lab, &token, bad).await).await;
        assert_eq!(status, 400);
        assert!(body["errorType"].is_string() && body["errorMessage"].is_string());
    }
}

#[tokio::test]
async fn the_report_needs_its_scope() {
    let lab = Lab::start().await;
    let token = lab.token(lab.admin(), "read:me").await;
    assert_eq!(report(&lab, &token, &[(lab.admin(), FETCHED)]).await.status(), 401);
}

#[tokio::test]
async fn g1_the_cycle_is_watched_and_its_header_is_configurable() {
    let lab = Lab::start().await;
    let token = lab.token(lab.admin(), "report:personal-data").await;
    let without = report(&lab, &token, &[(lab.admin(), FETCHED)]).await;
    assert!(without.headers().get("cycle-period").is_none());
    lab.control("POST", "settings", json!({ "cycle_period": "P7D" })).await;
    let with = report(&lab, &token, &[(lab.admin(), FETCHED), (CLOSED_TEST_ACCOUNT, FETCHED)]).await;
    assert_eq!(with.headers()["cycle-period"], "P7D");
    lab.advance(7 * 24 * 3600).await;
    let token = lab.token(lab.admin(), "report:personal-data").await;
    report(&lab, &token, &[(lab.admin(), FETCHED), (CLOSED_TEST_ACCOUNT, FETCHED)]).await;
    let reported = lab.control("GET", "reports", Value::Null).await;
    let of = |id: &str, member: &str| reported["accounts"][id][member].as_u64().unwrap();
    assert_eq!((of(lab.admin(), "times"), of(lab.admin(), "too_early")), (3, 1));
    assert_eq!((of(CLOSED_TEST_ACCOUNT, "times"), of(CLOSED_TEST_ACCOUNT, "after_closed")), (2, 1));
}

#[tokio::test]
async fn g1_the_cycle_can_be_of_any_length_and_its_header_of_any_form() {
    let lab = Lab::start().await;
    let token = lab.token(lab.admin(), "report:personal-data").await;
    for form in ["7", "604800", "P7D", "1 Days", "one day"] {
        lab.control("POST", "settings", json!({ "cycle_period": form, "cycle_seconds": 60 })).await;
        let response = report(&lab, &token, &[(lab.admin(), FETCHED)]).await;
        assert_eq!(response.headers()["cycle-period"], form);
        lab.advance(61).await;
    }
    report(&lab, &token, &[(lab.admin(), FETCHED)]).await;
    report(&lab, &token, &[(lab.admin(), FETCHED)]).await;
    let reports = lab.control("GET", "reports", Value::Null).await;
    let account = &reports["accounts"][lab.admin()];
    assert_eq!((account["times"].as_u64(), account["too_early"].as_u64()), (Some(7), Some(1)));
    assert!((61..70).contains(&account["longest_gap_seconds"].as_i64().unwrap()));
    let calls = reports["calls"].as_array().unwrap();
    assert_eq!(calls.len(), 7);
    assert_eq!((calls[0]["accounts"].as_u64(), calls[0]["status"].as_u64()), (Some(1), Some(204)));
}

#[tokio::test]
async fn g1_each_app_has_a_cycle_of_its_own_and_the_counts_of_all_add_up() {
    let lab = Lab::start().await;
    let other = crate::console::create_app(&lab, "Other", "account").await;
    let form = [("scope", "report:personal-data")];
    crate::console::change(&lab, &format!("{other}/permissions/personal-data"), &form, 303).await;
    let tokens = async || {
        let order =
            json!({ "account_id": lab.admin(), "scopes": "report:personal-data", "client_id": other });
        let issued = lab.control("POST", "token", order).await;
        let of_other = issued["access_token"].as_str().unwrap().to_owned();
        [lab.token(lab.admin(), "report:personal-data").await, of_other]
    };
    let accounts = [(lab.admin(), FETCHED), (CLOSED_TEST_ACCOUNT, FETCHED)];
    for token in tokens().await {
        report(&lab, &token, &accounts).await;
    }
    let of = async |id: &str| lab.control("GET", "reports", Value::Null).await["accounts"][id].clone();
    let admin = of(lab.admin()).await;
    assert_eq!((&admin["times"], &admin["too_early"]), (&json!(2), &json!(0)), "{admin}");
    assert_eq!(of(CLOSED_TEST_ACCOUNT).await["after_closed"], 0, "each app was told for the first time");

    lab.advance(3 * 24 * 3600).await;
    let [first, _] = tokens().await;
    report(&lab, &first, &accounts).await;
    lab.advance(4 * 24 * 3600).await;
    let [_, second] = tokens().await;
    report(&lab, &second, &accounts).await;
    let admin = of(lab.admin()).await;
    assert_eq!((&admin["times"], &admin["too_early"]), (&json!(4), &json!(1)), "{admin}");
    let gap = admin["longest_gap_seconds"].as_i64().unwrap();
    assert!(gap >= 7 * 24 * 3600, "the second app waited a week: {gap}");
    assert_eq!(of(CLOSED_TEST_ACCOUNT).await["after_closed"], 2);
}

#[tokio::test]
async fn g1_each_documented_fault_strikes_the_report_and_counts_for_no_account() {
    let lab = Lab::start().await;
    let token = lab.token(lab.admin(), "report:personal-data").await;
    for (status, retry_after) in [(429, Some("17")), (500, None), (503, None)] {
        let fault = json!({
            "kind": "status", "path": "/app/report-accounts/", "method": "POST", "count": 1,
            "status": status, "retry_after": retry_after, "body": { "errorType": "E", "errorMessage": "m" },
        });
        lab.control("POST", "faults", fault).await;
        let struck = report(&lab, &token, &[(lab.admin(), FETCHED)]).await;
        assert_eq!(struck.status().as_u16(), status);
        assert_eq!(struck.headers().get("retry-after").map(|it| it.to_str().unwrap()), retry_after);
    }
    assert_eq!(lab.control("GET", "reports", Value::Null).await["accounts"], json!({}));
    assert_eq!(report(&lab, &token, &[(lab.admin(), FETCHED)]).await.status(), 204);
    let reports = lab.control("GET", "reports", Value::Null).await;
    assert_eq!(reports["accounts"][lab.admin()]["times"], 1);
}

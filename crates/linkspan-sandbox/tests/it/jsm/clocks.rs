//! The clocks of requests.

use serde_json::{Value, json};

use super::{Caller, desks, text};
use crate::support::Lab;

const HOUR: i64 = 3_600_000;

/// A fresh request of the administrator's: its id and the ids of the transitions by name.
async fn fresh(admin: &Caller<'_>) -> (String, std::collections::BTreeMap<String, String>) {
    let desk = text(&admin.read("/servicedesk").await["values"][0]["id"]);
    let kind = text(&admin.read(&format!("/servicedesk/{desk}/requesttype")).await["values"][0]["id"]);
    let body =
        json!({ "serviceDeskId": desk, "requestTypeId": kind, "requestFieldValues": { "summary": "Clock" } });
    let (status, raised) = admin.send("POST", "/request", body).await;
    assert_eq!(status, 201, "{raised}");
    let id = text(&raised["issueId"]);
    let steps = admin.walk(&format!("/request/{id}/transition"), 50).await;
    let mut names: std::collections::BTreeMap<String, String> =
        steps.iter().map(|step| (text(&step["name"]), text(&step["id"]))).collect();
    let status = admin.issue(&id).await["fields"]["status"].clone();
    names.insert(text(&status["name"]), text(&status["id"]));
    (id, names)
}

async fn clock(admin: &Caller<'_>, id: &str) -> Value {
    let clock = admin.read(&format!("/request/{id}/sla/10033")).await;
    let field = admin.issue(id).await["fields"]["customfield_10033"].clone();
    // Real time passes between the two reads; only the running figures may differ.
    assert_eq!(field["completedCycles"], clock["completedCycles"], "the field shows the same");
    assert_eq!(field["ongoingCycle"]["startTime"], clock["ongoingCycle"]["startTime"]);
    assert_eq!(field["ongoingCycle"]["breached"], clock["ongoingCycle"]["breached"]);
    clock
}

async fn go(admin: &Caller<'_>, id: &str, step: &str) {
    let (status, body) =
        admin.send("POST", &format!("/request/{id}/transition"), json!({ "id": step })).await;
    assert_eq!(status, 204, "{body}");
}

async fn wait(admin: &mut Caller<'_>, hours: i64) {
    admin.lab.advance(hours * 3600).await;
    admin.again().await;
}

fn hours(span: &Value) -> i64 {
    (span["millis"].as_i64().unwrap() + HOUR / 2).div_euclid(HOUR)
}

#[tokio::test]
async fn a_clock_runs_pauses_breaches_stops_and_starts_anew() {
    let lab = Lab::with(desks()).await;
    let mut admin = Caller::admin(&lab).await;
    let (id, steps) = fresh(&admin).await;
    let start = clock(&admin, &id).await;
    assert_eq!(start["completedCycles"], json!([]));
    assert_eq!(
        (&start["ongoingCycle"]["breached"], &start["ongoingCycle"]["paused"]),
        (&json!(false), &json!(false))
    );
    assert_eq!(hours(&start["ongoingCycle"]["remainingTime"]), 40);

    wait(&mut admin, 10).await;
    assert_eq!(hours(&clock(&admin, &id).await["ongoingCycle"]["elapsedTime"]), 10);
    go(&admin, &id, &steps["Waiting for customer"]).await;
    wait(&mut admin, 100).await;
    let paused = clock(&admin, &id).await["ongoingCycle"].clone();
    assert_eq!((hours(&paused["elapsedTime"]), &paused["paused"]), (10, &json!(true)));
    assert!(paused.get("breachTime").is_none());
    go(&admin, &id, &steps["Waiting for support"]).await;
    wait(&mut admin, 31).await;
    let late = clock(&admin, &id).await["ongoingCycle"].clone();
    assert_eq!((hours(&late["elapsedTime"]), &late["breached"]), (41, &json!(true)));
    assert_eq!(hours(&late["remainingTime"]), -1);

    go(&admin, &id, &steps["Resolved"]).await;
    wait(&mut admin, 5).await;
    let done = clock(&admin, &id).await;
    assert!(done.get("ongoingCycle").is_none(), "{done}");
    assert_eq!(done["completedCycles"].as_array().unwrap().len(), 1);
    assert_eq!(hours(&done["completedCycles"][0]["elapsedTime"]), 41);
    go(&admin, &id, &steps["Waiting for support"]).await;
    let reopened = clock(&admin, &id).await;
    assert_eq!(reopened["completedCycles"].as_array().unwrap().len(), 1);
    assert_eq!(hours(&reopened["ongoingCycle"]["elapsedTime"]), 0);
    let statuses = admin.walk(&format!("/request/{id}/status"), 50).await;
    let names: Vec<&str> = statuses.iter().map(|it| it["status"].as_str().unwrap()).collect();
    assert_eq!(
        names,
        [
            "Waiting for support",
            "Resolved",
            "Waiting for support",
            "Waiting for customer",
            "Waiting for support"
        ]
    );
}

#[tokio::test]
async fn the_first_public_answer_of_an_agent_stops_the_response_clock() {
    let lab = Lab::with(desks()).await;
    let admin = Caller::admin(&lab).await;
    let (id, _) = fresh(&admin).await;
    let path = format!("/request/{id}/sla/10035");
    let agent = lab.info.users.iter().find(|user| user.account_id != admin.account_id).unwrap();
    for (public, stopped) in [(false, false), (true, true)] {
        let stamp = linkspan_sandbox::world::Stamp {
            at: lab.handle.state().world().clock().now_ms(),
            by: lab.handle.state().world().directory().by_account_id(&agent.account_id).unwrap().index,
        };
        let comment = linkspan_sandbox::world::jira::NewComment {
            body: linkspan_sandbox::world::Rich::Wiki("answer".into()),
            visibility: None,
            public,
        };
        let issue = linkspan_sandbox::world::IssueId::parse(&id).unwrap();
        lab.handle.state().world().main_site().write().add_comment(stamp, issue, comment).unwrap();
        let clock = admin.read(&path).await;
        assert_eq!(clock.get("ongoingCycle").is_none(), stopped, "{clock}");
    }
}

#[tokio::test]
async fn every_made_up_request_has_both_clocks_and_resolved_ones_run_no_more() {
    let lab = Lab::with(desks()).await;
    let admin = Caller::admin(&lab).await;
    let requests = admin.walk("/request?requestOwnership=ALL_REQUESTS&expand=sla", 50).await;
    assert!(requests.len() > 20);
    for request in &requests {
        let id = text(&request["issueId"]);
        let issue = admin.issue(&id).await;
        let clocks = request["sla"]["values"].as_array().unwrap();
        assert_eq!(clocks.len(), 2);
        let resolved = !issue["fields"]["resolution"].is_null();
        assert_eq!(clocks[0].get("ongoingCycle").is_none(), resolved, "{id}: {}", clocks[0]);
        assert_eq!(issue["fields"]["customfield_10033"]["completedCycles"], clocks[0]["completedCycles"]);
        let participants = issue["fields"]["customfield_10031"].as_array().unwrap().len();
        let listed = admin.read(&format!("/request/{id}/participant")).await["size"].as_u64().unwrap();
        assert_eq!(listed, participants as u64);
    }
}

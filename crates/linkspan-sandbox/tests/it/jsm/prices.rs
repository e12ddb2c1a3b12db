//! What the reads cost: JSM is metered by the same price list as the rest of Jira.

use serde_json::Value;

use super::{Caller, desks, text};
use crate::support::Lab;

/// The points a read costs, and how many values its page has.
async fn cost(caller: &Caller<'_>, path: &str) -> (u64, u64) {
    let points = async || caller.lab.control("GET", "stats", Value::Null).await["points"].as_u64().unwrap();
    let before = points().await;
    let page = caller.read(path).await;
    (points().await - before, page["values"].as_array().map_or(0, |values| values.len() as u64))
}

/// The first of the listed paths whose page has at least that many values.
async fn with_values(caller: &Caller<'_>, paths: &[String], least: usize) -> String {
    for path in paths {
        if caller.read(path).await["values"].as_array().unwrap().len() >= least {
            return path.clone();
        }
    }
    panic!("no list such as {} has {least} values", paths[0]);
}

#[tokio::test]
async fn lists_of_people_cost_two_points_each_requests_desks_files_and_articles_one_and_all_else_the_base() {
    let lab = Lab::with(desks()).await;
    let admin = Caller::admin(&lab).await;
    let desk = text(&admin.read("/servicedesk").await["values"][0]["id"]);
    let queue = text(&admin.read(&format!("/servicedesk/{desk}/queue")).await["values"][0]["id"]);
    let requests = admin.walk("/request?requestOwnership=ALL_REQUESTS", 100).await;
    let ids: Vec<String> = requests.iter().map(|request| text(&request["issueId"])).collect();
    let parts = |part: &str| ids.iter().map(|id| format!("/request/{id}/{part}")).collect::<Vec<_>>();
    let organizations = admin.walk("/organization", 100).await;
    let members =
        organizations.iter().map(|it| format!("/organization/{}/user", text(&it["id"]))).collect::<Vec<_>>();
    for path in [
        format!("/servicedesk/{desk}/customer?limit=3"),
        with_values(&admin, &members, 1).await,
        with_values(&admin, &parts("participant"), 1).await,
    ] {
        let (points, people) = cost(&admin, &path).await;
        assert!(people > 0, "{path}");
        assert_eq!(points, 1 + 2 * people, "{path}");
    }
    for path in [
        "/servicedesk".to_owned(),
        "/request?requestOwnership=ALL_REQUESTS&limit=7".to_owned(),
        "/request?requestOwnership=ALL_REQUESTS&limit=7&expand=participant,comment".to_owned(),
        with_values(&admin, &parts("attachment"), 1).await,
        format!("/servicedesk/{desk}/queue/{queue}/issue?limit=4"),
        "/knowledgebase/article?query=the&limit=3".to_owned(),
    ] {
        let (points, objects) = cost(&admin, &path).await;
        assert!(objects > 0, "{path}");
        assert_eq!(points, 1 + objects, "{path}");
    }
    for path in [format!("/request/{}?expand=participant,comment", ids[0]), format!("/servicedesk/{desk}")] {
        assert_eq!(cost(&admin, &path).await.0, 2, "{path}");
    }
    for path in [
        "/info".to_owned(),
        "/organization".to_owned(),
        format!("/servicedesk/{desk}/requesttype"),
        format!("/servicedesk/{desk}/queue"),
        with_values(&admin, &parts("comment"), 2).await,
        with_values(&admin, &parts("status"), 2).await,
    ] {
        assert_eq!(cost(&admin, &path).await.0, 1, "{path}");
    }
}

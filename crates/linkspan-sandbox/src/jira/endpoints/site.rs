//! The site itself: server information, settings and data policies.

use axum::{Router, routing::get};

use crate::{
    gateway::{AppState, Charge},
    jira::{
        refusal::Answer,
        session::{Session, ok},
    },
};

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/serverInfo", get(server_info))
        .route("/configuration", get(configuration))
        .route("/data-policy", get(data_policy))
        .route("/data-policy/project", get(data_policy_projects))
}

async fn server_info(session: Session) -> Answer {
    let url = &session.url;
    let times = session.times();
    Ok(ok(Charge::BASE, |json| {
        json.object(|json| {
            for name in ["baseUrl", "displayUrl", "displayUrlServicedeskHelpCenter", "displayUrlConfluence"] {
                json.key(name).string(url);
            }
            json.key("version").string("1001.0.0-SNAPSHOT");
            json.key("versionNumbers")
                .array(|json| [1001, 0, 0].into_iter().for_each(|number| json.number(number)));
            json.key("deploymentType").string("Cloud");
            json.key("buildNumber").number(100_283);
            json.key("buildDate");
            times.write(json, 1_747_920_046_000);
            json.key("serverTime");
            times.write(json, session.now_ms());
            json.key("scmInfo").string("034207fbe2c29e73741aa13dd930e6ff4a2d99e3");
            json.key("serverTitle").string("Jira");
            json.key("serverTimeZone").string("Etc/UTC");
            json.key("defaultLocale").object(|json| json.key("locale").string("en_US"));
        });
    }))
}

async fn configuration(session: Session) -> Answer {
    session.signed_in()?;
    Ok(ok(Charge::BASE, |json| {
        json.object(|json| {
            for name in [
                "votingEnabled",
                "watchingEnabled",
                "unassignedIssuesAllowed",
                "subTasksEnabled",
                "issueLinkingEnabled",
            ] {
                json.key(name).boolean(true);
            }
            json.key("timeTrackingEnabled").boolean(true);
            json.key("attachmentsEnabled").boolean(true);
            json.key("timeTrackingConfiguration").object(|json| {
                json.key("workingHoursPerDay").number("8.0");
                json.key("workingDaysPerWeek").number("5.0");
                json.key("timeFormat").string("pretty");
                json.key("defaultUnit").string("minute");
            });
        });
    }))
}

async fn data_policy() -> Answer {
    Ok(ok(Charge::BASE, |json| json.object(|json| json.key("anyContentBlocked").boolean(false))))
}

async fn data_policy_projects(session: Session) -> Answer {
    let ids = session.query.list("ids");
    Ok(ok(Charge::BASE, |json| {
        json.object(|json| {
            json.key("projectDataPolicies").array(|json| {
                for id in ids.iter().filter_map(|id| id.parse::<u64>().ok()) {
                    json.object(|json| {
                        json.key("id").number(id);
                        json.key("dataPolicy").object(|json| json.key("anyContentBlocked").boolean(false));
                    });
                }
            });
        });
    }))
}

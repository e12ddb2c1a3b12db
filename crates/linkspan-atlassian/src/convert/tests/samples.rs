//! Objects that real sites sent.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use linkspan_model::record::Model;
use serde_json::Value;

use super::super::*;
use super::{body_of, jira, kept_list, only, shown};

/// The file of recorded answers with this name, where the shared data are.
#[expect(clippy::print_stdout, reason = "a test that is skipped says so")]
fn recorded(name: &str) -> Option<Vec<Value>> {
    let path: PathBuf =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/api-responses").join(name);
    let Ok(bytes) = std::fs::read(&path) else {
        println!("skipped: {} is not here", path.display());
        return None;
    };
    let mut text = String::new();
    if Path::new(name).extension().is_some_and(|extension| extension == "gz") {
        flate2::read::GzDecoder::new(bytes.as_slice()).read_to_string(&mut text).unwrap();
    } else {
        text = String::from_utf8(bytes).unwrap();
    }
    Some(text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

fn of_kind(kind: &str) -> Option<Vec<String>> {
    let lines = recorded("jira-cloud-raw.ndjson.gz")?;
    let of_kind = lines.into_iter().filter(|line| line["kind"] == kind);
    Some(of_kind.map(|line| line["data"].to_string()).collect())
}

#[test]
fn s18_every_recorded_issue_becomes_a_ticket_without_a_problem() {
    let Some(mut issues) = of_kind("issues") else { return };
    let Some(exchanges) = recorded("jira-cloud-exchanges.ndjson.gz") else { return };
    let read = exchanges.iter().filter(|line| {
        line["method"] == "GET"
            && line["status"] == 200
            && line["response_body"]["fields"]["project"].is_object()
    });
    issues.extend(read.map(|line| line["response_body"].to_string()));
    assert!(issues.len() > 60, "only {} issues", issues.len());
    let page = format!(r#"{{"issues": [{}]}}"#, issues.join(","));
    let converted = issue_page(&page, &jira()).unwrap();
    let tickets = converted.records.iter().filter(|record| record.body.model() == Model::Ticket);
    assert_eq!(tickets.count(), issues.len());
    for raw in &converted.raws {
        assert_eq!(raw.problem, None, "{} {}: {}", raw.kind, raw.remote_id, raw.json);
        assert!(page.contains(&raw.json));
    }
}

#[test]
fn a_recorded_issue_keeps_its_snapshot() {
    let Some(issues) = of_kind("issues") else { return };
    let smallest = issues.iter().min_by_key(|issue| issue.len()).unwrap();
    insta::assert_json_snapshot!(shown(&issue(smallest, &jira()).unwrap()));
}

#[test]
fn recorded_people_projects_and_worklogs_become_records() {
    let (Some(users), Some(projects), Some(worklogs)) =
        (of_kind("users"), of_kind("projects"), of_kind("worklogs"))
    else {
        return;
    };
    let ctx = jira();
    let users = jira_user_page(&format!("[{}]", users.join(",")), &ctx).unwrap();
    let projects = project_page(&format!("[{}]", projects.join(",")), &ctx).unwrap();
    let parent = ParentIssue {
        issue_id: "10085".into(),
        project_id: "10000".into(),
        access: linkspan_model::record::Access::Unknown,
    };
    let worklogs =
        worklog_page(&format!(r#"{{"worklogs": [{}]}}"#, worklogs.join(",")), &parent, &ctx).unwrap();
    for (converted, count) in [(&users, 15), (&projects, 5), (&worklogs, 10)] {
        assert_eq!((converted.ids.len(), converted.records.len()), (count, count));
        assert!(converted.raws.iter().all(|raw| raw.problem.is_none()));
    }
    let worklog = body_of!(Worklog, only(&worklogs, Model::Worklog, "10010"));
    assert_eq!(
        (worklog.seconds, worklog.started_at.unwrap().to_string().as_str()),
        (3600, "2020-06-15T09:07:00Z")
    );
}

#[test]
fn recorded_changelogs_and_lists_are_kept_whole() {
    let (Some(histories), Some(statuses)) = (of_kind("issue_changelogs"), of_kind("status")) else { return };
    let ctx = jira();
    let kept = changelog_page(&format!(r#"{{"values": [{}]}}"#, histories.join(",")), "13383", &ctx).unwrap();
    assert_eq!(kept.raws.len(), histories.len());
    assert!(
        kept.raws.iter().zip(&histories).all(|(raw, history)| raw.json == *history && raw.problem.is_none())
    );
    let kept = kept_list("jira.status", &format!("[{}]", statuses.join(",")), &ListOwner::default());
    assert!(kept.raws.iter().all(|raw| raw.problem.is_none()));
    assert_eq!(kept.raws.len(), statuses.len());
}

#[test]
fn recorded_schemes_roles_and_members_are_understood() {
    let Some(samples) = recorded("samples-jira.ndjson") else { return };
    let sample = |name: &str| samples.iter().find(|line| line["name"] == name).unwrap()["body"].clone();
    let mut access = JiraAccess::default();
    for scheme in sample("get-permission-schemes")["permissionSchemes"].as_array().unwrap() {
        let remarks = access.set_permission_scheme("10000", &scheme.to_string()).unwrap();
        assert_eq!(remarks, Vec::<String>::new(), "{}", scheme["name"]);
    }
    // The recorded group actor has only a name, which the groups of the site have to resolve.
    let role = sample("create-project-role-actor").to_string();
    assert_eq!(access.set_project_role("10000", &role).unwrap().len(), 1);
    access.add_groups(r#"{"values": [{"groupId": "g1", "name": "jira-developers"}]}"#).unwrap();
    assert_eq!(access.set_project_role("10000", &role).unwrap(), Vec::<String>::new());
    let members = jira_user_page(&sample("group-members").to_string(), &jira()).unwrap();
    assert_eq!(members.records.len(), 2);
}

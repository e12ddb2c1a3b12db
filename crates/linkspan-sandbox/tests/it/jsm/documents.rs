//! Every published read, judged by its document; every list walked to its end.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Caller, desks, text};
use crate::openapi::{Api, available, operations, validate};
use crate::support::Lab;

/// Published reads that are not served: request types have no properties here.
const NOT_SERVED: [&str; 2] = [
    "/servicedesk/{serviceDeskId}/requesttype/{requestTypeId}/property",
    "/servicedesk/{serviceDeskId}/requesttype/{requestTypeId}/property/{propertyKey}",
];

/// Names of this site for the parameters of templates.
async fn samples(admin: &Caller<'_>) -> BTreeMap<&'static str, String> {
    let desk = admin.read("/servicedesk").await["values"][0].clone();
    let key = text(&desk["projectKey"]);
    let desk = text(&desk["id"]);
    let kinds = admin.read(&format!("/servicedesk/{desk}/requesttype")).await;
    let organization = text(&admin.read("/organization").await["values"][0]["id"]);
    let path = format!("/organization/{organization}/property/noted");
    let (status, _) = admin.send("PUT", &path, json!({ "by": "test" })).await;
    assert_eq!(status, 201);
    let queue = text(&admin.read(&format!("/servicedesk/{desk}/queue")).await["values"][0]["id"]);
    let mut file = None;
    for id in admin.find(&format!("project = {key} AND attachments is not EMPTY ORDER BY id")).await {
        let attached = admin.get(&format!("/request/{id}/attachment")).await.1;
        if attached["values"].as_array().is_some_and(|it| !it.is_empty()) {
            file = Some((id, text(&attached["values"][0]["_links"]["self"])));
            break;
        }
    }
    let (request, file) = file.unwrap();
    let approved = with(admin, "project is not EMPTY", "approval", |page| page["size"] != 0).await;
    let comment = admin
        .send("POST", &format!("/request/{request}/comment"), json!({ "body": "_noted_", "public": false }))
        .await
        .1;
    let rated = with(admin, "resolution is not EMPTY", "feedback", |_| true).await;
    BTreeMap::from([
        ("serviceDeskId", desk),
        ("requestTypeId", text(&kinds["values"][0]["id"])),
        ("organizationId", organization),
        ("propertyKey", "noted".to_owned()),
        ("queueId", queue),
        ("approvalId", approved),
        ("slaMetricId", "10033".to_owned()),
        ("attachmentId", file.rsplit_once('/').unwrap().1.to_owned()),
        ("commentId", text(&comment["id"])),
        ("issueIdOrKey", request),
        ("requestIdOrKey", rated),
    ])
}

/// A request whose part looks as wanted.
async fn with(admin: &Caller<'_>, jql: &str, part: &str, wanted: impl Fn(&Value) -> bool) -> String {
    for id in admin.find(&format!("{jql} AND \"Request Type\" is not EMPTY ORDER BY id")).await {
        let (status, body) = admin.get(&format!("/request/{id}/{part}")).await;
        if status == 200 && wanted(&body) {
            return id;
        }
    }
    panic!("no request has a wanted {part}");
}

fn filled(template: &str, samples: &BTreeMap<&str, String>) -> String {
    // An approval has the id of its request.
    let template = if template.contains("/approval") {
        template.replace("{issueIdOrKey}", "{approvalId}")
    } else {
        template.to_owned()
    };
    let segments = template.split('/').map(|segment| {
        let name = segment.strip_prefix('{').and_then(|name| name.strip_suffix('}'));
        name.map_or(segment, |name| samples.get(name).unwrap_or_else(|| panic!("no sample of {name}")))
    });
    segments.collect::<Vec<_>>().join("/")
}

fn query(template: &str) -> &'static str {
    match template {
        "/knowledgebase/article" | "/servicedesk/{serviceDeskId}/knowledgebase/article" => {
            "?query=the&highlight=true"
        }
        "/request" => {
            "?requestOwnership=ALL_REQUESTS&limit=20&expand=participant,sla,status,requestType.field,serviceDesk,attachment,action,comment.attachment,comment.renderedBody"
        }
        "/request/{issueIdOrKey}" => {
            "?expand=participant,sla,status,requestType.field,serviceDesk,attachment,action,comment.attachment,comment.renderedBody"
        }
        "/request/{issueIdOrKey}/comment" => "?expand=attachment,renderedBody",
        "/servicedesk/{serviceDeskId}/queue" => "?includeCount=true",
        "/servicedesk/{serviceDeskId}/requesttype" => "?expand=field",
        _ => "",
    }
}

#[tokio::test]
async fn every_published_read_is_served_as_published() {
    if !available(Api::ServiceManagement) {
        return;
    }
    let lab = Lab::with(desks()).await;
    let admin = Caller::admin(&lab).await;
    let samples = samples(&admin).await;
    let (mut judged, mut problems) = (0, Vec::new());
    for (method, template) in operations(Api::ServiceManagement) {
        let relative = template.strip_prefix("/rest/servicedeskapi").unwrap();
        if method != "GET" || NOT_SERVED.contains(&relative) {
            continue;
        }
        let path = format!("{}{}", filled(relative, &samples), query(relative));
        let (status, body) = admin.get(&path).await;
        match status {
            200 => problems.extend(
                validate(Api::ServiceManagement, "GET", &template, 200, &body).err().into_iter().flatten(),
            ),
            303 if template.contains("/attachment/") => {}
            other => problems.push(format!("GET {path} answered {other}: {body}")),
        }
        judged += 1;
    }
    // The document knows one member of an article's source; live sites add where the page is.
    problems.retain(|problem| !problem.contains("/source"));
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert!(judged >= 35, "only {judged} reads were judged");
}

#[tokio::test]
async fn every_list_is_walked_to_its_end_without_loss() {
    let lab = Lab::with(desks()).await;
    let admin = Caller::admin(&lab).await;
    let samples = samples(&admin).await;
    let mut longer_than_a_page = 0;
    for template in [
        "/servicedesk",
        "/requesttype",
        "/organization",
        "/organization/{organizationId}/user",
        "/servicedesk/{serviceDeskId}/requesttype",
        "/servicedesk/{serviceDeskId}/requesttypegroup",
        "/servicedesk/{serviceDeskId}/customer",
        "/servicedesk/{serviceDeskId}/organization",
        "/servicedesk/{serviceDeskId}/queue",
        "/servicedesk/{serviceDeskId}/queue/{queueId}/issue",
        "/servicedesk/{serviceDeskId}/knowledgebase/article?query=the",
        "/knowledgebase/article?query=the",
        "/request?requestOwnership=ALL_REQUESTS",
        "/request/{issueIdOrKey}/comment",
        "/request/{issueIdOrKey}/participant",
        "/request/{issueIdOrKey}/status",
        "/request/{issueIdOrKey}/transition",
        "/request/{issueIdOrKey}/sla",
        "/request/{issueIdOrKey}/approval",
        "/request/{issueIdOrKey}/attachment",
        "/assets/workspace",
    ] {
        let path = filled(template, &samples);
        let whole = admin.walk(&path, 100).await;
        let in_pieces = admin.walk(&path, 3).await;
        let name = |entry: &Value| {
            let id = ["id", "issueId", "accountId", "title", "status", "filename"];
            id.iter().find_map(|member| entry[member].as_str().map(str::to_owned))
        };
        let names = |entries: &[Value]| entries.iter().map(name).collect::<Vec<_>>();
        assert_eq!(names(&in_pieces), names(&whole), "{path}");
        longer_than_a_page += usize::from(whole.len() > 3);
    }
    assert!(longer_than_a_page > 8, "only {longer_than_a_page} lists are longer than a page");
}

#[tokio::test]
async fn experimental_operations_want_the_header() {
    let lab = Lab::with(desks()).await;
    let admin = Caller::admin(&lab).await;
    let origin = format!("{}/ex/jira/{}", lab.info.origin, lab.site(0));
    for path in ["/requesttype", "/servicedesk/1/customer", "/request/1/feedback"] {
        let url = format!("{origin}/rest/servicedeskapi{path}");
        let response = lab.http.get(url).bearer_auth(&admin.token).send().await.unwrap();
        assert_eq!(response.status(), 412, "{path}");
        let body: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
        assert_eq!(body["i18nErrorMessage"]["i18nKey"], "sd.error.experimental.api");
    }
}

//! What Jira is configured with: listings that end, agree with one another, and show each caller what they may see.

use std::collections::BTreeSet;

use linkspan_sandbox::{Options, gateway::served_operations};
use serde_json::{Value, json};

use crate::{
    jira_person::Person,
    support::{Lab, small},
};

/// A site with every kind of project.
async fn varied() -> Lab {
    Lab::with(Options { projects: 12, issues: 150, users: 20, groups: 8, ..small() }).await
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// All items of a paged listing, read in pages of a size.
async fn walk(person: &Person<'_>, path: &str, list: &str, size: usize) -> Vec<Value> {
    let mut items = Vec::new();
    for _ in 0..2_000 {
        let joint = if path.contains('?') { '&' } else { '?' };
        let page = person.get(&format!("{path}{joint}startAt={}&maxResults={size}", items.len())).await;
        let shown = page[list].as_array().unwrap().clone();
        items.extend(shown.iter().cloned());
        let is_last =
            page["isLast"].as_bool().unwrap_or(items.len() as u64 >= page["total"].as_u64().unwrap());
        if is_last {
            assert_eq!(page["total"], items.len(), "{path}");
            return items;
        }
        assert!(!shown.is_empty(), "{path} stops without an end");
    }
    panic!("the walk of {path} does not end");
}

const PAGED: [&str; 27] = [
    "issuetypescheme",
    "issuetypescheme/mapping",
    "issuetypescheme/project?projectId=10000&projectId=10002&projectId=10003",
    "statuses/search",
    "workflows/search",
    "workflow/search",
    "workflowscheme",
    "priorityscheme",
    "field/search",
    "field/search/trashed",
    "field/customfield_10033/context",
    "field/customfield_10033/context/projectmapping",
    "field/customfield_10033/context/issuetypemapping",
    "field/customfield_10059/context/110059/option",
    "field/customfield_10033/context/defaultValues",
    "field/customfield_10055/association/project",
    "projects/fields?projectId=10000&workTypeId=10001,10002",
    "fieldconfiguration",
    "fieldconfiguration/10001/fields",
    "fieldconfigurationscheme",
    "fieldconfigurationscheme/mapping",
    "fieldconfigurationscheme/project?projectId=10000,10002,10003",
    "filter/search",
    "dashboard/search",
    "label",
    "project/HARB/component",
    "project/HARB/version",
];

#[tokio::test]
async fn s5_every_listing_walks_to_its_end_without_loss() {
    let lab = varied().await;
    let admin = lab.administrator();
    for path in PAGED {
        let path = format!("/rest/api/3/{path}");
        let whole = walk(&admin, &path, "values", 1_000).await;
        assert!(!whole.is_empty(), "{path} is empty");
        for size in [1, 3] {
            assert_eq!(walk(&admin, &path, "values", size).await, whole, "{path} in pages of {size}");
        }
    }
    let dashboards = walk(&admin, "/rest/api/3/dashboard", "dashboards", 1_000).await;
    assert_eq!(walk(&admin, "/rest/api/3/dashboard", "dashboards", 3).await, dashboards);
}

#[tokio::test]
async fn p1_administration_is_refused_to_members_as_each_operation_documents() {
    let lab = varied().await;
    let member = lab.members().next().unwrap();
    for (path, status) in [
        ("issuetypescheme", 403),
        ("issuetypescheme/mapping", 403),
        ("issuetypescheme/project?projectId=10000", 403),
        ("workflowscheme", 403),
        ("workflowscheme/project?projectId=10000", 403),
        ("workflow/search", 403),
        ("field/search/trashed", 403),
        ("field/customfield_10055/context", 403),
        ("field/customfield_10055/context/projectmapping", 403),
        ("field/customfield_10055/context/issuetypemapping", 403),
        ("field/customfield_10055/context/110055/option", 403),
        ("field/customfield_10055/context/defaultValues", 403),
        ("fieldconfiguration", 403),
        ("fieldconfiguration/10000/fields", 403),
        ("fieldconfigurationscheme", 403),
        ("fieldconfigurationscheme/mapping", 403),
        ("fieldconfigurationscheme/project?projectId=10000", 403),
        ("config/fieldschemes", 403),
        ("config/fieldschemes/projects?projectId=10000", 403),
        ("config/fieldschemes/10000/fields", 403),
        ("role/10002/actors", 403),
        ("auditing/record", 403),
        ("applicationrole", 403),
        ("statuses/3/projectUsages", 401),
        ("workflow/x/projectUsages", 401),
    ] {
        let (answered, body) = member.try_get(&format!("/rest/api/3/{path}")).await;
        assert_eq!(answered, status, "{path}: {body}");
    }
}

#[tokio::test]
async fn filters_and_dashboards_are_for_owners_and_those_they_are_shared_with() {
    let lab = varied().await;
    let admin = lab.administrator();
    let path = "/rest/api/3/filter/search?overrideSharePermissions=true&expand=sharePermissions,owner";
    let all = walk(&admin, path, "values", 100).await;
    let kinds: BTreeSet<&str> = all
        .iter()
        .flat_map(|it| it["sharePermissions"].as_array().unwrap())
        .map(|share| share["type"].as_str().unwrap())
        .collect();
    for kind in ["global", "group", "loggedin", "project", "projectRole", "user"] {
        assert!(kinds.contains(kind), "no filter is shared by {kind}: {kinds:?}");
    }
    let mut hidden = 0;
    for member in lab.members() {
        let own = member.user.account_id;
        let seen: BTreeSet<String> = walk(&member, "/rest/api/3/filter/search", "values", 7)
            .await
            .iter()
            .map(|it| text(&it["id"]))
            .collect();
        for filter in &all {
            let id = text(&filter["id"]);
            let private = filter["sharePermissions"].as_array().unwrap().is_empty();
            let owned = filter["owner"]["accountId"] == own;
            assert!(!owned || seen.contains(&id), "an owner sees {id}");
            assert!(!private || owned || !seen.contains(&id), "{id} is private");
            let (status, body) = member.try_get(&format!("/rest/api/3/filter/{id}")).await;
            assert_eq!(status, if seen.contains(&id) { 200 } else { 400 }, "{body}");
            let permissions = member.try_get(&format!("/rest/api/3/filter/{id}/permission")).await.0;
            assert_eq!(permissions, if seen.contains(&id) { 200 } else { 404 });
            hidden += usize::from(!seen.contains(&id));
        }
        // The override is for administrators alone.
        assert_eq!(walk(&member, path, "values", 100).await.len(), seen.len());
        for dashboard in walk(&admin, "/rest/api/3/dashboard/search", "values", 100).await {
            let id = text(&dashboard["id"]);
            let listed = walk(&member, "/rest/api/3/dashboard/search", "values", 100).await;
            let shown = listed.iter().any(|it| it["id"] == dashboard["id"]);
            let (status, _) = member.try_get(&format!("/rest/api/3/dashboard/{id}")).await;
            assert_eq!(status, if shown { 200 } else { 404 }, "{id}");
            let (status, _) = member.try_get(&format!("/rest/api/3/dashboard/{id}/gadget")).await;
            assert_eq!(status, if shown { 200 } else { 404 }, "{id}");
        }
    }
    assert!(hidden > 0, "nobody is kept out of any filter");
}

#[tokio::test]
async fn a_filter_of_a_listing_finds_what_its_own_query_finds() {
    let lab = varied().await;
    let admin = lab.administrator();
    for filter in walk(&admin, "/rest/api/3/filter/search?expand=jql", "values", 100).await {
        let jql = filter["jql"].as_str().unwrap();
        // The board of the archived project keeps its filter, and the search no longer knows the project.
        let archived = jql.starts_with("project = OLD ");
        let (status, body) = admin.post("/rest/api/3/search/jql", json!({ "jql": jql })).await;
        assert_eq!(status, if archived { 400 } else { 200 }, "{jql}: {body}");
    }
}

#[tokio::test]
async fn schemes_say_what_their_projects_offer() {
    let lab = varied().await;
    let admin = lab.administrator();
    let projects = walk(&admin, "/rest/api/3/project/search?expand=issueTypes", "values", 50).await;
    let mapping = walk(&admin, "/rest/api/3/issuetypescheme/mapping", "values", 50).await;
    for project in &projects {
        let id = text(&project["id"]);
        let query = format!("?projectId={id}");
        let rows = admin.get(&format!("/rest/api/3/issuetypescheme/project{query}")).await["values"].clone();
        let workflows =
            admin.get(&format!("/rest/api/3/workflowscheme/project{query}")).await["values"].clone();
        if project["simplified"] == true {
            assert_eq!(
                (&rows, &workflows),
                (&json!([]), &json!([])),
                "team-managed projects have no schemes"
            );
            continue;
        }
        let scheme = &rows[0]["issueTypeScheme"]["id"];
        let types: BTreeSet<String> = mapping
            .iter()
            .filter(|row| row["issueTypeSchemeId"] == *scheme)
            .map(|row| text(&row["issueTypeId"]))
            .collect();
        let offered: BTreeSet<String> =
            project["issueTypes"].as_array().unwrap().iter().map(|it| text(&it["id"])).collect();
        assert_eq!(types, offered, "{id}");
        let name = &workflows[0]["workflowScheme"]["defaultWorkflow"];
        let (status, read) = admin.post("/rest/api/3/workflows", json!({ "workflowNames": [name] })).await;
        assert_eq!(status, 200, "{read}");
        let of_workflow: BTreeSet<String> = read["workflows"][0]["statuses"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| text(&it["statusReference"]))
            .collect();
        let statuses = admin.get(&format!("/rest/api/3/project/{id}/statuses")).await;
        let of_project: BTreeSet<String> =
            statuses[0]["statuses"].as_array().unwrap().iter().map(|it| text(&it["id"])).collect();
        assert_eq!(of_workflow, of_project, "{id}");
        for status in &of_project {
            let usages = usages(&admin, &format!("statuses/{status}")).await;
            assert!(usages.contains(&id), "status {status} is used in {id}");
        }
        let workflow = text(&read["workflows"][0]["id"]);
        assert!(usages(&admin, &format!("workflow/{workflow}")).await.contains(&id));
    }
}

/// The projects that use a status or workflow, page by page.
async fn usages(person: &Person<'_>, what: &str) -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    let mut token = String::new();
    for _ in 0..1_000 {
        let page = person.get(&format!("/rest/api/3/{what}/projectUsages?maxResults=2{token}")).await;
        for project in page["projects"]["values"].as_array().unwrap() {
            assert!(ids.insert(text(&project["id"])), "{what} names a project twice");
        }
        let Some(next) = page["projects"]["nextPageToken"].as_str() else { return ids };
        token = format!("&nextPageToken={next}");
    }
    panic!("the usages of {what} do not end");
}

#[tokio::test]
async fn the_options_of_a_context_are_those_the_edit_screen_offers() {
    let lab = varied().await;
    let admin = lab.administrator();
    let issue = admin.create(json!({ "summary": "Options" })).await;
    let meta = admin.get(&format!("/rest/api/3/issue/{}/editmeta", text(&issue["id"]))).await;
    let mut compared = 0;
    for (id, field) in meta["fields"].as_object().unwrap() {
        let Some(allowed) = field.get("allowedValues").filter(|_| id.starts_with("customfield_")) else {
            continue;
        };
        let context = admin.get(&format!("/rest/api/3/field/{id}/context")).await["values"][0]["id"].clone();
        let path = format!("/rest/api/3/field/{id}/context/{}/option", text(&context));
        let options = walk(&admin, &path, "values", 2).await;
        let mut offered: Vec<String> = Vec::new();
        for option in allowed.as_array().unwrap() {
            offered.push(text(&option["id"]));
            let children = option.get("children").and_then(Value::as_array).into_iter().flatten();
            offered.extend(children.map(|child| text(&child["id"])));
        }
        let listed: Vec<String> = options.iter().map(|it| text(&it["id"])).collect();
        assert_eq!(listed, offered, "{id}");
        compared += 1;
    }
    assert!(compared > 4);
    let (status, _) = admin.try_get("/rest/api/3/field/customfield_10055/context/1/option").await;
    assert_eq!(status, 404, "the context of another field");
    let (status, _) = admin.try_get("/rest/api/3/field/summary/context").await;
    assert_eq!(status, 404, "system fields have no contexts");
}

#[tokio::test]
async fn a_trashed_field_is_in_the_trash_and_nowhere_else() {
    let lab = varied().await;
    let admin = lab.administrator();
    let trash = admin.get("/rest/api/3/field/search/trashed").await;
    let id = text(&trash["values"][0]["id"]);
    for path in ["field", "field/search?maxResults=1000"] {
        let listed = admin.get(&format!("/rest/api/3/{path}")).await.to_string();
        assert!(!listed.contains(&id), "{path} lists {id}");
    }
}

#[tokio::test]
async fn a_site_has_field_configurations_or_field_schemes_and_never_both() {
    let lab = varied().await;
    let admin = lab.administrator();
    let old = ["fieldconfiguration", "fieldconfigurationscheme", "fieldconfigurationscheme/mapping"];
    let new = ["config/fieldschemes", "config/fieldschemes/10001/fields"];
    for path in new {
        assert_eq!(admin.try_get(&format!("/rest/api/3/{path}")).await.0, 404, "{path}");
    }
    let hidden = walk(&admin, "/rest/api/3/fieldconfiguration/10001/fields", "values", 40).await;
    let hidden: Vec<&Value> = hidden.iter().filter(|it| it["isHidden"] == true).collect();
    lab.control("POST", "settings", json!({ "field_scheme_sites": [lab.site(0)] })).await;
    for path in old {
        assert_eq!(admin.get(&format!("/rest/api/3/{path}")).await["total"], 0, "{path}");
    }
    let schemes = walk(&admin, "/rest/api/3/config/fieldschemes", "values", 1).await;
    assert_eq!(schemes.len(), 2);
    let fields = walk(&admin, "/rest/api/3/config/fieldschemes/10001/fields", "values", 9).await;
    assert_eq!(schemes[1]["fieldsCount"], fields.len());
    assert!(
        !hidden.is_empty() && hidden.iter().all(|it| fields.iter().all(|field| field["fieldId"] != it["id"]))
    );
    let path = "/rest/api/3/config/fieldschemes/projects?projectId=10000,10003";
    let rows = walk(&admin, path, "values", 1).await;
    assert_eq!(
        rows,
        [
            json!({ "schemeId": 10_000, "projectId": 10_000 }),
            json!({ "schemeId": 10_001, "projectId": 10_003 })
        ]
    );
}

#[tokio::test]
async fn the_operations_both_guides_open_are_served() {
    let served = served_operations();
    let missing: Vec<&str> = OPENED
        .iter()
        .flat_map(|group| group.split_whitespace())
        .map(str::trim)
        .filter(|path| {
            let name = if path.starts_with("POST:") {
                path.replacen("POST:", "POST /rest/api/3/", 1)
            } else {
                format!("GET /rest/api/3/{path}")
            };
            !served.iter().any(|it| it.operation == name && it.served)
        })
        .collect();
    assert!(missing.is_empty(), "not served: {missing:?}");
}

/// What the scopes of the two set-up guides open of the platform.
const OPENED: [&str; 9] = [
    "statuscategory statuscategory/{idOrKey} issuetype issuetype/{id} issuetype/project issuetypescheme
     issuetypescheme/mapping issuetypescheme/project project/{projectId}/hierarchy project/{projectIdOrKey}/statuses
     statuses statuses/search statuses/{statusId}/projectUsages status status/{idOrName}",
    "field field/search field/search/trashed field/{fieldId}/context field/{fieldId}/context/projectmapping
     field/{fieldId}/context/issuetypemapping field/{fieldId}/context/{contextId}/option
     field/{fieldId}/context/defaultValues field/{fieldId}/association/project projects/fields customFieldOption/{id} label
     fieldconfiguration fieldconfiguration/{id}/fields fieldconfigurationscheme fieldconfigurationscheme/mapping
     fieldconfigurationscheme/project config/fieldschemes config/fieldschemes/{id}/fields config/fieldschemes/projects",
    "workflows/search POST:workflows workflow/search workflow/rule/config workflowscheme workflowscheme/project
     workflow/{workflowId}/projectUsages priority priority/search priority/{id} priorityscheme resolution
     resolution/search resolution/{id} classification-levels",
    "issuesecurityschemes issuesecurityschemes/search issuesecurityschemes/{id} issuesecurityschemes/level
     issuesecurityschemes/level/member issuesecurityschemes/{issueSecuritySchemeId}/members issuesecurityschemes/project
     securitylevel/{id} project/{projectKeyOrId}/securitylevel project/{projectKeyOrId}/issuesecuritylevelscheme",
    "project project/search project/{projectIdOrKey} project/recent project/type projectCategory projectCategory/{id}
     project/{projectIdOrKey}/component project/{projectIdOrKey}/components component/{id}
     component/{id}/relatedIssueCounts project/{projectIdOrKey}/version project/{projectIdOrKey}/versions version/{id}
     version/{id}/relatedIssueCounts version/{id}/unresolvedIssueCount project/{projectIdOrKey}/properties
     project/{projectIdOrKey}/properties/{propertyKey} project/{projectIdOrKey}/features",
    "role role/{id} role/{id}/actors project/{projectIdOrKey}/role project/{projectIdOrKey}/role/{id}
     project/{projectIdOrKey}/roledetails permissionscheme permissionscheme/{schemeId} permissions mypermissions
     POST:permissions/check POST:permissions/project user/permission/search user/viewissue/search
     user/assignable/search groups/picker user/groups groupuserpicker user/bulk user/properties applicationrole
     applicationrole/{key}",
    "avatar/{type}/system universal_avatar/type/{type}/owner/{entityId} universal_avatar/view/type/{type}
     universal_avatar/view/type/{type}/avatar/{id} universal_avatar/view/type/{type}/owner/{entityId}
     project/{projectIdOrKey}/avatars dashboard dashboard/search dashboard/{id} dashboard/{dashboardId}/gadget
     dashboard/gadgets filter/search filter/my filter/favourite filter/{id} filter/{id}/permission auditing/record",
    "jql/autocompletedata POST:jql/autocompletedata jql/autocompletedata/suggestions POST:jql/parse POST:jql/sanitize
     POST:jql/match webhook POST:webhook webhook/failed",
    "issue/{issueIdOrKey}/votes issue/{issueIdOrKey}/watchers issue/{issueIdOrKey}/remotelink
     issue/{issueIdOrKey}/remotelink/{linkId} issueLinkType issueLink/{linkId} issue/{issueIdOrKey}/properties
     issue/{issueIdOrKey}/properties/{propertyKey} issue/{issueIdOrKey}/editmeta issue/{issueIdOrKey}/transitions
     issue/createmeta/{projectIdOrKey}/issuetypes issue/createmeta/{projectIdOrKey}/issuetypes/{issueTypeId}
     issue/{issueIdOrKey}/changelog POST:issue/{issueIdOrKey}/changelog/list attachment/{id}/expand/human attachment/meta
     attachment/thumbnail/{id} attachment/content/{id} worklog/updated worklog/deleted POST:worklog/list
     comment/{commentId}/properties comment/{commentId}/properties/{propertyKey}
     issue/{issueIdOrKey}/worklog/{worklogId}/properties",
];

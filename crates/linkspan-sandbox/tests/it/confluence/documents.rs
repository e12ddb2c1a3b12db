//! Every `GET` of Atlassian's Confluence documents that is served, judged by those documents.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Person, ids, varied};
use crate::openapi::{Api, available, operations, validate};
use crate::support::Lab;

/// Published reads that this site does not serve: app-bound stores and admin keys.
const NOT_SERVED_V2: [&str; 3] = ["/admin-key", "/app/properties", "/app/properties/{propertyKey}"];

/// Holders of properties, by the first segment of their addresses.
const HOLDERS: [&str; 10] = [
    "pages",
    "blogposts",
    "folders",
    "whiteboards",
    "databases",
    "embeds",
    "custom-content",
    "attachments",
    "comments",
    "spaces",
];

/// Members that live sites send differently from the documents (`openapi/README.md`).
fn is_known_difference(error: &str) -> bool {
    error.contains("/principal/type")
}

/// Ids to put into path templates.
struct Samples(BTreeMap<&'static str, String>);

impl Samples {
    async fn take(admin: &Person<'_>) -> Self {
        let space = admin.read("/wiki/api/v2/spaces?limit=1").await["results"][0].clone();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let footer = admin.walk("/wiki/api/v2/footer-comments?limit=250").await;
        let inline = admin.walk("/wiki/api/v2/inline-comments?limit=250").await;
        let children = admin
            .walk(&format!(
                "/wiki/api/v2/pages/{}/descendants?depth=10&limit=250",
                text(&space["homepageId"])
            ))
            .await;
        let mut below = children;
        for other in admin.walk("/wiki/api/v2/spaces?limit=250").await {
            if let Some(home) = other["homepageId"].as_str() {
                let path = format!("/wiki/api/v2/pages/{home}/descendants?depth=10&limit=250");
                below.extend(admin.walk(&path).await);
            }
        }
        let mut nodes = BTreeMap::new();
        for (kind, family) in [
            ("folder", "folders"),
            ("whiteboard", "whiteboards"),
            ("database", "databases"),
            ("embed", "embeds"),
        ] {
            for node in below.iter().filter(|child| child["type"] == kind) {
                let id = text(&node["id"]);
                let path = format!("/wiki/api/v2/{family}/{id}/operations");
                if admin.read(&path).await.to_string().contains("\"update\"") {
                    nodes.insert(kind, id);
                }
            }
        }
        // The made-up folder may be one that even administrators cannot edit.
        let body = serde_json::json!({ "spaceId": space["id"], "title": "A folder" });
        let (status, made) = admin.send(http::Method::POST, "/wiki/api/v2/folders", &body).await;
        assert_eq!(status, 200, "{made}");
        nodes.insert("folder", text(&made["id"]));
        let node = |kind: &str| nodes[kind].clone();
        let custom = "/wiki/api/v2/custom-content?type=ac:com.example.docs:note&limit=250";
        let custom = admin.walk(custom).await;
        let tasks = admin.walk("/wiki/api/v2/tasks?limit=250").await;
        let classified = admin.walk("/wiki/api/v2/spaces?limit=250").await;
        let mut default_level = None;
        for space in &classified {
            let path = format!("/wiki/api/v2/spaces/{}/classification-level/default", text(&space["id"]));
            if default_level.is_none() && admin.get(&path).await.0 == 200 {
                default_level = Some(text(&space["id"]));
            }
        }
        for (family, id) in [
            ("pages", text(&space["homepageId"])),
            ("blogposts", ids(&admin.walk("/wiki/api/v2/blogposts?limit=250").await).swap_remove(0)),
        ] {
            let path = format!("/wiki/api/v2/{family}/{id}/classification-level");
            let (status, _) =
                admin.send(http::Method::PUT, &path, &serde_json::json!({ "id": "confidential" })).await;
            assert!(status == 204 || status == 404, "{path}");
        }
        let files = admin.walk("/wiki/api/v2/attachments?limit=250").await;
        let commented = footer.iter().find(|comment| comment["pageId"].is_string()).unwrap();
        let samples = [
            ("pages", text(&commented["pageId"])),
            ("blogposts", ids(&admin.walk("/wiki/api/v2/blogposts?limit=250").await).swap_remove(0)),
            ("spaces", text(&space["id"])),
            ("key", text(&space["key"])),
            ("folders", node("folder")),
            ("whiteboards", node("whiteboard")),
            ("databases", node("database")),
            ("embeds", node("embed")),
            ("custom-content", text(&custom[0]["id"])),
            ("tasks", text(&tasks[0]["id"])),
            ("classified", default_level.unwrap()),
            ("footer-comments", text(&commented["id"])),
            ("comments", text(&commented["id"])),
            ("inline-comments", text(&inline[0]["id"])),
            ("attachments", text(&files[0]["id"])),
            ("labels", text(&admin.read("/wiki/api/v2/labels?limit=1").await["results"][0]["id"])),
            ("group", text(&admin.read("/wiki/rest/api/group").await["results"][0]["id"])),
        ];
        let mut samples: BTreeMap<&'static str, String> = samples.into_iter().collect();
        for family in HOLDERS {
            let path = format!("/wiki/api/v2/{family}/{}/properties", samples[family]);
            let body = serde_json::json!({ "key": "com.example.test", "value": { "a": [1] } });
            let (status, made) = admin.send(http::Method::POST, &path, &body).await;
            assert!(matches!(status, 200 | 201), "{path} answered {status}: {made}");
            samples.insert(property_of(family), text(&made["id"]));
        }
        let roles = admin.read("/wiki/api/v2/space-roles").await;
        samples.insert("space-roles", text(&roles["results"][0]["id"]));
        let task = admin
            .send(http::Method::POST, "/wiki/api/v2/space-permissions/transition/combinations", &Value::Null)
            .await;
        samples.insert("space-permissions", text(&task.1["taskId"]));
        Self(samples)
    }

    /// A template of API v2 with ids of this site.
    fn fill(&self, template: &str) -> String {
        let family = template.trim_start_matches('/').split('/').next().unwrap();
        let id = self.0.get(family).map_or("1", String::as_str);
        let id = if template.contains("classification-level") {
            if family == "spaces" { self.0["classified"].as_str() } else { id }
        } else {
            id
        };
        let segments = template.split('/').enumerate().map(|(position, segment)| match segment {
            "{version-number}" => "1",
            "{property-id}" => self.0.get(property_of(family)).map_or("1", String::as_str),
            "{taskId}" => id,
            _ if segment.starts_with('{') && position == 2 => id,
            other => other,
        });
        segments.collect::<Vec<_>>().join("/")
    }
}

/// The name under which the sample of a family's property is kept.
fn property_of(family: &str) -> &'static str {
    match family {
        "pages" => "pages property",
        "blogposts" => "blogposts property",
        "folders" => "folders property",
        "whiteboards" => "whiteboards property",
        "databases" => "databases property",
        "embeds" => "embeds property",
        "custom-content" => "custom-content property",
        "attachments" => "attachments property",
        "comments" => "comments property",
        _ => "spaces property",
    }
}

/// A site on its way from permissions to roles, where both can be read.
async fn in_transition() -> Lab {
    let lab = Lab::with(varied()).await;
    let modes = serde_json::json!({ "space_role_modes": { lab.site(0): "ROLES_TRANSITION" } });
    lab.control("POST", "settings", modes).await;
    lab
}

#[tokio::test]
async fn every_v2_read_is_served_as_published() {
    if !available(Api::ConfluenceV2) {
        return;
    }
    let lab = in_transition().await;
    let admin = Person::admin(&lab);
    let samples = Samples::take(&admin).await;
    let (mut judged, mut failures) = (0, Vec::new());
    for (method, template) in operations(Api::ConfluenceV2) {
        if method != "GET" || NOT_SERVED_V2.contains(&template.as_str()) {
            continue;
        }
        let path = format!("/wiki/api/v2{}", samples.fill(&template));
        for query in [
            "",
            "?body-format=storage",
            "?body-format=atlas_doc_format&limit=2",
            "?description-format=plain&include-icon=true&limit=3",
        ] {
            let typed = if template == "/custom-content" || template.ends_with("}/custom-content") {
                let joint = if query.is_empty() { '?' } else { '&' };
                format!("{joint}type=ac:com.example.docs:note")
            } else {
                String::new()
            };
            let (status, body) = admin.get(&format!("{path}{query}{typed}")).await;
            let expected = if template.ends_with("/thumbnail/download") { 302 } else { 200 };
            if status != expected {
                failures.push(format!("{path}{query}{typed} answered {status}: {body}"));
                continue;
            }
            if status == 200 {
                let errors =
                    validate(Api::ConfluenceV2, "GET", &template, 200, &body).err().unwrap_or_default();
                failures.extend(errors.into_iter().filter(|error| !is_known_difference(error)));
            }
            judged += 1;
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(judged > 400, "only {judged} answers were judged");
}

#[tokio::test]
async fn everything_a_single_read_can_include_is_as_published() {
    if !available(Api::ConfluenceV2) {
        return;
    }
    let lab = in_transition().await;
    let admin = Person::admin(&lab);
    let samples = Samples::take(&admin).await;
    let all = "include-labels=true&include-properties=true&include-operations=true&include-likes=true&include-versions=true\
               &include-favorited-by-current-user-status=true&include-direct-children=true&include-permissions=true&include-role-assignments=true";
    let mut failures = Vec::new();
    for template in [
        "/pages/{id}",
        "/blogposts/{id}",
        "/spaces/{id}",
        "/attachments/{id}",
        "/footer-comments/{comment-id}",
        "/inline-comments/{comment-id}",
        "/custom-content/{id}",
        "/folders/{id}",
        "/whiteboards/{id}",
        "/databases/{id}",
        "/embeds/{id}",
    ] {
        for format in [
            "storage",
            "view",
            "export_view",
            "styled_view",
            "editor",
            "anonymous_export_view",
            "atlas_doc_format",
        ] {
            let body = admin
                .read(&format!("/wiki/api/v2{}?{all}&body-format={format}", samples.fill(template)))
                .await;
            let errors = validate(Api::ConfluenceV2, "GET", template, 200, &body).err().unwrap_or_default();
            failures.extend(errors.into_iter().filter(|error| !is_known_difference(error)));
            if template.contains("pages") {
                assert!(
                    body["body"][format]["value"].as_str().is_some_and(|value| !value.is_empty()),
                    "{format}: {body}"
                );
                assert!(body["labels"]["meta"]["hasMore"].is_boolean(), "{body}");
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "most of it is the table of reads")]
async fn every_v1_read_is_served_as_published() {
    if !available(Api::ConfluenceV1) || !available(Api::ConfluenceV1Legacy) {
        return;
    }
    let lab = in_transition().await;
    let admin = Person::admin(&lab);
    let samples = Samples::take(&admin).await;
    let sample = |name: &str| samples.0[name].clone();
    let (page, key, group, account) =
        (sample("pages"), sample("key"), sample("group"), admin.account_id.clone());
    let everything = "expand=body.storage,body.view,version,space,space.description.plain,ancestors,history.lastUpdated,history.contributors,\
                      history.previousVersion,metadata.labels,container,restrictions.read.restrictions.user,restrictions.update.restrictions.group,\
                      children.attachment,children.comment,children.page,childTypes.all,operations,extensions.resolution";
    let (new, old) = (Api::ConfluenceV1, Api::ConfluenceV1Legacy);
    let content = "/wiki/rest/api/content/{id}";
    let reads = [
        (
            new,
            "/wiki/rest/api/search".to_owned(),
            "/wiki/rest/api/search?cql=type+in+(page,blogpost,comment,attachment,space)&limit=100".to_owned(),
        ),
        (
            new,
            "/wiki/rest/api/search".to_owned(),
            format!(
                "/wiki/rest/api/search?cql=text~the&excerpt=highlight&{}",
                everything.replace("expand=", "expand=content.")
            ),
        ),
        (
            new,
            "/wiki/rest/api/search/user".to_owned(),
            "/wiki/rest/api/search/user?cql=type%3Duser".to_owned(),
        ),
        (
            new,
            "/wiki/rest/api/content/search".to_owned(),
            format!("/wiki/rest/api/content/search?cql=type+in+(page,blogpost)&{everything}&limit=50"),
        ),
        (
            new,
            "/wiki/rest/api/content/search".to_owned(),
            format!("/wiki/rest/api/content/search?cql=type+in+(comment,attachment)&{everything}&limit=200"),
        ),
        (new, format!("{content}/restriction"), format!("/wiki/rest/api/content/{page}/restriction")),
        (
            new,
            format!("{content}/restriction/byOperation/{{operationKey}}"),
            format!("/wiki/rest/api/content/{page}/restriction/byOperation/read"),
        ),
        (
            new,
            format!("{content}/descendant"),
            format!("/wiki/rest/api/content/{page}/descendant?expand=comment,attachment"),
        ),
        (
            new,
            format!("{content}/descendant/{{type}}"),
            format!("/wiki/rest/api/content/{page}/descendant/comment"),
        ),
        (
            new,
            "/wiki/rest/api/label".to_owned(),
            format!(
                "/wiki/rest/api/label?name={}",
                admin.read("/wiki/api/v2/labels?limit=1").await["results"][0]["name"].as_str().unwrap()
            ),
        ),
        (
            new,
            "/wiki/rest/api/group".to_owned(),
            "/wiki/rest/api/group?shouldReturnTotalSize=true".to_owned(),
        ),
        (new, "/wiki/rest/api/group/by-id".to_owned(), format!("/wiki/rest/api/group/by-id?id={group}")),
        (new, "/wiki/rest/api/group/picker".to_owned(), "/wiki/rest/api/group/picker?query=con".to_owned()),
        (
            new,
            "/wiki/rest/api/group/{groupId}/membersByGroupId".to_owned(),
            format!("/wiki/rest/api/group/{group}/membersByGroupId"),
        ),
        (
            new,
            "/wiki/rest/api/user".to_owned(),
            format!("/wiki/rest/api/user?accountId={account}&expand=operations,personalSpace"),
        ),
        (new, "/wiki/rest/api/user/current".to_owned(), "/wiki/rest/api/user/current".to_owned()),
        (new, "/wiki/rest/api/user/anonymous".to_owned(), "/wiki/rest/api/user/anonymous".to_owned()),
        (
            new,
            "/wiki/rest/api/user/bulk".to_owned(),
            format!("/wiki/rest/api/user/bulk?accountId={account}&accountId=unknown"),
        ),
        (
            new,
            "/wiki/rest/api/user/memberof".to_owned(),
            format!("/wiki/rest/api/user/memberof?accountId={account}"),
        ),
        (
            new,
            "/wiki/rest/api/user/email".to_owned(),
            format!("/wiki/rest/api/user/email?accountId={account}"),
        ),
        (
            new,
            "/wiki/rest/api/settings/systemInfo".to_owned(),
            "/wiki/rest/api/settings/systemInfo".to_owned(),
        ),
        (
            new,
            "/wiki/rest/api/space/{spaceKey}/settings".to_owned(),
            format!("/wiki/rest/api/space/{key}/settings"),
        ),
        (
            new,
            "/wiki/rest/api/space/{spaceKey}/label".to_owned(),
            format!("/wiki/rest/api/space/{key}/label"),
        ),
        (old, "/wiki/rest/api/content".to_owned(), format!("/wiki/rest/api/content?{everything}")),
        (old, content.to_owned(), format!("/wiki/rest/api/content/{page}?{everything}")),
        (
            old,
            format!("{content}/child"),
            format!("/wiki/rest/api/content/{page}/child?expand=attachment,comment,page"),
        ),
        (
            old,
            format!("{content}/child/attachment"),
            format!("/wiki/rest/api/content/{page}/child/attachment"),
        ),
        (
            old,
            format!("{content}/child/comment"),
            format!("/wiki/rest/api/content/{page}/child/comment?depth=all&expand=body.storage"),
        ),
        (old, format!("{content}/child/{{type}}"), format!("/wiki/rest/api/content/{page}/child/page")),
        (
            old,
            format!("{content}/history"),
            format!("/wiki/rest/api/content/{page}/history?expand=lastUpdated,previousVersion,contributors"),
        ),
        (old, format!("{content}/label"), format!("/wiki/rest/api/content/{page}/label")),
        (old, format!("{content}/version"), format!("/wiki/rest/api/content/{page}/version")),
        (
            old,
            format!("{content}/version/{{versionNumber}}"),
            format!("/wiki/rest/api/content/{page}/version/1"),
        ),
        (old, format!("{content}/property"), format!("/wiki/rest/api/content/{page}/property")),
        (
            old,
            "/wiki/rest/api/space".to_owned(),
            "/wiki/rest/api/space?expand=description.plain,icon,homepage,history,metadata.labels,permissions"
                .to_owned(),
        ),
        (
            old,
            "/wiki/rest/api/space/{spaceKey}".to_owned(),
            format!("/wiki/rest/api/space/{key}?expand=description.plain,homepage"),
        ),
        (
            old,
            "/wiki/rest/api/space/{spaceKey}/content/{type}".to_owned(),
            format!("/wiki/rest/api/space/{key}/content/page"),
        ),
    ];
    let mut failures = Vec::new();
    for (api, template, path) in &reads {
        let (status, body) = admin.get(path).await;
        if status != 200 {
            failures.push(format!("{path} answered {status}: {body}"));
            continue;
        }
        failures.extend(validate(*api, "GET", template, 200, &body).err().unwrap_or_default());
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

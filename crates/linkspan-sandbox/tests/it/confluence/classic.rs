//! Every `GET` that Atlassian's v1 document still has, judged by it; and the lists among them walked to their end.

use serde_json::{Value, json};

use super::{Person, ids, varied};
use crate::openapi::{Api, available, operations, validate};
use crate::support::Lab;

/// Published reads that are not served: macros by id, properties of users, modules of Connect apps.
const NOT_SERVED: [&str; 6] = [
    "/wiki/rest/api/content/{id}/history/{version}/macro/id/{macroId}",
    "/wiki/rest/api/content/{id}/history/{version}/macro/id/{macroId}/convert/async/{to}",
    "/wiki/rest/api/content/{id}/history/{version}/macro/id/{macroId}/convert/{to}",
    "/wiki/rest/api/user/{userId}/property",
    "/wiki/rest/api/user/{userId}/property/{key}",
    "/wiki/rest/atlassian-connect/1/app/module/dynamic",
];

/// What the paths of this document name.
struct Names {
    page: String,
    key: String,
    file: String,
    file_page: String,
    account: String,
    group: String,
    conversion: String,
    task: String,
    favourite: String,
}

impl Names {
    async fn take(admin: &Person<'_>) -> Self {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let space = admin.read("/wiki/api/v2/spaces?limit=1").await["results"][0].clone();
        let page = text(&space["homepageId"]);
        let key = text(&space["key"]);
        let put = async |path: String, body: Value| {
            let (status, body) = admin.send(http::Method::PUT, &path, &body).await;
            assert_eq!(status, 200, "{path}: {body}");
        };
        put(format!("/wiki/rest/api/content/{page}/state?status=current"), json!({ "id": 2 })).await;
        let theme = "com.atlassian.confluence.plugins.doctheme:documentation";
        put(format!("/wiki/rest/api/space/{key}/theme"), json!({ "themeKey": theme })).await;
        let favourite = format!("/wiki/rest/api/relation/favourite/from/user/current/to/content/{page}");
        put(favourite.clone(), Value::Null).await;
        let convert = "/wiki/rest/api/contentbody/convert/async/export_view";
        let body = json!({ "value": "<p>a</p>", "representation": "storage" });
        let conversion = admin.send(http::Method::POST, convert, &body).await.1;
        let pages = admin.walk("/wiki/api/v2/pages?status=current&limit=250").await;
        let mut task = None;
        for id in ids(&pages).into_iter().rev() {
            let body = json!({ "pages": [{ "id": id.parse::<u64>().unwrap() }] });
            let (status, body) =
                admin.send(http::Method::POST, "/wiki/rest/api/content/archive", &body).await;
            if status == 202 {
                task = Some(text(&body["id"]));
                break;
            }
        }
        let file = admin
            .walk("/wiki/api/v2/attachments?limit=250")
            .await
            .into_iter()
            .find(|file| file["pageId"].is_string())
            .unwrap();
        Self {
            page,
            key,
            file: text(&file["id"]),
            file_page: text(&file["pageId"]),
            account: admin.account_id.clone(),
            group: text(&admin.read("/wiki/rest/api/group").await["results"][0]["id"]),
            conversion: text(&conversion["asyncId"]),
            task: task.unwrap(),
            favourite,
        }
    }

    /// The address of a template, with the query it cannot do without.
    fn address(&self, template: &str) -> String {
        let short = template.trim_start_matches("/wiki/rest/api/");
        let filled = match short {
            "audit/export" => "audit/export?format=csv".to_owned(),
            "content/search" => "content/search?cql=type%3Dpage&limit=3".to_owned(),
            "content/{id}/child/attachment/{attachmentId}/download" => {
                format!("content/{}/child/attachment/{}/download", self.file_page, self.file)
            }
            "content/{id}/restriction/byOperation/{operationKey}/user" => {
                format!("content/{}/restriction/byOperation/read/user?accountId={}", self.page, self.account)
            }
            "contentbody/convert/async/bulk/tasks" => {
                format!("contentbody/convert/async/bulk/tasks?ids={}", self.conversion)
            }
            "contentbody/convert/async/{id}" => format!("contentbody/convert/async/{}", self.conversion),
            "group/by-id" => format!("group/by-id?id={}", self.group),
            "group/picker" => "group/picker?query=con".to_owned(),
            "label" => "label?name=draft".to_owned(),
            "longtask/{id}" => format!("longtask/{}", self.task),
            "relation/{relationName}/from/{sourceType}/{sourceKey}/to/{targetType}" => {
                "relation/favourite/from/user/current/to/content".to_owned()
            }
            "relation/{relationName}/from/{sourceType}/{sourceKey}/to/{targetType}/{targetKey}" => {
                return self.favourite.clone();
            }
            "relation/{relationName}/to/{targetType}/{targetKey}/from/{sourceType}" => {
                format!("relation/favourite/to/content/{}/from/user", self.page)
            }
            "search" => "search?cql=type%3Dpage&limit=3".to_owned(),
            "search/user" => "search/user?cql=type%3Duser".to_owned(),
            "settings/theme/{themeKey}" => {
                "settings/theme/com.atlassian.confluence.plugins.doctheme:documentation".to_owned()
            }
            "space/{spaceKey}/state/content" => format!("space/{}/state/content?state-id=2", self.key),
            "template/page" => format!("template/page?spaceKey={}&expand=body", self.key),
            "template/{contentTemplateId}" => "template/7000000".to_owned(),
            "user" | "user/memberof" | "user/email" | "user/bulk" | "user/email/bulk" => {
                format!("{short}?accountId={}", self.account)
            }
            other => other
                .replace("{id}", &self.page)
                .replace("{contentId}", &self.page)
                .replace("{type}", "comment")
                .replace("{operationKey}", "read")
                .replace("{groupId}", &self.group)
                .replace("{labelName}", "draft")
                .replace("{spaceKey}", &self.key),
        };
        format!("/wiki/rest/api/{filled}")
    }
}

#[tokio::test]
async fn every_read_left_in_v1_is_served_as_published() {
    if !available(Api::ConfluenceV1) {
        return;
    }
    let lab = Lab::with(varied()).await;
    let admin = Person::admin(&lab);
    let names = Names::take(&admin).await;
    let label = admin.read("/wiki/api/v2/labels?limit=1").await["results"][0]["name"].clone();
    let (mut judged, mut failures) = (0, Vec::new());
    for (method, template) in operations(Api::ConfluenceV1) {
        if method != "GET" || NOT_SERVED.contains(&template.as_str()) {
            continue;
        }
        let path = names.address(&template).replace("=draft", &format!("={}", label.as_str().unwrap()));
        let (status, body) = admin.get(&path).await;
        let expected = match template.trim_start_matches("/wiki/rest/api/") {
            // The site has the default theme, and the page lets everybody read.
            "settings/theme/selected" => 404,
            it if it.contains("{operationKey}/byGroupId") || it.contains("{operationKey}/user") => 404,
            it if it.ends_with("/download") => 302,
            _ => 200,
        };
        if status != expected {
            failures.push(format!("{path} answered {status}: {body}"));
        } else if status == 200 && !template.ends_with("/export") {
            failures
                .extend(validate(Api::ConfluenceV1, "GET", &template, 200, &body).err().unwrap_or_default());
        }
        judged += 1;
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(judged > 55, "only {judged} reads were judged");
}

#[tokio::test]
async fn s6_lists_of_what_is_new_in_v1_are_walked_to_their_end() {
    let lab = Lab::with(varied()).await;
    let admin = Person::admin(&lab);
    let names = Names::take(&admin).await;
    for path in [
        "/wiki/rest/api/audit?x=y".to_owned(),
        "/wiki/rest/api/audit/since?number=9&units=YEARS".to_owned(),
        format!("/wiki/rest/api/content/{}/notification/created?x=y", names.page),
        format!("/wiki/rest/api/space/{}/watch?x=y", names.key),
        format!("/wiki/rest/api/space/{}/state/content?state-id=2", names.key),
        "/wiki/rest/api/relation/favourite/from/user/current/to/content?x=y".to_owned(),
        "/wiki/rest/api/relation/favourite/from/user/current/to/space?x=y".to_owned(),
        "/wiki/rest/api/longtask?x=y".to_owned(),
        "/wiki/rest/api/template/page?x=y".to_owned(),
    ] {
        let whole = admin.walk_v1(&format!("{path}&limit=1000")).await;
        let steps = whole.len() / 5 + 1;
        assert_eq!(admin.walk_v1(&format!("{path}&limit={steps}")).await.len(), whole.len(), "{path}");
    }
}

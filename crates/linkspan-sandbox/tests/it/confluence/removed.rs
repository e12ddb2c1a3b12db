//! The v1 calls that are gone from the OAuth gateway and still answer e-mail and API token on the site host.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Person, ids, varied};
use crate::support::{Lab, answer};

const SCOPES: &str = "read:confluence-content.all read:confluence-content.summary read:confluence-space.summary write:confluence-content search:confluence \
                      read:confluence-user read:confluence-groups readonly:content.attachment:confluence read:page:confluence read:space:confluence offline_access";

#[tokio::test]
async fn s22_removed_calls_answer_410_to_tokens_and_200_to_basic_auth() {
    let lab = Lab::with(varied()).await;
    let admin = Person::admin(&lab);
    let token = lab.token(lab.admin(), SCOPES).await;
    let space = admin.read("/wiki/api/v2/spaces?limit=1").await["results"][0].clone();
    let (key, home) = (space["key"].as_str().unwrap(), space["homepageId"].as_str().unwrap());
    let gone = json!({
        "statusCode": 410,
        "data": { "authorized": true, "valid": true, "errors": [], "successful": true },
        "message": "com.atlassian.confluence.api.service.exceptions.pagesmodes.GoneException: This deprecated endpoint has been removed.",
    });
    for path in [
        "content".to_owned(),
        format!("content/{home}"),
        format!("content/{home}/child"),
        format!("content/{home}/child/page"),
        format!("content/{home}/child/comment"),
        format!("content/{home}/version"),
        format!("content/{home}/version/1"),
        format!("content/{home}/property"),
        "space".to_owned(),
        format!("space/{key}"),
        format!("space/{key}/content"),
        format!("space/{key}/content/page"),
        format!("space/{key}/property"),
    ] {
        for prefix in ["/wiki/rest/api", "/rest/api"] {
            let address = lab.url(&format!("/ex/confluence/{}{prefix}/{path}", lab.site(0)));
            let response = lab.http.get(address).bearer_auth(&token).send().await.unwrap();
            assert_eq!(answer(response).await, (410, gone.clone()), "{prefix}/{path}");
        }
        let response = admin.request(Method::GET, &format!("/wiki/rest/api/{path}")).send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
    }
    let address = lab.url(&format!("/ex/confluence/{}/wiki/rest/api/content", lab.site(0)));
    let response = lab.http.post(address).bearer_auth(&token).json(&json!({})).send().await.unwrap();
    assert_eq!(answer(response).await, (410, gone));
}

#[tokio::test]
async fn what_is_left_of_v1_answers_tokens() {
    let lab = Lab::with(varied()).await;
    let admin = Person::admin(&lab);
    let token = lab.token(lab.admin(), SCOPES).await;
    let page = ids(&admin.walk("/wiki/api/v2/pages?limit=250").await).swap_remove(0);
    for path in [
        "search?cql=type%3Dpage".to_owned(),
        "content/search?cql=type%3Dpage".to_owned(),
        format!("content/{page}/restriction"),
        format!("content/{page}/restriction/byOperation"),
        format!("content/{page}/label"),
        format!("content/{page}/child/attachment"),
        "group".to_owned(),
        "user/current".to_owned(),
    ] {
        let address = lab.url(&format!("/ex/confluence/{}/wiki/rest/api/{path}", lab.site(0)));
        let (status, body) = answer(lab.http.get(address).bearer_auth(&token).send().await.unwrap()).await;
        assert_eq!(status, 200, "{path}: {body}");
    }
}

#[tokio::test]
async fn classic_reads_expand_what_old_clients_ask_for() {
    let lab = Lab::with(varied()).await;
    let admin = Person::admin(&lab);
    let listed = admin
        .read("/wiki/rest/api/content?type=page&limit=5&expand=body.storage,version,space,ancestors,history")
        .await;
    for page in listed["results"].as_array().unwrap() {
        assert_eq!(page["type"], "page");
        assert!(
            page["body"]["storage"]["value"].as_str().is_some_and(|body| body.starts_with('<')),
            "{page}"
        );
        assert!(page["version"]["number"].as_u64().is_some_and(|number| number > 0));
        assert!(
            page["space"]["key"].is_string()
                && page["ancestors"].is_array()
                && page["history"]["createdDate"].is_string()
        );
        let id = page["id"].as_str().unwrap();
        let single = admin.read(&format!("/wiki/rest/api/content/{id}?expand=body.view")).await;
        assert!(single["body"]["view"]["value"].is_string() && single.get("space").is_none(), "{single}");
        let bare = admin.read(&format!("/wiki/rest/api/content/{id}")).await;
        assert!(
            bare["space"].is_object() && bare["history"].is_object() && bare["version"].is_object(),
            "expanded unless told otherwise"
        );
        let v2 = admin.read(&format!("/wiki/api/v2/pages/{id}?body-format=storage")).await;
        assert_eq!(v2["body"]["storage"]["value"], page["body"]["storage"]["value"]);
        assert_eq!(v2["title"], page["title"]);
    }
    let key = listed["results"][0]["space"]["key"].as_str().unwrap();
    let title = listed["results"][0]["title"].as_str().unwrap();
    let encoded: String = form_urlencoded::byte_serialize(title.as_bytes()).collect();
    let found = admin.read(&format!("/wiki/rest/api/content?spaceKey={key}&title={encoded}")).await;
    assert_eq!(found["results"][0]["id"], listed["results"][0]["id"]);
    let (status, _) = admin.get("/wiki/rest/api/content?start=100001").await;
    assert_eq!(status, 400);
    let clamped = admin.read("/wiki/rest/api/space?limit=99999").await;
    assert_eq!(clamped["limit"], 1000);
}

#[tokio::test]
async fn s21_a_download_redirects_to_a_signed_address_that_needs_no_credentials() {
    let lab = Lab::with(varied()).await;
    let admin = Person::admin(&lab);
    let token = lab.token(lab.admin(), SCOPES).await;
    let file = admin.read("/wiki/api/v2/attachments?limit=1").await["results"][0].clone();
    let container = file["pageId"].as_str().or_else(|| file["blogPostId"].as_str()).unwrap();
    let path = format!("content/{container}/child/attachment/{}/download", file["id"].as_str().unwrap());
    let address = lab.url(&format!("/ex/confluence/{}/wiki/rest/api/{path}", lab.site(0)));
    let response = lab.http.get(address).bearer_auth(&token).send().await.unwrap();
    assert_eq!(response.status(), 302);
    let location = crate::support::location(&response);
    let content = lab.http.get(&location).send().await.unwrap();
    assert_eq!(content.status(), 200);
    assert_eq!(content.headers()["content-type"].to_str().unwrap(), file["mediaType"].as_str().unwrap());
    assert_eq!(content.bytes().await.unwrap().len() as u64, file["fileSize"].as_u64().unwrap());
    let forged = location.replace("signature=", "signature=0");
    assert_eq!(lab.http.get(&forged).send().await.unwrap().status(), 403);
    lab.advance(3600).await;
    assert_eq!(lab.http.get(&location).send().await.unwrap().status(), 403, "signed addresses do not last");
    let wrong: Value = admin
        .get(&format!("/wiki/rest/api/content/1/child/attachment/{}/download", file["id"].as_str().unwrap()))
        .await
        .1;
    assert_eq!(wrong["statusCode"], 404);
}

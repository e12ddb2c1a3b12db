//! What common clients write, in both generations.

use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use super::{Person, ids, varied};
use crate::support::{Lab, answer};

async fn first_space(person: &Person<'_>) -> (String, String, String) {
    let space = person.read("/wiki/api/v2/spaces?limit=1").await["results"][0].clone();
    let text = |member: &str| space[member].as_str().unwrap().to_owned();
    (text("id"), text("key"), text("homepageId"))
}

fn page(space: &str, title: &str) -> Value {
    json!({ "spaceId": space, "status": "current", "title": title, "body": { "representation": "storage", "value": "<p>one &amp; two</p>" } })
}

#[tokio::test]
async fn a_page_lives_through_creation_update_conflict_trash_and_restoration() {
    let lab = Lab::with(varied()).await;
    let admin = Person::admin(&lab);
    let (space, _, home) = first_space(&admin).await;
    let (status, created) =
        admin.send(Method::POST, "/wiki/api/v2/pages", &page(&space, "Life of a page")).await;
    assert_eq!(status, 200, "{created}");
    assert_eq!(
        (&created["parentId"], &created["version"]["number"]),
        (&json!(home), &json!(1)),
        "below the home page unless told otherwise"
    );
    assert_eq!(created["body"]["storage"]["value"], "<p>one &amp; two</p>");
    let path = format!("/wiki/api/v2/pages/{}", created["id"].as_str().unwrap());
    let (status, twin) =
        admin.send(Method::POST, "/wiki/api/v2/pages", &page(&space, "Life of a page")).await;
    assert_eq!(status, 400, "titles are unique in a space: {twin}");

    let mut change = json!({ "id": created["id"], "status": "current", "title": "Renamed", "version": { "number": 3, "message": "why" },
        "body": { "storage": { "value": "<h1>new</h1>", "representation": "storage" } } });
    let (status, body) = admin.send(Method::PUT, &path, &change).await;
    assert_eq!((status, &body["errors"][0]["code"]), (409, &json!("CONFLICT")), "{body}");
    change["version"]["number"] = json!(2);
    let (status, updated) = admin.send(Method::PUT, &path, &change).await;
    assert_eq!(
        (status, &updated["title"], &updated["version"]["message"]),
        (200, &json!("Renamed"), &json!("why"))
    );
    let versions = admin.walk(&format!("{path}/versions")).await;
    assert_eq!(
        versions.iter().map(|version| version["number"].as_u64().unwrap()).collect::<Vec<_>>(),
        [2, 1],
        "newest first"
    );

    assert_eq!(admin.send(Method::DELETE, &path, &Value::Null).await.0, 204);
    assert_eq!(admin.send(Method::DELETE, &path, &Value::Null).await.0, 404);
    change["version"]["number"] = json!(3);
    let (status, restored) = admin.send(Method::PUT, &path, &change).await;
    assert_eq!((status, &restored["status"]), (200, &json!("current")), "{restored}");
}

#[tokio::test]
async fn bad_bodies_are_refused_with_a_reason() {
    let lab = Lab::with(varied()).await;
    let admin = Person::admin(&lab);
    let (space, ..) = first_space(&admin).await;
    let body = |representation: &str, value: &str| json!({ "spaceId": space, "title": "Bad", "body": { "representation": representation, "value": value } });
    let deep = format!("{}{}", "<p>".repeat(5000), "</p>".repeat(5000));
    for bad in [
        json!({}),
        json!({ "spaceId": space }),
        json!({ "spaceId": "x", "title": "t" }),
        json!([1]),
        body("storage", "<p>open"),
        body("storage", &deep),
        body("atlas_doc_format", "{}"),
        body("atlas_doc_format", "not json"),
        body("markdown", "# no"),
    ] {
        let (status, answer) = admin.send(Method::POST, "/wiki/api/v2/pages", &bad).await;
        assert_eq!(status, 400, "{bad}: {answer}");
        assert!(answer["errors"][0]["title"].as_str().is_some_and(|title| !title.is_empty()), "{answer}");
    }
    let response = admin.request(Method::POST, "/wiki/api/v2/pages").body("{").send().await.unwrap();
    assert_eq!(response.status(), 400);
}

#[tokio::test]
async fn bodies_written_as_adf_or_wiki_read_back_as_storage() {
    let lab = Lab::with(varied()).await;
    let admin = Person::admin(&lab);
    let (space, ..) = first_space(&admin).await;
    let document = json!({ "type": "doc", "version": 1, "content": [{ "type": "paragraph", "content": [{ "type": "text", "text": "bold", "marks": [{ "type": "strong" }] }] }] });
    let adf = json!({ "spaceId": space, "title": "As ADF", "body": { "representation": "atlas_doc_format", "value": document.to_string() } });
    let (status, created) = admin.send(Method::POST, "/wiki/api/v2/pages", &adf).await;
    assert_eq!(
        (status, &created["body"]["storage"]["value"]),
        (200, &json!("<p><strong>bold</strong></p>")),
        "{created}"
    );
    let read = admin
        .read(&format!("/wiki/api/v2/pages/{}?body-format=atlas_doc_format", created["id"].as_str().unwrap()))
        .await;
    assert_eq!(read["body"]["atlas_doc_format"]["value"], document.to_string(), "kept as written");
    let wiki = json!({ "spaceId": space, "title": "As wiki", "body": { "representation": "wiki", "value": "h1. Head\n*b*" } });
    let (_, created) = admin.send(Method::POST, "/wiki/api/v2/pages", &wiki).await;
    assert_eq!(created["body"]["storage"]["value"], "<h1>Head</h1><p><strong>b</strong></p>");
}

#[tokio::test]
async fn comments_are_added_answered_changed_and_removed() {
    let lab = Lab::with(varied()).await;
    let admin = Person::admin(&lab);
    let (space, ..) = first_space(&admin).await;
    let (_, created) = admin.send(Method::POST, "/wiki/api/v2/pages", &page(&space, "Discussed")).await;
    let id = created["id"].as_str().unwrap();
    let comment = json!({ "pageId": id, "body": { "representation": "storage", "value": "<p>first</p>" } });
    let (status, root) = admin.send(Method::POST, "/wiki/api/v2/footer-comments", &comment).await;
    assert_eq!((status, &root["pageId"]), (201, &json!(id)), "{root}");
    let reply = json!({ "parentCommentId": root["id"], "body": { "storage": { "value": "<p>second</p>" } } });
    let (status, reply) = admin.send(Method::POST, "/wiki/api/v2/footer-comments", &reply).await;
    assert_eq!((status, &reply["parentCommentId"]), (201, &root["id"]), "{reply}");
    let root_path = format!("/wiki/api/v2/footer-comments/{}", root["id"].as_str().unwrap());
    assert_eq!(
        ids(&admin.walk(&format!("/wiki/api/v2/pages/{id}/footer-comments")).await),
        [root["id"].as_str().unwrap()],
        "top-level ones only"
    );
    assert_eq!(ids(&admin.walk(&format!("{root_path}/children")).await), [reply["id"].as_str().unwrap()]);
    let change = json!({ "version": { "number": 2 }, "body": { "representation": "storage", "value": "<p>better</p>" } });
    let (status, changed) = admin.send(Method::PUT, &root_path, &change).await;
    assert_eq!((status, &changed["body"]["storage"]["value"]), (200, &json!("<p>better</p>")));
    assert_eq!(admin.send(Method::PUT, &root_path, &change).await.0, 409);
    assert_eq!(
        admin.get(&root_path.replace("footer", "inline")).await.0,
        404,
        "the kinds have addresses of their own"
    );
    assert_eq!(admin.send(Method::DELETE, &root_path, &Value::Null).await.0, 204);
    assert_eq!(admin.get(&root_path).await.0, 404);
    assert_eq!(
        admin.get(&format!("/wiki/api/v2/footer-comments/{}", reply["id"].as_str().unwrap())).await.0,
        404,
        "replies go with their root"
    );
}

#[tokio::test]
async fn labels_are_added_and_removed() {
    let lab = Lab::with(varied()).await;
    let admin = Person::admin(&lab);
    let (space, ..) = first_space(&admin).await;
    let (_, created) = admin.send(Method::POST, "/wiki/api/v2/pages", &page(&space, "Labelled")).await;
    let id = created["id"].as_str().unwrap();
    let (status, body) = admin
        .send(
            Method::POST,
            &format!("/wiki/rest/api/content/{id}/label"),
            &json!([{ "prefix": "global", "name": "Alpha" }, { "name": "beta" }]),
        )
        .await;
    assert_eq!((status, &body["size"]), (200, &json!(2)), "{body}");
    let names = |labels: Vec<Value>| {
        labels.iter().map(|label| label["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(
        names(admin.walk(&format!("/wiki/api/v2/pages/{id}/labels?sort=name")).await),
        ["alpha", "beta"]
    );
    assert_eq!(ids(&admin.walk_v1("/wiki/rest/api/content/search?cql=label%3Dalpha").await), [id]);
    assert_eq!(
        admin.send(Method::DELETE, &format!("/wiki/rest/api/content/{id}/label/alpha"), &Value::Null).await.0,
        204
    );
    assert_eq!(
        admin
            .send(Method::DELETE, &format!("/wiki/rest/api/content/{id}/label?name=beta"), &Value::Null)
            .await
            .0,
        204
    );
    assert_eq!(admin.read(&format!("/wiki/rest/api/content/{id}/label")).await["size"], 0);
}

#[tokio::test]
async fn restrictions_are_replaced_added_to_and_taken_back() {
    let lab = Lab::with(varied()).await;
    let people = Person::everybody(&lab);
    let (admin, other) = (&people[0], &people[1]);
    let (space, ..) = first_space(admin).await;
    let (_, created) = admin.send(Method::POST, "/wiki/api/v2/pages", &page(&space, "Restricted")).await;
    let path = format!("/wiki/rest/api/content/{}/restriction", created["id"].as_str().unwrap());
    let open = admin.read(&format!("{path}/byOperation")).await;
    for operation in ["read", "update"] {
        for kind in ["user", "group"] {
            assert_eq!(
                open[operation]["restrictions"][kind]["size"], 0,
                "both keys are there, empty means open"
            );
        }
    }
    let named = |id: &str| json!({ "results": [{ "operation": "update", "restrictions": { "user": [{ "type": "known", "accountId": id }] } }] });
    let (status, body) = admin.send(Method::PUT, &path, &named(&other.account_id)).await;
    assert_eq!(status, 400, "nobody locks themselves out: {body}");
    assert_eq!(admin.send(Method::PUT, &path, &named(&admin.account_id)).await.0, 200);
    assert_eq!(admin.send(Method::POST, &path, &named(&other.account_id)).await.0, 200);
    let update = admin.read(&format!("{path}/byOperation/update")).await;
    assert_eq!(update["restrictions"]["user"]["size"], 2);
    let mut seen = Vec::new();
    for start in 0..2 {
        let page = admin.read(&format!("{path}/byOperation/update?start={start}&limit=1")).await;
        let users = page["restrictions"]["user"]["results"].as_array().unwrap();
        seen.extend(users.iter().map(|user| user["accountId"].as_str().unwrap().to_owned()));
    }
    assert_eq!(seen, [admin.account_id.clone(), other.account_id.clone()], "long lists are paged");
    let one = format!("{path}/byOperation/update/user?accountId={}", other.account_id);
    assert_eq!(admin.get(&one).await.0, 200);
    assert_eq!(admin.send(Method::DELETE, &one, &Value::Null).await.0, 200);
    assert_eq!(admin.get(&one).await.0, 404);
    let (status, cleared) = admin.send(Method::DELETE, &path, &Value::Null).await;
    assert_eq!(
        (status, &cleared["results"][1]["restrictions"]["user"]["size"]),
        (200, &json!(0)),
        "{cleared}"
    );
}

#[tokio::test]
async fn a_file_is_uploaded_replaced_and_listed() {
    let lab = Lab::with(varied()).await;
    let admin = Person::admin(&lab);
    let (space, ..) = first_space(&admin).await;
    let (_, created) = admin.send(Method::POST, "/wiki/api/v2/pages", &page(&space, "With a file")).await;
    let id = created["id"].as_str().unwrap();
    let path = format!("/wiki/rest/api/content/{id}/child/attachment");
    let form = |content: &str| {
        format!(
            "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"notes.txt\"\r\nContent-Type: text/plain\r\n\r\n{content}\r\n--x--\r\n"
        )
    };
    let mut headers = HeaderMap::new();
    headers.insert("content-type", "multipart/form-data; boundary=x".parse().unwrap());
    let unmeant =
        admin.request(Method::POST, &path).headers(headers.clone()).body(form("one")).send().await.unwrap();
    assert_eq!(unmeant.status(), 403, "forms say X-Atlassian-Token: no-check");
    headers.insert("x-atlassian-token", "no-check".parse().unwrap());
    for (content, version) in [("one", 1), ("three", 2)] {
        let response = admin
            .request(Method::PUT, &path)
            .headers(headers.clone())
            .body(form(content))
            .send()
            .await
            .unwrap();
        let (status, body) = answer(response).await;
        assert_eq!((status, &body["results"][0]["version"]["number"]), (200, &json!(version)), "{body}");
    }
    let files = admin.walk(&format!("/wiki/api/v2/pages/{id}/attachments")).await;
    assert_eq!(
        (files.len(), &files[0]["title"], &files[0]["fileSize"], &files[0]["mediaType"]),
        (1, &json!("notes.txt"), &json!(5), &json!("text/plain"))
    );
}

#[tokio::test]
async fn a_file_goes_into_the_trash_and_out_of_it_for_good() {
    let lab = Lab::with(varied()).await;
    let admin = Person::admin(&lab);
    let files = admin.walk("/wiki/api/v2/attachments?limit=250").await;
    let (first, second) = (files[0]["id"].as_str().unwrap(), files[1]["id"].as_str().unwrap());
    let path = format!("/wiki/api/v2/attachments/{first}");
    let listed = async |query: &str, id: &str| {
        ids(&admin.walk(&format!("/wiki/api/v2/attachments?{query}limit=250")).await).contains(&id.to_owned())
    };
    let purge = format!("{path}?purge=true");
    assert_eq!(admin.send(Method::DELETE, &purge, &Value::Null).await.0, 404, "it is not in the trash");
    assert_eq!(admin.send(Method::DELETE, &path, &Value::Null).await.0, 204);
    assert_eq!(admin.send(Method::DELETE, &path, &Value::Null).await.0, 404);
    for order in ["", "sort=-modified-date&"] {
        assert!(!listed(order, first).await);
        assert!(listed(&format!("{order}status=trashed&"), first).await);
        assert!(!listed(&format!("{order}status=trashed&"), second).await);
    }
    assert_eq!(admin.read(&path).await["status"], "trashed");
    let (status, _) = admin.get(&format!("/wiki/rest/api/content/{first}")).await;
    assert_eq!(status, 404, "the first generation shows what is current");

    assert_eq!(admin.send(Method::DELETE, &purge, &Value::Null).await.0, 204);
    assert_eq!(admin.get(&path).await.0, 404);
    assert!(!listed("status=trashed&", first).await);

    // The same by the first generation.
    let content = format!("/wiki/rest/api/content/{second}");
    assert_eq!(admin.send(Method::DELETE, &content, &Value::Null).await.0, 204);
    assert!(listed("status=trashed&", second).await);
    let purge = format!("{content}?status=trashed");
    assert_eq!(admin.send(Method::DELETE, &purge, &Value::Null).await.0, 204);
    assert!(!listed("status=trashed&", second).await);
}

#[tokio::test]
async fn the_classic_calls_write_what_v2_reads() {
    let lab = Lab::with(varied()).await;
    let admin = Person::admin(&lab);
    let (_, key, home) = first_space(&admin).await;
    let page = json!({ "type": "page", "title": "Classic", "space": { "key": key }, "ancestors": [{ "id": home }],
        "body": { "storage": { "value": "<p>old</p>", "representation": "storage" } } });
    let (status, created) = admin.send(Method::POST, "/wiki/rest/api/content", &page).await;
    assert_eq!(status, 200, "{created}");
    let id = created["id"].as_str().unwrap();
    assert_eq!(admin.read(&format!("/wiki/api/v2/pages/{id}")).await["parentId"], json!(home));
    let path = format!("/wiki/rest/api/content/{id}");
    let change = |number: u32| {
        json!({ "id": id, "type": "page", "title": "Classic 2", "version": { "number": number },
        "body": { "storage": { "value": "<p>new</p>", "representation": "storage" } } })
    };
    assert_eq!(admin.send(Method::PUT, &path, &change(1)).await.0, 409);
    assert_eq!(admin.send(Method::PUT, &path, &change(2)).await.0, 200);
    assert_eq!(
        admin.read(&format!("/wiki/api/v2/pages/{id}?body-format=storage")).await["body"]["storage"]["value"],
        "<p>new</p>"
    );
    let comment = json!({ "type": "comment", "container": { "id": id, "type": "page" }, "body": { "storage": { "value": "<p>hm</p>", "representation": "storage" } } });
    let (status, comment) = admin.send(Method::POST, "/wiki/rest/api/content", &comment).await;
    assert_eq!((status, &comment["type"]), (200, &json!("comment")), "{comment}");
    assert_eq!(admin.read(&format!("{path}/child/comment")).await["results"][0]["id"], comment["id"]);
    assert_eq!(admin.send(Method::DELETE, &path, &Value::Null).await.0, 204);
    assert_eq!(admin.get(&path).await.0, 404);
    assert_eq!(admin.read(&format!("{path}?status=trashed")).await["status"], "trashed");
    assert_eq!(admin.send(Method::DELETE, &format!("{path}?status=trashed"), &Value::Null).await.0, 204);
    assert_eq!(admin.get(&format!("{path}?status=trashed")).await.0, 404);
}

#[tokio::test]
async fn a_write_costs_one_point_and_a_read_what_it_returns() {
    let lab = Lab::with(varied()).await;
    let admin = Person::admin(&lab);
    let (space, ..) = first_space(&admin).await;
    let scopes = "read:page:confluence write:page:confluence read:space:confluence read:comment:confluence read:confluence-groups offline_access";
    let token = lab.token(&admin.account_id, scopes).await;
    let rows = admin.walk(&format!("/wiki/api/v2/spaces/{space}/permissions?limit=250")).await.len() as u64;
    let requests = [
        (Method::GET, "pages?limit=10".to_owned(), 11),
        (Method::GET, "spaces?limit=2".to_owned(), 3),
        (Method::GET, format!("spaces/{space}/permissions?limit=250"), 1 + 2 * rows),
        (Method::GET, "footer-comments?limit=10".to_owned(), 1),
        (Method::POST, "pages".to_owned(), 1),
    ];
    for (method, path, points) in requests {
        let before = lab.control("GET", "stats", Value::Null).await["points"].as_u64().unwrap();
        let address = lab.url(&format!("/ex/confluence/{}/wiki/api/v2/{path}", lab.site(0)));
        let response = lab
            .http
            .request(method.clone(), address)
            .bearer_auth(&token)
            .json(&page(&space, "Priced"))
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), 200, "{method} {path}");
        let after = lab.control("GET", "stats", Value::Null).await["points"].as_u64().unwrap();
        assert_eq!(after - before, points, "{method} {path}");
    }
}

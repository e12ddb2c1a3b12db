//! The ledger over HTTP.

use serde_json::{Value, json};

use crate::support::{Running, SMALL, http, shape};

/// A request with the vendor's key: its status and what it answered.
async fn send(demo: &Running, method: reqwest::Method, path: &str, body: Option<Value>) -> (u16, Value) {
    let url = format!("{}{path}", demo.text("/base_url"));
    let request = http().request(method, url).bearer_auth(demo.text("/api_key"));
    let request = match body {
        Some(body) => request.json(&body),
        None => request,
    };
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    (status, response.json().await.unwrap_or_default())
}

async fn account(demo: &Running, integration: &str) -> String {
    let (status, page) =
        send(demo, reqwest::Method::GET, "/api/ticketing/v1/linked-accounts?page_size=100", None).await;
    assert_eq!(status, 200);
    let accounts = page["results"].as_array().unwrap();
    let account = accounts.iter().find(|account| account["integration"]["name"] == integration).unwrap();
    account["id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn s23_whether_all_is_there_is_answered_over_the_api() {
    let demo = Running::start(&[&["demo", "--json"][..], &SMALL].concat());
    let jira = account(&demo, "Jira").await;
    let desk = account(&demo, "Jira Service Management").await;
    let get = async |path: String| send(&demo, reqwest::Method::GET, &path, None).await;
    let post = async |path: String, body| send(&demo, reqwest::Method::POST, &path, body).await;

    let (status, whole) = get(format!("/v1/linked-accounts/{jira}/ledger")).await;
    assert_eq!(status, 200);
    let rows = whole["containers"]["results"].as_array().unwrap();
    assert_eq!(whole["totals"]["containers"], rows.iter().filter(|row| row["state"] == "listed").count());
    insta::assert_json_snapshot!(
        "ledger",
        shape(&json!({
            "totals": whole["totals"].as_object().unwrap().keys().collect::<Vec<_>>(),
            "members": whole.as_object().unwrap().keys().collect::<Vec<_>>(),
            "row": rows[0].as_object().unwrap().keys().collect::<Vec<_>>(),
            "reach": whole["reach"],
        }))
    );

    // Page by page it is the same.
    let (_, first) = get(format!("/v1/linked-accounts/{jira}/ledger?page_size=1")).await;
    let next = first["containers"]["next"].as_str().unwrap();
    let (_, second) = get(format!("/v1/linked-accounts/{jira}/ledger?page_size=1&cursor={next}")).await;
    assert_eq!(second["containers"]["results"][0]["id"], rows[1]["id"]);

    // A service management account sees its own projects alone.
    let (_, own) = get(format!("/v1/linked-accounts/{desk}/ledger")).await;
    let own = own["containers"]["results"].as_array().unwrap();
    assert!(!own.is_empty() && own.len() < rows.len());
    let other = rows.iter().find(|row| own.iter().all(|mine| mine["id"] != row["id"])).unwrap();

    let (status, asked) = post(format!("/v1/linked-accounts/{jira}/census"), None).await;
    assert_eq!((status, &asked["containers"]), (202, &whole["totals"]["containers"]));
    let one = json!({ "container": own[0]["id"] });
    let (status, asked) = post(format!("/v1/linked-accounts/{desk}/census"), Some(one)).await;
    assert_eq!((status, asked), (202, json!({ "containers": 1 })));
    let foreign = json!({ "container": other["id"] });
    assert_eq!(post(format!("/v1/linked-accounts/{desk}/census"), Some(foreign)).await.0, 404);
    assert_eq!(
        post(format!("/v1/linked-accounts/{jira}/census"), Some(json!({ "project": 1 }))).await.0,
        400
    );

    let accept = format!("/v1/linked-accounts/{jira}/reach/accept");
    assert_eq!(post(accept, None).await, (200, json!({ "was_reduced": false })));
    let nobody = "00000000-0000-0000-0000-000000000000";
    assert_eq!(get(format!("/v1/linked-accounts/{nobody}/ledger")).await.0, 404);
    assert_eq!(post(format!("/v1/linked-accounts/{nobody}/census"), None).await.0, 404);
    assert_eq!(get(format!("/v1/linked-accounts/{jira}/ledger?cursor=x")).await.0, 400);

    // What was asked for takes place with the next reading.
    for _ in 0..120 {
        let (_, ledger) = get(format!("/v1/linked-accounts/{jira}/ledger")).await;
        if ledger["totals"]["requested"] == 0 && ledger["totals"]["complete_as_of"].is_string() {
            assert_eq!(ledger["census"]["phase"], "done");
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    }
    panic!("no census was taken");
}

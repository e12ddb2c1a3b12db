//! The control plane's contract with other programs.

use std::time::Instant;

use linkspan_sandbox::{Options, Sandbox, StartError};
use serde_json::{Value, json};

use crate::support::{JIRA_SCOPES, Lab, answer, location, small, text};

#[tokio::test]
async fn info_has_exactly_the_contracts_members_with_an_admin_first() {
    let lab = Lab::start().await;
    let info = serde_json::to_value(&lab.info).unwrap();
    insta::assert_json_snapshot!(info, {
        ".origin" => "http://127.0.0.1:[port]", ".control_token" => "[token]", ".client_secret" => "[secret]",
        ".users[].api_token" => "[token]", ".users[1:]" => "[others]",
    });
    assert!(lab.info.users.len() >= 5 && lab.info.users[0].is_admin);
    assert_eq!(lab.control("GET", "info", Value::Null).await, info);
}

#[tokio::test]
async fn the_same_seed_gives_the_same_sandbox() {
    let (one, two) = (Lab::start().await, Lab::start().await);
    let other = Lab::with(Options { seed: 2, ..small() }).await;
    let told =
        |lab: &Lab| (lab.info.client_id.clone(), lab.info.control_token.clone(), lab.admin().to_owned());
    assert_eq!(told(&one), told(&two));
    assert_ne!(told(&one).0, told(&other).0);
}

#[tokio::test]
async fn every_control_endpoint_wants_the_control_token() {
    let lab = Lab::start().await;
    for (method, path) in [
        ("GET", "info"),
        ("POST", "token"),
        ("POST", "revoke"),
        ("POST", "clock"),
        ("POST", "faults"),
        ("DELETE", "faults"),
        ("GET", "settings"),
        ("GET", "stats"),
        ("DELETE", "stats"),
        ("GET", "reports"),
        ("POST", "accounts"),
        ("GET", "operations"),
        ("POST", "attachments"),
        ("POST", "mutate"),
        ("GET", "oracle/visible"),
        ("GET", "oracle/counts"),
    ] {
        let url = lab.url(&format!("/_sandbox/{path}"));
        let request = || lab.http.request(method.parse().unwrap(), &url).json(&json!({}));
        assert_eq!(request().send().await.unwrap().status(), 401, "{method} {path} without a token");
        assert_eq!(
            request().bearer_auth("wrong").send().await.unwrap().status(),
            401,
            "{method} {path} with a wrong one"
        );
    }
}

#[tokio::test]
async fn stats_count_requests_points_and_token_calls_since_the_last_reset() {
    let lab = Lab::start().await;
    let pair = lab.linked(&[]).await;
    let token = text(&pair, "access_token");
    lab.control("DELETE", "stats", Value::Null).await;
    lab.refresh(text(&pair, "refresh_token")).await;
    lab.resources(token).await;
    assert_eq!(lab.myself(token, 0).await, 200);
    assert_eq!(lab.myself("wrong", 0).await, 401);
    for path in ["/rest/api/2/issue/NOPE-1", "/rest/api/3/issue/NOPE-2", "/rest/api/3/nothing/here"] {
        let path = format!("/ex/jira/{}{path}", lab.site(0));
        assert_eq!(lab.get(&path).bearer_auth(token).send().await.unwrap().status(), 404);
    }
    insta::assert_json_snapshot!(lab.control("GET", "stats", Value::Null).await);
}

#[tokio::test]
async fn the_clock_moves_by_seconds_and_to_an_instant() {
    let lab = Lab::start().await;
    let moved = lab.control("POST", "clock", json!({ "set": "2027-01-01T00:00:00Z" })).await;
    assert!(text(&moved, "now").starts_with("2027-01-01T00:00:0"));
    let moved = lab.control("POST", "clock", json!({ "advance_seconds": 86_400 })).await;
    assert!(text(&moved, "now").starts_with("2027-01-02T00:00:0"));
    for bad in [
        json!({}),
        json!({ "advance_seconds": 1, "set": "2027-01-01T00:00:00Z" }),
        json!({ "set": "tomorrow" }),
        json!([]),
    ] {
        let request = lab.post("/_sandbox/clock").bearer_auth(&lab.info.control_token).json(&bad);
        assert_eq!(request.send().await.unwrap().status(), 400, "{bad}");
    }
}

#[tokio::test]
async fn a_token_order_names_what_is_wrong_with_it() {
    let lab = Lab::start().await;
    for (order, reason) in [
        (json!({ "account_id": "nobody" }), "`nobody` is not an active account"),
        (
            json!({ "account_id": lab.admin(), "scopes": ["read:everything"] }),
            "`read:everything` was not added",
        ),
        (json!({ "account_id": lab.admin(), "cloud_ids": ["x"] }), "no site has the cloud id `x`"),
        (json!({ "account_id": lab.admin(), "client_id": "x" }), "no app has the client id `x`"),
        (json!({ "scopes": [] }), "missing field `account_id`"),
    ] {
        let request = lab.post("/_sandbox/token").bearer_auth(&lab.info.control_token).json(&order);
        let (status, body) = answer(request.send().await.unwrap()).await;
        assert_eq!(status, 400);
        assert!(text(&body, "error").contains(reason), "{body}");
    }
}

#[tokio::test]
async fn an_ordered_token_refreshes_like_any_other() {
    let lab = Lab::start().await;
    let order = json!({ "account_id": lab.member(), "scopes": JIRA_SCOPES, "cloud_ids": [lab.site(0)] });
    let pair = lab.control("POST", "token", order).await;
    assert_eq!(lab.refresh(text(&pair, "refresh_token")).await.0, 200);
}

#[tokio::test]
async fn s1_the_oracle_shows_a_member_no_more_than_the_admin_and_strangers_least() {
    let lab = Lab::start().await;
    let mut seen = Vec::new();
    for account in [lab.admin(), lab.member(), "anonymous"] {
        let visible = lab.control("GET", &format!("oracle/visible?account_id={account}"), Value::Null).await;
        let members: Vec<&String> = visible.as_object().unwrap().keys().collect();
        assert_eq!(members, ["comments", "issues", "pages"]);
        assert!(visible["issues"].as_array().unwrap().iter().all(Value::is_string));
        seen.push(visible["issues"].as_array().unwrap().len() + visible["pages"].as_array().unwrap().len());
    }
    assert!(seen[0] > 0 && seen[0] >= seen[1] && seen[1] >= seen[2], "{seen:?}");
    let unknown = lab.get("/_sandbox/oracle/visible?account_id=nobody").bearer_auth(&lab.info.control_token);
    assert_eq!(unknown.send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn mutation_changes_what_exists_and_says_what_it_did() {
    let lab = Lab::start().await;
    let before = lab.control("GET", "oracle/counts", Value::Null).await;
    let order = json!({ "seed": 7, "count": 25, "kinds": ["create_issue", "comments"] });
    let first = lab.control("POST", "mutate", order.clone()).await;
    let made = first["mutations"].as_array().unwrap();
    assert_eq!((made.len(), &first["count"]), (25, &json!(25)));
    let members: Vec<&String> = made[0].as_object().unwrap().keys().collect();
    assert_eq!(members, ["by", "detail", "kind", "subject"]);
    let created = made.iter().filter(|change| change["kind"] == "create_issue").count() as u64;
    let after = lab.control("GET", "oracle/counts", Value::Null).await;
    assert!(created > 0);
    assert_eq!(after["issues"].as_u64().unwrap(), before["issues"].as_u64().unwrap() + created);
    let twin = Lab::start().await;
    assert_eq!(first, twin.control("POST", "mutate", order).await, "the same seed makes the same changes");
    for bad in [json!({ "kinds": ["explosions"] }), json!({ "count": 100_001 }), json!({ "count": -1 })] {
        let request = lab.post("/_sandbox/mutate").bearer_auth(&lab.info.control_token).json(&bad);
        assert_eq!(request.send().await.unwrap().status(), 400, "{bad}");
    }
}

#[tokio::test]
async fn settings_can_be_read_and_changed_member_by_member() {
    let lab = Lab::start().await;
    insta::assert_json_snapshot!(lab.control("GET", "settings", Value::Null).await);
    let changed = lab.control("POST", "settings", json!({ "latency_ms": 3 })).await;
    assert_eq!(changed["latency_ms"], 3);
    let bad =
        lab.post("/_sandbox/settings").bearer_auth(&lab.info.control_token).json(&json!({ "latency": 3 }));
    assert_eq!(bad.send().await.unwrap().status(), 400);
}

#[tokio::test]
async fn a_taken_address_is_an_error_that_says_what_to_do() {
    let lab = Lab::start().await;
    let refused = Sandbox::start(Options { listen: lab.handle.address(), ..small() }).await;
    let Err(StartError::Listen { .. }) = refused else { panic!("two sandboxes listen on one address") };
    let refused = Sandbox::start(Options { redirect_uri: "nowhere".into(), ..small() }).await;
    assert!(refused.unwrap_err().to_string().contains("`nowhere`"));
}

#[tokio::test]
async fn stopping_closes_the_address_and_the_defaults_start_well_under_two_seconds() {
    let started = Instant::now();
    let lab = Lab::with(Options::default()).await;
    assert!(
        started.elapsed().as_secs() < 10,
        "even an unoptimised build on a busy machine starts in {:?}",
        started.elapsed()
    );
    let address = lab.handle.address();
    lab.handle.stop().await;
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn a_declared_file_of_two_gigabytes_is_served_in_any_part_and_named_in_its_issue() {
    let lab = Lab::start().await;
    let size: u64 = 2 << 30;
    let admin = lab.administrator();
    let issue = admin.first("key is not EMPTY").await;
    let (id, key) = (text(&issue, "id").to_owned(), text(&issue, "key").to_owned());
    for named in [&id, &key] {
        let order = json!({ "issue": named, "filename": "big.bin", "size": size });
        let made = lab.control("POST", "attachments", order).await;
        let file = text(&made, "id");
        let fields = admin.get(&format!("/rest/api/3/issue/{id}?fields=attachment")).await;
        let listed = fields["fields"]["attachment"].as_array().unwrap();
        let listed = listed.iter().find(|it| it["id"] == *file).unwrap();
        assert_eq!((&listed["size"], &listed["filename"]), (&json!(size), &json!("big.bin")));
        let address = format!("/rest/api/3/attachment/content/{file}?redirect=false");
        let user = admin.user;
        let ranged = async |range: String| {
            let request = lab.get(&address).basic_auth(user.email, Some(user.api_token));
            request.header("Range", range).send().await.unwrap()
        };
        let last = ranged(format!("bytes={}-", size - 10)).await;
        assert_eq!(last.status(), 206);
        assert_eq!(last.headers()["content-range"], format!("bytes {}-{}/{size}", size - 10, size - 1));
        assert_eq!(last.bytes().await.unwrap(), ranged("bytes=-10".to_owned()).await.bytes().await.unwrap());
        assert_eq!(ranged(format!("bytes={size}-")).await.status(), 416);
        // The head of the whole says its length; its bytes are not waited for.
        let whole = lab.get(&address).basic_auth(user.email, Some(user.api_token)).send().await.unwrap();
        assert_eq!(whole.headers()["content-length"], size.to_string());
    }
}

#[tokio::test]
async fn a_declared_file_of_a_page_is_listed_and_downloaded() {
    let lab = Lab::start().await;
    let visible =
        lab.control("GET", &format!("oracle/visible?account_id={}", lab.admin()), Value::Null).await;
    let page = visible["pages"][0].as_str().unwrap();
    let order = json!({ "page": page, "filename": "film.mp4", "size": 100_000, "media_type": "video/mp4" });
    let made = lab.control("POST", "attachments", order).await;
    let admin = lab.administrator();
    let download = format!("/wiki/rest/api/content/{page}/child/attachment/{}/download", text(&made, "id"));
    let response = admin.call(http::Method::GET, &download, None).await;
    assert_eq!(response.status(), 302);
    let file = lab.http.get(location(&response)).header("Range", "bytes=99990-").send().await.unwrap();
    assert_eq!(
        (file.status().as_u16(), file.headers()["content-type"].to_str().unwrap()),
        (206, "video/mp4")
    );
    assert_eq!(file.bytes().await.unwrap().len(), 10);
}

#[tokio::test]
async fn a_file_that_cannot_be_declared_is_refused_with_the_reason() {
    let lab = Lab::start().await;
    for (order, status, reason) in [
        (json!({ "filename": "a", "size": 1 }), 400, "either `issue` or `page`"),
        (json!({ "issue": "1", "page": "1", "filename": "a", "size": 1 }), 400, "either `issue` or `page`"),
        (json!({ "issue": "1", "filename": "", "size": 1 }), 400, "`filename`"),
        (json!({ "issue": "1", "filename": "a", "size": u64::MAX }), 400, "`size` is at most"),
        (json!({ "issue": "NONE-1", "filename": "a", "size": 1 }), 404, "no issue `NONE-1`"),
        (json!({ "page": "0", "filename": "a", "size": 1 }), 404, "no page or blog post `0`"),
        (json!({ "issue": "1", "filename": "a", "size": 1, "account_id": "x" }), 404, "no account"),
        (json!({ "issue": "1", "filename": "a", "size": 1, "cloud_id": "x" }), 404, "no site"),
    ] {
        let request = lab.post("/_sandbox/attachments").bearer_auth(&lab.info.control_token).json(&order);
        let (answered, body) = answer(request.send().await.unwrap()).await;
        assert_eq!(answered, status, "{order}");
        assert!(text(&body, "error").contains(reason), "{body}");
    }
}

#[tokio::test]
async fn the_list_of_operations_is_the_one_of_the_library() {
    let lab = Lab::start().await;
    let told = lab.control("GET", "operations", Value::Null).await;
    let known = linkspan_sandbox::gateway::served_operations();
    assert_eq!(told, serde_json::to_value(&known).unwrap());
    assert_eq!(told[0].as_object().unwrap().keys().collect::<Vec<_>>(), ["operation", "served"]);
}

//! What customers see, and what is for agents only.

use serde_json::json;

use super::{Caller, customers, desks, text};
use crate::support::Lab;

#[tokio::test]
async fn p15_a_customer_sees_own_requests_and_their_public_side_alone() {
    let lab = Lab::with(desks()).await;
    let admin = Caller::admin(&lab).await;
    let desk = text(&admin.read("/servicedesk").await["values"][0]["id"]);
    let kind = text(&admin.read(&format!("/servicedesk/{desk}/requesttype")).await["values"][0]["id"]);
    let customers = customers(&lab);
    let customer = Caller::new(&lab, &customers[0]).await;
    let (status, raised) = customer
        .send(
            "POST",
            "/request",
            json!({ "serviceDeskId": desk, "requestTypeId": kind, "requestFieldValues": { "summary": "My crane", "description": "It *creaks*" } }),
        )
        .await;
    assert_eq!(status, 201, "{raised}");
    let id = text(&raised["issueId"]);
    let path = format!("/request/{id}/comment");
    for (body, public) in [("for everybody", true), ("between us", false)] {
        let (status, body) = admin.send("POST", &path, json!({ "body": body, "public": public })).await;
        assert_eq!(status, 201, "{body}");
    }
    assert_eq!(customer.read(&path).await["size"], 1);
    assert_eq!(admin.read(&path).await["size"], 2);
    let (status, _) = customer.send("POST", &path, json!({ "body": "x", "public": false })).await;
    assert_eq!(status, 403, "customers write public comments only");
    let whole = customer.read(&format!("/request/{id}?expand=comment,sla,participant,action")).await;
    assert_eq!(whole["comments"]["size"], 1);
    assert!(whole.get("sla").is_none(), "clocks are for agents");
    assert_eq!(whole["actions"]["addParticipant"]["allowed"], true);
    let own = customer.walk("/request?requestOwnership=OWNED_REQUESTS", 50).await;
    assert!(own.iter().any(|it| it["issueId"] == raised["issueId"]));
    let stranger = Caller::new(&lab, &customers[1]).await;
    assert_eq!(stranger.get(&format!("/request/{id}")).await.0, 404);
    assert_eq!(stranger.read(&path).await["size"], 0, "no access is an empty page, not an error");
    let others = stranger.walk("/request", 100).await;
    assert!(!others.iter().any(|it| it["issueId"] == raised["issueId"]));
}

#[tokio::test]
async fn g1_the_pictures_of_an_account_are_those_of_the_platform_and_gone_once_it_is_closed() {
    let lab = Lab::with(desks()).await;
    let admin = Caller::admin(&lab).await;
    let requests = admin.walk("/request?requestOwnership=ALL_REQUESTS", 100).await;
    let request = requests.iter().find(|request| request["reporter"].is_object()).unwrap();
    let reporter = text(&request["reporter"]["accountId"]);
    let pictures = request["reporter"]["_links"]["avatarUrls"].clone();
    for size in ["16x16", "24x24", "32x32", "48x48"] {
        assert!(text(&pictures[size]).contains(&reporter), "{pictures}");
    }
    let issue = admin.issue(&text(&request["issueId"])).await;
    assert_eq!(issue["fields"]["reporter"]["avatarUrls"], pictures);
    let others = requests.iter().map(|it| &it["reporter"]).filter(|it| it["accountId"] != reporter.as_str());
    assert!(others.map(|it| &it["_links"]["avatarUrls"]).all(|it| *it != pictures));

    lab.control("POST", "accounts", json!({ "account_id": reporter, "status": "closed" })).await;
    let own = text(&pictures["48x48"]);
    for path in ["/request?requestOwnership=ALL_REQUESTS&expand=participant,comment", "/organization"] {
        let page = admin.read(path).await;
        assert!(!page.to_string().contains(&own), "{path}");
    }
    let after = admin.read(&format!("/request/{}", text(&request["issueId"]))).await;
    assert!(text(&after["reporter"]["_links"]["avatarUrls"]["48x48"]).contains("default-avatar"));
}

#[tokio::test]
async fn what_is_for_agents_is_refused_to_customers() {
    let lab = Lab::with(desks()).await;
    let admin = Caller::admin(&lab).await;
    let desk = text(&admin.read("/servicedesk").await["values"][0]["id"]);
    let customer = Caller::new(&lab, &customers(&lab)[0]).await;
    for path in [
        "/organization".to_owned(),
        "/organization/1".to_owned(),
        "/organization/1/user".to_owned(),
        "/organization/1/property".to_owned(),
        format!("/servicedesk/{desk}/organization"),
        format!("/servicedesk/{desk}/customer"),
        format!("/servicedesk/{desk}/queue"),
        format!("/servicedesk/{desk}/queue/11/issue"),
    ] {
        let (status, body) = customer.get(&path).await;
        assert_eq!(status, 403, "{path}: {body}");
    }
    for (method, path, body) in [
        ("POST", "/organization".to_owned(), json!({ "name": "Mine" })),
        ("POST", "/customer".to_owned(), json!({ "email": "x@example.org" })),
        ("POST", format!("/servicedesk/{desk}/customer"), json!({ "accountIds": [customer.account_id] })),
    ] {
        assert_eq!(customer.send(method, &path, body).await.0, 403, "{method} {path}");
    }
    for path in [format!("/servicedesk/{desk}/requesttype"), format!("/servicedesk/{desk}/requesttypegroup")]
    {
        assert!(!customer.walk(&path, 50).await.is_empty(), "the portal shows {path}");
    }
}

#[tokio::test]
async fn articles_are_pages_that_the_caller_may_read() {
    let lab = Lab::with(desks()).await;
    let admin = Caller::admin(&lab).await;
    assert_eq!(admin.get("/knowledgebase/article").await.0, 400, "a query is required");
    let all = admin.walk("/knowledgebase/article?query=the", 50).await;
    assert!(!all.is_empty());
    let token = &admin.token;
    for article in all.iter().take(5) {
        let page = text(&article["source"]["pageId"]);
        let path = format!("/ex/confluence/{}/wiki/api/v2/pages/{page}", lab.site(0));
        let response = lab.get(&path).bearer_auth(token).send().await.unwrap();
        assert_eq!(response.status(), 200, "{article}");
    }
    let customer = Caller::new(&lab, &customers(&lab)[0]).await;
    let open = customer.walk("/knowledgebase/article?query=the", 50).await;
    assert!(open.len() <= all.len());
    let marked = admin.read("/knowledgebase/article?query=the&highlight=true").await;
    assert!(marked.to_string().contains("@@@hl@@@"), "{marked}");
}

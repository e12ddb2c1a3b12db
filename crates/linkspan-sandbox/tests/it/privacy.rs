//! Closed and renamed accounts, wherever their names stand.

use serde_json::{Value, json};

use crate::support::{Lab, answer, small};
use linkspan_sandbox::Options;

/// Everything that shows people, read with every scope by an administrator: one text per path.
async fn everything(lab: &Lab, token: &str) -> Vec<(String, String)> {
    let mut texts = Vec::new();
    let jira = |path: &str| format!("/ex/jira/{}{path}", lab.site(0));
    let wiki = |path: &str| format!("/ex/confluence/{}/wiki{path}", lab.site(0));
    let mut paths = vec![
        jira("/rest/api/3/search/jql?jql=created%3E0&fields=*all&expand=changelog&maxResults=100"),
        jira("/rest/api/2/search/jql?jql=created%3E0&fields=*all&expand=changelog&maxResults=100"),
        jira("/rest/api/3/users/search?maxResults=100"),
        jira("/rest/api/3/project/search?expand=lead"),
        jira(
            "/rest/servicedeskapi/request?requestOwnership=ALL_REQUESTS&expand=participant,comment&limit=100",
        ),
        wiki("/rest/api/audit?limit=1000"),
        wiki("/rest/api/relation/favourite/from/user/current/to/space?limit=100"),
        wiki("/api/v2/spaces?limit=250&description-format=plain"),
        wiki("/api/v2/pages?limit=250&body-format=atlas_doc_format"),
        wiki("/api/v2/blogposts?limit=250&body-format=atlas_doc_format"),
        wiki("/api/v2/footer-comments?limit=100&body-format=atlas_doc_format"),
        wiki("/rest/api/search?cql=type%3Dspace&limit=100"),
        wiki("/rest/api/search/user?cql=type%3Duser&limit=100"),
    ];
    let issues = read(lab, token, &paths[0]).await;
    let issues: Value = serde_json::from_str(&issues).unwrap();
    for issue in issues["issues"].as_array().unwrap() {
        let id = issue["id"].as_str().unwrap();
        for version in [2, 3] {
            paths.push(jira(&format!("/rest/api/{version}/issue/{id}/changelog")));
            paths.push(jira(&format!("/rest/api/{version}/issue/{id}/comment")));
            paths.push(jira(&format!("/rest/api/{version}/issue/{id}/worklog")));
        }
    }
    for path in paths {
        let text = read(lab, token, &path).await;
        texts.push((path, text));
    }
    texts
}

async fn read(lab: &Lab, token: &str, path: &str) -> String {
    let response = lab.get(path).bearer_auth(token).send().await.unwrap();
    assert_eq!(response.status(), 200, "{path}");
    response.text().await.unwrap()
}

/// A comment and a page that mention somebody by the name of today.
async fn mention(lab: &Lab, token: &str, account_id: &str, name: &str) {
    let node = json!({ "type": "mention", "attrs": { "id": account_id, "text": format!("@{name}") } });
    let adf = json!({ "type": "doc", "version": 1, "content": [{ "type": "paragraph", "content": [node] }] });
    let jira = format!("/ex/jira/{}/rest/api/3", lab.site(0));
    let issues = read(lab, token, &format!("{jira}/search/jql?jql=created%3E0&maxResults=1")).await;
    let issues: Value = serde_json::from_str(&issues).unwrap();
    let path = format!("{jira}/issue/{}/comment", issues["issues"][0]["id"].as_str().unwrap());
    let made = lab.post(&path).bearer_auth(token).json(&json!({ "body": adf })).send().await.unwrap();
    assert_eq!(made.status(), 201);
    let wiki = format!("/ex/confluence/{}/wiki/api/v2", lab.site(0));
    let spaces: Value = serde_json::from_str(&read(lab, token, &format!("{wiki}/spaces")).await).unwrap();
    let page = json!({
        "spaceId": spaces["results"][0]["id"], "status": "current", "title": "Who did it",
        "body": { "representation": "atlas_doc_format", "value": adf.to_string() },
    });
    let made = lab.post(&format!("{wiki}/pages")).bearer_auth(token).json(&page).send().await.unwrap();
    assert_eq!(made.status(), 200);
}

fn places<'a>(texts: &'a [(String, String)], wanted: &str) -> Vec<&'a str> {
    let found = texts.iter().filter(|(_, text)| text.contains(wanted));
    found.map(|(path, _)| path.as_str()).collect()
}

#[tokio::test]
async fn g1_a_closed_accounts_name_and_address_are_nowhere_and_a_new_name_is_everywhere_the_old_one_was() {
    let lab = Lab::with(Options { issues: 40, pages: 40, spaces: 9, users: 6, ..small() }).await;
    let order = json!({ "account_id": lab.admin() });
    let issued = lab.control("POST", "token", order).await;
    let token = issued["access_token"].as_str().unwrap();
    let spaces = format!("/ex/confluence/{}/wiki/api/v2/spaces?type=personal", lab.site(0));
    let spaces: Value = serde_json::from_str(&read(&lab, token, &spaces).await).unwrap();
    let owns = |name: &str| spaces["results"].as_array().unwrap().iter().any(|space| space["name"] == name);
    let user = lab
        .info
        .users
        .iter()
        .find(|user| user.account_id != lab.admin() && owns(&user.display_name))
        .unwrap();
    mention(&lab, token, &user.account_id, &user.display_name).await;
    let before = everything(&lab, token).await;
    let named = places(&before, &user.display_name);
    for kind in ["changelog", "/api/v2/spaces", "/api/v2/pages", "search/jql", "users/search", "search/user"]
    {
        assert!(named.iter().any(|path| path.contains(kind)), "the name stands in no {kind}");
    }

    let renamed = json!({ "account_id": user.account_id, "status": "updated", "name": "Quilla Umbrava" });
    lab.control("POST", "accounts", renamed).await;
    let after = everything(&lab, token).await;
    assert_eq!(places(&after, &user.display_name), Vec::<&str>::new());
    assert_eq!(places(&after, "Quilla Umbrava"), named);

    lab.control("POST", "accounts", json!({ "account_id": user.account_id, "status": "closed" })).await;
    let gone = everything(&lab, token).await;
    for trace in ["Quilla Umbrava", "Quilla", &user.display_name, &user.email] {
        assert_eq!(places(&gone, trace), Vec::<&str>::new(), "{trace}");
    }
    assert!(!places(&gone, "Former user").is_empty());
}

#[tokio::test]
async fn an_update_without_a_name_makes_one_up_and_a_name_belongs_to_updates_alone() {
    let lab = Lab::start().await;
    let token = lab.token(lab.admin(), "read:jira-user").await;
    let path = format!("/ex/jira/{}/rest/api/3/user?accountId={}", lab.site(0), lab.member());
    let name = async || {
        let (status, body) = answer(lab.get(&path).bearer_auth(&token).send().await.unwrap()).await;
        assert_eq!(status, 200, "{body}");
        body["displayName"].as_str().unwrap().to_owned()
    };
    let old = name().await;
    lab.control("POST", "accounts", json!({ "account_id": lab.member(), "status": "updated" })).await;
    assert_ne!(name().await, old);
    for bad in [
        json!({ "account_id": lab.member(), "status": "closed", "name": "X" }),
        json!({ "account_id": lab.member(), "status": "updated", "name": " " }),
    ] {
        let request = lab.post("/_sandbox/accounts").bearer_auth(&lab.info.control_token).json(&bad);
        assert_eq!(request.send().await.unwrap().status(), 400, "{bad}");
    }
}

//! What each person is shown equals what the world's oracle says they can see.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};

use super::{Person, ids, sorted, varied};
use crate::support::Lab;

async fn visible(lab: &Lab, person: &Person<'_>) -> BTreeSet<String> {
    let answer =
        lab.control("GET", &format!("oracle/visible?account_id={}", person.account_id), Value::Null).await;
    let pages = answer["pages"].as_array().unwrap().iter();
    pages.map(|id| id.as_str().map_or_else(|| id.to_string(), str::to_owned)).collect()
}

/// Ids of the current pages and blog posts of the spaces that are not archived.
async fn listed(person: &Person<'_>) -> BTreeSet<String> {
    let spaces = person.walk("/wiki/api/v2/spaces?status=current&limit=250").await;
    let spaces: BTreeSet<String> = ids(&spaces).into_iter().collect();
    let mut entries = person.walk("/wiki/api/v2/pages?status=current&limit=250").await;
    entries.extend(person.walk("/wiki/api/v2/blogposts?limit=250").await);
    entries.retain(|entry| spaces.contains(entry["spaceId"].as_str().unwrap()));
    ids(&entries).into_iter().collect()
}

#[tokio::test]
async fn p1_lists_single_reads_and_search_show_what_the_oracle_says() {
    let lab = Lab::with(varied()).await;
    let everybody = Person::everybody(&lab);
    let mut all = BTreeSet::new();
    for person in &everybody {
        all.extend(visible(&lab, person).await);
    }
    let mut distinct = BTreeSet::new();
    for person in &everybody {
        let expected = visible(&lab, person).await;
        assert_eq!(listed(person).await, expected, "lists for {}", person.account_id);
        let found =
            person.walk_v1("/wiki/rest/api/content/search?cql=type+in+(page,blogpost)&limit=200").await;
        assert_eq!(
            ids(&found).into_iter().collect::<BTreeSet<_>>(),
            expected,
            "search for {}",
            person.account_id
        );
        for id in all.iter().step_by(7) {
            let statuses = [
                person.get(&format!("/wiki/api/v2/pages/{id}")).await.0,
                person.get(&format!("/wiki/api/v2/blogposts/{id}")).await.0,
            ];
            assert_eq!(statuses.contains(&200), expected.contains(id), "{id} for {}", person.account_id);
            let (status, _) = person.get(&format!("/wiki/rest/api/content/{id}/restriction")).await;
            assert_eq!(
                status == 200,
                expected.contains(id),
                "restrictions of {id} for {}",
                person.account_id
            );
        }
        distinct.insert(expected);
    }
    assert!(distinct.len() > 1, "everybody sees the same");
}

#[tokio::test]
async fn p1_comments_and_files_are_shown_with_their_container_only() {
    let lab = Lab::with(varied()).await;
    for person in Person::everybody(&lab) {
        let mut containers: BTreeSet<String> =
            ids(&person.walk("/wiki/api/v2/pages?limit=250").await).into_iter().collect();
        containers.extend(ids(&person.walk("/wiki/api/v2/blogposts?limit=250").await));
        let notes = "/wiki/api/v2/custom-content?type=ac:com.example.docs:note&limit=250";
        containers.extend(ids(&person.walk(notes).await));
        for list in ["footer-comments", "inline-comments", "attachments"] {
            for sort in ["", "sort=-modified-date&"] {
                let entries = person.walk(&format!("/wiki/api/v2/{list}?{sort}limit=250")).await;
                for entry in &entries {
                    let container = ["pageId", "blogPostId", "customContentId"]
                        .iter()
                        .find_map(|member| entry[*member].as_str())
                        .unwrap();
                    assert!(containers.contains(container), "{list}: {entry}");
                }
            }
            let plain = sorted(ids(&person.walk(&format!("/wiki/api/v2/{list}?limit=250")).await));
            let by_date =
                sorted(ids(&person.walk(&format!("/wiki/api/v2/{list}?sort=created-date&limit=250")).await));
            assert_eq!(plain, by_date, "{list}");
        }
    }
}

#[tokio::test]
async fn s13_trashed_and_archived_pages_are_found_by_their_status_and_nowhere_else() {
    let lab = Lab::with(varied()).await;
    let admin = Person::admin(&lab);
    let space = admin.read("/wiki/api/v2/spaces?limit=1").await["results"][0].clone();
    let (space, home) =
        (space["id"].as_str().unwrap().to_owned(), space["homepageId"].as_str().unwrap().to_owned());
    let pages = admin.walk(&format!("/wiki/api/v2/spaces/{space}/pages?status=current&limit=250")).await;
    let victim = ids(&pages).into_iter().find(|id| *id != home).unwrap();
    assert_eq!(
        admin.send(Method::DELETE, &format!("/wiki/api/v2/pages/{victim}"), &Value::Null).await.0,
        204
    );
    assert_eq!(admin.get(&format!("/wiki/api/v2/pages/{victim}")).await.0, 404);
    let trashed = admin.read(&format!("/wiki/api/v2/pages/{victim}?status=trashed")).await;
    assert_eq!(trashed["status"], "trashed");
    assert!(ids(&admin.walk("/wiki/api/v2/pages?status=trashed&limit=250").await).contains(&victim));
    assert!(!ids(&admin.walk("/wiki/api/v2/pages?limit=250").await).contains(&victim));
    let found = admin.read(&format!("/wiki/rest/api/content/search?cql=id={victim}")).await;
    assert_eq!(found["size"], 0);
    assert_eq!(
        admin.send(Method::DELETE, &format!("/wiki/api/v2/pages/{victim}?purge=true"), &Value::Null).await.0,
        204
    );
    assert_eq!(admin.get(&format!("/wiki/api/v2/pages/{victim}?status=trashed")).await.0, 404);
    assert!(!ids(&admin.walk("/wiki/api/v2/pages?status=trashed,deleted&limit=250").await).contains(&victim));
    for page in admin.walk("/wiki/api/v2/pages?limit=250").await {
        assert!(["current", "archived"].contains(&page["status"].as_str().unwrap()), "{page}");
    }
}

#[tokio::test]
async fn drafts_are_shown_to_their_author_only() {
    let lab = Lab::with(varied()).await;
    let everybody = Person::everybody(&lab);
    let author = &everybody[0];
    let space = author.read("/wiki/api/v2/spaces?limit=1").await["results"][0]["id"].clone();
    let draft = json!({ "spaceId": space, "status": "draft", "title": "Not yet", "body": { "representation": "storage", "value": "<p>x</p>" } });
    let (status, created) = author.send(Method::POST, "/wiki/api/v2/pages", &draft).await;
    assert_eq!((status, &created["status"]), (200, &json!("draft")), "{created}");
    let id = created["id"].as_str().unwrap();
    assert_eq!(author.get(&format!("/wiki/api/v2/pages/{id}")).await.0, 404, "a draft is asked for as such");
    for (position, person) in everybody.iter().enumerate() {
        let (status, _) = person.get(&format!("/wiki/api/v2/pages/{id}?get-draft=true")).await;
        assert_eq!(status, if position == 0 { 200 } else { 404 }, "{}", person.account_id);
    }
}

#[tokio::test]
async fn p12_a_restriction_set_now_hides_now() {
    let lab = Lab::with(varied()).await;
    let everybody = Person::everybody(&lab);
    let (admin, other) = (&everybody[0], &everybody[1]);
    let shared: Vec<String> =
        visible(&lab, admin).await.intersection(&visible(&lab, other).await).cloned().collect();
    let mut page = None;
    for id in &shared {
        if admin.get(&format!("/wiki/api/v2/pages/{id}/direct-children")).await.1["results"]
            .as_array()
            .is_some_and(|children| !children.is_empty())
        {
            let operations = admin.read(&format!("/wiki/api/v2/pages/{id}/operations")).await;
            let may_update = operations["operations"]
                .as_array()
                .unwrap()
                .iter()
                .any(|operation| operation["operation"] == "update");
            if may_update {
                page = Some(id.clone());
                break;
            }
        }
    }
    let page = page.expect("a page with children that the administrator may edit");
    let restriction = json!([{ "operation": "read", "restrictions": { "user": [{ "type": "known", "accountId": admin.account_id }], "group": [] } }]);
    let (status, body) =
        admin.send(Method::PUT, &format!("/wiki/rest/api/content/{page}/restriction"), &restriction).await;
    assert_eq!(status, 200, "{body}");
    assert_eq!(other.get(&format!("/wiki/api/v2/pages/{page}")).await.0, 404);
    let below = admin.walk(&format!("/wiki/api/v2/pages/{page}/descendants?depth=10&limit=250")).await;
    for child in ids(&below) {
        let (status, _) = other.get(&format!("/wiki/rest/api/content/{child}/restriction")).await;
        assert_eq!(status, 404, "{child} is below a restricted page");
    }
    assert_eq!(listed(other).await, visible(&lab, other).await);
}

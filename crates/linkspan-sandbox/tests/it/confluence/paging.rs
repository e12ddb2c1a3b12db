//! Every list, walked to its end in small steps, holds what one large answer holds.

use serde_json::Value;

use super::{Person, ids, varied};
use crate::support::Lab;

/// Lists of every family with something in them; `{page}` and the like stand for ids of this site.
async fn families(admin: &Person<'_>) -> Vec<String> {
    let spaces = admin.walk("/wiki/api/v2/spaces?limit=250").await;
    let space = spaces[0]["id"].as_str().unwrap();
    let home = spaces[0]["homepageId"].as_str().unwrap();
    let comments = admin.walk("/wiki/api/v2/footer-comments?limit=250").await;
    let page = comments.iter().find_map(|comment| comment["pageId"].as_str()).unwrap();
    let root = comments.iter().find_map(|comment| comment["parentCommentId"].as_str()).unwrap();
    let mut liked = home.to_owned();
    for page in ids(&admin.walk("/wiki/api/v2/pages?limit=250").await).into_iter().take(60) {
        let count = admin.read(&format!("/wiki/api/v2/pages/{page}/likes/count")).await["count"].as_u64();
        if count.is_some_and(|count| count > 1) {
            liked = page;
        }
    }
    let property = serde_json::json!({ "key": "com.example.paging", "value": 1 });
    let path = format!("/wiki/api/v2/pages/{home}/properties");
    assert_eq!(admin.send(http::Method::POST, &path, &property).await.0, 200);
    let lists = [
        "/wiki/api/v2/spaces?".to_owned(),
        "/wiki/api/v2/spaces?sort=-name&".to_owned(),
        "/wiki/api/v2/spaces?sort=key&".to_owned(),
        format!("/wiki/api/v2/spaces/{space}/permissions?"),
        format!("/wiki/api/v2/spaces/{space}/pages?"),
        format!("/wiki/api/v2/spaces/{space}/pages?depth=root&"),
        format!("/wiki/api/v2/spaces/{space}/content/labels?"),
        "/wiki/api/v2/space-permissions?".to_owned(),
        "/wiki/api/v2/pages?".to_owned(),
        "/wiki/api/v2/pages?sort=-modified-date&".to_owned(),
        "/wiki/api/v2/pages?sort=created-date&".to_owned(),
        "/wiki/api/v2/pages?sort=title&".to_owned(),
        "/wiki/api/v2/pages?sort=-id&".to_owned(),
        "/wiki/api/v2/pages?status=current&".to_owned(),
        format!("/wiki/api/v2/pages?space-id={space}&"),
        "/wiki/api/v2/blogposts?sort=modified-date&".to_owned(),
        "/wiki/api/v2/attachments?".to_owned(),
        "/wiki/api/v2/attachments?sort=-modified-date&".to_owned(),
        "/wiki/api/v2/attachments?mediaType=image/png&".to_owned(),
        "/wiki/api/v2/footer-comments?".to_owned(),
        "/wiki/api/v2/footer-comments?sort=-modified-date&".to_owned(),
        "/wiki/api/v2/inline-comments?".to_owned(),
        "/wiki/api/v2/inline-comments?sort=created-date&".to_owned(),
        format!("/wiki/api/v2/footer-comments/{root}/children?"),
        format!("/wiki/api/v2/pages/{page}/footer-comments?"),
        format!("/wiki/api/v2/pages/{home}/children?"),
        format!("/wiki/api/v2/pages/{home}/direct-children?sort=-title&"),
        format!("/wiki/api/v2/pages/{home}/descendants?depth=10&"),
        "/wiki/api/v2/labels?".to_owned(),
        "/wiki/api/v2/tasks?".to_owned(),
        "/wiki/api/v2/tasks?status=complete&".to_owned(),
        "/wiki/api/v2/custom-content?type=ac:com.example.docs:note&".to_owned(),
        "/wiki/api/v2/custom-content?type=ac:com.example.docs:note&sort=-modified-date&".to_owned(),
        format!("/wiki/api/v2/pages/{home}/properties?"),
        format!("/wiki/api/v2/pages/{liked}/likes/users?"),
        "/wiki/api/v2/labels?sort=-name&".to_owned(),
    ];
    lists.to_vec()
}

/// What tells entries apart: not every list has ids.
fn keys(entries: &[Value]) -> Vec<String> {
    entries
        .iter()
        .map(|entry| entry["id"].as_str().map_or_else(|| entry.to_string(), str::to_owned))
        .collect()
}

#[tokio::test]
async fn s6_every_v2_list_walked_in_small_steps_holds_what_one_answer_holds() {
    let lab = Lab::with(varied()).await;
    let admin = Person::admin(&lab);
    for list in families(&admin).await {
        let whole = keys(&admin.walk(&format!("{list}limit=250")).await);
        assert!(!whole.is_empty(), "{list} is empty");
        // One by one where the list is short; a long one takes sixty steps, which meet as many page borders.
        for limit in [whole.len() / 60 + 1, whole.len() / 30 + 7] {
            assert_eq!(
                keys(&admin.walk(&format!("{list}limit={limit}")).await),
                whole,
                "{list}limit={limit}"
            );
        }
        let mut distinct = whole.clone();
        distinct.sort();
        distinct.dedup();
        assert_eq!(distinct.len(), whole.len(), "{list} repeats entries");
    }
}

#[tokio::test]
async fn s6_every_v1_list_walked_in_small_steps_holds_what_one_answer_holds() {
    let lab = Lab::with(varied()).await;
    let admin = Person::admin(&lab);
    let group = admin.read("/wiki/rest/api/group").await["results"][0]["id"].as_str().unwrap().to_owned();
    for list in [
        "/wiki/rest/api/content/search?cql=type+in+(page,blogpost,comment,attachment)+order+by+lastmodified+desc".to_owned(),
        "/wiki/rest/api/search?cql=type%3Dpage".to_owned(),
        "/wiki/rest/api/search?cql=type%3Dspace+order+by+title".to_owned(),
        "/wiki/rest/api/search/user?cql=type%3Duser".to_owned(),
        "/wiki/rest/api/group?x=y".to_owned(),
        format!("/wiki/rest/api/group/{group}/membersByGroupId?x=y"),
        "/wiki/rest/api/content?type=page".to_owned(),
        "/wiki/rest/api/space?x=y".to_owned(),
    ] {
        let whole = admin.walk_v1(&format!("{list}&limit=200")).await;
        assert!(!whole.is_empty(), "{list} is empty");
        let limit = whole.len() / 9 + 1;
        assert_eq!(admin.walk_v1(&format!("{list}&limit={limit}")).await, whole, "{list}");
    }
}

#[tokio::test]
async fn orders_are_what_they_say() {
    let lab = Lab::with(varied()).await;
    let admin = Person::admin(&lab);
    let pages = admin.walk("/wiki/api/v2/pages?sort=-modified-date&limit=50").await;
    let dates: Vec<&str> = pages.iter().map(|page| page["version"]["createdAt"].as_str().unwrap()).collect();
    assert!(dates.is_sorted_by(|left, right| left >= right), "{dates:?}");
    let pages = admin.walk("/wiki/api/v2/pages?sort=title&limit=50").await;
    let titles: Vec<String> =
        pages.iter().map(|page| page["title"].as_str().unwrap().to_lowercase()).collect();
    assert!(titles.is_sorted(), "{titles:?}");
    let numbers: Vec<u64> =
        ids(&admin.walk("/wiki/api/v2/pages?limit=50").await).iter().map(|id| id.parse().unwrap()).collect();
    assert!(numbers.is_sorted(), "pages come by id unless told otherwise");
}

#[tokio::test]
async fn list_parameters_may_be_repeated_or_joined() {
    let lab = Lab::with(varied()).await;
    let admin = Person::admin(&lab);
    let pages = ids(&admin.walk("/wiki/api/v2/pages?limit=250").await);
    let (one, two, three) = (&pages[0], &pages[1], &pages[2]);
    let expected = vec![one.clone(), two.clone(), three.clone()];
    for query in [
        format!("id={one},{two},{three}"),
        format!("id={one}&id={two}&id={three}"),
        format!("id={one}&id={two}%2C{three}"),
        format!("id[]={one}&id[]={two},{three}"),
    ] {
        assert_eq!(ids(&admin.walk(&format!("/wiki/api/v2/pages?{query}")).await), expected, "{query}");
    }
}

#[tokio::test]
async fn a_page_added_or_removed_between_two_requests_neither_repeats_nor_hides_others() {
    let lab = Lab::with(varied()).await;
    let admin = Person::admin(&lab);
    let before = ids(&admin.walk("/wiki/api/v2/pages?status=current&limit=250").await);
    let first = admin.read("/wiki/api/v2/pages?status=current&limit=5").await;
    let seen = ids(first["results"].as_array().unwrap());
    let victim = seen.iter().rev().find(|id| *id != &before[0]).unwrap();
    let (status, body) =
        admin.send(http::Method::DELETE, &format!("/wiki/api/v2/pages/{victim}"), &Value::Null).await;
    assert_eq!(status, 204, "{body}");
    let rest = ids(&admin.walk(first["_links"]["next"].as_str().unwrap()).await);
    let together: Vec<String> = seen.into_iter().chain(rest).collect();
    assert_eq!(together, before);
}

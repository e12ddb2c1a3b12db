//! CQL search over HTTP.

use serde_json::{Value, json};

use super::{Person, ids, sorted, varied};
use crate::support::Lab;

fn encoded(cql: &str) -> String {
    form_urlencoded::byte_serialize(cql.as_bytes()).collect()
}

/// Ids of everything a query finds.
async fn found(person: &Person<'_>, cql: &str) -> Vec<String> {
    ids(&person.walk_v1(&format!("/wiki/rest/api/content/search?limit=200&cql={}", encoded(cql))).await)
}

/// Ids of the current pages for which `holds`, in spaces that are not archived.
async fn pages_where(person: &Person<'_>, holds: impl Fn(&Value) -> bool) -> Vec<String> {
    let spaces = ids(&person.walk("/wiki/api/v2/spaces?status=current&limit=250").await);
    let pages = person.walk("/wiki/api/v2/pages?status=current&limit=250").await;
    let wanted = pages
        .iter()
        .filter(|page| spaces.contains(&page["spaceId"].as_str().unwrap().to_owned()) && holds(page));
    sorted(ids(&wanted.cloned().collect::<Vec<_>>()))
}

#[tokio::test]
async fn each_field_finds_what_v2_shows() {
    let lab = Lab::with(varied()).await;
    let admin = Person::admin(&lab);
    let space = admin.read("/wiki/api/v2/spaces?limit=1").await["results"][0].clone();
    let (key, space_id, home) = (
        space["key"].as_str().unwrap(),
        space["id"].as_str().unwrap(),
        space["homepageId"].as_str().unwrap(),
    );
    let pages = admin.walk(&format!("/wiki/api/v2/spaces/{space_id}/pages?status=current&limit=250")).await;
    let sample = &pages[pages.len() / 2];
    let (title, author) = (sample["title"].as_str().unwrap(), sample["authorId"].as_str().unwrap());

    assert_eq!(sorted(found(&admin, "type=page").await), pages_where(&admin, |_| true).await);
    assert_eq!(
        sorted(found(&admin, &format!("type=page and space={key}")).await),
        pages_where(&admin, |page| page["spaceId"] == space_id).await
    );
    assert_eq!(
        sorted(found(&admin, &format!("type=page and space not in ({key})")).await),
        pages_where(&admin, |page| page["spaceId"] != space_id).await
    );
    assert_eq!(
        sorted(found(&admin, &format!("type=page and creator=\"{author}\"")).await),
        pages_where(&admin, |page| page["authorId"] == author).await
    );
    let same_title =
        pages_where(&admin, |page| page["title"].as_str().unwrap().eq_ignore_ascii_case(title)).await;
    assert_eq!(sorted(found(&admin, &format!("type=page and title={}", json!(title))).await), same_title);
    assert!(
        found(&admin, &format!("type=page and title ~ {}", json!(title)))
            .await
            .contains(&sample["id"].as_str().unwrap().to_owned())
    );
    assert_eq!(
        sorted(found(&admin, &format!("type=page and parent={home}")).await),
        pages_where(&admin, |page| page["parentId"] == home).await
    );
    let below = admin.walk(&format!("/wiki/api/v2/pages/{home}/descendants?depth=10&limit=250")).await;
    let below: Vec<String> = below
        .iter()
        .filter(|child| child["type"] == "page" && child["status"] == "current")
        .map(|child| child["id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(sorted(found(&admin, &format!("type=page and ancestor={home}")).await), sorted(below));
    let (one, two) = (pages[0]["id"].as_str().unwrap(), pages[1]["id"].as_str().unwrap());
    assert_eq!(
        sorted(found(&admin, &format!("id in ({one}, {two})")).await),
        sorted(vec![one.to_owned(), two.to_owned()])
    );
    assert_eq!(found(&admin, "creator=\"nobody\" and type=page").await, Vec::<String>::new());
    assert_eq!(found(&admin, "space=NOSUCHSPACE").await, Vec::<String>::new());
    let mut nodes: std::collections::BTreeMap<String, Vec<String>> = std::collections::BTreeMap::new();
    for space in admin.walk("/wiki/api/v2/spaces?status=current&limit=250").await {
        let Some(home) = space["homepageId"].as_str() else { continue };
        let path = format!("/wiki/api/v2/pages/{home}/descendants?depth=10&limit=250");
        for node in admin.walk(&path).await {
            let kind = node["type"].as_str().unwrap().to_owned();
            nodes.entry(kind).or_default().push(node["id"].as_str().unwrap().to_owned());
        }
    }
    for kind in ["whiteboard", "database", "embed"] {
        assert!(nodes[kind].len() > 5, "{kind}");
        assert_eq!(
            sorted(found(&admin, &format!("type={kind}")).await),
            sorted(nodes[kind].clone()),
            "{kind}"
        );
    }

    let label = admin.read("/wiki/api/v2/labels?limit=1").await["results"][0].clone();
    let carriers = ids(&admin
        .walk(&format!(
            "/wiki/api/v2/labels/{}/pages?status=current&limit=250",
            label["id"].as_str().unwrap()
        ))
        .await);
    let carriers =
        pages_where(&admin, |page| carriers.contains(&page["id"].as_str().unwrap().to_owned())).await;
    assert!(!carriers.is_empty());
    assert_eq!(sorted(found(&admin, &format!("type=page and label={}", label["name"])).await), carriers);
}

#[tokio::test]
async fn comments_and_files_are_found_by_type_and_container() {
    let lab = Lab::with(varied()).await;
    let admin = Person::admin(&lab);
    let comment = admin.read("/wiki/api/v2/footer-comments?limit=1").await["results"][0].clone();
    let container = comment["pageId"].as_str().or_else(|| comment["blogPostId"].as_str()).unwrap();
    let found = admin.walk_v1(&format!("/wiki/rest/api/content/search?expand=container,extensions.resolution,body.storage,version&cql=type%3Dcomment+and+container%3D{container}")).await;
    assert!(ids(&found).contains(&comment["id"].as_str().unwrap().to_owned()));
    for hit in &found {
        assert_eq!((&hit["type"], &hit["container"]["id"]), (&json!("comment"), &json!(container)));
        assert!(["footer", "inline", "resolved"].contains(&hit["extensions"]["location"].as_str().unwrap()));
        assert!(hit["body"]["storage"]["value"].is_string());
    }
    let file = admin.read("/wiki/api/v2/attachments?limit=1").await["results"][0].clone();
    let hits = admin
        .walk_v1(&format!(
            "/wiki/rest/api/content/search?cql=type%3Dattachment+and+id%3D{}",
            file["id"].as_str().unwrap()
        ))
        .await;
    assert_eq!(hits[0]["id"], file["id"]);
    assert_eq!(hits[0]["extensions"]["fileSize"], file["fileSize"]);
    assert_eq!(hits[0]["metadata"]["mediaType"], file["mediaType"]);
}

#[tokio::test]
async fn s1_dates_are_compared_by_the_minute() {
    let lab = Lab::with(varied()).await;
    let admin = Person::admin(&lab);
    let hits = admin.walk_v1("/wiki/rest/api/content/search?expand=version&limit=200&cql=type%3Dpage+order+by+lastmodified+asc").await;
    let dates: Vec<&str> = hits.iter().map(|hit| hit["version"]["when"].as_str().unwrap()).collect();
    assert!(dates.is_sorted(), "ascending: {dates:?}");
    let middle = &hits[hits.len() / 2];
    // The zone of the administrator's profile decides what the literal means, so the bound is taken from there.
    let zone =
        lab.handle.state().world().directory().by_account_id(&admin.account_id).unwrap().time_zone.clone();
    let instant: jiff::Timestamp = middle["version"]["when"].as_str().unwrap().parse().unwrap();
    let zone = jiff::tz::TimeZone::get(&zone).unwrap_or(jiff::tz::TimeZone::UTC);
    let literal = instant.to_zoned(zone).strftime("%Y-%m-%d %H:%M").to_string();
    let minute = |hit: &Value| hit["version"]["when"].as_str().unwrap()[..16].to_owned();
    let expected: Vec<String> =
        ids(&hits.iter().filter(|hit| minute(hit) >= minute(middle)).cloned().collect::<Vec<_>>());
    assert_eq!(
        found(&admin, &format!("type=page and lastmodified >= \"{literal}\" order by lastmodified")).await,
        expected
    );
    let later: Vec<String> =
        ids(&hits.iter().filter(|hit| minute(hit) > minute(middle)).cloned().collect::<Vec<_>>());
    assert_eq!(
        found(&admin, &format!("type=page and lastmodified > \"{literal}\" order by lastmodified")).await,
        later
    );
    assert_eq!(found(&admin, "type=page and lastmodified > now(\"+1d\")").await, Vec::<String>::new());
    assert_eq!(found(&admin, "type=page and created < now(\"-100y\")").await, Vec::<String>::new());
}

#[tokio::test]
async fn s3_search_lags_behind_writes_by_as_much_as_is_set() {
    let lab = Lab::with(varied()).await;
    let admin = Person::admin(&lab);
    lab.control("POST", "settings", json!({ "index_lag_ms": 60_000 })).await;
    let space = admin.read("/wiki/api/v2/spaces?limit=1").await["results"][0]["id"].clone();
    let page = json!({ "spaceId": space, "title": "Fresh page", "body": { "representation": "storage", "value": "<p>unmistakable</p>" } });
    let (_, created) = admin.send(http::Method::POST, "/wiki/api/v2/pages", &page).await;
    let id = created["id"].as_str().unwrap();
    assert_eq!(admin.get(&format!("/wiki/api/v2/pages/{id}")).await.0, 200, "reads by id do not lag");
    assert_eq!(found(&admin, &format!("id={id}")).await, Vec::<String>::new());
    lab.advance(120).await;
    assert_eq!(found(&admin, "text ~ unmistakable").await, vec![id.to_owned()]);
    let change = json!({ "id": id, "status": "current", "title": "Renamed", "version": { "number": 2 }, "body": { "representation": "storage", "value": "<p>y</p>" } });
    assert_eq!(admin.send(http::Method::PUT, &format!("/wiki/api/v2/pages/{id}"), &change).await.0, 200);
    let hit = admin.read(&format!("/wiki/rest/api/content/search?expand=version&cql=id%3D{id}")).await;
    assert_eq!(hit["results"][0]["version"]["number"], 1);
    lab.advance(120).await;
    let hit = admin.read(&format!("/wiki/rest/api/content/search?expand=version&cql=id%3D{id}")).await;
    assert_eq!(hit["results"][0]["version"]["number"], 2);
}

#[tokio::test]
async fn start_is_echoed_and_not_honoured_and_limit_is_echoed_unclamped() {
    let lab = Lab::with(varied()).await;
    let admin = Person::admin(&lab);
    let plain = admin.read("/wiki/rest/api/search?cql=type%3Dpage&limit=5").await;
    let skipped = admin.read("/wiki/rest/api/search?cql=type%3Dpage&limit=5&start=1000").await;
    assert_eq!(skipped["start"], 1000);
    let titles = |body: &Value| {
        body["results"].as_array().unwrap().iter().map(|hit| hit["content"]["id"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(titles(&skipped), titles(&plain));
    let large = admin.read("/wiki/rest/api/content/search?cql=type%3Dpage&limit=5000").await;
    assert_eq!(large["limit"], 5000);
    let rendered =
        admin.read("/wiki/rest/api/content/search?cql=type%3Dpage&limit=5000&expand=body.export_view").await;
    assert_eq!((&rendered["limit"], &rendered["size"]), (&json!(25), &json!(25)));
    assert!(plain["totalSize"].as_u64().unwrap() > 5);
    assert_eq!(plain["cqlQuery"], "type=page");
}

#[tokio::test]
async fn on_the_general_search_only_prefixed_expansions_count() {
    let lab = Lab::with(varied()).await;
    let admin = Person::admin(&lab);
    let ignored =
        admin.read("/wiki/rest/api/search?cql=type%3Dpage&limit=1&expand=body.storage,version").await;
    assert!(
        ignored["results"][0]["content"].get("body").is_none()
            && ignored["results"][0]["content"].get("version").is_none()
    );
    let expanded = admin
        .read("/wiki/rest/api/search?cql=type%3Dpage&limit=1&expand=content.body.storage,content.version")
        .await;
    assert!(expanded["results"][0]["content"]["body"]["storage"]["value"].is_string());
    assert!(expanded["results"][0]["content"]["version"]["number"].is_u64());
    let spaces = admin.read("/wiki/rest/api/search?cql=type%3Dspace").await;
    assert_eq!(spaces["results"][0]["entityType"], "space");
    assert!(spaces["results"][0]["space"]["key"].is_string());
}

#[tokio::test]
async fn p4_one_unreadable_ancestor_turns_an_answer_with_ancestor_restrictions_into_404() {
    let lab = Lab::with(varied()).await;
    let everybody = Person::everybody(&lab);
    let admin = &everybody[0];
    let space = admin.read("/wiki/api/v2/spaces?limit=1").await["results"][0]["id"].clone();
    let draft = json!({ "spaceId": space, "status": "draft", "title": "Draft parent" });
    let (_, parent) = admin.send(http::Method::POST, "/wiki/api/v2/pages", &draft).await;
    let child = json!({ "spaceId": space, "parentId": parent["id"], "title": "Child of a draft", "body": { "representation": "storage", "value": "" } });
    let (status, child) = admin.send(http::Method::POST, "/wiki/api/v2/pages", &child).await;
    assert_eq!(status, 200, "{child}");
    let id = child["id"].as_str().unwrap();
    let plain = format!(
        "/wiki/rest/api/content/search?cql=id%3D{id}&expand=ancestors,restrictions.read.restrictions.user"
    );
    assert_eq!(admin.read(&plain).await["size"], 1);
    let (status, body) = admin
        .get(&format!(
            "/wiki/rest/api/content/search?cql=id%3D{id}&expand=ancestors.restrictions.read.restrictions.user"
        ))
        .await;
    assert_eq!(status, 404, "{body}");
}

#[tokio::test]
async fn archived_spaces_are_searched_on_request_only() {
    let lab = Lab::with(varied()).await;
    let admin = Person::admin(&lab);
    let archived = admin.walk("/wiki/api/v2/spaces?status=archived&limit=250").await;
    let key = archived[0]["key"].as_str().expect("the varied world has an archived space");
    let query = encoded(&format!("type=page and space={key}"));
    assert_eq!(admin.read(&format!("/wiki/rest/api/search?cql={query}")).await["totalSize"], 0);
    let included = admin.read(&format!("/wiki/rest/api/search?cql={query}&includeArchivedSpaces=true")).await;
    assert!(included["totalSize"].as_u64().unwrap() > 0);
}

#[tokio::test]
async fn m6_deeply_nested_queries_are_answered_at_once() {
    let lab = Lab::with(varied()).await;
    let admin = Person::admin(&lab);
    let mut cql = "type=page".to_owned();
    for depth in 0..30 {
        cql = format!("({cql} {} title ~ \"x\")", if depth % 2 == 0 { "or" } else { "and" });
    }
    let started = std::time::Instant::now();
    admin.read(&format!("/wiki/rest/api/search?limit=1&cql={}", encoded(&cql))).await;
    assert!(
        started.elapsed() < std::time::Duration::from_secs(20),
        "the work grows with the query, not with its depth"
    );
}

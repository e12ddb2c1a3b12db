//! Pages, spaces and what surrounds them.

use linkspan_model::record::Model;

use super::super::*;
use super::{body_of, confluence, only, raw, shown};

const PAGE: &str = r#"{"id": "100", "status": "current", "title": "Café \u2013 notes", "spaceId": "1", "parentId": "50", "parentType": "page",
  "position": 3, "authorId": "u1", "createdAt": "2024-01-02T03:04:05.678Z",
  "version": {"number": 4, "createdAt": "2024-02-02T03:04:05.678Z", "authorId": "u2", "message": "", "minorEdit": false},
  "body": {"storage": {"value": "<h1>Brew</h1><p>Heat   the water.</p>", "representation": "storage"}},
  "_links": {"webui": "/spaces/CAF/pages/100/Notes", "editui": "/x"}}"#;

fn page(items: &[&str]) -> String {
    format!(
        r#"{{"results": [{}], "_links": {{"base": "https://elsewhere.example/wiki"}}}}"#,
        items.join(", ")
    )
}

/// A site that knows page 50 and its child 100, both open.
fn site() -> ConfluenceContext {
    let mut ctx = confluence();
    let content = [r#"{"id": "50", "status": "current", "spaceId": "1"}"#, PAGE];
    ctx.access.add_content(&page(&content)).unwrap();
    for id in ["50", "100"] {
        let open = r#"{"read": {"restrictions": {"user": {"results": []}, "group": {"results": []}}}}"#;
        assert!(!ctx.access.set_restriction(id, open).unwrap());
    }
    ctx.labels.insert("100".into(), vec!["coffee".into()]);
    ctx.attachments.insert("100".into(), vec!["att7".into()]);
    ctx
}

#[test]
fn a_page_becomes_an_article() {
    insta::assert_json_snapshot!(shown(&page_page(&page(&[PAGE]), &site()).unwrap()));
}

#[test]
fn s14_an_article_has_its_address_under_the_present_key_of_its_space() {
    let mut ctx = site();
    ctx.space_keys.insert("1".into(), "RENAMED".into());
    let converted = page_page(&page(&[PAGE]), &ctx).unwrap();
    let article = body_of!(Article, only(&converted, Model::Article, "100"));
    assert_eq!(
        article.article_url.as_deref(),
        Some("https://acme.atlassian.net/wiki/spaces/RENAMED/pages/100/Notes")
    );
}

#[test]
fn a_blog_post_is_an_article_of_its_space() {
    let post = r#"{"id": "200", "status": "current", "title": "News", "spaceId": "1", "body": {"atlas_doc_format":
        {"value": "{\"type\":\"doc\",\"version\":1,\"content\":[{\"type\":\"paragraph\",\"content\":[{\"type\":\"text\",\"text\":\"Hello\"}]}]}"}}}"#;
    let ctx = site();
    let converted = blogpost_page(&page(&[post]), &ctx).unwrap();
    let article = body_of!(Article, only(&converted, Model::Article, "200"));
    assert_eq!(article.article_type.as_deref(), Some("BLOG_POST"));
    assert_eq!(article.body.as_ref().unwrap().text.trim(), "Hello");
    assert_eq!(article.parent_container, Some(ctx.id(Model::Container, "1")));
    assert_eq!(
        article.article_url.as_deref(),
        Some("https://acme.atlassian.net/wiki/pages/viewpage.action?pageId=200")
    );
    assert_eq!(raw(&converted, "confluence.blogpost", "200").path, "/wiki/api/v2/blogposts/200");
    // Its restrictions have not been read.
    assert_eq!(article.visibility.as_deref(), Some("RESTRICTED"));
    assert_eq!(converted.waiting[0].needs, "200");
}

#[test]
fn the_checksum_moves_with_the_content_and_only_with_it() {
    let checksum = |page_json: &str| {
        let converted = page_page(&page(&[page_json]), &site()).unwrap();
        body_of!(Article, only(&converted, Model::Article, "100")).checksum.clone().unwrap()
    };
    let before = checksum(PAGE);
    assert_eq!(before.len(), 64);
    assert_eq!(checksum(&PAGE.replace(r#""number": 4"#, r#""number": 5"#).replace("Caf", "Kaf")), before);
    assert_ne!(checksum(&PAGE.replace("water", "milk")), before);
}

#[test]
fn what_is_above_a_page_is_a_page_a_folder_or_the_space() {
    let ctx = site();
    let above = |parent: &str| {
        let json = format!(r#"{{"id": "1", "spaceId": "1", "status": "current"{parent}}}"#);
        let converted = page_page(&page(&[&json]), &ctx).unwrap();
        let article = body_of!(Article, only(&converted, Model::Article, "1"));
        assert_eq!(article.root_container, Some(ctx.id(Model::Container, "1")));
        (article.parent_article, article.parent_container)
    };
    let space = Some(ctx.id(Model::Container, "1"));
    assert_eq!(above(""), (None, space));
    assert_eq!(
        above(r#", "parentId": "50", "parentType": "page""#),
        (Some(ctx.id(Model::Article, "50")), space)
    );
    assert_eq!(
        above(r#", "parentId": "1", "parentType": "folder""#),
        (None, Some(ctx.content_container_id("1")))
    );
    assert_eq!(above(r#", "parentId": "60", "parentType": "whiteboard""#), (None, space));
    assert_ne!(ctx.content_container_id("1"), ctx.id(Model::Container, "1"));
}

#[test]
fn p1_comments_and_attachments_have_the_readers_of_their_page() {
    let mut ctx = site();
    let only_u1 = r#"{"read": {"restrictions": {"user": {"results": [{"accountId": "u1"}]}, "group": {"results": []}}}}"#;
    ctx.access.set_restriction("50", only_u1).unwrap();
    let article = page_page(&page(&[PAGE]), &ctx).unwrap();
    let rule = &only(&article, Model::Article, "100").access;
    assert!(
        super::sees(rule, &super::licensed([super::account("u1")]))
            && !super::sees(rule, &super::licensed([]))
    );
    let comment = r#"{"id": "300", "status": "current", "pageId": "100", "version": {"number": 1, "createdAt": "2024-01-02T03:04:05.678Z", "authorId": "u1"},
        "body": {"storage": {"value": "<p>Nice</p>"}}}"#;
    let comments = article_comment_page(&page(&[comment]), Placement::Footer, None, &ctx).unwrap();
    assert_eq!(only(&comments, Model::Comment, "300").access, *rule);
    let file = r#"{"id": "att7", "status": "current", "title": "pot.png", "pageId": "100", "mediaType": "image/png", "fileSize": 9}"#;
    let files = attachment_page(&page(&[file]), &ctx).unwrap();
    assert_eq!(only(&files, Model::Attachment, "att7").access, *rule);
}

#[test]
fn comments_attachments_spaces_and_folders_become_records() {
    let ctx = site();
    let footer = r#"{"id": "300", "status": "current", "title": "Re: Notes", "pageId": "100",
        "version": {"number": 2, "createdAt": "2024-01-02T03:04:05.678Z", "authorId": "u1"}, "body": {"storage": {"value": "<p>Nice</p>"}}}"#;
    let reply = r#"{"id": "301", "parentCommentId": "300", "version": {"number": 1, "createdAt": "2024-01-02T03:04:05.678Z", "authorId": "u2"}}"#;
    let file = r#"{"id": "att7", "status": "current", "title": "pot.png", "blogPostId": "100", "mediaType": "image/png", "fileSize": 9,
        "comment": "the pot", "createdAt": "2024-01-02T03:04:05.678Z", "version": {"number": 1, "createdAt": "2024-01-02T03:04:05.678Z", "authorId": "u1"}}"#;
    let space = r#"{"id": "1", "key": "CAF", "name": "Café", "type": "global", "status": "archived", "createdAt": "2024-01-02T03:04:05.678Z",
        "description": {"plain": {"value": "All about coffee", "representation": "plain"}}, "_links": {"webui": "/spaces/CAF"}}"#;
    let folder = r#"{"id": "60", "type": "folder", "status": "current", "title": "Box", "spaceId": "1", "parentId": "50", "parentType": "page"}"#;
    insta::assert_json_snapshot!(serde_json::json!({
        "footer": shown(&article_comment_page(&page(&[footer]), Placement::Footer, None, &ctx).unwrap()),
        "reply": shown(&article_comment_page(&page(&[reply]), Placement::Inline, Some("100"), &ctx).unwrap()),
        "file": shown(&attachment_page(&page(&[file]), &ctx).unwrap()),
        "space": shown(&space_page(&page(&[space]), &ctx).unwrap()),
        "folder": shown(&content_container(folder, ContentContainer::Folder, &ctx).unwrap()),
    }));
}

#[test]
fn people_and_groups_become_records_and_the_rest_is_kept() {
    let mut ctx = site();
    ctx.memberships.add("g1", ["u1"]);
    let users = r#"{"results": [{"accountId": "u1", "accountType": "atlassian", "accountStatus": "active", "displayName": "", "publicName": "ada",
        "email": "", "profilePicture": {"path": "/wiki/aa-avatar/u1"}}]}"#;
    let labels = r#"{"results": [{"id": "9", "name": "tea", "prefix": "global"}, {"id": "8", "name": "coffee", "prefix": "global"}]}"#;
    let versions = r#"{"results": [{"number": 4, "authorId": "u2"}]}"#;
    let permissions = r#"{"results": [{"id": "5", "principal": {"type": "user", "id": "u1"}}]}"#;
    assert_eq!(label_names(labels).unwrap(), ["coffee", "tea"]);
    insta::assert_json_snapshot!(serde_json::json!({
        "users": shown(&confluence_user_page(users, &ctx).unwrap()),
        "groups": shown(&confluence_group_page(r#"{"results": [{"id": "g1", "name": "devs"}]}"#, &ctx).unwrap()),
        "labels": shown(&label_page(labels, "100", &ctx).unwrap()),
        "versions": shown(&version_page(versions, "100", &ctx).unwrap()),
        "permissions": shown(&space_permission_page(permissions, "1", &ctx).unwrap()),
        "restriction": shown(&restriction(r#"{"read": {}}"#, "100", &ctx).unwrap().restricted),
    }));
}

#[test]
fn restrictions_are_kept_where_somebody_may_not_read() {
    let lists = |users: &str, groups: &str| {
        format!(
            r#"{{"read": {{"restrictions": {{"user": {{"results": [{users}]}}, "group": {{"results": [{groups}]}}}}}}}}"#
        )
    };
    let content =
        |id: &str, restrictions: &str| format!(r#"{{"id": "{id}", "restrictions": {restrictions}}}"#);
    let found = [
        content("1", &lists("", "")),
        content("2", &lists(r#"{"accountId": "u1"}"#, "")),
        content("3", &lists("", r#"{"id": "g1"}"#)),
        // Nothing is said of readers: it must not be taken for open.
        content("4", "{}"),
    ];
    let found: Vec<&str> = found.iter().map(String::as_str).collect();
    let found = restrictions_in_search(&page(&found), &site()).unwrap();
    assert_eq!(
        (found.open, found.restricted.ids),
        (vec!["1".to_owned()], vec!["2".into(), "3".into(), "4".into()])
    );
    let row = &found.restricted.raws[0];
    assert_eq!(
        (row.json.as_str(), row.path.as_str()),
        (lists(r#"{"accountId": "u1"}"#, "").as_str(), "/wiki/rest/api/content/2/restriction/byOperation")
    );
    // Asked about alone, the same is kept.
    let alone = restriction(&lists(r#"{"accountId": "u1"}"#, ""), "2", &site()).unwrap();
    assert_eq!(alone.restricted.raws[0], *row);
    assert_eq!(restriction(&lists("", ""), "1", &site()).unwrap().open, ["1"]);
}

#[test]
fn a_description_is_cut_between_words() {
    use super::super::text::first_words;
    assert_eq!(first_words("  one\n two ", 200).as_deref(), Some("one two"));
    assert_eq!(first_words("one two three", 7).as_deref(), Some("one two"));
    assert_eq!(first_words("one two three", 12).as_deref(), Some("one two"));
    assert_eq!(first_words("äöüßäöüß", 4).as_deref(), Some("äöüß"));
    assert_eq!(first_words(" \n ", 10), None);
}

//! Content of the first generation becomes the same records as that of the second.

use linkspan_model::record::{Model, NewRecord};

use super::super::*;
use super::{body_of, confluence, only, raw, sees, shown};

const PAGE: &str = r#"{"id": "100", "type": "page", "status": "current", "title": "Café \u2013 notes",
  "space": {"id": 1, "key": "CAF", "name": "Café"},
  "history": {"latest": true, "createdBy": {"type": "known", "accountId": "u1", "accountType": "atlassian", "email": "", "publicName": "ada",
      "displayName": "Ada", "profilePicture": {"path": "/wiki/aa-avatar/u1"}}, "createdDate": "2024-01-02T03:04:05.678Z"},
  "version": {"by": {"type": "known", "accountId": "u2", "displayName": "Bob"}, "when": "2024-02-02T03:04:05.678Z", "friendlyWhen": "yesterday",
      "message": "", "number": 4, "minorEdit": false},
  "ancestors": [{"id": "50", "type": "page", "status": "current", "title": "Home"}],
  "body": {"storage": {"value": "<h1>Brew</h1><p>Heat   the water.</p>", "representation": "storage"}},
  "extensions": {"position": 3}, "_links": {"webui": "/spaces/CAF/pages/100/Notes"}}"#;

const SECOND_GENERATION: &str = r#"{"id": "100", "status": "current", "title": "Café \u2013 notes", "spaceId": "1", "parentId": "50", "parentType": "page",
  "authorId": "u1", "createdAt": "2024-01-02T03:04:05.678Z",
  "version": {"number": 4, "createdAt": "2024-02-02T03:04:05.678Z", "authorId": "u2", "message": "", "minorEdit": false},
  "body": {"storage": {"value": "<h1>Brew</h1><p>Heat   the water.</p>", "representation": "storage"}},
  "_links": {"webui": "/spaces/CAF/pages/100/Notes"}}"#;

const COMMENT: &str = r#"{"id": "301", "type": "comment", "status": "current", "title": "Re: Notes",
  "container": {"id": "100", "type": "page", "status": "current", "title": "Notes"},
  "ancestors": [{"id": "299", "type": "comment"}, {"id": "300", "type": "comment"}],
  "history": {"createdBy": {"accountId": "u3", "displayName": "Cy"}, "createdDate": "2024-01-02T03:04:05.678Z"},
  "version": {"by": {"accountId": "u3", "displayName": "Cy"}, "when": "2024-01-05T03:04:05.678Z", "number": 2},
  "body": {"storage": {"value": "<p>Nice</p>", "representation": "storage"}},
  "extensions": {"location": "resolved", "inlineProperties": {"originalSelection": "water", "markerRef": "m"},
      "resolution": {"status": "resolved"}}}"#;

const FILE: &str = r#"{"id": "att7", "type": "attachment", "status": "current", "title": "pot.png",
  "container": {"id": "100", "type": "page", "status": "current"},
  "history": {"createdBy": {"accountId": "u1", "displayName": "Ada"}, "createdDate": "2024-01-02T03:04:05.678Z"},
  "version": {"by": {"accountId": "u2", "displayName": "Bob"}, "when": "2024-01-03T03:04:05.678Z", "number": 2},
  "metadata": {"mediaType": "image/png", "comment": "the pot"},
  "extensions": {"mediaType": "image/png", "fileSize": 9, "comment": "the pot", "fileId": "f"},
  "_links": {"webui": "/x", "download": "/download/attachments/100/pot.png"}}"#;

fn page(items: &[&str]) -> String {
    format!(r#"{{"results": [{}], "start": 0, "limit": 25, "size": 1}}"#, items.join(", "))
}

fn open(id: &str, above: &str) -> String {
    format!(
        r#"{{"id": "{id}", "status": "current", "space": {{"id": 1}}, "ancestors": [{above}],
          "restrictions": {{"read": {{"operation": "read", "restrictions": {{"user": {{"results": [], "limit": 100, "size": 0}}, "group": {{"results": [], "limit": 100, "size": 0}}}}}}}}}}"#
    )
}

/// A site that knows page 50 and its child 100, both open.
fn site() -> ConfluenceContext {
    let mut ctx = confluence();
    let swept = page(&[&open("50", ""), &open("100", r#"{"id": "50", "status": "current"}"#)]);
    assert_eq!(ctx.access.add_restrictions(&swept).unwrap(), Vec::<String>::new());
    ctx.labels.insert("100".into(), vec!["coffee".into()]);
    ctx.attachments.insert("100".into(), vec!["att7".into()]);
    ctx
}

#[test]
fn content_of_every_type_becomes_a_record_with_the_people_named_in_it() {
    let post = PAGE.replace(r#""100", "type": "page""#, r#""200", "type": "blogpost""#);
    let footer = COMMENT.replace("\"resolved\", \"inline", "\"footer\", \"inline").replace("301", "302");
    let folder = PAGE.replace(r#""100", "type": "page""#, r#""60", "type": "folder""#);
    let json = page(&[PAGE, &post, COMMENT, &footer, FILE, &folder]);
    insta::assert_json_snapshot!(shown(&searched_content_page(&json, &site()).unwrap()));
}

#[test]
fn a_page_is_the_same_article_by_either_generation() {
    let ctx = site();
    let first = searched_content_page(&page(&[PAGE]), &ctx).unwrap();
    let second = page_page(&page(&[SECOND_GENERATION]), &ctx).unwrap();
    assert_eq!(first.records, second.records);
    assert_eq!(first.ids, second.ids);
    let kept = raw(&first, "confluence.page", "100");
    assert_eq!((kept.path.as_str(), kept.json.as_str()), ("/wiki/rest/api/content/100", PAGE));
}

#[test]
fn comments_and_attachments_differ_only_where_the_second_generation_says_less() {
    let ctx = site();
    let comment = r#"{"id": "301", "pageId": "100", "parentCommentId": "300",
        "version": {"number": 2, "createdAt": "2024-01-05T03:04:05.678Z", "authorId": "u3"}, "body": {"storage": {"value": "<p>Nice</p>"}}}"#;
    let first = searched_content_page(&page(&[COMMENT, FILE]), &ctx).unwrap();
    let second = article_comment_page(&page(&[comment]), Placement::Inline, None, &ctx).unwrap();
    let known = only(&first, Model::Comment, "301").clone();
    assert_eq!(known.remote_created_at.unwrap().to_string(), "2024-01-02T03:04:05.678Z");
    assert_eq!(NewRecord { remote_created_at: None, ..known }, *only(&second, Model::Comment, "301"));
    let file = r#"{"id": "att7", "status": "current", "title": "pot.png", "pageId": "100", "mediaType": "image/png", "fileSize": 9,
        "comment": "the pot", "createdAt": "2024-01-02T03:04:05.678Z", "version": {"number": 2, "createdAt": "2024-01-03T03:04:05.678Z", "authorId": "u2"}}"#;
    let second = attachment_page(&page(&[file]), &ctx).unwrap();
    assert_eq!(only(&first, Model::Attachment, "att7"), only(&second, Model::Attachment, "att7"));
}

#[test]
fn p7_a_page_whose_ancestors_were_not_sent_and_that_no_sweep_showed_is_hidden() {
    let ctx = confluence();
    let unknown = PAGE.replace("ancestors", "ancestry");
    let converted = searched_content_page(&page(&[&unknown]), &ctx).unwrap();
    assert!(!sees(&only(&converted, Model::Article, "100").access, &super::licensed([])));
    let odd = PAGE.replace(
        r#"[{"id": "50", "type": "page", "status": "current", "title": "Home"}]"#,
        r#"[{"id": null}]"#,
    );
    let converted = searched_content_page(&page(&[&odd]), &ctx).unwrap();
    assert!(!sees(&only(&converted, Model::Article, "100").access, &super::licensed([])));
}

#[test]
fn p1_a_stored_page_goes_by_where_the_newest_sweep_found_it() {
    let mut ctx = site();
    let only_u1 = r#"{"read": {"restrictions": {"user": {"results": [{"accountId": "u1"}]}, "group": {"results": []}}}}"#;
    // It was moved under a restricted page since it was stored.
    let moved = page(&[&open("70", ""), &open("100", r#"{"id": "70", "status": "current"}"#)]);
    ctx.access.add_restrictions(&moved).unwrap();
    ctx.access.set_restriction("70", only_u1).unwrap();
    ctx.access.add_stored_places(&page(&[PAGE])).unwrap();
    let converted = searched_content_page(&page(&[PAGE]), &ctx).unwrap();
    let article = only(&converted, Model::Article, "100");
    assert!(!sees(&article.access, &super::licensed([])));
    assert!(sees(&article.access, &super::licensed([super::account("u1")])));
    // Nor does what is stored of a page below it, which no sweep shows, move it back to where it stood then.
    let below = open("200", r#"{"id": "50", "status": "current"}, {"id": "100", "status": "current"}"#);
    ctx.access.add_stored_places(&page(&[&below])).unwrap();
    assert_eq!(ctx.access.parent_of("200"), Some(Some("100")));
    let converted = searched_content_page(&page(&[PAGE]), &ctx).unwrap();
    assert!(!sees(&only(&converted, Model::Article, "100").access, &super::licensed([])));
    // A place that no newer answer told is taken from what is stored.
    let mut ctx = confluence();
    ctx.access.add_stored_places(&page(&[PAGE])).unwrap();
    assert_eq!((ctx.access.parent_of("100"), ctx.access.space_of("100")), (Some(Some("50")), Some("1")));
}

#[test]
fn s18_content_of_an_unknown_type_or_form_is_kept_and_costs_nobody_else_anything() {
    let json = page(&[r#"{"id": "9", "type": "hologram"}"#, r#""text""#, r#"{"type": "comment"}"#, PAGE]);
    let converted = searched_content_page(&json, &site()).unwrap();
    assert_eq!(converted.raws.len(), 4);
    assert_eq!(converted.records.len(), 1);
    assert!(converted.raws[..3].iter().all(|raw| raw.problem.is_some()));
    let loose = r#"{"id": "303", "type": "comment", "container": 5, "ancestors": {}, "extensions": []}"#;
    let converted = searched_content_page(&page(&[loose]), &site()).unwrap();
    let comment = body_of!(Comment, only(&converted, Model::Comment, "303"));
    assert_eq!((comment.on, comment.reply_to), (None, None));
    let problem = raw(&converted, "confluence.comment", "303").problem.clone().unwrap();
    assert_eq!(problem, "not as expected: ancestors, container, extensions");
}

//! Knowledge base articles: pages of the Confluence spaces that serve as knowledge bases.

use axum::extract::Path;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{Answer, JsmRefusal, MAX_LIMIT, desks};
use crate::{
    gateway::Charge,
    jira::{
        json::Json,
        session::{Session, ok},
        view::View,
    },
    world::{
        AccountType, ContentId, SpaceId,
        confluence::{Content, ContentHead, ContentKind, ContentStatus, SpaceKind},
        jira::ServiceDesk,
    },
};

/// Longest excerpt, in characters.
const EXCERPT: usize = 200;
/// Longest query, in bytes.
const MAX_QUERY: usize = 1_000;

/// The spaces linked to a desk, or to any desk: every knowledge base belongs to one desk, and every desk has one while there
/// are any.
fn linked_spaces(view: &View<'_>, desk: Option<&ServiceDesk>) -> Vec<SpaceId> {
    let spaces = view.site.spaces().iter();
    let bases: Vec<SpaceId> = spaces
        .filter(|space| space.kind == SpaceKind::KnowledgeBase && !space.archived)
        .map(|space| space.id)
        .collect();
    let Some(desk) = desk else { return bases };
    let desks: Vec<_> =
        view.site.jira().projects.iter().filter_map(|it| Some(it.service_desk.as_ref()?.id)).collect();
    let place = desks.iter().position(|id| *id == desk.id).unwrap_or(0);
    let linked = |(number, _): &(usize, &SpaceId)| {
        number % desks.len().max(1) == place || place % bases.len() == *number
    };
    bases.iter().enumerate().filter(linked).map(|(_, id)| *id).collect()
}

/// Whether the caller may read an article: as in Confluence; portal-only customers read what nobody restricted.
fn may_read(view: &View<'_>, head: &ContentHead) -> bool {
    if view.site.can_see_content(&view.reader, head) {
        return true;
    }
    let customer = view
        .reader
        .account()
        .is_some_and(|account| view.site.account(account).account_type == AccountType::Customer);
    let open = |id: &ContentId| view.site.content_head(*id).is_some_and(|head| !head.read_restricted);
    customer && !head.read_restricted && view.site.content_ancestors(head.id).iter().all(open)
}

struct Article {
    content: std::sync::Arc<Content>,
    text: String,
}

fn search(view: &View<'_>, spaces: &[SpaceId], query: &str) -> Vec<Article> {
    let words: Vec<String> = query.split_whitespace().map(str::to_lowercase).collect();
    let heads = spaces.iter().flat_map(|space| view.site.content_ids_in(*space));
    heads
        .filter_map(|id| view.site.content_head(id))
        .filter(|head| head.kind == ContentKind::Page && head.status == ContentStatus::Current)
        .filter(|head| may_read(view, head))
        .filter_map(|head| view.site.content(head.id))
        .map(|content| Article { text: content.body.plain(), content })
        .filter(|article| {
            let whole = format!("{} {}", article.content.title, article.text).to_lowercase();
            words.iter().all(|word| whole.contains(word.as_str()))
        })
        .collect()
}

pub(super) async fn of_site(session: Session) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    answer(&session, &view, None)
}

pub(super) async fn of_desk(Path(name): Path<String>, session: Session) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    let (_, desk) = desks::named(&view, &name)?;
    answer(&session, &view, Some(desk))
}

fn answer(session: &Session, view: &View<'_>, desk: Option<&ServiceDesk>) -> Answer {
    if view.reader.account().is_none() {
        return Err(JsmRefusal::unauthenticated());
    }
    let query = session.query.text("query").map(str::trim).filter(|query| !query.is_empty());
    let query = query.ok_or_else(|| JsmRefusal::bad_request("The parameter 'query' is required."))?;
    if query.len() > MAX_QUERY {
        return Err(JsmRefusal::bad_request("The query is longer than 1000 bytes."));
    }
    let limit = session.query.number("limit").ok().flatten().unwrap_or(50);
    let limit = usize::try_from(limit).unwrap_or(0).clamp(1, MAX_LIMIT);
    // The articles come by id, so the cursor names the last one seen and is good while articles come and go.
    let after = match session.query.text("cursor") {
        None => None,
        Some(cursor) => Some(
            decode(cursor).ok_or_else(|| JsmRefusal::bad_request("The cursor is not one of this list."))?,
        ),
    };
    let mut found = search(view, &linked_spaces(view, desk), query);
    found.sort_by_key(|article| article.content.head.id);
    let start = found.partition_point(|it| after.is_some_and(|after| it.content.head.id <= after));
    let page = &found[start..(start + limit).min(found.len())];
    let next = page.last().filter(|_| start + page.len() < found.len());
    let next = next.map(|last| encode(last.content.head.id));
    Ok(write_page(session, view, page, limit, next.as_deref(), query))
}

fn write_page(
    session: &Session,
    view: &View<'_>,
    page: &[Article],
    limit: usize,
    next: Option<&str>,
    query: &str,
) -> Response {
    ok(Charge::core(page.len()), |json| {
        json.object(|json| {
            json.key("_expands").array(|_| {});
            json.key("size").number(page.len());
            json.key("start").number(0);
            json.key("limit").number(limit);
            json.key("isLastPage").boolean(next.is_none());
            json.key("_links").object(|json| {
                json.key("self").string(&session.link(&[]));
                json.key("base").string(&session.url);
                json.key("context").string("");
                if let Some(cursor) = next {
                    json.key("next")
                        .string(&session.link(&[("cursor", cursor), ("limit", &limit.to_string())]));
                }
            });
            let highlight = session.query.flag("highlight", false);
            json.key("values").array(|json| {
                for article in page {
                    object(json, view, article, query, highlight);
                }
            });
        });
    })
}

fn object(json: &mut Json, view: &View<'_>, article: &Article, query: &str, highlight: bool) {
    let head = article.content.head;
    let key = view.site.space(head.space).map_or("", |space| space.key.as_str());
    let excerpt: String = article.text.chars().take(EXCERPT).collect();
    let shown = |text: &str| if highlight { highlighted(text, query) } else { text.to_owned() };
    json.object(|json| {
        json.key("title").string(&shown(&article.content.title));
        json.key("excerpt").string(&shown(excerpt.trim()));
        json.key("source").object(|json| {
            json.key("type").string("confluence");
            json.key("pageId").plain(head.id);
            json.key("spaceKey").string(key);
        });
        json.key("content").object(|json| {
            json.key("iframeSrc").plain(format_args!(
                "{}/rest/servicedeskapi/knowledgebase/article/view/{}",
                view.url, head.id
            ));
        });
    });
}

/// Words of the query between the marks that JSM puts around them.
fn highlighted(text: &str, query: &str) -> String {
    let words: Vec<String> = query.split_whitespace().map(str::to_lowercase).collect();
    let marked = text.split_inclusive(' ').map(|part| {
        let word = part.trim_end();
        if words.iter().any(|wanted| word.to_lowercase().contains(wanted.as_str())) {
            format!("@@@hl@@@{word}@@@endhl@@@{}", &part[word.len()..])
        } else {
            part.to_owned()
        }
    });
    marked.collect()
}

fn encode(id: ContentId) -> String {
    URL_SAFE_NO_PAD.encode(format!("article:{id}"))
}

fn decode(cursor: &str) -> Option<ContentId> {
    if cursor.len() > 200 {
        return None;
    }
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
    ContentId::parse(text.strip_prefix("article:")?)
}

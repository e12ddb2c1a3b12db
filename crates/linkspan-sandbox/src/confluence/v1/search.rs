//! CQL search: `/rest/api/content/search`, `/rest/api/search` and `/rest/api/search/user`.

use super::content::{Item, write};
use super::expand::Expand;
use super::shape;
use crate::confluence::answer::{Answer, Refusal, ok};
use crate::confluence::cql::{self, Clause, Expression, Operator, Query, TextQuery, Value};
use crate::confluence::json::JsonWriter;
use crate::confluence::links::space_path;
use crate::confluence::paging::{Page, decode};
use crate::confluence::parameters::Parameters;
use crate::confluence::search::{self, Found, Hit, Search};
use crate::confluence::time::{Friendly, Iso};
use crate::confluence::view::{Ask, View, former};
use crate::gateway::Charge;
use crate::world::confluence::ContentStatus;
use crate::world::{Account, AccountType, Body};

/// Most hits of one answer, whatever limit is echoed.
const MAXIMUM_HITS: usize = 1000;
/// Most hits of one answer that holds bodies.
const MAXIMUM_HITS_WITH_BODIES: usize = 250;
/// Most hits of one answer that holds rendered bodies (`atlassian-endpoints.md` 6.1).
const MAXIMUM_HITS_RENDERED: usize = 25;
/// Longest excerpt, in characters.
const EXCERPT: usize = 300;
/// Default page size.
const LIMIT: usize = 25;

/// What both searches read from the query string.
struct Request {
    query: Query,
    cql: String,
    expand: Expand,
    /// Echoed, not honoured (`atlassian-endpoints.md` 2).
    start: usize,
    /// Echoed as sent; the answer may hold fewer.
    limit: usize,
}

impl Request {
    fn read(parameters: &Parameters) -> Result<Self, Refusal> {
        let cql = parameters.text("cql").ok_or_else(|| Refusal::bad_request("A cql query is required"))?;
        let query = cql::parse(cql).map_err(|error| not_parsed(cql, &error))?;
        let expand = Expand::read(parameters);
        let limit = parameters.limit(LIMIT, usize::MAX)?;
        Ok(Self {
            query,
            cql: cql.to_owned(),
            expand,
            start: parameters.number("start")?.unwrap_or(0),
            limit,
        })
    }

    /// How many hits the answer holds when `bodies` is what is expanded of each hit's content.
    fn cut(&mut self, bodies: &Expand) -> usize {
        if bodies.has("body.export_view") || bodies.has("body.styled_view") {
            self.limit = self.limit.min(MAXIMUM_HITS_RENDERED);
        }
        self.limit.min(if bodies.has("body") { MAXIMUM_HITS_WITH_BODIES } else { MAXIMUM_HITS })
    }
}

fn not_parsed(cql: &str, error: &cql::CqlError) -> Refusal {
    Refusal::bad_request(format!("Could not parse cql : {cql} : {error}"))
}

fn find<'state>(
    ask: &Ask,
    view: &View<'state>,
    request: &Request,
    limit: usize,
    with_spaces: bool,
) -> Result<Found<'state>, Refusal> {
    let order = search::order_of(&request.query).map_err(|error| not_parsed(&request.cql, &error))?;
    let after = decode(&order, ask.parameters.text("cursor"))?;
    let wanted = Search {
        query: &request.query,
        after: after.as_ref(),
        limit,
        with_spaces,
        with_archived_spaces: ask.parameters.flag("includeArchivedSpaces"),
        lag: ask.app.settings().index_lag(),
    };
    let found = ask.index.with(view, |index| search::run(view, index, &wanted));
    found.map_err(|error| not_parsed(&request.cql, &error))
}

/// The content behind a hit, as the index knows it.
fn item_of(view: &View<'_>, hit: &Hit<'_>) -> Option<Item> {
    match hit {
        Hit::Content(head) => {
            let content = view.state.content(head.id)?;
            let shown =
                if content.head.version == head.version { content } else { former(&content, head.version)? };
            Some(Item::Content(shown))
        }
        Hit::Comment(row, _) => {
            view.state.content_comment(row.id).map(|(content, comment)| Item::Comment(content, comment))
        }
        Hit::File(row, _) => view.state.content_file(row.id).map(|(content, file)| Item::File(content, file)),
        Hit::Space(_) => None,
    }
}

/// A search hit costs what the thing it finds costs; comments and folders are not on the price list.
fn charge_for(page: &Page<Hit<'_>>) -> Charge {
    let on_list = page.items.iter().filter(|hit| match hit {
        Hit::Content(head) => head.kind.is_article(),
        Hit::File(..) | Hit::Space(_) => true,
        Hit::Comment(..) => false,
    });
    Charge::core(on_list.count())
}

/// `GET /rest/api/content/search`
pub(super) fn content(ask: &Ask) -> Answer {
    let mut request = Request::read(&ask.parameters)?;
    let cut = request.cut(&request.expand.clone());
    ask.read(|view| {
        let found = find(ask, view, &request, cut, false)?;
        let items: Vec<Item> = found.page.items.iter().filter_map(|hit| item_of(view, hit)).collect();
        if request.expand.has("ancestors.restrictions")
            && items.iter().any(|item| has_unreadable_ancestor(view, item))
        {
            return Err(Refusal::not_found());
        }
        let mut json = JsonWriter::with_capacity(64 * 1024);
        json.object(|json| {
            shape::page_members(json, request.start, request.limit, items.len(), |json| {
                for item in &items {
                    write(json, view, item, &request.expand);
                }
            });
            links(json, view, &ask.parameters, found.page.next.as_deref());
        });
        Ok(ok(json, charge_for(&found.page)))
    })
}

/// One such ancestor turns the whole answer into 404 (CONFCLOUD-77618, CONFCLOUD-76424; `atlassian-endpoints.md` 6.1).
fn has_unreadable_ancestor(view: &View<'_>, item: &Item) -> bool {
    let ancestors = view.state.content_ancestors(item.container().head.id).into_iter();
    ancestors.map(|id| view.head(id)).any(|head| {
        head.is_none_or(|head| matches!(head.status, ContentStatus::Draft | ContentStatus::Trashed))
    })
}

/// `_links` of a v1 search. Unlike in v2, `next` is relative to the site's base, which ends in `/wiki`.
fn links(json: &mut JsonWriter, view: &View<'_>, parameters: &Parameters, next: Option<&str>) {
    let path = parameters.path.strip_prefix("/wiki").unwrap_or(&parameters.path);
    json.key("_links").object(|json| {
        json.key("base").string(view.base());
        json.key("context").string("/wiki");
        if let Some(cursor) = next {
            json.key("next")
                .display(format_args!("{path}?{}", parameters.with(&[("next", "true"), ("cursor", cursor)])));
        }
        json.key("self").display(format_args!("{}{path}?{}", view.base(), parameters.with(&[])));
    });
}

/// How the excerpt of a hit is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Excerpt {
    Highlighted,
    Plain,
    None,
}

const EXCERPTS: [(&str, Excerpt); 5] = [
    ("highlight", Excerpt::Highlighted),
    ("highlight_unescaped", Excerpt::Highlighted),
    ("indexed", Excerpt::Plain),
    ("indexed_unescaped", Excerpt::Plain),
    ("none", Excerpt::None),
];

/// `GET /rest/api/search`
pub(super) fn everything(ask: &Ask) -> Answer {
    let mut request = Request::read(&ask.parameters)?;
    if names_users(&request.query.filter) {
        return Err(not_parsed(&request.cql, &cql::CqlError::UnknownField("user".to_owned())));
    }
    let excerpt = ask.parameters.choice("excerpt", &EXCERPTS)?.unwrap_or(Excerpt::Highlighted);
    // Unprefixed keys are silently ignored here (`atlassian-endpoints.md` 6.1).
    let expand = request.expand.below("content");
    let space_expand = request.expand.below("space");
    let cut = request.cut(&expand);
    ask.read(|view| {
        let found = find(ask, view, &request, cut, true)?;
        let words = searched_text(&request.query.filter);
        let mut json = JsonWriter::with_capacity(64 * 1024);
        json.object(|json| {
            shape::page_members(json, request.start, request.limit, found.page.items.len(), |json| {
                for hit in &found.page.items {
                    json.object(|json| hit_members(json, view, hit, &expand, &space_expand, excerpt, &words));
                }
            });
            json.key("totalSize").size(found.total);
            json.key("cqlQuery").string(&request.cql);
            json.key("searchDuration").integer(1);
            links(json, view, &ask.parameters, found.page.next.as_deref());
        });
        Ok(ok(json, charge_for(&found.page)))
    })
}

fn hit_members(
    json: &mut JsonWriter,
    view: &View<'_>,
    hit: &Hit<'_>,
    expand: &Expand,
    space_expand: &Expand,
    excerpt: Excerpt,
    words: &[String],
) {
    let item = item_of(view, hit);
    let (title, url, text, entity, icon) = match (&item, hit) {
        (Some(item), _) => {
            json.key("content");
            write(json, view, item, expand);
            let text = item.body().map_or_else(String::new, Body::plain);
            (item.title(), item.web_ui(view), text, "content", format!("content-type-{}", item.type_name()))
        }
        (None, Hit::Space(space)) => {
            json.key("space").object(|json| shape::space_members(json, view, space, space_expand));
            (
                space.name.clone(),
                space_path(space),
                space.description.clone(),
                "space",
                "aui-icon content-type-space".to_owned(),
            )
        }
        // The guard is held: what was found is still there.
        (None, _) => return,
    };
    json.key("title").string(&mark(&title, excerpt, words));
    json.key("excerpt").string(&excerpt_of(&text, excerpt, words));
    json.key("url").string(&url);
    if let Some(space) = item.as_ref().and_then(|item| view.state.space(item.container().head.space)) {
        json.key("resultGlobalContainer").object(|json| {
            json.key("title").string(&space.name);
            json.key("displayUrl").string(&space_path(space));
        });
    }
    json.key("breadcrumbs").array(|_| ());
    json.key("entityType").string(entity);
    json.key("iconCssClass").string(&icon);
    let modified = hit.modified();
    json.key("lastModified").display(Iso(modified));
    json.key("friendlyLastModified").display(Friendly(modified));
    json.key("score").raw("0.0");
}

/// The words of every text and title search of a query, for marking them in excerpts.
fn searched_text(filter: &Expression) -> Vec<String> {
    match filter {
        Expression::And(members) | Expression::Or(members) => {
            members.iter().flat_map(searched_text).collect()
        }
        Expression::Clause(Clause { operator: Operator::Contains, values, .. }) => {
            let texts = values.iter().filter_map(|value| match value {
                Value::Literal(text) => Some(text),
                Value::Function { .. } => None,
            });
            texts.flat_map(|text| text.split_whitespace().map(str::to_lowercase)).collect()
        }
        Expression::Not(_) | Expression::Clause(_) => Vec::new(),
    }
}

fn excerpt_of(text: &str, excerpt: Excerpt, words: &[String]) -> String {
    if excerpt == Excerpt::None {
        return String::new();
    }
    let short: Vec<char> =
        text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(EXCERPT).collect();
    mark(&short.into_iter().collect::<String>(), excerpt, words)
}

/// Puts the real service's marks around the words searched for.
fn mark(text: &str, excerpt: Excerpt, words: &[String]) -> String {
    if excerpt != Excerpt::Highlighted || words.is_empty() {
        return text.to_owned();
    }
    let marked = text.split(' ').map(|word| {
        let is_hit = words.iter().any(|wanted| TextQuery::new(wanted).matches(word));
        if is_hit { format!("@@@hl@@@{word}@@@endhl@@@") } else { word.to_owned() }
    });
    marked.collect::<Vec<_>>().join(" ")
}

fn names_users(filter: &Expression) -> bool {
    match filter {
        Expression::And(members) | Expression::Or(members) => members.iter().any(names_users),
        Expression::Not(inner) => names_users(inner),
        Expression::Clause(clause) => clause.field == "user" || clause.field.starts_with("user."),
    }
}

/// `GET /rest/api/search/user`: `type`, `user`, `user.accountid` and `user.fullname`.
pub(super) fn users(ask: &Ask) -> Answer {
    let request = Request::read(&ask.parameters)?;
    ask.read(|view| {
        let mut found: Vec<&Account> = Vec::new();
        for index in view.state.accounts() {
            let account = view.state.account(*index);
            if account.account_type != AccountType::Customer
                && is_user(view, &request.query.filter, account)
                    .map_err(|error| not_parsed(&request.cql, &error))?
            {
                found.push(account);
            }
        }
        let page: Vec<&&Account> =
            found.iter().skip(request.start).take(request.limit.min(MAXIMUM_HITS)).collect();
        let has_more = request.start + page.len() < found.len();
        let mut json = JsonWriter::default();
        json.object(|json| {
            shape::page_members(json, request.start, request.limit, page.len(), |json| {
                for account in &page {
                    json.object(|json| user_hit(json, view, account, &request.expand));
                }
            });
            json.key("totalSize").size(found.len());
            json.key("cqlQuery").string(&request.cql);
            json.key("searchDuration").integer(1);
            json.key("_links").object(|json| {
                json.key("base").string(view.base());
                json.key("context").string("/wiki");
                if has_more {
                    let start = (request.start + page.len()).to_string();
                    json.key("next").display(format_args!(
                        "/rest/api/search/user?{}",
                        ask.parameters.with(&[("start", &start)])
                    ));
                }
            });
        });
        Ok(ok(json, Charge::identity(page.len())))
    })
}

fn user_hit(json: &mut JsonWriter, view: &View<'_>, account: &Account, expand: &Expand) {
    json.key("user");
    shape::user(json, view, account, &expand.below("user"));
    json.key("title").string(account.display_name());
    json.key("excerpt").string("");
    json.key("url").display(format_args!("/people/{}", account.account_id));
    json.key("breadcrumbs").array(|_| ());
    json.key("entityType").string("user");
    json.key("iconCssClass").string("aui-icon content-type-profile");
    // People have no date of their own.
    json.key("lastModified").display(Iso(0));
    json.key("friendlyLastModified").display(Friendly(0));
    json.key("score").raw("0.0");
}

/// The parser bounds the depth.
fn is_user(view: &View<'_>, filter: &Expression, account: &Account) -> Result<bool, cql::CqlError> {
    let clause = match filter {
        Expression::And(members) => {
            return members.iter().try_fold(true, |all, member| Ok(all & is_user(view, member, account)?));
        }
        Expression::Or(members) => {
            return members.iter().try_fold(false, |any, member| Ok(any | is_user(view, member, account)?));
        }
        Expression::Not(inner) => return Ok(!is_user(view, inner, account)?),
        Expression::Clause(clause) => clause,
    };
    let holds = |value: &Value| match (clause.field.as_str(), value) {
        ("type", Value::Literal(kind)) => Ok(kind.eq_ignore_ascii_case("user")),
        ("user" | "user.accountid", Value::Literal(id)) => Ok(account.account_id == *id),
        ("user" | "user.accountid", Value::Function { name, .. }) if name == "currentuser" => {
            Ok(view.reader.account() == Some(account.index))
        }
        ("user.fullname", Value::Literal(name)) => Ok(TextQuery::new(name).matches(account.display_name())),
        _ => Err(cql::CqlError::UnknownField(clause.field.clone())),
    };
    let any = clause.values.iter().try_fold(false, |any, value| Ok(any | holds(value)?))?;
    match clause.operator {
        Operator::Equals | Operator::Contains | Operator::In => Ok(any),
        Operator::NotEquals | Operator::NotContains | Operator::NotIn => Ok(!any),
        other => {
            Err(cql::CqlError::UnsupportedOperator { field: clause.field.clone(), operator: other.symbol() })
        }
    }
}

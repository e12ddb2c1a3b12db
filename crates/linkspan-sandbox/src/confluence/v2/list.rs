//! The envelope every v2 list comes in: `results`, `_links.next` and the `Link` header, all relative to the site.

use axum::response::Response;
use http::{HeaderValue, header};

use crate::confluence::answer::{Refusal, ok};
use crate::confluence::json::JsonWriter;
use crate::confluence::paging::{Order, Page, Position, decode};
use crate::confluence::parameters::Parameters;
use crate::confluence::view::View;
use crate::gateway::Charge;

/// Room for a page of results without bodies.
const USUAL_SIZE: usize = 16 * 1024;

/// How a list is cut: its order, where the page starts and how long it is.
#[derive(Debug)]
pub(super) struct Cut {
    pub(super) order: Order,
    pub(super) after: Option<Position>,
    pub(super) limit: usize,
}

impl Cut {
    /// Reads `sort`, `cursor` and `limit`. `sorts` are the words `sort` takes, without the minus of a descending order;
    /// absent means `default`, which need not be one of them.
    pub(super) fn read(
        parameters: &Parameters,
        default: &str,
        sorts: &[&str],
        default_limit: usize,
    ) -> Result<Self, Refusal> {
        let sort = match parameters.text("sort") {
            None => default,
            Some(sort) if sorts.contains(&sort.strip_prefix('-').unwrap_or(sort)) => sort,
            Some(other) => return Err(Refusal::wrong_type(other, "sort", &sorts.join(", "))),
        };
        let order = Order::named(sort);
        let after = decode(&order, parameters.text("cursor"))?;
        Ok(Self { order, after, limit: parameters.limit(default_limit, 250)? })
    }

    /// The sort word without its minus.
    pub(super) fn by(&self) -> &str {
        self.order.name.strip_prefix('-').unwrap_or(&self.order.name)
    }

    /// Cuts items that come in any order.
    pub(super) fn apply<T>(
        &self,
        items: impl Iterator<Item = T>,
        position: impl Fn(&T) -> Position,
    ) -> Page<T> {
        Page::from_unsorted(&self.order, self.after.as_ref(), self.limit, items, position)
    }
}

/// Writes a list answer; `write` writes one item.
pub(super) fn answer<T>(
    parameters: &Parameters,
    view: &View<'_>,
    page: &Page<T>,
    charge: Charge,
    mut write: impl FnMut(&mut JsonWriter, &T),
) -> Response {
    let next = page
        .next
        .as_ref()
        .map(|cursor| format!("{}?{}", parameters.path, parameters.with(&[("cursor", cursor.as_str())])));
    let mut json = JsonWriter::with_capacity(USUAL_SIZE);
    json.object(|json| {
        json.key("results").array(|json| {
            for item in &page.items {
                write(json, item);
            }
        });
        json.key("_links").object(|json| {
            if let Some(next) = &next {
                json.key("next").string(next);
            }
            json.key("base").string(view.base());
        });
    });
    let mut response = ok(json, charge);
    let link = match &next {
        Some(next) => format!("<{next}>; rel=\"next\", <{}>; rel=\"base\"", view.base()),
        None => format!("<{}>; rel=\"base\"", view.base()),
    };
    if let Ok(link) = HeaderValue::from_str(&link) {
        response.headers_mut().insert(header::LINK, link);
    }
    response
}

/// A list of things this simulator never has, such as custom content.
pub(super) fn empty(parameters: &Parameters, view: &View<'_>) -> Response {
    answer(parameters, view, &Page::<()>::whole(Vec::new()), Charge::BASE, |_, ()| ())
}

/// An `include-…` block of a single answer: at most [`INCLUDED`] entries, and where the rest is.
pub(super) fn included<T>(
    json: &mut JsonWriter,
    name: &str,
    path: &str,
    items: &[T],
    mut write: impl FnMut(&mut JsonWriter, &T),
) {
    json.key(name).object(|json| {
        json.key("results").array(|json| {
            for item in items.iter().take(INCLUDED) {
                write(json, item);
            }
        });
        json.key("meta").object(|json| json.key("hasMore").boolean(items.len() > INCLUDED));
        json.key("_links").object(|json| json.key("self").string(path));
    });
}

/// Most entries of an `include-…` block (`atlassian-endpoints.md` 6.3).
const INCLUDED: usize = 50;

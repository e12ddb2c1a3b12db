//! One request: who calls which site in which version of the API, with which parameters.

use std::convert::Infallible;

use axum::{
    extract::{FromRequestParts, OriginalUri},
    response::Response,
};
use http::{HeaderValue, StatusCode, header::CONTENT_TYPE, request::Parts};

use super::{json::Json, refusal::Refusal, time::Times, view::View};
use crate::{
    gateway::{AppState, Auth, Caller, Charge, PageCap, SiteIndex, charged},
    query::QueryPairs,
    world::{Account, Millis, Site, SiteState, Viewer},
};

/// Version of the platform API: the same operations, but rich text is ADF in 3 and wiki markup in 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Version {
    /// `/rest/api/2` and `/rest/api/latest`
    V2,
    /// `/rest/api/3`, and every API that is not the platform's
    V3,
}

impl Version {
    /// The prefix of links to resources of this version.
    pub(crate) fn prefix(self) -> &'static str {
        match self {
            Self::V2 => "/rest/api/2",
            Self::V3 => "/rest/api/3",
        }
    }
}

/// A request being answered; an extractor that never refuses.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) state: AppState,
    pub(crate) caller: Caller,
    pub(crate) version: Version,
    /// The address links in bodies begin with: the site's own for callers of the gateway; for callers of the site host, the
    /// address by which they reached it, which is the sandbox's.
    pub(crate) url: String,
    /// Site-relative path of the request.
    pub(crate) path: String,
    /// The query string, decoded.
    pub(crate) query: Parameters,
}

impl FromRequestParts<AppState> for Session {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Self::Rejection> {
        let caller = Caller::from_request_parts(parts, state).await?;
        let uri = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |original| &original.0);
        let v2 = uri.path().contains("/rest/api/2/") || uri.path().contains("/rest/api/latest/");
        let site = state.site(&caller);
        let url = match (&caller.auth, caller.site) {
            (Auth::Bearer(_), _) => site.url().to_owned(),
            (_, SiteIndex(0)) => state.origin().to_owned(),
            _ => format!("{}/s/{}", state.origin(), site.cloud_id()),
        };
        Ok(Self {
            state: state.clone(),
            caller,
            version: if v2 { Version::V2 } else { Version::V3 },
            url,
            path: uri.path().find("/rest/").map_or(uri.path(), |at| &uri.path()[at..]).to_owned(),
            query: Parameters {
                cap: parts.extensions.get::<PageCap>().copied(),
                ..Parameters::parse(uri.query().unwrap_or_default())
            },
        })
    }
}

impl Session {
    /// The site called.
    pub(crate) fn site(&self) -> &Site {
        self.state.site(&self.caller)
    }

    /// Who looks.
    pub(crate) fn viewer(&self) -> Viewer {
        self.caller.account.map_or(Viewer::Anonymous, Viewer::Account)
    }

    /// The calling account.
    pub(crate) fn account(&self) -> Option<&Account> {
        self.state.account(&self.caller)
    }

    /// The calling account, for operations that need one.
    pub(crate) fn signed_in(&self) -> Result<&Account, Refusal> {
        self.account().ok_or_else(Refusal::unauthenticated)
    }

    /// Refuses all but administrators of the site.
    pub(crate) fn require_admin(&self, site: &SiteState) -> Result<(), Refusal> {
        let account = self.signed_in()?;
        if site.is_admin(account.index) { Ok(()) } else { Err(Refusal::not_admin()) }
    }

    /// The sandbox clock.
    pub(crate) fn now_ms(&self) -> Millis {
        self.state.world().clock().now_ms()
    }

    /// Writes times as this caller sees them.
    pub(crate) fn times(&self) -> Times {
        Times::of_zone(self.account().map(|account| account.time_zone.as_str()))
    }

    /// What writes this caller's view of the site.
    pub(crate) fn view<'a>(&'a self, site: &'a SiteState) -> View<'a> {
        View {
            site,
            reader: site.reader(self.viewer()),
            version: self.version,
            url: &self.url,
            times: self.times(),
            now: self.now_ms(),
            hourly: self.state.world().clock().hourly_ms(),
        }
    }

    /// The absolute address of this request with other query parameters, as `self` and `nextPage` show it.
    pub(crate) fn link(&self, replaced: &[(&str, &str)]) -> String {
        format!("{}{}?{}", self.url, self.path, self.query.with(replaced))
    }
}

/// A JSON answer.
pub(crate) fn json_answer(status: StatusCode, body: String, charge: Charge) -> Response {
    let mut response = Response::new(axum::body::Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json;charset=UTF-8"));
    charged(response, charge)
}

/// A 200 answer whose body `write` makes.
pub(crate) fn ok(charge: Charge, write: impl FnOnce(&mut Json)) -> Response {
    json_answer(StatusCode::OK, super::json::text(write), charge)
}

/// A 204 answer to a write.
pub(crate) fn no_content() -> Response {
    let mut response = Response::new(axum::body::Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    charged(response, Charge::WRITE)
}

/// The decoded query string, read as leniently as the real service does.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parameters {
    pairs: QueryPairs,
    /// The most things a page may hold, where a fault says so.
    cap: Option<PageCap>,
}

impl Parameters {
    pub(crate) fn parse(query: &str) -> Self {
        Self { pairs: QueryPairs::parse(query), cap: None }
    }

    fn values(&self, name: &str) -> impl Iterator<Item = &str> {
        self.pairs.iter().filter(move |(key, _)| *key == name).map(|(_, value)| value)
    }

    /// The first value that is not empty.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.values(name).find(|value| !value.is_empty())
    }

    /// A list, whether repeated or joined by commas.
    pub(crate) fn list(&self, name: &str) -> Vec<&str> {
        self.values(name)
            .flat_map(|value| value.split(','))
            .map(str::trim)
            .filter(|item| !item.is_empty())
            .collect()
    }

    /// A list whose items may contain commas: repeated only.
    pub(crate) fn repeated(&self, name: &str) -> Vec<&str> {
        self.values(name).filter(|value| !value.is_empty()).collect()
    }

    /// A flag, `default` when absent.
    pub(crate) fn flag(&self, name: &str, default: bool) -> bool {
        self.text(name).map_or(default, |value| value.eq_ignore_ascii_case("true"))
    }

    /// A whole number; what is none is refused.
    pub(crate) fn number(&self, name: &str) -> Result<Option<i64>, Refusal> {
        let Some(text) = self.text(name) else { return Ok(None) };
        text.trim().parse().map(Some).map_err(|_| {
            Refusal::bad_request(format!(
                "The value '{text}' of the query parameter '{name}' is not a number."
            ))
        })
    }

    /// `startAt` and `maxResults`: a negative start reads as 0; what exceeds `maximum` is clamped to it.
    pub(crate) fn page(&self, default: usize, maximum: usize) -> Result<Page, Refusal> {
        let start = self.number("startAt")?.unwrap_or(0).max(0);
        let size = match self.number("maxResults")? {
            None => default,
            Some(size) if size < 0 => default,
            Some(size) => usize::try_from(size).unwrap_or(maximum).min(maximum),
        };
        Ok(Page { start: usize::try_from(start).unwrap_or(usize::MAX), size: self.capped(size) })
    }

    /// A page size, or less where a fault says so.
    pub(crate) fn capped(&self, size: usize) -> usize {
        self.cap.map_or(size, |cap| size.min(cap.0))
    }

    /// The same parameters with some replaced, as a query string.
    pub(crate) fn with(&self, replaced: &[(&str, &str)]) -> String {
        self.pairs.with(replaced)
    }
}

/// One page of a `startAt`/`maxResults` listing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) start: usize,
    pub(crate) size: usize,
}

impl Page {
    /// The part of a list on this page.
    pub(crate) fn of<'a, T>(&self, items: &'a [T]) -> &'a [T] {
        let start = self.start.min(items.len());
        &items[start..start.saturating_add(self.size).min(items.len())]
    }

    /// Writes a platform page: `self, nextPage?, maxResults, startAt, total, isLast, values`.
    pub(crate) fn write<T>(
        &self,
        json: &mut Json,
        session: &Session,
        items: &[T],
        write: impl FnMut(&mut Json, &T),
    ) {
        self.write_with(json, session, items, write, |_| {});
    }

    /// The same with further members behind `values`.
    pub(crate) fn write_with<T>(
        &self,
        json: &mut Json,
        session: &Session,
        items: &[T],
        mut write: impl FnMut(&mut Json, &T),
        further: impl FnOnce(&mut Json),
    ) {
        let page = self.of(items);
        let next = self.start.saturating_add(page.len());
        let is_last = next >= items.len();
        let size = self.size.to_string();
        json.object(|json| {
            let here = [("startAt", &*self.start.to_string()), ("maxResults", &*size)];
            json.key("self").string(&session.link(&here));
            if !is_last {
                let there = [("startAt", &*next.to_string()), ("maxResults", &*size)];
                json.key("nextPage").string(&session.link(&there));
            }
            json.key("maxResults").number(self.size);
            json.key("startAt").number(self.start);
            json.key("total").number(items.len());
            json.key("isLast").boolean(is_last);
            json.key("values").array(|json| page.iter().for_each(|item| write(json, item)));
            further(json);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::{Page, Parameters};

    #[test]
    fn a_list_may_be_repeated_or_joined() {
        for query in ["id=1&id=2", "id=1,2", "id=1%2C2", "id=1,,2,&id="] {
            assert_eq!(Parameters::parse(query).list("id"), ["1", "2"], "{query}");
        }
    }

    #[test]
    fn a_page_is_clamped_and_never_out_of_range() {
        let page = |query: &str| Parameters::parse(query).page(50, 100);
        assert_eq!(page(""), Ok(Page { start: 0, size: 50 }));
        assert_eq!(page("startAt=-5&maxResults=1000000000"), Ok(Page { start: 0, size: 100 }));
        assert!(page("startAt=x").is_err());
        assert!(page("maxResults=99999999999999999999").is_err());
        let far = Page { start: usize::MAX, size: usize::MAX };
        assert_eq!(far.of(&[1, 2, 3]), &[] as &[i32]);
        assert_eq!(Page { start: 1, size: usize::MAX }.of(&[1, 2, 3]), &[2, 3]);
    }
}

//! The query string, read as leniently as the real service does.

use std::convert::Infallible;

use axum::extract::{FromRequestParts, OriginalUri};
use http::request::Parts;

use super::answer::Refusal;
use crate::gateway::PageCap;
use crate::query::QueryPairs;

/// The decoded query string of a request and the path it was sent to.
#[derive(Debug, Clone, Default)]
pub(super) struct Parameters {
    /// Site-relative path, for links that lead back here.
    pub(super) path: String,
    pairs: QueryPairs,
    /// The most things a page may hold, where a fault says so.
    cap: Option<PageCap>,
}

impl Parameters {
    pub(super) fn new(path: &str, query: &str) -> Self {
        Self { path: path.to_owned(), pairs: QueryPairs::parse(query), cap: None }
    }

    /// The first value of a parameter, if it is given and not empty.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.values(name).find(|value| !value.is_empty())
    }

    fn values(&self, name: &str) -> impl Iterator<Item = &str> {
        // `keys[]=A&keys[]=B` is how some HTTP clients spell a repeated parameter.
        self.pairs
            .iter()
            .filter(move |(key, _)| key.strip_suffix("[]").unwrap_or(key) == name)
            .map(|(_, value)| value)
    }

    /// Whether a parameter occurs at all.
    pub(super) fn has(&self, name: &str) -> bool {
        self.values(name).next().is_some()
    }

    /// A list parameter, whether repeated or joined by commas.
    pub(super) fn list(&self, name: &str) -> Vec<&str> {
        self.values(name)
            .flat_map(|value| value.split(','))
            .map(str::trim)
            .filter(|item| !item.is_empty())
            .collect()
    }

    /// A list of numeric ids.
    pub(super) fn ids(&self, name: &str) -> Result<Option<Vec<u64>>, Refusal> {
        let items = self.list(name);
        if items.is_empty() {
            return Ok(None);
        }
        let numbers =
            items.into_iter().map(|item| item.parse().map_err(|_| Refusal::wrong_type(item, name, "long")));
        numbers.collect::<Result<Vec<u64>, _>>().map(Some)
    }

    /// A flag; absent means `false`.
    pub(super) fn flag(&self, name: &str) -> bool {
        self.text(name).is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    /// A non-negative number.
    pub(super) fn number<N: std::str::FromStr>(&self, name: &str) -> Result<Option<N>, Refusal> {
        self.text(name)
            .map(|value| value.parse().map_err(|_| Refusal::wrong_type(value, name, "integer")))
            .transpose()
    }

    /// The page size: `default` when absent; what exceeds `maximum` is clamped, what is not positive is refused.
    pub(super) fn limit(&self, default: usize, maximum: usize) -> Result<usize, Refusal> {
        // An empty page is made of one with a single thing on it.
        let maximum = self.cap.map_or(maximum, |cap| cap.0.clamp(1, maximum));
        match self.number::<usize>("limit")? {
            None => Ok(default.min(maximum)),
            Some(0) => Err(Refusal::wrong_type("0", "limit", "positive integer")),
            Some(limit) => Ok(limit.min(maximum)),
        }
    }

    /// One of the words a parameter allows.
    pub(super) fn choice<T: Copy>(&self, name: &str, choices: &[(&str, T)]) -> Result<Option<T>, Refusal> {
        let Some(value) = self.text(name) else {
            return Ok(None);
        };
        let found = choices.iter().find(|(word, _)| word.eq_ignore_ascii_case(value));
        found
            .map(|(_, choice)| Some(*choice))
            .ok_or_else(|| Refusal::wrong_type(value, name, "one of the listed values"))
    }

    /// Every word of a list parameter must be allowed.
    pub(super) fn choices<T: Copy>(&self, name: &str, choices: &[(&str, T)]) -> Result<Vec<T>, Refusal> {
        let found = self.list(name).into_iter().map(|value| {
            let found = choices.iter().find(|(word, _)| word.eq_ignore_ascii_case(value));
            found
                .map(|(_, choice)| *choice)
                .ok_or_else(|| Refusal::wrong_type(value, name, "one of the listed values"))
        });
        found.collect()
    }

    /// The same request with some parameters replaced, as a query string.
    pub(super) fn with(&self, replaced: &[(&str, &str)]) -> String {
        self.pairs.with(replaced)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Parameters {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        // Nested routers see a shortened path; links lead back to the whole one.
        let whole = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |original| &original.0);
        let parameters = Self::new(whole.path(), whole.query().unwrap_or_default());
        Ok(Self { cap: parts.extensions.get::<PageCap>().copied(), ..parameters })
    }
}

#[cfg(test)]
mod tests {
    use super::Parameters;

    #[test]
    fn a_list_may_be_repeated_joined_or_bracketed() {
        for query in ["id=1&id=2&id=3", "id=1,2,3", "id=1%2C2&id=3", "id[]=1&id[]=2,3", "id=1,,2, 3,"] {
            let parameters = Parameters::new("/", query);
            assert_eq!(parameters.ids("id").ok().flatten(), Some(vec![1, 2, 3]), "{query}");
        }
    }

    #[test]
    fn a_limit_is_clamped_above_and_refused_below() {
        let limit = |query: &str| Parameters::new("/", query).limit(25, 250).ok();
        assert_eq!(limit(""), Some(25));
        assert_eq!(limit("limit=10"), Some(10));
        assert_eq!(limit("limit=1000000000"), Some(250));
        for refused in ["limit=0", "limit=-1", "limit=many", "limit=99999999999999999999999"] {
            assert_eq!(limit(refused), None, "{refused}");
        }
    }

    #[test]
    fn a_link_back_keeps_every_other_parameter() {
        let parameters = Parameters::new("/wiki/api/v2/pages", "space-id=1&cursor=old&limit=5&title=a+b");
        assert_eq!(parameters.with(&[("cursor", "new")]), "space-id=1&limit=5&title=a+b&cursor=new");
    }
}

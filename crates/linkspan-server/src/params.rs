//! Query parameters, read leniently where the wire's clients differ and refused precisely where they are wrong
//! (`merge-wire.md` 3.1). Unknown names are ignored.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use uuid::Uuid;

use crate::problem::ApiError;

/// The page size when none is asked for.
pub(crate) const PAGE_SIZE_DEFAULT: usize = 30;
/// The most records in a page; larger requests get this many.
pub(crate) const PAGE_SIZE_MAX: usize = 100;
/// The most ids in one comma-separated list.
const LIST_MAX: usize = 500;

/// The query of a request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Params(Vec<(String, String)>);

impl<S: Send + Sync> FromRequestParts<S> for Params {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        Ok(Self::parse(parts.uri.query().unwrap_or_default()))
    }
}

impl Params {
    /// Reads a query string.
    pub(crate) fn parse(query: &str) -> Self {
        Self(form_urlencoded::parse(query.as_bytes()).into_owned().collect())
    }

    /// The value of `name`; an empty one counts as none, and of several the last counts.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .rev()
            .find(|(key, value)| key == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }

    /// A list, given comma-separated, repeated, or both.
    pub(crate) fn list(&self, name: &str) -> Result<Vec<String>, ApiError> {
        let values: Vec<String> = self
            .0
            .iter()
            .filter(|(key, _)| key == name)
            .flat_map(|(_, value)| value.split(','))
            .map(str::trim)
            .filter(|value| !value.is_empty())
            .map(str::to_owned)
            .collect();
        if values.len() > LIST_MAX {
            return Err(ApiError::bad_request(format!("`{name}` takes at most {LIST_MAX} values.")));
        }
        Ok(values)
    }

    /// A boolean, `false` when missing.
    pub(crate) fn flag(&self, name: &str) -> Result<bool, ApiError> {
        match self.text(name) {
            Some("true" | "True" | "1") => Ok(true),
            None | Some("false" | "False" | "0") => Ok(false),
            Some(_) => Err(ApiError::bad_request(format!("`{name}` takes true or false."))),
        }
    }

    /// A moment: RFC 3339, or a date or local time, which count as UTC.
    pub(crate) fn time(&self, name: &str) -> Result<Option<Timestamp>, ApiError> {
        let Some(text) = self.text(name) else { return Ok(None) };
        // A `+` that was not escaped arrives as a space.
        let text = text.trim().replace(' ', "+");
        let moment = text
            .parse::<Timestamp>()
            .or_else(|_| text.parse::<DateTime>().and_then(|local| TimeZone::UTC.to_timestamp(local)))
            .or_else(|_| text.parse::<Date>().and_then(|day| TimeZone::UTC.to_timestamp(day.at(0, 0, 0, 0))));
        moment.map(Some).map_err(|_| {
            ApiError::bad_request(format!("`{name}` takes a time such as 2026-01-02T03:04:05Z."))
        })
    }

    /// An id of ours.
    pub(crate) fn id(&self, name: &str) -> Result<Option<Uuid>, ApiError> {
        self.text(name)
            .map(|text| {
                text.parse().map_err(|_| ApiError::bad_request(format!("`{name}` takes an id (a UUID).")))
            })
            .transpose()
    }

    /// How many records a page holds: larger numbers are lowered to [`PAGE_SIZE_MAX`].
    pub(crate) fn page_size(&self) -> Result<usize, ApiError> {
        let Some(text) = self.text("page_size") else { return Ok(PAGE_SIZE_DEFAULT) };
        let refused =
            || ApiError::bad_request(format!("`page_size` takes a whole number from 1 to {PAGE_SIZE_MAX}."));
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(refused());
        }
        // A number too large for the type is a large number all the same.
        let size = text.parse().unwrap_or(usize::MAX);
        if size == 0 { Err(refused()) } else { Ok(size.min(PAGE_SIZE_MAX)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_size_is_clamped_above_and_refused_below_one() {
        let size = |query: &str| Params::parse(query).page_size().ok();
        assert_eq!(size(""), Some(30));
        assert_eq!(size("page_size=7"), Some(7));
        assert_eq!(size("page_size=1000000000"), Some(100));
        assert_eq!(size("page_size=99999999999999999999999999"), Some(100));
        for wrong in ["page_size=0", "page_size=-1", "page_size=ten", "page_size=1.5"] {
            assert_eq!(size(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn times_are_read_in_every_form_that_clients_send() {
        let expected: Timestamp = "2024-01-15T09:30:00Z".parse().unwrap();
        for form in [
            "2024-01-15T09:30:00Z",
            "2024-01-15T09:30:00.000Z",
            "2024-01-15T15:00:00%2B05:30",
            "2024-01-15T15:00:00+05:30",
            "2024-01-15T09:30:00",
            "2024-01-15T09:30:00.000000",
        ] {
            let params = Params::parse(&format!("modified_after={form}"));
            assert_eq!(params.time("modified_after").unwrap(), Some(expected), "{form}");
        }
        assert!(Params::parse("modified_after=yesterday").time("modified_after").is_err());
        assert!(Params::parse("modified_after=2024-13-45").time("modified_after").is_err());
    }

    #[test]
    fn lists_are_read_comma_separated_and_repeated() {
        let params = Params::parse("expand=assignees%2Ccreator&expand=collections");
        assert_eq!(params.list("expand").unwrap(), ["assignees", "creator", "collections"]);
    }
}

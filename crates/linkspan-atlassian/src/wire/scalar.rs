//! Scalars as upstream writes them.

use std::borrow::Cow;
use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::de::{Deserialize, Deserializer, Error, Visitor};

use super::Shape;

/// A string, borrowed where it has no escapes. Lone surrogates become replacement characters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Text<'a>(pub(crate) Cow<'a, str>);

impl Text<'_> {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl Shape for Text<'_> {}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;

        impl<'de> Visitor<'de> for Bytes {
            type Value = Cow<'de, str>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_bytes<E: Error>(self, bytes: &'de [u8]) -> Result<Self::Value, E> {
                Ok(String::from_utf8_lossy(bytes))
            }

            fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Self::Value, E> {
                Ok(Cow::Owned(String::from_utf8_lossy(bytes).into_owned()))
            }
        }

        // As bytes: read as a string, a lone surrogate would be an error and the text lost.
        deserializer.deserialize_bytes(Bytes).map(Text)
    }
}

/// An identifier: a string, or a number that stands for one (role and scheme ids are numbers).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Id<'a>(pub(crate) Cow<'a, str>);

impl Id<'_> {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl Shape for Id<'_> {}

impl<'de: 'a, 'a> Deserialize<'de> for Id<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct StringOrInteger;

        impl<'de> Visitor<'de> for StringOrInteger {
            type Value = Cow<'de, str>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an identifier")
            }

            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Cow::Borrowed(text))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Cow::Owned(text.to_owned()))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
                Ok(Cow::Owned(number.to_string()))
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
                Ok(Cow::Owned(number.to_string()))
            }
        }

        deserializer.deserialize_any(StringOrInteger).map(Self)
    }
}

/// A moment, cut to milliseconds. Jira writes `2021-01-17T12:34:00.000+0000`, Confluence `…Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment(pub(crate) Timestamp);

impl Shape for Moment {}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Text::deserialize(deserializer)?;
        let moment: Timestamp = text.as_str().parse().map_err(D::Error::custom)?;
        Timestamp::from_millisecond(moment.as_millisecond()).map(Self).map_err(D::Error::custom)
    }
}

/// A calendar day, as its midnight in UTC. A full moment counts as its day in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Day(pub(crate) Timestamp);

impl Shape for Day {}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Text::deserialize(deserializer)?;
        let text = text.as_str();
        let date = if text.len() > "2021-01-31".len() {
            let moment: Timestamp = text.parse().map_err(D::Error::custom)?;
            moment.to_zoned(TimeZone::UTC).date()
        } else {
            text.parse::<Date>().map_err(D::Error::custom)?
        };
        let midnight = date.to_zoned(TimeZone::UTC).map_err(D::Error::custom)?;
        Ok(Self(midnight.timestamp()))
    }
}

/// A whole number that is not negative: a count, a size, a version.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(transparent)]
pub(crate) struct Number(pub(crate) u64);

impl Shape for Number {}

/// A truth value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(transparent)]
pub(crate) struct Flag(pub(crate) bool);

impl Shape for Flag {}

#[cfg(test)]
mod tests {
    use super::super::Member;
    use super::*;

    fn read<'a, T: Deserialize<'a> + Shape>(json: &'a str) -> Member<T> {
        serde_json::from_str(json).unwrap()
    }

    fn moment(json: &str) -> Option<String> {
        read::<Moment>(json).get().map(|moment| moment.0.to_string())
    }

    #[test]
    fn every_offset_upstream_writes_is_read_as_utc() {
        assert_eq!(moment(r#""2021-01-17T12:34:00.000+0000""#).unwrap(), "2021-01-17T12:34:00Z");
        assert_eq!(moment(r#""2021-01-26T11:01:16.018+0800""#).unwrap(), "2021-01-26T03:01:16.018Z");
        assert_eq!(moment(r#""2021-01-26T11:01:16.018-03:30""#).unwrap(), "2021-01-26T14:31:16.018Z");
        assert_eq!(moment(r#""2022-03-01T00:00:00.123456Z""#).unwrap(), "2022-03-01T00:00:00.123Z");
    }

    #[test]
    fn s18_a_date_nobody_can_mean_is_odd_and_not_an_error() {
        for odd in [r#""51502-01-01T00:00:00.000+0000""#, r#""yesterday""#, "1492070429", "{}", r#""""#] {
            assert_eq!(read::<Moment>(odd), Member::Odd, "{odd}");
        }
        assert_eq!(read::<Moment>("null"), Member::Absent);
    }

    #[test]
    fn a_due_day_is_its_midnight_in_utc() {
        let day = |json| read::<Day>(json).get().map(|day| day.0.to_string());
        assert_eq!(day(r#""2021-02-28""#).unwrap(), "2021-02-28T00:00:00Z");
        assert_eq!(day(r#""2021-02-28T23:30:00.000+0000""#).unwrap(), "2021-02-28T00:00:00Z");
        assert_eq!(day(r#""2021-02-30""#), None);
    }

    #[test]
    fn s18_text_with_a_lone_surrogate_is_kept_with_a_replacement() {
        let text = read::<Text<'_>>(r#""before \ud800 after""#);
        let text = text.get().unwrap().as_str();
        assert!(text.starts_with("before ") && text.ends_with(" after"), "{text}");
    }

    #[test]
    fn identifiers_may_be_numbers_and_an_empty_one_is_none() {
        assert_eq!(read::<Id<'_>>("10002").id(), Some("10002"));
        assert_eq!(read::<Id<'_>>(r#""a\u002db""#).id(), Some("a-b"));
        assert_eq!(read::<Id<'_>>(r#""""#).id(), None);
        assert_eq!(read::<Id<'_>>("[]"), Member::Odd);
    }
}

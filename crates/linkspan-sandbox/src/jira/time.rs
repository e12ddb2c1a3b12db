//! Times as Jira writes them: `2021-01-17T12:34:00.000+0000`, in the time zone of the calling user's profile.

use jiff::{
    Timestamp,
    civil::Date,
    tz::{Offset, TimeZone},
};

use super::json::Json;
use crate::world::{Day, Millis};

/// Writes times for one caller. Remembers the last offset looked up: neighbours in a reply mostly share it.
#[derive(Debug)]
pub(crate) struct Times {
    zone: TimeZone,
    /// An hour-aligned span in which one offset is known to hold.
    known: std::cell::Cell<Option<(i64, Offset)>>,
}

const HOUR_MS: i64 = 3_600_000;

impl Times {
    /// For an IANA zone name; an unknown name reads as UTC.
    pub(crate) fn of_zone(name: Option<&str>) -> Self {
        let zone = name.and_then(|name| TimeZone::get(name).ok()).unwrap_or(TimeZone::UTC);
        Self { zone, known: std::cell::Cell::new(None) }
    }

    /// The caller's zone.
    pub(crate) fn zone(&self) -> &TimeZone {
        &self.zone
    }

    fn offset(&self, at: Millis) -> Offset {
        // Offsets change on full quarter hours at the earliest; a quarter is the span one look-up answers for.
        let quarter = at.div_euclid(HOUR_MS / 4);
        if let Some((known, offset)) = self.known.get()
            && known == quarter
        {
            return offset;
        }
        let offset = self.zone.to_offset(timestamp(at));
        self.known.set(Some((quarter, offset)));
        offset
    }

    /// Writes a time.
    pub(crate) fn write(&self, json: &mut Json, at: Millis) {
        json.plain(Shown { at, offset: self.offset(at) });
    }

    #[cfg(test)]
    fn text(&self, at: Millis) -> String {
        Shown { at, offset: self.offset(at) }.to_string()
    }

    /// Writes a time, or `null`.
    pub(crate) fn write_or_null(&self, json: &mut Json, at: Option<Millis>) {
        match at {
            Some(at) => self.write(json, at),
            None => json.null(),
        }
    }
}

struct Shown {
    at: Millis,
    offset: Offset,
}

impl std::fmt::Display for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let civil = self.offset.to_datetime(timestamp(self.at));
        let minutes = self.offset.seconds() / 60;
        let sign = if minutes < 0 { '-' } else { '+' };
        let (hours, minutes) = (minutes.abs() / 60, minutes.abs() % 60);
        write!(
            f,
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}{sign}{hours:02}{minutes:02}",
            civil.year(),
            civil.month(),
            civil.day(),
            civil.hour(),
            civil.minute(),
            civil.second(),
            civil.millisecond(),
        )
    }
}

/// The instant of a world time; times outside jiff's range read as its ends.
pub(crate) fn timestamp(at: Millis) -> Timestamp {
    Timestamp::from_millisecond(at).unwrap_or(if at < 0 { Timestamp::MIN } else { Timestamp::MAX })
}

/// `2021-01-17T12:34:00.000Z`, the form of sprints.
pub(crate) fn utc(at: Millis) -> String {
    let civil = Offset::UTC.to_datetime(timestamp(at));
    format!("{}.{:03}Z", civil.strftime("%Y-%m-%dT%H:%M:%S"), civil.millisecond())
}

/// The calendar date of a day number.
pub(crate) fn date(day: Day) -> Date {
    timestamp(i64::from(day) * 24 * HOUR_MS).to_zoned(TimeZone::UTC).date()
}

/// The day number of a calendar date.
pub(crate) fn day(date: Date) -> Day {
    let since =
        date.at(0, 0, 0, 0).to_zoned(TimeZone::UTC).map_or(0, |zoned| zoned.timestamp().as_millisecond());
    Day::try_from(since.div_euclid(24 * HOUR_MS)).unwrap_or(0)
}

/// Reads a time as Jira writes it, or in RFC 3339.
pub(crate) fn parse(text: &str) -> Option<Millis> {
    let strict = text.parse::<Timestamp>().ok();
    let jira = || jiff::fmt::strtime::parse("%Y-%m-%dT%H:%M:%S%.f%z", text).ok()?.to_timestamp().ok();
    strict.or_else(jira).map(Timestamp::as_millisecond)
}

/// Reads `yyyy-MM-dd`.
pub(crate) fn parse_day(text: &str) -> Option<Day> {
    text.parse::<Date>().ok().map(day)
}

#[cfg(test)]
mod tests {
    use super::{Times, date, day, parse, utc};

    #[test]
    fn times_carry_the_offset_of_the_callers_zone_without_a_colon() {
        let table = [
            (None, 1_610_886_840_000, "2021-01-17T12:34:00.000+0000"),
            (Some("Europe/Zurich"), 1_748_085_158_881, "2025-05-24T13:12:38.881+0200"),
            (Some("America/St_Johns"), 1_610_886_840_000, "2021-01-17T09:04:00.000-0330"),
            (Some("no/such-zone"), -1, "1969-12-31T23:59:59.999+0000"),
        ];
        for (zone, at, expected) in table {
            let times = Times::of_zone(zone);
            assert_eq!(times.text(at), expected);
            assert_eq!(parse(expected), Some(at));
        }
    }

    #[test]
    fn an_offset_is_not_reused_across_a_change_of_the_clocks() {
        let times = Times::of_zone(Some("Europe/Berlin"));
        assert_eq!(times.text(1_711_846_799_999), "2024-03-31T01:59:59.999+0100");
        assert_eq!(times.text(1_711_846_800_000), "2024-03-31T03:00:00.000+0200");
    }

    #[test]
    fn days_are_dates() {
        for number in [-400, -1, 0, 1, 18_644] {
            assert_eq!(day(date(number)), number);
        }
        assert_eq!(date(18_644).to_string(), "2021-01-17");
        assert_eq!(utc(1_610_886_840_005), "2021-01-17T12:34:00.005Z");
    }
}

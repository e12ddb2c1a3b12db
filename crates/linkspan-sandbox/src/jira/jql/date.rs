//! Dates in JQL: literals in the caller's time zone, periods relative to now, and the `startOf…`/`endOf…` functions.

use jiff::{
    Span, Timestamp, Zoned,
    civil::{Date, DateTime, Weekday},
    tz::TimeZone,
};

/// What "now" and "here" are for one evaluation.
#[derive(Clone, Debug)]
pub(crate) struct Moment {
    /// The sandbox clock.
    pub(crate) now: Timestamp,
    /// The calling user's profile time zone.
    pub(crate) zone: TimeZone,
}

/// Reads a date literal: `yyyy-MM-dd HH:mm` or with slashes, without a time for midnight, or a period such as `-1d` or
/// `4w 2d` counted from now. Literals have minute resolution and are read in the caller's time zone.
pub(crate) fn literal(text: &str, moment: &Moment) -> Option<Timestamp> {
    let text = text.trim();
    if let Some(civil) = civil(text) {
        return moment.zone.to_timestamp(civil).ok();
    }
    let (span, _) = period(text, None)?;
    moment.now.to_zoned(moment.zone.clone()).checked_add(span).ok().map(|zoned| zoned.timestamp())
}

fn civil(text: &str) -> Option<DateTime> {
    let (date, time) = match text.split_once(' ') {
        Some((date, time)) => (date, Some(time.trim())),
        None => (text, None),
    };
    let separator = if date.contains('/') { '/' } else { '-' };
    let mut parts = date.split(separator);
    let year = number(parts.next()?, 4, 4)?;
    let month = number(parts.next()?, 1, 2)?;
    let day = number(parts.next()?, 1, 2)?;
    if parts.next().is_some() {
        return None;
    }
    let date = Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
    let Some(time) = time else { return Some(date.at(0, 0, 0, 0)) };
    let (hour, minute) = time.split_once(':')?;
    let hour = i8::try_from(number(hour, 1, 2)?).ok()?;
    let minute = i8::try_from(number(minute, 2, 2)?).ok()?;
    if hour > 23 || minute > 59 {
        return None;
    }
    Some(date.at(hour, minute, 0, 0))
}

fn number(text: &str, least: usize, most: usize) -> Option<i16> {
    let fits = (least..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if fits { text.parse().ok() } else { None }
}

/// A period: an optional sign, then `<count><unit>` groups, `y M w d h m`. A count without a unit takes `default_unit`, or
/// minutes. Also says whether a unit was left out.
fn period(text: &str, default_unit: Option<char>) -> Option<(Span, bool)> {
    let (negative, rest) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let mut span = Span::new();
    let mut bare = false;
    let mut groups = 0;
    for group in rest.split_whitespace() {
        let digits = group.bytes().take_while(u8::is_ascii_digit).count();
        let count: i64 = group[..digits].parse().ok()?;
        let count = if negative { -count } else { count };
        let mut unit = group[digits..].chars();
        let unit = match (unit.next(), unit.next()) {
            (None, _) => {
                bare = true;
                default_unit.unwrap_or('m')
            }
            (Some(unit), None) => unit,
            _ => return None,
        };
        span = match unit {
            'y' | 'Y' => span.try_years(span.get_years().checked_add(i16::try_from(count).ok()?)?).ok()?,
            'M' => span.try_months(i64::from(span.get_months()).checked_add(count)?).ok()?,
            'w' | 'W' => span.try_weeks(i64::from(span.get_weeks()).checked_add(count)?).ok()?,
            'd' | 'D' => span.try_days(i64::from(span.get_days()).checked_add(count)?).ok()?,
            'h' | 'H' => span.try_hours(i64::from(span.get_hours()).checked_add(count)?).ok()?,
            'm' => span.try_minutes(span.get_minutes().checked_add(count)?).ok()?,
            _ => return None,
        };
        groups += 1;
    }
    if groups == 0 { None } else { Some((span, bare)) }
}

/// The value of a date function, or the reason why it has none.
pub(crate) enum FunctionValue {
    /// The instant.
    At(Timestamp),
    /// The argument is not an increment such as `-1d` or `"+2w"`.
    BadIncrement,
    /// Too many arguments.
    BadArguments,
}

/// Evaluates `now()`, `currentLogin()`, `lastLogin()` and the `startOf…`/`endOf…` family; `None` when the name is none of them.
pub(crate) fn function(name: &str, arguments: &[String], moment: &Moment) -> Option<FunctionValue> {
    let lower = name.to_ascii_lowercase();
    if matches!(lower.as_str(), "now" | "currentlogin" | "lastlogin") {
        return Some(match arguments {
            [] => FunctionValue::At(moment.now),
            _ => FunctionValue::BadArguments,
        });
    }
    let (end, unit) = match lower.strip_prefix("startof").map(|unit| (false, unit)) {
        Some(found) => found,
        None => (true, lower.strip_prefix("endof")?),
    };
    let natural = match unit {
        "day" => 'd',
        "week" => 'w',
        "month" => 'M',
        "year" => 'y',
        _ => return None,
    };
    let here = moment.now.to_zoned(moment.zone.clone());
    let shifted = match arguments {
        [] => Some(here),
        [increment] => match period(increment.trim(), Some(natural)) {
            Some((span, _)) => here.checked_add(span).ok(),
            None => return Some(FunctionValue::BadIncrement),
        },
        _ => return Some(FunctionValue::BadArguments),
    };
    let value = shifted.and_then(|zoned| edge(&zoned, natural, end));
    Some(value.map_or(FunctionValue::BadIncrement, FunctionValue::At))
}

/// The first or last millisecond of the day, week, month or year around an instant. Weeks begin on Sunday, as in the
/// site's default locale.
fn edge(zoned: &Zoned, unit: char, end: bool) -> Option<Timestamp> {
    let date = zoned.date();
    let first = match unit {
        'd' => date,
        'w' => {
            let back = date.weekday().since(Weekday::Sunday);
            date.checked_sub(Span::new().try_days(i64::from(back)).ok()?).ok()?
        }
        'M' => date.first_of_month(),
        _ => date.first_of_year(),
    };
    let next = match unit {
        'd' => first.checked_add(Span::new().days(1)),
        'w' => first.checked_add(Span::new().days(7)),
        'M' => first.checked_add(Span::new().months(1)),
        _ => first.checked_add(Span::new().years(1)),
    };
    let day = if end { next.ok()? } else { first };
    let instant = zoned.time_zone().to_timestamp(day.at(0, 0, 0, 0)).ok()?;
    if end { instant.checked_sub(Span::new().milliseconds(1)).ok() } else { Some(instant) }
}

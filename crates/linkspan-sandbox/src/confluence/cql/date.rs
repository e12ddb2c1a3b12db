//! Dates in CQL: literals read in the caller's time zone and date functions such as `startOfMonth("-1M")`.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, Unit, Zoned};

use super::{CqlError, Value};

/// Where and when a query is evaluated.
#[derive(Debug, Clone)]
pub struct DateContext {
    /// The instant that `now()` means.
    pub now: Timestamp,
    /// The zone literals are read in: the caller's profile zone, as reported of the real service
    /// (`atlassian-platform.md` 7.2).
    pub zone: TimeZone,
}

/// Epoch minute of an instant: the resolution of dates in the real search index (`atlassian-platform.md` 7.2).
pub fn epoch_minute(instant: Timestamp) -> i64 {
    instant.as_second().div_euclid(60)
}

/// Epoch minute of an instant given in epoch milliseconds.
pub fn epoch_minute_of(milliseconds: i64) -> i64 {
    milliseconds.div_euclid(60_000)
}

/// A value of a date field: the minutes it spans. A literal without a time of day equals any minute of that day, but is
/// ordered by the day's first minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MinuteRange {
    /// First epoch minute.
    pub first: i64,
    /// Last epoch minute, inclusive.
    pub last: i64,
}

/// Reads a date value.
///
/// # Errors
/// [`CqlError::InvalidValue`] for an unknown form or a date out of range.
pub fn resolve(field: &str, value: &Value, context: &DateContext) -> Result<MinuteRange, CqlError> {
    let resolved = match value {
        Value::Literal(text) => literal(text, context),
        Value::Function { name, arguments } => function(name, arguments, context),
    };
    resolved.ok_or_else(|| CqlError::InvalidValue { field: field.to_owned(), value: value.to_string() })
}

/// `yyyy-MM-dd`, `yyyy/MM/dd`, each optionally followed by ` HH:mm`.
fn literal(text: &str, context: &DateContext) -> Option<MinuteRange> {
    let text = text.trim();
    let (date_text, time_text) = match text.split_once(' ') {
        Some((date, time)) => (date, Some(time.trim_start())),
        None => (text, None),
    };
    let date = civil_date(date_text)?;
    let Some(time_text) = time_text else {
        let first = epoch_minute(at(date.to_datetime(Time::midnight()), context)?);
        let next = epoch_minute(at(date.tomorrow().ok()?.to_datetime(Time::midnight()), context)?);
        return Some(MinuteRange { first, last: next - 1 });
    };
    let (hour, minute) = time_text.split_once(':')?;
    let time = Time::new(digits(hour, 1, 2)?, digits(minute, 2, 2)?, 0, 0).ok()?;
    let minute = epoch_minute(at(date.to_datetime(time), context)?);
    Some(MinuteRange { first: minute, last: minute })
}

fn civil_date(text: &str) -> Option<Date> {
    let separator = if text.contains('/') { '/' } else { '-' };
    let mut parts = text.split(separator);
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    Date::new(digits(year, 4, 4)?, digits(month, 1, 2)?, digits(day, 1, 2)?).ok()
}

fn digits<N: std::str::FromStr>(text: &str, shortest: usize, longest: usize) -> Option<N> {
    let fits = (shortest..=longest).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if fits { text.parse().ok() } else { None }
}

fn at(moment: DateTime, context: &DateContext) -> Option<Timestamp> {
    moment.to_zoned(context.zone.clone()).ok().map(|zoned| zoned.timestamp())
}

fn function(name: &str, arguments: &[String], context: &DateContext) -> Option<MinuteRange> {
    if arguments.len() > 1 {
        return None;
    }
    let now = context.now.to_zoned(context.zone.clone());
    let (period, is_end) = match name {
        "now" => (None, false),
        "startofday" => (Some(Period::Day), false),
        "startofweek" => (Some(Period::Week), false),
        "startofmonth" => (Some(Period::Month), false),
        "startofyear" => (Some(Period::Year), false),
        "endofday" => (Some(Period::Day), true),
        "endofweek" => (Some(Period::Week), true),
        "endofmonth" => (Some(Period::Month), true),
        "endofyear" => (Some(Period::Year), true),
        _ => return None,
    };
    let shift = match arguments.first() {
        Some(argument) => increment(argument, period)?,
        None => Span::new(),
    };
    let shifted = now.checked_add(shift).ok()?;
    let moment = match (period, is_end) {
        (None, _) => shifted,
        (Some(period), false) => period.start(&shifted)?,
        (Some(period), true) => period.start(&shifted)?.checked_add(period.length()).ok()?,
    };
    // The end of a period is its last minute, not the first of the next one.
    let minute = epoch_minute(moment.timestamp()) - i64::from(is_end);
    Some(MinuteRange { first: minute, last: minute })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Period {
    Day,
    Week,
    Month,
    Year,
}

impl Period {
    fn length(self) -> Span {
        let one = Span::new();
        match self {
            Self::Day => one.days(1),
            Self::Week => one.weeks(1),
            Self::Month => one.months(1),
            Self::Year => one.years(1),
        }
    }

    /// First instant of the period around `moment`. Weeks start on Sunday.
    fn start(self, moment: &Zoned) -> Option<Zoned> {
        let day = moment.start_of_day().ok()?;
        match self {
            Self::Day => Some(day),
            Self::Week => {
                let since_sunday = i64::from(day.weekday().to_sunday_zero_offset());
                day.checked_sub(Span::new().days(since_sunday)).ok()
            }
            Self::Month => day.first_of_month().ok(),
            Self::Year => day.first_of_year().ok(),
        }
    }
}

/// `[+-]n[yMwdhm]`; without a unit the function's own period is meant, and for `now` days.
fn increment(text: &str, period: Option<Period>) -> Option<Span> {
    let text = text.trim();
    let (is_negative, unsigned) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let unit_start = unsigned.bytes().take_while(u8::is_ascii_digit).count();
    let (amount, unit) = unsigned.split_at(unit_start);
    let amount = i64::from(digits::<u32>(amount, 1, 6)?);
    let amount = if is_negative { -amount } else { amount };
    let unit = match (unit, period) {
        ("y", _) | ("", Some(Period::Year)) => Unit::Year,
        ("M", _) | ("", Some(Period::Month)) => Unit::Month,
        ("w", _) | ("", Some(Period::Week)) => Unit::Week,
        ("d" | "", _) => Unit::Day,
        ("h", _) => Unit::Hour,
        ("m", _) => Unit::Minute,
        _ => return None,
    };
    let span = Span::new();
    match unit {
        Unit::Year => span.try_years(amount).ok(),
        Unit::Month => span.try_months(amount).ok(),
        Unit::Week => span.try_weeks(amount).ok(),
        Unit::Day => span.try_days(amount).ok(),
        Unit::Hour => span.try_hours(amount).ok(),
        _ => span.try_minutes(amount).ok(),
    }
}

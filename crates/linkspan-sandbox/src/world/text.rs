//! Dates as Atlassian writes them.

use super::ids::{Day, Millis};

/// A day as `2026-01-31`.
pub(in crate::world) fn iso_day(day: Day) -> String {
    let (year, month, day) = civil(day.into());
    format!("{year:04}-{month:02}-{day:02}")
}

/// An instant as Jira writes it in UTC: `2026-01-31T23:59:59.123+0000`.
pub(in crate::world) fn iso_instant(at: Millis) -> String {
    let day = at.div_euclid(86_400_000);
    let rest = at.rem_euclid(86_400_000);
    let (year, month, day) = civil(day);
    let (hour, minute, second, milli) = (rest / 3_600_000, rest / 60_000 % 60, rest / 1000 % 60, rest % 1000);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}+0000")
}

/// Year, month and day of a day count since 1970-01-01 (proleptic Gregorian calendar).
pub(in crate::world) fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_index = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_index + 2) / 5 + 1;
    let month = if month_index < 10 { month_index + 3 } else { month_index - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// Day count since 1970-01-01 of a year, month and day.
pub(in crate::world) fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_index = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * month_index + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

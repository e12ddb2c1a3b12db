//! Dates as Confluence prints them: ISO 8601 in UTC with milliseconds, `2026-01-31T09:30:00.000Z`.

use std::fmt;

/// Milliseconds of a day.
const DAY: i64 = 86_400_000;

/// Prints epoch milliseconds as an ISO 8601 date and time in UTC.
#[derive(Debug, Clone, Copy)]
pub(super) struct Iso(pub(super) i64);

impl fmt::Display for Iso {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = civil_from_days(self.0.div_euclid(DAY));
        let of_day = self.0.rem_euclid(DAY);
        let (hour, minute) = (of_day / 3_600_000, of_day / 60_000 % 60);
        let (second, millisecond) = (of_day / 1000 % 60, of_day % 1000);
        write!(out, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millisecond:03}Z")
    }
}

/// Prints epoch milliseconds as Confluence's friendly English date, `Jan 31, 2026`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Friendly(pub(super) i64);

impl fmt::Display for Friendly {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MONTHS: [&str; 12] =
            ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        let (year, month, day) = civil_from_days(self.0.div_euclid(DAY));
        let month = usize::try_from(month - 1).ok().and_then(|index| MONTHS.get(index)).unwrap_or(&"Jan");
        write!(out, "{month} {day:02}, {year}")
    }
}

/// Gregorian date of a day number counted from 1970-01-01 (Howard Hinnant's `civil_from_days`).
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Friendly, Iso};

    proptest! {
        #[test]
        fn iso_dates_read_back_as_the_same_instant(milliseconds in -60_000_000_000_000_i64..200_000_000_000_000) {
            let instant: jiff::Timestamp = Iso(milliseconds).to_string().parse().expect("ISO 8601");
            prop_assert_eq!(instant.as_millisecond(), milliseconds);
        }
    }

    #[test]
    fn friendly_dates_name_the_month() {
        assert_eq!(Friendly(1_769_851_800_000).to_string(), "Jan 31, 2026");
    }
}

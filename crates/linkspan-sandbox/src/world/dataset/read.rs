//! Files with one JSON object a line, compressed or not.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use serde::de::DeserializeOwned;

use crate::world::WorldError;
use crate::world::ids::Millis;
use crate::world::text::days_from_civil;

/// Longest line that is read; the longest of the known data is 1.1 MB.
const LONGEST_LINE: u64 = 64 * 1024 * 1024;

/// Hands every record of `{stem}.ndjson` or `{stem}.ndjson.gz` to `take`; a file that does not exist has none.
pub(super) fn each_line<T: DeserializeOwned>(stem: &Path, mut take: impl FnMut(T)) -> Result<(), WorldError> {
    let Some((path, file)) = open(stem)? else { return Ok(()) };
    let unreadable = |source| WorldError::Unreadable { path: path.clone(), source };
    let inner: Box<dyn Read> = if path.extension().is_some_and(|extension| extension == "gz") {
        Box::new(MultiGzDecoder::new(file))
    } else {
        Box::new(file)
    };
    let mut reader = BufReader::with_capacity(256 * 1024, inner);
    let mut line = String::new();
    for number in 1.. {
        line.clear();
        if (&mut reader).take(LONGEST_LINE).read_line(&mut line).map_err(unreadable)? == 0 {
            break;
        }
        if line.trim().is_empty() {
            continue;
        }
        let record = serde_json::from_str(&line);
        take(record.map_err(|error| WorldError::Malformed {
            path: path.clone(),
            line: number,
            reason: error.to_string(),
        })?);
    }
    Ok(())
}

fn open(stem: &Path) -> Result<Option<(PathBuf, File)>, WorldError> {
    for extension in ["ndjson", "ndjson.gz"] {
        let path = stem.with_extension(extension);
        match File::open(&path) {
            Ok(file) => return Ok(Some((path, file))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(source) => return Err(WorldError::Unreadable { path, source }),
        }
    }
    Ok(None)
}

/// An instant such as `2015-04-28T09:09:23.000+0000`, `2018-02-25T19:38:08.926Z` or `2019-02-13 08:05:54.000` (taken as UTC).
pub(super) fn instant(text: &str) -> Option<Millis> {
    let part = |range: std::ops::Range<usize>| text.get(range).and_then(|digits| digits.parse::<i64>().ok());
    let days = days_from_civil(part(0..4)?, part(5..7)?, part(8..10)?);
    let seconds = part(11..13)? * 3600 + part(14..16)? * 60 + part(17..19)?;
    let (millis, zone) = match text.get(19..)?.strip_prefix('.') {
        Some(rest) => {
            let end = rest.bytes().take_while(u8::is_ascii_digit).count();
            let digits = format!("{:0<3}", &rest[..end.min(3)]);
            (digits.parse::<i64>().ok()?, &rest[end..])
        }
        None => (0, text.get(19..)?),
    };
    let offset = match zone.as_bytes() {
        [] | [b'Z'] => 0,
        [sign @ (b'+' | b'-'), ..] => {
            let digits: String = zone.chars().filter(char::is_ascii_digit).collect();
            let minutes =
                digits.get(0..2)?.parse::<i64>().ok()? * 60 + digits.get(2..4)?.parse::<i64>().ok()?;
            if *sign == b'-' { -minutes } else { minutes }
        }
        _ => return None,
    };
    Some((days * 86_400 + seconds - offset * 60) * 1000 + millis)
}

/// A day such as `2012-07-19`, as days since 1970.
pub(super) fn day(text: &str) -> Option<i32> {
    let part = |range: std::ops::Range<usize>| text.get(range).and_then(|digits| digits.parse::<i64>().ok());
    i32::try_from(days_from_civil(part(0..4)?, part(5..7)?, part(8..10)?)).ok()
}

/// A day such as `Nov 24, 2008`, as its first instant.
pub(super) fn wiki_day(text: &str) -> Option<Millis> {
    let (month, rest) = text.split_once(' ')?;
    let (day, year) = rest.split_once(", ")?;
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = months.iter().position(|name| *name == month)?;
    let days =
        days_from_civil(year.trim().parse().ok()?, i64::try_from(month).ok()? + 1, day.trim().parse().ok()?);
    Some(days * 86_400_000)
}

#[cfg(test)]
mod tests {
    use super::{day, instant, wiki_day};

    #[test]
    fn dates_of_all_forms_are_read() {
        assert_eq!(instant("1970-01-02T00:00:01.250+0000"), Some(86_401_250));
        assert_eq!(instant("1970-01-01T02:30:00.000+0230"), Some(0));
        assert_eq!(instant("1970-01-01T00:00:00.5Z"), Some(500));
        assert_eq!(instant("1970-01-01 00:00:00"), Some(0));
        assert_eq!(instant("yesterday"), None);
        assert_eq!(day("1970-02-01"), Some(31));
        assert_eq!(wiki_day("Jan 2, 1970"), Some(86_400_000));
    }
}

//! The audit log: administrators of Confluence only.

use axum::body::Bytes;
use axum::response::{IntoResponse, Response};
use flate2::Crc;
use http::{HeaderValue, header};
use serde::Deserialize;

use super::legacy::Window;
use crate::confluence::answer::{Answer, Refusal, ok, written};
use crate::confluence::json::JsonWriter;
use crate::confluence::parameters::Parameters;
use crate::confluence::time::Iso;
use crate::confluence::v2::read_json;
use crate::confluence::view::{Ask, View};
use crate::gateway::{Charge, charged};
use crate::world::Millis;
use crate::world::confluence::AuditRecord;

/// Default and largest page.
const PAGE: usize = 1_000;
const DAY: Millis = 86_400_000;
/// Units of time and their length in milliseconds; months and years as upstream counts them.
const UNITS: [(&str, f64); 13] = [
    ("NANOS", 1e-6),
    ("MICROS", 1e-3),
    ("MILLIS", 1.0),
    ("SECONDS", 1e3),
    ("MINUTES", 6e4),
    ("HOURS", 3.6e6),
    ("HALF_DAYS", 4.32e7),
    ("DAYS", 8.64e7),
    ("WEEKS", 6.048e8),
    ("MONTHS", 2.629_746e9),
    ("YEARS", 3.155_695_2e10),
    ("DECADES", 3.155_695_2e11),
    ("CENTURIES", 3.155_695_2e12),
];
/// Longest retention, in years.
const MAX_YEARS: f64 = 7.0;

fn require_admin(view: &View<'_>) -> Result<(), Refusal> {
    if view.reader.admin {
        Ok(())
    } else {
        Err(Refusal::forbidden("Only Confluence administrators may read the audit log"))
    }
}

/// Whether a record is asked for.
fn holds(
    parameters: &Parameters,
    view: &View<'_>,
    record: &AuditRecord,
    from: Option<Millis>,
    to: Option<Millis>,
) -> bool {
    let text = parameters.text("searchString").map(str::to_lowercase);
    from.is_none_or(|from| record.at >= from)
        && to.is_none_or(|to| record.at <= to)
        && text.is_none_or(|text| {
            let author = view.state.account(record.by).display_name();
            [author, record.summary, record.category, record.object.0.as_str()]
                .iter()
                .any(|part| part.to_lowercase().contains(&text))
        })
}

fn records(ask: &Ask, view: &View<'_>, from: Option<Millis>, to: Option<Millis>) -> Vec<AuditRecord> {
    let mut records = view.state.confluence_audit_records();
    records.retain(|record| holds(&ask.parameters, view, record, from, to));
    records
}

fn answer(ask: &Ask, from: Option<Millis>, to: Option<Millis>) -> Answer {
    let window = Window::sized(&ask.parameters, PAGE, PAGE)?;
    ask.read(|view| {
        require_admin(view)?;
        let records = records(ask, view, from, to);
        let (json, _) =
            window.write(view, &ask.parameters, &records, |json, record| write(json, view, record));
        Ok(ok(json, Charge::BASE))
    })
}

/// `GET audit`
pub(super) fn all(ask: &Ask) -> Answer {
    let (from, to) = (ask.parameters.number("startDate")?, ask.parameters.number("endDate")?);
    answer(ask, from, to)
}

/// `GET audit/since`: the last so many units of time, three months unless told otherwise.
pub(super) fn since(ask: &Ask) -> Answer {
    let number: u32 = ask.parameters.number("number")?.unwrap_or(3);
    let length = ask.parameters.choice("units", &UNITS)?.unwrap_or(UNITS[9].1);
    #[expect(clippy::cast_possible_truncation, reason = "a span beyond all time means: from the beginning")]
    let span = (f64::from(number) * length) as Millis;
    answer(ask, Some(ask.now().saturating_sub(span)), None)
}

fn write(json: &mut JsonWriter, view: &View<'_>, record: &AuditRecord) {
    let author = view.state.account(record.by);
    let object = |json: &mut JsonWriter, (name, kind): &(String, &'static str)| {
        json.object(|json| {
            json.key("name").string(name);
            json.key("objectType").string(kind);
        });
    };
    json.object(|json| {
        json.key("author").object(|json| {
            json.key("type").string("user");
            json.key("displayName").string(author.display_name());
            json.key("operations").null();
            json.key("accountId").string(&author.account_id);
            json.key("publicName").string(author.display_name());
            json.key("accountType").string(author.account_type.as_str());
            json.key("isExternalCollaborator").boolean(view.state.is_guest(author.index));
            json.key("isGuest").boolean(view.state.is_guest(author.index));
        });
        json.key("remoteAddress").string("203.0.113.7");
        json.key("creationDate").integer(record.at);
        json.key("summary").string(record.summary);
        json.key("description").string("");
        json.key("category").string(record.category);
        json.key("sysAdmin").boolean(false);
        json.key("superAdmin").boolean(false);
        json.key("affectedObject");
        object(json, &record.object);
        json.key("changedValues").array(|json| {
            for (name, old, new) in &record.changed {
                json.object(|json| {
                    json.key("name").string(name);
                    json.key("oldValue").string(old);
                    json.key("hiddenOldValue").string("");
                    json.key("newValue").string(new);
                    json.key("hiddenNewValue").string("");
                });
            }
        });
        json.key("associatedObjects").array(|json| record.associated.iter().for_each(|it| object(json, it)));
    });
}

/// `GET audit/export`: CSV, or the same in a ZIP archive.
pub(super) fn export(ask: &Ask) -> Answer {
    let (from, to) = (ask.parameters.number("startDate")?, ask.parameters.number("endDate")?);
    let zipped = ask.parameters.choice("format", &[("csv", false), ("zip", true)])?.unwrap_or(false);
    ask.read(|view| {
        require_admin(view)?;
        let csv = csv(view, &records(ask, view, from, to));
        let (kind, name, body) = if zipped {
            ("application/zip", "audit.zip", archive("audit.csv", csv.as_bytes()))
        } else {
            ("text/csv;charset=UTF-8", "audit.csv", csv.into_bytes())
        };
        let mut response: Response = body.into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        if let Ok(disposition) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
            headers.insert(header::CONTENT_DISPOSITION, disposition);
        }
        Ok(charged(response, Charge::BASE))
    })
}

fn csv(view: &View<'_>, records: &[AuditRecord]) -> String {
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let mut out = String::from("Date,Author,Summary,Category,Affected object,Type,Associated objects\r\n");
    for record in records {
        let associated: Vec<&str> = record.associated.iter().map(|(name, _)| name.as_str()).collect();
        let row = [
            Iso(record.at).to_string(),
            quoted(view.state.account(record.by).display_name()),
            quoted(record.summary),
            quoted(record.category),
            quoted(&record.object.0),
            quoted(record.object.1),
            quoted(&associated.join("; ")),
        ];
        out.push_str(&row.join(","));
        out.push_str("\r\n");
    }
    out
}

/// A ZIP archive with one file, stored as it is (APPNOTE.TXT 4.3).
fn archive(name: &str, content: &[u8]) -> Vec<u8> {
    let mut crc = Crc::new();
    crc.update(content);
    let size = u32::try_from(content.len()).unwrap_or(u32::MAX);
    // Version, flags, method, time and date, checksum, both sizes, length of the name and of nothing else.
    let mut common = Vec::new();
    for short in [20_u16, 0, 0, 0, 0x21] {
        common.extend(short.to_le_bytes());
    }
    for long in [crc.sum(), size, size] {
        common.extend(long.to_le_bytes());
    }
    common.extend(u16::try_from(name.len()).unwrap_or(0).to_le_bytes());
    common.extend(0_u16.to_le_bytes());
    let mut out = Vec::new();
    out.extend(0x0403_4b50_u32.to_le_bytes());
    out.extend(&common);
    out.extend(name.as_bytes());
    out.extend(content);
    let directory = u32::try_from(out.len()).unwrap_or(u32::MAX);
    out.extend(0x0201_4b50_u32.to_le_bytes());
    out.extend(20_u16.to_le_bytes());
    out.extend(&common);
    // No comment, first disk, no attributes, at the start.
    out.extend([0; 14]);
    out.extend(name.as_bytes());
    let length = u32::try_from(out.len()).unwrap_or(u32::MAX) - directory;
    out.extend(0x0605_4b50_u32.to_le_bytes());
    for short in [0_u16, 0, 1, 1] {
        out.extend(short.to_le_bytes());
    }
    out.extend(length.to_le_bytes());
    out.extend(directory.to_le_bytes());
    out.extend(0_u16.to_le_bytes());
    out
}

fn write_retention(view: &View<'_>) -> JsonWriter {
    let (number, unit) = view.state.audit_retention();
    let mut json = JsonWriter::default();
    json.object(|json| {
        json.key("number").display_number(number);
        json.key("units").string(unit);
    });
    json
}

/// `GET audit/retention`
pub(super) fn retention(ask: &Ask) -> Answer {
    ask.read(|view| {
        require_admin(view)?;
        Ok(ok(write_retention(view), Charge::BASE))
    })
}

#[derive(Debug, Deserialize)]
struct Retention {
    number: u32,
    units: String,
}

/// `PUT audit/retention`: at most seven years.
pub(super) fn set_retention(ask: &Ask, body: &Bytes) -> Answer {
    let wanted: Retention = read_json(body)?;
    let unit = UNITS.iter().find(|(name, _)| *name == wanted.units);
    let (name, length) = unit.ok_or_else(|| Refusal::bad_request("units is not a unit of time"))?;
    #[expect(clippy::cast_precision_loss, reason = "a day has few milliseconds")]
    let longest = MAX_YEARS * 366.0 * DAY as f64;
    if f64::from(wanted.number) * length > longest {
        return Err(Refusal::bad_request("audit records are kept for seven years at most"));
    }
    ask.read(require_admin)?;
    ask.site().write().set_audit_retention(u64::from(wanted.number), name);
    ask.read(|view| Ok(written(http::StatusCode::OK, write_retention(view))))
}

#[cfg(test)]
mod tests {
    use super::archive;

    #[test]
    fn the_archive_has_its_directory_where_its_end_says() {
        let zip = archive("a.csv", b"x,y\r\n");
        let end = zip.len() - 22;
        let long = |at: usize| u32::from_le_bytes(zip[at..at + 4].try_into().unwrap());
        assert_eq!((long(0), long(end)), (0x0403_4b50, 0x0605_4b50));
        let directory = usize::try_from(long(end + 16)).unwrap();
        assert_eq!(long(directory), 0x0201_4b50);
        assert_eq!(directory + usize::try_from(long(end + 12)).unwrap(), end);
        assert_eq!(&zip[30..35], b"a.csv");
        assert_eq!(&zip[35..40], b"x,y\r\n");
    }
}

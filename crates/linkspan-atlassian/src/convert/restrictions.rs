//! Restrictions on reading content, kept as received.

use serde_json::value::RawValue;

use super::access::restricts_reading;
use super::sink::{Sink, items, one};
use super::{ConfluenceContext, Converted, PageProblem};
use crate::wire::{Member, confluence, read_object};

/// What an answer tells of restrictions.
#[derive(Debug, Default)]
pub struct Restrictions {
    /// A row for each content that not everybody may read, under the content's id.
    pub restricted: Converted,
    /// Ids of content that everybody in its space may read: a row that was kept of it is outdated.
    pub open: Vec<String>,
}

impl Restrictions {
    fn put(&mut self, content_id: &str, raw: &RawValue, sink: &mut Sink) {
        if read_object::<confluence::ByOperation<'_>>(raw).is_ok_and(|found| !restricts_reading(&found)) {
            self.open.push(content_id.to_owned());
            return;
        }
        let path = format!("/wiki/rest/api/content/{content_id}/restriction/byOperation");
        sink.raw("confluence.restriction", content_id, path, raw, None, &[]);
        sink.out.ids.push(content_id.to_owned());
    }
}

/// Takes the restrictions out of an answer of `content/search` that was asked for them.
pub fn restrictions_in_search(json: &str, ctx: &ConfluenceContext) -> Result<Restrictions, PageProblem> {
    let (mut found, mut sink) = (Restrictions::default(), Sink::new(ctx.source));
    for raw in items(json, "results")? {
        let Ok(content) = read_object::<confluence::RestrictedContent<'_>>(raw) else { continue };
        if let (Some(id), Member::Value(restrictions)) = (content.id.id(), &content.restrictions) {
            found.put(id, restrictions, &mut sink);
        }
    }
    Ok(Restrictions { restricted: sink.out, ..found })
}

/// An answer of `content/{id}/restriction` or `…/restriction/byOperation`.
pub fn restriction(
    json: &str,
    content_id: &str,
    ctx: &ConfluenceContext,
) -> Result<Restrictions, PageProblem> {
    let (mut found, mut sink) = (Restrictions::default(), Sink::new(ctx.source));
    found.put(content_id, one(json)?, &mut sink);
    Ok(Restrictions { restricted: sink.out, ..found })
}

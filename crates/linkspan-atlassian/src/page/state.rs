//! The paging rules, without I/O.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::envelope::Envelope;
use super::guard::{EMPTY_PAGES_CAP, Guard, PAGES_CAP};
use crate::calls::{Call, Items, Paging, TokenPlace};
use crate::client::{Params, reroot_query};
use crate::error::CallError;

/// Where a walk stands. It can be stored and taken up again, by another process too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageState {
    position: Position,
    size: Option<u32>,
    pages: u64,
    empty_run: u32,
    guard: Guard,
}

/// What the next request must carry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Position {
    /// Nothing: the first page.
    Start,
    /// The index of the next object.
    At(u64),
    /// A page token.
    Token(String),
    /// The query of a next link.
    Link(String),
    /// The moment a feed was read up to, in epoch milliseconds.
    Since(i64),
    /// The last page was read.
    End,
}

impl PageState {
    /// The beginning of a list of this family.
    pub fn begin(paging: Paging, page_size: Option<u32>) -> Self {
        let size = page_size.map(|wanted| within(paging, wanted));
        Self { position: Position::Start, size, pages: 0, empty_run: 0, guard: Guard::default() }
    }

    /// Whether the last page was read.
    pub fn is_done(&self) -> bool {
        self.position == Position::End
    }

    /// How many pages were read.
    pub fn pages(&self) -> u64 {
        self.pages
    }

    /// The objects that a page is asked for; `None` where upstream's default holds.
    pub fn page_size(&self) -> Option<u32> {
        self.size
    }

    /// Where the feed was read up to (worklog feeds), in epoch milliseconds.
    pub fn since(&self) -> Option<i64> {
        if let Position::Since(moment) = self.position { Some(moment) } else { None }
    }

    /// Whether the next request carries a token that upstream handed out and may refuse.
    pub fn carries_token(&self) -> bool {
        matches!(self.position, Position::Token(_) | Position::Link(_))
    }

    /// Asks for another page size from here on; `false` where a token in hand is bound to the old one. Cursors of
    /// Confluence's second generation say where the list goes on, and the size stands beside them.
    pub(super) fn resize(&mut self, paging: Paging, page_size: u32) -> bool {
        let size = within(paging, page_size);
        if let (Position::Link(query), Paging::Cursor(parameter)) = (&mut self.position, paging) {
            *query = without(query, &[parameter.param]);
        } else if paging.size().is_none() || self.carries_token() {
            return false;
        }
        self.size = Some(size);
        true
    }

    /// Leaves parameters out of the query of a next link.
    pub(super) fn leave_out(&mut self, names: &[&str]) {
        if let Position::Link(query) = &mut self.position {
            *query = without(query, names);
        }
    }

    /// Fills the parameters of the next request.
    pub(crate) fn fill(&self, paging: Paging, params: &mut Params) {
        if let (Some(size), Some(wanted)) = (paging.size(), self.size) {
            match paging {
                Paging::Token(_, TokenPlace::Body) => params.set_body_member(size.param, wanted.into()),
                _ => params.set_query(size.param, wanted.to_string()),
            }
        }
        match (&self.position, paging) {
            (Position::At(index), Paging::StartAt(_)) => params.set_query("startAt", index.to_string()),
            (Position::At(index), Paging::Start(_)) => params.set_query("start", index.to_string()),
            (Position::At(index), Paging::Offset(_)) => params.set_query("offset", index.to_string()),
            (Position::Token(token), Paging::Token(_, TokenPlace::Body)) => {
                params.set_body_member("nextPageToken", Value::String(token.clone()));
            }
            (Position::Token(token), _) => params.set_query("nextPageToken", token.clone()),
            (Position::Link(query), _) => params.set_link_query(query.clone()),
            (Position::Since(moment), _) => params.set_query("since", moment.to_string()),
            (Position::Start | Position::End | Position::At(_), _) => {}
        }
    }

    /// Takes in a page: moves on, or to the end.
    pub(crate) fn take(
        &mut self,
        call: &Call,
        page: &Envelope,
        link_header: Option<&str>,
        body: &[u8],
    ) -> Result<(), CallError> {
        let stuck = |why: &str| CallError::PagingStuck { call: call.name, why: why.to_owned() };
        let next = match call.paging {
            Paging::Whole => Position::End,
            Paging::StartAt(_) => self.after_start_at(page).map_err(stuck)?,
            Paging::Start(size) => {
                let wanted = u64::from(self.size.unwrap_or(size.default));
                self.after_start(page, wanted, call.items).map_err(stuck)?
            }
            Paging::Offset(_) => self.after_offset(page).map_err(stuck)?,
            Paging::Token(..) => after_token(page).map_err(stuck)?,
            Paging::Cursor(_) => after_link(call, link_header.or(page.next_link.as_deref()))?,
            Paging::NextLink(_) => after_link(call, page.next_link.as_deref())?,
            Paging::Since => self.after_since(page).map_err(stuck)?,
        };
        let repeated = match &next {
            Position::Token(token) => self.guard.repeats(token.as_bytes()),
            Position::Link(query) => self.guard.repeats(query.as_bytes()),
            // An index grows by itself; what repeats when upstream ignores it is the page.
            Position::At(_) if page.start.is_none() && page.items > 0 => self.guard.repeats(body),
            Position::At(_) | Position::Since(_) | Position::Start | Position::End => false,
        };
        if repeated {
            return Err(stuck("upstream sends the same page again"));
        }
        self.pages += 1;
        self.empty_run = if page.items == 0 { self.empty_run + 1 } else { 0 };
        if next != Position::End {
            if self.pages >= PAGES_CAP {
                return Err(stuck("the list has too many pages"));
            }
            if self.empty_run >= EMPTY_PAGES_CAP {
                return Err(stuck("too many empty pages in a row promise more"));
            }
        }
        self.position = next;
        Ok(())
    }

    fn index(&self) -> u64 {
        if let Position::At(index) = self.position { index } else { 0 }
    }

    /// Checks that upstream answered from the asked index on, and returns the next index. Moving by what came, not by
    /// what was asked, loses nothing when upstream lowers the page size.
    fn advance(&self, page: &Envelope) -> Result<u64, &'static str> {
        let asked = self.index();
        if self.position != Position::Start && page.start.is_some_and(|echoed| echoed != asked) {
            return Err("upstream answers from another place than asked");
        }
        Ok(page.start.unwrap_or(asked).saturating_add(page.items))
    }

    /// An empty page ends the list. So does `isLast`, but only once `total` (where sent) is reached; a page shorter
    /// than asked proves nothing. A reached `total` counts where `isLast` is not sent, because it may be stale.
    fn after_start_at(&self, page: &Envelope) -> Result<Position, &'static str> {
        let next = self.advance(page)?;
        let reached = page.total.map(|total| next >= total);
        let ends = match (page.items, page.is_last, reached) {
            (0, Some(false), Some(false)) => return Err("an empty page before the announced end"),
            (0, ..) => true,
            (_, Some(is_last), reached) => is_last && reached.unwrap_or(true),
            (_, None, Some(reached)) => reached,
            (_, None, None) => false,
        };
        Ok(if ends { Position::End } else { Position::At(next) })
    }

    /// `_links` without `next`, or `isLastPage`, ends the list; where neither is sent, a page shorter than the size
    /// that upstream went by. Restrictions end only by the latter: their links speak of operations, not of subjects.
    fn after_start(&self, page: &Envelope, wanted: u64, items: Items) -> Result<Position, &'static str> {
        let next = self.advance(page)?;
        let is_short = page.items < page.size_cap.unwrap_or(wanted).max(1);
        let ends = page.items == 0
            || match (page.is_last, page.has_links, items) {
                (Some(is_last), ..) => is_last,
                (None, _, Items::RestrictionSubjects) | (None, false, _) => is_short,
                (None, true, _) => page.next_link.is_none(),
            };
        Ok(if ends { Position::End } else { Position::At(next) })
    }

    fn after_offset(&self, page: &Envelope) -> Result<Position, &'static str> {
        let next = self.advance(page)?;
        let total = page.total.ok_or("the page does not say how many records there are")?;
        if page.items == 0 && next < total {
            return Err("an empty page before the announced end");
        }
        Ok(if next >= total { Position::End } else { Position::At(next) })
    }

    fn after_since(&self, page: &Envelope) -> Result<Position, &'static str> {
        if page.is_last == Some(true) {
            return Ok(Position::End);
        }
        let until = page.until.ok_or("the feed neither ends nor says where it stands")?;
        if self.since().is_some_and(|since| until <= since) {
            return Err("the feed stands still");
        }
        Ok(Position::Since(until))
    }
}

/// No token ends the list, whatever `isLast` says with a token; `isLast: false` without one is a broken promise.
fn after_token(page: &Envelope) -> Result<Position, &'static str> {
    match (&page.next_token, page.is_last) {
        (Some(token), _) => Ok(Position::Token(token.clone())),
        (None, Some(false)) => Err("the page promises more but names no token"),
        (None, _) => Ok(Position::End),
    }
}

/// No link ends the list.
fn after_link(call: &Call, link: Option<&str>) -> Result<Position, CallError> {
    let Some(link) = link else { return Ok(Position::End) };
    reroot_query(call, link)
        .map(Position::Link)
        .map_err(|why| CallError::Malformed { call: call.name, why: why.to_owned() })
}

/// A query without some of its parameters; the others stay as they are.
fn without(query: &str, names: &[&str]) -> String {
    let is_named = |pair: &&str| names.contains(&pair.split_once('=').map_or(*pair, |(name, _)| name));
    let kept: Vec<&str> = query.split('&').filter(|pair| !is_named(pair)).collect();
    kept.join("&")
}

/// A page size upstream takes.
fn within(paging: Paging, wanted: u32) -> u32 {
    let max = paging.size().and_then(|size| size.max).unwrap_or(u32::MAX);
    wanted.clamp(1, max)
}

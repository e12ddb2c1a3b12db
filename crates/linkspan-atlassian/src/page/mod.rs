//! Walking a list to its end, one page at a time, by the rule of its family (`atlassian-endpoints.md` section 2,
//! hazards S6 and S7).
//!
//! [`PageState`] is the rule without I/O: it fills the parameters of the next request and takes in what a page said.
//! [`Pager`] drives it over [`Upstream`].

mod envelope;
mod guard;
mod state;

#[cfg(test)]
mod tests;

use linkspan_model::secret::Secret;

pub use self::envelope::Envelope;
pub use self::guard::{EMPTY_PAGES_CAP, PAGES_CAP};
pub use self::state::PageState;
use crate::calls::Call;
use crate::client::{Params, Reply, Site, Upstream};
use crate::error::CallError;

/// A page as it came.
#[derive(Clone, Debug)]
pub struct PageBody {
    /// The answer, byte for byte.
    pub reply: Reply,
    /// Which page of the walk it is, from 1.
    pub number: u64,
    /// How many objects it holds.
    pub items: u64,
    /// How many the list holds in all, where upstream says so. It drifts while the list changes.
    pub total: Option<u64>,
    /// Whether it is the last.
    pub is_last: bool,
}

/// A walk over a list. It moves on only when a page came, so a failed [`Pager::next`] may be repeated; its
/// [`Pager::state`] is what a checkpoint keeps.
#[derive(Clone, Debug)]
pub struct Pager {
    call: &'static Call,
    site: Site,
    params: Params,
    state: PageState,
}

impl Pager {
    /// A walk from the beginning, `page_size` objects at a time (upstream's ceiling at most; its default if `None`).
    pub fn new(call: &'static Call, site: Site, params: Params, page_size: Option<u32>) -> Self {
        Self { call, site, params, state: PageState::begin(call.paging, page_size) }
    }

    /// A walk that goes on where `state` stands. Call and parameters must be those it was begun with: page tokens are
    /// bound to their query.
    pub fn resume(call: &'static Call, site: Site, params: Params, state: PageState) -> Self {
        Self { call, site, params, state }
    }

    /// Where the walk stands.
    pub fn state(&self) -> &PageState {
        &self.state
    }

    /// Whether the last page was read.
    pub fn is_done(&self) -> bool {
        self.state.is_done()
    }

    /// Asks for pages of another size from here on (hazard S9). Families whose tokens are bound to the page size
    /// refuse: such a walk begins anew.
    pub fn resize(&mut self, page_size: u32) -> bool {
        self.state.resize(self.call.paging, page_size)
    }

    /// The objects that a page is asked for; `None` where upstream's default holds.
    pub fn page_size(&self) -> Option<u32> {
        self.state.page_size()
    }

    /// The same walk at the same place, asking without some of its parameters: for the one object that upstream cannot
    /// answer whole (hazard S9).
    #[must_use]
    pub fn without(&self, left_out: &[&str]) -> Self {
        let mut lighter = self.clone();
        lighter.params.leave_out(left_out);
        lighter.state.leave_out(left_out);
        lighter
    }

    /// Goes on where another walk over the same list stands.
    pub fn go_on_from(&mut self, other: &Self) {
        self.state = other.state.clone();
    }

    /// The next page; `None` after the last.
    ///
    /// # Errors
    /// Those of the call; [`CallError::PageTokenRejected`] when upstream takes its token no more;
    /// [`CallError::PagingStuck`] when the list has no end.
    pub async fn next(&mut self, upstream: &Upstream, token: &Secret) -> Result<Option<PageBody>, CallError> {
        if self.state.is_done() {
            return Ok(None);
        }
        let mut params = self.params.clone();
        self.state.fill(self.call.paging, &mut params);
        let reply = match upstream.send(self.call, &self.site, token, &params).await {
            // The first page was taken with the same query, so what is refused is the token.
            Err(CallError::BadRequest { call, messages }) if self.state.carries_token() => {
                return Err(CallError::PageTokenRejected { call, messages });
            }
            result => result?,
        };
        let mut after = self.state.clone();
        after.take(self.call, &reply.envelope, reply.link_next.as_deref(), &reply.body)?;
        self.state = after;
        Ok(Some(PageBody {
            number: self.state.pages(),
            items: reply.envelope.items,
            total: reply.envelope.total,
            is_last: self.state.is_done(),
            reply,
        }))
    }
}

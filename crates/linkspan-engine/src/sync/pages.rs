//! Lists that need no checkpoint of their own, page by page.

use std::sync::Arc;

use linkspan_atlassian::calls::Call;
use linkspan_atlassian::client::Params;
use linkspan_atlassian::error::CallError;
use linkspan_atlassian::page::Pager;
use linkspan_store::Source;

use super::retreat::smaller;
use super::run::{Run, text};
use crate::engine::Inner;
use crate::error::EngineError;
use crate::quota::Lane;
use crate::upstream::SourceClient;

impl Run {
    /// A whole list that needs no checkpoint of its own, page by page.
    pub(super) fn pages(&self, call: &'static Call, params: Params, page_size: Option<u32>) -> Pages {
        Pages { client: self.client.clone(), call, pager: self.client.pager(call, params, page_size) }
    }
}

/// A list that is read outside of a run, for somebody who asks.
pub(crate) struct OneList(Pages);

impl OneList {
    pub(crate) fn new(
        inner: &Arc<Inner>,
        source: &Source,
        call: &'static Call,
        params: Params,
        page_size: Option<u32>,
    ) -> Self {
        let stop = inner.stop.child_token();
        let source = Arc::new(source.clone());
        let client = SourceClient::new(Arc::clone(inner), source, Lane::Live, Arc::default(), stop);
        let pager = client.pager(call, params, page_size);
        Self(Pages { client, call, pager })
    }

    /// The text of the next page; `None` after the last.
    pub(crate) async fn next(&mut self) -> Result<Option<String>, EngineError> {
        self.0.next().await
    }
}

/// A list, page by page.
pub(super) struct Pages {
    client: SourceClient,
    call: &'static Call,
    pager: Pager,
}

impl Pages {
    /// The text of the next page; `None` after the last.
    pub(super) async fn next(&mut self) -> Result<Option<String>, EngineError> {
        let page = loop {
            match self.client.next(self.call, &mut self.pager).await {
                Ok(page) => break page,
                // Where a token in hand is bound to the size, whoever knows more of the list begins anew.
                Err(error) => match smaller(&error, self.pager.page_size(), CallError::is_size) {
                    Some(size) if self.pager.resize(size) => {}
                    _ => return Err(error),
                },
            }
        };
        page.map(|page| Ok(text(&page.reply.body)?.to_owned())).transpose()
    }

    /// The texts of all pages.
    pub(super) async fn all(mut self) -> Result<Vec<String>, EngineError> {
        let mut texts = Vec::new();
        while let Some(text) = self.next().await? {
            texts.push(text);
        }
        Ok(texts)
    }
}

//! The text of an article behind a signed URL: whoever holds the URL may read it for a while, without headers.

use jiff::{SignedDuration, Timestamp};
use linkspan_model::ids::{LinkedAccountId, RecordId};
use linkspan_model::record::{Body, Model};
use linkspan_model::secret::Secret;
use linkspan_vault::{Digest, opaque};

use crate::accounts::AccountScope;
use crate::engine::Engine;
use crate::error::EngineError;

/// How long a content URL works.
const LIFE: SignedDuration = SignedDuration::from_hours(1);
/// Expiry is rounded up to this, so that a list that is read twice gives the same URLs for a while.
const ROUND_TO: i64 = 900;
const PURPOSE: &str = "article-content";

/// The text of an article.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArticleContent {
    /// Sanitised HTML: the bytes that the article's checksum is of.
    pub html: String,
}

impl Engine {
    /// The signed URL of an article's text.
    pub fn article_content_url(&self, scope: &AccountScope, article: RecordId) -> String {
        let account = scope.account.id;
        let base = self.inner.settings.vendor.public_url.as_str().trim_end_matches('/');
        format!("{base}/content/{account}/{article}?{}", self.signed_query(PURPOSE, account, article))
    }

    /// The text of an article, for the holder of a signed URL. `None` when the signature is wrong, its time is over, or
    /// the article is gone: the three are not told apart.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn article_content(
        &self,
        account: LinkedAccountId,
        article: RecordId,
        expires: i64,
        signature: &str,
    ) -> Result<Option<ArticleContent>, EngineError> {
        if !self.is_signed(PURPOSE, account, article, expires, signature) {
            return Ok(None);
        }
        let Some(account) = self.inner.store.linked_account(account).await? else { return Ok(None) };
        let record = self.inner.store.get_record(account.source, Model::Article, article).await?;
        let Some(record) = record.filter(|record| !record.deleted) else { return Ok(None) };
        Ok(match record.instance()? {
            Body::Article(article) => article.body.map(|body| ArticleContent { html: body.html }),
            _ => None,
        })
    }

    /// The query that lets whoever has it read a record's content for a while.
    pub(crate) fn signed_query(
        &self,
        purpose: &'static str,
        account: LinkedAccountId,
        record: RecordId,
    ) -> String {
        let expires = (self.inner.clock.now() + LIFE).as_second().div_euclid(ROUND_TO) * ROUND_TO + ROUND_TO;
        let signature = hex(&self.sign(purpose, account, record, expires));
        format!("expires={expires}&signature={signature}")
    }

    /// Whether the parts of such a query belong together, and its time is not over.
    pub(crate) fn is_signed(
        &self,
        purpose: &'static str,
        account: LinkedAccountId,
        record: RecordId,
        expires: i64,
        signature: &str,
    ) -> bool {
        let expected = Secret::new(hex(&self.sign(purpose, account, record, expires)));
        opaque::constant_time_eq(&expected, &Secret::new(signature))
            && Timestamp::from_second(expires).is_ok_and(|expires| expires > self.inner.clock.now())
    }

    fn sign(
        &self,
        purpose: &'static str,
        account: LinkedAccountId,
        record: RecordId,
        expires: i64,
    ) -> Digest {
        self.inner.digest_key.digest(purpose, &Secret::new(format!("{account}/{record}/{expires}")))
    }
}

fn hex(digest: &Digest) -> String {
    use std::fmt::Write as _;
    digest.as_bytes().iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

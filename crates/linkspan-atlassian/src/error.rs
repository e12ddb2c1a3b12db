//! What can go wrong with a call, told apart by what the caller can do about it (`atlassian-platform.md` 1.12).
//!
//! An error names the call (its entry in the call table), never a URL, a token or a body; of what upstream said only
//! the first [`MESSAGE_CAP`] characters are kept.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use linkspan_model::product::Product;

/// The most characters of upstream text that an error carries.
pub const MESSAGE_CAP: usize = 300;

/// Why a call was throttled: decides what must slow down (`atlassian-platform.md` 5.6, hazard R2).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ThrottleReason {
    /// The app's hourly points, shared by all its customers, are spent: everything for the product stops.
    QuotaGlobal,
    /// The app's hourly points on this site are spent: everything for the product on the site stops.
    QuotaTenant,
    /// Too many calls a second of this operation on this site: that operation slows down there.
    Burst,
    /// Too many writes to one issue: writes to that issue wait.
    PerIssueWrite,
    /// The operation was too expensive for the site; seen in the field, undocumented.
    Cost,
    /// The gateway in front of all products refused, by its own mark: neither reason nor `Retry-After` is sent.
    Gateway,
    /// A reason this version does not know, as sent, or words for none: the operation slows down on that site.
    Unknown(String),
}

impl ThrottleReason {
    /// Whether an hourly quota is spent, so that only the turn of the hour helps.
    pub fn is_quota(&self) -> bool {
        matches!(self, Self::QuotaGlobal | Self::QuotaTenant)
    }
}

impl FromStr for ThrottleReason {
    type Err = std::convert::Infallible;

    /// Reads a `RateLimit-Reason` value. The endings are compared alone, because Confluence has been seen sending
    /// other words in front than the documents state.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let word = text.trim().to_ascii_lowercase();
        Ok(match word.as_str() {
            word if word.ends_with("quota-global-based") => Self::QuotaGlobal,
            word if word.ends_with("quota-tenant-based") => Self::QuotaTenant,
            word if word.ends_with("burst-based") => Self::Burst,
            word if word.ends_with("per-issue-on-write") => Self::PerIssueWrite,
            word if word.ends_with("cost-based") => Self::Cost,
            _ => Self::Unknown(bounded(text)),
        })
    }
}

impl fmt::Display for ThrottleReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::QuotaGlobal => "the app's hourly quota is spent",
            Self::QuotaTenant => "the app's hourly quota on this site is spent",
            Self::Burst => "too many calls a second",
            Self::PerIssueWrite => "too many writes to one issue",
            Self::Cost => "the call costs the site too much",
            Self::Gateway => "the gateway refuses more calls",
            Self::Unknown(word) => word,
        })
    }
}

/// How the transport failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TransportKind {
    /// No connection could be made: name, network, TLS.
    Connect,
    /// Connecting, reading or the whole call took too long.
    Timeout,
    /// The request could not be written or the answer's head could not be read.
    Broken,
    /// The answer redirected to a place the client does not follow.
    Redirect,
}

impl fmt::Display for TransportKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "no connection",
            Self::Timeout => "timed out",
            Self::Broken => "the connection broke",
            Self::Redirect => "redirected to a place that is not followed",
        })
    }
}

/// A call that gave no usable answer. Every variant names the call by its entry in the call table.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the fields are what their names say; the variants are described")]
pub enum CallError {
    /// 429: wait, at least for `retry_after` where upstream gave advice. Calls about the account have no product.
    #[error("{call}: throttled: {reason}")]
    Throttled {
        call: &'static str,
        product: Option<Product>,
        reason: ThrottleReason,
        retry_after: Option<Duration>,
    },
    /// 401 without further words: the access token is missing, expired or revoked. Refresh once, retry once.
    #[error("{call}: the access token was refused; refresh it")]
    TokenRejected { call: &'static str },
    /// 401 "scope does not match": refreshing cannot help, the customer must consent to more.
    #[error("{call}: the grant lacks a scope; ask the customer to link again")]
    ScopeMissing { call: &'static str },
    /// 403: the app is not installed on the site (or the token covers the other product only). It has been seen
    /// passing, so one answer proves nothing.
    #[error("{call}: the app is not installed on the site")]
    NotInstalled { call: &'static str },
    /// 403: the account behind the grant may no longer use the product.
    #[error("{call}: the linked account may no longer use {product}")]
    ProductAccessLost { call: &'static str, product: Product },
    /// Another 403: the account lacks a permission. Seen for expired tokens too (hazard L5).
    #[error("{call}: the linked account may not do this{}", said(messages))]
    Forbidden { call: &'static str, messages: Vec<String> },
    /// 404: absent, or not visible to the linked account; never proof of a deletion. Seen for expired tokens too.
    #[error("{call}: not found, or not visible to the linked account")]
    NotFound { call: &'static str },
    /// 410: upstream removed the operation (hazard S22).
    #[error("{call}: upstream removed this operation{}", said(messages))]
    Gone { call: &'static str, messages: Vec<String> },
    /// 400, 415 or 422: the request is wrong.
    #[error("{call}: upstream found the request wrong{}", said(messages))]
    BadRequest { call: &'static str, messages: Vec<String> },
    /// 409 on a write: something else changed the thing meanwhile.
    #[error("{call}: conflicts with another change{}", said(messages))]
    Conflict { call: &'static str, messages: Vec<String> },
    /// 413, 504, or 409 on a read (upstream gave up after 10 s): ask for less at a time (hazard S9).
    #[error("{call}: upstream could not answer so much at once (status {status})")]
    TooLarge { call: &'static str, status: u16 },
    /// 408 or another 5xx; 401, 403 or 429 of the host of a file, which takes the address no more or is busy.
    #[error("{call}: upstream is unavailable (status {status})")]
    Unavailable { call: &'static str, status: u16, retry_after: Option<Duration> },
    /// A status that the operation does not answer by its documents.
    #[error("{call}: unexpected status {status}{}", said(messages))]
    Unexpected { call: &'static str, status: u16, messages: Vec<String> },
    /// No answer came.
    #[error("{call}: {kind}")]
    Transport { call: &'static str, kind: TransportKind },
    /// The answer is larger than the client takes: ask for less at a time.
    #[error("{call}: the answer is larger than {cap} bytes")]
    BodyTooLarge { call: &'static str, cap: u64 },
    /// The answer ended early: ask again, or for less at a time (hazard S9).
    #[error("{call}: the answer ended early: {why}")]
    Truncated { call: &'static str, why: String },
    /// The answer is whole but not what the operation answers.
    #[error("{call}: the answer makes no sense: {why}")]
    Malformed { call: &'static str, why: String },
    /// Upstream refused a page token that it gave out: restart from the last durable key (hazard S7).
    #[error("{call}: upstream refused its page token{}", said(messages))]
    PageTokenRejected { call: &'static str, messages: Vec<String> },
    /// Paging makes no progress or has no end: the listing must not be trusted as complete (hazard S6).
    #[error("{call}: paging is stuck: {why}")]
    PagingStuck { call: &'static str, why: String },
    /// The call was never sent because its parameters are wrong: a mistake of ours.
    #[error("{call}: not sent: {why}")]
    NotSent { call: &'static str, why: String },
}

impl CallError {
    /// The call's name in the call table.
    pub fn call(&self) -> &'static str {
        match self {
            Self::Throttled { call, .. }
            | Self::TokenRejected { call }
            | Self::ScopeMissing { call }
            | Self::NotInstalled { call }
            | Self::ProductAccessLost { call, .. }
            | Self::Forbidden { call, .. }
            | Self::NotFound { call }
            | Self::Gone { call, .. }
            | Self::BadRequest { call, .. }
            | Self::Conflict { call, .. }
            | Self::TooLarge { call, .. }
            | Self::Unavailable { call, .. }
            | Self::Unexpected { call, .. }
            | Self::Transport { call, .. }
            | Self::BodyTooLarge { call, .. }
            | Self::Truncated { call, .. }
            | Self::Malformed { call, .. }
            | Self::PageTokenRejected { call, .. }
            | Self::PagingStuck { call, .. }
            | Self::NotSent { call, .. } => call,
        }
    }

    /// A short word for metrics and logs.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Throttled { .. } => "throttled",
            Self::TokenRejected { .. } => "token_rejected",
            Self::ScopeMissing { .. } => "scope_missing",
            Self::NotInstalled { .. } => "not_installed",
            Self::ProductAccessLost { .. } => "product_access_lost",
            Self::Forbidden { .. } => "forbidden",
            Self::NotFound { .. } => "not_found",
            Self::Gone { .. } => "gone",
            Self::BadRequest { .. } => "bad_request",
            Self::Conflict { .. } => "conflict",
            Self::TooLarge { .. } => "too_large",
            Self::Unavailable { .. } => "unavailable",
            Self::Unexpected { .. } => "unexpected",
            Self::Transport { .. } => "transport",
            Self::BodyTooLarge { .. } => "body_too_large",
            Self::Truncated { .. } => "truncated",
            Self::Malformed { .. } => "malformed",
            Self::PageTokenRejected { .. } => "page_token_rejected",
            Self::PagingStuck { .. } => "paging_stuck",
            Self::NotSent { .. } => "not_sent",
        }
    }

    /// Whether the same call may succeed later without anybody doing anything. Whether it may be repeated at all is
    /// the call's own matter ([`crate::calls::Call::idempotent`]).
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Throttled { .. } | Self::Unavailable { .. } | Self::Truncated { .. } => true,
            Self::Transport { kind, .. } => *kind != TransportKind::Redirect,
            Self::TooLarge { status, .. } => *status != 413,
            _ => false,
        }
    }

    /// Whether asking for less at a time may help (hazard S9).
    pub fn is_size(&self) -> bool {
        matches!(self, Self::TooLarge { .. } | Self::BodyTooLarge { .. } | Self::Truncated { .. })
    }

    /// The wait that upstream asks for, as sent: bound it before obeying ([`crate::retry::next_wait`]).
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Throttled { retry_after, .. } | Self::Unavailable { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

/// The messages as the end of a sentence.
fn said(messages: &[String]) -> String {
    if messages.is_empty() { String::new() } else { format!(": {}", messages.join("; ")) }
}

/// The first [`MESSAGE_CAP`] characters of upstream text, without control characters.
pub(crate) fn bounded(text: &str) -> String {
    text.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).take(MESSAGE_CAP).collect()
}

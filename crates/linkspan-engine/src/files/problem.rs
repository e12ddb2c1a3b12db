//! Why the content of an attachment cannot be had, in words that say what to do.

use std::time::Duration;

use linkspan_atlassian::calls::Call;
use linkspan_atlassian::error::{CallError, TransportKind};

use crate::error::EngineError;
use crate::tokens::GrantError;

/// Why there is no content.
#[derive(Debug, thiserror::Error)]
pub enum FileProblem {
    /// There is no such attachment, or it is not the caller's, or it is gone upstream.
    #[error("Not found.")]
    NotFound,
    /// It is larger than what is read.
    #[error(
        "The file is larger than the {cap} bytes that are read; the server's --attachment-max-bytes raises that."
    )]
    TooLarge {
        /// The most bytes that are read.
        cap: u64,
    },
    /// Upstream answers 404 or 410.
    #[error(
        "Atlassian no longer has this file, or does not show it to the linked account. The next sync removes the attachment \
         if it was deleted."
    )]
    Gone,
    /// Upstream has no call that gives the content.
    #[error("Atlassian gives no content of this attachment: it belongs to content of an app.")]
    NoContent,
    /// Upstream refuses this file to the linked account.
    #[error("Atlassian does not let the linked account read this file{said}.")]
    Forbidden {
        /// What upstream said, behind a colon; often nothing.
        said: String,
    },
    /// The grant has no scope that opens files.
    #[error(
        "The grant lacks a scope for files: add {scopes} to the app, and ask the customer to link again."
    )]
    ScopeMissing {
        /// The scopes, any of which suffices.
        scopes: String,
    },
    /// The grant, or the app on the site, does not work any more.
    #[error("Atlassian does not let this server read the site any more: {why}.")]
    Unlinked {
        /// What is wrong with it.
        why: String,
    },
    /// A limit of upstream's is used up.
    #[error("Atlassian allows no further reads at the moment: {why}. Try again later.")]
    Throttled {
        /// Which limit.
        why: String,
        /// When to come back.
        retry_after: Duration,
    },
    /// Too many files are on their way already, or the server is about to stop.
    #[error("This server is busy with other files. Try again in a moment.")]
    Busy,
    /// Upstream takes too long.
    #[error("Atlassian did not send the file in time. Try again.")]
    TimedOut,
    /// Upstream gives no usable answer.
    #[error("Atlassian did not give the file: {why}. Try again later.")]
    Unreachable {
        /// What happened.
        why: String,
    },
    /// The caller takes the file too slowly or went away.
    #[error("The caller stopped taking the file.")]
    Abandoned,
    /// Something failed here.
    #[error(transparent)]
    Internal(EngineError),
}

/// How long to wait where upstream gives no advice.
const WAIT: Duration = Duration::from_mins(1);

impl FileProblem {
    /// What a failure of the call means for the file.
    pub(super) fn of(error: EngineError, call: &'static Call) -> Self {
        let unreachable = |why: &str| Self::Unreachable { why: why.to_owned() };
        match error {
            EngineError::Call(error) => Self::of_call(&error, call),
            EngineError::NotFound => Self::NotFound,
            EngineError::Stopped | EngineError::Crowded => Self::Busy,
            EngineError::Grant(GrantError::Unavailable(_)) => {
                unreachable("no access token can be had at the moment")
            }
            EngineError::Grant(error) => Self::Unlinked { why: error.to_string() },
            error => Self::Internal(error),
        }
    }

    fn of_call(error: &CallError, call: &'static Call) -> Self {
        let unreachable = |why: String| Self::Unreachable { why };
        match error {
            CallError::BodyTooLarge { cap, .. } => Self::TooLarge { cap: *cap },
            CallError::NotFound { .. } | CallError::Gone { .. } => Self::Gone,
            CallError::Forbidden { messages, .. } => {
                let said = messages.first().map_or_else(String::new, |text| {
                    format!(": {}", text.trim_end_matches(['.', ' ']))
                });
                Self::Forbidden { said }
            }
            CallError::ScopeMissing { .. } => Self::ScopeMissing { scopes: scopes_of(call) },
            CallError::NotInstalled { .. } => {
                Self::Unlinked { why: "the app is not installed on the site".to_owned() }
            }
            CallError::ProductAccessLost { product, .. } => {
                Self::Unlinked { why: format!("the linked account may no longer use {product}") }
            }
            CallError::Throttled { reason, retry_after, .. } => {
                Self::Throttled { why: reason.to_string(), retry_after: retry_after.unwrap_or(WAIT) }
            }
            CallError::Transport { kind: TransportKind::Timeout, .. } => Self::TimedOut,
            CallError::Transport { kind: TransportKind::Redirect, .. } => {
                unreachable("it sent the reader to a place that is not followed".to_owned())
            }
            CallError::Transport { kind, .. } => unreachable(kind.to_string()),
            CallError::TokenRejected { .. } => unreachable(
                "it refuses the access token although that is fresh; if this lasts, ask the customer to link again"
                    .to_owned(),
            ),
            CallError::Unavailable { status, .. }
            | CallError::TooLarge { status, .. }
            | CallError::Unexpected { status, .. } => unreachable(format!("it answered with status {status}")),
            CallError::Truncated { .. } => unreachable("the transfer broke off again and again".to_owned()),
            CallError::Malformed { why, .. } => unreachable(why.clone()),
            other => unreachable(other.kind().replace('_', " ")),
        }
    }

    /// Whether every other file of the source would fare the same, so that none is worth a call for a while.
    pub(super) fn concerns_source(&self) -> bool {
        matches!(
            self,
            Self::ScopeMissing { .. } | Self::Unlinked { .. } | Self::Throttled { .. } | Self::Busy
        )
    }

    /// Whether only a change of the file or of the settings could help.
    pub(super) fn is_final(&self) -> bool {
        matches!(self, Self::TooLarge { .. } | Self::NoContent | Self::NotFound)
    }

    /// Whether it says something about the file that is worth keeping: not when the caller went away or the server stops.
    pub(super) fn is_of_the_file(&self) -> bool {
        !matches!(self, Self::Abandoned | Self::Busy | Self::NotFound | Self::Internal(_))
    }
}

impl From<linkspan_store::StoreError> for FileProblem {
    fn from(error: linkspan_store::StoreError) -> Self {
        Self::Internal(error.into())
    }
}

/// The scopes that open a call, as a person would list them.
fn scopes_of(call: &Call) -> String {
    let sets = call.classic.iter().chain(call.granular);
    let sets: Vec<String> = sets
        .map(|set| set.iter().map(|scope| format!("`{scope}`")).collect::<Vec<_>>().join(" and "))
        .collect();
    sets.join(" or ")
}

#[cfg(test)]
mod tests {
    use linkspan_atlassian::calls::{confluence, jira};

    use super::*;

    const NAME: &str = "jira.attachment.content";

    #[test]
    fn s21_each_problem_says_what_to_do_about_it() {
        let words = |error| FileProblem::of(EngineError::Call(error), &jira::ATTACHMENT_CONTENT).to_string();
        let forbidden = CallError::Forbidden {
            call: NAME,
            messages: vec!["You do not have permission to view this attachment.".to_owned()],
        };
        assert_eq!(
            words(forbidden),
            "Atlassian does not let the linked account read this file: You do not have permission to view this attachment."
        );
        assert_eq!(
            words(CallError::ScopeMissing { call: NAME }),
            "The grant lacks a scope for files: add `read:jira-work` or `read:attachment:jira` to the app, and ask the \
             customer to link again."
        );
        assert_eq!(
            words(CallError::Transport { call: NAME, kind: TransportKind::Connect }),
            "Atlassian did not give the file: no connection. Try again later."
        );
        let problem = FileProblem::of(
            EngineError::Call(CallError::ScopeMissing { call: NAME }),
            &confluence::ATTACHMENT_CONTENT,
        );
        assert!(problem.to_string().contains("readonly:content.attachment:confluence"), "{problem}");
        assert!(problem.concerns_source());
    }
}

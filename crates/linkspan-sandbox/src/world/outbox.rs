//! Changes of issues on their way to those who were promised them: each with the issue as it was at that moment.
//!
//! The log keeps what happened; this keeps what it happened to, for as long as nobody has looked at it, and only while
//! somebody wants to know.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tokio::sync::Notify;

use super::ids::{HistoryId, SecurityLevelId};
use super::jira::{Comment, Issue};
use super::log::{Change, Subject};
use super::site::SiteState;
use super::{IssueId, Stamp};

/// Changes that wait to be looked at; further ones are dropped and counted.
pub const MOST_WAITING: usize = 20_000;

/// What a change of an issue came with.
#[derive(Debug, Clone)]
pub enum Detail {
    /// Nothing that is told.
    Nothing,
    /// An entry of the changelog.
    Saved(HistoryId),
    /// A comment: as it is now, or as it was before its deletion.
    Comment(Box<Comment>),
    /// An entity property, by its key; its value as JSON text, unless it was removed.
    Property(String, Option<Arc<str>>),
}

/// A change of an issue.
#[derive(Debug, Clone)]
pub struct IssueEvent {
    /// When, by whom, what.
    pub change: Change,
    /// The issue right after the change; a deleted one as it was before.
    pub issue: Arc<Issue>,
    /// The security level that governed it, its parent's included: the parent may be gone when somebody looks.
    pub security: Option<SecurityLevelId>,
    /// What it came with.
    pub detail: Detail,
}

/// Changes of the issues of one site that wait to be looked at, oldest first.
#[derive(Debug, Default)]
pub struct Outbox {
    followed: AtomicBool,
    waiting: Mutex<VecDeque<IssueEvent>>,
    dropped: AtomicU64,
    wake: OnceLock<Arc<Notify>>,
}

impl Outbox {
    /// Says who is to be woken when something waits. Only the first call counts.
    pub fn wake_with(&self, wake: Arc<Notify>) {
        let _ = self.wake.set(wake);
    }

    /// Keeps changes from now on, or keeps none any more.
    pub fn follow(&self, followed: bool) {
        self.followed.store(followed, Ordering::Release);
    }

    /// Takes the oldest changes, at most `most`.
    pub fn take(&self, most: usize) -> Vec<IssueEvent> {
        let mut waiting = self.waiting();
        let count = most.min(waiting.len());
        waiting.drain(..count).collect()
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.waiting().is_empty()
    }

    /// How many changes were dropped because too many waited.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Acquire)
    }

    fn is_followed(&self) -> bool {
        self.followed.load(Ordering::Acquire)
    }

    fn push(&self, event: IssueEvent) {
        let mut waiting = self.waiting();
        if waiting.len() < MOST_WAITING {
            waiting.push_back(event);
        } else {
            self.dropped.fetch_add(1, Ordering::AcqRel);
        }
        drop(waiting);
        if let Some(wake) = self.wake.get() {
            wake.notify_one();
        }
    }

    fn waiting(&self) -> MutexGuard<'_, VecDeque<IssueEvent>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SiteState {
    /// Enters a change of an issue that exists into the log, and hands it to those who follow.
    pub(super) fn note(&mut self, stamp: Stamp, id: IssueId, subject: Subject, detail: Detail) {
        let change = self.log.push(stamp.at, stamp.by, subject);
        if self.outbox.is_followed()
            && let Some(issue) = self.issue(id)
        {
            let security = self.effective_security(&issue.head());
            self.outbox.push(IssueEvent { change, issue, security, detail });
        }
    }

    /// Enters the deletion of an issue, which is still there, and if it is `told` hands it to those who follow.
    pub(super) fn note_deletion(&mut self, stamp: Stamp, issue: &Arc<Issue>, told: bool) {
        let change = self.log.push(stamp.at, stamp.by, Subject::IssueDeleted(issue.id, issue.project));
        if told && self.outbox.is_followed() {
            let security = self.effective_security(&issue.head());
            let event = IssueEvent { change, issue: Arc::clone(issue), security, detail: Detail::Nothing };
            self.outbox.push(event);
        }
    }

    /// Changes of issues that wait for those who follow them.
    pub fn outbox(&self) -> &Arc<Outbox> {
        &self.outbox
    }
}

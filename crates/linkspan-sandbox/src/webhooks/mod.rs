//! Dynamic webhooks: the registry of who registered what, and until when (`atlassian-endpoints.md` 3.29), and the
//! deliveries to them (`atlassian-platform.md` 4).
//!
//! What a change is told as is decided in `jira::deliveries`; here it is scheduled, sent, repeated and recorded.

mod attempt;
mod dispatch;
mod record;
mod schedule;
mod settings;

pub(crate) use dispatch::Dispatcher;
pub use record::{Delivered, Deliveries, Totals};
pub use settings::{ExpirationDate, Merge, RegistrationResult, WebhookSettings};

use serde::Serialize;

use crate::world::{AccountIndex, Millis};

/// Whether a delivery tells a change itself, or what follows from one (`X-Atlassian-Webhook-Flow`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub enum Flow {
    /// The change.
    Primary,
    /// Its cascade, such as the deletion of a deleted issue's comments.
    Secondary,
}

impl Flow {
    /// The header's text.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Primary => "Primary",
            Self::Secondary => "Secondary",
        }
    }
}

/// How long a webhook lives from its registration or last refresh, in milliseconds: 30 days.
pub const LIFE_MS: Millis = 30 * 24 * 3_600_000;
/// Most webhooks of one app, user and site.
pub const MOST_PER_OWNER: usize = 5;

/// The events a dynamic webhook can ask for.
pub const EVENTS: [&str; 20] = [
    "jira:issue_created",
    "jira:issue_updated",
    "jira:issue_deleted",
    "comment_created",
    "comment_updated",
    "comment_deleted",
    "issue_property_set",
    "issue_property_deleted",
    "sprint_created",
    "sprint_updated",
    "sprint_closed",
    "sprint_deleted",
    "sprint_started",
    "jira:version_released",
    "jira:version_unreleased",
    "jira:version_created",
    "jira:version_moved",
    "jira:version_updated",
    "jira:version_merged",
    "jira:version_deleted",
];

/// Whose a webhook is: it sees what this user sees on this site, and only the app reads or deletes it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Owner {
    /// Client id of the app.
    pub client_id: String,
    /// The user who registered it.
    pub account: AccountIndex,
    /// Cloud id of the site.
    pub cloud_id: String,
}

/// What a webhook is registered with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// Where deliveries go.
    pub url: String,
    /// Events, of [`EVENTS`].
    pub events: Vec<&'static str>,
    /// Which issues it is about.
    pub jql_filter: String,
    /// Fields whose changes it is about; empty: all.
    pub fields: Vec<String>,
    /// Entity properties whose changes it is about; empty: all.
    pub properties: Vec<String>,
}

/// A registered webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Id, unique in the sandbox.
    pub id: u64,
    /// Whose it is.
    pub owner: Owner,
    /// What it was registered with.
    pub subscription: Subscription,
    /// When it ends.
    pub expires: Millis,
    /// The newest change of the site when it was registered: it is about later ones.
    pub since: u64,
}

/// Why a webhook is not registered; the text stands in the answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegistrationError {
    /// The app has another URL in use.
    #[error("Only a single URL per app is allowed to be registered via REST API. Currently used URL is: {0}")]
    OtherUrl(String),
    /// The owner has as many as are allowed.
    #[error("The maximum number of webhooks per app and user, {MOST_PER_OWNER}, has been reached.")]
    TooMany,
}

/// All webhooks. Expired ones are gone for whoever asks, and dropped with the next registration.
#[derive(Debug, Default)]
pub struct Webhooks {
    kept: Vec<Webhook>,
    last: u64,
}

impl Webhooks {
    /// The webhooks alive at a time, oldest first.
    pub fn alive(&self, now: Millis) -> impl Iterator<Item = &Webhook> {
        self.kept.iter().filter(move |hook| hook.expires > now)
    }

    /// Those of one owner.
    pub fn of(&self, owner: &Owner, now: Millis) -> impl Iterator<Item = &Webhook> {
        self.alive(now).filter(move |hook| hook.owner == *owner)
    }

    /// Those of one site.
    pub fn on(&self, cloud_id: &str, now: Millis) -> impl Iterator<Item = &Webhook> {
        self.alive(now).filter(move |hook| hook.owner.cloud_id == cloud_id)
    }

    /// Registers a webhook for changes of its site after `since`, and returns its id.
    ///
    /// # Errors
    /// The app uses another URL, or the owner has the most that are allowed.
    pub fn register(
        &mut self,
        owner: &Owner,
        subscription: Subscription,
        since: u64,
        now: Millis,
    ) -> Result<u64, RegistrationError> {
        self.kept.retain(|hook| hook.expires > now);
        let other = self.kept.iter().find(|hook| {
            hook.owner.client_id == owner.client_id && hook.subscription.url != subscription.url
        });
        if let Some(other) = other {
            return Err(RegistrationError::OtherUrl(other.subscription.url.clone()));
        }
        if self.of(owner, now).count() >= MOST_PER_OWNER {
            return Err(RegistrationError::TooMany);
        }
        self.last += 1;
        let expires = now.saturating_add(LIFE_MS);
        self.kept.push(Webhook { id: self.last, owner: owner.clone(), subscription, expires, since });
        Ok(self.last)
    }

    /// Lets webhooks of an owner live their full time from now on; ids of others are passed over. Returns the new end.
    pub fn refresh(&mut self, owner: &Owner, ids: &[u64], now: Millis) -> Millis {
        let expires = now.saturating_add(LIFE_MS);
        for hook in &mut self.kept {
            if hook.owner == *owner && hook.expires > now && ids.contains(&hook.id) {
                hook.expires = expires;
            }
        }
        expires
    }

    /// Ends webhooks now, those of `ids` or all, whoever owns them; returns how many.
    pub fn expire(&mut self, ids: Option<&[u64]>, now: Millis) -> usize {
        let named = |hook: &&mut Webhook| hook.expires > now && ids.is_none_or(|ids| ids.contains(&hook.id));
        self.kept.iter_mut().filter(named).map(|hook| hook.expires = now).count()
    }

    /// Deletes webhooks of an owner; ids of others are passed over.
    pub fn delete(&mut self, owner: &Owner, ids: &[u64]) {
        self.kept.retain(|hook| hook.owner != *owner || !ids.contains(&hook.id));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(client_id: &str) -> Owner {
        Owner { client_id: client_id.to_owned(), account: AccountIndex(1), cloud_id: "c".to_owned() }
    }

    fn subscription(url: &str) -> Subscription {
        Subscription {
            url: url.to_owned(),
            events: vec![EVENTS[0]],
            jql_filter: "project = A".to_owned(),
            fields: Vec::new(),
            properties: Vec::new(),
        }
    }

    #[test]
    fn a_webhook_lives_thirty_days_and_thirty_more_after_a_refresh() {
        let mut hooks = Webhooks::default();
        let own = owner("a");
        let id = hooks.register(&own, subscription("https://x"), 0, 0).unwrap();
        assert_eq!(hooks.refresh(&own, &[id], 1_000), LIFE_MS + 1_000);
        assert_eq!(hooks.of(&own, LIFE_MS).count(), 1);
        assert_eq!(hooks.of(&own, LIFE_MS + 1_000).count(), 0);
        hooks.refresh(&own, &[id], LIFE_MS + 1_000);
        assert_eq!(hooks.of(&own, LIFE_MS + 1_001).count(), 0, "what has expired does not come back");
    }

    #[test]
    fn a_sixth_webhook_and_a_second_url_are_refused() {
        let mut hooks = Webhooks::default();
        let own = owner("a");
        for _ in 0..MOST_PER_OWNER {
            hooks.register(&own, subscription("https://x"), 0, 0).unwrap();
        }
        assert_eq!(hooks.register(&own, subscription("https://x"), 0, 0), Err(RegistrationError::TooMany));
        let refused = hooks.register(&own, subscription("https://y"), 0, 0);
        assert_eq!(refused, Err(RegistrationError::OtherUrl("https://x".to_owned())));
        assert!(hooks.register(&owner("b"), subscription("https://y"), 0, 0).is_ok());
        hooks.delete(&owner("b"), &[1, 2]);
        assert_eq!(hooks.of(&own, 0).count(), MOST_PER_OWNER, "an app deletes its own only");
        hooks.delete(&own, &[1, 2]);
        assert_eq!(hooks.of(&own, 0).count(), MOST_PER_OWNER - 2);
    }
}

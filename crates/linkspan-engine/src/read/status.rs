//! How fresh each model is.

use std::time::Duration;

use jiff::Timestamp;
use linkspan_atlassian::calls::Feature;
use linkspan_atlassian::resources::{Reading, Resource, gap_of, open_way};
use linkspan_model::product::Integration;
use linkspan_model::record::Model;
use linkspan_store::{Reach, StreamProgress, StreamState};

use crate::accounts::AccountScope;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::read::lies_in_containers;

/// How the reading of a model stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelStatus {
    /// The model.
    pub model: Model,
    /// `SYNCING`, `DONE`, `FAILED`, `PARTIALLY_SYNCED`, `PAUSED`, or `DISABLED` where it is not read at all.
    pub status: &'static str,
    /// The first reading is not finished.
    pub is_initial: bool,
    /// When the latest reading began.
    pub started_at: Option<Timestamp>,
    /// When the latest finished reading ended.
    pub finished_at: Option<Timestamp>,
    /// How that ended, in the words of `status`.
    pub last_result: Option<&'static str>,
    /// When the next one is due.
    pub next_at: Option<Timestamp>,
    /// What upstream held at this moment is held here.
    pub fresh_as_of: Option<Timestamp>,
    /// Why the status is what it is.
    pub reason: Option<String>,
}

/// The stream from which a model's records come, for each integration.
fn streams_of(integration: Integration) -> &'static [(Model, &'static str)] {
    match integration {
        Integration::Jira => &[
            (Model::Ticket, "issues"),
            (Model::Comment, "issues"),
            (Model::Attachment, "issues"),
            (Model::Tag, "issues"),
            (Model::Collection, "projects"),
            (Model::Role, "projects"),
            (Model::User, "people"),
            (Model::Group, "groups"),
            (Model::Contact, "people"),
        ],
        Integration::JiraServiceManagement => &[
            (Model::Ticket, "issues"),
            (Model::Comment, "issues"),
            (Model::Attachment, "issues"),
            (Model::Tag, "issues"),
            (Model::Collection, "projects"),
            (Model::Role, "projects"),
            (Model::User, "people"),
            (Model::Group, "groups"),
            (Model::Account, CUSTOMERS),
            (Model::Contact, CUSTOMERS),
        ],
        Integration::Confluence => &[
            (Model::Article, "pages"),
            (Model::Attachment, "attachments"),
            (Model::Container, "spaces"),
            (Model::User, "people"),
            (Model::Group, "groups"),
        ],
    }
}

/// The stream of organizations and customers, which not every grant opens.
const CUSTOMERS: &str = "customers";

impl Engine {
    /// How the reading of each model of the account stands.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn model_statuses(&self, scope: &AccountScope) -> Result<Vec<ModelStatus>, EngineError> {
        let states = self.inner.store.get_streams(scope.source.id).await?;
        let control = self.inner.store.source_control(scope.source.id).await?;
        let sync_every = self.inner.sync_every_of(scope.source.id, &control);
        let closed = self.customers_closed(scope).await?;
        let row = |(model, stream): &(Model, &'static str)| match (&closed, *model, *stream) {
            (Some(reason), Model::Account, CUSTOMERS) => Self::disabled(Model::Account, reason.clone()),
            // Customers are met on requests and in the site's list of accounts too.
            (Some(_), model, CUSTOMERS) => self.status_of(model, find(&states, "people"), sync_every),
            (_, model, stream) => self.status_of(model, find(&states, stream), sync_every),
        };
        let mut statuses: Vec<ModelStatus> = streams_of(scope.account.integration).iter().map(row).collect();
        if let Some(reach) = self.inner.store.reach(scope.source.id).await?
            && reach.reduced_at.is_some()
        {
            for status in statuses.iter_mut().filter(|status| lies_in_containers(status.model)) {
                if status.status == "DONE" {
                    status.status = "PARTIALLY_SYNCED";
                }
                status.reason = Some(reduced(&reach));
            }
        }
        if control.paused_at.is_some() {
            for status in statuses.iter_mut().filter(|status| status.status != "DISABLED") {
                (status.status, status.next_at) = ("PAUSED", None);
                status.reason = Some("the source is paused; resume it to have it read".to_owned());
            }
        }
        Ok(statuses)
    }

    /// Why organizations and customers are not read; `None` where they are.
    async fn customers_closed(&self, scope: &AccountScope) -> Result<Option<String>, EngineError> {
        if !self.inner.settings.features.contains(&Feature::Customers) {
            return Ok(Some("the feature `customers` is not among those that are read here".to_owned()));
        }
        let granted = self.inner.scopes_of(&scope.source).await?;
        let of_stream =
            Resource::all().filter(|resource| matches!(resource.reading, Reading::Stream(CUSTOMERS)));
        let resources: Vec<_> = of_stream.collect();
        if resources.iter().any(|resource| open_way(resource, &granted).is_some()) {
            return Ok(None);
        }
        let mut missing: Vec<&str> = resources
            .iter()
            .filter_map(|resource| gap_of(resource, &granted))
            .flat_map(|gap| gap.missing)
            .collect();
        missing.sort_unstable();
        missing.dedup();
        Ok(Some(format!(
            "the grant does not open organizations and customers: it lacks {}",
            missing.join(" ")
        )))
    }

    fn disabled(model: Model, reason: String) -> ModelStatus {
        ModelStatus {
            model,
            status: "DISABLED",
            is_initial: false,
            started_at: None,
            finished_at: None,
            last_result: None,
            next_at: None,
            fresh_as_of: None,
            reason: Some(reason),
        }
    }

    fn status_of(&self, model: Model, state: Option<&StreamState>, sync_every: Duration) -> ModelStatus {
        let Some(progress) = state.map(|state| &state.progress) else {
            return ModelStatus {
                model,
                status: "SYNCING",
                is_initial: true,
                started_at: None,
                finished_at: None,
                last_result: None,
                next_at: Some(self.inner.clock.now()),
                fresh_as_of: None,
                reason: Some("the first reading has not come to it yet".to_owned()),
            };
        };
        let next_at = progress.finished_at.map(|at| at + sync_every);
        if progress.phase == "skipped" {
            return closed(model, progress, next_at);
        }
        let last_result = match (progress.finished_at, &progress.last_error) {
            (None, _) => None,
            (Some(_), None) => Some("DONE"),
            (Some(_), Some(_)) if progress.last_success_at.is_some() => Some("PARTIALLY_SYNCED"),
            (Some(_), Some(_)) => Some("FAILED"),
        };
        ModelStatus {
            model,
            status: if progress.phase == "running" { "SYNCING" } else { last_result.unwrap_or("SYNCING") },
            is_initial: progress.last_success_at.is_none(),
            started_at: progress.started_at,
            finished_at: progress.finished_at,
            last_result,
            next_at,
            fresh_as_of: progress.fresh_as_of,
            reason: progress.last_error.clone(),
        }
    }
}

/// What a reduced reach means, in words.
fn reduced(reach: &Reach) -> String {
    format!(
        "the account behind the link suddenly sees {} of the {} projects or spaces that it saw before; what it saw is kept, \
         and shown to nobody; give it its access back, have the customer link again, or accept what it sees now",
        reach.known.saturating_sub(reach.missing),
        reach.known
    )
}

fn find<'a>(states: &'a [StreamState], stream: &str) -> Option<&'a StreamState> {
    states.iter().find(|state| state.stream == stream)
}

/// The status of a model that the grant does not open, or that is not wanted. Nothing is on its way: who waits for the first
/// reading would wait for ever.
fn closed(model: Model, progress: &StreamProgress, next_at: Option<Timestamp>) -> ModelStatus {
    ModelStatus {
        model,
        status: "DISABLED",
        is_initial: false,
        started_at: progress.started_at,
        finished_at: progress.finished_at,
        last_result: None,
        next_at,
        fresh_as_of: None,
        reason: progress.last_error.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_skipped_model_is_disabled_says_why_and_is_not_waited_for() {
        let progress = StreamProgress {
            phase: "skipped".to_owned(),
            last_error: Some("the grant lacks read:confluence-groups".to_owned()),
            ..StreamProgress::default()
        };
        let status = closed(Model::Group, &progress, None);
        assert_eq!((status.status, status.is_initial, status.last_result), ("DISABLED", false, None));
        assert_eq!(status.reason.as_deref(), Some("the grant lacks read:confluence-groups"));
    }
}

//! How fresh each model is.

use jiff::Timestamp;
use linkspan_model::product::Product;
use linkspan_model::record::Model;
use linkspan_store::{StreamProgress, StreamState};

use crate::accounts::AccountScope;
use crate::engine::Engine;
use crate::error::EngineError;

/// How the reading of a model stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelStatus {
    /// The model.
    pub model: Model,
    /// `SYNCING`, `DONE`, `FAILED`, `PARTIALLY_SYNCED`, or `DISABLED` where the grant does not open the model.
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

/// The stream from which a model's records come, for each product.
fn streams_of(product: Product) -> &'static [(Model, &'static str)] {
    match product {
        Product::Jira => &[
            (Model::Ticket, "issues"),
            (Model::Comment, "issues"),
            (Model::Attachment, "issues"),
            (Model::Tag, "issues"),
            (Model::Collection, "projects"),
            (Model::Role, "projects"),
            (Model::User, "people"),
            (Model::Group, "groups"),
        ],
        Product::Confluence => &[
            (Model::Article, "pages"),
            (Model::Attachment, "attachments"),
            (Model::Container, "spaces"),
            (Model::User, "people"),
            (Model::Group, "groups"),
        ],
    }
}

impl Engine {
    /// How the reading of each model of the account stands.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn model_statuses(&self, scope: &AccountScope) -> Result<Vec<ModelStatus>, EngineError> {
        let states = self.inner.store.get_streams(scope.source.id).await?;
        let statuses = streams_of(scope.source.product).iter().map(|(model, stream)| {
            let state = states.iter().find(|state| state.stream == *stream);
            self.status_of(*model, state)
        });
        Ok(statuses.collect())
    }

    fn status_of(&self, model: Model, state: Option<&StreamState>) -> ModelStatus {
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
        let next_at = progress.finished_at.map(|at| at + self.inner.settings.sync_every);
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
            // What was there when the latest good reading began is here.
            fresh_as_of: progress
                .last_success_at
                .and(progress.started_at.filter(|_| progress.last_error.is_none())),
            reason: progress.last_error.clone(),
        }
    }
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

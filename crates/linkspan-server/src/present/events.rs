//! What webhooks carry, in the shapes of the API.

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use linkspan_engine::webhooks::EventPresenter;
use linkspan_engine::{AccountScope, AccountSummary, Engine, EngineError};
use linkspan_model::product::Category;
use linkspan_model::record::Model;
use serde_json::{Map, Value, json};

use super::{Presented, Shown, Stored, make, time};
use crate::rest::accounts::details;
use crate::rest::status::name;
use crate::wire::{knowledgebase, ticketing};

/// Shows receivers of webhooks what the API shows its callers.
#[derive(Clone, Copy, Debug, Default)]
pub struct WebhookBodies;

impl EventPresenter for WebhookBodies {
    fn record<'a>(
        &'a self,
        engine: &'a Engine,
        scope: &'a AccountScope,
        record: Stored,
    ) -> BoxFuture<'a, Result<Option<Value>, EngineError>> {
        let category = scope.account().integration.category();
        match (category, record.model) {
            (Category::Ticketing, Model::Ticket) => one::<ticketing::Ticket>(engine, scope, record),
            (Category::Ticketing, Model::Comment) => one::<ticketing::Comment>(engine, scope, record),
            (Category::Ticketing, Model::Attachment) => one::<ticketing::Attachment>(engine, scope, record),
            (Category::Ticketing, Model::Collection) => one::<ticketing::Collection>(engine, scope, record),
            (Category::Ticketing, Model::Role) => one::<ticketing::Role>(engine, scope, record),
            (Category::Ticketing, Model::Tag) => one::<ticketing::Tag>(engine, scope, record),
            (Category::Ticketing, Model::User) => one::<ticketing::User>(engine, scope, record),
            (Category::Ticketing, Model::Group) => one::<ticketing::Team>(engine, scope, record),
            (Category::Ticketing, Model::Account) => one::<ticketing::Account>(engine, scope, record),
            (Category::Ticketing, Model::Contact) => one::<ticketing::Contact>(engine, scope, record),
            (Category::KnowledgeBase, Model::Article) => one::<knowledgebase::Article>(engine, scope, record),
            (Category::KnowledgeBase, Model::Container) => {
                one::<knowledgebase::Container>(engine, scope, record)
            }
            (Category::KnowledgeBase, Model::Attachment) => {
                one::<knowledgebase::KnowledgeBaseAttachment>(engine, scope, record)
            }
            (Category::KnowledgeBase, Model::User) => {
                one::<knowledgebase::KnowledgeBaseUser>(engine, scope, record)
            }
            (Category::KnowledgeBase, Model::Group) => {
                one::<knowledgebase::KnowledgeBaseGroup>(engine, scope, record)
            }
            _ => async { Ok(None) }.boxed(),
        }
    }

    fn account(&self, engine: &Engine, account: &AccountSummary) -> Value {
        written(&details(engine, &account.account, &account.source))
    }

    fn sync_status<'a>(
        &'a self,
        engine: &'a Engine,
        scope: &'a AccountScope,
    ) -> BoxFuture<'a, Result<Value, EngineError>> {
        async move {
            let category = scope.account().integration.category();
            let mut statuses = Map::new();
            for status in engine.model_statuses(scope).await? {
                let Some(name) = name(category, status.model) else { continue };
                let row = json!({
                    "last_sync_finished": time(status.finished_at),
                    "last_sync_result": status.last_result,
                    "data_fresh_as_of": time(status.fresh_as_of),
                    "sync_status_reason": status.reason,
                });
                statuses.insert(format!("{category}.{name}"), row);
            }
            Ok(Value::Object(statuses))
        }
        .boxed()
    }
}

fn one<'a, T: Presented + 'a>(
    engine: &'a Engine,
    scope: &'a AccountScope,
    record: Stored,
) -> BoxFuture<'a, Result<Option<Value>, EngineError>> {
    async move {
        let made: Vec<T> = make(engine, scope, Shown::default(), vec![record]).await?;
        Ok(made.first().map(written))
    }
    .boxed()
}

/// A shape of the wire as JSON. None of them holds what JSON cannot express.
fn written(shape: &impl serde::Serialize) -> Value {
    serde_json::to_value(shape).unwrap_or_else(|error| {
        tracing::error!(%error, "a shape of the wire is no JSON");
        Value::Null
    })
}

//! What is sent: made when it is sent, of what is stored then. So nothing of a record waits in a queue, an erasure finds
//! nothing there, and a receiver that was down gets the record as it is.

use linkspan_model::change::ChangeKind;
use linkspan_model::event::EventKind;
use linkspan_model::ids::{LinkedAccountId, RecordId};
use linkspan_model::product::Integration;
use linkspan_model::record::Model;
use linkspan_store::{Delivery, Event, LinkedAccount, WebhookEndpoint, WebhookFormat};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::EventPresenter;
use super::names::{self, TEST};
use crate::accounts::{AccountScope, AccountSummary};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::read::{as_seen, is_visible};

/// A body, or why there is none to be made any more.
pub(super) enum Rendered {
    Body(Value),
    Gone(&'static str),
}

const ACCOUNT_GONE: &str = "the account was unlinked";
const RECORD_GONE: &str = "the record is not the account's any more";
const EVENT_GONE: &str = "the event was forgotten";

/// Who is told about whom.
struct Context<'a> {
    engine: &'a Engine,
    presenter: &'a dyn EventPresenter,
    endpoint: &'a WebhookEndpoint,
    delivery: &'a Delivery,
}

/// Makes the body of a delivery.
pub(super) async fn render(
    engine: &Engine,
    presenter: &dyn EventPresenter,
    endpoint: &WebhookEndpoint,
    delivery: &Delivery,
) -> Result<Rendered, EngineError> {
    Context { engine, presenter, endpoint, delivery }.render().await
}

impl Context<'_> {
    async fn render(&self) -> Result<Rendered, EngineError> {
        if self.delivery.event == TEST {
            return Ok(Rendered::Body(self.test()));
        }
        let is_deleted = [EventKind::LinkedAccountDeleted].map(names::of_event).iter().any(|name| {
            name.linkspan == self.delivery.event || name.merge.as_ref() == Some(&self.delivery.event)
        });
        let account = match self.delivery.account {
            Some(_) if is_deleted => None,
            Some(id) => match self.engine.inner.store.linked_account(id).await? {
                Some(account) => Some(account),
                None => return Ok(Rendered::Gone(ACCOUNT_GONE)),
            },
            None => None,
        };
        match (account, self.delivery.model.zip(self.delivery.record)) {
            (Some(account), Some(_)) => self.record(account).await,
            (account, _) => self.event(account).await,
        }
    }

    async fn record(&self, account: LinkedAccount) -> Result<Rendered, EngineError> {
        let Some((model, record)) = self.delivery.model.zip(self.delivery.record) else {
            return Ok(Rendered::Gone(RECORD_GONE));
        };
        let Some(mut scope) = self.engine.remembered_scope(account.clone()).await? else {
            return Ok(Rendered::Gone(ACCOUNT_GONE));
        };
        let mut stored = self.engine.get_record(&scope, model, record).await?;
        if stored.is_none() && scope.containers.is_some() {
            // It may lie in a project that was made a moment ago.
            let Some(present) = self.engine.scope_of(account).await? else {
                return Ok(Rendered::Gone(ACCOUNT_GONE));
            };
            scope = present;
            stored = self.engine.get_record(&scope, model, record).await?;
        }
        let Some(stored) = stored else { return self.hidden(&scope, model, record).await };
        let Some(shown) = self.presenter.record(self.engine, &scope, stored).await? else {
            return Ok(Rendered::Gone(RECORD_GONE));
        };
        Ok(Rendered::Body(match self.endpoint.settings.format {
            WebhookFormat::Linkspan => {
                let word = names::word_of(scope.account.integration.category(), model);
                self.ours(&json!({
                    "linked_account": about(&scope.account),
                    "model": word,
                    "record": shown,
                    "position": self.position(),
                }))
            }
            WebhookFormat::Merge => self.merge(&self.account_of(&scope), &shown),
        }))
    }

    /// A record that upstream does not show any more: that it is gone is told, and nothing of what it said.
    async fn hidden(
        &self,
        scope: &AccountScope,
        model: Model,
        record: RecordId,
    ) -> Result<Rendered, EngineError> {
        let category = scope.account.integration.category();
        let removal = names::of_change(category, model, ChangeKind::Removed);
        let is_removal = removal.is_some_and(|name| {
            name.linkspan == self.delivery.event || name.merge.as_ref() == Some(&self.delivery.event)
        });
        let store = &self.engine.inner.store;
        let stored = store.get_record(scope.source.id, model, record).await?.filter(|_| is_removal);
        let Some(stored) = stored else { return Ok(Rendered::Gone(RECORD_GONE)) };
        let mut absence = stored.absence;
        if !is_visible(scope, &stored) {
            // It went to where this account does not see.
            let change = store.change(scope.source.id, self.delivery.position).await?;
            let seen = change.and_then(|change| as_seen(scope, change, Some(&stored)));
            let Some(seen) = seen else { return Ok(Rendered::Gone(RECORD_GONE)) };
            absence = seen.absence;
        }
        let shown = json!({ "id": stored.id, "remote_id": stored.remote_id, "remote_was_deleted": true });
        Ok(Rendered::Body(match self.endpoint.settings.format {
            WebhookFormat::Linkspan => self.ours(&json!({
                "linked_account": about(&scope.account),
                "model": names::word_of(category, model),
                "record": shown,
                "absence": absence.map(|absence| absence.to_string()),
                "position": self.position(),
            })),
            WebhookFormat::Merge => self.merge(&self.account_of(scope), &shown),
        }))
    }

    async fn event(&self, account: Option<LinkedAccount>) -> Result<Rendered, EngineError> {
        let Some(event) = self.engine.inner.store.event(self.delivery.position).await? else {
            return Ok(Rendered::Gone(EVENT_GONE));
        };
        match self.endpoint.settings.format {
            WebhookFormat::Linkspan => Ok(Rendered::Body(self.our_event(&event, account.as_ref()))),
            WebhookFormat::Merge => self.merge_event(&event, account).await,
        }
    }

    fn our_event(&self, event: &Event, account: Option<&LinkedAccount>) -> Value {
        let mut data = Map::new();
        match (account, self.delivery.account) {
            (Some(account), _) => {
                data.insert("linked_account".to_owned(), about(account));
            }
            (None, Some(id)) => {
                data.insert("linked_account".to_owned(), about_deleted(id, &event.details));
            }
            (None, None) => {}
        }
        if event.kind != EventKind::LinkedAccountDeleted
            && let Value::Object(details) = &event.details
        {
            data.extend(details.clone());
        }
        data.insert("position".to_owned(), self.position());
        self.ours(&Value::Object(data))
    }

    async fn merge_event(
        &self,
        event: &Event,
        account: Option<LinkedAccount>,
    ) -> Result<Rendered, EngineError> {
        let Some(account) = account else {
            let Some(id) = self.delivery.account else { return Ok(Rendered::Gone(EVENT_GONE)) };
            let deleted = deleted_as_merge(id, &event.details);
            return Ok(Rendered::Body(self.merge(&deleted, &deleted)));
        };
        let Some(scope) = self.engine.remembered_scope(account).await? else {
            return Ok(Rendered::Gone(ACCOUNT_GONE));
        };
        let shown = self.account_of(&scope);
        let data = match event.kind {
            EventKind::LinkedAccountCreated => self.linked(&scope, shown.clone()).await?,
            EventKind::SyncCompleted => json!({
                "is_initial_sync": event.details["is_initial"],
                "integration_name": scope.account.integration.display_name(),
                "integration_id": scope.account.integration.slug(),
                "sync_status": self.presenter.sync_status(self.engine, &scope).await?,
            }),
            EventKind::LinkedAccountRelinkNeeded | EventKind::LinkedAccountRestored => {
                issue(event, &scope.account)
            }
            _ => event.details.clone(),
        };
        Ok(Rendered::Body(self.merge(&shown, &data)))
    }

    /// The account with its token: the one event of Merge's that has it (`merge-wire.md` section 9).
    async fn linked(&self, scope: &AccountScope, shown: Value) -> Result<Value, EngineError> {
        let token = self.engine.inner.open_account_token(&scope.account).await?;
        let mut data = shown;
        data["account_token"] = token.expose().into();
        data["is_relink"] = false.into();
        Ok(data)
    }

    fn account_of(&self, scope: &AccountScope) -> Value {
        let summary = AccountSummary { account: (*scope.account).clone(), source: (*scope.source).clone() };
        self.presenter.account(self.engine, &summary)
    }

    fn ours(&self, data: &Value) -> Value {
        json!({ "type": self.delivery.event, "timestamp": time(self.delivery.happened_at), "data": data })
    }

    fn merge(&self, account: &Value, data: &Value) -> Value {
        json!({
            "hook": {
                "id": self.endpoint.id,
                "event": self.delivery.event,
                "target": self.endpoint.settings.url,
            },
            "linked_account": account,
            "data": data,
        })
    }

    fn test(&self) -> Value {
        match self.endpoint.settings.format {
            WebhookFormat::Linkspan => self.ours(&json!({ "webhook_endpoint": { "id": self.endpoint.id } })),
            // Source: `merge-wire.md` section 9, "Delivery".
            WebhookFormat::Merge => json!({ "response": "Success! This URL will be notified." }),
        }
    }

    /// As text: a position may be larger than what a JavaScript number holds.
    fn position(&self) -> Value {
        self.delivery.position.to_string().into()
    }
}

/// As all times of the API.
fn time(at: jiff::Timestamp) -> String {
    format!("{at:.6}")
}

fn about(account: &LinkedAccount) -> Value {
    json!({
        "id": account.id,
        "integration": account.integration.slug(),
        "category": account.integration.category().as_str(),
        "end_user_origin_id": account.end_user.origin_id,
        "end_user_organization_name": account.end_user.organization_name,
    })
}

/// An account that is gone, as far as its last event tells.
fn about_deleted(id: LinkedAccountId, details: &Value) -> Value {
    let integration = integration_of(details);
    json!({
        "id": id,
        "integration": details["integration"],
        "category": integration.map(|integration| integration.category().as_str()),
        "end_user_origin_id": details["end_user_origin_id"],
        "end_user_organization_name": details["end_user_organization_name"],
    })
}

fn integration_of(details: &Value) -> Option<Integration> {
    details["integration"].as_str()?.parse().ok()
}

/// The same in Merge's shape. The e-mail address of who linked went with the account.
fn deleted_as_merge(id: LinkedAccountId, details: &Value) -> Value {
    let integration = integration_of(details);
    json!({
        "id": id,
        "integration": integration.map(Integration::display_name),
        "integration_slug": details["integration"],
        "category": integration.map(|integration| integration.category().as_str()),
        "end_user_origin_id": details["end_user_origin_id"],
        "end_user_organization_name": details["end_user_organization_name"],
        "end_user_email_address": "",
        "status": "INCOMPLETE",
        "webhook_listener_url": "",
        "is_duplicate": false,
        "account_type": "PRODUCTION",
    })
}

/// A dead grant as one of Merge's issues. Death and revival are the same issue, so it has the account's own id.
fn issue(event: &Event, account: &LinkedAccount) -> Value {
    let is_over = event.kind == EventKind::LinkedAccountRestored;
    let reason = event.details["reason"].as_str().unwrap_or("The customer linked again.");
    json!({
        "id": Uuid::new_v5(&account.id.0, b"issue"),
        "status": if is_over { "RESOLVED" } else { "ONGOING" },
        "error_description": reason,
        "end_user": {
            "origin_id": account.end_user.origin_id,
            "organization_name": account.end_user.organization_name,
            "email_address": account.end_user.email_address,
        },
        "first_incident_time": time(event.at),
        "last_incident_time": time(event.at),
        "is_muted": false,
        "error_details": [],
    })
}

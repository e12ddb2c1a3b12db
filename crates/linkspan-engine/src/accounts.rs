//! Linked accounts, as the vendor's API sees them.

use std::sync::Arc;

use linkspan_model::ids::{LinkedAccountId, RecordId, SourceId};
use linkspan_model::product::Integration;
use linkspan_model::record::{Body, Model};
use linkspan_model::secret::Secret;
use linkspan_store::{
    AccountFilter, AccountUnlinked, LinkedAccount, ListFilter, Source, SourceState, UnlinkReceipt,
};
use linkspan_vault::opaque;
use uuid::Uuid;

use crate::engine::{Engine, Inner};
use crate::error::EngineError;
use crate::link::{ACCOUNT_TOKEN, ACCOUNT_TOKEN_PURPOSE};

/// How many projects are looked through at a time when a service-project view is worked out.
const PROJECTS_PER_READ: u32 = 500;

/// Proof that the caller may read a linked account. An account token makes one ([`Engine::account_scope`]), or the vendor, who may
/// read all of its accounts, by naming it ([`Engine::scope_of_account`]). Every read of records takes it, so none can reach
/// another account's data (hazard M5).
#[derive(Clone, Debug)]
pub struct AccountScope {
    pub(crate) account: Arc<LinkedAccount>,
    pub(crate) source: Arc<Source>,
    /// The projects that the account's integration shows; `None` shows all.
    pub(crate) containers: Option<Arc<[RecordId]>>,
}

impl AccountScope {
    /// The account.
    pub fn account(&self) -> &LinkedAccount {
        &self.account
    }

    /// What it reads.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// Whether the account's integration has the model: organizations of customers are Jira Service Management's alone
    /// (`merge-atlassian-mapping.md` section 1), though the source of a plain Jira account may hold them.
    pub fn offers(&self, model: Model) -> bool {
        model != Model::Account || self.account.integration == Integration::JiraServiceManagement
    }
}

/// A linked account with the site it reads.
#[derive(Clone, Debug)]
pub struct AccountSummary {
    /// The account.
    pub account: LinkedAccount,
    /// What it reads.
    pub source: Source,
}

impl Engine {
    /// The scope of an account token; `None` when it is unknown.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn account_scope(&self, token: &Secret) -> Result<Option<AccountScope>, EngineError> {
        if !opaque::is_well_formed(ACCOUNT_TOKEN, token.expose()) {
            return Ok(None);
        }
        let digest = self.inner.digest_key.digest(ACCOUNT_TOKEN_PURPOSE, token);
        let Some(account) = self.inner.store.linked_account_by_token(&digest).await? else { return Ok(None) };
        self.scope_of(account).await
    }

    /// The scope of an account whose token, or a signature in its place, was found right.
    pub(crate) async fn scope_of(&self, account: LinkedAccount) -> Result<Option<AccountScope>, EngineError> {
        let Some(source) = self.inner.store.source(account.source).await? else { return Ok(None) };
        let containers = match account.integration {
            Integration::JiraServiceManagement => Some(self.inner.service_projects(source.id).await?.into()),
            Integration::Jira | Integration::Confluence => None,
        };
        Ok(Some(AccountScope { account: Arc::new(account), source: Arc::new(source), containers }))
    }

    /// The scope of a service-project view whose projects are known.
    pub(crate) async fn scope_within(
        &self,
        account: LinkedAccount,
        projects: Arc<[RecordId]>,
    ) -> Result<Option<AccountScope>, EngineError> {
        let Some(source) = self.inner.store.source(account.source).await? else { return Ok(None) };
        let (account, source) = (Arc::new(account), Arc::new(source));
        Ok(Some(AccountScope { account, source, containers: Some(projects) }))
    }

    /// Linked accounts that meet the filter, oldest first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn linked_accounts(
        &self,
        filter: &AccountFilter,
        after: Option<(jiff::Timestamp, LinkedAccountId)>,
        limit: u32,
    ) -> Result<Vec<AccountSummary>, EngineError> {
        let mut summaries = Vec::new();
        for account in self.inner.store.list_linked_accounts(filter, after, limit).await? {
            if let Some(source) = self.inner.store.source(account.source).await? {
                summaries.push(AccountSummary { account, source });
            }
        }
        Ok(summaries)
    }

    /// Unlinks an account: its keys are destroyed at once, its data is erased if no other account reads it.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] when it is gone already.
    pub async fn unlink(&self, account: LinkedAccountId) -> Result<UnlinkReceipt, EngineError> {
        let inner = Arc::clone(&self.inner);
        // To its end, though nobody waits for the answer any more.
        let unlinking = self.inner.tasks.spawn(async move {
            // Held to the end: nothing is registered for what is being unlinked.
            let _registrar = inner.take_back_registrations(account).await?;
            inner.unlink(account).await
        });
        unlinking.await.map_err(|error| EngineError::Invalid(format!("the unlinking broke off: {error}")))?
    }
}

impl Engine {
    /// A receipt of an unlinked account.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn unlink_receipt(&self, id: Uuid) -> Result<Option<UnlinkReceipt>, EngineError> {
        Ok(self.inner.store.unlink_receipt(id).await?)
    }

    /// Receipts, of one account or of all, oldest first, behind the position `after` (time and id of the last one).
    ///
    /// # Errors
    /// When the store fails.
    pub async fn unlink_receipts(
        &self,
        account: Option<LinkedAccountId>,
        after: Option<(jiff::Timestamp, Uuid)>,
        limit: u32,
    ) -> Result<Vec<UnlinkReceipt>, EngineError> {
        Ok(self.inner.store.unlink_receipts(account, after, limit).await?)
    }
}

impl Inner {
    /// The service projects of a source.
    async fn service_projects(&self, source: SourceId) -> Result<Vec<RecordId>, EngineError> {
        let mut projects = Vec::new();
        let mut after = None;
        let filter = ListFilter { include_deleted: true, ..ListFilter::default() };
        loop {
            let page =
                self.store.list_records(source, Model::Collection, &filter, after, PROJECTS_PER_READ).await?;
            let Some(last) = page.last() else { return Ok(projects) };
            after = Some(last.position());
            for record in &page {
                if let Body::Collection(project) = record.instance()?
                    && project.project_type.as_deref() == Some("service_desk")
                {
                    projects.push(record.id);
                }
            }
        }
    }

    async fn unlink(self: &Arc<Self>, account: LinkedAccountId) -> Result<UnlinkReceipt, EngineError> {
        let unlinked = self.store.unlink(account, self.entropy.uuid(), self.clock.now()).await?;
        let AccountUnlinked { left: unlinked, receipt } = unlinked.ok_or(EngineError::NotFound)?;
        self.feed_grew();
        if unlinked.source_is_unused {
            self.erase_later(unlinked.source);
        }
        if unlinked.grant_is_gone {
            self.forget_token(unlinked.grant);
        }
        tracing::info!(account.id = %account, receipt.id = %receipt.id, "unlinked");
        Ok(receipt)
    }

    /// Erases a source that nobody reads any more, in the background. What a stop interrupts is taken up at the next
    /// start, because the source is marked.
    pub(crate) fn erase_later(self: &Arc<Self>, source: SourceId) {
        if let Some(reading) =
            self.reading.lock().unwrap_or_else(std::sync::PoisonError::into_inner).get(&source)
        {
            reading.cancel();
        }
        self.forget_live(source);
        self.remembered.lock().unwrap_or_else(std::sync::PoisonError::into_inner).remove(&source);
        // One at a time in a process: a second would find nothing to do.
        if !self.erasing.lock().unwrap_or_else(std::sync::PoisonError::into_inner).insert(source) {
            return;
        }
        let inner = Arc::clone(self);
        self.tasks.spawn(async move {
            match inner.erase(source).await {
                Ok(()) => tracing::info!(source.id = %source, "erased"),
                Err(error) => {
                    tracing::error!(source.id = %source, %error, "erasing failed; it is tried again");
                }
            }
            inner.erasing.lock().unwrap_or_else(std::sync::PoisonError::into_inner).remove(&source);
        });
    }

    async fn erase(&self, source: SourceId) -> Result<(), EngineError> {
        self.store.erase_source(source).await?;
        // Another process may have done the rest, and the customer linked anew since.
        let is_removing = |it: Source| it.state == SourceState::Removing;
        if !self.store.source(source).await?.is_some_and(is_removing) {
            return Ok(());
        }
        self.files.erase(source).await?;
        // Last: as long as the source is known, the next look takes up what was interrupted, and a receipt says what is over.
        self.store.forget_source(source, self.clock.now()).await?;
        Ok(())
    }
}

//! Personal data: how its reporting stands, and receipts of erasures.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Time;
use super::page::Page;

/// How the reporting of personal data stands, and receipts of what was erased.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PersonalData {
    /// One entry for each app.
    pub apps: Vec<PersonalDataReporting>,
    /// Receipts of erasures, newest first.
    #[schema(inline)]
    pub receipts: Page<ErasureReceipt>,
}

/// How the reporting of one app's accounts stands.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PersonalDataReporting {
    /// The app's client id.
    pub client_id: String,
    /// Every account is reported once within so many seconds.
    pub cycle_seconds: u64,
    /// Accounts that are reported.
    pub accounts_known: u64,
    /// Of these, reported in their present cycle.
    pub accounts_reported: u64,
    /// Accounts whose report is due.
    pub accounts_due: u64,
    /// Accounts whose report has been due for more than a seventh of the cycle.
    pub accounts_overdue: u64,
    /// Closed accounts that are not erased yet.
    pub accounts_to_erase: u64,
    /// Changed accounts that were not read again yet; what is held of them is blank where reading failed.
    pub accounts_to_refresh: u64,
    /// When the next account is to be reported; null when none is known.
    #[schema(required = true)]
    pub next_deadline: Option<Time>,
    /// When the latest report was answered.
    #[schema(required = true)]
    pub last_report: Option<Time>,
    /// No report before this moment: Atlassian asked for patience, or reports failed.
    #[schema(required = true)]
    pub not_before: Option<Time>,
    /// Why accounts cannot be reported at the moment, and what to do about it; null when all is well.
    #[schema(required = true)]
    pub problem: Option<String>,
}

/// The receipt of an erasure. It holds nothing of the person.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ErasureReceipt {
    /// Counts up with every erasure.
    pub number: i64,
    /// The app to which Atlassian said that the account was closed.
    pub app_id: Uuid,
    /// A keyed digest of the account id, in hexadecimal. Ask with `account_id` for the receipt of an account.
    pub account_digest: String,
    /// When Atlassian said so.
    pub told_at: Time,
    /// When everything was erased; null while it goes on.
    #[schema(required = true)]
    pub erased_at: Option<Time>,
    /// People of whom only the bare account id was kept.
    pub people: u64,
    /// Pieces of upstream JSON out of which something was taken.
    pub raws: u64,
    /// Records whose texts were made anew.
    pub texts: u64,
    /// Group memberships that were ended.
    pub group_members: u64,
    /// Access rules that no longer name the account.
    pub access_rules: u64,
    /// Your customers' contact addresses that were the account's own and were emptied.
    pub contacts: u64,
}

//! Reading records: every function takes the [`AccountScope`](crate::AccountScope) of the caller.

mod content;
mod cursor;
mod ledger;
mod list;
mod raw;
mod status;
mod viewers;

pub use self::content::ArticleContent;
pub use self::ledger::{LedgerEntry, LedgerPage};
pub(crate) use self::list::is_visible;
pub use self::list::{Page, RecordFilter, RemoteDatum};
pub(crate) use self::list::{as_seen, lies_in_containers};
pub use self::raw::{RawKindState, RawPage, RawProblem, RawQuery};
pub use self::status::ModelStatus;
pub use self::viewers::{Audience, ReadersPage, RecordReader};

pub use linkspan_store::{
    AccountFilter, AccountStatus, EndUser, LedgerRow, LedgerTotals, LinkedAccount, Reach, Source, StoredRaw,
    StoredRecord, StreamProgress, StreamState,
};

//! The shapes of the Merge-compatible wire (`merge-wire.md`, sections 5 and 6): every documented key is always present,
//! lists are never null, times carry a zone.

pub mod account;
pub(crate) mod apps;
pub(crate) mod changes;
pub(crate) mod control;
pub mod file;
pub(crate) mod identities;
pub mod knowledgebase;
pub(crate) mod ledger;
pub mod page;
pub mod personal_data;
pub(crate) mod quota;
pub(crate) mod sources;
pub mod ticketing;
pub(crate) mod webhooks;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use utoipa::ToSchema;
use uuid::Uuid;

/// A moment, as `2026-01-02T03:04:05.000000Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ToSchema)]
#[schema(value_type = String, format = DateTime)]
pub struct Time(pub Timestamp);

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:.6}", self.0))
    }
}

/// A related record: its id, or the record itself where the caller asked for it with `expand`.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum Related<T> {
    /// The id alone.
    Id(Uuid),
    /// The whole record.
    Record(Box<T>),
}

/// Upstream's own JSON and the path at which upstream serves it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RemoteData {
    /// Path below the product's API root.
    pub path: String,
    /// The JSON as upstream sent it.
    #[schema(value_type = Object)]
    pub data: Box<RawValue>,
}

/// Values of the vendor's own target fields.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct FieldMappings {
    /// Targets the vendor defined for all its customers: name → value.
    #[schema(value_type = Object)]
    pub organization_defined_targets: BTreeMap<String, serde_json::Value>,
    /// Targets defined for this linked account: name → value.
    #[schema(value_type = Object)]
    pub linked_account_defined_targets: BTreeMap<String, serde_json::Value>,
}

/// Declares a model of the wire: its own members plus those that every model has.
macro_rules! wire_model {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, serde::Serialize, utoipa::ToSchema)]
        pub struct $name {
            /// Our id: computed, so a full re-sync yields the same one.
            pub id: uuid::Uuid,
            /// Upstream's immutable id.
            #[schema(required = true)]
            pub remote_id: Option<String>,
            /// When it was first stored here.
            pub created_at: $crate::wire::Time,
            /// When it last changed here.
            pub modified_at: $crate::wire::Time,
            $($(#[$field_meta])* #[schema(required = true)] pub $field: $type,)*
            /// Upstream no longer has it.
            pub remote_was_deleted: bool,
            /// Values of the vendor's own target fields.
            #[schema(required = true)]
            pub field_mappings: Option<$crate::wire::FieldMappings>,
            /// Upstream's own JSON; null unless `include_remote_data` is true.
            #[schema(required = true)]
            pub remote_data: Option<Vec<$crate::wire::RemoteData>>,
        }
    };
}
pub(crate) use wire_model;

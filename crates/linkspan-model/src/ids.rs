//! Identifiers. Ours are UUIDs in types of their own; those that name upstream things are computed (version 5), so
//! that mapping needs no look-up and a full re-sync yields the same ids.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::product::Product;
use crate::record::Model;

/// The name space under which all computed ids lie.
const NAMESPACE: Uuid = Uuid::from_u128(0x6f1c_2d0a_8f1e_4a57_9a40_1b2f_6d1e_77c3);

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                text.parse().map(Self)
            }
        }
    };
}

id!(
    /// The vendor's OAuth registration at Atlassian.
    AppId
);
id!(
    /// One Atlassian account's consent to one app.
    GrantId
);
id!(
    /// What is read once: a (grant, site, product family). Leads the key of every row that holds customer data.
    SourceId
);
id!(
    /// What the vendor's API caller sees: a customer's integration over a source.
    LinkedAccountId
);
id!(
    /// One pass of a customer through the link page.
    LinkId
);
id!(
    /// A record of a common model.
    RecordId
);

impl AppId {
    /// The app with this client id.
    pub fn of_client(client_id: &str) -> Self {
        Self(Uuid::new_v5(&NAMESPACE, format!("app:{client_id}").as_bytes()))
    }
}

impl GrantId {
    /// The grant of this Atlassian account to this app: there is exactly one
    /// (`atlassian-platform.md` 1.6).
    pub fn of(app: AppId, atlassian_account_id: &str) -> Self {
        Self(Uuid::new_v5(&app.0, format!("grant:{atlassian_account_id}").as_bytes()))
    }
}

impl SourceId {
    /// The source first reached through this grant on this site.
    pub fn of(grant: GrantId, cloud_id: &str, product: Product) -> Self {
        Self(Uuid::new_v5(&grant.0, format!("source:{product}:{cloud_id}").as_bytes()))
    }
}

impl RecordId {
    /// The record that mirrors the upstream thing `remote_id`.
    pub fn of(source: SourceId, model: Model, remote_id: &str) -> Self {
        Self(Uuid::new_v5(&source.0, format!("{}:{remote_id}", model.as_str()).as_bytes()))
    }
}

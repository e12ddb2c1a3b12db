//! Identifiers. Ours are UUIDs in types of their own; those that name upstream things are computed, so that mapping needs
//! no look-up and a full re-sync yields the same ids.

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
    /// What one Atlassian account consented to: a token pair of one app.
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
id!(
    /// An address of the vendor's to which events are sent.
    WebhookEndpointId
);
id!(
    /// One event on its way to one endpoint.
    DeliveryId
);
id!(
    /// What happened to a record or an account, whoever is told: the same however often it is sent.
    EventId
);

impl AppId {
    /// The app with this client id.
    pub fn of_client(client_id: &str) -> Self {
        Self(Uuid::new_v5(&NAMESPACE, format!("app:{client_id}").as_bytes()))
    }
}

impl GrantId {
    /// The grant of this Atlassian account to this app. An account-level app has one for each account, which every further
    /// consent renews (`atlassian-platform.md` 1.6).
    pub fn of(app: AppId, atlassian_account_id: &str) -> Self {
        Self(Uuid::new_v5(&app.0, format!("grant:{atlassian_account_id}").as_bytes()))
    }

    /// A further grant of the same account, whose tokens reach this site and not those of the first: a resource-level app
    /// has one for each site (`atlassian-platform.md` 1.7).
    pub fn of_site(app: AppId, atlassian_account_id: &str, cloud_id: &str) -> Self {
        Self(Uuid::new_v5(&app.0, format!("grant:{atlassian_account_id}:{cloud_id}").as_bytes()))
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
    ///
    /// A version 5 UUID is a hash, so things that are read together would be strewn over every index of ids: at a hundred
    /// thousand issues most of what a sync writes would be index pages of which one entry changed. Upstream numbers
    /// nearly everything in the order in which it was made. So the first six bytes of the hash give way to that number
    /// (RFC 9562 calls this version 8): neighbours upstream are neighbours here. The other 74 bits of the hash keep ids of
    /// different models and sources apart.
    pub fn of(source: SourceId, model: Model, remote_id: &str) -> Self {
        let hash = Uuid::new_v5(&source.0, format!("{}:{remote_id}", model.as_str()).as_bytes());
        let Some(number) = upstream_number(remote_id) else { return Self(hash) };
        let mut bytes = hash.into_bytes();
        bytes[..ORDER_BYTES].copy_from_slice(&number.to_be_bytes()[8 - ORDER_BYTES..]);
        Self(Uuid::new_v8(bytes))
    }
}

impl EventId {
    /// What happened at this position of the feed, as this account sees it (`None`: it is about no account).
    pub fn of(position: i64, account: Option<LinkedAccountId>) -> Self {
        let account = account.map_or(Uuid::nil(), |account| account.0);
        Self(Uuid::new_v5(&NAMESPACE, format!("event:{position}:{account}").as_bytes()))
    }
}

impl DeliveryId {
    /// The delivery of this event to this endpoint: there is one.
    pub fn of(endpoint: WebhookEndpointId, event: EventId) -> Self {
        Self(Uuid::new_v5(&endpoint.0, event.0.as_bytes()))
    }
}

/// How many bytes of a record's id keep upstream's order.
const ORDER_BYTES: usize = 6;

/// The number in an id such as `10042` or `att10042`, if it fits.
fn upstream_number(remote_id: &str) -> Option<u64> {
    let digits = remote_id.trim_start_matches(|letter: char| letter.is_ascii_alphabetic());
    let number: u64 = digits.parse().ok().filter(|_| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
    (number < 1 << (8 * ORDER_BYTES)).then_some(number)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SOURCE: SourceId = SourceId(NAMESPACE);

    #[test]
    fn ids_stay_what_they_are() {
        // A change here would give every record of every customer another id.
        let id = |model, remote_id| RecordId::of(SOURCE, model, remote_id).to_string();
        insta::assert_snapshot!(id(Model::Ticket, "10042"));
        insta::assert_snapshot!(id(Model::Attachment, "att10042"));
        insta::assert_snapshot!(id(Model::User, "712020:aa-bb"));
    }

    #[test]
    fn what_is_no_number_of_upstreams_order_is_hashed_whole() {
        for remote_id in
            ["", "att", "+5", "712020:0", "10042-3", "9999999999999999", "99999999999999999999999"]
        {
            let id = RecordId::of(SOURCE, Model::User, remote_id);
            assert_eq!(id.0.get_version_num(), 5, "{remote_id}");
        }
    }

    proptest! {
        #[test]
        fn numbered_things_keep_upstreams_order(a in 0_u64..1 << 48, b in 0_u64..1 << 48) {
            let [of_a, of_b] = [a, b].map(|number| RecordId::of(SOURCE, Model::Comment, &number.to_string()));
            prop_assert_eq!(a.cmp(&b), of_a.cmp(&of_b));
        }

        #[test]
        fn models_and_sources_never_share_an_id(number in 0_u64..1 << 48, other in any::<u128>()) {
            let number = number.to_string();
            let ticket = RecordId::of(SOURCE, Model::Ticket, &number);
            prop_assert_ne!(ticket, RecordId::of(SOURCE, Model::Comment, &number));
            prop_assert_ne!(ticket, RecordId::of(SourceId(Uuid::from_u128(other)), Model::Ticket, &number));
        }
    }
}

//! Arguments of statements.

use jiff::Timestamp;
use linkspan_model::absence::Absence;
use linkspan_model::access::RuleKey;
use linkspan_model::ids::{
    AppId, DeliveryId, EventId, GrantId, LinkId, LinkedAccountId, RecordId, SourceId, WebhookEndpointId,
};
use linkspan_vault::{Digest, Sealed};
use uuid::Uuid;

/// One argument. The four types both engines share; ids are 16 bytes, times are milliseconds since the Unix epoch.
#[derive(Clone, Debug)]
pub(crate) enum Arg {
    Text(Option<String>),
    Int(Option<i64>),
    Bytes(Option<Vec<u8>>),
    Bool(Option<bool>),
}

impl Arg {
    /// Its bytes in a row, roughly.
    pub(crate) fn size(&self) -> u64 {
        let content = match self {
            Self::Text(text) => text.as_ref().map_or(0, String::len),
            Self::Bytes(bytes) => bytes.as_ref().map_or(0, Vec::len),
            Self::Int(_) => 8,
            Self::Bool(_) => 1,
        };
        content as u64
    }
}

/// A list of arguments from values of any type that can be stored.
macro_rules! args {
    ($($value:expr),* $(,)?) => { vec![$($crate::db::Arg::from($value)),*] };
}
pub(crate) use args;

macro_rules! convert {
    ($($from:ty => $variant:ident($value:ident => $stored:expr);)*) => { $(
        impl From<$from> for Arg {
            fn from($value: $from) -> Self {
                Self::$variant(Some($stored))
            }
        }

        impl From<Option<$from>> for Arg {
            fn from(value: Option<$from>) -> Self {
                Self::$variant(value.map(|$value| $stored))
            }
        }
    )* };
}

convert! {
    String => Text(text => text);
    &str => Text(text => text.to_owned());
    &String => Text(text => text.clone());
    i64 => Int(number => number);
    Timestamp => Int(time => time.as_millisecond());
    Vec<u8> => Bytes(bytes => bytes);
    &[u8] => Bytes(bytes => bytes.to_vec());
    [u8; 16] => Bytes(bytes => bytes.to_vec());
    Absence => Text(absence => absence.as_str().to_owned());
    Uuid => Bytes(id => id.as_bytes().to_vec());
    AppId => Bytes(id => id.0.as_bytes().to_vec());
    GrantId => Bytes(id => id.0.as_bytes().to_vec());
    SourceId => Bytes(id => id.0.as_bytes().to_vec());
    LinkedAccountId => Bytes(id => id.0.as_bytes().to_vec());
    LinkId => Bytes(id => id.0.as_bytes().to_vec());
    RecordId => Bytes(id => id.0.as_bytes().to_vec());
    WebhookEndpointId => Bytes(id => id.0.as_bytes().to_vec());
    DeliveryId => Bytes(id => id.0.as_bytes().to_vec());
    EventId => Bytes(id => id.0.as_bytes().to_vec());
    RuleKey => Bytes(key => key.0.as_bytes().to_vec());
    Digest => Bytes(digest => digest.as_bytes().to_vec());
    &Digest => Bytes(digest => digest.as_bytes().to_vec());
    &Sealed => Bytes(sealed => sealed.as_bytes().to_vec());
}

impl From<bool> for Arg {
    fn from(value: bool) -> Self {
        Self::Bool(Some(value))
    }
}

impl From<Option<bool>> for Arg {
    fn from(value: Option<bool>) -> Self {
        Self::Bool(value)
    }
}

//! Keys, sealing, digests and opaque tokens. Nothing here does I/O; randomness is handed in as an
//! [`Entropy`](linkspan_model::entropy::Entropy).
//!
//! Three layers of keys:
//!
//! 1. The [`KeyRing`] holds the master keys, which come from outside (environment or file). One is active; the others
//!    only open what they once sealed, so that keys can be rotated while the server runs.
//! 2. A [`DataKey`] belongs to one customer's grant or account. It is stored wrapped by the ring and destroyed when the
//!    customer unlinks: whatever it sealed is then unreadable, in backups too (hazards L11, G4).
//! 3. The [`DigestKey`] turns tokens into [`Digest`]s, so that tables can be searched by token without holding one.

mod data_key;
mod derive;
mod digest;
mod error;
mod jwt;
pub mod opaque;
mod ring;
mod seal;
mod webhook;

pub use data_key::DataKey;
pub use digest::{Digest, DigestKey, content_hash};
pub use error::VaultError;
pub use jwt::{HmacToken, TokenRefusal};
pub use ring::KeyRing;
pub use seal::{Opened, SealContext, Sealed};
pub use webhook::WebhookSecret;

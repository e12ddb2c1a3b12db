//! Data keys: one for each grant or account.

use std::fmt;

use linkspan_model::entropy::Entropy;
use zeroize::Zeroizing;

use crate::digest::hmac_sha256;
use crate::error::VaultError;
use crate::seal::{self, KEY_LENGTH, KeyBytes, Opened, SealContext, Sealed};

/// A random key that seals the secrets of one grant or account. Stored only wrapped ([`KeyRing::wrap`](crate::KeyRing::wrap));
/// once its stored form is destroyed, what it sealed cannot be read again.
#[derive(Clone)]
pub struct DataKey {
    bytes: KeyBytes,
    /// Names the key inside what it sealed; derived from the key, so it needs no storage.
    id: [u8; 8],
}

impl DataKey {
    /// A new random key.
    pub fn generate(entropy: &Entropy) -> Self {
        Self::from_bytes(Zeroizing::new(entropy.bytes()))
    }

    /// Seals `plain` for the place `context`.
    pub fn seal(&self, context: SealContext<'_>, plain: &[u8], entropy: &Entropy) -> Sealed {
        seal::seal(&self.bytes, &self.id, context, plain, entropy)
    }

    /// Opens what this key sealed for the place `context`.
    ///
    /// # Errors
    /// [`VaultError::Refused`] when another key sealed it, it was altered, or it was sealed for another place.
    pub fn open(&self, context: SealContext<'_>, sealed: &Sealed) -> Result<Opened, VaultError> {
        if sealed.key_id() != self.id {
            return Err(VaultError::Refused);
        }
        seal::open(&self.bytes, context, sealed)
    }

    pub(crate) fn context(owner: &[u8]) -> SealContext<'_> {
        SealContext::new("data_keys", owner, "wrapped")
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &*self.bytes
    }

    pub(crate) fn from_opened(opened: &Opened) -> Result<Self, VaultError> {
        let bytes = <[u8; KEY_LENGTH]>::try_from(opened.expose())
            .map_err(|_| VaultError::MalformedSealed("what it holds is not a key"))?;
        Ok(Self::from_bytes(Zeroizing::new(bytes)))
    }

    fn from_bytes(bytes: KeyBytes) -> Self {
        let mut id = [0; 8];
        id.copy_from_slice(&hmac_sha256(&*bytes, &[b"linkspan data key id"])[..8]);
        Self { bytes, id }
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DataKey(..)")
    }
}

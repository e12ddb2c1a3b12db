//! Digests: what tables hold in place of tokens, and what content is compared by.

use std::fmt;
use std::hash::{Hash, Hasher};

use hmac::{Hmac, KeyInit as _, Mac as _};
use linkspan_model::entropy::Entropy;
use linkspan_model::secret::Secret;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::error::VaultError;
use crate::ring::KeyRing;
use crate::seal::{KEY_LENGTH, KeyBytes, SealContext, Sealed};

/// The key of all token digests of a server. Without it, a stolen table of digests cannot be checked against guesses.
#[derive(Clone)]
pub struct DigestKey(KeyBytes);

impl DigestKey {
    /// A new random key.
    pub fn generate(entropy: &Entropy) -> Self {
        Self(Zeroizing::new(entropy.bytes()))
    }

    /// This key, sealed by the ring for the place `context`.
    pub fn sealed(&self, ring: &KeyRing, context: SealContext<'_>, entropy: &Entropy) -> Sealed {
        ring.seal(context, &*self.0, entropy)
    }

    /// Opens a sealed digest key.
    ///
    /// # Errors
    /// Those of [`KeyRing::open`]; [`VaultError::MalformedSealed`] when it does not hold a key.
    pub fn open(ring: &KeyRing, context: SealContext<'_>, sealed: &Sealed) -> Result<Self, VaultError> {
        let opened = ring.open(context, sealed)?;
        let bytes = <[u8; KEY_LENGTH]>::try_from(opened.expose())
            .map_err(|_| VaultError::MalformedSealed("what it holds is not a key"))?;
        Ok(Self(Zeroizing::new(bytes)))
    }

    /// The digest of a token. `purpose` (such as `api-key`, `account-token`, `link-token`, `oauth-state`) keeps tokens
    /// of one kind from passing as another.
    pub fn digest(&self, purpose: &'static str, token: &Secret) -> Digest {
        let length = (purpose.len() as u64).to_le_bytes();
        Digest(hmac_sha256(&*self.0, &[&length, purpose.as_bytes(), token.expose().as_bytes()]))
    }
}

impl fmt::Debug for DigestKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DigestKey(..)")
    }
}

/// A keyed hash (HMAC-SHA256) of a token. Equality takes the same time wherever two digests differ.
#[derive(Clone, Copy)]
pub struct Digest([u8; 32]);

impl Digest {
    /// Reads the stored form back.
    ///
    /// # Errors
    /// [`VaultError::MalformedSealed`] unless it is 32 bytes long.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, VaultError> {
        bytes.try_into().map(Self).map_err(|_| VaultError::MalformedSealed("a digest is not 32 bytes long"))
    }

    /// The stored form.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl PartialEq for Digest {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Digest {}

impl Hash for Digest {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digest(..)")
    }
}

/// A hash by which content is recognised as unchanged: SHA-256 over the parts, each led by its length, cut to 16 bytes.
/// Not keyed: it says nothing about a secret and must not be used for one.
pub fn content_hash<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> [u8; 16] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    let mut hash = [0; 16];
    hash.copy_from_slice(&hasher.finalize()[..16]);
    hash
}

pub(crate) fn hmac_sha256(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    #[expect(clippy::expect_used, reason = "HMAC takes keys of every length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of every length");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

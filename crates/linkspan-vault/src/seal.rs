//! Sealed values: authenticated encryption that binds a ciphertext to the row and column it belongs to.

use std::fmt;

use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use linkspan_model::entropy::Entropy;
use linkspan_model::secret::Secret;
use zeroize::Zeroizing;

use crate::error::VaultError;

/// The layout below: version, length of the key id, key id, nonce, ciphertext with tag.
const VERSION: u8 = 1;
const NONCE_LENGTH: usize = 24;
const TAG_LENGTH: usize = 16;
/// Longest key id, in bytes.
pub(crate) const KEY_ID_MAX: usize = 32;
/// Length of every key, in bytes.
pub(crate) const KEY_LENGTH: usize = 32;

/// The bytes of a key, cleared when dropped.
pub(crate) type KeyBytes = Zeroizing<[u8; KEY_LENGTH]>;

/// Where a sealed value lives. It is authenticated with the ciphertext: a value copied to another table, row or column
/// does not open there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SealContext<'a> {
    table: &'static str,
    row: &'a [u8],
    column: &'static str,
}

impl<'a> SealContext<'a> {
    /// The place `column` of the row with the id `row` in `table`.
    pub fn new(table: &'static str, row: &'a [u8], column: &'static str) -> Self {
        Self { table, row, column }
    }

    /// Associated data: the header of the sealed value and the parts, each led by its length, so that no two contexts
    /// give the same bytes.
    fn associated_data(&self, header: &[u8]) -> Vec<u8> {
        let mut data = Vec::with_capacity(64);
        for part in [header, self.table.as_bytes(), self.row, self.column.as_bytes()] {
            data.extend_from_slice(&(part.len() as u64).to_le_bytes());
            data.extend_from_slice(part);
        }
        data
    }
}

/// A ciphertext with the id of the key that sealed it: what tables hold in place of a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed(Vec<u8>);

impl Sealed {
    /// Reads the stored form back.
    ///
    /// # Errors
    /// [`VaultError::MalformedSealed`] when the bytes cannot be a sealed value.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, VaultError> {
        let [version, id_length, ..] = bytes[..] else {
            return Err(VaultError::MalformedSealed("it is too short"));
        };
        if version != VERSION {
            return Err(VaultError::MalformedSealed("its version is unknown"));
        }
        if bytes.len() < 2 + usize::from(id_length) + NONCE_LENGTH + TAG_LENGTH {
            return Err(VaultError::MalformedSealed("it is too short"));
        }
        Ok(Self(bytes))
    }

    /// The stored form.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The id of the key that sealed it.
    pub(crate) fn key_id(&self) -> &[u8] {
        &self.0[2..self.header_length()]
    }

    fn header_length(&self) -> usize {
        2 + usize::from(self.0[1])
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({} bytes)", self.0.len())
    }
}

/// A secret that was just opened; its memory is cleared when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Opened(Zeroizing<Vec<u8>>);

impl Opened {
    /// The secret itself. Hand it on at once; never log, format or store it.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The secret as text.
    ///
    /// # Errors
    /// [`VaultError::MalformedSealed`] when it is not UTF-8.
    pub fn to_secret(&self) -> Result<Secret, VaultError> {
        let text = std::str::from_utf8(&self.0)
            .map_err(|_| VaultError::MalformedSealed("what it holds is not text"))?;
        Ok(Secret::new(text))
    }
}

impl fmt::Debug for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Opened(..)")
    }
}

/// Seals `plain` with `key`, named by `key_id`, for the place `context`.
pub(crate) fn seal(
    key: &KeyBytes,
    key_id: &[u8],
    context: SealContext<'_>,
    plain: &[u8],
    entropy: &Entropy,
) -> Sealed {
    debug_assert!(key_id.len() <= KEY_ID_MAX, "key ids are checked where they are made");
    let nonce: [u8; NONCE_LENGTH] = entropy.bytes();
    let mut bytes = Vec::with_capacity(2 + key_id.len() + NONCE_LENGTH + plain.len() + TAG_LENGTH);
    #[expect(clippy::cast_possible_truncation, reason = "key ids are at most 32 bytes long")]
    bytes.extend_from_slice(&[VERSION, key_id.len() as u8]);
    bytes.extend_from_slice(key_id);
    let associated_data = context.associated_data(&bytes);
    let cipher = XChaCha20Poly1305::new((&**key).into());
    #[expect(clippy::expect_used, reason = "encryption fails only for messages of more than 256 GB")]
    let ciphertext = cipher
        .encrypt(&XNonce::from(nonce), Payload { msg: plain, aad: &associated_data })
        .expect("a secret is far shorter than the cipher's bound");
    bytes.extend_from_slice(&nonce);
    bytes.extend_from_slice(&ciphertext);
    Sealed(bytes)
}

/// Opens `sealed` with `key` at the place `context`.
pub(crate) fn open(key: &KeyBytes, context: SealContext<'_>, sealed: &Sealed) -> Result<Opened, VaultError> {
    let (header, rest) = sealed.0.split_at(sealed.header_length());
    let (nonce, ciphertext) =
        rest.split_first_chunk::<NONCE_LENGTH>().ok_or(VaultError::MalformedSealed("it is too short"))?;
    let associated_data = context.associated_data(header);
    let cipher = XChaCha20Poly1305::new((&**key).into());
    let plain = cipher
        .decrypt(&XNonce::from(*nonce), Payload { msg: ciphertext, aad: &associated_data })
        .map_err(|_| VaultError::Refused)?;
    Ok(Opened(Zeroizing::new(plain)))
}

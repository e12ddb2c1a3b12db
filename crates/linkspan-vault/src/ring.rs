//! Master keys.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use linkspan_model::entropy::Entropy;
use linkspan_model::secret::Secret;
use zeroize::{Zeroize as _, Zeroizing};

use crate::data_key::DataKey;
use crate::error::VaultError;
use crate::seal::{self, KEY_ID_MAX, KEY_LENGTH, KeyBytes, Opened, SealContext, Sealed};

/// The master keys: the first is active and seals; all of them open.
///
/// To rotate, put a new key in front, restart the nodes, let the server [`reseal`](KeyRing::reseal) and
/// [`rewrap`](KeyRing::rewrap) what the old key sealed, then drop the old key.
#[derive(Clone)]
pub struct KeyRing {
    /// Never empty; ids are distinct.
    keys: Vec<MasterKey>,
}

#[derive(Clone)]
struct MasterKey {
    id: String,
    bytes: KeyBytes,
}

impl KeyRing {
    /// Reads `id:base64,id:base64`, the active key first. An id is 1 to 32 letters, digits, `.`, `_` or `-`; a key is
    /// 32 bytes in standard base64. Blanks around ids, keys and commas are ignored.
    ///
    /// # Errors
    /// [`VaultError::MalformedKeys`], which says what is wrong without repeating the text.
    pub fn parse(text: &Secret) -> Result<Self, VaultError> {
        let mut keys: Vec<MasterKey> = Vec::new();
        for pair in text.expose().split(',') {
            let (id, encoded) = pair.split_once(':').ok_or(VaultError::MalformedKeys("a key has no id"))?;
            let key = MasterKey::parse(id.trim(), encoded.trim())?;
            if keys.iter().any(|known| known.id == key.id) {
                return Err(VaultError::MalformedKeys("two keys have the same id"));
            }
            keys.push(key);
        }
        Ok(Self { keys })
    }

    /// A ring of one new key, with a random id.
    pub fn generate(entropy: &Entropy) -> Self {
        let id = format!("k{:08x}", u32::from_le_bytes(entropy.bytes()));
        Self { keys: vec![MasterKey { id, bytes: Zeroizing::new(entropy.bytes()) }] }
    }

    /// The text from which [`KeyRing::parse`] reads this ring back.
    pub fn to_text(&self) -> Secret {
        let mut text = String::new();
        for key in &self.keys {
            if !text.is_empty() {
                text.push(',');
            }
            text.push_str(&key.id);
            text.push(':');
            STANDARD.encode_string(*key.bytes, &mut text);
        }
        Secret::new(text)
    }

    /// The id of the key that seals.
    pub fn active_id(&self) -> &str {
        &self.active().id
    }

    /// Seals `plain` for the place `context` with the active key.
    pub fn seal(&self, context: SealContext<'_>, plain: &[u8], entropy: &Entropy) -> Sealed {
        let key = self.active();
        seal::seal(&key.bytes, key.id.as_bytes(), context, plain, entropy)
    }

    /// Opens what any key of the ring sealed for the place `context`.
    ///
    /// # Errors
    /// [`VaultError::UnknownKey`] when the key is not on the ring, [`VaultError::Refused`] when the value was altered or
    /// sealed for another place.
    pub fn open(&self, context: SealContext<'_>, sealed: &Sealed) -> Result<Opened, VaultError> {
        seal::open(&self.key_of(sealed)?.bytes, context, sealed)
    }

    /// Seals anew, with the active key, what an older key sealed; `None` when the active key sealed it already.
    ///
    /// # Errors
    /// Those of [`KeyRing::open`].
    pub fn reseal(
        &self,
        context: SealContext<'_>,
        sealed: &Sealed,
        entropy: &Entropy,
    ) -> Result<Option<Sealed>, VaultError> {
        if sealed.key_id() == self.active_id().as_bytes() {
            return Ok(None);
        }
        let plain = self.open(context, sealed)?;
        Ok(Some(self.seal(context, plain.expose(), entropy)))
    }

    /// Wraps a data key for storage. `owner` is the id of the grant or account it belongs to.
    pub fn wrap(&self, owner: &[u8], key: &DataKey, entropy: &Entropy) -> Sealed {
        self.seal(DataKey::context(owner), key.bytes(), entropy)
    }

    /// Unwraps the data key of `owner`.
    ///
    /// # Errors
    /// Those of [`KeyRing::open`]; [`VaultError::MalformedSealed`] when it does not hold a key.
    pub fn unwrap(&self, owner: &[u8], wrapped: &Sealed) -> Result<DataKey, VaultError> {
        DataKey::from_opened(&self.open(DataKey::context(owner), wrapped)?)
    }

    /// Wraps the data key of `owner` anew with the active key; `None` when the active key wrapped it already. What the
    /// data key sealed stays as it is.
    ///
    /// # Errors
    /// Those of [`KeyRing::open`].
    pub fn rewrap(
        &self,
        owner: &[u8],
        wrapped: &Sealed,
        entropy: &Entropy,
    ) -> Result<Option<Sealed>, VaultError> {
        self.reseal(DataKey::context(owner), wrapped, entropy)
    }

    fn active(&self) -> &MasterKey {
        &self.keys[0]
    }

    fn key_of(&self, sealed: &Sealed) -> Result<&MasterKey, VaultError> {
        self.keys
            .iter()
            .find(|key| key.id.as_bytes() == sealed.key_id())
            .ok_or_else(|| VaultError::UnknownKey(String::from_utf8_lossy(sealed.key_id()).into_owned()))
    }
}

impl MasterKey {
    fn parse(id: &str, encoded: &str) -> Result<Self, VaultError> {
        let id_is_sound = (1..=KEY_ID_MAX).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'));
        if !id_is_sound {
            return Err(VaultError::MalformedKeys(
                "a key id is not 1 to 32 letters, digits, `.`, `_` or `-`",
            ));
        }
        let decoded = Zeroizing::new(
            STANDARD.decode(encoded).map_err(|_| VaultError::MalformedKeys("a key is not base64"))?,
        );
        let mut bytes = <[u8; KEY_LENGTH]>::try_from(decoded.as_slice())
            .map_err(|_| VaultError::MalformedKeys("a key is not 32 bytes long"))?;
        let key = Self { id: id.to_owned(), bytes: Zeroizing::new(bytes) };
        bytes.zeroize();
        Ok(key)
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids: Vec<&str> = self.keys.iter().map(|key| key.id.as_str()).collect();
        f.debug_struct("KeyRing").field("ids", &ids).finish_non_exhaustive()
    }
}

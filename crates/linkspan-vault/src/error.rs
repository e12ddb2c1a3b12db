/// Why the vault refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// The key text is malformed. The text itself is never repeated.
    #[error(
        "malformed key text: {0}; expected `id:key` pairs separated by commas, each key 32 bytes in base64, the active key first"
    )]
    MalformedKeys(&'static str),
    /// The bytes are not something this vault sealed.
    #[error("malformed sealed value: {0}")]
    MalformedSealed(&'static str),
    /// The master key that sealed the value is not on the ring.
    #[error("sealed with the master key `{0}`, which is not on the key ring: add it behind the active key")]
    UnknownKey(String),
    /// The value was sealed for another place, with another key, or was altered.
    #[error("a sealed value does not open: it was altered, or belongs to another row or key")]
    Refused,
}

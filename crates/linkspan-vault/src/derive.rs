//! A key ring for a program that is given one secret and no master key.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use linkspan_model::secret::Secret;
use zeroize::Zeroizing;

use crate::digest::hmac_sha256;
use crate::ring::KeyRing;

/// Keeps derived keys apart from every other use of the same secret (HKDF, RFC 5869: the salt of the extract step).
const SALT: &[u8] = b"linkspan key ring";
/// What the derived key is for (the info of the expand step).
const INFO: &[u8] = b"master key 1";

impl KeyRing {
    /// The ring that follows from a secret of high entropy, such as an OAuth client secret: HKDF-SHA256. Whoever has the
    /// secret can open what the ring seals, so it is for programs that are handed the secret at every start and keep
    /// nothing that the secret's holder may not see. Never derive a ring from a password.
    #[expect(
        clippy::expect_used,
        clippy::missing_panics_doc,
        reason = "the text is made here, in the form that is read"
    )]
    pub fn derived_from(secret: &Secret) -> Self {
        let extracted = Zeroizing::new(hmac_sha256(SALT, &[secret.expose().as_bytes()]));
        // One block of the expand step is as long as a key.
        let key = Zeroizing::new(hmac_sha256(&*extracted, &[INFO, &[1]]));
        let mut text = String::from("derived:");
        STANDARD.encode_string(*key, &mut text);
        Self::parse(&Secret::new(text)).expect("a key text of the known form")
    }
}

#[cfg(test)]
mod tests {
    use linkspan_model::entropy::Entropy;

    use super::*;
    use crate::seal::SealContext;

    #[test]
    fn a_derived_ring_opens_what_the_same_secret_sealed_and_no_other() {
        let entropy = Entropy::seeded(1);
        let context = SealContext::new("table", b"row", "column");
        let sealed = KeyRing::derived_from(&Secret::new("one")).seal(context, b"plain", &entropy);
        let again = KeyRing::derived_from(&Secret::new("one"));
        assert_eq!(again.open(context, &sealed).unwrap().expose(), b"plain");
        assert!(KeyRing::derived_from(&Secret::new("two")).open(context, &sealed).is_err());
    }

    #[test]
    fn a_derived_key_is_that_of_rfc_5869() {
        // Computed with an independent HKDF-SHA256 over the same secret, salt and info.
        let text = KeyRing::derived_from(&Secret::new("canary")).to_text();
        assert_eq!(text.expose(), "derived:IH8nlWay66saDdoOUob5cd1AylqcwZ4HZLDFPeNYg54=");
    }
}

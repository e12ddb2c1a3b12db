//! Secrets that sign webhooks.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use linkspan_model::entropy::Entropy;
use linkspan_model::secret::Secret;
use zeroize::Zeroizing;

use crate::digest::hmac_sha256;
use crate::error::VaultError;
use crate::seal::{KEY_LENGTH, KeyBytes};

/// What the text of such a secret begins with (the Standard Webhooks specification, "Signature scheme").
const PREFIX: &str = "whsec_";

/// A random secret of one webhook endpoint.
#[derive(Clone)]
pub struct WebhookSecret {
    key: KeyBytes,
}

impl WebhookSecret {
    /// A new random secret.
    pub fn generate(entropy: &Entropy) -> Self {
        Self { key: Zeroizing::new(entropy.bytes()) }
    }

    /// The secret as the receiver keeps it: `whsec_` and base64.
    pub fn to_text(&self) -> Secret {
        let mut text = String::with_capacity(PREFIX.len() + 44);
        text.push_str(PREFIX);
        STANDARD.encode_string(*self.key, &mut text);
        Secret::new(text)
    }

    /// Reads the text back.
    ///
    /// # Errors
    /// [`VaultError::MalformedSealed`] when it is not one that [`WebhookSecret::to_text`] makes.
    pub fn from_text(text: &Secret) -> Result<Self, VaultError> {
        let malformed = || VaultError::MalformedSealed("what it holds is not a webhook secret");
        let encoded = text.expose().strip_prefix(PREFIX).ok_or_else(malformed)?;
        let bytes = Zeroizing::new(STANDARD.decode(encoded).map_err(|_| malformed())?);
        let key = <[u8; KEY_LENGTH]>::try_from(bytes.as_slice()).map_err(|_| malformed())?;
        Ok(Self { key: Zeroizing::new(key) })
    }

    /// The signature of Standard Webhooks, `v1,…`: HMAC-SHA256 over id, time in whole seconds since the Unix epoch, and
    /// body, so that neither can be exchanged (hazard O9).
    pub fn sign(&self, id: &str, unix_seconds: i64, body: &[u8]) -> String {
        let time = unix_seconds.to_string();
        let mac = hmac_sha256(&*self.key, &[id.as_bytes(), b".", time.as_bytes(), b".", body]);
        format!("v1,{}", STANDARD.encode(mac))
    }

    /// The signature that receivers of Merge's webhooks check: padded base64url of HMAC-SHA256 over the body, keyed with
    /// the text of the secret (`merge-wire.md` section 9). It has no time in it, so it does not stop a replay.
    pub fn sign_as_merge(&self, body: &[u8]) -> String {
        URL_SAFE.encode(hmac_sha256(self.to_text().expose().as_bytes(), &[body]))
    }
}

impl std::fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WebhookSecret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_read_back_from_its_text_and_nothing_else() {
        let secret = WebhookSecret::generate(&Entropy::seeded(1));
        let text = secret.to_text();
        assert!(text.expose().starts_with("whsec_"));
        let again = WebhookSecret::from_text(&text).unwrap();
        assert_eq!(again.sign("a", 1, b"body"), secret.sign("a", 1, b"body"));
        for wrong in ["", "whsec_", "whsec_!!", "whsec_AAAA", &text.expose()[6..]] {
            assert!(WebhookSecret::from_text(&Secret::new(wrong)).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_signature_is_that_of_the_specification() {
        // The example of the Standard Webhooks specification's reference libraries.
        let secret = Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=");
        let secret = WebhookSecret::from_text(&secret).unwrap();
        let (id, time, body) = ("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, br#"{"test": 2432232314}"#);
        let signature = secret.sign(id, time, body);
        let verifier = standardwebhooks::Webhook::new(secret.to_text().expose()).unwrap();
        assert_eq!(verifier.sign(id, time, body).unwrap(), signature);
        assert_eq!((signature.len(), &signature[..3]), (47, "v1,"));
    }

    #[test]
    fn o9_a_changed_id_time_or_body_has_another_signature() {
        let secret = WebhookSecret::generate(&Entropy::seeded(2));
        let good = secret.sign("id", 100, b"body");
        let others = [
            secret.sign("iD", 100, b"body"),
            secret.sign("id", 101, b"body"),
            secret.sign("id", 100, b"Body"),
        ];
        assert!(others.iter().all(|other| *other != good));
    }

    #[test]
    fn a_merge_signature_is_padded_base64url_over_the_body_alone() {
        let secret =
            WebhookSecret::from_text(&Secret::new(format!("whsec_{}", STANDARD.encode([7; 32])))).unwrap();
        // printf %s '{"a":1}' | openssl dgst -sha256 -hmac "$SECRET" -binary | base64 | tr '+/' '-_'
        assert_eq!(secret.sign_as_merge(br#"{"a":1}"#), "XjEaPeHQNPd5VEMZf5KAFRKCfHAks_tR-VhAvSUPHcw=");
    }
}

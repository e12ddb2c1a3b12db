//! Making tokens: access tokens look like Atlassian's (JWTs), codes and refresh tokens are opaque.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use rand::rngs::StdRng;
use rand::{Rng as _, RngExt as _, SeedableRng as _};
use serde_json::{Value, json};
use sha2::Sha256;

use super::grants::Grant;

/// The issuer since April 2023 (`atlassian-platform.md` 1.10).
const ISSUER: &str = "https://auth.atlassian.com";

/// Makes tokens from seeded randomness: the same sandbox, asked the same way, hands out the same tokens.
#[derive(Debug)]
pub struct TokenMint {
    rng: StdRng,
    key: [u8; 32],
}

impl TokenMint {
    /// A mint whose tokens follow from `seed`.
    pub fn seeded(seed: u64) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut key = [0; 32];
        rng.fill_bytes(&mut key);
        Self { rng, key }
    }

    /// 36 random bytes as 48 URL-safe characters.
    pub fn opaque(&mut self) -> String {
        let mut bytes = [0; 36];
        self.rng.fill_bytes(&mut bytes);
        BASE64_URL_SAFE_NO_PAD.encode(bytes)
    }

    /// 32 letters and digits.
    pub fn client_id(&mut self) -> String {
        const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        (0..32).map(|_| char::from(ALPHABET[self.rng.random_range(0..ALPHABET.len())])).collect()
    }

    /// A client secret with Atlassian's prefix.
    pub fn client_secret(&mut self) -> String {
        format!("ATOA{}", self.opaque())
    }

    /// A signed JWT for the grant. Atlassian's claims are not documented beyond `exp`; clients treat the text as opaque.
    pub fn access_token(&mut self, grant: &Grant, issued_at: Timestamp, expires_at: Timestamp) -> String {
        let header = json!({ "alg": "HS256", "typ": "JWT", "kid": "sandbox/1" });
        let claims = json!({
            "iss": ISSUER,
            "aud": grant.client_id,
            "sub": grant.account_id,
            "jti": self.opaque(),
            "iat": issued_at.as_second(),
            "exp": expires_at.as_second(),
            "scope": grant.scopes.join(" "),
        });
        signed(&header, &claims, &self.key)
    }
}

/// A JWT signed with HS256.
///
/// # Panics
/// Never: HMAC takes a key of any length.
pub(crate) fn signed(header: &Value, claims: &Value, key: &[u8]) -> String {
    let signed = format!(
        "{}.{}",
        BASE64_URL_SAFE_NO_PAD.encode(header.to_string()),
        BASE64_URL_SAFE_NO_PAD.encode(claims.to_string())
    );
    #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(signed.as_bytes());
    let signature = BASE64_URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
    format!("{signed}.{signature}")
}

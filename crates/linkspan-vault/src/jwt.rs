//! Tokens that others sign with a secret they share with us: JSON web tokens with HS256, and no other algorithm.
//!
//! The form is the library's matter, the one algorithm is ours: the library's own back ends would bring RSA and elliptic curves,
//! 87 crates in all, to check one hash.

use std::sync::Once;

use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{ErrorKind, Result as JwtResult};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Validation, decode};
use linkspan_model::secret::Secret;
use serde::Deserialize;
use sha2::Sha256;
use signature::Verifier;
use zeroize::Zeroizing;

/// How far two clocks may differ (`atlassian-platform.md` 4.5).
const SKEW: SignedDuration = SignedDuration::from_secs(120);
/// The longest token that is looked at.
const TOKEN_CAP: usize = 8_192;

/// What a token says that was signed with our secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HmacToken {
    /// Whom it speaks of.
    pub subject: Option<String>,
    /// Names the token.
    pub id: Option<String>,
    /// Until when it may be used.
    pub expires_at: Timestamp,
}

/// Why a token is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenRefusal {
    /// It is no token, or names another algorithm.
    #[error("it is no HS256 token")]
    Malformed,
    /// None of the secrets signed it.
    #[error("its signature is not one of ours")]
    Forged,
    /// It was made for somebody else.
    #[error("it was issued by another app")]
    OtherIssuer,
    /// Its time is over, or has not come.
    #[error("it is expired, or not yet valid: check the clocks")]
    OutOfTime,
}

#[derive(Deserialize)]
struct Claims {
    iss: Option<String>,
    sub: Option<String>,
    jti: Option<String>,
    exp: Option<i64>,
    nbf: Option<i64>,
    iat: Option<i64>,
}

impl HmacToken {
    /// Opens a token that any of these secrets signed, for this issuer, and whose time is `now` give or take the skew of clocks.
    ///
    /// # Errors
    /// [`TokenRefusal`] says which proof is missing.
    pub fn open(token: &str, secrets: &[Secret], issuer: &str, now: Timestamp) -> Result<Self, TokenRefusal> {
        if token.len() > TOKEN_CAP {
            return Err(TokenRefusal::Malformed);
        }
        let claims = signed_claims(token, secrets)?;
        if claims.iss.as_deref() != Some(issuer) {
            return Err(TokenRefusal::OtherIssuer);
        }
        let time = |seconds: i64| Timestamp::from_second(seconds).map_err(|_| TokenRefusal::OutOfTime);
        let expires_at = time(claims.exp.ok_or(TokenRefusal::OutOfTime)?)?;
        let begins_at = [claims.nbf, claims.iat].into_iter().flatten().max().map(time).transpose()?;
        let is_over = now.duration_since(expires_at) > SKEW;
        let is_early = begins_at.is_some_and(|at| at.duration_since(now) > SKEW);
        if is_over || is_early {
            return Err(TokenRefusal::OutOfTime);
        }
        Ok(Self { subject: claims.sub, id: claims.jti, expires_at })
    }
}

/// The claims of a token that one of the secrets signed. Times and issuer are looked at by our own clock and words.
fn signed_claims(token: &str, secrets: &[Secret]) -> Result<Claims, TokenRefusal> {
    install_provider();
    let mut validation = Validation::new(Algorithm::HS256);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_aud = false;
    for secret in secrets {
        let key = DecodingKey::from_secret(secret.expose().as_bytes());
        match decode::<Claims>(token, &key, &validation) {
            Ok(data) => return Ok(data.claims),
            Err(error) if matches!(error.kind(), ErrorKind::InvalidSignature) => {}
            Err(_) => return Err(TokenRefusal::Malformed),
        }
    }
    Err(TokenRefusal::Forged)
}

/// Lets the library check HS256, and nothing else, with the hash that the rest of this crate uses.
fn install_provider() {
    static PROVIDER: CryptoProvider = CryptoProvider {
        signer_factory: refuse_to_sign,
        verifier_factory: verifier,
        key_utils: KeyUtils::new_unimplemented(),
    };
    static ONCE: Once = Once::new();
    // One that was installed before checks HS256 as well.
    ONCE.call_once(|| {
        let _ = PROVIDER.install_default();
    });
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the library's type")]
fn refuse_to_sign(_: &Algorithm, _: &EncodingKey) -> JwtResult<Box<dyn JwtSigner>> {
    Err(ErrorKind::InvalidAlgorithm.into())
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the library's type")]
fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> JwtResult<Box<dyn JwtVerifier>> {
    if *algorithm != Algorithm::HS256 {
        return Err(ErrorKind::InvalidAlgorithm.into());
    }
    Ok(Box::new(Hs256(Zeroizing::new(key.try_get_as_bytes()?.to_vec()))))
}

struct Hs256(Zeroizing<Vec<u8>>);

impl Verifier<Vec<u8>> for Hs256 {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).map_err(|_| signature::Error::new())?;
        mac.update(message);
        // Takes the same time wherever the two differ.
        mac.verify_slice(signature).map_err(|_| signature::Error::new())
    }
}

impl JwtVerifier for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::prelude::BASE64_URL_SAFE_NO_PAD;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    const NOW: i64 = 1_800_000_000;

    fn signed(header: &Value, claims: &Value, secret: &str) -> String {
        let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!("{}.{}", part(header), part(claims));
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(text.as_bytes());
        format!("{text}.{}", BASE64_URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
    }

    fn token(claims: &Value, secret: &str) -> String {
        signed(&json!({ "alg": "HS256", "typ": "JWT" }), claims, secret)
    }

    fn claims() -> Value {
        json!({ "iss": "client", "sub": "712020:a", "iat": NOW, "exp": NOW + 180, "jti": "j", "context": {} })
    }

    fn open(token: &str, secrets: &[&str]) -> Result<HmacToken, TokenRefusal> {
        let secrets: Vec<Secret> = secrets.iter().map(|secret| Secret::new(*secret)).collect();
        HmacToken::open(token, &secrets, "client", Timestamp::from_second(NOW).unwrap())
    }

    #[test]
    fn w3_a_token_signed_with_either_secret_of_a_rotation_is_opened() {
        for secret in ["old", "new"] {
            let opened = open(&token(&claims(), secret), &["new", "old"]).unwrap();
            assert_eq!((opened.subject.as_deref(), opened.id.as_deref()), (Some("712020:a"), Some("j")));
        }
        assert_eq!(open(&token(&claims(), "older"), &["new", "old"]), Err(TokenRefusal::Forged));
    }

    #[test]
    fn w3_no_other_algorithm_is_accepted_whatever_signed_it() {
        for algorithm in ["none", "None", "HS384", "HS512", "RS256", "ES256", "EdDSA", ""] {
            let header = json!({ "alg": algorithm, "typ": "JWT" });
            let refused = open(&signed(&header, &claims(), "new"), &["new"]);
            assert_eq!(refused, Err(TokenRefusal::Malformed), "{algorithm}");
        }
        let unsigned = token(&claims(), "new").rsplit_once('.').unwrap().0.to_owned() + ".";
        assert_eq!(open(&unsigned, &["new"]), Err(TokenRefusal::Forged));
    }

    #[test]
    fn w3_another_apps_token_is_refused_even_if_the_secret_were_the_same() {
        let mut other = claims();
        other["iss"] = json!("another");
        assert_eq!(open(&token(&other, "new"), &["new"]), Err(TokenRefusal::OtherIssuer));
        other.as_object_mut().unwrap().remove("iss");
        assert_eq!(open(&token(&other, "new"), &["new"]), Err(TokenRefusal::OtherIssuer));
    }

    #[test]
    fn w3_a_stale_token_is_refused_and_clocks_may_differ_by_two_minutes() {
        let at = |iat: i64, exp: i64| {
            let mut times = claims();
            (times["iat"], times["exp"]) = (json!(NOW + iat), json!(NOW + exp));
            open(&token(&times, "new"), &["new"]).map(drop)
        };
        assert_eq!(at(-300, -119), Ok(()));
        assert_eq!(at(-300, -121), Err(TokenRefusal::OutOfTime));
        assert_eq!(at(119, 300), Ok(()));
        assert_eq!(at(121, 300), Err(TokenRefusal::OutOfTime));
        assert_eq!(at(0, i64::MAX - NOW), Err(TokenRefusal::OutOfTime), "no moment at all");
        let mut without = claims();
        without.as_object_mut().unwrap().remove("exp");
        assert_eq!(open(&token(&without, "new"), &["new"]), Err(TokenRefusal::OutOfTime));
    }

    proptest! {
        #[test]
        fn w3_no_text_but_a_signed_one_is_opened_and_none_panics(text in ".{0,200}", cut in 0_usize..200) {
            prop_assert!(open(&text, &["new"]).is_err());
            let whole = token(&claims(), "new");
            let part: String = whole.chars().take(cut.min(whole.len() - 1)).collect();
            prop_assert!(open(&part, &["new"]).is_err());
        }
    }
}

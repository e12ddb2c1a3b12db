use linkspan_model::entropy::Entropy;
use linkspan_model::secret::Secret;
use linkspan_vault::{Digest, DigestKey, KeyRing, SealContext, VaultError, content_hash};
use proptest::prelude::*;

proptest! {
    #[test]
    fn a_digest_depends_on_key_purpose_and_token(token: String, other: String) {
        let (key, other_key) = (DigestKey::generate(&Entropy::seeded(1)), DigestKey::generate(&Entropy::seeded(2)));
        let secret = Secret::new(token.clone());
        let digest = key.digest("api-key", &secret);
        prop_assert_eq!(digest, key.digest("api-key", &secret));
        prop_assert_eq!(digest, Digest::from_bytes(digest.as_bytes()).unwrap());
        prop_assert_ne!(digest, key.digest("link-token", &secret));
        prop_assert_ne!(digest, other_key.digest("api-key", &secret));
        if token != other {
            prop_assert_ne!(digest, key.digest("api-key", &Secret::new(other)));
        }
    }

    #[test]
    fn a_content_hash_tells_its_parts_apart(a: Vec<u8>, b: Vec<u8>, cut: prop::sample::Index) {
        let joined = [a.clone(), b.clone()].concat();
        let cut = cut.index(joined.len() + 1);
        let hash = content_hash([a.as_slice(), b.as_slice()]);
        if cut != a.len() {
            prop_assert_ne!(hash, content_hash([&joined[..cut], &joined[cut..]]));
        }
        prop_assert_ne!(hash, content_hash([joined.as_slice()]));
        prop_assert_eq!(hash, content_hash([a.as_slice(), b.as_slice()]));
    }
}

#[test]
fn purpose_and_token_cannot_be_shifted_into_each_other() {
    let key = DigestKey::generate(&Entropy::seeded(1));
    assert_ne!(key.digest("ab", &Secret::new("c")), key.digest("a", &Secret::new("bc")));
}

#[test]
fn a_digest_key_survives_sealing_at_its_place() {
    let entropy = Entropy::seeded(1);
    let ring = KeyRing::generate(&entropy);
    let place = SealContext::new("server_secrets", b"digest-key", "sealed");
    let key = DigestKey::generate(&entropy);
    let sealed = key.sealed(&ring, place, &entropy);
    let opened = DigestKey::open(&ring, place, &sealed).unwrap();
    let token = Secret::new("token");
    assert_eq!(opened.digest("api-key", &token), key.digest("api-key", &token));
    let elsewhere = SealContext::new("server_secrets", b"other", "sealed");
    assert_eq!(DigestKey::open(&ring, elsewhere, &sealed).unwrap_err(), VaultError::Refused);
    let short = ring.seal(place, b"short", &entropy);
    assert!(matches!(DigestKey::open(&ring, place, &short), Err(VaultError::MalformedSealed(_))));
    assert!(Digest::from_bytes(&[0; 31]).is_err());
}

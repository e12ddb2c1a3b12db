//! A sealed value opens with its key, at its place, unaltered; and in no other way.

use linkspan_model::entropy::Entropy;
use linkspan_model::secret::Secret;
use linkspan_vault::{DataKey, KeyRing, SealContext, Sealed, VaultError};
use proptest::prelude::*;

/// Keys of 32 equal bytes, for rings of known text.
const OLD: &str = "old:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
const NEW: &str = "new:AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=";

fn ring(text: &str) -> KeyRing {
    KeyRing::parse(&Secret::new(text)).unwrap()
}

fn place(row: &[u8]) -> SealContext<'_> {
    SealContext::new("grants", row, "tokens")
}

proptest! {
    #[test]
    fn what_was_sealed_opens_at_its_place(plain: Vec<u8>, row: Vec<u8>, seed: u64) {
        let entropy = Entropy::seeded(seed);
        let ring = KeyRing::generate(&entropy);
        let key = DataKey::generate(&entropy);
        let by_ring = ring.seal(place(&row), &plain, &entropy);
        let by_key = key.seal(place(&row), &plain, &entropy);
        let stored = Sealed::from_bytes(by_ring.as_bytes().to_vec()).unwrap();
        let opened = ring.open(place(&row), &stored).unwrap();
        prop_assert_eq!(opened.expose(), &plain);
        let opened = key.open(place(&row), &by_key).unwrap();
        prop_assert_eq!(opened.expose(), &plain);
    }

    #[test]
    fn l11_no_flipped_bit_opens(plain: Vec<u8>, bit: prop::sample::Index) {
        let entropy = Entropy::seeded(1);
        let (ring, key) = (KeyRing::generate(&entropy), DataKey::generate(&entropy));
        for (sealed, is_ring) in
            [(ring.seal(place(b"row"), &plain, &entropy), true), (key.seal(place(b"row"), &plain, &entropy), false)]
        {
            let mut bytes = sealed.as_bytes().to_vec();
            let bit = bit.index(bytes.len() * 8);
            bytes[bit / 8] ^= 1 << (bit % 8);
            let opened = Sealed::from_bytes(bytes).and_then(|altered| {
                if is_ring { ring.open(place(b"row"), &altered) } else { key.open(place(b"row"), &altered) }
            });
            prop_assert!(opened.is_err());
        }
    }

    #[test]
    fn l11_no_other_place_opens(row: Vec<u8>, other: Vec<u8>) {
        let entropy = Entropy::seeded(1);
        let ring = KeyRing::generate(&entropy);
        let sealed = ring.seal(place(&row), b"secret", &entropy);
        let elsewhere = [
            SealContext::new("grants", &row, "other"),
            SealContext::new("apps", &row, "tokens"),
            SealContext::new("grantst", &row, "okens"),
            place(&other),
        ];
        for context in elsewhere {
            if context != place(&row) {
                prop_assert_eq!(ring.open(context, &sealed).unwrap_err(), VaultError::Refused);
            }
        }
    }

    #[test]
    fn arbitrary_bytes_are_refused_without_a_panic(bytes: Vec<u8>) {
        let entropy = Entropy::seeded(1);
        if let Ok(sealed) = Sealed::from_bytes(bytes) {
            prop_assert!(KeyRing::generate(&entropy).open(place(b"row"), &sealed).is_err());
            prop_assert!(DataKey::generate(&entropy).open(place(b"row"), &sealed).is_err());
        }
    }

    #[test]
    fn arbitrary_key_text_is_refused_without_a_panic(text: String) {
        if let Err(error) = KeyRing::parse(&Secret::new(text.clone())) {
            prop_assert!(text.len() < 12 || !error.to_string().contains(&text), "the text is repeated");
        }
    }
}

#[test]
fn one_secret_sealed_twice_gives_different_bytes() {
    let (entropy, ring) = (Entropy::system(), ring(OLD));
    assert_ne!(ring.seal(place(b"row"), b"x", &entropy), ring.seal(place(b"row"), b"x", &entropy));
}

#[test]
fn another_key_does_not_open() {
    let entropy = Entropy::seeded(1);
    let (one, other) = (DataKey::generate(&entropy), DataKey::generate(&entropy));
    let sealed = one.seal(place(b"row"), b"x", &entropy);
    assert_eq!(other.open(place(b"row"), &sealed).unwrap_err(), VaultError::Refused);

    // The same id over other bytes: what the id promises is not what decides.
    let sealed = ring(OLD).seal(place(b"row"), b"x", &entropy);
    let impostor = ring(&NEW.replace("new", "old"));
    assert_eq!(impostor.open(place(b"row"), &sealed).unwrap_err(), VaultError::Refused);
}

#[test]
fn l11_keys_are_rotated_while_the_old_one_still_opens() {
    let entropy = Entropy::seeded(1);
    let sealed = ring(OLD).seal(place(b"row"), b"x", &entropy);
    let both = ring(&format!(" {NEW} , {OLD} "));
    assert_eq!(both.active_id(), "new");
    assert_eq!(both.open(place(b"row"), &sealed).unwrap().expose(), b"x");

    let resealed = both.reseal(place(b"row"), &sealed, &entropy).unwrap().unwrap();
    assert!(both.reseal(place(b"row"), &resealed, &entropy).unwrap().is_none(), "once is enough");
    assert_eq!(ring(NEW).open(place(b"row"), &resealed).unwrap().expose(), b"x");
    let missing = ring(NEW).open(place(b"row"), &sealed).unwrap_err();
    assert_eq!(missing, VaultError::UnknownKey("old".to_owned()));
}

#[test]
fn l11_a_data_key_is_rewrapped_without_touching_what_it_sealed() {
    let entropy = Entropy::seeded(1);
    let key = DataKey::generate(&entropy);
    let sealed = key.seal(place(b"row"), b"x", &entropy);
    let wrapped = ring(OLD).wrap(b"owner", &key, &entropy);
    let both = ring(&format!("{NEW},{OLD}"));
    let rewrapped = both.rewrap(b"owner", &wrapped, &entropy).unwrap().unwrap();
    let unwrapped = ring(NEW).unwrap(b"owner", &rewrapped).unwrap();
    assert_eq!(unwrapped.open(place(b"row"), &sealed).unwrap().expose(), b"x");
    assert!(both.rewrap(b"owner", &rewrapped, &entropy).unwrap().is_none());
    assert_eq!(ring(NEW).unwrap(b"another owner", &rewrapped).unwrap_err(), VaultError::Refused);
    let no_key = both.seal(SealContext::new("data_keys", b"owner", "wrapped"), b"short", &entropy);
    assert!(matches!(both.unwrap(b"owner", &no_key), Err(VaultError::MalformedSealed(_))));
}

#[test]
fn a_ring_survives_its_text() {
    let entropy = Entropy::seeded(1);
    let made = KeyRing::generate(&entropy);
    let sealed = made.seal(place(b"row"), b"x", &entropy);
    let read = KeyRing::parse(&made.to_text()).unwrap();
    assert_eq!(read.active_id(), made.active_id());
    assert_eq!(read.open(place(b"row"), &sealed).unwrap().expose(), b"x");
    assert_eq!(ring(&format!("{NEW},{OLD}")).to_text().expose(), format!("{NEW},{OLD}"));
}

#[test]
fn malformed_key_text_says_what_is_wrong() {
    let cases = [
        ("", "no id"),
        ("AQEBAQ==", "no id"),
        (":AQEBAQ==", "key id"),
        ("a b:AQEBAQ==", "key id"),
        ("a:not base64!", "not base64"),
        ("a:AQEBAQ==", "not 32 bytes"),
        (&format!("{OLD},{OLD}"), "same id"),
        (&format!("{OLD},"), "no id"),
    ];
    for (text, expected) in cases {
        let error = KeyRing::parse(&Secret::new(text)).unwrap_err().to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }
}

#[test]
fn text_that_is_not_utf8_is_refused_as_text() {
    let (entropy, ring) = (Entropy::seeded(1), ring(OLD));
    let sealed = ring.seal(place(b"row"), &[0xff], &entropy);
    assert!(ring.open(place(b"row"), &sealed).unwrap().to_secret().is_err());
    let sealed = ring.seal(place(b"row"), "grüße".as_bytes(), &entropy);
    assert_eq!(ring.open(place(b"row"), &sealed).unwrap().to_secret().unwrap().expose(), "grüße");
}

use linkspan_model::entropy::Entropy;
use linkspan_model::secret::Secret;
use linkspan_vault::{DataKey, DigestKey, KeyRing, SealContext, VaultError, opaque};

#[test]
fn l10_nothing_secret_is_ever_printed() {
    let entropy = Entropy::seeded(1);
    let canary = "canary in a coal mine";
    let place = SealContext::new("grants", b"row", "tokens");
    let ring = KeyRing::parse(&Secret::new("one:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=")).unwrap();
    let key = DataKey::generate(&entropy);
    let digests = DigestKey::generate(&entropy);
    let sealed = ring.seal(place, canary.as_bytes(), &entropy);
    let opened = ring.open(place, &sealed).unwrap();
    let digest = digests.digest("api-key", &Secret::new(canary));

    assert_eq!(
        format!("{key:?} {digests:?} {opened:?} {digest:?}"),
        "DataKey(..) DigestKey(..) Opened(..) Digest(..)"
    );
    assert_eq!(format!("{:?}", opaque::mint("lsk_", &entropy)), "Secret(..)");
    assert_eq!(format!("{ring:?}"), "KeyRing { ids: [\"one\"], .. }");
    assert_eq!(format!("{sealed:?}"), format!("Sealed({} bytes)", sealed.as_bytes().len()));

    let error = KeyRing::parse(&Secret::new(format!("{canary}:{canary}"))).unwrap_err();
    assert!(matches!(error, VaultError::MalformedKeys(_)));
    assert!(!format!("{error} {error:?}").contains(canary));
}

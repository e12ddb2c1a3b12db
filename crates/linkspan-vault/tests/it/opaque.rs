use linkspan_model::entropy::Entropy;
use linkspan_model::secret::Secret;
use linkspan_vault::opaque::{constant_time_eq, is_well_formed, last_four, mint};
use proptest::prelude::*;

proptest! {
    #[test]
    fn a_minted_token_is_well_formed_and_a_mistyped_one_is_not(
        seed: u64,
        at: prop::sample::Index,
        letter in "[0-9A-Za-z]",
    ) {
        let token = mint("lsk_", &Entropy::seeded(seed));
        let text = token.expose();
        prop_assert!(is_well_formed("lsk_", text));
        prop_assert!(!is_well_formed("lst_", text));
        prop_assert!(text.len() == 53 && text.is_ascii());
        let at = at.index(text.len());
        let mistyped = format!("{}{letter}{}", &text[..at], &text[at + 1..]);
        if mistyped != text {
            prop_assert!(!is_well_formed("lsk_", &mistyped));
        }
        prop_assert!(!is_well_formed("lsk_", &text[..at]));
    }

    #[test]
    fn arbitrary_text_is_no_token(text in ".{0,80}") {
        prop_assert!(!is_well_formed("lsk_", &text));
        prop_assert!(!is_well_formed("lsk_", &["lsk_", &text].concat()));
    }
}

#[test]
fn every_token_is_another_one() {
    let entropy = Entropy::system();
    assert!(!constant_time_eq(&mint("lsk_", &entropy), &mint("lsk_", &entropy)));
    let token = mint("lsk_", &entropy);
    assert!(constant_time_eq(&token, &token.clone()));
    assert!(!constant_time_eq(&token, &Secret::new("lsk_")));
}

#[test]
fn every_letter_of_the_alphabet_occurs() {
    let entropy = Entropy::seeded(1);
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..100 {
        seen.extend(mint("", &entropy).expose().chars());
    }
    assert_eq!(seen.len(), 62);
}

#[test]
fn people_see_the_last_four_characters() {
    assert_eq!(last_four(&Secret::new("lsk_abcdef")), "cdef");
    assert_eq!(last_four(&Secret::new("abc")), "abc");
    assert_eq!(last_four(&Secret::new("grüße")), "rüße");
}

//! Opaque tokens: a prefix that says what they are, 43 random characters (256 bits), and a checksum by which a mistyped
//! or cut token is refused without looking it up, and secret scanners can tell a token from noise.

use linkspan_model::entropy::Entropy;
use linkspan_model::secret::Secret;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// 62^43 is just over 2^256.
const RANDOM_LENGTH: usize = 43;
/// 62^6 exceeds 2^32, the size of the checksum.
const CHECKSUM_LENGTH: usize = 6;

/// A new token: `prefix`, random characters, checksum. Letters and digits only behind the prefix.
pub fn mint(prefix: &'static str, entropy: &Entropy) -> Secret {
    let mut text = String::with_capacity(prefix.len() + RANDOM_LENGTH + CHECKSUM_LENGTH);
    text.push_str(prefix);
    while text.len() < prefix.len() + RANDOM_LENGTH {
        // 248 is the largest multiple of 62 in a byte: bytes from there on would favour the first letters.
        let [byte] = entropy.bytes();
        if byte < 248 {
            text.push(char::from(ALPHABET[usize::from(byte % 62)]));
        }
    }
    let checksum = checksum(&text);
    text.extend(checksum.map(char::from));
    Secret::new(text)
}

/// Whether `text` has the form of a token with this prefix and its checksum is right. Says nothing about whether such a
/// token was ever given out.
pub fn is_well_formed(prefix: &'static str, text: &str) -> bool {
    let Some(rest) = text.strip_prefix(prefix) else {
        return false;
    };
    if rest.len() != RANDOM_LENGTH + CHECKSUM_LENGTH || !rest.bytes().all(|byte| byte.is_ascii_alphanumeric())
    {
        return false;
    }
    let (body, given) = text.split_at(text.len() - CHECKSUM_LENGTH);
    given.as_bytes() == checksum(body)
}

/// Compares two secrets in a time that does not depend on where they differ.
pub fn constant_time_eq(a: &Secret, b: &Secret) -> bool {
    a.expose().as_bytes().ct_eq(b.expose().as_bytes()).into()
}

/// The last four characters, by which people tell their keys apart.
pub fn last_four(token: &Secret) -> String {
    let text = token.expose();
    let start = text.char_indices().rev().nth(3).map_or(0, |(index, _)| index);
    text[start..].to_owned()
}

/// The first 32 bits of SHA-256, in base 62, most significant digit first.
fn checksum(text: &str) -> [u8; CHECKSUM_LENGTH] {
    let digest = Sha256::digest(text.as_bytes());
    let mut rest = u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]);
    let mut digits = [b'0'; CHECKSUM_LENGTH];
    for digit in digits.iter_mut().rev() {
        *digit = ALPHABET[(rest % 62) as usize];
        rest /= 62;
    }
    digits
}

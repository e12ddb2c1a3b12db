//! `nextPageToken`: opaque to callers, bound to what started the walk, and short-lived.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

use crate::world::{IssueId, Millis};

/// How long a token lives (`atlassian-platform.md` 6.1).
const LIFE_MS: i64 = 7 * 24 * 3_600_000;

/// Where a walk stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    /// The walk.
    pub(crate) lineage: u64,
    /// What started it: site, caller, query, page size.
    pub(crate) fingerprint: u64,
    /// How many ids were passed.
    pub(crate) offset: u64,
    /// The last id that was returned.
    pub(crate) last: IssueId,
    /// When the token was given out.
    pub(crate) issued: Millis,
}

const FIELDS: usize = 5 * 8;
const CHECK: usize = 8;

impl Token {
    /// The token as text; it needs no escaping in an address.
    pub(crate) fn encode(&self) -> String {
        let mut bytes = Vec::with_capacity(FIELDS + CHECK);
        for field in [self.lineage, self.fingerprint, self.offset, self.last.0] {
            bytes.extend(field.to_be_bytes());
        }
        bytes.extend(self.issued.to_be_bytes());
        let check = Self::check(&bytes);
        bytes.extend(check);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads a token; `None` for anything this sandbox did not write.
    pub(crate) fn decode(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()?;
        if bytes.len() != FIELDS + CHECK || Self::check(&bytes[..FIELDS]) != bytes[FIELDS..] {
            return None;
        }
        let mut fields =
            bytes[..FIELDS].chunks_exact(8).filter_map(|chunk| chunk.try_into().ok()).map(u64::from_be_bytes);
        Some(Self {
            lineage: fields.next()?,
            fingerprint: fields.next()?,
            offset: fields.next()?,
            last: IssueId(fields.next()?),
            issued: fields.next()?.cast_signed(),
        })
    }

    /// Whether the token is too old.
    pub(crate) fn is_expired(&self, now: Millis) -> bool {
        now.saturating_sub(self.issued) > LIFE_MS
    }

    fn check(bytes: &[u8]) -> [u8; CHECK] {
        let mut hasher = Sha256::new();
        hasher.update(b"nextPageToken");
        hasher.update(bytes);
        let digest = hasher.finalize();
        let mut check = [0; CHECK];
        check.copy_from_slice(&digest[..CHECK]);
        check
    }
}

/// A short digest of what a walk is bound to.
pub(crate) fn fingerprint(parts: &[&str]) -> u64 {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part.as_bytes());
        hasher.update([0]);
    }
    let digest = hasher.finalize();
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&digest[..8]);
    u64::from_be_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Token, fingerprint};
    use crate::world::IssueId;

    #[test]
    fn a_token_expires_after_seven_days() {
        let token = Token { lineage: 1, fingerprint: 2, offset: 3, last: IssueId(4), issued: 5 };
        assert!(!token.is_expired(5 + 7 * 86_400_000));
        assert!(token.is_expired(6 + 7 * 86_400_000));
    }

    #[test]
    fn a_fingerprint_tells_where_its_parts_end() {
        assert_ne!(fingerprint(&["ab", "c"]), fingerprint(&["a", "bc"]));
    }

    proptest! {
        #[test]
        fn a_token_reads_back_and_a_changed_one_does_not(
            fields in any::<(u64, u64, u64, u64, i64)>(), at in 0_usize..60, c in "[A-Za-z0-9_-]"
        ) {
            let (lineage, fingerprint, offset, last, issued) = fields;
            let token = Token { lineage, fingerprint, offset, last: IssueId(last), issued };
            let text = token.encode();
            prop_assert_eq!(Token::decode(&text), Some(token));
            let mut changed = text.clone();
            changed.replace_range(at..=at, &c);
            prop_assert!(changed == text || Token::decode(&changed).is_none());
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,80}") {
            let _ = Token::decode(&text);
        }
    }
}

//! Cursors: opaque to callers, bound to the list they belong to.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use linkspan_model::ids::RecordId;
use linkspan_store::RecordPosition;
use linkspan_vault::content_hash;
use uuid::Uuid;

use crate::error::EngineError;

/// The form of cursor that this version writes.
const VERSION: u8 = 1;
/// Version, direction, list, time, id.
const LENGTH: usize = 1 + 1 + 8 + 8 + 16;

/// Which way from the position a page lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    /// The records behind it.
    Forward,
    /// The records before it.
    Backward,
}

/// A place in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cursor {
    pub(crate) direction: Direction,
    pub(crate) position: RecordPosition,
}

/// Names the list a cursor belongs to: everything that decides which records are in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ListKey([u8; 8]);

impl ListKey {
    /// The key of the list that `parts` describe.
    pub(crate) fn of(parts: &[&[u8]]) -> Self {
        let hash = content_hash(parts.iter().copied());
        let mut key = [0; 8];
        key.copy_from_slice(&hash[..8]);
        Self(key)
    }
}

impl Cursor {
    /// The text that callers get.
    pub(crate) fn encode(self, list: ListKey) -> String {
        let mut bytes = Vec::with_capacity(LENGTH);
        bytes.push(VERSION);
        bytes.push(u8::from(self.direction == Direction::Backward));
        bytes.extend(list.0);
        bytes.extend(self.position.modified_at.as_millisecond().to_be_bytes());
        bytes.extend(self.position.id.0.as_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads a cursor of this list back.
    pub(crate) fn decode(text: &str, list: ListKey) -> Result<Self, EngineError> {
        let unknown = || {
            EngineError::Invalid(
                "`cursor` is not one that this server gave out: begin without a cursor, and send `next` as you got it."
                    .to_owned(),
            )
        };
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| unknown())?;
        let bytes: &[u8; LENGTH] = bytes.as_slice().try_into().map_err(|_| unknown())?;
        let [VERSION, direction @ (0 | 1), rest @ ..] = bytes else { return Err(unknown()) };
        let (key, rest) = rest.split_at(8);
        let (millis, id) = rest.split_at(8);
        if key != list.0 {
            return Err(EngineError::Invalid(
                "`cursor` belongs to a list with other filters: keep the filters the same while paging."
                    .to_owned(),
            ));
        }
        let millis = i64::from_be_bytes(millis.try_into().map_err(|_| unknown())?);
        let position = RecordPosition {
            modified_at: Timestamp::from_millisecond(millis).map_err(|_| unknown())?,
            id: RecordId(Uuid::from_slice(id).map_err(|_| unknown())?),
        };
        let direction = if *direction == 1 { Direction::Backward } else { Direction::Forward };
        Ok(Self { direction, position })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cursor(millis: i64, id: u128, backward: bool) -> Cursor {
        Cursor {
            direction: if backward { Direction::Backward } else { Direction::Forward },
            position: RecordPosition {
                modified_at: Timestamp::from_millisecond(millis).unwrap(),
                id: RecordId(Uuid::from_u128(id)),
            },
        }
    }

    proptest! {
        #[test]
        fn a_cursor_comes_back_as_it_was_given_out(
            millis in 0..4_000_000_000_000_i64, id: u128, backward: bool, list: [u8; 5],
        ) {
            let list = ListKey::of(&[&list]);
            let cursor = cursor(millis, id, backward);
            prop_assert_eq!(Cursor::decode(&cursor.encode(list), list).unwrap(), cursor);
        }

        #[test]
        fn any_other_text_is_refused_without_a_panic(text in ".{0,80}") {
            prop_assert!(Cursor::decode(&text, ListKey::of(&[b"list"])).is_err());
        }
    }

    #[test]
    fn a_cursor_of_another_list_is_refused_with_the_remedy() {
        let text = cursor(1, 2, false).encode(ListKey::of(&[b"tickets"]));
        let error = Cursor::decode(&text, ListKey::of(&[b"comments"])).unwrap_err();
        assert!(error.to_string().contains("keep the filters the same"), "{error}");
    }
}

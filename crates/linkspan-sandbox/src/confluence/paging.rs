//! Keyset paging behind opaque cursors: pages neither repeat nor skip when items come and go between requests.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::cmp::Ordering;

use super::answer::Refusal;

/// Longest cursor worth decoding, in bytes.
const MAXIMUM_CURSOR_LENGTH: usize = 8 * 1024;

/// The cursor of the first page of any list: an injected empty page has it as its successor.
pub(crate) const FIRST_PAGE: &str = "W10";

/// What a list is sorted by, for one item.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum SortValue {
    /// A date, number or position.
    Number(i64),
    /// A title, key or name.
    Text(String),
}

/// A place in a sorted list: sort values, most significant first, then the id that breaks ties.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) values: Vec<SortValue>,
    pub(super) id: u64,
}

impl Position {
    /// The place of an item in a list sorted by a number.
    pub(super) fn number(value: i64, id: u64) -> Self {
        Self { values: vec![SortValue::Number(value)], id }
    }

    /// The first sort value, if it is a number.
    pub(super) fn leading_number(&self) -> Option<i64> {
        match self.values.first() {
            Some(SortValue::Number(number)) => Some(*number),
            _ => None,
        }
    }

    /// The place of an item in a list sorted by a text.
    pub(super) fn text(value: &str, id: u64) -> Self {
        Self { values: vec![SortValue::Text(value.to_lowercase())], id }
    }
}

/// The direction of each sort value, and that of the id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Order {
    /// What tells this order apart from others: a cursor of another order is refused.
    pub(super) name: String,
    /// For each sort value: largest first.
    pub(super) descending: Vec<bool>,
    /// Largest id first.
    pub(super) id_descending: bool,
}

impl Order {
    /// One sort value, named as the `sort` parameter spells it; a leading minus reverses value and id.
    pub(super) fn named(name: &str) -> Self {
        let descending = name.starts_with('-');
        Self { name: name.to_owned(), descending: vec![descending], id_descending: descending }
    }

    /// Compares two places.
    pub(super) fn compare(&self, left: &Position, right: &Position) -> Ordering {
        let pairs = left.values.iter().zip(&right.values);
        for (index, (left, right)) in pairs.enumerate() {
            let ordering = left.cmp(right);
            if ordering.is_ne() {
                return if self.descending.get(index) == Some(&true) { ordering.reverse() } else { ordering };
            }
        }
        let ordering = left.id.cmp(&right.id);
        if self.id_descending { ordering.reverse() } else { ordering }
    }
}

/// One page of a list.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Page<T> {
    pub(super) items: Vec<T>,
    /// The cursor of the next page, while there is one.
    pub(super) next: Option<String>,
}

impl<T> Page<T> {
    /// Cuts a page out of items that already come in `order` and start behind the cursor.
    pub(super) fn from_sorted(
        order: &Order,
        limit: usize,
        mut items: impl Iterator<Item = T>,
        position: impl Fn(&T) -> Position,
    ) -> Self {
        let page: Vec<T> = items.by_ref().take(limit).collect();
        let next = page.last().filter(|_| items.next().is_some()).map(|last| encode(order, &position(last)));
        Self { items: page, next }
    }

    /// Cuts the page behind `after` out of items in any order. Linear in their number: only the page itself is sorted.
    pub(super) fn from_unsorted(
        order: &Order,
        after: Option<&Position>,
        limit: usize,
        items: impl Iterator<Item = T>,
        position: impl Fn(&T) -> Position,
    ) -> Self {
        let mut placed: Vec<(Position, T)> = items
            .map(|item| (position(&item), item))
            .filter(|(position, _)| after.is_none_or(|after| order.compare(position, after).is_gt()))
            .collect();
        let compare = |left: &(Position, T), right: &(Position, T)| order.compare(&left.0, &right.0);
        let has_more = placed.len() > limit;
        if has_more {
            placed.select_nth_unstable_by(limit, compare);
            placed.truncate(limit);
        }
        placed.sort_unstable_by(compare);
        let next = placed.last().filter(|_| has_more).map(|(position, _)| encode(order, position));
        Self { items: placed.into_iter().map(|(_, item)| item).collect(), next }
    }

    /// The whole list, with no page after it.
    pub(super) fn whole(items: Vec<T>) -> Self {
        Self { items, next: None }
    }
}

/// A cursor: letters, digits, `-` and `_` only, so that it survives a URL it was pasted into unescaped.
fn encode(order: &Order, position: &Position) -> String {
    let values: Vec<serde_json::Value> = position
        .values
        .iter()
        .map(|value| match value {
            SortValue::Number(number) => serde_json::Value::from(*number),
            SortValue::Text(text) => serde_json::Value::from(text.as_str()),
        })
        .collect();
    let document = serde_json::json!([order.name, values, position.id]);
    URL_SAFE_NO_PAD.encode(document.to_string())
}

/// Reads a cursor back.
///
/// # Errors
/// A cursor that this order did not issue is refused with 400.
pub(super) fn decode(order: &Order, cursor: Option<&str>) -> Result<Option<Position>, Refusal> {
    let Some(cursor) = cursor.filter(|cursor| *cursor != FIRST_PAGE) else {
        return Ok(None);
    };
    let position = decode_position(order, cursor);
    position.map(Some).ok_or_else(|| Refusal::wrong_type(cursor, "cursor", "a cursor of this list"))
}

fn decode_position(order: &Order, cursor: &str) -> Option<Position> {
    if cursor.len() > MAXIMUM_CURSOR_LENGTH {
        return None;
    }
    let document = URL_SAFE_NO_PAD.decode(cursor.trim_end_matches('=')).ok()?;
    let (name, values, id): (String, Vec<serde_json::Value>, u64) = serde_json::from_slice(&document).ok()?;
    if name != order.name {
        return None;
    }
    let values = values.into_iter().map(|value| match value {
        serde_json::Value::Number(number) => number.as_i64().map(SortValue::Number),
        serde_json::Value::String(text) => Some(SortValue::Text(text)),
        _ => None,
    });
    Some(Position { values: values.collect::<Option<_>>()?, id })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Order, Page, Position, SortValue, decode};

    fn walk(order: &Order, limit: usize, items: &[(i64, u64)]) -> Vec<(i64, u64)> {
        let mut seen = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let after = decode(order, cursor.as_deref()).expect("own cursor");
            let place = |item: &(i64, u64)| Position::number(item.0, item.1);
            let page = Page::from_unsorted(order, after.as_ref(), limit, items.iter().copied(), place);
            seen.extend(page.items);
            match page.next {
                Some(next) => cursor = Some(next),
                None => return seen,
            }
        }
    }

    proptest! {
        #[test]
        fn paging_to_exhaustion_yields_every_item_once_in_order(
            values in prop::collection::vec(-3_i64..3, 0..60),
            limit in 1_usize..9,
            descending in any::<bool>(),
        ) {
            let items: Vec<(i64, u64)> = values.into_iter().zip(0..).collect();
            let order = Order::named(if descending { "-modified-date" } else { "modified-date" });
            let mut expected = items.clone();
            expected.sort_unstable();
            if descending {
                expected.reverse();
            }
            prop_assert_eq!(walk(&order, limit, &items), expected);
        }

        #[test]
        fn a_cursor_survives_an_unescaped_url_and_a_round_trip(texts in prop::collection::vec(any::<String>(), 0..3), number: i64, id: u64) {
            let order = Order::named("title");
            let mut values: Vec<SortValue> = texts.into_iter().map(SortValue::Text).collect();
            values.push(SortValue::Number(number));
            let position = Position { values, id };
            let cursor = super::encode(&order, &position);
            prop_assert!(cursor.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')));
            prop_assert_eq!(decode(&order, Some(&cursor)).expect("own cursor"), Some(position));
        }

        #[test]
        fn a_foreign_cursor_is_refused_without_a_panic(cursor: String) {
            prop_assert!(decode(&Order::named("title"), Some(&cursor)).is_err());
        }
    }

    #[test]
    fn a_cursor_of_another_order_is_refused() {
        let cursor = super::encode(&Order::named("title"), &Position::text("a", 1));
        assert!(decode(&Order::named("-title"), Some(&cursor)).is_err());
    }
}

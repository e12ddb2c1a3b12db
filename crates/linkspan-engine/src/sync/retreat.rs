//! What a reading does when upstream refuses to go on: asks for less at a time, or begins anew from the last durable place
//! (hazards S7, S9). What cannot be had even alone is left out, with its reason beside it, and the others are read.

use futures_util::future::BoxFuture;
use linkspan_atlassian::error::CallError;

use crate::error::EngineError;

/// How a walk that was refused goes on.
pub(super) struct Retreat {
    /// Items in a page.
    pub(super) size: u32,
    /// Where the last walk was begun anew after a refused cursor.
    from: Option<i64>,
    /// Whether asking for less at a time may help.
    is_too_much: fn(&CallError) -> bool,
}

impl Retreat {
    pub(super) fn new(size: u32, is_too_much: fn(&CallError) -> bool) -> Self {
        Self { size, from: None, is_too_much }
    }

    /// Takes in a failure of a walk of which everything up to `reached` is stored. Gives the error back where beginning anew
    /// cannot help: a page of one item is refused, or a walk came no further than the one before it.
    pub(super) fn from(&mut self, error: EngineError, reached: Option<i64>) -> Result<(), EngineError> {
        let EngineError::Call(call_error) = &error else { return Err(error) };
        // Nothing was stored: the walk was at its beginning.
        let reached = reached.unwrap_or(i64::MIN);
        match call_error {
            CallError::PageTokenRejected { .. } if self.from != Some(reached) => {
                self.from = Some(reached);
            }
            _ if (self.is_too_much)(call_error) && self.size > 1 => {
                self.size /= 2;
                tracing::info!(size = self.size, error = %call_error, "asks for less at a time");
            }
            _ => return Err(error),
        }
        Ok(())
    }
}

/// The page size to go on with after a failure; `None` where less at a time cannot help.
pub(super) fn smaller(
    error: &EngineError,
    size: Option<u32>,
    is_too_much: fn(&CallError) -> bool,
) -> Option<u32> {
    let EngineError::Call(error) = error else { return None };
    let size = size.filter(|size| is_too_much(error) && *size > 1)? / 2;
    tracing::info!(size, %error, "asks for less at a time");
    Some(size)
}

/// What asking for things by their ids came to.
pub(super) struct Bisected<'a, I, T> {
    /// The answers.
    pub(super) read: Vec<T>,
    /// What upstream cannot answer even alone, and why.
    pub(super) refused: Vec<(&'a I, CallError)>,
}

/// Asks for things by their ids, and for half as many where upstream cannot answer so much at once, down to one.
pub(super) async fn bisect<'a, I: Sync, T>(
    ids: &'a [I],
    mut ask: impl FnMut(&'a [I]) -> BoxFuture<'a, Result<T, EngineError>> + Send,
) -> Result<Bisected<'a, I, T>, EngineError> {
    let mut bisected = Bisected { read: Vec::new(), refused: Vec::new() };
    let mut parts = vec![ids];
    while let Some(part) = parts.pop() {
        match (ask(part).await, part) {
            (Ok(answer), _) => bisected.read.push(answer),
            (Err(EngineError::Call(error)), [id]) if error.is_size() => bisected.refused.push((id, error)),
            (Err(EngineError::Call(error)), [_, ..]) if error.is_size() => {
                let (first, second) = part.split_at(part.len() / 2);
                parts.extend([second, first]);
            }
            (Err(error), _) => return Err(error),
        }
    }
    Ok(bisected)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE_SIZE: u32 = 100;
    const CALL: &str = "a.search";

    fn refused() -> EngineError {
        EngineError::Call(CallError::PageTokenRejected { call: CALL, messages: Vec::new() })
    }

    #[test]
    fn s9_a_page_that_is_too_heavy_is_halved_down_to_one_item() {
        let mut retreat = Retreat::new(PAGE_SIZE, CallError::is_size);
        let mut sizes = Vec::new();
        let too_large = || EngineError::Call(CallError::TooLarge { call: CALL, status: 413 });
        while retreat.from(too_large(), None).is_ok() {
            sizes.push(retreat.size);
        }
        assert_eq!(sizes, [50, 25, 12, 6, 3, 1]);
    }

    #[tokio::test]
    async fn s9_of_many_ids_the_one_that_cannot_be_answered_is_left_out_alone() {
        let ids: Vec<u32> = (0..100).collect();
        let mut asked = 0;
        let bisected = bisect(&ids, |part| {
            asked += 1;
            let answer = if part.contains(&61) || part.len() > 25 {
                Err(EngineError::Call(CallError::TooLarge { call: CALL, status: 504 }))
            } else {
                Ok(part.to_vec())
            };
            Box::pin(std::future::ready(answer))
        })
        .await
        .unwrap();
        let read: Vec<u32> = bisected.read.into_iter().flatten().collect();
        assert_eq!(read, (0..100).filter(|id| *id != 61).collect::<Vec<_>>(), "in their order");
        assert_eq!(bisected.refused.iter().map(|(id, _)| **id).collect::<Vec<_>>(), [61]);
        assert!(asked < 20, "{asked}");
    }

    #[test]
    fn s7_a_refused_cursor_begins_a_new_walk_as_long_as_there_is_progress() {
        let mut retreat = Retreat::new(PAGE_SIZE, CallError::is_size);
        assert!(retreat.from(refused(), None).is_ok());
        assert!(retreat.from(refused(), None).is_err());
        assert!(retreat.from(refused(), Some(5)).is_ok());
        assert!(retreat.from(refused(), Some(6)).is_ok());
        assert!(retreat.from(refused(), Some(6)).is_err());
        assert_eq!(retreat.size, PAGE_SIZE);
    }

    #[test]
    fn s5_what_less_at_a_time_cannot_help_ends_the_walk() {
        let mut retreat = Retreat::new(PAGE_SIZE, CallError::is_size);
        for error in [
            CallError::BadRequest { call: CALL, messages: Vec::new() },
            CallError::ScopeMissing { call: CALL },
            CallError::Gone { call: CALL, messages: Vec::new() },
        ] {
            assert!(retreat.from(EngineError::Call(error), None).is_err());
        }
    }
}

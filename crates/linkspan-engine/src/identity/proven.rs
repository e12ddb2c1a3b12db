//! What people proved, for the vendor.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use linkspan_store::{Identity, IdentityFilter};
use uuid::Uuid;

use crate::engine::Engine;
use crate::error::EngineError;

/// Bytes of a cursor: the moment in milliseconds, and the id.
const CURSOR_BYTES: usize = 24;

impl Engine {
    /// A page of identities that meet the filter, oldest first, and the cursor of the next page.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] for a cursor that was not given out; when the store fails.
    pub async fn identities(
        &self,
        filter: &IdentityFilter,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<(Vec<Identity>, Option<String>), EngineError> {
        let after = cursor
            .map(|cursor| {
                position(cursor)
                    .ok_or_else(|| EngineError::Invalid("`cursor` was not given out here".to_owned()))
            })
            .transpose()?;
        let mut page = self.inner.store.identities(filter, after, limit.saturating_add(1)).await?;
        let has_more = page.len() > limit as usize;
        page.truncate(limit as usize);
        let next = page.last().filter(|_| has_more).map(cursor_behind);
        Ok((page, next))
    }

    /// Forgets an identity; `false` when there is none.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn delete_identity(&self, id: Uuid) -> Result<bool, EngineError> {
        Ok(self.inner.store.delete_identity(id).await?)
    }
}

fn cursor_behind(identity: &Identity) -> String {
    let mut bytes = Vec::with_capacity(CURSOR_BYTES);
    bytes.extend(identity.created_at.as_millisecond().to_be_bytes());
    bytes.extend(identity.id.as_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

fn position(cursor: &str) -> Option<(Timestamp, Uuid)> {
    let bytes: [u8; CURSOR_BYTES] = URL_SAFE_NO_PAD.decode(cursor).ok()?.try_into().ok()?;
    let (moment, id) = bytes.split_first_chunk::<8>()?;
    let moment = Timestamp::from_millisecond(i64::from_be_bytes(*moment)).ok()?;
    Some((moment, Uuid::from_slice(id).ok()?))
}

#[cfg(test)]
mod tests {
    use linkspan_model::ids::AppId;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_cursor_leads_back_to_where_it_was_made(millis in 0_i64..4_000_000_000_000, id: u128) {
            let at = Timestamp::from_millisecond(millis).unwrap();
            let identity = Identity {
                id: Uuid::from_u128(id),
                account_id: String::new(),
                reference: String::new(),
                app: AppId::of_client("a"),
                email: None,
                email_verified: None,
                created_at: at,
                proven_at: at,
                superseded_at: None,
                confirmed_by: linkspan_store::ConfirmedBy::Page,
            };
            prop_assert_eq!(position(&cursor_behind(&identity)), Some((at, Uuid::from_u128(id))));
        }

        #[test]
        fn what_is_no_cursor_is_refused_without_harm(text in ".{0,60}") {
            if let Some((at, _)) = position(&text) {
                prop_assert!(at.as_millisecond() > i64::MIN);
            }
        }
    }
}

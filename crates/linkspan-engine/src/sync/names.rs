//! Names for accounts that texts mention by their ids alone: from stored people, so that a text shows the name an account
//! bears now, and nothing once the account is erased.

use std::collections::{BTreeSet, HashMap};
use std::sync::PoisonError;

use linkspan_atlassian::convert::Converted;
use linkspan_atlassian::error::CallError;
use linkspan_atlassian::personal::mentioned_accounts;

use super::run::Run;
use crate::error::EngineError;
use crate::privacy::read_people;
use crate::quota::Lane;

/// Accounts in one call (`atlassian-endpoints.md` 6.14).
const ACCOUNTS_PER_CALL: usize = 90;

impl Run {
    /// The names of accounts that texts in an answer mention and that are not among `known`. People who are not stored yet
    /// are read first, so that a text becomes the same whenever it is read. Each account is asked for once in a run.
    pub(super) async fn names_in(
        &self,
        json: &str,
        known: &HashMap<String, String>,
    ) -> Result<HashMap<String, String>, EngineError> {
        let mut wanted: BTreeSet<&str> = mentioned_accounts(json);
        {
            let nameless = self.nameless.lock().unwrap_or_else(PoisonError::into_inner);
            wanted.retain(|id| !known.contains_key(*id) && !nameless.contains(*id));
        }
        if wanted.is_empty() {
            return Ok(HashMap::new());
        }
        let mut names = self.inner.names_of(&self.source, &wanted).await?;
        let unknown: Vec<String> = wanted
            .iter()
            .filter(|id| !names.contains_key(**id) && !self.inner.is_erased(id))
            .map(|id| (*id).to_owned())
            .collect();
        // A page waits for them.
        let client = self.client.in_lane(Lane::Live);
        for accounts in unknown.chunks(ACCOUNTS_PER_CALL) {
            let read = match read_people(&client, &self.source, accounts).await {
                Ok(read) => read,
                // A mention without a name shows the account's id.
                Err(EngineError::Call(
                    error @ (CallError::Forbidden { .. }
                    | CallError::NotFound { .. }
                    | CallError::ScopeMissing { .. }
                    | CallError::BadRequest { .. }),
                )) => {
                    tracing::debug!(%error, "people who are mentioned may not be read");
                    continue;
                }
                Err(error) => return Err(error),
            };
            // Where a person was stored meanwhile with more than this tells, that counts.
            self.write(Converted { raws: read.raws, people: read.records, ..Converted::default() }, None)
                .await?;
        }
        if !unknown.is_empty() {
            let asked = unknown.iter().map(String::as_str).collect();
            names.extend(self.inner.names_of(&self.source, &asked).await?);
        }
        let mut nameless = self.nameless.lock().unwrap_or_else(PoisonError::into_inner);
        nameless.extend(wanted.into_iter().filter(|id| !names.contains_key(*id)).map(str::to_owned));
        Ok(names)
    }
}

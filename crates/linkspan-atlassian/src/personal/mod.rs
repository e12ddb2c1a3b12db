//! Personal data in upstream's JSON: which accounts a text names, and the text without what it says about some of them.
//!
//! A bare account id is not personal data (`atlassian-platform.md` 3); what upstream embeds beside it is: names, e-mail
//! addresses, pictures, time zones, the copy of a name in a mention or in a change history. Words that people typed are
//! content and stay, whomever they are about.

mod redact;
mod scan;
mod spaces;
#[cfg(test)]
mod tests;

/// Whether rows of this kind hold an account as the site's list of accounts has it, under the account's id.
pub fn is_profile(kind: &str) -> bool {
    matches!(kind, "jira.user" | "confluence.user")
}

/// The account that a raw row is about: a profile, or a customer on the list of a service desk or an organization. `None`
/// for all other kinds.
pub fn account_of_row<'a>(kind: &str, remote_id: &'a str) -> Option<&'a str> {
    match kind {
        "jsm.customer" | "jsm.organizationuser" => remote_id.split_once('/').map(|(_, account)| account),
        _ => Some(remote_id).filter(|_| is_profile(kind)),
    }
}

pub use self::redact::{Redacted, redact};
pub use self::scan::{accounts_in, is_account_id, mentioned_accounts};
pub use self::spaces::without_owners_names;

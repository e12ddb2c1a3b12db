//! Personal data in upstream's JSON: which accounts a text names, and the text without what it says about some of them.
//!
//! A bare account id is not personal data (`atlassian-platform.md` 3); what upstream embeds beside it is: names, e-mail
//! addresses, pictures, time zones, the copy of a name in a mention or in a change history. Words that people typed are
//! content and stay, whomever they are about.

mod redact;
mod scan;
#[cfg(test)]
mod tests;

pub use self::redact::{Redacted, redact};
pub use self::scan::{accounts_in, is_account_id, mentioned_accounts};

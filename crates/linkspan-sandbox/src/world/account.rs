//! Atlassian accounts. One directory for the whole world: an account may be present on several sites, or on none.

use std::collections::HashMap;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use uuid::Uuid;

use super::generated::words::FAMILY_NAMES;
use super::ids::AccountIndex;

/// Kind of an account, as `accountType` prints it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AccountType {
    /// A person with an Atlassian account.
    Atlassian,
    /// A bot that belongs to an installed app.
    App,
    /// A portal-only customer of JSM; ids start with `qm:`.
    Customer,
}

impl AccountType {
    /// The wire name: `atlassian`, `app` or `customer`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Atlassian => "atlassian",
            Self::App => "app",
            Self::Customer => "customer",
        }
    }
}

/// Life cycle of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AccountStatus {
    /// May sign in.
    Active,
    /// Deactivated by an administrator; still listed, carries no principals.
    Inactive,
    /// Closed by its owner; the personal-data report answers `closed` and the name reads "Former user".
    Closed,
}

/// One Atlassian account.
#[derive(Debug)]
pub struct Account {
    /// Position in the directory.
    pub index: AccountIndex,
    /// `712020:<uuid>`, 24 hexadecimal digits, or `qm:<uuid>:<uuid>` for customers.
    pub account_id: String,
    /// E-mail address the account was made with; see `email_hidden` for what others may see.
    email: String,
    /// Profile setting: the address is not shown to anybody but the account itself.
    pub email_hidden: bool,
    /// The name the account was made with; use [`Account::display_name`], which knows renames and closures.
    pub name: String,
    /// Kind.
    pub account_type: AccountType,
    /// IANA time zone such as `Europe/Berlin`.
    pub time_zone: String,
    /// Locale such as `en_US`.
    pub locale: String,
    /// API token for basic authentication (people only; empty for apps and customers, which cannot hold one).
    pub api_token: String,
    /// Last path segment of the avatar's address, e.g. `3` for a default avatar.
    pub avatar: String,
    /// The picture the account gave itself, by the name that is part of its address.
    picture: Uuid,
    status: AtomicU8,
    renamed: OnceLock<Box<Rename>>,
    /// Name and address of an account that was kept for a customer made at run time.
    claimed: OnceLock<(String, String)>,
}

/// A later name. Names only ever come on top, so that a name once lent out stays valid.
#[derive(Debug)]
struct Rename {
    name: String,
    next: OnceLock<Box<Rename>>,
}

/// More renames of one account than any test makes.
const MAX_RENAMES: usize = 100;

impl Account {
    /// The present status.
    pub fn status(&self) -> AccountStatus {
        match self.status.load(Ordering::Acquire) {
            0 => AccountStatus::Active,
            1 => AccountStatus::Inactive,
            _ => AccountStatus::Closed,
        }
    }

    /// Changes the status, on all sites at once.
    pub fn set_status(&self, status: AccountStatus) {
        self.status.store(Self::status_code(status), Ordering::Release);
    }

    /// Whether the account is active.
    pub fn is_active(&self) -> bool {
        self.status() == AccountStatus::Active
    }

    /// The name others see: "Former user" once the account is closed.
    pub fn display_name(&self) -> &str {
        if self.status() == AccountStatus::Closed { "Former user" } else { self.present_name() }
    }

    /// The newest name, whatever the status.
    pub fn present_name(&self) -> &str {
        let first = self.claimed.get().map_or(self.name.as_str(), |(name, _)| name.as_str());
        let (mut name, mut later) = (first, &self.renamed);
        while let Some(rename) = later.get() {
            (name, later) = (&rename.name, &rename.next);
        }
        name
    }

    /// A name that nobody gave the account yet, for a rename that names none.
    pub fn made_up_new_name(&self) -> String {
        let present = self.present_name();
        let given = present.split_whitespace().next().unwrap_or(present);
        let start = self.index.0 as usize;
        let family = (0..FAMILY_NAMES.len())
            .map(|step| FAMILY_NAMES[start.wrapping_add(step) % FAMILY_NAMES.len()])
            .find(|family| !present.ends_with(family) && !self.name.ends_with(family));
        format!("{given} {}", family.unwrap_or_default())
    }

    /// Gives the account another name, on all sites at once. Returns whether it took: each account takes a hundred.
    pub(super) fn rename(&self, name: &str) -> bool {
        let mut place = &self.renamed;
        for _ in 0..MAX_RENAMES {
            match place.get() {
                Some(rename) => place = &rename.next,
                None => {
                    return place
                        .set(Box::new(Rename { name: name.to_owned(), next: OnceLock::new() }))
                        .is_ok();
                }
            }
        }
        false
    }

    /// The e-mail address; see [`Account::visible_email`] for what others may see.
    pub fn email(&self) -> &str {
        self.claimed.get().map_or(self.email.as_str(), |(_, email)| email.as_str())
    }

    /// The picture others see: that of a person, until the account is closed. All other accounts have a default one.
    pub fn picture(&self) -> Option<Uuid> {
        let shown = self.account_type != AccountType::App && self.status() != AccountStatus::Closed;
        shown.then_some(self.picture)
    }

    /// The address others see, if any.
    pub fn visible_email(&self) -> Option<&str> {
        let shown = !self.email_hidden
            && self.account_type == AccountType::Atlassian
            && self.status() != AccountStatus::Closed;
        shown.then(|| self.email())
    }

    const fn status_code(status: AccountStatus) -> u8 {
        match status {
            AccountStatus::Active => 0,
            AccountStatus::Inactive => 1,
            AccountStatus::Closed => 2,
        }
    }
}

/// What is needed to enter an account into the directory.
#[derive(Debug, Clone)]
pub(super) struct NewAccount {
    pub(super) account_id: String,
    pub(super) email: String,
    pub(super) email_hidden: bool,
    pub(super) name: String,
    pub(super) account_type: AccountType,
    pub(super) time_zone: String,
    pub(super) locale: String,
    pub(super) api_token: String,
    pub(super) status: AccountStatus,
}

/// All accounts of the world, in a fixed order.
#[derive(Debug, Default)]
pub struct Directory {
    accounts: Vec<Account>,
    by_id: HashMap<String, AccountIndex>,
    by_email: HashMap<String, AccountIndex>,
    /// Whether an account was renamed or closed at run time: only then must names in stored texts be looked up anew.
    names_changed: AtomicBool,
    /// Accounts kept for customers made at run time, in the order they are used.
    spare: Vec<AccountIndex>,
}

impl Directory {
    pub(super) fn add(&mut self, new: NewAccount) -> AccountIndex {
        let index = AccountIndex(u32::try_from(self.accounts.len()).unwrap_or(u32::MAX));
        self.by_id.insert(new.account_id.clone(), index);
        self.by_email.entry(new.email.to_ascii_lowercase()).or_insert(index);
        let picture = Uuid::new_v5(&Uuid::NAMESPACE_OID, new.account_id.as_bytes());
        self.accounts.push(Account {
            index,
            account_id: new.account_id,
            email: new.email,
            email_hidden: new.email_hidden,
            name: new.name,
            account_type: new.account_type,
            time_zone: new.time_zone,
            locale: new.locale,
            api_token: new.api_token,
            avatar: (index.0 % 7).to_string(),
            picture,
            status: AtomicU8::new(Account::status_code(new.status)),
            renamed: OnceLock::new(),
            claimed: OnceLock::new(),
        });
        index
    }

    /// The account at a position. Positions come from this directory only; a foreign one reads as the first account.
    pub fn get(&self, index: AccountIndex) -> &Account {
        self.accounts.get(index.0 as usize).unwrap_or(&self.accounts[0])
    }

    /// Finds an account by `accountId`.
    pub fn by_account_id(&self, account_id: &str) -> Option<&Account> {
        self.by_id.get(account_id).map(|index| self.get(*index))
    }

    /// Finds an account by e-mail address, upper and lower case alike (sign-in and basic authentication only).
    pub fn by_email(&self, email: &str) -> Option<&Account> {
        let known = self.by_email.get(&email.to_ascii_lowercase()).copied();
        let claimed = |index: &&AccountIndex| {
            self.get(**index).claimed.get().is_some_and(|(_, own)| own.eq_ignore_ascii_case(email))
        };
        known.or_else(|| self.spare.iter().find(claimed).copied()).map(|index| self.get(index))
    }

    /// Keeps an account for a customer made at run time; it is on no site until then.
    pub(super) fn keep_spare(&mut self, new: NewAccount) {
        let index = self.add(new);
        self.spare.push(index);
    }

    /// Gives the next kept account a name and an address.
    pub(super) fn claim_spare(&self, email: &str, name: &str) -> Option<AccountIndex> {
        let claim = |index: &&AccountIndex| {
            self.get(**index).claimed.set((name.to_owned(), email.to_owned())).is_ok()
        };
        self.spare.iter().find(claim).copied()
    }

    /// Whether any account was renamed or closed since the world was made.
    pub fn names_changed(&self) -> bool {
        self.names_changed.load(Ordering::Acquire)
    }

    pub(super) fn note_name_change(&self) {
        self.names_changed.store(true, Ordering::Release);
    }

    /// All accounts, in order of their positions.
    pub fn iter(&self) -> std::slice::Iter<'_, Account> {
        self.accounts.iter()
    }

    /// Number of accounts.
    pub fn len(&self) -> usize {
        self.accounts.len()
    }

    /// Whether there is none (never so in a built world).
    pub fn is_empty(&self) -> bool {
        self.accounts.is_empty()
    }
}

impl<'a> IntoIterator for &'a Directory {
    type Item = &'a Account;
    type IntoIter = std::slice::Iter<'a, Account>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

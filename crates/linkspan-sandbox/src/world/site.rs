//! One Atlassian Cloud site.

use std::sync::{Arc, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::account::{Account, Directory};
use super::audit::AuditLog;
use super::confluence::store::ConfluenceState;
use super::edit::EditError;
use super::group::{ApplicationRole, Group, Product};
use super::ids::{AccountIndex, GroupIndex};
use super::jira::store::JiraState;
use super::log::ChangeLog;
use super::mutate::Roster;
use super::outbox::Outbox;

/// Who looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Viewer {
    /// Nobody signed in.
    Anonymous,
    /// An account.
    Account(AccountIndex),
}

/// A site: its address, and its state behind a lock.
#[derive(Debug)]
pub struct Site {
    cloud_id: String,
    address: Address,
    state: RwLock<SiteState>,
}

/// A name and the address that goes with it. Later ones only ever come on top, so that one once lent out stays valid.
#[derive(Debug)]
struct Address {
    name: String,
    url: String,
    next: OnceLock<Box<Address>>,
}

/// More renames of one site than any test makes.
const MAX_RENAMES: usize = 100;
/// The longest name of a site: it is the label of a host.
const MAX_NAME: usize = 63;

impl Site {
    pub(super) fn new(cloud_id: String, name: String, url: String, state: SiteState) -> Self {
        Self { cloud_id, address: Address { name, url, next: OnceLock::new() }, state: RwLock::new(state) }
    }

    /// Cloud id (UUID).
    pub fn cloud_id(&self) -> &str {
        &self.cloud_id
    }

    /// Name: the first label of the host.
    pub fn name(&self) -> &str {
        &self.address().name
    }

    /// `https://{name}.atlassian.net`
    pub fn url(&self) -> &str {
        &self.address().url
    }

    fn address(&self) -> &Address {
        let mut address = &self.address;
        while let Some(next) = address.next.get() {
            address = next;
        }
        address
    }

    /// Gives the site another name, and with it another host; its cloud id stays.
    ///
    /// # Errors
    /// The name is no label of a host, or the site was renamed a hundred times.
    pub fn rename(&self, name: &str) -> Result<(), EditError> {
        let is_label = !name.is_empty()
            && name.len() <= MAX_NAME
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if !is_label {
            return Err(EditError::Refused(
                "a site's name has 1 to 63 lower-case letters, digits and dashes",
            ));
        }
        let mut place = &self.address.next;
        for _ in 0..MAX_RENAMES {
            if let Some(address) = place.get() {
                place = &address.next;
                continue;
            }
            let url = format!("https://{name}.atlassian.net");
            let address = Address { name: name.to_owned(), url, next: OnceLock::new() };
            // Somebody who came first has renamed it, which is as good as having come last.
            let _ = place.set(Box::new(address));
            return Ok(());
        }
        Err(EditError::Refused("a site can be renamed a hundred times"))
    }

    /// Reads. The guard is for one request's work: not across an await, not twice in one thread.
    pub fn read(&self) -> RwLockReadGuard<'_, SiteState> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes. The same rules.
    pub fn write(&self) -> RwLockWriteGuard<'_, SiteState> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Everything on a site. Its methods stand with their subjects: people here, `jira::store`, `confluence::store`,
/// `access`, `oracle`, and the changes in `jira::edit`, `confluence::edit` and `people_edit`.
#[derive(Debug)]
pub struct SiteState {
    pub(super) directory: Arc<Directory>,
    /// Accounts present on the site, ascending.
    pub(super) present: Vec<AccountIndex>,
    pub(super) groups: Vec<Group>,
    pub(super) application_roles: Vec<ApplicationRole>,
    /// Group whose members administer the site and all its products.
    pub(super) admin_group: GroupIndex,
    /// Group of Confluence's guests, if the site has any.
    pub(super) guest_group: Option<GroupIndex>,
    pub(super) jira: JiraState,
    pub(super) confluence: ConfluenceState,
    pub(super) log: ChangeLog,
    pub(super) outbox: Arc<Outbox>,
    /// What random changes pick from.
    pub(super) roster: Roster,
    pub(super) audit: AuditLog,
}

impl SiteState {
    /// All accounts of the world.
    pub fn directory(&self) -> &Directory {
        &self.directory
    }

    /// An account by its position.
    pub fn account(&self, index: AccountIndex) -> &Account {
        self.directory.get(index)
    }

    /// Accounts present on this site (people, app accounts and portal customers; inactive ones too), ascending.
    pub fn accounts(&self) -> &[AccountIndex] {
        &self.present
    }

    /// An account present on this site, by `accountId`.
    pub fn account_by_id(&self, account_id: &str) -> Option<&Account> {
        self.directory.by_account_id(account_id).filter(|account| self.is_present(account.index))
    }

    /// Whether an account is present on this site.
    pub fn is_present(&self, account: AccountIndex) -> bool {
        self.present.binary_search(&account).is_ok()
    }

    /// All groups, deleted ones left out.
    pub fn groups(&self) -> impl Iterator<Item = &Group> {
        self.groups.iter().filter(|group| !group.deleted)
    }

    /// A group by its position, deleted or not.
    pub fn group(&self, index: GroupIndex) -> Option<&Group> {
        self.groups.get(index.0 as usize)
    }

    /// A group by its id (UUID).
    pub fn group_by_id(&self, id: &str) -> Option<&Group> {
        self.groups().find(|group| group.id.eq_ignore_ascii_case(id))
    }

    /// A group by its name; upper and lower case alike.
    pub fn group_by_name(&self, name: &str) -> Option<&Group> {
        self.groups().find(|group| group.name.eq_ignore_ascii_case(name))
    }

    /// Groups an account is a member of.
    pub fn groups_of(&self, account: AccountIndex) -> impl Iterator<Item = &Group> {
        self.groups().filter(move |group| group.contains(account))
    }

    /// All application roles.
    pub fn application_roles(&self) -> &[ApplicationRole] {
        &self.application_roles
    }

    /// The application role of a product.
    pub fn application_role(&self, product: Product) -> Option<&ApplicationRole> {
        self.application_roles.iter().find(|role| role.product == product)
    }

    /// Whether an account holds a product: active, and in a group of the product's application role.
    pub fn has_product(&self, account: AccountIndex, product: Product) -> bool {
        let member = |index: &GroupIndex| self.group(*index).is_some_and(|group| group.contains(account));
        self.account(account).is_active()
            && self.application_role(product).is_some_and(|role| role.groups.iter().any(member))
    }

    /// Whether an account administers the site, its Jira and its Confluence.
    pub fn is_admin(&self, account: AccountIndex) -> bool {
        self.account(account).is_active()
            && self.group(self.admin_group).is_some_and(|group| group.contains(account))
    }

    /// The group whose members administer the site.
    pub fn admin_group(&self) -> GroupIndex {
        self.admin_group
    }

    /// What happened at run time.
    pub fn log(&self) -> &ChangeLog {
        &self.log
    }
}

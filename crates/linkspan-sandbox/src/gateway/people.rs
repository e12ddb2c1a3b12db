//! Which accounts exist, may use a product, or are worth showing.

use std::collections::HashSet;

use super::AppState;
use crate::apps::scopes::Api;
use crate::world::{Account, AccountType, GroupIndex, Site, Viewer};

/// How many accounts the consent screen and the control object list.
const REPRESENTATIVES: usize = 8;
/// How many accounts are looked at to find them.
const LOOKED_AT: usize = 500;

/// Whether a token of the account lists the product of the site. Portal-only customers use JSM without holding a product;
/// guests of Confluence use it, but not through apps.
pub(crate) fn is_accessible(site: &Site, account: &Account, api: Api) -> bool {
    let content = site.read();
    let reader = content.reader(Viewer::Account(account.index));
    let may_use = match api {
        Api::Jira => reader.uses_jira() || account.account_type == AccountType::Customer,
        Api::Confluence => content.may_use_confluence(&reader) && !content.is_guest(account.index),
        Api::UserIdentity | Api::PersonalData => true,
    };
    reader.signed_in && may_use
}

impl AppState {
    /// Whether the account exists and may sign in.
    pub(crate) fn is_active(&self, account_id: &str) -> bool {
        self.world().directory().by_account_id(account_id).is_some_and(Account::is_active)
    }

    /// A handful of people of the main site, an administrator first, then one for each combination of groups.
    pub(crate) fn representative_accounts(&self) -> Vec<&Account> {
        let content = self.world().main_site().read();
        let directory = self.world().directory();
        let people = content.accounts().iter().map(|index| directory.get(*index));
        let people = people
            .filter(|account| account.is_active() && account.account_type == AccountType::Atlassian)
            .take(LOOKED_AT);
        let mut combinations: HashSet<(bool, Vec<GroupIndex>)> = HashSet::new();
        let (mut chosen, mut others) = (Vec::new(), Vec::new());
        for account in people {
            let groups = content.groups_of(account.index).map(|group| group.index).collect();
            let list = if combinations.insert((content.is_admin(account.index), groups)) {
                &mut chosen
            } else {
                &mut others
            };
            list.push(account);
        }
        chosen.extend(others);
        chosen.sort_by_key(|account| !content.is_admin(account.index));
        chosen.truncate(REPRESENTATIVES);
        chosen
    }
}

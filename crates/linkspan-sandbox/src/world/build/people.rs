//! People, groups and licences of a made-up site.

use crate::world::account::{AccountStatus, AccountType, Directory, NewAccount};
use crate::world::generated::words::{FAMILY_NAMES, GIVEN_NAMES, GROUPS, TIME_ZONES};
use crate::world::group::{ApplicationRole, Group, Product};
use crate::world::ids::{AccountIndex, GroupIndex};
use crate::world::seed::{Dice, mix, uuid};

/// Positions of the groups every site has, in this order.
pub(in crate::world) mod group {
    use crate::world::ids::GroupIndex;

    /// `site-admins`
    pub(in crate::world) const ADMINS: GroupIndex = GroupIndex(0);
    /// `jira-users-{site}`
    pub(in crate::world) const JIRA_USERS: GroupIndex = GroupIndex(1);
    /// `jira-servicemanagement-users-{site}`
    pub(in crate::world) const AGENTS: GroupIndex = GroupIndex(2);
    /// `confluence-users-{site}`
    pub(in crate::world) const CONFLUENCE_USERS: GroupIndex = GroupIndex(3);
    /// `confluence-guests-{site}`
    pub(in crate::world) const GUESTS: GroupIndex = GroupIndex(4);
    /// Number of these.
    pub(in crate::world) const DEFAULT: u32 = 5;
}

/// The people of a world before they are put on sites.
pub(in crate::world) struct People {
    pub(in crate::world) directory: Directory,
    /// The demo administrator, then the made-up people.
    pub(in crate::world) staff: Vec<AccountIndex>,
    /// Portal-only customers.
    pub(in crate::world) customers: Vec<AccountIndex>,
    /// App accounts.
    pub(in crate::world) apps: Vec<AccountIndex>,
}

/// A person's account id: mostly `712020:` and a UUID, for some the older 24 hexadecimal digits.
pub(in crate::world) fn account_id(seed: u64, place: u64) -> String {
    let mark = mix(seed ^ mix(place ^ 0xacc0));
    if mark.is_multiple_of(5) {
        let second = mix(mark);
        format!("5{:07x}{:016x}", mark >> 36, second)
    } else {
        format!("712020:{}", uuid(mark, seed))
    }
}

/// A made-up name.
pub(in crate::world) fn name(dice: &mut Dice) -> String {
    format!("{} {}", dice.word(&GIVEN_NAMES), dice.word(&FAMILY_NAMES))
}

/// Makes the demo administrator, `users - 1` further people, portal customers and app accounts.
pub(in crate::world) fn make(seed: u64, users: u32) -> People {
    let mut directory = Directory::default();
    let staff = (0..u64::from(users.max(1))).map(|place| directory.add(person(seed, place))).collect();
    let customers =
        (0..u64::from((users / 10).max(3))).map(|place| directory.add(customer(seed, place))).collect();
    let apps = ["Automation for Jira", "Harbour Bot"]
        .into_iter()
        .zip(0_u64..)
        .map(|(name, place)| {
            directory.add(NewAccount {
                account_id: format!("557058:{}", uuid(seed ^ 0xa44, place)),
                email: format!("app-{place}@connect.example.com"),
                email_hidden: true,
                name: name.to_owned(),
                account_type: AccountType::App,
                time_zone: "UTC".to_owned(),
                locale: "en_US".to_owned(),
                api_token: String::new(),
                status: AccountStatus::Active,
            })
        })
        .collect();
    People { directory, staff, customers, apps }
}

fn person(seed: u64, place: u64) -> NewAccount {
    let mut dice = Dice::at(seed, 0x9e0e, place);
    let is_demo = place == 0;
    let name = if is_demo { "Demo Admin".to_owned() } else { name(&mut dice) };
    let inactive = dice.chance(40) && place > 4;
    NewAccount {
        account_id: account_id(seed, place),
        email: if is_demo { "admin@example.com".to_owned() } else { format!("person{place}@example.com") },
        email_hidden: !is_demo && dice.chance(150),
        name,
        account_type: AccountType::Atlassian,
        time_zone: if is_demo { "UTC".to_owned() } else { dice.word(&TIME_ZONES).to_owned() },
        locale: if dice.chance(200) { "de_DE".to_owned() } else { "en_US".to_owned() },
        api_token: api_token(seed, place),
        status: if inactive { AccountStatus::Inactive } else { AccountStatus::Active },
    }
}

fn customer(seed: u64, place: u64) -> NewAccount {
    let mut dice = Dice::at(seed, 0xc057, place);
    NewAccount {
        account_id: format!("qm:{}:{}", uuid(seed ^ 0x13, 1), uuid(seed ^ 0x13, place + 2)),
        email: format!("customer{place}@customers.example.org"),
        email_hidden: false,
        name: name(&mut dice),
        account_type: AccountType::Customer,
        time_zone: dice.word(&TIME_ZONES).to_owned(),
        locale: "en_US".to_owned(),
        api_token: String::new(),
        status: AccountStatus::Active,
    }
}

/// How many customers can be made at run time.
const SPARE_CUSTOMERS: u64 = 64;

/// Keeps accounts for customers made at run time. Called last, so that nobody else's place depends on them.
pub(in crate::world) fn keep_spare_customers(seed: u64, directory: &mut Directory) {
    for place in 0..SPARE_CUSTOMERS {
        directory.keep_spare(NewAccount {
            account_id: format!("qm:{}:{}", uuid(seed ^ 0x13, 1), uuid(seed ^ 0x5ba2e, place)),
            email: format!("unclaimed{place}@customers.example.org"),
            email_hidden: false,
            name: String::new(),
            account_type: AccountType::Customer,
            time_zone: "UTC".to_owned(),
            locale: "en_US".to_owned(),
            api_token: String::new(),
            status: AccountStatus::Inactive,
        });
    }
}

/// The API token of a person in the made-up part of the directory.
pub(in crate::world) fn api_token(seed: u64, place: u64) -> String {
    let (a, b) = (mix(seed ^ mix(place ^ 0x70ce)), mix(place ^ mix(seed ^ 0x70cf)));
    format!("ATATTsandbox{a:016x}{b:016x}")
}

/// Groups and application roles of a site, with members of its staff. The first of the staff administers everything.
pub(in crate::world) fn groups(
    seed: u64,
    site: &str,
    staff: &[AccountIndex],
    extra: u32,
) -> (Vec<Group>, Vec<ApplicationRole>) {
    let member = |salt: u64, per_mille: u64| -> Vec<AccountIndex> {
        let joins = |index: &&AccountIndex| Dice::at(seed, salt, index.0.into()).chance(per_mille);
        staff.iter().take(1).chain(staff.iter().skip(1).filter(joins)).copied().collect()
    };
    let jira = member(1, 920);
    // Agents hold Jira as well: whoever uses any product of Jira uses them all, apart from service management.
    let agents = member(2, 250).into_iter().filter(|index| jira.binary_search(index).is_ok()).collect();
    let confluence = member(3, 880);
    let guests = staff
        .iter()
        .skip(1)
        .filter(|index| confluence.binary_search(index).is_err())
        .step_by(3)
        .copied()
        .collect();
    let mut lists = vec![
        ("site-admins".to_owned(), staff.iter().take(2).copied().collect()),
        (format!("jira-users-{site}"), jira),
        (format!("jira-servicemanagement-users-{site}"), agents),
        (format!("confluence-users-{site}"), confluence),
        (format!("confluence-guests-{site}"), guests),
    ];
    for number in 0..extra as usize {
        let name = GROUPS.get(number).map_or_else(|| format!("team-{number}"), |name| (*name).to_owned());
        // The first is nearly everybody: with enough people it has more than a thousand members.
        let per_mille = if number == 0 { 970 } else { 20 + mix(number as u64) % 300 };
        let mut members = member(100 + number as u64, per_mille);
        if number % 4 == 3 {
            // The administrator is not in every group.
            members.retain(|index| Some(index) != staff.first());
        }
        lists.push((name, members));
    }
    let groups = (0_u32..).zip(lists).map(|(index, (name, members))| Group {
        index: GroupIndex(index),
        id: uuid(seed ^ 0x64, index.into()),
        name,
        members,
        deleted: false,
    });
    let role = |product, name: &str, groups: &[GroupIndex]| ApplicationRole {
        product,
        name: name.to_owned(),
        groups: groups.to_vec(),
        default_groups: groups[..1].to_vec(),
    };
    let roles = vec![
        role(Product::JiraSoftware, "Jira", &[group::JIRA_USERS, group::ADMINS]),
        role(Product::JiraServiceManagement, "Jira Service Management", &[group::AGENTS, group::ADMINS]),
        role(Product::JiraCore, "Jira Work Management", &[group::JIRA_USERS, group::ADMINS]),
        role(Product::Confluence, "Confluence", &[group::CONFLUENCE_USERS, group::ADMINS]),
    ];
    (groups.collect(), roles)
}

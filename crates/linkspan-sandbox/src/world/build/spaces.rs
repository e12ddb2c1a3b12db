//! Spaces of a made-up Confluence.

use super::people::group;
use crate::world::account::Directory;
use crate::world::confluence::{Space, SpaceKind, SpacePermission, SpacePrincipal};
use crate::world::generated::words::SPACES;
use crate::world::ids::{AccountIndex, GroupIndex, Millis, SpaceId};
use crate::world::seed::Dice;

/// Rows that every reader of an ordinary space has.
pub(in crate::world) const OF_WRITERS: [(&str, &str); 9] = [
    ("read", "space"),
    ("create", "page"),
    ("create", "blogpost"),
    ("create", "comment"),
    ("create", "attachment"),
    ("delete", "page"),
    ("delete", "comment"),
    ("export", "space"),
    ("restrict_content", "space"),
];
/// Further rows of administrators.
pub(in crate::world) const OF_ADMINS: [(&str, &str); 4] =
    [("administer", "space"), ("archive", "page"), ("delete", "space"), ("delete", "attachment")];

/// What spaces are made with.
pub(in crate::world) struct SpacePlan<'a> {
    pub(in crate::world) seed: u64,
    pub(in crate::world) spaces: u32,
    pub(in crate::world) staff: &'a [AccountIndex],
    pub(in crate::world) groups: u32,
    pub(in crate::world) directory: &'a Directory,
    /// Time the data ends at.
    pub(in crate::world) end: Millis,
}

/// The spaces: of each kind one, then the same again. Their home pages are set by the caller.
pub(in crate::world) fn make(plan: &SpacePlan<'_>) -> Vec<Space> {
    (0..plan.spaces.max(1)).map(|number| space(plan, number)).collect()
}

fn space(plan: &SpacePlan<'_>, number: u32) -> Space {
    let place = u64::from(number);
    let mut dice = Dice::at(plan.seed, 0x59ace, place);
    let admin = plan.staff[0];
    let extra = |wanted: u32| {
        GroupIndex(if plan.groups > group::DEFAULT + wanted {
            group::DEFAULT + wanted
        } else {
            group::CONFLUENCE_USERS.0
        })
    };
    let owner = *plan.staff.get(1).unwrap_or(&admin);
    let (kind, archived) = match number % 10 {
        3 => (SpaceKind::KnowledgeBase, false),
        5 => (SpaceKind::Global, true),
        6 => (SpaceKind::Personal, false),
        _ => (SpaceKind::Global, false),
    };
    let readers = match number % 10 {
        // Restricted to one group and one person; from the second round on without the administrator.
        2 => vec![
            SpacePrincipal::Group(extra(1)),
            SpacePrincipal::User(if number < 10 { admin } else { owner }),
        ],
        4 => vec![SpacePrincipal::Group(group::CONFLUENCE_USERS), SpacePrincipal::Anonymous],
        6 => vec![SpacePrincipal::User(owner), SpacePrincipal::AllLicensedUsers],
        7 => vec![SpacePrincipal::AllLicensedUsers, SpacePrincipal::AllProductAdmins],
        8 => vec![SpacePrincipal::Group(extra(3)), SpacePrincipal::User(owner)],
        9 => vec![
            SpacePrincipal::AuthenticatedUsers,
            SpacePrincipal::Group(group::GUESTS),
            SpacePrincipal::Group(group::CONFLUENCE_USERS),
        ],
        _ => vec![SpacePrincipal::Group(group::CONFLUENCE_USERS)],
    };
    let admins = if number % 10 == 8 {
        Vec::new()
    } else {
        vec![SpacePrincipal::Group(group::ADMINS), SpacePrincipal::User(owner)]
    };
    let writes = |principal: &SpacePrincipal| {
        !matches!(principal, SpacePrincipal::Anonymous | SpacePrincipal::AuthenticatedUsers)
    };
    let mut rows: Vec<(SpacePrincipal, (&'static str, &'static str))> = Vec::new();
    for principal in &readers {
        let count = if writes(principal) { OF_WRITERS.len() } else { 1 };
        rows.extend(OF_WRITERS[..count].iter().map(|row| (*principal, *row)));
    }
    for principal in &admins {
        let fresh = !readers.contains(principal);
        rows.extend(OF_WRITERS.iter().filter(|_| fresh).chain(&OF_ADMINS).map(|row| (*principal, *row)));
    }
    let (key, name) = match (kind, SPACES.get(number as usize)) {
        (SpaceKind::Personal, _) => {
            let account = plan.directory.get(owner);
            let key: String = account.account_id.chars().filter(char::is_ascii_alphanumeric).collect();
            (
                format!("~{key}{}", if number < 10 { String::new() } else { number.to_string() }),
                account.name.clone(),
            )
        }
        (_, Some((key, name))) => ((*key).to_owned(), (*name).to_owned()),
        (_, None) => (format!("S{number}"), format!("Space {number}")),
    };
    Space {
        id: SpaceId(65_538 + place * 2),
        key,
        former_keys: Vec::new(),
        description: format!("Pages about: {name}."),
        name,
        kind,
        archived,
        trashed: false,
        author: if kind == SpaceKind::Personal { owner } else { *dice.pick(plan.staff) },
        created: plan.end - 6 * 365 * 86_400_000 + Millis::from(number),
        homepage: None,
        permissions: (1_000_000 + place * 1_000..)
            .zip(rows)
            .map(|(id, (principal, (operation, target)))| SpacePermission {
                id,
                principal,
                operation,
                target,
            })
            .collect(),
    }
}

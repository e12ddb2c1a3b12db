//! P1 and P3: space, every ancestor's and the own restriction, after `atlassian-permissions.md` 4.

use super::{options, ordinary, reader, stamp, world};
use crate::world::confluence::{
    Body, ContentKind, ContentStatus, NewContent, Restriction, Restrictions, SpacePrincipal,
};
use crate::world::{AccountIndex, ContentId, SiteState, SpaceId, Viewer};

/// A chain of five pages in the first space, below its home page.
fn chain(state: &mut SiteState, author: AccountIndex) -> Vec<ContentId> {
    let space = state.spaces()[0].id;
    let mut parent = state.spaces()[0].homepage;
    (0..5)
        .map(|level| {
            let new = NewContent {
                kind: ContentKind::Page,
                space,
                parent,
                title: format!("Level {level}").into(),
                body: Body::from_storage("<p>text</p>"),
                status: ContentStatus::Current,
                detail: crate::world::confluence::Detail::Plain,
            };
            let id = state.create_content(stamp(author), new).unwrap();
            parent = Some(id);
            id
        })
        .collect()
}

/// People who can read the first space.
fn readers_of_first_space(state: &SiteState) -> Vec<AccountIndex> {
    let space = &state.spaces()[0];
    ordinary(state)
        .into_iter()
        .filter(|account| state.can_see_space(&reader(state, *account), space))
        .collect()
}

fn to_users(users: &[AccountIndex]) -> Restrictions {
    Restrictions {
        read: Restriction { users: users.to_vec(), groups: Vec::new() },
        update: Restriction::default(),
    }
}

fn sees(state: &SiteState, account: AccountIndex, page: ContentId) -> bool {
    state.can_see_content_id(&reader(state, account), page)
}

#[test]
fn p1_every_restricted_ancestor_must_be_passed() {
    let world = world(&options(10, 50));
    let mut state = world.main_site().write();
    let people = readers_of_first_space(&state);
    let [a, b, c, d] = [people[0], people[1], people[2], people[3]];
    let pages = chain(&mut state, a);
    let group = state.groups().last().unwrap().index;
    state.groups[group.0 as usize].members = vec![b, c];
    // Level 0 names people, level 2 a group, level 4 people again: only who passes all of them reads the last.
    state.restrict_content(stamp(a), pages[0], to_users(&[a, b, c])).unwrap();
    let by_group = Restriction { users: Vec::new(), groups: vec![group] };
    state
        .restrict_content(stamp(a), pages[2], Restrictions { read: by_group, update: Restriction::default() })
        .unwrap();
    state.restrict_content(stamp(a), pages[4], to_users(&[a, c, d])).unwrap();
    let expected = [
        (a, [true, true, false, false, false]),
        (b, [true, true, true, true, false]),
        (c, [true, true, true, true, true]),
        (d, [false, false, false, false, false]),
    ];
    for (account, levels) in expected {
        for (page, expected) in pages.iter().zip(levels) {
            assert_eq!(sees(&state, account, *page), expected, "{account:?} on {page}");
        }
    }
}

#[test]
fn p3_empty_lists_inherit_and_a_list_of_nobody_present_shuts_out_everybody() {
    let world = world(&options(10, 50));
    let mut state = world.main_site().write();
    let people = readers_of_first_space(&state);
    let pages = chain(&mut state, people[0]);
    assert!(
        people.iter().all(|account| sees(&state, *account, pages[4])),
        "no restriction: all readers of the space"
    );
    let only_edit = Restrictions {
        read: Restriction::default(),
        update: Restriction { users: vec![people[0]], groups: Vec::new() },
    };
    state.restrict_content(stamp(people[0]), pages[1], only_edit).unwrap();
    assert!(people.iter().all(|account| sees(&state, *account, pages[4])), "editing alone is restricted");
    let empty = state.groups().last().unwrap().index;
    state.groups[empty.0 as usize].members.clear();
    let nobody = Restriction { users: Vec::new(), groups: vec![empty] };
    state
        .restrict_content(
            stamp(people[0]),
            pages[1],
            Restrictions { read: nobody, update: Restriction::default() },
        )
        .unwrap();
    assert!(people.iter().all(|account| !sees(&state, *account, pages[4])), "restricted to an empty group");
    assert!(people.iter().all(|account| sees(&state, *account, pages[0])));
    state.restrict_content(stamp(people[0]), pages[1], Restrictions::default()).unwrap();
    assert!(people.iter().all(|account| sees(&state, *account, pages[4])), "lifted again");
}

#[test]
fn p1_a_list_does_not_open_a_space_that_is_closed_to_the_reader() {
    let world = world(&options(10, 200));
    let mut state = world.main_site().write();
    let closed =
        state.spaces().iter().find(|space| space.homepage.is_some() && space.key == "HR").unwrap().clone();
    let outsider = ordinary(&state)
        .into_iter()
        .find(|account| !state.can_see_space(&reader(&state, *account), &closed))
        .unwrap();
    let home = closed.homepage.unwrap();
    state.restrict_content(stamp(AccountIndex(0)), home, to_users(&[outsider])).unwrap();
    assert!(!sees(&state, outsider, home));
}

#[test]
fn p1_moving_a_page_below_a_restricted_one_never_widens_its_readers() {
    let world = world(&options(10, 50));
    let mut state = world.main_site().write();
    let people = readers_of_first_space(&state);
    let pages = chain(&mut state, people[0]);
    state.restrict_content(stamp(people[0]), pages[0], to_users(&people[..2])).unwrap();
    let space = state.spaces()[0].clone();
    let open = NewContent {
        kind: ContentKind::Page,
        space: space.id,
        parent: space.homepage,
        title: "Open".into(),
        body: Body::Empty,
        status: ContentStatus::Current,
        detail: crate::world::confluence::Detail::Plain,
    };
    let page = state.create_content(stamp(people[0]), open).unwrap();
    let readers = |state: &SiteState| {
        people.iter().copied().filter(|account| sees(state, *account, page)).collect::<Vec<_>>()
    };
    let before = readers(&state);
    state.move_content(stamp(people[0]), page, space.id, Some(pages[3])).unwrap();
    let below = readers(&state);
    assert_eq!(below, &people[..2]);
    assert!(below.iter().all(|account| before.contains(account)));
    state.move_content(stamp(people[0]), page, space.id, space.homepage).unwrap();
    assert_eq!(readers(&state), before);
}

#[test]
fn p4_drafts_are_for_their_author_and_a_foreign_draft_above_does_not_hide_a_page() {
    let world = world(&options(10, 50));
    let mut state = world.main_site().write();
    let people = readers_of_first_space(&state);
    let space = state.spaces()[0].clone();
    let new = |parent, title: &str, status| NewContent {
        kind: ContentKind::Page,
        space: space.id,
        parent,
        title: title.into(),
        body: Body::Empty,
        status,
        detail: crate::world::confluence::Detail::Plain,
    };
    let draft =
        state.create_content(stamp(people[0]), new(space.homepage, "Draft", ContentStatus::Draft)).unwrap();
    let child =
        state.create_content(stamp(people[1]), new(Some(draft), "Child", ContentStatus::Current)).unwrap();
    state.restrict_content(stamp(people[0]), draft, to_users(&[people[0]])).unwrap();
    assert!(sees(&state, people[0], draft) && !sees(&state, people[1], draft));
    assert!(sees(&state, people[1], child) && sees(&state, people[2], child));
}

#[test]
fn p6_each_class_of_space_reader() {
    let world = world(&options(10, 50));
    let mut state = world.main_site().write();
    let space = SpaceId(state.spaces()[0].id.0);
    let licensed = readers_of_first_space(&state)[0];
    let customer =
        *state.accounts().iter().find(|index| state.account(**index).account_id.starts_with("qm:")).unwrap();
    let guest = *state.accounts().iter().find(|index| state.is_guest(**index)).unwrap();
    let admin = AccountIndex(0);
    let open_to = |state: &SiteState, viewer| state.can_see_space_id(&state.reader(viewer), space);
    let empty = state.groups().last().unwrap().index;
    state.groups[empty.0 as usize].members.clear();
    let cases = [
        (SpacePrincipal::AllLicensedUsers, [true, true, false, false, false]),
        (SpacePrincipal::AllProductAdmins, [true, false, false, false, false]),
        (SpacePrincipal::AuthenticatedUsers, [true, true, true, false, false]),
        (SpacePrincipal::User(licensed), [false, true, false, false, false]),
        (SpacePrincipal::User(guest), [false, false, true, false, false]),
        (SpacePrincipal::Group(empty), [false; 5]),
        (SpacePrincipal::Anonymous, [false; 5]),
    ];
    let them = [
        Viewer::Account(admin),
        Viewer::Account(licensed),
        Viewer::Account(guest),
        Viewer::Account(customer),
        Viewer::Anonymous,
    ];
    for (principal, expected) in cases {
        state.confluence.spaces[0].permissions.retain(|row| row.operation != "read");
        state.set_space_permission(stamp(admin), space, principal, ("read", "space"), true).unwrap();
        let answers: Vec<bool> = them.iter().map(|viewer| open_to(&state, *viewer)).collect();
        assert_eq!(answers, expected, "{principal:?}");
    }
    state.confluence.anonymous_access = true;
    assert!(them.iter().all(|viewer| open_to(&state, *viewer)), "the site's switch is on as well");
}

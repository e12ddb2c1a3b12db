//! Random changes keep the world in one piece.

use std::collections::HashSet;

use proptest::prelude::*;

use super::{options, world};
use crate::world::confluence::{ContentKind, ContentStatus};
use crate::world::{AccountIndex, MutationKind, SiteState, Viewer};

/// Everything that is counted is there, and everything that is there is counted and leads back to where it is.
fn check(state: &SiteState) {
    let counts = state.counts(None);
    let (mut issues, mut archived, mut comments, mut worklogs, mut histories, mut attachments) =
        (0, 0, 0, 0, 0, 0);
    for id in state.issue_ids() {
        let issue = state.issue(id).unwrap();
        let head = state.issue_head(id).unwrap();
        assert_eq!(issue.head(), head);
        assert_eq!(state.issue_by_key(&state.issue_key(id).unwrap()), Some(id));
        assert!(
            state.issue_ids_in_after(issue.project, Some(crate::world::IssueId(id.0 - 1))).next() == Some(id)
        );
        if state.is_searchable(&head) {
            issues += 1;
            comments += issue.comments.len() as u64;
            worklogs += issue.worklogs.len() as u64;
            histories += issue.changelog.len() as u64;
            attachments += issue.attachments.len() as u64;
        } else {
            archived += 1;
        }
        assert!(issue.comments.iter().all(|comment| state.issue_of_comment(comment.id) == Some(id)));
        assert!(issue.worklogs.iter().all(|worklog| state.issue_of_worklog(worklog.id) == Some(id)));
        for link in &issue.links {
            let far = state.issue(link.other).expect("a link leads to an issue that exists");
            assert!(
                far.links
                    .iter()
                    .any(|back| back.id == link.id && back.other == id && back.outward != link.outward)
            );
        }
        if let Some(parent) = issue.parent {
            assert!(state.issue_exists(parent) && state.issue_children(parent).contains(&id));
        }
        let project = state.project(issue.project).unwrap();
        assert!(project.statuses.contains(&issue.status) && project.issue_types.contains(&issue.issue_type));
    }
    assert_eq!(
        (
            counts.issues,
            counts.archived_issues,
            counts.comments,
            counts.worklogs,
            counts.changelog_histories,
            counts.attachments
        ),
        (issues, archived, comments, worklogs, histories, attachments)
    );
    let mut seen = HashSet::new();
    let mut pages = 0;
    for id in state.content_ids() {
        assert!(seen.insert(id), "content {id} is listed twice");
        let content = state.content(id).unwrap();
        assert_eq!(Some(content.head), state.content_head(id));
        let searchable = state.is_content_searchable(&content.head);
        pages += u64::from(searchable && content.head.kind == ContentKind::Page);
        for child in state.content_children(id) {
            let child = state.content_head(child).unwrap();
            assert_eq!((child.parent, child.space), (Some(id), content.head.space));
        }
        if let Some(parent) = content.head.parent.filter(|_| content.head.status != ContentStatus::Trashed) {
            assert!(state.content_children(parent).contains(&id), "{id} is among its parent's children");
        }
        assert!(content.comments.iter().all(|comment| state.content_of_comment(comment.id) == Some(id)));
    }
    assert_eq!(counts.pages, pages);
}

#[test]
fn the_same_seed_makes_the_same_changes() {
    let (a, b) = (world(&options(200, 100)), world(&options(200, 100)));
    let (done_a, done_b) = (a.mutate(a.main_site(), 3, 300, &[]), b.mutate(b.main_site(), 3, 300, &[]));
    assert_eq!(done_a, done_b);
    assert!(done_a.len() > 290, "{}", done_a.len());
    check(&a.main_site().read());
}

#[test]
fn every_kind_of_change_can_be_made() {
    let shared = world(&options(600, 300));
    for kind in MutationKind::ALL {
        let own = MutationKind::OF_CONTAINERS.contains(kind).then(|| world(&options(60, 30)));
        let world = own.as_ref().unwrap_or(&shared);
        for (needing, first) in [
            (MutationKind::DeleteProject, MutationKind::TrashProject),
            (MutationKind::RestoreProject, MutationKind::ArchiveProject),
            (MutationKind::RestoreSpace, MutationKind::TrashSpace),
        ] {
            if *kind == needing {
                world.mutate(world.main_site(), 5, 2, &[first]);
            }
        }
        assert_eq!(MutationKind::parse(kind.as_str()), Some(*kind));
        if *kind == MutationKind::ReactivateAccount {
            world.mutate(world.main_site(), 5, 5, &[MutationKind::DeactivateAccount]);
        }
        let tries = (0..20).flat_map(|seed| world.mutate(world.main_site(), seed, 20, &[*kind]));
        assert!(tries.into_iter().any(|done| done.kind == kind.as_str()), "{}", kind.as_str());
        if own.is_some() {
            check(&world.main_site().read());
        }
    }
    check(&shared.main_site().read());
}

/// The lists that changes pick from are kept from call to call; they say the same as lists made anew.
#[test]
fn what_changes_pick_from_is_whole_after_any_changes() {
    let world = world(&options(120, 80));
    for seed in 0..20 {
        let kinds = if seed % 5 == 4 { MutationKind::ALL } else { &[] };
        world.mutate(world.main_site(), seed, 40, kinds);
        let mut state = world.main_site().write();
        let kept = state.take_roster();
        let mut contents: Vec<_> = state.content_ids().collect();
        contents.sort_unstable();
        assert_eq!(kept.contents(), contents);
        assert_eq!(kept.issues(), state.issue_ids().collect::<Vec<_>>());
        state.roster = kept;
    }
}

#[test]
fn the_demo_administrator_keeps_its_account_and_groups() {
    let world = world(&options(50, 50));
    let groups =
        |state: &SiteState| state.groups_of(AccountIndex(0)).map(|group| group.index).collect::<Vec<_>>();
    let before = groups(&world.main_site().read());
    let kinds = [MutationKind::GroupMembership, MutationKind::DeactivateAccount];
    world.mutate(world.main_site(), 1, 500, &kinds);
    let state = world.main_site().read();
    assert_eq!(groups(&state), before);
    assert!(state.account(AccountIndex(0)).is_active());
}

#[test]
fn the_log_tells_every_change_in_order() {
    let world = world(&options(100, 50));
    world.mutate(world.main_site(), 9, 100, &[]);
    let state = world.main_site().read();
    let sequences: Vec<u64> = state.log().since(0).map(|change| change.sequence).collect();
    assert_eq!(sequences, (1..=state.log().last_sequence()).collect::<Vec<_>>());
    let middle = state.log().last_sequence() / 2;
    assert_eq!(state.log().since(middle).next().map(|change| change.sequence), Some(middle + 1));
    assert_eq!(state.log().since(state.log().last_sequence()).count(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn any_sequence_of_changes_leaves_the_world_in_one_piece(seed in any::<u64>(), count in 1_u32..250) {
        let world = world(&options(120, 80));
        world.mutate(world.main_site(), seed, count, if seed % 3 == 0 { MutationKind::ALL } else { &[] });
        let state = world.main_site().read();
        check(&state);
        let everything = state.counts(None);
        for account in state.accounts().iter().step_by(9) {
            let reader = state.reader(Viewer::Account(*account));
            let seen = state.visible(&reader);
            prop_assert!(seen.issues.iter().all(|id| state.issue_exists(*id)));
            prop_assert!(seen.issues.len() as u64 <= everything.issues);
            prop_assert!(reader.may_read || (seen.issues.is_empty() && seen.pages.is_empty()));
        }
    }

    #[test]
    fn restricting_pages_never_widens_what_anybody_sees(seed in any::<u64>()) {
        let world = world(&options(5, 120));
        let before: Vec<_> = {
            let state = world.main_site().read();
            state.accounts().iter().map(|account| state.visible(&state.reader(Viewer::Account(*account))).pages).collect()
        };
        // Restricting what was not restricted narrows; what was restricted before may be given other readers.
        let already: HashSet<_> = {
            let state = world.main_site().read();
            state.content_ids().filter(|id| state.content_head(*id).is_some_and(|head| head.read_restricted)).collect()
        };
        let done = world.mutate(world.main_site(), seed, 10, &[MutationKind::RestrictPage]);
        prop_assume!(done.iter().all(|it| !already.iter().any(|id| id.to_string() == it.subject)));
        let mut subjects = HashSet::new();
        prop_assume!(done.iter().all(|it| subjects.insert(it.subject.clone())));
        let state = world.main_site().read();
        for (account, before) in state.accounts().iter().zip(before) {
            let after = state.visible(&state.reader(Viewer::Account(*account))).pages;
            prop_assert!(after.iter().all(|id| before.contains(id)));
        }
    }
}

//! What is computed from the seed agrees with itself, whichever way it is asked for.

use std::collections::HashSet;

use super::{options, world};
use crate::world::{CommentId, ContentId, FileId, IssueId};

#[test]
fn the_same_seed_gives_the_same_world_and_another_seed_another() {
    let (a, b) = (world(&options(500, 200)), world(&options(500, 200)));
    let other = world(&crate::world::WorldOptions { seed: 8, ..options(500, 200) });
    let (a, b, other) = (a.main_site().read(), b.main_site().read(), other.main_site().read());
    for id in a.issue_ids() {
        assert_eq!(format!("{:?}", a.issue(id)), format!("{:?}", b.issue(id)));
    }
    for id in a.content_ids() {
        assert_eq!(format!("{:?}", a.content(id)), format!("{:?}", b.content(id)));
    }
    let differing = a.issue_ids().filter(|id| a.issue_summary(*id) != other.issue_summary(*id)).count();
    assert!(differing > 400, "{differing} of 500 summaries differ");
}

#[test]
fn the_head_of_an_issue_is_the_head_of_the_whole_issue() {
    let world = world(&options(3_000, 10));
    for site in world.sites() {
        let state = site.read();
        for id in state.issue_ids() {
            let issue = state.issue(id).unwrap();
            assert_eq!(issue.head(), state.issue_head(id).unwrap());
            assert_eq!(Some(&issue.summary), state.issue_summary(id).as_ref());
        }
    }
}

#[test]
fn ids_keys_projects_and_parents_lead_back_to_the_issue() {
    let world = world(&options(3_000, 10));
    let state = world.main_site().read();
    let all: Vec<IssueId> = state.issue_ids().collect();
    assert_eq!(all.len(), 3_000);
    let by_project: HashSet<IssueId> =
        state.jira().projects.iter().flat_map(|project| state.issue_ids_in(project.id)).collect();
    assert_eq!(by_project.len(), all.len());
    for id in all {
        let issue = state.issue(id).unwrap();
        assert_eq!(state.issue_by_key(&state.issue_key(id).unwrap()), Some(id));
        for comment in &issue.comments {
            assert_eq!(state.issue_of_comment(comment.id), Some(id));
        }
        for worklog in &issue.worklogs {
            assert_eq!(state.issue_of_worklog(worklog.id), Some(id));
        }
        for attachment in &issue.attachments {
            assert_eq!(state.attachment(attachment.id).unwrap().0.id, id);
        }
        for link in &issue.links {
            let far = state.issue(link.other).unwrap();
            let back = far.links.iter().find(|back| back.id == link.id).unwrap();
            assert_eq!((back.other, back.outward), (id, !link.outward));
            assert!(state.issue_link(link.id).unwrap().1.outward);
        }
        if let Some(parent) = issue.parent {
            assert!(state.issue_children(parent).contains(&id));
            assert_eq!(state.issue_head(parent).unwrap().project, issue.project);
        }
        for child in state.issue_children(id) {
            assert_eq!(state.issue_head(child).unwrap().parent, Some(id));
        }
    }
}

#[test]
fn everything_on_an_issue_happened_between_its_creation_and_its_last_update() {
    let world = world(&options(2_000, 10));
    let state = world.main_site().read();
    for id in state.issue_ids() {
        let issue = state.issue(id).unwrap();
        let span = issue.created..=issue.updated;
        assert!(
            issue.comments.iter().all(|it| span.contains(&it.created)
                && span.contains(&it.updated)
                && it.created <= it.updated)
        );
        assert!(issue.changelog.iter().all(|it| span.contains(&it.created)));
        assert!(
            issue
                .changelog
                .windows(2)
                .all(|pair| pair[0].created <= pair[1].created && pair[0].id < pair[1].id)
        );
        assert!(issue.worklogs.iter().all(|it| span.contains(&it.created)));
        assert!(issue.resolved.is_none_or(|at| span.contains(&at)));
    }
}

#[test]
fn some_lists_are_longer_than_the_embedded_caps() {
    let world = world(&options(3_000, 10));
    let state = world.main_site().read();
    let issues: Vec<_> = state.issue_ids().filter_map(|id| state.issue(id)).collect();
    for count in [0, 19, 20, 21, 41, 101] {
        assert!(issues.iter().any(|issue| issue.comments.len() == count), "an issue with {count} comments");
    }
    let share = |fits: &dyn Fn(&crate::world::jira::Issue) -> bool| {
        issues.iter().filter(|issue| fits(issue)).count() * 1000 / issues.len()
    };
    assert!((5..30).contains(&share(&|issue| issue.comments.len() > 20)));
    assert!((100..200).contains(&share(&|issue| !issue.worklogs.is_empty())));
    assert!(share(&|issue| issue.worklogs.len() > 20) >= 1);
    assert!(share(&|issue| issue.changelog.len() > 40) >= 1);
    assert!((150..250).contains(&share(&|issue| !issue.attachments.is_empty())));
    assert!(share(&|issue| issue.security.is_some()) >= 5);
    assert!(
        issues.iter().any(|issue| issue.description.as_ref().is_some_and(|text| text.adf().len() > 31_000))
    );
}

#[test]
fn content_trees_comments_and_files_lead_back_to_where_they_came_from() {
    let world = world(&options(10, 2_000));
    let state = world.main_site().read();
    let mut deepest = 0;
    let mut seen = HashSet::new();
    for id in state.content_ids() {
        assert!(seen.insert(id));
        let content = state.content(id).unwrap();
        assert_eq!(Some(content.head), state.content_head(id));
        assert_eq!(content.head.comments as usize, content.comments.len());
        assert_eq!(content.head.files as usize, content.files.len());
        assert_eq!(content.head.version as usize, content.versions.len());
        assert_eq!(content.head.read_restricted, !content.restrictions.read.is_open());
        deepest = deepest.max(state.content_ancestors(id).len());
        for child in state.content_children(id) {
            let head = state.content_head(child).unwrap();
            assert_eq!((head.parent, head.space), (Some(id), content.head.space));
        }
        if let Some(parent) = content.head.parent {
            assert!(state.content_children(parent).contains(&id));
        }
        for comment in &content.comments {
            assert_eq!(state.content_of_comment(comment.id), Some(id));
            assert!(comment.parent.is_none_or(|parent| content.comments.iter().any(|it| it.id == parent)));
        }
        for file in &content.files {
            assert_eq!(state.content_of_file(file.id), Some(id));
        }
    }
    assert!(deepest >= 5, "the deepest page has {deepest} ancestors");
}

#[test]
fn the_number_of_pages_is_the_number_asked_for() {
    for pages in [1, 10, 39, 40, 41, 120, 2_000] {
        let world = world(&options(1, pages));
        let state = world.main_site().read();
        let heads = state.content_ids().filter_map(|id| state.content_head(id));
        let count = heads.filter(|head| head.kind == crate::world::confluence::ContentKind::Page).count();
        assert_eq!(count, pages as usize);
    }
}

#[test]
fn ids_that_were_never_given_lead_nowhere() {
    let world = world(&options(100, 50));
    let state = world.main_site().read();
    for id in [0, 1, 9_999, 10_100, u64::MAX] {
        assert!(state.issue_head(IssueId(id)).is_none());
        assert!(state.issue(IssueId(id)).is_none());
        assert!(state.comment(CommentId(id)).is_none());
        assert!(state.content_head(ContentId(id)).is_none());
        assert!(state.content_of_comment(ContentId(id)).is_none());
        assert!(state.content_of_file(FileId(id)).is_none());
    }
    assert!(state.issue_by_key("HARB-0").is_none());
    assert!(state.issue_by_key("HARB-007").is_none());
    assert!(state.issue_by_key("HARB-99999999999999").is_none());
    assert!(state.issue_by_key("nowhere").is_none());
}

#[test]
fn one_group_has_more_than_a_thousand_members_when_there_are_enough_people() {
    let world = world(&crate::world::WorldOptions { users: 1_500, ..options(10, 10) });
    let state = world.main_site().read();
    assert!(state.groups().any(|group| group.members.len() > 1_000));
    assert!(state.accounts().iter().any(|index| !state.account(*index).is_active()));
    assert!(state.accounts().iter().any(|index| state.account(*index).visible_email().is_none()));
}

#[test]
fn worlds_of_odd_sizes_can_be_built_read_and_changed() {
    let sizes = [(1, 0, 1, 1, 1, 1), (1, 1, 0, 0, 0, 0), (2, 3, 30, 1, 12, 25), (5, 0, 200, 500, 40, 7)];
    for (users, groups, projects, issues, spaces, pages) in sizes {
        let options = crate::world::WorldOptions {
            seed: 3,
            sites: 4,
            users,
            groups,
            projects,
            issues,
            spaces,
            pages,
            dataset: None,
        };
        let world = world(&options);
        assert_eq!(world.sites().len(), 4);
        world.mutate(world.main_site(), 1, 50, &[]);
        for site in world.sites() {
            let state = site.read();
            let reader = state.reader(crate::world::Viewer::Account(crate::world::AccountIndex(0)));
            let seen = state.visible(&reader);
            assert!(state.issue_ids().all(|id| state.issue(id).is_some()));
            assert!(state.content_ids().all(|id| state.content(id).is_some()));
            assert!(seen.issues.len() <= state.issue_ids().count());
        }
    }
}

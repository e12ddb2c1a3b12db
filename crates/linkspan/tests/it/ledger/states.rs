//! Each transition and its reverse, for issues, projects, pages and spaces (hazards S11, S13, S14).

use linkspan_model::absence::Absence;
use linkspan_model::record::{Body, Model};
use linkspan_sandbox::world::confluence::{ContentKind, ContentStatus, Restriction, Restrictions};
use linkspan_sandbox::world::jira::{FieldChange, ProjectState};
use linkspan_sandbox::world::{ContentId, IssueId, ProjectId, SiteState, SpaceId};
use linkspan_store::{ContainerState, ListFilter};

use super::{Mirror, plain_issues};

const ALIVE: (bool, Option<Absence>) = (false, None);
const REMOVED: (bool, Option<Absence>) = (true, Some(Absence::Removed));
const TRASHED: (bool, Option<Absence>) = (true, Some(Absence::Trashed));
const ARCHIVED: (bool, Option<Absence>) = (false, Some(Absence::Archived));
const LOST: (bool, Option<Absence>) = (true, Some(Absence::LostAccess));

/// A project that is in use, with some of its issues.
fn a_project(site: &SiteState) -> (ProjectId, Vec<IssueId>) {
    let projects = site.jira().projects.iter().filter(|project| project.state == ProjectState::Live);
    let projects = projects.map(|project| (project.id, plain_issues(site, project.id)));
    projects.max_by_key(|(_, issues)| issues.len()).unwrap()
}

/// A space with pages of its own that nobody is kept from, none of them with pages below.
fn a_space(site: &SiteState) -> (SpaceId, Vec<ContentId>) {
    let pages = |space: SpaceId| {
        site.content_ids_in(space)
            .filter(|id| {
                site.content_head(*id).is_some_and(|head| {
                    head.kind == ContentKind::Page
                        && head.status == ContentStatus::Current
                        && !head.read_restricted
                        && site.content_ancestors(*id).iter().all(|above| {
                            site.content_head(*above).is_some_and(|above| !above.read_restricted)
                        })
                }) && site.content_children(*id).is_empty()
            })
            .collect::<Vec<_>>()
    };
    let spaces =
        site.spaces().iter().filter(|space| !space.archived).map(|space| (space.id, pages(space.id)));
    spaces.max_by_key(|(_, pages)| pages.len()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn s11_a_deletion_that_nothing_tells_of_becomes_a_tombstone_within_the_interval() {
    let mirror = Mirror::small().await;
    let (issue, page) = mirror.act(|site, stamp| {
        let issue = a_project(site).1[0];
        let page = a_space(site).1[0];
        site.delete_issue(stamp, issue).unwrap();
        site.trash_content(stamp, page).unwrap();
        site.purge_content(stamp, page).unwrap();
        (issue, page)
    });
    mirror.interval().await;
    assert_eq!(mirror.issue_state(issue).await, REMOVED);
    assert_eq!(mirror.page_state(page).await, REMOVED);
    mirror.is_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s13_an_issue_is_archived_and_taken_out_of_the_archive() {
    let mirror = Mirror::small().await;
    let issue = mirror.act(|site, _| a_project(site).1[1]);
    mirror.act(|site, stamp| site.set_issue_archived(stamp, issue, true).unwrap());
    mirror.interval().await;
    assert_eq!(mirror.issue_state(issue).await, ARCHIVED);
    mirror.is_clean().await;

    mirror.act(|site, stamp| site.set_issue_archived(stamp, issue, false).unwrap());
    mirror.interval().await;
    assert_eq!(mirror.issue_state(issue).await, ALIVE);
    mirror.is_clean().await;

    // What is archived and then deleted is seen to be gone as well.
    mirror.act(|site, stamp| site.set_issue_archived(stamp, issue, true).unwrap());
    mirror.interval().await;
    mirror.act(|site, stamp| site.delete_issue(stamp, issue).unwrap());
    mirror.walk(mirror.jira).await;
    assert_eq!(mirror.issue_state(issue).await, REMOVED);
}

#[tokio::test(flavor = "multi_thread")]
async fn s13_a_project_is_archived_trashed_and_restored_with_its_issues() {
    let mirror = Mirror::small().await;
    let (project, issues) = mirror.act(|site, _| a_project(site));
    let before = mirror.issue(issues[0]).await;
    let set = |state: fn(i64, linkspan_sandbox::world::AccountIndex) -> ProjectState| {
        mirror.act(|site, stamp| site.set_project_state(stamp, project, state(stamp.at, stamp.by)).unwrap());
    };
    set(|at, by| ProjectState::Archived { at, by });
    mirror.interval().await;
    assert_eq!(mirror.row(mirror.jira, project).await.state, ContainerState::Archived);
    assert_eq!(mirror.issue_state(issues[0]).await, ARCHIVED);
    assert_eq!(mirror.stored(mirror.jira, Model::Collection, project).await.absence, Some(Absence::Archived));
    mirror.is_clean().await;

    set(|_, _| ProjectState::Live);
    mirror.interval().await;
    assert_eq!(mirror.issue_state(issues[0]).await, ALIVE);
    mirror.is_clean().await;

    set(|at, by| ProjectState::Trashed { at, by });
    mirror.interval().await;
    assert_eq!(mirror.row(mirror.jira, project).await.state, ContainerState::Trashed);
    for issue in &issues {
        assert_eq!(mirror.issue_state(issue).await, TRASHED);
    }
    mirror.is_clean().await;

    set(|_, _| ProjectState::Live);
    mirror.interval().await;
    let after = mirror.issue(issues[0]).await;
    assert_eq!((after.deleted, after.id, after.created_at), (false, before.id, before.created_at));
    mirror.is_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s13_a_project_that_was_out_of_sight_comes_back_as_an_archived_one_with_its_issues() {
    let mirror = Mirror::small().await;
    let (project, issues) = mirror.act(|site, _| a_project(site));
    mirror.act(|site, stamp| {
        let trashed = ProjectState::Trashed { at: stamp.at, by: stamp.by };
        site.set_project_state(stamp, project, trashed).unwrap();
    });
    mirror.interval().await;
    mirror.act(|site, stamp| {
        site.set_project_state(stamp, project, ProjectState::Live).unwrap();
        // While it is in the trash nothing happens to what is in it; behind our back this one goes.
        site.delete_issue(stamp, issues[1]).unwrap();
        let archived = ProjectState::Archived { at: stamp.at, by: stamp.by };
        site.set_project_state(stamp, project, archived).unwrap();
    });
    mirror.interval().await;
    assert_eq!(mirror.row(mirror.jira, project).await.state, ContainerState::Archived);
    assert_eq!(mirror.issue_state(issues[0]).await, ARCHIVED);
    assert_eq!(mirror.issue_state(issues[1]).await, TRASHED);
    assert_eq!(mirror.row(mirror.jira, project).await.requested_at, None);

    mirror.act(|site, stamp| site.set_project_state(stamp, project, ProjectState::Live).unwrap());
    mirror.interval().await;
    assert_eq!(mirror.issue_state(issues[0]).await, ALIVE);
    mirror.is_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s13_a_page_is_trashed_archived_purged_and_restored() {
    let mirror = Mirror::small().await;
    let pages = mirror.act(|site, _| a_space(site).1);
    let (page, other) = (pages[0], pages[1]);
    mirror.act(|site, stamp| {
        site.trash_content(stamp, page).unwrap();
        site.archive_content(stamp, other).unwrap();
    });
    mirror.interval().await;
    assert_eq!(mirror.page_state(page).await, TRASHED);
    assert_eq!(mirror.page_state(other).await, ARCHIVED);
    mirror.is_clean().await;

    mirror.act(|site, stamp| {
        site.restore_content(stamp, page).unwrap();
        site.restore_content(stamp, other).unwrap();
    });
    mirror.interval().await;
    assert_eq!(mirror.page_state(page).await, ALIVE);
    assert_eq!(mirror.page_state(other).await, ALIVE);
    mirror.is_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s13_what_hangs_on_a_page_goes_and_comes_back_with_it() {
    let mirror = Mirror::small().await;
    let comments =
        mirror.listed(mirror.confluence, Model::Comment, &linkspan_store::ListFilter::default()).await;
    let parent_of = |record: &linkspan_store::StoredRecord| record.parent;
    let (page, comment) = mirror.act(|site, _| {
        let (_, pages) = a_space(site);
        let record = |page: &ContentId| {
            linkspan_model::ids::RecordId::of(mirror.confluence, Model::Article, &page.to_string())
        };
        let found = pages.iter().find_map(|page| {
            let comment = comments.iter().find(|comment| parent_of(comment) == Some(record(page)))?;
            Some((*page, comment.remote_id.clone().unwrap()))
        });
        found.expect("a page with a comment")
    });
    mirror.act(|site, stamp| site.trash_content(stamp, page).unwrap());
    mirror.interval().await;
    let gone = mirror.stored(mirror.confluence, Model::Comment, &comment).await;
    assert_eq!((gone.deleted, gone.absence), TRASHED);
    mirror.act(|site, stamp| site.restore_content(stamp, page).unwrap());
    mirror.interval().await;
    let back = mirror.stored(mirror.confluence, Model::Comment, &comment).await;
    assert_eq!((back.deleted, back.absence, back.id), (false, None, gone.id));
}

#[tokio::test(flavor = "multi_thread")]
async fn s13_a_page_is_hidden_from_the_account_and_shown_again() {
    let mirror = Mirror::small().await;
    let page = mirror.act(|site, _| a_space(site).1[0]);
    let restrict = |to: Vec<linkspan_sandbox::world::AccountIndex>| {
        let read = Restriction { users: to, ..Restriction::default() };
        mirror.act(|site, stamp| {
            site.restrict_content(stamp, page, Restrictions { read, ..Restrictions::default() }).unwrap();
        });
    };
    let (admin, other) =
        mirror.act(|site, stamp| (stamp.by, *site.accounts().iter().find(|one| **one != stamp.by).unwrap()));
    // Restricted first to people among whom the account is: that is read, and later speaks for a loss of access.
    restrict(vec![admin, other]);
    mirror.interval().await;
    assert_eq!(mirror.page_state(page).await, ALIVE);
    restrict(vec![other]);
    mirror.interval().await;
    assert_eq!(mirror.page_state(page).await, LOST);
    mirror.is_clean().await;
    restrict(Vec::new());
    mirror.interval().await;
    assert_eq!(mirror.page_state(page).await, ALIVE);
    mirror.is_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s13_a_space_is_archived_and_taken_out_of_the_archive() {
    let mirror = Mirror::small().await;
    let (space, pages) = mirror.act(|site, _| a_space(site));
    mirror.act(|site, stamp| site.set_space_archived(stamp, space, true).unwrap());
    mirror.interval().await;
    assert_eq!(mirror.row(mirror.confluence, space).await.state, ContainerState::Archived);
    assert_eq!(
        mirror.stored(mirror.confluence, Model::Container, space).await.absence,
        Some(Absence::Archived)
    );
    assert_eq!(mirror.page_state(pages[0]).await, ALIVE);
    mirror.is_clean().await;
    mirror.act(|site, stamp| site.set_space_archived(stamp, space, false).unwrap());
    mirror.interval().await;
    assert_eq!(mirror.row(mirror.confluence, space).await.state, ContainerState::Listed);
    assert_eq!(mirror.stored(mirror.confluence, Model::Container, space).await.absence, None);
    mirror.is_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s14_a_moved_issue_and_renamed_keys_keep_their_records() {
    let mirror = Mirror::small().await;
    let (project, issue, target, space) = mirror.act(|site, _| {
        let (project, issues) = a_project(site);
        let target =
            site.jira().projects.iter().find(|it| it.id != project && it.state == ProjectState::Live);
        (project, issues[2], target.unwrap().id, a_space(site).0)
    });
    let before = mirror.issue(issue).await;
    let total = mirror.privacy.store.count_records(mirror.jira, Model::Ticket, true).await.unwrap();
    mirror.act(|site, stamp| {
        site.move_issue(stamp, issue, target).unwrap();
        site.rename_project_key(stamp, project, "RENAMED").unwrap();
        site.rename_space_key(stamp, space, "RENAMEDSPACE").unwrap();
    });
    mirror.interval().await;
    let after = mirror.issue(issue).await;
    assert_eq!((after.id, after.created_at, after.deleted), (before.id, before.created_at, false));
    let of_target = linkspan_model::ids::RecordId::of(mirror.jira, Model::Collection, &target.to_string());
    assert_eq!(after.container, Some(of_target));
    assert_eq!(mirror.privacy.store.count_records(mirror.jira, Model::Ticket, true).await.unwrap(), total);
    let renamed = mirror.stored(mirror.jira, Model::Collection, project).await;
    assert!(matches!(renamed.instance().unwrap(), Body::Collection(project) if project.key == "RENAMED"));
    let renamed = mirror.stored(mirror.confluence, Model::Container, space).await;
    assert!(
        matches!(renamed.instance().unwrap(), Body::Container(space) if space.key.as_deref() == Some("RENAMEDSPACE"))
    );
    // What is in it has other addresses now, though none of it changed.
    let within = ListFilter { containers: Some(&[renamed.id]), ..ListFilter::default() };
    let articles = mirror.listed(mirror.confluence, Model::Article, &within).await;
    assert!(!articles.is_empty());
    for article in articles {
        let Body::Article(article) = article.instance().unwrap() else { panic!("an article") };
        let address = article.article_url.unwrap();
        assert!(address.contains("/spaces/RENAMEDSPACE/"), "{address}");
    }
    mirror.is_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s13_an_issue_behind_a_security_level_is_hidden_and_shown_again() {
    let mirror = Mirror::small().await;
    // An issue whose level the account belongs to, and a level it does not belong to.
    let found = mirror.act(|site, stamp| {
        let reader = site.reader(linkspan_sandbox::world::Viewer::Account(stamp.by));
        site.issue_ids().find_map(|id| {
            let head = site.issue_head(id)?;
            let level = head.security?;
            (site.can_see_issue(&reader, &head) && !head.archived && head.parent.is_none())
                .then_some((id, level))
        })
    });
    let Some((issue, level)) = found else {
        println!("skipped: the world has no issue with a security level that the account sees");
        return;
    };
    let hidden = mirror.act(|site, stamp| {
        let reader = site.reader(linkspan_sandbox::world::Viewer::Account(stamp.by));
        let levels: Vec<_> = site
            .jira()
            .security_schemes
            .iter()
            .flat_map(|scheme| scheme.levels.iter().map(|level| level.id))
            .collect();
        for other in levels {
            if other == level
                || site.edit_issue(stamp, issue, vec![FieldChange::Security(Some(other))]).is_err()
            {
                continue;
            }
            let sees = site.issue_head(issue).is_some_and(|head| site.can_see_issue(&reader, &head));
            if !sees {
                return true;
            }
        }
        false
    });
    if !hidden {
        println!("skipped: the account belongs to every level");
        return;
    }
    mirror.interval().await;
    assert_eq!(mirror.issue_state(issue).await, LOST);
    mirror
        .act(|site, stamp| site.edit_issue(stamp, issue, vec![FieldChange::Security(Some(level))]).unwrap());
    mirror.interval().await;
    assert_eq!(mirror.issue_state(issue).await, ALIVE);
    mirror.is_clean().await;
}

//! P15 and P16: comments, worklogs and files carry their own rule, intersected with the issue's; portals see public ones.

use super::{options, ordinary, reader, stamp, world};
use crate::world::jira::{FieldChange, NewComment, NewIssue, NewWorklog, Request, RoleActors, Visibility};
use crate::world::{
    AccountIndex, CommentId, IssueId, IssueTypeId, ProjectId, RequestTypeId, Rich, RoleId, SiteState,
};

const PROJECT: ProjectId = ProjectId(10_000);
const DESK: ProjectId = ProjectId(10_002);
const ROLE: RoleId = RoleId(10_001);

fn issue_in(
    state: &mut SiteState,
    project: ProjectId,
    issue_type: u64,
    request: Option<Request>,
    reporter: AccountIndex,
) -> IssueId {
    let new = NewIssue {
        project,
        issue_type: IssueTypeId(issue_type),
        summary: "A case".into(),
        fields: vec![FieldChange::Reporter(Some(reporter))],
        request,
    };
    state.create_issue(stamp(AccountIndex(0)), new).unwrap()
}

fn comment_on(
    state: &mut SiteState,
    issue: IssueId,
    visibility: Option<Visibility>,
    public: bool,
    text: &str,
) -> CommentId {
    state
        .add_comment(
            stamp(AccountIndex(0)),
            issue,
            NewComment { body: Rich::Wiki(text.into()), visibility, public },
        )
        .unwrap()
}

fn seen_comments(state: &SiteState, account: AccountIndex) -> Vec<CommentId> {
    state.visible(&reader(state, account)).comments
}

#[test]
fn p16_a_comment_and_a_worklog_for_a_role_or_group_are_hidden_from_other_readers_of_the_issue() {
    let world = world(&options(0, 0));
    let mut state = world.main_site().write();
    let people = ordinary(&state);
    let [in_role, in_group, other] = [people[0], people[1], people[2]];
    let group = state.groups().last().unwrap().index;
    state.groups[group.0 as usize].members = vec![in_group];
    let project = &mut state.jira.config.projects[0];
    project.role_actors = vec![RoleActors { role: ROLE, users: vec![in_role], groups: Vec::new() }];
    let issue = issue_in(&mut state, PROJECT, 10_002, None, other);
    let open = comment_on(&mut state, issue, None, true, "for all");
    let for_role =
        comment_on(&mut state, issue, Some(Visibility::Role(ROLE)), true, "for the role !secret.png!");
    let for_group = comment_on(&mut state, issue, Some(Visibility::Group(group)), true, "for the group");
    assert_eq!(seen_comments(&state, in_role), vec![open, for_role]);
    assert_eq!(seen_comments(&state, in_group), vec![open, for_group]);
    assert_eq!(seen_comments(&state, other), vec![open], "not even the reporter");
    let log =
        NewWorklog { comment: None, started: 0, seconds: 60, visibility: Some(Visibility::Group(group)) };
    state.add_worklog(stamp(other), issue, log).unwrap();
    state.add_attachment(stamp(other), issue, "secret.png", "image/png", 1).unwrap();
    state.add_attachment(stamp(other), issue, "open.png", "image/png", 1).unwrap();
    let counts = |account| {
        let counts = state.counts(Some(&reader(&state, account)));
        (counts.issues, counts.comments, counts.worklogs, counts.attachments)
    };
    assert_eq!(counts(in_role), (1, 2, 0, 2));
    assert_eq!(counts(in_group), (1, 2, 1, 1), "the file of the role's comment is hidden with it");
    assert_eq!(counts(other), (1, 1, 0, 1));
}

#[test]
fn p15_internal_notes_are_for_the_jira_view_and_public_comments_for_both() {
    let world = world(&options(0, 0));
    let mut state = world.main_site().write();
    let customers: Vec<AccountIndex> = state
        .accounts()
        .iter()
        .copied()
        .filter(|index| state.account(*index).account_id.starts_with("qm:"))
        .collect();
    let [asks, takes_part, stranger] = [customers[0], customers[1], customers[2]];
    let request = Request { participants: vec![takes_part], ..Request::new(RequestTypeId(120), "portal") };
    let issue = issue_in(&mut state, DESK, 10_005, Some(request), asks);
    let public = comment_on(&mut state, issue, None, true, "answer");
    let internal = comment_on(&mut state, issue, None, false, "note");
    let limited =
        comment_on(&mut state, issue, Some(Visibility::Role(RoleId(10_002))), true, "for administrators");
    assert_eq!(seen_comments(&state, AccountIndex(0)), vec![public, internal, limited]);
    assert_eq!(seen_comments(&state, asks), vec![public]);
    assert_eq!(seen_comments(&state, takes_part), vec![public]);
    assert_eq!(seen_comments(&state, stranger), Vec::new());
    assert!(
        !state.can_see_issue_id(&reader(&state, asks), issue),
        "a portal right never opens the Jira view"
    );
    let without = issue_in(&mut state, DESK, 10_005, None, asks);
    assert!(
        !state.visible(&reader(&state, asks)).issues.contains(&without),
        "no request type: not in the portal"
    );
}

#[test]
fn p15_sharing_with_an_organization_opens_the_request_to_its_members_while_they_are_members() {
    let world = world(&options(0, 0));
    let mut state = world.main_site().write();
    let customers: Vec<AccountIndex> = state
        .accounts()
        .iter()
        .copied()
        .filter(|index| state.account(*index).account_id.starts_with("qm:"))
        .collect();
    let [asks, colleague] = [customers[0], customers[1]];
    let organization = state.jira.config.organizations[0].id;
    state.jira.config.organizations[0].members = vec![asks, colleague];
    let request = Request { organizations: vec![organization], ..Request::new(RequestTypeId(120), "email") };
    let issue = issue_in(&mut state, DESK, 10_005, Some(request), asks);
    assert_eq!(state.visible(&reader(&state, colleague)).issues, vec![issue]);
    state.jira.config.organizations[0].members = vec![asks];
    assert_eq!(state.visible(&reader(&state, colleague)).issues, Vec::new());
}

#[test]
fn every_change_of_an_issue_is_told_in_its_changelog_and_moves_its_update_time() {
    let world = world(&options(20, 0));
    let mut state = world.main_site().write();
    let issue = issue_in(&mut state, PROJECT, 10_002, None, AccountIndex(1));
    let at = |milliseconds| crate::world::Stamp { at: super::NOW + milliseconds, by: AccountIndex(0) };
    let done = crate::world::StatusId(10_003);
    state
        .edit_issue(
            at(10),
            issue,
            vec![FieldChange::Status(done), FieldChange::Labels(vec!["new-label".into()])],
        )
        .unwrap();
    let edited = state.issue(issue).unwrap();
    let fields: Vec<&str> = edited.changelog.last().unwrap().items.iter().map(|item| &*item.field).collect();
    assert_eq!(fields, ["status", "resolution", "labels"]);
    assert_eq!((edited.updated, edited.resolved.is_some()), (super::NOW + 10, true));
    assert_eq!(state.label_by_name("new-label"), Some(edited.labels[0]));
    let before = edited.changelog.len();
    assert_eq!(
        state.edit_issue(at(20), issue, vec![FieldChange::Status(done)]),
        Ok(None),
        "nothing differs, nothing is saved"
    );
    assert_eq!(state.issue(issue).unwrap().changelog.len(), before);
    let old_key = state.issue_key(issue).unwrap();
    state.move_issue(at(30), issue, ProjectId(10_003)).unwrap();
    let new_key = state.issue_key(issue).unwrap();
    assert_ne!(old_key, new_key);
    assert_eq!((state.issue_by_key(&old_key), state.issue_by_key(&new_key)), (Some(issue), Some(issue)));
    state.rename_project_key(at(40), ProjectId(10_003), "RENAMED").unwrap();
    assert_eq!(state.issue_by_key(&new_key), Some(issue));
    state.delete_issue(at(50), issue).unwrap();
    assert_eq!((state.issue_by_key(&old_key), state.issue(issue).is_none()), (None, true));
}

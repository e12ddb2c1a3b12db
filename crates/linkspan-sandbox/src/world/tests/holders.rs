//! P5: browse permission and security level, for every kind of holder, after `atlassian-permissions.md` 2.1 to 2.4.

use super::{options, ordinary, reader, stamp, world};
use crate::world::jira::{
    CustomValue, FieldChange, Holder, NewIssue, PermissionGrant, SecurityLevel, SecurityMember,
};
use crate::world::{
    AccountIndex, AccountStatus, FieldId, GroupIndex, IssueId, Product, ProjectId, RoleId, SecurityLevelId,
    SiteState, Viewer,
};

const PROJECT: ProjectId = ProjectId(10_000);
const REVIEWERS: FieldId = FieldId(10_040);
const AUDIENCE: FieldId = FieldId(10_042);
const ROLE: RoleId = RoleId(10_001);

/// People by what they are to the issue under test.
struct Cast {
    lead: AccountIndex,
    reporter: AccountIndex,
    assignee: AccountIndex,
    reviewer: AccountIndex,
    in_role: AccountIndex,
    in_group: AccountIndex,
    named: AccountIndex,
    stranger: AccountIndex,
}

impl Cast {
    fn everyone(&self) -> [(&'static str, AccountIndex); 8] {
        [
            ("lead", self.lead),
            ("reporter", self.reporter),
            ("assignee", self.assignee),
            ("reviewer", self.reviewer),
            ("in role", self.in_role),
            ("in group", self.in_group),
            ("named", self.named),
            ("stranger", self.stranger),
        ]
    }
}

/// A group of one's own, and an issue that names one person in every capacity.
fn stage(state: &mut SiteState) -> (Cast, GroupIndex, IssueId) {
    let people = ordinary(state);
    let cast = Cast {
        lead: people[0],
        reporter: people[1],
        assignee: people[2],
        reviewer: people[3],
        in_role: people[4],
        in_group: people[5],
        named: people[6],
        stranger: people[7],
    };
    let group = state.groups().last().unwrap().index;
    state.groups[group.0 as usize].members = vec![cast.in_group];
    let project = state.jira.config.projects.iter_mut().find(|project| project.id == PROJECT).unwrap();
    project.lead = cast.lead;
    project.role_actors.retain(|actors| actors.role != ROLE);
    project.role_actors.push(crate::world::jira::RoleActors {
        role: ROLE,
        users: vec![cast.in_role],
        groups: Vec::new(),
    });
    let new = NewIssue {
        project: PROJECT,
        issue_type: crate::world::IssueTypeId(10_002),
        summary: "A case".into(),
        fields: vec![
            FieldChange::Reporter(Some(cast.reporter)),
            FieldChange::Assignee(Some(cast.assignee)),
            FieldChange::Custom(REVIEWERS, Some(CustomValue::Users(vec![cast.reviewer]))),
            FieldChange::Custom(AUDIENCE, Some(CustomValue::Groups(vec![group]))),
        ],
        request: None,
    };
    let issue = state.create_issue(stamp(cast.stranger), new).unwrap();
    (cast, group, issue)
}

fn browse_by(state: &mut SiteState, holders: &[Holder]) {
    let scheme = state.project(PROJECT).unwrap().permission_scheme;
    let scheme =
        state.jira.config.permission_schemes.iter_mut().find(|candidate| candidate.id == scheme).unwrap();
    let grant =
        |holder: &Holder| PermissionGrant { id: 1, permission: "BROWSE_PROJECTS", holder: holder.clone() };
    scheme.grants = holders.iter().map(grant).collect();
}

fn secure_by(state: &mut SiteState, issue: IssueId, holders: &[Holder]) {
    let scheme = &mut state.jira.config.security_schemes[0];
    let member = |holder: &Holder| SecurityMember { id: 1, holder: holder.clone() };
    let level = SecurityLevelId(77);
    scheme.levels.push(SecurityLevel {
        id: level,
        name: "Test".into(),
        description: String::new(),
        members: holders.iter().map(member).collect(),
    });
    state.edit_issue(stamp(AccountIndex(0)), issue, vec![FieldChange::Security(Some(level))]).unwrap();
}

fn seen_by(state: &SiteState, cast: &Cast, issue: IssueId) -> Vec<&'static str> {
    let head = state.issue_head(issue).unwrap();
    let sees = |account: AccountIndex| state.can_see_issue(&reader(state, account), &head);
    cast.everyone().into_iter().filter(|(_, account)| sees(*account)).map(|(name, _)| name).collect()
}

fn table(cast: &Cast, group: GroupIndex) -> Vec<(Holder, Vec<&'static str>)> {
    let everyone: Vec<&str> = cast.everyone().iter().map(|(name, _)| *name).collect();
    vec![
        (Holder::Anyone, everyone.clone()),
        (Holder::ApplicationRole(None), everyone.clone()),
        (Holder::ApplicationRole(Some(Product::JiraSoftware)), everyone),
        (Holder::Group(group), vec!["in group"]),
        (Holder::User(cast.named), vec!["named"]),
        (Holder::ProjectRole(ROLE), vec!["in role"]),
        (Holder::ProjectLead, vec!["lead"]),
        (Holder::Reporter, vec!["reporter"]),
        (Holder::Assignee, vec!["assignee"]),
        (Holder::UserCustomField(REVIEWERS), vec!["reviewer"]),
        (Holder::GroupCustomField(AUDIENCE), vec!["in group"]),
        (Holder::PortalCustomers, vec![]),
    ]
}

#[test]
fn p5_each_kind_of_holder_browses_alone() {
    let world = world(&options(50, 10));
    let mut state = world.main_site().write();
    let (cast, group, issue) = stage(&mut state);
    for (holder, expected) in table(&cast, group) {
        browse_by(&mut state, std::slice::from_ref(&holder));
        assert_eq!(seen_by(&state, &cast, issue), expected, "{holder:?}");
    }
    browse_by(&mut state, &[]);
    assert_eq!(seen_by(&state, &cast, issue), Vec::<&str>::new());
}

#[test]
fn p5_a_level_narrows_what_browsing_opens_and_never_widens_it() {
    let world = world(&options(50, 10));
    let mut state = world.main_site().write();
    let (cast, group, issue) = stage(&mut state);
    browse_by(&mut state, &[Holder::ApplicationRole(None)]);
    for (holder, expected) in table(&cast, group) {
        secure_by(&mut state, issue, std::slice::from_ref(&holder));
        assert_eq!(seen_by(&state, &cast, issue), expected, "{holder:?}");
        state.jira.config.security_schemes[0].levels.retain(|level| level.id != SecurityLevelId(77));
        state.edit_issue(stamp(AccountIndex(0)), issue, vec![FieldChange::Security(None)]).unwrap();
    }
    browse_by(&mut state, &[Holder::Reporter]);
    secure_by(&mut state, issue, &[Holder::Assignee, Holder::ProjectRole(ROLE)]);
    assert_eq!(seen_by(&state, &cast, issue), Vec::<&str>::new(), "in the level alone nobody sees anything");
}

#[test]
fn p5_a_change_of_assignee_changes_readers() {
    let world = world(&options(50, 10));
    let mut state = world.main_site().write();
    let (cast, _, issue) = stage(&mut state);
    browse_by(&mut state, &[Holder::Assignee]);
    assert_eq!(seen_by(&state, &cast, issue), vec!["assignee"]);
    state.edit_issue(stamp(cast.lead), issue, vec![FieldChange::Assignee(Some(cast.stranger))]).unwrap();
    assert_eq!(seen_by(&state, &cast, issue), vec!["stranger"]);
    state.edit_issue(stamp(cast.lead), issue, vec![FieldChange::Assignee(None)]).unwrap();
    assert_eq!(seen_by(&state, &cast, issue), Vec::<&str>::new());
}

#[test]
fn p5_a_subtask_has_the_level_of_its_parent() {
    let world = world(&options(50, 10));
    let mut state = world.main_site().write();
    let (cast, _, parent) = stage(&mut state);
    browse_by(&mut state, &[Holder::ApplicationRole(None)]);
    secure_by(&mut state, parent, &[Holder::Reporter]);
    let new = NewIssue {
        project: PROJECT,
        issue_type: crate::world::IssueTypeId(10_003),
        summary: "A part".into(),
        fields: vec![FieldChange::Parent(Some(parent)), FieldChange::Reporter(Some(cast.named))],
        request: None,
    };
    let subtask = state.create_issue(stamp(cast.stranger), new).unwrap();
    assert_eq!(
        seen_by(&state, &cast, subtask),
        vec!["named"],
        "the level is the parent's, its reporter is the sub-task's own"
    );
}

#[test]
fn p6_the_public_sees_what_is_open_to_anyone_and_nothing_else() {
    let world = world(&options(50, 10));
    let mut state = world.main_site().write();
    let (cast, _, issue) = stage(&mut state);
    let sees = |state: &SiteState, viewer| {
        state.can_see_issue(&state.reader(viewer), &state.issue_head(issue).unwrap())
    };
    let customer =
        *state.accounts().iter().find(|index| state.account(**index).account_id.starts_with("qm:")).unwrap();
    browse_by(&mut state, &[Holder::Anyone]);
    assert!(sees(&state, Viewer::Anonymous) && sees(&state, Viewer::Account(customer)));
    browse_by(&mut state, &[Holder::ApplicationRole(None)]);
    assert!(!sees(&state, Viewer::Anonymous));
    assert!(!sees(&state, Viewer::Account(customer)), "signed in, but without Jira");
    browse_by(&mut state, &[Holder::Anyone]);
    state.jira.config.anonymous_access = false;
    assert!(!sees(&state, Viewer::Anonymous), "the site's switch is off");
    assert!(sees(&state, Viewer::Account(cast.stranger)));
}

#[test]
fn p14_inactive_accounts_and_apps_see_nothing() {
    let world = world(&options(50, 10));
    let mut state = world.main_site().write();
    let (cast, group, issue) = stage(&mut state);
    browse_by(&mut state, &[Holder::Anyone, Holder::Group(group)]);
    state.set_account_status(stamp(cast.lead), cast.in_group, AccountStatus::Inactive);
    let head = state.issue_head(issue).unwrap();
    assert!(!state.can_see_issue(&reader(&state, cast.in_group), &head));
    let app = *state
        .accounts()
        .iter()
        .find(|index| state.account(**index).account_type == crate::world::AccountType::App)
        .unwrap();
    assert!(!state.can_see_issue(&reader(&state, app), &head));
}

#[test]
fn p5_a_private_team_managed_project_is_for_its_people_and_administrators() {
    let world = world(&options(4_000, 10));
    let state = world.main_site().read();
    let project = state.jira().projects.iter().find(|project| project.is_private()).unwrap();
    let issues: Vec<_> = state.issue_ids_in(project.id).filter_map(|id| state.issue_head(id)).collect();
    let limited: Vec<_> = issues.iter().filter(|head| !head.restricted_to.is_empty()).collect();
    assert!(!limited.is_empty());
    for account in ordinary(&state) {
        let reader = reader(&state, account);
        let member = project.role_actors.iter().any(|actors| state.in_role(&reader, project, actors.role));
        for head in &issues {
            let in_listed_role = head.restricted_to.iter().any(|role| state.in_role(&reader, project, *role));
            let expected = member && (head.restricted_to.is_empty() || in_listed_role);
            assert_eq!(state.can_see_issue(&reader, head), expected);
        }
    }
}

#[test]
fn p5_an_administrator_of_jira_has_no_right_to_browse_by_that() {
    let world = world(&options(200, 10));
    let mut state = world.main_site().write();
    let (_, group, issue) = stage(&mut state);
    browse_by(&mut state, &[Holder::Group(group)]);
    let admin = reader(&state, AccountIndex(0));
    assert!(admin.admin);
    assert!(!state.can_see_issue(&admin, &state.issue_head(issue).unwrap()));
}

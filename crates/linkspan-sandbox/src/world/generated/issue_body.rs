//! The whole of a made-up issue: texts, comments, worklogs, history, files, links, request.

use std::sync::Arc;

use super::issues::{GeneratedJira, PARTNERS, Place};
use super::words::{FILES, SENTENCES};
use crate::world::build::people::group;
use crate::world::ids::RemoteLinkId;
use crate::world::ids::{AccountIndex, GroupIndex, IssueId, LinkTypeId, Millis};
use crate::world::jira::{
    Attachment, Comment, History, HistoryItem, Issue, IssueHead, IssueLink, JiraConfig, ProjectKind,
    RemoteLink, Request, Visibility, Worklog,
};
use crate::world::rich::Rich;
use crate::world::seed::{Dice, uuid};

/// Texts that many issues share.
#[derive(Debug)]
pub(super) struct Shared {
    status: Arc<str>,
    resolution: Arc<str>,
    resolution_names: Vec<(u64, Arc<str>)>,
    assignee: Arc<str>,
    labels: Arc<str>,
    priority: Arc<str>,
    priorities: Vec<(Arc<str>, Arc<str>)>,
    summary: Arc<str>,
    description: Arc<str>,
    points: (Arc<str>, Arc<str>),
    label_texts: Vec<Arc<str>>,
    files: Vec<(Arc<str>, Arc<str>, u64)>,
}

impl Shared {
    pub(super) fn new(config: &JiraConfig) -> Self {
        Self {
            status: "status".into(),
            resolution: "resolution".into(),
            resolution_names: config
                .resolutions
                .iter()
                .map(|it| (it.id.0, Arc::from(it.name.as_str())))
                .collect(),
            assignee: "assignee".into(),
            labels: "labels".into(),
            priority: "priority".into(),
            priorities: config
                .priorities
                .iter()
                .map(|it| (Arc::from(it.id.to_string()), Arc::from(it.name.as_str())))
                .collect(),
            summary: "summary".into(),
            description: "description".into(),
            points: ("Story Points".into(), "customfield_10016".into()),
            label_texts: config.labels.clone(),
            files: FILES
                .iter()
                .map(|(name, kind, size)| (Arc::from(*name), Arc::from(*kind), *size))
                .collect(),
        }
    }
}

fn change(
    field: &Arc<str>,
    field_id: &Arc<str>,
    from: (Option<Arc<str>>, Option<Arc<str>>),
    to: (Option<Arc<str>>, Option<Arc<str>>),
) -> HistoryItem {
    let field_type = if field_id.starts_with("customfield_") { "custom" } else { "jira" };
    HistoryItem {
        field: Arc::clone(field),
        field_id: Arc::clone(field_id),
        field_type,
        from: from.0,
        from_string: from.1,
        to: to.0,
        to_string: to.1,
    }
}

/// The time of the `at`-th of `count` things between two times, in order.
fn spread(from: Millis, to: Millis, at: u32, count: u32, dice: &mut Dice) -> Millis {
    let step = (to - from) / (Millis::from(count) + 1);
    from + step * Millis::from(at)
        + Millis::try_from(dice.below(u64::try_from(step).unwrap_or(0))).unwrap_or(0)
}

impl GeneratedJira {
    pub(in crate::world) fn build(&self, id: IssueId) -> Option<Arc<Issue>> {
        let place = self.place(id)?;
        let head = self.head(id)?;
        let plan = &self.projects[place.project];
        let mut dice = Dice::at(self.seed, 0xb0d1, place.position);
        let epic = head.parent.is_none() && self.shared_type_is_epic(place, &head);
        let attachments = self.attachments(place, &head);
        let description = dice.chance(880).then(|| {
            let size = if dice.chance(3) { usize::MAX } else { 1 + dice.index(6) };
            Rich::Adf(self.document(&mut dice, size, Some(&format!("{}-{}: ", plan.key, head.number))))
        });
        let environment = dice.chance(120).then(|| Rich::Adf(self.document(&mut dice, 1, None)));
        let estimate = dice.chance(180).then(|| 3600 * (1 + u32::try_from(dice.below(40)).unwrap_or(0)));
        let worklogs = self.worklogs(place, &head);
        let spent: u32 = worklogs.iter().map(|worklog| worklog.seconds).sum();
        let mut watchers: Vec<AccountIndex> = (0..dice.index(4)).map(|_| *dice.pick(&self.staff)).collect();
        watchers.sort_unstable();
        watchers.dedup();
        let voters = if dice.chance(100) { vec![*dice.pick(&self.staff)] } else { Vec::new() };
        Some(Arc::new(Issue {
            id,
            project: head.project,
            number: head.number,
            issue_type: head.issue_type,
            status: head.status,
            status_category_changed: head
                .resolved
                .unwrap_or(head.created + (head.updated - head.created) / 2),
            priority: head.priority,
            resolution: head.resolution,
            assignee: head.assignee,
            reporter: head.reporter,
            creator: head.creator,
            created: head.created,
            updated: head.updated,
            resolved: head.resolved,
            due: head.due,
            parent: head.parent,
            security: head.security,
            restricted_to: head.restricted_to.to_vec(),
            labels: head.labels.to_vec(),
            components: head.components.to_vec(),
            fix_versions: head.fix_versions.to_vec(),
            versions: head.versions.to_vec(),
            sprints: head.sprints.to_vec(),
            summary: self.summary(id)?,
            description,
            environment,
            original_estimate: estimate,
            remaining_estimate: estimate.map(|estimate| estimate.saturating_sub(spent)),
            custom: self.custom_values(place, &head, epic),
            comments: self.comments(place, &head, &attachments),
            worklogs,
            changelog: self.changelog(place, &head),
            attachments,
            links: self.links(place),
            remote_links: self.remote_links(place),
            voters,
            watchers,
            request: self.request(place, &head),
            archived: None,
            properties: Vec::new(),
        }))
    }

    fn shared_type_is_epic(&self, place: Place, head: &IssueHead<'_>) -> bool {
        self.projects[place.project].is_epic(head.issue_type)
    }

    /// An ADF document of `size` blocks as JSON text; `usize::MAX` stands for one just below the limit of 32 767 characters.
    pub(super) fn document(&self, dice: &mut Dice, size: usize, opening: Option<&str>) -> Arc<str> {
        let mut out =
            String::with_capacity(if size == usize::MAX { 36_000 } else { 200 + size.min(8) * 360 });
        out.push_str(r#"{"type":"doc","version":1,"content":["#);
        if let Some(opening) = opening {
            out.push_str(r#"{"type":"paragraph","content":[{"type":"text","text":""#);
            out.push_str(opening);
            // Sentences hold quotes and backslashes, which the quoted form has escaped; its quotes are dropped.
            let sentence = super::blocks::quote(dice.word(&SENTENCES));
            out.push_str(&sentence[1..sentence.len() - 1]);
            out.push_str(r#""}]},"#);
        }
        if size == usize::MAX {
            while out.len() < 32_000 {
                out.push_str(&dice.pick(&self.blocks.plain).adf);
                out.push(',');
            }
        } else {
            for _ in 0..size {
                let pool = if dice.chance(450) { &self.blocks.plain } else { &self.blocks.rich };
                out.push_str(&dice.pick(pool).adf);
                out.push(',');
            }
        }
        out.pop();
        out.push_str("]}");
        out.into()
    }

    fn comments(&self, place: Place, head: &IssueHead<'_>, attachments: &[Attachment]) -> Vec<Comment> {
        let plan = &self.projects[place.project];
        let mut dice = Dice::at(self.seed, 0xc033, place.position);
        let desk = plan.kind == ProjectKind::ServiceDesk;
        (0..head.comments)
            .map(|at| {
                let created = spread(head.created, head.updated, at, head.comments, &mut dice);
                let by_customer = desk && dice.chance(400);
                let author = *dice.pick(if by_customer { &self.customers } else { &self.staff });
                let edited = dice.chance(100);
                let visibility = (!by_customer && dice.chance(50))
                    .then(|| self.visibility(plan.comment_roles.as_slice(), &mut dice));
                let body = match (attachments.first(), dice.below(1000)) {
                    (Some(file), 0..120) => file_comment(file),
                    (_, 120..140) => Arc::from(r#"{"type":"doc","version":1,"content":[]}"#),
                    (_, 140..141) => self.document(&mut dice, usize::MAX, None),
                    _ => {
                        let size = 1 + dice.index(3);
                        self.document(&mut dice, size, None)
                    }
                };
                Comment {
                    id: Self::comment_id(place, at),
                    author: Some(author),
                    update_author: Some(if edited { *dice.pick(&self.staff) } else { author }),
                    body: Rich::Adf(body),
                    created,
                    updated: if edited { (created + 600_000).min(head.updated) } else { created },
                    visibility,
                    public: !desk || by_customer || (visibility.is_none() && dice.chance(550)),
                }
            })
            .collect()
    }

    fn visibility(&self, roles: &[crate::world::ids::RoleId], dice: &mut Dice) -> Visibility {
        if roles.is_empty() || dice.chance(300) {
            Visibility::Group(GroupIndex(
                u32::try_from(dice.below(u64::from(self.groups.min(group::DEFAULT + 3)))).unwrap_or(0),
            ))
        } else {
            Visibility::Role(*dice.pick(roles))
        }
    }

    fn worklogs(&self, place: Place, head: &IssueHead<'_>) -> Vec<Worklog> {
        let plan = &self.projects[place.project];
        let mut dice = Dice::at(self.seed, 0x30c9, place.position);
        (0..head.worklogs)
            .map(|at| {
                let created = spread(head.created, head.updated, at, head.worklogs, &mut dice);
                let author = Some(*dice.pick(&self.staff));
                Worklog {
                    id: Self::worklog_id(place, at),
                    author,
                    update_author: author,
                    comment: dice.chance(600).then(|| Rich::Adf(self.document(&mut dice, 1, None))),
                    created,
                    updated: created,
                    started: created - 3_600_000,
                    seconds: 900 * (1 + u32::try_from(dice.below(32)).unwrap_or(0)),
                    visibility: dice.chance(80).then(|| self.visibility(&plan.comment_roles, &mut dice)),
                }
            })
            .collect()
    }

    fn changelog(&self, place: Place, head: &IssueHead<'_>) -> Vec<History> {
        let plan = &self.projects[place.project];
        let mut dice = Dice::at(self.seed, 0xc109, place.position);
        let present = plan.statuses.iter().position(|(id, _, _)| *id == head.status).unwrap_or(0);
        let mut status = 0;
        (0..head.histories)
            .map(|at| {
                let created = spread(head.created, head.updated, at, head.histories, &mut dice);
                let last = at + 1 == head.histories;
                let items = if last && status != present {
                    self.status_items(place, head, status, present)
                } else if !last && dice.chance(250) {
                    let next = (status + 1) % plan.statuses.len();
                    let items = self.status_items(place, head, status, next);
                    status = next;
                    items
                } else {
                    self.field_items(&mut dice)
                };
                History {
                    id: Self::history_id(place, at),
                    author: Some(*dice.pick(&self.staff)),
                    created,
                    items,
                }
            })
            .collect()
    }

    fn status_items(&self, place: Place, head: &IssueHead<'_>, from: usize, to: usize) -> Vec<HistoryItem> {
        let statuses = &self.projects[place.project].statuses;
        let shown =
            |at: usize| (Some(Arc::from(statuses[at].0.to_string())), Some(Arc::clone(&statuses[at].2)));
        let mut items = vec![change(&self.shared.status, &self.shared.status, shown(from), shown(to))];
        if let (Some(resolution), true) = (head.resolution, statuses[to].0 == head.status) {
            let name = self
                .shared
                .resolution_names
                .iter()
                .find(|(id, _)| *id == resolution.0)
                .map(|(_, name)| Arc::clone(name));
            let to = (Some(Arc::from(resolution.to_string())), name);
            items.push(change(&self.shared.resolution, &self.shared.resolution, (None, None), to));
        }
        items
    }

    fn field_items(&self, dice: &mut Dice) -> Vec<HistoryItem> {
        let shared = &self.shared;
        let person = |dice: &mut Dice| {
            let account = self.directory.get(*dice.pick(&self.staff));
            (Some(Arc::from(account.account_id.as_str())), Some(Arc::from(account.display_name())))
        };
        let text = |text: &str| (None, Some(Arc::from(text)));
        match dice.below(6) {
            0 => vec![change(&shared.assignee, &shared.assignee, (None, None), person(dice))],
            1 => vec![change(&shared.assignee, &shared.assignee, person(dice), person(dice))],
            2 => {
                let label = dice.pick(&shared.label_texts);
                vec![change(&shared.labels, &shared.labels, text(""), (None, Some(Arc::clone(label))))]
            }
            3 => {
                let (from, to) =
                    (dice.pick(&shared.priorities).clone(), dice.pick(&shared.priorities).clone());
                vec![change(
                    &shared.priority,
                    &shared.priority,
                    (Some(from.0), Some(from.1)),
                    (Some(to.0), Some(to.1)),
                )]
            }
            4 => vec![
                change(&shared.summary, &shared.summary, text("Untitled"), text(dice.word(&SENTENCES))),
                change(&shared.description, &shared.description, (None, None), text(dice.word(&SENTENCES))),
            ],
            _ => vec![change(
                &shared.points.0,
                &shared.points.1,
                (None, None),
                text(["1", "2", "3", "5"][dice.index(4)]),
            )],
        }
    }

    fn attachments(&self, place: Place, head: &IssueHead<'_>) -> Vec<Attachment> {
        let mut dice = Dice::at(self.seed, 0xa77a, place.position);
        (0..head.attachments)
            .map(|at| {
                let created = spread(head.created, head.updated, at, head.attachments, &mut dice);
                let (filename, mime_type, size) = dice.pick(&self.shared.files);
                let id = Self::attachment_id(place, at);
                Attachment {
                    id,
                    filename: Arc::clone(filename),
                    size: *size,
                    mime_type: Arc::clone(mime_type),
                    author: Some(*dice.pick(&self.staff)),
                    created,
                    media_id: uuid(self.seed ^ 0xf11e, id.0).into(),
                }
            })
            .collect()
    }

    fn links(&self, place: Place) -> Vec<IssueLink> {
        let one = |which| {
            let (other, id, outward, kind) = self.partner(place, which)?;
            Some(IssueLink { id, link_type: LinkTypeId(10_000 + kind), outward, other })
        };
        (0..PARTNERS.len()).filter_map(one).collect()
    }

    fn remote_links(&self, place: Place) -> Vec<RemoteLink> {
        let mut dice = Dice::at(self.seed, 0x4e33, place.position);
        if !dice.chance(60) {
            return Vec::new();
        }
        let number = dice.below(10_000);
        vec![RemoteLink {
            id: RemoteLinkId(10_000 + place.position),
            global_id: format!("system=https://example.com&id={number}"),
            url: format!("https://example.com/ticket/{number}"),
            title: format!("Ticket {number}"),
            relationship: "mentioned in".to_owned(),
        }]
    }

    fn request(&self, place: Place, head: &IssueHead<'_>) -> Option<Request> {
        let plan = &self.projects[place.project];
        let mut dice = Dice::at(self.seed, 0x4e9e, place.position);
        let fitting: Vec<_> =
            plan.request_types.iter().filter(|(_, issue_type)| *issue_type == head.issue_type).collect();
        if fitting.is_empty() || dice.chance(100) {
            return None;
        }
        let some = |dice: &mut Dice, most: usize, from: &[AccountIndex]| {
            let mut chosen: Vec<AccountIndex> = (0..dice.index(most + 1)).map(|_| *dice.pick(from)).collect();
            chosen.sort_unstable();
            chosen.dedup();
            chosen
        };
        let participants = some(&mut dice, 2, &self.customers);
        let approvers = if dice.chance(150) { some(&mut dice, 2, &self.staff) } else { Vec::new() };
        let request_type = dice.pick(&fitting).0;
        let mut request = Request {
            participants,
            organizations: if dice.chance(300) { vec![*dice.pick(&self.organizations)] } else { Vec::new() },
            approvers: approvers
                .into_iter()
                .map(|person| (person, dice.chance(500).then(|| dice.chance(800))))
                .collect(),
            ..Request::new(request_type, "portal")
        };
        request.channel = ["portal", "portal", "email", "jira", "api"][dice.index(5)];
        request.decided = request.decision().map(|_| head.created + (head.updated - head.created) / 2);
        Some(request)
    }
}

fn file_comment(file: &Attachment) -> Arc<str> {
    format!(
        r#"{{"type":"doc","version":1,"content":[{{"type":"mediaSingle","attrs":{{"layout":"align-start"}},"content":[{{"type":"media","attrs":{{"type":"file","id":"{}","collection":"","alt":{}}}}}]}}]}}"#,
        file.media_id,
        super::blocks::quote(&file.filename)
    )
    .into()
}

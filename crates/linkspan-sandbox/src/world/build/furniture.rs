//! Whiteboards, databases, smart links and custom content of a made-up site. They are few, so they are made once and lie over
//! the computed tree as if somebody had added them; their ids follow those of the tree.

use std::sync::Arc;

use crate::world::confluence::{
    Body, CommentPlace, Content, ContentComment, ContentFile, ContentHead, ContentKind, ContentLabel,
    ContentStatus, ContentVersion, Detail, Restriction, Restrictions,
};
use crate::world::generated::words::LABELS;
use crate::world::ids::{AccountIndex, ContentId, ContentLabelId, FileId, Millis, SpaceId};
use crate::world::seed::{Dice, uuid};
use crate::world::site::SiteState;

/// Distance between the first pieces of two spaces.
const STRIDE: u64 = 16;
/// Spaces that get some: what lies over the tree is kept in memory.
const MAX_SPACES: usize = 2_000;
/// Fewer nodes are left as they are.
const SMALLEST_TREE: usize = 6;

/// Type of custom content, as the app `com.example.docs` would register it.
const CUSTOM_TYPE: &str = "ac:com.example.docs:note";

struct Plan {
    seed: u64,
    space: SpaceId,
    place: u64,
    /// Id of the first piece of the first space.
    first: u64,
    home: ContentId,
    people: Vec<AccountIndex>,
    at: Millis,
}

impl Plan {
    fn id(&self, number: u64) -> ContentId {
        ContentId(self.first + self.place * STRIDE + number)
    }

    fn piece(&self, number: u64, kind: ContentKind, parent: Option<ContentId>, title: &str) -> Content {
        let mut dice = Dice::at(self.seed, 0xf0e1 + number, self.place);
        let author = *dice.pick(&self.people);
        let head = ContentHead {
            id: self.id(number),
            kind,
            status: ContentStatus::Current,
            space: self.space,
            parent,
            position: 100_000 + u32::try_from(number).unwrap_or(0),
            author,
            editor: author,
            created: self.at,
            modified: self.at,
            version: 1,
            read_restricted: false,
            comments: 0,
            files: 0,
        };
        let first = ContentVersion {
            number: 1,
            created: self.at,
            author,
            message: "".into(),
            minor_edit: false,
            body: None,
        };
        Content {
            head,
            title: title.into(),
            body: Body::Empty,
            restrictions: Restrictions::default(),
            labels: Vec::new(),
            versions: vec![first],
            comments: Vec::new(),
            files: Vec::new(),
            trash: Vec::new(),
            properties: Vec::new(),
            detail: Detail::Plain,
        }
    }

    fn note(&self, number: u64, parent: Option<ContentId>, title: &str) -> Content {
        let mut note = self.piece(number, ContentKind::Custom, parent, title);
        note.detail = Detail::Custom(CUSTOM_TYPE.into());
        note.body = Body::from_storage(&format!("<p>{title}: checked by the harbour office.</p>"));
        note
    }

    /// Lets the administrator and one other person in.
    fn restrict(&self, content: &mut Content) {
        let mut users = vec![self.people[0], *self.people.get(2).unwrap_or(&self.people[0])];
        users.sort_unstable();
        users.dedup();
        let list = Restriction { users, groups: Vec::new() };
        content.head.read_restricted = true;
        content.restrictions = Restrictions { read: list.clone(), update: list };
    }
}

/// Puts the pieces into every space that has a tree.
pub(in crate::world) fn place(state: &mut SiteState, seed: u64, people: &[AccountIndex], end: Millis) {
    let homes: Vec<(u64, SpaceId, ContentId, bool)> = state
        .spaces()
        .iter()
        .zip(0..)
        .take(MAX_SPACES)
        .filter_map(|(space, place)| Some((place, space.id, space.homepage?, space.archived)))
        .collect();
    let first = state.confluence.next_id;
    state.confluence.next_id += homes.last().map_or(0, |(place, ..)| place + 1) * STRIDE;
    for (place, space, home, archived) in homes {
        if archived {
            continue;
        }
        let age = Millis::try_from(1 + place % 200).unwrap_or(1) * 86_400_000;
        let plan = Plan { seed, space, place, first, home, people: people.to_vec(), at: end - age };
        furnish(state, &plan);
    }
}

fn furnish(state: &mut SiteState, plan: &Plan) {
    let mut whiteboard = plan.piece(0, ContentKind::Whiteboard, Some(plan.home), "Mooring sketch");
    if plan.place % 4 == 2 {
        plan.restrict(&mut whiteboard);
    }
    state.keep_content(whiteboard);
    let mut database = plan.piece(1, ContentKind::Database, Some(plan.home), "Berths");
    if plan.place % 3 == 1 {
        plan.restrict(&mut database);
    }
    let database_id = database.head.id;
    state.keep_content(database);
    let mut link = plan.piece(2, ContentKind::Embed, Some(plan.id(0)), "Tide table");
    link.detail = Detail::Embed("https://example.com/tides?port=kiel&unit=m".into());
    state.keep_content(link);
    notes(state, plan);
    // Databases can have pages below them, and restrict them.
    if let Some(page) = last_leaf(state, plan.space) {
        let mut page = Content::clone(&page);
        page.head.parent = Some(database_id);
        state.keep_content(page);
    }
}

fn notes(state: &mut SiteState, plan: &Plan) {
    let mut first = plan.note(3, Some(plan.home), "Note on the home page");
    first.labels = vec![ContentLabel {
        id: ContentLabelId(1_000),
        name: LABELS[0].to_lowercase().into(),
        prefix: "global",
    }];
    let (container, author) = (first.head.id, first.head.author);
    first.comments = vec![ContentComment {
        id: plan.id(6),
        container,
        parent: None,
        place: CommentPlace::Footer,
        author,
        editor: author,
        created: plan.at,
        modified: plan.at,
        version: 1,
        body: Body::from_storage("<p>Agreed.</p>"),
    }];
    let file = FileId(plan.id(7).0);
    first.files = vec![ContentFile {
        id: file,
        container,
        name: "note.txt".into(),
        media_type: "text/plain".into(),
        size: 512,
        media_id: Arc::from(uuid(file.0, plan.seed)),
        comment: "".into(),
        author,
        created: plan.at,
        modified: plan.at,
        version: 1,
        trashed: false,
    }];
    state.confluence.added_comments.insert(plan.id(6), container);
    state.confluence.added_files.insert(file, container);
    let mut answer = plan.note(4, Some(container), "Answer to the note");
    answer.head.version = 2;
    answer.versions.push(ContentVersion { number: 2, ..answer.versions[0].clone() });
    let of_space = plan.note(5, None, "Note on the space");
    for note in [first, answer, of_space] {
        state.keep_content(note);
    }
    let posts = state.content_ids_in(plan.space).filter_map(|id| state.content_head(id));
    let post = posts
        .into_iter()
        .find(|head| head.kind == ContentKind::BlogPost && head.status == ContentStatus::Current);
    if let Some(post) = post {
        let on_post = plan.note(8, Some(post.id), "Note on a blog post");
        state.keep_content(on_post);
    }
}

/// The last page of a large enough tree that nothing hangs on.
fn last_leaf(state: &SiteState, space: SpaceId) -> Option<Arc<Content>> {
    let ids: Vec<ContentId> = state.content_ids_in(space).collect();
    if ids.len() < SMALLEST_TREE {
        return None;
    }
    let fits = |head: &ContentHead| {
        head.kind == ContentKind::Page
            && head.status == ContentStatus::Current
            && head.parent.is_some()
            && !head.read_restricted
            && state.content_children(head.id).is_empty()
    };
    let leaf = ids.into_iter().rev().filter_map(|id| state.content_head(id)).find(fits)?;
    state.content(leaf.id)
}

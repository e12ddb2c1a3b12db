//! The records of `confluence-pages/storage-format`: small exports, one per package, which become a space each because they
//! use the same ids and titles over and over.

use std::collections::HashMap;
use std::path::Path;

use serde::Deserialize;

use super::pages::{Ids, plain_version};
use super::read::{each_line, instant};
use super::spaces::Spaces;
use crate::world::WorldError;
use crate::world::confluence::{
    Body, CommentPlace, Content, ContentComment, ContentHead, ContentKind, ContentStatus, ContentVersion,
    Restrictions,
};
use crate::world::ids::{AccountIndex, ContentId, Millis, SpaceId};
use crate::world::rich::Rich;

#[derive(Deserialize)]
struct RawBody {
    package: String,
    kind: String,
    id: String,
    space: Option<String>,
    title: Option<String>,
    parent: Option<String>,
    container: Option<String>,
    version: Option<String>,
    original_version: Option<String>,
    status: Option<String>,
    created: Option<String>,
    modified: Option<String>,
    position: Option<String>,
    body_format: Option<String>,
    body: String,
}

impl RawBody {
    fn number(&self) -> u32 {
        self.version.as_ref().and_then(|version| version.parse().ok()).unwrap_or(1).max(1)
    }

    fn created(&self) -> Millis {
        self.created.as_deref().and_then(instant).unwrap_or(0)
    }

    fn modified(&self) -> Millis {
        self.modified.as_deref().and_then(instant).unwrap_or_else(|| self.created())
    }

    fn body(&self) -> Body {
        if self.body_format.is_some() {
            return Body::from_storage(&self.body);
        }
        // Old wiki markup: its lines, as they stand.
        Body::from_adf(&Rich::Wiki(self.body.as_str().into()).adf())
    }

    fn status(&self) -> ContentStatus {
        match self.status.as_deref() {
            Some("draft") => ContentStatus::Draft,
            Some("deleted") => ContentStatus::Trashed,
            _ => ContentStatus::Current,
        }
    }
}

/// Pages and blog posts with their comments and old versions.
pub(super) fn load(
    folder: &Path,
    spaces: &mut Spaces,
    ids: &mut Ids,
    admin: AccountIndex,
) -> Result<Vec<Content>, WorldError> {
    let mut packages: Vec<(String, Vec<RawBody>)> = Vec::new();
    each_line(&folder.join("confluence-pages/storage-format"), |raw: RawBody| match packages.last_mut() {
        Some((package, bodies)) if *package == raw.package => bodies.push(raw),
        _ => packages.push((raw.package.clone(), vec![raw])),
    })?;
    let mut contents = Vec::new();
    for (package, bodies) in packages {
        let key = bodies.iter().find_map(|raw| raw.space.as_deref());
        let space = spaces.fresh(key, &package);
        let mut found = load_package(&bodies, space, ids, admin);
        if let Some(home) = found.iter().find(|content| {
            content.head.kind == ContentKind::Page && content.head.status == ContentStatus::Current
        }) {
            spaces.set_home(space, home.head.id);
        }
        contents.append(&mut found);
    }
    Ok(contents)
}

fn load_package(bodies: &[RawBody], space: SpaceId, ids: &mut Ids, admin: AccountIndex) -> Vec<Content> {
    let is_content = |raw: &&RawBody| raw.kind != "comment" && raw.original_version.is_none();
    let mut by_old_id: HashMap<&str, usize> = HashMap::new();
    let mut contents: Vec<Content> = Vec::new();
    for raw in bodies.iter().filter(is_content) {
        by_old_id.insert(&raw.id, contents.len());
        let id = ContentId(ids.take(raw.id.parse().ok()));
        contents.push(content(raw, id, space, admin));
    }
    for raw in bodies.iter().filter(is_content) {
        let parent =
            raw.parent.as_deref().and_then(|parent| by_old_id.get(parent)).map(|at| contents[*at].head.id);
        let content = &mut contents[by_old_id[raw.id.as_str()]];
        content.head.parent = parent.filter(|parent| *parent != content.head.id);
    }
    // Old versions keep their bodies; an unpublished edit of a published page is nobody's version.
    for raw in bodies.iter().filter(|raw| raw.kind != "comment" && raw.status() != ContentStatus::Draft) {
        let Some(at) = raw.original_version.as_deref().and_then(|original| by_old_id.get(original)) else {
            continue;
        };
        let number = raw.number();
        let content = &mut contents[*at];
        let is_old = number < content.head.version;
        let version = content.versions.iter_mut().find(|version| version.number == number && is_old);
        if let Some(version) = version.filter(|version| version.body.is_none()) {
            *version =
                ContentVersion { body: Some(raw.body()), ..plain_version(number, raw.modified(), admin) };
        }
    }
    comments(bodies, &mut contents, &by_old_id, ids, admin);
    contents
}

fn content(raw: &RawBody, id: ContentId, space: SpaceId, admin: AccountIndex) -> Content {
    let number = raw.number();
    let status = raw.status();
    let head = ContentHead {
        id,
        kind: if raw.kind == "blogpost" { ContentKind::BlogPost } else { ContentKind::Page },
        status,
        space,
        parent: None,
        position: raw.position.as_ref().and_then(|position| position.parse().ok()).unwrap_or(0),
        author: admin,
        editor: admin,
        created: raw.created(),
        modified: raw.modified(),
        version: number,
        read_restricted: false,
        comments: 0,
        files: 0,
    };
    let at = |version: u32| if version == number { raw.modified() } else { raw.created() };
    Content {
        head,
        title: raw.title.as_deref().unwrap_or("Untitled").into(),
        body: raw.body(),
        restrictions: Restrictions::default(),
        labels: Vec::new(),
        versions: (1..=number).map(|version| plain_version(version, at(version), admin)).collect(),
        comments: Vec::new(),
        files: Vec::new(),
        trash: Vec::new(),
        properties: Vec::new(),
        detail: crate::world::confluence::Detail::Plain,
    }
}

fn comments(
    bodies: &[RawBody],
    contents: &mut [Content],
    by_old_id: &HashMap<&str, usize>,
    ids: &mut Ids,
    admin: AccountIndex,
) {
    let raws = || bodies.iter().filter(|raw| raw.kind == "comment");
    let new_ids: HashMap<&str, ContentId> =
        raws().map(|raw| (raw.id.as_str(), ContentId(ids.take(raw.id.parse().ok())))).collect();
    let mut pending: Vec<&RawBody> = raws().collect();
    // What replies comes after what it replies to.
    while !pending.is_empty() {
        let before = pending.len();
        pending.retain(|raw| {
            let Some(at) = raw.container.as_deref().and_then(|container| by_old_id.get(container)) else {
                return false;
            };
            let parent = raw.parent.as_deref().and_then(|parent| new_ids.get(parent)).copied();
            let content = &mut contents[*at];
            if parent.is_some_and(|parent| !content.comments.iter().any(|comment| comment.id == parent)) {
                return true;
            }
            content.comments.push(ContentComment {
                id: new_ids[raw.id.as_str()],
                container: content.head.id,
                parent,
                place: CommentPlace::Footer,
                author: admin,
                editor: admin,
                created: raw.created(),
                modified: raw.modified(),
                version: raw.number(),
                body: raw.body(),
            });
            false
        });
        if pending.len() == before {
            break;
        }
    }
}

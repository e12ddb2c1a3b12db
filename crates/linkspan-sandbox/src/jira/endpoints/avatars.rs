//! Avatars: the sets to choose from, and their pictures.

use std::io::Write as _;

use axum::{
    Router,
    extract::Path,
    response::{IntoResponse, Response},
    routing::get,
};
use flate2::{Compression, Crc, write::ZlibEncoder};
use http::header;

use super::issues::visible_project;
use crate::{
    gateway::{AppState, Charge, charged},
    jira::{
        json::Json,
        refusal::{Answer, Refusal},
        session::{Session, ok},
        view::View,
    },
};

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/avatar/{type}/system", get(system))
        .route("/project/{project}/avatars", get(of_project))
        .route("/universal_avatar/type/{type}/owner/{id}", get(of_owner))
        .route("/universal_avatar/view/type/{type}", get(default_picture))
        .route("/universal_avatar/view/type/{type}/avatar/{id}", get(picture))
        .route("/universal_avatar/view/type/{type}/owner/{id}", get(picture_of_owner))
}

/// What has avatars, with the ids of its set.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    IssueType,
    Project,
    User,
    Priority,
}

impl Kind {
    fn parse(text: &str) -> Result<Self, Refusal> {
        Ok(match text {
            "issuetype" => Self::IssueType,
            "project" => Self::Project,
            "user" => Self::User,
            "priority" => Self::Priority,
            other => return Err(Refusal::not_found(format!("The avatar type '{other}' is invalid."))),
        })
    }

    fn word(self) -> &'static str {
        match self {
            Self::IssueType => "issuetype",
            Self::Project => "project",
            Self::User => "user",
            Self::Priority => "priority",
        }
    }

    /// The ids of the set; those of issue types go as far as the site has types.
    fn ids(self, view: &View<'_>) -> std::ops::Range<u64> {
        match self {
            Self::IssueType => {
                let last = view.site.jira().issue_types.iter().map(|kind| u64::from(kind.avatar)).max();
                10_300..last.map_or(10_320, |last| (last + 1).max(10_320))
            }
            Self::Project => 10_400..10_430,
            Self::User => 10_500..10_507,
            Self::Priority => 10_600..10_605,
        }
    }

    /// The avatar of an owner the caller sees.
    fn chosen(self, view: &View<'_>, owner: &str) -> Option<u64> {
        let config = view.site.jira();
        match self {
            Self::Project => visible_project(view, owner).ok().map(|project| 10_400 + project.id.0 % 30),
            Self::IssueType => {
                let seen = |scope: Option<_>| {
                    scope.is_none_or(|id| view.site.can_browse_project_id(&view.reader, id))
                };
                let found = config.issue_types.iter().find(|kind| kind.id.to_string() == owner);
                found.filter(|kind| seen(kind.scope)).map(|kind| u64::from(kind.avatar))
            }
            Self::Priority => {
                let at = config.priorities.iter().position(|priority| priority.id.to_string() == owner)?;
                Some(10_600 + (at as u64) % 5)
            }
            // Pictures of people are kept by the account service, not by the site.
            Self::User => None,
        }
    }
}

fn avatar(json: &mut Json, view: &View<'_>, kind: Kind, id: u64, selected: bool) {
    let urls = |size: &str| {
        view.link(format_args!("universal_avatar/view/type/{}/avatar/{id}?size={size}", kind.word()))
    };
    json.object(|json| {
        json.key("id").plain(id);
        json.key("isSystemAvatar").boolean(true);
        json.key("isSelected").boolean(selected);
        json.key("isDeletable").boolean(false);
        json.key("fileName").plain(format_args!("{}-{id}.svg", kind.word()));
        json.key("urls").object(|json| {
            for (pixels, size) in
                [("16x16", "xsmall"), ("24x24", "small"), ("32x32", "medium"), ("48x48", "large")]
            {
                json.key(pixels).string(&urls(size));
            }
        });
    });
}

/// The set of a kind, with the chosen one marked.
fn set(json: &mut Json, view: &View<'_>, kind: Kind, chosen: Option<u64>, with_custom: bool) {
    json.object(|json| {
        json.key("system").array(|json| {
            kind.ids(view).for_each(|id| avatar(json, view, kind, id, chosen == Some(id)));
        });
        if with_custom {
            json.key("custom").array(|_| {});
        }
    });
}

async fn system(Path(kind): Path<String>, session: Session) -> Answer {
    session.signed_in()?;
    let kind = Kind::parse(&kind)?;
    let site = session.site().read();
    let view = session.view(&site);
    Ok(ok(Charge::BASE, |json| set(json, &view, kind, None, false)))
}

async fn of_project(Path(project): Path<String>, session: Session) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    visible_project(&view, &project)?;
    let chosen = Kind::Project.chosen(&view, &project);
    Ok(ok(Charge::BASE, |json| set(json, &view, Kind::Project, chosen, true)))
}

fn no_owner(owner: &str) -> Refusal {
    Refusal::not_found(format!("The item '{owner}' was not found."))
}

async fn of_owner(Path((kind, owner)): Path<(String, String)>, session: Session) -> Answer {
    let kind = Kind::parse(&kind)?;
    let site = session.site().read();
    let view = session.view(&site);
    let chosen = kind.chosen(&view, &owner).ok_or_else(|| no_owner(&owner))?;
    Ok(ok(Charge::BASE, |json| set(json, &view, kind, Some(chosen), true)))
}

async fn default_picture(Path(kind): Path<String>, session: Session) -> Answer {
    let kind = Kind::parse(&kind)?;
    let site = session.site().read();
    let first = kind.ids(&session.view(&site)).start;
    draw(&session, first)
}

async fn picture(Path((kind, id)): Path<(String, String)>, session: Session) -> Answer {
    let kind = Kind::parse(&kind)?;
    let site = session.site().read();
    let ids = kind.ids(&session.view(&site));
    let found = id.parse().ok().filter(|id| ids.contains(id));
    draw(&session, found.ok_or_else(|| Refusal::not_found(format!("The avatar '{id}' was not found.")))?)
}

async fn picture_of_owner(Path((kind, owner)): Path<(String, String)>, session: Session) -> Answer {
    let kind = Kind::parse(&kind)?;
    let site = session.site().read();
    let chosen = kind.chosen(&session.view(&site), &owner).ok_or_else(|| no_owner(&owner))?;
    draw(&session, chosen)
}

const COLOURS: [[u8; 3]; 6] =
    [[0, 85, 204], [31, 132, 90], [94, 77, 178], [174, 46, 36], [165, 72, 0], [32, 106, 131]];

/// The picture itself: SVG, or PNG when asked for.
fn draw(session: &Session, id: u64) -> Answer {
    let colour = COLOURS[usize::try_from(id % COLOURS.len() as u64).unwrap_or(0)];
    let side = match session.query.text("size").unwrap_or("medium") {
        "xsmall" => 16,
        "small" => 24,
        "medium" => 32,
        "large" => 48,
        "xlarge" => 96,
        other => {
            return Err(Refusal::not_found(format!("There is no avatar of the size '{other}'.")));
        }
    };
    let [red, green, blue] = colour;
    let (kind, bytes) = match session.query.text("format").unwrap_or("svg") {
        "svg" => (
            "image/svg+xml",
            format!(
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{side}\" height=\"{side}\" viewBox=\"0 0 24 24\"><rect width=\"24\" height=\"24\" rx=\"4\" fill=\"rgb({red},{green},{blue})\"/></svg>"
            )
            .into_bytes(),
        ),
        "png" => ("image/png", png(side, colour)),
        other => return Err(Refusal::bad_request(format!("The format '{other}' is not supported."))),
    };
    let picture: Response =
        ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "max-age=3600")], bytes).into_response();
    Ok(charged(picture, Charge::BASE))
}

/// A square of one colour.
fn png(side: u32, colour: [u8; 3]) -> Vec<u8> {
    let mut out = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut header = Vec::from(side.to_be_bytes());
    header.extend(side.to_be_bytes());
    // Eight bits a channel, red, green and blue; the only compression, filter and interlacing methods there are.
    header.extend([8, 2, 0, 0, 0]);
    chunk(&mut out, *b"IHDR", &header);
    let mut rows = ZlibEncoder::new(Vec::new(), Compression::fast());
    for _ in 0..side {
        let row = std::iter::once(0).chain((0..side).flat_map(|_| colour));
        // Writing to a buffer cannot fail.
        let _ = rows.write_all(&row.collect::<Vec<u8>>());
    }
    chunk(&mut out, *b"IDAT", &rows.finish().unwrap_or_default());
    chunk(&mut out, *b"IEND", &[]);
    out
}

fn chunk(out: &mut Vec<u8>, kind: [u8; 4], data: &[u8]) {
    out.extend(u32::try_from(data.len()).unwrap_or(0).to_be_bytes());
    let mut sum = Crc::new();
    sum.update(&kind);
    sum.update(data);
    out.extend(kind);
    out.extend(data);
    out.extend(sum.sum().to_be_bytes());
}

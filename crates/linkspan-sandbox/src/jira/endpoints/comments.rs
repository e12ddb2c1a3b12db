//! Reading comments.

use axum::{Router, extract::Path, routing::post};
use serde::Deserialize;

use super::issues::visible_issue;
use crate::{
    gateway::{AppState, Charge},
    jira::{
        body::JsonBody,
        refusal::{Answer, Refusal},
        session::{Session, ok},
        view::CommentExpansions,
    },
    world::{CommentId, jira::Comment},
};

/// Most comments of a bulk read.
const MAX_LISTED: usize = 1_000;

pub(super) fn routes() -> Router<AppState> {
    Router::new().route("/comment/list", post(list))
}

pub(super) fn expansions(session: &Session) -> CommentExpansions {
    let expand = session.query.list("expand");
    CommentExpansions {
        properties: expand.contains(&"properties"),
        rendered: expand.contains(&"renderedBody"),
    }
}

pub(super) async fn of_issue(Path(id_or_key): Path<String>, session: Session) -> Answer {
    // The order is judged before the issue is looked for.
    let newest_first = match session.query.text("orderBy") {
        None | Some("created" | "+created") => false,
        Some("-created") => true,
        Some(other) => {
            return Err(Refusal::bad_request(format!(
                "The orderBy value '{other}' is not supported for comments."
            )));
        }
    };
    let page = session.query.page(100, 5_000)?;
    let site = session.site().read();
    let view = session.view(&site);
    let issue = visible_issue(&view, &id_or_key)?;
    let mut comments: Vec<&Comment> = view.visible_comments(&issue);
    if newest_first {
        comments.reverse();
    }
    let expand = expansions(&session);
    Ok(ok(Charge::BASE, |json| {
        json.object(|json| {
            json.key("startAt").number(page.start);
            json.key("maxResults").number(page.size);
            json.key("total").number(comments.len());
            json.key("comments").array(|json| {
                page.of(&comments).iter().for_each(|comment| view.comment(json, &issue, comment, expand));
            });
        });
    }))
}

pub(super) async fn one(Path((id_or_key, comment)): Path<(String, String)>, session: Session) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    let issue = visible_issue(&view, &id_or_key)?;
    let id = CommentId::parse(&comment);
    let found = view.visible_comments(&issue).into_iter().find(|it| Some(it.id) == id);
    let found = found.ok_or_else(|| no_comment(&comment))?;
    Ok(ok(Charge::BASE, |json| view.comment(json, &issue, found, expansions(&session))))
}

pub(super) fn no_comment(id: &str) -> Refusal {
    Refusal::not_found(format!("Can not find a comment for the id: {id}."))
}

#[derive(Debug, Deserialize)]
struct ListRequest {
    ids: Vec<u64>,
}

async fn list(session: Session, body: JsonBody) -> Answer {
    let request: ListRequest = body.read()?;
    if request.ids.is_empty() || request.ids.len() > MAX_LISTED {
        return Err(Refusal::bad_request(format!(
            "Between 1 and {MAX_LISTED} comment ids can be requested."
        )));
    }
    let site = session.site().read();
    let view = session.view(&site);
    let expand = expansions(&session);
    let mut ids: Vec<CommentId> = request.ids.into_iter().map(CommentId).collect();
    ids.sort_unstable();
    ids.dedup();
    let found: Vec<_> = ids
        .into_iter()
        .filter_map(|id| site.comment(id))
        .filter(|(issue, comment)| {
            site.can_see_issue(&view.reader, &issue.head())
                && site.can_see_comment(&view.reader, issue, comment)
        })
        .collect();
    Ok(ok(Charge::BASE, |json| {
        json.object(|json| {
            json.key("maxResults").number(MAX_LISTED);
            json.key("startAt").number(0);
            json.key("total").number(found.len());
            json.key("isLast").boolean(true);
            json.key("values").array(|json| {
                for (issue, comment) in &found {
                    view.comment(json, issue, comment, expand);
                }
            });
        });
    }))
}

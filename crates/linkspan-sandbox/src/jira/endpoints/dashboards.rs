//! Dashboards and their gadgets.

use axum::{Router, extract::Path, routing::get};

use super::filters::Narrowing;
use crate::{
    gateway::{AppState, Charge},
    jira::{
        json::Json,
        refusal::{Answer, Refusal},
        session::{Session, ok},
        view::View,
    },
    world::jira::{Dashboard, GADGETS, GadgetKind},
};

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/dashboard", get(all))
        .route("/dashboard/search", get(search))
        .route("/dashboard/gadgets", get(gadget_kinds))
        .route("/dashboard/{id}", get(one))
        .route("/dashboard/{id}/gadget", get(gadgets))
}

fn visible<'s>(view: &View<'s>) -> Vec<&'s Dashboard> {
    let all = view.site.jira().dashboards.iter();
    all.filter(|dashboard| view.site.can_see_dashboard(&view.reader, dashboard)).collect()
}

/// The older listing, whose pages link to their neighbours and say nothing about the end.
async fn all(session: Session) -> Answer {
    let page = session.query.page(20, 1_000)?;
    let site = session.site().read();
    let view = session.view(&site);
    let own = view.reader.account();
    let mut found = visible(&view);
    match session.query.text("filter") {
        None => {}
        Some("my") => found.retain(|it| own.is_some() && it.owner == own),
        Some("favourite") => found.retain(|it| own.is_some_and(|own| it.favourite_of.contains(&own))),
        Some(other) => {
            return Err(Refusal::bad_request(format!(
                "The filter '{other}' is not one of 'my' and 'favourite'."
            )));
        }
    }
    let shown = page.of(&found);
    let most = page.size.to_string();
    let link = |start: usize| session.link(&[("startAt", &start.to_string()), ("maxResults", &most)]);
    Ok(ok(Charge::core(shown.len()), |json| {
        json.object(|json| {
            json.key("startAt").number(page.start);
            json.key("maxResults").number(page.size);
            json.key("total").number(found.len());
            if page.start > 0 {
                json.key("prev").string(&link(page.start.saturating_sub(page.size)));
            }
            let next = page.start.saturating_add(shown.len());
            if next < found.len() && page.size > 0 {
                json.key("next").string(&link(next));
            }
            json.key("dashboards").array(|json| shown.iter().for_each(|it| view.dashboard(json, it)));
        });
    }))
}

async fn search(session: Session) -> Answer {
    let page = session.query.page(50, 100)?;
    let site = session.site().read();
    let view = session.view(&site);
    let query = &session.query;
    let narrowing = Narrowing::read(&session, &site)?;
    let name = query.text("dashboardName").map(str::to_lowercase);
    let mut found = visible(&view);
    match query.text("status").unwrap_or("active") {
        "active" => {}
        // Nothing was archived or deleted.
        "archived" | "deleted" => found.clear(),
        other => return Err(Refusal::bad_request(format!("The status '{other}' is not supported."))),
    }
    found.retain(|it| {
        name.as_ref().is_none_or(|name| it.name.to_lowercase().contains(name))
            && narrowing.admits(it.owner, &it.shares)
    });
    sort(&mut found, &view, query.text("orderBy").unwrap_or("name"))?;
    let shown = page.of(&found).len();
    Ok(ok(Charge::core(shown), |json| {
        page.write(json, &session, &found, |json, it| view.dashboard(json, it));
    }))
}

fn sort(dashboards: &mut [&Dashboard], view: &View<'_>, order: &str) -> Result<(), Refusal> {
    let order = order.trim_start_matches(['+', ' ']);
    let own = view.reader.account();
    match order.trim_start_matches('-') {
        "name" => dashboards.sort_by_key(|it| (it.name.to_lowercase(), it.id)),
        "id" => dashboards.sort_by_key(|it| it.id),
        "description" => dashboards.sort_by_key(|it| it.description.to_lowercase()),
        "owner" => dashboards
            .sort_by_key(|it| it.owner.map(|owner| view.site.account(owner).display_name().to_lowercase())),
        "favorite_count" => dashboards.sort_by_key(|it| it.favourite_of.len()),
        "is_favorite" => {
            dashboards.sort_by_key(|it| own.is_some_and(|own| it.favourite_of.contains(&own)));
        }
        other => {
            return Err(Refusal::bad_request(format!(
                "The orderBy value '{other}' is not supported for dashboards."
            )));
        }
    }
    if order.starts_with('-') {
        dashboards.reverse();
    }
    Ok(())
}

fn named<'s>(view: &View<'s>, id: &str) -> Result<&'s Dashboard, Refusal> {
    let found = view.site.jira().dashboards.iter().find(|dashboard| dashboard.id.to_string() == id);
    found
        .filter(|dashboard| view.site.can_see_dashboard(&view.reader, dashboard))
        .ok_or_else(|| Refusal::not_found(format!("The dashboard with id '{id}' does not exist.")))
}

async fn one(Path(id): Path<String>, session: Session) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    let found = named(&view, &id)?;
    Ok(ok(Charge::core(1), |json| view.dashboard(json, found)))
}

fn gadget_kind(json: &mut Json, kind: &GadgetKind) {
    if let Some(key) = kind.module_key {
        json.key("moduleKey").string(key);
    }
    if let Some(uri) = kind.uri {
        json.key("uri").string(uri);
    }
    json.key("title").string(kind.title);
}

async fn gadget_kinds(session: Session) -> Answer {
    session.signed_in()?;
    Ok(ok(Charge::BASE, |json| {
        json.object(|json| {
            json.key("gadgets").array(|json| {
                for kind in &GADGETS {
                    json.object(|json| gadget_kind(json, kind));
                }
            });
        });
    }))
}

async fn gadgets(Path(id): Path<String>, session: Session) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    let dashboard = named(&view, &id)?;
    let query = &session.query;
    let (keys, uris, ids) = (query.list("moduleKey"), query.repeated("uri"), query.list("gadgetId"));
    let shown = dashboard.gadgets.iter().filter(|gadget| {
        (keys.is_empty() || gadget.kind.module_key.is_some_and(|key| keys.contains(&key)))
            && (uris.is_empty() || gadget.kind.uri.is_some_and(|uri| uris.contains(&uri)))
            && (ids.is_empty() || ids.contains(&gadget.id.to_string().as_str()))
    });
    Ok(ok(Charge::BASE, |json| {
        json.object(|json| {
            json.key("gadgets").array(|json| {
                for gadget in shown {
                    json.object(|json| {
                        json.key("id").number(gadget.id);
                        gadget_kind(json, &gadget.kind);
                        json.key("color").string(gadget.color);
                        json.key("position").object(|json| {
                            // The document names these members by their descriptions; live sites send these.
                            json.key("row").number(gadget.row);
                            json.key("column").number(gadget.column);
                        });
                    });
                }
            });
        });
    }))
}

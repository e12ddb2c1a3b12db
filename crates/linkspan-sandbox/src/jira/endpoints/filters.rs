//! Saved filters.

use axum::{Router, extract::Path, routing::get};

use crate::{
    gateway::{AppState, Charge},
    jira::{
        refusal::{Answer, Refusal},
        session::{Session, ok},
        view::View,
    },
    world::{
        AccountIndex, GroupIndex, ProjectId, SiteState,
        jira::{Audience, Filter, Share},
    },
};

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/filter/search", get(search))
        .route("/filter/my", get(mine))
        .route("/filter/favourite", get(favourites))
        .route("/filter/defaultShareScope", get(default_share_scope))
        .route("/filter/{id}", get(one))
        .route("/filter/{id}/permission", get(shares))
        .route("/filter/{id}/permission/{share}", get(share))
}

/// Whom the owners and audiences of a listing are narrowed to: the parameters filters and dashboards have in common.
pub(super) struct Narrowing {
    owner: Option<AccountIndex>,
    group: Option<GroupIndex>,
    project: Option<ProjectId>,
    /// An owner, a group or a project was named that does not exist: nothing is found.
    nothing: bool,
}

impl Narrowing {
    pub(super) fn read(session: &Session, site: &SiteState) -> Result<Self, Refusal> {
        let query = &session.query;
        let both = |one: &str, other: &str| {
            Refusal::bad_request(format!("The '{one}' and '{other}' parameters cannot be used together."))
        };
        let owner = match (query.text("accountId"), query.text("owner")) {
            (Some(_), Some(_)) => return Err(both("accountId", "owner")),
            (one, other) => one.or(other).map(|id| site.account_by_id(id).map(|account| account.index)),
        };
        let group = match (query.text("groupId"), query.text("groupname")) {
            (Some(_), Some(_)) => return Err(both("groupId", "groupname")),
            (Some(id), None) => Some(site.group_by_id(id).map(|group| group.index)),
            (None, Some(name)) => Some(site.group_by_name(name).map(|group| group.index)),
            (None, None) => None,
        };
        let project = query
            .number("projectId")?
            .map(|id| u64::try_from(id).ok().map(ProjectId).filter(|id| site.project(*id).is_some()));
        Ok(Self {
            nothing: owner == Some(None) || group == Some(None) || project == Some(None),
            owner: owner.flatten(),
            group: group.flatten(),
            project: project.flatten(),
        })
    }

    pub(super) fn admits(&self, owner: Option<AccountIndex>, shares: &[Share]) -> bool {
        let names = |wanted: Audience| shares.iter().any(|share| share.audience == wanted);
        !self.nothing
            && self.owner.is_none_or(|wanted| owner == Some(wanted))
            && self.group.is_none_or(|group| names(Audience::Group(group)))
            && self.project.is_none_or(|project| {
                names(Audience::Project(project))
                    || shares
                        .iter()
                        .any(|it| matches!(it.audience, Audience::ProjectRole(id, _) if id == project))
            })
    }
}

/// Whether the request asks for filters that are not shared with the caller, and may: administrators only.
fn overrides(session: &Session, view: &View<'_>) -> bool {
    session.query.flag("overrideSharePermissions", false) && view.reader.admin
}

async fn search(session: Session) -> Answer {
    let page = session.query.page(50, 100)?;
    let site = session.site().read();
    let view = session.view(&site);
    let query = &session.query;
    let narrowing = Narrowing::read(&session, &site)?;
    let (ids, name) = (query.list("id"), query.text("filterName").map(str::to_lowercase));
    let all = overrides(&session, &view);
    let wanted = |filter: &&Filter| {
        (all || site.can_use_filter(&view.reader, filter))
            && (ids.is_empty() || ids.contains(&filter.id.to_string().as_str()))
            && name.as_ref().is_none_or(|name| filter.name.to_lowercase().contains(name))
            && narrowing.admits(Some(filter.owner), &filter.shares)
    };
    let mut found: Vec<&Filter> = site.jira().filters.iter().filter(wanted).collect();
    sort(&mut found, &view, query.text("orderBy").unwrap_or("name"))?;
    let expand = query.list("expand");
    Ok(ok(Charge::BASE, |json| {
        page.write(json, &session, &found, |json, filter| view.filter_listed(json, filter, &expand));
    }))
}

fn sort(filters: &mut [&Filter], view: &View<'_>, order: &str) -> Result<(), Refusal> {
    let order = order.trim_start_matches(['+', ' ']);
    let own = view.reader.account();
    match order.trim_start_matches('-') {
        "name" => filters.sort_by_key(|it| (it.name.to_lowercase(), it.id)),
        "id" => filters.sort_by_key(|it| it.id),
        "description" => filters.sort_by_key(|it| it.description.to_lowercase()),
        "owner" => filters.sort_by_key(|it| view.site.account(it.owner).display_name().to_lowercase()),
        "favourite_count" => filters.sort_by_key(|it| it.favourite_of.len()),
        "is_favourite" => filters.sort_by_key(|it| own.is_some_and(|own| it.favourite_of.contains(&own))),
        "is_shared" => filters.sort_by_key(|it| !it.shares.is_empty()),
        other => {
            return Err(Refusal::bad_request(format!(
                "The orderBy value '{other}' is not supported for filters."
            )));
        }
    }
    if order.starts_with('-') {
        filters.reverse();
    }
    Ok(())
}

async fn mine(session: Session) -> Answer {
    let own = session.signed_in()?.index;
    let site = session.site().read();
    let with_favourites = session.query.flag("includeFavourites", false);
    let view = session.view(&site);
    let wanted = |filter: &&Filter| {
        filter.owner == own
            || with_favourites
                && filter.favourite_of.contains(&own)
                && site.can_use_filter(&view.reader, filter)
    };
    let found: Vec<&Filter> = site.jira().filters.iter().filter(wanted).collect();
    Ok(list(&session, &view, &found))
}

async fn favourites(session: Session) -> Answer {
    let own = session.account().map(|account| account.index);
    let site = session.site().read();
    let view = session.view(&site);
    let wanted = |filter: &&Filter| {
        own.is_some_and(|own| filter.favourite_of.contains(&own)) && site.can_use_filter(&view.reader, filter)
    };
    let found: Vec<&Filter> = site.jira().filters.iter().filter(wanted).collect();
    Ok(list(&session, &view, &found))
}

fn list(session: &Session, view: &View<'_>, filters: &[&Filter]) -> axum::response::Response {
    let expand = session.query.list("expand");
    ok(Charge::BASE, |json| {
        json.array(|json| filters.iter().for_each(|filter| view.filter(json, filter, &expand)));
    })
}

/// With whom new filters are shared: with nobody.
async fn default_share_scope(session: Session) -> Answer {
    session.signed_in()?;
    Ok(ok(Charge::BASE, |json| json.object(|json| json.key("scope").string("PRIVATE"))))
}

/// A filter of an id that the caller may use.
fn usable<'s>(session: &Session, view: &View<'s>, id: &str) -> Option<&'s Filter> {
    let all = overrides(session, view);
    let found = view.site.jira().filters.iter().find(|filter| filter.id.to_string() == id);
    found.filter(|filter| all || view.site.can_use_filter(&view.reader, filter))
}

/// What is missing or not shared is 400 here, as documented.
async fn one(Path(id): Path<String>, session: Session) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    let found = usable(&session, &view, &id)
        .ok_or_else(|| Refusal::bad_request("The selected filter is not available to you, perhaps it has been deleted or had its permissions changed."))?;
    let expand = session.query.list("expand");
    Ok(ok(Charge::BASE, |json| view.filter(json, found, &expand)))
}

fn no_filter(id: &str) -> Refusal {
    Refusal::not_found(format!("The filter with id '{id}' was not found."))
}

async fn shares(Path(id): Path<String>, session: Session) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    let found = usable(&session, &view, &id).ok_or_else(|| no_filter(&id))?;
    Ok(ok(Charge::identity(found.shares.len()), |json| view.shares(json, &found.shares)))
}

async fn share(Path((id, share)): Path<(String, String)>, session: Session) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    let filter = usable(&session, &view, &id).ok_or_else(|| no_filter(&id))?;
    let found = filter.shares.iter().find(|it| it.id.to_string() == share);
    let found = found.ok_or_else(|| Refusal::not_found("The share permission was not found."))?;
    Ok(ok(Charge::identity(1), |json| view.share(json, found)))
}

//! Jira Service Management: desks, request types, requests with their comments, organizations and customers.

mod approvals;
mod articles;
mod desks;
mod feedback;
mod files;
mod organizations;
mod people;
mod portal;
mod queues;
mod requests;
mod status;
mod write;

use axum::{
    Extension, Router,
    response::{IntoResponse, Response},
    routing::{get, post, put},
};
use http::StatusCode;

use super::{
    json::Json,
    session::{Session, ok},
    view::{EscapedId, View},
};
use crate::{
    gateway::{AppState, Charge, errors::jsm_error},
    world::{Account, AccountIndex, AccountStatus, AccountType, EditError, Product, Stamp},
};

/// Largest page.
const MAX_LIMIT: usize = 100;

/// What a handler returns.
type Answer = Result<Response, JsmRefusal>;

/// The routes, relative to `/rest/servicedeskapi`.
pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/info", get(info))
        .route("/assets/workspace", get(no_workspaces))
        .route("/insight/workspace", get(no_workspaces))
        .route("/knowledgebase/article", get(articles::of_site))
        .route("/customer", post(people::create_customer))
        .route("/customer/user/{account}/revoke-portal-only-access", put(people::revoke_access))
        .merge(desk_routes())
        .merge(organization_routes())
        .merge(request_routes())
        .layer(Extension(files::Uploads::default()))
}

fn desk_routes() -> Router<AppState> {
    Router::new()
        .route("/servicedesk", get(desks::all))
        .route("/servicedesk/{desk}", get(desks::one))
        .route("/servicedesk/{desk}/requesttype", get(desks::request_types))
        .route("/servicedesk/{desk}/requesttype/permissions/check", post(portal::check))
        .route("/servicedesk/{desk}/requesttype/{type}", get(desks::request_type))
        .route("/servicedesk/{desk}/requesttype/{type}/field", get(portal::fields))
        .route("/servicedesk/{desk}/requesttypegroup", get(portal::groups))
        .route("/requesttype", get(desks::all_request_types))
        .route(
            "/servicedesk/{desk}/customer",
            get(people::customers).post(people::add_customers).delete(people::remove_customers),
        )
        .route("/servicedesk/{desk}/customer/invite", post(people::invite_customer))
        .route(
            "/servicedesk/{desk}/organization",
            get(organizations::of_desk)
                .post(organizations::add_to_desk)
                .delete(organizations::remove_from_desk),
        )
        .route("/servicedesk/{desk}/queue", get(queues::all))
        .route("/servicedesk/{desk}/queue/{queue}", get(queues::one))
        .route("/servicedesk/{desk}/queue/{queue}/issue", get(queues::issues_of))
        .route("/servicedesk/{desk}/knowledgebase/article", get(articles::of_desk))
        .route("/servicedesk/{desk}/attachTemporaryFile", post(files::upload))
}

fn organization_routes() -> Router<AppState> {
    Router::new()
        .route("/organization", get(organizations::all).post(organizations::create))
        .route("/organization/{organization}", get(organizations::one).delete(organizations::delete))
        .route(
            "/organization/{organization}/user",
            get(organizations::users).post(organizations::add_users).delete(organizations::remove_users),
        )
        .route("/organization/{organization}/property", get(organizations::property_keys))
        .route(
            "/organization/{organization}/property/{key}",
            get(organizations::property)
                .put(organizations::set_property)
                .delete(organizations::delete_property),
        )
}

fn request_routes() -> Router<AppState> {
    Router::new()
        .route("/request", get(requests::all).post(write::create))
        .route("/request/{issue}", get(requests::one))
        .route("/request/{issue}/comment", get(requests::comments).post(write::add_comment))
        .route("/request/{issue}/comment/{comment}", get(requests::comment))
        .route("/request/{issue}/comment/{comment}/attachment", get(files::of_one_comment))
        .route(
            "/request/{issue}/participant",
            get(people::participants).post(people::add_participants).delete(people::remove_participants),
        )
        .route(
            "/request/{issue}/notification",
            get(people::subscription).put(people::subscribe).delete(people::unsubscribe),
        )
        .route("/request/{issue}/status", get(status::all))
        .route("/request/{issue}/transition", get(status::transitions).post(write::transition))
        .route("/request/{issue}/sla", get(status::clocks))
        .route("/request/{issue}/sla/{metric}", get(status::clock))
        .route("/request/{issue}/approval", get(approvals::all))
        .route("/request/{issue}/approval/{approval}", get(approvals::one).post(approvals::decide))
        .route("/request/{issue}/attachment", get(files::of_request).post(files::attach))
        .route("/request/{issue}/attachment/{attachment}", get(files::content))
        .route("/request/{issue}/attachment/{attachment}/thumbnail", get(files::content))
        .route(
            "/request/{issue}/feedback",
            get(feedback::show).post(feedback::give).delete(feedback::take_back),
        )
}

/// A refusal in JSM's own form.
#[derive(Debug)]
struct JsmRefusal {
    status: StatusCode,
    key: &'static str,
    message: String,
}

impl JsmRefusal {
    fn new(status: StatusCode, key: &'static str, message: impl Into<String>) -> Self {
        Self { status, key, message: message.into() }
    }

    fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "sd.error.bad.request", message)
    }

    fn unauthenticated() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "sd.error.not.logged.in", "You must be signed in to do this.")
    }

    fn not_an_agent() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "sd.error.permission.denied",
            "You do not have the permission to do this in Jira Service Management.",
        )
    }

    fn no_desk() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "sd.error.servicedesk.not.found",
            "The service desk ID you entered does not exist.",
        )
    }

    fn no_request() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "sd.error.request.not.found",
            "The request you are trying to view does not exist or you do not have permission to view it.",
        )
    }

    fn no_comment() -> Self {
        Self::new(StatusCode::NOT_FOUND, "sd.error.comment.not.found", "The comment does not exist.")
    }

    fn experimental() -> Self {
        Self::new(
            StatusCode::PRECONDITION_FAILED,
            "sd.error.experimental.api",
            "This API is experimental. You must set the header 'X-ExperimentalApi: opt-in' to opt into using this API.",
        )
    }
}

impl IntoResponse for JsmRefusal {
    fn into_response(self) -> Response {
        jsm_error(self.status, self.key, &self.message)
    }
}

impl From<EditError> for JsmRefusal {
    fn from(error: EditError) -> Self {
        match error {
            EditError::Missing(_) => {
                Self::new(StatusCode::NOT_FOUND, "sd.error.not.found", error.to_string())
            }
            _ => Self::bad_request(error.to_string()),
        }
    }
}

/// Who changes something and when.
fn stamp(session: &Session) -> Result<Stamp, JsmRefusal> {
    let by = session.account().ok_or_else(JsmRefusal::unauthenticated)?.index;
    Ok(Stamp { at: session.now_ms(), by })
}

/// Agents and administrators see what customers do not.
fn is_agent(view: &View<'_>) -> bool {
    view.reader.admin || view.reader.holds(Product::JiraServiceManagement)
}

fn require_agent(view: &View<'_>) -> Result<(), JsmRefusal> {
    if view.reader.account().is_none() {
        return Err(JsmRefusal::unauthenticated());
    }
    if is_agent(view) { Ok(()) } else { Err(JsmRefusal::not_an_agent()) }
}

/// The price of a list of what the price list does not name, such as comments, request types or organizations.
fn base_price(_: usize) -> Charge {
    Charge::BASE
}

/// One page of `start`/`limit`.
#[derive(Clone, Copy, Debug)]
struct Slice {
    start: usize,
    limit: usize,
}

impl Slice {
    /// A list inside another answer: as much of it as one page holds.
    const WHOLE: Self = Self { start: 0, limit: MAX_LIMIT };

    fn of(session: &Session) -> Result<Self, JsmRefusal> {
        let number = |name: &str| {
            session
                .query
                .number(name)
                .map_err(|_| JsmRefusal::bad_request(format!("The parameter '{name}' is not a number.")))
        };
        let start = number("start")?.unwrap_or(0);
        let limit = number("limit")?.unwrap_or(50);
        if start < 0 || limit < 0 {
            return Err(JsmRefusal::bad_request("The parameters 'start' and 'limit' cannot be negative."));
        }
        let limit = usize::try_from(limit).unwrap_or(MAX_LIMIT).min(MAX_LIMIT);
        Ok(Self { start: usize::try_from(start).unwrap_or(usize::MAX), limit })
    }

    fn part<'i, T>(&self, items: &'i [T]) -> &'i [T] {
        let start = self.start.min(items.len());
        &items[start..start.saturating_add(self.limit).min(items.len())]
    }

    /// Answers with a page: `_expands, size, start, limit, isLastPage, _links, values`. What it costs goes by how many of
    /// the items stand on it.
    fn answer<T>(
        &self,
        session: &Session,
        items: &[T],
        price: fn(usize) -> Charge,
        write: impl FnMut(&mut Json, &T),
    ) -> Response {
        ok(price(self.part(items).len()), |json| self.write(json, session, items, write))
    }

    fn write<T>(
        &self,
        json: &mut Json,
        session: &Session,
        items: &[T],
        mut write: impl FnMut(&mut Json, &T),
    ) {
        let part = self.part(items);
        let next = self.start.saturating_add(part.len());
        let is_last = next >= items.len();
        let limit = self.limit.to_string();
        json.object(|json| {
            json.key("_expands").array(|_| {});
            json.key("size").number(part.len());
            json.key("start").number(self.start);
            json.key("limit").number(self.limit);
            json.key("isLastPage").boolean(is_last);
            json.key("_links").object(|json| {
                json.key("self").string(&session.link(&[]));
                json.key("base").string(&session.url);
                json.key("context").string("");
                if !is_last {
                    json.key("next")
                        .string(&session.link(&[("start", &next.to_string()), ("limit", &limit)]));
                }
                if self.start > 0 {
                    let previous = self.start.saturating_sub(self.limit).to_string();
                    json.key("prev").string(&session.link(&[("start", &previous), ("limit", &limit)]));
                }
            });
            json.key("values").array(|json| part.iter().for_each(|item| write(json, item)));
        });
    }
}

/// The address the caller may see: agents see those of the customers they serve.
fn email_of<'s>(view: &View<'s>, account: &'s Account) -> Option<&'s str> {
    let served = account.account_type == AccountType::Customer
        && account.status() != AccountStatus::Closed
        && !account.email_hidden
        && is_agent(view);
    account.visible_email().or_else(|| served.then(|| account.email()))
}

/// An account as JSM shows it.
fn user(json: &mut Json, view: &View<'_>, index: AccountIndex) {
    let account = view.site.account(index);
    json.object(|json| {
        json.key("accountId").string(&account.account_id);
        if let Some(email) = email_of(view, account) {
            json.key("emailAddress").string(email);
        }
        json.key("displayName").string(account.display_name());
        json.key("active").boolean(account.is_active());
        if account.status() != AccountStatus::Closed {
            json.key("timeZone").string(&account.time_zone);
        }
        json.key("_links").object(|json| {
            let id = EscapedId(&account.account_id);
            json.key("jiraRest").plain(format_args!("{}/rest/api/2/user?accountId={id}", view.url));
            View::avatars(json, account);
            json.key("self").plain(format_args!("{}/rest/api/2/user?accountId={id}", view.url));
        });
    });
}

async fn info(session: Session) -> Response {
    let site = session.site().read();
    let view = session.view(&site);
    ok(Charge::BASE, |json| {
        json.object(|json| {
            json.key("version").string("1001.0.0-SNAPSHOT");
            json.key("platformVersion").string("1001.0.0-SNAPSHOT");
            json.key("buildDate");
            view.jsm_date(json, 1_747_920_046_000);
            json.key("buildChangeSet").string("034207fbe2c29e73741aa13dd930e6ff4a2d99e3");
            json.key("isLicensedForUse").boolean(true);
            json.key("_links").object(|json| {
                json.key("self").plain(format_args!("{}/rest/servicedeskapi/info", view.url));
            });
        });
    })
}

/// A site without Assets has no workspace.
async fn no_workspaces(session: Session) -> Answer {
    let slice = Slice::of(&session)?;
    stamp(&session)?;
    Ok(slice.answer(&session, &[] as &[()], base_price, |json, ()| json.null()))
}

//! Participants and subscribers of requests, customers of desks, and customers of the site.

use axum::extract::Path;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;

use super::{
    Answer, JsmRefusal, Slice, desks,
    requests::{own_request, sees_as_agent, visible},
    require_agent, stamp, user,
};
use crate::{
    gateway::Charge,
    jira::{
        body::JsonBody,
        json,
        session::{Session, json_answer, no_content, ok},
        view::View,
    },
    world::{AccountIndex, AccountStatus, AccountType, EditError, SiteState, jira::Issue},
};

/// People named in one body.
const MAX_NAMED: usize = 100;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Named {
    #[serde(default)]
    account_ids: Vec<String>,
    /// Names of accounts are gone since 2019; who sends them gets told so.
    #[serde(default)]
    usernames: Vec<String>,
}

/// The accounts a body names.
pub(super) fn named_accounts(site: &SiteState, body: JsonBody) -> Result<Vec<AccountIndex>, JsmRefusal> {
    let named: Named = body.read().map_err(|_| JsmRefusal::bad_request("The body needs `accountIds`."))?;
    if !named.usernames.is_empty() {
        return Err(JsmRefusal::bad_request("`usernames` are not supported; use `accountIds`."));
    }
    if named.account_ids.is_empty() || named.account_ids.len() > MAX_NAMED {
        return Err(JsmRefusal::bad_request("`accountIds` must hold 1 to 100 account ids."));
    }
    let find = |id: &String| {
        let account = site.account_by_id(id).map(|account| account.index);
        account.ok_or_else(|| JsmRefusal::bad_request(format!("The account '{id}' does not exist.")))
    };
    named.account_ids.iter().map(find).collect()
}

pub(super) async fn participants(Path(name): Path<String>, session: Session) -> Answer {
    let slice = Slice::of(&session)?;
    let site = session.site().read();
    let view = session.view(&site);
    let issue = visible(&view, &name)?;
    let listed = &own_request(&issue)?.participants;
    Ok(slice.answer(&session, listed, Charge::identity, |json, account| user(json, &view, *account)))
}

pub(super) async fn add_participants(Path(name): Path<String>, session: Session, body: JsonBody) -> Answer {
    change_participants(&session, &name, body, true)
}

pub(super) async fn remove_participants(
    Path(name): Path<String>,
    session: Session,
    body: JsonBody,
) -> Answer {
    change_participants(&session, &name, body, false)
}

/// Whether the caller may change who takes part: agents, and the reporter.
pub(super) fn may_share(view: &View<'_>, issue: &Issue) -> bool {
    sees_as_agent(view, issue) || (issue.reporter.is_some() && issue.reporter == view.reader.account())
}

fn change_participants(session: &Session, name: &str, body: JsonBody, present: bool) -> Answer {
    let stamp = stamp(session)?;
    let mut site = session.site().write();
    let (id, people) = {
        let view = session.view(&site);
        let issue = visible(&view, name)?;
        if !may_share(&view, &issue) {
            return Err(JsmRefusal::not_an_agent());
        }
        (issue.id, named_accounts(&site, body)?)
    };
    site.edit_request(stamp, id, |request| {
        request.participants.retain(|account| !people.contains(account));
        if present {
            request.participants.extend(&people);
            request.participants.sort_unstable();
            request.participants.dedup();
        }
        Ok(())
    })?;
    let view = session.view(&site);
    let issue = site.issue(id).ok_or_else(JsmRefusal::no_request)?;
    let listed = &own_request(&issue)?.participants;
    let text =
        json::text(|json| Slice::WHOLE.write(json, session, listed, |json, it| user(json, &view, *it)));
    Ok(json_answer(StatusCode::OK, text, Charge::WRITE))
}

pub(super) async fn subscription(Path(name): Path<String>, session: Session) -> Answer {
    let own = stamp(&session)?.by;
    let site = session.site().read();
    let view = session.view(&site);
    let issue = visible(&view, &name)?;
    let request = own_request(&issue)?;
    let involved = issue.reporter == Some(own) || request.participants.contains(&own);
    let subscribed = involved && !request.unsubscribed.contains(&own);
    Ok(ok(Charge::BASE, |json| json.object(|json| json.key("subscribed").boolean(subscribed))))
}

pub(super) async fn subscribe(Path(name): Path<String>, session: Session) -> Answer {
    set_subscription(&session, &name, true)
}

pub(super) async fn unsubscribe(Path(name): Path<String>, session: Session) -> Answer {
    set_subscription(&session, &name, false)
}

fn set_subscription(session: &Session, name: &str, wanted: bool) -> Answer {
    let stamp = stamp(session)?;
    let mut site = session.site().write();
    let id = visible(&session.view(&site), name)?.id;
    site.edit_request(stamp, id, |request| {
        request.unsubscribed.retain(|account| *account != stamp.by);
        if !wanted {
            request.unsubscribed.push(stamp.by);
        }
        Ok(())
    })?;
    Ok(no_content())
}

/// People who were added to a desk, directly or by an organization; those who may come because the portal is open are not
/// listed.
pub(super) async fn customers(Path(name): Path<String>, session: Session, headers: HeaderMap) -> Answer {
    desks::require_opt_in(&headers)?;
    let slice = Slice::of(&session)?;
    let site = session.site().read();
    let view = session.view(&site);
    require_agent(&view)?;
    let (_, desk) = desks::named(&view, &name)?;
    let members =
        desk.organizations.iter().filter_map(|id| site.jira().organization(*id)).flat_map(|it| &it.members);
    let mut people: Vec<AccountIndex> = desk.customers.iter().chain(members).copied().collect();
    people.sort_unstable();
    people.dedup();
    let text = session.query.text("query").map(str::to_lowercase);
    people.retain(|index| {
        let account = site.account(*index);
        let by_address = |text: &String| {
            account.status() != AccountStatus::Closed && account.email().to_lowercase().contains(text)
        };
        let named = |text: &String| account.display_name().to_lowercase().contains(text) || by_address(text);
        account.account_type != AccountType::App && text.as_ref().is_none_or(named)
    });
    Ok(slice.answer(&session, &people, Charge::identity, |json, account| user(json, &view, *account)))
}

pub(super) async fn add_customers(Path(name): Path<String>, session: Session, body: JsonBody) -> Answer {
    change_customers(&session, &name, body, true)
}

pub(super) async fn remove_customers(
    Path(name): Path<String>,
    session: Session,
    headers: HeaderMap,
    body: JsonBody,
) -> Answer {
    desks::require_opt_in(&headers)?;
    change_customers(&session, &name, body, false)
}

fn change_customers(session: &Session, name: &str, body: JsonBody, present: bool) -> Answer {
    stamp(session)?;
    let mut site = session.site().write();
    let (desk, people) = {
        let view = session.view(&site);
        require_agent(&view)?;
        (desks::named(&view, name)?.1.id, named_accounts(&site, body)?)
    };
    for account in people {
        site.set_desk_customer(desk, account, present)?;
    }
    Ok(no_content())
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewCustomer {
    email: Option<String>,
    display_name: Option<String>,
    /// The older name of `displayName`.
    full_name: Option<String>,
}

fn make_customer(
    session: &Session,
    site: &mut SiteState,
    body: JsonBody,
) -> Result<AccountIndex, JsmRefusal> {
    let stamp = stamp(session)?;
    require_agent(&session.view(site))?;
    let new: NewCustomer = body.read().map_err(|_| JsmRefusal::bad_request("The body needs an `email`."))?;
    let email = new.email.filter(|email| !email.is_empty());
    let email = email.ok_or_else(|| JsmRefusal::bad_request("The body needs an `email`."))?;
    let name = new.display_name.or(new.full_name).unwrap_or_default();
    site.create_customer(stamp, &email, &name).map_err(|error| match error {
        EditError::Refused(text) if text.contains("already exists") => {
            // Whoever asks for it gets the status that says what is wrong.
            let strict = session.query.flag("strictConflictStatusCode", false);
            let status = if strict { StatusCode::CONFLICT } else { StatusCode::BAD_REQUEST };
            JsmRefusal::new(status, "sd.customer.exists", "An account already exists for this email")
        }
        other => other.into(),
    })
}

/// `POST customer`
pub(super) async fn create_customer(session: Session, body: JsonBody) -> Answer {
    let mut site = session.site().write();
    let account = make_customer(&session, &mut site, body)?;
    let view = session.view(&site);
    let text = json::text(|json| user(json, &view, account));
    Ok(json_answer(StatusCode::CREATED, text, Charge::WRITE))
}

/// `POST servicedesk/{}/customer/invite`: makes the customer and adds it to the desk.
pub(super) async fn invite_customer(
    Path(name): Path<String>,
    session: Session,
    headers: HeaderMap,
    body: JsonBody,
) -> Answer {
    desks::require_opt_in(&headers)?;
    let mut site = session.site().write();
    let desk = {
        let view = session.view(&site);
        require_agent(&view)?;
        desks::named(&view, &name)?.1.id
    };
    let account = make_customer(&session, &mut site, body)?;
    site.set_desk_customer(desk, account, true)?;
    let view = session.view(&site);
    let text = json::text(|json| user(json, &view, account));
    Ok(json_answer(StatusCode::CREATED, text, Charge::WRITE))
}

/// `PUT customer/user/{}/revoke-portal-only-access`: administrators only; the customer is deactivated.
pub(super) async fn revoke_access(Path(account_id): Path<String>, session: Session) -> Answer {
    let stamp = stamp(&session)?;
    let mut site = session.site().write();
    if !session.view(&site).reader.admin {
        return Err(JsmRefusal::not_an_agent());
    }
    let customer = site
        .account_by_id(&account_id)
        .filter(|account| account.account_type == AccountType::Customer)
        .map(|account| account.index)
        .ok_or_else(|| {
            JsmRefusal::new(
                StatusCode::NOT_FOUND,
                "sd.customer.not.found",
                "The account is not a portal-only customer.",
            )
        })?;
    site.set_account_status(stamp, customer, AccountStatus::Inactive);
    Ok(no_content())
}

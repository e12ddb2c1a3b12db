//! Organizations, their members, their properties, and the desks they belong to.

use axum::extract::Path;
use http::StatusCode;
use serde::Deserialize;

use super::{
    Answer, JsmRefusal, Slice, base_price, desks, people::named_accounts, require_agent, stamp, user,
};
use crate::{
    gateway::Charge,
    jira::{
        body::JsonBody,
        json::{self, Json},
        session::{Session, json_answer, no_content, ok},
        view::View,
    },
    world::{OrganizationId, SiteState, jira::Organization},
};

/// The longest value of a property, in bytes of JSON.
const MAX_PROPERTY: usize = 32_768;
/// The longest key of a property.
const MAX_KEY: usize = 255;

fn object(json: &mut Json, view: &View<'_>, organization: &Organization) {
    json.object(|json| {
        json.key("id").plain(organization.id);
        json.key("uuid").string(&organization.uuid);
        json.key("name").string(&organization.name);
        json.key("scimManaged").boolean(false);
        json.key("created");
        view.jsm_date(json, organization.created);
        json.key("_links").object(|json| {
            json.key("self")
                .plain(format_args!("{}/rest/servicedeskapi/organization/{}", view.url, organization.id));
        });
    });
}

fn no_organization() -> JsmRefusal {
    JsmRefusal::new(
        StatusCode::NOT_FOUND,
        "sd.error.organisation.not.found",
        "The organization does not exist.",
    )
}

fn named<'s>(view: &View<'s>, name: &str) -> Result<&'s Organization, JsmRefusal> {
    require_agent(view)?;
    let found = OrganizationId::parse(name).and_then(|id| view.site.jira().organization(id));
    found.ok_or_else(no_organization)
}

pub(super) async fn all(session: Session) -> Answer {
    let slice = Slice::of(&session)?;
    let site = session.site().read();
    let view = session.view(&site);
    require_agent(&view)?;
    let asked = session.query.text("accountId");
    let member = asked.and_then(|id| site.account_by_id(id)).map(|account| account.index);
    let wanted =
        |it: &&Organization| asked.is_none() || member.is_some_and(|member| it.members.contains(&member));
    let found: Vec<&Organization> = site.jira().organizations.iter().filter(wanted).collect();
    Ok(slice.answer(&session, &found, base_price, |json, it| object(json, &view, it)))
}

pub(super) async fn one(Path(name): Path<String>, session: Session) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    let found = named(&view, &name)?;
    Ok(ok(Charge::BASE, |json| object(json, &view, found)))
}

#[derive(Debug, Deserialize)]
struct NewOrganization {
    name: String,
}

pub(super) async fn create(session: Session, body: JsonBody) -> Answer {
    let new: NewOrganization =
        body.read().map_err(|_| JsmRefusal::bad_request("The body needs a `name`."))?;
    let stamp = stamp(&session)?;
    let mut site = session.site().write();
    require_agent(&session.view(&site))?;
    let taken = site.jira().organizations.iter().find(|it| it.name.eq_ignore_ascii_case(new.name.trim()));
    // An organization of this name is returned as it is.
    let id = match taken.map(|it| it.id) {
        Some(id) => id,
        None => site.create_organization(stamp, &new.name)?,
    };
    let view = session.view(&site);
    let made = site.jira().organization(id).ok_or_else(no_organization)?;
    Ok(json_answer(StatusCode::CREATED, json::text(|json| object(json, &view, made)), Charge::WRITE))
}

pub(super) async fn delete(Path(name): Path<String>, session: Session) -> Answer {
    stamp(&session)?;
    let mut site = session.site().write();
    let view = session.view(&site);
    let id = named(&view, &name)?.id;
    if !view.reader.admin {
        return Err(JsmRefusal::not_an_agent());
    }
    site.delete_organization(id)?;
    Ok(no_content())
}

pub(super) async fn users(Path(name): Path<String>, session: Session) -> Answer {
    let slice = Slice::of(&session)?;
    let site = session.site().read();
    let view = session.view(&site);
    let found = named(&view, &name)?;
    Ok(slice.answer(&session, &found.members, Charge::identity, |json, account| user(json, &view, *account)))
}

pub(super) async fn add_users(Path(name): Path<String>, session: Session, body: JsonBody) -> Answer {
    change_users(&session, &name, body, true)
}

pub(super) async fn remove_users(Path(name): Path<String>, session: Session, body: JsonBody) -> Answer {
    change_users(&session, &name, body, false)
}

fn change_users(session: &Session, name: &str, body: JsonBody, present: bool) -> Answer {
    stamp(session)?;
    let mut site = session.site().write();
    let id = named(&session.view(&site), name)?.id;
    for account in named_accounts(&site, body)? {
        site.set_organization_member(id, account, present)?;
    }
    Ok(no_content())
}

pub(super) async fn property_keys(Path(name): Path<String>, session: Session) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    let found = named(&view, &name)?;
    Ok(ok(Charge::BASE, |json| {
        json.object(|json| {
            json.key("keys").array(|json| {
                for (key, _) in &found.properties {
                    json.object(|json| {
                        json.key("self").string(&format!(
                            "{}/rest/servicedeskapi/organization/{}/property/{key}",
                            view.url, found.id
                        ));
                        json.key("key").string(key);
                    });
                }
            });
        });
    }))
}

fn no_property() -> JsmRefusal {
    JsmRefusal::new(StatusCode::NOT_FOUND, "sd.error.property.not.found", "The property does not exist.")
}

pub(super) async fn property(Path((name, key)): Path<(String, String)>, session: Session) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    let found = named(&view, &name)?;
    let (_, value) = found.properties.iter().find(|(own, _)| *own == key).ok_or_else(no_property)?;
    Ok(ok(Charge::BASE, |json| {
        json.object(|json| {
            json.key("key").string(&key);
            json.key("value").raw(value);
        });
    }))
}

pub(super) async fn set_property(
    Path((name, key)): Path<(String, String)>,
    session: Session,
    body: JsonBody,
) -> Answer {
    let text = body.0.to_string();
    if key.is_empty() || key.len() > MAX_KEY || text.len() > MAX_PROPERTY {
        return Err(JsmRefusal::bad_request(
            "A property has a key of 1 to 255 bytes and a value of at most 32768 bytes.",
        ));
    }
    let existed = write_property(&session, &name, |site, id| {
        Ok(site.set_organization_property(id, &key, Some(text.into()))?)
    })?;
    let status = if existed { StatusCode::OK } else { StatusCode::CREATED };
    Ok(json_answer(status, "{}".to_owned(), Charge::WRITE))
}

pub(super) async fn delete_property(Path((name, key)): Path<(String, String)>, session: Session) -> Answer {
    let existed =
        write_property(&session, &name, |site, id| Ok(site.set_organization_property(id, &key, None)?))?;
    if existed { Ok(no_content()) } else { Err(no_property()) }
}

fn write_property(
    session: &Session,
    name: &str,
    write: impl FnOnce(&mut SiteState, OrganizationId) -> Result<bool, JsmRefusal>,
) -> Result<bool, JsmRefusal> {
    stamp(session)?;
    let mut site = session.site().write();
    let id = named(&session.view(&site), name)?.id;
    write(&mut site, id)
}

pub(super) async fn of_desk(Path(name): Path<String>, session: Session) -> Answer {
    let slice = Slice::of(&session)?;
    let site = session.site().read();
    let view = session.view(&site);
    require_agent(&view)?;
    let (_, desk) = desks::named(&view, &name)?;
    let asked = session.query.text("accountId");
    let member = asked.and_then(|id| site.account_by_id(id)).map(|account| account.index);
    let found: Vec<&Organization> = desk
        .organizations
        .iter()
        .filter_map(|id| site.jira().organization(*id))
        .filter(|it| asked.is_none() || member.is_some_and(|member| it.members.contains(&member)))
        .collect();
    Ok(slice.answer(&session, &found, base_price, |json, it| object(json, &view, it)))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct OfDesk {
    organization_id: u64,
}

pub(super) async fn add_to_desk(Path(name): Path<String>, session: Session, body: JsonBody) -> Answer {
    change_desk(&session, &name, body, true)
}

pub(super) async fn remove_from_desk(Path(name): Path<String>, session: Session, body: JsonBody) -> Answer {
    change_desk(&session, &name, body, false)
}

fn change_desk(session: &Session, name: &str, body: JsonBody, present: bool) -> Answer {
    let wanted: OfDesk =
        body.read().map_err(|_| JsmRefusal::bad_request("The body needs an `organizationId`."))?;
    stamp(session)?;
    let mut site = session.site().write();
    let desk = {
        let view = session.view(&site);
        require_agent(&view)?;
        desks::named(&view, name)?.1.id
    };
    site.set_desk_organization(desk, OrganizationId(wanted.organization_id), present)?;
    Ok(no_content())
}

//! What belongs to no kind of content: users, id conversion, data policies, and lists that are always empty here.

use axum::body::Bytes;

use super::comments::Place;
use super::list::{self, Cut};
use super::shape;
use crate::confluence::answer::{Answer, Refusal, ok};
use crate::confluence::json::JsonWriter;
use crate::confluence::paging::{Page, Position};
use crate::confluence::view::{Ask, View};
use crate::gateway::Charge;
use crate::world::{ContentId, FileId};

/// Most ids of one bulk look-up.
const MAXIMUM_ACCOUNTS: usize = 250;
/// Most ids of one conversion to types.
const MAXIMUM_CONTENT_IDS: usize = 100;

/// A JSON request body.
pub(in crate::confluence) fn read_json<T: serde::de::DeserializeOwned>(body: &Bytes) -> Result<T, Refusal> {
    serde_json::from_slice(body)
        .map_err(|error| Refusal::bad_request(format!("the request body is not as expected: {error}")))
}

/// `POST /users-bulk`: unknown ids are left out.
pub(super) async fn users_bulk(ask: Ask, body: Bytes) -> Answer {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Request {
        account_ids: Vec<String>,
    }
    let Request { account_ids } = read_json(&body)?;
    if account_ids.is_empty() || account_ids.len() > MAXIMUM_ACCOUNTS {
        return Err(Refusal::bad_request(format!("accountIds must hold 1 to {MAXIMUM_ACCOUNTS} ids")));
    }
    ask.read(|view| {
        let known: Vec<_> = account_ids.iter().filter_map(|id| view.state.account_by_id(id)).collect();
        let charge = Charge::identity(known.len());
        Ok(list::answer(&ask.parameters, view, &Page::whole(known), charge, |json, account| {
            shape::user(json, view, account);
        }))
    })
}

/// `POST /user/access/check-access-by-email`
pub(super) async fn check_access_by_email(ask: Ask, body: Bytes) -> Answer {
    #[derive(serde::Deserialize)]
    struct Request {
        emails: Vec<String>,
    }
    let Request { emails } = read_json(&body)?;
    if emails.is_empty() || emails.len() > MAXIMUM_CONTENT_IDS {
        return Err(Refusal::bad_request(format!("emails must hold 1 to {MAXIMUM_CONTENT_IDS} addresses")));
    }
    let (valid, invalid): (Vec<&String>, Vec<&String>) = emails.iter().partition(|email| email.contains('@'));
    ask.read(|view| {
        let has_access = |email: &str| {
            let account = view.state.directory().by_email(email);
            account.is_some_and(|account| view.state.is_present(account.index) && account.is_active())
        };
        let mut json = JsonWriter::default();
        json.object(|json| {
            json.key("emailsWithoutAccess").array(|json| {
                for email in valid.iter().filter(|email| !has_access(email)) {
                    json.string(email);
                }
            });
            json.key("invalidEmails").array(|json| invalid.iter().for_each(|email| json.string(email)));
        });
        Ok(ok(json, Charge::BASE))
    })
}

/// `POST /content/convert-ids-to-types`: what is absent or hidden has the type `null`.
pub(super) async fn convert_ids_to_types(ask: Ask, body: Bytes) -> Answer {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Request {
        content_ids: Vec<serde_json::Value>,
    }
    let Request { content_ids } = read_json(&body)?;
    if content_ids.len() > MAXIMUM_CONTENT_IDS {
        return Err(Refusal::bad_request(format!("contentIds must hold at most {MAXIMUM_CONTENT_IDS} ids")));
    }
    let mut ids: Vec<String> = Vec::with_capacity(content_ids.len());
    for id in content_ids {
        let id = match id {
            serde_json::Value::String(text) => text,
            serde_json::Value::Number(number) => number.to_string(),
            other => return Err(Refusal::wrong_type(&other.to_string(), "contentIds", "string or number")),
        };
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    ask.read(|view| {
        let mut json = JsonWriter::default();
        json.object(|json| {
            json.key("results").object(|json| {
                for id in &ids {
                    json.key(id);
                    match type_of(view, id) {
                        Some(name) => json.string(name),
                        None => json.null(),
                    }
                }
            });
        });
        Ok(ok(json, Charge::BASE))
    })
}

fn type_of(view: &View<'_>, id: &str) -> Option<&'static str> {
    if let Some(file) = FileId::parse(id) {
        return view.file(file).is_ok().then_some("attachment");
    }
    let id = ContentId::parse(id)?;
    if let Some(head) = view.head(id) {
        return Some(head.kind.as_str());
    }
    let (_, comment) = view.comment(id).ok()?;
    Some(match Place::of(&comment) {
        Place::Footer => "footer-comment",
        Place::Inline => "inline-comment",
    })
}

/// `GET /data-policies/metadata`: nothing is blocked for any app.
pub(super) async fn data_policy(_ask: Ask) -> Answer {
    let mut json = JsonWriter::default();
    json.object(|json| json.key("anyContentBlocked").boolean(false));
    Ok(ok(json, Charge::BASE))
}

/// `GET /data-policies/spaces`
pub(super) async fn data_policy_spaces(ask: Ask) -> Answer {
    let cut = Cut::read(&ask.parameters, "id", &["id", "key", "name"], 25)?;
    let ids = ask.parameters.ids("ids")?;
    let keys = ask.parameters.list("keys");
    ask.read(|view| {
        let wanted = view.spaces().filter(|space| {
            ids.as_ref().is_none_or(|ids| ids.contains(&space.id.0))
                && (keys.is_empty() || keys.contains(&space.key.as_str()))
        });
        let page = cut.apply(wanted, |space| match cut.by() {
            "key" => Position::text(&space.key, space.id.0),
            "name" => Position::text(&space.name, space.id.0),
            _ => Position::number(0, space.id.0),
        });
        let charge = Charge::core(page.items.len());
        Ok(list::answer(&ask.parameters, view, &page, charge, |json, space| {
            json.object(|json| {
                json.key("id").display(space.id);
                json.key("key").string(&space.key);
                json.key("name").string(&space.name);
                json.key("dataPolicy").object(|json| json.key("anyContentBlocked").boolean(false));
                shape::space_links(json, space, None);
            });
        }))
    })
}

/// `POST /user/access/invite-by-email`: needs an administrator; whoever is on the site already is left alone, and nobody else
/// comes, for there is nobody to read the mail.
pub(super) async fn invite_by_email(ask: Ask, body: Bytes) -> Answer {
    #[derive(serde::Deserialize)]
    struct Request {
        emails: Vec<String>,
    }
    let Request { emails } = read_json(&body)?;
    if emails.is_empty() || emails.len() > MAXIMUM_CONTENT_IDS || emails.iter().any(|it| !it.contains('@')) {
        return Err(Refusal::bad_request(format!("emails must hold 1 to {MAXIMUM_CONTENT_IDS} addresses")));
    }
    ask.read(|view| {
        if !view.reader.admin {
            return Err(Refusal::not_found());
        }
        Ok(crate::gateway::charged(http::StatusCode::OK, Charge::WRITE))
    })
}

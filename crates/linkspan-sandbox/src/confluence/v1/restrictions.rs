//! Own restrictions of content, and the check whether somebody may do something with it.

use axum::body::Bytes;
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;

use super::content::Item;
use super::shape;
use crate::confluence::answer::{Answer, Refusal, ok, written};
use crate::confluence::edit;
use crate::confluence::json::JsonWriter;
use crate::confluence::v2::read_json;
use crate::confluence::view::{Ask, View};
use crate::gateway::Charge;
use crate::world::confluence::{Restriction, Restrictions};
use crate::world::{ContentId, Viewer};

/// The two operations that can be restricted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Operation {
    Read,
    Update,
}

impl Operation {
    const ALL: [Self; 2] = [Self::Read, Self::Update];

    fn parse(key: &str) -> Result<Self, Refusal> {
        match key {
            "read" => Ok(Self::Read),
            "update" => Ok(Self::Update),
            other => Err(Refusal::bad_request(format!(
                "{other} is not an operation that can be restricted; use read or update"
            ))),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Update => "update",
        }
    }

    fn of(self, restrictions: &Restrictions) -> &Restriction {
        match self {
            Self::Read => &restrictions.read,
            Self::Update => &restrictions.update,
        }
    }

    fn of_mut(self, restrictions: &mut Restrictions) -> &mut Restriction {
        match self {
            Self::Read => &mut restrictions.read,
            Self::Update => &mut restrictions.update,
        }
    }
}

/// Restrictions of an item: comments and files have none of their own.
fn own(item: &Item) -> Restrictions {
    match item {
        Item::Content(content) => content.restrictions.clone(),
        Item::Comment(..) | Item::File(..) => Restrictions::default(),
    }
}

fn write_operation(
    json: &mut JsonWriter,
    view: &View<'_>,
    item: &Item,
    operation: Operation,
    restrictions: &Restrictions,
    window: (usize, usize),
) {
    let (start, limit) = window;
    json.object(|json| {
        json.key("operation").string(operation.name());
        json.key("restrictions")
            .object(|json| shape::restriction_lists(json, view, operation.of(restrictions), start, limit));
        json.key("_expandable")
            .object(|json| json.key("content").display(format_args!("/rest/api{}", item.path())));
        json.key("_links").object(|json| {
            let base = view.base();
            json.key("self").display(format_args!(
                "{base}/rest/api{}/restriction/byOperation/{}",
                item.path(),
                operation.name()
            ));
        });
    });
}

fn window(ask: &Ask) -> Result<(usize, usize), Refusal> {
    Ok((ask.parameters.number("start")?.unwrap_or(0), ask.parameters.limit(shape::RESTRICTION_PAGE, 200)?))
}

/// `GET content/{id}/restriction`
pub(super) fn list(ask: &Ask, id: &str) -> Answer {
    ask.read(|view| {
        let item = Item::find(view, id)?;
        Ok(ok(listing(ask, view, &item)?, Charge::BASE))
    })
}

fn listing(ask: &Ask, view: &View<'_>, item: &Item) -> Result<JsonWriter, Refusal> {
    // The window is that of the users and groups; both operations are always there.
    let window = window(ask)?;
    let restrictions = own(item);
    let mut json = JsonWriter::default();
    json.object(|json| {
        shape::page_members(json, window.0, window.1, Operation::ALL.len(), |json| {
            for operation in Operation::ALL {
                write_operation(json, view, item, operation, &restrictions, window);
            }
        });
        json.key("restrictionsHash").string(&hash(&restrictions));
        json.key("_links").object(|json| {
            json.key("base").string(view.base());
            json.key("context").string("/wiki");
            json.key("self").display(format_args!("{}/rest/api{}/restriction", view.base(), item.path()));
        });
    });
    Ok(json)
}

/// Changes whenever the restrictions do (FNV-1a over the members).
fn hash(restrictions: &Restrictions) -> String {
    let mut state = 0xcbf2_9ce4_8422_2325_u64;
    let mut add = |value: u32| {
        for byte in value.to_le_bytes() {
            state = (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    };
    for restriction in [&restrictions.read, &restrictions.update] {
        restriction.users.iter().for_each(|user| add(user.0));
        add(u32::MAX);
        restriction.groups.iter().for_each(|group| add(group.0));
        add(u32::MAX);
    }
    format!("{state:016x}")
}

/// `GET content/{id}/restriction/byOperation`: both keys are always there (`openapi/README.md`).
pub(super) fn by_operation(ask: &Ask, id: &str) -> Answer {
    ask.read(|view| {
        let item = Item::find(view, id)?;
        let restrictions = own(&item);
        let mut json = JsonWriter::default();
        json.object(|json| {
            for operation in Operation::ALL {
                json.key(operation.name());
                write_operation(json, view, &item, operation, &restrictions, (0, shape::RESTRICTION_PAGE));
            }
            json.key("_links").object(|json| {
                json.key("base").string(view.base());
                json.key("context").string("/wiki");
                json.key("self").display(format_args!(
                    "{}/rest/api{}/restriction/byOperation",
                    view.base(),
                    item.path()
                ));
            });
        });
        Ok(ok(json, Charge::BASE))
    })
}

/// `GET content/{id}/restriction/byOperation/{operationKey}`
pub(super) fn of_operation(ask: &Ask, id: &str, operation: &str) -> Answer {
    let operation = Operation::parse(operation)?;
    let window = window(ask)?;
    ask.read(|view| {
        let item = Item::find(view, id)?;
        let mut json = JsonWriter::default();
        write_operation(&mut json, view, &item, operation, &own(&item), window);
        Ok(ok(json, Charge::BASE))
    })
}

/// Who a single restriction names.
#[derive(Debug, Clone, Copy)]
pub(super) enum Named<'text> {
    /// An account id.
    User(&'text str),
    GroupId(&'text str),
    GroupName(&'text str),
}

/// Adds or removes an entry; without `present` only looks.
fn touch(
    list: &mut Restriction,
    view: &View<'_>,
    named: Named<'_>,
    present: Option<bool>,
) -> Result<bool, Refusal> {
    fn change<T: Copy + PartialEq>(entries: &mut Vec<T>, entry: T, present: Option<bool>) -> bool {
        let was = entries.contains(&entry);
        match present {
            Some(true) if !was => entries.push(entry),
            Some(false) => entries.retain(|other| *other != entry),
            _ => {}
        }
        was
    }
    let group = match named {
        Named::User(id) => {
            let account = view.state.account_by_id(id).ok_or_else(Refusal::not_found)?;
            return Ok(change(&mut list.users, account.index, present));
        }
        Named::GroupId(id) => view.state.group_by_id(id),
        Named::GroupName(name) => view.state.group_by_name(name),
    };
    Ok(change(&mut list.groups, group.ok_or_else(Refusal::not_found)?.index, present))
}

/// `GET …/byOperation/{operationKey}/user` and its group twins: 200 when the entry is there, else 404.
pub(super) fn has(ask: &Ask, id: &str, operation: &str, named: Named<'_>) -> Answer {
    let operation = Operation::parse(operation)?;
    ask.read(|view| {
        let mut restrictions = own(&Item::find(view, id)?);
        if touch(operation.of_mut(&mut restrictions), view, named, None)? {
            return Ok(ok(JsonWriter::default(), Charge::BASE));
        }
        Err(Refusal::not_found())
    })
}

/// `PUT` and `DELETE …/byOperation/{operationKey}/user` and their group twins
pub(super) fn set(ask: &Ask, id: &str, operation: &str, named: Named<'_>, present: bool) -> Answer {
    let operation = Operation::parse(operation)?;
    change(ask, id, |view, mut restrictions| {
        touch(operation.of_mut(&mut restrictions), view, named, Some(present))?;
        Ok(restrictions)
    })?;
    Ok(written(StatusCode::OK, JsonWriter::default()))
}

fn change(
    ask: &Ask,
    id: &str,
    make: impl FnOnce(&View<'_>, Restrictions) -> Result<Restrictions, Refusal>,
) -> Result<(), Refusal> {
    let id = ContentId::parse(id).ok_or_else(Refusal::not_found)?;
    edit::restrict(ask, id, make)
}

/// `[{"operation":"read","restrictions":{"user":[…],"group":[…]}}]`, bare or under `results`.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Input {
    Bare(Vec<OperationInput>),
    Enveloped { results: Vec<OperationInput> },
}

#[derive(Debug, Deserialize)]
struct OperationInput {
    operation: Operation,
    restrictions: ListsInput,
}

#[derive(Debug, Deserialize)]
struct ListsInput {
    #[serde(default)]
    user: ListInput<UserInput>,
    #[serde(default)]
    group: ListInput<GroupInput>,
}

/// A list, bare or under `results`.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum ListInput<T> {
    Bare(Vec<T>),
    Enveloped { results: Vec<T> },
}

impl<T> Default for ListInput<T> {
    fn default() -> Self {
        Self::Bare(Vec::new())
    }
}

impl<T> ListInput<T> {
    fn into_vec(self) -> Vec<T> {
        match self {
            Self::Bare(list) | Self::Enveloped { results: list } => list,
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct UserInput {
    account_id: String,
}

#[derive(Debug, Deserialize)]
struct GroupInput {
    id: Option<String>,
    name: Option<String>,
}

/// How a body of restrictions is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// `PUT`: the operations named get exactly these entries.
    Replace,
    /// `POST`: the entries are added.
    Add,
}

/// `PUT` and `POST content/{id}/restriction`
pub(super) fn write(ask: &Ask, id: &str, body: &Bytes, mode: Mode) -> Answer {
    let operations = match read_json(body)? {
        Input::Bare(list) | Input::Enveloped { results: list } => list,
    };
    change(ask, id, |view, mut restrictions| {
        for input in operations {
            let list = input.operation.of_mut(&mut restrictions);
            if mode == Mode::Replace {
                *list = Restriction::default();
            }
            for user in input.restrictions.user.into_vec() {
                touch(list, view, Named::User(&user.account_id), Some(true))?;
            }
            for group in input.restrictions.group.into_vec() {
                let named = match (&group.id, &group.name) {
                    (Some(id), _) => Named::GroupId(id),
                    (None, Some(name)) => Named::GroupName(name),
                    (None, None) => return Err(Refusal::bad_request("a group is named by id or name")),
                };
                touch(list, view, named, Some(true))?;
            }
        }
        Ok(restrictions)
    })?;
    answer_listing(ask, id)
}

/// `DELETE content/{id}/restriction`
pub(super) fn clear(ask: &Ask, id: &str) -> Answer {
    change(ask, id, |_, _| Ok(Restrictions::default()))?;
    answer_listing(ask, id)
}

fn answer_listing(ask: &Ask, id: &str) -> Answer {
    ask.read(|view| Ok(written(StatusCode::OK, listing(ask, view, &Item::find(view, id)?)?)))
}

#[derive(Debug, Deserialize)]
struct CheckInput {
    subject: SubjectInput,
    operation: String,
}

#[derive(Debug, Deserialize)]
struct SubjectInput {
    #[serde(rename = "type")]
    kind: String,
    identifier: String,
}

/// `POST content/{id}/permission/check`: for oneself, and for anybody when the caller administers Confluence.
pub(super) fn check(ask: &Ask, id: &str, body: &Bytes) -> Answer {
    let input: CheckInput = read_json(body)?;
    if input.subject.kind != "user" {
        return Err(Refusal::bad_request("the subject of a check is a user on this site"));
    }
    ask.read(|view| {
        let item = Item::find(view, id)?;
        let account = view.state.account_by_id(&input.subject.identifier).ok_or_else(Refusal::not_found)?;
        let about_oneself = view.reader.account() == Some(account.index);
        if !about_oneself && !view.account().is_some_and(|caller| view.state.is_admin(caller.index)) {
            return Err(Refusal::forbidden("only administrators may check the permissions of others"));
        }
        let reader = view.state.reader(Viewer::Account(account.index));
        let head = item.container().head;
        let has_permission = match input.operation.as_str() {
            "read" => view.state.can_see_content(&reader, &head),
            "update" => view.state.can_edit_content(&reader, &head),
            "delete" => {
                let deletes =
                    view.state.has_space_permission(&reader, head.space, "delete", head.kind.as_str());
                view.state.can_edit_content(&reader, &head) && (deletes || head.author == account.index)
            }
            other => {
                return Err(Refusal::bad_request(format!(
                    "{other} cannot be checked; use read, update or delete"
                )));
            }
        };
        Ok(check_answer(has_permission))
    })
}

fn check_answer(has_permission: bool) -> Response {
    let mut json = JsonWriter::default();
    json.object(|json| {
        json.key("hasPermission").boolean(has_permission);
        json.key("errors").array(|_| ());
    });
    ok(json, Charge::BASE)
}

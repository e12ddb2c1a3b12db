//! Users and groups.

use super::expand::Expand;
use super::shape;
use crate::confluence::answer::{Answer, Refusal, ok};
use crate::confluence::json::JsonWriter;
use crate::confluence::parameters::Parameters;
use crate::confluence::view::{Ask, View};
use crate::gateway::Charge;
use crate::world::{Account, Group};

/// Default and largest page of groups and members; more is refused (`atlassian-endpoints.md` 6.14).
const PAGE: usize = 200;
/// Most accounts of a bulk look-up.
const BULK: usize = 100;

/// `start` and `limit` of a list of groups or members.
struct Window {
    start: usize,
    limit: usize,
}

impl Window {
    fn read(parameters: &Parameters) -> Result<Self, Refusal> {
        let limit = parameters.limit(PAGE, usize::MAX)?;
        if limit > PAGE {
            return Err(Refusal::bad_request(format!("limit must not exceed {PAGE}")));
        }
        Ok(Self { start: parameters.number("start")?.unwrap_or(0), limit })
    }

    /// Writes one page of a list with the links of v1.
    fn write<T>(
        &self,
        view: &View<'_>,
        parameters: &Parameters,
        all: &[T],
        charge_each: fn(usize) -> Charge,
        mut write: impl FnMut(&mut JsonWriter, &T),
    ) -> axum::response::Response {
        let page = all.get(self.start..).unwrap_or_default();
        let page = &page[..page.len().min(self.limit)];
        let path = parameters.path.strip_prefix("/wiki").unwrap_or(&parameters.path);
        let mut json = JsonWriter::default();
        json.object(|json| {
            shape::page_members(json, self.start, self.limit, page.len(), |json| {
                for item in page {
                    write(json, item);
                }
            });
            if parameters.flag("shouldReturnTotalSize") {
                json.key("totalSize").size(all.len());
            }
            json.key("_links").object(|json| {
                json.key("base").string(view.base());
                json.key("context").string("/wiki");
                json.key("self").display(format_args!("{}{path}", view.base()));
                if self.start + page.len() < all.len() {
                    let start = (self.start + page.len()).to_string();
                    json.key("next")
                        .display(format_args!("{path}?{}", parameters.with(&[("start", &start)])));
                }
            });
        });
        ok(json, charge_each(page.len()))
    }
}

/// `GET /rest/api/group`
pub(super) fn groups(ask: &Ask) -> Answer {
    list_groups(ask, |_| true)
}

/// `GET /rest/api/group/picker`
pub(super) fn pick_groups(ask: &Ask) -> Answer {
    let query = ask.parameters.text("query").unwrap_or_default().to_lowercase();
    list_groups(ask, |group| group.name.to_lowercase().contains(&query))
}

fn list_groups(ask: &Ask, among: impl Fn(&Group) -> bool) -> Answer {
    let window = Window::read(&ask.parameters)?;
    ask.read(|view| {
        let mut groups: Vec<&Group> = view.state.groups().filter(|group| among(group)).collect();
        groups.sort_unstable_by(|left, right| left.name.cmp(&right.name));
        Ok(window.write(view, &ask.parameters, &groups, Charge::identity, |json, group| {
            shape::group(json, view, group);
        }))
    })
}

/// `GET /rest/api/group/by-id` and, for older clients, `GET /rest/api/group/by-name`
pub(super) fn group(ask: &Ask) -> Answer {
    ask.read(|view| {
        let by_id = ask.parameters.text("id").and_then(|id| view.state.group_by_id(id));
        let by_name = || ask.parameters.text("name").and_then(|name| view.state.group_by_name(name));
        let found = by_id.or_else(by_name).ok_or_else(Refusal::not_found)?;
        let mut json = JsonWriter::default();
        shape::group(&mut json, view, found);
        Ok(ok(json, Charge::identity(1)))
    })
}

/// `GET /rest/api/group/{groupId}/membersByGroupId`
pub(super) fn members_by_id(ask: &Ask, id: &str) -> Answer {
    let window = Window::read(&ask.parameters)?;
    ask.read(|view| {
        let group = view.state.group_by_id(id).ok_or_else(Refusal::not_found)?;
        Ok(members(ask, view, group, &window))
    })
}

/// `GET /rest/api/group/member` and `GET /rest/api/group/{groupName}/member`, for older clients
pub(super) fn members_by_name(ask: &Ask, name: &str) -> Answer {
    let window = Window::read(&ask.parameters)?;
    ask.read(|view| {
        let group = view.state.group_by_name(name).ok_or_else(Refusal::not_found)?;
        Ok(members(ask, view, group, &window))
    })
}

/// Members are listed active or not, as the real service lists them.
fn members(ask: &Ask, view: &View<'_>, group: &Group, window: &Window) -> axum::response::Response {
    let expand = Expand::read(&ask.parameters);
    let accounts: Vec<&Account> = group.members.iter().map(|index| view.state.account(*index)).collect();
    window.write(view, &ask.parameters, &accounts, Charge::identity, |json, account| {
        shape::user(json, view, account, &expand);
    })
}

/// `GET /rest/api/user`
pub(super) fn user(ask: &Ask) -> Answer {
    let id = ask.parameters.text("accountId").ok_or_else(|| Refusal::bad_request("accountId is required"))?;
    ask.read(|view| {
        let account = view.state.account_by_id(id).ok_or_else(Refusal::not_found)?;
        Ok(one_user(view, account, &Expand::read(&ask.parameters)))
    })
}

fn one_user(view: &View<'_>, account: &Account, expand: &Expand) -> axum::response::Response {
    let mut json = JsonWriter::default();
    shape::user(&mut json, view, account, expand);
    ok(json, Charge::identity(1))
}

/// `GET /rest/api/user/current`
pub(super) fn current(ask: &Ask) -> Answer {
    ask.read(|view| match view.account() {
        Some(account) => Ok(one_user(view, account, &Expand::read(&ask.parameters))),
        None => Ok(anonymous_user(view)),
    })
}

/// `GET /rest/api/user/anonymous`
pub(super) fn anonymous(ask: &Ask) -> Answer {
    ask.read(|view| Ok(anonymous_user(view)))
}

fn anonymous_user(view: &View<'_>) -> axum::response::Response {
    let mut json = JsonWriter::default();
    json.object(|json| {
        json.key("type").string("anonymous");
        json.key("profilePicture")
            .object(|json| shape::picture(json, "/wiki/images/icons/profilepics/anonymous.svg"));
        json.key("displayName").string("Anonymous");
        json.key("_expandable").object(|json| json.key("operations").string(""));
        json.key("_links")
            .object(|json| json.key("self").display(format_args!("{}/rest/api/user/anonymous", view.base())));
    });
    ok(json, Charge::identity(1))
}

/// `GET /rest/api/user/bulk`: unknown ids are left out.
pub(super) fn bulk(ask: &Ask) -> Answer {
    let ids = ask.parameters.list("accountId");
    if ids.is_empty() || ids.len() > BULK {
        return Err(Refusal::bad_request(format!("give 1 to {BULK} accountId parameters")));
    }
    ask.read(|view| {
        let expand = Expand::read(&ask.parameters);
        let known: Vec<&Account> = ids.iter().filter_map(|id| view.state.account_by_id(id)).collect();
        let window = Window { start: 0, limit: BULK };
        Ok(window.write(view, &ask.parameters, &known, Charge::identity, |json, account| {
            shape::user(json, view, account, &expand);
        }))
    })
}

/// `GET /rest/api/user/memberof`
pub(super) fn member_of(ask: &Ask) -> Answer {
    let window = Window::read(&ask.parameters)?;
    let id = ask.parameters.text("accountId").ok_or_else(|| Refusal::bad_request("accountId is required"))?;
    ask.read(|view| {
        let account = view.state.account_by_id(id).ok_or_else(Refusal::not_found)?;
        let groups: Vec<&Group> = view.state.groups_of(account.index).collect();
        Ok(window.write(view, &ask.parameters, &groups, Charge::identity, |json, group| {
            shape::group(json, view, group);
        }))
    })
}

/// `GET /rest/api/user/email`: the address the account shows to the caller.
pub(super) fn email(ask: &Ask) -> Answer {
    let id = ask.parameters.text("accountId").ok_or_else(|| Refusal::bad_request("accountId is required"))?;
    ask.read(|view| {
        let account = view.state.account_by_id(id).ok_or_else(Refusal::not_found)?;
        let mut json = JsonWriter::default();
        json.object(|json| {
            json.key("accountId").string(&account.account_id);
            json.key("email").string(view.email_of(account).unwrap_or_default());
        });
        Ok(ok(json, Charge::identity(1)))
    })
}

/// `GET /rest/api/user/email/bulk`: a bare array; unknown ids are left out.
pub(super) fn emails(ask: &Ask) -> Answer {
    let ids = ask.parameters.list("accountId");
    if ids.is_empty() || ids.len() > BULK {
        return Err(Refusal::bad_request(format!("give 1 to {BULK} accountId parameters")));
    }
    ask.read(|view| {
        let known: Vec<&Account> = ids.iter().filter_map(|id| view.state.account_by_id(id)).collect();
        let mut json = JsonWriter::default();
        json.array(|json| {
            for account in &known {
                json.object(|json| {
                    json.key("accountId").string(&account.account_id);
                    json.key("email").string(view.email_of(account).unwrap_or_default());
                });
            }
        });
        Ok(ok(json, Charge::identity(known.len())))
    })
}

//! Space roles: the catalogue, who holds which role in a space, and the way from permissions to roles.
//!
//! Which way a site goes is a setting of the sandbox. Before roles there are none to list; afterwards they follow from the
//! permissions of the space, so that both tell the same.

use std::collections::{BTreeMap, BTreeSet};

use axum::extract::Path;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;

use super::OneId;
use super::list::{self, Cut};
use super::spaces;
use crate::confluence::answer::{Answer, Refusal, ok, written};
use crate::confluence::json::JsonWriter;
use crate::confluence::paging::Position;
use crate::confluence::parameters::Parameters;
use crate::confluence::time::Iso;
use crate::confluence::view::{Ask, View};
use crate::control::SpaceRoleMode;
use crate::gateway::Charge;
use crate::world::Stamp;
use crate::world::confluence::{Space, SpacePrincipal};

/// A role of the catalogue: id, name, description and the permissions it grants.
struct Role {
    id: &'static str,
    name: &'static str,
    description: &'static str,
    permissions: &'static [&'static str],
}

const VIEWER: Role = Role {
    id: "7f1c1a52-52a3-4c0e-9b1e-0a5f6f3f1c01",
    name: "Viewer",
    description: "Can view the content of the space",
    permissions: &["read/space"],
};
const COLLABORATOR: Role = Role {
    id: "7f1c1a52-52a3-4c0e-9b1e-0a5f6f3f1c02",
    name: "Collaborator",
    description: "Can add and edit content",
    permissions: &[
        "read/space",
        "create/page",
        "create/blogpost",
        "create/attachment",
        "create/comment",
        "delete/page",
    ],
};
const MANAGER: Role = Role {
    id: "7f1c1a52-52a3-4c0e-9b1e-0a5f6f3f1c03",
    name: "Manager",
    description: "Can manage the content of others",
    permissions: &[
        "read/space",
        "create/page",
        "create/blogpost",
        "create/attachment",
        "create/comment",
        "delete/page",
        "delete/blogpost",
        "delete/attachment",
        "delete/comment",
        "archive/page",
        "restrict_content/space",
        "export/space",
    ],
};
const ADMIN: Role = Role {
    id: "7f1c1a52-52a3-4c0e-9b1e-0a5f6f3f1c04",
    name: "Admin",
    description: "Can administer the space",
    permissions: &[
        "read/space",
        "create/page",
        "create/blogpost",
        "create/attachment",
        "create/comment",
        "delete/page",
        "delete/blogpost",
        "delete/attachment",
        "delete/comment",
        "archive/page",
        "restrict_content/space",
        "export/space",
        "administer/space",
        "delete/space",
    ],
};
const ROLES: [Role; 4] = [ADMIN, MANAGER, COLLABORATOR, VIEWER];

impl Ask {
    fn role_mode(&self) -> SpaceRoleMode {
        let modes = &self.app.settings().space_role_modes;
        modes.get(self.site().cloud_id()).copied().unwrap_or_default()
    }
}

/// `GET /space-role-mode`
pub(super) async fn mode(ask: Ask) -> Answer {
    let mut json = JsonWriter::default();
    json.object(|json| json.key("mode").string(ask.role_mode().as_str()));
    Ok(ok(json, Charge::BASE))
}

fn write(json: &mut JsonWriter, role: &Role, base: Option<&str>) {
    json.object(|json| {
        json.key("id").string(role.id);
        json.key("type").string("SYSTEM");
        json.key("name").string(role.name);
        json.key("description").string(role.description);
        json.key("spacePermissions")
            .array(|json| role.permissions.iter().for_each(|permission| json.string(permission)));
        if let Some(base) = base {
            json.key("_links").object(|json| json.key("base").string(base));
        }
    });
}

/// `GET /space-roles`
pub(super) async fn all(ask: Ask) -> Answer {
    let parameters = &ask.parameters;
    let cut = Cut::read(parameters, "position", &[], 25)?;
    let without = ask.role_mode() == SpaceRoleMode::PreRoles
        || parameters.text("role-type").is_some_and(|kind| !kind.eq_ignore_ascii_case("system"));
    ask.read(|view| {
        let space = parameters.text("space-id").map(|id| spaces::find(view, id)).transpose()?;
        let held: Option<BTreeSet<&str>> = space.map(|space| {
            assignments(view, space).iter().filter(|it| it.named(parameters)).map(|it| it.role.id).collect()
        });
        let wanted = |role: &Role| !without && held.as_ref().is_none_or(|held| held.contains(role.id));
        let roles = ROLES.iter().zip(1_u64..).filter(|(role, _)| wanted(role));
        let page = cut.apply(roles, |(_, number)| Position::number(0, *number));
        let charge = Charge::identity(page.items.len());
        Ok(list::answer(parameters, view, &page, charge, |json, (role, _)| write(json, role, None)))
    })
}

/// `GET /space-roles/{id}`
pub(super) async fn one(ask: Ask, Path(id): OneId) -> Answer {
    let role = ROLES.iter().find(|role| role.id == id && ask.role_mode() != SpaceRoleMode::PreRoles);
    let role = role.ok_or_else(Refusal::not_found)?;
    ask.read(|view| {
        let mut json = JsonWriter::default();
        write(&mut json, role, Some(view.base()));
        Ok(ok(json, Charge::identity(1)))
    })
}

/// A principal with the role it holds in a space.
struct Assignment<'state> {
    kind: &'static str,
    id: &'state str,
    role: &'static Role,
}

impl Assignment<'_> {
    fn named(&self, parameters: &Parameters) -> bool {
        let kind =
            |wanted: &str| wanted.replace(['-', '_'], "").eq_ignore_ascii_case(&self.kind.replace('_', ""));
        parameters.text("principal-id").is_none_or(|id| id == self.id)
            && parameters.text("principal-type").is_none_or(kind)
    }
}

fn principal<'state>(view: &View<'state>, principal: SpacePrincipal) -> (&'static str, &'state str) {
    match principal {
        SpacePrincipal::User(account) => ("USER", view.account_id(account)),
        SpacePrincipal::Group(group) => ("GROUP", view.group_id(group)),
        SpacePrincipal::AllLicensedUsers => ("ACCESS_CLASS", "ALL_LICENSED_USERS"),
        SpacePrincipal::AllProductAdmins => ("ACCESS_CLASS", "ALL_PRODUCT_ADMINS"),
        SpacePrincipal::AuthenticatedUsers => ("ACCESS_CLASS", "authenticated-users"),
        SpacePrincipal::Anonymous => ("ACCESS_CLASS", "anonymous-users"),
    }
}

/// The principals of a space, each with the largest role that its permissions amount to.
fn assignments<'state>(view: &View<'state>, space: &Space) -> Vec<Assignment<'state>> {
    let mut principals: Vec<SpacePrincipal> = Vec::new();
    for row in &space.permissions {
        if !principals.contains(&row.principal) {
            principals.push(row.principal);
        }
    }
    let assigned = principals.into_iter().filter_map(|found| {
        let holds = |wanted: &str| {
            let rows = space.permissions.iter().filter(|row| row.principal == found);
            rows.into_iter().any(|row| format!("{}/{}", row.operation, row.target) == wanted)
        };
        let marks =
            [("administer/space", &ADMIN), ("export/space", &MANAGER), ("create/page", &COLLABORATOR)];
        let role = marks.into_iter().find(|(mark, _)| holds(mark)).map(|(_, role)| role);
        let role = role.or_else(|| holds("read/space").then_some(&VIEWER))?;
        let (kind, id) = principal(view, found);
        Some(Assignment { kind, id, role })
    });
    assigned.collect()
}

/// `GET /spaces/{id}/role-assignments`: two points a row, as permissions.
pub(super) async fn of_space(ask: Ask, Path(id): OneId) -> Answer {
    let parameters = &ask.parameters;
    let cut = Cut::read(parameters, "position", &[], 25)?;
    let mode = ask.role_mode();
    ask.read(|view| {
        let space = spaces::find(view, &id)?;
        let assigned = if mode == SpaceRoleMode::PreRoles { Vec::new() } else { assignments(view, space) };
        let wanted = |it: &Assignment<'_>| {
            it.named(parameters)
                && parameters.text("role-id").is_none_or(|id| id == it.role.id)
                && parameters.text("role-type").is_none_or(|kind| kind.eq_ignore_ascii_case("system"))
        };
        let rows = assigned.into_iter().zip(1_u64..).filter(|(it, _)| wanted(it));
        let page = cut.apply(rows, |(_, number)| Position::number(0, *number));
        let charge = Charge::identity(page.items.len());
        Ok(list::answer(parameters, view, &page, charge, |json, (it, _)| {
            json.object(|json| {
                json.key("principal").object(|json| {
                    json.key("principalType").string(it.kind);
                    json.key("principalId").string(it.id);
                });
                json.key("roleId").string(it.role.id);
            });
        }))
    })
}

/// A set of permissions that principals hold together somewhere.
#[derive(Default)]
struct Combination {
    spaces: BTreeSet<u64>,
    principals: BTreeSet<(&'static str, String)>,
    kinds: BTreeSet<&'static str>,
}

fn combinations(view: &View<'_>) -> BTreeMap<Vec<String>, Combination> {
    let mut found: BTreeMap<Vec<String>, Combination> = BTreeMap::new();
    for space in view.state.spaces() {
        let mut held: BTreeMap<(&'static str, &str, &'static str), BTreeSet<String>> = BTreeMap::new();
        for row in &space.permissions {
            let (kind, id) = principal(view, row.principal);
            let class = match row.principal {
                SpacePrincipal::User(_) => "USER",
                SpacePrincipal::Group(_) => "GROUP",
                SpacePrincipal::AllLicensedUsers | SpacePrincipal::AuthenticatedUsers => {
                    "ALL_LICENSED_USERS_USER_CLASS"
                }
                SpacePrincipal::AllProductAdmins => "ALL_PRODUCT_ADMINS_USER_CLASS",
                SpacePrincipal::Anonymous => "ANONYMOUS",
            };
            held.entry((kind, id, class)).or_default().insert(format!("{}/{}", row.operation, row.target));
        }
        for ((kind, id, class), permissions) in held {
            let combination = found.entry(permissions.into_iter().collect()).or_default();
            combination.spaces.insert(space.id.0);
            combination.principals.insert((kind, id.to_owned()));
            combination.kinds.insert(class);
        }
    }
    found
}

fn require_transition(ask: &Ask, view: &View<'_>) -> Result<(), Refusal> {
    if view.reader.admin && ask.role_mode() == SpaceRoleMode::RolesTransition {
        Ok(())
    } else {
        Err(Refusal::not_found())
    }
}

/// `GET /space-permissions/transition/combinations`: administrators of a site in transition only. Its cursor stands in the
/// body.
pub(super) async fn transition(ask: Ask) -> Answer {
    let limit = ask.parameters.limit(25, 250)?;
    let start: usize = match ask.parameters.text("cursor") {
        None => 0,
        Some(cursor) => URL_SAFE_NO_PAD
            .decode(cursor)
            .ok()
            .and_then(|bytes| String::from_utf8(bytes).ok()?.strip_prefix("combinations:")?.parse().ok())
            .ok_or_else(|| Refusal::wrong_type(cursor, "cursor", "a cursor of this list"))?,
    };
    ask.read(|view| {
        require_transition(&ask, view)?;
        let all = combinations(view);
        let mut json = JsonWriter::default();
        json.object(|json| {
            json.key("results").array(|json| {
                for (permissions, found) in all.iter().skip(start).take(limit) {
                    write_combination(json, permissions, found);
                }
            });
            json.key("generatedAt").display(Iso(view.now));
            let next = start.saturating_add(limit);
            if next < all.len() {
                json.key("cursor").string(&URL_SAFE_NO_PAD.encode(format!("combinations:{next}")));
            }
        });
        Ok(ok(json, Charge::BASE))
    })
}

fn write_combination(json: &mut JsonWriter, permissions: &[String], found: &Combination) {
    let id = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, permissions.join(",").as_bytes());
    json.object(|json| {
        json.key("combinationId").display(id);
        json.key("spaceCount").size(found.spaces.len());
        json.key("principalCount").size(found.principals.len());
        json.key("permissions").array(|json| {
            for permission in permissions {
                json.object(|json| {
                    json.key("id").string(permission);
                    json.key("displayName").string(&permission.replace(['/', '_'], " "));
                });
            }
        });
        json.key("principalTypes").array(|json| found.kinds.iter().for_each(|kind| json.string(kind)));
    });
}

/// `POST /space-permissions/transition/combinations`: counts them anew, as a task.
pub(super) async fn begin_transition(ask: Ask) -> Answer {
    ask.read(|view| require_transition(&ask, view))?;
    let stamp = Stamp { at: ask.now(), by: ask.actor()? };
    let id = ask.site().write().begin_long_task(stamp, "space-permission-combinations");
    let mut json = JsonWriter::default();
    json.object(|json| {
        json.key("taskId").string(&id);
        json.key("status").string("COMPLETED");
        json.key("statusUrl").display(format_args!("/wiki/api/v2/space-permissions/transition/tasks/{id}"));
    });
    let answer: Response = written(StatusCode::ACCEPTED, json);
    Ok(answer)
}

/// `GET /space-permissions/transition/tasks/{taskId}`
pub(super) async fn transition_task(ask: Ask, Path(id): OneId) -> Answer {
    ask.read(|view| {
        let found = view.state.long_tasks().any(|task| task.id == id);
        if !found || !view.reader.admin {
            return Err(Refusal::not_found());
        }
        let mut json = JsonWriter::default();
        json.object(|json| {
            json.key("taskId").string(&id);
            json.key("status").string("COMPLETED");
        });
        Ok(ok(json, Charge::BASE))
    })
}

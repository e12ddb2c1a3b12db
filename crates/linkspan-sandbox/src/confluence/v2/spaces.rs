//! Spaces, their permissions, and the catalogue of space permissions and roles.

use axum::extract::Path;

use super::content::{operations_answer, write_operation};
use super::list::{self, Cut, included};
use super::properties;
use super::shape::{self, DescriptionFormat};
use crate::confluence::answer::{Answer, Refusal, ok};
use crate::confluence::json::JsonWriter;
use crate::confluence::paging::Position;
use crate::confluence::parameters::Parameters;
use crate::confluence::view::{Ask, View, path_id};
use crate::gateway::Charge;
use crate::world::SpaceId;
use crate::world::confluence::{Holder, Space, SpacePermission};

const DESCRIPTIONS: [(&str, DescriptionFormat); 2] =
    [("plain", DescriptionFormat::Plain), ("view", DescriptionFormat::View)];

/// `GET /spaces`
pub(super) async fn spaces(ask: Ask) -> Answer {
    let parameters = &ask.parameters;
    let cut = Cut::read(parameters, "id", &["id", "key", "name"], 25)?;
    let ids = parameters.ids("ids")?;
    let keys = parameters.list("keys");
    let kind = parameters.text("type");
    let archived = parameters.choice("status", &[("current", false), ("archived", true)])?;
    let description = parameters.choice("description-format", &DESCRIPTIONS)?;
    let labels = parameters.list("labels");
    // Nothing here is anybody's favourite.
    let none = parameters.has("favorited-by");
    let holds = |space: &&Space| {
        !none
            && ids.as_ref().is_none_or(|ids| ids.contains(&space.id.0))
            && (keys.is_empty()
                || keys.iter().any(|key| space.key == *key || space.former_keys.iter().any(|old| old == key)))
            && kind.is_none_or(|kind| space.kind.as_str() == kind)
            && archived.is_none_or(|archived| space.archived == archived)
    };
    ask.read(|view| {
        let labelled = |space: &&Space| {
            let own = view.state.space_labels(space.id);
            labels.is_empty() || own.iter().any(|label| labels.contains(&&*label.name))
        };
        let page = cut.apply(view.spaces().filter(holds).filter(labelled), |space| match cut.by() {
            "key" => Position::text(&space.key, space.id.0),
            "name" => Position::text(&space.name, space.id.0),
            _ => Position::number(0, space.id.0),
        });
        let charge = Charge::core(page.items.len());
        Ok(list::answer(parameters, view, &page, charge, |json, space| {
            json.object(|json| {
                shape::space_members(json, view, space, description, parameters.flag("include-icon"));
                shape::space_links(json, space, None);
            });
        }))
    })
}

/// The visible space of a path.
pub(super) fn find<'state>(view: &View<'state>, id: &str) -> Result<&'state Space, Refusal> {
    view.space(SpaceId(path_id(id)?)).ok_or_else(Refusal::not_found)
}

/// `GET /spaces/{id}`
pub(super) async fn space(ask: Ask, Path(id): Path<String>) -> Answer {
    let description = ask.parameters.choice("description-format", &DESCRIPTIONS)?;
    ask.read(|view| {
        let space = find(view, &id)?;
        Ok(ok(write_single(view, space, description, &ask.parameters), Charge::core(1)))
    })
}

fn write_single(
    view: &View<'_>,
    space: &Space,
    description: Option<DescriptionFormat>,
    parameters: &Parameters,
) -> JsonWriter {
    let mut json = JsonWriter::default();
    let path = format!("/wiki/api/v2/spaces/{}", space.id);
    json.object(|json| {
        shape::space_members(json, view, space, description, parameters.flag("include-icon"));
        if parameters.flag("include-operations") {
            included(
                json,
                "operations",
                &format!("{path}/operations"),
                &operations_on(view, space),
                |json, operation| {
                    write_operation(json, *operation);
                },
            );
        }
        if parameters.flag("include-properties") {
            let own = view.state.properties(Holder::Space(space.id));
            included(json, "properties", &format!("{path}/properties"), &own, |json, property| {
                properties::write(json, view, true, property);
            });
        }
        if parameters.flag("include-permissions") {
            included(
                json,
                "permissions",
                &format!("{path}/permissions"),
                &space.permissions,
                |json, permission| {
                    shape::space_permission(json, view, permission);
                },
            );
        }
        if parameters.flag("include-role-assignments") {
            included(json, "roleAssignments", &format!("{path}/role-assignments"), &[] as &[()], |_, ()| ());
        }
        if parameters.flag("include-labels") {
            let labels = view.state.space_labels(space.id);
            included(json, "labels", &format!("{path}/labels"), &labels, shape::label);
        }
        shape::space_links(json, space, Some(view.base()));
    });
    json
}

/// `GET /spaces/{id}/permissions`: two points a row (`atlassian-platform.md` 5.2).
pub(super) async fn permissions(ask: Ask, Path(id): Path<String>) -> Answer {
    let cut = Cut::read(&ask.parameters, "id", &[], 25)?;
    ask.read(|view| {
        let space = find(view, &id)?;
        let page = cut.apply(space.permissions.iter(), |permission: &&SpacePermission| {
            Position::number(0, permission.id)
        });
        let charge = Charge::identity(page.items.len());
        Ok(list::answer(&ask.parameters, view, &page, charge, |json, permission| {
            shape::space_permission(json, view, permission);
        }))
    })
}

fn operations_on(view: &View<'_>, space: &Space) -> Vec<(&'static str, &'static str)> {
    let offered = [
        ("create", "page"),
        ("create", "blogpost"),
        ("create", "comment"),
        ("create", "attachment"),
        ("delete", "space"),
        ("export", "space"),
        ("administer", "space"),
    ];
    let held = |(operation, target): &(&str, &str)| {
        view.state.has_space_permission(&view.reader, space.id, operation, target)
    };
    std::iter::once(("read", "space")).chain(offered.into_iter().filter(held)).collect()
}

/// `GET /spaces/{id}/operations`
pub(super) async fn operations(ask: Ask, Path(id): Path<String>) -> Answer {
    ask.read(|view| Ok(operations_answer(&operations_on(view, find(view, &id)?))))
}

/// `GET /spaces/{id}/labels`
pub(super) async fn labels(ask: Ask, Path(id): Path<String>) -> Answer {
    let cut = Cut::read(&ask.parameters, "id", &["id", "name", "created-date"], 25)?;
    let prefixes = ask.parameters.list("prefix");
    ask.read(|view| {
        let space = find(view, &id)?;
        let labels = view.state.space_labels(space.id).into_iter();
        let labels = labels.filter(|label| prefixes.is_empty() || prefixes.contains(&label.prefix));
        let page = cut.apply(labels, |label| match cut.by() {
            "name" => Position::text(&label.name, label.id.0),
            _ => Position::number(0, label.id.0),
        });
        Ok(list::answer(&ask.parameters, view, &page, Charge::BASE, shape::label))
    })
}

/// Permissions a space can grant: id, name, and the ids each one needs.
const SPACE_PERMISSIONS: [(&str, &str, &[&str]); 16] = [
    ("read/space", "View", &[]),
    ("delete/space", "Delete own", &["read/space"]),
    ("create/page", "Add pages", &["read/space"]),
    ("archive/page", "Archive pages", &["read/space"]),
    ("delete/page", "Delete pages", &["read/space"]),
    ("create/blogpost", "Add blogs", &["read/space"]),
    ("delete/blogpost", "Delete blogs", &["read/space"]),
    ("create/attachment", "Add attachments", &["read/space"]),
    ("delete/attachment", "Delete attachments", &["read/space"]),
    ("create/comment", "Add comments", &["read/space"]),
    ("delete/comment", "Delete comments", &["read/space"]),
    ("restrict_content/space", "Add or delete restrictions", &["read/space"]),
    ("export/space", "Export space", &["read/space"]),
    ("administer/space", "Administer space", &["read/space"]),
    ("move/page", "Move pages", &["read/space"]),
    ("copy/page", "Copy pages", &["read/space"]),
];

/// `GET /space-permissions`
pub(super) async fn space_permissions(ask: Ask) -> Answer {
    let cut = Cut::read(&ask.parameters, "id", &[], 25)?;
    ask.read(|view| {
        let rows = SPACE_PERMISSIONS.iter().zip(1_u64..);
        let page = cut.apply(rows, |(_, number)| Position::number(0, *number));
        let charge = Charge::identity(page.items.len());
        Ok(list::answer(&ask.parameters, view, &page, charge, |json, ((id, name, required), _)| {
            json.object(|json| {
                json.key("id").string(id);
                json.key("displayName").string(name);
                json.key("description").display(format_args!("Lets its holders use: {name}"));
                json.key("requiredPermissionIds")
                    .array(|json| required.iter().for_each(|id| json.string(id)));
            });
        }))
    })
}

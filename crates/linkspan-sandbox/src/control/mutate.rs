//! `POST /_sandbox/mutate`: what a busy site does to whoever mirrors it.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;

use super::{off_the_runtime, parsed, refused};
use crate::gateway::AppState;
use crate::world::{MOST_MUTATIONS, MutationKind};

/// An order of random changes; everything may be left out.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MutationOrder {
    /// The same seed on the same state makes the same changes.
    #[serde(default)]
    seed: u64,
    #[serde(default = "one")]
    count: u32,
    /// Kinds or families of kinds; absent or empty: all but those of containers.
    #[serde(default)]
    kinds: Vec<String>,
    /// Absent: the first site.
    cloud_id: Option<String>,
}

fn one() -> u32 {
    1
}

/// Makes random changes and tells what was done.
pub(super) async fn mutate(State(state): State<AppState>, body: Bytes) -> Response {
    let order: MutationOrder = match parsed(&body) {
        Ok(order) => order,
        Err(response) => return response,
    };
    if order.count > MOST_MUTATIONS {
        return refused(StatusCode::BAD_REQUEST, &format!("`count` is at most {MOST_MUTATIONS}"));
    }
    let mut kinds = Vec::new();
    for name in &order.kinds {
        match kinds_named(name) {
            Some(named) => kinds.extend(named),
            None => return unknown_kind(name),
        }
    }
    off_the_runtime(move || {
        let world = state.world();
        let site = order.cloud_id.as_deref().map_or(Some(world.main_site()), |cloud_id| world.site(cloud_id));
        let Some(site) = site else { return refused(StatusCode::NOT_FOUND, "no site has this cloud id") };
        let made = world.mutate(site, order.seed, order.count, &kinds);
        Json(json!({ "count": made.len(), "mutations": made })).into_response()
    })
    .await
}

/// One kind by its name, or a family: `edits`, `comments` … (also in the singular, where no kind has that name).
fn kinds_named(name: &str) -> Option<Vec<MutationKind>> {
    if let Some(kind) = MutationKind::parse(name) {
        return Some(vec![kind]);
    }
    let family =
        FAMILIES.iter().find(|(family, _)| *family == name || family.strip_suffix('s') == Some(name))?;
    Some(family.1.to_vec())
}

fn unknown_kind(name: &str) -> Response {
    let families = FAMILIES.iter().map(|(family, _)| *family);
    let known: Vec<&str> = families.chain(MutationKind::ALL.iter().map(|kind| kind.as_str())).collect();
    refused(StatusCode::BAD_REQUEST, &format!("there is no kind `{name}`; known are {}", known.join(", ")))
}

const FAMILIES: [(&str, &[MutationKind]); 8] = {
    use MutationKind as K;
    [
        ("creates", &[K::CreateIssue, K::CreatePage, K::Worklog, K::Link, K::Attach, K::PageAttach]),
        ("edits", &[K::EditIssue, K::Transition, K::Assign, K::Label, K::EditComment, K::EditPage]),
        ("comments", &[K::Comment, K::EditComment, K::PageComment]),
        ("moves", &[K::MoveIssue, K::MovePage, K::RenameProjectKey, K::RenameSpaceKey]),
        (
            "deletes",
            &[
                K::DeleteIssue,
                K::DeleteComment,
                K::DeletePageComment,
                K::DeletePageFile,
                K::DeleteWorklog,
                K::ArchiveIssue,
                K::TrashPage,
                K::ArchivePage,
                K::DeletePage,
            ],
        ),
        ("restores", &[K::RestoreIssue, K::RestorePage]),
        ("containers", K::OF_CONTAINERS),
        (
            "permissions",
            &[
                K::SecurityLevel,
                K::RestrictPage,
                K::UnrestrictPage,
                K::GroupMembership,
                K::RoleActor,
                K::SpacePermission,
                K::DeactivateAccount,
                K::ReactivateAccount,
            ],
        ),
    ]
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_belongs_to_a_family() {
        for kind in MutationKind::ALL {
            assert!(FAMILIES.iter().any(|(_, kinds)| kinds.contains(kind)), "{}", kind.as_str());
        }
    }

    #[test]
    fn families_are_known_in_plural_and_singular_and_kinds_by_their_name() {
        assert_eq!(kinds_named("restores"), kinds_named("restore"));
        assert_eq!(kinds_named("comment"), Some(vec![MutationKind::Comment]));
        assert_eq!(kinds_named("edit_page"), Some(vec![MutationKind::EditPage]));
        assert_eq!(kinds_named("explosions"), None);
    }
}

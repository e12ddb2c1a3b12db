//! Labels: of the site, of a space's content, of a page or blog post; and what carries a label.

use std::collections::BTreeMap;

use axum::extract::Path;

use super::list::{self, Cut};
use super::{content, shape, spaces};
use crate::confluence::answer::{Answer, Refusal};
use crate::confluence::paging::Position;
use crate::confluence::parameters::Parameters;
use crate::confluence::view::{Ask, path_id};
use crate::gateway::Charge;
use crate::world::confluence::{ContentKind, ContentLabel};
use crate::world::{ContentId, SpaceId};

/// `created-date` sorts by id: labels get their ids in the order of creation.
const SORTS: [&str; 3] = ["id", "name", "created-date"];

fn cut_by_id(parameters: &Parameters) -> Result<Cut, Refusal> {
    Cut::read(parameters, "id", &SORTS, 25)
}

fn position(cut: &Cut, label: &ContentLabel) -> Position {
    match cut.by() {
        "name" => Position::text(&label.name, label.id.0),
        _ => Position::number(0, label.id.0),
    }
}

fn has_prefix(parameters: &Parameters, label: &ContentLabel) -> bool {
    let prefixes = parameters.list("prefix");
    prefixes.is_empty() || prefixes.contains(&label.prefix)
}

/// `GET /labels`
pub(super) async fn of_site(ask: Ask) -> Answer {
    let ids = ask.parameters.ids("label-id")?;
    list_labels(&ask, None, |label| ids.as_ref().is_none_or(|ids| ids.contains(&label.id.0)))
}

/// `GET /spaces/{id}/content/labels`
pub(super) async fn of_space_content(ask: Ask, Path(id): Path<String>) -> Answer {
    let space = ask.read(|view| spaces::find(view, &id).map(|space| space.id))?;
    list_labels(&ask, Some(space), |_| true)
}

fn list_labels(ask: &Ask, space: Option<SpaceId>, among: impl Fn(&ContentLabel) -> bool) -> Answer {
    let cut = cut_by_id(&ask.parameters)?;
    ask.read(|view| {
        let labels: BTreeMap<u64, ContentLabel> = ask.index.with(view, |index| {
            let visible = index.labelled().filter(|(id, _)| {
                view.listed_container(*id).is_some_and(|head| space.is_none_or(|space| head.space == space))
            });
            let labels = visible.flat_map(|(_, labels)| labels);
            labels
                .filter(|label| among(label) && has_prefix(&ask.parameters, label))
                .map(|label| (label.id.0, label.clone()))
                .collect()
        });
        let page = cut.apply(labels.into_values(), |label| position(&cut, label));
        Ok(list::answer(&ask.parameters, view, &page, Charge::BASE, shape::label))
    })
}

/// `GET /pages/{id}/labels` and its blog post twin
pub(super) fn of_content(ask: &Ask, id: &str, kind: ContentKind) -> Answer {
    let id = ContentId(path_id(id)?);
    let cut = cut_by_id(&ask.parameters)?;
    ask.read(|view| {
        let content = view.content(id, kind)?;
        let labels = content.labels.iter().filter(|label| has_prefix(&ask.parameters, label));
        let page = cut.apply(labels, |label| position(&cut, label));
        Ok(list::answer(&ask.parameters, view, &page, Charge::BASE, |json, label| shape::label(json, label)))
    })
}

/// `GET /labels/{id}/pages` and `GET /labels/{id}/blogposts`
pub(super) fn carriers(ask: &Ask, id: &str, kind: ContentKind) -> Answer {
    let label = path_id(id)?;
    let carriers = ask.read(|view| {
        ask.index.with(view, |index| {
            let carries = |labels: &[ContentLabel]| labels.iter().any(|own| own.id.0 == label);
            index.labelled().filter(|(_, labels)| carries(labels)).map(|(id, _)| id).collect()
        })
    });
    content::among(ask, kind, carriers)
}

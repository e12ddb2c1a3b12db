//! Folders and databases. No list shows them, so they are read where an article names one as its parent, before the article
//! is stored.

use linkspan_atlassian::calls::{Call, confluence};
use linkspan_atlassian::client::Params;
use linkspan_atlassian::convert::{ContentContainer, PageProblem, content_container};
use serde::Deserialize;

use super::access::{Learner, readable};
use crate::error::EngineError;

/// Folders within folders that are followed upwards.
const LEVELS: usize = 64;

/// A piece of content, and what stands above it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Placed {
    pub(super) id: String,
    #[serde(default)]
    parent_id: Option<String>,
    #[serde(default)]
    parent_type: Option<String>,
    /// What content of the first generation has instead, highest first.
    #[serde(default)]
    ancestors: Vec<Above>,
    /// Of content of the first generation.
    #[serde(default, rename = "type")]
    kind: Option<String>,
}

#[derive(Deserialize)]
struct Above {
    id: String,
    #[serde(default, rename = "type")]
    kind: Option<String>,
}

impl Placed {
    /// The id of what stands directly above.
    pub(super) fn parent(&self) -> Option<&str> {
        self.ancestors.last().map(|above| above.id.as_str()).or(self.parent_id.as_deref())
    }

    /// The folder or database above.
    fn container(&self) -> Option<(String, ContentContainer)> {
        let above = match self.ancestors.last() {
            Some(above) => (Some(&above.id), above.kind.as_deref()),
            None => (self.parent_id.as_ref(), self.parent_type.as_deref()),
        };
        match above {
            (Some(id), Some("folder")) => Some((id.clone(), ContentContainer::Folder)),
            (Some(id), Some("database")) => Some((id.clone(), ContentContainer::Database)),
            _ => None,
        }
    }
}

/// Reads the folders and databases above content, each once in a run. One that may not be read is left out: its articles
/// name it all the same.
pub(super) async fn above(learner: &mut Learner<'_>, contents: &[Placed]) -> Result<(), EngineError> {
    for content in contents {
        let mut next = content.container();
        let mut chain = Vec::new();
        while let Some((id, kind)) = next.take()
            && chain.len() < LEVELS
            && learner.meets(&id)
        {
            let params = Params::new().path("id", id.as_str());
            let Some(json) = readable(learner.run, call(kind), params).await? else { break };
            learner.context_mut().access.add_content(&json)?;
            next = placed_in(&json)?.first().and_then(Placed::container);
            chain.push((kind, json));
        }
        // From the top, so that what a container hangs in is stored before it.
        for (kind, json) in chain.into_iter().rev() {
            let converted = learner.convert(move |ctx| Ok(content_container(&json, kind, ctx)?)).await?;
            learner.run.write(converted, None).await?;
        }
    }
    Ok(())
}

fn call(kind: ContentContainer) -> &'static Call {
    match kind {
        ContentContainer::Folder => &confluence::FOLDER,
        ContentContainer::Database => &confluence::DATABASE,
    }
}

/// The content in an answer, a list or one by itself, that stands in the tree.
pub(super) fn placed_in(json: &str) -> Result<Vec<Placed>, EngineError> {
    #[derive(Deserialize)]
    struct List {
        results: Vec<Placed>,
    }
    let list = serde_json::from_str::<List>(json).map(|list| list.results);
    let found = list.or_else(|_| serde_json::from_str::<Placed>(json).map(|one| vec![one]));
    let mut found = found.map_err(|error| EngineError::Page(PageProblem::NotJson(error)))?;
    found.retain(|content| !matches!(content.kind.as_deref(), Some("comment" | "attachment")));
    Ok(found)
}

//! Spaces, and who may see them.

use std::collections::HashMap;

use futures_util::FutureExt as _;
use linkspan_atlassian::calls::confluence;
use linkspan_atlassian::client::Params;
use linkspan_atlassian::convert::{ConfluenceAccess, ConfluenceContext, space_page, space_permission_page};
use linkspan_atlassian::error::CallError;
use linkspan_model::models::Container;
use linkspan_model::record::Body;

use super::super::run::{Run, at_a_time, digest_of, text};
use super::census;
use crate::error::EngineError;

/// Spaces whose permissions are read at a time.
const PARALLEL_SPACES: usize = 4;
/// Items in a page of a second-generation list.
pub(super) const PAGE_SIZE: u32 = 250;

/// What the spaces tell the readers of content.
#[derive(Default)]
pub(super) struct Spaces {
    pub(super) access: ConfluenceAccess,
    /// Their present keys, by id.
    pub(super) keys: HashMap<String, String>,
    /// A digest of who may see which space, and of what the addresses of its content follow from.
    pub(super) digest: String,
}

pub(super) async fn spaces(run: &Run, ctx: &ConfluenceContext) -> Result<Spaces, EngineError> {
    // Without a status, upstream lists current and archived spaces alike.
    let params = Params::new().query("description-format", "plain");
    let lists = run.pages(&confluence::SPACES, params, Some(PAGE_SIZE)).all().await?;
    let (mut ids, mut keys) = (Vec::new(), HashMap::new());
    for page in &lists {
        let converted = space_page(page, ctx)?;
        for record in converted.records {
            if let (Body::Container(Container { key: Some(key), .. }), Some(id)) =
                (record.body, record.remote_id)
            {
                keys.insert(id, key);
            }
        }
        ids.extend(converted.ids);
    }
    run.expect("spaces", ids.len() as u64);
    census::settle_spaces(run, &lists).await?;

    let (mut access, mut seen) = (ctx.access.clone(), digest_of(&run.source.site_url));
    let reads = ids.into_iter().map(|id| permissions(run, id).boxed()).collect();
    for (id, pages) in at_a_time(PARALLEL_SPACES, reads).await? {
        seen += &id;
        seen += keys.get(&id).map_or("", String::as_str);
        for page in pages {
            access.add_space_permissions(&id, &page)?;
            seen += &digest_of(&page);
            run.write(space_permission_page(&page, &id, ctx)?, None).await?;
        }
        run.add("spaces", 1);
    }
    let ctx = ConfluenceContext { access, ..ctx.clone() };
    for page in &lists {
        run.write(space_page(page, &ctx)?, None).await?;
    }
    Ok(Spaces { access: ctx.access, keys, digest: digest_of(&seen) })
}

/// The grants of a space. Where they may not be read, the space stays closed to everybody (hazard P2).
async fn permissions(run: &Run, id: String) -> Result<(String, Vec<String>), EngineError> {
    let mut pages = Vec::new();
    let params = Params::new().path("id", id.as_str());
    let mut walk = run.client.pager(&confluence::SPACE_PERMISSIONS, params, Some(PAGE_SIZE));
    loop {
        match run.client.next(&confluence::SPACE_PERMISSIONS, &mut walk).await {
            Ok(Some(page)) => pages.push(text(&page.reply.body)?.to_owned()),
            Ok(None) => return Ok((id, pages)),
            Err(EngineError::Call(error @ (CallError::Forbidden { .. } | CallError::NotFound { .. }))) => {
                tracing::warn!(space = id, %error, "permissions of a space may not be read; it stays hidden");
                return Ok((id, Vec::new()));
            }
            Err(error) => return Err(error),
        }
    }
}

//! How one caller sees the site: writers of every object the Jira APIs answer with.

mod catalogue;
mod custom;
mod editmeta;
mod fields;
mod issue;
mod parts;
mod people;
mod project;
mod schema;
mod schemes;
mod selection;
mod sharing;
mod sla;

use crate::world::{Reader, SiteState};

pub(crate) use custom::find_option;
pub(crate) use editmeta::transition_id;
pub(crate) use fields::{SYSTEM_FIELDS, SystemField, system_field};
pub(crate) use issue::{Embedded, Expansions};
pub(crate) use parts::CommentExpansions;
pub(crate) use people::EscapedId;
pub(crate) use schema::{custom_key, field_type_name};
pub(crate) use schemes::HolderExpansions;
pub(crate) use selection::{Default as SelectionDefault, Selection};

use super::{session::Version, time::Times};

/// Writes objects as one caller sees them in one version of the API.
#[derive(Debug)]
pub(crate) struct View<'a> {
    pub(crate) site: &'a SiteState,
    pub(crate) reader: Reader,
    pub(crate) version: Version,
    /// `https://{name}.atlassian.net`: links in bodies point at the site host, never at the gateway.
    pub(crate) url: &'a str,
    pub(crate) times: Times,
    /// The sandbox clock.
    pub(crate) now: crate::world::Millis,
    /// The time at which running clocks of requests are read.
    pub(crate) hourly: crate::world::Millis,
}

impl View<'_> {
    /// The address of a resource of the platform API.
    pub(crate) fn link(&self, path: impl std::fmt::Display) -> String {
        format!("{}{}/{path}", self.url, self.version.prefix())
    }
}

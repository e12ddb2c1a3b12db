//! The developer console (`atlassian-platform.md` 2): who may ask for consent, for what, and where to return.

mod console;
mod html;
mod registry;
pub mod scopes;

pub use console::router as console_router;
pub(crate) use html::{Html, escape, page};
pub use registry::{App, Distribution, Registry, RegistryError};

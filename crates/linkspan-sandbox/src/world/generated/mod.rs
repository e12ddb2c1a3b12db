//! Jira and Confluence computed from a seed. Nothing is stored per issue or page.

pub(in crate::world) mod blocks;
pub(in crate::world) mod content;
pub(in crate::world) mod content_body;
pub(in crate::world) mod custom_values;
pub(in crate::world) mod issue_body;
pub(in crate::world) mod issues;
pub(in crate::world) mod words;

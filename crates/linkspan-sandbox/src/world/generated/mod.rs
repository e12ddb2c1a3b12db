//! Jira and Confluence computed from a seed. Nothing is stored per issue or page.

pub(in crate::world) mod blocks;
mod confluence_blocks;
pub(in crate::world) mod content;
pub(in crate::world) mod content_body;
pub(in crate::world) mod custom_values;
pub(in crate::world) mod issue_body;
mod issue_counts;
pub(in crate::world) mod issues;
mod project_plan;
pub(in crate::world) mod words;

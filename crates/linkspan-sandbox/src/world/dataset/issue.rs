//! The records of `jira-issues`.

use serde::Deserialize;

#[derive(Deserialize)]
pub(super) struct RawProject {
    pub(super) key: String,
    #[serde(default)]
    pub(super) components: Vec<String>,
    #[serde(default)]
    pub(super) versions: Vec<String>,
}

#[derive(Deserialize)]
pub(super) struct RawIssue {
    pub(super) key: String,
    pub(super) id: String,
    pub(super) project: String,
    pub(super) summary: String,
    pub(super) description: Option<String>,
    pub(super) environment: Option<String>,
    pub(super) status: String,
    pub(super) status_category: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) subtask: bool,
    pub(super) priority: Option<String>,
    pub(super) resolution: Option<String>,
    pub(super) resolved: Option<String>,
    pub(super) reporter: Option<String>,
    pub(super) creator: Option<String>,
    pub(super) assignee: Option<String>,
    pub(super) created: String,
    pub(super) updated: String,
    #[serde(default)]
    pub(super) labels: Vec<String>,
    #[serde(default)]
    pub(super) components: Vec<String>,
    #[serde(default)]
    pub(super) versions: Vec<String>,
    #[serde(default)]
    pub(super) fix_versions: Vec<RawVersion>,
    #[serde(default)]
    pub(super) sprints: Vec<RawSprint>,
    pub(super) epic: Option<String>,
    pub(super) parent: Option<String>,
    #[serde(default)]
    pub(super) links: Vec<RawLink>,
    #[serde(default)]
    pub(super) attachments: Vec<RawAttachment>,
    #[serde(default)]
    pub(super) comments: Vec<RawComment>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RawVersion {
    pub(super) name: String,
    #[serde(default)]
    pub(super) released: bool,
    #[serde(default)]
    pub(super) archived: bool,
    pub(super) release_date: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RawSprint {
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) state: String,
    pub(super) start_date: Option<String>,
    pub(super) end_date: Option<String>,
    pub(super) complete_date: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct RawLink {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) direction: String,
    pub(super) label: String,
    pub(super) key: String,
}

#[derive(Deserialize)]
pub(super) struct RawAttachment {
    pub(super) id: String,
    pub(super) filename: String,
    pub(super) size: u64,
    pub(super) mime_type: Option<String>,
    pub(super) author: Option<String>,
    pub(super) created: String,
}

#[derive(Deserialize)]
pub(super) struct RawComment {
    pub(super) id: String,
    pub(super) author: Option<String>,
    pub(super) body: String,
    pub(super) created: String,
    pub(super) updated: String,
}

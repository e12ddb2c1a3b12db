//! Texts of stored records, made anew from upstream JSON: with the names that accounts bear now, and without those that
//! were taken out.

use std::collections::HashMap;

use linkspan_atlassian::convert::{
    ConfluenceContext, Converted, JiraContext, PageProblem, ParentIssue, Placement, article_comment_page,
    blogpost_page, comment_page, issue, page_page, space_page, worklog_page,
};
use linkspan_model::record::{Access, Body, NewRecord};
use linkspan_store::{Source, StoredRaw};

/// What a raw row becomes, as far as texts go: records of the raw's own kind, whose other members may lack what only a
/// reading of the source knows. Kinds without texts become nothing.
pub(super) fn texts_of(
    source: &Source,
    raw: &StoredRaw,
    json: &str,
    names: &HashMap<String, String>,
) -> Result<Vec<NewRecord>, PageProblem> {
    let jira =
        || JiraContext { names: names.clone(), ..JiraContext::new(source.id, source.site_url.clone()) };
    let confluence = || ConfluenceContext {
        names: names.clone(),
        ..ConfluenceContext::new(source.id, source.site_url.clone())
    };
    // The parent is of no account: only texts are taken from what comes out.
    let parent =
        || ParentIssue { issue_id: String::new(), project_id: String::new(), access: Access::Unknown };
    let listed = |list: &str| format!("{{\"{list}\":[{json}]}}");
    let Converted { records, .. } = match raw.kind.as_str() {
        "jira.issue" => issue(json, &jira())?,
        "jira.comment" => comment_page(&listed("comments"), &parent(), &jira())?,
        "jira.worklog" => worklog_page(&listed("worklogs"), &parent(), &jira())?,
        "confluence.page" => page_page(json, &confluence())?,
        "confluence.blogpost" => blogpost_page(json, &confluence())?,
        "confluence.comment" => {
            article_comment_page(&listed("results"), Placement::Footer, None, &confluence())?
        }
        "confluence.space" => space_page(json, &confluence())?,
        _ => Converted::default(),
    };
    // What is embedded has raw rows of its own.
    Ok(records.into_iter().filter(|record| Some(record.id) == raw.record).collect())
}

/// A stored instance with the texts of another reading of it.
pub(super) fn with_texts(stored: Body, read: Body) -> Body {
    match (stored, read) {
        (Body::Ticket(mut stored), Body::Ticket(read)) => {
            stored.description = read.description;
            stored.environment = read.environment;
            stored.remote_fields = read.remote_fields;
            Body::Ticket(stored)
        }
        (Body::Comment(mut stored), Body::Comment(read)) => {
            stored.body = read.body;
            Body::Comment(stored)
        }
        (Body::Worklog(mut stored), Body::Worklog(read)) => {
            stored.comment = read.comment;
            Body::Worklog(stored)
        }
        (Body::Article(mut stored), Body::Article(read)) => {
            stored.description = read.description;
            stored.checksum = read.checksum;
            stored.body = read.body;
            Body::Article(stored)
        }
        // A personal space bears its owner's name.
        (Body::Container(mut stored), Body::Container(read)) => {
            stored.name = read.name;
            Body::Container(stored)
        }
        (stored, _) => stored,
    }
}

//! Content that no list of pages shows, and what hangs on content.

use crate::calls::{Call, Feature, all_of};

/// Reads what is told of a whiteboard; its drawing is not exposed.
pub static WHITEBOARD: Call =
    Call::get(Feature::Tree, "confluence.whiteboard.get", "/wiki/api/v2/whiteboards/{id}")
        .scopes(&[], all_of!["read:whiteboard:confluence"])
        .core();

/// Reads a smart link in the tree of content.
pub static EMBED: Call = Call::get(Feature::Tree, "confluence.embed.get", "/wiki/api/v2/embeds/{id}")
    .scopes(&[], all_of!["read:embed:confluence"])
    .core();

/// Lists the properties of a page.
pub static PAGE_PROPERTIES: Call =
    Call::get(Feature::Properties, "confluence.page.properties", "/wiki/api/v2/pages/{page-id}/properties")
        .scopes(&[], all_of!["read:page:confluence"])
        .cursor(25);

/// Lists the properties of a blog post.
pub static BLOGPOST_PROPERTIES: Call = Call::get(
    Feature::Properties,
    "confluence.blogpost.properties",
    "/wiki/api/v2/blogposts/{blogpost-id}/properties",
)
.scopes(&[], all_of!["read:page:confluence"])
.cursor(25);

/// Lists the properties of an attached file.
pub static ATTACHMENT_PROPERTIES: Call = Call::get(
    Feature::Attachments,
    "confluence.attachment.properties",
    "/wiki/api/v2/attachments/{attachment-id}/properties",
)
.scopes(&[], all_of!["read:attachment:confluence"])
.cursor(25);

/// Lists the versions of an attached file.
pub static ATTACHMENT_VERSIONS: Call = Call::get(
    Feature::Attachments,
    "confluence.attachment.versions",
    "/wiki/api/v2/attachments/{id}/versions",
)
.scopes(&[], all_of!["read:attachment:confluence"])
.cursor(25);

/// Lists the properties of a comment.
pub static COMMENT_PROPERTIES: Call = Call::get(
    Feature::Properties,
    "confluence.comment.properties",
    "/wiki/api/v2/comments/{comment-id}/properties",
)
.scopes(&[], all_of!["read:comment:confluence"])
.cursor(25);

/// Lists custom content of a type that apps define.
pub static CUSTOM_CONTENT: Call =
    Call::get(Feature::CustomContent, "confluence.custom-content", "/wiki/api/v2/custom-content")
        .scopes(&[], all_of!["read:custom-content:confluence"])
        .core()
        .cursor(25);

/// Lists the properties of custom content.
pub static CUSTOM_CONTENT_PROPERTIES: Call = Call::get(
    Feature::CustomContent,
    "confluence.custom-content.properties",
    "/wiki/api/v2/custom-content/{custom-content-id}/properties",
)
.scopes(&[], all_of!["read:custom-content:confluence"])
.cursor(25);

/// Lists the tasks in pages and blog posts.
pub static TASKS: Call = Call::get(Feature::Tasks, "confluence.tasks", "/wiki/api/v2/tasks")
    .scopes(&[], all_of!["read:task:confluence"])
    .cursor(25);

/// Reads how often content was looked at.
pub static CONTENT_VIEWS: Call = Call::get(
    Feature::Analytics,
    "confluence.content.views",
    "/wiki/rest/api/analytics/content/{contentId}/views",
)
.scopes(all_of!["read:confluence-content.summary"], all_of!["read:analytics.content:confluence"]);

/// Every operation of this file.
pub(super) static ALL: &[&Call] = &[
    &WHITEBOARD,
    &EMBED,
    &PAGE_PROPERTIES,
    &BLOGPOST_PROPERTIES,
    &ATTACHMENT_PROPERTIES,
    &ATTACHMENT_VERSIONS,
    &COMMENT_PROPERTIES,
    &CUSTOM_CONTENT,
    &CUSTOM_CONTENT_PROPERTIES,
    &TASKS,
    &CONTENT_VIEWS,
];

//! Confluence's operations. Version 2 knows granular scopes alone.

mod content;
mod site;

pub use self::content::*;
pub use self::site::*;
use super::{Call, Feature, Method, all_of};

// Spaces and content.

/// Lists spaces.
pub static SPACES: Call = Call::get(Feature::Articles, "confluence.spaces", "/wiki/api/v2/spaces")
    .scopes(&[], all_of!["read:space:confluence"])
    .core()
    .cursor(25);

/// Lists pages of the site.
pub static PAGES: Call = Call::get(Feature::Articles, "confluence.pages", "/wiki/api/v2/pages")
    .scopes(&[], all_of!["read:page:confluence"])
    .core()
    .cursor(25);

/// Reads one page.
pub static PAGE: Call = Call::get(Feature::Articles, "confluence.page.get", "/wiki/api/v2/pages/{id}")
    .scopes(&[], all_of!["read:page:confluence"])
    .core();

/// Lists pages of a space.
pub static SPACE_PAGES: Call =
    Call::get(Feature::Articles, "confluence.space.pages", "/wiki/api/v2/spaces/{id}/pages")
        .scopes(&[], all_of!["read:page:confluence"])
        .core()
        .cursor(25);

/// Lists what lies directly below a page.
pub static PAGE_CHILDREN: Call =
    Call::get(Feature::Articles, "confluence.page.children", "/wiki/api/v2/pages/{id}/direct-children")
        .scopes(&[], all_of!["read:hierarchical-content:confluence"])
        .core()
        .cursor(25);

/// Lists blog posts of the site.
pub static BLOGPOSTS: Call = Call::get(Feature::Articles, "confluence.blogposts", "/wiki/api/v2/blogposts")
    .scopes(&[], all_of!["read:page:confluence"])
    .core()
    .cursor(25);

/// Reads one blog post.
pub static BLOGPOST: Call =
    Call::get(Feature::Articles, "confluence.blogpost.get", "/wiki/api/v2/blogposts/{id}")
        .scopes(&[], all_of!["read:page:confluence"])
        .core();

/// Lists blog posts of a space.
pub static SPACE_BLOGPOSTS: Call =
    Call::get(Feature::Articles, "confluence.space.blogposts", "/wiki/api/v2/spaces/{id}/blogposts")
        .scopes(&[], all_of!["read:page:confluence"])
        .core()
        .cursor(25);

/// Lists the versions of a page; 50 a page when bodies are asked.
pub static PAGE_VERSIONS: Call =
    Call::get(Feature::Articles, "confluence.page.versions", "/wiki/api/v2/pages/{id}/versions")
        .scopes(&[], all_of!["read:page:confluence"])
        .cursor(25);

/// Lists the versions of a blog post; 50 a page when bodies are asked.
pub static BLOGPOST_VERSIONS: Call =
    Call::get(Feature::Articles, "confluence.blogpost.versions", "/wiki/api/v2/blogposts/{id}/versions")
        .scopes(&[], all_of!["read:page:confluence"])
        .cursor(25);

/// Reads a folder. No list shows folders: they are met as parents.
pub static FOLDER: Call = Call::get(Feature::Articles, "confluence.folder.get", "/wiki/api/v2/folders/{id}")
    .scopes(&[], all_of!["read:folder:confluence"])
    .core();

/// Reads what is told of a database; its rows are not exposed. No list shows databases: they are met as parents.
pub static DATABASE: Call =
    Call::get(Feature::Articles, "confluence.database.get", "/wiki/api/v2/databases/{id}")
        .scopes(&[], all_of!["read:database:confluence"])
        .core();

/// Lists the labels of the site.
pub static LABELS: Call = Call::get(Feature::Articles, "confluence.labels", "/wiki/api/v2/labels")
    .scopes(&[], all_of!["read:label:confluence"])
    .cursor(25);

/// Lists the labels of a page.
pub static PAGE_LABELS: Call =
    Call::get(Feature::Articles, "confluence.page.labels", "/wiki/api/v2/pages/{id}/labels")
        .scopes(&[], all_of!["read:page:confluence"])
        .cursor(25);

/// Lists the labels of a blog post.
pub static BLOGPOST_LABELS: Call =
    Call::get(Feature::Articles, "confluence.blogpost.labels", "/wiki/api/v2/blogposts/{id}/labels")
        .scopes(&[], all_of!["read:page:confluence"])
        .cursor(25);

/// Lists the labels in use on the content of a space.
pub static SPACE_CONTENT_LABELS: Call = Call::get(
    Feature::Articles,
    "confluence.space.content-labels",
    "/wiki/api/v2/spaces/{id}/content/labels",
)
.scopes(&[], all_of!["read:space:confluence"])
.cursor(25);

/// Searches with CQL.
pub static SEARCH_CQL: Call = Call::get(Feature::Articles, "confluence.search.cql", "/wiki/rest/api/search")
    .scopes(all_of!["search:confluence"], all_of!["read:content-details:confluence"])
    .core()
    .next_link(25);

/// Searches content with CQL. `expand` is undeclared but honoured, so one sweep brings ancestors, restrictions and labels
/// for the price of a list (`atlassian-endpoints.md` 6.1).
pub static CONTENT_SEARCH: Call =
    Call::get(Feature::Articles, "confluence.content.search", "/wiki/rest/api/content/search")
        .scopes(all_of!["search:confluence"], all_of!["read:content-details:confluence"])
        .core()
        .next_link(25);

// Comments.

/// Lists footer comments of the site.
pub static FOOTER_COMMENTS: Call =
    Call::get(Feature::Comments, "confluence.footer-comments", "/wiki/api/v2/footer-comments")
        .scopes(&[], all_of!["read:comment:confluence"])
        .cursor(25);

/// Reads a footer comment.
pub static FOOTER_COMMENT: Call = Call::get(
    Feature::Comments,
    "confluence.footer-comment.get",
    "/wiki/api/v2/footer-comments/{comment-id}",
)
.scopes(&[], all_of!["read:comment:confluence"]);

/// Lists inline comments of the site.
pub static INLINE_COMMENTS: Call =
    Call::get(Feature::Comments, "confluence.inline-comments", "/wiki/api/v2/inline-comments")
        .scopes(&[], all_of!["read:comment:confluence"])
        .cursor(25);

/// Reads an inline comment.
pub static INLINE_COMMENT: Call = Call::get(
    Feature::Comments,
    "confluence.inline-comment.get",
    "/wiki/api/v2/inline-comments/{comment-id}",
)
.scopes(&[], all_of!["read:comment:confluence"]);

/// Lists the top footer comments of a page.
pub static PAGE_FOOTER_COMMENTS: Call = Call::get(
    Feature::Comments,
    "confluence.page.footer-comments",
    "/wiki/api/v2/pages/{id}/footer-comments",
)
.scopes(&[], all_of!["read:comment:confluence"])
.cursor(25);

/// Lists the top inline comments of a page.
pub static PAGE_INLINE_COMMENTS: Call = Call::get(
    Feature::Comments,
    "confluence.page.inline-comments",
    "/wiki/api/v2/pages/{id}/inline-comments",
)
.scopes(&[], all_of!["read:comment:confluence"])
.cursor(25);

/// Lists the top footer comments of a blog post.
pub static BLOGPOST_FOOTER_COMMENTS: Call = Call::get(
    Feature::Comments,
    "confluence.blogpost.footer-comments",
    "/wiki/api/v2/blogposts/{id}/footer-comments",
)
.scopes(&[], all_of!["read:comment:confluence"])
.cursor(25);

/// Lists the top inline comments of a blog post.
pub static BLOGPOST_INLINE_COMMENTS: Call = Call::get(
    Feature::Comments,
    "confluence.blogpost.inline-comments",
    "/wiki/api/v2/blogposts/{id}/inline-comments",
)
.scopes(&[], all_of!["read:comment:confluence"])
.cursor(25);

/// Lists the replies to a footer comment.
pub static FOOTER_COMMENT_CHILDREN: Call = Call::get(
    Feature::Comments,
    "confluence.footer-comment.children",
    "/wiki/api/v2/footer-comments/{id}/children",
)
.scopes(&[], all_of!["read:comment:confluence"])
.cursor(25);

/// Lists the replies to an inline comment.
pub static INLINE_COMMENT_CHILDREN: Call = Call::get(
    Feature::Comments,
    "confluence.inline-comment.children",
    "/wiki/api/v2/inline-comments/{id}/children",
)
.scopes(&[], all_of!["read:comment:confluence"])
.cursor(25);

// Attachments.

/// Lists attached files of the site.
pub static ATTACHMENTS: Call =
    Call::get(Feature::Attachments, "confluence.attachments", "/wiki/api/v2/attachments")
        .scopes(&[], all_of!["read:attachment:confluence"])
        .core()
        .cursor(50);

/// Reads what is known of an attached file.
pub static ATTACHMENT: Call =
    Call::get(Feature::Attachments, "confluence.attachment.get", "/wiki/api/v2/attachments/{id}")
        .scopes(&[], all_of!["read:attachment:confluence"])
        .core();

/// Lists the files attached to a page.
pub static PAGE_ATTACHMENTS: Call =
    Call::get(Feature::Attachments, "confluence.page.attachments", "/wiki/api/v2/pages/{id}/attachments")
        .scopes(&[], all_of!["read:attachment:confluence"])
        .core()
        .cursor(50);

/// Lists the files attached to a blog post.
pub static BLOGPOST_ATTACHMENTS: Call = Call::get(
    Feature::Attachments,
    "confluence.blogpost.attachments",
    "/wiki/api/v2/blogposts/{id}/attachments",
)
.scopes(&[], all_of!["read:attachment:confluence"])
.core()
.cursor(50);

/// Reads an attached file.
pub static ATTACHMENT_CONTENT: Call = Call::get(
    Feature::Attachments,
    "confluence.attachment.content",
    "/wiki/rest/api/content/{id}/child/attachment/{attachmentId}/download",
)
.scopes(all_of!["readonly:content.attachment:confluence"], all_of!["read:attachment:confluence"])
.file()
.core();

// Who may see what.

/// Lists who holds which permission on a space.
pub static SPACE_PERMISSIONS: Call =
    Call::get(Feature::Permissions, "confluence.space.permissions", "/wiki/api/v2/spaces/{id}/permissions")
        .scopes(&[], all_of!["read:space:confluence"])
        .identity()
        .cursor(25);

/// Lists a page's own restrictions, all operations.
pub static CONTENT_RESTRICTIONS: Call = Call::get(
    Feature::Restrictions,
    "confluence.content.restrictions",
    "/wiki/rest/api/content/{id}/restriction",
)
.scopes(all_of!["read:confluence-content.all"], all_of!["read:content-details:confluence"])
.identity()
.restriction_subjects()
.start(100, None);

/// Reads a page's own restrictions by operation, the first users and groups of each.
pub static CONTENT_RESTRICTIONS_BY_OPERATION: Call = Call::get(
    Feature::Restrictions,
    "confluence.content.restrictions.by-operation",
    "/wiki/rest/api/content/{id}/restriction/byOperation",
)
.scopes(all_of!["read:confluence-content.all"], all_of!["read:content-details:confluence"])
.identity();

/// Lists a page's own restrictions of one operation.
pub static CONTENT_RESTRICTION_OF_OPERATION: Call = Call::get(
    Feature::Restrictions,
    "confluence.content.restriction",
    "/wiki/rest/api/content/{id}/restriction/byOperation/{operationKey}",
)
.scopes(all_of!["read:confluence-content.all"], all_of!["read:content-details:confluence"])
.identity()
.restriction_subjects()
.start(100, None);

// People.

/// Lists groups.
pub static GROUPS: Call = Call::get(Feature::Groups, "confluence.group.list", "/wiki/rest/api/group")
    .scopes(all_of!["read:confluence-groups"], all_of!["read:group:confluence"])
    .identity()
    .list("results")
    .start(200, Some(200));

/// Lists the members of a group.
pub static GROUP_MEMBERS: Call =
    Call::get(Feature::Groups, "confluence.group.members", "/wiki/rest/api/group/{groupId}/membersByGroupId")
        .scopes(all_of!["read:confluence-groups"], all_of!["read:group:confluence", "read:user:confluence"])
        .identity()
        .list("results")
        .start(200, Some(200));

/// Reads the account behind the token.
pub static CURRENT_USER: Call =
    Call::get(Feature::People, "confluence.user.current", "/wiki/rest/api/user/current")
        .scopes(all_of!["read:confluence-user"], all_of!["read:content-details:confluence"])
        .identity();

/// Reads 100 users at most by account id (`accountId`, comma-joined).
pub static USER_BULK: Call = Call::get(Feature::People, "confluence.user.bulk", "/wiki/rest/api/user/bulk")
    .scopes(all_of!["read:confluence-user"], all_of!["read:content-details:confluence"])
    .identity()
    .list("results");

// Writes.

/// Creates a page.
pub static PAGE_CREATE: Call =
    Call::new(Feature::WriteArticles, "confluence.page.create", Method::Post, "/wiki/api/v2/pages")
        .scopes(&[], all_of!["write:page:confluence"]);

/// Replaces a page; the version sent must be the next one.
pub static PAGE_EDIT: Call =
    Call::new(Feature::WriteArticles, "confluence.page.edit", Method::Put, "/wiki/api/v2/pages/{id}")
        .scopes(&[], all_of!["write:page:confluence"]);

/// Adds a footer comment or a reply.
pub static FOOTER_COMMENT_ADD: Call = Call::new(
    Feature::WriteComments,
    "confluence.footer-comment.add",
    Method::Post,
    "/wiki/api/v2/footer-comments",
)
.scopes(&[], all_of!["write:comment:confluence"]);

/// Every Confluence operation of the table.
pub(super) fn all() -> impl Iterator<Item = &'static Call> {
    [ALL, content::ALL, site::ALL].into_iter().flatten().copied()
}

/// Every operation of this file.
static ALL: &[&Call] = &[
    &SPACES,
    &PAGES,
    &PAGE,
    &SPACE_PAGES,
    &PAGE_CHILDREN,
    &BLOGPOSTS,
    &BLOGPOST,
    &SPACE_BLOGPOSTS,
    &PAGE_VERSIONS,
    &BLOGPOST_VERSIONS,
    &FOLDER,
    &DATABASE,
    &LABELS,
    &PAGE_LABELS,
    &BLOGPOST_LABELS,
    &SPACE_CONTENT_LABELS,
    &SEARCH_CQL,
    &CONTENT_SEARCH,
    &FOOTER_COMMENTS,
    &FOOTER_COMMENT,
    &INLINE_COMMENTS,
    &INLINE_COMMENT,
    &PAGE_FOOTER_COMMENTS,
    &PAGE_INLINE_COMMENTS,
    &BLOGPOST_FOOTER_COMMENTS,
    &BLOGPOST_INLINE_COMMENTS,
    &FOOTER_COMMENT_CHILDREN,
    &INLINE_COMMENT_CHILDREN,
    &ATTACHMENTS,
    &ATTACHMENT,
    &PAGE_ATTACHMENTS,
    &BLOGPOST_ATTACHMENTS,
    &ATTACHMENT_CONTENT,
    &SPACE_PERMISSIONS,
    &CONTENT_RESTRICTIONS,
    &CONTENT_RESTRICTIONS_BY_OPERATION,
    &CONTENT_RESTRICTION_OF_OPERATION,
    &GROUPS,
    &GROUP_MEMBERS,
    &CURRENT_USER,
    &USER_BULK,
    &PAGE_CREATE,
    &PAGE_EDIT,
    &FOOTER_COMMENT_ADD,
];

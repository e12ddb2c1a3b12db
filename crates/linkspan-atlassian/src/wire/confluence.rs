//! Confluence, second generation and, for access, first generation (`atlassian-endpoints.md` 6).

use serde_json::value::RawValue;

use super::jira::List;
use super::{Flag, Id, Member, Moment, Number, Text, shapes};

shapes! {
    /// A page, blog post, folder or database.
    Content {
        "id" id: Member<Id<'a>>,
        "status" status: Member<Text<'a>>,
        "title" title: Member<Text<'a>>,
        "spaceId" space_id: Member<Id<'a>>,
        "parentId" parent_id: Member<Id<'a>>,
        "parentType" parent_type: Member<Text<'a>>,
        "authorId" author_id: Member<Id<'a>>,
        "createdAt" created_at: Member<Moment>,
        "version" version: Member<Version<'a>>,
        "body" body: Member<Body<'a>>,
        "_links" links: Member<Links<'a>>,
    }
    /// Where content stands in the tree; bodies are passed over.
    Place {
        "id" id: Member<Id<'a>>,
        "status" status: Member<Text<'a>>,
        "spaceId" space_id: Member<Id<'a>>,
        "parentId" parent_id: Member<Id<'a>>,
        "authorId" author_id: Member<Id<'a>>,
    }
    /// A version of content.
    Version {
        "number" number: Member<Number>,
        "createdAt" created_at: Member<Moment>,
        "authorId" author_id: Member<Id<'a>>,
    }
    /// The text in the languages that were asked for.
    Body {
        "storage" storage: Member<Representation<'a>>,
        "atlas_doc_format" atlas_doc_format: Member<Representation<'a>>,
    }
    /// The text in one language. An ADF document is a string of JSON here.
    Representation {
        "value" value: Member<Text<'a>>,
    }
    /// Addresses below the site.
    Links {
        "webui" webui: Member<Text<'a>>,
    }
    /// A footer or inline comment. Author and time of creation are told by the first generation alone.
    Comment {
        "id" id: Member<Id<'a>>,
        "pageId" page_id: Member<Id<'a>>,
        "blogPostId" blog_post_id: Member<Id<'a>>,
        "attachmentId" attachment_id: Member<Id<'a>>,
        "customContentId" custom_content_id: Member<Id<'a>>,
        "parentCommentId" parent_comment_id: Member<Id<'a>>,
        "authorId" author_id: Member<Id<'a>>,
        "createdAt" created_at: Member<Moment>,
        "version" version: Member<Version<'a>>,
        "body" body: Member<Body<'a>>,
    }
    /// An attached file.
    Attachment {
        "id" id: Member<Id<'a>>,
        "status" status: Member<Text<'a>>,
        "title" title: Member<Text<'a>>,
        "pageId" page_id: Member<Id<'a>>,
        "blogPostId" blog_post_id: Member<Id<'a>>,
        "customContentId" custom_content_id: Member<Id<'a>>,
        "mediaType" media_type: Member<Text<'a>>,
        "fileSize" file_size: Member<Number>,
        "comment" comment: Member<Text<'a>>,
        "createdAt" created_at: Member<Moment>,
        "version" version: Member<Version<'a>>,
    }
    /// A space.
    Space {
        "id" id: Member<Id<'a>>,
        "key" key: Member<Text<'a>>,
        "name" name: Member<Text<'a>>,
        "status" status: Member<Text<'a>>,
        "description" description: Member<Description<'a>>,
        "createdAt" created_at: Member<Moment>,
        "_links" links: Member<Links<'a>>,
    }
    /// A space's description.
    Description {
        "plain" plain: Member<Representation<'a>>,
    }
    /// What hangs on content of the first generation.
    Metadata {
        "labels" labels: Member<Labels<'a>>,
    }
    /// Labels of content of the first generation.
    Labels {
        "results" results: Member<List<'a>>,
        "size" size: Member<Number>,
        "limit" limit: Member<Number>,
    }
    /// A label.
    Label {
        "id" id: Member<Id<'a>>,
        "name" name: Member<Text<'a>>,
    }
    /// A grant on a space. Subjects, and whom else it reaches, are the first generation's form.
    SpacePermission {
        "id" id: Member<Id<'a>>,
        "principal" principal: Member<Principal<'a>>,
        "operation" operation: Member<Operation<'a>>,
        "subjects" subjects: Member<Subjects<'a>>,
        "anonymousAccess" anonymous_access: Member<Flag>,
    }
    /// A space of the first generation, with its grants.
    SpaceWithPermissions {
        "permissions" permissions: Member<List<'a>>,
    }
    /// Who is granted something.
    Principal {
        "type" kind: Member<Text<'a>>,
        "id" id: Member<Id<'a>>,
        "principalType" assigned_kind: Member<Text<'a>>,
        "principalId" assigned_id: Member<Id<'a>>,
    }
    /// What is granted; the first generation calls the key `operation`.
    Operation {
        "key" key: Member<Text<'a>>,
        "operation" first_key: Member<Text<'a>>,
        "targetType" target_type: Member<Text<'a>>,
    }
    /// A role of spaces.
    SpaceRole {
        "id" id: Member<Id<'a>>,
        "spacePermissions" permissions: Member<List<'a>>,
    }
    /// A role given to somebody in a space.
    RoleAssignment {
        "principal" principal: Member<Principal<'a>>,
        "roleId" role_id: Member<Id<'a>>,
    }
    /// Restrictions by operation; the unkeyed form is a list.
    ByOperation {
        "read" read: Member<Restriction<'a>>,
        "results" results: Member<List<'a>>,
    }
    /// The restriction of one operation.
    Restriction {
        "operation" operation: Member<Text<'a>>,
        "restrictions" restrictions: Member<Subjects<'a>>,
    }
    /// People and groups.
    Subjects {
        "user" user: Member<SubjectList<'a>>,
        "group" group: Member<SubjectList<'a>>,
    }
    /// A page of people or groups.
    SubjectList {
        "results" results: Member<List<'a>>,
        "limit" limit: Member<Number>,
        "size" size: Member<Number>,
        "_links" links: Member<NextLink<'a>>,
    }
    /// Whether there is more.
    NextLink {
        "next" next: Member<Text<'a>>,
    }
    /// A person or a group as a subject.
    Subject {
        "accountId" account_id: Member<Id<'a>>,
        "id" id: Member<Id<'a>>,
    }
    /// Content of the first generation, as far as access goes.
    ContentAccess {
        "id" id: Member<Id<'a>>,
        "status" status: Member<Text<'a>>,
        "ancestors" ancestors: Member<List<'a>>,
        "restrictions" restrictions: Member<ByOperation<'a>>,
        "space" space: Member<SpaceIdOnly<'a>>,
        "metadata" metadata: Member<Metadata<'a>>,
    }
    /// Content with its restrictions, as received.
    RestrictedContent {
        "id" id: Member<Id<'a>>,
        "restrictions" restrictions: Member<&'a RawValue>,
    }
    /// A node of the tree above content.
    Ancestor {
        "id" id: Member<Id<'a>>,
        "status" status: Member<Text<'a>>,
    }
    /// A space by id.
    SpaceIdOnly {
        "id" id: Member<Id<'a>>,
    }
    /// An account, in either generation's form.
    User {
        "accountId" account_id: Member<Id<'a>>,
        "accountType" account_type: Member<Text<'a>>,
        "accountStatus" account_status: Member<Text<'a>>,
        "displayName" display_name: Member<Text<'a>>,
        "publicName" public_name: Member<Text<'a>>,
        "email" email: Member<Text<'a>>,
        "profilePicture" picture: Member<Picture<'a>>,
    }
    /// A profile picture: a path below the site, or a full address.
    Picture {
        "path" path: Member<Text<'a>>,
    }
    /// A group.
    Group {
        "id" id: Member<Id<'a>>,
        "name" name: Member<Text<'a>>,
    }
}

//! What Confluence holds: spaces with their permissions, content in trees, comments, files, labels and versions.

use std::sync::Arc;

use crate::world::ids::{AccountIndex, ContentId, ContentLabelId, FileId, GroupIndex, Millis, SpaceId};

/// Kind of a space.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SpaceKind {
    /// `global`
    Global,
    /// `personal`, key starts with `~`
    Personal,
    /// `knowledge_base`
    KnowledgeBase,
}

impl SpaceKind {
    /// The wire name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Global => "global",
            Self::Personal => "personal",
            Self::KnowledgeBase => "knowledge_base",
        }
    }
}

/// Who a space permission names (`atlassian-permissions.md` 4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SpacePrincipal {
    /// One account.
    User(AccountIndex),
    /// One group.
    Group(GroupIndex),
    /// Class `ALL_LICENSED_USERS`.
    AllLicensedUsers,
    /// Class `ALL_PRODUCT_ADMINS`.
    AllProductAdmins,
    /// Class `authenticated-users`.
    AuthenticatedUsers,
    /// The public (v1 `anonymousAccess`), while the site allows it.
    Anonymous,
}

/// One row of a space's permissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpacePermission {
    /// Id of the row.
    pub id: u64,
    /// Who.
    pub principal: SpacePrincipal,
    /// Operation key: `read`, `create`, `delete`, `export`, `administer`, `archive`, `restrict_content`.
    pub operation: &'static str,
    /// Target type: `space`, `page`, `blogpost`, `comment`, `attachment`.
    pub target: &'static str,
}

/// A space.
#[derive(Debug, Clone)]
pub struct Space {
    /// Id.
    pub id: SpaceId,
    /// Present key.
    pub key: String,
    /// Alias (`currentActiveAlias`), the key unless renamed.
    pub former_keys: Vec<String>,
    /// Name.
    pub name: String,
    /// Description, plain text.
    pub description: String,
    /// Kind.
    pub kind: SpaceKind,
    /// Whether it is archived.
    pub archived: bool,
    /// Whether it is in the trash: nobody sees it there, but it can be restored.
    pub trashed: bool,
    /// Creator.
    pub author: AccountIndex,
    /// Creation time.
    pub created: Millis,
    /// Home page, if it has one.
    pub homepage: Option<ContentId>,
    /// Permissions.
    pub permissions: Vec<SpacePermission>,
}

/// Kind of content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ContentKind {
    /// `page`
    Page,
    /// `blogpost`
    BlogPost,
    /// `folder`
    Folder,
    /// `whiteboard`
    Whiteboard,
    /// `database`
    Database,
    /// `embed`: a smart link in the tree
    Embed,
    /// Custom content of an app, on a page, a blog post, a space or other custom content.
    Custom,
}

impl ContentKind {
    /// The wire name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::BlogPost => "blogpost",
            Self::Folder => "folder",
            Self::Whiteboard => "whiteboard",
            Self::Database => "database",
            Self::Embed => "embed",
            Self::Custom => "custom-content",
        }
    }

    /// Whether it is written text, with versions that keep it.
    pub const fn has_body(self) -> bool {
        matches!(self, Self::Page | Self::BlogPost | Self::Custom)
    }

    /// The target of the space permission that covers it: what stands in the tree and what hangs on it goes with pages.
    pub const fn permitted_as(self) -> &'static str {
        if matches!(self, Self::BlogPost) { "blogpost" } else { "page" }
    }

    /// Whether it is a page or a blog post: what people write, search and read.
    pub const fn is_article(self) -> bool {
        matches!(self, Self::Page | Self::BlogPost)
    }

    /// Whether it stands in the page tree, where titles are unique.
    pub const fn is_in_tree(self) -> bool {
        matches!(self, Self::Page | Self::Folder | Self::Whiteboard | Self::Database | Self::Embed)
    }
}

/// What only some kinds of content have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Detail {
    /// Nothing.
    #[default]
    Plain,
    /// The address a smart link points at.
    Embed(Arc<str>),
    /// The type of custom content, such as `ac:com.example.docs:note`.
    Custom(Arc<str>),
}

/// Status of content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ContentStatus {
    /// `current`
    Current,
    /// `draft`: never published; its author only.
    Draft,
    /// `archived`: as current, outside normal search.
    Archived,
    /// `trashed`
    Trashed,
}

impl ContentStatus {
    /// The wire name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Draft => "draft",
            Self::Archived => "archived",
            Self::Trashed => "trashed",
        }
    }
}

/// Own restrictions of one operation. Empty lists mean: not restricted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Restriction {
    /// Accounts.
    pub users: Vec<AccountIndex>,
    /// Groups.
    pub groups: Vec<GroupIndex>,
}

impl Restriction {
    /// Whether nothing is restricted.
    pub fn is_open(&self) -> bool {
        self.users.is_empty() && self.groups.is_empty()
    }
}

/// Own restrictions of a piece of content.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Restrictions {
    /// Who may view.
    pub read: Restriction,
    /// Who may edit; says nothing about viewing.
    pub update: Restriction,
}

/// What can be known of content without building its body. Copy, no allocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContentHead {
    /// Id.
    pub id: ContentId,
    /// Kind.
    pub kind: ContentKind,
    /// Status.
    pub status: ContentStatus,
    /// Space.
    pub space: SpaceId,
    /// Parent page or folder; none for blog posts and top-level pages.
    pub parent: Option<ContentId>,
    /// Position among its siblings.
    pub position: u32,
    /// Who made it.
    pub author: AccountIndex,
    /// Who wrote the present version.
    pub editor: AccountIndex,
    /// Creation time.
    pub created: Millis,
    /// Time of the present version.
    pub modified: Millis,
    /// Number of the present version.
    pub version: u32,
    /// Whether it has own read restrictions.
    pub read_restricted: bool,
    /// Number of comments, replies included.
    pub comments: u32,
    /// Number of attached files.
    pub files: u32,
}

/// A page, blog post or folder with its title and body.
#[derive(Debug, Clone)]
pub struct Content {
    /// The cheap part.
    pub head: ContentHead,
    /// Title.
    pub title: Arc<str>,
    /// Body; empty for folders.
    pub body: Body,
    /// Own restrictions.
    pub restrictions: Restrictions,
    /// Labels.
    pub labels: Vec<ContentLabel>,
    /// Versions, oldest first; the last is the present one.
    pub versions: Vec<ContentVersion>,
    /// Comments, oldest first.
    pub comments: Vec<ContentComment>,
    /// Attached files.
    pub files: Vec<ContentFile>,
    /// Files in the trash.
    pub trash: Vec<ContentFile>,
    /// Content properties a dataset brought along: key and JSON text.
    pub properties: Vec<(String, Arc<str>)>,
    /// What only its kind has.
    pub detail: Detail,
}

/// A label on content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentLabel {
    /// Id.
    pub id: ContentLabelId,
    /// Name.
    pub name: Arc<str>,
    /// `global`, `my`, `team` or `system`.
    pub prefix: &'static str,
}

/// One version.
#[derive(Debug, Clone)]
pub struct ContentVersion {
    /// Number, from 1.
    pub number: u32,
    /// When.
    pub created: Millis,
    /// By whom.
    pub author: AccountIndex,
    /// Message, may be empty.
    pub message: Arc<str>,
    /// Whether watchers were spared.
    pub minor_edit: bool,
    /// Body of an old version where it is kept; `None`: as the present one.
    pub body: Option<Body>,
}

/// Where a comment stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommentPlace {
    /// Below the page.
    Footer,
    /// In the text.
    Inline {
        /// `inlineMarkerRef`: the reference in the body.
        marker: Arc<str>,
        /// The text that was marked.
        selection: Arc<str>,
        /// `open`, `reopened`, `resolved` or `dangling`.
        resolution: &'static str,
        /// Who last changed the resolution, and when.
        resolved_by: Option<(AccountIndex, Millis)>,
    },
}

/// A comment on content.
#[derive(Debug, Clone)]
pub struct ContentComment {
    /// Id.
    pub id: ContentId,
    /// The page or blog post.
    pub container: ContentId,
    /// The comment this replies to.
    pub parent: Option<ContentId>,
    /// Place; replies repeat their root's.
    pub place: CommentPlace,
    /// Author of the first version.
    pub author: AccountIndex,
    /// Author of the present version.
    pub editor: AccountIndex,
    /// Creation time.
    pub created: Millis,
    /// Time of the present version.
    pub modified: Millis,
    /// Number of the present version.
    pub version: u32,
    /// Body.
    pub body: Body,
}

/// A file attached to content.
#[derive(Debug, Clone)]
pub struct ContentFile {
    /// Id.
    pub id: FileId,
    /// The page or blog post.
    pub container: ContentId,
    /// File name (`title`).
    pub name: Arc<str>,
    /// Media type.
    pub media_type: Arc<str>,
    /// Size in bytes.
    pub size: u64,
    /// `fileId`: UUID in the media service.
    pub media_id: Arc<str>,
    /// Comment given at upload, may be empty.
    pub comment: Arc<str>,
    /// Who uploaded it.
    pub author: AccountIndex,
    /// When it was first uploaded.
    pub created: Millis,
    /// Time of the present version.
    pub modified: Millis,
    /// Number of the present version.
    pub version: u32,
    /// It lies in the trash.
    pub trashed: bool,
}

pub use crate::world::rich::Body;

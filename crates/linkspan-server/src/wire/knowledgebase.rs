//! Models of the knowledge base category.

use uuid::Uuid;

use super::{Related, Time, wire_model};

wire_model!(
    /// A Confluence page or blog post.
    Article {
        /// Title.
        title: Option<String>,
        /// First words of the text.
        description: Option<String>,
        /// Author.
        #[schema(no_recursion)]
        author: Option<Related<KnowledgeBaseUser>>,
        /// Who made the present version.
        #[schema(no_recursion)]
        last_edited_by: Option<Related<KnowledgeBaseUser>>,
        /// `PUBLIC`, `INTERNAL`, `RESTRICTED`.
        visibility: Option<String>,
        /// Signed URL of the text as HTML; needs no headers.
        article_content_download_url: Option<String>,
        /// SHA-256 of that HTML, in hex.
        checksum: Option<String>,
        /// Page for people.
        article_url: Option<String>,
        /// `DRAFT`, `PUBLISHED`, `ARCHIVED`, `TRASH`.
        status: Option<String>,
        /// `PAGE` or `BLOG_POST`.
        r#type: Option<String>,
        /// When upstream created it.
        remote_created_at: Option<Time>,
        /// When upstream last changed it.
        remote_updated_at: Option<Time>,
        /// The page above it.
        #[schema(no_recursion)]
        parent_article: Option<Related<Article>>,
        /// The nearest container.
        #[schema(no_recursion)]
        parent_container: Option<Related<Container>>,
        /// The space.
        #[schema(no_recursion)]
        root_container: Option<Related<Container>>,
        /// Who may read it.
        permissions: Vec<Related<KnowledgeBasePermission>>,
        /// Attached files.
        #[schema(no_recursion)]
        attachments: Vec<Related<KnowledgeBaseAttachment>>,
    }
);

wire_model!(
    /// A Confluence space, folder or database.
    Container {
        /// Name.
        name: Option<String>,
        /// Description.
        description: Option<String>,
        /// `DRAFT`, `PUBLISHED`, `ARCHIVED`, `TRASH`.
        status: Option<String>,
        /// Page for people.
        container_url: Option<String>,
        /// `SPACE`, `FOLDER`, `DATABASE`.
        r#type: Option<String>,
        /// `PUBLIC`, `INTERNAL`, `RESTRICTED`.
        visibility: Option<String>,
        /// When upstream created it.
        remote_created_at: Option<Time>,
        /// When upstream last changed it.
        remote_updated_at: Option<Time>,
        /// The page above it.
        #[schema(no_recursion)]
        parent_article: Option<Related<Article>>,
        /// The container above it.
        #[schema(no_recursion)]
        parent_container: Option<Related<Container>>,
        /// Who may read it.
        permissions: Vec<Related<KnowledgeBasePermission>>,
    }
);

wire_model!(
    /// A file attached to a page or blog post.
    KnowledgeBaseAttachment {
        /// File name.
        name: Option<String>,
        /// Upstream's remark on it.
        description: Option<String>,
        /// Where its content can be had for a while, without headers.
        attachment_url: Option<String>,
    }
);

wire_model!(
    /// An Atlassian account.
    KnowledgeBaseUser {
        /// Display name.
        name: Option<String>,
        /// E-mail, where the profile shows it.
        email_address: Option<String>,
    }
);

wire_model!(
    /// A group of people.
    KnowledgeBaseGroup {
        /// Name.
        name: Option<String>,
        /// Null: Atlassian's groups do not nest.
        parent_group: Option<Uuid>,
        /// Members.
        #[schema(no_recursion)]
        users: Vec<Related<KnowledgeBaseUser>>,
    }
);

wire_model!(
    /// Who may read an article or a container: any one of its permissions suffices.
    KnowledgeBasePermission {
        /// The user, for type `USER`.
        user: Option<Uuid>,
        /// The group, for type `GROUP`.
        group: Option<Uuid>,
        /// `USER`, `GROUP`, `COMPANY`, `ANYONE`.
        r#type: Option<String>,
        /// `READ`, `WRITE`, `OWNER`.
        roles: Vec<String>,
    }
);

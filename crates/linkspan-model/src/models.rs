//! The common models, in the words of the ticketing and knowledge base wires, and richer where the wire is poorer.
//!
//! The row around an instance carries id, times and deletion state, so they are not repeated here. Relations are
//! computed ids. Absent optional members are left out of the stored form.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids::RecordId;
use crate::rich::RichText;

macro_rules! model {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
        #[serde(default)]
        pub struct $name {
            $($(#[$field_doc])* #[serde(skip_serializing_if = "is_default")] pub $field: $type,)*
        }
    };
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

model!(
    /// A piece of work: Jira issue or JSM request.
    Ticket {
        /// The human key, such as `OPS-7`. Changes when the issue moves: a label, never an identity.
        key: String,
        /// Summary.
        name: String,
        /// Description, rendered.
        description: Option<RichText>,
        /// `OPEN`, `IN_PROGRESS`, `CLOSED`, or the upstream name where the category is unknown.
        status: Option<String>,
        /// Upstream's own status name.
        status_native: Option<String>,
        /// `URGENT`, `HIGH`, `NORMAL`, `LOW`, or the upstream name.
        priority: Option<String>,
        /// Upstream's own priority name.
        priority_native: Option<String>,
        /// Issue type name.
        ticket_type: Option<String>,
        /// The name of the request type, where the issue is a request of a portal.
        request_type: Option<String>,
        /// Users it is assigned to; Jira has at most one.
        assignees: Vec<RecordId>,
        /// Who asked: the reporter, else who typed it.
        creator: Option<RecordId>,
        /// The customer who asked, where the reporter is one.
        contact: Option<RecordId>,
        /// The organization of customers that the request is shared with; of several the first.
        account: Option<RecordId>,
        /// Projects it lies in.
        collections: Vec<RecordId>,
        /// The issue above it.
        parent_ticket: Option<RecordId>,
        /// Attached files.
        attachments: Vec<RecordId>,
        /// Label names.
        tags: Vec<String>,
        /// The day it is due, at midnight UTC.
        due_date: Option<Timestamp>,
        /// When it was resolved.
        completed_at: Option<Timestamp>,
        /// The page for people.
        ticket_url: Option<String>,
        /// `PRIVATE` or `COLLECTION`.
        access_level: Option<String>,
        /// Resolution name.
        resolution: Option<String>,
        /// Upstream's environment text.
        environment: Option<RichText>,
        /// Values of fields without a counterpart here: field id → value as upstream has it.
        remote_fields: Vec<RemoteField>,
    }
);

/// The value of an upstream field of a ticket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RemoteField {
    /// Upstream field id, such as `customfield_10010`.
    pub field: String,
    /// The value, as upstream has it.
    pub value: serde_json::Value,
}

model!(
    /// A comment on a ticket or an article.
    Comment {
        /// Author, where a user.
        user: Option<RecordId>,
        /// Author, where a customer.
        contact: Option<RecordId>,
        /// The text, rendered.
        body: Option<RichText>,
        /// The ticket or article it is on.
        on: Option<RecordId>,
        /// The comment it answers (Confluence).
        reply_to: Option<RecordId>,
        /// Not visible to everybody who sees the parent.
        is_private: bool,
        /// `footer` or `inline` (Confluence).
        placement: Option<String>,
    }
);

model!(
    /// An attached file; its bytes stay upstream.
    Attachment {
        /// File name.
        file_name: String,
        /// MIME type.
        content_type: Option<String>,
        /// Size in bytes.
        size: Option<u64>,
        /// The ticket or article it is attached to.
        on: Option<RecordId>,
        /// Who attached it.
        uploaded_by: Option<RecordId>,
        /// Upstream's remark on it (Confluence).
        description: Option<String>,
        /// API path of its content below the product's base, such as `/rest/api/3/attachment/content/10001`.
        content_path: Option<String>,
    }
);

model!(
    /// A Jira project.
    Collection {
        /// Project key: a label.
        key: String,
        /// Name.
        name: String,
        /// Description.
        description: Option<String>,
        /// Page for people.
        url: Option<String>,
        /// `software`, `service_desk`, `business`, `product_discovery` …
        project_type: Option<String>,
        /// `PUBLIC`, `COMPANY` or `PRIVATE`.
        access_level: Option<String>,
        /// Project lead.
        lead: Option<RecordId>,
        /// The project is archived.
        archived: bool,
    }
);

model!(
    /// A project role. One record per role id: a user's `roles` name no project.
    Role {
        /// Name.
        name: String,
        /// Description.
        description: Option<String>,
    }
);

model!(
    /// A label.
    Tag {
        /// The label itself.
        name: String,
    }
);

model!(
    /// An Atlassian account.
    User {
        /// Display name.
        name: String,
        /// E-mail, where the profile shows it. Never an identity.
        email_address: Option<String>,
        /// Whether the account is active; unknown for people known only by mention.
        is_active: Option<bool>,
        /// Picture URL.
        avatar: Option<String>,
        /// `atlassian`, `app`, `customer`.
        account_type: Option<String>,
        /// Groups.
        teams: Vec<RecordId>,
        /// Project roles held anywhere.
        roles: Vec<RecordId>,
    }
);

model!(
    /// A group of accounts.
    Group {
        /// Name: a label.
        name: String,
        /// Members.
        users: Vec<RecordId>,
    }
);

model!(
    /// Time logged on a ticket.
    Worklog {
        /// The ticket.
        ticket: Option<RecordId>,
        /// Who worked.
        user: Option<RecordId>,
        /// Remark, rendered.
        comment: Option<RichText>,
        /// When the work began.
        started_at: Option<Timestamp>,
        /// How long, in seconds.
        seconds: u64,
    }
);

model!(
    /// A Confluence page or blog post.
    Article {
        /// Title.
        title: String,
        /// First words of the text.
        description: Option<String>,
        /// Author.
        author: Option<RecordId>,
        /// Who made the present version.
        last_edited_by: Option<RecordId>,
        /// The text, rendered.
        body: Option<RichText>,
        /// SHA-256 of the rendered HTML, in hex.
        checksum: Option<String>,
        /// Page for people.
        article_url: Option<String>,
        /// `PUBLISHED`, `DRAFT`, `ARCHIVED`, `TRASH`.
        status: Option<String>,
        /// `PAGE` or `BLOG_POST`.
        article_type: Option<String>,
        /// `PUBLIC`, `INTERNAL`, `RESTRICTED`.
        visibility: Option<String>,
        /// Page above it.
        parent_article: Option<RecordId>,
        /// Nearest container.
        parent_container: Option<RecordId>,
        /// The space.
        root_container: Option<RecordId>,
        /// Attached files.
        attachments: Vec<RecordId>,
        /// Labels.
        labels: Vec<String>,
        /// Version number.
        version: Option<i64>,
    }
);

model!(
    /// A Confluence space, folder or database.
    Container {
        /// Space key: a label.
        key: Option<String>,
        /// Name.
        name: String,
        /// Description as plain text.
        description: Option<String>,
        /// `PUBLISHED`, `ARCHIVED`, `TRASH`.
        status: Option<String>,
        /// Page for people.
        container_url: Option<String>,
        /// `SPACE`, `FOLDER`, `DATABASE`.
        container_type: Option<String>,
        /// `PUBLIC`, `INTERNAL`, `RESTRICTED`.
        visibility: Option<String>,
        /// Page above it.
        parent_article: Option<RecordId>,
        /// Container above it.
        parent_container: Option<RecordId>,
    }
);

model!(
    /// An organization of service desk customers.
    Account {
        /// Name.
        name: String,
        /// Mail domains that belong to it; Atlassian tells none.
        domains: Vec<String>,
    }
);

model!(
    /// A customer of a service desk. The same Atlassian account may be a user too: a person with two relations.
    Contact {
        /// Display name.
        name: String,
        /// E-mail, where the profile shows it. Never an identity.
        email_address: Option<String>,
        /// Whether the account is active.
        is_active: Option<bool>,
        /// The organization; of several the one with the lowest id.
        account: Option<RecordId>,
    }
);

//! Models of the ticketing category.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Related, Time, wire_model};

wire_model!(
    /// A piece of work: Jira issue or JSM request.
    Ticket {
        /// Title.
        name: Option<String>,
        /// Users it is assigned to.
        #[schema(no_recursion)]
        assignees: Vec<Related<User>>,
        /// Teams it is assigned to.
        #[schema(no_recursion)]
        assigned_teams: Vec<Related<Team>>,
        /// Who asked for it.
        #[schema(no_recursion)]
        creator: Option<Related<User>>,
        /// The day it is due, at midnight UTC.
        due_date: Option<Time>,
        /// `OPEN`, `IN_PROGRESS`, `CLOSED`, `ON_HOLD`, or upstream's own word.
        status: Option<String>,
        /// Text as sanitised HTML.
        description: Option<String>,
        /// Projects it lies in.
        #[schema(no_recursion)]
        collections: Vec<Related<Collection>>,
        /// Upstream's type name.
        ticket_type: Option<String>,
        /// Customer company.
        #[schema(no_recursion)]
        account: Option<Related<Account>>,
        /// Customer person.
        #[schema(no_recursion)]
        contact: Option<Related<Contact>>,
        /// The ticket above it.
        #[schema(no_recursion)]
        parent_ticket: Option<Related<Ticket>>,
        /// Attached files.
        #[schema(no_recursion)]
        attachments: Vec<Related<Attachment>>,
        /// `COMPANY`, `PUBLIC`, `PRIVATE`, `COLLECTION`.
        access_level: Option<String>,
        /// Who may see it, where it is narrower than its project.
        permissions: Vec<Permission>,
        /// Label names.
        tags: Vec<String>,
        /// Roles with access.
        roles: Vec<Uuid>,
        /// Page for people.
        ticket_url: Option<String>,
        /// `URGENT`, `HIGH`, `NORMAL`, `LOW`, or upstream's own word.
        priority: Option<String>,
        /// When upstream created it.
        remote_created_at: Option<Time>,
        /// When upstream last changed it.
        remote_updated_at: Option<Time>,
        /// When it was resolved.
        completed_at: Option<Time>,
        /// Upstream fields without a counterpart; empty unless `include_remote_fields` is true.
        remote_fields: Vec<RemoteField>,
    }
);

/// The value of an upstream field.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RemoteField {
    /// The field.
    pub remote_field_class: RemoteFieldClass,
    /// Its value, as upstream has it.
    #[schema(value_type = Object)]
    pub value: serde_json::Value,
}

/// An upstream field.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RemoteFieldClass {
    /// Our id.
    pub id: String,
    /// The name people see.
    pub display_name: String,
    /// Upstream's field id.
    pub remote_key_name: String,
    /// What it is for.
    pub description: String,
    /// The customer made it.
    pub is_custom: bool,
    /// It has a counterpart in the common model.
    pub is_common_model_field: bool,
    /// A value must be given.
    pub is_required: bool,
    /// `string`, `number`, `date`, `datetime`, `bool`, `list`.
    pub field_type: String,
    /// The same words, for the form of the value.
    pub field_format: String,
    /// Values to choose from.
    #[schema(value_type = Vec<Object>)]
    pub field_choices: Vec<serde_json::Value>,
    /// What a list holds.
    #[schema(required = true)]
    pub item_schema: Option<ItemSchema>,
}

/// What a list field holds.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ItemSchema {
    /// Type of an item.
    pub item_type: String,
    /// Form of an item.
    pub item_format: String,
    /// Values to choose from.
    pub item_choices: Vec<String>,
}

wire_model!(
    /// A comment on a ticket.
    Comment {
        /// Author, where staff.
        #[schema(no_recursion)]
        user: Option<Related<User>>,
        /// Author, where a customer.
        #[schema(no_recursion)]
        contact: Option<Related<Contact>>,
        /// Plain text, verbatim.
        body: Option<String>,
        /// Sanitised HTML.
        html_body: Option<String>,
        /// The ticket it is on.
        #[schema(no_recursion)]
        ticket: Option<Related<Ticket>>,
        /// Not visible to everybody who sees the ticket.
        is_private: Option<bool>,
        /// When upstream created it.
        remote_created_at: Option<Time>,
    }
);

wire_model!(
    /// A file attached to a ticket.
    Attachment {
        /// File name.
        file_name: Option<String>,
        /// The ticket it is attached to.
        #[schema(no_recursion)]
        ticket: Option<Related<Ticket>>,
        /// Where its content can be had for a while, without headers.
        file_url: Option<String>,
        /// MIME type.
        content_type: Option<String>,
        /// Who attached it.
        uploaded_by: Option<Uuid>,
        /// When upstream created it.
        remote_created_at: Option<Time>,
    }
);

wire_model!(
    /// A project.
    Collection {
        /// Name.
        name: Option<String>,
        /// Description.
        description: Option<String>,
        /// `PRIVATE`, `COMPANY`, `PUBLIC`, `PARENT_COLLECTION`.
        access_level: Option<String>,
        /// `PROJECT` or `LIST`.
        collection_type: Option<String>,
        /// The collection above it.
        #[schema(no_recursion)]
        parent_collection: Option<Related<Collection>>,
        /// Who may see it.
        permissions: Vec<Permission>,
        /// Page for people.
        collection_url: Option<String>,
        /// When upstream created it.
        remote_created_at: Option<Time>,
        /// When upstream last changed it.
        remote_updated_at: Option<Time>,
    }
);

wire_model!(
    /// A project in the older shape.
    Project {
        /// Name.
        name: Option<String>,
        /// Description.
        description: Option<String>,
    }
);

wire_model!(
    /// An Atlassian account.
    User {
        /// Display name.
        name: Option<String>,
        /// E-mail, where the profile shows it.
        email_address: Option<String>,
        /// The account is active.
        is_active: Option<bool>,
        /// Groups it belongs to.
        #[schema(no_recursion)]
        teams: Vec<Related<Team>>,
        /// Project roles it holds anywhere.
        #[schema(no_recursion)]
        roles: Vec<Related<Role>>,
        /// Picture URL.
        avatar: Option<String>,
    }
);

wire_model!(
    /// A project role.
    Role {
        /// Name.
        name: Option<String>,
        /// What its holders may do to tickets, where known.
        ticket_actions: Option<Vec<String>>,
        /// Which tickets they may do it to, where known.
        ticket_access: Option<String>,
    }
);

wire_model!(
    /// A group of people.
    Team {
        /// Name.
        name: Option<String>,
        /// Description.
        description: Option<String>,
    }
);

wire_model!(
    /// A label.
    Tag {
        /// The label itself.
        name: Option<String>,
    }
);

wire_model!(
    /// A customer company: an organization of Jira Service Management.
    Account {
        /// Name.
        name: Option<String>,
        /// Mail domains that belong to it; upstream tells none.
        domains: Vec<String>,
    }
);

wire_model!(
    /// A customer person.
    Contact {
        /// Display name.
        name: Option<String>,
        /// E-mail, where upstream shows it.
        email_address: Option<String>,
        /// Upstream has none.
        phone_number: Option<String>,
        /// Upstream has none.
        details: Option<String>,
        /// The customer company; of several the one with the lowest id of upstream's.
        #[schema(no_recursion)]
        account: Option<Related<Account>>,
    }
);

/// Somebody who can see a ticket or a collection: a user or a team.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Viewer {
    /// Our id.
    pub id: Uuid,
    /// Null: upstream has no such thing.
    #[schema(required = true)]
    pub remote_id: Option<String>,
    /// When the record they can see was first stored here.
    pub created_at: Time,
    /// When it last changed here.
    pub modified_at: Time,
    /// The team; exactly one of `team` and `user` is set.
    #[schema(required = true)]
    pub team: Option<Related<Team>>,
    /// The user.
    #[schema(required = true)]
    pub user: Option<Related<User>>,
}

/// One clause of who may do what to a ticket or collection.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Permission {
    /// Our id.
    pub id: Uuid,
    /// Null: upstream has no such thing.
    #[schema(required = true)]
    pub remote_id: Option<String>,
    /// When the record was first stored here.
    pub created_at: Time,
    /// When it last changed here.
    pub modified_at: Time,
    /// `ALLOWED`, `DENIED`, `INHERITED`.
    #[schema(required = true)]
    pub effect: Option<String>,
    /// `VIEW`, `CREATE`, `EDIT`, `DELETE`.
    pub actions: Vec<String>,
    /// Users it applies to.
    pub applied_to_users: Vec<Uuid>,
    /// Roles it applies to.
    pub applied_to_roles: Vec<Uuid>,
    /// Teams it applies to.
    pub applied_to_teams: Vec<Uuid>,
    /// Collections it applies to.
    pub applied_to_collections: Vec<Uuid>,
    /// Never true: a clause lives as long as its record.
    pub remote_was_deleted: bool,
    /// Always null.
    #[schema(required = true)]
    pub field_mappings: Option<super::FieldMappings>,
}

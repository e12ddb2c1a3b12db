//! Models of the ticketing category (`merge-atlassian-mapping.md` section 2).

use linkspan_model::ids::RecordId;
use linkspan_model::record::{Body, Model};

use super::permissions::ticketing_permissions;
use super::{AccessNeed, Presented, Presenter, Stored, enveloped, filled, one, time};
use crate::wire::Related;
use crate::wire::ticketing::{
    Account, Attachment, Collection, Comment, Contact, Project, RemoteField, RemoteFieldClass, Role, Tag,
    Team, Ticket, User,
};

impl Presented for Ticket {
    const MODEL: Model = Model::Ticket;
    const ACCESS: AccessNeed = AccessNeed::Rules;

    fn relations(body: &Body) -> Vec<(&'static str, Vec<RecordId>)> {
        let Body::Ticket(ticket) = body else { return Vec::new() };
        vec![
            ("assignees", ticket.assignees.clone()),
            ("creator", one(ticket.creator)),
            ("account", one(ticket.account)),
            ("contact", one(ticket.contact)),
            ("collections", ticket.collections.clone()),
            ("parent_ticket", one(ticket.parent_ticket)),
            ("attachments", ticket.attachments.clone()),
        ]
    }

    fn present(presenter: &Presenter<'_>, record: &Stored, body: Body) -> Option<Self> {
        let Body::Ticket(ticket) = body else { return None };
        let ticket = *ticket;
        let permissions = ticketing_permissions(presenter, record, &ticket.collections);
        let native = |name: &str, common: Option<String>, native: Option<String>| {
            if presenter.native_enums.contains(name) { native.or(common) } else { common }
        };
        Some(enveloped!(presenter, record, {
            name: filled(ticket.name),
            assignees: presenter.relations("assignees", &ticket.assignees),
            assigned_teams: Vec::new(),
            creator: ticket.creator.map(|id| presenter.relation("creator", id)),
            due_date: time(ticket.due_date),
            status: native("status", ticket.status, ticket.status_native),
            description: ticket.description.map(|text| text.html),
            collections: presenter.relations("collections", &ticket.collections),
            ticket_type: ticket.ticket_type,
            account: presenter.account(ticket.account),
            contact: ticket.contact.map(|id| presenter.relation("contact", id)),
            parent_ticket: ticket.parent_ticket.map(|id| presenter.relation("parent_ticket", id)),
            attachments: presenter.relations("attachments", &ticket.attachments),
            access_level: ticket.access_level,
            permissions,
            tags: ticket.tags,
            roles: Vec::new(),
            ticket_url: ticket.ticket_url,
            priority: native("priority", ticket.priority, ticket.priority_native),
            remote_created_at: time(record.remote_created_at),
            remote_updated_at: time(record.remote_updated_at),
            completed_at: time(ticket.completed_at),
            remote_fields: if presenter.remote_fields {
                ticket.remote_fields.into_iter().map(|field| remote_field(presenter, field)).collect()
            } else {
                Vec::new()
            },
        }))
    }
}

fn remote_field(presenter: &Presenter<'_>, field: linkspan_model::models::RemoteField) -> RemoteField {
    let is_custom = field.field.starts_with("customfield_");
    let field_type = match &field.value {
        serde_json::Value::Array(_) => "list",
        serde_json::Value::Bool(_) => "bool",
        serde_json::Value::Number(_) => "number",
        _ => "string",
    };
    let source = presenter.scope.source().id;
    RemoteField {
        remote_field_class: RemoteFieldClass {
            id: uuid::Uuid::new_v5(&source.0, format!("field:{}", field.field).as_bytes()).to_string(),
            display_name: field.field.clone(),
            remote_key_name: field.field,
            description: String::new(),
            is_custom,
            is_common_model_field: false,
            is_required: false,
            field_type: field_type.to_owned(),
            field_format: field_type.to_owned(),
            field_choices: Vec::new(),
            item_schema: None,
        },
        value: field.value,
    }
}

impl Presented for Comment {
    const MODEL: Model = Model::Comment;

    fn relations(body: &Body) -> Vec<(&'static str, Vec<RecordId>)> {
        let Body::Comment(comment) = body else { return Vec::new() };
        vec![("user", one(comment.user)), ("contact", one(comment.contact)), ("ticket", one(comment.on))]
    }

    fn present(presenter: &Presenter<'_>, record: &Stored, body: Body) -> Option<Self> {
        let Body::Comment(comment) = body else { return None };
        let comment = *comment;
        let (text, html) = comment.body.map(|body| (body.text, body.html)).unzip();
        Some(enveloped!(presenter, record, {
            user: comment.user.map(|id| presenter.relation("user", id)),
            contact: comment.contact.map(|id| presenter.relation("contact", id)),
            body: text,
            html_body: html,
            ticket: comment.on.map(|id| presenter.relation("ticket", id)),
            is_private: Some(comment.is_private),
            remote_created_at: time(record.remote_created_at),
        }))
    }
}

impl Presented for Attachment {
    const MODEL: Model = Model::Attachment;

    fn relations(body: &Body) -> Vec<(&'static str, Vec<RecordId>)> {
        let Body::Attachment(attachment) = body else { return Vec::new() };
        vec![("ticket", one(attachment.on))]
    }

    fn present(presenter: &Presenter<'_>, record: &Stored, body: Body) -> Option<Self> {
        let Body::Attachment(attachment) = body else { return None };
        Some(enveloped!(presenter, record, {
            file_name: filled(attachment.file_name),
            ticket: attachment.on.map(|id| presenter.relation("ticket", id)),
            file_url: attachment
                .content_path
                .map(|_| presenter.engine.attachment_url(presenter.scope, record.id)),
            content_type: attachment.content_type,
            uploaded_by: attachment.uploaded_by.map(|id| id.0),
            remote_created_at: time(record.remote_created_at),
        }))
    }
}

impl Presented for Collection {
    const MODEL: Model = Model::Collection;
    const ACCESS: AccessNeed = AccessNeed::Rules;

    fn present(presenter: &Presenter<'_>, record: &Stored, body: Body) -> Option<Self> {
        let Body::Collection(project) = body else { return None };
        Some(enveloped!(presenter, record, {
            name: filled(project.name),
            description: project.description,
            access_level: project.access_level,
            collection_type: Some("PROJECT".to_owned()),
            parent_collection: None,
            permissions: ticketing_permissions(presenter, record, &[]),
            collection_url: project.url,
            remote_created_at: None,
            remote_updated_at: None,
        }))
    }
}

impl Presented for Project {
    const MODEL: Model = Model::Collection;

    fn present(presenter: &Presenter<'_>, record: &Stored, body: Body) -> Option<Self> {
        let Body::Collection(project) = body else { return None };
        Some(enveloped!(presenter, record, {
            name: filled(project.name),
            description: project.description,
        }))
    }
}

impl Presented for User {
    const MODEL: Model = Model::User;

    fn relations(body: &Body) -> Vec<(&'static str, Vec<RecordId>)> {
        let Body::User(user) = body else { return Vec::new() };
        vec![("teams", user.teams.clone()), ("roles", user.roles.clone())]
    }

    fn present(presenter: &Presenter<'_>, record: &Stored, body: Body) -> Option<Self> {
        let Body::User(user) = body else { return None };
        Some(enveloped!(presenter, record, {
            name: filled(user.name),
            email_address: user.email_address,
            is_active: user.is_active,
            teams: presenter.relations("teams", &user.teams),
            roles: presenter.relations("roles", &user.roles),
            avatar: user.avatar,
        }))
    }
}

impl Presented for Role {
    const MODEL: Model = Model::Role;

    fn present(presenter: &Presenter<'_>, record: &Stored, body: Body) -> Option<Self> {
        let Body::Role(role) = body else { return None };
        Some(enveloped!(presenter, record, {
            name: filled(role.name),
            ticket_actions: None,
            ticket_access: None,
        }))
    }
}

impl Presented for Team {
    const MODEL: Model = Model::Group;

    fn present(presenter: &Presenter<'_>, record: &Stored, body: Body) -> Option<Self> {
        let Body::Group(group) = body else { return None };
        Some(enveloped!(presenter, record, {
            name: filled(group.name),
            description: None,
        }))
    }
}

impl Presented for Tag {
    const MODEL: Model = Model::Tag;

    fn present(presenter: &Presenter<'_>, record: &Stored, body: Body) -> Option<Self> {
        let Body::Tag(tag) = body else { return None };
        Some(enveloped!(presenter, record, {
            name: filled(tag.name),
        }))
    }
}

impl Presented for Account {
    const MODEL: Model = Model::Account;

    fn present(presenter: &Presenter<'_>, record: &Stored, body: Body) -> Option<Self> {
        let Body::Account(account) = body else { return None };
        Some(enveloped!(presenter, record, {
            name: filled(account.name),
            domains: account.domains,
        }))
    }
}

impl Presented for Contact {
    const MODEL: Model = Model::Contact;

    fn relations(body: &Body) -> Vec<(&'static str, Vec<RecordId>)> {
        let Body::Contact(contact) = body else { return Vec::new() };
        vec![("account", one(contact.account))]
    }

    fn present(presenter: &Presenter<'_>, record: &Stored, body: Body) -> Option<Self> {
        let Body::Contact(contact) = body else { return None };
        Some(enveloped!(presenter, record, {
            name: filled(contact.name),
            email_address: contact.email_address,
            phone_number: None,
            details: None,
            account: presenter.account(contact.account),
        }))
    }
}

impl Presenter<'_> {
    /// The customer company of a record, where the integration has such a model.
    fn account(&self, id: Option<RecordId>) -> Option<Related<Account>> {
        id.filter(|_| self.scope.offers(Account::MODEL)).map(|id| self.relation("account", id))
    }
}

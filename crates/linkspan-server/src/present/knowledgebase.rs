//! Models of the knowledge base category (`merge-atlassian-mapping.md` section 4).

use linkspan_model::ids::RecordId;
use linkspan_model::record::{Body, Model};

use super::permissions::knowledgebase_permissions;
use super::{AccessNeed, Presented, Presenter, Stored, enveloped, filled, one, time};
use crate::wire::knowledgebase::{
    Article, Container, KnowledgeBaseAttachment, KnowledgeBaseGroup, KnowledgeBaseUser,
};

impl Presented for Article {
    const MODEL: Model = Model::Article;
    const ACCESS: AccessNeed = AccessNeed::Audiences;

    fn relations(body: &Body) -> Vec<(&'static str, Vec<RecordId>)> {
        let Body::Article(article) = body else { return Vec::new() };
        vec![
            ("author", one(article.author)),
            ("last_edited_by", one(article.last_edited_by)),
            ("parent_article", one(article.parent_article)),
            ("parent_container", one(article.parent_container)),
            ("root_container", one(article.root_container)),
            ("attachments", article.attachments.clone()),
        ]
    }

    fn present(presenter: &Presenter<'_>, record: &Stored, body: Body) -> Option<Self> {
        let Body::Article(article) = body else { return None };
        let article = *article;
        let has_text = article.body.is_some();
        Some(enveloped!(presenter, record, {
            title: filled(article.title),
            description: article.description,
            author: article.author.map(|id| presenter.relation("author", id)),
            last_edited_by: article.last_edited_by.map(|id| presenter.relation("last_edited_by", id)),
            visibility: article.visibility,
            article_content_download_url: has_text
                .then(|| presenter.engine.article_content_url(presenter.scope, record.id)),
            checksum: article.checksum,
            article_url: article.article_url,
            status: article.status,
            r#type: article.article_type,
            remote_created_at: time(record.remote_created_at),
            remote_updated_at: time(record.remote_updated_at),
            parent_article: article.parent_article.map(|id| presenter.relation("parent_article", id)),
            parent_container: article.parent_container.map(|id| presenter.relation("parent_container", id)),
            root_container: article.root_container.map(|id| presenter.relation("root_container", id)),
            permissions: knowledgebase_permissions(presenter, record),
            attachments: presenter.relations("attachments", &article.attachments),
        }))
    }
}

impl Presented for Container {
    const MODEL: Model = Model::Container;
    const ACCESS: AccessNeed = AccessNeed::Audiences;

    fn relations(body: &Body) -> Vec<(&'static str, Vec<RecordId>)> {
        let Body::Container(container) = body else { return Vec::new() };
        vec![
            ("parent_article", one(container.parent_article)),
            ("parent_container", one(container.parent_container)),
        ]
    }

    fn present(presenter: &Presenter<'_>, record: &Stored, body: Body) -> Option<Self> {
        let Body::Container(container) = body else { return None };
        Some(enveloped!(presenter, record, {
            name: filled(container.name),
            description: container.description,
            status: container.status,
            container_url: container.container_url,
            r#type: container.container_type,
            visibility: container.visibility,
            remote_created_at: time(record.remote_created_at),
            remote_updated_at: time(record.remote_updated_at),
            parent_article: container.parent_article.map(|id| presenter.relation("parent_article", id)),
            parent_container: container.parent_container.map(|id| presenter.relation("parent_container", id)),
            permissions: knowledgebase_permissions(presenter, record),
        }))
    }
}

impl Presented for KnowledgeBaseAttachment {
    const MODEL: Model = Model::Attachment;

    fn present(presenter: &Presenter<'_>, record: &Stored, body: Body) -> Option<Self> {
        let Body::Attachment(attachment) = body else { return None };
        Some(enveloped!(presenter, record, {
            name: filled(attachment.file_name),
            description: attachment.description,
            attachment_url: attachment
                .content_path
                .map(|_| presenter.engine.attachment_url(presenter.scope, record.id)),
        }))
    }
}

impl Presented for KnowledgeBaseUser {
    const MODEL: Model = Model::User;

    fn present(presenter: &Presenter<'_>, record: &Stored, body: Body) -> Option<Self> {
        let Body::User(user) = body else { return None };
        Some(enveloped!(presenter, record, {
            name: filled(user.name),
            email_address: user.email_address,
        }))
    }
}

impl Presented for KnowledgeBaseGroup {
    const MODEL: Model = Model::Group;

    fn relations(body: &Body) -> Vec<(&'static str, Vec<RecordId>)> {
        let Body::Group(group) = body else { return Vec::new() };
        vec![("users", group.users.clone())]
    }

    fn present(presenter: &Presenter<'_>, record: &Stored, body: Body) -> Option<Self> {
        let Body::Group(group) = body else { return None };
        Some(enveloped!(presenter, record, {
            name: filled(group.name),
            parent_group: None,
            users: presenter.relations("users", &group.users),
        }))
    }
}

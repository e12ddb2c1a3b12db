//! Records: instances of common models, as they travel from the converters to the store and back.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::access::AccessRule;
use crate::ids::RecordId;
use crate::models::{
    Account, Article, Attachment, Collection, Comment, Contact, Container, Group, Role, Tag, Ticket, User,
    Worklog,
};
use crate::product::UnknownWord;

/// The kinds of record. Which upstream thing is meant follows from the source's product: an `Attachment` belongs to a
/// ticket in Jira and to an article in Confluence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Model {
    /// Jira issue, JSM request.
    Ticket,
    /// Comment on an issue, page or blog post.
    Comment,
    /// Attached file (metadata).
    Attachment,
    /// Jira project.
    Collection,
    /// Project role.
    Role,
    /// Label.
    Tag,
    /// Atlassian account.
    User,
    /// Group; "team" on the ticketing wire.
    Group,
    /// Time logged on an issue.
    Worklog,
    /// Confluence page or blog post.
    Article,
    /// Confluence space.
    Container,
    /// Organization of JSM customers.
    Account,
    /// JSM customer.
    Contact,
}

impl Model {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::Ticket,
        Self::Comment,
        Self::Attachment,
        Self::Collection,
        Self::Role,
        Self::Tag,
        Self::User,
        Self::Group,
        Self::Worklog,
        Self::Article,
        Self::Container,
        Self::Account,
        Self::Contact,
    ];

    /// The model's word in storage and in computed ids. Never change one: ids depend on it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ticket => "ticket",
            Self::Comment => "comment",
            Self::Attachment => "attachment",
            Self::Collection => "collection",
            Self::Role => "role",
            Self::Tag => "tag",
            Self::User => "user",
            Self::Group => "group",
            Self::Worklog => "worklog",
            Self::Article => "article",
            Self::Container => "container",
            Self::Account => "account",
            Self::Contact => "contact",
        }
    }
}

impl fmt::Display for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Model {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        Self::ALL.into_iter().find(|model| model.as_str() == text).ok_or_else(|| UnknownWord {
            what: "model",
            word: text.to_owned(),
            known: "ticket, comment, attachment, collection, role, tag, user, group, worklog, article, container, \
                    account, contact",
        })
    }
}

/// The status of archived articles and containers.
const ARCHIVED: &str = "ARCHIVED";

/// A common model instance. Stored as JSON; the variant is known from the row's model, so the JSON is the inner
/// object alone ([`Body::to_json`], [`Body::from_json`]).
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "each variant holds the model of its name")]
pub enum Body {
    Ticket(Box<Ticket>),
    Comment(Box<Comment>),
    Attachment(Attachment),
    Collection(Collection),
    Role(Role),
    Tag(Tag),
    User(User),
    Group(Group),
    Worklog(Box<Worklog>),
    Article(Box<Article>),
    Container(Container),
    Account(Account),
    Contact(Contact),
}

macro_rules! each_body {
    ($self:expr, $inner:ident => $result:expr) => {
        match $self {
            Body::Ticket($inner) => $result,
            Body::Comment($inner) => $result,
            Body::Attachment($inner) => $result,
            Body::Collection($inner) => $result,
            Body::Role($inner) => $result,
            Body::Tag($inner) => $result,
            Body::User($inner) => $result,
            Body::Group($inner) => $result,
            Body::Worklog($inner) => $result,
            Body::Article($inner) => $result,
            Body::Container($inner) => $result,
            Body::Account($inner) => $result,
            Body::Contact($inner) => $result,
        }
    };
}

impl Body {
    /// The model of this instance.
    pub fn model(&self) -> Model {
        match self {
            Self::Ticket(_) => Model::Ticket,
            Self::Comment(_) => Model::Comment,
            Self::Attachment(_) => Model::Attachment,
            Self::Collection(_) => Model::Collection,
            Self::Role(_) => Model::Role,
            Self::Tag(_) => Model::Tag,
            Self::User(_) => Model::User,
            Self::Group(_) => Model::Group,
            Self::Worklog(_) => Model::Worklog,
            Self::Article(_) => Model::Article,
            Self::Container(_) => Model::Container,
            Self::Account(_) => Model::Account,
            Self::Contact(_) => Model::Contact,
        }
    }

    /// Whether the instance says that it is archived upstream; `None` for models whose instances do not tell.
    pub fn is_archived(&self) -> Option<bool> {
        let says_so = |status: &Option<String>| status.as_deref() == Some(ARCHIVED);
        match self {
            Self::Collection(project) => Some(project.archived),
            Self::Container(container) => Some(says_so(&container.status)),
            Self::Article(article) => Some(says_so(&article.status)),
            _ => None,
        }
    }

    /// The stored form. Field order is fixed, so equal instances give equal bytes.
    ///
    /// # Panics
    /// Never: the models contain nothing that JSON cannot express.
    pub fn to_json(&self) -> String {
        // OK because the models hold only strings, numbers, booleans, times, lists and maps with string keys, all of
        // which JSON can express.
        #[expect(clippy::expect_used, reason = "the models contain nothing JSON cannot express")]
        let json = each_body!(self, inner => serde_json::to_string(inner).expect("a common model is always valid JSON"));
        json
    }

    /// Reads the stored form back.
    ///
    /// # Errors
    /// When `json` is not an instance of `model`.
    pub fn from_json(model: Model, json: &str) -> Result<Self, serde_json::Error> {
        Ok(match model {
            Model::Ticket => Self::Ticket(serde_json::from_str(json)?),
            Model::Comment => Self::Comment(serde_json::from_str(json)?),
            Model::Attachment => Self::Attachment(serde_json::from_str(json)?),
            Model::Collection => Self::Collection(serde_json::from_str(json)?),
            Model::Role => Self::Role(serde_json::from_str(json)?),
            Model::Tag => Self::Tag(serde_json::from_str(json)?),
            Model::User => Self::User(serde_json::from_str(json)?),
            Model::Group => Self::Group(serde_json::from_str(json)?),
            Model::Worklog => Self::Worklog(serde_json::from_str(json)?),
            Model::Article => Self::Article(serde_json::from_str(json)?),
            Model::Container => Self::Container(serde_json::from_str(json)?),
            Model::Account => Self::Account(serde_json::from_str(json)?),
            Model::Contact => Self::Contact(serde_json::from_str(json)?),
        })
    }
}

/// What guards a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Access {
    /// The rule is known.
    Rule(AccessRule),
    /// The rule could not be established: nobody may see the record (hazard P7).
    Unknown,
    /// Not guarded by itself: people, groups, roles and labels of the site, for which the wire has no access data.
    Unguarded,
}

/// A record as a converter hands it to the store.
#[derive(Clone, Debug, PartialEq)]
pub struct NewRecord {
    /// Computed id.
    pub id: RecordId,
    /// Upstream's immutable id; `None` for things upstream has no id for (labels).
    pub remote_id: Option<String>,
    /// The record it belongs to: the ticket of a comment, the article of an attachment.
    pub parent: Option<RecordId>,
    /// The project or space it lies in.
    pub container: Option<RecordId>,
    /// When upstream says it was created.
    pub remote_created_at: Option<Timestamp>,
    /// When upstream says it was last changed.
    pub remote_updated_at: Option<Timestamp>,
    /// The instance itself.
    pub body: Body,
    /// Who may see it.
    pub access: Access,
}

/// A piece of upstream JSON, kept byte for byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRaw {
    /// What kind of thing it is, such as `jira.issue` or `confluence.page`; see the converters for the list.
    pub kind: &'static str,
    /// Upstream's immutable id within the kind.
    pub remote_id: String,
    /// The API path from which one would read it alone, such as `/rest/api/3/issue/10042`.
    pub path: String,
    /// The JSON text exactly as received.
    pub json: String,
    /// The record that was made from it, where there is one.
    pub record: Option<RecordId>,
    /// Why no record, or only part of one, could be made from it.
    pub problem: Option<String>,
}

//! Lists and single records of every model.

use axum::Json;
use axum::extract::State;
use linkspan_engine::AccountScope;
use linkspan_engine::read::{RecordFilter, RecordReader};
use linkspan_model::ids::RecordId;
use linkspan_model::product::Category;
use linkspan_model::record::Model;
use uuid::Uuid;

use crate::App;
use crate::extract::{Account, Segment};
use crate::params::Params;
use crate::present::{Presented, Stored, present};
use crate::problem::ApiError;
use crate::wire::page::Page;
use crate::wire::ticketing::{Team, User, Viewer};
use crate::wire::{Related, Time, knowledgebase, ticketing};

/// The longest e-mail address (RFC 5321: 64 before the sign, 255 behind it).
const ADDRESS_CAP: usize = 320;

/// The filters that lists of a model take besides those of every list.
fn filter(model: Model, params: &Params) -> Result<RecordFilter, ApiError> {
    let record = |name: &str| Ok::<_, ApiError>(params.id(name)?.map(RecordId));
    let records = |name: &str| {
        let ids = params.list(name)?;
        let parsed: Result<Vec<RecordId>, _> = ids.iter().map(|id| id.parse().map(RecordId)).collect();
        let parsed = parsed.map_err(|_| ApiError::bad_request(format!("`{name}` takes ids (UUIDs).")))?;
        Ok::<_, ApiError>((!parsed.is_empty()).then_some(parsed))
    };
    let address = match (model, params.text("email_address")) {
        (Model::User | Model::Contact, Some(text)) if text.len() > ADDRESS_CAP => {
            return Err(ApiError::bad_request(format!(
                "`email_address` takes at most {ADDRESS_CAP} characters."
            )));
        }
        (Model::User | Model::Contact, text) => text.map(str::to_owned),
        _ => None,
    };
    let has_remote_times = matches!(model, Model::Ticket | Model::Comment | Model::Attachment);
    let remote_time = |name: &str| if has_remote_times { params.time(name) } else { Ok(None) };
    Ok(RecordFilter {
        created_after: params.time("created_after")?,
        created_before: params.time("created_before")?,
        modified_after: params.time("modified_after")?,
        modified_before: params.time("modified_before")?,
        remote_created_after: remote_time("remote_created_after")?,
        remote_created_before: remote_time("remote_created_before")?,
        remote_updated_after: remote_time("remote_updated_after")?,
        remote_updated_before: remote_time("remote_updated_before")?,
        remote_id: params.text("remote_id").map(str::to_owned),
        parent: match model {
            Model::Comment | Model::Attachment => record("ticket_id")?,
            _ => None,
        },
        email_address: address,
        containers: match model {
            Model::Ticket => records("collection_ids")?,
            Model::Article => record("root_container_id")?.map(|id| vec![id]),
            _ => None,
        },
        include_deleted: params.flag("include_deleted_data")?,
    })
}

async fn list<T: Presented>(
    app: &App,
    scope: &AccountScope,
    params: &Params,
) -> Result<Json<Page<T>>, ApiError> {
    let filter = filter(T::MODEL, params)?;
    let page =
        app.engine.list_records(scope, T::MODEL, &filter, params.text("cursor"), params.page_size()?).await?;
    let results = present(&app.engine, scope, params, page.records).await?;
    Ok(Json(Page { next: page.next, previous: page.previous, results }))
}

async fn retrieve<T: Presented>(
    app: &App,
    scope: &AccountScope,
    params: &Params,
    id: &str,
) -> Result<Json<T>, ApiError> {
    let record = find(app, scope, T::MODEL, id).await?;
    let presented = present(&app.engine, scope, params, vec![record]).await?;
    presented.into_iter().next().map(Json).ok_or_else(ApiError::not_found)
}

/// A record by the id in a path. What is no id is no record.
async fn find(app: &App, scope: &AccountScope, model: Model, id: &str) -> Result<Stored, ApiError> {
    let id: Uuid = id.parse().map_err(|_| ApiError::not_found())?;
    app.engine.get_record(scope, model, RecordId(id)).await?.ok_or_else(ApiError::not_found)
}

/// Makes the two handlers of a model, with their description.
macro_rules! model_handlers {
    ($category:expr, $tag:literal, $plural:literal, $list:ident, $retrieve:ident, $type:ty, [$($extra:literal),*]) => {
        #[doc = concat!("Lists ", $plural, " of the linked account, oldest change first.")]
        #[utoipa::path(
            get,
            path = concat!("/", $plural),
            operation_id = concat!($tag, "_", $plural, "_list"),
            tag = $tag,
            params(
                ("X-Account-Token" = String, Header, description = "Token of the linked account"),
                ("cursor" = Option<String>, Query, description = "`next` or `previous` of another page"),
                ("page_size" = Option<i64>, Query, description = "Records in a page: 1 to 100, default 30; more are lowered to 100"),
                ("created_after" = Option<String>, Query, format = DateTime, description = "First stored here later than this"),
                ("created_before" = Option<String>, Query, format = DateTime, description = "First stored here earlier than this"),
                ("modified_after" = Option<String>, Query, format = DateTime, description = "Last changed here later than this"),
                ("modified_before" = Option<String>, Query, format = DateTime, description = "Last changed here earlier than this"),
                ("remote_id" = Option<String>, Query, description = "Upstream's id"),
                ("expand" = Option<String>, Query, description = "Relations to send whole, separated by commas"),
                ("include_deleted_data" = Option<bool>, Query, description = "Also records that upstream deleted, or does not show to the account that linked any more"),
                ("include_remote_data" = Option<bool>, Query, description = "Fill `remote_data` with upstream's own JSON"),
                $(($extra = Option<String>, Query, description = "Narrows the list; see the API guide"),)*
            ),
            responses(
                (status = 200, description = "A page of records", body = Page<$type>),
                (status = 400, description = "A parameter is wrong", body = crate::problem::ProblemBody),
                (status = 401, description = "Key or account token is wrong", body = crate::problem::ProblemBody),
            ),
            security(("api_key" = [])),
        )]
        pub(crate) async fn $list(
            State(app): State<App>,
            account: Account,
            params: Params,
        ) -> Result<Json<Page<$type>>, ApiError> {
            list::<$type>(&app, &account.within($category)?, &params).await
        }

        #[doc = concat!("Retrieves one of the linked account's ", $plural, ".")]
        #[utoipa::path(
            get,
            path = concat!("/", $plural, "/{id}"),
            operation_id = concat!($tag, "_", $plural, "_retrieve"),
            tag = $tag,
            params(
                ("id" = Uuid, Path, description = "Our id of the record"),
                ("X-Account-Token" = String, Header, description = "Token of the linked account"),
                ("expand" = Option<String>, Query, description = "Relations to send whole, separated by commas"),
                ("include_remote_data" = Option<bool>, Query, description = "Fill `remote_data` with upstream's own JSON"),
            ),
            responses(
                (status = 200, description = "The record", body = $type),
                (status = 401, description = "Key or account token is wrong", body = crate::problem::ProblemBody),
                (status = 404, description = "There is no such record", body = crate::problem::ProblemBody),
            ),
            security(("api_key" = [])),
        )]
        pub(crate) async fn $retrieve(
            State(app): State<App>,
            account: Account,
            Segment(id): Segment,
            params: Params,
        ) -> Result<Json<$type>, ApiError> {
            retrieve::<$type>(&app, &account.within($category)?, &params, &id).await
        }
    };
}

use Category::{KnowledgeBase, Ticketing};

model_handlers!(
    Ticketing,
    "ticketing",
    "tickets",
    list_tickets,
    retrieve_ticket,
    ticketing::Ticket,
    [
        "include_remote_fields",
        "show_enum_origins",
        "collection_ids",
        "remote_created_after",
        "remote_created_before",
        "remote_updated_after",
        "remote_updated_before"
    ]
);
model_handlers!(
    Ticketing,
    "ticketing",
    "comments",
    list_comments,
    retrieve_comment,
    ticketing::Comment,
    ["ticket_id", "remote_created_after"]
);
model_handlers!(
    Ticketing,
    "ticketing",
    "attachments",
    list_attachments,
    retrieve_attachment,
    ticketing::Attachment,
    ["ticket_id", "remote_created_after"]
);
model_handlers!(
    Ticketing,
    "ticketing",
    "collections",
    list_collections,
    retrieve_collection,
    ticketing::Collection,
    []
);
model_handlers!(Ticketing, "ticketing", "projects", list_projects, retrieve_project, ticketing::Project, []);
model_handlers!(Ticketing, "ticketing", "roles", list_roles, retrieve_role, ticketing::Role, []);
model_handlers!(Ticketing, "ticketing", "tags", list_tags, retrieve_tag, ticketing::Tag, []);
model_handlers!(Ticketing, "ticketing", "teams", list_teams, retrieve_team, ticketing::Team, []);
model_handlers!(
    Ticketing,
    "ticketing",
    "users",
    list_users,
    retrieve_user,
    ticketing::User,
    ["email_address"]
);
model_handlers!(Ticketing, "ticketing", "accounts", list_accounts, retrieve_account, ticketing::Account, []);
model_handlers!(
    Ticketing,
    "ticketing",
    "contacts",
    list_contacts,
    retrieve_contact,
    ticketing::Contact,
    ["email_address"]
);
model_handlers!(
    KnowledgeBase,
    "knowledgebase",
    "articles",
    list_articles,
    retrieve_article,
    knowledgebase::Article,
    ["root_container_id"]
);
model_handlers!(
    KnowledgeBase,
    "knowledgebase",
    "containers",
    list_containers,
    retrieve_container,
    knowledgebase::Container,
    []
);
model_handlers!(
    KnowledgeBase,
    "knowledgebase",
    "attachments",
    list_kb_attachments,
    retrieve_kb_attachment,
    knowledgebase::KnowledgeBaseAttachment,
    []
);
model_handlers!(
    KnowledgeBase,
    "knowledgebase",
    "groups",
    list_kb_groups,
    retrieve_kb_group,
    knowledgebase::KnowledgeBaseGroup,
    []
);
model_handlers!(
    KnowledgeBase,
    "knowledgebase",
    "users",
    list_kb_users,
    retrieve_kb_user,
    knowledgebase::KnowledgeBaseUser,
    []
);

/// Lists who can see a ticket: users and teams.
#[utoipa::path(
    get,
    path = "/tickets/{ticket_id}/viewers",
    operation_id = "ticketing_tickets_viewers_list",
    tag = "ticketing",
    params(
        ("ticket_id" = Uuid, Path, description = "Our id of the ticket"),
        ("X-Account-Token" = String, Header, description = "Token of the linked account"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
        ("page_size" = Option<i64>, Query, description = "Viewers in a page: 1 to 100, default 30"),
        ("expand" = Option<String>, Query, description = "`user`, `team`"),
    ),
    responses(
        (status = 200, description = "A page of viewers", body = Page<Viewer>),
        (status = 401, description = "Key or account token is wrong", body = crate::problem::ProblemBody),
        (status = 404, description = "There is no such ticket", body = crate::problem::ProblemBody),
    ),
    security(("api_key" = [])),
)]
pub(crate) async fn list_ticket_viewers(
    State(app): State<App>,
    account: Account,
    Segment(id): Segment,
    params: Params,
) -> Result<Json<Page<Viewer>>, ApiError> {
    viewers(&app, &account.within(Ticketing)?, Model::Ticket, &id, &params).await
}

/// Lists who can see a collection: users and teams.
#[utoipa::path(
    get,
    path = "/collections/{collection_id}/viewers",
    operation_id = "ticketing_collections_viewers_list",
    tag = "ticketing",
    params(
        ("collection_id" = Uuid, Path, description = "Our id of the collection"),
        ("X-Account-Token" = String, Header, description = "Token of the linked account"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
        ("page_size" = Option<i64>, Query, description = "Viewers in a page: 1 to 100, default 30"),
        ("expand" = Option<String>, Query, description = "`user`, `team`"),
    ),
    responses(
        (status = 200, description = "A page of viewers", body = Page<Viewer>),
        (status = 401, description = "Key or account token is wrong", body = crate::problem::ProblemBody),
        (status = 404, description = "There is no such collection", body = crate::problem::ProblemBody),
    ),
    security(("api_key" = [])),
)]
pub(crate) async fn list_collection_viewers(
    State(app): State<App>,
    account: Account,
    Segment(id): Segment,
    params: Params,
) -> Result<Json<Page<Viewer>>, ApiError> {
    viewers(&app, &account.within(Ticketing)?, Model::Collection, &id, &params).await
}

async fn viewers(
    app: &App,
    scope: &AccountScope,
    model: Model,
    id: &str,
    params: &Params,
) -> Result<Json<Page<Viewer>>, ApiError> {
    let record = find(app, scope, model, id).await?;
    let page_size = params.page_size()?;
    let page = app.engine.readers_page(scope, &record, params.text("cursor"), page_size).await?;
    let expand = params.list("expand")?;
    let expands = |name: &str| expand.iter().any(|wanted| wanted == name);
    let ids: Vec<RecordId> = page
        .readers
        .iter()
        .filter_map(|reader| match reader {
            RecordReader::User(id) => expands("user").then_some(*id),
            RecordReader::Group(id) => expands("team").then_some(*id),
        })
        .collect();
    let whole: Vec<Stored> = app.engine.get_records(scope, &ids).await?.into_values().collect();
    let plain = Params::default();
    let of = |model: Model| whole.iter().filter(move |record| record.model == model).cloned().collect();
    let users: Vec<User> = present(&app.engine, scope, &plain, of(Model::User)).await?;
    let teams: Vec<Team> = present(&app.engine, scope, &plain, of(Model::Group)).await?;
    let results = page.readers.into_iter().map(|reader| {
        let (RecordReader::User(id) | RecordReader::Group(id)) = reader;
        let mut viewer = Viewer {
            id: Uuid::new_v5(&record.id.0, id.0.as_bytes()),
            remote_id: None,
            created_at: Time(record.created_at),
            modified_at: Time(record.modified_at),
            team: None,
            user: None,
        };
        match reader {
            RecordReader::User(id) => {
                let whole = users.iter().find(|user| user.id == id.0);
                viewer.user =
                    Some(whole.map_or(Related::Id(id.0), |user| Related::Record(Box::new(user.clone()))));
            }
            RecordReader::Group(id) => {
                let whole = teams.iter().find(|team| team.id == id.0);
                viewer.team =
                    Some(whole.map_or(Related::Id(id.0), |team| Related::Record(Box::new(team.clone()))));
            }
        }
        viewer
    });
    Ok(Json(Page { next: page.next, previous: None, results: results.collect() }))
}

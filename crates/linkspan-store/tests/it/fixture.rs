//! What the cases are made of.

use std::time::Duration;

use jiff::Timestamp;
use linkspan_model::access::{AccessRule, Clause, Gate, Principal};
use linkspan_model::change::Change;
use linkspan_model::entropy::Entropy;
use linkspan_model::ids::{AppId, GrantId, LinkId, LinkedAccountId, RecordId, SourceId};
use linkspan_model::models::{Attachment, Comment, Ticket, User};
use linkspan_model::product::{Category, Integration, Product};
use linkspan_model::record::{Access, Body, Model, NewRaw, NewRecord};
use linkspan_model::secret::Secret;
use linkspan_store::{
    Batch, BatchOutcome, ChildSet, Completion, EndUser, LinkCompleted, ListFilter, NewLink, NewSource,
    NewTokens, Store, StoredRecord,
};
use linkspan_vault::{Digest, DigestKey, KeyRing, SealContext, Sealed};

/// A moment, in milliseconds since the epoch.
pub(crate) fn at(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap()
}

pub(crate) fn app() -> AppId {
    AppId::of_client("client")
}

pub(crate) fn grant(account: &str) -> GrantId {
    GrantId::of(app(), account)
}

/// A source of the Atlassian account `account`.
pub(crate) fn new_source(account: &str) -> NewSource {
    let grant = grant(account);
    NewSource {
        id: SourceId::of(grant, "cloud-1", Product::Jira),
        grant,
        cloud_id: "cloud-1".to_owned(),
        product: Product::Jira,
        site_name: "Site".to_owned(),
        site_url: "https://site.example".to_owned(),
        scopes: vec!["read:jira-work".to_owned()],
    }
}

/// A source that takes writes.
pub(crate) async fn source(store: &Store, account: &str) -> SourceId {
    let source = new_source(account);
    store.put_source(&source, at(1)).await.unwrap();
    source.id
}

pub(crate) fn ticket_id(source: SourceId, number: u32) -> RecordId {
    RecordId::of(source, Model::Ticket, &number.to_string())
}

pub(crate) fn comment_id(source: SourceId, number: u32) -> RecordId {
    RecordId::of(source, Model::Comment, &number.to_string())
}

pub(crate) fn project_id(source: SourceId, number: u32) -> RecordId {
    RecordId::of(source, Model::Collection, &number.to_string())
}

/// A rule that lets one group in.
pub(crate) fn rule(group: &str) -> AccessRule {
    AccessRule::new([Clause::new(Gate::BrowseProject, [Principal::Group(group.to_owned())])])
}

pub(crate) fn ticket(source: SourceId, number: u32, name: &str) -> NewRecord {
    NewRecord {
        id: ticket_id(source, number),
        remote_id: Some(number.to_string()),
        parent: None,
        container: Some(project_id(source, number % 3)),
        remote_created_at: Some(at(i64::from(number))),
        remote_updated_at: Some(at(i64::from(number) * 2)),
        body: Body::Ticket(Box::new(Ticket { name: name.to_owned(), ..Ticket::default() })),
        access: Access::Rule(rule("staff")),
    }
}

pub(crate) fn comment(source: SourceId, number: u32, ticket: u32) -> NewRecord {
    let on = ticket_id(source, ticket);
    NewRecord {
        id: comment_id(source, number),
        remote_id: Some(number.to_string()),
        parent: Some(on),
        container: Some(project_id(source, ticket % 3)),
        remote_created_at: None,
        remote_updated_at: None,
        body: Body::Comment(Box::new(Comment { on: Some(on), ..Comment::default() })),
        access: Access::Rule(rule("staff")),
    }
}

pub(crate) fn attachment(source: SourceId, number: u32, ticket: u32) -> NewRecord {
    let on = ticket_id(source, ticket);
    NewRecord {
        id: RecordId::of(source, Model::Attachment, &number.to_string()),
        body: Body::Attachment(Attachment { on: Some(on), ..Attachment::default() }),
        ..comment(source, number, ticket)
    }
}

pub(crate) fn person(source: SourceId, account: &str, name: &str) -> NewRecord {
    NewRecord {
        id: RecordId::of(source, Model::User, account),
        remote_id: Some(account.to_owned()),
        parent: None,
        container: None,
        remote_created_at: None,
        remote_updated_at: None,
        body: Body::User(User { name: name.to_owned(), ..User::default() }),
        access: Access::Unguarded,
    }
}

pub(crate) fn raw(kind: &'static str, remote_id: &str, json: &str, record: Option<RecordId>) -> NewRaw {
    NewRaw {
        kind,
        remote_id: remote_id.to_owned(),
        path: format!("/rest/{remote_id}"),
        json: json.to_owned(),
        record,
        problem: None,
    }
}

pub(crate) fn records(records: impl IntoIterator<Item = NewRecord>) -> Batch {
    Batch { records: records.into_iter().collect(), ..Batch::default() }
}

pub(crate) fn comments_of(source: SourceId, ticket: u32, keep: &[u32]) -> ChildSet {
    ChildSet {
        parent: ticket_id(source, ticket),
        model: Model::Comment,
        keep: keep.iter().map(|&number| comment_id(source, number)).collect(),
    }
}

pub(crate) async fn write(store: &Store, source: SourceId, batch: &Batch, millis: i64) -> BatchOutcome {
    store.write_batch(source, batch, at(millis)).await.unwrap()
}

pub(crate) async fn get(store: &Store, source: SourceId, id: RecordId) -> StoredRecord {
    store.get_records(source, &[id]).await.unwrap().pop().unwrap()
}

/// All live records of a model, paged.
pub(crate) async fn list(store: &Store, source: SourceId, model: Model, page: u32) -> Vec<StoredRecord> {
    list_with(store, source, model, &ListFilter::default(), page).await
}

pub(crate) async fn list_with(
    store: &Store,
    source: SourceId,
    model: Model,
    filter: &ListFilter<'_>,
    page: u32,
) -> Vec<StoredRecord> {
    let mut all: Vec<StoredRecord> = Vec::new();
    loop {
        let after = all.last().map(StoredRecord::position);
        let rows = store.list_records(source, model, filter, after, page).await.unwrap();
        let is_last = rows.len() < page as usize;
        all.extend(rows);
        if is_last {
            return all;
        }
    }
}

/// The feed behind `after`, once it holds `expected` entries. On PostgreSQL an entry waits for every older transaction of
/// the server, those of other tests among them.
pub(crate) async fn feed(store: &Store, source: SourceId, after: i64, expected: usize) -> Vec<Change> {
    for _ in 0..500 {
        let changes = store.read_changes(Some(source), after, 10_000).await.unwrap().changes;
        if changes.len() >= expected {
            return changes;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the feed did not reach {expected} entries");
}

/// What happened, in order: (record, kind).
pub(crate) fn happened(changes: &[Change]) -> Vec<(RecordId, &'static str)> {
    changes.iter().map(|change| (change.record, change.kind.as_str())).collect()
}

pub(crate) fn ring() -> KeyRing {
    KeyRing::generate(&Entropy::seeded(1))
}

pub(crate) fn sealed(text: &str) -> Sealed {
    ring().seal(SealContext::new("test", b"row", "column"), text.as_bytes(), &Entropy::seeded(2))
}

pub(crate) fn digest(text: &str) -> Digest {
    DigestKey::generate(&Entropy::seeded(3)).digest("test", &Secret::new(text))
}

pub(crate) fn tokens(text: &str) -> NewTokens {
    NewTokens {
        tokens: sealed(text),
        access_expires_at: at(3_600_000),
        scopes: vec!["offline_access".to_owned()],
    }
}

pub(crate) fn end_user(origin_id: &str) -> EndUser {
    EndUser {
        origin_id: origin_id.to_owned(),
        organization_name: format!("{origin_id} Ltd"),
        email_address: format!("it@{origin_id}.example"),
    }
}

pub(crate) fn new_link(name: &str, origin_id: &str) -> NewLink {
    NewLink {
        id: LinkId(uuid_of(name)),
        token: digest(&format!("link-{name}")),
        app: app(),
        integration: None,
        categories: vec![Category::Ticketing],
        end_user: end_user(origin_id),
        expires_at: at(1_000_000),
    }
}

pub(crate) fn completion(account: &str, name: &str) -> Completion {
    Completion {
        source: new_source(account),
        integration: Integration::Jira,
        account: LinkedAccountId(uuid_of(name)),
        token_digest: digest(&format!("account-{name}")),
        token_sealed: sealed(name),
        data_key: sealed("data key"),
        public_token: digest(&format!("public-{name}")),
        public_token_expires_at: at(2_000_000),
    }
}

/// Takes a customer through the link page.
pub(crate) async fn link(store: &Store, name: &str, origin_id: &str, account: &str) -> LinkCompleted {
    let link = new_link(name, origin_id);
    store.create_link(&link, at(10)).await.unwrap();
    let (state, browser) = (digest(&format!("state-{name}")), digest(&format!("browser-{name}")));
    assert!(
        store
            .start_link(link.id, Integration::Jira, app(), &state, &browser, at(11), at(500_000))
            .await
            .unwrap()
    );
    store.answer_link(&state, Some(&browser), at(12)).await.unwrap();
    store.put_grant(grant(account), app(), account, &tokens(name), at(13)).await.unwrap();
    assert!(store.consent_link(link.id, grant(account), at(14)).await.unwrap());
    store.complete_link(link.id, &completion(account, name), at(15)).await.unwrap().unwrap()
}

/// Some UUID that belongs to a name.
pub(crate) fn uuid_of(name: &str) -> uuid::Uuid {
    uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, name.as_bytes())
}

/// Erases a source that no account uses; how many rows that were.
pub(crate) async fn delete_source(store: &Store, source: SourceId) -> u64 {
    let rows: u64 = store.erase_source(source).await.unwrap().values().sum();
    rows + u64::from(store.forget_source(source, at(1_000)).await.unwrap())
}

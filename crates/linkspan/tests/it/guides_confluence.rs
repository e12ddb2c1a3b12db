//! Confluence as a grant sees it that holds exactly what a set-up guide asks for: pages, blog posts, comments and (under the
//! classic guide) attachments come by search, and equal what a full grant reads.

use std::collections::BTreeMap;
use std::path::Path;

use linkspan_atlassian::calls::{GUIDE_M, GUIDE_U, Guide};
use linkspan_model::access::{AccessRule, Gate};
use linkspan_model::ids::SourceId;
use linkspan_model::record::Model;
use linkspan_sandbox::Options;
use linkspan_store::{DatabaseUrl, ListFilter, Store, StoredAccess, StoredRecord};
use serde_json::{Value, json};

use crate::support::{Upstream, only_line, small_world, stderr};

/// Changes that no sweep or census is needed to see.
const KINDS: [&str; 3] = ["create_page", "edit_page", "page_comment"];
/// What is compared.
const MODELS: [Model; 4] = [Model::Article, Model::Comment, Model::Attachment, Model::Container];

impl Upstream {
    /// Reads Confluence into a directory with these scopes, or with every scope, and expects no failure.
    async fn read_confluence(&self, scopes: Option<Vec<&str>>, directory: &Path) -> Value {
        let mut order = json!({ "account_id": self.text("/users/0/account_id") });
        if let Some(scopes) = scopes {
            order["scopes"] = json!(scopes);
        }
        let issued = self.control.post("token", &order).await;
        let token = issued["refresh_token"].as_str().unwrap();
        let output = self.sync("confluence", Some(token), directory).output().unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
        only_line(&output)
    }
}

/// The Confluence scopes of a guide, and the one without which a link dies after an hour.
fn scopes_of(guide: &Guide) -> Vec<&'static str> {
    let own = guide.scopes.iter().copied().filter(|scope| scope.contains("confluence"));
    own.chain(["offline_access"]).collect()
}

/// What a run left behind.
struct Copy {
    store: Store,
    source: SourceId,
    /// Words for the ids of records, which differ from grant to grant.
    names: BTreeMap<String, String>,
}

/// A record without what is particular to a grant.
#[derive(Debug, PartialEq)]
struct Seen {
    body: Value,
    parent: Option<String>,
    container: Option<String>,
    created: Option<String>,
    updated: Option<String>,
    access: Option<AccessRule>,
}

impl Copy {
    async fn open(directory: &Path) -> Self {
        let store = Store::open(&DatabaseUrl::sqlite(directory.join("linkspan.db"))).await.unwrap();
        let source = store.sources().await.unwrap()[0].id;
        let mut copy = Self { store, source, names: BTreeMap::new() };
        for model in MODELS.into_iter().chain([Model::User]) {
            for record in copy.list(model).await {
                let name = format!("{model} {}", record.remote_id.as_deref().unwrap());
                copy.names.insert(record.id.to_string(), name);
            }
        }
        copy
    }

    async fn list(&self, model: Model) -> Vec<StoredRecord> {
        let mut records: Vec<StoredRecord> = Vec::new();
        loop {
            let after = records.last().map(StoredRecord::position);
            let filter = ListFilter::default();
            let page = self.store.list_records(self.source, model, &filter, after, 500).await.unwrap();
            if page.is_empty() {
                return records;
            }
            records.extend(page);
        }
    }

    fn named(&self, value: &mut Value) {
        match value {
            Value::String(text) => {
                if let Some(name) = self.names.get(text) {
                    text.clone_from(name);
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.named(item)),
            Value::Object(members) => members.values_mut().for_each(|member| self.named(member)),
            _ => {}
        }
    }

    /// Every record of the compared models by model and upstream's id.
    async fn seen(&self) -> BTreeMap<String, Seen> {
        let rules = self.store.access_rules(self.source).await.unwrap();
        let mut seen = BTreeMap::new();
        for model in MODELS {
            let records = self.list(model).await;
            let ids: Vec<_> = records.iter().map(|record| record.id).collect();
            let access = self.store.record_access(self.source, &ids).await.unwrap();
            for record in records {
                let mut body: Value = serde_json::from_str(&record.body).unwrap();
                self.named(&mut body);
                let name = |id: Option<linkspan_model::ids::RecordId>| {
                    id.map(|id| self.names.get(&id.to_string()).cloned().unwrap_or_default())
                };
                let access = match access[&record.id] {
                    StoredAccess::Rule(key) => {
                        rules.iter().find(|(known, _)| *known == key).map(|(_, rule)| rule.clone())
                    }
                    _ => None,
                };
                let one = Seen {
                    body,
                    parent: name(record.parent),
                    container: name(record.container),
                    created: record.remote_created_at.map(|at| at.to_string()),
                    updated: record.remote_updated_at.map(|at| at.to_string()),
                    access,
                };
                seen.insert(self.names[&record.id.to_string()].clone(), one);
            }
        }
        seen
    }

    /// The phase of a stream, and why it is that.
    async fn stream(&self, name: &str) -> (String, String) {
        let progress = self.store.get_stream(self.source, name).await.unwrap().unwrap().progress;
        (progress.phase, progress.last_error.unwrap_or_default())
    }

    /// Paths of the raw rows of a kind.
    async fn paths(&self, kind: &str) -> Vec<String> {
        let raws = self.store.list_raws(self.source, kind, None, 1_000).await.unwrap();
        raws.into_iter().map(|raw| raw.path).collect()
    }
}

/// The members in which two bodies differ, with both values.
fn differences(one: &Value, other: &Value) -> Vec<String> {
    let names = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let mut members = [names(one), names(other)].concat();
    members.sort();
    members.dedup();
    let differs = |name: &String| one[name] != other[name];
    members
        .iter()
        .filter(|name| differs(name))
        .map(|name| format!("{name}: {} / {}", one[name], other[name]))
        .collect()
}

/// Whether an article names a parent that was not read.
fn is_below_unread(seen: &Seen) -> bool {
    seen.body["parent_article"].as_str().is_some_and(|parent| !parent.starts_with("article "))
}

/// Compares what a guide's grant brought with what a full grant brought: everything that is not archived is the same, and
/// nobody sees more.
fn compare(guide: &BTreeMap<String, Seen>, full: &BTreeMap<String, Seen>) {
    let is_archived = |name: &str| full[name].body["status"] == "ARCHIVED";
    let hangs_on_archived = |seen: &Seen| seen.parent.as_deref().is_some_and(is_archived);
    let mut expected: Vec<&String> = full
        .iter()
        .filter(|(name, seen)| {
            let is_own = name.starts_with("article ") && is_archived(name);
            !(is_own || hangs_on_archived(seen))
        })
        .map(|(name, _)| name)
        .collect();
    expected.sort();
    assert_eq!(guide.keys().collect::<Vec<_>>(), expected);
    let mut below_drafts = 0;
    for (name, seen) in guide {
        let full = &full[name];
        let mut differing = differences(&seen.body, &full.body);
        // Hazard P4. The second generation names somebody's draft as the parent, which this account cannot read, so that
        // nobody is shown the page. The first leaves it out, and a draft restricts nobody.
        if is_below_unread(full) {
            below_drafts += 1;
            differing
                .retain(|member| !member.starts_with("parent_article") && !member.starts_with("visibility"));
        } else {
            assert_eq!(seen.access, full.access, "{name}");
        }
        assert_eq!(differing, Vec::<String>::new(), "{name}");
        assert_eq!((&seen.parent, &seen.container), (&full.parent, &full.container), "{name}");
        assert_eq!(seen.updated, full.updated, "{name}");
        // The second generation does not tell when an edited comment was made.
        if full.created.is_some() {
            assert_eq!(seen.created, full.created, "{name}");
        }
    }
    assert!(below_drafts < guide.len() / 20, "{below_drafts} of {} stand below a draft", guide.len());
    let restricted = guide.values().filter_map(|seen| seen.access.as_ref()).filter(|rule| {
        rule.clauses().iter().any(|clause| matches!(clause.gate, Gate::Page | Gate::Ancestor(_)))
    });
    assert!(restricted.count() > 0, "there are restrictions to compare");
    let replies = guide.values().filter(|seen| seen.body["reply_to"].is_string());
    assert!(replies.count() > 0, "there are replies to compare");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_guide_reads_all_current_content_and_the_same_as_a_full_grant() {
    let upstream = Upstream::start(world()).await;
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    upstream.read_confluence(None, &at("full")).await;
    let full = Copy::open(&at("full")).await.seen().await;

    upstream.read_confluence(Some(scopes_of(&GUIDE_U)), &at("u")).await;
    let copy = Copy::open(&at("u")).await;
    compare(&copy.seen().await, &full);
    for (stream, words) in [
        ("groups", "the grant does not open groups and their members: it lacks read:confluence-groups"),
        ("versions", "the grant does not open versions of articles: it lacks read:page:confluence"),
    ] {
        let (phase, why) = copy.stream(stream).await;
        assert_eq!(phase, "skipped");
        assert!(why.starts_with(words), "{why}");
    }
    assert!(copy.paths("confluence.page").await[0].starts_with("/wiki/rest/api/content/"));
    assert!(copy.paths("confluence.attachment").await[0].starts_with("/wiki/api/v2/attachments/"));

    upstream.read_confluence(Some(scopes_of(&GUIDE_M)), &at("m")).await;
    let copy = Copy::open(&at("m")).await;
    compare(&copy.seen().await, &full);
    assert_eq!(copy.stream("groups").await.0, "done");
    assert_eq!(copy.stream("versions").await.0, "skipped");
    assert!(copy.paths("confluence.attachment").await[0].starts_with("/wiki/rest/api/content/att"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changes_is_read_by_search_and_what_did_not_is_left_alone() {
    let upstream = Upstream::start(world()).await;
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    let first = upstream.read_confluence(Some(scopes_of(&GUIDE_M)), &at("m")).await;
    let before = Copy::open(&at("m")).await;
    let stored = before.list(Model::Article).await;
    drop(before);
    upstream.control.post("mutate", &json!({ "seed": 5, "count": 30, "kinds": KINDS })).await;
    let second = upstream.read_confluence(Some(scopes_of(&GUIDE_M)), &at("m")).await;
    upstream.read_confluence(None, &at("full")).await;
    let full = Copy::open(&at("full")).await.seen().await;
    let copy = Copy::open(&at("m")).await;
    let seen = copy.seen().await;
    for (name, one) in &seen {
        // What was deleted is the census's to find.
        let Some(full) = full.get(name) else { continue };
        if !is_below_unread(full) {
            assert_eq!(differences(&one.body, &full.body), Vec::<String>::new(), "{name}");
        }
    }
    assert!(full.keys().filter(|name| full[*name].body["status"] != "ARCHIVED").all(|name| {
        seen.contains_key(name)
            || full[name].parent.as_deref().is_some_and(|on| full[on].body["status"] == "ARCHIVED")
    }));
    let untouched =
        copy.list(Model::Article).await.into_iter().filter(|record| stored.contains(record)).count();
    assert!(untouched > 0 && untouched < stored.len(), "{untouched} of {}", stored.len());
    let points = |line: &Value| line["points"].as_u64().unwrap();
    assert!(points(&second) < points(&first), "{first} {second}");
}

#[tokio::test(flavor = "multi_thread")]
async fn s3_a_page_that_goes_is_suspected_where_a_search_alone_is_open() {
    let upstream = Upstream::start(world()).await;
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path().join("m");
    upstream.read_confluence(Some(scopes_of(&GUIDE_M)), &at).await;
    let before = Copy::open(&at).await.list(Model::Article).await;
    let gone = {
        let world = upstream.handle.state().world();
        let mut site = world.main_site().write();
        let by = site.account_by_id(upstream.text("/users/0/account_id")).unwrap().index;
        let stamp = linkspan_sandbox::world::Stamp { at: world.clock().now_ms(), by };
        let mut ids = before.iter().filter_map(|article| article.remote_id.clone());
        let mut trash = |id: &String| {
            let content = linkspan_sandbox::world::ContentId(id.parse().unwrap());
            site.trash_content(stamp, content).is_ok()
        };
        ids.find(&mut trash).unwrap()
    };
    upstream.read_confluence(Some(scopes_of(&GUIDE_M)), &at).await;
    // The grant opens no look by id, so a second walk in a later run has to say the same.
    let copy = Copy::open(&at).await;
    assert_eq!(copy.list(Model::Article).await.len(), before.len());
    let rows = copy.store.ledger(copy.source, None, None, 100).await.unwrap();
    let suspected: Vec<_> = rows.iter().filter(|row| row.suspected_at.is_some()).collect();
    assert_eq!(suspected.len(), 1, "{rows:?}");
    let suspects = copy.store.suspects(copy.source, suspected[0].container).await.unwrap();
    let page = linkspan_model::ids::RecordId::of(copy.source, Model::Article, &gone);
    assert_eq!(suspects.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [page]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consent_to_more_reads_the_better_lists_from_their_beginning() {
    let upstream = Upstream::start(world()).await;
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    upstream.read_confluence(Some([&scopes_of(&GUIDE_U)[..], &["read:me"]].concat()), &at("grown")).await;
    upstream.read_confluence(None, &at("grown")).await;
    upstream.read_confluence(None, &at("full")).await;
    let copy = Copy::open(&at("grown")).await;
    assert!(copy.paths("confluence.page").await.iter().all(|path| path.starts_with("/wiki/api/v2/pages/")));
    assert_eq!(copy.stream("versions").await.0, "done");
    let (grown, full) = (copy.seen().await, Copy::open(&at("full")).await.seen().await);
    assert_eq!(grown.keys().collect::<Vec<_>>(), full.keys().collect::<Vec<_>>());
    for (name, seen) in &grown {
        assert_eq!(differences(&seen.body, &full[name].body), Vec::<String>::new(), "{name}");
        assert_eq!(seen.access, full[name].access, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whiteboards_and_smart_links_are_discovered_by_search_and_each_is_read_once() {
    let upstream = Upstream::start(world()).await;
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    let first = upstream.read_confluence(None, &at("full")).await;
    let copy = Copy::open(&at("full")).await;
    let mut found = 0;
    for (kind, path) in [
        ("confluence.whiteboard", "/wiki/api/v2/whiteboards/"),
        ("confluence.embed", "/wiki/api/v2/embeds/"),
        ("confluence.database", "/wiki/api/v2/databases/"),
        ("confluence.folder", "/wiki/api/v2/folders/"),
    ] {
        let paths = copy.paths(kind).await;
        assert!(!paths.is_empty() && paths.iter().all(|own| own.starts_with(path)), "{kind} {paths:?}");
        found += paths.len() as u64;
    }
    assert_eq!(copy.stream("tree").await.0, "done");
    drop(copy);
    let second = upstream.read_confluence(None, &at("full")).await;
    let requests = |line: &Value| line["requests"].as_u64().unwrap();
    assert!(requests(&first) >= requests(&second) + found, "{first} {second}");

    // A guide's grant opens neither; what holds articles is taken from the search.
    upstream.read_confluence(Some(scopes_of(&GUIDE_U)), &at("u")).await;
    let copy = Copy::open(&at("u")).await;
    assert_eq!(copy.paths("confluence.whiteboard").await, Vec::<String>::new());
    assert!(copy.paths("confluence.folder").await[0].starts_with("/wiki/rest/api/content/"));
}

#[tokio::test(flavor = "multi_thread")]
async fn s9_an_answer_too_large_is_asked_for_in_smaller_pages() {
    let upstream = Upstream::start(world()).await;
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    let whole = upstream.read_confluence(Some(scopes_of(&GUIDE_M)), &at("whole")).await;
    let fault = json!({ "kind": "status", "status": 413, "path": "/wiki/rest/api/content/search", "skip": 7, "count": 3 });
    upstream.control.post("faults", &fault).await;
    let cut = upstream.read_confluence(Some(scopes_of(&GUIDE_M)), &at("cut")).await;
    assert_eq!(cut["counts"], whole["counts"]);
    assert!(cut["requests"].as_u64().unwrap() > whole["requests"].as_u64().unwrap() + 3, "{cut} {whole}");
}

/// A world that has folders, restrictions, replies and archived pages.
fn world() -> Options {
    Options { pages: 120, spaces: 3, ..small_world() }
}

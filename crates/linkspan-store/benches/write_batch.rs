//! How fast the spine takes a backfill, and how much memory that needs.
//!
//! `cargo bench -p linkspan-store -- [ISSUES]` writes issues in batches of 100 into a fresh SQLite file: each with 1 issue
//! raw of about 4 KB, 2 comment raws, a ticket of about 3 KB, 2 comments, 1 attachment, who may see them, and the feed.
//! Then it writes the same again (nothing changes) and reads the tickets back page by page. Pin it to one core with
//! `taskset -c 0` for comparable figures. `LINKSPAN_BENCH_DATABASE` names another database.

#![expect(clippy::print_stdout, reason = "a benchmark reports")]
#![expect(clippy::unwrap_used, reason = "a benchmark may stop at the first error")]

use std::time::{Duration, Instant};

use jiff::Timestamp;
use linkspan_model::access::{AccessRule, Clause, Gate, Principal};
use linkspan_model::ids::{AppId, GrantId, RecordId, SourceId};
use linkspan_model::models::{Attachment, Comment, Ticket};
use linkspan_model::product::Product;
use linkspan_model::record::{Access, Body, Model, NewRaw, NewRecord};
use linkspan_model::rich::{RichFormat, RichText};
use linkspan_store::{Batch, Checkpoint, ChildSet, ListFilter, NewSource, Store};

const BATCH: usize = 100;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let issues: usize = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(20_000);
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bench.db");
    #[expect(clippy::disallowed_methods, reason = "a benchmark has no configuration module")]
    let url =
        std::env::var("LINKSPAN_BENCH_DATABASE").unwrap_or_else(|_| format!("sqlite:{}", path.display()));
    let store = Store::open(&url.parse().unwrap()).await.unwrap();
    let source = new_source(&store).await;

    let making = processor_seconds();
    for first in (0..issues).step_by(BATCH) {
        std::hint::black_box(batch(source, first..(first + BATCH).min(issues)));
    }
    let making = processor_seconds() - making;
    let write = async |label: &str| {
        let mut took = Duration::ZERO;
        let before = processor_seconds();
        for first in (0..issues).step_by(BATCH) {
            let batch = batch(source, first..(first + BATCH).min(issues));
            let writing = Instant::now();
            store.write_batch(source, &batch, Timestamp::UNIX_EPOCH).await.unwrap();
            took += writing.elapsed();
        }
        report(label, issues, took, processor_seconds() - before - making);
    };
    write("first write").await;
    write("same again").await;

    let reading = Instant::now();
    let before = processor_seconds();
    let (mut after, mut seen, mut bytes) = (None, 0, 0);
    loop {
        let page =
            store.list_records(source, Model::Ticket, &ListFilter::default(), after, 100).await.unwrap();
        let Some(last) = page.last() else {
            break;
        };
        after = Some(last.position());
        seen += page.len();
        bytes += page.iter().map(|record| record.body.len()).sum::<usize>();
    }
    report("list pages of 100", seen, reading.elapsed(), processor_seconds() - before);
    println!("{:>24}: {} bytes", "mean ticket body", bytes / seen.max(1));
    let counting = Instant::now();
    let count = store.count_records(source, Model::Comment, false).await.unwrap();
    println!("{:>24}: {count} comments in {:.1} ms", "count", counting.elapsed().as_secs_f64() * 1e3);
    store.close().await;
    if let Ok(file) = std::fs::metadata(&path) {
        println!("{:>24}: {} MB", "database file", file.len() / 1_000_000);
    }
    if let Some(line) = std::fs::read_to_string("/proc/self/status")
        .ok()
        .and_then(|status| status.lines().find(|line| line.starts_with("VmHWM")).map(str::to_owned))
    {
        println!("{:>24}: {}", "peak memory", line.trim_start_matches("VmHWM:").trim());
    }
}

#[expect(clippy::cast_precision_loss, reason = "figures for people")]
fn report(label: &str, issues: usize, took: Duration, processor: f64) {
    let (seconds, issues) = (took.as_secs_f64(), issues as f64);
    println!(
        "{label:>24}: {issues} issues in {seconds:.2} s = {:.0}/s; {processor:.2} s of processor time = {:.0}/s",
        issues / seconds,
        issues / processor,
    );
}

/// Processor time of this process so far, in seconds, where the system tells (in hundredths); else 0.
fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<f64> = stat
        .rsplit_once(')')
        .map(|(_, rest)| rest.split_whitespace().map(|field| field.parse().unwrap_or(0.0)).collect())
        .unwrap_or_default();
    // User and system time are the fields 14 and 15 of the line, 12 and 13 behind the name.
    fields.get(11..13).map_or(0.0, |times| times.iter().sum::<f64>() / 100.0)
}

async fn new_source(store: &Store) -> SourceId {
    let grant = GrantId::of(AppId::of_client("bench"), "account");
    let id = SourceId::of(grant, "cloud", Product::Jira);
    let source = NewSource {
        id,
        grant,
        cloud_id: "cloud".to_owned(),
        product: Product::Jira,
        site_name: "bench".to_owned(),
        site_url: "https://bench.example".to_owned(),
        scopes: Vec::new(),
    };
    store.put_source(&source, Timestamp::UNIX_EPOCH).await.unwrap();
    id
}

fn batch(source: SourceId, issues: std::ops::Range<usize>) -> Batch {
    let state = format!(r#"{{"after":{}}}"#, issues.end);
    let mut batch = Batch {
        checkpoint: Some(Checkpoint { stream: "issues".to_owned(), state, ..Checkpoint::default() }),
        ..Batch::default()
    };
    for issue in issues {
        add_issue(&mut batch, source, issue);
    }
    batch
}

fn add_issue(batch: &mut Batch, source: SourceId, issue: usize) {
    let number = (10_000 + issue).to_string();
    let ticket = RecordId::of(source, Model::Ticket, &number);
    let container = RecordId::of(source, Model::Collection, &(issue % 20).to_string());
    let group = Principal::Group(format!("group-{}", issue % 20));
    let rule = AccessRule::new([
        Clause::new(Gate::BrowseProject, [group, Principal::Account("lead".to_owned())]),
        Clause::new(Gate::Product, [Principal::Licensed]),
    ]);
    let record = |id, remote_id: &str, parent, body| NewRecord {
        id,
        remote_id: Some(remote_id.to_owned()),
        parent,
        container: Some(container),
        remote_created_at: Timestamp::from_second(1_700_000_000).ok(),
        remote_updated_at: Timestamp::from_second(1_750_000_000).ok(),
        body,
        access: Access::Rule(rule.clone()),
    };
    let raw = |kind, remote_id: &str, id, length| NewRaw {
        kind,
        remote_id: remote_id.to_owned(),
        path: format!("/rest/api/3/{kind}/{remote_id}"),
        json: format!(r#"{{"id":"{remote_id}","fields":{{"text":"{}"}}}}"#, words(issue, length)),
        record: Some(id),
        problem: None,
    };

    batch.raws.push(raw("jira.issue", &number, ticket, 4_000));
    let body = Ticket {
        key: format!("BENCH-{issue}"),
        name: words(issue, 60),
        description: Some(rich(issue, 850)),
        status: Some("OPEN".to_owned()),
        collections: vec![container],
        tags: vec!["one".to_owned(), "two".to_owned()],
        ..Ticket::default()
    };
    batch.records.push(record(ticket, &number, None, Body::Ticket(Box::new(body))));

    let mut comments = Vec::new();
    for position in 0..2 {
        let comment_number = (issue * 2 + position).to_string();
        let id = RecordId::of(source, Model::Comment, &comment_number);
        batch.raws.push(raw("jira.comment", &comment_number, id, 600));
        let body =
            Comment { on: Some(ticket), body: Some(rich(issue + position, 200)), ..Comment::default() };
        batch.records.push(record(id, &comment_number, Some(ticket), Body::Comment(Box::new(body))));
        comments.push(id);
    }
    let attachment = RecordId::of(source, Model::Attachment, &number);
    let body = Attachment { file_name: "file.png".to_owned(), on: Some(ticket), ..Attachment::default() };
    batch.records.push(record(attachment, &number, Some(ticket), Body::Attachment(body)));
    batch.child_sets.push(ChildSet { parent: ticket, model: Model::Comment, keep: comments });
    batch.child_sets.push(ChildSet { parent: ticket, model: Model::Attachment, keep: vec![attachment] });
}

fn rich(seed: usize, length: usize) -> RichText {
    let text = words(seed, length);
    RichText {
        format: RichFormat::Adf,
        html: format!("<p>{text}</p>"),
        markdown: text.clone(),
        text,
        lost: Vec::new(),
    }
}

/// Text of about `length` bytes that compresses like prose.
fn words(seed: usize, length: usize) -> String {
    const WORDS: [&str; 24] = [
        "printer", "queue", "fails", "when", "the", "second", "floor", "restarts", "after", "an", "update",
        "and", "nobody", "can", "reach", "support", "before", "monday", "because", "of", "missing", "toner",
        "again", "now",
    ];
    let mut state = seed as u64 | 1;
    let mut text = String::with_capacity(length + 16);
    while text.len() < length {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let pick = usize::try_from(state >> 33).unwrap_or(0);
        text.push_str(WORDS[pick % WORDS.len()]);
        if pick % 7 == 0 {
            text.push_str(&(pick % 10_000).to_string());
        }
        text.push(' ');
    }
    text
}

//! The dataset, when it is there: counts equal to its README's, texts word for word.

use std::collections::HashMap;
use std::path::PathBuf;

use super::{options, world};
use crate::world::confluence::ContentStatus;
use crate::world::{AccountIndex, Rich, Viewer, WorldOptions};

/// The dataset beside the workspace; `None`, with a note, when it is not there.
fn folder() -> Option<PathBuf> {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data"));
    if folder.join("jira-issues").is_dir() {
        return Some(folder);
    }
    #[expect(clippy::print_stderr, reason = "whoever runs the tests should know what was not tested")]
    {
        eprintln!("skipped: no dataset at {}", folder.display());
    }
    None
}

#[test]
fn counts_are_those_of_the_data_and_the_administrator_sees_everything() {
    let Some(folder) = folder() else { return };
    let world = world(&WorldOptions { dataset: Some(folder), ..options(10, 10) });
    let state = world.main_site().read();
    let counts = state.counts(None);
    assert_eq!(
        (counts.projects, counts.issues, counts.comments, counts.attachments),
        (5, 14_187, 50_447, 7_370)
    );
    let all_pages = state.content_ids().filter_map(|id| state.content(id)).collect::<Vec<_>>();
    let exported = all_pages
        .iter()
        .filter(|content| matches!(content.body, crate::world::Body::View(_) | crate::world::Body::Empty))
        .count();
    assert!(exported >= 1_408, "{exported}");
    // Of the 141 bodies in storage format 53 are pages and posts, 30 comments, 2 unpublished edits, and 56 old versions,
    // one of which the data holds twice under one number.
    let kept_versions: usize = all_pages
        .iter()
        .map(|content| content.versions.iter().filter(|version| version.body.is_some()).count())
        .sum();
    assert_eq!((all_pages.len(), kept_versions, counts.page_comments), (1_408 + 53, 55, 30));
    assert_eq!(counts.pages + counts.blogposts + counts.drafts + counts.trashed_pages, 1_408 + 53);
    let admin = state.counts(Some(&state.reader(Viewer::Account(AccountIndex(0)))));
    assert_eq!(admin, counts);
    let drafts = all_pages.iter().filter(|content| content.head.status == ContentStatus::Draft);
    assert!(drafts.into_iter().all(|content| content.head.author == AccountIndex(0)));
}

#[test]
fn s20_every_text_node_is_a_line_of_the_source() {
    let Some(folder) = folder() else { return };
    let world = world(&WorldOptions { dataset: Some(folder), ..options(10, 10) });
    let state = world.main_site().read();
    let mut checked = 0;
    for id in state.issue_ids().step_by(17) {
        let issue = state.issue(id).unwrap();
        let texts = issue
            .comments
            .iter()
            .map(|comment| &comment.body)
            .chain(&issue.description)
            .chain(&issue.environment);
        for text in texts {
            let Rich::Wiki(source) = text else { panic!("the dataset's texts are kept as they came") };
            assert_eq!(text.wiki(), **source);
            let adf: serde_json::Value = serde_json::from_str(&text.adf()).unwrap();
            let paragraphs = adf["content"].as_array().unwrap().iter();
            let nodes = paragraphs.flat_map(|paragraph| paragraph["content"].as_array().unwrap());
            let lines: Vec<&str> = nodes.filter_map(|node| node["text"].as_str()).collect();
            let source = source.replace("\r\n", "\n").replace('\r', "\n");
            let expected: Vec<&str> = source.split('\n').filter(|line| !line.trim().is_empty()).collect();
            assert_eq!(lines, expected);
            checked += 1;
        }
    }
    assert!(checked > 3_000);
}

#[test]
fn people_and_links_hang_together() {
    let Some(folder) = folder() else { return };
    let world = world(&WorldOptions { dataset: Some(folder), ..options(10, 10) });
    let state = world.main_site().read();
    let mut links: HashMap<u64, u32> = HashMap::new();
    for id in state.issue_ids() {
        let issue = state.issue(id).unwrap();
        let authors = issue
            .comments
            .iter()
            .map(|comment| comment.author)
            .chain(issue.attachments.iter().map(|file| file.author));
        for person in authors.chain([issue.reporter, issue.creator, issue.assignee]).flatten() {
            assert!(state.is_present(person));
        }
        for link in &issue.links {
            *links.entry(link.id.0).or_default() += 1;
        }
        assert_eq!(state.issue_by_key(&state.issue_key(id).unwrap()), Some(id));
    }
    assert!(links.len() > 1_900 && links.values().all(|ends| *ends == 2));
}

#[test]
fn a_folder_without_a_dataset_is_refused() {
    let options =
        WorldOptions { dataset: Some(PathBuf::from(env!("CARGO_MANIFEST_DIR"))), ..options(10, 10) };
    let refused = crate::world::World::new(&options, crate::world::Clock::starting_at(super::NOW));
    assert!(matches!(refused, Err(crate::world::WorldError::EmptyDataset { .. })));
}

//! The rules of the house that a compiler does not check.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// The allowed arrows between our crates (ARCHITECTURE.md). A crate that is missing here must be put on the map first.
const ARROWS: &[(&str, &[&str])] = &[
    ("linkspan-model", &[]),
    ("linkspan-vault", &["linkspan-model"]),
    ("linkspan-atlassian", &["linkspan-model"]),
    ("linkspan-store", &["linkspan-model", "linkspan-vault"]),
    ("linkspan-search", &["linkspan-model"]),
    (
        "linkspan-engine",
        &["linkspan-model", "linkspan-vault", "linkspan-atlassian", "linkspan-store", "linkspan-search"],
    ),
    ("linkspan-server", &["linkspan-model", "linkspan-engine"]),
    ("linkspan-sandbox", &[]),
    (
        "linkspan",
        &[
            "linkspan-model",
            "linkspan-vault",
            "linkspan-atlassian",
            "linkspan-store",
            "linkspan-search",
            "linkspan-engine",
            "linkspan-server",
            "linkspan-sandbox",
        ],
    ),
];

/// Outside crates that only some of ours may use, because they stand for a border.
const CONFINED: &[(&str, &[&str])] = &[
    ("reqwest", &["linkspan-atlassian", "linkspan-engine", "linkspan-sandbox", "linkspan"]),
    ("sqlx", &["linkspan-store"]),
    ("axum", &["linkspan-server", "linkspan-sandbox"]),
    ("minijinja", &["linkspan-server"]),
    ("chacha20poly1305", &["linkspan-vault"]),
    ("hmac", &["linkspan-vault", "linkspan-sandbox"]),
];

fn workspace_root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn packages() -> Vec<Value> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--no-deps", "--offline", "--locked"])
        .current_dir(workspace_root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    metadata["packages"].as_array().unwrap().clone()
}

fn dependencies(package: &Value) -> impl Iterator<Item = (&str, bool)> {
    package["dependencies"]
        .as_array()
        .unwrap()
        .iter()
        .map(|dependency| (dependency["name"].as_str().unwrap(), dependency["kind"].as_str() == Some("dev")))
}

#[test]
fn crates_depend_only_along_the_arrows_of_the_map() {
    for package in packages() {
        let name = package["name"].as_str().unwrap();
        let (_, allowed) = ARROWS.iter().find(|(known, _)| *known == name).expect("add the crate to the map");
        let ours = dependencies(&package).filter(|(dependency, _)| dependency.starts_with("linkspan"));
        // A crate may turn on features of its own for its tests.
        for (dependency, _) in ours.filter(|(dependency, _)| *dependency != name) {
            assert!(allowed.contains(&dependency), "{name} must not depend on {dependency}");
        }
    }
}

#[test]
fn outside_crates_that_mark_a_border_stay_behind_it() {
    for package in packages() {
        let name = package["name"].as_str().unwrap();
        for (dependency, is_dev) in dependencies(&package) {
            let Some((_, allowed)) = CONFINED.iter().find(|(confined, _)| *confined == dependency) else {
                continue;
            };
            assert!(is_dev || allowed.contains(&name), "{name} must not use {dependency} outside tests");
        }
    }
}

#[test]
fn source_files_hold_one_subject() {
    let output = Command::new("git").args(["ls-files", "*.rs"]).current_dir(workspace_root()).output();
    let Ok(output) = output else {
        println!("skipped: no git here");
        return;
    };
    for file in String::from_utf8(output.stdout).unwrap().lines() {
        let Ok(text) = std::fs::read_to_string(workspace_root().join(file)) else { continue };
        let lines = text.lines().count();
        assert!(lines <= 500, "{file} has {lines} lines: it has met a second subject");
    }
}

//! A case that is written and not registered would never run.

use crate::conformance::CASES;

#[test]
fn every_case_is_registered() {
    let directory = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/conformance");
    let mut written = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let module = path.file_stem().unwrap().to_str().unwrap().to_owned();
        for line in std::fs::read_to_string(&path).unwrap().lines() {
            if let Some(rest) = line.strip_prefix("pub(crate) async fn ")
                && let Some((case, _)) = rest.split_once('(')
            {
                assert!(case.len() < 64, "{case} is too long to name a PostgreSQL schema");
                written.push(format!("{module}::{case}"));
            }
        }
    }
    written.sort_unstable();
    let mut registered = CASES.to_vec();
    registered.sort_unstable();
    assert_eq!(written, registered);
}

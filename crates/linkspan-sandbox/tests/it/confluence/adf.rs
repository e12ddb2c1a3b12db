//! Every ADF body, made up or real, judged by the published schema.

use serde_json::Value;

use super::{Person, varied};
use crate::support::Lab;

/// The published ADF schema, if it is there.
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn adf_schema() -> Option<jsonschema::Validator> {
    let path = shared("openapi/adf-schema.json");
    let Ok(text) = std::fs::read_to_string(&path) else {
        eprintln!("skipped: {} is absent", path.display());
        return None;
    };
    let schema: Value = serde_json::from_str(&text).unwrap();
    Some(jsonschema::options().with_draft(jsonschema::Draft::Draft4).build(&schema).unwrap())
}

fn shared(file: &str) -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared").join(file)
}

/// Every ADF body the administrator can list validates; returns how many there are.
async fn judge_adf(lab: &Lab, schema: &jsonschema::Validator) -> usize {
    let admin = Person::admin(lab);
    let (mut judged, mut failures) = (0, Vec::new());
    for list in ["pages", "blogposts", "footer-comments", "inline-comments"] {
        for entry in admin.walk(&format!("/wiki/api/v2/{list}?body-format=atlas_doc_format&limit=250")).await
        {
            let text = entry["body"]["atlas_doc_format"]["value"].as_str().unwrap();
            let document: Value = serde_json::from_str(text).unwrap();
            if let Some(error) = schema.iter_errors(&document).next() {
                failures.push(format!("{list} {}: {error:.300} at {}", entry["id"], error.instance_path()));
            }
            judged += 1;
        }
    }
    assert!(failures.is_empty(), "{} bodies, first: {}", failures.len(), failures[0]);
    judged
}

#[tokio::test]
async fn every_generated_adf_body_is_valid_by_the_published_schema() {
    let Some(schema) = adf_schema() else { return };
    assert!(judge_adf(&Lab::with(varied()).await, &schema).await > 500);
}

#[tokio::test]
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
async fn every_real_page_is_served_as_valid_adf() {
    let Some(schema) = adf_schema() else { return };
    // Issues are not needed here, so only the pages are linked in.
    let pages = shared("data/confluence-pages");
    if !pages.exists() {
        eprintln!("skipped: {} is absent", pages.display());
        return;
    }
    let folder = std::env::temp_dir().join(format!("linkspan-sandbox-pages-{}", std::process::id()));
    std::fs::create_dir_all(folder.join("confluence-pages")).unwrap();
    for file in std::fs::read_dir(&pages).unwrap().flatten() {
        std::fs::copy(file.path(), folder.join("confluence-pages").join(file.file_name())).unwrap();
    }
    let lab = Lab::with(linkspan_sandbox::Options { dataset: Some(folder.clone()), ..varied() }).await;
    std::fs::remove_dir_all(folder).unwrap();
    assert!(judge_adf(&lab, &schema).await > 1400);
}

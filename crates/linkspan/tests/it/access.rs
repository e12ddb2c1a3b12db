//! Who may see what is stored, after permissions changed at upstream and nothing else did.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use jiff::SignedDuration;
use linkspan_model::product::Product;
use linkspan_model::record::Model;
use linkspan_sandbox::Options;
use linkspan_store::{ListFilter, StoredAccess};
use serde_json::json;

use crate::personal_data::Privacy;

/// Longer than access data may stay unread.
const LATER: SignedDuration = SignedDuration::from_hours(2);
/// Changes of permissions that touch no issue and no page.
const PERMISSIONS: [&str; 4] = ["role_actor", "space_permission", "restrict_page", "unrestrict_page"];

fn world() -> Options {
    Options { projects: 3, issues: 150, spaces: 3, pages: 60, users: 20, groups: 5, ..Options::default() }
}

impl Privacy {
    /// What guards each record, by product, model and upstream's id. What is not known and what lets nobody in hide a record
    /// alike.
    async fn guards(&self) -> BTreeMap<String, String> {
        let mut guards = BTreeMap::new();
        for source in self.store.sources().await.unwrap() {
            let rules: HashMap<_, _> =
                self.store.access_rules(source.id).await.unwrap().into_iter().collect();
            let guard = |access: &StoredAccess| match access {
                StoredAccess::Unknown => "nobody".to_owned(),
                StoredAccess::Rule(key) if rules[key].clauses().iter().any(|it| it.any_of.is_empty()) => {
                    "nobody".to_owned()
                }
                known => format!("{known:?}"),
            };
            for model in Model::ALL {
                let mut after = None;
                loop {
                    let filter = ListFilter::default();
                    let records =
                        self.store.list_records(source.id, model, &filter, after, 500).await.unwrap();
                    let Some(last) = records.last() else { break };
                    after = Some(last.position());
                    let ids: Vec<_> = records.iter().map(|record| record.id).collect();
                    let access = self.store.record_access(source.id, &ids).await.unwrap();
                    for record in &records {
                        let name = format!("{} {model} {:?}", source.product, record.remote_id);
                        guards.insert(name, guard(&access[&record.id]));
                    }
                }
            }
        }
        guards
    }

    async fn change_permissions(&self, seed: u64, count: u64) {
        let order = json!({ "seed": seed, "count": count, "kinds": PERMISSIONS });
        self.upstream.control.post("mutate", &order).await;
    }

    /// The guards that a first reading gives.
    async fn guards_read_anew(&mut self) -> BTreeMap<String, String> {
        self.forget_everything().await;
        self.linked_and_read().await;
        self.guards().await
    }
}

/// The guards that differ, with both of them. What the linked account itself may not see any more is in no first reading.
fn differing(found: &BTreeMap<String, String>, expected: &BTreeMap<String, String>) -> Vec<String> {
    assert!(!expected.is_empty());
    let differs = |name: &&String| found.get(*name) != expected.get(*name);
    let names = expected.keys().filter(differs);
    names.map(|name| format!("{name}: {:?} / {:?}", found.get(name), expected[name])).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn p12_changed_permissions_of_roles_spaces_and_pages_reach_everything_stored() {
    let mut privacy = Privacy::start(world()).await;
    privacy.linked_and_read().await;
    let before = privacy.guards().await;
    privacy.change_permissions(3, 12).await;
    privacy.pass(LATER).await;
    privacy.read_all().await;
    let found = privacy.guards().await;
    let changed = differing(&found, &before);
    for product in [Product::Jira, Product::Confluence] {
        let name = product.to_string();
        assert!(changed.iter().any(|line| line.starts_with(&name)), "nothing changed in {name}");
    }
    let expected = privacy.guards_read_anew().await;
    assert_eq!(differing(&found, &expected), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn p2_a_reading_killed_at_any_step_leaves_no_record_guarded_by_former_permissions() {
    let mut privacy = Privacy::start(world()).await;
    privacy.linked_and_read().await;
    privacy.change_permissions(4, 12).await;
    privacy.pass(LATER).await;
    let mut kills = 0;
    let mut patience = Duration::from_millis(5);
    for source in privacy.store.sources().await.unwrap() {
        loop {
            let run = tokio::time::timeout(patience, privacy.engine.sync_source(source.id)).await;
            patience = patience.mul_f64(1.3);
            if let Ok(report) = run {
                assert_eq!(report.unwrap().failed, []);
                break;
            }
            kills += 1;
            privacy.restart().await;
        }
    }
    assert!(kills >= 5, "it was interrupted {kills} times");
    let found = privacy.guards().await;
    let expected = privacy.guards_read_anew().await;
    assert_eq!(differing(&found, &expected), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn p2_what_was_read_while_permissions_could_not_be_is_hidden_until_they_can() {
    let mut privacy = Privacy::start(world()).await;
    privacy.linked_and_read().await;
    for path in ["/rest/api/3/project/search", "/wiki/api/v2/spaces"] {
        privacy
            .fault(json!({ "kind": "status", "status": 200, "path": path, "body": { "no": "list" } }))
            .await;
    }
    let edits = json!({ "seed": 5, "count": 30, "kinds": ["edit_issue", "edit_page"] });
    privacy.upstream.control.post("mutate", &edits).await;
    privacy.pass(LATER).await;
    for source in privacy.store.sources().await.unwrap() {
        let failed = privacy.engine.sync_source(source.id).await.unwrap().failed;
        assert!(!failed.is_empty());
    }
    // Longer than a reading of changes looks back.
    privacy.clear_faults().await;
    privacy.pass(LATER).await;
    privacy.read_all().await;
    let found = privacy.guards().await;
    let expected = privacy.guards_read_anew().await;
    assert_eq!(differing(&found, &expected), Vec::<String>::new());
}

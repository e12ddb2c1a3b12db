//! Looking for planted words wherever data can be.

use linkspan_model::record::Model;
use linkspan_store::{AccountFilter, IdentityFilter, ListFilter, Store};

use super::Privacy;

/// Everything readable of every source through the store, as one text.
pub(super) async fn everything_stored(store: &Store) -> String {
    let mut text = String::new();
    let mut add = |piece: &str| {
        text.push_str(piece);
        text.push('\n');
    };
    for source in store.sources().await.unwrap() {
        let mut after: Option<(String, String)> = None;
        loop {
            let place = after.as_ref().map(|(remote_id, kind)| (remote_id.as_str(), kind.as_str()));
            let raws = store.list_all_raws(source.id, place, 500).await.unwrap();
            let Some(last) = raws.last() else { break };
            after = Some((last.remote_id.clone(), last.kind.clone()));
            for raw in &raws {
                add(&format!("{} {}", raw.kind, raw.json));
            }
        }
        let filter = ListFilter { include_deleted: true, ..ListFilter::default() };
        for model in Model::ALL {
            let mut after = None;
            loop {
                let records = store.list_records(source.id, model, &filter, after, 500).await.unwrap();
                let Some(last) = records.last() else { break };
                after = Some(last.position());
                for record in &records {
                    add(&format!("{model} {}", record.body));
                }
            }
        }
        for (_, rule) in store.access_rules(source.id).await.unwrap() {
            add(&serde_json::to_string(&rule).unwrap());
        }
        for group in store.groups_with_members(source.id).await.unwrap() {
            add(&format!("{group}: {:?}", store.group_members(source.id, &group).await.unwrap()));
        }
        for stream in store.get_streams(source.id).await.unwrap() {
            add(&format!("{stream:?}"));
        }
    }
    for account in store.list_linked_accounts(&AccountFilter::default(), None, 1_000).await.unwrap() {
        add(&format!("{account:?}"));
    }
    for identity in store.identities(&IdentityFilter::default(), None, 1_000).await.unwrap() {
        add(&format!("{identity:?}"));
    }
    for grant in store.grants().await.unwrap() {
        add(&format!("{grant:?}"));
    }
    text
}

impl Privacy {
    /// Where the words are found: in what the store gives, and in the bytes of its files.
    pub(super) async fn places_of(&self, words: &[&str]) -> Vec<String> {
        let mut places = Vec::new();
        let stored = everything_stored(&self.store).await;
        for line in stored.lines() {
            for word in words.iter().filter(|word| line.contains(**word)) {
                let at = line.find(word).unwrap();
                let start = line.floor_char_boundary(at.saturating_sub(120));
                places.push(format!(
                    "{word}: {} … {}",
                    &line[..line.floor_char_boundary(30)],
                    &line[start..at]
                ));
            }
        }
        for entry in std::fs::read_dir(self.data.path()).unwrap() {
            let path = entry.unwrap().path();
            let bytes = std::fs::read(&path).unwrap();
            for word in words {
                let count = bytes.windows(word.len()).filter(|window| *window == word.as_bytes()).count();
                if count > 0 {
                    places.push(format!("{word}: {count} times in {}", path.display()));
                }
            }
        }
        places
    }
}

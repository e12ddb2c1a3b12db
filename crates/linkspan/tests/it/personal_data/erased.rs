use std::sync::{Arc, Mutex};

use linkspan_engine::EngineError;
use linkspan_model::record::Model;
use linkspan_sandbox::Options;
use linkspan_store::{AccountFilter, ListFilter};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::scan::everything_stored;
use super::{CYCLE_OF_HOURS, Privacy};

fn world() -> Options {
    Options { projects: 3, issues: 150, spaces: 2, pages: 60, users: 25, groups: 5, ..Options::default() }
}

/// Somebody who is found in many places: account id, name, e-mail address.
pub(super) struct Person {
    pub(super) account_id: String,
    pub(super) name: String,
    pub(super) email: Option<String>,
}

impl Privacy {
    /// The person, besides the administrator who linked, whose account id stands in most lines of what is stored.
    async fn busiest_person(&self) -> Person {
        let stored = everything_stored(&self.store).await;
        let mut best: Option<(usize, Person)> = None;
        for source in self.store.sources().await.unwrap() {
            let people = self
                .store
                .list_records(source.id, Model::User, &ListFilter::default(), None, 1_000)
                .await
                .unwrap();
            for person in people {
                let account_id = person.remote_id.clone().unwrap();
                let body: Value = serde_json::from_str(&person.body).unwrap();
                let Some(name) = body["name"].as_str() else { continue };
                let lines = stored.lines().filter(|line| line.contains(&account_id)).count();
                let is_admin = account_id == self.upstream.text("/users/0/account_id");
                let has_email = body["email_address"].is_string();
                let rank = lines + if has_email { 100_000 } else { 0 };
                if !is_admin && best.as_ref().is_none_or(|(most, _)| rank > *most) {
                    let email = body["email_address"].as_str().map(str::to_owned);
                    best = Some((rank, Person { account_id, name: name.to_owned(), email }));
                }
            }
        }
        best.unwrap().1
    }

    async fn close(&self, person: &Person) {
        self.say(&person.account_id, "closed").await;
        assert_eq!(self.hours(CYCLE_OF_HOURS).await.erased, 1);
    }
}

impl Person {
    pub(super) fn words(&self) -> Vec<&str> {
        let mut words = vec![self.name.as_str()];
        words.extend(self.email.as_deref());
        words
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn g2_a_closed_account_is_found_nowhere_and_no_sync_brings_it_back() {
    let mut privacy = Privacy::start(world()).await;
    privacy.linked_and_read().await;
    let person = privacy.busiest_person().await;
    let words = person.words();
    assert!(words.len() == 2, "an e-mail address is shown");
    let before = privacy.places_of(&words).await;
    assert!(before.len() > 30, "{before:?}");
    let others = |text: &str| text.matches("\"displayName\":\"").count();
    let names_before = others(&everything_stored(&privacy.store).await);

    privacy.close(&person).await;
    let after = privacy.places_of(&words).await;
    assert!(after.is_empty(), "{after:#?}");
    // Only this person was erased.
    let left = everything_stored(&privacy.store).await;
    assert!(left.contains(&person.account_id) && others(&left) > names_before / 2);
    assert_eq!(privacy.store.erasures(None, None, 10).await.unwrap().len(), 1);

    // Reading everything anew, as if nothing had been read before, also after a restart.
    privacy.restart().await;
    for source in privacy.store.sources().await.unwrap() {
        for stream in privacy.store.get_streams(source.id).await.unwrap() {
            privacy.store.reset_stream(source.id, &stream.stream).await.unwrap();
        }
    }
    privacy.read_all().await;
    let after = privacy.places_of(&words).await;
    assert!(after.is_empty(), "{after:#?}");

    // And it is never reported again.
    privacy.hours(CYCLE_OF_HOURS).await;
    let report = privacy.reports().await[&person.account_id].clone();
    assert_eq!((report["times"].as_u64(), report["after_closed"].as_u64()), (Some(1), Some(0)), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn g2_a_reading_that_is_under_way_cannot_bring_it_back() {
    let privacy = Privacy::start(Options { latency_ms: 5, ..world() }).await;
    let sources = privacy.linked_and_read().await;
    let person = privacy.busiest_person().await;
    privacy.say(&person.account_id, "closed").await;
    while privacy.status().await.counts.to_erase == 0 {
        privacy.pass(super::HOUR).await;
        privacy.report_only().await;
    }
    privacy
        .upstream
        .control
        .post("accounts", &json!({ "account_id": person.account_id, "status": "active" }))
        .await;
    for source in &sources {
        for stream in privacy.store.get_streams(*source).await.unwrap() {
            privacy.store.reset_stream(*source, &stream.stream).await.unwrap();
        }
    }
    // Upstream shows the person again, so whatever is read now names them.
    let mut readings = JoinSet::new();
    for source in sources {
        let engine = privacy.engine.clone();
        readings.spawn(async move { engine.sync_source(source).await.map(drop) });
    }
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    assert_eq!(privacy.tend().await.erased, 1);
    for ended in readings.join_all().await {
        assert!(matches!(ended, Ok(()) | Err(EngineError::Stopped | EngineError::Outdated)), "{ended:?}");
    }
    assert_eq!(privacy.places_of(&person.words()).await, Vec::<String>::new());
    privacy.read_all().await;
    assert_eq!(privacy.places_of(&person.words()).await, Vec::<String>::new());
}

/// A log at its most talkative, kept for the test.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn g2_no_log_ever_names_anybody() {
    let log = Log::default();
    let writer = log.clone();
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .try_init()
        .expect("a test has a process of its own");
    let privacy = Privacy::start(world()).await;
    privacy.linked_and_read().await;
    let person = privacy.busiest_person().await;
    privacy.close(&person).await;
    let text = String::from_utf8_lossy(&log.0.lock().unwrap()).into_owned();
    assert!(text.contains("a closed account was erased") && text.contains("accounts reported"));
    // The sandbox in this process is no part of the product; what it logs is its own.
    for line in text.lines().filter(|line| !line.contains("linkspan_sandbox")) {
        assert!(!person.words().iter().any(|word| line.contains(word)), "{line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn g2_the_receipt_counts_what_was_erased_and_holds_nothing_of_it() {
    let privacy = Privacy::start(world()).await;
    privacy.linked_and_read().await;
    let person = privacy.busiest_person().await;
    privacy.close(&person).await;
    let page = privacy.engine.erasure_receipts(Some(&person.account_id), None, 10).await.unwrap();
    let receipt = &page.receipts[0];
    assert!(receipt.finished_at >= Some(receipt.told_at));
    let touched = receipt.touched;
    assert_eq!(touched.people, 2, "one in each product: {touched:?}");
    assert!(touched.raws > 10 && touched.texts > 0 && touched.group_members > 0, "{touched:?}");
    let shown = format!("{receipt:?}");
    assert!(!shown.contains(&person.account_id) && !shown.contains(&person.name), "{shown}");
    assert!(
        privacy.engine.erasure_receipts(Some("somebody-else"), None, 10).await.unwrap().receipts.is_empty()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn g2_a_customers_contact_address_is_emptied_only_if_it_is_the_closed_accounts_own() {
    let privacy = Privacy::start(world()).await;
    privacy.linked_and_read().await;
    let person = privacy.busiest_person().await;
    let email = person.email.clone().unwrap();
    privacy.link("bolt", &email, linkspan_model::product::Integration::Jira).await;
    privacy.close(&person).await;
    let accounts = privacy.store.list_linked_accounts(&AccountFilter::default(), None, 10).await.unwrap();
    let addresses: Vec<(&str, &str)> = accounts
        .iter()
        .map(|account| (account.end_user.origin_id.as_str(), account.end_user.email_address.as_str()))
        .collect();
    assert!(
        addresses.contains(&("bolt", "")) && addresses.contains(&("acme", "it@acme.example")),
        "{addresses:?}"
    );
    let after = privacy.places_of(&person.words()).await;
    assert!(after.is_empty(), "{after:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn g2_an_erasure_killed_at_any_step_completes_after_a_restart() {
    let mut privacy = Privacy::start(world()).await;
    privacy.linked_and_read().await;
    let person = privacy.busiest_person().await;
    privacy.say(&person.account_id, "closed").await;
    let mut kills = 0;
    let mut patience = std::time::Duration::from_micros(200);
    for _ in 0..CYCLE_OF_HOURS {
        privacy.pass(super::HOUR).await;
        // Once it is known that the account was closed, every turn is cut short, each a little later than the one before.
        while privacy.status().await.counts.to_erase > 0 {
            let turn = tokio::time::timeout(patience, privacy.engine.tend_personal_data()).await;
            patience = patience.mul_f64(1.25);
            // What a turn counted is lost with it when it is killed behind its last transaction; what is stored counts.
            if let Ok(turn) = turn {
                turn.unwrap();
                continue;
            }
            kills += 1;
            // A killed process gives no lease back; it ends by itself.
            privacy.clock.advance(jiff::SignedDuration::from_mins(7));
            privacy.restart().await;
        }
        // Stops right behind the transaction that notes the answer.
        privacy.report_only().await;
    }
    assert!(kills >= 5, "it was interrupted {kills} times");
    assert_eq!(privacy.status().await.counts.to_erase, 0);
    let after = privacy.places_of(&person.words()).await;
    assert!(after.is_empty(), "{after:#?}");
    let receipts = privacy.store.erasures(None, None, 10).await.unwrap();
    assert_eq!(receipts.len(), 1);
    assert!(receipts[0].finished_at.is_some() && receipts[0].touched.people == 2, "{receipts:?}");
    assert_eq!(privacy.reports().await[&person.account_id]["after_closed"], 0);
}

impl Privacy {
    /// Tends until a report was made that says somebody was closed, and is killed there; else to the end.
    async fn report_only(&self) {
        let watch = async {
            loop {
                if self.status().await.counts.to_erase > 0 {
                    return;
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            biased;
            () = watch => self.clock.advance(jiff::SignedDuration::from_mins(7)),
            turn = self.engine.tend_personal_data() => drop(turn.unwrap()),
        }
    }
}

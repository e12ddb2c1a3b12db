//! Every statement is prepared on both engines: a text that one of them does not understand fails here, not in a
//! customer's sync.

use sqlx::{AssertSqlSafe, Executor as _, SqlSafeStr as _};

use crate::control::{
    accounts, api_keys, apps, data_keys, erasures, followers, grants, identities, identity_passes, links,
    reports, server_secrets, setup_tokens, source_controls, sources, sync_notices, unlink_receipts,
    webhook_deliveries, webhook_endpoints, webhook_log,
};
use crate::db::{Bulk, Db, Dialect, dialect};
use crate::migrate;
use crate::spine::{
    absent, access, census, changes, erase, events, files, fingerprint, hints, ledger, live, memberships,
    named_accounts, raws, reach, records, redaction, streams, write,
};
use crate::testing::{fresh_postgres, fresh_sqlite};

const MODULES: &[(&str, &[(&str, &str)])] = &[
    ("accounts", accounts::STATEMENTS),
    ("api_keys", api_keys::STATEMENTS),
    ("apps", apps::STATEMENTS),
    ("data_keys", data_keys::STATEMENTS),
    ("erasures", erasures::STATEMENTS),
    ("followers", followers::STATEMENTS),
    ("grants", grants::STATEMENTS),
    ("identities", identities::STATEMENTS),
    ("identity_passes", identity_passes::STATEMENTS),
    ("links", links::STATEMENTS),
    ("reports", reports::STATEMENTS),
    ("server_secrets", server_secrets::STATEMENTS),
    ("setup_tokens", setup_tokens::STATEMENTS),
    ("source_controls", source_controls::STATEMENTS),
    ("sources", sources::STATEMENTS),
    ("sync_notices", sync_notices::STATEMENTS),
    ("unlink_receipts", unlink_receipts::STATEMENTS),
    ("webhook_deliveries", webhook_deliveries::STATEMENTS),
    ("webhook_endpoints", webhook_endpoints::STATEMENTS),
    ("webhook_log", webhook_log::STATEMENTS),
    ("migrate", migrate::STATEMENTS),
    ("absent", absent::STATEMENTS),
    ("access", access::STATEMENTS),
    ("census", census::STATEMENTS),
    ("changes", changes::STATEMENTS),
    ("erase", erase::STATEMENTS),
    ("events", events::STATEMENTS),
    ("files", files::STATEMENTS),
    ("fingerprint", fingerprint::STATEMENTS),
    ("hints", hints::STATEMENTS),
    ("live", live::STATEMENTS),
    ("ledger", ledger::STATEMENTS),
    ("memberships", memberships::STATEMENTS),
    ("named_accounts", named_accounts::STATEMENTS),
    ("raws", raws::STATEMENTS),
    ("reach", reach::STATEMENTS),
    ("records", records::STATEMENTS),
    ("redaction", redaction::STATEMENTS),
    ("streams", streams::STATEMENTS),
    ("write", write::STATEMENTS),
];

static BULK_MODULES: &[(&str, &[(&str, &Bulk)])] = &[
    ("absent", absent::BULKS),
    ("access", access::BULKS),
    ("census", census::BULKS),
    ("changes", changes::BULKS),
    ("files", files::BULKS),
    ("hints", hints::BULKS),
    ("memberships", memberships::BULKS),
    ("named_accounts", named_accounts::BULKS),
    ("raws", raws::BULKS),
    ("records", records::BULKS),
    ("reports", reports::BULKS),
    ("webhook_deliveries", webhook_deliveries::BULKS),
    ("write", write::BULKS),
];

fn all_texts(engine: Dialect) -> Vec<(String, String)> {
    let mut texts = Vec::new();
    let of_engine = match engine {
        Dialect::Sqlite => dialect::SQLITE_STATEMENTS,
        Dialect::Postgres => dialect::POSTGRES_STATEMENTS,
    };
    for (module, statements) in MODULES.iter().copied().chain([("dialect", of_engine)]) {
        texts.extend(statements.iter().map(|(name, text)| (format!("{module}::{name}"), (*text).to_owned())));
    }
    for (module, bulks) in BULK_MODULES {
        for (name, bulk) in *bulks {
            for text in bulk.all_texts(engine) {
                texts.push((format!("{module}::{name}"), text));
            }
        }
    }
    texts
}

#[tokio::test]
async fn every_statement_is_understood_by_sqlite() {
    let (store, _directory) = fresh_sqlite().await.unwrap();
    let Db::Sqlite(pools) = &*store.db else { unreachable!("the store is SQLite") };
    for (name, text) in all_texts(Dialect::Sqlite) {
        let prepared = pools.writer.prepare(AssertSqlSafe(text).into_sql_str()).await;
        assert!(prepared.is_ok(), "{name}: {}", prepared.err().unwrap());
    }
}

#[tokio::test]
async fn every_statement_is_understood_by_postgres() {
    let Some(store) = fresh_postgres("prepared_statements").await.unwrap() else { return };
    let Db::Postgres(pool) = &*store.db else { unreachable!("the store is PostgreSQL") };
    for (name, text) in all_texts(Dialect::Postgres) {
        let prepared = pool.prepare(AssertSqlSafe(text).into_sql_str()).await;
        assert!(prepared.is_ok(), "{name}: {}", prepared.err().unwrap());
    }
}

/// A module that declares statements and is not in the lists above would go unprepared.
#[test]
fn every_module_with_statements_is_listed() {
    for directory in ["control", "spine"] {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(directory);
        let mut found = 0;
        for entry in std::fs::read_dir(path).unwrap() {
            let path = entry.unwrap().path();
            let text = std::fs::read_to_string(&path).unwrap();
            let module = path.file_stem().unwrap().to_str().unwrap();
            if text.contains("statements! {") {
                found += 1;
                assert!(MODULES.iter().any(|(name, _)| *name == module), "list {module}::STATEMENTS");
            }
            if text.contains("bulks! {") {
                assert!(BULK_MODULES.iter().any(|(name, _)| *name == module), "list {module}::BULKS");
            }
        }
        assert!(found > 0, "{directory} declares no statements");
    }
}

/// How SQLite would run a text.
async fn plan_of(store: &crate::Store, text: &str) -> String {
    let text = format!("EXPLAIN QUERY PLAN {text}");
    let rows = store.db.all(crate::db::Sql::Built(text.into()), Vec::new()).await.unwrap();
    rows.iter().map(|row| row.text(3).unwrap()).collect::<Vec<_>>().join("; ")
}

#[tokio::test]
async fn the_frequent_reads_walk_an_index_and_sort_nothing() {
    let (store, _directory) = fresh_sqlite().await.unwrap();
    let list = "SELECT body FROM records WHERE source_id = $1 AND model = $2 AND deleted = FALSE
        AND container IN ($5, $6) AND (modified_at, id) > ($3, $4) ORDER BY modified_at, id LIMIT 10";
    let of_one_parent = "SELECT body FROM records WHERE source_id = $1 AND model = $2 AND deleted = FALSE
        AND parent = $5 AND (modified_at, id) > ($3, $4) ORDER BY modified_at, id LIMIT 10";
    let cases = [
        (
            of_one_parent,
            "USING INDEX records_children (source_id=? AND parent=? AND model=? AND (modified_at,id)>(?,?))",
        ),
        (list, "USING INDEX records_listed (source_id=? AND model=? AND (modified_at,id)>(?,?))"),
        (records::COUNT_LIVE, "USING COVERING INDEX records_listed (source_id=? AND model=?)"),
        (records::ONE, "(source_id=? AND id=?)"),
        (raws::PAGE, "(source_id=? AND remote_id>? AND remote_id<?)"),
        (
            raws::LISTED_PAGE,
            "USING INDEX raws_listed (source_id=? AND kind=? AND remote_id>? AND remote_id<?)",
        ),
        (
            raws::LISTED_IDS,
            "USING COVERING INDEX raws_listed (source_id=? AND kind=? AND remote_id>? AND remote_id<?)",
        ),
        (files::DUE, "USING INDEX files_due (source_id=? AND next_try_at<?)"),
        (files::IS_KEPT, "USING COVERING INDEX files_by_content (source_id=? AND sha256=?)"),
        (changes::OF_ALL, "USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"),
        (events::OF_ALL, "USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"),
        (webhook_deliveries::DUE, "INDEX webhook_deliveries_by_state (endpoint_id=? AND state=?)"),
        (webhook_deliveries::DUE, "INDEX webhook_deliveries_lanes (endpoint_id=? AND lane=? AND position<?)"),
        (webhook_deliveries::PENDING, "INDEX webhook_deliveries_lanes"),
        (webhook_log::OLD, "INDEX webhook_deliveries_by_age (created_at<?)"),
        (webhook_log::OF_ACCOUNT, "INDEX webhook_deliveries_of_account (account_id=?)"),
        (webhook_log::OF_ENDPOINT, "INDEX webhook_deliveries_listed (endpoint_id=?)"),
        (webhook_log::REPLAY, "INDEX webhook_deliveries_listed (endpoint_id=? AND (position,id)>(?,?))"),
        (webhook_deliveries::CLAIM, "INDEX webhook_deliveries_by_state (endpoint_id=? AND state=?)"),
        (changes::OF_SOURCE, "USING INDEX changes_of_source (source_id=? AND seq>? AND seq<?)"),
        (
            memberships::GROUPS_OF,
            "USING COVERING INDEX group_members_by_account (source_id=? AND account_id=?)",
        ),
        (accounts::BY_TOKEN, "(token_digest=?)"),
        (&write::STORED.all_texts(Dialect::Sqlite)[0], "SEARCH a USING PRIMARY KEY (source_id=? AND no=?)"),
        (&write::CHILDREN.all_texts(Dialect::Sqlite)[0], "USING COVERING INDEX records_children"),
        (&raws::SHARING_ID.all_texts(Dialect::Sqlite)[0], "(source_id=? AND remote_id=?)"),
        (&raws::LOOSE.all_texts(Dialect::Sqlite)[0], "USING INDEX raws_loose (source_id=? AND record=?)"),
    ];
    for (text, expected) in cases {
        let plan = plan_of(&store, text).await;
        assert!(plan.contains(expected) && !plan.contains("TEMP B-TREE"), "{text}\n{plan}");
    }
}

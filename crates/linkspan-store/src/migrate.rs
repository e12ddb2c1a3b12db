//! Migrations: numbered steps, one text for both engines. Each runs in a transaction of its own, under a lock, once.

use crate::db::{Db, Dialect, Sql, Tx, args, statements};
use crate::error::StoreError;

/// All steps, in order. A step that was released is never changed.
const STEPS: &[(&str, &str)] = &[
    ("0001_control", include_str!("../migrations/0001_control.sql")),
    ("0002_spine", include_str!("../migrations/0002_spine.sql")),
    ("0003_listed_raws", include_str!("../migrations/0003_listed_raws.sql")),
    ("0004_files", include_str!("../migrations/0004_files.sql")),
    ("0005_personal_data", include_str!("../migrations/0005_personal_data.sql")),
    ("0006_setup", include_str!("../migrations/0006_setup.sql")),
    ("0007_reported_identities", include_str!("../migrations/0007_reported_identities.sql")),
    ("0008_identity_codes", include_str!("../migrations/0008_identity_codes.sql")),
    ("0009_events", include_str!("../migrations/0009_events.sql")),
    ("0010_outbound_webhooks", include_str!("../migrations/0010_outbound_webhooks.sql")),
    ("0011_ledger", include_str!("../migrations/0011_ledger.sql")),
    ("0012_followers", include_str!("../migrations/0012_followers.sql")),
    ("0013_live", include_str!("../migrations/0013_live.sql")),
    ("0014_control", include_str!("../migrations/0014_control.sql")),
    ("0015_left_containers", include_str!("../migrations/0015_left_containers.sql")),
    ("0016_fresh_streams", include_str!("../migrations/0016_fresh_streams.sql")),
];

const CREATE: &str =
    "CREATE TABLE IF NOT EXISTS schema_steps (step BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL)";

statements! {
    DONE = "SELECT step, name FROM schema_steps ORDER BY step";
    RECORD = "INSERT INTO schema_steps (step, name) VALUES ($1, $2)";
}

/// Runs the steps this database has not seen. Of several processes that start at once, one does; the others wait.
pub(crate) async fn run(db: &Db) -> Result<(), StoreError> {
    loop {
        let mut tx = db.begin().await?;
        tx.lock_migrations().await?;
        tx.execute(CREATE, args![]).await?;
        let Some((index, name, text)) = next_step(&mut tx).await? else {
            tx.repair_feed_position().await?;
            return tx.commit().await;
        };
        for statement in split(text, db.dialect()) {
            tx.execute(Sql::Built(statement.into()), args![]).await?;
        }
        tx.execute(RECORD, args![step_number(index), name]).await?;
        tx.commit().await?;
        tracing::info!(step = name, "migrated the database");
    }
}

/// How a database's schema stands to this version; see [`crate::SchemaState`].
pub(crate) async fn inspect(db: &Db) -> Result<crate::SchemaState, StoreError> {
    let Ok(done) = db.all(DONE, args![]).await else {
        // The table is absent, or the database does not answer, which this tells.
        db.first("SELECT 1", Vec::new()).await?;
        return Ok(crate::SchemaState::Empty);
    };
    for (index, row) in done.iter().enumerate() {
        let name = row.text(1)?;
        if STEPS.get(index).is_none_or(|(known, _)| *known != name) {
            return Ok(crate::SchemaState::Unknown { step: name });
        }
    }
    Ok(if done.len() == STEPS.len() {
        crate::SchemaState::Current
    } else {
        crate::SchemaState::Older { behind: STEPS.len() - done.len() }
    })
}

async fn next_step(tx: &mut Tx) -> Result<Option<(usize, &'static str, &'static str)>, StoreError> {
    let done = tx.all(DONE, args![]).await?;
    for (index, row) in done.iter().enumerate() {
        let (step, name) = (row.int(0)?, row.text(1)?);
        let known = STEPS.get(index).is_some_and(|(known, _)| *known == name) && step == step_number(index);
        if !known {
            return Err(StoreError::Migrate(format!(
                "it has seen the step `{name}`, which this version does not know: run the version that wrote it, or a \
                 newer one"
            )));
        }
    }
    Ok(STEPS.get(done.len()).map(|&(name, text)| (done.len(), name, text)))
}

#[expect(clippy::cast_possible_wrap, reason = "there are a handful of steps")]
fn step_number(index: usize) -> i64 {
    index as i64 + 1
}

/// The statements of a step for one engine. Statements end with a semicolon at the end of a line; lines marked for the
/// other engine, and comments, are left out.
fn split(text: &str, dialect: Dialect) -> Vec<String> {
    let other = match dialect {
        Dialect::Sqlite => "-- @postgres",
        Dialect::Postgres => "-- @sqlite",
    };
    let mut statements = Vec::new();
    let mut statement = String::new();
    for line in text.lines() {
        if line.ends_with(other) || line.trim_start().starts_with("--") {
            continue;
        }
        let line = line.split_once(" -- @").map_or(line, |(code, _)| code);
        statement.push_str(line);
        statement.push('\n');
        if line.ends_with(';') {
            statements.push(std::mem::take(&mut statement));
        }
    }
    statements
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_cut_into_the_statements_of_one_engine() {
        let text = "-- about\nCREATE TABLE a (\n  x TEXT, -- @sqlite\n  x BYTEA, -- @postgres\n  y BIGINT\n);\nSELECT 1;\n";
        assert_eq!(
            split(text, Dialect::Sqlite),
            ["CREATE TABLE a (\n  x TEXT,\n  y BIGINT\n);\n", "SELECT 1;\n"]
        );
        assert_eq!(split(text, Dialect::Postgres)[0], "CREATE TABLE a (\n  x BYTEA,\n  y BIGINT\n);\n");
    }

    #[test]
    fn steps_are_numbered_in_order() {
        for (index, (name, _)) in STEPS.iter().enumerate() {
            assert_eq!(name[..4].parse::<usize>().unwrap(), index + 1);
        }
    }
}

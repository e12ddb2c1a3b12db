//! Migrations: numbered steps, one text for both engines.
use crate::db::Db;
use crate::error::StoreError;

pub(crate) async fn run(db: &Db) -> Result<(), StoreError> {
    let _ = db;
    Ok(())
}

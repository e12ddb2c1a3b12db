//! Followers of the change feed whose cursors are kept here.

use jiff::Timestamp;
use linkspan_model::ids::LinkedAccountId;
use linkspan_model::record::Model;

use crate::Store;
use crate::control::apps::list_json;
use crate::db::{Row, args, statements};
use crate::error::StoreError;

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT name, account_id, models, position, created_at, acknowledged_at FROM followers ",
            $rest
        )
    };
}

statements! {
    ONE = select!("WHERE name = $1");
    ALL = select!("ORDER BY name");
    COUNT = "SELECT COUNT(*) FROM followers";
    INSERT = "INSERT INTO followers (name, account_id, models, position, created_at) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (name) DO NOTHING";
    REPLACE = "UPDATE followers SET account_id = $2, models = $3, position = COALESCE($4, position) WHERE name = $1";
    ACKNOWLEDGE = "UPDATE followers SET position = $2, acknowledged_at = $3 WHERE name = $1 AND position <= $2";
    // What an account reads from now on may have been read long before, for another.
    BEGIN_ANEW = "UPDATE followers SET position = 0 WHERE account_id = $1";
    DELETE = "DELETE FROM followers WHERE name = $1";
    DELETE_OF_ACCOUNT = "DELETE FROM followers WHERE account_id = $1";
}

/// Most followers: each is a program of the vendor's.
pub const MAX_FOLLOWERS: i64 = 200;

/// Somebody who follows the change feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Follower {
    /// What the vendor calls it.
    pub name: String,
    /// Only what happens in this linked account; `None`: everything.
    pub account: Option<LinkedAccountId>,
    /// Only these models; empty: all.
    pub models: Vec<Model>,
    /// The last position of the feed that was acknowledged.
    pub position: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last acknowledged something.
    pub acknowledged_at: Option<Timestamp>,
}

/// What a follower is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewFollower {
    /// What the vendor calls it.
    pub name: String,
    /// Only what happens in this linked account.
    pub account: Option<LinkedAccountId>,
    /// Only these models; empty: all.
    pub models: Vec<Model>,
    /// Where it stands from now on; `None` leaves a follower that exists where it is, and a new one at the beginning.
    pub position: Option<i64>,
}

impl Store {
    /// Makes a follower, or changes the one of this name.
    ///
    /// # Errors
    /// [`StoreError::LimitReached`] when there are [`MAX_FOLLOWERS`] already.
    pub async fn put_follower(&self, new: &NewFollower, now: Timestamp) -> Result<Follower, StoreError> {
        let models: Vec<String> = new.models.iter().map(ToString::to_string).collect();
        let models = list_json(&models);
        let mut tx = self.db.begin().await?;
        let replaced = args![&new.name, new.account, &models, new.position];
        if tx.execute(REPLACE, replaced).await? == 0 {
            let count = tx.first(COUNT, args![]).await?.map_or(Ok(0), |row| row.int(0))?;
            if count >= MAX_FOLLOWERS {
                return Err(StoreError::LimitReached { what: "followers", most: MAX_FOLLOWERS });
            }
            let position = new.position.unwrap_or(0);
            let inserted = args![&new.name, new.account, &models, position, now];
            tx.execute(INSERT, inserted).await?;
        }
        let row = tx.first(ONE, args![&new.name]).await?;
        tx.commit().await?;
        read(&row.ok_or_else(|| StoreError::corrupt("a follower that was just stored is gone"))?)
    }

    /// A follower.
    pub async fn follower(&self, name: &str) -> Result<Option<Follower>, StoreError> {
        self.db.first(ONE, args![name]).await?.map(|row| read(&row)).transpose()
    }

    /// All followers, by name.
    pub async fn followers(&self) -> Result<Vec<Follower>, StoreError> {
        self.db.all(ALL, args![]).await?.iter().map(read).collect()
    }

    /// Moves a follower forward. `false` when it is gone or stands further ahead already: an acknowledgement that comes late
    /// moves nothing back.
    pub async fn acknowledge_changes(
        &self,
        name: &str,
        position: i64,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        Ok(self.db.write(ACKNOWLEDGE, args![name, position, now]).await? > 0)
    }

    /// Forgets a follower; `false` when there is none of this name.
    pub async fn delete_follower(&self, name: &str) -> Result<bool, StoreError> {
        Ok(self.db.write(DELETE, args![name]).await? > 0)
    }

    /// The position up to which the feed is complete.
    pub async fn feed_horizon(&self) -> Result<i64, StoreError> {
        self.db.feed_horizon().await
    }
}

fn read(row: &Row) -> Result<Follower, StoreError> {
    let models: Vec<String> = row.list(2)?;
    let models = models
        .iter()
        .map(|word| {
            word.parse().map_err(|error| StoreError::corrupt(format!("a follower's models: {error}")))
        })
        .collect::<Result<_, _>>()?;
    Ok(Follower {
        name: row.text(0)?,
        account: row.optional_uuid(1)?.map(LinkedAccountId),
        models,
        position: row.int(3)?,
        created_at: row.time(4)?,
        acknowledged_at: row.optional_time(5)?,
    })
}

//! Sources: what is read, once, however many linked accounts use it.

use jiff::Timestamp;
use linkspan_model::ids::{AppId, GrantId, SourceId};
use linkspan_model::product::{Product, UnknownWord};

use crate::Store;
use crate::control::apps::list_json;
use crate::db::{Arg, Row, args, statements};
use crate::error::StoreError;

statements! {
    PUT = "INSERT INTO sources (id, grant_id, cloud_id, product, site_name, site_url, scopes, state, clock, last_no,
            created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, 'active', 0, 0, $8)
        ON CONFLICT (id) DO UPDATE SET grant_id = excluded.grant_id, site_name = excluded.site_name,
            site_url = excluded.site_url, scopes = excluded.scopes
        WHERE sources.state = 'active'";
    ONE = "SELECT id, grant_id, cloud_id, product, site_name, site_url, scopes, state, created_at
        FROM sources WHERE id = $1";
    ALL = "SELECT id, grant_id, cloud_id, product, site_name, site_url, scopes, state, created_at
        FROM sources ORDER BY created_at, id";
    AT = "SELECT s.id, s.grant_id, s.cloud_id, s.product, s.site_name, s.site_url, s.scopes, s.state, s.created_at
        FROM sources s JOIN grants g ON g.id = s.grant_id
        WHERE s.site_url = $2 AND s.product = $3 AND s.state = 'active' AND g.app_id = $1 ORDER BY s.created_at, s.id";
    RENAME_SITE = "UPDATE sources SET site_name = $3, site_url = $4
        WHERE grant_id = $1 AND cloud_id = $2 AND (site_name <> $3 OR site_url <> $4)";
    OF_GRANT = "SELECT id, grant_id, cloud_id, product, site_name, site_url, scopes, state, created_at
        FROM sources WHERE grant_id = $1 ORDER BY created_at, id";
}

/// A source as the link flow knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSource {
    /// [`SourceId::of`] the grant that first read it, its site and product; another where that one has changed hands.
    pub id: SourceId,
    /// The grant through which it is read.
    pub grant: GrantId,
    /// The site.
    pub cloud_id: String,
    /// The product family.
    pub product: Product,
    /// Name of the site: a label.
    pub site_name: String,
    /// URL of the site for people.
    pub site_url: String,
    /// Scopes the grant has on the site.
    pub scopes: Vec<String>,
}

/// Whether a source is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceState {
    /// It is read.
    Active,
    /// Nobody uses it any more: nothing may be written, and what is there is to be erased with
    /// [`Store::erase_source`].
    Removing,
}

/// A stored source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Its id.
    pub id: SourceId,
    /// The grant through which it is read.
    pub grant: GrantId,
    /// The site.
    pub cloud_id: String,
    /// The product family.
    pub product: Product,
    /// Name of the site: a label.
    pub site_name: String,
    /// URL of the site for people.
    pub site_url: String,
    /// Scopes the grant has on the site.
    pub scopes: Vec<String>,
    /// Whether it is read.
    pub state: SourceState,
    /// When it was first linked.
    pub created_at: Timestamp,
}

impl Store {
    /// Records a source, or what is new about it: its grant (another person consented), its site, its scopes.
    ///
    /// # Errors
    /// [`StoreError::SourceGone`] while a former one with this id is being erased.
    pub async fn put_source(&self, source: &NewSource, now: Timestamp) -> Result<(), StoreError> {
        match self.db.write(PUT, put_args(source, now)).await? {
            0 => Err(StoreError::SourceGone(source.id)),
            _ => Ok(()),
        }
    }

    /// A source.
    pub async fn source(&self, id: SourceId) -> Result<Option<Source>, StoreError> {
        self.db.first(ONE, args![id]).await?.map(|row| read(&row)).transpose()
    }

    /// All sources, oldest first.
    pub async fn sources(&self) -> Result<Vec<Source>, StoreError> {
        self.db.all(ALL, args![]).await?.iter().map(read).collect()
    }

    /// The sources of a product that are read through grants to an app, on the site with exactly this address.
    pub async fn sources_at(
        &self,
        app: AppId,
        product: Product,
        site_url: &str,
    ) -> Result<Vec<Source>, StoreError> {
        self.db.all(AT, args![app, site_url, product.as_str()]).await?.iter().map(read).collect()
    }

    /// Records the present name and address of a site that a grant reaches; whether either is new.
    pub async fn rename_site(
        &self,
        grant: GrantId,
        cloud_id: &str,
        name: &str,
        url: &str,
    ) -> Result<bool, StoreError> {
        Ok(self.db.write(RENAME_SITE, args![grant, cloud_id, name, url]).await? > 0)
    }

    /// The sources read through a grant, oldest first.
    pub async fn sources_of_grant(&self, grant: GrantId) -> Result<Vec<Source>, StoreError> {
        self.db.all(OF_GRANT, args![grant]).await?.iter().map(read).collect()
    }
}

pub(crate) fn put_args(source: &NewSource, now: Timestamp) -> Vec<Arg> {
    args![
        source.id,
        source.grant,
        &source.cloud_id,
        source.product.as_str(),
        &source.site_name,
        &source.site_url,
        list_json(&source.scopes),
        now,
    ]
}

fn read(row: &Row) -> Result<Source, StoreError> {
    Ok(Source {
        id: SourceId(row.uuid(0)?),
        grant: GrantId(row.uuid(1)?),
        cloud_id: row.text(2)?,
        product: row.word(3)?,
        site_name: row.text(4)?,
        site_url: row.text(5)?,
        scopes: row.list(6)?,
        state: row.word(7)?,
        created_at: row.time(8)?,
    })
}

impl std::str::FromStr for SourceState {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        match text {
            "active" => Ok(Self::Active),
            "removing" => Ok(Self::Removing),
            other => {
                Err(UnknownWord { what: "source state", word: other.to_owned(), known: "active, removing" })
            }
        }
    }
}

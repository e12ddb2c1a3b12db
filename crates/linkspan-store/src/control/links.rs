//! Passes through the link page. A link moves only by compare-and-set, so each step happens once (hazard L9):
//!
//! ```text
//! waiting ──► started ──► answered ──► consented ──► linked
//!               │  ▲          │            │
//!               ▼  │          ▼            ▼
//!             refused ◄────────────────────┘
//! ```
//!
//! Until it is linked or expires, a link can be started anew, as when the customer declines by mistake or closes the
//! consent screen. Each start replaces the OAuth state and the browser binding, so of all callbacks one at most is good.

use jiff::Timestamp;
use linkspan_model::ids::{AppId, GrantId, LinkId, LinkedAccountId};
use linkspan_model::product::{Category, Integration};
use linkspan_vault::{Digest, Sealed};

use crate::Store;
use crate::control::accounts::{LinkedAccount, Unlinked};
use crate::control::apps::list_json;
use crate::control::grants;
use crate::control::sources::NewSource;
use crate::db::{Row, args, statements};
use crate::error::StoreError;

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, token, app_id, integration, categories, origin_id, organization_name, email_address, created_at,
                expires_at, state, chosen, grant_id, account_id, reason, browser, state_expires_at FROM links ",
            $rest
        )
    };
}

statements! {
    INSERT = "INSERT INTO links (id, token, app_id, integration, categories, origin_id, organization_name,
            email_address, created_at, expires_at, state)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'waiting') ON CONFLICT (token) DO NOTHING";
    ONE = select!("WHERE id = $1");
    BY_TOKEN = select!("WHERE token = $1");
    BY_OAUTH_STATE = select!("WHERE oauth_state = $1");
    START = "UPDATE links SET state = 'started', chosen = $2, oauth_state = $3, browser = $4, state_expires_at = $6,
            app_id = $7, grant_id = NULL, reason = NULL
        WHERE id = $1 AND state <> 'linked' AND expires_at > $5";
    ANSWER = "UPDATE links SET state = 'answered', oauth_state = NULL, state_expires_at = NULL
        WHERE oauth_state = $1 AND browser = $2 AND state = 'started' AND expires_at > $3 AND state_expires_at > $3
        RETURNING id";
    CONSENT = "UPDATE links SET state = 'consented', grant_id = $2
        WHERE id = $1 AND state = 'answered' AND expires_at > $3";
    REFUSE = "UPDATE links SET state = 'refused', reason = $2, oauth_state = NULL, state_expires_at = NULL
        WHERE id = $1 AND state <> 'linked'";
    FINISH = "UPDATE links SET state = 'linked', account_id = $2, public_token = $3, public_token_expires_at = $4,
            browser = NULL
        WHERE id = $1 AND state = 'consented' AND expires_at > $5";
    USE_PUBLIC_TOKEN = "UPDATE links SET public_token_uses = public_token_uses + 1
        WHERE public_token = $1 AND public_token_expires_at > $2
        RETURNING account_id, public_token_uses";
    DELETE_EXPIRED = "DELETE FROM links WHERE id IN
        (SELECT id FROM links WHERE expires_at < $1 ORDER BY expires_at LIMIT 500)";
    ACCOUNT_SOURCE = "SELECT a.id, a.source_id, s.grant_id
        FROM linked_accounts a JOIN sources s ON s.id = a.source_id
        WHERE a.origin_id = $1 AND a.integration = $2";
}

/// A customer as the vendor knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndUser {
    /// The vendor's own id of the customer.
    pub origin_id: String,
    /// Organisation name.
    pub organization_name: String,
    /// E-mail address of who links.
    pub email_address: String,
}

/// A link token as the vendor asks for it.
#[derive(Clone, Debug)]
pub struct NewLink {
    /// Random id.
    pub id: LinkId,
    /// Digest of the link token.
    pub token: Digest,
    /// The app through which to link.
    pub app: AppId,
    /// What to link; `None` lets the customer choose.
    pub integration: Option<Integration>,
    /// The categories to choose from.
    pub categories: Vec<Category>,
    /// Who links.
    pub end_user: EndUser,
    /// When the link token dies.
    pub expires_at: Timestamp,
}

/// A pass through the link page.
#[derive(Clone, Debug)]
pub struct Link {
    /// Its id.
    pub id: LinkId,
    /// Digest of the link token.
    pub token: Digest,
    /// The app through which to link.
    pub app: AppId,
    /// What the vendor asked to link; `None` lets the customer choose.
    pub integration: Option<Integration>,
    /// The categories to choose from.
    pub categories: Vec<Category>,
    /// Who links.
    pub end_user: EndUser,
    /// When it was made.
    pub created_at: Timestamp,
    /// When the link token dies. A link that is past it takes no further step.
    pub expires_at: Timestamp,
    /// What the customer chose at the latest start.
    pub chosen: Option<Integration>,
    /// Digest of the secret in the customer's browser, from the latest start until the link is made.
    pub browser: Option<Digest>,
    /// How far it has come.
    pub state: LinkState,
}

/// How far a link has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkState {
    /// The link token was given out.
    Waiting,
    /// The customer was sent to Atlassian.
    Started,
    /// The callback came and its OAuth state was used up; the code is being exchanged.
    Answered,
    /// There is a grant; the customer may have to choose a site.
    Consented {
        /// The grant.
        grant: GrantId,
    },
    /// Done.
    Linked {
        /// The linked account.
        account: LinkedAccountId,
    },
    /// It failed. The customer may start again while the link token lives.
    Refused {
        /// Why, as a word or sentence of the engine.
        reason: String,
    },
}

/// What became of the OAuth state of a callback.
#[derive(Clone, Debug)]
pub enum StateAnswer {
    /// It was good and is used up now. The link is [`LinkState::Answered`].
    Taken(Box<Link>),
    /// It was never given out, used before, or replaced by a later start.
    Unknown,
    /// It was given to another browser. Nothing was used up.
    OtherBrowser(LinkId),
    /// The link or its state has expired.
    Expired(LinkId),
}

/// What it takes to complete a link.
#[derive(Clone, Debug)]
pub struct Completion {
    /// What the account will read.
    pub source: NewSource,
    /// What was linked.
    pub integration: Integration,
    /// Random id for the account, if it is a new one.
    pub account: LinkedAccountId,
    /// Digest of a new account token, used if the account is a new one.
    pub token_digest: Digest,
    /// The new account token, sealed by `data_key` for (`linked_accounts`, `account`, `token`).
    pub token_sealed: Sealed,
    /// The new account's data key, wrapped by the key ring.
    pub data_key: Sealed,
    /// Digest of the public token.
    pub public_token: Digest,
    /// When the public token dies.
    pub public_token_expires_at: Timestamp,
}

/// A completed link.
#[derive(Clone, Debug)]
pub struct LinkCompleted {
    /// The linked account.
    pub account: LinkedAccount,
    /// The customer had linked this integration before: id and account token stayed the same.
    pub relinked: bool,
    /// The source the account read before, when it is another one than now.
    pub left: Option<Unlinked>,
}

/// A use of a public token.
#[derive(Clone, Debug)]
pub struct PublicTokenUse {
    /// The account it stands for.
    pub account: LinkedAccount,
    /// How often the token was used, this time included.
    pub uses: i64,
}

impl Store {
    /// Records a new link token.
    ///
    /// # Errors
    /// [`StoreError::Exists`] when the token's digest is known already.
    pub async fn create_link(&self, link: &NewLink, now: Timestamp) -> Result<(), StoreError> {
        let categories: Vec<String> = link.categories.iter().map(ToString::to_string).collect();
        let args = args![
            link.id,
            link.token,
            link.app,
            link.integration.map(Integration::slug),
            list_json(&categories),
            &link.end_user.origin_id,
            &link.end_user.organization_name,
            &link.end_user.email_address,
            now,
            link.expires_at,
        ];
        match self.db.write(INSERT, args).await? {
            0 => Err(StoreError::Exists("this link token")),
            _ => Ok(()),
        }
    }

    /// A link.
    pub async fn link(&self, id: LinkId) -> Result<Option<Link>, StoreError> {
        self.db.first(ONE, args![id]).await?.map(|row| read(&row)).transpose()
    }

    /// The link whose link token has this digest, expired or not.
    pub async fn link_by_token(&self, token: &Digest) -> Result<Option<Link>, StoreError> {
        self.db.first(BY_TOKEN, args![token]).await?.map(|row| read(&row)).transpose()
    }

    /// Starts a link, or starts it anew: the customer chose `chosen` and is about to be sent to Atlassian, to consent to
    /// `app`, with an OAuth state that dies at `state_expires_at`. `false` when it is linked or expired.
    #[expect(clippy::too_many_arguments, reason = "one for each column that a start writes")]
    pub async fn start_link(
        &self,
        id: LinkId,
        chosen: Integration,
        app: AppId,
        oauth_state: &Digest,
        browser: &Digest,
        now: Timestamp,
        state_expires_at: Timestamp,
    ) -> Result<bool, StoreError> {
        let args = args![id, chosen.slug(), oauth_state, browser, now, state_expires_at, app];
        Ok(self.db.write(START, args).await? > 0)
    }

    /// Uses up the OAuth state of a callback from the browser with the secret `browser` (`None`: it has none). To be
    /// called before the code is exchanged: of several callers with the same state only one gets
    /// [`StateAnswer::Taken`].
    pub async fn answer_link(
        &self,
        oauth_state: &Digest,
        browser: Option<&Digest>,
        now: Timestamp,
    ) -> Result<StateAnswer, StoreError> {
        if let Some(browser) = browser
            && let Some(row) = self.db.write_returning(ANSWER, args![oauth_state, browser, now]).await?
        {
            let link = self.link(LinkId(row.uuid(0)?)).await?;
            return Ok(link.map_or(StateAnswer::Unknown, |link| StateAnswer::Taken(Box::new(link))));
        }
        let Some(row) = self.db.first(BY_OAUTH_STATE, args![oauth_state]).await? else {
            return Ok(StateAnswer::Unknown);
        };
        let link = read(&row)?;
        if link.browser.as_ref() != browser {
            return Ok(StateAnswer::OtherBrowser(link.id));
        }
        Ok(StateAnswer::Expired(link.id))
    }

    /// Records the grant of an answered link. `false` unless the link is [`LinkState::Answered`] and alive.
    pub async fn consent_link(&self, id: LinkId, grant: GrantId, now: Timestamp) -> Result<bool, StoreError> {
        Ok(self.db.write(CONSENT, args![id, grant, now]).await? > 0)
    }

    /// Records that linking failed. `false` when the link is linked or unknown.
    pub async fn refuse_link(&self, id: LinkId, reason: &str) -> Result<bool, StoreError> {
        Ok(self.db.write(REFUSE, args![id, reason]).await? > 0)
    }

    /// Completes a consented link in one transaction: records the source; makes the linked account with its data key, or
    /// points the customer's existing account for this integration at the source; remembers the public token. A source
    /// that an existing account leaves behind is treated as by [`Store::unlink`]. `None` unless the link is
    /// [`LinkState::Consented`] with the grant of the source, and alive.
    ///
    /// # Errors
    /// [`StoreError::SourceGone`] while a former source with the same id is being erased.
    /// [`StoreError::SourceShared`] when the source would change hands while another customer reads it.
    pub async fn complete_link(
        &self,
        id: LinkId,
        completion: &Completion,
        now: Timestamp,
    ) -> Result<Option<LinkCompleted>, StoreError> {
        super::completion::complete(self, id, completion, now).await
    }

    /// Uses a public token; `None` when it is unknown or expired. How often it may be used is the caller's to decide.
    pub async fn use_public_token(
        &self,
        token: &Digest,
        now: Timestamp,
    ) -> Result<Option<PublicTokenUse>, StoreError> {
        let Some(row) = self.db.write_returning(USE_PUBLIC_TOKEN, args![token, now]).await? else {
            return Ok(None);
        };
        let (account, uses) = (LinkedAccountId(row.uuid(0)?), row.int(1)?);
        Ok(self.linked_account(account).await?.map(|account| PublicTokenUse { account, uses }))
    }

    /// Deletes links whose tokens died before `before`; the number deleted. With them, in the same transaction, go the
    /// grants with their data keys that were consented to before then and came to nothing: no source is read through them,
    /// and no link that is left may still lead to one. Works in bounded steps.
    pub async fn delete_expired_links(&self, before: Timestamp) -> Result<u64, StoreError> {
        let mut total = 0;
        loop {
            let mut tx = self.db.begin().await?;
            let deleted = tx.execute(DELETE_EXPIRED, args![before]).await?;
            if deleted == 0 {
                return Ok(total);
            }
            grants::delete_abandoned(&mut tx, before).await?;
            tx.commit().await?;
            total += deleted;
        }
    }
}

pub(crate) fn read(row: &Row) -> Result<Link, StoreError> {
    let state = match &*row.text(10)? {
        "waiting" => LinkState::Waiting,
        "started" => LinkState::Started,
        "answered" => LinkState::Answered,
        "consented" => LinkState::Consented { grant: GrantId(required(row, 12)?) },
        "linked" => LinkState::Linked { account: LinkedAccountId(required(row, 13)?) },
        "refused" => LinkState::Refused { reason: row.optional_text(14)?.unwrap_or_default() },
        other => return Err(StoreError::corrupt(format!("unknown link state `{other}`"))),
    };
    Ok(Link {
        id: LinkId(row.uuid(0)?),
        token: row.digest(1)?,
        app: AppId(row.uuid(2)?),
        integration: optional_word(row, 3)?,
        categories: row
            .list(4)?
            .iter()
            .map(|word| word.parse().map_err(StoreError::corrupt))
            .collect::<Result<_, _>>()?,
        end_user: EndUser {
            origin_id: row.text(5)?,
            organization_name: row.text(6)?,
            email_address: row.text(7)?,
        },
        created_at: row.time(8)?,
        expires_at: row.time(9)?,
        chosen: optional_word(row, 11)?,
        browser: row.optional_digest(15)?,
        state,
    })
}

fn required(row: &Row, index: usize) -> Result<uuid::Uuid, StoreError> {
    row.optional_uuid(index)?.ok_or_else(|| StoreError::corrupt("a link lacks what its state promises"))
}

fn optional_word(row: &Row, index: usize) -> Result<Option<Integration>, StoreError> {
    row.optional_text(index)?.map(|word| word.parse().map_err(StoreError::corrupt)).transpose()
}

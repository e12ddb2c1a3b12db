//! Codes, grants and the rotating token pairs (`atlassian-platform.md` 1.4 to 1.7). Pure: time is handed in.

use std::collections::HashMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::jwt::TokenMint;

/// An authorization code lives this long. Atlassian does not publish the figure.
pub(crate) const CODE_LIFE: Duration = Duration::from_mins(5);
/// An access token lives this long (`atlassian-platform.md` 1.5).
pub(crate) const ACCESS_LIFE: Duration = Duration::from_hours(1);
/// A refresh token dies when it is not used for this long; each rotation starts anew.
pub(crate) const REFRESH_IDLE_LIFE: Duration = Duration::from_hours(90 * 24);
/// The optional end of a whole token family, which rotation does not extend.
pub(crate) const REFRESH_ABSOLUTE_LIFE: Duration = Duration::from_hours(365 * 24);
/// After a rotation the old refresh token *and* the old access token keep working this long.
pub(crate) const LEEWAY: Duration = Duration::from_mins(10);

/// The scope that makes the token endpoint hand out refresh tokens.
pub(crate) const OFFLINE_ACCESS: &str = "offline_access";

/// Whether consents of one account add up, or stand beside each other (`atlassian-platform.md` 1.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrantKind {
    /// One grant per (app, account): further consents add sites and replace the scopes.
    AccountLevel,
    /// One grant per (app, account, site): tokens never leave the site picked on the consent screen.
    ResourceLevel,
}

/// The parts of token life on which Atlassian's documents and measurements differ, or which only happen at times.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenRules {
    /// End every token family after 365 days.
    pub absolute_expiry: bool,
    /// A rotated-out refresh token presented after the leeway revokes its whole family.
    pub late_replay_kills_family: bool,
    /// Refresh replies carry no new refresh token: the old one stays good.
    pub omit_refresh_token: bool,
}

/// One accepted consent screen.
#[derive(Clone, Debug)]
pub struct Consent {
    /// The app.
    pub client_id: String,
    /// Who consented.
    pub account_id: String,
    /// The sites picked: one on the consent screen, any number through the control plane.
    pub cloud_ids: Vec<String>,
    /// The scopes granted, in the order asked.
    pub scopes: Vec<String>,
    /// Whether the app's grants add up.
    pub kind: GrantKind,
}

/// What one account allowed one app.
#[derive(Clone, Debug)]
pub struct Grant {
    /// Number of the grant, in order of creation.
    pub id: u64,
    /// The app.
    pub client_id: String,
    /// The account.
    pub account_id: String,
    /// The sites, in order of consent.
    pub cloud_ids: Vec<String>,
    /// The scopes of the newest consent.
    pub scopes: Vec<String>,
    revoked: bool,
    /// Made beside the consent screen: later consents leave it alone.
    apart: bool,
}

/// A token pair as handed out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issued {
    /// The bearer token.
    pub access_token: String,
    /// Absent without `offline_access`, or when the rules say so.
    pub refresh_token: Option<String>,
    /// The scopes of the grant, space separated.
    pub scope: String,
}

/// Why an access token does not work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenFault {
    /// Never issued, or forgotten long after its end.
    Unknown,
    /// Its hour is over.
    Expired,
    /// Its successor is older than the leeway, or its grant or family was revoked.
    Revoked,
}

#[derive(Debug)]
struct Code {
    grant: u64,
    redirect_uri: String,
    expires_at: Timestamp,
}

#[derive(Debug)]
struct AccessToken {
    grant: u64,
    family: u64,
    expires_at: Timestamp,
    /// Set when the refresh token issued together with it is rotated out.
    revoked_from: Option<Timestamp>,
}

#[derive(Debug)]
struct RefreshToken {
    grant: u64,
    family: u64,
    family_started_at: Timestamp,
    idle_until: Timestamp,
    /// The end of the leeway, once a successor was handed out.
    replaced_until: Option<Timestamp>,
    /// The access token issued together with it: revoking one revokes the other.
    companion: String,
}

/// All grants of the sandbox, with their codes and tokens.
#[derive(Debug)]
pub struct Grants {
    mint: TokenMint,
    by_id: HashMap<u64, Grant>,
    codes: HashMap<String, Code>,
    access: HashMap<String, AccessToken>,
    refresh: HashMap<String, RefreshToken>,
    last_id: u64,
    last_pruned: Timestamp,
}

impl Grants {
    /// No grants yet; tokens come from `mint`.
    pub fn new(mint: TokenMint) -> Self {
        Self {
            mint,
            by_id: HashMap::new(),
            codes: HashMap::new(),
            access: HashMap::new(),
            refresh: HashMap::new(),
            last_id: 0,
            last_pruned: Timestamp::MIN,
        }
    }

    /// Records a consent: widens and re-scopes the account's grant, or makes one. Returns the grant's number.
    pub fn consent(&mut self, consent: Consent) -> u64 {
        let belongs_to_same_grant = |grant: &&mut Grant| {
            !grant.revoked
                && !grant.apart
                && grant.client_id == consent.client_id
                && grant.account_id == consent.account_id
                && (consent.kind == GrantKind::AccountLevel || grant.cloud_ids == consent.cloud_ids)
        };
        if let Some(grant) = self.by_id.values_mut().find(belongs_to_same_grant) {
            for cloud_id in consent.cloud_ids {
                if !grant.cloud_ids.contains(&cloud_id) {
                    grant.cloud_ids.push(cloud_id);
                }
            }
            grant.scopes = consent.scopes;
            return grant.id;
        }
        self.insert(consent, false)
    }

    /// Records a consent as a grant of its own, which neither touches the account's grant nor is touched by later consents.
    pub fn consent_apart(&mut self, consent: Consent) -> u64 {
        self.insert(consent, true)
    }

    fn insert(&mut self, consent: Consent, apart: bool) -> u64 {
        let id = self.next_id();
        let Consent { client_id, account_id, cloud_ids, scopes, kind: _ } = consent;
        self.by_id.insert(id, Grant { id, client_id, account_id, cloud_ids, scopes, revoked: false, apart });
        id
    }

    /// A single-use code for the grant, to be redeemed with the same `redirect_uri`.
    pub fn issue_code(&mut self, grant: u64, redirect_uri: &str, now: Timestamp) -> String {
        self.prune(now);
        let code = self.mint.opaque();
        self.codes.insert(
            code.clone(),
            Code { grant, redirect_uri: redirect_uri.to_owned(), expires_at: after(now, CODE_LIFE) },
        );
        code
    }

    /// Redeems a code. `None`: unknown, used, expired, of another app or for another callback; the code is spent in any case.
    pub fn exchange(
        &mut self,
        code: &str,
        client_id: &str,
        redirect_uri: &str,
        now: Timestamp,
    ) -> Option<Issued> {
        let code = self.codes.remove(code)?;
        let grant = self.by_id.get(&code.grant)?;
        if now >= code.expires_at
            || code.redirect_uri != redirect_uri
            || grant.client_id != client_id
            || grant.revoked
        {
            return None;
        }
        self.issue(code.grant, now)
    }

    /// A token pair of a new family for the grant.
    pub fn issue(&mut self, grant: u64, now: Timestamp) -> Option<Issued> {
        self.prune(now);
        let family = self.next_id();
        let wants_refresh = self.by_id.get(&grant)?.scopes.iter().any(|scope| scope == OFFLINE_ACCESS);
        let access_token = self.issue_access(grant, family, now)?;
        let refresh_token = wants_refresh.then(|| self.issue_refresh(grant, family, now, now, &access_token));
        Some(Issued { access_token, refresh_token, scope: self.scope_text(grant) })
    }

    /// Rotates a refresh token. `None` is a dead one: unknown, expired, replaced too long ago, revoked, or another app's.
    pub fn refresh(
        &mut self,
        token: &str,
        client_id: &str,
        rules: TokenRules,
        now: Timestamp,
    ) -> Option<Issued> {
        self.prune(now);
        let presented = self.refresh.get(token)?;
        let (grant, family, started_at) = (presented.grant, presented.family, presented.family_started_at);
        let belongs =
            self.by_id.get(&grant).is_some_and(|grant| !grant.revoked && grant.client_id == client_id);
        let idle_too_long = now >= presented.idle_until;
        let too_old = rules.absolute_expiry && now >= after(started_at, REFRESH_ABSOLUTE_LIFE);
        if !belongs || idle_too_long || too_old {
            return None;
        }
        if presented.replaced_until.is_some_and(|until| now >= until) {
            if rules.late_replay_kills_family {
                self.revoke_family(family);
            }
            return None;
        }
        let access_token = self.issue_access(grant, family, now)?;
        if rules.omit_refresh_token {
            if let Some(presented) = self.refresh.get_mut(token) {
                presented.idle_until = after(now, REFRESH_IDLE_LIFE);
            }
            return Some(Issued { access_token, refresh_token: None, scope: self.scope_text(grant) });
        }
        self.replace(token, now);
        let refresh_token = self.issue_refresh(grant, family, started_at, now, &access_token);
        Some(Issued { access_token, refresh_token: Some(refresh_token), scope: self.scope_text(grant) })
    }

    /// The grant behind a working access token.
    pub fn authenticate(&self, access_token: &str, now: Timestamp) -> Result<&Grant, TokenFault> {
        let token = self.access.get(access_token).ok_or(TokenFault::Unknown)?;
        let grant = self.by_id.get(&token.grant).ok_or(TokenFault::Unknown)?;
        if grant.revoked || token.revoked_from.is_some_and(|from| now >= from) {
            return Err(TokenFault::Revoked);
        }
        if now >= token.expires_at {
            return Err(TokenFault::Expired);
        }
        Ok(grant)
    }

    /// The grant behind a refresh token, alive or not.
    pub fn behind_refresh_token(&self, token: &str) -> Option<&Grant> {
        self.by_id.get(&self.refresh.get(token)?.grant)
    }

    /// The accounts whose living grants let the app use the site.
    pub fn granting(&self, client_id: &str, cloud_id: &str) -> impl Iterator<Item = &str> {
        let covers = move |grant: &&Grant| {
            !grant.revoked
                && grant.client_id == client_id
                && grant.cloud_ids.iter().any(|granted| granted == cloud_id)
        };
        self.by_id.values().filter(covers).map(|grant| grant.account_id.as_str())
    }

    /// Whether a living grant of the account lets the app use the site.
    pub fn allows(&self, client_id: &str, cloud_id: &str, account_id: &str) -> bool {
        self.granting(client_id, cloud_id).any(|granting| granting == account_id)
    }

    /// Ends every grant that `matches`, with all its tokens; returns how many.
    pub fn revoke(&mut self, matches: impl Fn(&Grant) -> bool) -> usize {
        let doomed = self.by_id.values_mut().filter(|grant| !grant.revoked && matches(grant));
        doomed.map(|grant| grant.revoked = true).count()
    }

    /// Ends every access token of the grants that `matches`, as if their hour were over.
    pub fn expire_access_tokens(&mut self, now: Timestamp, matches: impl Fn(&Grant) -> bool) -> usize {
        let grants = &self.by_id;
        let tokens = self.access.values_mut().filter(|token| grants.get(&token.grant).is_some_and(&matches));
        tokens.map(|token| token.expires_at = token.expires_at.min(now)).count()
    }

    fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    fn scope_text(&self, grant: u64) -> String {
        self.by_id.get(&grant).map(|grant| grant.scopes.join(" ")).unwrap_or_default()
    }

    fn issue_access(&mut self, grant: u64, family: u64, now: Timestamp) -> Option<String> {
        let owner = self.by_id.get(&grant)?;
        let expires_at = after(now, ACCESS_LIFE);
        let token = self.mint.access_token(owner, now, expires_at);
        self.access.insert(token.clone(), AccessToken { grant, family, expires_at, revoked_from: None });
        Some(token)
    }

    fn issue_refresh(
        &mut self,
        grant: u64,
        family: u64,
        family_started_at: Timestamp,
        now: Timestamp,
        companion: &str,
    ) -> String {
        let token = self.mint.opaque();
        let record = RefreshToken {
            grant,
            family,
            family_started_at,
            idle_until: after(now, REFRESH_IDLE_LIFE),
            replaced_until: None,
            companion: companion.to_owned(),
        };
        self.refresh.insert(token.clone(), record);
        token
    }

    /// Starts the leeway of a refresh token and of the access token issued with it; a second rotation does not extend it.
    fn replace(&mut self, token: &str, now: Timestamp) {
        let Some(presented) = self.refresh.get_mut(token) else { return };
        let until = *presented.replaced_until.get_or_insert(after(now, LEEWAY));
        if let Some(companion) = self.access.get_mut(&presented.companion) {
            companion.revoked_from.get_or_insert(until);
        }
    }

    fn revoke_family(&mut self, family: u64) {
        self.refresh.retain(|_, token| token.family != family);
        for token in self.access.values_mut().filter(|token| token.family == family) {
            token.revoked_from = Some(Timestamp::MIN);
        }
    }

    /// Forgets what has been dead for a day, so that a sandbox that runs for weeks does not grow; looks at most once a minute.
    fn prune(&mut self, now: Timestamp) {
        if now < after(self.last_pruned, Duration::from_mins(1)) && now >= self.last_pruned {
            return;
        }
        self.last_pruned = now;
        let remembered = |end: Timestamp| now < after(end, Duration::from_hours(24));
        self.codes.retain(|_, code| remembered(code.expires_at));
        self.access.retain(|_, token| remembered(token.expires_at));
        self.refresh.retain(|_, token| remembered(token.idle_until));
    }
}

/// `now` plus a span, stopping at the end of time.
pub(crate) fn after(now: Timestamp, span: Duration) -> Timestamp {
    let span = SignedDuration::try_from(span).unwrap_or(SignedDuration::MAX);
    now.checked_add(span).unwrap_or(Timestamp::MAX)
}

//! Codes and refresh tokens for access tokens (`atlassian-platform.md` 1.4, 1.5; hazards L4 to L6).

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use linkspan_model::secret::Secret;
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use serde::Deserialize;
use url::Url;

use super::AppCredentials;
use crate::calls::ScopeSet;
use crate::client::{Upstream, read_capped, transport};
use crate::error::{CallError, TransportKind, bounded};
use crate::limit::LimitHeaders;

/// The most bytes of a token answer: tokens of many scopes take several thousand.
const BODY_CAP: u64 = 1 << 20;

/// The life of an access token where the answer does not tell it.
const USUAL_LIFE: SignedDuration = SignedDuration::from_secs(3600);

/// The longest life that is believed.
const LONGEST_LIFE: i64 = 30 * 24 * 3600;

/// Tokens as they were issued.
#[derive(Clone, Debug)]
pub struct TokenPair {
    /// For calls.
    pub access: Secret,
    /// For the next pair. Absent when `offline_access` was not granted, and now and then after a refresh: then the old
    /// one stays in force. The caller decides which of the two it is (hazard L6).
    pub refresh: Option<Secret>,
    /// When the access token ends: its arrival plus its stated life.
    pub expires_at: Timestamp,
    /// What was granted, as the answer says.
    pub scopes: ScopeSet,
}

/// Why no tokens were issued.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// The code is wrong, expired or used: begin the link again.
    #[error("the authorisation code was refused: {description}")]
    CodeRefused {
        /// Upstream's words.
        description: String,
    },
    /// The refresh token is dead: the customer must link again. Only this says so (hazard L4).
    #[error("the refresh token was refused: {description}")]
    GrantDead {
        /// Upstream's words.
        description: String,
    },
    /// Upstream does not accept the app's own client id and secret. The customer can do nothing about it.
    #[error("the app's client id or secret was refused; check them in the developer console")]
    ClientRefused,
    /// Too many token calls: wait.
    #[error("too many token calls")]
    Throttled {
        /// Upstream's advice, as sent.
        retry_after: Option<Duration>,
    },
    /// Upstream is down, or says something unknown: proof of nothing.
    #[error("the token endpoint is unavailable (status {status})")]
    Unavailable {
        /// The status.
        status: u16,
        /// Upstream's advice, as sent.
        retry_after: Option<Duration>,
    },
    /// No answer came. The refresh may have happened: present the same token again at once, upstream allows it for 10
    /// minutes.
    #[error("no answer from the token endpoint: {0}")]
    Transport(TransportKind),
    /// An answer came that makes no sense; as for a lost one, present the same token again.
    #[error("the answer of the token endpoint makes no sense: {0}")]
    Malformed(&'static str),
    /// The request is wrong: a mistake of ours.
    #[error("the token request was refused: {description}")]
    RequestRefused {
        /// Upstream's words.
        description: String,
    },
}

impl TokenError {
    /// Whether the same request may succeed later without anybody doing anything.
    pub fn is_retryable(&self) -> bool {
        matches!(
            self,
            Self::Throttled { .. } | Self::Unavailable { .. } | Self::Transport(_) | Self::Malformed(_)
        )
    }

    /// The wait that upstream asks for, as sent.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Throttled { retry_after } | Self::Unavailable { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

/// What was presented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Presented {
    Code,
    RefreshToken,
}

#[derive(Deserialize)]
struct Issued {
    access_token: Secret,
    refresh_token: Option<Secret>,
    expires_in: Option<i64>,
    #[serde(default)]
    scope: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Refused {
    error: String,
    error_description: String,
}

impl Upstream {
    /// Exchanges an authorisation code.
    ///
    /// # Errors
    /// [`TokenError`].
    pub async fn exchange_code(
        &self,
        app: &AppCredentials,
        code: &Secret,
        redirect_uri: &Url,
    ) -> Result<TokenPair, TokenError> {
        let request = serde_json::json!({
            "grant_type": "authorization_code",
            "client_id": app.client_id,
            "client_secret": app.client_secret.expose(),
            "code": code.expose(),
            "redirect_uri": redirect_uri.as_str(),
        });
        self.request_tokens(Presented::Code, request.to_string()).await
    }

    /// Exchanges a refresh token. Never run two of these for one grant at once (hazard L1).
    ///
    /// # Errors
    /// [`TokenError`].
    pub async fn refresh(&self, app: &AppCredentials, refresh: &Secret) -> Result<TokenPair, TokenError> {
        let request = serde_json::json!({
            "grant_type": "refresh_token",
            "client_id": app.client_id,
            "client_secret": app.client_secret.expose(),
            "refresh_token": refresh.expose(),
        });
        self.request_tokens(Presented::RefreshToken, request.to_string()).await
    }

    async fn request_tokens(&self, presented: Presented, request: String) -> Result<TokenPair, TokenError> {
        const CALL: &str = "oauth.token";
        let exchange = async {
            let response = self
                .token_http()
                .post(self.endpoints.token())
                .header(CONTENT_TYPE, "application/json")
                .header(ACCEPT, "application/json")
                .body(request)
                .send()
                .await
                .map_err(|error| transport(CALL, &error))?;
            let status = response.status().as_u16();
            let limits = LimitHeaders::read(response.headers(), self.clock().now());
            Ok((status, limits, read_capped(CALL, response, BODY_CAP).await))
        };
        let (status, limits, body) = match self.within_token_time(CALL, exchange).await {
            Ok(answer) => answer,
            Err(CallError::Transport { kind, .. }) => return Err(TokenError::Transport(kind)),
            Err(_) => return Err(TokenError::Malformed("it breaks off")),
        };
        let result = match body {
            Ok(body) => read_answer(presented, status, &limits, &body, self.clock().now()),
            Err(CallError::Transport { kind, .. }) => Err(TokenError::Transport(kind)),
            Err(_) if status >= 500 || status == 429 => {
                read_answer(presented, status, &limits, b"", self.clock().now())
            }
            Err(_) => Err(TokenError::Malformed("it breaks off")),
        };
        tracing::debug!(?presented, status, ok = result.is_ok(), "token endpoint answered");
        result
    }
}

/// What an answer of the token endpoint means.
pub(super) fn read_answer(
    presented: Presented,
    status: u16,
    limits: &LimitHeaders,
    body: &[u8],
    now: Timestamp,
) -> Result<TokenPair, TokenError> {
    match status {
        200..=299 => return read_issued(body, now),
        429 => return Err(TokenError::Throttled { retry_after: limits.advice(now) }),
        400..=499 => {}
        _ => return Err(TokenError::Unavailable { status, retry_after: limits.advice(now) }),
    }
    let refused: Refused = serde_json::from_slice(body).unwrap_or_default();
    let description = bounded(if refused.error_description.is_empty() {
        &refused.error
    } else {
        &refused.error_description
    });
    match (presented, status, refused.error.as_str()) {
        (_, 401, "access_denied" | "invalid_client") | (_, 400 | 403, "invalid_client") => {
            Err(TokenError::ClientRefused)
        }
        (Presented::RefreshToken, 400 | 403, "invalid_grant" | "unauthorized_client") => {
            Err(TokenError::GrantDead { description })
        }
        (Presented::Code, 400 | 403, "invalid_grant" | "unauthorized_client") => {
            Err(TokenError::CodeRefused { description })
        }
        (Presented::Code, 400 | 403, "invalid_request") if speaks_of_code(&description) => {
            Err(TokenError::CodeRefused { description })
        }
        (_, 400, error) if !error.is_empty() => Err(TokenError::RequestRefused { description }),
        // Anything else, a bare 401 or 403 of some gateway included, proves nothing about the grant (hazard L4).
        _ => Err(TokenError::Unavailable { status, retry_after: limits.advice(now) }),
    }
}

fn speaks_of_code(description: &str) -> bool {
    let description = description.to_ascii_lowercase();
    description.contains("authorization_code") || description.contains("authorization code")
}

fn read_issued(body: &[u8], now: Timestamp) -> Result<TokenPair, TokenError> {
    let issued: Issued =
        serde_json::from_slice(body).map_err(|_| TokenError::Malformed("it holds no access token"))?;
    if issued.access_token.expose().is_empty() {
        return Err(TokenError::Malformed("its access token is empty"));
    }
    let life = match issued.expires_in {
        None => USUAL_LIFE,
        Some(seconds) if seconds > 0 => SignedDuration::from_secs(seconds.min(LONGEST_LIFE)),
        Some(_) => return Err(TokenError::Malformed("its access token has expired already")),
    };
    Ok(TokenPair {
        access: issued.access_token,
        refresh: issued.refresh_token.filter(|token| !token.expose().is_empty()),
        expires_at: now.checked_add(life).unwrap_or(now),
        scopes: ScopeSet::parse(&issued.scope),
    })
}

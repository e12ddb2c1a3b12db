//! What can be set while the sandbox runs: the choices on which Atlassian's documents and measurements differ, and the limits.

use std::collections::BTreeMap;

use http::HeaderValue;
use serde::de::Error as _;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::meter::headers::HeaderForm;
use crate::oauth::{RefreshErrors, TokenRules};
use crate::webhooks::WebhookSettings;
use crate::world::{IndexLag, Millis};

/// Longest latency that can be set, in milliseconds: ten minutes.
const MAX_LATENCY_MS: u64 = 600_000;
/// Longest lag of the index that can be set, in milliseconds: a week.
const MAX_LAG_MS: u64 = 7 * 24 * 3_600_000;
/// The default cycle of the personal-data report (`atlassian-platform.md` 3).
const WEEK_SECONDS: i64 = 7 * 24 * 3600;

/// `GET /_sandbox/settings`; a `POST` changes the members it names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Added to every answer of a simulated host, in milliseconds.
    pub latency_ms: u64,
    /// How far searches and counts lag behind writes, in milliseconds of the sandbox's clock.
    pub index_lag_ms: u64,
    /// How much further some lag, each issue or content by its own dice, in milliseconds.
    pub index_lag_spread_ms: u64,
    /// The limits.
    pub limits: Limits,
    /// Token life.
    pub tokens: TokenSettings,
    /// By cloud id: how the site's Confluence says who may do what in a space; absent: by permissions.
    pub space_role_modes: BTreeMap<String, SpaceRoleMode>,
    /// Cloud ids of sites whose admins block user-installed apps.
    pub blocked_sites: Vec<String>,
    /// Cloud ids of sites that have field schemes in place of field configurations.
    pub field_scheme_sites: Vec<String>,
    /// The `Cycle-Period` header of the personal-data report, whose format is not documented; absent: not sent, seven days.
    pub cycle_period: Option<String>,
    /// How long the cycle is that reports are judged by, in seconds, whatever the header says.
    pub cycle_seconds: i64,
    /// Deliveries to webhooks.
    pub webhooks: WebhookSettings,
}

/// The limits of `atlassian-platform.md` 5.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Points an app may spend per UTC hour; 0: no quota and no headers about it.
    pub points_quota: u64,
    /// Whether the quota is enforced or only announced.
    pub headers: HeaderForm,
    /// Refuse requests beyond the published rates per operation.
    pub burst: bool,
    /// Refuse writes beyond the published rates per issue.
    pub issue_writes: bool,
}

/// Token life where sources differ (`atlassian-platform.md` 9).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenSettings {
    /// How a dead refresh token is answered.
    pub refresh_errors: RefreshErrors,
    /// How the gateway answers an expired access token.
    pub expired_access_token: ExpiredAccessToken,
    /// What rotation does.
    pub rules: TokenRules,
}

/// The gateway's answer to an expired access token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExpiredAccessToken {
    /// 401, as most clients expect.
    Unauthorized,
    /// 404 on version 2 paths and 403 on the others, as reported in September 2026: it looks like an ordinary error.
    LooksOrdinary,
}

/// `space-role-mode` of a site (`atlassian-endpoints.md` 6.12).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SpaceRoleMode {
    /// Permissions only.
    #[default]
    PreRoles,
    /// Both, while administrators turn permissions into roles.
    RolesTransition,
    /// Roles only.
    Roles,
}

impl SpaceRoleMode {
    /// The wire name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PreRoles => "PRE_ROLES",
            Self::RolesTransition => "ROLES_TRANSITION",
            Self::Roles => "ROLES",
        }
    }
}

impl Settings {
    /// No latency; the given quota, with the short limits on when there is one.
    pub fn new(latency_ms: u64, points_quota: u64) -> Self {
        let limited = points_quota > 0;
        Self {
            latency_ms: latency_ms.min(MAX_LATENCY_MS),
            index_lag_ms: 0,
            index_lag_spread_ms: 0,
            limits: Limits {
                points_quota,
                headers: HeaderForm::Enforced,
                burst: limited,
                issue_writes: limited,
            },
            tokens: TokenSettings {
                refresh_errors: RefreshErrors::Measured,
                expired_access_token: ExpiredAccessToken::Unauthorized,
                rules: TokenRules::default(),
            },
            space_role_modes: BTreeMap::new(),
            blocked_sites: Vec::new(),
            field_scheme_sites: Vec::new(),
            cycle_period: None,
            cycle_seconds: WEEK_SECONDS,
            webhooks: WebhookSettings::default(),
        }
    }

    /// How far the index lags behind for each thing it knows.
    pub(crate) fn index_lag(&self) -> IndexLag {
        let span = |span: u64| Millis::try_from(span).unwrap_or(Millis::MAX);
        IndexLag { base: span(self.index_lag_ms), spread: span(self.index_lag_spread_ms) }
    }

    /// These settings with the members of `changes` replaced; unknown members and wrong types are refused with a reason.
    pub fn changed(&self, changes: Value) -> Result<Self, serde_json::Error> {
        let mut settings = serde_json::to_value(self)?;
        merge(&mut settings, changes);
        let mut settings: Self = serde_json::from_value(settings)?;
        let sendable = |text: &String| HeaderValue::from_bytes(text.as_bytes()).is_ok();
        if !settings.cycle_period.as_ref().is_none_or(sendable) {
            return Err(serde_json::Error::custom("`cycle_period` holds what no header can carry"));
        }
        settings.index_lag_ms = settings.index_lag_ms.min(MAX_LAG_MS);
        settings.index_lag_spread_ms = settings.index_lag_spread_ms.min(MAX_LAG_MS);
        settings.latency_ms = settings.latency_ms.min(MAX_LATENCY_MS);
        settings.cycle_seconds = settings.cycle_seconds.max(1);
        settings.webhooks = settings.webhooks.checked().map_err(serde_json::Error::custom)?;
        Ok(settings)
    }
}

/// Objects are merged member by member, everything else is replaced. Depth is bounded by the settings' own.
fn merge(into: &mut Value, changes: Value) {
    match (into, changes) {
        (Value::Object(into), Value::Object(changes)) => {
            for (name, change) in changes {
                merge(into.entry(name).or_insert(Value::Null), change);
            }
        }
        (into, changes) => *into = changes,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_change_keeps_what_it_does_not_name() {
        let settings = Settings::new(5, 100);
        let changed =
            settings.changed(json!({ "tokens": { "rules": { "absolute_expiry": true } } })).unwrap();
        assert!(changed.tokens.rules.absolute_expiry);
        assert_eq!(changed.limits, settings.limits);
        assert_eq!(changed.latency_ms, 5);
    }

    #[test]
    fn unknown_members_and_wrong_types_are_refused() {
        let settings = Settings::new(0, 0);
        assert!(settings.changed(json!({ "latency": 5 })).is_err());
        assert!(settings.changed(json!({ "limits": { "burst": "yes" } })).is_err());
        assert!(settings.changed(json!([])).is_err());
    }
}

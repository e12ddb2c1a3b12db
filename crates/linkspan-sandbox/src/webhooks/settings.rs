//! How webhooks are delivered, and the forms on which Atlassian's documents differ.

use serde::{Deserialize, Serialize};

/// Longest delay that can be set, in milliseconds: a day.
const MAX_DELAY_MS: u64 = 24 * 3_600_000;
/// Most extra copies of one delivery.
const MAX_DUPLICATES: u32 = 100;

/// The member `webhooks` of the settings. Delays are on the sandbox's clock; the dice follow from its seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookSettings {
    /// Whether anything is delivered; changes made while it is false are never told.
    pub deliver: bool,
    /// How long after a change it is told, in milliseconds.
    pub primary_delay_ms: u64,
    /// How long after a change what follows from it is told at the latest, in milliseconds.
    pub secondary_delay_ms: u64,
    /// The chance that a delivery is lost, 0 to 1.
    pub drop: f64,
    /// The chance that a delivery is made more than once, 0 to 1.
    pub duplicate: f64,
    /// How many more times.
    pub duplicates: u32,
    /// How much later than due a delivery may start, in milliseconds, each by its own dice: they overtake each other.
    pub shuffle_ms: u64,
    /// The chance that a delivery is late, 0 to 1.
    pub late: f64,
    /// By how much, in milliseconds.
    pub late_ms: u64,
    /// Which registrations that match one change are told of it in one delivery.
    pub merge: Merge,
    /// How `expirationDate` is written.
    pub expiration_date: ExpirationDate,
    /// How a registration is answered.
    pub registration_result: RegistrationResult,
}

/// Which registrations share a delivery (`atlassian-platform.md` 4.8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Merge {
    /// Those of one app, whoever registered them.
    App,
    /// Those of one app and user.
    Owner,
}

/// `expirationDate`: the schema says number, the example shows text (`atlassian-platform.md` 4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExpirationDate {
    /// Milliseconds since the epoch.
    Number,
    /// `2019-06-01T12:42:30.000+0000`
    Text,
}

/// The answer to a registration: the OpenAPI document wraps the list, the guide does not (`atlassian-platform.md` 4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RegistrationResult {
    /// In the member `webhookRegistrationResult`.
    Object,
    /// Bare.
    Array,
}

impl Default for WebhookSettings {
    fn default() -> Self {
        Self {
            deliver: true,
            primary_delay_ms: 0,
            secondary_delay_ms: 15 * 60_000,
            drop: 0.0,
            duplicate: 0.0,
            duplicates: 1,
            shuffle_ms: 0,
            late: 0.0,
            late_ms: 0,
            merge: Merge::App,
            expiration_date: ExpirationDate::Number,
            registration_result: RegistrationResult::Object,
        }
    }
}

impl WebhookSettings {
    /// The settings with delays and counts within their bounds.
    ///
    /// # Errors
    /// A chance is none.
    pub(crate) fn checked(self) -> Result<Self, &'static str> {
        let chances = [self.drop, self.duplicate, self.late];
        if !chances.iter().all(|chance| (0.0..=1.0).contains(chance)) {
            return Err("`drop`, `duplicate` and `late` are chances from 0 to 1");
        }
        Ok(Self {
            primary_delay_ms: self.primary_delay_ms.min(MAX_DELAY_MS),
            secondary_delay_ms: self.secondary_delay_ms.min(MAX_DELAY_MS),
            shuffle_ms: self.shuffle_ms.min(MAX_DELAY_MS),
            late_ms: self.late_ms.min(MAX_DELAY_MS),
            duplicates: self.duplicates.min(MAX_DUPLICATES),
            ..self
        })
    }
}

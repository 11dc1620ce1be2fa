//! What the rules found: the record on the topic `violations`, one for each event that breaks a rule.
//!
//! Findings of one rule about one user within one window of the rule are one violation with a count: they have the same
//! [`Violation::id`], which is made of tenant, rule, user (or group) and window, so that a replay makes no second one.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What becomes of the device when a rule is broken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Nothing: the violation is recorded.
    #[default]
    Flag,
    /// The device is blocked.
    Block,
    /// Staff have to decide about the device; until then the application is answered `ask`.
    Ask,
}

impl Action {
    /// The word on the wire and in the table.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Flag => "flag",
            Self::Block => "block",
            Self::Ask => "ask",
        }
    }
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Violation {
    /// Of the violation that it belongs to: 32 hexadecimal digits.
    pub id: String,
    /// Whose.
    pub tenant: String,
    /// Name of the rule.
    pub rule: String,
    /// What to call it.
    pub title: String,
    /// Version of the rule that found it.
    pub rule_version: u32,
    /// 0 informational … 4 critical.
    pub level: u8,
    /// What was done.
    pub action: Action,
    /// The user; empty for a correlation across users.
    #[serde(default)]
    pub user_id: String,
    /// Name of the user.
    #[serde(default)]
    pub user_name: String,
    /// The device.
    #[serde(default)]
    pub device_id: String,
    /// How sure its id is: `high` by a cookie, `medium` by a fingerprint that includes a model, `low` by one that thousands have.
    /// None without a device.
    #[serde(default)]
    pub device_confidence: Option<String>,
    /// The session.
    #[serde(default)]
    pub session_id: String,
    /// Address, in text form.
    #[serde(default)]
    pub ip: String,
    /// ISO 3166-1 alpha-2.
    #[serde(default)]
    pub country: String,
    /// City.
    #[serde(default)]
    pub city: String,
    /// The event that broke the rule.
    pub event_id: String,
    /// Its type.
    pub event_type: String,
    /// When it occurred.
    pub occurred_at: DateTime<Utc>,
    /// What was seen, where the rule has a number to compare.
    #[serde(default)]
    pub seen: Option<f64>,
    /// The limit in force.
    #[serde(default)]
    pub limit: Option<f64>,
    /// What a correlation across users groups by, and the values.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub group: BTreeMap<String, String>,
}

/// The id of the violation that a finding belongs to: xxh3-128 of tenant, rule, group and the number of the window that
/// `at` (milliseconds) falls into; windows are `window_ms` long and begin at 1970-01-01T00:00:00Z.
#[must_use]
pub fn id(tenant: &str, rule: &str, group: &str, at: i64, window_ms: i64) -> String {
    let window = at.div_euclid(window_ms.max(1));
    let mut hash = xxhash_rust::xxh3::Xxh3::new();
    for part in [tenant, rule, group] {
        // Lengths keep "a", "bc" apart from "ab", "c".
        hash.update(&(part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    hash.update(&window.to_le_bytes());
    format!("{:032x}", hash.digest128())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_window_is_one_violation() {
        let hour = 3_600_000;
        let of = |user: &str, at| id("acme", "rule", user, at, hour);
        assert_eq!(of("u1", 10), of("u1", hour - 1));
        assert_ne!(of("u1", hour - 1), of("u1", hour));
        assert_ne!(of("u1", 10), of("u2", 10));
        assert_ne!(id("a", "bc", "", 0, hour), id("ab", "c", "", 0, hour));
        assert_eq!(of("u1", 10).len(), 32);
    }
}

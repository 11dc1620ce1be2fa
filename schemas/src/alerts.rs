//! Where violations are reported to: values of the compacted topic [`crate::topics::SETTINGS`].

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::settings::Invalid;

/// Form of the body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AlertFormat {
    /// Standard Webhooks (<https://www.standardwebhooks.com>), signed.
    #[default]
    Standard,
    /// Slack's incoming webhooks: blocks with a text.
    Slack,
    /// Prometheus Alertmanager's `POST /api/v2/alerts`.
    Alertmanager,
}

/// One place that violations of a tenant are reported to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AlertEndpoint {
    /// Whose.
    pub tenant: String,
    /// `[a-z0-9][a-z0-9-]{0,62}`.
    pub id: String,
    /// Address, `https` or `http`.
    pub url: String,
    /// Form of the body.
    #[serde(default)]
    pub format: AlertFormat,
    /// Least level reported, 0 to 4.
    #[serde(default)]
    pub min_level: u8,
    /// Rules reported, by name; all when empty.
    #[serde(default)]
    pub rules: Vec<String>,
    /// Secrets that bodies are signed with, `whsec_` and base64 of 24 to 64 bytes; the newest first. Two while the
    /// receiver changes over. Never shown but once.
    #[serde(default)]
    pub secrets: Vec<String>,
    /// A violation that grows is reported again no sooner than this many seconds after the last time.
    #[serde(default = "hour")]
    pub repeat_seconds: u32,
    /// Whether anything is sent.
    pub enabled: bool,
    /// Why it was switched off, when the program did it: the receiver answered 410, or failed for days.
    #[serde(default)]
    pub disabled_reason: String,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

fn hour() -> u32 {
    3600
}

impl AlertEndpoint {
    /// Checks all but that the address may be reached.
    ///
    /// # Errors
    /// The first field found wrong.
    pub fn validate(&self) -> Result<(), Invalid> {
        let fail = |field: &str, detail: &str| Err(Invalid { pointer: format!("/{field}"), detail: detail.to_owned() });
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if self.id.is_empty() || self.id.len() > 63 || !self.id.bytes().all(allowed) || self.id.starts_with('-') {
            return fail("id", "must be 1 to 63 of a-z, 0-9 and -");
        }
        if !(self.url.starts_with("https://") || self.url.starts_with("http://")) || self.url.len() > 2048 {
            return fail("url", "must be an http or https address of at most 2048 bytes");
        }
        if self.min_level > 4 {
            return fail("min_level", "must be 0 to 4");
        }
        if self.secrets.len() > 2 {
            return fail("secrets", "at most 2");
        }
        Ok(())
    }
}

/// Violations that match are not reported for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Silence {
    /// Whose.
    pub tenant: String,
    /// `[a-z0-9][a-z0-9-]{0,62}`.
    pub id: String,
    /// Only this rule; all when absent.
    #[serde(default)]
    pub rule: Option<String>,
    /// Only this user; all when absent.
    #[serde(default)]
    pub user_id: Option<String>,
    /// Who answers for it.
    pub owner: String,
    /// Why.
    pub reason: String,
    /// From when.
    pub starts_at: DateTime<Utc>,
    /// Until when.
    pub ends_at: DateTime<Utc>,
}

impl Silence {
    /// Whether it holds for a finding at `at`.
    #[must_use]
    pub fn covers(&self, rule: &str, user_id: &str, at: DateTime<Utc>) -> bool {
        self.rule.as_deref().is_none_or(|only| only == rule)
            && self.user_id.as_deref().is_none_or(|only| only == user_id)
            && (self.starts_at..self.ends_at).contains(&at)
    }
}

//! Where violations are reported to: values of the compacted topic [`crate::topics::SETTINGS`]; and what is still to be
//! reported: values of the compacted topic [`crate::topics::ALERTS`].

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::settings::Invalid;
use crate::violation::Violation;

/// Most endpoints of a tenant.
pub const MAX_ENDPOINTS: usize = 20;
/// Most silences of a tenant, past ones included.
pub const MAX_SILENCES: usize = 200;
/// Most rules that an endpoint names.
pub const MAX_RULES: usize = 100;
/// Longest name, owner or reason, bytes.
const MAX_TEXT_BYTES: usize = 256;
/// Longest time between two reports of a violation that grows, seconds: a week.
pub const MAX_REPEAT_SECONDS: u32 = 604_800;
/// What each secret begins with.
pub const SECRET_PREFIX: &str = "whsec_";
/// [`Pending::partition`] of what no finding caused.
pub const NO_PARTITION: i32 = -1;

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

impl AlertFormat {
    /// Whether bodies are signed with the endpoint's secrets.
    #[must_use]
    pub fn is_signed(self) -> bool {
        self == Self::Standard
    }
}

/// One place that violations of a tenant are reported to. `Debug` hides its secrets and its address, which for Slack is
/// one too.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
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
    /// A violation that grows is reported again no sooner than this many seconds after the last time; 1 to
    /// [`MAX_REPEAT_SECONDS`].
    #[serde(default = "hour")]
    pub repeat_seconds: u32,
    /// Whether anything is sent.
    pub enabled: bool,
    /// Why it was switched off, when the program did it: the receiver answered 410.
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
        check_id(&self.id)?;
        check_url(&self.url)?;
        if self.min_level > 4 {
            return fail("/min_level", "must be 0 to 4");
        }
        if self.rules.len() > MAX_RULES || self.rules.iter().any(|rule| !is_text(rule)) {
            return fail("/rules", format!("at most {MAX_RULES} names of 1 to {MAX_TEXT_BYTES} bytes"));
        }
        if !(1..=MAX_REPEAT_SECONDS).contains(&self.repeat_seconds) {
            return fail("/repeat_seconds", format!("must be 1 to {MAX_REPEAT_SECONDS}"));
        }
        check_secrets(&self.secrets)
    }
}

impl fmt::Debug for AlertEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AlertEndpoint")
            .field("tenant", &self.tenant)
            .field("id", &self.id)
            .field("format", &self.format)
            .field("enabled", &self.enabled)
            .finish_non_exhaustive()
    }
}

fn fail(pointer: &str, detail: impl Into<String>) -> Result<(), Invalid> {
    Err(Invalid { pointer: pointer.to_owned(), detail: detail.into() })
}

fn check_id(id: &str) -> Result<(), Invalid> {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if id.is_empty() || id.len() > 63 || !id.bytes().all(allowed) || id.starts_with('-') {
        return fail("/id", "must be 1 to 63 of a-z, 0-9 and -, beginning with a letter or digit");
    }
    Ok(())
}

/// The form alone: whether the address may be reached is another question.
pub(crate) fn check_url(url: &str) -> Result<(), Invalid> {
    if !(url.starts_with("https://") || url.starts_with("http://")) || url.len() > 2048 {
        return fail("/url", "must be an http or https address of at most 2048 bytes");
    }
    Ok(())
}

pub(crate) fn check_secrets(secrets: &[String]) -> Result<(), Invalid> {
    if secrets.len() > 2 || secrets.iter().any(|secret| !secret.starts_with(SECRET_PREFIX)) {
        return fail("/secrets", format!("at most 2, each beginning with {SECRET_PREFIX}"));
    }
    Ok(())
}

fn is_text(text: &str) -> bool {
    !text.is_empty() && text.len() <= MAX_TEXT_BYTES && !text.chars().any(char::is_control)
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
    /// Checks all of it.
    ///
    /// # Errors
    /// The first field found wrong.
    pub fn validate(&self) -> Result<(), Invalid> {
        check_id(&self.id)?;
        let wanted = [("/rule", self.rule.as_deref()), ("/user_id", self.user_id.as_deref())];
        let texts = [("/owner", Some(self.owner.as_str())), ("/reason", Some(self.reason.as_str()))];
        for (pointer, text) in wanted.into_iter().chain(texts) {
            if text.is_some_and(|text| !is_text(text)) {
                return fail(pointer, format!("must be 1 to {MAX_TEXT_BYTES} bytes without control characters"));
            }
        }
        if self.ends_at <= self.starts_at {
            return fail("/ends_at", "must be after starts_at");
        }
        Ok(())
    }

    /// Whether it holds for a finding at `at`.
    #[must_use]
    pub fn covers(&self, rule: &str, user_id: &str, at: DateTime<Utc>) -> bool {
        self.rule.as_deref().is_none_or(|only| only == rule)
            && self.user_id.as_deref().is_none_or(|only| only == user_id)
            && (self.starts_at..self.ends_at).contains(&at)
    }
}

/// What a delivery says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PendingKind {
    /// A violation was found, or has grown.
    #[default]
    Violation,
    /// Somebody pressed the test button.
    Test,
}

/// What is known of one violation at one endpoint: the report that is under way, and what the receiver knows already. The
/// record is deleted once nothing is left to remember.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pending {
    /// What a delivery says.
    #[serde(default)]
    pub kind: PendingKind,
    /// Partition of [`crate::topics::VIOLATIONS`] that its findings come from, or [`NO_PARTITION`]: whoever reads that
    /// partition delivers.
    pub partition: i32,
    /// Offset of the last finding counted, so that one that is read again isn't.
    pub offset: i64,
    /// Findings so far.
    pub count: u64,
    /// How many of them the report under way covers; the same as `reported` while none is.
    pub reporting: u64,
    /// How many of them were reported, or given up.
    pub reported: u64,
    /// When the report under way began, or the last one did. Part of its id.
    pub since: DateTime<Utc>,
    /// Failed attempts of the report under way.
    #[serde(default)]
    pub attempts: u32,
    /// When to try next; or, while no report is under way, from when on there may be one.
    pub due_at: DateTime<Utc>,
    /// What the report says; absent when all was reported.
    #[serde(default)]
    pub violation: Option<Violation>,
}

/// Key on [`crate::topics::ALERTS`].
#[must_use]
pub fn pending_key(tenant: &str, endpoint: &str, violation: &str) -> String {
    serde_json::Value::from([tenant, endpoint, violation].as_slice()).to_string()
}

/// Tenant, endpoint and violation of a key on [`crate::topics::ALERTS`].
#[must_use]
pub fn read_pending_key(key: &[u8]) -> Option<(String, String, String)> {
    serde_json::from_slice(key).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint() -> AlertEndpoint {
        serde_json::from_value(serde_json::json!({
            "tenant": "acme", "id": "pager", "url": "https://hooks.example/T0/secret-path",
            "secrets": ["whsec_c2VjcmV0"], "enabled": true, "updated_at": "2026-11-20T09:30:00Z"
        }))
        .unwrap()
    }

    #[test]
    fn secrets_and_addresses_are_not_in_debug_output() {
        let text = format!("{:?}", endpoint());
        assert!(text.contains("pager") && !text.contains("whsec_") && !text.contains("secret-path"), "{text}");
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert_eq!(endpoint().validate(), Ok(()));
        let wrong = |change: fn(&mut AlertEndpoint)| {
            let mut endpoint = endpoint();
            change(&mut endpoint);
            endpoint.validate().unwrap_err().pointer
        };
        assert_eq!(wrong(|e| e.id = "-x".into()), "/id");
        assert_eq!(wrong(|e| e.url = "ftp://x".into()), "/url");
        assert_eq!(wrong(|e| e.min_level = 5), "/min_level");
        assert_eq!(wrong(|e| e.repeat_seconds = 0), "/repeat_seconds");
        assert_eq!(wrong(|e| e.secrets = vec!["plain".into()]), "/secrets");
        assert_eq!(wrong(|e| e.rules = vec![String::new()]), "/rules");
    }

    /// P5: a silence covers a rule, a user, or both, from its start until just before its end.
    #[test]
    fn a_silence_covers_what_it_names() {
        let at = |minute: u32| DateTime::from_timestamp(i64::from(minute) * 60, 0).unwrap();
        let silence = Silence {
            tenant: "acme".into(),
            id: "s1".into(),
            rule: Some("dormant".into()),
            user_id: None,
            owner: "ann".into(),
            reason: "holidays".into(),
            starts_at: at(10),
            ends_at: at(20),
        };
        assert_eq!(silence.validate(), Ok(()));
        assert!(silence.covers("dormant", "u1", at(10)) && silence.covers("dormant", "", at(19)));
        assert!(!silence.covers("dormant", "u1", at(20)) && !silence.covers("dormant", "u1", at(9)));
        assert!(!silence.covers("brute-force", "u1", at(15)));
        let of_user = Silence { rule: None, user_id: Some("u1".into()), ..silence };
        assert!(of_user.covers("anything", "u1", at(15)) && !of_user.covers("anything", "u2", at(15)));
    }

    #[test]
    fn keys_are_read_as_they_are_written() {
        let key = pending_key("acme", "pager", "a\"/b");
        assert_eq!(read_pending_key(key.as_bytes()), Some(("acme".into(), "pager".into(), "a\"/b".into())));
        assert_eq!(read_pending_key(b"[1]"), None);
    }
}

//! May this device in? Decisions about the devices of users, on the compacted topic `access`.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

/// Whether a device may in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// It may.
    #[default]
    Allow,
    /// It may not.
    Block,
    /// Somebody has to decide: the application should ask for more proof, or let nobody in.
    Ask,
}

impl Access {
    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Block => "block",
            Self::Ask => "ask",
        }
    }
}

/// Before the name of a rule that decided about a device.
pub const BY_RULE: &str = "rule:";

/// One decision; the last one on the topic for a device holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AccessDecision {
    /// Whose user.
    pub tenant: String,
    /// Whose device.
    pub user_id: String,
    /// Which.
    pub device_id: String,
    /// How sure its id is, as of [`crate::violation::Violation`]. None where that was not known when it was decided.
    #[serde(default)]
    pub device_confidence: Option<String>,
    /// What was decided.
    pub access: Access,
    /// Who decided: the id of a key or user, or `rule:<name>`.
    pub decided_by: String,
    /// Why.
    #[serde(default)]
    pub reason: String,
    /// The violation that led to it, if a rule decided.
    #[serde(default)]
    pub violation_id: Option<String>,
    /// When.
    pub decided_at: DateTime<Utc>,
}

impl AccessDecision {
    /// Key on the topic: a JSON array, since ids of users and devices may hold any character.
    #[must_use]
    pub fn key(&self) -> String {
        key(&self.tenant, &self.user_id, &self.device_id)
    }
}

/// The number behind a device's id: the first 64 bits of the SHA-256 of the parts, each after its length in bytes as a
/// little-endian 64-bit number, so that no two lists of parts run together; never 0, which stands for "no device".
#[must_use]
pub fn device_number(parts: &[&str]) -> u64 {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    let [a, b, c, d, e, f, g, h, ..]: [u8; 32] = hasher.finalize().into();
    u64::from_be_bytes([a, b, c, d, e, f, g, h]).max(1)
}

/// Returns the parts of the id of a device that is known by its cookie (`context.device_id` of its events).
#[must_use]
pub fn cookie_parts<'a>(tenant: &'a str, cookie: &'a str) -> [&'a str; 3] {
    ["cookie", tenant, cookie]
}

/// How sure the id of a device is that is known by its cookie.
pub const OF_COOKIES: &str = "high";

/// Whether a text can be the id of a device. What can't is a cookie; what can may be a cookie all the same.
#[must_use]
pub fn is_device_id(text: &str) -> bool {
    text.len() == 16 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Returns the id of a device that is known by its cookie: 16 lower-case hexadecimal digits. An application that follows the topic
/// finds its devices by it.
#[must_use]
pub fn device_of_cookie(tenant: &str, cookie: &str) -> String {
    format!("{:016x}", device_number(&cookie_parts(tenant, cookie)))
}

/// Key of a device's decision on the topic.
#[must_use]
pub fn key(tenant: &str, user_id: &str, device_id: &str) -> String {
    serde_json::json!([tenant, user_id, device_id]).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Applications compute it, too: it never changes. In bash: `printf '\x06\0\0\0\0\0\0\0cookie\x04\0\0\0\0\0\0\0acme\x01\0\0\0\0\0\0\0c' | sha256sum`
    #[test]
    fn the_id_of_a_cookie_is_a_contract() {
        assert_eq!(device_of_cookie("acme", "c"), "7e330e3789463b61");
        assert_ne!(device_of_cookie("acme", "c"), device_of_cookie("acm", "ec"));
        assert!(is_device_id("7e330e3789463b61"));
        assert!(
            ["", "c", "7E330E3789463B61", "7e330e3789463b6", "7e330e3789463b612", "č330e3789463b61"]
                .iter()
                .all(|cookie| !is_device_id(cookie))
        );
    }
}

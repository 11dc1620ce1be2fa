//! May this device in? Decisions about the devices of users (K11), on the compacted topic `access`.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
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

/// One decision; the last one on the topic for a device holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AccessDecision {
    /// Whose user.
    pub tenant: String,
    /// Whose device.
    pub user_id: String,
    /// Which.
    pub device_id: String,
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

/// Key of a device's decision on the topic.
#[must_use]
pub fn key(tenant: &str, user_id: &str, device_id: &str) -> String {
    serde_json::json!([tenant, user_id, device_id]).to_string()
}

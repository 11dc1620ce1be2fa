//! How restores end, and the message that asks for one.

use chrono::{DateTime, Utc};
use schemas::settings::hex;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;

/// How a restore stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RestoreStatus {
    /// It was asked for and has no outcome yet, or never got one: ask again.
    Requested,
    /// The application took it.
    Succeeded,
    /// The application refused it, or could not be reached.
    Failed,
}

impl RestoreStatus {
    pub(crate) fn event_type(self) -> &'static str {
        match self {
            Self::Requested => "restore.requested",
            Self::Succeeded => "restore.succeeded",
            Self::Failed => "restore.failed",
        }
    }
}

/// What calls came to. Kept in the payload of the event that records the outcome.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Attempts {
    /// Calls made.
    #[serde(default)]
    pub(crate) attempts: u32,
    /// Status of the last answer.
    #[serde(default)]
    pub(crate) answer_status: Option<u16>,
    /// Id of the event that asked for it.
    #[serde(default)]
    pub(crate) requested: String,
}

/// An outcome, as the event that records it has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) status: RestoreStatus,
    pub(crate) effort: Attempts,
    pub(crate) reason: String,
    pub(crate) event_id: String,
    pub(crate) at: DateTime<Utc>,
    /// Kind, id and name of who asked.
    pub(crate) by: [String; 3],
}

/// Id of the message that asks for a restore, the same however often it is asked (`webhook-id`).
pub(crate) fn message_id(tenant: &str, event_id: &str) -> String {
    let digest = Sha256::digest(format!("restore/{tenant}/{event_id}"));
    format!("msg_{}", hex(&digest[..16]))
}

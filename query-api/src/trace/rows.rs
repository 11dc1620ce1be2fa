//! Rows as the tables hold them and the named queries return them.

use chrono::{DateTime, Utc};
use clickhouse::Row;
use clickhouse::serde::chrono::datetime64::millis;
use serde::Deserialize;

use crate::store::sql::{NamedQuery, query};

/// What one user did around a period, for intervals.
pub const USER_ACTIVITIES: NamedQuery = query!("user_activities");

/// A row of `user_activities.sql`.
#[expect(missing_docs, reason = "named and documented as the columns")]
#[derive(Debug, Clone, PartialEq, Eq, Row, Deserialize)]
pub struct ActivityRow {
    pub event_id: String,
    pub key_id: String,
    pub source: String,
    #[serde(rename = "type")]
    pub event_type: String,
    pub channel: String,
    pub action: String,
    pub outcome: String,
    pub reason: String,
    #[serde(with = "millis")]
    pub occurred_at: DateTime<Utc>,
    #[serde(with = "millis")]
    pub started_at: DateTime<Utc>,
    pub duration_ms: u64,
    pub object_type: String,
    pub object_id: String,
    pub object_name: String,
    pub session_key: String,
}

impl ActivityRow {
    /// Whether it is known to have been done: not what failed, nor what was only asked for.
    #[must_use]
    pub fn has_succeeded(&self) -> bool {
        self.outcome == "success"
    }

    /// Its place among activities of the same time, as of [`EventRow::place`](crate::log::rows::EventRow::place).
    #[must_use]
    pub fn place(&self) -> String {
        [&*self.event_id, &self.key_id, &self.source].join("\u{1}")
    }
}

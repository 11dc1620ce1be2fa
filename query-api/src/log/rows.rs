//! Rows as the tables hold them and the named queries return them. Tests compare these types with the live tables.

use std::net::Ipv6Addr;

use chrono::{DateTime, Utc};
use clickhouse::Row;
use clickhouse::serde::chrono::{datetime, datetime64::millis};
use schemas::event::Outcome;
use serde::Deserialize;

use crate::log::object_state::Changes;
use crate::store::sql::{NamedQuery, query};

/// The event log, newest first.
pub const EVENTS_NEWEST: NamedQuery = query!("events_newest");
/// The event log, oldest first.
pub const EVENTS_OLDEST: NamedQuery = query!("events_oldest");
/// The event log in the order of receipt, for polling.
pub const EVENTS_RECEIVED: NamedQuery = query!("events_received");
/// One event.
pub const EVENT_BY_ID: NamedQuery = query!("event_by_id");
/// The event log of all users, newest first.
pub const LOG_NEWEST: NamedQuery = query!("log_newest");
/// The event log of all users, oldest first.
pub const LOG_OLDEST: NamedQuery = query!("log_oldest");

/// The outcome of what was done.
const SUCCESS: &str = Outcome::Success.as_str();

/// A row of `events`, but for what only the views behind it read.
#[expect(missing_docs, reason = "named and documented as the columns")]
#[derive(Debug, Clone, PartialEq, Row, Deserialize)]
pub struct EventRow {
    pub event_id: String,
    pub source: String,
    #[serde(rename = "type")]
    pub event_type: String,
    pub class: String,
    pub category: String,
    pub action: String,
    pub module: String,
    pub outcome: String,
    pub reason: String,
    #[serde(with = "millis")]
    pub occurred_at: DateTime<Utc>,
    #[serde(with = "millis")]
    pub claimed_at: DateTime<Utc>,
    #[serde(with = "millis")]
    pub received_at: DateTime<Utc>,
    #[serde(with = "millis")]
    pub enriched_at: DateTime<Utc>,
    pub actor_kind: String,
    pub actor_id: String,
    pub actor_name: String,
    pub actor_email: String,
    pub actor_active: bool,
    pub object_type: String,
    pub object_id: String,
    pub object_name: String,
    pub object_url: String,
    pub location: String,
    #[serde(rename = "changes.path")]
    pub changes_path: Vec<String>,
    #[serde(rename = "changes.op")]
    pub changes_op: Vec<String>,
    #[serde(rename = "changes.old")]
    pub changes_old: Vec<String>,
    #[serde(rename = "changes.new")]
    pub changes_new: Vec<String>,
    pub channel: String,
    #[serde(with = "millis")]
    pub started_at: DateTime<Utc>,
    pub duration_ms: u64,
    pub records: u64,
    pub backfill: bool,
    pub ip: Ipv6Addr,
    pub user_agent: String,
    pub session_id: String,
    pub request_id: String,
    pub key_id: String,
    pub payload: String,
    pub extra: String,
    pub country: String,
    pub region: String,
    pub city: String,
    pub latitude: f32,
    pub longitude: f32,
    pub accuracy_km: u16,
    pub geo_time_zone: String,
    pub asn: u32,
    pub as_org: String,
    pub ip_flags: String,
    #[serde(with = "datetime")]
    pub geo_build: DateTime<Utc>,
    pub browser: String,
    pub browser_version: String,
    pub os: String,
    pub os_version: String,
    pub device_kind: String,
    pub device_model: String,
    pub bot: bool,
    pub device_id: String,
    pub device_confidence: String,
    pub violations: Vec<String>,
    pub violation_levels: Vec<u8>,
    pub violation_versions: Vec<u32>,
    #[serde(rename = "signals.name")]
    pub signals_name: Vec<String>,
    #[serde(rename = "signals.value")]
    pub signals_value: Vec<f64>,
    pub session_key: String,
    pub violation_ids: Vec<String>,
    pub violation_seen: Vec<f64>,
    pub violation_limits: Vec<f64>,
    pub violation_actions: Vec<String>,
    pub kafka_partition: u16,
    pub kafka_offset: u64,
}

impl EventRow {
    /// Whether it is known to have been done: not what failed, nor what was only asked for.
    #[must_use]
    pub fn has_succeeded(&self) -> bool {
        self.outcome == SUCCESS
    }

    /// Its place among events of the same time, as the listings of events have them in order. An id alone is none: each
    /// sender and each source numbers events by itself.
    #[must_use]
    pub fn place(&self) -> String {
        [&*self.event_id, &self.key_id, &self.source, &self.actor_id].join("\u{1}")
    }
}

/// What a row of `events` did to its object.
#[expect(missing_docs, reason = "named and documented as the columns")]
#[derive(Debug, Clone, PartialEq, Eq, Row, Deserialize)]
pub struct EditRow {
    pub class: String,
    pub outcome: String,
    #[serde(rename = "changes.path")]
    pub changes_path: Vec<String>,
    #[serde(rename = "changes.op")]
    pub changes_op: Vec<String>,
    #[serde(rename = "changes.old")]
    pub changes_old: Vec<String>,
    #[serde(rename = "changes.new")]
    pub changes_new: Vec<String>,
}

impl EditRow {
    /// Whether it is known to have been done: not what failed, nor what was only asked for.
    #[must_use]
    pub fn has_succeeded(&self) -> bool {
        self.outcome == SUCCESS
    }

    /// Whether it deleted the object.
    #[must_use]
    pub fn deletes(&self) -> bool {
        self.class == "delete"
    }

    /// What it says of the object's fields: of a deletion, what they last were.
    #[must_use]
    pub fn into_changes(self) -> Changes {
        let deletes = self.deletes();
        let Self { changes_path: path, changes_op: op, changes_old: old, changes_new: new, .. } = self;
        let changes = Changes { path, op, old, new };
        if deletes { changes.of_deletion() } else { changes }
    }
}

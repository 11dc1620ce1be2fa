//! Rows as the tables hold them and the named queries return them. Tests compare these types with the live tables.

use std::net::Ipv6Addr;

use chrono::{DateTime, Utc};
use clickhouse::Row;
use clickhouse::serde::chrono::{datetime, datetime64::millis};
use serde::Deserialize;

use crate::object_state::Changes;

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
    /// Its place among events of the same time, as the listings of events have them in order. An id alone is none: each
    /// sender and each source numbers events by itself.
    #[must_use]
    pub fn place(&self) -> String {
        [&*self.event_id, &self.key_id, &self.source, &self.actor_id].join("\u{1}")
    }
}

/// A row of `violations.sql`. `seen` and `limit` are -1 where there is none.
#[expect(missing_docs, reason = "named and documented as the columns")]
#[derive(Debug, Clone, PartialEq, Row, Deserialize)]
pub struct ViolationRow {
    pub violation_id: String,
    pub rule: String,
    #[serde(with = "millis")]
    pub window_at: DateTime<Utc>,
    pub actor_id: String,
    pub rule_version: u32,
    pub level: u8,
    pub action: String,
    #[serde(with = "millis")]
    pub first_at: DateTime<Utc>,
    #[serde(with = "millis")]
    pub last_at: DateTime<Utc>,
    pub count: u64,
    pub seen: f64,
    pub limit: f64,
    pub grouped_by: String,
    pub actor_kind: String,
    pub actor_name: String,
    pub device_id: String,
    pub device_confidence: String,
    pub session_key: String,
    pub ip: Ipv6Addr,
    pub country: String,
    pub city: String,
    pub event_ids: Vec<String>,
    pub reviewed: bool,
    pub outgrown: bool,
    pub reviewer_id: String,
    pub reviewer_name: String,
    #[serde(with = "millis")]
    pub reviewed_at: DateTime<Utc>,
    pub note: String,
    pub reviewed_count: u64,
}

/// A row of `unreviewed.sql`.
#[expect(missing_docs, reason = "named and documented as the columns")]
#[derive(Debug, Clone, PartialEq, Eq, Row, Deserialize)]
pub struct UnreviewedRow {
    pub actor_id: String,
    pub violations: u64,
}

/// A row of `event_types.sql`.
#[expect(missing_docs, reason = "named and documented as the columns")]
#[derive(Debug, Clone, PartialEq, Eq, Row, Deserialize)]
pub struct EventTypeRow {
    pub event_type: String,
    pub events: u64,
    #[serde(with = "millis")]
    pub first_at: DateTime<Utc>,
    #[serde(with = "millis")]
    pub last_at: DateTime<Utc>,
    pub filed_class: String,
    pub filed_action: String,
}

/// A row of `event_kinds.sql`.
#[expect(missing_docs, reason = "named and documented as the columns")]
#[derive(Debug, Clone, PartialEq, Eq, Row, Deserialize)]
pub struct EventKindRow {
    pub event_type: String,
    pub action: String,
    pub object_type: String,
    pub events: u64,
    #[serde(with = "millis")]
    pub first_at: DateTime<Utc>,
    #[serde(with = "millis")]
    pub last_at: DateTime<Utc>,
}

/// A row of `users.sql`.
#[expect(missing_docs, reason = "named and documented as the columns")]
#[derive(Debug, Clone, PartialEq, Eq, Row, Deserialize)]
pub struct UserRow {
    pub actor_id: String,
    #[serde(with = "millis")]
    pub first_seen_at: DateTime<Utc>,
    #[serde(with = "millis")]
    pub last_activity_at: DateTime<Utc>,
    pub sign_ins: u64,
    pub name: String,
    pub email: String,
    pub active: bool,
}

/// A row of `seen_since.sql`.
#[expect(missing_docs, reason = "named and documented as the columns")]
#[derive(Debug, Clone, Default, PartialEq, Eq, Row, Deserialize)]
pub struct SeenRow {
    pub key: String,
    #[serde(with = "millis")]
    pub first_at: DateTime<Utc>,
    pub sign_ins: u64,
    pub failed_sign_ins: u64,
    pub events: u64,
}

/// A row of `user_devices.sql`.
#[expect(missing_docs, reason = "named and documented as the columns")]
#[derive(Debug, Clone, PartialEq, Eq, Row, Deserialize)]
pub struct DeviceRow {
    pub device_id: String,
    #[serde(with = "millis")]
    pub first_seen_at: DateTime<Utc>,
    #[serde(with = "millis")]
    pub last_seen_at: DateTime<Utc>,
    pub sign_ins: u64,
    pub failed_sign_ins: u64,
    pub browser: String,
    pub browser_version: String,
    pub os: String,
    pub os_version: String,
    pub kind: String,
    pub model: String,
    pub bot: bool,
    pub confidence: String,
    pub ip: Ipv6Addr,
    pub country: String,
    pub city: String,
}

/// A row of `user_sessions.sql`. `signed_out_at` is 1970-01-01 where nobody signed out.
#[expect(missing_docs, reason = "named and documented as the columns")]
#[derive(Debug, Clone, PartialEq, Eq, Row, Deserialize)]
pub struct SessionRow {
    pub session_key: String,
    #[serde(with = "millis")]
    pub started_at: DateTime<Utc>,
    #[serde(with = "millis")]
    pub last_activity_at: DateTime<Utc>,
    #[serde(with = "millis")]
    pub signed_out_at: DateTime<Utc>,
    pub events: u64,
    pub device_id: String,
    pub device_confidence: String,
    pub browser: String,
    pub os: String,
    pub kind: String,
    pub ip: Ipv6Addr,
    pub country: String,
    pub city: String,
}

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
    /// Its place among activities of the same time, as of [`EventRow::place`].
    #[must_use]
    pub fn place(&self) -> String {
        [&*self.event_id, &self.key_id, &self.source].join("\u{1}")
    }
}

/// A row of `user_counts.sql`. `grouped` has a bit for each dimension that is *not* this row's.
#[expect(missing_docs, reason = "named and documented as the columns")]
#[derive(Debug, Clone, PartialEq, Eq, Row, Deserialize)]
pub struct CountRow {
    pub grouped: u8,
    pub bucket: i64,
    pub action: String,
    pub class: String,
    pub channel: String,
    pub object_type: String,
    pub country: String,
    pub device_kind: String,
    pub events: u64,
    pub duration_ms: u64,
    pub records: u64,
    pub violations: u64,
    pub sign_ins: u64,
    pub failed_sign_ins: u64,
}

/// A row of `user_distinct.sql`.
#[expect(missing_docs, reason = "named and documented as the columns")]
#[derive(Debug, Clone, PartialEq, Eq, Row, Deserialize)]
pub struct DistinctRow {
    pub grouped: u8,
    pub bucket: i64,
    pub devices: u64,
    pub ips: u64,
    pub objects: u64,
    pub sessions: u64,
}

/// A row of `object_life.sql`.
#[expect(missing_docs, reason = "named and documented as the columns")]
#[derive(Debug, Clone, PartialEq, Eq, Row, Deserialize)]
pub struct LifeRow {
    pub event_id: String,
    pub source: String,
    pub key_id: String,
    pub class: String,
    pub action: String,
    #[serde(rename = "changes.path")]
    pub changes_path: Vec<String>,
    #[serde(rename = "changes.op")]
    pub changes_op: Vec<String>,
    #[serde(rename = "changes.old")]
    pub changes_old: Vec<String>,
    #[serde(rename = "changes.new")]
    pub changes_new: Vec<String>,
}

/// A row of `restore_told.sql`.
#[expect(missing_docs, reason = "named and documented as the columns")]
#[derive(Debug, Clone, PartialEq, Eq, Row, Deserialize)]
pub struct ToldRow {
    pub event_id: String,
    #[serde(rename = "type")]
    pub event_type: String,
    #[serde(with = "millis")]
    pub occurred_at: DateTime<Utc>,
    pub actor_kind: String,
    pub actor_id: String,
    pub actor_name: String,
    pub reason: String,
    pub payload: String,
}

/// What a row of `events` did to its object.
#[expect(missing_docs, reason = "named and documented as the columns")]
#[derive(Debug, Clone, PartialEq, Eq, Row, Deserialize)]
pub struct EditRow {
    pub class: String,
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

/// A row of `statistics_quarters.sql`, `statistics_users.sql` and `statistics_events.sql`.
#[expect(missing_docs, reason = "named and documented as the columns")]
#[derive(Debug, Clone, PartialEq, Eq, Row, Deserialize)]
pub struct StatisticsRow {
    pub current: u8,
    pub grouped: u8,
    pub bucket: i64,
    pub named: u8,
    pub first: String,
    pub second: String,
    pub events: u64,
    pub duration_ms: u64,
    pub records: u64,
    pub sign_ins: u64,
    pub failed_sign_ins: u64,
    pub violations: u64,
    pub users: u64,
    pub devices: u64,
}

impl StatisticsRow {
    /// Whether a sum is larger than its column can say.
    pub(crate) fn is_saturated(&self) -> bool {
        self.duration_ms == u64::MAX || self.records == u64::MAX
    }
}

/// A row of `retention_preview.sql`.
#[expect(missing_docs, reason = "named and documented as the columns")]
#[derive(Debug, Clone, PartialEq, Eq, Row, Deserialize)]
pub struct RetentionRow {
    pub category: String,
    pub events: u64,
    pub first_day: String,
    pub last_day: String,
}

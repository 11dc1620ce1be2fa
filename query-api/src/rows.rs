//! Rows as the tables hold them. A test compares these types with the live tables.

use std::net::Ipv6Addr;

use chrono::{DateTime, Utc};
use clickhouse::Row;
use clickhouse::serde::chrono::{datetime, datetime64::millis};
use serde::Deserialize;

/// A row of `events`, whole.
#[allow(missing_docs)]
#[derive(Debug, Clone, PartialEq, Row, Deserialize)]
pub struct EventRow {
    pub event_id: String,
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
}

/// A row of `violations`.
#[allow(missing_docs)]
#[derive(Debug, Clone, PartialEq, Row, Deserialize)]
pub struct ViolationRow {
    pub violation_id: String,
    pub rule: String,
    pub rule_version: u32,
    pub level: u8,
    #[serde(with = "millis")]
    pub occurred_at: DateTime<Utc>,
    #[serde(with = "millis")]
    pub received_at: DateTime<Utc>,
    pub actor_kind: String,
    pub actor_id: String,
    pub actor_name: String,
    pub event_id: String,
    pub event_type: String,
    pub device_id: String,
    pub session_id: String,
    pub ip: Ipv6Addr,
    pub country: String,
    pub city: String,
}

/// A row of `user_counts.sql`. `grouped` has a bit for each dimension that is *not* this row's.
#[allow(missing_docs)]
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
#[allow(missing_docs)]
#[derive(Debug, Clone, PartialEq, Eq, Row, Deserialize)]
pub struct DistinctRow {
    pub grouped: u8,
    pub bucket: i64,
    pub devices: u64,
    pub ips: u64,
    pub objects: u64,
    pub sessions: u64,
}

//! Rows as the tables hold them and the named queries return them.

use std::net::Ipv6Addr;

use chrono::{DateTime, Utc};
use clickhouse::Row;
use clickhouse::serde::chrono::datetime64::millis;
use serde::Deserialize;

use crate::store::sql::{NamedQuery, query};

/// Violations of some users that nobody has reviewed, counted.
pub const UNREVIEWED: NamedQuery = query!("unreviewed");
/// Violations with their reviews.
pub const VIOLATIONS: NamedQuery = query!("violations");

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
    #[serde(with = "millis::option")]
    pub first_at: Option<DateTime<Utc>>,
    #[serde(with = "millis::option")]
    pub last_at: Option<DateTime<Utc>>,
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
    pub max_level: u8,
}

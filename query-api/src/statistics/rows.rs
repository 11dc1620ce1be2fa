//! Rows as the tables hold them and the named queries return them.

use clickhouse::Row;
use serde::Deserialize;

use crate::store::sql::{NamedQuery, query};

/// What a tenant did, of the sums that stand at its marker `counted`.
pub const STATISTICS: NamedQuery = query!("statistics");
/// Sums of events.
pub const COUNTED_EVENTS: NamedQuery = query!("counted_events");
/// Sums of the rollup by quarters of an hour.
pub const COUNTED_QUARTERS: NamedQuery = query!("counted_quarters");
/// Sums of the rollup of users, by the hour.
pub const COUNTED_USERS: NamedQuery = query!("counted_users");
/// What one user did, counted.
pub const USER_COUNTS: NamedQuery = query!("user_counts");
/// Distinct devices, addresses, objects and sessions of one user.
pub const USER_DISTINCT: NamedQuery = query!("user_distinct");

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

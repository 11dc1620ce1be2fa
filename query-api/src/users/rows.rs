//! Rows as the tables hold them and the named queries return them.

use std::net::Ipv6Addr;

use chrono::{DateTime, Utc};
use clickhouse::Row;
use clickhouse::serde::chrono::datetime64::millis;
use serde::Deserialize;

use crate::store::sql::{NamedQuery, query};

/// Sessions of some users as they stand.
pub(crate) const SIGN_IN_SESSIONS: NamedQuery = query!("sign_in_sessions");
/// Users, devices or sessions since a time, counted.
pub const SEEN_SINCE: NamedQuery = query!("seen_since");
/// Devices of one user.
pub const USER_DEVICES: NamedQuery = query!("user_devices");
/// Sessions of one user.
pub const USER_SESSIONS: NamedQuery = query!("user_sessions");
/// Users.
pub const USERS: NamedQuery = query!("users");

/// A row of `users.sql`. Times are 1970-01-01 where the caller may read nothing of the user. `rank` is the number of unreviewed
/// violations where users are in the order of these, or else 0.
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
    pub rank: u64,
}

/// A row of `seen_since.sql`.
#[expect(missing_docs, reason = "named and documented as the columns")]
#[derive(Debug, Clone, Default, PartialEq, Eq, Row, Deserialize)]
pub struct SeenRow {
    pub key: String,
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
    #[serde(with = "millis::option")]
    pub first_sign_in_at: Option<DateTime<Utc>>,
    #[serde(with = "millis::option")]
    pub last_sign_in_at: Option<DateTime<Utc>>,
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

/// A row of `sign_in_sessions.sql`. `signed_out_at` is 1970-01-01 where nobody signed out.
#[derive(Debug, Clone, PartialEq, Eq, Row, Deserialize)]
pub(crate) struct SignInSessionRow {
    pub(crate) actor_id: String,
    pub(crate) session_key: String,
    #[serde(with = "millis")]
    pub(crate) last_activity_at: DateTime<Utc>,
    #[serde(with = "millis")]
    pub(crate) signed_out_at: DateTime<Utc>,
}

//! Rows as the tables hold them and the named queries return them.

use chrono::{DateTime, Utc};
use clickhouse::Row;
use clickhouse::serde::chrono::datetime64::millis;
use serde::Deserialize;

use crate::store::sql::{NamedQuery, query};

/// What became of one object, newest first.
pub const OBJECT_LIFE: NamedQuery = query!("object_life");
/// What the log says of one restore.
pub const RESTORE_OUTCOME: NamedQuery = query!("restore_outcome");

/// A row of `object_life.sql`.
#[expect(missing_docs, reason = "named and documented as the columns")]
#[derive(Debug, Clone, PartialEq, Eq, Row, Deserialize)]
pub struct LifeRow {
    pub event_id: String,
    pub source: String,
    pub key_id: String,
    pub class: String,
    pub outcome: String,
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

/// A row of `restore_outcome.sql`.
#[expect(missing_docs, reason = "named and documented as the columns")]
#[derive(Debug, Clone, PartialEq, Eq, Row, Deserialize)]
pub struct OutcomeRow {
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

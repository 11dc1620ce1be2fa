//! Rows as the named queries return them.

use chrono::{DateTime, Utc};
use clickhouse::Row;
use clickhouse::serde::chrono::datetime64::millis;
use serde::Deserialize;

use crate::store::sql::{NamedQuery, query};

/// When events occurred.
pub const LOG_EXTENT: NamedQuery = query!("log_extent");
/// Events by bucket and class.
pub const LOG_HISTOGRAM: NamedQuery = query!("log_histogram");
/// How often values occur.
pub const LOG_FACETS: NamedQuery = query!("log_facets");
/// How often rules were broken.
pub const LOG_RULES: NamedQuery = query!("log_rules");

/// A row of `log_extent.sql`.
#[derive(Debug, Clone, PartialEq, Eq, Row, Deserialize)]
pub(crate) struct ExtentRow {
    pub(crate) events: u64,
    #[serde(with = "millis")]
    pub(crate) first_at: DateTime<Utc>,
    #[serde(with = "millis")]
    pub(crate) last_at: DateTime<Utc>,
}

/// A row of `log_histogram.sql`: the bucket's first instant in milliseconds.
#[derive(Debug, Clone, PartialEq, Eq, Row, Deserialize)]
pub(crate) struct BucketRow {
    pub(crate) bucket: i64,
    pub(crate) of_class: String,
    pub(crate) events: u64,
}

/// A row of `log_facets.sql`.
#[derive(Debug, Clone, PartialEq, Eq, Row, Deserialize)]
pub(crate) struct FacetRow {
    pub(crate) grouped: u16,
    pub(crate) value: String,
    pub(crate) events: u64,
}

/// A row of `log_rules.sql`.
#[derive(Debug, Clone, PartialEq, Eq, Row, Deserialize)]
pub(crate) struct RuleRow {
    pub(crate) value: String,
    pub(crate) events: u64,
}

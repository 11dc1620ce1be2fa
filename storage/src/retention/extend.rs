//! An extended retention on disk: rows that were written under a shorter one are kept by the tables' TTL.
//!
//! A row's class is in its partition's key and can't change. The TTL can: for what a tenant keeps longer now than it was written
//! for, it takes the days from a list. ClickHouse then calculates anew when each part ends, without touching a row, so that
//! nothing is moved, counted twice or lost. Parts in which such rows lie beside ended ones are not dropped as a whole any more;
//! the ended rows are deleted from them once all of their own class have ended.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use clickhouse::Row;
use schemas::event::Category;
use schemas::settings::{RETENTION_DAYS, Tenant};
use serde::Deserialize;

use super::{Retention, RetentionError};
use crate::ddl::quote;

/// Tables, and how a row's end follows from the days that it is kept, as their migrations say it.
const TABLES: [Table; 8] = [
    Table { name: "events", by_category: true, ends: "toDateTime(received_at, 'UTC') + toIntervalDay(DAYS)" },
    Table { name: "tenant_quarters", by_category: true, ends: BY_DAY },
    Table { name: "violations", by_category: true, ends: BY_DAY },
    Table { name: "user_hours", by_category: false, ends: BY_DAY },
    Table { name: "user_hours_distinct", by_category: false, ends: BY_DAY },
    Table { name: "users", by_category: false, ends: BY_DAY },
    Table { name: "user_devices", by_category: false, ends: BY_DAY },
    Table { name: "user_sessions", by_category: false, ends: BY_DAY },
];
const BY_DAY: &str = "received_on + toIntervalDay(DAYS + 1)";
/// Most classes of tenants that are kept longer than they were written for: each is in the TTL, which is calculated for each
/// row that comes.
const MAX_EXTENDED: usize = 10_000;

struct Table {
    name: &'static str,
    by_category: bool,
    ends: &'static str,
}

/// What was done to a table so that an extended retention holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extended {
    /// Which.
    pub table: &'static str,
    /// Whether its TTL changed.
    pub is_altered: bool,
    /// Partitions whose parts would still have ended too early, and don't any more.
    pub recalculated: usize,
    /// Rows deleted that had ended, in parts that stay for others.
    pub rows: u64,
}

/// Events of one class that are stored.
#[derive(Row, Deserialize)]
struct Stored {
    tenant: String,
    category: String,
    retention_days: u16,
}

/// The days that rows are kept for, by the tuple (as SQL) that identifies them, where these are more than their class.
type Extensions = BTreeMap<String, u16>;

impl Retention {
    /// Has the tables keep what these tenants, which are all, keep longer than it was written for; and no longer. Without
    /// tenants there is nothing to go by, and nothing is done.
    ///
    /// # Errors
    /// [`RetentionError`]; trying again is always safe.
    pub async fn extend_ttl(&self, tenants: &[Arc<Tenant>]) -> Result<Vec<Extended>, RetentionError> {
        if tenants.is_empty() {
            return Ok(Vec::new());
        }
        let (by_category, by_tenant) = self.extensions(tenants).await?;
        let mut done = Vec::new();
        for table in &TABLES {
            let extensions = if table.by_category { &by_category } else { &by_tenant };
            let ends = table.ends.replace("DAYS", &table.days(extensions));
            let one = Extended {
                table: table.name,
                is_altered: self.alter(table.name, &ends).await?,
                recalculated: self.recalculate(table, &ends, extensions).await?,
                rows: self.delete_ended(table.name, &ends).await?,
            };
            if one.is_altered || one.recalculated > 0 || one.rows > 0 {
                done.push(one);
            }
        }
        Ok(done)
    }

    /// By category, and for tables that bring a user's categories together: there a class is kept as long as the longest
    /// category that has events of it.
    async fn extensions(&self, tenants: &[Arc<Tenant>]) -> Result<(Extensions, Extensions), RetentionError> {
        let store = |source| RetentionError::Store { table: "events", source };
        let longest = RETENTION_DAYS.iter().copied().max().unwrap_or(u16::MAX);
        let sql =
            "SELECT DISTINCT tenant, category, retention_days FROM events WHERE retention_days < {longest:UInt16}";
        let stored: Vec<Stored> = self.0.query(sql).param("longest", longest).fetch_all().await.map_err(store)?;
        let tenants: BTreeMap<&str, &Arc<Tenant>> = tenants.iter().map(|tenant| (tenant.id.as_str(), tenant)).collect();
        let (mut by_category, mut by_tenant) = (Extensions::new(), Extensions::new());
        for Stored { tenant, category, retention_days } in stored {
            let category = Category::ALL.iter().find(|one| one.as_str() == category);
            let (Some(settings), Some(category)) = (tenants.get(tenant.as_str()), category) else { continue };
            let days = settings.retention.days(*category);
            if days > retention_days {
                let tenant = quote(&tenant);
                by_category.insert(format!("({tenant}, '{}', {retention_days})", category.as_str()), days);
                let longest = by_tenant.entry(format!("({tenant}, {retention_days})")).or_default();
                *longest = days.max(*longest);
            }
        }
        if by_category.len() > MAX_EXTENDED {
            return Err(RetentionError::TooMany { extended: by_category.len() });
        }
        Ok((by_category, by_tenant))
    }

    /// Gives a table its TTL, unless it has it. ClickHouse calculates the ends of all its parts anew by the same statement.
    async fn alter(&self, table: &'static str, ends: &str) -> Result<bool, RetentionError> {
        // The store writes expressions in its own way, so it is asked to write this one as well.
        let is = format!(
            "SELECT position(create_table_query, concat(' TTL ', substring(formatQuerySingleLine({}), 8), ' SETTINGS ')) > 0
            FROM system.tables
            WHERE database = currentDatabase() AND name = {}",
            quote(&format!("SELECT {ends}")),
            quote(table)
        );
        let store = |source| RetentionError::Store { table, source };
        if self.0.query_raw(&is).fetch_one::<bool>().await.map_err(store)? {
            return Ok(false);
        }
        self.0.query_raw(&format!("ALTER TABLE {table} MODIFY TTL {ends}")).execute().await.map_err(store)?;
        Ok(true)
    }

    /// Calculates anew when the parts end that would go before a row that is kept: those of an insert that began under the TTL
    /// before, or of a change of TTL that was broken off.
    async fn recalculate(&self, table: &Table, ends: &str, extensions: &Extensions) -> Result<usize, RetentionError> {
        if extensions.is_empty() {
            return Ok(0);
        }
        let (name, key) = (table.name, table.key());
        let keys = extensions.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        let early = format!(
            "SELECT DISTINCT stored.partition_id
            FROM
            (
                SELECT _part AS part, _partition_id AS partition_id, max(toDateTime({ends})) AS ends
                FROM {name}
                WHERE {key} IN ({keys})
                GROUP BY part, partition_id
            ) AS stored
            INNER JOIN system.parts AS parts ON parts.name = stored.part
            WHERE parts.database = currentDatabase() AND parts.table = '{name}' AND parts.active
                AND parts.delete_ttl_info_max < stored.ends"
        );
        let store = |source| RetentionError::Store { table: name, source };
        let partitions: Vec<String> = self.0.query_raw(&early).fetch_all().await.map_err(store)?;
        for partition in &partitions {
            let sql = format!("ALTER TABLE {name} MATERIALIZE TTL IN PARTITION ID {}", quote(partition));
            self.0.query_raw(&sql).execute().await.map_err(store)?;
        }
        Ok(partitions.len())
    }

    /// Deletes ended rows from parts that hold others, once every row of their own class has ended there: once a partition.
    async fn delete_ended(&self, table: &'static str, ends: &str) -> Result<u64, RetentionError> {
        let store = |source| RetentionError::Store { table, source };
        // A partition is a day, a week or a month of receipt (0007), and TTL has another day to drop what it can.
        let overdue = format!(
            "SELECT DISTINCT partition_id
            FROM system.parts
            WHERE database = currentDatabase() AND table = '{table}' AND active AND rows > 0
                AND delete_ttl_info_min > toDateTime(0) AND delete_ttl_info_max > now()
                AND delete_ttl_info_min < now() - toIntervalDay(1 + multiIf(
                    toUInt16OrZero(extract(partition, '\\\\d+')) <= 30, 1,
                    toUInt16OrZero(extract(partition, '\\\\d+')) <= 180, 7,
                    31))"
        );
        let partitions: Vec<String> = self.0.query_raw(&overdue).fetch_all().await.map_err(store)?;
        let mut deleted = 0;
        for partition in partitions.iter().map(|partition| quote(partition)) {
            let ended = format!("toDateTime({ends}) <= now()");
            let sql = format!("SELECT count() FROM {table} WHERE _partition_id = {partition} AND {ended}");
            let rows: u64 = self.0.query_raw(&sql).fetch_one().await.map_err(store)?;
            if rows > 0 {
                let sql = format!("ALTER TABLE {table} DELETE IN PARTITION ID {partition} WHERE {ended}");
                self.0.query_raw(&sql).execute().await.map_err(store)?;
                deleted += rows;
            }
        }
        Ok(deleted)
    }
}

impl Table {
    fn key(&self) -> &'static str {
        if self.by_category { "(tenant, category, retention_days)" } else { "(tenant, retention_days)" }
    }

    /// The days that a row is kept, as SQL.
    fn days(&self, extensions: &Extensions) -> String {
        if extensions.is_empty() {
            return "retention_days".to_owned();
        }
        let keys = extensions.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        let mut days = String::new();
        for each in extensions.values() {
            let comma = if days.is_empty() { "" } else { ", " };
            let _ = write!(days, "{comma}{each}");
        }
        format!("transform({}, [{keys}], [{days}], retention_days)", self.key())
    }
}

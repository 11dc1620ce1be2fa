//! Retention on disk follows the settings: what they have ended is deleted where TTL would come later, and what they keep
//! longer is kept from a TTL that would come sooner (`extend`).
//!
//! TTL goes by the class that a row was written under, so rows that were written under a longer retention than the tenant
//! has now stay until that one ends. Queries don't show them; this takes them away, a whole day of receipt at a time. Whatever
//! is broken off is done by the next run, for nothing is remembered in between.

mod extend;

use chrono::{DateTime, TimeDelta, Utc};
use clickhouse::Client;
use clickhouse::query::Query;
use runtime::config::Config;
use schemas::event::Category;
use schemas::settings::Tenant;

pub use extend::Extended;

/// Tables whose rows know their category, and the day of their receipt (UTC).
const BY_CATEGORY: [(&str, &str); 3] =
    [("events", "toDate(received_at)"), ("tenant_quarters", "received_on"), ("violations", "received_on")];
/// Tables that bring a user's categories together: their rows go when the longest of the tenant's has ended. A row's day is
/// that of the last event in it, so no other event goes with it.
const BY_TENANT: [&str; 5] = ["user_hours", "user_hours_distinct", "users", "user_devices", "user_sessions"];

/// Why something is still on disk.
#[derive(Debug, thiserror::Error)]
pub enum RetentionError {
    /// Several servers.
    #[error(
        "clickhouse.cluster is set: on a cluster rows leave by TTL alone, under the retention they were written with"
    )]
    Cluster,
    /// The store refused a statement, or could not be asked.
    #[error("{table}: {source}")]
    Store {
        /// Which table.
        table: &'static str,
        /// What the client said.
        source: clickhouse::error::Error,
    },
    /// More classes are kept longer than a TTL can list.
    #[error(
        "{extended} classes of tenants are kept longer than they were written for; a table's TTL lists 10,000 at most"
    )]
    TooMany {
        /// How many.
        extended: usize,
    },
    /// Rows were there after they had been deleted; they came meanwhile, and go with the next run.
    #[error("{table} still has {rows} rows beyond the retention of {tenant:?}")]
    Left {
        /// Which table.
        table: &'static str,
        /// Whose rows.
        tenant: String,
        /// How many.
        rows: u64,
    },
}

/// What was deleted from one table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deleted {
    /// Which.
    pub table: &'static str,
    /// How many rows.
    pub rows: u64,
}

/// Deletes what retention has ended.
#[derive(Clone)]
pub struct Retention(Client);

impl Retention {
    /// In the configured store.
    ///
    /// # Errors
    /// [`RetentionError::Cluster`].
    pub fn configured(config: &Config) -> Result<Self, RetentionError> {
        match config.clickhouse.cluster {
            Some(_) => Err(RetentionError::Cluster),
            None => Ok(Self::new(runtime::clickhouse::client(&config.clickhouse))),
        }
    }

    /// In the store behind a client for its database, which is one server.
    #[must_use]
    pub fn new(client: Client) -> Self {
        // A mutation rewrites parts that have such rows, and is answered when it is done. A TTL may list many tenants.
        Self(client.with_setting("mutations_sync", "2").with_setting("max_query_size", "4194304"))
    }

    /// Deletes a tenant's rows that its settings have ended at `now`, and counts that they are gone.
    ///
    /// # Errors
    /// [`RetentionError`]; trying again is always safe.
    pub async fn tenant(&self, tenant: &Tenant, now: DateTime<Utc>) -> Result<Vec<Deleted>, RetentionError> {
        let mut deleted = Vec::new();
        let by_category = BY_CATEGORY.map(|(table, day)| (table, of_categories(day)));
        let by_tenant = BY_TENANT.map(|table| (table, of_tenant()));
        for (table, beyond) in by_category.into_iter().chain(by_tenant) {
            let rows = self.count(table, &beyond, tenant, now).await?;
            if rows == 0 {
                continue;
            }
            let sql = format!("ALTER TABLE {table} DELETE WHERE tenant = {{tenant:String}} AND ({beyond})");
            let statement = bind(self.0.query(&sql), tenant, now);
            statement.execute().await.map_err(|source| RetentionError::Store { table, source })?;
            let left = self.count(table, &beyond, tenant, now).await?;
            if left > 0 {
                return Err(RetentionError::Left { table, tenant: tenant.id.clone(), rows: left });
            }
            deleted.push(Deleted { table, rows });
        }
        Ok(deleted)
    }

    async fn count(
        &self,
        table: &'static str,
        beyond: &str,
        tenant: &Tenant,
        now: DateTime<Utc>,
    ) -> Result<u64, RetentionError> {
        let sql = format!("SELECT count() FROM {table} WHERE tenant = {{tenant:String}} AND ({beyond})");
        let statement = bind(self.0.query(&sql), tenant, now);
        statement.fetch_one().await.map_err(|source| RetentionError::Store { table, source })
    }
}

/// Rows of a longer class than their category's, received before its days.
fn of_categories(day: &str) -> String {
    let one = |category: &Category| {
        let name = category.as_str();
        format!("category = '{name}' AND retention_days > {{{name}_days:UInt16}} AND {day} < {{{name}_day:Date}}")
    };
    Category::ALL.iter().map(|category| format!("({})", one(category))).collect::<Vec<_>>().join(" OR ")
}

fn of_tenant() -> String {
    "retention_days > {longest_days:UInt16} AND received_on < {longest_day:Date}".to_owned()
}

fn bind(query: Query, tenant: &Tenant, now: DateTime<Utc>) -> Query {
    // A whole day at a time, so that a day's rows are one mutation and not one at each run.
    let day = |days: u16| (now - TimeDelta::days(i64::from(days))).date_naive().to_string();
    let all = Category::ALL.iter().map(|category| (category.as_str(), tenant.retention.days(*category)));
    let longest = all.clone().map(|(_, days)| days).max().unwrap_or(u16::MAX);
    all.chain([("longest", longest)]).fold(query.param("tenant", &tenant.id), |query, (name, days)| {
        query.param(&format!("{name}_days"), days).param(&format!("{name}_day"), day(days))
    })
}

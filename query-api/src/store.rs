//! Running a statement: bounded in number, time, memory and rows.

pub mod cutoffs;
pub mod fair;
pub mod sql;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use clickhouse::error::Error as ClickHouseError;
use clickhouse::query::{Query, RowCursor};
use clickhouse::{Client, RowOwned, RowRead};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use runtime::config::Query as Limits;
use runtime::metrics::{Metrics, Name, latency_buckets};
use runtime::problem::Problem;
use thiserror::Error;

use crate::store::fair::{Bounds, Full, Slot, TenantSlots};
use crate::store::sql::{Clauses, NamedQuery};

/// More than any page or statistic has; a statement that returns more is wrong.
const MAX_RESULT_ROWS: u32 = 200_000;
/// What the store is given beyond the statement's own time, to say that the time is up.
const GRACE: Duration = Duration::from_secs(2);

/// How long the tables count as damaged after a read found them so.
const DAMAGED_FOR: Duration = Duration::from_secs(60);
/// What ClickHouse says of files that are gone, cut off or changed, which no statement can be the cause of: `FILE_DOESNT_EXIST`,
/// `CANNOT_OPEN_FILE`, `CANNOT_READ_ALL_DATA`, `CHECKSUM_DOESNT_MATCH`, `NO_FILE_IN_DATA_PART`, `CORRUPTED_DATA`, `BAD_DATA_PART_NAME`,
/// `CANNOT_DECOMPRESS`, `STD_EXCEPTION` (of the file system).
const DAMAGED: [u32; 9] = [107, 76, 33, 40, 226, 246, 233, 271, 1001];

/// Why there is no answer.
#[derive(Debug, Error)]
pub enum StoreError {
    /// All places were taken for too long.
    #[error("{0:?} waited too long for its turn")]
    Busy(&'static str),
    /// Too many of the tenant's queries wait already.
    #[error("{0:?} found too many queries of its tenant waiting")]
    Crowded(&'static str),
    /// It ran too long.
    #[error("{0} ran too long")]
    TimedOut(&'static str),
    /// It needed too much memory or too many rows.
    #[error("{name} needs too much: {source}")]
    TooLarge {
        /// Which query.
        name: &'static str,
        /// What the store said.
        source: ClickHouseError,
    },
    /// The store could not be asked.
    #[error("{name} found no store: {source}")]
    Unreachable {
        /// Which query.
        name: &'static str,
        /// What happened.
        source: ClickHouseError,
    },
    /// The store refused the statement, or the answer was not understood.
    #[error("{name} failed: {source}")]
    Failed {
        /// Which query.
        name: &'static str,
        /// What happened.
        source: ClickHouseError,
    },
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let second = Duration::from_secs(1);
        match error {
            StoreError::Busy(_) => {
                Self::unavailable("busy", "too many queries at the moment; try again", second).with_cause(error)
            }
            StoreError::Crowded(_) => {
                let detail = "too many queries of your tenant at the moment; ask fewer at a time";
                Self::unavailable("busy", detail, second).with_cause(error)
            }
            StoreError::TimedOut(_) => {
                let detail = "the query took too long; narrow the period or the filter";
                Self::unavailable("query_timeout", detail, second).with_cause(error)
            }
            StoreError::TooLarge { .. } => Self::new(
                axum::http::StatusCode::UNPROCESSABLE_ENTITY,
                "query_too_large",
                "the query needs too much memory; narrow the period or the filter",
            )
            .with_cause(error),
            StoreError::Unreachable { .. } => {
                Self::unavailable("store_unavailable", "the store can't be reached; try again", second)
                    .with_cause(error)
            }
            StoreError::Failed { .. } => Self::internal(error),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct QueryLabel {
    query: &'static str,
    result: &'static str,
}

type Durations = Family<QueryLabel, Histogram, fn() -> Histogram>;

/// The store, as this API uses it. Clones share its places.
#[derive(Clone)]
pub struct Store {
    client: Client,
    places: TenantSlots,
    limits: Limits,
    durations: Durations,
    damage: Damage,
}

/// What a read last found wrong with the tables' files.
#[derive(Clone, Debug, Default)]
pub struct Damage(Arc<Mutex<Option<(Instant, String)>>>);

impl Damage {
    fn note(&self, error: &StoreError) {
        if let StoreError::Failed { name, source: ClickHouseError::BadResponse(message) } = error
            && let Some(code) = code(message).filter(|code| DAMAGED.contains(code))
        {
            let found = format!("{name} finds the tables' files damaged (ClickHouse's code {code})");
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), found));
        }
    }

    /// Whether no read found files damaged lately.
    ///
    /// # Errors
    /// What one found, for people.
    pub fn check(&self) -> Result<(), String> {
        match &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Some((since, found)) if since.elapsed() < DAMAGED_FOR => Err(found.clone()),
            _ => Ok(()),
        }
    }
}

impl Store {
    /// A store behind a client for its database.
    pub fn new(client: Client, limits: Limits, metrics: &Metrics) -> Self {
        const NAME: Name = Name::new("query_seconds");
        let durations = Durations::new_with_constructor(|| Histogram::new(latency_buckets()));
        Self {
            client,
            places: TenantSlots::new(Bounds {
                places: limits.places(),
                of_a_tenant: limits.places_of_a_tenant(),
                waiting: limits.max_waiting_per_tenant,
            }),
            limits,
            damage: Damage::default(),
            durations: metrics.register(
                NAME,
                "Time from asking the store to its whole answer, by named query",
                durations,
            ),
        }
    }

    /// What reads find wrong with the tables' files.
    #[must_use]
    pub fn damage(&self) -> &Damage {
        &self.damage
    }

    /// Waits for the tenant's turn to ask. The place is to be kept until the answer has been read.
    ///
    /// # Errors
    /// [`StoreError::Crowded`] at once, [`StoreError::Busy`] after a query's longest time.
    pub async fn place(&self, name: &'static str, tenant: &str) -> Result<Slot, StoreError> {
        let longest = Duration::from_millis(self.limits.timeout_ms);
        match tokio::time::timeout(longest, self.places.enter(tenant)).await {
            Ok(Ok(place)) => Ok(place),
            Ok(Err(Full)) => Err(StoreError::Crowded(name)),
            Err(_) => Err(StoreError::Busy(name)),
        }
    }

    /// How many rows a statement has, counted up to the bound that it binds as `rows`.
    pub async fn count(&self, query: NamedQuery, clauses: Clauses, longest: Duration) -> Result<u64, StoreError> {
        let counting = clauses.counting(&self.client, query);
        let statement = self.long(counting, longest);
        match tokio::time::timeout(longest + GRACE, statement.fetch_one::<u64>()).await {
            Ok(answer) => answer.map_err(|source| classify(query.name, source)),
            Err(_) => Err(StoreError::TimedOut(query.name)),
        }
    }

    /// Runs a statement whose rows are many, and hands them out as they are asked for. What sorts and groups may go to the
    /// store's disk. It takes no place of those of pages; whoever calls it counts its own.
    pub fn cursor<T: RowOwned + RowRead>(
        &self,
        query: NamedQuery,
        clauses: Clauses,
        longest: Duration,
    ) -> Result<Cursor<T>, StoreError> {
        let statement = self.long(clauses.build(&self.client, query), longest);
        let rows = statement.fetch::<T>().map_err(|source| classify(query.name, source))?;
        Ok(Cursor { name: query.name, rows, damage: self.damage.clone() })
    }

    fn long(&self, statement: Query, longest: Duration) -> Query {
        // Blocks in hand, and those that are merged from disk, take their share beside it.
        let in_memory = (self.limits.max_memory_bytes / 4).to_string();
        statement
            .with_setting("max_execution_time", format!("{:.3}", longest.as_secs_f64()))
            .with_setting("timeout_overflow_mode", "throw")
            .with_setting("max_memory_usage", self.limits.max_memory_bytes.to_string())
            .with_setting("max_bytes_before_external_sort", in_memory.clone())
            .with_setting("max_bytes_before_external_group_by", in_memory)
            // Measured: beside a ratio, which is 0.5 by default, the bytes don't have a sort go to disk before the query's
            // memory is used up.
            .with_setting("max_bytes_ratio_before_external_sort", "0")
            .with_setting("max_bytes_ratio_before_external_group_by", "0")
            // Blocks of wide rows are large, and a client that is slow holds them.
            .with_setting("max_block_size", "8192")
            .with_setting("cancel_http_readonly_queries_on_client_close", "1")
    }

    /// Runs a statement and collects its rows, which are few by construction.
    pub async fn rows<T: RowOwned + RowRead>(&self, query: NamedQuery, clauses: Clauses) -> Result<Vec<T>, StoreError> {
        let name = query.name;
        let longest = Duration::from_millis(self.limits.timeout_ms);
        let place = self.place(name, clauses.tenant()).await?;
        let begun = Instant::now();
        let statement = clauses
            .build(&self.client, query)
            .with_setting("max_execution_time", format!("{:.3}", longest.as_secs_f64()))
            .with_setting("timeout_overflow_mode", "throw")
            .with_setting("max_memory_usage", self.limits.max_memory_bytes.to_string())
            .with_setting("max_result_rows", MAX_RESULT_ROWS.to_string())
            .with_setting("result_overflow_mode", "throw")
            // On a cluster, what a statement asks within another is asked of all shards once, and handed to each.
            .with_setting("distributed_product_mode", "global")
            .with_setting("priority", place.of_its_tenant().to_string());
        let result = match tokio::time::timeout(longest + GRACE, statement.fetch_all::<T>()).await {
            Ok(answer) => answer.map_err(|source| classify(name, source)),
            Err(_) => Err(StoreError::TimedOut(name)),
        };
        if let Err(error) = &result {
            self.damage.note(error);
        }
        let label = QueryLabel { query: name, result: if result.is_ok() { "ok" } else { "error" } };
        self.durations.get_or_create(&label).observe(begun.elapsed().as_secs_f64());
        result
    }
}

/// Rows of a statement, as they come. Dropping it ends the statement.
pub struct Cursor<T> {
    name: &'static str,
    rows: RowCursor<T>,
    damage: Damage,
}

impl<T: RowOwned + RowRead> Cursor<T> {
    /// Up to `most` more rows; none: there are no more.
    pub async fn next(&mut self, most: usize) -> Result<Vec<T>, StoreError> {
        let mut batch = Vec::with_capacity(most);
        while batch.len() < most {
            let next = self.rows.next().await.map_err(|source| classify(self.name, source));
            match next.inspect_err(|error| self.damage.note(error))? {
                Some(row) => batch.push(row),
                None => break,
            }
        }
        Ok(batch)
    }
}

/// ClickHouse says what went wrong as `Code: N.` at the start of its message.
fn classify(name: &'static str, source: ClickHouseError) -> StoreError {
    const TIMEOUT_EXCEEDED: u32 = 159;
    const TOO_MANY_SIMULTANEOUS_QUERIES: u32 = 202;
    const TOO_MANY_ROWS: [u32; 4] = [158, 241, 307, 396];
    match &source {
        ClickHouseError::Network(_) | ClickHouseError::TimedOut => StoreError::Unreachable { name, source },
        ClickHouseError::BadResponse(message) => match code(message) {
            Some(TIMEOUT_EXCEEDED) => StoreError::TimedOut(name),
            Some(TOO_MANY_SIMULTANEOUS_QUERIES) => StoreError::Busy(name),
            Some(code) if TOO_MANY_ROWS.contains(&code) => StoreError::TooLarge { name, source },
            _ => StoreError::Failed { name, source },
        },
        _ => StoreError::Failed { name, source },
    }
}

fn code(message: &str) -> Option<u32> {
    let after = message.split_once("Code: ")?.1;
    let digits = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
    after[..digits].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damaged_files_are_told_from_statements_that_are_wrong() {
        let found = |message: &str| {
            let damage = Damage::default();
            damage.note(&classify("events_newest", ClickHouseError::BadResponse(message.to_owned())));
            damage.check().is_err()
        };
        assert!(found(
            "Code: 107. DB::Exception: Cannot open file /store/1fa/730-20261128_1_1_0/by_time.proj/data.bin"
        ));
        assert!(found("Code: 1001. DB::Exception: std::__1::__fs::filesystem::filesystem_error"));
        assert!(!found("Code: 60. DB::Exception: Unknown table"));
        assert!(!found("Code: 159. DB::Exception: Timeout exceeded"));
    }

    #[test]
    fn what_the_store_says_is_understood() {
        let problem = |message: &str| {
            let error = classify("events_newest", ClickHouseError::BadResponse(message.to_owned()));
            let problem = Problem::from(error);
            (problem.status().as_u16(), problem.code())
        };
        assert_eq!(problem("Code: 159. DB::Exception: Timeout exceeded"), (503, "query_timeout"));
        assert_eq!(problem("Code: 241. DB::Exception: Memory limit"), (422, "query_too_large"));
        assert_eq!(problem("Code: 202. DB::Exception: Too many"), (503, "busy"));
        assert_eq!(problem("Code: 60. DB::Exception: Unknown table"), (500, "internal"));
        assert_eq!(problem("garbage"), (500, "internal"));
    }
}

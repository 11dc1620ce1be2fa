//! Into ClickHouse: one `Native` block an insert, under the token of its decision.

use std::time::{Duration, Instant};

use bytes::Bytes;
use clickhouse::Client;
use runtime::backoff::Backoff;
use tokio_util::sync::CancellationToken;

use crate::metrics::Metrics;
use crate::rows::Rows;

/// ClickHouse's error codes that speak of the data of a row (a retry can't help): `CANNOT_PARSE_TEXT`,
/// `CANNOT_PARSE_INPUT_ASSERTION_FAILED`, `INCORRECT_DATA`, `TOO_LARGE_STRING_SIZE`, `CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN`,
/// `FUNCTION_THROW_IF_VALUE_IS_NON_ZERO`, `VIOLATED_CONSTRAINT`. Every other error (away, overloaded, no rights, no
/// such column) is the operator's, and is retried until it is mended: nothing is lost over it.
const REFUSED: &[u32] = &[6, 27, 117, 131, 349, 395, 469];

/// A row the store will not take.
#[derive(Debug)]
pub struct Refused {
    /// Its offset in the partition.
    pub offset: u64,
    /// What ClickHouse says.
    pub error: String,
}

/// Inserts batches.
#[derive(Clone)]
pub struct Sink {
    client: Client,
    metrics: Metrics,
    statement: String,
}

impl Sink {
    /// A sink over a client that talks to the database of the tables.
    #[must_use]
    pub fn new(client: Client, metrics: Metrics) -> Self {
        let columns: Vec<_> = Rows::COLUMNS.iter().map(|(name, _)| format!("`{name}`")).collect();
        Self { client, metrics, statement: format!("INSERT INTO events ({}) FORMAT Native", columns.join(", ")) }
    }

    /// Inserts the rows under `token`, however long it takes, and returns those that the store refuses one by one.
    ///
    /// A batch that is refused for a row's sake is halved until the row stands alone. The halves carry tokens of their
    /// own, made of the batch's, so a retry of the whole goes the same way and stores nothing twice.
    ///
    /// # Errors
    /// `None` when `stop` was asked for before the batch was stored.
    pub async fn insert(&self, rows: &Rows, token: &str, stop: &CancellationToken) -> Option<Vec<Refused>> {
        let mut refused = Vec::new();
        let mut stack: Vec<_> = std::iter::once(0..rows.len()).collect();
        while let Some(range) = stack.pop() {
            if range.is_empty() {
                continue;
            }
            let whole = range.len() == rows.len();
            let (block, token) = if whole {
                (rows.encode(), token.to_owned())
            } else {
                (rows.slice(range.clone()).encode(), format!("{token}#{}-{}", range.start, range.end))
            };
            match self.until_answered(block.into(), &token, stop).await? {
                Ok(()) => {}
                Err(error) if range.len() == 1 => {
                    refused.push(Refused { offset: rows.kafka_offset.get(range.start), error });
                }
                Err(_) => {
                    let middle = range.start + range.len() / 2;
                    stack.push(middle..range.end);
                    stack.push(range.start..middle);
                }
            }
        }
        Some(refused)
    }

    /// Retries until the rows are stored (`Ok`) or refused for their own sake (`Err`); `None` when stopped.
    async fn until_answered(&self, block: Bytes, token: &str, stop: &CancellationToken) -> Option<Result<(), String>> {
        let mut backoff = Backoff::default();
        loop {
            let started = Instant::now();
            let outcome = tokio::select! {
                outcome = self.once(block.clone(), token) => outcome,
                () = stop.cancelled() => return None,
            };
            let error = match outcome {
                Ok(()) => {
                    self.metrics.insert_seconds(started.elapsed().as_secs_f64());
                    return Some(Ok(()));
                }
                Err(error) => error.to_string(),
            };
            if code(&error).is_some_and(|code| REFUSED.contains(&code)) {
                return Some(Err(error));
            }
            self.metrics.insert_retried();
            tracing::warn!(token, error, "ClickHouse did not take the batch; retrying, nothing is lost");
            tokio::select! {
                () = tokio::time::sleep(backoff.next_wait()) => {}
                () = stop.cancelled() => return None,
            }
        }
    }

    async fn once(&self, block: Bytes, token: &str) -> clickhouse::error::Result<()> {
        // The views' tables deduplicate by the same token; else a retry would be counted twice in the rollups.
        let mut insert = self
            .client
            .insert_formatted_with(&self.statement)
            .with_setting("async_insert", "0")
            .with_setting("insert_deduplicate", "1")
            .with_setting("insert_deduplication_token", token)
            .with_setting("deduplicate_blocks_in_dependent_materialized_views", "1")
            .with_timeouts(Some(Duration::from_secs(30)), Some(Duration::from_secs(180)));
        insert.send(block).await?;
        insert.end().await
    }
}

/// The number in `Code: 469. DB::Exception: …`.
fn code(error: &str) -> Option<u32> {
    let rest = &error[error.find("Code: ")? + 6..];
    rest[..rest.find(|c: char| !c.is_ascii_digit())?].parse().ok()
}

//! Into ClickHouse: one `Native` block an insert, under the token of its decision.

use std::time::{Duration, Instant};

use bytes::Bytes;
use clickhouse::Client;
use runtime::backoff::Backoff;
use runtime::retry_action::RetryAction;
use tokio_util::sync::CancellationToken;

use crate::metrics::Metrics;
use crate::rows::Rows;

/// A row the store will not take.
#[derive(Debug)]
pub struct Refused {
    /// Its offset in the partition.
    pub offset: u64,
    /// Word for programs.
    pub reason: &'static str,
    /// What ClickHouse says.
    pub error: String,
}

/// Why a batch is not stored.
#[derive(Debug, thiserror::Error)]
pub enum NotStored {
    /// It was asked to stop before.
    #[error("asked to stop")]
    Stopped,
    /// No batch can be.
    #[error("ClickHouse can't be used: {0}")]
    Fatal(#[source] clickhouse::error::Error),
}

enum Answer {
    Stored,
    Split,
    Rejected(&'static str, String),
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
    /// [`RetryAction`] says what is waited for, and what is not.
    ///
    /// A batch that is refused for a row's sake is halved until the row stands alone. The halves carry tokens of their
    /// own, made of the batch's, so a retry of the whole goes the same way and stores nothing twice.
    ///
    /// # Errors
    /// [`NotStored`].
    pub async fn insert(&self, rows: &Rows, token: &str, stop: &CancellationToken) -> Result<Vec<Refused>, NotStored> {
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
            match self.until_answered(block.into(), range.len(), &token, stop).await? {
                Answer::Stored => {}
                Answer::Rejected(reason, error) => {
                    refused.push(Refused { offset: rows.kafka_offset.get(range.start), reason, error });
                }
                Answer::Split => {
                    let middle = range.start + range.len() / 2;
                    stack.push(middle..range.end);
                    stack.push(range.start..middle);
                }
            }
        }
        Ok(refused)
    }

    /// Retries until the store has said what becomes of the rows.
    async fn until_answered(
        &self,
        block: Bytes,
        rows: usize,
        token: &str,
        stop: &CancellationToken,
    ) -> Result<Answer, NotStored> {
        let mut backoff = Backoff::default();
        loop {
            let started = Instant::now();
            let outcome = tokio::select! {
                outcome = self.once(block.clone(), token) => outcome,
                () = stop.cancelled() => return Err(NotStored::Stopped),
            };
            let Err(error) = outcome else {
                self.metrics.insert_seconds(started.elapsed().as_secs_f64());
                return Ok(Answer::Stored);
            };
            match RetryAction::of_store(&error, rows) {
                RetryAction::Retry => {}
                RetryAction::Split => return Ok(Answer::Split),
                RetryAction::Reject(reason) => return Ok(Answer::Rejected(reason, error.to_string())),
                RetryAction::Fatal => return Err(NotStored::Fatal(error)),
            }
            self.metrics.insert_retried();
            tracing::warn!(token, %error, "ClickHouse did not take the batch; retrying, nothing is lost");
            tokio::select! {
                () = tokio::time::sleep(backoff.next_wait()) => {}
                () = stop.cancelled() => return Err(NotStored::Stopped),
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
            // One block keeps one thread busy: that of the request, which waits for no other beside readers.
            .with_setting("max_threads", "1")
            .with_timeouts(Some(Duration::from_secs(30)), Some(Duration::from_secs(180)));
        insert.send(block).await?;
        insert.end().await
    }
}

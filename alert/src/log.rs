//! The delivery log: rows of `alert_deliveries`. It never holds up a delivery: what can't be queued is counted and lost.

use std::time::Duration;

use chrono::{DateTime, Utc};
use clickhouse::serde::chrono::datetime64::millis;
use clickhouse::{Client, Row};
use runtime::backoff;
use runtime::shutdown::Shutdown;
use serde::Serialize;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::time::timeout;

use crate::metrics::Metrics;

/// Rows that wait to be written.
const QUEUE: usize = 10_000;
/// Rows of one insert.
const BATCH: usize = 1000;
/// Longest wait for a batch to fill.
const FILL: Duration = Duration::from_secs(1);
/// Time for what is left at the end.
const LAST: Duration = Duration::from_secs(2);

/// What became of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The receiver has it.
    Delivered,
    /// It will be tried again.
    Failed,
    /// It failed for too long, or too many waited.
    GivenUp,
    /// The receiver answered 410, and gets nothing more.
    Gone,
    /// Its endpoint was switched off or deleted before it could be sent.
    Dropped,
}

impl Outcome {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::GivenUp => "given_up",
            Self::Gone => "gone",
            Self::Dropped => "dropped",
        }
    }
}

/// A row.
#[derive(Clone, Debug, PartialEq, Row, Serialize)]
pub(crate) struct Delivery {
    pub(crate) tenant: String,
    #[serde(with = "millis")]
    pub(crate) at: DateTime<Utc>,
    pub(crate) message_id: String,
    pub(crate) attempt: u32,
    pub(crate) endpoint: String,
    pub(crate) violation_id: String,
    pub(crate) outcome: &'static str,
    pub(crate) status: u16,
    pub(crate) reason: String,
    pub(crate) duration_ms: u32,
}

/// Takes rows without waiting.
#[derive(Clone)]
pub(crate) struct DeliveryLog {
    queue: Sender<Delivery>,
    metrics: Metrics,
}

impl DeliveryLog {
    /// Starts to write rows behind the queue; ends with the last clone.
    pub(crate) fn spawn(client: Client, metrics: Metrics, shutdown: &Shutdown) -> Self {
        let (queue, rows) = channel(QUEUE);
        shutdown.spawn_part("log of deliveries", write_all(rows, client, metrics.clone(), shutdown.clone()));
        Self { queue, metrics }
    }

    pub(crate) fn push(&self, row: Delivery) {
        if self.queue.try_send(row).is_err() {
            self.metrics.log_lost(1);
        }
    }
}

async fn write_all(mut rows: Receiver<Delivery>, client: Client, metrics: Metrics, shutdown: Shutdown) {
    let mut batch = Vec::new();
    while let Some(first) = rows.recv().await {
        batch.push(first);
        let _full_or_late = timeout(FILL, async {
            while batch.len() < BATCH {
                match rows.recv().await {
                    Some(row) => batch.push(row),
                    None => break,
                }
            }
        })
        .await;
        let written = if shutdown.is_requested() {
            timeout(LAST, insert(&client, &batch)).await.is_ok_and(|done| done.is_ok())
        } else {
            backoff::retry("writing the log of deliveries", &shutdown, || insert(&client, &batch)).await.is_some()
        };
        if !written {
            metrics.log_lost(batch.len());
        }
        batch.clear();
    }
}

async fn insert(client: &Client, rows: &[Delivery]) -> Result<(), clickhouse::error::Error> {
    let mut insert = client.insert::<Delivery>("alert_deliveries").await?;
    for row in rows {
        insert.write(row).await?;
    }
    insert.end().await
}

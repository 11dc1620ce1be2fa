//! A sealed batch on its way: decide → insert → dead letters → findings and state. Only then may its offsets be committed.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::producer::FutureProducer;
use rdkafka::{Offset, TopicPartitionList};
use runtime::backoff::Backoff;
use runtime::config::Kafka;
use schemas::topics;
use tokio_util::sync::CancellationToken;

use crate::batch::Batch;
use crate::changelog;
use crate::dead_letter::DeadLetter;
use crate::ledger::{Appended, Decision, Ledger};
use crate::metrics::Metrics;
use crate::outgoing::send_all;
use crate::sink::{Refused, Sink};
use crate::stream::Stream;

/// How it ended.
pub(crate) enum Delivered {
    /// Every record of the batch is stored or in the dead letter.
    Stored { ledger: Ledger, end: u64 },
    /// Nobody knows, or somebody else decided first: go back to the start of the batch, and see what the ledger says.
    Again,
    /// Asked to stop before it was done; a successor does it.
    Stopped,
}

/// Delivers batches; one for all workers of a process.
#[derive(Clone)]
pub(crate) struct Delivery {
    pub(crate) kafka: Kafka,
    /// Part of every token: offsets of another stream are other offsets.
    pub(crate) stream: Stream,
    pub(crate) producer: FutureProducer,
    pub(crate) sink: Sink,
    pub(crate) metrics: Metrics,
    pub(crate) stop: CancellationToken,
}

impl Delivery {
    pub(crate) async fn deliver(
        &self,
        partition: i32,
        batch: Batch,
        mut ledger: Ledger,
        decided: Option<Decision>,
    ) -> Delivered {
        let begun = Instant::now();
        let decision = match decided {
            Some(decision) => decision,
            None => {
                let decision = batch.decision();
                match ledger.append(&self.producer, &decision).await {
                    Ok(Appended::Holds) => decision,
                    Ok(Appended::Superseded) => {
                        tracing::info!(partition, start = decision.start, "another enricher decided first");
                        return Delivered::Again;
                    }
                    Err(error) => {
                        tracing::warn!(partition, error = format!("{error:#}"), "the ledger did not answer");
                        return Delivered::Again;
                    }
                }
            }
        };
        let token = self.token(partition, &decision);
        let Some(refused) = self.sink.insert(&batch.rows, &token, &self.stop).await else {
            return Delivered::Stopped;
        };
        if !self.bury(partition, &batch, refused).await {
            return Delivered::Stopped;
        }
        // What is told of users now would come after what a successor told of them later, and compaction keeps the last.
        let session = Duration::from_millis(self.kafka.session_timeout_ms.into());
        if begun.elapsed() >= session && self.is_overtaken(partition, decision.end).await {
            tracing::info!(partition, end = decision.end, "another enricher finished the batch");
            return Delivered::Again;
        }
        let publish = || send_all(&self.kafka, &self.producer, &batch.outgoing);
        if self.until_done(publish, "findings and state").await.is_none() {
            return Delivered::Stopped;
        }
        self.metrics.batch(batch.rows.len() as u64, batch.duplicates);
        self.metrics.freshness(partition, chrono::Utc::now().timestamp_millis() - batch.newest);
        Delivered::Stored { ledger, end: decision.end }
    }

    /// Whether a successor, while this process stood still, stored the batch and committed it.
    async fn is_overtaken(&self, partition: i32, end: u64) -> bool {
        let ask = || {
            let kafka = self.kafka.clone();
            async move { tokio::task::spawn_blocking(move || changelog::is_committed(&kafka, partition, end)).await? }
        };
        self.until_done(ask, "committed offsets").await.unwrap_or(true)
    }

    fn token(&self, partition: i32, decision: &Decision) -> String {
        let topic = self.kafka.topic(topics::EVENTS_RAW);
        format!("{}/{topic}/{partition}/{}-{}", self.stream.as_str(), decision.start, decision.end)
    }

    /// Writes the dead letters, however long it takes; false when stopped before.
    async fn bury(&self, partition: i32, batch: &Batch, refused: Vec<Refused>) -> bool {
        for row in refused {
            let Some(letter) = self.until_done(|| self.fetch(partition, &row), "dead letter").await else {
                return false;
            };
            if !self.send(&letter).await {
                return false;
            }
        }
        for letter in &batch.dead {
            if !self.send(letter).await {
                return false;
            }
        }
        true
    }

    async fn send(&self, letter: &DeadLetter) -> bool {
        let sent = self.until_done(|| letter.send(&self.kafka, &self.producer), "dead letter").await.is_some();
        if sent {
            self.metrics.dead(&letter.reason);
            let (partition, offset, reason) = (letter.partition, letter.offset, &letter.reason);
            tracing::debug!(partition, offset, reason, detail = letter.detail, "sent to the dead letter");
        }
        sent
    }

    /// The record behind a row that the store refused: rows are all that was kept of it.
    async fn fetch(&self, partition: i32, row: &Refused) -> Result<DeadLetter> {
        let (kafka, topic) = (self.kafka.clone(), self.kafka.topic(topics::EVENTS_RAW));
        let (offset, error) = (row.offset as i64, row.error.clone());
        tokio::task::spawn_blocking(move || {
            let consumer: BaseConsumer = runtime::kafka::consumer_config(&kafka, "usertrail-record-reader").create()?;
            let mut assignment = TopicPartitionList::new();
            assignment.add_partition_offset(&topic, partition, Offset::Offset(offset))?;
            consumer.assign(&assignment)?;
            let record = consumer.poll(Duration::from_secs(10)).context("the record can't be read again")??;
            Ok(DeadLetter::new(&record, "refused_by_store", error))
        })
        .await?
    }

    async fn until_done<T, F: Future<Output = Result<T>>>(&self, attempt: impl Fn() -> F, what: &str) -> Option<T> {
        let mut backoff = Backoff::default();
        loop {
            let outcome = tokio::select! {
                outcome = attempt() => outcome,
                () = self.stop.cancelled() => return None,
            };
            match outcome {
                Ok(value) => return Some(value),
                Err(error) => tracing::warn!(error = format!("{error:#}"), "{what}; retrying"),
            }
            tokio::time::sleep(backoff.next_wait()).await;
        }
    }
}

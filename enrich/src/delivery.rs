//! A sealed batch on its way, in three steps: it is **stored**, which is decided and inserted; what was **found** in it is sent,
//! findings and dead letters; last the **states** of its users are sent. Only then may its offsets be committed. Several batches are
//! on their way at once, each a step behind the one before: inserts keep their order by the ledger, states by waiting.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use anyhow::{Error, Result};
use rdkafka::error::KafkaError;
use rdkafka::message::Message as _;
use runtime::backoff::Backoff;
use runtime::config::Kafka;
use runtime::kafka::Producer;
use runtime::retry_action::RetryAction;
use schemas::topics;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use crate::batch::Batch;
use crate::dead_letter::DeadLetter;
use crate::metrics::Metrics;
use crate::outgoing::{Outgoing, send_all};
use crate::partition::changelog;
use crate::partition::ledger::{Appended, Decision, Ledger};
use crate::reread::reread;
use crate::sending::send_together;
use crate::sink::{NotStored, Refused, Sink};
use crate::stream::Stream;

/// A batch whose rows are in the store, and what is left of it to do.
pub(crate) struct Stored {
    /// Offset after the last.
    pub(crate) end: u64,
    rows: u64,
    duplicates: u64,
    /// When the newest record was received, milliseconds.
    newest: i64,
    begun: Instant,
    dead: Vec<DeadLetter>,
    findings: Vec<Outgoing>,
    states: Vec<Outgoing>,
}

/// Why a delivery ended before its end.
#[derive(Debug)]
pub(crate) enum Undelivered {
    /// Nobody knows, or somebody else decided first: go back to the start of the batch, and see what the ledger says.
    Again,
    /// Asked to stop before it was done; a successor does it.
    Stopped,
    /// Neither this batch nor another can be done until somebody acts.
    Failed(Error),
}

/// Delivers batches; one for all workers of a process.
#[derive(Clone)]
pub(crate) struct Delivery {
    pub(crate) kafka: Kafka,
    /// Part of every token: offsets of another stream are other offsets.
    pub(crate) stream: Stream,
    pub(crate) producer: Producer,
    /// For decisions alone, so that those of a batch don't wait behind the findings and states of the one before.
    pub(crate) decider: Producer,
    pub(crate) sink: Sink,
    pub(crate) metrics: Metrics,
    pub(crate) stop: CancellationToken,
}

impl Delivery {
    /// Decides, and inserts. The partition's next batch may be decided after that.
    ///
    /// # Errors
    /// [`Undelivered`].
    pub(crate) async fn store(
        &self,
        partition: i32,
        batch: Batch,
        ledger: &mut Ledger,
        decided: Option<Decision>,
    ) -> Result<Stored, Undelivered> {
        let begun = Instant::now();
        let decision = match decided {
            Some(decision) => decision,
            None => self.decide(partition, batch.decision(), ledger).await?,
        };
        let token = self.token(partition, &decision);
        let refused = self.insert(&batch, &token).await?;
        let of_rows = self.until_done(|| self.letters_of(partition, &refused), "records of refused rows").await?;
        let Batch { rows, mut dead, duplicates, newest, findings, states, .. } = batch;
        dead.extend(of_rows);
        Ok(Stored { end: decision.end, rows: rows.len() as u64, duplicates, newest, begun, dead, findings, states })
    }

    /// Sends what follows from a batch that is stored: its findings and dead letters, then, once the batch before is delivered, as
    /// `before` says, the states of its users. After that it may be committed. A state proves to whoever repeats the batch that its
    /// rows are stored and its findings sent, with all before them.
    ///
    /// # Errors
    /// [`Undelivered`]; the batch before among it, when that is not delivered: whoever takes the partition up repeats both.
    pub(crate) async fn publish(
        &self,
        partition: i32,
        stored: &Stored,
        before: oneshot::Receiver<()>,
    ) -> Result<(), Undelivered> {
        self.check_not_overtaken(partition, stored).await?;
        let letters = self.write_dead_letters(partition, stored.dead.iter().collect());
        tokio::try_join!(self.send(partition, &stored.findings, "findings"), letters)?;
        before.await.map_err(|_| Undelivered::Stopped)?;
        self.check_not_overtaken(partition, stored).await?;
        self.send(partition, &stored.states, "states of users").await?;
        self.metrics.batch(stored.rows, stored.duplicates);
        self.metrics.freshness(partition, chrono::Utc::now().timestamp_millis() - stored.newest);
        Ok(())
    }

    async fn send(&self, partition: i32, records: &[Outgoing], what: &str) -> Result<(), Undelivered> {
        let attempt = || send_all(&self.kafka, &self.producer, records);
        for (record, reason) in self.until_done(attempt, what).await? {
            self.metrics.rejected(record.topic);
            let (topic, bytes) = (record.topic, record.value.len());
            tracing::error!(partition, topic, reason, bytes, "a record will never be taken, and is left out");
        }
        Ok(())
    }

    /// Refuses to write after a successor: what is written of users and devices now would come after the successor's later records,
    /// and compaction keeps the last.
    async fn check_not_overtaken(&self, partition: i32, stored: &Stored) -> Result<(), Undelivered> {
        let session = Duration::from_millis(self.kafka.session_timeout_ms.into());
        if stored.begun.elapsed() >= session && self.is_overtaken(partition, stored.end).await? {
            tracing::info!(partition, end = stored.end, "another enricher finished the batch");
            return Err(Undelivered::Again);
        }
        Ok(())
    }

    async fn insert(&self, batch: &Batch, token: &str) -> Result<Vec<Refused>, Undelivered> {
        self.sink.insert(&batch.rows, token, &self.stop).await.map_err(|error| match error {
            NotStored::Stopped => Undelivered::Stopped,
            fatal @ NotStored::Fatal(_) => Undelivered::Failed(fatal.into()),
        })
    }

    /// Appends the decision. One that is not acknowledged may be in the ledger all the same: whoever opens it again sees.
    async fn decide(&self, partition: i32, decision: Decision, ledger: &mut Ledger) -> Result<Decision, Undelivered> {
        let start = decision.start;
        match ledger.append(&self.decider, &decision).await {
            Ok(Appended::Holds) => Ok(decision),
            Ok(Appended::Superseded) => {
                tracing::info!(partition, start, "another enricher decided first");
                Err(Undelivered::Again)
            }
            Err(error) if action(&error) != RetryAction::Retry => Err(Undelivered::Failed(error)),
            Err(error) => {
                tracing::warn!(partition, error = format!("{error:#}"), "the ledger did not answer");
                Err(Undelivered::Again)
            }
        }
    }

    /// Whether a successor, while this process stood still, stored the batch and committed it.
    async fn is_overtaken(&self, partition: i32, end: u64) -> Result<bool, Undelivered> {
        let ask = || {
            let kafka = self.kafka.clone();
            async move { tokio::task::spawn_blocking(move || changelog::is_committed(&kafka, partition, end)).await? }
        };
        self.until_done(ask, "committed offsets").await
    }

    fn token(&self, partition: i32, decision: &Decision) -> String {
        let topic = self.kafka.topic(topics::EVENTS_RAW);
        format!("{}/{topic}/{partition}/{}-{}", self.stream.as_str(), decision.start, decision.end)
    }

    /// Writes the dead letters, all at once, however long it takes.
    async fn write_dead_letters(&self, partition: i32, all: Vec<&DeadLetter>) -> Result<(), Undelivered> {
        let mut letters = all.clone();
        let mut backoff = Backoff::default();
        loop {
            let sent = tokio::select! {
                sent = send_together(&letters, |letter| letter.send(&self.kafka, &self.producer)) => sent,
                () = self.stop.cancelled() => return Err(Undelivered::Stopped),
            };
            let sent = sent.map_err(|error| Undelivered::Failed(Error::new(error).context("the dead letter")))?;
            for (letter, _) in sent.rejected {
                // Letters are smaller than any topic's bound that is accepted at the start; the bound was lowered since.
                let smallest = letter.smallest();
                let again = || async { Ok(smallest.send(&self.kafka, &self.producer).await?) };
                self.until_done(again, "dead letter").await?;
            }
            let Some(error) = sent.error else { break };
            tracing::warn!(partition, %error, left = sent.again.len(), "dead letters; retrying");
            letters = sent.again;
            self.pause(&mut backoff).await?;
        }
        for letter in all {
            self.metrics.dead(&letter.reason);
            let (offset, reason) = (letter.offset, &letter.reason);
            tracing::debug!(partition, offset, reason, detail = letter.detail, "sent to the dead letter");
        }
        Ok(())
    }

    /// The records behind rows that the store refused: rows are all that was kept of them.
    async fn letters_of(&self, partition: i32, refused: &[Refused]) -> Result<Vec<DeadLetter>> {
        if refused.is_empty() {
            return Ok(Vec::new());
        }
        let (kafka, topic) = (self.kafka.clone(), self.kafka.topic(topics::EVENTS_RAW));
        let mut rows: Vec<_> = refused.iter().map(|row| (row.offset as i64, row.reason, row.error.clone())).collect();
        rows.sort_unstable_by_key(|(offset, ..)| *offset);
        tokio::task::spawn_blocking(move || {
            let offsets: Vec<i64> = rows.iter().map(|(offset, ..)| *offset).collect();
            let reasons: HashMap<i64, _> =
                rows.iter().map(|(offset, reason, error)| (*offset, (*reason, error))).collect();
            let mut letters: HashMap<i64, DeadLetter> = HashMap::new();
            reread(&kafka, &topic, partition, &offsets, |record| {
                if let Some((reason, error)) = reasons.get(&record.offset()) {
                    letters.insert(record.offset(), DeadLetter::new(record, reason, *error));
                }
            })?;
            // Retention may have taken the record while the store was away.
            let gone = |offset, reason, error| DeadLetter::gone(&topic, partition, offset, reason, error);
            let all = rows.iter().map(|(offset, reason, error)| {
                letters.remove(offset).unwrap_or_else(|| gone(*offset, reason, error.as_str()))
            });
            Ok(all.collect())
        })
        .await?
    }

    /// Tries until it is done, unless no attempt ever will be.
    async fn until_done<T, F: Future<Output = Result<T>>>(
        &self,
        attempt: impl Fn() -> F,
        what: &str,
    ) -> Result<T, Undelivered> {
        let mut backoff = Backoff::default();
        loop {
            let outcome = tokio::select! {
                outcome = attempt() => outcome,
                () = self.stop.cancelled() => return Err(Undelivered::Stopped),
            };
            match outcome {
                Ok(value) => return Ok(value),
                Err(error) if action(&error) != RetryAction::Retry => {
                    return Err(Undelivered::Failed(error.context(what.to_owned())));
                }
                Err(error) => tracing::warn!(error = format!("{error:#}"), "{what}; retrying"),
            }
            self.pause(&mut backoff).await?;
        }
    }

    async fn pause(&self, backoff: &mut Backoff) -> Result<(), Undelivered> {
        tokio::select! {
            () = tokio::time::sleep(backoff.next_wait()) => Ok(()),
            () = self.stop.cancelled() => Err(Undelivered::Stopped),
        }
    }
}

/// What an error asks for that has one of Kafka's somewhere in it.
fn action(error: &Error) -> RetryAction {
    let kafka = error.chain().find_map(|cause| cause.downcast_ref::<KafkaError>());
    kafka.map_or(RetryAction::Retry, |error| RetryAction::of_kafka(error, 1))
}

#[cfg(test)]
mod tests {
    use embedded::broker::{Broker, BrokerConfig};
    use rdkafka::producer::FutureRecord;
    use runtime::config::Config;
    use runtime::kafka::{ROOM, ensure_topics, producer_config_within};

    use super::*;

    struct World {
        broker: Broker,
        _dir: tempfile::TempDir,
        delivery: Delivery,
    }

    impl World {
        async fn new() -> Self {
            let dir = tempfile::tempdir().unwrap();
            let listen = "127.0.0.1:0".parse().unwrap();
            let broker = Broker::start(BrokerConfig { data_dir: dir.path().to_owned(), listen }).await.unwrap();
            let mut config = Config::defaults().unwrap();
            config.kafka.brokers = broker.bootstrap();
            config.kafka.partitions = 1;
            let kafka = config.kafka;
            ensure_topics(&kafka).await.unwrap();
            let producer = || producer_config_within(&kafka, Duration::from_secs(20)).create::<Producer>().unwrap();
            let metrics = Metrics::new(&runtime::metrics::Metrics::default());
            let client = runtime::clickhouse::client(&config.clickhouse);
            let delivery = Delivery {
                stream: Stream::new("cluster", 0),
                producer: producer(),
                decider: producer(),
                sink: Sink::new(client, metrics.clone()),
                metrics,
                stop: CancellationToken::new(),
                kafka: kafka.clone(),
            };
            Self { broker, _dir: dir, delivery }
        }

        /// What the topic holds, with a record behind everything that was ever handed over.
        async fn sent(&self, topic: &str) -> i64 {
            let name = self.delivery.kafka.topic(topic);
            let last: FutureRecord<'_, (), _> = FutureRecord::to(&name).payload("last").partition(0);
            self.delivery.producer.send(last, ROOM).await.unwrap().offset
        }
    }

    fn outgoing(topic: &'static str, partition: i32) -> Outgoing {
        Outgoing { topic, partition: Some(partition), key: "acme/u".to_owned(), value: b"x".to_vec() }
    }

    fn stored(findings: Vec<Outgoing>) -> Stored {
        let states = vec![outgoing(topics::STATE, 0)];
        Stored { end: 1, rows: 1, duplicates: 0, newest: 0, begun: Instant::now(), dead: Vec::new(), findings, states }
    }

    /// P5: the states of a batch are not written before its findings are acknowledged, nor before the batch before is delivered: a
    /// successor would not repeat what is missing.
    #[tokio::test(flavor = "multi_thread")]
    async fn states_are_written_last() {
        let world = World::new().await;
        let found = || vec![outgoing(topics::VIOLATIONS, 0)];
        // The batch before failed.
        let (failed, before) = oneshot::channel();
        drop(failed);
        let undelivered = world.delivery.publish(0, &stored(found()), before).await;
        assert!(matches!(undelivered, Err(Undelivered::Stopped)));
        assert_eq!((world.sent(topics::VIOLATIONS).await, world.sent(topics::STATE).await), (1, 0));
        // The batch before is delivered.
        let (delivered, before) = oneshot::channel();
        delivered.send(()).unwrap();
        world.delivery.publish(0, &stored(found()), before).await.unwrap();
        assert_eq!((world.sent(topics::VIOLATIONS).await, world.sent(topics::STATE).await), (3, 2));
        // Of findings that can't be sent: there is no such partition.
        let (delivered, before) = oneshot::channel();
        delivered.send(()).unwrap();
        let lost = stored(vec![outgoing(topics::VIOLATIONS, 99)]);
        // It is tried at least once before it is stopped.
        let stop = async {
            send_all(&world.delivery.kafka, &world.delivery.producer, &lost.findings).await.unwrap_err();
            world.delivery.stop.cancel();
        };
        let (undelivered, ()) = tokio::join!(world.delivery.publish(0, &lost, before), stop);
        assert!(matches!(undelivered, Err(Undelivered::Stopped)));
        assert_eq!(world.sent(topics::STATE).await, 3);
        world.broker.stop().await;
    }
}

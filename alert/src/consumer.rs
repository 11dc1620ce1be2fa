//! The consumer: findings from `violations`, tests from `alerts.pending`, on a thread of its own. An offset is committed
//! once what it means is in `alerts.pending`, on all replicas.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result};
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _, ConsumerContext, Rebalance};
use rdkafka::message::{BorrowedMessage, Message as _};
use rdkafka::{ClientContext, Offset, TopicPartitionList};
use runtime::config::Kafka;
use runtime::ops::{Gate, Pulse};
use runtime::settings::Settings;
use runtime::shutdown::Shutdown;
use runtime::unreadable::RecordPlace;
use schemas::alerts::{NO_PARTITION, Pending, PendingKind};
use schemas::topics;
use schemas::violation::Violation;
use tokio::sync::{mpsc, oneshot};

use crate::metrics::Metrics;
use crate::queue::{Key, Place};
use crate::records;

const POLL: Duration = Duration::from_millis(100);
/// Records handed over at once.
const BATCH: usize = 500;
/// Wait before `alerts.pending` is read again after a failure.
const AGAIN: Duration = Duration::from_secs(1);

/// Changes that the dispatcher is sent.
pub(crate) enum ConsumerEvent {
    /// Partitions are this process's now; what is pending of them.
    Took(Vec<(Key, Pending)>),
    /// Partitions are another's now.
    Left(Vec<i32>),
    /// What was read. `done` is notified once it can't be lost any more.
    Read {
        /// Findings, with their places.
        found: Vec<(Violation, Place)>,
        /// Tests.
        tests: Vec<(Key, Pending)>,
        /// To be notified.
        done: oneshot::Sender<()>,
    },
}

enum Change {
    Took(Vec<i32>),
    Left(Vec<i32>),
}

/// The context of the consumer; librdkafka calls it from within `poll`.
struct Membership {
    alerts: String,
    changes: Mutex<Vec<Change>>,
}

impl Membership {
    /// Partitions of `violations`; that of `alerts.pending` stands for what no finding caused.
    fn numbers(&self, partitions: &TopicPartitionList) -> Vec<i32> {
        let elements = partitions.elements();
        let number = |topic: &str, number| if topic == self.alerts { NO_PARTITION } else { number };
        elements.iter().map(|element| number(element.topic(), element.partition())).collect()
    }

    fn note(&self, change: Change) {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner).push(change);
    }

    fn take(&self) -> Vec<Change> {
        std::mem::take(&mut *self.changes.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl ClientContext for Membership {}

impl ConsumerContext for Membership {
    fn pre_rebalance(&self, _: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        if let Rebalance::Revoke(lost) = rebalance {
            self.note(Change::Left(self.numbers(lost)));
        }
    }

    fn post_rebalance(&self, _: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        if let Rebalance::Assign(taken) = rebalance {
            self.note(Change::Took(self.numbers(taken)));
        }
    }
}

pub(crate) struct ViolationConsumer {
    kafka: Kafka,
    consumer: BaseConsumer<Membership>,
    dispatcher: mpsc::Sender<ConsumerEvent>,
    settings: Settings,
    metrics: Metrics,
    gate: Gate,
    pulse: Pulse,
}

impl ViolationConsumer {
    /// Joins the group.
    pub(crate) fn join(
        kafka: &Kafka,
        (dispatcher, settings): (mpsc::Sender<ConsumerEvent>, Settings),
        metrics: Metrics,
        gate: Gate,
    ) -> Result<Self> {
        let group = format!("{}usertrail-alert", kafka.topic_prefix);
        let (violations, alerts) = (kafka.topic(topics::VIOLATIONS), kafka.topic(topics::ALERTS));
        let membership = Membership { alerts: alerts.clone(), changes: Mutex::default() };
        let consumer: BaseConsumer<Membership> = runtime::kafka::member_config(kafka, &group, "alert")
            .set("queued.max.messages.kbytes", "8192")
            .create_with_context(membership)
            .context("a consumer for violations")?;
        consumer.subscribe(&[&violations, &alerts])?;
        Ok(Self { kafka: kafka.clone(), consumer, dispatcher, settings, metrics, gate, pulse: Pulse::default() })
    }

    /// Beats while it works.
    pub(crate) fn pulse(&self) -> &Pulse {
        &self.pulse
    }

    /// Reads until asked to stop, or until nobody listens.
    ///
    /// # Errors
    /// When the client brings nothing any more.
    pub(crate) fn run(&self, stop: &Shutdown) -> Result<()> {
        while !stop.is_requested() {
            self.pulse.beat();
            let mut batch = Batch::default();
            let mut wait = POLL;
            while batch.records < BATCH {
                match self.consumer.poll(wait) {
                    Some(Ok(record)) => self.take(&mut batch, &record),
                    Some(Err(error)) => {
                        tracing::warn!(%error, "violations can't be read now");
                        if let Some((code, reason)) = self.consumer.client().fatal_error() {
                            anyhow::bail!("the Kafka client can't go on: {code}: {reason}");
                        }
                    }
                    None => break,
                }
                wait = Duration::ZERO;
            }
            // What came may be of a partition that came with it, whose past has to be known first.
            if self.follow(&mut batch, stop).is_none() || self.hand_over(batch).is_none() {
                return Ok(());
            }
        }
        Ok(())
    }

    fn take(&self, batch: &mut Batch, record: &BorrowedMessage<'_>) {
        let place = Place { partition: record.partition(), offset: record.offset() };
        batch.records += 1;
        batch.next.insert((record.topic().to_owned(), place.partition), place.offset + 1);
        if record.topic() == self.consumer.context().alerts {
            batch.tests.extend(new_test(record));
            return;
        }
        match serde_json::from_slice::<Violation>(record.payload().unwrap_or_default()) {
            Ok(found) => batch.found.push((found, place)),
            Err(error) => {
                let Place { partition, offset } = place;
                let place = RecordPlace { topic: topics::VIOLATIONS, partition, offset };
                self.metrics.unreadable().report(place, &error);
            }
        }
    }

    /// Sends the dispatcher which partitions came and went.
    fn follow(&self, batch: &mut Batch, stop: &Shutdown) -> Option<()> {
        for change in self.consumer.context().take() {
            let note = match change {
                Change::Left(partitions) => {
                    batch.leave(&partitions, &self.consumer.context().alerts);
                    ConsumerEvent::Left(partitions)
                }
                Change::Took(partitions) => {
                    let pending = self.read_pending(&partitions, stop)?;
                    tracing::info!(?partitions, pending = pending.len(), "took partitions");
                    ConsumerEvent::Took(pending)
                }
            };
            self.dispatcher.blocking_send(note).ok()?;
            self.gate.open();
        }
        Some(())
    }

    fn read_pending(&self, partitions: &[i32], stop: &Shutdown) -> Option<Vec<(Key, Pending)>> {
        while !stop.is_requested() {
            match records::read(&self.kafka, partitions, self.metrics.unreadable()) {
                Ok(pending) => return Some(pending),
                Err(error) => tracing::warn!(%error, "what is pending can't be read; trying again"),
            }
            std::thread::sleep(AGAIN);
        }
        None
    }

    fn hand_over(&self, batch: Batch) -> Option<()> {
        if batch.records == 0 {
            return Some(());
        }
        // Silences and endpoints that were answered before these were found hold for them.
        self.settings.catch_up();
        self.metrics.findings(batch.found.len());
        let (done, written) = oneshot::channel();
        self.dispatcher.blocking_send(ConsumerEvent::Read { found: batch.found, tests: batch.tests, done }).ok()?;
        written.blocking_recv().ok()?;
        let mut offsets = TopicPartitionList::new();
        let added: Result<Vec<()>, _> = batch
            .next
            .iter()
            .map(|((topic, partition), next)| offsets.add_partition_offset(topic, *partition, Offset::Offset(*next)))
            .collect();
        // Not committed is read again, and known by its offset.
        if let Err(error) = added.and_then(|_| self.consumer.commit(&offsets, CommitMode::Async)) {
            tracing::warn!(%error, "offsets were not committed");
        }
        Some(())
    }
}

/// A test that nobody began to send yet. All else on the topic is what this role wrote itself.
fn new_test(record: &BorrowedMessage<'_>) -> Option<(Key, Pending)> {
    let key = records::key(record.key()?)?;
    let pending: Pending = serde_json::from_slice(record.payload()?).ok()?;
    let new = pending.kind == PendingKind::Test && pending.partition == NO_PARTITION && pending.reporting == 0;
    new.then_some((key, pending))
}

#[derive(Default)]
struct Batch {
    records: usize,
    found: Vec<(Violation, Place)>,
    tests: Vec<(Key, Pending)>,
    /// The offset to go on from, by topic and partition.
    next: BTreeMap<(String, i32), i64>,
}

impl Batch {
    /// What came of partitions that are another's now is for that one to report.
    fn leave(&mut self, partitions: &[i32], alerts: &str) {
        self.found.retain(|(_, place)| !partitions.contains(&place.partition));
        if partitions.contains(&NO_PARTITION) {
            self.tests.clear();
        }
        self.next
            .retain(|(topic, number), _| !partitions.contains(if topic == alerts { &NO_PARTITION } else { number }));
    }
}

//! Up to when answers are complete.
//!
//! "Complete until T" means: every event received before T is in the tables. A thread works it out from Kafka, four times
//! a second, by partition of `events.raw`:
//!
//! 1. the time is noted, then the high watermark is read, then what the enrichers have committed, in this order;
//! 2. committed ≥ watermark: everything that was there at the noted time is stored, so the partition is complete until
//!    that time (less [`ALLOWANCE`], because records carry the time of another clock);
//! 3. otherwise the first uncommitted record is fetched, and the partition is complete until its time of receipt.
//!    Within a partition times of receipt ascend, for it is the broker that stamps them.
//!
//! The answer is the minimum over all partitions. It never goes back: a claim once true stays true, so while Kafka is
//! away the last one is kept, growing older for all to see. Before the first success nothing is claimed at all. Queries
//! read the claim *before* they ask the store, for a claim made later could cover rows that the query did not see.
//!
//! The consumer carries the enrichers' group because commits belong to a group, but it never subscribes, so it is no
//! member, gets no partitions from anybody, and never commits.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use crate::config::Config;
use crate::metrics::{Metrics, Name};
use crate::ops::{Pulse, Readiness};
use crate::shutdown::Shutdown;
use chrono::{DateTime, TimeDelta, Utc};
use prometheus_client::metrics::gauge::Gauge;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::Message;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use schemas::topics;
use tokio::sync::watch;

/// Between two looks.
const INTERVAL: Duration = Duration::from_millis(250);
/// Longest wait for one answer of Kafka.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Longest wait for a record that is known to be there; it is asked for again at the next look.
const FETCH: Duration = Duration::from_secs(1);
/// How long a look may take until the process is not ready.
const SILENCE: Duration = Duration::from_secs(60);
/// Clocks of brokers and of this machine may differ by this much.
const ALLOWANCE: TimeDelta = TimeDelta::milliseconds(100);

/// What is known now. Clones share it.
#[derive(Debug, Clone)]
pub struct Freshness(Arc<watch::Sender<Option<DateTime<Utc>>>>);

impl Freshness {
    /// Nothing is known, until [`Freshness::set`].
    pub fn unknown() -> Self {
        Self(Arc::new(watch::Sender::new(None)))
    }

    /// The claim, if there is one.
    pub fn complete_until(&self) -> Option<DateTime<Utc>> {
        *self.0.borrow()
    }

    /// Makes a claim.
    pub fn set(&self, until: DateTime<Utc>) {
        self.0.send_replace(Some(until));
    }

    /// Returns once the claim reaches a time.
    pub async fn reaches(&self, time: DateTime<Utc>) {
        // Can't fail: the sender lives as long as `self`.
        let _ = self.0.subscribe().wait_for(|claim| claim.is_some_and(|until| until >= time)).await;
    }

    /// Starts to follow the enrichers of this installation.
    ///
    /// # Errors
    /// When the options of the configuration are not librdkafka's.
    pub fn spawn(
        config: &Config,
        metrics: &Metrics,
        readiness: &Readiness,
        shutdown: &Shutdown,
    ) -> Result<Self, KafkaError> {
        let kafka = &config.kafka;
        const AGE: Name = Name::new("query_freshness_seconds");
        const LAG: Name = Name::new("query_lag_records");
        let freshness = Self::unknown();
        let age = metrics.register(
            AGE,
            "Age of the time up to which answers are complete",
            Gauge::<f64, AtomicU64>::default(),
        );
        let lag = metrics.register(LAG, "Records received and not yet stored", Gauge::<i64>::default());
        let mut watcher = Watcher {
            consumer: crate::kafka::consumer_config(kafka, &kafka.group()).create()?,
            topic: kafka.topic(topics::EVENTS_RAW),
            partitions: HashMap::new(),
        };
        let (claim, stop) = (freshness.clone(), shutdown.clone());
        let pulse = Pulse::default();
        readiness.pulse("freshness", &pulse, SILENCE);
        shutdown.supervise_blocking("freshness", move || {
            while !stop.is_requested() {
                pulse.beat();
                let begun = Instant::now();
                match watcher.look() {
                    Ok(Some(look)) => {
                        claim.set(look.until);
                        lag.set(look.lag);
                    }
                    Ok(None) => {}
                    Err(error) => tracing::warn!(%error, "freshness is not known now"),
                }
                if let Some(until) = claim.complete_until() {
                    age.set((Utc::now() - until).as_seconds_f64());
                }
                wait(INTERVAL.saturating_sub(begun.elapsed()), &stop);
            }
        });
        Ok(freshness)
    }
}

/// Sleeps in small pieces, so that stopping does not wait.
fn wait(mut left: Duration, stop: &Shutdown) {
    const PIECE: Duration = Duration::from_millis(50);
    while !left.is_zero() && !stop.is_requested() {
        std::thread::sleep(left.min(PIECE));
        left = left.saturating_sub(PIECE);
    }
}

/// What is known of one partition.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Partition {
    /// Complete until here; never goes back.
    until: Option<DateTime<Utc>>,
    /// The record that was waited for last, and its time.
    pending: Option<(i64, DateTime<Utc>)>,
}

impl Partition {
    /// Everything up to the watermark is stored.
    fn caught_up(&mut self, noted: DateTime<Utc>) {
        self.raise(noted - ALLOWANCE);
    }

    /// The record at `offset` is the first that is not.
    fn waits_for(&mut self, offset: i64, received: DateTime<Utc>) {
        self.pending = Some((offset, received));
        self.raise(received);
    }

    fn known(&self, offset: i64) -> Option<DateTime<Utc>> {
        self.pending.filter(|(at, _)| *at == offset).map(|(_, received)| received)
    }

    fn raise(&mut self, until: DateTime<Utc>) {
        self.until = Some(self.until.map_or(until, |known| known.max(until)));
    }
}

struct Look {
    until: DateTime<Utc>,
    lag: i64,
}

struct Watcher {
    consumer: BaseConsumer,
    topic: String,
    partitions: HashMap<i32, Partition>,
}

impl Watcher {
    /// Looks once. `None` while a partition has never been understood.
    fn look(&mut self) -> Result<Option<Look>, KafkaError> {
        let ids = self.partition_ids()?;
        let noted = Utc::now();
        let mut marks = HashMap::new();
        let mut asked = TopicPartitionList::new();
        for id in &ids {
            marks.insert(*id, self.consumer.fetch_watermarks(&self.topic, *id, TIMEOUT)?);
            asked.add_partition(&self.topic, *id);
        }
        let committed = self.consumer.committed_offsets(asked, TIMEOUT)?;
        let mut lag = 0;
        for id in &ids {
            let (low, high) = marks.get(id).copied().unwrap_or_default();
            let next = match committed.find_partition(&self.topic, *id).map(|found| found.offset()) {
                Some(Offset::Offset(offset)) => offset.max(low),
                _ => low,
            };
            lag += (high - next).max(0);
            let known = self.partitions.get(id).and_then(|partition| partition.known(next));
            let waiting = if next < high && known.is_none() { self.received_at(*id, next)? } else { known };
            let partition = self.partitions.entry(*id).or_default();
            match waiting {
                _ if next >= high => partition.caught_up(noted),
                Some(received) => partition.waits_for(next, received),
                None => {}
            }
        }
        let untils: Option<Vec<_>> =
            ids.iter().map(|id| self.partitions.get(id).and_then(|partition| partition.until)).collect();
        Ok(untils.and_then(|untils| untils.into_iter().min()).map(|until| Look { until, lag }))
    }

    fn partition_ids(&self) -> Result<Vec<i32>, KafkaError> {
        let metadata = self.consumer.fetch_metadata(Some(&self.topic), TIMEOUT)?;
        let topic = metadata.topics().iter().find(|topic| topic.name() == self.topic);
        Ok(topic.map(|topic| topic.partitions().iter().map(|partition| partition.id()).collect()).unwrap_or_default())
    }

    /// When the record at an offset was received. If the record is gone (retention, a compacted control record), the
    /// next one stands in for it: it is later, but nothing is between them.
    fn received_at(&self, partition: i32, offset: i64) -> Result<Option<DateTime<Utc>>, KafkaError> {
        let mut one = TopicPartitionList::new();
        one.add_partition_offset(&self.topic, partition, Offset::Offset(offset))?;
        self.consumer.assign(&one)?;
        let received = match self.consumer.poll(FETCH) {
            Some(Ok(record)) if record.partition() == partition && record.offset() >= offset => {
                record.timestamp().to_millis().and_then(DateTime::from_timestamp_millis)
            }
            Some(Err(error)) => return Err(error),
            _ => None,
        };
        self.consumer.unassign()?;
        Ok(received)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(millis).unwrap()
    }

    /// P15: a claim never goes back, and lag holds it at the first record that is not stored.
    #[test]
    fn a_claim_never_goes_back() {
        let mut partition = Partition::default();
        assert_eq!(partition.until, None);
        partition.caught_up(at(10_000));
        assert_eq!(partition.until, Some(at(9_900)));
        partition.waits_for(7, at(9_950));
        assert_eq!((partition.until, partition.known(7), partition.known(8)), (Some(at(9_950)), Some(at(9_950)), None));
        partition.waits_for(8, at(9_940));
        assert_eq!(partition.until, Some(at(9_950)));
        partition.caught_up(at(20_000));
        assert_eq!(partition.until, Some(at(19_900)));
    }

    #[test]
    fn nothing_is_claimed_before_anything_is_known() {
        assert_eq!(Freshness::unknown().complete_until(), None);
    }
}

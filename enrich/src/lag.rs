//! How far the enrichers are behind, and whether they get on: what is acknowledged and not stored, for every partition of
//! `events.raw`, whoever has it and whatever it waits for.
//!
//! Reckoned from the brokers (end of the partition less the committed offset) and not from what a worker knows, because a
//! partition that nobody has taken over, or that can't be, is the one to know of. All enrichers report the same.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::{Offset, TopicPartitionList};
use runtime::config::Kafka;
use runtime::ops::{Gate, Pulse};
use schemas::topics;
use tokio_util::sync::CancellationToken;

use crate::metrics::Metrics;

/// Between two looks.
const INTERVAL: Duration = Duration::from_secs(1);
/// Longest wait for one answer.
const TIMEOUT: Duration = Duration::from_secs(5);
/// How soon a request to stop is noticed.
const PIECE: Duration = Duration::from_millis(50);

/// Where a partition of `events.raw` stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Position {
    /// Partition.
    pub(crate) partition: i32,
    /// Oldest offset kept.
    pub(crate) low: u64,
    /// Offset after the last record.
    pub(crate) high: u64,
    /// What the group has committed.
    pub(crate) committed: Option<u64>,
}

impl Position {
    /// The offset before which everything is stored, or gone.
    fn stored(&self) -> u64 {
        self.committed.unwrap_or_default().max(self.low)
    }

    fn lag(&self) -> u64 {
        self.high.saturating_sub(self.stored())
    }
}

/// A client that asks in the name of the enrichers' group, without being a member.
///
/// # Errors
/// When the options of the configuration are not librdkafka's.
pub(crate) fn asker(kafka: &Kafka) -> Result<BaseConsumer> {
    runtime::kafka::consumer_config(kafka, &kafka.group()).create().context("a client that asks for offsets")
}

/// Where every partition stands.
///
/// # Errors
/// When Kafka can't be asked.
pub(crate) fn positions(asker: &BaseConsumer, kafka: &Kafka) -> Result<Vec<Position>> {
    let topic = kafka.topic(topics::EVENTS_RAW);
    let metadata = asker.fetch_metadata(Some(&topic), TIMEOUT).context("asking for events.raw")?;
    let mut asked = TopicPartitionList::new();
    for partition in metadata.topics().iter().flat_map(|topic| topic.partitions()) {
        asked.add_partition(&topic, partition.id());
    }
    // First what is committed: what comes meanwhile makes a partition look further behind, never further than its end.
    let committed = asker.committed_offsets(asked, TIMEOUT).context("asking for the committed offsets")?;
    let mut positions = Vec::new();
    for element in committed.elements() {
        let (low, high) = asker.fetch_watermarks(&topic, element.partition(), TIMEOUT).context("watermarks")?;
        let committed = match element.offset() {
            Offset::Offset(offset) => u64::try_from(offset).ok(),
            _ => None,
        };
        let (low, high) = (low.max(0) as u64, high.max(0) as u64);
        positions.push(Position { partition: element.partition(), low, high, committed });
    }
    Ok(positions)
}

/// Watches all partitions.
pub(crate) struct LagWatch {
    kafka: Kafka,
    asker: BaseConsumer,
    metrics: Metrics,
    gate: Gate,
    progress: Progress,
}

impl LagWatch {
    /// `gate` is closed while a partition stands for `limit` and longer.
    ///
    /// # Errors
    /// As [`asker`].
    pub(crate) fn new(kafka: &Kafka, metrics: Metrics, gate: Gate, limit: Duration) -> Result<Self> {
        let progress = Progress { limit, known: HashMap::new() };
        Ok(Self { kafka: kafka.clone(), asker: asker(kafka)?, metrics, gate, progress })
    }

    /// Looks until asked to stop.
    pub(crate) fn run(mut self, pulse: &Pulse, stop: &CancellationToken) {
        while !stop.is_cancelled() {
            pulse.beat();
            let begun = Instant::now();
            match positions(&self.asker, &self.kafka) {
                Ok(positions) => self.look(&positions, begun),
                Err(error) => {
                    tracing::warn!(error = format!("{error:#}"), "the lag is not known now");
                    // Nobody can get on without Kafka; whoever stands is known some time after it is back.
                    self.progress.known.clear();
                }
            }
            while begun.elapsed() < INTERVAL && !stop.is_cancelled() {
                std::thread::sleep(PIECE);
            }
        }
    }

    fn look(&mut self, positions: &[Position], now: Instant) {
        for position in positions {
            self.metrics.lag(position.partition, i64::try_from(position.lag()).unwrap_or(i64::MAX));
        }
        match self.progress.standing(positions, now) {
            None => self.gate.open(),
            Some((position, standing)) => self.gate.close(format!(
                "events.raw/{} stands at offset {} for {} s, with {} records to be stored",
                position.partition,
                position.stored(),
                standing.as_secs(),
                position.lag(),
            )),
        }
    }
}

/// How long each partition has been where it is.
struct Progress {
    limit: Duration,
    known: HashMap<i32, (u64, Instant)>,
}

impl Progress {
    /// The partition that stands longest, if one does for longer than it may.
    fn standing<'a>(&mut self, positions: &'a [Position], now: Instant) -> Option<(&'a Position, Duration)> {
        let mut longest = None;
        for position in positions {
            let (stored, since) = self.known.entry(position.partition).or_insert((position.stored(), now));
            if *stored != position.stored() || position.lag() == 0 {
                (*stored, *since) = (position.stored(), now);
            }
            let standing = now.saturating_duration_since(*since);
            if standing >= self.limit && longest.is_none_or(|(_, most)| standing > most) {
                longest = Some((position, standing));
            }
        }
        longest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(partition: i32, committed: Option<u64>, high: u64) -> Position {
        Position { partition, low: 10, high, committed }
    }

    #[test]
    fn lag_counts_what_is_there_and_not_committed() {
        assert_eq!(at(0, None, 30).lag(), 20, "nothing committed yet");
        assert_eq!(at(0, Some(25), 30).lag(), 5);
        assert_eq!(at(0, Some(5), 30).lag(), 20, "retention took the rest");
        assert_eq!(at(0, Some(31), 30).lag(), 0);
    }

    #[test]
    fn a_partition_stands_when_it_has_records_and_gets_nowhere() {
        let mut progress = Progress { limit: Duration::from_secs(30), known: HashMap::new() };
        let begun = Instant::now();
        let after = |seconds| begun + Duration::from_secs(seconds);
        let mut stands = |positions: &[Position], seconds| {
            progress
                .standing(positions, after(seconds))
                .map(|(position, standing)| (position.partition, standing.as_secs()))
        };
        assert_eq!(stands(&[at(0, None, 11), at(1, Some(20), 20)], 0), None);
        assert_eq!(stands(&[at(0, None, 12), at(1, Some(20), 20)], 29), None);
        assert_eq!(stands(&[at(0, None, 13), at(1, Some(20), 20)], 31), Some((0, 31)), "more comes, nothing is stored");
        assert_eq!(stands(&[at(0, Some(11), 13), at(1, Some(20), 21)], 40), None, "both have something to do");
        assert_eq!(
            stands(&[at(0, Some(12), 13), at(1, Some(20), 21)], 75),
            Some((1, 44)),
            "since it was last seen with nothing to do"
        );
        assert_eq!(stands(&[at(0, Some(13), 13), at(1, Some(21), 21)], 76), None);
    }
}

//! The changelog of a partition's state: the compacted topic `enrich.state`, read from its beginning on a takeover.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use rdkafka::TopicPartitionList;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::message::Message as _;
use runtime::config::Kafka;
use runtime::kafka::Reader;
use runtime::unreadable::RecordPlace;
use schemas::topics;

use crate::record_error::RecordError;
use crate::state::State;

const TIMEOUT: Duration = Duration::from_secs(10);
/// Progress is logged this often.
const PROGRESS: Duration = Duration::from_secs(5);

/// Reads everything that was known of the partition's users into `state`.
///
/// A record that can't be read is reported and passed over: its user is known as of the record before, or anew.
///
/// # Errors
/// When Kafka can't be read, or a newer version wrote a record.
pub fn read(kafka: &Kafka, partition: i32, state: &mut State) -> Result<()> {
    let reader = Reader::new(kafka, &kafka.topic(topics::STATE), "usertrail-state-reader")?;
    let bounds = reader.bounds(partition)?;
    let (of, mut reported) = (bounds.end, Instant::now());
    reader.read(partition, bounds, |record| {
        let (topic, offset) = (topics::STATE, record.offset());
        let loaded = match (record.key(), record.payload()) {
            (Some(key), Some(value)) => state.load(key, value),
            _ => Err(RecordError::unreadable("it has no key, or no value").into()),
        };
        if let Err(error) = loaded {
            match error.downcast_ref::<RecordError>() {
                Some(unreadable) if !unreadable.is_newer() => {
                    state.unreadable().report(RecordPlace { topic, partition, offset }, unreadable);
                }
                _ => return Err(error).with_context(|| format!("{topic}/{partition} offset {offset}")),
            }
        }
        if reported.elapsed() > PROGRESS {
            reported = Instant::now();
            tracing::info!(partition, offset, of, "reading the state of users");
        }
        Ok(())
    })
}

/// Whether the group has committed the records of the partition up to `end`: then their users' states are written.
///
/// # Errors
/// When Kafka can't be asked.
pub fn is_committed(kafka: &Kafka, partition: i32, end: u64) -> Result<bool> {
    let topic = kafka.topic(topics::EVENTS_RAW);
    let consumer: BaseConsumer = runtime::kafka::consumer_config(kafka, &kafka.group()).create()?;
    let mut asked = TopicPartitionList::new();
    asked.add_partition(&topic, partition);
    let committed = consumer.committed_offsets(asked, TIMEOUT).context("committed offsets")?;
    let offset = committed.elements().first().and_then(|element| element.offset().to_raw());
    Ok(offset.and_then(|offset| u64::try_from(offset).ok()).is_some_and(|offset| offset >= end))
}

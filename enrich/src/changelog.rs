//! The changelog of a partition's state: the compacted topic `enrich.state`, read from its beginning on a takeover.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::message::Message as _;
use rdkafka::{Offset, TopicPartitionList};
use runtime::config::Kafka;
use runtime::unreadable::RecordPlace;
use schemas::topics;

use crate::record_error::RecordError;
use crate::state::State;

const TIMEOUT: Duration = Duration::from_secs(10);
/// Longest silence of the broker while there is more to read.
const PATIENCE: Duration = Duration::from_secs(60);
/// Progress is logged this often.
const PROGRESS: Duration = Duration::from_secs(5);

/// Reads everything that was known of the partition's users into `state`.
///
/// A record that can't be read is reported and passed over: its user is known as of the record before, or anew.
///
/// # Errors
/// When Kafka can't be read, or a newer version wrote a record.
pub fn read(kafka: &Kafka, partition: i32, state: &mut State) -> Result<()> {
    let topic = kafka.topic(topics::STATE);
    let consumer: BaseConsumer = runtime::kafka::consumer_config(kafka, "usertrail-state-reader")
        // Compaction leaves gaps, and may leave nothing before the end: the end is told, not counted to.
        .set("enable.partition.eof", "true")
        .create()
        .context("a reader for the changelog")?;
    let (low, high) = consumer.fetch_watermarks(&topic, partition, TIMEOUT).context("changelog watermarks")?;
    if low >= high {
        return Ok(());
    }
    let mut assignment = TopicPartitionList::new();
    assignment.add_partition_offset(&topic, partition, Offset::Beginning)?;
    consumer.assign(&assignment)?;
    let (mut heard, mut told) = (Instant::now(), Instant::now());
    loop {
        match consumer.poll(Duration::from_millis(500)) {
            Some(Ok(record)) => {
                heard = Instant::now();
                let loaded = match (record.key(), record.payload()) {
                    (Some(key), Some(value)) => state.load(key, value),
                    _ => Err(RecordError::unreadable("it has no key, or no value").into()),
                };
                let offset = record.offset();
                match loaded {
                    Ok(()) => {}
                    Err(error) => match error.downcast_ref::<RecordError>() {
                        Some(unreadable) if !unreadable.is_newer() => {
                            let place = RecordPlace { topic: topics::STATE, partition, offset };
                            state.unreadable().report(place, unreadable);
                        }
                        _ => return Err(error).with_context(|| format!("{topic}/{partition} offset {offset}")),
                    },
                }
                if told.elapsed() > PROGRESS {
                    told = heard;
                    tracing::info!(partition, offset = record.offset(), of = high, "reading the state of users");
                }
                if record.offset() + 1 >= high {
                    return Ok(());
                }
            }
            Some(Err(rdkafka::error::KafkaError::PartitionEOF(_))) => return Ok(()),
            Some(Err(error)) => bail!("reading the changelog: {error}"),
            None if heard.elapsed() > PATIENCE => bail!("the changelog could not be read within a minute"),
            None => {}
        }
    }
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

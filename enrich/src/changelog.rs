//! The changelog of a partition's state: the compacted topic `enrich.state`, read from its beginning on a takeover.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::message::Message as _;
use rdkafka::{Offset, TopicPartitionList};
use runtime::config::Kafka;
use schemas::topics;

use crate::state::State;

const TIMEOUT: Duration = Duration::from_secs(10);
/// Longest silence of the broker while there is more to read.
const PATIENCE: Duration = Duration::from_secs(60);
/// Progress is logged this often.
const PROGRESS: Duration = Duration::from_secs(5);

/// Reads everything that was known of the partition's users into `state`.
///
/// # Errors
/// When Kafka can't be read, or a record is not of a format that this version knows.
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
                if let (Some(key), Some(value)) = (record.key(), record.payload()) {
                    state
                        .load(key, value)
                        .with_context(|| format!("{topic}/{partition} offset {}", record.offset()))?;
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

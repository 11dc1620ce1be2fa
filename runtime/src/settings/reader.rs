//! Follows the topic, on a thread of its own.

use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::message::Message as _;
use rdkafka::{Offset, TopicPartitionList};

use super::{Settings, Snapshot};
use crate::config::Kafka;
use crate::shutdown::Shutdown;

const PARTITION: i32 = 0;
/// How soon a request to stop is noticed.
const POLL: Duration = Duration::from_millis(100);
/// While records keep coming, a snapshot is published this often.
const PUBLISH: Duration = Duration::from_millis(50);
/// The same error again is logged this often.
const LOG_ERRORS: Duration = Duration::from_secs(10);

/// A consumer from the topic's beginning. It is assigned its partition and never joins or commits, but the client library
/// asks for a group's name.
pub(super) fn consumer(kafka: &Kafka, topic: &str) -> Result<BaseConsumer, KafkaError> {
    let group = format!("{}usertrail-settings", kafka.topic_prefix);
    let consumer: BaseConsumer =
        crate::kafka::consumer_config(kafka, &group).set("enable.partition.eof", "true").create()?;
    let mut partitions = TopicPartitionList::new();
    partitions.add_partition_offset(topic, PARTITION, Offset::Beginning)?;
    consumer.assign(&partitions)?;
    Ok(consumer)
}

/// Applies record after record until the process stops.
pub(super) fn follow(consumer: &BaseConsumer, settings: &Settings, stop: &Shutdown) {
    let mut snapshot = Snapshot::default();
    let mut changed = false;
    let mut published = Instant::now();
    let mut complained: Option<Instant> = None;
    while !stop.is_requested() {
        match consumer.poll(POLL) {
            Some(Ok(record)) => {
                match record.key().map(std::str::from_utf8) {
                    Some(Ok(key)) => snapshot.apply(record.offset(), key, record.payload()),
                    _ => snapshot.skip(record.offset()),
                }
                changed = true;
            }
            // The end: nothing more is to come at once, so what came is published; in one go, if it was much.
            Some(Err(KafkaError::PartitionEOF(_))) => {
                if std::mem::take(&mut changed) {
                    settings.publish(snapshot.clone());
                    published = Instant::now();
                }
                settings.caught_up();
            }
            Some(Err(error)) if complained.is_none_or(|at| at.elapsed() > LOG_ERRORS) => {
                tracing::warn!(%error, "settings can't be read now; those known stay in force");
                complained = Some(Instant::now());
            }
            Some(Err(_)) | None => {}
        }
        // Not before the first end: a half-read history must not be in force.
        if changed && settings.is_ready() && published.elapsed() > PUBLISH {
            settings.publish(snapshot.clone());
            (changed, published) = (false, Instant::now());
        }
    }
}

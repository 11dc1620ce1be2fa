//! Records of a topic that are read once more, by their offsets: rows are all that a batch keeps of them.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::message::{BorrowedMessage, Message as _};
use rdkafka::{Offset, TopicPartitionList};
use runtime::config::Kafka;

const TIMEOUT: Duration = Duration::from_secs(10);
/// Further apart than this, the reader jumps instead of reading what lies between.
const FAR: i64 = 5_000;

/// Hands over each of `offsets` (ascending) that the partition still has.
///
/// # Errors
/// When Kafka can't be read; try again.
pub(crate) fn reread(
    kafka: &Kafka,
    topic: &str,
    partition: i32,
    offsets: &[i64],
    mut found: impl FnMut(&BorrowedMessage<'_>),
) -> Result<()> {
    let consumer: BaseConsumer = runtime::kafka::consumer_config(kafka, "usertrail-record-reader")
        .set("enable.partition.eof", "true")
        .create()
        .context("a reader for single records")?;
    let (low, high) = consumer.fetch_watermarks(topic, partition, TIMEOUT).context("watermarks")?;
    let mut wanted = offsets.iter().copied().filter(|offset| (low..high).contains(offset)).peekable();
    let Some(&first) = wanted.peek() else { return Ok(()) };
    let mut assignment = TopicPartitionList::new();
    assignment.add_partition_offset(topic, partition, Offset::Offset(first))?;
    consumer.assign(&assignment)?;
    let mut heard = Instant::now();
    while let Some(&next) = wanted.peek() {
        match consumer.poll(Duration::from_millis(200)) {
            Some(Ok(record)) => {
                heard = Instant::now();
                let at = record.offset();
                while wanted.next_if(|offset| *offset < at).is_some() {}
                if wanted.next_if_eq(&at).is_some() {
                    found(&record);
                }
                if let Some(&next) = wanted.peek()
                    && next - at > FAR
                {
                    consumer.seek(topic, partition, Offset::Offset(next), TIMEOUT)?;
                }
            }
            Some(Err(KafkaError::PartitionEOF(_))) => return Ok(()),
            Some(Err(error)) => bail!("reading {topic}/{partition}: {error}"),
            None if heard.elapsed() > TIMEOUT => bail!("{topic}/{partition} offset {next} can't be read"),
            None => {}
        }
    }
    Ok(())
}

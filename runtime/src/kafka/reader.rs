//! Reading a topic up to an end that is known, without a group: what stands there already, not what is to come.

use std::ops::Range;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::message::{BorrowedMessage, Message as _};
use rdkafka::{Offset, TopicPartitionList};

use super::consumer_config;
use crate::config::Kafka;
use crate::retry_action::RetryAction;

/// Longest wait for the answer to a question about a partition.
const ANSWER: Duration = Duration::from_secs(10);
/// Longest wait for the next record, while there is one.
const SILENCE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(200);

/// Why a topic can't be read.
#[derive(Debug, thiserror::Error)]
#[error("reading {topic}{}", partition.map_or_else(String::new, |partition| format!("/{partition}")))]
pub struct ReadError {
    topic: String,
    partition: Option<i32>,
    /// What the client said; after [`SILENCE`], the last of it.
    #[source]
    source: KafkaError,
}

/// Reads partitions of one topic, one after the other.
pub struct Reader {
    consumer: BaseConsumer,
    topic: String,
}

impl Reader {
    /// Reads `topic`, by its name in this installation ([`Kafka::topic`]). The broker knows the reader by `name`.
    ///
    /// # Errors
    /// When the client can't be made.
    pub fn new(kafka: &Kafka, topic: &str, name: &str) -> Result<Self, ReadError> {
        let topic = topic.to_owned();
        // Compaction and the records of transactions leave gaps, so that the last record may stand anywhere before the end.
        let made = consumer_config(kafka, &format!("{}{name}", kafka.topic_prefix))
            .set("enable.partition.eof", "true")
            .create();
        match made {
            Ok(consumer) => Ok(Self { consumer, topic }),
            Err(source) => Err(ReadError { topic, partition: None, source }),
        }
    }

    /// The topic's name in this installation.
    #[must_use]
    pub fn topic(&self) -> &str {
        &self.topic
    }

    /// The numbers of its partitions.
    ///
    /// # Errors
    /// When the broker doesn't say.
    pub fn partitions(&self) -> Result<Vec<i32>, ReadError> {
        let known =
            self.consumer.fetch_metadata(Some(&self.topic), ANSWER).map_err(|source| self.error(None, source))?;
        Ok(known.topics().iter().flat_map(|topic| topic.partitions()).map(|partition| partition.id()).collect())
    }

    /// From the first offset that a partition still has to the one after its last.
    ///
    /// # Errors
    /// When the broker doesn't say.
    pub fn bounds(&self, partition: i32) -> Result<Range<i64>, ReadError> {
        let bounds = self.consumer.fetch_watermarks(&self.topic, partition, ANSWER);
        bounds.map(|(low, high)| low..high).map_err(|source| self.error(Some(partition), source))
    }

    /// Hands over the records at `offsets`, as far as they are there, in their order.
    ///
    /// # Errors
    /// That of `each`; a [`ReadError`] when no record comes though there is one, or none ever will.
    pub fn read<E: From<ReadError>>(
        &self,
        partition: i32,
        offsets: Range<i64>,
        mut each: impl FnMut(&BorrowedMessage<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        if offsets.is_empty() {
            return Ok(());
        }
        let failed = |source| Err(self.error(Some(partition), source).into());
        let mut assignment = TopicPartitionList::new();
        let assigned = assignment.add_partition_offset(&self.topic, partition, Offset::Offset(offsets.start));
        if let Err(error) = assigned.and_then(|()| self.consumer.assign(&assignment)) {
            return failed(error);
        }
        let (mut heard, mut last) =
            (Instant::now(), KafkaError::MessageConsumption(rdkafka::types::RDKafkaErrorCode::OperationTimedOut));
        loop {
            match self.consumer.poll(POLL) {
                Some(Ok(record)) if record.offset() >= offsets.end => return Ok(()),
                Some(Ok(record)) => {
                    heard = Instant::now();
                    each(&record)?;
                    if record.offset() + 1 >= offsets.end {
                        return Ok(());
                    }
                }
                Some(Err(KafkaError::PartitionEOF(_))) => return Ok(()),
                Some(Err(error)) if !matches!(RetryAction::of_kafka(&error, 1), RetryAction::Retry) => {
                    return failed(error);
                }
                // The client connects again by itself.
                Some(Err(error)) => last = error,
                None => {}
            }
            if heard.elapsed() > SILENCE {
                return failed(last);
            }
        }
    }

    fn error(&self, partition: Option<i32>, source: KafkaError) -> ReadError {
        ReadError { topic: self.topic.clone(), partition, source }
    }
}

//! What a batch sends to topics once its rows are stored: findings, decisions about devices, events for correlations
//! across users, and last the changelog of the state. Sent at least once; whoever reads tells repetitions by their keys
//! and ids, which are made of the events.

use anyhow::{Context as _, Result};
use rdkafka::error::KafkaError;
use rdkafka::producer::{FutureProducer, FutureRecord};
use runtime::config::Kafka;
use runtime::kafka::ROOM;
use schemas::topics;

use crate::sending::send_together;

/// One record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// One of [`schemas::topics`].
    pub topic: &'static str,
    /// Its partition, where it must be the one of the events.
    pub partition: Option<i32>,
    /// Its key.
    pub key: String,
    /// Its value.
    pub value: Vec<u8>,
}

/// Sends all records, and returns once Kafka has answered for each, with those that it will never take and why. The
/// state of users is sent when everything else is answered for: whoever finds it there repeats no findings.
///
/// # Errors
/// When one is not acknowledged; some may have been. Those that are too large are no error: all of them are bounded by
/// the bounds of an event, and a bound that fails must not hold up the partition.
pub async fn send_all<'a>(
    kafka: &Kafka,
    producer: &FutureProducer,
    records: &'a [Outgoing],
) -> Result<Vec<(&'a Outgoing, &'static str)>> {
    let (state, others): (Vec<_>, Vec<_>) = records.iter().partition(|record| record.topic == topics::STATE);
    let mut rejected = Vec::new();
    for some in [others, state] {
        let sent = send_together(&some, |record| send(kafka, producer, record)).await?;
        if let Some(error) = sent.error {
            let topic = sent.again.first().map_or("", |record| record.topic);
            return Err(error).with_context(|| format!("{} records, the first of {topic}", sent.again.len()));
        }
        rejected.extend(sent.rejected);
    }
    Ok(rejected)
}

async fn send(kafka: &Kafka, producer: &FutureProducer, record: &Outgoing) -> Result<(), KafkaError> {
    let topic = kafka.topic(record.topic);
    let mut future = FutureRecord::to(&topic).key(&record.key).payload(&record.value);
    future.partition = record.partition;
    producer.send(future, ROOM).await.map(drop).map_err(|(error, _)| error)
}

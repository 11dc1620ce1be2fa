//! What a batch sends to topics once its rows are stored: findings, decisions about devices and events for correlations
//! across users, and last the changelog of the state. Sent at least once; whoever reads tells repetitions by their keys
//! and ids, which are made of the events.

use anyhow::{Context as _, Result};
use rdkafka::error::KafkaError;
use rdkafka::producer::FutureRecord;
use runtime::config::Kafka;
use runtime::kafka::{Producer, ROOM, placed};

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

/// Sends all records, and returns once Kafka has answered for each, with those that it will never take and why.
///
/// # Errors
/// When one is not acknowledged; some may have been. Those that are too large are no error: all of them are bounded by
/// the bounds of an event, and a bound that fails must not hold up the partition.
pub async fn send_all<'a>(
    kafka: &Kafka,
    producer: &Producer,
    records: &'a [Outgoing],
) -> Result<Vec<(&'a Outgoing, &'static str)>> {
    let all: Vec<_> = records.iter().collect();
    let sent = send_together(&all, |record| send(kafka, producer, record)).await?;
    if let Some(error) = sent.error {
        let topic = sent.again.first().map_or("", |record| record.topic);
        return Err(error).with_context(|| format!("{} records, the first of {topic}", sent.again.len()));
    }
    Ok(sent.rejected)
}

async fn send(kafka: &Kafka, producer: &Producer, record: &Outgoing) -> Result<(), KafkaError> {
    let topic = kafka.topic(record.topic);
    let mut future = FutureRecord::to(&topic).key(&record.key).payload(&record.value);
    future.partition = record.partition;
    placed(producer.send(future, ROOM).await).map(drop)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rdkafka::consumer::{BaseConsumer, Consumer as _};
    use rdkafka::mocking::MockCluster;
    use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};
    use runtime::config::Config;
    use runtime::kafka::{consumer_config, producer_config_within};
    use schemas::topics;

    use super::*;

    /// A1: a finding whose delivery failed, was not answered in time, or was told to be known already though it is
    /// nowhere, is not taken for sent: it is sent again, and then it is there.
    #[tokio::test(flavor = "multi_thread")]
    async fn a_delivery_that_failed_is_made_again() {
        let mock = MockCluster::new(1).unwrap();
        let mut kafka = Config::defaults().unwrap().kafka;
        kafka.brokers = mock.bootstrap_servers();
        mock.create_topic(&kafka.topic(topics::VIOLATIONS), 1, 1).unwrap();
        let producer: Producer = producer_config_within(&kafka, Duration::from_secs(1)).create().unwrap();
        let finding = |number: u8| Outgoing {
            topic: topics::VIOLATIONS,
            partition: None,
            key: "acme/u1".to_owned(),
            value: vec![number],
        };
        let all: Vec<Outgoing> = (0..50).map(finding).collect();
        let until_sent = async |some: &[Outgoing]| {
            let mut failed = 0;
            while send_all(&kafka, &producer, some).await.is_err() {
                failed += 1;
                mock.broker_up(1).unwrap();
            }
            failed
        };
        // However long the first connection takes.
        until_sent(&all[..10]).await;
        let lies = [RDKafkaRespErr::RD_KAFKA_RESP_ERR_DUPLICATE_SEQUENCE_NUMBER];
        mock.request_errors(RDKafkaApiKey::Produce, &lies);
        assert!(until_sent(&all[10..20]).await > 0);
        // For longer than a delivery may take.
        mock.broker_down(1).unwrap();
        assert!(until_sent(&all[20..30]).await > 0);
        until_sent(&all[30..]).await;

        let consumer: BaseConsumer = consumer_config(&kafka, "reader").create().unwrap();
        consumer.subscribe(&[&kafka.topic(topics::VIOLATIONS)]).unwrap();
        let mut missing: std::collections::BTreeSet<u8> = (0..50).collect();
        while !missing.is_empty() {
            if let Some(record) = consumer.poll(Duration::from_secs(1)) {
                use rdkafka::Message as _;
                missing.remove(&record.unwrap().payload().unwrap()[0]);
            }
        }
    }
}

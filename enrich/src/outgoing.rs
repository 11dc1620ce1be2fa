//! What a batch sends to topics once its rows are stored: findings, decisions about devices and events for correlations
//! across users, and last the changelog of the state. Sent at least once; whoever reads recognises repetitions by their keys
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
    use std::collections::BTreeSet;
    use std::time::Duration;

    use embedded::broker::{Broker, BrokerConfig};
    use rdkafka::message::Message as _;
    use runtime::config::Config;
    use runtime::kafka::{Reader, ensure_topics, producer_config_within};
    use schemas::topics;

    use super::*;

    /// A1: a finding whose delivery failed is not taken for sent: it is sent again, and then it is there.
    #[tokio::test(flavor = "multi_thread")]
    async fn a_delivery_that_failed_is_made_again() {
        let dir = tempfile::tempdir().unwrap();
        let listen = "127.0.0.1:0".parse().unwrap();
        let start = || Broker::start(BrokerConfig { data_dir: dir.path().to_owned(), listen });
        let broker = start().await.unwrap();
        let mut kafka = Config::defaults().unwrap().kafka;
        kafka.brokers = broker.bootstrap();
        kafka.partitions = 1;
        ensure_topics(&kafka).await.unwrap();
        let producer: Producer = producer_config_within(&kafka, Duration::from_secs(1)).create().unwrap();
        let finding = |number: u8| Outgoing {
            topic: topics::VIOLATIONS,
            partition: None,
            key: "acme/u1".to_owned(),
            value: vec![number],
        };
        let all: Vec<Outgoing> = (0..30).map(finding).collect();
        // However long the first connection takes.
        while send_all(&kafka, &producer, &all[..10]).await.is_err() {}
        // Away for longer than a delivery may take.
        broker.stop().await;
        send_all(&kafka, &producer, &all[10..20]).await.unwrap_err();
        let broker = start().await.unwrap();
        while send_all(&kafka, &producer, &all[10..]).await.is_err() {}

        let reader = Reader::new(&kafka, &kafka.topic(topics::VIOLATIONS), "test").unwrap();
        let mut found = BTreeSet::new();
        let each = |record: &rdkafka::message::BorrowedMessage<'_>| {
            found.insert(record.payload().unwrap()[0]);
            anyhow::Ok(())
        };
        reader.read(0, reader.bounds(0).unwrap(), each).unwrap();
        assert_eq!(found, (0..30).collect());
        broker.stop().await;
    }
}

//! P15 against a real broker: what is claimed follows what the enrichers have committed.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::net::SocketAddr;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use embedded::broker::{Broker, BrokerConfig};
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _};
use rdkafka::producer::{FutureProducer, FutureRecord};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use runtime::config::{Config, Kafka};
use runtime::freshness::Freshness;
use runtime::metrics::Metrics;
use runtime::shutdown::Shutdown;
use schemas::topics;

/// Sends one event; its offset.
async fn send(kafka: &Kafka, partition: i32) -> i64 {
    let producer: FutureProducer = runtime::kafka::producer_config(kafka).create().unwrap();
    let topic = kafka.topic(topics::EVENTS_RAW);
    let record = FutureRecord::to(&topic).partition(partition).key("acme/u1").payload("{}");
    producer.send(record, Duration::from_secs(10)).await.unwrap().offset
}

/// Commits as an enricher would.
fn commit(kafka: &Kafka, partition: i32, offset: i64) {
    let consumer: BaseConsumer = runtime::kafka::consumer_config(kafka, &kafka.group()).create().unwrap();
    let mut offsets = TopicPartitionList::new();
    offsets.add_partition_offset(&kafka.topic(topics::EVENTS_RAW), partition, Offset::Offset(offset)).unwrap();
    consumer.commit(&offsets, CommitMode::Sync).unwrap();
}

/// Waits until the follower has counted this lag.
async fn lag(metrics: &Metrics, wanted: u64) {
    let line = format!("usertrail_query_lag_records {wanted}\n");
    while !metrics.encode().unwrap().contains(&line) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn claims_follow_commits() {
    let dir = tempfile::tempdir().unwrap();
    let listen = SocketAddr::from(([127, 0, 0, 1], 0));
    let broker = Broker::start(BrokerConfig { data_dir: dir.path().to_owned(), listen }).await.unwrap();
    let mut config = Config::defaults().unwrap();
    config.kafka.brokers = broker.bootstrap();
    config.kafka.partitions = 2;
    let kafka = &config.kafka;
    runtime::kafka::ensure_topics(kafka).await.unwrap();

    let (metrics, shutdown) = (Metrics::default(), Shutdown::default());
    let freshness = Freshness::spawn(&config, &metrics, &runtime::ops::Readiness::default(), &shutdown).unwrap();
    // Nothing is there, so nothing is missing.
    freshness.reaches(Utc::now()).await;

    // One event that is not stored holds the claim, whatever the other partition does.
    assert_eq!(send(kafka, 0).await, 0);
    let sent = Utc::now();
    lag(&metrics, 1).await;
    assert_eq!(send(kafka, 1).await, 0);
    commit(kafka, 1, 1);
    lag(&metrics, 1).await;
    let held: DateTime<Utc> = freshness.complete_until().unwrap();
    assert!(held <= sent, "{held} is later than what is not stored ({sent})");

    // Once it is stored, the claim goes on; a second one that is not holds it again, later.
    assert_eq!(send(kafka, 0).await, 1);
    let second = Utc::now();
    commit(kafka, 0, 1);
    lag(&metrics, 1).await;
    assert!(freshness.complete_until().unwrap() <= second);
    commit(kafka, 0, 2);
    lag(&metrics, 0).await;
    freshness.reaches(second + TimeDelta::milliseconds(1)).await;

    assert!(shutdown.drain(Duration::from_secs(20)).await);
    broker.stop().await;
}

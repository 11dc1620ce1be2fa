//! The ledger when a clock was set back: a decision can be stamped long before the records that it is about.
#![allow(missing_docs, clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use embedded::broker::{Broker, BrokerConfig};
use enrich::partition::ledger::{Decision, Ledger};
use rdkafka::admin::{AdminOptions, NewTopic, TopicReplication};
use rdkafka::producer::{FutureProducer, FutureRecord};
use runtime::config::Config;
use runtime::unreadable::Unreadable;
use schemas::topics;

const DAY: i64 = 86_400_000;

fn decision(start: u64, end: u64) -> Decision {
    Decision { start, end, rows: end - start, duplicates: 0, dead: 0, tenants: BTreeMap::new() }
}

#[tokio::test(flavor = "multi_thread")]
async fn decisions_are_found_whatever_their_time() {
    let dir = tempfile::tempdir().unwrap();
    let listen = SocketAddr::from(([127, 0, 0, 1], 0));
    let broker = Broker::start(BrokerConfig { data_dir: dir.path().to_owned(), listen }).await.unwrap();
    let mut config = Config::defaults().unwrap();
    (config.kafka.brokers, config.kafka.partitions) = (broker.bootstrap(), 1);
    let kafka = &config.kafka;
    // Stamped by whoever writes, as if by a broker whose clock is set.
    let topic =
        NewTopic::new(topics::LEDGER, 1, TopicReplication::Fixed(1)).set("message.timestamp.type", "CreateTime");
    let made = runtime::kafka::admin(kafka).unwrap();
    made.create_topics([&topic], &AdminOptions::new()).await.unwrap();
    let producer: FutureProducer = runtime::kafka::producer_config(kafka).create().unwrap();
    let append = async |one: Decision, at: i64| {
        let value = one.to_bytes().unwrap();
        let record: FutureRecord<'_, (), _> =
            FutureRecord::to(topics::LEDGER).partition(0).payload(&value).timestamp(at);
        producer.send(record, Duration::from_secs(10)).await.unwrap();
    };
    let open = async |start: u64| {
        let kafka = kafka.clone();
        tokio::task::spawn_blocking(move || Ledger::open(&kafka, 0, start, &Unreadable::default()))
            .await
            .unwrap()
            .unwrap()
    };

    let now = chrono::Utc::now().timestamp_millis();
    for number in 0_u64..700 {
        // Set back and forth by days.
        let at = now - (number % 7) as i64 * 3 * DAY;
        append(decision(number * 10, number * 10 + 10), at).await;
    }
    // Of one that was given up: it came second.
    append(decision(6980, 6985), now).await;
    for start in [0, 10, 4000, 6980] {
        let (_, decided) = open(start).await;
        assert_eq!(decided.front().unwrap(), &decision(start, start + 10));
        assert_eq!(decided.len() as u64, 700 - start / 10);
    }
    assert!(open(7000).await.1.is_empty());
    append(decision(7000, 7003), now - DAY).await;
    assert_eq!(open(7000).await.1, [decision(7000, 7003)]);
    broker.stop().await;
}

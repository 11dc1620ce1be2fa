//! What the services need of a Kafka broker, tested through librdkafka as they use it. Each scenario runs against the embedded
//! broker and against Apache Kafka, so that nothing is built on a habit of only one of them.

mod client;
mod groups;
mod wire;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rdkafka::consumer::Consumer;
use rdkafka::message::{Header, Headers, Message, OwnedHeaders};
use rdkafka::producer::FutureRecord;
use rdkafka::{Offset, TopicPartitionList};

use client::{Cluster, LIMIT};
pub(crate) use groups::{
    CONSUMER_CHILD, cooperative_members_share_the_partitions, paused_member_is_replaced_and_its_commit_refused,
    run_consumer_child, stale_commits_are_refused, static_member_returns_without_a_rebalance,
};

/// A broker that a scenario may restart on its data.
pub(crate) trait TestBroker {
    fn bootstrap(&self) -> String;
    async fn restart(&mut self);
}

/// Idempotent, acknowledged by all, zstd, with headers: read back by a group, in the order of each partition.
pub(crate) async fn produced_messages_come_back(broker: &impl TestBroker) {
    let cluster = Cluster::new(&broker.bootstrap());
    let topic = cluster.create_topic("round-trip", 3, &[]).await;
    let producer = cluster.producer();
    for i in 0..300_i32 {
        let (key, value) = (format!("key-{}", i % 7), i.to_string());
        let headers = OwnedHeaders::new()
            .insert(Header { key: "traceparent", value: Some("00-1-2-01") })
            .insert(Header { key: "empty", value: None::<&str> });
        let record = FutureRecord::to(&topic).key(&key).payload(&value).headers(headers);
        drop(producer.send_result(record).map_err(|(error, _)| error).unwrap());
    }
    rdkafka::producer::Producer::flush(&producer, LIMIT).unwrap();

    let consumer = cluster.consumer("round-trip", &[]);
    consumer.subscribe(&[&topic]).unwrap();
    let mut last = std::collections::HashMap::new();
    for _ in 0..300 {
        let message = client::next(&consumer).await;
        let value: i32 = std::str::from_utf8(message.payload().unwrap()).unwrap().parse().unwrap();
        assert_eq!(message.key().unwrap(), format!("key-{}", value % 7).as_bytes());
        let headers = message.headers().unwrap();
        assert_eq!(headers.get(0), Header { key: "traceparent", value: Some(b"00-1-2-01".as_slice()) });
        assert_eq!(headers.get(1), Header { key: "empty", value: None });
        let key = message.key().unwrap().to_owned();
        assert!(last.insert(key, value).is_none_or(|before| before < value), "order within a key");
    }
}

/// What a consumer reads right after it was written, from wherever it begins, is what one reads after a restart.
pub(crate) async fn what_is_read_at_once_is_what_is_kept(broker: &mut impl TestBroker) {
    let cluster = Cluster::new(&broker.bootstrap());
    let mut topics = Vec::new();
    for time in ["CreateTime", "LogAppendTime"] {
        let topic = cluster.create_topic(&format!("kept-{time}"), 1, &[("message.timestamp.type", time)]).await;
        for (at, compression) in ["none", "gzip", "snappy", "lz4", "zstd"].into_iter().enumerate() {
            let producer = cluster.compressing_producer(compression);
            for number in 0..4_i64 {
                let (key, value, at) = (number.to_string(), "x".repeat(at * 300), now_millis() - number * 1000);
                let header = Header { key: "a", value: Some("b") };
                let headers = OwnedHeaders::new().insert(header).insert(Header { key: "none", value: None::<&str> });
                let mut record = FutureRecord::to(&topic).partition(0).timestamp(at);
                (record.key, record.payload) = ((number > 0).then_some(&key), (number != 1).then_some(&value));
                record.headers = (number != 2).then_some(headers);
                // Together in a batch, which readers begin in the midst of.
                drop(producer.send_result(record).map_err(|(error, _)| error).unwrap());
            }
            rdkafka::producer::Producer::flush(&producer, LIMIT).unwrap();
        }
        topics.push(topic);
    }
    let read = async |cluster: &Cluster| {
        let mut found = Vec::new();
        for topic in &topics {
            for from in [0, 2, 5, 18, 19] {
                let consumer = cluster.consumer("kept", &[]);
                let mut start = TopicPartitionList::new();
                start.add_partition_offset(topic, 0, Offset::Offset(from)).unwrap();
                consumer.assign(&start).unwrap();
                for offset in from..20 {
                    let message = client::next(&consumer).await;
                    assert_eq!(message.offset(), offset, "{topic} from {from}");
                    let headers: Vec<_> = message.headers().map_or_else(Vec::new, |headers| {
                        headers.iter().map(|one| (one.key.to_owned(), one.value.map(<[u8]>::to_vec))).collect()
                    });
                    let owned = |bytes: Option<&[u8]>| bytes.map(<[u8]>::to_vec);
                    found.push((message.timestamp(), owned(message.key()), owned(message.payload()), headers));
                }
            }
        }
        found
    };
    let at_once = read(&cluster).await;
    broker.restart().await;
    let kept = read(&Cluster::new(&broker.bootstrap())).await;
    assert_eq!(at_once.len(), kept.len());
    for (at, (once, kept)) in at_once.iter().zip(&kept).enumerate() {
        assert_eq!(once, kept, "{at}");
    }
}

/// A record that is far larger than it looks; what is sent after it is read.
#[allow(dead_code, reason = "Apache Kafka has no such bound")]
pub(crate) async fn bombs_are_refused(broker: &impl TestBroker) {
    let cluster = Cluster::new(&broker.bootstrap());
    let topic = cluster.create_topic("bombs", 1, &[]).await;
    for compression in ["zstd", "gzip", "lz4", "snappy"] {
        let producer = cluster.unbounded_producer(compression);
        let refused = async |value: &str| {
            let record = FutureRecord::<(), _>::to(&topic).payload(value);
            let (error, _) = producer.send(record, LIMIT).await.unwrap_err();
            assert_eq!(
                error.rdkafka_error_code(),
                Some(rdkafka::types::RDKafkaErrorCode::MessageSizeTooLarge),
                "{compression}"
            );
        };
        refused(&"x".repeat(2 << 20)).await;
        if compression == "zstd" {
            refused(&"x".repeat(90_000_000)).await;
        }
        producer.send(FutureRecord::<(), _>::to(&topic).payload(compression), LIMIT).await.unwrap();
    }
    let consumer = cluster.consumer("bombs", &[]);
    consumer.subscribe(&[&topic]).unwrap();
    while client::next(&consumer).await.payload() != Some(b"snappy") {}
}

/// Commits survive a restart, and the group resumes right behind them.
pub(crate) async fn group_resumes_after_restart(broker: &mut impl TestBroker) {
    let cluster = Cluster::new(&broker.bootstrap());
    let topic = cluster.create_topic("resume", 1, &[]).await;
    cluster.produce_numbers(&topic, 0..10).await;
    {
        let consumer = cluster.consumer("resume", &[]);
        consumer.subscribe(&[&topic]).unwrap();
        for expected in 0..6_i64 {
            let message = client::next(&consumer).await;
            assert_eq!(message.offset(), expected);
            if expected == 3 {
                client::commit_through(&consumer, &message);
            }
        }
    }
    broker.restart().await;

    let cluster = Cluster::new(&broker.bootstrap());
    let consumer = cluster.consumer("resume", &[]);
    consumer.subscribe(&[&topic]).unwrap();
    assert_eq!(client::next(&consumer).await.offset(), 4);
    cluster.produce_numbers(&topic, 10..11).await;
    for expected in 5..11_i64 {
        let message = client::next(&consumer).await;
        assert_eq!(message.offset(), expected);
        assert_eq!(message.payload().unwrap(), expected.to_string().as_bytes());
    }
}

/// Watermarks count what is stored; a time finds the first record at or after it.
pub(crate) async fn times_and_watermarks_are_answered(broker: &impl TestBroker) {
    let cluster = Cluster::new(&broker.bootstrap());
    let topic = cluster.create_topic("times", 2, &[]).await;
    let consumer = cluster.consumer("times", &[]);
    assert_eq!(consumer.fetch_watermarks(&topic, 0, LIMIT).unwrap(), (0, 0));
    let start = now_millis() - 100_000;
    let producer = cluster.producer();
    for i in 0..10_i64 {
        let record = FutureRecord::<(), _>::to(&topic).partition(0).timestamp(start + i * 1000).payload("x");
        producer.send(record, LIMIT).await.unwrap();
    }
    assert_eq!(consumer.fetch_watermarks(&topic, 0, LIMIT).unwrap(), (0, 10));
    assert_eq!(consumer.fetch_watermarks(&topic, 1, LIMIT).unwrap(), (0, 0));

    let at = |time: i64| {
        let mut times = TopicPartitionList::new();
        times.add_partition_offset(&topic, 0, Offset::Offset(time)).unwrap();
        consumer.offsets_for_times(times, LIMIT).unwrap().elements()[0].offset()
    };
    assert_eq!(at(start), Offset::Offset(0));
    assert_eq!(at(start + 2500), Offset::Offset(3));
    assert_eq!(at(start + 9000), Offset::Offset(9));
    assert_eq!(at(start + 9001), Offset::End);
}

/// Under `LogAppendTime` a record carries the broker's clock, whatever the producer's says.
pub(crate) async fn append_time_is_the_brokers(broker: &impl TestBroker) {
    let cluster = Cluster::new(&broker.bootstrap());
    let topic = cluster.create_topic("append-time", 1, &[("message.timestamp.type", "LogAppendTime")]).await;
    let before = now_millis();
    let record = FutureRecord::<(), _>::to(&topic).timestamp(before - 3_600_000).payload("x");
    cluster.producer().send(record, LIMIT).await.unwrap();
    let after = now_millis();

    let consumer = cluster.consumer("append-time", &[]);
    consumer.subscribe(&[&topic]).unwrap();
    match client::next(&consumer).await.timestamp() {
        rdkafka::Timestamp::LogAppendTime(time) => assert!((before..=after).contains(&time), "{before} {time} {after}"),
        other => panic!("{other:?}"),
    }
}

/// A compacted topic read from the start gives the last value of each key, tombstones included, before and after a restart.
pub(crate) async fn compacted_topic_keeps_the_last_values(broker: &mut impl TestBroker) {
    let cluster = Cluster::new(&broker.bootstrap());
    let topic = cluster.create_topic("compacted", 1, &[("cleanup.policy", "compact")]).await;
    assert_eq!(cluster.topic_config(&topic, "cleanup.policy").await.as_deref(), Some("compact"));
    let producer = cluster.producer();
    for (key, value) in [("a", Some("1")), ("b", Some("1")), ("a", Some("2")), ("b", None), ("c", Some("3"))] {
        let mut record = FutureRecord::<_, str>::to(&topic).key(key);
        record.payload = value;
        producer.send(record, LIMIT).await.unwrap();
    }
    for restart in [false, true] {
        if restart {
            broker.restart().await;
        }
        let cluster = Cluster::new(&broker.bootstrap());
        let consumer = cluster.consumer(&format!("compacted-{restart}"), &[]);
        let high = consumer.fetch_watermarks(&topic, 0, LIMIT).unwrap().1;
        assert_eq!(high, 5);
        let mut from = TopicPartitionList::new();
        from.add_partition_offset(&topic, 0, Offset::Beginning).unwrap();
        consumer.assign(&from).unwrap();
        let mut values = std::collections::BTreeMap::new();
        loop {
            let message = client::next(&consumer).await;
            let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
            values.insert(text(message.key().unwrap()), message.payload().map(text));
            if message.offset() + 1 == high {
                break;
            }
        }
        assert_eq!(values.get("a").unwrap().as_deref(), Some("2"));
        assert_eq!(values.get("c").unwrap().as_deref(), Some("3"));
        assert_eq!(values.get("b").cloned().flatten(), None);
    }
}

/// What is older than the topic keeps is gone after a restart, the offsets go on, and so does a group that had read less.
///
/// For the embedded broker alone: Apache Kafka deletes whole segments, minutes later.
#[allow(dead_code)] // not part of the other program
pub(crate) async fn expired_records_go(broker: &mut impl TestBroker) {
    let cluster = Cluster::new(&broker.bootstrap());
    let topic = cluster.create_topic("expired", 1, &[("retention.ms", "3600000")]).await;
    let old = now_millis() - 7_200_000;
    let producer = cluster.producer();
    for time in [old, old, old, now_millis()] {
        let record = FutureRecord::<(), _>::to(&topic).timestamp(time).payload("x");
        producer.send(record, LIMIT).await.unwrap();
    }
    {
        let consumer = cluster.consumer("expired", &[]);
        consumer.subscribe(&[&topic]).unwrap();
        client::commit_through(&consumer, &client::next(&consumer).await);
    }
    broker.restart().await;

    let cluster = Cluster::new(&broker.bootstrap());
    let consumer = cluster.consumer("expired", &[]);
    let started = std::time::Instant::now();
    while consumer.fetch_watermarks(&topic, 0, LIMIT).unwrap() != (3, 4) {
        assert!(started.elapsed() < LIMIT, "retention does not run");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    consumer.subscribe(&[&topic]).unwrap();
    assert_eq!(client::next(&consumer).await.offset(), 3);
}

fn now_millis() -> i64 {
    let since: Duration = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(since.as_millis()).unwrap()
}

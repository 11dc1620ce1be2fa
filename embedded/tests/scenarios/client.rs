//! librdkafka clients as the services configure them.

use std::ops::Range;
use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{CommitMode, Consumer, StreamConsumer};
use rdkafka::message::{Message, OwnedMessage};
use rdkafka::producer::{FutureProducer, FutureRecord};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

/// Generous, since tests share their machine; nothing waits for it when all is well.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// A broker's address, and the ways in.
pub(crate) struct Cluster {
    bootstrap: String,
}

impl Cluster {
    pub(crate) fn new(bootstrap: &str) -> Self {
        Self { bootstrap: bootstrap.to_owned() }
    }

    fn config(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", &self.bootstrap).set("reconnect.backoff.max.ms", "500");
        config
    }

    fn admin(&self) -> AdminClient<DefaultClientContext> {
        self.config().create().unwrap()
    }

    pub(crate) async fn create_topic(&self, name: &str, partitions: i32, settings: &[(&str, &str)]) -> String {
        let mut topic = NewTopic::new(name, partitions, TopicReplication::Fixed(1));
        for (key, value) in settings {
            topic = topic.set(key, value);
        }
        let options = AdminOptions::new().operation_timeout(Some(LIMIT));
        let created = self.admin().create_topics([&topic], &options).await.unwrap();
        assert_eq!(created, [Ok(name.to_owned())]);
        name.to_owned()
    }

    pub(crate) async fn topic_config(&self, topic: &str, key: &str) -> Option<String> {
        let described =
            self.admin().describe_configs([&ResourceSpecifier::Topic(topic)], &AdminOptions::new()).await.unwrap();
        described[0].as_ref().unwrap().get(key)?.value.clone()
    }

    pub(crate) fn producer(&self) -> FutureProducer {
        self.compressing_producer("zstd")
    }

    pub(crate) fn compressing_producer(&self, compression: &str) -> FutureProducer {
        self.config()
            .set("enable.idempotence", "true")
            .set("acks", "all")
            .set("compression.type", compression)
            .set("linger.ms", "5")
            .create()
            .unwrap()
    }

    /// Sends as much at once as it is given, however large.
    #[allow(dead_code, reason = "Apache Kafka has no such bound")]
    pub(crate) fn unbounded_producer(&self, compression: &str) -> FutureProducer {
        self.config()
            .set("compression.type", compression)
            .set("message.max.bytes", "200000000")
            .set("batch.size", "200000000")
            .set("linger.ms", "200")
            .create()
            .unwrap()
    }

    pub(crate) async fn produce_numbers(&self, topic: &str, numbers: Range<i64>) {
        let producer = self.producer();
        for number in numbers {
            let value = number.to_string();
            producer.send(FutureRecord::<(), _>::to(topic).partition(0).payload(&value), LIMIT).await.unwrap();
        }
    }

    pub(crate) fn consumer(&self, group: &str, settings: &[(&str, &str)]) -> StreamConsumer {
        let mut config = self.config();
        config
            .set("group.id", group)
            .set("enable.auto.commit", "false")
            .set("auto.offset.reset", "earliest")
            .set("fetch.wait.max.ms", "10")
            .set("session.timeout.ms", "6000")
            .set("heartbeat.interval.ms", "500");
        for (key, value) in settings {
            config.set(*key, *value);
        }
        config.create().unwrap()
    }
}

/// The consumer's next message. Errors on the way (a broker that is just starting) are for librdkafka to overcome.
pub(crate) async fn next(consumer: &StreamConsumer) -> OwnedMessage {
    let received = async {
        loop {
            if let Ok(message) = consumer.recv().await {
                return message.detach();
            }
        }
    };
    tokio::time::timeout(LIMIT, received).await.unwrap()
}

/// Commits everything up to and with `message`.
pub(crate) fn commit_through(consumer: &StreamConsumer, message: &OwnedMessage) {
    let mut offsets = TopicPartitionList::new();
    let next = Offset::Offset(message.offset() + 1);
    offsets.add_partition_offset(message.topic(), message.partition(), next).unwrap();
    consumer.commit(&offsets, CommitMode::Sync).unwrap();
}

//! Kafka: how our clients are configured, and the topics that have to exist.

mod checks;
mod producer;
mod reader;

use std::collections::BTreeMap;
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::Timestamp;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::error::KafkaError;
use rdkafka::producer::future_producer::Delivery;
use rdkafka::types::RDKafkaErrorCode;
use schemas::topics::{self, Cleanup, Partitions, Topic};

pub use self::producer::{Acknowledged, Producer};
pub use self::reader::{ReadError, Reader};
use crate::config::Kafka;

/// How long the acknowledgement of a send may take that somebody waits for: settings, decisions, what staff do.
pub const ANSWERED: Duration = Duration::from_secs(10);
/// How long the acknowledgement of a send may take that is tried again by itself: all that enrich and alert write.
///
/// As long as the client's own default: an idempotent producer that gives a batch up begins a new epoch, which costs the
/// embedded broker more than waiting does.
pub const DELIVERED: Duration = Duration::from_secs(300);
/// How long one request to a broker may take.
const REQUEST: Duration = Duration::from_secs(30);
/// How long a send waits for room in the client's queue.
pub const ROOM: Duration = Duration::from_secs(5);
/// Bytes that one partition gives in one fetch, one batch at least. Several of the largest batches: a fetch that ends by its
/// size makes the embedded broker read on through all that is left of the partition, and a large record would be a fetch of
/// its own.
const FETCH_PARTITION_BYTES: usize = 8 * topics::MAX_BATCH_BYTES;
/// Bytes of one fetch over all partitions, and of the answer that carries it.
const FETCH_BYTES: usize = 50 << 20;
const ANSWER_BYTES: usize = 100 << 20;
/// [`topics::MAX_BATCH_BYTES`], as the configuration of topics has it.
const MAX_BATCH_BYTES: &str = "1048588";
/// Longest wait for one answer of the cluster about its topics.
const ADMIN_TIMEOUT: Duration = Duration::from_secs(10);
/// Longest wait for new topics to have leaders.
const VISIBLE_TIMEOUT: Duration = Duration::from_secs(20);

/// Why the topics are not as they should be.
#[derive(Debug, thiserror::Error)]
pub enum TopicsError {
    /// The cluster can't be asked.
    #[error("kafka at {brokers}: {source}")]
    Unreachable {
        /// The brokers asked.
        brokers: String,
        /// What the client said.
        source: KafkaError,
    },
    /// A topic was refused.
    #[error("topic {topic} can't be created: {code}")]
    Refused {
        /// Its name.
        topic: String,
        /// What the broker said.
        code: RDKafkaErrorCode,
    },
    /// A topic was created, but has no leader.
    #[error("topics {names} are not available after {limit} s", limit = VISIBLE_TIMEOUT.as_secs())]
    Invisible {
        /// Their names, separated by commas.
        names: String,
    },
    /// A topic that exists is set in a way that loses, doubles or holds up records.
    #[error("topic {topic} has {setting}={found}, but {needed}")]
    Setting {
        /// Its name.
        topic: String,
        /// The setting.
        setting: &'static str,
        /// What it is set to.
        found: String,
        /// What it must be, and why.
        needed: String,
    },
    /// Times of receipt would lie before those that events can have.
    #[error(
        "the clock says {now}: with kafka.event_retention_hours = {hours}, events would be kept from before 2020, where no \
         time of receipt lies"
    )]
    Clock {
        /// What it says.
        now: String,
        /// The retention.
        hours: u32,
    },
    /// A topic must have as many partitions as the events.
    #[error("topic {topic} has {found} partitions, but the events have {expected}")]
    Partitions {
        /// Its name.
        topic: String,
        /// How many it has.
        found: usize,
        /// How many it must have.
        expected: usize,
    },
    /// The work was cut off.
    #[error("interrupted")]
    Interrupted,
}

/// What became of a send to one of our topics, where an acknowledgement without the broker's time of receipt counts for none.
///
/// librdkafka takes a broker's answer that it has the batch's sequence number already for an acknowledgement of a batch that it sent
/// before, under offsets that it makes up. All our topics are stamped by the broker, and that answer has no stamp. It is right
/// unless the two count differently, after a batch that was given up: then the record is nowhere. Sent again, it is there once
/// at least, and whoever reads recognises repetitions.
///
/// # Errors
/// That of the send; [`RDKafkaErrorCode::DuplicateSequenceNumber`] where nobody knows whether the record is in the topic.
pub fn placed(sent: Acknowledged) -> Result<Delivery, KafkaError> {
    match sent {
        Ok(delivery) if matches!(delivery.timestamp, Timestamp::LogAppendTime(_)) => Ok(delivery),
        Ok(_) => Err(KafkaError::MessageProduction(RDKafkaErrorCode::DuplicateSequenceNumber)),
        Err(error) => Err(error),
    }
}

fn base_config(kafka: &Kafka) -> ClientConfig {
    let mut config = ClientConfig::new();
    // First, so that nothing of ours can be undone by it; what must not be there at all is refused with the configuration.
    for (name, value) in &kafka.options {
        config.set(name, value.expose());
    }
    config.set("bootstrap.servers", &kafka.brokers).set("client.id", "usertrail");
    config.set("reconnect.backoff.max.ms", "2000").set("socket.keepalive.enable", "true");
    config
}

/// A consumer of `group`, which commits by itself and never joins events twice by accident: no automatic commits, no
/// automatic storing of offsets.
///
/// Fetches wait at most 100 ms for something to come: an event is delivered at once all the same, while the embedded
/// broker, which works on each request, is not kept busy by consumers that have nothing to do.
#[must_use]
pub fn consumer_config(kafka: &Kafka, group: &str) -> ClientConfig {
    let mut config = base_config(kafka);
    config
        .set("group.id", group)
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        .set("auto.offset.reset", "earliest")
        .set("fetch.wait.max.ms", "100")
        .set("fetch.message.max.bytes", FETCH_PARTITION_BYTES.to_string())
        .set("fetch.max.bytes", FETCH_BYTES.to_string())
        .set("receive.message.max.bytes", ANSWER_BYTES.to_string())
        .set("partition.assignment.strategy", "cooperative-sticky")
        .set("session.timeout.ms", kafka.session_timeout_ms.to_string())
        .set("heartbeat.interval.ms", (kafka.session_timeout_ms / 5).to_string())
        // Also the broker's patience with a member that falls silent in the middle of a rebalance: with the default of
        // five minutes, so long nobody would work on its partitions. Our consumers poll many times a second.
        .set("max.poll.interval.ms", (kafka.session_timeout_ms * 2).to_string())
        .set("topic.metadata.refresh.interval.ms", "30000");
    config
}

/// A consumer that joins `group`, as `member` where the installation has a name for this process (`kafka.instance_id`): a
/// process that comes back under its name after a crash takes its partitions up at once. Without one, the broker waits
/// until the session of the one that died is over.
#[must_use]
pub fn member_config(kafka: &Kafka, group: &str, member: &str) -> ClientConfig {
    let mut config = consumer_config(kafka, group);
    if let Some(instance) = &kafka.instance_id {
        config.set("group.instance.id", format!("{instance}-{member}"));
    }
    config
}

/// A producer whose acknowledgement means: on all replicas in sync, once, in order.
///
/// Keys are partitioned as Java clients do it, so that applications that write to Kafka themselves put a user's events
/// into the same partition.
///
/// To the embedded broker one request is on its way at a time, without idempotence: it answers a connection's requests one after the
/// other anyway, and an idempotent client spins while it waits for an answer with more to send (librdkafka 2.12 keeps it at five
/// *records* on their way, and looks again at once). In order it is all the same; a record that it sends again because no
/// answer came in time may be there twice, and who reads recognises repetitions, as after a crash.
///
/// For whoever sends in bulk and waits as long as it takes; where a time is promised, [`producer_config_within`].
#[must_use]
pub fn producer_config(kafka: &Kafka) -> ClientConfig {
    let mut config = base_config(kafka);
    config
        .set("enable.idempotence", "true")
        .set("acks", "all")
        .set("partitioner", "murmur2_random")
        .set("compression.type", "lz4")
        .set("linger.ms", "5")
        .set("message.max.bytes", topics::MAX_MESSAGE_BYTES.to_string())
        .set("batch.size", topics::MAX_MESSAGE_BYTES.to_string())
        .set("queue.buffering.max.messages", "500000")
        .set("queue.buffering.max.kbytes", "262144");
    if kafka.is_embedded {
        config.set("enable.idempotence", "false").set("max.in.flight", "1");
    }
    config
}

/// As [`producer_config`], with a bound on the time from handing a record over to its acknowledgement, retries of the
/// client included. The wait that is given to a send is only the wait for room in the queue.
///
/// A record that runs out of time may be in the topic all the same.
#[must_use]
pub fn producer_config_within(kafka: &Kafka, within: Duration) -> ClientConfig {
    let mut config = producer_config(kafka);
    config
        .set("delivery.timeout.ms", within.as_millis().to_string())
        .set("request.timeout.ms", within.min(REQUEST).as_millis().to_string());
    config
}

/// An administrative client.
///
/// # Errors
/// When the options are not librdkafka's.
pub fn admin(kafka: &Kafka) -> Result<AdminClient<DefaultClientContext>, KafkaError> {
    base_config(kafka).create()
}

/// Creates the topics that don't exist, and waits until all are there. Existing ones stay as they are, and are refused
/// where their settings would lose, double or hold up records. Safe twice, and by two at once.
///
/// # Errors
/// [`TopicsError`]; trying again later is always safe.
pub async fn ensure_topics(kafka: &Kafka) -> Result<(), TopicsError> {
    let unreachable = |source| TopicsError::Unreachable { brokers: kafka.brokers.clone(), source };
    let admin = std::sync::Arc::new(admin(kafka).map_err(unreachable)?);
    let existing = partitions(&admin).await?.map_err(unreachable)?;
    let events = existing.get(&kafka.topic(topics::EVENTS_RAW)).copied();
    let configured = usize::try_from(kafka.partitions).unwrap_or(1);
    if let Some(count) = events.filter(|count| *count != configured) {
        tracing::warn!(count, configured, "events.raw keeps its number of partitions, not the configured one");
    }
    let count = events.unwrap_or(configured);

    let missing: Vec<(String, &Topic)> = topics::ALL
        .iter()
        .map(|topic| (kafka.topic(topic.name), topic))
        .filter(|(name, _)| !existing.contains_key(name))
        .collect();
    let settings: Vec<(&str, String)> = missing.iter().map(|(_, topic)| retention(topic, kafka)).collect();
    let new: Vec<NewTopic<'_>> = missing
        .iter()
        .zip(&settings)
        .map(|((name, topic), retention)| new_topic(name, topic, count, kafka.replication, retention))
        .collect();
    if !new.is_empty() {
        let options = AdminOptions::new().request_timeout(Some(ADMIN_TIMEOUT)).operation_timeout(Some(ADMIN_TIMEOUT));
        for created in admin.create_topics(&new, &options).await.map_err(unreachable)? {
            match created {
                Ok(topic) => tracing::info!(%topic, "topic created"),
                Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
                Err((topic, code)) => return Err(TopicsError::Refused { topic, code }),
            }
        }
    }
    let all = wait_until_visible(kafka, &admin).await?;
    let ledger = kafka.topic(topics::LEDGER);
    let expected = all.get(&kafka.topic(topics::EVENTS_RAW)).copied().unwrap_or(count);
    match all.get(&ledger) {
        Some(found) if *found != expected => Err(TopicsError::Partitions { topic: ledger, found: *found, expected }),
        _ => checks::check(kafka, &admin).await,
    }
}

fn retention(topic: &Topic, kafka: &Kafka) -> (&'static str, String) {
    let hours = |hours: u64| (hours * 3_600_000).to_string();
    match topic.cleanup {
        Cleanup::Compact => ("min.cleanable.dirty.ratio", "0.1".to_owned()),
        Cleanup::EventRetention => ("retention.ms", hours(kafka.event_retention_hours.into())),
        Cleanup::DeadLetterRetention => ("retention.ms", hours(u64::from(kafka.dead_letter_retention_days) * 24)),
    }
}

fn new_topic<'a>(
    name: &'a str,
    topic: &Topic,
    events: usize,
    replication: i32,
    (setting, value): &'a (&'a str, String),
) -> NewTopic<'a> {
    let partitions = match topic.partitions {
        Partitions::One => 1,
        Partitions::AsEvents => i32::try_from(events).unwrap_or(i32::MAX),
    };
    let new = NewTopic::new(name, partitions, TopicReplication::Fixed(replication))
        .set("cleanup.policy", if topic.cleanup == Cleanup::Compact { "compact" } else { "delete" })
        .set(setting, value)
        .set("max.message.bytes", MAX_BATCH_BYTES)
        // By the broker's clock: a sender can't choose its time of receipt, and a process whose clock is wrong is not
        // refused what it has to write.
        .set("message.timestamp.type", "LogAppendTime");
    // Whoever waits to hear which of two changes won has heard it before either may go.
    let new = if topic.name == topics::SETTINGS { new.set("min.compaction.lag.ms", "3600000") } else { new };
    // With one copy less in sync, writes still pass, and what is acknowledged survives the loss of a broker.
    if replication >= 3 { new.set("min.insync.replicas", "2") } else { new }
}

type Admin = std::sync::Arc<AdminClient<DefaultClientContext>>;
type Counts = BTreeMap<String, usize>;

/// Topics whose partitions all have a leader, with their number of partitions.
async fn partitions(admin: &Admin) -> Result<Result<Counts, KafkaError>, TopicsError> {
    let admin = Admin::clone(admin);
    let asked = tokio::task::spawn_blocking(move || {
        let metadata = admin.inner().fetch_metadata(None, ADMIN_TIMEOUT)?;
        let led = metadata.topics().iter().filter(|topic| {
            topic.error().is_none()
                && !topic.partitions().is_empty()
                && topic.partitions().iter().all(|partition| partition.leader() >= 0)
        });
        Ok(led.map(|topic| (topic.name().to_owned(), topic.partitions().len())).collect())
    });
    asked.await.map_err(|_| TopicsError::Interrupted)
}

async fn wait_until_visible(kafka: &Kafka, admin: &Admin) -> Result<Counts, TopicsError> {
    let deadline = tokio::time::Instant::now() + VISIBLE_TIMEOUT;
    loop {
        let existing = partitions(admin)
            .await?
            .map_err(|source| TopicsError::Unreachable { brokers: kafka.brokers.clone(), source })?;
        let missing: Vec<String> = topics::ALL
            .iter()
            .map(|topic| kafka.topic(topic.name))
            .filter(|name| !existing.contains_key(name))
            .collect();
        if missing.is_empty() {
            return Ok(existing);
        }
        if tokio::time::Instant::now() > deadline {
            return Err(TopicsError::Invisible { names: missing.join(", ") });
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A record that a broker says it has already, without a time of receipt, may be nowhere: it counts as not sent.
    #[test]
    fn an_acknowledgement_has_the_brokers_time() {
        let at = |timestamp| placed(Ok(Delivery { partition: 0, offset: 7, timestamp }));
        assert_eq!(at(Timestamp::LogAppendTime(5)).unwrap().offset, 7);
        for timestamp in [Timestamp::NotAvailable, Timestamp::CreateTime(5)] {
            assert_eq!(at(timestamp), Err(KafkaError::MessageProduction(RDKafkaErrorCode::DuplicateSequenceNumber)));
        }
    }
}

//! Compacted topics of one partition that a process keeps in memory: a thread [follows](spawn) the topic, and a change is
//! in force here when [`Log::write`] returns, in other processes a moment later.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::message::Message as _;
use rdkafka::producer::FutureRecord;
use rdkafka::{Offset, TopicPartitionList};
use tokio::sync::watch;

use crate::config::Kafka;
use crate::kafka::{ANSWERED, Producer, placed};
use crate::metrics::{Metrics, Name};
use crate::ops::Pulse;
use crate::shutdown::Shutdown;
use crate::unreadable::{RecordPlace, Unreadable};

/// Longest wait until an acknowledged record comes back.
pub(crate) const APPLY_TIMEOUT: Duration = Duration::from_secs(10);
const PARTITION: i32 = 0;
/// How soon a request to stop is noticed.
const POLL: Duration = Duration::from_millis(100);
/// While records keep coming, they are published this often.
const PUBLISH: Duration = Duration::from_millis(50);
/// The same error again is logged this often.
const LOG_ERRORS: Duration = Duration::from_secs(10);
/// After an error, and while nothing comes, it is looked this often whether the topic can be read to its end again.
const LOOK: Duration = Duration::from_secs(2);
/// Longest wait for changes that are in the topic already, and how long nobody waits after that failed.
const CATCH_UP: Duration = Duration::from_secs(2);
const RESIGNED: Duration = Duration::from_secs(10);
/// How long a follower may not be able to read its topic until a process that needs it is not ready.
pub(crate) const SILENCE: Duration = Duration::from_secs(15);
/// After how long a start gives Kafka up: a broker that is started beside us may take a minute.
const START_SILENCE: Duration = Duration::from_secs(120);

/// What becomes of the records of a topic.
pub(crate) trait Follower: Send + 'static {
    /// Takes in one record; no value: the key is gone. The error says why it can't be read; the record is passed over.
    fn apply(&mut self, offset: i64, key: &str, value: Option<&[u8]>) -> Result<(), String>;
    /// Takes note of a record without a readable key.
    fn skip(&mut self, offset: i64);
    /// How far it is, for others to see.
    fn progress(&self) -> &Progress;
    /// Makes what was taken in known to readers.
    fn publish(&mut self);
    /// Everything is published that was there at the start. Called at each end that is reached.
    fn caught_up(&mut self);
}

/// How far a topic was followed.
#[derive(Debug)]
pub(crate) struct Progress {
    /// The offset after the last record that is in force.
    pub(crate) applied: watch::Sender<i64>,
    /// Whether everything was read that was there at the start.
    ready: watch::Sender<bool>,
    /// Beats while the topic can be read.
    pub(crate) pulse: Pulse,
    /// Records that could not be read.
    unreadable: Unreadable,
}

impl Default for Progress {
    fn default() -> Self {
        Self {
            applied: watch::Sender::new(0),
            ready: watch::Sender::new(false),
            pulse: Pulse::default(),
            unreadable: Unreadable::default(),
        }
    }
}

impl Progress {
    /// Registers the count of records that could not be read.
    pub(crate) fn register(&self, metrics: &Metrics, name: Name) {
        self.unreadable.register(metrics, name);
    }

    /// Takes note that the end was reached. Whether it is the first time.
    pub(crate) fn caught_up(&self) -> bool {
        !self.ready.send_replace(true)
    }

    /// Returns once the end was reached.
    pub(crate) async fn ready(&self) {
        // Can't fail: the sender lives as long as `self`.
        let _ = self.ready.subscribe().wait_for(|ready| *ready).await;
    }

    /// Returns once the end was reached, or nothing could be read for a long time; whether it was reached.
    pub(crate) async fn ready_unless_silent(&self) -> bool {
        loop {
            if tokio::time::timeout(LOOK, self.ready()).await.is_ok() {
                return true;
            }
            if self.pulse.silent_for() > START_SILENCE {
                return false;
            }
        }
    }

    /// Whether the end was reached.
    pub(crate) fn is_ready(&self) -> bool {
        *self.ready.borrow()
    }
}

/// Why a record is not in force.
#[derive(Debug)]
pub(crate) enum WriteError {
    /// The broker did not take it.
    Kafka(KafkaError),
    /// The broker took it, but it did not come back in time.
    NotApplied,
}

/// Where records are written.
pub(crate) struct Log {
    producer: Producer,
    topic: String,
    /// Until when nobody waits to [catch up](Log::catch_up), since that failed.
    resigned: Mutex<Option<Instant>>,
}

impl Log {
    /// A producer for the topic, which waits for no second record.
    pub(crate) fn new(kafka: &Kafka, topic: &str) -> Result<Self, KafkaError> {
        let producer = crate::kafka::producer_config_within(kafka, ANSWERED).set("linger.ms", "0").create()?;
        Ok(Self { producer, topic: topic.to_owned(), resigned: Mutex::default() })
    }

    /// Waits until everything is in force here that was in the topic when this was called. After a failure nobody waits for a
    /// while: what is known is in force, and what comes will be at its pace.
    pub(crate) fn catch_up(&self, progress: &Progress) {
        let resigned = || self.resigned.lock().unwrap_or_else(PoisonError::into_inner);
        if resigned().is_some_and(|until| Instant::now() < until) {
            return;
        }
        let deadline = Instant::now() + CATCH_UP;
        let caught_up = match self.producer.ends(&self.topic, PARTITION, CATCH_UP) {
            Ok((_, end)) => loop {
                if *progress.applied.borrow() >= end {
                    break true;
                }
                if Instant::now() >= deadline {
                    break false;
                }
                std::thread::sleep(Duration::from_millis(1));
            },
            Err(_) => false,
        };
        if !caught_up {
            *resigned() = Some(Instant::now() + RESIGNED);
            tracing::warn!(topic = self.topic, "changes can't be read as they come; what is known stays in force");
        }
    }

    /// Removes a key, without waiting until that is known here.
    pub(crate) async fn remove(&self, key: &str) -> Result<(), KafkaError> {
        let record: FutureRecord<'_, str, [u8]> = FutureRecord::to(&self.topic).key(key);
        self.producer.send(record, Duration::ZERO).await.map(drop)
    }

    /// Writes one record (`None` removes the key) and returns its offset once it is in force here.
    pub(crate) async fn write(&self, key: &str, value: Option<&[u8]>, progress: &Progress) -> Result<i64, WriteError> {
        let record = FutureRecord { payload: value, ..FutureRecord::to(&self.topic).key(key) };
        let delivered = placed(self.producer.send(record, Duration::ZERO).await).map_err(WriteError::Kafka)?;
        let mut applied = progress.applied.subscribe();
        let read_back = applied.wait_for(|next| *next > delivered.offset);
        match tokio::time::timeout(APPLY_TIMEOUT, read_back).await {
            Ok(_) => Ok(delivered.offset),
            Err(_) => Err(WriteError::NotApplied),
        }
    }
}

/// Follows a topic of [`schemas::topics`], which has to exist, from its beginning until the process stops.
pub(crate) fn spawn(
    kafka: &Kafka,
    name: &'static str,
    shutdown: &Shutdown,
    follower: impl Follower,
) -> Result<(), KafkaError> {
    let topic = kafka.topic(name);
    let consumer = consumer(kafka, &topic, name)?;
    let stop = shutdown.clone();
    shutdown.supervise_blocking(name, move || follow(&consumer, &topic, name, follower, &stop));
    Ok(())
}

/// A consumer from the topic's beginning. It is assigned its partition and never joins or commits, but the client library
/// asks for a group's name.
fn consumer(kafka: &Kafka, topic: &str, name: &str) -> Result<BaseConsumer, KafkaError> {
    let group = format!("{}usertrail-{name}", kafka.topic_prefix);
    let consumer: BaseConsumer =
        crate::kafka::consumer_config(kafka, &group).set("enable.partition.eof", "true").create()?;
    let mut partitions = TopicPartitionList::new();
    partitions.add_partition_offset(topic, PARTITION, Offset::Beginning)?;
    consumer.assign(&partitions)?;
    Ok(consumer)
}

fn follow(consumer: &BaseConsumer, topic: &str, name: &'static str, mut follower: impl Follower, stop: &Shutdown) {
    let (mut changed, mut ready) = (false, false);
    let mut published = Instant::now();
    let mut complained: Option<Instant> = None;
    let mut next = 0;
    // Whether the topic can't be read, as far as is known, and when that was last looked at.
    let (mut cut_off, mut looked) = (true, Instant::now());
    while !stop.is_requested() {
        match consumer.poll(POLL) {
            Some(Ok(record)) => {
                let applied = match record.key().map(std::str::from_utf8) {
                    Some(Ok(key)) => follower.apply(record.offset(), key, record.payload()),
                    _ => {
                        follower.skip(record.offset());
                        Err("it has no readable key".to_owned())
                    }
                };
                if let Err(why) = applied {
                    let place = RecordPlace { topic: name, partition: PARTITION, offset: record.offset() };
                    follower.progress().unreadable.report(place, &why);
                }
                next = record.offset() + 1;
                (changed, cut_off) = (true, false);
            }
            // The end: nothing more is to come at once, so what came is published; in one go, if it was much.
            Some(Err(KafkaError::PartitionEOF(_))) => {
                if std::mem::take(&mut changed) {
                    follower.publish();
                    published = Instant::now();
                }
                follower.caught_up();
                (ready, cut_off) = (true, false);
            }
            Some(Err(error)) => {
                cut_off = true;
                if complained.is_none_or(|at| at.elapsed() > LOG_ERRORS) {
                    tracing::warn!(%error, name, "the topic can't be read now; what is known stays in force");
                    complained = Some(Instant::now());
                }
            }
            // The client reports the end once. After it nothing comes of a topic that nobody changes, nor of one that can't be read.
            None if ready && looked.elapsed() >= LOOK => {
                looked = Instant::now();
                // An end before what was read already: the topic was made anew, and nothing more will come.
                cut_off = consumer.fetch_watermarks(topic, PARTITION, LOOK).map_or(true, |(_, end)| end < next);
            }
            None => {}
        }
        if !cut_off {
            follower.progress().pulse.beat();
        }
        // Not before the first end: a half-read history must not be in force.
        if changed && ready && published.elapsed() > PUBLISH {
            follower.publish();
            (changed, published) = (false, Instant::now());
        }
    }
}

//! Reading the dead-letter topic, and sending records again once what was wrong with them is mended.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use futures::{StreamExt as _, stream};
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::message::{Header, Message as _, OwnedHeaders};
use rdkafka::producer::FutureRecord;
use rdkafka::{Offset, TopicPartitionList};
use runtime::config::Kafka;
use runtime::kafka::{DELIVERED, Producer, ROOM, placed};
use runtime::retry_action::RetryAction;
use runtime::unreadable::{RecordPlace, Unreadable};
use schemas::topics;

use super::{DeadLetter, sha256};
use crate::record_headers;
use crate::reread::reread;

const TIMEOUT: Duration = Duration::from_secs(10);
/// Longest silence of the broker while there is more to read, in polls of half a second.
const QUIET: u32 = 20;
/// Records on their way at once.
const AT_ONCE: usize = 100;

/// How sending again ended.
#[derive(Debug, Default)]
pub struct Replayed {
    /// Records sent.
    pub sent: usize,
    /// Those that can't be sent, and why; they stay as they are.
    pub left: Vec<(DeadLetter, String)>,
}

/// Every dead letter kept, one for each place (a crash may have written it twice), in order of place.
///
/// # Errors
/// When Kafka can't be read.
pub fn list(kafka: &Kafka) -> Result<Vec<DeadLetter>> {
    let mut letters = BTreeMap::new();
    scan(kafka, |letter| {
        letters.insert((letter.topic.clone(), letter.partition, letter.offset), letter);
    })?;
    Ok(letters.into_values().collect())
}

/// The places of the dead letters of `topic`: partitions and offsets.
///
/// # Errors
/// When Kafka can't be read.
pub fn places(kafka: &Kafka, topic: &str) -> Result<BTreeSet<(i32, i64)>> {
    let mut places = BTreeSet::new();
    scan(kafka, |letter| {
        if letter.topic == topic {
            places.insert((letter.partition, letter.offset));
        }
    })?;
    Ok(places)
}

/// Hands over each dead letter, in the order of each partition. What is none is reported and passed over.
fn scan(kafka: &Kafka, mut found: impl FnMut(DeadLetter)) -> Result<()> {
    let consumer: BaseConsumer = runtime::kafka::consumer_config(kafka, "usertrail-dead-letter-reader")
        .set("enable.partition.eof", "true")
        .create()?;
    let topic = kafka.topic(topics::DEAD_LETTER);
    let metadata = consumer.fetch_metadata(Some(&topic), TIMEOUT).context("asking for the dead-letter topic")?;
    let unreadable = Unreadable::default();
    for partition in metadata.topics().iter().flat_map(|topic| topic.partitions()) {
        scan_partition(&consumer, &topic, partition.id(), &unreadable, &mut found)?;
    }
    Ok(())
}

fn scan_partition(
    consumer: &BaseConsumer,
    topic: &str,
    partition: i32,
    unreadable: &Unreadable,
    found: &mut impl FnMut(DeadLetter),
) -> Result<()> {
    let (low, high) = consumer.fetch_watermarks(topic, partition, TIMEOUT)?;
    if low >= high {
        return Ok(());
    }
    let mut assignment = TopicPartitionList::new();
    assignment.add_partition_offset(topic, partition, Offset::Offset(low))?;
    consumer.assign(&assignment)?;
    let mut quiet = 0;
    loop {
        match consumer.poll(Duration::from_millis(500)) {
            Some(Ok(record)) => {
                quiet = 0;
                match DeadLetter::read(&record) {
                    Ok(letter) => found(letter),
                    Err(error) => {
                        let offset = record.offset();
                        unreadable.report(RecordPlace { topic: topics::DEAD_LETTER, partition, offset }, &error);
                    }
                }
                if record.offset() + 1 >= high {
                    return Ok(());
                }
            }
            Some(Err(KafkaError::PartitionEOF(_))) => return Ok(()),
            Some(Err(error)) => bail!("reading the dead letter: {error}"),
            None if quiet >= QUIET => bail!("the dead letter could not be read: no answer"),
            None => quiet += 1,
        }
    }
}

/// Sends the dead letters that `wanted` picks to their topic again, each to the partition that it came from and with its
/// key, and marks them as sent. Those sent before are left out. One that is cut is sent as it stands in its topic, while
/// it stands there.
///
/// # Errors
/// When Kafka doesn't acknowledge; those already sent stay sent.
pub async fn replay(kafka: &Kafka, wanted: impl Fn(&DeadLetter) -> bool) -> Result<Replayed> {
    let reading = kafka.clone();
    let letters = tokio::task::spawn_blocking(move || list(&reading)).await??;
    let producer: Producer = runtime::kafka::producer_config_within(kafka, DELIVERED).create()?;
    let letters: Vec<_> = letters.into_iter().filter(|letter| !letter.replayed && wanted(letter)).collect();
    let mut replayed = Replayed::default();
    // In their order, so that a user's events stay in theirs.
    let mut ends =
        stream::iter(letters).map(|letter| replay_one(kafka.clone(), producer.clone(), letter)).buffered(AT_ONCE);
    while let Some(end) = ends.next().await {
        match end? {
            Ok(()) => replayed.sent += 1,
            Err(left) => replayed.left.push(*left),
        }
    }
    Ok(replayed)
}

type Left = Box<(DeadLetter, String)>;

async fn replay_one(kafka: Kafka, producer: Producer, mut letter: DeadLetter) -> Result<Result<(), Left>> {
    let whole = if letter.cut {
        let (reading, cut) = (kafka.clone(), letter.clone());
        match tokio::task::spawn_blocking(move || original(&reading, &cut)).await?? {
            Ok(whole) => whole,
            Err(why) => return Ok(Err(Box::new((letter, why)))),
        }
    } else {
        letter.clone()
    };
    let mut headers = whole.append_headers(OwnedHeaders::new());
    // Its topic gives it another time. What was sent again before has the first one.
    let is_dated = whole.headers.iter().any(|(name, _)| name == topics::headers::WRITTEN_AT);
    if whole.timestamp >= 0 && !is_dated {
        let at = whole.timestamp.to_string();
        headers = headers.insert(Header { key: topics::headers::WRITTEN_AT, value: Some(&at) });
    }
    let mut record: FutureRecord<'_, [u8], [u8]> =
        FutureRecord::to(&whole.topic).partition(whole.partition).headers(headers);
    record.timestamp = (whole.timestamp >= 0).then_some(whole.timestamp);
    record.payload = whole.payload.as_deref();
    record.key = whole.key.as_deref();
    if let Err(error) = placed(producer.send(record, ROOM).await) {
        return match RetryAction::of_kafka(&error, 1) {
            RetryAction::Reject(_) => Ok(Err(Box::new((letter, error.to_string())))),
            _ => Err(error).context("sending a dead letter again"),
        };
    }
    letter.replayed = true;
    letter.send(&kafka, &producer).await.context("marking a dead letter as sent")?;
    Ok(Ok(()))
}

/// The record behind a letter that is cut, whole, while its topic has it.
fn original(kafka: &Kafka, letter: &DeadLetter) -> Result<Result<DeadLetter, String>> {
    let mut found = Err("cut, and its topic does not have the record any more".to_owned());
    reread(kafka, &letter.topic, letter.partition, &[letter.offset], |record| {
        let payload = record.payload();
        let same = payload.map_or(0, <[u8]>::len) == letter.bytes
            && sha256(payload) == letter.sha256
            && record.timestamp().to_millis().unwrap_or(-1) == letter.timestamp;
        if !same {
            found = Err("cut, and another record stands in its place now".to_owned());
            return;
        }
        let headers: Option<Vec<_>> = record_headers::of(record)
            .map(|header| header.map(|header| (header.key.to_owned(), header.value.map(<[u8]>::to_vec))))
            .collect();
        found = match headers {
            Some(headers) => Ok(DeadLetter {
                key: record.key().map(<[u8]>::to_vec),
                payload: payload.map(<[u8]>::to_vec),
                headers,
                ..letter.clone()
            }),
            None => Err("the name of a header is not UTF-8".to_owned()),
        };
    })?;
    Ok(found)
}

//! Reading the dead-letter topic, and sending records again once what was wrong with them is mended.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result};
use futures::{StreamExt as _, stream};
use rdkafka::message::{Header, Message as _, OwnedHeaders};
use rdkafka::producer::FutureRecord;
use runtime::config::Kafka;
use runtime::kafka::{DELIVERED, Producer, ROOM, Reader, placed};
use runtime::retry_action::RetryAction;
use runtime::unreadable::{RecordPlace, Unreadable};
use schemas::topics;

use super::{DeadLetter, sha256};
use crate::record_headers;
use crate::reread::reread;

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
    let reader = Reader::new(kafka, &kafka.topic(topics::DEAD_LETTER), "usertrail-dead-letter-reader")?;
    let unreadable = Unreadable::default();
    for partition in reader.partitions()? {
        reader.read(partition, reader.bounds(partition)?, |record| {
            match DeadLetter::read(record) {
                Ok(letter) => found(letter),
                Err(error) => {
                    let (topic, offset) = (topics::DEAD_LETTER, record.offset());
                    unreadable.report(RecordPlace { topic, partition, offset }, &error);
                }
            }
            anyhow::Ok(())
        })?;
    }
    Ok(())
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

//! The ledger: for each partition of `events.raw`, which offsets go into which insert, decided before the insert.
//!
//! A decision is appended to the same partition of the topic `enrich.ledger`. The log's order settles races: of all
//! decisions that start at one offset, **the first in the log holds**, whoever wrote it. An enricher that appends
//! without anybody having written since it last looked knows at once that its decision holds; otherwise it reads what
//! came between. Whoever retries (the same process, its successor, a zombie) finds the decision, and inserts the same
//! offsets under the same token. See `docs/decisions/0003-exactly-once.md`.
//!
//! What is no decision is reported, counted and passed over, by every reader alike. A decision of a newer format is not:
//! whoever passed it over would insert its records under another token.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;

use anyhow::{Context as _, Result};
use rdkafka::message::Message as _;
use rdkafka::producer::FutureRecord;
use runtime::config::Kafka;
use runtime::kafka::{Producer, ROOM, ReadError, Reader, placed};
use runtime::unreadable::{RecordPlace, Unreadable};
use schemas::topics;
use serde::{Deserialize, Serialize};

use crate::policy::Pinned;
use crate::record_error::RecordError;

/// Format of a decision, its field `v`.
const FORMAT: u64 = 2;
/// Most offsets that one decision can be about: far above what a batch holds, far below a number that is only damaged.
const MOST_OFFSETS: u64 = 1 << 32;

/// Records that a search of the ledger reads at first, from its end; twice as many with each further step back.
const STRETCH: i64 = 256;

/// What one insert holds: the offsets `start..end` of a partition, and what was known from outside them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// First offset.
    pub start: u64,
    /// Offset after the last.
    pub end: u64,
    /// Events stored.
    pub rows: u64,
    /// Records whose event is stored already (a sender's retry).
    pub duplicates: u64,
    /// Records that go to the dead letter.
    pub dead: u64,
    /// Facts about the tenants of the batch.
    pub tenants: BTreeMap<String, Vec<Pinned>>,
}

impl Decision {
    /// The value of its record.
    ///
    /// # Errors
    /// Never: its keys are texts.
    pub fn to_bytes(&self) -> serde_json::Result<Vec<u8>> {
        #[derive(Serialize)]
        struct Written<'a> {
            v: u64,
            #[serde(flatten)]
            decision: &'a Decision,
        }
        serde_json::to_vec(&Written { v: FORMAT, decision: self })
    }

    /// Reads the value of a record.
    ///
    /// # Errors
    /// [`RecordError`]: it is of a newer version, or no decision.
    pub fn read(value: Option<&[u8]>) -> Result<Self, RecordError> {
        #[derive(Deserialize)]
        struct Version {
            v: u64,
        }
        let bytes = value.ok_or_else(|| RecordError::unreadable("it has no value"))?;
        let Version { v: found } = serde_json::from_slice(bytes).map_err(RecordError::unreadable)?;
        if found > FORMAT {
            return Err(RecordError::Newer { found, known: FORMAT });
        }
        let decision: Self = serde_json::from_slice(bytes).map_err(RecordError::unreadable)?;
        match decision.end.checked_sub(decision.start) {
            Some(1..=MOST_OFFSETS) if found == FORMAT => Ok(decision),
            _ => Err(RecordError::unreadable("its format or its offsets are none of a decision")),
        }
    }
}

/// How an append ended.
#[derive(Debug)]
pub enum Appended {
    /// The decision holds.
    Holds,
    /// Another one for the same start was first: open the ledger again and do as it says.
    Superseded,
}

/// The ledger of one partition, as far as its owner has read it.
pub struct Ledger {
    kafka: Kafka,
    topic: String,
    partition: i32,
    /// Everything before this offset of the ledger's partition has been looked at.
    read_to: i64,
    unreadable: Unreadable,
}

impl Ledger {
    /// Opens the ledger of `partition` for work that goes on at offset `start`, and finds what was decided from there on:
    /// one insert after the other. There can be several, since offsets are committed after the insert, and a commit can fail.
    ///
    /// They stand at the ledger's end, in any case after a stretch with nothing but decisions from before `start`: of those
    /// only a process that was given up may still add one, and it learns so by it. Times play no part in the search, since
    /// a clock may be set back between a record and the decision about it.
    ///
    /// # Errors
    /// When Kafka can't be read; try again. A [`RecordError::Newer`] stays.
    pub fn open(
        kafka: &Kafka,
        partition: i32,
        start: u64,
        unreadable: &Unreadable,
    ) -> Result<(Self, VecDeque<Decision>)> {
        let reader = reader(kafka)?;
        let Range { start: low, end: high } = reader.bounds(partition)?;
        let (mut found, mut from, mut stretch) = (Vec::new(), high, STRETCH);
        while from > low {
            let earlier = from.saturating_sub(stretch).max(low);
            let mut decisions = read(&reader, partition, earlier..from, unreadable)?;
            let passed = !decisions.is_empty() && decisions.iter().all(|decision| decision.start < start);
            decisions.append(&mut found);
            (found, from, stretch) = (decisions, earlier, stretch.saturating_mul(2));
            if passed {
                break;
            }
        }
        let mut decided = VecDeque::new();
        let mut next = start;
        for decision in found {
            // The first for an offset holds; nobody decides about what comes after it before it is in the log.
            if decision.start == next {
                next = decision.end;
                decided.push_back(decision);
            }
        }
        let unreadable = unreadable.clone();
        let topic = reader.topic().to_owned();
        Ok((Self { kafka: kafka.clone(), topic, partition, read_to: high, unreadable }, decided))
    }

    /// Appends a decision and says whether it holds.
    ///
    /// # Errors
    /// When Kafka didn't acknowledge it, or can't be read. It may be in the log all the same: open the ledger again.
    pub async fn append(&mut self, producer: &Producer, decision: &Decision) -> Result<Appended> {
        let value = decision.to_bytes()?;
        let record: FutureRecord<'_, (), _> = FutureRecord::to(&self.topic).partition(self.partition).payload(&value);
        let delivery = placed(producer.send(record, ROOM).await).context("appending a decision to the ledger")?;
        let (from, own) = (self.read_to, delivery.offset);
        self.read_to = own + 1;
        if own == from {
            return Ok(Appended::Holds);
        }
        let (kafka, partition, start) = (self.kafka.clone(), self.partition, decision.start);
        let unreadable = self.unreadable.clone();
        // To the own one, which is there for sure, whatever stands before it.
        let search = move || read(&reader(&kafka)?, partition, from..own + 1, &unreadable);
        let mut between = tokio::task::spawn_blocking(search).await??;
        between.pop();
        let superseded = between.iter().any(|decision| decision.start == start);
        Ok(if superseded { Appended::Superseded } else { Appended::Holds })
    }
}

fn reader(kafka: &Kafka) -> Result<Reader, ReadError> {
    Reader::new(kafka, &kafka.topic(topics::LEDGER), "usertrail-ledger-reader")
}

/// Every decision in `offsets` of the ledger's partition, in the log's order.
///
/// # Errors
/// When Kafka can't be read, or a newer version wrote a decision.
fn read(reader: &Reader, partition: i32, offsets: Range<i64>, unreadable: &Unreadable) -> Result<Vec<Decision>> {
    let mut decisions = Vec::new();
    reader.read(partition, offsets, |record| {
        let (topic, offset) = (topics::LEDGER, record.offset());
        match Decision::read(record.payload()) {
            Ok(decision) => decisions.push(decision),
            Err(error) if error.is_newer() => {
                return Err(error).with_context(|| format!("{topic}/{partition} offset {offset}"));
            }
            Err(error) => unreadable.report(RecordPlace { topic, partition, offset }, &error),
        }
        Ok(())
    })?;
    Ok(decisions)
}

/// A decision and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Tail {
    /// Its partition.
    pub(crate) partition: i32,
    /// When it was written, milliseconds.
    pub(crate) at: i64,
    /// What was decided.
    pub(crate) decision: Decision,
}

/// The latest decisions of the first `partitions` partitions, `most` of each, in the order of each log; with those that came
/// second, without what is no decision.
///
/// # Errors
/// When Kafka can't be read.
pub(crate) fn tail(kafka: &Kafka, partitions: usize, most: i64) -> Result<Vec<Tail>> {
    let (reader, mut tails) = (reader(kafka)?, Vec::new());
    for partition in 0..i32::try_from(partitions)? {
        let Range { start, end } = reader.bounds(partition)?;
        reader.read(partition, start.max(end - most)..end, |record| {
            if let Ok(decision) = Decision::read(record.payload()) {
                let at = record.timestamp().to_millis().unwrap_or_default();
                tails.push(Tail { partition, at, decision });
            }
            anyhow::Ok(())
        })?;
    }
    Ok(tails)
}

/// The decisions of a partition that hold, from the oldest kept: each starts where the one before it ends, or later
/// where retention took records before they were read. One that starts earlier came second, and doesn't hold.
///
/// # Errors
/// When Kafka can't be read.
pub fn chain(kafka: &Kafka, partition: i32) -> Result<Vec<Decision>> {
    let (reader, mut chain) = (reader(kafka)?, Vec::<Decision>::new());
    for decision in read(&reader, partition, reader.bounds(partition)?, &Unreadable::default())? {
        if chain.last().is_none_or(|last| last.end <= decision.start) {
            chain.push(decision);
        }
    }
    Ok(chain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decision() -> Decision {
        let tenants = BTreeMap::from([("acme".to_owned(), vec![Pinned { from: 5, policy: None }])]);
        Decision { start: 5, end: 9, rows: 2, duplicates: 1, dead: 1, tenants }
    }

    /// A2: what a reader makes of anything that may stand in the ledger.
    #[test]
    fn decisions_are_told_from_anything_else() {
        let bytes = decision().to_bytes().unwrap();
        assert_eq!(Decision::read(Some(&bytes)), Ok(decision()));
        let text = String::from_utf8(bytes.clone()).unwrap();
        for garbage in [
            None,
            Some(Vec::new()),
            Some(b"garbage".to_vec()),
            Some(b"\xff\xfe".to_vec()),
            Some(b"null".to_vec()),
            Some(b"{}".to_vec()),
            Some(br#"{"v":2}"#.to_vec()),
            Some(bytes[..bytes.len() - 1].to_vec()),
            Some("[".repeat(100_000).into_bytes()),
            Some(text.replace(r#""v":2,"#, "").into_bytes()),
            Some(text.replace(r#""v":2"#, r#""v":1"#).into_bytes()),
            Some(text.replace(r#""v":2"#, r#""v":-1"#).into_bytes()),
            Some(text.replace(r#""end":9"#, r#""end":5"#).into_bytes()),
            Some(text.replace(r#""end":9"#, r#""end":4"#).into_bytes()),
            Some(text.replace(r#""end":9"#, r#""end":18446744073709551615"#).into_bytes()),
        ] {
            let read = Decision::read(garbage.as_deref());
            assert!(matches!(read, Err(RecordError::Unreadable(_))), "{read:?}");
        }
        let newer = text.replace(r#""v":2"#, r#""v":3"#).replace("rows", "lines");
        let read = Decision::read(Some(newer.as_bytes()));
        assert_eq!(read, Err(RecordError::Newer { found: 3, known: 2 }));
    }
}

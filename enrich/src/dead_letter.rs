//! The dead letter: records that can't be stored, with where they stood, why, and their bytes.
//!
//! A letter repeats a record within bounds, so that it always fits into a record itself: see `docs/decisions/0018`. Its own
//! fields are its first header, which says how many of the record's own stand last.

mod replay;

use std::borrow::Cow;

use rdkafka::error::KafkaError;
use rdkafka::message::{Header, Message, OwnedHeaders};
use rdkafka::producer::FutureRecord;
use runtime::config::Kafka;
use runtime::kafka::{Producer, ROOM, placed};
use schemas::decode::MAX_EVENT_BYTES;
use schemas::settings::hex;
use schemas::topics::{self, headers};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::record_error::RecordError;
use crate::record_headers;

pub use replay::{Replayed, list, places, replay};

/// Longest value that is repeated whole: what is larger is no event.
const VALUE_BYTES: usize = MAX_EVENT_BYTES;
/// Longest key that is repeated whole: a tenant's and an actor's id fit several times.
const KEY_BYTES: usize = 1024;
/// Most headers, and bytes of their names and values.
const HEADERS: usize = 64;
const HEADERS_BYTES: usize = 16 * 1024;
/// Longest reason for people; parsers and the store quote what they read.
const DETAIL_BYTES: usize = 1024;
/// What a letter takes beside what it repeats.
const FIELDS_BYTES: usize = 512;

/// One record that can't be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// Topic it came from.
    pub topic: String,
    /// Partition it came from.
    pub partition: i32,
    /// Offset it stood at.
    pub offset: i64,
    /// Its Kafka timestamp, milliseconds; negative: it has none.
    pub timestamp: i64,
    /// Word for programs.
    pub reason: String,
    /// For people.
    pub detail: String,
    /// Its key.
    pub key: Option<Vec<u8>>,
    /// Its bytes.
    pub payload: Option<Vec<u8>>,
    /// Its headers.
    pub headers: Vec<(String, Option<Vec<u8>>)>,
    /// Bytes of its whole value.
    pub bytes: usize,
    /// Whether key, bytes or headers are not the whole.
    pub cut: bool,
    /// SHA-256 of its whole value, hexadecimal, where something is cut; empty where the record was gone already.
    pub sha256: String,
    /// Whether it was sent again.
    pub replayed: bool,
}

impl DeadLetter {
    /// From a record of `events.raw`.
    pub fn new(record: &impl Message, reason: &str, detail: impl Into<String>) -> Self {
        let mut letter = Self::gone(record.topic(), record.partition(), record.offset(), reason, detail);
        letter.timestamp = record.timestamp().to_millis().unwrap_or(-1);
        let payload = record.payload();
        letter.bytes = payload.map_or(0, <[u8]>::len);
        letter.cut = letter.bytes > VALUE_BYTES;
        letter.payload = payload.map(|payload| payload[..payload.len().min(VALUE_BYTES)].to_vec());
        letter.cut |= record.key().is_some_and(|key| key.len() > KEY_BYTES);
        letter.key = record.key().map(|key| key[..key.len().min(KEY_BYTES)].to_vec());
        let mut room = HEADERS_BYTES;
        for header in record_headers::of(record) {
            let fits = header.filter(|header| {
                let size = header.key.len() + header.value.map_or(0, <[u8]>::len);
                let fits = size <= room && letter.headers.len() < HEADERS;
                room -= if fits { size } else { 0 };
                fits
            });
            match fits {
                Some(header) => letter.headers.push((header.key.to_owned(), header.value.map(<[u8]>::to_vec))),
                None => letter.cut = true,
            }
        }
        if letter.cut {
            letter.sha256 = sha256(payload);
        }
        letter
    }

    /// Of a record that its topic does not have any more, but whose row was refused.
    pub(crate) fn gone(topic: &str, partition: i32, offset: i64, reason: &str, detail: impl Into<String>) -> Self {
        let mut detail = detail.into();
        detail.truncate(detail.floor_char_boundary(DETAIL_BYTES));
        Self {
            topic: topic.to_owned(),
            partition,
            offset,
            timestamp: -1,
            reason: reason.to_owned(),
            detail,
            key: None,
            payload: None,
            headers: Vec::new(),
            bytes: 0,
            cut: true,
            sha256: String::new(),
            replayed: false,
        }
    }

    /// The place and the reason alone: what is left to send when the topic takes no more than that.
    pub(crate) fn smallest(&self) -> Self {
        let sha256 = if self.cut { self.sha256.clone() } else { sha256(self.payload.as_deref()) };
        Self { key: None, payload: None, headers: Vec::new(), cut: true, sha256, ..self.clone() }
    }

    /// Bytes that it takes, about.
    #[must_use]
    pub fn size(&self) -> usize {
        let headers = self.headers.iter().map(|(name, value)| name.len() + value.as_ref().map_or(0, Vec::len));
        let (key, payload) = (self.key.as_ref().map_or(0, Vec::len), self.payload.as_ref().map_or(0, Vec::len));
        FIELDS_BYTES + self.detail.len() + key + payload + headers.sum::<usize>()
    }

    /// Writes it to the dead-letter topic and waits for the acknowledgement.
    ///
    /// # Errors
    /// When Kafka doesn't acknowledge.
    pub async fn send(&self, kafka: &Kafka, producer: &Producer) -> Result<(), KafkaError> {
        let key = topics::dead_letter_key(&self.topic, self.partition, self.offset);
        let topic = kafka.topic(topics::DEAD_LETTER);
        let mut record = FutureRecord::to(&topic).key(&key).headers(self.own_headers());
        record.payload = self.payload.as_deref();
        placed(producer.send(record, ROOM).await).map(drop)
    }

    /// Its fields, its key, then the record's headers.
    fn own_headers(&self) -> OwnedHeaders {
        let fields = Fields {
            topic: self.topic.as_str().into(),
            partition: self.partition,
            offset: self.offset,
            timestamp: self.timestamp,
            reason: self.reason.as_str().into(),
            detail: self.detail.as_str().into(),
            bytes: self.bytes,
            sha256: self.cut.then(|| self.sha256.as_str().into()),
            replayed: self.replayed,
            headers: self.headers.len(),
        };
        // Texts and numbers alone: it never fails.
        let fields = serde_json::to_vec(&fields).unwrap_or_default();
        let all = OwnedHeaders::new_with_capacity(2 + self.headers.len());
        let all = all.insert(Header { key: headers::DEAD_LETTER, value: Some(&fields) });
        self.append_headers(match &self.key {
            Some(key) => all.insert(Header { key: headers::DEAD_LETTER_KEY, value: Some(key) }),
            None => all,
        })
    }

    /// The record's own headers, as they were.
    fn append_headers(&self, all: OwnedHeaders) -> OwnedHeaders {
        self.headers.iter().fold(all, |all, (key, value)| all.insert(Header { key, value: value.as_deref() }))
    }

    /// Reads a record of the dead-letter topic. What stands before the record's own headers is ours, whatever those are
    /// called.
    fn read(record: &impl Message) -> Result<Self, RecordError> {
        let mut all = Vec::new();
        for header in record_headers::of(record) {
            let header = header.ok_or_else(|| RecordError::unreadable("the name of a header is not UTF-8"))?;
            all.push((header.key.to_owned(), header.value.map(<[u8]>::to_vec)));
        }
        let Some((headers::DEAD_LETTER, Some(fields))) = all.first().map(|(name, value)| (name.as_str(), value)) else {
            return Err(RecordError::Unreadable(format!("its first header is not {}", headers::DEAD_LETTER)));
        };
        let fields: Fields<'_> = serde_json::from_slice(fields).map_err(RecordError::unreadable)?;
        let own = all.len().checked_sub(fields.headers).filter(|before| *before > 0);
        // The dead letter's own key is the place.
        let key = match own.map(|own| &all[1..own]) {
            Some([]) => None,
            Some([(name, key)]) if name == headers::DEAD_LETTER_KEY => key.clone(),
            _ => return Err(RecordError::unreadable("headers are missing")),
        };
        Ok(Self {
            topic: fields.topic.into_owned(),
            partition: fields.partition,
            offset: fields.offset,
            timestamp: fields.timestamp,
            reason: fields.reason.into_owned(),
            detail: fields.detail.into_owned(),
            key,
            payload: record.payload().map(<[u8]>::to_vec),
            bytes: fields.bytes,
            cut: fields.sha256.is_some(),
            sha256: fields.sha256.unwrap_or_default().into_owned(),
            replayed: fields.replayed,
            headers: all.split_off(all.len() - fields.headers),
        })
    }
}

/// The header [`headers::DEAD_LETTER`].
#[derive(Serialize, Deserialize)]
struct Fields<'a> {
    topic: Cow<'a, str>,
    partition: i32,
    offset: i64,
    /// Kafka's, milliseconds; negative: the record had none.
    timestamp: i64,
    /// One word for programs.
    reason: Cow<'a, str>,
    /// For people.
    detail: Cow<'a, str>,
    /// Of the record's whole value.
    bytes: usize,
    /// Of the record's whole value, where key, value or headers are cut.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sha256: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "is_false")]
    replayed: bool,
    /// How many headers of the record's own stand last.
    headers: usize,
}

fn is_false(value: &bool) -> bool {
    !value
}

/// Returns SHA-256 of a record's value. No value has the digest of an empty one; the record itself distinguishes them.
fn sha256(value: Option<&[u8]>) -> String {
    hex(&Sha256::digest(value.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use rdkafka::Timestamp;
    use rdkafka::message::OwnedMessage;

    use super::*;

    fn record(key: Option<&[u8]>, payload: Option<&[u8]>, headers: &[(&str, Option<&[u8]>)]) -> OwnedMessage {
        let all =
            headers.iter().fold(OwnedHeaders::new(), |all, (key, value)| all.insert(Header { key, value: *value }));
        let (key, payload) = (key.map(<[u8]>::to_vec), payload.map(<[u8]>::to_vec));
        OwnedMessage::new(payload, key, "events.raw".to_owned(), Timestamp::CreateTime(7), 3, 9, Some(all))
    }

    /// What the topic would hold.
    fn written(letter: &DeadLetter) -> OwnedMessage {
        let headers = letter.own_headers();
        let payload = letter.payload.clone();
        OwnedMessage::new(payload, None, "events.dead-letter".to_owned(), Timestamp::CreateTime(8), 0, 0, Some(headers))
    }

    /// B13: key, value and headers come back to the byte, and nothing is not the same as an empty one; names that look like
    /// ours are the sender's.
    #[test]
    fn a_letter_comes_back_as_it_was() {
        let theirs: &[(&str, Option<&[u8]>)] = &[
            ("tenant", Some(b"acme")),
            ("tenant", Some(b"\xff\x00")),
            ("dead-letter", Some(br#"{"replayed":true,"headers":0}"#)),
            ("dead-letter-key", Some(b"settings")),
            ("dead-letter", None),
            ("empty", Some(b"")),
        ];
        for (key, payload) in [(Some(&b"acme/\xff"[..]), Some(&b"{}"[..])), (None, None), (Some(b""), Some(b""))] {
            let letter = DeadLetter::new(&record(key, payload, theirs), "malformed_json", "why");
            assert!(!letter.cut && !letter.replayed);
            let read = DeadLetter::read(&written(&letter)).unwrap();
            assert_eq!(read, letter);
            assert_eq!((read.key.as_deref(), read.payload.as_deref(), read.timestamp), (key, payload, 7));
            assert_eq!((read.topic.as_str(), read.partition, read.offset), ("events.raw", 3, 9));
        }
    }

    /// A1: whatever a record is made of, its letter fits, says that it is cut, and names the whole by length and hash.
    #[test]
    fn a_letter_is_bounded() {
        let (large, long) = (vec![b'x'; 999_900], "n".repeat(2000));
        let many: Vec<(&str, Option<&[u8]>)> = vec![("h", Some(b"v")); 500];
        let cases = [
            record(None, Some(&large), &[]),
            record(Some(&large), None, &[]),
            record(None, None, &[("tenant", Some(&large))]),
            record(None, None, &[(&long, Some(&large[..16_000])), (&long, Some(&large[..16_000]))]),
            record(None, None, &many),
            record(Some(&large[..300_000]), Some(&large[..300_000]), &[("tenant", Some(&large[..300_000]))]),
        ];
        for case in cases {
            let letter = DeadLetter::new(&case, "too_large", "ž".repeat(100_000));
            assert!(letter.size() < 100_000, "{}", letter.size());
            assert!(letter.cut && letter.sha256 == sha256(case.payload()));
            assert_eq!(letter.bytes, case.payload().map_or(0, <[u8]>::len));
            assert_eq!(DeadLetter::read(&written(&letter)).unwrap(), letter);
            let smallest = letter.smallest();
            assert!(smallest.size() < 2000);
            assert_eq!(DeadLetter::read(&written(&smallest)).unwrap(), smallest);
        }
        let fits = record(Some(&large[..1024]), Some(&large[..65_536]), &[("a", Some(&large[..16_000]))]);
        assert!(!DeadLetter::new(&fits, "too_large", "").cut);
    }

    /// A2: what is no dead letter is distinguished from one.
    #[test]
    fn anything_else_is_unreadable() {
        let letter = |headers: i32| {
            let fields = r#""topic":"t","partition":0,"offset":1,"timestamp":-1,"reason":"r","detail":"","bytes":0"#;
            format!("{{{fields},\"headers\":{headers}}}").into_bytes()
        };
        assert!(DeadLetter::read(&record(None, None, &[("dead-letter", Some(&letter(0)))])).is_ok());
        for other in [
            record(Some(b"k"), Some(b"garbage"), &[]),
            record(None, None, &[("dead-letter", None)]),
            record(None, None, &[("dead-letter", Some(b"{}"))]),
            record(None, None, &[("dead-letter", Some(&letter(2)))]),
            record(None, None, &[("dead-letter", Some(&letter(0))), ("tenant", Some(b"acme"))]),
            record(None, None, &[("dead-letter", Some(&letter(-1)))]),
            record(None, None, &[("tenant", Some(b"acme")), ("dead-letter", Some(&letter(0)))]),
        ] {
            assert!(matches!(DeadLetter::read(&other), Err(RecordError::Unreadable(_))));
        }
    }
}

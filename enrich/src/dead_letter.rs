//! The dead letter: records that can't be stored, with where they stood, why, and their bytes (pitfall 4).

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::message::{BorrowedMessage, Header, Message, OwnedHeaders};
use rdkafka::producer::{FutureProducer, FutureRecord};
use rdkafka::{Offset, TopicPartitionList};
use runtime::config::Kafka;
use schemas::topics::{self, headers};

const TIMEOUT: Duration = Duration::from_secs(10);
/// Marks the record that says a dead letter was sent again.
const REPLAYED: &str = "dl-replayed";

/// One record that can't be stored.
#[derive(Clone, Debug)]
pub struct DeadLetter {
    /// Topic it came from.
    pub topic: String,
    /// Partition it came from.
    pub partition: i32,
    /// Offset it stood at.
    pub offset: i64,
    /// Its Kafka timestamp, milliseconds.
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
    pub headers: Vec<(String, Vec<u8>)>,
    /// Whether it was sent again.
    pub replayed: bool,
}

impl DeadLetter {
    /// From a record of `events.raw`.
    pub fn new(record: &impl Message, reason: &str, detail: impl Into<String>) -> Self {
        Self {
            topic: record.topic().to_owned(),
            partition: record.partition(),
            offset: record.offset(),
            timestamp: record.timestamp().to_millis().unwrap_or_default(),
            reason: reason.to_owned(),
            detail: detail.into(),
            key: record.key().map(<[u8]>::to_vec),
            payload: record.payload().map(<[u8]>::to_vec),
            headers: record
                .headers()
                .into_iter()
                .flat_map(rdkafka::message::Headers::iter)
                .map(|header| (header.key.to_owned(), header.value.unwrap_or_default().to_vec()))
                .collect(),
            replayed: false,
        }
    }

    /// Writes it to the dead-letter topic and waits for the acknowledgement.
    ///
    /// # Errors
    /// When Kafka doesn't acknowledge.
    pub async fn send(&self, kafka: &Kafka, producer: &FutureProducer) -> Result<()> {
        let mut all = self.original_headers();
        let fields = [
            (headers::DL_TOPIC, self.topic.clone()),
            (headers::DL_PARTITION, self.partition.to_string()),
            (headers::DL_OFFSET, self.offset.to_string()),
            (headers::DL_TIMESTAMP, self.timestamp.to_string()),
            (headers::DL_REASON, self.reason.clone()),
            (headers::DL_DETAIL, self.detail.clone()),
        ];
        for (key, value) in &fields {
            all = all.insert(Header { key, value: Some(value.as_bytes()) });
        }
        if self.replayed {
            all = all.insert(Header { key: REPLAYED, value: Some(b"true") });
        }
        let key = topics::dead_letter_key(&self.topic, self.partition, self.offset);
        let topic = kafka.topic(topics::DEAD_LETTER);
        let mut record = FutureRecord::to(&topic).key(&key).headers(all);
        record.payload = self.payload.as_deref();
        producer.send(record, TIMEOUT).await.map_err(|(error, _)| error).context("writing to the dead letter")?;
        Ok(())
    }

    fn original_headers(&self) -> OwnedHeaders {
        self.headers
            .iter()
            .fold(OwnedHeaders::new(), |all, (key, value)| all.insert(Header { key, value: Some(value.as_slice()) }))
    }

    fn read(record: &BorrowedMessage<'_>) -> Self {
        let mut letter = Self::new(record, "", "");
        let mut fields = BTreeMap::new();
        letter.headers.retain(|(key, value)| {
            let ours = key.starts_with("dl-");
            if ours {
                fields.insert(key.clone(), String::from_utf8_lossy(value).into_owned());
            }
            !ours
        });
        let number = |name: &str| fields.get(name).and_then(|value| value.parse::<i64>().ok()).unwrap_or(-1);
        letter.partition = i32::try_from(number(headers::DL_PARTITION)).unwrap_or(-1);
        letter.offset = number(headers::DL_OFFSET);
        letter.timestamp = number(headers::DL_TIMESTAMP);
        letter.replayed = fields.contains_key(REPLAYED);
        letter.topic = fields.remove(headers::DL_TOPIC).unwrap_or_default();
        letter.reason = fields.remove(headers::DL_REASON).unwrap_or_default();
        letter.detail = fields.remove(headers::DL_DETAIL).unwrap_or_default();
        // The dead letter's own key is the place; the original key was the tenant and user.
        letter.key = None;
        letter
    }
}

/// Every dead letter kept, one for each place (a crash may have written it twice), in order of place.
///
/// # Errors
/// When Kafka can't be read.
pub fn list(kafka: &Kafka) -> Result<Vec<DeadLetter>> {
    let consumer: BaseConsumer = runtime::kafka::consumer_config(kafka, "usertrail-dead-letter-reader").create()?;
    let topic = kafka.topic(topics::DEAD_LETTER);
    let metadata = consumer.fetch_metadata(Some(&topic), TIMEOUT).context("asking for the dead-letter topic")?;
    let mut letters = BTreeMap::new();
    for partition in metadata.topics().iter().flat_map(|topic| topic.partitions()) {
        read_partition(&consumer, &topic, partition.id(), &mut letters)?;
    }
    Ok(letters.into_values().collect())
}

fn read_partition(
    consumer: &BaseConsumer,
    topic: &str,
    partition: i32,
    letters: &mut BTreeMap<(String, i32, i64), DeadLetter>,
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
                let next = record.offset() + 1;
                let letter = DeadLetter::read(&record);
                letters.insert((letter.topic.clone(), letter.partition, letter.offset), letter);
                if next >= high {
                    return Ok(());
                }
            }
            Some(Err(error)) => bail!("reading the dead letter: {error}"),
            // Compaction may have removed the last record before the watermark: silence is the end then.
            None if quiet >= 10 => return Ok(()),
            None => quiet += 1,
        }
    }
}

/// Sends the dead letters that `wanted` picks to their topic again, marks them as sent, and returns how many.
/// Those sent before are left out.
///
/// # Errors
/// When Kafka doesn't acknowledge; those already sent stay sent.
pub async fn replay(kafka: &Kafka, wanted: impl Fn(&DeadLetter) -> bool) -> Result<usize> {
    let reading = kafka.clone();
    let letters = tokio::task::spawn_blocking(move || list(&reading)).await??;
    let producer: FutureProducer = runtime::kafka::producer_config(kafka).create()?;
    let mut sent = 0;
    for mut letter in letters.into_iter().filter(|letter| !letter.replayed && wanted(letter)) {
        let mut record: FutureRecord<'_, [u8], [u8]> =
            FutureRecord::to(&letter.topic).headers(letter.original_headers());
        record.payload = letter.payload.as_deref();
        let key = letter.key.clone();
        record.key = key.as_deref();
        producer.send(record, TIMEOUT).await.map_err(|(error, _)| error).context("sending a dead letter again")?;
        letter.replayed = true;
        letter.send(kafka, &producer).await?;
        sent += 1;
    }
    Ok(sent)
}

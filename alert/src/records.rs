//! The topic `alerts.pending`: what has to outlive the process.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::{Context as _, Result};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::Message as _;
use rdkafka::producer::FutureRecord;
use runtime::config::Kafka;
use runtime::kafka::{Acknowledged, DELIVERED, Producer, Reader, producer_config_within};
use runtime::retry_action::RetryAction;
use runtime::unreadable::{RecordPlace, Unreadable};
use schemas::alerts::{Pending, pending_key, read_pending_key};
use schemas::topics;
use tokio::sync::oneshot;

use crate::queue::{Address, Key};

/// Wait for room in the producer's queue.
const ROOM: Duration = Duration::from_millis(20);

/// Writes entries. Clones share the producer.
#[derive(Clone)]
pub(crate) struct Records {
    producer: Producer,
    topic: String,
}

impl Records {
    pub(crate) fn new(kafka: &Kafka) -> Result<Self> {
        let producer = producer_config_within(kafka, DELIVERED).create().context("a producer for alerts.pending")?;
        Ok(Self { producer, topic: kafka.topic(topics::ALERTS) })
    }

    /// Hands an entry (`None` deletes it) to the producer, in the order of the calls. The result resolves when it is on all
    /// replicas; there is none where Kafka will never take it, which is logged.
    pub(crate) async fn write(
        &self,
        key: &Key,
        pending: Option<&Pending>,
    ) -> Result<Option<oneshot::Receiver<Acknowledged>>> {
        let name = pending_key(&key.address.tenant, &key.address.endpoint, &key.violation);
        let value = pending.map(serde_json::to_vec).transpose()?;
        let mut record = FutureRecord { payload: value.as_deref(), ..FutureRecord::to(&self.topic).key(name.as_str()) };
        loop {
            match self.producer.queue(record) {
                Ok(delivery) => return Ok(Some(delivery)),
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), back)) => {
                    record = back;
                    tokio::time::sleep(ROOM).await;
                }
                Err((error, _)) if is_refused(&error) => return Ok(None),
                Err((error, _)) => return Err(error).context("writing to alerts.pending"),
            }
        }
    }

    /// Waits until everything written is acknowledged, or the time is up.
    pub(crate) fn flush(&self, limit: Duration) {
        if let Err(error) = self.producer.flush(limit) {
            tracing::warn!(%error, "not all of alerts.pending was acknowledged; some reports may be sent twice");
        }
    }
}

/// Whether Kafka will never take an entry. Its report is sent all the same, but is not known after a crash; to wait for it
/// would hold up every other report.
pub(crate) fn is_refused(error: &KafkaError) -> bool {
    let refused = matches!(RetryAction::of_kafka(error, 1), RetryAction::Reject(_));
    if refused {
        tracing::error!(%error, "a report can't be kept in alerts.pending; a crash would lose it");
    }
    refused
}

/// Reads the whole topic as it is now, and keeps what belongs to `partitions`. What can't be read is reported and passed over.
pub(crate) fn read(kafka: &Kafka, partitions: &[i32], unreadable: &Unreadable) -> Result<Vec<(Key, Pending)>> {
    if partitions.is_empty() {
        return Ok(Vec::new());
    }
    let reader = Reader::new(kafka, &kafka.topic(topics::ALERTS), "usertrail-alert-reader")?;
    let mut found: HashMap<Key, Pending> = HashMap::new();
    reader.read(0, reader.bounds(0)?, |record| {
        let place = RecordPlace { topic: topics::ALERTS, partition: record.partition(), offset: record.offset() };
        match (record.key().and_then(key), record.payload()) {
            (None, _) => unreadable.report(place, &"its key is none of a report"),
            (Some(key), None) => drop(found.remove(&key)),
            (Some(key), Some(value)) => match serde_json::from_slice(value) {
                Ok(pending) => drop(found.insert(key, pending)),
                Err(error) => unreadable.report(place, &error),
            },
        }
        anyhow::Ok(())
    })?;
    found.retain(|_, pending| partitions.contains(&pending.partition));
    Ok(found.into_iter().collect())
}

/// A record's key.
pub(crate) fn key(bytes: &[u8]) -> Option<Key> {
    let (tenant, endpoint, violation) = read_pending_key(bytes)?;
    Some(Key { address: Address { tenant, endpoint }, violation })
}

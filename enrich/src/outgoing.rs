//! What a batch sends to topics once its rows are stored: findings, decisions about devices, events for correlations
//! across users, and last the changelog of the state. Sent at least once; whoever reads tells repetitions by their keys
//! and ids, which are made of the events.

use std::time::Duration;

use anyhow::{Context as _, Result};
use futures::future::try_join_all;
use rdkafka::producer::{FutureProducer, FutureRecord};
use runtime::config::Kafka;
use schemas::topics;

/// Longest wait for one acknowledgement; the whole is tried again after.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Records on their way at once: what the client's queue holds with ease.
const AT_ONCE: usize = 10_000;

/// One record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// One of [`schemas::topics`].
    pub topic: &'static str,
    /// Its partition, where it must be the one of the events.
    pub partition: Option<i32>,
    /// Its key.
    pub key: String,
    /// Its value.
    pub value: Vec<u8>,
}

/// Sends all records, and returns once Kafka has acknowledged each. The state of users is sent when everything else is
/// acknowledged: whoever finds it there repeats no findings.
///
/// # Errors
/// When one is not acknowledged; some may have been.
pub async fn send_all(kafka: &Kafka, producer: &FutureProducer, records: &[Outgoing]) -> Result<()> {
    let (state, others): (Vec<_>, Vec<_>) = records.iter().partition(|record| record.topic == topics::STATE);
    for some in others.chunks(AT_ONCE).chain(state.chunks(AT_ONCE)) {
        let sent = some.iter().map(|record| async move {
            let topic = kafka.topic(record.topic);
            let mut future = FutureRecord::to(&topic).key(&record.key).payload(&record.value);
            future.partition = record.partition;
            producer.send(future, TIMEOUT).await.map_err(|(error, _)| error).with_context(|| topic.clone())
        });
        try_join_all(sent).await?;
    }
    Ok(())
}

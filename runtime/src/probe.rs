//! Whether what a role needs of the outside answers: asked again and again, from here, with a deadline. A condition of
//! [`Readiness`] is closed once nothing good was heard for a while, and opened by the next good answer.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::{Offset, TopicPartitionList};
use schemas::topics;

use crate::config::{Config, Kafka};
use crate::ops::{Gate, Readiness};
use crate::shutdown::Shutdown;

/// Between an answer and the next question.
const EVERY: Duration = Duration::from_secs(2);
/// Longest wait for one answer.
const DEADLINE: Duration = Duration::from_secs(4);
/// How long something may fail before it counts: a restart of what is asked, or an answer that is late, is no outage.
const PATIENCE: Duration = Duration::from_secs(8);
const MIB: u64 = 1024 * 1024;
/// Written to see whether the disk takes anything.
const DISK_FILE: &str = "probe";
const DISK_BYTES: usize = 4096;

/// Watches the brokers, by the condition `broker`: that all partitions of `events.raw` have a leader, that one can be read,
/// and that an offset can be committed, which is a write.
///
/// # Errors
/// When the options of the configuration are not librdkafka's.
pub fn broker(kafka: &Kafka, readiness: &Readiness, shutdown: &Shutdown) -> Result<(), KafkaError> {
    let probe = BrokerProbe::new(kafka)?;
    check("probe of the broker", readiness.gate("broker"), shutdown, move || probe.ask());
    Ok(())
}

/// Watches ClickHouse, by the condition `store`: that the events' table can be read.
pub fn store(config: &Config, readiness: &Readiness, shutdown: &Shutdown) {
    let client = crate::clickhouse::client(&config.clickhouse);
    watch("probe of the store", readiness.gate("store"), shutdown, move || {
        let asked = client.query("SELECT count() FROM (SELECT 1 FROM events LIMIT 1)").fetch_one::<u64>();
        async { asked.await.map(drop).map_err(|error| error.to_string()) }
    });
}

/// Watches the disk of a directory, by the condition `disk`: that so many MiB are free, and that it can be written to.
pub fn disk(dir: &Path, min_free_mb: u64, readiness: &Readiness, shutdown: &Shutdown) {
    let dir = dir.to_owned();
    check("probe of the disk", readiness.gate("disk"), shutdown, move || look_at_disk(&dir, min_free_mb));
}

/// Watches anything that a call reports. It may block: it is not called again before it has answered.
pub fn check(
    part: &'static str,
    gate: Gate,
    shutdown: &Shutdown,
    look: impl Fn() -> Result<(), String> + Send + 'static,
) {
    let look = Arc::new(Mutex::new(look));
    watch(part, gate, shutdown, move || {
        let look = Arc::clone(&look);
        async move {
            let looked = tokio::task::spawn_blocking(move || match look.try_lock() {
                Ok(look) => look(),
                Err(_) => Err("it hangs".to_owned()),
            });
            looked.await.map_err(|error| error.to_string())?
        }
    });
}

fn watch<F>(part: &'static str, gate: Gate, shutdown: &Shutdown, mut ask: impl FnMut() -> F + Send + 'static)
where
    F: Future<Output = Result<(), String>> + Send + 'static,
{
    let stop = shutdown.token();
    shutdown.supervise(part, async move {
        let mut good = Instant::now();
        let again = async move {
            loop {
                let answer = tokio::time::timeout(DEADLINE, ask()).await;
                match answer.unwrap_or_else(|_| Err(format!("no answer within {} s", DEADLINE.as_secs()))) {
                    Ok(()) => {
                        good = Instant::now();
                        gate.open();
                    }
                    Err(reason) if good.elapsed() >= PATIENCE => gate.close(reason),
                    Err(reason) => tracing::debug!(part, reason, "no good answer"),
                }
                tokio::time::sleep(EVERY).await;
            }
        };
        let _stopped: Option<()> = stop.run_until_cancelled(again).await;
    });
}

/// Asks the brokers with a client of its own, which joins no group and commits in the name of one that nobody reads for.
struct BrokerProbe {
    consumer: BaseConsumer,
    topic: String,
}

impl BrokerProbe {
    fn new(kafka: &Kafka) -> Result<Self, KafkaError> {
        let group = format!("{}usertrail-probe", kafka.topic_prefix);
        let consumer = crate::kafka::consumer_config(kafka, &group)
            // A commit waits for its answer without a limit of its own; these are the client's, which end it.
            .set("socket.timeout.ms", DEADLINE.as_millis().to_string())
            .set("session.timeout.ms", "6000")
            .create()?;
        Ok(Self { consumer, topic: kafka.topic(topics::EVENTS_RAW) })
    }

    fn ask(&self) -> Result<(), String> {
        let Self { consumer, topic } = self;
        let reason = |error: KafkaError| error.to_string();
        let metadata = consumer.fetch_metadata(Some(topic), DEADLINE / 2).map_err(reason)?;
        let partitions: Vec<_> = metadata.topics().iter().flat_map(|topic| topic.partitions()).collect();
        if partitions.is_empty() {
            return Err(format!("there is no topic {topic}"));
        }
        if let Some(orphan) = partitions.iter().find(|partition| partition.leader() < 0) {
            return Err(format!("{topic}/{} has no leader", orphan.id()));
        }
        let (low, _) = consumer.fetch_watermarks(topic, 0, DEADLINE / 2).map_err(reason)?;
        let mut offsets = TopicPartitionList::new();
        offsets
            .add_partition_offset(topic, 0, Offset::Offset(low))
            .and_then(|()| consumer.commit(&offsets, CommitMode::Sync))
            .map_err(|error| format!("it takes no commit: {error}"))
    }
}

fn look_at_disk(dir: &Path, min_free_mb: u64) -> Result<(), String> {
    let space = rustix::fs::statvfs(dir).map_err(|error| format!("data_dir can't be looked at: {error}"))?;
    let free = space.f_bavail.saturating_mul(space.f_frsize) / MIB;
    if free < min_free_mb {
        return Err(format!("{free} MiB are free where data_dir is; min_free_disk_mb is {min_free_mb}"));
    }
    std::fs::write(dir.join(DISK_FILE), [0; DISK_BYTES]).map_err(|error| format!("data_dir takes no file: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_that_is_full_or_takes_nothing_is_told() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(look_at_disk(dir.path(), 0), Ok(()));
        let full = look_at_disk(dir.path(), u64::MAX).unwrap_err();
        assert!(full.ends_with(&format!("min_free_disk_mb is {}", u64::MAX)), "{full}");
        std::fs::remove_file(dir.path().join(DISK_FILE)).unwrap();
        std::fs::create_dir(dir.path().join(DISK_FILE)).unwrap();
        assert!(look_at_disk(dir.path(), 0).unwrap_err().starts_with("data_dir takes no file"));
        assert!(look_at_disk(&dir.path().join("gone"), 0).unwrap_err().starts_with("data_dir can't be looked at"));
    }
}

//! What the consumer group tells this member: partitions it lost, offsets it committed, and how far behind it is.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rdkafka::consumer::{BaseConsumer, ConsumerContext, Rebalance};
use rdkafka::error::KafkaResult;
use rdkafka::{ClientContext, Offset, Statistics, TopicPartitionList};

use crate::metrics::Metrics;

/// The context of a worker's consumer; librdkafka calls it from within `poll`.
pub(crate) struct Membership {
    topic: String,
    metrics: Metrics,
    revoked: Mutex<Vec<i32>>,
    /// Whether `revoked` has any: asked before each record.
    lost: AtomicBool,
    /// The offset of each partition that the broker confirmed last.
    committed: Mutex<HashMap<i32, u64>>,
}

impl Membership {
    pub(crate) fn new(topic: String, metrics: Metrics) -> Self {
        Self {
            topic,
            metrics,
            revoked: Mutex::new(Vec::new()),
            lost: AtomicBool::new(false),
            committed: Mutex::default(),
        }
    }

    /// Whether `offset` is what the broker confirmed last for a partition. A commit may fail, get no answer, or be
    /// repeated by librdkafka after a later one: in each case this says no, and the commit is due again.
    pub(crate) fn is_committed(&self, partition: i32, offset: u64) -> bool {
        self.committed().get(&partition) == Some(&offset)
    }

    fn committed(&self) -> MutexGuard<'_, HashMap<i32, u64>> {
        self.committed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Partitions lost since the last call.
    pub(crate) fn take_revoked(&self) -> Vec<i32> {
        if !self.lost.swap(false, Ordering::AcqRel) {
            return Vec::new();
        }
        std::mem::take(&mut *self.revoked.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl ClientContext for Membership {
    fn stats(&self, statistics: Statistics) {
        let Some(topic) = statistics.topics.get(&self.topic) else { return };
        for (&number, partition) in &topic.partitions {
            if number >= 0 && partition.consumer_lag >= 0 {
                self.metrics.lag(number, partition.consumer_lag);
            }
        }
    }
}

impl ConsumerContext for Membership {
    fn pre_rebalance(&self, _consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        if let Rebalance::Revoke(lost) = rebalance {
            let numbers = lost.elements().iter().map(|element| element.partition()).collect::<Vec<_>>();
            tracing::info!(partitions = ?numbers, "gave up partitions");
            self.committed().retain(|number, _| !numbers.contains(number));
            self.revoked.lock().unwrap_or_else(PoisonError::into_inner).extend(numbers);
            self.lost.store(true, Ordering::Release);
        }
    }

    fn commit_callback(&self, result: KafkaResult<()>, offsets: &TopicPartitionList) {
        // A member that was fenced off hears so here; the successor repeats the insert under the same token.
        if let Err(error) = &result {
            tracing::warn!(%error, ?offsets, "offsets were not committed");
        }
        for element in offsets.elements() {
            match (element.error(), element.offset()) {
                (Ok(()), Offset::Offset(offset)) if result.is_ok() => {
                    self.committed().insert(element.partition(), offset as u64);
                }
                _ => drop(self.committed().remove(&element.partition())),
            }
        }
    }
}

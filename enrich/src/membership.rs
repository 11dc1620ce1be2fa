//! What the consumer group tells this member: partitions it lost, and how far behind it is.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use rdkafka::consumer::{BaseConsumer, ConsumerContext, Rebalance};
use rdkafka::error::KafkaResult;
use rdkafka::{ClientContext, Statistics, TopicPartitionList};

use crate::metrics::Metrics;

/// The context of a worker's consumer; librdkafka calls it from within `poll`.
pub(crate) struct Membership {
    topic: String,
    metrics: Metrics,
    revoked: Mutex<Vec<i32>>,
    /// Whether `revoked` has any: asked before each record.
    lost: AtomicBool,
    /// Whether a commit failed: in the middle of a rebalance the broker takes none.
    uncommitted: AtomicBool,
}

impl Membership {
    pub(crate) fn new(topic: String, metrics: Metrics) -> Self {
        Self {
            topic,
            metrics,
            revoked: Mutex::new(Vec::new()),
            lost: AtomicBool::new(false),
            uncommitted: AtomicBool::new(false),
        }
    }

    /// Whether a commit has failed since the last call.
    pub(crate) fn take_uncommitted(&self) -> bool {
        self.uncommitted.swap(false, Ordering::AcqRel)
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
            self.revoked.lock().unwrap_or_else(PoisonError::into_inner).extend(numbers);
            self.lost.store(true, Ordering::Release);
        }
    }

    fn commit_callback(&self, result: KafkaResult<()>, offsets: &TopicPartitionList) {
        // A member that was fenced off hears so here; the successor repeats the insert under the same token.
        if let Err(error) = result {
            self.uncommitted.store(true, Ordering::Release);
            tracing::warn!(%error, ?offsets, "offsets were not committed");
        }
    }
}

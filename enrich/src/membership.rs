//! What the consumer group reports to this member: that it has its share, partitions it lost, offsets it committed.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rdkafka::consumer::{BaseConsumer, Consumer as _, ConsumerContext, Rebalance};
use rdkafka::error::{KafkaResult, RDKafkaErrorCode};
use rdkafka::{ClientContext, Offset, TopicPartitionList};
use runtime::ops::Gate;

/// The context of a worker's consumer; librdkafka calls it from within `poll`.
pub(crate) struct Membership {
    /// Opens once the group has given this member its share, which may be nothing.
    joined: Gate,
    revoked: Mutex<Vec<i32>>,
    /// Whether `revoked` has any: asked before each record.
    lost: AtomicBool,
    /// The offset of each partition that the broker confirmed last.
    committed: Mutex<HashMap<i32, u64>>,
}

impl Membership {
    pub(crate) fn new(joined: Gate) -> Self {
        Self { joined, revoked: Mutex::new(Vec::new()), lost: AtomicBool::new(false), committed: Mutex::default() }
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

impl ClientContext for Membership {}

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

    fn post_rebalance(&self, _consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        if let Rebalance::Assign(_) = rebalance {
            self.joined.open();
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

/// Why the client will never bring another record, if that is so: e.g. because another process came with its
/// `kafka.instance_id`.
pub(crate) fn fatal(consumer: &BaseConsumer<Membership>) -> anyhow::Result<()> {
    match consumer.client().fatal_error() {
        None => Ok(()),
        Some((RDKafkaErrorCode::FencedInstanceId, _)) => {
            anyhow::bail!("another process has joined the group under the same kafka.instance_id")
        }
        Some((code, reason)) => anyhow::bail!("the Kafka client can't go on: {code}: {reason}"),
    }
}

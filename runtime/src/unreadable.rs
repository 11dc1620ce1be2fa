//! Records of our own topics that can't be read: counted by topic, logged within bounds, and passed over by whoever finds
//! one, so that a stray record holds up nothing.

use std::fmt::Display;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;

use crate::metrics::{Metrics, Name};

/// At most one line is logged in this time; how many were passed over is in the metric.
const LOG_EVERY: Duration = Duration::from_secs(10);
/// Longest reason that is logged, bytes: parsers quote what they read.
const REASON_BYTES: usize = 300;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TopicLabel {
    topic: &'static str,
}

/// Where a record stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordPlace {
    /// One of [`schemas::topics`].
    pub topic: &'static str,
    /// Its partition.
    pub partition: i32,
    /// Its offset.
    pub offset: i64,
}

/// Counts and reports. Clones share the count.
#[derive(Clone, Debug, Default)]
pub struct Unreadable {
    counts: Family<TopicLabel, Counter>,
    logged: Arc<Mutex<Option<Instant>>>,
}

impl Unreadable {
    /// Registers the count; each reading of a record counts, so a successor that reads it again counts it again.
    pub fn register(&self, metrics: &Metrics, name: Name) {
        metrics.register(name, "Records of own topics that could not be read, by topic", self.counts.clone());
    }

    /// Reports one record, which is passed over.
    pub fn report(&self, place: RecordPlace, why: &dyn Display) {
        let RecordPlace { topic, partition, offset } = place;
        self.counts.get_or_create(&TopicLabel { topic }).inc();
        let mut logged = self.logged.lock().unwrap_or_else(PoisonError::into_inner);
        if logged.is_none_or(|at| at.elapsed() >= LOG_EVERY) {
            *logged = Some(Instant::now());
            let why = why.to_string();
            let why = &why[..why.floor_char_boundary(REASON_BYTES)];
            tracing::error!(topic, partition, offset, why, "a record can't be read and is passed over");
        }
    }

    /// How many were reported of a topic.
    #[must_use]
    pub fn count(&self, topic: &'static str) -> u64 {
        self.counts.get_or_create(&TopicLabel { topic }).get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_counted_by_topic() {
        const NAME: Name = Name::new("test_unreadable_records");
        let (metrics, unreadable) = (Metrics::default(), Unreadable::default());
        unreadable.register(&metrics, NAME);
        for offset in 0..3 {
            let place = RecordPlace { topic: schemas::topics::LEDGER, partition: 0, offset };
            unreadable.clone().report(place, &"ž".repeat(1000));
        }
        assert_eq!(unreadable.count(schemas::topics::LEDGER), 3);
        let text = metrics.encode().unwrap();
        assert!(text.contains(r#"usertrail_test_unreadable_records_total{topic="enrich.ledger"} 3"#), "{text}");
    }
}

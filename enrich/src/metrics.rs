//! The enricher's metrics.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use runtime::metrics::{Metrics as Registry, Name};
use runtime::unreadable::Unreadable;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Reason {
    reason: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Topic {
    topic: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Partition {
    partition: i32,
}

/// Counters and gauges of one enricher; cheap to clone.
#[derive(Clone)]
pub struct Metrics {
    records: Counter,
    stored: Counter,
    duplicates: Counter,
    dead: Family<Reason, Counter>,
    rejected: Family<Topic, Counter>,
    unreadable: Unreadable,
    unknown_fields: Counter,
    batch_rows: Histogram,
    insert_seconds: Histogram,
    retries: Counter,
    rules_compiled: Counter,
    windows_dropped: Counter,
    correlation_bytes: Gauge,
    lag: Family<Partition, Gauge>,
    freshness_ms: Family<Partition, Gauge>,
}

impl Metrics {
    /// Registers everything under `usertrail_enrich_`.
    #[must_use]
    pub fn new(registry: &Registry) -> Self {
        const RECORDS: Name = Name::new("enrich_records");
        const STORED: Name = Name::new("enrich_events_stored");
        const DUPLICATES: Name = Name::new("enrich_duplicates");
        const DEAD: Name = Name::new("enrich_dead_letters");
        const REJECTED: Name = Name::new("enrich_rejected_records");
        const UNREADABLE: Name = Name::new("enrich_unreadable_records");
        const UNKNOWN: Name = Name::new("enrich_unknown_fields");
        const BATCH_ROWS: Name = Name::new("enrich_batch_rows");
        const INSERT_SECONDS: Name = Name::new("enrich_insert_seconds");
        const RETRIES: Name = Name::new("enrich_insert_retries");
        const RULES: Name = Name::new("enrich_rules_compiled");
        const WINDOWS: Name = Name::new("enrich_windows_dropped");
        const BYTES: Name = Name::new("enrich_correlation_bytes");
        const LAG: Name = Name::new("enrich_lag_records");
        const FRESHNESS: Name = Name::new("enrich_freshness_milliseconds");
        let unreadable = Unreadable::default();
        unreadable.register(registry, UNREADABLE);
        let rows = Histogram::new(exponential_buckets(1.0, 4.0, 10));
        let seconds = Histogram::new(exponential_buckets(0.002, 2.0, 14));
        Self {
            records: registry.register(RECORDS, "Records read from events.raw", Counter::default()),
            stored: registry.register(STORED, "Events stored", Counter::default()),
            duplicates: registry.register(DUPLICATES, "Records of events stored already", Counter::default()),
            dead: registry.register(DEAD, "Records sent to the dead letter, by reason", Family::default()),
            rejected: registry.register(REJECTED, "Records that Kafka will never take, by topic", Family::default()),
            unreadable,
            unknown_fields: registry.register(UNKNOWN, "Fields this version does not know", Counter::default()),
            batch_rows: registry.register(BATCH_ROWS, "Rows of an insert", rows),
            insert_seconds: registry.register(INSERT_SECONDS, "Duration of a successful insert", seconds),
            retries: registry.register(RETRIES, "Inserts that ClickHouse did not take at once", Counter::default()),
            rules_compiled: registry.register(RULES, "Tenants whose rules were compiled anew", Counter::default()),
            windows_dropped: registry.register(WINDOWS, "Windows of correlations that went early", Counter::default()),
            correlation_bytes: registry.register(BYTES, "Memory of correlations across users", Gauge::default()),
            lag: registry.register(
                LAG,
                "Records acknowledged and not yet stored, by partition; of all partitions, in every enricher alike",
                Family::default(),
            ),
            freshness_ms: registry.register(FRESHNESS, "Age of the newest event once stored", Family::default()),
        }
    }

    pub(crate) fn record(&self) {
        self.records.inc();
    }

    pub(crate) fn unknown_fields(&self, count: usize) {
        self.unknown_fields.inc_by(count as u64);
    }

    pub(crate) fn batch(&self, rows: u64, duplicates: u64) {
        self.stored.inc_by(rows);
        self.duplicates.inc_by(duplicates);
        self.batch_rows.observe(rows as f64);
    }

    pub(crate) fn dead(&self, reason: &str) {
        self.dead.get_or_create(&Reason { reason: reason.to_owned() }).inc();
    }

    pub(crate) fn rejected(&self, topic: &'static str) {
        self.rejected.get_or_create(&Topic { topic }).inc();
    }

    /// Where records of our own topics are reported to that can't be read.
    #[must_use]
    pub fn unreadable(&self) -> &Unreadable {
        &self.unreadable
    }

    pub(crate) fn insert_seconds(&self, seconds: f64) {
        self.insert_seconds.observe(seconds);
    }

    pub(crate) fn insert_retried(&self) {
        self.retries.inc();
    }

    pub(crate) fn rules_compiled(&self) {
        self.rules_compiled.inc();
    }

    /// Windows that were dropped before their time, because there was no room for them.
    pub(crate) fn windows_dropped(&self, count: usize) {
        self.windows_dropped.inc_by(count as u64);
    }

    pub(crate) fn correlation_bytes(&self, bytes: usize) {
        self.correlation_bytes.set(i64::try_from(bytes).unwrap_or(i64::MAX));
    }

    pub(crate) fn lag(&self, partition: i32, records: i64) {
        self.lag.get_or_create(&Partition { partition }).set(records);
    }

    pub(crate) fn freshness(&self, partition: i32, millis: i64) {
        self.freshness_ms.get_or_create(&Partition { partition }).set(millis);
    }

    pub(crate) fn revoked(&self, partition: i32) {
        self.freshness_ms.remove(&Partition { partition });
    }
}

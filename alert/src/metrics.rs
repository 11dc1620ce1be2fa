//! The metrics of alerting.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use runtime::metrics::{Metrics as Registry, Name};
use runtime::unreadable::Unreadable;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabel {
    outcome: &'static str,
}

/// Counters and gauges; cheap to clone.
#[derive(Clone)]
pub(crate) struct Metrics {
    findings: Counter,
    unreadable: Unreadable,
    pending: Gauge,
    outcomes: Family<OutcomeLabel, Counter>,
    seconds: Histogram,
    log_lost: Counter,
}

impl Metrics {
    /// Registers everything under `usertrail_alert_`.
    pub(crate) fn new(registry: &Registry) -> Self {
        const FINDINGS: Name = Name::new("alert_findings");
        const UNREADABLE: Name = Name::new("alert_unreadable_records");
        const PENDING: Name = Name::new("alert_pending");
        const OUTCOMES: Name = Name::new("alert_deliveries");
        const SECONDS: Name = Name::new("alert_delivery_seconds");
        const LOG_LOST: Name = Name::new("alert_log_rows_lost");
        let unreadable = Unreadable::default();
        unreadable.register(registry, UNREADABLE);
        // From 10 ms to about three days.
        let seconds = Histogram::new(exponential_buckets(0.01, 4.0, 13));
        Self {
            findings: registry.register(FINDINGS, "Findings read from the topic violations", Counter::default()),
            unreadable,
            pending: registry.register(PENDING, "Reports that wait or are being sent", Gauge::default()),
            outcomes: registry.register(OUTCOMES, "Attempts and what became of reports, by outcome", Family::default()),
            seconds: registry.register(SECONDS, "Time from a finding to the receiver's yes", seconds),
            log_lost: registry.register(LOG_LOST, "Rows that the delivery log lost", Counter::default()),
        }
    }

    pub(crate) fn findings(&self, count: usize) {
        self.findings.inc_by(count as u64);
    }

    /// Where records are reported to that can't be read.
    pub(crate) fn unreadable(&self) -> &Unreadable {
        &self.unreadable
    }

    pub(crate) fn pending(&self, count: usize) {
        self.pending.set(i64::try_from(count).unwrap_or(i64::MAX));
    }

    pub(crate) fn outcome(&self, outcome: &'static str) {
        self.outcomes.get_or_create(&OutcomeLabel { outcome }).inc();
    }

    pub(crate) fn delivered_after(&self, seconds: f64) {
        self.seconds.observe(seconds);
    }

    pub(crate) fn log_lost(&self, rows: usize) {
        self.log_lost.inc_by(rows as u64);
    }
}

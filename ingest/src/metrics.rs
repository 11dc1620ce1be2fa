//! What ingest counts.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use runtime::metrics::{Metrics, Name, latency_buckets};

const ACCEPTED: Name = Name::new("ingest_events_accepted");
const REPEATED: Name = Name::new("ingest_events_repeated");
const REJECTED: Name = Name::new("ingest_events_rejected");
const UNDELIVERED: Name = Name::new("ingest_events_undelivered");
const REQUESTS: Name = Name::new("ingest_requests");
const BYTES: Name = Name::new("ingest_body_bytes");
const EXPANDED: Name = Name::new("ingest_expanded_bytes");
const PRODUCE_SECONDS: Name = Name::new("ingest_produce_seconds");
const QUEUE: Name = Name::new("ingest_queue_events");

/// Why an event was rejected: a code of [`schemas::decode::Rejection`] or of [`crate::check`], so a bounded set.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct Code {
    pub(crate) code: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct StatusCode {
    pub(crate) status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct Encoding {
    pub(crate) encoding: &'static str,
}

/// All of it. Clones count together.
#[derive(Clone, Debug)]
pub(crate) struct Counts {
    pub(crate) accepted: Counter,
    pub(crate) repeated: Counter,
    pub(crate) rejected: Family<Code, Counter>,
    pub(crate) undelivered: Counter,
    pub(crate) requests: Family<StatusCode, Counter>,
    pub(crate) bytes: Family<Encoding, Counter>,
    pub(crate) expanded: Counter,
    pub(crate) produce_seconds: Histogram,
    pub(crate) queue: Gauge,
}

impl Counts {
    pub(crate) fn new(metrics: &Metrics) -> Self {
        Self {
            accepted: metrics.register(ACCEPTED, "Events acknowledged by Kafka", Counter::default()),
            repeated: metrics.register(
                REPEATED,
                "Events acknowledged by Kafka that their request has before",
                Counter::default(),
            ),
            rejected: metrics.register(REJECTED, "Events refused, by code", Family::default()),
            undelivered: metrics.register(UNDELIVERED, "Events that Kafka did not acknowledge", Counter::default()),
            requests: metrics.register(REQUESTS, "Requests, by status", Family::default()),
            bytes: metrics.register(BYTES, "Bytes of bodies as sent, by encoding", Family::default()),
            expanded: metrics.register(EXPANDED, "Bytes of bodies after decompression", Counter::default()),
            produce_seconds: metrics.register(
                PRODUCE_SECONDS,
                "From the first event of a request handed to the producer to the last acknowledged",
                Histogram::new(latency_buckets()),
            ),
            queue: metrics.register(QUEUE, "Events handed to the producer and not yet acknowledged", Gauge::default()),
        }
    }
}

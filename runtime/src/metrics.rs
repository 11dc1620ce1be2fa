//! Metrics: one registry a process, in Prometheus' text format (OpenMetrics).

use std::sync::{Arc, Mutex, PoisonError};

use prometheus_client::registry::{Metric, Registry};

/// Media type of [`Metrics::encode`].
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// Put before every name.
const PREFIX: &str = "usertrail";

/// A metric's name, checked at compile time when it is a constant: `a-z`, `0-9` and `_`, beginning with a letter, without
/// the prefix of the program and without `_total`, which counters get by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name(&'static str);

impl Name {
    /// Checks a name. Meant for constants: a bad one does not compile.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        let bytes = name.as_bytes();
        assert!(!bytes.is_empty() && bytes[0].is_ascii_lowercase(), "a name begins with a lower-case letter");
        let mut at = 0;
        while at < bytes.len() {
            assert!(
                bytes[at].is_ascii_lowercase() || bytes[at].is_ascii_digit() || bytes[at] == b'_',
                "a name is of a-z, 0-9 and _"
            );
            at += 1;
        }
        Self(name)
    }
}

/// The metrics of a process. Clones share the same registry.
#[derive(Clone, Debug)]
pub struct Metrics(Arc<Mutex<Registry>>);

impl Default for Metrics {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Registry::with_prefix(PREFIX))))
    }
}

impl Metrics {
    /// Registers a clone of `metric` and hands the metric back. `help` is a sentence without its full stop.
    pub fn register<M: Metric + Clone>(&self, name: Name, help: &'static str, metric: M) -> M {
        let mut registry = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        registry.register(name.0, help, metric.clone());
        metric
    }

    /// All metrics as text.
    ///
    /// # Errors
    /// When a metric can't be written.
    pub fn encode(&self) -> Result<String, std::fmt::Error> {
        let registry = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &registry)?;
        Ok(text)
    }
}

/// Buckets for latencies from half a millisecond to about half a minute, in seconds.
pub fn latency_buckets() -> impl Iterator<Item = f64> {
    prometheus_client::metrics::histogram::exponential_buckets(0.0005, 2.0, 16)
}

#[cfg(test)]
mod tests {
    use super::*;
    use prometheus_client::metrics::counter::Counter;

    const EVENTS: Name = Name::new("test_events");

    #[test]
    fn a_registered_metric_is_encoded_with_the_prefix() {
        let metrics = Metrics::default();
        let counter = metrics.register(EVENTS, "Events", <Counter>::default());
        counter.inc_by(3);
        let text = metrics.encode().unwrap();
        assert!(text.contains("usertrail_test_events_total 3"), "{text}");
        assert!(text.ends_with("# EOF\n"));
    }
}

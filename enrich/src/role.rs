//! The role as a whole: its shared parts, its workers, its end.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use runtime::access::AccessList;
use runtime::config::Config;
use runtime::kafka::DELIVERED;
use runtime::ops::{Pulse, Readiness};
use runtime::settings::Settings;
use runtime::shutdown::Shutdown;
use schemas::catalogue::Catalogue;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use crate::cross::{Correlator, CorrelatorParts};
use crate::delivery::Delivery;
use crate::device::DeviceParser;
use crate::geo::{GeoPaths, GeoReader};
use crate::lag::LagWatch;
use crate::metrics::Metrics;
use crate::rulebook::RuleBook;
use crate::sink::Sink;
use crate::stages::Shared;
use crate::state::Budget;
use crate::stream::Stream;
use crate::worker::{Parts, Worker};

/// How long a part may be silent until the process is not ready. The longest that one is busy in good health is a seek that
/// the broker is slow to answer, for each of its partitions.
const SILENCE: Duration = Duration::from_secs(60);

/// The enricher of one process: one or more members of the consumer group.
pub struct Enricher {
    parts: Parts,
    workers: usize,
    drain: Duration,
}

impl Enricher {
    /// Loads rules, databases and patterns. Settings must be ready.
    ///
    /// # Errors
    /// When a file can't be read, or a rule doesn't compile.
    pub fn new(
        config: &Config,
        stream: &Stream,
        settings: Settings,
        access: AccessList,
        registry: &runtime::metrics::Metrics,
    ) -> Result<Self> {
        let metrics = Metrics::new(registry);
        let geo = &config.enrich.geo;
        let paths = GeoPaths { city: geo.city.clone(), asn: geo.asn.clone(), anonymous: geo.anonymous.clone() };
        let shared = Shared {
            geo: Arc::new(GeoReader::open(paths).context("enrich.geo")?),
            parser: Arc::new(DeviceParser::new()?),
            rules: RuleBook::shipped()?,
            access,
            metrics: metrics.clone(),
        };
        let clickhouse = runtime::clickhouse::client(&config.clickhouse);
        let delivery = Delivery {
            kafka: config.kafka.clone(),
            stream: stream.clone(),
            producer: runtime::kafka::producer_config_within(&config.kafka, DELIVERED).create()?,
            decider: runtime::kafka::producer_config_within(&config.kafka, DELIVERED).create()?,
            sink: Sink::new(clickhouse.clone(), metrics.clone()),
            metrics,
            stop: CancellationToken::new(),
        };
        let parts = Parts {
            kafka: config.kafka.clone(),
            enrich: config.enrich.clone(),
            clickhouse,
            settings,
            catalogue: Catalogue::shipped()?,
            shared,
            delivery,
            budget: Budget::new(config.enrich.state_memory_mb * 1024 * 1024),
        };
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let workers = if config.enrich.workers == 0 { cores } else { config.enrich.workers };
        Ok(Self { parts, workers, drain: config.drain() })
    }

    /// Starts the workers. They stop with `shutdown`, which waits for them.
    ///
    /// Conditions: each worker has its share of the partitions and works (`enrich-0` …), and so does the correlator
    /// (`correlations`); no partition stands (`partitions`).
    ///
    /// # Errors
    /// When the consumer group can't be joined.
    pub fn start(self, readiness: &Readiness, shutdown: &Shutdown) -> Result<()> {
        let (settings, metrics) = (self.parts.settings.clone(), self.parts.shared.metrics.clone());
        self.parts.shared.rules.follow(settings, metrics, shutdown);
        for number in 0..self.workers {
            // Its deliveries go on after it was asked to stop, until they are done or the drain's time is over.
            let give_up = CancellationToken::new();
            let mut parts = self.parts.clone();
            parts.delivery.stop = give_up.clone();
            let joined = readiness.gate(format!("enrich-{number}"));
            let worker = Worker::join(parts, number, joined, shutdown.clone())?;
            readiness.pulse(format!("enrich-{number} at work"), worker.pulse(), SILENCE);
            // Sooner than the process gives up on its tasks, so that it ends well even while ClickHouse is away.
            let drain = self.drain * 3 / 4;
            shutdown.supervise_blocking("enricher", move || {
                let _give_up = give_up.drop_guard();
                worker.run(drain)
            });
        }
        self.correlate(readiness, shutdown)?;
        self.watch_lag(readiness, shutdown)?;
        self.reload_geo(shutdown);
        Ok(())
    }

    fn watch_lag(&self, readiness: &Readiness, shutdown: &Shutdown) -> Result<()> {
        let (metrics, gate) = (self.parts.shared.metrics.clone(), readiness.gate("partitions"));
        let limit = Duration::from_secs(self.parts.enrich.stall_seconds);
        let watch = LagWatch::new(&self.parts.kafka, metrics, gate, limit)?;
        let (pulse, stop) = (Pulse::default(), shutdown.token());
        readiness.pulse("partitions at work", &pulse, SILENCE);
        shutdown.supervise_blocking("lag watch", move || watch.run(&pulse, &stop));
        Ok(())
    }

    fn correlate(&self, readiness: &Readiness, shutdown: &Shutdown) -> Result<()> {
        let correlator = Correlator::join(CorrelatorParts {
            kafka: self.parts.kafka.clone(),
            settings: self.parts.settings.clone(),
            rules: self.parts.shared.rules.clone(),
            producer: self.parts.delivery.producer.clone(),
            metrics: self.parts.shared.metrics.clone(),
            memory: self.parts.enrich.correlation_memory_mb * 1024 * 1024,
            joined: readiness.gate("correlations"),
        })?;
        readiness.pulse("correlations at work", correlator.pulse(), SILENCE);
        let (stop, tasks) = (shutdown.token(), Handle::current());
        shutdown.supervise_blocking("correlator", move || correlator.run(&stop, &tasks));
        Ok(())
    }

    fn reload_geo(&self, shutdown: &Shutdown) {
        let (geo, stop) = (Arc::clone(&self.parts.shared.geo), shutdown.token());
        let every = Duration::from_secs(self.parts.enrich.geo.reload_seconds.max(1));
        shutdown.supervise("reload of the geo databases", async move {
            while tokio::time::timeout(every, stop.cancelled()).await.is_err() {
                let geo = Arc::clone(&geo);
                match tokio::task::spawn_blocking(move || geo.reload_if_changed()).await {
                    Ok(Ok(crate::geo::Reload::Replaced)) => tracing::info!("geo database reloaded"),
                    Ok(Err(error)) => tracing::warn!(%error, "the new geo database can't be used; the old one stays"),
                    _ => {}
                }
            }
        });
    }
}

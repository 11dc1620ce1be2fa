//! The role as a whole: its shared parts, its workers, its end.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use rdkafka::producer::{FutureProducer, Producer as _};
use runtime::access::AccessList;
use runtime::config::Config;
use runtime::settings::Settings;
use runtime::shutdown::Shutdown;
use schemas::catalogue::Catalogue;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use crate::cross::{Correlator, CorrelatorParts};
use crate::delivery::Delivery;
use crate::device::DeviceParser;
use crate::geo::{GeoPaths, GeoReader};
use crate::metrics::Metrics;
use crate::rulebook::RuleBook;
use crate::sink::Sink;
use crate::stages::Shared;
use crate::state::Budget;
use crate::worker::{Parts, Worker};

/// The enricher of one process: one or more members of the consumer group.
pub struct Enricher {
    parts: Parts,
    workers: usize,
    drain: Duration,
}

impl Enricher {
    /// Loads rules, databases and patterns, and asks Kafka who it is. Settings must be ready.
    ///
    /// # Errors
    /// When a file can't be read, a rule doesn't compile, or Kafka doesn't answer.
    pub async fn new(
        config: &Config,
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
        let producer: FutureProducer = runtime::kafka::producer_config(&config.kafka).create()?;
        let delivery = Delivery {
            kafka: config.kafka.clone(),
            cluster_id: cluster_id(&producer).await?,
            producer,
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
    /// # Errors
    /// When the consumer group can't be joined.
    pub fn start(self, shutdown: &Shutdown) -> Result<()> {
        let (settings, metrics) = (self.parts.settings.clone(), self.parts.shared.metrics.clone());
        self.parts.shared.rules.follow(settings, metrics, shutdown);
        for _ in 0..self.workers {
            // Its deliveries go on after it was asked to stop, until they are done or the drain's time is over.
            let give_up = CancellationToken::new();
            let mut parts = self.parts.clone();
            parts.delivery.stop = give_up.clone();
            let worker = Worker::join(parts, Handle::current())?;
            // Sooner than the process gives up on its tasks, so that it ends well even while ClickHouse is away.
            let (stop, drain, all) = (shutdown.token(), self.drain * 3 / 4, shutdown.clone());
            shutdown.spawn_blocking(move || {
                if let Err(error) = worker.run(&stop, drain) {
                    tracing::error!(
                        error = format!("{error:#}"),
                        "the enricher can't go on; start it again once mended"
                    );
                    all.request();
                }
                give_up.cancel();
            });
        }
        self.correlate(shutdown)?;
        self.reload_geo(shutdown);
        Ok(())
    }

    fn correlate(&self, shutdown: &Shutdown) -> Result<()> {
        let correlator = Correlator::join(CorrelatorParts {
            kafka: self.parts.kafka.clone(),
            settings: self.parts.settings.clone(),
            rules: self.parts.shared.rules.clone(),
            producer: self.parts.delivery.producer.clone(),
            metrics: self.parts.shared.metrics.clone(),
            memory: self.parts.enrich.correlation_memory_mb * 1024 * 1024,
        })?;
        let (stop, tasks) = (shutdown.token(), Handle::current());
        shutdown.spawn_blocking(move || correlator.run(&stop, &tasks));
        Ok(())
    }

    fn reload_geo(&self, shutdown: &Shutdown) {
        let (geo, stop) = (Arc::clone(&self.parts.shared.geo), shutdown.token());
        let every = Duration::from_secs(self.parts.enrich.geo.reload_seconds.max(1));
        shutdown.spawn(async move {
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

async fn cluster_id(producer: &FutureProducer) -> Result<String> {
    let producer = producer.clone();
    let id = tokio::task::spawn_blocking(move || producer.client().fetch_cluster_id(Duration::from_secs(20))).await?;
    id.context("Kafka did not say which cluster it is within 20 s")
}

//! A real broker and a real ClickHouse engine in this process, with the tables made, and an enricher on demand.

pub(crate) mod relay;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use embedded::broker::{Broker, BrokerConfig};
use embedded::cache::engine_library;
use embedded::engine::{Engine, EngineConfig};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::FutureRecord;
use runtime::config::Config;
use runtime::metrics::Metrics;
use runtime::settings::Settings;
use runtime::shutdown::Shutdown;
use schemas::settings::Tenant;
use schemas::topics;

/// One broker, one engine, one data directory; gone with the value.
pub(crate) struct World {
    pub(crate) config: Config,
    pub(crate) client: clickhouse::Client,
    pub(crate) settings: Settings,
    pub(crate) producer: runtime::kafka::Producer,
    shutdown: Shutdown,
    broker: Broker,
    engine: Engine,
    _dir: tempfile::TempDir,
}

impl World {
    /// Everything up, with the tenant `acme` logging.
    pub(crate) async fn new() -> Self {
        let mut config = Config::defaults().unwrap();
        config.telemetry.log = std::env::var("RUST_LOG").unwrap_or_else(|_| "warn,nisshi=error".to_owned());
        runtime::telemetry::init(&config.telemetry).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let listen = "127.0.0.1:0".parse().unwrap();
        let broker = Broker::start(BrokerConfig { data_dir: dir.path().join("broker"), listen }).await.unwrap();
        let engine = Engine::start(EngineConfig::new(engine_library(), dir.path().join("engine"))).await.unwrap();
        config.kafka.brokers = broker.bootstrap();
        config.kafka.partitions = 2;
        config.clickhouse.url = engine.url();
        config.enrich.workers = 1;
        config.enrich.flush_ms = 50;
        runtime::kafka::ensure_topics(&config.kafka).await.unwrap();
        storage::migrate(&config).await.unwrap();
        let shutdown = Shutdown::default();
        let settings = Settings::spawn(&config, &shutdown).unwrap();
        settings.ready().await;
        let mut tenant = Tenant::new("acme", "Acme");
        tenant.logging = true;
        settings.put_tenant(tenant).await.unwrap();
        let producer = runtime::kafka::producer_config(&config.kafka).create().unwrap();
        Self {
            client: runtime::clickhouse::client(&config.clickhouse),
            config,
            settings,
            producer,
            shutdown,
            broker,
            engine,
            _dir: dir,
        }
    }

    /// Stops everything; without it the threads that follow the settings would keep the test from ending.
    pub(crate) async fn stop(self) {
        assert!(self.shutdown.drain(Duration::from_secs(20)).await);
        self.engine.stop().await.unwrap();
        self.broker.stop().await;
    }

    /// An enricher that runs until the value returned is drained.
    pub(crate) async fn enrich(&self) -> Shutdown {
        self.enrich_with(&self.config, &Metrics::default()).await
    }

    /// An enricher whose way to ClickHouse is closed at first.
    pub(crate) async fn enrich_behind_a_closed_door(&self) -> (Door, Shutdown) {
        let door = Door::new(self.config.clickhouse.url.trim_start_matches("http://").trim_end_matches('/')).await;
        let mut config = self.config.clone();
        config.clickhouse.url = format!("http://{}", door.address);
        let enricher = self.enrich_with(&config, &Metrics::default()).await;
        (door, enricher)
    }

    /// An enricher with its own configuration and counters.
    pub(crate) async fn enrich_with(&self, config: &Config, metrics: &Metrics) -> Shutdown {
        self.enrich_by(config, self.settings.clone(), metrics).await
    }

    /// An enricher as of a process of its own: it follows the settings by itself.
    pub(crate) async fn enrich_by(&self, config: &Config, settings: Settings, metrics: &Metrics) -> Shutdown {
        let shutdown = Shutdown::default();
        let access = runtime::access::AccessList::in_memory();
        // Through the open door: this one may be closed.
        let stream = enrich::stream::check(&self.config, None).await.unwrap();
        let enricher = enrich::Enricher::new(config, &stream, settings, access, metrics).unwrap();
        enricher.start(&runtime::ops::Readiness::default(), &shutdown).unwrap();
        shutdown
    }

    /// Writes one record straight to `events.raw`, as an application with Kafka access does (P1).
    pub(crate) async fn send(&self, tenant: Option<&str>, key: &str, payload: &[u8]) -> (i32, i64) {
        let tenant = tenant.map(|tenant| (topics::headers::TENANT, tenant));
        self.send_with(tenant.as_slice(), key, payload).await
    }

    pub(crate) async fn send_with(&self, headers: &[(&str, &str)], key: &str, payload: &[u8]) -> (i32, i64) {
        let headers = headers
            .iter()
            .fold(OwnedHeaders::new(), |all, (key, value)| all.insert(Header { key, value: Some(*value) }));
        let topic = self.config.kafka.topic(topics::EVENTS_RAW);
        let record = FutureRecord::to(&topic).key(key).payload(payload).headers(headers);
        let delivery = self.producer.send(record, Duration::from_secs(10)).await.unwrap();
        (delivery.partition, delivery.offset)
    }

    /// The offset after the last record of a partition.
    pub(crate) fn end(&self, topic: &str, partition: i32) -> i64 {
        let topic = self.config.kafka.topic(topic);
        self.producer.ends(&topic, partition, Duration::from_secs(10)).unwrap().1
    }

    pub(crate) async fn number(&self, sql: &str) -> u64 {
        self.client.query(sql).fetch_one::<u64>().await.unwrap()
    }

    /// Waits until the query gives the number, or fails with what it gave last.
    pub(crate) async fn until(&self, sql: &str, expected: u64) {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let found = self.number(sql).await;
            if found == expected {
                return;
            }
            assert!(Instant::now() < deadline, "{sql}: {found}, expected {expected}");
            tokio::task::yield_now().await;
        }
    }

    /// Dead letters by reason.
    pub(crate) async fn dead(&self) -> BTreeMap<String, usize> {
        let kafka = self.config.kafka.clone();
        let letters = tokio::task::spawn_blocking(move || enrich::dead_letter::list(&kafka)).await.unwrap().unwrap();
        let mut reasons = BTreeMap::new();
        for letter in letters {
            *reasons.entry(letter.reason).or_default() += 1;
        }
        reasons
    }
}

/// A way to a server that can be closed: then connections end at once.
pub(crate) struct Door {
    address: std::net::SocketAddr,
    open: tokio::sync::watch::Sender<bool>,
    knocks: tokio::sync::watch::Receiver<u32>,
}

impl Door {
    async fn new(server: &str) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (open, is_open) = tokio::sync::watch::channel(false);
        let (knock, knocks) = tokio::sync::watch::channel(0);
        let server = server.to_owned();
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                knock.send_modify(|knocks| *knocks += 1);
                if *is_open.borrow() {
                    let mut upstream = tokio::net::TcpStream::connect(&server).await.unwrap();
                    tokio::spawn(async move { tokio::io::copy_bidirectional(&mut client, &mut upstream).await });
                }
            }
        });
        Self { address, open, knocks }
    }

    /// Returns when both partitions' takers have stood before it.
    pub(crate) async fn knocked(&self) {
        self.knocks.clone().wait_for(|knocks| *knocks >= 2).await.unwrap();
    }

    pub(crate) fn open(&self) {
        self.open.send_replace(true);
    }
}

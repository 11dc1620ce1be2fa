//! Ingest as it runs, on the embedded broker, with a tenant and its keys.

pub(crate) mod features;

use std::io::Write as _;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Request, StatusCode};
use embedded::broker::{Broker, BrokerConfig};
use http_body_util::BodyExt as _;
use ingest::Ingest;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::message::{Headers as _, Message as _};
use runtime::config::{self, Config};
use runtime::freshness::Freshness;
use runtime::http::{Counts, Limits, Server};
use runtime::metrics::Metrics;
use runtime::receipts::Receipts;
use runtime::settings::Settings;
use schemas::settings::{Role, Tenant};
use schemas::topics;
use serde_json::Value;
use tower::ServiceExt as _;

/// Everything a test talks to.
pub(crate) struct World {
    pub(crate) router: Router,
    pub(crate) settings: Settings,
    pub(crate) metrics: Metrics,
    pub(crate) receipts: Receipts,
    /// A key of the role ingest, of the tenant `acme`, whose logging is on.
    pub(crate) key: String,
    pub(crate) config: Config,
    broker: Option<Broker>,
    _dir: tempfile::TempDir,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) json: Value,
}

/// A record of `events.raw`.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) key: String,
    pub(crate) value: String,
    pub(crate) headers: Vec<(String, String)>,
}

impl Record {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Returns the routes as the role serves them: a resource states its methods, and problems are in the language of whoever asks.
pub(crate) fn router(ingest: Ingest) -> Router {
    runtime::http::methods::with_methods(ingest::router(ingest))
        .layer(axum::middleware::from_fn(runtime::problem::in_language))
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let listen = SocketAddr::from(([127, 0, 0, 1], 0));
        let broker = Broker::start(BrokerConfig { data_dir: dir.path().to_owned(), listen }).await.unwrap();
        let mut config = Config::defaults().unwrap();
        config.kafka.brokers = broker.bootstrap();
        change(&mut config);
        runtime::kafka::ensure_topics(&config.kafka).await.unwrap();
        let settings = Settings::in_memory(config.limits);
        let tenant = Tenant { logging: true, ..Tenant::new("acme", "Acme") };
        settings.put_tenant(tenant).await.unwrap();
        let (metrics, receipts) = (Metrics::default(), Receipts::default());
        let noted = receipts.clone();
        let ingest = Ingest::noting(&config, settings.clone(), Freshness::unknown(), &metrics, noted).unwrap();
        let router = router(ingest);
        let mut world =
            Self { router, settings, metrics, receipts, key: String::new(), config, broker: Some(broker), _dir: dir };
        world.key = world.new_key(Role::Ingest).await;
        world
    }

    pub(crate) async fn new_key(&self, role: Role) -> String {
        let tenant = (role != Role::Platform).then_some("acme");
        self.settings.create_key(tenant, role, "test").await.unwrap().1.expose()
    }

    pub(crate) async fn change_tenant(&self, change: impl FnOnce(&mut Tenant)) {
        let mut tenant = Tenant::clone(&self.settings.tenant("acme").unwrap());
        change(&mut tenant);
        self.settings.put_tenant(tenant).await.unwrap();
    }

    /// Serves as the program does, until the test ends.
    pub(crate) async fn listen(&self) -> SocketAddr {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = Server::new("http", Limits::from(&self.config.http), Counts::default());
        tokio::spawn(server.serve(listener, self.router.clone(), std::future::pending()));
        address
    }

    pub(crate) async fn stop_broker(&mut self) {
        self.broker.take().unwrap().stop().await;
    }

    /// Sends a body with the key of the world, from 198.51.100.7.
    pub(crate) async fn send(&self, headers: &[(&str, &str)], body: impl Into<Body>) -> Answer {
        let bearer = format!("Bearer {}", self.key);
        let mut all = vec![("authorization", bearer.as_str())];
        all.extend_from_slice(headers);
        self.send_as(&all, body).await
    }

    /// Sends a body with these headers alone.
    pub(crate) async fn send_as(&self, headers: &[(&str, &str)], body: impl Into<Body>) -> Answer {
        self.request(Request::post("/v1/events"), headers, body.into()).await
    }

    /// Asks what may be done, with these headers alone.
    pub(crate) async fn options(&self, headers: &[(&str, &str)]) -> Answer {
        self.request(Request::options("/v1/events"), headers, Body::empty()).await
    }

    pub(crate) async fn delete(&self) -> Answer {
        self.request(Request::delete("/v1/events"), &[], Body::empty()).await
    }

    async fn request(&self, builder: axum::http::request::Builder, headers: &[(&str, &str)], body: Body) -> Answer {
        let mut request = builder.extension(ConnectInfo(SocketAddr::from(([198, 51, 100, 7], 9))));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self.router.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let json = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Answer { status: parts.status, headers: parts.headers, json }
    }

    /// All records of `events.raw`, by partition and offset.
    pub(crate) fn records(&self) -> Vec<Record> {
        let topic = self.config.kafka.topic(topics::EVENTS_RAW);
        let consumer: BaseConsumer = runtime::kafka::consumer_config(&self.config.kafka, "test").create().unwrap();
        let mut records = Vec::new();
        for partition in 0..self.config.kafka.partitions {
            let (low, high) = consumer.fetch_watermarks(&topic, partition, Duration::from_secs(10)).unwrap();
            let mut list = rdkafka::TopicPartitionList::new();
            list.add_partition_offset(&topic, partition, rdkafka::Offset::Beginning).unwrap();
            consumer.assign(&list).unwrap();
            let mut next = low;
            while next < high {
                let record = consumer.poll(Duration::from_secs(10)).unwrap().unwrap();
                next = record.offset() + 1;
                let text = |bytes: Option<&[u8]>| String::from_utf8(bytes.unwrap_or_default().to_vec()).unwrap();
                records.push(Record {
                    key: text(record.key()),
                    value: text(record.payload()),
                    headers: record
                        .headers()
                        .into_iter()
                        .flat_map(|headers| headers.iter())
                        .map(|header| (header.key.to_owned(), text(header.value)))
                        .collect(),
                });
            }
        }
        records
    }
}

/// Limits that no test meets by accident.
pub(crate) fn limits(per_second: u32, burst: u32) -> config::Limits {
    config::Limits { events_per_second: per_second, burst, queries_per_second: 1, query_burst: 1 }
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// An event of one user.
pub(crate) fn event(id: &str) -> String {
    format!(r#"{{"id":"{id}","type":"task.created","actor":{{"id":"u1"}},"object":{{"type":"task","id":"7"}}}}"#)
}

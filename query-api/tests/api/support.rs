//! An API over the engine, asked as its callers ask it.

mod engine;
mod event;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request};
use chrono::Utc;
use clickhouse::Client;
use embedded::broker::{Broker, BrokerConfig};
use http_body_util::BodyExt as _;
use query_api::audit::Audit;
use query_api::{Assets, OneTimeLink, Parts, QueryApi};
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use runtime::access::AccessList;
use runtime::config::{self, Config, Kafka, Secret};
use runtime::freshness::Freshness;
use runtime::http::{Counts, Limits, Server};
use runtime::limiter::Limiter;
use runtime::metrics::Metrics;
use runtime::oidc::{Clock, Oidc};
use runtime::receipts::Receipts;
use runtime::settings::Settings;
use runtime::shutdown::Shutdown;
use schemas::settings::{Plan, Role, Tenant};
use serde_json::Value;
use tower::ServiceExt as _;

use self::engine::Share;
pub(crate) use self::event::{CATEGORIES, Event, RULES, covering, millis, pick};

/// A console in small.
const ASSETS: &[(&str, &[u8])] = &[
    ("index.html", b"<!doctype html><title>usertrail</title>"),
    ("assets/index-1a2b.js", b"plain"),
    ("assets/index-1a2b.js.br", b"br"),
    ("assets/index-1a2b.js.gz", b"gz"),
];

/// Runs a test in a world of its own.
pub(crate) fn with_world<F: Future<Output = ()>>(database: &str, test: impl FnOnce(World) -> F) {
    with_config(database, async |config| test(World::new(config, Audit::in_memory())).await);
}

/// Runs a test in a world of its own, configured by `set`.
pub(crate) fn with_configured<F: Future<Output = ()>>(
    database: &str,
    set: impl FnOnce(&mut Config),
    test: impl FnOnce(World) -> F,
) {
    with_config(database, async |mut config| {
        set(&mut config);
        test(World::new(config, Audit::in_memory())).await;
    });
}

/// Runs a test in a world of its own that believes identity providers, by a clock that the test may move.
pub(crate) fn with_providers<F: Future<Output = ()>>(
    database: &str,
    providers: Vec<runtime::config::Oidc>,
    clock: Clock,
    test: impl FnOnce(World) -> F,
) {
    with_config(database, async |mut config| {
        config.oidc = providers;
        test(World::by(config, Audit::in_memory(), clock)).await;
    });
}

/// Runs a test in a world of its own with a broker.
pub(crate) fn with_broker<F: Future<Output = ()>>(database: &str, test: impl FnOnce(World, Kafka) -> F) {
    let dir = tempfile::tempdir().unwrap();
    with_config(database, async |mut config| {
        let listen = SocketAddr::from(([127, 0, 0, 1], 0));
        let broker = Broker::start(BrokerConfig { data_dir: dir.path().to_owned(), listen }).await.unwrap();
        config.kafka.brokers = broker.bootstrap();
        runtime::kafka::ensure_topics(&config.kafka).await.unwrap();
        let kafka = config.kafka.clone();
        let audit = Audit::new(&config).unwrap();
        test(World::new(config, audit), kafka).await;
        broker.stop().await;
    });
}

/// Runs a test in two worlds that are one installation: two processes on one broker.
pub(crate) fn with_two_processes<F: Future<Output = ()>>(database: &str, test: impl FnOnce(World, World) -> F) {
    let dir = tempfile::tempdir().unwrap();
    with_config(database, async |mut config| {
        let listen = SocketAddr::from(([127, 0, 0, 1], 0));
        let broker = Broker::start(BrokerConfig { data_dir: dir.path().to_owned(), listen }).await.unwrap();
        config.kafka.brokers = broker.bootstrap();
        config.alert.allow_private = true;
        runtime::kafka::ensure_topics(&config.kafka).await.unwrap();
        let shutdown = Shutdown::default();
        let start = async |config: &Config| {
            let settings = Settings::spawn(config, &shutdown).unwrap();
            let access = AccessList::spawn(config, &shutdown).unwrap();
            settings.ready().await;
            access.ready().await;
            World::on(config.clone(), (settings, access), Audit::in_memory(), Arc::new(Utc::now))
        };
        test(start(&config).await, start(&config).await).await;
        assert!(shutdown.drain(Duration::from_secs(10)).await);
        broker.stop().await;
    });
}

fn with_config<F: Future<Output = ()>>(database: &str, test: impl FnOnce(Config) -> F) {
    let share = Share::take();
    let shared = share.0.as_ref().unwrap();
    shared.runtime.block_on(async {
        let mut config = Config::defaults().unwrap();
        config.clickhouse.url.clone_from(&shared.url);
        config.clickhouse.database = database.to_owned();
        config.limits.queries_per_second = 1_000_000;
        config.limits.query_burst = 1_000_000;
        // All processes of an installation have the same.
        config.console.seal_keys = vec![Secret::new("0123456789abcdef".repeat(4))];
        storage::migrate(&config).await.unwrap();
        test(config).await;
    });
}

/// One installation.
pub(crate) struct World {
    pub(crate) client: Client,
    pub(crate) settings: Settings,
    pub(crate) freshness: Freshness,
    pub(crate) receipts: Receipts,
    pub(crate) oidc: Oidc,
    pub(crate) access: AccessList,
    pub(crate) audit: Arc<Audit>,
    pub(crate) router: Router,
    pub(crate) one_time_link: OneTimeLink,
    http: config::Http,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) json: Value,
}

impl World {
    fn new(config: Config, audit: Audit) -> Self {
        Self::by(config, audit, Arc::new(Utc::now))
    }

    fn by(config: Config, audit: Audit, clock: Clock) -> Self {
        let alone = (Settings::in_memory(config.limits), AccessList::in_memory());
        Self::on(config, alone, audit, clock)
    }

    fn on(config: Config, (settings, access): (Settings, AccessList), audit: Audit, clock: Clock) -> Self {
        let (freshness, receipts) = (Freshness::unknown(), Receipts::default());
        let one_time_link = OneTimeLink::default();
        let audit = Arc::new(audit);
        let metrics = Metrics::default();
        let oidc = Oidc::with_clock(&config.oidc, &metrics, clock).unwrap();
        let parts = Parts {
            settings: settings.clone(),
            oidc: oidc.clone(),
            access: access.clone(),
            audit: Arc::clone(&audit),
            limiter: Limiter::default(),
            freshness: freshness.clone(),
            receipts: receipts.clone(),
            assets: Assets::new(ASSETS),
            one_time_link: one_time_link.clone(),
        };
        let api = QueryApi::new(&config, parts, &metrics).unwrap();
        let shell = api.shell();
        Self {
            client: runtime::clickhouse::client(&config.clickhouse),
            settings,
            freshness,
            receipts,
            oidc,
            access,
            audit,
            router: query_api::finish(query_api::router(api), &query_api::openapi(), shell),
            one_time_link,
            http: config.http,
        }
    }

    /// Serves as the program does, until the test ends.
    pub(crate) async fn listen(&self) -> SocketAddr {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = Server::new("http", Limits::from(&self.http), Counts::default());
        tokio::spawn(server.serve(listener, self.router.clone(), std::future::pending()));
        address
    }

    /// Creates a tenant as `set` makes it, on the plan that bounds nothing.
    pub(crate) async fn tenant(&self, id: &str, set: impl FnOnce(&mut Tenant)) {
        let mut tenant = Tenant { plan: Plan::UNLIMITED, ..Tenant::new(id, id) };
        set(&mut tenant);
        self.settings.put_tenant(tenant).await.unwrap();
    }

    /// A new key's text.
    pub(crate) async fn key(&self, tenant: Option<&str>, role: Role) -> String {
        self.settings.create_key(tenant, role, "test").await.unwrap().1.expose()
    }

    pub(crate) async fn send(&self, method: &str, path: &str, key: &str, body: Option<Value>) -> Answer {
        let mut request = Request::builder().method(method).uri(path).header("authorization", format!("Bearer {key}"));
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        let body = body.map_or_else(Body::empty, |json| Body::from(json.to_string()));
        self.answer(request.body(body).unwrap()).await
    }

    /// What came back, as text.
    pub(crate) async fn body(&self, request: Request<Body>) -> String {
        let response = self.router.clone().oneshot(request).await.unwrap();
        String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
    }

    pub(crate) async fn answer(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        Answer { status, headers, json: serde_json::from_slice(&bytes).unwrap_or(Value::Null) }
    }

    pub(crate) async fn get(&self, path: &str, key: &str) -> Answer {
        self.send("GET", path, key, None).await
    }

    /// A GET that must succeed.
    pub(crate) async fn ok(&self, path: &str, key: &str) -> Value {
        let answer = self.get(path, key).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.json);
        answer.json
    }

    /// What staff did to a tenant, in short: type, object, changes as `path: old → new`. What they only read is left out.
    pub(crate) fn staff_events(&self, tenant: &str) -> Vec<String> {
        let change = |change: &Value| format!("{}: {} → {}", text(&change["path"]), change["old"], change["new"]);
        let short = |event: Value| {
            let changes: Vec<_> = event["changes"].as_array().into_iter().flatten().map(change).collect();
            format!("{} {}; {}", text(&event["type"]), text(&event["object"]["id"]), changes.join(", "))
        };
        let done = |event: &Value| !text(&event["type"]).ends_with(".viewed");
        self.audit.recorded(tenant).into_iter().filter(done).map(short).collect()
    }

    pub(crate) async fn insert(&self, events: &[Event]) {
        self.insert_by(&self.client, events).await;
    }

    /// Inserts through a client with settings of its own.
    pub(crate) async fn insert_by(&self, client: &Client, events: &[Event]) {
        if events.is_empty() {
            return;
        }
        let columns: Vec<&str> = events[0].columns().iter().map(|(name, _)| *name).collect();
        let row = |event: &Event| event.columns().into_iter().map(|(_, value)| value).collect::<Vec<_>>().join(",");
        let rows: Vec<String> = events.iter().map(|event| format!("({})", row(event))).collect();
        let sql = format!("INSERT INTO events ({}) VALUES {}", columns.join(","), rows.join(", "));
        client.query_raw(&sql).execute().await.unwrap();
    }

    /// All pages of a list, as `page` has them.
    pub(crate) async fn pages(&self, path: &str, key: &str) -> Vec<Value> {
        let mut rows = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = self.ok(&format!("{path}{cursor}"), key).await;
            rows.extend(page["data"].as_array().unwrap().iter().cloned());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("{}cursor={next}", if path.contains('?') { '&' } else { '?' }),
                None => {
                    assert_eq!(page["has_more"], false);
                    return rows;
                }
            }
            assert_eq!(page["has_more"], true);
        }
    }
}

pub(crate) fn rng(seed: u64) -> StdRng {
    StdRng::seed_from_u64(seed)
}

/// Ids of a list, in its order.
pub(crate) fn ids(rows: &[Value]) -> Vec<String> {
    rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// A value as one of a list: a comma behind a backslash, backslashes before it and at the end twice.
pub(crate) fn listed(value: &str) -> String {
    let doubled = |part: &str| format!("{part}{}", "\\".repeat(part.len() - part.trim_end_matches('\\').len()));
    encoded(&value.split(',').map(doubled).collect::<Vec<_>>().join("\\,"))
}

/// Percent-encodes a value.
pub(crate) fn encoded(value: &str) -> String {
    percent_encoding::utf8_percent_encode(value, percent_encoding::NON_ALPHANUMERIC).to_string()
}

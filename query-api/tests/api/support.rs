//! The engine, an API over it, and a model of events that can be inserted and recomputed naively.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request};
use chrono::{DateTime, TimeDelta, Utc};
use clickhouse::Client;
use embedded::broker::{Broker, BrokerConfig};
use embedded::cache::engine_library;
use embedded::engine::{Engine, EngineConfig};
use http_body_util::BodyExt as _;
use query_api::audit::Audit;
use query_api::freshness::Freshness;
use query_api::{Parts, QueryApi};
use rand::rngs::StdRng;
use rand::{Rng, RngExt as _, SeedableRng as _};
use runtime::access::AccessList;
use runtime::config::{self, Config, Kafka};
use runtime::http::{Counts, Limits, Server};
use runtime::limiter::Limiter;
use runtime::metrics::Metrics;
use runtime::oidc::{Clock, Oidc};
use runtime::settings::Settings;
use runtime::shutdown::Shutdown;
use schemas::settings::{Plan, Role, Tenant};
use serde_json::Value;
use tokio::runtime::Runtime;
use tower::ServiceExt as _;

/// The engine, and the threads it is asked from. It is open while any test needs it, and closed in good order before the
/// process exits, which statics never are.
struct Shared {
    url: String,
    runtime: Runtime,
    engine: Option<Engine>,
    dir: PathBuf,
}

impl Shared {
    fn open() -> Self {
        // An engine that is opened again in the same process must be given the same path.
        let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("query-api-{}", std::process::id()));
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().worker_threads(2).build().unwrap();
        let engine = runtime.block_on(Engine::start(EngineConfig::new(engine_library(), &dir))).unwrap();
        Self { url: engine.url(), runtime, engine: Some(engine), dir }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        if let Some(engine) = self.engine.take() {
            self.runtime.block_on(engine.stop()).unwrap();
        }
        std::fs::remove_dir_all(&self.dir).unwrap();
    }
}

static OPEN: Mutex<Weak<Shared>> = Mutex::new(Weak::new());

/// A test's share of the engine.
struct Share(Option<Arc<Shared>>);

impl Share {
    fn take() -> Self {
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        let shared = open.upgrade().unwrap_or_else(|| {
            let shared = Arc::new(Shared::open());
            *open = Arc::downgrade(&shared);
            shared
        });
        Self(Some(shared))
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        // Under the lock, so that nobody opens the engine while the last one closes it.
        let _open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.0.take());
    }
}

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
        runtime::migrate::migrate(&config).await.unwrap();
        test(config).await;
    });
}

/// One installation.
pub(crate) struct World {
    pub(crate) client: Client,
    pub(crate) settings: Settings,
    pub(crate) freshness: Freshness,
    pub(crate) oidc: Oidc,
    pub(crate) access: AccessList,
    pub(crate) audit: Arc<Audit>,
    pub(crate) router: Router,
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
        let freshness = Freshness::unknown();
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
        };
        let api = QueryApi::new(&config, parts, &metrics).unwrap();
        Self {
            client: runtime::clickhouse::client(&config.clickhouse),
            settings,
            freshness,
            oidc,
            access,
            audit,
            router: query_api::finish(query_api::router(api), &query_api::openapi()),
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

/// An event as the tests think of it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Event {
    pub(crate) tenant: String,
    pub(crate) id: String,
    pub(crate) event_type: String,
    pub(crate) class: &'static str,
    pub(crate) category: &'static str,
    pub(crate) action: &'static str,
    pub(crate) module: &'static str,
    pub(crate) outcome: &'static str,
    pub(crate) actor_kind: &'static str,
    pub(crate) actor_id: String,
    pub(crate) actor_name: String,
    pub(crate) actor_email: String,
    pub(crate) actor_active: bool,
    pub(crate) object_type: &'static str,
    pub(crate) object_id: String,
    pub(crate) object_name: String,
    pub(crate) object_url: &'static str,
    /// Path, op, old and new, as JSON.
    pub(crate) changes: Vec<[String; 4]>,
    pub(crate) payload: String,
    pub(crate) location: &'static str,
    pub(crate) channel: &'static str,
    pub(crate) occurred: DateTime<Utc>,
    pub(crate) received: DateTime<Utc>,
    pub(crate) started: Option<DateTime<Utc>>,
    pub(crate) duration_ms: u64,
    pub(crate) records: u64,
    pub(crate) ip: &'static str,
    pub(crate) device_id: String,
    pub(crate) session_id: String,
    pub(crate) country: &'static str,
    pub(crate) device_kind: &'static str,
    /// Of the rules, in one window an hour.
    pub(crate) violations: Vec<&'static str>,
    pub(crate) level: u8,
    /// What was seen, and the limit; -1 for none.
    pub(crate) measured: (f64, f64),
    /// JSON, for rules across users.
    pub(crate) group: &'static str,
    pub(crate) signals: Vec<(&'static str, f64)>,
    pub(crate) reason: &'static str,
    pub(crate) key_id: &'static str,
    pub(crate) source: &'static str,
    pub(crate) backfill: bool,
    pub(crate) retention_days: u16,
}

/// What the event of a review says that it is of.
pub(crate) fn covering(count: u64, seen: f64) -> Vec<[String; 4]> {
    let add = |path: &str, new: String| [path, "add", "", &new].map(str::to_owned);
    vec![add("count", count.to_string()), add("seen", seen.to_string())]
}

pub(crate) fn pick<'a, T: ?Sized>(rng: &mut StdRng, all: &[&'a T]) -> &'a T {
    all[rng.random_range(0..all.len())]
}

pub(crate) const CATEGORIES: &[&str] = &["sign_ins", "changes", "views", "configuration", "other"];
pub(crate) const RULES: &[&str] = &["new-country", "mass-export", "dormant"];

impl Event {
    /// Its address as it is counted, in the form of the table.
    pub(crate) fn counted_ip(&self) -> std::net::Ipv6Addr {
        let ip: std::net::Ipv6Addr = schemas::address::mapped(self.ip.parse().unwrap());
        schemas::address::mapped(schemas::address::counted(ip.to_canonical()))
    }

    /// Something that happened `ago` before now, received a moment later.
    pub(crate) fn random(rng: &mut StdRng, tenant: &str, number: usize, longest_ago: TimeDelta) -> Self {
        let ago = rng.random_range(60_000..longest_ago.num_milliseconds());
        let occurred = millis(Utc::now()) - TimeDelta::milliseconds(ago);
        let object_type = pick(rng, &["task", "deal", "contact", ""]);
        Self {
            tenant: tenant.to_owned(),
            id: format!("e{number:05}-{:04x}", rng.next_u32() & 0xffff),
            event_type: pick(rng, &["task.created", "deal.viewed", "user.signed_in", "lead.odd"]).to_owned(),
            class: pick(rng, &["create", "delete", "change", "other"]),
            category: pick(rng, CATEGORIES),
            action: pick(rng, &["create", "view", "sign_in", "sign_in_failed", "export"]),
            module: pick(rng, &["crm", "billing", ""]),
            outcome: pick(rng, &["success", "failure", "unknown"]),
            actor_kind: pick(rng, &["user", "user", "system", "api_key"]),
            actor_id: format!("u{}", rng.random_range(0..6)),
            actor_name: String::new(),
            actor_email: String::new(),
            actor_active: true,
            object_type,
            object_id: if object_type.is_empty() { String::new() } else { format!("{}", rng.random_range(0..20)) },
            object_name: String::new(),
            object_url: "",
            changes: Vec::new(),
            payload: String::new(),
            location: pick(rng, &["Brno", "Praha", ""]),
            channel: pick(rng, &["call", "email", ""]),
            occurred,
            received: occurred + TimeDelta::milliseconds(rng.random_range(0..50_000)),
            started: None,
            duration_ms: rng.random_range(0..10_000),
            records: rng.random_range(0..100),
            ip: pick(rng, &["198.51.100.7", "2001:db8::1", "::"]),
            device_id: pick(rng, &["d1", "d2", "d3", ""]).to_owned(),
            session_id: pick(rng, &["s1", "s2", ""]).to_owned(),
            country: pick(rng, &["CZ", "DE", ""]),
            device_kind: pick(rng, &["desktop", "phone"]),
            violations: RULES.iter().copied().filter(|_| rng.random_bool(0.1)).collect(),
            level: 3,
            measured: (-1.0, -1.0),
            group: "",
            signals: Vec::new(),
            reason: "",
            key_id: "",
            source: "",
            backfill: false,
            retention_days: 1825,
        }
    }

    /// A sign-in of a user, `ago` before now.
    pub(crate) fn sign_in(id: &str, user: &str, ago: TimeDelta) -> Self {
        let occurred = millis(Utc::now()) - ago;
        Self {
            id: id.to_owned(),
            event_type: "user.signed_in".to_owned(),
            class: "other",
            category: "sign_ins",
            action: "sign_in",
            outcome: "success",
            actor_kind: "user",
            actor_id: user.to_owned(),
            object_type: "",
            object_id: String::new(),
            occurred,
            received: occurred,
            device_id: "d1".to_owned(),
            session_id: format!("s-{id}"),
            ip: "198.51.100.7",
            country: "CZ",
            device_kind: "desktop",
            violations: Vec::new(),
            ..Self::random(&mut rng(0), "acme", 0, TimeDelta::days(1))
        }
    }

    /// The event of staff that reviews a violation, or takes the review back.
    pub(crate) fn review(violation: &str, kind: &str, ago: TimeDelta) -> Self {
        Self {
            event_type: kind.to_owned(),
            category: "changes",
            action: "review",
            actor_kind: "api_key",
            actor_name: "Security desk".to_owned(),
            object_type: "violation",
            object_id: violation.to_owned(),
            reason: "known traveller",
            changes: covering(1000, 1000.0),
            key_id: "usertrail",
            session_id: String::new(),
            ..Self::sign_in(&format!("{kind}-{}", ago.num_seconds()), "k3jq7xw2m5ab", ago)
        }
    }

    /// The id of the violation that the event belongs to by a rule.
    pub(crate) fn violation_id(&self, rule: &str) -> String {
        let subject = if self.group.is_empty() { &self.actor_id } else { self.group };
        schemas::violation::id(&self.tenant, rule, subject, self.occurred.timestamp_millis(), HOUR_MS)
    }

    /// When the window of its violations began.
    pub(crate) fn window(&self) -> DateTime<Utc> {
        let at = self.occurred.timestamp_millis();
        DateTime::from_timestamp_millis(at - at.rem_euclid(HOUR_MS)).unwrap()
    }

    /// What it says of its object, as the enricher finds it.
    fn object_standing(&self) -> u8 {
        match self.event_type.as_str() {
            "user.reactivated" => 1,
            "user.deactivated" => 2,
            _ => 0,
        }
    }

    fn columns(&self) -> Vec<(&'static str, String)> {
        let time = |time: DateTime<Utc>| format!("'{}'", time.format("%Y-%m-%d %H:%M:%S%.3f"));
        let list = |all: Vec<String>| format!("[{}]", all.join(","));
        let changed = |part: usize| list(self.changes.iter().map(|change| quoted(&change[part])).collect());
        let each = |value: String| list(vec![value; self.violations.len()]);
        let ids = self.violations.iter().map(|rule| quoted(&self.violation_id(rule))).collect();
        vec![
            ("tenant", quoted(&self.tenant)),
            ("event_id", quoted(&self.id)),
            ("type", quoted(&self.event_type)),
            ("class", quoted(self.class)),
            ("category", quoted(self.category)),
            ("action", quoted(self.action)),
            ("module", quoted(self.module)),
            ("outcome", quoted(self.outcome)),
            ("reason", quoted(self.reason)),
            ("occurred_at", time(self.occurred)),
            ("claimed_at", "0".to_owned()),
            ("received_at", time(self.received)),
            ("enriched_at", time(self.received)),
            ("actor_kind", quoted(self.actor_kind)),
            ("actor_id", quoted(&self.actor_id)),
            ("actor_name", quoted(&self.actor_name)),
            ("actor_email", quoted(&self.actor_email)),
            ("actor_active", self.actor_active.to_string()),
            ("actor_standing", if self.actor_active { "1" } else { "2" }.to_owned()),
            ("object_standing", self.object_standing().to_string()),
            ("object_type", quoted(self.object_type)),
            ("object_id", quoted(&self.object_id)),
            ("object_name", quoted(&self.object_name)),
            ("object_url", quoted(self.object_url)),
            ("changes.path", changed(0)),
            ("changes.op", changed(1)),
            ("changes.old", changed(2)),
            ("changes.new", changed(3)),
            ("payload", quoted(&self.payload)),
            ("location", quoted(self.location)),
            ("channel", quoted(self.channel)),
            ("started_at", self.started.map_or_else(|| "0".to_owned(), time)),
            ("duration_ms", self.duration_ms.to_string()),
            ("records", self.records.to_string()),
            ("backfill", self.backfill.to_string()),
            ("ip", format!("toIPv6('{}')", self.ip)),
            ("ip_prefix", format!("toIPv6('{}')", self.counted_ip())),
            ("key_id", quoted(self.key_id)),
            ("source", quoted(self.source)),
            ("device_id", quoted(&self.device_id)),
            ("session_id", quoted(&self.session_id)),
            ("country", quoted(self.country)),
            ("device_kind", quoted(self.device_kind)),
            ("signals.name", list(self.signals.iter().map(|(name, _)| quoted(name)).collect())),
            ("signals.value", list(self.signals.iter().map(|(_, value)| value.to_string()).collect())),
            ("session_key", quoted(&self.session_id)),
            ("session_started_at", time(self.occurred)),
            ("last_activity_at", time(self.occurred)),
            ("violations", list(self.violations.iter().map(|rule| quoted(rule)).collect())),
            ("violation_levels", each(self.level.to_string())),
            ("violation_versions", each("2".to_owned())),
            ("violation_ids", list(ids)),
            ("violation_windows", each(time(self.window()))),
            ("violation_seen", each(self.measured.0.to_string())),
            ("violation_limits", each(self.measured.1.to_string())),
            ("violation_actions", each("'flag'".to_owned())),
            ("violation_groups", each(quoted(self.group))),
            ("retention_days", self.retention_days.to_string()),
        ]
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

const HOUR_MS: i64 = 3_600_000;

/// Without what the tables don't keep.
pub(crate) fn millis(time: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(time.timestamp_millis()).unwrap()
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

/// Percent-encodes a value.
/// A value as one of a list: a comma behind a backslash, backslashes before it and at the end twice.
pub(crate) fn listed(value: &str) -> String {
    let doubled = |part: &str| format!("{part}{}", "\\".repeat(part.len() - part.trim_end_matches('\\').len()));
    encoded(&value.split(',').map(doubled).collect::<Vec<_>>().join("\\,"))
}

pub(crate) fn encoded(value: &str) -> String {
    percent_encoding::utf8_percent_encode(value, percent_encoding::NON_ALPHANUMERIC).to_string()
}

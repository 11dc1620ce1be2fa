//! The engine, an API over it, and a model of events that can be inserted and recomputed naively.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request};
use chrono::{DateTime, TimeDelta, Utc};
use clickhouse::Client;
use embedded::engine::{Engine, EngineConfig};
use http_body_util::BodyExt as _;
use query_api::audit::Audit;
use query_api::freshness::Freshness;
use query_api::{Parts, QueryApi};
use rand::rngs::StdRng;
use rand::{Rng, RngExt as _, SeedableRng as _};
use runtime::access::AccessList;
use runtime::config::Config;
use runtime::limiter::Limiter;
use runtime::metrics::Metrics;
use runtime::settings::Settings;
use schemas::settings::{Role, Tenant};
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
        let engine = runtime.block_on(Engine::start(EngineConfig::new(library(), &dir))).unwrap();
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

fn library() -> PathBuf {
    let cache = || {
        let home = || PathBuf::from(std::env::var_os("HOME").expect("HOME is set")).join(".cache");
        let cache = std::env::var_os("XDG_CACHE_HOME").map_or_else(home, PathBuf::from);
        cache.join("usertrail/chdb-26.7.3/libchdb.so")
    };
    let path = std::env::var_os("USERTRAIL_CHDB_LIB").map_or_else(cache, PathBuf::from);
    assert!(path.is_file(), "{} is missing: run `make deps`", path.display());
    path
}

/// Runs a test in a world of its own.
pub(crate) fn with_world<F: Future<Output = ()>>(database: &str, test: impl FnOnce(World) -> F) {
    let share = Share::take();
    let shared = share.0.as_ref().unwrap();
    shared.runtime.block_on(async {
        let mut config = Config::defaults().unwrap();
        config.clickhouse.url.clone_from(&shared.url);
        config.clickhouse.database = database.to_owned();
        config.limits.queries_per_second = 1_000_000;
        config.limits.query_burst = 1_000_000;
        runtime::migrate::migrate(&config).await.unwrap();
        test(World::new(config)).await;
    });
}

/// One installation.
pub(crate) struct World {
    pub(crate) client: Client,
    pub(crate) settings: Settings,
    pub(crate) freshness: Freshness,
    pub(crate) access: AccessList,
    pub(crate) audit: Arc<Audit>,
    pub(crate) router: Router,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) json: Value,
}

impl World {
    fn new(config: Config) -> Self {
        let settings = Settings::in_memory(config.limits);
        let freshness = Freshness::unknown();
        let (access, audit) = (AccessList::in_memory(), Arc::new(Audit::in_memory()));
        let parts = Parts {
            settings: settings.clone(),
            access: access.clone(),
            audit: Arc::clone(&audit),
            limiter: Limiter::default(),
            freshness: freshness.clone(),
        };
        let api = QueryApi::new(&config, parts, &Metrics::default()).unwrap();
        Self {
            client: runtime::clickhouse::client(&config.clickhouse),
            settings,
            freshness,
            access,
            audit,
            router: query_api::finish(query_api::router(api), &query_api::openapi()),
        }
    }

    /// Creates a tenant as `set` makes it.
    pub(crate) async fn tenant(&self, id: &str, set: impl FnOnce(&mut Tenant)) {
        let mut tenant = Tenant::new(id, id);
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

    /// What staff did to a tenant, in short: type, object, changes as `path: old → new`.
    pub(crate) fn staff_events(&self, tenant: &str) -> Vec<String> {
        let change = |change: &Value| format!("{}: {} → {}", text(&change["path"]), change["old"], change["new"]);
        let short = |event: Value| {
            let changes: Vec<_> = event["changes"].as_array().into_iter().flatten().map(change).collect();
            format!("{} {}; {}", text(&event["type"]), text(&event["object"]["id"]), changes.join(", "))
        };
        self.audit.recorded(tenant).into_iter().map(short).collect()
    }

    pub(crate) async fn insert(&self, events: &[Event]) {
        if events.is_empty() {
            return;
        }
        let rows: Vec<String> = events.iter().map(Event::values).collect();
        let sql = format!("INSERT INTO events ({COLUMNS}) VALUES {}", rows.join(", "));
        self.client.query_raw(&sql).execute().await.unwrap();
    }

    /// All pages of a list, as `page` has them.
    pub(crate) async fn pages(&self, path: &str, key: &str) -> Vec<Value> {
        let mut rows = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = self.ok(&format!("{path}{cursor}"), key).await;
            rows.extend(page["data"].as_array().unwrap().iter().cloned());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => {
                    assert_eq!(page["has_more"], false);
                    return rows;
                }
            }
            assert_eq!(page["has_more"], true);
        }
    }
}

const COLUMNS: &str = "tenant, event_id, type, class, category, action, module, outcome, occurred_at, claimed_at, \
    received_at, enriched_at, actor_kind, actor_id, actor_active, object_type, object_id, location, channel, \
    duration_ms, records, ip, device_id, session_id, country, device_kind, violations, violation_levels, \
    violation_versions, retention_days";

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
    pub(crate) object_type: &'static str,
    pub(crate) object_id: String,
    pub(crate) location: &'static str,
    pub(crate) channel: &'static str,
    pub(crate) occurred: DateTime<Utc>,
    pub(crate) received: DateTime<Utc>,
    pub(crate) duration_ms: u64,
    pub(crate) records: u64,
    pub(crate) ip: &'static str,
    pub(crate) device_id: String,
    pub(crate) session_id: String,
    pub(crate) country: &'static str,
    pub(crate) device_kind: &'static str,
    pub(crate) violations: Vec<&'static str>,
    pub(crate) retention_days: u16,
}

pub(crate) fn pick<'a, T: ?Sized>(rng: &mut StdRng, all: &[&'a T]) -> &'a T {
    all[rng.random_range(0..all.len())]
}

pub(crate) const CATEGORIES: &[&str] = &["sign_ins", "changes", "views", "configuration", "other"];
pub(crate) const RULES: &[&str] = &["new-country", "mass-export", "dormant"];

impl Event {
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
            object_type,
            object_id: if object_type.is_empty() { String::new() } else { format!("{}", rng.random_range(0..20)) },
            location: pick(rng, &["Brno", "Praha", ""]),
            channel: pick(rng, &["call", "email", ""]),
            occurred,
            received: occurred + TimeDelta::milliseconds(rng.random_range(0..50_000)),
            duration_ms: rng.random_range(0..10_000),
            records: rng.random_range(0..100),
            ip: pick(rng, &["198.51.100.7", "2001:db8::1", "::"]),
            device_id: pick(rng, &["d1", "d2", "d3", ""]).to_owned(),
            session_id: pick(rng, &["s1", "s2", ""]).to_owned(),
            country: pick(rng, &["CZ", "DE", ""]),
            device_kind: pick(rng, &["desktop", "phone"]),
            violations: RULES.iter().copied().filter(|_| rng.random_bool(0.1)).collect(),
            retention_days: 1825,
        }
    }

    fn values(&self) -> String {
        let time = |time: DateTime<Utc>| format!("'{}'", time.format("%Y-%m-%d %H:%M:%S%.3f"));
        let rules: Vec<String> = self.violations.iter().map(|rule| quoted(rule)).collect();
        let levels = vec!["3"; rules.len()].join(",");
        let versions = vec!["2"; rules.len()].join(",");
        let (occurred, received) = (time(self.occurred), time(self.received));
        let texts = [
            &self.tenant,
            &self.id,
            &self.event_type,
            self.class,
            self.category,
            self.action,
            self.module,
            self.outcome,
        ]
        .map(quoted)
        .join(",");
        format!(
            "({texts},{occurred},0,{received},{received},{},{},true,{},{},{},{},{},{},toIPv6('{}'),{},{},{},{},[{}],[{levels}],[{versions}],{})",
            quoted(self.actor_kind),
            quoted(&self.actor_id),
            quoted(self.object_type),
            quoted(&self.object_id),
            quoted(self.location),
            quoted(self.channel),
            self.duration_ms,
            self.records,
            self.ip,
            quoted(&self.device_id),
            quoted(&self.session_id),
            quoted(self.country),
            quoted(self.device_kind),
            rules.join(","),
            self.retention_days,
        )
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

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
pub(crate) fn encoded(value: &str) -> String {
    percent_encoding::utf8_percent_encode(value, percent_encoding::NON_ALPHANUMERIC).to_string()
}

//! The engine, and an endpoint over it.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request};
use bi::Bi;
use clickhouse::Client;
use embedded::cache::engine_library;
use embedded::engine::{Engine, EngineConfig};
use http_body_util::BodyExt as _;
use query_api::audit::Audit;
use query_api::audit::read_log::ReadLog;
use runtime::config::Config;
use runtime::limiter::Limiter;
use runtime::metrics::{Metrics, Name};
use runtime::settings::Settings;
use schemas::settings::{Permission, Plan, Role, Tenant};
use tokio::runtime::Runtime;
use tower::ServiceExt as _;

/// The engine, and the threads it is asked from; closed in good order before the process exits.
struct Shared {
    url: String,
    runtime: Runtime,
    engine: Option<Engine>,
    dir: PathBuf,
}

impl Shared {
    fn open() -> Self {
        let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("bi-{}", std::process::id()));
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
        let _open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.0.take());
    }
}

/// Two tenants: `acme`, who asks, and `globex`, whose every text is or begins with `secret`.
pub(crate) struct World {
    pub(crate) config: Config,
    pub(crate) client: Client,
    pub(crate) settings: Settings,
    pub(crate) audit: Arc<Audit>,
    pub(crate) router: Router,
    /// acme's, with the permission.
    pub(crate) key: String,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// Runs a test in a world of its own.
pub(crate) fn with_world<F: Future<Output = ()>>(database: &str, test: impl FnOnce(World) -> F) {
    with_config(database, |_| {}, test);
}

/// As [`with_world`], with another configuration.
pub(crate) fn with_config<F: Future<Output = ()>>(
    database: &str,
    set: impl FnOnce(&mut Config),
    test: impl FnOnce(World) -> F,
) {
    let share = Share::take();
    let shared = share.0.as_ref().unwrap();
    shared.runtime.block_on(async {
        let mut config = Config::defaults().unwrap();
        config.clickhouse.url.clone_from(&shared.url);
        config.clickhouse.database = database.to_owned();
        config.limits.queries_per_second = 1_000_000;
        config.limits.query_burst = 1_000_000;
        set(&mut config);
        storage::migrate(&config).await.unwrap();
        test(World::new(config).await).await;
    });
}

impl World {
    async fn new(config: Config) -> Self {
        let settings = Settings::in_memory(config.limits);
        for tenant in ["acme", "globex"] {
            let mut tenant = Tenant::new(tenant, tenant);
            tenant.plan = Plan::UNLIMITED;
            settings.put_tenant(tenant).await.unwrap();
        }
        let client = runtime::clickhouse::client(&config.clickhouse);
        // Both in one granule of one part, so that conditions of the one could be tried on rows of the other.
        let sql = "INSERT INTO events (tenant, event_id, type, category, action, occurred_at, received_at, actor_kind, \
                   actor_id, actor_name, object_name, records, device_id, session_key, session_started_at, extra, \
                   violations, violation_ids, violation_windows, violation_levels, violation_versions, \
                   violation_actions, violation_seen, violation_limits, violation_groups, retention_days) \
                   SELECT if(number < 3, 'acme', 'globex'), v, v, 'other', v, now64(3) - 60, now64(3) - 60, 'user', v, \
                   v, v, if(number < 3, 1, 7777), v, v, now64(3) - 60, v, [v], [concat('v', v)], [toDateTime64(0, 3)], \
                   [1], [1], ['flag'], [1], [1], [''], 1825 \
                   FROM (SELECT number, if(number < 3, toString(number), concat('secret', toString(number))) AS v \
                   FROM numbers(60))";
        client.query_raw(sql).execute().await.unwrap();
        let audit = Arc::new(Audit::in_memory());
        let read_log = ReadLog::new(Arc::clone(&audit), &Metrics::default(), Name::new("sql_views_not_recorded"));
        let bi = Bi::open(&config, settings.clone(), Limiter::default(), read_log).await.unwrap();
        let mut world = Self { config, client, settings, audit, router: bi::router(bi), key: String::new() };
        world.key = world.key_of(Some("acme")).await;
        world
    }

    /// A key that may query.
    pub(crate) async fn key_of(&self, tenant: Option<&str>) -> String {
        let role = if tenant.is_some() { Role::Admin } else { Role::Platform };
        let made = self.settings.create_key_permitting(tenant, role, &[Permission::QuerySql], "bi").await;
        made.unwrap().1.expose()
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = match response.into_body().collect().await {
            Ok(body) => String::from_utf8_lossy(&body.to_bytes()).into_owned(),
            Err(error) => format!("broken off: {error}"),
        };
        Answer { status, headers, text }
    }

    /// Posts a statement with acme's key.
    pub(crate) async fn post(&self, parameters: &str, sql: &str) -> Answer {
        let request = Request::post(format!("/?{parameters}")).header("x-clickhouse-key", &self.key);
        self.send(request.body(Body::from(sql.to_owned())).unwrap()).await
    }

    /// Whatever was tried, all rows are there.
    pub(crate) async fn is_untouched(&self) {
        let rows = self.client.query_raw("SELECT count() FROM events").fetch_one::<u64>().await.unwrap();
        assert_eq!(rows, 60);
    }

    /// The result of a statement that must run.
    pub(crate) async fn rows(&self, sql: &str) -> String {
        let answer = self.post("", sql).await;
        assert_eq!(answer.status, 200, "{sql}: {}", answer.text);
        answer.text
    }
}

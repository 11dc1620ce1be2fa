//! What one tenant's page takes while another tenant asks its worst query without end.
//!
//! `cargo bench --ignore-rust-version --bench fairness -- --rows 2000000 --pages 200`
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, missing_docs, reason = "a bench fails by stopping")]
#![allow(dead_code, reason = "each bench uses its own part of what they share")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use runtime::access::AccessList;
use runtime::config::Config;
use runtime::limiter::Limiter;
use runtime::metrics::Metrics;
use runtime::oidc::Oidc;
use runtime::settings::Settings;
use schemas::settings::{Plan, Role, Tenant};
use support::store::Store;
use support::{Table, argument, publish};

/// Those who ask the worst query.
const CLIENTS: usize = 16;
/// Events of the quiet tenant.
const QUIET_ROWS: u64 = 20_000;
const USERS: u64 = 200;
/// Rows of one insert: the engine has as much memory as that of `usertrail up`.
const CHUNK: usize = 200_000;
/// The whole log of the noisy tenant, newest first: every row of it is read and compared.
const WORST: &str = "/v1/events?limit=1000";
/// What the quiet tenant looks at.
const PAGE: &str = "/v1/events?actor_id=u-7&limit=50";

fn main() {
    let threads = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let (rows, pages) = (argument("--rows", 2_000_000), argument("--pages", 200));
    let body = threads.block_on(measure(rows, pages));
    publish("fairness", &body);
}

async fn measure(rows: u64, pages: u64) -> String {
    let dir = tempfile::tempdir().unwrap();
    let mut config = Config::defaults().unwrap();
    config.limits.queries_per_second = 1_000_000;
    config.limits.query_burst = 1_000_000;
    let store = Store::start(dir.path(), &mut config).await;
    fill(&store, "noisy", rows).await;
    fill(&store, "quiet", QUIET_ROWS).await;

    let mut table =
        Table::new(&["the quiet tenant's page, ms", "p50", "p99", "p99 against alone", "worst queries/s beside"]);
    let mut first = None;
    for (name, noisy, set) in [
        ("alone", false, |_: &mut Config| {}),
        ("beside, one queue for all (every place for anybody)", true, |config: &mut Config| {
            config.query.max_concurrent_per_tenant = config.query.places();
        }),
        ("**beside, in turn (the defaults)**", true, |_: &mut Config| {}),
        ("beside, in turn, one place a tenant", true, |config: &mut Config| config.query.max_concurrent_per_tenant = 1),
    ] as [(&str, bool, fn(&mut Config)); 4]
    {
        let mut config = config.clone();
        set(&mut config);
        let api = Api::start(&config).await;
        let (waits, per_second) = api.pages(pages, if noisy { CLIENTS } else { 0 }).await;
        let p99 = at(&waits, 0.99);
        let alone = *first.get_or_insert(p99);
        table.row(&[
            name.to_owned(),
            format!("{:.1}", at(&waits, 0.5)),
            format!("{p99:.1}"),
            format!("{:.1}×", p99 / alone),
            if noisy { format!("{per_second:.1}") } else { "–".to_owned() },
        ]);
    }
    let by_settings = by_settings(Arc::new(store), pages).await;
    format!(
        "{pages} pages of 50 events of one user, of a tenant with {QUIET_ROWS} events, one after the other; beside it {CLIENTS} \
         clients of a tenant with {rows} events ask for its whole log, newest first, without pause. The engine has a process \
         of its own on the same cores.\n\n{}\n{by_settings}",
        table.finish()
    )
}

/// What settings of a query do, without our own queue: half of the places are the noisy tenant's.
async fn by_settings(store: Arc<Store>, pages: u64) -> String {
    const BESIDE: usize = 4;
    let worst = "SELECT * FROM events WHERE tenant = 'noisy' ORDER BY occurred_at DESC, event_id DESC LIMIT 1000 FORMAT RowBinary";
    let page = "SELECT * FROM events WHERE tenant = 'quiet' AND actor_id = 'u-7' ORDER BY occurred_at DESC, event_id DESC \
                LIMIT 50 FORMAT RowBinary";
    let mut table = Table::new(&["the quiet tenant's statement, ms", "p50", "p99", "worst statements/s beside"]);
    for (name, priorities, threads) in [
        ("no settings", [None; BESIDE], None),
        ("`priority`: 1, and 1 to 4 for the noisy one's", [Some("1"), Some("2"), Some("3"), Some("4")], None),
        ("`max_threads` = 1", [None; BESIDE], Some("1")),
        ("both", [Some("1"), Some("2"), Some("3"), Some("4")], Some("1")),
    ] {
        let under = move |priority: Option<&'static str>| -> Vec<(&'static str, &'static str)> {
            let priority = priority.map(|value| ("priority", value));
            priority.into_iter().chain(threads.map(|value| ("max_threads", value))).collect()
        };
        let (end, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let noise = priorities.map(|priority| {
            let (store, end, answered) = (Arc::clone(&store), Arc::clone(&end), Arc::clone(&answered));
            tokio::spawn(async move {
                while !end.load(Ordering::Relaxed) {
                    store.run_under(&under(priority), worst).await;
                    answered.fetch_add(1, Ordering::Relaxed);
                }
            })
        });
        let own = under(priorities[0]);
        let mut waits = Vec::new();
        let begun = Instant::now();
        for _ in 0..pages {
            let asked = Instant::now();
            store.run_under(&own, page).await;
            waits.push(asked.elapsed());
        }
        let per_second = answered.load(Ordering::Relaxed) as f64 / begun.elapsed().as_secs_f64();
        end.store(true, Ordering::Relaxed);
        for one in noise {
            one.await.unwrap();
        }
        waits.sort_unstable();
        table.row(&[
            name.to_owned(),
            format!("{:.1}", at(&waits, 0.5)),
            format!("{:.1}", at(&waits, 0.99)),
            format!("{per_second:.1}"),
        ]);
    }
    format!(
        "The same without our queue, {BESIDE} of the worst statement at a time, by settings of the queries:\n\n{}",
        table.finish()
    )
}

/// The share of the waits that are at most so long, in milliseconds; `waits` are sorted.
fn at(waits: &[Duration], share: f64) -> f64 {
    let index = ((waits.len() as f64 * share) as usize).min(waits.len() - 1);
    waits[index].as_secs_f64() * 1e3
}

/// Events of one tenant, made where they are kept, a second apart.
async fn fill(store: &Store, tenant: &str, rows: u64) {
    for offset in (0..rows).step_by(CHUNK) {
        insert(store, tenant, offset, rows.min(offset + CHUNK as u64) - offset).await;
    }
    store.run("OPTIMIZE TABLE events FINAL").await;
}

async fn insert(store: &Store, tenant: &str, offset: u64, rows: u64) {
    let sql = format!(
        "INSERT INTO events (tenant, event_id, type, class, category, action, outcome, occurred_at, received_at, actor_kind, \
         actor_id, actor_active, object_type, object_id, retention_days) SELECT '{tenant}', concat('e', toString(number)), \
         'deal.viewed', 'other', 'views', 'view', 'success', now64(3) - toIntervalSecond(number % 2000000) AS at, at, 'user', \
         concat('u-', toString(cityHash64(number) % {USERS})), true, 'deal', toString(number % 1000), 1825 FROM numbers({offset}, {rows})"
    );
    store.run(&sql).await;
}

/// The query API over the store, with a key of each tenant.
struct Api {
    url: String,
    http: reqwest::Client,
    noisy: String,
    quiet: String,
    server: tokio::task::JoinHandle<()>,
}

impl Api {
    async fn start(config: &Config) -> Self {
        let settings = Settings::in_memory(config.limits);
        let key = async |tenant: &str| {
            let mut record = Tenant::new(tenant, tenant);
            record.plan = Plan::UNLIMITED;
            settings.put_tenant(record).await.unwrap();
            settings.create_key(Some(tenant), Role::Viewer, "bench").await.unwrap().1.expose()
        };
        let (noisy, quiet) = (key("noisy").await, key("quiet").await);
        let metrics = Metrics::default();
        let parts = query_api::Parts {
            oidc: Oidc::new(&config.oidc, &metrics).unwrap(),
            settings: settings.clone(),
            access: AccessList::in_memory(),
            audit: Arc::new(query_api::audit::Audit::in_memory()),
            limiter: Limiter::default(),
            freshness: runtime::freshness::Freshness::unknown(),
            receipts: runtime::receipts::Receipts::default(),
            assets: query_api::Assets::default(),
            one_time_link: query_api::OneTimeLink::default(),
        };
        let router = query_api::router(query_api::QueryApi::new(config, parts, &metrics).unwrap());
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, http: reqwest::Client::builder().no_proxy().build().unwrap(), noisy, quiet, server }
    }

    /// How long each page took, sorted, beside so many clients of the other tenant; and how many of theirs were answered a
    /// second.
    async fn pages(self, pages: u64, clients: usize) -> (Vec<Duration>, f64) {
        let (end, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let noise: Vec<_> = (0..clients)
            .map(|_| {
                let (end, answered) = (Arc::clone(&end), Arc::clone(&answered));
                let (http, url, key) = (self.http.clone(), format!("{}{WORST}", self.url), self.noisy.clone());
                tokio::spawn(async move {
                    while !end.load(Ordering::Relaxed) {
                        ask(&http, &url, &key).await;
                        answered.fetch_add(1, Ordering::Relaxed);
                    }
                })
            })
            .collect();
        let page = format!("{}{PAGE}", self.url);
        // Caches, and the queue of the noisy one.
        for _ in 0..5 {
            ask(&self.http, &page, &self.quiet).await;
        }
        let (begun, before) = (Instant::now(), answered.load(Ordering::Relaxed));
        let mut waits = Vec::new();
        for _ in 0..pages {
            let asked = Instant::now();
            ask(&self.http, &page, &self.quiet).await;
            waits.push(asked.elapsed());
        }
        let per_second = (answered.load(Ordering::Relaxed) - before) as f64 / begun.elapsed().as_secs_f64();
        end.store(true, Ordering::Relaxed);
        for one in noise {
            one.await.unwrap();
        }
        self.server.abort();
        waits.sort_unstable();
        (waits, per_second)
    }
}

async fn ask(http: &reqwest::Client, url: &str, key: &str) {
    let answer = http.get(url).bearer_auth(key).send().await.unwrap();
    let status = answer.status();
    let body = answer.bytes().await.unwrap();
    assert!(status.is_success(), "{status}: {}", String::from_utf8_lossy(&body));
}

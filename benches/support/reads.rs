//! The query API over an engine in this process, and what is asked of it.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use clickhouse::Client;
use query_api::audit::Audit;
use query_api::{Parts, QueryApi};
use runtime::access::AccessList;
use runtime::config::Config;
use runtime::freshness::Freshness;
use runtime::limiter::Limiter;
use runtime::metrics::Metrics;
use runtime::oidc::Oidc;
use runtime::settings::Settings;
use schemas::settings::{Plan, Role as KeyRole, Tenant};

use super::bulk;

/// The API, listening.
pub(crate) struct Api {
    address: String,
    key: String,
    http: reqwest::Client,
}

impl Api {
    /// An API over the configured store, for the tenants of [`bulk`], asked with a key of one of them.
    pub(crate) async fn serve(config: &Config, tenant: &str) -> Self {
        let mut config = config.clone();
        config.limits.queries_per_second = 1_000_000;
        config.limits.query_burst = 1_000_000;
        let settings = Settings::in_memory(config.limits);
        for number in 0..bulk::TENANTS {
            let mut tenant = Tenant::new(format!("t-{number}"), "");
            tenant.plan = Plan::UNLIMITED;
            settings.put_tenant(tenant).await.unwrap();
        }
        let (_, key) = settings.create_key(Some(tenant), KeyRole::Admin, "bench").await.unwrap();
        let (freshness, metrics) = (Freshness::unknown(), Metrics::default());
        freshness.set(Utc::now());
        let parts = Parts {
            settings,
            access: AccessList::in_memory(),
            audit: Arc::new(Audit::in_memory()),
            oidc: Oidc::new(&[], &metrics).unwrap(),
            limiter: Limiter::default(),
            freshness,
            receipts: runtime::receipts::Receipts::default(),
            assets: query_api::Assets::default(),
            one_time_link: query_api::OneTimeLink::default(),
        };
        let api = QueryApi::new(&config, parts, &metrics).unwrap();
        let router = query_api::finish(query_api::router(api), &query_api::openapi(), None);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, key: key.expose(), http: reqwest::Client::new() }
    }

    /// Asks, and reads the whole answer, which must be a good one.
    pub(crate) async fn ask(&self, path: &str) -> Vec<u8> {
        let url = format!("{}{path}", self.address);
        let answer = self.http.get(url).bearer_auth(&self.key).send().await.unwrap();
        let status = answer.status();
        let body = answer.bytes().await.unwrap();
        assert!(status.is_success(), "{path}: {}", String::from_utf8_lossy(&body));
        body.to_vec()
    }

    /// Asks for a file, and returns its size; nothing of it is kept.
    pub(crate) async fn pass(&self, path: &str) -> u64 {
        let url = format!("{}{path}", self.address);
        let mut answer = self.http.get(url).bearer_auth(&self.key).send().await.unwrap();
        let status = answer.status();
        if !status.is_success() {
            panic!("{path}: {}", answer.text().await.unwrap());
        }
        let mut bytes = 0;
        while let Some(chunk) = answer.chunk().await.unwrap() {
            bytes += chunk.len() as u64;
        }
        bytes
    }
}

/// What values are counted of.
const FACETS: &str = "class,action,type,object_type,actor,location,outcome,country,module,rule";

/// Something that is asked.
pub(crate) struct Question {
    /// What it is, for people.
    pub(crate) name: &'static str,
    /// Path and query.
    pub(crate) path: String,
    /// Whether it is about one user, so that its cost must not grow with all the others'.
    pub(crate) of_one_user: bool,
    /// Most that the engine may read for it in a table of a million events: thousands of rows, megabytes uncompressed.
    pub(crate) budget: (u64, u64),
}

/// What pages and reports ask, over events that end at `end`.
pub(crate) async fn questions(client: &Client, tenant: &str, end: DateTime<Utc>) -> Vec<Question> {
    let one = "SELECT event_id, object_type, object_id FROM events \
               WHERE tenant = {tenant:String} AND actor_id = 'u-7' AND class = 'change' ORDER BY occurred_at LIMIT 1";
    let (event, object_type, object_id): (String, String, String) =
        client.query(one).param("tenant", tenant).fetch_one().await.unwrap();
    let day = |days: i64| (end - chrono::TimeDelta::days(days)).format("%F");
    let month = format!("from={}&to={}", day(30), day(1));
    let week = format!("from={}&to={}", day(7), day(1));
    let question = |name, path: String, of_one_user, budget| Question { name, path, of_one_user, budget };
    vec![
        question("log, newest", "/v1/events".to_owned(), false, (130, 20)),
        question("log, a week of changes", format!("/v1/events?class=change&{week}"), false, (130, 20)),
        question("log of one user", "/v1/events?actor_id=u-7".to_owned(), true, (100, 14)),
        question("one event", format!("/v1/events/{event}"), false, (40, 3)),
        question("one object", format!("/v1/events?object_type={object_type}&object_id={object_id}"), false, (200, 12)),
        question("users", "/v1/users".to_owned(), false, (60, 8)),
        question("one user's sign-ins", "/v1/users/u-7/sign-ins".to_owned(), true, (180, 20)),
        question("one user's devices", "/v1/users/u-7/devices".to_owned(), true, (60, 10)),
        question("one user's sessions", "/v1/users/u-7/sessions".to_owned(), true, (60, 8)),
        question("one user's statistics, a month", format!("/v1/users/u-7/statistics?{month}"), true, (190, 18)),
        question("one user's day", format!("/v1/users/u-7/timeline?date={}", day(3)), true, (40, 4)),
        question("one user's activities, a month", format!("/v1/users/u-7/activities?{month}"), true, (60, 8)),
        question("one object's history", format!("/v1/objects/{object_type}/{object_id}/history"), false, (300, 15)),
        question(
            "tenant's statistics by action, a month",
            format!("/v1/statistics?by=action&{month}"),
            false,
            (300, 12),
        ),
        question(
            "tenant's active users by day, a month",
            format!("/v1/statistics?distinct=users&interval=day&{month}"),
            false,
            (300, 25),
        ),
        question("configuration", "/v1/configuration".to_owned(), false, (60, 10)),
        question("violations, newest", "/v1/violations".to_owned(), false, (20, 6)),
        question("violations, counted", "/v1/violations/summary".to_owned(), false, (20, 6)),
        question("log in figures, a month", format!("/v1/events/summary?{month}"), false, (300, 12)),
        question(
            "log in figures with facets, a month",
            format!("/v1/events/summary?facets={FACETS}&{month}"),
            false,
            (600, 40),
        ),
        question(
            "log of one user in figures",
            format!("/v1/events/summary?actor_id=u-7&facets={FACETS}"),
            true,
            (200, 14),
        ),
    ]
}

//! What a correlation across users costs, and how soon it finds: password spraying from many addresses at once, against
//! the same sign-ins succeeding, which no such correlation counts.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, missing_docs, reason = "a bench fails by stopping")]
#![allow(dead_code, reason = "each bench uses its own part of what they share")]

mod support;

use std::time::Instant;

use runtime::config::Config;
use runtime::settings::Settings;
use runtime::shutdown::Shutdown;
use schemas::settings::{Limits, Role as KeyRole, Tenant};
use serde_json::{Value, json};
use support::process::{LIMIT, Role, cpu_seconds, free_address};
use support::{Table, argument, publish, until};

const EVENTS_A_REQUEST: u64 = 500;
const TENANT: &str = "bench";

/// A running `usertrail up`, and keys for it.
struct Bench {
    up: Role,
    url: String,
    http: reqwest::Client,
    sender: String,
    reader: String,
}

fn main() {
    let threads = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let (addresses, users) = (argument("--addresses", 200), argument("--users", 100));
    let body = threads.block_on(async {
        let dir = tempfile::tempdir().unwrap();
        let bench = Bench::start(dir.path()).await;
        // The first round warms up what both have in common.
        bench.send("user.signed_in", "warm", 20, users).await;
        let ordinary = bench.send("user.signed_in", "ok", addresses, users).await;
        let cpu = cpu_seconds(bench.up.pid());
        bench.send("user.sign_in_failed", "spray", addresses, users).await;
        let begun = Instant::now();
        let found = bench.found(addresses, users).await;
        let soon = begun.elapsed().as_secs_f64();
        let spraying = cpu_seconds(bench.up.pid()) - cpu;
        bench.up.stop();
        report(addresses * users, [ordinary, spraying], soon, found)
    });
    publish("across_users", &body);
}

fn report(events: u64, [ordinary, spraying]: [f64; 2], soon: f64, found: usize) -> String {
    let mut table = Table::new(&["sign-ins", "CPU s of the process", "µs each"]);
    for (name, seconds) in [("successful: nothing crosses", ordinary), ("failed: each crosses", spraying)] {
        table.row(&[name.to_owned(), format!("{seconds:.1}"), format!("{:.0}", seconds * 1e6 / events as f64)]);
    }
    format!(
        "`usertrail up --partitions 4`, {events} sign-ins of each kind, sent as fast as they are taken, until they are in the \
         table, and the failed ones' violations complete. Failed ones cost **{:.2} times** what successful ones do: they are written to `enrich.cross` and counted \
         there, and each one beyond the limit comes back as an event. All {found} violations were complete {soon:.1} s after \
         the last failed sign-in was stored.\n\n{}",
        spraying / ordinary,
        table.finish()
    )
}

impl Bench {
    async fn start(dir: &std::path::Path) -> Self {
        let listen = free_address().to_string();
        let (up, welcome) = Role::up(&dir.join("data"), &["--partitions", "4", "--listen", &listen]).await;
        let mut config = Config::defaults().unwrap();
        config.kafka.brokers = welcome.of("Kafka");
        let shutdown = Shutdown::default();
        let settings = Settings::spawn(&config, &shutdown).unwrap();
        settings.ready().await;
        let mut tenant = Tenant::new(TENANT, "Bench");
        tenant.logging = true;
        let many = 1_000_000;
        tenant.limits =
            Some(Limits { events_per_second: many, burst: many, queries_per_second: many, query_burst: many });
        settings.put_tenant(tenant).await.unwrap();
        let key = async |role| settings.create_key(Some(TENANT), role, "bench").await.unwrap().1.expose();
        let (sender, reader) = (key(KeyRole::Ingest).await, key(KeyRole::Security).await);
        assert!(shutdown.drain(LIMIT).await);
        let bench = Self { up, url: format!("http://{listen}"), http: reqwest::Client::new(), sender, reader };
        until("the keys", LIMIT, async || Some(bench.page("/v1/events?limit=1").await).filter(Value::is_object)).await;
        bench
    }

    async fn page(&self, path: &str) -> Value {
        let answer = self.http.get(format!("{}{path}", self.url)).bearer_auth(&self.reader).send().await.unwrap();
        if answer.status().is_success() { answer.json().await.unwrap() } else { Value::Null }
    }

    /// Sends sign-ins from so many addresses, of so many users each, and waits for them; CPU seconds that it took.
    async fn send(&self, kind: &str, name: &str, addresses: u64, users: u64) -> f64 {
        let cpu = cpu_seconds(self.up.pid());
        let begun = chrono::Utc::now();
        let event = |number: u64| {
            let (address, user) = (number % addresses, number / addresses);
            let at = begun - chrono::TimeDelta::milliseconds((user * 10 + address % 10) as i64);
            json!({
                "id": format!("{name}-{number}"),
                "type": kind,
                "occurred_at": at.to_rfc3339(),
                "actor": {"id": format!("{name}-{address}-{user}")},
                "context": {"ip": format!("8.{}.{}.1", address / 250, address % 250)},
            })
        };
        let all: Vec<Value> = (0..addresses * users).map(event).collect();
        for some in all.chunks(EVENTS_A_REQUEST as usize) {
            let request = self.http.post(format!("{}/v1/events", self.url)).bearer_auth(&self.sender).json(&some);
            let answer = request.send().await.unwrap();
            assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
        }
        let last = format!("/v1/events/{name}-{}", addresses * users - 1);
        until("the last one", LIMIT, async || Some(self.page(&last).await).filter(Value::is_object)).await;
        cpu_seconds(self.up.pid()) - cpu
    }

    /// Waits until each address has its violation with all its users.
    async fn found(&self, addresses: u64, users: u64) -> usize {
        until("the violations", LIMIT, async || {
            let page = self.page("/v1/violations?rule=password-spraying&limit=1000").await;
            let whole = page["data"].as_array()?.iter().filter(|found| found["seen"] == users as f64).count();
            Some(whole).filter(|whole| *whole as u64 >= addresses)
        })
        .await
    }
}

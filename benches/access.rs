//! How soon an application is answered whether a device may in, beside the pipeline; and what decisions weigh.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, missing_docs, reason = "a bench fails by stopping")]
#![allow(dead_code, reason = "each bench uses its own part of what they share")]

mod support;

use std::sync::Arc;
use std::time::{Duration, Instant};

use runtime::access::AccessList;
use runtime::config::Config;
use runtime::settings::Settings;
use runtime::shutdown::Shutdown;
use schemas::access::{Access, AccessDecision};
use schemas::settings::{Role as KeyRole, Tenant};
use serde_json::{Value, json};
use support::process::{LIMIT, Role, cpu_seconds, free_address, resident_mib};
use support::{Table, argument, mix, publish, until};

/// Events of one request.
const EVENTS_A_REQUEST: usize = 10;
/// Devices that are asked about, of which every second one was decided on.
const DEVICES: u64 = 1000;
const TENANT: &str = "bench";

/// A load: what is sent, how many times, how many times a second.
struct Load {
    count: u64,
    per_second: u64,
}

fn main() {
    let threads = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let (rate, events, seconds) = (argument("--rate", 1000), argument("--events", 1000), argument("--seconds", 30));
    let body = threads.block_on(async {
        let checks = measure(rate, events, seconds).await;
        format!("{checks}\n{}", memory(argument("--decisions", 1_000_000)).await)
    });
    publish("access", &body);
}

async fn measure(rate: u64, events: u64, seconds: u64) -> String {
    let dir = tempfile::tempdir().unwrap();
    let listen = free_address().to_string();
    let (up, welcome) = Role::up(&dir.path().join("data"), &["--listen", &listen]).await;
    let http = reqwest::Client::new();
    let key = prepare(welcome.of("Kafka")).await;
    let last = format!("http://{listen}/v1/access/check?user_id=u-0&device_id=d-{}", DEVICES - 2);
    until("the decisions", LIMIT, async || {
        let answer = http.get(&last).bearer_auth(&key).send().await.unwrap();
        Some(answer)
            .filter(|answer| answer.status().is_success())?
            .text()
            .await
            .ok()
            .filter(|answer| answer.contains("block"))
    })
    .await;

    let samples: Vec<String> = mix::events((events * seconds) as usize).chunks(EVENTS_A_REQUEST).map(body).collect();
    let cpu = cpu_seconds(up.pid());
    let begun = Instant::now();
    let send = {
        let (http, key, url) = (http.clone(), key.clone(), format!("http://{listen}/v1/events"));
        let samples = Arc::new(samples);
        let load = Load { count: samples.len() as u64, per_second: (events / EVENTS_A_REQUEST as u64).max(1) };
        run(load, move |number| {
            let request = http.post(&url).bearer_auth(&key).header("content-type", "application/json");
            request.body(samples[number as usize].clone())
        })
    };
    let ask = {
        let (http, key, listen) = (http.clone(), key.clone(), listen.clone());
        run(Load { count: rate * seconds, per_second: rate }, move |number| {
            let device = number * 7919 % DEVICES;
            let user = device % 2;
            http.get(format!("http://{listen}/v1/access/check?user_id=u-{user}&device_id=d-{device}")).bearer_auth(&key)
        })
    };
    let (sent, asked) = tokio::join!(send, ask);
    let cores = (cpu_seconds(up.pid()) - cpu) / begun.elapsed().as_secs_f64();
    up.stop();

    let mut table = Table::new(&["ms", "p50", "p90", "p99", "most"]);
    for (name, mut waits) in [("asked → answered", asked), ("events sent → acknowledged", sent)] {
        waits.sort_unstable();
        let at = |share: f64| {
            let index = ((waits.len() as f64 * share) as usize).min(waits.len() - 1);
            format!("{:.1}", waits[index].as_secs_f64() * 1e3)
        };
        table.row(&[name.to_owned(), at(0.5), at(0.9), at(0.99), at(1.0)]);
    }
    format!(
        "`usertrail up` with its defaults, asked {rate} times a second for {seconds} s whether a device may in, beside {events} \
         events a second; it uses {cores:.1} cores. Each request counts from when it was due, so a late one is not hidden by \
         the ones that it holds up; the bench runs on the same cores.\n\n{}",
        table.finish()
    )
}

/// Makes the tenant, its key and the decisions.
async fn prepare(brokers: String) -> String {
    let mut config = Config::defaults().unwrap();
    config.kafka.brokers = brokers;
    let shutdown = Shutdown::default();
    let settings = Settings::spawn(&config, &shutdown).unwrap();
    let access = AccessList::spawn(&config, &shutdown).unwrap();
    tokio::join!(settings.ready(), access.ready());
    let mut tenant = Tenant::new(TENANT, "Bench");
    tenant.logging = true;
    settings.put_tenant(tenant).await.unwrap();
    let (_, key) = settings.create_key(Some(TENANT), KeyRole::Ingest, "bench").await.unwrap();
    let mut decisions = tokio::task::JoinSet::new();
    for device in (0..DEVICES).step_by(2) {
        let access = access.clone();
        decisions.spawn(async move { access.put(decision(0, device)).await.unwrap() });
    }
    decisions.join_all().await;
    assert!(shutdown.drain(LIMIT).await);
    key.expose()
}

fn decision(user: u64, device: u64) -> AccessDecision {
    AccessDecision {
        tenant: TENANT.to_owned(),
        user_id: format!("u-{user}"),
        device_id: format!("d-{device}"),
        device_confidence: Some("high".to_owned()),
        access: Access::Block,
        decided_by: "rule:impossible-travel".to_owned(),
        reason: "Impossible travel".to_owned(),
        violation_id: Some(format!("{device:032x}")),
        decided_at: chrono::Utc::now(),
    }
}

/// The events as one request, happening now.
fn body(batch: &[mix::Sample]) -> String {
    let event = |sample: &mix::Sample| {
        let mut event: Value = serde_json::from_slice(&sample.payload).unwrap();
        event["occurred_at"] = json!(chrono::Utc::now().to_rfc3339());
        event["id"] = json!(sample.id);
        event
    };
    Value::from_iter(batch.iter().map(event)).to_string()
}

/// Sends each request when it is due, whether or not those before it were answered; how long each took from then.
async fn run(load: Load, request: impl Fn(u64) -> reqwest::RequestBuilder) -> Vec<Duration> {
    let begun = tokio::time::Instant::now();
    let mut sending = tokio::task::JoinSet::new();
    for number in 0..load.count {
        let due = begun + Duration::from_secs_f64(number as f64 / load.per_second as f64);
        tokio::time::sleep_until(due).await;
        let request = request(number);
        sending.spawn(async move {
            let answer = request.send().await.unwrap();
            let (status, text) = (answer.status(), answer.text().await.unwrap());
            assert!(status.is_success(), "{status}: {text}");
            due.elapsed()
        });
    }
    sending.join_all().await
}

/// What decisions weigh in the memory of each process that has to know them; users have two devices that were decided on.
async fn memory(count: u64) -> String {
    let resident = || resident_mib(std::process::id()).0;
    let before = resident();
    let list = AccessList::in_memory();
    for device in 0..count {
        list.put(decision(device / 2, device)).await.unwrap();
    }
    let weight = resident().saturating_sub(before);
    let begun = Instant::now();
    let found = (0..count).filter(|device| list.get(TENANT, "u-7", &format!("d-{device}")).is_some()).count();
    let each = begun.elapsed().as_nanos() as u64 / count.max(1);
    format!("{} decisions hold {weight} MiB; a look-up among them takes {each} ns ({found} were found).\n", list.len())
}

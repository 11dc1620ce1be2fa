//! From acknowledged to queryable: `usertrail up` under a steady load over HTTP.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, missing_docs, reason = "a bench fails by stopping")]
#![allow(dead_code, reason = "each bench uses its own part of what they share")]

mod support;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use runtime::config::Config;
use support::process::{Role, cpu_seconds, free_address, resident_mib};
use support::sender::{self, EVENTS_A_REQUEST};
use support::{Table, argument, mix, publish};

/// How often the table is asked how far it is; also the resolution of the result.
const POLL: Duration = Duration::from_millis(25);

/// The embedded engine's HTTP interface.
#[derive(Clone)]
struct Engine {
    http: reqwest::Client,
    url: String,
    password: String,
}

/// How far the table was at a moment: its highest offset, by partition.
type Progress = (Instant, HashMap<u64, u64>);

fn main() {
    let threads = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let body = threads.block_on(measure(argument("--rate", 1000), argument("--seconds", 60)));
    publish("latency", &body);
}

async fn measure(rate: u64, seconds: u64) -> String {
    let dir = tempfile::tempdir().unwrap();
    let listen = free_address().to_string();
    let (up, welcome) = Role::up(&dir.path().join("data"), &["--listen", &listen]).await;
    let http = reqwest::Client::new();
    let password = std::fs::read_to_string(dir.path().join("data/engine.password")).unwrap().trim().to_owned();
    let engine = Engine { http: http.clone(), url: welcome.of("ClickHouse"), password };
    let key = sender::key(welcome.of("Kafka")).await;
    let url = Arc::new(format!("http://{listen}/v1/events"));
    let samples = mix::events((rate * seconds) as usize);
    // The first events open connections, topics and tables; nobody waits for them.
    for batch in samples.chunks(EVENTS_A_REQUEST).take(10) {
        sender::post(&http, &url, &key, sender::body(batch, "warm-up-")).await;
    }
    tokio::time::sleep(Duration::from_secs(2)).await;

    let stop = tokio_util::sync::CancellationToken::new();
    let watching = tokio::spawn(watch(engine.clone(), stop.clone()));
    let cpu = cpu_seconds(up.pid());
    let begun = Instant::now();
    let mut sending = Vec::new();
    for (number, batch) in samples.chunks(EVENTS_A_REQUEST).enumerate() {
        let due = Duration::from_secs_f64((number * EVENTS_A_REQUEST) as f64 / rate as f64);
        tokio::time::sleep_until((begun + due).into()).await;
        let (http, url, key, body) = (http.clone(), Arc::clone(&url), key.clone(), sender::body(batch, ""));
        let ids: Vec<String> = batch.iter().map(|sample| sample.id.clone()).collect();
        sending.push(tokio::spawn(async move {
            let sent = Instant::now();
            let acknowledged = sender::post(&http, &url, &key, body).await;
            (ids, acknowledged, acknowledged - sent)
        }));
    }
    let mut acknowledged = HashMap::new();
    let mut answers = Vec::new();
    for request in sending {
        let (ids, at, took) = request.await.unwrap();
        acknowledged.extend(ids.into_iter().map(|id| (id, at)));
        answers.push(took);
    }
    let (took, cpu) = (begun.elapsed().as_secs_f64(), cpu_seconds(up.pid()) - cpu);
    tokio::time::sleep(Duration::from_secs(3)).await;
    stop.cancel();
    let progress = watching.await.unwrap();
    let waits = waits(&engine, &acknowledged, &progress).await;
    let memory = resident_mib(up.pid());
    up.stop();
    report(waits, answers, rate, &format!("{:.1}", cpu / took), memory, &progress)
}

/// Asks again and again how far the table is. A partition's rows become visible in the order of their offsets, so its
/// highest offset shows for each event whether it is there.
async fn watch(engine: Engine, stop: tokio_util::sync::CancellationToken) -> Vec<Progress> {
    // The index by time of receipt keeps the answer cheap, however many rows there are.
    let sql = "SELECT kafka_partition, max(kafka_offset) FROM events WHERE received_at > now64(3) - 5 GROUP BY 1 \
               FORMAT TabSeparated";
    let mut progress = Vec::new();
    let mut timer = tokio::time::interval(POLL);
    timer.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while !stop.is_cancelled() {
        timer.tick().await;
        let text = engine.ask(sql).await;
        progress.push((Instant::now(), numbers(&text).map(|row| (row[0], row[1])).collect()));
    }
    progress
}

impl Engine {
    async fn ask(&self, sql: &str) -> String {
        let database = Config::defaults().unwrap().clickhouse.database;
        let request = self.http.post(&self.url).query(&[("database", database.as_str())]);
        let request = request.header("x-clickhouse-user", "default").header("x-clickhouse-key", &self.password);
        let answer = request.body(sql.to_owned()).send().await.unwrap();
        answer.error_for_status().unwrap().text().await.unwrap()
    }
}

fn numbers(text: &str) -> impl Iterator<Item = Vec<u64>> {
    text.lines().map(|line| line.split('\t').filter_map(|field| field.parse().ok()).collect())
}

/// For each event, how long after its acknowledgement a query that found it was answered.
async fn waits(engine: &Engine, acknowledged: &HashMap<String, Instant>, progress: &[Progress]) -> Vec<Duration> {
    let sql = "SELECT kafka_partition, kafka_offset, event_id FROM events FORMAT TabSeparated";
    let text = engine.ask(sql).await;
    let mut waits: Vec<_> = text
        .lines()
        .filter_map(|line| {
            let mut fields = line.split('\t');
            let mut number = || fields.next().unwrap().parse::<u64>().unwrap();
            let (partition, offset) = (number(), number());
            let at = acknowledged.get(fields.next().unwrap())?;
            let is_there = |(_, far): &Progress| far.get(&partition).is_some_and(|last| *last >= offset);
            // It only ever gets further, so the first is found by halving.
            let first = progress.partition_point(|moment| !is_there(moment));
            Some(progress[first].0.saturating_duration_since(*at))
        })
        .collect();
    assert_eq!(waits.len(), acknowledged.len(), "every acknowledged event is in the table");
    waits.sort_unstable();
    waits
}

fn report(
    waits: Vec<Duration>,
    mut answers: Vec<Duration>,
    rate: u64,
    cores: &str,
    (now, most): (u64, u64),
    progress: &[Progress],
) -> String {
    answers.sort_unstable();
    let mut table = Table::new(&["ms", "p50", "p90", "p99", "most"]);
    let mut row = |name: &str, sorted: &[Duration]| {
        let at = |share: f64| {
            let index = ((sorted.len() as f64 * share) as usize).min(sorted.len() - 1);
            format!("{:.0}", sorted[index].as_secs_f64() * 1e3)
        };
        table.row(&[name.to_owned(), at(0.5), at(0.9), at(0.99), at(1.0)]);
    };
    row("acknowledged → queryable", &waits);
    row("sent → acknowledged", &answers);
    let span = progress[progress.len() - 1].0 - progress[0].0;
    format!(
        "`usertrail up` with its defaults (flush after {} ms) at {rate} events a second for {} events, {EVENTS_A_REQUEST} a \
         request; it uses {cores} cores and holds {now} MiB (at most {most}), queries of this bench included. Every event \
         counts. The table is asked for its highest offsets every {:.0} ms in the mean, which is how exact the figures are; \
         an event counts as there when the answer that covers it has come back.\n\n{}",
        Config::defaults().unwrap().enrich.flush_ms,
        waits.len(),
        span.as_secs_f64() * 1e3 / progress.len() as f64,
        table.finish(),
    )
}

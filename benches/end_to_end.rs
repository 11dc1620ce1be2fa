//! The pipeline as processes, on the embedded broker and on Apache Kafka: events a second from a topic filled beforehand
//! into the tables, what each process uses, and the store's own limit, which is the same rows inserted straight from files
//! in the same run. And what an event takes on disk, and each role in memory.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, missing_docs, reason = "a bench fails by stopping")]
#![allow(dead_code, reason = "each bench uses its own part of what they share")]

#[path = "../tests/support/kafka.rs"]
mod kafka;
mod support;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use kafka::ApacheKafka;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer as _, ThreadedProducer};
use runtime::config::Config;
use runtime::settings::Settings;
use runtime::shutdown::Shutdown;
use schemas::settings::Role as KeyRole;
use schemas::topics::{self, headers};
use support::process::{LIMIT, Role, cpu_seconds, free_address, resident_mib};
use support::store::{Store, TABLES};
use support::{Table, argument, formats, mix, publish, until};

/// Rows of one file, and of one insert from it: the enricher's own largest batch.
const FILE_ROWS: u64 = 50_000;
/// Inserts at the same time, from files as from the enricher: one for each partition.
const INSERTS: usize = 4;
/// Longest wait for all rows.
const PATIENCE: Duration = Duration::from_secs(600);
/// Events that ingest takes, and answers that the query API gives, before their memory is looked at.
const INGESTED: u64 = 20_000;
const QUERIES: usize = 200;

/// A broker under measurement.
enum Broker {
    Embedded(Role, String),
    Apache(ApacheKafka),
}

impl Broker {
    async fn embedded(dir: &Path) -> Self {
        let listen = free_address().to_string();
        let mut role = Role::start(dir, &["broker", "--listen", &listen]);
        until("the broker", LIMIT, async || {
            role.check();
            role.printed().contains("broker listens").then_some(())
        })
        .await;
        Self::Embedded(role, listen)
    }

    fn pid(&self) -> u32 {
        match self {
            Self::Embedded(role, _) => role.pid(),
            Self::Apache(kafka) => kafka.pid(),
        }
    }

    fn bootstrap(&self) -> String {
        match self {
            Self::Embedded(_, address) => address.clone(),
            Self::Apache(kafka) => kafka.bootstrap(),
        }
    }

    fn stop(self) {
        match self {
            Self::Embedded(role, _) => role.stop(),
            Self::Apache(mut kafka) => kafka.stop(),
        }
    }
}

/// Seconds on the clock, and CPU seconds of the processes.
#[derive(Clone, Copy, Default)]
struct Cost {
    wall: f64,
    producer: f64,
    broker: f64,
    enrich: f64,
    engine: f64,
}

/// One broker's figures.
struct Figures {
    count: u64,
    filled: Cost,
    enriched: Cost,
    alone: Cost,
    rows_an_insert: f64,
    disk: String,
    memory: Vec<(&'static str, (u64, u64))>,
}

fn main() {
    let threads = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let mut config = Config::defaults().unwrap().telemetry;
    config.log = "warn".to_owned();
    runtime::telemetry::init(&config).unwrap();
    let body = threads.block_on(async {
        let (many, few) = (argument("--events", 1_000_000), argument("--embedded-events", 200_000));
        // All different: repeated ones would compress far better than life.
        let samples = mix::events(many.max(few) as usize);
        let mut body = String::new();
        match kafka::jars() {
            Ok(_) => {
                let dir = tempfile::tempdir().unwrap();
                let kafka = ApacheKafka::start(&dir.path().join("kafka"));
                let figures = measure(Broker::Apache(kafka), &samples[..many as usize], dir.path(), false).await;
                body += &report("Apache Kafka", &figures);
            }
            Err(missing) => body += &format!("### Apache Kafka\n\nNot measured: {missing}\n\n"),
        }
        let dir = tempfile::tempdir().unwrap();
        let broker = Broker::embedded(&dir.path().join("broker")).await;
        let figures = measure(broker, &samples[..few as usize], dir.path(), true).await;
        body += &report("the embedded broker", &figures);
        body
    });
    publish("end_to_end", &body);
}

async fn measure(broker: Broker, samples: &[mix::Sample], dir: &Path, all_roles: bool) -> Figures {
    let count = samples.len() as u64;
    let mut config = Config::defaults().unwrap();
    config.kafka.brokers = broker.bootstrap();
    let store = Store::start(&dir.join("engine"), &mut config).await;
    let keys = prepare(&config).await;
    let filled = fill(&config, &broker, samples);

    let (enrich, listen) = enricher(&config, dir).await;
    let enriched = drain(&broker, &enrich, &store, count).await;
    let ids = store.number("SELECT uniqExact(event_id) FROM events").await;
    assert_eq!(ids, count, "every event is stored once");
    let batches = reqwest::get(format!("http://{listen}/metrics")).await.unwrap().text().await.unwrap();
    let rows_an_insert =
        metric(&batches, "usertrail_enrich_batch_rows_sum") / metric(&batches, "usertrail_enrich_batch_rows_count");
    let disk = disk(&store, count).await;
    let files = dump(&store, &dir.join("blocks")).await;
    let mut memory = vec![
        ("broker", resident_mib(broker.pid())),
        ("enrich", resident_mib(enrich.pid())),
        ("engine", resident_mib(store.role.pid())),
    ];
    if all_roles {
        memory.push(("ingest", ingest_memory(&config, dir, &keys[0]).await));
        memory.push(("query-api", query_memory(&config, dir, &keys[1]).await));
    }
    enrich.stop();
    store.role.stop();
    broker.stop();
    let alone = alone(&dir.join("alone"), config, &files, count).await;
    Figures { count, filled, enriched, alone, rows_an_insert, disk, memory }
}

/// Topics, tenants, and the first one's keys for sending and for reading.
async fn prepare(config: &Config) -> [String; 2] {
    runtime::kafka::ensure_topics(&config.kafka).await.unwrap();
    let shutdown = Shutdown::default();
    let settings = Settings::spawn(config, &shutdown).unwrap();
    settings.ready().await;
    for tenant in mix::tenants() {
        settings.put_tenant(tenant).await.unwrap();
    }
    let tenant = mix::tenant_id(0);
    let (_, sender) = settings.create_key(Some(&tenant), KeyRole::Ingest, "bench").await.unwrap();
    let (_, reader) = settings.create_key(Some(&tenant), KeyRole::Admin, "bench").await.unwrap();
    assert!(shutdown.drain(LIMIT).await);
    [sender.expose(), reader.expose()]
}

/// Fills the topic as an application with Kafka access does.
fn fill(config: &Config, broker: &Broker, samples: &[mix::Sample]) -> Cost {
    let producer: ThreadedProducer<DefaultProducerContext> =
        runtime::kafka::producer_config(&config.kafka).create().unwrap();
    let topic = config.kafka.topic(topics::EVENTS_RAW);
    let before = (Instant::now(), cpu_seconds(std::process::id()), cpu_seconds(broker.pid()));
    for sample in samples {
        loop {
            let tenant = Header { key: headers::TENANT, value: Some(sample.tenant.as_str()) };
            let record = BaseRecord::to(&topic)
                .key(&sample.key)
                .payload(&sample.payload)
                .headers(OwnedHeaders::new().insert(tenant));
            match producer.send(record) {
                Ok(()) => break,
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), _)) => {
                    std::thread::sleep(Duration::from_millis(5));
                }
                Err((error, _)) => panic!("{error}"),
            }
        }
    }
    producer.flush(PATIENCE).unwrap();
    Cost {
        wall: before.0.elapsed().as_secs_f64(),
        producer: cpu_seconds(std::process::id()) - before.1,
        broker: cpu_seconds(broker.pid()) - before.2,
        ..Cost::default()
    }
}

/// Starts the enricher, and returns when it has read its files and settings and joins the group.
async fn enricher(config: &Config, dir: &Path) -> (Role, String) {
    let files: Vec<_> = support::geo_files().iter().map(|file| file.display().to_string()).collect();
    role("enrich", config, dir, &[format!("enrich.geo.city={}", files.join(","))]).await
}

/// Starts a role that listens, and returns when it is ready.
async fn role(name: &str, config: &Config, dir: &Path, settings: &[String]) -> (Role, String) {
    let listen = free_address().to_string();
    let (brokers, url) =
        (format!("kafka.brokers={}", config.kafka.brokers), format!("clickhouse.url={}", config.clickhouse.url));
    let mut arguments = vec![name, "--listen", &listen, "--set", &brokers, "--set", &url];
    for setting in settings {
        arguments.extend(["--set", setting.as_str()]);
    }
    let mut role = Role::start(&dir.join(name), &arguments);
    until(name, LIMIT, async || {
        role.check();
        let answer = reqwest::get(format!("http://{listen}/healthz")).await.ok()?;
        answer.status().is_success().then_some(())
    })
    .await;
    (role, listen)
}

/// Waits until all rows are there. The rate is taken between the first and the last row seen, because joining the group is
/// no throughput; the CPU from the moment on when the enricher was ready, because a row on its way has cost already.
async fn drain(broker: &Broker, enrich: &Role, store: &Store, count: u64) -> Cost {
    let cpu = || [broker.pid(), enrich.pid(), store.role.pid()].map(cpu_seconds);
    let before = cpu();
    let rows = async || store.number("SELECT count() FROM events").await;
    let (first, begun) = until("the first rows", LIMIT, async || {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let rows = rows().await;
        (rows > 0).then(|| (rows, Instant::now()))
    })
    .await;
    until("all rows", PATIENCE, async || {
        // Seldom: the question costs the engine something too.
        tokio::time::sleep(Duration::from_millis(200)).await;
        (rows().await >= count).then_some(())
    })
    .await;
    let wall = begun.elapsed().as_secs_f64() * count as f64 / (count - first) as f64;
    let after = cpu();
    let [broker, enrich, engine] = std::array::from_fn(|at| after[at] - before[at]);
    Cost { wall, producer: 0.0, broker, enrich, engine }
}

fn metric(text: &str, name: &str) -> f64 {
    let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("no metric {name}"));
    line.rsplit(' ').next().unwrap().parse().unwrap()
}

/// The rows as the enricher sent them, by partition and in order, in files.
async fn dump(store: &Store, dir: &Path) -> Vec<PathBuf> {
    std::fs::create_dir_all(dir).unwrap();
    let columns = formats::columns();
    let mut files = Vec::new();
    for partition in 0..store.number("SELECT max(kafka_partition) + 1 FROM events").await {
        let end = store
            .number(&format!("SELECT max(kafka_offset) + 1 FROM events WHERE kafka_partition = {partition}"))
            .await;
        let mut start = 0;
        while start < end {
            let next = start + FILE_ROWS;
            let block = store
                .run(&format!(
                    "SELECT {columns} FROM events WHERE kafka_partition = {partition} AND kafka_offset >= {start} \
                     AND kafka_offset < {next} ORDER BY kafka_offset FORMAT Native"
                ))
                .await;
            let file = dir.join(format!("{partition}-{start}.native"));
            std::fs::write(&file, &block).unwrap();
            files.push(file);
            start = next;
        }
    }
    files
}

/// The store's own limit: the same rows into the same tables of a fresh engine, with nothing else running.
async fn alone(dir: &Path, mut config: Config, files: &[PathBuf], count: u64) -> Cost {
    let store = Store::start(dir, &mut config).await;
    let statement = format!("INSERT INTO events ({}) FORMAT Native", formats::columns());
    let before = (Instant::now(), cpu_seconds(store.role.pid()));
    let next = std::sync::atomic::AtomicUsize::new(0);
    let insert = async || {
        while let Some(file) = files.get(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed)) {
            let block = std::fs::read(file).unwrap();
            store.insert(&statement, &file.display().to_string(), block.into()).await;
        }
    };
    tokio::join!(insert(), insert(), insert(), insert());
    let cost = Cost {
        wall: before.0.elapsed().as_secs_f64(),
        engine: cpu_seconds(store.role.pid()) - before.1,
        ..Cost::default()
    };
    assert_eq!(store.number("SELECT count() FROM events").await, count);
    store.role.stop();
    cost
}

/// What an event takes on disk, by table: as it is once the background merges rest, and merged to one part a partition.
async fn disk(store: &Store, count: u64) -> String {
    let bytes = async |table: &str| {
        let sql = format!("SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND table = '{table}'");
        store.number(&sql).await as f64 / count as f64
    };
    let mut table = Table::new(&["bytes on disk per event", "after the inserts", "after OPTIMIZE FINAL"]);
    let (mut before, mut after) = (0.0, 0.0);
    for name in TABLES {
        let as_it_is = bytes(name).await;
        store.run(&format!("OPTIMIZE TABLE {name} FINAL")).await;
        let optimized = bytes(name).await;
        table.row(&[format!("`{name}`"), format!("{as_it_is:.0}"), format!("{optimized:.0}")]);
        before += as_it_is;
        after += optimized;
    }
    table.row(&["**all**".to_owned(), format!("**{before:.0}**"), format!("**{after:.0}**")]);
    table.finish()
}

async fn ingest_memory(config: &Config, dir: &Path, key: &str) -> (u64, u64) {
    let (ingest, listen) = role("ingest", config, dir, &[]).await;
    let url = format!("http://{listen}");
    let stop = tokio_util::sync::CancellationToken::new();
    let sent = demo::load(&url, key, 2000.0, Some(INGESTED), stop).await.unwrap();
    assert_eq!(sent.accepted, INGESTED, "{sent:?}");
    let memory = resident_mib(ingest.pid());
    ingest.stop();
    memory
}

async fn query_memory(config: &Config, dir: &Path, key: &str) -> (u64, u64) {
    let (api, listen) = role("query-api", config, dir, &[]).await;
    let http = reqwest::Client::new();
    for at in 0..QUERIES {
        let request = http.get(format!("http://{listen}/v1/events")).bearer_auth(key).query(&[("limit", "200")]);
        let answer = request.send().await.unwrap();
        // Its limit of queries a second is part of the role: wait as it asks.
        if answer.status() == reqwest::StatusCode::TOO_MANY_REQUESTS {
            tokio::time::sleep(Duration::from_secs(1)).await;
            continue;
        }
        assert!(answer.status().is_success(), "query {at}: {}", answer.status());
        answer.bytes().await.unwrap();
    }
    let memory = resident_mib(api.pid());
    api.stop();
    memory
}

fn report(name: &str, figures: &Figures) -> String {
    let count = figures.count as f64;
    let mut table = Table::new(&["CPU s per 1M events", "events/s", "producer", "broker", "enrich", "engine"]);
    let mut row = |name: &str, cost: Cost| {
        let cpu =
            |seconds: f64| if seconds == 0.0 { "–".to_owned() } else { format!("{:.1}", seconds * 1e6 / count) };
        let rate = format!("{:.0}", count / cost.wall);
        table.row(&[name.to_owned(), rate, cpu(cost.producer), cpu(cost.broker), cpu(cost.enrich), cpu(cost.engine)]);
    };
    row("filling the topic", figures.filled);
    row("topic → enricher → tables", figures.enriched);
    row("the same rows from files → tables", figures.alone);
    let mut memory = Table::new(&["resident memory, MiB", "now", "most"]);
    for (role, (now, most)) in &figures.memory {
        memory.row(&[(*role).to_owned(), now.to_string(), most.to_string()]);
    }
    format!(
        "### On {name}\n\n**{:.0} % of the store's own limit** (aim: at least 50 %), **the enricher's CPU {:.2} times the \
         engine's** (aim: below 1). {} events, {} partitions, {:.0} rows an insert in the mean; from files {FILE_ROWS} rows \
         an insert, {INSERTS} at a time.\n\n{}\n{}\n{}\n",
        figures.alone.wall / figures.enriched.wall * 100.0,
        figures.enriched.enrich / figures.enriched.engine,
        figures.count,
        Config::defaults().unwrap().kafka.partitions,
        figures.rows_an_insert,
        table.finish(),
        figures.disk,
        memory.finish(),
    )
}

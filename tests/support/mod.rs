//! The program as its users run it: real processes, on the embedded broker or on Apache Kafka.

// Each test program that includes this file uses its own part of it.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

pub(crate) mod kafka;
pub(crate) mod process;

use std::path::Path;
use std::time::{Duration, Instant};

use reqwest::{Client, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;

use self::kafka::ApacheKafka;
use self::process::{Process, free_port};

/// The administrator's key of every test.
pub(crate) const ADMIN_KEY: &str = "an-administrators-key-for-tests-only";
/// Longest wait for a condition: far beyond what it takes, so that only a real fault runs into it.
const PATIENCE: Duration = Duration::from_secs(180);

/// The queue under test.
pub(crate) enum Queue {
    Embedded(Process),
    Apache(ApacheKafka),
}

impl Queue {
    pub(crate) fn kill9_and_restart(&mut self) {
        match self {
            Self::Embedded(process) => process.kill9_and_restart(),
            Self::Apache(kafka) => {
                kafka.kill9();
                kafka.restart();
            }
        }
    }
}

/// Which queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Embedded,
    Apache,
}

/// A whole installation, each part a process of its own.
pub(crate) struct Installation {
    pub(crate) queue: Queue,
    pub(crate) engine: Process,
    pub(crate) ingest: Process,
    pub(crate) query: Process,
    pub(crate) enrichers: Vec<Process>,
    pub(crate) http: Client,
    pub(crate) clickhouse: clickhouse::Client,
    brokers: String,
    arguments: Vec<String>,
    dir: TempDir,
}

impl Installation {
    /// Starts broker, engine, ingest, query API and as many enrichers as asked for.
    pub(crate) async fn start(kind: Kind, enrichers: usize) -> Self {
        Self::start_with(kind, enrichers, Vec::new()).await
    }

    /// The same with further settings, each `name=value`.
    pub(crate) async fn start_with(kind: Kind, enrichers: usize, settings: Vec<String>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().to_str().unwrap().to_owned();
        let engine_port = free_port();
        let listen = format!("127.0.0.1:{engine_port}");
        let engine = Process::start(dir.path(), "engine", &["engine", "--listen", &listen, "--data-dir", &data]);
        let (queue, brokers) = match kind {
            Kind::Embedded => {
                let brokers = format!("127.0.0.1:{}", free_port());
                let process =
                    Process::start(dir.path(), "broker", &["broker", "--listen", &brokers, "--data-dir", &data]);
                process.until_listening(&brokers);
                (Queue::Embedded(process), brokers)
            }
            Kind::Apache => {
                let kafka = ApacheKafka::start(&dir.path().join("kafka"));
                let brokers = kafka.bootstrap();
                (Queue::Apache(kafka), brokers)
            }
        };
        engine.until_listening(&listen);
        let arguments: Vec<String> = [
            format!("kafka.brokers={brokers}"),
            "kafka.partitions=4".to_owned(),
            // The shortest that Kafka allows: a zombie is replaced soon.
            "kafka.session_timeout_ms=6000".to_owned(),
            format!("clickhouse.url=http://{listen}"),
            "enrich.workers=1".to_owned(),
            "enrich.flush_ms=200".to_owned(),
            "limits.events_per_second=1000000".to_owned(),
            "limits.burst=1000000".to_owned(),
            // Receivers of tests are on this machine, and nobody waits for hours.
            "alert.allow_private=true".to_owned(),
            "alert.first_retry_ms=100".to_owned(),
            "alert.timeout_ms=1000".to_owned(),
        ]
        .into_iter()
        .chain(settings)
        .flat_map(|setting| ["--set".to_owned(), setting])
        .collect();
        let mut migrate = vec!["migrate"];
        migrate.extend(arguments.iter().map(String::as_str));
        let migrated = process::output(&migrate);
        assert!(migrated.status.success(), "{}", String::from_utf8_lossy(&migrated.stderr));
        let role = |name: &str, label: &str| role(dir.path(), name, label, &arguments);
        let query = role("query-api", "query-api");
        let ingest = role("ingest", "ingest");
        let enrichers = (0..enrichers).map(|number| role("enrich", &format!("enrich-{number}"))).collect();
        let client = clickhouse::Client::default().with_url(format!("http://{listen}")).with_database("usertrail");
        let installation = Self {
            queue,
            engine,
            ingest,
            query,
            enrichers,
            http: Client::new(),
            clickhouse: client,
            brokers,
            arguments,
            dir,
        };
        for process in [&installation.query, &installation.ingest].into_iter().chain(&installation.enrichers) {
            process.until_ready(&installation.http).await;
        }
        installation
    }

    /// Starts a further role; `more` settings beat those of the installation.
    pub(crate) async fn role(&self, name: &str, label: &str, more: &[&str]) -> Process {
        let more = more.iter().flat_map(|setting| ["--set", setting]).map(str::to_owned);
        let arguments: Vec<String> = self.arguments.iter().cloned().chain(more).collect();
        let process = role(self.dir.path(), name, label, &arguments);
        process.until_ready(&self.http).await;
        process
    }

    /// Starts one more enricher, which takes its part of the partitions.
    pub(crate) async fn another_enricher(&mut self) {
        let label = format!("enrich-{}", self.enrichers.len());
        let enricher = role(self.dir.path(), "enrich", &label, &self.arguments);
        enricher.until_ready(&self.http).await;
        self.enrichers.push(enricher);
    }

    /// `host:port` of the queue.
    pub(crate) fn brokers(&self) -> &str {
        &self.brokers
    }

    /// Creates a tenant that logs, and returns its keys to send and to read.
    pub(crate) async fn tenant(&self, id: &str) -> (String, String) {
        let settings = json!({"id": id, "name": id, "logging": true, "plan": "unlimited"});
        self.admin("POST", "/v1/tenants", &settings).await;
        (self.key(id, "ingest").await, self.key(id, "admin").await)
    }

    pub(crate) async fn key(&self, tenant: &str, role: &str) -> String {
        let path = format!("/v1/tenants/{tenant}/keys");
        let made = self.admin("POST", &path, &json!({"role": role, "name": "test"})).await;
        let key = made["secret"].as_str().unwrap().to_owned();
        if role == "ingest" {
            // Another process than the one that made it, and reads of it a moment later.
            until("ingest to know the key", async || match self.post(&key).body("[]").send().await {
                Ok(answer) if answer.status() != StatusCode::UNAUTHORIZED => Ok(()),
                other => Err(format!("{other:?}")),
            })
            .await;
        }
        key
    }

    /// A request of the administrator that has to succeed.
    pub(crate) async fn admin(&self, method: &str, path: &str, body: &Value) -> Value {
        let request =
            self.http.request(method.parse().unwrap(), self.query.url(path)).bearer_auth(ADMIN_KEY).json(body);
        let answer = request.send().await.unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert!(status.is_success(), "{method} {path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }

    pub(crate) fn post(&self, key: &str) -> RequestBuilder {
        self.http.post(self.ingest.url("/v1/events")).bearer_auth(key)
    }

    /// The answer to a query that has to succeed.
    pub(crate) async fn get(&self, key: &str, path: &str) -> Value {
        let (status, body) = self.try_get(key, path).await;
        assert_eq!(status, StatusCode::OK, "{path}: {body}");
        body
    }

    pub(crate) async fn try_get(&self, key: &str, path: &str) -> (StatusCode, Value) {
        let answer = self.http.get(self.query.url(path)).bearer_auth(key).send().await.unwrap();
        let status = answer.status();
        (status, answer.json().await.unwrap())
    }

    /// The number that a query of the tables gives.
    pub(crate) async fn number(&self, sql: &str) -> Result<u64, clickhouse::error::Error> {
        self.clickhouse.query(sql).fetch_one::<u64>().await
    }

    /// Waits until a query of the tables gives the number; the engine may be away meanwhile.
    pub(crate) async fn until(&self, sql: &str, expected: u64) {
        let mut found = None;
        until(&format!("{sql} = {expected}"), async || {
            found = self.number(sql).await.ok();
            if found == Some(expected) { Ok(()) } else { Err(format!("{found:?}")) }
        })
        .await;
    }

    /// `usertrail verify`: whether the books balance, and what it prints.
    pub(crate) fn verify(&self) -> (bool, String) {
        let mut all = vec!["verify"];
        all.extend(self.arguments.iter().map(String::as_str));
        let output = process::output(&all);
        (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Another command of the program, against this installation.
    pub(crate) fn command(&self, words: &[&str]) -> String {
        let all: Vec<&str> = words.iter().copied().chain(self.arguments.iter().map(String::as_str)).collect();
        let output = process::output(&all);
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// One metric of a process, the sum over its labels.
    pub(crate) async fn metric(&self, process: &Process, name: &str) -> f64 {
        let text = self.http.get(process.url("/metrics")).send().await.unwrap().text().await.unwrap();
        let value = |line: &str| line.rsplit_once(' ').and_then(|(_, value)| value.parse::<f64>().ok());
        text.lines().filter(|line| line.starts_with(name)).filter_map(value).sum()
    }
}

fn role(dir: &Path, name: &str, label: &str, arguments: &[String]) -> Process {
    let listen = format!("127.0.0.1:{}", free_port());
    let mut all = vec![name, "--listen", &listen];
    all.extend(arguments.iter().map(String::as_str));
    Process::start(dir, label, &all).at(&listen)
}

/// Waits for a condition, or fails with what it said last.
pub(crate) async fn until(what: &str, mut condition: impl AsyncFnMut() -> Result<(), String>) {
    let started = Instant::now();
    loop {
        match condition().await {
            Ok(()) => return,
            Err(state) => assert!(started.elapsed() < PATIENCE, "waited in vain for {what}: {state}"),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

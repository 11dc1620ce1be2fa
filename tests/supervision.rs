//! What becomes of readiness, of a start and of a stop when a part of the installation is away, hangs, or has lost its data.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::fs;
use std::io::{Seek as _, Write as _};
use std::path::{Path, PathBuf};

use reqwest::Client;
use serde_json::{Value, json};
use support::process::{Process, free_port};
use support::{ADMIN_KEY, Installation, Kind, Queue, until};

/// Waits until a process says of a condition that it is not met, and returns why.
async fn until_unmet(process: &Process, http: &Client, name: &str) -> String {
    let mut reason = None;
    until(&format!("{name} to be unmet"), async || {
        let unmet = process.unmet(http).await;
        reason = unmet.as_ref().and_then(|unmet| unmet.get(name).cloned());
        if reason.as_ref().is_some_and(|reason| reason != "starting") { Ok(()) } else { Err(format!("{unmet:?}")) }
    })
    .await;
    reason.unwrap()
}

async fn until_ended(process: &mut Process) -> Option<i32> {
    until("the process to end", async || if process.has_ended() { Ok(()) } else { Err(process.log_tail()) }).await;
    process.wait()
}

/// O5: a broker or a store that hangs or is gone closes the readiness of whoever needs it, and of nobody else; lag counts what
/// waits; a process that is asked to stop ends, whatever hangs; two processes don't share a name.
#[tokio::test(flavor = "multi_thread")]
async fn readiness_tells_what_hangs() {
    let settings = ["enrich.stall_seconds=5", "drain_seconds=2"].map(str::to_owned).to_vec();
    let mut installation = Installation::start_with(Kind::Embedded, 1, settings).await;
    let http = installation.http.clone();
    let (sender, _) = installation.tenant("acme").await;
    let event = json!({"id": "one", "type": "task.created", "actor": {"id": "u1"}});
    assert_eq!(installation.post(&sender).json(&event).send().await.unwrap().status(), 202);
    installation.until("SELECT count() FROM events WHERE event_id = 'one'", 1).await;

    // The store hangs: the partition stands and its records are the lag, while ingest goes on and doesn't notice.
    installation.engine.signal("STOP");
    let event = json!({"id": "two", "type": "task.created", "actor": {"id": "u1"}});
    assert_eq!(installation.post(&sender).json(&event).send().await.unwrap().status(), 202);
    let enricher = &installation.enrichers[0];
    until_unmet(enricher, &http, "store").await;
    let reason = until_unmet(enricher, &http, "partitions").await;
    assert!(reason.contains("records to be stored"), "{reason}");
    assert!(installation.metric(enricher, "usertrail_enrich_lag_records").await >= 1.0);
    until_unmet(&installation.query, &http, "store").await;
    assert_eq!(installation.ingest.unmet(&http).await, Some([].into()));
    // Asked to stop meanwhile, the enricher gives its deliveries up and ends.
    installation.enrichers[0].signal("TERM");
    until_ended(&mut installation.enrichers[0]).await;
    installation.engine.signal("CONT");
    installation.enrichers[0].restart();
    installation.enrichers[0].until_ready(&http).await;
    installation.until("SELECT count() FROM events WHERE event_id = 'two'", 1).await;
    installation.query.until_ready(&http).await;
    until("no lag", async || {
        match installation.metric(&installation.enrichers[0], "usertrail_enrich_lag_records").await {
            0.0 => Ok(()),
            lag => Err(lag.to_string()),
        }
    })
    .await;

    // The broker hangs: nobody is ready, and whoever is asked to stop ends all the same, by its deadline at the latest.
    let Queue::Embedded(broker) = &installation.queue else { panic!("an embedded broker") };
    broker.signal("STOP");
    for process in [&installation.ingest, &installation.query, &installation.enrichers[0]] {
        until_unmet(process, &http, "broker").await;
        until_unmet(process, &http, "settings").await;
    }
    installation.enrichers[0].signal("TERM");
    until_ended(&mut installation.enrichers[0]).await;
    broker.signal("CONT");
    installation.ingest.until_ready(&http).await;

    // The broker is gone.
    let Queue::Embedded(broker) = &mut installation.queue else { panic!("an embedded broker") };
    broker.kill9();
    until_unmet(&installation.ingest, &http, "broker").await;
    broker.restart();
    installation.ingest.until_ready(&http).await;

    // A second process of the same name takes the first one's place, and the first one says so and ends.
    let name = "kafka.instance_id=one";
    let mut first = installation.role("enrich", "named-1", &[name]).await;
    let second = installation.role("enrich", "named-2", &[name]).await;
    assert_eq!(until_ended(&mut first).await, Some(1));
    assert!(first.log_tail().contains("under the same kafka.instance_id"), "{}", first.log_tail());
    second.until_ready(&http).await;
}

/// `usertrail up` on a directory, to be stopped, robbed and started again.
struct Up {
    process: Process,
    data: PathBuf,
    listen: String,
    http: Client,
}

impl Up {
    fn start(dir: &Path) -> Self {
        let data = dir.join("data");
        let listen = format!("127.0.0.1:{}", free_port());
        let process = Process::start(dir, "up", &Self::arguments(&listen, &data, &[])).at(&listen);
        Self { process, data, listen, http: Client::new() }
    }

    fn arguments<'a>(listen: &'a str, data: &'a Path, more: &[&'a str]) -> Vec<&'a str> {
        // Whoever waited for the session of the process before would wait in vain.
        let fixed = ["up", "--set", "kafka.session_timeout_ms=1800000", "--listen", listen, "--data-dir"];
        fixed.into_iter().chain([data.to_str().unwrap()]).chain(more.iter().copied()).collect()
    }

    fn restart(&mut self, more: &[&str]) {
        let (listen, data) = (self.listen.clone(), self.data.clone());
        self.process.restart_with(&Self::arguments(&listen, &data, more));
    }

    async fn ready(&self) {
        self.process.until_ready(&self.http).await;
    }

    async fn stop(&mut self) {
        self.process.signal("TERM");
        assert_eq!(until_ended(&mut self.process).await, Some(0), "{}", self.process.log_tail());
    }

    /// Starts, is refused, and returns the code that the refusal names.
    async fn refused(&mut self, because: &str) -> String {
        self.restart(&[]);
        assert_eq!(until_ended(&mut self.process).await, Some(1));
        let log = self.process.log_tail();
        let refusal = log.lines().rfind(|line| line.contains("--accept-loss")).unwrap_or_default();
        assert!(refusal.contains(because), "{log}");
        refusal.split("--accept-loss ").nth(1).unwrap().chars().take_while(char::is_ascii_hexdigit).collect()
    }

    async fn send(&self, ids: std::ops::Range<u32>) {
        let admin = |method: &str, path: &str, body: Value| {
            let url = self.process.url(path);
            self.http.request(method.parse().unwrap(), url).bearer_auth(ADMIN_KEY).json(&body).send()
        };
        admin("POST", "/v1/tenants", json!({"id": "acme", "name": "Acme", "logging": true})).await.unwrap();
        let key: Value =
            admin("POST", "/v1/tenants/acme/keys", json!({"role": "ingest"})).await.unwrap().json().await.unwrap();
        let events: Vec<_> = ids
            .map(|id| json!({"id": format!("e{id}"), "type": "task.created", "actor": {"id": format!("u{}", id % 7)}}))
            .collect();
        let url = self.process.url("/v1/events");
        let answer = self.http.post(url).bearer_auth(key["secret"].as_str().unwrap()).json(&events).send();
        assert_eq!(answer.await.unwrap().status(), 202);
    }

    /// The engine's answer to a statement.
    async fn ask(&self, sql: &str) -> String {
        let (_, url) = self.addresses();
        let password = fs::read_to_string(self.data.join("engine.password")).unwrap();
        let request = self.http.post(url).query(&[("database", "usertrail")]).basic_auth("default", Some(password));
        request.body(sql.to_owned()).send().await.unwrap().text().await.unwrap().trim().to_owned()
    }

    async fn stored(&self, ids: u32) {
        let sql = "SELECT uniqExact(event_id) FROM events WHERE match(event_id, '^e[0-9]+$')";
        until("the events", async || {
            let found = self.ask(sql).await;
            if found == ids.to_string() { Ok(()) } else { Err(found) }
        })
        .await;
    }

    /// `usertrail verify` balances, once everything is committed.
    async fn verified(&self) {
        let (brokers, url) = self.addresses();
        let password = fs::read_to_string(self.data.join("engine.password")).unwrap();
        let settings = [
            format!("kafka.brokers={brokers}"),
            format!("clickhouse.url={url}"),
            format!("clickhouse.password={password}"),
        ];
        until("verify to balance", async || {
            let arguments: Vec<_> =
                ["verify"].into_iter().chain(settings.iter().flat_map(|set| ["--set", set])).collect();
            let output = support::process::output(&arguments);
            let told = String::from_utf8_lossy(&output.stdout).into_owned();
            if output.status.success() && told.contains(" 0 not committed yet") { Ok(()) } else { Err(told) }
        })
        .await;
    }

    /// Of the broker and the engine, as the latest start printed them.
    fn addresses(&self) -> (String, String) {
        let log = self.process.log();
        let after =
            |name: &str| log.lines().rev().find_map(|line| line.trim().strip_prefix(name)).unwrap().trim().to_owned();
        (after("Kafka "), after("ClickHouse "))
    }
}

/// Killed, `up` is ready again without waiting for the session of the process before. What it can't do without is watched
/// while it runs, and lost data is refused at its start until somebody accepts the loss.
#[tokio::test(flavor = "multi_thread")]
async fn up_refuses_to_go_on_without_its_data() {
    let dir = tempfile::tempdir().unwrap();
    let mut up = Up::start(dir.path());
    up.ready().await;
    up.send(0..100).await;
    up.stored(100).await;
    up.verified().await;
    up.process.kill9();
    up.restart(&[]);
    up.ready().await;

    // The parts of a table are gone.
    let part = up.ask("SELECT path FROM system.parts WHERE database = 'usertrail' AND table = 'events' LIMIT 1").await;
    up.stop().await;
    // With what it was merged from, which the engine would take up again.
    for kept in fs::read_dir(Path::new(&part).parent().unwrap()).unwrap().map(|entry| entry.unwrap().path()) {
        if kept.join("checksums.txt").exists() {
            fs::remove_dir_all(kept).unwrap();
        }
    }
    let code = up.refused("the tables have lost rows").await;
    up.restart(&["--accept-loss", &code]);
    up.ready().await;
    up.send(100..110).await;
    up.stored(10).await;
    up.stop().await;

    // The whole engine is gone; and comes back.
    let (engine, aside) = (up.data.join("engine"), dir.path().join("aside"));
    fs::rename(&engine, &aside).unwrap();
    up.refused("the tables are new").await;
    fs::remove_dir_all(&engine).unwrap();
    fs::rename(&aside, &engine).unwrap();
    up.restart(&["--set", "min_free_disk_mb=1048576"]);
    let reason = until_unmet(&up.process, &up.http, "disk").await;
    assert!(reason.contains("min_free_disk_mb is 1048576"), "{reason}");

    // The broker's database is damaged, while it runs and at the start.
    let database = up.data.join("broker/broker.db");
    let mut damaged = fs::OpenOptions::new().write(true).open(&database).unwrap();
    damaged.rewind().unwrap();
    damaged.write_all(&[0; 16]).unwrap();
    let reason = until_unmet(&up.process, &up.http, "broker files").await;
    assert!(reason.contains("is damaged"), "{reason}");
    up.process.kill9();
    up.restart(&[]);
    assert_eq!(until_ended(&mut up.process).await, Some(1));
    assert!(up.process.log_tail().contains("broker.db can't be used"), "{}", up.process.log_tail());

    // The broker is gone: what it stands for is in the tables, and offsets would begin anew.
    fs::remove_dir_all(up.data.join("broker")).unwrap();
    let code = up.refused("the broker does not know of").await;
    up.restart(&["--accept-loss", &code]);
    up.ready().await;
    up.send(200..250).await;
    up.stored(60).await;
    up.verified().await;
    up.stop().await;
    // The code was for that loss alone, and is not needed again.
    up.restart(&[]);
    up.ready().await;
    up.stop().await;
}

//! A well-behaved tenant beside everything hostile at once: its events, its pages, and what the process takes.
//!
//! `cargo bench --ignore-rust-version --bench soak -- --seconds 600`
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, missing_docs, reason = "a bench fails by stopping")]
#![allow(dead_code, reason = "each bench uses its own part of what they share")]

#[path = "soak/hostile.rs"]
mod hostile;
#[path = "soak/quiet.rs"]
mod quiet;
mod support;

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::process::{Role, cpu_seconds, free_address, resident_mib};
use support::{Table, argument, publish};
use tokio_util::sync::CancellationToken;

use hostile::{Deeds, Hostile};
use quiet::{Quiet, at};

/// Longest time in which p99 of the quiet tenant's events have to be stored.
const STORED: Duration = Duration::from_secs(2);
/// How often the process is looked at.
const LOOK: Duration = Duration::from_secs(1);
/// How long the rest of the hostile events may take to be stored, when nobody sends any more.
const CALM: Duration = Duration::from_secs(300);

/// The program under attack, and what is known of it.
struct Target {
    up: Role,
    http: reqwest::Client,
    address: String,
    sql: String,
    brokers: String,
    engine: quiet::Engine,
    admin: String,
}

/// Keys of a tenant.
struct Keys {
    ingest: String,
    admin: String,
    sql: String,
}

fn main() {
    let threads = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let body = threads.block_on(measure(argument("--seconds", 600)));
    publish("soak", &body);
}

async fn measure(seconds: u64) -> String {
    let dir = tempfile::tempdir().unwrap();
    let target = Target::start(&dir.path().join("data")).await;
    let keys = [target.tenant("quiet").await, target.tenant("noisy").await, target.tenant("ruled").await];
    let [quiet, noisy, ruled] = &keys;
    let quiet = Quiet::new(&target, quiet);

    // The same tenant with nobody beside it, for a tenth of the time, so that both are of one machine and one run.
    let tenth = Duration::from_secs((seconds / 10).max(10));
    let alone = tokio::spawn(quiet.clone().run(tenth, "alone")).await.unwrap();
    // Then beside one who does nothing but change large rules, which are compiled where events wait for them.
    let stop = CancellationToken::new();
    let changing = Hostile::start(Deeds::Rules, &target, noisy, ruled, &stop);
    let ruling = tokio::spawn(quiet.clone().run(tenth, "rules")).await.unwrap();
    stop.cancel();
    let changes: u64 = changing.end().await.iter().map(|(_, count)| count).sum();
    let (before, cpu) = (target.files(), cpu_seconds(target.up.pid()));
    let stop = CancellationToken::new();
    let hostile = Hostile::start(Deeds::All, &target, noisy, ruled, &stop);
    let looking = tokio::spawn(looks(target.up.pid(), target.url("/readyz"), target.http.clone(), stop.clone()));
    let begun = Instant::now();
    let beside = tokio::spawn(quiet.clone().run(Duration::from_secs(seconds), "beside")).await.unwrap();
    let cores = (cpu_seconds(target.up.pid()) - cpu) / begun.elapsed().as_secs_f64();
    stop.cancel();
    let did = hostile.end().await;
    let looked = looking.await.unwrap();
    let verified = target.verified().await;
    let log = std::fs::metadata(dir.path().join("data/stderr.log")).map_or(0, |file| file.len());
    let (now, most) = resident_mib(target.up.pid());
    let after = target.files();
    target.up.stop();

    let verdict = |holds: bool| if holds { "held" } else { "**not held**" };
    let p99 = at(&beside.stored, 0.99);
    let mut table =
        Table::new(&["the quiet tenant, ms", "alone p50", "p99", "beside p50", "p99", "most", "p99 against alone"]);
    row(&mut table, "acknowledged → queryable", &alone.stored, &beside.stored);
    row(&mut table, "acknowledged → queryable, beside changes of rules alone", &alone.stored, &ruling.stored);
    row(&mut table, "sent → acknowledged", &alone.sent, &beside.sent);
    for ((name, alone), (_, beside)) in alone.pages.iter().zip(&beside.pages) {
        row(&mut table, name, alone, beside);
    }
    let mut aims = Table::new(&["aim", "", "measured"]);
    let mut aim = |name: &str, holds: bool, measured: String| {
        aims.row(&[name.to_owned(), verdict(holds).to_owned(), measured]);
    };
    aim(
        "its events are stored within 2 s at p99",
        beside.lost == 0 && p99 <= STORED,
        format!("{:.2} s", p99.as_secs_f64()),
    );
    let ruled_p99 = at(&ruling.stored, 0.99);
    aim(
        "the same beside changes of rules alone",
        ruling.lost == 0 && ruled_p99 <= STORED,
        format!("{:.2} s, {changes} changes of 47 rules of 55 KB", ruled_p99.as_secs_f64()),
    );
    aim(
        "each of its events is acknowledged and stored",
        beside.lost == 0 && beside.refused == 0,
        format!(
            "{} of {} stored, {} requests refused",
            beside.stored.len(),
            beside.stored.len() + beside.lost,
            beside.refused
        ),
    );
    aim(
        "its pages answer",
        beside.failures.is_empty(),
        format!("{} of {} did not {:?}", beside.failed(), beside.asked(), beside.failures),
    );
    aim(
        "readiness is right: it serves, and says so",
        looked.unready == 0,
        format!("{} of {} times not", looked.unready, looked.times),
    );
    aim(
        "every offset ends in one place",
        verified.is_some(),
        verified.map_or_else(
            || "not balanced".to_owned(),
            |after| format!("balanced {:.0} s after the last hostile event", after.as_secs_f64()),
        ),
    );
    let mut deeds = Table::new(&["at the same time, from this machine", "how many"]);
    for (name, count) in did {
        deeds.row(&[name.to_owned(), count.to_string()]);
    }
    format!(
        "`usertrail up` with its defaults for {seconds} s; the quiet tenant sends {} events a second and asks for a page \
         every {:.0} ms. The process uses {cores:.1} cores, holds {now} MiB (at most {most}) and {after} files ({before} before, at \
         most {}), and wrote {log} bytes of log at `warn`. This bench, the hostile ones included, runs on the same cores.\n\n{}\n{}\n{}",
        quiet::EVENTS_A_SECOND,
        quiet::PAGE_EVERY.as_secs_f64() * 1e3,
        looked.files,
        aims.finish(),
        table.finish(),
        deeds.finish(),
    )
}

fn row(table: &mut Table, name: &str, alone: &[Duration], beside: &[Duration]) {
    let ms = |time: Duration| format!("{:.0}", time.as_secs_f64() * 1e3);
    let against = at(beside, 0.99).as_secs_f64() / at(alone, 0.99).as_secs_f64().max(1e-6);
    table.row(&[
        name.to_owned(),
        ms(at(alone, 0.5)),
        ms(at(alone, 0.99)),
        ms(at(beside, 0.5)),
        ms(at(beside, 0.99)),
        ms(at(beside, 1.0)),
        format!("{against:.1}×"),
    ]);
}

/// What was seen of the process from outside.
struct Looked {
    times: usize,
    unready: usize,
    files: usize,
}

async fn looks(pid: u32, readyz: String, http: reqwest::Client, stop: CancellationToken) -> Looked {
    let mut looked = Looked { times: 0, unready: 0, files: 0 };
    while !stop.is_cancelled() {
        let ready = http.get(&readyz).timeout(Duration::from_secs(10)).send().await;
        looked.times += 1;
        looked.unready += usize::from(!ready.is_ok_and(|answer| answer.status().is_success()));
        looked.files = looked.files.max(files(pid));
        tokio::time::sleep(LOOK).await;
    }
    looked
}

fn files(pid: u32) -> usize {
    std::fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, Iterator::count)
}

impl Target {
    async fn start(data: &Path) -> Self {
        let (listen, sql) = (free_address().to_string(), free_address().to_string());
        let sql_listen = format!("sql.listen={sql}");
        let (up, welcome) = Role::up(data, &["--listen", &listen, "--set", &sql_listen]).await;
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let password = std::fs::read_to_string(data.join("engine.password")).unwrap().trim().to_owned();
        let engine = quiet::Engine { http: http.clone(), url: welcome.of("ClickHouse"), password };
        let (brokers, admin) = (welcome.of("Kafka"), welcome.of("administrator's key"));
        Self { up, http, address: listen, sql, brokers, engine, admin }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    fn files(&self) -> usize {
        files(self.up.pid())
    }

    async fn post(&self, path: &str, body: &Value) -> Value {
        let answer = self.http.post(self.url(path)).bearer_auth(&self.admin).json(body).send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// A tenant with a key that sends, one that may anything, and one for SQL.
    async fn tenant(&self, id: &str) -> Keys {
        self.post("/v1/tenants", &json!({"id": id, "name": id, "logging": true, "plan": "unlimited"})).await;
        let key = async |body: Value| {
            let made = self.post(&format!("/v1/tenants/{id}/keys"), &body).await;
            made["secret"].as_str().unwrap().to_owned()
        };
        Keys {
            ingest: key(json!({"role": "ingest"})).await,
            admin: key(json!({"role": "admin"})).await,
            sql: key(json!({"role": "viewer", "permissions": ["query_sql"]})).await,
        }
    }

    /// How long it takes until every offset has ended in one place; none: it did not.
    async fn verified(&self) -> Option<Duration> {
        let begun = Instant::now();
        while begun.elapsed() < CALM {
            let output = tokio::process::Command::new(env!("CARGO_BIN_EXE_usertrail"))
                .arg("verify")
                .args(["--set", &format!("kafka.brokers={}", self.brokers)])
                .args(["--set", &format!("clickhouse.url={}", self.engine.url)])
                .env("USERTRAIL__CLICKHOUSE__PASSWORD", &self.engine.password)
                .output()
                .await
                .unwrap();
            // What is not committed yet is on its way.
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            if output.status.success()
                && said.lines().all(|line| !line.contains("not committed") || line.contains(" 0 not committed"))
            {
                return Some(begun.elapsed());
            }
            tokio::time::sleep(LOOK).await;
        }
        None
    }
}

//! The embedded engine alone, killed again and again while inserts run: what was acknowledged, or is repeated until it is,
//! is in the table once and in its rollup once. ClickHouse writes an insert's token before its part is there.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use reqwest::Client;
use serde_json::json;

use crate::support::process::{Process, free_port};
use crate::support::until;

const KILLS: usize = 40;
const INSERTERS: u64 = 3;
const ROWS: u64 = 60;
/// Parts of one insert: each has a moment between its token and itself.
const PARTITIONS: u64 = 12;

/// The answer to a statement, or why there is none.
async fn ask(http: &Client, url: &str, sql: String, token: &str) -> Result<String, String> {
    let settings = [
        ("insert_deduplication_token", token),
        ("deduplicate_blocks_in_dependent_materialized_views", "1"),
        ("async_insert", "0"),
        ("wait_end_of_query", "1"),
    ];
    let request = http.post(url).query(&settings).timeout(Duration::from_secs(30)).body(sql);
    let answer = request.send().await.map_err(|error| error.to_string())?;
    let done = answer.status().is_success();
    let text = answer.text().await.map_err(|error| error.to_string())?;
    if done { Ok(text.trim().to_owned()) } else { Err(text) }
}

async fn tables(http: &Client, url: &str) {
    const WINDOW: &str = "SETTINGS non_replicated_deduplication_window = 10000";
    for sql in [
        format!(
            "CREATE TABLE e (inserter UInt8, number UInt64) ENGINE = MergeTree PARTITION BY number % {PARTITIONS} \
             ORDER BY (inserter, number) {WINDOW}"
        ),
        format!("CREATE TABLE sums (inserter UInt8, rows UInt64) ENGINE = SummingMergeTree ORDER BY inserter {WINDOW}"),
        "CREATE MATERIALIZED VIEW to_sums TO sums AS SELECT inserter, count() AS rows FROM e GROUP BY inserter"
            .to_owned(),
    ] {
        ask(http, url, sql, "").await.unwrap();
    }
}

/// Inserts blocks of rows, each again under its token until it is acknowledged. Returns how many rows.
async fn inserter(inserter: u64, http: Client, url: String, stop: Arc<AtomicBool>, done: Arc<AtomicU64>) -> u64 {
    let mut rows = 0;
    while !stop.load(Ordering::SeqCst) {
        let sql = format!("INSERT INTO e SELECT {inserter}, number FROM numbers({rows}, {ROWS})");
        // Away, or it doesn't know: the same again. Who waits for inserts to go on says so when they don't.
        while ask(&http, &url, sql.clone(), &format!("{inserter}-{rows}")).await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        rows += ROWS;
        done.fetch_add(1, Ordering::SeqCst);
    }
    rows
}

#[tokio::test(flavor = "multi_thread")]
async fn an_insert_that_a_kill_interrupted_is_stored_once_when_it_comes_again() {
    let dir = tempfile::tempdir().unwrap();
    let listen = format!("127.0.0.1:{}", free_port());
    let data = dir.path().to_str().unwrap();
    let mut engine = Process::start(dir.path(), "engine", &["engine", "--listen", &listen, "--data-dir", data]);
    engine.until_listening(&listen);
    let (http, url) = (Client::new(), format!("http://{listen}"));
    tables(&http, &url).await;

    let (stop, done) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let inserters: Vec<_> = (0..INSERTERS)
        .map(|number| tokio::spawn(inserter(number, http.clone(), url.clone(), Arc::clone(&stop), Arc::clone(&done))))
        .collect();
    let mut dice = StdRng::seed_from_u64(11);
    for _ in 0..KILLS {
        let goal = done.load(Ordering::SeqCst) + dice.random_range(2..12);
        until("inserts to go on", async || {
            let now = done.load(Ordering::SeqCst);
            if now >= goal { Ok(()) } else { Err(format!("{now} of {goal}")) }
        })
        .await;
        engine.kill9_and_restart();
    }
    stop.store(true, Ordering::SeqCst);
    let mut sent = Vec::new();
    for inserter in inserters {
        sent.push(inserter.await.unwrap());
    }

    let stored = "SELECT inserter, count(), uniqExact(number), max(number) + 1, any(rolled.rows) FROM e \
        LEFT JOIN (SELECT inserter, sum(rows) AS rows FROM sums GROUP BY inserter) AS rolled USING (inserter) \
        GROUP BY inserter ORDER BY inserter \
        FORMAT JSONCompactEachRow SETTINGS output_format_json_quote_64bit_integers = 0";
    let stored = ask(&http, &url, stored.to_owned(), "").await.unwrap();
    let stored: Vec<serde_json::Value> = stored.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let expected: Vec<_> = sent.iter().enumerate().map(|(n, rows)| json!([n, rows, rows, rows, rows])).collect();
    assert_eq!(stored, expected, "inserter, rows, different ones, last one, rows of the rollup");
}

//! How fast a large list leaves as a file, and how much memory that takes.
//!
//! `cargo bench --ignore-rust-version --bench exports -- --rows 5000000`
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, missing_docs, reason = "a bench fails by stopping")]
#![allow(dead_code, reason = "each bench uses its own part of what they share")]

mod support;

use std::fs;
use std::time::Instant;

use chrono::Utc;
use runtime::config::Config;
use support::reads::Api;
use support::store::Store;
use support::{Table, argument, bulk, publish};

const TENANT: &str = "t-0";
/// Rows of one insert: this engine has as much memory as that of `usertrail up`.
const CHUNK: u64 = 200_000;
const FORMATS: [&str; 4] = ["csv", "ndjson", "xlsx", "parquet"];

fn main() {
    let threads = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let rows = argument("--rows", 5_000_000);
    let body = threads.block_on(measure(rows));
    publish("exports", &body);
}

async fn measure(rows: u64) -> String {
    let dir = tempfile::tempdir().unwrap();
    let mut config = Config::defaults().unwrap();
    let store = Store::start(dir.path(), &mut config).await;
    println!("filling {rows} events …");
    bulk::fill(&runtime::clickhouse::client(&config.clickhouse), 1, rows, CHUNK, Utc::now()).await;
    let api = Api::serve(&config, TENANT).await;
    // The first thousand rows load whatever is loaded once.
    api.ask("/v1/events?limit=1000").await;
    let mut table = Table::new(&["format", "rows/s", "MB/s", "MB", "most memory, MiB", "of which before, MiB"]);
    for format in FORMATS {
        println!("{format} …");
        let before = memory("VmRSS:");
        // The mark of the most memory starts anew.
        fs::write("/proc/self/clear_refs", "5").unwrap();
        let begun = Instant::now();
        let bytes = api.pass(&format!("/v1/events?format={format}")).await;
        let seconds = begun.elapsed().as_secs_f64();
        table.row(&[
            format.to_owned(),
            format!("{:.0}", rows as f64 / seconds),
            format!("{:.1}", bytes as f64 / 1e6 / seconds),
            format!("{:.0}", bytes as f64 / 1e6),
            memory("VmHWM:").to_string(),
            before.to_string(),
        ]);
    }
    drop(store);
    format!(
        "{rows} events of one tenant, the whole log as a file, newest first, read to its end over HTTP. The engine has a process of its own \
         on the same cores, so the memory is the API's and its client's.\n\n{}",
        table.finish()
    )
}

/// A figure of this process, in MiB.
fn memory(name: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() >> 10
}

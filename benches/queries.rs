//! What an answer of the query API costs beside the same SQL sent straight to the engine, in tables of growing size; and
//! what an event takes on disk.
//!
//! `cargo bench --ignore-rust-version --bench queries -- --sizes 2 --rounds 50`: sizes 2 is 1M and 10M events, 3 adds 100M
//! (some 10 GiB of disk, and most of an hour to fill on two cores).
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, missing_docs, reason = "a bench fails by stopping")]
#![allow(dead_code, reason = "each bench uses its own part of what they share")]

mod support;

use std::time::{Duration, Instant};

use chrono::Utc;
use clickhouse::Client;
use embedded::engine::{Engine, EngineConfig};
use runtime::config::Config;
use support::reads::{Api, Question, questions};
use support::relay::{Relay, Sent};
use support::{Table, argument, bulk, publish, until};

const TENANT: &str = "t-0";
/// Longest wait for merges.
const SETTLED: Duration = Duration::from_secs(3600);
/// Questions that are asked before it counts.
const WARM_UP: u64 = 3;

/// Times of one question.
struct Times {
    question: Question,
    ours: Vec<Duration>,
    straight: Vec<Duration>,
    read: Vec<Sent>,
}

fn main() {
    let threads = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let (sizes, rounds) = (argument("--sizes", 2), argument("--rounds", 50));
    let body = threads.block_on(async {
        let dir = tempfile::tempdir().unwrap();
        let library = embedded::cache::engine_library();
        let mut engine_config = EngineConfig::new(library, dir.path());
        engine_config.max_memory_bytes = 8 << 30;
        let engine = Engine::start(engine_config).await.unwrap();
        let mut measured = Vec::new();
        let mut disk = Table::new(&["events", "bytes an event", "of which `events`", "views", "filled at, events/s"]);
        // The largest first: filling it takes longest, and nothing else need be quiet meanwhile.
        for total in (0..sizes).rev().map(|size| 1_000_000 * 10_u64.pow(u32::try_from(size).unwrap())) {
            let mut config = Config::defaults().unwrap();
            config.clickhouse.url = engine.url();
            config.clickhouse.database = format!("of_{total}");
            storage::migrate(&config).await.unwrap();
            let client = runtime::clickhouse::client(&config.clickhouse);
            println!("filling {total} events …");
            let (begun, end) = (Instant::now(), Utc::now());
            bulk::fill(&client, bulk::TENANTS, total, bulk::CHUNK, end).await;
            let rate = total as f64 / begun.elapsed().as_secs_f64();
            settled(&client).await;
            disk.row(&on_disk(&client, total, rate).await);
            println!("asking …");
            measured.push((total, ask_all(&config, &client, rounds, end).await));
            client.query_raw(&format!("DROP DATABASE {} SYNC", config.clickhouse.database)).execute().await.unwrap();
        }
        engine.stop().await.unwrap();
        measured.reverse();
        report(&measured, rounds, disk)
    });
    publish("queries", &body);
}

async fn ask_all(config: &Config, client: &Client, rounds: u64, end: chrono::DateTime<Utc>) -> Vec<Times> {
    let (relay, relayed) = Relay::open(config.clickhouse.url.clone()).await;
    let mut through_relay = config.clone();
    through_relay.clickhouse.url = relayed;
    let recorded = Api::serve(&through_relay, TENANT).await;
    let api = Api::serve(config, TENANT).await;
    let mut all = Vec::new();
    for question in questions(client, TENANT, end).await {
        recorded.ask(&question.path).await;
        let read = relay.take();
        let mut times = Times { question, ours: Vec::new(), straight: Vec::new(), read };
        for round in 0..rounds + WARM_UP {
            let begun = Instant::now();
            api.ask(&times.question.path).await;
            let ours = begun.elapsed();
            let begun = Instant::now();
            relay.repeat(&times.read).await;
            let straight = begun.elapsed();
            if round >= WARM_UP {
                times.ours.push(ours);
                times.straight.push(straight);
            }
        }
        times.ours.sort_unstable();
        times.straight.sort_unstable();
        println!(
            "  {}: {:.1} ms, straight {:.1} ms",
            times.question.name,
            at(&times.ours, 0.5),
            at(&times.straight, 0.5)
        );
        all.push(times);
    }
    all
}

/// Returns once no parts are being merged, as in an installation that has run for a while.
async fn settled(client: &Client) {
    let sql = "SELECT count() FROM system.merges WHERE database = currentDatabase()";
    until("the merges", SETTLED, async || {
        let merges: u64 = client.query(sql).fetch_one().await.unwrap();
        (merges == 0).then_some(())
    })
    .await;
}

/// Milliseconds that a share of the sorted times stays below.
fn at(times: &[Duration], share: f64) -> f64 {
    times[((times.len() as f64 * share) as usize).min(times.len() - 1)].as_secs_f64() * 1e3
}

async fn on_disk(client: &Client, total: u64, rate: f64) -> [String; 5] {
    let sql = "SELECT sumIf(bytes_on_disk, table = 'events'), sum(bytes_on_disk) FROM system.parts \
               WHERE active AND database = currentDatabase()";
    let (events, all): (u64, u64) = client.query(sql).fetch_one().await.unwrap();
    let each = |bytes: u64| format!("{:.0}", bytes as f64 / total as f64);
    [total.to_string(), each(all), each(events), each(all - events), format!("{rate:.0}")]
}

fn report(measured: &[(u64, Vec<Times>)], rounds: u64, disk: Table) -> String {
    let mut text = format!(
        "200 tenants over 90 days, skewed; the one that is asked is the largest, with 17 % of all events. {rounds} rounds, the API \
         and the same statements straight to the engine in turn, over HTTP both, one at a time. Rows are what the engine read.\n"
    );
    for (total, all) in measured {
        let mut table = Table::new(&["ms", "p50", "straight", "more", "p99", "straight", "rows read", "MB read"]);
        for times in all {
            let (ours, straight) = (at(&times.ours, 0.5), at(&times.straight, 0.5));
            let rows: u64 = times.read.iter().map(|sent| sent.read_rows).sum();
            let bytes: u64 = times.read.iter().map(|sent| sent.read_bytes).sum();
            table.row(&[
                times.question.name.to_owned(),
                format!("{ours:.1}"),
                format!("{straight:.1}"),
                format!("{:+.1}", ours - straight),
                format!("{:.1}", at(&times.ours, 0.99)),
                format!("{:.1}", at(&times.straight, 0.99)),
                rows.to_string(),
                format!("{:.1}", bytes as f64 / 1e6),
            ]);
        }
        text.push_str(&format!("\n**{total} events.**\n\n{}", table.finish()));
    }
    let (Some((least, small)), Some((most, large))) = (measured.first(), measured.last()) else { return text };
    if least < most {
        let mut flat = Table::new(&[&format!("p50 at {most} against {least} events"), "times"]);
        for (small, large) in small.iter().zip(large).filter(|(small, _)| small.question.of_one_user) {
            let times = at(&large.ours, 0.5) / at(&small.ours, 0.5);
            flat.row(&[small.question.name.to_owned(), format!("{times:.2}")]);
        }
        text.push_str(&format!(
            "\nOne user's pages, whose cost should not follow the table's size:\n\n{}",
            flat.finish()
        ));
    }
    text.push_str(&format!("\nOn disk, compressed:\n\n{}", disk.finish()));
    text
}

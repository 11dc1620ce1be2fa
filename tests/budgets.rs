//! What the engine reads for an answer, against a budget for each question (P8): a lost index, projection or rollup fails here,
//! however fast the machine.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test fails by stopping")]
#![allow(dead_code, reason = "the bench `queries` uses the rest of what they share")]

#[path = "../benches/support/bulk.rs"]
mod bulk;
#[path = "../benches/support/reads.rs"]
mod reads;
#[path = "../benches/support/relay.rs"]
mod relay;

use chrono::Utc;
use embedded::engine::{Engine, EngineConfig};
use reads::{Api, questions};
use relay::Relay;
use runtime::config::Config;

const EVENTS: u64 = 1_000_000;
const TENANT: &str = "t-0";

#[tokio::test(flavor = "multi_thread")]
async fn answers_read_no_more_than_their_budgets() {
    let dir = tempfile::tempdir().unwrap();
    let mut engine_config = EngineConfig::new(embedded::cache::engine_library(), dir.path());
    engine_config.max_memory_bytes = 4 << 30;
    let engine = Engine::start(engine_config).await.unwrap();
    let mut config = Config::defaults().unwrap();
    config.clickhouse.url = engine.url();
    storage::migrate(&config).await.unwrap();
    let client = runtime::clickhouse::client(&config.clickhouse);
    let end = Utc::now();
    bulk::fill(&client, bulk::TENANTS, EVENTS, bulk::CHUNK, end).await;
    let (relay, relayed) = Relay::open(engine.url()).await;
    config.clickhouse.url = relayed;
    let api = Api::serve(&config, TENANT).await;
    let mut over = Vec::new();
    for question in questions(&client, TENANT, end).await {
        api.ask(&question.path).await;
        let read = relay.take();
        let rows = read.iter().map(|sent| sent.read_rows).sum::<u64>().div_ceil(1000);
        let megabytes = read.iter().map(|sent| sent.read_bytes).sum::<u64>().div_ceil(1_000_000);
        let told = format!("{}: {rows} thousand rows and {megabytes} MB, of {:?}", question.name, question.budget);
        println!("{told}");
        if rows > question.budget.0 || megabytes > question.budget.1 {
            over.push(told);
        }
    }
    engine.stop().await.unwrap();
    assert!(over.is_empty(), "{over:#?}");
}

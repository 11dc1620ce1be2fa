//! Opening, closing and reopening the embedded ClickHouse. One engine fits into a process, so this is one test.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::Duration;

use embedded::cache::engine_library;
use embedded::engine::{Engine, EngineConfig, EngineError};

async fn ask(engine: &Engine, params: &[(&str, &str)], body: impl Into<reqwest::Body>) -> (u16, String) {
    let answer = reqwest::Client::new().post(engine.url()).query(params).body(body).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

async fn ok(engine: &Engine, sql: &str) -> String {
    let (status, body) = ask(engine, &[], sql.to_owned()).await;
    assert_eq!(status, 200, "{sql}: {body}");
    body
}

const DEDUP: &str = "SETTINGS non_replicated_deduplication_window = 10000";

/// Rows, and what the view has made of them.
async fn rows(engine: &Engine) -> String {
    ok(engine, "SELECT (SELECT count() FROM e), (SELECT tuple(countMerge(c), sumMerge(s)) FROM e_agg)").await
}

async fn insert(engine: &Engine, token: &str, block: &[u8]) {
    let params = [
        ("query", "INSERT INTO e FORMAT Native"),
        ("insert_deduplication_token", token),
        ("deduplicate_blocks_in_dependent_materialized_views", "1"),
        ("wait_end_of_query", "1"),
        ("async_insert", "0"),
    ];
    let (status, body) = ask(engine, &params, block.to_vec()).await;
    assert_eq!(status, 200, "{body}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn opens_closes_and_opens_again() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = EngineConfig::new(engine_library(), dir.path().join("data"));
    config.drain_timeout = Duration::from_millis(10);
    let missing = EngineConfig { library: dir.path().join("none.so"), ..config.clone() };
    assert!(matches!(Engine::start(missing).await, Err(EngineError::LibraryMissing(_))));
    let open = EngineConfig { listen: "0.0.0.0:0".parse().unwrap(), ..config.clone() };
    assert!(matches!(Engine::start(open).await, Err(EngineError::NotLoopback(_))));

    let engine = Engine::start(config.clone()).await.unwrap();
    assert!(matches!(Engine::start(config.clone()).await, Err(EngineError::AlreadyOpen)));
    ok(&engine, &format!("CREATE TABLE e (id UInt64, u UInt8, at DateTime('UTC')) ENGINE = MergeTree PARTITION BY toDate(at) ORDER BY id {DEDUP}")).await;
    ok(&engine, &format!("CREATE TABLE e_agg (u UInt8, c AggregateFunction(count), s AggregateFunction(sum, UInt64)) ENGINE = AggregatingMergeTree ORDER BY u {DEDUP}")).await;
    ok(
        &engine,
        "CREATE MATERIALIZED VIEW e_mv TO e_agg AS SELECT u, countState() AS c, sumState(id) AS s FROM e GROUP BY u",
    )
    .await;
    // A block over three partitions.
    let sql = "SELECT number AS id, number % 2 AS u, toDateTime('2026-01-01 00:00:00') + toIntervalDay(number % 3) AS at FROM numbers(6) FORMAT Native";
    let block = reqwest::Client::new().post(engine.url()).body(sql).send().await.unwrap().bytes().await.unwrap();
    insert(&engine, "one", &block).await;
    insert(&engine, "one", &block).await;
    assert_eq!(rows(&engine).await, "6\t(6,15)\n");

    // Its first try got only into the table.
    ok(&engine, "DROP VIEW e_mv").await;
    insert(&engine, "two", &block).await;
    assert_eq!(rows(&engine).await, "12\t(6,15)\n");
    ok(
        &engine,
        "CREATE MATERIALIZED VIEW e_mv TO e_agg AS SELECT u, countState() AS c, sumState(id) AS s FROM e GROUP BY u",
    )
    .await;
    insert(&engine, "two", &block).await;
    assert_eq!(rows(&engine).await, "12\t(12,30)\n");

    // A query that never ends by itself doesn't keep the engine open.
    let endless =
        tokio::spawn(reqwest::Client::new().post(engine.url()).body("SELECT count() FROM system.numbers").send());
    while ok(&engine, "SELECT count() FROM system.processes WHERE query LIKE '%system.numbers'").await != "1\n" {
        tokio::task::yield_now().await;
    }
    engine.stop().await.unwrap();
    let answer = endless.await.unwrap().unwrap();
    assert_eq!(answer.headers()["x-clickhouse-exception-code"], "394");

    config.password = Some("secret".to_owned());
    let engine = Engine::start(config.clone()).await.unwrap();
    assert_eq!(ask(&engine, &[], "SELECT 1").await.0, 401);
    assert_eq!(ask(&engine, &[("password", "wrong")], "SELECT 1").await.0, 403);
    let client = clickhouse::Client::default().with_url(engine.url()).with_user("any").with_password("secret");
    assert_eq!(client.query("SELECT 1").fetch_one::<u8>().await.unwrap(), 1);
    engine.stop().await.unwrap();

    config.password = None;
    config.max_queries = 1;
    config.max_waiting = 0;
    let engine = Engine::start(config.clone()).await.unwrap();
    insert(&engine, "one", &block).await;
    insert(&engine, "two", &block).await;
    assert_eq!(rows(&engine).await, "12\t(12,30)\n");
    insert(&engine, "three", &block).await;
    assert_eq!(rows(&engine).await, "18\t(18,45)\n");

    // With one place, taken by a result that nobody reads to its end, the next query is refused.
    let mut long =
        reqwest::Client::new().post(engine.url()).body("SELECT number FROM system.numbers").send().await.unwrap();
    long.chunk().await.unwrap().unwrap();
    let (status, body) = ask(&engine, &[], "SELECT 1").await;
    assert!(status == 503 && body.starts_with("Code: 202."), "{status} {body}");
    // Nor does such a result keep the engine from closing.
    engine.stop().await.unwrap();
    drop(long);
}

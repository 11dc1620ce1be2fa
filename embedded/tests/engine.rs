//! The embedded ClickHouse, asked through its HTTP interface. One engine serves all tests of this binary, each in a database of
//! its own.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::OnceLock;

use clickhouse::{Client, Row};
use embedded::cache::engine_library;
use embedded::engine::{Engine, EngineConfig};
use serde::{Deserialize, Serialize};

struct Shared {
    url: String,
    runtime: tokio::runtime::Runtime,
    _engine: Engine,
    _dir: tempfile::TempDir,
}

/// The engine, on a runtime that outlives the tests' own.
fn shared() -> &'static Shared {
    static SHARED: OnceLock<Shared> = OnceLock::new();
    SHARED.get_or_init(|| {
        let dir = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().worker_threads(2).build().unwrap();
        let engine = runtime.block_on(Engine::start(EngineConfig::new(engine_library(), dir.path()))).unwrap();
        Shared { url: engine.url(), runtime, _engine: engine, _dir: dir }
    })
}

/// Runs a test against a database of its own.
fn with_database<F: Future<Output = ()>>(name: &'static str, test: impl FnOnce(Db) -> F) {
    let shared = shared();
    shared.runtime.block_on(async {
        let http = reqwest::Client::new();
        let root = Client::default().with_url(&shared.url);
        root.query(&format!("CREATE DATABASE {name}")).execute().await.unwrap();
        let client = root.with_database(name);
        test(Db { url: shared.url.clone(), name, http, client }).await;
    });
}

struct Db {
    url: String,
    name: &'static str,
    http: reqwest::Client,
    client: Client,
}

impl Db {
    fn post(&self, params: &[(&str, &str)]) -> reqwest::RequestBuilder {
        self.http.post(&self.url).query(&[("database", self.name)]).query(params)
    }

    /// Status and body of a query.
    async fn ask(&self, params: &[(&str, &str)], body: impl Into<reqwest::Body>) -> (u16, String) {
        let answer = self.post(params).body(body).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    async fn ok(&self, sql: &str) -> String {
        let (status, body) = self.ask(&[], sql.to_owned()).await;
        assert_eq!(status, 200, "{sql}: {body}");
        body
    }
}

#[test]
fn answers_pings() {
    with_database("pings", |db| async move {
        for path in ["", "/", "/ping", "/replicas_status"] {
            let answer = db.http.get(format!("{}{path}", db.url)).send().await.unwrap();
            assert_eq!((answer.status().as_u16(), answer.text().await.unwrap()), (200, "Ok.\n".to_owned()), "{path}");
        }
        let answer = db.http.get(format!("{}/other", db.url)).send().await.unwrap();
        assert_eq!(answer.status(), 404);
    });
}

#[derive(Debug, PartialEq, Row, Serialize, Deserialize)]
struct Item {
    id: u64,
    name: String,
    tags: Vec<String>,
    score: Option<f64>,
}

fn item(id: u64) -> Item {
    Item {
        id,
        name: format!("n{id}"),
        tags: vec!["a\tb".to_owned(), "ü".to_owned()],
        score: id.is_multiple_of(2).then_some(0.5),
    }
}

const ITEMS: &str = "CREATE TABLE items (id UInt64, name LowCardinality(String), tags Array(String), score Nullable(Float64)) \
                     ENGINE = MergeTree ORDER BY id";

#[test]
fn keeps_typed_rows() {
    with_database("typed", |db| async move {
        db.ok(ITEMS).await;
        let mut insert = db.client.insert::<Item>("items").await.unwrap();
        for id in 0..1000 {
            insert.write(&item(id)).await.unwrap();
        }
        insert.end().await.unwrap();
        let sql = "SELECT ?fields FROM items WHERE id >= {from:UInt64} ORDER BY id LIMIT ?";
        let rows = db.client.query(sql).bind(3).param("from", 7u64).fetch_all::<Item>().await.unwrap();
        assert_eq!(rows, [item(7), item(8), item(9)]);
    });
}

#[test]
fn takes_raw_native_blocks() {
    with_database("native", |db| async move {
        db.ok(ITEMS).await;
        let select = [("default_format", "Native")];
        let sql = "SELECT number AS id, toLowCardinality(toString(number)) AS name, [name] AS tags, NULL::Nullable(Float64) AS score \
                   FROM numbers(100000)";
        let block = db.post(&select).body(sql).send().await.unwrap().bytes().await.unwrap();
        let mut insert = db.client.insert_formatted_with("INSERT INTO items FORMAT Native");
        for piece in 0..block.len().div_ceil(100_000) {
            insert.send(block.slice(piece * 100_000..block.len().min((piece + 1) * 100_000))).await.unwrap();
        }
        insert.end().await.unwrap();
        assert_eq!(db.ok("SELECT count(), sum(id), uniqExact(name) FROM items").await, "100000\t4999950000\t100000\n");

        let answer = db.post(&[("query", "INSERT INTO items FORMAT Native")]).body(block.clone()).send().await.unwrap();
        let summary = answer.headers()["x-clickhouse-summary"].to_str().unwrap().to_owned();
        let summary: serde_json::Value = serde_json::from_str(&summary).unwrap();
        assert_eq!(summary["written_rows"], "100000");

        // Half a block must leave no rows behind.
        let half = db.ask(&[("query", "INSERT INTO items FORMAT Native")], block.slice(..block.len() / 2)).await;
        assert_eq!(half.0, 500, "{}", half.1);
        assert_eq!(db.ok("SELECT count() FROM items").await, "200000\n");
    });
}

#[test]
fn finds_data_and_formats_in_statements() {
    with_database("statements", |db| async move {
        db.ok("CREATE TABLE t (a UInt32, b String) ENGINE = MergeTree ORDER BY a").await;
        db.ok("INSERT INTO t VALUES (1, 'FORMAT'), (2, concat('x', 'y'))").await;
        db.ok("INSERT INTO t (b, a) FORMAT CSV\n\"q\",3\n").await;
        db.ok("INSERT INTO t SELECT number, 's' FROM numbers(4, 1)").await;
        db.ok("INSERT INTO t SETTINGS async_insert = 0 FORMAT JSONEachRow {\"a\": 5, \"b\": \"j\"}").await;
        let (status, body) = db.ask(&[("query", "INSERT INTO t FORMAT TSV")], "6\tt\n").await;
        assert_eq!((status, body.as_str()), (200, ""));
        assert_eq!(
            db.ok("SELECT a, b FROM t ORDER BY a FORMAT CSV").await,
            "1,\"FORMAT\"\n2,\"xy\"\n3,\"q\"\n4,\"s\"\n5,\"j\"\n6,\"t\"\n"
        );
        // A query's own format wins; the parameter is but a default, and a body continues the parameter.
        let params = [("query", "SELECT 1 AS x"), ("default_format", "JSONEachRow")];
        assert_eq!(db.ask(&params, "").await, (200, "{\"x\":1}\n".to_owned()));
        assert_eq!(db.ask(&params, "FORMAT TSVWithNames").await, (200, "x\n1\n".to_owned()));
        let answer = db.post(&params).body("FORMAT CSV").send().await.unwrap();
        assert_eq!(answer.headers()["x-clickhouse-format"], "CSV");
        for sql in [
            "SHOW TABLES",
            "EXISTS t",
            "DESCRIBE t",
            "EXPLAIN SELECT 1",
            "WITH 1 AS x SELECT x",
            "(SELECT 1) UNION ALL SELECT 2",
        ] {
            assert!(!db.ok(sql).await.is_empty(), "{sql}");
        }
        assert_eq!(
            db.ok("SELECT sum(rows) FROM system.parts WHERE active AND database = currentDatabase()").await,
            "6\n"
        );
        assert_eq!(
            db.ok("SELECT timezone(), toDateTime('1970-01-01 00:00:00')::UInt32").await.split('\t').nth(1),
            Some("0\n")
        );
    });
}

#[test]
fn forgets_settings() {
    with_database("settings", |db| async move {
        let sql = "SELECT getSetting('max_threads')::String, getSetting('insert_deduplication_token'), getSetting('async_insert')";
        let with = [("max_threads", "7"), ("insert_deduplication_token", "tok"), ("async_insert", "1")];
        let before = db.ok(sql).await;
        assert_eq!(db.ask(&with, sql).await, (200, "7\ttok\ttrue\n".to_owned()));
        db.ok("SET max_threads = 5").await;
        db.ok("USE system").await;
        assert_eq!(db.ok(sql).await, before);
        assert!(before.ends_with("\t\tfalse\n"), "{before}");
        assert_eq!(db.ok("SELECT currentDatabase()").await, "settings\n");
        let (status, body) = db.ask(&[("no_such_setting", "1")], "SELECT 1").await;
        assert!(status == 404 && body.starts_with("Code: 115."), "{body}");
        let (status, body) = db.ask(&[("max_threads", "many")], "SELECT 1").await;
        assert!(status >= 400 && body.starts_with("Code: ") && body.contains("many"), "{status} {body}");
    });
}

#[test]
fn tells_errors_as_a_server_does() {
    with_database("errors", |db| async move {
        let version = db.ok("SELECT version()").await;
        let cases = [
            ("SELECT * FROM nosuch", 404, "60", "(UNKNOWN_TABLE)"),
            ("SELECT nosuch", 404, "47", "(UNKNOWN_IDENTIFIER)"),
            ("SELEKT 1", 400, "62", "(SYNTAX_ERROR)"),
            ("SELECT 1; SELECT 2", 400, "62", "Multi-statements"),
            ("INSERT INTO nosuch FORMAT CSV\n1", 404, "60", "(UNKNOWN_TABLE)"),
            ("SELECT throwIf(1)", 500, "395", "(FUNCTION_THROW_IF_VALUE_IS_NON_ZERO)"),
            ("SELECT 1 INTO OUTFILE '/tmp/x'", 501, "48", "(NOT_IMPLEMENTED)"),
            ("SELECT throwIf(number = 100000) FROM numbers(200000) FORMAT JSON", 500, "395", "(FUNCTION_THROW"),
            ("", 400, "62", "(SYNTAX_ERROR)"),
        ];
        for (sql, status, code, text) in cases {
            let answer = db.post(&[]).body(sql).send().await.unwrap();
            assert_eq!(answer.status(), status, "{sql}");
            assert_eq!(answer.headers()["x-clickhouse-exception-code"], code, "{sql}");
            let body = answer.text().await.unwrap();
            assert!(
                body.starts_with(&format!("Code: {code}. DB::Exception: ")) && body.contains(text),
                "{sql}: {body}"
            );
            assert!(body.ends_with(&format!("(version {} (embedded))\n", version.trim())), "{body}");
        }
        let error = db.client.query("SELECT * FROM nosuch").fetch_one::<u8>().await.unwrap_err();
        assert!(error.to_string().contains("Code: 60"), "{error}");
        let (status, body) = db.ask(&[("compress", "1")], "SELECT 1").await;
        assert!(status == 501 && body.contains("ompress"), "{body}");
        // GET never writes, and web pages and foreign host names are turned away.
        let get = |sql: &'static str| db.http.get(&db.url).query(&[("query", sql), ("database", "errors")]);
        assert_eq!(get("SELECT 1").send().await.unwrap().text().await.unwrap(), "1\n");
        for sql in ["CREATE TABLE g (a UInt8) ENGINE = Memory", "INSERT INTO g VALUES (1)"] {
            let body = get(sql).send().await.unwrap().text().await.unwrap();
            assert!(body.starts_with("Code: 164."), "{body}");
        }
        for (name, value) in [("origin", "http://evil.example"), ("host", "evil.example")] {
            assert_eq!(get("SELECT 1").header(name, value).send().await.unwrap().status(), 403, "{name}");
        }
    });
}

/// The most memory this process has used, in bytes.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

#[test]
fn streams_long_results() {
    with_database("streams", |db| async move {
        let before = peak();
        let sql = "SELECT number, repeat('x', 40) AS text FROM numbers(10000000)";
        let mut rows = db.client.query(sql).fetch::<(u64, String)>().unwrap();
        let (mut count, mut sum) = (0u64, 0u64);
        while let Some((number, _)) = rows.next().await.unwrap() {
            count += 1;
            sum += number;
        }
        assert_eq!((count, sum), (10_000_000, 49_999_995_000_000));
        assert!(rows.received_bytes() > 480_000_000);
        // The result has half a gigabyte; on the way through only some blocks are held.
        let grown = peak() - before;
        assert!(grown < 250_000_000, "grew by {grown}");
        // Blocks without a row in between must not end the stream.
        assert_eq!(
            db.ok("SELECT number FROM numbers(20000000) WHERE number % 9999999 = 1").await,
            "1\n10000000\n19999999\n"
        );
    });
}

#[test]
fn breaks_off_when_a_stream_fails() {
    with_database("breaks", |db| async move {
        let sql = "SELECT number, throwIf(number = 4000000, 'far along') AS x FROM numbers(10000000)";
        let settings = [("max_threads", "1")];
        let mut rows = db.client.clone().with_setting("max_threads", "1").query(sql).fetch::<(u64, u8)>().unwrap();
        let mut count = 0u64;
        let error = loop {
            match rows.next().await {
                Ok(Some(_)) => count += 1,
                Ok(None) => panic!("the error is missing after {count} rows"),
                Err(error) => break error.to_string(),
            }
        };
        assert!(count > 1_000_000, "{count}");
        assert!(error.contains("Code: 395") && error.contains("far along"), "{error}");
        let answer = db.post(&settings).body(sql).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        answer.bytes().await.unwrap_err();
        // Asked for the end first, the answer has the right status.
        let sql = "SELECT number, throwIf(number = 1000000) FROM numbers(10000000)";
        let (status, _) = db.ask(&[("wait_end_of_query", "1"), ("max_threads", "1")], sql).await;
        assert_eq!(status, 500);
        // So does a failed insert, with all of its body still to be read.
        db.ok("CREATE TABLE t (a UInt32) ENGINE = MergeTree ORDER BY a").await;
        let (status, body) = db.ask(&[("query", "INSERT INTO t FORMAT TSV")], "x\n".repeat(20_000_000)).await;
        assert!(status == 400 && body.starts_with("Code: 27."), "{status} {body}");
    });
}

/// Waits until no query but this one with such a text is left.
async fn until_gone(db: &Db, text: &str) {
    let sql = format!(
        "SELECT count() FROM system.processes WHERE query LIKE '%{text}%' AND query NOT LIKE '%system.processes%'"
    );
    while db.ok(&sql).await != "0\n" {
        tokio::task::yield_now().await;
    }
}

#[test]
fn cancels_what_nobody_waits_for() {
    with_database("cancels", |db| async move {
        // Ended while nothing has been answered, and while the answer is under way.
        for sql in [
            "SELECT count() FROM system.numbers WHERE NOT ignore('first')",
            "SELECT number FROM system.numbers WHERE NOT ignore('second')",
        ] {
            let asked = tokio::spawn(db.post(&[]).body(sql).send());
            let probe =
                format!("SELECT count() FROM system.processes WHERE query LIKE '{}%'", sql.replace('\'', "\\'"));
            while db.ok(&probe).await != "1\n" {
                tokio::task::yield_now().await;
            }
            if sql.contains("second") {
                let mut answer = asked.await.unwrap().unwrap();
                answer.chunk().await.unwrap().unwrap();
            } else {
                asked.abort();
                asked.await.unwrap_err();
            }
            until_gone(&db, "NOT ignore(").await;
        }
        // An insert whose client goes away in the middle leaves nothing.
        db.ok("CREATE TABLE t (a UInt32) ENGINE = MergeTree ORDER BY a").await;
        let pieces = futures::stream::iter([Ok("1\n"), Err(std::io::Error::other("gone"))]);
        let body = reqwest::Body::wrap_stream(pieces);
        db.post(&[("query", "INSERT INTO t FORMAT TSV")]).body(body).send().await.unwrap_err();
        until_gone(&db, "INSERT INTO t").await;
        assert_eq!(db.ok("SELECT count() FROM t").await, "0\n");
    });
}

//! The embedded ClickHouse, asked through its HTTP interface. One engine serves all tests of this binary, each in a database of
//! its own.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::PathBuf;
use std::sync::OnceLock;

use clickhouse::{Client, Row};
use embedded::engine::{Engine, EngineConfig};
use serde::{Deserialize, Serialize};

/// The library, fetched beforehand.
fn library() -> PathBuf {
    let cache = || {
        let home = || PathBuf::from(std::env::var_os("HOME").expect("HOME is set")).join(".cache");
        let cache = std::env::var_os("XDG_CACHE_HOME").map_or_else(home, PathBuf::from);
        cache.join("usertrail/chdb-26.7.3/libchdb.so")
    };
    let path = std::env::var_os("USERTRAIL_CHDB_LIB").map_or_else(cache, PathBuf::from);
    assert!(path.is_file(), "{} is missing: run `make deps`", path.display());
    path
}

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
        let engine = runtime.block_on(Engine::start(EngineConfig::new(library(), dir.path()))).unwrap();
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

//! A ClickHouse engine in a process of its own, with the tables made, and its plain HTTP interface.

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use runtime::config::Config;

use super::process::{LIMIT, Role, free_address};
use super::until;

/// The engine.
pub(crate) struct Store {
    pub(crate) role: Role,
    pub(crate) url: String,
    http: reqwest::Client,
    database: String,
}

/// Every table that an event ends up in.
pub(crate) const TABLES: [&str; 4] = ["events", "tenant_quarters", "user_hours", "user_hours_distinct"];

impl Store {
    /// Starts an engine with its data in `dir`, and makes the tables as `config`, which learns its address, says.
    pub(crate) async fn start(dir: &Path, config: &mut Config) -> Self {
        let listen = free_address().to_string();
        let mut role = Role::start(dir, &["engine", "--listen", &listen]);
        until("the engine", LIMIT, async || {
            role.check();
            role.printed().contains("engine listens").then_some(())
        })
        .await;
        let url = format!("http://{listen}/");
        config.clickhouse.url = url.clone();
        storage::migrate(config).await.unwrap();
        let http = reqwest::Client::builder().pool_idle_timeout(Duration::from_secs(5)).build().unwrap();
        Self { role, url, http, database: config.clickhouse.database.clone() }
    }

    /// Runs a statement and returns what it gives.
    pub(crate) async fn run(&self, sql: &str) -> Bytes {
        self.send(sql, &[], Bytes::new()).await
    }

    /// As [`run`](Self::run), under settings.
    pub(crate) async fn run_under(&self, settings: &[(&str, &str)], sql: &str) -> Bytes {
        self.send(sql, settings, Bytes::new()).await
    }

    /// One number.
    pub(crate) async fn number(&self, sql: &str) -> u64 {
        let answer = self.run(sql).await;
        std::str::from_utf8(&answer).unwrap().trim().parse().unwrap()
    }

    /// Inserts as the enricher does: at once, under a token, rollups included.
    pub(crate) async fn insert(&self, statement: &str, token: &str, body: Bytes) {
        let settings = [
            ("async_insert", "0"),
            ("insert_deduplicate", "1"),
            ("insert_deduplication_token", token),
            ("deduplicate_blocks_in_dependent_materialized_views", "1"),
        ];
        self.send(statement, &settings, body).await;
    }

    async fn send(&self, sql: &str, settings: &[(&str, &str)], body: Bytes) -> Bytes {
        let request = self.http.post(&self.url).query(&[("database", self.database.as_str()), ("query", sql)]);
        let response = request.query(settings).body(body).send().await.unwrap();
        let status = response.status();
        let answer = response.bytes().await.unwrap();
        assert!(status.is_success(), "{sql}: {}", String::from_utf8_lossy(&answer));
        answer
    }
}

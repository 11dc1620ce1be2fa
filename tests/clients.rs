//! Clients made from the API's own description, and the API held to it: against the program as a newcomer starts it.
//!
//! They need Node, Python and packages, which `tools/clients` installs; so they are ignored unless asked for, as `tools/test`
//! does.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, missing_docs)]

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;

use reqwest::Client;
use serde_json::Value;
use support::process::{Process, free_port};
use support::until;
use tempfile::TempDir;

/// A running demo with some days of events.
struct Demo {
    up: Process,
    key: String,
    _dir: TempDir,
}

impl Demo {
    async fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        let listen = format!("127.0.0.1:{}", free_port());
        let arguments =
            ["up", "--demo", "--demo-days", "40", "--listen", &listen, "--data-dir", data.to_str().unwrap()];
        // Limits are tested elsewhere; here they would only hide answers.
        let limits = ["--set", "limits.queries_per_second=1000000", "--set", "limits.query_burst=1000000"];
        let up = Process::start(dir.path(), "up", &[arguments.as_slice(), &limits].concat()).at(&listen);
        let http = Client::new();
        let mut key = String::new();
        until("the demo's history", async || {
            key = std::fs::read_to_string(data.join("demo-reader.key")).map_err(|error| error.to_string())?;
            let found = async |path: &str| -> Result<Value, reqwest::Error> {
                http.get(up.url(path)).bearer_auth(&key).send().await?.json().await
            };
            let rows = async |path: &str| found(path).await.map(|page| page["data"].as_array().map_or(0, Vec::len));
            let (events, violations) =
                (rows("/v1/events?period=last_week&limit=500").await, rows("/v1/violations").await);
            match (events, violations) {
                (Ok(500), Ok(1..)) => Ok(()),
                other => Err(format!("{other:?}")),
            }
        })
        .await;
        Self { up, key, _dir: dir }
    }

    /// Runs a command that finds the demo in its environment, and returns what it printed. It must succeed.
    fn run(&self, program: impl AsRef<Path>, arguments: &[&str]) -> String {
        let program = program.as_ref();
        let mut command = Command::new(program);
        command.args(arguments).env("USERTRAIL_URL", self.up.url("")).env("USERTRAIL_KEY", &self.key);
        let ended = command.output().unwrap_or_else(|error| panic!("{}: {error}", program.display()));
        let said = String::from_utf8_lossy(&ended.stdout).into_owned();
        let failed = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert!(ended.status.success(), "{} {arguments:?}:\n{said}\n{failed}", program.display());
        said
    }

    fn python(&self, arguments: &[&str]) -> String {
        self.run("python3", &[&[root("examples/python/usertrail.py").to_str().unwrap()], arguments].concat())
    }
}

fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The generated types are those of the document, and the client works: lists to their end, problems, settings.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs tools/clients"]
async fn the_typescript_client_on_the_demo() {
    let demo = Demo::start().await;
    let package = root("clients/typescript");
    let npm = |script| demo.run("npm", &["--prefix", package.to_str().unwrap(), "run", "--silent", script]);
    npm("drift");
    let said = npm("test");
    assert!(said.contains("# pass 7"), "{said}");
}

/// The Python example: the log to its end, a user's statistics, following by receipt.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs tools/clients"]
async fn the_python_example_on_the_demo() {
    let demo = Demo::start().await;
    let events = demo.python(&["events", "--period", "last_week"]);
    let ids: std::collections::BTreeSet<&str> = events.lines().filter_map(|line| line.split('\t').nth(1)).collect();
    assert!(ids.len() > 500 && ids.len() == events.lines().count(), "{} of {}", ids.len(), events.lines().count());
    let users: Value = Client::new()
        .get(demo.up.url("/v1/users?limit=1"))
        .bearer_auth(&demo.key)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let user = users["data"][0]["id"].as_str().unwrap();
    let statistics = demo.python(&["statistics", user, "--period", "this_month"]);
    let mut counts = statistics.lines().map(|line| line.split_once('\t').unwrap().1.parse::<u64>().unwrap());
    assert_eq!(counts.next().unwrap(), counts.sum::<u64>(), "{statistics}");
    assert_eq!(demo.python(&["follow", "--count", "3"]).lines().count(), 3);
}

/// P9: the Python example writes an export into a file.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs tools/clients"]
async fn the_python_example_exports_on_the_demo() {
    let demo = Demo::start().await;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("log.csv");
    demo.python(&["export", file.to_str().unwrap(), "--period", "last_week"]);
    let rows = std::fs::read_to_string(file).unwrap().lines().count();
    assert!(rows > 500, "{rows}");
}

/// Every operation, as a viewer and as an administrator: no 5xx, and every answer is one that the document describes.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs tools/clients"]
async fn the_api_conforms_to_its_document_on_the_demo() {
    let demo = Demo::start().await;
    let check = root("tools/api-check");
    let url = demo.up.url("");
    println!("{}", demo.run(root("target/api-check/venv/bin/python"), &[check.to_str().unwrap(), &url, "demo"]));
}

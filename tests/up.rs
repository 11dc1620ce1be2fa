//! `usertrail up`: what a newcomer runs.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::path::Path;

use reqwest::Client;
use serde_json::Value;
use support::process::{Process, free_port, output};
use support::until;

async fn events(http: &Client, up: &Process, key: &str) -> Option<u64> {
    let answer = http.get(up.url("/v1/events?limit=1")).bearer_auth(key).send().await.ok()?;
    let body: Value = answer.json().await.ok()?;
    let metrics = http.get(up.url("/metrics")).send().await.ok()?.text().await.ok()?;
    let stored = metrics.lines().find_map(|line| line.strip_prefix("usertrail_enrich_events_stored_total "))?;
    (!body["data"].as_array()?.is_empty()).then(|| stored.parse().ok())?
}

fn key(dir: &Path) -> Option<String> {
    std::fs::read_to_string(dir.join("demo-reader.key")).ok()
}

/// The demo comes up with events; killed, it comes up again with all its data and its key; asked to stop, it exits 0.
#[tokio::test(flavor = "multi_thread")]
async fn the_demo_survives_a_kill_and_ends_well() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let listen = format!("127.0.0.1:{}", free_port());
    let arguments = ["up", "--demo", "--listen", &listen, "--data-dir", data.to_str().unwrap()];
    let mut up = Process::start(dir.path(), "up", &arguments).at(&listen);
    let http = Client::new();
    until("the first events", async || {
        let Some(key) = key(&data) else { return Err("no key yet".to_owned()) };
        match events(&http, &up, &key).await {
            Some(stored) if stored > 500 => Ok(()),
            other => Err(format!("{other:?}")),
        }
    })
    .await;
    let first_key = key(&data).unwrap();
    let oldest = |page: &Value| page["data"][0]["id"].as_str().map(str::to_owned);
    let query = "/v1/events?order=asc&limit=1";
    let before: Value = http.get(up.url(query)).bearer_auth(&first_key).send().await.unwrap().json().await.unwrap();
    up.kill9_and_restart();
    up.until_ready(&http).await;
    assert_eq!(key(&data).unwrap(), first_key, "a restart keeps the demo's key");
    let after: Value = http.get(up.url(query)).bearer_auth(&first_key).send().await.unwrap().json().await.unwrap();
    assert_eq!(oldest(&before), oldest(&after));
    until("new events after the restart", async || match events(&http, &up, &first_key).await {
        Some(stored) if stored > 50 => Ok(()),
        other => Err(format!("{other:?}")),
    })
    .await;
    up.signal("INT");
    assert_eq!(up.wait(), Some(0), "{}", up.log_tail());
}

/// A bad configuration ends with exit code 64 and the key's name, before anything is bound.
#[test]
fn bad_configuration_names_the_key() {
    for (setting, expected) in [("kafka.brokerz=x", "brokerz"), ("enrich.flush_ms=0", "enrich.flush_ms")] {
        let ended = output(&["up", "--set", setting]);
        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert_eq!(ended.status.code(), Some(64), "{said}");
        assert!(said.contains(expected), "{said}");
    }
}

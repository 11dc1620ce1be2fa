//! One tenant's backend, which sends the golden mix over HTTP.

use std::time::{Duration, Instant};

use runtime::config::Config;
use runtime::settings::Settings;
use runtime::shutdown::Shutdown;
use schemas::settings::{Role, Tenant};
use serde_json::{Value, json};

use super::mix;
use super::process::LIMIT;

/// Events of one request: what a backend gathers in a hundredth of a second.
pub(crate) const EVENTS_A_REQUEST: usize = 10;
const TENANT: &str = "bench";

/// Makes the tenant and a key for it, as the administration's interface does.
pub(crate) async fn key(brokers: String) -> String {
    let mut config = Config::defaults().unwrap();
    config.kafka.brokers = brokers;
    let shutdown = Shutdown::default();
    let settings = Settings::spawn(&config, &shutdown).unwrap();
    settings.ready().await;
    let mut tenant = Tenant::new(TENANT, "Bench");
    tenant.logging = true;
    settings.put_tenant(tenant).await.unwrap();
    let (_, key) = settings.create_key(Some(TENANT), Role::Ingest, "bench").await.unwrap();
    assert!(shutdown.drain(LIMIT).await);
    // Ingest follows the topic; it must have read the key too.
    tokio::time::sleep(Duration::from_secs(1)).await;
    key.expose()
}

/// The events as one request, happening now.
pub(crate) fn body(batch: &[mix::Sample], prefix: &str) -> String {
    let events: Vec<Value> = batch
        .iter()
        .map(|sample| {
            let mut event: Value = serde_json::from_slice(&sample.payload).unwrap();
            event["occurred_at"] = json!(chrono::Utc::now().to_rfc3339());
            event["id"] = json!(format!("{prefix}{}", sample.id));
            event
        })
        .collect();
    Value::from(events).to_string()
}

/// Sends, and says when the acknowledgement was there.
pub(crate) async fn post(http: &reqwest::Client, url: &str, key: &str, body: String) -> Instant {
    let request = http.post(url).bearer_auth(key).header("content-type", "application/json").body(body);
    let answer = request.send().await.unwrap();
    let (status, text) = (answer.status(), answer.text().await.unwrap());
    let now = Instant::now();
    assert_eq!(status, 202, "{text}");
    now
}

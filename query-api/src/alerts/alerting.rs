//! What alerting needs beyond the settings: checked addresses, new secrets, and tests, which are queued for whoever sends.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::Utc;
use rdkafka::producer::FutureRecord;
use runtime::config::{Config, Kafka};
use runtime::kafka::{Producer, placed};
use runtime::outbound::Outbound;
use runtime::problem::Problem;
use runtime::settings::Settings;
use schemas::alerts::{AlertEndpoint, NO_PARTITION, Pending, PendingKind, SECRET_PREFIX, Silence, pending_key};
use schemas::settings::{Invalid, hex};
use schemas::topics::{self, SettingsKey};
use schemas::violation::{Action, Violation};
use tokio::sync::{Mutex, MutexGuard, OnceCell};

use crate::http::body::invalid;

/// Bytes of a secret.
const SECRET_BYTES: usize = 24;
/// Longest wait for the broker.
const QUEUE_TIMEOUT: Duration = Duration::from_secs(10);

/// Shared by all requests.
pub struct Alerting {
    outbound: Outbound,
    kafka: Kafka,
    /// Made with the first test, which most processes never see.
    producer: OnceCell<Producer>,
    writing: Mutex<()>,
}

impl Alerting {
    /// By the configuration.
    pub fn new(config: &Config) -> Self {
        Self {
            outbound: Outbound::new(config.alert.allow_private),
            kafka: config.kafka.clone(),
            producer: OnceCell::new(),
            writing: Mutex::default(),
        }
    }

    /// One read-modify-write at a time in this process.
    pub async fn one_at_a_time(&self) -> MutexGuard<'_, ()> {
        self.writing.lock().await
    }

    /// Checks whether an endpoint may have this address, as far as can be known now. It is checked again at each attempt.
    pub async fn check_url(&self, url: &str) -> Result<(), Problem> {
        match self.outbound.check(url).await {
            Ok(_) => Ok(()),
            Err(refused) => Err(invalid(Invalid { pointer: "/url".to_owned(), detail: refused.to_string() })),
        }
    }

    /// Queues a test for an endpoint; returns what stands in place of its violation's id.
    pub async fn queue_test(&self, endpoint: &AlertEndpoint) -> Result<String, Problem> {
        let id = format!("test-{}", random_hex()?);
        let pending = test(endpoint, &id);
        let value = serde_json::to_vec(&pending).map_err(Problem::internal)?;
        let key = pending_key(&endpoint.tenant, &endpoint.id, &id);
        let unavailable = |error: &dyn std::fmt::Display| {
            let detail = "the test could not be queued; try again";
            Problem::unavailable("queue_unavailable", detail, Duration::from_secs(1)).with_cause(error)
        };
        let timeout = QUEUE_TIMEOUT.as_millis().to_string();
        let make = async || {
            runtime::kafka::producer_config(&self.kafka).set("delivery.timeout.ms", timeout).create::<Producer>()
        };
        let producer = self.producer.get_or_try_init(make).await.map_err(|error| unavailable(&error))?;
        let topic = self.kafka.topic(topics::ALERTS);
        let record = FutureRecord::to(&topic).key(&key).payload(&value);
        placed(producer.send(record, QUEUE_TIMEOUT).await).map_err(|error| unavailable(&error))?;
        Ok(id)
    }
}

/// Writes a silence, checked.
pub async fn put_silence(settings: &Settings, silence: &Silence) -> Result<(), Problem> {
    silence.validate().map_err(invalid)?;
    let value = serde_json::to_vec(silence).map_err(Problem::internal)?;
    // Its id is nobody else's.
    Ok(settings.put(SettingsKey::Silence(&silence.tenant, &silence.id), 0, Some(&value)).await?)
}

/// A secret that nobody else has.
pub fn new_secret() -> Result<String, Problem> {
    let mut random = [0_u8; SECRET_BYTES];
    getrandom::fill(&mut random).map_err(Problem::internal)?;
    Ok(format!("{SECRET_PREFIX}{}", STANDARD.encode(random)))
}

/// 16 hexadecimal digits.
pub fn random_hex() -> Result<String, Problem> {
    let mut random = [0_u8; 8];
    getrandom::fill(&mut random).map_err(Problem::internal)?;
    Ok(hex(&random))
}

/// Returns a delivery of which nothing is reported yet, so that the sender takes it for a new one.
fn test(endpoint: &AlertEndpoint, id: &str) -> Pending {
    let now = Utc::now();
    let violation = Violation {
        id: id.to_owned(),
        tenant: endpoint.tenant.clone(),
        rule: "test".to_owned(),
        title: "This is a test. Nothing happened.".to_owned(),
        rule_version: 0,
        level: 0,
        action: Action::Flag,
        user_id: String::new(),
        user_name: String::new(),
        device_id: String::new(),
        device_confidence: None,
        session_id: String::new(),
        ip: String::new(),
        country: String::new(),
        city: String::new(),
        event_id: String::new(),
        event_type: String::new(),
        occurred_at: now,
        seen: None,
        limit: None,
        group: Default::default(),
    };
    Pending {
        kind: PendingKind::Test,
        partition: NO_PARTITION,
        offset: 0,
        count: 1,
        reporting: 0,
        reported: 0,
        since: now,
        attempts: 0,
        due_at: now,
        violation: Some(violation),
    }
}

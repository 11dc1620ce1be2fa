//! Topics and settings on the embedded broker.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

use std::net::SocketAddr;
use std::time::Duration;

use embedded::broker::{Broker, BrokerConfig};
use rdkafka::admin::{AdminOptions, NewTopic, TopicReplication};
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::message::Message as _;
use rdkafka::producer::{FutureProducer, FutureRecord};
use runtime::access::AccessList;
use runtime::config::Config;
use runtime::kafka::{TopicsError, ensure_topics};
use runtime::metrics::Metrics;
use runtime::ops::Readiness;
use runtime::retry_action::RetryAction;
use runtime::settings::{AuthError, PutError, Settings};
use runtime::shutdown::Shutdown;
use schemas::access::{Access, AccessDecision};
use schemas::settings::{Role, Tenant};
use schemas::topics::{self, Partitions};

async fn start(dir: &tempfile::TempDir) -> (Broker, Config) {
    let listen = SocketAddr::from(([127, 0, 0, 1], 0));
    let broker = Broker::start(BrokerConfig { data_dir: dir.path().to_owned(), listen }).await.unwrap();
    let mut config = Config::defaults().unwrap();
    config.kafka.brokers = broker.bootstrap();
    (broker, config)
}

async fn follow(config: &Config, shutdown: &Shutdown) -> Settings {
    let settings = Settings::spawn(config, shutdown).unwrap();
    tokio::time::timeout(Duration::from_secs(20), settings.ready()).await.unwrap();
    settings
}

fn counts(config: &Config) -> Vec<(String, usize)> {
    let admin = runtime::kafka::admin(&config.kafka).unwrap();
    let metadata = admin.inner().fetch_metadata(None, Duration::from_secs(10)).unwrap();
    let mut counts: Vec<_> =
        metadata.topics().iter().map(|topic| (topic.name().to_owned(), topic.partitions().len())).collect();
    counts.sort();
    counts
}

/// Topics are made once, by whoever comes first; what exists keeps its partitions, and the ledger follows the events.
#[tokio::test(flavor = "multi_thread")]
async fn topics_are_made_once_by_two_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let (broker, mut config) = start(&dir).await;
    let (one, other) = tokio::join!(ensure_topics(&config.kafka), ensure_topics(&config.kafka));
    one.unwrap();
    other.unwrap();
    let made = counts(&config);
    for topic in topics::ALL {
        let expected = if topic.partitions == Partitions::One { 1 } else { 4 };
        assert!(made.contains(&(topic.name.to_owned(), expected)), "{made:?}");
    }
    config.kafka.partitions = 8;
    ensure_topics(&config.kafka).await.unwrap();
    assert_eq!(counts(&config), made);

    config.kafka.topic_prefix = "other.".into();
    ensure_topics(&config.kafka).await.unwrap();
    assert!(counts(&config).contains(&("other.enrich.ledger".to_owned(), 8)));
    broker.stop().await;
}

/// B17: a topic that exists and is set so that records would be lost or doubled is refused, by its name and the setting's.
#[tokio::test(flavor = "multi_thread")]
async fn topics_that_are_set_otherwise_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (broker, mut config) = start(&dir).await;
    let admin = runtime::kafka::admin(&config.kafka).unwrap();
    for (number, (topic, setting, value)) in [
        (topics::EVENTS_RAW, "message.timestamp.type", "CreateTime"),
        (topics::EVENTS_RAW, "cleanup.policy", "compact"),
        (topics::EVENTS_RAW, "max.message.bytes", "100000"),
        (topics::LEDGER, "retention.ms", "1000"),
        (topics::SETTINGS, "cleanup.policy", "delete"),
    ]
    .into_iter()
    .enumerate()
    {
        config.kafka.topic_prefix = format!("p{number}.");
        config.kafka.partitions = 1;
        let name = config.kafka.topic(topic);
        let mut new = NewTopic::new(&name, 1, TopicReplication::Fixed(1)).set(setting, value);
        if setting != "message.timestamp.type" {
            new = new.set("message.timestamp.type", "LogAppendTime");
        }
        admin.create_topics(&[new], &AdminOptions::new()).await.unwrap()[0].as_ref().unwrap();
        let error = ensure_topics(&config.kafka).await.unwrap_err().to_string();
        assert!(error.contains(&name) && error.contains(&format!("{setting}={value}")), "{error}");
    }
    // The longest that the configuration takes.
    config.kafka.topic_prefix = "longest.".to_owned();
    (config.kafka.event_retention_hours, config.kafka.dead_letter_retention_days) = (8760, 3650);
    ensure_topics(&config.kafka).await.unwrap();
    broker.stop().await;
}

/// B17: a send that nobody acknowledges ends when its time is up, not five minutes later.
#[tokio::test(flavor = "multi_thread")]
async fn a_send_ends_in_the_time_that_is_promised() {
    let mut config = Config::defaults().unwrap();
    config.kafka.brokers = "127.0.0.1:1".into();
    let within = Duration::from_secs(1);
    let producer: FutureProducer = runtime::kafka::producer_config_within(&config.kafka, within).create().unwrap();
    let record = FutureRecord::to(topics::EVENTS_RAW).key("acme/u").payload("{}");
    let sent = tokio::time::timeout(Duration::from_secs(60), producer.send(record, Duration::ZERO)).await.unwrap();
    let (error, _) = sent.unwrap_err();
    assert_eq!(error.rdkafka_error_code(), Some(RDKafkaErrorCode::MessageTimedOut));
    assert_eq!(RetryAction::of_kafka(&error, 1), RetryAction::Retry);
    // Settings promise an answer too: whether the change is in force is not known.
    let shutdown = Shutdown::default();
    let settings = Settings::spawn(&config, &shutdown).unwrap();
    let put = tokio::time::timeout(Duration::from_secs(60), settings.put_tenant(Tenant::new("acme", ""))).await;
    shutdown.request();
    assert!(matches!(put.unwrap(), Err(PutError::Kafka(_))));
}

/// A2: what is none of ours on a compacted topic is counted and passed over, and what follows it is in force.
#[tokio::test(flavor = "multi_thread")]
async fn garbage_on_compacted_topics_is_counted_and_passed_over() {
    let dir = tempfile::tempdir().unwrap();
    let (broker, config) = start(&dir).await;
    ensure_topics(&config.kafka).await.unwrap();
    let producer: FutureProducer = runtime::kafka::producer_config(&config.kafka).create().unwrap();
    let large = vec![b'x'; 900_000];
    type KeyValue<'a> = (Option<&'a [u8]>, Option<&'a [u8]>);
    let garbage: [KeyValue<'_>; 5] = [
        (None, Some(b"{}")),
        (Some(b"\xff"), Some(b"{}")),
        (Some(b"tenant/acme"), Some(b"\xff\xfe")),
        (Some(br#"["acme","u","d"]"#), Some(br#"{"tenant":"acme"}"#)),
        (Some(b"tenant/acme"), Some(&large)),
    ];
    for topic in [topics::SETTINGS, topics::ACCESS] {
        for (key, value) in garbage {
            let mut record: FutureRecord<'_, [u8], [u8]> = FutureRecord::to(topic);
            (record.key, record.payload) = (key, value);
            producer.send(record, Duration::from_secs(10)).await.unwrap();
        }
    }
    let shutdown = Shutdown::default();
    let (settings, access) = (follow(&config, &shutdown).await, follow_access(&config, &shutdown).await);
    settings.put_tenant(Tenant::new("acme", "Acme")).await.unwrap();
    access.forget("acme", "u", "d").await.unwrap();
    let metrics = Metrics::default();
    settings.register(&metrics);
    access.register(&metrics);
    let text = metrics.encode().unwrap();
    // The array is the key of a decision; as a setting it is one of tomorrow's, kept and not read.
    for line in [
        r#"usertrail_settings_unreadable_records_total{topic="settings"} 5"#,
        r#"usertrail_access_unreadable_records_total{topic="access"} 5"#,
    ] {
        assert!(text.contains(line), "{text}");
    }
    // And a setting that no record takes is refused, not tried for ever.
    let value = serde_json::to_vec(&"x".repeat(1_100_000)).unwrap();
    let put = settings.put(schemas::topics::SettingsKey::Other("large"), 0, Some(&value)).await;
    assert!(matches!(put, Err(PutError::Invalid(_))), "{put:?}");
    assert!(shutdown.drain(Duration::from_secs(5)).await);
    broker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_broker_the_error_names_it() {
    let mut config = Config::defaults().unwrap();
    config.kafka.brokers = "127.0.0.1:1".into();
    let error = ensure_topics(&config.kafka).await.unwrap_err();
    assert!(matches!(error, TopicsError::Unreachable { .. }));
    assert!(error.to_string().contains("127.0.0.1:1"), "{error}");
}

/// The broker stamps events with its own clock, whatever the sender claims.
#[tokio::test(flavor = "multi_thread")]
async fn the_time_of_receipt_is_the_brokers() {
    let dir = tempfile::tempdir().unwrap();
    let (broker, config) = start(&dir).await;
    ensure_topics(&config.kafka).await.unwrap();
    let producer: FutureProducer = runtime::kafka::producer_config(&config.kafka).create().unwrap();
    let record = FutureRecord::to(topics::EVENTS_RAW).key("acme/u").payload("{}").timestamp(1000).partition(0);
    producer.send(record, Duration::from_secs(10)).await.unwrap();
    let consumer: BaseConsumer = runtime::kafka::consumer_config(&config.kafka, "test").create().unwrap();
    let mut list = rdkafka::TopicPartitionList::new();
    list.add_partition_offset(topics::EVENTS_RAW, 0, rdkafka::Offset::Beginning).unwrap();
    consumer.assign(&list).unwrap();
    let stamped = consumer.poll(Duration::from_secs(10)).unwrap().unwrap().timestamp();
    assert!(stamped.to_millis().unwrap() > 1_700_000_000_000, "{stamped:?}");
    broker.stop().await;
}

/// P11, L1: a change is in force here when it returns, elsewhere soon after, and still after a restart of both.
#[tokio::test(flavor = "multi_thread")]
async fn settings_are_the_same_everywhere_and_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let (broker, config) = start(&dir).await;
    ensure_topics(&config.kafka).await.unwrap();
    let shutdown = Shutdown::default();
    let (one, other) = (follow(&config, &shutdown).await, follow(&config, &shutdown).await);
    assert!(one.tenants().is_empty());

    one.put_tenant(Tenant::new("acme", "Acme")).await.unwrap();
    let (key, text) = one.create_key(Some("acme"), Role::Viewer, "k").await.unwrap();
    let principal = one.authenticate(&text.expose()).unwrap();
    assert_eq!(principal.permissions, Role::Viewer.permissions());
    tokio::time::timeout(Duration::from_secs(5), async {
        while other.authenticate(&text.expose()).is_err() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .unwrap();
    other.revoke_key(Some("acme"), &key.id).await.unwrap();
    assert_eq!(other.authenticate(&text.expose()), Err(AuthError::Revoked));
    one.put_tenant(Tenant::new("gone", "")).await.unwrap();
    one.delete_tenant("gone").await.unwrap();
    assert!(one.tenant("gone").is_none());
    let changes: Vec<_> = (0..50).map(|number| Tenant::new(format!("t{number}"), "")).collect();
    for tenant in changes {
        one.put_tenant(tenant).await.unwrap();
    }
    assert!(shutdown.drain(Duration::from_secs(5)).await);
    drop((one, other));
    broker.stop().await;

    let (broker, config) = start(&dir).await;
    let shutdown = Shutdown::default();
    let again = follow(&config, &shutdown).await;
    assert_eq!(again.tenants().len(), 51);
    assert_eq!(again.authenticate(&text.expose()), Err(AuthError::Revoked));
    assert_eq!(again.tenant("acme").unwrap().version, 1);
    assert!(shutdown.drain(Duration::from_secs(5)).await);
    broker.stop().await;
}

/// Of two changes made from the same version by two processes one wins and the other learns it; what won is in force in both,
/// and still after a restart.
#[tokio::test(flavor = "multi_thread")]
async fn the_first_of_two_changes_wins() {
    let dir = tempfile::tempdir().unwrap();
    let (broker, config) = start(&dir).await;
    ensure_topics(&config.kafka).await.unwrap();
    let shutdown = Shutdown::default();
    let (one, other) = (follow(&config, &shutdown).await, follow(&config, &shutdown).await);
    one.put_tenant(Tenant::new("acme", "")).await.unwrap();
    let mut last = String::new();
    for round in 1..=30 {
        tokio::time::timeout(Duration::from_secs(5), async {
            while other.tenant("acme") != one.tenant("acme") {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        })
        .await
        .unwrap();
        let mine = Tenant::clone(&one.tenant("acme").unwrap());
        assert_eq!((mine.version, mine.name.as_str()), (round, last.as_str()));
        let change = |by: &str| Tenant { name: format!("{round} {by}"), ..mine.clone() };
        let (first, second) = tokio::join!(one.put_tenant(change("one")), other.put_tenant(change("other")));
        let (won, lost) = if first.is_ok() { (first, second) } else { (second, first) };
        last = won.unwrap().name.clone();
        assert!(matches!(lost, Err(PutError::Conflict { current }) if current == round + 1), "{lost:?}");
    }
    assert!(shutdown.drain(Duration::from_secs(5)).await);
    drop((one, other));
    broker.stop().await;

    let (broker, config) = start(&dir).await;
    let shutdown = Shutdown::default();
    let again = follow(&config, &shutdown).await.tenant("acme").unwrap();
    assert_eq!((again.version, again.name.as_str()), (31, last.as_str()));
    assert!(shutdown.drain(Duration::from_secs(5)).await);
    broker.stop().await;
}

async fn follow_access(config: &Config, shutdown: &Shutdown) -> AccessList {
    let list = AccessList::spawn(config, shutdown).unwrap();
    tokio::time::timeout(Duration::from_secs(20), list.ready()).await.unwrap();
    list
}

/// K11: a decision is in force here when it returns, elsewhere soon after, and still after a restart of both.
#[tokio::test(flavor = "multi_thread")]
async fn decisions_about_devices_are_the_same_everywhere_and_after_a_restart() {
    let decision = |device: &str, access| AccessDecision {
        tenant: "acme".to_owned(),
        user_id: "u/1".to_owned(),
        device_id: device.to_owned(),
        device_confidence: Some("high".to_owned()),
        access,
        decided_by: "rule:impossible-travel".to_owned(),
        reason: "lost".to_owned(),
        violation_id: None,
        decided_at: chrono::DateTime::UNIX_EPOCH,
    };
    let dir = tempfile::tempdir().unwrap();
    let (broker, config) = start(&dir).await;
    ensure_topics(&config.kafka).await.unwrap();
    let shutdown = Shutdown::default();
    let (one, other) = (follow_access(&config, &shutdown).await, follow_access(&config, &shutdown).await);
    assert!(one.is_empty());

    for (device, access) in [("phone", Access::Ask), ("laptop", Access::Block), ("phone", Access::Allow)] {
        one.put(decision(device, access)).await.unwrap();
        assert_eq!(one.get("acme", "u/1", device).unwrap().access, access);
    }
    tokio::time::timeout(Duration::from_secs(5), async {
        while other.of_user("acme", "u/1") != one.of_user("acme", "u/1") {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .unwrap();
    other.forget("acme", "u/1", "phone").await.unwrap();
    assert_eq!(other.len(), 1);
    assert!(shutdown.drain(Duration::from_secs(5)).await);
    drop((one, other));
    broker.stop().await;

    let (broker, config) = start(&dir).await;
    let shutdown = Shutdown::default();
    let again = follow_access(&config, &shutdown).await;
    assert_eq!(again.len(), 1);
    assert_eq!(*again.get("acme", "u/1", "laptop").unwrap(), decision("laptop", Access::Block));
    assert!(shutdown.drain(Duration::from_secs(5)).await);
    broker.stop().await;
}

/// A broker that answers opens the condition, and one that is gone closes it.
#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_is_gone_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let (broker, config) = start(&dir).await;
    ensure_topics(&config.kafka).await.unwrap();
    let (readiness, shutdown) = (Readiness::default(), Shutdown::default());
    runtime::probe::broker(&config.kafka, &readiness, &shutdown).unwrap();
    until(|| readiness.waiting_for().is_empty()).await;
    broker.stop().await;
    until(|| !readiness.waiting_for().is_empty()).await;
    assert_eq!(readiness.waiting_for()[0].name, "broker");
    assert!(shutdown.drain(Duration::from_secs(60)).await);
}

async fn until(condition: impl Fn() -> bool) {
    let met = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), met).await.unwrap();
}

//! A broker that has what was sent, and whose answer never comes; and one that takes some records only late.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use enrich::partition::ledger::{Decision, chain};
use rdkafka::Offset;
use rdkafka::TopicPartitionList;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::message::{Message as _, OwnedMessage};
use runtime::metrics::Metrics;
use runtime::settings::Settings;
use runtime::shutdown::Shutdown;
use schemas::settings::Tenant;
use schemas::topics;
use schemas::violation::Violation;

use super::DRAIN;
use crate::support::World;
use crate::support::relay::Relay;

impl World {
    /// The world as the one who goes through `relay` knows it, with the producers of `up`, which are not idempotent.
    fn through(&self, relay: &Relay) -> runtime::config::Config {
        let mut config = self.config.clone();
        config.kafka.brokers = relay.address.to_string();
        config.kafka.is_embedded = true;
        config
    }

    /// Every record of a topic's partition from an offset on.
    fn records(&self, topic: &str, partition: i32, from: i64) -> Vec<OwnedMessage> {
        let end = self.end(topic, partition);
        let consumer: BaseConsumer = runtime::kafka::consumer_config(&self.config.kafka, "test")
            .set("enable.partition.eof", "true")
            .create()
            .unwrap();
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(&self.config.kafka.topic(topic), partition, Offset::Offset(from)).unwrap();
        consumer.assign(&list).unwrap();
        let mut records = Vec::new();
        loop {
            let polled = consumer.poll(Duration::from_secs(20)).unwrap();
            if matches!(polled, Err(KafkaError::PartitionEOF(_))) {
                return records;
            }
            let record = polled.unwrap();
            if record.offset() >= end {
                return records;
            }
            records.push(record.detach());
        }
    }

    fn ends(&self, topic: &str) -> [i64; 2] {
        [self.end(topic, 0), self.end(topic, 1)]
    }
}

fn export(id: &str, user: &str) -> String {
    format!(r#"{{"id":"{id}","type":"contacts.exported","actor":{{"id":"{user}"}},"records":5000}}"#)
}

/// P5: who is overtaken at one batch begins again at the first that is not done. Here another's decision about the third stands in
/// the ledger while the findings of the first can't be sent: its users' states are not written yet, and nobody else will write them.
pub(crate) async fn what_was_not_done_is_begun_again(world: &World) {
    let relay = Relay::new(world.config.kafka.brokers.parse().unwrap()).await;
    relay.hold(topics::VIOLATIONS);
    let states = world.ends(topics::STATE);
    let enricher = world.enrich_with(&world.through(&relay), &Metrics::default()).await;
    let stored = async |id: &str| {
        world.until(&format!("SELECT count() FROM events WHERE event_id = '{id}'"), 1).await;
    };
    let send = async |id: &str, user: &str| {
        let place = world.send(Some("acme"), "acme/overtaken", export(id, user).as_bytes()).await;
        (place.0, u64::try_from(place.1).unwrap())
    };
    send("overtaken-1", "first").await;
    stored("overtaken-1").await;
    relay.holds(topics::VIOLATIONS).await;
    // Stored beside it, since an insert waits for no findings.
    let (partition, second) = send("overtaken-2", "second").await;
    stored("overtaken-2").await;
    let (start, last) = (second + 1, chain(&world.config.kafka, partition).unwrap().pop().unwrap());
    assert_eq!(last.end, start);
    let tenants = last.tenants.into_iter().map(|(tenant, facts)| {
        let pinned = facts.into_iter().last().map(|mut pinned| {
            pinned.from = start;
            pinned
        });
        (tenant, pinned.into_iter().collect())
    });
    let foreign = Decision { start, end: start + 2, rows: 2, duplicates: 0, dead: 0, tenants: tenants.collect() };
    world.put(topics::LEDGER, partition, (None, Some(&foreign.to_bytes().unwrap())), &[]).await;
    send("overtaken-3", "third").await;
    send("overtaken-4", "third").await;
    // As the other one decided, which the enricher learns when its own decision comes second.
    stored("overtaken-4").await;
    relay.release();

    let users = ["first", "second", "third"].map(|user| format!("acme/{user}"));
    let found = || -> BTreeSet<String> {
        let of = |partition: i32| world.records(topics::STATE, partition, states[usize::try_from(partition).unwrap()]);
        let all = (0..2).flat_map(of);
        all.filter_map(|record| String::from_utf8(record.key()?.to_vec()).ok()).collect()
    };
    let all_found = async {
        while !users.iter().all(|user| found().contains(user)) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), all_found).await.unwrap();
    assert!(enricher.drain(DRAIN).await);
    let decided: Vec<_> = chain(&world.config.kafka, partition).unwrap();
    assert!(decided.contains(&foreign));
    world.until("SELECT count() FROM events WHERE event_id LIKE 'overtaken-%'", 4).await;
    world.until("SELECT uniqExact(event_id) FROM events WHERE event_id LIKE 'overtaken-%'", 4).await;
}

/// P1, P5, P13: every other answer of the broker about records is lost, for every topic that the enricher, its senders and its
/// settings write: whatever is twice in a topic is once for who reads it.
pub(crate) async fn lost_answers_double_nothing(world: &World) {
    let relay = Relay::new(world.config.kafka.brokers.parse().unwrap()).await;
    let config = world.through(&relay);
    relay.lose_answers(true);
    let followers = Shutdown::default();
    let settings = Settings::spawn(&config, &followers).unwrap();
    settings.ready().await;
    // Two changes of one tenant: neither is in the other's way, and none in its own.
    for name in ["Lost", "Found"] {
        let known = settings.tenant("lossy").map_or_else(|| Tenant::new("lossy", ""), |known| Tenant::clone(&known));
        let put = settings.put_tenant(Tenant { name: name.to_owned(), logging: true, ..known }).await.unwrap();
        assert_eq!((put.name.as_str(), settings.tenant("lossy").unwrap().version), (name, put.version));
    }
    assert_eq!(settings.tenant("lossy").unwrap().version, 2);

    let enricher = world.enrich_by(&config, settings, &Metrics::default()).await;
    let letters = async || world.dead().await.get("invalid_type").copied().unwrap_or_default();
    let (violations, letters_before) = (world.ends(topics::VIOLATIONS), letters().await);
    let producer: runtime::kafka::Producer = runtime::kafka::producer_config(&config.kafka).create().unwrap();
    let send = async |user: usize, event: String| {
        let (topic, key) = (config.kafka.topic(topics::EVENTS_RAW), format!("lossy/u{user}"));
        let tenant = rdkafka::message::Header { key: topics::headers::TENANT, value: Some("lossy") };
        let headers = rdkafka::message::OwnedHeaders::new().insert(tenant);
        let record = rdkafka::producer::FutureRecord::to(&topic).key(&key).payload(&event).headers(headers);
        producer.send(record, Duration::from_secs(20)).await.unwrap();
    };
    for number in 0..8 {
        send(number % 4, export(&format!("lossy-{number}"), &format!("u{}", number % 4))).await;
    }
    send(0, r#"{"id":"lossy-dead","type":7}"#.to_owned()).await;
    let counted = [
        ("SELECT count() FROM events WHERE tenant = 'lossy'", 8),
        ("SELECT sum(events) FROM user_hours WHERE tenant = 'lossy'", 8),
        ("SELECT countIf(has(violations, 'mass-export')) FROM events WHERE tenant = 'lossy'", 8),
    ];
    for (sql, expected) in counted {
        world.until(sql, expected).await;
    }
    let deadline = Instant::now() + Duration::from_secs(60);
    while letters().await == letters_before {
        assert!(Instant::now() < deadline, "no dead letter");
        tokio::task::yield_now().await;
    }
    assert!(enricher.drain(DRAIN).await);
    assert!(followers.drain(DRAIN).await);
    for (sql, expected) in counted {
        assert_eq!(world.number(sql).await, expected, "{sql}");
    }
    // The one that is no event is there as often as its sender wrote it, and each of them has its letter, once.
    assert!((1..=2).contains(&(letters().await - letters_before)));
    // One finding for each event, in whatever number of records.
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for partition in 0..2 {
        for record in world.records(topics::VIOLATIONS, partition, violations[usize::try_from(partition).unwrap()]) {
            let finding: Violation = serde_json::from_slice(record.payload().unwrap()).unwrap();
            if finding.tenant == "lossy" && finding.rule == "mass-export" {
                found.entry(finding.id).or_default().insert(finding.event_id);
            }
        }
    }
    assert_eq!((found.len(), found.values().map(BTreeSet::len).sum::<usize>()), (4, 8), "{found:?}");
    for topic in
        [topics::SETTINGS, topics::EVENTS_RAW, topics::LEDGER, topics::DEAD_LETTER, topics::VIOLATIONS, topics::STATE]
    {
        assert!(relay.lost(topic) > 0, "no answer about {topic} was lost");
    }
    // A successor knows the same of the users, and of what was sent: the same events again are none.
    relay.lose_answers(false);
    let again = world.enrich().await;
    for number in 0..8 {
        send(number % 4, export(&format!("lossy-{number}"), &format!("u{}", number % 4))).await;
    }
    send(0, export("lossy-last", "u0")).await;
    world.until("SELECT count() FROM events WHERE tenant = 'lossy' AND event_id = 'lossy-last'", 1).await;
    assert!(again.drain(DRAIN).await);
    for account in enrich::verify::verify(&world.config, &world.client).await.unwrap() {
        assert!(account.balances(), "{account:?}");
    }
    assert_eq!(world.number("SELECT count() FROM events WHERE tenant = 'lossy'").await, 9);
}

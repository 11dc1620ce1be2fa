//! What strangers and accidents can put into topics: it costs itself alone, and what stands behind it arrives.

pub(crate) mod answers;
mod wire;

use std::time::Duration;

use futures::future::join_all;
use rdkafka::admin::AdminOptions;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::message::{Header, Headers as _, Message as _, OwnedHeaders, OwnedMessage};
use rdkafka::producer::FutureRecord;
use rdkafka::{Offset, TopicPartitionList};
use runtime::metrics::Metrics;
use schemas::settings::Tenant;
use schemas::topics;

use crate::support::World;

type KeyValue<'a> = (Option<&'a [u8]>, Option<&'a [u8]>);

const DRAIN: Duration = Duration::from_secs(20);

impl World {
    /// Writes one record to any topic, acknowledged.
    async fn put(&self, topic: &str, partition: i32, (key, value): KeyValue<'_>, headers: &[(&str, &[u8])]) -> i64 {
        let topic = self.config.kafka.topic(topic);
        let all = headers
            .iter()
            .fold(OwnedHeaders::new(), |all, (key, value)| all.insert(Header { key, value: Some(*value) }));
        let mut record: FutureRecord<'_, [u8], [u8]> = FutureRecord::to(&topic).partition(partition).headers(all);
        (record.key, record.payload) = (key, value);
        self.producer.send(record, Duration::from_secs(10)).await.unwrap().offset
    }

    fn record_at(&self, topic: &str, partition: i32, offset: i64) -> OwnedMessage {
        let consumer: BaseConsumer = runtime::kafka::consumer_config(&self.config.kafka, "test").create().unwrap();
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(&self.config.kafka.topic(topic), partition, Offset::Offset(offset)).unwrap();
        consumer.assign(&list).unwrap();
        consumer.poll(Duration::from_secs(20)).unwrap().unwrap().detach()
    }

    /// A good event to each partition, which arrives whatever stands before it.
    async fn both_partitions_go_on(&self, id: &str) {
        for partition in 0..2 {
            let event = format!(r#"{{"id":"{id}-{partition}","type":"task.created","actor":{{"id":"u"}}}}"#);
            self.put(topics::EVENTS_RAW, partition, (None, Some(event.as_bytes())), &[("tenant", b"acme")]).await;
        }
        self.until(&format!("SELECT count() FROM events WHERE event_id LIKE '{id}-%'"), 2).await;
    }
}

/// A1, A2: records that no event may be like, beside ones that stand behind them in the same batch.
pub(crate) async fn records_that_fit_nowhere(world: &World) {
    let before = world.dead().await;
    let event = br#"{"type":"task.created","actor":{"id":"u"}}"#;
    let (huge, control) = (vec![b'x'; 999_900], vec![1; 200_000]);
    let long_key = vec![b'k'; 300_000];
    for partition in 0..2 {
        let put = async |value: &[u8], headers: &[(&str, &[u8])]| {
            world.put(topics::EVENTS_RAW, partition, (None, Some(value)), headers).await
        };
        put(&huge, &[("tenant", b"acme")]).await;
        put(event, &[("tenant", &control)]).await;
        put(event, &[("tenant", b"\xff\xfe")]).await;
        put(event, &[("tenant", b"")]).await;
        put(event, &[("tenant", b"Acme Inc")]).await;
        put(event, &[("tenant", b"acme"), ("tenant", b"other")]).await;
        put(event, &[("tenant", b"acme"), ("key-id", &control)]).await;
        put(event, &[("tenant", b"acme"), ("id", &[b'i'; 200_000])]).await;
        put(event, &[("tenant", b"acme"), ("ce_id", &[b'i'; 200_000])]).await;
        put(event, &[("tenant", b"acme"), ("ip", &[b'9'; 200_000])]).await;
        let keyed = (Some(&long_key[..]), Some(&b"{"[..]));
        world.put(topics::EVENTS_RAW, partition, keyed, &[("tenant", b"acme")]).await;
        world.put(topics::EVENTS_RAW, partition, (None, None), &[("tenant", b"acme")]).await;
    }
    wire::produce(&world.config.kafka.brokers, topics::EVENTS_RAW, event, &[(b"tenant", b"acme"), (b"\xff\xfe", b"v")]);
    // Made-up tenants: 12,000 in one batch.
    let name = |number: usize| format!("made-up-{number:055}");
    let sends = (0..12_000).map(|number| async move {
        let tenant = name(number);
        world.put(topics::EVENTS_RAW, 0, (None, Some(event)), &[("tenant", tenant.as_bytes())]).await
    });
    join_all(sends).await;

    let enricher = world.enrich().await;
    world.both_partitions_go_on("fits-nowhere").await;
    assert!(enricher.drain(DRAIN).await);
    let dead = world.dead().await;
    let new =
        |reason: &str| dead.get(reason).copied().unwrap_or_default() - before.get(reason).copied().unwrap_or_default();
    let expected = [
        ("too_large", 4),
        ("invalid_tenant", 10),
        ("invalid_header", 3),
        ("too_long", 2),
        ("malformed_json", 4),
        ("unknown_tenant", 12_000),
    ];
    for (reason, count) in expected {
        assert_eq!(new(reason), count, "{reason} in {dead:?}");
    }
    let kafka = world.config.kafka.clone();
    let letters = tokio::task::spawn_blocking(move || enrich::dead_letter::list(&kafka)).await.unwrap().unwrap();
    let large = letters.iter().find(|letter| letter.bytes == huge.len()).unwrap();
    assert!(large.cut && large.payload.as_deref() == Some(&huge[..65_536]));
    assert_eq!(large.sha256, "5cfecd11b5a7804e98f427f7c0c1ca68bf094d462cb5dc0a09b44950668f02fe");
}

/// B13: a dead letter that is sent again is the record that it was, in the partition that it was in.
pub(crate) async fn a_replay_is_the_same_record(world: &World) {
    let event = |id: &str| format!(r#"{{"id":"{id}","type":"task.created","actor":{{"id":"ann"}}}}"#).into_bytes();
    let long = vec![b'h'; 100_000];
    let beside: &[(&str, &[u8])] = &[("tenant", b"later"), ("dead-letter", b"{}"), ("x", b"\xff\x00"), ("x", b"")];
    // The same key in both partitions: one of them is not the one that its hash means.
    let mut places = Vec::new();
    for partition in 0..2 {
        let (key, id) = (Some(&b"later/ann\xff"[..]), event(&format!("again-{partition}")));
        world.put(topics::EVENTS_RAW, partition, (key, Some(&id)), beside).await;
        places.push((partition, key, beside.len()));
        let (key, id) = (Some(&b""[..]), event(&format!("empty-{partition}")));
        world.put(topics::EVENTS_RAW, partition, (key, Some(&id)), beside).await;
        places.push((partition, key, beside.len()));
        // Its letter is cut: what is sent again is the record itself.
        let id = event(&format!("cut-{partition}"));
        let headers = [("tenant", &b"later"[..]), ("long", &long)];
        world.put(topics::EVENTS_RAW, partition, (None, Some(&id)), &headers).await;
        places.push((partition, None, headers.len()));
    }
    let unknown = async || world.dead().await.get("unknown_tenant").copied().unwrap_or_default();
    let before = unknown().await;
    let enricher = world.enrich().await;
    world.both_partitions_go_on("before-replay").await;
    // Letters are written once the rows beside them are stored.
    while unknown().await < before + 6 {
        tokio::task::yield_now().await;
    }
    let mut tenant = Tenant::new("later", "");
    tenant.logging = true;
    world.settings.put_tenant(tenant).await.unwrap();
    let ends: Vec<i64> = (0..2).map(|partition| world.end(topics::EVENTS_RAW, partition)).collect();
    let wanted = |letter: &enrich::dead_letter::DeadLetter| {
        letter.reason == "unknown_tenant" && letter.headers.contains(&("tenant".to_owned(), Some(b"later".to_vec())))
    };
    // Letters are written after the rows that came with them.
    loop {
        let kafka = world.config.kafka.clone();
        let letters = tokio::task::spawn_blocking(move || enrich::dead_letter::list(&kafka)).await.unwrap().unwrap();
        if letters.iter().filter(|letter| wanted(letter)).count() == 6 {
            break;
        }
    }
    let replayed = enrich::dead_letter::replay(&world.config.kafka, wanted).await.unwrap();
    assert_eq!((replayed.sent, replayed.left.len()), (6, 0), "{:?}", replayed.left);
    world.until("SELECT count() FROM events WHERE tenant = 'later'", 6).await;
    for partition in 0..2 {
        let stored = "SELECT count() FROM events WHERE tenant = 'later' AND kafka_partition =";
        world.until(&format!("{stored} {partition}"), 3).await;
        let first = ends[usize::try_from(partition).unwrap()];
        for (offset, (_, key, count)) in (first..).zip(places.iter().filter(|(of, ..)| *of == partition)) {
            let record = world.record_at(topics::EVENTS_RAW, partition, offset);
            assert_eq!(record.key(), *key);
            let all = record.headers().unwrap();
            assert_eq!(all.count(), *count + 1);
            assert_eq!(all.get(*count).key, "written-at");
            if *count == beside.len() {
                let found: Vec<_> = all.iter().take(*count).map(|header| (header.key, header.value.unwrap())).collect();
                assert_eq!(found, beside);
            } else {
                assert_eq!(all.get(1).value.unwrap(), long);
            }
        }
    }
    // They say no time of their own: they happened when they were written, not when somebody mended what was wrong.
    let earlier = "SELECT count() FROM events WHERE tenant = 'later' AND occurred_at < received_at AND claimed_at = 0";
    world.until(earlier, 6).await;
    assert_eq!(enrich::dead_letter::replay(&world.config.kafka, wanted).await.unwrap().sent, 0);
    assert!(enricher.drain(DRAIN).await);
}

/// A1: a letter that is cut, of a record that its topic has dropped, is said to be lost; it stays where it is.
pub(crate) async fn a_cut_letter_outlives_its_record(world: &World) {
    let mut list = TopicPartitionList::new();
    let (raw, end) = (world.config.kafka.topic(topics::EVENTS_RAW), world.end(topics::EVENTS_RAW, 0));
    list.add_partition_offset(&raw, 0, Offset::Offset(end)).unwrap();
    let admin = runtime::kafka::admin(&world.config.kafka).unwrap();
    admin.delete_records(&list, &AdminOptions::new()).await.unwrap();
    let wanted =
        |letter: &enrich::dead_letter::DeadLetter| letter.reason == "too_large" && letter.cut && letter.partition == 0;
    for _ in 0..2 {
        let replayed = enrich::dead_letter::replay(&world.config.kafka, wanted).await.unwrap();
        assert_eq!(replayed.sent, 0);
        let why: Vec<_> = replayed.left.iter().map(|(_, why)| why.as_str()).collect();
        assert!(!why.is_empty() && why.iter().all(|why| why.contains("does not have the record any more")), "{why:?}");
    }
}

/// A2: what is none of ours in our own topics is counted, and holds up nothing.
pub(crate) async fn garbage_in_our_own_topics(world: &World) {
    let deep = "[".repeat(100_000);
    let garbage: [KeyValue<'_>; 7] = [
        (None, Some(b"garbage")),
        (None, None),
        (Some(b"\xff\xfe"), Some(b"\xff\xfe")),
        (Some(b"acme/u"), Some(b"{}")),
        (Some(b"acme/u"), Some(b"")),
        (Some(b"tenant/acme"), Some(br#"{"id":"other"}"#)),
        (Some(b"tenant/acme"), Some(deep.as_bytes())),
    ];
    let ours = [topics::LEDGER, topics::STATE, topics::CROSS, topics::DEAD_LETTER, topics::SETTINGS];
    for topic in ours {
        let partitions = if topic == topics::SETTINGS { 1 } else { 2 };
        for partition in 0..partitions {
            for record in garbage {
                world.put(topic, partition, record, &[("dead-letter", b"7")]).await;
            }
        }
    }
    let registry = Metrics::default();
    let enricher = world.enrich_with(&world.config, &registry).await;
    world.both_partitions_go_on("garbage").await;
    let counted = |topic: &str, expected: u64| {
        let text = registry.encode().unwrap();
        let name = format!(r#"usertrail_enrich_unreadable_records_total{{topic="{topic}"}} "#);
        let found = text.lines().find_map(|line| line.strip_prefix(&name)?.parse::<u64>().ok()).unwrap_or_default();
        found >= expected
    };
    for (topic, expected) in [(topics::LEDGER, 14), (topics::STATE, 14)] {
        assert!(counted(topic, expected), "{topic}\n{}", registry.encode().unwrap());
    }
    // The correlator joins its group in its own time.
    while !counted(topics::CROSS, 14) {
        tokio::task::yield_now().await;
    }
    assert!(enricher.drain(DRAIN).await);
    assert!(world.settings.tenant("acme").is_some_and(|tenant| tenant.name == "Acme"));
    world.settings.put_tenant(Tenant::new("after-garbage", "")).await.unwrap();
    let settings = Metrics::default();
    world.settings.register(&settings);
    let text = settings.encode().unwrap();
    assert!(text.contains(r#"usertrail_settings_unreadable_records_total{topic="settings"} 7"#), "{text}");
    world.dead().await;
    for account in enrich::verify::verify(&world.config, &world.client).await.unwrap() {
        assert!(account.balances(), "{account:?}");
    }
}

/// A2: a decision of a newer version stops this one, which would store its records a second time; nothing is committed.
pub(crate) async fn a_newer_decision_stops_the_enricher(world: &World) {
    let newer = br#"{"v":3,"offsets":[1,2],"facts":"of tomorrow"}"#;
    world.put(topics::LEDGER, 0, (None, Some(newer)), &[]).await;
    let event = br#"{"id":"too-new","type":"task.created","actor":{"id":"u"}}"#;
    world.put(topics::EVENTS_RAW, 0, (None, Some(event)), &[("tenant", b"acme")]).await;
    let enricher = world.enrich().await;
    tokio::time::timeout(Duration::from_secs(60), enricher.requested()).await.unwrap();
    assert!(enricher.drain(DRAIN).await);
    assert_eq!(world.number("SELECT count() FROM events WHERE event_id = 'too-new'").await, 0);
    let accounts = enrich::verify::verify(&world.config, &world.client).await;
    assert!(format!("{:#}", accounts.unwrap_err()).contains("a newer version is at work"));
}

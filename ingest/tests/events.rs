//! `POST /v1/events` on the embedded broker: what is accepted, and what Kafka has then.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, dead_code)]

mod common;

use common::features::{Scenario, folder, scenarios};
use common::{World, event, gzip};
use schemas::decode::{Attributes, Scratch, decode};
use schemas::event::Millis;
use serde_json::{Value, json};

/// P1: one event, an array, lines; each in Kafka once, with its bytes as sent, keyed by tenant and user.
#[tokio::test(flavor = "multi_thread")]
async fn one_an_array_and_lines_are_stored_as_sent() {
    let world = World::start().await;
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let one = world.send(&[("content-type", "application/json"), ("traceparent", trace)], event("a")).await;
    assert_eq!(one.status, 202, "{one:?}");
    assert_eq!(one.json["accepted"], 1);
    assert_eq!(one.json["events"][0]["id"], "a");
    assert_eq!(one.json["events"][0]["status"], "accepted");

    let array = world.send(&[], format!("[{}, {}]", event("b"), event("c"))).await;
    assert_eq!((array.status.as_u16(), &array.json["accepted"]), (202, &2.into()));
    let lines = world.send(&[("content-type", "application/x-ndjson")], [event("d"), event("e")].join("\n")).await;
    assert_eq!((lines.status.as_u16(), &lines.json["accepted"]), (202, &2.into()));

    let mut records = world.records();
    records.sort_by(|one, other| one.value.cmp(&other.value));
    assert_eq!(records.len(), 5);
    for (record, id) in records.iter().zip(["a", "b", "c", "d", "e"]) {
        assert_eq!((record.key.as_str(), record.value.as_str()), ("acme/u1", event(id).as_str()));
        assert_eq!(record.header("tenant"), Some("acme"));
        assert_eq!(record.header("ip"), Some("198.51.100.7"));
        assert_eq!(record.header("id"), None);
        assert!(world.key.contains(record.header("key-id").unwrap()));
    }
    assert_eq!(records[0].header("traceparent"), Some(trace));
}

/// P1: what the document shows as an example is accepted, and answered as it shows.
#[tokio::test(flavor = "multi_thread")]
async fn the_examples_of_the_document_are_accepted() {
    let world = World::start().await;
    let document = serde_json::to_value(ingest::openapi()).unwrap();
    let operation = &document["paths"]["/v1/events"]["post"];
    let mut sent = 0;
    for (media_type, content) in operation["requestBody"]["content"].as_object().unwrap() {
        let example = &content["example"];
        let body = example.as_str().map_or_else(|| example.to_string(), str::to_owned);
        let answer = world.send(&[("content-type", media_type)], body).await;
        assert_eq!((answer.status.as_u16(), &answer.json["rejected"]), (202, &0.into()), "{media_type}: {answer:?}");
        if media_type == "application/json" {
            assert_eq!(answer.json, operation["responses"]["202"]["content"]["application/json"]["example"]);
        }
        sent += 1;
    }
    assert_eq!(sent, 4);
    let answer = world.send(&[("content-type", "application/json")], r#"{"actor":{"id":"u-1042"}}"#).await;
    assert_eq!(answer.json, operation["responses"]["422"]["content"]["application/problem+json"]["example"]);
}

/// J10: the answer says which types nobody declared; they are accepted all the same.
#[tokio::test(flavor = "multi_thread")]
async fn unknown_types_are_told() {
    let world = World::start().await;
    let own = json!({
        "type": "lead.qualified", "name": {"en": "Lead qualified"}, "class": "change", "category": "changes",
        "action": "qualify", "sentence": {"en": "{actor} qualified {object}"}
    });
    world.change_tenant(|tenant| tenant.event_types = vec![serde_json::from_value(own).unwrap()]).await;
    let types = ["task.created", "lead.qualified", "com.example.order.deleted.v1", "user.login", "Task.Created"];
    let body = types.iter().map(|name| json!({"type": name, "actor": {"id": "u1"}}).to_string()).collect::<Vec<_>>();
    let known = |answer: &Value| {
        let events = answer["events"].as_array().unwrap().iter();
        events.map(|event| event["type_known"].as_bool().unwrap_or(true)).collect::<Vec<_>>()
    };
    let answer = world.send(&[("content-type", "application/x-ndjson")], body.join("\n")).await;
    assert_eq!((answer.status.as_u16(), &answer.json["accepted"]), (202, &5.into()), "{answer:?}");
    assert_eq!(known(&answer.json), [true, true, false, false, false]);
    let envelope =
        json!({"specversion": "1.0", "id": "1", "source": "/", "type": "OrderDeleted", "data": {}}).to_string();
    let answer = world.send(&[("content-type", "application/cloudevents+json")], envelope).await;
    assert_eq!(known(&answer.json), [false], "{answer:?}");
}

/// P1: gzip and zstd.
#[tokio::test(flavor = "multi_thread")]
async fn compressed_bodies_are_expanded() {
    let world = World::start().await;
    let lines = (0..500).map(|number| event(&number.to_string())).collect::<Vec<_>>().join("\n");
    let zstd = zstd::encode_all(lines.as_bytes(), 3).unwrap();
    for (encoding, body) in [("gzip", gzip(lines.as_bytes())), ("zstd", zstd)] {
        let answer = world.send(&[("content-encoding", encoding)], body).await;
        assert_eq!((answer.status.as_u16(), &answer.json["accepted"]), (202, &500.into()), "{encoding}");
    }
    assert_eq!(world.records().len(), 1000);
    let metrics = world.metrics.encode().unwrap();
    assert!(metrics.contains("usertrail_ingest_events_accepted_total 1000"), "{metrics}");
}

/// P1: CloudEvents, structured, batched and binary, travel so that the decoder reads them as they were meant.
#[tokio::test(flavor = "multi_thread")]
async fn cloud_events_are_accepted_in_every_mode() {
    let world = World::start().await;
    let structured = |id: &str| {
        format!(
            r#"{{"specversion":"1.0","id":"{id}","source":"/crm","type":"task.created","data":{{"actor":{{"id":"u1"}}}}}}"#
        )
    };
    let one = world.send(&[("content-type", "application/cloudevents+json")], structured("s1")).await;
    assert_eq!(one.status, 202, "{one:?}");
    let batch = format!("[{},{}]", structured("s2"), structured("s3"));
    let batch = world.send(&[("content-type", "application/cloudevents-batch+json")], batch).await;
    assert_eq!(batch.json["accepted"], 2, "{batch:?}");
    let binary = [
        ("content-type", "application/json"),
        ("ce-specversion", "1.0"),
        ("ce-id", "b1"),
        ("ce-source", "/crm"),
        ("ce-type", "task.created"),
        ("ce-time", "2026-11-22T10:00:00Z"),
    ];
    let binary = world.send(&binary, r#"{"actor":{"id":"u1"}}"#).await;
    assert_eq!(binary.json["events"][0]["id"], "b1", "{binary:?}");

    let records = world.records();
    assert_eq!(records.len(), 4);
    for record in &records {
        let (attributes, scratch) = (attributes(&record.headers), Scratch::default());
        let decoded = decode(record.value.as_bytes(), &attributes, &scratch).unwrap();
        assert_eq!(decoded.source.as_deref(), Some("/crm"));
        assert_eq!(decoded.kind.as_deref(), Some("task.created"));
        assert!(["s1", "s2", "s3", "b1"].contains(&decoded.id.as_deref().unwrap()));
    }
}

/// What travels beside a record, as the enricher reads it.
fn attributes(headers: &[(String, String)]) -> Attributes<'_> {
    let header = |wanted: &str| headers.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
    let cloud_event = headers.iter();
    Attributes {
        content_type: header("content-type"),
        cloud_event: cloud_event
            .filter_map(|(name, value)| Some((name.strip_prefix("ce_")?.into(), value.as_str())))
            .collect(),
        ..Attributes::default()
    }
}

/// The event has the attributes and the data that a scenario asks for.
fn conforms(payload: &str, headers: &[(String, String)], scenario: &Scenario) {
    let scratch = Scratch::default();
    let event = decode(payload.as_bytes(), &attributes(headers), &scratch).unwrap();
    assert!(scenario.attributes.len() >= 6, "{scenario:?}");
    for (name, value) in &scenario.attributes {
        match name.as_str() {
            "id" => assert_eq!(event.id.as_deref(), Some(value.as_str())),
            "source" => assert_eq!(event.source.as_deref(), Some(value.as_str())),
            "type" => assert_eq!(event.kind.as_deref(), Some(value.as_str())),
            "time" => assert_eq!(event.occurred_at, Millis::parse(value).ok()),
            other => {
                let kept = event.unknown.iter().find(|(name, _)| name.strip_prefix("ce_") == Some(other));
                assert_eq!(kept.map(|(_, raw)| raw.get()), Some(json!(value).to_string().as_str()), "{other}");
            }
        }
    }
    let json = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    assert_eq!(event.payload.map(|payload| json(payload.get())), Some(json(&scenario.data)));
}

/// P1: the conformance features of CloudEvents, by HTTP and by Kafka. Their facts are golden payloads as well
/// (`schemas/golden/cloudevents-conformance*.json`), for where the features themselves are not at hand.
#[tokio::test(flavor = "multi_thread")]
async fn cloud_events_conform() {
    let Some(folder) = folder() else {
        eprintln!("did not run: there is no shared/data/cloudevents-conformance beside the repository");
        return;
    };
    let feature = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let world = World::start().await;
    let http = scenarios(&feature("http-protocol-binding.feature"));
    assert_eq!(http.len(), 4);
    for scenario in &http {
        let (head, body) = scenario.message.split_once("\n\n").unwrap();
        let headers = head.lines().skip(1).map(|line| line.split_once(": ").unwrap());
        let headers: Vec<_> = headers.filter(|(name, _)| !["Host", "Content-Length"].contains(name)).collect();
        let answer = world.send(&headers, body.to_owned()).await;
        assert_eq!(answer.status, 202, "{scenario:?} {answer:?}");
    }
    let records = world.records();
    assert_eq!(records.len(), http.len());
    for (record, scenario) in records.iter().zip(&http) {
        conforms(&record.value, &record.headers, scenario);
    }
    let kafka = scenarios(&feature("kafka-protocol-binding.feature"));
    assert_eq!(kafka.len(), 3);
    for scenario in &kafka {
        conforms(&scenario.message, &scenario.headers, scenario);
    }
}

/// P1: a CloudEvent is one under the media type of plain JSON, too, alone, in an array or on a line; header values come out of
/// their quotes; what every CloudEvent has is asked for.
#[tokio::test(flavor = "multi_thread")]
async fn cloud_events_are_told_by_what_they_hold() {
    let world = World::start().await;
    let one = |id: &str| format!(r#"{{"specversion":"1.0","id":"{id}","source":"/a","type":"x.y","data":{{"n":1}}}}"#);
    let own = r#"{"id":"own","type":"x.y"}"#;
    for (kind, body, count) in [
        ("application/json", one("1"), 1),
        ("application/json", format!("[{},{own}]", one("2")), 2),
        ("application/x-ndjson", format!("\u{feff}{}\n{own}", one("3")), 2),
        ("text/plain", format!("{}\n{own}", one("4")), 2),
        ("Application/CloudEvents+JSON; charset=utf-8", one("5"), 1),
    ] {
        let answer = world.send(&[("content-type", kind)], body.clone()).await;
        assert_eq!((answer.status.as_u16(), &answer.json["accepted"]), (202, &count.into()), "{kind} {body}");
    }
    // An empty batch is one.
    for (kind, status) in [("application/cloudevents-batch+json", 202), ("application/json", 400)] {
        let answer = world.send(&[("content-type", kind)], "[]").await;
        assert_eq!(answer.status.as_u16(), status, "{kind} {answer:?}");
        assert!(status != 202 || answer.json["accepted"] == 0, "{answer:?}");
    }
    let without = world.send(&[], r#"{"specversion":"1.0","id":"1","type":"x.y","data":{}}"#).await;
    assert_eq!(without.json["events"][0]["pointer"], "/source", "{without:?}");
    let headers = [
        ("ce-specversion", "1.0"),
        ("ce-id", r#""a \"quoted\" id""#),
        ("ce-source", "/a"),
        ("ce-type", "x.y"),
        ("content-type", "application/xml"),
    ];
    let binary = world.send(&headers, "<a/>").await;
    assert_eq!(binary.json["events"][0]["id"], r#"a "quoted" id"#, "{binary:?}");
    let record = world.records().into_iter().find(|record| record.value == "<a/>").unwrap();
    assert_eq!(record.header("content-type"), Some("application/xml"));
    assert_eq!(record.header("ce_source"), Some("/a"));
}

/// P1: what a request has twice is reported as repeated, or as a conflict; ids of two sources have nothing to do with each other.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_request_has_twice_is_told() {
    let world = World::start().await;
    let of = |source: &str, kind: &str| format!(r#"{{"id":"7","source":"{source}","type":"{kind}"}}"#);
    let (one, other) = (of("/shop-a", "x.y"), of("/shop-b", "x.y"));
    let body = [one.clone(), other, one, of("/shop-a", "x.z")].join("\n");
    let answer = world.send(&[], body).await;
    let told: Vec<_> = answer.json["events"].as_array().unwrap().iter().map(|event| &event["status"]).collect();
    assert_eq!(told, ["accepted", "accepted", "repeated", "rejected"], "{answer:?}");
    assert_eq!((&answer.json["accepted"], &answer.json["repeated"]), (&3.into(), &1.into()));
    assert_eq!(answer.json["events"][3]["code"], "conflict");
    assert!(world.metrics.encode().unwrap().contains("usertrail_ingest_events_repeated_total 1"));
}

/// P1: a web hook that asks before it delivers is answered whoever has the key, and nobody else.
#[tokio::test(flavor = "multi_thread")]
async fn the_handshake_of_web_hooks_is_answered() {
    let world = World::start().await;
    let bearer = format!("Bearer {}", world.key);
    let origin = ("webhook-request-origin", "eventemitter.example.com");
    let key = ("authorization", bearer.as_str());
    let agreed = world.options(&[key, origin, ("webhook-request-rate", "120")]).await;
    assert_eq!(agreed.status, 200, "{agreed:?}");
    assert_eq!(agreed.headers["webhook-allowed-origin"], "eventemitter.example.com");
    let limits = world.settings.limits("acme");
    assert_eq!(agreed.headers["webhook-allowed-rate"], (u64::from(limits.events_per_second) * 60).to_string().as_str());
    assert_eq!(agreed.headers["allow"], "POST");
    let long = "a".repeat(254);
    for (headers, status) in [
        (vec![origin], 401),
        (vec![key, ("webhook-request-origin", "a b")], 400),
        (vec![key, ("webhook-request-origin", &long)], 400),
    ] {
        let refused = world.options(&headers).await;
        assert_eq!(refused.status, status, "{headers:?}");
        assert!(!refused.headers.contains_key("webhook-allowed-origin"), "{refused:?}");
    }
    // Whoever asks for no handshake learns which methods there are, with a key or without, as whoever tries one that there isn't.
    for headers in [vec![key], vec![]] {
        let told = world.options(&headers).await;
        assert_eq!((told.status.as_u16(), &told.headers["allow"]), (204, &"OPTIONS, POST".parse().unwrap()));
        assert!(!told.headers.contains_key("webhook-allowed-origin"), "{told:?}");
    }
    let refused = world.delete().await;
    assert_eq!((refused.status.as_u16(), &refused.headers["allow"]), (405, &"OPTIONS, POST".parse().unwrap()));
}

/// P1: a batch of good and bad events: the good ones are stored, the bad ones are reported by index, code and pointer.
#[tokio::test(flavor = "multi_thread")]
async fn each_event_has_its_own_result() {
    let world = World::start().await;
    let bad_type = r#"{"type":"task.created","actor":{"id":[5]}}"#;
    let depth_bomb = format!(r#"{{"type":"a.b","payload":{}1{}}}"#, "[".repeat(5000), "]".repeat(5000));
    let long = format!(r#"{{"type":"a.b","payload":"{}"}}"#, "x".repeat(70_000));
    let body = [event("ok"), bad_type.into(), "{\"type\":".into(), depth_bomb, long, r#"{"actor":{"id":"u"}}"#.into()];
    let mut bytes = body.join("\n").into_bytes();
    bytes.extend_from_slice(b"\n{\"type\":\"a.b\",\"reason\":\"\xff\"}");
    let answer = world.send(&[("content-type", "application/x-ndjson")], bytes).await;
    assert_eq!(answer.status, 202, "{answer:?}");
    assert_eq!((&answer.json["accepted"], &answer.json["rejected"]), (&1.into(), &6.into()));
    let told: Vec<(u64, &str, &str)> = answer.json["events"].as_array().unwrap()[1..]
        .iter()
        .map(|event| {
            let text = |name: &str| event[name].as_str().unwrap();
            (event["index"].as_u64().unwrap(), text("code"), text("pointer"))
        })
        .collect();
    assert_eq!(
        told,
        [
            (1, "invalid_type", "/actor/id"),
            (2, "malformed_json", told[1].2),
            (3, "too_deep", ""),
            (4, "too_large", ""),
            (5, "missing_field", "/type"),
            (6, "invalid_utf8", ""),
        ]
    );
    assert_eq!(world.records().len(), 1);
}

/// P1: a request whose events are all wrong is an error, with the same list.
#[tokio::test(flavor = "multi_thread")]
async fn all_rejected_is_an_error() {
    let world = World::start().await;
    let answer = world.send(&[], r#"[{"type":1},{}]"#).await;
    assert_eq!(answer.status, 422);
    assert_eq!(answer.headers["content-type"], "application/problem+json");
    assert_eq!(answer.json["code"], "all_rejected");
    assert_eq!(answer.json["events"][0]["pointer"], "/type");
    assert_eq!(answer.json["events"][1]["code"], "missing_field");
    assert!(world.records().is_empty());
    assert!(world.metrics.encode().unwrap().contains("ingest_events_rejected_total{code=\"missing_field\"} 1"));
}

/// P1: under an Idempotency-Key a retry has the same ids, so that duplicates can be recognised; without, every id is new.
#[tokio::test(flavor = "multi_thread")]
async fn a_retry_under_a_key_has_the_same_ids() {
    let world = World::start().await;
    let body = r#"[{"type":"a.b","actor":{"id":"u1"}},{"type":"a.b","actor":{"id":"u1"}}]"#;
    let ids = async |headers: &[(&str, &str)]| {
        let answer = world.send(headers, body).await;
        assert_eq!(answer.status, 202, "{answer:?}");
        [0, 1].map(|index| answer.json["events"][index]["id"].as_str().unwrap().to_owned())
    };
    let first = ids(&[("idempotency-key", "k1")]).await;
    assert_ne!(first[0], first[1]);
    assert_eq!(ids(&[("idempotency-key", "k1")]).await, first);
    assert_ne!(ids(&[("idempotency-key", "k2")]).await, first);
    assert_ne!(ids(&[]).await, ids(&[]).await);
    let in_kafka = world.records().iter().filter(|record| record.header("id") == Some(&first[0])).count();
    assert_eq!(in_kafka, 2);
    let too_long = world.send(&[("idempotency-key", &"k".repeat(256))], body).await;
    assert_eq!((too_long.status.as_u16(), &too_long.json["code"]), (400, &"invalid_idempotency_key".into()));
}

/// P1: the address of the client is the connection's, or what a trusted proxy says.
#[tokio::test(flavor = "multi_thread")]
async fn only_trusted_proxies_tell_the_address() {
    let world = World::start().await;
    let forwarded = [("x-forwarded-for", "203.0.113.5")];
    world.send(&forwarded, event("stranger")).await;
    world.change_tenant(|tenant| tenant.trusted_proxies = vec!["198.51.100.0/24".parse().unwrap()]).await;
    world.send(&forwarded, event("proxy")).await;
    // Through the HTTP interface: what the client forges in the header, what it leaves open, and the header that isn't theirs.
    let both = [
        ("x-forwarded-for", "1.1.1.1, 203.0.113.6"),
        ("forwarded", "for=1.1.1.1;x=\""),
        ("forwarded", "for=\"203.0.113.7:80\""),
    ];
    world.send(&both, event("list")).await;
    world.send(&[("x-forwarded-for", "\", 203.0.113.8,")], event("quote")).await;
    world.change_tenant(|tenant| tenant.proxy_header = "Forwarded".to_owned().try_into().unwrap()).await;
    world.send(&both, event("pairs")).await;
    world.send(&both[..1], event("absent")).await;
    let expected = [
        ("stranger", "198.51.100.7"),
        ("proxy", "203.0.113.5"),
        ("list", "203.0.113.6"),
        ("quote", "203.0.113.8"),
        ("pairs", "203.0.113.7"),
        ("absent", "198.51.100.7"),
    ];
    let records = world.records();
    for (id, expected) in expected {
        let record = records.iter().find(|record| record.value.contains(id)).unwrap();
        assert_eq!(record.header("ip"), Some(expected), "{id}");
    }
}

/// P2: an address that can't be read, or isn't known, is no reason to refuse an event, nor to take another one for it.
#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_can_not_be_read_refuses_no_event() {
    let world = World::start().await;
    let sent =
        [r#""unknown""#, r#""crm-worker""#, r#""8.8.8.8:443""#, r#""fe80::1%eth0""#, "null", "7", r#"["8.8.8.8"]"#];
    let lines: Vec<String> =
        sent.iter().map(|ip| format!(r#"{{"type":"a.b","actor":{{"id":"u"}},"context":{{"ip":{ip}}}}}"#)).collect();
    let answer = world.send(&[("content-type", "application/x-ndjson")], lines.join("\n")).await;
    assert_eq!((answer.status.as_u16(), &answer.json["accepted"]), (202, &sent.len().into()), "{answer:?}");
    let read = |value: &str, ip: &str| {
        let attributes = schemas::decode::Attributes { ip: Some(ip), ..Default::default() };
        let scratch = schemas::decode::Scratch::default();
        let event = schemas::decode::decode(value.as_bytes(), &attributes, &scratch).unwrap();
        event.ip().map(|ip| ip.to_string())
    };
    let mut found: Vec<_> = world
        .records()
        .iter()
        .map(|record| read(&record.value, record.header("ip").unwrap()).unwrap_or_default())
        .collect();
    found.sort_unstable();
    assert_eq!(found, ["", "", "", "", "8.8.8.8", "8.8.8.8", "fe80::1"]);
}

/// P1: without its broker, ingest says so, and what it says is true: nothing is called accepted.
#[tokio::test(flavor = "multi_thread")]
async fn without_a_broker_nothing_is_accepted() {
    let mut world = World::with(|config| config.ingest.delivery_timeout_ms = 1500).await;
    assert_eq!(world.send(&[], event("before")).await.status, 202);
    world.stop_broker().await;
    let own_id = world.send(&[], event("while")).await;
    assert_eq!((own_id.status.as_u16(), &own_id.json["code"]), (503, &"not_acknowledged".into()), "{own_id:?}");
    assert!(own_id.headers.contains_key("retry-after"));
    assert_eq!(own_id.json["repeatable"], true);
    assert_eq!(own_id.json["events"][0]["status"], "unknown");
    let fresh = world.send(&[], r#"{"type":"a.b","actor":{"id":"u"}}"#).await;
    assert_eq!((fresh.status.as_u16(), &fresh.json["repeatable"]), (503, &false.into()));
    assert!(fresh.json["events"][0]["id"].is_string());
}

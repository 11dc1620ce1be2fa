//! The same story on the embedded broker and on Apache Kafka: from an application's event to an exact answer.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{FutureProducer, FutureRecord};
use reqwest::StatusCode;
use serde_json::{Value, json};
use support::{Installation, Kind, until};

/// Far above what the enricher holds (its batches and what librdkafka reads ahead), far below what piling up would take.
const MEMORY_BOUND: u64 = 700 << 20;

/// Events of applications: what staff did, such as making keys, is in the log as well.
const SENT: &str = "SELECT count() FROM events WHERE key_id != 'usertrail'";

async fn story(kind: Kind) {
    let zones = newer_zones();
    let setting = format!("time_zones={}", zones.path().display());
    let mut installation = Installation::start_with(kind, 1, vec![setting]).await;
    let (sender, reader) = installation.tenant("acme").await;
    every_form_arrives(&installation, &sender, &reader).await;
    answers_are_exact(&installation, &reader).await;
    tenants_are_apart(&installation, &sender, &reader).await;
    a_tenant_lives_in_a_newer_zone(&installation).await;
    logging_is_a_switch(&installation).await;
    dead_letters_are_replayed(&installation).await;
    the_store_is_away_for_long(&mut installation, &sender).await;
    installation.enrichers[0].signal("INT");
    assert_eq!(installation.enrichers[0].wait(), Some(0), "drained and ended well");
    let (balanced, printed) = installation.verify();
    assert!(balanced, "{printed}");
}

/// A directory of zones of a later year, with one that nobody knows: an hour east of Greenwich, in the least that RFC 9636 asks for.
fn newer_zones() -> tempfile::TempDir {
    let header = |version: u8| {
        let mut header = [b"TZif", &[version][..], &[0; 15]].concat();
        for count in [0_u32, 0, 0, 0, 1, 4] {
            header.extend(count.to_be_bytes());
        }
        header
    };
    let body = [&3600_i32.to_be_bytes()[..], &[0, 0], b"MTC\0"].concat();
    let zone = [header(b'2'), body.clone(), header(b'2'), body, b"\nMTC-1\n".to_vec()].concat();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("tzdata.zi"), "# version 2099a\n").unwrap();
    std::fs::create_dir(folder.path().join("Mars")).unwrap();
    std::fs::write(folder.path().join("Mars/Base"), zone).unwrap();
    folder
}

/// J5: a zone that the setting `time_zones` brings is a tenant's like any other: its days begin when it says, in every answer.
async fn a_tenant_lives_in_a_newer_zone(installation: &Installation) {
    let (sender, reader) = installation.tenant("mars").await;
    installation.admin("PATCH", "/v1/tenants/mars", &json!({"time_zone": "Mars/Base"})).await;
    let late =
        json!({"id": "late", "type": "task.created", "actor": {"id": "ann"}, "occurred_at": "2026-11-20T23:30:00Z"});
    assert_eq!(installation.post(&sender).json(&late).send().await.unwrap().status(), StatusCode::ACCEPTED);
    installation.until("SELECT count() FROM events WHERE tenant = 'mars' AND event_id = 'late'", 1).await;
    let period = json!({"from": "2026-11-20T23:00:00Z", "to": "2026-11-21T23:00:00Z"});
    for path in ["/v1/events", "/v1/users/ann/statistics"] {
        let told = installation.get(&reader, &format!("{path}?from=2026-11-21&to=2026-11-21")).await;
        assert_eq!(told["period"], period, "{path}");
    }
    let page = installation.get(&reader, "/v1/events?from=2026-11-21&to=2026-11-21").await;
    assert_eq!(page["data"][0]["id"], "late");
    let days = installation.get(&reader, "/v1/statistics?from=2026-11-20&to=2026-11-22&interval=day").await;
    assert_eq!((&days["time_zone"], &days["totals"]["events"]), (&json!("Mars/Base"), &json!(1)), "{days}");
    let refused = installation.try_get(&reader, "/v1/events?from=2026-11-21&to=2026-11-21&lang=cs&limit=0").await;
    assert_eq!(refused.1["detail"], "parametr „limit“: je třeba celé číslo od 1 do 1000");
}

/// P1: one event, an array, lines, a CloudEvent; each retried as a whole, and stored once. L3, L4, L6–L9, J1: whatever was done
/// since the log was switched on, by whomever, stands in one report with its actor.
async fn every_form_arrives(installation: &Installation, sender: &str, reader: &str) {
    let event = |id: &str, kind: &str| {
        json!({"id": id, "type": kind, "occurred_at": "2026-11-20T09:30:00Z", "location": "Prague",
            "actor": {"kind": "user", "id": "ann", "name": "Ann", "email": "ann@acme.example"},
            "object": {"type": "task", "id": "77", "name": "Call back"},
            "changes": [{"path": "deadline", "op": "replace", "old": "2026-11-21", "new": "2026-11-22"}],
            "context": {"ip": "8.8.8.8", "session_id": "s1", "device_id": "d1",
                "user_agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"}})
    };
    let cloud_event = json!({"specversion": "1.0", "id": "cloud", "source": "/crm", "type": "user.sign_in_failed",
        "time": "2026-11-20T10:00:00Z", "data": {"actor": {"id": "bob"}, "reason": "password", "channel": "web"}});
    let lines = format!("{}\n{}\n", event("line-1", "contact.viewed"), event("line-2", "task.deleted"));
    for _ in 0..2 {
        let requests = [
            installation.post(sender).json(&event("one", "task.deadline_changed")),
            installation.post(sender).json(&json!([event("two", "task.created"), {"type": 5}])),
            installation.post(sender).header("content-type", "application/x-ndjson").body(lines.clone()),
            installation
                .post(sender)
                .header("content-type", "application/cloudevents+json")
                .body(cloud_event.to_string()),
        ];
        for request in requests {
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::ACCEPTED, "{}", answer.text().await.unwrap());
        }
    }
    // A retry of the last ones may still be on its way; what counts is that it changes nothing.
    installation.until(SENT, 5).await;
    until("the retries to be counted as such", async || {
        let duplicates = installation.metric(&installation.enrichers[0], "usertrail_enrich_duplicates_total").await;
        if duplicates == 5.0 { Ok(()) } else { Err(duplicates.to_string()) }
    })
    .await;
    assert_eq!(installation.number(SENT).await.unwrap(), 5);
    // A batch of CloudEvents with escapes, half a surrogate pair and a number that no machine holds: stored and returned as values.
    let batch = r#"[{"specversion":"1.0","id":"b1","source":"/b","type":"deal.updated","data":{"actor":{"id":"bob"},"object":{"type":"deal","id":"9","name":"\u041d\u043e\u0432\u0430\u044f \ud83d"},"changes":[{"path":"p","old":[1.0, 2],"new":1e400}]}}]"#;
    let request = installation.post(sender).header("content-type", "application/cloudevents-batch+json").body(batch);
    assert_eq!(request.send().await.unwrap().status(), StatusCode::ACCEPTED);
    installation.until("SELECT count() FROM events WHERE event_id = 'b1' AND object_name = 'Новая \u{fffd}'", 1).await;
    let told = installation.get(reader, "/v1/events/b1").await;
    assert_eq!(told["data"]["object"]["name"], "Новая \u{fffd}");
    assert_eq!(told["data"]["changes"][0], json!({"path": "p", "op": "replace", "old": [1, 2], "new": "1e400"}));
    let one = installation.get(reader, "/v1/events/one").await;
    assert_eq!(one["data"]["changes"][0]["new"], "2026-11-22");
    assert_eq!(one["data"]["device"]["browser"], "Chrome");

    let log = installation.get(reader, "/v1/events?limit=100").await;
    let rows = log["data"].as_array().unwrap();
    let of = |id: &str| rows.iter().find(|row| row["id"] == id).unwrap_or_else(|| panic!("{id} in {log}"));
    for (id, actor, class, action) in [
        ("one", "ann", "change", "update"),
        ("two", "ann", "create", "create"),
        ("line-1", "ann", "other", "view"),
        ("line-2", "ann", "delete", "delete"),
        ("cloud", "bob", "other", "sign_in_failed"),
    ] {
        let row = of(id);
        assert_eq!((&row["actor"]["id"], &row["class"]), (&json!(actor), &json!(class)), "{row}");
        assert_eq!(row["action"], action, "{row}");
    }
    // The keys of the tenant were made by the administrator's.
    let kinds: std::collections::BTreeSet<_> = rows.iter().map(|row| row["actor"]["kind"].to_string()).collect();
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), ["\"api_key\"", "\"user\""], "{log}");
}

/// L12–L15, J6–J8, J11, P8, P15: filters, pages, statistics, violations, the catalogue.
async fn answers_are_exact(installation: &Installation, reader: &str) {
    let ids = async |query: &str| -> Vec<String> {
        let page = installation.get(reader, &format!("/v1/events?from=2026-11-20&to=2026-11-21{query}")).await;
        assert!(page["complete_until"].is_string(), "{page}");
        page["data"].as_array().unwrap().iter().map(|event| event["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids("").await.len(), 5);
    assert_eq!(ids("&actor_id=bob").await, ["cloud"]);
    assert_eq!(ids("&class=delete").await, ["line-2"]);
    assert_eq!(ids("&action=view&object_type=task&object_id=77").await, ["line-1"]);
    assert_eq!(ids("&type=task.created,task.deleted").await.len(), 2);
    assert_eq!(ids("&location=Brno").await.len(), 0);
    assert_eq!(ids("&order=asc&limit=4").await.len(), 4);
    let first = installation.get(reader, "/v1/events?limit=2").await;
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = installation.get(reader, &format!("/v1/events?limit=2&cursor={cursor}")).await;
    assert_ne!(first["data"][1]["id"], second["data"][0]["id"]);
    let statistics = installation.get(reader, "/v1/users/ann/statistics?from=2026-11-20&to=2026-11-21").await;
    assert_eq!(statistics["totals"]["events"], 4, "{statistics}");
    let violations = installation.get(reader, "/v1/violations").await;
    assert!(violations["data"].as_array().is_some_and(|found| !found.is_empty()), "{violations}");
    assert!(installation.get(reader, "/v1/catalogue").await["types"].as_array().unwrap().len() > 100);
    let (status, problem) = installation.try_get(reader, "/v1/events?colour=red").await;
    assert_eq!((status, problem["status"].as_u64()), (StatusCode::BAD_REQUEST, Some(400)), "{problem}");
}

/// P11: the tenant comes from the credential alone.
async fn tenants_are_apart(installation: &Installation, sender: &str, reader: &str) {
    let (other_sender, other_reader) = installation.tenant("other").await;
    // What staff did when they made the tenant is its own.
    assert_eq!(installation.get(&other_reader, "/v1/events?actor_kind=user").await["data"], json!([]));
    let (status, _) = installation.try_get(&other_reader, "/v1/events/one").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    until("the other tenant's key to be known to ingest", async || {
        let claim = json!({"type": "task.created", "tenant": "acme", "actor": {"id": "eve"}});
        let answer = installation.post(&other_sender).json(&claim).send().await.unwrap();
        let (status, body) = (answer.status(), answer.text().await.unwrap());
        if status == StatusCode::UNPROCESSABLE_ENTITY && body.contains("tenant_mismatch") {
            Ok(())
        } else {
            Err(format!("{status} {body}"))
        }
    })
    .await;
    // A key for sending can't read, a key for reading can't send, no key can nothing.
    assert_eq!(installation.try_get(sender, "/v1/events").await.0, StatusCode::FORBIDDEN);
    let event = json!({"type": "task.created", "actor": {"id": "ann"}});
    assert_eq!(installation.post(reader).json(&event).send().await.unwrap().status(), StatusCode::FORBIDDEN);
    assert_eq!(installation.try_get("ut_wrong", "/v1/events").await.0, StatusCode::UNAUTHORIZED);
}

/// L1, L16: while logging is off, activity is refused with a clear reason, object history is kept.
async fn logging_is_a_switch(installation: &Installation) {
    installation.admin("POST", "/v1/tenants", &json!({"id": "quiet", "name": "Quiet"})).await;
    let sender = installation.key("quiet", "ingest").await;
    let view = json!({"type": "contact.viewed", "actor": {"id": "ann"}, "object": {"type": "contact", "id": "1"}});
    until("the refusal", async || {
        let answer = installation.post(&sender).json(&view).send().await.unwrap().text().await.unwrap();
        if answer.contains("logging_off") { Ok(()) } else { Err(answer) }
    })
    .await;
    let edit = json!({"type": "task.created", "actor": {"id": "ann"}, "object": {"type": "task", "id": "1"}});
    assert_eq!(installation.post(&sender).json(&edit).send().await.unwrap().status(), StatusCode::ACCEPTED);
    installation.until("SELECT count() FROM events WHERE tenant = 'quiet' AND key_id != 'usertrail'", 1).await;
    installation.admin("PATCH", "/v1/tenants/quiet", &json!({"logging": true})).await;
    until("the switch to be in force at ingest", async || {
        let status = installation.post(&sender).json(&view).send().await.unwrap().status();
        if status == StatusCode::ACCEPTED { Ok(()) } else { Err(status.to_string()) }
    })
    .await;
}

/// Records sent straight to Kafka for a tenant that nobody knows wait in the dead letter until somebody does.
async fn dead_letters_are_replayed(installation: &Installation) {
    let producer: FutureProducer =
        ClientConfig::new().set("bootstrap.servers", installation.brokers()).create().unwrap();
    // With escapes, as many a language writes JSON by default: a letter keeps the bytes, the row has the value.
    let event = r#"{"id":"early","type":"task.created","actor":{"id":"ann"},"object":{"type":"task","id":"1","name":"\u041d\u043e\u0432\u0430\u044f \ud83d"},"payload":{"n":1e400}}"#;
    let headers = OwnedHeaders::new().insert(Header { key: "tenant", value: Some("late") });
    let record = FutureRecord::to("events.raw").key("late/ann").payload(event).headers(headers);
    producer.send(record, Duration::from_secs(30)).await.unwrap();
    let mut listed = String::new();
    until("the dead letter", async || {
        listed = installation.command(&["dead-letter", "list", "--reason", "unknown_tenant"]);
        if listed.lines().count() == 1 { Ok(()) } else { Err(listed.clone()) }
    })
    .await;
    let letter: Value = serde_json::from_str(&listed).unwrap();
    assert_eq!(letter["payload"], event);
    installation.tenant("late").await;
    let printed = installation.command(&["dead-letter", "replay", "--reason", "unknown_tenant"]);
    assert!(printed.contains("sent 1 "), "{printed}");
    let stored = "SELECT count() FROM events WHERE tenant = 'late' AND event_id = 'early' \
                  AND object_name = 'Новая \u{fffd}' AND payload = '{\"n\":\"1e400\"}'";
    installation.until(stored, 1).await;
    assert!(installation.command(&["dead-letter", "replay"]).contains("sent 0 "), "each is sent again once");
}

/// While ClickHouse is away, events are accepted, the lag grows, memory doesn't; then all of them arrive (pitfall 3).
async fn the_store_is_away_for_long(installation: &mut Installation, sender: &str) {
    const BATCHES: u64 = 60;
    installation.engine.kill9();
    let padding = "x".repeat(2000);
    for batch in 0..BATCHES {
        let events: Vec<_> = (0..250)
            .map(|number| {
                json!({"id": format!("away-{batch}-{number}"), "type": "task.created",
                    "actor": {"id": format!("u{}", number % 20)}, "payload": {"padding": padding}})
            })
            .collect();
        let answer = installation.post(sender).json(&events).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::ACCEPTED);
    }
    let peak = installation.enrichers[0].peak_memory();
    assert!(peak < MEMORY_BOUND, "{} MiB", peak >> 20);
    installation.engine.restart();
    installation.until("SELECT count() FROM events WHERE event_id LIKE 'away-%'", BATCHES * 250).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_story_on_the_embedded_broker() {
    story(Kind::Embedded).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Apache Kafka; `make test` runs it where Java and Maven are"]
async fn the_story_on_apache_kafka() {
    story(Kind::Apache).await;
}

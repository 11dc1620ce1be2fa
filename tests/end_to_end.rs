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
    let mut installation = Installation::start(kind, 1).await;
    let (sender, reader) = installation.tenant("acme").await;
    every_form_arrives(&installation, &sender, &reader).await;
    answers_are_exact(&installation, &reader).await;
    tenants_are_apart(&installation, &sender, &reader).await;
    logging_is_a_switch(&installation).await;
    dead_letters_are_replayed(&installation).await;
    the_store_is_away_for_long(&mut installation, &sender).await;
    installation.enrichers[0].signal("INT");
    assert_eq!(installation.enrichers[0].wait(), Some(0), "drained and ended well");
    let (balanced, printed) = installation.verify();
    assert!(balanced, "{printed}");
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
    let event = json!({"id": "early", "type": "task.created", "actor": {"id": "ann"}}).to_string();
    let headers = OwnedHeaders::new().insert(Header { key: "tenant", value: Some("late") });
    let record = FutureRecord::to("events.raw").key("late/ann").payload(&event).headers(headers);
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
    installation.until("SELECT count() FROM events WHERE tenant = 'late' AND event_id = 'early'", 1).await;
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

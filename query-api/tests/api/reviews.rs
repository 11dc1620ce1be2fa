//! Reviews through a real broker (K13): what staff say goes the way of all events, and is answered once the store has it.

use std::time::Duration;

use chrono::TimeDelta;
use rdkafka::Message as _;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::message::Headers as _;
use runtime::config::Kafka;
use schemas::decode::{Attributes, Scratch, decode};
use schemas::settings::Role;
use schemas::topics;
use serde_json::{Value, json};

use crate::support::{Event, World, with_broker};

/// One record of `events.raw`: key, headers and value.
fn next(consumer: &BaseConsumer) -> (String, Vec<(String, String)>, Value) {
    let polled = (0..60).find_map(|_| consumer.poll(Duration::from_secs(1)));
    let record = polled.expect("nothing was produced").unwrap();
    decode(record.payload().unwrap(), &Attributes::default(), &Scratch::default()).unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let headers = record.headers().unwrap().iter();
    let headers = headers.map(|header| (header.key.to_owned(), text(header.value.unwrap()))).collect();
    (text(record.key().unwrap()), headers, serde_json::from_slice(record.payload().unwrap()).unwrap())
}

/// Reads all that staff have recorded.
pub(crate) fn consumer(kafka: &Kafka) -> BaseConsumer {
    let consumer: BaseConsumer =
        runtime::kafka::consumer_config(kafka, "reviews").set("auto.offset.reset", "earliest").create().unwrap();
    consumer.subscribe(&[&kafka.topic(topics::EVENTS_RAW)]).unwrap();
    consumer
}

/// Does for the next record what the enricher does, and returns its event.
pub(crate) async fn store_next(world: &World, consumer: BaseConsumer) -> (Value, BaseConsumer) {
    let read = tokio::task::spawn_blocking(move || (next(&consumer), consumer)).await.unwrap();
    let ((key, headers, event), consumer) = read;
    let by = event["actor"]["id"].as_str().unwrap();
    assert_eq!(key, topics::event_key("acme", by));
    let beside = [("tenant", "acme"), ("key-id", "usertrail")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(headers, beside);
    let occurred = event["occurred_at"].as_str().unwrap().parse().unwrap();
    let kind = event["type"].as_str().unwrap();
    let violation = event["object"]["id"].as_str().unwrap();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let changes = event["changes"].as_array().unwrap().iter();
    let changes = changes.map(|one| [text(&one["path"]), text(&one["op"]), String::new(), one["new"].to_string()]);
    let stored = Event {
        changes: changes.collect(),
        id: event["id"].as_str().unwrap().to_owned(),
        actor_id: by.to_owned(),
        occurred,
        ..Event::review(violation, kind, TimeDelta::zero())
    };
    world.insert(&[stored]).await;
    (event, consumer)
}

/// K13, K15: a review is an event of the tenant, by the key that made it, with its note; the answer waits until it shows.
#[test]
fn a_review_is_an_event_of_the_tenant() {
    with_broker("reviews", async |world, kafka| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Security).await;
        let mut event = Event::sign_in("e1", "u1", TimeDelta::hours(3));
        event.violations = vec!["sign-in-tor"];
        let id = event.violation_id("sign-in-tor");
        world.insert(&[event]).await;
        let consumer = consumer(&kafka);

        let path = format!("/v1/violations/{id}/review");
        let (answer, (sent, consumer)) = tokio::join!(
            world.send("POST", &path, &key, Some(json!({ "note": "known traveller" }))),
            store_next(&world, consumer),
        );
        assert_eq!((answer.status, &answer.json["applied"]), (200, &json!(true)), "{}", answer.json);
        let review = &answer.json["data"]["review"];
        assert_eq!((&review["by"]["id"], &review["note"]), (&json!(key[3..15]), &json!("known traveller")));
        assert_eq!(sent["changes"], json!([{"path": "count", "op": "add", "new": 1}]));
        assert_eq!(answer.json["event_id"], sent["id"]);
        assert_eq!((&sent["type"], &sent["reason"]), (&json!("violation.reviewed"), &json!("known traveller")));
        assert_eq!(sent["actor"], json!({"kind": "api_key", "id": key[3..15], "name": "test"}));
        assert_eq!(sent["object"]["type"], "violation");
        assert_eq!(sent["object"]["name"], answer.json["data"]["title"]);

        let (answer, (sent, consumer)) =
            tokio::join!(world.send("DELETE", &path, &key, None), store_next(&world, consumer));
        assert_eq!((answer.status, &answer.json["data"]["review"]), (200, &Value::Null), "{}", answer.json);
        assert_eq!(sent["type"], "violation.review_withdrawn");

        // Nobody stores this one: it is recorded, and the answer says that it doesn't show yet.
        let answer = world.send("POST", &path, &key, Some(json!({}))).await;
        assert_eq!((answer.status, &answer.json["applied"]), (202, &json!(false)), "{}", answer.json);
        drop(consumer);
    });
}

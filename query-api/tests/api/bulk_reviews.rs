//! Reviews of many violations at once (K13–K15).

use std::collections::BTreeSet;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use schemas::settings::{Plan, Role};
use serde_json::{Value, json};

use crate::reviews::{consumer, store_next};
use crate::support::{Event, World, millis, with_broker, with_world};

/// An event that broke a rule some hours ago, and was received then.
fn broken(id: &str, user: &str, hours: i64) -> Event {
    Event { violations: vec!["sign-in-tor"], ..Event::sign_in(id, user, TimeDelta::hours(hours)) }
}

fn text(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}

async fn review(world: &World, key: &str, body: Value) -> (u16, Value) {
    let answer = world.send("POST", "/v1/violations/reviews", key, Some(body)).await;
    (answer.status, answer.json)
}

/// K13, K15: each of several violations is reviewed as one by itself is, by ids and by a filter of the list; what is reviewed already,
/// or has grown since the list was looked at, stays as it is; once more changes nothing.
#[test]
fn several_violations_are_reviewed_as_each_is() {
    with_broker("bulk_reviews", async |world, kafka| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Security).await;
        let events: Vec<Event> =
            (0_i64..6).map(|number| broken(&format!("e{number}"), &format!("u{number}"), 3 + number)).collect();
        let ids: Vec<String> = events.iter().map(|event| event.violation_id("sign-in-tor")).collect();
        world.insert(&events).await;
        world.insert(&[Event::review(&ids[0], "violation.reviewed", TimeDelta::minutes(1))]).await;
        let consumer = consumer(&kafka);

        let by_ids = json!({ "ids": [&ids[0], &ids[1], &ids[2], "nothing"], "note": "known travellers" });
        let storing = async {
            let (first, consumer) = store_next(&world, consumer).await;
            let (second, consumer) = store_next(&world, consumer).await;
            ([first, second], consumer)
        };
        let ((status, answer), (sent, consumer)) = tokio::join!(review(&world, &key, by_ids.clone()), storing);
        let data = json!({ "reviewed": 2, "already": 1, "missing": ["nothing"], "failed": [], "more": false });
        assert_eq!((status, &answer["data"], &answer["applied"]), (200, &data, &json!(true)));
        let of: BTreeSet<&str> = sent.iter().map(|event| event["object"]["id"].as_str().unwrap()).collect();
        assert_eq!(of, BTreeSet::from([ids[1].as_str(), ids[2].as_str()]));
        for event in &sent {
            assert_eq!((&event["type"], &event["reason"]), (&json!("violation.reviewed"), &json!("known travellers")));
            assert_eq!(event["changes"], json!([{ "path": "count", "op": "add", "new": 1 }]));
            assert_eq!(event["actor"], json!({ "kind": "api_key", "id": key[3..15], "name": "test" }));
        }
        let shown = world.ok(&format!("/v1/violations/{}", ids[1]), &key).await["data"]["review"].clone();
        assert_eq!((&shown["note"], &shown["count"]), (&json!("known travellers"), &json!(1)));

        // Once more: nothing is left to do, and nothing is recorded.
        let (status, answer) = review(&world, &key, by_ids).await;
        let data = json!({ "reviewed": 0, "already": 3, "missing": ["nothing"], "failed": [], "more": false });
        assert_eq!((status, &answer["data"]), (200, &data));

        // By a filter, as the list was: one of the three that are left has grown since.
        let looked_at = millis(Utc::now());
        let grown = Event { received: looked_at + TimeDelta::milliseconds(5), ..broken("late", "u5", 8) };
        world.insert(&[Event { occurred: events[5].occurred + TimeDelta::milliseconds(1), ..grown }]).await;
        let filter = json!({ "user_id": "u3,u4,u5", "rule": "sign-in-tor", "reviewed": "false" });
        let body = json!({ "filter": filter, "until": text(looked_at), "note": "" });
        let storing = async {
            let (_, consumer) = store_next(&world, consumer).await;
            store_next(&world, consumer).await.1
        };
        let ((status, answer), consumer) = tokio::join!(review(&world, &key, body), storing);
        assert_eq!(
            (status, &answer["data"]["reviewed"], &answer["data"]["more"]),
            (200, &json!(2), &json!(false)),
            "{answer}"
        );
        let left = world.pages("/v1/violations?reviewed=false", &key).await;
        assert_eq!(crate::support::ids(&left), [ids[5].clone()]);
        drop(consumer);
    });
}

/// K13: what can't be understood is refused by name, and nothing is recorded.
#[test]
fn what_is_asked_is_bounded() {
    with_world("bulk_reviews_refused", async |world| {
        world.tenant("acme", |_| {}).await;
        world.tenant("other", |_| {}).await;
        let key = world.key(Some("acme"), Role::Security).await;
        world.insert(&[broken("e1", "u1", 3)]).await;
        let now = text(Utc::now());
        let many: Vec<String> = (0..501).map(|number| number.to_string()).collect();
        let filter = |filter: Value| json!({ "filter": filter, "until": now });
        for (body, status, pointer) in [
            (json!({}), 422, "/ids"),
            (json!({ "ids": [] }), 422, "/ids"),
            (json!({ "ids": many }), 422, "/ids"),
            (json!({ "ids": ["a", ""] }), 422, "/ids/1"),
            (json!({ "ids": ["a"], "filter": {}, "until": now }), 422, "/filter"),
            (json!({ "ids": ["a"], "until": now }), 422, "/until"),
            (json!({ "filter": {} }), 422, "/until"),
            (json!({ "filter": {}, "until": "1900-01-01T00:00:00Z" }), 422, "/until"),
            (json!({ "ids": ["a"], "note": "x".repeat(1025) }), 422, "/note"),
            (filter(json!({ "colour": "red" })), 400, "/filter/colour"),
            (filter(json!({ "level": "terrible" })), 400, "/filter/level"),
            (filter(json!({ "rule": "no-such-rule" })), 400, "/filter/rule"),
            (filter(json!({ "limit": "5" })), 400, "/filter/limit"),
            (filter(json!({ "from": "2026-01-02", "to": "2026-01-01" })), 400, "/filter/to"),
        ] {
            let (answered, problem) = review(&world, &key, body.clone()).await;
            assert_eq!((answered, &problem["pointer"]), (status, &json!(pointer)), "{body} {problem}");
        }
        let stranger = world.key(Some("other"), Role::Admin).await;
        let platform = world.key(None, Role::Platform).await;
        let viewer = world.key(Some("acme"), Role::Viewer).await;
        let id = broken("e1", "u1", 3).violation_id("sign-in-tor");
        let of_ids = json!({ "ids": [id] });
        let (status, answer) = review(&world, &stranger, of_ids.clone()).await;
        assert_eq!((status, &answer["data"]["missing"]), (200, &json!([id])));
        assert_eq!(review(&world, &stranger, filter(json!({}))).await.1["data"]["reviewed"], 0);
        assert_eq!(review(&world, &viewer, of_ids.clone()).await.0, 403);
        assert_eq!(review(&world, &platform, of_ids).await.0, 400);
        let path = "/v1/violations/reviews?tenant=acme";
        let answer = world.send("POST", path, &platform, Some(json!({ "ids": ["nothing"] }))).await;
        assert_eq!((answer.status, &answer.json["data"]["missing"]), (200, &json!(["nothing"])));
        assert!(world.audit.recorded("acme").iter().all(|event| event["type"] != "violation.reviewed"));
    });
}

/// J4: what is before the look-back is not reviewed, as it is not listed.
#[test]
fn what_is_not_listed_is_not_reviewed() {
    with_world("bulk_reviews_plan", async |world| {
        world.tenant("acme", |tenant| (tenant.plan, tenant.retention.sign_ins) = (Plan::STANDARD, 1825)).await;
        let key = world.key(Some("acme"), Role::Admin).await;
        let old = broken("old", "u1", 24 * 500);
        let id = old.violation_id("sign-in-tor");
        world.insert(&[old]).await;
        let (_, answer) = review(&world, &key, json!({ "ids": [id] })).await;
        assert_eq!(answer["data"]["missing"], json!([id]));
        let until = text(Utc::now());
        let (_, answer) = review(&world, &key, json!({ "filter": {}, "until": until })).await;
        assert_eq!((&answer["data"]["reviewed"], &answer["data"]["already"]), (&json!(0), &json!(0)));
        let (status, problem) =
            review(&world, &key, json!({ "filter": { "from": "2020-01-01" }, "until": until })).await;
        assert_eq!((status, &problem["pointer"]), (403, &json!("/filter/from")));
    });
}

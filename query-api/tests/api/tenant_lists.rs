//! Sign-ins and devices of the whole tenant (K1, K7, K9): whose, and which devices users share.

use std::time::Duration;

use chrono::{SecondsFormat, TimeDelta};
use schemas::settings::Role;
use serde_json::{Value, json};

use crate::exports::{csv_column, file};
use crate::support::{Event, World, encoded, ids, with_world};

/// The cursor of one list is none of another.
async fn assert_bound(world: &World, key: &str, path: &str, other: &str) {
    let page = world.ok(&format!("{path}?limit=1"), key).await;
    let cursor = page["next_cursor"].as_str().unwrap();
    assert_eq!(world.get(&format!("{path}?limit=2&cursor={cursor}"), key).await.status, 200);
    let separator = if other.contains('?') { '&' } else { '?' };
    let refused = world.get(&format!("{other}{separator}cursor={cursor}"), key).await;
    assert_eq!(refused.json["code"], "invalid_cursor", "{other}");
}

/// Waits until a read is recorded.
async fn viewed(world: &World, path: &str) -> Value {
    let found = async {
        loop {
            let mut events = world.audit.recorded("acme").into_iter();
            if let Some(event) = events.find(|event| event["payload"]["path"] == path) {
                return event;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), found).await.expect("it is recorded")
}

/// K1, K7, L5, L10, J17, P9: one row a sign-in of anybody, failed ones under unknown names and history too, each with its user and
/// session; of no other tenant; page by page, as a file, and recorded as read.
#[test]
fn sign_ins_of_all_users() {
    with_world("tenant_sign_ins", async |world| {
        for tenant in ["acme", "other"] {
            world.tenant(tenant, |_| {}).await;
        }
        let key = world.key(Some("acme"), Role::Security).await;
        let at = |id: &str, user: &str, minutes: i64| Event::sign_in(id, user, TimeDelta::minutes(minutes));
        // Two users have a session of the same name.
        let in_session = |event: Event| Event { session_id: "s1".to_owned(), ..event };
        let named = Event { actor_name: "Jana".to_owned(), ..in_session(at("e1", "u1", 90)) };
        let mut guess = Event { action: "sign_in_failed", outcome: "failure", ..at("e3", "", 70) };
        (guess.actor_name, guess.session_id) = ("root".to_owned(), String::new());
        let events = [
            named.clone(),
            Event { action: "sign_out", ..in_session(at("o1", "u1", 80)) },
            Event { device_id: "d2".to_owned(), country: "DE", ..in_session(at("e2", "u2", 85)) },
            guess,
            Event { violations: vec!["dormant"], ..at("e4", "u3", 60) },
            Event { backfill: true, ..at("e5", "u1", 20_000) },
            // None of these is a sign-in of a user of the tenant.
            Event { action: "view", ..at("v1", "u1", 50) },
            Event { actor_kind: "api_key", ..at("k1", "k", 50) },
            Event { tenant: "other".to_owned(), ..at("f1", "u1", 50) },
        ];
        world.insert(&events).await;

        let rows = world.pages("/v1/sign-ins?limit=2", &key).await;
        assert_eq!(ids(&rows), ["e4", "e3", "e2", "e1", "e5"]);
        assert_eq!(ids(&world.pages("/v1/sign-ins?limit=2&order=asc", &key).await), ["e5", "e1", "e2", "e3", "e4"]);
        assert_eq!(rows[1]["user"], json!({ "id": "", "name": "root" }));
        assert_eq!(rows[3]["user"], json!({ "id": "u1", "name": "Jana" }));
        assert!(rows[1].get("session").is_none() && rows[3]["session"]["signed_out_at"].is_string(), "{rows:?}");
        assert_eq!((&rows[2]["session"]["key"], &rows[2]["session"]["signed_out_at"]), (&json!("s1"), &Value::Null));
        assert_eq!((&rows[4]["backfill"], &rows[0]["violations"][0]["rule"]), (&json!(true), &json!("dormant")));
        // What the list of one user shows is the same.
        let mut own = world.pages("/v1/users/u2/sign-ins", &key).await;
        own[0]["user"] = rows[2]["user"].clone();
        assert_eq!(own, [rows[2].clone()]);
        let day = encoded(&(named.occurred - TimeDelta::days(1)).to_rfc3339_opts(SecondsFormat::Secs, true));
        for (query, wanted) in [
            ("outcome=failure", vec!["e3"]),
            ("country=DE", vec!["e2"]),
            ("device_id=d2", vec!["e2"]),
            ("user_id=u1,u3", vec!["e4", "e1", "e5"]),
            ("violations=true", vec!["e4"]),
            ("violations=false&user_id=u3", vec![]),
            (&format!("from={day}&outcome=success"), vec!["e4", "e2", "e1"]),
            (&format!("to={day}"), vec!["e5"]),
        ] {
            assert_eq!(ids(&world.pages(&format!("/v1/sign-ins?{query}"), &key).await), wanted, "{query}");
        }
        assert_bound(&world, &key, "/v1/sign-ins", "/v1/users/u1/sign-ins").await;
        assert_bound(&world, &key, "/v1/sign-ins", "/v1/sign-ins?outcome=success").await;

        let csv = file(&world, "/v1/sign-ins?format=csv", &key, "*/*").await;
        assert_eq!(csv_column(&csv.bytes, "id"), ids(&rows));
        assert_eq!(csv_column(&csv.bytes, "user.id"), ["u3", "", "u2", "u1", "u1"]);
        let read = viewed(&world, "/v1/sign-ins").await;
        assert_eq!((&read["type"], &read["object"]["id"]), (&json!("event_log.viewed"), &json!("sign-ins")));
        let viewer = world.key(Some("acme"), Role::Viewer).await;
        assert_eq!(world.get("/v1/sign-ins", &viewer).await.status, 403);
        assert_eq!(world.get("/v1/sign-ins?colour=red", &key).await.status, 400);
    });
}

/// K9, K10, L10, J17, P9: a device once, with who was seen on it, whoever else's it is; those that at least so many users share; of no other
/// tenant; page by page, as a file, and recorded as read.
#[test]
fn devices_that_users_share() {
    with_world("tenant_devices", async |world| {
        for tenant in ["acme", "other"] {
            world.tenant(tenant, |_| {}).await;
        }
        let key = world.key(Some("acme"), Role::Security).await;
        let on = |id: &str, user: &str, device: &str, hours: i64| Event {
            device_id: device.to_owned(),
            ..Event::sign_in(id, user, TimeDelta::hours(hours))
        };
        let failed = |event: Event| Event { action: "sign_in_failed", outcome: "failure", ..event };
        let latest = Event { ip: "2001:db8::1", country: "DE", ..on("e1", "u1", "shared", 5) };
        let mut events = vec![
            on("e0", "u1", "shared", 200),
            latest.clone(),
            on("e2", "u2", "shared", 100),
            failed(on("e3", "u3", "shared", 90)),
            on("e4", "u1", "own", 4),
            Event { device_kind: "mobile", backfill: true, ..on("e5", "u4", "old", 3_000) },
            Event { tenant: "other".to_owned(), ..on("f1", "u9", "own", 3) },
            Event { tenant: "other".to_owned(), ..on("f2", "u8", "own", 3) },
            Event { actor_kind: "api_key", ..on("k1", "k", "own", 2) },
        ];
        events.extend((0..30).map(|number| on(&format!("m{number}"), &format!("m{number:02}"), "many", 50)));
        for part in events.chunks(7) {
            world.insert(part).await;
        }
        let path = "/v1/devices";
        let devices = world.pages(&format!("{path}?limit=1"), &key).await;
        assert_eq!(ids(&devices), ["own", "shared", "many", "old"]);
        let (own, shared, many, old) = (&devices[0], &devices[1], &devices[2], &devices[3]);
        assert_eq!(
            (&own["users"], &own["user_ids"], &own["sign_ins"]),
            (&json!(1), &json!(["u1"]), &json!(1)),
            "{own}"
        );
        assert_eq!((&shared["users"], &shared["user_ids"]), (&json!(3), &json!(["u1", "u2", "u3"])), "{shared}");
        assert_eq!((&shared["sign_ins"], &shared["failed_sign_ins"]), (&json!(3), &json!(1)));
        let text = |event: &Event| event.occurred.to_rfc3339_opts(SecondsFormat::AutoSi, true);
        assert_eq!(
            (&shared["first_seen_at"], &shared["last_seen_at"]),
            (&json!(text(&events[0])), &json!(text(&latest)))
        );
        assert_eq!((&shared["ip"], &shared["place"]), (&json!("2001:db8::1"), &json!({ "country": "DE" })));
        assert_eq!(many["users"], 30);
        let first: Vec<String> = (0..20).map(|number| format!("m{number:02}")).collect();
        assert_eq!(many["user_ids"], json!(first));
        assert_eq!(old["kind"], "mobile");
        let from = encoded(&text(&Event::sign_in("x", "x", TimeDelta::hours(95))));
        let to = encoded(&text(&Event::sign_in("x", "x", TimeDelta::hours(150))));
        for (query, wanted) in [
            ("users_min=1", vec!["own", "shared", "many", "old"]),
            ("users_min=2", vec!["shared", "many"]),
            ("users_min=4", vec!["many"]),
            ("users_min=31", vec![]),
            ("users_min=3&signed_in=true", vec!["many"]),
            ("signed_in=false", vec!["shared"]),
            ("user_id=u3", vec!["shared"]),
            ("user_id=u2,u4", vec!["shared", "old"]),
            ("kind=phone", vec!["old"]),
            // Who was there then counts.
            (&format!("from={from}&users_min=2"), vec!["shared", "many"]),
            (&format!("from={from}&users_min=3"), vec!["many"]),
            (&format!("to={to}"), vec!["shared", "old"]),
        ] {
            assert_eq!(ids(&world.pages(&format!("{path}?{query}"), &key).await), wanted, "{query}");
        }
        for bad in ["users_min=0", "users_min=-1", "users_min=two", "users_min=1000001", "signed_in=yes", "colour=red"]
        {
            assert_eq!(world.get(&format!("{path}?{bad}"), &key).await.status, 400, "{bad}");
        }
        assert_bound(&world, &key, path, "/v1/users/u1/devices").await;
        assert_bound(&world, &key, path, "/v1/devices?users_min=1").await;

        let csv = file(&world, "/v1/devices?users_min=2&format=csv", &key, "*/*").await;
        assert_eq!(csv_column(&csv.bytes, "id"), ["shared", "many"]);
        assert_eq!(csv_column(&csv.bytes, "users"), ["3", "30"]);
        assert_eq!(csv_column(&csv.bytes, "user_ids")[0], "u1; u2; u3");
        let read = viewed(&world, path).await;
        assert_eq!((&read["type"], &read["object"]["id"]), (&json!("event_log.viewed"), &json!("devices")));
        let viewer = world.key(Some("acme"), Role::Viewer).await;
        assert_eq!(world.get(path, &viewer).await.status, 403);
    });
}

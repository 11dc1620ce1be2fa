//! Rules tried on history, and explained (P6).

use chrono::{SecondsFormat, TimeDelta, Utc};
use schemas::settings::Role;
use serde_json::{Value, json};

use crate::support::{Event, World, with_world};

pub(crate) fn failed(number: i64, user: &str, seconds_ago: i64) -> Event {
    Event {
        event_type: "user.sign_in_failed".to_owned(),
        action: "sign_in_failed",
        outcome: "failure",
        ..Event::sign_in(&format!("f{number}"), user, TimeDelta::seconds(seconds_ago))
    }
}

pub(crate) async fn trial(world: &World, key: &str, mut body: Value) -> Value {
    let from = (Utc::now() - TimeDelta::hours(2)).to_rfc3339_opts(SecondsFormat::Millis, true);
    body["from"] = json!(from);
    let answer = world.send("POST", "/v1/rules/test", key, Some(body)).await;
    assert_eq!(answer.status, 200, "{}", answer.json);
    answer.json
}

/// A detection with a limit: what it would have flagged, how often, by whom, under which limit.
#[test]
fn p6_a_detection_is_tried() {
    with_world("trials_detection", async |world| {
        world.tenant("acme", |_| {}).await;
        world.tenant("other", |_| {}).await;
        let security = world.key(Some("acme"), Role::Security).await;
        let exported = |id: &str, user: &str, tenant: &str, records| Event {
            tenant: tenant.to_owned(),
            event_type: "contacts.exported".to_owned(),
            action: "export",
            category: "views",
            records,
            ..Event::sign_in(id, user, TimeDelta::minutes(30))
        };
        world
            .insert(&[
                exported("e1", "u1", "acme", 5000),
                exported("e2", "u1", "acme", 1500),
                exported("e3", "u2", "acme", 1200),
                exported("e4", "u2", "acme", 10),
                exported("e5", "u3", "other", 9000),
                Event { backfill: true, ..exported("e6", "u1", "acme", 1900) },
                Event { backfill: true, signals: vec![("late", 1.0)], ..exported("e7", "u2", "acme", 10) },
            ])
            .await;
        let found = trial(&world, &security, json!({"name": "mass-export"})).await;
        assert_eq!((&found["events"], &found["findings"]), (&json!(6), &json!(4)), "{found}");
        // History is part of it (J17); what came too late to have signals is counted.
        assert_eq!(found["late"], 1, "{found}");
        assert_eq!(found["violations"], 2, "two users, one window");
        assert_eq!(found["users"][0], json!({"user_id": "u1", "findings": 3}));
        assert_eq!(found["shown"].as_array().unwrap().len(), 4);
        // A tenant's own limit is in force as it is set, and is tried with others beside it (K12).
        let limits = |at_once: f64| json!({ "disabled": [], "limits": { "exported_at_once": at_once } });
        let admin = world.key(Some("acme"), Role::Admin).await;
        for (at_once, status) in [(0.0, 422), (1500.5, 422), (1e9, 422), (1500.0, 200)] {
            let answer = world.send("PUT", "/v1/settings/detection", &admin, Some(limits(at_once))).await;
            assert_eq!(answer.status, status, "{at_once}: {}", answer.json);
            let pointer = answer.json["pointer"].as_str();
            assert_eq!(pointer, (status == 422).then_some("/limits/exported_at_once"), "{at_once}");
        }
        let found = trial(&world, &security, json!({ "name": "mass-export" })).await;
        let seen = |row: &Value| (row["seen"].clone(), row["limit"].clone());
        let shown: Vec<_> = found["shown"].as_array().unwrap().iter().map(seen).collect();
        let expected = [5000.0, 1500.0, 1900.0].map(|seen| (json!(seen), json!(1500.0)));
        assert!(shown.len() == 3 && expected.iter().all(|one| shown.contains(one)), "{found}");
        let tried =
            trial(&world, &security, json!({ "name": "mass-export", "limits": { "exported_at_once": 5000 } })).await;
        assert_eq!((&tried["findings"], &tried["shown"][0]["limit"]), (&json!(1), &json!(5000.0)), "{tried}");
        // Nothing is lacking of the number where the event could not break the rule whatever it was.
        let missing = async |event: &str, rule: &str| {
            let told = world.ok(&format!("/v1/events/{event}/explain?rule={rule}"), &security).await["data"].clone();
            (told["matched"].clone(), told["missing"].clone())
        };
        assert_eq!(missing("e4", "bulk-delete").await, (json!(false), Value::Null));
        assert_eq!(missing("e4", "mass-export").await, (json!(false), json!(1490.0)));
        let rule = world.ok("/v1/rules/mass-export", &security).await;
        assert_eq!((&rule["limits"][0]["value"], &rule["limits"][0]["default"]), (&json!(1500.0), &json!(1000.0)));
        let yaml = "title: T\nid: 00000000-0000-4000-8000-000000000001\nversion: 1\nlevel: low\nlogsource: {product: usertrail}\n\
            limits: {most: {default: 1000, min: 1, max: 100000, unit: records}}\nseen: records\n\
            detection:\n  it:\n    action: export\n    records|gte: '%most%'\n  condition: it\n";
        let tried = json!({"name": "own", "yaml": yaml, "limits": {"most": 2000}});
        let found = trial(&world, &security, tried).await;
        assert_eq!(found["findings"], 1);
        assert_eq!((&found["shown"][0]["seen"], &found["shown"][0]["limit"]), (&json!(5000.0), &json!(2000.0)));
        let of_limit = |name: &str, value: f64| json!({"name": "mass-export", "from": "2026-01-01T00:00:00Z", "limits": {name: value}});
        for (body, status, code) in [
            (json!({"name": "no-such-rule", "from": "2026-01-01T00:00:00Z"}), 404, "not_found"),
            (json!({"name": "x", "yaml": "{", "from": "2026-01-01T00:00:00Z"}), 422, "invalid_setting"),
            (json!({"name": "mass-export", "from": "2999-01-01T00:00:00Z"}), 422, "invalid_setting"),
            (json!({"name": "mass-export"}), 422, "invalid_setting"),
            (of_limit("nope", 1.0), 422, "invalid_setting"),
            (of_limit("deleted_at_once", 5.0), 422, "invalid_setting"),
            (of_limit("exported_at_once", 0.0), 422, "invalid_setting"),
            (of_limit("exported_at_once", 1.5), 422, "invalid_setting"),
            (of_limit("exported_at_once", 100_000_001.0), 422, "invalid_setting"),
        ] {
            let answer = world.send("POST", "/v1/rules/test", &security, Some(body.clone())).await;
            assert_eq!((answer.status, &answer.json["code"]), (status, &json!(code)), "{body}: {}", answer.json);
        }
    });
}

/// Correlations: by user, and across users; explained for an event that fired and for one that came close.
#[test]
fn p6_correlations_are_tried_and_explained() {
    with_world("trials_correlation", async |world| {
        world.tenant("acme", |_| {}).await;
        let security = world.key(Some("acme"), Role::Security).await;
        let viewer = world.key(Some("acme"), Role::Viewer).await;
        let mut events: Vec<Event> = (0..12).map(|number| failed(number, "u1", 600 - number * 10)).collect();
        // Of one /64, which somebody has: one address.
        let own = ["2001:db8::1", "2001:db8::2:1", "2001:db8:0:0:ffff::1"];
        events.extend((100..112).map(|number| {
            let user = format!("v{number}");
            Event { ip: own[number as usize % own.len()], ..failed(number, &user, 900 - number) }
        }));
        world.insert(&events).await;
        // History that arrives last has its place in time: twelve more failures, of another user.
        let history: Vec<Event> = (200..212)
            .map(|number| Event { backfill: true, signals: vec![("late", 1.0)], ..failed(number, "u2", 3000 - number) })
            .collect();
        world.insert(&history).await;
        let brute = trial(&world, &security, json!({"name": "brute-force"})).await;
        let ids: Vec<_> = brute["shown"].as_array().unwrap().iter().map(|one| one["event_id"].clone()).collect();
        assert_eq!(ids, ["f9", "f10", "f11", "f209", "f210", "f211"], "from the tenth on: {brute}");
        assert_eq!(brute["shown"][2]["seen"], 12.0);
        let spraying = trial(&world, &security, json!({"name": "password-spraying"})).await;
        assert_eq!((&spraying["violations"], &spraying["users"][0]["user_id"]), (&json!(1), &json!("")), "{spraying}");

        let explained = world.ok("/v1/events/f11/explain?rule=brute-force", &security).await;
        let window = &explained["data"]["window"];
        assert_eq!((&explained["data"]["matched"], &explained["data"]["seen"]), (&json!(true), &json!(12.0)));
        assert_eq!(window["group"], json!({"actor.id": "u1"}));
        assert_eq!(window["event_ids"].as_array().unwrap().len(), 12);
        let close = world.ok("/v1/events/f7/explain?rule=brute-force", &security).await;
        assert_eq!((&close["data"]["matched"], &close["data"]["missing"]), (&json!(false), &json!(2.0)), "{close}");
        let sprayed = world.ok("/v1/events/f111/explain?rule=password-spraying", &security).await;
        assert_eq!((&sprayed["data"]["matched"], &sprayed["data"]["seen"]), (&json!(true), &json!(12.0)), "{sprayed}");
        assert_eq!(sprayed["data"]["window"]["group"], json!({"context.ip": "2001:db8::/64"}), "{sprayed}");
        // A rule may spell an address as it likes, and name the prefix and the network.
        for (field, value, findings) in [
            ("context.ip", "2001:0db8:0::0001", 4),
            ("context.ip", "::ffff:c633:6407", 24),
            ("context.ip_prefix", "2001:0db8:0:0::/64", 12),
            ("context.ip_prefix", "198.51.100.7", 24),
            ("context.network", "2001:db8::/48", 12),
        ] {
            let yaml = format!(
                "title: T\nid: 00000000-0000-4000-8000-000000000001\nversion: 1\nlevel: low\nlogsource: {{product: usertrail}}\n\
                 detection:\n  it:\n    {field}: '{value}'\n  condition: it\n"
            );
            let found = trial(&world, &security, json!({"name": "own", "yaml": yaml})).await;
            assert_eq!(found["findings"], findings, "{field} {value}");
        }
        let not = world.ok("/v1/events/f1/explain?rule=mass-export", &security).await;
        assert_eq!((&not["data"]["matched"], not["data"].get("window")), (&json!(false), None), "{not}");
        assert!(not["data"]["conditions"].to_string().contains("action"), "{not}");
        assert_eq!(world.get("/v1/events/f1/explain?rule=mass-export", &viewer).await.status, 403);
        assert_eq!(world.get("/v1/events/f1/explain", &security).await.status, 400);
        assert_eq!(world.get("/v1/events/nothing/explain?rule=mass-export", &security).await.status, 404);
        assert_eq!(world.get("/v1/events/f1/explain?rule=nothing", &security).await.status, 404);
    });
}

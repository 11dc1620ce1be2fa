//! What exports and reads leave in the log.

use std::collections::BTreeSet;

use schemas::settings::Role;
use serde_json::json;

use crate::exports::{csv_column, events, file, recorded};
use crate::support::with_world;

/// P13, L10: an export is an event: who, what, how much.
#[test]
fn an_export_is_recorded() {
    with_world("exports_recorded", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Security).await;
        world.insert(&events(120)).await;
        let until = "2026-11-22T10:00:04.120Z".parse().unwrap();
        world.freshness.set(until);
        let path = "/v1/events?action=view,export&exclude_action=print,create&actor_id=u1,u2&actor_id=u3&format=csv";
        let csv = file(&world, path, &key, "*/*").await;
        let rows = csv_column(&csv.bytes, "id").len();
        assert!(csv.disposition.starts_with("attachment; filename=\"acme-events-"), "{}", csv.disposition);
        assert_eq!(csv.complete_until.as_deref(), Some("2026-11-22T10:00:04.120Z"), "P15");
        let event = recorded(&world, "acme", "event_log.exported", 1).await.remove(0);
        assert_eq!(event["records"], rows);
        assert_eq!(event["outcome"], "success");
        assert_eq!(event["object"]["id"], "events");
        assert_eq!(event["changes"][0]["new"], "csv");
        let lists = json!({
            "action": ["view", "export"], "exclude_action": ["print", "create"], "actor_id": ["u1", "u2", "u3"]
        });
        assert_eq!(event["payload"]["filter"], lists);
        assert_eq!(event["actor"]["kind"], "api_key");
        assert!(world.audit.recorded("acme").iter().all(|event| event["type"] != "event_log.viewed"));
    });
}

/// P13: each read of what others did is recorded, with what was asked for and how much it showed; what is asked again, or goes
/// on, is recorded less and less often, with how often that was.
#[test]
fn reading_is_recorded() {
    with_world("exports_viewed", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Security).await;
        let stored = events(50);
        world.insert(&stored).await;
        let of_u1 = stored.iter().filter(|event| event.tenant == "acme" && event.actor_id == "u1").count();
        assert!(of_u1 > 4);
        world.pages("/v1/events?limit=1&actor_id=u1", &key).await;
        // Within the same ten minutes: another filter, another period, another order, and the headers alone.
        let long_ago = "from=2020-01-01T00:00:00Z&to=2020-02-01T00:00:00Z";
        world.ok("/v1/events?actor_id=u2", &key).await;
        world.ok("/v1/events?actor_id=u2&order=asc", &key).await;
        world.ok(&format!("/v1/events?actor_id=u2&{long_ago}"), &key).await;
        assert_eq!(world.send("HEAD", "/v1/events?actor_id=u2", &key, None).await.status, 200);
        assert_eq!(world.send("HEAD", "/v1/events?actor_id=u2&format=csv", &key, None).await.status, 200);
        for user in ["u1", "u2", "u%2F3", "undefined", "%01"] {
            world.ok(&format!("/v1/users/{user}/devices"), &key).await;
            world.ok(&format!("/v1/users/{user}/devices?kind=phone"), &key).await;
        }
        world.ok("/v1/catalogue", &key).await;
        assert_eq!(world.get("/v1/users/u3/devices?colour=red", &key).await.status, 400);

        let ordinals = 1 + of_u1.ilog2() as usize;
        let log = recorded(&world, "acme", "event_log.viewed", ordinals + 5).await;
        let of =
            |actor: &'static str| log.iter().filter(move |event| event["payload"]["filter"]["actor_id"][0] == actor);
        assert_eq!((of("u1").count(), of("u2").count(), log.len()), (ordinals, 5, ordinals + 5));
        let told: Vec<u64> = of("u1").map(|event| event["payload"]["requests"].as_u64().unwrap_or(1)).collect();
        assert_eq!(BTreeSet::from_iter(told), (0..ordinals).map(|power| 1 << power).collect::<BTreeSet<u64>>());
        let first = of("u1").find(|event| event["payload"]["requests"].is_null()).unwrap();
        assert_eq!((&first["object"]["id"], &first["payload"]["records"]), (&json!("events"), &json!(1)));
        let fourth = of("u1").find(|event| event["payload"]["requests"] == 4).unwrap();
        assert_eq!(fourth["payload"]["records"], 4);
        assert!(of("u2").any(|event| event["payload"]["filter"]["order"][0] == "asc"));
        assert!(of("u2").any(|event| event["payload"]["period"]["from"] == "2020-01-01T00:00:00Z"
            && event["payload"]["records"].is_null()));
        assert_eq!(of("u2").filter(|event| event["payload"]["method"] == "HEAD").count(), 2);
        assert!(world.audit.recorded("acme").iter().all(|event| event["type"] != "event_log.exported"));
        let traces = recorded(&world, "acme", "user_trace.viewed", 10).await;
        let mut users: Vec<&str> =
            traces.iter().map(|event| event["payload"]["filter"]["user_id"][0].as_str().unwrap()).collect();
        users.sort_unstable();
        users.dedup();
        assert_eq!((traces.len(), users), (10, vec!["\u{1}", "u/3", "u1", "u2", "undefined"]));
    });
}

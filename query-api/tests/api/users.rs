//! The list of users with its marks (K2, K3, K8, K16), and the page of one: sign-ins, devices, sessions (K1, K5, K7, K9).

use std::collections::BTreeSet;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use schemas::settings::Role;
use serde_json::{Value, json};

use crate::exports::{csv_column, file};
use crate::support::{Event, World, encoded, ids, with_world};

fn text(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

fn named(event: Event, name: &str, email: &str) -> Event {
    Event { actor_name: name.to_owned(), actor_email: email.to_owned(), ..event }
}

fn field(rows: &[Value], name: &str) -> Vec<String> {
    rows.iter().map(|row| row[name].as_str().unwrap().to_owned()).collect()
}

/// K2: by part of the name, the e-mail address or the id, in any case and any letters; deactivated ones on request; what
/// looks like a pattern is text.
#[test]
fn users_are_found() {
    with_world("users_search", async |world| {
        for tenant in ["acme", "other"] {
            world.tenant(tenant, |_| {}).await;
        }
        let viewer = world.key(Some("acme"), Role::Viewer).await;
        let at = |id: &str, user: &str, minutes: i64| Event::sign_in(id, user, TimeDelta::minutes(minutes));
        let gone = Event { actor_active: false, ..at("e4", "u-4", 40) };
        let foreign = Event { tenant: "other".to_owned(), ..at("e5", "u-5", 50) };
        let system = Event { actor_kind: "system", ..at("e6", "u-6", 60) };
        world
            .insert(&[
                named(at("e1", "u-1", 10), "Jana Nováková", "jana@acme.example"),
                named(at("e2", "u-2", 20), "Пётр Иванов", "petr@acme.example"),
                named(at("e3", "u_3", 30), "100% Bob", "bob@acme.example"),
                named(gone, "Old Novák", "old@acme.example"),
                named(foreign, "Foreign Novák", "f@acme.example"),
                system,
            ])
            .await;
        // A later name takes the place of an earlier one.
        world.insert(&[named(at("e7", "u-1", 5), "Jana NOVOTNÁ", "jana@acme.example")]).await;
        // An event that says no name takes none away, nor does an older one that comes late.
        let silent = Event { device_kind: "", ip: "::", country: "", ..at("e8", "u-1", 1) };
        world.insert(&[named(silent, "", "")]).await;
        world.insert(&[named(at("e9", "u-1", 600), "Jana Stará", "stara@acme.example")]).await;
        let one = world.ok("/v1/users/u-1", &viewer).await;
        assert_eq!(
            (&one["data"]["name"], &one["data"]["email"]),
            (&json!("Jana NOVOTNÁ"), &json!("jana@acme.example"))
        );
        let security = world.key(Some("acme"), Role::Security).await;
        let device = &world.ok("/v1/users/u-1/devices", &security).await["data"][0];
        assert_eq!((&device["kind"], &device["place"]["country"]), (&json!("desktop"), &json!("CZ")), "{device}");
        let cases: [(&str, &[&str]); 11] = [
            ("stará", &[]),
            ("", &["u-1", "u-2", "u_3"]),
            ("novotná", &["u-1"]),
            ("nováková", &[]),
            ("ПЁТР", &["u-2"]),
            ("ACME.", &["u-1", "u-2", "u_3"]),
            ("u-", &["u-1", "u-2"]),
            ("_", &["u_3"]),
            ("%", &["u_3"]),
            ("novák", &[]),
            ("' OR 1", &[]),
        ];
        for (q, wanted) in cases {
            let query = if q.is_empty() { String::new() } else { format!("&q={}", encoded(q)) };
            assert_eq!(ids(&world.pages(&format!("/v1/users?limit=2{query}"), &viewer).await), wanted, "{q}");
        }
        let all = ids(&world.pages("/v1/users?include_deactivated=true&q=nov", &viewer).await);
        assert_eq!(all, ["u-1", "u-4"]);
        let one = world.ok("/v1/users/u-4", &viewer).await;
        assert_eq!((&one["data"]["active"], &one["data"]["name"]), (&json!(false), &json!("Old Novák")));
        for id in ["u-5", "u-6", "nobody"] {
            assert_eq!(world.get(&format!("/v1/users/{id}"), &viewer).await.status, 404, "{id}");
        }
        for bad in ["q=", &format!("q={}", "x".repeat(257)), "include_deactivated=1", "colour=red"] {
            assert_eq!(world.get(&format!("/v1/users?{bad}"), &viewer).await.status, 400, "{bad}");
        }
    });
}

/// T5, T6, K2, J17: who is known from history alone is listed, found, traced, and shown as deactivated, by what was last said: by
/// the user's own events or by others about the user. Whoever others alone speak of is listed and was never active.
#[test]
fn users_of_history_are_deactivated_and_come_back() {
    with_world("users_history", async |world| {
        world.tenant("acme", |_| {}).await;
        let old = |id: &str, user: &str, hours: i64| Event {
            backfill: true,
            channel: "call",
            ..Event::sign_in(id, user, TimeDelta::hours(hours))
        };
        let about = |id: &str, user: &str, what: &str, hours: i64| Event {
            event_type: what.to_owned(),
            category: "configuration",
            class: "change",
            action: if what.ends_with("reactivated") { "reactivate" } else { "deactivate" },
            object_type: "user",
            object_id: user.to_owned(),
            object_name: format!("Old {user}"),
            ..old(id, "boss", hours)
        };
        world
            .insert(&[
                named(old("e1", "h-1", 30), "Old Jana", "old-jana@acme.example"),
                named(old("e2", "h-2", 30), "Old Petr", ""),
                Event { actor_active: false, ..old("e3", "h-2", 20) },
                about("e4", "h-1", "user.deactivated", 10),
                about("e5", "h-3", "user.deactivated", 10),
                about("e6", "h-4", "user.reactivated", 9),
            ])
            .await;
        // It comes late, and is older.
        world.insert(&[about("e7", "h-4", "user.deactivated", 12), about("e8", "h-2", "user.reactivated", 25)]).await;
        let key = world.key(Some("acme"), Role::Supervisor).await;
        let all = world.pages("/v1/users?include_deactivated=true&q=h-", &key).await;
        let shown = |row: &Value| (row["id"].as_str().unwrap().to_owned(), row["active"].as_bool().unwrap());
        let mut states: Vec<_> = all.iter().map(shown).collect();
        states.sort();
        let expected = [("h-1", false), ("h-2", false), ("h-3", false), ("h-4", true)];
        assert_eq!(states, expected.map(|(id, active)| (id.to_owned(), active)));
        assert_eq!(ids(&world.pages("/v1/users?q=h-", &key).await), ["h-4"]);
        assert_eq!(ids(&world.pages("/v1/users?include_deactivated=true&q=old-jana", &key).await), ["h-1"]);
        assert_eq!(ids(&world.pages("/v1/users?include_deactivated=true&q=old%20h-3", &key).await), ["h-3"]);
        assert_eq!(world.ok("/v1/users/h-3", &key).await["data"]["last_activity_at"], Value::Null);
        let date = (Utc::now() - TimeDelta::hours(30)).date_naive();
        let trace = world.ok(&format!("/v1/users/h-1/timeline?date={date}"), &key).await;
        assert!(trace.to_string().contains("e1"), "{trace}");
        // Brought back.
        world.insert(&[about("e9", "h-3", "user.reactivated", 1)]).await;
        assert_eq!(world.ok("/v1/users/h-3", &key).await["data"]["active"], true);
    });
}

/// K8, pitfall 14: the latest active first, every user once through ties; K2: narrowed to a period.
#[test]
fn users_are_paged_through_ties() {
    with_world("users_paging", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Viewer).await;
        let base = Event::sign_in("base", "u", TimeDelta::hours(5));
        let mut events = Vec::new();
        for number in 0..60_i64 {
            let at = base.occurred + TimeDelta::milliseconds(number % 4);
            let id = format!("u{number:02}");
            events.push(Event { actor_id: id, id: format!("e{number}"), occurred: at, ..base.clone() });
        }
        // Some were there before.
        for number in 0..20 {
            let early = Event::sign_in(&format!("f{number}"), &format!("u{number:02}"), TimeDelta::days(3));
            world.insert(&[early]).await;
        }
        world.insert(&events).await;
        events.sort_by(|a, b| (b.occurred, &b.actor_id).cmp(&(a.occurred, &a.actor_id)));
        let wanted: Vec<String> = events.iter().map(|event| event.actor_id.clone()).collect();
        for limit in [7, 60, 61] {
            assert_eq!(ids(&world.pages(&format!("/v1/users?limit={limit}"), &key).await), wanted);
        }
        let row = world.ok("/v1/users/u05", &key).await["data"].clone();
        assert_eq!(row["sign_ins"], 2);
        assert_eq!(row["last_activity_at"], text(base.occurred + TimeDelta::milliseconds(1)));
        let to = encoded(&text(base.occurred - TimeDelta::days(1)));
        assert_eq!(world.pages(&format!("/v1/users?to={to}"), &key).await.len(), 20);
        let from = encoded(&text(base.occurred + TimeDelta::seconds(1)));
        assert_eq!(world.pages(&format!("/v1/users?from={from}"), &key).await.len(), 0);
    });
}

/// K3, K4, K16: who broke a rule is marked, for staff with the right alone, and the sign-in history shows what it was.
#[test]
fn marks_are_for_security() {
    with_world("users_marks", async |world| {
        world.tenant("acme", |_| {}).await;
        let viewer = world.key(Some("acme"), Role::Viewer).await;
        let security = world.key(Some("acme"), Role::Security).await;
        let mut broke = Event::sign_in("e1", "u1", TimeDelta::hours(2));
        broke.violations = vec!["dormant", "new-country"];
        let key = Event { actor_kind: "api_key", id: "e3".to_owned(), actor_id: "u2".to_owned(), ..broke.clone() };
        world.insert(&[broke.clone(), Event::sign_in("e2", "u2", TimeDelta::hours(1)), key]).await;
        // What is informational marks nobody.
        let told = Event {
            id: "e4".to_owned(),
            action: "sign_out",
            level: 0,
            violations: vec!["password-changed"],
            ..broke.clone()
        };
        world.insert(&[told]).await;
        let marked = world.pages("/v1/users", &security).await;
        let marks: Vec<&Value> = marked.iter().map(|row| &row["unreviewed_violations"]).collect();
        assert_eq!((ids(&marked), marks), (vec!["u2".to_owned(), "u1".to_owned()], vec![&json!(0), &json!(2)]));
        for path in ["/v1/users", "/v1/users/u1"] {
            assert!(!world.ok(path, &viewer).await.to_string().contains("unreviewed"), "{path}");
        }
        for page in ["sign-ins", "devices", "sessions", "violations"] {
            assert_eq!(world.get(&format!("/v1/users/u1/{page}"), &viewer).await.status, 403, "{page}");
        }
        // Who is marked can be asked for, page by page and as a file, and nobody else can be.
        let listed = async |query: &str| ids(&world.pages(&format!("/v1/users?limit=1&{query}"), &security).await);
        assert_eq!(
            (listed("marked=true").await, listed("marked=false").await),
            (vec!["u1".to_owned()], vec!["u2".to_owned()])
        );
        assert_eq!(listed("marked=true&q=u2").await, [""; 0]);
        let page = world.ok("/v1/users?marked=true", &security).await;
        assert_eq!((&page["data"][0]["unreviewed_violations"], page["complete_until"].is_null()), (&json!(2), true));
        let csv = file(&world, "/v1/users?marked=true", &security, "text/csv").await.bytes;
        assert_eq!(
            (csv_column(&csv, "id"), csv_column(&csv, "unreviewed_violations")),
            (vec!["u1".to_owned()], vec!["2".to_owned()])
        );
        for marked in ["true", "false"] {
            let refused = world.get(&format!("/v1/users?marked={marked}"), &viewer).await;
            assert_eq!((refused.status, &refused.json["pointer"]), (403, &json!("marked")));
        }
        assert_eq!(world.get("/v1/users?marked=1", &security).await.status, 400);
        let rows = world.pages("/v1/users/u1/sign-ins?violations=true", &security).await;
        let found: BTreeSet<String> = field(rows[0]["violations"].as_array().unwrap(), "id").into_iter().collect();
        assert_eq!(found, broke.violations.iter().map(|rule| broke.violation_id(rule)).collect());
        assert_eq!(world.pages("/v1/users/u2/sign-ins?violations=true", &security).await.len(), 0);

        world.insert(&[Event::review(&broke.violation_id("dormant"), "violation.reviewed", TimeDelta::hours(1))]).await;
        assert_eq!(world.ok("/v1/users/u1", &security).await["data"]["unreviewed_violations"], 1);
        assert_eq!(listed("marked=true").await, ["u1"]);
        let last = broke.violation_id("new-country");
        world.insert(&[Event::review(&last, "violation.reviewed", TimeDelta::minutes(30))]).await;
        assert_eq!((listed("marked=true").await, listed("marked=false").await.len()), (Vec::<String>::new(), 2));
    });
}

/// K2, K3: users by name, whatever the case and marks of its letters, and by their unreviewed violations, every user once through ties;
/// some by their ids.
#[test]
fn users_are_put_in_order() {
    with_world("users_sorted", async |world| {
        world.tenant("acme", |_| {}).await;
        let security = world.key(Some("acme"), Role::Security).await;
        let viewer = world.key(Some("acme"), Role::Viewer).await;
        let rules = ["mass-export", "dormant", "new-country"];
        // Name, unreviewed violations, minutes since the last activity.
        let people = [
            ("u1", "Žaneta Malá", 0, 10),
            ("u2", "adam", 2, 20),
            ("u3", "Álvaro", 2, 30),
            ("u4", "Bob", 0, 40),
            ("u5", "bob", 1, 50),
            ("u6", "", 3, 60),
            ("u7", "Яна", 0, 70),
            ("u8", "Ёжик", 1, 80),
            ("u9", "", 0, 90),
        ];
        let event = |(user, name, broken, minutes): (&str, &str, usize, i64)| Event {
            actor_name: name.to_owned(),
            violations: rules[..broken].to_vec(),
            ..Event::sign_in(&format!("e-{user}"), user, TimeDelta::minutes(minutes))
        };
        world.insert(&people.map(event)).await;
        let listed = async |query: &str, key: &str| ids(&world.pages(&format!("/v1/users?{query}"), key).await);
        let by_name = ["u2", "u3", "u4", "u5", "u1", "u8", "u7", "u6", "u9"];
        let ranked = ["u6", "u2", "u3", "u5", "u8", "u1", "u4", "u7", "u9"];
        for limit in [1, 2, 3, 8, 9, 10] {
            assert_eq!(listed(&format!("sort=name&limit={limit}"), &viewer).await, by_name, "{limit}");
            assert_eq!(listed(&format!("sort=unreviewed&limit={limit}"), &security).await, ranked, "{limit}");
        }
        assert_eq!(listed("sort=unreviewed&marked=true&limit=2", &security).await, ranked[..5]);
        assert_eq!(listed("sort=name&id=u8,u1,u2,nobody&limit=1", &viewer).await, ["u2", "u1", "u8"]);
        assert_eq!(listed("id=u9&id=u4", &viewer).await, ["u4", "u9"]);
        let csv = file(&world, "/v1/users?sort=unreviewed&format=csv", &security, "*/*").await.bytes;
        assert_eq!(csv_column(&csv, "id"), ranked);
        assert_eq!(csv_column(&csv, "max_level")[..6], ["high", "high", "high", "high", "high", ""]);
        // A cursor is of its order.
        let cursor = world.ok("/v1/users?sort=name&limit=1", &security).await["next_cursor"].clone();
        let other = format!("/v1/users?sort=unreviewed&limit=1&cursor={}", cursor.as_str().unwrap());
        assert_eq!(world.get(&other, &security).await.json["code"], "invalid_cursor");
        let refused = world.get("/v1/users?sort=unreviewed", &viewer).await;
        assert_eq!((refused.status, &refused.json["pointer"]), (403, &json!("sort")));
    });
}

/// K3, K6, K16: beside the marks stand their worst level and whether the checks are off now, for those who may see them.
#[test]
fn marks_have_a_level_and_exemptions() {
    with_world("users_levels", async |world| {
        world.tenant("acme", |_| {}).await;
        let (security, viewer) =
            (world.key(Some("acme"), Role::Security).await, world.key(Some("acme"), Role::Viewer).await);
        let broken = |id: &str, user: &str, level: u8, rule| Event {
            level,
            violations: vec![rule],
            ..Event::sign_in(id, user, TimeDelta::minutes(5))
        };
        let worst = broken("e2", "u1", 4, "mass-export");
        let events =
            [broken("e1", "u1", 1, "dormant"), worst.clone(), Event::sign_in("e3", "u2", TimeDelta::minutes(9))];
        world.insert(&events).await;
        let off = json!({ "owner": "ann", "reason": "travels" });
        assert_eq!(world.send("PUT", "/v1/users/u2/exemption", &security, Some(off)).await.status, 200);
        let shown = async |user: &str| world.ok(&format!("/v1/users/{user}"), &security).await["data"].clone();
        let (first, second) = (shown("u1").await, shown("u2").await);
        assert_eq!((&first["max_level"], &first["exempt"]), (&json!("critical"), &json!(false)));
        assert_eq!((second.get("max_level"), &second["exempt"]), (None, &json!(true)));
        let reviewed = Event::review(&worst.violation_id("mass-export"), "violation.reviewed", TimeDelta::minutes(1));
        world.insert(&[reviewed]).await;
        assert_eq!(shown("u1").await["max_level"], "low");
        assert_eq!(world.send("DELETE", "/v1/users/u2/exemption", &security, None).await.status, 200);
        assert_eq!(shown("u2").await["exempt"], false);
        let seen = world.ok("/v1/users", &viewer).await.to_string();
        assert!(!seen.contains("max_level") && !seen.contains("exempt"), "{seen}");
    });
}

/// K9: when a user signed in on a device first and last is shown beside when it was seen: of one user, of all, and in files; what failed is
/// no sign-in.
#[test]
fn devices_tell_when_they_were_signed_in_on() {
    with_world("users_device_sign_ins", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Security).await;
        let at = |id: &str, user: &str, hours: i64, action: &'static str| Event {
            action,
            device_id: "d".to_owned(),
            ..Event::sign_in(id, user, TimeDelta::hours(hours))
        };
        let failed = Event { outcome: "failure", ..at("e2", "u1", 8, "sign_in") };
        let events = [
            at("e1", "u1", 9, "view"),
            failed,
            at("e3", "u1", 7, "sign_in"),
            at("e4", "u1", 6, "sign_in"),
            at("e5", "u1", 5, "sign_in_failed"),
            at("e6", "u1", 4, "view"),
            at("e7", "u2", 3, "sign_in"),
            at("e8", "u3", 2, "view"),
        ];
        // Each in a part of its own, the latest first.
        for event in events.iter().rev() {
            world.insert(std::slice::from_ref(event)).await;
        }
        let time = |at: usize| json!(text(events[at].occurred));
        for (path, seen, signed_in) in [
            ("/v1/users/u1/devices", [time(0), time(5)], [time(2), time(3)]),
            ("/v1/users/u2/devices", [time(6), time(6)], [time(6), time(6)]),
            ("/v1/users/u3/devices", [time(7), time(7)], [Value::Null, Value::Null]),
            ("/v1/devices", [time(0), time(7)], [time(2), time(6)]),
        ] {
            let device = &world.ok(path, &key).await["data"][0];
            assert_eq!([&device["first_seen_at"], &device["last_seen_at"]], seen.each_ref(), "{path}");
            let told = ["first_sign_in_at", "last_sign_in_at"].map(|name| device.get(name));
            assert_eq!(told, signed_in.each_ref().map(Some), "{path}");
            let csv = file(&world, path, &key, "text/csv").await.bytes;
            let cell = |name: &str| csv_column(&csv, name)[0].clone();
            assert_eq!(cell("first_sign_in_at").is_empty(), signed_in[0].is_null(), "{path}");
            assert_eq!(cell("last_sign_in_at").is_empty(), signed_in[1].is_null(), "{path}");
        }
    });
}

/// K1, K7, L5: one row a sign-in, failed ones too, over all devices; each with its session as it stands.
#[test]
fn sign_ins_with_their_sessions() {
    with_world("users_sign_ins", async |world| {
        for tenant in ["acme", "other"] {
            world.tenant(tenant, |_| {}).await;
        }
        let key = world.key(Some("acme"), Role::Security).await;
        let first = Event::sign_in("e1", "u1", TimeDelta::hours(9));
        let later = |id: &str, action: &'static str, minutes: i64| Event {
            id: id.to_owned(),
            action,
            occurred: first.occurred + TimeDelta::minutes(minutes),
            ..first.clone()
        };
        let mut second = Event::sign_in("e2", "u1", TimeDelta::hours(2));
        second.device_id = "d2".to_owned();
        second.signals = vec![("new_device", 1.0), ("travel_km", 240.5)];
        let mut failed = Event::sign_in("e3", "u1", TimeDelta::hours(3));
        (failed.action, failed.outcome, failed.reason) = ("sign_in_failed", "failure", "wrong password");
        failed.session_id = String::new();
        let backfilled = Event { backfill: true, ..Event::sign_in("e4", "u1", TimeDelta::days(9)) };
        let foreign = Event { tenant: "other".to_owned(), ..Event::sign_in("e5", "u1", TimeDelta::hours(1)) };
        world.insert(&[first.clone(), later("v1", "view", 10), later("o1", "sign_out", 30)]).await;
        world.insert(&[second.clone(), failed, backfilled.clone(), foreign]).await;
        world.insert(&[Event::sign_in("e6", "u2", TimeDelta::hours(1))]).await;

        let path = "/v1/users/u1/sign-ins";
        let rows = world.pages(&format!("{path}?limit=1"), &key).await;
        assert_eq!(ids(&rows), ["e2", "e3", "e1", "e4"]);
        assert_eq!(ids(&world.pages(&format!("{path}?limit=3&order=asc"), &key).await), ["e4", "e1", "e3", "e2"]);
        let open = json!({"key": "s-e2", "last_activity_at": text(second.occurred), "signed_out_at": null});
        assert_eq!((&rows[0]["session"], &rows[0]["device"]["id"]), (&open, &json!("d2")));
        assert_eq!(rows[0]["signals"], json!({"new_device": true, "travel_km": 240.5}));
        assert_eq!((&rows[1]["reason"], &rows[1]["outcome"]), (&json!("wrong password"), &json!("failure")));
        assert!(rows[1].get("session").is_none());
        let end = text(first.occurred + TimeDelta::minutes(30));
        assert_eq!(rows[2]["session"], json!({"key": "s-e1", "last_activity_at": end, "signed_out_at": end}));
        assert_eq!((&rows[2]["ip"], &rows[2]["place"]["country"]), (&json!("198.51.100.7"), &json!("CZ")));
        let alone = text(backfilled.occurred);
        assert_eq!((&rows[3]["backfill"], &rows[3]["session"]["last_activity_at"]), (&json!(true), &json!(alone)));
        for (query, wanted) in [
            ("outcome=failure", vec!["e3"]),
            ("device_id=d2", vec!["e2"]),
            ("country=DE", vec![]),
            ("violations=false&outcome=success&period=custom&from=2020-01-01", vec!["e2", "e1", "e4"]),
        ] {
            assert_eq!(ids(&world.pages(&format!("{path}?{query}"), &key).await), wanted, "{query}");
        }
        assert_bound(&world, &key, path, "/v1/users/u2/sign-ins").await;
    });
}

/// The cursor of one user's list is none of another's.
async fn assert_bound(world: &World, key: &str, path: &str, other: &str) {
    let page = world.ok(&format!("{path}?limit=1"), key).await;
    let cursor = page["next_cursor"].as_str().unwrap();
    assert_eq!(world.get(&format!("{path}?limit=2&cursor={cursor}"), key).await.status, 200);
    assert_eq!(world.get(&format!("{other}?cursor={cursor}"), key).await.json["code"], "invalid_cursor");
}

/// K9, K10: devices with first and last sight, sign-ins, and how sure the id is; K1: sessions with start and end.
#[test]
fn devices_and_sessions() {
    with_world("users_devices", async |world| {
        for tenant in ["acme", "other"] {
            world.tenant(tenant, |_| {}).await;
        }
        let key = world.key(Some("acme"), Role::Security).await;
        let mut events = Vec::new();
        // Ten devices that were last seen at two times, in a session of their own each.
        let base = Event::sign_in("base", "u1", TimeDelta::days(2));
        for number in 0..10_i64 {
            let mut event = Event { id: format!("e{number}"), device_id: format!("d{number}"), ..base.clone() };
            event.session_id = format!("s{number}");
            event.occurred += TimeDelta::milliseconds(number % 2);
            events.push(event);
        }
        let failed =
            Event { id: "f".to_owned(), action: "sign_in_failed", device_id: "d-never".to_owned(), ..base.clone() };
        let mut back = Event { id: "g".to_owned(), ip: "2001:db8::1", country: "DE", ..events[3].clone() };
        back.occurred += TimeDelta::days(1);
        back.received = back.occurred;
        let foreign = Event { tenant: "other".to_owned(), device_id: "d-x".to_owned(), ..base.clone() };
        // History that came last (J17): a device of before, which is first seen then and no later last seen.
        let mut old = Event { backfill: true, id: "h".to_owned(), ip: "192.0.2.9", ..events[3].clone() };
        old.occurred -= TimeDelta::days(3);
        old.session_id = "s-old".to_owned();
        // A sign-in that failed, spelled the other way.
        let spelled = Event { id: "f2".to_owned(), action: "sign_in", outcome: "failure", ..failed.clone() };
        world.insert(&events).await;
        world.insert(&[failed, spelled, back.clone(), foreign, old.clone()]).await;
        world.insert(&[Event { actor_id: "u2".to_owned(), ..base.clone() }]).await;

        let devices = world.pages("/v1/users/u1/devices?limit=3", &key).await;
        let order = ["d3", "d9", "d7", "d5", "d1", "d8", "d6", "d4", "d2", "d0", "d-never"];
        assert_eq!(ids(&devices), order);
        let again = &devices[0];
        assert_eq!(
            (&again["first_seen_at"], &again["last_seen_at"]),
            (&json!(text(old.occurred)), &json!(text(back.occurred)))
        );
        assert_eq!(
            (&again["sign_ins"], &again["failed_sign_ins"], &again["kind"]),
            (&json!(3), &json!(0), &json!("desktop"))
        );
        assert_eq!(
            (&again["first_sign_in_at"], &again["last_sign_in_at"]),
            (&json!(text(old.occurred)), &json!(text(back.occurred)))
        );
        let never = &devices[10];
        assert_eq!(
            (never.get("first_sign_in_at"), never.get("last_sign_in_at")),
            (Some(&Value::Null), Some(&Value::Null))
        );
        assert_eq!((&never["sign_ins"], &never["failed_sign_ins"]), (&json!(0), &json!(2)), "{never}");
        let user = &world.ok("/v1/users/u1", &key).await["data"];
        assert_eq!((&user["sign_ins"], &user["first_seen_at"]), (&json!(12), &json!(text(old.occurred))), "{user}");
        assert_eq!((&again["ip"], &again["place"]), (&json!("2001:db8::1"), &json!({"country": "DE"})));
        assert_eq!(ids(&world.pages("/v1/users/u1/devices?signed_in=false", &key).await), ["d-never"]);
        let from = encoded(&text(back.occurred - TimeDelta::hours(1)));
        assert_eq!(ids(&world.pages(&format!("/v1/users/u1/devices?kind=desktop&from={from}"), &key).await), ["d3"]);
        assert_bound(&world, &key, "/v1/users/u1/devices", "/v1/users/u2/devices").await;

        let out = Event { id: "o".to_owned(), action: "sign_out", ..events[5].clone() };
        world.insert(std::slice::from_ref(&out)).await;
        let sessions = world.pages("/v1/users/u1/sessions?limit=3", &key).await;
        let order = ["s9", "s7", "s5", "s3", "s1", "s-base", "s8", "s6", "s4", "s2", "s0", "s-old"];
        let keys: Vec<String> = field(&sessions, "key");
        assert_eq!(keys.iter().collect::<BTreeSet<_>>(), order.map(str::to_owned).iter().collect());
        assert_eq!(keys[..5], order[..5]);
        let s3 = &sessions[3];
        assert_eq!(
            (&s3["started_at"], &s3["last_activity_at"]),
            (&json!(text(events[3].occurred)), &json!(text(back.occurred)))
        );
        assert_eq!((&s3["signed_out_at"], &s3["events"], &s3["device_id"]), (&Value::Null, &json!(2), &json!("d3")));
        assert_eq!(sessions[2]["signed_out_at"], text(out.occurred));
        assert_eq!(field(&world.pages("/v1/users/u1/sessions?signed_out=true", &key).await, "key"), ["s5"]);
        assert_eq!(world.pages("/v1/users/u1/sessions?signed_out=false", &key).await.len(), 11);
        assert_eq!(field(&world.pages("/v1/users/u1/sessions?device_id=d3", &key).await, "key"), ["s3", "s-old"]);
        assert_eq!(field(&world.pages(&format!("/v1/users/u1/sessions?from={from}"), &key).await, "key"), ["s3"]);
    });
}

/// L2, P15: what is older than the longest retention is not shown of anybody; every answer says how complete it is.
#[test]
fn users_are_forgotten_in_time() {
    with_world("users_retention", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Admin).await;
        let old = Event::sign_in("e1", "u1", TimeDelta::days(60));
        world.insert(&[old, Event::sign_in("e2", "u2", TimeDelta::hours(1))]).await;
        let lists = |user: &str| ["devices", "sessions", "sign-ins"].map(|list| format!("/v1/users/{user}/{list}"));
        assert_eq!(world.pages("/v1/users", &key).await.len(), 2);
        let days = json!({"sign_ins": 30, "changes": 30, "views": 30, "configuration": 30, "other": 30});
        assert_eq!(world.send("PUT", "/v1/settings/retention", &key, Some(days)).await.status, 200);
        assert_eq!(ids(&world.pages("/v1/users", &key).await), ["u2"]);
        assert_eq!(world.get("/v1/users/u1", &key).await.status, 404);
        let until = Utc::now() - TimeDelta::minutes(1);
        world.freshness.set(until);
        for (gone, left) in lists("u1").iter().zip(lists("u2")) {
            assert_eq!(world.pages(gone, &key).await.len(), 0, "{gone}");
            let page = world.ok(&left, &key).await;
            assert_eq!((page["data"].as_array().unwrap().len(), &page["complete"]), (1, &json!(true)), "{left}");
            assert!(page["complete_until"].is_string());
        }
    });
}

//! Statistics against a recount (T14, P8), in zones whose hours and days are not those of UTC.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use rand::RngExt as _;
use schemas::settings::{Role, WeekStart};
use serde_json::{Value, json};

use crate::support::{Event, encoded, rng, with_world};

fn counts(events: &[&Event]) -> Value {
    let sum = |figure: fn(&Event) -> u64| events.iter().map(|event| figure(event)).sum::<u64>();
    json!({
        "events": events.len(),
        "duration_ms": sum(|event| event.duration_ms),
        "records": sum(|event| event.records),
        "sign_ins": sum(|event| u64::from(event.action == "sign_in" && event.outcome == "success")),
        "failed_sign_ins": sum(|event| u64::from(
            event.action == "sign_in_failed" || (event.action == "sign_in" && event.outcome == "failure")
        )),
        "violations": sum(|event| event.violations.len() as u64),
    })
}

fn figures(of: &Value) -> Value {
    let names = ["events", "duration_ms", "records", "sign_ins", "failed_sign_ins", "violations"];
    names.into_iter().map(|name| (name.to_owned(), of[name].clone())).collect::<serde_json::Map<_, _>>().into()
}

fn distinct(events: &[&Event]) -> Value {
    let count = |thing: fn(&Event) -> String| {
        let all: BTreeSet<String> = events.iter().map(|event| thing(event)).filter(|text| !text.is_empty()).collect();
        json!({ "value": all.len(), "estimate": false })
    };
    json!({
        "devices": count(|event| event.device_id.clone()),
        "ips": count(|event| if event.ip == "::" { String::new() } else { event.counted_ip().to_string() }),
        "objects": count(|event| match event.object_id.as_str() {
            "" => String::new(),
            id => format!("{}/{id}", event.object_type),
        }),
        "sessions": count(|event| event.session_id.clone()),
    })
}

fn by(events: &[&Event], key: fn(&Event) -> &str) -> BTreeMap<String, Value> {
    let mut groups: BTreeMap<String, Vec<&Event>> = BTreeMap::new();
    for event in events {
        groups.entry(key(event).to_owned()).or_default().push(event);
    }
    groups.into_iter().map(|(key, events)| (key, counts(&events))).collect()
}

fn shares(of: &Value) -> BTreeMap<String, Value> {
    let rows = of.as_array().unwrap();
    rows.iter().map(|row| (row["key"].as_str().unwrap().to_owned(), figures(row))).collect()
}

fn check(answer: &Value, events: &[Event], user: &str, from: DateTime<Utc>, to: DateTime<Utc>) {
    let inside = |from: DateTime<Utc>, to: DateTime<Utc>| -> Vec<&Event> {
        let kept = |event: &&Event| event.actor_id == user && (from..to).contains(&event.occurred);
        events.iter().filter(kept).collect()
    };
    let all = inside(from, to);
    assert_eq!(figures(&answer["totals"]), counts(&all));
    assert_eq!(answer["distinct"], distinct(&all));
    type Key = fn(&Event) -> &str;
    let dimensions: [(&str, Key); 6] = [
        ("actions", |event| event.action),
        ("classes", |event| event.class),
        ("channels", |event| event.channel),
        ("object_types", |event| event.object_type),
        ("countries", |event| event.country),
        ("device_kinds", |event| event.device_kind),
    ];
    for (name, key) in dimensions {
        assert_eq!(shares(&answer[name]), by(&all, key), "{name}");
    }
    let mut edge = from;
    for bucket in answer["series"].as_array().unwrap() {
        let time = |name: &str| bucket[name].as_str().unwrap().parse::<DateTime<Utc>>().unwrap();
        assert_eq!(time("start"), edge);
        edge = time("end");
        let some = inside(time("start"), edge);
        assert_eq!(figures(bucket), counts(&some), "{bucket}");
        assert_eq!(bucket["distinct"], distinct(&some), "{bucket}");
    }
    assert_eq!(edge, to);
}

/// T14, P8, J5: totals, dimensions and buckets equal a recount, in every zone, for bounds at any millisecond.
#[test]
fn statistics_equal_a_recount() {
    with_world("statistics_recount", async |world| {
        let mut rng = rng(20);
        let zones =
            ["UTC", "Europe/Prague", "Asia/Kolkata", "Asia/Kathmandu", "America/St_Johns", "Australia/Lord_Howe"];
        let mut events = Vec::new();
        for (number, zone) in zones.iter().enumerate() {
            let id = format!("t{number}");
            world
                .tenant(&id, |tenant| {
                    tenant.time_zone = zone.parse().unwrap();
                    tenant.week_start = [WeekStart::Monday, WeekStart::Sunday, WeekStart::Saturday][number % 3];
                })
                .await;
            let longest = TimeDelta::days(20);
            events.push((0..300).map(|number| Event::random(&mut rng, &id, number, longest)).collect::<Vec<_>>());
        }
        for events in &events {
            // In two inserts, so that rollups are merged from several blocks.
            let (first, second) = events.split_at(100);
            world.insert(first).await;
            world.insert(second).await;
        }
        let now = Utc::now();
        for (number, events) in events.iter().enumerate() {
            let key = world.key(Some(&format!("t{number}")), Role::Admin).await;
            for width in ["hour", "day", "week"] {
                let minute = 60_000;
                let whole = now.timestamp_millis() / (60 * minute) * (60 * minute);
                let from = whole - rng.random_range(10..20) * 24 * 60 * minute - rng.random_range(0..2) * 1_234_567;
                let to = whole - rng.random_range(0..9) * 24 * 60 * minute + rng.random_range(0..2) * 7_654_321;
                let time = |millis: i64| DateTime::from_timestamp_millis(millis).unwrap();
                let text = |millis: i64| encoded(&time(millis).to_rfc3339_opts(SecondsFormat::Millis, true));
                let path = format!("/v1/users/u1/statistics?by={width}&from={}&to={}", text(from), text(to));
                let answer = world.ok(&path, &key).await;
                check(&answer, events, "u1", time(from), time(to));
            }
        }
    });
}

/// Pitfall 12: above a few dozen the number is an estimate within its stated error, and says so.
#[test]
fn estimates_say_so() {
    with_world("statistics_estimates", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Supervisor).await;
        let mut rng = rng(21);
        let mut events = Vec::new();
        for number in 0..2000 {
            let mut event = Event::random(&mut rng, "acme", number, TimeDelta::days(2));
            event.actor_id = "u1".to_owned();
            event.category = "other";
            event.session_id = format!("s{}", number % 32);
            event.device_id = format!("d{number}");
            events.push(event);
        }
        world.insert(&events).await;
        let answer = world.ok("/v1/users/u1/statistics?from=2020-01-01&by=week", &key).await;
        assert_eq!(answer["distinct"]["sessions"], json!({ "value": 32, "estimate": false }));
        let devices = &answer["distinct"]["devices"];
        assert_eq!((&devices["estimate"], &devices["error"]), (&json!(true), &json!(0.016)));
        let value = devices["value"].as_f64().unwrap();
        assert!((value - 2000.0).abs() < 5.0 * 0.016 * 2000.0, "{value}");
        // K16: a supervisor sees no violations.
        assert!(answer["totals"].get("violations").is_none());
    });
}

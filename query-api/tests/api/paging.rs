//! Paging (pitfalls 14 and 15, J11, P15).

use chrono::{Datelike as _, NaiveDate, TimeDelta, Utc};
use query_api::http::cursor::{Binding, Position};
use query_api::http::period::{Period, PeriodSpec};
use query_api::log::filter::EventFilter;
use schemas::settings::Role;
use serde_json::{Value, json};

use crate::exports::{csv_column, file};
use crate::support::{Event, ids, millis, rng, with_world};

/// Events of which many share their time.
fn with_ties(count: usize, times: i64) -> Vec<Event> {
    let mut rng = rng(1);
    let base = millis(Utc::now()) - TimeDelta::hours(2);
    let mut events: Vec<Event> =
        (0..count).map(|number| Event::random(&mut rng, "acme", number, TimeDelta::hours(1))).collect();
    for (number, event) in events.iter_mut().enumerate() {
        event.occurred = base + TimeDelta::milliseconds(number as i64 * 7 % times);
        event.received = base + TimeDelta::milliseconds(number as i64 * 3 % times);
    }
    events
}

/// J11, pitfall 14: both orders, every row exactly once, through ties that are longer than a page.
#[test]
fn every_row_once_through_ties() {
    with_world("paging_ties", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Admin).await;
        let mut events = with_ties(300, 5);
        world.insert(&events).await;
        events.sort_by(|a, b| (a.occurred, &a.id).cmp(&(b.occurred, &b.id)));
        let ascending: Vec<String> = events.iter().map(|event| event.id.clone()).collect();
        let descending: Vec<String> = ascending.iter().rev().cloned().collect();
        for limit in [1, 7, 299, 300, 301] {
            if limit == 1 {
                let one = world.ok("/v1/events?limit=1", &key).await;
                assert_eq!(ids(one["data"].as_array().unwrap()), descending[..1]);
                continue;
            }
            assert_eq!(ids(&world.pages(&format!("/v1/events?order=asc&limit={limit}"), &key).await), ascending);
            assert_eq!(ids(&world.pages(&format!("/v1/events?order=desc&limit={limit}"), &key).await), descending);
        }
        // The pages of one actor are read in another way (in the order of storage).
        let of_one = |all: &[Event]| -> Vec<String> {
            all.iter().filter(|event| event.actor_id == "u1").map(|event| event.id.clone()).collect()
        };
        assert_eq!(ids(&world.pages("/v1/events?order=asc&limit=3&actor_id=u1", &key).await), of_one(&events));
    });
}

/// Pitfall 14, T16: an id is its sender's and its source's. Events that share time and id are all listed, in any pages, and
/// each can be asked for; what only an id says is not guessed.
#[test]
fn one_id_of_several_senders() {
    with_world("paging_ids", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Admin).await;
        let mut events = Vec::new();
        for source in ["", "/shop-a", "/shop-b"] {
            for key_id in ["k1", "k2"] {
                let event = Event::sign_in("7", "u1", TimeDelta::hours(1));
                let (occurred, received) = events
                    .first()
                    .map_or((event.occurred, event.received), |first: &Event| (first.occurred, first.received));
                events.push(Event { source, key_id, occurred, received, ..event });
            }
        }
        world.insert(&events).await;
        let expected: Vec<(&str, &str)> = events.iter().map(|event| (event.source, event.key_id)).collect();
        for list in [
            "/v1/events?order=asc&",
            "/v1/events?",
            "/v1/events?actor_id=u1&",
            "/v1/users/u1/sign-ins?",
            "/v1/sign-ins?",
        ] {
            for limit in [1, 2, 4, 6] {
                let rows = world.pages(&format!("{list}limit={limit}"), &key).await;
                assert_eq!(ids(&rows), ["7"; 6], "{list} {limit}");
                if list.starts_with("/v1/events") {
                    let of = |row: &serde_json::Value| {
                        let source = row["source"].as_str().unwrap_or_default().to_owned();
                        (source, row["context"]["key_id"].as_str().unwrap().to_owned())
                    };
                    let mut found: Vec<_> = rows.iter().map(of).collect();
                    found.sort_unstable();
                    assert!(found.iter().map(|(source, key_id)| (&**source, &**key_id)).eq(expected.iter().copied()));
                }
            }
        }
        assert_eq!(world.pages("/v1/events?source=/shop-b,/shop-a&limit=3", &key).await.len(), 4);
        for path in ["/v1/events/7", "/v1/events/7?key_id=k1", "/v1/events/7?source=/shop-a"] {
            let refused = world.get(path, &key).await;
            assert_eq!((refused.status, &refused.json["code"]), (422, &"ambiguous_id".into()), "{path}");
        }
        let one = world.ok("/v1/events/7?source=/shop-a&key_id=k2", &key).await;
        assert_eq!((&one["data"]["source"], &one["data"]["context"]["key_id"]), (&"/shop-a".into(), &"k2".into()));
        // The one without a source can be named as well.
        let one = world.ok("/v1/events/7?source=&key_id=k2", &key).await;
        assert_eq!((&one["data"]["source"], &one["data"]["context"]["key_id"]), (&Value::Null, &"k2".into()));
        let explained = world.get("/v1/events/7/explain?rule=mass-view&source=&key_id=k2", &key).await;
        assert_eq!(explained.status, 200, "{}", explained.json);
        let preview = world.get("/v1/events/7/restore?source=&key_id=k2", &key).await;
        assert_ne!(preview.json["code"], "invalid_parameter", "{}", preview.json);
        assert_ne!(preview.json["code"], "ambiguous_id", "{}", preview.json);
        assert_eq!(world.pages("/v1/events?source=&limit=1", &key).await.len(), 2);
        // Nor are they one in files.
        let csv = file(&world, "/v1/events?format=csv", &key, "*/*").await.bytes;
        let (sources, keys) = (csv_column(&csv, "source"), csv_column(&csv, "context.key_id"));
        let mut found: Vec<(String, String)> = sources.into_iter().zip(keys).collect();
        found.sort_unstable();
        assert!(found.iter().map(|(source, key_id)| (&**source, &**key_id)).eq(expected.iter().copied()), "{found:?}");
    });
}

/// Pitfall 14: rows that arrive between two pages neither push others out nor in twice.
#[test]
fn arrivals_between_pages_change_nothing() {
    with_world("paging_arrivals", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Admin).await;
        let events = with_ties(60, 20);
        let (first, later) = events.split_at(40);
        world.insert(first).await;
        let page = world.ok("/v1/events?limit=10", &key).await;
        let mut seen = ids(page["data"].as_array().unwrap());
        world.insert(later).await;
        let rest = format!("/v1/events?limit=10&cursor={}", page["next_cursor"].as_str().unwrap());
        let mut page = world.ok(&rest, &key).await;
        loop {
            seen.extend(ids(page["data"].as_array().unwrap()));
            let Some(next) = page["next_cursor"].as_str() else { break };
            page = world.ok(&format!("/v1/events?limit=10&cursor={next}"), &key).await;
        }
        let unique: std::collections::BTreeSet<&String> = seen.iter().collect();
        assert_eq!(unique.len(), seen.len(), "a row was shown twice");
        assert!(first.iter().all(|event| unique.contains(&event.id)), "a row was skipped");
    });
}

/// P15, pitfall 14: whoever follows the log gets every row once, none before it is certain that none can precede it.
#[test]
fn following_by_receipt() {
    with_world("paging_follow", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Admin).await;
        let mut events = with_ties(50, 10);
        world.insert(&events).await;
        events.sort_by(|a, b| (a.received, &a.id).cmp(&(b.received, &b.id)));
        let expected: Vec<String> = events.iter().map(|event| event.id.clone()).collect();

        let unknown = world.ok("/v1/events?order=received&limit=4", &key).await;
        assert_eq!((unknown["data"].as_array().unwrap().len(), &unknown["complete"]), (0, &false.into()));
        let mut cursor = unknown["next_cursor"].as_str().unwrap().to_owned();
        let mut seen = Vec::new();
        let start = events[0].received;
        // The claim grows in steps that end within ties.
        for step in [0, 3, 4, 9, 100] {
            let until = start + TimeDelta::milliseconds(step);
            world.freshness.set(until);
            loop {
                let page = world.ok(&format!("/v1/events?order=received&limit=4&cursor={cursor}"), &key).await;
                let rows = page["data"].as_array().unwrap();
                seen.extend(ids(rows));
                cursor = page["next_cursor"].as_str().unwrap().to_owned();
                assert_eq!(page["complete"], true);
                if page["has_more"] == false {
                    break;
                }
            }
            let certain = events.iter().filter(|event| event.received < until).count();
            assert_eq!(seen, expected[..certain]);
        }
        assert_eq!(seen, expected);
    });
}

/// The cursor is bound to its tenant, filter and order (pitfall 14); a page's size may change.
#[test]
fn a_cursor_is_bound() {
    with_world("paging_bound", async |world| {
        world.tenant("acme", |_| {}).await;
        world.tenant("other", |_| {}).await;
        let key = world.key(Some("acme"), Role::Security).await;
        let foreign = world.key(Some("other"), Role::Security).await;
        world.insert(&with_ties(30, 10)).await;
        let page = world.ok("/v1/events?limit=5&class=create,delete,change,other", &key).await;
        let cursor = page["next_cursor"].as_str().unwrap();
        let same = format!("/v1/events?limit=9&class=other,change&class=delete,create&cursor={cursor}");
        assert_eq!(world.get(&same, &key).await.status, 200);
        for other in [
            format!("/v1/events?limit=5&class=create&cursor={cursor}"),
            format!("/v1/events?limit=5&cursor={cursor}"),
            format!("/v1/events?class=create,delete,change,other&order=asc&cursor={cursor}"),
            format!("/v1/events?class=create,delete,change,other&period=today&cursor={cursor}"),
            format!("/v1/events?class=create,delete,change,other&cursor={cursor}x"),
            format!("/v1/violations?cursor={cursor}"),
        ] {
            let answer = world.get(&other, &key).await;
            assert_eq!((answer.status, &answer.json["code"]), (400, &"invalid_cursor".into()), "{other}");
            assert_eq!(answer.json["pointer"], "cursor");
        }
        assert_eq!(world.get(&same, &foreign).await.status, 400);
        // Made up by somebody who knows how: whatever its times and ids are, it is refused or means no rows, never an error.
        let filter = serde_json::to_string(&(EventFilter::default(), PeriodSpec::default())).unwrap();
        let year = |year: i32| NaiveDate::from_ymd_opt(year, 1, 1).unwrap().and_hms_opt(0, 0, 0).unwrap().and_utc();
        let times = [-200_000, 0, 1899, 1900, 2026, 2299, 2300, 9_999, 10_000, 200_000].map(year);
        for (list, order) in
            [("events/newest", ""), ("events/oldest", "&order=asc"), ("events/received", "&order=received")]
        {
            for at in times {
                for (from, to) in
                    times.into_iter().flat_map(|time| [(None, None), (Some(time), None), (None, Some(time))])
                {
                    let position =
                        Position { at, id: "'\\\u{1}\n{x:String}".to_owned(), period: Period { from, to }, as_of: at };
                    let forged = Binding { tenant: "acme", list, filter: &filter }.seal(&position);
                    let answer = world.get(&format!("/v1/events?cursor={forged}{order}"), &key).await;
                    let known =
                        [Some(at), from, to].into_iter().flatten().all(|time| (1900..2300).contains(&time.year()));
                    assert_eq!(answer.status, if known { 200 } else { 400 }, "{at} {from:?} {to:?} {}", answer.json);
                }
            }
        }
    });
}

/// Times and numbers of bodies that no table can hold are refused by name.
#[test]
fn impossible_times_of_bodies_are_refused() {
    with_world("paging_times", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Admin).await;
        let why = json!({ "owner": "ann", "reason": "x" });
        for time in
            ["+10000-01-01T00:00:00Z", "-0001-01-01T00:00:00Z", "+262000-01-01T00:00:00Z", "1969-12-31T23:59:59Z"]
        {
            let mut silence = why.clone();
            silence["ends_at"] = time.into();
            let mut exemption = why.clone();
            exemption["expires_at"] = time.into();
            for (method, path, body) in [
                ("POST", "/v1/rules/test", json!({ "name": "mass-export", "from": time })),
                (
                    "POST",
                    "/v1/rules/test",
                    json!({ "name": "mass-export", "from": "2026-01-01T00:00:00Z", "to": time }),
                ),
                ("POST", "/v1/alerts/silences", silence),
                ("PUT", "/v1/users/u-1/exemption", exemption),
            ] {
                let answer = world.send(method, path, &key, Some(body)).await;
                assert_eq!(answer.status, 422, "{path} {time}: {}", answer.json);
            }
        }
    });
}

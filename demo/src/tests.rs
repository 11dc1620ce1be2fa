//! The demo's company is believable, steady, and shows everything.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::{Arc, Mutex};

use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use axum::routing::post;
use axum::{Json, Router};
use chrono::{DateTime, Datelike, TimeDelta, TimeZone, Timelike, Utc};
use schemas::catalogue::{Catalogue, Category};
use schemas::decode::{Attributes, Scratch, decode};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::*;

fn start() -> DateTime<Utc> {
    // A Monday.
    Utc.with_ymd_and_hms(2026, 11, 16, 0, 0, 0).unwrap()
}

fn company(seed: u64) -> Generator {
    Generator::new(seed, &Catalogue::shipped().unwrap(), people(seed, 60), start())
}

fn text<'a>(event: &'a Value, pointer: &str) -> &'a str {
    event.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn time(event: &Value) -> DateTime<Utc> {
    text(event, "/occurred_at").parse().unwrap()
}

#[test]
fn the_same_seed_makes_the_same_events() {
    let take = |seed| company(seed).take(500).collect::<Vec<_>>();
    assert_eq!(take(7), take(7));
    assert_ne!(take(7), take(8));
    let later = Generator::new(7, &Catalogue::shipped().unwrap(), people(7, 60), start() + TimeDelta::days(1));
    assert_ne!(text(&later.take(1).next().unwrap(), "/id"), text(&take(7)[0], "/id"));
}

/// Every event is one that ingest accepts, in order of time, at the rate asked for, with an id of its own.
#[test]
fn events_are_valid_and_in_order() {
    let mut last = start();
    let mut ids = HashSet::new();
    for event in company(1).pace(Pace::Steady(50.0)).take(20_000) {
        let bytes = serde_json::to_vec(&event).unwrap();
        let scratch = Scratch::default();
        let decoded =
            decode(&bytes, &Attributes::default(), &scratch).unwrap_or_else(|rejection| panic!("{rejection}: {event}"));
        assert_eq!(schemas::decode::unknown_fields(&decoded).len(), 0, "{event}");
        assert!(ids.insert(text(&event, "/id").to_owned()));
        assert!(time(&event) >= last);
        last = time(&event);
    }
    assert_eq!(last, start() + TimeDelta::seconds(400));
}

/// J10: every type of the catalogue appears, soon and again.
#[test]
fn every_type_appears() {
    let catalogue = Catalogue::shipped().unwrap();
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    // A day and a half at a low rate, so that sessions expire.
    for event in company(2).pace(Pace::Steady(0.12)).take(16_000) {
        *seen.entry(text(&event, "/type").to_owned()).or_default() += 1;
    }
    let missing: Vec<_> =
        catalogue.entries().map(|entry| &entry.event_type).filter(|name| !seen.contains_key(*name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
    let all: BTreeSet<_> = catalogue.entries().map(|entry| entry.event_type.as_str()).collect();
    assert!(seen.keys().all(|name| all.contains(name.as_str())));
    // What is rare stays rare.
    assert!(seen["contact.viewed"] > 10 * seen["contact.deleted"]);
}

/// People work by day where they are: few of the office's sign-ins happen at night.
#[test]
fn days_have_a_rhythm() {
    let zones: BTreeMap<String, Person> = people(3, 60).into_iter().map(|person| (person.id.clone(), person)).collect();
    let (mut day, mut night, mut weekend, mut week) = (0, 0, 0, 0);
    for event in company(3).pace(Pace::Daily(0.1)).take_while(|event| time(event) < start() + TimeDelta::days(7)) {
        if text(&event, "/type") != "user.signed_in" {
            continue;
        }
        let person = &zones[text(&event, "/actor/id")];
        let local = time(&event).with_timezone(&person.office.zone());
        match local.hour() {
            0..5 => night += 1,
            _ => day += 1,
        }
        match local.weekday().num_days_from_monday() {
            _ if person.weekends => {}
            5.. => weekend += 1,
            _ => week += 1,
        }
    }
    assert!(day > 20 * night.max(1), "{day} by day, {night} by night");
    assert!(week > 5 * weekend.max(1), "{week} in the week, {weekend} at the weekend");
}

/// A daily pace keeps about to its mean rate.
#[test]
fn the_daily_pace_keeps_its_mean() {
    let events =
        company(4).pace(Pace::Daily(0.1)).take_while(|event| time(event) < start() + TimeDelta::days(7)).count();
    let expected = 0.1 * 7.0 * 86_400.0;
    assert!((0.6..1.6).contains(&(events as f64 / expected)), "{events} events for {expected}");
}

/// Who works is signed in: each session begins with its sign-in, has one person and, from one device, one address.
#[test]
fn sessions_are_consistent() {
    let mut sessions: BTreeMap<String, (String, String)> = BTreeMap::new();
    for event in company(5).pace(Pace::Steady(0.2)).take(20_000) {
        let session = text(&event, "/context/session_id").to_owned();
        if session.is_empty() {
            continue;
        }
        let who = (text(&event, "/actor/id").to_owned(), text(&event, "/context/ip").to_owned());
        if text(&event, "/type") == "user.signed_in" {
            assert!(sessions.insert(session, who).is_none());
        } else {
            assert_eq!(sessions.get(&session), Some(&who), "{event}");
        }
    }
    assert!(sessions.len() > 100);
}

/// Failed sign-ins, attackers, travels, exports, several devices, API keys and the system: all there, none too many.
#[test]
fn life_is_varied() {
    let offices: BTreeSet<_> = people(6, 60).into_iter().map(|person| person.office_ip.to_string()).collect();
    assert!(offices.len() >= 6, "{offices:?}");
    let (mut failed, mut sign_ins, mut huge, mut keys, mut system, mut only_new) = (0, 0, 0, 0, 0, 0);
    let mut devices: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut bursts: BTreeMap<String, u32> = BTreeMap::new();
    for event in company(6).pace(Pace::Steady(0.3)).take(30_000) {
        match text(&event, "/type") {
            "user.sign_in_failed" => {
                failed += 1;
                *bursts.entry(text(&event, "/context/ip").to_owned()).or_default() += 1;
            }
            "user.signed_in" => {
                sign_ins += 1;
                let devices = devices.entry(text(&event, "/actor/id").to_owned()).or_default();
                devices.insert(text(&event, "/context/device_id").to_owned());
            }
            _ => {}
        }
        huge += u32::from(event["records"].as_u64().unwrap_or(0) > 8_000);
        keys += u32::from(text(&event, "/actor/kind") == "api_key");
        system += u32::from(text(&event, "/actor/kind") == "system");
        only_new += u32::from(text(&event, "/changes/0/op") == "replace" && event.pointer("/changes/0/old").is_none());
    }
    assert!(failed > 50 && failed < sign_ins, "{failed} of {sign_ins}");
    assert!(bursts.values().any(|burst| *burst >= 8));
    assert!(devices.values().any(|devices| devices.len() > 1));
    assert!(huge > 0 && keys > 20 && system > 50 && only_new > 20, "{huge} {keys} {system} {only_new}");
}

/// J17: history is marked.
#[test]
fn history_is_marked() {
    assert!(company(1).backfill().take(100).all(|event| event["backfill"] == json!(true)));
    assert!(company(1).take(100).all(|event| event.get("backfill").is_none()));
}

/// A past of 90 days has events of every day, none too many to be loaded in a minute.
#[test]
fn a_past_has_all_its_days() {
    let until = start() + TimeDelta::days(90);
    let mut days: BTreeMap<i64, u32> = BTreeMap::new();
    for event in company(10).pace(Pace::Daily(send::PAST_RATE)).take_while(|event| time(event) < until) {
        *days.entry((time(&event) - start()).num_days()).or_default() += 1;
    }
    assert_eq!(days.len(), 90);
    let all: u32 = days.values().sum();
    assert!((120_000..240_000).contains(&all), "{all}");
}

/// Somebody who has left never gets in.
#[test]
fn who_has_left_stays_out() {
    let gone = people(9, 60).into_iter().find(|person| !person.active).unwrap();
    for event in company(9).take(20_000).filter(|event| text(event, "/actor/id") == gone.id) {
        let catalogue = Catalogue::shipped().unwrap();
        assert_eq!(catalogue.get(text(&event, "/type")).unwrap().category, Category::SignIns, "{event}");
        assert_eq!(text(&event, "/outcome"), "failure", "{event}");
        assert_eq!(event.pointer("/actor/active"), Some(&json!(false)));
    }
}

#[test]
fn an_empty_company_does_no_harm() {
    let empty = Generator::new(1, &Catalogue::shipped().unwrap(), Vec::new(), start());
    assert_eq!(empty.take(10).count(), 10);
}

/// The sender repeats what was not acknowledged, under the same ids, and stops when asked to.
#[tokio::test]
async fn the_sender_repeats_until_acknowledged() {
    type Seen = Arc<Mutex<Vec<Vec<String>>>>;
    let seen = Seen::default();
    let server = Arc::clone(&seen);
    let app = Router::new().route(
        "/v1/events",
        post(move |headers: HeaderMap, Json(batch): Json<Vec<Value>>| async move {
            assert_eq!(headers["authorization"], "Bearer ut_key");
            let ids: Vec<_> = batch.iter().map(|event| text(event, "/id").to_owned()).collect();
            let mut seen = server.lock().unwrap();
            seen.push(ids);
            match seen.len() {
                1 => (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "0")]).into_response(),
                2 => StatusCode::SERVICE_UNAVAILABLE.into_response(),
                3 => {
                    // Of the last nothing is known; how many come before it in the first batch is a matter of the clock.
                    let last = batch.len() - 1;
                    let fates: Vec<_> = (0..batch.len())
                        .map(|index| json!({ "index": index, "status": if index == last { "unknown" } else { "accepted" } }))
                        .collect();
                    (StatusCode::ACCEPTED, Json(json!({ "accepted": last, "rejected": 0, "events": fates }))).into_response()
                }
                _ => (StatusCode::ACCEPTED, Json(json!({ "accepted": batch.len(), "rejected": 0, "events": [] })))
                    .into_response(),
            }
        }),
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    let report = load(&url, "ut_key", 200.0, Some(60), CancellationToken::new()).await.unwrap();
    assert_eq!((report.accepted, report.rejected), (60, 0));
    assert_eq!(report.retries, 3);
    let seen = seen.lock().unwrap();
    assert_eq!(seen[0], seen[1]);
    assert_eq!(seen[1], seen[2]);
    assert_eq!(seen[2][seen[2].len() - 1..], seen[3][..]);
}

/// A key that is refused is no reason to knock for ever.
#[tokio::test]
async fn the_sender_gives_up_when_refused() {
    let app = Router::new().route("/v1/events", post(|| async { (StatusCode::UNAUTHORIZED, "no such key") }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    let error = load(&url, "k", 100.0, Some(5), CancellationToken::new()).await.unwrap_err();
    assert_eq!(error.to_string(), "the server refused the events: 401 no such key");
}

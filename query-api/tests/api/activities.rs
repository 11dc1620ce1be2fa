//! Figures of a user's work against a recount, and against the rows behind them (T8–T16).

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveTime, SecondsFormat, TimeDelta, Utc};
use query_api::trace::figures::FIGURES;
use rand::RngExt as _;
use rand::rngs::StdRng;
use schemas::settings::{Retention, Role, WeekStart};
use serde_json::Value;

use crate::support::{Event, World, encoded, ids, rng, with_world};
use crate::traces::{day_of_change, event, naive, work, zone};

pub(crate) const DAY: i64 = 86_400_000;

pub(crate) fn time(millis: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(millis).unwrap()
}

pub(crate) fn text(millis: i64) -> String {
    encoded(&time(millis).to_rfc3339_opts(SecondsFormat::Millis, true))
}

/// The bounds in the query of a link.
fn bounds(link: &str) -> (i64, i64) {
    let bound = |name: &str| {
        let after = link.split_once(&format!("&{name}=")).unwrap().1;
        after.split('&').next().unwrap().parse::<DateTime<Utc>>().unwrap().timestamp_millis()
    };
    (bound("from"), bound("to"))
}

/// Every figure of a period is what the recount says, and its rows add up to it (T15).
///
/// Returns the figures that are not zero.
async fn check(
    world: &World,
    key: &str,
    events: &[Event],
    (from, to): (i64, i64),
    limit: usize,
) -> BTreeSet<&'static str> {
    let path = format!("/v1/users/u1/statistics?by=week&from={}&to={}", text(from), text(to));
    let answer = world.ok(&path, key).await;
    let figures = answer["figures"].as_array().unwrap();
    assert_eq!(figures.len(), FIGURES.len());
    for figure in figures {
        let (name, value) = (figure["name"].as_str().unwrap(), figure["value"].as_u64().unwrap());
        let link = figure["rows"].as_str().unwrap();
        let (begun, until) = bounds(link);
        assert!(begun == from && until <= to, "{link}");
        assert_eq!(value, naive(events, name, (from, until), until), "{name} from {from} to {until}");
        let rows = world.pages(&format!("{link}&limit={limit}"), key).await;
        let sum: u64 = rows.iter().map(|row| row["counted"].as_u64().unwrap()).sum();
        assert_eq!(sum, value, "{name} and its {} rows", rows.len());
        let ids: BTreeSet<&str> = rows.iter().map(|row| row["id"].as_str().unwrap()).collect();
        assert_eq!(ids.len(), rows.len(), "{name}: a row is listed twice");
        let starts: Vec<DateTime<Utc>> =
            rows.iter().map(|row| row["start"].as_str().unwrap().parse().unwrap()).collect();
        // What is counted is in the order of its events instead.
        let by_event = figure["unit"] == "count" && !name.ends_with(".closed");
        assert!(by_event || starts.is_sorted(), "{name}");
    }
    let some = FIGURES.iter().zip(figures).filter(|(_, shown)| shown["value"] != 0);
    some.map(|(figure, _)| figure.name).collect()
}

async fn tenant(world: &World, rng: &mut StdRng, id: &str) -> schemas::zone::Zone {
    let (zone, first) = (zone(rng), [WeekStart::Monday, WeekStart::Sunday, WeekStart::Saturday]);
    let week_start = first[rng.random_range(0..3)];
    world
        .tenant(id, |tenant| {
            tenant.time_zone = zone;
            tenant.week_start = week_start;
            tenant.retention = Retention { sign_ins: 730, changes: 730, views: 730, configuration: 730, other: 730 };
        })
        .await;
    zone
}

/// T11, T15: a ticket that is edited often is one ticket; the rows say which edit stands for it. What names no ticket is not counted.
#[test]
fn edited_tickets_are_counted_once() {
    with_world("activities_tickets", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Supervisor).await;
        let edit = |id: &str, ticket: &str, hours: i64| Event {
            event_type: "ticket.edited".to_owned(),
            action: "update",
            channel: "ticket",
            category: "other",
            object_type: "ticket",
            object_id: ticket.to_owned(),
            duration_ms: 0,
            ..Event::sign_in(id, "u1", TimeDelta::hours(hours))
        };
        world
            .insert(&[
                edit("a", "1", 5),
                edit("b", "1", 4),
                edit("c", "2", 3),
                edit("d", "1", 2),
                edit("e", "", 2),
                edit("f", "", 1),
                Event { event_type: "ticket.closed".to_owned(), action: "close", ..edit("g", "1", 1) },
                Event { event_type: "ticket.closed".to_owned(), action: "close", ..edit("h", "", 1) },
            ])
            .await;
        let statistics = world.ok("/v1/users/u1/statistics?by=day&period=last_30_days", &key).await;
        let figures = statistics["figures"].as_array().unwrap();
        let edited = figures.iter().find(|figure| figure["name"] == "tickets.edited").unwrap();
        assert_eq!(edited["value"], 2, "{edited}");
        let rows = world.pages(&format!("{}&limit=2", edited["rows"].as_str().unwrap()), &key).await;
        let counted: Vec<(&str, u64)> =
            rows.iter().map(|row| (row["id"].as_str().unwrap(), row["counted"].as_u64().unwrap())).collect();
        assert_eq!(counted, [("a", 1), ("b", 0), ("c", 1), ("d", 0)]);
        let closed = figures.iter().find(|figure| figure["name"] == "tickets.closed").unwrap();
        assert_eq!(closed["value"], 1, "{closed}");
        assert_eq!(ids(&world.pages(closed["rows"].as_str().unwrap(), &key).await), ["g"]);
    });
}

/// T8–T15: figures are exact and add up, over weeks in which clocks change, any bounds, and up to now.
#[test]
fn figures_equal_a_recount_and_their_rows() {
    with_world("activities_recount", async |world| {
        let mut counted = BTreeSet::new();
        for seed in 0..4 {
            let mut rng = rng(600 + seed);
            let id = format!("t{seed}");
            let zone = tenant(&world, &mut rng, &id).await;
            let key = world.key(Some(&id), Role::Supervisor).await;
            let changed = day_of_change(zone).and_time(NaiveTime::MIN).and_utc().timestamp_millis();
            let now = Utc::now().timestamp_millis() / 1000 * 1000;
            let mut events = work(&mut rng, &id, 500, (changed - 6 * DAY, changed + 6 * DAY));
            events.extend(work(&mut rng, &id, 60, (now - 2 * DAY, now)));
            // In two inserts; and what others do is none of it.
            let (first, second) = events.split_at(events.len() / 2);
            world.insert(first).await;
            world.insert(second).await;
            let mut strangers = work(&mut rng, "other", 60, (changed - 6 * DAY, changed + 6 * DAY));
            strangers.extend(work(&mut rng, &id, 60, (changed - 6 * DAY, changed + 6 * DAY)).into_iter().map(|one| {
                if rng.random_bool(0.5) {
                    Event { actor_id: "u2".to_owned(), ..one }
                } else {
                    Event { actor_kind: "api_key", ..one }
                }
            }));
            world.insert(&strangers).await;

            let date = day_of_change(zone);
            let week = world.ok(&format!("/v1/users/u1/timeline?period=week&date={date}"), &key).await;
            let edge = |name: &str| {
                week["period"][name].as_str().unwrap().parse::<DateTime<Utc>>().unwrap().timestamp_millis()
            };
            counted.extend(check(&world, &key, &events, (edge("from"), edge("to")), 100).await);
            let from = changed + rng.random_range(-4 * DAY..DAY);
            check(&world, &key, &events, (from, from + rng.random_range(DAY / 9..3 * DAY)), 23).await;
            check(&world, &key, &events, (now - DAY - 1234, now + DAY), 1000).await;
        }
        assert_eq!(counted.len(), FIGURES.len(), "some are zero always: {counted:?}");
    });
}

/// T14: figures of longer than a quarter are refused, with a reason; so is their list.
#[test]
fn long_periods_have_no_figures() {
    with_world("activities_long", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Supervisor).await;
        let answer = world.ok("/v1/users/u1/statistics?by=week&from=2026-01-01&to=2026-06-01", &key).await;
        assert_eq!(
            (&answer["figures"], &answer["figures_missing"]),
            (&Value::Null, &"figures are of 93 days at most".into())
        );
        let list = world.get("/v1/users/u1/activities?from=2026-01-01&to=2026-06-01", &key).await;
        assert_eq!((list.status, &list.json["code"]), (422, &"period_too_long".into()));
        for (query, pointer) in
            [("figure=calls.rings", "figure"), ("figure=calls.closed&channel=call", "figure"), ("colour=red", "colour")]
        {
            let answer = world.get(&format!("/v1/users/u1/activities?{query}"), &key).await;
            assert_eq!((answer.status, &answer.json["pointer"]), (400, &pointer.into()), "{query}: {}", answer.json);
        }
        // The platform's links name the tenant, as it must.
        let platform = world.key(None, Role::Platform).await;
        let answer = world.ok("/v1/users/a%2Fb/statistics?tenant=acme", &platform).await;
        let link = answer["figures"][0]["rows"].as_str().unwrap();
        assert!(link.starts_with("/v1/users/a%2Fb/activities?"), "{link}");
        assert_eq!(world.ok(link, &platform).await["data"], Value::Array(Vec::new()));
    });
}

/// T14: an end alone is a period, too: as many days before it as are listed at once.
#[test]
fn activities_have_an_end_alone() {
    with_world("activities_until", async |world| {
        world.tenant("acme", |tenant| tenant.retention.other = 365).await;
        let key = world.key(Some("acme"), Role::Supervisor).await;
        let now = Utc::now().timestamp_millis();
        let mut rng = rng(640);
        let talks = [1, 20, 80, 120].map(|days| {
            let kind = ("call.talked", "call", "talk", "call");
            Event { duration_ms: 60_000, ..event(&mut rng, "acme", days, kind, now - days as i64 * DAY) }
        });
        world.insert(&talks).await;
        for (days, places) in [(-1, vec![0, 1, 2]), (10, vec![1, 2]), (100, vec![3]), (300, Vec::new())] {
            let path = format!("/v1/users/u1/activities?to={}", text(now - days * DAY));
            let listed = world.pages(&format!("{path}&limit=1"), &key).await;
            let ids: BTreeSet<&str> = listed.iter().map(|row| row["id"].as_str().unwrap()).collect();
            assert_eq!(ids, places.iter().map(|place| talks[*place].id.as_str()).collect(), "{days}");
            let period = world.ok(&path, &key).await["period"].clone();
            let bound = |name: &str| period[name].as_str().unwrap().parse::<DateTime<Utc>>().unwrap();
            assert_eq!(bound("to").timestamp_millis(), now - days * DAY);
            assert!(bound("from") < bound("to"), "{period}");
        }
    });
}

/// T8-T15: what failed or was only asked for is in no figure that counts what was done, and begins and ends no state; it is listed as what
/// it is. Time that was spent was spent.
#[test]
fn what_failed_is_in_no_figure() {
    with_world("activities_failed", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Supervisor).await;
        let noon = Utc::now().timestamp_millis() / DAY * DAY - DAY / 2;
        let mut rng = rng(650);
        let mut number = 0;
        let mut done = |kind, minutes: i64, outcome, object: &str| {
            number += 1;
            Event {
                object_id: object.to_owned(),
                outcome,
                ..event(&mut rng, "acme", number, kind, noon + minutes * 60_000)
            }
        };
        let channels = ["call", "email", "sms", "web_chat", "messenger", "whatsapp", "viber", "ticket"];
        let mut events = Vec::new();
        for channel in channels {
            for (outcome, object) in [("success", "1"), ("failure", "2"), ("unknown", "3")] {
                events.push(done(("thing.closed", channel, "close", "thing"), 0, outcome, object));
            }
        }
        for (outcome, object) in [("failure", "1"), ("success", "1"), ("failure", "2"), ("unknown", "3")] {
            let edit = done(("ticket.edited", "ticket", "update", "ticket"), events.len() as i64, outcome, object);
            events.push(Event { duration_ms: 1_000, ..edit });
        }
        for (kind, minutes, outcome) in [
            (("pause.paid_started", "pause", "pause_start", ""), 60, "failure"),
            (("pause.paid_started", "pause", "pause_start", ""), 70, "success"),
            (("pause.paid_ended", "pause", "pause_paid", ""), 75, "failure"),
            (("pause.paid_ended", "pause", "pause_paid", ""), 80, "success"),
            (("ready_state.entered", "ready", "ready_start", ""), 60, "failure"),
            (("ready_state.entered", "ready", "ready_start", ""), 70, "success"),
            (("ready_state.left", "ready", "ready", ""), 75, "failure"),
            (("ready_state.left", "ready", "ready", ""), 80, "success"),
        ] {
            events.push(done(kind, minutes, outcome, ""));
        }
        world.insert(&events).await;
        let period = format!("from={}&to={}", text(noon - DAY / 4), text(noon + DAY / 4));
        let statistics = world.ok(&format!("/v1/users/u1/statistics?{period}"), &key).await;
        let figures = statistics["figures"].as_array().unwrap();
        for (name, value) in [
            ("calls.closed", 1),
            ("emails.closed", 1),
            ("sms.closed", 1),
            ("web_chat.closed", 1),
            ("messenger.closed", 1),
            ("whatsapp.closed", 1),
            ("viber.closed", 1),
            ("tickets.closed", 1),
            ("tickets.edited", 1),
            ("tickets.editing_time", 4_000),
            ("pauses.paid", 1),
            ("pauses.paid_time", 600_000),
            ("presence.ready_time", 600_000),
        ] {
            let figure = figures.iter().find(|figure| figure["name"] == name).unwrap_or_else(|| panic!("{name}"));
            assert_eq!(figure["value"], value, "{figure}");
            let rows = world.pages(figure["rows"].as_str().unwrap(), &key).await;
            let sum: u64 = rows.iter().map(|row| row["counted"].as_u64().unwrap()).sum();
            assert_eq!(sum, value, "{name}");
            let done = |row: &Value| row["outcome"] == "success";
            assert!(name.ends_with("editing_time") || rows.iter().all(done), "{name}: {rows:?}");
        }
        let listed = world.pages(&format!("/v1/users/u1/activities?{period}&channel=ticket&state=close"), &key).await;
        let outcomes: BTreeSet<&str> = listed.iter().map(|row| row["outcome"].as_str().unwrap()).collect();
        assert_eq!(outcomes, BTreeSet::from(["failure", "unknown"]));
    });
}

/// T7, T15, T16: all activities of a user, narrowed by channel and state; each leads to its event.
#[test]
fn activities_are_listed_and_narrowed() {
    with_world("activities_list", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Supervisor).await;
        let mut rng = rng(620);
        let now = Utc::now().timestamp_millis() / 1000 * 1000;
        let events = work(&mut rng, "acme", 200, (now - 3 * DAY, now - DAY));
        world.insert(&events).await;
        let path = format!("/v1/users/u1/activities?from={}&to={}", text(now - 3 * DAY), text(now - DAY));
        let all = world.pages(&format!("{path}&limit=17"), &key).await;
        let told: BTreeSet<&str> = all
            .iter()
            .flat_map(|row| row["other_ids"].as_array().into_iter().flatten().chain([&row["id"]]))
            .map(|id| id.as_str().unwrap())
            .collect();
        for event in events.iter().filter(|event| event.duration_ms == 0) {
            assert!(told.contains(event.id.as_str()), "{event:?} is not told of");
        }
        let writing = world.pages(&format!("{path}&state=writing&channel=email,sms"), &key).await;
        let wanted = |row: &&Value| row["state"] == "writing" && (row["channel"] == "email" || row["channel"] == "sms");
        assert_eq!(writing, all.iter().filter(wanted).cloned().collect::<Vec<_>>());
        assert!(!writing.is_empty());
        // Empty: what was done in the application itself.
        for query in ["channel=", "channel=&state=view"] {
            let of_none = |row: &&Value| row["channel"] == "" && (query == "channel=" || row["state"] == "view");
            let found = world.pages(&format!("{path}&{query}"), &key).await;
            assert_eq!(found, all.iter().filter(of_none).cloned().collect::<Vec<_>>(), "{query}");
        }
        assert_eq!(world.pages(&format!("{path}&state="), &key).await, Vec::<Value>::new());
        let sessions = world.pages(&format!("{path}&channel=session"), &key).await;
        assert_eq!(sessions, all.iter().filter(|row| row["channel"] == "session").cloned().collect::<Vec<_>>());
        for row in all.iter().take(20) {
            let one = world.ok(&format!("/v1/events/{}", row["id"].as_str().unwrap()), &key).await;
            assert_eq!(one["data"]["type"], row["type"]);
        }
    });
}

/// L2: what retention has ended for is in no figure and no list.
#[test]
fn retention_holds() {
    with_world("activities_retention", async |world| {
        world.tenant("acme", |tenant| tenant.retention.other = 30).await;
        let key = world.key(Some("acme"), Role::Supervisor).await;
        let now = Utc::now().timestamp_millis();
        let mut rng = rng(630);
        let mut talks = [31, 29].map(|days| {
            let kind = ("call.talked", "call", "talk", "call");
            Event { duration_ms: 60_000, ..event(&mut rng, "acme", days, kind, now - days as i64 * DAY) }
        });
        world.insert(&talks).await;
        let period = format!("from={}&to={}", text(now - 40 * DAY), text(now - DAY));
        let statistics = world.ok(&format!("/v1/users/u1/statistics?{period}"), &key).await;
        assert_eq!(statistics["figures"][0]["value"], 60_000);
        let list = world.pages(&format!("/v1/users/u1/activities?figure=calls.talk_time&{period}"), &key).await;
        assert_eq!(list.len(), 1);
        assert_eq!(list[0]["id"], talks[1].id);
        // It is the receipt that counts.
        talks[0].received = time(now - TimeDelta::days(2).num_milliseconds());
        talks[0].id = "backfilled".to_owned();
        world.insert(&talks[..1]).await;
        let statistics = world.ok(&format!("/v1/users/u1/statistics?{period}"), &key).await;
        assert_eq!(statistics["figures"][0]["value"], 120_000);
    });
}

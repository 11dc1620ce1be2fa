//! A user's timeline (T1–T7): days and weeks of the tenant's zone, lanes, points, buckets.

use std::collections::BTreeMap;

use chrono::{DateTime, Days, FixedOffset, NaiveDate, TimeDelta, Utc};
use schemas::settings::{Retention, Role, WeekStart};
use serde_json::{Value, json};

use crate::support::{Event, World, rng, with_world};
use crate::traces::{day_of_change, event, work};

const DAY: i64 = 86_400_000;

fn millis(of: &Value) -> i64 {
    of.as_str().unwrap().parse::<DateTime<FixedOffset>>().unwrap().timestamp_millis()
}

fn at(text: &str) -> i64 {
    text.parse::<DateTime<Utc>>().unwrap().timestamp_millis()
}

async fn prague(world: &World) -> String {
    world
        .tenant("acme", |tenant| {
            tenant.time_zone = "Europe/Prague".parse().unwrap();
            tenant.week_start = WeekStart::Monday;
            tenant.retention =
                Retention { sign_ins: 1825, changes: 1825, views: 1825, configuration: 1825, other: 1825 };
        })
        .await;
    world.key(Some("acme"), Role::Supervisor).await
}

type Times = BTreeMap<(String, String), u64>;

fn times(parts: &Value) -> Times {
    let lane = |part: &Value| {
        let name = |key: &str| part[key].as_str().unwrap().to_owned();
        ((name("channel"), name("state")), part["time_ms"].as_u64().unwrap())
    };
    parts.as_array().unwrap().iter().map(lane).filter(|(_, time)| *time > 0).collect()
}

fn added<'a>(all: impl Iterator<Item = &'a Value>) -> Times {
    let mut sums = Times::new();
    for (lane, time) in all.flat_map(times) {
        *sums.entry(lane).or_default() += time;
    }
    sums
}

/// T1–T4: what a day shows, cut at its borders and marked; and its buckets.
#[test]
fn a_day_is_cut_at_its_borders() {
    with_world("timeline_day", async |world| {
        let key = prague(&world).await;
        let mut rng = rng(700);
        let talk = ("call.talked", "call", "talk", "call");
        let lasting = |event: Event, minutes: u64| Event { duration_ms: minutes * 60_000, ..event };
        let events = [
            // From the day before, by ten minutes.
            lasting(event(&mut rng, "acme", 1, talk, at("2026-03-01T23:10:00Z")), 20),
            // Two chats at once.
            lasting(
                event(
                    &mut rng,
                    "acme",
                    2,
                    ("web_chat.message_sent", "web_chat", "send", "chat"),
                    at("2026-03-02T10:00:00Z"),
                ),
                30,
            ),
            lasting(
                event(
                    &mut rng,
                    "acme",
                    3,
                    ("web_chat.message_sent", "web_chat", "send", "chat"),
                    at("2026-03-02T10:10:00Z"),
                ),
                30,
            ),
            event(&mut rng, "acme", 4, ("web_chat.closed", "web_chat", "close", "chat"), at("2026-03-02T10:11:00Z")),
            event(&mut rng, "acme", 5, ("task.created", "", "create", "task"), at("2026-03-02T10:12:00Z")),
            // Into the next day, reported by its beginning and its end.
            event(&mut rng, "acme", 6, ("ready_state.entered", "ready", "ready_start", ""), at("2026-03-02T22:30:00Z")),
            lasting(
                event(&mut rng, "acme", 7, ("ready_state.left", "ready", "ready", ""), at("2026-03-02T23:30:00Z")),
                60,
            ),
            // A pause whose end was lost.
            event(&mut rng, "acme", 8, ("pause.paid_started", "pause", "pause_start", ""), at("2026-03-02T21:00:00Z")),
        ];
        world.insert(&events).await;
        let day = world.ok("/v1/users/u1/timeline?date=2026-03-02&resolution=1h", &key).await;
        assert_eq!(day["period"], json!({ "from": "2026-03-01T23:00:00Z", "to": "2026-03-02T23:00:00Z" }));
        let lanes = day["lanes"].as_array().unwrap();
        let short = |lane: &Value| {
            let intervals = lane["intervals"].as_array().unwrap().iter().map(|interval| {
                let flag = |name: &str| interval[name].as_bool().unwrap_or_default();
                let clock = |name: &str| interval[name].as_str().unwrap()[11..16].to_owned();
                let marks = [("open", "…"), ("clipped_start", "<"), ("clipped_end", ">")];
                let marks: String = marks.into_iter().filter(|(name, _)| flag(name)).map(|(_, mark)| mark).collect();
                format!("{}-{}{marks}/{}", clock("start"), clock("end"), interval["track"])
            });
            let name = |key: &str| lane[key].as_str().unwrap();
            format!("{} {}: {}", name("channel"), name("state"), intervals.collect::<Vec<_>>().join(" "))
        };
        assert_eq!(
            lanes.iter().map(short).collect::<Vec<_>>(),
            [
                "call talk: 00:00-00:10</0",
                "pause paid: 22:00-00:00…>/0",
                "ready ready: 23:30-00:00>/0",
                "web_chat writing: 10:30-11:00/0 10:40-11:10/1",
            ]
        );
        let chats = &lanes[3];
        assert_eq!(
            (&chats["time_ms"], &chats["sum_ms"], &chats["tracks"]),
            (&json!(2_400_000), &json!(3_600_000), &json!(2))
        );
        // T7: the interval leads to its event; its beginning is named beside it.
        let ready = &lanes[2]["intervals"][0];
        assert_eq!((&ready["id"], &ready["other_ids"]), (&json!(events[6].id), &json!([events[5].id])));
        let points: Vec<_> =
            day["points"].as_array().unwrap().iter().map(|of| (&of["channel"], &of["points"][0]["id"])).collect();
        assert_eq!(points, [(&json!(""), &json!(events[4].id)), (&json!("web_chat"), &json!(events[3].id))]);
        let buckets = day["buckets"].as_array().unwrap();
        assert_eq!(buckets.len(), 24);
        let part = |state: &str, time: u64, count: u64| json!({ "channel": "web_chat", "state": state, "time_ms": time, "count": count });
        assert_eq!(buckets[10]["parts"], json!([part("writing", 1_800_000, 0)]));
        let created = json!({ "channel": "", "state": "create", "time_ms": 0, "count": 1 });
        assert_eq!(buckets[11]["parts"], json!([created, part("closed", 0, 1), part("writing", 600_000, 2)]));
        // The day after goes on where this one ends.
        let next = world.ok("/v1/users/u1/timeline?date=2026-03-03", &key).await;
        assert_eq!(
            next["lanes"].as_array().unwrap().iter().map(short).collect::<Vec<_>>(),
            ["pause paid: 00:00-22:00…</0", "ready ready: 00:00-00:30</0"]
        );
        assert_eq!(next["buckets"], Value::Null);
    });
}

/// T2–T4, J5: days of 23 and 25 hours, and the week they are in: days and buckets add up to the week, lane by lane.
#[test]
fn days_and_buckets_add_up_to_the_week() {
    with_world("timeline_week", async |world| {
        let key = prague(&world).await;
        let mut rng = rng(710);
        let date = day_of_change("Europe/Prague".parse().unwrap());
        let middle = date.and_hms_opt(0, 0, 0).unwrap().and_utc().timestamp_millis();
        world.insert(&work(&mut rng, "acme", 700, (middle - 9 * DAY, middle + 9 * DAY))).await;
        let week = world.ok(&format!("/v1/users/u1/timeline?period=week&date={date}&resolution=5m"), &key).await;
        let (from, to) = (millis(&week["period"]["from"]), millis(&week["period"]["to"]));
        assert!([7 * DAY - 3_600_000, 7 * DAY + 3_600_000].contains(&(to - from)), "{}", week["period"]);
        let mut edge = from;
        for bucket in week["buckets"].as_array().unwrap() {
            assert_eq!((millis(&bucket["start"]), millis(&bucket["end"])), (edge, edge + 300_000));
            edge += 300_000;
        }
        assert_eq!(edge, to);
        let of_week = times(&week["lanes"]);
        assert_eq!(added(week["buckets"].as_array().unwrap().iter().map(|bucket| &bucket["parts"])), of_week);
        let first: NaiveDate = week["buckets"][0]["start"].as_str().unwrap()[..10].parse().unwrap();
        let mut days = Vec::new();
        let mut edge = from;
        for number in 0..7 {
            let path = format!("/v1/users/u1/timeline?date={}&resolution=30m", first + Days::new(number));
            let day = world.ok(&path, &key).await;
            assert_eq!(millis(&day["period"]["from"]), edge);
            edge = millis(&day["period"]["to"]);
            let parts = added(day["buckets"].as_array().unwrap().iter().map(|bucket| &bucket["parts"]));
            assert_eq!(parts, times(&day["lanes"]));
            days.push(day);
        }
        assert_eq!(edge, to);
        assert_eq!(added(days.iter().map(|day| &day["lanes"])), of_week);
        for lane in days.iter().chain([&week]).flat_map(|one| one["lanes"].as_array().unwrap()) {
            let mut ends: BTreeMap<u64, i64> = BTreeMap::new();
            for interval in lane["intervals"].as_array().unwrap() {
                let (start, end) = (millis(&interval["start"]), millis(&interval["end"]));
                assert!(from <= start && start < end && end <= to);
                let before = ends.insert(interval["track"].as_u64().unwrap(), end);
                assert!(before.is_none_or(|before| before <= start), "two on one track: {interval}");
            }
            assert_eq!(lane["tracks"], ends.len());
        }
    });
}

/// What goes on lasts to now, and no further.
#[test]
fn open_intervals_last_to_now() {
    with_world("timeline_open", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Supervisor).await;
        let begun = crate::support::millis(Utc::now()) - TimeDelta::minutes(1);
        let kind = ("ready_state.entered", "ready", "ready_start", "");
        world.insert(&[event(&mut rng(720), "acme", 1, kind, begun.timestamp_millis())]).await;
        let date = begun.date_naive();
        let before = Utc::now();
        let day = world.ok(&format!("/v1/users/u1/timeline?date={date}"), &key).await;
        let interval = &day["lanes"][0]["intervals"][0];
        assert_eq!((&interval["open"], millis(&interval["start"])), (&json!(true), begun.timestamp_millis()));
        let midnight = millis(&day["period"]["to"]);
        let until = millis(&interval["end"]);
        assert!(
            until >= before.timestamp_millis().min(midnight) && until <= Utc::now().timestamp_millis().min(midnight)
        );
    });
}

/// K16: what users said of violations is on no timeline of those who may not see violations.
#[test]
fn reviews_are_for_security() {
    with_world("timeline_reviews", async |world| {
        world.tenant("acme", |_| {}).await;
        let supervisor = world.key(Some("acme"), Role::Supervisor).await;
        let security = world.key(Some("acme"), Role::Security).await;
        let review = Event::review("v1", "violation.reviewed", TimeDelta::seconds(1));
        let path = format!("/v1/users/u1/timeline?date={}", review.occurred.date_naive());
        world.insert(&[Event { actor_kind: "user", actor_id: "u1".to_owned(), duration_ms: 0, ..review }]).await;
        assert_eq!(world.ok(&path, &supervisor).await["points"], json!([]));
        assert_eq!(world.ok(&path, &security).await["points"].as_array().unwrap().len(), 1);
    });
}

/// A2: what a user changed of the configuration is traced for those who may read that.
#[test]
fn configuration_is_not_traced() {
    with_world("timeline_configuration", async |world| {
        world.tenant("acme", |_| {}).await;
        let security = world.key(Some("acme"), Role::Security).await;
        let admin = world.key(Some("acme"), Role::Admin).await;
        let event = Event {
            event_type: "workflow.updated".to_owned(),
            category: "configuration",
            action: "update",
            channel: "",
            duration_ms: 0,
            ..Event::sign_in("e1", "u1", TimeDelta::seconds(1))
        };
        let date = event.occurred.date_naive();
        world.insert(&[event]).await;
        for (key, count) in [(&security, 0), (&admin, 1)] {
            let timeline = world.ok(&format!("/v1/users/u1/timeline?date={date}"), key).await;
            assert_eq!(timeline["points"].as_array().unwrap().len(), count);
            let listed = world.ok(&format!("/v1/users/u1/activities?from={date}"), key).await;
            assert_eq!(listed["data"].as_array().unwrap().len(), count);
        }
    });
}

/// What can't be shown is refused by name.
#[test]
fn what_is_too_much_is_refused() {
    with_world("timeline_refused", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Supervisor).await;
        for (query, status, pointer) in [
            ("date=2026-02-30", 400, "date"),
            ("date=26-2-3", 400, "date"),
            ("date=2300-01-01", 400, "date"),
            ("period=month", 400, "period"),
            ("resolution=2m", 400, "resolution"),
            ("from=2026-01-01", 400, "from"),
            ("period=week&resolution=1m", 422, "resolution"),
        ] {
            let answer = world.get(&format!("/v1/users/u1/timeline?{query}"), &key).await;
            assert_eq!((answer.status, &answer.json["pointer"]), (status, &json!(pointer)), "{query}: {}", answer.json);
        }
        world.ok("/v1/users/u1/timeline?resolution=1m", &key).await;
        let many = "INSERT INTO events (tenant, event_id, type, actor_kind, actor_id, occurred_at, received_at, retention_days) \
                    SELECT 'acme', toString(number), 'x', 'user', 'busy', now() - 60, now() - 60, 1825 FROM numbers(20001)";
        world.client.query_raw(many).execute().await.unwrap();
        let answer = world.get("/v1/users/busy/timeline", &key).await;
        assert_eq!((answer.status, &answer.json["code"]), (422, &json!("too_many_activities")));
        let own = "INSERT INTO events (tenant, event_id, type, actor_kind, actor_id, channel, duration_ms, occurred_at, received_at, retention_days) \
                   SELECT 'acme', toString(number), 'x', 'user', 'odd', toString(number), 60000, now() - 1, now() - 1, 1825 FROM numbers(101)";
        world.client.query_raw(own).execute().await.unwrap();
        let answer = world.get("/v1/users/odd/timeline?period=week", &key).await;
        assert_eq!((answer.status, &answer.json["code"]), (422, &json!("too_many_lanes")));
    });
}

//! Statistics of tenants against a recount (P8), for many random questions, and what they cost and hide.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use http_body_util::BodyExt as _;
use rand::rngs::StdRng;
use rand::{Rng as _, RngExt as _};
use schemas::settings::{Retention, Role, WeekStart};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::support::{CATEGORIES, Event, World, encoded, millis, pick, rng, with_world};

type Field = fn(&Event) -> &str;
const DIMENSIONS: [(&str, Field); 8] = [
    ("action", |event| event.action),
    ("channel", |event| event.channel),
    ("class", |event| event.class),
    ("country", |event| event.country),
    ("device", |event| event.device_kind),
    ("location", |event| event.location),
    ("object_type", |event| event.object_type),
    ("user", |event| &event.actor_id),
];

fn figures(events: &[&Event]) -> Value {
    let sum = |figure: fn(&Event) -> u64| events.iter().map(|event| figure(event)).sum::<u64>();
    let distinct = |thing: fn(&Event) -> &str| {
        events.iter().map(|event| thing(event)).filter(|thing| !thing.is_empty()).collect::<BTreeSet<_>>().len()
    };
    json!({
        "events": events.len(),
        "duration_ms": sum(|event| event.duration_ms),
        "records": sum(|event| event.records),
        "sign_ins": sum(|event| u64::from(event.action == "sign_in" && event.outcome == "success")),
        "failed_sign_ins": sum(|event| u64::from(
            event.action == "sign_in_failed" || (event.action == "sign_in" && event.outcome == "failure")
        )),
        "violations": sum(|event| event.violations.len() as u64),
        "users": { "value": distinct(|event| if event.actor_kind == "user" { &event.actor_id } else { "" }), "estimate": false },
        "devices": { "value": distinct(|event| &event.device_id), "estimate": false },
    })
}

/// What was asked for, as a query and as what it means.
struct Question {
    query: String,
    by: Vec<(&'static str, Field)>,
    top: usize,
    compare: bool,
    interval: bool,
    wanted: Vec<(Field, BTreeSet<String>)>,
}

impl Question {
    fn random(rng: &mut StdRng, events: &[Event]) -> Self {
        let interval = *["", "", "minute", "hour", "day", "week", "month"].get(rng.random_range(0..7)).unwrap();
        let by: BTreeSet<usize> = (0..rng.random_range(0..=2)).map(|_| rng.random_range(0..DIMENSIONS.len())).collect();
        let by: Vec<_> = by.into_iter().map(|at| DIMENSIONS[at]).collect();
        let top = rng.random_range(1..6);
        let compare = rng.random_bool(0.4);
        let filters: [(&str, &[&str], Field); 9] = [
            ("action", &["view", "sign_in", "export"], |event| event.action),
            ("category", CATEGORIES, |event| event.category),
            ("channel", &["call"], |event| event.channel),
            ("class", &["create", "change", "other"], |event| event.class),
            ("country", &["CZ", "DE"], |event| event.country),
            ("device", &["mobile"], |event| event.device_kind),
            ("location", &["Brno", "Praha"], |event| event.location),
            ("object_type", &["task", "deal"], |event| event.object_type),
            ("user", &["u1", "u2", "u3"], |event| &event.actor_id),
        ];
        let mut query = format!("top={top}&distinct=users,devices");
        let mut wanted: Vec<(Field, BTreeSet<String>)> = Vec::new();
        for (name, all, field) in filters {
            if rng.random_bool(0.1) {
                let values: BTreeSet<String> = (0..2).map(|_| pick(rng, all).to_owned()).collect();
                query += &format!("&{name}={}", values.iter().cloned().collect::<Vec<_>>().join(","));
                wanted.push((field, values));
            }
        }
        if !by.is_empty() {
            query += &format!("&by={}", by.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(","));
        }
        if !interval.is_empty() {
            query += &format!("&interval={interval}");
        }
        if compare {
            query += "&compare=previous";
        }
        let users = query.contains("user=") || by.iter().any(|(name, _)| *name == "user");
        let longest = match interval {
            "minute" => 1.0,
            "hour" if users => 30.0,
            "hour" => 90.0,
            _ if users && rng.random_bool(0.5) => {
                // Without what the rollup of users leaves out, a year can be asked for.
                query = query.replace("&distinct=users,devices", "");
                if query.contains("location") || query.contains("category") { 30.0 } else { 380.0 }
            }
            _ if users => 30.0,
            _ => 380.0,
        };
        query += &period(rng, events, longest);
        Self { query, by, top, compare, interval: !interval.is_empty(), wanted }
    }
}

/// A preset, local dates, or instants at any millisecond, no longer than some days.
fn period(rng: &mut StdRng, events: &[Event], longest: f64) -> String {
    let presets = ["today", "yesterday", "this_week", "last_week", "this_month", "last_month"];
    if rng.random_bool(0.3) {
        return format!("&period={}", presets[rng.random_range(0..if longest < 7.0 { 2 } else { presets.len() })]);
    }
    let inside = events[rng.random_range(0..events.len())].occurred;
    let longest = (longest * 86_400_000.0) as i64;
    let from = inside - TimeDelta::milliseconds(rng.random_range(0..longest / 2));
    let to = inside + TimeDelta::milliseconds(rng.random_range(1..longest / 2));
    if longest > 3 * 86_400_000 && rng.random_bool(0.4) {
        let last = (to - TimeDelta::days(1)).date_naive().max(from.date_naive());
        return format!("&from={}&to={last}", from.date_naive());
    }
    let text = |time: DateTime<Utc>| encoded(&time.to_rfc3339_opts(SecondsFormat::Millis, true));
    format!("&from={}&to={}", text(from), text(to))
}

fn time(of: &Value) -> DateTime<Utc> {
    of.as_str().unwrap().parse().unwrap()
}

fn span(period: &Value) -> (DateTime<Utc>, DateTime<Utc>) {
    (time(&period["from"]), time(&period["to"]))
}

fn within<'a>(events: &[&'a Event], (from, to): (DateTime<Utc>, DateTime<Utc>)) -> Vec<&'a Event> {
    events.iter().copied().filter(|event| (from..to).contains(&event.occurred)).collect()
}

/// The figures of a part of the answer, as far as they were asked for, against those of events.
fn same(shown: &Value, events: &[&Event], context: &str) {
    for (name, expected) in figures(events).as_object().unwrap() {
        let asked = !["users", "devices"].contains(&name.as_str()) || context.contains("distinct=");
        assert_eq!(shown[name], if asked { expected.clone() } else { Value::Null }, "{name} {context} {shown}");
    }
}

/// Totals, comparison and series of a part of the answer.
fn check_part(answer: &Value, part: &Value, events: &[&Event], question: &Question) {
    let query = &question.query;
    let current = within(events, span(&answer["period"]));
    same(part, &current, query);
    if question.compare {
        let previous = within(events, span(&answer["previous_period"]));
        same(&part["previous"], &previous, query);
        let (before, after) = (previous.len() as f64, current.len() as f64);
        let change = &part["change"]["events"];
        assert_eq!(change["absolute"].as_f64().unwrap(), after - before, "{query}");
        assert_eq!(change["relative"].as_f64(), (before != 0.0).then(|| (after - before) / before), "{query}");
    } else {
        assert!(part.get("previous").is_none() && part.get("change").is_none());
    }
    if question.interval {
        let (mut edge, to) = span(&answer["period"]);
        for point in part["series"].as_array().unwrap() {
            assert_eq!(time(&point["start"]), edge, "{query}");
            edge = time(&point["end"]);
            same(point, &within(&current, (time(&point["start"]), edge)), query);
        }
        assert_eq!(edge, to, "{query}");
    }
}

fn check(answer: &Value, events: &[&Event], question: &Question) {
    let matching = |event: &&&Event| question.wanted.iter().all(|(field, values)| values.contains(field(event)));
    let events: Vec<&Event> = events.iter().filter(matching).copied().collect();
    let mut whole = answer["totals"].clone();
    if question.interval {
        whole["series"] = answer["series"].clone();
    }
    check_part(answer, &whole, &events, question);
    if question.by.is_empty() {
        assert!(answer.get("groups").is_none() && answer.get("other").is_none());
        return;
    }
    let keys = |event: &Event| question.by.iter().map(|(_, field)| field(event).to_owned()).collect::<Vec<_>>();
    let mut groups: BTreeMap<Vec<String>, usize> = BTreeMap::new();
    for event in within(&events, span(&answer["period"])) {
        *groups.entry(keys(event)).or_default() += 1;
    }
    let mut ranked: Vec<_> = groups.into_iter().collect();
    ranked.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let top: Vec<Vec<String>> = ranked.into_iter().take(question.top).map(|(keys, _)| keys).collect();
    let shown = answer["groups"].as_array().unwrap();
    let names: Vec<Value> = shown.iter().map(|group| group["keys"].clone()).collect();
    assert_eq!(names, top.iter().map(|keys| json!(keys)).collect::<Vec<_>>(), "{}", question.query);
    for (group, wanted) in shown.iter().zip(&top) {
        let own: Vec<&Event> = events.iter().copied().filter(|event| keys(event) == *wanted).collect();
        check_part(answer, group, &own, question);
    }
    let rest: Vec<&Event> = events.iter().copied().filter(|event| !top.contains(&keys(event))).collect();
    check_part(answer, &answer["other"], &rest, question);
}

/// Events of the last weeks and of more than a year, some received long after they occurred, some on the very days on
/// which retention ends.
fn history(rng: &mut StdRng, tenant: &str, retention: &Retention) -> Vec<Event> {
    let now = millis(Utc::now());
    let days = [retention.sign_ins, retention.changes, retention.views, retention.configuration, retention.other];
    let one = |number: usize| {
        let longest = TimeDelta::days([20, 60, 400][number % 3]);
        let mut event = Event::random(rng, tenant, number, longest);
        match number % 10 {
            0 => event.received = now - TimeDelta::milliseconds(rng.random_range(0..86_400_000)),
            1 | 2 => {
                // An hour is longer than this test takes.
                let hours = [-30, -9, -3, -1, 1, 2, 7, 20, 30][rng.random_range(0..9)];
                let days = i64::from(days[rng.random_range(0..5)]);
                event.received = now - TimeDelta::days(days) + TimeDelta::hours(hours);
                event.occurred = event.received + TimeDelta::minutes(rng.random_range(-1500..1500));
            }
            _ => {}
        }
        event
    };
    (0..600).map(one).collect()
}

fn kept(event: &Event, retention: &Retention, now: DateTime<Utc>) -> bool {
    let days = match event.category {
        "sign_ins" => retention.sign_ins,
        "changes" => retention.changes,
        "views" => retention.views,
        "configuration" => retention.configuration,
        _ => retention.other,
    };
    event.received >= now - TimeDelta::days(i64::from(days))
}

/// P8, J5, L2: totals, series, the largest groups and the others, and the period before equal a recount, in zones at half and
/// quarter hours, over days of daylight saving, weeks from Sunday, and what retention has ended for; nothing is another
/// tenant's.
#[test]
fn tenant_statistics_equal_a_recount() {
    with_world("tenant_statistics_recount", async |world| {
        let mut rng = rng(60);
        let short = Retention { sign_ins: 30, changes: 90, views: 180, configuration: 365, other: 730 };
        let long = Retention { sign_ins: 730, changes: 730, views: 730, configuration: 730, other: 730 };
        let tenants = [
            ("t0", "Europe/Prague", WeekStart::Monday, short),
            ("t1", "Asia/Kolkata", WeekStart::Sunday, Retention::default()),
            ("t2", "Australia/Lord_Howe", WeekStart::Saturday, long),
            ("t3", "Asia/Kathmandu", WeekStart::Sunday, short),
        ];
        let mut all = Vec::new();
        for (id, zone, week_start, retention) in tenants {
            world
                .tenant(id, |tenant| {
                    tenant.time_zone = zone.parse().unwrap();
                    tenant.week_start = week_start;
                    tenant.retention = retention;
                })
                .await;
            let events = history(&mut rng, id, &retention);
            // In two inserts, so that rollups are merged from several blocks.
            world.insert(&events[..200]).await;
            world.insert(&events[200..]).await;
            all.push((world.key(Some(id), Role::Admin).await, retention, events));
        }
        for round in 0..240 {
            let (key, retention, events) = &all[round % all.len()];
            let now = Utc::now();
            let shown: Vec<&Event> = events.iter().filter(|event| kept(event, retention, now)).collect();
            let question = Question::random(&mut rng, events);
            let answer = world.ok(&format!("/v1/statistics?{}", question.query), key).await;
            check(&answer, &shown, &question);
        }
    });
}

async fn world_of(world: &World, count: usize) -> Vec<Event> {
    world.tenant("acme", |_| {}).await;
    let mut rng = rng(61);
    let hour = millis(Utc::now()).timestamp_millis() / 3_600_000 * 3_600_000;
    let mut events = Vec::new();
    for number in 0..count {
        let mut event = Event::random(&mut rng, "acme", number, TimeDelta::days(1));
        // In two hours, so that there is something to roll up.
        let at = hour - 3 * 3_600_000 + rng.random_range(0..7_200_000);
        event.occurred = DateTime::from_timestamp_millis(at).unwrap();
        event.received = event.occurred;
        event.actor_id = format!("u{}", rng.next_u32() % 700);
        event.actor_kind = "user";
        event.object_type = "task";
        event.location = "";
        event.module = "";
        events.push(event);
    }
    for part in events.chunks(2000) {
        world.insert(part).await;
    }
    events
}

/// P8: the cost does not grow with the number of events, for none of them is read: they can be gone. By a recount, the
/// rollup has no more rows than there are kinds of work in a quarter of an hour.
#[test]
fn whole_quarters_read_no_event() {
    with_world("tenant_statistics_cost", async |world| {
        let events = world_of(&world, 8000).await;
        let key = world.key(Some("acme"), Role::Admin).await;
        let paths = [
            "/v1/statistics?by=action&interval=hour&period=this_month&compare=previous",
            "/v1/statistics?by=country,device&interval=day&distinct=users&period=last_week",
            "/v1/statistics?by=user&period=this_week",
        ];
        let mut before = Vec::new();
        for path in paths {
            before.push(world.ok(path, &key).await);
        }
        world.client.query_raw("TRUNCATE TABLE events").execute().await.unwrap();
        for (path, before) in paths.into_iter().zip(before) {
            let after = world.ok(path, &key).await;
            assert_eq!(after["totals"], before["totals"], "{path}");
            assert_eq!(after["groups"], before["groups"], "{path}");
        }
        world.client.query_raw("OPTIMIZE TABLE tenant_quarters FINAL").execute().await.unwrap();
        let rows: u64 = world.client.query("SELECT count() FROM tenant_quarters").fetch_one().await.unwrap();
        let kinds: BTreeSet<_> = events
            .iter()
            .map(|event| {
                let quarter = event.occurred.timestamp() / 900;
                let work = (event.category, event.action, event.class, event.channel, event.device_kind, event.country);
                (quarter, work, event.received.date_naive())
            })
            .collect();
        assert_eq!(rows, kinds.len() as u64);
    });
}

/// Pitfall 12: above some hundreds the number is an estimate within its stated error, and says so; an active user is a
/// user, once a day.
#[test]
fn many_users_are_an_estimate() {
    with_world("tenant_statistics_estimates", async |world| {
        let events = world_of(&world, 6000).await;
        let key = world.key(Some("acme"), Role::Admin).await;
        let answer = world.ok("/v1/statistics?from=2020-01-01&distinct=users&interval=month", &key).await;
        let users = events.iter().map(|event| &event.actor_id).collect::<BTreeSet<_>>().len() as f64;
        let shown = &answer["totals"]["users"];
        assert_eq!((&shown["estimate"], &shown["error"]), (&json!(true), &json!(0.0081)));
        let value = shown["value"].as_f64().unwrap();
        assert!((value - users).abs() < 5.0 * 0.0081 * users, "{value} of {users}");
        let exact = json!({ "counts_exact": true, "distinct_exact_up_to": 512, "distinct_error": 0.0081 });
        assert_eq!(answer["accuracy"], exact);
    });
}

/// T19, K16: a viewer sees no single user, no violations, and nothing of what staff said of violations.
#[test]
fn what_a_viewer_may_not_see_is_not_counted() {
    with_world("tenant_statistics_access", async |world| {
        world.tenant("acme", |_| {}).await;
        let mut event = Event::random(&mut rng(62), "acme", 1, TimeDelta::minutes(30));
        event.violations = vec!["dormant"];
        event.category = "other";
        let review = Event::review("v1", "violation.reviewed", TimeDelta::minutes(5));
        world.insert(&[event, review]).await;
        let viewer = world.key(Some("acme"), Role::Viewer).await;
        let supervisor = world.key(Some("acme"), Role::Supervisor).await;
        let security = world.key(Some("acme"), Role::Security).await;
        for query in ["by=user", "by=action,user", "user=u1"] {
            let path = format!("/v1/statistics?{query}");
            assert_eq!(world.get(&path, &viewer).await.status, 403, "{query}");
            assert_eq!(world.get(&path, &supervisor).await.status, 200, "{query}");
        }
        let path = "/v1/statistics?from=2020-01-01";
        for path in [path.to_owned(), format!("{path}&interval=week&by=object_type")] {
            let answer = world.ok(&path, &viewer).await;
            assert_eq!(answer["totals"]["events"], 1);
            assert!(answer["totals"].get("violations").is_none());
            let answer = world.ok(&path, &security).await;
            assert_eq!((&answer["totals"]["events"], &answer["totals"]["violations"]), (&json!(2), &json!(1)));
        }
    });
}

/// P8, L13: every group opens by its key, that of events without a value, too: in the log, in statistics, in files.
#[test]
fn every_group_can_be_opened() {
    with_world("tenant_statistics_groups", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Admin).await;
        let mut events: Vec<Event> = (0..60)
            .map(|number| Event::random(&mut rng(64 + number), "acme", number as usize, TimeDelta::days(1)))
            .collect();
        for event in &mut events[..20] {
            (event.action, event.channel, event.country, event.location, event.object_type) = ("", "", "", "", "");
            event.actor_id = String::new();
        }
        world.insert(&events).await;
        let period = "period=last_30_days";
        let csv = async |path: String| {
            let request = axum::http::Request::get(path).header("authorization", format!("Bearer {key}"));
            let file = world.body(request.body(axum::body::Body::empty()).unwrap()).await;
            csv::Reader::from_reader(file.trim_start_matches('\u{feff}').as_bytes()).records().count()
        };
        for (dimension, _) in DIMENSIONS {
            let answer = world.ok(&format!("/v1/statistics?by={dimension}&{period}&top=100"), &key).await;
            let groups = answer["groups"].as_array().unwrap();
            let is_open = !["class", "device"].contains(&dimension);
            assert_eq!(groups.iter().any(|group| group["keys"] == json!([""])), is_open, "{dimension}: {groups:?}");
            for group in groups {
                let value = encoded(group["keys"][0].as_str().unwrap());
                let path = format!("/v1/statistics?{dimension}={value}&{period}");
                assert_eq!(world.ok(&path, &key).await["totals"]["events"], group["events"], "{path}");
                let filter = match dimension {
                    "device" => continue,
                    "user" => "actor_id",
                    other => other,
                };
                let path = format!("/v1/events?{filter}={value}&{period}");
                let listed = world.pages(&path, &key).await.len();
                assert_eq!(json!(listed), group["events"], "{path}");
                assert_eq!(csv(format!("{path}&format=csv")).await, listed, "{path}");
            }
        }
        // Two groups at once, and what has no group but can be missing.
        let both = world.pages("/v1/events?location=&actor_id=&source=", &key).await;
        assert_eq!(both.len(), 20);
        for name in ["device_id", "session_key", "module", "object_id"] {
            let path = format!("/v1/events?{name}=");
            let have = events.iter().filter(|event| match name {
                "device_id" => event.device_id.is_empty(),
                "session_key" => event.session_id.is_empty(),
                "module" => event.module.is_empty(),
                _ => event.object_id.is_empty(),
            });
            assert_eq!(world.pages(&path, &key).await.len(), have.count(), "{path}");
        }
    });
}

/// P8, P9: a file of groups over time has a row for each group and bucket; without an interval, one for each group.
#[test]
fn a_file_has_the_series_of_each_group() {
    with_world("tenant_statistics_files", async |world| {
        world.tenant("acme", |_| {}).await;
        let mut rng = rng(63);
        let events: Vec<Event> =
            (0..300).map(|number| Event::random(&mut rng, "acme", number, TimeDelta::days(20))).collect();
        world.insert(&events).await;
        let key = world.key(Some("acme"), Role::Admin).await;
        let path = "/v1/statistics?by=action,channel&top=4&distinct=users&period=last_30_days";
        let rows = async |path: &str| -> Vec<BTreeMap<String, String>> {
            let request = axum::http::Request::get(format!("{path}&format=csv"));
            let request = request.header("authorization", format!("Bearer {key}"));
            let response =
                world.router.clone().oneshot(request.body(axum::body::Body::empty()).unwrap()).await.unwrap();
            let file = response.into_body().collect().await.unwrap().to_bytes();
            let mut reader = csv::Reader::from_reader(file.strip_prefix("\u{feff}".as_bytes()).unwrap());
            reader.deserialize().map(Result::unwrap).collect()
        };

        let answer = world.ok(&format!("{path}&interval=week"), &key).await;
        let mut expected = Vec::new();
        for group in answer["groups"].as_array().unwrap().iter().chain([&answer["other"]]) {
            for point in group["series"].as_array().unwrap() {
                // What has no value has none, and neither have all groups that are not named.
                let keys = [0, 1].map(|at| group["keys"][at].as_str().unwrap_or_default().to_owned());
                expected.push((
                    keys,
                    time(&point["start"]),
                    time(&point["end"]),
                    point["events"].to_string(),
                    point["users"]["value"].to_string(),
                ));
            }
        }
        assert_eq!(answer["groups"].as_array().unwrap().len(), 4);
        assert!(expected.len() >= 4 * 5, "some weeks of each: {}", expected.len());
        let instant = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let read = rows(&format!("{path}&interval=week")).await.into_iter().map(|row| {
            let keys = [row["key"].clone(), row["key_2"].clone()];
            (keys, instant(&row["start"]), instant(&row["end"]), row["events"].clone(), row["users"].clone())
        });
        assert_eq!(read.collect::<Vec<_>>(), expected);

        let groups = rows(&format!("{path}&compare=previous")).await;
        let of_groups: Vec<&str> = groups.iter().map(|row| row["events"].as_str()).collect();
        let expected: Vec<String> = answer["groups"]
            .as_array()
            .unwrap()
            .iter()
            .chain([&answer["other"]])
            .map(|group| group["events"].to_string())
            .collect();
        assert_eq!(of_groups, expected);
        assert!(groups[0].contains_key("previous.events") && !groups[0].contains_key("start"));

        // Where nothing was done there is no group, and all others are none, too.
        let nothing = format!("{path}&location=nowhere");
        for (query, many) in [(nothing.clone(), 1), (format!("{nothing}&interval=week"), 5)] {
            assert_eq!(world.ok(&query, &key).await["groups"], json!([]), "{query}");
            let rows = rows(&query).await;
            assert!(rows.len() >= many, "{query}: {rows:?}");
            for row in rows {
                let shown = ["key", "key_2", "other", "events"].map(|name| row[name].as_str());
                assert_eq!(shown, ["", "", "true", "0"], "{query}");
            }
        }
    });
}

/// P12: what would be too much is refused, and says what to change.
#[test]
fn too_much_is_refused() {
    with_world("tenant_statistics_bounds", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Security).await;
        for (query, status, code, pointer) in [
            ("interval=minute&from=2026-01-01&to=2026-01-02", 422, "too_many_buckets", "interval"),
            ("interval=minute&from=2026-01-01&to=2026-02-02", 422, "period_too_long", "period"),
            ("interval=hour&from=2026-01-01&to=2026-06-01", 422, "too_many_buckets", "interval"),
            ("interval=hour&by=action&top=100&period=last_month", 422, "too_many_buckets", "interval"),
            ("by=location,user&from=2025-01-01&to=2026-01-01", 422, "period_too_long", "period"),
            ("compare=previous&to=2026-01-01", 422, "no_previous_period", "compare"),
            ("by=action,channel,class", 400, "invalid_parameter", "by"),
            ("by=weekday", 400, "invalid_parameter", "by"),
            ("top=0", 400, "invalid_parameter", "top"),
            ("top=101", 400, "invalid_parameter", "top"),
            ("interval=second", 400, "invalid_parameter", "interval"),
            ("distinct=ips", 400, "invalid_parameter", "distinct"),
            ("compare=next", 400, "invalid_parameter", "compare"),
            ("class=odd", 400, "invalid_parameter", "class"),
            ("weather=fine", 400, "invalid_parameter", "weather"),
        ] {
            let answer = world.get(&format!("/v1/statistics?{query}"), &key).await;
            let told = (answer.status, answer.json["code"].as_str(), answer.json["pointer"].as_str());
            assert_eq!(told, (status, Some(code), Some(pointer)), "{query}: {}", answer.json);
            assert_eq!(answer.json["limit"].is_u64(), code == "too_many_buckets", "{query}: {}", answer.json);
        }
    });
}

/// P8: a sum that 64 bits can't hold is the largest number that they can, and says so; no sum begins again from 0.
#[test]
fn sums_do_not_wrap() {
    with_world("statistics_sums", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Supervisor).await;
        let huge = |id: &str, actor: &str, hours: i64| Event {
            duration_ms: u64::MAX / 2 + 1,
            records: u64::MAX / 2 + 1,
            ..Event::sign_in(id, actor, TimeDelta::hours(hours))
        };
        world.insert(&[huge("e1", "u1", 1), huge("e2", "u1", 2), huge("e3", "u2", 3)]).await;
        for query in ["", "&by=action", "&by=user"] {
            let answer = world.ok(&format!("/v1/statistics?period=last_30_days{query}"), &key).await;
            let totals = &answer["totals"];
            assert_eq!((&totals["events"], &totals["records"]), (&json!(3), &json!(u64::MAX)), "{query}: {answer}");
            assert_eq!(
                (&totals["duration_ms"], &answer["accuracy"]["counts_exact"]),
                (&json!(u64::MAX), &json!(false))
            );
        }
        let one = world.ok("/v1/users/u1/statistics?period=last_30_days", &key).await;
        assert!(one.to_string().contains(&format!("\"records\":{}", u64::MAX)), "{one}");
        let other = world.ok("/v1/users/u2/statistics?period=last_30_days", &key).await;
        assert!(other.to_string().contains(&format!("\"records\":{}", u64::MAX / 2 + 1)), "{other}");
    });
}

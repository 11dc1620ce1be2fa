//! Whatever may not be read may not be counted (A2, K16, T19): each answer that counts, for each set of permissions.

use chrono::{SecondsFormat, TimeDelta};
use schemas::settings::{Permission, Role};
use serde_json::{Value, json};

use crate::exports::{csv_column, file};
use crate::support::{Event, World, encoded, with_world};

/// What a row of the log takes beyond reading it.
fn takes(event: &Event) -> Vec<Permission> {
    let reviews = ["violation.reviewed", "violation.review_withdrawn", "rule.matched"];
    let configuration = (event.category == "configuration").then_some(Permission::ReadConfiguration);
    let review = reviews.contains(&event.event_type.as_str()).then_some(Permission::SeeViolations);
    configuration.into_iter().chain(review).collect()
}

fn of_configuration(event: Event) -> Event {
    Event { category: "configuration", location: "", ..event }
}

/// Of one user, in one session, on one device: plain rows, and some of each kind that is hidden from somebody.
fn history() -> Vec<Event> {
    let ago = TimeDelta::minutes;
    let at = |id: &str, minutes: i64| Event { session_id: "s1".to_owned(), ..Event::sign_in(id, "u1", ago(minutes)) };
    let changed = |id: &str, minutes: i64| Event {
        event_type: "plan.changed".to_owned(),
        class: "change",
        action: "update",
        object_type: "plan",
        object_id: "1".to_owned(),
        records: 3,
        duration_ms: 5,
        ..of_configuration(at(id, minutes))
    };
    vec![
        at("plain", 50),
        Event { event_type: "odd.done".to_owned(), ..at("odd", 49) },
        changed("changed", 45),
        Event { event_type: "odd.changed".to_owned(), ..changed("odd-changed", 44) },
        // However an application files its own sign-ins.
        of_configuration(at("administrators-sign-in", 40)),
        Event { action: "sign_in_failed", outcome: "failure", ..of_configuration(at("failed", 39)) },
        Event { violations: vec!["mass-export"], ..at("exported", 35) },
        Event { violations: vec!["mass-export"], ..changed("both", 34) },
        Event { actor_id: "u2".to_owned(), ..changed("alone", 30) },
        Event { actor_id: "u1".to_owned(), actor_kind: "user", ..Event::review("v1", "violation.reviewed", ago(20)) },
        // Filed by its sender as something else: it is one all the same.
        Event { event_type: "violation.reviewed".to_owned(), object_type: "task", action: "view", ..at("renamed", 19) },
        of_configuration(Event { event_type: "violation.reviewed".to_owned(), ..at("twice-hidden", 18) }),
        Event { event_type: "rule.matched".to_owned(), ..at("matched", 17) },
    ]
}

async fn key(world: &World, permissions: &[Permission]) -> String {
    let made = world.settings.create_key_permitting(Some("acme"), Role::Viewer, permissions, "test").await;
    made.unwrap().1.expose()
}

fn number(value: &Value) -> usize {
    usize::try_from(value.as_u64().unwrap_or_else(|| panic!("{value}"))).unwrap()
}

/// A2, K16, T19: statistics of all and of one user, lists of users, sessions and devices, violations, unknown types, and what
/// another retention would delete count what the log lists to the same caller, in each combination of permissions.
#[test]
fn what_may_not_be_read_is_not_counted() {
    with_world("counted", async |world| {
        world.tenant("acme", |_| {}).await;
        let events = history();
        world.insert(&events[..6]).await;
        world.insert(&events[6..]).await;
        let all =
            [Permission::TraceUsers, Permission::SeeViolations, Permission::ReadConfiguration, Permission::Administer];
        for set in 0..1_u8 << all.len() {
            let given: Vec<Permission> = (0..all.len()).filter(|at| set >> at & 1 == 1).map(|at| all[at]).collect();
            let may = |permission| given.contains(&permission);
            let key = key(&world, &given).await;
            let readable: Vec<&Event> =
                events.iter().filter(|event| takes(event).iter().all(|takes| may(*takes))).collect();
            let count = |wanted: &dyn Fn(&Event) -> bool| readable.iter().filter(|event| wanted(event)).count();
            let of_u1 = count(&|event| event.actor_id == "u1");
            let signed_in = count(&|event| event.actor_id == "u1" && event.action == "sign_in");
            let records: u64 = readable.iter().map(|event| event.records).sum();

            // The log itself is the measure.
            assert_eq!(world.pages("/v1/events?period=last_30_days", &key).await.len(), readable.len(), "{given:?}");
            let path = "/v1/events/summary?period=last_30_days&facets=action,actor,rule";
            let summary = world.ok(path, &key).await;
            assert_eq!(number(&summary["total"]["value"]), readable.len(), "{given:?}");
            let sum = |name: &str| {
                let values = summary["facets"][name]["values"].as_array()?.iter();
                Some(values.map(|value| number(&value["count"])).sum::<usize>())
            };
            assert_eq!(sum("action"), Some(readable.len()), "{given:?}");
            assert_eq!(sum("actor"), may(Permission::TraceUsers).then_some(readable.len()), "{given:?}");
            assert_eq!(sum("rule").is_some(), may(Permission::SeeViolations), "{given:?}");
            for query in ["", "&by=action", "&interval=minute&period=today", "&by=location,class", "&distinct=users"] {
                let period = if query.contains("period") { "" } else { "&period=last_30_days" };
                let path = format!("/v1/statistics?top=50{query}{period}");
                // Minutes are of a day, and midnight may lie between.
                if query.contains("minute") && events[0].occurred.date_naive() != chrono::Utc::now().date_naive() {
                    continue;
                }
                let answer = world.ok(&path, &key).await;
                assert_eq!(number(&answer["totals"]["events"]), readable.len(), "{given:?} {path}");
                assert_eq!(answer["totals"]["records"].as_u64(), Some(records), "{given:?} {path}");
                let violations = answer["totals"].get("violations").map(number);
                let broken = count(&|event| !event.violations.is_empty());
                assert_eq!(violations, may(Permission::SeeViolations).then_some(broken), "{given:?} {path}");
                let groups = answer["groups"].as_array().into_iter().flatten();
                let grouped: usize = groups.map(|group| number(&group["events"])).sum();
                assert_eq!(grouped, if query.contains("by=") { readable.len() } else { 0 }, "{given:?} {path}");
            }
            let users = world.ok("/v1/statistics?period=last_30_days&distinct=users", &key).await;
            let others = count(&|event| event.actor_id != "u1");
            assert_eq!(number(&users["totals"]["users"]["value"]), 1 + usize::from(others > 0), "{given:?}");
            let configuration = world.ok("/v1/statistics?period=last_30_days&category=configuration", &key).await;
            let changed = count(&|event| event.category == "configuration");
            assert_eq!(number(&configuration["totals"]["events"]), changed, "{given:?}");

            // Who did it (T19).
            for path in [
                "/v1/statistics?period=last_30_days&by=user",
                "/v1/statistics?period=last_30_days&by=user&category=configuration",
                "/v1/statistics?period=last_30_days&by=user,location",
            ] {
                let answer = world.get(path, &key).await;
                assert_eq!(answer.status, if may(Permission::TraceUsers) { 200 } else { 403 }, "{given:?} {path}");
                if may(Permission::TraceUsers) {
                    let of_configuration = path.contains("category");
                    let expected = if of_configuration { changed } else { readable.len() };
                    assert_eq!(number(&answer.json["totals"]["events"]), expected, "{given:?} {path}");
                    let named = answer.json["groups"].to_string().contains("\"u2\"");
                    assert_eq!(named, may(Permission::ReadConfiguration), "{given:?} {path}");
                }
            }
            if may(Permission::TraceUsers) {
                let path = "/v1/users/u1/statistics?period=last_30_days";
                let answer = world.ok(path, &key).await;
                assert_eq!(number(&answer["totals"]["events"]), of_u1, "{given:?}");
                assert_eq!(number(&answer["totals"]["sign_ins"]), signed_in, "{given:?}");
                for part in ["actions", "classes", "object_types", "series"] {
                    let parts = answer[part].as_array().unwrap();
                    let sum: usize = parts.iter().map(|part| number(&part["events"])).sum();
                    assert_eq!(sum, of_u1, "{given:?} {part}");
                }
                let objects = count(&|event| event.actor_id == "u1" && event.object_type == "plan");
                assert_eq!(answer["object_types"].to_string().contains("\"plan\""), objects > 0, "{given:?}");
                let alone = world.ok("/v1/users/u2/statistics?period=last_30_days", &key).await;
                assert_eq!(number(&alone["totals"]["events"]), others, "{given:?}");
            }
            // When somebody was there is counted from what may be read.
            let times = |of: &dyn Fn(&Event) -> bool| -> (Value, Value) {
                let text = |time: chrono::DateTime<chrono::Utc>| time.to_rfc3339_opts(SecondsFormat::AutoSi, true);
                let told = || readable.iter().filter(|event| of(event)).map(|event| event.occurred);
                (json!(told().min().map(text)), json!(told().max().map(text)))
            };
            let of_user = |user: &'static str| times(&|event| event.actor_id == user);
            let shown = |row: &Value, last: &str| (row["first_seen_at"].clone(), row[last].clone());
            let listed = world.pages("/v1/users?limit=1", &key).await;
            for user in ["u1", "u2"] {
                let row = listed.iter().find(|row| row["id"] == user).unwrap();
                assert_eq!(shown(row, "last_activity_at"), of_user(user), "{given:?} {user}");
                let row = &world.ok(&format!("/v1/users/{user}"), &key).await["data"];
                assert_eq!(shown(row, "last_activity_at"), of_user(user), "{given:?} {user}");
            }
            let mut latest_first = [of_user("u1"), of_user("u2")].map(|(_, last)| last.to_string());
            latest_first.sort_by(|one, other| other.cmp(one));
            latest_first.sort_by_key(|last| last == "null");
            let order: Vec<String> = listed.iter().map(|row| row["last_activity_at"].to_string()).collect();
            assert_eq!(order, latest_first, "{given:?}");
            let csv = file(&world, "/v1/users", &key, "text/csv").await.bytes;
            let at = |cell: &str| cell.parse::<chrono::DateTime<chrono::Utc>>().ok();
            let told: Vec<_> = csv_column(&csv, "last_activity_at").iter().map(|cell| at(cell)).collect();
            let wanted: Vec<_> = order.iter().map(|last| at(last.trim_matches('"'))).collect();
            assert_eq!(told, wanted, "{given:?}");
            let since = encoded(&of_user("u1").1.as_str().unwrap().replace('Z', "+00:00"));
            let active = world.pages(&format!("/v1/users?from={since}"), &key).await.len();
            let later = usize::from(of_user("u2").1.as_str() >= of_user("u1").1.as_str());
            assert_eq!(active, 1 + later, "{given:?}");
            let user = world.ok("/v1/users/u1", &key).await;
            assert_eq!(number(&user["data"]["sign_ins"]), signed_in, "{given:?}");
            let listed = world.ok("/v1/users?q=u1", &key).await;
            assert_eq!(number(&listed["data"][0]["sign_ins"]), signed_in, "{given:?}");
            let unknown = world.ok("/v1/catalogue/unknown", &key).await;
            assert_eq!(unknown.to_string().contains("odd.changed"), may(Permission::ReadConfiguration), "{given:?}");

            if may(Permission::SeeViolations) {
                let sign_ins = world.ok("/v1/users/u1/sign-ins", &key).await;
                let attempts =
                    count(&|event| event.actor_id == "u1" && ["sign_in", "sign_in_failed"].contains(&event.action));
                assert_eq!(sign_ins["data"].as_array().unwrap().len(), attempts, "{given:?}");
                let of_all = world.ok("/v1/sign-ins", &key).await;
                assert_eq!(of_all["data"].as_array().unwrap().len(), attempts, "{given:?}");
                let devices = world.ok("/v1/users/u1/devices", &key).await;
                let failed = count(&|event| event.action == "sign_in_failed");
                assert_eq!(number(&devices["data"][0]["sign_ins"]), signed_in, "{given:?}");
                assert_eq!(number(&devices["data"][0]["failed_sign_ins"]), failed, "{given:?}");
                let of_u1 = times(&|event| event.actor_id == "u1" && event.actor_kind == "user");
                assert_eq!(shown(&devices["data"][0], "last_seen_at"), of_u1, "{given:?}");
                let alone = world.pages("/v1/users/u2/devices", &key).await.len();
                assert_eq!(alone, usize::from(may(Permission::ReadConfiguration)), "{given:?}");
                let of_all = world.ok("/v1/devices?user_id=u1", &key).await;
                assert_eq!(number(&of_all["data"][0]["sign_ins"]), signed_in, "{given:?}");
                assert_eq!(number(&of_all["data"][0]["failed_sign_ins"]), failed, "{given:?}");
                let sessions = world.ok("/v1/users/u1/sessions", &key).await;
                let sessions = sessions["data"].as_array().unwrap();
                let of_session = sessions.iter().find(|session| session["key"] == "s1").unwrap();
                let inside = count(&|event| event.session_id == "s1" && event.actor_id == "u1");
                assert_eq!(number(&of_session["events"]), inside, "{given:?}");
                let (first, last) = times(&|event| event.session_id == "s1" && event.actor_id == "u1");
                assert_eq!((&of_session["started_at"], &of_session["last_activity_at"]), (&first, &last), "{given:?}");
                let alone = world.pages("/v1/users/u2/sessions", &key).await.len();
                assert_eq!(alone, usize::from(may(Permission::ReadConfiguration)), "{given:?}");
                let beside = sign_ins["data"].as_array().unwrap().iter().find(|row| row["id"] == "plain").unwrap();
                assert_eq!(beside["session"]["last_activity_at"], last, "{given:?}");
                let violations = world.ok("/v1/users/u1/violations", &key).await;
                let mut evidence: Vec<&str> = violations["data"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .flat_map(|violation| violation["event_ids"].as_array().unwrap())
                    .map(|id| id.as_str().unwrap())
                    .collect();
                evidence.sort_unstable();
                let of_rule = count(&|event| !event.violations.is_empty());
                assert_eq!(evidence.len(), of_rule, "{given:?} {violations}");
                assert_eq!(evidence.contains(&"both"), may(Permission::ReadConfiguration), "{given:?}");
            }
            if may(Permission::Administer) {
                let preview = world.ok("/v1/settings/retention/preview?other=30", &key).await;
                let data = preview["data"].as_array().unwrap();
                let one = data.iter().find(|one| one["category"] == "configuration").unwrap();
                let expected = if may(Permission::ReadConfiguration) { json!(0) } else { Value::Null };
                assert_eq!(one["events"], expected, "{given:?}");
            }
        }
    });
}

/// A2, K12: when a violation began and ended is counted from the events that the caller may read, in lists, periods and files; what is all
/// hidden has no such time.
#[test]
fn a_violation_has_the_times_of_what_may_be_read() {
    with_world("counted_violations", async |world| {
        world.tenant("acme", |_| {}).await;
        let hour = Event::sign_in("x", "u1", TimeDelta::hours(5)).window();
        let at = |id: &str, user: &str, minute: i64| Event {
            violations: vec!["mass-export"],
            occurred: hour + TimeDelta::minutes(minute),
            ..Event::sign_in(id, user, TimeDelta::hours(5))
        };
        let events = [
            of_configuration(at("before", "u1", 10)),
            at("seen", "u1", 20),
            at("seen-too", "u1", 30),
            of_configuration(at("after", "u1", 40)),
            of_configuration(at("hidden", "u2", 15)),
        ];
        world.insert(&events).await;
        let staff = key(&world, &[Permission::SeeViolations]).await;
        let admin = key(&world, &[Permission::SeeViolations, Permission::ReadConfiguration]).await;
        let text = |minute: i64| (hour + TimeDelta::minutes(minute)).to_rfc3339_opts(SecondsFormat::Secs, true);
        for (key, u1, u2) in [(&staff, Some((20, 30)), None), (&admin, Some((10, 40)), Some((15, 15)))] {
            for (user, times) in [("u1", u1), ("u2", u2)] {
                let (first, last) =
                    times.map_or((Value::Null, Value::Null), |(first, last)| (json!(text(first)), json!(text(last))));
                let listed = world.ok(&format!("/v1/users/{user}/violations"), key).await["data"][0].clone();
                let one =
                    world.ok(&format!("/v1/violations/{}", listed["id"].as_str().unwrap()), key).await["data"].clone();
                for row in [&listed, &one] {
                    assert_eq!((row.get("first_at"), row.get("last_at")), (Some(&first), Some(&last)), "{user}: {row}");
                }
                assert_eq!(listed["count"], if user == "u1" { 4 } else { 1 });
            }
            let (first, last) = u1.unwrap();
            let count = async |query: String| world.pages(&format!("/v1/users/u1/violations?{query}"), key).await.len();
            assert_eq!(count(format!("from={}", text(last))).await, 1);
            assert_eq!(count(format!("from={}", text(last + 1))).await, 0);
            assert_eq!(count(format!("to={}", text(first))).await, 0);
            assert_eq!(count(format!("to={}", text(first + 1))).await, 1);
            let csv = file(&world, "/v1/users/u1/violations", key, "text/csv").await.bytes;
            let told = csv_column(&csv, "first_at")[0].parse::<chrono::DateTime<chrono::Utc>>().unwrap();
            assert_eq!(told, hour + TimeDelta::minutes(first));
        }
        // What is marked is what is listed.
        let user = world.ok("/v1/users/u2", &admin).await;
        assert_eq!(user["data"]["unreviewed_violations"], 1, "{user}");
    });
}

//! Restriction history (K12) and what reviews change in it (K13–K15).

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use schemas::settings::Role;
use serde_json::{Value, json};

use crate::exports::{csv_column, file};
use crate::support::{Event, covering, encoded, ids, rng, with_world};

fn text(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// A violation as the tests think of it: the events of one rule, user and window.
#[derive(Debug, Default)]
struct Expected<'a> {
    rule: &'static str,
    events: Vec<&'a Event>,
}

impl Expected<'_> {
    fn first(&self) -> DateTime<Utc> {
        self.events.iter().map(|event| event.occurred).min().unwrap()
    }

    fn last(&self) -> DateTime<Utc> {
        self.events.iter().map(|event| event.occurred).max().unwrap()
    }
}

fn expected(events: &[Event]) -> BTreeMap<(DateTime<Utc>, String), Expected<'_>> {
    let mut all: BTreeMap<_, Expected<'_>> = BTreeMap::new();
    for event in events {
        for rule in &event.violations {
            let found = all.entry((event.window(), event.violation_id(rule))).or_default();
            found.rule = rule;
            found.events.push(event);
        }
    }
    all
}

fn crowded(seed: u64, count: usize) -> Vec<Event> {
    let mut rng = rng(seed);
    let mut events: Vec<Event> =
        (0..count).map(|number| Event::random(&mut rng, "acme", number, TimeDelta::hours(40))).collect();
    for (number, event) in events.iter_mut().enumerate() {
        event.level = [1, 3, 4][number % 3];
    }
    events
}

/// K12: one row a violation, with its count, its times and its events, in both orders, every row once through windows
/// that many share, and narrowed by every filter.
#[test]
fn violations_are_merged_filtered_and_paged() {
    with_world("violations_filters", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Admin).await;
        let events = crowded(11, 900);
        // In several parts, so that a violation is in several as well.
        for part in events.chunks(100) {
            world.insert(part).await;
        }
        let all = expected(&events);
        assert!(all.values().any(|found| found.events.len() > 1) && all.len() > 100, "proves nothing");
        let oldest: Vec<String> = all.keys().map(|(_, id)| id.clone()).collect();
        let newest: Vec<String> = oldest.iter().rev().cloned().collect();
        assert_eq!(ids(&world.pages("/v1/violations?order=asc&limit=7", &key).await), oldest);
        let rows = world.pages("/v1/violations?limit=9", &key).await;
        assert_eq!(ids(&rows), newest);
        for (row, ((window, _), found)) in rows.iter().rev().zip(&all) {
            assert_eq!((&row["rule"], &row["count"]), (&json!(found.rule), &json!(found.events.len())));
            assert_eq!(row["window_at"], text(*window));
            assert_eq!((&row["first_at"], &row["last_at"]), (&json!(text(found.first())), &json!(text(found.last()))));
            assert_eq!(
                (&row["rule_version"], &row["action"], &row["review"]),
                (&json!(2), &json!("flag"), &Value::Null)
            );
            let inside: BTreeSet<&str> = found.events.iter().map(|event| event.id.as_str()).collect();
            let shown: BTreeSet<&str> =
                row["event_ids"].as_array().unwrap().iter().map(|id| id.as_str().unwrap()).collect();
            assert_eq!(shown, inside);
        }

        let (from, to) = (Utc::now() - TimeDelta::hours(30), Utc::now() - TimeDelta::hours(10));
        let period = format!("&from={}&to={}", encoded(&text(from)), encoded(&text(to)));
        let level = |found: &Expected<'_>| found.events.iter().map(|event| event.level).max().unwrap();
        let last = |found: &Expected<'_>| {
            let told = found.events.iter().filter(|event| !event.device_id.is_empty());
            told.max_by_key(|event| (event.occurred, &event.id)).map_or("", |event| &event.device_id).to_owned()
        };
        type Keeps<'a> = Box<dyn Fn(&Expected<'_>) -> bool + 'a>;
        let cases: Vec<(&str, Keeps<'_>)> = vec![
            ("&rule=dormant", Box::new(|found| found.rule == "dormant")),
            ("&user_id=u1,u2&order=asc", Box::new(|found| ["u1", "u2"].contains(&found.events[0].actor_id.as_str()))),
            ("&level=high,low", Box::new(move |found| [1, 3].contains(&level(found)))),
            ("&min_level=high", Box::new(move |found| level(found) >= 3)),
            ("&min_level=high&level=low,critical", Box::new(move |found| level(found) == 4)),
            ("&min_level=high&level=low", Box::new(|_| false)),
            ("&device_id=d2", Box::new(move |found| last(found) == "d2")),
            ("&reviewed=false", Box::new(|_| true)),
            ("&reviewed=true", Box::new(|_| false)),
            (&period, Box::new(move |found| found.last() >= from && found.first() < to)),
        ];
        for (query, keeps) in cases {
            let found: BTreeSet<String> =
                ids(&world.pages(&format!("/v1/violations?limit=50{query}"), &key).await).into_iter().collect();
            let wanted: BTreeSet<String> =
                all.iter().filter(|(_, found)| keeps(found)).map(|((_, id), _)| id.clone()).collect();
            assert_eq!(found, wanted, "{query}");
        }
        let of_user = ids(&world.pages("/v1/users/u1/violations?limit=5", &key).await);
        assert_eq!(of_user, ids(&world.pages("/v1/violations?limit=100&user_id=u1", &key).await));
        assert_eq!(world.get("/v1/users/u1/violations?user_id=u2", &key).await.status, 400);
    });
}

/// K12: the limit in force and what was seen; a rule across users has no user but a group.
#[test]
fn a_violation_tells_what_was_seen() {
    with_world("violations_one", async |world| {
        for tenant in ["acme", "other"] {
            world.tenant(tenant, |_| {}).await;
        }
        let key = world.key(Some("acme"), Role::Security).await;
        let foreign = world.key(Some("other"), Role::Security).await;
        let mut single = Event::sign_in("e1", "u1", TimeDelta::hours(3));
        (single.violations, single.measured, single.actor_name) = (vec!["sign-in-tor"], (6.0, 4.0), "Jana".to_owned());
        let mut across = Event::sign_in("e2", "u2", TimeDelta::hours(2));
        (across.violations, across.group) = (vec!["spraying"], r#"{"context.ip":"198.51.100.7"}"#);
        let id = single.violation_id("sign-in-tor");
        let cross = across.violation_id("spraying");
        world.insert(&[single.clone(), across]).await;

        let shown = world.ok(&format!("/v1/violations/{id}"), &key).await["data"].clone();
        assert_eq!((&shown["seen"], &shown["limit"]), (&json!(6.0), &json!(4.0)));
        assert_eq!(shown["user"], json!({"kind": "user", "id": "u1", "name": "Jana"}));
        assert_eq!((&shown["device_id"], &shown["session_key"]), (&json!("d1"), &json!("s-e1")));
        assert_eq!((&shown["ip"], &shown["place"]), (&json!("198.51.100.7"), &json!({"country": "CZ"})));
        assert_ne!(shown["title"], shown["rule"], "a rule that comes with the program has a title");
        assert!(shown.get("group").is_none());
        let shown = world.ok(&format!("/v1/violations/{cross}"), &key).await["data"].clone();
        assert_eq!((&shown["seen"], &shown["limit"], &shown["user"]), (&Value::Null, &Value::Null, &Value::Null));
        assert_eq!(shown["group"], json!({"context.ip": "198.51.100.7"}));
        assert_eq!(shown["title"], "spraying");

        assert_eq!(world.get(&format!("/v1/violations/{id}"), &foreign).await.status, 404);
        assert_eq!(world.get("/v1/violations/nothing", &key).await.status, 404);
        assert_eq!(world.pages("/v1/violations?limit=10", &foreign).await.len(), 0);
    });
}

/// L2: violations go with the category of their events, at once.
#[test]
fn violations_are_kept_as_long_as_their_category() {
    with_world("violations_retention", async |world| {
        world.tenant("acme", |tenant| tenant.retention.sign_ins = 365).await;
        let key = world.key(Some("acme"), Role::Admin).await;
        let mut old = Event::sign_in("e1", "u1", TimeDelta::days(60));
        old.violations = vec!["dormant"];
        let mut export = Event {
            id: "e2".to_owned(),
            category: "views",
            action: "export",
            violations: vec!["mass-export"],
            ..old.clone()
        };
        export.occurred += TimeDelta::hours(1);
        world.insert(&[old.clone(), export.clone()]).await;
        assert_eq!(world.pages("/v1/violations?limit=10", &key).await.len(), 2);
        assert_eq!(world.ok("/v1/users/u1", &key).await["data"]["unreviewed_violations"], 2);

        let days = json!({"sign_ins": 30, "changes": 365, "views": 90, "configuration": 730, "other": 365});
        assert_eq!(world.send("PUT", "/v1/settings/retention", &key, Some(days)).await.status, 200);
        let left = export.violation_id("mass-export");
        assert_eq!(ids(&world.pages("/v1/violations?limit=10", &key).await), [left]);
        assert_eq!(world.get(&format!("/v1/violations/{}", old.violation_id("dormant")), &key).await.status, 404);
        assert_eq!(world.ok("/v1/users/u1", &key).await["data"]["unreviewed_violations"], 1);
        assert_eq!(world.pages("/v1/users/u1/sign-ins?limit=10", &key).await.len(), 0);
    });
}

/// K13, K14, K15: a review is shown with who, when and note; it clears the mark and changes nothing else; taken back, the
/// mark is there again. What another sender says in such an event counts for nothing.
#[test]
fn a_review_clears_the_mark_alone() {
    with_world("violations_review", async |world| {
        world.tenant("acme", |_| {}).await;
        world.tenant("other", |_| {}).await;
        let key = world.key(Some("acme"), Role::Security).await;
        let mut event = Event::sign_in("e1", "u1", TimeDelta::hours(3));
        (event.violations, event.measured) = (vec!["dormant"], (120.0, 90.0));
        let id = event.violation_id("dormant");
        world.insert(&[event]).await;
        let path = format!("/v1/violations/{id}");
        let before = world.ok(&path, &key).await["data"].clone();
        let user_before = world.ok("/v1/users/u1", &key).await["data"].clone();
        assert_eq!((&before["review"], &user_before["unreviewed_violations"]), (&Value::Null, &json!(1)));

        let forged = Event { key_id: "k3jq7xw2m5ab", ..Event::review(&id, "violation.reviewed", TimeDelta::hours(2)) };
        let foreign =
            Event { tenant: "other".to_owned(), ..Event::review(&id, "violation.reviewed", TimeDelta::hours(2)) };
        world.insert(&[forged, foreign]).await;
        assert_eq!(world.ok(&path, &key).await["data"], before);

        let review = Event::review(&id, "violation.reviewed", TimeDelta::hours(1));
        world.insert(std::slice::from_ref(&review)).await;
        let mut reviewed = world.ok(&path, &key).await["data"].clone();
        let said = json!({
            "reviewed": true,
            "by": {"id": "k3jq7xw2m5ab", "name": "Security desk"},
            "at": text(review.occurred),
            "note": "known traveller",
            "count": 1000
        });
        assert_eq!(reviewed["review"].take(), said);
        assert_eq!(reviewed, before);
        let mut user = world.ok("/v1/users/u1", &key).await["data"].clone();
        assert_eq!(user["unreviewed_violations"], 0);
        user["unreviewed_violations"] = json!(1);
        assert_eq!(user, user_before);
        assert_eq!(ids(&world.pages("/v1/violations?reviewed=true", &key).await), std::slice::from_ref(&id));
        assert_eq!(world.pages("/v1/violations?reviewed=false", &key).await.len(), 0);

        world.insert(&[Event::review(&id, "violation.review_withdrawn", TimeDelta::minutes(5))]).await;
        assert_eq!(world.ok(&path, &key).await["data"], before);
        assert_eq!(world.ok("/v1/users/u1", &key).await["data"], user_before);
        // Nothing to withdraw any more: nothing is written.
        let again = world.send("DELETE", &format!("{path}/review"), &key, None).await;
        assert_eq!((again.status, &again.json["applied"], &again.json["event_id"]), (200, &json!(true), &Value::Null));
    });
}

/// K15, K3: what a violation comes to after its review is unreviewed again, late events and what is seen across users included:
/// in lists, counts, files. A review of less than there is leaves the rest.
#[test]
fn what_grows_after_a_review_is_unreviewed() {
    with_world("violations_grow", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Security).await;
        let mut first = Event::sign_in("e1", "u1", TimeDelta::hours(3));
        first.occurred = first.window() + TimeDelta::minutes(30);
        first.violations = vec!["dormant"];
        let spraying = Event {
            id: "s1".to_owned(),
            actor_id: String::new(),
            actor_kind: "system",
            group: r#"{"context.ip":"198.51.100.7"}"#,
            violations: vec!["spraying"],
            measured: (10.0, 5.0),
            records: 1,
            ..first.clone()
        };
        let (id, across) = (first.violation_id("dormant"), spraying.violation_id("spraying"));
        world.insert(&[first.clone(), spraying.clone()]).await;
        let reviewed = async |id: &str| {
            let yes = ids(&world.pages("/v1/violations?reviewed=true", &key).await);
            let no = ids(&world.pages("/v1/violations?reviewed=false", &key).await);
            let one = world.ok(&format!("/v1/violations/{id}"), &key).await["data"].clone();
            let mark = world.ok("/v1/users/u1", &key).await["data"]["unreviewed_violations"].clone();
            let shown = yes.iter().any(|known| known == id);
            assert_eq!((shown, !one["review"].is_null()), (!no.iter().any(|known| known == id), shown), "{one}");
            (shown, one["outgrown_review"]["count"].clone(), mark)
        };
        let review = |id: &str, minutes, covered| Event {
            changes: covered,
            ..Event::review(id, "violation.reviewed", TimeDelta::minutes(minutes))
        };
        world.insert(&[review(&id, 60, covering(1, 0.0)), review(&across, 59, covering(1, 10.0))]).await;
        assert_eq!(reviewed(&id).await, (true, Value::Null, json!(0)));
        assert_eq!(reviewed(&across).await, (true, Value::Null, json!(0)));

        // It occurred before what was reviewed, and came after the review.
        let late = Event { id: "e2".to_owned(), occurred: first.occurred - TimeDelta::minutes(20), ..first.clone() };
        // One that says that more was seen, and is no breach more.
        let more = Event { id: "s2".to_owned(), measured: (11.0, 5.0), records: 0, ..spraying.clone() };
        world.insert(&[late, more]).await;
        assert_eq!(reviewed(&id).await, (false, json!(1), json!(1)));
        assert_eq!(reviewed(&across).await, (false, json!(1), json!(1)));
        let list = world.ok("/v1/users", &key).await;
        assert_eq!(list["data"][0]["unreviewed_violations"], 1, "{list}");
        let csv = file(&world, "/v1/violations?reviewed=false&rule=dormant", &key, "text/csv").await;
        assert_eq!(csv_column(&csv.bytes, "review.note"), [""]);

        world.insert(&[review(&id, 50, covering(2, 0.0)), review(&across, 49, covering(1, 11.0))]).await;
        assert_eq!(reviewed(&id).await, (true, Value::Null, json!(0)));
        assert_eq!(reviewed(&across).await, (true, Value::Null, json!(0)));
        let path = format!("/v1/violations/{id}/review");
        for count in [0, 3] {
            let refused = world.send("POST", &path, &key, Some(json!({ "count": count }))).await;
            assert_eq!((refused.status, &refused.json["pointer"]), (422, &json!("/count")));
        }
    });
}

/// K13: what can't be reviewed is refused before anything is written.
#[test]
fn a_review_of_nothing_is_refused() {
    with_world("violations_refused", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Security).await;
        let path = "/v1/violations/nothing/review";
        let note = |text: String| Some(json!({ "note": text }));
        assert_eq!(world.send("POST", path, &key, note("x".repeat(1024))).await.status, 404);
        let long = world.send("POST", path, &key, note("x".repeat(1025))).await;
        assert_eq!((long.status, &long.json["pointer"]), (422, &json!("/note")));
        assert_eq!(world.send("DELETE", path, &key, None).await.status, 404);
    });
}

/// K12, L13: a rule or an endpoint that there is not is refused by name in every list; one that is gone is not, while something that it
/// found is kept.
#[test]
fn what_there_is_not_can_not_be_asked_for() {
    with_world("violations_names", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Admin).await;
        let mut event = Event::sign_in("e1", "u1", TimeDelta::hours(1));
        event.violations = vec!["gone-rule"];
        world.insert(&[event]).await;
        for (path, pointer) in [
            ("/v1/violations?rule=nonsense", "rule"),
            ("/v1/violations?rule=mass-export,gone-rule,nonsense", "rule"),
            ("/v1/users/u1/violations?rule=nonsense&format=csv", "rule"),
            ("/v1/events?violations=nonsense", "violations"),
            ("/v1/alerts/deliveries?endpoint=none", "endpoint"),
        ] {
            let answer = world.get(path, &key).await;
            assert_eq!((answer.status, &answer.json["pointer"]), (400, &json!(pointer)), "{path}: {}", answer.json);
        }
        assert!(world.pages("/v1/violations?rule=mass-export", &key).await.is_empty());
        for path in [
            "/v1/violations?rule=gone-rule,mass-export",
            "/v1/events?violations=gone-rule",
            "/v1/events?violations=true",
        ] {
            assert_eq!(world.pages(path, &key).await.len(), 1, "{path}");
        }
    });
}

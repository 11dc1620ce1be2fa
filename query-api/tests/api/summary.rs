//! Lists of events in figures, against a naive recount (T15, P8, P15, T19, K16).

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use rand::RngExt as _;
use schemas::settings::{Permission, Plan, Role};
use serde_json::{Value, json};

use crate::exports::recorded;
use crate::filters::random_filter;
use crate::support::{Event, World, rng, with_world};

const ALL: &str = "class,action,type,object_type,actor,location,outcome,country,module,rule";
/// What each facet is of, but for rules.
type Field = fn(&Event) -> &str;
const FIELDS: [(&str, Field); 9] = [
    ("class", |event| event.class),
    ("action", |event| event.action),
    ("type", |event| &event.event_type),
    ("object_type", |event| event.object_type),
    ("actor", |event| &event.actor_id),
    ("location", |event| event.location),
    ("outcome", |event| event.outcome),
    ("country", |event| event.country),
    ("module", |event| event.module),
];

/// The values of a facet in their order, with how often they occur.
fn values(facet: &Value) -> Vec<(String, u64)> {
    let value = |value: &Value| (value["value"].as_str().unwrap().to_owned(), value["count"].as_u64().unwrap());
    facet["values"].as_array().unwrap().iter().map(value).collect()
}

/// The same, recounted: those first that occur most.
fn recounted<'a>(values: impl Iterator<Item = &'a str>) -> Vec<(String, u64)> {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for value in values {
        *counts.entry(value).or_default() += 1;
    }
    let mut counts: Vec<_> = counts.into_iter().map(|(value, count)| (value.to_owned(), count)).collect();
    counts.sort_by(|one, other| (other.1, &one.0).cmp(&(one.1, &other.0)));
    counts
}

fn time(value: &Value) -> DateTime<Utc> {
    value.as_str().unwrap().parse().unwrap()
}

/// Whether each bucket has what occurred in it, and begins where the one before ends.
fn compare_histogram(histogram: &Value, kept: &[&Event], query: &str) {
    let buckets = histogram["buckets"].as_array().unwrap();
    assert!(buckets.windows(2).all(|pair| pair[0]["to"] == pair[1]["from"]), "{query}");
    for bucket in buckets {
        let (from, to) = (time(&bucket["from"]), time(&bucket["to"]));
        for class in ["create", "change", "delete", "other"] {
            let inside = |event: &&&Event| event.class == class && event.occurred >= from && event.occurred < to;
            let wanted = kept.iter().filter(inside).count() as u64;
            assert_eq!(bucket[class].as_u64(), Some(wanted), "{query} {class} {bucket}");
        }
    }
    let sum = |class: &str| buckets.iter().map(|bucket| bucket[class].as_u64().unwrap()).sum::<u64>();
    let all: u64 = ["create", "change", "delete", "other"].map(sum).iter().sum();
    assert_eq!(all, kept.len() as u64, "{query}");
}

/// T15, C5, C6: for any filter every figure is of the rows that the list has: in all, over time, and of each value.
#[test]
fn figures_are_of_the_rows_that_are_listed() {
    with_world("summary_random", async |world| {
        let mut rng = rng(71);
        for tenant in ["acme", "other"] {
            world.tenant(tenant, |tenant| tenant.time_zone = "Asia/Kathmandu".parse().unwrap()).await;
        }
        let key = world.key(Some("acme"), Role::Admin).await;
        let tenant = |number: usize| if number % 3 == 0 { "other" } else { "acme" };
        let events: Vec<Event> =
            (0..600).map(|number| Event::random(&mut rng, tenant(number), number, TimeDelta::days(2))).collect();
        world.insert(&events).await;
        let now = Utc::now();
        let mut matched = 0;
        for _ in 0..60 {
            let (query, tests) = random_filter(&mut rng, now);
            let query = query.replacen("limit=1000", &format!("facets={ALL}&top=100"), 1);
            let kept: Vec<&Event> =
                events.iter().filter(|event| event.tenant == "acme" && tests.iter().all(|test| test(event))).collect();
            matched += kept.len();
            let summary = world.ok(&format!("/v1/events/summary?{query}"), &key).await;
            assert_eq!(summary["total"], json!({ "value": kept.len(), "exact": true }), "{query}");
            compare_histogram(&summary["histogram"], &kept, &query);
            for (name, field) in FIELDS {
                let facet = &summary["facets"][name];
                let wanted = recounted(kept.iter().map(|event| field(event)));
                assert_eq!(values(facet), wanted, "{query} {name}");
                assert_eq!((&facet["exact"], &facet["more"]), (&json!(true), &json!(false)), "{query} {name}");
            }
            let rules = recounted(kept.iter().flat_map(|event| event.violations.iter().copied()));
            assert_eq!(values(&summary["facets"]["rule"]), rules, "{query}");
        }
        assert!(matched > 500, "the filters are too narrow to prove anything: {matched}");
    });
}

/// J5, P8: buckets are as wide as the period is long, in the tenant's zone; all are there.
#[test]
fn buckets_are_of_the_tenant_s_clock() {
    with_world("summary_buckets", async |world| {
        world.tenant("acme", |tenant| tenant.time_zone = "Europe/Prague".parse().unwrap()).await;
        let key = world.key(Some("acme"), Role::Viewer).await;
        let histogram =
            async |query: &str| world.ok(&format!("/v1/events/summary?{query}"), &key).await["histogram"].clone();
        for (query, interval, count, first, last) in [
            // Clocks go forward on the 29th: that day has 23 hours.
            ("from=2026-03-29&to=2026-03-29", "hour", 23, "2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00"),
            ("from=2026-03-01&to=2026-03-31", "day", 31, "2026-03-01T00:00:00+01:00", "2026-04-01T00:00:00+02:00"),
            ("from=2024-01-01&to=2026-03-31", "month", 27, "2024-01-01T00:00:00+01:00", "2026-04-01T00:00:00+02:00"),
            (
                "from=2026-03-01T00:30:10Z&to=2026-03-01T01:00:00Z",
                "minute",
                30,
                "2026-03-01T01:30:10+01:00",
                "2026-03-01T02:00:00+01:00",
            ),
        ] {
            let found = histogram(query).await;
            let buckets = found["buckets"].as_array().unwrap();
            assert_eq!((&found["interval"], buckets.len()), (&json!(interval), count), "{query}");
            assert_eq!((&buckets[0]["from"], &buckets[count - 1]["to"]), (&json!(first), &json!(last)), "{query}");
        }
        // Without an event there is no beginning; with some it is the first's, and the end is now.
        assert_eq!(histogram("").await, json!({ "interval": "day", "buckets": [], "exact": true }));
        let event = Event::sign_in("e1", "u1", TimeDelta::minutes(90));
        world.insert(std::slice::from_ref(&event)).await;
        let found = histogram("").await;
        let buckets = found["buckets"].as_array().unwrap();
        assert_eq!((time(&buckets[0]["from"]), &found["interval"]), (event.occurred, &json!("minute")));
        assert!((90..=93).contains(&buckets.len()), "{}", buckets.len());
    });
}

/// P16, T19, K16: values have their words; the most frequent come first; who did it, and what was broken, is counted for those who
/// may know it.
#[test]
fn values_have_words_and_permissions() {
    with_world("summary_words", async |world| {
        world.tenant("acme", |_| {}).await;
        let named = |id: &str, user: &str, action| Event {
            actor_name: format!("Jana {user}"),
            action,
            violations: vec!["mass-export"],
            ..Event::sign_in(id, user, TimeDelta::minutes(5))
        };
        let events =
            [named("e1", "u1", "view"), named("e2", "u1", "view"), named("e3", "u2", ""), named("e4", "u3", "export")];
        world.insert(&events).await;
        let security = world.key(Some("acme"), Role::Security).await;
        let path = format!("/v1/events/summary?facets={ALL}&top=2&lang=cs");
        let facets = world.ok(&path, &security).await["facets"].clone();
        let value = |value: &str, label: &str, count: u64| json!({ "value": value, "label": label, "count": count });
        let action = json!([value("view", "zobrazení", 2), value("", "(neuvedeno)", 1)]);
        assert_eq!((&facets["action"]["values"], &facets["action"]["more"]), (&action, &json!(true)));
        assert_eq!(facets["actor"]["values"], json!([value("u1", "Jana u1", 2), value("u2", "Jana u2", 1)]));
        let rule = world.ok("/v1/violations?lang=cs", &security).await["data"][0]["title"].clone();
        assert_eq!(facets["rule"]["values"], json!([{ "value": "mass-export", "label": rule, "count": 4 }]));
        assert_eq!(facets["country"]["values"], json!([{ "value": "CZ", "count": 4 }]));

        let viewer = world.key(Some("acme"), Role::Viewer).await;
        let facets = world.ok(&path, &viewer).await["facets"].clone();
        assert_eq!((facets.get("actor"), facets.get("rule")), (None, None));
        assert_eq!(facets["class"]["values"][0]["count"], 4);
        // What is not asked for is not counted.
        assert_eq!(world.ok("/v1/events/summary", &viewer).await["facets"], json!({}));
        for (query, status, pointer) in [
            ("facets=colour", 400, "facets"),
            ("top=0", 400, "top"),
            ("top=101", 400, "top"),
            ("limit=5", 400, "limit"),
            ("format=csv", 400, "format"),
            ("violations=true", 403, "violations"),
            ("category=configuration", 403, "category"),
        ] {
            let answer = world.get(&format!("/v1/events/summary?{query}"), &viewer).await;
            assert_eq!((answer.status, &answer.json["pointer"]), (status, &json!(pointer)), "{query}");
        }
    });
}

async fn total(world: &World, query: &str, key: &str) -> u64 {
    world.ok(&format!("/v1/events/summary?{query}"), key).await["total"]["value"].as_u64().unwrap()
}

/// J4, A2, K16, L2: what the list doesn't show is not counted: before the look-back, beyond retention, hidden from the caller.
#[test]
fn what_is_not_listed_is_not_counted() {
    with_world("summary_hidden", async |world| {
        world.tenant("acme", |tenant| (tenant.plan, tenant.retention.sign_ins) = (Plan::STANDARD, 1825)).await;
        world.tenant("other", |tenant| tenant.retention.views = 30).await;
        let at = |id: &str, days: i64| Event::sign_in(id, "u1", TimeDelta::days(days));
        let other = |event: Event| Event { tenant: "other".to_owned(), ..event };
        let configuration = Event { category: "configuration", ..at("set", 2) };
        let viewed = Event { category: "views", ..at("viewed", 40) };
        let review = Event::review("v1", "violation.reviewed", TimeDelta::days(1));
        let events = [at("old", 500), at("new", 100), configuration.clone(), review.clone()];
        world.insert(&events).await;
        world.insert(&[at("a", 1), viewed, configuration, review].map(other)).await;
        for tenant in ["acme", "other"] {
            let keys = [
                world.key(Some(tenant), Role::Viewer).await,
                world.key(Some(tenant), Role::Security).await,
                world.key(Some(tenant), Role::Admin).await,
            ];
            for (key, wanted) in keys.iter().zip([1, 2, 3]) {
                let listed = world.pages("/v1/events?limit=5", key).await.len() as u64;
                assert_eq!((listed, total(&world, "", key).await), (wanted, wanted), "{tenant}");
            }
        }
        let key = world.key(Some("acme"), Role::Admin).await;
        let answer = world.get("/v1/events/summary?from=2020-01-01", &key).await;
        assert_eq!((answer.status, &answer.json["code"]), (403, &json!("plan_limit")));
        let tracer = [Permission::TraceUsers];
        let made = world.settings.create_key_permitting(Some("acme"), Role::Viewer, &tracer, "one").await.unwrap();
        assert_eq!(total(&world, "facets=actor", &made.1.expose()).await, 1);
    });
}

/// P13: looking at figures of the log is on record, as looking at its rows.
#[test]
fn figures_that_were_read_are_on_record() {
    with_world("summary_recorded", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Viewer).await;
        world.ok("/v1/events/summary?class=change&facets=class&period=today", &key).await;
        let read = recorded(&world, "acme", "event_log.viewed", 1).await;
        assert_eq!(read[0]["payload"]["path"], "/v1/events/summary");
        assert_eq!(read[0]["payload"]["filter"]["class"], json!(["change"]));
    });
}

/// P15, T15: rows that come while figures are read are in both or in none, once they are complete.
#[test]
fn figures_grow_with_the_rows() {
    with_world("summary_grows", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Viewer).await;
        let mut rng = rng(72);
        let mut inserted = 0;
        for round in 0..5 {
            let events: Vec<Event> = (0..rng.random_range(1..9))
                .map(|number| Event {
                    category: "changes",
                    ..Event::random(&mut rng, "acme", round * 100 + number, TimeDelta::hours(3))
                })
                .collect();
            inserted += events.len() as u64;
            world.insert(&events).await;
            assert_eq!(total(&world, "facets=class", &key).await, inserted);
        }
    });
}

//! Every filter against a naive recomputation (L12–L15, J5–J8), isolation of tenants and retention (L2).

use std::collections::BTreeSet;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use rand::RngExt as _;
use rand::rngs::StdRng;
use schemas::settings::Role;
use serde_json::json;

use crate::exports::{csv_column, file};
use crate::support::{CATEGORIES, Event, RULES, World, encoded, ids, listed, pick, rng, with_world};

pub(crate) type Test = Box<dyn Fn(&Event) -> bool>;

fn some(rng: &mut StdRng, all: &[&str]) -> BTreeSet<String> {
    (0..rng.random_range(1..=2)).map(|_| pick(rng, all).to_owned()).collect()
}

/// A random filter, as a query and as a predicate.
pub(crate) fn random_filter(rng: &mut StdRng, now: DateTime<Utc>) -> (String, Vec<Test>) {
    let mut query = String::from("limit=1000");
    let mut tests: Vec<Test> = Vec::new();
    type Field = fn(&Event) -> String;
    let fields: [(&str, &[&str], Field); 16] = [
        ("actor_kind", &["user", "system", "api_key"], |event| event.actor_kind.to_owned()),
        ("actor_id", &["u0", "u1", "u2", "u99"], |event| event.actor_id.clone()),
        ("object_type", &["task", "deal"], |event| event.object_type.to_owned()),
        ("object_id", &["1", "2", "3", "4"], |event| event.object_id.clone()),
        ("action", &["create", "view", "export"], |event| event.action.to_owned()),
        ("class", &["create", "delete", "other"], |event| event.class.to_owned()),
        ("type", &["task.created", "lead.odd"], |event| event.event_type.clone()),
        ("category", CATEGORIES, |event| event.category.to_owned()),
        ("module", &["crm", "billing"], |event| event.module.to_owned()),
        ("location", &["Brno", "Praha"], |event| event.location.to_owned()),
        ("channel", &["call", "email"], |event| event.channel.to_owned()),
        ("outcome", &["success", "failure"], |event| event.outcome.to_owned()),
        ("country", &["CZ", "DE"], |event| event.country.to_owned()),
        ("device_id", &["d1", "d3"], |event| event.device_id.clone()),
        ("session_key", &["s1", "s2"], |event| event.session_id.clone()),
        ("ip", &["198.51.100.7", "2001:db8::1"], |event| event.ip.to_owned()),
    ];
    for (name, all, field) in fields {
        if rng.random_bool(0.15) {
            let wanted = some(rng, all);
            let spelled: Vec<&str> = wanted.iter().map(|value| spelling(rng, value)).collect();
            let values: Vec<String> = spelled.into_iter().map(encoded).collect();
            // Commas, encoded or not, and repetition mean the same.
            let joiner = pick(rng, &[",", "%2C", &format!("&{name}=")]).to_owned();
            query.push_str(&format!("&{name}={}", values.join(&joiner)));
            tests.push(Box::new(move |event| wanted.contains(&field(event))));
        }
    }
    let excluded: [(&str, &[&str], Field); 4] = [
        ("exclude_action", &["view", "export"], |event| event.action.to_owned()),
        ("exclude_class", &["create", "other"], |event| event.class.to_owned()),
        ("exclude_type", &["deal.viewed", "lead.odd"], |event| event.event_type.clone()),
        ("exclude_category", CATEGORIES, |event| event.category.to_owned()),
    ];
    for (name, all, field) in excluded {
        if rng.random_bool(0.15) {
            let unwanted = some(rng, all);
            query.push_str(&format!("&{name}={}", unwanted.iter().cloned().collect::<Vec<_>>().join(",")));
            tests.push(Box::new(move |event| !unwanted.contains(&field(event))));
        }
    }
    if rng.random_bool(0.1) {
        query.push_str("&violations=true");
        tests.push(Box::new(|event| !event.violations.is_empty()));
    } else if rng.random_bool(0.1) {
        let wanted = some(rng, RULES);
        query.push_str(&format!("&violations={}", wanted.iter().cloned().collect::<Vec<_>>().join(",")));
        tests.push(Box::new(move |event| event.violations.iter().any(|rule| wanted.contains(*rule))));
    }
    let text = |time: DateTime<Utc>| encoded(&time.to_rfc3339_opts(SecondsFormat::Millis, false));
    if rng.random_bool(0.5) {
        let from = now - TimeDelta::milliseconds(rng.random_range(20..48) * 3_600_000 + 123);
        query.push_str(&format!("&from={}", text(from)));
        tests.push(Box::new(move |event| event.occurred.timestamp_millis() >= from.timestamp_millis()));
    }
    if rng.random_bool(0.5) {
        let to = now - TimeDelta::milliseconds(rng.random_range(1..20) * 3_600_000 + 77);
        query.push_str(&format!("&to={}", text(to)));
        tests.push(Box::new(move |event| event.occurred.timestamp_millis() < to.timestamp_millis()));
    }
    (query, tests)
}

/// Of an address, one of its spellings.
fn spelling<'a>(rng: &mut StdRng, value: &'a str) -> &'a str {
    match value {
        "198.51.100.7" => pick(rng, &[value, "::ffff:198.51.100.7", "::FFFF:C633:6407", "198.51.100.7:443"]),
        "2001:db8::1" => pick(rng, &[value, "2001:0DB8:0:0::0001", "[2001:db8::1]:443"]),
        _ => value,
    }
}

async fn compare(world: &World, key: &str, events: &[Event], query: &str, keeps: impl Fn(&Event) -> bool) {
    let found: BTreeSet<String> = ids(&world.pages(&format!("/v1/events?{query}"), key).await).into_iter().collect();
    let expected: BTreeSet<String> = events.iter().filter(|event| keeps(event)).map(|event| event.id.clone()).collect();
    assert_eq!(found, expected, "{query}");
}

/// L12, L13, L14, L15, J5, J6, J7, J8: random filters over 600 events of two tenants.
#[test]
fn filters_agree_with_a_naive_recomputation() {
    with_world("filters_random", async |world| {
        let mut rng = rng(7);
        for tenant in ["acme", "other"] {
            world.tenant(tenant, |_| {}).await;
        }
        let key = world.key(Some("acme"), Role::Admin).await;
        let events: Vec<Event> = (0..600)
            .map(|number| {
                Event::random(&mut rng, if number % 3 == 0 { "other" } else { "acme" }, number, TimeDelta::days(2))
            })
            .collect();
        world.insert(&events).await;
        let now = Utc::now();
        let mut matched = 0;
        for _ in 0..80 {
            let (query, tests) = random_filter(&mut rng, now);
            let keeps = |event: &Event| event.tenant == "acme" && tests.iter().all(|test| test(event));
            matched += events.iter().filter(|event| keeps(event)).count();
            compare(&world, &key, &events, &query, keeps).await;
        }
        assert!(matched > 500, "the filters are too narrow to prove anything: {matched}");
    });
}

/// J8, L15: all but views, in answers, files and their headings; without the permission for changes of the configuration as for those who
/// have it, whose log has these.
#[test]
fn all_but_some_can_be_asked_for() {
    with_world("filters_excluded", async |world| {
        world.tenant("acme", |_| {}).await;
        let (viewer, admin) = (world.key(Some("acme"), Role::Viewer).await, world.key(Some("acme"), Role::Admin).await);
        let of = |id: &str, minutes: i64, category, class, action| Event {
            event_type: format!("x.{id}"),
            category,
            class,
            action,
            ..Event::sign_in(id, "u1", TimeDelta::minutes(minutes))
        };
        world
            .insert(&[
                of("viewed", 1, "views", "other", "view"),
                of("exported", 2, "views", "other", "export"),
                of("changed", 3, "changes", "change", "update"),
                of("set", 4, "configuration", "change", "update"),
                of("none", 5, "other", "other", ""),
            ])
            .await;
        for (query, of_viewer, of_admin) in [
            ("exclude_action=view", vec!["exported", "changed", "none"], vec!["exported", "changed", "set", "none"]),
            ("exclude_category=views", vec!["changed", "none"], vec!["changed", "set", "none"]),
            ("exclude_category=views,configuration", vec!["changed", "none"], vec!["changed", "none"]),
            ("exclude_category=views&exclude_category=other", vec!["changed"], vec!["changed", "set"]),
            ("exclude_class=other", vec!["changed"], vec!["changed", "set"]),
            ("exclude_type=x.viewed%2Cx.none", vec!["exported", "changed"], vec!["exported", "changed", "set"]),
            ("exclude_action=", vec!["viewed", "exported", "changed"], vec!["viewed", "exported", "changed", "set"]),
            ("category=views&exclude_action=export", vec!["viewed"], vec!["viewed"]),
            ("category=views&exclude_category=views", vec![], vec![]),
            (
                "exclude_action=view&actor_id=u1&order=desc",
                vec!["exported", "changed", "none"],
                vec!["exported", "changed", "set", "none"],
            ),
        ] {
            for (key, wanted) in [(&viewer, of_viewer), (&admin, of_admin)] {
                let path = format!("/v1/events?limit=2&{query}");
                assert_eq!(ids(&world.pages(&path, key).await), wanted, "{query}");
                let csv = file(&world, &format!("/v1/events?{query}"), key, "text/csv").await.bytes;
                assert_eq!(csv_column(&csv, "id"), wanted, "{query}");
            }
        }
        // A page goes on with the filter that it began with.
        let cursor = world.ok("/v1/events?limit=1&exclude_action=view", &admin).await["next_cursor"].clone();
        let other = format!("/v1/events?limit=1&action=view&cursor={}", cursor.as_str().unwrap());
        assert_eq!(world.get(&other, &admin).await.json["code"], "invalid_cursor");
        for query in ["exclude_class=view", "exclude_category=view", "exclude_class=", "exclude_outcome=failure"] {
            assert_eq!(world.get(&format!("/v1/events?{query}"), &admin).await.status, 400, "{query}");
        }
    });
}

/// L13, L15, J6: of every set that is open, the empty value asks for what has none, in every list.
#[test]
fn the_empty_value_asks_for_what_has_none() {
    with_world("filters_empty", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Admin).await;
        let with = Event { violations: Vec::new(), ..Event::random(&mut rng(9), "acme", 1, TimeDelta::days(1)) };
        let with = Event {
            object_type: "task",
            object_id: "7".to_owned(),
            action: "view",
            module: "tasks",
            location: "Brno",
            channel: "call",
            source: "/a",
            country: "CZ",
            device_id: "d".to_owned(),
            session_id: "s".to_owned(),
            ip: "198.51.100.7",
            ..with
        };
        let without = Event {
            id: "without".to_owned(),
            actor_id: String::new(),
            object_type: "",
            object_id: String::new(),
            action: "",
            module: "",
            location: "",
            channel: "",
            source: "",
            country: "",
            device_id: String::new(),
            session_id: String::new(),
            ip: "::",
            ..with.clone()
        };
        world.insert(&[with, without]).await;
        for name in [
            "actor_id",
            "object_type",
            "object_id",
            "action",
            "module",
            "location",
            "channel",
            "source",
            "country",
            "device_id",
            "session_key",
            "ip",
        ] {
            assert_eq!(ids(&world.pages(&format!("/v1/events?{name}="), &key).await), ["without"], "{name}");
        }
        for path in [
            "/v1/configuration?module=",
            "/v1/sign-ins?user_id=",
            "/v1/sign-ins?device_id=",
            "/v1/violations?user_id=",
            "/v1/violations?device_id=",
            "/v1/devices?user_id=",
            "/v1/users/u1/sessions?device_id=",
            "/v1/statistics?user=&action=&object_type=&channel=&country=&location=",
        ] {
            let answer = world.get(path, &key).await;
            assert_eq!(answer.status, 200, "{path}: {}", answer.json);
        }
        // What everything has can't be missing.
        for path in ["/v1/events?type=", "/v1/configuration?type=", "/v1/alerts/deliveries?violation="] {
            assert_eq!(world.get(path, &key).await.status, 400, "{path}");
        }
    });
}

/// J5, P15: a beginning alone, an end alone, both, and a named period are understood by every list and all statistics, and are the same
/// period in each.
#[test]
fn a_period_is_the_same_everywhere() {
    with_world("filters_periods", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Admin).await;
        let edit = |id: &str, days| Event {
            class: "change",
            category: "changes",
            object_type: "task",
            object_id: "7".to_owned(),
            ..Event::sign_in(id, "u1", TimeDelta::days(days))
        };
        world.insert(&[edit("a", 0), edit("b", 12)]).await;
        let today = Utc::now().date_naive();
        let (from, to) = (today - TimeDelta::days(20), today - TimeDelta::days(10));
        let queries = [
            ("period=today".to_owned(), &["from", "to"][..]),
            ("period=this_month".to_owned(), &["from", "to"]),
            ("period=last_90_days".to_owned(), &["from", "to"]),
            (format!("from={from}"), &["from"]),
            (format!("to={to}"), &["to"]),
            (format!("from={from}&to={to}"), &["from", "to"]),
            (format!("period=custom&to={to}"), &["to"]),
            (format!("from={}", today + TimeDelta::days(3)), &["from"]),
            (format!("to={}", today + TimeDelta::days(300)), &["to"]),
        ];
        for (query, bounds) in queries {
            let understood = world.ok(&format!("/v1/statistics?{query}"), &key).await["period"].clone();
            for path in [
                "/v1/events",
                "/v1/configuration",
                "/v1/objects/task/7/history",
                "/v1/sign-ins",
                "/v1/users",
                "/v1/devices",
                "/v1/violations",
                "/v1/users/u1/sign-ins",
                "/v1/users/u1/devices",
                "/v1/users/u1/sessions",
                "/v1/users/u1/violations",
                "/v1/users/u1/activities",
                "/v1/users/u1/statistics",
                "/v1/alerts/deliveries",
                "/v1/catalogue/used",
                "/v1/catalogue/unknown",
            ] {
                let answer = world.get(&format!("{path}?{query}"), &key).await;
                assert_eq!(answer.status, 200, "{path}?{query}: {}", answer.json);
                for bound in bounds {
                    assert_eq!(answer.json["period"][bound], understood[bound], "{path}?{query}");
                }
            }
        }
    });
}

/// P11: nothing of another tenant is reachable by any way of asking.
#[test]
fn tenants_don_t_see_one_another() {
    with_world("filters_tenants", async |world| {
        let mut rng = rng(8);
        for tenant in ["acme", "other"] {
            world.tenant(tenant, |_| {}).await;
        }
        let events: Vec<Event> =
            (0..40).map(|number| Event::random(&mut rng, "other", number, TimeDelta::days(2))).collect();
        world.insert(&events).await;
        let mine = world.key(Some("acme"), Role::Admin).await;
        let theirs = world.key(Some("other"), Role::Admin).await;
        let platform = world.key(None, Role::Platform).await;

        assert_eq!(world.pages("/v1/events?limit=1000", &theirs).await.len(), 40);
        assert_eq!(world.pages("/v1/events?limit=1000&tenant=other", &platform).await.len(), 40);
        assert_eq!(world.pages("/v1/events?limit=1000", &mine).await.len(), 0);
        assert_eq!(world.pages("/v1/violations?limit=1000", &mine).await.len(), 0);
        let id = &events[0].id;
        assert_eq!(world.get(&format!("/v1/events/{id}"), &theirs).await.status, 200);
        assert_eq!(world.get(&format!("/v1/events/{id}"), &mine).await.status, 404);
        let user = &events[0].actor_id;
        assert_eq!(
            world.ok(&format!("/v1/users/{user}/statistics?from=2020-01-01&by=week"), &mine).await["totals"]["events"],
            0
        );
        for path in ["/v1/events?tenant=other", "/v1/violations?tenant=other", "/v1/catalogue?tenant=other"] {
            assert_eq!(world.get(path, &mine).await.status, 403, "{path}");
            assert_eq!(world.get(path, &theirs).await.status, 200, "{path}");
        }
        for path in ["/v1/tenants/other", "/v1/tenants/other/keys", "/v1/tenants/nobody"] {
            assert_eq!(world.get(path, &mine).await.status, 404, "{path}");
        }
        assert_eq!(world.get("/v1/events", &platform).await.json["code"], "tenant_required");
    });
}

/// L2: a shorter retention holds at once in every answer, a category at a time, though no row has left the disk.
#[test]
fn a_shorter_retention_holds_at_once() {
    with_world("filters_retention", async |world| {
        let mut rng = rng(9);
        world.tenant("acme", |tenant| tenant.retention.views = 365).await;
        let key = world.key(Some("acme"), Role::Admin).await;
        let events: Vec<Event> =
            (0..400).map(|number| Event::random(&mut rng, "acme", number, TimeDelta::days(170))).collect();
        world.insert(&events).await;
        compare(&world, &key, &events, "limit=1000", |_| true).await;

        let days = json!({"sign_ins": 90, "changes": 180, "views": 30, "configuration": 730, "other": 90});
        assert_eq!(world.send("PUT", "/v1/settings/retention", &key, Some(days.clone())).await.status, 200);
        let now = Utc::now();
        let kept = |event: &Event| event.received >= now - TimeDelta::days(days[event.category].as_i64().unwrap());
        assert!(events.iter().any(|event| !kept(event)));
        for query in ["limit=1000", "limit=1000&order=asc&actor_id=u1,u2,u3,u4,u5,u0", "limit=1000&order=asc"] {
            compare(&world, &key, &events, query, kept).await;
        }
        for event in &events {
            if !kept(event) {
                assert_eq!(world.get(&format!("/v1/events/{}", event.id), &key).await.status, 404);
                break;
            }
        }
        let user = "u1";
        let statistics = world.ok(&format!("/v1/users/{user}/statistics?from=2020-01-01&by=week"), &key).await;
        let expected = events.iter().filter(|event| event.actor_id == user && kept(event)).count();
        assert_eq!(statistics["totals"]["events"], expected);
    });
}

/// Values are data, whatever they look like.
#[test]
fn hostile_values_are_data() {
    with_world("filters_hostile", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Admin).await;
        let mut rng = rng(10);
        let values = [
            "'; DROP TABLE events --",
            "\\",
            "\\'",
            "a,b",
            "{tenant:String}",
            "?",
            "??fields",
            "%27",
            "Ünïcødé 漢字 🎉",
            "[]",
            "')]",
            "a\u{200b}b",
            "/* clauses */",
            "\\N",
            "NULL",
            "x\\ty",
            "\"",
            "`",
            "../..",
        ];
        let events: Vec<Event> = values
            .iter()
            .enumerate()
            .map(|(number, value)| {
                let mut event = Event::random(&mut rng, "acme", number, TimeDelta::days(1));
                (event.actor_id, event.object_id, event.id) =
                    (value.to_string(), value.to_string(), format!("{value}#"));
                event
            })
            .collect();
        world.insert(&events).await;
        for event in &events {
            let value = listed(&event.actor_id);
            for query in [format!("actor_id={value}"), format!("actor_id={value},nobody"), format!("object_id={value}")]
            {
                compare(&world, &key, &events, &format!("limit=1000&{query}"), |other| other == event).await;
            }
            let one = world.ok(&format!("/v1/events/{}", encoded(&event.id)), &key).await;
            assert_eq!(one["data"]["actor"]["id"], event.actor_id);
            let value = encoded(&event.actor_id);
            let statistics = world.ok(&format!("/v1/users/{value}/statistics?from=2020-01-01&by=week"), &key).await;
            assert_eq!(statistics["totals"]["events"], 1, "{value}");
        }
        assert_eq!(world.pages("/v1/events?limit=3", &key).await.len(), values.len());
    });
}

/// J10: what the catalogue doesn't know is listed with how often and when it came; the tenant's own types are known.
#[test]
fn unknown_types_are_listed() {
    with_world("filters_unknown_types", async |world| {
        for tenant in ["acme", "other"] {
            world.tenant(tenant, |_| {}).await;
        }
        let admin = world.key(Some("acme"), Role::Admin).await;
        let viewer = world.key(Some("acme"), Role::Viewer).await;
        let of = |tenant: &str, number: i64, kind: &str, category| Event {
            tenant: tenant.to_owned(),
            event_type: kind.to_owned(),
            class: "delete",
            action: "delete",
            category,
            ..Event::sign_in(&format!("{tenant}{number}"), "u1", TimeDelta::hours(number))
        };
        let odd = "com.example.order.deleted.v1";
        world
            .insert(&[
                of("acme", 1, odd, "changes"),
                of("acme", 2, odd, "changes"),
                of("acme", 24 * 40, odd, "changes"),
                of("acme", 3, "task.created", "changes"),
                of("acme", 4, "lead.qualified", "changes"),
                of("acme", 5, "flag.flipped", "configuration"),
                of("other", 6, "other.odd", "changes"),
            ])
            .await;
        let list = async |key: &str, query: &str| {
            let answer = world.ok(&format!("/v1/catalogue/unknown{query}"), key).await;
            let types = answer["data"].as_array().unwrap().iter();
            let short = types.map(|found| format!("{} {}", found["type"].as_str().unwrap(), found["events"]));
            short.collect::<Vec<_>>()
        };
        let odd_twice = format!("{odd} 2");
        assert_eq!(list(&viewer, "").await, [odd_twice.as_str(), "lead.qualified 1"]);
        assert_eq!(list(&admin, "").await, [odd_twice.as_str(), "flag.flipped 1", "lead.qualified 1"]);
        assert_eq!(list(&viewer, "?period=last_90_days").await[0], format!("{odd} 3"));
        let own = serde_json::json!({"event_types": [{
            "type": "lead.qualified", "name": {"en": "Lead qualified"}, "class": "change", "category": "changes",
            "action": "qualify", "sentence": {"en": "{actor} qualified {object}"}
        }]});
        assert_eq!(world.send("PUT", "/v1/settings/event-types", &admin, Some(own)).await.status, 200);
        let answer = world.ok("/v1/catalogue/unknown", &viewer).await;
        assert_eq!((answer["data"].as_array().unwrap().len(), &answer["has_more"]), (1, &false.into()));
        let found = &answer["data"][0];
        assert_eq!((&found["class"], &found["action"]), (&"delete".into(), &"delete".into()));
        assert!(found["first_at"].as_str().unwrap() < found["last_at"].as_str().unwrap(), "{found}");
    });
}

/// J8, L15, A2: which types, actions and objects there are to filter by, with counts; what a caller may not see isn't counted.
#[test]
fn what_the_log_holds_is_listed() {
    with_world("filters_used_kinds", async |world| {
        for tenant in ["acme", "other"] {
            world.tenant(tenant, |_| {}).await;
        }
        let admin = world.key(Some("acme"), Role::Admin).await;
        let viewer = world.key(Some("acme"), Role::Viewer).await;
        let of = |tenant: &str, hours: i64, kind: &str, action, object_type| Event {
            tenant: tenant.to_owned(),
            event_type: kind.to_owned(),
            action,
            object_type,
            category: if kind == "workflow.updated" { "configuration" } else { "changes" },
            ..Event::sign_in(&format!("{tenant}{hours}"), "u1", TimeDelta::hours(hours))
        };
        world
            .insert(&[
                of("acme", 1, "task.created", "create", "task"),
                of("acme", 2, "task.created", "create", "task"),
                of("acme", 3, "task.deleted", "delete", "task"),
                of("acme", 4, "lead.odd", "create", ""),
                of("acme", 5, "workflow.updated", "update", "workflow"),
                of("acme", 24 * 40, "task.reopened", "reopen", "task"),
                of("other", 6, "order.created", "create", "order"),
            ])
            .await;
        let used = async |key: &str, query: &str| {
            let answer = world.ok(&format!("/v1/catalogue/used{query}"), key).await;
            let names = |list: &str| {
                let kinds = answer[list].as_array().unwrap().iter();
                kinds.map(|kind| format!("{} {}", kind["name"].as_str().unwrap(), kind["events"])).collect::<Vec<_>>()
            };
            (names("types"), names("actions"), names("object_types"), answer)
        };
        let (types, actions, objects, answer) = used(&viewer, "").await;
        assert_eq!(types, ["task.created 2", "lead.odd 1", "task.deleted 1"]);
        assert_eq!(actions, ["create 3", "delete 1"]);
        assert_eq!(objects, ["task 3"]);
        let labels = async |lang: &str| {
            let answer = used(&admin, &format!("?lang={lang}")).await.3;
            ["types", "actions", "object_types"].map(|list| answer[list][0]["label"].as_str().unwrap().to_owned())
        };
        assert_eq!(labels("en").await, ["Task created", "create", "task"]);
        assert_eq!(labels("cs").await, ["Úkol vytvořen", "vytvoření", "úkol"]);
        let first = &answer["types"][0];
        assert_eq!((&first["label"], &first["known"]), (&"Task created".into(), &true.into()));
        assert!(first["first_at"].as_str().unwrap() < first["last_at"].as_str().unwrap(), "{first}");
        assert_eq!((&answer["types"][1]["label"], &answer["types"][1]["known"]), (&"lead.odd".into(), &false.into()));
        assert_eq!(used(&admin, "").await.2, ["task 3", "workflow 1"]);
        assert_eq!(used(&viewer, "?period=last_90_days").await.2, ["task 4"]);
        assert_eq!(world.get("/v1/catalogue/used?limit=3", &viewer).await.status, 400);
    });
}

/// J8: any subset of the catalogue can be asked for, and of a tenant's own types as well.
#[test]
fn many_types_are_asked_for_at_once() {
    with_world("filters_types", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Admin).await;
        let mut events = vec![Event::sign_in("e1", "u1", TimeDelta::minutes(5))];
        events.push(Event {
            event_type: "own.type_1499".to_owned(),
            ..Event::sign_in("e2", "u1", TimeDelta::minutes(6))
        });
        events.push(Event { event_type: "own.other".to_owned(), ..Event::sign_in("e3", "u1", TimeDelta::minutes(7)) });
        world.insert(&events).await;
        let types: Vec<String> = (0..1500).map(|number| format!("own.type_{number}")).collect();
        let path = format!("/v1/events?type=user.signed_in,{}", types.join(","));
        assert_eq!(ids(&world.pages(&path, &key).await), ["e1", "e2"]);
    });
}

//! Texts and values are found as what they are, however they are written: in what is stored, and in what is asked.

use chrono::TimeDelta;
use rand::RngExt as _;
use schemas::settings::Role;
use serde_json::json;

use crate::log::change;
use crate::support::{Event, World, encoded, ids, pick, rng, with_world};

/// Spellings of one thing, and what is another.
const SAME: &[(&[&str], &[&str])] = &[
    // Composed and decomposed letters.
    (&["Dvořák", "Dvor\u{30c}a\u{301}k", "DVOŘÁK"], &["Dvorak"]),
    (&["йод", "и\u{306}од", "ЙОД"], &["иод"]),
    // Turkish.
    (&["Işık", "IŞIK", "ışık", "işik", "İŞİK", "I\u{307}s\u{327}ik"], &["isik"]),
    // German.
    (&["Straße", "STRASSE", "STRA\u{1e9e}E", "strasse"], &["Strase"]),
    // Final sigma.
    (&["ΛΟΓΟΣ", "λογος", "λογοσ"], &["λογο"]),
    // Ligatures, full-width letters and digits, half-width katakana, numbers in circles, invisible letters.
    (&["office 12", "o\u{fb03}ce 12", "ＯＦＦＩＣＥ\u{3000}１２", "of\u{ad}fi\u{200b}ce ①②"], &["ofice 12"]),
    (&["カタカナ", "ｶﾀｶﾅ"], &["かたかな"]),
    (&["naïve", "nai\u{308}ve"], &["naive"]),
];

/// J13, K2: the log and the users are searched by letters, not by how these are composed.
#[test]
fn letters_are_letters() {
    with_world("search_letters", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Admin).await;
        for (number, (same, other)) in SAME.iter().enumerate() {
            let (mut events, mut wanted) = (Vec::new(), Vec::new());
            for (at, text) in same.iter().chain(*other).enumerate() {
                let id = format!("{number}-{at}");
                if at < same.len() {
                    wanted.push(id.clone());
                }
                events.push(Event {
                    actor_id: format!("u-{id}"),
                    actor_name: format!("x{text}x {number}"),
                    changes: vec![[text.to_string(), "replace".into(), String::new(), format!("\"{text} {number}\"")]],
                    ..Event::sign_in(&id, "u", TimeDelta::minutes(1))
                });
            }
            world.insert(&events).await;
            for text in *same {
                let found = world.pages(&format!("/v1/events?q={}", encoded(&format!("{text} {number}"))), &key).await;
                let mut found: Vec<String> =
                    ids(&found).into_iter().filter(|id| id.starts_with(&format!("{number}-"))).collect();
                found.sort_unstable();
                assert_eq!(found, wanted, "{text}");
                let users = world.pages(&format!("/v1/users?q={}", encoded(text)), &key).await;
                assert_eq!(users.len(), same.len(), "{text}");
            }
        }
        // What was changed, in either form; case counts there.
        for (query, found) in [
            ("changed=Dvořák", 2),
            ("changed=Dvor\u{30c}a\u{301}k", 2),
            ("changed_to=Dvor\u{30c}a\u{301}k 0", 2),
            ("changed_to=\"Dvořák 0\"", 2),
            ("changed_to=DVOŘÁK 0", 1),
        ] {
            let (name, value) = query.split_once('=').unwrap();
            let found_here = world.pages(&format!("/v1/events?{name}={}", encoded(value)), &key).await;
            assert_eq!(found_here.len(), found, "{query}");
        }
    });
}

/// J13: a quotation mark and a backslash are found as what they are, though JSON writes them with one more backslash.
#[test]
fn quotation_marks_are_found() {
    with_world("search_quoted", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Admin).await;
        let said = serde_json::json!("He said \"hi\" in C:\\Users\\Eva").to_string();
        world
            .insert(&[
                Event { object_name: "Screen 24\"".to_owned(), ..Event::sign_in("name", "u1", TimeDelta::minutes(1)) },
                Event {
                    payload: format!("{{\"note\":{said}}}"),
                    ..Event::sign_in("payload", "u1", TimeDelta::minutes(2))
                },
                Event {
                    changes: vec![["note".into(), "replace".into(), String::new(), said]],
                    ..Event::sign_in("change", "u1", TimeDelta::minutes(3))
                },
            ])
            .await;
        for (words, wanted) in [
            ("24\"", vec!["name"]),
            ("\"hi\"", vec!["payload", "change"]),
            ("c:\\users\\EVA said", vec!["payload", "change"]),
            ("\"HI\" Users", vec!["payload", "change"]),
            ("\"hi users", vec!["payload", "change"]),
            ("\\\"hi", vec![]),
            ("\"He-", vec![]),
        ] {
            let found = world.pages(&format!("/v1/events?q={}", encoded(words)), &key).await;
            assert_eq!(ids(&found), wanted, "{words}");
        }
    });
}

/// J14: a value that was changed is found by any of its spellings.
#[test]
fn values_are_values() {
    with_world("search_values", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Admin).await;
        // As the enricher stores them.
        let stored =
            ["[1,2]", "1", "\"Новая\"", "{\"a\":1,\"b\":[]}", "12345678901234567890123", "0.1", "\"1e400\"", ""];
        let events: Vec<Event> = (0..)
            .zip(stored)
            .map(|(number, value)| Event {
                changes: vec![["field".into(), "replace".into(), value.to_owned(), value.to_owned()]],
                ..Event::sign_in(&format!("{number}"), "u", TimeDelta::minutes(1))
            })
            .collect();
        world.insert(&events).await;
        for (asked, found) in [
            ("[1,2]", Some(0)),
            ("[ 1.0, 2e0 ]", Some(0)),
            ("[2,1]", None),
            ("1", Some(1)),
            ("1.0", Some(1)),
            ("10e-1", Some(1)),
            ("Новая", Some(2)),
            ("\"\\u041d\\u043e\\u0432\\u0430\\u044f\"", Some(2)),
            ("{\"b\": [ ], \"a\": 1.00}", Some(3)),
            ("12345678901234567890123", Some(4)),
            ("12345678901234567890123.0", Some(4)),
            ("12345678901234567890124", None),
            ("0.10", Some(5)),
            ("0.1000000000000000055511151231257827", None),
            ("10e399", Some(6)),
            ("null", Some(7)),
        ] {
            for name in ["changed_from", "changed_to"] {
                let found_here = ids(&world.pages(&format!("/v1/events?{name}={}", encoded(asked)), &key).await);
                let found: Vec<String> = found.iter().map(|number: &usize| number.to_string()).collect();
                assert_eq!(found_here, found, "{name}={asked}");
            }
        }
    });
}

/// J13, L16: numbers keep their digits in sentences, histories and rebuilt states.
#[test]
fn numbers_are_not_rounded() {
    with_world("search_numbers", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Admin).await;
        let [old, new] = ["12345678901234567890123", "0.1000000000000000055511151231257827"];
        let edit = Event {
            class: "change",
            category: "configuration",
            action: "update",
            event_type: "task.deadline_changed".to_owned(),
            object_type: "task",
            object_id: "7".to_owned(),
            changes: vec![
                ["deadline".into(), "replace".into(), old.into(), new.into()],
                ["list".into(), "replace".into(), format!("[{old}]"), format!("[{old},\"1e400\"]")],
                ["rate".into(), "replace".into(), "0.1234567890123456789".into(), "1234567890.12345678901234".into()],
            ],
            ..Event::sign_in("e", "u", TimeDelta::minutes(1))
        };
        world.insert(&[edit]).await;
        let event = &world.pages("/v1/events", &key).await[0];
        let text = event["text"].as_str().unwrap();
        assert!(text.contains(old) && text.contains(new), "{text}");
        for path in [
            "/v1/objects/task/7/history",
            "/v1/configuration",
            "/v1/events?format=csv",
            "/v1/events",
            "/v1/events?format=ndjson",
            "/v1/configuration?format=csv",
        ] {
            let request = axum::http::Request::get(path).header("authorization", format!("Bearer {key}"));
            let body = world.body(request.body(axum::body::Body::empty()).unwrap()).await;
            for number in [old, new, "1e400", "0.1234567890123456789", "1234567890.12345678901234"] {
                assert!(body.contains(number), "{path} has no {number}: {body}");
            }
            if path.ends_with("history") {
                assert!(body.contains(&format!("\"state\":{{\"deadline\":{new},\"list\":[{old},\"1e400\"]")), "{body}");
            }
        }
    });
}

/// What is searched for.
const WORDS: &[&str] = &["Nováková", "ПЕТРОВ", "deadline", "Bolt", "4711", "%", "_", "'", "\\", "wrong", "é"];

/// Events that say things.
fn talking(count: usize) -> Vec<Event> {
    let mut rng = rng(70);
    let mut events: Vec<Event> =
        (0..count).map(|number| Event::random(&mut rng, "acme", number, TimeDelta::days(2))).collect();
    for event in &mut events {
        event.actor_name = pick(&mut rng, &["Jana Nováková", "Иван Петров", "x_y%z", ""]).to_owned();
        event.actor_email = pick(&mut rng, &["jana@acme.example", ""]).to_owned();
        event.object_name = pick(&mut rng, &["Bolt M8", "Order 4711", "it's", ""]).to_owned();
        event.reason = pick(&mut rng, &["wrong_password", "back\\slash", ""]);
        event.payload = pick(&mut rng, &["{\"text\":\"Bolt É\"}", "{}", ""]).to_owned();
        let fields = rng.random_range(0..3);
        event.changes = (0..fields)
            .map(|_| {
                let path = pick(&mut rng, &["deadline", "/deadline", "items/0/price"]);
                let values = ["10", "\"10\"", "\"Bolt\"", "", "[1]", "true"];
                change(path, pick(&mut rng, &values), pick(&mut rng, &values))
            })
            .collect();
    }
    events
}

async fn compare(world: &World, key: &str, events: &[Event], query: &str, keeps: impl Fn(&Event) -> bool) -> usize {
    let mut found = ids(&world.pages(&format!("/v1/events?limit=1000&{query}"), key).await);
    let mut expected: Vec<String> = events.iter().filter(|event| keeps(event)).map(|event| event.id.clone()).collect();
    found.sort();
    expected.sort();
    assert_eq!(found, expected, "{query}");
    expected.len()
}

/// Words, whatever their case, each anywhere in what the event says.
#[test]
fn words_are_found_as_a_naive_search_finds_them() {
    with_world("log_search", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Admin).await;
        let events = talking(300);
        world.insert(&events).await;
        let mut rng = rng(71);
        let mut matched = 0;
        for _ in 0..40 {
            let mut wanted: Vec<String> =
                (0..rng.random_range(1..=2)).map(|_| pick(&mut rng, WORDS).to_owned()).collect();
            wanted.push(pick(&mut rng, &["NOVÁ", "о", "a", "o"]).to_owned());
            let class = pick(&mut rng, &["create", "delete"]);
            let says = |event: &Event| {
                let changes = event.changes.iter().flat_map(|[path, _, old, new]| [path, old, new]);
                let names = [&event.actor_name, &event.actor_email, &event.object_name, &event.object_id];
                let texts = names.into_iter().chain([&event.payload]).chain(changes).map(String::as_str);
                texts.chain([event.reason]).collect::<Vec<_>>().join("\n").to_lowercase()
            };
            let keeps = |event: &Event| {
                event.class == class && wanted.iter().all(|word| says(event).contains(&word.to_lowercase()))
            };
            let query = format!("q={}&class={class}", encoded(&wanted.join(" ")));
            matched += compare(&world, &key, &events, &query, keeps).await;
        }
        assert!(matched > 300, "the searches are too narrow to prove anything: {matched}");
    });
}

/// "Who changed this field from A to B?" is about one change, and values are found as JSON or as the text in it.
#[test]
fn one_change_is_found_by_its_path_and_values() {
    with_world("log_changes", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Admin).await;
        let events = talking(300);
        world.insert(&events).await;
        let mut rng = rng(72);
        let mut matched = 0;
        let values = ["10", "\"10\"", "Bolt", "[1]", "true", "other"];
        for _ in 0..40 {
            let path =
                rng.random_bool(0.6).then(|| pick(&mut rng, &["deadline", "/deadline", "items/0/price", "nope"]));
            let from = rng.random_bool(0.4).then(|| pick(&mut rng, &values));
            let to = rng.random_bool(0.4).then(|| pick(&mut rng, &values));
            let is = |json: &str, wanted: Option<&str>| {
                let quoted = |wanted: &str| serde_json::to_string(wanted).unwrap();
                wanted.is_none_or(|wanted| json == wanted || json == quoted(wanted))
            };
            let at = |given: &str, wanted: Option<&str>| {
                wanted.is_none_or(|wanted| given.trim_start_matches('/') == wanted.trim_start_matches('/'))
            };
            let one = |[given, _, old, new]: &[String; 4]| at(given, path) && is(old, from) && is(new, to);
            let keeps = |event: &Event| (path, from, to) == (None, None, None) || event.changes.iter().any(one);
            let parameters = [("changed", path), ("changed_from", from), ("changed_to", to)];
            let query: Vec<String> = parameters
                .iter()
                .filter_map(|(name, value)| value.map(|value| format!("{name}={}", encoded(value))))
                .collect();
            matched += compare(&world, &key, &events, &query.join("&"), keeps).await;
        }
        assert!(matched > 300, "the filters are too narrow to prove anything: {matched}");
    });
}

/// A search is bounded, and refused by name.
#[test]
fn a_search_is_bounded() {
    with_world("log_bounds", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Viewer).await;
        let many = vec!["a"; 17].join("%20");
        for (query, pointer) in [(format!("q={many}"), "q"), ("q=%20".to_owned(), "q"), ("ip=1.2.3".to_owned(), "ip")] {
            let answer = world.get(&format!("/v1/events?{query}"), &key).await;
            assert_eq!((answer.status, &answer.json["pointer"]), (400, &json!(pointer)), "{query}");
        }
    });
}

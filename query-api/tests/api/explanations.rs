//! Why a violation was found, or an event was not (P6).

use chrono::TimeDelta;
use schemas::settings::Role;
use serde_json::{Value, json};

use crate::support::{Event, with_world};
use crate::trials::{failed, trial};

/// A violation says which condition matched on which values, event by event.
#[test]
fn p6_violations_are_explained() {
    with_world("trials_violation", async |world| {
        world.tenant("acme", |_| {}).await;
        let security = world.key(Some("acme"), Role::Security).await;
        let event = Event {
            action: "export",
            category: "views",
            records: 4321,
            violations: vec!["mass-export"],
            ..Event::sign_in("e1", "u1", TimeDelta::minutes(5))
        };
        let id = event.violation_id("mass-export");
        world.insert(&[event]).await;
        let explained = world.ok(&format!("/v1/violations/{id}/explain"), &security).await;
        assert_eq!((&explained["rule"], &explained["explained_by_version"]), (&json!("mass-export"), &json!(2)));
        assert_eq!(
            (&explained["events"][0]["event_id"], &explained["events"][0]["matched"]),
            (&json!("e1"), &json!(true))
        );
        assert!(explained["events"][0]["conditions"].to_string().contains("4321"), "{explained}");
        assert_eq!(world.get("/v1/violations/none/explain", &security).await.status, 404);
    });
}

/// A2: to those who may not read the configuration, no explanation and no trial discloses what was changed of it.
#[test]
fn a2_configuration_is_not_explained() {
    with_world("trials_configuration", async |world| {
        world.tenant("acme", |_| {}).await;
        let security = world.key(Some("acme"), Role::Security).await;
        let admin = world.key(Some("acme"), Role::Admin).await;
        let granted = Event {
            event_type: "user.role_changed".to_owned(),
            class: "change",
            category: "configuration",
            action: "update",
            violations: vec!["mass-export"],
            ..Event::sign_in("e1", "u1", TimeDelta::minutes(20))
        };
        let exported = Event {
            event_type: "contacts.exported".to_owned(),
            category: "views",
            action: "export",
            records: 9,
            ..Event::sign_in("e2", "u1", TimeDelta::minutes(10))
        };
        let violation = granted.violation_id("mass-export");
        world.insert(&[granted, exported]).await;

        let path = "/v1/events/e1/explain?rule=mass-export";
        let hidden = world.get(path, &security).await;
        let missing = world.get(&path.replace("e1", "e0"), &security).await;
        assert_eq!((hidden.status, &hidden.json), (404, &missing.json));
        assert_eq!(world.ok(path, &admin).await["data"]["event_id"], "e1");

        let yaml = "title: T\nid: 00000000-0000-4000-8000-000000000001\nversion: 1\nlevel: low\nlogsource: {product: usertrail}\n\
            detection:\n  it:\n    type: user.role_changed\n  condition: it\n";
        for (key, seen, ids) in [(&security, 0, vec!["e2"]), (&admin, 1, vec!["e1", "e2"])] {
            let explained = world.ok(&format!("/v1/violations/{violation}/explain"), key).await;
            assert_eq!(explained["events"].as_array().unwrap().len(), seen);
            assert_eq!(trial(&world, key, json!({"name": "own", "yaml": yaml})).await["findings"], seen);
            // What led to the violation counts; that it was there is shown by the violation itself.
            let explained = world.ok("/v1/events/e2/explain?rule=privilege-change-then-export", key).await;
            assert_eq!(explained["data"]["matched"], true, "{explained}");
            let mut named: Vec<&str> = explained["data"]["window"]["event_ids"]
                .as_array()
                .unwrap()
                .iter()
                .map(|id| id.as_str().unwrap())
                .collect();
            named.sort_unstable();
            assert_eq!(named, ids);
        }
    });
}

/// P6: of a rule that asks for more than a limit, what was seen at the limit lacks one. P13: an explanation and a trial are reads,
/// recorded with the events that they looked into and what was asked for.
#[test]
fn explanations_count_to_one_more_and_are_reads() {
    with_world("trials_reads", async |world| {
        world.tenant("acme", |_| {}).await;
        let security = world.key(Some("acme"), Role::Security).await;
        let signals = vec![("travel_kmh", 900.0), ("travel_km", 501.0), ("travel_confidence", 2.0)];
        world.insert(&[Event { signals, ..Event::sign_in("e1", "u1", TimeDelta::minutes(5)) }]).await;
        let explained = world.ok("/v1/events/e1/explain?rule=impossible-travel", &security).await;
        let data = &explained["data"];
        assert_eq!((&data["seen"], &data["limit"], &data["missing"]), (&json!(900.0), &json!(900.0), &json!(1.0)));
        trial(&world, &security, json!({"name": "mass-export", "limits": {"exported_at_once": 3}})).await;
        let recorded = loop {
            let viewed = world.audit.recorded("acme");
            if viewed.iter().filter(|event| event["type"] == "event_log.viewed").count() == 2 {
                break viewed;
            }
            tokio::task::yield_now().await;
        };
        let of = |path: &str| {
            let found = recorded.iter().find(|event| event["payload"]["path"] == path);
            found.unwrap_or_else(|| panic!("{path}: {recorded:?}"))["payload"].clone()
        };
        let explanation = of("/v1/events/{id}/explain");
        assert_eq!((&explanation["records"], &explanation["filter"]["looked_into"]), (&json!(1), &json!(["e1"])));
        let tried = of("/v1/rules/test");
        assert_eq!((&tried["records"], &tried["method"]), (&json!(1), &json!("POST")));
        assert_eq!(
            (&tried["filter"]["rule"], &tried["filter"]["limits.exported_at_once"]),
            (&json!(["mass-export"]), &json!(["3"]))
        );
        assert!(tried["period"]["from"].is_string(), "{tried}");
    });
}

/// P6: a number that stands in the rule itself, rather than being a limit of the tenant, is shown as limits are: explained of an
/// event and of a violation, and in a trial.
#[test]
fn p6_numbers_of_the_rule_itself_say_how_far_it_is() {
    with_world("trials_numbers", async |world| {
        world.tenant("acme", |_| {}).await;
        let (security, admin) =
            (world.key(Some("acme"), Role::Security).await, world.key(Some("acme"), Role::Admin).await);
        let head = |id: u8| {
            format!(
                "title: T\nid: 00000000-0000-4000-8000-0000000000{id:02}\nversion: 1\nlevel: low\nlogsource: {{product: usertrail}}\n"
            )
        };
        let detection = |id: u8, body: &str| format!("{}detection:\n{body}", head(id));
        let counting = |id: u8, kind: &str, condition: &str| {
            format!(
                "title: C\nid: 00000000-0000-4000-8000-00000000001{id}\nversion: 1\nlevel: low\ncorrelation:\n  type: {kind}\n  \
                 rules: [base{id}]\n  group-by: [actor.id]\n  timespan: 10m\n  condition: {{{condition}}}\n---\nname: base{id}\n{}",
                detection(id, "  it:\n    action: sign_in_failed\n  condition: it\n")
            )
        };
        let it =
            |id: u8, asked: &str| detection(id, &format!("  it:\n    action: export\n    {asked}\n  condition: it\n"));
        let rules = [
            ("at-least", counting(1, "event_count", "gte: 3")),
            ("more-than", counting(2, "event_count", "gt: 3")),
            ("different", counting(3, "value_count", "field: context.ip, gt: 3")),
            ("records-least", it(4, "records|gte: 500")),
            ("records-more", it(5, "records|gt: 42")),
            ("records-fewer", it(6, "records|lt: 40")),
            ("records-listed", it(8, "records|gte: [50, 500]")),
            ("range", counting(0, "event_count", "lt: 9, gte: 5")),
            (
                "either",
                detection(
                    7,
                    "  a:\n    records|gt: 100\n  b:\n    records|gte: 42\n  c:\n    records|gt: 10\n  condition: (a or b) and not c\n",
                ),
            ),
            (
                "not-few",
                detection(9, "  it:\n    action: export\n  few:\n    records|lt: 50\n  condition: it and not few\n"),
            ),
        ];
        for (name, yaml) in &rules {
            let made = world.send("POST", "/v1/rules", &admin, Some(json!({ "name": name, "yaml": yaml }))).await;
            assert_eq!(made.status, 201, "{name}: {}", made.json);
        }
        let exported = Event {
            action: "export",
            category: "views",
            records: 42,
            violations: vec!["records-least"],
            ..Event::sign_in("e1", "u1", TimeDelta::minutes(5))
        };
        let violations = vec!["at-least"];
        let broken = Event { violations, ..failed(2, "u1", 580) };
        let found = [("records-least", &exported), ("at-least", &broken)].map(|(rule, event)| event.violation_id(rule));
        world.insert(&[failed(0, "u1", 600), failed(1, "u1", 590), broken, exported]).await;

        let told = |data: &Value| ["matched", "seen", "limit", "missing"].map(|name| data[name].clone());
        for (event, rule, want) in [
            ("f1", "at-least", json!([false, 2.0, 3.0, 1.0])),
            ("f2", "at-least", json!([true, 3.0, 3.0, null])),
            ("f2", "more-than", json!([false, 3.0, 3.0, 1.0])),
            ("f2", "different", json!([false, 1.0, 3.0, 3.0])),
            // What it doesn't count.
            ("e1", "at-least", json!([false, null, 3.0, null])),
            ("e1", "records-least", json!([false, 42.0, 500.0, 458.0])),
            ("e1", "records-more", json!([false, 42.0, 42.0, 1.0])),
            ("e1", "records-fewer", json!([false, 42.0, 40.0, null])),
            ("e1", "records-listed", json!([false, 42.0, 50.0, 8.0])),
            ("e1", "either", json!([false, 42.0, 100.0, 59.0])),
            ("e1", "not-few", json!([false, 42.0, 50.0, 8.0])),
            ("f2", "range", json!([false, 3.0, 5.0, 2.0])),
        ] {
            let explained = world.ok(&format!("/v1/events/{event}/explain?rule={rule}"), &security).await;
            assert_eq!(json!(told(&explained["data"])), want, "{event} {rule}: {explained}");
        }
        for (lang, text) in [
            ("en", "The rule is not broken; found: 3; limit: 3; still lacking: 1"),
            ("ru", "Правило не нарушено; найдено: 3; предел: 3; не хватает: 1"),
            ("cs", "Pravidlo není porušeno; zjištěno: 3; limit: 3; chybí: 1"),
        ] {
            let explained = world.ok(&format!("/v1/events/f2/explain?rule=more-than&lang={lang}"), &security).await;
            assert_eq!(explained["data"]["text"], text);
        }
        let wants = [json!([false, 42.0, 500.0, 458.0]), json!([true, 3.0, 3.0, null])];
        for (id, want) in found.iter().zip(wants) {
            let explained = world.ok(&format!("/v1/violations/{id}/explain"), &security).await;
            assert_eq!(json!(told(&explained["events"][0])), want, "{explained}");
        }
        for (name, yaml, seen, limit) in [
            ("at-least", rules[0].1.clone(), 3.0, 3.0),
            ("least", it(20, "records|gte: 40"), 42.0, 40.0),
            ("more", it(21, "records|gt: 41"), 42.0, 41.0),
        ] {
            let tried = trial(&world, &security, json!({ "name": name, "yaml": yaml })).await;
            let shown = &tried["shown"][0];
            assert_eq!((&shown["seen"], &shown["limit"]), (&json!(seen), &json!(limit)), "{tried}");
        }
    });
}

/// P6: a violation is explained by the version of the rule that found it, and under the limit of then, whatever became of the rule; where
/// that is not known any more, the explanation doesn't deny what was found.
#[test]
fn p6_violations_are_explained_by_what_found_them() {
    with_world("trials_versions", async |world| {
        let limits = std::collections::BTreeMap::from([("viewed_per_hour".to_owned(), 5000.0)]);
        world.tenant("acme", |tenant| tenant.detection.limits = limits).await;
        let (security, admin) =
            (world.key(Some("acme"), Role::Security).await, world.key(Some("acme"), Role::Admin).await);
        let rule = |least: u32| {
            format!(
                "title: T\nid: 00000000-0000-4000-8000-000000000001\nversion: 1\nlevel: low\nlogsource: {{product: usertrail}}\n\
                 detection:\n  it:\n    action: export\n    records|gte: {least}\n  condition: it\n"
            )
        };
        let write = async |method, path: &str, body: Value| {
            let answer = world.send(method, path, &admin, Some(body)).await;
            assert!(answer.status < 300, "{path}: {}", answer.json);
        };
        let event = Event {
            action: "export",
            category: "views",
            records: 42,
            violations: vec!["own"],
            measured: (42.0, 10.0),
            ..Event::sign_in("e1", "u1", TimeDelta::minutes(5))
        };
        let viewed = Event {
            action: "view",
            category: "views",
            violations: vec!["mass-view"],
            signals: vec![("viewed_1h", 700.0)],
            measured: (700.0, 500.0),
            ..Event::sign_in("e2", "u2", TimeDelta::minutes(5))
        };
        let paths = [("own", &event), ("mass-view", &viewed)]
            .map(|(rule, event)| format!("/v1/violations/{}/explain", event.violation_id(rule)));
        let [own, shipped] = &paths;
        write("POST", "/v1/rules", json!({ "name": "own", "yaml": rule(1) })).await;
        world.insert(&[event, viewed]).await;

        write("PUT", "/v1/rules/own", json!({ "yaml": rule(10) })).await;
        let found = world.ok(own, &security).await;
        assert_eq!((&found["explained_by_version"], &found["notes"]), (&json!(2), &json!([])), "{found}");
        assert_eq!(found["events"][0]["text"], "The rule is broken; found: 42; limit: 10");
        write("PUT", "/v1/rules/own", json!({ "yaml": rule(100_000) })).await;
        for gone in [false, true] {
            if gone {
                assert_eq!(world.send("DELETE", "/v1/rules/own", &admin, None).await.status, 200);
            }
            for (lang, text, note) in [
                (
                    "en",
                    "The rule is broken; found: 42; limit: 10",
                    "The rule has changed since; it is explained by version 2, which found this",
                ),
                (
                    "ru",
                    "Правило нарушено; найдено: 42; предел: 10",
                    "С тех пор правило изменилось; объясняет версия 2, которая это нашла",
                ),
                (
                    "cs",
                    "Pravidlo je porušeno; zjištěno: 42; limit: 10",
                    "Pravidlo se od té doby změnilo; vysvětluje verze 2, která to našla",
                ),
            ] {
                let found = world.ok(&format!("{own}?lang={lang}"), &security).await;
                assert_eq!((&found["explained_by_version"], &found["notes"]), (&json!(2), &json!([note])), "{found}");
                assert_eq!((&found["events"][0]["matched"], &found["events"][0]["text"]), (&json!(true), &json!(text)));
            }
        }
        // The limit of then would break a rule that isn't kept in that version; the one of now doesn't.
        for (lang, text) in [
            ("en", "The rule was broken when this was found; as the rule and what is kept are now, it would not be"),
            ("ru", "Правило было нарушено, когда это было найдено"),
            ("cs", "Pravidlo bylo porušeno, když se to zjistilo"),
        ] {
            let found = world.ok(&format!("{shipped}?lang={lang}"), &security).await;
            assert_eq!((&found["rule_version"], &found["explained_by_version"]), (&json!(2), &json!(1)), "{found}");
            let told = found["events"][0]["text"].as_str().unwrap();
            assert!(told.starts_with(text), "{told}");
        }
    });
}

/// P6, P16: what a rule asks and what was found is said in the reader's language, whatever the rule compares.
#[test]
fn explanations_are_in_the_readers_language() {
    with_world("trials_language", async |world| {
        world.tenant("acme", |_| {}).await;
        let (security, admin) =
            (world.key(Some("acme"), Role::Security).await, world.key(Some("acme"), Role::Admin).await);
        let exported = Event {
            event_type: "contacts.exported".to_owned(),
            action: "export",
            category: "views",
            records: 4321,
            violations: vec!["mass-export"],
            rule_version: 1,
            signals: vec![("travel_kmh", 900.5), ("new_device", 1.0)],
            ..Event::sign_in("e1", "u1", TimeDelta::minutes(5))
        };
        let violation = exported.violation_id("mass-export");
        world.insert(&[exported]).await;
        world.insert(&(0..8).map(|number| failed(number, "u2", 600 - number * 10)).collect::<Vec<_>>()).await;
        let told = [
            (
                "en",
                "Many records exported at once",
                "The rule is broken; found: 4321; limit: 1000",
                ["Action: “export”; found: “export”", "Records: at least 1000; found: 4321"],
                "Version 1 of the rule found this; it is explained by version 2, which is in force now",
            ),
            (
                "ru",
                "Выгружено много записей сразу",
                "Правило нарушено; найдено: 4321; предел: 1000",
                ["Действие: «выгрузка»; найдено: «выгрузка»", "Записей: не меньше 1000; найдено: 4321"],
                "Это найдено версией правила 1; объясняет версия 2, которая действует сейчас",
            ),
            (
                "cs",
                "Exportováno mnoho záznamů najednou",
                "Pravidlo je porušeno; zjištěno: 4321; limit: 1000",
                ["Akce: „export“; zjištěno: „export“", "Záznamů: alespoň 1000; zjištěno: 4321"],
                "Toto našla verze pravidla 1; vysvětluje verze 2, která platí nyní",
            ),
        ];
        for (lang, title, verdict, steps, note) in told {
            let explained = world.ok(&format!("/v1/violations/{violation}/explain?lang={lang}"), &security).await;
            assert_eq!((&explained["title"], &explained["notes"]), (&json!(title), &json!([note])), "{explained}");
            let event = &explained["events"][0];
            let steps: Vec<_> = steps.iter().map(|text| json!({ "holds": true, "text": text })).collect();
            assert_eq!((&event["text"], &event["steps"]), (&json!(verdict), &json!(steps)));
            let of_event = world.ok(&format!("/v1/events/e1/explain?rule=mass-export&lang={lang}"), &security).await;
            assert_eq!((&of_event["title"], &of_event["data"]["steps"]), (&json!(title), &json!(steps)));
        }
        // By header; what a correlation counts; how much it lacks; an event that it doesn't count.
        let request = axum::http::Request::get("/v1/events/f6/explain?rule=brute-force");
        let request = request.header("authorization", format!("Bearer {security}")).header("accept-language", "cs-CZ");
        let counted = world.answer(request.body(axum::body::Body::empty()).unwrap()).await;
        assert_eq!(counted.headers["content-language"], "cs");
        let data = &counted.json["data"];
        assert_eq!(data["text"], "Pravidlo není porušeno; zjištěno: 7; limit: 10; chybí: 3", "{data}");
        let steps = data["steps"].as_array().unwrap();
        assert_eq!(steps[0]["text"], "Alespoň jedno z toho:", "{data}");
        assert_eq!(steps[1], json!({ "holds": false, "text": "Událostí za 10 min: alespoň 10; zjištěno: 7" }));
        let other = world.ok("/v1/events/e1/explain?rule=brute-force&lang=ru", &security).await;
        assert_eq!(other["data"]["text"], "Правило не нарушено: оно не учитывает это событие", "{other}");

        let yaml = "title: T\nid: 00000000-0000-4000-8000-000000000007\nsigma-version: 3\nversion: 1\nlevel: low\nlogsource: {product: usertrail}\n\
            detection:\n  a:\n    type: [contacts.exported, task.created]\n    action|neq: view\n    actor.name|contains|all: [x, y]\n  \
            b:\n    context.ip|cidr: 10.0.0.0/8\n  c:\n    signal.travel_kmh|gt: 1000.5\n    signal.new_device: true\n    reason: null\n  \
            d:\n    device.os|re: '^Win'\n  e:\n    changes[any]:\n      path|endswith: role\n      new|fieldref: old\n  \
            condition: a and not b and 1 of c* and (d or e)\n";
        let made = world.send("POST", "/v1/rules", &admin, Some(json!({ "name": "own", "yaml": yaml }))).await;
        assert_eq!(made.status, 201, "{}", made.json);
        let explained = world.ok("/v1/events/e1/explain?rule=own&lang=ru", &admin).await;
        let told = |steps: &Value| {
            fn tell(steps: &Value, depth: usize, told: &mut Vec<String>) {
                for step in steps.as_array().into_iter().flatten() {
                    let holds = if step["holds"] == true { '+' } else { '-' };
                    told.push(format!("{}{holds} {}", "  ".repeat(depth), step["text"].as_str().unwrap()));
                    tell(&step["steps"], depth + 1, told);
                }
            }
            let mut lines = Vec::new();
            tell(steps, 0, &mut lines);
            lines
        };
        let steps = [
            "- Всё это:",
            "  + Тип события: «Выгрузка контактов» или «Задача создана»; найдено: «Выгрузка контактов»",
            "  + Действие: что угодно, кроме: «просмотр»; найдено: «выгрузка»",
            "  - Имя пользователя: содержит «x» и содержит «y»; найдено: ничего",
            "+ Этого не должно быть:",
            "  - IP-адрес: в сети 10.0.0.0/8; найдено: «198.51.100.7»",
            "- Всё это:",
            "  - Скорость от прошлого входа, км/ч: больше 1000,5; найдено: 900,5",
            "  + Новое устройство: да; найдено: да",
            "  + Причина: без значения; найдено: ничего",
            "- Хотя бы одно из этого:",
            "  - Операционная система: подходит под шаблон «^Win»; найдено: ничего",
            "  - Изменения: хотя бы одно; найдено: 0/0",
            "    - Всё это:",
            "      - Изменённое поле: заканчивается на «role»; найдено: ничего",
            "      - Новое значение: как в поле «Прежнее значение»; найдено: ничего",
        ];
        assert_eq!(told(&explained["data"]["steps"]), steps);
    });
}

/// P6: of a rule of alternatives, the reason that is given is the one that there was, whichever of them it is; another number is given
/// as no reason.
#[test]
fn the_true_reason_is_told() {
    with_world("trials_reasons", async |world| {
        world.tenant("acme", |_| {}).await;
        let security = world.key(Some("acme"), Role::Security).await;
        let at = |id: &str, hour: f64, weekday: f64, outcome: &'static str| Event {
            signals: vec![("local_hour", hour), ("local_weekday", weekday)],
            outcome,
            ..Event::sign_in(id, "u1", TimeDelta::minutes(5))
        };
        let found = Event { violations: vec!["sign-in-outside-hours"], ..at("weekend", 12.0, 6.0, "success") };
        let violation = found.violation_id("sign-in-outside-hours");
        world
            .insert(&[
                found,
                at("early", 5.0, 2.0, "success"),
                at("late", 21.0, 2.0, "success"),
                at("both", 21.0, 7.0, "success"),
                at("work", 12.0, 2.0, "success"),
                at("failed", 5.0, 2.0, "failure"),
            ])
            .await;
        let day = [
            "Day of the week (Monday is 1): more than 5; found",
            "День недели (понедельник — 1): больше 5; найдено",
            "Den v týdnu (pondělí je 1): více než 5; zjištěno",
        ];
        let late = [
            "Hour of the day: at least 20; found",
            "Час дня: не меньше 20; найдено",
            "Hodina dne: alespoň 20; zjištěno",
        ];
        for (at, (lang, broken, whole)) in [
            ("en", "The rule is broken", "The rule is not broken"),
            ("ru", "Правило нарушено", "Правило не нарушено"),
            ("cs", "Pravidlo je porušeno", "Pravidlo není porušeno"),
        ]
        .into_iter()
        .enumerate()
        {
            let (day, late) = (day[at], late[at]);
            for (event, text, numbers) in [
                ("weekend", format!("{broken}: {day}: 6"), json!([6.0, 5.0, null])),
                ("late", format!("{broken}: {late}: 21"), json!([21.0, 20.0, null])),
                ("both", format!("{broken}: {late}: 21 · {day}: 7"), json!([21.0, 20.0, null])),
            ] {
                let path = format!("/v1/events/{event}/explain?rule=sign-in-outside-hours&lang={lang}");
                let data = world.ok(&path, &security).await["data"].clone();
                assert_eq!(data["text"], text, "{data}");
                assert_eq!(json!([data["seen"], data["limit"], data["missing"]]), numbers, "{data}");
            }
            let explained = world.ok(&format!("/v1/violations/{violation}/explain?lang={lang}"), &security).await;
            assert_eq!(explained["events"][0]["text"], format!("{broken}: {day}: 6"), "{explained}");
            let of = async |event: &str| {
                let path = format!("/v1/events/{event}/explain?rule=sign-in-outside-hours&lang={lang}");
                world.ok(&path, &security).await["data"].clone()
            };
            let early = of("early").await;
            assert_eq!((&early["seen"], &early["limit"]), (&json!(5.0), &json!(7.0)));
            assert!(early["text"].as_str().unwrap().starts_with(broken));
            // Nothing is lacking of a number that should be less, or that is there.
            for event in ["work", "failed"] {
                let data = of(event).await;
                assert_eq!((&data["matched"], &data["missing"]), (&json!(false), &Value::Null), "{data}");
                assert!(data["text"].as_str().unwrap().starts_with(whole), "{data}");
            }
        }
    });
}

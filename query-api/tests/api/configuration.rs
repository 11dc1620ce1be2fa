//! The audit of the configuration (A1–A8).

use chrono::TimeDelta;
use schemas::settings::Role;
use serde_json::{Value, json};

use crate::exports::file;
use crate::support::{Event, World, ids, with_world};

fn changed(id: &str, days_ago: i64, set: impl FnOnce(&mut Event)) -> Event {
    let mut event = Event {
        event_type: "workflow.updated".to_owned(),
        class: "change",
        category: "configuration",
        module: "workflows",
        actor_name: "Petr Dvořák".to_owned(),
        object_type: "workflow",
        object_id: "12".to_owned(),
        object_name: "New lead".to_owned(),
        ..Event::sign_in(id, "u-3", TimeDelta::days(days_ago))
    };
    set(&mut event);
    event
}

/// A1, A4, A6, A7: newest first, of the last 90 days, narrowed by actor, module, class and object.
#[test]
fn changes_in_their_order() {
    with_world("configuration_list", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Admin).await;
        world
            .insert(&[
                changed("old", 91, |_| {}),
                changed("a", 80, |event| event.actor_id = "u-4".to_owned()),
                changed("b", 3, |event| (event.class, event.module) = ("create", "billing")),
                changed("c", 2, |event| (event.class, event.object_id) = ("delete", "13".to_owned())),
                changed("none", 1, |event| event.category = "changes"),
            ])
            .await;
        let list = async |query: &str| ids(&world.pages(&format!("/v1/configuration?limit=2{query}"), &key).await);
        assert_eq!(list("").await, ["c", "b", "a"]);
        assert_eq!(list("&order=asc").await, ["a", "b", "c"]);
        assert_eq!(list("&order=asc&from=2020-01-01").await, ["old", "a", "b", "c"]);
        assert_eq!(list("&actor_id=u-4").await, ["a"]);
        assert_eq!(list("&module=billing").await, ["b"]);
        assert_eq!(list("&class=create,delete").await, ["c", "b"]);
        assert_eq!(list("&object_type=workflow&object_id=13").await, ["c"]);
        for (query, pointer) in [("class=destroy", "class"), ("q=x", "q"), ("order=received", "order")] {
            let answer = world.get(&format!("/v1/configuration?{query}"), &key).await;
            assert_eq!((answer.status, &answer.json["pointer"]), (400, &json!(pointer)), "{query}");
        }
        assert!(world.ok("/v1/configuration", &key).await["period"]["from"].is_string());
    });
}

/// A5, A8: edits, sent one by one or found in the whole, and the product itself by its name.
#[test]
fn changes_are_shown_as_edits() {
    with_world("configuration_edits", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Admin).await;
        let change = |path: &str, op: &str, old: Value, new: Value| {
            let json = |value: Value| if value.is_null() { String::new() } else { value.to_string() };
            [path.to_owned(), op.to_owned(), json(old), json(new)]
        };
        let told = vec![
            change("conditions/operator", "replace", json!("AND"), json!("OR")),
            change("rotation/users/3", "add", Value::Null, json!("Jana Malá")),
            change("steps", "move", json!(3), json!(0)),
        ];
        let old = json!([{ "field": "country", "operator": "is", "value": "CZ" }, { "field": "age", "value": 1 }]);
        let new = json!([{ "field": "country", "operator": "is", "value": "SK" }]);
        let whole = vec![change("conditions", "replace", old, new)];
        world
            .insert(&[
                changed("told", 2, |event| event.changes = told),
                changed("whole", 1, |event| {
                    (event.changes, event.actor_kind, event.actor_id) = (whole, "system", String::new());
                }),
            ])
            .await;
        let rows = world.ok("/v1/configuration", &key).await["data"].clone();
        let texts = |row: &Value| -> Vec<(String, String)> {
            let text = |edit: &Value, field: &str| edit[field].as_str().unwrap().to_owned();
            row["edits"].as_array().unwrap().iter().map(|edit| (text(edit, "kind"), text(edit, "text"))).collect()
        };
        let pair = |kind: &str, text: &str| (kind.to_owned(), text.to_owned());
        assert_eq!(
            texts(&rows[0]),
            [
                pair("condition_removed", "Condition removed from “conditions”: age 1"),
                pair("condition_updated", "Condition changed (conditions #1): “country is CZ” → “country is SK”"),
            ]
        );
        assert_eq!(rows[0]["actor"]["label"], "System");
        assert_eq!(
            texts(&rows[1]),
            [
                pair("operator_switched", "conditions › operator: AND switched to OR"),
                pair("list_item_added", "rotation › users: added “Jana Malá” (position 4)"),
                pair("list_item_moved", "steps: moved from position 4 to 1"),
            ]
        );
        assert_eq!((&rows[1]["edits"][2]["from"], &rows[1]["edits"][2]["to"]), (&json!(3), &json!(0)));
        assert_eq!(rows[1]["actor"]["label"], "Petr Dvořák");
    });
}

/// A8: a condition inside nested groups, in the reader's language, by the group's place before the change.
#[test]
fn groups_of_conditions_are_named() {
    with_world("configuration_groups", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Admin).await;
        let on = |field: &str| json!({ "field": field, "operator": "is", "value": 1 });
        let group = |items: Vec<Value>| json!({ "operator": "OR", "conditions": items });
        let tree = |items: Vec<Value>| json!({ "operator": "AND", "conditions": items });
        let old = tree(vec![on("a"), group(vec![on("b"), on("c")])]);
        let new = tree(vec![group(vec![on("b"), on("c"), on("d")]), group(vec![on("e"), on("f")])]);
        let change = ["filters".to_owned(), "replace".to_owned(), old.to_string(), new.to_string()];
        world.insert(&[changed("tree", 1, |event| event.changes = vec![change])]).await;
        for (lang, texts) in [
            (
                "en",
                [
                    "Condition removed from “filters › conditions”: a is 1",
                    "OR group added to “filters › conditions”: (e is 1 OR f is 1)",
                    "Condition added to “filters › conditions #2 › conditions”: d is 1",
                ],
            ),
            (
                "ru",
                [
                    "Удалено условие из «filters › conditions»: a is 1",
                    "Добавлена группа OR в «filters › conditions»: (e is 1 OR f is 1)",
                    "Добавлено условие в «filters › conditions #2 › conditions»: d is 1",
                ],
            ),
            (
                "cs",
                [
                    "Odebrána podmínka z „filters › conditions“: a is 1",
                    "Přidána skupina OR do „filters › conditions“: (e is 1 OR f is 1)",
                    "Přidána podmínka do „filters › conditions #2 › conditions“: d is 1",
                ],
            ),
        ] {
            let told = world.ok(&format!("/v1/configuration?lang={lang}"), &key).await;
            let edits = told["data"][0]["edits"].as_array().unwrap().clone();
            let found: Vec<&str> = edits.iter().map(|edit| edit["text"].as_str().unwrap()).collect();
            assert_eq!(found, texts, "{lang}");
            assert_eq!(edits[2]["path"], "filters/conditions/0/conditions/2");
        }
    });
}

/// A8: one value of a condition deep in groups is one condition changed, whichever language of conditions it is written in, in a list
/// and in a sentence, in each language.
#[test]
fn conditions_of_other_languages_are_conditions() {
    /// Its name, the filter with a value for `stage`, and how that condition reads.
    type Dialect = (&'static str, fn(&str) -> Value, &'static str);
    with_world("configuration_dialects", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Admin).await;
        let dialects: [Dialect; 5] = [
            ("mongo", |x| json!({"$or": [{"stage": x}, {"$and": [{"name": "B"}, {"stage": {"$ne": 1}}]}]}), "stage = "),
            ("odata", |x| json!([["a", "=", 1], "and", [["stage", "=", x], "or", ["b", ">", 2]]]), "stage = "),
            ("logic", |x| json!({"and": [{"or": [{"==": [{"var": "stage"}, x]}]}]}), "stage == "),
            ("engine", |x| json!({"all": [{"any": [{"fact": "stage", "operator": "is", "value": x}]}]}), "stage is "),
            ("search", |x| json!({"bool": {"must": [{"bool": {"should": [{"term": {"stage": x}}]}}]}}), "stage term "),
        ];
        let events = dialects.map(|(id, of, _)| {
            let change = ["filter".to_owned(), "replace".to_owned(), of("x").to_string(), of("y").to_string()];
            changed(id, 1, |event| event.changes = vec![change])
        });
        world.insert(&events).await;
        for (lang, changed, [open, close]) in [
            ("en", "Condition changed", ["“", "”"]),
            ("ru", "Изменено условие", ["«", "»"]),
            ("cs", "Změněna podmínka", ["„", "“"]),
        ] {
            let told = world.ok(&format!("/v1/configuration?lang={lang}"), &key).await;
            for (id, _, condition) in dialects {
                let row = told["data"].as_array().unwrap().iter().find(|row| row["id"] == id).unwrap();
                let edits = row["edits"].as_array().unwrap();
                assert_eq!((edits.len(), &edits[0]["kind"]), (1, &json!("condition_updated")), "{row}");
                let want = format!("{open}{condition}x{close} → {open}{condition}y{close}");
                let text = edits[0]["text"].as_str().unwrap();
                assert!(text.starts_with(changed) && text.ends_with(&want), "{text}");
                assert!(row["text"].as_str().unwrap().contains(text), "{row}");
            }
        }
    });
}

/// A8: a negation that came or went is shown, in each form, and so is what reads the same before and after; no change is passed over.
#[test]
fn no_change_is_passed_over() {
    with_world("configuration_whole", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Admin).await;
        let (a, b) = (json!(["a", "=", 1]), json!(["b", "=", 2]));
        let pairs = [
            (json!(["!", a]), a.clone(), "Condition moved from the removed NOT group “v” to “v”: a = 1"),
            (a.clone(), json!(["not", a]), "Condition moved from “v” to the new NOT group “v”: a = 1"),
            (
                json!([["!", a], "and", b]),
                json!([a, "and", b]),
                "Condition moved from the removed NOT group “v #1” to “v”: a = 1",
            ),
            (json!("1"), json!(1), "v: \"1\" → 1"),
            (json!(null), json!(""), "v: null → \"\""),
            (json!([]), json!([[]]), "v: added “[]” (position 1)"),
        ];
        let events: Vec<Event> = pairs
            .iter()
            .enumerate()
            .map(|(at, (old, new, _))| {
                let change = ["v".to_owned(), "replace".to_owned(), old.to_string(), new.to_string()];
                changed(&format!("e{at}"), 1, |event| event.changes = vec![change])
            })
            .collect();
        world.insert(&events).await;
        let told = world.ok("/v1/configuration", &key).await;
        for (at, (.., text)) in pairs.iter().enumerate() {
            let row = told["data"].as_array().unwrap().iter().find(|row| row["id"] == format!("e{at}")).unwrap();
            assert_eq!(row["edits"].as_array().unwrap().len(), 1, "{row}");
            assert_eq!(row["edits"][0]["text"], *text);
        }
    });
}

/// What is said of limits, actions and rules, in the three languages.
const OWN: [[&str; 4]; 3] = [
    [
        "limits › impossible speed, km/h: “900” → “800”",
        "actions › Many records exported at once: → “block the device”",
        "least level: “low” → “high”",
        "Petr Dvořák disabled the rule “Many records exported at once” — on: “yes” → “no”",
    ],
    [
        "пределы › невозможная скорость, км/ч: «900» → «800»",
        "действия › Выгружено много записей сразу: → «заблокировать устройство»",
        "наименьший уровень: «низкий» → «высокий»",
        "Petr Dvořák: выключено правило «Выгружено много записей сразу» — включено: «да» → «нет»",
    ],
    [
        "limity › nemožná rychlost, km/h: „900“ → „800“",
        "akce › Exportováno mnoho záznamů najednou: → „zablokovat zařízení“",
        "nejnižší úroveň: „nízká“ → „vysoká“",
        "Petr Dvořák: vypnuto pravidlo „Exportováno mnoho záznamů najednou“ — zapnuto: „ano“ → „ne“",
    ],
];
/// One of these in the column of changes of a file of the log.
const OWN_CHANGES: [&str; 3] = [
    "limits › impossible speed, km/h: 900 → 800",
    "пределы › невозможная скорость, км/ч: 900 → 800",
    "limity › nemožná rychlost, km/h: 900 → 800",
];

fn texts_of(row: &Value) -> Vec<String> {
    row["edits"].as_array().unwrap().iter().map(|edit| edit["text"].as_str().unwrap().to_owned()).collect()
}

async fn file_of(world: &World, path: &str, key: &str) -> String {
    String::from_utf8(file(world, path, key, "*/*").await.bytes.to_vec()).unwrap()
}

/// A7, A8, P16: the product's own settings have names in the reader's language, in the list and in files; an application's have its
/// own.
#[test]
fn own_settings_are_named() {
    with_world("configuration_own", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Admin).await;
        let change =
            |path: &str, old: &str, new: &str| [path.to_owned(), "replace".to_owned(), old.to_owned(), new.to_owned()];
        let own =
            |id: &str, days_ago: i64, (kind, object, name): (&str, &'static str, &str), changes: Vec<[String; 4]>| {
                changed(id, days_ago, |event| {
                    (event.event_type, event.object_type, event.module) = (kind.to_owned(), object, "usertrail");
                    (event.object_id, event.object_name) = (name.to_owned(), name.to_owned());
                    (event.changes, event.key_id) = (changes, "usertrail");
                })
            };
        let zone = change("time_zone", r#""UTC""#, r#""Europe/Prague""#);
        world
            .insert(&[
                own("zone", 1, ("setting.changed", "setting", "time_zone"), vec![zone.clone()]),
                own("kept", 2, ("retention.changed", "setting", "retention"), vec![change("views", "90", "30")]),
                own(
                    "key",
                    3,
                    ("api_key.created", "api_key", "CRM"),
                    vec![
                        change("role", "", r#""viewer""#),
                        change("permissions", "", r#"["query_sql"]"#),
                        change("quotas", "", r#"{"events_per_day":5}"#),
                    ],
                ),
                changed("theirs", 4, |event| event.changes = vec![zone]),
                own(
                    "limits",
                    5,
                    ("setting.changed", "setting", "detection"),
                    vec![
                        change("limits/impossible_kmh", "900", "800"),
                        change("actions/mass-export", "", r#""block""#),
                        change("min_level", r#""low""#, r#""high""#),
                    ],
                ),
                changed("export", 6, |event| {
                    (event.event_type, event.category) = ("event_log.exported".to_owned(), "other");
                    (event.outcome, event.reason, event.key_id) = ("failure", "the client is gone", "usertrail");
                }),
                own("rule", 6, ("rule.disabled", "rule", "mass-export"), vec![change("enabled", "true", "false")]),
            ])
            .await;
        for (lang, texts, labels) in [
            (
                "en",
                "Petr Dvořák changed the log setting “time zone” — time zone: “UTC” → “Europe/Prague”",
                [
                    "time zone",
                    "views",
                    "role: → “viewer”",
                    "permissions: → “SQL queries”",
                    "quotas: → “events per day: 5”",
                ],
            ),
            (
                "ru",
                "Petr Dvořák: изменена настройка журнала «часовой пояс» — часовой пояс: «UTC» → «Europe/Prague»",
                [
                    "часовой пояс",
                    "просмотры",
                    "роль: → «просмотр»",
                    "разрешения: → «запросы SQL»",
                    "квоты: → «событий в день: 5»",
                ],
            ),
            (
                "cs",
                "Petr Dvořák: změněno nastavení záznamu „časové pásmo“ — časové pásmo: „UTC“ → „Europe/Prague“",
                [
                    "časové pásmo",
                    "zobrazení",
                    "role: → „prohlížení“",
                    "oprávnění: → „dotazy SQL“",
                    "kvóty: → „událostí denně: 5“",
                ],
            ),
        ] {
            let rows = world.ok(&format!("/v1/configuration?lang={lang}"), &key).await["data"].clone();
            let label = |row: usize| rows[row]["edits"][0]["label"].clone();
            assert_eq!(rows[0]["text"], texts, "{lang}");
            assert_eq!((label(0), label(1)), (json!(labels[0]), json!(labels[1])), "{lang}");
            assert_eq!(
                (&rows[0]["object"]["id"], &rows[0]["object"]["name"]),
                (&json!("time_zone"), &json!(labels[0]))
            );
            let edits = rows[2]["edits"].as_array().unwrap();
            let found: Vec<&str> = edits.iter().map(|edit| edit["text"].as_str().unwrap()).collect();
            assert_eq!(found, &labels[2..], "{lang}");
            assert_eq!((&edits[0]["path"], &edits[0]["new"]), (&json!("role"), &json!("viewer")));
            for (row, column) in [(4, "edits"), (5, "text")] {
                let (told, wanted) =
                    (rows[row].clone(), &OWN[["en", "ru", "cs"].iter().position(|of| *of == lang).unwrap()]);
                let told =
                    if column == "edits" { texts_of(&told) } else { vec![told["text"].as_str().unwrap().to_owned()] };
                let wanted = if column == "edits" { &wanted[..3] } else { &wanted[3..] };
                assert_eq!(told, wanted, "{lang}");
            }
            let log = file_of(&world, &format!("/v1/events?category=configuration&format=csv&lang={lang}"), &key).await;
            let text = OWN_CHANGES[["en", "ru", "cs"].iter().position(|of| *of == lang).unwrap()];
            assert!(log.contains(text), "{text} is not in {log}");
            let failed = world.ok(&format!("/v1/events/export?lang={lang}"), &key).await["data"].clone();
            let why = match lang {
                "en" => "Reason: the client is gone",
                "ru" => "Причина: читающая сторона отключилась",
                _ => "Důvod: čtoucí strana se odpojila",
            };
            assert!(failed["details"].as_str().unwrap().starts_with(why), "{failed}");
            assert_eq!(failed["reason"], "the client is gone");
            // The application's own field of the same name.
            assert_eq!(label(3), "time zone");
            let file = file(&world, &format!("/v1/configuration?format=csv&lang={lang}"), &key, "*/*").await;
            let file = String::from_utf8(file.bytes.to_vec()).unwrap();
            for label in labels {
                assert!(file.contains(&label.replace('"', "\"\"")), "{label} is not in {file}");
            }
        }
    });
}

/// P12, P16: which quota is used up, in words and by members.
#[test]
fn quotas_are_named() {
    with_world("configuration_quotas", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Admin).await;
        let payload =
            json!({"of": "key", "key_id": "k3jq7xw2m5ab", "period": "day", "limit": 3, "percent": 100, "used": 3});
        world
            .insert(&[changed("quota", 1, |event| {
                (event.event_type, event.class, event.key_id) = ("quota.used_up".to_owned(), "other", "usertrail");
                (event.actor_kind, event.actor_id, event.object_type) = ("system", String::new(), "quota");
                (event.actor_name, event.object_id) = (String::new(), "key-day/k3jq7xw2m5ab".to_owned());
                (event.object_name, event.payload) = ("3 events a day".to_owned(), payload.to_string());
            })])
            .await;
        for (lang, words) in [
            ("en", "3 events a day for the API key k3jq7xw2m5ab"),
            ("ru", "3 события в день для ключа API k3jq7xw2m5ab"),
            ("cs", "3 události denně pro klíč API k3jq7xw2m5ab"),
        ] {
            let row = world.ok(&format!("/v1/configuration?lang={lang}"), &key).await["data"][0].clone();
            assert_eq!(row["object"]["name"], words);
            assert!(row["text"].as_str().unwrap().contains(words), "{row}");
            let event =
                world.ok(&format!("/v1/events?category=configuration&lang={lang}"), &key).await["data"][0].clone();
            assert_eq!((&event["payload"]["of"], &event["payload"]["period"]), (&json!("key"), &json!("day")));
        }
    });
}

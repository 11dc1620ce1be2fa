//! The event log in words (J10–J18), what it says of failures, and what can be restored.

use axum::body::Body;
use axum::http::Request;
use chrono::TimeDelta;
use schemas::catalogue::Lang;
use schemas::settings::{Permission, Role};
use serde_json::{Value, json};

use crate::exports::{csv_column, file};
use crate::support::{Answer, Event, World, with_world};

fn event(id: &str, event_type: &str, class: &'static str) -> Event {
    Event {
        event_type: event_type.to_owned(),
        class,
        category: "changes",
        action: "update",
        actor_name: "Jana Nováková".to_owned(),
        object_type: "task",
        object_id: "4/11 ?".to_owned(),
        object_name: "Call back".to_owned(),
        location: "",
        channel: "",
        duration_ms: 0,
        records: 0,
        ..Event::sign_in(id, "u-17", TimeDelta::hours(1))
    }
}

pub(crate) fn change(path: &str, old: &str, new: &str) -> [String; 4] {
    [path, "replace", old, new].map(str::to_owned)
}

async fn ask(world: &World, path: &str, key: &str, languages: Option<&str>) -> Answer {
    let mut request = Request::get(path).header("authorization", format!("Bearer {key}"));
    if let Some(languages) = languages {
        request = request.header("accept-language", languages);
    }
    let answer = world.answer(request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.json);
    answer
}

/// J13, P16: the sentence, the type's name and the details in the language that is asked for, or else the tenant's first.
#[test]
fn events_are_told_in_the_caller_s_language() {
    with_world("log_words", async |world| {
        world.tenant("acme", |tenant| tenant.languages = vec![Lang::Cs, Lang::En]).await;
        let key = world.key(Some("acme"), Role::Viewer).await;
        let told = Event {
            changes: vec![change("note", "", "\"x\""), change("deadline", "\"2026-03-05\"", "\"2026-03-09\"")],
            reason: "Client asked",
            duration_ms: 184_000,
            records: 12,
            location: "Brno",
            channel: "call",
            ..event("e1", "task.deadline_changed", "change")
        };
        world.insert(&[told]).await;
        let mut seen = Vec::new();
        for languages in [None, Some("en"), Some("de, ru-RU;q=0.8, en;q=0.5"), Some("de")] {
            for path in ["/v1/events", "/v1/events/e1", "/v1/objects/task/4%2F11%20%3F/history"] {
                let answer = ask(&world, path, &key, languages).await;
                let vary: Vec<_> = answer.headers.get_all("vary").iter().collect();
                assert_eq!(vary, ["authorization", "accept-language"]);
                let lang = answer.headers["content-language"].to_str().unwrap().to_owned();
                let data = &answer.json["data"];
                let event = if data.is_array() { &data[0] } else { data };
                let words: Value = ["name", "text", "details"].map(|field| event[field].clone()).into();
                assert!(path == "/v1/events" || seen.last() == Some(&json!([lang, words])), "{path}: {words}");
                if path == "/v1/events" {
                    seen.push(json!([lang, words]));
                }
            }
        }
        let cs = json!([
            "cs",
            [
                "Termín úkolu změněn",
                "Jana Nováková: změněn termín úkolu „Call back“, původně: „2026-03-05“, nově: „2026-03-09“; note: → „x“",
                "Důvod: Client asked · Záznamů: 12 · Trvání: 3 min 4 s · Pobočka: Brno · Kanál: hovor"
            ]
        ]);
        assert_eq!(seen[0], cs);
        assert_eq!(seen[3], cs);
        assert_eq!(
            seen[1][1][2],
            "Reason: Client asked · Records: 12 · Duration: 3 min 4 s · Location: Brno · Channel: call"
        );
        assert_eq!((&seen[2][0], &seen[2][1][0]), (&json!("ru"), &json!("Срок задачи изменён")));
    });
}

/// J10, J14, A5: own and unknown types, only a new value, the product itself.
#[test]
fn whatever_is_missing_there_is_a_sentence() {
    with_world("log_sentences", async |world| {
        let own = json!([{
            "type": "lesson.booked", "name": { "en": "Lesson booked" }, "class": "create", "category": "changes",
            "action": "create", "object_type": "lesson", "sentence": { "en": "{actor} booked[ {object}]" }
        }]);
        world.tenant("acme", |tenant| tenant.event_types = serde_json::from_value(own).unwrap()).await;
        let key = world.key(Some("acme"), Role::Viewer).await;
        let only_new =
            Event { changes: vec![change("discount", "", "10")], ..event("e1", "client.discount_changed", "change") };
        let system = Event { actor_kind: "system", actor_id: String::new(), ..event("e2", "task.completed", "change") };
        let unknown = Event { actor_name: String::new(), ..event("e3", "lead.odd", "other") };
        let lesson = event("e4", "lesson.booked", "create");
        world.insert(&[only_new, system, unknown, lesson]).await;
        let told = async |id: &str| world.ok(&format!("/v1/events/{id}"), &key).await["data"].clone();
        let only_new = told("e1").await;
        assert_eq!(only_new["changes"], json!([{ "path": "discount", "op": "replace", "new": 10 }]));
        assert!(only_new["text"].as_str().unwrap().contains("“10”"), "{only_new}");
        assert!(!only_new["text"].as_str().unwrap().contains("from"), "{only_new}");
        let system = told("e2").await;
        assert_eq!(system["actor"]["label"], "System");
        assert!(system["text"].as_str().unwrap().starts_with("System "), "{system}");
        let unknown = told("e3").await;
        assert_eq!((&unknown["name"], &unknown["text"]), (&json!("lead.odd"), &json!("u-17: lead.odd · Call back")));
        assert_eq!(unknown["actor"]["label"], "u-17");
        let lesson = told("e4").await;
        assert_eq!(
            (&lesson["name"], &lesson["text"]),
            (&json!("Lesson booked"), &json!("Jana Nováková booked Call back"))
        );
    });
}

/// J13, J14: an edit names the field that changed, and all of them; what a type is named after stays in its sentence.
#[test]
fn edits_name_every_field() {
    with_world("log_fields", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Viewer).await;
        let contact = |id: &str, changes: Vec<[String; 4]>| Event {
            changes,
            object_type: "contact",
            ..event(id, "contact.updated", "change")
        };
        let phone = change("phone", "\"1\"", "\"2\"");
        let rate = change("billing/hourly_rate", "", "12.5");
        let many: Vec<[String; 4]> =
            (0..200).map(|at| change(&format!("f{at}"), "", &format!("\"{}\"", "x".repeat(99)))).collect();
        let added = ["tags/0", "add", "", "\"vip\""].map(str::to_owned);
        world
            .insert(&[
                contact("e1", vec![phone.clone()]),
                contact("e2", vec![phone.clone(), rate.clone(), added]),
                contact("e3", Vec::new()),
                contact("e4", many),
                Event { changes: vec![phone.clone(), rate], ..event("e5", "task.phone_changed", "change") },
                Event { changes: vec![phone.clone()], ..event("e6", "gadget.modified", "change") },
                Event { changes: vec![phone], ..event("e7", "contact.created", "create") },
            ])
            .await;
        let text = async |id: &str, lang: &str| {
            let answer = ask(&world, &format!("/v1/events/{id}"), &key, Some(lang)).await;
            answer.json["data"]["text"].as_str().unwrap().to_owned()
        };
        assert_eq!(text("e1", "en").await, "Jana Nováková changed the contact “Call back” — phone: “1” → “2”");
        assert_eq!(
            text("e2", "en").await,
            "Jana Nováková changed the contact “Call back” — phone: “1” → “2”; billing › hourly rate: → “12.5”; tags: added “vip” \
             (position 1)"
        );
        assert_eq!(
            text("e2", "ru").await,
            "Jana Nováková: изменён контакт «Call back» — phone: «1» → «2»; billing › hourly rate: → «12,5»; tags: добавлено «vip» \
             (позиция 1)"
        );
        assert_eq!(text("e3", "cs").await, "Jana Nováková: změněn kontakt „Call back“");
        let many = text("e4", "en").await;
        assert!(many.len() < 8192 && many.contains("; f30: → “x") && many.contains("; more changes: 1"), "{many}");
        assert!(text("e5", "en").await.ends_with("; billing › hourly rate: → “12.5”"));
        assert_eq!(text("e6", "en").await, "Jana Nováková: gadget.modified · Call back — phone: “1” → “2”");
        assert_eq!(text("e7", "en").await, "Jana Nováková created the contact “Call back” — phone: “1” → “2”");
    });
}

/// J13, J14: a sentence shows the values of the change that the type is named after, or of none: the others are listed. So it is of
/// a tenant's own types, in the log and in the audit of the configuration.
#[test]
fn a_sentence_tells_its_own_change() {
    with_world("log_own_change", async |world| {
        let own = |name: &str, category: &str, sentence: &str| {
            json!({
                "type": name, "name": { "en": "Lead qualified" }, "class": "change", "category": category, "action": "qualify",
                "object_type": "task", "sentence": { "en": sentence }
            })
        };
        let types = json!([
            own("prospect.qualified", "changes", "{actor} qualified {object}"),
            own("prospect.scored", "changes", "{actor} scored {object}[ from {old}][ to {new}]"),
            own("plan_b.applied", "configuration", "{actor} applied {object}"),
        ]);
        world.tenant("acme", |tenant| tenant.event_types = serde_json::from_value(types).unwrap()).await;
        let key = world.key(Some("acme"), Role::Admin).await;
        let touched = || change("updated_at", "\"09:00\"", "\"09:05\"");
        let status = || change("status_id", "1", "2");
        let of = |id: &str, kind: &str, changes: Vec<[String; 4]>| Event { changes, ..event(id, kind, "change") };
        let one = |id: &str, kind: &str, class, change| Event { changes: vec![change], ..event(id, kind, class) };
        world
            .insert(&[
                of("e1", "order.status_changed", vec![touched(), status()]),
                of(
                    "e2",
                    "product.renamed",
                    vec![change("sku", "\"a\"", "\"b\""), change("name", "\"Bolt\"", "\"Nut\"")],
                ),
                of("e3", "order.deadline_changed", vec![change("note", "", "\"by train\"")]),
                of("e4", "task.completed", vec![change("status", "\"open\"", "\"done\"")]),
                of("e5", "prospect.qualified", vec![status(), touched()]),
                of("e6", "prospect.scored", vec![change("score", "3", "5")]),
                of("e8", "prospect.scored", vec![["score", "move", "3", "0"].map(str::to_owned)]),
                Event { category: "configuration", ..of("e7", "plan_b.applied", vec![status()]) },
                one("a1", "contacts.exported", "other", change("columns", "3", "5")),
                one("a2", "order.product_added", "create", change("price", "100", "90")),
                one("a3", "order.comment_created", "create", change("comments_count", "1", "2")),
                one("a4", "call.closed", "other", change("duration", "1", "2")),
                one("a5", "order.product_added", "create", change("price", "100", "")),
                one("a6", "call.closed", "other", change("note", "\"x\"", "null")),
                one("a7", "deal.deleted", "delete", change("status", "\"open\"", "null")),
                // The sentence has no place for what it was.
                one("a8", "call.closed", "other", change("status", "\"open\"", "")),
                one("a9", "order.product_added", "create", change("items/2", "", "\"Bolt\"")),
                one("b1", "contacts.imported", "create", change("skipped", "", "4")),
                one("b2", "client.review_received", "other", change("replied", "false", "true")),
                one("b3", "phone_credits.created", "create", change("currency", "", "\"CZK\"")),
                one("b4", "phone_credits.created", "create", change("amount", "", "500")),
                one("b5", "order.file_removed", "other", change("files_count", "2", "1")),
            ])
            .await;
        let text = async |id: &str, lang: &str| {
            let answer = ask(&world, &format!("/v1/events/{id}"), &key, Some(lang)).await;
            answer.json["data"]["text"].as_str().unwrap().to_owned()
        };
        for (id, lang, told) in [
            ("e1", "en", "changed the status of the order “Call back” from “1” to “2”; updated at: “09:00” → “09:05”"),
            ("e1", "ru", "изменён статус заказа «Call back», было: «1», стало: «2»; updated at: «09:00» → «09:05»"),
            ("e1", "cs", "změněn stav zakázky „Call back“, původně: „1“, nově: „2“; updated at: „09:00“ → „09:05“"),
            ("e2", "en", "renamed the product “Call back” from “Bolt” to “Nut”; sku: “a” → “b”"),
            ("e3", "en", "changed the deadline of the order “Call back” — note: → “by train”"),
            ("e3", "ru", "изменён срок заказа «Call back» — note: → «by train»"),
            ("e3", "cs", "změněn termín zakázky „Call back“ — note: → „by train“"),
            ("e4", "en", "completed the task “Call back” — status: “open” → “done”"),
            ("e5", "en", "qualified Call back — status id: “1” → “2”; updated at: “09:00” → “09:05”"),
            ("e6", "en", "scored Call back from 3 to 5"),
            ("e8", "en", "scored Call back — score: moved from position 4 to 1"),
            ("e7", "en", "applied Call back — status id: “1” → “2”"),
            ("a1", "en", "exported contacts — columns: “3” → “5”"),
            ("a1", "ru", "выгрузка контактов — columns: «3» → «5»"),
            ("a1", "cs", "export kontaktů — columns: „3“ → „5“"),
            ("a2", "en", "added the product to the order “Call back” — price: “100” → “90”"),
            ("a2", "ru", "в заказ «Call back» — price: «100» → «90»"),
            ("a2", "cs", "„Call back“ — price: „100“ → „90“"),
            ("a3", "en", "commented on the order “Call back” — comments count: “1” → “2”"),
            ("a3", "ru", "«Call back» — comments count: «1» → «2»"),
            ("a3", "cs", "„Call back“ — comments count: „1“ → „2“"),
            ("a4", "en", "closed a call (“Call back”) — duration: “1” → “2”"),
            ("a4", "ru", "(«Call back») — duration: «1» → «2»"),
            ("a4", "cs", "(„Call back“) — duration: „1“ → „2“"),
            ("a5", "en", "added the product to the order “Call back” — price: “100” → —"),
            ("a6", "en", "closed a call (“Call back”) — note: “x” → —"),
            ("a7", "en", "deleted the deal “Call back” — status: “open” → —"),
            ("a7", "ru", "«Call back» — status: «open» → —"),
            ("a7", "cs", "„Call back“ — status: „open“ → —"),
            ("a8", "en", "closed a call (“Call back”) — status: “open” → —"),
            ("a9", "en", "added the product “Bolt” to the order “Call back”"),
            ("b1", "en", "imported contacts — skipped: → “4”"),
            ("b2", "en", "left a review — replied: “no” → “yes”"),
            ("b3", "en", "bought phone credits — currency: → “CZK”"),
            ("b4", "en", "bought phone credits: “500”"),
            ("b5", "en", "removed the file from the order “Call back” — files count: “2” → “1”"),
        ] {
            let found = text(id, lang).await;
            assert!(found.starts_with("Jana Nováková") || id == "b2", "{id}: {found}");
            assert!(found.ends_with(told), "{id}: {found}");
        }
        let audit = world.ok("/v1/configuration", &key).await["data"].clone();
        assert_eq!(audit[0]["text"], "Jana Nováková applied Call back — status id: “1” → “2”");
    });
}

/// J13, J14: what shows nothing is no name, no reason and no value that went; values that read the same and aren't are distinguished; in
/// every language, in the log and in files.
#[test]
fn what_shows_nothing_is_told() {
    with_world("log_unseen", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Admin).await;
        let mut events = Vec::new();
        for (at, nothing) in
            ["\u{202e}", " ", "\u{a0}", "\u{200b}", "\u{2066}\u{2069}", "\u{3164}"].into_iter().enumerate()
        {
            events.push(Event {
                actor_name: nothing.to_owned(),
                object_name: nothing.to_owned(),
                reason: nothing,
                location: nothing,
                ..event(&format!("n{at}"), "deal.viewed", "other")
            });
        }
        let nameless = events.len();
        let of = |id: &str, [path, old, new]: [&str; 3]| {
            let json = |text: &str| json!(text).to_string();
            let changes = vec![change(path, &json(old), &json(new))];
            Event { changes, ..event(id, "order.status_changed", "change") }
        };
        events.extend([
            of("v1", ["v", "a\u{202e}b", "ab"]),
            of("v2", ["v", "a", "\u{202e}"]),
            of("v3", ["v", "1 000", "1\u{a0}000"]),
            of("v4", ["\u{202e}", "a", "b"]),
            of("v5", ["status", "a\u{202e}b", "ab"]),
            of("v6", ["status", "a", "\u{200b}"]),
            of("v7", [" ", "a", "b"]),
        ]);
        world.insert(&events).await;
        for (lang, [open, close], viewed) in [
            ("en", ["“", "”"], "u-17 viewed the deal “4/11 ?”"),
            ("ru", ["«", "»"], "u-17: просмотрена сделка «4/11 ?»"),
            ("cs", ["„", "“"], "u-17: zobrazen obchod „4/11 ?“"),
        ] {
            let told = async |id: &str| world.ok(&format!("/v1/events/{id}?lang={lang}"), &key).await["data"].clone();
            for at in 0..nameless {
                let told = told(&format!("n{at}")).await;
                assert_eq!((&told["text"], &told["details"]), (&json!(viewed), &Value::Null), "{at} {lang}");
                assert_eq!(told["actor"]["label"], "u-17");
            }
            for (id, end) in [
                ("v1", "v: \"a\\u202eb\" → \"ab\"".to_owned()),
                ("v2", format!("v: {open}a{close} → \"\\u202e\"")),
                ("v3", "v: \"1 000\" → \"1\\u00a0000\"".to_owned()),
                ("v4", format!("\"\\u202e\": {open}a{close} → {open}b{close}")),
                ("v7", format!("\" \": {open}a{close} → {open}b{close}")),
            ] {
                let text = told(id).await["text"].as_str().unwrap().to_owned();
                assert!(text.ends_with(&end), "{id}: {text}");
            }
            for (id, parts) in
                [("v5", ["\"a\\u202eb\"", "\"ab\""]), ("v6", [&*format!("{open}a{close}"), "\"\\u200b\""])]
            {
                let text = told(id).await["text"].as_str().unwrap().to_owned();
                assert!(parts.iter().all(|part| text.contains(part)), "{id}: {text}");
            }
        }
        let csv = file(&world, "/v1/events?format=csv&type=order.status_changed&order=asc", &key, "text/csv").await;
        let mut changes = csv_column(&csv.bytes, "changes");
        changes.sort_unstable();
        let mut wanted = [
            "v: \"a\\u202eb\" → \"ab\"",
            "v: \"a\" → \"\\u202e\"",
            "v: \"1 000\" → \"1\\u00a0000\"",
            "\"\\u202e\": \"a\" → \"b\"",
            "status: \"a\\u202eb\" → \"ab\"",
            "status: \"a\" → \"\\u200b\"",
            "\" \": \"a\" → \"b\"",
        ];
        wanted.sort_unstable();
        assert_eq!(changes, wanted);
    });
}

/// P16: the action of what nobody declared has its word.
#[test]
fn the_action_other_has_words() {
    with_world("log_other", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Admin).await;
        world.insert(&[Event { action: "other", ..event("e1", "gadget.touched", "other") }]).await;
        for (lang, word) in [("en", "other"), ("ru", "прочее"), ("cs", "ostatní")] {
            let labels = world.ok(&format!("/v1/events/e1?lang={lang}"), &key).await["data"]["labels"].clone();
            assert_eq!((&labels["action"], &labels["class"]), (&json!(word), &json!(word)));
            let used = world.ok(&format!("/v1/catalogue/used?lang={lang}"), &key).await;
            assert!(used.to_string().contains(&format!("\"label\":\"{word}\"")), "{used}");
        }
    });
}

/// J10, J13: what failed, and what nobody knows the end of, is not reported as done: in every language, list and file. Types that say so
/// themselves do it once.
#[test]
fn what_failed_is_told_as_failed() {
    with_world("log_failed", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Admin).await;
        let failed = |id, kind, class| Event { outcome: "failure", ..event(id, kind, class) };
        let asked = Event { outcome: "unknown", ..event("e2", "task.deleted", "delete") };
        let changes = vec![change("name", "\"a\"", "\"b\"")];
        let configuration = Event { category: "configuration", changes, ..failed("e3", "workflow.updated", "change") };
        let told_by_type = [("e5", "user.sign_in_failed"), ("e6", "call.missed"), ("e7", "order.delete.failed")];
        let mut events = vec![
            Event { reason: "no_rights", ..failed("e1", "order.deleted", "delete") },
            asked,
            configuration,
            Event { action: "sign_in", category: "sign_ins", ..failed("e4", "user.signed_in", "other") },
            event("e9", "task.deleted", "delete"),
        ];
        events.extend(told_by_type.map(|(id, kind)| failed(id, kind, "other")));
        world.insert(&events).await;
        for (id, [en, ru, cs]) in [
            ("e1", ["(no_rights) — failed", "(no_rights) — не удалось", "(no_rights) — nezdařilo se"]),
            (
                "e2",
                ["“Call back” — outcome unknown", "«Call back» — исход неизвестен", "„Call back“ — výsledek neznámý"],
            ),
            ("e3", ["“a” → “b” — failed", "«a» → «b» — не удалось", "„a“ → „b“ — nezdařilo se"]),
            ("e4", ["Jana Nováková signed in — failed", " — не удалось", " — nezdařilo se"]),
            ("e5", ["failed to sign in", "", ""]),
            ("e6", ["missed a call (“Call back”)", "«Call back»)", "„Call back“)"]),
            ("e7", ["order.delete.failed · Call back", "", ""]),
            ("e9", ["deleted the task “Call back”", "«Call back»", "„Call back“"]),
        ] {
            for (lang, end) in [("en", en), ("ru", ru), ("cs", cs)] {
                let text = world.ok(&format!("/v1/events/{id}?lang={lang}"), &key).await["data"]["text"].clone();
                assert!(text.as_str().unwrap().ends_with(end), "{id} {lang}: {text}");
            }
        }
        let audit = world.ok("/v1/configuration", &key).await["data"].clone();
        assert!(audit[0]["text"].as_str().unwrap().ends_with("“a” → “b” — failed"), "{audit}");
        let files = ["/v1/events?class=delete&outcome=failure", "/v1/objects/task/4%2F11%20%3F/history?order=desc"];
        for path in files {
            let csv = file(
                &world,
                &format!("{path}{}period=last_30_days", if path.contains('?') { "&" } else { "?" }),
                &key,
                "text/csv",
            )
            .await;
            assert!(csv_column(&csv.bytes, "text").iter().any(|text| text.ends_with("— failed")), "{path}");
        }
    });
}

/// J16: a deletion that failed, or was only asked for, leaves nothing to restore.
#[test]
fn what_was_not_deleted_is_not_restorable() {
    with_world("log_not_deleted", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Viewer).await;
        let deleted = |id, outcome| Event { outcome, ..event(id, "task.deleted", "delete") };
        let nothing = Event { object_id: String::new(), ..deleted("nothing", "success") };
        world
            .insert(&[deleted("done", "success"), deleted("failed", "failure"), deleted("asked", "unknown"), nothing])
            .await;
        for (id, restorable) in [("done", true), ("failed", false), ("asked", false), ("nothing", false)] {
            let told = world.ok(&format!("/v1/events/{id}"), &key).await["data"].clone();
            assert_eq!(told["restorable"], restorable, "{id}");
            assert_eq!(told["not_restorable_reason"].is_string(), !restorable, "{id}");
        }
        let list = world.ok("/v1/events?class=delete&order=asc", &key).await["data"].clone();
        let restorable: Vec<&str> = list
            .as_array()
            .unwrap()
            .iter()
            .filter(|event| event["restorable"] == true)
            .filter_map(|event| event["id"].as_str())
            .collect();
        assert_eq!(restorable, ["done"]);
    });
}

/// J12, J16, J18: links by the tenant's template, why something can't be restored, recordings and texts.
#[test]
fn links_media_and_what_can_be_restored() {
    with_world("log_links", async |world| {
        let templates = [("task".to_owned(), "https://crm.example/t/{id}?x=1".to_owned())];
        world.tenant("acme", |tenant| tenant.url_templates = templates.into()).await;
        let key = world.key(Some("acme"), Role::Viewer).await;
        let payload = r#"{"recording_url":"https://crm.example/r/1","text":"Dobrý den","transcript_url":"data:x"}"#;
        let task = Event { payload: payload.to_owned(), ..event("e1", "task.deleted", "delete") };
        let own = Event { object_url: "https://own.example/7", ..event("e2", "task.created", "create") };
        let bad = Event { object_url: "javascript:alert(1)", ..event("e3", "task.created", "create") };
        let order = Event { object_type: "order", ..event("e4", "order.deleted", "delete") };
        let odd = Event { object_type: "lead", ..event("e5", "lead.deleted", "delete") };
        world.insert(&[task, own, bad, order, odd]).await;
        let told = async |id: &str| world.ok(&format!("/v1/events/{id}"), &key).await["data"].clone();

        let task = told("e1").await;
        assert_eq!(task["object"]["url"], "https://crm.example/t/4%2F11%20%3F?x=1");
        assert_eq!((&task["restorable"], &task["not_restorable_reason"]), (&json!(true), &Value::Null));
        let media = json!([
            { "kind": "recording", "url": "https://crm.example/r/1" },
            { "kind": "message", "text": "Dobrý den" },
        ]);
        assert_eq!(task["media"], media);
        assert_eq!(told("e2").await["object"]["url"], "https://own.example/7");
        assert_eq!(told("e3").await["object"]["url"], "https://crm.example/t/4%2F11%20%3F?x=1");
        let order = told("e4").await;
        assert_eq!((&order["restorable"], &order["object"]["url"]), (&json!(false), &Value::Null));
        assert!(order["not_restorable_reason"].as_str().unwrap().contains("create it again"), "{order}");
        assert!(told("e5").await["not_restorable_reason"].is_string());
        assert_eq!(told("e2").await["not_restorable_reason"], Value::Null);
    });
}

/// A2: changes of the configuration are shown to those who may read them, and nowhere else to anybody.
#[test]
fn configuration_is_hidden_from_those_who_may_not_read_it() {
    with_world("log_configuration", async |world| {
        world.tenant("acme", |_| {}).await;
        let workflow =
            Event { category: "configuration", object_type: "workflow", ..event("e1", "workflow.updated", "change") };
        world.insert(&[workflow, event("e2", "task.completed", "change")]).await;
        let viewer = world.key(Some("acme"), Role::Viewer).await;
        let admin = world.key(Some("acme"), Role::Admin).await;
        let permissions = [Permission::ReadConfiguration];
        let auditor = world.settings.create_key_permitting(Some("acme"), Role::Viewer, &permissions, "auditor").await;
        let auditor = auditor.unwrap().1.expose();
        let history = "/v1/objects/workflow/4%2F11%20%3F/history";
        for (key, sees) in [(&viewer, false), (&auditor, true), (&admin, true)] {
            assert_eq!(world.pages("/v1/events", key).await.len(), if sees { 2 } else { 1 });
            for (path, refused) in [
                ("/v1/events/e1", 404),
                (history, 404),
                ("/v1/configuration", 403),
                ("/v1/events?category=configuration", 403),
            ] {
                assert_eq!(world.get(path, key).await.status, if sees { 200 } else { refused }, "{path}");
            }
        }
        // Not even that it can't be restored.
        let restorer = world.settings.create_key_permitting(Some("acme"), Role::Viewer, &[Permission::Administer], "r");
        let restorer = restorer.await.unwrap().1.expose();
        for (key, status) in [(&restorer, 404), (&admin, 409)] {
            assert_eq!(world.send("POST", "/v1/events/e1/restore", key, None).await.status, status);
        }
    });
}

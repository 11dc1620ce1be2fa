//! Files for people on paper: figures on top, long texts whole, names that turn nothing.

use calamine::{Reader as _, Xlsx};
use chrono::TimeDelta;
use schemas::settings::Role;
use serde_json::{Value, json};

use crate::export_files::{keep, unspaced};
use crate::exports::{csv_column, events, file, pdf_text};
use crate::support::{Event, World, with_world};

async fn pdf(world: &World, path: &str, key: &str) -> String {
    let file = file(world, &format!("{path}&format=pdf"), key, "*/*").await;
    keep("exports-pdf.pdf", &file.bytes);
    unspaced(&pdf_text(&file.bytes))
}

/// T17, P8: what sums a report up is read first; a file of one table has the most that there is, as ever.
#[test]
fn figures_stand_on_top() {
    with_world("exports_figures", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Security).await;
        world.insert(&events(200)).await;
        for (lang, [totals, figures, series, groups, actions]) in [
            ("en", ["Totals", "Figures", "Overtime", "Groups", "Actions"]),
            ("ru", ["Всего", "Показатели", "Повремени", "Группы", "Действия"]),
            ("cs", ["Celkem", "Ukazatele", "Včase", "Skupiny", "Akce"]),
        ] {
            let of_all = format!("/v1/statistics?period=last_30_days&by=action&interval=week&lang={lang}");
            let of_user = format!("/v1/users/u1/statistics?period=last_30_days&by=week&lang={lang}");
            for (path, order) in
                [(&of_all, vec![totals, groups, series]), (&of_user, vec![totals, figures, series, actions])]
            {
                let text = pdf(&world, path, &key).await;
                let places: Vec<_> = order.iter().map(|heading| text.find(heading)).collect();
                assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{order:?} {places:?}: {text}");
            }
            let csv = file(&world, &format!("{of_user}&format=ndjson"), &key, "*/*").await;
            let first: Value = serde_json::from_slice(csv.bytes.split(|byte| *byte == b'\n').next().unwrap()).unwrap();
            assert!(first["start"].is_string(), "{first}");
        }
        let alone = file(&world, "/v1/statistics?period=last_30_days&format=csv", &key, "*/*").await;
        assert_eq!(csv_column(&alone.bytes, "events").len(), 1);
    });
}

/// A8, T17: a long change is on paper to its end, over pages if need be; what is too long even so says that it is cut.
#[test]
fn long_changes_are_whole() {
    with_world("exports_long", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Admin).await;
        let long = |words: usize| (0..words).map(|at| format!("w{at:05}")).collect::<Vec<_>>().join(" ");
        let changed = |id: &str, new: String| Event {
            event_type: "workflow.updated".to_owned(),
            class: "change",
            category: "configuration",
            object_type: "workflow",
            object_id: id.to_owned(),
            changes: vec![["text".to_owned(), "replace".to_owned(), json!("old").to_string(), json!(new).to_string()]],
            ..Event::sign_in(id, "u1", TimeDelta::hours(1))
        };
        // Seven bytes a word.
        world.insert(&[changed("long", long(500)), changed("longer", long(800))]).await;
        for (lang, cut) in [("en", "(shortened)"), ("ru", "(сокращено)"), ("cs", "(zkráceno)")] {
            let path = |id: &str| format!("/v1/configuration?object_type=workflow&object_id={id}&lang={lang}");
            let text = pdf(&world, &path("long"), &key).await;
            assert!(text.contains("w00000") && text.contains("w00499") && !text.contains(cut), "{text}");
            let text = pdf(&world, &path("longer"), &key).await;
            assert!(!text.contains("w00799") && text.contains(cut), "{text}");
            // The log has its values whole in any length that an event has.
            let log = pdf(&world, &format!("/v1/events?object_type=workflow&object_id=longer&lang={lang}"), &key).await;
            assert!(log.contains("w00799"), "{log}");
            let told =
                world.ok(&format!("/v1/configuration?object_type=workflow&object_id=long&lang={lang}"), &key).await;
            assert!(told["data"][0]["edits"][0]["text"].as_str().unwrap().contains("w00499"), "{told}");
            // A sentence stays one.
            assert!(told["data"][0]["text"].as_str().unwrap().len() < 500, "{told}");
        }
    });
}

/// J13, T17, P16: a mark of direction in a name turns nothing of our sentences, in an answer or on paper; a cell that is the name has it
/// as it was sent.
#[test]
fn names_turn_no_sentence() {
    const MARKS: &[char] = &[
        '\u{61c}', '\u{200e}', '\u{200f}', '\u{202a}', '\u{202b}', '\u{202d}', '\u{202e}', '\u{2066}', '\u{2067}',
        '\u{2068}',
    ];
    with_world("exports_marks", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Admin).await;
        let name = |at: usize, name: &str| format!("{}{name}{}", MARKS[at], MARKS[at]);
        let marked = |(at, _): (usize, &char)| Event {
            event_type: "task.deadline_changed".to_owned(),
            class: "change",
            category: "changes",
            actor_name: name(at, "Eva"),
            object_type: "task",
            object_id: format!("{at}"),
            object_name: name(at, "Call back"),
            reason: "late \u{202e}, again\u{2067}",
            location: "Br\u{202d}no\u{2066}",
            changes: vec![
                [
                    "deadline".to_owned(),
                    "replace".to_owned(),
                    json!(name(at, "old")).to_string(),
                    json!(name(at, "new")).to_string(),
                ],
                [
                    name(at, "field"),
                    "replace".to_owned(),
                    json!(1).to_string(),
                    json!({ name(at, "key"): name(at, "value") }).to_string(),
                ],
            ],
            ..Event::sign_in(&format!("e{at}"), "u1", TimeDelta::hours(at as i64))
        };
        world.insert(&MARKS.iter().enumerate().map(marked).collect::<Vec<_>>()).await;
        for (lang, name) in [("en", "“Call back”"), ("ru", "«Call back»"), ("cs", "„Call back“")] {
            let log = world.ok(&format!("/v1/events?lang={lang}"), &key).await;
            let rows = log["data"].as_array().unwrap();
            assert_eq!(rows.len(), MARKS.len());
            for row in rows {
                for field in ["text", "details"] {
                    let text = row[field].as_str().unwrap();
                    assert!(!text.contains(MARKS), "{text:?}");
                }
                let text = row["text"].as_str().unwrap();
                assert!(text.starts_with("Eva") && text.contains(name) && text.contains("key: value"), "{text:?}");
                assert!(row["object"]["name"].as_str().unwrap().contains(MARKS), "the value itself is as it was sent");
            }
            let text = pdf(&world, &format!("/v1/events?lang={lang}"), &key).await;
            assert!(!text.contains(MARKS) && text.contains(&unspaced(name)), "{text:?}");
        }
        let book = file(&world, "/v1/events?format=xlsx&q=a%E2%80%AEb", &key, "*/*").await;
        let mut book: Xlsx<_> = Xlsx::new(std::io::Cursor::new(book.bytes)).unwrap();
        let about = book.worksheet_range("About").unwrap();
        assert!(about.rows().any(|row| row[1] == "words: ab"), "{about:?}");
        let csv = file(&world, "/v1/events?format=csv", &key, "*/*").await;
        assert!(csv_column(&csv.bytes, "object.name").iter().all(|name| name.contains(MARKS)));
        for column in ["text", "details", "changes"] {
            assert!(csv_column(&csv.bytes, column).iter().all(|text| !text.contains(MARKS)), "{column}");
        }
    });
}

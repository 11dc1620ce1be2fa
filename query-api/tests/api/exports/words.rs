//! Files in words: closed values, filters, rules and signals in the reader's language.

use calamine::{Reader as _, Xlsx};
use chrono::TimeDelta;
use schemas::settings::Role;
use serde_json::json;

use crate::export_files::unspaced;
use crate::exports::{csv_column, file, pdf_text};
use crate::support::{Event, with_world};

/// P9, P16: what was asked for, and closed values, are shown in the reader's language where people read.
#[test]
fn files_for_people_have_words() {
    with_world("exports_words", async |world| {
        world.tenant("acme", |_| ()).await;
        let key = world.key(Some("acme"), Role::Admin).await;
        let failed = Event {
            event_type: "user.sign_in_failed".to_owned(),
            action: "sign_in_failed",
            outcome: "failure",
            device_kind: "desktop",
            ..Event::sign_in("a", "u1", TimeDelta::hours(1))
        };
        world.insert(&[failed]).await;
        let path = |format: &str, lang: &str| {
            format!("/v1/sign-ins?format={format}&lang={lang}&outcome=failure,success&user_id=u1&order=asc")
        };
        for (lang, filter, words) in [
            (
                "en",
                "outcome: failure, success; user id: u1; order: ascending",
                ["failed sign-in", "failure", "desktop"],
            ),
            (
                "ru",
                "исход: неудача, успешно; пользователь: u1; порядок: по возрастанию",
                ["неудачный вход", "неудача", "компьютер"],
            ),
            (
                "cs",
                "výsledek: neúspěch, úspěch; uživatel: u1; pořadí: vzestupně",
                ["neúspěšné přihlášení", "neúspěch", "počítač"],
            ),
        ] {
            let pdf = unspaced(&pdf_text(&file(&world, &path("pdf", lang), &key, "*/*").await.bytes));
            for part in [filter, words[1], words[2]] {
                assert!(pdf.contains(&unspaced(part)), "{part} is not in {pdf}");
            }
            let xlsx = file(&world, &path("xlsx", lang), &key, "*/*").await;
            let mut book: Xlsx<_> = Xlsx::new(std::io::Cursor::new(xlsx.bytes)).unwrap();
            let cells = |book: &mut Xlsx<_>, at: usize| -> Vec<String> {
                let sheet = book.worksheet_range_at(at).unwrap().unwrap();
                sheet.rows().flatten().map(ToString::to_string).collect()
            };
            let (rows, about) = (cells(&mut book, 0), cells(&mut book, 1));
            assert!(words.iter().all(|word| rows.iter().any(|cell| cell == word)), "{rows:?}");
            assert!(about.iter().any(|cell| cell == filter), "{about:?}");
            let csv = file(&world, &path("csv", lang), &key, "*/*").await;
            let text = String::from_utf8(csv.bytes.to_vec()).unwrap();
            assert!(["sign_in_failed", "failure", "desktop"].iter().all(|code| text.contains(code)), "{text}");
        }
        // Types and rules are called what they are called elsewhere.
        let path = "/v1/events?format=pdf&lang=ru&type=task.created&violations=admin-granted";
        let pdf = unspaced(&pdf_text(&file(&world, path, &key, "*/*").await.bytes));
        for part in ["тип: Задача создана", "нарушения: Выданы права администратора"]
        {
            assert!(pdf.contains(&unspaced(part)), "{part} is not in {pdf}");
        }
    });
}

/// P16: files of events call rules by their titles, as files of violations do, and files for people show signals in words.
#[test]
fn rules_and_signals_of_events_are_words() {
    with_world("exports_signals", async |world| {
        world.tenant("acme", |_| {}).await;
        let (security, admin) =
            (world.key(Some("acme"), Role::Security).await, world.key(Some("acme"), Role::Admin).await);
        let yaml = "title: Ours\nid: 00000000-0000-4000-8000-000000000001\nversion: 1\nlevel: low\n\
            translations: {ru: {title: Наше правило}}\nlogsource: {product: usertrail}\n\
            detection:\n  it:\n    action: export\n  condition: it\n";
        let made = world.send("POST", "/v1/rules", &admin, Some(json!({ "name": "ours", "yaml": yaml }))).await;
        assert_eq!(made.status, 201, "{}", made.json);
        world
            .insert(&[Event {
                violations: vec!["sign-in-tor", "ours"],
                signals: vec![("new_device", 1.0), ("travel_km", 240.5), ("travel_confidence", 1.0), ("ips_24h", 3.0)],
                ..Event::sign_in("e1", "u1", TimeDelta::minutes(5))
            }])
            .await;
        let codes = "new_device; travel_km: 240.5; travel_confidence: medium; ips_24h: 3";
        for (lang, columns, titles, signals) in [
            (
                "en",
                ["violations", "violations: title", "signals"],
                "Sign-in through Tor; Ours",
                ["New device", "Distance from the last sign-in, km: 240.5", "Confidence in the distance: medium"],
            ),
            (
                "ru",
                ["нарушения", "нарушения: заголовок", "сигналы"],
                "Вход через Tor; Наше правило",
                ["Новое устройство", "Расстояние от прошлого входа, км: 240,5", "Уверенность в расстоянии: средняя"],
            ),
            (
                "cs",
                ["porušení", "porušení: název", "signály"],
                "Přihlášení přes Tor; Ours",
                ["Nové zařízení", "Vzdálenost od minulého přihlášení, km: 240,5", "Jistota vzdálenosti: střední"],
            ),
        ] {
            for path in ["/v1/events", "/v1/sign-ins", "/v1/users/u1/sign-ins"] {
                let path = |format: &str| format!("{path}?format={format}&lang={lang}");
                let csv = file(&world, &path("csv"), &security, "*/*").await;
                // English columns are called as in JSON there.
                let cells = columns.map(|column| {
                    let column = if lang == "en" { column.replace(": ", ".") } else { column.to_owned() };
                    csv_column(&csv.bytes, &column).pop().unwrap()
                });
                let mut told: Vec<&str> = cells[2].split("; ").collect();
                let mut want: Vec<&str> = codes.split("; ").collect();
                told.sort_unstable();
                want.sort_unstable();
                assert_eq!((cells[0].as_str(), cells[1].as_str(), told), ("sign-in-tor; ours", titles, want));

                let xlsx = file(&world, &path("xlsx"), &security, "*/*").await;
                let mut book: Xlsx<_> = Xlsx::new(std::io::Cursor::new(xlsx.bytes)).unwrap();
                let sheet = book.worksheet_range(&book.sheet_names()[0].clone()).unwrap();
                let rows: Vec<Vec<String>> =
                    sheet.rows().map(|row| row.iter().map(ToString::to_string).collect()).collect();
                let cell = |name: &str| {
                    let head = rows.iter().find(|row| row.iter().any(|cell| cell == name)).unwrap();
                    let at = head.iter().position(|cell| cell == name).unwrap();
                    rows.last().unwrap()[at].clone()
                };
                assert_eq!(cell(columns[1]), titles);
                let told = cell(columns[2]);
                assert!(signals.iter().all(|signal| told.split("; ").any(|part| part == *signal)), "{told}");

                let pdf = unspaced(&pdf_text(&file(&world, &path("pdf"), &security, "*/*").await.bytes));
                assert!(pdf.contains(&unspaced(titles)) && !pdf.contains("sign-in-tor"), "{pdf}");
                assert!(!pdf.contains("new_device"), "{pdf}");
            }
        }
    });
}

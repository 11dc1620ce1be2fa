//! Exports of lists and reports over the API (P9, T17, T18, L10, P13): the rows of all pages, whatever the format.

use std::collections::BTreeSet;
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use calamine::{Reader as _, Xlsx};
use chrono::TimeDelta;
use futures::StreamExt as _;
use http_body_util::BodyExt as _;
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::record::RowAccessor as _;
use schemas::settings::Role;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::export_files::unspaced;
use crate::export_files::{keep, peak_kib};
use crate::support::{Event, World, ids, rng, with_configured, with_world};

/// A file with its type and name.
pub(crate) struct File {
    content_type: String,
    disposition: String,
    complete_until: Option<String>,
    pub(crate) bytes: axum::body::Bytes,
}

pub(crate) async fn file(world: &World, path: &str, key: &str, accept: &str) -> File {
    let request = Request::get(path).header("authorization", format!("Bearer {key}")).header("accept", accept);
    let response = world.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(response.status(), 200, "{path}");
    let text = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
    let (content_type, disposition) = (text("content-type"), text("content-disposition"));
    let complete_until = response.headers().get("complete-until").map(|until| until.to_str().unwrap().to_owned());
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    File { content_type, disposition, complete_until, bytes }
}

pub(crate) fn csv_column(file: &[u8], name: &str) -> Vec<String> {
    let text = file.strip_prefix("\u{feff}".as_bytes()).unwrap();
    let mut reader = csv::Reader::from_reader(text);
    let at = reader.headers().unwrap().iter().position(|header| header == name).unwrap();
    reader.records().map(|record| record.unwrap()[at].to_owned()).collect()
}

/// All text of a PDF.
pub(crate) fn pdf_text(file: &[u8]) -> String {
    let document = lopdf::Document::load_mem(file).unwrap();
    let pages: Vec<u32> = document.get_pages().into_keys().collect();
    document.extract_text(&pages).unwrap()
}

/// Waits for what is recorded after an answer.
async fn recorded(world: &World, tenant: &str, kind: &str, count: usize) -> Vec<Value> {
    let found = async {
        loop {
            let mut events = world.audit.recorded(tenant);
            events.retain(|event| event["type"] == kind);
            if events.len() >= count {
                return events;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), found).await.expect("it is recorded")
}

fn events(count: usize) -> Vec<Event> {
    let mut rng = rng(7);
    let mut events: Vec<Event> =
        (0..count).map(|number| Event::random(&mut rng, "acme", number, TimeDelta::days(20))).collect();
    for event in &mut events {
        event.actor_name = "=Новáková".to_owned();
    }
    events
}

/// P9: in every format the rows of all pages, in their order.
#[test]
fn an_export_has_the_rows_of_all_pages() {
    with_world("exports_rows", async |world| {
        world.tenant("acme", |tenant| tenant.name = "Акме".to_owned()).await;
        let key = world.key(Some("acme"), Role::Security).await;
        world.insert(&events(600)).await;
        for query in ["?order=desc", "?order=asc&action=view&action=export", "?violations=true"] {
            let path = format!("/v1/events{query}");
            let paged = world.pages(&format!("{path}&limit=97"), &key).await;
            let expected = ids(&paged);
            assert!(!expected.is_empty());

            let csv = file(&world, &format!("{path}&format=csv"), &key, "*/*").await;
            assert_eq!(csv.content_type, "text/csv; header=present; charset=utf-8");
            assert_eq!(csv_column(&csv.bytes, "id"), expected);
            assert!(csv_column(&csv.bytes, "actor.name").iter().all(|name| name == "'=Новáková"));

            let ndjson = file(&world, &path, &key, "application/x-ndjson").await;
            let lines = std::str::from_utf8(&ndjson.bytes).unwrap().lines();
            let objects: Vec<Value> = lines.map(|line| serde_json::from_str(line).unwrap()).collect();
            assert_eq!(objects, paged);

            let xlsx = file(&world, &format!("{path}&format=xlsx"), &key, "*/*").await;
            let mut book: Xlsx<_> = Xlsx::new(std::io::Cursor::new(xlsx.bytes)).unwrap();
            let sheet = book.worksheet_range("events").unwrap();
            let mut rows = sheet.rows();
            let at = rows.next().unwrap().iter().position(|cell| *cell == "id").unwrap();
            assert_eq!(rows.map(|row| row[at].to_string()).collect::<Vec<_>>(), expected);

            let parquet = file(&world, &format!("{path}&format=parquet"), &key, "*/*").await;
            let reader = SerializedFileReader::new(parquet.bytes).unwrap();
            let fields = reader.metadata().file_metadata().schema_descr().columns().to_vec();
            let at = fields.iter().position(|field| field.name() == "id").unwrap();
            let read = reader.get_row_iter(None).unwrap().map(|row| row.unwrap().get_string(at).unwrap().clone());
            assert_eq!(read.collect::<Vec<_>>(), expected);

            let pdf = file(&world, &format!("{path}&format=pdf"), &key, "*/*").await;
            assert!(pdf.disposition.ends_with(".pdf\""), "{}", pdf.disposition);
            let document = lopdf::Document::load_mem(&pdf.bytes).unwrap();
            keep("events.pdf", &pdf.bytes);
            let text = document.extract_text(&[1]).unwrap();
            assert!(text.contains("Акме"), "{text}");
        }
    });
}

/// P8: a file of statistics adds up: what is not named is a row of its own, and events without a value have a word where people read it.
#[test]
fn a_file_of_statistics_adds_up() {
    with_world("exports_statistics", async |world| {
        world.tenant("acme", |_| ()).await;
        let key = world.key(Some("acme"), Role::Security).await;
        let mut events = events(300);
        for (number, event) in events.iter_mut().enumerate() {
            event.channel = if number % 3 == 0 { "call" } else { "" };
        }
        world.insert(&events).await;
        let period = "period=last_90_days";
        let all = world.get(&format!("/v1/statistics?{period}"), &key).await.json["totals"]["events"].as_u64().unwrap();
        assert!(all > 100, "{all}");
        for query in
            ["by=country&top=1", "by=action,object_type&top=2", "by=action&top=1&interval=week", "by=user&top=2"]
        {
            let path = format!("/v1/statistics?{period}&{query}&format=csv");
            let csv = file(&world, &path, &key, "*/*").await;
            let sum: u64 = csv_column(&csv.bytes, "events").iter().map(|number| number.parse::<u64>().unwrap()).sum();
            assert_eq!(sum, all, "{query}");
            let (keys, other) = (csv_column(&csv.bytes, "key"), csv_column(&csv.bytes, "other"));
            for (key, other) in keys.iter().zip(&other) {
                assert!(key.is_empty() || other == "false", "{query}");
                assert!(!key.starts_with('('), "{query}");
            }
            assert!(other.contains(&"true".to_owned()), "{query}");
            let ndjson = file(&world, &path.replace("csv", "ndjson"), &key, "*/*").await;
            let lines = std::str::from_utf8(&ndjson.bytes).unwrap().lines();
            let rows: Vec<Value> = lines.map(|line| serde_json::from_str(line).unwrap()).collect();
            assert_eq!(rows.iter().map(|row| row["events"].as_u64().unwrap()).sum::<u64>(), all, "{query}");
            assert!(rows.iter().any(|row| row["other"] == true), "{query}");
            let parquet = file(&world, &path.replace("csv", "parquet"), &key, "*/*").await;
            let reader = SerializedFileReader::new(parquet.bytes).unwrap();
            let schema = reader.metadata().file_metadata().schema_descr_ptr();
            let at = |name: &str| schema.columns().iter().position(|column| column.name() == name).unwrap();
            let rows: Vec<_> = reader.get_row_iter(None).unwrap().map(Result::unwrap).collect();
            assert_eq!(rows.iter().map(|row| row.get_ulong(at("events")).unwrap()).sum::<u64>(), all, "{query}");
            for row in &rows {
                let (key, other) = (row.get_string(at("key")), row.get_bool(at("other")).unwrap());
                assert!(!other || key.map_or("", String::as_str).is_empty(), "{query}");
            }
            assert_eq!(rows.len(), keys.len(), "{query}");
            for (lang, word) in [("en", "(all others)"), ("ru", "(все остальные)"), ("cs", "(všechny ostatní)")]
            {
                let path = format!("{}&lang={lang}", path.replace("csv", "pdf"));
                let pdf = unspaced(&pdf_text(&file(&world, &path, &key, "*/*").await.bytes));
                assert!(pdf.contains(&unspaced(word)), "{query} {lang}: {pdf}");
            }
        }
        for (lang, word) in [("en", "(none)"), ("ru", "(не указано)"), ("cs", "(neuvedeno)")] {
            let path = format!("/v1/statistics?{period}&by=channel&format=csv&lang={lang}&separator=semicolon");
            // Programs have the value, which no word may stand for: somebody's channel may be called so.
            let csv = String::from_utf8(file(&world, &path, &key, "*/*").await.bytes.to_vec()).unwrap();
            assert!(csv.contains("\n;;") && !csv.contains(word), "{csv}");
            let xlsx =
                file(&world, &path.replace("csv", "xlsx").replace("&separator=semicolon", ""), &key, "*/*").await;
            let mut book: Xlsx<_> = Xlsx::new(std::io::Cursor::new(xlsx.bytes)).unwrap();
            let sheet = book.worksheet_range_at(0).unwrap().unwrap();
            assert!(sheet.rows().any(|row| row[0] == *word), "{lang}");
        }
        // One table has the buckets or the comparison; a workbook has both.
        let both = "/v1/statistics?period=yesterday&interval=hour&compare=previous&format=";
        for format in ["csv", "ndjson", "parquet"] {
            let refused = world.get(&format!("{both}{format}"), &key).await;
            assert_eq!((refused.status, &refused.json["pointer"]), (400, &json!("compare")), "{format}");
        }
        file(&world, &format!("{both}xlsx"), &key, "*/*").await;
        let refused = world.get("/v1/statistics?from=2026-03-01T00:00:00Z&to=2026-03-01T00:00:00Z", &key).await;
        let detail = refused.json["detail"].as_str().unwrap();
        assert!(refused.status == 400 && detail.ends_with("the period is empty"), "{detail}");
        let refused = world.get("/v1/statistics?format=xlsx&separator=semicolon", &key).await;
        assert_eq!((refused.status, &refused.json["pointer"]), (400, &json!("separator")));
    });
}

/// J13, J14, P9: what was sent as escapes, and what no machine holds, is in every file as the value that it was stored as; a file
/// is never broken by it.
#[test]
fn text_that_was_escaped_is_text_in_every_file() {
    with_world("exports_escaped", async |world| {
        world.tenant("acme", |_| ()).await;
        let key = world.key(Some("acme"), Role::Admin).await;
        let name = "Новая 😀 \u{fffd} \\u041d";
        let change = ["price", "replace", "[1,2]", "{\"a\":\"1e400\",\"b\":\"Ж\u{fffd}\"}"].map(str::to_owned);
        let mut events = events(2);
        (events[0].object_type, events[0].object_name, events[0].changes) = ("deal", name.to_owned(), vec![change]);
        world.insert(&events[..1]).await;
        let path = |format: &str| format!("/v1/events?format={format}");
        let csv = file(&world, &path("csv"), &key, "*/*").await;
        assert_eq!(csv_column(&csv.bytes, "object.name"), [name]);
        let ndjson = file(&world, &path("ndjson"), &key, "*/*").await;
        let line: Value = serde_json::from_slice(ndjson.bytes.trim_ascii_end()).unwrap();
        assert_eq!(line["object"]["name"], name);
        assert_eq!(line["changes"][0]["new"], json!({"a": "1e400", "b": "Ж\u{fffd}"}));
        let xlsx = file(&world, &path("xlsx"), &key, "*/*").await;
        let mut book: Xlsx<_> = Xlsx::new(std::io::Cursor::new(xlsx.bytes)).unwrap();
        let sheet = book.worksheet_range_at(0).unwrap().unwrap();
        let cells: Vec<String> = sheet.rows().flatten().map(ToString::to_string).collect();
        assert!(cells.iter().any(|cell| cell == name), "{cells:?}");
        assert!(cells.iter().any(|cell| cell.contains("1e400") && cell.contains("Ж\u{fffd}")), "{cells:?}");
        let parquet = SerializedFileReader::new(file(&world, &path("parquet"), &key, "*/*").await.bytes).unwrap();
        let row = parquet.get_row_iter(None).unwrap().next().unwrap().unwrap();
        let texts: Vec<String> = row.get_column_iter().map(|(_, field)| field.to_string()).collect();
        assert!(texts.iter().any(|text| text.trim_matches('"') == name), "{texts:?}");
        let pdf = unspaced(&pdf_text(&file(&world, &path("pdf"), &key, "*/*").await.bytes));
        assert!(pdf.contains("Новая") && pdf.contains("1e400"), "{pdf}");
    });
}

/// P9, P16: what was asked for, and closed values, are told in the reader's language where people read.
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
            ("en", "outcome: failure,success; user id: u1; order: asc", ["sign_in_failed", "failure", "desktop"]),
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

/// J5: a period that has not begun is that period, and nothing is in it.
#[test]
fn a_period_in_the_future_is_that_period() {
    with_world("exports_future", async |world| {
        world.tenant("acme", |_| ()).await;
        let key = world.key(Some("acme"), Role::Security).await;
        world.insert(&events(30)).await;
        for path in [
            "/v1/statistics?interval=day&by=action",
            "/v1/users/u1/statistics?by=day",
            "/v1/users/u1/activities?channel=call",
            "/v1/events?order=asc",
        ] {
            let closed = world.get(&format!("{path}&from=2100-01-01&to=2100-01-02"), &key).await.json;
            assert_eq!(
                closed["period"],
                json!({"from": "2100-01-01T00:00:00Z", "to": "2100-01-03T00:00:00Z"}),
                "{path}"
            );
            let open = world.get(&format!("{path}&from=2100-01-01"), &key).await.json;
            assert_eq!(open["period"], json!({"from": "2100-01-01T00:00:00Z", "to": null}), "{path}");
            for answer in [closed, open] {
                let empty = answer["totals"]["events"] == 0 || answer["data"] == json!([]);
                assert!(empty, "{path}: {answer}");
            }
            let csv = file(&world, &format!("{path}&from=2100-01-01&format=csv"), &key, "*/*").await;
            assert!(csv.disposition.contains("2100-01-01--2100-01-01.csv"), "{}", csv.disposition);
        }
    });
}

/// P9: every list and report is a file on demand, and the rows are those of its pages.
#[test]
fn every_list_and_report_is_exported() {
    with_world("exports_lists", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Security).await;
        world.insert(&events(400)).await;
        for (path, column, member) in [
            ("/v1/events?order=asc", "id", "id"),
            ("/v1/users", "id", "id"),
            ("/v1/sign-ins", "id", "id"),
            ("/v1/devices", "id", "id"),
            ("/v1/users/u1/sign-ins", "id", "id"),
            ("/v1/users/u1/devices", "id", "id"),
            ("/v1/users/u1/sessions", "key", "key"),
            ("/v1/users/u1/violations", "id", "id"),
            ("/v1/violations?order=asc", "id", "id"),
            ("/v1/alerts/deliveries", "message_id", "message_id"),
        ] {
            let paged = world.pages(path, &key).await;
            let expected: Vec<&str> = paged.iter().map(|row| row[member].as_str().unwrap()).collect();
            let csv = file(&world, path, &key, "text/csv").await;
            assert_eq!(csv_column(&csv.bytes, column), expected, "{path}");
            let ndjson = file(&world, path, &key, "application/x-ndjson").await;
            let lines = std::str::from_utf8(&ndjson.bytes).unwrap().lines();
            assert_eq!(
                lines.map(|line| serde_json::from_str::<Value>(line).unwrap()).collect::<Vec<_>>(),
                paged,
                "{path}"
            );
        }
        let path = "/v1/users/u1/statistics?by=week";
        let report = world.ok(path, &key).await;
        let series = report["series"].as_array().unwrap();
        let csv = file(&world, path, &key, "text/csv").await;
        let expected: Vec<String> = series.iter().map(|bucket| bucket["events"].to_string()).collect();
        assert_eq!(csv_column(&csv.bytes, "events"), expected);
        let xlsx = file(&world, path, &key, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet").await;
        let mut book: Xlsx<_> = Xlsx::new(std::io::Cursor::new(xlsx.bytes)).unwrap();
        let sheets = book.sheet_names();
        assert_eq!(sheets[..3], ["series", "totals", "actions"]);
        assert_eq!(book.worksheet_range("series").unwrap().height(), series.len() + 1);
        let pdf = file(&world, path, &key, "application/pdf").await;
        keep("statistics.pdf", &pdf.bytes);
        assert!(lopdf::Document::load_mem(&pdf.bytes).unwrap().extract_text(&[1]).unwrap().contains("Totals"));
    });
}

/// L2, P11: an export shows what the list shows: the tenant's own rows, as far back as it keeps them.
#[test]
fn exports_are_the_tenants_own() {
    with_world("exports_tenants", async |world| {
        world.tenant("acme", |tenant| tenant.retention.views = 30).await;
        world.tenant("globex", |_| {}).await;
        let viewer = world.key(Some("acme"), Role::Viewer).await;
        let other = world.key(Some("globex"), Role::Security).await;
        let mut rng = rng(8);
        let old = |number| Event::random(&mut rng, "acme", number, TimeDelta::days(60));
        let events: Vec<Event> = (0..300).map(old).collect();
        world.insert(&events).await;
        let expected = ids(&world.pages("/v1/events?limit=50", &viewer).await);
        let csv = file(&world, "/v1/events", &viewer, "text/csv").await;
        assert_eq!(csv_column(&csv.bytes, "id"), expected);
        assert!(expected.len() < 300, "retention hides some");
        assert_eq!(csv.complete_until, None, "P15: it is not known");
        assert!(csv_column(&csv.bytes, "violations").iter().all(String::is_empty), "K16");
        let csv = file(&world, "/v1/events", &other, "text/csv").await;
        assert_eq!(csv_column(&csv.bytes, "id"), Vec::<String>::new());
        assert_eq!(world.get("/v1/events?format=csv&tenant=acme", &other).await.status, 403);
        assert_eq!(world.get("/v1/users/u1/sessions?format=csv", &viewer).await.status, 403);
    });
}

/// P9: what can't be answered is refused by name.
#[test]
fn what_is_no_export_is_refused() {
    let few = |config: &mut runtime::config::Config| config.query.export_max_rows = 20;
    with_configured("exports_refused", few, async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Viewer).await;
        world.insert(&events(30)).await;
        for (path, status, code) in [
            ("/v1/events?format=docx", 400, "invalid_parameter"),
            ("/v1/events?format=csv&limit=10", 400, "invalid_parameter"),
            ("/v1/events?format=csv&cursor=abc", 400, "invalid_parameter"),
            ("/v1/events?format=csv", 422, "export_too_large"),
            ("/v1/events?format=pdf", 422, "export_too_large"),
        ] {
            let answer = world.get(path, &key).await;
            assert_eq!((answer.status, answer.json["code"].as_str()), (status, Some(code)), "{path}: {}", answer.json);
            assert_eq!(answer.json["limit"].is_u64(), code == "export_too_large", "{path}: {}", answer.json);
        }
        let request = Request::get("/v1/events").header("authorization", format!("Bearer {key}"));
        let answer = world.answer(request.header("accept", "image/png").body(Body::empty()).unwrap()).await;
        assert_eq!((answer.status, answer.json["pointer"].as_str()), (406, Some("Accept")), "{}", answer.json);
        assert_eq!(world.get("/v1/events?format=json&limit=3", &key).await.json["data"].as_array().unwrap().len(), 3);
    });
}

/// P16: files of events call rules by their titles, as files of violations do, and files for people tell signals in words.
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
                ["violations", "violations.title", "signals"],
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
                let cells = columns.map(|column| csv_column(&csv.bytes, column).pop().unwrap());
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

/// P13, L10: an export is an event: who, what, how much.
#[test]
fn an_export_is_recorded() {
    with_world("exports_recorded", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Security).await;
        world.insert(&events(120)).await;
        let until = "2026-11-22T10:00:04.120Z".parse().unwrap();
        world.freshness.set(until);
        let csv = file(&world, "/v1/events?action=view,export&format=csv", &key, "*/*").await;
        let rows = csv_column(&csv.bytes, "id").len();
        assert!(csv.disposition.starts_with("attachment; filename=\"acme-events-"), "{}", csv.disposition);
        assert_eq!(csv.complete_until.as_deref(), Some("2026-11-22T10:00:04.120Z"), "P15");
        let event = recorded(&world, "acme", "event_log.exported", 1).await.remove(0);
        assert_eq!(event["records"], rows);
        assert_eq!(event["outcome"], "success");
        assert_eq!(event["object"]["id"], "events");
        assert_eq!(event["changes"][0]["new"], "csv");
        assert_eq!(event["payload"]["filter"]["action"][0], "view,export");
        assert_eq!(event["actor"]["kind"], "api_key");
        assert!(world.audit.recorded("acme").iter().all(|event| event["type"] != "event_log.viewed"));
    });
}

/// Pitfall 23, P13: who stops reading ends the export, which is recorded as the failure that it is.
#[test]
fn a_client_that_goes_away_ends_the_export() {
    with_world("exports_broken", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Viewer).await;
        many(&world, 20_000).await;
        let request = Request::get("/v1/events?format=ndjson").header("authorization", format!("Bearer {key}"));
        let response = world.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let mut body = response.into_body().into_data_stream();
        assert!(body.next().await.unwrap().is_ok());
        drop(body);
        let event = recorded(&world, "acme", "event_log.exported", 1).await.remove(0);
        assert_eq!(event["outcome"], "failure");
        assert!(event["records"].as_u64().unwrap() < 20_000, "{event}");
    });
}

/// P12: one tenant's exports don't take all places.
#[test]
fn one_tenants_exports_leave_places() {
    let two = |config: &mut runtime::config::Config| {
        config.query.export_max_concurrent = 2;
        config.query.max_waiting_per_tenant = 0;
    };
    with_configured("exports_fair", two, async |world| {
        world.tenant("acme", |_| {}).await;
        world.tenant("globex", |_| {}).await;
        let key = world.key(Some("acme"), Role::Viewer).await;
        let other = world.key(Some("globex"), Role::Viewer).await;
        many(&world, 20_000).await;
        let held = begun(&world, "/v1/events?format=ndjson", &key).await;
        assert_eq!(held.status(), 200);
        let second = world.get("/v1/events?format=csv", &key).await;
        assert_eq!((second.status, &second.json["code"]), (503, &"busy".into()), "{}", second.json);
        let elsewhere = begun(&world, "/v1/events?format=csv", &other).await;
        assert_eq!(elsewhere.status(), 200);
        drop(held);
        recorded(&world, "acme", "event_log.exported", 1).await;
        assert_eq!(begun(&world, "/v1/events?format=csv", &key).await.status(), 200);
    });
}

/// P9, P13: a HEAD is told of the file that a GET would begin; it begins none, and is no event.
#[test]
fn a_head_begins_no_export() {
    let one = |config: &mut runtime::config::Config| {
        config.query.export_max_concurrent = 1;
        config.query.max_waiting_per_tenant = 0;
    };
    with_configured("exports_head", one, async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Security).await;
        many(&world, 20_000).await;
        world.freshness.set("2026-11-22T10:00:04.120Z".parse().unwrap());
        // The only place is taken.
        let held = begun(&world, "/v1/events?format=ndjson", &key).await;
        for path in ["/v1/events", "/v1/users/u1/statistics", "/v1/violations", "/v1/users/u1/activities"] {
            for accept in ["text/csv", "application/pdf"] {
                let head = Request::head(path).header("authorization", format!("Bearer {key}"));
                let head = world.answer(head.header("accept", accept).body(Body::empty()).unwrap()).await;
                assert_eq!(head.status, 200, "{path}");
                assert!(head.headers["content-type"].to_str().unwrap().starts_with(accept), "{path}");
                let disposition = head.headers["content-disposition"].to_str().unwrap();
                assert!(disposition.starts_with("attachment; filename=\"acme-"), "{path}: {disposition}");
                assert!(head.headers.contains_key("ratelimit"));
                assert!(["complete-until", "content-length"].iter().all(|name| !head.headers.contains_key(*name)));
            }
        }
        let viewer = world.key(Some("acme"), Role::Viewer).await;
        for (path, key, status) in [
            ("/v1/events?format=docx", &key, 400),
            ("/v1/events?format=csv&limit=10", &key, 400),
            ("/v1/violations?format=csv", &viewer, 403),
            ("/v1/events?format=csv&tenant=globex", &key, 403),
            ("/v1/objects/task/none/history?format=csv", &key, 404),
        ] {
            assert_eq!(world.send("HEAD", path, key, None).await.status, status, "{path}");
        }
        drop(held);
        recorded(&world, "acme", "event_log.exported", 1).await;
        let get = file(&world, "/v1/events?format=csv", &key, "*/*").await;
        let head = world.send("HEAD", "/v1/events?format=csv", &key, None).await;
        assert_eq!(head.headers["content-type"], get.content_type.as_str());
        assert_eq!(head.headers["content-disposition"], get.disposition.as_str());
        assert_eq!(recorded(&world, "acme", "event_log.exported", 2).await.len(), 2, "the GETs alone");
    });
}

/// The answer to a request for an export, whose body nobody has read.
async fn begun(world: &World, path: &str, key: &str) -> axum::response::Response {
    let request = Request::get(path).header("authorization", format!("Bearer {key}"));
    world.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
}

/// Pitfall 15: a file that could not be written whole does not end in good order.
#[test]
fn an_export_that_breaks_off_is_noticed() {
    let short = |config: &mut runtime::config::Config| config.query.export_timeout_ms = 1500;
    with_configured("exports_cut", short, async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Viewer).await;
        many(&world, 20_000).await;
        let request = Request::get("/v1/events?format=ndjson").header("authorization", format!("Bearer {key}"));
        let response = world.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(response.status(), 200);
        // Nobody reads until the time for the export is over.
        let event = recorded(&world, "acme", "event_log.exported", 1).await.remove(0);
        assert_eq!(event["outcome"], "failure");
        let pieces: Vec<bool> = response.into_body().into_data_stream().map(|piece| piece.is_ok()).collect().await;
        assert_eq!(pieces.last(), Some(&false));
    });
}

/// Pitfall 23: a list that is larger than the memory of a query is sorted on disk, and leaves whole.
#[test]
fn an_export_may_be_larger_than_memory() {
    const ROWS: u32 = 250_000;
    let small = |config: &mut runtime::config::Config| config.query.max_memory_bytes = 64 << 20;
    with_configured("exports_memory", small, async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Viewer).await;
        many(&world, ROWS).await;
        let file = file(&world, "/v1/events?format=csv", &key, "*/*").await;
        let lines = file.bytes.iter().filter(|byte| **byte == b'\n').count();
        assert_eq!(lines, 1 + ROWS as usize, "a heading, and the rows");
    });
}

/// P13: each read of what others did is recorded, with what was asked for and how much it showed; what is asked again, or goes
/// on, is told less and less often, with how often that was.
#[test]
fn reading_is_recorded() {
    with_world("exports_viewed", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Security).await;
        let stored = events(50);
        world.insert(&stored).await;
        let of_u1 = stored.iter().filter(|event| event.tenant == "acme" && event.actor_id == "u1").count();
        assert!(of_u1 > 4);
        world.pages("/v1/events?limit=1&actor_id=u1", &key).await;
        // Within the same ten minutes: another filter, another period, another order, and the headers alone.
        let long_ago = "from=2020-01-01T00:00:00Z&to=2020-02-01T00:00:00Z";
        world.ok("/v1/events?actor_id=u2", &key).await;
        world.ok("/v1/events?actor_id=u2&order=asc", &key).await;
        world.ok(&format!("/v1/events?actor_id=u2&{long_ago}"), &key).await;
        assert_eq!(world.send("HEAD", "/v1/events?actor_id=u2", &key, None).await.status, 200);
        assert_eq!(world.send("HEAD", "/v1/events?actor_id=u2&format=csv", &key, None).await.status, 200);
        for user in ["u1", "u2", "u%2F3", "undefined", "%01"] {
            world.ok(&format!("/v1/users/{user}/devices"), &key).await;
            world.ok(&format!("/v1/users/{user}/devices?kind=phone"), &key).await;
        }
        world.ok("/v1/catalogue", &key).await;
        assert_eq!(world.get("/v1/users/u3/devices?colour=red", &key).await.status, 400);

        let ordinals = 1 + of_u1.ilog2() as usize;
        let log = recorded(&world, "acme", "event_log.viewed", ordinals + 5).await;
        let of =
            |actor: &'static str| log.iter().filter(move |event| event["payload"]["filter"]["actor_id"][0] == actor);
        assert_eq!((of("u1").count(), of("u2").count(), log.len()), (ordinals, 5, ordinals + 5));
        let told: Vec<u64> = of("u1").map(|event| event["payload"]["requests"].as_u64().unwrap_or(1)).collect();
        assert_eq!(BTreeSet::from_iter(told), (0..ordinals).map(|power| 1 << power).collect::<BTreeSet<u64>>());
        let first = of("u1").find(|event| event["payload"]["requests"].is_null()).unwrap();
        assert_eq!((&first["object"]["id"], &first["payload"]["records"]), (&json!("events"), &json!(1)));
        let fourth = of("u1").find(|event| event["payload"]["requests"] == 4).unwrap();
        assert_eq!(fourth["payload"]["records"], 4);
        assert!(of("u2").any(|event| event["payload"]["filter"]["order"][0] == "asc"));
        assert!(of("u2").any(|event| event["payload"]["period"]["from"] == "2020-01-01T00:00:00Z"
            && event["payload"]["records"].is_null()));
        assert_eq!(of("u2").filter(|event| event["payload"]["method"] == "HEAD").count(), 2);
        assert!(world.audit.recorded("acme").iter().all(|event| event["type"] != "event_log.exported"));
        let traces = recorded(&world, "acme", "user_trace.viewed", 10).await;
        let mut users: Vec<&str> =
            traces.iter().map(|event| event["payload"]["filter"]["user_id"][0].as_str().unwrap()).collect();
        users.sort_unstable();
        users.dedup();
        assert_eq!((traces.len(), users), (10, vec!["\u{1}", "u/3", "u1", "u2", "undefined"]));
    });
}

/// Pitfall 23: what a large export takes from the table to the client, in time and in memory, the engine's included; rows by
/// `USERTRAIL_EXPORT_ROWS`.
#[test]
#[ignore = "takes minutes"]
#[allow(clippy::print_stdout, reason = "what it measures")]
fn a_large_table_is_exported() {
    let rows = std::env::var("USERTRAIL_EXPORT_ROWS").map_or(1_000_000, |rows| rows.parse().unwrap());
    with_world("exports_large", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Viewer).await;
        many(&world, rows).await;
        println!("{rows} rows are stored: peak {} MiB", peak_kib() >> 10);
        for format in ["csv", "ndjson", "xlsx", "parquet"] {
            let path = format!("/v1/events?format={format}");
            let request = Request::get(path).header("authorization", format!("Bearer {key}"));
            let begun = std::time::Instant::now();
            let response = world.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
            let mut body = response.into_body().into_data_stream();
            let mut bytes = 0;
            while let Some(chunk) = body.next().await {
                bytes += chunk.unwrap().len();
            }
            let seconds = begun.elapsed().as_secs_f64();
            let rate = f64::from(rows) / seconds;
            let peak = peak_kib() >> 10;
            println!("{format:8} {} MiB in {seconds:.1} s ({rate:.0} rows/s); peak {peak} MiB", bytes >> 20);
        }
    });
}

/// Rows made by the engine itself.
async fn many(world: &World, rows: u32) {
    let sql = format!(
        "INSERT INTO events (tenant, event_id, type, class, category, action, outcome, occurred_at, received_at, enriched_at, \
         actor_kind, actor_id, object_type, object_id, retention_days) \
         SELECT 'acme', concat('e', toString(number)), 'deal.viewed', 'other', 'views', 'view', 'success', \
         now64(3) - number / 1000, now64(3) - number / 1000, now64(3), 'user', 'u1', 'deal', toString(number), 365 \
         FROM numbers({rows})"
    );
    world.client.query_raw(&sql).execute().await.unwrap();
}
